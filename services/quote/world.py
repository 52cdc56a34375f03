"""What the others have defined, as the kernel asks for it: items, sites, the ways from them, the sources of supply.

A definition that names what nobody has defined yet keeps its place: a site with an unknown calendar answers nothing until
the calendar comes, a routing with an unknown resource cannot be made. Nothing blocks, and nothing is guessed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import structlog

from services.quote.asks.amounts import micro_of
from services.quote.domain.allocation import EARLIEST, LATEST, Allocation, Every, Period
from services.quote.domain.allocation import Kind as AllocationKind
from services.quote.domain.book import Rules
from services.quote.domain.calendar import EVERY_DAY, NEVER, Calendar
from services.quote.domain.chance import Chances
from services.quote.domain.dates import Way, first_handling_day, immediate
from services.quote.domain.demandclass import NO_CLASS, DemandClass, Strategy, lineage_of
from services.quote.domain.policy import Costs, Freshness, Policies, Policy, StabilityBudget
from services.quote.domain.sources import Buy, Component, Lot, Make, Need, Operation, Source, Transfer
from services.quote.store import lateness

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from services.quote.settings import Settings
    from services.quote.store.supply import Definition

log = structlog.get_logger()

UTC_ZONE = ZoneInfo("UTC")
RETIRED = "retired"
"""The lifecycle of an item that its owner no longer has."""
ANYWHERE = "*"
"""A lane to it leads everywhere."""
FOUND_BY = {"lane": "to", "supplier_item": "sku", "resource": "group", "allocation": "sku"}
"""By what else than their id definitions are looked up."""
MOST_WAYS = 100_000
"""Ways that are kept worked out: places are anybody's words, so there may be many more."""
State = dict[str, Any]


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


