"""How quote reaches its database: bounded waits, JSON as Python values, one transaction type."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import asyncpg
import orjson
from asyncpg.pool import PoolConnectionProxy

Connection: TypeAlias = "PoolConnectionProxy[asyncpg.Record]"
"""What `acquire` gives; every store function takes one."""

RETRYABLE = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    asyncpg.UniqueViolationError,  # two replicas inserted the same quote or key: the next look finds it
)
"""Errors after which the same batch may simply be tried again: nothing of it was written."""

TOO_SLOW = (asyncpg.QueryCanceledError, asyncpg.IdleInTransactionSessionTimeoutError)
"""A statement, or our work between two, ran into its time limit: nothing was written; a smaller batch may pass."""

LOST = (
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.IdleSessionTimeoutError,
    asyncpg.InsufficientResourcesError,  # a full disk, too many connections
    asyncpg.PostgresSystemError,
    asyncpg.ReadOnlySQLTransactionError,  # a standby that has not taken over yet
    ConnectionError,
    OSError,
    TimeoutError,
)
"""The database is away or cannot write just now. A COMMIT may or may not have happened: the keys tell."""

_SERVER_SETTINGS = {
    "lock_timeout": "250ms",
    "statement_timeout": "1s",
    "idle_in_transaction_session_timeout": "2s",
}


_ANSWER_SECONDS, _SLOW_ANSWER_SECONDS = 3, 65
"""How long we wait for one statement; the server gives up before that unless it is gone."""
_SLOW_SIZE = 2

_JSONB_VERSION = b"\x01"
"""The byte before the text of every jsonb on the wire."""


async def _prepare(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec("json", encoder=orjson.dumps, decoder=orjson.loads, schema="pg_catalog", format="binary")
    await connection.set_type_codec(
        "jsonb",
        encoder=lambda value: _JSONB_VERSION + orjson.dumps(value),
        decoder=lambda raw: orjson.loads(raw[len(_JSONB_VERSION) :]),
        schema="pg_catalog",
        format="binary",  # COPY knows no other
    )


async def _nothing_to_reset(_connection: asyncpg.Connection) -> None:
    """What we set, we set inside a transaction; the driver itself ends one that was left open. It saves every use a round trip."""


class Pool:
    """Connections to one schema, under the door's time limits; slow reads have a few of their own, under a minute's."""

    def __init__(self, dsn: str, schema: str = "quote", size: int = 8) -> None:
        """Nothing connects before `start`."""
        self._dsn = dsn
        self._schema = schema
        self._size = size
        self._pool: asyncpg.Pool[Any] | None = None
        self._slow: asyncpg.Pool[Any] | None = None

    async def start(self) -> None:
        """Open the pool. Raises OSError or asyncpg.PostgresError when the database is not there."""
        self._pool = await self._create(2, self._size, _ANSWER_SECONDS)
        self._slow = await self._create(1, _SLOW_SIZE, _SLOW_ANSWER_SECONDS)

    async def _create(self, least: int, most: int, answer_seconds: int) -> "asyncpg.Pool[Any]":
        return await asyncpg.create_pool(
            self._dsn,
            min_size=least,
            max_size=most,
            init=_prepare,
            reset=_nothing_to_reset,
            timeout=5,
            command_timeout=answer_seconds,
            server_settings={"search_path": self._schema, "application_name": "pledge-quote", **_SERVER_SETTINGS},
        )

    async def close(self) -> None:
        """Close within two seconds, whatever the database does."""
        pools = [pool for pool in (self._pool, self._slow) if pool is not None]
        self._pool = self._slow = None
        try:
            async with asyncio.timeout(2):
                await asyncio.gather(*(pool.close() for pool in pools))
        except (TimeoutError, *LOST):
            for pool in pools:
                pool.terminate()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """One connection, outside a transaction. Raises one of LOST when the database is away."""
        async with _one_of(self._pool) as connection:
            yield connection

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Connection]:
        """One connection on which all statements see the same instant: an order's head and lines must be of one revision."""
        async with self.connection() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            yield connection

    @asynccontextmanager
    async def slow_read(self) -> AsyncIterator[Connection]:
        """A read-only repeatable-read transaction of up to a minute: loading the board, a past instant. It takes no place of the door's."""
        async with _one_of(self._slow) as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            await connection.execute("SET LOCAL statement_timeout = '60s'")
            await connection.execute("SET LOCAL idle_in_transaction_session_timeout = '60s'")
            yield connection

    async def ping(self) -> None:
        """Raise when the database does not answer."""
        async with self.connection() as connection:
            await connection.fetchval("SELECT 1", timeout=1)


@asynccontextmanager
async def _one_of(pool: "asyncpg.Pool[Any] | None") -> AsyncIterator[Connection]:
    """A connection of the pool. Whatever says that the database does not answer is a ConnectionError: to a caller, a 503."""
    if pool is None:
        raise ConnectionError("the pool is closed")
    try:
        connection = await pool.acquire(timeout=2)
        try:
            yield connection
        finally:
            await pool.release(connection, timeout=2)
    except ConnectionError:
        raise
    except OSError as error:  # a TimeoutError is one
        raise ConnectionError(f"the database does not answer: {str(error) or type(error).__name__}") from error
