"""Positions: their figures, their last change, and the counts behind them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, text

from services.inventory.domain.position import Key, Position
from services.inventory.store.rows import PATIENCE, as_json, texts
from shared.contracts.inventory import Change, PositionChanged
from shared.database import Session
from shared.outbox import Event

_FIGURES = "sku, site, on_hand, blocked, safety_stock, counted_at, revision"

_MEET = text(f"""
    INSERT INTO stock_position (key, sku, site)
    SELECT k.* FROM unnest(CAST(:keys AS text[]), CAST(:skus AS text[]), CAST(:sites AS text[])) AS k, {PATIENCE}
        ON CONFLICT DO NOTHING
""")
_LOCK = text(f'SELECT {_FIGURES} FROM stock_position WHERE key = ANY(CAST(:keys AS text[])) ORDER BY key COLLATE "C" FOR UPDATE')
_SAVE = text("""
    UPDATE stock_position AS p
       SET on_hand = r.on_hand, blocked = r.blocked, safety_stock = r.safety_stock, counted_at = r.counted_at, revision = r.revision,
           change = r.change, changed_at = r.changed_at, reason = r.reason, document = r.document
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (
           key text, on_hand numeric, blocked numeric, safety_stock numeric, counted_at timestamptz, revision bigint,
           change jsonb, changed_at timestamptz, reason text, document text)
     WHERE p.key = r.key
""")
_LIST = f"""
    SELECT {_FIGURES}, change, changed_at, reason, document, created_at
      FROM stock_position
     WHERE revision > 0 AND key > :after {{conditions}}
     ORDER BY key
     LIMIT :limit
"""
_ADD_COUNT = text("""
    INSERT INTO stock_count (key, counted, counted_at, booked_at, caller, reason, document, on_hand_before, on_hand_after,
                             safety_stock_before, safety_stock_after, revision)
    VALUES (:key, :counted, :counted_at, :booked_at, :caller, :reason, :document, :on_hand_before, :on_hand_after,
            :safety_stock_before, :safety_stock_after, :revision)
""")


@dataclass(frozen=True, slots=True)
class Remembered:
    """A position with the change that brought it to this revision."""

    position: Position
    change: Change
    changed_at: datetime
    reason: str | None
    document: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CountRow:
    """One count, kept for ever."""

    before: Position
    after: Position
    counted: Decimal | None
    counted_at: datetime
    booked_at: datetime
    caller: str
    reason: str
    document: str


async def lock_positions(session: Session, keys: Iterable[Key]) -> list[Position]:
    """Lock these positions in one order for everybody. A row is made first, or two first movements would not see one another."""
    ordered = sorted(keys, key=lambda key: key.text)
    if not ordered:
        return []
    spelled = [key.text for key in ordered]
    await session.execute(_MEET, {"keys": spelled, "skus": [key.sku for key in ordered], "sites": [key.site for key in ordered]})
    return [_position(row) for row in (await session.execute(_LOCK, {"keys": spelled})).all()]


async def save_positions(session: Session, changed: Sequence[tuple[Position, Event]]) -> None:
    """Replace the figures of locked positions; each comes with the last event that was said of it."""
    if changed:
        await session.execute(_SAVE, {"rows": as_json(_row(position, event) for position, event in changed)})


async def find_position(session: Session, key: Key) -> Remembered | None:
    """The position, if anything ever happened to it."""
    found = await list_positions(session, after="", limit=1, keys=[key])
    return found[0] if found else None


async def list_positions(
    session: Session,
    *,
    after: str,
    limit: int,
    sku: str | None = None,
    site: str | None = None,
    keys: Sequence[Key] | None = None,
) -> list[Remembered]:
    """Positions behind the key `after`, in order of their keys; all that are given narrow it down."""
    conditions = ""
    values: dict[str, Any] = {"after": after, "limit": limit}
    for name, value in (("sku", sku), ("site", site)):
        if value is not None:
            conditions += f" AND {name} = :{name}"
            values[name] = value
    if keys is not None:
        conditions += " AND key = ANY(CAST(:keys AS text[]))"
        values["keys"] = texts(keys)
    rows = (await session.execute(text(_LIST.format(conditions=conditions)), values)).all()
    return [
        Remembered(_position(row), Change.model_validate(row.change), row.changed_at, row.reason, row.document, row.created_at)
        for row in rows
    ]


async def add_count(session: Session, row: CountRow) -> None:
    """Keep who counted what."""
    await session.execute(
        _ADD_COUNT,
        {
            "key": row.after.key.text,
            "counted": row.counted,
            "counted_at": row.counted_at,
            "booked_at": row.booked_at,
            "caller": row.caller,
            "reason": row.reason,
            "document": row.document,
            "on_hand_before": row.before.on_hand,
            "on_hand_after": row.after.on_hand,
            "safety_stock_before": row.before.safety_stock,
            "safety_stock_after": row.after.safety_stock,
            "revision": row.after.revision,
        },
    )


def _position(row: Row[Any]) -> Position:
    return Position(Key(row.sku, row.site), row.on_hand, row.blocked, row.safety_stock, row.counted_at, row.revision)


def _row(position: Position, event: Event) -> dict[str, Any]:
    said = event.data
    if not isinstance(said, PositionChanged):
        raise TypeError(f"{event.type} does not tell of a position")
    return {
        "key": position.key.text,
        "on_hand": position.on_hand,
        "blocked": position.blocked,
        "safety_stock": position.safety_stock,
        "counted_at": position.counted_at,
        "revision": position.revision,
        "change": said.change.model_dump(mode="json", exclude_none=True),
        "changed_at": said.occurred_at,
        "reason": said.reason,
        "document": said.document,
    }
