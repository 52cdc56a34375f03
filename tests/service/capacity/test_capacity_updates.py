"""The same bodies as events: on capacity.updates.v1 and over HTTP, and what cannot be taken is kept until somebody decides."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.broker import Broker, Message
from tests.running import RunningService
from tests.service.capacity.capacity_caller import WORKDAYS, Caller, a_name

TOPIC = "capacity.updates.v1"
Json = dict[str, Any]


@pytest.fixture
async def sender(service: RunningService, kafka: str) -> AsyncIterator[Broker]:
    async with Broker(kafka, "a-planner") as broker:
        yield broker


def told(short: str, **body: object) -> Message:
    return Message(TOPIC, b"k", json.dumps({"type": short, **body}).encode(), (), 0)


async def becomes(call: Caller, path: str, **wanted: object) -> Json:
    """Return the entity once it looks so."""
    deadline = time.monotonic() + 20
    while True:
        answer = await call.get(f"/v1/{path}")
        if answer.status_code == 200 and wanted.items() <= answer.json().items():
            found: Json = answer.json()
            return found
        assert time.monotonic() < deadline, answer.text
        await asyncio.sleep(0.05)


async def test_all_kinds_come_in_by_event(call: Caller, sender: Broker) -> None:
    calendar, resource, sku = a_name("CAL"), a_name("SAW"), a_name("CHAIR")
    routing = {"operations": [{"sequence": 10, "name": "Saw", "minutes_per_unit": 5, "resources": [{"resource": resource}]}]}
    await sender.send(
        [
            told("calendar-set", calendar=calendar, name="Days", weekly=WORKDAYS),
            told("resource-set", resource=resource, site="HAM", calendar=calendar, units=2),
            told("exception-set", resource=resource, date="2026-12-28", minutes=60, reason="repair"),
            told("routing-set", sku=sku, routings=[routing]),
            told("calendar-set", calendar=calendar, name="Working days", weekly=WORKDAYS),
        ]
    )
    await becomes(call, f"calendars/{calendar}", name="Working days", revision=2)
    assert (await call.read(f"resources/{resource}"))["units"] == 2
    assert (await call.read(f"routings/{sku}"))["routings"][0]["operations"][0]["minutes_per_unit"] == 5
    capacity = json.dumps(await call.read(f"capacity?resource={resource}&from_date=2026-12-28&to_date=2026-12-28"))
    assert "repair" in capacity
    event = {"type": "exception-removed", "id": resource, "source": "/mes", "resource": resource, "date": "2026-12-28"}
    answers = [(await call.ok("POST", "/v1/events", event))["results"][0] for _ in range(2)]
    assert [(answer["outcome"], answer["replayed"]) for answer in answers] == [("applied", False), ("unchanged", True)]
    assert "repair" not in json.dumps(await call.read(f"capacity?resource={resource}&from_date=2026-12-28&to_date=2026-12-28"))


async def test_what_is_refused_is_a_dead_letter_that_is_sent_again_after_the_repair(call: Caller, sender: Broker) -> None:
    resource = a_name("MILL")
    await sender.send(
        [
            told("exception-set", resource=resource, date="2026-12-28", minutes=60, reason="repair"),
            told("resource-set", resource=a_name("X"), site="HAM", units="1,5"),
        ]
    )
    deadline = time.monotonic() + 20
    while len(open_ := (await call.read("dead-letters"))["data"]) < 2:
        assert time.monotonic() < deadline, open_
        await asyncio.sleep(0.1)
    refused, unreadable = open_
    assert "UNKNOWN_RESOURCE" in refused["reason"]
    assert "/units" in unreadable["reason"]
    await call.put_(f"resources/{resource}", site="HAM")
    assert (await call.ok("POST", f"/v1/dead-letters/{refused['id']}/replay"))["status"] == "replayed"
    await call.ok("POST", f"/v1/dead-letters/{unreadable['id']}/drop", {"reason": "a test"})
    assert (await call.read("dead-letters"))["data"] == []
    await becomes(call, f"resources/{resource}", revision=2)


async def test_a_batch_over_http_has_one_result_each(call: Caller) -> None:
    calendar = a_name("CAL")
    events = [
        {"type": "calendar-set", "id": f"{calendar}-{n}", "source": "/mes", "calendar": calendar, "name": name, "weekly": WORKDAYS}
        for n, name in enumerate(("One", "Two", "Two"))
    ]
    events.append({"type": "exception-removed", "id": calendar, "source": "/mes", "resource": calendar, "date": "2026-12-28"})
    found = await call.ok("POST", "/v1/events", events)
    assert [result["outcome"] for result in found["results"]] == ["applied", "applied", "unchanged", "refused"]
    assert (await call.read(f"calendars/{calendar}"))["name"] == "Two"
