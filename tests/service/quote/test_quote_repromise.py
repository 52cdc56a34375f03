"""Promises decided anew: who wins and who loses is said first, then applied in one step, if nothing has moved since."""

from typing import Any

import orjson

from deploy.local.broker import BrokerServer
from shared.broker import Broker
from shared.contracts.quote import ORDERS_TOPIC
from tests.contract.broker.parts import everything
from tests.service.quote.shop import SITES, Json, Shop, a_line, a_name, day, eventually, ok, refused


async def simulated(shop: Shop, sku: str | None = None, **more: Any) -> Json:
    """A simulation of one sku unless another scope is said."""
    return ok(await shop.quote.post("/v1/repromise", json={"scope": {"skus": [sku]}, **more}))


async def applied(shop: Shop, simulation: Json, **more: Any) -> Json:
    found = ok(await shop.quote.post(f"/v1/repromise/{simulation['id']}/apply", json=more))
    assert found["status"] == "applied"
    return found


async def line_of(shop: Shop, order_id: str, line: int = 0) -> Json:
    found: Json = (await shop.read(order_id))["lines"][line]
    return found


def told(answer: Json, kind: str) -> dict[str, tuple[str, str | None]]:
    """By order: the old and the new date."""
    return {one["order_id"]: (one["old_promised_date"], one["new_promised_date"]) for one in answer[kind]}


async def first_and_last(shop: Shop, **more: Any) -> tuple[str, str, str]:
    """Ten on hand and ten in a week; the first order has those on hand, the last wants them too and waits."""
    sku = await shop.stocked(10, {7: 10})
    price = {"unit_price": "2.50", "currency": "EUR"}
    first = (await shop.order(a_line(sku, 10, **price), priority=50, **more))["order_id"]
    last = (await shop.order(a_line(sku, 10, **price), priority=10))["order_id"]
    assert ((await line_of(shop, first))["promised_date"], (await line_of(shop, last))["promised_date"]) == (day(0), day(7))
    return sku, first, last


async def test_a_simulation_says_who_wins_and_who_loses_and_writes_nothing(shop: Shop) -> None:
    sku, first, last = await first_and_last(shop)
    before = (await shop.book(sku))["version"], await shop.read(first), await shop.read(last)
    found = await simulated(shop, sku, strategies={"orders": {last: "win", first: "lose"}})
    assert (told(found, "winners"), told(found, "losers")) == ({last: (day(7), day(0))}, {first: (day(0), day(7))})
    (winner,), (loser,) = found["winners"], found["losers"]
    assert (winner["days"], winner["value"], winner["currency"], winner["strategy"], winner["line_ref"]) == (-7, 25, "EUR", "win", "1")
    assert (loser["days"], loser["reason"]["code"], loser["reason"]["ref"]) == (7, "GAVE_WAY", last)
    assert found["values"] == [{"currency": "EUR", "winners": 25, "losers": 25}]
    assert (found["status"], found["unchanged"], found["needs_approval"]) == ("simulated", 0, False)
    assert ((await shop.book(sku))["version"], await shop.read(first), await shop.read(last)) == before
    assert ok(await shop.quote.get(f"/v1/repromise/{found['id']}")) == found


async def test_applying_moves_everybody_at_once_and_keeps_what_was_first_said(shop: Shop, shop_broker: BrokerServer) -> None:
    sku, first, last = await first_and_last(shop)
    found = await simulated(shop, sku, strategies={"orders": {last: "win", first: "lose"}})
    done = await applied(shop, found, reason="agreed with sales", document="MEMO-7")
    for order, promised, said in ((first, day(7), day(0)), (last, day(0), day(7))):
        line = await line_of(shop, order)
        assert (line["promised_date"], line["first_promised_date"], line["requested_date"]) == (promised, said, day(0))
        assert (line["times_moved"], [one["delivery_date"] for one in line["deliveries"]]) == (1, [promised])
        page = ok(await shop.quote.get(f"/v1/orders/{order}/history"))["data"]
        assert [one["kind"] for one in page] == ["order-promised", "order-repromised"]
        assert (page[1]["reason"], page[1]["document"], page[1]["decision_id"]) == ("agreed with sales", "MEMO-7", done["decision_id"])
    days = (await shop.book(sku))["days"]
    assert [one["projected"] for one in days if one["date"] in (day(0), day(7))] == [0, 0]
    decision = ok(await shop.quote.get(f"/v1/decisions/{done['decision_id']}"))
    assert (decision["kind"], decision["request"]["repromise"]) == ("order-repromised", found["id"])

    async def said_so() -> bool:
        async with Broker(shop_broker.bootstrap, "tests") as reading:
            records = await everything(reading, ORDERS_TOPIC)
        events = [
            orjson.loads(record.value)
            for record in records
            if record.value is not None and dict(record.headers)["ce_type"] == b"quote.orders.order-repromised.v1"
        ]
        return {one["order_id"]: one["lines"][0]["promised_date"] for one in events if one["order_id"] in (first, last)} == {
            first: day(7), last: day(0),
        }  # fmt: skip

    await eventually(said_so, what="the events")
    again = await applied(shop, found)
    assert again["applied_at"] == done["applied_at"]
    nothing = await simulated(shop, sku, strategies={"orders": {last: "win", first: "lose"}})
    assert (nothing["winners"], nothing["losers"], nothing["unchanged"]) == ([], [], 2)


