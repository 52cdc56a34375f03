"""Set and take back downtime and overtime."""

from dataclasses import dataclass
from datetime import date, datetime

from services.capacity import store
from services.capacity.asks.resources import CorrectionAsk
from services.capacity.handlers.refusals import Stale, Unknown
from services.capacity.handlers.resolving import pattern_on
from services.capacity.handlers.say import say_resources
from services.capacity.store import CorrectionRow, Definition
from shared.contracts.capacity import ResourceChangeKind
from shared.database import Session, db_now


@dataclass(frozen=True, slots=True)
class Corrected:
    """The correction as it stands, or stood before it was taken back (None: there was none), and the resource's revision now."""

    correction: CorrectionRow | None
    revision: int
    changed: bool


async def set_correction(session: Session, resource: str, day: date, ask: CorrectionAsk, caller: str) -> Corrected | Stale | Unknown:
    """Set downtime or overtime of one day; told again, it changes nothing and says nothing."""
    locked = await store.lock_known(session, "resource", resource)
    if locked is None:
        return Unknown("resource", resource)
    if ask.expected_revision not in (None, locked.revision):
        return Stale(locked.revision)
    before = await store.find_correction(session, resource, day)
    wanted = (ask.minutes, ask.delta_minutes, ask.reason, ask.document)
    if before is not None and (before.minutes, before.delta_minutes, before.reason, before.document) == wanted:
        return Corrected(before, locked.revision, changed=False)
    now = await db_now(session)
    row = CorrectionRow(resource, day, *wanted, caller, locked.revision + 1, now)
    await store.save_correction(session, row)
    after = await _say(session, locked, row, "exception-set", now)
    return Corrected(row, after.revision, changed=True)


async def remove_correction(session: Session, resource: str, day: date, expected_revision: int | None) -> Corrected | Stale | Unknown:
    """Take downtime or overtime back; where there is none, nothing changes."""
    locked = await store.lock_known(session, "resource", resource)
    if locked is None:
        return Unknown("resource", resource)
    if expected_revision not in (None, locked.revision):
        return Stale(locked.revision)
    before = await store.find_correction(session, resource, day)
    if before is None:
        return Corrected(None, locked.revision, changed=False)
    await store.delete_correction(session, resource, day)
    after = await _say(session, locked, before, "exception-removed", await db_now(session))
    return Corrected(before, after.revision, changed=True)


async def _say(session: Session, resource: Definition, row: CorrectionRow, change: ResourceChangeKind, now: datetime) -> Definition:
    pattern = await pattern_on(session, resource.body["calendar"], now.date())
    [after] = await say_resources(
        session, [resource], pattern, now, change, changed_dates=(row.day,), reason=row.reason, document=row.document
    )
    return after
