"""Working days against a calendar that looks at every day."""

from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.quote.domain.calendar import EVERY_DAY, NEVER, Calendar
from tests.unit.quote_domain.builders import TODAY
from tests.unit.quote_domain.days import CALENDARS, DAYS, slow

WEEKDAYS = (480, 480, 480, 480, 480, 0, 0)
COUNTS = st.integers(0, 40)


def day(said: str) -> int:
    return date.fromisoformat(said).toordinal()


def said(found: int | None) -> str | None:
    return None if found is None else date.fromordinal(found).isoformat()


GAPS = st.lists(st.sampled_from([1, 2, 1095, 1096, 1097, 1098, 1099]), min_size=1, max_size=5)


def only_after(gaps: list[int]) -> Calendar:
    """Nothing but a first day and those that follow it at these distances."""
    days = {TODAY: 480}
    for gap in gaps:
        days[max(days) + gap] = 480
    return Calendar((0,) * 7, days)


@given(CALENDARS, DAYS)
def test_a_day_works_as_its_exception_says_and_else_as_its_weekday(calendar: Calendar, day: int) -> None:
    expected = calendar.days[day] if day in calendar.days else calendar.weekly[date.fromordinal(day).weekday()]
    assert calendar.minutes(day) == expected
    assert calendar.works(day) == (expected > 0)


@given(CALENDARS, DAYS)
def test_the_next_and_the_last_working_day_are_those_found_day_by_day(calendar: Calendar, day: int) -> None:
    assert calendar.on_or_after(day) == slow(calendar).on_or_after(day)
    assert calendar.on_or_before(day) == slow(calendar).on_or_before(day)


@given(CALENDARS, DAYS, COUNTS)
def test_the_nth_working_day_is_the_one_found_by_going_n_times(calendar: Calendar, day: int, count: int) -> None:
    assert calendar.plus(day, count) == slow(calendar).plus(day, count)
    assert calendar.minus(day, count) == slow(calendar).minus(day, count)


@given(CALENDARS, DAYS, COUNTS)
def test_going_back_as_far_as_one_came_leads_to_where_one_started(calendar: Calendar, day: int, count: int) -> None:
    start = calendar.on_or_after(day)
    there = None if start is None else calendar.plus(start, count)
    if there is not None:
        assert calendar.minus(there, count) == start


@given(CALENDARS)
def test_a_calendar_knows_whether_every_single_day_works(calendar: Calendar) -> None:
    always = all(calendar.weekly) and all(calendar.days.values())
    assert calendar.every_day == always


@given(GAPS, st.integers(-1100, 1100), st.integers(0, 4))
@example([1097], 0, 1)
@example([1098], 0, 1)
@example([1, 1098, 1], 0, 3)
def test_nobody_waits_longer_than_three_years_for_a_working_day(gaps: list[int], start: int, count: int) -> None:
    calendar = only_after(gaps)
    assert calendar.plus(TODAY + start, count) == slow(calendar).plus(TODAY + start, count)
    last = max(calendar.days)
    assert calendar.minus(last + start, count) == slow(calendar).minus(last + start, count)


@given(st.integers(1090, 1110), st.integers(0, 3))
def test_a_site_that_closes_for_three_years_has_no_next_working_day(closed: int, count: int) -> None:
    calendar = Calendar(WEEKDAYS, dict.fromkeys(range(TODAY + 1, TODAY + 1 + closed), 0))
    assert calendar.plus(TODAY - 1, count) == slow(calendar).plus(TODAY - 1, count)
    after = TODAY + closed + 8
    assert calendar.minus(after, count + 5) == slow(calendar).minus(after, count + 5)


def test_three_years_are_1096_days_and_not_one_more() -> None:
    calendar = Calendar((0,) * 7, {TODAY: 60})
    assert (calendar.on_or_after(TODAY - 1096), calendar.on_or_after(TODAY - 1097)) == (TODAY, None)
    assert (calendar.on_or_before(TODAY + 1096), calendar.on_or_before(TODAY + 1097)) == (TODAY, None)


