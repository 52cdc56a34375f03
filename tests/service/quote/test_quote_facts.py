"""Facts are always booked: orders promised elsewhere, and goods that leave, told in any order."""

from deploy.local.broker import BrokerServer
from shared.broker import Broker, Message
from shared.contracts.inventory import TOPIC
from tests.contract.broker.parts import everything
from tests.service.quote.shop import Json, Shop, a_line, a_name, day, eventually, ok, refused


def told_line(sku: str, quantity: float, offset: int = 0, site: str = "HAM", line_ref: str = "10") -> Json:
    return {"line_ref": line_ref, "sku": sku, "site": site, "quantity": quantity, "promised_date": day(offset)}


async def shipped(shop: Shop, order_id: str, quantity: float, line: int = 0) -> Json:
    """Wait until the order says that so much has left."""

    async def known() -> Json | None:
        order = await shop.read(order_id)
        return order if order["lines"][line]["shipped_quantity"] == quantity else None

    found: Json = await eventually(known, what=f"the shipment of {quantity} for {order_id}")
    return found


async def test_the_published_atp_example(shop: Shop) -> None:
    """On hand 20; demand 3 on day 1 and 15 on day 4; supply 10 on day 3, 1 on day 5, 3 on day 6 (promising.md § 2)."""
    sku = await shop.stocked(20, {2: 10, 4: 1, 5: 3})
    await shop.told(told_line(sku, 3, 0), told_line(sku, 15, 3, line_ref="20"))
    days = (await shop.book(sku, from_date=day(0), to_date=day(6)))["days"]
    assert [each["projected"] for each in days] == [17, 17, 27, 12, 13, 16, 16]
    assert [each["atp"] for each in days] == [12, 12, 12, 12, 13, 16, 16]
    assert [(await shop.ask(a_line(sku, quantity)))["lines"][0]["promised_date"] for quantity in (12, 13, 14, 16, 17)] == [
        day(0),
        day(4),
        day(5),
        day(5),
        None,
    ]


async def test_looking_ahead_does_not_stop_at_the_next_receipt(shop: Shop) -> None:
    """On hand 10; receipts 0,0,6,0; demand 0,5,0,11: the textbook recursion offers 5 today, the truth is 0 (promising.md § 2)."""
    sku = await shop.stocked(10, {2: 6})
    await shop.told(told_line(sku, 5, 1), told_line(sku, 11, 3, line_ref="20"))
    assert await shop.atp(sku) == 0
    assert (await shop.ask(a_line(sku, 1)))["outcome"] == "none"


async def test_an_order_promised_elsewhere_is_booked_into_the_negative(shop: Shop) -> None:
    sku = await shop.stocked(10)
    told = await shop.told(told_line(sku, 25, 2), customer="ACME", priority=3)
    assert (told["outcome"], told["revision"], told["errors"]) == ("created", 1, [])
    order = await shop.read(told["order_id"])
    assert (order["promised_elsewhere"], order["customer"], order["priority"], order["quote_id"]) == (True, "ACME", 3, None)
    assert (order["lines"][0]["promised_date"], order["lines"][0]["requested_date"]) == (day(2), day(2))
    book = await shop.book(sku, from_date=day(0), to_date=day(2))
    assert [(each["projected"], each["atp"]) for each in book["days"]] == [(10, -15), (10, -15), (-15, -15)]
    assert [(claim["kind"], claim["quantity"]) for claim in book["days"][2]["claims"]] == [("requirement", 25)]
    assert (await shop.ask(a_line(sku, 1)))["outcome"] == "none"


