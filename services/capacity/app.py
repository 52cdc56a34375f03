"""How capacity is put together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.capacity import events
from services.capacity.api import ROUTERS
from services.capacity.consumer import HEARD, HEARS, SUBSCRIBES, Items
from services.capacity.gateway import CalendarUsers, items_of_inventory
from services.capacity.handlers.hear_updates import UPDATES_TOPIC, VOCABULARY, take_updates
from services.capacity.keeping import Hearing, keep_horizon
from services.capacity.settings import Settings
from shared import deadletters, service, updates_feed
from shared.access import Scope
from shared.broker import Broker, BrokerError, TopicSpec
from shared.contracts.capacity import TOPIC
from shared.contracts.inventory import TOPIC as ITEMS_TOPIC
from shared.database import Database
from shared.health import Check, checked
from shared.imports import api as imports
from shared.leadership import Leadership
from shared.projecting import Projector
from shared.relay import HeartbeatSpec, Relay

STOP_SECONDS = 5.0
"""What is still running then is cancelled."""
TOPICS_SECONDS = 1.0
DESCRIPTION = "What can be made when: calendars, resources, bills of material, routings. Every change is an event with all its days."


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
        inventory = items_of_inventory(settings)
        leadership = Leadership(database.dsn, f"{settings.service}:{ITEMS_TOPIC}")
        projector = Projector(broker, ITEMS_TOPIC, HEARD, Items(database, inventory), leadership)
        limit = settings.update_dead_letter_limit
        updates = updates_feed.projector(settings.service, database, broker, VOCABULARY, take_updates, relay.wake, limit)
        app.state.updates = updates
        app.state.database, app.state.broker, app.state.relay, app.state.projector = database, broker, relay, projector
        app.state.calendar_users = CalendarUsers(settings)
        app.state.hearing = Hearing(database, broker, projector)
        stop = asyncio.Event()
        tasks = [
            asyncio.create_task(_create_topics(broker, settings), name="topics"),
            asyncio.create_task(relay.run(stop), name="relay"),
            asyncio.create_task(projector.run(stop), name="projector"),
            asyncio.create_task(updates.run(stop), name="updates"),
            asyncio.create_task(keep_horizon(database, relay, settings.horizon_look_seconds, stop), name="horizon"),
        ]
        try:
            yield
        finally:
            stop.set()
            tasks[0].cancel()
            _, late = await asyncio.wait(tasks, timeout=STOP_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await inventory.close()
            await broker.close()
            await database.close()

    async def checks() -> list[Check]:
        state = app.state
        return [await checked("database", state.database.ping), _events(state.relay), _items(state.projector), _updates(state.updates)]

    app = service.build(
        settings,
        title="Pledge capacity",
        description=DESCRIPTION,
        lifespan=lifespan,
        routers=(*ROUTERS, deadletters.router(HEARS, Scope.CAPACITY_WRITE)),
        checks=checks,
        publishes=events.PUBLISHES,
        subscribes=SUBSCRIBES,
        streams=(imports.PATH,),
    )
    return app


async def _create_topics(broker: Broker, settings: Settings) -> None:
    """Create our topic and those that we hear, as soon as the broker is there."""
    specs = [TopicSpec(topic, settings.topic_partitions) for topic in (TOPIC, ITEMS_TOPIC, UPDATES_TOPIC)]
    while True:
        try:
            return await broker.ensure_topics(specs)
        except BrokerError:
            await asyncio.sleep(TOPICS_SECONDS)


def _events(relay: Relay) -> Check:
    """Events may wait, since definitions are kept without the broker: it is a remark, not a reason to send callers away."""
    status = relay.status()
    waiting = f"{status.waiting} events wait, the oldest for {status.oldest_age_seconds:.1f} s"
    return Check("broker", ok=True, detail=f"{waiting}; {status.last_error}" if status.last_error else waiting)


def _items(projector: Projector) -> Check:
    """Only an operator helps a projector that has stopped; one that lags merely makes new components wait."""
    status = projector.status
    detail = status.stopped or status.last_error or f"{sum(status.lag.values())} records behind"
    return Check(ITEMS_TOPIC, ok=status.stopped is None, detail=detail)


def _updates(projector: Projector) -> Check:
    """A feed that has stopped is for an operator; callers over HTTP need not be sent away for it."""
    status = projector.status
    return Check(UPDATES_TOPIC, ok=True, detail=status.stopped or status.last_error or f"{sum(status.lag.values())} records behind")