async def test_what_has_moved_since_is_named_and_nothing_is_applied(shop: Shop) -> None:
    sku, first, last = await first_and_last(shop)
    found = await simulated(shop, sku, strategies={"orders": {last: "win"}})
    await shop.order_supply(sku, 1, 9)
    await shop.heard(sku)
    problem = refused(await shop.quote.post(f"/v1/repromise/{found['id']}/apply"), 409, "BOOKS_MOVED")
    (book,) = problem["moved"]
    assert (book["sku"], book["site"]) == (sku, "HAM")
    assert book["version_now"] > book["version"]
    assert [(await line_of(shop, one))["promised_date"] for one in (first, last)] == [day(0), day(7)]


async def test_an_order_that_was_changed_since_is_named(shop: Shop) -> None:
    sku, first, last = await first_and_last(shop)
    found = await simulated(shop, sku, strategies={"orders": {last: "win"}})
    ok(await shop.amend(first, priority=60))
    problem = refused(await shop.quote.post(f"/v1/repromise/{found['id']}/apply"), 409, "BOOKS_MOVED")
    assert [one["order_id"] for one in problem["moved_orders"]] == [first]


async def test_frozen_orders_and_lines_never_move(shop: Shop) -> None:
    for more in ({"frozen": True}, {}):
        sku, first, last = await first_and_last(shop, **more)
        if not more:
            amended = ok(await shop.amend(first, {"line_ref": "1", "frozen": True}))
            assert (amended["lines"][0]["frozen"], amended["lines"][0]["times_moved"]) == (True, 0)
        found = await simulated(shop, sku, strategies={"orders": {last: "win", first: "lose"}})
        assert (found["winners"], found["losers"]) == ([], [])
        ok(await shop.amend(first, frozen=False) if more else await shop.amend(first, {"line_ref": "1", "frozen": False}))
        assert told(await simulated(shop, sku, strategies={"orders": {last: "win", first: "lose"}}), "losers") == {first: (day(0), day(7))}


async def test_a_gain_keeps_what_it_has_and_a_fill_never_improves(shop: Shop) -> None:
    sku, first, last = await first_and_last(shop)
    kept = await simulated(shop, sku, strategies={"orders": {last: "win", first: "gain"}})
    assert (kept["winners"], kept["losers"], kept["unchanged"]) == ([], [], 2)
    await shop.count(sku, 30)
    await shop.heard(sku)
    assert (await simulated(shop, sku, strategies={"default": "fill"}))["winners"] == []
    assert (await line_of(shop, last))["promised_date"] == day(7), "nobody is pulled in unasked"
    assert told(await simulated(shop, sku, strategies={"default": "gain"}), "winners") == {last: (day(7), day(0))}


async def test_redistribution_serves_the_class_that_comes_first_then_priority(shop: Shop) -> None:
    sku = await shop.stocked(10, {7: 10})
    gold = a_name("GOLD")
    ok(await shop.quote.put(f"/v1/classes/{gold}", json={"rank": 1, "strategy": "redistribute"}))
    plain = (await shop.order(a_line(sku, 10), priority=1))["order_id"]
    best = (await shop.order(a_line(sku, 10), priority=90, demand_class=gold))["order_id"]

    async def ranked() -> bool:
        found = await simulated(shop, sku)
        return told(found, "winners") == {best: (day(7), day(0))} and told(found, "losers") == {plain: (day(0), day(7))}

    await eventually(ranked, what="the class")
    found = await simulated(shop, sku, strategies={"classes": {gold: "fill"}})
    assert (found["winners"], found["losers"]) == ([], [])


