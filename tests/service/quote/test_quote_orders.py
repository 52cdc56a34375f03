"""Orders: promised in one step, read, listed, amended, cancelled; their history tells it all."""

import asyncio

from tests.service.quote.shop import Json, Shop, a_line, a_name, day, deliveries, ok, refused


async def test_an_order_is_quoted_and_confirmed_in_one_step(shop: Shop) -> None:
    sku = await shop.stocked(10)
    answer = await shop.order(a_line(sku, 4, line_ref="10"), customer="ACME")
    assert (answer["status"], answer["mode"], answer["outcome"]) == ("confirmed", "order", "full")
    order = await shop.read(answer["order_id"])
    assert (order["status"], order["revision"], order["lines"][0]["at_risk"]) == ("confirmed", 1, False)
    assert deliveries(order["lines"][0]) == [("HAM", 4, day(0))]
    assert order["lines"][0]["deliveries"][0]["open_quantity"] == 4
    decision = ok(await shop.quote.get(f"/v1/decisions/{answer['decision_id']}"))
    assert (decision["kind"], decision["order_id"], decision["result"]["lines"]) == ("order-promised", order["id"], answer["lines"])
    assert decision["versions"] == {f"{sku}|HAM": (await shop.book(sku))["version"] - 1}, "the version it was decided on"


async def test_what_cannot_be_promised_in_full_is_refused_with_the_best_answer_and_takes_nothing(shop: Shop) -> None:
    much, little = await shop.stocked(10), await shop.stocked(2)
    problem = refused(await shop.try_order(a_line(much, 5), a_line(little, 5)), 409, "CANNOT_PROMISE")
    assert [line["outcome"] for line in problem["offer"]["lines"]] == ["full", "none"]
    assert (await shop.atp(much), await shop.atp(little)) == (10, 2)
    assert problem["retryable"] is False


async def test_with_allow_partial_an_order_takes_what_there_is_and_goes_on_without_a_line(shop: Shop) -> None:
    much, little, never = await shop.stocked(10), await shop.stocked(2), await shop.stocked(0)
    answer = await shop.order(a_line(much, 5), a_line(little, 5), a_line(never, 5), allow_partial=True)
    assert (answer["outcome"], [line["promised_quantity"] for line in answer["lines"]]) == ("partial", [5, 2, 0])
    order = await shop.read(answer["order_id"])
    assert [(line["sku"], line["quantity"]) for line in order["lines"]] == [(much, 5), (little, 2)]
    refused(await shop.try_order(a_line(never, 5), allow_partial=True), 409, "CANNOT_PROMISE")


async def test_an_order_split_over_dates_and_sites_claims_each_part_where_it_leaves(shop: Shop) -> None:
    sku = await shop.stocked(5, {3: 5}, site="BER")
    await shop.stocked(4, site="MUC", sku=sku)
    answer = await shop.order(a_line(sku, 14), allow_partial=True)
    assert sorted(deliveries(answer["lines"][0])) == [("BER", 5, day(0)), ("BER", 5, day(3)), ("MUC", 4, day(0))]
    assert answer["lines"][0]["promised_date"] == day(3)
    assert (await shop.atp(sku, site="BER"), await shop.atp(sku, 3, "BER"), await shop.atp(sku, site="MUC")) == (0, 0, 0)


async def test_ship_complete_claims_all_lines_on_the_common_date(shop: Shop) -> None:
    early, late = await shop.stocked(10), await shop.stocked(0, {4: 10})
    order = await shop.read((await shop.order(a_line(early, 6), a_line(late, 6), ship_complete=True))["order_id"])
    assert [line["promised_date"] for line in order["lines"]] == [day(4), day(4)]
    claims = [(each["date"], claim["quantity"]) for each in (await shop.book(early))["days"] for claim in each["claims"]]
    assert claims == [(day(4), 6)]
    assert (await shop.ask(a_line(early, 5)))["outcome"] == "none", "what waits for the other line is promised"


