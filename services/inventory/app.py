"""How inventory is put together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI

from services.inventory import events
from services.inventory.api import ROUTERS
from services.inventory.consumer import HEARS, ORDERS, SUBSCRIBES, OpenLines
from services.inventory.handlers.hear_updates import UPDATES_TOPIC, VOCABULARY, take_updates
from services.inventory.settings import Settings
from shared import deadletters, service, updates_feed
from shared.access import Scope
from shared.broker import Broker, BrokerError, TopicSpec
from shared.contracts.inventory import TOPIC
from shared.contracts.quote import ORDERS_TOPIC
from shared.database import Database
from shared.health import Check, checked
from shared.imports import api as imports
from shared.leadership import Leadership
from shared.projecting import Projector
from shared.relay import HeartbeatSpec, Relay

STOP_SECONDS = 5.0
"""What is still running then is cancelled."""
DESCRIPTION = "What is on hand, what is coming, what has left, where. Every movement is a fact; every change is an event."


def create_app(settings: Settings) -> FastAPI:
    """The service: its doors, its tables, its relay, and its ear."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database = Database(settings.database_url, settings.service, statement_timeout_ms=settings.statement_timeout_milliseconds)
        await database.start(settings.installation_id)
        broker = Broker(settings.kafka, f"pledge-{settings.service}")
        await broker.start()
        heartbeat = HeartbeatSpec(TOPIC, settings.heartbeat_seconds)
        relay = Relay(database.dsn, settings.service, broker, f"/pledge/{settings.service}", heartbeat)
        leadership = Leadership(database.dsn, f"{settings.service}:{ORDERS_TOPIC}")
        projector = Projector(broker, ORDERS_TOPIC, {name: model for name, (_, model) in ORDERS.items()}, OpenLines(database), leadership)
        limit = settings.update_dead_letter_limit
        updates = updates_feed.projector(settings.service, database, broker, VOCABULARY, take_updates, relay.wake, limit)
        app.state.updates = updates
        app.state.database, app.state.broker, app.state.relay, app.state.projector = database, broker, relay, projector
        stop = asyncio.Event()
        tasks = [
            asyncio.create_task(_create_topics(broker, settings), name="topics"),
            asyncio.create_task(relay.run(stop), name="relay"),
            asyncio.create_task(projector.run(stop), name="projector"),
            asyncio.create_task(updates.run(stop), name="updates"),
        ]
        try:
            yield
        finally:
            stop.set()
            _, late = await asyncio.wait(tasks, timeout=STOP_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await broker.close()
            await database.close()

    async def checks() -> list[Check]:
        state = app.state
        return [await checked("database", state.database.ping), _events(state.relay), _orders(state.projector), _updates(state.updates)]

    app = service.build(
        settings,
        title="Pledge inventory",
        description=DESCRIPTION,
        lifespan=lifespan,
        routers=(*ROUTERS, deadletters.router(HEARS, Scope.STOCK_WRITE)),
        checks=checks,
        publishes=events.PUBLISHES,
        subscribes=SUBSCRIBES,
        streams=(imports.PATH,),
    )
    return app


async def _create_topics(broker: Broker, settings: Settings) -> None:
    """Create our topics; while the broker is away it stays wanted, and the first event that is sent creates it."""
    with suppress(BrokerError):
        await broker.ensure_topics([TopicSpec(TOPIC, settings.topic_partitions), TopicSpec(UPDATES_TOPIC, settings.topic_partitions)])


def _events(relay: Relay) -> Check:
    """Events may wait, since stock is booked without the broker: it is a remark, not a reason to send callers away."""
    status = relay.status()
    waiting = f"{status.waiting} events wait, the oldest for {status.oldest_age_seconds:.1f} s"
    return Check("broker", ok=True, detail=f"{waiting}; {status.last_error}" if status.last_error else waiting)


def _orders(projector: Projector) -> Check:
    """Only an operator helps a projector that has stopped; one that lags merely repeats too little in events."""
    status = projector.status
    detail = status.stopped or status.last_error or f"{sum(status.lag.values())} records behind"
    return Check(ORDERS_TOPIC, ok=status.stopped is None, detail=detail)


def _updates(projector: Projector) -> Check:
    """A feed that has stopped is for an operator; callers over HTTP need not be sent away for it."""
    status = projector.status
    return Check(UPDATES_TOPIC, ok=True, detail=status.stopped or status.last_error or f"{sum(status.lag.values())} records behind")
