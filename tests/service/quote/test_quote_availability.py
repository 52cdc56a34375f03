"""Availability: a book day by day, now and as it was; what is told of it as it changes; how fresh it is."""

import asyncio
import json

import httpx

from tests.service.quote.shop import Json, Shop, a_line, a_name, day, eventually, ok, refused


async def test_a_book_day_by_day_with_what_comes_and_what_is_claimed(shop: Shop) -> None:
    sku = await shop.item()
    receipt = await shop.order_supply(sku, 5, 2)
    await shop.stocked(10, sku=sku, safety_stock=1)
    order_id = (await shop.order(a_line(sku, 3, line_ref="10", requested_date=day(1)), customer="ACME"))["order_id"]
    book = await shop.book(sku)
    assert (book["sku"], book["site"], book["time_zone"], book["on_hand"], book["safety_stock"]) == (sku, "HAM", "UTC", 10, 1)
    assert [(each["date"], each["projected"], each["atp"], each["discrete_atp"]) for each in book["days"]] == [
        (day(0), 9, 6, 6),
        (day(1), 6, 6, 0),
        (day(2), 11, 11, 5),
    ]
    claim = book["days"][1]["claims"][0]
    assert (claim["kind"], claim["quantity"], claim["owner"], claim["line_ref"], claim["customer"], claim["date"]) == (
        "order", 3, order_id, "10", "ACME", day(1),
    )  # fmt: skip
    coming = book["days"][2]["receipts"][0]
    assert (coming["receipt_id"], coming["quantity"], coming["kind"], coming["supplier"]) == (receipt, 5, "purchase_order", "WOOD")
    assert await shop.atp(sku, owner=order_id) == 9
    assert [each["date"] for each in (await shop.book(sku, from_date=day(1), to_date=day(4)))["days"]] == [day(n) for n in (1, 2, 3, 4)]


async def test_a_past_instant_shows_the_book_and_the_holds_of_then(shop: Shop) -> None:
    sku = await shop.stocked(10)
    held = await shop.hold(a_line(sku, 4))
    before = await shop.book(sku)
    ok(await shop.quote.post(f"/v1/quotes/{held['id']}/release"))
    await shop.order(a_line(sku, 9))
    then = await shop.book(sku, as_of=before["as_of"])
    assert then["days"] == before["days"]
    assert (then["version"], then["as_of"]) == (before["version"], before["as_of"])
    assert await shop.atp(sku) == 1
    refused(
        await shop.quote.get("/v1/availability", params={"sku": sku, "site": "HAM", "as_of": "2020-01-01T00:00:00Z"}), 404, "UNKNOWN_BOOK"
    )


async def test_spans_and_instants_that_are_none_are_refused(shop: Shop) -> None:
    sku = await shop.stocked(1)
    for params, code in (
        ({"from_date": day(2), "to_date": day(1)}, "EMPTY_SPAN"),
        ({"to_date": day(5000)}, "SPAN_TOO_LONG"),
        ({"as_of": "2999-01-01T00:00:00Z"}, "AS_OF_IN_FUTURE"),
        ({"as_of": "2026-01-01T00:00:00"}, "INVALID_REQUEST"),
        ({"from_date": "soon"}, "INVALID_REQUEST"),
    ):
        refused(await shop.quote.get("/v1/availability", params={"sku": sku, "site": "HAM"} | params), 422, code)
    refused(await shop.quote.get("/v1/availability", params={"sku": sku, "site": "NOWHERE"}), 404, "UNKNOWN_BOOK")
    refused(await shop.quote.get("/v1/availability", params={"sku": sku}), 422, "INVALID_REQUEST")


