"""The other main job end to end: supply slips or a machine stops, and whoever gave the date hears of it, by a signed webhook."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from deploy.local.broker import BrokerServer
from tests.running import RunningPostgres, ServiceStarter, Workplace
from tests.service.notifier.sink import Sink
from tests.service.quote.shop import Json, Shop, a_line, a_name, dates, day, eventually, ok

SERVICES = ("quote", "inventory", "capacity", "notifier")
WEEK = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), 60)
PATH = "/hook"


@dataclass
class Town:
    """Four services, and somebody who listens."""

    shop: Shop
    capacity: httpx.AsyncClient
    notifier: httpx.AsyncClient
    sink: Sink
    secret: str

    async def heard(self, cause: str, event: str) -> Json:
        """The first message about a cause that says this event; its signature is right."""

        async def found() -> Json | None:
            for heard in self.sink.at(PATH):
                message: Json = Webhook(self.secret).verify(heard.body, heard.headers)
                for alert in message["data"]["alerts"]:
                    if alert["alert"]["cause"]["ref"] == cause and event in alert["events"]:
                        told: Json = alert
                        return told
            return None

        answer: Json = await eventually(found, what=f"{event} because of {cause}")
        return answer


@pytest.fixture(scope="module")
async def town(postgres: RunningPostgres) -> AsyncIterator[Town]:
    url = await postgres.create()
    with Workplace() as directory:
        broker = BrokerServer(directory / "broker")
        broker.start()
        try:
            broker.wait_ready()
            async with ServiceStarter(url, broker.bootstrap, directory) as start, Sink() as sink:
                running = await asyncio.gather(*(start(name) for name in SERVICES))
                clients = [httpx.AsyncClient(base_url=one.url, headers=one.headers, timeout=30) for one in running]
                quote, inventory, capacity, notifier = clients
                shop = Shop(quote, inventory)
                await shop.open_sites()
                events = ["promise-at-risk", "promise-recovered"]
                wish = {"events": events, "channel": sink.url(PATH), "allow_private": True}
                subscription = ok(await notifier.put("/v1/subscriptions/sales", json=wish))
                yield Town(shop, capacity, notifier, sink, subscription["secret"])
                for client in clients:
                    await client.aclose()
        finally:
            broker.stop()
    await postgres.drop(url)


async def test_a_purchase_order_that_slips_and_comes_back_is_told_once_each(town: Town) -> None:
    shop = town.shop
    sku = await shop.item()
    receipt = await shop.order_supply(sku, 10, 3)
    await shop.stocked(0, sku=sku)
    order = await shop.order(a_line(sku, 10, line_ref="10", unit_price="45.00", currency="EUR"), customer="ACME")
    assert dates(order) == [day(3)]

    await shop.order_supply(sku, 10, 8, receipt_id=receipt)
    alert = await town.heard(receipt, "promise-at-risk")
    (news,) = alert["news"]
    assert (news["order_id"], news["line_ref"], news["projected_date"], news["slip_days"]) == (order["order_id"], "10", day(8), 5)
    line = (await shop.read(order["order_id"]))["lines"][0]
    assert (line["at_risk"], line["risk"]["projected_date"], line["promised_date"]) == (True, day(8), day(3))
    listed = ok(await shop.quote.get("/v1/orders", params={"at_risk": True, "sku": sku}))["data"]
    assert [one["id"] for one in listed] == [order["order_id"]]

    await shop.order_supply(sku, 10, 3, receipt_id=receipt)
    await town.heard(receipt, "promise-recovered")
    assert (await shop.read(order["order_id"]))["lines"][0]["at_risk"] is False
    told = [json.loads(heard.body) for heard in town.sink.at(PATH) if receipt in heard.body.decode()]
    events = [event for message in told for one in message["data"]["alerts"] for event in one["events"]]
    assert sorted(events) == ["promise-at-risk", "promise-recovered"]


async def test_a_machine_that_stops_endangers_what_is_to_be_made_on_it(town: Town) -> None:
    shop = town.shop
    sku, saw, calendar = await shop.item(), a_name("SAW"), a_name("HOUR-A-DAY")
    ok(await town.capacity.put(f"/v1/calendars/{calendar}", json={"weekly": WEEK}))
    ok(await town.capacity.put(f"/v1/resources/{saw}", json={"site": "HAM", "calendar": calendar}))
    # Today offers what is left of it, which is the clock's to say: nothing, then.
    ok(await town.capacity.put(f"/v1/resources/{saw}/exceptions/{day(0)}", json={"minutes": 0, "reason": "stocktaking"}))
    operation = {"sequence": 10, "name": "saw", "minutes_per_unit": 60, "resources": [{"resource": saw}]}
    ok(await town.capacity.put(f"/v1/routings/{sku}", json={"routings": [{"site": "HAM", "operations": [operation]}]}))

    async def makeable() -> Json | None:
        answer = await shop.ask(a_line(sku, 1, requested_date=day(9), sites=["HAM"]))
        return answer if answer["outcome"] == "full" else None

    await eventually(makeable, what="a quote that can have it made")
    order = await shop.order(a_line(sku, 2, line_ref="10", requested_date=day(4), sites=["HAM"]))
    (plan,) = ok(await shop.quote.get("/v1/plans", params={"sku": sku}))["data"]
    assert (plan["order_id"], plan["quantity"], plan["kind"]) == (order["order_id"], 2, "production_order")
    worked = [one["date"] for one in ok(await shop.quote.get("/v1/load", params={"resource": saw}))["days"] if one["claimed_minutes"]]
    assert worked == [day(1), day(2)]
    for offset in range(1, 9):
        ok(await town.capacity.put(f"/v1/resources/{saw}/exceptions/{day(offset)}", json={"minutes": 0, "reason": "blade broken"}))
    alert = await town.heard(saw, "promise-at-risk")
    assert [one["order_id"] for one in alert["news"]] == [order["order_id"]]
    assert (await shop.read(order["order_id"]))["lines"][0]["risk"]["cause"]["code"] == "CAPACITY_REDUCED"


async def test_what_slips_levels_below_is_followed_up_to_the_promise(town: Town) -> None:
    shop = town.shop
    beam, leg, chair = [await shop.item() for _ in range(3)]
    for product, component, quantity in ((leg, beam, 1), (chair, leg, 4)):
        bill = {"boms": [{"site": "HAM", "components": [{"component": component, "quantity_per": quantity}]}]}
        ok(await town.capacity.put(f"/v1/boms/{product}", json=bill))
    receipt = await shop.order_supply(beam, 8, 3)
    await shop.stocked(0, sku=beam)

    async def makeable() -> Json | None:
        answer = await shop.ask(a_line(chair, 2, sites=["HAM"]))
        return answer if answer["outcome"] == "late" else None

    await eventually(makeable, what="a quote that can have it made of what is made")
    order = await shop.order(a_line(chair, 2, line_ref="10", sites=["HAM"]))
    assert dates(order) == [day(3)]
    assert len(ok(await shop.quote.get("/v1/plans", params={"order_id": order["order_id"]}))["data"]) == 2
    await shop.order_supply(beam, 8, 8, receipt_id=receipt)
    alert = await town.heard(receipt, "promise-at-risk")
    assert [(one["order_id"], one["projected_date"]) for one in alert["news"]] == [(order["order_id"], day(8))]
