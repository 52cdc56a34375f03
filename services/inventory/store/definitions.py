"""Master data: items, sites, lanes, suppliers, what suppliers deliver."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Row, text

from shared.database import Session

COLUMNS = "kind, id, body, revision, created_at, updated_at, retired"

_FIND = text(f"SELECT {COLUMNS} FROM definition WHERE kind = :kind AND id = :id")
_MEET = text("""
    INSERT INTO definition (kind, id, body, revision, created_at, updated_at)
    VALUES (:kind, :id, '{}', 0, clock_timestamp(), clock_timestamp()) ON CONFLICT DO NOTHING
""")
_LOCK = text(f"SELECT {COLUMNS} FROM definition WHERE kind = :kind AND id = :id FOR UPDATE")
_SAVE = text("""
    UPDATE definition SET body = CAST(:body AS jsonb), revision = :revision, updated_at = :now, retired = :retired
     WHERE kind = :kind AND id = :id
""")
_LIST = text(f"""
    SELECT {COLUMNS} FROM definition
     WHERE kind = :kind AND id > :after AND revision > 0 AND (:retired OR NOT retired) AND body @> CAST(:like AS jsonb)
     ORDER BY id LIMIT :limit
""")
_DECIMALS = text("""
    SELECT id, CAST(body ->> 'decimals' AS int) AS decimals FROM definition
     WHERE kind = 'item' AND id = ANY(CAST(:skus AS text[])) AND revision > 0
""")
_USED = text("""
    SELECT EXISTS (SELECT FROM stock_position WHERE sku = :sku AND revision > 0) OR EXISTS (SELECT FROM receipt WHERE sku = :sku)
""")


@dataclass(frozen=True, slots=True)
class Definition:
    """A piece of master data as it was last defined; revision 0 has never been."""

    kind: str
    id: str
    body: dict[str, Any]
    revision: int
    created_at: datetime
    updated_at: datetime
    retired: bool = False
    """Taken back: it counts as never defined until it is defined again."""


async def find_definition(session: Session, kind: str, identity: str) -> Definition | None:
    """The definition, if there is one."""
    row = (await session.execute(_FIND, {"kind": kind, "id": identity})).one_or_none()
    return None if row is None or row.revision == 0 or row.retired else definition_of(row)


async def lock_definition(session: Session, kind: str, identity: str) -> Definition:
    """Lock the definition; one that is new gets its row first, with revision 0."""
    await session.execute(_MEET, {"kind": kind, "id": identity})
    return definition_of((await session.execute(_LOCK, {"kind": kind, "id": identity})).one())


async def save_definition(session: Session, definition: Definition) -> None:
    """Replace a locked definition."""
    values = {
        "kind": definition.kind,
        "id": definition.id,
        "revision": definition.revision,
        "now": definition.updated_at,
        "retired": definition.retired,
    }
    await session.execute(_SAVE, {**values, "body": orjson.dumps(definition.body).decode()})


async def list_definitions(
    session: Session, kind: str, *, after: str, limit: int, like: Mapping[str, Any] | None = None, retired: bool = False
) -> list[Definition]:
    """Definitions behind the id `after`, in order of their ids, whose bodies hold the values in `like`; with `retired` those too."""
    values = {"kind": kind, "after": after, "limit": limit, "retired": retired, "like": orjson.dumps(dict(like or {})).decode()}
    return [definition_of(row) for row in (await session.execute(_LIST, values)).all()]


async def find_decimals(session: Session, skus: Iterable[str]) -> dict[str, int]:
    """How many decimals the defined ones of these items are counted with."""
    rows = (await session.execute(_DECIMALS, {"skus": sorted(skus)})).all()
    return {row.id: row.decimals for row in rows}


async def is_used(session: Session, sku: str) -> bool:
    """Whether anything has been counted in this item's unit."""
    return bool((await session.execute(_USED, {"sku": sku})).scalar_one())


def definition_of(row: Row[Any]) -> Definition:
    """A row of COLUMNS as a value."""
    return Definition(row.kind, row.id, row.body, row.revision, row.created_at, row.updated_at, row.retired)
