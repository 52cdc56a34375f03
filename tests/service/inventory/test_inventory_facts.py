"""Movements, receipts and counts through the public door, with what is said of them."""

import asyncio

import pytest

from tests.service.inventory.inventory_caller import Caller, Ear, a_movement, a_sku


async def test_an_arrival_raises_stock_and_consumes_its_receipt_once_however_often_either_is_sent(call: Caller, ear: Ear) -> None:
    sku = a_sku()
    await call.order(f"PO-{sku}", sku, 50)
    movement = a_movement("arrival", sku, 20, receipt_id=f"PO-{sku}")
    first = await call.ok("POST", "/v1/movements", {"movements": [movement]})
    again = await call.ok("POST", "/v1/movements", {"movements": [{**movement, "quantity": "20.000"}]})
    assert (first["results"][0]["replayed"], again["results"][0]["replayed"]) == (False, True)
    assert again["results"][0]["positions"] == first["results"][0]["positions"]
    receipt = await call.order(f"PO-{sku}", sku, 50)
    assert (receipt["arrived"], receipt["open_quantity"], receipt["revision"]) == (20, 30, 2)
    stock = await call.stock(sku)
    assert (stock["on_hand"], stock["revision"], stock["receipts"][0]["open_quantity"]) == (20, 2, 30)
    said = await ear.positions(f"{sku}|HAM", 2)
    assert [(event.revision, event.change.kind) for event in said] == [(1, "receipt-defined"), (2, "arrival")]
    assert (said[1].reason, said[1].document, said[1].change.movement_id) == ("test", "D-1", movement["movement_id"])
    assert said[1].positions[0].model_dump(mode="json") == {name: stock[name] for name in said[1].positions[0].model_fields_set}


async def test_arrivals_count_for_a_receipt_that_is_defined_later(call: Caller) -> None:
    sku = a_sku()
    result = await call.move("arrival", sku, 20, receipt_id=f"PO-{sku}")
    assert result["notes"] == ["RECEIPT_UNKNOWN"]
    assert (await call.ok("GET", f"/v1/receipts/PO-{sku}"))["status"] == "undefined"
    assert (await call.order(f"PO-{sku}", sku, 50))["open_quantity"] == 30


async def test_a_short_close_ends_the_receipt_and_what_arrives_later_is_stock_only(call: Caller) -> None:
    sku = a_sku()
    await call.order(f"PO-{sku}", sku, 50)
    closed = await call.ok("POST", f"/v1/receipts/PO-{sku}/close", {"reason": "no more comes", "document": "MAIL-1"})
    assert (closed["status"], closed["open_quantity"]) == ("closed", 0)
    assert (await call.move("arrival", sku, 5, receipt_id=f"PO-{sku}"))["notes"] == ["RECEIPT_CLOSED"]
    assert (await call.order(f"PO-{sku}", sku, 60))["status"] == "closed"
    stock = await call.stock(sku)
    assert (stock["on_hand"], stock["receipts"]) == (5, [])
    assert (await call.post("/v1/receipts/never-named/close")).status_code == 404


async def test_a_new_date_is_said_as_such(call: Caller, ear: Ear) -> None:
    sku = a_sku()
    await call.order(f"PO-{sku}", sku, 50)
    await call.order(f"PO-{sku}", sku, 50, due_date="2026-12-09")
    await call.order(f"PO-{sku}", sku, 40, due_date="2026-12-09")
    kinds = [event.change.kind for event in await ear.positions(f"{sku}|HAM", 3)]
    assert kinds == ["receipt-defined", "receipt-rescheduled", "receipt-changed"]


