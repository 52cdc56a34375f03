"""Files through the public door: written as they come, each row taken or refused for itself, twice as good as once."""

import asyncio
import csv
import io
import os
import time
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.demo.company import FURNITURE
from tests.bench.stage import cpu_seconds, resident_megabytes
from tests.running import RunningService, ServiceStarter
from tests.service.inventory.inventory_caller import Caller, Ear, a_sku

SOAK = os.environ.get("PLEDGE_HYPOTHESIS") == "soak"

Json = dict[str, Any]


async def send(call: Caller, text: str | bytes, kind: str = "stock", **params: str) -> Json:
    """Import a file that can be read; return the finished job."""
    answer = await call.post("/v1/imports", params={"kind": kind, **params}, content=text, headers={"Content-Type": "text/csv"})
    assert answer.status_code == 200, answer.text
    job: Json = answer.json()
    assert job["status"] == "done"
    assert job["rows"] == job["applied"] + job["unchanged"] + job["failed"]
    return job


async def refused(call: Caller, text: str | bytes, kind: str = "stock", **params: str) -> Json:
    answer = await call.post("/v1/imports", params={"kind": kind, **params}, content=text, headers={"Content-Type": "text/csv"})
    assert answer.status_code == 422, answer.text
    found: Json = answer.json()
    return found


async def errors_of(call: Caller, job: Json, delimiter: str = ",") -> list[list[str]]:
    answer = await call.get(job["errors_url"])
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""), delimiter=delimiter))


