"""Who asked what before: one row per caller and key, claimed first in the transaction that does the work."""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from services.quote.store.pool import Connection
from services.quote.store.rows import Outcome


@dataclass(slots=True, frozen=True, order=True)
class Key:
    """An idempotency key of one caller; `body_hash` covers method, path and body."""

    caller: str
    key: str
    body_hash: bytes


@dataclass(slots=True, frozen=True)
class Earlier:
    """What a key was used for before, and the answer it got."""

    body_hash: bytes
    outcome: Outcome | None


async def claim(connection: Connection, keys: Sequence[Key]) -> dict[tuple[str, str], Earlier]:
    """Claim the keys in sorted order; what was claimed before comes back with its answer.

    Waits while another transaction holds one of them (up to the lock time-out): one key, one effect.
    """
    mine, found = await _claim(connection, sorted(keys))
    gone = [key for key in sorted(keys) if (key.caller, key.key) not in mine and (key.caller, key.key) not in found]
    if gone:  # too old, and forgotten between two statements
        found |= (await _claim(connection, gone))[1]
    return found


async def _claim(connection: Connection, ordered: Sequence[Key]) -> tuple[set[tuple[str, str]], dict[tuple[str, str], Earlier]]:
    claimed = await connection.fetch(
        """INSERT INTO idempotency (caller, key, body_hash) SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[])
           ON CONFLICT DO NOTHING RETURNING caller, key""",
        [key.caller for key in ordered],
        [key.key for key in ordered],
        [key.body_hash for key in ordered],
    )
    mine = {(row["caller"], row["key"]) for row in claimed}
    others = [key for key in ordered if (key.caller, key.key) not in mine]
    return mine, await find(connection, others) if others else {}


async def find(connection: Connection, keys: Sequence[Key]) -> dict[tuple[str, str], Earlier]:
    """The stored answers of these keys, where there are any."""
    rows = await connection.fetch(
        """SELECT caller, key, body_hash, status, body FROM idempotency
           JOIN unnest($1::text[], $2::text[]) AS asked(c, k) ON caller = c AND key = k""",
        [key.caller for key in keys],
        [key.key for key in keys],
    )
    return {
        (row["caller"], row["key"]): Earlier(
            bytes(row["body_hash"]), None if row["status"] is None else Outcome(row["status"], row["body"])
        )
        for row in rows
    }


async def store(connection: Connection, answers: Sequence[tuple[Key, Outcome]]) -> None:
    """Keep the answer that every retry of the key will get."""
    await connection.execute(
        """UPDATE idempotency SET status = s, body = b::json
           FROM unnest($1::text[], $2::text[], $3::int[], $4::text[]) AS answer(c, k, s, b)
           WHERE caller = c AND key = k""",
        [key.caller for key, _ in answers],
        [key.key for key, _ in answers],
        [outcome.status for _, outcome in answers],
        [orjson.dumps(outcome.body).decode() for _, outcome in answers],
    )


async def release(connection: Connection, keys: Sequence[Key]) -> None:
    """Give keys back whose requests were put off or may be retried."""
    await connection.execute(
        "DELETE FROM idempotency USING unnest($1::text[], $2::text[]) AS gone(c, k) WHERE caller = c AND key = k AND status IS NULL",
        [key.caller for key in keys],
        [key.key for key in keys],
    )


async def forget(connection: Connection, days: int) -> bool:
    """Drop answers older than their time, some at once; True when there may be more."""
    status: str = await connection.execute(
        """DELETE FROM idempotency WHERE ctid = ANY(ARRAY(
           SELECT ctid FROM idempotency WHERE created_at < clock_timestamp() - make_interval(days => $1) LIMIT 5000))""",
        days,
    )
    return status == "DELETE 5000"
