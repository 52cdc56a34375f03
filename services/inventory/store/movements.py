"""Movements: facts that are added and never changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, text

from services.inventory.domain.movement import Effect, Movement, Type
from services.inventory.domain.position import Key
from services.inventory.store.rows import as_json
from shared.database import Session

_COLUMNS = """seq, movement_id, type, sku, site, quantity, to_site, receipt_id, order_id, line_ref, closes, reason, document, caller,
    occurred_at, booked_at, outcome"""

_FIND = text("SELECT movement_id, digest, outcome FROM movement WHERE movement_id = ANY(CAST(:ids AS text[]))")
_ADD = text("""
    INSERT INTO movement (movement_id, digest, type, sku, site, quantity, to_site, receipt_id, order_id, line_ref, closes, reason,
                          document, caller, occurred_at, booked_at, on_hand, there, outcome)
    SELECT movement_id, decode(digest, 'hex'), type, sku, site, quantity, to_site, receipt_id, order_id, line_ref, closes, reason,
           document, caller, occurred_at, booked_at, on_hand, there, outcome
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (
           movement_id text, digest text, type text, sku text, site text, quantity numeric, to_site text, receipt_id text,
           order_id text, line_ref text, closes boolean, reason text, document text, caller text, occurred_at timestamptz,
           booked_at timestamptz, on_hand numeric, there numeric, outcome jsonb)
        ON CONFLICT (movement_id) DO NOTHING
""")
_MOVED_SINCE = text("""
    SELECT coalesce((SELECT sum(on_hand) FROM movement WHERE sku = :sku AND site = :site AND occurred_at >= :since), 0)
         + coalesce((SELECT sum(there) FROM movement
                      WHERE sku = :sku AND to_site = :site AND occurred_at >= :since AND there IS NOT NULL), 0)
""")


class MovementTakenError(Exception):
    """Another transaction has just booked one of these movement ids: the same call again will find it."""


@dataclass(frozen=True, slots=True)
class MovementRow:
    """A movement as it was booked."""

    movement: Movement
    digest: bytes
    caller: str
    occurred_at: datetime
    booked_at: datetime
    effect: Effect
    outcome: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Earlier:
    """What was answered when this movement was booked."""

    digest: bytes
    outcome: dict[str, Any]


async def find_movements(session: Session, ids: Iterable[str]) -> dict[str, Earlier]:
    """Those of the ids that have been booked."""
    rows = (await session.execute(_FIND, {"ids": sorted(ids)})).all()
    return {row.movement_id: Earlier(row.digest, row.outcome) for row in rows}


async def add_movements(session: Session, rows: Sequence[MovementRow]) -> None:
    """Keep the movements. Raises MovementTakenError when another transaction was quicker with one of the ids."""
    if not rows:
        return
    written = await session.execute(_ADD, {"rows": as_json(_row(row) for row in rows)})
    if getattr(written, "rowcount", None) != len(rows):
        raise MovementTakenError


async def moved_since(session: Session, key: Key, since: datetime) -> Decimal:
    """What all movements that occurred at or after `since` add to on hand. The position is locked, so no other comes between."""
    found: Decimal = (await session.execute(_MOVED_SINCE, {"sku": key.sku, "site": key.site, "since": since})).scalar_one()
    return found


async def find_movement(session: Session, movement_id: str) -> tuple[int, MovementRow] | None:
    """The movement, if it was ever booked."""
    found = await list_movements(session, before=None, limit=1, movement_id=movement_id)
    return found[0] if found else None


async def list_movements(
    session: Session,
    *,
    before: int | None,
    limit: int,
    movement_id: str | None = None,
    sku: str | None = None,
    site: str | None = None,
    type: str | None = None,  # noqa: A002 -- the public word
    receipt_id: str | None = None,
    order_id: str | None = None,
    document: str | None = None,
) -> list[tuple[int, MovementRow]]:
    """Movements with their running number, the last one booked first, those below the number `before`."""
    equal = {"movement_id": movement_id, "type": type, "sku": sku, "receipt_id": receipt_id, "order_id": order_id, "document": document}
    values: dict[str, Any] = {name: value for name, value in equal.items() if value is not None}
    conditions = ["TRUE", *(f"{name} = :{name}" for name in values)]
    if site is not None:
        conditions.append("(site = :site OR to_site = :site)")
        values["site"] = site
    if before is not None:
        conditions.append("seq < :before")
        values["before"] = before
    statement = text(f"SELECT {_COLUMNS} FROM movement WHERE {' AND '.join(conditions)} ORDER BY seq DESC LIMIT :limit")
    rows = (await session.execute(statement, {**values, "limit": limit})).all()
    return [(row.seq, _from_row(row)) for row in rows]


def _row(row: MovementRow) -> dict[str, Any]:
    movement = row.movement
    return {
        "movement_id": movement.movement_id,
        "digest": row.digest.hex(),
        "type": movement.type,
        "sku": movement.sku,
        "site": movement.site,
        "quantity": movement.quantity,
        "to_site": movement.to_site,
        "receipt_id": movement.receipt_id,
        "order_id": movement.order_id,
        "line_ref": movement.line_ref,
        "closes": movement.closes,
        "reason": movement.reason,
        "document": movement.document,
        "caller": row.caller,
        "occurred_at": row.occurred_at,
        "booked_at": row.booked_at,
        "on_hand": row.effect.on_hand,
        "there": row.effect.there if movement.there is not None else None,
        "outcome": row.outcome,
    }


def _from_row(row: Row[Any]) -> MovementRow:
    movement = Movement(
        movement_id=row.movement_id,
        type=Type(row.type),
        sku=row.sku,
        site=row.site,
        quantity=row.quantity,
        reason=row.reason,
        document=row.document,
        to_site=row.to_site,
        receipt_id=row.receipt_id,
        order_id=row.order_id,
        line_ref=row.line_ref,
        closes=row.closes,
        occurred_at=row.occurred_at,
    )
    return MovementRow(movement, b"", row.caller, row.occurred_at, row.booked_at, Effect(row.quantity), row.outcome)
