"""The figures as docs/benchmarks.md has them."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import freshness, inquiries, kernel, orders
from tests.bench.figures import quantile, spread

BUSY = 0.5
"""Processes that want a processor before anything was started: more than this is somebody else's work."""

HEAD = """\
# Benchmarks

Written by `{command}`; do not edit. PostgreSQL (fsync on), broker, services, load generator and what is measured against
run on one machine and share its processors; each pair is measured in turns in the same run. Figures are the median of the
rounds, with the lowest and highest round in brackets.

- {machine}, Python {python}, {at:%Y-%m-%d %H:%M} UTC, {rounds} rounds, load average before the start {load:.1f}"""

BUSY_HEAD = "- **The machine was busy with other work** ({load:.1f} processes wanted a processor): read ratios, not rates."

KERNEL = """
## The rules by themselves

Without HTTP, ledger and log, in plain Python: a company in memory, asked in a loop; processor time of the process, the median of
{rounds} rounds (of {quotes:,} quotes each its own time). The memory is resident, in a process of its own.

| | here | aim |
|---|---|---|
{rows}"""

INQUIRIES = """
## A two-line inquiry, beside an endpoint that does nothing

`POST /v1/quotes` with key, limits, access line and decision log, against a bare FastAPI endpoint in a process of its own:
the same server settings, the same body parsed by the same model, an answer of the same bytes, nothing in between. Both lines are on
hand at one site, which is answered without a search (domain/onhand.py); together (`ship_complete`) they are searched for.

| | inquiries/s, {callers} callers | p50 ms at {rate:.0f}/s | p99 ms at {rate:.0f}/s | processor µs per inquiry |
|---|---|---|---|---|
{rows}

**quote / bare: {ratio} in inquiries per second, {cpu} in processor time** (which hardly depends on what else the machine does); of
lines together {together} in processor time."""

FRESHNESS = """
## A change of stock until a quote promises it

`PUT /v1/stock` at inventory, then inquiries for exactly the new quantity until one is promised in full; {changes} changes,
one after the other. In between: transaction, outbox, relay, broker, projection, the ledger's transaction, the board.

| | p50 ms | p99 ms | most ms |
|---|---|---|---|
{rows}"""

ALARM = """
## A purchase order that slips until a person hears of it

`PUT /v1/receipts` with a later date, until the signed webhook about the promise that stands on it came in; {slips} slips, one after
the other. In between: inventory, broker, the ledger, the watch over promises, broker, notifier (which gathers for 250 ms).

| p50 ms | p99 ms | most ms |
|---|---|---|
| {p50:.0f} | {p99:.0f} | {most:.0f} |"""

ORDERS = """
## Orders, beside a transaction per request

`POST /v1/orders` of one line with an idempotency key, against `tests/bench/baseline.py` (lock, read, check, insert, commit
on the same PostgreSQL; it keeps a claim and nothing else: no answer, order, history, decision or event). Hot: all for one
item. Spread: over a thousand.

| | orders/s, {callers} callers | p50 ms there | p99 ms there | p50 ms at {rate:.0f}/s | p99 ms at {rate:.0f}/s | processor µs per order |
|---|---|---|---|---|---|---|
{rows}

**quote / baseline, orders per second: {ratios}.**"""

FOOTPRINT = """
## Start and memory

From the start of the process to the first 200 of `/readyz`, on a database without books; resident memory then, and at the
end of this run (quote: a thousand books, all orders of this page).

| service | start s | MB after the start | MB at the end |
|---|---|---|---|
{rows}"""


@dataclass(slots=True)
class Results:
    """What one run has found."""

    command: str
    rounds: int
    load_before: float
    """Of the machine, before anything was started: processes that wanted a processor."""
    kernel_figures: list[kernel.Figure] = field(default_factory=list)
    inquiry_rounds: dict[str, list[inquiries.Round]] = field(default_factory=dict)
    stock_changes: list[freshness.Change] = field(default_factory=list)
    alarms: list[float] = field(default_factory=list)
    """Milliseconds."""
    order_rounds: dict[str, dict[str, list[orders.Round]]] = field(default_factory=dict)
    """By kind (hot, spread), then by service."""
    start_seconds: dict[str, float] = field(default_factory=dict)
    megabytes: dict[str, tuple[float, float]] = field(default_factory=dict)
    """After the start, and at the end."""


