"""Ways forward and backward against every day tried in turn, and cut-off times on days that miss an hour or have one twice."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.quote.domain.calendar import EVERY_DAY, NEVER, Calendar
from services.quote.domain.dates import Hop, Way, earliest_hop, first_handling_day, hop_after, hop_by, hop_shipping_from, immediate
from tests.unit.quote_domain.builders import TODAY
from tests.unit.quote_domain.days import CALENDARS, DAYS, REACH, WAYS, slow_forward, slow_latest

WEEKDAYS = Calendar((480, 480, 480, 480, 480, 0, 0), {})
BERLIN, NEW_YORK, LORD_HOWE = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")


def on(*weekdays: int) -> Calendar:
    """A calendar of these weekdays alone, Monday being 0."""
    return Calendar(tuple(480 if weekday in weekdays else 0 for weekday in range(7)), {})


def day(said: str) -> int:
    return date.fromisoformat(said).toordinal()


def said(found: tuple[int, int, int] | None) -> list[str]:
    """Pick, ship and delivery date as the first week of December 2026 says them: `Tue 1`."""
    return [] if found is None else [f"{date.fromordinal(one):%a} {date.fromordinal(one).day}" for one in found]


def a_way(**parts: object) -> Way:
    """A lane with transit on the next day, every day, and a site that ships what it picks."""
    plain = Way(EVERY_DAY, 0, EVERY_DAY, 1, EVERY_DAY, None, "LANE")
    return replace(plain, **parts)  # type: ignore[arg-type]


# -- forward


@given(WAYS, DAYS, st.none() | DAYS)
def test_a_way_forward_is_the_one_found_day_by_day(way: Way, pick: int, first_pick: int | None) -> None:
    start = pick if first_pick is None else max(pick, first_pick)
    assert replace(way, first_pick=first_pick).deliver(pick) == slow_forward(way, start)


@given(WAYS, st.none() | DAYS)
def test_who_is_picked_later_is_not_delivered_earlier(way: Way, first_pick: int | None) -> None:
    way = replace(way, first_pick=first_pick)
    found = [way.deliver(TODAY + offset) for offset in range(-REACH, REACH)]
    for before, after in pairwise(one for one in found if one is not None):
        assert all(early <= late for early, late in zip(before, after, strict=True))


# -- backward


@given(WAYS, DAYS)
def test_a_way_backward_is_the_last_of_all_that_arrive_in_time(way: Way, delivery: int) -> None:
    assert way.latest_pick(delivery) == slow_latest(way, delivery)


@given(WAYS, DAYS)
def test_forward_of_backward_is_not_after_the_requested_day(way: Way, delivery: int) -> None:
    found = way.latest_pick(delivery)
    if found is not None:
        assert found[2] <= delivery
        assert way.deliver(found[0]) == found


@given(WAYS, DAYS)
def test_no_later_ship_day_satisfies_the_requested_day(way: Way, delivery: int) -> None:
    """Whatever is picked later ships later, and arrives after the requested day."""
    found = way.latest_pick(delivery)
    for pick in range(delivery - REACH if found is None else found[0] + 1, delivery + 1):
        later = way.deliver(pick)
        assert later is None or later[2] > delivery
        assert later is None or found is None or later[1] > found[1]


@given(WAYS, DAYS)
def test_a_claim_is_dated_the_latest_pick_day_that_makes_its_delivery(way: Way, pick: int) -> None:
    found = way.deliver(pick)
    if found is not None:
        latest = way.latest_pick(found[2])
        assert latest is not None
        assert latest[2] == found[2]
        assert latest[0] >= found[0]
        following = way.deliver(latest[0] + 1)
        assert following is None or following[2] > found[2]


@given(WAYS, DAYS, DAYS)
def test_the_way_backward_does_not_look_at_the_first_day_of_handling(way: Way, delivery: int, first_pick: int) -> None:
    assert replace(way, first_pick=first_pick).latest_pick(delivery) == way.latest_pick(delivery)


@given(WAYS)
def test_who_asks_for_a_later_day_is_not_picked_earlier(way: Way) -> None:
    found = [way.latest_pick(TODAY + offset) for offset in range(-REACH, REACH)]
    for before, after in pairwise(one for one in found if one is not None):
        assert all(early <= late for early, late in zip(before, after, strict=True))


# -- for a wanted day, and from a day on


def hops(way: Way, ready: int) -> list[Hop]:
    """Every way of what is there from `ready` on, as far as a random calendar reaches, in the order of picking."""
    found = (way.deliver(pick) for pick in range(ready, TODAY + 3 * REACH))
    return sorted({one for one in found if one is not None})


@given(WAYS, DAYS, DAYS, st.none() | DAYS)
def test_by_a_wanted_day_the_last_comes_that_can_still_be_picked_and_after_it_the_first(
    way: Way, wanted: int, ready: int, first_pick: int | None
) -> None:
    way = replace(way, first_pick=first_pick)
    known = hops(way, ready)
    in_time = [one for one in known if one.delivery <= wanted]
    assert hop_by(way, wanted, ready) == (in_time[-1] if in_time else None)
    first = [one for one in known if one.delivery == known[0].delivery]
    assert hop_after(way, ready) == (first[-1] if first else None)
    best = in_time or first
    assert earliest_hop(way, wanted, ready) == (best[-1] if best else None)


@given(WAYS, DAYS, DAYS)
@example(
    Way(Calendar((480,) * 7, dict.fromkeys(range(TODAY + 2, TODAY + 60), 0)), 2, EVERY_DAY, 0, EVERY_DAY, None, None), TODAY + 60, TODAY
)
def test_what_ships_from_a_day_on_is_the_first_that_does_picked_as_late_as_its_delivery_allows(way: Way, ship: int, ready: int) -> None:
    known = hops(way, ready)
    first = next((one for one in known if one.ship >= ship), None)
    expected = None if first is None else [one for one in known if one.delivery == first.delivery][-1]
    assert hop_shipping_from(way, ship, ready) == expected


# -- in words


def test_pick_and_pack_take_working_days_of_the_site() -> None:
    way = a_way(site_calendar=WEEKDAYS, pick_pack_days=2)
    assert said(way.deliver(day("2026-12-03"))) == ["Thu 3", "Mon 7", "Tue 8"]
    assert said(way.latest_pick(day("2026-12-08"))) == ["Thu 3", "Mon 7", "Tue 8"]


def test_a_pick_day_on_which_the_site_is_closed_moves_to_the_next_that_works() -> None:
    assert said(a_way(site_calendar=WEEKDAYS).deliver(day("2026-12-05"))) == ["Mon 7", "Mon 7", "Tue 8"]


def test_goods_wait_at_the_site_until_the_carrier_collects() -> None:
    way = a_way(site_calendar=WEEKDAYS, carrier_calendar=on(1, 3), transit_days=1)
    assert said(way.deliver(day("2026-12-02"))) == ["Wed 2", "Thu 3", "Tue 8"]
    assert said(way.latest_pick(day("2026-12-08"))) == ["Thu 3", "Thu 3", "Tue 8"]


def test_a_shipment_leaves_only_on_a_day_on_which_both_site_and_carrier_work() -> None:
    way = a_way(site_calendar=on(0, 1, 2), carrier_calendar=on(2, 3, 4), transit_days=0)
    assert said(way.deliver(day("2026-12-03"))) == ["Mon 7", "Wed 9", "Wed 9"]
    assert said(way.latest_pick(day("2026-12-08"))) == ["Wed 2", "Wed 2", "Wed 2"]


def test_transit_takes_working_days_of_the_carrier_and_elapsed_days_without_calendar() -> None:
    assert said(a_way(carrier_calendar=WEEKDAYS, transit_days=3).deliver(day("2026-12-03"))) == ["Thu 3", "Thu 3", "Tue 8"]
    assert said(a_way(transit_days=3).deliver(day("2026-12-03"))) == ["Thu 3", "Thu 3", "Sun 6"]


def test_what_arrives_while_the_customer_is_closed_is_delivered_on_the_next_receiving_day() -> None:
    way = a_way(transit_days=2, receiving_calendar=WEEKDAYS)
    assert said(way.deliver(day("2026-12-03"))) == ["Thu 3", "Thu 3", "Mon 7"]


def test_a_wanted_day_on_which_nobody_receives_is_met_on_the_receiving_day_before() -> None:
    way = a_way(transit_days=2, receiving_calendar=WEEKDAYS)
    assert said(way.latest_pick(day("2026-12-06"))) == ["Wed 2", "Wed 2", "Fri 4"]


def test_the_latest_of_several_pick_days_is_taken_where_the_customer_receives_once_a_week() -> None:
    way = a_way(site_calendar=WEEKDAYS, transit_days=1, receiving_calendar=on(0))
    assert said(way.deliver(day("2026-12-01"))) == ["Tue 1", "Tue 1", "Mon 7"]
    assert said(way.latest_pick(day("2026-12-07"))) == ["Fri 4", "Fri 4", "Mon 7"]


def test_without_a_lane_the_wanted_day_is_the_ship_day_and_neither_carrier_nor_receiving_days_are_asked() -> None:
    way = a_way(site_calendar=WEEKDAYS, pick_pack_days=1, lane=None, carrier_calendar=NEVER, transit_days=9, receiving_calendar=NEVER)
    assert said(way.deliver(day("2026-12-04"))) == ["Fri 4", "Mon 7", "Mon 7"]
    assert said(way.latest_pick(day("2026-12-06"))) == ["Thu 3", "Fri 4", "Fri 4"]


def test_nothing_is_picked_before_the_first_day_of_handling() -> None:
    way = a_way(site_calendar=WEEKDAYS, first_pick=day("2026-12-05"))
    assert said(way.deliver(day("2026-12-01"))) == ["Mon 7", "Mon 7", "Tue 8"]
    assert said(way.deliver(day("2026-12-08"))) == ["Tue 8", "Tue 8", "Wed 9"]


@pytest.mark.parametrize("unknown", ["site_calendar", "carrier_calendar", "receiving_calendar"])
def test_no_date_is_invented_where_a_calendar_is_not_known(unknown: str) -> None:
    way = a_way(**{unknown: NEVER})
    assert way.deliver(TODAY) is None
    assert way.latest_pick(TODAY) is None


def test_a_carrier_that_never_comes_while_the_site_works_collects_nothing() -> None:
    way = a_way(site_calendar=on(0), carrier_calendar=on(1))
    assert way.deliver(TODAY) is None
    assert way.latest_pick(TODAY) is None


@pytest.mark.parametrize(("days", "is_met"), [(1096, True), (1097, False)])
def test_goods_wait_three_years_for_the_carrier_and_not_a_day_longer(days: int, is_met: bool) -> None:  # noqa: FBT001 - a column of the table
    """The site works on Mondays, the carrier comes on Tuesdays; one Monday both do."""
    met = day("2026-12-07")
    site = Calendar(on(0).weekly, {met - days: 480})
    carrier = Calendar(on(1).weekly, {met: 480, met + days: 480})
    way = a_way(site_calendar=site, carrier_calendar=carrier, transit_days=0)
    assert way.deliver(met - days) == ((met - days, met, met) if is_met else None)
    assert way.latest_pick(met + days) == ((met, met, met) if is_met else None)


def test_nothing_is_delivered_beyond_the_civil_calendar() -> None:
    last, first = date.max.toordinal(), date.min.toordinal()
    assert a_way().deliver(last) is None
    assert a_way().latest_pick(first) is None


@given(DAYS, DAYS, DAYS)
def test_where_nothing_is_said_picking_shipping_and_delivery_are_one_day(today: int, asked: int, wanted: int) -> None:
    way = immediate(today)
    assert way.deliver(asked) == (max(asked, today),) * 3 == slow_forward(way, max(asked, today))
    assert way.latest_pick(wanted) == (wanted,) * 3 == slow_latest(way, wanted)


# -- cut-off

TUESDAY = datetime(2026, 12, 1, tzinfo=BERLIN)
TWO = time(14, 0)


def test_ordered_at_the_cut_off_counts_that_day_and_a_second_later_the_next() -> None:
    at = TUESDAY.replace(hour=14)
    assert first_handling_day(EVERY_DAY, [TWO], at) == day("2026-12-01")
    assert first_handling_day(EVERY_DAY, [TWO], at + timedelta(microseconds=999_999)) == day("2026-12-01")
    assert first_handling_day(EVERY_DAY, [TWO], at + timedelta(seconds=1)) == day("2026-12-02")


def test_the_day_after_the_cut_off_is_the_next_that_works() -> None:
    friday = datetime(2026, 12, 4, 14, 0, 1, tzinfo=BERLIN)
    assert first_handling_day(WEEKDAYS, [TWO], friday) == day("2026-12-07")


@pytest.mark.parametrize("hour", [0, 13, 23])
def test_on_a_closed_day_the_cut_off_says_nothing(hour: int) -> None:
    saturday = datetime(2026, 12, 5, hour, tzinfo=BERLIN)
    assert first_handling_day(WEEKDAYS, [TWO], saturday) == day("2026-12-07")


def test_of_several_cut_offs_the_earliest_counts() -> None:
    noon = TUESDAY.replace(hour=12)
    assert first_handling_day(EVERY_DAY, [TWO, time(11, 59, 59)], noon) == day("2026-12-02")
    assert first_handling_day(EVERY_DAY, [TWO, time(12, 0)], noon) == day("2026-12-01")


def test_without_cut_off_the_whole_day_counts() -> None:
    assert first_handling_day(EVERY_DAY, [], TUESDAY.replace(hour=23, minute=59, second=59)) == day("2026-12-01")


def test_a_site_that_never_works_handles_nothing() -> None:
    assert first_handling_day(NEVER, [TWO], TUESDAY) is None
    closes = Calendar((0,) * 7, {TODAY: 480})
    assert first_handling_day(closes, [TWO], TUESDAY.replace(hour=13)) == TODAY
    assert first_handling_day(closes, [TWO], TUESDAY.replace(hour=15)) is None


@given(CALENDARS, DAYS, st.times(), st.lists(st.times(), max_size=3))
def test_the_first_day_of_handling_works_and_none_before_it_would_have_done(
    calendar: Calendar, today: int, now: time, cut_offs: list[time]
) -> None:
    found = first_handling_day(calendar, cut_offs, datetime.combine(date.fromordinal(today), now, UTC))
    missed = any(now.replace(microsecond=0) > cut_off for cut_off in cut_offs)
    assert found == calendar.on_or_after(today + 1 if missed else today)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("Europe/Berlin", "2026-06-01"),  # 14:00 sharp
        ("Europe/Helsinki", "2026-06-02"),  # 15:00
        ("America/New_York", "2026-06-01"),  # 08:00
        ("Pacific/Auckland", "2026-06-02"),  # 00:00 of the next day already
        ("Pacific/Kiritimati", "2026-06-02"),  # 02:00 of the next day
    ],
)
def test_the_clock_of_the_site_counts(zone: str, expected: str) -> None:
    at = datetime(2026, 6, 1, 12, 0, tzinfo=UTC).astimezone(ZoneInfo(zone))
    assert first_handling_day(EVERY_DAY, [TWO], at) == day(expected)


CHANGES = [
    (BERLIN, date(2026, 3, 29)),  # 02:00 → 03:00
    (BERLIN, date(2026, 10, 25)),  # 03:00 → 02:00
    (NEW_YORK, date(2026, 3, 8)),  # 02:00 → 03:00
    (NEW_YORK, date(2026, 11, 1)),  # 02:00 → 01:00
    (LORD_HOWE, date(2026, 10, 4)),  # 02:00 → 02:30, half an hour
    (LORD_HOWE, date(2026, 4, 5)),  # 02:00 → 01:30
]
QUARTERS = st.integers(0, 16).map(lambda quarters: time(quarters // 4, quarters % 4 * 15))
QUARTER = timedelta(minutes=15)


def instants_of(zone: ZoneInfo, on: date) -> list[datetime]:
    """Every quarter of an hour of a day, in the order in which it is lived."""
    start = datetime(on.year, on.month, on.day, tzinfo=UTC) - timedelta(days=1)
    lived = [(start + number * QUARTER).astimezone(zone) for number in range(3 * 96)]
    return [one for one in lived if one.date() == on]


@given(st.sampled_from(CHANGES), QUARTERS, st.integers(0, 18), st.sampled_from([0, 1, 899]))
@example((BERLIN, date(2026, 10, 25)), time(2, 30), 12, 0)
@example((BERLIN, date(2026, 3, 29)), time(2, 30), 8, 0)
@example((LORD_HOWE, date(2026, 4, 5)), time(1, 45), 8, 0)
def test_a_cut_off_passes_once_also_on_the_day_on_which_clocks_change(
    change: tuple[ZoneInfo, date], cut_off: time, number: int, seconds: int
) -> None:
    """In time: the wall shows no more than the cut-off, and has not shown it, or more, before on this day."""
    zone, on = change
    lived = instants_of(zone, on)
    now = (lived[number].astimezone(UTC) + timedelta(seconds=seconds)).astimezone(zone)
    before = [one for one in lived if one.astimezone(UTC) < now.astimezone(UTC)]
    in_time = now.time() <= cut_off and all(one.time() < cut_off for one in before)
    assert first_handling_day(EVERY_DAY, [cut_off], now) == on.toordinal() + (0 if in_time else 1)


def test_a_cut_off_that_exists_twice_passes_the_first_time() -> None:
    last = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 02:30 in Berlin, summer time
    assert first_handling_day(EVERY_DAY, [time(2, 30)], last.astimezone(BERLIN)) == day("2026-10-25")
    assert first_handling_day(EVERY_DAY, [time(2, 30)], (last + timedelta(seconds=1)).astimezone(BERLIN)) == day("2026-10-26")
    again = (last + timedelta(minutes=45)).astimezone(BERLIN)
    assert (again.time(), again.fold) == (time(2, 15), 1)
    assert first_handling_day(EVERY_DAY, [time(2, 30)], again) == day("2026-10-26")


def test_a_cut_off_that_does_not_exist_passes_with_the_jump() -> None:
    jump = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)  # 03:00 in Berlin, which was to be 02:00
    assert first_handling_day(EVERY_DAY, [time(2, 30)], (jump - timedelta(seconds=1)).astimezone(BERLIN)) == day("2026-03-29")
    assert first_handling_day(EVERY_DAY, [time(2, 30)], jump.astimezone(BERLIN)) == day("2026-03-30")


def test_a_site_that_packs_for_a_day_ships_on_the_next_though_every_day_works() -> None:
    way = Way(EVERY_DAY, 1, EVERY_DAY, 0, EVERY_DAY, None, None)
    assert said(way.deliver(TODAY)) == ["Tue 1", "Wed 2", "Wed 2"]
    assert said(way.latest_pick(TODAY + 1)) == ["Tue 1", "Wed 2", "Wed 2"]
