"""How fast is an inquiry beside an endpoint that does nothing?"""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from tests.bench.load import Job, Seen, generate
from tests.bench.stage import ITEMS, Stage, cpu_seconds
from tests.bench.wire import Connection
from tests.running import RunningService

ROWS = {"quote": "quote", "together": "quote, both lines together", "bare": "bare FastAPI"}
"""What is measured in turns, and what the page calls it."""
CALLERS = 16
RATE = 300.0
"""Requests per second of the open loop: what neither service finds hard."""
PATH = "/v1/quotes"


@dataclass(frozen=True, slots=True)
class Round:
    """One service in one round."""

    closed: Seen
    open: Seen
    cpu_microseconds: float
    """Of the service per request of the closed loop."""


def bodies(*, together: bool = False) -> list[str]:
    """Two-line quotes, as a CRM sends them; `together`: to be shipped complete, which is searched for."""
    wanted = (datetime.now(UTC) + timedelta(days=10)).date().isoformat()  # noqa: TID251 -- a request's date, no decision
    return [
        json.dumps(
            {
                "customer": "C-1", "mode": "inquiry", "allow_partial": False, "ship_complete": together,
                "lines": [
                    {"line_ref": "10", "sku": ITEMS[n % 1000], "quantity": 3, "requested_date": wanted},
                    {"line_ref": "20", "sku": ITEMS[(n * 7 + 1) % 1000], "quantity": 12.0, "requested_date": wanted},
                ],
            }
        )
        for n in range(1000)
    ]  # fmt: skip


async def prepare(stage: Stage) -> None:
    """Record an answer, and start the endpoint that gives it."""
    connection = await Connection.open(stage.services["quote"].port)
    answer = await connection.call("POST", PATH, json.loads(bodies()[0]))
    assert answer.status == 200, answer.body
    connection.close()
    recorded = stage.directory / "answer.json"
    recorded.write_bytes(answer.body)
    await stage.own("bare", PLEDGE_BARE_ANSWER=str(recorded))


async def measure(service: RunningService, seconds: float, seed: int, *, together: bool = False) -> Round:
    """A closed and an open loop against one service."""
    asked = bodies(together=together)
    await generate(Job(service.port, PATH, asked, CALLERS, 0.5))
    cpu = cpu_seconds(service.pid)
    closed = await generate(Job(service.port, PATH, asked, CALLERS, seconds))
    cpu = cpu_seconds(service.pid) - cpu
    opened = await generate(Job(service.port, PATH, asked, CALLERS, seconds, rate=RATE, seed=seed))
    assert closed.all_good, f"{service.name}: {asdict(closed)}"
    assert opened.all_good, f"{service.name}: {asdict(opened)}"
    return Round(closed, opened, cpu / closed.answered * 1e6)