async def test_reducing_and_postponing_pass_also_on_a_book_that_is_short(shop: Shop) -> None:
    sku = await shop.stocked(20, {6: 5})
    big, small = await shop.order(a_line(sku, 12, line_ref="10")), await shop.order(a_line(sku, 8, line_ref="10"))
    await shop.count(sku, 5)
    await shop.heard(sku)
    assert await shop.atp(sku) == -15
    reduced = ok(await shop.amend(big["order_id"], {"line_ref": "10", "quantity": 9}))
    assert (reduced["revision"], reduced["lines"][0]["quantity"], reduced["lines"][0]["times_moved"]) == (2, 9, 0)
    assert await shop.atp(sku) == -12
    postponed = ok(await shop.amend(small["order_id"], {"line_ref": "10", "requested_date": day(6)}))
    line = postponed["lines"][0]
    assert (line["requested_date"], line["first_promised_date"], line["promised_date"], line["times_moved"]) == (day(6), day(0), day(6), 1)
    refused(await shop.amend(big["order_id"], {"line_ref": "10", "quantity": 10}), 409, "CANNOT_PROMISE")
    ok(await shop.quote.post(f"/v1/orders/{big['order_id']}/cancel"))
    assert await shop.atp(sku, 6) == 2


async def test_raising_is_promised_anew_and_a_refusal_leaves_the_old_promise(shop: Shop) -> None:
    sku = await shop.stocked(10, {5: 10})
    order_id = (await shop.order(a_line(sku, 6, line_ref="10")))["order_id"]
    before = await shop.read(order_id)
    problem = refused(await shop.amend(order_id, {"line_ref": "10", "quantity": 21}), 409, "CANNOT_PROMISE")
    assert problem["offer"]["order_id"] == order_id
    assert await shop.read(order_id) == before
    assert await shop.atp(sku) == 4
    raised = ok(await shop.amend(order_id, {"line_ref": "10", "quantity": 10}, reason="asks for more", document="MAIL-1"))
    assert (raised["lines"][0]["promised_date"], raised["lines"][0]["times_moved"]) == (day(0), 0)
    assert await shop.atp(sku) == 0
    later = ok(await shop.amend(order_id, {"line_ref": "10", "quantity": 20}))["lines"][0]
    assert (later["promised_date"], later["first_promised_date"], later["times_moved"]) == (day(5), day(0), 1)
    assert (await shop.atp(sku), await shop.atp(sku, 5)) == (0, 0)


async def test_an_amendment_adds_lines_changes_skus_and_leaves_unnamed_lines_alone(shop: Shop) -> None:
    one, two, three = await shop.stocked(10), await shop.stocked(10), await shop.stocked(10)
    order_id = (await shop.order(a_line(one, 1, line_ref="10"), a_line(two, 2, line_ref="20")))["order_id"]
    refused(await shop.amend(order_id, {"line_ref": "30", "quantity": 3}), 422, "UNKNOWN_LINE")
    amended = ok(await shop.amend(order_id, {"line_ref": "20", "sku": three}, {"line_ref": "30", "sku": one, "quantity": 3}))
    assert [(line["line_ref"], line["sku"], line["quantity"]) for line in amended["lines"]] == [
        ("10", one, 1),
        ("20", three, 2),
        ("30", one, 3),
    ]
    assert [await shop.atp(sku) for sku in (one, two, three)] == [6, 10, 8]


async def test_an_amendment_on_another_revision_is_refused_with_the_order_as_it_is(shop: Shop) -> None:
    sku = await shop.stocked(10)
    order_id = (await shop.order(a_line(sku, 5, line_ref="10")))["order_id"]
    ok(await shop.amend(order_id, {"line_ref": "10", "quantity": 4}, expected_revision=1))
    problem = refused(await shop.amend(order_id, {"line_ref": "10", "quantity": 3}, expected_revision=1), 409, "REVISION_CONFLICT")
    assert (problem["current_revision"], problem["order"]["lines"][0]["quantity"]) == (2, 4)
    body = {"expected_revision": 1}
    refused(await shop.quote.post(f"/v1/orders/{order_id}/cancel", json=body), 409, "REVISION_CONFLICT")
    assert await shop.atp(sku) == 6


