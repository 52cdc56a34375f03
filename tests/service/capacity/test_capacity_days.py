"""Calendars, resources, downtime and overtime: what is said of every day, and why."""

import csv
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import holidays
import pytest

from shared.contracts.capacity import CalendarDefined, DayPattern, ResourceCapacityChanged
from tests.service.capacity.capacity_caller import WORKDAYS, Caller, Ear, Json, a_name

TODAY = datetime.now(UTC).date()  # noqa: TID251 -- the service's day is the database's, which runs here too
FEASTS = holidays.country_holidays("DE", subdiv="BY", years=[TODAY.year, TODAY.year + 1], expand=False)
FREE = next(
    day
    for day in (TODAY + timedelta(days=offset) for offset in range(15, 120))
    if day.weekday() == 1 and not any(day + timedelta(days=each) in FEASTS for each in range(7))
)
"""A Tuesday some weeks ahead, in a week without feasts."""
SAMPLE = Path(__file__).resolve().parents[3] / "deploy" / "demo" / "furniture"


def minutes(pattern: DayPattern, day: date) -> int:
    return pattern.days.get(day, pattern.weekly[day.weekday()])


async def test_a_calendar_is_told_with_every_day_worked_out(call: Caller, ear: Ear) -> None:
    name = a_name("C")
    rule = {"from_date": str(FREE), "to_date": str(FREE + timedelta(days=2)), "minutes": 0, "priority": 1}
    body = {"name": "Early", "weekly": WORKDAYS, "rules": [rule], "exceptions": [{"date": str(FREE + timedelta(days=1)), "minutes": 60}]}
    made = await call.put_(f"calendars/{name}", body, holiday_country="DE", holiday_subdivision="BY")
    assert made == await call.read(f"calendars/{name}")
    assert (made["weekly"]["friday"], made["weekly"]["saturday"], made["rules"][0]["weekdays"][6]) == (480, 0, "sunday")
    [said] = await ear.of(name)
    assert isinstance(said, CalendarDefined)
    assert (said.name, said.revision, said.pattern.weekly) == ("Early", 1, (480, 480, 480, 480, 480, 0, 0))
    assert [minutes(said.pattern, FREE + timedelta(days=offset)) for offset in range(3)] == [0, 60, 480]
    epiphany = next(date(year, 1, 6) for year in range(TODAY.year + 1, TODAY.year + 4) if date(year, 1, 6).weekday() < 5)
    assert said.pattern.days[epiphany] == 0
    assert (said.occurred_at.date() - said.pattern.from_date).days == 31
    assert (said.pattern.until_date - TODAY).days >= 4 * 365


async def test_told_again_nothing_is_said_and_an_old_revision_is_refused(call: Caller, ear: Ear) -> None:
    calendar, resource = a_name("C"), a_name("R")
    first = await call.put_(f"calendars/{calendar}", weekly=WORKDAYS)
    again = await call.put_(f"calendars/{calendar}", weekly={**WORKDAYS, "saturday": False}, expected_revision=1)
    assert first == again
    await call.put_(f"resources/{resource}", site="F", calendar=calendar)
    await call.put_(f"resources/{resource}", site="F", calendar=calendar)
    down = {"delta_minutes": -60, "reason": "repair"}
    assert await call.put_(f"resources/{resource}/exceptions/{FREE}", down) == await call.put_(
        f"resources/{resource}/exceptions/{FREE}", down
    )
    stale = await call.put(f"/v1/resources/{resource}", json={"site": "F", "expected_revision": 1})
    assert (stale.status_code, stale.json()["code"], stale.json()["current_revision"]) == (409, "REVISION_MISMATCH", 2)
    assert (await call.put(f"/v1/calendars/{calendar}", json={"expected_revision": 0})).status_code == 409
    assert (await call.put(f"/v1/resources/{resource}/exceptions/{FREE}", json={**down, "expected_revision": 1})).status_code == 409
    assert (await call.delete(f"/v1/resources/{resource}/exceptions/{FREE}?expected_revision=1")).status_code == 409
    await call.put_(f"calendars/{calendar}", name="another")
    assert [said.revision for said in await ear.of(calendar, 2)] == [1, 2]
    assert [said.change for said in await ear.of(resource, 3)] == ["defined", "exception-set", "calendar-changed"]


