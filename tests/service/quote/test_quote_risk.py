"""Whose promise will not hold is told within moments: by what, until when, once; and told again when it is safe."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx
import orjson
import pytest

from deploy.local.broker import BrokerServer
from shared.broker import Broker
from shared.contracts.quote import RISK_TOPIC
from tests.contract.broker.parts import everything
from tests.running import RunningPostgres, RunningService, ServiceStarter, Workplace
from tests.service.quote.shop import Json, Shop, a_line, a_name, day, eventually, ok, today


async def line_of(shop: Shop, order_id: str, line: int = 0) -> Json:
    found: Json = (await shop.read(order_id))["lines"][line]
    return found


async def at_risk(shop: Shop, order_id: str, line: int = 0) -> Json:
    """Wait until the line is at risk; what is said of it."""

    async def known() -> Json | None:
        found = await line_of(shop, order_id, line)
        return found["risk"] if found["at_risk"] else None

    found: Json = await eventually(known, what=f"the risk of {order_id}")
    return found


async def safe(shop: Shop, order_id: str) -> None:
    async def known() -> bool:
        return (await line_of(shop, order_id))["at_risk"] is False

    await eventually(known, what=f"the recovery of {order_id}")


async def told(broker: BrokerServer, order_id: str) -> list[tuple[str, Json]]:
    """Everything that was said of an order's risk, in order; what a relay that was killed has sent twice has one id, and was said once."""
    async with Broker(broker.bootstrap, "tests") as reading:
        records = await everything(reading, RISK_TOPIC)
    said = {
        dict(record.headers)["ce_id"]: (dict(record.headers)["ce_type"].decode().split(".")[2], orjson.loads(record.value))
        for record in records
        if record.value is not None and record.key == order_id.encode()
    }
    return list(said.values())


async def say(broker: BrokerServer, order_id: str, *names: str) -> list[Json]:
    """Wait until just this was said of an order; the events."""

    async def known() -> list[tuple[str, Json]] | None:
        found = await told(broker, order_id)
        return found if len(found) >= len(names) else None

    found: list[tuple[str, Json]] = await eventually(known, what=f"{names} of {order_id}")
    assert [name for name, _ in found] == list(names), found
    assert [event["revision"] for _, event in found] == sorted({event["revision"] for _, event in found})
    return [event for _, event in found]


async def reschedule(shop: Shop, receipt: str, sku: str, quantity: float, offset: int) -> None:
    await shop.order_supply(sku, quantity, offset, receipt_id=receipt)


async def test_a_receipt_that_comes_later_endangers_who_stands_last(shop: Shop, shop_broker: BrokerServer) -> None:
    sku = await shop.item()
    receipt = await shop.order_supply(sku, 10, 2)
    await shop.stocked(5, sku=sku)
    first = (await shop.order(a_line(sku, 5), priority=1))["order_id"]
    last = (await shop.order(a_line(sku, 8, requested_date=day(2), unit_price="2.50", currency="EUR"), priority=5))["order_id"]
    assert ((await line_of(shop, first))["at_risk"], (await line_of(shop, last))["at_risk"]) == (False, False)
    await reschedule(shop, receipt, sku, 10, 7)
    said = await at_risk(shop, last)
    assert (said["projected_date"], said["slip_days"], said["unsupplied"], said["missed"]) == (day(7), 5, False, False)
    assert (said["cause"]["code"], said["cause"]["ref"]) == ("RECEIPT_RESCHEDULED", receipt)
    assert (await line_of(shop, first))["at_risk"] is False
    assert (await line_of(shop, last))["promised_date"] == day(2)
    (event,) = await say(shop_broker, last, "promise-at-risk")
    assert (event["value"], event["currency"], event["slip_days"], event["cause"]["ref"]) == (20, "EUR", 5, receipt)

    await reschedule(shop, receipt, sku, 10, 2)
    await safe(shop, last)
    await say(shop_broker, last, "promise-at-risk", "promise-recovered")
    assert await told(shop_broker, first) == []


