"""Downtime and overtime: one row per resource and day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, text

from shared.database import Session

_COLUMNS = "resource, day, minutes, delta_minutes, reason, document, caller, revision, updated_at"
_FIND = text(f"SELECT {_COLUMNS} FROM correction WHERE resource = :resource AND day = :day")
_LIST = text(f"""
    SELECT {_COLUMNS} FROM correction
     WHERE resource = ANY(CAST(:resources AS text[])) AND day BETWEEN :first AND :last ORDER BY resource, day
""")
_PAGE = text(f"""
    SELECT {_COLUMNS} FROM correction
     WHERE resource = :resource AND day BETWEEN :first AND :last AND day > :after ORDER BY day LIMIT :limit
""")
_SAVE = text(f"""
    INSERT INTO correction ({_COLUMNS})
    VALUES (:resource, :day, :minutes, :delta_minutes, :reason, :document, :caller, :revision, :updated_at)
    ON CONFLICT (resource, day) DO UPDATE SET
        minutes = excluded.minutes, delta_minutes = excluded.delta_minutes, reason = excluded.reason, document = excluded.document,
        caller = excluded.caller, revision = excluded.revision, updated_at = excluded.updated_at
""")
_DELETE = text("DELETE FROM correction WHERE resource = :resource AND day = :day")


@dataclass(frozen=True, slots=True)
class CorrectionRow:
    """Downtime or overtime of one day: who set it, why, by which document."""

    resource: str
    day: date
    minutes: int | None
    delta_minutes: int | None
    reason: str
    document: str | None
    caller: str
    revision: int
    updated_at: datetime


async def find_correction(session: Session, resource: str, day: date) -> CorrectionRow | None:
    """The correction of that day, if there is one."""
    row = (await session.execute(_FIND, {"resource": resource, "day": day})).one_or_none()
    return None if row is None else _correction(row)


async def list_corrections(session: Session, resources: Sequence[str], first: date, last: date) -> list[CorrectionRow]:
    """Every correction of these resources from the first to the last day."""
    rows = (await session.execute(_LIST, {"resources": list(resources), "first": first, "last": last})).all()
    return [_correction(row) for row in rows]


async def page_corrections(session: Session, resource: str, first: date, last: date, *, after: date, limit: int) -> list[CorrectionRow]:
    """Corrections of one resource behind the day `after`."""
    values = {"resource": resource, "first": first, "last": last, "after": after, "limit": limit}
    return [_correction(row) for row in (await session.execute(_PAGE, values)).all()]


async def save_correction(session: Session, row: CorrectionRow) -> None:
    """Set or replace it. The resource is locked."""
    await session.execute(_SAVE, {name: getattr(row, name) for name in _COLUMNS.split(", ")})


async def delete_correction(session: Session, resource: str, day: date) -> None:
    """Take it away. The resource is locked."""
    await session.execute(_DELETE, {"resource": resource, "day": day})


def _correction(row: Row[Any]) -> CorrectionRow:
    return CorrectionRow(
        row.resource, row.day, row.minutes, row.delta_minutes, row.reason, row.document, row.caller, row.revision, row.updated_at
    )
