"""Every definition, by kind and id, and what is asked of them all the time, worked out once.

A definition that names what nobody has defined yet keeps its place: a site with an unknown calendar answers nothing until
the calendar comes. Nothing blocks, and nothing is guessed.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from services.quote.domain.calendar import EVERY_DAY, NEVER, Calendar
from services.quote.domain.chance import Chances
from services.quote.domain.dates import Way, first_handling_day, immediate
from services.quote.domain.demandclass import NO_CLASS, DemandClass, Strategy, lineage_of
from services.quote.domain.policy import Costs, Policies
from services.quote.domain.rules import Rules
from services.quote.store import lateness
from services.quote.world.hours import UTC_ZONE, cut_off_of, holds_until
from services.quote.world.readings import allocation_of, cost_of, item_of, pattern, policy_of, site_of
from services.quote.world.supply import makes, sources_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.quote.domain.allocation import Allocation
    from services.quote.domain.sources import Source
    from services.quote.settings import Settings
    from services.quote.store.supply import Definition
    from services.quote.world.readings import ItemCard, SiteCard, State

ANYWHERE = "*"
"""A lane to it leads everywhere."""
FOUND_BY = {"lane": "to", "supplier_item": "sku", "resource": "group", "allocation": "sku"}
"""By what else than their id definitions are looked up."""
MOST_WAYS = 100_000
"""Ways that are kept worked out: places are anybody's words, so there may be many more."""


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
            self._learn_lateness(name, state)
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

    def _learn_lateness(self, source: str, state: State) -> None:
        """How late a source's receipts came by now: nothing else depends on it."""
        known = self._states.setdefault(lateness.KIND, {})
        known.pop(source, None)
        if not state.get("retired"):
            known[source] = state
        self._chances = None

    def _work_out(self, kind: str, name: str, state: State) -> None:
        """What is asked of a definition all the time."""
        if kind == "item":
            self.items[name] = item_of(name, state)
            rules = Rules(
                self._settings.past_due_offset_days,
                self._settings.past_due_limit_days,
                state["dock_to_stock_days"],
                state.get("atp_fence_days"),
            )
            self._rules[name] = self._rules_alike.setdefault(rules, rules)
        elif kind == "site":
            self.sites[name] = site_of(name, state)
        elif kind == "calendar":
            self._calendars[name] = pattern(state["pattern"])
        elif kind == "lane" and state.get("sku") is not None:
            self._own_lanes.add(state["sku"])

    @property
    def chances(self) -> Chances:
        """How late each source's receipts came, as far as anybody has seen."""
        if self._chances is None:
            told = sorted(self.all_of(lateness.KIND).items())  # the same sums in whatever order it was told
            self._chances = Chances({name: {int(days): times for days, times in one["observed"].items()} for name, one in told})
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

    def found(self, kind: str, value: str | None) -> list[tuple[str, State]]:
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

    def knows_class(self, name: str) -> bool:
        """Whether anybody has defined a class."""
        return name in self.all_of("demand_class")

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
            standing = [(name, state) for name, state in self.found("allocation", sku) if not state["closed"]]
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
        self._todays[site] = begins, holds_until(local, ()), local.toordinal()
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
        self._ways[key] = (holds_until(local, [card.cut_off, *(cut_off_of(lane) for lane in lanes)]), found)
        return found

    def _way(self, card: SiteCard, lane: State | None, receives: str | None, local: datetime) -> Way:
        calendar = self.calendar(card.calendar)
        cut_offs = [cut_off for cut_off in (card.cut_off, cut_off_of(lane)) if cut_off is not None]
        first = first_handling_day(calendar, cut_offs, local)
        if lane is None:
            if calendar is EVERY_DAY and card.pick_pack_days == 0:
                return immediate(local.toordinal() if first is None else first)
            return Way(calendar, card.pick_pack_days, EVERY_DAY, 0, EVERY_DAY, first, None)
        return Way(
            calendar,
            card.pick_pack_days,
            self.calendar(lane.get("calendar")),
            lane.get("transit_days", 0),
            self.calendar(receives),
            first,
            lane["lane"],
            cost_of(lane, "cost"),
        )

    def _lanes_to(self, sku: str, site: str, ship_to: str) -> Iterator[State]:
        """The lanes to the closest destination that any lead to: the place itself, the regions around it (DE-BY, DE), anywhere."""
        for destination in _around(ship_to):
            leading = (lane for _, lane in self.found("lane", destination))
            lanes = [lane for lane in leading if lane["from_site"] == site and lane.get("sku") in (None, sku)]
            if lanes:
                yield from lanes
                return

    def calendar(self, name: str | None) -> Calendar:
        """A calendar by its name: every day without one; no day at all while nobody has defined it."""
        return EVERY_DAY if name is None else self._calendars.get(name, NEVER)

    # -- sources

    def sources(self, sku: str, site: str, now: datetime) -> tuple[Source, ...]:
        """Where more of a sku at a site can come from: transfer, make, buy, each kind by priority."""
        kept = self._sources.get((sku, site))
        if kept is not None and now < kept[0]:
            return kept[1]
        found, until = sources_of(self, sku, site, now)
        self._sources[sku, site] = (until, found)
        return found

    def made_or_bought_at(self, sku: str) -> list[str]:
        """The sites at which a sku could be planned though nothing was ever said of its stock there, by code."""
        sites = {terms.get("site") for _, terms in self.found("supplier_item", sku)} - {None}
        sites |= {site for site in self.sites if any(makes(self, sku, site))}
        return sorted(site for site in sites if site is not None)


def _around(ship_to: str) -> Iterator[str]:
    """`DE-BY`, `DE`, then anywhere."""
    yield ship_to
    while "-" in ship_to:
        ship_to = ship_to.rsplit("-", 1)[0]
        yield ship_to
    yield ANYWHERE
