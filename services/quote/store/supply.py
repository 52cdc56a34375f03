"""What the other services said last: revisions seen, definitions, and how far their topics were read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.quote.store.pool import Connection


@dataclass(slots=True, frozen=True)
class Definition:
    """An item or a site as its owner last described it."""

    kind: str
    id: str
    revision: int
    state: dict[str, Any]


_DEFINITIONS = "hashtextextended('definitions that plans are made by', 0)"
_CLOCKS_APART = timedelta(seconds=10)
"""By how much a decision's instant may lie before what it had seen: a board's clock runs behind the database's, never so far."""


async def save_revisions(connection: Connection, revisions: dict[str, int]) -> None:
    """Remember what was applied."""
    await connection.execute(
        """INSERT INTO position (key, revision) SELECT * FROM unnest($1::text[], $2::bigint[])
           ON CONFLICT (key) DO UPDATE SET revision = excluded.revision WHERE position.revision < excluded.revision""",
        list(revisions),
        list(revisions.values()),
    )


async def save_definitions(connection: Connection, definitions: Sequence[Definition]) -> None:
    """Keep definitions that are newer than what stands; older ones change nothing."""
    await connection.executemany(
        """INSERT INTO definition (kind, id, revision, state) VALUES ($1, $2, $3, $4) ON CONFLICT (kind, id) DO UPDATE
           SET revision = excluded.revision, state = excluded.state, last_xid = pg_current_xact_id()::text::bigint,
               updated_at = clock_timestamp()
           WHERE definition.revision < excluded.revision""",
        [(d.kind, d.id, d.revision, d.state) for d in definitions],
    )


async def lock_definition(connection: Connection, kind: str, identity: str) -> Definition | None:
    """A definition as it stands, locked, or None; two who define the same at once come one after the other."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('definition ' || $1 || ' ' || $2, 0))", kind, identity)
    row = await connection.fetchrow("SELECT kind, id, revision, state FROM definition WHERE kind = $1 AND id = $2", kind, identity)
    return None if row is None else Definition(**dict(row))


async def is_defined(connection: Connection, kind: str, identity: str) -> bool:
    """Whether somebody has defined it, and nobody has taken it back."""
    found: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM definition WHERE kind = $1 AND id = $2 AND NOT coalesce((state ->> 'retired')::boolean, false))",
        kind,
        identity,
    )
    return found


async def look_at_definitions(connection: Connection, since_xid: int = 0) -> tuple[str, list[Definition]]:
    """Every definition that a transaction numbered `since_xid` or later has changed, with the snapshot that they were read in.

    What was seen then can be told again from it at any later time.
    """
    rows = await connection.fetch(
        """SELECT pg_current_snapshot()::text AS seen, kind, id, revision, state
           FROM (SELECT 1) AS one LEFT JOIN definition ON last_xid >= $1""",
        since_xid,
    )
    return rows[0]["seen"], [Definition(*list(row.values())[1:]) for row in rows if row["kind"] is not None]


async def list_dates(connection: Connection, kind: str, ids: Sequence[str]) -> dict[str, tuple[datetime, datetime]]:
    """When each of these was defined first, and when last."""
    rows = await connection.fetch(
        "SELECT id, created_at, updated_at FROM definition WHERE kind = $1 AND id = ANY($2::text[])", kind, list(ids)
    )
    return {row["id"]: (row["created_at"], row["updated_at"]) for row in rows}


async def lock_definitions(connection: Connection) -> None:
    """Let nobody plan until this transaction has ended, and wait for who has planned: who comes later reads what it has defined."""
    await connection.execute(f"SELECT pg_advisory_xact_lock({_DEFINITIONS})")


async def keep_definitions(connection: Connection) -> None:
    """Let nobody define anything until this transaction has ended: who comes later looks at what it has planned."""
    await connection.execute(f"SELECT pg_advisory_xact_lock_shared({_DEFINITIONS})")


async def list_definitions_as_seen(connection: Connection, seen: str | None, at: datetime) -> list[Definition]:
    """Those definitions that were otherwise when a snapshot (`seen`) was taken and an instant was now, as they were then.

    Without a snapshot the instant alone tells. One that was not there yet comes back as retired. The instant is asked besides,
    roughly, since transactions are numbered anew in a ledger that was restored elsewhere.
    """
    until = at if seen is None else at + _CLOCKS_APART
    rows = await connection.fetch(
        """WITH since AS (
               SELECT kind, id FROM definition_history WHERE at > $2
               UNION SELECT kind, id FROM definition_history
                WHERE xid >= pg_snapshot_xmin($1::text::pg_snapshot) AND NOT pg_visible_in_snapshot(xid, $1::text::pg_snapshot))
           SELECT since.kind, since.id, was.revision, was.state FROM since LEFT JOIN LATERAL (
               SELECT revision, state FROM definition_history AS h
                WHERE h.kind = since.kind AND h.id = since.id AND h.at <= $2
                  AND ($1::text::pg_snapshot IS NULL OR pg_visible_in_snapshot(h.xid, $1::text::pg_snapshot))
                ORDER BY seq DESC LIMIT 1) AS was ON true""",
        seen,
        until,
    )
    return [Definition(row["kind"], row["id"], row["revision"] or 0, row["state"] or {"retired": True}) for row in rows]


async def list_definitions_of(connection: Connection, kind: str) -> list[Definition]:
    """Every definition of a kind, by id, retired ones too."""
    rows = await connection.fetch("SELECT kind, id, revision, state FROM definition WHERE kind = $1 ORDER BY id", kind)
    return [Definition(**dict(row)) for row in rows]


async def list_named(connection: Connection, job: str) -> set[str]:
    """The ids that an import has named."""
    return {row["key"] for row in await connection.fetch("SELECT key FROM import_named WHERE job = $1", job)}


async def list_offsets(connection: Connection, topic: str) -> dict[int, int]:
    """The next offset to read of each partition."""
    rows = await connection.fetch("SELECT partition, next_offset FROM consumer_offset WHERE topic = $1", topic)
    return {row["partition"]: row["next_offset"] for row in rows}


async def list_freshness(connection: Connection) -> dict[str, list[datetime | None]]:
    """Per topic, up to when each partition has been read."""
    rows = await connection.fetch("SELECT topic, as_of FROM consumer_offset ORDER BY topic, partition")
    return _by_topic((row["topic"], row["as_of"]) for row in rows)


def _by_topic(rows: Iterable[tuple[str, datetime | None]]) -> dict[str, list[datetime | None]]:
    freshness: dict[str, list[datetime | None]] = {}
    for topic, as_of in rows:
        freshness.setdefault(topic, []).append(as_of)
    return freshness


@dataclass(slots=True, frozen=True)
class Glance:
    """What one statement tells a board of the ledger, all of it of one snapshot."""

    xid: int
    """The oldest transaction still running: what changes from now on is read from there on."""
    at: datetime
    """The database's time."""
    seen: str
    """The snapshot."""
    books_moved: bool
    definitions_moved: bool
    freshness: dict[str, list[datetime | None]]
    """Per topic, up to when each partition has been read."""


