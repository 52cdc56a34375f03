"""The main job end to end: stock and receipts go in, travel as events, are quoted, held, confirmed and shipped; also past an outage.

On the embedded broker, and on Apache Kafka where Java and Maven are there.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import httpx
import pytest

from deploy.local.broker import BrokerServer
from deploy.local.kafka_server import KafkaMissingError, KafkaServer
from shared.broker import Broker, from_record
from shared.contracts.quote import EVENTS, ORDERS_TOPIC, OrderEvent
from tests.contract.broker.parts import everything
from tests.running import RunningPostgres, ServiceStarter, Workplace
from tests.service.quote.shop import Json, Shop, a_line, dates, day, eventually, ok, refused

Server = BrokerServer | KafkaServer
OUTAGE_SECONDS = 60.0 if os.environ.get("PLEDGE_HYPOTHESIS") == "soak" else 8.0
STALE_AFTER_SECONDS = "4"
PAUSE_SECONDS = 0.25
"""Between two orders, so that the traffic is a shop's and not a benchmark's."""


@pytest.fixture(scope="module", params=["embedded", pytest.param("apache", marks=pytest.mark.kafka)])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Give a broker of either make that this module may stop and start."""
    with Workplace() as directory:
        chosen: Server = BrokerServer(directory / "broker") if request.param == "embedded" else KafkaServer(directory / "broker")
        try:
            chosen.start()
        except KafkaMissingError as missing:
            pytest.skip(f"not run on Apache Kafka: {missing}")
        try:
            chosen.wait_ready()
            yield chosen
        finally:
            chosen.stop()


@pytest.fixture(scope="module")
async def shop(postgres: RunningPostgres, server: Server) -> AsyncIterator[Shop]:
    """Give quote and inventory on that broker, with a database of their own."""
    url = await postgres.create()
    with Workplace() as directory:
        async with ServiceStarter(url, server.bootstrap, directory) as start:
            quote, inventory = await asyncio.gather(
                start("quote", PLEDGE_QUOTE_STALE_AFTER_SECONDS=STALE_AFTER_SECONDS), start("inventory")
            )
            async with (
                httpx.AsyncClient(base_url=quote.url, headers=quote.headers, timeout=30) as asking,
                httpx.AsyncClient(base_url=inventory.url, headers=inventory.headers, timeout=30) as telling,
            ):
                found = Shop(asking, telling)
                await found.open_sites()
                yield found
    await postgres.drop(url)


async def test_one_sku_goes_from_stock_to_order(shop: Shop) -> None:
    sku = await shop.item()
    receipt = await shop.order_supply(sku, 80, 4)
    await shop.stocked(120, sku=sku)

    asked = await shop.ask(a_line(sku, 200, line_ref="10", requested_date=day(2)), customer="ACME")
    assert (asked["outcome"], dates(asked)) == ("late", [day(4)])
    held = await shop.hold(a_line(sku, 200, line_ref="10", requested_date=day(2)), customer="ACME")
    refused(await shop.try_hold(a_line(sku, 1)), 409, "CANNOT_PROMISE")
    order_id = ok(await shop.confirm(held["id"]))["order_id"]
    assert (await shop.read(order_id))["lines"][0]["promised_date"] == day(4)

    await shop.move("arrival", sku, 80, receipt_id=receipt)
    book = await shop.heard(sku)
    assert (book["on_hand"], book["days"][0]["atp"]) == (200, 0)
    await shop.ship(order_id, "10", sku, 200)

    async def gone() -> bool:
        return bool((await shop.read(order_id))["status"] == "shipped")

    await eventually(gone, what="the order being shipped")
    book = await shop.heard(sku)
    assert (book["on_hand"], book["days"][0]["atp"], book["days"][0]["claims"]) == (0, 0, [])
    order = (await shop.read(order_id))["lines"][0]
    assert (order["requested_date"], order["first_promised_date"], order["promised_date"], order["actual_date"], order["times_moved"]) == (
        day(2), day(4), day(4), day(0), 0,
    )  # fmt: skip


@dataclass
class Traffic:
    """Orders and arrivals, one after the other, until told to stop."""

    shop: Shop
    sku: str
    orders: list[str] = field(default_factory=list)
    arrived: int = 0
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        while not self.stop.is_set():
            self.orders.append((await self.shop.order(a_line(self.sku, 1, line_ref="10")))["order_id"])
            await self.shop.move("arrival", self.sku, 1)
            self.arrived += 1
            await asyncio.sleep(PAUSE_SECONDS)


async def waiting(shop: Shop) -> str:
    """What quote says of its broker."""
    checks = (await shop.quote.get("/readyz")).json()["checks"]
    found: str = next(check["detail"] for check in checks if check["name"] == "broker")
    return found


async def told(server: Server) -> list[OrderEvent]:
    """Every word about orders in the topic, in its order."""
    async with Broker(server.bootstrap, "journey") as broker:
        records = await everything(broker, ORDERS_TOPIC)
    received = [from_record(record, EVENTS) for record in records]
    return [event.data for event in received if event is not None and isinstance(event.data, OrderEvent)]


async def test_while_the_broker_is_away_orders_go_on_and_afterwards_everything_arrives(shop: Shop, server: Server) -> None:
    sku = await shop.stocked(1000)
    traffic = Traffic(shop, sku)
    async with asyncio.TaskGroup() as group:
        group.create_task(traffic.run())
        await eventually(lambda: asyncio.sleep(0, len(traffic.orders) >= 3), what="the first orders")
        await asyncio.to_thread(server.stop)
        before = len(traffic.orders)

        async def stale() -> bool:
            inputs: list[Json] = (await shop.ask(a_line(sku)))["inputs"]
            return bool(inputs[0]["stale"])

        await eventually(stale, what="an answer that says how old its supply is")
        await asyncio.sleep(OUTAGE_SECONDS)
        assert len(traffic.orders) > before + 3, "orders stopped with the broker"
        assert not (await waiting(shop)).startswith("0 events wait")
        assert (await shop.book(sku))["on_hand"] < 1000 + traffic.arrived, "supply came through without a broker"
        server.start()
        await asyncio.to_thread(server.wait_ready)
        after = len(traffic.orders)
        await eventually(lambda: asyncio.sleep(0, len(traffic.orders) >= after + 3), what="orders after the outage")
        traffic.stop.set()

    book = await shop.heard(sku)
    assert book["on_hand"] == 1000 + traffic.arrived
    assert book["days"][0]["atp"] == 1000 + traffic.arrived - len(traffic.orders)

    async def all_said() -> bool:
        return (await waiting(shop)).startswith("0 events wait")

    await eventually(all_said, within_seconds=60, what="the outbox being empty")
    heard = await told(server)
    assert {event.order_id for event in heard} >= set(traffic.orders), "an order was never told of"

    async def fresh() -> bool:
        return not await stale()

    await eventually(fresh, what="supply being heard of again")
