"""Are the documents about a service valid, and do they say what is true?"""

import json
from typing import Any

import httpx
import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

from shared import openapi
from shared.contracts import golden, inventory


async def document(http: httpx.AsyncClient, path: str) -> dict[str, Any]:
    answer = await http.get(path, headers={"Authorization": ""})
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def everything(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, list):
        return [found for item in node for found in everything(item)]
    if isinstance(node, dict):
        return [node, *(found for item in node.values() for found in everything(item))]
    return []


async def test_both_openapi_documents_are_valid_and_need_no_key(http: httpx.AsyncClient) -> None:
    OpenAPIV31SpecValidator(await document(http, "/openapi.json")).validate()
    OpenAPIV30SpecValidator(await document(http, "/openapi-3.0.json")).validate()


async def test_every_refusal_is_documented_as_a_problem(http: httpx.AsyncClient) -> None:
    made = await document(http, "/openapi.json")
    order = made["paths"]["/v1/orders"]["post"]
    assert {"200", "401", "403", "409", "413", "422", "503"} <= order["responses"].keys()
    assert order["responses"]["422"]["content"] == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    assert order["security"] == [{"key": []}]
    assert order["operationId"] == "place_order"
    assert "security" not in made["paths"]["/v1/now"]["get"]
    assert "HTTPValidationError" not in made["components"]["schemas"]


async def test_the_older_document_has_nothing_its_readers_do_not_know(http: httpx.AsyncClient) -> None:
    made = await document(http, "/openapi-3.0.json")
    assert made["openapi"] == "3.0.3"
    for node in everything(made):
        assert node.get("type") != "null"
        assert not isinstance(node.get("type"), list)
        assert "const" not in node
        assert not isinstance(node.get("examples"), list)
    limit = next(found for found in made["paths"]["/v1/orders"]["get"]["parameters"] if found["name"] == "cursor")
    assert limit["schema"]["nullable"] is True
    assert limit["schema"]["type"] == "string"


@pytest.mark.parametrize(
    ("newer", "older"),
    [
        ({"anyOf": [{"type": "integer"}, {"type": "null"}], "title": "N"}, {"type": "integer", "nullable": True, "title": "N"}),
        ({"anyOf": [{"$ref": "#/x"}, {"type": "null"}]}, {"nullable": True, "allOf": [{"$ref": "#/x"}]}),
        (
            {"anyOf": [{"type": "integer"}, {"type": "string"}, {"type": "null"}]},
            {"anyOf": [{"type": "integer"}, {"type": "string"}], "nullable": True},
        ),
        ({"const": "a", "type": "string"}, {"enum": ["a"], "type": "string"}),
        ({"type": ["string", "null"]}, {"type": "string", "nullable": True}),
        ({"exclusiveMinimum": 0, "type": "number"}, {"minimum": 0, "exclusiveMinimum": True, "type": "number"}),
        ({"examples": [{"const": 1}], "type": "object"}, {"example": {"const": 1}, "type": "object"}),
        (
            {"properties": {"const": {"type": "string"}, "examples": {"type": "array"}}},
            {"properties": {"const": {"type": "string"}, "examples": {"type": "array", "items": {}}}},
        ),
        (
            {"prefixItems": [{"type": "string"}, {"type": "integer"}], "type": "array"},
            {"items": {"oneOf": [{"type": "string"}, {"type": "integer"}]}, "type": "array"},
        ),
        (
            {"content": {"application/json": {"examples": {"a": {"value": {"type": ["x"]}}}}}},
            {"content": {"application/json": {"examples": {"a": {"value": {"type": ["x"]}}}}}},
        ),
    ],
)
def test_each_newer_word_has_an_older_one(newer: dict[str, Any], older: dict[str, Any]) -> None:
    converted = openapi.down_converted({"components": {"schemas": {"S": newer}}} if "content" not in newer else {"x": newer})
    assert (converted["components"]["schemas"]["S"] if "content" not in newer else converted["x"]) == older


async def test_the_asyncapi_document_names_every_topic_and_message_and_its_references_lead_somewhere(http: httpx.AsyncClient) -> None:
    made = await document(http, "/asyncapi.json")
    assert made["asyncapi"] == "3.0.0"
    assert {channel["address"] for channel in made["channels"].values()} == {"inventory.stock.v1", "quote.orders.v1"}
    assert {message["name"] for message in made["components"]["messages"].values()} >= inventory.EVENTS.keys()
    assert made["operations"]["send_inventory_stock_v1"]["action"] == "send"
    assert made["operations"]["receive_quote_orders_v1"]["action"] == "receive"
    for node in everything(made):
        if "$ref" in node:
            found: Any = made
            for part in node["$ref"].removeprefix("#/").split("/"):
                found = found[part]


def test_the_golden_schemas_are_what_the_contracts_say() -> None:
    assert golden.complaints() == []


BASE = {
    "type": "object",
    "required": ["a"],
    "properties": {"a": {"type": "string"}, "b": {"enum": ["x", "y"]}, "c": {"$ref": "#/$defs/C"}},
    "$defs": {"C": {"type": "object", "properties": {"d": {"type": "integer"}, "again": {"$ref": "#/$defs/C"}}}},
}


def changed(at: str, value: Any) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(BASE))
    *way, last = at.split("/")
    node = made
    for part in way:
        node = node[part]
    if value is None:
        del node[last]
    else:
        node[last] = value
    return made


@pytest.mark.parametrize(
    ("at", "value", "reason"),
    [
        ("properties/a", None, "/a was removed"),
        ("$defs/C/properties/d", None, "/c/d was removed"),
        ("required", ["a", "b"], "/b is newly required"),
        ("required", [], "/a was always there and may now be missing"),
        ("properties/a/type", "integer", "/a: type was 'string' and is 'integer'"),
        ("properties/b/enum", ["x"], "/b no longer takes y"),
        ("properties/a/enum", ["only"], "/a is now limited to some values"),
    ],
)
def test_what_breaks_a_reader_is_refused(at: str, value: Any, reason: str) -> None:
    assert reason in golden.breaking(BASE, changed(at, value))


@pytest.mark.parametrize(
    ("at", "value"),
    [
        ("properties/new", {"type": "string"}),
        ("properties/b/enum", ["x", "y", "z"]),
        ("$defs/C/properties/new", {"type": "string"}),
        ("properties/a/description", "words"),
        ("title", "words"),
    ],
)
def test_additions_are_free(at: str, value: Any) -> None:
    assert golden.breaking(BASE, changed(at, value)) == []
