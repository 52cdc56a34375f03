"""Master data, lists, the snapshot, the published documents, keys, and what a stranger may throw at the doors."""

import json
from datetime import timedelta

import httpx
import pytest
from openapi_spec_validator import validate

from shared.access import Scope, create_key
from shared.contracts.inventory import EVENTS, PositionChanged
from tests.running import KEY_SECRET, RunningService
from tests.service.inventory.inventory_caller import Caller, Ear, Json, a_movement, a_sku

MASTERS: list[tuple[str, str, Json]] = [
    ("items", "item-defined", {"name": "Chair", "uom": "EA", "decimals": 2, "lot_multiple": 0.5, "substitutes": ["OTHER"]}),
    ("sites", "site-defined", {"name": "Hamburg", "time_zone": "Europe/Berlin", "cut_off_time": "14:00", "pick_pack_days": 1}),
    ("lanes", "lane-defined", {"from_site": "HAM", "to": "DE-BY", "transit_days": 2, "minimum_quantity": 10}),
    ("suppliers", "supplier-defined", {"name": "Wood", "calendar": "WORKING-DAYS"}),
    ("supplier-items", "", {"sku": "BEAM", "supplier": "WOOD", "lead_time_days": 7, "priority": 1}),
]


@pytest.mark.parametrize(("path", "event", "body"), MASTERS)
async def test_master_data_is_defined_as_a_whole_read_again_and_said(path: str, event: str, body: Json, call: Caller, ear: Ear) -> None:
    name = a_sku()
    first = await call.ok("PUT", f"/v1/{path}/{name}", body)
    again = await call.ok("PUT", f"/v1/{path}/{name}", {**body, "expected_revision": 1})
    assert first == again == await call.ok("GET", f"/v1/{path}/{name}")
    assert body.items() <= first.items()
    changed = await call.ok("PUT", f"/v1/{path}/{name}", {**body, "external_id": "X-1"})
    assert (first["revision"], changed["revision"]) == (1, 2)
    stale = await call.put(f"/v1/{path}/{name}", json={**body, "expected_revision": 1})
    assert (stale.status_code, stale.json()["current_revision"]) == (409, 2)
    assert (await call.get(f"/v1/{path}/{a_sku()}")).status_code == 404
    if event:
        said = (await ear.one(f"inventory.stock.{event}.v1", name)).data.model_dump(mode="json")
        assert said["revision"] == 1
        assert body.items() <= said.items()


async def test_an_items_decimals_are_fixed_once_used_and_checked_on_entry(call: Caller) -> None:
    sku = a_sku()
    await call.ok("PUT", f"/v1/items/{sku}", {"decimals": 1})
    await call.ok("PUT", f"/v1/items/{sku}", {"decimals": 0})
    too_fine = await call.put(f"/v1/stock/HAM/{sku}", json={"on_hand": 1.5, "safety_stock": 1})
    assert (too_fine.status_code, [error["pointer"] for error in too_fine.json()["errors"]]) == (422, ["/on_hand"])
    order = {"kind": "purchase_order", "site": "HAM", "sku": "UNDEFINED", "quantity": 1.5, "due_date": "2026-12-01"}
    lines = [{"sku": "UNDEFINED", "quantity": 0.5, "needed_date": "2026-12-01"}, {"sku": sku, "quantity": 0.5, "needed_date": "2026-12-01"}]
    refused = await call.put(f"/v1/receipts/PO-{sku}", json={**order, "components": lines})
    assert (refused.status_code, [error["pointer"] for error in refused.json()["errors"]]) == (422, ["/components/1/quantity"])
    await call.count(sku, 1)
    fixed = await call.put(f"/v1/items/{sku}", json={"decimals": 1})
    assert (fixed.status_code, fixed.json()["code"]) == (409, "DECIMALS_FIXED")


async def test_a_name_may_hold_what_names_hold(call: Caller) -> None:
    for sku in (f"{a_sku()}/A 100%", f"{a_sku()} ü漢", f"{a_sku()}?x=1#y"):
        path = httpx.URL("/").copy_with(raw_path=b"/v1/items/" + "".join(f"%{byte:02X}" for byte in sku.encode()).encode())
        assert (await call.put(path, json={})).json()["sku"] == sku
        assert (await call.get(path)).json()["name"] == sku


async def test_lists_page_through_everything_once(call: Caller) -> None:
    sku = a_sku()
    for site in ("A", "B", "C", "D", "E"):
        await call.move("arrival", sku, 1, site, receipt_id=f"{sku}-{site}")
        await call.order(f"{sku}-{site}", sku, 5, site=site)
    for path, wanted in (("stock", 5), ("movements", 5), ("receipts", 5)):
        seen: list[Json] = []
        cursor: str | None = ""
        calls = 0
        while cursor is not None:
            page = await call.ok("GET", f"/v1/{path}?sku={sku}&limit=2" + (f"&cursor={cursor}" if cursor else ""))
            seen, cursor, calls = seen + page["data"], page["next_cursor"], calls + 1
        assert (len(seen), calls) == (wanted, 3)
        assert len({json.dumps(each, sort_keys=True) for each in seen}) == wanted
    assert len((await call.ok("GET", f"/v1/movements?sku={sku}&site=B"))["data"]) == 1
    assert len((await call.ok("GET", f"/v1/receipts?sku={sku}&status=open&due_from=2026-12-02"))["data"]) == 0
    assert (await call.get("/v1/stock?cursor=nonsense")).status_code == 422
    movement = (await call.ok("GET", f"/v1/movements?receipt_id={sku}-A"))["data"][0]
    assert movement == await call.ok("GET", f"/v1/movements/{movement['movement_id']}")


