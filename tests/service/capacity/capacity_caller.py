"""How tests talk to capacity over HTTP, and hear it over Kafka."""

import asyncio
import itertools
import json
import secrets
import time
from datetime import UTC, datetime
from typing import Any, Self
from uuid import uuid4

import httpx

from shared.broker import Broker, PartitionReader, Received, TopicSpec, Unreachable, from_record, to_message
from shared.broker.cloudevents import Outgoing
from shared.contracts.capacity import EVENTS, TOPIC, ResourceCapacityChanged
from shared.contracts.inventory import TOPIC as ITEMS_TOPIC
from shared.contracts.inventory import ItemDefined

_numbers = itertools.count()
Json = dict[str, Any]
WORKDAYS = {"monday": 480, "tuesday": 480, "wednesday": 480, "thursday": 480, "friday": 480}


def a_name(kind: str) -> str:
    """Return a name that no other test uses."""
    return f"{kind}-{secrets.token_hex(3)}-{next(_numbers)}"


class Caller(httpx.AsyncClient):
    """An HTTP client that knows capacity's words."""

    async def put_(self, path: str, body: object = None, **fields: object) -> Json:
        """Define something; return how it stands."""
        return await self.ok("PUT", f"/v1/{path}", {**(body if isinstance(body, dict) else {}), **fields})

    async def read(self, path: str) -> Json:
        return await self.ok("GET", f"/v1/{path}")

    async def refused(self, path: str, body: object, status: int = 422) -> list[tuple[str, str]]:
        """Return pointer and code of each error of a refusal."""
        answer = await self.put(f"/v1/{path}", json=body)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
        return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]

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

    async def snapshot(self) -> tuple[Json, list[Received | Any]]:
        """Return the head of the snapshot and every entity in it."""
        answer = await self.get("/v1/snapshot")
        assert answer.headers["content-type"] == "application/x-ndjson"
        head, *entities = [json.loads(line) for line in answer.text.splitlines()]
        return head, [EVENTS[entity["type"]].model_validate(entity["data"]) for entity in entities]


class Ear:
    """Hears capacity.plan.v1 from the beginning."""

    def __init__(self, broker: Broker, reader: PartitionReader) -> None:
        self._broker = broker
        self._reader = reader
        self.heard: list[Received] = []
        self.beats: set[int] = set()

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

    async def of(self, subject: str, until_revision: int = 1, kind: str = "") -> list[Any]:
        """Return what was said about something up to a revision, once each, in the order in which it was said."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            found = {event.id: event.data for event in self.heard if event.subject == subject and kind in event.type}
            said: list[Any] = list(found.values())
            if any(data.revision >= until_revision for data in said):
                return said
            await self.listen()
        raise AssertionError(f"{subject} never reached revision {until_revision}: {[event.subject for event in self.heard]}")

    async def resource(self, resource: str, until_revision: int = 1) -> ResourceCapacityChanged:
        """Return the last that was said about a resource."""
        last = (await self.of(resource, until_revision))[-1]
        assert isinstance(last, ResourceCapacityChanged)
        return last

    async def listen(self) -> None:
        for partition, records in (await self._reader.poll(0.2)).items():
            for record in records:
                event = from_record(record, EVENTS)
                if event is not None and event.subject == "heartbeat":
                    self.beats.add(partition)
                elif event is not None:
                    self.heard.append(event)


class Inventory:
    """Says what inventory says: which items there are."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    async def define(self, *skus: str) -> None:
        """Return when the log has it."""
        await self._broker.ensure_topics([TopicSpec(ITEMS_TOPIC, 4)])
        now = datetime.now(UTC)  # noqa: TID251 -- stands for inventory's clock
        for sku in skus:
            item = ItemDefined(revision=1, occurred_at=now, sku=sku, name=sku, uom="EA")
            kind = "inventory.stock.item-defined.v1"
            await self._broker.send(
                [to_message(Outgoing(uuid4(), ITEMS_TOPIC, sku, kind, sku, item.model_dump_json(), now), "/pledge/inventory")]
            )
