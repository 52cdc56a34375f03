"""Lists, the published documents, keys, and what a stranger may throw at the doors."""

from datetime import timedelta

import httpx
import pytest
from openapi_spec_validator import validate

from shared.access import Scope, create_key
from shared.contracts.capacity import EVENTS
from tests.running import KEY_SECRET, RunningService
from tests.service.capacity.capacity_caller import Caller, Json, a_name


async def test_lists_page_through_everything_once(call: Caller) -> None:
    site = a_name("F")
    names = sorted(a_name("R") for _ in range(5))
    for name in names:
        await call.put_(f"resources/{name}", site=site)
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await call.read(f"resources?site={site}&limit=2" + (f"&cursor={cursor}" if cursor else ""))
        seen, cursor = seen + [each["resource"] for each in page["data"]], page["next_cursor"]
    assert seen == names
    assert (await call.get("/v1/resources?cursor=nonsense")).status_code == 422
    country = {"weekly": {"monday": True}, "holiday_country": "IS"}
    calendar = (await call.put_(f"calendars/{a_name('C')}", country))["calendar"]
    assert calendar in [each["calendar"] for each in (await call.read("calendars?holiday_country=IS"))["data"]]


async def test_the_published_documents_are_valid_and_every_operation_has_an_example(call: Caller) -> None:
    for path in ("/openapi.json", "/openapi-3.0.json"):
        document = (await call.get(path)).json()
        validate(document)
        operations = [operation for methods in document["paths"].values() for operation in methods.values()]
        assert len({operation["operationId"] for operation in operations}) == len(operations) >= 18
        for operation in operations:
            content = next(iter(operation["responses"]["200"]["content"].values()))
            assert content.get("example") or content.get("examples"), operation["operationId"]
    said = (await call.get("/asyncapi.json")).json()
    assert said["asyncapi"].startswith("3.")
    assert {message["name"] for message in said["components"]["messages"].values()} >= EVENTS.keys()
    topics = {channel["address"] for channel in said["channels"].values()}
    assert topics == {"capacity.plan.v1", "capacity.updates.v1", "inventory.stock.v1"}


async def test_the_examples_of_the_document_are_taken_and_answered_as_documented(call: Caller) -> None:
    document = (await call.get("/openapi.json")).json()

    def example(path: str) -> tuple[Json, Json]:
        operation = document["paths"][path]["put"]
        schema = operation["requestBody"]["content"]["application/json"]
        return (schema.get("examples") or schema["schema"]["examples"])[0], operation["responses"]["200"]["content"]["application/json"][
            "example"
        ]

    for path, address in (("/v1/calendars/{calendar}", "calendars/EARLY"), ("/v1/resources/{resource}", "resources/SAW-1")):
        body, wanted = example(path)
        made = await call.put_(address, body)
        given = {name: value for name, value in made.items() if value is not None}
        assert {**given, "created_at": "", "updated_at": ""} == {**wanted, "created_at": "", "updated_at": ""}


async def test_reading_and_writing_need_their_scopes(call: Caller, database: str, service: RunningService) -> None:
    key, _ = await create_key(database, KEY_SECRET, name="reader", scopes={Scope.QUOTE_READ}, lifetime=timedelta(hours=1))
    planner, _ = await create_key(database, KEY_SECRET, name="planner", scopes={Scope.CAPACITY_WRITE}, lifetime=timedelta(hours=1))
    reader, writer = {"Authorization": f"Bearer {key}"}, {"Authorization": f"Bearer {planner}"}
    async with httpx.AsyncClient(base_url=service.url) as anybody:
        assert (await anybody.get("/v1/calendars")).status_code == 401
        assert (await anybody.get("/v1/calendars", headers=reader)).status_code == 200
        assert (await anybody.put("/v1/calendars/X", json={}, headers=reader)).status_code == 403
        assert (await anybody.put(f"/v1/calendars/{a_name('C')}", json={}, headers=writer)).status_code == 200
        assert (await anybody.get("/readyz")).status_code == 200
        assert "pledge_http_request_seconds" in (await anybody.get("/metrics")).text


@pytest.mark.parametrize("body", ["", "null", "[]", "{", '"x"', "7", '{"unknown": 1}', '{"weekly": null}', '{"boms": [null]}'])
async def test_a_body_that_is_none_is_a_422(call: Caller, body: str) -> None:
    for path in ("calendars/X", "resources/X", "boms/X", "routings/X", "resources/X/exceptions/2027-01-01"):
        answer = await call.put(f"/v1/{path}", content=body, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json"), answer.text


async def test_odd_addresses_are_no_reason_to_fall_over(call: Caller) -> None:
    for path in (
        "calendars/",
        "calendars/%00",
        "resources/a%2Fb",
        "resources/a%7Cb",
        "resources/X/exceptions/2027-02-30",
        "resources/X/exceptions/1",
        "resources?limit=0",
        "resources?site=%00",
        "capacity",
        "capacity?resource=%00",
        "boms?component=%00",
        "x",
    ):
        answer = await call.get(f"/v1/{path}")
        assert answer.status_code in (404, 422), (path, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
