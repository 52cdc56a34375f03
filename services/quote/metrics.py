"""What is counted in quote, for Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import Gauge

from services.quote.keeping import until

if TYPE_CHECKING:
    import asyncio

    from services.quote.house import House

EVERY_SECONDS = 1.0

BOOKS = Gauge("pledge_quote_books", "Books on the board.")
WAITING = Gauge("pledge_quote_door_waiting", "Changes that wait at the door.")
BATCHES = Gauge("pledge_quote_door_batches", "Transactions of the door since the start.")
VERSIONS = Gauge("pledge_quote_door_versions", "Versions of books written since the start.")
LOG_WAITING = Gauge("pledge_quote_decision_log_waiting", "Inquiries not yet in the decision log.")
LOG_LOST = Gauge("pledge_quote_decision_log_lost", "Inquiries that found the log's queue full.")
LOOK_AGE = Gauge("pledge_quote_board_look_age_seconds", "How long ago the board has seen the ledger.")
SUPPLY_LAG = Gauge("pledge_quote_supply_lag_records", "Events of supply and capacity not yet applied.")
OUTBOX_WAITING = Gauge("pledge_quote_outbox_waiting", "Events not yet sent.")
OUTBOX_AGE = Gauge("pledge_quote_outbox_oldest_age_seconds", "Age of the oldest event not yet sent.")
WATCHERS = Gauge("pledge_quote_stream_watchers", "Open streams.")


async def keep(house: House, stop: asyncio.Event) -> None:
    """Refresh the gauges until told to stop."""
    while not stop.is_set():
        relay = house.relay.status()
        BOOKS.set(len(house.board.books))
        WAITING.set(house.door.waiting())
        BATCHES.set(house.door.batches)
        VERSIONS.set(house.door.changes)
        LOG_WAITING.set(house.log.waiting())
        LOG_LOST.set(house.log.lost)
        LOOK_AGE.set(house.board.look_age_seconds())
        SUPPLY_LAG.set(sum(sum(projector.lag().values()) for projector in house.projectors.values()))
        OUTBOX_WAITING.set(relay.waiting)
        OUTBOX_AGE.set(relay.oldest_age_seconds)
        WATCHERS.set(house.stream.watchers())
        await until(stop, EVERY_SECONDS)
