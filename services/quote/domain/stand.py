"""What a decision stands on: each book once, less what the same decision has taken from it already.

A stand never changes a book. It remembers what was looked at, what was taken and what was planned, so that two lines of
one request never get the same unit, and so that a plan that lost can be undone (`mark`, `rollback`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from services.quote.domain.balance import Balance, balance
from services.quote.domain.book import RESOURCE, Book
from services.quote.domain.capacity import Load, Machine, capacity_of, claimed_by_day
from services.quote.domain.outlet import Outlet
from services.quote.domain.pegging import Peg, peg

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.quote.domain.book import Day, Micro, Rules
    from services.quote.domain.request import LineRequest, Shelf
    from services.quote.domain.sources import Source

EFFORT: Final = 4_000
"""How many supplies a decision may try before it takes the first that does; after as many again it gives up."""
EFFORT_OF_ALL: Final = 12_000
"""How many all lines together may try."""
LEAST_EFFORT: Final = 40
"""How many a line may try, whatever those before it have used up."""


@dataclass(slots=True, eq=False)
class Planned:
    """A planned receipt of this decision: what a source will bring, and what that takes from other books."""

    number: int
    source: Source
    place: Place
    quantity: Micro
    """After rounding up to the lot."""
    start: Day
    due: Day
    usable: Day
    """When it counts: dock-to-stock days after it is due."""
    parts: tuple[tuple[Place, int], ...]
    """What it takes from other books: the place, and the name of the take."""
    loads: tuple[Load, ...]
    waits_for: tuple[str, Day] | None = None
    """The component that it had to wait for longest, and until when."""
    left: Micro = 0
    """What nobody has taken of it."""
    lines: set[str] = field(default_factory=set)
    """The lines of the request that stand on it."""

    @property
    def lead_days(self) -> int:
        """From its start to its due date."""
        return self.due - self.start


@dataclass(slots=True, eq=False)
class Taken:
    """What was taken from a book on a day; `planned` of it comes from plans of this decision, the rest from the book."""

    day: Day
    quantity: Micro
    from_plans: tuple[tuple[Planned, Micro], ...] = ()

    @property
    def planned(self) -> Micro:
        """What comes from plans of this decision."""
        return sum(quantity for _, quantity in self.from_plans) if self.from_plans else 0

    @property
    def net(self) -> Micro:
        """What comes from the book."""
        return self.quantity - self.planned if self.from_plans else self.quantity


class Place:
    """One book as one decision sees it."""

    __slots__ = ("_free", "_pending", "_stand", "book", "figures", "plans", "rules", "site", "sku", "takes", "today")

    def __init__(self, stand: Stand, book: Book, today: Day, rules: Rules, figures: Balance, free: Balance) -> None:
        """`figures` is what is known; `free` is what may be taken, which differs only where an amended line stands on a short book."""
        self._stand = stand
        self.book = book
        self.sku = book.sku
        self.site = book.site
        self.today = today
        self.rules = rules
        self.figures = figures
        self.takes: list[Taken] = []
        self.plans: dict[int, Planned] = {}
        """What this decision has planned to bring here and nobody has taken, by number."""
        self._free = free
        self._pending: dict[Day, Micro] = {}

    @property
    def free(self) -> Balance:
        """What may still be taken from the book."""
        if self._pending:
            self._free = self._free.changed(self._pending)
            self._pending = {}
        return self._free

    @property
    def sources(self) -> tuple[Source, ...]:
        """Where more can come from, the first choice first."""
        return self._stand.sources(self.sku, self.site)

    # -- with what this decision has planned

    def offers(self, day: Day) -> Micro:
        """What may be taken on `day`: from the book, and what nobody has taken of this decision's own plans."""
        stock = max(0, self.free.atp_on(day))
        return stock + sum(plan.left for plan in self.plans.values() if plan.usable <= day) if self.plans else stock

    def earliest(self, quantity: Micro, not_before: Day) -> Day | None:
        """The first day, not before `not_before` or today, on which it offers `quantity`."""
        not_before = max(not_before, self.today)
        if not self.plans:
            return self.free.earliest(quantity, not_before)
        days = {not_before, *(plan.usable for plan in self.plans.values()), *self.free.days}
        return next((day for day in sorted(days) if day >= not_before and self.offers(day) >= quantity), None)

    # -- taking

    def take(self, day: Day, quantity: Micro) -> int:
        """Take a quantity on a day, from the book as far as it goes, the rest from own plans; the answer names it for `pegs`."""
        rest = quantity - min(quantity, max(0, self.free.atp_on(day))) if self.plans else 0
        parts: list[tuple[Planned, Micro]] = []
        for number in sorted(self.plans) if rest else ():
            plan = self.plans[number]
            if rest > 0 and plan.usable <= day:
                part = min(rest, plan.left)
                plan.left -= part
                if not plan.left:
                    del self.plans[number]
                rest -= part
                parts.append((plan, part))
                self._stand.stand_on(plan)
        number = len(self.takes)
        self._put(Taken(day, quantity, tuple(parts)))
        return number

    def _put(self, taken: Taken) -> None:
        self.takes.append(taken)
        self._change(taken.day, -taken.net)
        self._stand.remember(self._take_back)

    def _take_back(self) -> None:
        taken = self.takes.pop()
        self._change(taken.day, taken.net)
        for plan, part in taken.from_plans:
            plan.left += part
            self.plans[plan.number] = plan

    def _change(self, day: Day, quantity: Micro) -> None:
        if quantity:
            self._pending[day] = self._pending.get(day, 0) + quantity

    def redate(self, number: int, day: Day) -> None:
        """Move a take to a later day: what may be taken never falls as days pass."""
        taken = self.takes[number]
        before = taken.day
        if before == day:
            return
        taken.day = day
        self._change(before, taken.net)
        self._change(day, -taken.net)
        self._stand.remember(lambda: self._redate_back(taken, before))

    def _redate_back(self, taken: Taken, day: Day) -> None:
        self._change(taken.day, taken.net)
        self._change(day, -taken.net)
        taken.day = day

    def taken(self) -> bool:
        """Whether anything is."""
        return any(taken.quantity for taken in self.takes)

    def pegs(self) -> list[tuple[Peg, ...]]:
        """What covers each take, by the number that `take` gave. Asked once, when the decision is complete."""
        if len(self.takes) == 1:
            return [self._pegs_of(self.takes[0], 0)]
        found: list[tuple[Peg, ...]] = [()] * len(self.takes)
        before = 0
        for number, taken in sorted(enumerate(self.takes), key=lambda item: (item[1].day, item[0])):
            found[number] = self._pegs_of(taken, before)
            before += taken.net
        return found

    def _pegs_of(self, taken: Taken, before: Micro) -> tuple[Peg, ...]:
        covered = peg(self.book, self.figures, self.rules, taken.net, taken.day, before) if taken.net or not taken.from_plans else ()
        if not taken.from_plans:
            return covered
        return (
            *covered,
            *(
                Peg(part, f"planned_{plan.source.kind}", self.site, plan.source.ref, plan.due, plan.usable, plan.number)
                for plan, part in taken.from_plans
            ),
        )