async def test_lists_know_who_is_at_risk(shop: Shop) -> None:
    sku = await shop.stocked(10)
    kept = (await shop.order(a_line(sku, 4), priority=1))["order_id"]
    lost = (await shop.order(a_line(sku, 6), priority=2))["order_id"]
    await shop.count(sku, 5)
    await at_risk(shop, lost)
    for wanted, found in (("true", {lost}), ("false", {kept})):
        page = ok(await shop.quote.get("/v1/orders", params={"sku": sku, "at_risk": wanted}))["data"]
        assert {order["id"] for order in page} == found
        assert all(line["at_risk"] is (wanted == "true") for order in page for line in order["lines"])


async def test_an_order_promised_elsewhere_is_watched_like_ours(shop: Shop, shop_broker: BrokerServer) -> None:
    sku = await shop.stocked(10)
    body = {"line_ref": "10", "sku": sku, "site": "HAM", "quantity": 10, "promised_date": day(1)}
    order = (await shop.told(body, customer="ACME"))["order_id"]
    await shop.count(sku, 4)
    said = await at_risk(shop, order)
    assert (said["unsupplied"], said["projected_date"], said["cause"]["code"]) == (True, None, "STOCK_REDUCED")
    (event,) = await say(shop_broker, order, "promise-at-risk")
    assert (event["unsupplied"], event["customer"], event["sites"], event["cause"]["ref"]) == (True, "ACME", ["HAM"], "COUNT-1")


async def test_demand_of_others_endangers_ours(shop: Shop) -> None:
    sku = await shop.stocked(10)
    ours = (await shop.order(a_line(sku, 8), priority=50))["order_id"]
    theirs = (await shop.told({"line_ref": "1", "sku": sku, "site": "HAM", "quantity": 5, "promised_date": day(0)}, priority=1))["order_id"]
    said = await at_risk(shop, ours)
    assert (said["cause"]["code"], said["cause"]["ref"]) == ("DEMAND_BOOKED", theirs)
    assert (await line_of(shop, theirs))["at_risk"] is False


async def test_a_receipt_that_is_cut_leaves_somebody_without_supply(shop: Shop) -> None:
    sku = await shop.item()
    receipt = await shop.order_supply(sku, 10, 2)
    await shop.stocked(0, sku=sku)
    order = (await shop.order(a_line(sku, 10)))["order_id"]
    await reschedule(shop, receipt, sku, 6, 2)
    said = await at_risk(shop, order)
    assert (said["unsupplied"], said["cause"]["code"], said["cause"]["ref"]) == (True, "RECEIPT_REDUCED", receipt)


async def test_stock_that_was_blocked_names_the_movement(shop: Shop) -> None:
    sku = await shop.stocked(10, {4: 10})
    order = (await shop.order(a_line(sku, 10)))["order_id"]
    movement = a_name("WMS")
    await shop.move("block", sku, 3, movement_id=movement)
    said = await at_risk(shop, order)
    assert (said["cause"]["code"], said["cause"]["ref"], said["projected_date"]) == ("STOCK_REDUCED", movement, day(4))


async def test_goods_that_leave_before_their_date_endanger_who_was_to_have_them(shop: Shop) -> None:
    sku = await shop.stocked(5, {3: 10})
    waits = (await shop.order(a_line(sku, 10, requested_date=day(3))))["order_id"]
    today_s = (await shop.order(a_line(sku, 5)))["order_id"]
    await shop.ship(waits, "1", sku, 5)
    said = await at_risk(shop, today_s)
    assert (said["cause"]["code"], said["cause"]["summary"].split(":")[0]) == ("SHIPPED_EARLY", f"goods left for {waits}")
    assert (said["projected_date"], said["slip_days"]) == (day(3), 3)
    assert (await line_of(shop, waits))["at_risk"] is False


