"""When does what is picked at a site arrive at the customer, and when must it be picked to arrive in time (promising.md § 8)?

    pick     = first working day of the site >= the day asked for and >= the first day of handling
    ship     = first day >= pick + pick/pack working days of the site on which the site works and the carrier collects
    delivery = first receiving day of the customer >= ship + transit days on the carrier's calendar

A day counts at the place where it is lived: pick and ship at the site, delivery at the destination. Without a lane nobody
carries: delivery = ship. Each step never falls as its day grows, so going back takes the steps' inverses in turn.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from services.quote.domain.calendar import EVERY_DAY, THREE_YEARS, Calendar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import time

    from services.quote.domain.entry import Day


MEETING_DAYS: Final = 62
"""Days that are looked at for one on which ways that rest on different days deliver all of what ships complete."""


class Hop(NamedTuple):
    """The three days of a delivery; its claim is dated `pick`."""

    pick: Day
    ship: Day
    delivery: Day


@dataclass(frozen=True, slots=True)
class Way:
    """The way of a delivery from one site to one customer."""

    site_calendar: Calendar
    pick_pack_days: int
    """Working days of the site from pick to ship."""
    carrier_calendar: Calendar
    """The lane's: on its working days the carrier collects and travels; `EVERY_DAY` makes transit elapsed days."""
    transit_days: int
    """Working days of the carrier from ship to arrival."""
    receiving_calendar: Calendar
    """The days on which the customer receives; `EVERY_DAY` where nothing is said."""
    first_pick: Day | None
    """The first day on which picking can start, from `first_handling_day`; None where nothing limits it."""
    lane: str | None
    """None: no lane. Carrier, transit and receiving days are then not asked."""
    cost: int = 0
    """What the lane costs for a unit, in millionths of the company's currency."""
    is_immediate: bool = field(init=False, repr=False, compare=False)
    """Whether what is picked is shipped and delivered on the same day, on every day."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_immediate", self.lane is None and self.pick_pack_days == 0 and self.site_calendar.every_day)

    def deliver(self, pick: Day) -> Hop | None:
        """The hop of what is there to be picked from `pick` on; None when no day does within three years.

        The pick day is rounded up to a working day of the site, not before `first_pick`. Never falls as `pick` grows.
        """
        start = pick if self.first_pick is None or pick >= self.first_pick else self.first_pick
        if self.is_immediate:
            return Hop(start, start, start)
        first = self.site_calendar.on_or_after(start)
        return None if first is None else self._forward(first)

    def latest_pick(self, delivery: Day) -> Hop | None:
        """The latest hop that is delivered on or before the given day; None when there is none within three years.

        Its delivery is what `deliver` says of the pick day: earlier than the given day where that day is not a receiving
        day. The pick day may lie before `first_pick`, and is then too late to be met.
        """
        if self.is_immediate:
            return Hop(delivery, delivery, delivery)
        leave_by = delivery if self.lane is None else self._leave_by(delivery)
        pick = None if leave_by is None else self.latest_pick_to_ship(leave_by)
        return None if pick is None else self._forward(pick)

    def latest_pick_to_ship(self, by: Day) -> Day | None:
        """The latest day on which what leaves on or before a day can be picked; None when there is none within three years."""
        ship = self._ship_on_or_before(by)
        return None if ship is None else self.site_calendar.minus(ship, self.pick_pack_days)

    def _forward(self, pick: Day) -> Hop | None:
        """The hop of a working day of the site, whatever `first_pick` says."""
        packed = self.site_calendar.plus(pick, self.pick_pack_days)
        ship = None if packed is None else self._ship_on_or_after(packed)
        if ship is None:
            return None
        if self.lane is None:
            return Hop(pick, ship, ship)
        arrival = self.carrier_calendar.plus(ship, self.transit_days)
        delivery = None if arrival is None else self.receiving_calendar.on_or_after(arrival)
        return None if delivery is None else Hop(pick, ship, delivery)

    def _leave_by(self, delivery: Day) -> Day | None:
        """The latest day on which the carrier collects what is received by `delivery`."""
        received = self.receiving_calendar.on_or_before(delivery)
        arrival = None if received is None else self.carrier_calendar.on_or_before(received)
        return None if arrival is None else self.carrier_calendar.minus(arrival, self.transit_days)

    def _ship_on_or_after(self, day: Day) -> Day | None:
        """The first day on which the site works and, with a lane, the carrier collects."""
        found = self.site_calendar.on_or_after(day)
        if self.lane is None:
            return found
        while found is not None and found - day <= THREE_YEARS:
            if self.carrier_calendar.works(found):
                return found
            collected = self.carrier_calendar.on_or_after(found)
            found = None if collected is None else self.site_calendar.on_or_after(collected)
        return None

    def _ship_on_or_before(self, day: Day) -> Day | None:
        """The last day on which the site works and, with a lane, the carrier collects."""
        found = self.site_calendar.on_or_before(day)
        if self.lane is None:
            return found
        while found is not None and day - found <= THREE_YEARS:
            if self.carrier_calendar.works(found):
                return found
            collected = self.carrier_calendar.on_or_before(found)
            found = None if collected is None else self.site_calendar.on_or_before(collected)
        return None


def hop_by(way: Way, delivery: Day, today: Day) -> Hop | None:
    """The latest hop that is delivered on or before the day, if it can still be picked."""
    hop = way.latest_pick(delivery)
    return None if hop is None or hop.pick < (today if way.first_pick is None else max(way.first_pick, today)) else hop


def hop_after(way: Way, pick: Day) -> Hop | None:
    """The first delivery of what can be picked from `pick` on, picked as late as it allows; None when there is none in three years."""
    first = way.deliver(pick)
    if first is None:
        return None
    latest = way.latest_pick(first.delivery)
    return first if latest is None or latest.pick < first.pick else latest


def earliest_hop(way: Way, wanted: Day, ready: Day) -> Hop | None:
    """The delivery for a wanted day of what is there from `ready` on (not before today): by then, or the first one after."""
    hop = hop_by(way, wanted, ready)
    return hop_after(way, ready) if hop is None else hop


def hop_shipping_from(way: Way, ship: Day, ready: Day) -> Hop | None:
    """The first hop whose ship date is not before the day, of what can be picked from `ready` on; None when there is none."""
    too_early = way.latest_pick_to_ship(ship - 1)
    return hop_after(way, ready if too_early is None else max(ready, too_early + 1))


def immediate(today: Day) -> Way:
    """The way where nothing is said: every day from today on works, and what is picked is shipped and delivered on the same day."""
    return Way(EVERY_DAY, 0, EVERY_DAY, 0, EVERY_DAY, today, None)


def first_handling_day(calendar: Calendar, cut_offs: Sequence[time], local_now: datetime) -> Day | None:
    """The first day on which a site handles what is ordered at `local_now`, an aware instant in the site's time zone.

    That day itself if it works and the earliest of the cut-offs has not passed, to the whole second; otherwise the next
    working day; None when there is none within three years. A cut-off that exists twice on the day (clocks go back)
    passes the first time, so that the later order is never handled the earlier; one that does not exist (clocks go
    forward) passes with the jump. Both are safe under either reading. (choice)
    """
    today = local_now.toordinal()
    if not calendar.works(today):
        return calendar.on_or_after(today)
    return today if not cut_offs or _is_in_time(min(cut_offs), local_now) else calendar.on_or_after(today + 1)


def _is_in_time(cut_off: time, local_now: datetime) -> bool:
    """Whether the clock on the wall does not show more than the cut-off, nor has done so before on this day."""
    ordered = local_now.replace(microsecond=0)
    first_time = datetime.combine(ordered.date(), cut_off, ordered.tzinfo)
    return ordered.time() <= cut_off and ordered.astimezone(UTC) <= first_time.astimezone(UTC)
