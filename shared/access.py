"""Who is calling, and what they may do: API keys with scopes, known to every service, written by `pledge key` alone.

A request waits for no database: the living keys are in memory and read again every two seconds, so a revoked
key stops within that time. An unknown key costs one shared look at the table, however many unknown keys come at once.
"""

import asyncio
import contextlib
import hashlib
import hmac
import ipaddress
import secrets
import string
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import asyncpg
import structlog
from fastapi import Request
from fastapi.openapi.models import HTTPBearer as HTTPBearerModel
from fastapi.security.base import SecurityBase

from shared import arrived, ownership
from shared.database import CONNECT_TIMEOUT_SECONDS, UnreachableError, connect, server_settings
from shared.limiting import Limiter
from shared.problems import Problem, unavailable

log = structlog.get_logger(__name__)

SCHEMA = ownership.ACCESS
REFRESH_SECONDS: Final = 2.0
"""How long a new or revoked key may go unnoticed."""
TRUST_SECONDS: Final = 60.0
"""How long known keys go on counting while the database is away."""
LIVE_KEYS_PER_NAME: Final = 2
"""The old one and the new one, so that a caller can change keys without a gap."""
_AWAY: Final = (UnreachableError, OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
"""What it looks like when the database does not answer."""
_FORBIDDEN: Final = 403
_LETTERS = string.ascii_letters + string.digits


class Scope(StrEnum):
    """What a key may do."""

    QUOTE_READ = "quote:read"
    PROMISE_WRITE = "promise:write"
    STOCK_WRITE = "stock:write"
    CAPACITY_WRITE = "capacity:write"
    ALERTS_WRITE = "alerts:write"
    ADMIN = "admin"


ROLES: Final[dict[str, frozenset[Scope]]] = {
    "sales": frozenset({Scope.QUOTE_READ, Scope.PROMISE_WRITE}),
    "planner": frozenset({Scope.QUOTE_READ, Scope.PROMISE_WRITE, Scope.CAPACITY_WRITE, Scope.ALERTS_WRITE, Scope.ADMIN}),
    "operator": frozenset({Scope.QUOTE_READ, Scope.STOCK_WRITE, Scope.CAPACITY_WRITE, Scope.ALERTS_WRITE}),
    "integration": frozenset({Scope.QUOTE_READ, Scope.PROMISE_WRITE, Scope.STOCK_WRITE, Scope.CAPACITY_WRITE}),
}
"""Sets of scopes that go together, for `pledge key create --role`."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls. `id` stays the same when the key is changed for a new one: idempotency and audit refer to it."""

    id: str
    scopes: frozenset[Scope]
    name: str
    role: str | None = None
    """Of the key, if it was made for one: some limits go by it."""

    def require(self, scope: Scope) -> None:
        """Raise 403 unless this caller has `scope`."""
        if scope not in self.scopes:
            raise Problem(403, "FORBIDDEN", f"This key lacks the scope {scope}.")


DEVELOPER: Final = Caller("development", frozenset(Scope), "development key")


@dataclass(frozen=True, slots=True)
class _Live:
    caller: Caller
    until: float
    """Monotonic seconds."""


_DEVELOPER: Final = _Live(DEVELOPER, float("inf"))


class Keyring:
    """The living keys of one installation, in memory."""

    def __init__(self, database_url: str, key_secret: str, development_key: str | None, host: str) -> None:
        self._url = database_url
        self._secret = key_secret.encode()
        self._keys: dict[bytes, _Live] = {}
        self._recent: dict[str, _Live] = {}
        """The good keys that came since the table was read, by their text."""
        self._development: bytes | None = None
        if development_key:
            if is_loopback(host):
                self._development = _hash(self._secret, development_key)
            else:
                log.warning("development key ignored", reason=f"{host} is not a loopback address")
        self._connection: asyncpg.Connection | None = None
        self._refreshed_at = float("-inf")
        self._refresh: asyncio.Task[None] | None = None
        self._loop: asyncio.Task[None] | None = None

    async def start(self, installation_id: str) -> None:
        """Read the keys and go on reading them. Raises CannotStartError when the schema is missing or not ours."""
        self._connection = await _connect(self._url)
        try:
            await ownership.check(self._connection, SCHEMA, installation_id)
            await self._read()
        except BaseException:
            self._drop_connection()
            raise
        self._loop = asyncio.create_task(self._keep_reading(), name="keyring")

    async def close(self) -> None:
        """Stop reading; takes at most a few seconds, also with the database gone."""
        for task in (self._loop, self._refresh):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, *_AWAY):
                    await task
        self._loop = self._refresh = None
        self._drop_connection()

    async def authenticate(self, key: str) -> Caller | None:
        """Whose key this is; None when nobody's, or no longer. Raises 503 when that cannot be known."""
        known = self._recent.get(key)  # hashing costs more than all the rest, so it is done once per reading of the table
        if known is None:
            known = await self._look_up(key)
            if known is None:
                return None
            self._recent[key] = known
        now = time.monotonic()
        if known is not _DEVELOPER and now - self._refreshed_at > TRUST_SECONDS:
            raise unavailable("KEYS_UNAVAILABLE", "Whether this key is still valid cannot be looked up just now; try again.")
        return known.caller if now < known.until else None

    async def _look_up(self, key: str) -> _Live | None:
        digest = _hash(self._secret, key)
        if self._development is not None and hmac.compare_digest(digest, self._development):
            return _DEVELOPER
        if (known := self._keys.get(digest)) is not None:
            return known
        try:
            await self._read_now()
        except _AWAY as error:
            raise unavailable("KEYS_UNAVAILABLE", "Whether this key is valid cannot be looked up just now; try again.") from error
        return self._keys.get(digest)

    async def _read_now(self) -> None:
        """Read the table once for all who wait; whoever comes while it is being read waits for the next reading."""
        if self._refresh is not None and not self._refresh.done():
            with contextlib.suppress(*_AWAY):
                await asyncio.shield(self._refresh)
        if self._refresh is None or self._refresh.done():
            self._refresh = asyncio.create_task(self._read(), name="keyring-refresh")
        await asyncio.shield(self._refresh)

    async def _keep_reading(self) -> None:
        away = False
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            try:
                await self._read_now()
                away = False
            except _AWAY as error:
                if not away:
                    log.warning("keys not read", reason=str(error) or type(error).__name__)
                away = True

    async def _read(self) -> None:
        try:
            if self._connection is None or self._connection.is_closed():
                self._connection = await _connect(self._url)
            began = time.monotonic()
            rows = await self._connection.fetch(
                "SELECT hash, name, scopes, role, extract(epoch FROM expires_at - clock_timestamp())::float8 AS seconds_left FROM api_key"
                " WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > clock_timestamp())",
                timeout=CONNECT_TIMEOUT_SECONDS,
            )
        except BaseException:
            self._drop_connection()
            raise
        known = {str(scope) for scope in Scope}
        self._keys = {
            bytes(row["hash"]): _Live(
                Caller(
                    f"key:{row['name']}", frozenset(Scope(scope) for scope in row["scopes"] if scope in known), row["name"], row["role"]
                ),
                float("inf") if row["seconds_left"] is None else began + row["seconds_left"],
            )
            for row in rows
        }
        self._recent = {}
        self._refreshed_at = began

    def _drop_connection(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


class _CallerWith(SecurityBase):
    """The dependency and its description in one, so that a request pays for one dependency and OpenAPI knows it."""

    model = HTTPBearerModel(description="An API key: `Authorization: Bearer plk_…`.")
    scheme_name = "key"

    def __init__(self, scope: Scope, other: Scope | None) -> None:
        self.scope = scope
        self.other = other

    async def __call__(self, request: Request) -> Caller:
        if self.other is None:
            return await caller_of(request, self.scope)
        try:
            return await caller_of(request, self.scope)
        except Problem as problem:
            if problem.status != _FORBIDDEN:
                raise
            return await caller_of(request, self.other)


async def caller_of(request: Request, scope: Scope) -> Caller:
    """Who calls, or 401, 403 and 429. For the one endpoint where even the framework's dependencies cost too much; else `caller_with`."""
    scheme, _, key = arrived.header(request.scope, b"authorization").partition(" ")
    key = key.strip()
    if scheme.lower() != "bearer" or not key:
        raise _unauthorized("UNAUTHENTICATED", "Send a key: `Authorization: Bearer KEY`.")
    caller: Caller | None = await request.app.state.keyring.authenticate(key)
    if caller is None:
        raise _unauthorized("INVALID_KEY", "This key is unknown, expired or revoked.")
    if scope not in caller.scopes:
        caller.require(scope)
    limiter: Limiter | None = request.app.state.limiter
    if limiter is not None:
        limiter.take(caller.id)
    return caller


def caller_with(scope: Scope, other: Scope | None = None) -> Callable[[Request], Awaitable[Caller]]:
    """A dependency that answers who calls: `Annotated[Caller, Depends(caller_with(Scope.QUOTE_READ))]`. 401 and 403 otherwise.

    With `other` either scope will do.
    """
    return _CallerWith(scope, other)


def _unauthorized(code: str, detail: str) -> Problem:
    return Problem(401, code, detail, headers={"WWW-Authenticate": "Bearer"})


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a socket bound to `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _hash(secret: bytes, key: str) -> bytes:
    return hmac.digest(secret, key.encode(errors="surrogatepass"), hashlib.sha256)


async def _connect(url: str) -> asyncpg.Connection:
    return await connect(url, server_settings(SCHEMA))


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await _connect(url)
    try:
        yield connection
    finally:
        await connection.close(timeout=CONNECT_TIMEOUT_SECONDS)


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What is known of a key; its text is not."""

    prefix: str
    name: str
    scopes: tuple[str, ...]
    role: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class TooManyKeysError(Exception):
    """The name has two live keys already: revoke one first."""


async def migrate(database_url: str, installation_id: str) -> None:
    """Make the schema of the keys, or bring it up to date."""
    from shared import migrations  # noqa: PLC0415 -- only who migrates loads it

    await migrations.upgrade(database_url, SCHEMA, installation_id)


async def create_key(
    database_url: str,
    key_secret: str,
    *,
    name: str,
    scopes: frozenset[Scope] | set[Scope],
    role: str | None = None,
    lifetime: timedelta | None = None,
) -> tuple[str, KeyRecord]:
    """Make a key for `name`: its text (shown once, kept nowhere) and its record. Raises TooManyKeysError at the third live one."""
    prefix = "".join(secrets.choice(_LETTERS) for _ in range(8))
    key = f"plk_{prefix}_{secrets.token_urlsafe(32)}"
    async with _connected(database_url) as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('pledge key ' || $1, 0))", name)
        live = await connection.fetchval(
            "SELECT count(*) FROM api_key"
            " WHERE name = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > clock_timestamp())",
            name,
        )
        if live >= LIVE_KEYS_PER_NAME:
            raise TooManyKeysError(f"{name} has {live} live keys already: revoke one first")
        row = await connection.fetchrow(
            "INSERT INTO api_key (prefix, hash, name, scopes, expires_at, role)"
            " VALUES ($1, $2, $3, $4, clock_timestamp() + $5::interval, $6)"
            " RETURNING prefix, name, scopes, role, created_at, expires_at, revoked_at",
            prefix,
            _hash(key_secret.encode(), key),
            name,
            sorted(str(scope) for scope in scopes),
            lifetime,
            role,
        )
    return key, _record(row)


async def list_keys(database_url: str) -> list[KeyRecord]:
    """Every key that was ever made, the newest first."""
    async with _connected(database_url) as connection:
        rows = await connection.fetch(
            "SELECT prefix, name, scopes, role, created_at, expires_at, revoked_at FROM api_key ORDER BY created_at DESC, prefix"
        )
    return [_record(row) for row in rows]


async def revoke_key(database_url: str, prefix: str) -> bool:
    """End a key, by its eight-character prefix or its whole text. False when there is no such live key."""
    if prefix.startswith("plk_"):
        prefix = prefix.removeprefix("plk_")[:8]
    async with _connected(database_url) as connection:
        done = await connection.execute(
            "UPDATE api_key SET revoked_at = clock_timestamp() WHERE prefix = $1 AND revoked_at IS NULL", prefix
        )
    return bool(done == "UPDATE 1")


def _record(row: Any) -> KeyRecord:
    return KeyRecord(row["prefix"], row["name"], tuple(row["scopes"]), row["role"], row["created_at"], row["expires_at"], row["revoked_at"])