class World:
    """Definitions by kind and id. `learn` alone changes it; what is asked is worked out once and kept until then, or until midnight."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is defined."""
        self._settings = settings
        self.items: dict[str, ItemCard] = {}
        self.sites: dict[str, SiteCard] = {}
        self._states: dict[str, dict[str, State]] = {}
        self._index: dict[tuple[str, str | None], dict[str, State]] = {}
        """Definitions of the kinds in `FOUND_BY`, by the value that they are looked up by."""
        self._calendars: dict[str, Calendar] = {}
        self._classes: dict[str, DemandClass] = {}
        self._allocations: dict[str, tuple[Allocation, ...]] = {}
        self._rules: dict[str, Rules] = {}
        self._rules_alike: dict[Rules, Rules] = {}
        """Each rules once: most items have the same."""
        self._default_rules = Rules(settings.past_due_offset_days, settings.past_due_limit_days)
        self.policies = Policies()
        self._chances: Chances | None = None
        self._rules_here: dict[tuple[str, str | None], Rules] = {}
        """Rules where policies have a word."""
        self._ways: dict[tuple[str, str | None, str | None, str | None], tuple[datetime, tuple[Way, ...]]] = {}
        """By the site, where to, the calendar by which it is received, and the sku where a lane is for it alone."""
        self._own_lanes: set[str] = set()
        """Items that some lane is, or was, for alone."""
        self._sources: dict[tuple[str, str], tuple[datetime, tuple[Source, ...]]] = {}
        self._todays: dict[str, tuple[datetime, datetime, int]] = {}
        """The civil day at each site, from when until when it is today."""

    def learn(self, definition: Definition) -> None:
        """Take a definition over from its owner, whatever else is known. One that is retired is as if nobody had ever made it."""
        kind, name, state = definition.kind, definition.id, definition.state
        if kind == lateness.KIND:
            self._states.setdefault(kind, {})[name] = state
            self._chances = None
            return
        known = self._states.setdefault(kind, {})
        before = known.pop(name, None)
        field = FOUND_BY.get(kind)
        if field is not None and before is not None:
            self._index[kind, before.get(field)].pop(name, None)
        if state.get("retired"):
            if kind == "item":
                self.items.pop(name, None)
                self._rules.pop(name, None)
            elif kind == "site":
                self.sites.pop(name, None)
            elif kind == "calendar":
                self._calendars.pop(name, None)
        else:
            known[name] = state
            if field is not None:
                self._index.setdefault((kind, state.get(field)), {})[name] = state
            self._work_out(kind, name, state)
        if kind in ("demand_class", "allocation"):
            self._classes.clear()
            self._allocations.clear()
        if kind == "policy":
            self.policies = Policies(((known[each]["sku"], known[each]["site"]), policy_of(known[each])) for each in sorted(known))
        self._rules_here.clear()
        self._ways.clear()
        self._sources.clear()
        self._todays.clear()

    def _work_out(self, kind: str, name: str, state: State) -> None:
        """What is asked of a definition all the time."""
        if kind == "item":
            self.items[name] = ItemCard(
                name, state["name"], state["uom"], state["decimals"], state["dock_to_stock_days"], state.get("lifecycle") == RETIRED
            )
            rules = Rules(
                self._settings.past_due_offset_days,
                self._settings.past_due_limit_days,
                state["dock_to_stock_days"],
                state.get("atp_fence_days"),
            )
            self._rules[name] = self._rules_alike.setdefault(rules, rules)
        elif kind == "site":
            said = state.get("cut_off_time")
            self.sites[name] = SiteCard(
                name, state["name"], state["time_zone"], _zone(state["time_zone"]), state.get("calendar"),
                None if said is None else time.fromisoformat(said), state.get("pick_pack_days", 0),
            )  # fmt: skip
        elif kind == "calendar":
            self._calendars[name] = pattern(state["pattern"])
        elif kind == "lane" and state.get("sku") is not None:
            self._own_lanes.add(state["sku"])

    @property
    def chances(self) -> Chances:
        """How late each source's receipts came, as far as anybody has seen."""
        if self._chances is None:
            told = self.all_of(lateness.KIND)
            self._chances = Chances({name: {int(days): times for days, times in one["observed"].items()} for name, one in told.items()})
        return self._chances

    def fork(self, past_due_offset_days: int | None = None, past_due_limit_days: int | None = None) -> World:
        """A world that knows the same and learns alone; with other settings of receipts that are late, where they are given.

        It may be asked of an earlier instant: what was worked out of today's first handling day is not for it.
        """
        other = World(self._settings)
        for name, value in vars(self).items():
            if type(value) is dict:
                setattr(other, name, {key: dict(each) if type(each) is dict else each for key, each in value.items()})
        other._ways.clear()
        other._sources.clear()
        other.policies = self.policies
        other._own_lanes = set(self._own_lanes)
        offset = self._settings.past_due_offset_days if past_due_offset_days is None else past_due_offset_days
        limit = self._settings.past_due_limit_days if past_due_limit_days is None else past_due_limit_days
        other._settings = self._settings.model_copy(update={"past_due_offset_days": offset, "past_due_limit_days": limit})
        if other._settings != self._settings:
            changes = {"past_due_offset_days": offset, "past_due_limit_days": limit}
            other._default_rules = replace(self._default_rules, **changes)
            other._rules = {sku: replace(rules, **changes) for sku, rules in self._rules.items()}
            other._rules_here.clear()
        return other

    def all_of(self, kind: str) -> dict[str, State]:
        """Every definition of a kind, by id."""
        return self._states.get(kind, {})

    def _found(self, kind: str, value: str | None) -> list[tuple[str, State]]:
        """The definitions of a kind that are looked up by a value, by id."""
        return sorted(self._index.get((kind, value), {}).items())

    def demand_class(self, name: str | None) -> DemandClass:
        """A class with its rank, its strategy and what it lies inside; of one that nobody has defined, itself alone."""
        if name is None:
            return NO_CLASS
        found = self._classes.get(name)
        if found is None:
            state = self.all_of("demand_class").get(name)
            if state is None:
                return DemandClass(name, lineage=(name,))
            parents = {one: known["parent"] for one, known in self.all_of("demand_class").items()}
            found = self._classes[name] = DemandClass(name, state["rank"], Strategy(state["strategy"]), lineage_of(name, parents))
        return found

    @property
    def has_allocations(self) -> bool:
        """Whether anybody has ever defined one."""
        return bool(self._states.get("allocation"))

    def allocations(self, sku: str) -> tuple[Allocation, ...]:
        """The ceilings and floors of a sku that nobody has closed."""
        if not self._states.get("allocation"):
            return ()
        found = self._allocations.get(sku)
        if found is None:
            standing = [(name, state) for name, state in self._found("allocation", sku) if not state["closed"]]
            found = tuple(allocation_of(name, state, self.demand_class(state["demand_class"])) for name, state in standing)
            self._allocations[sku] = found
        return found

    def classes_inside(self, demand_class: str) -> list[str]:
        """A class and every class inside it."""
        return sorted({demand_class, *(one for one in self.all_of("demand_class") if demand_class in self.demand_class(one).lineage)})

    def class_of(self, customer: str | None, named: str | None) -> str | None:
        """The class of a demand: the one it names, else its customer's."""
        if named is not None or customer is None:
            return named
        found: str | None = self.all_of("customer").get(customer, {}).get("demand_class")
        return found

    def rules(self, sku: str, site: str | None) -> Rules:
        """How the dates of a sku are read at a site: policies that name the sku, the item itself, other policies, the settings."""
        rules = self._rules.get(sku, self._default_rules)
        if not self.policies:
            return rules
        found = self._rules_here.get((sku, site))
        if found is None:
            settled = self.policies.of(sku, site)
            offset, limit = settled.past_due_offset_days, settled.past_due_limit_days
            fences = (self.policies.of_item(sku, site).atp_fence_days, rules.atp_fence_days, settled.atp_fence_days)
            found = self._rules_here[sku, site] = Rules(
                rules.past_due_offset_days if offset is None else offset,
                rules.past_due_limit_days if limit is None else limit,
                rules.dock_to_stock_days,
                next((days for days in fences if days is not None), None),
            )
        return found

    def costs(self, sku: str, site: str) -> Costs | None:
        """What lateness and handling of a sku at a site cost; None where no policy says."""
        return self.policies.of(sku, site).costs if self.policies else None

    def today(self, site: str, now: datetime) -> int:
        """The civil date at a site, as an ordinal; that of UTC where nobody has described it yet."""
        kept = self._todays.get(site)
        if kept is not None and kept[0] <= now < kept[1]:
            return kept[2]
        card = self.sites.get(site)
        if card is None:
            return now.toordinal()
        local = now.astimezone(card.zone)
        begins = datetime.combine(local.date(), time(), card.zone).astimezone(UTC)
        self._todays[site] = begins, _until(local, ()), local.toordinal()
        return local.toordinal()

    def local(self, site: str, now: datetime) -> datetime:
        """The clock on the wall of a site; UTC where nobody has described it yet."""
        card = self.sites.get(site)
        return now.astimezone(UTC_ZONE if card is None else card.zone)

    # -- ways

    def ways(self, sku: str, site: str, ship_to: str | None, customer: str | None, now: datetime) -> tuple[Way, ...]:
        """The ways from a site to a customer: over every lane of the closest destination; without `ship_to` the goods are fetched."""
        receives: str | None = None
        if ship_to is not None:
            receives = self.all_of("customer").get(customer or "", {}).get("calendar")
        key = (site, ship_to, receives, sku if ship_to is not None and sku in self._own_lanes else None)
        kept = self._ways.get(key)
        if kept is not None and now < kept[0]:
            return kept[1]
        card = self.sites.get(site)
        if card is None:
            return ()
        local = now.astimezone(card.zone)
        lanes: list[State | None] = [None] if ship_to is None else list(self._lanes_to(sku, site, ship_to))
        found = tuple(self._way(card, lane, receives, local) for lane in lanes)
        if len(self._ways) >= MOST_WAYS:
            self._ways.clear()
        self._ways[key] = (_until(local, [card.cut_off, *(_cut_off(lane) for lane in lanes)]), found)
        return found

    def _way(self, card: SiteCard, lane: State | None, receives: str | None, local: datetime) -> Way:
        calendar = self._calendar(card.calendar)
        cut_offs = [cut_off for cut_off in (card.cut_off, _cut_off(lane)) if cut_off is not None]
        first = first_handling_day(calendar, cut_offs, local)
        if lane is None:
            if calendar is EVERY_DAY and card.pick_pack_days == 0:
                return immediate(local.toordinal() if first is None else first)
            return Way(calendar, card.pick_pack_days, EVERY_DAY, 0, EVERY_DAY, first, None)
        return Way(
            calendar,
            card.pick_pack_days,
            self._calendar(lane.get("calendar")),
            lane.get("transit_days", 0),
            self._calendar(receives),
            first,
            lane["lane"],
            _cost(lane, "cost"),
        )

    def _lanes_to(self, sku: str, site: str, ship_to: str) -> Iterator[State]:
        """The lanes to the closest destination that any lead to: the place itself, the regions around it (DE-BY, DE), anywhere."""
        for destination in _around(ship_to):
            leading = (lane for _, lane in self._found("lane", destination))
            lanes = [lane for lane in leading if lane["from_site"] == site and lane.get("sku") in (None, sku)]
            if lanes:
                yield from lanes
                return

    def _calendar(self, name: str | None) -> Calendar:
        return EVERY_DAY if name is None else self._calendars.get(name, NEVER)

    # -- sources

    def sources(self, sku: str, site: str, now: datetime) -> tuple[Source, ...]:
        """Where more of a sku at a site can come from: transfer, make, buy, each kind by priority."""
        kept = self._sources.get((sku, site))
        if kept is not None and now < kept[0]:
            return kept[1]
        local = self.local(site, now)
        transfers = list(self._transfers(sku, site, now))
        found: tuple[Source, ...] = (*(one for one, _ in transfers), *self._makes(sku, site), *self._buys(sku, site))
        item = self.all_of("item").get(sku, {})
        if item.get("promise_at_lead_time") and item.get("lead_time_days") is not None:
            lot, cost = _lot(item, "lot_minimum", "lot_multiple"), _cost(item, "unit_cost")
            found = (*found, Buy(sku, None, item["lead_time_days"], EVERY_DAY, lot, cost))
        until = min((_until(local, ()), *(until for _, until in transfers)))
        self._sources[sku, site] = (until, found)
        return found

    def made_or_bought_at(self, sku: str) -> list[str]:
        """The sites at which a sku could be planned though nothing was ever said of its stock there, by code."""
        sites = {terms.get("site") for _, terms in self._found("supplier_item", sku)} - {None}
        sites |= {site for site in self.sites if any(self._makes(sku, site))}
        return sorted(site for site in sites if site is not None)

    def _transfers(self, sku: str, site: str, now: datetime) -> Iterator[tuple[Transfer, datetime]]:
        for name, lane in self._found("lane", site):
            card = self.sites.get(lane["from_site"])
            if card is None or lane["from_site"] == site or lane.get("sku") not in (None, sku):
                continue
            local = now.astimezone(card.zone)
            there = self.sites.get(site)
            cut_offs = [cut_off for cut_off in (card.cut_off, _cut_off(lane)) if cut_off is not None]
            calendar = self._calendar(card.calendar)
            way = Way(
                calendar, card.pick_pack_days, self._calendar(lane.get("calendar")), lane.get("transit_days", 0),
                self._calendar(None if there is None else there.calendar), first_handling_day(calendar, cut_offs, local), name,
            )  # fmt: skip
            yield Transfer(name, card.site, way, _lot(lane, "minimum_quantity", "multiple"), _cost(lane, "cost")), _until(local, cut_offs)

    def _makes(self, sku: str, site: str) -> Iterator[Make]:
        components = self._at(self.all_of("bom").get(sku, {}).get("boms", ()), site)
        routing = self._at(self.all_of("routing").get(sku, {}).get("routings", ()), site)
        item = self.all_of("item").get(sku, {})
        if routing is None:
            if components is not None:
                calendar = self._calendar(self.sites[site].calendar) if site in self.sites else None
                parts = tuple(_component(part, 0) for part in components["components"])
                lot, cost = _lot(item, "lot_minimum", "lot_multiple"), _cost(item, "unit_cost")
                yield Make(sku, parts, (), lot, item.get("lead_time_days") or 0, calendar, cost)
            return
        operations = sorted(routing["operations"], key=lambda operation: operation["sequence"])
        if routing["site"] is None and not self._works_at(operations, site):
            return
        places = {operation["sequence"]: number for number, operation in enumerate(operations)}
        parts = tuple(
            _component(part, places.get(part.get("sequence"), 0)) for part in (components["components"] if components is not None else ())
        )
        lot = _lot(routing, "lot_minimum", "lot_multiple")
        yield Make(
            sku,
            parts,
            tuple(self._operation(operation, site) for operation in operations),
            lot if lot != Lot() else _lot(item, "lot_minimum", "lot_multiple"),
            cost=_cost(item, "unit_cost"),
        )

    @staticmethod
    def _at(each: Iterable[State], site: str) -> State | None:
        """The one of a site, else the one that is for every site."""
        by_site = {one["site"]: one for one in each}
        return by_site.get(site, by_site.get(None))

    def _works_at(self, operations: list[State], site: str) -> bool:
        """Whether the resources that a routing for every site names stand at this one; where it names none, at any."""
        needs = [need for operation in operations for need in operation["resources"]]
        return all(self._members(need, site) for need in needs)

    def _members(self, need: State, site: str) -> tuple[str, ...]:
        """Who can serve a need at a site."""
        if need.get("resource") is not None:
            known = self.all_of("resource").get(need["resource"])
            return (need["resource"],) if known is not None and known["site"] == site else ()
        skill = need.get("skill")
        members = self._found("resource", need.get("group"))
        return tuple(name for name, one in members if one["site"] == site and (skill is None or skill in one["skills"]))

    def _operation(self, state: State, site: str) -> Operation:
        lists = [state["resources"], *state.get("alternates", ())] if state["resources"] else []
        return Operation(
            state["sequence"],
            state["name"],
            micro_of(state["setup_minutes"]),
            micro_of(state["minutes_per_unit"]),
            micro_of(state["fixed_minutes"]),
            state.get("may_spread", True),
            tuple(tuple(Need(self._members(need, site), _spoken(need)) for need in needs) for needs in lists),
        )

    def _buys(self, sku: str, site: str) -> Iterator[Buy]:
        item = self.all_of("item").get(sku, {})
        terms = [(name, one) for name, one in self._found("supplier_item", sku) if one.get("site") in (None, site)]
        for name, one in sorted(terms, key=lambda each: (each[1]["priority"], each[0])):
            calendar = self._calendar(self.all_of("supplier").get(one["supplier"], {}).get("calendar"))
            lot, cost = _lot(one, "minimum_quantity", "multiple"), _cost(one if one.get("unit_cost") is not None else item, "unit_cost")
            most = one.get("capacity_quantity")
            capacity = None if most is None else micro_of(most)
            yield Buy(name, one["supplier"], one["lead_time_days"], calendar, lot, cost, capacity, one.get("capacity_period_days"))


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


