"""What supply itself waits for: an order of the ERP without its parts comes later, and so does every promise that stands on it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.running import RunningPostgres
from tests.service.quote.factory import Factory, a_factory
from tests.service.quote.shop import Json, a_line, a_name, day, eventually, ok, today


@pytest.fixture(scope="module")
async def factory(postgres: RunningPostgres) -> AsyncIterator[Factory]:
    async with a_factory(postgres) as found:
        yield found


async def risk_of(factory: Factory, order_id: str, projected: str | None = None) -> Json:
    """What is said of the order's only line, once it is at risk (and projected for the day)."""

    async def known() -> Json | None:
        found: Json = (await factory.read(order_id))["lines"][0]
        if not found["at_risk"] or projected not in (None, found["risk"]["projected_date"]):
            return None
        said: Json = found["risk"]
        return said

    found: Json = await eventually(known, 20, what=f"the risk of {order_id}")
    return found


async def safe(factory: Factory, order_id: str) -> None:
    async def known() -> bool:
        return (await factory.read(order_id))["lines"][0]["at_risk"] is False

    await eventually(known, 20, what=f"the recovery of {order_id}")


async def expected(factory: Factory, sku: str, site: str, receipt_id: str, when: str | None) -> None:
    """Wait until a receipt counts on a day; None: on none."""

    async def known() -> bool:
        answer = await factory.quote.get("/v1/availability", params={"sku": sku, "site": site})
        book = answer.json() if answer.status_code == 200 else {"days": []}
        days = [each["date"] for each in book["days"] for one in each["receipts"] if one["receipt_id"] == receipt_id]
        return days == ([] if when is None else [when])

    await eventually(known, 20, what=f"{receipt_id} being expected on {when}")


async def short_of(factory: Factory, sku: str, site: str, quantity: float) -> None:
    """Wait until a book is known to lack so much in the end."""

    async def known() -> bool:
        return bool((await factory.book(sku, site))["days"][-1]["projected"] == -quantity)

    await eventually(known, 20, what=f"the requirement of {sku}")


async def test_a_production_order_without_its_parts_comes_later_and_so_do_the_promises_on_it(factory: Factory) -> None:
    site = await factory.site()
    chair, leg, made = await factory.item(), await factory.item(), a_name("MO")
    await factory.stocked(40, sku=leg, site=site)
    parts = [{"sku": leg, "quantity": 40, "needed_date": day(1)}]
    await factory.told_of(f"receipts/{made}", kind="production_order", site=site, sku=chair, quantity=10, due_date=day(3), components=parts)
    await expected(factory, chair, site, made, day(3))
    line = a_line(chair, 8, sites=[site], requested_date=day(3))
    order = (await factory.order(line))["order_id"]
    await factory.order_supply(leg, 20, 5, site)
    await factory.count(leg, 30, site)

    said = await risk_of(factory, order)
    assert (said["projected_date"], said["slip_days"], said["cause"]["code"], said["cause"]["sku"]) == (day(7), 4, "STOCK_REDUCED", leg)
    await expected(factory, chair, site, made, day(7))
    answer = (await factory.ask(a_line(chair, 2, sites=[site], requested_date=day(3))))["lines"][0]
    assert answer["promised_date"] == day(7)

    await factory.count(leg, 40, site)
    await safe(factory, order)
    await expected(factory, chair, site, made, day(3))


async def test_what_no_known_supply_completes_is_expected_on_no_day(factory: Factory) -> None:
    """Also what is told of the order meanwhile leaves it there; once its parts are issued to it, it comes as its owner says."""
    site = await factory.site()
    chair, leg, made = await factory.item(), await factory.item(), a_name("MO")
    await factory.stocked(0, sku=leg, site=site)
    parts = [{"sku": leg, "quantity": 40, "needed_date": day(1)}]
    body: Json = {"kind": "production_order", "site": site, "sku": chair, "quantity": 10, "components": parts}
    await factory.told_of(f"receipts/{made}", **body, due_date=day(3))
    await short_of(factory, leg, site, 40)
    await expected(factory, chair, site, made, None)
    await factory.told_of(f"receipts/{made}", **body, due_date=day(4))
    answer = (await factory.ask(a_line(chair, 1, sites=[site])))["lines"][0]
    assert answer["outcome"] == "none"
    await factory.count(leg, 40, site)
    await expected(factory, chair, site, made, day(4))
    await factory.move("issue", leg, 40, site, receipt_id=made)
    await expected(factory, chair, site, made, day(4))


