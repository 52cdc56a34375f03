"""How much a class of demand may take, and what is kept for it: ceilings, floors, and the buckets that count (promising.md § 6).

A ceiling lets a class take at most Q of a sku, at a site or a group of sites, in a period; the period is that of the ship date,
and what was shipped stays counted. A floor keeps Q for a class until its release date: while today < release it binds every
other class whatever the ship date. Both count what the class and every class inside it have taken, in a bucket of their own.

    left(ship date)  = max(Q - taken by others in its period, what this owner had in it) - taken by this decision
    kept(floor)      = max(max(0, Q - taken by the class), sum of kept(floors that lie inside it))

So what an owner has it may keep, also where a ceiling was lowered below it (THE invariant), and a child's floor lies inside
its parent's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from services.quote.domain.balance import is_live
from services.quote.domain.calendar import THREE_YEARS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from services.quote.domain.book import Book
    from services.quote.domain.entry import Day, Entry, Micro


EARLIEST: Final = date.min.toordinal()
LATEST: Final = date.max.toordinal()
_DAYS_OF_WEEK: Final = 7


class Kind(StrEnum):
    """What an allocation does."""

    CEILING = "ceiling"
    FLOOR = "floor"


class Every(StrEnum):
    """How long the periods of a ceiling are that come again and again: calendar days, weeks from Monday, calendar months."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Period(NamedTuple):
    """Ship dates that count together, both ends included, and the quantity for all of them."""

    first: Day
    last: Day
    quantity: Micro


@dataclass(frozen=True, slots=True)
class Allocation:
    """One ceiling or floor."""

    id: str
    kind: Kind
    lineage: tuple[str, ...]
    """Its class, and what that lies inside."""
    sku: str
    sites: frozenset[str] | None
    """One or several together; None: every site together."""
    quantity: Micro = 0
    every: Every | None = None
    first: Day = EARLIEST
    last: Day = LATEST
    """Ship dates outside are neither bound nor counted."""
    periods: tuple[Period, ...] = ()
    """Periods with a quantity each, in order, instead of one quantity for each that comes again."""
    release: Day | None = None
    """Of a floor: the day from which nothing is kept any more; None: it is kept until somebody closes it."""

    @property
    def demand_class(self) -> str:
        """The class that it is for."""
        return self.lineage[0]

    def covers(self, site: str) -> bool:
        """Whether what ships from the site counts."""
        return self.sites is None or site in self.sites

    def counts(self, classes: Sequence[str]) -> bool:
        """Whether what demand of these classes (its own and those around it) takes counts."""
        return self.lineage[0] in classes

    def binds_on(self, today: Day) -> bool:
        """Of a floor: whether anything is still kept."""
        return self.release is None or today < self.release

    def period_of(self, ship: Day) -> Period | None:
        """The period that a ship date lies in; None where nothing is said of it."""
        if self.periods:
            return next((one for one in self.periods if one.first <= ship <= one.last), None)
        if not self.first <= ship <= self.last:
            return None
        first, last = (self.first, self.last) if self.every is None else _span(self.every, ship)
        return Period(max(first, self.first), min(last, self.last), self.quantity)


def _span(every: Every, day: Day) -> tuple[Day, Day]:
    """The calendar period around a day, both ends included."""
    if every is Every.DAY:
        return day, day
    if every is Every.WEEK:
        monday = day - (day - 1) % _DAYS_OF_WEEK
        return monday, monday + _DAYS_OF_WEEK - 1
    first = date.fromordinal(day).replace(day=1)
    following = (first.toordinal() + 31) if (first.year, first.month) != (date.max.year, date.max.month) else LATEST + 1
    return first.toordinal(), (following if following > LATEST else date.fromordinal(following).replace(day=1).toordinal()) - 1


def taken_in(book: Book | None, period: Period, now: datetime, without_owner: str | None = None) -> Micro:
    """What was taken from a bucket in a period, shipped or not; holds count while they live, what the owner may change does not."""
    if book is None:
        return 0
    total = sum(quantity for day, quantity in book.demand_by_day().items() if period.first <= day <= period.last)
    for hold in book.due_holds(now):
        if period.first <= (hold.day or 0) <= period.last:
            total -= hold.quantity
    if without_owner is not None:
        total -= sum(
            open_of(claim)
            for claim in book.claims_of(without_owner)
            if is_live(claim, now) and period.first <= (claim.day or 0) <= period.last
        )
    return total


def open_of(claim: Entry) -> Micro:
    """What has not been shipped of what a bucket counts; only that can be given back, or take another date."""
    return claim.quantity - int((claim.detail or {}).get("shipped", 0))


