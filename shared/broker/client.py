"""How does a service reach its broker? Topics, offsets, sending and reading, each within a time limit."""

import asyncio
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition  # type: ignore[import-untyped]
from aiokafka.admin import AIOKafkaAdminClient, NewTopic  # type: ignore[import-untyped]

from shared.broker.driver import (
    REQUEST_SECONDS,
    bounded,
    discard_admin,
    discard_consumer,
    discard_producer,
    start_admin,
    start_consumer,
    start_producer,
)
from shared.broker.reader import PartitionReader
from shared.broker.records import Ack, Message, NoSuchTopic, TooLarge, TopicSpec, Unreachable

_ALREADY_EXISTS = 36
_DEFAULT_REPLICATION = 3
_RETRY_SECONDS = 0.05


class Broker:
    """One service's way to Kafka. Connects when first needed, so that a service starts without its broker.

    Every call raises Unreachable after at most some fifteen seconds; the next call begins with a new client.
    """

    def __init__(self, bootstrap: str, client_id: str) -> None:
        self._bootstrap = bootstrap
        self._client_id = client_id
        self._producer: AIOKafkaProducer | None = None
        self._sending = asyncio.Lock()
        self._observer: AIOKafkaConsumer | None = None
        self._observing = asyncio.Lock()
        self._partitions: dict[str, int] = {}
        self._wanted: dict[str, TopicSpec] = {}

    @property
    def client_id(self) -> str:
        """What the broker's logs know us by."""
        return self._client_id

    async def start(self) -> None:
        """Nothing to wait for: connections are made by the calls that need them."""

    async def close(self) -> None:
        """Let go of every connection, within a few seconds, also while the broker is away."""
        await asyncio.gather(self._drop_producer(), self._drop_observer())

    async def __aenter__(self) -> Self:
        """Started."""
        await self.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Closed."""
        await self.close()

    async def ping(self) -> None:
        """Return when the broker answers; else Unreachable."""
        admin = await start_admin(self._bootstrap, self._client_id)
        await discard_admin(admin)

    async def ensure_topics(self, specs: Sequence[TopicSpec]) -> None:
        """Create what is missing and return when every topic can be written; what exists is left as it is.

        Asked for once, they stay wanted: when the broker was away, or comes back without them, the next call that
        needs one creates it.
        """
        self._wanted |= {spec.name: spec for spec in specs}
        await self._create_missing(specs)

    async def _create_missing(self, specs: Sequence[TopicSpec]) -> None:
        admin = await start_admin(self._bootstrap, self._client_id)
        try:
            async with bounded(REQUEST_SECONDS, "creating topics"):
                leaders = await _leaders(admin)
                await _create(admin, [spec for spec in specs if spec.name not in leaders])
                while any(-1 in leaders.get(spec.name, [-1]) for spec in specs):
                    await asyncio.sleep(_RETRY_SECONDS)
                    leaders = await _leaders(admin)
        finally:
            await discard_admin(admin)
        self._partitions |= {spec.name: len(leaders[spec.name]) for spec in specs}

    async def delete_topics(self, names: Sequence[str]) -> None:
        """Delete topics and what they hold; unknown ones are no error."""
        admin = await start_admin(self._bootstrap, self._client_id)
        try:
            async with bounded(REQUEST_SECONDS, "deleting topics"):
                await admin.delete_topics(list(names))
                while set(names) & set(await _leaders(admin)):  # noqa: ASYNC110 -- the broker tells nobody when it is done
                    await asyncio.sleep(_RETRY_SECONDS)
        finally:
            await discard_admin(admin)
        for name in names:
            self._partitions.pop(name, None)
            self._wanted.pop(name, None)

    async def partitions(self, topic: str) -> int:
        """How many partitions the topic has; NoSuchTopic when there is none and none was wanted."""
        if topic not in self._partitions and topic in self._wanted:
            await self._create_missing([self._wanted[topic]])
        if topic not in self._partitions:
            admin = await start_admin(self._bootstrap, self._client_id)
            try:
                async with bounded(REQUEST_SECONDS, f"asking about {topic}"):
                    leaders = await _leaders(admin)
            finally:
                await discard_admin(admin)
            if topic not in leaders:
                raise NoSuchTopic(f"there is no topic {topic}")
            self._partitions[topic] = len(leaders[topic])
        return self._partitions[topic]

    async def end_offsets(self, topic: str) -> dict[int, int]:
        """Per partition, the offset that the next record will have."""
        return await self._offsets(topic, "end_offsets")

    async def beginning_offsets(self, topic: str) -> dict[int, int]:
        """Per partition, the first offset that the log still holds."""
        return await self._offsets(topic, "beginning_offsets")

    async def _offsets(self, topic: str, which: str) -> dict[int, int]:
        count = await self.partitions(topic)
        async with self._observing:
            try:
                if self._observer is None:
                    self._observer = await start_consumer(self._bootstrap, f"{self._client_id}-observer")
                ask = getattr(self._observer, which)
                async with bounded(REQUEST_SECONDS, f"asking {topic} for its {which.replace('_', ' ')}"):
                    found: Mapping[TopicPartition, int] = await ask([TopicPartition(topic, number) for number in range(count)])
            except BaseException:
                self._partitions.pop(topic, None)
                await asyncio.shield(self._drop_observer())
                raise
        return {place.partition: offset for place, offset in found.items()}

    async def send(self, messages: Sequence[Message]) -> list[Ack]:
        """Send all, in this order per partition, and return when all are acknowledged by every in-sync replica.

        On Unreachable some may be in the log and some not, in order but perhaps with a gap: send the same ones
        again, all of them, and the log ends with them in order. On TooLarge nothing was sent.
        """
        for index, message in enumerate(messages):
            if not message.fits:
                raise TooLarge(index, message)
        if not messages:
            return []
        async with self._sending:
            try:
                if self._producer is None:
                    if self._wanted:
                        await self._create_missing(list(self._wanted.values()))
                    self._producer = await start_producer(self._bootstrap, self._client_id)
                async with bounded(REQUEST_SECONDS, f"sending {len(messages)} messages"):
                    return await _deliver(self._producer, messages)
            except BaseException:
                await asyncio.shield(self._drop_producer())
                raise

    async def reader(self, topic: str, offsets: Mapping[int, int]) -> PartitionReader:
        """A reader of the topic that stands at these next offsets; partitions that are not named are not read."""
        return await PartitionReader.open(self._bootstrap, f"{self._client_id}-reader", topic, offsets)

    async def _drop_producer(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await discard_producer(producer)

    async def _drop_observer(self) -> None:
        observer, self._observer = self._observer, None
        if observer is not None:
            await discard_consumer(observer)


async def _deliver(producer: AIOKafkaProducer, messages: Sequence[Message]) -> list[Ack]:
    pending: list[asyncio.Future[Any]] = []
    try:
        for message in messages:
            sending = producer.send(message.topic, message.value, message.key, message.partition, headers=list(message.headers))
            pending.append(await sending)
        done = await asyncio.gather(*pending)
    except BaseException:
        for future in pending:
            future.cancel()
        raise
    return [Ack(metadata.topic, metadata.partition, metadata.offset) for metadata in done]


async def _leaders(admin: AIOKafkaAdminClient) -> dict[str, list[int]]:
    """Per topic, the leading broker of each partition, -1 where there is none. Asks for all topics: asking for one may create it."""
    return {
        topic["topic"]: [partition["leader"] for partition in topic["partitions"]]
        for topic in await admin.describe_topics()
        if not topic["error_code"]
    }


async def _create(admin: AIOKafkaAdminClient, specs: Sequence[TopicSpec]) -> None:
    if not specs:
        return
    brokers = len((await admin.describe_cluster())["brokers"])
    wanted = [
        NewTopic(spec.name, spec.partitions, spec.replication or min(_DEFAULT_REPLICATION, brokers), topic_configs=spec.settings())
        for spec in specs
    ]
    answer = await admin.create_topics(wanted)
    for name, code, reason in answer.topic_errors:
        if code not in (0, _ALREADY_EXISTS):
            raise Unreachable(f"the broker does not create {name}: {reason or f'error {code}'}")
