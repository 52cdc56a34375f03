"""Is it alive, is it ready, how is it doing? For orchestrators, people and Prometheus; needs no key."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, Histogram, generate_latest
from starlette.responses import Response

CHECK_TIMEOUT_SECONDS: Final = 3.0
PATHS: Final = frozenset({"/livez", "/readyz", "/metrics"})
"""Asked every few seconds by machines: not worth an access line."""

ANSWERS = Histogram(
    "pledge_http_request_seconds",
    "Time from a request's arrival to the end of its answer.",
    ("method", "route", "status"),
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
_children: dict[tuple[str, str, int], Histogram] = {}


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """Count one answer. The labelled child is kept here, for looking it up costs more than counting."""
    key = (method, route, status)
    child = _children.get(key)
    if child is None:
        child = _children[key] = ANSWERS.labels(method, route, str(status))
    child.observe(seconds)


@dataclass(frozen=True, slots=True)
class Check:
    """One dependency: its name, whether it serves us, and the reason or the figure behind that."""

    name: str
    ok: bool
    detail: str = ""

    def as_dict(self) -> dict[str, Any]:
        """As /readyz says it."""
        return {"name": self.name, "ok": self.ok, "detail": self.detail}


Checks = Callable[[], Awaitable[list[Check]]]


async def checked(name: str, ask: Callable[[], Awaitable[object]]) -> Check:
    """The check that `ask` ends without an error, in time."""
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_SECONDS / 2):
            await ask()
    except Exception as error:  # noqa: BLE001 -- whatever is wrong with it, it is not ready, and the answer says why
        return Check(name, ok=False, detail=str(error) or type(error).__name__)
    return Check(name, ok=True)


async def _all(checks: Checks) -> list[Check]:
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
            return await checks()
    except TimeoutError:
        return [Check("checks", ok=False, detail=f"no answer within {CHECK_TIMEOUT_SECONDS:g} s")]
    except Exception as error:  # noqa: BLE001
        return [Check("checks", ok=False, detail=str(error) or type(error).__name__)]


def router(checks: Checks) -> APIRouter:
    """`/livez`, `/readyz` and `/metrics`."""
    routes = APIRouter()

    @routes.get("/livez", include_in_schema=False)
    async def livez() -> Response:
        """Whether the process turns; it never asks a dependency."""
        return _json({"alive": True}, 200)

    @routes.get("/readyz", include_in_schema=False)
    async def readyz(request: Request) -> Response:
        """Whether requests should come here: each dependency by name, with the reason when it is not there."""
        found = await _all(checks)
        if request.app.state.stopping.is_set():
            found.insert(0, Check("service", ok=False, detail="stopping"))
        ready = all(check.ok for check in found)
        return _json({"ready": ready, "checks": [check.as_dict() for check in found]}, 200 if ready else 503)

    @routes.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        """Everything counted in this process, for Prometheus."""
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return routes


def _json(body: dict[str, Any], status: int) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")
