"""Take back what a whole file no longer names: bills of material, routings, resources.

A resource without which a routing or an operation would name nobody stays, with the place named. What is claimed of one that goes is
quote's to see: its capacity is nothing from then on, and promises that lean on it go at risk.
"""

from dataclasses import replace
from typing import Any

from services.capacity import events, store
from services.capacity.domain.pattern import Pattern
from services.capacity.handlers.resolving import horizon
from services.capacity.handlers.say import say
from services.capacity.store import Definition
from shared.contracts.base import EntityEvent
from shared.database import Session, db_now
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