async def test_a_promise_is_never_pulled_in_unasked(shop: Shop) -> None:
    sku = await shop.stocked(10, {5: 10})
    blocker = await shop.order(a_line(sku, 10))
    order_id = (await shop.order(a_line(sku, 5, line_ref="10")))["order_id"]
    ok(await shop.quote.post(f"/v1/orders/{blocker['order_id']}/cancel"))
    assert ok(await shop.amend(order_id, {"line_ref": "10", "quantity": 6}))["lines"][0]["promised_date"] == day(5)


async def test_cancelling_gives_back_what_is_open_and_twice_is_once(shop: Shop) -> None:
    one, two = await shop.stocked(10), await shop.stocked(10)
    order_id = (await shop.order(a_line(one, 4, line_ref="10"), a_line(two, 4, line_ref="20")))["order_id"]
    path = f"/v1/orders/{order_id}/cancel"
    refused(await shop.quote.post(path, json={"line_refs": ["30"]}), 422, "UNKNOWN_LINE")
    part = ok(await shop.quote.post(path, json={"line_refs": ["10"], "reason": "changed mind", "document": "MAIL-2"}))
    assert [line["status"] for line in part["lines"]] == ["cancelled", "confirmed"]
    assert (part["status"], await shop.atp(one), await shop.atp(two)) == ("confirmed", 10, 6)
    refused(await shop.amend(order_id, {"line_ref": "10", "quantity": 1}), 409, "LINE_CLOSED")
    whole = ok(await shop.quote.post(path))
    assert (whole["status"], await shop.atp(two)) == ("cancelled", 10)
    assert ok(await shop.quote.post(path)) == whole
    refused(await shop.quote.post("/v1/orders/ord_unknown/cancel"), 404, "ORDER_NOT_FOUND")


async def test_the_history_tells_who_did_what_why_and_by_which_document(shop: Shop) -> None:
    sku = await shop.stocked(10)
    answer = await shop.order(a_line(sku, 5, line_ref="10"))
    path = f"/v1/orders/{answer['order_id']}"
    ok(await shop.amend(answer["order_id"], {"line_ref": "10", "quantity": 4}, reason="asks for less", document="MAIL-3"))
    ok(await shop.quote.post(f"{path}/cancel", json={"reason": "bankrupt", "document": "COURT-1"}))
    pages = ok(await shop.quote.get(f"{path}/history"))
    told = [(one["revision"], one["kind"], one["reason"], one["document"]) for one in pages["data"]]
    assert told == [
        (1, "order-promised", None, None),
        (2, "order-amended", "asks for less", "MAIL-3"),
        (3, "order-cancelled", "bankrupt", "COURT-1"),
    ]
    assert {one["actor"] for one in pages["data"]} != {None}
    assert [one["lines"][0]["quantity"] for one in pages["data"]] == [5, 4, 4]
    first = ok(await shop.quote.get(f"{path}/history", params={"limit": 2}))
    rest = ok(await shop.quote.get(f"{path}/history", params={"limit": 2, "cursor": first["next_cursor"]}))
    assert first["data"] + rest["data"] == pages["data"]
    assert rest["next_cursor"] is None


