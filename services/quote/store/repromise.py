"""Simulations of re-promising: kept as they were answered, with what applying them writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.quote.store.pool import Connection
from services.quote.store.rows import DeliveryRow


@dataclass(slots=True, frozen=True)
class MoveRow:
    """One order line and where its open deliveries go; those that are not named stand."""

    order_id: str
    line_ref: str
    deliveries: tuple[DeliveryRow, ...]
    """By the reference of the delivery that each replaces."""
    promised_day: int
    reason: str


@dataclass(slots=True, frozen=True)
class RepromiseRow:
    """A simulation, applied or not."""

    id: str
    created_at: datetime
    caller: str
    answer: dict[str, Any]
    moves: tuple[MoveRow, ...]
    versions: dict[str, int]
    revisions: dict[str, int]
    days: dict[str, int]
    applied_at: datetime | None = None


def _fields(move: MoveRow) -> dict[str, Any]:
    deliveries = [{name: getattr(one, name) for name in DeliveryRow.__slots__} for one in move.deliveries]
    return {name: getattr(move, name) for name in MoveRow.__slots__} | {"deliveries": deliveries}


def _move(said: dict[str, Any]) -> MoveRow:
    return MoveRow(**{**said, "deliveries": tuple(DeliveryRow(**one) for one in said["deliveries"])})


async def save(connection: Connection, rows: Sequence[RepromiseRow]) -> None:
    """Keep simulations, or that they have been applied."""
    for row in rows:
        await connection.execute(
            """INSERT INTO repromise (id, created_at, caller, answer, moves, versions, revisions, days, applied_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
               ON CONFLICT (id) DO UPDATE SET answer = excluded.answer, applied_at = excluded.applied_at""",
            row.id, row.created_at, row.caller, row.answer, [_fields(move) for move in row.moves], row.versions, row.revisions, row.days,
            row.applied_at,
        )  # fmt: skip


async def find(connection: Connection, repromise_id: str, *, lock: bool = False) -> RepromiseRow | None:
    """A simulation, or None; locked when asked."""
    row = await connection.fetchrow(f"SELECT * FROM repromise WHERE id = $1 {'FOR UPDATE' if lock else ''}", repromise_id)
    if row is None:
        return None
    return RepromiseRow(**{**dict(row), "moves": tuple(_move(one) for one in row["moves"])})
