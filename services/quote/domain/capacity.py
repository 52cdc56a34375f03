"""What resources can still do, and when a job on them is done (promising.md § 5).

    free(d) = minutes of d - minutes claimed of d          (of today: what is left until midnight, at most)

Unused capacity perishes: each day is its own. A job may spread over consecutive days, taking each day what is free;
resources that it needs at once take the same minutes on the same days; from a pool it takes one member a day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from services.quote.domain.balance import is_live
from services.quote.domain.calendar import THREE_YEARS, Calendar
from services.quote.domain.entry import RESOURCE, Part
from services.quote.domain.sources import MICRO

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from services.quote.domain.book import Book
    from services.quote.domain.entry import Day, Micro
    from services.quote.domain.sources import Need, Operation
    from services.quote.domain.stand import Stand

_DAY_MINUTES: Final = 1440


@dataclass(frozen=True, slots=True)
class Capacity:
    """What one resource can do: minutes of each day, where, and how much of it works at once."""

    site: str
    minutes: Calendar
    at_once: Micro
    """Units times efficiency, in millionths: so many minutes of work pass in one minute of the clock, at most."""


def capacity_of(book: Book) -> Capacity | None:
    """What the book of a resource says of its capacity, or None when nothing was ever said."""
    entry = book.find(Part.CAPACITY, "")
    if entry is None or entry.detail is None:
        return None
    kept = book.supply_memo
    if kept is not None and kept[0] is entry:
        found: Capacity = kept[1]
        return found
    detail = entry.detail
    days = {int(day): int(minutes) for day, minutes in detail["days"].items()}
    capacity = Capacity(str(detail["site"]), Calendar(tuple(detail["weekly"]), days), int(detail["at_once"]))
    book.supply_memo = (entry, capacity)
    return capacity


def claimed_by_day(book: Book, today: Day, now: datetime, without_owner: str | None = None) -> dict[Day, Micro]:
    """Minutes that live claims and requirements take of each day, from today on. Those of days that have passed are spent."""
    claimed = {day: minutes for day, minutes in book.demand_by_day().items() if day >= today}
    over = list(book.due_holds(now))
    if without_owner is not None:
        over += [claim for claim in book.claims_of(without_owner) if is_live(claim, now)]
    for claim in over:
        if claim.day is not None and claim.day >= today:
            claimed[claim.day] -= claim.quantity
    return claimed


def available(capacity: Capacity, day: Day, today: Day, minutes_left: int) -> Micro:
    """The minutes of a day, in millionths: of today what can still pass until midnight, of a day before it nothing."""
    if day < today:
        return 0
    whole = capacity.minutes.minutes(day) * MICRO
    return whole if day > today else min(whole, capacity.at_once * minutes_left)


class Machine:
    """One resource as one decision sees it: what is known, less what the same decision has taken."""

    __slots__ = ("_capacity", "_claimed", "_minutes_left", "book", "resource", "taken", "today")

    def __init__(self, book: Book, capacity: Capacity, today: Day, minutes_left: int, claimed: Mapping[Day, Micro]) -> None:
        """`minutes_left`: of today, by the clock of its site."""
        self.book = book
        self.resource = book.sku
        self.today = today
        self._capacity = capacity
        self._minutes_left = minutes_left
        self._claimed = claimed
        self.taken: dict[Day, Micro] = {}

    def free(self, day: Day) -> Micro:
        """Minutes that nobody has claimed of a day, in millionths."""
        free = available(self._capacity, day, self.today, self._minutes_left) - self._claimed.get(day, 0) - self.taken.get(day, 0)
        return max(0, free)

    def claimed(self, first: Day, last: Day) -> Micro:
        """Minutes that others have of the days from `first` to `last`."""
        return sum(minutes for day, minutes in self._claimed.items() if first <= day <= last)

    def idle(self) -> Machine:
        """The same resource if nobody had claimed anything of it."""
        return Machine(self.book, self._capacity, self.today, self._minutes_left, {})

    def works_within(self, day: Day) -> Day | None:
        """The first day, not before `day`, on which it works at all; None when there is none within three years."""
        return self._capacity.minutes.on_or_after(max(day, self.today))


@dataclass(frozen=True, slots=True)
class Load:
    """Minutes of a resource on a day, in millionths."""

    resource: str
    day: Day
    minutes: Micro
    setup: Micro = 0
    """How much of it is set-up, which stays however few are made."""
    book: str = RESOURCE
    """The site in the name of the book: of a resource, or of a supplier's period, whose minutes are then units."""


class Floor(Protocol):
    """Where resources stand, and are occupied."""

    def machine(self, resource: str) -> Machine | None:
        """A resource, or None when nothing is known of its capacity."""
        ...

    def occupy(self, loads: tuple[Load, ...]) -> None:
        """Take minutes of resources."""
        ...


class IdleFloor:
    """The same resources if nobody had claimed anything of them."""

    def __init__(self, floor: Floor) -> None:
        """What is occupied here is occupied here alone."""
        self._floor = floor
        self._machines: dict[str, Machine | None] = {}

    def machine(self, resource: str) -> Machine | None:
        """The resource, idle."""
        if resource not in self._machines:
            machine = self._floor.machine(resource)
            self._machines[resource] = None if machine is None else machine.idle()
        return self._machines[resource]

    def occupy(self, loads: tuple[Load, ...]) -> None:
        """Take minutes of the idle resources."""
        for load in loads:
            if (machine := self.machine(load.resource)) is not None:
                machine.taken[load.day] = machine.taken.get(load.day, 0) + load.minutes


