"""Calendars, resources, bills of material and routings, each as it was asked for and as it was last told."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import Row, text

from shared.database import Session

_COLUMNS = "kind, id, body, said, until_date, revision, created_at, updated_at, retired"
_STANDS = "revision > 0 AND NOT retired"
_PATIENCE = "set_config('lock_timeout', '3s', true)"
"""In the FROM of the statement before a lock: a calendar of many resources tells of each of them."""

_FIND = text(f"SELECT {_COLUMNS} FROM definition WHERE kind = :kind AND id = :id AND {_STANDS}")
_MEET = text(f"""
    INSERT INTO definition (kind, id, body, revision, created_at, updated_at)
    SELECT :kind, :id, '{{}}', 0, clock_timestamp(), clock_timestamp() FROM {_PATIENCE} ON CONFLICT DO NOTHING
""")
_WAIT = text(f"SELECT {_PATIENCE}")
_LOCK = text(f"SELECT {_COLUMNS} FROM definition WHERE kind = :kind AND id = :id FOR UPDATE")
_SHARE = text(f"SELECT {_COLUMNS} FROM definition WHERE kind = :kind AND id = :id AND {_STANDS} FOR SHARE")
_LOCK_ALL = text(f"SELECT {_COLUMNS} FROM definition WHERE kind = :kind AND id = ANY(CAST(:ids AS text[])) ORDER BY id FOR UPDATE")
_ON_CALENDAR = text(f"SELECT id FROM definition WHERE kind = 'resource' AND body ->> 'calendar' = :calendar AND {_STANDS}")
_SAVE = text("""
    UPDATE definition AS d
       SET body = t.body, said = t.said, until_date = t.until_date, revision = t.revision,
           created_at = t.created_at, updated_at = t.updated_at, retired = t.retired
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS t(
           kind text, id text, body jsonb, said jsonb, until_date date, revision bigint, created_at timestamptz, updated_at timestamptz,
           retired boolean)
     WHERE d.kind = t.kind AND d.id = t.id
""")
_LIST = text(f"""
    SELECT {_COLUMNS} FROM definition
     WHERE kind = :kind AND id > :after AND revision > 0 AND (:retired OR NOT retired) AND body @> CAST(:like AS jsonb)
     ORDER BY id LIMIT :limit
""")
_DUE = text("SELECT kind, id FROM definition WHERE until_date < :before AND NOT retired ORDER BY kind, id LIMIT :limit")
_GROUPS = text(f"""
    SELECT DISTINCT body ->> 'group' AS name FROM definition
     WHERE kind = 'resource' AND body ->> 'group' = ANY(CAST(:names AS text[])) AND {_STANDS}
""")
_RESOURCES = text(f"SELECT id FROM definition WHERE kind = 'resource' AND id = ANY(CAST(:names AS text[])) AND {_STANDS}")


_ROUTINGS_WITH = text(f"""
    SELECT id FROM definition WHERE kind = 'routing' AND body @> CAST(:like AS jsonb) AND {_STANDS}
""")


@dataclass(frozen=True, slots=True)
class Definition:
    """A definition as it stands; revision 0 has never been."""

    kind: str
    id: str
    body: dict[str, Any]
    said: dict[str, Any] | None
    until_date: date | None
    revision: int
    created_at: datetime
    updated_at: datetime
    retired: bool = False
    """Taken back: it counts as never defined until it is defined again."""


async def find_definition(session: Session, kind: str, identity: str) -> Definition | None:
    """The definition, if there is one."""
    row = (await session.execute(_FIND, {"kind": kind, "id": identity})).one_or_none()
    return None if row is None else _definition(row)


async def lock_definition(session: Session, kind: str, identity: str) -> Definition:
    """Lock the definition; one that is new gets its row first, with revision 0."""
    await session.execute(_MEET, {"kind": kind, "id": identity})
    return _definition((await session.execute(_LOCK, {"kind": kind, "id": identity})).one())


async def lock_known(session: Session, kind: str, identity: str) -> Definition | None:
    """Lock a definition that is there; None when it is not."""
    await session.execute(_WAIT)
    row = (await session.execute(_LOCK, {"kind": kind, "id": identity})).one_or_none()
    return None if row is None or row.revision == 0 or row.retired else _definition(row)


async def share_definition(session: Session, kind: str, identity: str) -> Definition | None:
    """Hold a definition as it is until the transaction ends, together with others who do; None when it is not there."""
    await session.execute(_WAIT)
    row = (await session.execute(_SHARE, {"kind": kind, "id": identity})).one_or_none()
    return None if row is None else _definition(row)


async def lock_resources_on(session: Session, calendar: str) -> list[Definition]:
    """Lock every resource of a calendar, in order of their ids. The calendar is locked before: nobody can join it meanwhile."""
    await session.execute(_WAIT)
    ids = [row.id for row in (await session.execute(_ON_CALENDAR, {"calendar": calendar})).all()]
    rows = (await session.execute(_LOCK_ALL, {"kind": "resource", "ids": sorted(ids)})).all() if ids else []
    found = [_definition(row) for row in rows]
    return [each for each in found if each.body["calendar"] == calendar]  # one may have left before it was locked


async def lock_routings_with(session: Session, operation: str) -> list[Definition]:
    """Lock every routing that has an operation of this name, in order of their skus."""
    await session.execute(_WAIT)
    like = orjson.dumps({"routings": [{"operations": [{"name": operation}]}]}).decode()
    ids = sorted(row.id for row in (await session.execute(_ROUTINGS_WITH, {"like": like})).all())
    rows = (await session.execute(_LOCK_ALL, {"kind": "routing", "ids": ids})).all() if ids else []
    return [_definition(row) for row in rows]


async def save_definitions(session: Session, definitions: Sequence[Definition]) -> None:
    """Replace locked definitions, in one statement."""
    if definitions:
        await session.execute(_SAVE, {"rows": orjson.dumps(definitions).decode()})


async def list_definitions(
    session: Session, kind: str, *, after: str, limit: int, like: Mapping[str, Any] | None = None, retired: bool = False
) -> list[Definition]:
    """Definitions behind the id `after`, in order of their ids, whose bodies hold the values in `like`; with `retired` those too."""
    values = {"kind": kind, "after": after, "limit": limit, "retired": retired, "like": orjson.dumps(dict(like or {})).decode()}
    return [_definition(row) for row in (await session.execute(_LIST, values)).all()]


async def list_due(session: Session, before: date, limit: int) -> list[tuple[str, str]]:
    """Kind and id of what was worked out only to a day before this one."""
    return [(row.kind, row.id) for row in (await session.execute(_DUE, {"before": before, "limit": limit})).all()]


async def find_groups(session: Session, names: Iterable[str]) -> set[str]:
    """Those of the names that a resource names as its group."""
    return {row.name for row in (await session.execute(_GROUPS, {"names": sorted(names)})).all()}


async def find_resources(session: Session, names: Iterable[str]) -> set[str]:
    """Those of the names that are resources."""
    return {row.id for row in (await session.execute(_RESOURCES, {"names": sorted(names)})).all()}


def _definition(row: Row[Any]) -> Definition:
    return Definition(row.kind, row.id, row.body, row.said, row.until_date, row.revision, row.created_at, row.updated_at, row.retired)
