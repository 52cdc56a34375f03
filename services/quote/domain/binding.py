"""What a ceiling or a floor says where it binds: the days that it added, or that it refuses, and when there is more (promising.md § 6).

The days that an allocation added are told from dates: with both, without ceilings, without either.

    floor added   = earliest without ceilings - earliest without either
    ceiling added = promised - earliest without ceilings
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from services.quote.domain.allocation import EARLIEST, LATEST, Every
from services.quote.domain.reasons import Code, Reason, because
from services.quote.domain.sentence import spoken_day, spoken_quantity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.quote.domain.allocation import Allocation, Bucket, Period
    from services.quote.domain.entry import Day, Micro
    from services.quote.domain.outlet import Outlet
    from services.quote.domain.request import LineRequest


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
    if promised > without_ceilings and (said := by_ceiling(line, outlets, without_ceilings)) is not None:
        found.append(Reason(said.step, said.code, said.summary, said.ref, promised - without_ceilings))
    if without_ceilings > dates.unbound and (said := by_floor(line, outlets)) is not None:
        found.append(Reason(said.step, said.code, said.summary, said.ref, without_ceilings - dates.unbound))
    return tuple(found)


def by_ceiling(line: LineRequest, outlets: Sequence[Outlet], day: Day) -> Reason | None:
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


def by_floor(line: LineRequest, outlets: Sequence[Outlet]) -> Reason | None:
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