def figures(job: Json) -> tuple[int, int, int]:
    return job["applied"], job["unchanged"], job["failed"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("bom", ["", "\N{ZERO WIDTH NO-BREAK SPACE}"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
async def test_each_way_to_write_a_file_says_the_same(call: Caller, delimiter: str, bom: str, end: str) -> None:
    one, other = a_sku(), a_sku()
    rows = [["Site", " SKU ", "On Hand", "Safety-Stock"], ["HAM", one, "12.5", "2"], ["HAM", other, "7", ""]]
    job = await send(call, bom + end.join(delimiter.join(row) for row in rows))
    assert (figures(job), job["warnings"]) == ((2, 0, 0), [])
    stocks = [await call.stock(sku) for sku in (one, other)]
    assert [(stock["on_hand"], stock["safety_stock"]) for stock in stocks] == [(12.5, 2), (7, 0)]
    assert stocks[0]["document"] == job["id"], "a count without a document stands under the import"


async def test_a_decimal_comma_is_refused_in_words_that_name_the_remedy(call: Caller) -> None:
    sku, good = a_sku(), a_sku()
    job = await send(call, f"site;sku;on_hand;note\nHAM;{sku};12,5;x\nHAM;{good};12.5;y\n")
    assert figures(job) == (1, 0, 1)
    assert job["warnings"] == ["unknown columns are passed over: note"]
    header, *rows = await errors_of(call, job, ";")
    assert header == ["site", "sku", "on_hand", "note", "error_field", "error"]
    remedy = "'12,5' is written with a comma: write numbers with a decimal point and without thousands separators, 12.5"
    assert rows == [["HAM", sku, "12,5", "x", "on_hand", remedy]]
    unquoted = await send(call, f"site,sku,on_hand\nHAM,{sku},12,5\n")
    assert "4 fields and the header 3: a decimal comma" in (await errors_of(call, unquoted))[1][-2]


async def test_failed_rows_are_corrected_in_place_and_sent_again(call: Caller) -> None:
    skus = [a_sku() for _ in range(3)]
    job = await send(call, f"site,sku,on_hand\nHAM,{skus[0]},1\nHAM,{skus[1]},-2\nHAM,{skus[2]},three\n", file_name="counts.csv")
    assert figures(job) == (1, 0, 2)
    back = (await call.get(job["errors_url"])).text
    assert figures(await send(call, back.replace(",-2,", ",2,").replace("three", "3"))) == (2, 0, 0)
    assert [(await call.stock(sku))["on_hand"] for sku in skus] == [1, 2, 3]
    shown = await call.ok("GET", f"/v1/imports/{job['id']}")
    assert (shown["file_name"], shown["failed"], shown["caller"]) == ("counts.csv", 2, "development")
    listed = await call.ok("GET", "/v1/imports?limit=2")
    assert listed["data"][1] == shown
    assert (await call.get("/v1/imports/imp_never")).status_code == 404


async def test_a_quoted_line_break_stays_in_its_cell(call: Caller) -> None:
    sku = a_sku()
    job = await send(call, f'sku,name,uom\n{sku},"Chair\nof oak",EA\n{sku}-B,"Table, ""round""",EA\n', "items")
    assert figures(job) == (1, 0, 1), "a name is one line"
    assert (await errors_of(call, job))[1][:3] == [sku, "Chair\nof oak", "EA"]
    assert (await call.ok("GET", f"/v1/items/{sku}-B"))["name"] == 'Table, "round"'


async def test_one_bad_row_of_ten_thousand_fails_alone(call: Caller) -> None:
    name = a_sku()
    lines = [f"HAM,{name}-{n},{n if n != 7_777 else 'many'}" for n in range(10_000)]
    text = "\n".join(["site,sku,on_hand", *lines])
    job = await send(call, text)
    assert figures(job) == (9_999, 0, 1)
    assert (await errors_of(call, job))[1][:4] == ["HAM", f"{name}-7777", "many", "on_hand"]
    again = await send(call, text)
    assert figures(again) == (0, 9_999, 1)


async def test_the_same_file_twice_changes_nothing_and_says_nothing(call: Caller, ear: Ear) -> None:
    sku = a_sku()
    files = {
        "items": f"sku,name,cost\n{sku},Chair,12.5\n",
        "stock": f"site,sku,on_hand,safety_stock\nHAM,{sku},40,3\n",
        "receipts": f"receipt_id,kind,sku,site,quantity,due_date\nPO-{sku},purchase_order,{sku},HAM,10,2027-01-05\n",
        "movements": f"movement_id,type,site,sku,quantity,reason,document\nM-{sku},arrival,HAM,{sku},5,goods in,DN-1\n",
    }
    firsts = [figures(await send(call, text, kind)) for kind, text in files.items()]
    stood = await call.stock(sku)
    agains = [figures(await send(call, files[kind], kind)) for kind in ("items", "receipts", "movements")]
    assert (firsts, agains) == ([(1, 0, 0)] * 4, [(0, 1, 0)] * 3)
    assert await call.stock(sku) == stood
    assert (stood["on_hand"], stood["revision"]) == (45, 3)
    assert [event.revision for event in await ear.positions(f"{sku}|HAM", 3)] == [1, 2, 3]


async def test_a_second_row_for_the_same_place_fails_and_names_the_first(call: Caller) -> None:
    sku = a_sku()
    many = [f"HAM,{sku}-{n},1" for n in range(700)]
    job = await send(call, "\n".join(["site,sku,on_hand", *many, f"HAM,{sku}-3,9", f"HAM,{sku}-699,9"]))
    assert figures(job) == (700, 0, 2)
    assert [row[-1] for row in (await errors_of(call, job))[1:]] == [
        f"{sku}-3 HAM stands in line 5 of this file already",
        f"{sku}-699 HAM stands in line 701 of this file already",
    ]


async def test_a_snapshot_empties_what_it_does_not_name_at_its_site_and_nothing_elsewhere(call: Caller) -> None:
    site, named, gone = f"S{a_sku()}", a_sku(), a_sku()
    for place in (site, f"{site}-2"):
        await send(call, f"site,sku,on_hand\n{place},{named},5\n{place},{gone},6\n")
    job = await send(call, f"site,sku,on_hand\n{site},{named},7\n", mode="snapshot", site=site)
    assert (figures(job), job["closed"]) == ((1, 0, 0), 1)
    assert [(await call.stock(sku, site))["on_hand"] for sku in (named, gone)] == [7, 0]
    assert [(await call.stock(sku, f"{site}-2"))["on_hand"] for sku in (named, gone)] == [5, 6]
    failing = await send(call, f"site,sku,on_hand\n{site},{gone},1\n{site},{a_sku()},x\n", mode="snapshot", site=site)
    assert (figures(failing), failing["closed"]) == ((1, 0, 1), 0)
    assert "nothing was set to zero" in failing["warnings"][0]
    assert (await call.stock(named, site))["on_hand"] == 7, "what the failed row meant is not known"
    assert (await refused(call, "site,sku,on_hand\n", mode="snapshot", site=site))["code"] == "FILE_UNREADABLE"
    assert "a movement has happened" in (await refused(call, "movement_id\nA\n", "movements", mode="snapshot"))["detail"]


async def test_a_snapshot_of_receipts_closes_the_others(call: Caller) -> None:
    site, sku = f"S{a_sku()}", a_sku()
    head = "receipt_id,kind,sku,site,quantity,due_date\n"
    rows = [f"PO-{sku}-{n},purchase_order,{sku},{site},{n + 1},2027-01-05\n" for n in range(3)]
    await send(call, head + "".join(rows), "receipts")
    job = await send(call, head + rows[1], "receipts", mode="snapshot", site=site)
    assert (figures(job), job["closed"]) == ((0, 1, 0), 2)
    found = [(await call.ok("GET", f"/v1/receipts/PO-{sku}-{n}"))["status"] for n in range(3)]
    assert found == ["closed", "open", "closed"]
    assert [receipt["receipt_id"] for receipt in (await call.stock(sku, site))["receipts"]] == [f"PO-{sku}-1"]


async def test_what_a_file_has_no_column_for_stays_as_it_is(call: Caller) -> None:
    sku = a_sku()
    await call.ok("PUT", f"/v1/items/{sku}", {"name": "Chair", "dock_to_stock_days": 3, "substitutes": ["A", "B"]})
    await send(call, f"sku,name,uom\n{sku},Oak chair,\n", "items")
    item = await call.ok("GET", f"/v1/items/{sku}")
    assert (item["name"], item["uom"], item["dock_to_stock_days"], item["substitutes"]) == ("Oak chair", "EA", 3, ["A", "B"])
    components = [{"sku": "LEG", "quantity": 4, "needed_date": "2026-12-20"}]
    await call.order(f"MO-{sku}", sku, 5, kind="production_order", components=components)
    await send(call, f"receipt_id,kind,sku,site,quantity,due_date\nMO-{sku},production_order,{sku},HAM,6,2027-01-09\n", "receipts")
    receipt = await call.ok("GET", f"/v1/receipts/MO-{sku}")
    assert (receipt["quantity"], receipt["due_date"], receipt["components"][0]["quantity"]) == (6, "2027-01-09", 4)
    await send(call, f"sku,substitutes\n{sku},C|D\n", "items")
    assert (await call.ok("GET", f"/v1/items/{sku}"))["substitutes"] == ["C", "D"]


async def test_the_sample_companys_own_files_come_in_as_they_are(call: Caller) -> None:
    counts = {}
    for name in ("sites", "items", "transfers", "supplier_items", "stock", "receipts"):
        text = (FURNITURE / f"{name}.csv").read_bytes()
        job = await send(call, text, name)
        counts[name] = (job["applied"], job["failed"], job["warnings"])
        assert figures(await send(call, text, name)) == (0, job["rows"], 0)
    assert counts == {
        "sites": (4, 0, []), "items": (11, 0, []), "transfers": (6, 0, []), "supplier_items": (5, 0, []), "stock": (19, 0, []),
        "receipts": (7, 0, []),
    }  # fmt: skip
    lane = await call.ok("GET", "/v1/lanes/FACTORY:WAREHOUSE:CHAIR")
    assert (lane["to"], lane["minimum_quantity"], lane["multiple"], lane["transit_days"]) == ("WAREHOUSE", 30, 10, 1)
    assert (await call.ok("GET", "/v1/lanes/WAREHOUSE:SHOP-1"))["sku"] is None
    terms = await call.ok("GET", "/v1/supplier-items/WOOD-SUPPLIER:WOODEN-PANEL:FACTORY")
    assert (terms["minimum_quantity"], terms["multiple"]) == (400, 50)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "the file is empty"),
        (b"\n \n", "the file is empty"),
        ("site,sku,on_hand\nHAM,X,1\n".encode("utf-16"), "UTF-16"),
        ("site,sku,on_hand\nHAM,Schl\u00fcssel,1\n".encode("latin-1"), "0xFC that is not UTF-8"),
        (b"site,on_hand\nHAM,1\n", "no column sku"),
        (b"site,sku,item\nHAM,1,2\n", "two columns say sku"),
        (b'site,sku,on_hand\nHAM,"X,1\nHAM,Y,2\n', "never closed"),
        (b"%PDF-1.7\n\x00\x01\x02\n", "no column"),
    ],
)
async def test_a_file_that_cannot_be_read_says_why(call: Caller, content: bytes, words: str) -> None:
    problem = await refused(call, content)
    assert (problem["code"], words in problem["detail"]) == ("FILE_UNREADABLE", True), problem["detail"]
    assert problem["import"]["status"] == "failed"


