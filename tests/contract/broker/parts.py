"""Builders for the tests of broker, relay and projector."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg

from shared import outbox, projecting
from shared.broker import Ack, Broker, Message, Outgoing, Record, to_message
from shared.contracts.base import Contract

SCHEMA = "owner"
INSTANT = datetime(2026, 11, 21, 10, 42, 7, tzinfo=UTC)


class Noted(Contract):
    """An event of these tests: the nth thing said about a key."""

    key: str
    number: int


def noted(topic: str) -> str:
    """The type of the event in a topic."""
    return f"{topic.removesuffix('.v1')}.noted.v1"


def events(topic: str) -> dict[str, type[Contract]]:
    """What a consumer of the topic knows."""
    return {noted(topic): Noted}


def an_event(topic: str, key: str, number: int, *, partition: int | None = None) -> Message:
    """The event as a message."""
    payload = Noted(key=key, number=number).model_dump_json()
    return to_message(Outgoing(uuid4(), topic, key, noted(topic), key, payload, INSTANT, partition=partition), "/test")


class Statements(list[str]):
    """Collects table definitions, as Alembic's `op` would run them."""

    def execute(self, sqltext: str) -> None:
        self.append(sqltext)

    @classmethod
    def of_a_service(cls) -> "Statements":
        """The shared tables of a service that says and hears things."""
        statements = cls()
        outbox.create_tables(statements)
        projecting.create_tables(statements)
        return statements


@dataclass
class Owner:
    """A schema with an outbox, and a connection to it."""

    url: str
    connection: asyncpg.Connection

    async def say(self, topic: str, *facts: tuple[str, int], padding: str = "") -> None:
        """Commit events about keys in one transaction."""
        rows = [outbox.as_row(self.event(topic, key, number, padding)) for key, number in facts]
        async with self.connection.transaction():
            await self.connection.executemany(outbox.INSERT_SQL, rows)

    def event(self, topic: str, key: str, number: int, padding: str = "") -> outbox.Event:
        return outbox.Event(
            topic=topic, key=key, type=noted(topic), subject=key, data=Noted(key=key + padding, number=number), occurred_at=INSTANT
        )

    async def unsent(self) -> int:
        count: int = await self.connection.fetchval("SELECT count(*) FROM outbox WHERE sent_at IS NULL")
        return count

    @asynccontextmanager
    async def another(self) -> AsyncIterator[asyncpg.Connection]:
        connection = await asyncpg.connect(self.url, server_settings={"search_path": SCHEMA})
        try:
            yield connection
        finally:
            await connection.close()


async def eventually(holds: Callable[[], Awaitable[bool] | bool], within_seconds: float = 60.0, what: str = "") -> None:
    """Return when it holds; fail when it does not within the time."""
    deadline = time.monotonic() + within_seconds
    while True:
        answer = holds()
        if answer if isinstance(answer, bool) else await answer:
            return
        assert time.monotonic() < deadline, what or "it did not come true in time"
        await asyncio.sleep(0.01)


async def everything(broker: Broker, topic: str, since: Mapping[int, int] | None = None) -> list[Record]:
    """What the topic holds up to its end now, by partition and offset."""
    ends = await broker.end_offsets(topic)
    at = dict(since or await broker.beginning_offsets(topic))
    found: list[Record] = []
    async with await broker.reader(topic, at) as reader:
        deadline = time.monotonic() + 60
        while any(at[number] < ends[number] for number in at):
            assert time.monotonic() < deadline, f"{topic} cannot be read up to {ends}: {at}"
            for number, records in (await reader.poll(0.2)).items():
                found += records
                at[number] = records[-1].offset + 1
    return sorted(found, key=lambda record: (record.partition, record.offset))


def facts(records: Sequence[Record], topic: str) -> list[tuple[str, int]]:
    """The (key, number) of every event, in log order per partition."""
    kind = noted(topic).encode()
    said = [Noted.model_validate_json(record.value or b"") for record in records if dict(record.headers).get("ce_type") == kind]
    return [(fact.key, fact.number) for fact in said]


def numbers(records: Sequence[Record], topic: str) -> dict[str, list[int]]:
    """What was said about each key, repeats dropped as consumers do: by a number that is not higher than the last."""
    heard: dict[str, list[int]] = {}
    for key, number in facts(records, topic):
        told = heard.setdefault(key, [])
        if not told or number > told[-1]:
            told.append(number)
    return heard


def offsets(acks: Sequence[Ack]) -> list[int]:
    return [ack.offset for ack in acks]


@asynccontextmanager
async def running(run: Callable[[asyncio.Event], Awaitable[None]]) -> AsyncIterator[asyncio.Event]:
    """Run a relay or a projector; at the end stop it and insist that it stops in time."""
    stop = asyncio.Event()
    task = asyncio.ensure_future(run(stop))
    try:
        yield stop
    finally:
        stop.set()
        async with asyncio.timeout(10):
            await task
