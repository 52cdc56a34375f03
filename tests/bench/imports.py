"""How long does a file of stock take, and how much memory? `python -m tests.bench.imports`: the whole way, with every event sent.

With `--write` the first figure goes into docs/files.md.
"""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx

from tests.bench.stage import cpu_seconds, resident_megabytes, staged
from tests.running import REPOSITORY, RunningService

PAGE = REPOSITORY / "docs" / "files.md"
_BEGIN, _END = "<!-- measured: python -m tests.bench.imports --write -->\n", "<!-- end -->\n"
_PIECE_ROWS = 2000
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Figure:
    """What one file cost. CPU is what it takes whatever else the machine does; the time on the clock is not."""

    rows: int
    seconds: float
    cpu_of_inventory: float
    cpu_of_all: float
    megabytes: float

    def sentence(self) -> str:
        """For the page."""
        where = f"{self.cpu_of_inventory:.0f} s in inventory, the rest in PostgreSQL and the broker"
        clock = f"{self.seconds:.0f} s on the clock of {os.cpu_count()} processors (load {os.getloadavg()[0]:.0f})"
        return (
            f"Measured: {self.rows:,} rows of stock that change everything, with every event sent, take {self.cpu_of_all:.0f} s of"
            f" processor time\n({where}) and {self.megabytes:.0f} MB more memory;\n{clock}.\n"
        )


def rows(count: int) -> AsyncIterator[bytes]:
    """Give a file of stock, piece by piece."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"site,sku,on_hand,safety_stock\n"
        for start in range(0, count, _PIECE_ROWS):
            yield "".join(f"HAM,SKU-{n:07d},{n % 977},0\n" for n in range(start, min(count, start + _PIECE_ROWS))).encode()

    return pieces()


def cpu_of_all() -> float:
    """Return the CPU seconds of every process that descends from this one, so far."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        pid = int(path.parent.name)
        parents[pid], ticks[pid] = int(fields[1]), sum(map(int, fields[11:15]))
    found, ours = 0, {os.getpid()}
    while new := {pid for pid, parent in parents.items() if parent in ours and pid not in ours}:
        found += sum(ticks[pid] for pid in new)
        ours |= new
    return found / _TICKS_PER_SECOND


async def measure(service: RunningService, database_url: str, count: int) -> Figure:
    """Send the file twice; say what each cost, and when the last event was out. Answers the first."""
    figures: list[Figure] = []
    async with httpx.AsyncClient(base_url=service.url, headers=service.headers, timeout=600) as client:
        for _ in range(2):
            before, cpu, began = resident_megabytes(service.pid), cpu_seconds(service.pid), time.perf_counter()
            everywhere = cpu_of_all()
            answer = await client.post("/v1/imports", params={"kind": "stock"}, content=rows(count), headers={"Content-Type": "text/csv"})
            job, took = answer.json(), time.perf_counter() - began
            say(
                f"{job['rows']} rows, {job['applied']} applied, {job['unchanged']} unchanged: {took:.1f} s, {job['rows'] / took:.0f}/s,"
                f" {cpu_seconds(service.pid) - cpu:.1f} s of CPU, {resident_megabytes(service.pid) - before:+.0f} MB"
            )
            await _all_sent(database_url)
            took = time.perf_counter() - began
            cost = cpu_of_all() - everywhere
            say(f"every event is on the topic after {took:.1f} s and {cost:.1f} s of CPU in all")
            own, memory = cpu_seconds(service.pid) - cpu, resident_megabytes(service.pid) - before
            figures.append(Figure(job["rows"], took, own, cost, memory))
    return figures[0]


async def _all_sent(database_url: str) -> None:
    database = await asyncpg.connect(database_url)
    try:
        while await database.fetchval("SELECT EXISTS (SELECT FROM inventory.outbox WHERE sent_at IS NULL)"):
            await asyncio.sleep(0.1)
    finally:
        await database.close()


def say(line: str) -> None:
    """Tell a figure."""
    sys.stdout.write(line + "\n")


def write(figure: Figure) -> None:
    """Put the figure between its marks on the page."""
    before, _, rest = PAGE.read_text().partition(_BEGIN)
    _, _, after = rest.partition(_END)
    PAGE.write_text(before + _BEGIN + figure.sentence() + _END + after)


async def main(count: int, *, writing: bool) -> None:
    """Start inventory with servers of its own, measure, end everything."""
    async with staged() as stage:
        figure = await measure(await stage.service("inventory", {}), stage.database_url, count)
    if writing:
        write(figure)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.bench.imports", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--write", action="store_true", help="put the figure into docs/files.md")
    asked = parser.parse_args()
    asyncio.run(main(asked.rows, writing=asked.write))
