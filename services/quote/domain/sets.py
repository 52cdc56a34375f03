"""The best split by a policy that ranks units: by what they cost, or by their site (promising.md § 4).

A shipment is a way, a hop, and what its book can have given by the hop's pick day. The quantities that fit a set of shipments form a
polymatroid (of each book, all that is picked by a day is no more than it offers on that day), so that "the minimum for each, the rest
in the order of rank" is the best of the set. Without limits on shipments the set of all of them has the best; with limits every set is
looked at, the smallest first, until the effort is used up. Ceilings are limits across books, beside which the order of rank need not be
the best of a set, but mostly is.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final, NamedTuple

from services.quote.domain.choice import Aim, cost_per_unit, worth
from services.quote.domain.rationed import Limits, Slots

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.quote.domain.choice import Part, Worth
    from services.quote.domain.dates import Hop
    from services.quote.domain.entry import Day, Micro
    from services.quote.domain.outlet import Outlet
    from services.quote.domain.request import LineRequest
    from services.quote.domain.stand import Stand

_EFFORT_OF_A_SHIPMENT: Final = 10
"""What a shipment of a set costs of the effort of a search."""


class Slot(NamedTuple):
    """A shipment that could be: what its book can have given in total by then, the periods of ceilings that it would count in."""

    outlet: Outlet
    hop: Hop
    total: Micro
    periods: tuple[int, ...]
    rank: tuple[int, ...]
    """How gladly a unit of it is taken, the least first."""


def slots_of(line: LineRequest, outlets: Sequence[Outlet], wanted: Day, aim: Aim, stand: Stand) -> tuple[list[Slot], list[Micro]]:
    """Every shipment that brings more than those before it, each way from each book by itself; and what each period leaves."""
    within = Slots(outlets, wanted, line.latest_day, line.quantity)
    found: list[Slot] = []
    before: dict[int, tuple[Micro, tuple[int, ...]]] = {}
    for one in within.slots:
        outlet = outlets[one.site]
        if before.get(one.site) != (one.total, one.periods):
            before[one.site] = one.total, one.periods
            first = cost_per_unit(outlet, one.hop, wanted, stand) if aim is Aim.CHEAPEST else line.sites.index(outlet.site)
            found.append(Slot(outlet, one.hop, one.total, one.periods, (first, one.day, len(found))))
    return found, within.left


def best_of_sets(line: LineRequest, outlets: Sequence[Outlet], wanted: Day, aim: Aim, stand: Stand, effort: int) -> tuple[list[Part], bool]:
    """The best split from what is known under a policy, by delivery day; and whether the search was cut before it had seen every set."""
    least = min(line.min_ship or 1, line.quantity)
    every, left = slots_of(line, outlets, wanted, aim, stand)
    slots = [slot for slot in every if slot.total >= least]
    most = min(len(slots), line.quantity // least, line.max_shipments or len(slots))
    free = _filled(slots, _amounts(slots, left, line.quantity, 0) or [])
    if len(free) <= most and all(quantity >= least for _, _, quantity in free):
        return free, False
    best: tuple[Worth, list[Part]] | None = None
    for count in range(1, most + 1):
        for chosen in combinations(slots, count):
            effort -= _EFFORT_OF_A_SHIPMENT * count
            if effort < 0:
                return ([] if best is None else best[1]), True
            amounts = _amounts(chosen, left, line.quantity, least)
            if amounts is not None:
                parts = _filled(chosen, amounts)
                value = worth(aim, line, parts, wanted, 0, stand)
                if best is None or value < best[0]:
                    best = value, parts
    return ([] if best is None else best[1]), False


def _filled(slots: Sequence[Slot], amounts: Sequence[Micro]) -> list[Part]:
    parts = [(slot.outlet, slot.hop, quantity) for slot, quantity in zip(slots, amounts, strict=True) if quantity > 0]
    return sorted(parts, key=lambda part: part[1].delivery)


def _amounts(slots: Sequence[Slot], left: Sequence[Micro], quantity: Micro, least: Micro) -> list[Micro] | None:
    """The minimum for each, the rest in the order of rank; None when the minima do not fit."""
    limits = Limits([slot.hop.delivery for slot in slots])
    chains: dict[int, list[int]] = {}
    for at in sorted(range(len(slots)), key=lambda at: slots[at].hop.pick):
        chain = chains.setdefault(id(slots[at].outlet.place), [])
        chain.append(at)
        limits.add(slots[at].total, least, tuple(chain))
    for period in {period for slot in slots for period in slot.periods}:
        limits.add(left[period], least, tuple(at for at, slot in enumerate(slots) if period in slot.periods))
    if min(limits.rooms, default=0) < 0:
        return None
    spare = quantity - least * len(slots)
    amounts = [least] * len(slots)
    for at in sorted(range(len(slots)), key=lambda at: slots[at].rank):
        more = min(spare, *(limits.rooms[one] for one in limits.of[at]))
        for one in limits.of[at]:
            limits.rooms[one] -= more
        amounts[at] += more
        spare -= more
    return amounts
