"""Ceilings and floors over HTTP: what they let through, what they refuse and why, and what they have counted."""

from datetime import date, timedelta

import httpx
import pytest

from tests.service.quote.shop import Json, Shop, a_line, a_name, codes, dates, day, deliveries, eventually, ok, refused, today


async def a_class(shop: Shop, parent: str | None = None) -> str:
    name = a_name("CLASS")
    ok(await shop.quote.put(f"/v1/classes/{name}", json={"parent": parent}))
    return name


async def allocate(shop: Shop, kind: str, demand_class: str, sku: str, name: str | None = None, **body: object) -> str:
    name = name or a_name(kind.upper())
    told = ok(await shop.quote.put(f"/v1/allocations/{name}", json={"kind": kind, "demand_class": demand_class, "sku": sku, **body}))
    assert told["allocation"] == name
    return name


async def shown(shop: Shop, name: str) -> Json:
    return ok(await shop.quote.get(f"/v1/allocations/{name}"))


async def used(shop: Shop, name: str) -> list[tuple[float, float]]:
    """What is consumed and what is left, period by period."""
    return [(one["consumed"], one["left"]) for one in (await shown(shop, name))["periods"]]


def monday(weeks: int = 1) -> date:
    """The Monday so many weeks after this week's."""
    return today() + timedelta(days=7 * weeks - today().weekday())


def because_of(line: Json) -> list[str]:
    return [reason["code"] for reason in line["reasons"] if reason["step"] == "allocation"]


# -- ceilings


async def test_a_ceiling_of_a_week_lets_the_rest_go_the_week_after_and_says_so(shop: Shop) -> None:
    retail, sku = await a_class(shop), await shop.stocked(100)
    name = await allocate(shop, "ceiling", retail, sku, quantity=20, period="week")
    first = monday().isoformat()
    line = a_line(sku, 15, requested_date=first)
    assert dates(await shop.order(line, demand_class=retail)) == [first]
    asked = (await shop.ask(line, demand_class=retail))["lines"][0]
    assert (asked["promised_date"], asked["outcome"], asked["slip_days"]) == ((monday(2)).isoformat(), "late", 7)
    assert (asked["limiting_step"], because_of(asked)) == ("allocation", ["CEILING_REACHED"])
    reason = next(one for one in asked["reasons"] if one["step"] == "allocation")
    assert (reason["ref"], reason["adds_days"]) == (name, 7)
    assert sum(one["adds_days"] for one in asked["reasons"]) == 7
    assert (await shop.ask(a_line(sku, 5, requested_date=first), demand_class=retail))["outcome"] == "full"
    assert (await shop.ask(line))["outcome"] == "full", "it binds nobody else"


async def test_what_is_asked_beyond_a_ceiling_is_split_over_its_periods(shop: Shop) -> None:
    retail, sku = await a_class(shop), await shop.stocked(100)
    await allocate(shop, "ceiling", retail, sku, quantity=20, period="week")
    line = a_line(sku, 50, requested_date=monday().isoformat())
    answer = await shop.order(line, demand_class=retail, allow_partial=True)
    expected = [("HAM", 20, monday(1).isoformat()), ("HAM", 20, monday(2).isoformat()), ("HAM", 10, monday(3).isoformat())]
    assert deliveries(answer["lines"][0]) == expected
    assert because_of(answer["lines"][0]) == ["CEILING_REACHED"]
    assert sum(one["adds_days"] for one in answer["lines"][0]["reasons"]) == answer["lines"][0]["slip_days"]


async def test_more_than_a_ceiling_ever_leaves_is_refused_by_name(shop: Shop) -> None:
    retail, sku = await a_class(shop), await shop.stocked(1000)
    await allocate(shop, "ceiling", retail, sku, quantity=500)
    problem = refused(await shop.try_order(a_line(sku, 600), demand_class=retail), 409, "CANNOT_PROMISE")
    line = problem["offer"]["lines"][0]
    assert (line["outcome"], line["limiting_step"], because_of(line)) == ("none", "allocation", ["CEILING_REACHED"])
    assert "500 left" in problem["offer"]["summary"]
    some = await shop.ask(a_line(sku, 600), demand_class=retail, allow_partial=True)
    assert (some["lines"][0]["promised_quantity"], some["outcome"]) == (500, "partial")
    assert because_of(some["lines"][0]) == ["CEILING_REACHED"]


