"""The services on a day of our choice: a throw-away PostgreSQL whose clock stands (almost) still, a broker, three services.

All of Pledge goes by its database's clock, so a database that says 2021 makes a real run of 2021. The function
`clock_timestamp()` of that one database is replaced before anything is created in it; a minute there takes an hour here, so that
what is left of the day does not depend on how fast the machine is.
"""

import asyncio
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from functools import partial
from pathlib import Path

import asyncpg

from deploy.demo.urls import Urls
from deploy.local import children
from deploy.local.broker import BrokerServer
from deploy.local.identity import Guise, unprivileged
from deploy.local.layout import OFFSETS, Installation, ServiceProcess
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.postgres import DATABASE, PostgresServer
from deploy.local.probes import readiness
from shared.migrations import upgrade_all

SERVICES = ("inventory", "capacity", "quote")
SLOWER = 60
HEARTBEAT_SECONDS = 0.2
"""Whoever waits until everything has been heard waits for heartbeats."""
READY_SECONDS = 60.0
QUIET_LOOKS, LOOK_SECONDS = 5, 0.04
"""So often, and so far apart, nothing waits to be looked at before the watch over promises counts as done."""

Quiet = Callable[[], Awaitable[None]]
"""Waits until what was changed has been looked at: which promises hold, which supply comes later than it was due."""


@asynccontextmanager
async def house_at(moment: datetime) -> AsyncIterator[tuple[Urls, str, Quiet]]:
    """Inventory, capacity and quote in a world where it is `moment`; gives their addresses, a key for everything, and a way to wait."""
    directory = Path(tempfile.mkdtemp(prefix="pledge-fixed-"))
    try:
        if unprivileged().guise is Guise.NOBODY:
            directory.chmod(0o711)
        async with AsyncExitStack() as stack:
            database, broker = PostgresServer(directory / "postgres"), BrokerServer(directory / "broker")
            await asyncio.to_thread(database.prepare)
            stack.push_async_callback(asyncio.to_thread, database.stop)
            database.start()
            stack.push_async_callback(asyncio.to_thread, broker.stop)
            broker.start()
            await asyncio.gather(asyncio.to_thread(database.wait_ready), asyncio.to_thread(broker.wait_ready))
            await asyncio.to_thread(database.create_database, DATABASE)
            url = database.url(DATABASE)
            await _stop_the_clock(url, moment)
            installation = Installation(url, broker.bootstrap, "fixed", secrets.token_hex(16), f"plk_localdev_{secrets.token_urlsafe(32)}")
            await upgrade_all(url, installation.installation_id)
            ports = {name: free_port() for name in OFFSETS}
            urls = Urls(**{name: f"http://{LOOPBACK}:{port}" for name, port in ports.items()})
            for name in SERVICES:
                stack.push_async_callback(_stop, _start(directory, installation, urls, name, ports[name]))
            for name in SERVICES:
                await _ready(ports[name], directory / f"{name}.log")
            yield urls, installation.development_key, partial(_quiet, url)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


async def _stop_the_clock(url: str, moment: datetime) -> None:
    connection = await asyncpg.connect(url)
    try:
        began = await connection.fetchval("SELECT clock_timestamp()")
        await connection.execute("SET allow_system_table_mods = on")
        await connection.execute("ALTER FUNCTION pg_catalog.clock_timestamp() RENAME TO clock_timestamp_of_the_machine")
        passed = f"(pg_catalog.clock_timestamp_of_the_machine() - timestamptz '{began.isoformat()}') / {SLOWER}"
        await connection.execute(
            "CREATE FUNCTION pg_catalog.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE "
            f"AS $$ SELECT timestamptz '{moment.isoformat()}' + {passed} $$"
        )
    finally:
        await connection.close()


async def _quiet(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        looks = 0
        while looks < QUIET_LOOKS:
            await asyncio.sleep(LOOK_SECONDS)
            looks = 0 if await connection.fetchval("SELECT EXISTS (SELECT FROM quote.risk_due)") else looks + 1
    finally:
        await connection.close()


def _start(directory: Path, installation: Installation, urls: Urls, name: str, port: int) -> children.Child:
    process = ServiceProcess(name, name, port)
    environment = {"PLEDGE_HEARTBEAT_SECONDS": str(HEARTBEAT_SECONDS)} | installation.environment(process, urls)
    return children.start(process.arguments, log=directory / f"{name}.log", environment=environment, directory=directory)


async def _stop(child: children.Child) -> None:
    await asyncio.to_thread(children.stop, child, signal.SIGTERM, 10.0)


async def _ready(port: int, log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not (await readiness(LOOPBACK, port)).ready:
        if time.monotonic() > deadline:
            message = f"the service on port {port} does not get ready; its log ends:\n{children.last_words(log, 5)}"
            raise RuntimeError(message)
        await asyncio.sleep(0.1)