async def test_where_nothing_was_ever_said_of_the_parts_the_order_comes_as_its_owner_says(factory: Factory) -> None:
    site = await factory.site()
    chair, leg, made = await factory.item(), await factory.item(), a_name("MO")
    parts = [{"sku": leg, "quantity": 40, "needed_date": day(1)}]
    await factory.told_of(f"receipts/{made}", kind="production_order", site=site, sku=chair, quantity=10, due_date=day(3), components=parts)
    await factory.promised(a_line(chair, 10, sites=[site], requested_date=day(3)), 3)
    order = (await factory.order(a_line(chair, 10, sites=[site], requested_date=day(3))))["order_id"]
    assert (await factory.read(order))["lines"][0]["at_risk"] is False
    await factory.count(leg, 0, site)
    assert (await risk_of(factory, order))["unsupplied"] is True


async def test_a_transfer_whose_goods_are_not_there_when_it_should_leave_comes_later(factory: Factory) -> None:
    source, shop = await factory.site(), await factory.site()
    sku, moved = await factory.item(), a_name("TO")
    await factory.stocked(10, sku=sku, site=source)
    await factory.told_of(
        f"receipts/{moved}", kind="transfer_order", site=shop, sku=sku, quantity=10, due_date=day(4), from_site=source, ship_date=day(2)
    )
    await expected(factory, sku, shop, moved, day(4))
    order = (await factory.order(a_line(sku, 10, sites=[shop], requested_date=day(4))))["order_id"]
    await factory.order_supply(sku, 5, 6, source)
    await factory.count(sku, 5, source)
    said = await risk_of(factory, order)
    assert (said["projected_date"], said["cause"]["code"], said["cause"]["site"]) == (day(8), "STOCK_REDUCED", source)
    assert (await factory.ask(a_line(sku, 1, sites=[shop])))["lines"][0]["outcome"] == "none"
    await factory.count(sku, 10, source)
    await safe(factory, order)


async def test_a_machine_that_cannot_carry_its_orders_makes_the_last_of_them_late(factory: Factory) -> None:
    site = await factory.site()
    saw = await factory.machine(site, await factory.calendar(480))
    chair, orders = await factory.item(), [a_name("MO"), a_name("MO")]
    for n, made in enumerate(orders):
        load = [{"resource": saw, "date": day(1), "minutes": 200}]
        await factory.told_of(
            f"receipts/{made}", kind="production_order", site=site, sku=chair, quantity=10, due_date=day(2 + n), load=load
        )
        await expected(factory, chair, site, made, day(2 + n))
    promised = (await factory.order(a_line(chair, 20, sites=[site], requested_date=day(3))))["order_id"]
    await factory.put(f"resources/{saw}/exceptions/{day(1)}", minutes=240, reason="repair", document="M-1")
    said = await risk_of(factory, promised)
    assert (said["projected_date"], said["cause"]["code"], said["cause"]["ref"]) == (day(4), "CAPACITY_REDUCED", saw)
    await expected(factory, chair, site, orders[0], day(2))
    await expected(factory, chair, site, orders[1], day(4))
    await factory.capacity.delete(f"/v1/resources/{saw}/exceptions/{day(1)}")
    await safe(factory, promised)


async def planned(factory: Factory, sku: str, site: str, quantity: float, offset: int) -> str:
    """An order for a day that must be planned for: its id."""
    line = a_line(sku, quantity, sites=[site], requested_date=day(offset))
    await factory.promised(line, offset)
    answer = await factory.order(line)
    assert answer["planned_supply"], answer
    return str(answer["order_id"])


async def test_terms_that_are_slower_than_when_something_was_planned_by_them_make_it_late(factory: Factory) -> None:
    site, sku, terms = await factory.site(), await factory.item(), a_name("TERMS")
    await factory.told_of("suppliers/IRON", name="Iron")
    body: Json = {"sku": sku, "site": site, "supplier": "IRON"}
    await factory.told_of(f"supplier-items/{terms}", **body, lead_time_days=3)
    order = await planned(factory, sku, site, 5, 3)
    await factory.told_of(f"supplier-items/{terms}", **body, lead_time_days=9)
    said = await risk_of(factory, order)
    assert (said["projected_date"], said["cause"]["code"], said["cause"]["ref"]) == (day(9), "MASTER_DATA_CHANGED", terms)

    async def late() -> bool:
        (plan,) = await factory.plans(sku)
        return (plan["due_date"], plan["late"], plan["expected_date"]) == (day(3), True, day(9))

    await eventually(late, 20, what="the plan being late in its book")
    await factory.told_of(f"supplier-items/{terms}", **body, lead_time_days=2)
    await safe(factory, order)


