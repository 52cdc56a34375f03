"""Which promises will not hold on what is known, and when will they be met then (promising.md § 7, pass 1)?

Everybody is put into the books anew, by rank. Frozen promises first, as they stand, even into the negative. Then all who can
stay exactly where they are; only then those who cannot, each on the first day that what is left allows, from its own books or
from another site that may serve it: so nobody is made late who need not be, and what somebody late takes is only what nobody
kept needs (choice). Safety stock counts, holds do not: they rank behind every promise and never move. Another site is asked
like anybody who comes anew: there both stay as they are.

A plan is put in like a promise. Where it becomes later, so does what it brings, and the whole is done again with that, until
no plan becomes later any more. A real order that itself needs something (components, minutes, goods of another site) is a fact: it
stands before everybody, even into the negative, and what it brings comes later by as many days as what it needs does (choice).

    stays      iff  min over s >= d of projected(s) >= quantity on each book and day d that it needs, with all who stay before it
    projected  =    the first delivery day, not before the promised one, on which what is left bears it; slip = projected - promised

Quantities are millionths (of the item's unit, or minutes), days civil days at the site.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from services.quote.domain.dates import MEETING_DAYS, earliest_hop
from services.quote.domain.entry import RESOURCE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from services.quote.domain.bins import Bin
    from services.quote.domain.dates import Way
    from services.quote.domain.entry import Day, Micro

MOST_ROUNDS: Final = 30
"""How often late plans are followed upwards: more than a bill of material is deep. What is known then is the answer."""

Rank = tuple[int | str, ...]
"""The smaller, the earlier served: class, priority, first promised day, order, line."""


@dataclass(frozen=True, slots=True)
class Route:
    """Another book from which the same delivery may come, and the way from there."""

    key: str
    way: Way


@dataclass(frozen=True, slots=True)
class Take:
    """What one promise or plan needs of one book on one day: a quantity, or minutes of a resource."""

    key: str
    day: Day
    quantity: Micro
    delivery_day: Day | None = None
    """When the customer has it; None for what a plan needs."""
    deliver: Callable[[Day], Day | None] | None = None
    """When the customer would have it if it were picked on another day."""
    others: tuple[Route, ...] = ()
    """Where else it may come from."""


@dataclass(frozen=True, slots=True)
class Commitment:
    """A promise, or a plan (`brings`): with all that it needs on all books, it stays or moves as one."""

    name: str
    rank: Rank
    takes: tuple[Take, ...]
    promised_day: Day | None = None
    brings: str | None = None
    """The book that a plan brings something to."""
    quantity: Micro = 0
    """How much it brings."""
    due: Day = 0
    """The day on which what it brings counts, if it stays."""
    put_off: bool = False
    """Whether `due` is reckoned from today already: a plan that was not released in time."""
    fact: bool = False
    """A real order: what it needs is booked whatever others stand on, and where that is not there it brings later what it brings."""
    frozen: bool = False
    """It stands where it stands, whoever has to give way; where even that leaves it short, the day it could be met is told."""
    together: bool = False
    """An order that ships complete: all of it is delivered on one day."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a promise or a plan."""

    day: Day | None
    """The day of the last delivery, or on which a plan counts; None: no known supply does."""
    kept: bool
    blocked: tuple[str, ...] = ()
    """The book in which it found no place, then the books that made the plans of that one late."""
    elsewhere: bool = False
    """Whether that day needs another site than the one it was promised from."""


def foresee(commitments: Sequence[Commitment], bins: Mapping[str, Bin]) -> dict[str, Fate]:
    """What becomes of each, by name. `bins` are the books that they need, without any of them."""
    ordered = sorted(commitments, key=lambda one: one.rank)
    due: dict[str, Day | None] = {one.name: one.due for one in ordered if one.brings is not None}
    behind: dict[str, tuple[str, ...]] = {}
    fates: dict[str, Fate] = {}
    for _ in range(MOST_ROUNDS):
        fates = _once(ordered, {key: one.copy() for key, one in bins.items()}, due, behind)
        again = False
        for one in ordered:
            fate = fates[one.name]
            before = due.get(one.name)
            if one.brings is None or before is None or (fate.day is not None and fate.day <= before):
                continue
            due[one.name] = fate.day
            behind.setdefault(one.brings, tuple(key for key in fate.blocked if key != one.brings))
            again = True
        if not again:
            break
    return fates