async def test_what_makes_no_sense_is_refused_before_anything_is_read(call: Caller) -> None:
    for params, code in (({"kind": "stok"}, "UNKNOWN_KIND"), ({"kind": "items", "site": "HAM"}, "NO_SITE"), ({}, "INVALID_REQUEST")):
        answer = await call.post("/v1/imports", params=params, content=b"site,sku,on_hand\n")
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    multipart = await call.post("/v1/imports", params={"kind": "stock"}, files={"file": b"site,sku,on_hand\n"})
    assert (multipart.status_code, multipart.json()["code"]) == (422, "NOT_CSV")


async def test_more_than_a_gigabyte_is_refused_before_it_is_sent(service: RunningService) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    key = service.headers["Authorization"]
    writer.write(f"POST /v1/imports?kind=stock HTTP/1.1\r\nHost: x\r\nAuthorization: {key}\r\nContent-Length: 1000000001\r\n\r\n".encode())
    assert (await reader.readline()).split()[1] == b"413"
    writer.close()
    await writer.wait_closed()


async def test_movements_refused_by_a_rule_come_back_with_it(call: Caller) -> None:
    sku = a_sku()
    text = (
        "movement_id,type,site,sku,quantity,reason,document,to_site,closes\n"
        f"M1-{sku},arrival,HAM,{sku},5,goods in,DN-1,,no\n"
        f"M2-{sku},issue,HAM,{sku},-1,shipped,DN-2,,\n"
        f"M3-{sku},transfer,HAM,{sku},2,moved,DN-3,BER,false\n"
        f"M1-{sku},arrival,HAM,{sku},6,goods in,DN-1,,\n"
    )
    job = await send(call, text, "movements")
    assert figures(job) == (2, 0, 2)
    assert [(row[0], row[-2]) for row in (await errors_of(call, job))[1:]] == [(f"M2-{sku}", "quantity"), (f"M1-{sku}", "movement_id")]
    assert ((await call.stock(sku))["on_hand"], (await call.stock(sku, "BER"))["on_hand"]) == (3, 2)


