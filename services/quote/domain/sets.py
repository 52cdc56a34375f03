"""The best split by a policy that ranks units: by what they cost, or by their site (promising.md § 4).

A shipment is a way, a hop, and what its book can have given by the hop's pick day. The quantities that fit a set of shipments form a
polymatroid (of each book, all that is picked by a day is no more than it offers on that day), so that "the minimum for each, the rest
in the order of rank" is the best of the set. Without limits on shipments the set of all of them has the best; with limits every set is
looked at, the smallest first, until the effort is used up.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final, NamedTuple

from services.quote.domain.choice import Aim, cost_per_unit, worth
from services.quote.domain.known import offer_of

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
    """A shipment that could be: what its book can have given in total by then, and how gladly a unit of it is taken, the least first."""

    outlet: Outlet
    hop: Hop
    total: Micro
    rank: tuple[int, ...]


def slots_of(line: LineRequest, outlets: Sequence[Outlet], wanted: Day, aim: Aim, stand: Stand) -> list[Slot]:
    """Every shipment that brings more than those before it, each way from each book by itself."""
    found: list[Slot] = []
    for outlet in outlets:
        offer = offer_of([outlet], wanted, line.latest_day, line.quantity)
        for day, total in zip(offer.days, offer.totals, strict=True):
            hop = outlet.by(day)
            if hop is not None:
                late = max(0, hop.delivery - wanted)
                first = cost_per_unit(outlet, hop, wanted, stand) if aim is Aim.CHEAPEST else line.sites.index(outlet.site)
                found.append(Slot(outlet, hop, total, (first, int(late > 0), late, len(found))))
    return found


def best_of_sets(line: LineRequest, outlets: Sequence[Outlet], wanted: Day, aim: Aim, stand: Stand, effort: int) -> tuple[list[Part], bool]:
    """The best split from what is known under a policy, by delivery day; and whether the search was cut before it had seen every set."""
    least = min(line.min_ship or 1, line.quantity)
    slots = [slot for slot in slots_of(line, outlets, wanted, aim, stand) if slot.total >= least]
    most = min(len(slots), line.quantity // least, line.max_shipments or len(slots))
    free = _filled(slots, _amounts(slots, line.quantity, 0) or [])
    if len(free) <= most and all(quantity >= least for _, _, quantity in free):
        return free, False
    best: tuple[Worth, list[Part]] | None = None
    for count in range(1, most + 1):
        for chosen in combinations(slots, count):
            effort -= _EFFORT_OF_A_SHIPMENT * count
            if effort < 0:
                return ([] if best is None else best[1]), True
            amounts = _amounts(chosen, line.quantity, least)
            if amounts is not None:
                parts = _filled(chosen, amounts)
                value = worth(aim, line, parts, wanted, 0, stand)
                if best is None or value < best[0]:
                    best = value, parts
    return ([] if best is None else best[1]), False


def _filled(slots: Sequence[Slot], amounts: Sequence[Micro]) -> list[Part]:
    parts = [(slot.outlet, slot.hop, quantity) for slot, quantity in zip(slots, amounts, strict=True) if quantity > 0]
    return sorted(parts, key=lambda part: part[1].delivery)


def _amounts(slots: Sequence[Slot], quantity: Micro, least: Micro) -> list[Micro] | None:
    """The minimum for each, the rest in the order of rank; None when the minima do not fit."""
    spare = quantity - least * len(slots)
    chains: dict[int, list[int]] = {}
    for at in sorted(range(len(slots)), key=lambda at: slots[at].hop.pick):
        chains.setdefault(id(slots[at].outlet.place), []).append(at)
    rooms = {at: slots[at].total - least * (number + 1) for chain in chains.values() for number, at in enumerate(chain)}
    if spare < 0 or min(rooms.values(), default=0) < 0:
        return None
    amounts = [least] * len(slots)
    for at in sorted(range(len(slots)), key=lambda at: slots[at].rank):
        chain = chains[id(slots[at].outlet.place)]
        later = chain[chain.index(at) :]
        more = min(spare, *(rooms[other] for other in later))
        for other in later:
            rooms[other] -= more
        amounts[at] += more
        spare -= more
    return amounts
