"""How many orders a second, all for one item or spread over a thousand, beside a transaction per request?"""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from tests.bench.load import Job, Seen, generate
from tests.bench.stage import HOT, ITEMS, cpu_seconds
from tests.running import RunningService

CALLERS = 64
RATE = 60.0
"""Requests per second of the open loop: what both find easy."""
PATH = "/v1/orders"


@dataclass(frozen=True, slots=True)
class Round:
    """One service in one round."""

    closed: Seen
    open: Seen
    cpu_microseconds: float
    """Of the service (not of PostgreSQL) per order of the closed loop."""


def bodies(*, hot: bool) -> list[str]:
    """One-line orders."""
    wanted = (datetime.now(UTC) + timedelta(days=10)).date().isoformat()  # noqa: TID251 -- a request's date, no decision
    skus = [HOT] if hot else [ITEMS[n * 617 % 1000] for n in range(1000)]
    return [
        json.dumps({"customer": "C-1", "lines": [{"line_ref": "10", "sku": sku, "quantity": 1, "requested_date": wanted}]}) for sku in skus
    ]


async def measure(service: RunningService, seconds: float, name: str, *, hot: bool) -> Round:
    """A closed and an open loop against one service; every order must be confirmed."""
    asked = bodies(hot=hot)
    cpu = cpu_seconds(service.pid)
    closed = await generate(Job(service.port, PATH, asked, CALLERS, seconds, keys=f"{name}-closed"))
    cpu = cpu_seconds(service.pid) - cpu
    opened = await generate(Job(service.port, PATH, asked, CALLERS, seconds, rate=RATE, keys=f"{name}-open"))
    assert closed.all_good, f"{service.name}: {asdict(closed)}"
    assert opened.all_good, f"{service.name}: {asdict(opened)}"
    return Round(closed, opened, cpu / closed.answered * 1e6)
