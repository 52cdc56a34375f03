"""Files through the public door: the sample company's as they are, twice as good as once, and what is wrong named by its row."""

import csv
import io
import json
import threading
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from deploy.demo.company import FURNITURE
from deploy.local.ports import free_port
from tests.running import ServiceStarter
from tests.service.capacity.capacity_caller import WORKDAYS, Caller, Ear, Inventory, Json, a_name

TODAY = datetime.now(UTC).date()  # noqa: TID251 -- the caller's own calendar


async def send(call: Caller, text: str | bytes, kind: str, mode: str = "delta") -> Json:
    """Import a file that can be read; return the finished job."""
    answer = await call.post("/v1/imports", params={"kind": kind, "mode": mode}, content=text, headers={"Content-Type": "text/csv"})
    assert answer.status_code == 200, answer.text
    job: Json = answer.json()
    assert job["status"] == "done"
    return job


def figures(job: Json) -> tuple[int, int, int]:
    return job["applied"], job["unchanged"], job["failed"]


async def errors_of(call: Caller, job: Json) -> list[str]:
    """Return what is said of each row that failed."""
    answer = await call.get(job["errors_url"])
    return [row["error_field"] + ": " + row["error"] for row in csv.DictReader(io.StringIO(answer.text, newline=""))]


async def test_the_sample_companys_files_are_taken_and_again_change_nothing(call: Caller, inventory: Inventory) -> None:
    with (FURNITURE / "boms.csv").open(newline="") as file:
        await inventory.define(*sorted({row["component"] for row in csv.DictReader(file)}))
    for kind in ("calendars", "resources", "boms", "operation_resources", "routings"):
        text = (FURNITURE / f"{kind}.csv").read_bytes()
        rows = len(text.decode().splitlines()) - 1
        first = await send(call, text, kind)
        assert figures(first) == (rows, 0, 0), first["failed"] and await errors_of(call, first)
        assert figures(await send(call, text, kind)) == (0, rows, 0)
    [way] = (await call.read("routings/CHAIR-LEG"))["routings"]
    assert [(step["name"], step["resources"]) for step in way["operations"]] == [
        (
            "Saw chair leg",
            [
                {"resource": "SAW", "group": None, "skill": None},
                {"resource": None, "group": "OPERATORS", "skill": "SAWING-SKILL"},
            ],
        )
    ]
    assert (await call.read("resources/OPERATORS"))["units"] == 0, "a pool does nothing itself"
    carl = await call.read("resources/CARL")
    assert (carl["group"], carl["skills"], carl["units"], carl["calendar"]) == ("OPERATORS", ["SAWING-SKILL"], 1, "CALENDAR-FOR-CARL")
    assert [rule["minutes"] for rule in (await call.read("calendars/ASSEMBLY-LINE-CAPACITY--FACTORY"))["rules"]] == [2880]
    assert (await call.read("calendars/WORKING-DAYS"))["rules"][0]["weekdays"] == ["monday", "tuesday", "wednesday", "thursday", "friday"]
    chair = (await call.read("boms/CHAIR"))["boms"]
    assert [(bill["site"], sorted(line["component"] for line in bill["components"])) for bill in chair] == [
        ("FACTORY", ["CHAIR-LEG", "CUSHION", "SCREWS"])
    ]


async def test_a_file_of_routings_names_resources_groups_and_skills(call: Caller) -> None:
    saw, group, sku = a_name("SAW"), a_name("POOL"), a_name("X")
    await call.put_(f"resources/{saw}", site="F", group=group, skills=["OAK"])
    text = (
        "sku,site,sequence,operation,minutes_per_unit,fixed_minutes,may_spread,resources,groups,lot_minimum\n"
        f"{sku},F,20,Dry,0,360,0,,,5\n{sku},F,10,Saw,20,0,1,{saw},{group}:OAK,5\n"
    )
    assert figures(await send(call, text, "routings")) == (2, 0, 0)
    [way] = (await call.read(f"routings/{sku}"))["routings"]
    assert (way["site"], way["lot_minimum"], [step["name"] for step in way["operations"]]) == ("F", 5, ["Saw", "Dry"])
    assert [step["may_spread"] for step in way["operations"]] == [True, False]
    assert way["operations"][0]["resources"] == [
        {"resource": saw, "group": None, "skill": None},
        {"resource": None, "group": group, "skill": "OAK"},
    ]