def _component(part: State, operation: int) -> Component:
    return Component((part["component"], *part.get("alternates", ())), micro_of(part["quantity_per"]), operation)


def _lot(state: State, minimum: str, multiple: str) -> Lot:
    least, step = state.get(minimum), state.get(multiple)
    return Lot(None if least is None else micro_of(least), None if step is None else micro_of(step))


def _cost(state: State, field: str) -> int:
    """A cost in millionths; nothing where nothing is said."""
    said = state.get(field)
    return 0 if said is None else micro_of(said)


def _spoken(need: State) -> str:
    name = str(need.get("resource") or need.get("group"))
    return name if need.get("skill") is None else f"{name} ({need['skill']})"


def _cut_off(lane: State | None) -> time | None:
    said = None if lane is None else lane.get("cut_off_time")
    return None if said is None else time.fromisoformat(said)


def _around(ship_to: str) -> Iterator[str]:
    """`DE-BY`, `DE`, then anywhere."""
    yield ship_to
    while "-" in ship_to:
        ship_to = ship_to.rsplit("-", 1)[0]
        yield ship_to
    yield ANYWHERE


def _until(local: datetime, cut_offs: Iterable[time | None]) -> datetime:
    """Until when, in UTC, what was worked out at a local time holds: the second after the next cut-off, or midnight. Errs to too early."""
    midnight = datetime.combine(local.date() + timedelta(days=1), time(), local.tzinfo)
    second = timedelta(seconds=1)
    passes = (datetime.combine(local.date(), cut_off, local.tzinfo) + second for cut_off in cut_offs if cut_off is not None)
    return min((at for at in (midnight, *passes) if at > local), default=midnight).astimezone(UTC)


def _zone(name: str) -> ZoneInfo:
    if name in ("UTC", "Etc/UTC"):
        return UTC_ZONE
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # OSError: a directory of zones, such as Europe
        log.warning("unknown time zone, reading it as UTC", time_zone=name)
        return UTC_ZONE
