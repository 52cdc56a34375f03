"""Tell what is known: everything, for readers that start anew; and the minutes of each day, with their reason."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from services.capacity import events, store
from services.capacity.domain.calendar import Day
from services.capacity.domain.resource import corrected, work_minutes
from services.capacity.handlers.resolving import correction_of, days_between
from services.capacity.store import CorrectionRow, Definition
from shared.contracts.base import EntityEvent
from shared.database import Database, Session

PAGE = 200


async def snapshot(database: Database) -> AsyncIterator[list[tuple[str, EntityEvent]]]:
    """Every entity, as its last event told it, page by page.

    Each page is a transaction of its own: a slow reader holds nothing up. What changes meanwhile has a higher revision and
    stands in the log behind the offsets that were read before.
    """
    for kind in events.SAID:
        after = ""
        while page := await _page(database, kind, after):
            yield [events.told(kind, each.said) for each in page if each.said is not None]
            after = page[-1].id


async def _page(database: Database, kind: str, after: str) -> Sequence[Definition]:
    async with database.read() as session:
        return await store.list_definitions(session, kind, after=after, limit=PAGE, retired=True)


@dataclass(frozen=True, slots=True)
class DayOfWork:
    """What a resource can do on a day, in minutes of work, and why."""

    date: date
    minutes: int
    calendar: Day
    without_correction: int
    correction: CorrectionRow | None


async def days_of_work(session: Session, resource: Definition, first: date, last: date) -> list[DayOfWork]:
    """Each day from the first to the last, both included."""
    name = resource.body["calendar"]
    calendar = await store.find_definition(session, "calendar", name) if name is not None else None
    corrections = {row.day: row for row in await store.list_corrections(session, [resource.id], first, last)}
    units, efficiency = Decimal(str(resource.body["units"])), Decimal(str(resource.body["efficiency"]))
    found = []
    for offset, day in enumerate(days_between(calendar.body if calendar else None, first, last)):
        when = first + timedelta(days=offset)
        row = corrections.get(when)
        plain = work_minutes(day.minutes, units, efficiency)
        found.append(DayOfWork(when, corrected(plain, correction_of(row) if row else None), day, plain, row))
    return found