async def test_the_same_import_twice_changes_nothing_and_a_changed_one_replaces_it(shop: Shop) -> None:
    sku, number = await shop.stocked(10), a_name("SAP")
    first = await shop.told(told_line(sku, 4), external_id=number, source_system="SAP")
    again = await shop.told(told_line(sku, 4), external_id=number, source_system="SAP")
    assert (again["outcome"], again["order_id"], again["revision"]) == ("unchanged", first["order_id"], 1)
    assert await shop.atp(sku) == 6
    changed = await shop.told(told_line(sku, 6, 3), external_id=number, source_system="SAP")
    assert (changed["outcome"], changed["order_id"], changed["revision"]) == ("changed", first["order_id"], 2)
    assert (await shop.read(first["order_id"]))["lines"][0]["times_moved"] == 1
    assert await shop.atp(sku) == 4
    other = await shop.told(told_line(sku, 1), external_id=number, source_system="MES")
    assert (other["outcome"], await shop.atp(sku)) == ("created", 3)
    gone = await shop.told(told_line(sku, 1, line_ref="20"), external_id=number, source_system="SAP")
    assert gone["outcome"] == "changed"
    assert [line["status"] for line in (await shop.read(first["order_id"]))["lines"]] == ["confirmed", "cancelled"]
    assert await shop.atp(sku) == 8


async def test_an_import_answers_each_order_for_itself(shop: Shop) -> None:
    sku, number = await shop.stocked(10), a_name("SAP")
    orders = [{"external_id": name, "lines": [told_line(sku, 1)]} for name in (number, a_name("SAP"), number)]
    results = ok(await shop.quote.post("/v1/orders/import", json={"orders": orders}))["data"]
    assert [result["outcome"] for result in results] == ["created", "created", "failed"]
    assert results[2]["errors"][0]["pointer"] == "/orders/2/external_id"
    assert await shop.atp(sku) == 8


async def test_an_order_promised_elsewhere_is_changed_there_but_may_be_cancelled_here(shop: Shop) -> None:
    sku = await shop.stocked(10)
    order_id = (await shop.told(told_line(sku, 4)))["order_id"]
    refused(await shop.amend(order_id, {"line_ref": "10", "quantity": 3}), 409, "PROMISED_ELSEWHERE")
    assert ok(await shop.quote.post(f"/v1/orders/{order_id}/cancel"))["status"] == "cancelled"
    assert await shop.atp(sku) == 10


async def test_a_shipment_takes_stock_and_claim_together(shop: Shop) -> None:
    sku = await shop.stocked(20)
    order_id = (await shop.order(a_line(sku, 8, line_ref="10")))["order_id"]
    await shop.ship(order_id, "10", sku, 5)
    order = await shipped(shop, order_id, 5)
    assert (order["status"], order["lines"][0]["status"], order["lines"][0]["actual_date"]) == ("partly_shipped", "partly_shipped", None)
    assert order["lines"][0]["deliveries"][0]["open_quantity"] == 3
    book = await shop.heard(sku)
    assert (book["on_hand"], book["days"][0]["atp"], book["days"][0]["claims"][0]["quantity"]) == (15, 12, 3)
    await shop.ship(order_id, "10", sku, 3)
    order = await shipped(shop, order_id, 8)
    assert (order["status"], order["lines"][0]["actual_date"]) == ("shipped", day(0))
    book = await shop.heard(sku)
    assert (book["on_hand"], book["days"][0]["atp"], book["days"][0]["claims"]) == (12, 12, [])
    refused(await shop.quote.post(f"/v1/orders/{order_id}/cancel"), 409, "ALREADY_SHIPPED")


async def test_more_than_promised_leaves_no_claim_and_takes_the_rest_from_stock(shop: Shop) -> None:
    sku = await shop.stocked(20)
    order_id = (await shop.order(a_line(sku, 8, line_ref="10")))["order_id"]
    await shop.ship(order_id, "10", sku, 11)
    assert (await shipped(shop, order_id, 11))["status"] == "shipped"
    book = await shop.heard(sku)
    assert (book["on_hand"], book["days"][0]["atp"], book["days"][0]["claims"]) == (9, 9, [])


async def test_a_line_closed_short_gives_its_rest_back(shop: Shop) -> None:
    sku = await shop.stocked(20)
    order_id = (await shop.order(a_line(sku, 8, line_ref="10")))["order_id"]
    await shop.ship(order_id, "10", sku, 6, closes=True)
    order = await shipped(shop, order_id, 6)
    assert (order["status"], order["lines"][0]["status"], order["lines"][0]["actual_date"]) == ("closed_short", "closed_short", day(0))
    assert await shop.atp(sku) == 14