async def test_a_transfer_order_requires_at_its_origin_departs_and_arrives(call: Caller, ear: Ear) -> None:
    sku = a_sku()
    await call.count(sku, 100)
    order = {"kind": "transfer_order", "from_site": "HAM", "ship_date": "2026-11-28"}
    await call.order(f"TO-{sku}", sku, 30, site="BER", **order)
    origin = await call.stock(sku)
    assert [(each["ref"], each["kind"], each["quantity"], each["needed_date"]) for each in origin["requirements"]] == [
        (f"TO-{sku}", "outbound_transfer", 30, "2026-11-28")
    ]
    await call.move("transfer", sku, 30, to_site="BER", receipt_id=f"TO-{sku}")
    origin, destination = await call.stock(sku), await call.stock(sku, "BER")
    assert (origin["on_hand"], origin["requirements"], destination["on_hand"]) == (70, [], 0)
    assert destination["receipts"][0]["open_quantity"] == 30
    await call.move("arrival", sku, 30, site="BER", receipt_id=f"TO-{sku}")
    destination = await call.stock(sku, "BER")
    assert (destination["on_hand"], destination["receipts"]) == (30, [])
    defined = (await ear.positions(f"{sku}|BER", 1))[0]
    assert [state.site for state in defined.positions] == ["BER", "HAM"], "receipt and requirement are said together"


async def test_a_transfer_without_receipt_moves_both_sites_in_one_step(call: Caller, ear: Ear) -> None:
    sku = a_sku()
    await call.count(sku, 10)
    await call.move("transfer", sku, 4, to_site="BER")
    assert ((await call.stock(sku))["on_hand"], (await call.stock(sku, "BER"))["on_hand"]) == (6, 4)
    departure, arrival = (await ear.positions(f"{sku}|HAM", 2))[1], (await ear.positions(f"{sku}|BER", 1))[0]
    assert (departure.change.kind, arrival.change.kind) == ("transfer-departure", "transfer-arrival")
    assert [(state.site, int(state.on_hand)) for state in departure.positions] == [("HAM", 6), ("BER", 4)]
    assert [(state.site, int(state.on_hand)) for state in arrival.positions] == [("BER", 4), ("HAM", 6)]


async def test_a_production_order_requires_its_components_until_they_are_issued(call: Caller) -> None:
    sku, leg = a_sku(), a_sku()
    lines = [{"sku": leg, "quantity": 8, "needed_date": "2026-11-25"}]
    load = [{"resource": "SAW", "date": "2026-11-26", "minutes": 90}]
    await call.order(f"MO-{sku}", sku, 2, kind="production_order", components=lines, load=load)
    assert (await call.stock(leg))["requirements"][0]["quantity"] == 8
    assert (await call.stock(sku))["receipts"][0]["load"] == load
    await call.move("issue", leg, 5, receipt_id=f"MO-{sku}")
    stock = await call.stock(leg)
    assert (stock["on_hand"], stock["requirements"][0]["quantity"]) == (-5, 3)
    await call.move("arrival", sku, 2, receipt_id=f"MO-{sku}")
    assert (await call.stock(leg))["requirements"] == []


async def test_a_receipt_that_changes_its_site_leaves_the_old_one(call: Caller) -> None:
    sku = a_sku()
    await call.order(f"PO-{sku}", sku, 5)
    await call.order(f"PO-{sku}", sku, 5, site="BER")
    assert (await call.stock(sku))["receipts"] == []
    assert (await call.stock(sku, "BER"))["receipts"][0]["open_quantity"] == 5


async def test_a_count_holds_what_occurred_before_and_keeps_what_moved_since(call: Caller) -> None:
    sku = a_sku()
    await call.order(f"PO-{sku}", sku, 50)
    await call.count(sku, 10, counted_at="2026-11-01T12:00:00Z")
    late = await call.move("arrival", sku, 5, receipt_id=f"PO-{sku}", occurred_at="2026-11-01T11:00:00Z")
    assert late["notes"] == ["COUNTED_AFTERWARDS"]
    stock = await call.stock(sku)
    assert (stock["on_hand"], stock["receipts"][0]["open_quantity"]) == (10, 45)
    await call.move("issue", sku, 3, occurred_at="2026-11-03T11:00:00Z")
    recounted = await call.count(sku, 20, counted_at="2026-11-02T12:00:00Z")
    assert (recounted["on_hand"], recounted["outcome"]) == (17, "booked")
    older = await call.count(sku, 99, counted_at="2026-11-01T13:00:00Z")
    assert (older["on_hand"], older["outcome"]) == (17, "counted_since")
    same = await call.count(sku, 20, counted_at="2026-11-02T12:00:00Z")
    assert (same["outcome"], same["revision"]) == ("unchanged", recounted["revision"])


