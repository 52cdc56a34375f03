"""How tests speak as quote does, over a real broker, and talk to notifier over HTTP."""

import asyncio
import itertools
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx

from shared.broker import Broker, Outgoing, to_message
from shared.contracts.base import Contract
from shared.contracts.quote import (
    ORDERS_TOPIC,
    RISK_TOPIC,
    OrderEvent,
    OrderLineState,
    PromiseRisk,
    RiskCause,
    UnmatchedShipment,
)

Json = dict[str, Any]
_revisions = itertools.count(1)
AN_INSTANT = datetime(2026, 11, 21, 10, 42, 7, tzinfo=UTC)


def a_ref(prefix: str = "PO") -> str:
    """Return a reference that no other test uses."""
    return f"{prefix}-{secrets.token_hex(4)}"


def a_cause(ref: str, code: str = "RECEIPT_RESCHEDULED", summary: str | None = None) -> RiskCause:
    return RiskCause.model_validate(
        {"code": code, "ref": ref, "sku": "SKU-77", "site": "HAM", "summary": summary or f"{ref} slipped to 8 Dec."}
    )


def a_risk(order_id: str, cause: RiskCause | None, **fields: object) -> PromiseRisk:
    """Return an order line three days late, worth 3,600 euros, unless `fields` say otherwise."""
    known: Json = {
        "revision": next(_revisions), "occurred_at": AN_INSTANT, "order_id": order_id, "line_ref": "10",
        "customer": "NORDRAD", "demand_class": "gold", "sku": "SKU-77", "sites": ("HAM",), "quantity": 80,
        "requested_date": "2026-12-01", "first_promised_date": "2026-12-05", "promised_date": "2026-12-05",
        "projected_date": "2026-12-08", "slip_days": 3, "unsupplied": False, "value": 3600, "currency": "EUR", "cause": cause,
    }  # fmt: skip
    return PromiseRisk.model_validate({**known, **fields})


def an_order(order_id: str, status: str, revision: int, line_ref: str = "10") -> OrderEvent:
    line = OrderLineState.model_validate(
        {
            "line_ref": line_ref, "sku": "SKU-77", "quantity": 80, "requested_date": "2026-12-01", "first_promised_date": "2026-12-05",
            "promised_date": "2026-12-05", "status": status, "shipped_quantity": 0,
        }
    )  # fmt: skip
    return OrderEvent.model_validate(
        {"revision": revision, "occurred_at": AN_INSTANT, "order_id": order_id, "status": status, "lines": (line,)}
    )


class Teller:
    """Says what quote says."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    async def risk(self, what: str, *events: PromiseRisk | UnmatchedShipment) -> None:
        await self._say(RISK_TOPIC, f"quote.risk.{what}.v1", *events)

    async def at_risk(self, *events: PromiseRisk) -> None:
        await self.risk("promise-at-risk", *events)

    async def order(self, what: str, event: OrderEvent) -> None:
        await self._say(ORDERS_TOPIC, f"quote.orders.{what}.v1", event)

    async def _say(self, topic: str, kind: str, *events: Contract) -> None:
        now = AN_INSTANT
        messages = []
        for event in events:
            order_id = str(getattr(event, "order_id"))  # noqa: B009 -- three contracts have it
            outgoing = Outgoing(uuid4(), topic, order_id, kind, order_id, event.model_dump_json(), now)
            messages.append(to_message(outgoing, "/pledge/quote"))
        await self._broker.send(messages)


class Caller(httpx.AsyncClient):
    """An HTTP client that knows notifier's words."""

    async def ok(self, method: str, path: str, body: object = None, **headers: str) -> Json:
        answer = await self.request(method, path, json=body, headers=headers)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def subscribe(self, name: str, url: str, *events: str, **fields: object) -> str:
        """Put a subscription to a webhook on loopback; return its secret."""
        wanted = list(events) or ["promise-at-risk", "promise-recovered", "promise-missed"]
        body = {"events": wanted, "channel": url, "allow_private": True, **fields}
        return str((await self.ok("PUT", f"/v1/subscriptions/{name}", body))["secret"])

    async def alert_of(self, ref: str, until: Callable[[Json], bool] = lambda _: True) -> Json:
        """Return the alert of the cause with this reference, once it is there and as wanted."""
        deadline = time.monotonic() + 20
        found: list[Json] = []
        while time.monotonic() < deadline:
            found = (await self.ok("GET", f"/v1/alerts?cause={ref}"))["data"]
            if found and until(found[0]):
                return await self.ok("GET", f"/v1/alerts/{found[0]['alert_id']}")
            await asyncio.sleep(0.02)
        raise AssertionError(f"no such alert of {ref}: {found}")

    async def delivery(self, name: str, until: Callable[[Json], bool]) -> Json:
        """Return the subscription's message that is as wanted."""
        deadline = time.monotonic() + 25
        found: list[Json] = []
        while time.monotonic() < deadline:
            found = (await self.ok("GET", f"/v1/deliveries?subscription={name}"))["data"]
            for each in found:
                if until(each):
                    return await self.ok("GET", f"/v1/deliveries/{each['delivery_id']}")
            await asyncio.sleep(0.05)
        raise AssertionError(f"no such delivery: {found}")
