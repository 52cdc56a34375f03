"""A decision of the log, made again: the same, whatever has happened since; and what differs, where it was tampered with."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.running import RunningPostgres
from tests.service.quote.factory import Factory, a_factory
from tests.service.quote.shop import Json, a_line, a_name, day, eventually, ok, refused


@pytest.fixture(scope="module")
async def factory(postgres: RunningPostgres) -> AsyncIterator[Factory]:
    """Give the doors of quote, inventory and capacity."""
    async with a_factory(postgres) as found:
        yield found


async def replayed(factory: Factory, decision: str) -> Json:
    return ok(await factory.quote.post(f"/v1/decisions/{decision}/replay"))


async def assert_same(factory: Factory, *decisions: str) -> None:
    for decision in decisions:
        found = await replayed(factory, decision)
        assert found["same"], (decision, found["kind"], found["differences"])
        assert found["master_data"] == "as_seen"
        assert found["differences"] == []


async def a_workshop(factory: Factory) -> tuple[str, str, str, str]:
    """A site, a table that is made there in a day a piece of two boards, the saw, and its calendar."""
    site = await factory.site()
    calendar = await factory.calendar()
    saw = await factory.machine(site, calendar)
    board = await factory.stocked(3, {4: 40}, site=site)
    table = await factory.item()
    await factory.put(f"boms/{table}", components=[{"component": board, "quantity_per": 2}])
    step = {"sequence": 10, "name": "Saw", "minutes_per_unit": 1440, "resources": [{"resource": saw}]}
    await factory.put(f"routings/{table}", routings=[{"site": site, "operations": [step]}])
    return site, table, saw, calendar


async def test_an_inquiry_is_the_same_the_moment_after_and_after_the_books_moved_on(factory: Factory) -> None:
    site = await factory.site()
    sku = await factory.stocked(5, {3: 10, 6: 10}, site=site)
    asked = await factory.ask(a_line(sku, 12, sites=[site]), a_line(sku, 6), allow_partial=True)
    await assert_same(factory, asked["decision_id"])
    await factory.order(a_line(sku, 9, sites=[site]))
    await factory.count(sku, 1, site)
    await factory.heard(sku, site)
    later = await factory.ask(a_line(sku, 12, sites=[site]), a_line(sku, 6), allow_partial=True)
    assert later["lines"] != asked["lines"]
    await assert_same(factory, asked["decision_id"], later["decision_id"])


async def test_what_was_asked_on_assumptions_is_the_same(factory: Factory) -> None:
    site = await factory.site()
    sku = await factory.stocked(5, {3: 10}, site=site)
    receipt = {"kind": "receipt", "sku": sku, "site": site, "quantity": 7, "due_date": day(2)}
    assume = [{"kind": "stock", "sku": sku, "site": site, "delta": -3}, receipt]
    asked = await factory.ask(a_line(sku, 9), assume=assume)
    await factory.order(a_line(sku, 5))
    await assert_same(factory, asked["decision_id"])


async def test_holds_that_lived_then_count_and_those_that_were_over_do_not(factory: Factory) -> None:
    site = await factory.site()
    sku = await factory.stocked(10, site=site)
    short = await factory.hold(a_line(sku, 6), ttl_seconds=1)
    during = await factory.ask(a_line(sku, 5))
    no_room = refused(await factory.try_hold(a_line(sku, 5)), 409, "CANNOT_PROMISE")["offer"]
    assert during["outcome"] == "none"
    await eventually(lambda: factory.atp(sku, site=site), what="the hold being over")
    await asyncio.sleep(1.1)
    after = await factory.ask(a_line(sku, 5))
    assert after["outcome"] == "full"
    taken = await factory.order(a_line(sku, 10))
    await assert_same(factory, *(one["decision_id"] for one in (short, during, no_room, after, taken)))


async def test_orders_amendments_refusals_and_confirmed_holds_are_the_same(factory: Factory) -> None:
    site = await factory.site()
    sku = await factory.stocked(10, {5: 10}, site=site)
    hold = await factory.hold(a_line(sku, 4, line_ref="1"), a_line(sku, 2, line_ref="2"))
    order = ok(await factory.confirm(hold["id"], line_refs=["1"]))["order_id"]
    inquiry = await factory.ask(a_line(sku, 5))
    bought = ok(await factory.confirm(inquiry["id"]))
    first = ok(await factory.amend(order, {"line_ref": "1", "quantity": 9}))
    refusal = refused(await factory.amend(order, {"line_ref": "1", "quantity": 900}), 409, "CANNOT_PROMISE")["offer"]
    ok(await factory.amend(order, {"line_ref": "1", "requested_date": day(7)}, {"line_ref": "3", "sku": sku, "quantity": 1}))
    history = ok(await factory.quote.get(f"/v1/orders/{order}/history"))["data"]
    assert first["lines"][0]["quantity"] == 9
    decisions = [one["decision_id"] for one in history if one["decision_id"]]
    assert len(decisions) == 3
    await assert_same(factory, hold["decision_id"], bought["decision_id"], refusal["decision_id"], *decisions)


async def test_what_is_made_on_machines_is_the_same_though_master_data_changed_and_quote_was_started_again(factory: Factory) -> None:
    site, table, saw, calendar = await a_workshop(factory)
    line = a_line(table, 3, sites=[site])

    async def made_on_the_saw() -> Json | None:
        found = await factory.ask(line)
        return found if any(one["load"] for one in found["planned_supply"]) else None

    asked = await eventually(made_on_the_saw, what="the bill, the routing and the saw being heard")
    held = await factory.hold(line)
    assert held["planned_supply"]
    ok(await factory.confirm(held["id"]))
    ordered = await factory.order(line)
    known = [one["decision_id"] for one in (asked, held, ordered)]
    await assert_same(factory, *known)

    table_leg = await factory.stocked(1, site=site)
    await factory.told_of(f"items/{table}", name="Table", uom="EA", dock_to_stock_days=5)
    await factory.told_of(f"sites/{site}", name=site, time_zone="UTC", calendar=calendar, pick_pack_days=3)
    ok(await factory.capacity.put(f"/v1/resources/{saw}/exceptions/{day(1)}", json={"minutes": 0, "reason": "broken"}))
    ok(await factory.capacity.put(f"/v1/calendars/{calendar}", json={"name": "slow", "weekly": dict.fromkeys(("monday",), 60)}))
    await factory.put(f"boms/{table}", components=[{"component": table_leg, "quantity_per": 1}])
    ok(await factory.quote.put(f"/v1/policies/{a_name('POLICY')}", json={"site": site, "past_due_limit_days": 0, "atp_fence_days": 30}))

    async def otherwise() -> bool:
        found: bool = (await factory.ask(line))["lines"][0]["deliveries"] != asked["lines"][0]["deliveries"]
        return found

    await eventually(otherwise, what="the new master data being heard")
    changed = await factory.ask(line)
    await assert_same(factory, *known, changed["decision_id"])
    await factory.quotes[0].stop()
    factory.quotes[0].start()
    await factory.quotes[0].wait_ready()
    await assert_same(factory, *known, changed["decision_id"])


async def test_what_a_class_may_still_take_is_counted_as_it_was_then(factory: Factory) -> None:
    site = await factory.site()
    sku = await factory.stocked(100, site=site)
    retail = a_name("RETAIL")
    ok(await factory.quote.put(f"/v1/classes/{retail}", json={}))
    body = {"kind": "ceiling", "demand_class": retail, "sku": sku, "quantity": 20, "period": "week"}
    ceiling = a_name("CEILING")
    ok(await factory.quote.put(f"/v1/allocations/{ceiling}", json=body))
    line = a_line(sku, 15)
    first = await factory.order(line, demand_class=retail)
    asked = await factory.ask(line, demand_class=retail)
    assert asked["lines"][0]["promised_date"] != first["lines"][0]["promised_date"]
    second = await factory.order(line, demand_class=retail)
    ok(await factory.quote.put(f"/v1/allocations/{ceiling}", json={**body, "quantity": 99}))
    assert (await factory.ask(line, demand_class=retail))["lines"][0]["promised_date"] == first["lines"][0]["promised_date"]
    await assert_same(factory, *(one["decision_id"] for one in (first, asked, second)))


async def test_what_is_kept_for_a_class_at_every_site_is_kept_as_it_was_then(factory: Factory) -> None:
    """A floor that names no site, asked for at one of two sites: the other one is read by nobody, and counts all the same."""
    here, there = await factory.site(), await factory.site()
    sku = await factory.stocked(10, site=here)
    await factory.stocked(10, sku=sku, site=there)
    gold = a_name("GOLD")
    ok(await factory.quote.put(f"/v1/classes/{gold}", json={}))
    floor = {"kind": "floor", "demand_class": gold, "sku": sku, "quantity": 12, "release_date": day(9)}
    ok(await factory.quote.put(f"/v1/allocations/{a_name('FLOOR')}", json=floor))
    asked = [await factory.ask(a_line(sku, quantity, sites=[here])) for quantity in (1, 4, 8, 10)]
    ordered = await factory.order(a_line(sku, 6, sites=[here]), demand_class=gold)
    later = await factory.ask(a_line(sku, 4, sites=[here]))
    await assert_same(factory, *(one["decision_id"] for one in (*asked, ordered, later)))


async def test_what_differs_is_named_with_its_place(factory: Factory, postgres: RunningPostgres) -> None:
    """The log of an inquiry is rewritten behind the service's back: the promise in it is a day too early."""
    site = await factory.site()
    sku = await factory.stocked(0, {3: 10}, site=site)
    asked = await factory.ask(a_line(sku, 10))
    await assert_same(factory, asked["decision_id"])
    connection = await asyncpg.connect(factory.quotes[0].environment["PLEDGE_DATABASE_URL"])
    try:
        await connection.execute(
            """UPDATE quote.inquiry SET result = replace(result::text, $2::text, $3::text)::json WHERE id = $1""",
            asked["id"], f'"promised_date":"{day(3)}"', f'"promised_date":"{day(2)}"',
        )  # fmt: skip
    finally:
        await connection.close()
    found = await replayed(factory, asked["decision_id"])
    assert found["same"] is False
    assert found["differences"] == [{"what": "/lines/0/promised_date", "old": day(2), "new": day(3)}]