async def test_a_count_with_another_revision_than_expected_is_refused_and_names_it(call: Caller) -> None:
    sku = a_sku()
    await call.count(sku, 10, expected_revision=0)
    refused = await call.put(f"/v1/stock/HAM/{sku}", json={"on_hand": 11, "expected_revision": 0})
    assert (refused.status_code, refused.json()["code"], refused.json()["current_revision"]) == (409, "REVISION_MISMATCH", 1)
    assert (await call.count(sku, 11, expected_revision=1))["on_hand"] == 11


async def test_safety_stock_is_set_alone(call: Caller, ear: Ear) -> None:
    sku = a_sku()
    await call.count(sku, 10, safety_stock=2)
    await call.ok("PUT", f"/v1/stock/HAM/{sku}", {"safety_stock": 5})
    stock = await call.stock(sku)
    assert (stock["on_hand"], stock["safety_stock"]) == (10, 5)
    last = (await ear.positions(f"{sku}|HAM", 2))[-1]
    assert (last.change.kind, bool(last.document)) == ("safety-stock-set", True)


async def test_blocked_stock_is_not_on_hand(call: Caller) -> None:
    sku = a_sku()
    await call.count(sku, 10)
    await call.move("block", sku, 4)
    await call.move("unblock", sku, 1)
    stock = await call.stock(sku)
    assert (stock["on_hand"], stock["blocked"]) == (7, 3)


async def test_shipments_are_totals_per_order_line(call: Caller, ear: Ear) -> None:
    sku = a_sku()
    await call.count(sku, 10)
    await call.move("issue", sku, 3, order_id="ord_1", line_ref="10")
    await call.move("issue", sku, 2, order_id="ord_1", line_ref="10", closes=True)
    last = (await ear.positions(f"{sku}|HAM", 3))[-1]
    assert [(line.order_id, line.line_ref, int(line.quantity), line.closed) for line in last.positions[0].shipped] == [
        ("ord_1", "10", 5, True)
    ]


async def test_one_bad_element_loses_no_other_and_has_its_own_reason(call: Caller) -> None:
    sku, counted = a_sku(), a_sku()
    await call.ok("PUT", f"/v1/items/{counted}", {"decimals": 0})
    good = a_movement("arrival", sku, 5)
    body = [
        good,
        {"movement_id": "half"},
        a_movement("issue", counted, 0.5),
        a_movement("transfer", sku, 1),
        7,
        good,
        {**good, "quantity": 6},
    ]
    answer = await call.ok("POST", "/v1/movements", {"movements": body})
    assert [(result["outcome"], result.get("code")) for result in answer["results"]] == [
        ("booked", None),
        ("refused", "MALFORMED_MOVEMENT"),
        ("refused", "TOO_MANY_DECIMALS"),
        ("refused", "MALFORMED_MOVEMENT"),
        ("refused", "MALFORMED_MOVEMENT"),
        ("booked", None),
        ("refused", "MOVEMENT_ID_REUSED"),
    ]
    assert (answer["booked"], answer["refused"]) == (2, 5)
    assert answer["results"][2]["errors"][0]["pointer"] == "/movements/2/quantity"
    assert (await call.stock(sku))["on_hand"] == 5


async def test_when_nothing_can_be_booked_the_answer_is_no_success(call: Caller) -> None:
    refused = await call.post("/v1/movements", json={"movements": [a_movement("arrival", a_sku(), -1)]})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/movements/0/quantity")


