"""How are clients of the driver built and, above all, thrown away?

The driver is aiokafka 0.14. Four of its habits shape this module: `stop()` waits for ever while the broker is
down; a producer that was merely dropped keeps its sender task and delivers its old batch when the broker comes
back, behind newer ones; a client that has seen an error may stay in a state that no later call repairs; and
whoever asks about a topic creates it, with one partition, where the broker allows that.
"""

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

import aiokafka.client  # type: ignore[import-untyped]
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient  # type: ignore[import-untyped]
from aiokafka.errors import KafkaError  # type: ignore[import-untyped]
from aiokafka.protocol.fetch import FetchRequest  # type: ignore[import-untyped]
from aiokafka.protocol.metadata import MetadataRequest  # type: ignore[import-untyped]

from shared.broker.records import MAX_BATCH_BYTES, BrokerError, Unreachable

log = logging.getLogger(__name__)

CONNECT_SECONDS = 5.0
REQUEST_SECONDS = 8.0
STOP_SECONDS = 2.0

FETCH_PAUSES: Final = ((0.25, 0.02), (2.0, 0.05), (math.inf, 0.1))
"""Seconds since the last record came, and seconds between two fetches that bring nothing from a broker that does not wait: what a new
record may be late by there. Heartbeats alone keep a topic at the second."""

_REQUEST_MS = 5_000
_BATCH_BYTES = 512 * 1024

# A reader of a topic that was deleted a moment ago would bring it back with another number of partitions, before its owner can.
# The driver has no setting for this.
aiokafka.client.MetadataRequest = partial(MetadataRequest, allow_auto_topic_creation=False)


@asynccontextmanager
async def bounded(seconds: float, what: str) -> AsyncIterator[None]:
    """Give the driver `seconds`; whatever it throws comes out as Unreachable, which says what was tried."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except BrokerError:
        raise
    except TimeoutError as error:
        raise Unreachable(f"{what}: no answer within {seconds:g} s") from error
    except (KafkaError, OSError, AssertionError) as error:  # the driver asserts where others raise
        raise Unreachable(f"{what}: {type(error).__name__}: {error}") from error


async def start_producer(bootstrap: str, client_id: str) -> AIOKafkaProducer:
    """An idempotent producer that waits for all in-sync replicas."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        client_id=client_id,
        acks="all",
        enable_idempotence=True,
        max_batch_size=_BATCH_BYTES,
        max_request_size=MAX_BATCH_BYTES,
        request_timeout_ms=_REQUEST_MS,
        metadata_max_age_ms=60_000,
    )
    try:
        async with bounded(CONNECT_SECONDS, "connecting a producer"):
            await producer.start()
    except BaseException:
        await discard_producer(producer)
        raise
    return producer


async def start_consumer(bootstrap: str, client_id: str) -> AIOKafkaConsumer:
    """A consumer without a group, without commits, and without an opinion on where to start."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        client_id=client_id,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        max_partition_fetch_bytes=MAX_BATCH_BYTES,
        fetch_max_wait_ms=500,
        request_timeout_ms=_REQUEST_MS,
        metadata_max_age_ms=60_000,
    )
    _pause_after_nothing(consumer._client)  # noqa: SLF001 -- the driver has no setting for a broker that answers at once
    try:
        async with bounded(CONNECT_SECONDS, "connecting a consumer"):
            await consumer.start()
    except BaseException:
        await discard_consumer(consumer)
        raise
    return consumer


def _pause_after_nothing(client: Any) -> None:
    """Ask again only after a pause when nothing came although we were ready to wait for it.

    Kafka holds a fetch that finds nothing until something comes, or for fetch_max_wait_ms. The embedded broker answers it at once,
    and a driver that asks again at once turned a fifth of a processor per idle service into nothing.
    """
    send = client.send
    came = 0.0

    async def patiently(node_id: int, request: Any, **options: Any) -> Any:
        nonlocal came
        asked = asyncio.get_running_loop().time()
        response = await send(node_id, request, **options)
        if isinstance(request, FetchRequest):
            now = asyncio.get_running_loop().time()
            if any(part[1] or part[-1] for _, parts in response.topics for part in parts):  # an error, or records
                came = now
            else:
                pause = next(pause for silence, pause in FETCH_PAUSES if now - came < silence)
                await asyncio.sleep(asked + pause - now)
        return response

    client.send = patiently


async def start_admin(bootstrap: str, client_id: str) -> AIOKafkaAdminClient:
    """A client for topics."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, client_id=client_id, request_timeout_ms=_REQUEST_MS)
    try:
        async with bounded(CONNECT_SECONDS, "connecting"):
            await admin.start()
    except BaseException:
        await discard_admin(admin)
        raise
    return admin


async def discard_producer(producer: AIOKafkaProducer) -> None:
    """Stop a producer without flushing: what was not acknowledged will be sent again by who owns it.

    The sender is cancelled first: left alone, it would deliver its batch after newer ones.
    """
    producer._closed = True  # noqa: SLF001 -- stop() would flush, for ever while the broker is away
    sender = producer._sender.sender_task if producer._sender is not None else None  # noqa: SLF001
    if sender is not None:
        sender.cancel()
    await _ends(producer.client.close(), "producer")
    if sender is not None:
        _, running = await asyncio.wait({sender}, timeout=STOP_SECONDS)
        if running:
            sender.cancel()  # the second time also ends the request it waits for
        elif not sender.cancelled():
            sender.exception()


async def discard_consumer(consumer: AIOKafkaConsumer) -> None:
    """Stop a consumer, whatever state it is in; when stop() gives up half-way, close what it left open."""
    if not await _ends(consumer.stop(), "consumer"):
        for part in (consumer._fetcher, consumer._client):  # noqa: SLF001 -- its coordinator failed first and left them open
            if part is not None:
                await _ends(part.close(), "part of a consumer")


async def discard_admin(admin: AIOKafkaAdminClient) -> None:
    """Stop a client for topics."""
    await _ends(admin.close(), "admin client")


async def _ends(stopping: Coroutine[Any, Any, None], what: str) -> bool:
    """Give it STOP_SECONDS, in a task of its own: a stop() may end cancelled without anybody having cancelled us."""
    task = asyncio.create_task(stopping)
    await asyncio.wait({task}, timeout=STOP_SECONDS)
    if not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=STOP_SECONDS / 4)
        log.warning("a %s did not stop in time", what)
        return False
    if task.cancelled() or task.exception() is not None:
        log.info("a %s did not stop cleanly", what)
        return False
    return True
