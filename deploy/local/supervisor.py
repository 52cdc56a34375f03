"""How does one process start, watch and stop a whole installation?

Start: PostgreSQL and the broker side by side, then the migrations, then every service side by side. Watch: who ends is started
again. Stop, within ten seconds: the services first, then the broker and PostgreSQL, which they still need to stop well.
"""

import asyncio
import contextlib
import importlib
import os
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.local import children
from deploy.local.broker import BrokerServer
from deploy.local.datadir import DataDirectory, Running
from deploy.local.layout import Installation, Layout, ServiceProcess
from deploy.local.ports import LOOPBACK, is_free
from deploy.local.postgres import DATABASE, PostgresServer
from deploy.local.probes import readiness, speaks_kafka
from deploy.local.watch import Say, Watched

LOOK_SECONDS: Final = 0.1
STOP_SECONDS: Final = 9.0
_SERVICES_STOP_SECONDS: Final = 7.0
_GIVES_UP_AFTER_ENDINGS: Final = 3
_EXPLAIN_SECONDS: Final = 15.0
_LOG_BYTES: Final = 20_000_000
_LOG_LOOK_SECONDS: Final = 20.0
_KAFKA_SECONDS: Final = 5.0


class StartError(Exception):
    """The installation cannot start; the text is one line that says what to change."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What `pledge up` was asked for. Without a URL the embedded part is started."""

    data: DataDirectory
    layout: Layout
    database_url: str | None = None
    kafka: str | None = None
    development_key: str | None = None


class Supervisor:
    """Runs one installation in the foreground. All children are started from the main thread (children.py says why)."""

    def __init__(self, wanted: Wanted, say: Say) -> None:
        self._wanted = wanted
        self._say = say
        self._data = wanted.data
        self._stores: list[Watched] = []
        self._services: list[tuple[Watched, ServiceProcess]] = []
        self.development_key = wanted.development_key or wanted.data.development_key

    async def run(self, stop: asyncio.Event, when_ready: Callable[[], Awaitable[None]] | None = None) -> None:
        """Start everything, say `ready`, watch until `stop`, stop everything. Raises StartError or another one-line error."""
        work = asyncio.create_task(self._start_and_watch(when_ready))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                await work
        finally:
            for task in (work, stopping):
                task.cancel()
            await asyncio.gather(work, stopping, return_exceptions=True)
            await self._stop()

    async def _start_and_watch(self, when_ready: Callable[[], Awaitable[None]] | None) -> None:
        self._refuse_taken_ports()
        self._data.lock()
        self._data.logs.mkdir(mode=0o700, exist_ok=True)
        importing = asyncio.create_task(asyncio.to_thread(importlib.import_module, "shared.migrations"))
        database_url, kafka = await asyncio.gather(self._start_database(), self._start_broker())
        await importing
        installation = Installation(database_url, kafka, self._data.installation_id, self._data.key_secret, self.development_key)
        await _migrate(installation)
        self._data.note(Running(os.getpid(), self._wanted.layout.port_base, database_url, kafka, self.development_key))
        self._start_services(installation)
        watching = asyncio.create_task(self._watch())
        try:
            await self._until_ready(watching)
            self._say("ready")
            if when_ready is not None:
                await when_ready()
            await watching
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)

    def _refuse_taken_ports(self) -> None:
        for process in self._wanted.layout.processes():
            if not is_free(process.port):
                raise StartError(
                    f"port {process.port} on {LOOPBACK}, which {process.name} needs, is taken: "
                    "stop who has it (`pledge doctor` tells), or choose others with --port-base"
                )

    async def _start_database(self) -> str:
        if self._wanted.database_url is not None:
            return self._wanted.database_url
        server = PostgresServer(self._data.path / "postgres", log=self._data.logs / "postgres.log", password=self._data.database_password)
        await asyncio.to_thread(server.prepare)
        self._launch("postgres", server.start, server.log, signal.SIGINT)
        await asyncio.to_thread(server.wait_ready)
        await asyncio.to_thread(server.create_database, DATABASE)
        return server.url(DATABASE)

    async def _start_broker(self) -> str:
        if self._wanted.kafka is not None:
            await _refuse_what_is_no_broker(self._wanted.kafka)
            return self._wanted.kafka
        server = BrokerServer(self._data.path / "broker", log=self._data.logs / "broker.log")
        self._launch("broker", server.start, server.log)
        await asyncio.to_thread(server.wait_ready)
        return server.bootstrap

    def _launch(self, name: str, launch: Callable[[], children.Child], log: Path, how_to_stop: signal.Signals = signal.SIGTERM) -> None:
        watched = Watched(name, launch, log, how_to_stop)
        self._stores.append(watched)
        watched.start(lambda _: None)

    def _start_services(self, installation: Installation) -> None:
        layout = self._wanted.layout
        for process in layout.processes():
            log = self._data.logs / f"{process.name}.log"
            environment = installation.environment(process, layout.urls)

            def launch(process: ServiceProcess = process, log: Path = log, environment: dict[str, str] = environment) -> children.Child:
                return children.start(process.arguments, log=log, environment=environment, directory=self._data.path)

            self._services.append((Watched(process.name, launch, log), process))
        self._introduce()
        for store in self._stores:
            assert store.child is not None
            self._say(f"{store.name} pid {store.child.pid}")
        for watched, _ in self._services:
            watched.start(self._say)

    def _introduce(self) -> None:
        width = max(len(process.name) for _, process in self._services) + 2
        lines = [f"{process.name:<{width}}http://{LOOPBACK}:{process.port}" for _, process in self._services]
        lines.append(f"{'key':<{width}}{self.development_key}")
        lines.append(f"{'data':<{width}}{self._data.path}")
        self._say("\n".join(lines))

    async def _watch(self) -> None:
        looked_at_logs = time.monotonic()
        while True:
            for watched in [*self._stores, *(watched for watched, _ in self._services)]:
                watched.look(self._say)
            if time.monotonic() - looked_at_logs > _LOG_LOOK_SECONDS:
                looked_at_logs = time.monotonic()
                await asyncio.to_thread(_shorten_logs, self._data.logs)
            await asyncio.sleep(LOOK_SECONDS)

    async def _until_ready(self, watching: asyncio.Task[None]) -> None:
        """Return when every service is ready; say from time to time who is not, and why; give up on who cannot start at all."""
        explained = time.monotonic()
        missing = dict(self._services_by_name())
        while missing:
            if watching.done():
                await watching
            answers = await asyncio.gather(*(readiness(LOOPBACK, process.port) for _, process in missing.values()))
            waits = {}
            for (name, (watched, _)), answer in zip(list(missing.items()), answers, strict=True):
                if answer.ready:
                    del missing[name]
                elif watched.endings >= _GIVES_UP_AFTER_ENDINGS:
                    raise StartError(f"{name} does not start: {watched.why_it_ended()} (log: {watched.log})")
                else:
                    waits[name] = "; ".join(answer.reasons)
            if waits and time.monotonic() - explained > _EXPLAIN_SECONDS:
                explained = time.monotonic()
                self._say("waiting for " + ", ".join(f"{name} ({why})" for name, why in waits.items()))
            await asyncio.sleep(LOOK_SECONDS / 2)

    def _services_by_name(self) -> dict[str, tuple[Watched, ServiceProcess]]:
        return {watched.name: (watched, process) for watched, process in self._services}

    async def _stop(self) -> None:
        begun = time.monotonic()
        await _stop_all([watched for watched, _ in self._services], begun + _SERVICES_STOP_SECONDS)
        await _stop_all(self._stores, begun + STOP_SECONDS)
        self._data.unlock()


