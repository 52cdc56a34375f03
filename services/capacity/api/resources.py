"""Resources, with their downtime and overtime."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Request
from pydantic import BaseModel, ConfigDict

from services.capacity import store
from services.capacity.api import defining
from services.capacity.api.reach import (
    CodeFilter,
    Day,
    FromDate,
    Reader,
    ToDate,
    View,
    Writer,
    answers,
    change,
    refusal,
    unknown,
    window,
)
from services.capacity.asks.fields import EARLIEST, ExpectedRevision, Name
from services.capacity.asks.resources import CorrectionAsk, ResourceAsk
from services.capacity.handlers.correct import Corrected, remove_correction, set_correction
from services.capacity.handlers.define import define_resource
from shared.contracts.base import Instant, Quantity
from shared.database import Database
from shared.paging import Cursor, Limit, Page, decode_cursor, encode_cursor
from shared.problems import not_found

router = APIRouter(prefix="/v1")

ResourceId = Annotated[Name, Path(description="The resource's id.")]
AtRevision = Annotated[ExpectedRevision, Query()]


class Resource(View):
    """A resource as it stands. One with `units` 0 is merely the name of a pool."""

    resource: str
    name: str
    site: str
    calendar: str | None = None
    units: Quantity
    efficiency: Quantity
    group: str | None = None
    skills: tuple[str, ...] = ()


class DayException(BaseModel):
    """Downtime or overtime of one day."""

    model_config = ConfigDict(frozen=True)

    resource: str
    date: date
    minutes: int | None = None
    delta_minutes: int | None = None
    reason: str
    document: str | None = None
    set_by: str
    revision: int
    """Of the resource, when this was set."""
    updated_at: Instant


class RemovedException(BaseModel):
    """What is left of downtime or overtime that was taken back: nothing."""

    resource: str
    date: date
    removed: bool
    """False: there was none."""
    revision: int
    """Of the resource now."""


_BODY = {"name": "Band saw", "site": "FACTORY", "calendar": "EARLY", "units": 1, "efficiency": 0.9, "group": "SAWS", "skills": ["OAK"]}
_RESOURCE = {
    "resource": "SAW-1", "name": "Band saw", "site": "FACTORY", "calendar": "EARLY", "units": 1, "efficiency": 0.9, "group": "SAWS",
    "skills": ["OAK"], "external_id": None, "source_system": None, "revision": 1,
    "created_at": "2026-11-21T10:42:07Z", "updated_at": "2026-11-21T10:42:07Z",
}  # fmt: skip
_DOWN_BODY = {"delta_minutes": -120, "reason": "blade changed", "document": "MNT-17"}
_DOWN = {
    "resource": "SAW-1", "date": "2026-12-03", "minutes": None, "delta_minutes": -120, "reason": "blade changed", "document": "MNT-17",
    "set_by": "mes", "revision": 2, "updated_at": "2026-11-21T10:42:07Z",
}  # fmt: skip


@router.put("/resources/{resource}", responses=answers(_RESOURCE))
async def put_resource(
    request: Request, caller: Writer, resource: ResourceId, body: Annotated[ResourceAsk, Body(examples=[_BODY])]
) -> Resource:
    """Define a resource. The row of a pool that can do nothing itself has `units` 0; its members name it as their `group`."""
    return defining.answer(await change(request, lambda session: define_resource(session, resource, body)), Resource)


@router.get("/resources/{resource}", responses=answers(_RESOURCE))
async def get_resource(request: Request, caller: Reader, resource: ResourceId) -> Resource:
    """Read a resource."""
    return await defining.get(request, "resource", resource, Resource)


@router.get("/resources", responses=answers({"data": [_RESOURCE], "next_cursor": None}))
async def list_resources(
    request: Request,
    caller: Reader,
    site: CodeFilter = None,
    group: CodeFilter = None,
    calendar: CodeFilter = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[Resource]:
    """List resources by id."""
    return await defining.page(request, "resource", Resource, cursor, limit, {"site": site, "group": group, "calendar": calendar})


@router.put("/resources/{resource}/exceptions/{day}", responses=answers(_DOWN))
async def put_exception(
    request: Request, caller: Writer, resource: ResourceId, day: Day, body: Annotated[CorrectionAsk, Body(examples=[_DOWN_BODY])]
) -> DayException:
    """Set downtime or overtime of one day; an earlier one of that day is replaced."""
    outcome = await change(request, lambda session: set_correction(session, resource, day, body, caller.id))
    if (problem := refusal(outcome)) is not None:
        raise problem
    assert isinstance(outcome, Corrected)  # noqa: S101 -- the refusals are dealt with
    assert outcome.correction is not None  # noqa: S101 -- it was just set
    return _view(outcome.correction)


@router.get("/resources/{resource}/exceptions/{day}", responses=answers(_DOWN))
async def get_exception(request: Request, caller: Reader, resource: ResourceId, day: Day) -> DayException:
    """Read downtime or overtime of one day."""
    database: Database = request.app.state.database
    async with database.read() as session:
        found = await store.find_correction(session, resource, day)
    if found is None:
        raise not_found("UNKNOWN_EXCEPTION", f"{resource!r} has neither downtime nor overtime on {day}.")
    return _view(found)


@router.delete(
    "/resources/{resource}/exceptions/{day}",
    responses=answers({"resource": "SAW-1", "date": "2026-12-03", "removed": True, "revision": 3}),
)
async def delete_exception(
    request: Request, caller: Writer, resource: ResourceId, day: Day, expected_revision: AtRevision = None
) -> RemovedException:
    """Take downtime or overtime back; the calendar holds again. `expected_revision` is the resource's."""
    outcome = await change(request, lambda session: remove_correction(session, resource, day, expected_revision))
    if (problem := refusal(outcome)) is not None:
        raise problem
    assert isinstance(outcome, Corrected)  # noqa: S101 -- the refusals are dealt with
    return RemovedException(resource=resource, date=day, removed=outcome.changed, revision=outcome.revision)


@router.get("/resources/{resource}/exceptions", responses=answers({"data": [_DOWN], "next_cursor": None}))
async def list_exceptions(
    request: Request,
    caller: Reader,
    resource: ResourceId,
    from_date: FromDate = None,
    to_date: ToDate = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[DayException]:
    """List downtime and overtime of a resource by day."""
    first, last = window(from_date, to_date)
    decoded = decode_cursor(cursor, date)[0] if cursor else None
    after = decoded if isinstance(decoded, date) else date.min
    database: Database = request.app.state.database
    async with database.read() as session:
        if await store.find_definition(session, "resource", resource) is None:
            raise unknown("resource", resource)
        rows = await store.page_corrections(session, resource, max(first, EARLIEST), last, after=after, limit=limit + 1)
    more = encode_cursor([rows[limit - 1].day]) if len(rows) > limit else None
    return Page(data=[_view(row) for row in rows[:limit]], next_cursor=more)


def _view(row: store.CorrectionRow) -> DayException:
    return DayException(
        resource=row.resource,
        date=row.day,
        minutes=row.minutes,
        delta_minutes=row.delta_minutes,
        reason=row.reason,
        document=row.document,
        set_by=row.caller,
        revision=row.revision,
        updated_at=row.updated_at,
    )
