"""One key, one effect: retries get the first answer, other bodies a 422, whatever the operation."""

import asyncio

import pytest

from tests.service.quote.shop import Json, Shop, a_line, a_name, day, ok, refused


async def test_a_retry_gets_the_first_answer_and_takes_nothing_more(shop: Shop) -> None:
    sku, key = await shop.stocked(10), a_name("KEY")
    body = {"lines": [a_line(sku, 4)]}
    first = ok(await shop.quote.post("/v1/orders", json=body, headers={"Idempotency-Key": key}))
    assert first["replayed"] is False
    for _ in range(2):
        again = ok(await shop.quote.post("/v1/orders", json=body, headers={"Idempotency-Key": key}))
        assert again == first | {"replayed": True}
    assert await shop.atp(sku) == 6


async def test_a_key_in_the_body_does_what_one_in_the_header_does(shop: Shop) -> None:
    sku, key = await shop.stocked(10), a_name("KEY")
    first = await shop.order(a_line(sku, 4), idempotency_key=key)
    assert await shop.order(a_line(sku, 4), idempotency_key=key) == first | {"replayed": True}
    refused(await shop.try_order(a_line(sku, 5), idempotency_key=key), 422, "IDEMPOTENCY_KEY_REUSED")
    assert await shop.atp(sku) == 6


async def test_a_key_stands_for_one_body_and_one_operation(shop: Shop) -> None:
    sku, key = await shop.stocked(10), a_name("KEY")
    headers = {"Idempotency-Key": key}
    body: Json = {"lines": [a_line(sku, 4)]}
    order = ok(await shop.quote.post("/v1/orders", json=body, headers=headers))
    for path, other in (
        ("/v1/orders", {"lines": [a_line(sku, 3)]}),
        ("/v1/quotes", {"mode": "hold", **body}),
        (f"/v1/orders/{order['order_id']}/cancel", {}),
        (
            "/v1/orders/import",
            {"orders": [{"external_id": "X", "lines": [{"sku": sku, "site": "HAM", "quantity": 1, "promised_date": day(0)}]}]},
        ),
    ):
        refused(await shop.quote.post(path, json=other, headers=headers), 422, "IDEMPOTENCY_KEY_REUSED")
    assert ok(await shop.quote.post("/v1/orders", json=body, headers=headers))["order_id"] == order["order_id"]
    assert await shop.atp(sku) == 6
    assert ok(await shop.quote.post("/v1/quotes", json={"mode": "inquiry", **body}, headers=headers))["status"] == "quoted", (
        "inquiries ignore it"
    )


async def test_a_refusal_is_an_answer_that_is_kept(shop: Shop) -> None:
    sku, key = await shop.stocked(1), a_name("KEY")
    first = refused(await shop.try_order(a_line(sku, 5), idempotency_key=key), 409, "CANNOT_PROMISE")
    await shop.count(sku, 10)
    await shop.heard(sku)
    again = refused(await shop.try_order(a_line(sku, 5), idempotency_key=key), 409, "CANNOT_PROMISE")
    assert (again["replayed"], again["offer"]) == (True, first["offer"])
    assert await shop.atp(sku) == 10


async def test_what_was_malformed_or_unknown_does_not_use_up_its_key(shop: Shop) -> None:
    sku, key = await shop.stocked(10), a_name("KEY")
    headers = {"Idempotency-Key": key}
    refused(await shop.quote.post("/v1/orders", json={"lines": [a_line(sku, -1)]}, headers=headers), 422, "INVALID_REQUEST")
    refused(await shop.quote.post("/v1/orders/ord_unknown/cancel", json={}, headers=headers), 404, "ORDER_NOT_FOUND")
    ok(await shop.quote.post("/v1/orders", json={"lines": [a_line(sku, 1)]}, headers=headers))


async def test_every_operation_that_writes_replays(shop: Shop) -> None:
    sku = await shop.stocked(100)

    async def twice(path: str, body: Json) -> Json:
        keyed = body | {"idempotency_key": a_name("KEY")}
        first = ok(await shop.quote.post(path, json=keyed))
        again = ok(await shop.quote.post(path, json=keyed))
        assert again == first | {"replayed": True}, path
        return first

    held = await twice("/v1/quotes", {"mode": "hold", "lines": [a_line(sku, 2)]})
    await twice(f"/v1/quotes/{held['id']}/extend", {"ttl_seconds": 60})
    order = await twice(f"/v1/quotes/{held['id']}/confirm", {})
    other = await twice("/v1/quotes", {"mode": "hold", "lines": [a_line(sku, 2)]})
    await twice(f"/v1/quotes/{other['id']}/release", {})
    amended = await twice(f"/v1/orders/{order['order_id']}/amend", {"lines": [{"line_ref": "1", "quantity": 3}]})
    assert amended["revision"] == 2
    assert (await twice(f"/v1/orders/{order['order_id']}/cancel", {}))["revision"] == 3
    line = {"sku": sku, "site": "HAM", "quantity": 1, "promised_date": day(0)}
    imported = await twice("/v1/orders/import", {"orders": [{"external_id": a_name("SAP"), "lines": [line]}]})
    assert imported["data"][0]["outcome"] == "created"
    assert await shop.atp(sku) == 99


async def test_the_same_key_many_times_at_once_has_one_effect(shop: Shop) -> None:
    sku, key = await shop.stocked(100), a_name("KEY")
    answers = await asyncio.gather(*(shop.try_order(a_line(sku, 1), idempotency_key=key) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["order_id"] for answer in answers}) == 1
    assert sorted(answer.json()["replayed"] for answer in answers) == [False] + [True] * 19
    assert await shop.atp(sku) == 99


@pytest.mark.parametrize("key", ["", " ", "k" * 256, "\x7f"])
async def test_a_key_that_is_none_is_refused_or_ignored_but_never_breaks_anything(shop: Shop, key: str) -> None:
    answer = await shop.quote.post("/v1/orders", json={"lines": [a_line(a_name("GHOST"))], "idempotency_key": key})
    assert answer.status_code in (409, 422), answer.text
