"""A running capacity, a caller with every scope, an ear on what it says, and a voice that stands for inventory."""

from collections.abc import AsyncIterator

import pytest

from shared.broker import Broker
from tests.running import RunningService, ServiceStarter
from tests.service.capacity.capacity_caller import Caller, Ear, Inventory


@pytest.fixture(scope="module")
async def service(a_service: ServiceStarter) -> RunningService:
    return await a_service("capacity")


@pytest.fixture(scope="module")
async def call(service: RunningService) -> AsyncIterator[Caller]:
    async with Caller(base_url=service.url, headers=service.headers, timeout=30) as caller:
        yield caller


@pytest.fixture
async def ear(service: RunningService, kafka: str) -> AsyncIterator[Ear]:
    async with await Ear.open(kafka) as listening:
        yield listening


@pytest.fixture
async def inventory(kafka: str) -> AsyncIterator[Inventory]:
    async with Broker(kafka, "stands for inventory") as broker:
        yield Inventory(broker)