async def _stop_all(watched: list[Watched], deadline: float) -> None:
    """Tell all at once, wait for all, kill who is still there at the deadline."""
    running = [(one.child, one.how_to_stop) for one in watched if one.child is not None and one.child.poll() is None]
    for child, how in running:
        children.tell(child, how)
    while any(child.poll() is None for child, _ in running) and time.monotonic() < deadline:  # noqa: ASYNC110 - processes set no events
        await asyncio.sleep(LOOK_SECONDS / 5)
    for child, _ in running:
        children.kill(child)


async def _migrate(installation: Installation) -> None:
    from shared.migrations import upgrade_all  # imported in a thread while PostgreSQL starts
    from shared.settings import CannotStartError

    try:
        await upgrade_all(installation.database_url, installation.installation_id)
    except CannotStartError as error:
        raise StartError(str(error)) from error


async def _refuse_what_is_no_broker(kafka: str) -> None:
    """Ask the first of the named brokers that answers; a broker that is just starting gets a few seconds."""
    addresses = []
    for address in kafka.split(","):
        host, _, port = address.strip().rpartition(":")
        if not host or not port.isdigit():
            raise StartError(f"--kafka takes HOST:PORT, several separated by commas; {address.strip()!r} is not that")
        addresses.append((host.strip("[]"), int(port)))
    deadline = time.monotonic() + _KAFKA_SECONDS
    while time.monotonic() < deadline:
        for name, number in addresses:
            if await speaks_kafka(name, number, 2.0):
                return
        await asyncio.sleep(0.3)
    raise StartError(f"no Kafka broker answers at {kafka}: start it, or correct --kafka")


def _shorten_logs(directory: Path) -> None:
    """Keep each log below a limit: what it holds moves to `.1`, and the child, which appends, goes on at the beginning."""
    for log in directory.glob("*.log"):
        with contextlib.suppress(FileNotFoundError):
            if log.stat().st_size > _LOG_BYTES:
                log.with_suffix(".log.1").write_bytes(log.read_bytes())
                with log.open("r+b") as shortened:
                    shortened.truncate(0)
