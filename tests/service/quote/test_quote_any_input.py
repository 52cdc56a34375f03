"""Whatever comes in, nothing breaks: no operation answers 5xx or without a problem document; and the documents are valid."""

import json
import random
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

from tests.service.quote.shop import Json, Shop, a_line, a_name, day, ok

STRANGE: tuple[Any, ...] = (
    None, True, 0, -1, 1e308, 10**30, 0.1, "", " ", "x", "a|b", "x" * 3000, "\x00", "\ud800", "\u202e\u0000", "1e5", "NaN", "-0", "٣",
    "2026-02-30", "0001-01-01", "9999-12-31", "2026-01-01T00:00:00", "2026-01-01T00:00:00+99:00", [], [[]], [None], {}, {"a": 1}, [{}],
    "'; DROP TABLE book; --", "%00", "../../etc/passwd", "{{7*7}}",
)  # fmt: skip
BODIES = (
    b"", b"null", b"[]", b"0", b'"x"', b"{", b"{}", b"\xff\xfe", b'{"lines": [', b"[" * 5000, b'{"lines":' * 2000, b'{"quantity": NaN}',
    b'{"lines": [{"sku": "\\ud800", "quantity": 1}]}', b'{"lines": [{"sku": "A", "quantity": 1e400}]}', b'{"a": ' + b"9" * 5000 + b"}",
    b" " * 1_100_000,
)  # fmt: skip
REPEATS = 12
"""Strange bodies per operation, besides the fixed ones; the seed is fixed, so a failure comes again."""


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if method in ("get", "post", "put", "patch", "delete") and path != "/v1/stream":
                yield method.upper(), path, operation


def names_in(path: str) -> list[str]:
    """What a path wants to be told."""
    return re.findall(r"{(\w+)}", path)


def twisted(example: Any, chance: random.Random) -> Any:
    """The example with something strange in one place."""
    if isinstance(example, dict) and example and chance.random() < 0.85:
        name = chance.choice(sorted(example))
        what = chance.random()
        if what < 0.1:
            return {key: value for key, value in example.items() if key != name}
        if what < 0.2:
            return example | {chance.choice(("unknown", "", "lines ", "__class__")): chance.choice(STRANGE)}
        return example | {name: twisted(example[name], chance)}
    if isinstance(example, list) and example and chance.random() < 0.85:
        return [twisted(example[0], chance), *example[1:]]
    return chance.choice(STRANGE)


def examples_of(operation: Json) -> list[Any]:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    named = [each["value"] for each in content.get("examples", {}).values()]
    return named or ([content["example"]] if "example" in content else [])


def never_broken(answer: httpx.Response, said: object) -> None:
    assert answer.status_code < 500, (said, answer.status_code, answer.text)
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json", (said, answer.text)
        problem = answer.json()
        assert {"type", "title", "status", "code", "detail", "instance", "retryable", "request_id"} <= problem.keys(), said
        assert problem["status"] == answer.status_code
        assert "Traceback" not in answer.text


@pytest.fixture(scope="session")
async def document(shop: Shop) -> Json:
    return ok(await shop.quote.get("/openapi.json"))


async def test_both_openapi_documents_are_valid_and_every_operation_has_an_example(shop: Shop, document: Json) -> None:
    OpenAPIV31SpecValidator(document).validate()
    older = ok(await shop.quote.get("/openapi-3.0.json"))
    OpenAPIV30SpecValidator(older).validate()
    for method, path, operation in operations(document):
        assert "example" in next(iter(operation["responses"]["200"]["content"].values())), path
        bodies = operation.get("requestBody", {}).get("content", {}).values()
        shown = (
            path.startswith("/v1/dead-letters/") or not bodies or any("example" in body or "examples" in body for body in bodies)
        )  # a reason says all
        assert method != "POST" or shown, f"{path} shows no request"
        assert operation["operationId"].replace("_", "").islower()


async def test_every_example_of_a_request_is_understood(shop: Shop, document: Json) -> None:
    """It may be refused for what it names, never for how it is written."""
    for method, path, operation in operations(document):
        for example in examples_of(operation):
            own = example | ({"idempotency_key": a_name("KEY")} if "idempotency_key" in example else {})
            answer = await shop.quote.request(method, path.format_map(dict.fromkeys(names_in(path), "x")), json=own)
            unknown = answer.status_code == 422 and all(one["code"].startswith("unknown_") for one in answer.json()["errors"])
            assert unknown or answer.status_code in (200, 404, 409), (path, example, answer.text)


async def test_nothing_that_comes_in_is_ever_our_mistake(shop: Shop, document: Json) -> None:
    chance = random.Random(4711)
    sku = await shop.stocked(100)
    held, order = await shop.hold(a_line(sku)), await shop.order(a_line(sku, line_ref="10"))
    known = {"quote_id": held["id"], "order_id": order["order_id"], "decision_id": order["decision_id"]}
    asked = 0
    for method, path, operation in operations(document):
        familiar = {name: known.get(name, "x") for name in names_in(path)}
        for names in (familiar, {name: printable(chance.choice(STRANGE)) for name in familiar}):
            target = path.format_map({name: quote(value, safe="") for name, value in names.items()})
            queries = [one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"]
            examples = examples_of(operation)
            bodies = [json.dumps(twisted(chance.choice(examples), chance)).encode() for _ in range(REPEATS)] if examples else []
            for body in (*BODIES, *bodies) if method == "POST" and names is familiar else bodies:
                headers = {b"Content-Type": b"application/json", b"Idempotency-Key": chance.choice((b"k", b"", b"k" * 300, b"\xe9"))}
                never_broken(await shop.quote.post(target, content=body, headers=headers), (target, body[:300]))
                asked += 1
            for _ in range(REPEATS if method == "GET" else 0):
                params = {name: printable(chance.choice((*STRANGE, sku, "HAM", day(1)))) for name in queries if chance.random() < 0.6}
                never_broken(await shop.quote.get(target, params=params), (target, params))
                asked += 1
    assert asked > 400
    assert ok(await shop.quote.get("/readyz"))["ready"] is True


def printable(value: object) -> str:
    """A value as a URL can carry it."""
    return str(value).encode("utf-8", "replace").decode() or "-"


async def test_bodies_of_more_than_a_megabyte_wrong_types_and_wrong_methods_are_named(shop: Shop) -> None:
    big = await shop.quote.post(
        "/v1/orders", content=b'{"lines": "' + b"x" * 1_100_000 + b'"}', headers={"Content-Type": "application/json"}
    )
    assert (big.status_code, big.headers["content-type"]) == (413, "application/problem+json")
    form = await shop.quote.post("/v1/orders", data={"sku": "A"})
    assert (form.status_code, form.headers["content-type"]) == (422, "application/problem+json")
    for method, path in (("DELETE", "/v1/orders"), ("PUT", "/v1/quotes"), ("GET", "/v1/nothing"), ("GET", "/")):
        answer = await shop.quote.request(method, path)
        never_broken(answer, path)
        assert answer.status_code in (404, 405)
