"""How much a resource can do each day, and why."""

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from services.capacity import store
from services.capacity.api.reach import FromDate, Reader, ToDate, answers, unknown, window
from services.capacity.asks.fields import Name
from services.capacity.domain.calendar import Cause
from services.capacity.handlers.tell import DayOfWork, days_of_work
from services.capacity.store import Definition
from shared.contracts.base import Quantity
from shared.database import Database, db_now
from shared.problems import MEDIA_TYPE, FieldError, unprocessable

router = APIRouter(prefix="/v1")

MOST_DAYS = 1096
DEFAULT_DAYS = 13


class DayCause(BaseModel):
    """What decided the calendar's minutes of a day."""

    kind: Cause
    rule: int | None = None
    """The place of the rule in the calendar, from 0."""
    name: str | None = None
    """Of the holiday; of the calendar's exception its reason."""


class DayCorrection(BaseModel):
    """Downtime or overtime of a day."""

    minutes: int | None = None
    delta_minutes: int | None = None
    reason: str
    document: str | None = None


class CapacityDay(BaseModel):
    """Minutes of work of one day."""

    date: date
    minutes: int
    """What can be done: the calendar's minutes, times units and efficiency, with downtime and overtime."""
    calendar_minutes: int
    cause: DayCause
    exception: DayCorrection | None = None
    summary: str


class Capacity(BaseModel):
    """What a resource can do; what is claimed of it is quote's to say."""

    resource: str
    site: str
    calendar: str | None = None
    units: Quantity
    efficiency: Quantity
    revision: int
    from_date: date
    to_date: date
    days: list[CapacityDay]


_EXAMPLE = {
    "resource": "SAW-1", "site": "FACTORY", "calendar": "EARLY", "units": 1, "efficiency": 0.9, "revision": 2,
    "from_date": "2026-12-03", "to_date": "2026-12-03",
    "days": [{"date": "2026-12-03", "minutes": 312, "calendar_minutes": 480, "cause": {"kind": "week", "rule": None, "name": None},
              "exception": {"minutes": None, "delta_minutes": -120, "reason": "blade changed", "document": "MNT-17"},
              "summary": "480 minutes by the week of EARLY, times 1 x 0.9 = 432, less 120: blade changed"}],
}  # fmt: skip


_UNKNOWN: dict[int | str, dict[str, Any]] = {
    404: {
        "description": "There is no such resource.",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
}


@router.get("/capacity", responses={**answers(_EXAMPLE), **_UNKNOWN})
async def get_capacity(
    request: Request,
    caller: Reader,
    resource: Annotated[Name, Query(description="The resource.")],
    from_date: FromDate = None,
    to_date: ToDate = None,
) -> Capacity:
    """Read the minutes of work of a resource day by day, and why; by default today and the 13 days after it."""
    database: Database = request.app.state.database
    async with database.read() as session:
        today = (await db_now(session)).date()
        begin = from_date or (min(today, to_date) if to_date else today)
        first, last = window(begin, to_date, default_last=begin + timedelta(days=DEFAULT_DAYS))
        if (last - first).days >= MOST_DAYS:
            message = f"at most {MOST_DAYS} days at once"
            raise unprocessable("INVALID_REQUEST", f"to_date: {message}.", [FieldError("/to_date", "date_range", message)])
        found = await store.find_definition(session, "resource", resource)
        if found is None:
            raise unknown("resource", resource)
        days = await days_of_work(session, found, first, last)
    return Capacity.model_validate(
        {
            **found.body,
            "resource": resource,
            "revision": found.revision,
            "from_date": first,
            "to_date": last,
            "days": [_view(found, day) for day in days],
        }
    )


def _view(resource: Definition, day: DayOfWork) -> CapacityDay:
    row = day.correction
    return CapacityDay(
        date=day.date,
        minutes=day.minutes,
        calendar_minutes=day.calendar.minutes,
        cause=DayCause(kind=day.calendar.cause, rule=day.calendar.rule, name=day.calendar.name),
        exception=DayCorrection(minutes=row.minutes, delta_minutes=row.delta_minutes, reason=row.reason, document=row.document)
        if row
        else None,
        summary=_summary(resource, day),
    )


def _summary(resource: Definition, day: DayOfWork) -> str:
    calendar, body = day.calendar, resource.body
    by = {
        Cause.NO_CALENDAR: "around the clock, without a calendar",
        Cause.WEEK: f"by the week of {body['calendar']}",
        Cause.RULE: f"by rule {calendar.rule} of {body['calendar']}",
        Cause.HOLIDAY: f"for {calendar.name} ({body['calendar']})",
        Cause.EXCEPTION: f"by an exception of {body['calendar']}" + (f", {calendar.name}" if calendar.name else ""),
    }[calendar.cause]
    said = f"{calendar.minutes} minutes {by}"
    if day.without_correction != calendar.minutes:
        said += f", times {body['units']} x {body['efficiency']} = {day.without_correction}"
    if (row := day.correction) is not None and row.minutes is not None:
        said += f"; set to {row.minutes}: {row.reason}"
    elif row is not None and row.delta_minutes is not None:
        said += f", {'less' if row.delta_minutes < 0 else 'plus'} {abs(row.delta_minutes)}: {row.reason}"
    return said
