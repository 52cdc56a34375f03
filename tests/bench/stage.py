"""The real thing, started for measuring: PostgreSQL, broker, service processes, and a company with a thousand items."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from deploy.local import children
from deploy.local.ports import free_port
from tests.bench import baseline
from tests.bench.wire import Connection
from tests.running import REPOSITORY, RunningBroker, RunningPostgres, RunningService, ServiceStarter, Workplace, service_environment

SITES = ("HAM", "MUC")
ITEMS = tuple(f"SKU-{n:04d}" for n in range(1000))
HOT = "SKU-HOT"
LIVELY = "SKU-LIVELY"
"""The item whose stock changes while freshness is measured."""
ON_HAND = 10_000_000
MICRO = 1_000_000
_LOADERS = 16
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Process(RunningService):
    """A process of the benchmark's own, started as the services are."""

    def start(self) -> None:
        """Start `python -m tests.bench.<name>`."""
        self.child = children.start(
            [sys.executable, "-m", f"tests.bench.{self.name}"], log=self.log, environment=self.environment, directory=REPOSITORY
        )


@dataclass
class Stage:
    """What runs, and where."""

    directory: Path
    database_url: str
    kafka: str
    start_service: ServiceStarter
    services: dict[str, RunningService] = field(default_factory=dict)
    start_seconds: dict[str, float] = field(default_factory=dict)

    async def service(self, name: str, environment: dict[str, str]) -> RunningService:
        """Start a service; how long it took until it was ready is kept."""
        began = time.perf_counter()
        service = await self.start_service(name, port=free_port(), wait=False, **environment)
        await _ready(service)
        self.start_seconds[name] = time.perf_counter() - began
        self.services[name] = service
        return service

    async def own(self, name: str, **environment: str) -> RunningService:
        """Start one of the benchmark's own processes."""
        port = free_port()
        found = service_environment(self.database_url, self.kafka, {f"PLEDGE_{name.upper()}_PORT": str(port)} | environment)
        process = Process(name, port, found, self.directory / f"{name}.log")
        self.start_service.running.append(process)
        process.start()
        await _ready(process)
        self.services[name] = process
        return process


@asynccontextmanager
async def staged() -> AsyncIterator[Stage]:
    """Start PostgreSQL, the broker and a migrated database of their own; end everything at the end."""
    async with AsyncExitStack() as ends:
        directory = ends.enter_context(Workplace())
        postgres, broker = RunningPostgres(directory), RunningBroker(directory)
        postgres.start()
        ends.callback(postgres.stop)
        broker.start()
        ends.callback(broker.stop)
        await broker.empty()
        url = await postgres.create()
        ends.push_async_callback(postgres.close)
        ends.push_async_callback(postgres.drop, url)
        starter = await ends.enter_async_context(ServiceStarter(url, broker.bootstrap, directory, own_interpreters=True))
        yield Stage(directory, url, broker.bootstrap, starter)


async def _ready(service: RunningService) -> None:
    """Like `wait_ready`, looking a hundred times a second."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert service.child is not None
        assert service.child.poll() is None, children.last_words(service.log, 15)
        try:
            connection = await Connection.open(service.port)
        except OSError:
            await asyncio.sleep(0.01)
            continue
        answer = await connection.call("GET", "/readyz")
        connection.close()
        if answer.status == 200:
            return
        await asyncio.sleep(0.01)
    message = f"{service.name} is not ready; its log ends:\n{children.last_words(service.log, 15)}"
    raise AssertionError(message)


async def fill(stage: Stage) -> None:
    """Tell inventory a company through its public door, and wait until quote can promise all of it; the same for the baseline."""
    inventory, quote = stage.services["inventory"].port, stage.services["quote"].port
    skus = (*ITEMS, HOT, LIVELY)
    await _put(inventory, ((f"/v1/sites/{site}", {"name": site, "time_zone": "Europe/Berlin"}) for site in SITES))
    await _put(inventory, ((f"/v1/items/{sku}", {"name": sku}) for sku in skus))
    await _put(inventory, ((f"/v1/stock/HAM/{sku}", {"on_hand": ON_HAND, "safety_stock": 10}) for sku in skus))
    connection = await Connection.open(quote)
    for some in (skus[at : at + 500] for at in range(0, len(skus), 500)):
        lines = [{"sku": sku, "quantity": 1} for sku in some]
        deadline = time.monotonic() + 60
        while (await connection.call("POST", "/v1/quotes", {"lines": lines})).json()["outcome"] != "full":
            assert time.monotonic() < deadline, "quote has not heard of the stock within a minute"
            await asyncio.sleep(0.1)
    connection.close()
    database = await asyncpg.connect(stage.database_url)
    await database.execute(baseline.TABLES)
    await database.executemany(baseline.INSERT_BOOK, [(sku, ON_HAND * MICRO) for sku in skus])
    await database.execute("ANALYZE")
    await database.close()


async def _put(port: int, calls: Iterable[tuple[str, dict[str, Any]]]) -> None:
    waiting = iter(calls)

    async def loader() -> None:
        connection = await Connection.open(port)
        for path, body in waiting:
            answer = await connection.call("PUT", path, body)
            assert answer.status == 200, f"PUT {path}: {answer.status} {answer.body!r}"
        connection.close()

    await asyncio.gather(*(loader() for _ in range(_LOADERS)))


def cpu_seconds(pid: int) -> float:
    """Time that a process has had on a processor: it hardly depends on what else the machine does. 0 where there is no /proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND


def resident_megabytes(pid: int) -> float:
    """Memory of a process that is really there. 0 where there is no /proc."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), 0.0)
