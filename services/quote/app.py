"""How quote is put together."""

from __future__ import annotations

import asyncio
import signal
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import structlog

from services.quote import metrics
from services.quote.api import ROUTERS
from services.quote.board import CAPACITY_TOPIC, SUPPLY_TOPIC, Board
from services.quote.consumer import SUBSCRIBES, TOPICS, projector
from services.quote.decision_log import DecisionLog
from services.quote.gateway import snapshot_at
from services.quote.handlers.hear_capacity import HearCapacity
from services.quote.handlers.hear_supply import HearSupply
from services.quote.handlers.watch_risk import RiskWatch
from services.quote.house import House
from services.quote.keeping import Readiness, follow_ledger, forget_keys, sweep, watch_promises
from services.quote.ledger import Door
from services.quote.projection import Projection
from services.quote.store.pool import Pool
from services.quote.stream import WATCHED, Stream
from shared import deadletters, service
from shared.access import Scope
from shared.broker import Broker, BrokerError, TopicSpec
from shared.contracts.quote import AVAILABILITY_TOPIC, EVENTS, ORDERS_TOPIC, RISK_TOPIC
from shared.database import Database
from shared.health import Check, checked
from shared.imports import api as imports
from shared.relay import Relay

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine
    from typing import Any

    from fastapi import FastAPI

    from services.quote.settings import Settings
    from shared.snapshots import SnapshotReader

logger = structlog.get_logger()

STOP_SECONDS = 5.0
DESCRIPTION = "How many, by when, and can you vouch for it? Every date is decided on the books as they are, explained, and kept."
PUBLISHES = {
    name: (AVAILABILITY_TOPIC if ".availability." in name else RISK_TOPIC if ".risk." in name else ORDERS_TOPIC, model)
    for name, model in EVENTS.items()
}


HEARD = {SUPPLY_TOPIC: HearSupply, CAPACITY_TOPIC: HearCapacity}


def _owners(settings: Settings) -> dict[str, SnapshotReader]:
    """Who is asked for a snapshot of each topic."""
    return {
        SUPPLY_TOPIC: snapshot_at(settings.inventory_url, settings, TOPICS[SUPPLY_TOPIC]),
        CAPACITY_TOPIC: snapshot_at(settings.capacity_url, settings, TOPICS[CAPACITY_TOPIC]),
    }


def create_app(settings: Settings) -> FastAPI:
    """The service: the board, the door, the ear, the relay."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database = Database(settings.database_url, settings.service)
        await database.start(settings.installation_id)
        pool = Pool(database.dsn, settings.service)
        await pool.start()
        broker = Broker(settings.kafka, f"pledge-{settings.service}")
        await broker.start()
        board = Board(settings)
        await board.load(pool)
        relay = Relay(database.dsn, settings.service, broker, f"/pledge/{settings.service}")
        risks = RiskWatch(board, pool, relay.wake)
        door = Door(
            board,
            pool,
            batch_requests=settings.batch_requests,
            queue_requests=settings.queue_requests,
            woken=relay.wake,
            alarmed=risks.alarm,
        )
        owners = _owners(settings)
        projectors = {
            topic: projector(broker, topic, Projection(topic, HEARD[topic], pool, door, owner), database.dsn)
            for topic, owner in owners.items()
        }
        stream = Stream(broker)
        log = DecisionLog(settings, pool)
        readiness = Readiness(board, broker, projectors)
        house = House(settings, pool, board, door, log, broker, relay, projectors, stream)
        app.state.house, app.state.readiness = house, readiness
        app.state.database, app.state.broker = database, broker

        stop, log_stop = asyncio.Event(), asyncio.Event()
        running = _Tasks()
        running.start("topics", _create_topics(broker, settings))
        running.keep_house(house, risks, stop)
        for topic, one in projectors.items():
            running.start(f"projector {topic}", one.run(stop))
        running.start("readiness", readiness.watch(stop))
        running.start("metrics", metrics.keep(house, stop))
        for topic in WATCHED:
            running.start(f"stream {topic}", stream.run(topic, stop))
        running.start("door", door.run())
        running.start("relay", relay.run(stop))
        running.start("decision log", log.run(log_stop))
        try:
            yield
        finally:
            readiness.stopping = True
            door.close()
            await asyncio.wait({running.named["door"]}, timeout=STOP_SECONDS / 2)
            door.abandon()
            stop.set()
            log_stop.set()
            await running.end(STOP_SECONDS)
            for owner in owners.values():
                await owner.close()
            await broker.close()
            await pool.close()
            await database.close()

    async def checks() -> list[Check]:
        house: House = app.state.house
        return [await checked("database", house.pool.ping), *app.state.readiness.checks(house)]

    app = service.build(
        settings,
        title="Pledge quote",
        description=DESCRIPTION,
        lifespan=lifespan,
        routers=(*ROUTERS, deadletters.router(tuple(TOPICS), Scope.ADMIN)),
        checks=checks,
        publishes=PUBLISHES,
        subscribes=SUBSCRIBES,
        streams=(imports.PATH,),
    )
    return app


class _Tasks:
    """What runs beside the requests. A task that dies of its own fault ends the process: the supervisor starts it clean."""

    def __init__(self) -> None:
        self.named: dict[str, asyncio.Task[None]] = {}

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Run it until it ends."""
        self.named[name] = asyncio.create_task(work, name=name)
        self.named[name].add_done_callback(_end_the_process_too)

    def keep_house(self, house: House, risks: RiskWatch, stop: asyncio.Event) -> None:
        """What needs the ledger and no request."""
        pool, settings = house.pool, house.settings
        self.start("board", follow_ledger(house.board, pool, settings.board_poll_milliseconds, stop))
        self.start("sweeper", sweep(pool, house.door, settings.sweep_milliseconds, stop))
        self.start("risk", watch_promises(risks, house.door, stop))
        self.start("keys", forget_keys(pool, settings.idempotency_days, stop))

    async def end(self, seconds: float) -> None:
        """Wait for all of them, then cancel what is late."""
        _, late = await asyncio.wait(self.named.values(), timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*self.named.values(), return_exceptions=True)


def _end_the_process_too(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.critical("a task died, so the process stops", task=task.get_name(), exc_info=error)
        signal.raise_signal(signal.SIGTERM)


async def _create_topics(broker: Broker, settings: Settings) -> None:
    """Create our topics; while the broker is away they stay wanted, and the first event that is sent creates them."""
    specs = [
        TopicSpec(ORDERS_TOPIC, settings.topic_partitions),
        TopicSpec(AVAILABILITY_TOPIC, settings.topic_partitions, compacted=True),
        TopicSpec(RISK_TOPIC, settings.topic_partitions),
        TopicSpec(SUPPLY_TOPIC, settings.topic_partitions),
        TopicSpec(CAPACITY_TOPIC, settings.topic_partitions),
    ]
    while True:
        try:
            return await broker.ensure_topics(specs)
        except BrokerError:
            await asyncio.sleep(1)
