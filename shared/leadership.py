"""Who of several processes does this? The one that holds a PostgreSQL advisory lock, and only while it can prove it.

The lock lives on a connection of its own, with an `idle_session_timeout` above the heartbeat: a frozen process is
put out by the server, a dead one by its closed socket. The holder itself counts on its lease for less than that
time since its last confirmed heartbeat, so it stops believing before anybody else may begin. Whoever leads still
fences its writes (compare and set): a lease cannot stop a message that is already on its way.
"""

import asyncio
import contextlib
import hashlib
import logging
import time
from types import TracebackType
from typing import Self

import asyncpg

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 1.0
LEASE_SECONDS = 4.0
"""Since the last heartbeat that the server answered; below SESSION_SECONDS by more than a round trip."""
SESSION_SECONDS = 5
_CONNECT_SECONDS = 3.0
_ANSWER_SECONDS = 2.0


def lock_key(name: str) -> int:
    """The advisory lock's number, the same in every process: 63 bits of the name's hash."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest()) >> 1


class Leadership:
    """At most one holder per name and database. Use as `async with Leadership(dsn, "relay:quote") as leadership`.

    `lost` is set the moment a held lock is gone; `try_acquire` clears it.
    """

    def __init__(self, dsn: str, name: str) -> None:
        self._dsn = dsn
        self._name = name
        self._connection: asyncpg.Connection | None = None
        self._beating: asyncio.Task[None] | None = None
        self._confirmed_at = float("-inf")
        self.lost = asyncio.Event()

    @property
    def held(self) -> bool:
        """Whether we lead, by a heartbeat that is younger than the lease."""
        return self._beating is not None and not self.lost.is_set() and time.monotonic() - self._confirmed_at < LEASE_SECONDS

    async def try_acquire(self) -> bool:
        """Lead if nobody else does; False when somebody does or the database is away."""
        if self.held:
            return True
        await self.release()
        self.lost.clear()
        try:
            self._connection = await self._connect()
            asked_at = time.monotonic()
            if await self._connection.fetchval("SELECT pg_try_advisory_lock($1)", lock_key(self._name)):
                self._confirmed_at = asked_at
                self._beating = asyncio.create_task(self._beat(self._connection), name=f"leadership {self._name}")
                return True
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            log.warning("cannot ask for the lead of %s: %s: %s", self._name, type(error).__name__, error)
        await self.release()
        return False

    async def release(self) -> None:
        """Give up the lock, if we have it, and the connection."""
        beating, self._beating = self._beating, None
        connection, self._connection = self._connection, None
        if beating is not None:
            self.lost.set()
            beating.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await beating
        if connection is not None:
            await _hang_up(connection)

    async def _connect(self) -> asyncpg.Connection:
        return await asyncpg.connect(
            self._dsn,
            timeout=_CONNECT_SECONDS,
            command_timeout=_ANSWER_SECONDS,
            server_settings={
                "application_name": f"pledge leadership {self._name}"[:63],
                "idle_session_timeout": f"{SESSION_SECONDS}s",
            },
        )

    async def _beat(self, connection: asyncpg.Connection) -> None:
        try:
            while True:
                await asyncio.sleep(HEARTBEAT_SECONDS)
                if time.monotonic() - self._confirmed_at >= LEASE_SECONDS:
                    log.warning("lost the lead of %s: not confirmed for %.1f s", self._name, time.monotonic() - self._confirmed_at)
                    connection.terminate()
                    return
                asked_at = time.monotonic()
                await connection.fetchval("SELECT 1")
                self._confirmed_at = asked_at
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            log.warning("lost the lead of %s: %s: %s", self._name, type(error).__name__, error)
            connection.terminate()
        finally:
            self.lost.set()

    async def __aenter__(self) -> Self:
        """Not leading yet."""
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Release."""
        await self.release()


async def _hang_up(connection: asyncpg.Connection) -> None:
    try:
        await connection.close(timeout=1.0)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
        connection.terminate()
