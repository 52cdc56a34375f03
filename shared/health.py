"""Is it alive, is it ready, how is it doing? For orchestrators, people and Prometheus; needs no key."""

import asyncio
from bisect import bisect_left
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector
from starlette.responses import Response

CHECK_TIMEOUT_SECONDS: Final = 3.0
PATHS: Final = frozenset({"/livez", "/readyz", "/metrics"})
"""Asked every few seconds by machines: not worth an access line."""

BUCKETS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds in seconds; above the last one is +Inf."""


class Answers(Collector):
    """Answers by method, route and status in buckets of time. One thread counts, so it needs no lock and costs a tenth of one that has."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, int], list[int]] = {}
        self._seconds: dict[tuple[str, str, int], float] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer that took `seconds`."""
        key = (method, route, status)
        counts = self._counts.get(key)
        if counts is None:
            counts = self._counts[key] = [0] * (len(BUCKETS) + 1)
            self._seconds[key] = 0.0
        counts[bisect_left(BUCKETS, seconds)] += 1
        self._seconds[key] += seconds

    def within(self, method: str, route: str, share: float) -> tuple[float | None, int]:
        """The least of the bounds within which this share of the successful answers was given, and of how many; None: of none."""
        counts = self._counts.get((method, route, 200), [])
        answered = sum(counts)
        enough = (bound for bound, so_far in zip(BUCKETS, accumulate(counts), strict=False) if answered and so_far >= share * answered)
        return next(enough, None), answered

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """The counts as Prometheus takes them: each bucket with all that are smaller."""
        family = HistogramMetricFamily(
            "pledge_http_request_seconds",
            "Time from a request's arrival to the end of its answer.",
            labels=("method", "route", "status"),
        )
        for (method, route, status), counts in self._counts.items():
            buckets = list(zip([*map(str, BUCKETS), "+Inf"], accumulate(counts), strict=True))
            family.add_metric((method, route, str(status)), buckets, self._seconds[method, route, status])
        yield family


ANSWERS: Final = Answers()
REGISTRY.register(ANSWERS)
observe = ANSWERS.observe


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
