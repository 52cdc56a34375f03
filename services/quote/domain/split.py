"""The best way to deliver a quantity in several shipments, not the greedy one (promising.md § 4).

Best: most promised, then most on time, then the smallest sum of quantity x days late, then fewest shipments, then the
plan that ships from the site that stands first.

An offer says how much one site can have shipped in total by each day. Every shipment holds at least the minimum, and
there are at most so many of them. Without such limits the best plan is known in closed form: ship on each day all that
may be shipped by then. With limits it is a search over sets of shipments: once the set is fixed, its best quantities
are again "the minimum each, the rest as early as possible" (the shipments that fit form a polymatroid, on which the
greedy choice is the best one). What a set can become at best, first without limits, then with the number of shipments
it has left, bounds the search.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.quote.domain.entry import Day, Micro

EFFORT: Final = 200_000
"""How many shipments a search may look at (some millions a second) before the best plan found so far is taken."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What one site can have shipped by each day: ascending days, ascending totals, all above 0."""

    days: tuple[Day, ...]
    totals: tuple[Micro, ...]


@dataclass(frozen=True, slots=True)
class Shipment:
    """A quantity that leaves one site (by its place in the offers) on one day."""

    site: int
    day: Day
    quantity: Micro


def best_split(
    quantity: Micro,
    requested: Day,
    offers: Sequence[Offer],
    min_ship: Micro | None = None,
    max_shipments: int | None = None,
    effort: int = EFFORT,
) -> tuple[tuple[Shipment, ...], bool]:
    """The best shipments of at most `quantity`, by day and site (none when nothing can be shipped); and whether the search was cut.

    No offer begins before `requested`. A minimum above the whole quantity means the whole quantity. A search that is cut needed more
    than `effort` to see everything, and has the best plan found by then.
    """
    least = min(min_ship or 1, quantity)
    most = quantity // least if max_shipments is None else min(max_shipments, quantity // least)
    plan = _unlimited(quantity, offers)
    if len(plan) <= most and all(shipment.quantity >= least for shipment in plan):
        return plan, False
    search = search_of(quantity, requested, offers, (least, most), effort)
    return search.best(), search.effort <= 0


def search_of(quantity: Micro, requested: Day, offers: Sequence[Offer], limits: tuple[Micro, int], effort: int) -> Search:
    """A search among what the offers hold."""
    enough = [day for one in offers for day, total in zip(one.days, one.totals, strict=True) if total >= quantity]
    horizon = min(enough, default=None)  # a shipment later than the first day on which one site can ship all is never better
    slots = sorted(
        (day, site, total)
        for site, one in enumerate(offers)
        for day, total in zip(one.days, one.totals, strict=True)
        if total >= limits[0] and (horizon is None or day <= horizon)
    )
    last = {site: total for _, site, total in slots}
    goal = min(quantity, sum(sorted(last.values(), reverse=True)[: limits[1]]))  # the last totals of as many sites as may ship
    found = Search()
    found.prepare(quantity, requested, slots, limits, effort, goal)
    return found


def _unlimited(quantity: Micro, offers: Sequence[Offer]) -> tuple[Shipment, ...]:
    """Ship on each day all that may be shipped by then; on the last day from as few sites as can do it."""
    steps: dict[Day, list[tuple[int, Micro]]] = {}
    for site, one in enumerate(offers):
        before = 0
        for day, total in zip(one.days, one.totals, strict=True):
            steps.setdefault(day, []).append((site, total - before))
            before = total
    plan: list[Shipment] = []
    left = quantity
    for day in sorted(steps):
        if left <= 0:
            break
        more = steps[day]
        if sum(gain for _, gain in more) > left:
            more = fewest(more, left)
        for site, gain in more:
            took = min(gain, left)
            left -= took
            plan.append(Shipment(site, day, took))
    return tuple(plan)


def fewest(gains: list[tuple[int, Micro]], needed: Micro) -> list[tuple[int, Micro]]:
    """As few sites as can give `needed` together; among such sets the one that comes first in site order."""
    largest = sorted((gain for _, gain in gains), reverse=True)
    count, total = 0, 0
    while total < needed:
        total += largest[count]
        count += 1
    chosen: list[tuple[int, Micro]] = []
    for at, (site, gain) in enumerate(gains):
        rest = sorted((later for _, later in gains[at + 1 :]), reverse=True)[: count - len(chosen) - 1]
        if gain + sum(rest) >= needed:
            chosen.append((site, gain))
            needed -= gain
            if len(chosen) == count:
                break
    return chosen


Worth = tuple[int, int, int, int]
"""To be made as small as possible: -promised, -on time, sum of quantity x days late, shipments."""

_DEEPEST: Final = 200
"""No set of more shipments is searched; larger ones are guessed."""

