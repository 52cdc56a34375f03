"""Files through the public door: the sample company's as they are, twice as good as once, and what is wrong named by its row."""

import csv
import io
from datetime import date

import pytest

from deploy.demo.company import FURNITURE
from tests.service.capacity.capacity_caller import WORKDAYS, Caller, Inventory, Json, a_name


async def send(call: Caller, text: str | bytes, kind: str) -> Json:
    """Import a file that can be read; return the finished job."""
    answer = await call.post("/v1/imports", params={"kind": kind}, content=text, headers={"Content-Type": "text/csv"})
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


@pytest.mark.parametrize("kind", ["calendars", "exceptions", "operation_resources"])
async def test_a_snapshot_of_what_others_live_by_is_refused_with_the_reason(call: Caller, kind: str) -> None:
    answer = await call.post(
        "/v1/imports", params={"kind": kind, "mode": "snapshot"}, content="a\n1\n", headers={"Content-Type": "text/csv"}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "NO_SNAPSHOT")
    assert answer.json()["detail"].startswith(f"a snapshot of {kind} ")
