"""Does the straight way answer exactly what FastAPI's own way answers, whatever is sent?"""

import json
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import orjson
import pytest
from fastapi import APIRouter, Depends, FastAPI, Header, Request, Response
from hypothesis import given
from hypothesis import strategies as st

from services.quote.asks.quotes import QuoteAsk
from shared import problems
from shared.service import Application
from shared.straight import StraightRoute
from tests.unit.shared.applications import client

JSON = {"Content-Type": "application/json", "X-Name": "me"}


async def name_of(request: Request) -> str:
    if (name := request.headers.get("x-name")) is None:
        raise problems.Problem(401, "UNAUTHENTICATED", "Say who you are.")
    return name


async def echo(
    request: Request, caller: Annotated[str, Depends(name_of)], ask: QuoteAsk, idempotency_key: Annotated[str | None, Header()] = None
) -> Response:
    return Response(orjson.dumps([request.url.path[-5:], caller, ask.model_dump_json(), idempotency_key]), media_type="application/json")


def both_ways(endpoint: Callable[..., Awaitable[Response]] = echo) -> FastAPI:
    app = Application(service="test")
    problems.install(app)
    plain, straight = APIRouter(prefix="/plain"), APIRouter(prefix="/other", route_class=StraightRoute)
    for router in (plain, straight):
        router.post("/quotes")(endpoint)
        app.router.routes.extend(router.routes)
    return app


async def answers_of_both(body: bytes, headers: dict[str, str]) -> list[tuple[int, Any]]:
    found = []
    async with client(both_ways()) as http:
        for way in ("plain", "other"):
            answer = await http.post(f"/{way}/quotes", content=body, headers=headers)
            told = answer.json()
            if answer.status_code != 200:
                told = {name: told[name] for name in ("status", "code", "detail", "errors")}
            found.append((answer.status_code, told))
    return found


ANYTHING = (
    st.none() | st.booleans() | st.integers(-5, 10**17) | st.floats() | st.sampled_from(["", "A", "12.5", "2026-12-01", "x" * 101, "é"])
)
LINE = st.fixed_dictionaries(
    {"sku": st.sampled_from(["A", "B"]) | ANYTHING, "quantity": st.integers(1, 9) | ANYTHING},
    optional=dict.fromkeys(("line_ref", "requested_date", "sites", "max_shipments", "allow_substitutes", "unit_price", "typo"), ANYTHING),
)
BODY = st.fixed_dictionaries(
    {"lines": st.lists(LINE, max_size=3) | ANYTHING},
    optional=dict.fromkeys(("mode", "customer", "ttl_seconds", "priority", "allow_partial", "probability", "idempotency_key"), ANYTHING),
)


@given(BODY)
async def test_both_ways_say_the_same(body: Any) -> None:
    plain, straight = await answers_of_both(json.dumps(body).encode(), JSON)
    assert straight == plain


GOOD = b'{"lines": [{"sku": "A", "quantity": 1.50, "requested_date": "2026-12-01"}]}'


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (GOOD, JSON),
        (GOOD, JSON | {"Idempotency-Key": "k-1"}),
        (GOOD, JSON | {"Content-Type": "application/json; charset=utf-8"}),
        (GOOD, JSON | {"Content-Type": "application/cloudevents+json"}),
        (GOOD, JSON | {"Content-Type": "text/plain"}),
        (GOOD, {"X-Name": "me"}),
        (GOOD, {"Content-Type": "application/json"}),
        (b"", JSON),
        (b"{", {"Content-Type": "application/json"}),
        (b"null", JSON),
        (b"\xef\xbb\xbf" + GOOD, JSON),
        (b'{"lines": [{"sku": "A", "quantity": 1}], "lines": [{"sku": "B", "quantity": 2}]}', JSON),
        (b'{"lines": [{"sku": "A", "quantity": NaN}]}', JSON),
        (b'{"lines": [{"sku": "A", "quantity": 1e400}]}', JSON),
        (b'{"lines": [{"sku": "A", "quantity": 0.1, "unit_price": 123456.123456}]}', JSON),
    ],
    ids=lambda value: None if isinstance(value, dict) else value.decode(errors="replace")[:40],
)
async def test_both_ways_say_the_same_of_odd_requests(body: bytes, headers: dict[str, str]) -> None:
    plain, straight = await answers_of_both(body, headers)
    assert straight == plain


@pytest.mark.parametrize("body", [GOOD, b"{"])
async def test_what_stands_behind_the_question_mark_is_refused(body: bytes) -> None:
    async with client(both_ways()) as http:
        answer = await http.post("/other/quotes?dry_run=true", content=body, headers=JSON)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/dry_run")


async def test_of_a_header_that_is_sent_twice_both_ways_read_the_first() -> None:
    twice = [("Content-Type", "application/json"), ("X-Name", "me"), ("Idempotency-Key", "first"), ("Idempotency-Key", "second")]
    async with client(both_ways()) as http:
        said = [(await http.post(f"/{way}/quotes", content=GOOD, headers=twice)).json()[-1] for way in ("plain", "other")]
    assert said == ["first", "first"]


async def test_the_straight_way_is_taken() -> None:
    """A request that is as it should be must not even build FastAPI's error context: the endpoint sees what only we pass on."""
    seen: list[Request] = []

    async def endpoint(request: Request, ask: QuoteAsk) -> Response:
        seen.append(request)
        return Response(b"{}", media_type="application/json")

    async with client(both_ways(endpoint)) as http:
        for way in ("plain", "other"):
            assert (await http.post(f"/{way}/quotes", content=GOOD, headers=JSON)).status_code == 200
    assert [hasattr(request, "_json") for request in seen] == [True, False], "FastAPI parses the body itself, we do not"


async def test_a_signature_that_is_not_simple_is_refused_at_the_start() -> None:
    async def endpoint(request: Request, ask: QuoteAsk, limit: int = 5) -> Response:
        return Response()

    with pytest.raises(TypeError, match="more than a StraightRoute reads"):
        both_ways(endpoint)


async def test_openapi_is_the_same_for_both_ways() -> None:
    paths = both_ways().openapi()["paths"]
    plain, straight = paths["/plain/quotes"]["post"], paths["/other/quotes"]["post"]
    assert plain["requestBody"] == straight["requestBody"]
    assert plain["parameters"] == straight["parameters"]
