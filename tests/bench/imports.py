"""How long does a file of stock take, and how much memory? `python -m tests.bench.imports`: the whole way, with every event sent."""

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncIterator

import asyncpg
import httpx

from tests.bench.stage import cpu_seconds, resident_megabytes, staged
from tests.running import RunningService

_PIECE_ROWS = 2000


def rows(count: int) -> AsyncIterator[bytes]:
    """Give a file of stock, piece by piece."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"site,sku,on_hand,safety_stock\n"
        for start in range(0, count, _PIECE_ROWS):
            yield "".join(f"HAM,SKU-{n:07d},{n % 977},0\n" for n in range(start, min(count, start + _PIECE_ROWS))).encode()

    return pieces()


async def measure(service: RunningService, database_url: str, count: int) -> None:
    """Send the file twice; say what each cost, and when the last event was out."""
    async with httpx.AsyncClient(base_url=service.url, headers=service.headers, timeout=600) as client:
        for _ in range(2):
            before, cpu, began = resident_megabytes(service.pid), cpu_seconds(service.pid), time.perf_counter()
            answer = await client.post("/v1/imports", params={"kind": "stock"}, content=rows(count), headers={"Content-Type": "text/csv"})
            job, took = answer.json(), time.perf_counter() - began
            say(
                f"{job['rows']} rows, {job['applied']} applied, {job['unchanged']} unchanged: {took:.1f} s, {job['rows'] / took:.0f}/s,"
                f" {cpu_seconds(service.pid) - cpu:.1f} s of CPU, {resident_megabytes(service.pid) - before:+.0f} MB"
            )
            await _all_sent(database_url)
            say(f"every event is on the topic after {time.perf_counter() - began:.1f} s")


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


async def main(count: int) -> None:
    """Start inventory with servers of its own, measure, end everything."""
    async with staged() as stage:
        await measure(await stage.service("inventory", {}), stage.database_url, count)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.bench.imports", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    asyncio.run(main(parser.parse_args().rows))
