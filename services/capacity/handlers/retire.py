"""Take back what a whole file no longer names: bills of material, routings, resources, operations, downtime and overtime, calendars.

A resource without which a routing or an operation would name nobody stays, with the place named. What is claimed of one that goes is
quote's to see: its capacity is nothing from then on, and promises that lean on it go at risk.
"""

from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

import httpx

from services.capacity import events, store
from services.capacity.domain.pattern import Pattern
from services.capacity.gateway import CalendarUsers
from services.capacity.handlers.correct import remove_correction
from services.capacity.handlers.resolving import horizon
from services.capacity.handlers.say import say
from services.capacity.store import Definition
from shared.contracts.base import EntityEvent
from shared.database import Database, Session, db_now
from shared.imports import Job, Rest

AT_ONCE = 100


async def retire_rest(session: Session, kind: str, job: Job, after: str) -> Rest:
    """Retire some of what the import has not named, and say it."""
    if kind == "bom":
        await store.lock_bills(session)
    left = await store.list_definitions_left(session, kind, job.id, job.started_at, after, AT_ONCE, job.site)
    places = await store.find_places(session, left) if kind == "resource" and left else {}
    kept = tuple(f"{kind} {identity} stays because {places[identity]} names it or its pool" for identity in left if identity in places)
    gone = [one for identity in left if identity not in places and (one := await store.lock_known(session, kind, identity)) is not None]
    now = await db_now(session)
    await say(session, [_emptied(one) for one in gone], [_goodbye(one, now) for one in gone], None)
    if kind == "bom":
        for one in gone:
            await store.save_goes_in(session, one.id, ())
    return Rest(len(gone), left[-1] if len(left) == AT_ONCE else None, kept)


def _emptied(one: Definition) -> Definition:
    """As it is kept: bills and routings are taken back by having none."""
    return replace(one, body={**one.body, **_NOTHING.get(one.kind, {})})


def _goodbye(one: Definition, now: Any) -> EntityEvent:
    if one.kind == "resource":
        first, last = horizon(now.date())
        nothing = Pattern((0,) * 7, {}, first, last)
        return events.resource_capacity_changed(one.id, one.body, nothing, one.revision + 1, now, change="retired", retired=True)
    return events.product_defined(one.kind, one.id, _emptied(one).body, one.revision + 1, now, retired=True)


_NOTHING: dict[str, dict[str, Any]] = {"bom": {"boms": []}, "routing": {"routings": []}}


async def retire_operations(session: Session, job: Job, after: str) -> Rest:
    """Forget who does operations that the import has not named and that no routing has; what has one stays."""
    left = await store.list_definitions_left(session, "operation", job.id, job.started_at, after, AT_ONCE, None)
    known = [one for identity in left if (one := await store.lock_known(session, "operation", identity)) is not None]
    places = await store.find_routings_with(session, left)
    now = await db_now(session)
    gone = [replace(one, revision=one.revision + 1, updated_at=now, retired=True) for one in known if one.id not in places]
    await store.save_definitions(session, gone)
    kept = tuple(f"operation {one.id} stays because {places[one.id]} has it" for one in known if one.id in places)
    return Rest(len(gone), left[-1] if len(left) == AT_ONCE else None, kept)


async def remove_other_corrections(session: Session, job: Job, after: str) -> Rest:
    """Take back downtime and overtime from today on that the import has not named. What was before has been."""
    resource, _, day = after.rpartition("|")
    behind = (resource, date.fromisoformat(day)) if day else ("", date.min)
    today = (await db_now(session)).date()
    left = await store.list_corrections_left(session, job.id, job.started_at, today, behind, AT_ONCE)
    for each in left:
        await remove_correction(session, *each, None)
    return Rest(len(left), f"{left[-1][0]}|{left[-1][1]}" if len(left) == AT_ONCE else None)


async def retire_calendars(database: Database, users: CalendarUsers, job: Job) -> Rest:
    """Retire calendars that the import has not named and by which nobody works, as far as inventory and quote can be asked."""
    try:
        elsewhere = await users.find()
    except (httpx.HTTPError, ValueError, KeyError) as error:
        said = f"no calendar was retired, because nobody could be asked who works by them: {error}"
        return Rest(0, None, (f"{said}; send the file again",))
    closed, kept = 0, list[str]()
    rest = Rest(0, "")
    while rest.after is not None:
        rest = await database.run(partial(_retire_calendars, elsewhere, job, rest.after))
        closed += rest.closed
        kept += rest.kept
    return Rest(closed, None, tuple(kept))


async def _retire_calendars(elsewhere: dict[str, str], job: Job, after: str, session: Session) -> Rest:
    left = await store.list_definitions_left(session, "calendar", job.id, job.started_at, after, AT_ONCE, None)
    known = [one for identity in left if (one := await store.lock_known(session, "calendar", identity)) is not None]
    places = elsewhere | await store.find_resources_on(session, left)
    gone = [one for one in known if one.id not in places]
    now = await db_now(session)
    await say(session, gone, [events.calendar_retired(one.said or {}, one.revision + 1, now) for one in gone], None)
    kept = tuple(f"calendar {one.id} stays because {places[one.id]} works by it" for one in known if one.id in places)
    return Rest(len(gone), left[-1] if len(left) == AT_ONCE else None, kept)
