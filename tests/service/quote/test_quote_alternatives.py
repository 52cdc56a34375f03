"""Whatever stands among the alternatives can be ordered: what was offered is what is promised, or a new offer comes back."""

import pytest

from tests.service.quote.shop import Json, Shop, a_line, a_name, codes, day, eventually, ok, refused


async def a_choice(shop: Shop) -> str:
    """A sku with a little in HAM, more elsewhere and later, two suppliers, a lane, and something that may stand in for it."""
    instead = await shop.stocked(20, {}, site="MUC")
    sku = await shop.stocked(3, {9: 10})
    await shop.stocked(4, site="MUC", sku=sku)
    await shop.stocked(0, {6: 20}, site="BER", sku=sku)
    await shop.item(sku, substitutes=[instead])
    ok(await shop.inventory.put("/v1/suppliers/WOOD", json={"name": "Wood"}))
    for name, days, cost in (("FAST", 4, 9), ("SLOW", 7, 1)):
        terms = {"sku": sku, "site": "HAM", "supplier": "WOOD", "lead_time_days": days, "unit_cost": cost, "priority": days}
        ok(await shop.inventory.put(f"/v1/supplier-items/{name}-{sku}", json=terms))
    lane = {"from_site": "MUC", "to": "HAM", "transit_days": 2, "sku": sku}
    ok(await shop.inventory.put(f"/v1/lanes/{a_name('LANE')}", json=lane))

    async def known() -> bool:
        seven, eight = (await shop.ask(*(a_line(sku, quantity, sites=["HAM"]) for quantity in (7, 1))))["lines"]
        return bool(seven["promised_date"] == day(2) and eight["promised_date"] == day(4) and eight["alternatives"])

    await eventually(known, what="the suppliers and the lane")
    return sku


def as_told(deliveries: list[Json]) -> list[tuple[str, float, str, str | None]]:
    return [(one["site"], one["quantity"], one["delivery_date"], one["sku"]) for one in deliveries]


ASKS: dict[str, Json] = {
    "earliest": {},
    "split": {"allow_partial": True},
    "cheapest": {"policy": "cheapest", "allow_partial": True},
    "preferred": {"policy": "preferred_site"},
    "substitutes": {"substitutes": True},
}


@pytest.mark.parametrize("name", ASKS)
async def test_each_alternative_is_ordered_as_it_was_offered(shop: Shop, name: str) -> None:
    more = dict(ASKS[name])
    instead = more.pop("substitutes", False)
    sites = {"sites": ["HAM", "BER", "MUC"] if instead else ["HAM", "BER"]}
    kinds, number = set(), 0
    while True:
        sku = await a_choice(shop)
        asked = await shop.ask(a_line(sku, 8, allow_substitutes=instead, **sites), **more)
        others = asked["lines"][0]["alternatives"]
        if number >= len(others):
            break
        wanted = others[number]
        confirmed = ok(await shop.confirm(asked["id"], alternative=wanted["alternative"]))
        assert as_told(confirmed["lines"][0]["deliveries"]) == as_told(wanted["deliveries"]), wanted
        kinds.add(wanted["kind"])
        number += 1
    assert number >= 2, others
    assert kinds >= {"earliest": {"buy"}, "substitutes": {"own"}}.get(name, set())


async def test_some_lines_are_ordered_of_an_inquiry_with_planned_supply(shop: Shop) -> None:
    sku = await a_choice(shop)
    lines = [a_line(sku, quantity, sites=["HAM"], line_ref=ref) for ref, quantity in (("10", 5), ("20", 2))]
    asked = await shop.ask(*lines)
    confirmed = ok(await shop.confirm(asked["id"], line_refs=["20"]))
    assert [line["line_ref"] for line in confirmed["lines"]] == ["20"]
    assert codes(confirmed["lines"][0]) == ["COVERED"], "alone it needs no plan"
    assert confirmed["planned_supply"] == []


async def test_an_alternative_that_is_gone_comes_back_as_a_new_offer(shop: Shop) -> None:
    sku = await a_choice(shop)
    asked = await shop.ask(a_line(sku, 8, sites=["HAM", "BER"]))
    split = next(one for one in (await shop.ask(a_line(sku, 8, sites=["HAM", "BER"])))["lines"][0]["alternatives"])
    await shop.order(a_line(sku, 20, sites=["BER"], requested_date=day(6)))
    await shop.order(a_line(sku, 13, sites=["HAM"], requested_date=day(9), supply=[]))
    wanted = next(one for one in asked["lines"][0]["alternatives"] if one["kind"] in ("wait", "site"))
    problem = refused(await shop.confirm(asked["id"], alternative=wanted["alternative"]), 409, "CANNOT_PROMISE")
    assert problem["offer"]["lines"][0]["outcome"] in ("none", "late"), split
