"""Whatever the documents allow, and whatever they do not: every operation answers in time, as documented, and never with a 5xx.

The cases come from each service's own /openapi.json: its examples, every boundary of every field, and random ones. Half of them are
about things that exist, so that they get past "no such order".
"""

import asyncio
import os
import traceback
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.hooks import HookDispatcher, HookScope
from schemathesis.schemas import APIOperation, BaseSchema

from tests.running import RunningService, ServiceStarter
from tests.service.quote.shop import Shop, a_line, day, ok

NAMES = ("quote", "inventory", "capacity", "notifier")
ANSWER_SECONDS = 10.0
"""Longer than this is a hang."""
load_all_checks()
CHECKED: Any = CHECKS.get_by_names(
    ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
     "response_schema_conformance", "ignored_auth", "unsupported_method"]
)  # fmt: skip
SOAK = os.environ.get("PLEDGE_HYPOTHESIS") == "soak"
"""`make soak` looks further, and elsewhere each time; `make test` sees the same cases every time."""
LOOK = settings(
    max_examples=2_000 if SOAK else 6, derandomize=not SOAK, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
ENDLESS = "/v1/stream"
NOWHERE = "http://127.0.0.1:9/nobody"


@pytest.fixture(scope="module")
async def running(a_service: ServiceStarter) -> dict[str, RunningService]:
    """Every service that has an interface, on one database and one broker."""
    return dict(zip(NAMES, await asyncio.gather(*(a_service(name) for name in NAMES)), strict=True))


@pytest.fixture(scope="module")
async def shop(running: dict[str, RunningService]) -> AsyncIterator[Shop]:
    quote, inventory = running["quote"], running["inventory"]
    async with (
        httpx.AsyncClient(base_url=quote.url, headers=quote.headers, timeout=30) as asking,
        httpx.AsyncClient(base_url=inventory.url, headers=inventory.headers, timeout=30) as telling,
    ):
        found = Shop(asking, telling)
        await found.open_sites()
        yield found


@pytest.fixture(scope="module")
async def known(shop: Shop) -> dict[str, list[str]]:
    """What exists, by the name of the field or parameter that would say it."""
    sku = await shop.stocked(100, {3: 50})
    receipt = await shop.order_supply(sku, 10, 5)
    order = await shop.order(a_line(sku, 5, line_ref="10"))
    held = await shop.hold(a_line(sku, 2, line_ref="10"), ttl_seconds=86_400)
    asked = await shop.ask(a_line(sku, 3, line_ref="10", requested_date=day(1)))
    await shop.move("adjustment", sku, 1, movement_id="WMS-1")
    return {
        "sku": [sku], "site": ["HAM", "BER"], "to_site": ["MUC"], "sites": ["HAM"], "line_ref": ["10"], "receipt_id": [receipt],
        "movement_id": ["WMS-1"], "quote_id": [held["id"], asked["id"]], "order_id": [order["order_id"]],
        "decision_id": [held["decision_id"], asked["decision_id"]],
    }  # fmt: skip


def familiar(node: Any, known: dict[str, list[str]], name: str = "") -> Any:
    """The same with everything named that exists."""
    if isinstance(node, dict):
        return {key: familiar(value, known, key) for key, value in node.items()}
    if isinstance(node, list):
        return [familiar(each, known, name) for each in node]
    return known[name][0] if isinstance(node, str) and name in known else node


def harmless(node: Any, name: str = "") -> Any:
    """The same without an address that a message would be sent to."""
    if isinstance(node, dict):
        return {key: harmless(value, key) for key, value in node.items()}
    if isinstance(node, list):
        return [harmless(each, name) for each in node]
    return NOWHERE if name == "channel" and isinstance(node, str) and "://" in node else node


def operations(document: BaseSchema) -> Iterator[APIOperation[Any, Any, Any, Any]]:
    """Every operation of a document that comes to an end by itself."""
    for found in document.get_all_operations():
        assert isinstance(found, Ok), found
        if found.ok().path != ENDLESS:
            yield found.ok()


def complaints_about(service: RunningService, known: dict[str, list[str]]) -> list[str]:
    """What is wrong with the answers of a service, one text per operation."""
    document = schemathesis.openapi.from_url(f"{service.url}/openapi.json")

    def or_familiar(_context: Any, generated: Any) -> st.SearchStrategy[Any]:
        return st.sampled_from([harmless(familiar(generated, known)), harmless(generated)])

    found: list[str] = []
    with requests.Session() as session:
        for operation in operations(document):
            hooks = HookDispatcher(scope=HookScope.TEST)
            for place in ("path_parameters", "query", "body"):
                hooks.register_hook_with_name(or_familiar, f"flatmap_{place}")
            cases = st.one_of([operation.as_strategy(mode, hooks=hooks) for mode in GenerationMode])

            @LOOK
            @given(cases)
            def each_is_answered(case: schemathesis.Case[Any]) -> None:
                case.call_and_validate(session=session, headers=service.headers, checks=CHECKED, timeout=ANSWER_SECONDS)

            try:
                each_is_answered()
            except (FailureGroup, requests.RequestException) as wrong:
                found.append(f"{operation.label}: {''.join(traceback.format_exception_only(wrong))}")
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_operation_answers_whatever_comes_as_documented(
    name: str, running: dict[str, RunningService], known: dict[str, list[str]]
) -> None:
    complaints = complaints_about(running[name], known)
    assert not complaints, "\n\n".join(complaints)


async def test_afterwards_everybody_is_well(shop: Shop, running: dict[str, RunningService]) -> None:
    for service in running.values():
        async with httpx.AsyncClient(base_url=service.url) as client:
            assert ok(await client.get("/readyz"))["ready"] is True
