"""Bad master data and absurd requests: a clear answer in bounded time, whatever somebody says or asks."""

import time
from collections.abc import AsyncIterator
from decimal import Decimal
from itertools import pairwise

import pytest

from tests.running import RunningPostgres
from tests.service.quote.factory import Factory, a_factory
from tests.service.quote.shop import Json, a_line, a_name, codes, day, eventually, ok, refused

BOUND_SECONDS = 5.0
"""Generous, for a machine that does other work; alone, each answer takes some hundredths of a second."""


@pytest.fixture(scope="module")
async def factory(postgres: RunningPostgres) -> AsyncIterator[Factory]:
    """Give the doors of quote, inventory and capacity."""
    async with a_factory(postgres) as found:
        await found.open_sites()
        yield found


async def asked(factory: Factory, *lines: Json, **more: object) -> Json:
    """The answer to an inquiry, which came in time."""
    began = time.monotonic()
    answer = await factory.ask(*lines, **more)
    assert time.monotonic() - began < BOUND_SECONDS
    return answer


async def makes(factory: Factory, sku: str, *parts: str, **operation: object) -> None:
    if parts:
        await factory.put(f"boms/{sku}", components=[{"component": part, "quantity_per": 1} for part in parts])
    await factory.put(f"routings/{sku}", operations=[{"sequence": 10, **operation}])


async def test_a_cycle_of_bills_is_refused_on_entry(factory: Factory) -> None:
    first, second, third = [await factory.item() for _ in range(3)]
    for sku, part in ((first, second), (second, third)):
        await factory.put(f"boms/{sku}", components=[{"component": part, "quantity_per": 1}])
    for sku, part in ((third, first), (second, second)):
        body = {"components": [{"component": part, "quantity_per": 1}]}
        answer = await factory.capacity.put(f"/v1/boms/{sku}", json=body)
        refused(answer, 422, answer.json()["code"])
        assert "CYCLE" in answer.text
    line = (await asked(factory, a_line(first, 3, sites=["HAM"])))["lines"][0]
    assert line["outcome"] == "none"


async def test_lanes_in_a_circle_and_onto_themselves_move_nothing_that_is_not_there(factory: Factory) -> None:
    sites = [await factory.site() for _ in range(3)]
    for here, there in zip(sites, [*sites[1:], sites[0]], strict=True):
        for to in (here, there):
            await factory.told_of(f"lanes/{a_name('LANE')}", from_site=here, to=to, transit_days=1)
    sku = await factory.stocked(4, site=sites[0])
    await factory.promised(a_line(sku, 4, sites=[sites[2]]), 2)
    answer = await asked(factory, a_line(sku, 5, sites=[sites[2]]))
    assert (answer["outcome"], answer["planned_supply"]) == ("none", [])


async def test_twenty_levels_are_planned_down_to_the_last_part(factory: Factory) -> None:
    site = await factory.site()
    levels = [await factory.item() for _ in range(20)]
    for sku, part in pairwise(levels):
        await makes(factory, sku, part, fixed_minutes=1440)
    await factory.told_of("suppliers/WOOD", name="Wood")
    await factory.told_of(f"supplier-items/{a_name('TERMS')}", sku=levels[-1], site=site, supplier="WOOD", lead_time_days=5)
    await factory.promised(a_line(levels[0], 3, sites=[site]), 19 + 5)
    answer = await asked(factory, a_line(levels[0], 3, sites=[site]))
    assert [one["sku"] for one in answer["planned_supply"]] == levels[::-1]


async def test_a_bush_of_bills_ends_although_its_parts_are_more_than_anybody_could_look_at(factory: Factory) -> None:
    """Eight levels of four parts each, all of them the same four below: 4^8 ways down."""
    site = await factory.site()
    levels = [[await factory.item() for _ in range(4)] for _ in range(8)]
    for above, below in pairwise(levels):
        for sku in above:
            await makes(factory, sku, *below, fixed_minutes=60)
    await factory.stocked(1, sku=levels[-1][0], site=site)

    async def known() -> bool:
        return bool((await factory.ask(a_line(levels[-2][0], 1, sites=[site])))["lines"][0]["reasons"])

    await eventually(known)
    line = (await asked(factory, a_line(levels[0][0], 3, sites=[site])))["lines"][0]
    assert line["outcome"] == "none"
    assert line["reasons"]


async def test_operations_of_no_minutes_and_resources_that_nobody_described(factory: Factory) -> None:
    site = await factory.site()
    idle, lost, resting = [await factory.item() for _ in range(3)]
    await makes(factory, idle)
    await factory.promised(a_line(idle, 7, sites=[site]), None)
    machine = await factory.machine(site, await factory.calendar(480, open_only=(400,)))
    await makes(factory, resting, minutes_per_unit=1, resources=[{"resource": machine}])
    await factory.promised(a_line(resting, 1, sites=[site]), 401)
    ghost = a_name("GHOST")
    step = {"sequence": 10, "minutes_per_unit": 1, "resources": [{"resource": ghost}]}
    answer = await factory.capacity.put(f"/v1/routings/{lost}", json={"operations": [step]})
    assert answer.status_code in (200, 422), answer.text
    assert (await asked(factory, a_line(lost, 1, sites=[site])))["outcome"] == "none"
    bare = a_name("BARE")
    described = await factory.capacity.put(f"/v1/resources/{bare}", json={"site": site})
    assert described.status_code == 200
    assert (await asked(factory, a_line(lost, 1, sites=[site])))["outcome"] == "none"