async def glance(connection: Connection, since_xid: int) -> Glance:
    """Whether anything was changed by a transaction numbered `since_xid` or later. Mostly nothing was: then this was all."""
    row = await connection.fetchrow(
        """SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xid, clock_timestamp() AS at,
                  pg_current_snapshot()::text AS seen,
                  EXISTS (SELECT FROM book WHERE last_xid >= $1) AS books_moved,
                  EXISTS (SELECT FROM definition WHERE last_xid >= $1) AS definitions_moved,
                  ARRAY (SELECT topic FROM consumer_offset ORDER BY topic, partition) AS topics,
                  ARRAY (SELECT as_of FROM consumer_offset ORDER BY topic, partition) AS read_until""",
        since_xid,
    )
    freshness = _by_topic(zip(row["topics"], row["read_until"], strict=True))
    return Glance(row["xid"], row["at"], row["seen"], row["books_moved"], row["definitions_moved"], freshness)


async def move_offset(connection: Connection, topic: str, partition: int, expected: int, next_offset: int, as_of: datetime | None) -> bool:
    """Move the stored offset if it still stands where the caller thinks; False fences a zombie."""
    if expected == 0:
        await connection.execute(
            "INSERT INTO consumer_offset (topic, partition, next_offset) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING", topic, partition
        )
    status: str = await connection.execute(
        """UPDATE consumer_offset SET next_offset = $4, as_of = greatest(as_of, $5)
           WHERE topic = $1 AND partition = $2 AND next_offset = $3""",
        topic,
        partition,
        expected,
        next_offset,
        as_of,
    )
    return status == "UPDATE 1"


async def set_offsets(connection: Connection, topic: str, offsets: dict[int, int], as_of: datetime) -> None:
    """After a snapshot: continue from these offsets, wherever the stored ones stood."""
    for partition, offset in sorted(offsets.items()):
        await connection.execute(
            """INSERT INTO consumer_offset (topic, partition, next_offset, as_of) VALUES ($1, $2, $3, $4)
               ON CONFLICT (topic, partition) DO UPDATE SET next_offset = excluded.next_offset, as_of = excluded.as_of""",
            topic,
            partition,
            offset,
            as_of,
        )


async def lock_revisions(connection: Connection, keys: Sequence[str]) -> dict[str, int]:
    """The last applied revision of each position, locked; one that was never heard of is at 0."""
    ordered = sorted(keys)
    await connection.execute(
        "INSERT INTO position (key, revision) SELECT name, 0 FROM unnest($1::text[]) AS named(name) ON CONFLICT DO NOTHING", ordered
    )
    rows = await connection.fetch("SELECT key, revision FROM position WHERE key = ANY($1) ORDER BY key FOR UPDATE", ordered)
    return {row["key"]: row["revision"] for row in rows}