async def test_what_falls_away_is_promised_anew_by_rank_and_is_no_longer_at_risk(shop: Shop) -> None:
    sku = await shop.stocked(10, {5: 10})
    first = (await shop.order(a_line(sku, 5), priority=1))["order_id"]
    last = (await shop.order(a_line(sku, 5), priority=2))["order_id"]
    await shop.count(sku, 5)

    async def in_danger() -> bool:
        return bool((await line_of(shop, last))["at_risk"])

    await eventually(in_danger, what="the danger")
    found = ok(await shop.quote.post("/v1/repromise", json={"scope": {"at_risk": True, "skus": [sku]}, "strategies": {"default": "fill"}}))
    assert (told(found, "losers"), found["winners"]) == ({last: (day(0), day(5))}, [])
    assert found["losers"][0]["reason"]["code"] == "SHORTAGE"
    assert "COUNT-1" in found["losers"][0]["reason"]["summary"] or found["losers"][0]["reason"]["ref"] == "COUNT-1"
    await applied(shop, found)

    async def safe() -> bool:
        return (await line_of(shop, last))["at_risk"] is False

    await eventually(safe, what="the recovery")
    assert ((await line_of(shop, last))["promised_date"], (await line_of(shop, first))["promised_date"]) == (day(5), day(0))


async def test_who_must_win_is_saved_at_the_cost_of_who_stands_before_it(shop: Shop) -> None:
    sku = await shop.stocked(10, {5: 10})
    first = (await shop.order(a_line(sku, 5), priority=1))["order_id"]
    last = (await shop.order(a_line(sku, 5), priority=2))["order_id"]
    await shop.count(sku, 5)
    await shop.heard(sku)
    found = await simulated(shop, sku, strategies={"orders": {last: "win"}, "default": "fill"})
    assert (told(found, "winners"), told(found, "losers")) == ({last: (day(0), day(0))}, {first: (day(0), day(5))})
    assert found["winners"][0]["reason"]["code"] == "REGAINED"


async def test_what_nothing_covers_keeps_its_date(shop: Shop) -> None:
    sku = await shop.stocked(10)
    order = (await shop.order(a_line(sku, 10)))["order_id"]
    await shop.count(sku, 3)
    await shop.heard(sku)
    found = await simulated(shop, sku)
    (lost,) = found["losers"]
    assert (lost["order_id"], lost["new_promised_date"], lost["days"], lost["unsupplied"]) == (order, None, None, True)
    await applied(shop, found)
    line = await line_of(shop, order)
    assert (line["promised_date"], line["times_moved"]) == (day(0), 0)


async def test_another_site_that_may_serve_it_does(shop: Shop) -> None:
    here, there, _ = SITES
    sku = await shop.stocked(10, site=here)
    order = (await shop.order(a_line(sku, 10, sites=[here, there])))["order_id"]
    await shop.stocked(10, sku=sku, site=there)
    await shop.count(sku, 0, site=here)
    await shop.heard(sku, here)

    async def in_danger() -> Json | None:
        line = await line_of(shop, order)
        return line["risk"] if line["at_risk"] else None

    said = await eventually(in_danger, what="the danger")
    assert (said["projected_date"], said["slip_days"], said["unsupplied"]) == (day(0), 0, False)
    found = await simulated(shop, sku)
    assert told(found, "winners") == {order: (day(0), day(0))}
    await applied(shop, found)
    line = await line_of(shop, order)
    assert ([one["site"] for one in line["deliveries"]], line["times_moved"], line["promised_date"]) == ([there], 0, day(0))


async def test_the_stability_budget_asks_for_a_person(shop: Shop) -> None:
    sku, first, last = await first_and_last(shop)
    strategies = {"orders": {last: "win", first: "lose"}}
    found = await simulated(shop, sku, strategies=strategies, limits={"most_days": 3})
    assert (found["needs_approval"], found["losers"][0]["needs_approval"], found["winners"][0]["needs_approval"]) == (True, True, False)
    problem = refused(await shop.quote.post(f"/v1/repromise/{found['id']}/apply"), 409, "APPROVAL_NEEDED")
    assert [one["order_id"] for one in problem["beyond_budget"]] == [first]
    assert (await line_of(shop, first))["promised_date"] == day(0)
    await applied(shop, found, approve=True)
    back = await simulated(shop, sku, strategies={"orders": {first: "win", last: "lose"}}, limits={"most_moves": 1})
    assert all(one["needs_approval"] for one in (*back["winners"], *back["losers"]))


async def test_a_policy_sets_the_budget(shop: Shop) -> None:
    sku, first, last = await first_and_last(shop)
    ok(await shop.quote.put(f"/v1/policies/{a_name('POL')}", json={"sku": sku, "stability": {"most_days": 6}}))

    async def narrowed() -> bool:
        return bool((await simulated(shop, sku, strategies={"orders": {last: "win", first: "lose"}}))["needs_approval"])

    await eventually(narrowed, what="the policy")


