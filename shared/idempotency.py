"""How a call that is sent twice has one effect: the first answer is kept under the caller's key, in the same transaction."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from sqlalchemy import Row, text
from sqlalchemy.exc import DBAPIError

from shared.database import Session, sqlstate
from shared.logs import current_request_id
from shared.migrations import Ddl
from shared.problems import FieldError, Problem, unavailable, unprocessable

RETENTION_DAYS = 30
MAX_KEY_LENGTH = 255
_CONFLICT = 409
_LOCK_NOT_AVAILABLE = "55P03"

_CLAIM = text(f"""
    WITH forgotten AS (
        DELETE FROM idempotency WHERE (caller, key) IN (
            SELECT caller, key FROM idempotency WHERE created_at < clock_timestamp() - interval '{RETENTION_DAYS} days'
            ORDER BY created_at LIMIT 2 FOR UPDATE SKIP LOCKED
        )
    )
    INSERT INTO idempotency (caller, key, body_hash) VALUES (:caller, :key, :body_hash) ON CONFLICT DO NOTHING RETURNING 1
""")
"""Every claim forgets up to two answers that are too old: the table needs no sweeper."""
_FIND = text("SELECT body_hash, status, body::text FROM idempotency WHERE caller = :caller AND key = :key")
_KEEP = text("UPDATE idempotency SET status = :status, body = CAST(:body AS json) WHERE caller = :caller AND key = :key")

Work = Callable[[], Awaitable[tuple[int, dict[str, Any]]]]


def body_hash(method: str, path: str, body: bytes) -> bytes:
    """What a key stands for: a key is one per caller over all operations, so method and path count as body."""
    return hashlib.sha256(b"\n".join((method.upper().encode(), path.encode(), body))).digest()


def check_key(key: str | None) -> str | None:
    """The key, or None when there is none. Raises 422 for one that cannot be kept."""
    if key is None or key == "":
        return None
    if len(key) > MAX_KEY_LENGTH or not key.isprintable():
        error = FieldError("/idempotency_key", "idempotency_key", f"at most {MAX_KEY_LENGTH} printable characters")
        raise unprocessable("INVALID_IDEMPOTENCY_KEY", "The idempotency key is too long or holds control characters.", [error])
    return key


def reused() -> Problem:
    """422: the key has been used for something else."""
    return unprocessable("IDEMPOTENCY_KEY_REUSED", "This idempotency key was used before with another body, path or method.")


def running() -> Problem:
    """503: the first call with this key has not ended."""
    return unavailable("IDEMPOTENT_CALL_RUNNING", "The first call with this idempotency key is still running; try again.")


async def once(
    session: Session, caller: str, key: str | None, method: str, path: str, raw_body: bytes, work: Work
) -> tuple[int, dict[str, Any]]:
    """Do `work` unless this caller's key has an answer already; then give that, with `"replayed": true`.

    `work` answers (status, JSON-ready body). 2xx and 409 (returned, or raised as a Problem) are stored with what `work` did;
    a 409 that was raised undoes what `work` did. Whatever else is raised passes through and, with the transaction, leaves nothing.
    """
    key = check_key(key)
    if key is None:
        return await work()
    hashed = body_hash(method, path, raw_body)
    wanted = {"caller": caller, "key": key, "body_hash": hashed}
    for _ in range(2):  # twice, for an answer that was too old and has just been forgotten
        if await _claim(session, wanted):
            break
        found = (await session.execute(_FIND, {"caller": caller, "key": key})).one_or_none()
        if found is not None:
            return _replay(found, hashed)
    else:
        raise running()
    try:
        async with session.begin_nested():
            status, body = await work()
    except Problem as problem:
        if problem.status != _CONFLICT:
            raise
        status, body = problem.status, problem.document(path, current_request_id())
    if not (200 <= status < 300 or status == _CONFLICT):  # noqa: PLR2004 -- the classes of HTTP
        raise ValueError(f"an answer {status} is raised as a Problem, not returned: its effects must not be kept")
    await session.execute(_KEEP, {"caller": caller, "key": key, "status": status, "body": orjson.dumps(body).decode()})
    return status, body


async def _claim(session: Session, wanted: dict[str, Any]) -> bool:
    try:
        return (await session.execute(_CLAIM, wanted)).one_or_none() is not None
    except DBAPIError as error:
        if sqlstate(error) == _LOCK_NOT_AVAILABLE:
            raise running() from error
        raise


def _replay(stored: Row[Any], wanted_hash: bytes) -> tuple[int, dict[str, Any]]:
    if bytes(stored.body_hash) != wanted_hash:
        raise reused()
    answer: dict[str, Any] = orjson.loads(stored.body)
    answer["replayed"] = True
    return stored.status, answer


def create_tables(op: Ddl) -> None:
    """The stored answers, for the first migration of every service whose POSTs write."""
    op.execute("""
        CREATE TABLE idempotency (
            caller     text NOT NULL,
            key        text NOT NULL,
            body_hash  bytea NOT NULL,
            status     int,
            body       json,
            created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            PRIMARY KEY (caller, key)
        )""")
    op.execute("CREATE INDEX idempotency_created_at ON idempotency (created_at)")