async def test_a_hold_that_no_longer_fits_is_confirmed_and_at_risk_at_once(shop: Shop) -> None:
    sku = await shop.stocked(10)
    held = (await shop.hold(a_line(sku, 10)))["id"]
    await shop.count(sku, 3)
    await shop.heard(sku)
    (line,) = ok(await shop.quote.get(f"/v1/quotes/{held}"))["lines"]
    assert (line["at_risk"], line["reasons"][-1]["code"], line["promised_date"]) == (True, "BOOK_SHORT", day(0))
    confirmed = ok(await shop.confirm(held))
    assert (confirmed["lines"][0]["at_risk"], "at risk" in confirmed["summary"]) == (True, True)
    order = confirmed["order_id"]
    said = await at_risk(shop, order)
    assert (said["unsupplied"], said["cause"]["code"]) == (True, "STOCK_REDUCED")


async def test_what_is_cancelled_or_shipped_is_no_longer_at_risk_and_nothing_is_said_of_it(shop: Shop, shop_broker: BrokerServer) -> None:
    sku = await shop.stocked(10)
    orders = [(await shop.order(a_line(sku, 5), priority=n))["order_id"] for n in (1, 2)]
    await shop.count(sku, 0)
    for order in orders:
        await at_risk(shop, order)
    ok(await shop.quote.post(f"/v1/orders/{orders[0]}/cancel"))
    assert (await line_of(shop, orders[0]))["at_risk"] is False
    await shop.ship(orders[1], "1", sku, 5)
    await safe(shop, orders[1])
    assert ok(await shop.quote.get("/v1/orders", params={"sku": sku, "at_risk": "true"}))["data"] == []
    await asyncio.sleep(0.5)
    for order in orders:
        await say(shop_broker, order, "promise-at-risk")


async def test_a_date_that_has_passed_is_missed_once(shop: Shop, shop_broker: BrokerServer) -> None:
    sku = await shop.stocked(10)
    order = (await shop.told({"line_ref": "1", "sku": sku, "site": "HAM", "quantity": 5, "promised_date": day(-3)}))["order_id"]
    said = await at_risk(shop, order)
    assert (said["missed"], said["projected_date"], said["slip_days"]) == (True, day(0), 3)
    await shop.count(sku, 4)
    await shop.heard(sku)
    await shop.count(sku, 10)
    await shop.heard(sku)
    await asyncio.sleep(0.5)
    await say(shop_broker, order, "promise-missed")


async def test_midnight_alone_endangers_what_waits_for_an_overdue_receipt_and_misses_what_was_due(shop: Shop) -> None:
    """A site that moves from the last time zone to the first has its next day at once."""
    site = a_name("ISLE")
    ok(await shop.inventory.put(f"/v1/sites/{site}", json={"name": site, "time_zone": "Etc/GMT+12"}))
    here = datetime.now(UTC) - timedelta(hours=12)  # noqa: TID251 -- the clock on the wall there
    offset = (here.date() - today()).days
    sku = await shop.item()
    receipt = await shop.order_supply(sku, 10, offset, site)
    await shop.stocked(1, sku=sku, site=site)
    due = (await shop.order(a_line(sku, 1, requested_date=day(offset))))["order_id"]
    waits = (await shop.order(a_line(sku, 10, requested_date=day(offset + 1))))["order_id"]
    assert not any([(await line_of(shop, order))["at_risk"] for order in (due, waits)])
    ok(await shop.inventory.put(f"/v1/sites/{site}", json={"name": site, "time_zone": "Etc/GMT-12"}))
    said = await at_risk(shop, waits)
    assert (said["cause"]["code"], said["cause"]["ref"], said["missed"]) == ("RECEIPT_OVERDUE", receipt, False)
    assert (said["projected_date"], said["slip_days"]) == (day(offset + 2), 1)
    assert (await at_risk(shop, due))["missed"] is True


async def test_what_can_be_used_later_than_before_is_late(shop: Shop) -> None:
    sku = await shop.item()
    await shop.order_supply(sku, 10, 2)
    await shop.stocked(0, sku=sku)
    order = (await shop.order(a_line(sku, 10, requested_date=day(2))))["order_id"]
    await shop.item(sku, dock_to_stock_days=3)
    said = await at_risk(shop, order)
    assert (said["cause"]["code"], said["cause"]["ref"], said["projected_date"]) == ("MASTER_DATA_CHANGED", sku, day(5))
    await shop.item(sku, dock_to_stock_days=0)
    await safe(shop, order)


