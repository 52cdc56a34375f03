"""Tell days anew long before those that were worked out come to their end."""

from datetime import timedelta
from functools import partial

from services.capacity import store
from services.capacity.handlers.resolving import LEAST_AHEAD_DAYS, pattern_of, pattern_on
from services.capacity.handlers.say import say_calendar, say_resources
from shared.database import Database, Session, db_now

PAGE = 200


async def move_horizon(database: Database) -> int:
    """Tell every calendar and resource again whose last day comes near; how many they were. Several processes may do it at once."""
    moved = 0
    while due := await _due(database):
        for kind, identity in due:
            moved += await database.run(partial(_move, kind=kind, identity=identity))
        if len(due) < PAGE:
            break
    return moved


async def _due(database: Database) -> list[tuple[str, str]]:
    async with database.read() as session:
        now = await db_now(session)
        return await store.list_due(session, now.date() + timedelta(days=LEAST_AHEAD_DAYS), PAGE)


async def _move(session: Session, kind: str, identity: str) -> int:
    """One of them in a transaction of its own; 0 when another process was first."""
    locked = await store.lock_known(session, kind, identity)
    now = await db_now(session)
    today = now.date()
    if locked is None or locked.until_date is None or locked.until_date >= today + timedelta(days=LEAST_AHEAD_DAYS):
        return 0
    if kind == "calendar":
        await say_calendar(session, locked, pattern_of(locked.body, today), now, "horizon-moved")
    else:
        pattern = await pattern_on(session, locked.body["calendar"], today)
        await say_resources(session, [locked], pattern, now, "horizon-moved", reason="horizon-moved")
    return 1
