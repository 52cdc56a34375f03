"""How does what was decided become what is said? One relay per schema sends the outbox to the broker, in order.

At least once: a row is flagged after the broker's acks, kept for a day, and sent again when the log turns out to be
shorter than what was acknowledged. Consumers drop repeats by revision. Ids are drawn under the entity's lock, so their
order is the order of commits per entity; rows are found by their flag, since `id > last` loses what commits late.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias
from uuid import UUID, uuid4

import asyncpg

from shared.broker import Ack, Broker, BrokerError, NoSuchTopic, Outgoing, TooLarge, to_message
from shared.contracts.base import Contract, Instant
from shared.leadership import Leadership

log = logging.getLogger(__name__)

Connection: TypeAlias = asyncpg.Connection

BATCH = 500
POLL_SECONDS = 0.05
"""For what another process has committed; this process wakes its relay itself."""
HOUSEKEEPING_SECONDS = 1.0
FOLLOW_SECONDS = 0.5
KEEP = "24 hours"
RESEND = "10 minutes"
"""What is sent again when the log is shorter than what was acknowledged: much more than any broker forgets in a crash."""
LAST_PASS_SECONDS = 3.0
MAX_PADDING = 200_000
_PADDING_BATCH = 10_000
_PRUNE_ROWS = 5000
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.1, 2.0
_WORLDS_FAULTS = (BrokerError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)


@dataclass(frozen=True, slots=True)
class HeartbeatSpec:
    """Say on every partition of `topic`, every `seconds`, up to which instant everything stands before it."""

    topic: str
    seconds: float = 1.0


class Heartbeat(Contract):
    """The value of a heartbeat."""

    as_of: Instant


@dataclass(frozen=True, slots=True)
class RelayStatus:
    """What an operator wants to know. `waiting` stops counting at 10,000; a relay that does not lead merely watches."""

    waiting: int
    oldest_age_seconds: float
    last_error: str | None
    leading: bool


class _LogShrankError(Exception):
    """The broker acknowledged at an offset that it had given away before."""


class Relay:
    """Sends the outbox of one schema. Start one in every process: the one that holds the lock works, the others watch."""

    def __init__(self, dsn: str, schema: str, broker: Broker, source: str, heartbeat: HeartbeatSpec | None = None) -> None:
        self._dsn = dsn
        self._schema = schema
        self._broker = broker
        self._source = source
        self._heartbeat = heartbeat
        self._awake = asyncio.Event()
        self._status = RelayStatus(0, 0.0, None, leading=False)
        self._last_error: str | None = None
        self._too_large: set[int] = set()
        self._owed_from: int | None = None
        self._housekeeping_due = self._heartbeat_due = self._pruning_due = 0.0

    def wake(self) -> None:
        """There is something to send: call it after a commit, from the event loop that the relay runs in."""
        self._awake.set()

    def status(self) -> RelayStatus:
        """As of the last look, at most some seconds ago."""
        return self._status

    async def run(self, stop: asyncio.Event) -> None:
        """Work or watch until `stop`, then send once more what waits, within LAST_PASS_SECONDS."""
        pause = _FIRST_PAUSE_SECONDS
        async with Leadership(self._dsn, f"relay:{self._schema}") as leadership:
            while not stop.is_set():
                try:
                    async with self._connected() as connection:
                        await self._work(connection, leadership, stop)
                        pause = _FIRST_PAUSE_SECONDS
                except (*_WORLDS_FAULTS, _LogShrankError) as error:
                    self._note(error)
                    await _until(stop, pause)
                    pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
            self._status = RelayStatus(self._status.waiting, self._status.oldest_age_seconds, self._last_error, leading=False)

    async def _work(self, connection: Connection, leadership: Leadership, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await self._settle(connection)
            await self._look(connection, leading=leadership.held)
            if not await leadership.try_acquire():
                await _until(stop, FOLLOW_SECONDS)
                continue
            await self._resend_what_the_log_lost(connection)
            while leadership.held and not stop.is_set():
                await self._round(connection, leadership, stop)
            if leadership.held:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LAST_PASS_SECONDS):
                        while await self._pass(connection, leadership) == BATCH:
                            pass

    async def _round(self, connection: Connection, leadership: Leadership, stop: asyncio.Event) -> None:
        """Send what waits; now and then say the time, look after the log and the table; rest when there is nothing."""
        self._awake.clear()
        now = time.monotonic()
        heartbeat = self._heartbeat if now >= self._heartbeat_due else None
        as_of: datetime | None = await connection.fetchval(_AS_OF) if heartbeat else None  # before the look that finds no more
        sent = await self._pass(connection, leadership)
        if not self._too_large:
            self._last_error = None
        if heartbeat and as_of and sent < BATCH and not self._too_large:
            await self._say_time(connection, heartbeat, as_of)
        if now >= self._housekeeping_due:
            self._housekeeping_due = now + HOUSEKEEPING_SECONDS
            await self._look(connection, leading=True)
            await self._resend_what_the_log_lost(connection)
            await self._prune(connection, now)
        if sent < BATCH:
            await _until_any(POLL_SECONDS, self._awake, stop, leadership.lost)

    async def _pass(self, connection: Connection, leadership: Leadership) -> int:
        """Send one batch, oldest first. Returns how many rows it had."""
        rows = await connection.fetch(_UNSENT, BATCH, list(self._too_large))
        if not rows:
            return 0
        try:
            acks = await self._broker.send([to_message(_outgoing(row), self._source) for row in rows])
            await self._acknowledge(connection, acks, [row["id"] for row in rows])
        except TooLarge as error:
            self._note(error)
            self._too_large.add(rows[error.index]["id"])
        finally:
            if not leadership.held:
                self._owed_from = rows[0]["id"]
        return len(rows)

    async def _acknowledge(self, connection: Connection, acks: Sequence[Ack], ids: Sequence[int]) -> None:
        """Flag what was acked and remember how long the log is now. Raises _LogShrankError when it had been longer."""
        known = {(row["topic"], row["partition"]): row["next_offset"] for row in await connection.fetch(_POSITIONS)}
        for ack in acks:
            if ack.offset < known.get((ack.topic, ack.partition), 0):
                raise _LogShrankError(f"{ack.topic}[{ack.partition}] gave offset {ack.offset} a second time")
        async with connection.transaction():
            await connection.execute(_FLAG, ids)
            await _remember(connection, acks)

    async def _settle(self, connection: Connection) -> None:
        """We lost the lead while sending: our copies may stand behind newer ones of a successor; have those sent again."""
        if self._owed_from is not None:
            await connection.execute("UPDATE outbox SET sent_at = NULL WHERE id >= $1 AND sent_at IS NOT NULL", self._owed_from)
            self._owed_from = None

    async def _say_time(self, connection: Connection, heartbeat: HeartbeatSpec, as_of: datetime) -> None:
        self._heartbeat_due = time.monotonic() + heartbeat.seconds
        topic = heartbeat.topic
        kind = f"{topic.rpartition('.')[0]}.heartbeat.v1"
        payload = Heartbeat(as_of=as_of).model_dump_json()
        partitions = range(await self._broker.partitions(topic))
        events = (Outgoing(uuid4(), topic, "heartbeat", kind, "heartbeat", payload, as_of, partition=number) for number in partitions)
        await self._acknowledge(connection, await self._broker.send([to_message(event, self._source) for event in events]), [])

    async def _resend_what_the_log_lost(self, connection: Connection) -> None:
        """Compare the log with what was acknowledged; where it is shorter, send the last ten minutes of the topic again.

        Before that the log is filled up to where it was: a consumer whose offset lies in the lost part must not find
        other records there than it thinks it has read. The order of steps makes a crash between any two harmless.
        """
        known: dict[str, dict[int, int]] = {}
        for row in await connection.fetch(_POSITIONS):
            known.setdefault(row["topic"], {})[row["partition"]] = row["next_offset"]
        for topic, positions in known.items():
            try:
                ends = await self._broker.end_offsets(topic)
            except NoSuchTopic:  # an earlier release said it
                continue
            lost = {number: offset - ends.get(number, 0) for number, offset in positions.items() if ends.get(number, 0) < offset}
            if not lost:
                continue
            resent = await connection.execute(_UNFLAG, topic)
            log.warning("%s is shorter than what was acknowledged, by partition: %s; sending again: %s", topic, lost, resent)
            await self._fill_up(topic, {number: missing for number, missing in lost.items() if number in ends})
            await connection.execute("DELETE FROM relay_position WHERE topic = $1", topic)
            ends = await self._broker.end_offsets(topic)
            await _remember(connection, [Ack(topic, number, end - 1) for number, end in ends.items()])

    async def _fill_up(self, topic: str, missing: dict[int, int]) -> None:
        kind = f"{topic.rpartition('.')[0]}.padding.v1"
        now = datetime.now(UTC)  # noqa: TID251 -- when it was written; nobody decides by it
        for number, count in missing.items():
            if count > MAX_PADDING:  # a topic made anew: its consumers are far outside the log and see it
                continue
            padding = to_message(Outgoing(uuid4(), topic, "padding", kind, "padding", "{}", now, partition=number), self._source)
            for start in range(0, count, _PADDING_BATCH):
                await self._broker.send([padding] * min(_PADDING_BATCH, count - start))

    async def _look(self, connection: Connection, *, leading: bool) -> None:
        for waiting, age in await connection.fetch(_WAITING):
            self._status = RelayStatus(waiting, max(0.0, float(age)), self._last_error, leading)

    async def _prune(self, connection: Connection, now: float) -> None:
        if now < self._pruning_due:
            return
        pruned = await connection.execute(_PRUNE)
        if pruned != f"DELETE {_PRUNE_ROWS}":
            self._pruning_due = now + 60

    def _note(self, error: Exception) -> None:
        text = f"{type(error).__name__}: {error}"
        if text != self._last_error:
            log.warning("relay of %s: %s", self._schema, text)
        self._last_error = text
        self._status = RelayStatus(self._status.waiting, self._status.oldest_age_seconds, text, self._status.leading)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Connection]:
        """A connection of our own. It need not wait for the disk: a forgotten flag only means a repeat."""
        connection = await asyncpg.connect(
            self._dsn,
            timeout=5,
            command_timeout=30,
            server_settings={
                "search_path": self._schema,
                "application_name": f"pledge-{self._schema}-relay",
                "synchronous_commit": "off",
                "statement_timeout": "30s",
                "lock_timeout": "2s",
                "idle_in_transaction_session_timeout": "5s",
                "timezone": "UTC",
            },
        )
        try:
            yield connection
        finally:
            connection.terminate()


def _outgoing(row: asyncpg.Record) -> Outgoing:
    event_id: UUID = row["event_id"]
    return Outgoing(
        event_id=event_id,
        topic=row["aggregatetype"],
        key=row["aggregateid"],
        type=row["type"],
        subject=row["subject"],
        payload=row["payload"],
        occurred_at=row["occurred_at"],
        traceparent=row["traceparent"],
        partition=row["partition"],
    )


async def _remember(connection: Connection, acks: Iterable[Ack]) -> None:
    ends: dict[tuple[str, int], int] = {}
    for ack in acks:
        place = (ack.topic, ack.partition)
        ends[place] = max(ends.get(place, 0), ack.offset + 1)
    if ends:
        await connection.executemany(_REMEMBER, [(topic, partition, end) for (topic, partition), end in sorted(ends.items())])


async def _until(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()


async def _until_any(seconds: float, *events: asyncio.Event) -> None:
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()


_UNSENT = """
SELECT id, event_id, aggregatetype, aggregateid, type, subject, payload, occurred_at, traceparent, partition
FROM outbox WHERE sent_at IS NULL AND id <> ALL($2::bigint[]) ORDER BY id LIMIT $1"""
_FLAG = "UPDATE outbox SET sent_at = clock_timestamp() WHERE id = ANY($1::bigint[])"
_UNFLAG = f"UPDATE outbox SET sent_at = NULL WHERE aggregatetype = $1 AND sent_at > clock_timestamp() - interval '{RESEND}'"
_PRUNE = f"""
DELETE FROM outbox WHERE id IN (
    SELECT id FROM outbox WHERE sent_at < clock_timestamp() - interval '{KEEP}' ORDER BY sent_at LIMIT {_PRUNE_ROWS})"""
_POSITIONS = "SELECT topic, partition, next_offset FROM relay_position"
_REMEMBER = """
INSERT INTO relay_position AS known (topic, partition, next_offset) VALUES ($1, $2, $3)
ON CONFLICT (topic, partition) DO UPDATE SET next_offset = greatest(known.next_offset, excluded.next_offset)"""
_WAITING = """
SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(occurred_at)), 0)
FROM (SELECT occurred_at FROM outbox WHERE sent_at IS NULL ORDER BY id LIMIT 10000) AS unsent"""
_AS_OF = """
SELECT least(clock_timestamp(), min(xact_start)) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND backend_xid IS NOT NULL"""