async def test_many_pairs_at_once_each_with_its_own_outcome(shop: Shop) -> None:
    one, two = await shop.stocked(1), await shop.stocked(2)
    pairs = [{"sku": one, "site": "HAM"}, {"sku": a_name("GHOST"), "site": "HAM"}, {"sku": two, "site": "HAM"}]
    found = ok(await shop.quote.post("/v1/availability/bulk", json={"pairs": pairs, "from_date": day(0), "to_date": day(1)}))["data"]
    assert [each.get("on_hand") for each in found] == [1, None, 2]
    assert found[1]["error"]["code"] == "UNKNOWN_BOOK"
    assert [len(each["days"]) for each in (found[0], found[2])] == [2, 2]
    many = ok(await shop.quote.post("/v1/availability/bulk", json={"pairs": pairs[:1] * 5000, "to_date": day(0)}))["data"]
    assert len(many) == 5000


async def test_a_pair_whose_site_is_a_day_ahead_does_not_take_the_others_with_it(shop: Shop) -> None:
    """Between these two it is never the same day: what is today in the one is over in the other."""
    behind, ahead = a_name("PAGO"), a_name("LINE")
    for site, zone in ((behind, "Pacific/Pago_Pago"), (ahead, "Pacific/Kiritimati")):
        ok(await shop.inventory.put(f"/v1/sites/{site}", json={"name": site, "time_zone": zone}))
    sku = await shop.item()
    for site in (behind, ahead):
        await shop.stocked(3, sku=sku, site=site)
    today = (await shop.book(sku, behind))["today"]
    pairs = [{"sku": sku, "site": site} for site in (ahead, behind)]
    late, there = ok(await shop.quote.post("/v1/availability/bulk", json={"pairs": pairs, "to_date": today}))["data"]
    assert (late["site"], late["error"]["code"]) == (ahead, "EMPTY_SPAN")
    assert [one["date"] for one in there["days"]] == [today]
    named = {"pairs": pairs, "from_date": day(1), "to_date": day(0)}
    refused(await shop.quote.post("/v1/availability/bulk", json=named), 422, "EMPTY_SPAN")
    refused(await shop.quote.post("/v1/availability/bulk", json={"pairs": pairs[:1] * 5001}), 422, "INVALID_REQUEST")


async def test_every_answer_says_how_old_its_supply_is(shop: Shop) -> None:
    sku = await shop.stocked(1)

    async def fresh() -> Json | None:
        inputs = (await shop.ask(a_line(sku)))["inputs"]
        return inputs[0] if not inputs[0]["stale"] and inputs[0]["age_seconds"] < 5 else None

    first = await eventually(fresh, what="a heartbeat on every partition")
    assert (first["source"], first["site"]) == ("inventory", "HAM")

    async def younger() -> bool:
        return bool((await shop.book(sku))["inputs"][0]["as_of"] > first["as_of"])

    await eventually(younger, what="the next heartbeat, though nothing happens")


async def test_the_stream_tells_what_happens_as_it_happens(shop: Shop) -> None:
    sku = await shop.stocked(10)
    heard: list[tuple[str, Json]] = []
    async with shop.quote.stream("GET", "/v1/stream") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.aiter_lines()
        assert await anext(lines) == ": welcome"
        held = await shop.hold(a_line(sku, 4))
        order_id = ok(await shop.confirm(held["id"]))["order_id"]
        name = ""
        async with asyncio.timeout(30):
            async for line in lines:
                name = line.removeprefix("event: ") if line.startswith("event: ") else name
                if line.startswith("data: "):
                    heard.append((name, json.loads(line.removeprefix("data: "))))
                if {"hold", "order", "availability"} <= {kind for kind, _ in about(heard, sku, held["id"], order_id)}:
                    break
    told = dict(about(heard, sku, held["id"], order_id))
    assert (told["hold"]["status"], told["order"]["status"], told["order"]["lines"][0]["quantity"]) == ("held", "confirmed", 4)
    assert told["availability"]["sku"] == sku


def about(heard: list[tuple[str, Json]], sku: str, quote_id: str, order_id: str) -> list[tuple[str, Json]]:
    """What was heard of one sku, hold and order; others use the same stream."""
    mine = {"availability": ("sku", sku), "hold": ("quote_id", quote_id), "order": ("order_id", order_id)}
    return [(kind, data) for kind, data in heard if kind in mine and data[mine[kind][0]] == mine[kind][1]]


