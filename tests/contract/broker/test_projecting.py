"""What the projector promises: each record applied once, in order, and nothing that goes wrong goes unseen."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import asyncpg
import pytest
from aiokafka import TopicPartition  # type: ignore[import-untyped]
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete  # type: ignore[import-untyped]

from deploy.local.broker import BrokerServer
from shared import projecting
from shared.broker import DEAD, Broker, Message, PartitionReader, Received, Record, TopicSpec, Unreachable
from shared.leadership import Leadership
from shared.projecting import DeadLetters, Fenced, Projector
from tests.contract.broker.parts import SCHEMA, Noted, Owner, an_event, events, eventually, everything, running


class Notes:
    """A projection in PostgreSQL, as a service writes one: a list of every application, with the offset in its transaction."""

    def __init__(self, pool: asyncpg.Pool, topic: str) -> None:
        self._pool = pool
        self._topic = topic
        self.refuses: Callable[[Noted], Exception | None] = lambda _: None
        self.before_apply: Callable[[], Awaitable[None]] | None = None
        self.snapshot: Callable[[], Awaitable[dict[str, int]]] | None = None

    async def offsets(self) -> dict[int, int]:
        rows = await self._pool.fetch("SELECT partition, next_offset FROM consumer_offset WHERE topic = $1", self._topic)
        return {row["partition"]: row["next_offset"] for row in rows}

    async def apply(self, partition: int, received: list[Received], expected_offset: int, next_offset: int) -> None:
        if self.before_apply is not None:
            await self.before_apply()
        async with self._pool.acquire() as connection, connection.transaction():
            moved = await connection.execute(
                "INSERT INTO consumer_offset AS stored VALUES ($1, $2, $4) ON CONFLICT (topic, partition)"
                " DO UPDATE SET next_offset = $4 WHERE stored.next_offset = $3",
                self._topic, partition, expected_offset, next_offset,
            )  # fmt: skip
            if moved != "INSERT 0 1":
                raise Fenced
            for event in received:
                assert isinstance(event.data, Noted)
                if error := self.refuses(event.data):
                    raise error
                await connection.execute(_NOTE, event.data.key, event.data.number)

    async def resynchronise(self, ends: dict[int, int]) -> None:
        assert self.snapshot is not None, "nobody expected a resynchronisation"
        state = await self.snapshot()
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.executemany(_NOTE, list(state.items()))
            await connection.execute("DELETE FROM consumer_offset WHERE topic = $1", self._topic)
            await connection.executemany(
                "INSERT INTO consumer_offset VALUES ($1, $2, $3)", [(self._topic, partition, end) for partition, end in ends.items()]
            )

    async def applied(self) -> list[tuple[str, int]]:
        return [(row["key"], row["number"]) for row in await self._pool.fetch("SELECT key, number FROM applied ORDER BY id")]


_NOTE = "INSERT INTO applied (key, number) VALUES ($1, $2)"


@pytest.fixture
async def notes(owner: Owner, topic: str) -> AsyncIterator[Notes]:
    """Give a projection with connections of its own."""
    await owner.connection.execute("CREATE TABLE applied (id bigserial PRIMARY KEY, key text, number int)")
    async with asyncpg.create_pool(owner.url, min_size=1, max_size=4, server_settings={"search_path": SCHEMA}) as pool:
        yield Notes(pool, topic)


@pytest.fixture
async def broker(embedded: BrokerServer, topic: str) -> AsyncIterator[Broker]:
    """Give a client that wants this test's topic."""
    async with Broker(embedded.bootstrap, "projector-test") as client:
        await client.ensure_topics([TopicSpec(topic, partitions=2)])
        yield client


class Site:
    """Everything a projector needs, to build some of."""

    def __init__(self, owner: Owner, broker: Broker, topic: str, notes: Notes) -> None:
        self.owner, self.broker, self.topic, self.notes = owner, broker, topic, notes

    def projector(self, *, dead_letters: DeadLetters | None = None, broker: Broker | None = None) -> Projector:
        leadership = Leadership(self.owner.url, f"projector:{self.topic}")
        return Projector(broker or self.broker, self.topic, events(self.topic), self.notes, leadership, dead_letters)

    async def say(self, *numbers: int, partition: int = 0) -> None:
        await self.broker.send([an_event(self.topic, "a", number, partition=partition) for number in numbers])

    async def heard(self, *numbers: int, within_seconds: float = 60) -> None:
        """Return when exactly these were applied, in this order, once each."""
        wanted = [("a", number) for number in numbers]

        async def all_there() -> bool:
            return len(await self.notes.applied()) >= len(wanted)

        await eventually(all_there, within_seconds, f"waiting for {wanted}")
        assert await self.notes.applied() == wanted

    async def offset(self, partition: int = 0) -> int:
        return (await self.notes.offsets()).get(partition, 0)

    async def dead(self) -> list[Record]:
        return await everything(self.broker, self.topic + DEAD)


@pytest.fixture
def site(owner: Owner, broker: Broker, topic: str, notes: Notes) -> Site:
    """Give the parts of a projector."""
    return Site(owner, broker, topic, notes)