_COUNTED: Final = 6
"""Up to so many shipments to come, their number is part of the bound."""


@dataclass(frozen=True, slots=True)
class Prefix:
    """The shipments chosen so far, and the most that they can carry."""

    chosen: tuple[int, ...]
    caps: dict[int, Micro]
    shipped: Micro
    on_time: Micro
    late: int
    day: Day


class Search:
    """Sets of shipments in the order of day and site, earlier shipments first, cut off where they cannot become better.

    Sets are tried so that among equals the one that ships first from the site that stands first is found first.
    """

    def prepare(
        self, quantity: Micro, requested: Day, slots: list[tuple[Day, int, Micro]], limits: tuple[Micro, int], effort: int, goal: Micro = 0
    ) -> None:
        """Look among shipments by day and site. `goal`: what the best plan promises at least, as far as that is known."""
        self.quantity = quantity
        self.requested = requested
        self.least, self.most = limits
        self.effort = effort
        self.slots = slots
        self.days = [day for day, _, _ in slots]
        self.goal = goal
        self.to_come = self._least_late_to_come() if goal else []
        self.best_worth: Worth | None = None
        self.best_set: tuple[int, ...] = ()
        self.best_amounts: list[Micro] = []
        self.in_order = False
        """Whether the best plan was met in the order of the search, so that its equals lose."""

    def best(self) -> tuple[Shipment, ...]:
        """Guess, search, then name the shipments of the best set."""
        if self.most > 0 and self.slots:
            self._guess()
            self._extend(Prefix((), {}, 0, 0, 0, self.requested))
        found = zip(self.best_set, self.best_amounts, strict=True)
        return tuple(Shipment(self.slots[at][1], self.slots[at][0], amount) for at, amount in found)

    def _least_late_to_come(self) -> list[dict[Day, int | None]]:
        """By number of shipments to come and day: the least quantity x days still to be late, if all sites had shipped all they can.

        As if all sites were one: that can only be better. None where the goal cannot be reached any more.
        """
        together: dict[Day, Micro] = {}
        caps: dict[int, Micro] = {}
        for day, site, total in self.slots:
            caps[site] = total
            together[day] = min(self.goal, sum(caps.values()))
        days = list(together)
        table: list[dict[Day, int | None]] = [{day: 0 if together[day] >= self.goal else None for day in days}]
        for _ in range(min(self.most - 1, _COUNTED)):
            fewer = table[-1]
            row: dict[Day, int | None] = {}
            for at, day in enumerate(days):
                missing = self.goal - together[day]
                row[day] = 0 if missing <= 0 else self._least_wait(missing, day, days, at + 1, fewer)
            table.append(row)
        return table

    def _least_wait(self, missing: Micro, since: Day, days: Sequence[Day], first: int, to_come: dict[Day, int | None]) -> int | None:
        """The least quantity x days that `missing` units are late from `since` on, the next shipment leaving on `days[first]` or later."""
        least: int | None = None
        at = first
        for at in range(first, len(days)):
            day = days[at]
            waited = missing * (day - since) if day > since else 0
            if least is not None and waited >= least:
                break
            after = to_come[day]
            if after is not None and (least is None or waited + after < least):
                least = waited + after
        self.effort -= at - first
        return least

    def _guess(self) -> None:
        """A plan to beat: the last days of the sites that promise most, or all that is early; then any shipment that helps."""
        last = {site: at for at, (_, site, _) in enumerate(self.slots)}
        largest = sorted(last.values(), key=lambda at: -self.slots[at][2])
        for count in range(1, min(self.most, len(largest)) + 1):
            self._settle(tuple(sorted(largest[:count])))
        early: list[int] = []
        counts: dict[int, int] = {}
        for at, (_, site, total) in enumerate(self.slots):
            same = counts.get(site, 0) + 1
            if len(early) < min(self.most, self.quantity // self.least) and same * self.least <= total:
                early.append(at)
                counts[site] = same
        self._settle(tuple(early))
        enough, better = self.effort // 2, True
        while better and self.effort > enough:
            before, base = self.best_worth, self.best_set
            for at in range(len(self.slots)):
                if at in base or self.effort <= enough:
                    continue
                if len(base) < self.most:
                    self._settle(tuple(sorted((*base, at))))
                for out in base[-_COUNTED:]:
                    self._settle(tuple(sorted({*base, at} - {out})))
            better = self.best_worth != before

    def _extend(self, prefix: Prefix) -> None:
        chosen = prefix.chosen
        room = self.most - len(chosen)
        if room > 0 and len(chosen) < _DEEPEST and (len(chosen) + 1) * self.least <= self.quantity:
            for at in range(chosen[-1] + 1 if chosen else 0, len(self.slots)):
                if self.effort <= 0 or not self._promises(prefix, at, room):
                    break
                longer = self._with(prefix, at)
                if longer is not None:
                    self._extend(longer)
        if chosen:
            self._settle(chosen, in_order=True)

    def _with(self, prefix: Prefix, at: int) -> Prefix | None:
        """One shipment more, or None when it could not hold the minimum after those before it."""
        day, site, total = self.slots[at]
        self.effort -= 2 * len(prefix.chosen)
        same = 1 + sum(1 for other in prefix.chosen if self.slots[other][1] == site)
        if same * self.least > total:
            return None
        caps = dict(prefix.caps)
        gain = self._gain(caps, at, prefix.shipped)
        on_time = gain if day <= self.requested else 0
        late = 0 if day <= self.requested else gain * (day - self.requested)
        return Prefix(
            (*prefix.chosen, at),
            caps,
            prefix.shipped + gain,
            prefix.on_time + on_time,
            prefix.late + late,
            max(day, prefix.day),
        )

    def _gain(self, caps: dict[int, Micro], at: int, shipped: Micro) -> Micro:
        """What a shipment adds at most after those before it, whose totals `caps` keeps by site."""
        _, site, total = self.slots[at]
        gain = min(total - caps.get(site, 0), self.quantity - shipped)
        caps[site] = total
        return gain

    def _promises(self, prefix: Prefix, first: int, room: int) -> bool:
        """Whether the shipments chosen, with later ones from `first` on, can still be better than the best plan found."""
        caps = dict(prefix.caps)
        shipped, on_time, late = prefix.shipped, prefix.on_time, prefix.late
        for at in range(first, len(self.slots)):
            day = self.slots[at][0]
            self.effort -= 1
            gain = self._gain(caps, at, shipped)
            shipped += gain
            if day <= self.requested:
                on_time += gain
            else:
                late += gain * (day - self.requested)
            if shipped >= self.quantity:
                break
        if shipped < self.goal or not self._beats((-shipped, -on_time, late, len(prefix.chosen) + 1)):
            return False
        missing = self.goal - prefix.shipped
        if missing > 0 and room <= len(self.to_come):
            waited = self._least_wait(missing, prefix.day, self.days, first, self.to_come[room - 1])
            if waited is None:
                return False
            late = max(late, prefix.late + missing * (prefix.day - self.requested) + waited)
        return self._beats((-shipped, -on_time, late, len(prefix.chosen) + 1))

    def _beats(self, bound: Worth) -> bool:
        return self.best_worth is None or bound < self.best_worth or (bound == self.best_worth and not self.in_order)

    def _settle(self, chosen: tuple[int, ...], *, in_order: bool = False) -> None:
        """The best quantities for this set, if it is better than the best plan found."""
        self.effort -= 4 * len(chosen)
        amounts = self._amounts(chosen)
        if amounts is not None:
            self._keep(chosen, amounts, in_order=in_order)

    def _keep(self, chosen: tuple[int, ...], amounts: list[Micro], *, in_order: bool = False) -> None:
        """These quantities, if they are better than the best plan found."""
        shipped = sum(amounts)
        on_time = late = 0
        for at, amount in zip(chosen, amounts, strict=True):
            day = self.slots[at][0]
            if day <= self.requested:
                on_time += amount
            else:
                late += amount * (day - self.requested)
        worth = (-shipped, -on_time, late, len(chosen))
        if self.best_worth is None or worth < self.best_worth or (in_order and not self.in_order and worth == self.best_worth):
            self.best_worth, self.best_set, self.best_amounts = worth, chosen, amounts
            self.in_order = in_order

    def _amounts(self, chosen: tuple[int, ...]) -> list[Micro] | None:
        """The minimum for each, the rest as early as possible; None when the minima do not fit."""
        slack = [0] * len(chosen)
        count: dict[int, int] = {}
        for number, at in enumerate(chosen):
            _, site, total = self.slots[at]
            count[site] = count.get(site, 0) + 1
            slack[number] = total - count[site] * self.least
        lowest: dict[int, Micro] = {}
        for number in range(len(chosen) - 1, -1, -1):
            site = self.slots[chosen[number]][1]
            lowest[site] = slack[number] = min(slack[number], lowest.get(site, slack[number]))
        spare = self.quantity - self.least * len(chosen)
        if spare < 0 or min(slack) < 0:
            return None
        amounts = []
        extra: dict[int, Micro] = {}
        for number, at in enumerate(chosen):
            site = self.slots[at][1]
            more = min(spare, slack[number] - extra.get(site, 0))
            extra[site] = extra.get(site, 0) + more
            spare -= more
            amounts.append(self.least + more)
        return amounts
