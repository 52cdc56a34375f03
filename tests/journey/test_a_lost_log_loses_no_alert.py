"""The log ends before notifier had read on: what is in danger stands in quote, and is told from there."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
import httpx
import pytest

from tests.running import RunningService, ServiceStarter
from tests.service.quote.shop import Json, Shop, a_line, day, eventually, ok


@dataclass
class Town:
    """Quote, inventory, and a notifier that comes and goes."""

    shop: Shop
    start: ServiceStarter
    database: str
    quote: RunningService

    async def notifier(self) -> RunningService:
        return await self.start("notifier", PLEDGE_NOTIFIER_QUOTE_URL=self.quote.url)

    async def lose_the_log(self) -> None:
        """Let notifier's place lie where the log has never been."""
        connection = await asyncpg.connect(self.database)
        try:
            moved = await connection.execute("UPDATE notifier.consumer_offset SET next_offset = next_offset + 1000000")
            assert moved != "UPDATE 0"
        finally:
            await connection.close()

    async def endangered(self, quantity: float = 10) -> tuple[str, str, str]:
        """An order whose receipt has slipped: its id, the receipt, the sku."""
        sku = await self.shop.item()
        receipt = await self.shop.order_supply(sku, quantity, 3)
        await self.shop.stocked(0, sku=sku)
        order_id: str = (await self.shop.order(a_line(sku, quantity, line_ref="10")))["order_id"]
        await self.shop.order_supply(sku, quantity, 8, receipt_id=receipt)
        await self.at_risk(order_id, is_at_risk=True)
        return order_id, receipt, sku

    async def at_risk(self, order_id: str, *, is_at_risk: bool) -> None:
        """Wait until quote says so."""

        async def said() -> bool:
            return bool((await self.shop.read(order_id))["lines"][0]["at_risk"]) is is_at_risk

        await eventually(said, what=f"the risk of {order_id}")


@pytest.fixture
async def town(a_service: ServiceStarter, database: str) -> AsyncIterator[Town]:
    quote, inventory = await asyncio.gather(a_service("quote"), a_service("inventory"))
    async with (
        httpx.AsyncClient(base_url=quote.url, headers=quote.headers, timeout=30) as asking,
        httpx.AsyncClient(base_url=inventory.url, headers=inventory.headers, timeout=30) as telling,
    ):
        shop = Shop(asking, telling)
        await shop.open_sites()
        yield Town(shop, a_service, database, quote)


async def open_alerts(notifier: httpx.AsyncClient) -> dict[str, Json]:
    listed = ok(await notifier.get("/v1/alerts", params={"status": "unresolved"}))["data"]
    return {alert["cause"]["ref"]: alert for alert in listed}


async def test_after_a_lost_log_the_alerts_are_those_of_the_promises_in_danger(town: Town) -> None:
    service = await town.notifier()
    healed, healed_receipt, healed_sku = await town.endangered()
    cancelled, cancelled_receipt, _ = await town.endangered()
    _, standing_receipt, _ = await town.endangered()
    before = {healed_receipt, cancelled_receipt, standing_receipt}
    async with httpx.AsyncClient(base_url=service.url, headers=service.headers, timeout=30) as notifier:
        await eventually(lambda: _are(notifier, before, before), what="the first alerts")
    await service.stop()

    await town.shop.order_supply(healed_sku, 10, 3, receipt_id=healed_receipt)
    await town.at_risk(healed, is_at_risk=False)
    ok(await town.shop.quote.post(f"/v1/orders/{cancelled}/cancel", json={}))
    fresh, fresh_receipt, _ = await town.endangered(4)
    await town.lose_the_log()

    service = await town.notifier()
    async with httpx.AsyncClient(base_url=service.url, headers=service.headers, timeout=30) as notifier:
        await eventually(
            lambda: _are(notifier, {standing_receipt, fresh_receipt}, before | {fresh_receipt}),
            what="the alerts of what is in danger, and no others",
        )
        listed = (await open_alerts(notifier))[fresh_receipt]
        alert = ok(await notifier.get(f"/v1/alerts/{listed['alert_id']}"))
        assert [(one["order_id"], one["slip_days"]) for one in alert["promises"]] == [(fresh, 5)]
        _, late_receipt, _ = await town.endangered()
        await eventually(lambda: _are(notifier, {late_receipt}, {late_receipt}), what="the log goes on from there")


async def _are(notifier: httpx.AsyncClient, refs: set[str], among: set[str]) -> bool:
    return set(await open_alerts(notifier)) & among == refs


async def test_the_snapshot_of_one_topic_tells_of_that_alone_with_where_it_goes_on(town: Town) -> None:
    order_id, receipt, _ = await town.endangered()
    answer = await town.shop.quote.get("/v1/snapshot", params={"topic": "quote.risk.v1"})
    head, *lines = [line for line in answer.text.splitlines() if line]
    assert '"topics":{"quote.risk.v1":{' in head
    mine = [line for line in lines if order_id in line]
    assert len(mine) == 1
    assert ("promise-at-risk" in mine[0], receipt in mine[0], day(8) in mine[0]) == (True, True, True)
    assert all('"type":"quote.risk.' in line for line in lines)
    assert (await town.shop.quote.get("/v1/snapshot", params={"topic": "quote.cheese.v1"})).status_code == 422
