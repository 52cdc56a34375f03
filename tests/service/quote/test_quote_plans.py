"""Made to order: capacity and components are finite, held, given back, and passed to the real order that replaces the plan."""

from collections.abc import AsyncIterator

import pytest

from tests.running import RunningPostgres
from tests.service.quote.factory import Factory, a_factory
from tests.service.quote.shop import Json, a_line, a_name, codes, dates, day, eventually, ok, refused


@pytest.fixture(scope="module")
async def factory(postgres: RunningPostgres) -> AsyncIterator[Factory]:
    """Give the doors of quote, inventory and capacity."""
    async with a_factory(postgres) as found:
        yield found


class Chairs:
    """A product of four legs, ten minutes on a saw that works 100 minutes a day from tomorrow on."""

    def __init__(self, factory: Factory) -> None:
        self.factory = factory
        self.site = self.chair = self.leg = self.saw = ""

    async def set_up(self, legs: float = 1000) -> "Chairs":
        factory = self.factory
        self.site = await factory.site()
        self.chair, self.leg = await factory.item(), await factory.item()
        self.saw = await factory.machine(self.site, await factory.calendar(100, closed=(0,)))
        await factory.put(f"boms/{self.chair}", components=[{"component": self.leg, "quantity_per": 4}])
        step = {"sequence": 10, "name": "Saw", "minutes_per_unit": 10, "resources": [{"resource": self.saw}]}
        await factory.put(f"routings/{self.chair}", routings=[{"site": self.site, "operations": [step]}])
        await factory.stocked(legs, sku=self.leg, site=self.site)
        await factory.stocked(0, sku=self.chair, site=self.site)
        await factory.promised(self.line(1), 2)
        return self

    def line(self, quantity: float, **more: object) -> Json:
        return a_line(self.chair, quantity, sites=[self.site], line_ref="1", **more)

    async def claimed(self) -> list[float]:
        """Minutes claimed of today and the next days, up to the last."""
        found = [one["claimed_minutes"] for one in await self.factory.loads(self.saw)]
        while found and not found[-1]:
            found.pop()
        return found

    async def legs_free(self) -> float:
        return await self.factory.atp(self.leg, 13, self.site)


@pytest.fixture
async def chairs(factory: Factory) -> Chairs:
    return await Chairs(factory).set_up()


async def test_orders_fill_the_machine_and_its_load_says_for_whom(factory: Factory, chairs: Chairs) -> None:
    answers = [await factory.order(chairs.line(8)) for _ in range(3)]
    assert [dates(answer) for answer in answers] == [[day(2)], [day(3)], [day(4)]]
    assert await chairs.claimed() == [0, 100, 100, 40]
    loads = await factory.loads(chairs.saw)
    whose = [{claim["order_id"] for claim in one["claims"]} for one in loads[:4]]
    first, second, third = (answer["order_id"] for answer in answers)
    assert whose == [set(), {first, second}, {second, third}, {third}]
    assert [one["free_minutes"] for one in loads[:4]] == [0, 0, 0, 60]
    assert await chairs.legs_free() == 1000 - 4 * 24
    assert "PLANNED_PRODUCTION" in codes(answers[2]["lines"][0])


async def test_downtime_moves_what_is_promised_next(factory: Factory, chairs: Chairs) -> None:
    ok(await factory.capacity.put(f"/v1/resources/{chairs.saw}/exceptions/{day(1)}", json={"minutes": 0, "reason": "repair"}))
    await factory.promised(chairs.line(8), 3)
    assert [one["available_minutes"] for one in (await factory.loads(chairs.saw))[:3]] == [0, 0, 100]


async def test_what_a_hold_needs_is_held_and_free_again_when_it_expires(factory: Factory, chairs: Chairs) -> None:
    held = await factory.hold(chairs.line(10), ttl_seconds=2)
    assert await chairs.claimed() == [0, 100]
    assert await factory.plans(chairs.chair) == [], "nothing to release before it is an order"
    assert dates(await factory.ask(chairs.line(10))) == [day(3)]

    async def over() -> bool:
        return await chairs.claimed() == []

    await eventually(over, 10, what="the hold expiring")
    assert await chairs.legs_free() == 1000
    assert dates(await factory.ask(chairs.line(10))) == [day(2)]
    refused(await factory.confirm(held["id"]), 409, "HOLD_EXPIRED")


async def test_components_of_a_promise_are_not_promised_to_others(factory: Factory) -> None:
    chairs = await Chairs(factory).set_up(legs=20)
    await factory.order(chairs.line(4))
    legs = a_line(chairs.leg, 5, sites=[chairs.site])
    refused(await factory.try_order(legs), 409, "CANNOT_PROMISE")
    refused(await factory.try_order(chairs.line(2)), 409, "CANNOT_PROMISE")
    await factory.order(a_line(chairs.leg, 4, sites=[chairs.site]))