async def test_goods_from_another_site_consume_the_line_wherever_it_was_promised(shop: Shop) -> None:
    sku = await shop.stocked(10)
    await shop.stocked(10, site="MUC", sku=sku)
    order_id = (await shop.order(a_line(sku, 8, line_ref="10", sites=["HAM"])))["order_id"]
    await shop.ship(order_id, "10", sku, 8, site="MUC")
    assert (await shipped(shop, order_id, 8))["status"] == "shipped"
    await shop.heard(sku, "MUC")
    assert (await shop.atp(sku), await shop.atp(sku, site="MUC")) == (10, 2)


async def test_an_issue_that_names_no_order_leaves_every_claim(shop: Shop) -> None:
    sku = await shop.stocked(10)
    await shop.order(a_line(sku, 8))
    await shop.move("issue", sku, 5)
    await shop.heard(sku)
    assert await shop.atp(sku) == -3


async def test_goods_that_left_before_their_order_was_told_count_once_it_is(shop: Shop) -> None:
    sku, number = await shop.stocked(20), a_name("SAP")
    await shop.ship(number, "10", sku, 5)
    await shop.heard(sku)
    told = await shop.told(told_line(sku, 8), external_id=number)
    order = await shop.read(told["order_id"])
    assert (order["lines"][0]["shipped_quantity"], order["lines"][0]["status"]) == (5, "partly_shipped")
    assert await shop.atp(sku) == 12
    await shop.ship(number, "10", sku, 3)
    assert (await shipped(shop, told["order_id"], 8))["status"] == "shipped"
    await shop.heard(sku)
    assert await shop.atp(sku) == 12


async def test_goods_told_under_the_order_s_id_and_under_its_other_number_count_together(shop: Shop) -> None:
    sku, number = await shop.stocked(20), a_name("CRM")
    order_id = (await shop.order(a_line(sku, 8, line_ref="10"), external_id=number))["order_id"]
    await shop.ship(order_id, "10", sku, 3)
    await shipped(shop, order_id, 3)
    await shop.ship(number, "10", sku, 2)
    await shipped(shop, order_id, 5)
    await shop.heard(sku)
    assert await shop.atp(sku) == 12
    await shop.ship(order_id, "10", sku, 1)
    await shop.ship(number, "10", sku, 2)
    assert (await shipped(shop, order_id, 8))["status"] == "shipped"
    await shop.heard(sku)
    assert await shop.atp(sku) == 12


async def test_an_order_told_again_keeps_what_left_under_either_name(shop: Shop) -> None:
    sku, number = await shop.stocked(20), a_name("SAP")
    order_id = (await shop.told(told_line(sku, 8), external_id=number))["order_id"]
    await shop.ship(order_id, "10", sku, 3)
    await shop.ship(number, "10", sku, 2)
    await shipped(shop, order_id, 5)
    assert (await shop.told(told_line(sku, 9, 2), external_id=number))["outcome"] == "changed"
    await shop.ship(number, "10", sku, 1)
    await shipped(shop, order_id, 6)
    await shop.heard(sku)
    assert await shop.atp(sku, 2) == 11


async def test_goods_that_left_for_a_number_of_two_systems_are_given_to_one_order_at_most(shop: Shop) -> None:
    sku, number = await shop.stocked(20), a_name("NR")
    await shop.ship(number, "10", sku, 5)
    await shop.heard(sku)
    first = await shop.told(told_line(sku, 8), external_id=number, source_system="SAP")
    second = await shop.told(told_line(sku, 7), external_id=number, source_system="MES")
    again = await shop.told(told_line(sku, 7, 1), external_id=number, source_system="MES")
    assert again["outcome"] == "changed"
    left = [(await shop.read(one["order_id"]))["lines"][0]["shipped_quantity"] for one in (first, second)]
    assert left == [5, 0]
    assert await shop.atp(sku, 1) == 20 - 5 - 3 - 7