async def test_a_carrier_that_needs_longer_than_before_makes_what_was_promised_late(shop: Shop) -> None:
    site, lane = a_name("SITE"), a_name("LANE")
    ok(await shop.inventory.put(f"/v1/sites/{site}", json={"name": site, "time_zone": "UTC"}))
    ok(await shop.inventory.put(f"/v1/lanes/{lane}", json={"from_site": site, "to": "DE", "transit_days": 1}))
    sku = await shop.stocked(10, site=site)
    line = a_line(sku, 10, sites=[site], ship_to="DE", requested_date=day(3))

    async def known() -> bool:
        return bool((await shop.ask(line))["lines"][0]["promised_date"] == day(3))

    await eventually(known, what="the lane")
    order = (await shop.order(line))["order_id"]
    ok(await shop.inventory.put(f"/v1/lanes/{lane}", json={"from_site": site, "to": "DE", "transit_days": 4}))
    said = await at_risk(shop, order)
    assert (said["cause"]["code"], said["cause"]["ref"], said["projected_date"], said["slip_days"]) == (
        "MASTER_DATA_CHANGED",
        lane,
        day(6),
        3,
    )
    ok(await shop.inventory.put(f"/v1/lanes/{lane}", json={"from_site": site, "to": "DE", "transit_days": 1}))
    await safe(shop, order)


async def test_a_class_that_comes_first_by_now_is_served_first_and_the_other_is_told(shop: Shop) -> None:
    classes = {name: a_name(name) for name in ("gold", "silver")}
    for rank, name in enumerate(classes.values()):
        ok(await shop.quote.put(f"/v1/classes/{name}", json={"rank": 10 + rank}))
    sku = await shop.stocked(10)
    gold, silver = [(await shop.order(a_line(sku, 5), demand_class=name))["order_id"] for name in classes.values()]
    await shop.count(sku, 5)
    await at_risk(shop, silver)
    ok(await shop.quote.put(f"/v1/classes/{classes['silver']}", json={"rank": 1}))
    await at_risk(shop, gold)
    await safe(shop, silver)


async def test_it_is_told_at_once(shop: Shop) -> None:
    sku = await shop.stocked(10)
    order = (await shop.order(a_line(sku, 10)))["order_id"]
    began = time.monotonic()
    await shop.count(sku, 3)
    await at_risk(shop, order)
    assert time.monotonic() - began < 2.0  # from the count in inventory over the broker to our answer; alone it takes a tenth of that


@dataclass
class Company:
    """Two processes of quote on one database, with an inventory and a capacity of their own."""

    shop: Shop
    """Asks the first process."""
    other: Shop
    first: RunningService
    capacity: httpx.AsyncClient
    broker: BrokerServer
    database_url: str


@pytest.fixture(scope="module")
async def company(postgres: RunningPostgres) -> AsyncIterator[Company]:
    url = await postgres.create()
    with Workplace() as directory:
        broker = BrokerServer(directory / "broker")
        broker.start()
        broker.wait_ready()
        try:
            async with ServiceStarter(url, broker.bootstrap, directory) as start:
                first, second, inventory, capacity = await asyncio.gather(
                    start("quote"), start("quote"), start("inventory"), start("capacity")
                )
                clients = [
                    httpx.AsyncClient(base_url=one.url, headers=one.headers, timeout=30) for one in (first, second, inventory, capacity)
                ]
                shop, other = Shop(clients[0], clients[2]), Shop(clients[1], clients[2])
                await shop.open_sites()
                yield Company(shop, other, first, clients[3], broker, url)
                await asyncio.gather(*(client.aclose() for client in clients))
        finally:
            broker.stop()
    await postgres.drop(url)


