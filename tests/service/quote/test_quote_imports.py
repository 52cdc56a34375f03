"""Files of what quote itself keeps: twice as good as once, a snapshot retires the rest, what is wrong comes back as its row."""

import csv
import io
from collections.abc import Awaitable
from typing import Any

import httpx

from tests.running import ServiceStarter
from tests.service.quote.shop import Shop, a_line, a_name, day, eventually, ok

Json = dict[str, Any]


async def send(quote: httpx.AsyncClient, text: str, **params: str) -> Json:
    """Import a file that can be read; return the finished job."""
    asked = {"kind": "customers", **params}
    answer = await quote.post("/v1/imports", params=asked, content=text, headers={"Content-Type": "text/csv"})
    assert answer.status_code == 200, answer.text
    job: Json = answer.json()
    assert job["status"] == "done"
    return job


def figures(job: Json) -> tuple[int, int, int]:
    return job["applied"], job["unchanged"], job["failed"]


async def errors(shop: Shop, job: Json) -> list[tuple[str, str]]:
    """Return the column and the reason of each row that failed."""
    rows = csv.DictReader(io.StringIO((await shop.quote.get(job["errors_url"])).text, newline=""))
    return [(row["error_field"], row["error"]) for row in rows]


async def test_a_file_of_customers_is_taken_and_again_changes_nothing(shop: Shop) -> None:
    one, other = a_name("CUST"), a_name("CUST")
    text = f"customer;name;calendar\n{one};Acme;WEEKDAYS\n{other};;\n"
    assert figures(await send(shop.quote, text)) == (2, 0, 0)
    stands = (await shop.quote.get(f"/v1/customers/{one}")).json()
    assert (stands["name"], stands["calendar"], stands["revision"]) == ("Acme", "WEEKDAYS", 1)
    assert figures(await send(shop.quote, text)) == (0, 2, 0)
    assert (await shop.quote.get(f"/v1/customers/{one}")).json()["revision"] == 1


async def test_what_a_file_has_no_column_for_stays_as_it_is(shop: Shop) -> None:
    customer = a_name("CUST")
    await shop.quote.put(f"/v1/customers/{customer}", json={"name": "Acme", "calendar": "WEEKDAYS"})
    assert figures(await send(shop.quote, f"customer,name\n{customer},Acme Ltd\n")) == (1, 0, 0)
    stands = (await shop.quote.get(f"/v1/customers/{customer}")).json()
    assert (stands["name"], stands["calendar"], stands["revision"]) == ("Acme Ltd", "WEEKDAYS", 2)


async def test_rows_that_fail_come_back_as_the_same_file_with_two_columns_more(shop: Shop) -> None:
    customer = a_name("CUST")
    job = await send(shop.quote, f"customer,name\n{customer},fine\nA|B,bad\n{customer},again\n")
    assert figures(job) == (1, 0, 2)
    rows = list(csv.DictReader(io.StringIO((await shop.quote.get(job["errors_url"])).text, newline="")))
    assert [(row["customer"], row["name"], row["error_field"]) for row in rows] == [("A|B", "bad", "customer"), (customer, "again", "")]
    assert "stands in line 2 of this file already" in rows[1]["error"]


async def test_a_file_of_classes_may_name_those_inside_first_and_customers_belong_to_what_is_defined(shop: Shop) -> None:
    top, inner, deep, lost, own = (a_name("CLS") for _ in range(5))
    text = f"class,parent,rank\n{deep},{inner},3\n{inner},{top},2\n{top},,1\n{lost},{a_name('NONE')},1\n{own},{own},1\n"
    job = await send(shop.quote, text, kind="classes")
    assert figures(job) == (3, 0, 2)
    rows = list(csv.DictReader(io.StringIO((await shop.quote.get(job["errors_url"])).text, newline="")))
    assert [(row["class"], row["error_field"]) for row in rows] == [(lost, "parent"), (own, "parent")]
    assert ["define it first" in rows[0]["error"], "would lie inside itself" in rows[1]["error"]] == [True, True]
    assert (await shop.quote.get(f"/v1/classes/{deep}")).json()["parent"] == inner
    assert figures(await send(shop.quote, text, kind="classes")) == (0, 3, 2)

    one, other = a_name("CUST"), a_name("CUST")
    job = await send(shop.quote, f"customer,class\n{one},{inner}\n{other},{lost}\n")
    assert figures(job) == (1, 0, 1)
    assert (await shop.quote.get(f"/v1/customers/{one}")).json()["demand_class"] == inner
    assert (await shop.quote.get(f"/v1/customers/{other}")).status_code == 404