async def test_the_latest_acceptable_date_lets_a_ceiling_answer(shop: Shop) -> None:
    retail, sku = await a_class(shop), await shop.stocked(100)
    await allocate(shop, "ceiling", retail, sku, quantity=10, period="week")
    line = a_line(sku, 10, requested_date=monday().isoformat(), latest_acceptable_date=(monday() + timedelta(days=2)).isoformat())
    await shop.order(line, demand_class=retail)
    problem = refused(await shop.try_order(line, demand_class=retail), 409, "CANNOT_PROMISE")
    assert problem["offer"]["lines"][0]["limiting_step"] == "allocation"
    assert f"from Mon {monday(2).day} " in problem["detail"], "the date that would do"


async def test_a_ceiling_binds_every_class_inside_its_own_and_all_together(shop: Shop) -> None:
    web = await a_class(shop)
    gold, silver = await a_class(shop, web), await a_class(shop, web)
    sku = await shop.stocked(100)
    outer = await allocate(shop, "ceiling", web, sku, quantity=30)
    inner = await allocate(shop, "ceiling", gold, sku, quantity=20)
    await shop.order(a_line(sku, 15), demand_class=silver)
    refused(await shop.try_order(a_line(sku, 16), demand_class=gold), 409, "CANNOT_PROMISE")
    await shop.order(a_line(sku, 15), demand_class=gold)
    assert (await used(shop, outer), await used(shop, inner)) == ([(30, 0)], [(15, 5)])
    takers = (await shown(shop, outer))["periods"][0]["consumed_by"]
    assert {(one["demand_class"], one["quantity"]) for one in takers} == {(gold, 15), (silver, 15)}
    for one in (gold, silver, web):
        assert (await shop.ask(a_line(sku, 1), demand_class=one))["outcome"] == "none"
    mistyped = (await shop.ask(a_line(sku, 1), demand_class=f"{gold}-"))["lines"][0]
    assert (mistyped["outcome"], codes(mistyped)) == ("full", ["COVERED", "UNKNOWN_CLASS"])


async def test_several_sites_and_several_lines_count_together(shop: Shop) -> None:
    retail = await a_class(shop)
    sku = await shop.stocked(50)
    await shop.stocked(50, sku=sku, site="BER")
    await shop.stocked(50, sku=sku, site="MUC")
    name = await allocate(shop, "ceiling", retail, sku, sites=["HAM", "BER"], quantity=30)
    lines = [a_line(sku, 20, sites=["HAM"], line_ref="1"), a_line(sku, 20, sites=["BER"], line_ref="2")]
    problem = refused(await shop.try_order(*lines, demand_class=retail), 409, "CANNOT_PROMISE")
    assert [line["outcome"] for line in problem["offer"]["lines"]] == ["full", "none"]
    await shop.order(lines[0], a_line(sku, 20, sites=["MUC"], line_ref="2"), demand_class=retail)
    assert await used(shop, name) == [(20, 10)]
    some = await shop.order(a_line(sku, 40), demand_class=retail, allow_partial=True)
    assert sorted((site, quantity) for site, quantity, _ in deliveries(some["lines"][0])) == [("BER", 10), ("MUC", 30)]
    together = [a_line(sku, 5, sites=["HAM"], line_ref="1"), a_line(sku, 5, sites=["BER"], line_ref="2")]
    refused(await shop.try_order(*together, demand_class=retail, ship_complete=True), 409, "CANNOT_PROMISE")