def garbage(topic: str, value: bytes = b"\x80 not ours") -> Message:
    return Message(topic, b"\xffkey", value, [("from", b"\x00elsewhere")], partition=0)


async def test_each_record_is_applied_once_in_order_over_restarts(site: Site) -> None:
    for start in (0, 10, 20):
        await site.say(*range(start, start + 5))
        async with running(site.projector().run):
            await site.say(*range(start + 5, start + 10))
            await site.heard(*range(start + 10))
    assert await site.offset() == 30


async def test_it_says_how_far_behind_it_is_and_when_it_has_caught_up(site: Site) -> None:
    await site.say(1, 2, 3)
    ends = await site.broker.end_offsets(site.topic)
    projector = site.projector()
    assert not projector.caught_up_with(ends)
    async with running(projector.run):
        await eventually(lambda: projector.caught_up_with(ends))
        assert projector.lag() == {0: 0, 1: 0}
        assert projector.status.leading


async def test_what_cannot_be_read_becomes_a_dead_letter_with_its_original_bytes(site: Site) -> None:
    await site.say(1)
    await site.broker.send([garbage(site.topic)])
    await site.say(2)
    async with running(site.projector().run):
        await site.heard(1, 2)
    (letter,) = await site.dead()
    headers = dict(letter.headers)
    assert (letter.key, letter.value, headers["from"]) == (b"\xffkey", b"\x80 not ours", b"\x00elsewhere")
    assert (headers["dead_topic"], headers["dead_partition"], headers["dead_offset"]) == (site.topic.encode(), b"0", b"1")
    assert b"not a CloudEvent" in headers["dead_reason"]
    assert await site.offset() == 3


async def test_the_offset_does_not_move_before_the_dead_letter_is_acknowledged(site: Site) -> None:
    class Refusing(DeadLetters):
        asked = 0

        async def put(self, record: Record, reason: str) -> None:  # noqa: ARG002
            self.asked += 1
            raise Unreachable(reason)

    await site.say(1)
    await site.broker.send([garbage(site.topic)])
    await site.say(2)
    refusing = Refusing(site.broker)
    projector = site.projector(dead_letters=refusing)
    async with running(projector.run):
        await eventually(lambda: refusing.asked >= 2)
        assert "Unreachable" in (projector.status.last_error or "")
    await site.heard(1)
    assert await site.offset() == 1
    async with running(site.projector().run):
        await site.heard(1, 2)
    assert len(await site.dead()) == 1


async def test_one_record_that_cannot_be_applied_is_buried_alone(site: Site) -> None:
    site.notes.refuses = lambda note: ValueError("seven is not a number") if note.number == 7 else None
    await site.say(*range(40))
    async with running(site.projector().run):
        await site.heard(*range(7), *range(8, 40))
    (letter,) = await site.dead()
    assert dict(letter.headers)["dead_offset"] == b"7"
    assert b"ValueError: seven is not a number" in dict(letter.headers)["dead_reason"]


async def test_too_many_dead_letters_in_a_row_stop_it_where_it_is(site: Site) -> None:
    await site.broker.send([garbage(site.topic)] * 2)
    await site.say(1)
    await site.broker.send([garbage(site.topic)] * 30)
    projector = site.projector(dead_letters=DeadLetters(site.broker, limit=5))
    async with running(projector.run):
        await eventually(lambda: projector.status.stopped is not None)
        assert "5 dead letters in a row" in (projector.status.stopped or "")
    assert len(await site.dead()) == 2 + 5
    assert await site.offset() == 8


async def test_a_fault_of_the_world_buries_nothing_and_is_tried_again(site: Site) -> None:
    failures = iter([asyncpg.TooManyConnectionsError("full"), OSError("gone"), TimeoutError()])
    site.notes.refuses = lambda note: next(failures, None) if note.number == 2 else None
    await site.say(1, 2, 3)
    async with running(site.projector().run):
        await site.heard(1, 2, 3)
    with pytest.raises(Unreachable, match="no topic"):
        await site.dead()


async def test_types_that_we_do_not_know_are_passed_over(site: Site) -> None:
    other = an_event(site.topic, "a", 9, partition=0)
    foreign = Message(other.topic, other.key, b"?", [(name, b"new.v9" if name == "ce_type" else value) for name, value in other.headers], 0)
    await site.say(1)
    await site.broker.send([foreign] * 3)
    projector = site.projector()
    async with running(projector.run):
        await site.heard(1)
        await eventually(lambda: projector.caught_up_with({0: 4}))
    assert await site.offset() == 4


async def test_who_finds_the_offset_moved_applies_nothing_and_goes_on_from_there(site: Site) -> None:
    await site.say(1, 2, 3, 4)
    zombie_says = True

    async def somebody_was_quicker() -> None:
        nonlocal zombie_says
        if zombie_says:
            zombie_says = False
            async with site.owner.another() as other:
                await other.execute("INSERT INTO consumer_offset VALUES ($1, 0, 3)", site.topic)

    site.notes.before_apply = somebody_was_quicker
    async with running(site.projector().run):
        await site.heard(4)
    assert await site.offset() == 4


