"""How tests talk to inventory over HTTP, and hear it over Kafka."""

import asyncio
import itertools
import secrets
import time
from typing import Any, Self

import httpx

from shared.broker import Broker, PartitionReader, Received, Unreachable, from_record
from shared.contracts.inventory import EVENTS, TOPIC, PositionChanged

_numbers = itertools.count()
Json = dict[str, Any]


def a_sku() -> str:
    """Return a sku that no other test uses."""
    return f"SKU-{secrets.token_hex(3)}-{next(_numbers)}"


class Caller(httpx.AsyncClient):
    """An HTTP client that knows inventory's words."""

    async def stock(self, sku: str, site: str = "HAM") -> Json:
        return await self.ok("GET", f"/v1/stock/{site}/{sku}")

    async def count(self, sku: str, on_hand: float, site: str = "HAM", **fields: object) -> Json:
        return await self.ok("PUT", f"/v1/stock/{site}/{sku}", {"on_hand": on_hand, "reason": "test", "document": "C-1", **fields})

    async def order(self, receipt_id: str, sku: str, quantity: float, site: str = "HAM", **fields: object) -> Json:
        body = {"kind": "purchase_order", "site": site, "sku": sku, "quantity": quantity, "due_date": "2026-12-01", **fields}
        return await self.ok("PUT", f"/v1/receipts/{receipt_id}", body)

    async def move(self, type_: str, sku: str, quantity: float, site: str = "HAM", **fields: object) -> Json:
        """Book one movement; return its result."""
        answer = await self.ok("POST", "/v1/movements", {"movements": [a_movement(type_, sku, quantity, site, **fields)]})
        result: Json = answer["results"][0]
        return result

    async def ok(self, method: str, path: str, body: object = None) -> Json:
        """Return a 200's body; what is retryable is tried again, as every client does."""
        answer = await self.request(method, path, json=body)
        for _ in range(20):
            if answer.status_code != 503:
                break
            await asyncio.sleep(float(answer.headers["Retry-After"]) / 4)
            answer = await self.request(method, path, json=body)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found


def a_movement(type_: str, sku: str, quantity: float, site: str = "HAM", **fields: object) -> Json:
    """Return a movement with an id of its own."""
    known = {"movement_id": f"M-{secrets.token_hex(6)}", "type": type_, "site": site, "sku": sku, "quantity": quantity}
    return {**known, "reason": "test", "document": "D-1", **fields}


class Ear:
    """Hears inventory.stock.v1 from the beginning."""

    def __init__(self, broker: Broker, reader: PartitionReader) -> None:
        self._broker = broker
        self._reader = reader
        self._heard: list[Received] = []

    @classmethod
    async def open(cls, kafka: str) -> Self:
        broker = Broker(kafka, "ear")
        for _ in range(50):
            try:
                beginnings = await broker.beginning_offsets(TOPIC)
                break
            except Unreachable:
                await asyncio.sleep(0.1)
        else:
            raise AssertionError(f"{TOPIC} was never made")
        return cls(broker, await broker.reader(TOPIC, beginnings))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._reader.close()
        await self._broker.close()

    async def positions(self, key: str, until_revision: int) -> list[PositionChanged]:
        """Return every event of a position up to a revision, once each, in the order in which they were said."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            found = {event.id: event.data for event in self._heard if event.subject == key and isinstance(event.data, PositionChanged)}
            if any(data.revision >= until_revision for data in found.values()):
                return list(found.values())
            await self._listen()
        raise AssertionError(f"{key} never reached revision {until_revision}; last heard: {[event.subject for event in self._heard][-9:]}")

    async def one(self, type_: str, subject: str) -> Received:
        """Return the first event of this type about this."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            for event in self._heard:
                if event.type == type_ and event.subject == subject:
                    return event
            await self._listen()
        raise AssertionError(f"never heard {type_} of {subject}")

    async def _listen(self) -> None:
        for records in (await self._reader.poll(0.2)).values():
            self._heard += [event for event in (from_record(record, EVENTS) for record in records) if event is not None]
