"""Order lines: open or not, in danger or not, and in which alert they stand."""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from pydantic import TypeAdapter
from sqlalchemy import Row, text

from services.notifier.domain.line import NEVER, Line, Risk
from shared.database import Session

_RISK = TypeAdapter(Risk)
_COLUMNS = "order_id, line_ref, open, order_revision, risk, alert_id"
_KEYS = "(SELECT * FROM unnest(CAST(:orders AS text[]), CAST(:lines AS text[])))"

_FIND = text(f"SELECT {_COLUMNS} FROM promise WHERE (order_id, line_ref) IN {_KEYS}")
_SAVE = text("""
    INSERT INTO promise (order_id, line_ref, open, order_revision, risk, alert_id, weight)
    SELECT order_id, line_ref, open, order_revision, risk, alert_id, weight
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (
           order_id text, line_ref text, open boolean, order_revision bigint, risk jsonb, alert_id text, weight int)
        ON CONFLICT (order_id, line_ref) DO UPDATE
           SET open = excluded.open, order_revision = excluded.order_revision, risk = excluded.risk,
               alert_id = excluded.alert_id, weight = excluded.weight
""")
_HEAR = text(f"""
    WITH heard AS (
        INSERT INTO promise AS p (order_id, line_ref, open, order_revision)
        SELECT order_id, line_ref, open, revision
          FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (order_id text, line_ref text, open boolean, revision bigint)
            ON CONFLICT (order_id, line_ref) DO UPDATE SET open = excluded.open, order_revision = excluded.order_revision
                  WHERE p.order_revision < excluded.order_revision
        RETURNING {_COLUMNS}
    )
    SELECT {_COLUMNS} FROM heard WHERE risk IS NOT NULL
""")
_MEMBERS = text(f"SELECT {_COLUMNS} FROM promise WHERE alert_id = ANY(CAST(:alerts AS text[]))")
_WORST = text(f"""
    SELECT {_COLUMNS} FROM promise WHERE alert_id = :alert ORDER BY weight DESC, order_id, line_ref LIMIT :limit
""")
_PAGE = text(f"""
    SELECT {_COLUMNS} FROM promise
     WHERE alert_id = :alert AND (order_id, line_ref) > (:order, :line) ORDER BY order_id, line_ref LIMIT :limit
""")


async def find_lines(session: Session, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Line]:
    """What is known of these lines; one that was never heard of is missing."""
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    values = {"orders": [order for order, _ in wanted], "lines": [line for _, line in wanted]}
    return {line.key: line for line in map(_line, (await session.execute(_FIND, values)).all())}


async def save_lines(session: Session, lines: Sequence[Line]) -> None:
    """Replace them. Hold the door."""
    if lines:
        await session.execute(_SAVE, {"rows": orjson.dumps([_row(line) for line in lines]).decode()})


async def hear_orders(session: Session, told: Iterable[tuple[str, str, bool, int]]) -> list[Line]:
    """Take over which lines (order, line, open, revision) are open; answer those of them of which a danger was ever told."""
    newest: dict[tuple[str, str], tuple[bool, int]] = {}
    for order_id, line_ref, is_open, revision in told:
        if revision > newest.get((order_id, line_ref), (False, NEVER))[1]:
            newest[order_id, line_ref] = (is_open, revision)
    if not newest:
        return []
    rows = [
        {"order_id": order, "line_ref": line, "open": is_open, "revision": revision}
        for (order, line), (is_open, revision) in newest.items()
    ]
    return [_line(row) for row in (await session.execute(_HEAR, {"rows": orjson.dumps(rows).decode()})).all()]


async def list_members(session: Session, alert_ids: Iterable[str]) -> dict[str, list[Line]]:
    """Every promise in these alerts."""
    wanted = sorted(set(alert_ids))
    found: dict[str, list[Line]] = {alert_id: [] for alert_id in wanted}
    for row in (await session.execute(_MEMBERS, {"alerts": wanted})).all() if wanted else ():
        found[row.alert_id].append(_line(row))
    return found


async def list_worst(session: Session, alert_id: str, limit: int) -> list[Line]:
    """The promises of an alert that are hit hardest."""
    return [_line(row) for row in (await session.execute(_WORST, {"alert": alert_id, "limit": limit})).all()]


async def list_promises(session: Session, alert_id: str, after: tuple[str, str], limit: int) -> list[Line]:
    """The promises of an alert, by order and line."""
    values = {"alert": alert_id, "order": after[0], "line": after[1], "limit": limit}
    return [_line(row) for row in (await session.execute(_PAGE, values)).all()]


def _line(row: Row[Any]) -> Line:
    risk = None if row.risk is None else _RISK.validate_python(row.risk)
    return Line(row.order_id, row.line_ref, row.open, row.order_revision, risk, row.alert_id)


def _row(line: Line) -> dict[str, Any]:
    return {
        "order_id": line.order_id,
        "line_ref": line.line_ref,
        "open": line.is_open,
        "order_revision": line.order_revision,
        "risk": None if line.risk is None else _RISK.dump_python(line.risk, mode="json"),
        "alert_id": line.alert_id,
        "weight": 0 if line.risk is None else line.risk.weight,
    }
