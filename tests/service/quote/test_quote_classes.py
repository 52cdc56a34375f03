"""Classes of demand over HTTP: what they lie inside, and which class a request is counted under."""

import asyncio
from datetime import datetime

import httpx

from tests.service.quote.shop import Json, Shop, a_line, a_name, ok, refused


async def put_class(shop: Shop, demand_class: str | None = None, **body: object) -> Json:
    return ok(await shop.quote.put(f"/v1/classes/{demand_class or a_name('CLASS')}", json=body))


async def try_parent(shop: Shop, name: str, parent: str) -> httpx.Response:
    return await shop.quote.put(f"/v1/classes/{name}", json={"parent": parent})


async def test_a_class_is_told_whole_and_read_back(shop: Shop) -> None:
    channel = (await put_class(shop, a_name("WEB")))["demand_class"]
    name = a_name("GOLD")
    body = {"name": "Gold", "parent": channel, "rank": 10, "strategy": "win"}
    told = await put_class(shop, name, **body)
    assert told == {"demand_class": name, **body, "revision": 1, "created_at": told["created_at"], "updated_at": told["created_at"]}
    assert ok(await shop.quote.get(f"/v1/classes/{name}")) == told
    assert await put_class(shop, name, **body) == told, "told again, nothing changes"
    plain = ok(await shop.quote.get(f"/v1/classes/{channel}"))
    assert (plain["parent"], plain["rank"], plain["strategy"]) == (None, 100, "redistribute")
    refused(await shop.quote.put(f"/v1/classes/{name}", json={**body, "expected_revision": 7}), 409, "REVISION_CONFLICT")
    refused(await shop.quote.get(f"/v1/classes/{a_name('NONE')}"), 404, "UNKNOWN_CLASS")


async def test_what_is_defined_says_when_it_was_first_and_when_last(shop: Shop) -> None:
    sku, gold = await shop.item(), (await put_class(shop))["demand_class"]
    kept = {"kind": "ceiling", "demand_class": gold, "sku": sku, "period": "day"}
    for path, first, then in (
        (f"classes/{a_name('CLASS')}", {"rank": 1}, {"rank": 2}),
        (f"customers/{a_name('ACME')}", {"name": "Acme"}, {"demand_class": gold}),
        (f"policies/{a_name('POLICY')}", {"sku": sku}, {"sku": sku, "atp_fence_days": 3}),
        (f"allocations/{a_name('CEILING')}", {**kept, "quantity": 5}, {**kept, "quantity": 6}),
    ):
        old = ok(await shop.quote.put(f"/v1/{path}", json=first))
        assert datetime.fromisoformat(old["created_at"]) == datetime.fromisoformat(old["updated_at"])
        assert ok(await shop.quote.put(f"/v1/{path}", json=first))["updated_at"] == old["updated_at"], "told again, nothing changes"
        new = ok(await shop.quote.put(f"/v1/{path}", json=then))
        assert new["created_at"] == old["created_at"]
        assert datetime.fromisoformat(new["updated_at"]) > datetime.fromisoformat(old["updated_at"])
        assert ok(await shop.quote.get(f"/v1/{path}"))["updated_at"] == new["updated_at"]
        kind, name = path.split("/")
        listed = ok(await shop.quote.get(f"/v1/{kind}", params={"limit": 500}))["data"]
        assert new["updated_at"] in [one["updated_at"] for one in listed if name in one.values()]


async def test_classes_are_listed_page_by_page(shop: Shop) -> None:
    names = sorted([(await put_class(shop))["demand_class"] for _ in range(3)])
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = ok(await shop.quote.get("/v1/classes", params={"limit": 2, **({} if cursor is None else {"cursor": cursor})}))
        seen += [one["demand_class"] for one in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == sorted(seen)
    assert set(names) <= set(seen)


async def test_a_class_inside_itself_or_inside_nothing_known_is_refused_with_its_place(shop: Shop) -> None:
    top, middle, low = (a_name(kind) for kind in ("TOP", "MIDDLE", "LOW"))
    await put_class(shop, top)
    await put_class(shop, middle, parent=top)
    await put_class(shop, low, parent=middle)
    for parent, circle in ((top, [top, top]), (low, [top, low, middle, top])):
        problem = refused(await try_parent(shop, top, parent), 422, "INVALID_REQUEST")
        assert [(one["pointer"], one["code"]) for one in problem["errors"]] == [("/parent", "class_inside_itself")]
        assert " in ".join(circle) in problem["detail"]
    problem = refused(await try_parent(shop, top, "NOBODY"), 422, "INVALID_REQUEST")
    assert [(one["pointer"], one["code"]) for one in problem["errors"]] == [("/parent", "unknown_class")]
    assert ok(await shop.quote.get(f"/v1/classes/{top}"))["revision"] == 1


async def test_two_who_lay_one_class_inside_the_other_at_once_do_not_close_a_circle(shop: Shop) -> None:
    for _ in range(5):
        one, other = a_name("ONE"), a_name("OTHER")
        await put_class(shop, one)
        await put_class(shop, other)
        answers = await asyncio.gather(try_parent(shop, one, other), try_parent(shop, other, one))
        assert sorted(answer.status_code for answer in answers) == [200, 422]


async def test_classes_lie_inside_one_another_over_ten_levels_at_most(shop: Shop) -> None:
    names = [(await put_class(shop))["demand_class"] for _ in range(10)]
    for inner, outer in zip(names[1:], names, strict=False):
        ok(await try_parent(shop, inner, outer))
    top = (await put_class(shop))["demand_class"]
    problem = refused(await try_parent(shop, names[0], top), 422, "INVALID_REQUEST")
    assert problem["errors"][0]["code"] == "too_many_levels"


async def test_a_request_without_a_class_is_counted_under_its_customers(shop: Shop) -> None:
    name, customer = (await put_class(shop))["demand_class"], a_name("ACME")
    problem = refused(await shop.quote.put(f"/v1/customers/{customer}", json={"demand_class": a_name("NONE")}), 422, "INVALID_REQUEST")
    assert problem["errors"][0]["pointer"] == "/demand_class"
    assert ok(await shop.quote.put(f"/v1/customers/{customer}", json={"demand_class": name}))["demand_class"] == name
    sku = await shop.stocked(10)
    order = await shop.order(a_line(sku, 1), customer=customer)
    assert ok(await shop.quote.get(f"/v1/orders/{order['order_id']}"))["demand_class"] == name
    named = await shop.order(a_line(sku, 1), customer=customer, demand_class="silver")
    assert ok(await shop.quote.get(f"/v1/orders/{named['order_id']}"))["demand_class"] == "silver"
    held = await shop.hold(a_line(sku, 1), customer=customer)
    ok(await shop.quote.put(f"/v1/customers/{customer}", json={}))
    confirmed = ok(await shop.quote.post(f"/v1/quotes/{held['id']}/confirm"))
    assert ok(await shop.quote.get(f"/v1/orders/{confirmed['order_id']}"))["demand_class"] == name, "it was held as of that class"


async def test_only_an_administrator_defines_classes(shop: Shop) -> None:
    bare = {"authorization": ""}
    assert (await shop.quote.put("/v1/classes/X", json={}, headers=bare)).status_code == 401
    problem = refused(await shop.quote.put("/v1/classes/X", json={"strategy": "grab"}), 422, "INVALID_REQUEST")
    assert problem["errors"][0]["pointer"] == "/strategy"
