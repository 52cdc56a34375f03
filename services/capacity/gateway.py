"""Whom capacity asks: inventory, for every item it has defined."""

from collections.abc import AsyncIterator
from datetime import datetime

import httpx
import orjson

from services.capacity.settings import Settings
from shared.contracts.inventory import ItemDefined

TIMEOUT = httpx.Timeout(connect=5, read=30, write=5, pool=5)
_ITEM = "inventory.stock.item-defined.v1"


class InventoryGateway:
    """`GET /v1/snapshot` of inventory, read line by line."""

    def __init__(self, settings: Settings) -> None:
        """Nothing connects before `items`."""
        key = settings.service_key or settings.development_key
        headers = {} if key is None else {"Authorization": f"Bearer {key.get_secret_value()}"}
        self._client = httpx.AsyncClient(base_url=settings.inventory_url, headers=headers, timeout=TIMEOUT)

    async def items(self) -> tuple[datetime, dict[int, int], AsyncIterator[ItemDefined]]:
        """When it was taken, the log's end offsets before that, and every item. Raises httpx.HTTPError."""
        response = await self._client.send(self._client.build_request("GET", "/v1/snapshot"), stream=True)
        if response.status_code != httpx.codes.OK:
            await response.aclose()
            response.raise_for_status()
        lines = response.aiter_lines()
        head = orjson.loads(await anext(lines))
        offsets = {int(partition): int(offset) for partition, offset in head["end_offsets"].items()}

        async def found() -> AsyncIterator[ItemDefined]:
            try:
                async for line in lines:
                    if line and (entity := orjson.loads(line))["type"] == _ITEM:
                        yield ItemDefined.model_validate(entity["data"])
            finally:
                await response.aclose()

        return datetime.fromisoformat(head["taken_at"]), offsets, found()

    async def close(self) -> None:
        """Close connections."""
        await self._client.aclose()
