"""Where more of an item can come from at a site: what lanes, routings, bills of material and suppliers' terms come to.

A definition that names what nobody has defined yet keeps its place: a routing with an unknown resource cannot be made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from services.quote.asks.amounts import micro_of
from services.quote.domain.calendar import EVERY_DAY
from services.quote.domain.dates import Way, first_handling_day
from services.quote.domain.sources import Buy, Lot, Make, Need, Operation, Source, Transfer
from services.quote.world.hours import cut_off_of, holds_until
from services.quote.world.readings import component_of, cost_of, lot_of, spoken_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from services.quote.world.known import World
    from services.quote.world.readings import State


def sources_of(world: World, sku: str, site: str, now: datetime) -> tuple[tuple[Source, ...], datetime]:
    """Transfer, make, buy, each kind by priority; and until when that holds."""
    moved = list(transfers(world, sku, site, now))
    found: tuple[Source, ...] = (*(one for one, _ in moved), *makes(world, sku, site), *buys(world, sku, site))
    item = world.all_of("item").get(sku, {})
    if item.get("promise_at_lead_time") and item.get("lead_time_days") is not None:
        lot, cost = lot_of(item, "lot_minimum", "lot_multiple"), cost_of(item, "unit_cost")
        found = (*found, Buy(sku, None, cumulative_lead_time(world, sku, site, now), EVERY_DAY, lot, cost))
    return found, min((holds_until(world.local(site, now), ()), *(until for _, until in moved)))


def cumulative_lead_time(world: World, sku: str, site: str, now: datetime) -> int:
    """Elapsed days until an item is there of which nobody has anything: its own lead time, after the longest of what goes into it.

    A part that has none of its own comes by its soonest terms, on the days on which its supplier works; of what nobody says how long it
    takes, nothing is waited for.
    """
    found: dict[str, int] = {}
    today = world.today(site, now)
    waiting = [sku]
    while waiting:
        parts = parts_of(world, waiting[-1], site)
        if waiting[-1] not in found:
            found[waiting[-1]] = 0  # what goes into itself is not waited for
            waiting += [one for one in parts if one not in found]
            continue
        part = waiting.pop()
        own = world.all_of("item").get(part, {}).get("lead_time_days")
        if own is None:
            days = (one.calendar.plus(today, one.lead_time_days) for one in buys(world, part, site))
            own = min((day - today for day in days if day is not None), default=0)
        found[part] = min(own + max((found[one] for one in parts), default=0), _LONGEST)
    return found[sku]


_LONGEST: Final = 1_000_000
"""Days. No supply takes longer, and a day so far off is still a date."""


def parts_of(world: World, sku: str, site: str) -> tuple[str, ...]:
    """What goes into an item at a site, by its bill of material."""
    components = _at(world.all_of("bom").get(sku, {}).get("boms", ()), site)
    return () if components is None else tuple(part["component"] for part in components["components"])


def transfers(world: World, sku: str, site: str, now: datetime) -> Iterator[tuple[Transfer, datetime]]:
    """The lanes on which more can be moved to a site; each holds until an instant."""
    for name, lane in world.found("lane", site):
        card = world.sites.get(lane["from_site"])
        if card is None or lane["from_site"] == site or lane.get("sku") not in (None, sku):
            continue
        local = now.astimezone(card.zone)
        there = world.sites.get(site)
        cut_offs = [cut_off for cut_off in (card.cut_off, cut_off_of(lane)) if cut_off is not None]
        calendar = world.calendar(card.calendar)
        way = Way(
            calendar, card.pick_pack_days, world.calendar(lane.get("calendar")), lane.get("transit_days", 0),
            world.calendar(None if there is None else there.calendar), first_handling_day(calendar, cut_offs, local), name,
        )  # fmt: skip
        yield (
            Transfer(name, card.site, way, lot_of(lane, "minimum_quantity", "multiple"), cost_of(lane, "cost")),
            holds_until(local, cut_offs),
        )


def makes(world: World, sku: str, site: str) -> Iterator[Make]:
    """How it is made at a site: by its routing, or in its lead time where it has a bill of material alone."""
    components = _at(world.all_of("bom").get(sku, {}).get("boms", ()), site)
    routing = _at(world.all_of("routing").get(sku, {}).get("routings", ()), site)
    item = world.all_of("item").get(sku, {})
    if routing is None:
        if components is not None:
            calendar = world.calendar(world.sites[site].calendar) if site in world.sites else None
            parts = tuple(component_of(part, 0) for part in components["components"])
            lot, cost = lot_of(item, "lot_minimum", "lot_multiple"), cost_of(item, "unit_cost")
            yield Make(sku, parts, (), lot, item.get("lead_time_days") or 0, calendar, cost)
        return
    operations = sorted(routing["operations"], key=lambda operation: operation["sequence"])
    if routing["site"] is None and not _works_at(world, operations, site):
        return
    places = {operation["sequence"]: number for number, operation in enumerate(operations)}
    parts = tuple(
        component_of(part, places.get(part.get("sequence"), 0)) for part in (components["components"] if components is not None else ())
    )
    lot = lot_of(routing, "lot_minimum", "lot_multiple")
    yield Make(
        sku,
        parts,
        tuple(_operation(world, operation, site) for operation in operations),
        lot if lot != Lot() else lot_of(item, "lot_minimum", "lot_multiple"),
        cost=cost_of(item, "unit_cost"),
    )


def _at(each: Iterable[State], site: str) -> State | None:
    """The one of a site, else the one that is for every site."""
    by_site = {one["site"]: one for one in each}
    return by_site.get(site, by_site.get(None))


def _works_at(world: World, operations: list[State], site: str) -> bool:
    """Whether the resources that a routing for every site names stand at this one; where it names none, at any."""
    needs = [need for operation in operations for need in operation["resources"]]
    return all(_members(world, need, site) for need in needs)


def _members(world: World, need: State, site: str) -> tuple[str, ...]:
    """Who can serve a need at a site."""
    if need.get("resource") is not None:
        known = world.all_of("resource").get(need["resource"])
        return (need["resource"],) if known is not None and known["site"] == site else ()
    skill = need.get("skill")
    members = world.found("resource", need.get("group"))
    return tuple(name for name, one in members if one["site"] == site and (skill is None or skill in one["skills"]))


def _operation(world: World, state: State, site: str) -> Operation:
    lists = [state["resources"], *state.get("alternates", ())] if state["resources"] else []
    return Operation(
        state["sequence"],
        state["name"],
        micro_of(state["setup_minutes"]),
        micro_of(state["minutes_per_unit"]),
        micro_of(state["fixed_minutes"]),
        state.get("may_spread", True),
        tuple(tuple(Need(_members(world, need, site), spoken_of(need)) for need in needs) for needs in lists),
    )


def buys(world: World, sku: str, site: str) -> Iterator[Buy]:
    """The terms on which suppliers bring it to a site, by priority."""
    item = world.all_of("item").get(sku, {})
    terms = [(name, one) for name, one in world.found("supplier_item", sku) if one.get("site") in (None, site)]
    for name, one in sorted(terms, key=lambda each: (each[1]["priority"], each[0])):
        calendar = world.calendar(world.all_of("supplier").get(one["supplier"], {}).get("calendar"))
        lot, cost = lot_of(one, "minimum_quantity", "multiple"), cost_of(one if one.get("unit_cost") is not None else item, "unit_cost")
        most = one.get("capacity_quantity")
        capacity = None if most is None else micro_of(most)
        yield Buy(name, one["supplier"], one["lead_time_days"], calendar, lot, cost, capacity, one.get("capacity_period_days"))
