"""A supplier's period through the public doors: locked, claimed, given back, never overbooked however many ask at once."""

import asyncio
from datetime import timedelta

from tests.service.quote.shop import Json, Shop, a_line, a_name, day, eventually, ok, today

WEEK = 7


def offset_of_next_week() -> int:
    """Days until the Monday of next week: a period of seven days begins there."""
    return WEEK - today().weekday()


async def a_limited_supplier(shop: Shop, capacity: float, lead: int) -> str:
    sku = await shop.item()
    ok(await shop.inventory.put("/v1/suppliers/WOOD", json={"name": "Wood"}))
    terms = {
        "sku": sku, "site": "HAM", "supplier": "WOOD", "lead_time_days": lead, "capacity_quantity": capacity, "capacity_period_days": WEEK,
    }  # fmt: skip
    ok(await shop.inventory.put(f"/v1/supplier-items/{a_name('TERMS')}", json=terms))

    async def known() -> bool:
        return bool((await shop.ask(a_line(sku, 1, sites=["HAM"])))["planned_supply"])

    await eventually(known, what="the supplier")
    return sku


def week_of(answer: Json) -> int:
    """The weeks, from the one in which the supplier can first deliver, until all is there."""
    due = [one["due_date"] for one in answer["planned_supply"]]
    monday = today() + timedelta(days=offset_of_next_week())
    return max((next(n for n in range(WEEK * 60) if day(n) == when) - (monday - today()).days) // WEEK for when in due)


async def test_what_one_week_cannot_bring_comes_in_the_next_and_is_given_back_with_its_plan(shop: Shop) -> None:
    sku = await a_limited_supplier(shop, 50, offset_of_next_week())
    held = await shop.hold(a_line(sku, 40, sites=["HAM"]))
    assert week_of(held) == 0
    answer = await shop.ask(a_line(sku, 30, sites=["HAM"]))
    assert sorted(one["quantity"] for one in answer["planned_supply"]) == [10, 20]
    assert week_of(answer) == 1
    ok(await shop.quote.post(f"/v1/quotes/{held['id']}/release", json={}))
    assert week_of(await shop.ask(a_line(sku, 30, sites=["HAM"]))) == 0
    order = await shop.order(a_line(sku, 40, sites=["HAM"]))
    plan = order["planned_supply"][0]["plan_id"]
    assert week_of(await shop.ask(a_line(sku, 30, sites=["HAM"]), assume=[])) == 1
    ok(await shop.quote.post(f"/v1/plans/{plan}/close", json={}))
    ok(await shop.quote.post(f"/v1/orders/{order['order_id']}/cancel", json={}))
    assert week_of(await shop.ask(a_line(sku, 30, sites=["HAM"]))) == 0
    assert (await shop.read(order["order_id"]))["status"] == "cancelled"


async def test_many_who_ask_at_once_never_get_more_of_a_week_than_the_supplier_has(shop: Shop) -> None:
    sku = await a_limited_supplier(shop, 10, offset_of_next_week())
    answers = await asyncio.gather(*(shop.order(a_line(sku, 3, sites=["HAM"])) for _ in range(12)))
    by_week: dict[int, float] = {}
    for answer in answers:
        for one in answer["planned_supply"]:
            week = week_of({"planned_supply": [one]})
            by_week[week] = by_week.get(week, 0) + one["quantity"]
    assert by_week == {0: 10, 1: 10, 2: 10, 3: 6}
    for answer in answers:
        assert (await shop.read(answer["order_id"]))["lines"][0]["at_risk"] is False