class Bucket:
    """A ceiling as one decision sees it: what the ledger has counted, without the owner's claims, and what the decision has taken."""

    __slots__ = ("_now", "_owner", "_standing", "_taken", "_today", "allocation", "book")

    def __init__(self, allocation: Allocation, book: Book | None, today: Day, now: datetime, owner: str | None) -> None:
        """Nothing is taken yet. What the owner should have shipped before `today` may be shipped today."""
        self.allocation = allocation
        self.book = book
        self._today = today
        self._now = now
        self._owner = owner
        self._standing: dict[Day, tuple[Micro, Micro]] = {}
        """By first day of a period: what others have taken, and what the owner had."""
        self._taken: dict[Day, Micro] = {}

    def left(self, ship: Day) -> Micro | None:
        """What may still be taken for a ship date; None where nothing limits it."""
        period = self.allocation.period_of(ship)
        if period is None:
            return None
        others, own = self._stands(period)
        return max(period.quantity - others, own) - self._taken.get(period.first, 0)

    def taken(self, ship: Day) -> Micro:
        """What was taken in the period of a ship date, by this decision too."""
        period = self.allocation.period_of(ship)
        return 0 if period is None else self._stands(period)[0] + self._taken.get(period.first, 0)

    def taken_at_all(self) -> Micro:
        """What was taken for all the ship dates that the allocation speaks of: what a floor has given already."""
        return taken_in(self.book, Period(self.allocation.first, self.allocation.last, 0), self._now)

    @property
    def settled_from(self) -> Day:
        """A ship date: of the periods that begin after it each leaves the same, until the allocation ends."""
        counted = () if self.book is None else self.book.demand_by_day()
        return max((*counted, *self._taken, *(one.last for one in self.allocation.periods)), default=EARLIEST)

    def _stands(self, period: Period) -> tuple[Micro, Micro]:
        found = self._standing.get(period.first)
        if found is None:
            others = taken_in(self.book, period, self._now, self._owner)
            found = self._standing[period.first] = others, self._own(period)
        return found

    def _own(self, period: Period) -> Micro:
        if self._owner is None or self.book is None:
            return 0
        return sum(
            open_of(claim)
            for claim in self.book.claims_of(self._owner)
            if is_live(claim, self._now) and period.first <= max(claim.day or 0, min(self._today, period.last)) <= period.last
        )

    def take(self, ship: Day, quantity: Micro) -> None:
        """Count a quantity; a negative one gives back."""
        period = self.allocation.period_of(ship)
        if period is not None:
            self._taken[period.first] = self._taken.get(period.first, 0) + quantity

    def opens(self, ship: Day, quantity: Micro) -> Day | None:
        """The first ship date, `ship` or later, for which the quantity may still be taken; None when there is none within three years."""
        return first_open(self.allocation, self.left, ship, quantity)

    def starts(self, ship: Day) -> Iterator[Day]:
        """The ship dates after `ship` on which another period begins, or none any more, within three years."""
        day = ship
        while True:
            period = self.allocation.period_of(day)
            if period is not None:
                day = period.last + 1
            else:
                later = [one.first for one in self.allocation.periods if one.first > day]
                day = min(later, default=self.allocation.first if self.allocation.first > day else LATEST + 1)
            if day > ship + THREE_YEARS:
                return
            yield day


def first_open(ceiling: Allocation, left: Callable[[Day], Micro | None], ship: Day, quantity: Micro) -> Day | None:
    """The first ship date, `ship` or later, for which `left` is the quantity or unlimited; None when there is none within three years."""
    day = ship
    while day <= ship + THREE_YEARS:
        room = left(day)
        if room is None or room >= quantity:
            return day
        period = ceiling.period_of(day)
        day = LATEST + 1 if period is None else period.last + 1
    return None


class Kept(NamedTuple):
    """What a floor keeps from others at its sites, beyond what the floors inside it keep already."""

    floor: Allocation
    quantity: Micro


def kept_from(classes: Sequence[str], floors: Iterable[tuple[Allocation, Micro]]) -> list[Kept]:
    """What is kept from demand of these classes, by floors that bind and what was taken of each. A floor inside another is part of it."""
    against = [(one, max(0, one.quantity - taken)) for one, taken in floors if not one.counts(classes)]
    if len(against) <= 1:
        return [Kept(one, rest) for one, rest in against if rest]
    inside: dict[str, list[str]] = {}
    for one, _ in against:
        outer = _nearest_around(one, [other for other, _ in against])
        if outer is not None:
            inside.setdefault(outer.id, []).append(one.id)
    rests = {one.id: rest for one, rest in against}
    totals: dict[str, Micro] = {}

    def total(name: str) -> Micro:
        if name not in totals:
            totals[name] = max(rests[name], sum(total(inner) for inner in inside.get(name, ())))
        return totals[name]

    found = [Kept(one, total(one.id) - sum(total(inner) for inner in inside.get(one.id, ()))) for one, _ in against]
    return [kept for kept in found if kept.quantity]


def _nearest_around(floor: Allocation, others: Sequence[Allocation]) -> Allocation | None:
    """The floor of the closest class around that of `floor` whose sites take in all of its sites."""
    for outer in floor.lineage[1:]:
        for other in others:
            if other.lineage[0] == outer and (other.sites is None or (floor.sites is not None and floor.sites <= other.sites)):
                return other
    return None
