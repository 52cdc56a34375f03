"""How old the news is, said with every answer; and the policy that promises nothing new on old news."""

import asyncio
import time

from tests.running import RunningService
from tests.service.quote.shop import Json, Shop, a_line, a_name, eventually, ok, refused

NEVER_FRESH = 1e-9


async def a_shop_with_old_news(shop: Shop) -> tuple[str, str]:
    """A site and a policy for it; what the policy says comes later."""
    site = a_name("SITE")
    ok(await shop.inventory.put(f"/v1/sites/{site}", json={"name": site, "time_zone": "UTC"}))
    return site, a_name("POLICY")


async def settle(shop: Shop, policy: str, site: str, **freshness: object) -> None:
    ok(await shop.quote.put(f"/v1/policies/{policy}", json={"site": site, "freshness": freshness}))


async def test_the_age_is_never_told_shorter_than_it_is(shop: Shop, services: tuple[RunningService, RunningService]) -> None:
    """Inventory stands still: whatever happens there from now on cannot be known, so the age grows with the clock."""
    _, inventory = services
    sku = await shop.stocked(5)

    async def told() -> Json:
        found: Json = (await shop.ask(a_line(sku, sites=["HAM"])))["inputs"][0]
        return found

    async def fresh() -> bool:
        one = await told()
        return one["age_seconds"] is not None and one["age_seconds"] < 3

    assert await eventually(fresh), "with heartbeats every second"
    inventory.pause()
    try:
        since = time.monotonic()
        for _ in range(4):
            await asyncio.sleep(0.8)
            true_age = time.monotonic() - since
            one = await told()
            assert one["age_seconds"] >= true_age - 1, (one, true_age)
            assert one["source"] == "inventory"
    finally:
        inventory.resume()
    assert await eventually(fresh)


async def test_by_default_old_news_is_said_and_promised_on(shop: Shop) -> None:
    site, policy = await a_shop_with_old_news(shop)
    sku = await shop.stocked(5, site=site)
    await settle(shop, policy, site, stale_after_seconds=NEVER_FRESH)
    found = await shop.order(a_line(sku, 1, sites=[site]))
    assert [one["stale"] for one in found["inputs"]] == [True]
    await settle(shop, policy, site, stale_after_seconds=3600)
    assert [one["stale"] for one in (await shop.ask(a_line(sku, 1, sites=[site])))["inputs"]] == [False]


async def test_an_installation_may_refuse_new_commitments_on_old_news_and_keeps_what_it_has_promised(shop: Shop) -> None:
    site, policy = await a_shop_with_old_news(shop)
    sku = await shop.stocked(20, site=site)
    line = a_line(sku, 5, line_ref="1", sites=[site])
    hold = await shop.hold(line)
    order = (await shop.order(line))["order_id"]
    inquiry = await shop.ask(line)
    await settle(shop, policy, site, mode="refuse", stale_after_seconds=NEVER_FRESH)

    for answer in (await shop.try_hold(line), await shop.try_order(line), await shop.confirm(inquiry["id"])):
        problem = refused(answer, 503, "INPUTS_STALE")
        assert problem["retryable"] is True
        assert answer.headers["retry-after"]
        assert (problem["inputs"][0]["site"], problem["inputs"][0]["stale"]) == (site, True)
    refused(await shop.amend(order, {"line_ref": "1", "quantity": 6}), 503, "INPUTS_STALE")
    assert (await shop.book(sku, site))["days"][0]["atp"] == 10, "nothing of it was written"

    assert (await shop.ask(line))["outcome"] == "full", "an inquiry is answered, and says how old the news is"
    assert ok(await shop.confirm(hold["id"]))["status"] == "confirmed", "a live hold is exempt"
    assert ok(await shop.amend(order, {"line_ref": "1", "quantity": 4}))["lines"][0]["quantity"] == 4, "giving back is exempt"
    ok(await shop.quote.post(f"/v1/orders/{order}/cancel", json={}))


async def test_what_was_refused_for_old_news_is_promised_under_the_same_key_once_it_is_fresh(shop: Shop) -> None:
    site, policy = await a_shop_with_old_news(shop)
    sku = await shop.stocked(5, site=site)
    await settle(shop, policy, site, mode="refuse", stale_after_seconds=NEVER_FRESH)
    body = {"lines": [a_line(sku, 5, sites=[site])], "idempotency_key": a_name("KEY")}
    refused(await shop.quote.post("/v1/orders", json=body), 503, "INPUTS_STALE")
    await settle(shop, policy, site, mode="refuse", stale_after_seconds=3600)
    found = ok(await shop.quote.post("/v1/orders", json=body))
    assert (found["status"], found["replayed"]) == ("confirmed", False)
    refused(await shop.quote.post("/v1/orders", json={**body, "idempotency_key": a_name("KEY")}), 409, "CANNOT_PROMISE")
