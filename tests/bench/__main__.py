"""`make bench`: everything in one run, pairs measured in turns. `--help` tells how to measure a part of it."""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tests.bench import alarm, freshness, inquiries, kernel, orders
from tests.bench.report import Results, render
from tests.bench.stage import Stage, fill, resident_megabytes, staged
from tests.running import REPOSITORY, SERVICES

PARTS = ("kernel", "inquiries", "freshness", "alarm", "orders")
PAGE = REPOSITORY / "docs" / "benchmarks.md"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often each pair is measured")
    parser.add_argument("--seconds", type=float, default=4.0, help="of each loop")
    parser.add_argument("--changes", type=int, default=300, help="of stock, for freshness")
    parser.add_argument("--slips", type=int, default=30, help="of purchase orders, for the alarm")
    parser.add_argument("--only", choices=PARTS, action="append", help="measure this part alone (may be given more than once)")
    parser.add_argument("--json", type=Path, help="write every figure to this file")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(REPOSITORY)}")
    return parser.parse_args()


def say(text: str) -> None:
    """Tell how far it is."""
    sys.stderr.write(text + "\n")


async def main(asked: argparse.Namespace) -> Results:
    """Start, fill, measure."""
    parts = asked.only or PARTS
    command = "make bench" if not asked.only else "python -m tests.bench " + " ".join(f"--only {part}" for part in parts)
    found = Results(command, asked.rounds, os.getloadavg()[0])
    if "kernel" in parts:
        found.kernel_figures = await asyncio.to_thread(kernel.measure, say)
    if set(parts) - {"kernel"}:
        await _services(found, asked, parts)
    return found


async def _services(found: Results, asked: argparse.Namespace, parts: Sequence[str]) -> None:
    async with staged() as stage:
        for name in SERVICES:
            more = {f"PLEDGE_{other.upper()}_URL": service.url for other, service in stage.services.items()}
            if name in ("quote", "inventory") or not asked.only or "alarm" in parts:
                await stage.service(name, more)
        first = {name: resident_megabytes(service.pid) for name, service in stage.services.items()}
        found.start_seconds = dict(stage.start_seconds)
        say("filling a company with a thousand items")
        await fill(stage)
        if "inquiries" in parts:
            await _inquiries(stage, found, asked)
        if "freshness" in parts:
            say(f"freshness: {asked.changes} changes")
            found.stock_changes = await freshness.measure(stage, asked.changes)
        if "alarm" in parts:
            say(f"alarm: {asked.slips} slips")
            found.alarms = await alarm.measure(stage, asked.slips)
        if "orders" in parts:
            await _orders(stage, found, asked)
        found.megabytes = {name: (before, resident_megabytes(stage.services[name].pid)) for name, before in first.items()}


async def _inquiries(stage: Stage, found: Results, asked: argparse.Namespace) -> None:
    await inquiries.prepare(stage)
    for n in range(asked.rounds):
        for name in inquiries.ROWS if n % 2 == 0 else reversed(inquiries.ROWS):
            together = name == "together"
            one = await inquiries.measure(stage.services["quote" if together else name], asked.seconds, n, together=together)
            found.inquiry_rounds.setdefault(name, []).append(one)
            cost, p99 = f"{one.cpu_microseconds:.0f} µs", f"p99 {one.open.p99:.1f} ms"
            say(
                f"inquiries, round {n + 1}, {name}: {one.closed.per_second:.0f}/s, {cost}, {p99}, generator {one.closed.generator_load:.2f}"
            )


async def _orders(stage: Stage, found: Results, asked: argparse.Namespace) -> None:
    await stage.own("baseline")
    for n in range(asked.rounds):
        for kind in ("hot", "spread"):
            for name in ("quote", "baseline") if n % 2 == 0 else ("baseline", "quote"):
                one = await orders.measure(stage.services[name], asked.seconds, f"{kind}-{n}", hot=kind == "hot")
                found.order_rounds.setdefault(kind, {}).setdefault(name, []).append(one)
                cost, times = f"{one.cpu_microseconds:.0f} µs", f"p50 {one.closed.p50:.1f} p99 {one.closed.p99:.1f} ms"
                say(f"orders {kind}, round {n + 1}, {name}: {one.closed.per_second:.0f}/s, {cost}, {times}")


if __name__ == "__main__":
    arguments = _arguments()
    results = asyncio.run(main(arguments))
    page = render(results)
    sys.stdout.write(page)
    if arguments.json:
        arguments.json.write_text(json.dumps(asdict(results), indent=1))
    if arguments.write:
        PAGE.write_text(page)
