"""On which days does something work, for how long, and why?

What decides a day, the strongest first: an exception, a public holiday, the rule of the lowest priority that covers it
(of equal ones the later), the week.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

ROUND_THE_CLOCK = 1440
"""Minutes of a day."""
DAYS_OF_A_WEEK = 7
EVERY_DAY = frozenset(range(DAYS_OF_A_WEEK))
A_DAY = timedelta(days=1)


class Cause(StrEnum):
    """What decided the minutes of a day."""

    EXCEPTION = "exception"
    HOLIDAY = "holiday"
    RULE = "rule"
    WEEK = "week"
    NO_CALENDAR = "no_calendar"


@dataclass(frozen=True, slots=True)
class Rule:
    """So many minutes on these weekdays (Monday is 0) from a day to the day before another; None: since or for ever."""

    from_date: date | None
    to_date: date | None
    weekdays: frozenset[int]
    minutes: int
    priority: int


@dataclass(frozen=True, slots=True)
class SetDay:
    """An exception: what holds on one day, whatever else is said."""

    minutes: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class Calendar:
    """Minutes per day: a week, dated rules, single days."""

    weekly: tuple[int, ...]
    rules: tuple[Rule, ...] = ()
    exceptions: Mapping[date, SetDay] | None = None


@dataclass(frozen=True, slots=True)
class Day:
    """The minutes of a day, and what decided them: `rule` is the place of the rule in its list."""

    minutes: int
    cause: Cause
    rule: int | None = None
    name: str | None = None
    """Of the holiday; of an exception its reason."""


ALWAYS = Day(ROUND_THE_CLOCK, Cause.NO_CALENDAR)
"""A day of whatever has no calendar."""


def days_of(calendar: Calendar, holidays: Mapping[date, str], first: date, last: date) -> list[Day]:
    """Every day from `first` to `last`, both included. `holidays` need not hold other days, and may."""
    week = [Day(minutes, Cause.WEEK) for minutes in calendar.weekly]
    days = [week[(first.weekday() + offset) % DAYS_OF_A_WEEK] for offset in range((last - first).days + 1)]
    ranked = sorted(range(len(calendar.rules)), key=lambda place: (-calendar.rules[place].priority, place))
    for place in ranked:  # the strongest last: it paints over the others
        _paint(days, calendar.rules[place], place, first)
    for day, name in holidays.items():
        if first <= day <= last:
            days[(day - first).days] = Day(0, Cause.HOLIDAY, name=name)
    for day, wanted in (calendar.exceptions or {}).items():
        if first <= day <= last:
            days[(day - first).days] = Day(wanted.minutes, Cause.EXCEPTION, name=wanted.reason)
    return days


def covers_a_day(rule: Rule) -> bool:
    """Whether there is any day that the rule is about."""
    if rule.from_date is None or rule.to_date is None:
        return bool(rule.weekdays)
    length = (rule.to_date - rule.from_date).days
    return any((rule.from_date.weekday() + offset) % DAYS_OF_A_WEEK in rule.weekdays for offset in range(min(length, DAYS_OF_A_WEEK)))


def ever_works(days: Sequence[Day]) -> bool:
    """Whether any of these days is a working day."""
    return any(day.minutes > 0 for day in days)


def _paint(days: list[Day], rule: Rule, place: int, first: date) -> None:
    begin = 0 if rule.from_date is None else max(0, (rule.from_date - first).days)
    end = len(days) if rule.to_date is None else min(len(days), (rule.to_date - first).days)
    decided = Day(rule.minutes, Cause.RULE, rule=place)
    for weekday in rule.weekdays:
        start = begin + (weekday - first.weekday() - begin) % DAYS_OF_A_WEEK
        for offset in range(start, end, DAYS_OF_A_WEEK):
            days[offset] = decided