def render(found: Results) -> str:
    """The whole page."""
    parts = [
        HEAD.format(
            command=found.command, machine=_machine(), python=platform.python_version(), rounds=found.rounds, load=found.load_before,
            at=datetime.now(UTC),  # noqa: TID251 -- when it was written
        )
    ]  # fmt: skip
    if found.load_before > BUSY:
        parts.append(BUSY_HEAD.format(load=found.load_before))
    if found.kernel_figures:
        parts.append(KERNEL.format(rounds=kernel.ROUNDS, quotes=kernel.QUOTES, rows="\n".join(map(_figure, found.kernel_figures))))
    if found.inquiry_rounds:
        parts.append(_inquiries(found.inquiry_rounds))
    if found.stock_changes:
        parts.append(_freshness(found.stock_changes))
    if found.alarms:
        times = sorted(found.alarms)
        p50, p99, most = quantile(times, 0.5), quantile(times, 0.99), times[-1]
        parts.append(ALARM.format(slips=len(found.alarms), p50=p50, p99=p99, most=most))
    if found.order_rounds:
        parts.append(_orders(found.order_rounds))
    rows = [f"| {name} | {found.start_seconds[name]:.2f} | {first:.0f} | {last:.0f} |" for name, (first, last) in found.megabytes.items()]
    if rows:
        parts.append(FOOTPRINT.format(rows="\n".join(rows)))
    return "\n".join(parts) + "\n"


def _figure(one: kernel.Figure) -> str:
    aim = "" if one.aim is None else f"≤ {one.aim:g} {one.unit}"
    return f"| {one.what} | {one.found:.3g} {one.unit} | {aim} |"


def _inquiries(found: Mapping[str, Sequence[inquiries.Round]]) -> str:
    pairs = list(zip(found["quote"], found["bare"], strict=True))
    rows = [
        _row(title, [one.closed.per_second for one in rounds], [one.open.p50 for one in rounds], [one.open.p99 for one in rounds],
             [one.cpu_microseconds for one in rounds])
        for title, rounds in ((title, found[name]) for name, title in inquiries.ROWS.items())
    ]  # fmt: skip
    return INQUIRIES.format(
        callers=inquiries.CALLERS,
        rate=inquiries.RATE,
        rows="\n".join(rows),
        ratio=spread(quote.closed.per_second / bare.closed.per_second for quote, bare in pairs).text(2),
        cpu=spread(bare.cpu_microseconds / max(quote.cpu_microseconds, 1) for quote, bare in pairs).text(2),
        together=spread(
            bare.cpu_microseconds / max(quote.cpu_microseconds, 1) for quote, bare in zip(found["together"], found["bare"], strict=True)
        ).text(2),
    )


def _orders(found: Mapping[str, Mapping[str, Sequence[orders.Round]]]) -> str:
    rows = [
        _row(f"{kind}, {name}", [one.closed.per_second for one in rounds], [one.closed.p50 for one in rounds],
             [one.closed.p99 for one in rounds], [one.open.p50 for one in rounds], [one.open.p99 for one in rounds],
             [one.cpu_microseconds for one in rounds])
        for kind, by_service in found.items()
        for name, rounds in sorted(by_service.items(), reverse=True)
    ]  # fmt: skip
    ratios = [
        f"{kind} {spread(q.closed.per_second / b.closed.per_second for q, b in zip(pair['quote'], pair['baseline'], strict=True)).text(2)}"
        for kind, pair in found.items()
    ]
    return ORDERS.format(callers=orders.CALLERS, rate=orders.RATE, rows="\n".join(rows), ratios="; ".join(ratios))


def _freshness(found: Sequence[freshness.Change]) -> str:
    measured = {
        "since the change was sent": sorted(change.since_sent for change in found),
        "since inventory had answered": sorted(change.since_answered for change in found),
    }
    rows = [
        f"| {title} | {quantile(times, 0.5):.1f} | {quantile(times, 0.99):.1f} | {times[-1]:.1f} |" for title, times in measured.items()
    ]
    return FRESHNESS.format(changes=len(found), rows="\n".join(rows))


def _row(title: str, rates: Sequence[float], *columns: Sequence[float]) -> str:
    cells = [spread(rates).text()]
    for column in columns:
        found = spread(column)
        cells.append(found.text(0 if found.middle >= 100 else 2))
    return f"| {title} | {' | '.join(cells)} |"


def _machine() -> str:
    try:
        named = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    except OSError:
        named = []
    model = named[0].partition(":")[2].strip() if named else platform.processor() or platform.machine()
    return f"{model}, {os.cpu_count()} processors, {platform.system()}"
