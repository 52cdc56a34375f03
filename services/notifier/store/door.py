"""One at a time: whoever moves promises between alerts, or writes messages about them, waits for whoever does it already."""

from sqlalchemy import text

from shared.database import Session

_PATIENCE = text("SELECT set_config('lock_timeout', '3s', true)")
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '/alerts', 0))")


async def lock_door(session: Session) -> None:
    """Hold it until this transaction ends. Take it first, before any row."""
    await session.execute(_PATIENCE)
    await session.execute(_LOCK)