async def test_five_hundred_lines_are_answered_and_one_more_is_refused(factory: Factory) -> None:
    sku = await factory.stocked(400)
    answer = await asked(factory, *(a_line(sku, 1) for _ in range(500)))
    assert [line["outcome"] for line in answer["lines"]] == ["full"] * 400 + ["none"] * 100
    wishes = [a_line(sku, 1, requested_date=day(offset % 900)) for offset in range(400)]
    together = await asked(factory, *wishes, ship_complete=True)
    assert {line["promised_date"] for line in together["lines"]} == {day(399)}
    refused(await factory.quote.post("/v1/quotes", json={"lines": [a_line(sku, 1)] * 501}), 422, "INVALID_REQUEST")


async def test_three_years_ahead_and_the_past_are_answered_and_what_lies_further_is_refused(factory: Factory) -> None:
    sku = await factory.stocked(5)
    for offset, promised, slip in ((1096, 1096, 0), (-1, 0, 1), (-400, 0, 400)):
        line = (await asked(factory, a_line(sku, 5, requested_date=day(offset))))["lines"][0]
        assert (line["promised_date"], line["slip_days"], sum(one["adds_days"] for one in line["reasons"])) == (day(promised), slip, slip)
    for wanted in (day(1097), "9999-12-31", "0001-01-01", "2026-02-30", "tomorrow", "", 20261201, "2026-12-01T00:00:00Z"):
        refused(await factory.quote.post("/v1/quotes", json={"lines": [a_line(sku, 1, requested_date=wanted)]}), 422, "INVALID_REQUEST")
    for_ever = {"sku": sku, "site": "HAM", "from_date": "0001-01-01", "to_date": "9999-12-31"}
    span = await factory.quote.get("/v1/availability", params=for_ever)
    refused(span, 422, "SPAN_TOO_LONG")


async def test_a_receipt_three_years_ahead_or_at_the_end_of_time_is_a_clear_answer(factory: Factory) -> None:
    sku = await factory.stocked(0, {1095: 3})
    assert (await asked(factory, a_line(sku, 3)))["lines"][0]["promised_date"] == day(1095)
    body = {"kind": "purchase_order", "site": "HAM", "sku": sku, "quantity": 1, "due_date": "9999-12-31"}
    answer = await factory.inventory.put(f"/v1/receipts/{a_name('PO')}", json=body)
    assert answer.status_code in (200, 422), answer.text
    assert (await asked(factory, a_line(sku, 4)))["outcome"] in ("late", "none")


async def test_quantities_are_exact_to_their_limits_and_refused_beyond(factory: Factory) -> None:
    most, least = "999999999.999999", "0.000001"
    sku = await factory.item(decimals=6)
    await factory.count(sku, most)  # type: ignore[arg-type]  # a string is as good as a number
    await factory.heard(sku)
    line = (await asked(factory, a_line(sku, most)))["lines"][0]
    assert (line["outcome"], Decimal(str(line["promised_quantity"]))) == ("full", Decimal(most))
    await factory.order(a_line(sku, least))
    assert Decimal(str(await factory.atp(sku))) == Decimal(most) - Decimal(least)
    assert (await asked(factory, a_line(sku, most)))["outcome"] == "none"
    wrong: list[object] = ["1000000000", "0.0000001", 1e9, -1, 0, "NaN", "Infinity", "1e400", "", " ", "one", None, True, [], {}]
    for quantity in wrong:
        refused(await factory.quote.post("/v1/quotes", json={"lines": [{"sku": sku, "quantity": quantity}]}), 422, "INVALID_REQUEST")


async def test_what_nobody_knows_is_a_line_with_its_reason(factory: Factory) -> None:
    sku = await factory.stocked(5)
    answer = await asked(
        factory, a_line(a_name("NO")), a_line(sku, sites=[a_name("NO")]), a_line(sku, ship_to="ATLANTIS"), a_line(sku), a_line("\u2603")
    )
    assert [codes(line)[0] for line in answer["lines"]] == ["UNKNOWN_SKU", "NO_SITE", "NO_LANE", "COVERED", "UNKNOWN_SKU"]
    unheard = await factory.site(calendar=a_name("NO"))
    await factory.stocked(5, sku=sku, site=unheard)

    async def known() -> list[str]:
        """What is said once quote has heard of the site: its stock may be known before."""
        said = codes((await asked(factory, a_line(sku, sites=[unheard])))["lines"][0])
        return [] if said == ["NO_SITE"] else said

    assert await eventually(known, what=f"news of {unheard}") == ["UNKNOWN_CALENDAR"]


async def test_a_calendar_without_a_working_day_and_a_site_on_no_map_are_refused(factory: Factory) -> None:
    never = await factory.capacity.put(f"/v1/calendars/{a_name('CAL')}", json={"name": "never", "weekly": {}})
    assert never.status_code == 422
    for zone in ("Mars/Olympus", "", "Europe/../Berlin", "UTC+25"):
        assert (await factory.inventory.put(f"/v1/sites/{a_name('S')}", json={"name": "x", "time_zone": zone})).status_code == 422
    assert ok(await factory.quote.get("/v1/orders"))["data"] is not None
