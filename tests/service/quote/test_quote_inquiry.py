"""How many, by when: what an inquiry answers, from stock and receipts."""

import json

import pytest

from tests.service.quote.shop import Shop, a_line, a_name, codes, dates, day, deliveries, eventually, ok, refused


async def test_stock_answers_for_the_requested_date_and_takes_nothing(shop: Shop) -> None:
    sku = await shop.stocked(120)
    for _ in range(2):
        answer = await shop.ask(a_line(sku, 100, line_ref="10", requested_date=day(3)), customer="ACME")
        assert (answer["status"], answer["outcome"], answer["order_id"], answer["expires_at"]) == ("quoted", "full", None, None)
        line = answer["lines"][0]
        assert (line["line_ref"], line["promised_quantity"], line["promised_date"], line["slip_days"]) == ("10", 100, day(3), 0)
        assert deliveries(line) == [("HAM", 100, day(3))]
        assert line["pegging"] == [{"quantity": 100, "source": "on_hand", "site": "HAM", "ref": None}]
    assert await shop.atp(sku) == 120


async def test_what_stock_lacks_waits_for_the_receipt_and_the_answer_says_which(shop: Shop) -> None:
    sku = await shop.item()
    receipt = await shop.order_supply(sku, 80, 4)
    await shop.stocked(120, sku=sku)
    answer = await shop.ask(a_line(sku, 200, requested_date=day(2)))
    line = answer["lines"][0]
    assert (answer["outcome"], line["promised_date"], line["slip_days"], line["limiting_step"]) == ("late", day(4), 2, "supply")
    assert [(peg["quantity"], peg["source"], peg["ref"]) for peg in line["pegging"]] == [
        (120, "on_hand", None),
        (80, "purchase_order", receipt),
    ]
    assert sum(reason["adds_days"] for reason in line["reasons"]) == 2
    assert receipt in answer["summary"]
    explained = ok(await shop.quote.get(f"/v1/quotes/{answer['id']}/explanation"))
    assert explained["summary"] == answer["summary"]
    assert explained["lines"][0]["reasons"] == line["reasons"]


async def test_an_inquiry_holds_nothing_that_could_be_released_or_extended(shop: Shop) -> None:
    sku = await shop.stocked(5)
    asked = await shop.ask(a_line(sku, 2))
    for call, body in (("release", {}), ("extend", {"ttl_seconds": 60})):
        problem = refused(await shop.quote.post(f"/v1/quotes/{asked['id']}/{call}", json=body), 409, "NOT_A_HOLD")
        assert (problem["quote_status"], problem["allowed"]) == ("quoted", ["confirm", "quote again"])
        refused(await shop.quote.post(f"/v1/quotes/quo_{'0' * 26}/{call}", json=body), 404, "QUOTE_NOT_FOUND")
    assert ok(await shop.confirm(asked["id"]))["status"] == "confirmed"


@pytest.mark.parametrize("customer", ["ACME", 'a "B", \\. \\N é 𝄞\u2028', '"'])
async def test_an_inquiry_is_found_again_by_its_id_and_in_the_decision_log(shop: Shop, customer: str) -> None:
    sku = await shop.stocked(5)
    asked = {"customer": customer, "lines": [a_line(sku, 2)]}
    raw = json.dumps(asked, indent="\t").replace("\n", "\r\n")
    answer = ok(await shop.quote.post("/v1/quotes", content=raw, headers={"Content-Type": "application/json"}))
    assert ok(await shop.quote.get(f"/v1/quotes/{answer['id']}")) == answer

    async def logged() -> object:
        found = await shop.quote.get(f"/v1/decisions/{answer['decision_id']}")
        return found.json() if found.status_code == 200 else None

    decision = await eventually(logged, what="the decision in the log")
    assert (decision["kind"], decision["quote_id"], decision["result"]) == ("quote-answered", answer["id"], answer)
    assert decision["versions"] == {f"{sku}|HAM": (await shop.book(sku))["version"]}
    assert decision["request"] == asked


async def test_two_lines_never_get_the_same_unit(shop: Shop) -> None:
    sku = await shop.stocked(10, {5: 10})
    answer = await shop.ask(a_line(sku, 8), a_line(sku, 8), a_line(sku, 8))
    assert [line["outcome"] for line in answer["lines"]] == ["full", "late", "none"]
    assert dates(answer) == [day(0), day(5), None]
    assert answer["outcome"] == "partial"


