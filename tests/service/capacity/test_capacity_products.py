"""Bills of material and routings: what is told of them, and what is refused with the place named."""

import asyncio
import time

import pytest

from shared.contracts.capacity import BomDefined, RoutingDefined
from tests.running import RunningService
from tests.service.capacity.capacity_caller import Caller, Ear, Inventory, Json, a_name

STEP: Json = {"sequence": 10, "name": "Saw", "minutes_per_unit": 20}


async def some_items(inventory: Inventory, count: int) -> list[str]:
    names = [a_name("X") for _ in range(count)]
    await inventory.define(*names)
    return names


async def test_a_bill_is_told_in_full_and_found_by_what_goes_in(call: Caller, ear: Ear, inventory: Inventory) -> None:
    chair, leg, screw, bolt = await some_items(inventory, 4)
    lines = [{"component": leg, "quantity_per": 4}, {"component": screw, "quantity_per": "0.5", "sequence": 10, "alternates": [bolt]}]
    made = await call.put_(f"boms/{chair}", components=lines)
    assert made == await call.put_(f"boms/{chair}", boms=[{"components": lines}], expected_revision=1) == await call.read(f"boms/{chair}")
    assert (await call.put(f"/v1/boms/{chair}", json={"components": lines, "expected_revision": 0})).status_code == 409
    second = await call.put_(f"boms/{chair}", boms=[{"site": "F", "components": lines}, {"components": lines[:1]}])
    said = await ear.of(chair, 2, "bom")
    assert [(each.revision, len(each.boms)) for each in said] == [(1, 1), (2, 2)]
    assert isinstance(said[1], BomDefined)
    assert said[1].model_dump(mode="json")["boms"] == second["boms"]
    assert (said[1].boms[0].site, said[1].boms[1].site, said[0].boms[0].components[1].alternates) == ("F", None, (bolt,))
    assert [each["sku"] for each in (await call.read(f"boms?component={leg}"))["data"]] == [chair]
    assert (await call.read(f"boms?component={leg}&site=G"))["data"] == []
    gone = await call.put_(f"boms/{chair}", boms=[])
    assert (gone["boms"], gone["revision"]) == ([], 3)


async def test_a_cycle_is_refused_and_named_at_whatever_depth_and_site(call: Caller, inventory: Inventory) -> None:
    a, b, c, d = await some_items(inventory, 4)
    await call.put_(f"boms/{a}", boms=[{"site": "F", "components": [{"component": b, "quantity_per": 1}]}])
    await call.put_(f"boms/{b}", boms=[{"site": "G", "components": [{"component": d, "quantity_per": 1, "alternates": [c]}]}])
    body = {"components": [{"component": d, "quantity_per": 1}, {"component": a, "quantity_per": 1}]}
    answer = await call.put(f"/v1/boms/{c}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "BOM_CYCLE")
    [error] = answer.json()["errors"]
    assert error["pointer"] == "/components/1/component"
    assert f"{c} → {a} → {b} → {c}" in error["message"]
    assert await call.refused(f"boms/{d}", {"components": [{"component": d, "quantity_per": 1}]}) == [
        ("/components/0/component", "BOM_CYCLE")
    ]
    alternate = {"components": [{"component": d, "quantity_per": 1, "alternates": [a]}]}
    assert await call.refused(f"boms/{c}", alternate) == [("/components/0/alternates/0", "BOM_CYCLE")]
    assert (await call.get(f"/v1/boms/{c}")).status_code == 404
    await call.put_(f"boms/{b}", boms=[])
    await call.put_(f"boms/{c}", body)


async def test_two_bills_that_make_a_cycle_together_are_never_both_taken(call: Caller, inventory: Inventory) -> None:
    for _ in range(5):
        a, b = await some_items(inventory, 2)
        await call.put_(f"boms/{a_name('X')}", components=[{"component": each, "quantity_per": 1} for each in (a, b)])
        answers = await asyncio.gather(
            call.put(f"/v1/boms/{a}", json={"components": [{"component": b, "quantity_per": 1}]}),
            call.put(f"/v1/boms/{b}", json={"components": [{"component": a, "quantity_per": 1}]}),
        )
        assert sorted(answer.status_code for answer in answers) == [200, 422]


async def test_an_item_defined_a_moment_ago_is_waited_for(call: Caller, inventory: Inventory) -> None:
    sku, late = a_name("X"), a_name("X")

    async def say_it_late() -> None:
        await asyncio.sleep(0.7)
        await inventory.define(late)

    saying = asyncio.create_task(say_it_late())
    await call.put_(f"boms/{sku}", components=[{"component": late, "quantity_per": 1}])
    await saying


async def test_a_component_that_is_no_item_is_refused_at_its_place_after_a_short_wait(call: Caller, inventory: Inventory) -> None:
    [known] = await some_items(inventory, 1)
    body = {
        "boms": [{"components": [{"component": known, "quantity_per": 1}, {"component": "NONE", "quantity_per": 1, "alternates": ["NO"]}]}]
    }
    began = time.monotonic()
    assert await call.refused(f"boms/{a_name('X')}", body) == [
        ("/boms/0/components/1/component", "UNKNOWN_COMPONENT"),
        ("/boms/0/components/1/alternates/0", "UNKNOWN_COMPONENT"),
    ]
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"components": [{"component": "A", "quantity_per": 1}] * 2}, "/components/1/component", "COMPONENT_TWICE"),
        ({"boms": [{"components": [{"component": "A", "quantity_per": 1}]}] * 2}, "/boms/1/site", "SITE_TWICE"),
        ({"components": [{"component": "A", "quantity_per": 0}]}, "/components/0/quantity_per", "quantity_positive"),
        ({}, "", "one_of"),
    ],
)
async def test_a_bill_that_makes_no_sense_is_refused_with_the_place_named(call: Caller, body: Json, pointer: str, code: str) -> None:
    assert await call.refused(f"boms/{a_name('X')}", body) == [(pointer, code)]