def _once(
    ordered: Sequence[Commitment], bins: Mapping[str, Bin], due: Mapping[str, Day | None], behind: Mapping[str, tuple[str, ...]]
) -> dict[str, Fate]:
    for one in ordered:
        day = due.get(one.name)
        if one.brings is not None and day is not None:
            bins[one.brings].change(day, one.quantity)
    fates: dict[str, Fate] = {}
    moving: list[tuple[Commitment, tuple[str, ...]]] = []
    _stand([one for one in ordered if one.fact], bins, behind, fates)
    _stand([one for one in ordered if one.frozen], bins, behind, fates)
    for one in ordered:
        if one.fact or one.frozen:
            continue
        blocked = _keep(one, bins)
        if blocked is None:
            fates[one.name] = Fate(_day_of(one), kept=True)
        else:
            moving.append((one, (blocked, *behind.get(blocked, ()))))
    for one, blocked_by in moving:
        day, elsewhere = (_move_plan(one, bins), False) if one.brings is not None else _move(one, bins)
        fates[one.name] = Fate(day, kept=False, blocked=blocked_by, elsewhere=elsewhere)
    return fates


def _stand(fixed: Sequence[Commitment], bins: Mapping[str, Bin], behind: Mapping[str, tuple[str, ...]], fates: dict[str, Fate]) -> None:
    """Put in who may not be moved: those who fit, then the others all the same, each with the day on which it could be met."""
    short: list[tuple[Commitment, str]] = []
    for one in fixed:
        blocked = _keep(one, bins)
        if blocked is None:
            fates[one.name] = Fate(_day_of(one), kept=True)
        else:
            short.append((one, blocked))
    for one, blocked in short:
        keys = {take.key for take in one.takes} | {route.key for take in one.takes for route in take.others}
        left = {key: bins[key].copy() for key in keys}
        day = _move(one, left)[0] if one.brings is None else _move_plan(one, left)
        fates[one.name] = Fate(day, kept=False, blocked=(blocked, *behind.get(blocked, ())))
        for take in one.takes:
            bins[take.key].change(take.day, -take.quantity)


def _day_of(one: Commitment) -> Day | None:
    return one.promised_day if one.brings is None else one.due


def _keep(one: Commitment, bins: Mapping[str, Bin]) -> str | None:
    """Put it in where it stands; or nothing of it, and the book that has no room."""
    for number, take in enumerate(one.takes):
        if not bins[take.key].fits(take.day, take.quantity):
            for done in one.takes[:number]:
                bins[done.key].change(done.day, done.quantity)
            return take.key
        bins[take.key].change(take.day, -take.quantity)
    return None


def _move(one: Commitment, bins: Mapping[str, Bin]) -> tuple[Day | None, bool]:
    """Put it in as early as it can be, not before its promise: the day of its last delivery, whether elsewhere. Or nothing of it."""
    journal: list[tuple[str, Day, Micro]] = []
    last = one.promised_day
    elsewhere = False
    reached: list[_Reached] = []
    for take in sorted(one.takes, key=lambda each: each.day):
        found = _deliver(take, bins, journal)
        if found is None:
            _undo(journal, bins)
            return None, False
        reached.append(found)
        elsewhere = elsewhere or journal[-1][0] != take.key
        last = found.delivery if last is None else max(last, found.delivery)
    if one.together and last is not None and last != one.promised_day:
        last = _meeting(last, reached)
    return last, elsewhere


@dataclass(frozen=True, slots=True)
class _Reached:
    """Where a take is put: when it is delivered, and when it would be if it were picked later."""

    delivery: Day
    pick: Day
    deliver: Callable[[Day], Day | None]


