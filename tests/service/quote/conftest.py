"""A running quote and inventory that all tests of this folder share on one worker; each test takes skus of its own."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from deploy.local.broker import BrokerServer
from tests.running import RunningPostgres, RunningService, ServiceStarter, Workplace
from tests.service.quote.shop import Shop

NEVER_SWEEP = "86400000"
"""What expires is free at its instant without any sweeper; so there is none here."""


@pytest.fixture(scope="session")
def shop_broker() -> Iterator[BrokerServer]:
    """Give these tests a broker of their own."""
    with Workplace() as directory:
        broker = BrokerServer(directory / "broker")
        broker.start()
        try:
            broker.wait_ready()
            yield broker
        finally:
            broker.stop()


@pytest.fixture(scope="session")
async def services(postgres: RunningPostgres, shop_broker: BrokerServer) -> AsyncIterator[tuple[RunningService, RunningService]]:
    """Give quote and inventory, started once per worker."""
    url = await postgres.create()
    with Workplace() as directory:
        async with ServiceStarter(url, shop_broker.bootstrap, directory) as start:
            yield await asyncio.gather(start("quote", PLEDGE_QUOTE_SWEEP_MILLISECONDS=NEVER_SWEEP), start("inventory"))
    await postgres.drop(url)


@pytest.fixture(scope="session")
async def shop(services: tuple[RunningService, RunningService]) -> AsyncIterator[Shop]:
    """Give the doors of both, with a key for everything."""
    quote, inventory = services
    async with (
        httpx.AsyncClient(base_url=quote.url, headers=quote.headers, timeout=30) as asking,
        httpx.AsyncClient(base_url=inventory.url, headers=inventory.headers, timeout=30) as telling,
    ):
        found = Shop(asking, telling)
        await found.open_sites()
        yield found
