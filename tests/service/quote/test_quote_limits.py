"""What one caller may take: how long, how much of an item, how often. Off unless an installation says so."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from datetime import datetime, timedelta

import httpx
import pytest

from shared.access import ROLES, create_key
from tests.running import KEY_SECRET, RunningService, ServiceStarter
from tests.service.quote.shop import Shop, a_line, a_name, ok, refused


@pytest.fixture(scope="module")
async def strict(a_service: ServiceStarter) -> tuple[RunningService, RunningService, RunningService]:
    """Give two processes of quote that limit what is held, and an inventory."""

    def quote() -> Awaitable[RunningService]:
        return a_service(
            "quote",
            PLEDGE_QUOTE_HOLD_TTL_SECONDS_MAX_BY_ROLE='{"sales": 600}',
            PLEDGE_QUOTE_HOLD_QUANTITY_MAX="50",
            PLEDGE_QUOTE_HOLD_QUANTITY_MAX_BY_ROLE='{"sales": 10}',
        )

    one, two, inventory = await asyncio.gather(quote(), quote(), a_service("inventory"))
    return one, two, inventory


@pytest.fixture
async def shops(strict: tuple[RunningService, RunningService, RunningService], database: str) -> AsyncIterator[list[Shop]]:
    """Give the doors of both processes to a caller with a key for sales, and of one to the developer."""
    one, two, inventory = strict
    key, record = await create_key(
        database, KEY_SECRET, name=a_name("sales"), scopes=ROLES["sales"], role="sales", lifetime=timedelta(hours=1)
    )
    assert record.role == "sales"
    sales = {"Authorization": f"Bearer {key}"}
    async with (
        httpx.AsyncClient(base_url=one.url, headers=sales, timeout=30) as first,
        httpx.AsyncClient(base_url=two.url, headers=sales, timeout=30) as second,
        httpx.AsyncClient(base_url=one.url, headers=one.headers, timeout=30) as developer,
        httpx.AsyncClient(base_url=inventory.url, headers=inventory.headers, timeout=30) as telling,
    ):
        found = [Shop(each, telling) for each in (first, second, developer)]
        await found[2].open_sites()
        yield found


async def test_how_long_a_hold_lives_and_how_much_is_held_go_by_the_role_of_the_key(shops: list[Shop]) -> None:
    one, two, developer = shops
    sku, other = await developer.stocked(200), await developer.stocked(200)
    await two.heard(sku)
    problem = refused(await one.try_hold(a_line(sku, 1), ttl_seconds=601), 422, "INVALID_REQUEST")
    assert problem["errors"][0]["pointer"] == "/ttl_seconds"
    held = await one.hold(a_line(sku, 6), ttl_seconds=600)
    refused(await one.quote.post(f"/v1/quotes/{held['id']}/extend", json={"ttl_seconds": 601}), 422, "INVALID_REQUEST")
    ok(await developer.try_hold(a_line(sku, 50), ttl_seconds=3600))

    problem = refused(await two.try_hold(a_line(sku, 5), ttl_seconds=60), 409, "HOLD_QUOTA_EXCEEDED")
    assert (problem["sku"], problem["left_quantity"]) == (sku, 4)
    refused(await one.try_hold(a_line(other, 6, line_ref="1"), a_line(other, 5, line_ref="2"), ttl_seconds=60), 409, "HOLD_QUOTA_EXCEEDED")
    default = ok(await two.quote.post("/v1/quotes", json={"mode": "hold", "lines": [a_line(sku, 4), a_line(other, 10)]}))
    lives = datetime.fromisoformat(default["expires_at"]) - datetime.fromisoformat(default["created_at"])
    assert lives <= timedelta(seconds=600), "what nobody asked for is cut to what is allowed"
    ok(await one.try_order(a_line(sku, 30)))
    ok(await one.confirm(held["id"]))
    ok(await one.try_hold(a_line(sku, 6), ttl_seconds=60))


async def test_two_processes_at_once_do_not_let_a_caller_hold_more_than_its_quota(shops: list[Shop]) -> None:
    one, two, developer = shops
    sku = await developer.stocked(200)
    await two.heard(sku)
    answers = await asyncio.gather(*((one, two)[n % 2].try_hold(a_line(sku, 1), ttl_seconds=60) for n in range(40)))
    assert sorted({answer.status_code for answer in answers}) == [200, 409], [
        answer.text for answer in answers if answer.status_code == 503
    ]
    assert sum(answer.status_code == 200 for answer in answers) == 10


async def test_a_caller_that_calls_too_often_is_told_when_to_come_back_and_nobody_else_is(a_service: ServiceStarter, database: str) -> None:
    service = await a_service("quote", PLEDGE_QUOTE_RATE_LIMIT_PER_SECOND="0.2", PLEDGE_QUOTE_RATE_LIMIT_BURST="3")
    key, _ = await create_key(database, KEY_SECRET, name="hasty", scopes=ROLES["sales"])
    async with httpx.AsyncClient(base_url=service.url, headers={"Authorization": f"Bearer {key}"}, timeout=30) as hasty:
        answers = [await hasty.post("/v1/quotes", json={"lines": [a_line("NONE")]}) for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
        problem = refused(answers[3], 429, "TOO_MANY_REQUESTS")
        assert (problem["retryable"], 1 <= int(answers[3].headers["Retry-After"]) <= 5) == (True, True)
        assert (await hasty.get("/v1/orders")).status_code == 429, "every call of the caller counts"
        assert (await hasty.get("/readyz", headers={"Authorization": ""})).status_code == 200
        assert (await hasty.get("/v1/orders", headers=service.headers)).status_code == 200, "another caller is not limited by it"