async def in_pieces(text: str, size: int, pause: float) -> AsyncIterator[bytes]:
    data = text.encode()
    for at in range(0, len(data), size):
        yield data[at : at + size]
        await asyncio.sleep(pause)


async def test_a_sender_that_hangs_up_leaves_what_was_applied_and_the_same_file_does_the_rest(call: Caller) -> None:
    name = a_sku()
    text = "\n".join(["site,sku,on_hand", *(f"HAM,{name}-{n},1" for n in range(3000))])
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2):
            await call.post("/v1/imports", params={"kind": "stock", "file_name": name}, content=in_pieces(text, 4000, 0.15))
    deadline = time.monotonic() + 10
    while (job := await newest(call, name))["status"] == "running":
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)
    assert (job["status"], 0 < job["applied"] < 3000) == ("interrupted", True)
    assert figures(await send(call, text)) == (3000 - job["applied"], job["applied"], 0)


async def newest(call: Caller, file_name: str) -> Json:
    """Return the import of this file, {"status": "running"} while it has not begun."""
    listed: list[Json] = (await call.ok("GET", "/v1/imports?limit=5"))["data"]
    return next((job for job in listed if job["file_name"] == file_name), {"status": "running", "applied": 0})


async def test_a_kill_in_the_middle_and_the_file_again_lead_to_the_same_end(a_service: ServiceStarter, database: str) -> None:
    service = await a_service("inventory")
    name = a_sku()
    text = "\n".join(["site,sku,on_hand,safety_stock", *(f"HAM,{name}-{n:05d},{n % 50},{n % 3}" for n in range(20_000))])
    async with Caller(base_url=service.url, headers=service.headers, timeout=60) as call:
        sending = asyncio.ensure_future(call.post("/v1/imports", params={"kind": "stock", "file_name": name}, content=text))
        while (await newest(call, name))["applied"] < 2000:
            assert not sending.done(), sending.result().text
            await asyncio.sleep(0.02)
        service.kill()
        with pytest.raises(httpx.HTTPError):
            await sending
        service.start()
        await service.wait_ready()
        job = await send(call, text)
        half = await newest(call, name)
    assert (job["failed"], 2000 <= job["unchanged"] < 20_000) == (0, True)
    assert half["applied"] == job["unchanged"], "what is counted is what was committed"
    connection = await asyncpg.connect(database)
    try:
        found = await connection.fetch(
            "SELECT key, on_hand, safety_stock, revision FROM inventory.stock_position WHERE key LIKE $1 ORDER BY key", f"{name}-%"
        )
        said = await connection.fetchval("SELECT count(*) FROM inventory.outbox WHERE aggregateid LIKE $1", f"{name}-%")
    finally:
        await connection.close()
    assert [tuple(row) for row in found] == [(f"{name}-{n:05d}|HAM", n % 50, n % 3, 1) for n in range(20_000)]
    assert said == 20_000
    assert await service.stop() == 0


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
async def test_a_hundred_thousand_rows_take_half_a_minute_of_one_processor_and_no_memory(service: RunningService, call: Caller) -> None:
    """A fifth of them, in a fifth of the time, outside of the soak."""
    name = a_sku()
    count = 100_000 if SOAK else 20_000

    def rows(of: Iterable[int]) -> Iterable[str]:
        return (f"HAM,{name}-{n:06d},{n % 977},0\n" for n in of)

    def file(length: int) -> AsyncIterator[bytes]:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"site,sku,on_hand,safety_stock\n"
            for start in range(0, length, 2000):
                yield "".join(rows(range(start, min(length, start + 2000)))).encode()

        return pieces()

    headers = {"Content-Type": "text/csv"}
    await call.post("/v1/imports", params={"kind": "stock"}, content=file(10_000), headers=headers, timeout=60)
    before = resident_megabytes(service.pid)
    most = before
    began = cpu_seconds(service.pid)
    sending = asyncio.ensure_future(call.post("/v1/imports", params={"kind": "stock"}, content=file(count), headers=headers, timeout=300))
    while not sending.done():
        await asyncio.sleep(0.1)
        most = max(most, resident_megabytes(service.pid))
    seconds = cpu_seconds(service.pid) - began  # what else the machine does is no fault of ours
    job = sending.result().json()
    assert figures(job) == (count - 10_000, 10_000, 0)
    assert seconds < 35 * count / 100_000, f"{seconds:.1f} s of CPU"
    assert most - before < 25, f"from {before:.0f} to {most:.0f} MB"


