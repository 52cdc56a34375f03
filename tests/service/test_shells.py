"""Capacity and notifier: they stand, say what they lack by name, and pretend nothing."""

import asyncio

import httpx
import pytest
from openapi_spec_validator import validate

from tests.running import RunningBroker, RunningService, ServiceStarter

SHELLS = ("capacity", "notifier")


@pytest.fixture(scope="module")
async def shells(a_service: ServiceStarter) -> dict[str, RunningService]:
    """Both, started once."""
    return dict(zip(SHELLS, await asyncio.gather(*(a_service(name) for name in SHELLS)), strict=True))


@pytest.mark.parametrize("name", SHELLS)
async def test_a_shell_is_ready_and_names_its_database_and_its_broker(name: str, shells: dict[str, RunningService]) -> None:
    service = shells[name]
    async with httpx.AsyncClient(base_url=service.url) as client:
        ready = await client.get("/readyz")
        assert ready.status_code == 200
        assert {check["name"]: check["ok"] for check in ready.json()["checks"]} == {"database": True, "broker": True}


@pytest.mark.parametrize("name", SHELLS)
async def test_a_shell_pretends_nothing(name: str, shells: dict[str, RunningService]) -> None:
    service = shells[name]
    async with httpx.AsyncClient(base_url=service.url, headers=service.headers) as client:
        for path in ("/openapi.json", "/openapi-3.0.json"):
            document = (await client.get(path)).json()
            validate(document)
            assert document["paths"] == {}
        said = (await client.get("/asyncapi.json")).json()
        assert said["operations"] == {}
        unknown = await client.get("/v1/calendars")
        assert unknown.status_code == 404
        assert unknown.headers["content-type"] == "application/problem+json"


async def test_a_shell_without_its_broker_lives_and_names_what_is_missing(
    shells: dict[str, RunningService], started_broker: RunningBroker
) -> None:
    service = shells["capacity"]
    started_broker.stop()
    try:
        async with httpx.AsyncClient(base_url=service.url) as client:
            assert (await client.get("/livez")).status_code == 200
            ready = await client.get("/readyz")
            assert ready.status_code == 503
            assert [check["name"] for check in ready.json()["checks"] if not check["ok"]] == ["broker"]
    finally:
        started_broker.start()