async def test_of_two_processes_each_state_is_told_by_one(company: Company) -> None:
    shop, other = company.shop, company.other
    skus = [await shop.stocked(10) for _ in range(4)]
    orders = []
    for sku in skus:
        await other.heard(sku)
        orders += [(await one.order(a_line(sku, 2)))["order_id"] for one in (shop, other, shop, other, shop)]
    await asyncio.gather(*(shop.count(sku, 0) for sku in skus))
    for order in orders:
        await at_risk(other, order)
    await asyncio.gather(*(shop.count(sku, 10) for sku in skus))
    for order in orders:
        await safe(other, order)
    await asyncio.sleep(1.0)
    for order in orders:
        await say(company.broker, order, "promise-at-risk", "promise-recovered")


async def test_a_process_that_dies_before_it_has_looked_leaves_it_to_the_other(company: Company) -> None:
    """While a lock keeps everybody from looking, the process that has heard of the loss is killed."""
    shop, other = company.shop, company.other
    sku = await other.stocked(10)
    order = (await other.order(a_line(sku, 10)))["order_id"]
    connection = await asyncpg.connect(company.database_url)
    await connection.execute("SELECT pg_advisory_lock(hashtextextended('risk', 0))")
    await shop.count(sku, 1)
    await other.heard(sku)
    await asyncio.sleep(0.3)
    assert (await line_of(other, order))["at_risk"] is False
    company.first.kill()
    await connection.close()
    assert (await at_risk(other, order))["cause"]["code"] == "STOCK_REDUCED"
    company.first.start()
    await company.first.wait_ready()
    await asyncio.sleep(1.0)
    await say(company.broker, order, "promise-at-risk")


async def test_what_cannot_be_looked_at_holds_up_nothing(company: Company) -> None:
    connection = await asyncpg.connect(company.database_url)
    await connection.execute("""INSERT INTO quote.risk_due (kind, key, cause) VALUES ('book', 'ODD|HAM', '{"odd": 1}')""")
    sku = await company.shop.stocked(10)
    order = (await company.shop.order(a_line(sku, 10)))["order_id"]
    await company.shop.count(sku, 1)
    await at_risk(company.shop, order)
    assert await connection.fetchval("DELETE FROM quote.risk_due WHERE key = 'ODD|HAM' RETURNING key") == "ODD|HAM"  # it is not lost either
    await connection.close()


async def test_killed_again_and_again_the_processes_lose_no_alert_and_tell_none_twice(company: Company) -> None:
    shop, other = company.shop, company.other
    skus = [await other.stocked(10) for _ in range(5)]
    orders = [(await other.order(a_line(sku, 10)))["order_id"] for sku in skus]
    for left, wait_seconds in ((0, 0.03), (10, 0.06), (3, 0.1), (10, 0.15)):
        await asyncio.gather(*(shop.count(sku, left) for sku in skus))
        await asyncio.sleep(wait_seconds)
        company.first.kill()
        for order in orders:
            await (at_risk(other, order) if left < 10 else safe(other, order))
        company.first.start()
        await company.first.wait_ready()
    await asyncio.sleep(1.0)
    for order in orders:
        await say(company.broker, order, *["promise-at-risk", "promise-recovered"] * 2)


async def test_a_customer_who_receives_on_other_days_is_told_when_it_comes_then(company: Company) -> None:
    """Asked at a company with calendars: every day was a receiving day, now one in eight days is."""
    shop, customer, site, lane = company.shop, a_name("CUST"), a_name("SITE"), a_name("LANE")
    seldom = a_name("CAL")
    week = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), 0)
    open_on = {"date": day(8), "minutes": 480}
    ok(await company.capacity.put(f"/v1/calendars/{seldom}", json={"name": "seldom", "weekly": week, "exceptions": [open_on]}))
    ok(await shop.inventory.put(f"/v1/sites/{site}", json={"name": site, "time_zone": "UTC"}))
    ok(await shop.inventory.put(f"/v1/lanes/{lane}", json={"from_site": site, "to": "DE", "transit_days": 1}))
    ok(await shop.quote.put(f"/v1/customers/{customer}", json={"name": customer}))
    sku = await shop.stocked(10, site=site)
    line = a_line(sku, 10, sites=[site], ship_to="DE", requested_date=day(3))

    async def known() -> bool:
        return bool((await shop.ask(line, customer=customer))["lines"][0]["promised_date"] == day(3))

    await eventually(known, what="the lane")
    order = (await shop.order(line, customer=customer))["order_id"]
    ok(await shop.quote.put(f"/v1/customers/{customer}", json={"name": customer, "calendar": seldom}))
    said = await at_risk(shop, order)
    assert (said["cause"]["code"], said["projected_date"]) == ("MASTER_DATA_CHANGED", day(8))
    ok(await shop.quote.put(f"/v1/customers/{customer}", json={"name": customer}))
    await safe(shop, order)


