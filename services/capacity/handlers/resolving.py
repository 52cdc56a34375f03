"""Which days does a definition come to? From what is kept to the domain's values, and on to patterns."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from services.capacity import store
from services.capacity.asks.fields import WEEKDAYS
from services.capacity.domain.calendar import ALWAYS, Calendar, Day, Rule, SetDay, days_of
from services.capacity.domain.pattern import Pattern, fold
from services.capacity.domain.public_holidays import public_holidays
from services.capacity.domain.resource import Correction, capacity
from services.capacity.store import CorrectionRow, Definition
from shared.database import Session

PAST_DAYS = 31
AHEAD_DAYS = 4 * 366
"""Four years and a little."""
LEAST_AHEAD_DAYS = 3 * 366 + 30
"""What was worked out for fewer days than these is worked out again."""
MUST_WORK_DAYS = 3 * 366


def horizon(today: date) -> tuple[date, date]:
    """The first and the last day that are worked out."""
    return today - timedelta(days=PAST_DAYS), today + timedelta(days=AHEAD_DAYS)


def calendar_of(body: Mapping[str, Any]) -> Calendar:
    """The calendar that is kept so."""
    rules = tuple(
        Rule(
            _date(rule["from_date"]),
            _date(rule["to_date"]),
            frozenset(WEEKDAYS.index(day) for day in rule["weekdays"]),
            rule["minutes"],
            rule["priority"],
        )
        for rule in body["rules"]
    )
    exceptions = {date.fromisoformat(day["date"]): SetDay(day["minutes"], day["reason"]) for day in body["exceptions"]}
    return Calendar(tuple(body["weekly"][day] for day in WEEKDAYS), rules, exceptions)


def days_between(body: Mapping[str, Any] | None, first: date, last: date) -> list[Day]:
    """Every day of a calendar; of none, every day around the clock."""
    if body is None:
        return [ALWAYS] * ((last - first).days + 1)
    country = body["holiday_country"]
    holidays = public_holidays(country, body["holiday_subdivision"], first.year, last.year) if country else {}
    return days_of(calendar_of(body), holidays, first, last)


def pattern_of(body: Mapping[str, Any] | None, today: date) -> Pattern:
    """The pattern of a calendar, or of none, as it is told from today on."""
    first, last = horizon(today)
    return fold([day.minutes for day in days_between(body, first, last)], first)


def capacity_of(body: Mapping[str, Any], calendar: Pattern, corrections: Sequence[CorrectionRow]) -> Pattern:
    """What a resource can do, given its calendar's pattern and its downtime and overtime."""
    units, efficiency = Decimal(str(body["units"])), Decimal(str(body["efficiency"]))
    return capacity(calendar, units, efficiency, {row.day: correction_of(row) for row in corrections})


def correction_of(row: CorrectionRow) -> Correction:
    """The correction that is kept so."""
    return Correction(row.minutes, row.delta_minutes)


async def pattern_on(session: Session, calendar: str | None, today: date) -> Pattern:
    """The pattern of the calendar with this id, as it is now."""
    found: Definition | None = None
    if calendar is not None:
        found = await store.find_definition(session, "calendar", calendar)
        if found is None:
            raise LookupError(f"calendar {calendar} was there when a resource was put on it")
    return pattern_of(found.body if found else None, today)


def _date(written: str | None) -> date | None:
    return None if written is None else date.fromisoformat(written)
