"""Two processes are asked for orders of the same number at the same moment, in every way in which an order comes to be."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest

from tests.running import ServiceStarter
from tests.service.quote.shop import Shop, a_line, a_name, day, ok, refused

NUMBERS = 25


@pytest.fixture(scope="module")
async def shops(a_service: ServiceStarter) -> AsyncIterator[list[Shop]]:
    """Give the doors of two processes of quote on the same books."""
    one, two, inventory = await asyncio.gather(a_service("quote"), a_service("quote"), a_service("inventory"))
    async with (
        httpx.AsyncClient(base_url=one.url, headers=one.headers, timeout=30) as first,
        httpx.AsyncClient(base_url=two.url, headers=two.headers, timeout=30) as second,
        httpx.AsyncClient(base_url=inventory.url, headers=inventory.headers, timeout=30) as telling,
    ):
        found = [Shop(first, telling), Shop(second, telling)]
        await found[0].open_sites()
        yield found


async def ordered(shop: Shop, sku: str, number: str) -> str:
    answer = await shop.try_order(a_line(sku, 1, sites=["HAM"]), external_id=number, source_system="CRM")
    return "ordered" if answer.status_code == 200 else str(answer.json()["code"])


async def confirmed(shop: Shop, quote_id: str) -> str:
    answer = await shop.confirm(quote_id)
    return "ordered" if answer.status_code == 200 else str(answer.json()["code"])


async def imported(shop: Shop, sku: str, number: str) -> str:
    line = {"sku": sku, "site": "HAM", "quantity": 1, "promised_date": day(3)}
    body = {"orders": [{"external_id": number, "source_system": "CRM", "lines": [line]}]}
    [result] = ok(await shop.quote.post("/v1/orders/import", json=body))["data"]
    return "ordered" if result["outcome"] == "created" else str((result["errors"] or [{"code": result["outcome"]}])[0]["code"])


async def test_two_processes_and_every_door_make_one_order_of_one_number(shops: list[Shop], database: str) -> None:
    one, two = shops
    sku = await one.stocked(1000)
    await two.heard(sku)
    numbers = [a_name("DEAL") for _ in range(NUMBERS)]
    held = [await one.hold(a_line(sku, 1), external_id=number, source_system="CRM") for number in numbers]
    said: Counter[str] = Counter()
    for number, hold in zip(numbers, held, strict=True):
        outcomes = await asyncio.gather(
            ordered(one, sku, number), ordered(two, sku, number), imported(one, sku, number), imported(two, sku, number),
            ordered(two, sku, number), confirmed(two, hold["id"]),
        )  # fmt: skip
        assert outcomes.count("ordered") == 1, outcomes
        said.update(outcomes)
    assert set(said) <= {"ordered", "EXTERNAL_ID_TAKEN", "external_id_taken", "unchanged"}, said
    connection = await asyncpg.connect(database)
    try:
        rows = await connection.fetch(
            "SELECT external_id, count(*) AS n FROM quote.customer_order WHERE external_id = ANY($1) GROUP BY 1 HAVING count(*) > 1",
            numbers,
        )
    finally:
        await connection.close()
    assert [tuple(row) for row in rows] == []


async def test_a_taken_number_is_refused_with_the_order_that_has_it_and_given_back_when_that_is_cancelled(shops: list[Shop]) -> None:
    one, two = shops
    sku, number = await one.stocked(20), a_name("DEAL")
    await two.heard(sku)
    order_id = (await one.order(a_line(sku, 8, line_ref="10"), external_id=number))["order_id"]
    problem = refused(await two.try_order(a_line(sku, 1), external_id=number), 409, "EXTERNAL_ID_TAKEN")
    assert (problem["order_id"], problem["retryable"]) == (order_id, False)
    ok(await two.try_order(a_line(sku, 1), external_id=number, source_system="OTHER"))
    held = await two.hold(a_line(sku, 1), external_id=number)
    refused(await two.confirm(held["id"]), 409, "EXTERNAL_ID_TAKEN")
    ok(await two.confirm(held["id"], external_id=a_name("DEAL")))

    ok(await one.quote.post(f"/v1/orders/{order_id}/cancel", json={}))
    again = (await two.order(a_line(sku, 5, line_ref="10"), external_id=number, source_system=None))["order_id"]
    assert again != order_id
    standing = (await one.quote.get("/v1/orders", params={"external_id": number, "status": "confirmed"})).json()["data"]
    assert [each["id"] for each in standing if each["source_system"] is None] == [again]
