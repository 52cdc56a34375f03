"""How does what others say become what we know? One loop per topic, which applies each record once, in order.

The offset is moved in the transaction that applies the records, by compare and set: that fences a process that only
thinks it leads. What cannot be read or applied goes to the topic's dead letters, acknowledged before the offset
moves. When the log does not hold our offset any more, the owner's snapshot is read instead.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import asyncpg
import sqlalchemy.exc

from shared.broker import (
    DEAD,
    Broker,
    BrokerError,
    Message,
    OutsideLog,
    PartitionReader,
    Received,
    Record,
    TopicSpec,
    Unreadable,
    from_record,
)
from shared.contracts.base import Contract
from shared.leadership import Leadership
from shared.migrations import Ddl

log = logging.getLogger(__name__)

POLL_SECONDS = 0.5
LOOK_SECONDS = 1.0
STUCK_SECONDS = 10.0
"""A reader that says nothing for so long although the log goes on is thrown away."""
APPLY_SECONDS = 30.0
RESYNCHRONISE_SECONDS = 600.0
STOP_SECONDS = 3.0
MOST_RECORDS = 500
DEAD_LETTER_LIMIT = 20
FOLLOW_SECONDS = 0.5
_DEAD_LETTER_DAYS = 30
_REASON_CHARACTERS = 1000
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.1, 2.0


Read = Callable[[Record], Received | None]
"""Raises Unreadable for what belongs to the dead letters; None for what is passed over."""


class Fenced(Exception):  # noqa: N818  (an outcome of apply)
    """The stored offset is not the expected one: somebody else has moved it. Nothing was applied."""


class TooManyDeadLettersError(Exception):
    """So many records in a row cannot be applied that the fault is more likely ours."""


class Projection(Protocol):
    """What a service makes of a topic. `apply` is one transaction and answers for the offset."""

    async def offsets(self) -> dict[int, int]:
        """The next offset per partition, as stored; a partition that is missing begins at the beginning."""

    async def apply(self, partition: int, received: list[Received], expected_offset: int, next_offset: int) -> None:
        """Compare and set the offset, then apply, in one transaction. Raises Fenced when it is not `expected_offset`.

        A partition without a stored offset counts as 0. `received` may be empty: then only the offset moves.
        """

    async def resynchronise(self, ends: dict[int, int]) -> None:
        """Read the owner's snapshot, apply it, and store `ends`, which were read before: the log goes on from there."""


@dataclass(frozen=True, slots=True)
class ProjectorStatus:
    """What readiness and metrics say of one topic. `stopped`: why it will not go on without an operator."""

    leading: bool
    lag: dict[int, int]
    dead_letters: int
    resynchronisations: int
    last_error: str | None
    stopped: str | None


class DeadLetters:
    """Where records go that cannot be read or applied: `<topic>.dead`, as they were, with where they stood and why."""

    def __init__(self, broker: Broker, limit: int = DEAD_LETTER_LIMIT) -> None:
        self._broker = broker
        self.limit = limit
        """So many in a row stop the projector: a bad release must not drain a topic."""

    async def put(self, record: Record, reason: str) -> None:
        """Return when the broker has acknowledged the dead letter."""
        topic = record.topic + DEAD
        await self._broker.ensure_topics([TopicSpec(topic, partitions=1, retention_hours=_DEAD_LETTER_DAYS * 24)])
        where = {
            "dead_topic": record.topic,
            "dead_partition": str(record.partition),
            "dead_offset": str(record.offset),
            "dead_by": self._broker.client_id,
            "dead_reason": reason[:_REASON_CHARACTERS],
            "dead_at": datetime.now(UTC).isoformat().replace("+00:00", "Z"),  # noqa: TID251 -- for the operator alone
        }
        headers = [*record.headers, *((name, text.encode()) for name, text in where.items())]
        key = record.key if record.key is not None or record.value is not None else b""  # the driver sends no message without both
        await self._broker.send([Message(topic, key, record.value, headers)])


