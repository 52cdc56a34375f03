"""Calendars: on which days something works."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Request
from pydantic import BaseModel

from services.capacity.api import defining
from services.capacity.api.reach import Reader, View, Writer, answers, change
from services.capacity.asks.calendars import CalendarAsk, Country
from services.capacity.asks.fields import Weekday
from services.capacity.handlers.define import define_calendar
from shared.paging import Cursor, Limit, Page
from shared.quantities import Code

router = APIRouter(prefix="/v1")

CalendarId = Annotated[Code, Path(description="The calendar's id.")]


class Week(BaseModel):
    """Minutes of each weekday."""

    monday: int
    tuesday: int
    wednesday: int
    thursday: int
    friday: int
    saturday: int
    sunday: int


class DatedRule(BaseModel):
    """So many minutes on these weekdays from `from_date` to the day before `to_date`."""

    from_date: date | None = None
    to_date: date | None = None
    weekdays: tuple[Weekday, ...]
    minutes: int
    priority: int


class SingleDay(BaseModel):
    """What holds on one day, whatever else is said."""

    date: date
    minutes: int
    reason: str | None = None


class Calendar(View):
    """A calendar as it stands. What decides a day: an exception, a holiday, the rule of the lowest priority, the week."""

    calendar: str
    name: str
    weekly: Week
    rules: tuple[DatedRule, ...]
    exceptions: tuple[SingleDay, ...]
    holiday_country: str | None = None
    holiday_subdivision: str | None = None


_BODY = {
    "name": "Early shift, Bavaria",
    "weekly": {"monday": 480, "tuesday": 480, "wednesday": 480, "thursday": 480, "friday": 360},
    "rules": [{"from_date": "2027-08-01", "to_date": "2027-08-16", "minutes": 0, "priority": 10}],
    "exceptions": [{"date": "2026-12-24", "minutes": 240, "reason": "half a day"}],
    "holiday_country": "DE",
    "holiday_subdivision": "BY",
}
_CALENDAR = {
    "calendar": "EARLY", "name": "Early shift, Bavaria",
    "weekly": {"monday": 480, "tuesday": 480, "wednesday": 480, "thursday": 480, "friday": 360, "saturday": 0, "sunday": 0},
    "rules": [{"from_date": "2027-08-01", "to_date": "2027-08-16", "minutes": 0, "priority": 10,
               "weekdays": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]}],
    "exceptions": [{"date": "2026-12-24", "minutes": 240, "reason": "half a day"}], "holiday_country": "DE", "holiday_subdivision": "BY",
    "external_id": None, "source_system": None, "revision": 1,
    "created_at": "2026-11-21T10:42:07Z", "updated_at": "2026-11-21T10:42:07Z",
}  # fmt: skip


@router.put("/calendars/{calendar:path}", responses=answers(_CALENDAR))
async def put_calendar(
    request: Request, caller: Writer, calendar: CalendarId, body: Annotated[CalendarAsk, Body(examples=[_BODY])]
) -> Calendar:
    """Define a calendar as a whole. Every resource that works by it is told anew."""
    return defining.answer(await change(request, lambda session: define_calendar(session, calendar, body)), Calendar)


@router.get("/calendars/{calendar:path}", responses=answers(_CALENDAR))
async def get_calendar(request: Request, caller: Reader, calendar: CalendarId) -> Calendar:
    """Read a calendar."""
    return await defining.get(request, "calendar", calendar, Calendar)


@router.get("/calendars", responses=answers({"data": [_CALENDAR], "next_cursor": None}))
async def list_calendars(
    request: Request,
    caller: Reader,
    holiday_country: Annotated[Country | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[Calendar]:
    """List calendars by id."""
    return await defining.page(request, "calendar", Calendar, cursor, limit, {"holiday_country": holiday_country})
