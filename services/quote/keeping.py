"""What goes on beside the requests: following the ledger, announcing expiries, forgetting old keys, knowing when we are ready."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import asyncpg
import structlog

from services.quote.handlers.hold import Expire
from services.quote.handlers.see_supply import SeeSupply
from services.quote.store import documents, keys
from services.quote.store.pool import LOST
from shared.broker import BrokerError
from shared.health import Check

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.quote.board import Board
    from services.quote.handlers.watch_risk import RiskWatch
    from services.quote.house import House
    from services.quote.ledger import Door
    from services.quote.store.pool import Pool
    from shared.broker import Broker
    from shared.projecting import Projector, ProjectorStatus

logger = structlog.get_logger()

AWAY = (*LOST, asyncpg.PostgresError)
HOLDS_AT_ONCE = 100
FORGET_SECONDS = 600.0
BROKER_PATIENCE_SECONDS = 5.0
RISK_SECONDS = 0.5
"""Another process may have died with promises still to be looked at."""
STALE_LOOK_SECONDS = 5.0
"""A board that has not seen the ledger for so long is not ready."""


async def until(stop: asyncio.Event, seconds: float) -> None:
    """Wait, but not past the stop."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()


async def follow_ledger(board: Board, pool: Pool, milliseconds: int, stop: asyncio.Event) -> None:
    """Look at the ledger again and again; while it is away, say so once."""
    away = False
    while not stop.is_set():
        try:
            await board.look(pool)
            if away:
                logger.info("ledger is back")
            away = False
        except AWAY as error:
            if not away:
                logger.warning("ledger cannot be read", reason=str(error) or type(error).__name__)
            away = True
        await until(stop, milliseconds / 1000)


async def sweep(pool: Pool, door: Door, milliseconds: int, stop: asyncio.Event) -> None:
    """Announce holds whose time is over. That their quantity is free again did not wait for this."""
    while not stop.is_set():
        await until(stop, milliseconds / 1000)
        with suppress(*AWAY):
            async with pool.connection() as connection:
                due = await documents.list_due_holds(connection, HOLDS_AT_ONCE)
            await asyncio.gather(*(door.enter(Expire(quote_id), None) for quote_id in due))


async def forget_keys(pool: Pool, days: int, stop: asyncio.Event) -> None:
    """Drop answers that nobody may ask for any more."""
    while not stop.is_set():
        await until(stop, FORGET_SECONDS)
        with suppress(*AWAY):
            async with pool.connection() as connection:
                while await keys.forget(connection, days) and not stop.is_set():
                    pass


async def watch_promises(watch: RiskWatch, door: Door, stop: asyncio.Event) -> None:
    """Look at the promises that a change may endanger, at once where it was made here; and see new civil days begin.

    It takes half of the time at most: requests want the other half. What cannot be looked at, by a fault of ours or for want
    of time, is set aside and tried again later: it holds up nothing.
    """
    busy = away = False
    while not stop.is_set():
        if not busy:
            await watch.wait(stop, RISK_SECONDS)
        busy = False
        try:
            await watch.roll()
            began = time.monotonic()
            busy = await watch.look()
            if watch.seen:
                await door.enter(SeeSupply(watch.seen), None)
            away = False
            if busy:
                await until(stop, min(RISK_SECONDS, time.monotonic() - began))
        except LOST as error:
            if not away:
                logger.warning("promises cannot be looked at", reason=str(error) or type(error).__name__)
            away = True
        except Exception as error:
            logger.exception("looking at promises failed")
            with suppress(*AWAY):
                await watch.step_aside(error)


class Readiness:
    """Ready: the board is loaded, follows the ledger, and has caught up with what stood in the logs at the start."""

    def __init__(self, board: Board, broker: Broker, projectors: Mapping[str, Projector]) -> None:
        """Not caught up until `watch` has seen it, topic by topic."""
        self._board = board
        self._broker = broker
        self._projectors = projectors
        self.stopping = False
        self._remarks = dict.fromkeys(projectors, "reading the log's end")
        self._behind = set(projectors)

    @property
    def caught_up(self) -> bool:
        """Whether every topic was read up to where it stood at the start."""
        return not self._behind

    async def watch(self, stop: asyncio.Event) -> None:
        """Catch up once. With the broker away we go on after a while: committing does not need it, and answers say how old they are."""
        began = time.monotonic()
        ends: dict[str, dict[int, int]] = {}
        while not stop.is_set() and self._behind:
            for topic in sorted(self._behind):
                try:
                    ends[topic] = ends.get(topic) or await self._broker.end_offsets(topic)
                    self._board.partitions[topic] = len(ends[topic])
                except BrokerError as error:
                    if time.monotonic() - began > BROKER_PATIENCE_SECONDS:
                        self._behind.discard(topic)
                        self._remarks[topic] = f"started without the broker: {error}"
                    continue
                projector = self._projectors[topic]
                self._remarks[topic] = f"{sum(projector.lag().values())} records to read"
                if projector.caught_up_with(ends[topic]):
                    self._behind.discard(topic)
                    self._remarks[topic] = ""
            await until(stop, 0.05)

    def checks(self, house: House) -> list[Check]:
        """Each thing that we need, by name."""
        relay = house.relay.status()
        look = house.board.look_age_seconds()
        waiting = f"{relay.waiting} events wait, the oldest for {relay.oldest_age_seconds:.1f} s"
        return [
            Check("board", house.board.loaded and look < STALE_LOOK_SECONDS, f"the ledger was seen {look:.2f} s ago"),
            *(self._check(topic, projector.status) for topic, projector in self._projectors.items()),
            Check("broker", ok=True, detail=f"{waiting}; {relay.last_error}" if relay.last_error else waiting),
            Check("door", not self.stopping, f"{house.door.waiting()} changes wait"),
        ]

    def _check(self, topic: str, status: ProjectorStatus) -> Check:
        behind = status.stopped or status.last_error or f"{sum(status.lag.values())} records behind"
        return Check(topic, topic not in self._behind and status.stopped is None, self._remarks[topic] or behind)