async def test_two_projectors_one_applies_the_other_watches_and_takes_over(site: Site) -> None:
    first, second = site.projector(), site.projector()
    async with running(second.run):
        async with running(first.run):
            await site.say(*range(100))
            await eventually(lambda: first.caught_up_with({0: 100}) and second.caught_up_with({0: 100}))
            assert first.status.leading != second.status.leading
        await site.say(100)
        await site.heard(*range(101))


async def test_an_offset_beyond_the_log_reads_the_snapshot_and_goes_on_from_the_ends_taken_before(site: Site) -> None:
    await site.say(1, 2)
    await site.owner.connection.execute("INSERT INTO consumer_offset VALUES ($1, 0, 10)", site.topic)

    async def snapshot() -> dict[str, int]:
        await site.say(6)  # what is said while the snapshot is read must still be heard
        return {"a": 5}

    site.notes.snapshot = snapshot
    projector = site.projector()
    async with running(projector.run):
        await site.heard(5, 6)
        assert projector.status.resynchronisations == 1


async def test_an_offset_that_retention_has_passed_reads_the_snapshot(site: Site, embedded: BrokerServer) -> None:
    await site.say(*range(10))
    await _delete_before(embedded, site.topic, 6)
    site.notes.snapshot = lambda: _constant({"a": 9})
    async with running(site.projector().run):
        await site.heard(9)
        await site.say(10)
        await site.heard(9, 10)


async def test_a_log_that_shrinks_under_a_reading_projector_reads_the_snapshot(site: Site, embedded: BrokerServer) -> None:
    await site.say(1, 2, 3)
    site.notes.snapshot = lambda: _constant({"a": 33})
    async with running(site.projector().run):
        await site.heard(1, 2, 3)
        async with Broker(embedded.bootstrap, "somebody") as somebody:
            await somebody.delete_topics([site.topic])
            await somebody.ensure_topics([TopicSpec(site.topic, partitions=2)])
        await site.heard(1, 2, 3, 33)
        async with Broker(embedded.bootstrap, "owner") as owner:
            await owner.send([an_event(site.topic, "a", 34, partition=0)])
        await site.heard(1, 2, 3, 33, 34)


async def test_a_snapshot_that_fails_is_asked_for_again(site: Site) -> None:
    await site.owner.connection.execute("INSERT INTO consumer_offset VALUES ($1, 0, 10)", site.topic)
    tries = 0

    async def snapshot() -> dict[str, int]:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise RuntimeError("the owner is away")
        return {"a": 1}

    site.notes.snapshot = snapshot
    async with running(site.projector().run):
        await site.heard(1)


async def test_it_goes_on_after_the_broker_was_away(site: Site, embedded: BrokerServer) -> None:
    await site.say(1, 2)
    projector = site.projector()
    async with running(projector.run):
        await site.heard(1, 2)
        embedded.stop()
        await eventually(lambda: projector.status.last_error is not None)
        embedded.start()
        embedded.wait_ready()
        await site.say(3)
        await site.heard(1, 2, 3)
        await eventually(lambda: projector.status.last_error is None)


async def test_a_reader_that_falls_silent_is_replaced(site: Site, embedded: BrokerServer, monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent(PartitionReader):
        async def poll(self, timeout: float, max_records: int = 500) -> dict[int, list[Record]]:  # noqa: ASYNC109, ARG002
            await asyncio.sleep(timeout)
            return {}

    class FirstReaderIsSilent(Broker):
        readers = 0

        async def reader(self, topic: str, offsets: Mapping[int, int]) -> PartitionReader:
            self.readers += 1
            kind = Silent if self.readers == 1 else PartitionReader
            return await kind.open(embedded.bootstrap, "silent", topic, offsets)

    monkeypatch.setattr(projecting, "STUCK_SECONDS", 2.0)
    await site.say(1)
    async with FirstReaderIsSilent(embedded.bootstrap, "silent") as broker, running(site.projector(broker=broker).run):
        await site.heard(1)
        assert broker.readers == 2


async def test_stopping_does_not_wait_for_an_application_that_hangs(site: Site) -> None:
    hanging = asyncio.Event()

    async def hang() -> None:
        hanging.set()
        await asyncio.Event().wait()

    site.notes.before_apply = hang
    await site.say(1)
    projector = site.projector()
    async with running(projector.run) as stop:
        await hanging.wait()
        began = time.monotonic()
        stop.set()
    assert time.monotonic() - began < projecting.STOP_SECONDS + 3
    assert not projector.status.leading
    assert await site.offset() == 0


async def _constant(state: dict[str, int]) -> dict[str, int]:
    return state


async def _delete_before(embedded: BrokerServer, topic: str, offset: int) -> None:
    admin: Any = AIOKafkaAdminClient(bootstrap_servers=embedded.bootstrap)
    await admin.start()
    try:
        await admin.delete_records({TopicPartition(topic, 0): RecordsToDelete(before_offset=offset)})
    finally:
        await admin.close()