async def test_downtime_of_a_resource_endangers_what_is_made_on_it(company: Company) -> None:
    shop, saw = company.shop, a_name("SAW")
    sku, part = await shop.item(), await shop.stocked(100)
    weekly = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), 480)
    calendar = a_name("SHIFT")

    async def put(path: str, body: Json) -> None:
        ok(await company.capacity.put(f"/v1/{path}", json=body))

    await put(f"calendars/{calendar}", {"name": "one shift", "weekly": weekly})
    await put(f"resources/{saw}", {"name": "saw", "site": "HAM", "calendar": calendar})
    await put(f"boms/{sku}", {"components": [{"component": part, "quantity_per": 2}]})
    operation = {"sequence": 10, "name": "saw", "minutes_per_unit": 40, "resources": [{"resource": saw}]}
    await put(f"routings/{sku}", {"operations": [operation]})

    async def makeable() -> bool:
        planned = (await shop.ask(a_line(sku, 10, sites=["HAM"], requested_date=day(5))))["planned_supply"]
        return any(load["resource"] == saw for plan in planned for load in plan["load"])

    await eventually(makeable, what=f"the routing of {sku}")
    answer = await shop.order(a_line(sku, 10, sites=["HAM"], requested_date=day(5)))
    order, plan = answer["order_id"], answer["planned_supply"][0]
    load = ok(await shop.quote.get("/v1/load", params={"resource": saw}))
    busy = [one["date"] for one in load["days"] if one["claimed_minutes"]]
    assert (await line_of(shop, order))["at_risk"] is False
    for offset in range(8):
        down = {"minutes": 0, "reason": "repair", "document": "M-1"}
        await put(f"resources/{saw}/exceptions/{day(offset)}", down)
    said = await at_risk(shop, order)
    assert (said["cause"]["code"], said["cause"]["ref"], said["cause"]["resource"]) == ("CAPACITY_REDUCED", saw, saw), (busy, plan)

    async def late() -> bool:
        risk = (await line_of(shop, order))["risk"]
        return risk is not None and risk["projected_date"] == day(9)

    await eventually(late, what="the first day after the repair and what was to be sawn on it")
    for offset in range(8):
        ok(await company.capacity.delete(f"/v1/resources/{saw}/exceptions/{day(offset)}"))
    await safe(shop, order)


async def test_who_was_told_that_another_site_has_it_is_told_when_that_site_gives_it_to_somebody_else(shop: Shop) -> None:
    """The ten of BER were to be had today and are ordered by another; twelve come there in five days; those are sold to a third."""
    sku = await shop.stocked(10, site="HAM")
    await shop.stocked(10, {5: 12}, site="BER", sku=sku)
    order_id = (await shop.order(a_line(sku, 10, sites=["HAM", "BER"])))["order_id"]
    await shop.count(sku, 0, "HAM")
    assert (await at_risk(shop, order_id))["projected_date"] == day(0)

    async def shown(projected: str | None) -> None:
        async def known() -> bool:
            return bool((await at_risk(shop, order_id))["projected_date"] == projected)

        await eventually(known, what=f"the risk with {projected}")

    await shop.order(a_line(sku, 10, sites=["BER"]))
    await shown(day(5))
    held = await shop.hold(a_line(sku, 12, requested_date=day(6), sites=["BER"]))
    await shown(None)
    ok(await shop.quote.post(f"/v1/quotes/{held['id']}/release"))
    await shown(day(5))