async def test_an_order_is_read_whole_while_it_changes(shop: Shop) -> None:
    sku, customer = await shop.stocked(100), a_name("CUST")
    order_id = (await shop.order(a_line(sku, 40, line_ref="10"), customer=customer))["order_id"]
    done = asyncio.Event()

    async def reduce() -> None:
        for quantity in range(39, 19, -1):
            ok(await shop.amend(order_id, {"line_ref": "10", "quantity": quantity}))
        done.set()

    async def read() -> None:
        while not done.is_set():
            listed = ok(await shop.quote.get("/v1/orders", params={"customer": customer}))["data"]
            for order in (await shop.read(order_id), *listed):
                assert order["lines"][0]["quantity"] == 41 - order["revision"], "head and lines of two revisions"

    async with asyncio.TaskGroup() as group:
        for _ in range(4):
            group.create_task(read())
        await group.create_task(reduce())


async def some_orders(shop: Shop, customer: str) -> tuple[str, list[str]]:
    sku = await shop.stocked(10, {5: 10})
    await shop.stocked(10, site="MUC", sku=sku)
    made = [
        await shop.order(a_line(sku, 1), customer=customer),
        await shop.order(a_line(sku, 1, sites=["MUC"]), customer=customer, external_id=f"{customer}-2"),
        await shop.order(a_line(sku, 1, requested_date=day(7)), customer=customer),
        await shop.order(a_line(sku, 1), customer=customer),
    ]
    ids = [one["order_id"] for one in made]
    ok(await shop.quote.post(f"/v1/orders/{ids[3]}/cancel"))
    return sku, ids


async def test_orders_are_listed_by_every_filter(shop: Shop) -> None:
    customer = a_name("CUST")
    sku, ids = await some_orders(shop, customer)

    async def found(**filters: str) -> list[str]:
        return [one["id"] for one in ok(await shop.quote.get("/v1/orders", params={"customer": customer, **filters}))["data"]]

    assert await found() == ids
    assert await found(newest_first="true") == ids[::-1]
    assert await found(status="cancelled") == ids[3:]
    assert await found(site="MUC") == [ids[1]]
    assert await found(sku=sku, site="HAM", status="confirmed") == [ids[0], ids[2]]
    assert await found(external_id=f"{customer}-2") == [ids[1]]
    assert await found(promised_from_date=day(1)) == [ids[2]]
    assert await found(promised_to_date=day(1), status="confirmed") == ids[:2]
    assert await found(sku="nothing") == []


async def test_lists_are_read_page_by_page_without_gap_or_repeat(shop: Shop) -> None:
    customer = a_name("CUST")
    _, ids = await some_orders(shop, customer)
    for newest_first in ("false", "true"):
        read: list[str] = []
        params = {"customer": customer, "limit": "3", "newest_first": newest_first}
        while True:
            page = ok(await shop.quote.get("/v1/orders", params=params))
            read += [one["id"] for one in page["data"]]
            if page["next_cursor"] is None:
                break
            params["cursor"] = page["next_cursor"]
        assert read == (ids[::-1] if newest_first == "true" else ids)
    refused(await shop.quote.get("/v1/orders", params={"cursor": "nonsense"}), 422, "INVALID_CURSOR")


async def test_quotes_that_took_something_are_listed_newest_first(shop: Shop) -> None:
    sku = await shop.stocked(10)
    held = await shop.hold(a_line(sku, 4), customer="ACME")
    refusal = refused(await shop.try_hold(a_line(sku, 20)), 409, "CANNOT_PROMISE")["offer"]

    async def page(**params: str) -> Json:
        return ok(await shop.quote.get("/v1/quotes", params=params))

    newest = (await page(limit="500"))["data"]
    ids = [one["id"] for one in newest]
    assert ids == sorted(ids, reverse=True)
    assert ids.index(refusal["id"]) < ids.index(held["id"])
    assert next(one for one in newest if one["id"] == held["id"])["summary"] == held["summary"]
    assert {one["status"] for one in (await page(status="refused", limit="500"))["data"]} == {"refused"}
    first = await page(limit="1")
    assert (await page(limit="1", cursor=first["next_cursor"]))["data"][0]["id"] < first["data"][0]["id"]