async def test_ship_complete_waits_for_the_period_that_leaves_room_for_all(shop: Shop) -> None:
    retail, sku, other = await a_class(shop), await shop.stocked(100), await shop.stocked(100)
    await allocate(shop, "ceiling", retail, sku, quantity=10, period="week")
    first = monday().isoformat()
    await shop.order(a_line(sku, 8, requested_date=first), demand_class=retail)
    lines = [a_line(sku, 5, requested_date=first, line_ref="1"), a_line(other, 1, requested_date=first, line_ref="2")]
    answer = await shop.order(*lines, demand_class=retail, ship_complete=True)
    assert dates(answer) == [monday(2).isoformat()] * 2
    assert because_of(answer["lines"][0]) == ["CEILING_REACHED"]


async def test_what_is_given_back_is_free_and_what_was_shipped_stays_counted(shop: Shop) -> None:
    retail, sku = await a_class(shop), await shop.stocked(100)
    name = await allocate(shop, "ceiling", retail, sku, quantity=30)
    order = (await shop.order(a_line(sku, 20, line_ref="1"), demand_class=retail))["order_id"]
    await shop.ship(order, "1", sku, 8)

    async def shipped() -> bool:
        return bool((await shop.read(order))["lines"][0]["shipped_quantity"] == 8)

    await eventually(shipped, what="the shipment")
    assert await used(shop, name) == [(20, 10)]
    ok(await shop.amend(order, {"line_ref": "1", "quantity": 15}))
    assert await used(shop, name) == [(15, 15)]
    refused(await shop.amend(order, {"line_ref": "1", "quantity": 31}), 409, "CANNOT_PROMISE")
    ok(await shop.amend(order, {"line_ref": "1", "quantity": 30}))
    ok(await shop.quote.post(f"/v1/orders/{order}/cancel", json={}))
    assert await used(shop, name) == [(8, 22)]
    await allocate(shop, "ceiling", retail, sku, name, quantity=40)
    assert await used(shop, name) == [(8, 32)], "counted anew it is the same"


async def test_a_hold_counts_until_it_expires_is_released_or_becomes_an_order(shop: Shop) -> None:
    retail, sku = await a_class(shop), await shop.stocked(100)
    name = await allocate(shop, "ceiling", retail, sku, quantity=30)
    held = await shop.hold(a_line(sku, 20), demand_class=retail)
    assert await used(shop, name) == [(20, 10)]
    (taker,) = (await shown(shop, name))["periods"][0]["consumed_by"]
    assert (taker["owner"], taker["kind"], taker["expires_at"]) == (held["id"], "hold", held["expires_at"])
    ok(await shop.quote.post(f"/v1/quotes/{held['id']}/extend", json={"ttl_seconds": 3600}))
    order = ok(await shop.confirm(held["id"]))["order_id"]
    (taker,) = (await shown(shop, name))["periods"][0]["consumed_by"]
    assert (taker["owner"], taker["kind"], await used(shop, name)) == (order, "order", [(20, 10)])
    other = await shop.hold(a_line(sku, 10), demand_class=retail)
    refused(await shop.try_hold(a_line(sku, 1), demand_class=retail), 409, "CANNOT_PROMISE")
    ok(await shop.quote.post(f"/v1/quotes/{other['id']}/release"))
    short = await shop.hold(a_line(sku, 10), demand_class=retail, ttl_seconds=1)
    refused(await shop.try_order(a_line(sku, 10), demand_class=retail), 409, "CANNOT_PROMISE")
    assert short["status"] == "held"

    async def free() -> bool:
        return (await used(shop, name)) == [(20, 10)]

    await eventually(free, what="the expiry")
    await shop.order(a_line(sku, 10), demand_class=retail)
    assert await used(shop, name) == [(30, 0)]


