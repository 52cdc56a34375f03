"""`pledge import`: what it says, what it leaves beside the file, and a folder that is watched."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.demo.company import FURNITURE
from deploy.demo.urls import Urls
from deploy.importing.backlog import send_backlog
from deploy.importing.sending import File, RefusedError, kind_of, rank_of
from deploy.local.ports import free_port
from tests.deploy.command import environment, pledge, until
from tests.running import DEVELOPMENT_KEY, RunningService, ServiceStarter, Workplace

_PLEDGE = [sys.executable, "-c", "from deploy.cli import main; main()", "import"]
Import = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def place() -> Iterator[Path]:
    with Workplace() as directory:
        yield directory


@pytest.fixture(scope="module")
async def inventory(a_service: ServiceStarter) -> RunningService:
    return await a_service("inventory")


@pytest.fixture(scope="module")
async def quote(a_service: ServiceStarter, inventory: RunningService) -> RunningService:
    return await a_service("quote", PLEDGE_INVENTORY_URL=inventory.url)


@pytest.fixture(scope="module")
async def seller(quote: RunningService) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=quote.url, headers=quote.headers, timeout=30) as client:
        yield client


@pytest.fixture
def told(inventory: RunningService, quote: RunningService) -> dict[str, str]:
    """Give the environment of a command that reaches these services."""
    where = {"PLEDGE_INVENTORY_URL": inventory.url, "PLEDGE_QUOTE_URL": quote.url, "PLEDGE_API_KEY": DEVELOPMENT_KEY}
    return environment() | where


@pytest.fixture
def run(told: dict[str, str]) -> Import:
    def running(*arguments: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*_PLEDGE, *map(str, arguments)], env=told | more, capture_output=True, text=True, check=False, timeout=120)

    return running


def of(result: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return found


async def test_a_file_goes_to_the_service_that_takes_it_and_the_answer_is_for_scripts(run: Import, place: Path) -> None:
    file = place / "stock-2026-11-22.csv"
    file.write_text("site;sku;on_hand\nHAM;CLI-1;5\nHAM;CLI-2;6\n")
    first = await asyncio.to_thread(run, file, "--json")
    assert (first.returncode, of(first)["applied"], of(first)["errors_file"]) == (0, 2, None), first.stderr
    again = await asyncio.to_thread(run, file, "--json")
    assert {name: of(again)[name] for name in ("rows", "applied", "unchanged", "failed")} == {
        "rows": 2, "applied": 0, "unchanged": 2, "failed": 0,
    }  # fmt: skip


async def test_failed_rows_lie_beside_the_file_and_the_exit_code_says_so(run: Import, place: Path) -> None:
    file = place / "mine.csv"
    file.write_text('site,sku,on_hand\nHAM,CLI-3,1\nHAM,CLI-4,"1,5"\n')
    done = await asyncio.to_thread(run, file, "--kind", "stock")
    errors = place / "mine.csv.errors.csv"
    assert done.returncode == 1
    assert done.stdout == f"mine.csv: 2 rows, 1 applied, 0 unchanged, 1 failed; see {errors}\n"
    assert errors.read_text().splitlines()[0] == "site,sku,on_hand,error_field,error"
    errors.write_text(errors.read_text().replace('"1,5"', "1.5"))
    assert (await asyncio.to_thread(run, errors, "--kind", "stock")).returncode == 0


async def test_what_cannot_be_done_is_one_line(run: Import, place: Path) -> None:
    file = place / "mine.csv"
    file.write_bytes("site,sku,on_hand\n".encode("utf-16"))
    for arguments, words in (
        ((place / "none.csv",), "there is no file"),
        ((file,), "--kind"),
        ((file, "--kind", "cheese"), "is no kind"),
        ((file, "--kind", "stock"), "UTF-16"),
        ((file, "--kind", "backlog", "--mode", "snapshot"), "no snapshot"),
        ((), "name one FILE"),
    ):
        done = await asyncio.to_thread(run, *arguments)
        assert (done.returncode, len(done.stderr.splitlines()), words in done.stderr) == (1, 1, True), done.stderr


async def test_a_service_that_is_away_is_named_after_a_while(run: Import, place: Path) -> None:
    file = place / "stock.csv"
    file.write_text("site,sku,on_hand\nHAM,CLI-9,5\n")
    begun = time.monotonic()
    done = await asyncio.to_thread(run, file, "--patience-seconds", "3", PLEDGE_INVENTORY_URL=f"http://127.0.0.1:{free_port()}")
    assert (done.returncode, "ConnectError" in done.stderr) == (1, True), done.stderr
    assert time.monotonic() - begun > 1.4, "it was asked again, after half a second and after one more"


async def test_a_backlog_is_grouped_by_order_and_its_failed_lines_come_back(run: Import, place: Path, seller: httpx.AsyncClient) -> None:
    file = place / "backlog.csv"
    day = "2027-01-11"
    rows = [
        "order_id,customer,sku,site,quantity,promised_date,line_ref",
        f"CLI-A,ACME,CLI-X,HAM,2,{day},10",
        f"CLI-B,ACME,CLI-X,HAM,4,{day},10",
        f"CLI-A,ACME,CLI-Y,HAM,3,{day},20",
        f'CLI-C,ACME,CLI-X,HAM,"1,5",{day},10',
        f"CLI-C,ACME,CLI-X,HAM,1,{day},20",
        f"CLI-D,ACME,CLI-X,HAM,1,{day},10",
        f"CLI-D,ACME,CLI-X,HAM,2,{day},10",
    ]
    file.write_text("\n".join(rows) + "\n")
    done = await asyncio.to_thread(run, file, "--json")
    counts = [of(done)[name] for name in ("rows", "applied", "unchanged", "failed")]
    assert (done.returncode, counts) == (1, [7, 3, 0, 4]), done.stdout + done.stderr
    errors = (place / "backlog.csv.errors.csv").read_text().splitlines()
    assert [line.partition(",")[0] for line in errors] == ["order_id", "CLI-C", "CLI-C", "CLI-D", "CLI-D"]
    assert "written with a comma" in errors[1]
    assert "line 5 of the same order" in errors[2]
    assert "line_ref 10 stands twice" in errors[3]
    orders = (await seller.get("/v1/orders", params={"external_id": "CLI-A"})).json()["data"]
    assert [(line["line_ref"], line["sku"], line["quantity"]) for line in orders[0]["lines"]] == [("10", "CLI-X", 2), ("20", "CLI-Y", 3)]
    again = of(await asyncio.to_thread(run, file, "--json"))
    assert (again["applied"], again["unchanged"], again["failed"]) == (0, 3, 4)


async def test_the_samples_orders_are_the_backlog_and_what_is_closed_is_left_out(run: Import, place: Path) -> None:
    told = await asyncio.to_thread(pledge, "demo", "files", place / "files")
    written = [Path(line) for line in told.stdout.splitlines()]
    assert (told.returncode, [path.stem for path in written]) == (
        0,
        ["customers", "items", "sites", "calendars", "resources", "boms", "operation_resources", "routings", "suppliers", "supplier_items",
         "transfers", "stock", "receipts", "orders"],
    )  # fmt: skip
    done = await asyncio.to_thread(run, written[-1], "--json")
    assert (of(done)["applied"], of(done)["skipped"]) == (16, 204), done.stdout + done.stderr
    again = await asyncio.to_thread(pledge, "demo", "files", place / "files")
    assert (again.returncode, again.stderr) == (1, f"pledge: File exists: {written[0]}\n")


async def test_customers_go_to_quote_and_a_snapshot_of_them_retires_the_rest(run: Import, place: Path, seller: httpx.AsyncClient) -> None:
    file = place / "customers.csv"
    file.write_bytes((FURNITURE / "customers.csv").read_bytes())
    assert of(await asyncio.to_thread(run, file, "--json"))["applied"] == 2
    assert of(await asyncio.to_thread(run, file, "--json"))["unchanged"] == 2
    file.write_text("customer,name\nCUSTOMER-NEAR-SHOP-2,two\n")
    done = of(await asyncio.to_thread(run, file, "--mode", "snapshot", "--json"))
    assert (done["applied"], done["closed"]) == (1, 1)
    assert [one["name"] for one in (await seller.get("/v1/customers")).json()["data"]] == ["two"]


def test_a_backlog_in_a_folder_of_snapshots_is_refused_before_it_is_sent(place: Path) -> None:
    file = place / "orders.csv"
    file.write_text("order_id,sku,site,quantity,promised_date\n")
    with httpx.Client() as http, pytest.raises(RefusedError, match="a backlog is no snapshot"):
        send_backlog(http, Urls("", "", "", "", ""), File(file, "orders", "snapshot"), lambda *_: None)


def test_files_that_lie_together_are_sent_so_that_nothing_is_named_before_it_is_known() -> None:
    names = [
        "boms.csv",
        "items.csv",
        "movements.csv",
        "operation_resources.csv",
        "orders.csv",
        "resources.csv",
        "routings.csv",
        "stock.csv",
    ]
    assert [path.name for path in sorted(map(Path, names), key=rank_of)] == [
        "items.csv", "resources.csv", "boms.csv", "operation_resources.csv", "routings.csv", "stock.csv", "movements.csv", "orders.csv",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "kind"),
    [("stock.csv", "stock"), ("Supplier-Items_2026.csv", "supplier_items"), ("orders.csv", "orders"), ("stocking.csv", None)],
)
def test_a_files_name_says_what_it_is(name: str, kind: str | None) -> None:
    assert kind_of(Path(name)) == kind


async def test_a_watched_folder_takes_what_is_marked_and_survives_a_kill(told: dict[str, str], place: Path) -> None:
    folder = place / "in"
    folder.mkdir()

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*_PLEDGE, "--watch", str(folder), "--json", "--every-seconds", "0.1"],
            env=told, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip

    def drop(name: str, text: str) -> None:
        (folder / name).write_text(text)
        (folder / f"{name}.done").touch()

    first = start()
    try:
        (folder / "items.csv").write_text("sku,name\nCLI-W,half writ")
        drop("stock.csv", "site,sku,on_hand\nHAM,CLI-W,5\nHAM,CLI-V,x\n")
        drop("cheese.csv", "site,sku\n")
        await asyncio.to_thread(until, lambda: len(list((folder / "errors").glob("*.csv"))) == 2, "failed rows and a strange file")
        await asyncio.to_thread(until, lambda: list((folder / "done").glob("stock-*.csv")), "stock is done")
        assert (folder / "items.csv").exists(), "it is not marked yet"
        assert not (folder / "stock.csv.done").exists()
        assert "begins with no kind" in next((folder / "errors").glob("cheese*.reason.txt")).read_text()
        assert "CLI-V" in next((folder / "errors").glob("stock-*.csv")).read_text()
        second = await asyncio.to_thread(subprocess.run, [*_PLEDGE, "--watch", str(folder)], env=told, capture_output=True, text=True)
        assert (second.returncode, "another process watches" in second.stderr) == (1, True)
    finally:
        first.send_signal(signal.SIGKILL)
        first.communicate()
    (folder / "working" / "stock-2.csv").write_text("site,sku,on_hand\nHAM,CLI-W,7\n")  # as a kill leaves it
    drop("items.csv", "sku,name\nCLI-W,whole\n")
    again = start()
    try:
        await asyncio.to_thread(until, lambda: len(list((folder / "done").iterdir())) == 3, "both are done")
        assert sorted(path.name for path in folder.iterdir() if path.is_file()) == [".watched"]
        assert list((folder / "working").iterdir()) == []
    finally:
        again.send_signal(signal.SIGTERM)
        said, _ = again.communicate(timeout=60)
    assert again.returncode == 0
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert [(line["file"], line["applied"]) for line in lines] == [("items.csv", 1), ("stock-2.csv", 1)]
