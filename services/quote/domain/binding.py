"""Which of ceiling, floor and supply answers, and when there is more (promising.md § 6).

The order of checks is ceiling, floor, ATP; the lowest answers, the first of equals. The days that an allocation added are told
from dates: with both, without ceilings, without either.

    floor added   = earliest without ceilings - earliest without either
    ceiling added = promised - earliest without ceilings
"""

from __future__ import annotations

from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from services.quote.domain.allocation import EARLIEST, LATEST, Every
from services.quote.domain.reasons import Code, Reason, because
from services.quote.domain.sentence import spoken_day, spoken_quantity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.quote.domain.allocation import Allocation, Bucket, Period
    from services.quote.domain.book import Day, Micro
    from services.quote.domain.outlet import Outlet
    from services.quote.domain.request import LineRequest


_PERIODS_COMPARED: Final = 60
_IS_BOUND: Final = attrgetter("is_bound")


class Dates(NamedTuple):
    """When the whole line could be delivered, on the stand as it is."""

    unbound: Day | None
    """If there were neither ceilings nor floors."""
    unrationed: Day | None
    """If there were no ceilings."""


def is_bound(outlets: Sequence[Outlet]) -> bool:
    """Whether any allocation has a word in a line."""
    return any(map(_IS_BOUND, outlets))


def dates_of(line: LineRequest, outlets: Sequence[Outlet], wanted: Day) -> Dates | None:
    """The dates to tell from what allocations added; None where there are none. Asked before the line takes anything."""
    if not is_bound(outlets):
        return None
    unbound, unrationed = [], []
    for outlet in outlets:
        place = outlet.place
        free = outlet.ready(place.earliest(line.quantity, place.today), wanted)
        if free is not None:
            unrationed.append(max(wanted, free.delivery))
        day = place.unfloored.earliest(line.quantity, place.today)
        there = free if day is None else outlet.ready(day, wanted)
        if there is not None:
            unbound.append(max(wanted, there.delivery))
    return Dates(min(unbound, default=None), min(unrationed, default=None))


def added_days(line: LineRequest, outlets: Sequence[Outlet], promised: Day, dates: Dates | None) -> tuple[Reason, ...]:
    """What ceilings and floors added to the date of a line that is promised; nothing where they let it through."""
    if dates is None or dates.unbound is None or promised <= dates.unbound:
        return ()
    without_ceilings = promised if dates.unrationed is None else min(promised, dates.unrationed)
    found = []
    if promised > without_ceilings and (said := _by_ceiling(line, outlets, without_ceilings)) is not None:
        found.append(Reason(said.step, said.code, said.summary, said.ref, promised - without_ceilings))
    if without_ceilings > dates.unbound and (said := _by_floor(line, outlets)) is not None:
        found.append(Reason(said.step, said.code, said.summary, said.ref, without_ceilings - dates.unbound))
    return tuple(found)


def refusal_by(
    line: LineRequest, outlets: Sequence[Outlet], wanted: Day, dates: Dates | None, promised: Micro | None = None
) -> Reason | None:
    """The allocation that a line is refused by, or what it lacks beyond `promised`; None where supply is what lacks."""
    if dates is None:
        return None
    latest = LATEST if line.latest_day is None else line.latest_day
    if dates.unrationed is not None and dates.unrationed <= latest:
        return _by_ceiling(line, outlets, dates.unrationed)
    picks = {id(outlet.place): (outlet.place, LATEST if (hop := outlet.by(latest)) is None else hop.pick) for outlet in outlets}
    planned = [line.quantity if place.sources and line.supply != frozenset() else 0 for place, _ in picks.values()]
    floored = [max(more, place.offers(pick)) for more, (place, pick) in zip(planned, picks.values(), strict=True)]
    supply = [max(more, place.unfloored.atp_on(pick)) for more, (place, pick) in zip(planned, picks.values(), strict=True)]
    if promised is not None:
        if promised < sum(floored) and any(outlet.ceilings for outlet in outlets):
            return _by_ceiling(line, outlets, wanted)
        return _by_floor(line, outlets) if promised < sum(supply) else None
    most = max(_most_at_once(outlet, wanted, line.quantity) for outlet in outlets)
    if most < line.quantity and most <= min(max(floored), max(supply)):
        return _by_ceiling(line, outlets, wanted)
    in_time = dates.unbound is not None and dates.unbound <= latest
    return _by_floor(line, outlets) if in_time or max(floored) < max(supply) else None


def _most_at_once(outlet: Outlet, wanted: Day, quantity: Micro) -> Micro:
    """The most that ceilings leave for one delivery, in any of the next periods."""
    hop = outlet.wanted(wanted)
    if hop is None:
        return 0
    ships = {hop.ship, *(start for bucket in outlet.ceilings for start in islice(bucket.starts(hop.ship), _PERIODS_COMPARED))}
    return max(quantity if (room := outlet.room(ship)) is None else room for ship in ships)


def _by_ceiling(line: LineRequest, outlets: Sequence[Outlet], day: Day) -> Reason | None:
    """The ceiling that leaves least for the day on which all else would do, what it leaves, and when it leaves enough."""
    tightest: tuple[Micro, Bucket, Day] | None = None
    for outlet in outlets:
        hop = outlet.wanted(day)
        for bucket in outlet.ceilings if hop is not None else ():
            ship = hop.ship if hop is not None else day
            left = bucket.left(ship)
            if left is not None and (tightest is None or left < tightest[0]):
                tightest = left, bucket, ship
    if tightest is None:
        return None
    left, bucket, ship = tightest
    allocation = bucket.allocation
    period = allocation.period_of(ship)
    if period is None:
        return None
    who, when = allocation.demand_class, spoken_period(allocation, period)
    said = f"{who} may take {spoken_quantity(period.quantity)} {line.uom} of {line.sku} {when} and has {spoken_quantity(max(0, left))} left"
    opens = bucket.opens(ship, line.quantity)
    if opens is not None and opens > ship:
        said = f"{said}; {spoken_quantity(line.quantity)} from {spoken_day(opens)}"
    elif opens is None:
        more = next((start for start in bucket.starts(ship) if (rest := bucket.left(start)) is None or rest > max(0, left)), None)
        said = f"{said}; more from {spoken_day(more)}" if more is not None else said
    return because(Code.CEILING_REACHED, said, allocation.id)


def _by_floor(line: LineRequest, outlets: Sequence[Outlet]) -> Reason | None:
    """The floor that keeps most from the line, and until when."""
    kept = max((one for outlet in outlets for one in outlet.place.floors), key=lambda one: one.quantity, default=None)
    if kept is None:
        return None
    said = f"{spoken_quantity(kept.quantity)} {line.uom} of {line.sku} are kept for {kept.floor.demand_class}"
    if kept.floor.release is not None:
        said = f"{said} until {spoken_day(kept.floor.release)}"
    return because(Code.KEPT_FOR_OTHERS, said, kept.floor.id)


def spoken_period(allocation: Allocation, period: Period) -> str:
    """`in the week from Mon 30 Nov 2026`, `until Thu 31 Dec 2026`."""
    if allocation.every is Every.DAY or period.first == period.last:
        return f"on {spoken_day(period.first)}"
    if allocation.every is not None:
        return f"in the {allocation.every.value} from {spoken_day(period.first)}"
    since = "" if period.first == EARLIEST else f"from {spoken_day(period.first)}"
    until = "" if period.last == LATEST else f"to {spoken_day(period.last)}"
    return " ".join(part for part in (since, until) if part) or "in all"