async def test_a_real_order_takes_the_plans_place_and_brings_it_to_the_customer(factory: Factory, chairs: Chairs) -> None:
    answer = await factory.order(chairs.line(10))
    order = answer["order_id"]
    (plan,) = await factory.plans(chairs.chair)
    assert (plan["order_id"], plan["quantity"], plan["due_date"]) == (order, 10, day(2))
    assert answer["planned_supply"][0]["plan_id"] == plan["id"] == answer["lines"][0]["pegging"][0]["ref"]
    made = a_name("MO")
    await factory.told_of(
        f"receipts/{made}", kind="production_order", site=chairs.site, sku=chairs.chair, quantity=10, due_date=day(3),
        replaces=[plan["id"]], components=[{"sku": chairs.leg, "quantity": 44, "needed_date": day(1)}],
        load=[{"resource": chairs.saw, "date": day(1), "minutes": 60}, {"resource": chairs.saw, "date": day(2), "minutes": 50}],
    )  # fmt: skip

    async def replaced() -> bool:
        return await factory.plans(chairs.chair) == []

    await eventually(replaced, what="the plan being replaced")
    assert await chairs.claimed() == [0, 60, 50]
    assert await chairs.legs_free() == 1000 - 44
    book = await factory.book(chairs.chair, chairs.site)
    assert [one["receipt_id"] for each in book["days"] for one in each["receipts"]] == [made]
    await factory.move("arrival", chairs.chair, 10, chairs.site, receipt_id=made)
    await factory.ship(order, "1", chairs.chair, 10, chairs.site)

    async def shipped() -> bool:
        return str((await factory.read(order))["status"]) == "shipped"

    await eventually(shipped, what="the order being shipped")
    last = await factory.heard(chairs.chair, chairs.site)
    assert (last["on_hand"], last["days"][-1]["projected"]) == (0, 0)


async def test_a_cancelled_order_leaves_its_plan_until_a_planner_closes_it(factory: Factory, chairs: Chairs) -> None:
    order = (await factory.order(chairs.line(10)))["order_id"]
    (plan,) = await factory.plans(chairs.chair)
    ok(await factory.quote.post(f"/v1/orders/{order}/cancel", json={}))
    assert await chairs.claimed() == [0, 100]
    answer = await factory.ask(chairs.line(10))
    assert (dates(answer), answer["planned_supply"]) == ([day(2)], []), "its supply is anybody's"
    closed = ok(await factory.quote.post(f"/v1/plans/{plan['id']}/close", json={"reason": "not needed"}))
    assert closed["status"] == "closed"
    assert await chairs.claimed() == []
    assert await chairs.legs_free() == 1000
    refused(await factory.quote.post(f"/v1/plans/{plan['id']}/close", json={}), 404, "PLAN_NOT_FOUND")


async def test_nobody_is_promised_what_a_plan_that_has_become_late_will_bring(factory: Factory) -> None:
    chairs = await Chairs(factory).set_up()
    step = {"sequence": 10, "name": "Saw", "minutes_per_unit": 10, "resources": [{"resource": chairs.saw}]}
    routing = {"site": chairs.site, "operations": [step], "lot_minimum": 10}
    await factory.put(f"routings/{chairs.chair}", routings=[routing])
    await factory.promised(chairs.line(1), 2)
    spare = chairs.line(5, supply=[])

    async def lot_is_known() -> bool:
        planned = (await factory.ask(chairs.line(1)))["planned_supply"]
        return bool(planned and planned[0]["quantity"] == 10)

    await eventually(lot_is_known, what="the lot of ten")
    await factory.order(chairs.line(4))
    assert dates(await factory.ask(spare)) == [day(2)], "six of ten belong to nobody yet"
    stands_still = [f"/v1/resources/{chairs.saw}/exceptions/{day(offset)}" for offset in (1, 2, 3)]
    for path in stands_still:
        ok(await factory.capacity.put(path, json={"minutes": 0, "reason": "repair"}))

    async def late() -> bool:
        (plan,) = await factory.plans(chairs.chair)
        return (plan["late"], plan["expected_date"], plan["due_date"]) == (True, day(5), day(2))

    await eventually(late, what="the plan being seen to come later")
    assert dates(await factory.ask(spare)) == [day(5)]
    for path in stands_still:
        ok(await factory.capacity.delete(path))

    async def in_time() -> bool:
        (plan,) = await factory.plans(chairs.chair)
        return (plan["late"], plan["expected_date"]) == (False, None)

    await eventually(in_time, what="the plan being in time again")
    assert dates(await factory.ask(spare)) == [day(2)]
