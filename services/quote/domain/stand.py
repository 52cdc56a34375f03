"""What a decision stands on: each book once, less what the same decision has taken from it already (promising.md § 4).

A stand never changes a book. It remembers what was looked at, what was taken and what was planned, so that two lines of
one request never get the same unit, and so that a plan that lost can be undone (`mark`, `rollback`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from services.quote.domain.balance import Balance, balance, suffix_minimum
from services.quote.domain.book import Book
from services.quote.domain.capacity import Load, Machine, capacity_of, claimed_by_day
from services.quote.domain.choice import DEFAULT_COSTS
from services.quote.domain.entry import PERIOD, RESOURCE
from services.quote.domain.outlet import Outlet
from services.quote.domain.place import Place, Planned
from services.quote.domain.rations import Rations
from services.quote.domain.supplier import Quota

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.quote.domain.entry import Day, Micro
    from services.quote.domain.policy import Costs
    from services.quote.domain.request import LineRequest, Shelf
    from services.quote.domain.sources import Source

Found = TypeVar("Found")

EFFORT: Final = 4_000
"""How many supplies a decision may try before it takes the first that does; after as many again it gives up."""
EFFORT_OF_ALL: Final = 12_000
"""How many all lines together may try."""
LEAST_EFFORT: Final = 40
"""How many a line may try, whatever those before it have used up."""

WHOLE_EFFORT_MS: Final = 2_000
"""The deadline that all this effort stands for: at a tenth of it a tenth is tried. More time buys no more, since everybody waits for it."""


class Stand:
    """The books of one decision."""

    __slots__ = (
        "_deadline_ms",
        "_effort_left",
        "_effort_of_line",
        "_journal",
        "_machines",
        "_owner",
        "_places",
        "_quotas",
        "_rations",
        "_shelf",
        "_sources",
        "classes",
        "effort",
        "effort_given",
        "gave_up",
        "hold_ends",
        "lacks",
        "least_effort",
        "line_ref",
        "mixing",
        "planned",
    )

    def __init__(
        self,
        shelf: Shelf,
        owner: str | None = None,
        classes: tuple[str, ...] = (),
        *,
        hold_ends: Callable[[str], Day] | None = None,
        deadline_ms: int = WHOLE_EFFORT_MS,
    ) -> None:
        """With `owner`, its claims are taken out first: they are what the decision replaces. `classes`: whom it is for.

        `hold_ends`: of a hold, the civil day at a site on which it ends.
        """
        self.hold_ends = hold_ends
        self.classes = classes
        self._rations: Rations | None = None
        self._deadline_ms = min(deadline_ms, WHOLE_EFFORT_MS)
        self._shelf = shelf
        self._owner = owner
        self._places: dict[tuple[str, str], Place | None] = {}
        self._machines: dict[str, Machine | None] = {}
        self._quotas: dict[str, Quota] = {}
        self._sources: dict[tuple[str, str], tuple[Source, ...]] = {}
        self._journal: list[Callable[[], None]] = []
        self.planned: list[Planned] = []
        """Every planned receipt of this decision, what it needs before what needs it."""
        self._effort_of_line = self.effort = self.effort_given = self.allowed(EFFORT)
        self.least_effort = -self.effort
        self._effort_left = self.allowed(EFFORT_OF_ALL)
        self.mixing = False
        """Whether several sources are being tried together: what they need in turn comes from one source each."""
        self.gave_up = False
        """Whether supply was not looked for further, because it took too long or went too deep."""
        self.line_ref = ""
        """The line that is being planned."""
        self.lacks: tuple[str, str] | None = None
        """The sku at a site that was looked for last and that no source could bring."""

    def begin(self, line_ref: str) -> None:
        """A line is planned: with an effort of its own, so that those before it leave it something."""
        self.line_ref = line_ref
        self.gave_up = False
        self._effort_left -= self.effort_given - self.effort
        self.effort = self.effort_given = max(min(self._effort_of_line, self._effort_left), LEAST_EFFORT)
        self.least_effort = -self.effort

    def allowed(self, effort: int) -> int:
        """As much of an effort as the deadline allows."""
        return max(effort * self._deadline_ms // WHOLE_EFFORT_MS, LEAST_EFFORT)

    @property
    def was_cut(self) -> bool:
        """Whether ways to serve the line were left untried."""
        return self.gave_up or self.effort < 0

    def as_found(self, effort: int, plan: Callable[[], Found]) -> Found:
        """Plan once more what was found and rolled back, with the effort that there was when it was found: so it is found again.

        With what is left it may not be, and what the line was to stand on would be missing.
        """
        left, self.effort = self.effort, effort
        found = plan()
        self.effort = left
        return found

    @property
    def effort_of_all(self) -> tuple[int, int, int]:
        """How much of it there is: to the line that is being planned, of what it was given, and to all that follow."""
        return self.effort, self.effort_given, self._effort_left

    @effort_of_all.setter
    def effort_of_all(self, amounts: tuple[int, int, int]) -> None:
        self.effort, self.effort_given, self._effort_left = amounts

    def all_as_found(self, before: tuple[int, int, int], plan: Callable[[], Found]) -> Found:
        """The same for several lines, each of which begins with what those before it have left."""
        after, self.effort_of_all = self.effort_of_all, before
        found = plan()
        self.effort_of_all = after
        return found

    # -- what there is

    def place(self, sku: str, site: str) -> Place | None:
        """The book of a sku at a site; None when nothing is known of its supply and no source can bring it there."""
        key = (sku, site)
        if key in self._places:
            return self._places[key]
        book = self._shelf.book(sku, site)
        if book is None or not book.defined:
            book = Book(sku, site) if self.sources(sku, site) else None
        if book is None:
            self._places[key] = None
            return None
        today = self._shelf.today(site)
        rules = self._shelf.rules(sku, site)
        figures = balance(book, today, self._shelf.now, rules, self._owner)
        free = figures
        if self._owner is not None:
            free = allowance(balance(book, today, self._shelf.now, rules), figures)
        allocations = self._shelf.allocations(sku)
        place = self._places[key] = Place(self, book, today, rules, figures, free, allocations)
        if allocations:
            self.rations.put_floors(place)
        return place

    @property
    def rations(self) -> Rations:
        """The ceilings and floors that bind this decision, once there are any to be looked at."""
        if self._rations is None:
            self._rations = Rations(self, self._shelf, self._owner, self.classes)
        return self._rations

    def outlets(self, line: LineRequest) -> list[Outlet]:
        """The sites from which a line may be served and the ways from there, in site order."""
        found = []
        for site in line.sites:
            place = self.place(line.sku, site)
            if place is not None:
                ceilings = self.rations.ceilings(place) if place.allocations else ()
                found += [Outlet(place, way, ceilings) for way in self._shelf.ways(line.sku, site, line.ship_to, line.customer)]
        return found

    def has_way(self, line: LineRequest, site: str) -> bool:
        """Whether anything leads from a site to where the line is wanted."""
        return bool(self._shelf.ways(line.sku, site, line.ship_to, line.customer))

    def outlet(self, line: LineRequest, site: str, lane: str | None) -> Outlet | None:
        """The way from one site over one lane, or None."""
        return next((outlet for outlet in self.outlets(line) if outlet.site == site and outlet.way.lane == lane), None)

    def sources(self, sku: str, site: str) -> tuple[Source, ...]:
        """Where more of a sku can come from, the first choice first."""
        key = (sku, site)
        if key not in self._sources:
            self._sources[key] = tuple(self._shelf.sources(sku, site))
        return self._sources[key]

    def machine(self, resource: str) -> Machine | None:
        """A resource, or None when nothing is known of its capacity."""
        if resource in self._machines:
            return self._machines[resource]
        book = self._shelf.book(resource, RESOURCE)
        capacity = None if book is None else capacity_of(book)
        machine = None
        if book is not None and capacity is not None:
            today = self._shelf.today(capacity.site)
            claimed = claimed_by_day(book, today, self._shelf.now, self._owner)
            machine = Machine(book, capacity, today, self._shelf.minutes_left(capacity.site), claimed)
        self._machines[resource] = machine
        return machine

    def quota(self, terms: str) -> Quota:
        """What is claimed of a supplier's periods on some terms."""
        if terms not in self._quotas:
            self._quotas[terms] = Quota(self._shelf.book(terms, PERIOD), self._shelf.now, self._owner)
        return self._quotas[terms]

    def is_rationed(self, sku: str) -> bool:
        """Whether there is any ceiling or floor of a sku."""
        return bool(self._shelf.allocations(sku))

    def knows_class(self, name: str) -> bool:
        """Whether anybody has defined a class of demand."""
        return self._shelf.knows_class(name)

    def today(self, site: str) -> Day:
        """The civil date there."""
        return self._shelf.today(site)

    def costs(self, sku: str, site: str) -> Costs:
        """What lateness and handling cost there."""
        return self._shelf.costs(sku, site) or DEFAULT_COSTS

    # -- what is taken and planned

    def occupy(self, loads: tuple[Load, ...]) -> None:
        """Take minutes of resources."""
        for load in loads:
            self._load(load, load.minutes)
        if loads:
            self.remember(lambda: self._leave(loads))

    def _leave(self, loads: tuple[Load, ...]) -> None:
        for load in loads:
            self._load(load, -load.minutes)

    def _load(self, load: Load, minutes: Micro) -> None:
        one = self._quotas[load.resource] if load.book == PERIOD else self._machines[load.resource]
        if one is not None:
            one.taken[load.day] = one.taken.get(load.day, 0) + minutes

    def plan(
        self,
        source: Source,
        place: Place,
        quantity: Micro,
        start: Day,
        due: Day,
        parts: tuple[tuple[Place, int], ...] = (),
        loads: tuple[Load, ...] = (),
        waits_for: tuple[str, Day] | None = None,
    ) -> Planned:
        """A planned receipt, of which nothing is taken yet."""
        usable = due + place.rules.dock_to_stock_days
        planned = Planned(len(self.planned), source, place, quantity, start, due, usable, parts, loads, waits_for, quantity)
        self.planned.append(planned)
        place.plans[planned.number] = planned
        place.plans_moved()
        self.remember(self._unplan)
        return planned

    def _unplan(self) -> None:
        planned = self.planned.pop()
        del planned.place.plans[planned.number]
        planned.place.plans_moved()

    def move_plan(self, plan: Planned, start: Day, due: Day, loads: tuple[Load, ...]) -> None:
        """Let a plan begin and be due on other days, with other minutes of its resources."""
        before = (plan.start, plan.due, plan.usable, plan.loads)
        self._set_plan(plan, start, due, due + plan.place.rules.dock_to_stock_days, loads)
        self.remember(lambda: self._set_plan(plan, *before))

    def _set_plan(self, plan: Planned, start: Day, due: Day, usable: Day, loads: tuple[Load, ...]) -> None:
        self._leave(plan.loads)
        for load in loads:
            self._load(load, load.minutes)
        plan.start, plan.due, plan.usable, plan.loads = start, due, usable, loads
        plan.place.plans_moved()

    def fills_from(self, plan: Planned) -> Day:
        """The day from which a plan has surely filled up what was taken of its book before.

        Of a hold nothing is released before it is confirmed, on its last day at the latest: `max(usable, last day + lead time)`, as
        the plan then counts (`Rules.plan_due_on`).
        """
        if self.hold_ends is None:
            return plan.usable
        last = self.hold_ends(plan.place.site)
        return plan.usable if last <= plan.start else max(plan.usable, last + plan.lead_days + plan.place.rules.dock_to_stock_days)

    def stand_on(self, plan: Planned) -> None:
        """The line that is being planned needs a plan, and every plan that this one needs."""
        line_ref = self.line_ref
        if line_ref not in plan.lines:
            plan.lines.add(line_ref)
            self.remember(lambda: plan.lines.discard(line_ref))
        for place, number in plan.parts:
            for below, _ in place.takes[number].from_plans:
                self.stand_on(below)

    def remember(self, back: Callable[[], None]) -> None:
        """How to undo what was just done."""
        self._journal.append(back)

    def mark(self) -> int:
        """A point to which `rollback` can return."""
        return len(self._journal)

    def rollback(self, mark: int = 0) -> None:
        """Undo everything since the mark, the last first; what was read stays read."""
        while len(self._journal) > mark:
            self._journal.pop()()

    def leave(self) -> None:
        """Nothing more is asked: a stand and its places point at each other, and would wait for the garbage collector."""
        self._places.clear()
        self._journal.clear()
        self._rations = None

    # -- what it came to

    def read(self) -> frozenset[tuple[str, str]]:
        """Every book that was looked at, also where there was none."""
        buckets = () if self._rations is None else self._rations.read
        resources, terms = ((name, RESOURCE) for name in self._machines), ((name, PERIOD) for name in self._quotas)
        return frozenset((*self._places, *resources, *terms, *buckets))

    def written(self) -> frozenset[tuple[str, str]]:
        """Every book that gets claims."""
        places = frozenset([key for key, place in self._places.items() if place is not None and place.taken()])
        loaded = {(name, RESOURCE) for name, one in self._machines.items() if one is not None and any(one.taken.values())}
        return places | loaded | {(name, PERIOD) for name, one in self._quotas.items() if any(one.taken.values())}


def allowance(before: Balance, without: Balance) -> Balance:
    """What an owner's new claims may take in place of its old ones, as a balance of its own.

    THE invariant asks for without(d) - new(d) >= min(0, before(d)) on every d; so the new claims are measured against
    without(d) - min(0, before(d)). Where the book is not short this is `without` itself, and where it is short the
    old claims, or less, or the same later, always fit.
    """
    if min(before.projected) >= 0:
        return without
    days = sorted({*before.days, *without.days})
    projected = tuple(without.projected_on(day) - min(0, before.projected_on(day)) for day in days)
    return Balance(tuple(days), projected, suffix_minimum(projected))