async def test_a_routing_is_told_in_full_and_found_by_who_works(call: Caller, ear: Ear) -> None:
    sku, saw, other, group = a_name("X"), a_name("SAW"), a_name("SAW"), a_name("POOL")
    for resource in (saw, other):
        await call.put_(f"resources/{resource}", site="F", group=group, skills=["SAWING"])
    step = {**STEP, "resources": [{"resource": saw}, {"group": group, "skill": "SAWING"}], "alternates": [[{"resource": other}]]}
    dry = {"sequence": 20, "name": "Dry", "fixed_minutes": 360, "may_spread": False}
    made = await call.put_(f"routings/{sku}", routings=[{"site": "F", "lot_minimum": 5, "priority": 1, "operations": [dry, step]}])
    assert made == await call.read(f"routings/{sku}")
    await call.put_(f"routings/{sku}", operations=[step])
    said = await ear.of(sku, 2, "routing")
    assert [each.revision for each in said] == [1, 2]
    assert isinstance(said[0], RoutingDefined)
    assert said[0].model_dump(mode="json")["routings"] == made["routings"]
    assert [each.sequence for each in said[0].routings[0].operations] == [10, 20]
    assert (said[0].routings[0].operations[1].may_spread, said[1].routings[0].site) == (False, None)
    for query in (f"resource={saw}", f"group={group}"):
        assert [each["sku"] for each in (await call.read(f"routings?{query}"))["data"]] == [sku]
    assert (await call.read(f"routings?resource={other}"))["data"] == []


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"operations": [{**STEP, "resources": [{"resource": "NONE"}]}]}, [("/operations/0/resources/0/resource", "UNKNOWN_RESOURCE")]),
        (
            {"routings": [{"operations": [{**STEP, "resources": [{"group": "NONE"}], "alternates": [[{"resource": "NO"}]]}]}]},
            [
                ("/routings/0/operations/0/resources/0/group", "UNKNOWN_RESOURCE"),
                ("/routings/0/operations/0/alternates/0/0/resource", "UNKNOWN_RESOURCE"),
            ],
        ),
        ({"operations": [{"sequence": 1}, {"sequence": 1}]}, [("/operations/1/sequence", "SEQUENCE_TWICE")]),
        ({"operations": [STEP]}, [("/operations/0/resources", "NO_RESOURCE")]),
        ({"operations": []}, [("/operations", "too_short")]),
    ],
)
async def test_a_routing_that_cannot_be_is_refused_with_the_place_named(call: Caller, body: Json, errors: list[tuple[str, str]]) -> None:
    assert await call.refused(f"routings/{a_name('X')}", body) == errors


async def test_an_import_of_items_followed_at_once_by_their_bills_works(
    call: Caller, inventory: Inventory, service: RunningService
) -> None:
    parts = [a_name("X") for _ in range(20)]
    await inventory.define(*parts)

    async def bill_of(part: str) -> int:
        """As a caller does it: what may be tried again is."""
        body = {"components": [{"component": part, "quantity_per": 1}]}
        answer = await call.put(f"/v1/boms/{a_name('X')}", json=body)
        for _ in range(20):
            if answer.status_code != 503:
                break
            assert answer.json()["retryable"]
            await asyncio.sleep(0.5)
            answer = await call.put(f"/v1/boms/{a_name('X')}", json=body)
        return answer.status_code

    assert await asyncio.gather(*(bill_of(part) for part in parts)) == [200] * 20
