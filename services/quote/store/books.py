"""The ledger's books and their entries: read whole, read what is new, lock, append."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from services.quote.domain.entry import Entry, Part
from services.quote.store.pool import Connection


@dataclass(slots=True, frozen=True)
class Step:
    """One version of one book: the entries that made it, when."""

    key: str
    version: int
    at: datetime
    entries: tuple[Entry, ...]


@dataclass(slots=True, frozen=True)
class Cause:
    """Why entries were written: what happened, the decision or event behind it, who, by which document."""

    what: str
    id: str | None = None
    actor: str | None = None
    document: str | None = None


@dataclass(slots=True, frozen=True)
class BookHead:
    """A book's row without its entries."""

    key: str
    sku: str
    site: str
    version: int
    ledger_at: datetime


_BOOKS_AT_ONCE = 500
_ENTRY_COLUMNS = "book_key, version, part, ref, quantity, day, expires_at, detail, at"


def _entry(row: Any) -> Entry:
    day: date | None = row["day"]
    return Entry(Part(row["part"]), row["ref"], row["quantity"], None if day is None else day.toordinal(), row["expires_at"], row["detail"])


def _steps(rows: Iterable[Any]) -> list[Step]:
    """Rows in the order (book_key, version, n), gathered into versions."""
    steps: list[Step] = []
    gathered: list[Entry] = []
    last: Any = None
    for row in rows:
        if last is not None and (row["book_key"], row["version"]) != (last["book_key"], last["version"]):
            steps.append(Step(last["book_key"], last["version"], last["at"], tuple(gathered)))
            gathered = []
        gathered.append(_entry(row))
        last = row
    if last is not None:
        steps.append(Step(last["book_key"], last["version"], last["at"], tuple(gathered)))
    return steps


async def horizon(connection: Connection) -> tuple[int, datetime]:
    """The oldest transaction still running, and the database's time: what changed since is read from there on."""
    row = await connection.fetchrow("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xmin, clock_timestamp() AS at")
    return row["xmin"], row["at"]


async def renumber(connection: Connection) -> None:
    """Number anew what a dump has brought from another cluster, whose transactions were ahead of ours: it would be news for ever."""
    await connection.execute("SET LOCAL statement_timeout = '60s'")
    await connection.execute("SET LOCAL lock_timeout = '60s'")
    for table, key in (("book", 'key COLLATE "C"'), ("definition", "kind, id")):
        await connection.execute(
            f"""UPDATE {table} SET last_xid = pg_current_xact_id()::text::bigint WHERE ctid IN (
                SELECT ctid FROM {table} WHERE last_xid > pg_snapshot_xmax(pg_current_snapshot())::text::bigint
                ORDER BY {key} FOR UPDATE)""",
            timeout=60,
        )


async def list_heads(connection: Connection, since_xid: int = 0) -> list[BookHead]:
    """Every book that a transaction numbered `since_xid` or later has changed."""
    rows = await connection.fetch("SELECT key, sku, site, version, ledger_at FROM book WHERE last_xid >= $1", since_xid)
    return [BookHead(*row.values()) for row in rows]


async def list_current_entries(connection: Connection, keys: Sequence[str] | None = None) -> list[tuple[str, Entry]]:
    """What stands in the books now: per (book, part, ref) the latest entry that is not a removal."""
    rows = await connection.fetch(
        f"""SELECT * FROM (SELECT DISTINCT ON (book_key, part, ref) {_ENTRY_COLUMNS} FROM entry
            WHERE $1::text[] IS NULL OR book_key = ANY($1) ORDER BY book_key, part, ref, version DESC, n DESC) AS latest
            WHERE quantity <> 0 OR part = 'stock'""",
        keys,
    )
    return [(row["book_key"], _entry(row)) for row in rows]


async def list_sites_at(connection: Connection, skus: Iterable[str], at: datetime) -> dict[str, list[str]]:
    """The sites at which these skus had a book at an instant."""
    rows = await connection.fetch(
        """SELECT sku, site FROM book WHERE sku = ANY($1) AND site <> ALL ('{~,^}')
           AND EXISTS (SELECT FROM entry WHERE book_key = key AND version = 1 AND at <= $2)""",
        list(skus),
        at,
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row["sku"], []).append(row["site"])
    return found


async def find_version(connection: Connection, key: str, at: datetime) -> int | None:
    """The version that a book had at an instant, or None before its first."""
    found: int | None = await connection.fetchval("SELECT max(version) FROM entry WHERE book_key = $1 AND at <= $2", key, at)
    return found