async def test_a_bill_of_material_that_needs_more_than_is_there_makes_its_plans_late(factory: Factory) -> None:
    """Two plans were made by it; the parts that it needs now are there for one, and come for the other."""
    site = await factory.site()
    saw = await factory.machine(site, await factory.calendar(480))
    chair, leg, seat = await factory.item(), await factory.item(), await factory.item()
    await factory.stocked(100, sku=leg, site=site)
    await factory.stocked(0, {6: 50}, sku=seat, site=site)
    bill = {"component": leg, "quantity_per": 4}
    await factory.put(f"boms/{chair}", components=[bill])
    operation = {"sequence": 10, "name": "saw", "minutes_per_unit": 10, "resources": [{"resource": saw}]}
    await factory.put(f"routings/{chair}", operations=[operation])
    order = await planned(factory, chair, site, 10, 4)
    await factory.put(f"boms/{chair}", components=[bill, {"component": seat, "quantity_per": 1}])
    said = await risk_of(factory, order)
    assert (said["projected_date"], said["cause"]["code"], said["cause"]["ref"]) == (day(7), "MASTER_DATA_CHANGED", chair)
    await factory.count(seat, 10, site)
    await safe(factory, order)
    await factory.put(f"routings/{chair}", operations=[{**operation, "minutes_per_unit": 480}])
    said = await risk_of(factory, order)
    assert said["projected_date"] in (day(10), day(11)), "ten days of work, and one more where today has less than one left"
    assert said["cause"]["ref"] == chair
    await factory.put(f"routings/{chair}", operations=[operation])
    await safe(factory, order)


async def test_a_supplier_who_can_deliver_less_makes_the_last_who_asked_late_and_shows_its_load(factory: Factory) -> None:
    site, sku, terms = await factory.site(), await factory.item(), a_name("TERMS")
    await factory.told_of("suppliers/IRON", name="Iron")
    body: Json = {"sku": sku, "site": site, "supplier": "IRON", "lead_time_days": 2, "capacity_period_days": 1}
    await factory.told_of(f"supplier-items/{terms}", **body, capacity_quantity=10)
    orders = [await planned(factory, sku, site, 5, 2) for _ in range(2)]
    load = ok(await factory.quote.get("/v1/load", params={"supplier_item": terms, "from_date": day(2), "to_date": day(2)}))
    (period,) = load["periods"]
    assert [period[f"{name}_quantity"] for name in ("available", "claimed", "on_order", "free")] == [10, 10, 0, 0]
    assert {one["order_id"] for one in period["claims"]} == set(orders)
    await factory.told_of(f"supplier-items/{terms}", **body, capacity_quantity=6)
    said = await risk_of(factory, orders[1])
    assert (said["projected_date"], said["cause"]["code"], said["cause"]["ref"]) == (day(3), "MASTER_DATA_CHANGED", terms)
    assert (await factory.read(orders[0]))["lines"][0]["at_risk"] is False
    await factory.told_of(f"supplier-items/{terms}", **body, capacity_quantity=10)
    await safe(factory, orders[1])


async def test_supply_at_another_site_says_when_who_is_in_danger_could_be_served_from_there(factory: Factory) -> None:
    here, there, sku = await factory.site(), await factory.site(), await factory.item()
    await factory.stocked(10, sku=sku, site=here)
    await factory.stocked(0, sku=sku, site=there)
    order = (await factory.order(a_line(sku, 10, sites=[here, there])))["order_id"]
    await factory.count(sku, 4, here)
    assert (await risk_of(factory, order))["unsupplied"] is True
    await factory.order_supply(sku, 10, 5, there)
    assert (await risk_of(factory, order, day(5)))["slip_days"] == 5
    await factory.count(sku, 10, there)
    assert (await risk_of(factory, order, day(0)))["slip_days"] == 0
    await factory.count(sku, 10, here)
    await safe(factory, order)


async def test_a_plan_that_nobody_has_released_in_time_is_late_at_midnight(factory: Factory) -> None:
    """A site that moves from the last time zone to the first has its next day at once."""
    site, sku, terms = await factory.site(), await factory.item(), a_name("TERMS")
    await factory.told_of(f"sites/{site}", name=site, time_zone="Etc/GMT+12")
    here = datetime.now(UTC) - timedelta(hours=12)  # noqa: TID251 -- the clock on the wall there
    offset = (here.date() - today()).days
    await factory.told_of("suppliers/IRON", name="Iron")
    await factory.told_of(f"supplier-items/{terms}", sku=sku, site=site, supplier="IRON", lead_time_days=1)
    order = await planned(factory, sku, site, 5, offset + 1)
    (plan,) = await factory.plans(sku)
    assert plan["latest_start_date"] == day(offset)
    await factory.told_of(f"sites/{site}", name=site, time_zone="Etc/GMT-12")
    said = await risk_of(factory, order)
    assert (said["cause"]["code"], said["cause"]["ref"]) == ("PLAN_NOT_RELEASED", plan["id"])
    assert (said["projected_date"], said["slip_days"], said["missed"]) == (day(offset + 2), 1, False)
