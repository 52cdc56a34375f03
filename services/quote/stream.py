"""What was said, passed on as it is said: quote reads its own topics for those who watch."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

from shared.broker import BrokerError
from shared.contracts.quote import AVAILABILITY_TOPIC, ORDERS_TOPIC, RISK_TOPIC

if TYPE_CHECKING:
    from shared.broker import Broker, Record

logger = structlog.get_logger()

WATCHED = (AVAILABILITY_TOPIC, ORDERS_TOPIC, RISK_TOPIC)
QUEUE_MESSAGES = 1000
START_SECONDS = 2.0
"""How long the first watcher waits until the topics are read."""


class Stream:
    """What was said, passed on to whoever watches, from the moment they begin. Nothing is kept: a late watcher asks the API."""

    def __init__(self, broker: Broker) -> None:
        """Nothing is read before `run`, nor while nobody watches."""
        self._broker = broker
        self._watchers: set[asyncio.Queue[tuple[str, str, bytes]]] = set()
        self._watched = asyncio.Event()
        self._reading = {topic: asyncio.Event() for topic in WATCHED}

    async def watch(self) -> asyncio.Queue[tuple[str, str, bytes]]:
        """A queue of (event name, event id, JSON) of what is said from now on. One that is not read loses its oldest messages.

        While the broker is away it begins when that is back.
        """
        queue: asyncio.Queue[tuple[str, str, bytes]] = asyncio.Queue(QUEUE_MESSAGES)
        self._watchers.add(queue)
        self._watched.set()
        try:
            async with asyncio.timeout(START_SECONDS):
                for reading in self._reading.values():
                    await reading.wait()
        except TimeoutError:
            pass
        except asyncio.CancelledError:  # hung up already
            self.leave(queue)
            raise
        return queue

    def leave(self, queue: asyncio.Queue[tuple[str, str, bytes]]) -> None:
        """Stop watching."""
        self._watchers.discard(queue)
        if not self._watchers:
            self._watched.clear()

    def watchers(self) -> int:
        """How many watch."""
        return len(self._watchers)

    async def run(self, topic: str, stop: asyncio.Event) -> None:
        """Read the topic from its end on while somebody watches; after an error, from the end again."""
        reading = self._reading[topic]
        while await first_of(stop, self._watched) is not stop:
            try:
                async with await self._broker.reader(topic, await self._broker.end_offsets(topic)) as reader:
                    reading.set()
                    while self._watched.is_set() and not stop.is_set():
                        for records in (await reader.poll(0.5)).values():
                            for record in records:
                                self._pass_on(record)
            except (BrokerError, OSError, TimeoutError) as error:
                logger.info("stream interrupted", topic=topic, reason=str(error))
                with suppress(TimeoutError):
                    async with asyncio.timeout(1):
                        await stop.wait()
            finally:
                reading.clear()

    def _pass_on(self, record: Record) -> None:
        if record.value is None or not self._watchers:
            return
        headers = dict(record.headers)
        kind = headers.get("ce_type", b"").decode(errors="replace")
        name = _name(kind)
        for queue in self._watchers:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait((name, headers.get("ce_id", b"").decode(errors="replace"), record.value))


async def first_of(*events: asyncio.Event) -> asyncio.Event:
    """Wait for the first of these events; of several that are set, the first one named."""
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
    return next(event for event in events if event.is_set())


def _name(kind: str) -> str:
    """`availability`, `order`, `hold` or `risk`: the first word of the stream's event."""
    if kind.startswith("quote.availability."):
        return "availability"
    if kind.startswith("quote.risk."):
        return "risk"
    return "hold" if "hold" in kind or "quote-held" in kind else "order"
