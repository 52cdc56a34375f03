"""What can be delivered of a line from what is there, and from what this decision has planned (promising.md § 4)?

Whole: on the first day, wanted or later, on which one site's ATP bears the quantity. In several deliveries: what each site
can have delivered by each day, min(ATP, quantity), is an offer; `split.py` finds the best split of the offers.
"""

from __future__ import annotations

from itertools import chain
from math import inf
from typing import TYPE_CHECKING

from services.quote.domain.answer import Delivery
from services.quote.domain.binding import is_bound
from services.quote.domain.rationed import split_within
from services.quote.domain.split import Offer, best_split

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.quote.domain.choice import Part
    from services.quote.domain.dates import Hop
    from services.quote.domain.entry import Day, Micro
    from services.quote.domain.outlet import Outlet
    from services.quote.domain.request import LineRequest

Whole = tuple["Outlet", "Hop"]
"""Where and when a whole line can be had in one delivery."""


def earliest_whole(line: LineRequest, outlets: Sequence[Outlet], wanted: Day, *, any_date: bool = False) -> Whole | None:
    """The outlet and the first hop by which the whole quantity can be delivered, wanted or later; ties go by site order."""
    best: Whole | None = None
    for outlet in outlets:
        hop = outlet.earliest(line.quantity, wanted)
        if hop is None or (line.latest_day is not None and hop.delivery > line.latest_day and not any_date):
            continue
        if best is None or hop.delivery < best[1].delivery:
            best = (outlet, hop)
            if hop.delivery <= wanted:
                break
    return best


def too_late(line: LineRequest, hop: Hop) -> bool:
    """Whether a delivery comes after the latest acceptable day."""
    return line.latest_day is not None and hop.delivery > line.latest_day


def split_of(line: LineRequest, outlets: Sequence[Outlet], wanted: Day, latest: Day | None, effort: int) -> list[Part]:
    """The best split of a line, not before `wanted` and not after `latest`, by day and site."""
    if is_bound(outlets):
        books = [[outlet] for outlet in fastest_ways(outlets)]
        limits = (line.min_ship, line.max_shipments)
        shipments, cut = split_within([ways[0] for ways in books], wanted, latest, line.quantity, limits, effort)
    else:
        books = ways_by_book(outlets)
        offers = [offer_of(ways, wanted, latest, line.quantity) for ways in books]
        shipments, cut = best_split(line.quantity, wanted, offers, line.min_ship, line.max_shipments, effort)
    if cut:
        outlets[0].place.search_was_cut()
    parts: list[Part] = []
    for shipment in shipments:
        found = _latest_pick(books[shipment.site], shipment.day)
        if found is not None:
            parts.append((*found, shipment.quantity))
    return parts


def _latest_pick(ways: Sequence[Outlet], day: Day) -> Whole | None:
    """Of several ways from one book the one that is picked last and still there by a day.

    What is delivered later is then picked no earlier, so that what may be taken by each pick day is counted once for all ways.
    """
    found = [(outlet, hop) for outlet in ways if (hop := outlet.by(day)) is not None]
    return max(found, key=lambda one: one[1].pick, default=None)


def offer_of(ways: Sequence[Outlet], wanted: Day, latest: Day | None, quantity: Micro) -> Offer:
    """What a book can have delivered by each day over any of its ways, up to `quantity`: the days on which that grows."""
    days: list[Day] = []
    totals: list[Micro] = []
    top = 0
    each = [outlet.days_of_change(wanted) for outlet in ways]
    for day in each[0] if len(each) == 1 else sorted(set(chain(*each))):
        if top >= quantity or (latest is not None and day > latest):
            break
        total = min(max(outlet.offers_by(day) for outlet in ways), quantity)
        if total > top:
            top = total
            days.append(day)
            totals.append(top)
    return Offer(tuple(days), tuple(totals))


def ways_by_book(outlets: Sequence[Outlet]) -> list[list[Outlet]]:
    """The ways of each book together: what leaves over one of them is not there for the others."""
    found: dict[int, list[Outlet]] = {}
    for outlet in outlets:
        found.setdefault(id(outlet.place), []).append(outlet)
    return list(found.values())


def fastest_ways(outlets: Sequence[Outlet]) -> list[Outlet]:
    """Of several ways from one book the fastest."""
    return [min(ways, key=_first_delivery) for ways in ways_by_book(outlets)]


def _first_delivery(outlet: Outlet) -> float:
    hop = outlet.after(outlet.first_pick)
    return inf if hop is None else hop.delivery


def most_of(outlet: Outlet) -> Micro:
    """What a site can ever deliver of what is known."""
    return max(0, outlet.place.free.atp[-1])


def each_place(outlets: Sequence[Outlet]) -> list[Outlet]:
    """One way of each book."""
    return list({id(outlet.place): outlet for outlet in reversed(outlets)}.values())


def delivery_of(outlet: Outlet, hop: Hop, quantity: Micro, planned: Micro = 0, *, line_sku: str = "") -> Delivery:
    """A delivery as it is answered; `line_sku`: what was asked for, so that something else is named."""
    sku = outlet.place.sku if line_sku and outlet.place.sku != line_sku else None
    return Delivery(outlet.site, quantity, hop.pick, hop.ship, hop.delivery, planned, outlet.way.lane, sku)
