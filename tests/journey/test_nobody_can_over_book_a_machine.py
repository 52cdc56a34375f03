"""Two quote processes, 32 clients, one machine: no day is claimed beyond what it has, and the orders seen are the orders there are."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.running import RunningPostgres
from tests.service.quote.factory import Factory, a_factory
from tests.service.quote.shop import Json, a_line, day, eventually, ok

ORDERS, CLIENTS, MINUTES, LAST = 96, 32, 100, 7


@pytest.fixture(scope="module")
async def factory(postgres: RunningPostgres) -> AsyncIterator[Factory]:
    """Give two processes of quote on one database."""
    async with a_factory(postgres, replicas=2) as found:
        yield found


async def test_two_processes_never_claim_more_minutes_than_a_day_has(factory: Factory) -> None:
    site, chair = await factory.site(), await factory.item()
    saw = await factory.machine(site, await factory.calendar(MINUTES, closed=(0,)))
    step = {"sequence": 10, "name": "Saw", "minutes_per_unit": 10, "resources": [{"resource": saw}]}
    await factory.put(f"routings/{chair}", routings=[{"site": site, "operations": [step]}])
    await factory.stocked(0, sku=chair, site=site)
    line = a_line(chair, 1, sites=[site], latest_acceptable_date=day(LAST))
    await factory.promised(line, 2)
    seen: dict[str, str] = {}
    refusals = 0

    async def client(number: int) -> None:
        nonlocal refusals
        async with httpx.AsyncClient(headers=factory.quotes[0].headers, timeout=30) as http:
            for turn in range(number, ORDERS, CLIENTS):
                body, key = {"lines": [line]}, {"Idempotency-Key": f"chair-{turn}"}
                answer = None
                while answer is None or answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                    answer = await http.post(f"{factory.quotes[turn % 2].url}/v1/orders", json=body, headers=key)
                if answer.status_code == httpx.codes.OK:
                    seen[answer.json()["order_id"]] = answer.json()["lines"][0]["promised_date"]
                else:
                    assert answer.json()["code"] == "CANNOT_PROMISE", answer.text
                    refusals += 1

    await asyncio.gather(*(client(number) for number in range(CLIENTS)))
    room = (LAST - 1) * MINUTES // 10
    assert (len(seen), refusals) == (room, ORDERS - room), "every minute until the last date is sold, and not one twice"

    async def followed() -> list[Json] | None:
        days = await factory.loads(saw, 0, LAST)
        return days if sum(one["claimed_minutes"] for one in days) == room * 10 else None

    days = await eventually(followed, what="the first process seeing what both have promised")
    assert all(one["claimed_minutes"] <= one["available_minutes"] for one in days)
    listed = ok(await factory.quote.get("/v1/orders", params={"limit": 500, "sku": chair}))["data"]
    assert {order["id"] for order in listed} == set(seen)
    assert len(await factory.plans(chair)) == room
