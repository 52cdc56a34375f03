"""Which minutes does a day have? Against an oracle that asks for each day anew what decides it."""

from collections.abc import Mapping
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.capacity.domain.calendar import EVERY_DAY, Calendar, Cause, Day, Rule, SetDay, covers_a_day, days_of, ever_works
from services.capacity.domain.pattern import fold
from services.capacity.domain.public_holidays import is_country, is_subdivision, public_holidays

MONDAY = date(2026, 11, 23)
dates = st.dates(date(2026, 10, 1), date(2027, 2, 1))
minutes = st.sampled_from([0, 240, 480, 1440])
rules = st.builds(
    Rule,
    from_date=st.none() | dates,
    to_date=st.none() | dates,
    weekdays=st.frozensets(st.integers(0, 6)),
    minutes=minutes,
    priority=st.integers(0, 3),
)
calendars = st.builds(
    Calendar,
    weekly=st.tuples(*[minutes] * 7),
    rules=st.lists(rules, max_size=6).map(tuple),
    exceptions=st.dictionaries(dates, st.builds(SetDay, minutes=minutes, reason=st.none() | st.just("because")), max_size=4),
)
holidays = st.dictionaries(dates, st.sampled_from(["Easter", "Christmas"]), max_size=4)


def covers(rule: Rule, day: date) -> bool:
    return (
        (rule.from_date is None or rule.from_date <= day)
        and (rule.to_date is None or day < rule.to_date)
        and day.weekday() in rule.weekdays
    )


def plainly(calendar: Calendar, free: Mapping[date, str], day: date) -> Day:
    """Return one day, decided from the strongest word to the weakest."""
    if calendar.exceptions and (wanted := calendar.exceptions.get(day)):
        return Day(wanted.minutes, Cause.EXCEPTION, name=wanted.reason)
    if day in free:
        return Day(0, Cause.HOLIDAY, name=free[day])
    best: int | None = None
    for place, rule in enumerate(calendar.rules):
        if covers(rule, day) and (best is None or rule.priority <= calendar.rules[best].priority):
            best = place
    if best is not None:
        return Day(calendar.rules[best].minutes, Cause.RULE, rule=best)
    return Day(calendar.weekly[day.weekday()], Cause.WEEK)


@given(calendars, holidays, dates, st.integers(0, 90))
def test_every_day_is_what_the_strongest_word_about_it_says(calendar: Calendar, free: dict[date, str], first: date, length: int) -> None:
    days = [first + timedelta(days=offset) for offset in range(length + 1)]
    found = days_of(calendar, free, first, days[-1])
    assert found == [plainly(calendar, free, day) for day in days]
    assert ever_works(found) == any(day.minutes for day in found)


@given(rules)
def test_a_rule_that_covers_no_day_is_found_out(rule: Rule) -> None:
    first = rule.from_date or (rule.to_date - timedelta(days=10) if rule.to_date else MONDAY)
    assert covers_a_day(rule) == any(covers(rule, first + timedelta(days=offset)) for offset in range(150))


@given(st.lists(minutes, min_size=1, max_size=60), dates)
def test_a_pattern_holds_every_day_and_says_little(each: list[int], first: date) -> None:
    pattern = fold(each, first)
    days = [first + timedelta(days=offset) for offset in range(len(each))]
    assert [pattern.minutes(day) for day in days] == each
    assert (pattern.from_date, pattern.until_date) == (days[0], days[-1])
    assert all(pattern.weekly[day.weekday()] != value for day, value in pattern.days.items()), "a day of the week's is not repeated"
    assert set(pattern.days) <= set(days)
    for weekday in range(7):
        own = [value for day, value in zip(days, each, strict=True) if day.weekday() == weekday]
        if own:
            assert own.count(pattern.weekly[weekday]) == max(own.count(value) for value in own)


def test_the_later_of_two_rules_of_one_priority_decides_and_a_lower_priority_beats_both() -> None:
    closed, open_ = Rule(None, None, EVERY_DAY, 0, 5), Rule(None, None, EVERY_DAY, 480, 5)
    assert days_of(Calendar((0,) * 7, (closed, open_)), {}, MONDAY, MONDAY) == [Day(480, Cause.RULE, rule=1)]
    assert days_of(Calendar((0,) * 7, (open_, closed)), {}, MONDAY, MONDAY) == [Day(0, Cause.RULE, rule=1)]
    strong = Rule(MONDAY, MONDAY + timedelta(days=1), EVERY_DAY, 60, 4)
    assert [day.minutes for day in days_of(Calendar((0,) * 7, (strong, open_)), {}, MONDAY, MONDAY + timedelta(days=1))] == [60, 480]


@pytest.mark.parametrize(
    ("country", "part", "day", "name"),
    [
        ("DE", "BY", date(2027, 1, 6), "Epiphany"),
        ("DE", None, date(2027, 3, 29), "Easter Monday"),
        ("US", None, date(2026, 11, 26), "Thanksgiving Day"),
    ],
)
def test_holidays_move_with_the_year_and_differ_by_place(country: str, part: str | None, day: date, name: str) -> None:
    assert public_holidays(country, part, 2026, 2027)[day] == name
    assert date(2027, 1, 6) not in public_holidays("DE", "HH", 2026, 2027)


def test_only_places_with_known_holidays_are_places() -> None:
    assert (is_country("DE"), is_country("XX"), is_country("DEU")) == (True, False, False)
    assert (is_subdivision("DE", "BY"), is_subdivision("DE", "XX"), is_subdivision("XX", "BY")) == (True, False, False)
