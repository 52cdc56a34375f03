"""Order lines: what has left each position for them, and which of them are still open."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row, text

from services.inventory.domain.position import Key
from services.inventory.domain.shipment import Line, Shipped
from services.inventory.store.rows import as_json, key_of, texts
from shared.database import Session

_SHIPPED = "key, order_id, line_ref, quantity, closed, last_shipped_at, open"

_OPEN_AT = text(f"SELECT {_SHIPPED} FROM shipped_line WHERE open AND key = ANY(CAST(:keys AS text[]))")
_NAMED = text(f"""
    SELECT {_SHIPPED} FROM shipped_line
     WHERE NOT open AND key = ANY(CAST(:keys AS text[]))
       AND (order_id, line_ref) IN (SELECT * FROM unnest(CAST(:orders AS text[]), CAST(:lines AS text[])))
""")
_UNKNOWN_AT = text(f"""
    SELECT {_SHIPPED} FROM shipped_line AS s
     WHERE NOT open AND key = ANY(CAST(:keys AS text[])) AND last_shipped_at > clock_timestamp() - make_interval(days => :days)
       AND NOT EXISTS (SELECT FROM order_line AS o WHERE o.order_id = s.order_id AND o.line_ref = s.line_ref)
""")
_OPEN = text("""
    SELECT order_id, line_ref FROM order_line
     WHERE open AND (order_id, line_ref) IN (SELECT * FROM unnest(CAST(:orders AS text[]), CAST(:lines AS text[])))
""")
_SAVE_SHIPPED = text("""
    INSERT INTO shipped_line (key, order_id, line_ref, quantity, closed, last_shipped_at, open)
    SELECT key, order_id, line_ref, quantity, closed, last_shipped_at, open
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (
           key text, order_id text, line_ref text, quantity numeric, closed boolean, last_shipped_at timestamptz, open boolean)
        ON CONFLICT (key, order_id, line_ref)
        DO UPDATE SET quantity = excluded.quantity, closed = excluded.closed, last_shipped_at = excluded.last_shipped_at
""")
_SAVE_ORDER_LINES = text("""
    WITH told AS (
        INSERT INTO order_line AS o (order_id, line_ref, open, revision)
        SELECT order_id, line_ref, open, revision
          FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (order_id text, line_ref text, open boolean, revision bigint)
         ORDER BY order_id, line_ref
            ON CONFLICT (order_id, line_ref) DO UPDATE SET open = excluded.open, revision = excluded.revision
                  WHERE o.revision < excluded.revision
        RETURNING order_id, line_ref, open
    )
    UPDATE shipped_line AS s SET open = told.open FROM told
     WHERE s.order_id = told.order_id AND s.line_ref = told.line_ref AND s.open <> told.open
""")


async def list_shipped(
    session: Session, keys: Iterable[Key], lines: Iterable[Line] = (), *, unknown_days: int = 0
) -> list[tuple[Key, Shipped]]:
    """What has left these positions for open lines and for the lines named.

    With `unknown_days` also for lines that quote has not told of and that were shipped in so many days: a reader that
    starts anew may know their orders before we do.
    """
    spelled = texts(keys)
    if not spelled:
        return []
    rows = list((await session.execute(_OPEN_AT, {"keys": spelled})).all())
    named = sorted(lines)
    if named:
        rows += (await session.execute(_NAMED, {"keys": spelled, **_columns(named)})).all()
    if unknown_days:
        rows += (await session.execute(_UNKNOWN_AT, {"keys": spelled, "days": unknown_days})).all()
    return [(key_of(row.key), _shipped(row)) for row in rows]


async def find_open_lines(session: Session, lines: Iterable[Line]) -> set[Line]:
    """Those of the lines that are known to be open."""
    named = sorted(lines)
    if not named:
        return set()
    return {Line(row.order_id, row.line_ref) for row in (await session.execute(_OPEN, _columns(named))).all()}


async def save_shipped(session: Session, changed: Sequence[tuple[Key, Shipped]]) -> None:
    """Replace the totals of lines at locked positions. Whether a line is open is for `save_order_lines` to change."""
    if changed:
        await session.execute(_SAVE_SHIPPED, {"rows": as_json(_row(key, shipped) for key, shipped in changed)})


async def save_order_lines(session: Session, told: Sequence[tuple[Line, bool, int]]) -> None:
    """Take over which lines are open, by the revision of their orders; what is older than known changes nothing."""
    newest: dict[Line, tuple[bool, int]] = {}
    for line, is_open, revision in told:
        if line not in newest or newest[line][1] < revision:
            newest[line] = (is_open, revision)
    if newest:
        rows = [
            {"order_id": line.order_id, "line_ref": line.line_ref, "open": known[0], "revision": known[1]} for line, known in newest.items()
        ]
        await session.execute(_SAVE_ORDER_LINES, {"rows": as_json(rows)})


def _columns(lines: Sequence[Line]) -> dict[str, list[str]]:
    return {"orders": [line.order_id for line in lines], "lines": [line.line_ref for line in lines]}


def _shipped(row: Row[Any]) -> Shipped:
    return Shipped(Line(row.order_id, row.line_ref), row.quantity, row.closed, row.last_shipped_at, row.open)


def _row(key: Key, shipped: Shipped) -> dict[str, Any]:
    return {
        "key": key.text,
        "order_id": shipped.line.order_id,
        "line_ref": shipped.line.line_ref,
        "quantity": shipped.quantity,
        "closed": shipped.closed,
        "last_shipped_at": shipped.last_shipped_at,
        "open": shipped.is_open,
    }