def _meeting(day: Day, reached: Sequence[_Reached]) -> Day:
    """The first day from `day` on that all ways deliver on; `day` itself where they meet on none for long."""
    met = day
    for _ in range(MEETING_DAYS):
        nexts = [_from(one, met) for one in reached]
        if None in nexts:
            return day
        last = max(one for one in nexts if one is not None)
        if last == met:
            return met
        met = last
    return day


def _from(one: _Reached, day: Day) -> Day | None:
    """The first delivery on or after a day."""
    if one.delivery >= day:
        return one.delivery
    later = (one.deliver(pick) for pick in range(one.pick, max(one.pick, day) + MEETING_DAYS))
    return next((delivery for delivery in later if delivery is not None and delivery >= day), None)


def _deliver(take: Take, bins: Mapping[str, Bin], journal: list[tuple[str, Day, Micro]]) -> _Reached | None:
    """Take it where it can be delivered first, at its own site if that is no later than at another; where and when, or None."""
    best: tuple[Day, str, Day] | None = None
    deliver = take.deliver or _at_once
    found = bins[take.key].later(take.quantity, take.day)
    if found:
        placed = found[-1][0]
        stays = placed <= max(take.day, bins[take.key].today)
        delivery = take.delivery_day if stays else placed if take.deliver is None else take.deliver(placed)
        best = None if delivery is None else (delivery, take.key, placed)
    for route in take.others:
        ready = bins[route.key].sound_from(take.quantity)
        hop = None if ready is None else earliest_hop(route.way, take.delivery_day or take.day, ready)
        if hop is not None and (best is None or hop[2] < best[0]):
            best = (hop[2], route.key, hop[0])
            deliver = partial(_by_way, route.way)
    if best is None:
        return None
    delivery, key, day = best
    bins[key].change(day, -take.quantity)
    journal.append((key, day, take.quantity))
    return _Reached(delivery, day, deliver)


def _at_once(pick: Day) -> Day:
    return pick


def _by_way(way: Way, pick: Day) -> Day | None:
    hop = way.deliver(pick)
    return None if hop is None else hop[2]


def _move_plan(one: Commitment, bins: Mapping[str, Bin]) -> Day | None:
    """Shift a plan by what its components and then its resources make it wait; the day on which it counts then.

    What it has of one resource is one job, however many days it was spread over; minutes of days that have passed are spent.
    A plan that was not released in time is due its lead time after today already, so it waits from today on; any other, and a real
    order, waits from the day on which it needed what is not there.
    """
    journal: list[tuple[str, Day, Micro]] = []
    shift, comes = 0, one.due
    for take in one.takes:
        if take.key.endswith(RESOURCE):
            continue
        today = bins[take.key].today
        placed = _place(take.key, take.quantity, max(take.day, today), bins, journal)
        arrives = None if placed is None else placed if take.deliver is None else take.deliver(placed)
        if placed is None or arrives is None:
            _undo(journal, bins)
            return None
        meant = max(take.day, today) if one.put_off or placed <= today else take.day
        shift = max(shift, placed - meant)
        if placed > meant and take.deliver is not None:
            comes = max(comes, arrives)
    jobs: dict[str, list[Take]] = {}
    for take in sorted(one.takes, key=lambda each: each.day):
        if take.key.endswith(RESOURCE) and take.day >= bins[take.key].today:
            jobs.setdefault(take.key, []).append(take)
    for key, job in jobs.items():
        placed = _place(key, sum(take.quantity for take in job), job[0].day + shift, bins, journal)
        if placed is None:
            _undo(journal, bins)
            return None
        shift = max(shift, placed - job[-1].day)
    return max(one.due + shift, comes)


def _place(key: str, quantity: Micro, day: Day, bins: Mapping[str, Bin], journal: list[tuple[str, Day, Micro]]) -> Day | None:
    """Take it on the first day or days from `day` on that allow it; the last of them, or None."""
    found = bins[key].later(quantity, day)
    if not found:
        return None
    for at, taken in found:
        bins[key].change(at, -taken)
        journal.append((key, at, taken))
    return found[-1][0]


def _undo(journal: list[tuple[str, Day, Micro]], bins: Mapping[str, Bin]) -> None:
    for key, day, quantity in journal:
        bins[key].change(day, quantity)
