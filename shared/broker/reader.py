"""What does a topic hold from these offsets on? A reader of all given partitions, without a group.

The caller remembers its own offsets; nothing is committed to the broker.
"""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaConsumer, TopicPartition  # type: ignore[import-untyped]
from aiokafka.errors import OffsetOutOfRangeError  # type: ignore[import-untyped]

from shared.broker.driver import bounded, discard_consumer, start_consumer
from shared.broker.records import OutsideLog, Record, Unreachable

_GRACE_SECONDS = 5.0


class PartitionReader:
    """Reads forward. After any error it is closed: build another one from your own offsets."""

    def __init__(self, topic: str, consumer: AIOKafkaConsumer) -> None:
        self._topic = topic
        self._consumer: AIOKafkaConsumer | None = consumer

    @classmethod
    async def open(cls, bootstrap: str, client_id: str, topic: str, offsets: Mapping[int, int]) -> Self:
        """A reader that stands at these next offsets, one per partition."""
        consumer = await start_consumer(bootstrap, client_id)
        try:
            async with bounded(_GRACE_SECONDS, f"assigning {topic}"):
                consumer.assign([TopicPartition(topic, partition) for partition in sorted(offsets)])
                for partition, offset in offsets.items():
                    consumer.seek(TopicPartition(topic, partition), offset)
        except BaseException:
            await discard_consumer(consumer)
            raise
        return cls(topic, consumer)

    async def poll(self, timeout: float, max_records: int = 500) -> dict[int, list[Record]]:  # noqa: ASYNC109
        """What has come within `timeout` seconds, by partition, in log order; empty when nothing has.

        Raises OutsideLog when the log does not hold the next offset, Unreachable for every other fault it notices. The
        driver keeps a lost connection to itself: silence proves nothing, ask for the end offsets now and then.
        """
        if self._consumer is None:
            raise Unreachable(f"{self._topic}: this reader is closed")
        try:
            async with bounded(timeout + _GRACE_SECONDS, f"reading {self._topic}"):
                fetched = await self._fetch(self._consumer, timeout, max_records)
        except BaseException:
            await asyncio.shield(self.close())
            raise
        return fetched

    async def _fetch(self, consumer: AIOKafkaConsumer, seconds: float, max_records: int) -> dict[int, list[Record]]:
        try:
            batches = await consumer.getmany(timeout_ms=round(seconds * 1000), max_records=max_records)
        except OffsetOutOfRangeError as error:
            outside = {place.partition: offset for place, offset in error.args[0].items()} if error.args else {}
            raise OutsideLog(self._topic, outside) from error
        return {
            place.partition: [
                Record(self._topic, place.partition, raw.offset, raw.key, raw.value, tuple(raw.headers), raw.timestamp) for raw in records
            ]
            for place, records in batches.items()
            if records
        }

    async def close(self) -> None:
        """Let go of the connection; never waits long."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await discard_consumer(consumer)

    async def __aenter__(self) -> Self:
        """Itself."""
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close."""
        await self.close()
