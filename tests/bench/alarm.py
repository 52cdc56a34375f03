"""How soon does a person hear that a promise is in danger? From a purchase order that slips to a signed webhook received."""

import asyncio
import time
from datetime import date, timedelta

from tests.bench.stage import Stage
from tests.bench.wire import Connection
from tests.service.notifier.sink import Sink

PATIENCE_SECONDS = 10.0
_PATH = "/hook"


async def measure(stage: Stage, slips: int) -> list[float]:
    """Milliseconds from `PUT /v1/receipts` with a later date until the webhook came in; one slip after the other, each of an own order."""
    inventory, quote, notifier = [await Connection.open(stage.services[name].port) for name in ("inventory", "quote", "notifier")]
    today = date.today()  # noqa: DTZ011, TID251 -- the stage's sites keep UTC, and no receipt is near a midnight
    early, late = (today + timedelta(days=days) for days in (5, 9))
    found = []
    async with Sink() as sink:
        wish = {"events": ["promise-at-risk"], "channel": sink.url(_PATH), "allow_private": True}
        assert (await notifier.call("PUT", "/v1/subscriptions/bench", wish)).status == 200
        for n in range(slips):
            sku, receipt = f"SKU-SLIP-{n}", f"PO-SLIP-{n}"
            supply = {"kind": "purchase_order", "site": "HAM", "sku": sku, "quantity": 5}
            await inventory.call("PUT", f"/v1/items/{sku}", {"name": sku})
            await inventory.call("PUT", f"/v1/receipts/{receipt}", supply | {"due_date": early.isoformat()})
            await _ordered(quote, {"lines": [{"sku": sku, "quantity": 5, "sites": ["HAM"], "requested_date": early.isoformat()}]})
            began = time.perf_counter()
            assert (await inventory.call("PUT", f"/v1/receipts/{receipt}", supply | {"due_date": late.isoformat()})).status == 200
            while len(sink.at(_PATH)) <= n:
                assert time.perf_counter() - began < PATIENCE_SECONDS, "nobody was told"
                await asyncio.sleep(0.002)
            found.append((time.perf_counter() - began) * 1000)
    for connection in (inventory, quote, notifier):
        connection.close()
    return found


async def _ordered(quote: Connection, body: object) -> None:
    """Order as soon as the supply is known."""
    deadline = time.perf_counter() + PATIENCE_SECONDS
    while (await quote.call("POST", "/v1/orders", body)).status != 200:
        assert time.perf_counter() < deadline, "the supply has not shown"
        await asyncio.sleep(0.05)
