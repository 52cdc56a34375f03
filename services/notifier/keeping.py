"""What goes on beside the requests: messages are written, taken and sent, one after the other and many at once; old ones are forgotten.

Nothing is polled while nothing is due: a commit wakes the loop, and otherwise it sleeps until the next message's time, at most a second.
"""

import asyncio
import contextlib
import time

import asyncpg
import sqlalchemy.exc
import structlog

from services.notifier.gateway import Outcome, Sender
from services.notifier.handlers import deliver
from services.notifier.handlers.deliver import Taken
from services.notifier.settings import Settings
from services.notifier.store import deliveries
from services.notifier.store.deliveries import Attempt
from shared.database import Database, UnreachableError
from shared.relay import Relay

log = structlog.get_logger(__name__)

IDLE_SECONDS = 1.0
AWAY_SECONDS = 0.5
EACH = 4
"""So many messages to one subscriber at once: who is slow keeps only himself waiting."""
LEASE_MARGIN_SECONDS = 5.0
PRUNE_SECONDS = 600.0
STOP_SECONDS = 3.0
_AWAY = (sqlalchemy.exc.SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, UnreachableError, OSError, TimeoutError)


class Deliverer:
    """Sends what is due until told to stop. What it was sending when it died is taken again when the lease ends."""

    def __init__(self, database: Database, sender: Sender, relay: Relay, settings: Settings) -> None:
        self._database = database
        self._sender = sender
        self._relay = relay
        self._settings = settings
        self._awake = asyncio.Event()
        self._flying: dict[asyncio.Task[Outcome], str] = {}
        self._pruned_at = time.monotonic()
        self.outcomes: dict[str, int] = {}
        """Attempts since the start, by what came of them."""
        self.pending = 0
        self.oldest_seconds = 0.0
        self.last_error: str | None = None

    @property
    def lease_seconds(self) -> float:
        """Longer than any attempt can take."""
        return self._settings.delivery_timeout_seconds + LEASE_MARGIN_SECONDS

    def wake(self) -> None:
        """There may be something to send."""
        self._awake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Go on until `stop`, then give what is in the air a little time."""
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                await self._rest(await self._step(), stopping)
        finally:
            stopping.cancel()
            if self._flying:
                _, late = await asyncio.wait(self._flying, timeout=STOP_SECONDS)
                for task in late:
                    task.cancel()
                await asyncio.gather(*late, return_exceptions=True)

    async def _step(self) -> float:
        """Write and take what is due; answer for how long there is nothing to do."""
        self._awake.clear()
        try:
            pause = await self._turn()
        except _AWAY as error:
            text = f"{type(error).__name__}: {error}".splitlines()[0]
            if text != self.last_error:
                log.warning("messages wait", reason=text)
            self.last_error = text
            return AWAY_SECONDS
        self.last_error = None
        return pause

    async def _turn(self) -> float:
        written = await self._database.run(deliver.write_due)
        room = self._settings.deliveries_at_once - len(self._flying)
        taken = await self._take(room) if room > 0 else []
        for each in taken:
            task = asyncio.create_task(self.attempt(each), name=f"deliver {each.delivery.id}")
            self._flying[task] = each.delivery.subscription_id
            task.add_done_callback(self._landed)
        if time.monotonic() - self._pruned_at > PRUNE_SECONDS:
            self._pruned_at = time.monotonic()
            await self._database.run(lambda session: deliveries.prune(session, self._settings.delivery_days))
        if written or taken:
            return 0.0
        async with self._database.read() as session:
            self.pending, self.oldest_seconds = await deliveries.queue(session)
            due = await deliveries.seconds_until_next(session, set(self._flying.values()))
        return IDLE_SECONDS if due is None or room <= 0 else min(IDLE_SECONDS, max(0.01, due))

    async def _take(self, room: int) -> list[Taken]:
        busy = sorted(set(self._flying.values()))
        return await self._database.run(
            lambda session: deliver.take_due(session, limit=room, each=EACH, busy=busy, lease_seconds=self.lease_seconds)
        )

    async def _rest(self, seconds: float, stopping: asyncio.Task[bool]) -> None:
        if seconds <= 0 or self._awake.is_set():
            return
        waking = asyncio.create_task(self._awake.wait())
        await asyncio.wait({waking, stopping}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        waking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await waking

    def _landed(self, task: asyncio.Task[Outcome]) -> None:
        self._flying.pop(task, None)
        self.wake()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a message could not be dealt with; it is tried again when its lease ends", exc_info=error)

    async def attempt(self, taken: Taken) -> Outcome:
        """Try once, and write down what came of it."""
        delivery, subscription = taken.delivery, taken.subscription
        outcome = await self._sender.send(
            subscription.channel,
            delivery.id,
            subscription.secret,
            payload=delivery.payload or "",
            title=delivery.title or "",
            body=delivery.body or "",
            allow_private=subscription.allow_private,
        )
        self.outcomes[outcome.kind] = self.outcomes.get(outcome.kind, 0) + 1
        attempt = Attempt(
            outcome=outcome.kind,
            status_code=outcome.status_code,
            error=outcome.error,
            response=outcome.response,
            address=outcome.address,
            seconds=outcome.seconds,
        )
        delays = self._settings.retry_delays_seconds
        await self._database.run(lambda session: deliver.finish(session, taken, attempt, delays, outcome.retry_after_seconds))
        self._relay.wake()
        return outcome
