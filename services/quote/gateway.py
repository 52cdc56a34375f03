"""Whom quote asks: inventory and capacity, for a snapshot of everything they own."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import httpx
import orjson

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from services.quote.settings import Settings
    from shared.contracts.base import Contract

TIMEOUT = httpx.Timeout(connect=5, read=30, write=5, pool=5)


class SnapshotGateway:
    """`GET /v1/snapshot` of a service, read line by line."""

    def __init__(self, settings: Settings, base_url: str, events: Mapping[str, type[Contract]]) -> None:
        """`events` by type; others are passed over. Nothing connects before `snapshot`."""
        self._events = events
        key = settings.service_key or settings.development_key
        headers = {} if key is None else {"Authorization": f"Bearer {key.get_secret_value()}"}
        self._client = httpx.AsyncClient(base_url=base_url, headers=headers, timeout=TIMEOUT)

    async def snapshot(self) -> tuple[datetime, dict[int, int], AsyncIterator[Contract]]:
        """When it was taken, the log's end offsets before that, and every entity. Raises httpx.HTTPError."""
        response = await self._client.send(self._client.build_request("GET", "/v1/snapshot"), stream=True)
        if response.status_code != httpx.codes.OK:
            await response.aclose()
            response.raise_for_status()
        lines = response.aiter_lines()
        head = orjson.loads(await anext(lines))
        offsets = {int(partition): int(offset) for partition, offset in head["end_offsets"].items()}

        async def entities() -> AsyncIterator[Contract]:
            try:
                async for line in lines:
                    if line:
                        found = orjson.loads(line)
                        model = self._events.get(found["type"])
                        if model is not None:
                            yield model.model_validate(found["data"])
            finally:
                await response.aclose()

        return datetime.fromisoformat(head["taken_at"]), offsets, entities()

    async def close(self) -> None:
        """Close connections."""
        await self._client.aclose()
