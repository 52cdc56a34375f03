"""A site from which a line may be served, and the way from there: what can be delivered by when (promising.md § 8).

Books count in pick days, customers in delivery days; the way turns one into the other. What is delivered on a day is
picked as late as that allows, so that what comes earlier stays free for others.

    by(d)       = the latest hop with delivery <= d and pick >= the first day of handling
    earliest(q) = by(wanted) where ATP(its pick day) >= q, else the first hop after the day from which ATP >= q
"""

from __future__ import annotations

from bisect import bisect_right
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Final

from services.quote.domain.calendar import THREE_YEARS
from services.quote.domain.dates import hop_after, hop_shipping_from

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from services.quote.domain.allocation import Bucket
    from services.quote.domain.dates import Hop, Way
    from services.quote.domain.entry import Day, Micro
    from services.quote.domain.place import Place


MOST_PERIODS: Final = 400
"""Periods of a ceiling that one line looks into."""


class Outlet:
    """One book and one way from it to the customer."""

    __slots__ = ("ceilings", "first_pick", "is_bound", "place", "site", "way")

    def __init__(self, place: Place, way: Way, ceilings: tuple[Bucket, ...] = ()) -> None:
        """The way's first pick day is not before the place's today. `ceilings` bind what leaves here, by its ship date."""
        self.place = place
        self.way = way
        self.ceilings = ceilings
        self.site = place.site
        first = way.first_pick
        self.first_pick: Day = first if first is not None and first > place.today else place.today
        """The first day on which anything can be picked."""
        self.is_bound = bool(ceilings) or place.is_floored
        """Whether an allocation has a word in what leaves here."""

    def by(self, delivery: Day) -> Hop | None:
        """The latest hop that is delivered on or before the day, if it can still be picked."""
        hop = self.way.latest_pick(delivery)
        return None if hop is None or hop.pick < self.first_pick else hop

    def after(self, pick: Day) -> Hop | None:
        """The first delivery of what can be picked from `pick` on, picked as late as it allows; None when there is none in three years."""
        return hop_after(self.way, max(pick, self.first_pick))

    def wanted(self, delivery: Day, quantity: Micro = 0) -> Hop | None:
        """The hop for a wanted day: by then, or the first one possible; with a quantity, the first for which ceilings leave it."""
        hop = self.by(delivery) or self.after(self.first_pick)
        return self.admitted(hop, quantity) if self.ceilings and hop is not None else hop

    def earliest(self, quantity: Micro, wanted: Day) -> Hop | None:
        """The first hop, wanted or later, by which the whole quantity may be taken from what is known."""
        hop = self.ready(self.place.earliest(quantity, self.place.today), wanted)
        return self.admitted(hop, quantity) if self.ceilings and hop is not None else hop

    def ready(self, day: Day | None, wanted: Day) -> Hop | None:
        """The first hop, wanted or later, of what is there on a day."""
        if day is None:
            return None
        hop = self.by(wanted)
        return hop if hop is not None and hop.pick >= day else self.after(day)

    def keeps_bounds(self, hop: Hop) -> bool:
        """Whether what was taken for a hop is no more than ceilings leave, and nothing that several sites keep for others."""
        if any((left := bucket.left(hop.ship)) is not None and left < 0 for bucket in self.ceilings):
            return False
        return self.place.guard is None or self.place.guard.holds()

    # -- within ceilings

    def room(self, ship: Day) -> Micro | None:
        """What ceilings leave for a ship date; None where none binds."""
        rooms = [left for bucket in self.ceilings if (left := bucket.left(ship)) is not None]
        return max(0, min(rooms)) if rooms else None

    def admitted(self, hop: Hop, quantity: Micro) -> Hop | None:
        """The hop, or the first later one for whose ship date every ceiling leaves the quantity."""
        at: Hop | None = hop
        while at is not None:
            opens = [bucket.opens(at.ship, quantity) for bucket in self.ceilings]
            latest = max((day for day in opens if day is not None), default=at.ship)
            if None in opens:
                return None
            if latest == at.ship:
                return at
            at = self.shipping_from(latest)
        return None

    def shipping_from(self, ship: Day) -> Hop | None:
        """The first hop whose ship date is not before the day."""
        return hop_shipping_from(self.way, ship, self.first_pick)

    def take(self, hop: Hop, quantity: Micro) -> int:
        """Take a quantity for a hop, from its book and from what ceilings leave; the answer names it for the place's `pegs`."""
        for bucket in self.ceilings:
            bucket.take(hop.ship, quantity)
            self.place.stand.remember(partial(bucket.take, hop.ship, -quantity))
        return self.place.take(hop.pick, quantity)

    def offers_by(self, delivery: Day) -> Micro:
        """What can be delivered by a day, at least 0."""
        hop = self.by(delivery)
        if hop is None or not self.ceilings:
            return 0 if hop is None else self.place.offers(hop.pick)
        room = self.room(hop.ship)
        offered = self.place.offers(hop.pick)
        return offered if room is None else min(room, offered)

    def days_of_change(self, wanted: Day) -> Iterator[Day]:
        """The delivery days, from the wanted one on, at which what can be delivered may grow, ascending; worked out as asked for."""
        first = self.wanted(wanted)
        if first is None:
            return
        if self.ceilings:
            yield from self._days_within(first, wanted)
            return
        last = max(first.delivery, wanted)
        yield last
        days: Sequence[Day] = self.place.days()
        if self.place.plans:
            days = sorted({*days, *(plan.usable for plan in self.place.plans.values())})
        for at in range(bisect_right(days, first.pick), len(days)):
            hop = self.after(days[at])
            if hop is not None and hop.delivery > last:
                last = hop.delivery
                yield last

    def _days_within(self, first: Hop, wanted: Day) -> list[Day]:
        """The same where ceilings bind: also the days on which a period begins."""
        days = {max(first.delivery, wanted)}
        for day in (*self.place.days(), *(plan.usable for plan in self.place.plans.values())):
            if day > first.pick and (hop := self.after(day)) is not None:
                days.add(max(hop.delivery, wanted))
        for bucket in self.ceilings:
            days.update(max(hop.delivery, wanted) for hop in self._openings(bucket, first.ship))
        return sorted(days)

    def _openings(self, bucket: Bucket, ship: Day) -> Iterator[Hop]:
        """The first hop into each later period of a ceiling, up to one after which each leaves the same as the one before it."""
        last = max(self.place.days()[-1], bucket.settled_from)
        for start in islice(bucket.starts(ship), MOST_PERIODS):
            hop = self.shipping_from(start)
            if hop is not None:
                yield hop
            if start > last:
                break
        ends = bucket.allocation.last + 1
        if ship < ends <= ship + THREE_YEARS and (hop := self.shipping_from(ends)) is not None:
            yield hop
