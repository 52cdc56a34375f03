"""What a book has left as everybody is put into it anew, one after another (promising.md § 7, pass 1).

    stock     a take fits on day d iff projected(s) >= its quantity for every s >= d; before today counts as today
    minutes   a take fits on day d iff free(d) >= its minutes; what days that have passed offered is spent
    periods   a take due on day d fits iff free(period of d) >= its quantity

Safety stock counts and holds do not: they rank behind every promise. Quantities are millionths (of the item's unit, or minutes),
days civil days at the site.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Final, Protocol

from services.quote.domain.balance import balance
from services.quote.domain.calendar import THREE_YEARS
from services.quote.domain.capacity import capacity_of
from services.quote.domain.entry import RESOURCE, Part, parted
from services.quote.domain.sources import MICRO

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from services.quote.domain.book import Book
    from services.quote.domain.capacity import Capacity
    from services.quote.domain.entry import Day, Micro
    from services.quote.domain.risk import Take
    from services.quote.domain.rules import Rules
    from services.quote.domain.sources import Buy

_PLENTY: Final = THREE_YEARS * 1440 * MICRO
"""What is free of something of which no limit is known: more than anybody asks for."""


class Bin(Protocol):
    """A book as it is filled."""

    today: Day
    """The civil date there."""

    def fits(self, day: Day, quantity: Micro) -> bool:
        """Whether the quantity may be taken on the day without taking from anybody who is in already."""
        ...

    def change(self, day: Day, quantity: Micro) -> None:
        """Put in (+) or take (-)."""
        ...

    def copy(self) -> Bin:
        """Another one that is filled the same so far."""
        ...

    def later(self, quantity: Micro, day: Day) -> tuple[tuple[Day, Micro], ...] | None:
        """Where the quantity fits first, not before the day; None when nowhere. Nothing is taken yet."""
        ...

    def sound_from(self, quantity: Micro) -> Day | None:
        """The first day on which somebody new may take the quantity, with safety stock and holds left alone; None when never."""
        ...


class StockBin:
    """A sku at a site: projected availability as steps, without those who are still to be put in."""

    __slots__ = ("_days", "_projected", "_reserved", "today")

    def __init__(self, today: Day, changes: Mapping[Day, Micro], reserved: Mapping[Day, Micro] | None = None) -> None:
        """`changes` by the day on which they count; before today counts as today. `reserved`: what only newcomers must leave alone."""
        self.today = today
        kept = {today: 0}
        for day, quantity in (reserved or {}).items():
            kept[max(today, day)] = kept.get(max(today, day), 0) + quantity
        steps = dict.fromkeys(kept, 0)
        for day, quantity in changes.items():
            counted = max(today, day)
            steps[counted] = steps.get(counted, 0) + quantity
        self._days = sorted(steps)
        self._projected: list[Micro] = list(accumulate(steps[day] for day in self._days))
        self._reserved: list[Micro] = list(accumulate(kept.get(day, 0) for day in self._days))

    def copy(self) -> StockBin:
        """Another one that is filled the same so far."""
        other = StockBin(self.today, {})
        other._days, other._projected, other._reserved = list(self._days), list(self._projected), list(self._reserved)
        return other

    @property
    def lowest(self) -> Micro:
        """The least that is ever projected."""
        return min(self._projected)

    def fits(self, day: Day, quantity: Micro) -> bool:
        """From the day on, what is projected never falls below the quantity."""
        at = bisect_right(self._days, day) - 1
        return min(self._projected[at:] if at > 0 else self._projected) >= quantity

    def change(self, day: Day, quantity: Micro) -> None:
        """From the day on, so much more or less."""
        day = max(day, self.today)
        at = bisect_left(self._days, day)
        if at == len(self._days) or self._days[at] != day:
            self._days.insert(at, day)
            self._projected.insert(at, self._projected[at - 1])
            self._reserved.insert(at, self._reserved[at - 1])
        self._projected[at:] = [one + quantity for one in self._projected[at:]]

    def later(self, quantity: Micro, day: Day) -> tuple[tuple[Day, Micro], ...] | None:
        """The first step from which on the quantity is always there."""
        first: Day | None = None
        for at in range(len(self._days) - 1, -1, -1):
            if self._projected[at] < quantity:
                break
            first = self._days[at]
        return None if first is None else ((max(first, day), quantity),)

    def sound_from(self, quantity: Micro) -> Day | None:
        """The same for somebody new, who leaves safety stock and holds alone."""
        first: Day | None = None
        for day, projected, reserved in zip(reversed(self._days), reversed(self._projected), reversed(self._reserved), strict=True):
            if projected - reserved < quantity:
                break
            first = day
        return first

    def free_by_day(self) -> list[tuple[Day, Micro]]:
        """What somebody new may count on, by steps."""
        return [(day, one - kept) for day, one, kept in zip(self._days, self._projected, self._reserved, strict=True)]


class ResourceBin:
    """A resource: free minutes by day. Of today it counts the whole: what has been worked since the morning is not known."""

    __slots__ = ("_capacity", "_taken", "today")

    def __init__(self, today: Day, capacity: Capacity | None, taken: Mapping[Day, Micro]) -> None:
        """Without a capacity nothing was ever said of it, and nothing is held against anybody."""
        self.today = today
        self._capacity = capacity
        self._taken = dict(taken)

    def copy(self) -> ResourceBin:
        """Another one that is filled the same so far."""
        return ResourceBin(self.today, self._capacity, self._taken)

    def free(self, day: Day) -> Micro:
        """Minutes of a day, in millionths, that nobody has who is in already."""
        if self._capacity is None:
            return _PLENTY
        return self._capacity.minutes.minutes(day) * MICRO - self._taken.get(day, 0)

    @property
    def overloaded(self) -> bool:
        """Whether any day has more taken than it has."""
        return any(day >= self.today and self.free(day) < 0 for day in self._taken)

    def fits(self, day: Day, quantity: Micro) -> bool:
        """Minutes of days that have passed are spent."""
        return day < self.today or self.free(day) >= quantity

    def change(self, day: Day, quantity: Micro) -> None:
        """Minutes are taken (-) or given back (+)."""
        self._taken[day] = self._taken.get(day, 0) - quantity

    def later(self, quantity: Micro, day: Day) -> tuple[tuple[Day, Micro], ...] | None:
        """On consecutive days, what each has free."""
        found: list[tuple[Day, Micro]] = []
        day = max(day, self.today)
        for at in range(day, day + THREE_YEARS):
            took = min(quantity, self.free(at))
            if took > 0:
                found.append((at, took))
                quantity -= took
                if quantity == 0:
                    return tuple(found)
        return None

    def sound_from(self, quantity: Micro) -> Day | None:
        """Nobody is delivered minutes."""
        raise NotImplementedError(f"{quantity} minutes are no delivery")


class PeriodBin:
    """A supplier's terms: what can still be delivered, period by period (supplier.py)."""

    __slots__ = ("_ordered", "_taken", "_terms", "today")

    def __init__(self, today: Day, terms: Buy | None, taken: Mapping[Day, Micro], ordered: Mapping[Day, Micro]) -> None:
        """`ordered`: what is on order, by due date. Terms that nobody knows, or that name no capacity, hold nothing against anybody."""
        self.today = today
        self._terms = None if terms is None or terms.capacity is None else terms
        self._taken = dict(taken)
        self._ordered = ordered

    def copy(self) -> PeriodBin:
        """Another one that is filled the same so far."""
        return PeriodBin(self.today, self._terms, self._taken, self._ordered)

    def free(self, day: Day) -> Micro:
        """What nobody has of the period in which a day lies; below nothing where it was given away and is no longer there."""
        if self._terms is None or self._terms.capacity is None:
            return _PLENTY
        last = self._terms.last_day_of_period(day)
        first = last - self._terms.days_of_period + 1
        return self._terms.capacity - sum(
            quantity for each in (self._taken, self._ordered) for at, quantity in each.items() if first <= at <= last
        )

    @property
    def overloaded(self) -> bool:
        """Whether more is promised of a period to come than the supplier can deliver in it."""
        return any(quantity and day >= self.today and self.free(day) < 0 for day, quantity in self._taken.items())

    def fits(self, day: Day, quantity: Micro) -> bool:
        """What was due on days that have passed is due no more often."""
        return self._terms is None or day < self.today or self.free(day) >= quantity

    def change(self, day: Day, quantity: Micro) -> None:
        """Taken (-) or given back (+)."""
        self._taken[day] = self._taken.get(day, 0) - quantity

    def later(self, quantity: Micro, day: Day) -> tuple[tuple[Day, Micro], ...] | None:
        """In consecutive periods, what each has left, each part as soon as the supplier delivers."""
        if self._terms is None:
            return ((max(day, self.today), quantity),)
        found: list[tuple[Day, Micro]] = []
        at: Day | None = self._terms.calendar.on_or_after(max(day, self.today))
        while at is not None and at < day + THREE_YEARS:
            took = min(quantity, self.free(at))
            if took > 0:
                found.append((at, took))
                quantity -= took
                if quantity == 0:
                    return tuple(found)
            at = self._terms.calendar.on_or_after(self._terms.last_day_of_period(at) + 1)
        return None

    def sound_from(self, quantity: Micro) -> Day | None:
        """Nobody is delivered a share of a period."""
        raise NotImplementedError(f"{quantity} of a period are no delivery")