async def test_a_sku_that_nobody_described_is_a_line_without_promise_not_an_error(shop: Shop) -> None:
    known = await shop.stocked(5)
    answer = await shop.ask(a_line(a_name("GHOST"), 1), a_line(known, 1))
    assert [line["outcome"] for line in answer["lines"]] == ["none", "full"]
    assert codes(answer["lines"][0]) == ["UNKNOWN_SKU"]


async def test_an_item_without_stock_anywhere_says_so(shop: Shop) -> None:
    sku = await shop.item()

    async def described() -> bool:
        return codes((await shop.ask(a_line(sku)))["lines"][0]) == ["NO_SITE"]

    await eventually(described)
    line = (await shop.ask(a_line(sku, 1, sites=["HAM"])))["lines"][0]
    assert (line["outcome"], codes(line)) == ("none", ["NO_BOOK"])


async def test_safety_stock_is_kept_back_from_new_promises(shop: Shop) -> None:
    sku = await shop.stocked(10, safety_stock=4)
    assert await shop.atp(sku) == 6
    assert (await shop.ask(a_line(sku, 7)))["outcome"] == "none"
    assert (await shop.ask(a_line(sku, 6)))["outcome"] == "full"


async def test_a_requested_date_in_the_past_starts_today_and_slips_from_what_was_asked(shop: Shop) -> None:
    sku = await shop.stocked(10)
    line = (await shop.ask(a_line(sku, 1, requested_date=day(-3))))["lines"][0]
    assert (line["outcome"], line["promised_date"], line["slip_days"]) == ("late", day(0), 3)


async def test_later_than_the_latest_acceptable_date_counts_as_none_and_names_the_date_that_would_do(shop: Shop) -> None:
    sku = await shop.stocked(0, {6: 10})
    line = (await shop.ask(a_line(sku, 5, latest_acceptable_date=day(5))))["lines"][0]
    assert (line["outcome"], codes(line)) == ("none", ["AFTER_LATEST_DATE"])
    assert [(one["kind"], one["lost_because"], one["deliveries"][0]["ship_date"]) for one in line["alternatives"]] == [
        ("later_complete", "AFTER_LATEST_DATE", day(6))
    ]
    assert (await shop.ask(a_line(sku, 5, latest_acceptable_date=day(6))))["outcome"] == "late"


async def test_sites_are_tried_in_the_order_given_and_by_code_without_one(shop: Shop) -> None:
    sku = await shop.stocked(10, site="BER")
    await shop.stocked(10, site="MUC", sku=sku)
    assert (await shop.ask(a_line(sku, 5, sites=["MUC", "BER"])))["lines"][0]["deliveries"][0]["site"] == "MUC"
    assert (await shop.ask(a_line(sku, 5)))["lines"][0]["deliveries"][0]["site"] == "BER"
    assert (await shop.ask(a_line(sku, 5, sites=["HAM"])))["lines"][0]["outcome"] == "none"


async def test_an_earlier_date_elsewhere_wins_over_the_preferred_site(shop: Shop) -> None:
    sku = await shop.stocked(0, {9: 10}, site="BER")
    await shop.stocked(0, {3: 10}, site="MUC", sku=sku)
    line = (await shop.ask(a_line(sku, 5, sites=["BER", "MUC"])))["lines"][0]
    assert deliveries(line) == [("MUC", 5, day(3))]


async def test_the_best_split_not_the_greedy_one(shop: Shop) -> None:
    """Minimum 4, ATP 7 on day 5 and 9 on day 6, quantity 8: 4 and 4 (promising.md § 4)."""
    sku = await shop.stocked(0, {5: 7, 6: 2})
    asked = a_line(sku, 8, requested_date=day(5), min_ship_quantity=4)
    split = (await shop.ask(asked, allow_partial=True))["lines"][0]
    assert deliveries(split) == [("HAM", 4, day(5)), ("HAM", 4, day(6))]
    assert (split["outcome"], split["promised_date"]) == ("late", day(6))
    whole = (await shop.ask(asked))["lines"][0]
    assert deliveries(whole) == [("HAM", 8, day(6))]
    assert [(one["alternative"], one["kind"], one["lost_because"]) for one in whole["alternatives"]] == [
        ("a1", "split", "PARTIAL_NOT_ALLOWED")
    ]


