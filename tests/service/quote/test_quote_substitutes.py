"""Substitutes through the public doors: claimed in their own books, named, shipped, given back, confirmed by name."""

from tests.service.quote.shop import Json, Shop, a_line, codes, day, eventually, ok, refused


async def a_pair(shop: Shop, old: float, new: float) -> tuple[str, str]:
    """A sku and what may stand in for it, with so much on hand in HAM."""
    instead, sku = await shop.stocked(new), await shop.stocked(old)
    await shop.item(sku, substitutes=[instead])

    async def known() -> bool:
        return bool((await shop.ask(a_line(sku, old + 1, allow_substitutes=True)))["outcome"] == "full")

    await eventually(known, what="the substitute")
    return sku, instead


def named(line: Json) -> list[tuple[str | None, float]]:
    return [(one["sku"], one["quantity"]) for one in line["deliveries"]]


async def test_a_substitute_is_claimed_in_its_own_book_and_named_everywhere(shop: Shop) -> None:
    sku, instead = await a_pair(shop, 6, 10)
    assert (await shop.ask(a_line(sku, 8)))["outcome"] == "none", "not without leave"
    held = await shop.hold(a_line(sku, 8, allow_substitutes=True))
    (line,) = held["lines"]
    assert named(line) == [(None, 6), (instead, 2)]
    assert [(peg.get("sku"), peg["quantity"]) for peg in line["pegging"]] == [(None, 6), (instead, 2)]
    assert codes(line) == ["COVERED", "SUBSTITUTED", "COVERED"]
    assert f"2 {instead} instead of {sku}" in held["summary"]
    assert [await shop.atp(one) for one in (sku, instead)] == [0, 8]
    order = ok(await shop.confirm(held["id"]))["order_id"]
    assert [await shop.atp(one) for one in (sku, instead)] == [0, 8]
    assert named((await shop.read(order))["lines"][0]) == [(None, 6), (instead, 2)]


async def test_what_is_shipped_instead_consumes_the_claim_on_it(shop: Shop) -> None:
    sku, instead = await a_pair(shop, 3, 10)
    order = (await shop.order(a_line(sku, 5, allow_substitutes=True, line_ref="1")))["order_id"]
    await shop.ship(order, "1", instead, 2)

    async def shipped(quantity: float) -> bool:
        return bool((await shop.read(order))["lines"][0]["shipped_quantity"] == quantity)

    await eventually(lambda: shipped(2), what="the shipment of the substitute")
    assert [one["open_quantity"] for one in (await shop.read(order))["lines"][0]["deliveries"]] == [3, 0]
    assert await shop.atp(instead) == 8
    await shop.ship(order, "1", sku, 3)
    await eventually(lambda: shipped(5), what="the rest")
    assert (await shop.read(order))["status"] == "shipped"


async def test_what_is_given_back_is_free_in_both_books(shop: Shop) -> None:
    sku, instead = await a_pair(shop, 3, 10)
    order = (await shop.order(a_line(sku, 5, allow_substitutes=True, line_ref="1")))["order_id"]
    amended = ok(await shop.amend(order, {"line_ref": "1", "quantity": 4}))
    assert named(amended["lines"][0]) == [(None, 3), (instead, 1)]
    assert await shop.atp(instead) == 9
    ok(await shop.quote.post(f"/v1/orders/{order}/cancel", json={}))
    assert [await shop.atp(one) for one in (sku, instead)] == [3, 10]


async def test_an_alternative_that_is_all_of_a_substitute_is_ordered_by_its_own_name(shop: Shop) -> None:
    sku, instead = await a_pair(shop, 0, 10)
    await shop.order_supply(sku, 8, 1)
    await shop.heard(sku)
    asked = await shop.ask(a_line(sku, 8, allow_substitutes=True))
    assert named(asked["lines"][0]) == [(instead, 8)]
    own = next(one for one in asked["lines"][0]["alternatives"] if one["kind"] == "own")
    assert own["lost_because"] == "LESS_ON_TIME"
    order = ok(await shop.confirm(asked["id"], alternative=own["alternative"]))
    assert [(one["sku"], one["delivery_date"]) for one in order["lines"][0]["deliveries"]] == [(None, day(1))]
    late = await shop.ask(a_line(sku, 3, requested_date=day(1), allow_substitutes=True))
    assert named(late["lines"][0]) == [(instead, 3)]
    refused(await shop.try_order(a_line(sku, 30, allow_substitutes=True)), 409, "CANNOT_PROMISE")
