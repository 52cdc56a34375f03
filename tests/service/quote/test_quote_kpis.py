"""The shared figures: counted from what really happened to promises, against numbers worked out by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

from services.quote.domain.kpi import DICTIONARY
from tests.service.quote.shop import Json, Shop, a_line, a_name, day, eventually, ok, refused


async def figures(shop: Shop, **scope: Any) -> dict[str, Json]:
    """The figures by name."""
    return {one["kpi"]: one for one in ok(await shop.quote.get("/v1/kpis", params=scope))["data"]}


def counted(found: dict[str, Json], name: str) -> tuple[Any, Any, Any]:
    """A figure, its count, and of how many."""
    return found[name]["value"], found[name]["count"], found[name]["of"]


async def shipped(shop: Shop, order_id: str, quantity: float) -> None:
    """Wait until quote has heard of it."""

    async def heard() -> bool:
        return bool((await shop.read(order_id))["lines"][0]["shipped_quantity"] == quantity)

    await eventually(heard)


async def test_a_promise_is_kept_by_who_delivers_all_of_it_in_time_and_missed_for_ever_by_who_does_not(shop: Shop) -> None:
    """Four lines are due by today: one left in full, one closed short, one still owed since yesterday, one moved to next week.

    The first is kept. The one closed short is not in full. The overdue one came in from elsewhere, promised for yesterday. The moved one
    was first promised for today and is amended: its first promise is not due before today is over, its latest not before next week.
    """
    sku, customer = await shop.stocked(100), a_name("ACME")
    kept = (await shop.order(a_line(sku, 5, sites=["HAM"]), customer=customer))["order_id"]
    short = (await shop.order(a_line(sku, 5, sites=["HAM"]), customer=customer))["order_id"]
    moved = (await shop.order(a_line(sku, 5, sites=["HAM"]), customer=customer))["order_id"]
    gone = (await shop.order(a_line(sku, 5, sites=["HAM"]), customer=customer))["order_id"]
    late = {"line_ref": "1", "sku": sku, "site": "HAM", "quantity": 2, "promised_date": day(-3)}
    assert (await shop.told(late, customer=customer))["outcome"] == "created"
    ok(await shop.amend(moved, {"line_ref": "1", "requested_date": day(7)}))
    ok(await shop.quote.post(f"/v1/orders/{gone}/cancel"))
    await shop.ship(kept, "1", sku, 5)
    await shop.ship(short, "1", sku, 3, closes=True)
    await shipped(shop, kept, 5)
    await shipped(shop, short, 3)

    found = await figures(shop, customer=customer, from_date=day(-9), to_date=day(9))
    assert counted(found, "kept_first_promise") == (0.333333, 1, 3)
    assert counted(found, "kept_latest_promise") == (0.333333, 1, 3)
    assert counted(found, "repromise_rate") == (0.25, 1, 4)
    assert counted(found, "fill_rate") == (1, 3, 3)
    assert counted(found, "promise_slip_p90") == (0, None, 2)
    assert counted(found, "backorder_age_max") == (3, None, 1)
    assert counted(await figures(shop, customer=customer, from_date=day(1), to_date=day(9)), "kept_first_promise") == (None, 0, 0)


async def test_what_travels_counts_as_delivered_as_many_days_after_it_left_as_promised(shop: Shop) -> None:
    """Two days on the road: promised for D+3 it has to leave on D+1, and left today it is there on D+2; asked for D+1 it is late."""
    sku, region = await shop.stocked(10), a_name("FAR")
    lane = {"from_site": "HAM", "to": region, "transit_days": 2}
    ok(await shop.inventory.put(f"/v1/lanes/{region}", json=lane))

    async def known() -> bool:
        return bool((await shop.ask(a_line(sku, 1, ship_to=region, sites=["HAM"])))["outcome"] != "none")

    await eventually(known)
    early = (await shop.order(a_line(sku, 1, ship_to=region, sites=["HAM"], requested_date=day(3))))["order_id"]
    late = (await shop.order(a_line(sku, 1, ship_to=region, sites=["HAM"], requested_date=day(1))))["order_id"]
    for order_id in (early, late):
        await shop.ship(order_id, "1", sku, 1)
        await shipped(shop, order_id, 1)
    found = await figures(shop, sku=sku, from_date=day(0), to_date=day(5))
    assert counted(found, "requested_date_met") == (0.5, 1, 2)
    assert counted(found, "kept_first_promise") == (1, 2, 2)
    assert counted(found, "promise_slip_p50") == (-1, None, 2)
    assert counted(found, "fill_rate") == (0.5, 1, 2)
    assert counted(await figures(shop, sku=sku, to_date=day(0)), "days_of_supply") == (120, None, 1)  # 8 left, 2 in 30 days


async def test_what_is_in_danger_is_worth_what_is_still_open_of_it_by_currency(shop: Shop) -> None:
    """10 at 4.50 EUR are lost with the stock, 5 at 2 USD and 1 without a price; the order with 5 of another sku is well."""
    sku, other, customer = await shop.stocked(16), await shop.stocked(5), a_name("ACME")
    priced = {"unit_price": "4.50", "currency": "EUR"}
    await shop.order(a_line(sku, 10, **priced), a_line(sku, 1), customer=customer)
    await shop.order(a_line(sku, 5, unit_price=2, currency="USD"), customer=customer)
    await shop.order(a_line(other, 5, **priced), customer=customer)
    await shop.count(sku, 0)

    async def told() -> Json | None:
        found = await figures(shop, customer=customer)
        return found if counted(found, "orders_at_risk") == (2, 2, 3) else None

    found = await eventually(told)
    assert counted(found, "value_at_risk") == (None, 2, 3)
    assert found["value_at_risk"]["breakdown"] == [{"name": "EUR", "value": 45}, {"name": "USD", "value": 10}]
    assert counted(await figures(shop, customer=customer, sku=other), "value_at_risk") == (0, 0, 0)


async def test_quotes_are_won_or_lost_and_those_that_were_lost_say_by_how_many_days(shop: Shop) -> None:
    """Of three holds that ended one was confirmed; the fourth lives. Lost: one as asked, one five days late, one that found nothing."""
    sku, customer = await shop.stocked(10, {5: 10}), a_name("ACME")
    won = await shop.hold(a_line(sku, 1), customer=customer)
    lost = await shop.hold(a_line(sku, 1), customer=customer)
    late = await shop.hold(a_line(sku, 12), customer=customer)
    await shop.hold(a_line(sku, 1), customer=customer)
    refused(await shop.try_order(a_line(sku, 99), customer=customer), 409, "CANNOT_PROMISE")
    ok(await shop.confirm(won["id"]))
    ok(await shop.quote.post(f"/v1/quotes/{lost['id']}/release"))
    ok(await shop.quote.post(f"/v1/quotes/{late['id']}/release"))
    inquiry = await shop.ask(a_line(sku, 1), customer=customer)
    ok(await shop.confirm(inquiry["id"]))
    await shop.ask(a_line(sku, 2), customer=customer)

    async def logged() -> Json | None:
        found = await figures(shop, customer=customer)
        return found if counted(found, "quote_to_order") == (0.333333, 2, 6) else None

    found = await eventually(logged, what="two of six becoming orders")
    assert counted(found, "hold_conversion") == (0.333333, 1, 3)
    assert counted(found, "quotes_lost_by_date_gap") == (2, 2, 3)
    parts = {one["name"]: one["value"] for one in found["quotes_lost_by_date_gap"]["breakdown"] if one["value"]}
    assert parts == {"as_asked": 1, "4_to_7_days": 1, "no_date": 1}


async def test_every_figure_is_defined_and_one_that_cannot_be_narrowed_is_not_answered_under_that_filter(shop: Shop) -> None:
    defined = ok(await shop.quote.get("/v1/kpis/definitions"))["data"]
    assert [one["kpi"] for one in defined] == [one.kpi for one in DICTIONARY]
    assert all(one[name] for one in defined for name in ("name", "unit", "formula", "date_basis", "exclusions", "owner"))
    answer = ok(await shop.quote.get("/v1/kpis"))
    assert [one["kpi"] for one in answer["data"]] == [one["kpi"] for one in defined]
    today = datetime.now(UTC).date()  # noqa: TID251 -- the caller's own calendar
    assert (answer["from_date"], answer["to_date"]) == ((today - timedelta(days=29)).isoformat(), today.isoformat())
    latency, age = (next(one for one in answer["data"] if one["kpi"] == name) for name in ("quote_latency_p99", "feed_age"))
    assert latency["of"] > 0
    assert age["value"] is not None
    for name in ("customer", "sku", "site"):
        narrowed = await figures(shop, **{name: "HAM"})
        assert set(narrowed) == {one["kpi"] for one in defined if name in one["filters"]}
    refused(await shop.quote.get("/v1/kpis", params={"from_date": day(2), "to_date": day(1)}), 422, "BAD_SPAN")
    refused(await shop.quote.get("/v1/kpis", params={"from_date": "yesterday"}), 422, "INVALID_REQUEST")