async def test_what_was_promised_before_a_ceiling_counts_and_may_stay(shop: Shop) -> None:
    retail, sku = await a_class(shop), await shop.stocked(100)
    order = (await shop.order(a_line(sku, 20, line_ref="1"), demand_class=retail))["order_id"]
    await shop.hold(a_line(sku, 5), demand_class=retail)
    name = await allocate(shop, "ceiling", retail, sku, quantity=10)
    assert await used(shop, name) == [(25, 0)]
    refused(await shop.amend(order, {"line_ref": "1", "quantity": 21}), 409, "CANNOT_PROMISE")
    ok(await shop.amend(order, {"line_ref": "1", "quantity": 19}))
    assert await used(shop, name) == [(24, 0)]


async def test_planned_supply_is_bound_by_a_ceiling_too(shop: Shop) -> None:
    retail, sku = await a_class(shop), await shop.stocked(0)
    ok(await shop.inventory.put("/v1/suppliers/WOOD", json={"name": "Wood"}))
    terms = {"sku": sku, "site": "HAM", "supplier": "WOOD", "lead_time_days": 3}
    ok(await shop.inventory.put(f"/v1/supplier-items/{a_name('TERMS')}", json=terms))

    async def bought() -> bool:
        return bool((await shop.ask(a_line(sku, 10, sites=["HAM"])))["planned_supply"])

    await eventually(bought, what="the supplier")
    name = await allocate(shop, "ceiling", retail, sku, quantity=10)
    problem = refused(await shop.try_order(a_line(sku, 11, sites=["HAM"]), demand_class=retail), 409, "CANNOT_PROMISE")
    assert problem["offer"]["lines"][0]["limiting_step"] == "allocation"
    await shop.order(a_line(sku, 10, sites=["HAM"]), demand_class=retail)
    assert await used(shop, name) == [(10, 0)]


async def test_periods_with_a_quantity_each(shop: Shop) -> None:
    retail, sku = await a_class(shop), await shop.stocked(100)
    periods = [{"from_date": day(0), "to_date": day(4), "quantity": 5}, {"from_date": day(5), "to_date": day(9), "quantity": 20}]
    name = await allocate(shop, "ceiling", retail, sku, periods=periods)
    answer = await shop.order(a_line(sku, 12), demand_class=retail)
    assert dates(answer) == [day(5)]
    assert await used(shop, name) == [(0, 5), (12, 8)]
    assert dates(await shop.ask(a_line(sku, 50), demand_class=retail)) == [day(10)], "nothing is said of later dates"


# -- floors


async def test_a_floor_is_kept_from_others_whatever_the_ship_date_until_its_release(shop: Shop) -> None:
    gold, sku = await a_class(shop), await shop.stocked(100, {5: 50})
    name = await allocate(shop, "floor", gold, sku, quantity=80, release_date=day(3))
    for wanted in (0, 4):
        line = (await shop.ask(a_line(sku, 21, requested_date=day(wanted))))["lines"][0]
        assert (line["promised_date"], because_of(line)) == (day(5), ["KEPT_FOR_OTHERS"])
        assert (line["limiting_step"], sum(one["adds_days"] for one in line["reasons"])) == ("allocation", 5 - wanted)
    refused(await shop.try_order(a_line(sku, 71), demand_class="silver"), 409, "CANNOT_PROMISE")
    assert (await shop.ask(a_line(sku, 100), demand_class=gold))["outcome"] == "full"
    await shop.order(a_line(sku, 30), demand_class=gold)
    assert ((await shown(shop, name))["kept"], await used(shop, name)) == (50, [(30, 50)])
    await shop.order(a_line(sku, 20))
    assert (await shop.ask(a_line(sku, 1)))["lines"][0]["promised_date"] == day(5)
    assert (await shop.ask(a_line(sku, 50), demand_class=gold))["outcome"] == "full"
    problem = refused(await shop.try_order(a_line(sku, 100)), 409, "CANNOT_PROMISE")
    assert problem["offer"]["lines"][0]["limiting_step"] == "allocation"
    assert "are kept for" in problem["detail"]
    await allocate(shop, "floor", gold, sku, name, quantity=80, release_date=day(0))
    assert (await shown(shop, name))["kept"] == 0
    assert (await shop.ask(a_line(sku, 50)))["outcome"] == "full", "released"


