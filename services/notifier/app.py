"""How notifier is put together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from fastapi import FastAPI

from services.notifier import events, metrics
from services.notifier.api import ROUTERS
from services.notifier.consumer import DANGERS, ORDERS, SUBSCRIBES, Dangers, Orders
from services.notifier.gateway import Sender, snapshot_of_quote
from services.notifier.keeping import Deliverer
from services.notifier.settings import Settings
from shared import service
from shared.broker import Broker, BrokerError, TopicSpec
from shared.contracts.notifier import TOPIC
from shared.contracts.quote import ORDERS_TOPIC, RISK_TOPIC
from shared.database import Database
from shared.health import Check, checked
from shared.leadership import Leadership
from shared.projecting import Projector
from shared.relay import HeartbeatSpec, Relay

STOP_SECONDS = 5.0
"""What is still running then is cancelled."""
DESCRIPTION = "Who is told what: one alert per cause, messages by signed webhook, e-mail and chat, each kept until it has arrived."


def create_app(settings: Settings) -> FastAPI:
    """The service: its doors, its ears, its alerts, and what carries its messages away."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database = Database(settings.database_url, settings.service, statement_timeout_ms=settings.statement_timeout_milliseconds)
        await database.start(settings.installation_id)
        broker = Broker(settings.kafka, f"pledge-{settings.service}")
        await broker.start()
        relay = Relay(
            database.dsn, settings.service, broker, f"/pledge/{settings.service}", HeartbeatSpec(TOPIC, settings.heartbeat_seconds)
        )
        sender = Sender(timeout_seconds=settings.delivery_timeout_seconds, private_allowed=settings.private_addresses)
        deliverer = Deliverer(database, sender, relay, settings)

        def heard() -> None:
            relay.wake()
            deliverer.wake()

        gather = timedelta(milliseconds=settings.gather_milliseconds)
        quotes = {topic: snapshot_of_quote(settings, topic, types) for topic, types in ((RISK_TOPIC, DANGERS), (ORDERS_TOPIC, ORDERS))}
        projectors = {
            topic: Projector(
                broker,
                topic,
                {name: model for name, (_, model) in types.items()},
                ear(database, gather, heard, quotes[topic]),
                Leadership(database.dsn, f"{settings.service}:{topic}"),
            )
            for topic, types, ear in ((RISK_TOPIC, DANGERS, Dangers), (ORDERS_TOPIC, ORDERS, Orders))
        }
        app.state.database, app.state.relay, app.state.deliverer, app.state.sender = database, relay, deliverer, sender
        app.state.projectors = projectors
        stop = asyncio.Event()
        tasks = [
            asyncio.create_task(_create_topics(broker, settings, stop), name="topics"),
            asyncio.create_task(relay.run(stop), name="relay"),
            asyncio.create_task(deliverer.run(stop), name="deliverer"),
            asyncio.create_task(metrics.keep(deliverer, projectors, relay, stop), name="metrics"),
            *(asyncio.create_task(projector.run(stop), name=f"projector {topic}") for topic, projector in projectors.items()),
        ]
        app.state.delivering = tasks[2]
        try:
            yield
        finally:
            stop.set()
            _, late = await asyncio.wait(tasks, timeout=STOP_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await sender.close()
            for quote in quotes.values():
                await quote.close()
            await broker.close()
            await database.close()

    async def checks() -> list[Check]:
        return [
            await checked("database", app.state.database.ping),
            _events(app.state.relay),
            *(_heard(topic, projector) for topic, projector in app.state.projectors.items()),
            _deliveries(app.state.deliverer, app.state.delivering),
        ]

    app = service.build(
        settings,
        title="Pledge notifier",
        description=DESCRIPTION,
        lifespan=lifespan,
        routers=ROUTERS,
        checks=checks,
        publishes=events.PUBLISHES,
        subscribes=SUBSCRIBES,
    )
    return app


async def _create_topics(broker: Broker, settings: Settings, stop: asyncio.Event) -> None:
    """Create what we say and what we hear, so that whoever starts first need not wait for the other."""
    specs = [TopicSpec(topic, settings.topic_partitions) for topic in (TOPIC, RISK_TOPIC, ORDERS_TOPIC)]
    while not stop.is_set():
        try:
            await broker.ensure_topics(specs)
        except BrokerError:
            await asyncio.sleep(1)
        else:
            return


def _events(relay: Relay) -> Check:
    """Events may wait, since alerts and messages do not need the broker: it is a remark, not a reason to send callers away."""
    status = relay.status()
    waiting = f"{status.waiting} events wait, the oldest for {status.oldest_age_seconds:.1f} s"
    return Check("broker", ok=True, detail=f"{waiting}; {status.last_error}" if status.last_error else waiting)


def _heard(topic: str, projector: Projector) -> Check:
    """Only an operator helps a projector that has stopped; one that lags, or has no broker, still lets alerts be read and dealt with."""
    status = projector.status
    detail = status.stopped or status.last_error or f"{sum(status.lag.values())} records behind"
    return Check(topic, ok=status.stopped is None, detail=detail)


def _deliveries(deliverer: Deliverer, running: asyncio.Task[None]) -> Check:
    """Messages wait for those who do not take them; only a queue that nobody serves any more is our fault."""
    detail = deliverer.last_error or f"{deliverer.pending} messages are due, the oldest for {deliverer.oldest_seconds:.1f} s"
    return Check("deliveries", ok=not running.done(), detail="the queue is not served any more" if running.done() else detail)