_NO_ORDERS: Final[Mapping[str, Micro]] = {}


def stock_bin(
    book: Book,
    today: Day,
    rules: Rules,
    without: Iterable[Take] = (),
    plans: Iterable[str] = (),
    orders: Mapping[str, Micro] = _NO_ORDERS,
) -> StockBin:
    """A book without its holds, these takes, these plans and these real orders; its safety stock may be used.

    `orders`: how much of each is on the way: that waits for nothing any more and stays in.
    """
    changes: dict[Day, Micro] = {today: book.on_hand}

    def add(day: Day, quantity: Micro) -> None:
        changes[day] = changes.get(day, 0) + quantity

    for day, quantity in book.supply_by_day().items():
        counted = rules.counts_on(day, today)
        if counted is not None:
            add(counted, quantity)
    for day, quantity in _orders_taken_out(book, today, rules, orders):
        add(day, quantity)
    left_out = set(plans)
    for plan in book.of(Part.PLAN):
        counted = rules.plan_counts_on(plan, today)
        if plan.ref not in left_out and counted is not None:
            add(counted, plan.quantity)
    for day, quantity in _demand(book, without).items():
        add(max(day, today), -quantity)
    reserved: dict[Day, Micro] = {today: book.safety_stock}
    for hold in book.holds():
        day = max(hold.day or 0, today)
        reserved[day] = reserved.get(day, 0) + hold.quantity
    return StockBin(today, changes, reserved)


