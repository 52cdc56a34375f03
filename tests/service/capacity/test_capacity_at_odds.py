"""What capacity does when the broker is away, the log is short, days come to their end, or several do the same at once."""

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta

import asyncpg

from shared.contracts.capacity import EVENTS
from shared.contracts.golden import path
from tests.running import RunningBroker, RunningService, ServiceStarter
from tests.service.capacity.capacity_caller import WORKDAYS, Caller, Ear, Inventory, a_name

TODAY = datetime.now(UTC).date()  # noqa: TID251 -- the service's day is the database's, which runs here too


async def test_two_writers_at_once_lose_nothing_and_one_of_two_with_the_same_expectation_wins(call: Caller, ear: Ear) -> None:
    calendar, resource = a_name("C"), a_name("R")
    await call.put_(f"calendars/{calendar}", weekly=WORKDAYS)
    await call.put_(f"resources/{resource}", site="F", calendar=calendar)
    days = [TODAY + timedelta(days=offset) for offset in range(10, 20)]
    await asyncio.gather(
        *(call.put_(f"resources/{resource}/exceptions/{day}", minutes=7, reason="x") for day in days),
        *(call.put_(f"calendars/{calendar}", weekly={"monday": 100 + number}) for number in range(10)),
    )
    stands = (await call.read(f"calendars/{calendar}"))["weekly"]["monday"]
    assert (await call.read(f"calendars/{calendar}"))["revision"] == 11
    said = await ear.of(resource, 21)
    assert [each.revision for each in said] == list(range(1, 22))
    last = said[-1].capacity
    assert last.weekly[0] == stands
    assert all(last.days[day] == 7 for day in days)
    answers = await asyncio.gather(
        *(call.put(f"/v1/calendars/{calendar}", json={"weekly": {"monday": number}, "expected_revision": 11}) for number in (1, 2, 3))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]


async def test_a_resource_that_joins_while_its_calendar_changes_ends_with_the_calendars_last_word(call: Caller, ear: Ear) -> None:
    for _ in range(5):
        calendar, joining = a_name("C"), [a_name("R") for _ in range(4)]
        await call.put_(f"calendars/{calendar}", weekly={"monday": 1})
        await asyncio.gather(
            *(call.put_(f"resources/{each}", site="F", calendar=calendar) for each in joining[:2]),
            call.put_(f"calendars/{calendar}", weekly={"monday": 2}),
            *(call.put_(f"resources/{each}", site="F", calendar=calendar) for each in joining[2:]),
        )
        for each in joining:
            revision = (await call.read(f"resources/{each}"))["revision"]
            assert (await ear.resource(each, revision)).capacity.weekly[0] == 2


async def test_the_snapshot_is_what_the_events_said_last_and_where_to_read_on(call: Caller, ear: Ear, inventory: Inventory) -> None:
    calendar, resource, sku, part = a_name("C"), a_name("R"), a_name("X"), a_name("X")
    await inventory.define(part)
    await call.put_(f"calendars/{calendar}", weekly=WORKDAYS, holiday_country="FR")
    await call.put_(f"resources/{resource}", site="F", calendar=calendar, efficiency=0.95)
    await call.put_(f"resources/{resource}/exceptions/{TODAY}", delta_minutes=5, reason="x", document="D")
    await call.put_(f"boms/{sku}", components=[{"component": part, "quantity_per": 0.000001}])
    await call.put_(f"routings/{sku}", operations=[{"sequence": 1, "minutes_per_unit": 0.1, "resources": [{"resource": resource}]}])
    head, entities = await call.snapshot()
    assert (head["topic"], sorted(head["end_offsets"])) == ("capacity.plan.v1", ["0", "1", "2", "3"])
    for subject, revision, kind in ((calendar, 1, "calendar"), (resource, 2, "resource"), (sku, 1, "bom"), (sku, 1, "routing")):
        said = (await ear.of(subject, revision, kind))[-1]
        assert said in entities, subject


async def test_every_event_keeps_to_its_golden_schema(call: Caller, ear: Ear, inventory: Inventory, kafka: str) -> None:
    calendar, resource, sku, part = a_name("C"), a_name("R"), a_name("X"), a_name("X")
    await inventory.define(part)
    await call.put_(f"calendars/{calendar}", weekly=WORKDAYS)
    await call.put_(f"resources/{resource}", site="F", calendar=calendar)
    await call.put_(f"boms/{sku}", components=[{"component": part, "quantity_per": 2}])
    await call.put_(f"routings/{sku}", operations=[{"sequence": 1, "minutes_per_unit": 1, "resources": [{"resource": resource}]}])
    await ear.of(sku, 1, "routing")
    seen = {}
    for event in ear.heard:
        value = json.loads(event.record.value or b"")
        golden = json.loads(path(event.type).read_text())
        assert set(golden["required"]) <= set(value) <= set(golden["properties"]), event.type
        assert json.loads(EVENTS[event.type].model_validate(value).model_dump_json()) == value
        seen[event.type] = (event.record.key or b"").decode()
    assert seen.keys() == {name for name in EVENTS if "heartbeat" not in name}