async def test_a_file_of_policies_settles_what_it_has_columns_for_and_a_second_one_for_the_same_is_refused(shop: Shop) -> None:
    sku, other, one, two = a_name("SKU"), a_name("SKU"), a_name("POL"), a_name("POL")
    text = (
        "policy,item,past_due_limit_days,atp_fence_days,most_moves,freshness,stale_after_seconds,lateness_per_unit_day\n"
        f"{one},{sku},10,5,2,,,0.5\n{two},{sku},1,,,,,\n{a_name('POL')},{other},1,,,refuse,60,\n"
    )
    job = await send(shop.quote, text, kind="policies")
    assert figures(job) == (1, 0, 2)
    assert await errors(shop, job) == [
        ("", f"Policy '{one}' is for the same sku and site: change that one."),
        ("", "news has an age by site, not by item: settle freshness without a sku"),
    ]
    stands = (await shop.quote.get(f"/v1/policies/{one}")).json()
    assert (stands["sku"], stands["past_due_limit_days"], stands["atp_fence_days"], stands["freshness"]) == (sku, 10, 5, None)
    assert (stands["stability"], stands["costs"]["lateness_per_unit_day"]) == ({"most_moves": 2, "most_days": None}, 0.5)
    assert figures(await send(shop.quote, text, kind="policies")) == (0, 1, 2)

    assert figures(await send(shop.quote, f"policy,most_days,atp_fence_days\n{one},7,\n", kind="policies")) == (1, 0, 0)
    stands = (await shop.quote.get(f"/v1/policies/{one}")).json()
    assert (stands["stability"], stands["atp_fence_days"], stands["past_due_limit_days"]) == ({"most_moves": 2, "most_days": 7}, None, 10)


async def test_a_file_of_allocations_binds_at_once_and_rows_of_one_are_its_periods(shop: Shop) -> None:
    gold, one, seasonal, floor = a_name("CLS"), a_name("CEIL"), a_name("CEIL"), a_name("FLOOR")
    sku = await shop.stocked(100)
    ok(await shop.quote.put(f"/v1/classes/{gold}", json={}))
    text = (
        "allocation,kind,class,sku,sites,quantity,period,from_date,to_date,release_date\n"
        f"{one},ceiling,{gold},{sku},HAM|BER,8,,,,\n"
        f"{seasonal},ceiling,{gold},{sku},,30,,{day(10)},{day(19)},\n"
        f"{seasonal},,,,,20,,{day(0)},{day(9)},\n"
        f"{floor},floor,{gold},{sku},,5,,,,{day(30)}\n"
    )
    assert figures(await send(shop.quote, text, kind="allocations")) == (4, 0, 0)
    stands = (await shop.quote.get(f"/v1/allocations/{seasonal}")).json()
    assert [(each["from_date"], each["quantity"]) for each in stands["periods"]] == [(day(0), 20), (day(10), 30)]
    assert (await shop.quote.get(f"/v1/allocations/{one}")).json()["sites"] == ["BER", "HAM"]
    assert (await shop.quote.get(f"/v1/allocations/{floor}")).json()["kept"] == 5
    refusal = await shop.quote.post("/v1/orders", json={"demand_class": gold, "lines": [a_line(sku, 9, sites=["HAM"])]})
    assert refusal.status_code == 409
    ok(await shop.quote.post("/v1/orders", json={"demand_class": gold, "lines": [a_line(sku, 8, sites=["HAM"])]}))
    assert figures(await send(shop.quote, text, kind="allocations")) == (0, 4, 0)
    stands = (await shop.quote.get(f"/v1/allocations/{one}")).json()
    assert (stands["revision"], stands["periods"][0]["consumed"]) == (1, 8)


