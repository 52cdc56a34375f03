"""Everything that a service owns, streamed: what a consumer whose place in the log is gone starts again from; both ends of it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime

import httpx
import orjson
from fastapi.responses import StreamingResponse
from pydantic import SecretStr

from shared.broker import Broker, BrokerError
from shared.contracts.base import Contract
from shared.database import Database
from shared.problems import unavailable

MEDIA_TYPE = "application/x-ndjson"
_TIMEOUT = httpx.Timeout(connect=5, read=30, write=5, pool=5)
Pages = AsyncIterator[Sequence[tuple[str, Contract]]]
"""Entities by pages, each with its event type."""


async def stream(broker: Broker, database: Database, topic: str, pages: Pages) -> StreamingResponse:
    """One JSON object per line: the end offsets of the topic, read before the first entity, then every entity as its events carry it.

    What changes meanwhile stands behind the offsets with a higher revision. Raises a 503 Problem while the broker is away.
    """
    try:
        ends = await broker.end_offsets(topic)
    except BrokerError as error:
        raise unavailable("BROKER_UNAVAILABLE", "The end of the log cannot be read just now; try again.", retry_after=2) from error
    taken_at = datetime.now(UTC)  # noqa: TID251 -- for people; readers go by offsets and revisions
    await database.ping()
    head = {
        "topic": topic,
        "end_offsets": {str(partition): end for partition, end in ends.items()},
        "taken_at": taken_at.isoformat().replace("+00:00", "Z"),
    }
    return StreamingResponse(_lines(head, pages), media_type=MEDIA_TYPE)


async def _lines(head: Mapping[str, object], pages: Pages) -> AsyncIterator[bytes]:
    yield orjson.dumps(head) + b"\n"
    async for page in pages:
        yield b"".join(b'{"type":"%s","data":%s}\n' % (name.encode(), data.model_dump_json().encode()) for name, data in page)


class SnapshotReader:
    """`GET /v1/snapshot` of a service, read line by line."""

    def __init__(self, base_url: str, key: SecretStr | None, events: Mapping[str, type[Contract]], topic: str | None = None) -> None:
        """`events` by type; others are passed over. `topic`: of an owner of several. Nothing connects before `snapshot`."""
        self._events = events
        self._topic = topic
        headers = {} if key is None else {"Authorization": f"Bearer {key.get_secret_value()}"}
        self._client = httpx.AsyncClient(base_url=base_url, headers=headers, timeout=_TIMEOUT)

    async def snapshot(self) -> tuple[datetime, dict[int, int], AsyncIterator[Contract]]:
        """When it was taken, the log's end offsets before that, and every entity. Raises httpx.HTTPError."""
        taken_at, offsets, told = await self.told()

        async def entities() -> AsyncIterator[Contract]:
            async for _, entity in told:
                yield entity

        return taken_at, offsets, entities()

    async def told(self) -> tuple[datetime, dict[int, int], AsyncIterator[tuple[str, Contract]]]:
        """The same, each entity with the type of its last event."""
        asked = {} if self._topic is None else {"topic": self._topic}
        response = await self._client.send(self._client.build_request("GET", "/v1/snapshot", params=asked), stream=True)
        if response.status_code != httpx.codes.OK:
            await response.aclose()
            response.raise_for_status()
        lines = response.aiter_lines()
        head = orjson.loads(await anext(lines))
        ends = head["end_offsets"] if self._topic is None else head["topics"][self._topic]
        offsets = {int(partition): int(offset) for partition, offset in ends.items()}
        return datetime.fromisoformat(head["taken_at"]), offsets, self._entities(response, lines)

    async def _entities(self, response: httpx.Response, lines: AsyncIterator[str]) -> AsyncIterator[tuple[str, Contract]]:
        try:
            async for line in lines:
                if line:
                    found = orjson.loads(line)
                    model = self._events.get(found["type"])
                    if model is not None:
                        yield found["type"], model.model_validate(found["data"])
        finally:
            await response.aclose()

    async def close(self) -> None:
        """Close connections."""
        await self._client.aclose()
