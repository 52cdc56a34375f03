"""The best way to deliver a quantity in several shipments, not the greedy one (promising.md § 4).

Best: most promised, then most on time, then the smallest sum of quantity x days late, then fewest shipments, then the
plan that ships from the site that stands first.

An offer says how much one site can have shipped in total by each day. Every shipment holds at least the minimum, and
there are at most so many of them. Without such limits the best plan is known in closed form: ship on each day all that
may be shipped by then. With limits it is a search over sets of shipments: once the set is fixed, its best quantities
are again "the minimum each, the rest as early as possible" (the shipments that fit form a polymatroid, on which the
greedy choice is the best one), and what a set can become at best bounds the search.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.quote.domain.balance import Balance
    from services.quote.domain.book import Day, Micro

MOST_SETS: Final = 20_000
"""How many sets of shipments are looked at before the best one found so far is taken."""


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


def offer(free: Balance, start: Day, latest: Day | None, quantity: Micro) -> Offer:
    """What a site offers between `start` and `latest`: the steps of its ATP, up to `quantity`."""
    days: list[Day] = []
    totals: list[Micro] = []
    top = 0
    if latest is None or start <= latest:
        top = min(free.atp_on(start), quantity)
        if top > 0:
            days.append(start)
            totals.append(top)
        top = max(top, 0)
        for day, atp in zip(free.days, free.atp, strict=True):
            if top >= quantity or (latest is not None and day > latest):
                break
            if day > start and atp > top:
                top = min(atp, quantity)
                days.append(day)
                totals.append(top)
    return Offer(tuple(days), tuple(totals))


def best_split(
    quantity: Micro,
    requested: Day,
    offers: Sequence[Offer],
    min_ship: Micro | None = None,
    max_shipments: int | None = None,
    most_sets: int = MOST_SETS,
) -> tuple[Shipment, ...]:
    """The best shipments of at most `quantity`, by day and site; empty when nothing can be shipped.

    A minimum above the whole quantity means the whole quantity. Exact up to `most_sets` sets; beyond, the best found.
    """
    least = min(min_ship or 1, quantity)
    most = quantity // least if max_shipments is None else min(max_shipments, quantity // least)
    plan = _unlimited(quantity, offers)
    if len(plan) <= most and all(shipment.quantity >= least for shipment in plan):
        return plan
    return _Search(quantity, requested, offers, least, most, most_sets).best()


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
            more = _fewest(more, left)
        for site, gain in more:
            took = min(gain, left)
            left -= took
            plan.append(Shipment(site, day, took))
    return tuple(plan)


def _fewest(gains: list[tuple[int, Micro]], needed: Micro) -> list[tuple[int, Micro]]:
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


class _Search:
    """Sets of shipments, in the order of day and site, earlier shipments first, cut off where they cannot become better.

    Sets are tried so that among equals the one that ships first from the site that stands first is found first.
    """

    def __init__(self, quantity: Micro, requested: Day, offers: Sequence[Offer], least: Micro, most: int, most_sets: int) -> None:
        self.quantity = quantity
        self.requested = requested
        self.least = least
        self.most = most
        self.sets_left = most_sets
        enough = [day for one in offers for day, total in zip(one.days, one.totals, strict=True) if total >= quantity]
        horizon = min(enough, default=None)  # a shipment later than the first day on which one site can ship all is never better
        slots = [
            (day, site, total)
            for site, one in enumerate(offers)
            for day, total in zip(one.days, one.totals, strict=True)
            if total >= least and (horizon is None or day <= horizon)
        ]
        slots.sort()
        self.slots = slots
        self.best_worth: Worth | None = None
        self.best_set: tuple[int, ...] = ()
        self.best_amounts: list[Micro] = []

    def best(self) -> tuple[Shipment, ...]:
        """Search, then name the shipments of the best set."""
        if self.most > 0:
            self._extend(())
        found = zip(self.best_set, self.best_amounts, strict=True)
        return tuple(Shipment(self.slots[at][1], self.slots[at][0], amount) for at, amount in found)

    def _extend(self, chosen: tuple[int, ...]) -> None:
        if len(chosen) < self.most:
            for at in range(chosen[-1] + 1 if chosen else 0, len(self.slots)):
                if self.sets_left <= 0:
                    break
                longer = (*chosen, at)
                self.sets_left -= 1
                if self._fits(longer) and self._promises(longer):
                    self._extend(longer)
        if chosen:
            self._settle(chosen)

    def _fits(self, chosen: tuple[int, ...]) -> bool:
        """Whether the newest shipment can hold the minimum after those before it."""
        _, site, total = self.slots[chosen[-1]]
        same = sum(1 for at in chosen if self.slots[at][1] == site)
        return same * self.least <= total and len(chosen) * self.least <= self.quantity

    def _promises(self, chosen: tuple[int, ...]) -> bool:
        """Whether this set, with any later shipments, can still be better than the best one found."""
        if self.best_worth is None:
            return True
        caps: dict[int, Micro] = {}
        shipped = on_time = late = 0
        members = set(chosen)
        last = chosen[-1]
        room = self.most - len(chosen)
        for at, (day, site, total) in enumerate(self.slots):
            if at in members or (at > last and room > 0):
                gain = min(total - caps.get(site, 0), self.quantity - shipped)
                caps[site] = total
                if gain > 0:
                    shipped += gain
                    if day <= self.requested:
                        on_time += gain
                    else:
                        late += gain * (day - self.requested)
        return (-shipped, -on_time, late, len(chosen)) < self.best_worth

    def _settle(self, chosen: tuple[int, ...]) -> None:
        """The best quantities for this set, if it is better than the best one found."""
        amounts = self._amounts(chosen)
        shipped = sum(amounts)
        on_time = late = 0
        for at, amount in zip(chosen, amounts, strict=True):
            day = self.slots[at][0]
            if day <= self.requested:
                on_time += amount
            else:
                late += amount * (day - self.requested)
        worth = (-shipped, -on_time, late, len(chosen))
        if self.best_worth is None or worth < self.best_worth:
            self.best_worth, self.best_set, self.best_amounts = worth, chosen, amounts

    def _amounts(self, chosen: tuple[int, ...]) -> list[Micro]:
        """The minimum for each, the rest as early as possible."""
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
        amounts = []
        spare = self.quantity - self.least * len(chosen)
        extra: dict[int, Micro] = {}
        for number, at in enumerate(chosen):
            site = self.slots[at][1]
            more = min(spare, slack[number] - extra.get(site, 0))
            extra[site] = extra.get(site, 0) + more
            spare -= more
            amounts.append(self.least + more)
        return amounts
