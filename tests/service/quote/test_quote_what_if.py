"""What if: asked on copies, written nowhere, never committed to."""

import pytest

from tests.service.quote.shop import Json, Shop, a_line, day, ok, refused


async def asked(shop: Shop, sku: str, quantity: float, *assume: Json) -> Json:
    return await shop.ask(a_line(sku, quantity), assume=list(assume))


async def test_a_receipt_more_covers_what_is_missing(shop: Shop) -> None:
    sku = await shop.stocked(5)
    found = await asked(shop, sku, 8, {"kind": "receipt", "sku": sku, "site": "HAM", "quantity": 3, "due_date": day(4)})
    assert (found["outcome"], found["lines"][0]["promised_date"]) == ("late", day(4))
    assert found["assumed"][0]["met"]
    assert (await asked(shop, sku, 8))["outcome"] == "none"


async def test_stock_less_and_a_demand_more_take_away(shop: Shop) -> None:
    sku = await shop.stocked(5)
    less: Json = {"kind": "stock", "sku": sku, "site": "HAM", "delta": -2}
    more: Json = {"kind": "demand", "sku": sku, "site": "HAM", "quantity": 1, "date": day(9)}
    assert (await asked(shop, sku, 3, less))["outcome"] == "full"
    assert (await asked(shop, sku, 3, less, more))["outcome"] == "none"
    assert (await asked(shop, sku, 2, less, more))["outcome"] == "full"


async def test_a_receipt_late_or_lost_moves_the_date_or_ends_it(shop: Shop) -> None:
    sku = await shop.stocked(0)
    await shop.order_supply(sku, 10, 3, receipt_id=f"PO-{sku}")
    await shop.heard(sku)
    assert (await asked(shop, sku, 10))["lines"][0]["promised_date"] == day(3)
    late: Json = {"kind": "delay", "receipt_id": f"PO-{sku}", "days": 2}
    assert (await asked(shop, sku, 10, late, late))["lines"][0]["promised_date"] == day(7)
    assert (await asked(shop, sku, 10, {"kind": "lost", "receipt_id": f"PO-{sku}"}))["outcome"] == "none"


async def test_what_concerns_no_book_that_was_asked_says_so(shop: Shop) -> None:
    sku = await shop.stocked(5)
    found = await asked(shop, sku, 1, {"kind": "lost", "receipt_id": "PO-nobody-knows"})
    assert [one["met"] for one in found["assumed"]] == [False]


async def test_nothing_is_written_and_nothing_can_be_committed(shop: Shop) -> None:
    sku = await shop.stocked(5)
    assume = [{"kind": "stock", "sku": sku, "site": "HAM", "delta": 100}]
    before = ok(await shop.quote.get("/v1/availability", params={"sku": sku, "site": "HAM"}))
    body = {"lines": [a_line(sku, 50)], "assume": assume}
    inquiry = ok(await shop.quote.post("/v1/quotes", json=body))
    assert inquiry["outcome"] == "full"
    refused(await shop.quote.post(f"/v1/quotes/{inquiry['id']}/confirm"), 409, "ONLY_ASSUMED")
    for path, more in (("/v1/quotes", {"mode": "hold"}), ("/v1/orders", {})):
        problem = refused(await shop.quote.post(path, json=body | more), 422, "INVALID_REQUEST")
        assert problem["errors"][0]["pointer"] == "/assume"
    after = ok(await shop.quote.get("/v1/availability", params={"sku": sku, "site": "HAM"}))
    assert (before["version"], before["days"]) == (after["version"], after["days"])


@pytest.mark.parametrize(
    "assumption", [{"kind": "delay", "days": 2}, {"kind": "stock", "sku": "A"}, {"kind": "rain"}, {"kind": "capacity"}]
)
async def test_an_assumption_that_says_too_little_is_a_422(shop: Shop, assumption: Json) -> None:
    body = {"lines": [a_line("A")], "assume": [assumption]}
    problem = refused(await shop.quote.post("/v1/quotes", json=body), 422, "INVALID_REQUEST")
    assert problem["errors"][0]["pointer"].startswith("/assume/0")
