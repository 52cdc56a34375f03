"""What a snapshot has not named, and what else would miss it."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import text

from shared.database import Session

_LEFT = text("""
    SELECT d.id FROM definition AS d
     WHERE d.kind = :kind AND d.id > :after AND d.revision > 0 AND NOT d.retired AND d.updated_at < :before
       AND (CAST(:site AS text) IS NULL OR d.body ->> 'site' = :site)
       AND NOT EXISTS (SELECT FROM import_named AS n WHERE n.job = :job AND n.key = d.id)
     ORDER BY d.id LIMIT :limit
""")
_NAMING = text("""
    SELECT DISTINCT n.name #>> '{}' AS name, d.kind || ' ' || d.id AS place
      FROM definition AS d, LATERAL jsonb_path_query(d.body, CAST(:path AS jsonpath)) AS n (name)
     WHERE d.kind IN ('routing', 'operation') AND d.revision > 0 AND NOT d.retired
       AND n.name #>> '{}' = ANY(CAST(:names AS text[]))
     ORDER BY 1, 2
""")
_STEPS = text("""
    SELECT DISTINCT ON (name) n.name #>> '{}' AS name, 'routing ' || d.id AS place
      FROM definition AS d, LATERAL jsonb_path_query(d.body, '$.routings[*].operations[*].name') AS n (name)
     WHERE d.kind = 'routing' AND d.revision > 0 AND NOT d.retired AND n.name #>> '{}' = ANY(CAST(:names AS text[]))
     ORDER BY name, place
""")
_ON_CALENDARS = text("""
    SELECT DISTINCT ON (calendar) body ->> 'calendar' AS calendar, 'resource ' || id AS place FROM definition
     WHERE kind = 'resource' AND revision > 0 AND NOT retired AND body ->> 'calendar' = ANY(CAST(:ids AS text[]))
     ORDER BY calendar, id
""")
_CORRECTIONS_LEFT = text("""
    SELECT c.resource, c.day FROM correction AS c
      JOIN definition AS d ON d.kind = 'resource' AND d.id = c.resource AND d.revision > 0 AND NOT d.retired
     WHERE c.day >= :since AND c.updated_at < :before
       AND (c.resource, c.day) > (CAST(:resource AS text) COLLATE "C", CAST(:day AS date))
       AND NOT EXISTS (SELECT FROM import_named AS n WHERE n.job = :job AND n.key = c.resource || '|' || c.day)
     ORDER BY c.resource COLLATE "C", c.day LIMIT :limit
""")
_MEMBERS = text("""
    SELECT id, body ->> 'group' AS pool FROM definition
     WHERE kind = 'resource' AND revision > 0 AND NOT retired AND body ->> 'group' IN (
           SELECT body ->> 'group' FROM definition WHERE kind = 'resource' AND id = ANY(CAST(:ids AS text[])))
     ORDER BY id
""")


async def list_definitions_left(
    session: Session, kind: str, job: str, before: datetime, after: str, limit: int, site: str | None
) -> list[str]:
    """The ids, behind one, of what was defined before the import began and what the import, or that of one site, has not named."""
    values = {"kind": kind, "job": job, "before": before, "after": after, "limit": limit, "site": site}
    return [row.id for row in (await session.execute(_LEFT, values)).all()]


async def find_places(session: Session, resources: Sequence[str]) -> dict[str, str]:
    """Of those of these resources without which a routing or an operation would name nobody, the first that does.

    The last member of a pool that is named stays; of several that go at once, the last by id counts as the last.
    """
    places: dict[str, str] = {}
    named = await session.execute(_NAMING, {"path": "$.**.resource", "names": list(resources)})
    for row in named.all():
        places.setdefault(row.name, row.place)
    pools: dict[str, list[str]] = {}
    for row in (await session.execute(_MEMBERS, {"ids": list(resources)})).all():
        pools.setdefault(row.pool, []).append(row.id)
    going = set(resources) - set(places)
    last = {pool: members[-1] for pool, members in pools.items() if going.issuperset(members)}
    if last:
        asked = await session.execute(_NAMING, {"path": "$.**.group", "names": list(last)})
        for row in asked.all():
            places.setdefault(last[row.name], row.place)
    return places


async def find_routings_with(session: Session, operations: Sequence[str]) -> dict[str, str]:
    """Of those of these operations that stand in a routing, the first that names them."""
    return {row.name: row.place for row in (await session.execute(_STEPS, {"names": list(operations)})).all()}


async def find_resources_on(session: Session, calendars: Sequence[str]) -> dict[str, str]:
    """Of those of these calendars that a resource works by, the first that does."""
    return {row.calendar: row.place for row in (await session.execute(_ON_CALENDARS, {"ids": list(calendars)})).all()}


async def list_corrections_left(
    session: Session, job: str, before: datetime, since: date, after: tuple[str, date], limit: int
) -> list[tuple[str, date]]:
    """Resource and day, behind one, of downtime and overtime that was set before the import began and that it has not named."""
    values = {"job": job, "before": before, "since": since, "resource": after[0], "day": after[1], "limit": limit}
    return [(row.resource, row.day) for row in (await session.execute(_CORRECTIONS_LEFT, values)).all()]