_CELLS = st.text(alphabet=st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    ["HAM", "1", "-1", "1,5", "1e9", "NaN", "999999999999", "0.1234567", "2026-13-01", "2026-12-01", "true", "", "*", '"', "'", "=1+1"]
)
_COLUMNS = [
    *("site", "sku", "on_hand", "counted_at", "receipt_id", "kind", "quantity", "due_date", "movement_id", "type", "reason", "document"),
    *("lane", "from_site", "to", "name", "decimals", "substitutes", "supplier", "time_zone", "error", "bin"),
]
_KINDS = ["stock", "receipts", "movements", "items", "sites", "lanes", "suppliers", "supplier_items"]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(_KINDS),
    columns=st.lists(st.sampled_from(_COLUMNS), min_size=1, max_size=12, unique=True),
    rows=st.lists(st.lists(_CELLS, max_size=13), max_size=8),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    tail=st.binary(max_size=20),
)
async def test_no_file_is_answered_with_a_fault_of_ours(
    call: Caller, kind: str, columns: list[str], rows: list[list[str]], delimiter: str, tail: bytes
) -> None:
    text = "\n".join(delimiter.join(row) for row in [columns, *rows]).encode() + tail
    answer = await call.post("/v1/imports", params={"kind": kind}, content=text, headers={"Content-Type": "text/csv"})
    assert answer.status_code in (200, 422), answer.text
    if answer.status_code == 200:
        job = answer.json()
        assert job["rows"] == job["applied"] + job["unchanged"] + job["failed"]
        if job["failed"]:
            fetched = await call.get(job["errors_url"])
            assert fetched.status_code == 200
            assert "could not be applied" not in fetched.text, fetched.text