async def test_heartbeats_go_to_every_partition(ear: Ear) -> None:
    deadline = time.monotonic() + 10
    while ear.beats != {0, 1, 2, 3}:
        assert time.monotonic() < deadline, ear.beats
        await ear.listen()


async def test_days_are_told_anew_long_before_they_come_to_their_end(
    call: Caller, ear: Ear, a_service: ServiceStarter, database: str
) -> None:
    calendar, resource, alone = a_name("C"), a_name("R"), a_name("R")
    await call.put_(f"calendars/{calendar}", weekly=WORKDAYS)
    await call.put_(f"resources/{resource}", site="F", calendar=calendar)
    await call.put_(f"resources/{alone}", site="F")
    connection = await asyncpg.connect(database)
    try:
        await connection.execute(
            "UPDATE capacity.definition SET until_date = $1 WHERE id = ANY($2)",
            TODAY + timedelta(days=1100),
            [calendar, resource, alone],
        )
    finally:
        await connection.close()
    movers = await asyncio.gather(*(a_service("capacity", PLEDGE_CAPACITY_HORIZON_LOOK_SECONDS="0.1") for _ in range(2)))
    said = await ear.resource(resource, 2)
    assert (said.change, said.reason) == ("horizon-moved", "horizon-moved")
    assert (said.capacity.until_date - TODAY).days >= 4 * 365
    assert (await ear.resource(alone, 2)).change == "horizon-moved"
    assert [each.reason for each in await ear.of(calendar, 2)] == [None, "horizon-moved"]
    await asyncio.sleep(0.5)
    assert (await call.read(f"calendars/{calendar}"))["revision"] == 2, "once, whoever looks"
    assert await asyncio.gather(*(mover.stop() for mover in movers)) == [0, 0]


async def test_what_the_log_no_longer_holds_is_read_from_inventorys_snapshot(
    call: Caller, a_service: ServiceStarter, service: RunningService, database: str
) -> None:
    owner = await a_service("inventory")
    sku = a_name("X")
    async with Caller(base_url=owner.url, headers=owner.headers, timeout=30) as other:
        await other.put_(f"items/{sku}", uom="EA")
    await call.put_(f"boms/{a_name('X')}", components=[{"component": sku, "quantity_per": 1}])
    assert await service.stop() == 0
    connection = await asyncpg.connect(database)
    try:
        await connection.execute("DELETE FROM capacity.known_item")
        await connection.execute("UPDATE capacity.consumer_offset SET next_offset = 1000000000")
    finally:
        await connection.close()
    service.environment["PLEDGE_CAPACITY_INVENTORY_URL"] = owner.url
    service.start()
    await service.wait_ready()
    await call.put_(f"boms/{a_name('X')}", components=[{"component": sku, "quantity_per": 1}])


async def test_definitions_are_kept_while_the_broker_is_away_and_said_when_it_is_back(
    call: Caller, started_broker: RunningBroker, kafka: str
) -> None:
    calendar = a_name("C")
    await call.put_(f"calendars/{calendar}", weekly=WORKDAYS)
    started_broker.stop()
    try:
        for number in range(5):
            await call.put_(f"calendars/{calendar}", weekly={"monday": 100 + number})
        assert (await call.get("/v1/snapshot")).status_code == 503
        unheard = await call.put(f"/v1/boms/{a_name('X')}", json={"components": [{"component": "NEVER", "quantity_per": 1}]}, timeout=60)
        assert (unheard.status_code, unheard.json()["code"], unheard.json()["retryable"]) == (503, "ITEMS_NOT_HEARD", True)
        ready = await call.get("/readyz")
        assert (ready.status_code, {check["name"] for check in ready.json()["checks"]}) == (
            200,
            {"database", "broker", "inventory.stock.v1", "capacity.updates.v1"},
        )
    finally:
        started_broker.start()
    async with await Ear.open(kafka) as ear:
        assert [each.revision for each in await ear.of(calendar, 6)] == [1, 2, 3, 4, 5, 6]
