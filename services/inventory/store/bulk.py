"""Many rows in one statement: what files and feeds bring by the hundred."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from services.inventory.domain.position import Key
from services.inventory.store.definitions import COLUMNS, Definition, definition_of
from services.inventory.store.positions import CountRow
from services.inventory.store.rows import PATIENCE, as_json, key_of
from shared.database import Session

_MEET = text(f"""
    INSERT INTO definition (kind, id, body, revision, created_at, updated_at)
    SELECT :kind, id, '{{}}', 0, clock_timestamp(), clock_timestamp() FROM unnest(CAST(:ids AS text[])) AS id, {PATIENCE}
        ON CONFLICT DO NOTHING
""")
_LOCK = text(f"""
    SELECT {COLUMNS} FROM definition WHERE kind = :kind AND id = ANY(CAST(:ids AS text[])) ORDER BY id FOR UPDATE
""")
_SAVE = text("""
    UPDATE definition AS d SET body = r.body, revision = r.revision, updated_at = r.updated_at, retired = r.retired
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (id text, body jsonb, revision bigint, updated_at timestamptz, retired boolean)
     WHERE d.kind = :kind AND d.id = r.id
""")
_USED = text("""
    SELECT sku FROM unnest(CAST(:skus AS text[])) AS sku
     WHERE EXISTS (SELECT FROM stock_position AS p WHERE p.sku = sku.sku AND p.revision > 0)
        OR EXISTS (SELECT FROM receipt AS r WHERE r.sku = sku.sku)
""")
_MOVED_SINCE = text("""
    SELECT r.key,
           coalesce((SELECT sum(m.on_hand) FROM movement AS m
                      WHERE m.sku = r.sku AND m.site = r.site AND m.occurred_at >= r.since), 0)
         + coalesce((SELECT sum(m.there) FROM movement AS m
                      WHERE m.sku = r.sku AND m.to_site = r.site AND m.occurred_at >= r.since AND m.there IS NOT NULL), 0) AS moved
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (key text, sku text, site text, since timestamptz)
""")
_ADD_COUNTS = text("""
    INSERT INTO stock_count (key, counted, counted_at, booked_at, caller, reason, document, on_hand_before, on_hand_after,
                             safety_stock_before, safety_stock_after, revision)
    SELECT key, counted, counted_at, booked_at, caller, reason, document, on_hand_before, on_hand_after,
           safety_stock_before, safety_stock_after, revision
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (
           key text, counted numeric, counted_at timestamptz, booked_at timestamptz, caller text, reason text, document text,
           on_hand_before numeric, on_hand_after numeric, safety_stock_before numeric, safety_stock_after numeric, revision bigint)
""")
_STOCK_LEFT = text("""
    SELECT p.key FROM stock_position AS p
     WHERE p.key > :after AND p.revision > 0 AND p.on_hand <> 0 AND (CAST(:site AS text) IS NULL OR p.site = :site)
       AND NOT EXISTS (SELECT FROM import_named AS n WHERE n.job = :job AND n.key = p.key)
     ORDER BY p.key LIMIT :limit
""")
_RECEIPTS_LEFT = text("""
    SELECT r.receipt_id FROM receipt AS r
     WHERE r.receipt_id > :after AND r.status = 'open' AND r.updated_at < :before AND (CAST(:site AS text) IS NULL OR r.site = :site)
       AND NOT EXISTS (SELECT FROM import_named AS n WHERE n.job = :job AND n.key = r.receipt_id)
     ORDER BY r.receipt_id LIMIT :limit
""")


async def lock_definitions(session: Session, kind: str, ids: Iterable[str]) -> dict[str, Definition]:
    """Lock these definitions in one order for everybody; one that is new gets its row first, with revision 0."""
    ordered = sorted(ids)
    if not ordered:
        return {}
    await session.execute(_MEET, {"kind": kind, "ids": ordered})
    return {row.id: definition_of(row) for row in (await session.execute(_LOCK, {"kind": kind, "ids": ordered})).all()}


async def save_definitions(session: Session, kind: str, definitions: Sequence[Definition]) -> None:
    """Replace locked definitions of one kind."""
    if definitions:
        rows = [
            {"id": one.id, "body": one.body, "revision": one.revision, "updated_at": one.updated_at, "retired": one.retired}
            for one in definitions
        ]
        await session.execute(_SAVE, {"kind": kind, "rows": as_json(rows)})


async def find_used(session: Session, skus: Iterable[str]) -> set[str]:
    """Those of the items in whose unit something has been counted."""
    wanted = sorted(skus)
    return {row.sku for row in (await session.execute(_USED, {"skus": wanted})).all()} if wanted else set()


async def moved_since_each(session: Session, since: Mapping[Key, datetime]) -> dict[Key, Decimal]:
    """The same as `moved_since`, for many locked positions, each with an instant of its own."""
    if not since:
        return {}
    rows = as_json({"key": key.text, "sku": key.sku, "site": key.site, "since": instant} for key, instant in since.items())
    return {key_of(row.key): row.moved for row in (await session.execute(_MOVED_SINCE, {"rows": rows})).all()}


async def add_counts(session: Session, rows: Sequence[CountRow]) -> None:
    """Keep who counted what, for many."""
    if rows:
        await session.execute(_ADD_COUNTS, {"rows": as_json(_count(row) for row in rows)})


async def list_stock_left(session: Session, job: str, site: str | None, after: str, limit: int) -> list[Key]:
    """Positions behind the key `after` that have stock, here or everywhere, and that the import has not named."""
    values = {"job": job, "site": site, "after": after, "limit": limit}
    return [key_of(row.key) for row in (await session.execute(_STOCK_LEFT, values)).all()]


async def list_receipts_left(session: Session, job: str, site: str | None, before: datetime, after: str, limit: int) -> list[str]:
    """Open receipts behind the id `after`, known before the import began, that it has not named."""
    values = {"job": job, "site": site, "before": before, "after": after, "limit": limit}
    return [row.receipt_id for row in (await session.execute(_RECEIPTS_LEFT, values)).all()]


def _count(row: CountRow) -> dict[str, Any]:
    return {
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
    }
