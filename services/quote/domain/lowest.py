"""Which of ceiling, floor and supply refuses a line (promising.md § 6): the lowest answers, of equals the first of them.

ceiling = the most that ceilings leave for one delivery in any period
floor   = what sites have beside what is kept for others, with all that their sources can bring
supply  = the same without floors
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from services.quote.domain.allocation import LATEST
from services.quote.domain.binding import by_ceiling, by_floor
from services.quote.domain.planning import bring_most

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.quote.domain.binding import Dates
    from services.quote.domain.entry import Day, Micro
    from services.quote.domain.outlet import Outlet
    from services.quote.domain.reasons import Reason
    from services.quote.domain.request import LineRequest

_PERIODS_COMPARED: Final = 60


def refusal_by(
    line: LineRequest, outlets: Sequence[Outlet], wanted: Day, dates: Dates | None, promised: Micro | None = None
) -> Reason | None:
    """The allocation that a line is refused by, or what it lacks beyond `promised`; None where supply is what lacks."""
    if dates is None:
        return None
    latest = LATEST if line.latest_day is None else line.latest_day
    if dates.unrationed is not None and dates.unrationed <= latest:
        return by_ceiling(line, outlets, dates.unrationed)
    if promised is not None:
        floored, supply = _reach(line, outlets, latest)
        bound = any(outlet.ceilings for outlet in outlets)
        if bound and (promised < floored or _most_in_all(outlets, wanted, line.quantity) <= promised):
            return by_ceiling(line, outlets, wanted)
        return by_floor(line, outlets) if promised < supply else None
    reached = [_reach(line, [outlet], latest) for outlet in outlets]
    floored, supply = (max(amounts) for amounts in zip(*reached, strict=True))
    most = max(_most_at_once(outlet, wanted, line.quantity) for outlet in outlets)
    if most < line.quantity and most <= min(floored, supply):
        return by_ceiling(line, outlets, wanted)
    return by_floor(line, outlets) if floored < supply else None


def _reach(line: LineRequest, outlets: Sequence[Outlet], latest: Day) -> tuple[Micro, Micro]:
    """What sites have by a delivery day with all that their sources can bring, up to the quantity: beside floors, and without them."""
    stand = outlets[0].place.stand
    mark = stand.mark()
    by_place = {id(outlet.place): (outlet, None if (hop := outlet.by(latest)) is None else hop.pick) for outlet in outlets}
    for outlet, pick in by_place.values():
        bring_most(line, outlet, stand, pick)
    floored = supply = 0
    for outlet, pick in by_place.values():
        place, day = outlet.place, LATEST if pick is None else pick
        floored += place.offers(day)
        supply += max(0, place.unfloored.atp_on(day)) + sum(plan.left for plan in place.plans.values() if plan.usable <= day)
    stand.rollback(mark)
    return floored, supply


def _most_at_once(outlet: Outlet, wanted: Day, quantity: Micro) -> Micro:
    """The most that ceilings leave for one delivery, in any of the next periods."""
    return max(_rooms(outlet, wanted, quantity), default=0)


def _most_in_all(outlets: Sequence[Outlet], wanted: Day, quantity: Micro) -> Micro:
    """The most that ceilings leave for several deliveries, in all of the next periods."""
    alike = {tuple(bucket.allocation.id for bucket in outlet.ceilings): outlet for outlet in outlets}
    return sum(sum(_rooms(outlet, wanted, quantity)) for outlet in alike.values())


def _rooms(outlet: Outlet, wanted: Day, quantity: Micro) -> list[Micro]:
    """What ceilings leave in each of the next periods; the quantity, where nothing limits it."""
    hop = outlet.wanted(wanted)
    if hop is None:
        return []
    ships = {hop.ship, *(start for bucket in outlet.ceilings for start in islice(bucket.starts(hop.ship), _PERIODS_COMPARED))}
    return [quantity if (room := outlet.room(ship)) is None else room for ship in ships]