class Stand:
    """The books of one decision."""

    __slots__ = (
        "_effort_given",
        "_effort_left",
        "_journal",
        "_machines",
        "_owner",
        "_places",
        "_shelf",
        "_sources",
        "effort",
        "gave_up",
        "lacks",
        "least_effort",
        "line_ref",
        "planned",
    )

    def __init__(self, shelf: Shelf, owner: str | None = None) -> None:
        """With `owner`, its claims are taken out first: they are what the decision replaces."""
        self._shelf = shelf
        self._owner = owner
        self._places: dict[tuple[str, str], Place | None] = {}
        self._machines: dict[str, Machine | None] = {}
        self._sources: dict[tuple[str, str], tuple[Source, ...]] = {}
        self._journal: list[Callable[[], None]] = []
        self.planned: list[Planned] = []
        """Every planned receipt of this decision, what it needs before what needs it."""
        self.effort = self._effort_given = EFFORT
        self.least_effort = -EFFORT
        self._effort_left = EFFORT_OF_ALL
        self.gave_up = False
        """Whether supply was not looked for further, because it took too long or went too deep."""
        self.line_ref = ""
        """The line that is being planned."""
        self.lacks: tuple[str, str] | None = None
        """The sku at a site that was looked for last and that no source could bring."""

    def begin(self, line_ref: str) -> None:
        """A line is planned: with an effort of its own, so that those before it leave it something."""
        self.line_ref = line_ref
        self._effort_left -= self._effort_given - self.effort
        self.effort = self._effort_given = min(EFFORT, max(self._effort_left, LEAST_EFFORT))
        self.least_effort = -self.effort
        self.gave_up = False

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
        place = Place(self, book, today, rules, figures, free)
        self._places[key] = place
        return place

    def outlets(self, line: LineRequest) -> list[Outlet]:
        """The sites from which a line may be served and the ways from there, in site order."""
        found = []
        for site in line.sites:
            place = self.place(line.sku, site)
            if place is not None:
                found += [Outlet(place, way) for way in self._shelf.ways(line.sku, site, line.ship_to, line.customer)]
        return found

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

    def today(self, site: str) -> Day:
        """The civil date there."""
        return self._shelf.today(site)

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
        machine = self._machines[load.resource]
        if machine is not None:
            machine.taken[load.day] = machine.taken.get(load.day, 0) + minutes

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
        self.remember(self._unplan)
        return planned

    def _unplan(self) -> None:
        planned = self.planned.pop()
        del planned.place.plans[planned.number]

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

    # -- what it came to

    def spare_days(self) -> dict[int, int]:
        """By how many days each plan, by its number, may come later without anything that stands on it coming later."""
        user = {(id(place), number): plan.number for plan in self.planned for place, number in plan.parts}
        spare: dict[int, int] = {}
        for plan in reversed(self.planned):  # what needs a plan stands behind it
            spare[plan.number] = min(
                (
                    max(0, taken.day + spare.get(user.get((id(plan.place), number), -1), 0) - plan.usable)
                    for number, taken in enumerate(plan.place.takes)
                    if any(used is plan for used, _ in taken.from_plans)
                ),
                default=0,
            )
        return spare

    def read(self) -> frozenset[tuple[str, str]]:
        """Every book that was looked at, also where there was none."""
        if not self._machines:
            return frozenset(self._places)
        return frozenset((*self._places, *((resource, RESOURCE) for resource in self._machines)))

    def written(self) -> frozenset[tuple[str, str]]:
        """Every book that gets claims."""
        places = frozenset(key for key, place in self._places.items() if place is not None and place.taken())
        if not self._machines:
            return places
        loaded = {(name, RESOURCE) for name, one in self._machines.items() if one is not None and any(one.taken.values())}
        return places | loaded


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
    atp = list(projected)
    for at in range(len(atp) - 2, -1, -1):
        atp[at] = min(atp[at], atp[at + 1])
    return Balance(tuple(days), projected, tuple(atp))