async def test_a_decision_that_never_was_is_a_404(factory: Factory) -> None:
    for name in ("dec_01JD7Z0K8M3Q9V5T2X4W6Y8ABC", "nonsense"):
        refused(await factory.quote.post(f"/v1/decisions/{name}/replay"), 404, "DECISION_NOT_FOUND")


async def test_promises_that_were_decided_anew_are_decided_the_same_again(factory: Factory) -> None:
    """What one had on hand is gone, so that more has to be made: replayed after everything has moved on."""
    site, table, _, _ = await a_workshop(factory)
    await factory.stocked(2, sku=table, site=site)

    async def counted(quantity: float) -> None:
        await factory.count(table, quantity, site)

        async def known() -> bool:
            return bool((await factory.book(table, site))["on_hand"] == quantity)

        await eventually(known, what="the count")

    first = (await factory.order(a_line(table, 2, sites=[site]), priority=9))["order_id"]
    await factory.promised(a_line(table, 1, sites=[site]), None)
    last = (await factory.order(a_line(table, 1, sites=[site]), priority=1))["order_id"]
    await counted(0)
    body = {"scope": {"skus": [table]}, "strategies": {"orders": {last: "win", first: "lose"}}}
    simulated = ok(await factory.quote.post("/v1/repromise", json=body))
    (loser,) = simulated["losers"]
    assert (loser["order_id"], [one["kind"] for one in loser["planned_supply"]]) == (first, ["production_order"])
    done = ok(await factory.quote.post(f"/v1/repromise/{simulated['id']}/apply", json={"approve": True}))
    planned = {one["id"]: one["order_id"] for one in await factory.plans(table)}
    assert planned[loser["planned_supply"][0]["plan_id"]] == first
    await assert_same(factory, done["decision_id"])
    await counted(50)
    await assert_same(factory, done["decision_id"])