def test_a_week_begins_on_monday() -> None:
    mondays = Calendar((60, 0, 0, 0, 0, 0, 0), {})
    assert said(mondays.on_or_after(day("2026-12-01"))) == "2026-12-07"
    assert said(mondays.on_or_before(day("2026-12-06"))) == "2026-11-30"


def test_working_days_leave_out_the_weekend_and_holidays() -> None:
    calendar = Calendar(WEEKDAYS, {day("2026-12-24"): 0, day("2026-12-25"): 0, day("2026-12-27"): 120})
    assert said(calendar.plus(day("2026-12-23"), 1)) == "2026-12-27", "a Sunday that is worked"
    assert said(calendar.plus(day("2026-12-23"), 2)) == "2026-12-28"
    assert said(calendar.plus(day("2026-12-25"), 0)) == "2026-12-27"
    assert said(calendar.minus(day("2026-12-28"), 2)) == "2026-12-23"
    assert said(calendar.minus(day("2026-12-26"), 0)) == "2026-12-23"


def test_without_calendar_working_days_are_elapsed_days() -> None:
    assert EVERY_DAY.minutes(TODAY) == 1440
    assert [EVERY_DAY.plus(TODAY, 0), EVERY_DAY.plus(TODAY, 5000)] == [TODAY, TODAY + 5000]
    assert [EVERY_DAY.minus(TODAY, 0), EVERY_DAY.minus(TODAY, 5000)] == [TODAY, TODAY - 5000]
    assert EVERY_DAY.every_day


def test_on_a_calendar_that_is_not_known_nothing_works() -> None:
    assert not NEVER.works(TODAY)
    assert [NEVER.on_or_after(TODAY), NEVER.on_or_before(TODAY), NEVER.plus(TODAY, 3), NEVER.minus(TODAY, 3)] == [None] * 4


@pytest.mark.parametrize("calendar", [EVERY_DAY, Calendar(WEEKDAYS, {}), Calendar(WEEKDAYS, {TODAY: 0})])
def test_no_day_lies_beyond_the_civil_calendar(calendar: Calendar) -> None:
    last, first = date.max.toordinal(), date.min.toordinal()
    assert [calendar.plus(last, 1), calendar.plus(TODAY, 4_000_000)] == [None, None]
    assert [calendar.minus(first, 1), calendar.minus(TODAY, 4_000_000)] == [None, None]
    assert (calendar.plus(last - 7, 5), calendar.minus(first + 7, 5)) == (
        slow(calendar).plus(last - 7, 5),
        first + (2 if calendar.every_day else 0),
    )


def test_a_far_working_day_is_found_without_going_there() -> None:
    """The civil calendar repeats after 400 years, which are 20,871 weeks."""
    calendar = Calendar(WEEKDAYS, {})
    assert calendar.plus(day("2026-12-01"), 20_871 * 5) == day("2426-12-01")
    assert calendar.minus(day("2426-12-01"), 20_871 * 5) == day("2026-12-01")


def test_equal_calendars_are_equal_whatever_was_computed_from_them() -> None:
    one, other = Calendar(WEEKDAYS, {TODAY: 0}), Calendar(WEEKDAYS, {TODAY: 0})
    assert one == other
    assert hash(one) == hash(other)
    assert one != Calendar(WEEKDAYS, {TODAY: 1})


def test_a_weekly_pattern_has_seven_days() -> None:
    with pytest.raises(ValueError, match="7 days, not 5"):
        Calendar((480,) * 5, {})


def test_a_day_of_one_minute_is_a_working_day() -> None:
    by_week = Calendar((0, 1, 0, 0, 0, 0, 0), {})
    by_exception = Calendar((0,) * 7, {TODAY: 1})
    assert (by_week.on_or_after(TODAY - 3), by_exception.on_or_after(TODAY - 3)) == (TODAY, TODAY)
    assert by_week.works(TODAY)
    assert by_exception.works(TODAY)


def test_elapsed_days_reach_the_ends_of_the_civil_calendar_and_not_beyond() -> None:
    last = date.max.toordinal()
    assert [EVERY_DAY.plus(last - 2, days) for days in (2, 3)] == [last, None]
    assert [EVERY_DAY.minus(3, days) for days in (2, 3)] == [1, None]