def _needs(way: Json) -> list[tuple[list[str], list[list[str]]]]:
    def said(listed: list[Json]) -> list[str]:
        return [f"{need['resource'] or need['group']}{':' + need['skill'] if need['skill'] else ''}" for need in listed]

    return [(said(step["resources"]), [said(other) for other in step["alternates"]]) for step in way["operations"]]


async def test_who_does_an_operation_is_told_once_and_every_routing_with_it_follows(call: Caller) -> None:
    saw, other, pool, operation = a_name("SAW"), a_name("SAW"), a_name("POOL"), a_name("Saw a leg")
    for resource in (saw, other):
        await call.put_(f"resources/{resource}", site="F")
    await call.put_(f"resources/{a_name('CARL')}", site="F", group=pool, skills=["OAK"])
    one, two = a_name("X"), a_name("Y")
    routings = f"sku,site,sequence,operation,minutes_per_unit\n{one},F,10,{operation},20\n{two},,10,{operation},30\n"
    job = await send(call, routings, "routings")
    assert figures(job) == (0, 0, 2)
    assert "minutes of work need somebody who does them" in (await errors_of(call, job))[0]

    needs = f"operation,resource,quantity,skill,alternate\n{operation},{saw},1,,\n{operation},{pool},1,OAK,\n{operation},{other},1,,1\n"
    assert figures(await send(call, needs, "operation_resources")) == (3, 0, 0)
    assert figures(await send(call, routings, "routings")) == (2, 0, 0)
    for sku in (one, two):
        [way] = (await call.read(f"routings/{sku}"))["routings"]
        assert _needs(way) == [([saw, f"{pool}:OAK"], [[other]])]
    for kind, text, rows in (("operation_resources", needs, 3), ("routings", routings, 2)):
        assert figures(await send(call, text, kind)) == (0, rows, 0), f"the same file of {kind} changes nothing"

    assert figures(await send(call, f"operation,resource\n{operation},{other}\n", "operation_resources")) == (1, 0, 0)
    for sku in (one, two):
        stands = await call.read(f"routings/{sku}")
        assert (_needs(stands["routings"][0]), stands["revision"]) == ([([other], [])], 2)
    assert (await call.read(f"operations/{operation}"))["resources"] == [{"resource": other, "group": None, "skill": None}]


async def test_a_file_of_routings_keeps_the_alternates_that_it_cannot_name(call: Caller) -> None:
    one, other, sku = a_name("R"), a_name("R"), a_name("X")
    for resource in (one, other):
        await call.put_(f"resources/{resource}", site="F")
    step = {"sequence": 10, "minutes_per_unit": 5, "resources": [{"resource": one}], "alternates": [[{"resource": other}]]}
    await call.put_(f"routings/{sku}", operations=[step])
    assert figures(await send(call, f"sku,sequence,minutes_per_unit,resources\n{sku},10,7,{one}\n", "routings")) == (1, 0, 0)
    stands = await call.read(f"routings/{sku}")
    assert _needs(stands["routings"][0]) == [([one], [[other]])]
    assert stands["routings"][0]["operations"][0]["minutes_per_unit"] == 7


async def test_a_file_of_downtime_and_a_file_that_names_a_single_field_of_a_resource(call: Caller) -> None:
    calendar, resource = a_name("C"), a_name("R")
    await call.put_(f"calendars/{calendar}", weekly=WORKDAYS)
    await call.put_(f"resources/{resource}", site="F", calendar=calendar, skills=["OAK"])
    text = (
        f"resource,date,delta_minutes,minutes,reason\n{resource},2027-03-01,-60,,repair\n{resource},2027-03-06,,300,rush\n"
        "NONE,2027-03-01,5,,x\n"
    )
    job = await send(call, text, "exceptions")
    assert (figures(job), await errors_of(call, job)) == ((2, 0, 1), ["resource: there is no resource 'NONE'"])
    days = (await call.read(f"capacity?resource={resource}&from_date={date(2027, 3, 1)}&to_date={date(2027, 3, 6)}"))["days"]
    assert [day["minutes"] for day in days] == [420, 480, 480, 480, 480, 300]
    assert figures(await send(call, f"resource,site,units\n{resource},F,3\n", "resources")) == (1, 0, 0)
    stands = await call.read(f"resources/{resource}")
    assert (stands["units"], stands["calendar"], stands["skills"]) == (3, calendar, ["OAK"])


