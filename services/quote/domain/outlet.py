"""A site from which a line may be served, and the way from there: what can be delivered by when (promising.md § 8).

Books count in pick days, customers in delivery days; the way turns one into the other. What is delivered on a day is
picked as late as that allows, so that what comes earlier stays free for others.

    by(d)       = the latest hop with delivery <= d and pick >= the first day of handling
    earliest(q) = by(wanted) where ATP(its pick day) >= q, else the first hop after the day from which ATP >= q
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from services.quote.domain.book import Day, Micro
    from services.quote.domain.dates import Way
    from services.quote.domain.place import Place


class Hop(NamedTuple):
    """The three days of a delivery; its claim is dated `pick`."""

    pick: Day
    ship: Day
    delivery: Day


class Outlet:
    """One book and one way from it to the customer."""

    __slots__ = ("place", "way")

    def __init__(self, place: Place, way: Way) -> None:
        """The way's first pick day is not before the place's today."""
        self.place = place
        self.way = way

    @property
    def site(self) -> str:
        """Where it ships from."""
        return self.place.site

    @property
    def first_pick(self) -> Day:
        """The first day on which anything can be picked."""
        first = self.way.first_pick
        return self.place.today if first is None else max(first, self.place.today)

    def by(self, delivery: Day) -> Hop | None:
        """The latest hop that is delivered on or before the day, if it can still be picked."""
        hop = self.way.latest_pick(delivery)
        return None if hop is None or hop[0] < self.first_pick else Hop(*hop)

    def after(self, pick: Day) -> Hop | None:
        """The first delivery of what can be picked from `pick` on, picked as late as it allows; None when there is none in three years."""
        first = self.way.deliver(max(pick, self.first_pick))
        if first is None:
            return None
        latest = self.way.latest_pick(first[2])
        return Hop(*first) if latest is None or latest[0] < first[0] else Hop(*latest)

    def wanted(self, delivery: Day) -> Hop | None:
        """The hop for a wanted day: by then, or the first one possible."""
        return self.by(delivery) or self.after(self.first_pick)

    def earliest(self, quantity: Micro, wanted: Day) -> Hop | None:
        """The first hop, wanted or later, by which the whole quantity may be taken from what is known."""
        ready = self.place.earliest(quantity, self.place.today)
        if ready is None:
            return None
        hop = self.by(wanted)
        return hop if hop is not None and hop.pick >= ready else self.after(ready)

    def offers_by(self, delivery: Day) -> Micro:
        """What can be delivered by a day, at least 0."""
        hop = self.by(delivery)
        return 0 if hop is None else self.place.offers(hop.pick)

    def days_of_change(self, wanted: Day) -> Iterator[Day]:
        """The delivery days, from the wanted one on, at which what can be delivered may grow, ascending; worked out as asked for."""
        first = self.wanted(wanted)
        if first is None:
            return
        last = max(first.delivery, wanted)
        yield last
        days: Sequence[Day] = self.place.free.days
        if self.place.plans:
            days = sorted({*days, *(plan.usable for plan in self.place.plans.values())})
        for at in range(bisect_right(days, first.pick), len(days)):
            hop = self.after(days[at])
            if hop is not None and hop.delivery > last:
                last = hop.delivery
                yield last
