"""What goes on beside the requests: working days out anew in time, and knowing how far inventory has been heard."""

import asyncio
from collections.abc import Collection
from contextlib import suppress

import structlog

from services.capacity.handlers.hear import wait_for_items
from services.capacity.handlers.move_horizon import move_horizon
from shared.broker import Broker, BrokerError
from shared.contracts.inventory import TOPIC
from shared.database import Database
from shared.projecting import Projector
from shared.relay import Relay

logger = structlog.get_logger()


class Hearing:
    """Whether what inventory has said has arrived here."""

    def __init__(self, database: Database, broker: Broker, projector: Projector) -> None:
        self._database = database
        self._broker = broker
        self._projector = projector

    async def wait_for(self, skus: Collection[str]) -> bool:
        """Give these items a moment to be heard of. True: whatever is unknown now was not defined when we were asked.

        While inventory is silent (no heartbeats) the end of its log counts; False when not even that can be read or reached.
        """
        try:
            ends = await self._broker.end_offsets(TOPIC)
        except BrokerError:
            ends = {}
        async with self._database.read() as session:
            heard = await wait_for_items(session, skus, ends)
        return heard or (bool(ends) and self._projector.caught_up_with(ends))


async def keep_horizon(database: Database, relay: Relay, seconds: float, stop: asyncio.Event) -> None:
    """Look again and again whether days that were worked out come to their end."""
    while not stop.is_set():
        try:
            if moved := await move_horizon(database):
                logger.info("days were worked out anew", entities=moved)
                relay.wake()
        except Exception as error:  # noqa: BLE001 -- in the log, and tried again at the next look
            logger.warning("days could not be worked out anew", reason=str(error) or type(error).__name__)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await stop.wait()