async def test_a_resource_can_do_its_calendars_minutes_times_units_and_efficiency(call: Caller, ear: Ear) -> None:
    calendar, resource = a_name("C"), a_name("R")
    await call.put_(f"calendars/{calendar}", weekly=WORKDAYS)
    made = await call.put_(
        f"resources/{resource}", site="F", calendar=calendar, units=2, efficiency="0.9", group="SAWS", skills=["OAK", "ASH"]
    )
    assert (made["name"], made["units"], made["efficiency"], made["skills"], made["revision"]) == (resource, 2, 0.9, ["ASH", "OAK"], 1)
    said = await ear.resource(resource)
    assert (said.site, said.calendar, said.group, said.skills, said.known) == ("F", calendar, "SAWS", ("ASH", "OAK"), True)
    assert said.capacity.weekly == (864, 864, 864, 864, 864, 0, 0)
    assert said.capacity.days == {}


async def test_a_resource_without_calendar_works_around_the_clock_and_a_pool_does_nothing_itself(call: Caller, ear: Ear) -> None:
    machine, pool, member = a_name("R"), a_name("POOL"), a_name("R")
    await call.put_(f"resources/{machine}", site="F")
    await call.put_(f"resources/{pool}", site="F", units=0)
    await call.put_(f"resources/{member}", site="F", group=pool)
    assert (await ear.resource(machine)).capacity.weekly == (1440,) * 7
    assert (await ear.resource(pool)).capacity.weekly == (0,) * 7
    await call.put_(f"routings/{a_name('X')}", operations=[{"sequence": 1, "minutes_per_unit": 1, "resources": [{"group": pool}]}])


async def test_downtime_and_overtime_come_and_go_and_their_reason_is_said(call: Caller, ear: Ear) -> None:
    calendar, resource = a_name("C"), a_name("R")
    await call.put_(f"calendars/{calendar}", weekly=WORKDAYS)
    await call.put_(f"resources/{resource}", site="F", calendar=calendar)
    sunday = FREE + timedelta(days=5)
    down = await call.put_(f"resources/{resource}/exceptions/{FREE}", delta_minutes=-500, reason="repair", document="M-1")
    await call.put_(f"resources/{resource}/exceptions/{sunday}", minutes=300, reason="rush")
    assert down == await call.read(f"resources/{resource}/exceptions/{FREE}")
    assert (down["revision"], down["set_by"], down["minutes"]) == (2, "development", None)
    said = [each for each in await ear.of(resource, 3) if isinstance(each, ResourceCapacityChanged)]
    assert [(each.change, each.changed_dates, each.reason, each.document) for each in said[1:]] == [
        ("exception-set", (FREE,), "repair", "M-1"),
        ("exception-set", (sunday,), "rush", None),
    ]
    assert (minutes(said[1].capacity, FREE), said[1].capacity.days) == (0, {FREE: 0})
    assert said[2].capacity.days == {FREE: 0, sunday: 300}
    listed = await call.read(f"resources/{resource}/exceptions?limit=1")
    rest = await call.read(f"resources/{resource}/exceptions?limit=1&cursor={listed['next_cursor']}")
    assert ([each["date"] for each in listed["data"] + rest["data"]], rest["next_cursor"]) == ([str(FREE), str(sunday)], None)
    assert (await call.read(f"resources/{resource}/exceptions?from_date={sunday}"))["data"] == rest["data"]
    await call.put_(f"calendars/{calendar}", weekly={**WORKDAYS, "tuesday": 600})
    assert minutes((await ear.resource(resource, 4)).capacity, FREE) == 100, "a difference is one to the new calendar"
    gone = await call.ok("DELETE", f"/v1/resources/{resource}/exceptions/{FREE}")
    assert (gone["removed"], gone["revision"]) == (True, 5)
    assert (await call.ok("DELETE", f"/v1/resources/{resource}/exceptions/{FREE}")) == {**gone, "removed": False}
    last = await ear.resource(resource, 5)
    assert (last.change, last.changed_dates, last.capacity.days) == ("exception-removed", (FREE,), {sunday: 300})
    assert (await call.get(f"/v1/resources/{resource}/exceptions/{FREE}")).status_code == 404


