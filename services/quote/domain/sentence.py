"""One plain sentence that a sales rep can read out (promising.md § 9)."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from services.quote.domain.answer import Outcome
from services.quote.domain.pegging import ON_HAND, PLANNED
from services.quote.domain.reasons import Code, Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.quote.domain.answer import Delivery, LinePromise
    from services.quote.domain.entry import Day, Micro
    from services.quote.domain.pegging import Peg

_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NUMBERS: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_MICRO: Final = 1_000_000
_NAMED: Final = 3
"""How many lines or deliveries a sentence names before it counts the rest."""


@lru_cache(maxsize=4096)
def spoken_day(day: Day) -> str:
    """A civil date as people say it: `Thu 3 Dec 2026`."""
    on = date.fromordinal(day)
    return f"{_WEEKDAYS[on.weekday()]} {on.day} {_MONTHS[on.month - 1]} {on.year}"


@lru_cache(maxsize=4096)
def spoken_quantity(quantity: Micro) -> str:
    """A quantity without superfluous zeros: `200`, `1.25`."""
    whole, rest = divmod(abs(quantity), _MICRO)
    sign = "-" if quantity < 0 else ""
    return f"{sign}{whole}" if not rest else f"{sign}{whole}.{rest:06d}".rstrip("0")


def spoken_wait(quantity: Micro) -> str:
    """`1 waits`, `80 wait`."""
    return f"{spoken_quantity(quantity)} {'waits' if quantity == _MICRO else 'wait'}"


def spoken_supply(one: Peg) -> str:
    """The name of awaited supply; a plan has none that anybody would know."""
    return "planned supply" if one.source.startswith(PLANNED) or one.ref is None else one.ref


def spoken_count(count: int, noun: str) -> str:
    """`one day`, `two days`, `13 days`."""
    number = _NUMBERS[count] if 0 <= count < len(_NUMBERS) else str(count)
    return f"{number} {noun}" if count == 1 else f"{number} {noun}s"


def sentence_of_line(line: LinePromise) -> str:
    """What is promised of one line, when, how much later than asked, and what it waits for."""
    asked = f"{spoken_quantity(line.requested_quantity)} {line.uom}"
    if line.outcome == Outcome.NONE:
        return f"{asked} cannot be promised: {line.reasons[-1].summary}." if line.reasons else f"{asked} cannot be promised."
    if line.outcome == Outcome.PARTIAL:
        promised = spoken_quantity(line.promised_quantity)
        return f"{promised} of {asked} {_when(line)}{_slip(line)}{_instead(line)}{_waiting(line)}; {line.reasons[-1].summary}."
    return f"{asked} {_when(line)}{_slip(line)}{_instead(line)}{_waiting(line)}."


def _instead(line: LinePromise) -> str:
    """What comes instead of what was asked for."""
    by_sku: dict[str, Micro] = {}
    for one in line.deliveries:
        if one.sku is not None:
            by_sku[one.sku] = by_sku.get(one.sku, 0) + one.quantity
    if not by_sku:
        return ""
    return f", {' and '.join(f'{spoken_quantity(quantity)} {sku}' for sku, quantity in by_sku.items())} instead of {line.sku}"


def _when(line: LinePromise) -> str:
    deliveries = line.deliveries
    if not deliveries:
        return "shipped already" if line.promised_day is None else f"on {spoken_day(line.promised_day)}"
    if len(deliveries) == 1 and deliveries[0].quantity == line.promised_quantity:
        return f"on {spoken_day(deliveries[0].delivery_day)}"
    return _parts(deliveries)


def _parts(deliveries: Sequence[Delivery]) -> str:
    days = {delivery.delivery_day for delivery in deliveries}
    sites = {delivery.site for delivery in deliveries}
    if len(days) == len(sites) == 1:
        return f"on {spoken_day(deliveries[0].delivery_day)}"
    if len(days) == 1:
        named = " and ".join(f"{_goods(one)} from {one.site}" for one in deliveries[:_NAMED])
        rest = f" and {spoken_count(len(deliveries) - _NAMED, 'more')}" if len(deliveries) > _NAMED else ""
        return f"on {spoken_day(deliveries[0].delivery_day)}, {named}{rest.removesuffix('s')}"
    parts = [
        f"{_goods(one)}{f' from {one.site}' if len(sites) > 1 else ''} on {spoken_day(one.delivery_day)}"
        for one in (deliveries if len(deliveries) <= _NAMED else (*deliveries[: _NAMED - 1], deliveries[-1]))
    ]
    count = spoken_count(len(deliveries), "delivery").replace("deliverys", "deliveries")
    if len(deliveries) > _NAMED:
        return f"in {count}: {', '.join(parts[:-1])} … {parts[-1]}"
    return f"in {count}: {', '.join(parts[:-1])} and {parts[-1]}"


def _goods(one: Delivery) -> str:
    return spoken_quantity(one.quantity) if one.sku is None else f"{spoken_quantity(one.quantity)} {one.sku}"


def _slip(line: LinePromise) -> str:
    return f", {spoken_count(line.slip_days, 'day')} later than asked" if line.slip_days else ", as asked"


def _waiting(line: LinePromise) -> str:
    if not line.slip_days:
        return ""
    on_the_way = max((one.delivery_day - one.pick_day for one in line.deliveries), default=0)
    waits: dict[str, Micro] = {}
    for one in line.pegging:
        late_supply = one.usable_day is not None and one.usable_day + on_the_way > line.requested_day
        if one.source != ON_HAND and one.ref is not None and one.plan is None and late_supply:
            name = spoken_supply(one)
            waits[name] = waits.get(name, 0) + one.quantity
    late = max(line.reasons, key=lambda reason: reason.adds_days)
    if not waits or late.code != Code.AWAIT_SUPPLY:
        return f": {late.summary}" if late.adds_days else ""
    named = [f"{spoken_wait(quantity)} for {name}" for name, quantity in waits.items()]
    if len(named) > _NAMED:
        named = [*named[: _NAMED - 1], f"{spoken_count(len(named) - _NAMED + 1, 'more receipt')}"]
    return f": {' and '.join((', '.join(named[:-1]), named[-1])) if len(named) > 1 else named[0]}"


def sentence_of_all(lines: Sequence[LinePromise]) -> str:
    """The whole answer: one line says its own sentence; of many, those that are not as asked are named."""
    if len(lines) == 1:
        return sentence_of_line(lines[0])
    off = [line for line in lines if line.outcome != Outcome.FULL]
    days = {line.promised_day for line in lines if line.promised_day is not None}
    if not off:
        on = f" on {spoken_day(days.pop())}" if len(days) == 1 else ""
        return f"All {len(lines)} lines{on}, as asked."
    if len(off) == len(lines) and len(days) == 1 and all(line.outcome == Outcome.LATE for line in lines):
        slowest = max(lines, key=lambda line: (line.slip_days, line.limiting_step == Step.SUPPLY))
        later = f"{spoken_count(slowest.slip_days, 'day')} later than asked"
        return f"All {len(lines)} lines on {spoken_day(days.pop())}, {'up to ' if _uneven(lines) else ''}{later}{_waiting(slowest)}."
    told = [f"line {line.line_ref} ({line.sku}): {sentence_of_line(line).removesuffix('.')}" for line in off[:_NAMED]]
    more = f"; and {len(off) - _NAMED} more" if len(off) > _NAMED else ""
    good = len(lines) - len(off)
    head = f"{good} of {len(lines)} lines as asked" if good else f"None of {len(lines)} lines as asked"
    return f"{head}; {'; '.join(told)}{more}."


def _uneven(lines: Sequence[LinePromise]) -> bool:
    return len({line.slip_days for line in lines}) > 1
