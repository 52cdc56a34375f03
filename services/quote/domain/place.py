"""One book as one decision sees it: what it offers, with what the decision planned for it, less what it took (promising.md § 4).

    free(d)    = projected(d) of the book - what this decision has taken of it by d
    offered(d) = min over s >= d of max(0, free(s)) + what is left of this decision's plans usable <= s

in millionths of the item's unit. What is taken names the plans that it needs. Of a hold no plan stands in any book: what a plan
fills up comes back as a claim of less than nothing that lives as long as the hold, on the day from which the plan surely fills
it, `Stand.fills_from`; a plan that is not there on d then counts from that day on, not from its own.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from services.quote.domain.balance import Balance, suffix_minimum
from services.quote.domain.pegging import Peg, peg

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.quote.domain.allocation import Allocation, Kept
    from services.quote.domain.book import Book
    from services.quote.domain.capacity import Load
    from services.quote.domain.entry import Day, Micro
    from services.quote.domain.floor import Guard
    from services.quote.domain.rules import Rules
    from services.quote.domain.sources import Source
    from services.quote.domain.stand import Stand


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
    ready: dict[int, Day] = field(default_factory=dict)
    """Of what is made: when the components of each operation are there, by its place in the routing."""

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
    """What it needs of plans. One that is usable after the take's day fills up what the take has left too little of for later promises."""

    @property
    def planned(self) -> Micro:
        """What comes from plans of this decision."""
        return sum(quantity for plan, quantity in self.from_plans if plan.usable <= self.day) if self.from_plans else 0

    @property
    def net(self) -> Micro:
        """What comes from the book."""
        return self.quantity - self.planned if self.from_plans else self.quantity

    @property
    def filled(self) -> list[tuple[Planned, Micro]]:
        """The plans that fill up later what it has left too little of, and how much each."""
        return [one for one in self.from_plans if one[0].usable > self.day]

    def changes(self) -> list[tuple[Day, Micro]]:
        """What it changes in the book, with the plans that it needs: less from its day on, more where a plan fills up later."""
        return [(self.day, -self.net), *((plan.place.stand.fills_from(plan), part) for plan, part in self.filled)]


_QUANTITY: Final = attrgetter("quantity")


