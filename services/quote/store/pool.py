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

TOO_SLOW = (asyncpg.QueryCanceledError,)
"""A statement ran into its time limit: nothing was written; a smaller batch may pass."""

LOST = (
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.TooManyConnectionsError,
    ConnectionError,
    OSError,
    TimeoutError,
)
"""Errors after which a COMMIT may or may not have happened: the keys tell."""

_SERVER_SETTINGS = {
    "lock_timeout": "250ms",
    "statement_timeout": "1s",
    "idle_in_transaction_session_timeout": "2s",
}


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


class Pool:
    """Connections to one schema. `hot` ones live under the door's time limits, `slow` reads under a minute's."""

    def __init__(self, dsn: str, schema: str = "quote", size: int = 8) -> None:
        """Nothing connects before `start`."""
        self._dsn = dsn
        self._schema = schema
        self._size = size
        self._pool: asyncpg.Pool[Any] | None = None

    async def start(self) -> None:
        """Open the pool. Raises OSError or asyncpg.PostgresError when the database is not there."""
        self._pool = await asyncpg.create_pool(
            self._dsn,
            min_size=2,
            max_size=self._size,
            init=_prepare,
            timeout=5,
            command_timeout=15,
            server_settings={"search_path": self._schema, "application_name": "pledge-quote", **_SERVER_SETTINGS},
        )

    async def close(self) -> None:
        """Close within two seconds, whatever the database does."""
        pool, self._pool = self._pool, None
        if pool is not None:
            try:
                async with asyncio.timeout(2):
                    await pool.close()
            except (TimeoutError, *LOST):
                pool.terminate()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """One connection, outside a transaction. Raises one of LOST when the database is away."""
        if self._pool is None:
            raise ConnectionError("the pool is closed")
        connection = await self._pool.acquire(timeout=2)
        try:
            yield connection
        finally:
            await self._pool.release(connection, timeout=2)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Connection]:
        """One connection on which all statements see the same instant: an order's head and lines must be of one revision."""
        async with self.connection() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            yield connection

    @asynccontextmanager
    async def slow_read(self) -> AsyncIterator[Connection]:
        """A read-only repeatable-read transaction that may take a minute: loading the board, a snapshot, a list."""
        async with self.snapshot() as connection:
            await connection.execute("SET LOCAL statement_timeout = '60s'")
            await connection.execute("SET LOCAL idle_in_transaction_session_timeout = '60s'")
            yield connection

    async def ping(self) -> None:
        """Raise when the database does not answer."""
        async with self.connection() as connection:
            await connection.fetchval("SELECT 1", timeout=1)
