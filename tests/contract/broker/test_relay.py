"""What the relay promises: everything that was committed reaches its topic, in order per key, whatever happens to whom."""

import asyncio
import os
import signal
import statistics
import sys
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from deploy.local.broker import BrokerServer
from shared import outbox
from shared.broker import Broker, TopicSpec, Unreachable
from shared.relay import KEEP, Heartbeat, HeartbeatSpec, Relay
from tests.contract.broker.parts import SCHEMA, Owner, eventually, everything, facts, noted, numbers, running
from tests.running import REPOSITORY


@pytest.fixture
async def broker(embedded: BrokerServer, topic: str) -> AsyncIterator[Broker]:
    """Give a client that wants this test's topic."""
    async with Broker(embedded.bootstrap, "relay-test") as client:
        await client.ensure_topics([TopicSpec(topic, partitions=4)])
        yield client


def a_relay(owner: Owner, broker: Broker, heartbeat: HeartbeatSpec | None = None) -> Relay:
    return Relay(owner.url, SCHEMA, broker, "/test", heartbeat)


async def test_what_was_committed_is_on_the_topic_within_milliseconds(owner: Owner, broker: Broker, topic: str) -> None:
    relay = a_relay(owner, broker)
    took = []
    async with running(relay.run):
        await eventually(lambda: relay.status().leading)
        async with await broker.reader(topic, await broker.end_offsets(topic)) as reader:
            for number in range(30):
                began = time.perf_counter()
                await owner.say(topic, ("a", number))
                relay.wake()
                assert await reader.poll(5)
                took.append(time.perf_counter() - began)
    assert statistics.median(took) < 0.05, f"commit to consumer took {statistics.median(took) * 1000:.1f} ms"


async def test_without_being_woken_it_finds_what_another_process_committed(owner: Owner, broker: Broker, topic: str) -> None:
    relay = a_relay(owner, broker)
    async with running(relay.run):
        await eventually(lambda: relay.status().leading)
        await owner.say(topic, ("a", 1))
        await eventually(lambda: _none_waits(owner))
    assert facts(await everything(broker, topic), topic) == [("a", 1)]


async def test_thousands_a_second_in_order_per_key(owner: Owner, broker: Broker, topic: str) -> None:
    said = [(f"k{number % 37}", number) for number in range(6000)]
    await owner.say(topic, *said)
    began = time.perf_counter()
    async with running(a_relay(owner, broker).run):
        await eventually(lambda: _none_waits(owner))
    took = time.perf_counter() - began
    heard = facts(await everything(broker, topic), topic)
    assert sorted(heard) == sorted(said)
    for key in {key for key, _ in said}:
        assert [number for told, number in heard if told == key] == [number for told, number in said if told == key]
    assert len(said) / took > 1500, f"{len(said) / took:.0f} events/s"


async def test_an_event_carries_its_attributes_and_keeps_its_id(owner: Owner, broker: Broker, topic: str) -> None:
    await owner.say(topic, ("a|HAM", 1))
    event_id = await owner.connection.fetchval("SELECT event_id FROM outbox")
    async with running(a_relay(owner, broker).run):
        await eventually(lambda: _none_waits(owner))
        await owner.connection.execute("UPDATE outbox SET sent_at = NULL")
        await eventually(lambda: _none_waits(owner))
    first, second = await everything(broker, topic)
    for record in (first, second):
        headers = dict(record.headers)
        assert record.key == b"a|HAM"
        assert headers["ce_id"] == str(event_id).encode()
        assert (headers["ce_type"], headers["ce_source"], headers["ce_subject"]) == (noted(topic).encode(), b"/test", b"a|HAM")