class Place:
    """One book as one decision sees it."""

    __slots__ = (
        "_free", "_offered", "_pegs", "_pending", "allocations", "book", "figures", "floors", "guard", "kept", "plans", "rules", "site",
        "sku", "stand", "takes", "today",
    )  # fmt: skip

    def __init__(
        self,
        stand: Stand,
        book: Book,
        today: Day,
        rules: Rules,
        figures: Balance,
        free: Balance,
        allocations: Sequence[Allocation] = (),
    ) -> None:
        """`figures` is what is known; `free` is what may be taken, which differs only where an amended line stands on a short book."""
        self.stand = stand
        self.book = book
        self.sku = book.sku
        self.site = book.site
        self.today = today
        self.rules = rules
        self.allocations = allocations
        """The ceilings and floors of the sku, whomever they bind."""
        self.figures = figures
        self.takes: list[Taken] = []
        self.plans: dict[int, Planned] = {}
        """What this decision has planned to bring here and nobody has taken, by number."""
        self._free = free
        self._pending: dict[Day, Micro] = {}
        self._offered: Balance | None = None
        """What may be taken with this decision's plans, as far as it is known; None after a change."""
        self._pegs: list[tuple[Peg, ...]] | None = None
        """What covers each take, the same."""
        self.floors: tuple[Kept, ...] = ()
        """Floors of other classes that bind here."""
        self.kept: dict[Day, Micro] = {}
        """What they keep of this book alone, as steps; `free` is without it."""
        self.guard: Guard | None = None
        """What they keep of several books together."""

    @property
    def is_floored(self) -> bool:
        """Whether something is kept for others here."""
        return bool(self.floors)

    @property
    def unfloored(self) -> Balance:
        """What could be taken if nothing were kept for other classes."""
        return self.free.changed(self.kept) if self.kept else self.free

    def keep(self, kept: Mapping[Day, Micro]) -> None:
        """Leave out what is kept for others from each day on."""
        self.kept = dict(kept)
        self._free = self._free.changed({day: -quantity for day, quantity in kept.items()})

    def days(self) -> Sequence[Day]:
        """The days on which there may come to be more."""
        return self.free.days if self.guard is None else self.guard.days()

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
        return self.stand.sources(self.sku, self.site)

    def search_was_cut(self) -> None:
        """A search among what is offered here ended before it had seen everything."""
        self.stand.gave_up = True

    # -- with what this decision has planned

    def offers(self, day: Day) -> Micro:
        """What may be taken on `day`: from the book, and what nobody has taken of this decision's own plans."""
        if self.guard is not None:
            return self.guard.room(self, day) + sum(plan.left for plan in self.plans.values() if plan.usable <= day)
        return max(0, self._with_plans().atp_on(day)) if self.plans else max(0, self.free.atp_on(day))

    def earliest(self, quantity: Micro, not_before: Day) -> Day | None:
        """The first day, not before `not_before` or today, on which it offers `quantity`."""
        not_before = max(not_before, self.today)
        if self.guard is not None:
            days = {not_before, *(plan.usable for plan in self.plans.values()), *self.days()}
            return next((day for day in sorted(days) if day >= not_before and self.offers(day) >= quantity), None)
        return (self._with_plans() if self.plans else self.free).earliest(quantity, not_before)

    def _with_plans(self) -> Balance:
        """The book and what is left of this decision's plans, in one balance; where the book is short, the plans alone.

        A plan covers what is promised for later days, so that what the book keeps for these is free before the plan is there:
        THE invariant asks for max(0, projected(d)) + plans usable <= d to bear the new claims on every d.
        """
        if self._offered is None:
            free, plans = self.free, list(self.plans.values())
            fills = [self.stand.fills_from(plan) for plan in plans]
            days = tuple(sorted({*free.days, *fills, *(max(plan.usable, free.days[0]) for plan in plans)}))
            stock = [max(0, free.projected_on(day)) for day in days]
            total = [one + sum(plan.left for plan in plans if plan.usable <= day) for one, day in zip(stock, days, strict=True)]
            offered = suffix_minimum(total)
            if any(plan.usable < day for plan, day in zip(plans, fills, strict=True)):
                offered = tuple(self._held_from(day, days[at:], stock[at:], plans) for at, day in enumerate(days))
            self._offered = Balance(days, tuple(total), offered)
        return self._offered

    def _held_from(self, day: Day, days: Sequence[Day], stock: Sequence[Micro], plans: Sequence[Planned]) -> Micro:
        """What a hold may take on a day: a plan that is there by then counts, any other once it surely fills up what was taken."""
        there = sum(plan.left for plan in plans if plan.usable <= day)
        later = [(self.stand.fills_from(plan), plan.left) for plan in plans if plan.usable > day]
        return min(one + there + sum(left for since, left in later if since <= at) for one, at in zip(stock, days, strict=True))

    # -- taking

    def take(self, day: Day, quantity: Micro) -> int:
        """Take a quantity on a day, from the book as far as it goes, the rest from own plans; the answer names it for `pegs`."""
        taken = Taken(day, quantity, self._of_plans(day, quantity) if self.plans else ())
        self.takes.append(taken)
        self._apply(taken, 1)
        self.stand.remember(self._take_back)
        return len(self.takes) - 1

    def _of_plans(self, day: Day, quantity: Micro) -> tuple[tuple[Planned, Micro], ...]:
        """Take what the book cannot give on a day from own plans, the first usable first."""
        parts: list[tuple[Planned, Micro]] = []
        rest = quantity - min(quantity, self._of_book(day))
        for plan in sorted(self.plans.values(), key=lambda one: (self._counts_on(one, day), one.number)) if rest else ():
            if rest > 0 and (plan.usable <= day or self.guard is None):
                part = min(rest, plan.left)
                plan.left -= part
                if not plan.left:
                    del self.plans[plan.number]
                rest -= part
                parts.append((plan, part))
                self.stand.stand_on(plan)
        return tuple(parts)

    def _counts_on(self, plan: Planned, day: Day) -> Day:
        """From when on a plan covers what is taken on a day."""
        return day if plan.usable <= day else self.stand.fills_from(plan)

    def _of_book(self, day: Day) -> Micro:
        """What the book alone can give on a day."""
        return max(0, self.free.atp_on(day)) if self.guard is None else self.guard.room(self, day)

    def _take_back(self) -> None:
        taken = self.takes.pop()
        self._apply(taken, -1)
        for plan, part in taken.from_plans:
            plan.left += part
            self.plans[plan.number] = plan

    def _apply(self, taken: Taken, sign: int) -> None:
        if not taken.from_plans:
            self._change(taken.day, -sign * taken.quantity)
            return
        for day, quantity in taken.changes():
            self._change(day, sign * quantity)

    def _change(self, day: Day, quantity: Micro) -> None:
        self._offered = self._pegs = None
        if quantity:
            self._pending[day] = self._pending.get(day, 0) + quantity

    def plans_moved(self) -> None:
        """What this decision has planned here has changed."""
        self._offered = self._pegs = None

    def redate(self, number: int, day: Day) -> None:
        """Move a take to a later day: what may be taken never falls as days pass."""
        taken = self.takes[number]
        before = taken.day
        if before == day:
            return
        self._move(taken, day)
        self.stand.remember(lambda: self._move(taken, before))

    def _move(self, taken: Taken, day: Day) -> None:
        self._apply(taken, -1)
        taken.day = day
        self._apply(taken, 1)

    def taken(self) -> bool:
        """Whether anything is."""
        return any(map(_QUANTITY, self.takes))

    def pegs(self) -> list[tuple[Peg, ...]]:
        """What covers each take, by the number that `take` gave."""
        if self._pegs is None:
            self._pegs = [self._pegs_of(self.takes[0], 0)] if len(self.takes) == 1 else self._pegs_of_all()
        return self._pegs

    def _pegs_of_all(self) -> list[tuple[Peg, ...]]:
        found: list[tuple[Peg, ...]] = [()] * len(self.takes)
        before = 0
        filled: list[tuple[Planned, Micro]] = []
        """What plans fill up of the book after a take has left it too little: the supply of the takes behind them."""
        for number, taken in sorted(enumerate(self.takes), key=lambda item: (item[1].day, item[0])):
            there = _part_of(taken.net, [one for one in filled if self.stand.fills_from(one[0]) <= taken.day])
            found[number] = self._pegs_of(taken, before, there)
            before += taken.net - sum(part for _, part in there)
            filled = _without(filled, there) + taken.filled
        return found

    def _pegs_of(self, taken: Taken, before: Micro, filled: Sequence[tuple[Planned, Micro]] = ()) -> tuple[Peg, ...]:
        if not taken.from_plans and not filled:
            return peg(self.book, self.figures, self.rules, taken.quantity, taken.day, before)
        planned = (*filled, *(one for one in taken.from_plans if one[0].usable <= taken.day))
        known = taken.net - sum(part for _, part in filled)
        covered = peg(self.book, self.figures, self.rules, known, taken.day, before) if known or not planned else ()
        return (
            *covered,
            *(
                Peg(part, f"planned_{plan.source.kind}", self.site, plan.source.ref, plan.due, plan.usable, plan.number)
                for plan, part in planned
            ),
        )


def _part_of(quantity: Micro, supplies: Sequence[tuple[Planned, Micro]]) -> list[tuple[Planned, Micro]]:
    """As much of the supplies, in their order, as the quantity needs."""
    found: list[tuple[Planned, Micro]] = []
    for plan, part in supplies:
        if quantity > 0:
            found.append((plan, min(part, quantity)))
            quantity -= found[-1][1]
    return found


def _without(supplies: Sequence[tuple[Planned, Micro]], used: Sequence[tuple[Planned, Micro]]) -> list[tuple[Planned, Micro]]:
    gone = Counter[int]()
    for plan, part in used:
        gone[plan.number] += part
    left: list[tuple[Planned, Micro]] = []
    for plan, part in supplies:
        took = min(part, gone[plan.number])
        gone[plan.number] -= took
        if part > took:
            left.append((plan, part - took))
    return left
