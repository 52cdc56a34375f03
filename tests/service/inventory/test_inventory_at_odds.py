"""What inventory does when the broker is away, when it starts anew, and what it hears of orders."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import uuid4

import asyncpg
import pytest

from shared.broker import Broker, TopicSpec, to_message
from shared.broker.cloudevents import Outgoing
from shared.contracts.quote import ORDERS_TOPIC, LineStatus, OrderEvent, OrderLineState
from tests.running import RunningBroker, RunningService, ServiceStarter
from tests.service.inventory.inventory_caller import Caller, Ear, a_sku


@pytest.fixture
async def broker(kafka: str) -> AsyncIterator[Broker]:
    async with Broker(kafka, "stands for quote") as sender:
        yield sender


def an_order(order_id: str, revision: int, **lines: LineStatus) -> OrderEvent:
    """Return what quote says of an order; lines by their refs."""
    day = date(2026, 12, 1)
    return OrderEvent(
        revision=revision,
        occurred_at=datetime(2026, 11, 21, tzinfo=UTC),
        order_id=order_id,
        status="confirmed",
        lines=tuple(
            OrderLineState(
                line_ref=ref,
                sku="X",
                quantity=Decimal(5),
                requested_date=day,
                first_promised_date=day,
                promised_date=day,
                status=status,
                shipped_quantity=Decimal(0),
            )
            for ref, status in lines.items()
        ),
    )


async def say(broker: Broker, kind: str, order: OrderEvent) -> None:
    await broker.ensure_topics([TopicSpec(ORDERS_TOPIC, 1)])
    event = Outgoing(
        uuid4(), ORDERS_TOPIC, order.order_id, f"quote.orders.{kind}.v1", order.order_id, order.model_dump_json(), order.occurred_at
    )
    await broker.send([to_message(event, "/pledge/quote")])


async def heard(database: str, order_id: str, revision: int) -> None:
    """Return when inventory has taken the order over."""
    connection = await asyncpg.connect(database)
    deadline = time.monotonic() + 20
    try:
        while not await connection.fetchval(
            "SELECT count(*) FROM inventory.order_line WHERE order_id = $1 AND revision = $2", order_id, revision
        ):
            assert time.monotonic() < deadline, f"{order_id} was never heard"
            await asyncio.sleep(0.05)
    finally:
        await connection.close()


async def test_shipments_of_open_lines_are_repeated_until_the_line_is_done(call: Caller, ear: Ear, broker: Broker, database: str) -> None:
    sku = a_sku()
    await call.move("issue", sku, 1, order_id=f"ord-{sku}", line_ref="early")
    await say(broker, "order-promised", an_order(f"ord-{sku}", 1, early="confirmed", open="confirmed"))
    await heard(database, f"ord-{sku}", 1)
    await call.move("issue", sku, 2, order_id=f"ord-{sku}", line_ref="open")
    await call.move("issue", sku, 1, order_id="ord-foreign", line_ref="1")
    await call.count(sku, 50)
    said = await ear.positions(f"{sku}|HAM", 4)
    assert [[line.line_ref for line in event.positions[0].shipped] for event in said] == [
        ["early"],
        ["early", "open"],
        ["early", "open", "1"],
        ["early", "open"],
    ]
    await say(broker, "order-shipped", an_order(f"ord-{sku}", 3, early="shipped", open="partly_shipped"))
    await say(broker, "order-amended", an_order(f"ord-{sku}", 2, early="confirmed", open="cancelled"))
    await heard(database, f"ord-{sku}", 3)
    await call.count(sku, 51)
    assert [line.line_ref for line in (await ear.positions(f"{sku}|HAM", 5))[-1].positions[0].shipped] == ["open"]


async def test_stock_is_booked_while_the_broker_is_away_and_said_when_it_is_back(
    call: Caller, started_broker: RunningBroker, service: RunningService, kafka: str
) -> None:
    sku = a_sku()
    await call.move("arrival", sku, 1)
    started_broker.stop()
    try:
        for _ in range(20):
            await call.move("arrival", sku, 1)
        assert (await call.get("/v1/snapshot")).status_code == 503
        assert (await call.get("/livez")).status_code == 200
    finally:
        started_broker.start()
    async with await Ear.open(kafka) as ear:
        said = await ear.positions(f"{sku}|HAM", 21)
    assert [event.revision for event in said] == list(range(1, 22))


async def test_a_second_process_books_beside_the_first_and_a_restart_finds_everything(
    call: Caller, a_service: ServiceStarter, kafka: str
) -> None:
    sku = a_sku()
    second = await a_service("inventory")
    async with Caller(base_url=second.url, headers=second.headers, timeout=30) as other:
        await asyncio.gather(*(each.move("arrival", sku, 1) for each in (call, other) for _ in range(20)))
        assert (await other.stock(sku))["on_hand"] == 40
        assert await second.stop() == 0
    second.start()
    await second.wait_ready()
    async with Caller(base_url=second.url, headers=second.headers, timeout=30) as other, await Ear.open(kafka) as ear:
        assert (await other.stock(sku))["revision"] == 40
        said = await ear.positions(f"{sku}|HAM", 40)
        assert [event.revision for event in said] == list(range(1, 41))