async def test_what_was_shipped_of_a_line_stays_shipped(shop: Shop) -> None:
    sku = await shop.stocked(10, {7: 10})
    first = (await shop.order(a_line(sku, 10, line_ref="1"), priority=50))["order_id"]
    await shop.ship(first, "1", sku, 4)
    await shop.heard(sku)
    last = (await shop.order(a_line(sku, 6)))["order_id"]

    async def shipped() -> bool:
        return bool((await line_of(shop, first))["shipped_quantity"] == 4)

    await eventually(shipped, what="the shipment")
    await applied(shop, await simulated(shop, sku, strategies={"orders": {last: "win", first: "lose"}}))
    line = await line_of(shop, first)
    assert (line["shipped_quantity"], line["quantity"], line["promised_date"]) == (4, 10, day(7))
    assert sum(one["open_quantity"] for one in line["deliveries"]) == 6
    await shop.move("arrival", sku, 6)
    await shop.ship(first, "1", sku, 6)

    async def done() -> bool:
        return bool((await line_of(shop, first))["status"] == "shipped")

    await eventually(done, what="the rest")


async def test_an_order_that_ships_complete_moves_as_one(shop: Shop) -> None:
    one, other = await shop.stocked(5), await shop.stocked(5, {6: 5})
    order = (await shop.order(a_line(one, 5), a_line(other, 5), ship_complete=True))["order_id"]
    await shop.count(other, 0)
    await shop.heard(other)
    await applied(shop, await simulated(shop, other))
    lines = (await shop.read(order))["lines"]
    assert [line["promised_date"] for line in lines] == [day(6), day(6)]


async def test_what_cannot_be_meant_is_refused_with_its_place(shop: Shop) -> None:
    sku = await shop.stocked(1)
    for body, pointer in (
        ({}, "/scope"),
        ({"scope": {}}, "/scope"),
        ({"scope": {"skus": ["NO-SUCH-SKU"]}}, "/scope/skus/0"),
        ({"scope": {"sites": ["NOWHERE"]}}, "/scope/sites/0"),
        ({"scope": {"orders": ["ord_none"]}}, "/scope/orders/0"),
        ({"scope": {"skus": [sku]}, "strategies": {"orders": {"ord_none": "win"}}}, "/strategies/orders/0"),
        ({"scope": {"skus": [sku]}, "strategies": {"default": "conquer"}}, "/strategies/default"),
        ({"scope": {"skus": [sku]}, "whatever": 1}, "/whatever"),
    ):
        problem = refused(await shop.quote.post("/v1/repromise", json=body), 422, "INVALID_REQUEST")
        assert problem["errors"][0]["pointer"].startswith(pointer), problem
    refused(await shop.quote.post("/v1/repromise/rep_none/apply"), 404, "REPROMISE_NOT_FOUND")
    refused(await shop.quote.get("/v1/repromise/rep_none"), 404, "REPROMISE_NOT_FOUND")


async def test_an_order_promised_elsewhere_stays_and_an_idempotent_call_is_answered_once(shop: Shop) -> None:
    sku = await shop.stocked(10, {7: 10})
    elsewhere = {"line_ref": "1", "sku": sku, "site": "HAM", "quantity": 10, "promised_date": day(0)}
    await shop.told(elsewhere)
    last = (await shop.order(a_line(sku, 10)))["order_id"]
    body = {"scope": {"orders": [last]}, "strategies": {"default": "win"}, "idempotency_key": a_name("KEY")}
    found = ok(await shop.quote.post("/v1/repromise", json=body))
    assert (found["winners"], found["losers"]) == ([], [])
    again = ok(await shop.quote.post("/v1/repromise", json=body))
    assert (again["id"], again["replayed"]) == (found["id"], True)


