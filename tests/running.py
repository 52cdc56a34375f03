"""Real parts for tests: PostgreSQL, a broker, service processes; each on a free loopback port, in a directory of its own.

Nothing here is shared between two test runs, so that any number of copies may run at once. `PLEDGE_TEST_DATABASE_URL` and
`PLEDGE_TEST_KAFKA` name servers of one's own instead: databases are then created and dropped beside what is there, and topics
are deleted only on a broker that was empty when the tests first saw it.
"""

import asyncio
import json
import os
import secrets
import shutil
import signal
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import asyncpg

from deploy.local import children
from deploy.local.broker import BrokerServer
from deploy.local.identity import Guise, unprivileged
from deploy.local.ports import LOOPBACK, free_port
from deploy.local.postgres import PostgresServer
from tests.hatchery import HATCHERY

INSTALLATION = "test"
KEY_SECRET = "a pepper for tests"
DEVELOPMENT_KEY = "plk_localdev_" + "t" * 43
REPOSITORY = Path(__file__).resolve().parents[1]
SERVICES = ("quote", "inventory", "capacity", "notifier", "console")
_MARKER_TOPIC = "pledge.tests-may-delete-topics-here"


class Workplace:
    """A private directory that is removed at the end; one that `nobody` can walk through where PostgreSQL must be nobody."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="pledge-test-"))
        if unprivileged().guise is Guise.NOBODY:
            self.path.chmod(0o711)

    def __enter__(self) -> Path:
        return self.path

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


class RunningPostgres:
    """A PostgreSQL server that tests may do anything to: our own, or the one that PLEDGE_TEST_DATABASE_URL names."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.server: PostgresServer | None = None
        self._admin_url = os.environ.get("PLEDGE_TEST_DATABASE_URL", "")
        self._template: str | None = None

    def start(self) -> None:
        """Start our own server, unless one was named."""
        if not self._admin_url:
            self.server = PostgresServer(self._directory / "postgres")
            self.server.prepare()
            self.server.start()
            self.server.wait_ready()
            self._admin_url = self.server.url("postgres")

    def stop(self) -> None:
        """Stop it, if it is ours."""
        if self.server is not None:
            self.server.stop()

    def url(self, database: str) -> str:
        """Return the address of one of its databases."""
        return self._admin_url.rpartition("/")[0] + "/" + database

    async def execute(self, statement: str) -> None:
        """Run one statement outside any transaction, in the maintenance database."""
        connection = await asyncpg.connect(self._admin_url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    async def create_empty(self) -> str:
        """Create a database with nothing in it; return its URL."""
        name = _database_name()
        await self.execute(f'CREATE DATABASE "{name}"')
        return self.url(name)

    async def create(self) -> str:
        """Create a migrated database; return its URL. The migrations run once, every database is a copy."""
        if self._template is None:
            from shared.migrations import upgrade_all  # noqa: PLC0415 -- only tests that ask for a migrated database pay for Alembic

            template = _database_name()
            await self.execute(f'CREATE DATABASE "{template}"')
            await upgrade_all(self.url(template), INSTALLATION)
            self._template = template
        name = _database_name()
        await self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{self._template}"')
        return self.url(name)

    async def drop(self, url: str) -> None:
        """Drop a database that `create` made, whoever is still connected."""
        await self.execute(f'DROP DATABASE IF EXISTS "{url.rpartition("/")[2]}" WITH (FORCE)')

    async def close(self) -> None:
        """Drop the template on a server that stays."""
        if self._template is not None and self.server is None:
            await self.drop(self.url(self._template))


def _database_name() -> str:
    return f"pledge_test_{secrets.token_hex(6)}"


class RunningBroker:
    """A broker without any topic: our own, or the one that PLEDGE_TEST_KAFKA names, emptied.

    Our own can be stopped, killed and started again on the same port.
    """

    def __init__(self, directory: Path) -> None:
        self._named = os.environ.get("PLEDGE_TEST_KAFKA", "")
        self.server: BrokerServer | None = None if self._named else BrokerServer(directory / "broker")

    @property
    def bootstrap(self) -> str:
        """Return its address."""
        return self.server.bootstrap if self.server is not None else self._named

    def start(self) -> None:
        """Start our own, or delete every topic of the named one if that is allowed."""
        if self.server is not None:
            self.server.start()
            self.server.wait_ready()

    def stop(self) -> None:
        """Stop it as `pledge up` does: nothing acknowledged is lost."""
        if self.server is not None:
            self.server.stop()

    def kill(self) -> None:
        """Kill it as a power cut does. Only our own can be killed."""
        assert self.server is not None, "the broker named by PLEDGE_TEST_KAFKA is not ours to kill"
        self.server.kill()

    async def empty(self) -> None:
        """Delete every topic of a named broker; refuse on one that had topics of somebody else before the tests saw it."""
        if self.server is not None:
            return
        from aiokafka.admin import AIOKafkaAdminClient, NewTopic  # type: ignore[import-untyped]  # noqa: PLC0415 -- the named lane alone needs it

        admin = AIOKafkaAdminClient(bootstrap_servers=self._named)
        await admin.start()
        try:
            topics = [topic for topic in await admin.list_topics() if not topic.startswith("_")]
            if topics and _MARKER_TOPIC not in topics:
                message = f"PLEDGE_TEST_KAFKA={self._named} has topics that are not from tests; name an empty broker"
                raise RuntimeError(message)
            if not topics:
                await admin.create_topics([NewTopic(_MARKER_TOPIC, 1, 1)])
            await admin.delete_topics([topic for topic in topics if topic != _MARKER_TOPIC])
        finally:
            await admin.close()


@dataclass
class RunningService:
    """One service process and how to reach, pause, kill and restart it."""

    name: str
    port: int
    environment: dict[str, str]
    log: Path
    child: children.Child | None = field(default=None)
    own_interpreter: bool = sys.platform != "linux"
    """Started as a user starts it; otherwise forked from a process that has made the imports already."""

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def headers(self) -> dict[str, str]:
        """Return what a caller with every scope sends."""
        return {"Authorization": f"Bearer {DEVELOPMENT_KEY}"}

    @property
    def pid(self) -> int:
        """Return the process id while it runs."""
        assert self.child is not None, f"{self.name} is not running"
        return self.child.pid

    def start(self) -> None:
        """Start the process; `wait_ready` tells when it answers."""
        module = f"services.{self.name}"
        if self.own_interpreter:
            self.child = children.start([sys.executable, "-m", module], log=self.log, environment=self.environment, directory=REPOSITORY)
        else:
            self.child = HATCHERY.hatch(module, log=self.log, environment=self.environment, directory=REPOSITORY)

    async def wait_ready(self, within_seconds: float = 30.0) -> None:
        """Return when /readyz answers 200; raise AssertionError with its log's end when it ends or takes too long."""
        deadline = time.monotonic() + within_seconds
        answer: tuple[int, Any] = (0, None)
        while answer[0] != 200:
            if self.child is None or self.child.poll() is not None or time.monotonic() > deadline:
                message = f"{self.name} is not ready, last answer {answer}; its log ends:\n{children.last_words(self.log, 15)}"
                raise AssertionError(message)
            await asyncio.sleep(0.05)
            answer = await asyncio.to_thread(get_json, f"{self.url}/readyz")

    async def stop(self, within_seconds: float = 10.0) -> int:
        """Stop it as an operator does (SIGTERM); return its exit code."""
        assert self.child is not None
        return await asyncio.to_thread(children.stop, self.child, signal.SIGTERM, within_seconds)

    def kill(self) -> None:
        """Kill it as a power cut does."""
        assert self.child is not None
        children.kill(self.child)

    def pause(self) -> None:
        """Freeze it where it is; `resume` lets it go on."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let a frozen process go on."""
        os.kill(self.pid, signal.SIGCONT)


class ServiceStarter:
    """Starts service processes against one database and one broker, and ends them all at the end."""

    def __init__(self, database_url: str, kafka: str, directory: Path, *, own_interpreters: bool = sys.platform != "linux") -> None:
        self._database_url = database_url
        self._own_interpreters = own_interpreters
        self._kafka = kafka
        self._directory = directory
        self.running: list[RunningService] = []

    async def __call__(self, name: str, *, port: int = 0, wait: bool = True, **environment: str) -> RunningService:
        """Start one more process of a service; further settings as `PLEDGE_X="..."`. Ready when it returns, unless wait=False."""
        port = port or free_port()
        service = RunningService(
            name,
            port,
            service_environment(self._database_url, self._kafka, {f"PLEDGE_{name.upper()}_PORT": str(port)} | environment),
            self._directory / f"{name}-{port}.log",
            own_interpreter=self._own_interpreters,
        )
        self.running.append(service)
        service.start()
        if wait:
            await service.wait_ready()
        return service

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for service in self.running:
            if service.child is not None and service.child.poll() is None:
                service.resume()
                children.tell(service.child, signal.SIGTERM)
        await asyncio.gather(*(service.stop() for service in self.running if service.child is not None))


def service_environment(database_url: str, kafka: str, more: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a service process: ours, without settings that somebody exported for an own installation."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PLEDGE_")}
    return (
        ours
        | {
            "PLEDGE_DATABASE_URL": database_url,
            "PLEDGE_KAFKA": kafka,
            "PLEDGE_INSTALLATION_ID": INSTALLATION,
            "PLEDGE_KEY_SECRET": KEY_SECRET,
            "PLEDGE_DEVELOPMENT_KEY": DEVELOPMENT_KEY,
            "PLEDGE_CONSOLE_KEY": DEVELOPMENT_KEY,
            "PLEDGE_HOST": LOOPBACK,
        }
        | dict(more)
    )


def get_json(url: str, within_seconds: float = 5.0) -> tuple[int, Any]:
    """GET without any proxy; return the status and the JSON body, or (0, None) when nobody answers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=within_seconds) as response:
            return response.status, _parsed(response.read())
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, _parsed(refusal.read())
    except OSError:
        return 0, None


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", errors="replace")