async def list_entries_at(connection: Connection, versions: Mapping[str, int]) -> list[tuple[str, Entry]]:
    """What stood in each of these books at the given version."""
    rows = await connection.fetch(
        f"""SELECT * FROM (SELECT DISTINCT ON (book_key, part, ref) {_ENTRY_COLUMNS}
            FROM unnest($1::text[], $2::bigint[]) AS asked(asked_key, asked_version)
            JOIN entry ON book_key = asked_key AND version <= asked_version
            ORDER BY book_key, part, ref, version DESC, n DESC) AS latest WHERE quantity <> 0 OR part = 'stock'""",
        list(versions),
        list(versions.values()),
    )
    return [(row["book_key"], _entry(row)) for row in rows]


async def find_instant(connection: Connection, key: str, version: int) -> datetime | None:
    """When a book came to a version, or None where it never did."""
    found: datetime | None = await connection.fetchval("SELECT min(at) FROM entry WHERE book_key = $1 AND version = $2", key, version)
    return found


async def list_steps_above(connection: Connection, versions: dict[str, int]) -> list[Step]:
    """The steps that each book took after the given version, oldest first."""
    known = list(versions.items())
    steps: list[Step] = []
    while known:  # piece by piece: after a pause there may be more than one statement has time for
        piece, known = known[:_BOOKS_AT_ONCE], known[_BOOKS_AT_ONCE:]
        rows = await connection.fetch(
            f"""SELECT {_ENTRY_COLUMNS} FROM unnest($1::text[], $2::bigint[]) AS known(known_key, known_version)
                JOIN entry ON book_key = known_key AND version > known_version ORDER BY book_key, version, n""",
            [key for key, _ in piece],
            [version for _, version in piece],
        )
        steps += _steps(rows)
    return steps


async def create(connection: Connection, keys: Iterable[str]) -> None:
    """Make the rows of books that are new, in sorted order; those that exist stay."""
    ordered = sorted(keys)
    await connection.execute(
        "INSERT INTO book (key, sku, site) SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) ON CONFLICT DO NOTHING",
        ordered,
        [key.rsplit("|", 1)[0] for key in ordered],
        [key.rsplit("|", 1)[1] for key in ordered],
    )


async def list_keys(connection: Connection, sku: str, sites: Sequence[str] | None) -> list[str]:
    """The books of a sku, at these sites or all."""
    rows = await connection.fetch("SELECT key FROM book WHERE sku = $1 AND ($2::text[] IS NULL OR site = ANY($2))", sku, sites)
    return [row["key"] for row in rows]


async def lock(connection: Connection, keys: Iterable[str]) -> None:
    """Lock the books, in the one order that everyone keeps. Returns nothing: what they hold is read in the next statement."""
    await connection.execute('SELECT 1 FROM book WHERE key = ANY($1) ORDER BY key COLLATE "C" FOR UPDATE', list(keys))


async def read_heads(connection: Connection, keys: Iterable[str]) -> tuple[datetime, dict[str, BookHead]]:
    """The database's time and the versions of these books, read after the locks in a statement of its own."""
    rows = await connection.fetch(
        """SELECT clock_timestamp() AS now, key, sku, site, version, ledger_at
           FROM (SELECT 1) AS one LEFT JOIN book ON key = ANY($1)""",
        list(keys),
    )
    return rows[0]["now"], {row["key"]: BookHead(*list(row.values())[1:]) for row in rows if row["key"] is not None}


async def append(connection: Connection, steps: Sequence[tuple[Step, Cause]]) -> None:
    """Write new versions with their entries, and move the books' heads to the last of them."""
    columns: list[list[Any]] = [[] for _ in range(13)]
    heads: dict[str, tuple[int, datetime]] = {}
    for step, cause in steps:
        heads[step.key] = (step.version, step.at)
        for n, entry in enumerate(step.entries):
            values = (
                step.key, step.version, n, entry.part.value, entry.ref, entry.quantity,
                None if entry.day is None else date.fromordinal(entry.day),
                entry.expires_at, None if entry.detail is None else dict(entry.detail), step.at,
                cause.what, cause.id, (cause.actor, cause.document),
            )  # fmt: skip
            for column, value in zip(columns, values, strict=True):
                column.append(value)
    actors, documents = [a for a, _ in columns[12]], [d for _, d in columns[12]]
    await connection.execute(
        """INSERT INTO entry (book_key, version, n, part, ref, quantity, day, expires_at, detail, at, cause, cause_id, actor, document)
           SELECT * FROM unnest($1::text[], $2::bigint[], $3::int[], $4::text[], $5::text[], $6::bigint[], $7::date[], $8::timestamptz[],
                                $9::jsonb[], $10::timestamptz[], $11::text[], $12::text[], $13::text[], $14::text[])""",
        *columns[:12],
        actors,
        documents,
    )
    await connection.execute(
        """UPDATE book SET version = v, ledger_at = at, last_xid = pg_current_xact_id()::text::bigint
           FROM unnest($1::text[], $2::bigint[], $3::timestamptz[]) AS new(k, v, at) WHERE key = k""",
        list(heads),
        [version for version, _ in heads.values()],
        [at for _, at in heads.values()],
    )
