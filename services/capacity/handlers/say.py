"""Save a definition together with what is said about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from services.capacity import events, store
from services.capacity.domain.pattern import Pattern
from services.capacity.handlers.resolving import capacity_of
from services.capacity.store import CorrectionRow, Definition
from shared.contracts.base import EntityEvent, Retirable
from shared.contracts.capacity import ResourceChangeKind
from shared.database import Session
from shared.outbox import append_many


@dataclass(frozen=True, slots=True)
class Defined:
    """The definition as it stands now; `changed` is False when it was told nothing new."""

    definition: Definition
    changed: bool


async def say(session: Session, definitions: Sequence[Definition], told: Sequence[EntityEvent], until: date | None) -> list[Definition]:
    """Keep locked definitions at their events' revisions, as the events tell them, and say it."""
    after = [
        replace(
            each,
            said=data.model_dump(mode="json"),
            until_date=until,
            revision=data.revision,
            created_at=each.created_at if each.revision else data.occurred_at,
            updated_at=data.occurred_at,
            retired=isinstance(data, Retirable) and data.retired,
        )
        for each, data in zip(definitions, told, strict=True)
    ]
    await store.save_definitions(session, after)
    await append_many(session, [events.event_of(each.kind, each.id, data) for each, data in zip(definitions, told, strict=True)])
    return after


async def say_calendar(session: Session, calendar: Definition, pattern: Pattern, now: datetime, reason: str | None = None) -> Definition:
    """Tell a locked calendar anew."""
    data = events.calendar_defined(calendar.id, calendar.body, pattern, calendar.revision + 1, now, reason)
    [after] = await say(session, [calendar], [data], pattern.until_date)
    return after


async def say_resources(
    session: Session, resources: Sequence[Definition], calendar: Pattern, now: datetime, change: ResourceChangeKind, **why: Any
) -> list[Definition]:
    """Tell locked resources of one calendar anew; `why`: changed_dates, reason, document."""
    names = [each.id for each in resources]
    rows = await store.list_corrections(session, names, calendar.from_date, calendar.until_date)
    of_each: Mapping[str, list[CorrectionRow]] = {name: [] for name in names}
    for row in rows:
        of_each[row.resource].append(row)
    told = [
        events.resource_capacity_changed(
            each.id, each.body, capacity_of(each.body, calendar, of_each[each.id]), each.revision + 1, now, change=change, **why
        )
        for each in resources
    ]
    return await say(session, resources, told, calendar.until_date)
