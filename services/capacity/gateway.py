"""Whom capacity asks: inventory, for every item it has defined; inventory and quote, who works by which calendar."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
from pydantic import SecretStr

from services.capacity.settings import Settings
from shared.contracts.inventory import ItemDefined
from shared.snapshots import SnapshotReader

_PAGE = 500
_TIMEOUT = httpx.Timeout(connect=5, read=30, write=5, pool=5)
_OF_INVENTORY, _OF_QUOTE = {"site": "sites", "lane": "lanes", "supplier": "suppliers"}, {"customer": "customers"}
"""Where each kind is listed that names a calendar."""


def items_of_inventory(settings: Settings) -> SnapshotReader:
    """The items of inventory's snapshot; nothing connects before it is read."""
    return SnapshotReader(settings.inventory_url, _key(settings), {"inventory.stock.item-defined.v1": ItemDefined})


def _key(settings: Settings) -> SecretStr | None:
    return settings.service_key or settings.development_key


class CalendarUsers:
    """Sites, lanes and suppliers, which inventory keeps, and customers, which quote keeps, as far as they name a calendar."""

    def __init__(self, settings: Settings) -> None:
        """Nothing connects before `find`."""
        key = _key(settings)
        self._headers = {} if key is None else {"Authorization": f"Bearer {key.get_secret_value()}"}
        self._asked = ((settings.inventory_url, _OF_INVENTORY), (settings.quote_url, _OF_QUOTE))

    async def find(self) -> dict[str, str]:
        """Each calendar that is named, with the first that names it. Raises httpx.HTTPError where one of the two does not answer."""
        found: dict[str, str] = {}
        async with httpx.AsyncClient(headers=self._headers, timeout=_TIMEOUT, trust_env=False) as client:
            for base_url, kinds in self._asked:
                for kind, path in kinds.items():
                    async for one in _all(client, f"{base_url}/v1/{path}"):
                        if one["calendar"] is not None:
                            found.setdefault(one["calendar"], f"{kind} {one[kind]}")
        return found


async def _all(client: httpx.AsyncClient, url: str) -> AsyncIterator[dict[str, Any]]:
    params: dict[str, str | int] = {"limit": _PAGE}
    while True:
        answer = await client.get(url, params=params)
        answer.raise_for_status()
        page = answer.json()
        for one in page["data"]:
            yield one
        if page["next_cursor"] is None:
            return
        params["cursor"] = page["next_cursor"]