async def test_a_floor_inside_another_is_a_part_of_it(shop: Shop) -> None:
    web = await a_class(shop)
    gold, silver = await a_class(shop, web), await a_class(shop, web)
    sku = await shop.stocked(100)
    await allocate(shop, "floor", web, sku, quantity=60)
    await allocate(shop, "floor", gold, sku, quantity=40)
    most = {}
    for who in (None, gold, silver, web):
        line = (await shop.ask(a_line(sku, 100), allow_partial=True, demand_class=who))["lines"][0]
        most[who] = line["promised_quantity"]
    assert most == {None: 40, gold: 100, silver: 60, web: 60}
    await shop.order(a_line(sku, 50), demand_class=silver)
    assert (await shop.ask(a_line(sku, 100), allow_partial=True))["lines"][0]["promised_quantity"] == 10


async def test_a_floor_over_several_sites_is_kept_by_all_of_them_together(shop: Shop) -> None:
    gold, sku = await a_class(shop), await shop.stocked(50)
    await shop.stocked(50, sku=sku, site="BER")
    await allocate(shop, "floor", gold, sku, sites=["HAM", "BER"], quantity=60)
    problem = refused(await shop.try_order(a_line(sku, 41, sites=["HAM"])), 409, "CANNOT_PROMISE")
    assert problem["offer"]["lines"][0]["limiting_step"] == "allocation"
    await shop.order(a_line(sku, 30, sites=["HAM"]))
    some = await shop.ask(a_line(sku, 40), allow_partial=True)
    assert some["lines"][0]["promised_quantity"] == 10
    assert (await shop.ask(a_line(sku, 70), allow_partial=True, demand_class=gold))["outcome"] == "full"


async def test_a_floor_on_a_component_binds_what_is_moved_for_others(shop: Shop) -> None:
    gold, sku = await a_class(shop), await shop.stocked(50)
    await shop.stocked(0, sku=sku, site="BER")
    ok(await shop.inventory.put(f"/v1/lanes/{a_name('LANE')}", json={"from_site": "HAM", "to": "BER", "transit_days": 1, "sku": sku}))

    async def moved() -> bool:
        return dates(await shop.ask(a_line(sku, 50, sites=["BER"]))) == [day(1)]

    await eventually(moved, what="the lane")
    await allocate(shop, "floor", gold, sku, site="HAM", quantity=30)
    assert (await shop.ask(a_line(sku, 21, sites=["BER"])))["outcome"] == "none"
    assert dates(await shop.ask(a_line(sku, 20, sites=["BER"]))) == [day(1)]
    assert dates(await shop.ask(a_line(sku, 50, sites=["BER"]), demand_class=gold)) == [day(1)]


async def test_a_standing_promise_may_stay_and_shrink_below_a_floor_put_later(shop: Shop) -> None:
    gold, sku = await a_class(shop), await shop.stocked(50)
    order = (await shop.order(a_line(sku, 30, line_ref="1")))["order_id"]
    await allocate(shop, "floor", gold, sku, quantity=50)
    refused(await shop.amend(order, {"line_ref": "1", "quantity": 31}), 409, "CANNOT_PROMISE")
    ok(await shop.amend(order, {"line_ref": "1", "quantity": 29}))
    assert await shop.atp(sku) == 21
    assert (await shop.read(order))["lines"][0]["at_risk"] is False, "risk does not see floors"


# -- the definition


