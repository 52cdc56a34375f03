"""Snapshots of master data: what the file no longer names is retired, unless something here depends on it; consumers are told."""

import csv
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest

from tests.running import RunningService

Json = dict[str, Any]
TERMS = "sku,site,supplier,lead_time_days\nBEAM,HAM,WOOD,7\nPANEL,HAM,WOOD,3\nPANEL,MUC,BOARD,3\n"


@pytest.fixture
async def http(service: RunningService, database: str) -> AsyncIterator[httpx.AsyncClient]:
    """Give an inventory that knows nothing: a snapshot is about everything that there is."""
    connection = await asyncpg.connect(database)
    try:
        await connection.execute("TRUNCATE inventory.definition, inventory.stock_position, inventory.receipt, inventory.receipt_concern")
    finally:
        await connection.close()
    async with httpx.AsyncClient(base_url=service.url, headers=service.headers, timeout=30) as client:
        yield client


async def send(http: httpx.AsyncClient, kind: str, text: str, **params: str) -> Json:
    answer = await http.post("/v1/imports", params={"kind": kind, **params}, content=text, headers={"Content-Type": "text/csv"})
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def names(http: httpx.AsyncClient, path: str, field: str) -> list[str]:
    return [each[field] for each in (await http.get(f"/v1/{path}")).json()["data"]]


async def test_a_snapshot_retires_what_it_does_not_name(http: httpx.AsyncClient) -> None:
    await send(http, "suppliers", "supplier\nWOOD\nBOARD\nOTHER\n")
    await send(http, "supplier_items", TERMS)
    await send(http, "lanes", "from_site,to,transit_days\nHAM,DE-BY,1\nHAM,DE-HH,1\nMUC,DE-BY,1\n")
    await send(http, "items", "sku,name\nBEAM,beam\nPANEL,panel\nSTOCKED,stocked\nCOMING,coming\nIDLE,idle\n")
    await send(http, "stock", "sku,site,on_hand\nSTOCKED,HAM,3\nIDLE,HAM,0\n")
    await send(http, "receipts", "receipt_id,kind,sku,site,quantity,due_date,supplier\nPO-1,purchase_order,COMING,HAM,5,2030-01-01,OTHER\n")

    job = await send(http, "lanes", "from_site,to,transit_days\nHAM,DE-BY,2\n", mode="snapshot", site="HAM")
    assert (job["applied"], job["closed"]) == (1, 1)
    assert sorted(await names(http, "lanes", "lane")) == ["HAM:DE-BY", "MUC:DE-BY"], "a snapshot of one site closes nothing elsewhere"

    job = await send(http, "suppliers", "supplier\nBOARD\n", mode="snapshot")
    assert (job["closed"], job["warnings"]) == (
        0,
        ["supplier OTHER stays because of open receipt PO-1", "supplier WOOD stays because of supplier item WOOD:BEAM:HAM"],
    )
    job = await send(http, "supplier_items", "sku,site,supplier,lead_time_days\nPANEL,MUC,BOARD,3\n", mode="snapshot")
    assert (job["unchanged"], job["closed"], job["warnings"]) == (1, 2, [])
    assert (await send(http, "suppliers", "supplier\nBOARD\n", mode="snapshot"))["closed"] == 1
    assert (await http.get("/v1/suppliers/WOOD")).status_code == 404

    job = await send(http, "items", "sku,name\nBEAM,beam\n", mode="snapshot")
    assert (job["closed"], job["warnings"]) == (
        1,
        [
            "item COMING stays because of open receipt PO-1",
            "item PANEL stays because of supplier item BOARD:PANEL:MUC",
            "item STOCKED stays because of stock in HAM",
        ],
    )
    assert (await http.get("/v1/items/IDLE")).json()["lifecycle"] == "retired"
    again = await send(http, "items", "sku,name\nBEAM,beam\n", mode="snapshot")
    assert (again["applied"], again["closed"], len(again["warnings"])) == (0, 0, 3), "the same file again changes nothing"

    lines = [json.loads(line) for line in (await http.get("/v1/snapshot")).text.splitlines()[1:]]
    gone = {
        each["data"].get("lane") or each["data"].get("supplier_item") or each["data"]["supplier"]
        for each in lines
        if each["data"].get("retired")
    }
    assert gone == {"HAM:DE-HH", "WOOD:BEAM:HAM", "WOOD:PANEL:HAM", "WOOD"}, "a reader that starts anew is told of what is no longer"