async def test_a_new_date_takes_no_more_than_a_ceiling_leaves(shop: Shop) -> None:
    sku, gold = await shop.stocked(30), a_name("GOLD")
    ok(await shop.quote.put(f"/v1/classes/{gold}", json={"rank": 1}))
    ceiling = {"kind": "ceiling", "demand_class": gold, "sku": sku, "quantity": 10, "period": "day"}
    name = a_name("CEILING")
    ok(await shop.quote.put(f"/v1/allocations/{name}", json=ceiling))
    orders = [(await shop.order(a_line(sku, 6), priority=one, demand_class=gold))["order_id"] for one in (50, 10)]
    assert [(await line_of(shop, one))["promised_date"] for one in orders] == [day(0), day(1)]
    first, last = orders
    both_would = await simulated(shop, sku, strategies={"default": "gain"})
    assert (both_would["winners"], both_would["losers"]) == ([], []), "there is stock for both, and the ceiling is for one"
    found = await simulated(shop, sku, strategies={"orders": {last: "win", first: "lose"}})
    assert (told(found, "winners"), told(found, "losers")) == ({last: (day(1), day(0))}, {first: (day(0), day(1))})
    assert name in found["losers"][0]["reason"]["summary"]
    await applied(shop, found)
    shown = ok(await shop.quote.get(f"/v1/allocations/{name}"))
    assert [(one["consumed"], one["left"]) for one in shown["periods"]][:2] == [(6, 4), (6, 4)]


async def test_what_is_kept_for_others_is_no_new_date(shop: Shop) -> None:
    sku, retail = await shop.stocked(10, {7: 10}), a_name("RETAIL")
    ok(await shop.quote.put(f"/v1/classes/{retail}", json={}))
    holder = (await shop.order(a_line(sku, 10)))["order_id"]
    waits = (await shop.order(a_line(sku, 6)))["order_id"]
    floor = {"kind": "floor", "demand_class": retail, "sku": sku, "site": "HAM", "quantity": 5, "release_date": day(30)}
    ok(await shop.quote.put(f"/v1/allocations/{a_name('FLOOR')}", json=floor))
    ok(await shop.quote.post(f"/v1/orders/{holder}/cancel", json={}))
    assert (await simulated(shop, sku, strategies={"default": "win"}))["winners"] == [], "five of the ten are kept"
    ok(await shop.amend(waits, {"line_ref": "1", "quantity": 5}))
    assert told(await simulated(shop, sku, strategies={"default": "win"}), "winners") == {waits: (day(7), day(0))}


async def test_nothing_new_is_taken_on_old_news_where_a_policy_says_so(shop: Shop) -> None:
    site, policy = a_name("SITE"), a_name("POLICY")
    ok(await shop.inventory.put(f"/v1/sites/{site}", json={"name": site, "time_zone": "UTC"}))
    sku = await shop.stocked(10, {7: 10}, site=site)
    first, last = [(await shop.order(a_line(sku, 10, sites=[site])))["order_id"] for _ in range(2)]
    found = await simulated(shop, sku, strategies={"orders": {last: "win", first: "lose"}})
    freshness: Json = {"mode": "refuse", "stale_after_seconds": 1e-9}
    ok(await shop.quote.put(f"/v1/policies/{policy}", json={"site": site, "freshness": freshness}))
    answer = await shop.quote.post(f"/v1/repromise/{found['id']}/apply")
    assert refused(answer, 503, "INPUTS_STALE")["retryable"] is True
    assert (await line_of(shop, last))["promised_date"] == day(7)
    ok(await shop.quote.put(f"/v1/policies/{policy}", json={"site": site, "freshness": freshness | {"stale_after_seconds": 3600}}))
    await applied(shop, found)
    assert (await line_of(shop, last))["promised_date"] == day(0)


async def test_a_way_that_takes_longer_is_repaired(shop: Shop) -> None:
    site, region, lane = a_name("SITE"), a_name("REGION"), a_name("LANE")
    ok(await shop.inventory.put(f"/v1/sites/{site}", json={"name": site, "time_zone": "UTC"}))
    way = {"from_site": site, "to": region, "transit_days": 1}
    ok(await shop.inventory.put(f"/v1/lanes/{lane}", json=way))
    sku = await shop.stocked(10, site=site)
    line = a_line(sku, 5, sites=[site], ship_to=region, requested_date=day(5))

    async def promised() -> Json | None:
        answer = await shop.try_order(line)
        return answer.json() if answer.status_code == 200 else None

    order = (await eventually(promised, what="the lane"))["order_id"]
    assert (await line_of(shop, order))["deliveries"][0]["ship_date"] == day(4)
    ok(await shop.inventory.put(f"/v1/lanes/{lane}", json=way | {"transit_days": 3}))

    async def in_danger() -> bool:
        ok(await shop.amend(order, priority=7))
        return bool((await line_of(shop, order))["at_risk"])

    await eventually(in_danger, what="the danger")
    found = await simulated(shop, sku, strategies={"default": "fill"})
    assert told(found, "winners") == {order: (day(5), day(5))}
    await applied(shop, found)
    assert (await line_of(shop, order))["deliveries"][0]["ship_date"] == day(2)