async def test_of_two_orders_of_one_number_in_one_import_only_one_gets_what_had_left(shop: Shop) -> None:
    sku, number = await shop.stocked(20), a_name("NR")
    await shop.ship(number, "10", sku, 5)
    await shop.heard(sku)
    orders = [{"external_id": number, "source_system": system, "lines": [told_line(sku, 8)]} for system in ("SAP", "MES")]
    results = ok(await shop.quote.post("/v1/orders/import", json={"orders": orders}))["data"]
    left = [(await shop.read(one["order_id"]))["lines"][0]["shipped_quantity"] for one in results]
    assert left == [5, 0]


async def test_a_cancelled_order_does_not_stop_its_goods(shop: Shop) -> None:
    sku = await shop.stocked(20)
    order_id = (await shop.order(a_line(sku, 8, line_ref="10")))["order_id"]
    ok(await shop.quote.post(f"/v1/orders/{order_id}/cancel"))
    await shop.ship(order_id, "10", sku, 8)
    await shop.heard(sku)
    assert await shop.atp(sku) == 12
    assert (await shop.read(order_id))["status"] == "cancelled"


async def test_what_was_shipped_stays_when_an_order_is_changed_or_cancelled(shop: Shop) -> None:
    sku = await shop.stocked(20)
    order_id = (await shop.order(a_line(sku, 8, line_ref="10")))["order_id"]
    await shop.ship(order_id, "10", sku, 3)
    await shipped(shop, order_id, 3)
    await shop.heard(sku)
    problem = refused(await shop.amend(order_id, {"line_ref": "10", "quantity": 2}), 409, "ALREADY_SHIPPED")
    assert problem["shipped_quantity"] == 3
    amended = ok(await shop.amend(order_id, {"line_ref": "10", "quantity": 10}))
    assert (amended["lines"][0]["status"], await shop.atp(sku)) == ("partly_shipped", 10)
    cancelled = ok(await shop.quote.post(f"/v1/orders/{order_id}/cancel"))
    assert (cancelled["status"], cancelled["lines"][0]["shipped_quantity"]) == ("closed_short", 3)
    assert await shop.atp(sku) == 17


async def test_events_that_come_twice_or_late_change_nothing(shop: Shop, shop_broker: BrokerServer) -> None:
    sku = await shop.stocked(10)
    await shop.move("issue", sku, 3)
    await shop.heard(sku)
    before = await shop.book(sku)
    async with Broker(shop_broker.bootstrap, "test") as broker:
        mine = [record for record in await everything(broker, TOPIC) if record.key == f"{sku}|HAM".encode()]
        assert len(mine) >= 2
        for repeats in (mine[:-1], mine):
            await broker.send([Message(one.topic, one.key, one.value, one.headers, one.partition) for one in repeats])
            await heard_until(shop, sku, (await shop.book(sku))["as_of"])
            after = await shop.book(sku)
            assert (after["on_hand"], after["version"]) == (7, before["version"])


async def heard_until(shop: Shop, sku: str, instant: str) -> None:
    """Wait for a heartbeat behind everything that was in the topic at that instant, on every partition."""

    async def heard() -> bool:
        return bool((await shop.book(sku))["inputs"][0]["as_of"] > instant)

    await eventually(heard, what="a later heartbeat on every partition")


async def test_an_arrival_is_stock_at_once_and_no_longer_to_come(shop: Shop) -> None:
    sku = await shop.item()
    receipt = await shop.order_supply(sku, 10, 5)
    await shop.stocked(0, sku=sku)
    await shop.move("arrival", sku, 4, receipt_id=receipt)
    await shop.heard(sku)
    assert (await shop.atp(sku), await shop.atp(sku, 5)) == (4, 10)
    await shop.move("arrival", sku, 8, receipt_id=receipt)
    await shop.heard(sku)
    assert (await shop.atp(sku), await shop.atp(sku, 5)) == (12, 12)


async def test_a_late_receipt_counts_from_tomorrow_and_not_at_all_when_nobody_expects_it_any_more(shop: Shop) -> None:
    sku = await shop.stocked(0, {-3: 7})
    assert (await shop.atp(sku), await shop.atp(sku, 1)) == (0, 7)
    await shop.order_supply(sku, 50, -31)
    await shop.count(sku, 1)

    async def counted() -> bool:
        return bool((await shop.book(sku))["on_hand"] == 1)

    await eventually(counted)
    assert await shop.atp(sku, 90) == 8
