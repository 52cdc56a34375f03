"""The best split within ceilings: what a day brings is not only what is there by then, but what its period leaves (promising.md § 6).

    on each ship date:  all sites together <= what each ceiling leaves in its period;  each site <= its ATP, less what it shipped before

Every ceiling cuts time into periods that follow one another, so without limits on shipments the plan that ships as much as it can
as early as it can is the best: a unit that goes earlier never closes more to later ones than one that goes later. With such
limits, and where another site could have given it so that fewer ship later, it is the search of `split.py`, which counts the periods
beside the sites.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from heapq import merge
from itertools import groupby, islice
from math import gcd
from typing import TYPE_CHECKING, NamedTuple

from services.quote.domain.allocation import LATEST
from services.quote.domain.outlet import MOST_PERIODS
from services.quote.domain.sources import MICRO
from services.quote.domain.split import Search, Shipment, fewest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.quote.domain.dates import Hop
    from services.quote.domain.entry import Day, Micro
    from services.quote.domain.outlet import Outlet
    from services.quote.domain.split import Prefix, Worth


class Slot(NamedTuple):
    """A day on which a site could ship: the total that it can have shipped by then, and the periods that it would count in."""

    day: Day
    site: int
    total: Micro
    periods: tuple[int, ...]
    hop: Hop


class Slots:
    """Every day on which something opens, at every site, and what each period leaves."""

    def __init__(self, outlets: Sequence[Outlet], wanted: Day, latest: Day | None, quantity: Micro) -> None:
        """Looks as far as the quantity, or three years, or a number of periods reach."""
        self.left: list[Micro] = []
        self._numbers: dict[tuple[str, Day], int] = {}
        found = [slot for site, outlet in enumerate(outlets) for slot in self._of(site, outlet, wanted, latest, quantity)]
        self.slots = sorted(found, key=lambda slot: (slot.day, slot.site))
        each = [{bucket.allocation.id for bucket in outlet.ceilings} for outlet in outlets]
        of_all = {name for name in set.intersection(*each) if self._is_in_order(name)}
        self.is_even = all(one == of_all for one in each)
        """Whether the same ceilings bind all sites, period after period."""
        self.common = {number for (name, _), number in self._numbers.items() if name in of_all}
        """The periods in which all sites count."""

    def unit_with(self, quantity: Micro) -> Micro:
        """One, or the fraction of it in which the quantity and all that there is are counted: no shipment is less than that."""
        return gcd(MICRO, quantity, *(slot.total for slot in self.slots), *self.left)

    def _is_in_order(self, name: str) -> bool:
        """Whether what is delivered later counts in no earlier period of a ceiling: a slow way and a fast one may cross."""
        begins = {number: first for (one, first), number in self._numbers.items() if one == name}
        firsts = [next((begins[number] for number in slot.periods if number in begins), LATEST) for slot in self.slots]
        return firsts == sorted(firsts)

    def _of(self, site: int, outlet: Outlet, wanted: Day, latest: Day | None, quantity: Micro) -> list[Slot]:
        first = outlet.wanted(wanted)
        if first is None:
            return []
        hops: dict[Day, Hop] = {}
        for day in outlet.days_of_change(wanted):
            hop = outlet.by(day) or outlet.after(outlet.first_pick)
            if hop is not None:
                hops.setdefault(max(day, hop.delivery), hop)
        room = _Used(self.left)
        reach = 0
        for start in islice(merge(*(bucket.starts(first.ship) for bucket in outlet.ceilings)), MOST_PERIODS):
            hop = outlet.shipping_from(start)
            if hop is None or (latest is not None and hop.delivery > latest):
                break
            day = max(wanted, hop.delivery)
            if day not in hops:
                hops[day] = hop
                slot = Slot(day, site, quantity, self._periods(outlet, hop.ship), hop)
                room.left += self.left[len(room.left) :]
                more = room.room(slot)
                room.ship(slot, more)
                reach += more
            if reach >= quantity and hop.pick >= outlet.place.days()[-1]:
                break
        slots = []
        for day, hop in sorted(hops.items()):
            total = min(quantity, outlet.place.offers(hop.pick))
            if total > 0 and (latest is None or day <= latest):
                slots.append(Slot(day, site, total, self._periods(outlet, hop.ship), hop))
        return slots

    def _periods(self, outlet: Outlet, ship: Day) -> tuple[int, ...]:
        numbers = []
        for bucket in outlet.ceilings:
            period, left = bucket.allocation.period_of(ship), bucket.left(ship)
            if period is None or left is None:
                continue
            name = (bucket.allocation.id, period.first)
            if name not in self._numbers:
                self._numbers[name] = len(self.left)
                self.left.append(max(0, left))
            numbers.append(self._numbers[name])
        return tuple(numbers)


class _Used:
    """What a plan has shipped so far of each site and each period."""

    __slots__ = ("left", "sites")

    def __init__(self, left: Sequence[Micro]) -> None:
        self.left = list(left)
        self.sites: dict[int, Micro] = {}

    def room(self, slot: Slot) -> Micro:
        """What may still be shipped there."""
        room = slot.total - self.sites.get(slot.site, 0)
        return max(0, min([room, *(self.left[number] for number in slot.periods)]))

    def ship(self, slot: Slot, quantity: Micro) -> None:
        self.sites[slot.site] = self.sites.get(slot.site, 0) + quantity
        for number in slot.periods:
            self.left[number] -= quantity

    def ship_in_turn(self, slots: Sequence[Slot], quantity: Micro) -> list[tuple[Slot, Micro]]:
        """From each what it may, up to the quantity together."""
        parts = []
        for slot in slots:
            taken = min(quantity, self.room(slot))
            if taken > 0:
                self.ship(slot, taken)
                parts.append((slot, taken))
                quantity -= taken
        return parts

    def take_back(self, parts: Sequence[tuple[Slot, Micro]]) -> None:
        for slot, taken in parts:
            self.ship(slot, -taken)


def split_within(
    outlets: Sequence[Outlet],
    wanted: Day,
    latest: Day | None,
    quantity: Micro,
    limits: tuple[Micro | None, int | None],
    effort: int,
) -> tuple[tuple[Shipment, ...], bool]:
    """The best shipments of at most `quantity` within what ceilings leave, and whether the search was cut before it had seen everything.

    `limits`: least quantity and number of shipments.
    """
    found = Slots(outlets, wanted, latest, quantity)
    guarded = any(outlet.place.guard is not None for outlet in outlets)
    least = min(limits[0] or (1 if guarded else found.unit_with(quantity)), quantity)
    most = quantity // least if limits[1] is None else min(limits[1], quantity // least)
    if guarded:
        return _one_after_the_other(found, outlets, quantity, least, most), False
    plan, is_best = _as_early_as_possible(found, quantity)
    if is_best and len(plan) <= most and all(shipment.quantity >= least for shipment in plan):
        return plan, False
    in_turn = [Shipment(slot.site, slot.day, taken) for slot, taken in _Used(found.left).ship_in_turn(found.slots, quantity)]
    search = _SearchWithin(found, quantity, wanted, (least, most), effort, (plan, in_turn))
    return search.best(), search.effort <= 0


def _as_early_as_possible(found: Slots, quantity: Micro) -> tuple[tuple[Shipment, ...], bool]:
    """On each day all that may be shipped by then, from as few sites as can do it; and whether no other plan can be better.

    One can where a site has kept something back on a day before: had another kept it, one could do now for two, or bring more where
    ceilings bind some sites and not others.
    """
    used = _Used(found.left)
    plan: list[Shipment] = []
    rest = quantity
    is_best, kept = True, False
    for day, some in groupby(found.slots, key=lambda slot: slot.day):
        slots = list(some)
        rooms = [used.room(slot) for slot in slots]
        parts = used.ship_in_turn(slots, rest)
        if len(parts) > 1:
            total = sum(taken for _, taken in parts)
            used.take_back(parts)
            parts = used.ship_in_turn([slots[at] for at, _ in fewest(list(enumerate(rooms)), total)], total)
            if sum(taken for _, taken in parts) < total:  # a ceiling binds several of them
                used.take_back(parts)
                parts = used.ship_in_turn(slots, rest)
            most = [min([slot.total, *(found.left[number] for number in slot.periods)]) for slot in slots] if kept else rooms
            is_best = is_best and len(parts) == len(fewest(list(enumerate(most)), total))
        is_best = is_best and (found.is_even or not kept)
        plan.extend(Shipment(slot.site, day, taken) for slot, taken in parts)
        rest -= sum(taken for _, taken in parts)
        kept = kept or any(used.sites.get(slot.site, 0) < slot.total for slot in slots)
        if not rest:
            break
    return tuple(plan), is_best


def _one_after_the_other(found: Slots, outlets: Sequence[Outlet], quantity: Micro, least: Micro, most: int) -> tuple[Shipment, ...]:
    """As much as can be as early as can be, where floors are kept by several sites together: each shipment is taken to see what is left.

    Nothing stays taken. With limits on shipments it keeps to them, and need not be the best.
    """
    stand = outlets[0].place.stand
    mark = stand.mark()
    plan: list[Shipment] = []
    rest = quantity
    for slot in found.slots:
        outlet = outlets[slot.site]
        room = outlet.room(slot.hop.ship)
        taken = min([rest, outlet.place.offers(slot.hop.pick), *([] if room is None else [room])])
        if taken >= least and len(plan) < most:
            outlet.take(slot.hop, taken)
            plan.append(Shipment(slot.site, slot.day, taken))
            rest -= taken
    stand.rollback(mark)
    return tuple(plan)


class Limits:
    """What shipments of a set, by their place in it, may be raised by together."""

    __slots__ = ("days", "members", "of", "of_day", "rooms")

    def __init__(self, days: Sequence[Day]) -> None:
        self.days = days
        self.of_day: defaultdict[Day, list[int]] = defaultdict(list)
        for number, day in enumerate(days):
            self.of_day[day].append(number)
        self.rooms: list[Micro] = []
        self.members: list[tuple[int, ...]] = []
        self.of: list[set[int]] = [set() for _ in days]
        """By shipment, the limits that it counts in."""

    def add(self, limit: Micro, least: Micro, members: tuple[int, ...]) -> None:
        """Some shipments, each of which has its minimum already, have a limit together."""
        for number in members:
            self.of[number].add(len(self.rooms))
        self.rooms.append(limit - least * len(members))
        self.members.append(members)


class _SearchWithin(Search):
    """Sets of shipments whose quantities keep to the periods as well."""

    def __init__(
        self,
        found: Slots,
        quantity: Micro,
        requested: Day,
        limits: tuple[Micro, int],
        effort: int,
        to_beat: Sequence[Sequence[Shipment]],
    ) -> None:
        """`to_beat`: plans that are known, of which those count that keep to the limits."""
        self.within = [slot for slot in found.slots if slot.total >= limits[0]]
        self.left = found.left
        self.common = found.common
        self.prepare(quantity, requested, [(slot.day, slot.site, slot.total) for slot in self.within], limits, effort)
        named = {(slot.day, slot.site): at for at, slot in enumerate(self.within)}
        for plan in to_beat:
            if len(plan) <= self.most and all(one.quantity >= self.least for one in plan):
                chosen = tuple(named[one.day, one.site] for one in plan)
                self._settle(chosen)
                self._keep(chosen, [one.quantity for one in plan])

    def _guess(self) -> None:
        """The same, and from then on how much can be promised at least is known."""
        super()._guess()
        if self.best_worth is not None:
            self.goal = -self.best_worth[0]
            self.to_come = self._least_late_to_come()

    def _promises(self, prefix: Prefix, first: int, room: int) -> bool:
        """The same, and within the periods in which all sites count, as if all sites were one."""
        return super()._promises(prefix, first, room) and self._beats(self._bound(prefix.chosen, first))

    def _bound(self, chosen: tuple[int, ...], first: int) -> Worth:
        left = list(self.left)
        caps: dict[int, Micro] = {}
        there = shipped = on_time = late = 0
        for at in (*chosen, *range(first, len(self.within))):
            slot = self.within[at]
            there += slot.total - caps.get(slot.site, 0)
            caps[slot.site] = slot.total
            periods = [number for number in slot.periods if number in self.common]
            gain = min([self.quantity - shipped, there - shipped, *(left[number] for number in periods)])
            for number in periods:
                left[number] -= gain
            shipped += gain
            if slot.day <= self.requested:
                on_time += gain
            else:
                late += gain * (slot.day - self.requested)
            self.effort -= 1
            if shipped >= self.quantity:
                break
        return -shipped, -on_time, late, len(chosen) + 1

    def _amounts(self, chosen: tuple[int, ...]) -> list[Micro] | None:
        """The minimum for each, the rest as early as possible; None when the minima do not fit."""
        spare = self.quantity - self.least * len(chosen)
        if spare < 0:
            return None
        limits = self._limits(chosen)
        if min(limits.rooms, default=0) < 0:
            return None
        amounts = [self.least] * len(chosen)
        for number in range(len(chosen)):
            while spare > 0 and (moved := self._raised(number, limits, amounts)):
                changes: Counter[int] = Counter()
                for at, change in moved.items():
                    for one in limits.of[at]:
                        changes[one] += change
                most = [limits.rooms[one] // change for one, change in changes.items() if change > 0]
                most.extend((amounts[at] - self.least) // -change for at, change in moved.items() if change < 0)
                more = min(spare, *most)
                if more <= 0:
                    break
                for one, change in changes.items():
                    limits.rooms[one] -= more * change
                for at, change in moved.items():
                    amounts[at] += more * change
                spare -= more
        return amounts

    def _limits(self, chosen: tuple[int, ...]) -> Limits:
        """What is left to the shipments of a set beyond the minimum of each: to those of a site up to each day, to those of a period."""
        found = Limits([self.within[at].day for at in chosen])
        by_site: defaultdict[int, list[int]] = defaultdict(list)
        by_period: defaultdict[int, list[int]] = defaultdict(list)
        for number, at in enumerate(chosen):
            slot = self.within[at]
            by_site[slot.site].append(number)
            found.add(slot.total, self.least, tuple(by_site[slot.site]))
            for period in slot.periods:
                by_period[period].append(number)
        for period, members in by_period.items():
            found.add(self.left[period], self.least, tuple(members))
        self.effort -= sum(map(len, found.members))
        return found

    def _raised(self, number: int, limits: Limits, amounts: Sequence[Micro]) -> dict[int, int]:
        """How a shipment can be raised: by itself, or as one before it gives way to another of its day, and so on; empty: not at all."""
        came: dict[int, tuple[int, int]] = {}
        queue = [number]
        for raised in queue:
            before, gave_way = came.get(raised, (-1, -1))
            kept = limits.of[gave_way] if before >= 0 else ()
            full = [one for one in limits.of[raised] if not limits.rooms[one] and one not in kept]
            self.effort -= len(limits.of[raised])
            if not full:
                moved: Counter[int] = Counter({raised: 1})
                while before >= 0:
                    moved[gave_way] -= 1
                    moved[before] += 1
                    before, gave_way = came.get(before, (-1, -1))
                return moved
            if self.effort <= 0:
                break
            members = min((limits.members[one] for one in full), key=len)
            self.effort -= len(members)
            for lower in members:
                if lower >= number or amounts[lower] <= self.least or not limits.of[lower].issuperset(full):
                    continue
                others = limits.of_day[limits.days[lower]]
                self.effort -= len(others)
                for other in others:
                    if other < number and other != lower and other not in came:
                        came[other] = raised, lower
                        queue.append(other)
        return {}