async def test_a_snapshot_retires_a_site_where_nothing_is_and_to_which_nothing_leads(http: httpx.AsyncClient) -> None:
    await send(http, "sites", "site,time_zone\n" + "".join(f"{each},UTC\n" for each in ("A", "B", "C", "D", "E", "F", "G", "H")))
    await send(http, "stock", "sku,site,on_hand\nX,A,3\nX,H,0\n")
    order = {"kind": "production_order", "site": "B", "sku": "X", "quantity": 5, "due_date": "2030-01-01"}
    parts = [{"sku": "LEG", "site": "C", "quantity": 4, "needed_date": "2029-12-01"}]
    assert (await http.put("/v1/receipts/MO-1", json=order | {"components": parts})).status_code == 200
    await send(http, "lanes", "from_site,to,transit_days\nD,E,1\n")
    await send(http, "supplier_items", "sku,site,supplier,lead_time_days\nX,F,WOOD,7\n")
    job = await send(http, "sites", "site,time_zone\nNEW,UTC\n", mode="snapshot")
    assert (job["closed"], job["warnings"]) == (
        2,
        [
            "site A stays because of stock of X",
            "site B stays because of open receipt MO-1",
            "site C stays because of open receipt MO-1",
            "site D stays because of lane D:E",
            "site E stays because of lane D:E",
            "site F stays because of supplier item WOOD:X:F",
        ],
    )
    assert sorted(await names(http, "sites", "site")) == ["A", "B", "C", "D", "E", "F", "NEW"]
    lines = [json.loads(line) for line in (await http.get("/v1/snapshot")).text.splitlines()[1:]]
    assert {each["data"]["site"] for each in lines if each["data"].get("retired")} == {"G", "H"}
    assert (await send(http, "sites", "site,time_zone\nG,UTC\n"))["applied"] == 1


async def test_what_was_retired_comes_back_when_it_is_named_again(http: httpx.AsyncClient) -> None:
    await send(http, "lanes", "lane,from_site,to,cost\nBACK,LEJ,DE-SN,4\nSTAYS,LEJ,DE-TH,4\n")
    await send(http, "lanes", "lane,from_site,to\nSTAYS,LEJ,DE-TH\n", mode="snapshot", site="LEJ")
    assert (await http.get("/v1/lanes/BACK")).status_code == 404
    assert (await send(http, "lanes", "lane,from_site,to\nBACK,LEJ,DE-SN\n"))["applied"] == 1
    back = (await http.get("/v1/lanes/BACK")).json()
    assert (back["revision"], back["cost"]) == (3, None), "nothing of what was retired is left in it"
    await send(http, "items", "sku,name\nPHOENIX,one\nOTHER,two\n")
    await http.put("/v1/items/PHOENIX", json={"name": "one", "lifecycle": "retired"})
    assert (await send(http, "items", "sku,name\nPHOENIX,one\n"))["unchanged"] == 1, "a delta without the column leaves the lifecycle alone"
    assert (await send(http, "items", "sku,name\nPHOENIX,one\n", mode="snapshot"))["applied"] == 1
    assert (await http.get("/v1/items/PHOENIX")).json()["lifecycle"] == "active", "what the whole file names is had again"


async def test_a_snapshot_with_a_row_that_failed_retires_nothing(http: httpx.AsyncClient) -> None:
    await send(http, "suppliers", "supplier\nFIRST\nSECOND\n")
    job = await send(http, "suppliers", "supplier,calendar\nFIRST,\nSEC|OND,\n", mode="snapshot")
    assert (job["failed"], job["closed"]) == (1, 0)
    assert {"FIRST", "SECOND"} <= set(await names(http, "suppliers", "supplier"))
    rows = list(csv.DictReader(io.StringIO((await http.get(job["errors_url"])).text, newline="")))
    assert [row["supplier"] for row in rows] == ["SEC|OND"]
