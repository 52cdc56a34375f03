"""Save a definition together with what is said about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from services.capacity import events, store
from services.capacity.domain.pattern import Pattern
from services.capacity.handlers.resolving import capacity_of
from services.capacity.store import CorrectionRow, Definition
from shared.contracts.base import EntityEvent
from shared.contracts.capacity import ResourceChangeKind
from shared.database import Session
from shared.outbox import append


@dataclass(frozen=True, slots=True)
class Defined:
    """The definition as it stands now; `changed` is False when it was told nothing new."""

    definition: Definition
    changed: bool


async def say(session: Session, definition: Definition, data: EntityEvent, until_date: date | None) -> Definition:
    """Keep the locked definition at the event's revision, as the event tells it, and say it."""
    after = replace(
        definition,
        said=data.model_dump(mode="json"),
        until_date=until_date,
        revision=data.revision,
        created_at=definition.created_at if definition.revision else data.occurred_at,
        updated_at=data.occurred_at,
    )
    await store.save_definition(session, after)
    append(session, events.event_of(definition.kind, definition.id, data))
    return after


async def say_calendar(session: Session, calendar: Definition, pattern: Pattern, now: datetime, reason: str | None = None) -> Definition:
    """Tell a locked calendar anew."""
    data = events.calendar_defined(calendar.id, calendar.body, pattern, calendar.revision + 1, now, reason)
    return await say(session, calendar, data, pattern.until_date)


async def say_resources(
    session: Session, resources: Sequence[Definition], calendar: Pattern, now: datetime, change: ResourceChangeKind, **why: Any
) -> list[Definition]:
    """Tell locked resources of one calendar anew; `why`: changed_dates, reason, document."""
    names = [each.id for each in resources]
    rows = await store.list_corrections(session, names, calendar.from_date, calendar.until_date)
    of_each: Mapping[str, list[CorrectionRow]] = {name: [] for name in names}
    for row in rows:
        of_each[row.resource].append(row)
    told = []
    for each in resources:
        pattern = capacity_of(each.body, calendar, of_each[each.id])
        data = events.resource_capacity_changed(each.id, each.body, pattern, each.revision + 1, now, change=change, **why)
        told.append(await say(session, each, data, pattern.until_date))
    return told
