"""How soon does a change of stock show in a quote?"""

import time
from dataclasses import dataclass

from tests.bench.stage import LIVELY, Stage
from tests.bench.wire import Connection

PATIENCE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Change:
    """One change. Milliseconds until a quote promised the new quantity."""

    since_sent: float
    since_answered: float
    """Since inventory had answered: how long somebody who knows of the change may see the old stock."""


async def measure(stage: Stage, changes: int) -> list[Change]:
    """Set stock at inventory, then ask quote for exactly that much until it is promised in full; one change after the other."""
    inventory = await Connection.open(stage.services["inventory"].port)
    quote = await Connection.open(stage.services["quote"].port)
    found = []
    for n in range(changes):
        on_hand = 1000 + n
        asked = {"lines": [{"sku": LIVELY, "quantity": on_hand, "sites": ["HAM"]}]}
        if n == 0:
            await inventory.call("PUT", f"/v1/stock/HAM/{LIVELY}", {"on_hand": on_hand - 1, "safety_stock": 0})
            while (await quote.call("POST", "/v1/quotes", asked)).json()["outcome"] == "full":
                pass
        sent = time.perf_counter()
        answer = await inventory.call("PUT", f"/v1/stock/HAM/{LIVELY}", {"on_hand": on_hand})
        answered = time.perf_counter()
        assert answer.status == 200, answer.body
        while (await quote.call("POST", "/v1/quotes", asked)).json()["outcome"] != "full":
            assert time.perf_counter() - sent < PATIENCE_SECONDS, "the change has not shown"
        seen = time.perf_counter()
        found.append(Change((seen - sent) * 1000, (seen - answered) * 1000))
    inventory.close()
    quote.close()
    return found