async def test_a_split_over_sites_keeps_to_the_number_of_shipments(shop: Shop) -> None:
    sku = await shop.stocked(6, site="BER")
    await shop.stocked(5, site="HAM", sku=sku)
    await shop.stocked(4, site="MUC", sku=sku)
    three = (await shop.ask(a_line(sku, 15), allow_partial=True))["lines"][0]
    assert sorted(deliveries(three)) == [("BER", 6, day(0)), ("HAM", 5, day(0)), ("MUC", 4, day(0))]
    two = (await shop.ask(a_line(sku, 15, max_shipments=2), allow_partial=True))["lines"][0]
    assert (two["outcome"], two["promised_quantity"], len(two["deliveries"])) == ("partial", 11, 2)


async def test_ship_complete_gives_all_lines_one_date_or_none(shop: Shop) -> None:
    early, late, never = await shop.stocked(10), await shop.stocked(0, {4: 10}), await shop.stocked(0)
    together = await shop.ask(a_line(early, 1), a_line(late, 1), ship_complete=True)
    assert dates(together) == [day(4), day(4)]
    assert dates(await shop.ask(a_line(early, 1), a_line(late, 1))) == [day(0), day(4)]
    impossible = await shop.ask(a_line(early, 1), a_line(never, 1), ship_complete=True)
    assert [line["outcome"] for line in impossible["lines"]] == ["none", "none"]


async def test_quantities_are_exact(shop: Shop) -> None:
    sku = await shop.stocked(0.3, decimals=6)
    first = await shop.hold(a_line(sku, "0.1"))
    await shop.hold(a_line(sku, 0.2))
    assert await shop.atp(sku) == 0
    assert (await shop.ask(a_line(sku, "0.000001")))["outcome"] == "none"
    ok(await shop.quote.post(f"/v1/quotes/{first['id']}/release"))
    assert (await shop.ask(a_line(sku, "0.1")))["outcome"] == "full"
    assert (await shop.ask(a_line(sku, "0.100001")))["outcome"] == "none"


@pytest.mark.parametrize(
    ("line", "pointer"),
    [
        ({"quantity": 0}, "/lines/0/quantity"),
        ({"quantity": -1}, "/lines/0/quantity"),
        ({"quantity": "NaN"}, "/lines/0/quantity"),
        ({"quantity": True}, "/lines/0/quantity"),
        ({"quantity": 1_000_000_000}, "/lines/0/quantity"),
        ({"quantity": "1.0000001"}, "/lines/0/quantity"),
        ({"quantity": 1.5}, "/lines/0/quantity"),
        ({"requested_date": "2026-02-30"}, "/lines/0/requested_date"),
        ({"requested_date": "9999-12-31"}, "/lines/0/requested_date"),
        ({"sku": ""}, "/lines/0/sku"),
        ({"sku": "A|B"}, "/lines/0/sku"),
        ({"colour": "red"}, "/lines/0/colour"),
        ({"max_shipments": 0}, "/lines/0/max_shipments"),
    ],
)
async def test_a_malformed_line_is_a_422_that_points_at_it(shop: Shop, line: dict[str, object], pointer: str) -> None:
    sku = await shop.stocked(1)
    problem = refused(await shop.quote.post("/v1/quotes", json={"lines": [a_line(sku) | line]}), 422, "INVALID_REQUEST")
    assert pointer in [error["pointer"] for error in problem["errors"]]
    assert problem["request_id"].startswith("req_")
    assert problem["retryable"] is False


async def test_from_one_to_five_hundred_lines(shop: Shop) -> None:
    sku = await shop.stocked(500)
    assert (await shop.ask(*[a_line(sku, 1)] * 500))["outcome"] == "full"
    assert (await shop.ask(*[a_line(sku, 2)] * 251))["lines"][250]["outcome"] == "none"
    refused(await shop.quote.post("/v1/quotes", json={"lines": []}), 422, "INVALID_REQUEST")
    refused(await shop.quote.post("/v1/quotes", json={"lines": [a_line(sku)] * 501}), 422, "INVALID_REQUEST")
