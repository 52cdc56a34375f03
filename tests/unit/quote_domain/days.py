"""Working days and ways, found the slow way: one day after another."""

from collections.abc import Mapping
from dataclasses import dataclass

from hypothesis import strategies as st

from services.quote.domain.calendar import EVERY_DAY, Calendar
from services.quote.domain.dates import Way
from tests.unit.quote_domain.builders import TODAY

THREE_YEARS = 1096
REACH = 30
"""The exceptions of a random calendar, and the days asked for, lie so near to today."""
LOOK_BACK = 300
"""A random way takes less: nine working days of one a week, a closed month either side, and some."""

DAYS = st.integers(TODAY - REACH, TODAY + REACH)


@dataclass(frozen=True)
class Slow:
    """A calendar that looks at every day."""

    weekly: tuple[int, ...]
    days: Mapping[int, int]

    def works(self, day: int) -> bool:
        monday_first = (day + 6) % 7
        return self.days.get(day, self.weekly[monday_first]) > 0

    def on_or_after(self, day: int) -> int | None:
        return next((later for later in range(day, day + THREE_YEARS + 1) if self.works(later)), None)

    def on_or_before(self, day: int) -> int | None:
        return next((earlier for earlier in range(day, day - THREE_YEARS - 1, -1) if self.works(earlier)), None)

    def plus(self, day: int, working_days: int) -> int | None:
        found = self.on_or_after(day) if working_days == 0 else day
        for _ in range(working_days):
            found = None if found is None else self.on_or_after(found + 1)
        return found

    def minus(self, day: int, working_days: int) -> int | None:
        found = self.on_or_before(day) if working_days == 0 else day
        for _ in range(working_days):
            found = None if found is None else self.on_or_before(found - 1)
        return found


def slow(calendar: Calendar) -> Slow:
    return Slow(calendar.weekly, calendar.days)


def slow_forward(way: Way, start: int) -> tuple[int, int, int] | None:
    """promising.md § 8 read aloud, from the first day on which there is something to pick."""
    site, carrier = slow(way.site_calendar), slow(way.carrier_calendar)
    pick = site.on_or_after(start)
    packed = None if pick is None else site.plus(pick, way.pick_pack_days)
    if pick is None or packed is None:
        return None
    days = range(packed, packed + THREE_YEARS + 1)
    ship = next((day for day in days if site.works(day) and (way.lane is None or carrier.works(day))), None)
    if ship is None:
        return None
    if way.lane is None:
        return pick, ship, ship
    arrival = carrier.plus(ship, way.transit_days)
    delivery = None if arrival is None else slow(way.receiving_calendar).on_or_after(arrival)
    return None if delivery is None else (pick, ship, delivery)


def slow_latest(way: Way, delivery: int) -> tuple[int, int, int] | None:
    """Of all days on which the site can pick, the last that arrives in time."""
    site = slow(way.site_calendar)
    for pick in range(delivery, delivery - LOOK_BACK, -1):
        if site.works(pick):
            found = slow_forward(way, pick)
            if found is not None and found[2] <= delivery:
                return found
    return None


MINUTES = st.sampled_from([0, 0, 240, 480])
EXCEPTIONS = st.dictionaries(DAYS, MINUTES, max_size=12)


def closed_from(first: int, days: int) -> dict[int, int]:
    """A holiday of so many days."""
    return dict.fromkeys(range(first, first + days), 0)


CALENDARS = st.one_of(
    st.builds(Calendar, st.tuples(*[MINUTES] * 7), EXCEPTIONS),
    st.builds(Calendar, st.just((480, 480, 480, 480, 480, 0, 0)), EXCEPTIONS),
    st.builds(Calendar, st.just((0,) * 7), EXCEPTIONS),
    st.builds(Calendar, st.just((480,) * 7), st.builds(closed_from, DAYS, st.integers(0, 20))),
    st.just(EVERY_DAY),
)
"""Ordinary weeks, single weekdays, nothing but a few days, holidays, and none at all."""

WAYS = st.builds(
    Way,
    site_calendar=CALENDARS,
    pick_pack_days=st.integers(0, 4),
    carrier_calendar=CALENDARS,
    transit_days=st.integers(0, 5),
    receiving_calendar=CALENDARS,
    first_pick=st.none(),
    lane=st.sampled_from(["LANE", "LANE", None]),
)