async def test_a_changed_calendar_is_told_with_every_resource_on_it_and_no_other(call: Caller, ear: Ear) -> None:
    calendar, other = a_name("C"), a_name("C")
    staying, leaving = a_name("R"), a_name("R")
    for each in (calendar, other):
        await call.put_(f"calendars/{each}", weekly=WORKDAYS)
    for resource in (staying, leaving):
        await call.put_(f"resources/{resource}", site="F", calendar=calendar, efficiency=0.5)
    await call.put_(f"resources/{leaving}", site="F", calendar=other)
    await call.put_(f"calendars/{calendar}", weekly={"monday": 100})
    said = await ear.resource(staying, 2)
    assert (said.change, said.capacity.weekly) == ("calendar-changed", (50, 0, 0, 0, 0, 0, 0))
    assert (await call.read(f"resources/{leaving}"))["revision"] == 2
    assert (await call.read(f"resources?calendar={calendar}"))["data"][0]["resource"] == staying


async def test_capacity_says_the_minutes_of_each_day_and_why_and_means_the_same_as_the_event(call: Caller, ear: Ear) -> None:
    calendar, resource = a_name("C"), a_name("R")
    days = [FREE + timedelta(days=offset) for offset in range(5)]
    await call.put_(
        f"calendars/{calendar}",
        weekly=WORKDAYS,
        rules=[{"from_date": str(days[1]), "to_date": str(days[2]), "minutes": 240}],
        exceptions=[{"date": str(days[2]), "minutes": 60, "reason": "assembly"}],
        holiday_country="DE",
    )
    await call.put_(f"resources/{resource}", site="F", calendar=calendar, efficiency=0.5)
    await call.put_(f"resources/{resource}/exceptions/{days[3]}", delta_minutes=-40, reason="repair")
    found = await call.read(f"capacity?resource={resource}&from_date={days[0]}&to_date={days[3]}")
    assert [(day["minutes"], day["calendar_minutes"], day["cause"]["kind"]) for day in found["days"]] == [
        (240, 480, "week"),
        (120, 240, "rule"),
        (30, 60, "exception"),
        (200, 480, "week"),
    ]
    assert (found["days"][1]["cause"]["rule"], found["days"][2]["cause"]["name"]) == (0, "assembly")
    assert found["days"][3]["exception"] == {"minutes": None, "delta_minutes": -40, "reason": "repair", "document": None}
    assert found["days"][3]["summary"] == f"480 minutes by the week of {calendar}, times 1 x 0.5 = 240, less 40: repair"
    new_year = date(TODAY.year + 1, 1, 1)
    feast = (await call.read(f"capacity?resource={resource}&from_date={new_year}&to_date={new_year}"))["days"][0]
    assert (feast["minutes"], feast["cause"]["kind"], feast["cause"]["name"]) == (0, "holiday", "New Year's Day")
    pattern = (await ear.resource(resource, 2)).capacity
    years = await call.read(f"capacity?resource={resource}&from_date={TODAY}&to_date={TODAY + timedelta(days=1095)}")
    assert len(years["days"]) == 1096
    assert all(day["minutes"] == minutes(pattern, date.fromisoformat(day["date"])) for day in years["days"])
    assert len((await call.read(f"capacity?resource={resource}"))["days"]) == 14


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"weekly": {}}, "", "CALENDAR_NEVER_WORKS"),
        ({"rules": [{"minutes": 0}]}, "", "CALENDAR_NEVER_WORKS"),
        ({"weekly": {}, "exceptions": [{"date": "2200-01-01", "minutes": 480}]}, "", "CALENDAR_NEVER_WORKS"),
        ({"holiday_country": "ZZ"}, "/holiday_country", "UNKNOWN_COUNTRY"),
        ({"holiday_country": "DE", "holiday_subdivision": "ZZ"}, "/holiday_subdivision", "UNKNOWN_SUBDIVISION"),
        ({"rules": [{"from_date": "2027-01-02", "to_date": "2027-01-01"}]}, "/rules/0/to_date", "EMPTY_RANGE"),
        ({"exceptions": [{"date": "2027-01-02"}, {"date": "2027-01-02"}]}, "/exceptions/1/date", "EXCEPTION_TWICE"),
        ({"weekly": {"monday": 2_000_000}}, "/weekly/monday", "less_than_equal"),
        ({"rules": [{"weekdays": ["montag"]}]}, "/rules/0/weekdays/0", "literal_error"),
    ],
)
async def test_a_calendar_that_cannot_be_is_refused_with_the_place_named(call: Caller, body: Json, pointer: str, code: str) -> None:
    name = a_name("C")
    assert await call.refused(f"calendars/{name}", body) == [(pointer, code)]
    assert (await call.get(f"/v1/calendars/{name}")).status_code == 404


