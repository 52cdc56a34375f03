"""A running quote and inventory, as an integrator meets them: two addresses, a key, and a shop with stock."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.running import RunningService, ServiceStarter
from tests.service.quote.shop import Shop


@pytest.fixture(scope="module")
async def services(a_service: ServiceStarter) -> tuple[RunningService, RunningService]:
    """Quote and inventory."""
    quote, inventory = await asyncio.gather(a_service("quote"), a_service("inventory"))
    return quote, inventory


@pytest.fixture(scope="module")
async def shop(services: tuple[RunningService, RunningService]) -> AsyncIterator[Shop]:
    """The doors of both."""
    quote, inventory = services
    async with (
        httpx.AsyncClient(base_url=quote.url, headers=quote.headers, timeout=30) as asking,
        httpx.AsyncClient(base_url=inventory.url, headers=inventory.headers, timeout=30) as telling,
    ):
        found = Shop(asking, telling)
        await found.open_sites()
        yield found