def _orders_taken_out(book: Book, today: Day, rules: Rules, orders: Mapping[str, Micro]) -> Iterator[tuple[Day, Micro]]:
    """What these real orders bring, less than 0, and what of it is on the way."""
    for ref, on_the_way in orders.items():
        order = book.find(Part.RECEIPT, ref)
        if order is None:
            continue
        for one in parted(order):
            if (day := rules.receipt_counts_on(one, today)) is not None:
                yield day, -one.quantity
        if on_the_way and (day := rules.counts_on(order.day or 0, today)) is not None:
            yield day, on_the_way


def resource_bin(book: Book, today: Day, without: Iterable[Take] = ()) -> ResourceBin:
    """A resource without its holds and these takes."""
    return ResourceBin(today, capacity_of(book), _demand(book, without))


def period_bin(book: Book, today: Day, terms: Buy | None, ordered: Mapping[Day, Micro], without: Iterable[Take] = ()) -> PeriodBin:
    """A supplier's terms without their holds and these takes."""
    return PeriodBin(today, terms, _demand(book, without), ordered)


def _demand(book: Book, without: Iterable[Take]) -> dict[Day, Micro]:
    demand = book.demand_by_day()
    for hold in book.holds():
        demand[hold.day or 0] = demand.get(hold.day or 0, 0) - hold.quantity
    for take in without:
        demand[take.day] = demand.get(take.day, 0) - take.quantity
    return demand


def is_short(book: Book, today: Day, now: datetime, rules: Rules) -> bool:
    """Whether not everybody in the book can stay where he is."""
    if book.site == RESOURCE:
        return resource_bin(book, today).overloaded
    if min(balance(book, today, now, rules).projected) >= 0:  # kept with the book: costs nothing
        return False
    return stock_bin(book, today, rules).lowest < 0