async def test_what_commits_late_with_a_lower_id_is_not_lost(owner: Owner, broker: Broker, topic: str) -> None:
    async with owner.another() as slow, running(a_relay(owner, broker).run):
        transaction = slow.transaction()
        await transaction.start()
        await slow.execute(outbox.INSERT_SQL, *outbox.as_row(owner.event(topic, "slow", 1)))
        await owner.say(topic, ("quick", 1))
        await eventually(lambda: _none_waits(owner))
        await transaction.commit()
        await eventually(lambda: _none_waits(owner))
        await eventually(lambda: _says(broker, topic, {"quick": [1], "slow": [1]}))


async def test_events_wait_while_the_broker_is_down_and_none_is_lost(
    owner: Owner, broker: Broker, embedded: BrokerServer, topic: str
) -> None:
    relay = a_relay(owner, broker)
    async with running(relay.run):
        await owner.say(topic, *((f"k{n % 5}", n) for n in range(50)))
        await eventually(lambda: _none_waits(owner))
        embedded.stop()
        for start in range(50, 150, 10):
            await owner.say(topic, *((f"k{n % 5}", n) for n in range(start, start + 10)))
            relay.wake()
        await eventually(lambda: relay.status().waiting == 100 and relay.status().last_error is not None)
        embedded.start()
        embedded.wait_ready()
        await eventually(lambda: _none_waits(owner))
    assert numbers(await everything(broker, topic), topic) == {f"k{k}": list(range(k, 150, 5)) for k in range(5)}


async def test_what_a_killed_broker_forgot_is_sent_again(owner: Owner, broker: Broker, embedded: BrokerServer, topic: str) -> None:
    relay = a_relay(owner, broker)
    async with running(relay.run):
        await owner.say(topic, ("a", 1))
        await eventually(lambda: _none_waits(owner))
        remembered = await _kill_until_it_forgets(owner, broker, embedded, topic, relay)
        everything_said = await owner.connection.fetchval("SELECT count(*) FROM outbox")
        await eventually(lambda: _says(broker, topic, {"a": list(range(1, everything_said + 1))}))
        ends = await broker.end_offsets(topic)
        assert all(ends[number] >= end for number, end in remembered.items())
        await owner.say(topic, ("a", everything_said + 1))
        relay.wake()
        await eventually(lambda: _says(broker, topic, {"a": list(range(1, everything_said + 2))}))


async def _kill_until_it_forgets(owner: Owner, broker: Broker, embedded: BrokerServer, topic: str, relay: Relay) -> dict[int, int]:
    """Send, see the acks, kill the broker at once; repeat until it really forgot some. Returns where the log had ended."""
    for _ in range(5):
        for _ in range(5):
            number = await owner.connection.fetchval("SELECT count(*) FROM outbox")
            await owner.say(topic, ("a", number + 1))
            relay.wake()
            await eventually(lambda: _none_waits(owner))
        embedded.kill()
        remembered = {row["partition"]: row["next_offset"] for row in await owner.connection.fetch("SELECT * FROM relay_position")}
        embedded.start()
        embedded.wait_ready()
        async with Broker(embedded.bootstrap, "auditor") as auditor:
            await auditor.ensure_topics([TopicSpec(topic, partitions=4)])
            ends = await auditor.end_offsets(topic)
        if any(ends.get(number, 0) < end for number, end in remembered.items()):
            return remembered
        await eventually(lambda: _none_waits(owner))
    pytest.fail("the broker never forgot anything: this test shows nothing")


async def test_a_shorter_log_gets_the_last_ten_minutes_again_and_no_consumer_misses_them(
    owner: Owner, broker: Broker, embedded: BrokerServer, topic: str
) -> None:
    await owner.say(topic, ("a", 1), ("a", 2), ("a", 3))
    relay = a_relay(owner, broker)
    async with running(relay.run):
        await eventually(lambda: _none_waits(owner))
        await owner.connection.execute("UPDATE outbox SET sent_at = sent_at - interval '11 minutes'")
        await owner.say(topic, ("a", 4), ("a", 5))
        relay.wake()
        await eventually(lambda: _none_waits(owner))
        partition = (await everything(broker, topic))[0].partition
        async with Broker(embedded.bootstrap, "somebody") as somebody:
            await somebody.delete_topics([topic])
        await eventually(lambda: _says(broker, topic, {"a": [4, 5]}))
    for stood_at in range(5):  # had it gone on from there, without noticing that the log is another one
        heard = numbers(await everything(broker, topic, {partition: stood_at}), topic)
        assert heard == {"a": [4, 5]}, f"a consumer whose next offset was {stood_at} misses events"


