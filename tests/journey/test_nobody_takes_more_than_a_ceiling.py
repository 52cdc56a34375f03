"""Two quote processes, 32 clients: no ceiling is exceeded in any period, and no floor is eaten by others, over several sites too."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.running import RunningPostgres
from tests.service.quote.factory import Factory, a_factory
from tests.service.quote.shop import Json, a_line, a_name, day, eventually, ok

ORDERS, CLIENTS = 128, 32


@pytest.fixture(scope="module")
async def factory(postgres: RunningPostgres) -> AsyncIterator[Factory]:
    """Give two processes of quote on one database."""
    async with a_factory(postgres, replicas=2) as found:
        yield found


async def a_class(factory: Factory, parent: str | None = None) -> str:
    name = a_name("CLASS")
    ok(await factory.quote.put(f"/v1/classes/{name}", json={"parent": parent}))
    return name


async def allocate(factory: Factory, **body: object) -> str:
    name = a_name("ALLOCATION")
    answer = None
    while answer is None or answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        answer = await factory.quote.put(f"/v1/allocations/{name}", json=body)
    ok(answer)
    return name


async def storm(factory: Factory, bodies: list[Json]) -> list[tuple[Json, Json]]:
    """Order all of these from many clients at both processes; what was accepted, with what was asked."""
    accepted: list[tuple[Json, Json]] = []

    async def client(number: int) -> None:
        async with httpx.AsyncClient(headers=factory.quotes[0].headers, timeout=30) as http:
            for turn in range(number, len(bodies), CLIENTS):
                key = {"Idempotency-Key": a_name("ORDER")}
                answer = None
                while answer is None or answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                    answer = await http.post(f"{factory.quotes[turn % 2].url}/v1/orders", json=bodies[turn], headers=key)
                if answer.status_code == httpx.codes.OK:
                    accepted.append((bodies[turn], answer.json()))
                else:
                    assert answer.json()["code"] == "CANNOT_PROMISE", answer.text

    await asyncio.gather(*(client(number) for number in range(CLIENTS)))
    return accepted


async def consumed(factory: Factory, name: str, expected: float) -> Json:
    async def followed() -> Json | None:
        found = ok(await factory.quote.get(f"/v1/allocations/{name}"))
        return found if sum(one["consumed"] for one in found["periods"]) == expected else None

    found: Json = await eventually(followed, within_seconds=10, what=f"{expected:g} being counted of {name}")
    return found


async def test_two_processes_never_let_classes_take_more_than_their_ceilings(factory: Factory) -> None:
    """A ceiling of 40 over two sites around one of 25: orders come for both classes, both sites, at both processes."""
    web = await a_class(factory)
    gold = await a_class(factory, web)
    here, there = await factory.site(), await factory.site()
    sku = await factory.stocked(1000, site=here)
    await factory.stocked(1000, sku=sku, site=there)
    outer = await allocate(factory, kind="ceiling", demand_class=web, sku=sku, sites=[here, there], quantity=40)
    inner = await allocate(factory, kind="ceiling", demand_class=gold, sku=sku, quantity=25)
    bodies = [
        {"demand_class": (web, gold)[turn // 2 % 2], "lines": [a_line(sku, 1, sites=[(here, there)[turn // 4 % 2]])]}
        for turn in range(ORDERS)
    ]
    accepted = await storm(factory, bodies)
    by_gold = sum(body["demand_class"] == gold for body, _ in accepted)
    assert (len(accepted), by_gold <= 25) == (40, True), "all that the ceiling leaves, and not one more"
    assert (await consumed(factory, outer, 40))["periods"][0]["left"] == 0
    await consumed(factory, inner, by_gold)


async def test_two_processes_never_let_others_eat_a_floor(factory: Factory) -> None:
    """60 of 100 at two sites are kept together: others get 40 of them and no more, wherever they ask, and the class gets its 60."""
    gold = await a_class(factory)
    here, there = await factory.site(), await factory.site()
    sku = await factory.stocked(50, site=here)
    await factory.stocked(50, sku=sku, site=there)
    name = await allocate(factory, kind="floor", demand_class=gold, sku=sku, sites=[here, there], quantity=60, release_date=day(5))
    others = [{"lines": [a_line(sku, 1, sites=[(here, there)[turn // 2 % 2]])]} for turn in range(ORDERS)]
    assert len(await storm(factory, others)) == 40
    own = [{"demand_class": gold, "lines": [a_line(sku, 1)]} for _ in range(ORDERS)]
    assert len(await storm(factory, own)) == 60
    assert (await consumed(factory, name, 60))["kept"] == 0


async def test_a_ceiling_that_is_put_amid_orders_misses_none_of_them(factory: Factory) -> None:
    """What was ordered before counts, and from the answer on nothing passes beside it, at whichever process."""
    retail = await a_class(factory)
    site = await factory.site()
    sku = await factory.stocked(1000, site=site)
    bodies = [{"demand_class": retail, "lines": [a_line(sku, 1, sites=[site])]} for _ in range(ORDERS)]
    before = asyncio.create_task(storm(factory, bodies[: ORDERS // 2]))
    await asyncio.sleep(0.05)
    name = await allocate(factory, kind="ceiling", demand_class=retail, sku=sku, quantity=ORDERS // 2 + 10)
    await before
    later = await storm(factory, bodies[ORDERS // 2 :])
    assert len(later) == 10
    await consumed(factory, name, ORDERS // 2 + 10)