class Projector:
    """Feeds one topic to one projection while it holds the leadership; otherwise watches how far the leader is."""

    def __init__(
        self,
        broker: Broker,
        topic: str,
        events: Mapping[str, type[Contract]],
        projection: Projection,
        leadership: Leadership,
        dead_letters: DeadLetters | None = None,
        read: Read | None = None,
    ) -> None:
        """`read` makes an event of a record in another way than `from_record`: for topics that others write."""
        self._broker = broker
        self._topic = topic
        self._read_record = read or (lambda record: from_record(record, events))
        self._projection = projection
        self._leadership = leadership
        self._dead_letters = dead_letters or DeadLetters(broker)
        self._positions: dict[int, int] = {}
        self._ends: dict[int, int] = {}
        self._in_a_row = self._buried = self._resynchronised = 0
        self._last_error: str | None = None
        self._stopped: str | None = None
        self._looked_at = self._progressed_at = 0.0

    @property
    def status(self) -> ProjectorStatus:
        """As of the last look, about a second ago."""
        return ProjectorStatus(self._leadership.held, self.lag(), self._buried, self._resynchronised, self._last_error, self._stopped)

    def lag(self) -> dict[int, int]:
        """Per partition, how many offsets lie before the end of the log as last seen; empty before the first look."""
        return {number: max(0, end - self._positions.get(number, 0)) for number, end in self._ends.items()}

    def caught_up_with(self, ends: Mapping[int, int]) -> bool:
        """Whether everything before these end offsets has been applied, here or by the process that leads."""
        return all(self._positions.get(number, 0) >= end for number, end in ends.items())

    async def run(self, stop: asyncio.Event) -> None:
        """Go on until `stop`; then end within STOP_SECONDS, whatever the broker or the database does."""
        going = asyncio.create_task(self._go_on(stop), name=f"projector {self._topic}")
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({going, stopping}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({going}, timeout=STOP_SECONDS)
        finally:
            going.cancel()
            stopping.cancel()
            await asyncio.gather(going, stopping, return_exceptions=True)
            await self._leadership.release()

    async def _go_on(self, stop: asyncio.Event) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while not stop.is_set():
            try:
                if await self._leadership.try_acquire():
                    await self._lead(stop)
                    pause = _FIRST_PAUSE_SECONDS
                else:
                    self._positions = await self._projection.offsets()
                    self._ends = await self._broker.end_offsets(self._topic)
                    self._last_error = None
                    await _until(stop, FOLLOW_SECONDS)
            except TooManyDeadLettersError as error:
                self._stopped = str(error)
                log.error("%s: %s", self._topic, error)  # noqa: TRY400
                await self._leadership.release()
                await stop.wait()
            except Exception as error:  # noqa: BLE001 -- shown in readiness, and tried again from the stored offsets
                self._note(error)
                await _until(stop, pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    async def _lead(self, stop: asyncio.Event) -> None:
        """Start from the stored offsets and read on until we lose the lead or something fails."""
        stored = await self._projection.offsets()
        beginnings = await self._broker.beginning_offsets(self._topic)
        self._ends = await self._broker.end_offsets(self._topic)
        self._positions = {number: stored.get(number, 0) for number in self._ends}
        if any(not beginnings[number] <= position <= self._ends[number] for number, position in self._positions.items()):
            await self._resynchronise()
            return
        self._looked_at = self._progressed_at = time.monotonic()
        async with await self._broker.reader(self._topic, self._positions) as reader:
            while self._leadership.held and not stop.is_set():
                try:
                    await self._read(reader)
                except OutsideLog:
                    await self._resynchronise()
                    return

    async def _read(self, reader: PartitionReader) -> None:
        fetched = await reader.poll(POLL_SECONDS, MOST_RECORDS)
        for partition, records in fetched.items():
            await self._take(partition, records)
        if fetched:
            self._progressed_at = time.monotonic()
            self._last_error = None
        await self._look_after_the_reader()

    async def _look_after_the_reader(self) -> None:
        """A consumer can fall silent without an error: ask, on another connection, whether the log really ends here."""
        now = time.monotonic()
        if now - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = now
        self._ends = await self._broker.end_offsets(self._topic)
        if cut_off := {number: at for number, at in self._positions.items() if at > self._ends.get(number, 0)}:
            raise OutsideLog(self._topic, cut_off)
        if self.caught_up_with(self._ends):
            self._progressed_at = now
            self._last_error = None
        elif now - self._progressed_at > STUCK_SECONDS:
            raise TimeoutError(f"the reader has said nothing for {STUCK_SECONDS:g} s although the log goes on: {self.lag()}")

    async def _resynchronise(self) -> None:
        ends = await self._broker.end_offsets(self._topic)
        log.warning(
            "%s: our offsets %s are outside the log, which ends at %s: reading the owner's snapshot", self._topic, self._positions, ends
        )
        async with asyncio.timeout(RESYNCHRONISE_SECONDS):
            await self._projection.resynchronise(ends)
        self._resynchronised += 1

    async def _take(self, partition: int, records: list[Record]) -> None:
        """Apply what can be read, in order; bury what cannot. Types that we do not know are passed over."""
        run: list[Received] = []
        for record in records:
            try:
                received = self._read_record(record)
            except Unreadable as error:
                await self._apply(partition, run, record.offset)
                run = []
                await self._bury(record, error.reason, record.offset + 1)
            else:
                if received is not None:
                    run.append(received)
        await self._apply(partition, run, records[-1].offset + 1)

    async def _apply(self, partition: int, run: list[Received], next_offset: int) -> None:
        """Apply a run and move the offset; when it fails by its own fault, halve it down to the record that does."""
        expected = self._positions[partition]
        if expected == next_offset:
            return
        try:
            async with asyncio.timeout(APPLY_SECONDS):
                await self._projection.apply(partition, run, expected, next_offset)
        except Exception as error:
            if not run or _is_the_worlds(error):
                raise
            if len(run) == 1:
                await self._bury(run[0].record, f"cannot be applied: {type(error).__name__}: {error}", next_offset)
                return
            half = len(run) // 2
            await self._apply(partition, run[:half], run[half].record.offset)
            await self._apply(partition, run[half:], next_offset)
        else:
            self._positions[partition] = next_offset
            self._in_a_row = 0 if run else self._in_a_row

    async def _bury(self, record: Record, reason: str, next_offset: int) -> None:
        if self._in_a_row >= self._dead_letters.limit:
            raise TooManyDeadLettersError(
                f"{self._in_a_row} dead letters in a row; {record.topic}[{record.partition}] stands at {record.offset}: {reason}"
            )
        log.error("%s[%d] %d is a dead letter: %s", record.topic, record.partition, record.offset, reason)
        await self._dead_letters.put(record, reason)
        await self._apply(record.partition, [], next_offset)
        self._in_a_row += 1
        self._buried += 1

    def _note(self, error: Exception) -> None:
        text = f"{type(error).__name__}: {error}"
        if text != self._last_error:
            log.warning("projector of %s: %s", self._topic, text)
        self._last_error = text


def _is_the_worlds(error: Exception) -> bool:
    """Whether trying again may help. What a database says about the data itself is about the record."""
    if isinstance(
        error, asyncpg.DataError | asyncpg.IntegrityConstraintViolationError | sqlalchemy.exc.DataError | sqlalchemy.exc.IntegrityError
    ):
        return False
    return isinstance(
        error,
        Fenced | BrokerError | OSError | TimeoutError | asyncpg.PostgresError | asyncpg.InterfaceError | sqlalchemy.exc.SQLAlchemyError,
    )


async def _until(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()


def create_tables(op: Ddl) -> None:
    """How far each topic has been applied, for the first migration of every service that hears something."""
    op.execute("""
        CREATE TABLE consumer_offset (
            topic       text NOT NULL,
            partition   int NOT NULL,
            next_offset bigint NOT NULL,
            as_of       timestamptz,
            PRIMARY KEY (topic, partition)
        )""")