async def test_a_snapshot_has_every_book_and_order_behind_the_offsets_it_was_taken_at(shop: Shop) -> None:
    sku = await shop.stocked(10)
    order_id = (await shop.order(a_line(sku, 4)))["order_id"]
    async with shop.quote.stream("GET", "/v1/snapshot") as answer:
        assert answer.status_code == 200
        lines = [json.loads(line) async for line in answer.aiter_lines() if line]
    head, entities = lines[0], lines[1:]
    assert set(head["topics"]) == {"quote.availability.v1", "quote.orders.v1", "quote.risk.v1"}
    assert all(offset >= 0 for ends in head["topics"].values() for offset in ends.values())
    book = next(one["data"] for one in entities if one["data"].get("sku") == sku)
    assert (book["on_hand"], book["revision"], book["staircase"][0]["atp"]) == (10, (await shop.book(sku))["version"], 6)
    order = next(one["data"] for one in entities if one["data"].get("order_id") == order_id)
    assert (order["revision"], order["status"]) == (1, "confirmed")


async def test_without_a_key_nobody_learns_anything(shop: Shop) -> None:
    async with httpx.AsyncClient(base_url=shop.quote.base_url) as stranger:
        for path in ("/v1/orders", "/v1/quotes", "/v1/stream", "/v1/snapshot", "/v1/availability?sku=A&site=B"):
            assert (await stranger.get(path)).status_code == 401, path
        assert (await stranger.post("/v1/quotes", json={"lines": [a_line("A")]})).status_code == 401
        for path in ("/livez", "/readyz", "/metrics", "/openapi.json", "/asyncapi.json"):
            assert (await stranger.get(path)).status_code == 200, path


async def test_a_book_is_shown_at_any_version_it_had_with_the_holds_that_lived_then(shop: Shop) -> None:
    sku = await shop.stocked(10)
    told = (await shop.book(sku))["version"]
    hold = await shop.hold(a_line(sku, 4))
    held = await shop.book(sku)
    assert held["version"] == told + 1
    ok(await shop.quote.post(f"/v1/quotes/{hold['id']}/release"))
    await shop.order(a_line(sku, 9))
    assert [(await shop.book(sku, version=str(told + n)))["days"][0]["atp"] for n in range(4)] == [10, 6, 10, 1]
    then = await shop.book(sku, version=str(told + 1))
    assert (then["days"], then["version"]) == (held["days"], held["version"])
    assert then["days"] == (await shop.book(sku, as_of=then["as_of"]))["days"], "the instant at which it came to that version"
    assert then["inputs"][0] == {"source": "inventory", "site": "HAM", "as_of": None, "age_seconds": None, "stale": True}
    for params, code in (
        ({"version": str(told + 99)}, "UNKNOWN_VERSION"),
        ({"version": "0"}, "INVALID_REQUEST"),
        ({"version": "1", "as_of": then["as_of"]}, "INVALID_REQUEST"),
    ):
        found = refused(await shop.quote.get("/v1/availability", params={"sku": sku, "site": "HAM"} | params), 422, code)
        assert found["errors"][0]["pointer"].endswith("version")
    refused(await shop.quote.get("/v1/availability", params={"sku": a_name("GHOST"), "site": "HAM", "version": 1}), 404, "UNKNOWN_BOOK")


async def test_the_past_is_shown_by_the_master_data_of_then(shop: Shop) -> None:
    """The item's dock-to-stock days grow: today what comes counts later, as of before it counts as it did."""
    sku = await shop.stocked(0, {2: 5})
    before = await shop.book(sku)
    ok(await shop.inventory.put(f"/v1/items/{sku}", json={"name": f"item {sku}", "uom": "EA", "dock_to_stock_days": 3}))

    async def later() -> bool:
        return await shop.atp(sku, 4) == 0

    await eventually(later, what="the item being heard")
    assert (await shop.book(sku, as_of=before["as_of"]))["days"] == before["days"]