async def test_an_allocation_is_told_read_listed_and_closed(shop: Shop) -> None:
    retail, sku = await a_class(shop), await shop.stocked(10)
    name = await allocate(shop, "ceiling", retail, sku, site="HAM", quantity=5, period="month")
    told = await shown(shop, name)
    assert (told["sites"], told["quantity"], told["period"], told["revision"], told["closed"]) == (["HAM"], 5, "month", 1, False)
    assert told["periods"][0]["from_date"] == today().replace(day=1).isoformat()
    await allocate(shop, "ceiling", retail, sku, name, site="HAM", quantity=5, period="month")
    assert (await shown(shop, name))["revision"] == 1, "told again, nothing changes"
    listed = ok(await shop.quote.get("/v1/allocations", params={"limit": 500}))["data"]
    assert told in listed
    assert (await shop.ask(a_line(sku, 6), demand_class=retail))["outcome"] == "none"
    closed = ok(await shop.quote.post(f"/v1/allocations/{name}/close", json={"reason": "over"}))
    assert (closed["closed"], closed["revision"]) == (True, 2)
    assert ok(await shop.quote.post(f"/v1/allocations/{name}/close"))["revision"] == 2
    assert (await shop.ask(a_line(sku, 6), demand_class=retail))["outcome"] == "full"
    refused(await shop.quote.get(f"/v1/allocations/{a_name('NONE')}"), 404, "UNKNOWN_ALLOCATION")
    refused(await shop.quote.post(f"/v1/allocations/{a_name('NONE')}/close"), 404, "UNKNOWN_ALLOCATION")
    body = {"kind": "ceiling", "demand_class": retail, "sku": sku, "quantity": 5, "expected_revision": 9}
    refused(await shop.quote.put(f"/v1/allocations/{name}", json=body), 409, "REVISION_CONFLICT")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"kind": "roof"}, "/kind"),
        ({"demand_class": "NOBODY"}, "/demand_class"),
        ({"quantity": -1}, "/quantity"),
        ({"quantity": 0.5}, "/quantity"),
        ({"quantity": None}, "/quantity"),
        ({"site": "HAM", "sites": ["BER"]}, "/site"),
        ({"sites": []}, "/sites"),
        ({"period": "year"}, "/period"),
        ({"release_date": "2026-12-01"}, "/release_date"),
        ({"kind": "floor", "period": "week"}, "/period"),
        ({"from_date": "2026-12-02", "to_date": "2026-12-01"}, "/to_date"),
        ({"quantity": None, "periods": [{"from_date": "2026-12-02", "to_date": "2026-12-01", "quantity": 1}]}, "/periods/0/to_date"),
        ({"strategy": "win"}, "/strategy"),
    ],
)
async def test_what_cannot_be_counted_is_refused_with_its_place(shop: Shop, body: Json, pointer: str) -> None:
    whole = {"kind": "ceiling", "demand_class": await a_class(shop), "sku": await shop.stocked(1), "quantity": 1, **body}
    problem = refused(await shop.quote.put(f"/v1/allocations/{a_name('X')}", json=whole), 422, "INVALID_REQUEST")
    assert problem["errors"][0]["pointer"] == pointer


async def test_a_class_that_is_moved_is_counted_where_it_lies(shop: Shop) -> None:
    web, gold, sku = await a_class(shop), await a_class(shop), await shop.stocked(100)
    name = await allocate(shop, "ceiling", web, sku, quantity=30)
    await shop.order(a_line(sku, 20), demand_class=gold)
    assert await used(shop, name) == [(0, 30)]
    ok(await shop.quote.put(f"/v1/classes/{gold}", json={"parent": web}))
    assert await used(shop, name) == [(20, 10)]
    refused(await shop.try_order(a_line(sku, 11), demand_class=web), 409, "CANNOT_PROMISE")


async def test_an_order_promised_elsewhere_counts_under_its_customers_class(shop: Shop) -> None:
    retail, sku, customer = await a_class(shop), await shop.stocked(100), a_name("ACME")
    ok(await shop.quote.put(f"/v1/customers/{customer}", json={"demand_class": retail}))
    name = await allocate(shop, "ceiling", retail, sku, quantity=30)
    await shop.told({"sku": sku, "site": "HAM", "quantity": 40, "promised_date": day(0)}, customer=customer)
    assert await used(shop, name) == [(40, 0)], "a fact is never refused"


async def test_only_an_administrator_allocates(shop: Shop) -> None:
    answer: httpx.Response = await shop.quote.put("/v1/allocations/X", json={}, headers={"authorization": ""})
    assert answer.status_code == 401
