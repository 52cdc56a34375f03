"""Policies through the public door: settled once, known to everyone, the closest one first."""

from tests.service.quote.shop import Json, Shop, a_name, day, eventually, ok, refused


async def settle(shop: Shop, policy: str, **body: object) -> Json:
    return ok(await shop.quote.put(f"/v1/policies/{policy}", json=body))


async def test_a_policy_is_kept_and_read_again_and_listed(shop: Shop) -> None:
    policy, sku = a_name("POLICY"), a_name("SKU")
    body: Json = {"sku": sku, "stability": {"most_moves": 2}, "costs": {"lateness_per_unit_day": "0.25"}}
    found = await settle(shop, policy, **body)
    assert (found["policy"], found["revision"], found["stability"]["most_days"]) == (policy, 1, None)
    assert found["costs"] == {"lateness_per_unit_day": 0.25, "handling_per_unit": None}
    assert ok(await shop.quote.get(f"/v1/policies/{policy}")) == found
    assert found in ok(await shop.quote.get("/v1/policies", params={"limit": 500}))["data"]
    assert (await settle(shop, policy, **body))["revision"] == 1, "told again, nothing changes"
    assert (await settle(shop, policy, sku=sku))["revision"] == 2
    refused(await shop.quote.get(f"/v1/policies/{policy}-no"), 404, "UNKNOWN_POLICY")


async def test_two_policies_for_the_same_and_another_revision_than_expected_are_a_409(shop: Shop) -> None:
    sku, one, other = a_name("SKU"), a_name("POLICY"), a_name("POLICY")
    await settle(shop, one, sku=sku, site="HAM", atp_fence_days=1)
    problem = refused(await shop.quote.put(f"/v1/policies/{other}", json={"sku": sku, "site": "HAM"}), 409, "SCOPE_TAKEN")
    assert problem["policy"] == one
    await settle(shop, other, sku=sku)
    refused(await shop.quote.put(f"/v1/policies/{one}", json={"sku": sku, "expected_revision": 7}), 409, "REVISION_CONFLICT")


async def test_what_cannot_be_meant_is_a_422(shop: Shop) -> None:
    for body in (
        {"past_due_limit_days": -1},
        {"freshness": {"mode": "panic"}},
        {"sku": "A", "freshness": {"mode": "refuse"}},
        {"costs": {"lateness_per_unit_day": "NaN"}},
        {"stability": {"most_moves": 1.5}},
        {"rain": True},
    ):
        refused(await shop.quote.put(f"/v1/policies/{a_name('POLICY')}", json=body), 422, "INVALID_REQUEST")


async def test_a_late_receipt_counts_as_the_closest_policy_says(shop: Shop) -> None:
    """Four days late: believed for 30 days by default; not at all with a limit of 3; three days after today with an offset of 3."""
    sku = await shop.stocked(0)
    receipt = await shop.order_supply(sku, 5, -4)

    async def counts_on() -> list[str]:
        book = await shop.book(sku, from_date=day(0), to_date=day(9))
        return [one["date"] for one in book["days"] for each in one["receipts"] if each["receipt_id"] == receipt]

    assert await eventually(counts_on) == [day(1)]
    await settle(shop, a_name("POLICY"), sku=sku, past_due_offset_days=3)
    assert await counts_on() == [day(3)]
    here = a_name("POLICY")
    await settle(shop, here, sku=sku, site="HAM", past_due_limit_days=3)
    assert await counts_on() == []
    await settle(shop, here, sku=sku, site="BER", past_due_limit_days=3)
    assert await counts_on() == [day(3)]


async def test_an_order_is_at_risk_when_its_late_receipt_is_believed_no_longer(shop: Shop) -> None:
    sku = await shop.stocked(0)
    await shop.order_supply(sku, 5, -4)
    await eventually(lambda: shop.atp(sku, 1))
    order = (await shop.order({"sku": sku, "quantity": 5}))["order_id"]
    assert (await shop.read(order))["lines"][0]["at_risk"] is False
    await settle(shop, a_name("POLICY"), sku=sku, past_due_limit_days=3)

    async def at_risk() -> bool:
        found: bool = (await shop.read(order))["lines"][0]["at_risk"]
        return found

    assert await eventually(at_risk)