async def test_of_two_relays_one_works_and_the_other_takes_over(owner: Owner, broker: Broker, embedded: BrokerServer, topic: str) -> None:
    async with Broker(embedded.bootstrap, "second") as other:
        await other.ensure_topics([TopicSpec(topic, partitions=4)])
        first, second = a_relay(owner, broker), a_relay(owner, other)
        async with running(second.run):
            async with running(first.run):
                await eventually(lambda: first.status().leading or second.status().leading)
                for number in range(200):
                    await owner.say(topic, ("a", number))
                    first.wake()
                    second.wake()
                await eventually(lambda: _none_waits(owner))
                assert first.status().leading != second.status().leading
                assert facts(await everything(other, topic), topic) == [("a", number) for number in range(200)], "sent once each"
            await owner.say(topic, ("a", 200))
            await eventually(lambda: second.status().leading)
            await eventually(lambda: _none_waits(owner))
        assert facts(await everything(other, topic), topic)[-1] == ("a", 200)


async def test_a_frozen_leader_loses_the_lead_and_does_not_work_again(
    owner: Owner, broker: Broker, embedded: BrokerServer, topic: str
) -> None:
    script = (
        "import asyncio, sys\n"
        "from shared.broker import Broker\nfrom shared.relay import Relay\n"
        "async def main():\n"
        "    async with Broker(sys.argv[2], 'frozen') as broker:\n"
        "        await Relay(sys.argv[1], sys.argv[3], broker, '/frozen').run(asyncio.Event())\n"
        "asyncio.run(main())\n"
    )
    frozen = await asyncio.create_subprocess_exec(sys.executable, "-c", script, owner.url, embedded.bootstrap, SCHEMA, cwd=REPOSITORY)
    try:
        await owner.say(topic, ("a", 1))
        await eventually(lambda: _none_waits(owner))
        relay = a_relay(owner, broker)
        async with running(relay.run):
            await eventually(lambda: relay.status().waiting == 0)
            os.kill(frozen.pid, signal.SIGSTOP)
            await owner.say(topic, ("a", 2))
            await eventually(lambda: _none_waits(owner), what="nobody took over from a frozen process")
            assert relay.status().leading
            os.kill(frozen.pid, signal.SIGCONT)
            for number in range(3, 40):
                await owner.say(topic, ("a", number))
                relay.wake()
            await eventually(lambda: _none_waits(owner))
            assert relay.status().leading
    finally:
        frozen.kill()
        await frozen.wait()
    heard = await everything(broker, topic)
    assert facts(heard, topic) == [("a", number) for number in range(1, 40)]
    assert [dict(record.headers)["ce_source"] for record in heard] == [b"/frozen"] + [b"/test"] * 38


