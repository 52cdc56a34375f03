"""`pledge up`: everything on one machine, in the foreground, until Ctrl-C; data is kept."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from deploy.commands.saying import fail, say
from deploy.demo.urls import Urls
from deploy.local import supported
from deploy.local.datadir import DataDirectory, DataDirectoryError, default_directory
from deploy.local.kafka_node import BrokerError
from deploy.local.layout import Layout
from deploy.local.postgres import PostgresError
from deploy.local.supervisor import StartError, Supervisor, Wanted

WhenReady = Callable[[Urls, str, asyncio.Event], Awaitable[None]]


class Seed(StrEnum):
    """What an installation begins with."""

    NONE = "none"
    DEMO = "demo"


def up(
    database: Annotated[
        str | None, typer.Option(metavar="URL", help="PostgreSQL 15 or newer, postgresql://user@host:port/dbname. [default: an own one]")
    ] = None,
    kafka: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Kafka 3.7 or newer, several separated by commas. [default: an own broker]")
    ] = None,
    data: Annotated[Path | None, typer.Option(metavar="DIR", help="Where everything is kept. [default: a per-user directory]")] = None,
    port_base: Annotated[
        int, typer.Option(min=1024, max=65000, help="The console's port; quote +1, inventory +2, capacity +3, notifier +4.")
    ] = 8000,
    api_key: Annotated[
        str | None, typer.Option(metavar="KEY", help="The development key: every scope, loopback only. [default: one drawn once and kept]")
    ] = None,
    quote_replicas: Annotated[int, typer.Option(min=1, max=80, help="Processes of quote; the further ones on port-base +11, +12 …")] = 1,
    seed: Annotated[Seed, typer.Option(help="Load the sample company once everything is ready.")] = Seed.NONE,
) -> None:
    """Start the five services on this machine and stay in the foreground; Ctrl-C stops everything, the data is kept."""
    if database is None or kafka is None:
        _refuse_unsupported()
    if database is not None and not database.startswith(("postgresql://", "postgres://")):
        fail("--database takes postgresql://user@host:port/dbname")
    if api_key is not None and not api_key.strip():
        fail("--api-key is empty")
    try:
        directory = DataDirectory.open(data or default_directory())
    except DataDirectoryError as error:
        fail(str(error))
    wanted = Wanted(directory, Layout(port_base, quote_replicas), database, kafka, api_key)
    run(wanted, _load_samples if seed is Seed.DEMO else None)


def run(wanted: Wanted, when_ready: WhenReady | None = None) -> None:
    """Run an installation until SIGTERM or Ctrl-C; end with exit code 1 and one line when it cannot start."""
    try:
        asyncio.run(_run(wanted, when_ready))
    except (StartError, DataDirectoryError, PostgresError, BrokerError) as error:
        fail(str(error))


async def _run(wanted: Wanted, when_ready: WhenReady | None) -> None:
    stop = asyncio.Event()
    for sig in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(sig, stop.set)
    supervisor = Supervisor(wanted, say)

    async def then() -> None:
        assert when_ready is not None
        await when_ready(wanted.layout.urls, supervisor.development_key, stop)

    await supervisor.run(stop, then if when_ready else None)


async def _load_samples(urls: Urls, key: str, stop: asyncio.Event) -> None:  # noqa: ARG001 - loading ends by itself
    from deploy.demo.doors import AwayError
    from deploy.demo.load import load

    try:
        await load(urls, key, say)
    except AwayError as error:
        say(f"the samples were not loaded: {error}")


def _refuse_unsupported() -> None:
    objection = supported.objection()
    if objection:
        fail(objection)