async def test_an_allocation_that_cannot_be_comes_back_with_the_column_and_the_reason(shop: Shop) -> None:
    gold, sku = a_name("CLS"), await shop.stocked(1)
    ok(await shop.quote.put(f"/v1/classes/{gold}", json={}))
    text = (
        "allocation,kind,class,sku,quantity,period,from_date,to_date,release_date\n"
        f"A1,ceiling,{a_name('NONE')},{sku},5,,,,\n"
        f"A2,floor,{gold},{sku},5,week,,,\n"
        f"A3,ceiling,{gold},{sku},5,,{day(5)},{day(1)},\n"
        f"A4,ceiling,{gold},{sku},0.5,,,,\n"
        f"A5,ceiling,{gold},{sku},5,,{day(0)},{day(4)},\n"
        f"A5,ceiling,{gold},OTHER,5,,{day(5)},{day(9)},\n"
        f"A6,ceiling,{gold},{sku},5,,{day(0)},{day(4)},\n"
        f"A6,ceiling,{gold},{sku},5,,{day(3)},{day(9)},\n"
        f"A7,ceiling,{gold},,5,,,,\n"
        f'A8,ceiling,{gold},{sku},"1,5",,,,\n'
        f"A9,roof,{gold},{sku},5,,,,\n"
    )
    job = await send(shop.quote, text, kind="allocations")
    assert figures(job) == (0, 0, 11)
    wrong = [(field, message.split(": ")[-1]) for field, message in await errors(shop, job)]
    assert [field for field, _ in wrong] == [
        "class", "period", "to_date", "quantity", "sku", "sku", "from_date", "from_date", "sku", "quantity", "kind",
    ]  # fmt: skip
    assert "define it first" in wrong[0][1]
    assert "do not overlap" in wrong[6][1]
    assert "decimal point" in wrong[9][1]


async def test_a_snapshot_ends_policies_and_allocations_and_keeps_a_class_that_somebody_is_of(a_service: ServiceStarter) -> None:
    service = await a_service("quote")
    async with httpx.AsyncClient(base_url=service.url, headers=service.headers, timeout=30) as quote:
        classes = "class,parent,rank\nTOP,,1\nMID,TOP,2\nLOW,MID,3\nSPARE,TOP,4\nINNER-SPARE,SPARE,5\n"
        assert figures(await send(quote, classes, kind="classes")) == (5, 0, 0)
        assert figures(await send(quote, "customer,class\nSTAYS,LOW\n")) == (1, 0, 0)
        allocations = "allocation,kind,class,sku,quantity\nSTAYS,ceiling,TOP,X,5\nGOES,ceiling,SPARE,X,5\n"
        assert figures(await send(quote, allocations, kind="allocations")) == (2, 0, 0)
        policies = "policy,sku,atp_fence_days\nSTAYS,X,5\nGOES,Y,6\n"
        assert figures(await send(quote, policies, kind="policies")) == (2, 0, 0)

        job = await send(quote, "class,rank\nNEW,9\n", kind="classes", mode="snapshot")
        assert (job["closed"], job["warnings"]) == (
            1,
            [
                "demand class LOW stays because of customer STAYS",
                "demand class MID stays because of class LOW",
                "demand class SPARE stays because of allocation GOES",
                "demand class TOP stays because of allocation STAYS",
            ],
        )
        assert (await quote.get("/v1/classes/INNER-SPARE")).status_code == 404
        answer = await quote.put("/v1/classes/LATER", json={"parent": "INNER-SPARE"})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "unknown_class")

        job = await send(quote, "policy,sku\nSTAYS,X\n", kind="policies", mode="snapshot")
        assert (figures(job), job["closed"]) == ((0, 1, 0), 1)
        assert [one["policy"] for one in (await quote.get("/v1/policies")).json()["data"]] == ["STAYS"]
        assert (await quote.get("/v1/policies/STAYS")).json()["atp_fence_days"] == 5
        assert figures(await send(quote, "policy,sku,atp_fence_days\nINSTEAD,Y,7\n", kind="policies")) == (1, 0, 0)

        job = await send(quote, "allocation,kind,class,sku,quantity\nSTAYS,ceiling,TOP,X,5\n", kind="allocations", mode="snapshot")
        assert (figures(job), job["closed"]) == ((0, 1, 0), 1)
        assert [(one["allocation"], one["closed"]) for one in (await quote.get("/v1/allocations")).json()["data"]] == [
            ("GOES", True),
            ("STAYS", False),
        ]
        assert (await send(quote, "class\nTOP\nMID\nLOW\nNEW\n", kind="classes", mode="snapshot"))["closed"] == 1
        assert (await quote.get("/v1/classes/SPARE")).status_code == 404


