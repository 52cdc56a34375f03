"""What is counted in notifier, for Prometheus."""

import asyncio
from contextlib import suppress

from prometheus_client import Gauge

from services.notifier.keeping import Deliverer
from shared.projecting import Projector
from shared.relay import Relay

EVERY_SECONDS = 1.0

DELIVERIES = Gauge("pledge_notifier_deliveries", "Attempts to deliver since the start, by outcome.", ("outcome",))
PENDING = Gauge("pledge_notifier_queue_pending", "Messages that are due.")
AGE = Gauge("pledge_notifier_queue_oldest_age_seconds", "For how long the oldest message has been due.")
LAG = Gauge("pledge_notifier_lag_records", "Events not yet heard.", ("topic",))
OUTBOX_WAITING = Gauge("pledge_notifier_outbox_waiting", "Events not yet sent.")
OUTBOX_AGE = Gauge("pledge_notifier_outbox_oldest_age_seconds", "Age of the oldest event not yet sent.")


async def keep(deliverer: Deliverer, projectors: dict[str, Projector], relay: Relay, stop: asyncio.Event) -> None:
    """Refresh the gauges until told to stop."""
    while not stop.is_set():
        for outcome, times in deliverer.outcomes.items():
            DELIVERIES.labels(outcome).set(times)
        PENDING.set(deliverer.pending)
        AGE.set(deliverer.oldest_seconds)
        for topic, projector in projectors.items():
            LAG.labels(topic).set(sum(projector.lag().values()))
        status = relay.status()
        OUTBOX_WAITING.set(status.waiting)
        OUTBOX_AGE.set(status.oldest_age_seconds)
        with suppress(TimeoutError):
            async with asyncio.timeout(EVERY_SECONDS):
                await stop.wait()