@dataclass(frozen=True, slots=True)
class Run:
    """When one operation is done, and what it occupies."""

    start: Day
    following: Day
    """The first day on which the next operation, or the output, can start: the day after the last minute (choice)."""
    loads: tuple[Load, ...]


def run(operation: Operation, quantity: Micro, start: Day, stand: Floor) -> Run | None:
    """The operation done as early as its resources allow, not before `start`; None when they never can.

    Of several lists of resources the one that is done first; the first of equals.
    """
    minutes = operation.minutes(quantity)
    best: Run | None = None
    if not operation.options or minutes == 0:
        best = Run(start, start + _whole_days(minutes), ())
    else:
        for needs in operation.options:
            found = _occupy(needs, minutes, start, stand, operation)
            if found is not None and (best is None or found.following < best.following):
                best = found
    if best is None or operation.fixed == 0:
        return best
    return Run(best.start, best.following + _whole_days(operation.fixed), best.loads)


def _whole_days(minutes: Micro) -> int:
    return -(-minutes // (_DAY_MINUTES * MICRO))


def run_back(operation: Operation, quantity: Micro, end: Day, first: Day, stand: Stand) -> Run | None:
    """The operation done as late as its resources allow, so that the next one can start on `end`; not before `first`.

    Of several lists of resources the one that is begun last; the first of equals.
    """
    minutes = operation.minutes(quantity)
    last = end - _whole_days(operation.fixed)
    best: Run | None = None
    if not operation.options or minutes == 0:
        best = Run(last - _whole_days(minutes), last, ())
    else:
        for needs in operation.options:
            found = _occupy_back(needs, minutes, last - 1, first, stand, operation)
            if found is not None and (best is None or found.start > best.start):
                best = found
    if best is None or best.start < first:
        return None
    return Run(best.start, best.following + _whole_days(operation.fixed), best.loads)


def _occupy_back(needs: Sequence[Need], minutes: Micro, last: Day, first: Day, stand: Stand, operation: Operation) -> Run | None:
    pools = [[machine for name in need.candidates if (machine := stand.machine(name)) is not None] for need in needs]
    if not all(pools):
        return None
    left = minutes
    days: list[tuple[Day, list[Machine], Micro]] = []
    for day in range(last, first - 1, -1):
        chosen = _choose(pools, day)
        most = min((machine.free(day) for machine in chosen), default=0)
        if most >= left or (operation.may_spread and most > 0):
            took = min(most, left)
            days.insert(0, (day, chosen, took))
            left -= took
            if left == 0:
                return Run(days[0][0], days[-1][0] + 1, _loads(days, operation.setup))
    return None


def _loads(days: Sequence[tuple[Day, list[Machine], Micro]], setup: Micro) -> tuple[Load, ...]:
    """The minutes of each day and machine; the set-up is in the first of them."""
    loads: list[Load] = []
    for day, chosen, took in days:
        part = min(setup, took)
        setup -= part
        loads += [Load(machine.resource, day, took, part) for machine in chosen]
    return tuple(loads)


def _occupy(needs: Sequence[Need], minutes: Micro, start: Day, stand: Floor, operation: Operation) -> Run | None:
    pools = [[machine for name in need.candidates if (machine := stand.machine(name)) is not None] for need in needs]
    if not all(pools):
        return None
    left = minutes
    days: list[tuple[Day, list[Machine], Micro]] = []
    day = start
    while day - start <= THREE_YEARS:
        chosen = _choose(pools, day)
        most = min((machine.free(day) for machine in chosen), default=0)
        if most >= left or (operation.may_spread and most > 0):
            took = min(most, left)
            days.append((day, chosen, took))
            left -= took
            if left == 0:
                return Run(days[0][0], day + 1, _loads(days, operation.setup))
        following = _next_day(pools, day + 1)
        if following is None:
            return None
        day = following
    return None


def _choose(pools: Sequence[Sequence[Machine]], day: Day) -> list[Machine]:
    """One member of each pool, none twice, so that the busiest of them is as free as can be; empty when there are not enough."""
    if len(pools) == 1:
        return [max(pools[0], key=lambda machine: machine.free(day))]
    free = {machine.resource: machine.free(day) for pool in pools for machine in pool}
    for least in sorted(set(free.values()), reverse=True):
        chosen: dict[str, int] = {}
        able = [[machine.resource for machine in pool if free[machine.resource] >= least] for pool in pools]
        if all(_seat(number, able, chosen, set()) for number in range(len(pools))):
            by_pool = {number: name for name, number in chosen.items()}
            return [next(one for one in pool if one.resource == by_pool[number]) for number, pool in enumerate(pools)]
    return []


def _seat(number: int, able: Sequence[Sequence[str]], chosen: dict[str, int], asked: set[str]) -> bool:
    """Find a member for a pool, moving other pools to other members of theirs where that helps."""
    for name in able[number]:
        if name not in asked:
            asked.add(name)
            if name not in chosen or _seat(chosen[name], able, chosen, asked):
                chosen[name] = number
                return True
    return False


def _next_day(pools: Sequence[Sequence[Machine]], day: Day) -> Day | None:
    """The first day on which every pool has somebody who works; so that closed weeks cost nothing."""
    following = [min((at for machine in pool if (at := machine.works_within(day)) is not None), default=None) for pool in pools]
    known = [at for at in following if at is not None]
    return max(known) if len(known) == len(following) else None
