"""`python -m deploy.demo.table`: promise the company's open orders on a fixed day, and write what came of it to docs/furniture.md.

Nothing in the tables is written by hand: the services run, the files go in, the orders are asked one by one. What is worked out
by hand stands beside it in `by_hand.py`, with the date that it comes to; when the services say another one, nothing is written.
"""

import asyncio
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from deploy.demo.by_hand import AFTER, BEFORE, BY_HAND
from deploy.demo.company import AS_OF
from deploy.demo.doors import Doors
from deploy.demo.fixed import house_at
from deploy.demo.load import Loaded, Placed, load_through

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "furniture.md"
MOMENT = datetime.combine(AS_OF, time(6), UTC)
"""Six in the morning: today still offers 18 hours of each machine."""
VERBS = {"production_order": "make", "purchase_order": "buy", "transfer_order": "move"}
Json = dict[str, Any]


class OutOfDateError(Exception):
    """What was worked out by hand is not what the services say."""


async def promised() -> Loaded:
    """The company as of the fixed day, with what quote said to each of its open orders."""
    async with house_at(MOMENT) as (urls, key, quiet), Doors(urls, key) as doors:
        return await load_through(doors, lambda _: None, AS_OF, before_each_order=quiet)


def document(loaded: Loaded) -> str:
    """The page as it has to be. Raises OutOfDateError when the reasoning by hand comes to other dates."""
    for order_id, (expected, _) in BY_HAND.items():
        found = next(placed for placed in loaded.placed if placed.order.order_id == order_id)
        if _line(found).get("promised_date") != expected:
            message = f"{order_id}: by hand {expected}, the services say {_line(found).get('promised_date')}"
            raise OutOfDateError(message)
    parts = [
        BEFORE,
        "## The sixteen orders\n\n" + "\n".join(_table(loaded.placed)),
        "## Three of them by hand\n\n" + "\n\n".join(text.strip() for _, text in BY_HAND.values()),
        AFTER,
        "## What each needs\n\nIn the order of the decisions; what an earlier order has planned too much of (a minimum, a multiple) serves "
        "the later ones.\n\n" + "\n\n".join("\n".join(_needs(placed)) for placed in loaded.placed),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _table(placed: Iterable[Placed]) -> Iterator[str]:
    yield "| order | what, where | wanted | promised | slip | in a sentence |"
    yield "|---|---|---|---|---|---|"
    for each in placed:
        order, line = each.order, _line(each)
        slip = f"{line['slip_days']} d" if line.get("slip_days") else "-"
        yield (
            f"| {order.order_id} | {order.quantity} {order.sku}, {order.site} | {_day(order.requested_date.isoformat())} | "
            f"{_day(line.get('promised_date'))} | {slip} | {_sentence(each)} |"
        )


def _needs(placed: Placed) -> Iterator[str]:
    line = _line(placed)
    yield f"**{placed.order.order_id}**, {placed.order.quantity} {placed.order.sku} in {placed.order.site}\n"
    pegs = [f"{_number(peg['quantity'])} {_peg(peg)}" for peg in line.get("pegging") or ()]
    yield f"- covered by {' and '.join(pegs)}" if pegs else f"- {placed.answer.get('detail')}"
    for plan in _offer(placed).get("planned_supply") or ():
        yield f"- {_plan(plan)}"


def _peg(peg: Json) -> str:
    if peg["source"] == "on_hand":
        return "on hand"
    when = f" of {_day(peg['due_date'])}" if peg.get("due_date") else ""
    return f"from {peg['ref']}{when}" if not peg["source"].startswith("planned_") else f"planned below{when}"


def _plan(plan: Json) -> str:
    where = f"from {plan['from_site']} to {plan['site']}" if plan["from_site"] else f"at {plan['site']}"
    where += f" from {plan['supplier']}" if plan["supplier"] else ""
    said = (
        f"{VERBS[plan['kind']]} {_number(plan['quantity'])} {plan['sku']} {where}, {_day(plan['start_date'])} to {_day(plan['due_date'])}"
    )
    minutes: dict[str, list[str]] = {}
    for load in plan["load"]:
        minutes.setdefault(load["resource"], []).append(f"{_number(load['minutes'])} min on {_short(load['date'])}")
    if minutes:
        said += "; " + "; ".join(f"{name} {', '.join(each)}" for name, each in minutes.items())
    return said + f" (at the latest from {_day(plan['latest_start_date'])})"


def _offer(placed: Placed) -> Json:
    """The answer; of a refusal the offer inside."""
    offer: Json = placed.answer if placed.order_id else placed.answer.get("offer") or {}
    return offer


def _line(placed: Placed) -> Json:
    lines: list[Json] = _offer(placed).get("lines") or [{}]
    return lines[0]


def _sentence(placed: Placed) -> str:
    return str(placed.answer["summary"] if placed.order_id else placed.answer.get("detail")).replace("|", "\\|")


def _day(value: str | None) -> str:
    return "-" if value is None else f"{date.fromisoformat(value):%a} {_short(value)}"


def _short(value: str) -> str:
    day = date.fromisoformat(value)
    return f"{day.day} {day:%b}"


def _number(value: float) -> str:
    return f"{value:,.6f}".rstrip("0").rstrip(".")


def main() -> int:
    """Write the page; with `--check` only say whether it is out of date (exit code 1)."""
    text = document(asyncio.run(promised()))
    if DOCUMENT.is_file() and DOCUMENT.read_text() == text:
        sys.stdout.write(f"{DOCUMENT.name} is up to date\n")
        return 0
    if "--check" in sys.argv:
        sys.stdout.write(f"{DOCUMENT.name} is out of date: run `python -m deploy.demo.table`\n")
        return 1
    DOCUMENT.write_text(text)
    sys.stdout.write(f"wrote {DOCUMENT}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