async def test_a_thousand_movements_are_one_call_and_each_is_said(call: Caller, ear: Ear) -> None:
    sku = a_sku()
    answer = await call.ok("POST", "/v1/movements", {"movements": [a_movement("arrival", sku, 1) for _ in range(1000)]})
    assert answer["booked"] == 1000
    said = await ear.positions(f"{sku}|HAM", 1000)
    assert [event.revision for event in said] == list(range(1, 1001))
    assert [event.positions[0].on_hand for event in said] == list(range(1, 1001))
    too_many = await call.post("/v1/movements", json={"movements": [a_movement("arrival", sku, 1)] * 1001})
    assert too_many.status_code == 422


async def test_copies_that_come_at_once_are_booked_once(call: Caller) -> None:
    sku = a_sku()
    batch = {"movements": [a_movement("arrival", sku, 1), a_movement("arrival", a_sku(), 1), a_movement("transfer", sku, 1, to_site="BER")]}
    answers = await asyncio.gather(*(call.ok("POST", "/v1/movements", batch) for _ in range(12)))
    assert sum(not result["replayed"] for answer in answers for result in answer["results"]) == 3
    assert ((await call.stock(sku))["on_hand"], (await call.stock(sku, "BER"))["on_hand"]) == (0, 1)


async def test_one_id_for_two_places_at_once_counts_in_one_of_them(call: Caller) -> None:
    skus = [a_sku() for _ in range(6)]
    bodies = [{"movements": [{**a_movement("arrival", sku, 1), "movement_id": f"SAME-{skus[0]}"}]} for sku in skus]
    answers = await asyncio.gather(*(call.post("/v1/movements", json=body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [200, 422, 422, 422, 422, 422]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 422} == {"MOVEMENT_ID_REUSED"}
    found = [await call.get(f"/v1/stock/HAM/{sku}") for sku in skus]
    assert sum(answer.json().get("on_hand", 0) for answer in found) == 1


async def test_crossing_transfers_from_many_callers_neither_deadlock_nor_lose_anything(call: Caller) -> None:
    sku = a_sku()
    sites = ["HAM", "BER", "MUC", "CGN"]
    bodies = [
        {"movements": [a_movement("transfer", sku, 1, sites[(n + k) % 4], to_site=sites[(n + k + 1 + k % 3) % 4]) for k in range(12)]}
        for n in range(24)
    ]
    answers = await asyncio.gather(*(call.ok("POST", "/v1/movements", body) for body in bodies))
    assert {answer["refused"] for answer in answers} == {0}
    stocks = [await call.stock(sku, site) for site in sites]
    assert sum(stock["on_hand"] for stock in stocks) == 0
    assert sum(stock["revision"] for stock in stocks) == 2 * 24 * 12


async def test_a_call_with_a_key_has_one_effect_and_one_answer(call: Caller) -> None:
    sku = a_sku()
    body = {"movements": [a_movement("arrival", sku, 1)], "idempotency_key": f"key-{sku}"}
    first, again = await call.ok("POST", "/v1/movements", body), await call.ok("POST", "/v1/movements", body)
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert again["results"] == first["results"]
    other = await call.post("/v1/movements", json={**body, "movements": [a_movement("arrival", sku, 2)]})
    assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    header = {"Idempotency-Key": f"close-{sku}"}
    await call.order(f"PO-{sku}", sku, 5)
    answers = [(await call.post(f"/v1/receipts/PO-{sku}/close", headers=header)).json()["replayed"] for _ in range(2)]
    assert answers == [False, True]


@pytest.mark.parametrize("quantity", ["1e400", "NaN", "-1", "1234567890", "0.1234567", True, None, [], "2147483648e9"])
async def test_a_quantity_that_is_none_points_at_itself(call: Caller, quantity: object) -> None:
    refused = await call.put(f"/v1/stock/HAM/{a_sku()}", json={"on_hand": quantity})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] in ("/on_hand", ""), refused.text
