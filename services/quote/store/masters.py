"""Master data that quote itself keeps, many rows in one statement: what files bring by the hundred."""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from sqlalchemy import text

from services.quote.store.risk import DUE_OF_CLASSES, DUE_OF_CUSTOMERS
from services.quote.store.supply import Definition
from shared.database import Session

_LOCK = text("""
    SELECT pg_advisory_xact_lock(hashtextextended('definition ' || :kind || ' ' || id, 0))
      FROM unnest(CAST(:ids AS text[])) AS id, set_config('lock_timeout', '3s', true)
""")
"""The same locks as those of the calls. The ids are sorted before: two files that name the same do not wait for each other in a ring."""
_FIND = text("SELECT kind, id, revision, state FROM definition WHERE kind = :kind AND id = ANY(CAST(:ids AS text[]))")
_LIST = text("SELECT kind, id, revision, state FROM definition WHERE kind = :kind")
_SAVE = text("""
    INSERT INTO definition (kind, id, revision, state)
    SELECT :kind, id, revision, state FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (id text, revision bigint, state jsonb)
        ON CONFLICT (kind, id) DO UPDATE
       SET revision = excluded.revision, state = excluded.state, last_xid = pg_current_xact_id()::text::bigint,
           updated_at = clock_timestamp()
     WHERE definition.revision < excluded.revision
""")
_DUE_OF_CLASSES = text(DUE_OF_CLASSES)
_DUE_OF_CUSTOMERS = text(DUE_OF_CUSTOMERS.format(customers="CAST(:ids AS text[])"))
_LEFT = text("""
    SELECT d.id FROM definition AS d
     WHERE d.kind = :kind AND d.id > :after AND NOT coalesce(CAST(d.state ->> 'retired' AS boolean), false)
       AND NOT EXISTS (SELECT FROM import_named AS n WHERE n.job = :job AND n.key = d.id)
     ORDER BY d.id LIMIT :limit
""")

_USERS_OF_CLASSES = text("""
    SELECT DISTINCT ON (demand_class) demand_class, place FROM (
        SELECT state ->> 'demand_class' AS demand_class, 1 AS n, kind || ' ' || id AS place FROM definition
         WHERE kind IN ('customer', 'allocation') AND NOT coalesce(CAST(state ->> 'retired' AS boolean), false)
           AND NOT coalesce(CAST(state ->> 'closed' AS boolean), false)
        UNION ALL
        SELECT demand_class, 2, 'order ' || min(id) FROM customer_order WHERE status <> 'cancelled' GROUP BY demand_class
        UNION ALL
        SELECT request ->> 'demand_class', 3, 'hold ' || id FROM quote WHERE status = 'held' AND expires_at > clock_timestamp()
    ) AS used WHERE demand_class IS NOT NULL ORDER BY demand_class, n, place
""")


async def lock_definitions(session: Session, kind: str, ids: Iterable[str]) -> dict[str, Definition]:
    """Those of these definitions that there are, retired ones too. Nobody else defines any of them until the transaction ends."""
    ordered = sorted(set(ids))
    await session.execute(_LOCK, {"kind": kind, "ids": ordered})
    return {row.id: Definition(row.kind, row.id, row.revision, row.state) for row in await _rows(session, kind, ordered)}


async def _rows(session: Session, kind: str, ids: Sequence[str]) -> Sequence[Any]:
    return (await session.execute(_FIND, {"kind": kind, "ids": ids})).all()


async def list_definitions(session: Session, kind: str) -> list[Definition]:
    """Every definition of a kind, retired ones too."""
    rows = (await session.execute(_LIST, {"kind": kind})).all()
    return [Definition(row.kind, row.id, row.revision, row.state) for row in rows]


async def save_definitions(session: Session, kind: str, definitions: Sequence[Definition]) -> None:
    """Keep definitions of one kind that were locked."""
    if definitions:
        rows = [{"id": one.id, "revision": one.revision, "state": one.state} for one in definitions]
        await session.execute(_SAVE, {"kind": kind, "rows": orjson.dumps(rows).decode()})


async def add_due_of(session: Session, kind: str, ids: Sequence[str]) -> None:
    """Let those be looked at to whom these definitions mean another rank or another day."""
    if ids and kind == "demand_class":
        await session.execute(_DUE_OF_CLASSES)
    elif ids and kind == "customer":
        await session.execute(_DUE_OF_CUSTOMERS, {"ids": list(ids)})


async def list_left(session: Session, kind: str, job: str, after: str, limit: int) -> list[str]:
    """The ids, behind one, of what stands and the import has not named."""
    values = {"kind": kind, "job": job, "after": after, "limit": limit}
    return [row.id for row in (await session.execute(_LEFT, values)).all()]


async def find_users_of_classes(session: Session) -> dict[str, str]:
    """Each class that a customer, an allocation, an order or a live hold is of, with the first of these."""
    return {row.demand_class: row.place for row in (await session.execute(_USERS_OF_CLASSES)).all()}
