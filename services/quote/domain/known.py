"""What can be delivered of a line from what is there, and from what this decision has planned (promising.md § 4)?

Whole: on the first day, wanted or later, on which one site's ATP bears the quantity. In several deliveries: what each site
can have delivered by each day, min(ATP, quantity), is an offer; `split.py` finds the best split of the offers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.quote.domain.answer import Delivery
from services.quote.domain.binding import is_bound
from services.quote.domain.rationed import split_within
from services.quote.domain.split import Offer, best_split_found

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.quote.domain.book import Day, Micro
    from services.quote.domain.choice import Part
    from services.quote.domain.dates import Hop
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
        shipments = split_within(outlets, wanted, latest, line.quantity, (line.min_ship, line.max_shipments), effort)
    else:
        offers = [offer_of(outlet, wanted, latest, line.quantity) for outlet in outlets]
        shipments, cut = best_split_found(line.quantity, wanted, offers, line.min_ship, line.max_shipments, effort)
        if cut:
            outlets[0].place.search_was_cut()
    parts: list[Part] = []
    for shipment in shipments:
        hop = _hop_of(outlets[shipment.site], shipment.day)
        if hop is not None:
            parts.append((outlets[shipment.site], hop, shipment.quantity))
    return parts


def _hop_of(outlet: Outlet, day: Day) -> Hop | None:
    return outlet.by(day) or outlet.after(outlet.first_pick)


def offer_of(outlet: Outlet, wanted: Day, latest: Day | None, quantity: Micro) -> Offer:
    """What a site can deliver by each day, up to `quantity`: the days on which that grows."""
    days: list[Day] = []
    totals: list[Micro] = []
    top = 0
    for day in outlet.days_of_change(wanted):
        if top >= quantity or (latest is not None and day > latest):
            break
        total = min(outlet.offers_by(day), quantity)
        if total > top:
            top = total
            days.append(day)
            totals.append(top)
    return Offer(tuple(days), tuple(totals))


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
