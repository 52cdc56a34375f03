"""One definition, as its owner has told it, as a value of the kernel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from typing import TYPE_CHECKING, Any

from services.quote.asks.amounts import micro_of
from services.quote.domain.allocation import EARLIEST, LATEST, Allocation, Every, Period
from services.quote.domain.allocation import Kind as AllocationKind
from services.quote.domain.calendar import Calendar
from services.quote.domain.policy import Costs, Freshness, Policy, StabilityBudget
from services.quote.domain.sources import Component, Lot
from services.quote.world.hours import cut_off_of, zone_of

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from services.quote.domain.demandclass import DemandClass

State = dict[str, Any]
"""A definition as it was told."""
RETIRED = "retired"
"""The lifecycle of an item that its owner no longer has."""


@dataclass(slots=True, frozen=True)
class ItemCard:
    """What quote needs to know of an item."""

    sku: str
    name: str
    uom: str
    decimals: int
    dock_to_stock_days: int
    retired: bool = False
    """What there is of it is still owed; nothing new is promised."""


@dataclass(slots=True, frozen=True)
class SiteCard:
    """What quote needs to know of a site."""

    site: str
    name: str
    time_zone: str
    zone: ZoneInfo
    calendar: str | None = None
    cut_off: time | None = None
    pick_pack_days: int = 0


def item_of(sku: str, state: State) -> ItemCard:
    """An item."""
    retired = state.get("lifecycle") == RETIRED
    return ItemCard(sku, state["name"], state["uom"], state["decimals"], state["dock_to_stock_days"], retired)


def site_of(name: str, state: State) -> SiteCard:
    """A site."""
    zone = zone_of(state["time_zone"])
    calendar, pick_pack_days = state.get("calendar"), state.get("pick_pack_days", 0)
    return SiteCard(name, state["name"], state["time_zone"], zone, calendar, cut_off_of(state), pick_pack_days)


def policy_of(state: State) -> Policy:
    """A policy, as the kernel reads it."""
    stability, freshness, costs = state["stability"], state["freshness"], state["costs"]
    return Policy(
        state["past_due_offset_days"],
        state["past_due_limit_days"],
        state["atp_fence_days"],
        None if stability is None else StabilityBudget(**stability),
        None if freshness is None else Freshness(**freshness),
        None if costs is None else Costs(**{name: micro_of(amount or 0) for name, amount in costs.items()}),
    )


def allocation_of(name: str, state: State, demand_class: DemandClass) -> Allocation:
    """An allocation, as it was put."""
    periods = [
        Period(_day(one["from_date"], EARLIEST), _day(one["to_date"], LATEST), micro_of(one["quantity"])) for one in state["periods"] or ()
    ]
    release = state["release_date"]
    return Allocation(
        name,
        AllocationKind(state["kind"]),
        demand_class.lineage,
        state["sku"],
        None if state["sites"] is None else frozenset(state["sites"]),
        micro_of(state["quantity"] or 0),
        None if state["period"] is None else Every(state["period"]),
        _day(state["from_date"], EARLIEST),
        _day(state["to_date"], LATEST),
        tuple(periods),
        None if release is None else _day(release, LATEST),
    )


def _day(said: str | None, other: int) -> int:
    return other if said is None else date.fromisoformat(said).toordinal()


def pattern(state: State) -> Calendar:
    """A pattern of minutes, as capacity tells it."""
    return Calendar(tuple(state["weekly"]), {date.fromisoformat(day).toordinal(): minutes for day, minutes in state["days"].items()})


def component_of(part: State, operation: int) -> Component:
    """A part of a bill of material, which the operation of that number takes."""
    return Component((part["component"], *part.get("alternates", ())), micro_of(part["quantity_per"]), operation)


def lot_of(state: State, minimum: str, multiple: str) -> Lot:
    """The least that is made, bought or sent at a time, and in what steps; `minimum` and `multiple` are what it calls them."""
    least, step = state.get(minimum), state.get(multiple)
    return Lot(None if least is None else micro_of(least), None if step is None else micro_of(step))


def cost_of(state: State, field: str) -> int:
    """A cost in millionths; nothing where nothing is said."""
    said = state.get(field)
    return 0 if said is None else micro_of(said)


def spoken_of(need: State) -> str:
    """Who is needed, in words."""
    name = str(need.get("resource") or need.get("group"))
    return name if need.get("skill") is None else f"{name} ({need['skill']})"
