"""A running inventory, a caller with every scope, and an ear on what it says."""

from collections.abc import AsyncIterator

import pytest

from tests.running import RunningService, ServiceStarter
from tests.service.inventory.inventory_caller import Caller, Ear


@pytest.fixture(scope="module")
async def service(a_service: ServiceStarter) -> RunningService:
    return await a_service("inventory")


@pytest.fixture(scope="module")
async def call(service: RunningService) -> AsyncIterator[Caller]:
    async with Caller(base_url=service.url, headers=service.headers, timeout=30) as caller:
        yield caller


@pytest.fixture
async def ear(service: RunningService, kafka: str) -> AsyncIterator[Ear]:
    async with await Ear.open(kafka) as listening:
        yield listening