@pytest.mark.parametrize(
    ("kind", "text", "wrong"),
    [
        ("boms", "sku,component,quantity_per\nA-X,NEVER-HEARD-OF,1\n", "component: /boms/0/components/0/component: there is no item"),
        ("boms", "sku,component,quantity_per\nA-X,B,many\n", "quantity_per: 'many' is no number"),
        ("calendars", "calendar,from_date,to_date\nC-X,2027-01-02,2027-01-01\n", "to_date: /rules/0/to_date: is the day after"),
        ("calendars", "calendar,units\nC-X,0\n", ": there is no working day in the next three years"),
        ("operation_resources", "operation,resource\nO-X,NONE\n", "resource: /resources/0/resource: there is no resource 'NONE'"),
        ("operation_resources", "operation,resource,quantity\nO-X,NONE,2\n", "quantity: O-X: quantity: an operation takes one of each"),
        ("operation_resources", "operation,resource,skill\nO-X,NONE,OAK\n", "skill: /skill: a skill is asked of a group"),
        ("operation_resources", "operation,resource,alternate\nO-X,NONE,1\n", "resource: /resource: one at least is needed"),
        ("resources", "resource,site,calendar\nR-X,F,NONE\n", "calendar: /calendar: there is no calendar 'NONE'"),
        ("routings", "sku,sequence,minutes_per_unit\nX-X,10,5\n", "resources: /routings/0/operations/0/resources: minutes of work need"),
    ],
)
async def test_a_row_that_cannot_be_comes_back_with_the_reason(call: Caller, kind: str, text: str, wrong: str) -> None:
    job = await send(call, text, kind)
    assert figures(job) == (0, 0, 1)
    assert (await errors_of(call, job))[0].startswith(wrong)


async def test_a_snapshot_takes_back_downtime_from_today_on_and_leaves_what_has_been(call: Caller) -> None:
    calendar, resource = a_name("C"), a_name("R")
    await call.put_(f"calendars/{calendar}", weekly=WORKDAYS)
    await call.put_(f"resources/{resource}", site="F", calendar=calendar)
    past, first, second = TODAY - timedelta(days=3), TODAY + timedelta(days=3), TODAY + timedelta(days=4)
    text = f"resource,date,minutes,reason\n{resource},{past},7,was\n{resource},{first},8,stays\n{resource},{second},9,goes\n"
    assert figures(await send(call, text, "exceptions")) == (3, 0, 0)
    wanted = f"resource,date,minutes,reason\n{resource},{first},8,stays\n"
    job = await send(call, wanted, "exceptions", "snapshot")
    assert (figures(job), job["closed"] > 0) == ((0, 1, 0), True)
    days = (await call.read(f"capacity?resource={resource}&from_date={past}&to_date={second}"))["days"]
    assert {day["date"]: day["minutes"] for day in days if day["date"] in (str(past), str(first))} == {str(past): 7, str(first): 8}
    assert days[-1]["minutes"] in (0, 480)
    assert (await send(call, wanted, "exceptions", "snapshot"))["closed"] == 0, "again changes nothing"


async def test_a_snapshot_forgets_who_does_an_operation_that_no_routing_has(call: Caller) -> None:
    saw, one, other, sku = a_name("SAW"), a_name("Saw"), a_name("Sand"), a_name("X")
    await call.put_(f"resources/{saw}", site="F")
    assert figures(await send(call, f"operation,resource\n{one},{saw}\n{other},{saw}\n", "operation_resources")) == (2, 0, 0)
    await send(call, f"sku,sequence,operation,minutes_per_unit\n{sku},10,{one},20\n", "routings")
    job = await send(call, f"operation,resource\n{a_name('Drill')},{saw}\n", "operation_resources", "snapshot")
    assert f"operation {one} stays because routing {sku} has it" in job["warnings"]
    assert ((await call.get(f"/v1/operations/{one}")).status_code, (await call.get(f"/v1/operations/{other}")).status_code) == (200, 404)
    job = await send(call, f"sku,sequence,operation,minutes_per_unit\n{a_name('Y')},10,{other},20\n", "routings")
    assert "minutes of work need somebody who does them" in (await errors_of(call, job))[0]
    assert figures(await send(call, f"operation,resource\n{other},{saw}\n", "operation_resources")) == (1, 0, 0)
    assert (await call.read(f"operations/{other}"))["revision"] == 3


