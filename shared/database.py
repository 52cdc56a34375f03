"""How a service reaches its schema: pooled sessions with bounded waits, and a look at start whether the schema is ours."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, TypeVar

import asyncpg
from fastapi import Depends, Request
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.ext.asyncio import AsyncSession as PlainAsyncSession
from sqlalchemy.orm import Session as PlainSession
from sqlmodel import Session as ModelSession
from sqlmodel.ext.asyncio.session import AsyncSession

from shared import ownership
from shared.ownership import ForeignSchemaError, NotMigratedError
from shared.problems import Problem, unavailable
from shared.settings import CannotStartError

__all__ = ["Database", "ForeignSchemaError", "NotMigratedError", "Reading", "Session", "Transaction", "UnreachableError", "db_now"]

T = TypeVar("T")

CONNECT_TIMEOUT_SECONDS = 5
ATTEMPTS = 3
"""How often a transaction is tried that lost against another one."""
TRANSIENT = frozenset({"40001", "40P01", "55P03"})
"""Serialization failure, deadlock, lock not available: the same transaction may succeed at once."""
_AWAY_CLASSES = ("08", "53", "57")
"""Connection lost, out of resources, shutting down or cancelled by a time-out."""


class _SyncSession(ModelSession):
    execute = PlainSession.execute


class Session(AsyncSession):
    """SQLModel's session: `exec` for models; `execute` for SQL as text, without SQLModel's advice against it."""

    sync_session_class = _SyncSession
    execute = PlainAsyncSession.execute


class UnreachableError(CannotStartError):
    """No database answers under that URL."""


def server_settings(schema: str, *, statement_timeout_ms: int = 5000, lock_timeout_ms: int = 250, idle_ms: int = 5000) -> dict[str, str]:
    """What PostgreSQL is told at connect: where the tables are, and how long anything may wait (milliseconds)."""
    return {
        "search_path": schema,
        "application_name": f"pledge-{schema}",
        "lock_timeout": str(lock_timeout_ms),
        "statement_timeout": str(statement_timeout_ms),
        "idle_in_transaction_session_timeout": str(idle_ms),
        "timezone": "UTC",
        "jit": "off",
    }


async def connect(url: str, settings: dict[str, str]) -> asyncpg.Connection:
    """A connection of one's own. Raises UnreachableError, within a few seconds, with one line that holds no password."""
    try:
        return await asyncpg.connect(url, server_settings=settings, timeout=CONNECT_TIMEOUT_SECONDS)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UnreachableError(f"the database {without_password(url)} does not answer: {reason}") from error


class Database:
    """One service's schema in one PostgreSQL database."""

    def __init__(self, url: str, schema: str, *, pool_size: int = 8, statement_timeout_ms: int = 5000) -> None:
        self._url = url
        self.schema = schema
        self._settings = server_settings(schema, statement_timeout_ms=statement_timeout_ms)
        self._engine: AsyncEngine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=self._connect,
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=5,
            pool_pre_ping=False,
            pool_use_lifo=True,
        )
        self._reading = self._engine.execution_options(postgresql_readonly=True)

    @property
    def dsn(self) -> str:
        """The URL as asyncpg takes it."""
        return self._url

    @property
    def server_settings(self) -> dict[str, str]:
        """For whoever connects with asyncpg itself."""
        return dict(self._settings)

    async def _connect(self, *_: object, **__: object) -> asyncpg.Connection:
        return await connect(self._url, self._settings)

    async def start(self, installation_id: str) -> None:
        """Look whether the schema is there, migrated, and ours. Raises CannotStartError with one line that says what to do."""
        connection = await self._connect()
        try:
            await ownership.check(connection, self.schema, installation_id)
        finally:
            await connection.close(timeout=CONNECT_TIMEOUT_SECONDS)

    async def close(self) -> None:
        """Give the connections back; waits at most a few seconds for a database that is away."""
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_SECONDS / 2):
                await self._engine.dispose()
        except TimeoutError:
            await self._engine.dispose(close=False)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        """A session that commits when the block ends and rolls back when it raises."""
        async with Session(self._engine, expire_on_commit=False) as session, session.begin():
            yield session

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Session]:
        """A session whose transaction is read only."""
        async with Session(self._reading, expire_on_commit=False) as session, session.begin():
            yield session

    async def run(self, work: Callable[[Session], Awaitable[T]]) -> T:
        """Do `work` in a transaction; again, up to three times in all, when it lost against another one."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with self.transaction() as session:
                    return await work(session)
            except DBAPIError as error:
                if attempt == ATTEMPTS or sqlstate(error) not in TRANSIENT:
                    raise
                await asyncio.sleep(random.uniform(0.01, 0.05) * attempt)  # noqa: S311 -- so that the two do not meet again
        raise AssertionError("unreachable")

    async def ping(self) -> None:
        """Ask the database for one row. Raises what the driver raises when it does not answer."""
        async with self._engine.connect() as connection:
            await connection.execute(text("SELECT 1"))


def without_password(url: str) -> str:
    """The URL as it may be shown."""
    scheme, _, rest = url.partition("://")
    credentials, at, address = rest.rpartition("@")
    return f"{scheme}://{credentials.partition(':')[0]}{at}{address.partition('?')[0]}"


def sqlstate(error: BaseException) -> str | None:
    """PostgreSQL's five-character code of an error from SQLAlchemy or asyncpg, if it has one."""
    found = getattr(error, "orig", error)
    state = getattr(found, "sqlstate", None)
    return state if isinstance(state, str) else None


def as_problem(error: BaseException) -> Problem | None:
    """503 for an error after which the same call may succeed; None for a mistake of ours."""
    state = sqlstate(error)
    if state in TRANSIENT:
        return unavailable("BUSY", "Others are changing the same thing; try again.")
    if state is not None and state.startswith(_AWAY_CLASSES):
        return unavailable("DATABASE_UNAVAILABLE", "The database is not available or too slow; try again.", retry_after=2)
    lost = isinstance(error, (InterfaceError, OperationalError)) or (isinstance(error, DBAPIError) and error.connection_invalidated)
    if lost or isinstance(error, (UnreachableError, PoolTimeoutError, asyncpg.InterfaceError, ConnectionError)):
        return unavailable("DATABASE_UNAVAILABLE", "The database is not available; try again.", retry_after=2)
    return None


async def db_now(session: Session) -> datetime:
    """The database's clock at this statement, not at the transaction's beginning."""
    now: datetime = (await session.execute(text("SELECT clock_timestamp()"))).scalar_one()
    return now


async def get_transaction(request: Request) -> AsyncIterator[Session]:
    """The transaction of this request on `app.state.database`."""
    database: Database = request.app.state.database
    async with database.transaction() as session:
        yield session


async def get_reading(request: Request) -> AsyncIterator[Session]:
    """The read-only transaction of this request on `app.state.database`."""
    database: Database = request.app.state.database
    async with database.read() as session:
        yield session


Transaction = Annotated[Session, Depends(get_transaction, scope="function")]
"""Commits before the answer is sent: without `scope="function"` a 200 would leave before its commit."""
Reading = Annotated[Session, Depends(get_reading, scope="function")]
"""For GETs. Ends before the answer is sent, so a streamed answer opens its own session."""
