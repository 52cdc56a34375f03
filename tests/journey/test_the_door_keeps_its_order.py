"""What the door does, seen from the database: locks in one order for everybody, and no answer before the commit."""

import asyncio
import random

import asyncpg
import httpx
import pytest

from tests.running import RunningPostgres, RunningService, ServiceStarter
from tests.service.quote.shop import Json, Shop, a_name, day, eventually

BOOKS = 16
FAILS_AT_COMMIT = """
CREATE FUNCTION quote.fail_at_commit() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'no commit today' USING ERRCODE = 'serialization_failure'; END $$;
CREATE CONSTRAINT TRIGGER fail_at_commit AFTER INSERT ON quote.customer_order DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION quote.fail_at_commit();
"""
NO_POSITION_IS_WRITTEN = """
CREATE SEQUENCE quote.failures;
CREATE FUNCTION quote.fail_to_hear() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM nextval('quote.failures'); RAISE EXCEPTION 'not now' USING ERRCODE = 'serialization_failure'; END $$;
CREATE CONSTRAINT TRIGGER fail_to_hear AFTER UPDATE ON quote.position DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION quote.fail_to_hear();
"""
HEAR_AGAIN = "DROP FUNCTION IF EXISTS quote.fail_to_hear() CASCADE; DROP SEQUENCE IF EXISTS quote.failures"


@pytest.fixture(scope="module")
async def quotes(database: str, postgres: RunningPostgres, a_service: ServiceStarter) -> list[RunningService]:
    """Two processes of quote. A circle of waiting is found before anybody's patience ends, so that it is counted."""
    name = database.rpartition("/")[2]
    await postgres.execute(f"ALTER DATABASE \"{name}\" SET deadlock_timeout = '10ms'")
    return list(await asyncio.gather(a_service("quote"), a_service("quote")))


def told(skus: list[str]) -> Json:
    """An order promised elsewhere: it is booked whatever there is, so it needs no stock."""
    lines = [{"sku": sku, "site": "HAM", "quantity": 1, "promised_date": day(0)} for sku in skus]
    return {"orders": [{"external_id": a_name("SAP"), "lines": lines}]}


async def test_two_processes_lock_their_books_in_one_order_and_never_wait_in_a_circle(database: str, quotes: list[RunningService]) -> None:
    skus = [a_name("SKU") for _ in range(BOOKS)]

    async def keep_asking(number: int, http: httpx.AsyncClient) -> None:
        chance = random.Random(number)
        for _ in range(24):
            answer = await http.post("/v1/orders/import", json=told(chance.sample(skus, BOOKS // 2)))
            assert answer.status_code == 200, answer.text

    async with (
        httpx.AsyncClient(base_url=quotes[0].url, headers=quotes[0].headers, timeout=30) as one,
        httpx.AsyncClient(base_url=quotes[1].url, headers=quotes[1].headers, timeout=30) as two,
        asyncio.TaskGroup() as group,
    ):
        for number in range(16):
            group.create_task(keep_asking(number, (one, two)[number % 2]))
    await asyncio.gather(*(quote.stop() for quote in quotes))  # whoever goes tells what it has counted
    connection = await asyncpg.connect(database)
    try:

        async def alone() -> bool:
            found: bool = await connection.fetchval(
                "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'pledge-quote%'"
            )
            return found

        await eventually(alone)
        deadlocks = await connection.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        versions = await connection.fetchval("SELECT sum(version) FROM quote.book WHERE sku = ANY($1)", skus)
    finally:
        await connection.close()
        for quote in quotes:
            quote.start()
        await asyncio.gather(*(quote.wait_ready() for quote in quotes))
    assert versions > 0
    assert deadlocks == 0, "locks were taken in different orders"


async def test_nobody_is_answered_before_the_commit(database: str, quotes: list[RunningService]) -> None:
    """A COMMIT that fails is an answer too: whoever heard 200 before it heard a lie."""
    order = told([a_name("SKU")])
    connection = await asyncpg.connect(database)
    try:
        await connection.execute(FAILS_AT_COMMIT)
        async with httpx.AsyncClient(base_url=quotes[0].url, headers=quotes[0].headers, timeout=30) as http:
            refusal = await http.post("/v1/orders/import", json=order | {"idempotency_key": "before-the-commit"})
            assert (refusal.status_code, refusal.json()["retryable"]) == (503, True), refusal.text
            assert refusal.headers["retry-after"]
            await connection.execute("DROP FUNCTION quote.fail_at_commit() CASCADE")
            answer = await http.post("/v1/orders/import", json=order | {"idempotency_key": "before-the-commit"})
            assert (answer.status_code, answer.json()["replayed"]) == (200, False), answer.text
            found = (await http.get("/v1/orders", params={"external_id": order["orders"][0]["external_id"]})).json()["data"]
            assert [one["id"] for one in found] == [answer.json()["data"][0]["order_id"]]
    finally:
        await connection.execute("DROP FUNCTION IF EXISTS quote.fail_at_commit() CASCADE")
        await connection.close()


async def test_supply_that_could_not_be_written_is_not_passed_over(
    database: str, quotes: list[RunningService], a_service: ServiceStarter
) -> None:
    """The offset and what it stands for are one transaction: when that fails, the events come again."""
    inventory = await a_service("inventory")
    connection = await asyncpg.connect(database)
    try:
        async with (
            httpx.AsyncClient(base_url=quotes[0].url, headers=quotes[0].headers, timeout=30) as asking,
            httpx.AsyncClient(base_url=inventory.url, headers=inventory.headers, timeout=30) as telling,
        ):
            shop = Shop(asking, telling)
            await shop.open_sites()
            sku = await shop.stocked(10)
            await connection.execute(NO_POSITION_IS_WRITTEN)
            await shop.count(sku, 7)

            async def failed() -> bool:
                tries: int = await connection.fetchval("SELECT last_value FROM quote.failures")
                return tries >= 3

            await eventually(failed, what="quote trying to hear of it")
            assert (await shop.book(sku))["on_hand"] == 10
            await connection.execute(HEAR_AGAIN)
            assert (await shop.heard(sku))["on_hand"] == 7
    finally:
        await connection.execute(HEAR_AGAIN)
        await connection.close()
        await inventory.stop()