async def test_the_snapshot_is_what_the_events_said_last_and_where_to_read_on(call: Caller, ear: Ear) -> None:
    sku = a_sku()
    await call.order(f"TO-{sku}", sku, 5, site="BER", kind="transfer_order", from_site="HAM")
    await call.move("issue", sku, 2, order_id="ord_unknown", line_ref="1")
    answer = await call.get("/v1/snapshot")
    assert answer.headers["content-type"] == "application/x-ndjson"
    head, *entities = [json.loads(line) for line in answer.text.splitlines()]
    assert (head["topic"], sorted(head["end_offsets"])) == ("inventory.stock.v1", ["0", "1", "2", "3"])
    read = [EVENTS[entity["type"]].model_validate(entity["data"]) for entity in entities]
    own = {data.positions[0].site: data for data in read if isinstance(data, PositionChanged) and data.positions[0].sku == sku}
    for site, revision in (("HAM", 2), ("BER", 1)):
        said = (await ear.positions(f"{sku}|{site}", revision))[-1]
        assert own[site].model_copy(update={"positions": said.positions}) == said
        assert own[site].positions == said.positions[:1]


async def test_the_published_documents_are_valid_and_every_operation_has_an_example(call: Caller) -> None:
    for path in ("/openapi.json", "/openapi-3.0.json"):
        document = (await call.get(path)).json()
        validate(document)
        operations = [operation for methods in document["paths"].values() for operation in methods.values()]
        assert len({operation["operationId"] for operation in operations}) == len(operations) >= 20
        for operation in operations:
            content = next(iter(operation["responses"]["200"]["content"].values()))
            assert content.get("example") or content.get("examples"), operation["operationId"]
    said = (await call.get("/asyncapi.json")).json()
    assert said["asyncapi"].startswith("3.")


async def test_reading_and_writing_need_their_scopes(call: Caller, database: str, service: RunningService) -> None:
    key, _ = await create_key(database, KEY_SECRET, name="reader", scopes={Scope.QUOTE_READ}, lifetime=timedelta(hours=1))
    reader = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=service.url) as anybody:
        assert (await anybody.get("/v1/stock")).status_code == 401
        assert (await anybody.get("/v1/stock", headers=reader)).status_code == 200
        assert (await anybody.put("/v1/items/X", json={}, headers=reader)).status_code == 403
        body = {"movements": [a_movement("arrival", "X", 1)]}
        assert (await anybody.post("/v1/movements", json=body, headers=reader)).status_code == 403
        assert (await anybody.get("/readyz")).status_code == 200


BODIES = [
    "",
    "null",
    "[]",
    "{",
    '"x"',
    "7",
    '{"movements": {}}',
    '{"movements": [null, 1, "x", [], {}]}',
    '{"on_hand": {}}',
    '{"unknown": 1}',
]
FIELDS: list[tuple[str, object]] = [
    ("quantity", "1e5"),
    ("occurred_at", "0001-01-01T00:00:00+14:00"),
    ("occurred_at", "9999-12-31T23:59:59-14:00"),
    ("occurred_at", "2026-11-21T11:12:00"),
    ("occurred_at", 1e300),
    ("sku", "a|b"),
    ("sku", "\x00"),
    ("sku", "x" * 101),
    ("site", "a/b"),
    ("document", ""),
    ("reason", None),
    ("closes", "perhaps"),
    ("extra", 1),
]


@pytest.mark.parametrize("body", BODIES)
async def test_a_body_that_is_none_is_a_422(call: Caller, body: str) -> None:
    for method, path in (("POST", "/v1/movements"), ("PUT", "/v1/stock/HAM/X"), ("PUT", "/v1/receipts/X"), ("PUT", "/v1/lanes/X")):
        answer = await call.request(method, path, content=body, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json"), answer.text


@pytest.mark.parametrize(("field", "value"), FIELDS)
async def test_a_field_that_makes_no_sense_is_pointed_at(call: Caller, field: str, value: object) -> None:
    answer = await call.post("/v1/movements", json={"movements": [{**a_movement("arrival", a_sku(), 1), field: value}]})
    assert answer.status_code == 422
    assert any(error["pointer"].endswith(field) for error in answer.json()["errors"]), answer.text


async def test_odd_addresses_are_no_reason_to_fall_over(call: Caller) -> None:
    for path in (
        "/v1/items/",
        "/v1/items/%00",
        "/v1/stock/HAM/a%7Cb",
        "/v1/stock?limit=0",
        "/v1/stock?sku=%00",
        "/v1/receipts?status=x",
        "/v1/x",
    ):
        answer = await call.get(path)
        assert answer.status_code in (404, 422), (path, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
