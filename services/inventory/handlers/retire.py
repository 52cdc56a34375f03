"""Take back master data that a whole file no longer names: terms, lanes, suppliers and sites go, an item ends its lifecycle.

Nothing goes on which something here depends; it stays, with the place named. Somebody who names it afterwards names what nobody has
defined, as with everything that another feed may still bring.
"""

from dataclasses import replace

from services.inventory import events, store
from services.inventory.handlers.take import MASTERS, RETIRED
from shared.database import Session, db_now
from shared.imports import Job, Rest
from shared.outbox import append_many

AT_ONCE = 300
_WORD = {kind: kind.replace("-", " ") for kind, _ in MASTERS.values()}


async def retire_rest(session: Session, kind: str, job: Job, after: str, site_field: str | None = None) -> Rest:
    """Retire some of what the import has not named, and say it."""
    left = await store.list_definitions_left(session, kind, job.id, job.started_at, after, AT_ONCE, site=job.site, site_field=site_field)
    known = await store.lock_definitions(session, kind, left)
    places = await store.find_places(session, kind, left)
    now = await db_now(session)
    standing = [one for one in map(known.__getitem__, left) if not one.retired and one.body.get("lifecycle") != RETIRED]
    kept = tuple(f"{_WORD[kind]} {one.id} stays because of {places[one.id]}" for one in standing if one.id in places)
    gone = []
    for one in standing:
        if one.id in places:
            continue
        after_it = replace(one, revision=one.revision + 1, updated_at=now)
        gone.append(replace(after_it, body={**one.body, "lifecycle": RETIRED}) if kind == "item" else replace(after_it, retired=True))
    await store.save_definitions(session, kind, gone)
    await append_many(session, [events.defined(kind, one.id, one.body, one.revision, now, retired=one.retired) for one in gone])
    return Rest(len(gone), left[-1] if len(left) == AT_ONCE else None, kept)
