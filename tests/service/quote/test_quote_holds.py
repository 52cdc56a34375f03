"""Holds: they keep a quantity until their instant, not longer, whoever sweeps; and become orders while they live."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

from tests.service.quote.shop import Json, Shop, a_line, codes, day, eventually, ok, refused


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def status_of(shop: Shop, quote_id: str) -> str:
    found: str = ok(await shop.quote.get(f"/v1/quotes/{quote_id}"))["status"]
    return found


async def test_a_hold_keeps_its_quantity_from_everybody_else(shop: Shop) -> None:
    sku = await shop.stocked(10)
    held = await shop.hold(a_line(sku, 8))
    assert (held["status"], held["mode"], held["order_id"]) == ("held", "hold", None)
    assert await shop.atp(sku) == 2
    assert (await shop.ask(a_line(sku, 3)))["outcome"] == "none"
    assert await shop.atp(sku, owner=held["id"]) == 10, "a caller never blocks itself"
    claim = (await shop.book(sku))["days"][0]["claims"][0]
    assert (claim["kind"], claim["quantity"], claim["owner"], claim["expires_at"]) == ("hold", 8, held["id"], held["expires_at"])


async def test_a_hold_that_cannot_be_kept_is_refused_with_an_offer_and_remembered(shop: Shop) -> None:
    sku = await shop.stocked(10)
    problem = refused(await shop.try_hold(a_line(sku, 11)), 409, "CANNOT_PROMISE")
    assert problem["offer"]["status"] == "refused"
    assert problem["offer"]["lines"][0]["alternatives"][0]["deliveries"][0]["quantity"] == 10
    assert await status_of(shop, problem["offer"]["id"]) == "refused"
    assert await shop.atp(sku) == 10
    refused(await shop.confirm(problem["offer"]["id"]), 409, "QUOTE_REFUSED")


async def test_a_hold_that_expired_frees_its_quantity_at_its_instant_without_any_sweeper(shop: Shop) -> None:
    sku = await shop.stocked(10)
    first = await shop.hold(a_line(sku, 10), ttl_seconds=1)
    refused(await shop.try_hold(a_line(sku, 10)), 409, "CANNOT_PROMISE")

    async def mine() -> Json | None:
        answer = await shop.try_hold(a_line(sku, 10))
        return ok(answer) if answer.status_code == 200 else None

    second = await eventually(mine, within_seconds=10, what="the expiry of the first hold")
    assert instant(second["created_at"]) >= instant(first["expires_at"]), "it was free before its time"
    assert await status_of(shop, first["id"]) == "expired"
    assert await status_of(shop, second["id"]) == "held"
    refused(await shop.confirm(first["id"]), 409, "HOLD_EXPIRED")
    ok(await shop.confirm(second["id"]))


async def test_a_hold_counts_for_inquiries_until_its_instant_and_not_after(shop: Shop) -> None:
    sku = await shop.stocked(10)
    held = await shop.hold(a_line(sku, 10), ttl_seconds=1)
    expires_at = instant(held["expires_at"])
    seen: list[tuple[datetime, str]] = []
    deadline = time.monotonic() + 10
    while not seen or seen[-1][1] == "none":
        answer = await shop.ask(a_line(sku, 10))
        seen.append((instant(answer["created_at"]), answer["outcome"]))
        assert time.monotonic() < deadline, "the hold outlives its expiry"
    assert all((outcome == "full") == (at >= expires_at) for at, outcome in seen), (expires_at, seen)
    assert await shop.atp(sku) == 10


async def test_confirming_turns_a_hold_into_an_order_and_twice_is_once(shop: Shop) -> None:
    sku = await shop.stocked(10, {5: 5})
    held = await shop.hold(a_line(sku, 12, line_ref="10", requested_date=day(1)), customer="ACME", external_id="DEAL-1", priority=7)
    first = ok(await shop.confirm(held["id"]))
    assert (first["id"], first["status"], first["expires_at"], first["replayed"]) == (held["id"], "confirmed", None, False)
    assert first["lines"] == held["lines"], "it gets what it held"
    assert ok(await shop.confirm(held["id"])) == first
    order = await shop.read(first["order_id"])
    assert (order["status"], order["customer"], order["external_id"], order["priority"]) == ("confirmed", "ACME", "DEAL-1", 7)
    assert order["quote_id"] == held["id"]
    line = order["lines"][0]
    assert (line["quantity"], line["requested_date"], line["first_promised_date"], line["promised_date"]) == (12, day(1), day(5), day(5))
    assert (line["actual_date"], line["times_moved"], line["shipped_quantity"]) == (None, 0, 0)
    assert (await shop.atp(sku), await shop.atp(sku, 5)) == (3, 3)
    assert [(claim["kind"], claim["owner"]) for each in (await shop.book(sku))["days"] for claim in each["claims"]] == [
        ("order", first["order_id"])
    ]


async def test_confirming_some_lines_of_a_hold_gives_the_others_back(shop: Shop) -> None:
    one, two = await shop.stocked(10), await shop.stocked(10)
    held = await shop.hold(a_line(one, 4, line_ref="10"), a_line(two, 4, line_ref="20"))
    refused(await shop.confirm(held["id"], line_refs=["30"]), 422, "UNKNOWN_LINE")
    confirmed = ok(await shop.confirm(held["id"], line_refs=["20"]))
    assert [line["line_ref"] for line in confirmed["lines"]] == ["20"]
    assert [line["sku"] for line in (await shop.read(confirmed["order_id"]))["lines"]] == [two]
    assert (await shop.atp(one), await shop.atp(two)) == (10, 6)


async def test_a_live_hold_is_confirmed_although_the_book_has_become_short(shop: Shop) -> None:
    sku = await shop.stocked(10)
    held = await shop.hold(a_line(sku, 8))
    await shop.count(sku, 3)
    await shop.heard(sku)
    assert await shop.atp(sku) == -5
    ok(await shop.confirm(held["id"]))
    assert await shop.atp(sku) == -5


async def test_a_released_hold_is_free_at_once_and_never_comes_back(shop: Shop) -> None:
    sku = await shop.stocked(10)
    held = await shop.hold(a_line(sku, 10))
    released = ok(await shop.quote.post(f"/v1/quotes/{held['id']}/release", json={"reason": "lost the deal"}))
    assert released["status"] == "released"
    assert await shop.atp(sku) == 10
    assert ok(await shop.quote.post(f"/v1/quotes/{held['id']}/release")) == released
    problem = refused(await shop.confirm(held["id"]), 409, "HOLD_RELEASED")
    assert (problem["quote_status"], problem["allowed"]) == ("released", ["quote again"])
    refused(await shop.quote.post(f"/v1/quotes/{held['id']}/extend", json={"ttl_seconds": 60}), 409, "HOLD_RELEASED")


async def test_an_extended_hold_outlives_its_first_expiry(shop: Shop) -> None:
    sku = await shop.stocked(10)
    held = await shop.hold(a_line(sku, 10), ttl_seconds=2)
    extended = ok(await shop.quote.post(f"/v1/quotes/{held['id']}/extend", json={"ttl_seconds": 600}))
    assert (instant(extended["expires_at"]) - datetime.now(UTC)).total_seconds() > 500  # noqa: TID251 -- the caller's clock

    async def past_the_first() -> bool:
        return instant((await shop.ask(a_line(sku)))["created_at"]) > instant(held["expires_at"])

    await eventually(past_the_first)
    assert await shop.atp(sku) == 0
    assert ok(await shop.quote.get(f"/v1/quotes/{held['id']}"))["expires_at"] == extended["expires_at"]
    ok(await shop.confirm(held["id"]))
    refused(await shop.quote.post(f"/v1/quotes/{held['id']}/extend", json={"ttl_seconds": 60}), 409, "HOLD_CONFIRMED")
    refused(await shop.quote.post(f"/v1/quotes/{held['id']}/release"), 409, "HOLD_CONFIRMED")


async def test_confirming_an_inquiry_decides_again(shop: Shop) -> None:
    sku = await shop.stocked(10)
    asked = await shop.ask(a_line(sku, 8, line_ref="10"), customer="ACME")
    confirmed = ok(await shop.confirm(asked["id"], external_id="DEAL-2"))
    assert (confirmed["id"], confirmed["status"]) == (asked["id"], "confirmed")
    order = await shop.read(confirmed["order_id"])
    assert (order["quote_id"], order["customer"], order["external_id"]) == (asked["id"], "ACME", "DEAL-2")
    assert await shop.atp(sku) == 2
    assert ok(await shop.confirm(asked["id"]))["order_id"] == confirmed["order_id"]
    assert await shop.atp(sku) == 2


async def test_confirming_an_inquiry_whose_offer_is_gone_is_a_409_with_the_new_one(shop: Shop) -> None:
    sku = await shop.stocked(10)
    asked = await shop.ask(a_line(sku, 8))
    await shop.order(a_line(sku, 6))
    problem = refused(await shop.confirm(asked["id"]), 409, "CANNOT_PROMISE")
    assert problem["offer"]["lines"][0]["alternatives"][0]["deliveries"][0]["quantity"] == 4
    assert await shop.atp(sku) == 4
    assert await status_of(shop, asked["id"]) == "quoted", "nothing was taken, so the inquiry stands as it was"


async def test_an_inquiry_is_confirmed_by_an_alternative_of_one_of_its_lines(shop: Shop) -> None:
    sku, other = await shop.stocked(6, {4: 6}), await shop.stocked(1)
    asked = await shop.ask(a_line(sku, 10, line_ref="10"), a_line(other, 1, line_ref="20"))
    split = next(one for one in asked["lines"][0]["alternatives"] if one["kind"] == "split")
    refused(await shop.confirm(asked["id"], alternative=split["alternative"]), 422, "ALTERNATIVE_OF_WHICH_LINE")
    refused(await shop.confirm(asked["id"], alternative="a99", line_refs=["10"]), 422, "UNKNOWN_ALTERNATIVE")
    refused(await shop.confirm(asked["id"], line_refs=["99"]), 422, "UNKNOWN_LINE")
    confirmed = ok(await shop.confirm(asked["id"], alternative=split["alternative"], line_refs=["10"]))
    assert [(one["quantity"], one["ship_date"]) for one in confirmed["lines"][0]["deliveries"]] == [
        (one["quantity"], one["ship_date"]) for one in split["deliveries"]
    ]
    assert [line["line_ref"] for line in (await shop.read(confirmed["order_id"]))["lines"]] == ["10"]
    assert await shop.atp(other) == 1


async def test_a_hold_has_no_alternative(shop: Shop) -> None:
    held = await shop.hold(a_line(await shop.stocked(1)))
    refused(await shop.confirm(held["id"], alternative="a1"), 422, "HOLD_HAS_NO_ALTERNATIVE")


async def test_what_was_never_quoted_is_unknown(shop: Shop) -> None:
    for name in ("quo_unknown", "quo_00000000000000000000000000", "ord_1"):
        for path in ("confirm", "release"):
            refused(await shop.quote.post(f"/v1/quotes/{name}/{path}"), 404, "QUOTE_NOT_FOUND")
        refused(await shop.quote.post(f"/v1/quotes/{name}/extend", json={"ttl_seconds": 60}), 404, "QUOTE_NOT_FOUND")
        refused(await shop.quote.get(f"/v1/quotes/{name}"), 404, "QUOTE_NOT_FOUND")


async def test_of_many_who_want_the_last_ones_only_as_many_get_them_as_there_are(shop: Shop) -> None:
    sku = await shop.stocked(10)
    answers = await asyncio.gather(*(shop.try_hold(a_line(sku, 3)) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [409] * 17
    assert await shop.atp(sku) == 1


async def recount(shop: Shop, sku: str, on_hand: float, **more: Any) -> None:
    """Count the stock, and wait until quote knows."""
    await shop.count(sku, on_hand, **more)

    async def known() -> bool:
        return bool((await shop.book(sku))["on_hand"] == on_hand)

    await eventually(known, what=f"news of {sku}")


async def test_a_hold_whose_supply_is_gone_is_confirmed_and_says_so(shop: Shop) -> None:
    sku = await shop.stocked(10)
    held = await shop.hold(a_line(sku, 8))
    await recount(shop, sku, 5)
    confirmed = ok(await shop.confirm(held["id"]))
    assert (confirmed["status"], confirmed["lines"][0]["reasons"][-1]["code"]) == ("confirmed", "BOOK_SHORT")
    assert confirmed["summary"].endswith(f"But HAM is short of {sku} by now: the promise stands, and is at risk.")


async def test_a_promise_that_stands_on_safety_stock_says_so(shop: Shop) -> None:
    sku = await shop.stocked(10, safety_stock=4)
    held = await shop.hold(a_line(sku, 6))
    assert "USES_SAFETY_STOCK" not in codes(held["lines"][0])
    await recount(shop, sku, 8, safety_stock=4)
    confirmed = ok(await shop.confirm(held["id"]))
    assert codes(confirmed["lines"][0])[-1] == "USES_SAFETY_STOCK"
    (line,) = (await shop.read(confirmed["order_id"]))["lines"]
    assert (line["uses_safety_stock"], line["at_risk"]) == (True, False)
    await recount(shop, sku, 10, safety_stock=4)

    async def covered() -> bool:
        return (await shop.read(confirmed["order_id"]))["lines"][0]["uses_safety_stock"] is False

    await eventually(covered, what="stock for all of it")