async def test_a_snapshot_retires_the_customers_that_it_does_not_name_and_a_delta_nobody(a_service: ServiceStarter) -> None:
    service = await a_service("quote")
    async with httpx.AsyncClient(base_url=service.url, headers=service.headers, timeout=30) as quote:
        assert figures(await send(quote, "customer,name\nSTAYS,one\nGOES,two\n")) == (2, 0, 0)
        for mode, standing in (("delta", ["GOES", "STAYS"]), ("snapshot", ["STAYS"])):
            job = await send(quote, "customer,name\nSTAYS,one\n", mode=mode)
            assert (figures(job), job["closed"]) == ((0, 1, 0), 2 - len(standing))
            assert [one["customer"] for one in (await quote.get("/v1/customers")).json()["data"]] == standing
        assert (await quote.get("/v1/customers/GOES")).status_code == 404
        assert (await send(quote, "customer,name\nSTAYS,one\n", mode="snapshot"))["closed"] == 0, "again changes nothing"
        assert figures(await send(quote, "customer,name\nGOES,back\n")) == (1, 0, 0)
        assert (await quote.get("/v1/customers/GOES")).json()["name"] == "back"


async def test_a_lane_or_site_that_a_snapshot_no_longer_names_leads_nowhere_and_a_retired_item_is_not_promised(shop: Shop) -> None:
    site, region = a_name("S"), a_name("R")
    ok(await shop.inventory.put(f"/v1/sites/{site}", json={"name": site, "time_zone": "UTC"}))
    sku = await shop.stocked(5, site=site)

    async def asked(**more: object) -> str:
        answer = await shop.ask({"sku": sku, "quantity": 1, "sites": [site], **more})
        outcome: str = answer["outcome"]
        return f"none {answer['lines'][0]['reasons'][0]['code']}" if outcome == "none" else outcome

    async def told(text: str, **params: str) -> Json:
        asked_for = {"kind": "lanes", "site": site, **params}
        return ok(await shop.inventory.post("/v1/imports", params=asked_for, content=text, headers={"Content-Type": "text/csv"}))

    await told(f"lane,from_site,to,transit_days\n{site}-1,{site},{region},2\n{site}-2,{site},{region}-X,2\n")
    await eventually(lambda: _is(asked(ship_to=region), "late"), what="the lane is known")
    assert (await told(f"lane,from_site,to,transit_days\n{site}-2,{site},{region}-X,2\n", mode="snapshot"))["closed"] == 1
    await eventually(lambda: _is(asked(ship_to=region), "none NO_LANE"), what="the lane is gone")
    assert await asked() == "full"
    aside = a_name("S")
    ok(await shop.inventory.put(f"/v1/sites/{aside}", json={"name": aside, "time_zone": "UTC"}))
    bare = await shop.stocked(0, site=aside)
    assert "NO_SITE" not in await asked(sku=bare, sites=[aside])
    others = "".join(f"{one['site']}\n" for one in ok(await shop.inventory.get("/v1/sites?limit=500"))["data"] if one["site"] != aside)
    ok(await shop.inventory.post("/v1/imports", params={"kind": "sites", "mode": "snapshot"}, content=f"site\n{others}"))
    await eventually(lambda: _is(asked(sku=bare, sites=[aside]), "none NO_SITE"), what="the site is retired")
    ok(await shop.inventory.put(f"/v1/items/{sku}", json={"name": sku, "uom": "EA", "lifecycle": "retired"}))
    await eventually(lambda: _is(asked(), "none UNKNOWN_SKU"), what="the item is retired")


async def _is(found: Awaitable[str], wanted: str) -> bool:
    return await found == wanted