async def test_a_calendar_that_works_on_a_single_day_works(call: Caller) -> None:
    await call.put_(f"calendars/{a_name('C')}", weekly={}, exceptions=[{"date": str(TODAY + timedelta(days=1000)), "minutes": 1}])


async def test_a_resource_on_an_unknown_calendar_and_days_of_an_unknown_resource_are_refused(call: Caller) -> None:
    name = a_name("R")
    assert await call.refused(f"resources/{name}", {"site": "F", "calendar": "NONE"}) == [("/calendar", "UNKNOWN_CALENDAR")]
    assert await call.refused(f"resources/{name}", {"site": "F", "skills": ["A", "A"]}) == [("/skills/1", "SKILL_TWICE")]
    await call.refused(f"resources/{name}/exceptions/{FREE}", {"minutes": 0, "reason": "x"}, 404)
    for path in (f"resources/{name}", f"resources/{name}/exceptions", f"capacity?resource={name}"):
        answer = await call.get(f"/v1/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "UNKNOWN_RESOURCE")
    assert (await call.delete(f"/v1/resources/{name}/exceptions/{FREE}")).status_code == 404
    for query in ("from_date=2027-01-02&to_date=2027-01-01", "from_date=2027-01-01&to_date=2031-01-01", "from_date=yesterday"):
        assert (await call.get(f"/v1/capacity?resource={name}&{query}")).status_code == 422, query


def shifted(written: str) -> date:
    """Return a date of the sample company as if its first of January 2021 were today."""
    return date.fromisoformat(written) + (TODAY - date(2021, 1, 1))


def sample_calendars() -> dict[str, Json]:
    """Return the sample company's calendars as bodies: no row is closed, `units` times 1,440 minutes where one decides."""
    bodies: dict[str, Json] = {}
    with (SAMPLE / "calendars.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            rule = {
                "from_date": str(shifted(row["from_date"])),
                "to_date": str(shifted(row["to_date"])),
                "weekdays": [
                    day for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday") if row[day] == "1"
                ],
                "minutes": int(row["units"]) * 1440,
                "priority": int(row["priority"]),
            }
            bodies.setdefault(row["calendar"], {"weekly": {}, "rules": []})["rules"].append(rule)
    return bodies


async def test_the_sample_companys_calendars_and_resources_are_taken_as_they_are(call: Caller, ear: Ear) -> None:
    calendars = sample_calendars()
    for name, body in calendars.items():
        await call.put_(f"calendars/{name}", body)
    with (SAMPLE / "resources.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        body = {"site": row["site"], "calendar": row["calendar"] or None, "group": row["group"] or None}
        pool = any(other["group"] == row["resource"] for other in rows)
        await call.put_(f"resources/{row['resource']}", body, units=0 if pool else 1, skills=[row["skills"]] if row["skills"] else [])
    assert (await ear.resource("ASSEMBLY-LINE")).capacity.weekly == (2880,) * 7
    assert (await ear.resource("OPERATORS")).capacity.weekly == (0,) * 7
    [working] = await ear.of("WORKING-DAYS")
    assert working.pattern.weekly == (1440,) * 5 + (0, 0)
    closed = [day for day in (shifted("2021-12-24") + timedelta(days=offset) for offset in range(10)) if minutes(working.pattern, day) == 0]
    assert {shifted("2021-12-25") + timedelta(days=offset) for offset in range(8)} <= set(closed)
    assert minutes(working.pattern, TODAY) == 0, "the first of January"
    assert [each["resource"] for each in (await call.read("resources?group=OPERATORS"))["data"]] == ["ANTONIO", "CARL", "PHILIPPE"]
