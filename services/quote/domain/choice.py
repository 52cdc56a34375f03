"""Which of several ways to serve a line is the best: the policies of a request (promising.md § 4).

    earliest          most promised, most on time, least quantity x days late, fewest shipments, then the order of sites
    just_in_time      the same; then every operation as late as its promise allows (justintime.py)
    fewest_shipments  most promised, fewest shipments, then as `earliest`
    cheapest          most promised, least cost, then as `earliest`
    preferred_site    most promised, most from the site that stands first, then the second …, then as `earliest`

    cost = sum over deliveries of quantity x (lane + handling at the site + lateness x days late)
         + sum over what has to be planned of quantity after lot rounding x (lane, terms of the supplier, or value of the item)

Costs are millionths of the company's currency. What is on hand or ordered already costs no more to make or buy; of a lot all
is paid. Less is never promised to spend less, or to ship less often.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from services.quote.domain.policy import Costs
from services.quote.domain.reasons import Lost
from services.quote.domain.sources import MICRO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.quote.domain.dates import Hop
    from services.quote.domain.entry import Day, Micro
    from services.quote.domain.outlet import Outlet
    from services.quote.domain.request import LineRequest
    from services.quote.domain.stand import Stand

DEFAULT_COSTS: Final = Costs(lateness_per_unit_day=MICRO)
"""Where no policy says otherwise: 1 for each unit and day late, nothing for handling."""

Part = tuple["Outlet", "Hop", "Micro"]
"""One delivery of a plan."""
Worth = tuple[int, ...]
"""To be made as small as possible, the first figure first."""


class Aim(StrEnum):
    """What a request wants most."""

    EARLIEST = "earliest"
    JUST_IN_TIME = "just_in_time"
    FEWEST_SHIPMENTS = "fewest_shipments"
    CHEAPEST = "cheapest"
    PREFERRED_SITE = "preferred_site"

    @property
    def is_earliest(self) -> bool:
        """Whether the first way that is in time is the best."""
        return self in _EARLIEST


_EARLIEST: Final = (Aim.EARLIEST, Aim.JUST_IN_TIME)


def worth(aim: Aim, line: LineRequest, parts: Sequence[Part], wanted: Day, planned_cost: int, stand: Stand) -> Worth:
    """What a plan is worth under an aim."""
    promised = sum(quantity for _, _, quantity in parts)
    on_time = sum(quantity for _, hop, quantity in parts if hop.delivery <= wanted)
    late = sum(quantity * max(0, hop.delivery - wanted) for _, hop, quantity in parts)
    shipments = len({(outlet.site, outlet.way.lane, hop.ship) for outlet, hop, _ in parts})
    if aim is Aim.FEWEST_SHIPMENTS:
        return (-promised, shipments, -on_time, late)
    if aim is Aim.CHEAPEST:
        return (-promised, planned_cost + cost_of(parts, wanted, stand), -on_time, late, shipments)
    if aim is Aim.PREFERRED_SITE:
        by_site = [-sum(quantity for outlet, _, quantity in parts if outlet.site == site) for site in line.sites]
        return (-promised, *by_site, -on_time, late, shipments)
    return (-promised, -on_time, late, shipments)


def cost_of(parts: Sequence[Part], wanted: Day, stand: Stand) -> int:
    """What carrying, handling and lateness of deliveries cost, in millionths."""
    return sum(quantity * cost_per_unit(outlet, hop, wanted, stand) for outlet, hop, quantity in parts) // MICRO


def cost_per_unit(outlet: Outlet, hop: Hop, wanted: Day, stand: Stand) -> Micro:
    """What a unit costs that an outlet delivers by a hop, beside what has to be planned for it."""
    costs = stand.costs(outlet.place.sku, outlet.site)
    return outlet.way.cost + costs.handling_per_unit + costs.lateness_per_unit_day * max(0, hop.delivery - wanted)


def cost_of_planned(stand: Stand, since: int) -> int:
    """What the plans of a decision from the number `since` on cost, in millionths."""
    return sum(plan.quantity * plan.source.cost for plan in stand.planned[since:]) // MICRO


def lost_because(aim: Aim, line: LineRequest, loser: Worth, winner: Worth) -> Lost:
    """The first figure in which one way is worse than another; the order of sites and sources where none is."""
    at = next((at for at, (one, other) in enumerate(zip(loser, winner, strict=True)) if one != other), None)
    return Lost.SOURCE_ORDER if at is None else _figures(aim, line)[at]


def _figures(aim: Aim, line: LineRequest) -> list[Lost]:
    """What each figure of a worth stands for."""
    by_date = [Lost.LESS_ON_TIME, Lost.LATER]
    if aim is Aim.FEWEST_SHIPMENTS:
        return [Lost.LESS_PROMISED, Lost.MORE_SHIPMENTS, *by_date]
    if aim is Aim.CHEAPEST:
        return [Lost.LESS_PROMISED, Lost.MORE_EXPENSIVE, *by_date, Lost.MORE_SHIPMENTS]
    if aim is Aim.PREFERRED_SITE:
        return [Lost.LESS_PROMISED, *(Lost.SITE_ORDER for _ in line.sites), *by_date, Lost.MORE_SHIPMENTS]
    return [Lost.LESS_PROMISED, *by_date, Lost.MORE_SHIPMENTS]
