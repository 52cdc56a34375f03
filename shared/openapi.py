"""What the HTTP interface looks like, twice: OpenAPI 3.1 as it is, and 3.0.3 for Salesforce, which reads nothing newer."""

import copy
from typing import Any

import orjson
from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.responses import Response

from shared.problems import MEDIA_TYPE

Json = dict[str, Any]

PROBLEM_SCHEMA: Json = {
    "title": "Problem",
    "description": "RFC 9457. `code` is stable; 429 and 503 alone are retryable and come with Retry-After.",
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "instance", "retryable", "request_id", "errors"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "retryable": {"type": "boolean"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "title": "FieldError",
                "type": "object",
                "required": ["pointer", "code", "message"],
                "properties": {"pointer": {"type": "string"}, "code": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}
_REFUSALS = {
    "401": "No key, or one that is unknown, expired or revoked.",
    "403": "The key lacks the scope.",
    "404": "There is nothing of that name.",
    "409": "The state does not allow it; the document says what would be allowed.",
    "413": "The body is larger than 1 MB.",
    "422": "Malformed; each error points at its place in the body.",
    "503": "Not now; try again after Retry-After seconds.",
}
_METHODS = frozenset({"get", "put", "post", "delete", "patch"})
_READING = frozenset({"get"})


def document(app: FastAPI) -> Json:
    """The OpenAPI 3.1 document of an application, with every refusal as a problem document."""
    made = get_openapi(
        title=app.title,
        version=app.version,
        openapi_version="3.1.0",
        description=app.description,
        routes=app.routes,
        separate_input_output_schemas=False,
    )
    seen: set[str] = set()
    for path, method, operation in operations(made):
        if operation["operationId"] in seen:
            raise ValueError(f"two operations are called {operation['operationId']} (one is {method} {path})")
        seen.add(operation["operationId"])
        _document_refusals(method, path, operation)
        for content in operation.get("requestBody", {}).get("content", {}).values():
            content.get("schema", {}).pop("default", None)  # that a body may be missing is said by `required`
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    schemas["Problem"] = PROBLEM_SCHEMA
    return _with_plain_names(made)


def _with_plain_names(made: Json) -> Json:
    """Generic models under their own names (`ItemPage`), not under those that the framework makes (`Page_Item_`)."""
    schemas = made["components"]["schemas"]
    plain = {name: schema["title"] for name, schema in schemas.items() if name.endswith("_") and schema.get("title", "").isidentifier()}
    renamed = {f"#/components/schemas/{name}": f"#/components/schemas/{title}" for name, title in plain.items()}

    def told(node: Any) -> Any:
        if isinstance(node, list):
            return [told(each) for each in node]
        if isinstance(node, dict):
            return {
                key: renamed.get(value, value) if key == "$ref" and isinstance(value, str) else told(value) for key, value in node.items()
            }
        return node

    found: Json = told(made)
    found["components"]["schemas"] = {plain.get(name, name): schema for name, schema in found["components"]["schemas"].items()}
    return found


def operations(made: Json) -> list[tuple[str, str, Json]]:
    """Every operation of a document: path, method, description."""
    return [(path, method, found[method]) for path, found in made.get("paths", {}).items() for method in found if method in _METHODS]


def _document_refusals(method: str, path: str, operation: Json) -> None:
    responses = operation.setdefault("responses", {})
    codes = {"422", "503"} | ({"404"} if "{" in path else set())
    if operation.get("security"):
        codes |= {"401", "403"}
    if method not in _READING:
        codes |= {"409", "413"}
    codes |= {code for code in responses if code[0] in "45"}
    for code in sorted(codes):
        described = responses.get(code, {}) if code != "422" else {}
        described.setdefault("description", _REFUSALS.get(code, ""))
        described["content"] = described.get("content") or {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        responses[code] = described
    operation["responses"] = dict(sorted(responses.items()))


def down_converted(made: Json) -> Json:
    """The same document as OpenAPI 3.0.3: `nullable` for null, single-element `enum` for const, `example` for examples."""
    converted: Json = _convert(copy.deepcopy(made))
    converted["openapi"] = "3.0.3"
    converted.pop("jsonSchemaDialect", None)
    converted.pop("webhooks", None)
    converted.get("info", {}).pop("summary", None)
    return converted


_LITERAL = frozenset({"example", "examples", "default", "enum", "const", "value"})
"""What stands under these is data and stays as it is."""


def _convert(node: Any, *, names: bool = False) -> Any:
    """`names`: the keys of `node` are names that somebody chose (properties, schemas), not keywords."""
    if isinstance(node, list):
        return [_convert(item) for item in node]
    if not isinstance(node, dict):
        return node
    converted = {
        key: value if key in _LITERAL and not names else _convert(value, names=not names and key in _NAMED) for key, value in node.items()
    }
    return converted if names else _convert_schema(converted)


_NAMED = frozenset(
    {"properties", "schemas", "paths", "responses", "parameters", "securitySchemes", "content", "headers", "mapping", "$defs"}
)


def _convert_schema(schema: Json) -> Json:
    if "const" in schema:
        schema["enum"] = [schema.pop("const")]
    if isinstance(schema.get("examples"), list):
        examples = schema.pop("examples")
        if examples:
            schema.setdefault("example", examples[0])
    _exclusive_bounds(schema)
    _null_of_type_list(schema)
    for keyword in ("anyOf", "oneOf"):
        _null_of_union(schema, keyword)
    if isinstance(schema.get("prefixItems"), list):
        places = schema.pop("prefixItems")
        schema["items"] = places[0] if len(places) == 1 else {"oneOf": places} if places else {}
    elif schema.get("type") == "array":
        schema.setdefault("items", {})
    for keyword in (
        "patternProperties",
        "propertyNames",
        "unevaluatedProperties",
        "contentMediaType",
        "contentEncoding",
        "$defs",
        "$schema",
    ):
        schema.pop(keyword, None)
    if "$ref" in schema and len(schema) > 1 and not {"type", "properties"} & schema.keys():
        reference = schema.pop("$ref")
        schema["allOf"] = [{"$ref": reference}]  # 3.0 ignores whatever stands beside a $ref
    return schema


def _exclusive_bounds(schema: Json) -> None:
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(schema.get(exclusive), (int, float)) and not isinstance(schema.get(exclusive), bool):
            schema[bound] = schema[exclusive]
            schema[exclusive] = True


def _null_of_type_list(schema: Json) -> None:
    if isinstance(schema.get("type"), list):
        types = [name for name in schema["type"] if name != "null"]
        if len(types) != len(schema["type"]):
            schema["nullable"] = True
        if len(types) == 1:
            schema["type"] = types[0]
        else:
            del schema["type"]


def _null_of_union(schema: Json, keyword: str) -> None:
    members = schema.get(keyword)
    if not isinstance(members, list):
        return
    others = [member for member in members if member.get("type") != "null"]
    if len(others) != len(members):
        schema["nullable"] = True
    if len(others) == 1:
        del schema[keyword]
        for key, value in others[0].items():
            schema.setdefault(key, value)
    else:
        schema[keyword] = others


def router(app: FastAPI) -> APIRouter:
    """`/openapi.json` and `/openapi-3.0.json`, each made once, when first asked for."""
    routes = APIRouter()
    made: dict[str, bytes] = {}

    def bytes_of(version: str) -> bytes:
        if not made:
            current = document(app)
            made["3.1"] = orjson.dumps(current)
            made["3.0"] = orjson.dumps(down_converted(current))
        return made[version]

    @routes.get("/openapi.json", include_in_schema=False)
    async def openapi() -> Response:
        return Response(bytes_of("3.1"), media_type="application/json")

    @routes.get("/openapi-3.0.json", include_in_schema=False)
    async def openapi_for_older_readers() -> Response:
        return Response(bytes_of("3.0"), media_type="application/json")

    return routes
