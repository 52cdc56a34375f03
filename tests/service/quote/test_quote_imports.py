"""Files of what quote itself keeps: twice as good as once, a snapshot retires the rest, what is wrong comes back as its row."""

import csv
import io
from collections.abc import Awaitable
from typing import Any

import httpx

from tests.running import ServiceStarter
from tests.service.quote.shop import Shop, a_line, a_name, eventually, ok

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
    answer = await shop.quote.post("/v1/imports", params={"kind": "classes", "mode": "snapshot"}, content="class\nX\n")
    assert (answer.status_code, answer.json()["code"]) == (422, "NO_SNAPSHOT")


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


async def test_a_lane_that_a_snapshot_no_longer_names_leads_nowhere_and_a_retired_item_is_not_promised(shop: Shop) -> None:
    site, region = a_name("S"), a_name("R")
    ok(await shop.inventory.put(f"/v1/sites/{site}", json={"name": site, "time_zone": "UTC"}))
    sku = await shop.stocked(5, site=site)

    async def asked(**more: object) -> str:
        answer = await shop.ask(a_line(sku, 1, sites=[site], **more))
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
    ok(await shop.inventory.put(f"/v1/items/{sku}", json={"name": sku, "uom": "EA", "lifecycle": "retired"}))
    await eventually(lambda: _is(asked(), "none UNKNOWN_SKU"), what="the item is retired")


async def _is(found: Awaitable[str], wanted: str) -> bool:
    return await found == wanted
