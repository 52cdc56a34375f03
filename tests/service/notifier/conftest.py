"""A running notifier, a caller with every scope, a voice like quote's, and somebody who receives webhooks."""

from collections.abc import AsyncIterator

import pytest

from shared.broker import Broker
from tests.running import RunningService, ServiceStarter
from tests.service.notifier.sink import Sink
from tests.service.notifier.teller import Caller, Teller


@pytest.fixture(scope="module")
async def service(a_service: ServiceStarter) -> RunningService:
    return await a_service(
        "notifier",
        PLEDGE_NOTIFIER_RETRY_DELAYS_SECONDS="[0, 0.2, 0.2, 0.4]",
        PLEDGE_NOTIFIER_DELIVERY_TIMEOUT_SECONDS="1.5",
        PLEDGE_NOTIFIER_GATHER_MILLISECONDS="200",
    )


@pytest.fixture(scope="module")
async def call(service: RunningService) -> AsyncIterator[Caller]:
    async with Caller(base_url=service.url, headers=service.headers, timeout=30) as caller:
        yield caller


@pytest.fixture(scope="module")
async def tell(service: RunningService, kafka: str) -> AsyncIterator[Teller]:
    async with Broker(kafka, "teller") as broker:
        yield Teller(broker)


@pytest.fixture(scope="module")
async def sink() -> AsyncIterator[Sink]:
    async with Sink() as receiving:
        yield receiving