class Others(BaseHTTPRequestHandler):
    """Stands for inventory and quote: a site, a lane and a customer work by calendars, the lane on a second page."""

    def do_GET(self) -> None:
        path, _, asked = self.path.partition("?")
        first = {
            "/v1/sites": [{"site": "HAM", "calendar": "C-SITE"}, {"site": "BER", "calendar": None}],
            "/v1/lanes": [{"lane": "L1", "calendar": None}],
            "/v1/suppliers": [],
            "/v1/customers": [{"customer": "ACME", "calendar": "C-CUSTOMER"}],
        }[path]
        more = path == "/v1/lanes" and "cursor" not in asked
        rows = [{"lane": "L2", "calendar": "C-LANE"}] if "cursor" in asked else first
        body = json.dumps({"data": rows, "next_cursor": "more" if more else None}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


async def test_a_snapshot_retires_calendars_by_which_nobody_works_anywhere(call: Caller, a_service: ServiceStarter, ear: Ear) -> None:
    port = free_port()
    away = f"http://127.0.0.1:{port}"
    other = await a_service("capacity", PLEDGE_CAPACITY_INVENTORY_URL=away, PLEDGE_CAPACITY_QUOTE_URL=away)
    spare, used = a_name("C"), a_name("C")
    text = "calendar,monday\n" + "".join(f"{each},1\n" for each in (spare, used, "C-SITE", "C-LANE", "C-CUSTOMER"))
    await send(call, text, "calendars")
    await call.put_(f"resources/{a_name('R')}", site="F", calendar=used)
    snapshot = f"calendar,monday\n{a_name('C')},1\n"
    async with Caller(base_url=other.url, headers=other.headers, timeout=30) as there:
        job = await send(there, snapshot, "calendars", "snapshot")
        assert job["closed"] == 0
        assert job["warnings"][0].startswith("no calendar was retired, because nobody could be asked who works by them: ")
        assert (await call.get(f"/v1/calendars/{spare}")).status_code == 200

        with ThreadingHTTPServer(("127.0.0.1", port), Others) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            job = await send(there, snapshot, "calendars", "snapshot")
            server.shutdown()
    assert {each for each in job["warnings"] if "because resource" not in each} == {
        "calendar C-CUSTOMER stays because customer ACME works by it",
        "calendar C-LANE stays because lane L2 works by it",
        "calendar C-SITE stays because site HAM works by it",
    }
    for each in (used, "C-SITE", "C-LANE", "C-CUSTOMER"):
        assert (await call.get(f"/v1/calendars/{each}")).status_code == 200
    assert (await call.get(f"/v1/calendars/{spare}")).status_code == 404
    assert [getattr(each, "retired", None) for each in await ear.of(spare, 2)] == [False, True]
    assert figures(await send(call, f"calendar,monday\n{spare},1\n", "calendars")) == (1, 0, 0)
    assert (await call.read(f"calendars/{spare}"))["revision"] == 3


async def test_a_file_of_calendars_leaves_the_days_that_were_set_one_by_one(call: Caller) -> None:
    calendar = a_name("C")
    day = {"date": str(TODAY + timedelta(days=9)), "minutes": 60, "reason": "stocktaking"}
    await call.put_(f"calendars/{calendar}", weekly=WORKDAYS, exceptions=[day])
    assert figures(await send(call, f"calendar,monday,minutes\n{calendar},1,300\n", "calendars")) == (1, 0, 0)
    stands = await call.read(f"calendars/{calendar}")
    assert (stands["exceptions"], [rule["minutes"] for rule in stands["rules"]]) == ([day], [300])