async def test_heartbeats_say_the_time_on_every_partition_and_never_run_ahead(owner: Owner, broker: Broker, topic: str) -> None:
    relay = a_relay(owner, broker, HeartbeatSpec(topic, seconds=0.1))
    async with running(relay.run), owner.another() as slow:
        await eventually(lambda: _beats(broker, topic, at_least=3))
        transaction = slow.transaction()
        await transaction.start()
        began = await slow.fetchval("SELECT now()")
        await slow.execute(outbox.INSERT_SQL, *outbox.as_row(owner.event(topic, "slow", 1)))
        at = await broker.end_offsets(topic)
        await eventually(lambda: _beats(broker, topic, at_least=5, since=at))
        await transaction.commit()
        await eventually(lambda: _none_waits(owner))
        await eventually(lambda: _beats(broker, topic, at_least=5, since=at))
    for partition in range(4):
        records = [record for record in await everything(broker, topic) if record.partition == partition]
        beats = [(index, _as_of(record.value)) for index, record in enumerate(records) if b"heartbeat" in dict(record.headers)["ce_type"]]
        assert [instant for _, instant in beats] == sorted(instant for _, instant in beats)
        for index, record in enumerate(records):
            if dict(record.headers)["ce_type"] == noted(topic).encode():
                assert all(instant <= began for place, instant in beats if place < index), "it vouched for an open transaction"


def _as_of(value: bytes | None) -> datetime:
    return Heartbeat.model_validate_json(value or b"").as_of


async def _beats(broker: Broker, topic: str, at_least: int, since: dict[int, int] | None = None) -> bool:
    records = await everything(broker, topic, since)
    beats = [record.partition for record in records if b"heartbeat" in dict(record.headers)["ce_type"]]
    return all(beats.count(partition) >= at_least for partition in range(4))


async def test_an_event_that_no_topic_takes_is_told_and_stops_nobody_else(owner: Owner, broker: Broker, topic: str) -> None:
    await owner.say(topic, ("huge", 1), padding="x" * 5_000_000)
    await owner.say(topic, ("a", 1), ("a", 2))
    relay = a_relay(owner, broker)
    async with running(relay.run):
        await eventually(lambda: _says(broker, topic, {"a": [1, 2]}))
        await eventually(lambda: relay.status().waiting == 1)
        assert "TooLarge" in (relay.status().last_error or "")


async def test_stopping_sends_what_still_waits(owner: Owner, broker: Broker, topic: str) -> None:
    relay = a_relay(owner, broker)
    async with running(relay.run) as stop:
        await eventually(lambda: relay.status().leading)
        await owner.say(topic, *(("a", number) for number in range(1200)))
        stop.set()
    assert await owner.unsent() == 0


async def test_stopping_is_quick_while_the_broker_is_away(owner: Owner, broker: Broker, embedded: BrokerServer, topic: str) -> None:
    relay = a_relay(owner, broker)
    async with running(relay.run) as stop:
        await owner.say(topic, ("a", 1))
        await eventually(lambda: _none_waits(owner))
        embedded.stop()
        try:
            await owner.say(topic, ("a", 2))
            relay.wake()
            began = time.monotonic()
            stop.set()
            await eventually(lambda: not relay.status().leading)
            assert time.monotonic() - began < 9
        finally:
            embedded.start()
            embedded.wait_ready()


async def test_what_was_sent_is_kept_for_a_day(owner: Owner, broker: Broker, topic: str) -> None:
    assert KEEP == "24 hours"
    await owner.say(topic, ("a", 1), ("b", 1), ("c", 1))
    async with running(a_relay(owner, broker).run):
        await eventually(lambda: _none_waits(owner))
    for key, age in (("a", timedelta(hours=25)), ("b", timedelta(hours=23))):
        await owner.connection.execute("UPDATE outbox SET sent_at = sent_at - $2::interval WHERE aggregateid = $1", key, age)

    async def kept() -> set[str]:
        return {row["aggregateid"] for row in await owner.connection.fetch("SELECT aggregateid FROM outbox")}

    async def pruned() -> bool:
        return await kept() == {"b", "c"}

    async with running(a_relay(owner, broker).run):
        await eventually(pruned)


async def _none_waits(owner: Owner) -> bool:
    return await owner.unsent() == 0


async def _says(broker: Broker, topic: str, wanted: dict[str, list[int]]) -> bool:
    try:
        return numbers(await everything(broker, topic), topic) == wanted
    except Unreachable:  # it was killed, or its topic deleted, under our feet
        return False
