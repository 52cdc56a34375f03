"""Define master data: items, sites, lanes, suppliers and what they deliver."""

from dataclasses import dataclass, replace
from typing import Any

from services.inventory import events, store
from services.inventory.handlers.refusals import DecimalsFixed, Stale
from shared.database import Session, db_now
from shared.outbox import append


@dataclass(frozen=True, slots=True)
class Defined:
    """The definition as it stands now; `changed` is False when it was told nothing new."""

    definition: store.Definition
    changed: bool


async def define(
    session: Session, kind: str, identity: str, body: dict[str, Any], expected_revision: int | None
) -> Defined | Stale | DecimalsFixed:
    """Take the whole definition over; told again, it changes nothing and says nothing."""
    before = await store.lock_definition(session, kind, identity)
    if expected_revision not in (None, before.revision):
        return Stale(before.revision)
    if before.revision and not before.retired and before.body == body:
        return Defined(before, changed=False)
    fixed = before.body.get("decimals")
    if kind == "item" and fixed not in (None, body["decimals"]) and await store.is_used(session, identity):
        return DecimalsFixed(fixed)
    now = await db_now(session)
    after = replace(before, body=body, revision=before.revision + 1, updated_at=now, retired=False)
    await store.save_definition(session, after)
    append(session, events.defined(kind, identity, body, after.revision, now))
    return Defined(after, changed=True)
