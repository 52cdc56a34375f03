"""The same bodies as events: on the topic and over HTTP, once each, and what cannot be taken is kept until somebody decides."""

import asyncio
import base64
import json
import secrets
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from cloudevents.core.bindings import http, kafka
from cloudevents.core.v1.event import CloudEvent

from shared.broker import Broker, Message
from tests.running import RunningService
from tests.service.inventory.inventory_caller import Caller, a_movement, a_sku

TOPIC = "inventory.updates.v1"
Json = dict[str, Any]


@pytest.fixture
async def sender(service: RunningService, kafka: str) -> AsyncIterator[Broker]:
    async with Broker(kafka, "a-warehouse") as broker:
        yield broker


def an_event(short: str, data: Json, identity: str | None = None) -> CloudEvent:
    known = {"type": f"inventory.updates.{short}.v1", "source": "/wms", "id": identity or secrets.token_hex(8), "specversion": "1.0"}
    return CloudEvent({**known, "datacontenttype": "application/json"}, data)


def binary(event: CloudEvent) -> Message:
    told = kafka.to_binary_event(event)
    return Message(TOPIC, b"k", told.value, list(told.headers.items()), 0)


def structured(event: CloudEvent) -> Message:
    told = kafka.to_structured_event(event)
    return Message(TOPIC, b"k", told.value, list(told.headers.items()), 0)


def plain(body: object) -> Message:
    return Message(TOPIC, b"k", body if isinstance(body, bytes) else json.dumps(body).encode(), (), 0)


async def shows(call: Caller, sku: str, on_hand: float, site: str = "HAM") -> Json:
    """Return the position once it has this stock."""
    deadline = time.monotonic() + 20
    while True:
        answer = await call.get(f"/v1/stock/{site}/{sku}")
        if answer.status_code == 200 and answer.json()["on_hand"] == on_hand:
            found: Json = answer.json()
            return found
        assert time.monotonic() < deadline, answer.text
        await asyncio.sleep(0.05)


async def letters(call: Caller, about: str, count: int = 1) -> list[Json]:
    """Return the open dead letters that speak of this, once there are so many."""
    deadline = time.monotonic() + 20
    while True:
        found: list[Json] = []
        cursor: str | None = ""
        while cursor is not None:
            page = await call.ok("GET", f"/v1/dead-letters?limit=100&cursor={cursor}" if cursor else "/v1/dead-letters?limit=100")
            found += [each for each in page["data"] if about in json.dumps(each)]
            cursor = page["next_cursor"]
        if len(found) == count:
            return found
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.2)


async def test_every_form_of_an_event_on_the_topic_says_the_same(call: Caller, sender: Broker) -> None:
    skus = [a_sku() for _ in range(4)]
    data = [{"site": "HAM", "sku": sku, "on_hand": n + 1} for n, sku in enumerate(skus)]
    await sender.send(
        [
            binary(an_event("stock-set", data[0])),
            structured(an_event("stock-set", data[1])),
            plain({"type": "stock-set", **data[2]}),
            plain({"type": "stock-set", "id": skus[3], "source": "erp", "data": data[3]}),
        ]
    )
    for n, sku in enumerate(skus):
        await shows(call, sku, n + 1)


async def test_all_kinds_come_in_by_event(call: Caller, sender: Broker) -> None:
    sku = a_sku()
    told: list[tuple[str, Json]] = [
        ("site-set", {"site": sku, "name": "Here", "time_zone": "Europe/Berlin"}),
        ("item-set", {"sku": sku, "name": "Chair"}),
        ("supplier-set", {"supplier": sku, "name": "Wood"}),
        ("supplier-item-set", {"supplier_item": sku, "supplier": sku, "sku": sku, "lead_time_days": 3}),
        ("lane-set", {"lane": sku, "from_site": sku, "to": "DE"}),
        ("receipt-set", {"receipt_id": sku, "kind": "purchase_order", "site": sku, "sku": sku, "quantity": 9, "due_date": "2027-01-05"}),
        ("movements-posted", {"movements": [a_movement("arrival", sku, 4, sku, receipt_id=sku)]}),
        ("receipt-closed", {"receipt_id": sku, "reason": "no more"}),
    ]
    await sender.send([binary(an_event(short, data)) for short, data in told])
    stood = await shows(call, sku, 4, sku)
    deadline = time.monotonic() + 10
    while (receipt := await call.ok("GET", f"/v1/receipts/{sku}"))["status"] != "closed":
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    assert (stood["site"], receipt["arrived"]) == (sku, 4)
    for kind, name in (("sites", "Here"), ("items", "Chair"), ("suppliers", "Wood")):
        assert (await call.ok("GET", f"/v1/{kind}/{sku}"))["name"] == name
    assert (await call.ok("GET", f"/v1/supplier-items/{sku}"))["lead_time_days"] == 3
    assert (await call.ok("GET", f"/v1/lanes/{sku}"))["to"] == "DE"
    document = await call.ok("GET", "/asyncapi.json")
    received = {message["$ref"].rpartition("/")[2] for message in document["operations"]["receive_inventory_updates_v1"]["messages"]}
    assert {f"inventory_updates_{short}_v1" for short, _ in told} <= received


async def test_an_event_counts_once_from_whichever_door(call: Caller, sender: Broker) -> None:
    sku = a_sku()
    event = an_event("stock-set", {"site": "HAM", "sku": sku, "on_hand": 5}, f"E-{sku}")
    told = http.to_structured_event(event)
    first = (await call.post("/v1/events", content=told.body, headers=told.headers)).json()
    assert [result["outcome"] for result in first["results"]] == ["applied"]
    await call.move("arrival", sku, 1)
    await sender.send([binary(event), structured(event)])
    again = (await call.post("/v1/events", content=told.body, headers=told.headers)).json()
    assert (again["results"][0]["outcome"], again["results"][0]["replayed"]) == ("unchanged", True)
    await sender.send([binary(an_event("stock-set", {"site": "HAM", "sku": f"{sku}-B", "on_hand": 1}))])
    await shows(call, f"{sku}-B", 1)
    assert (await call.stock(sku))["on_hand"] == 6, "the count is not set again"
    other = an_event("stock-set", {"site": "HAM", "sku": sku, "on_hand": 50}, f"E-{sku}")
    refused = await call.post("/v1/events", content=http.to_structured_event(other).body, headers=told.headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "EVENT_ID_REUSED")


async def test_a_batch_has_one_result_each_and_binary_mode_is_read_too(call: Caller) -> None:
    sku = a_sku()
    batch = [
        {"specversion": "1.0", "id": f"1-{sku}", "source": "/wms", "type": "stock-set", "data": {"site": "HAM", "sku": sku, "on_hand": 1}},
        {"specversion": "1.0", "id": f"2-{sku}", "source": "/wms", "type": "stock-set", "data": {"site": "HAM", "sku": sku, "on_hand": -1}},
        {"specversion": "1.0", "id": f"3-{sku}", "source": "/wms", "type": "receipt-closed", "data": {"receipt_id": f"never-{sku}"}},
        {"specversion": "1.0", "id": f"1-{sku}", "source": "/wms", "type": "stock-set", "data": {"site": "HAM", "sku": sku, "on_hand": 1}},
        {"specversion": "1.0", "id": f"4-{sku}", "source": "/wms", "type": "item-set",
         "data_base64": base64.b64encode(json.dumps({"sku": sku, "name": "Chair"}).encode()).decode()},
        17,
    ]  # fmt: skip
    answer = await call.post("/v1/events", json=batch, headers={"Content-Type": "application/cloudevents-batch+json"})
    found = answer.json()
    assert (answer.status_code, found["applied"], found["unchanged"], found["refused"]) == (200, 2, 1, 3)
    assert [(result["outcome"], result.get("code")) for result in found["results"]] == [
        ("applied", None), ("refused", "quantity_negative"), ("refused", "UNKNOWN_RECEIPT"), ("unchanged", None), ("applied", None),
        ("refused", "NOT_AN_EVENT"),
    ]  # fmt: skip
    assert found["results"][1]["errors"][0]["pointer"] == "/1/data/on_hand"
    assert [result["id"] for result in found["results"]] == [*(f"{n}-{sku}" for n in (1, 2, 3, 1, 4)), None]
    told = http.to_binary_event(an_event("stock-set", {"site": "HAM", "sku": sku, "on_hand": 8}, f"5 \u20ac {sku}"))
    one = await call.post("/v1/events", content=told.body, headers=told.headers)
    assert (one.status_code, one.json()["results"][0]["id"]) == (200, f"5 \u20ac {sku}")
    assert (await call.stock(sku))["on_hand"] == 8


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 422, "MALFORMED_BODY"),
        (b"[]", 422, "INVALID_REQUEST"),
        (b"null", 422, "NOT_AN_EVENT"),
        (b'{"type": "stok-set", "id": "1", "source": "x"}', 422, "UNKNOWN_TYPE"),
        (b'{"type": "stock-set", "source": "x", "site": "A", "sku": "B", "on_hand": 1}', 422, "missing"),
        (b'{"type": "receipt-closed", "id": "never", "source": "x", "receipt_id": "never"}', 404, "UNKNOWN_RECEIPT"),
        (b'{"specversion": "0.3", "type": "stock-set", "id": "1", "source": "x"}', 422, "NOT_AN_EVENT"),
    ],
)
async def test_an_event_that_cannot_be_taken_is_a_problem(call: Caller, body: bytes, status: int, code: str) -> None:
    answer = await call.post("/v1/events", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


async def test_movements_of_one_event_are_booked_all_or_not_at_all(call: Caller) -> None:
    sku = a_sku()
    data = {"movements": [a_movement("arrival", sku, 4), a_movement("issue", sku, -1)]}
    refused = await call.post("/v1/events", json={"type": "movements-posted", "id": sku, "source": "/wms", "data": data})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/movements/1/quantity")
    assert (await call.get(f"/v1/stock/HAM/{sku}")).status_code == 404
    data["movements"][1]["quantity"] = 1
    again = await call.post("/v1/events", json={"type": "movements-posted", "id": sku, "source": "/wms", "data": data})
    assert again.status_code == 200, "what was refused has not used its id up"
    assert (await call.stock(sku))["on_hand"] == 3


async def test_poison_is_kept_aside_with_its_reason_and_holds_nothing_up(call: Caller, sender: Broker) -> None:
    sku = a_sku()
    poison = [
        Message(TOPIC, f"{sku}-1".encode(), b"\xff\xfe not json", [("x", b"1")], 0),
        Message(TOPIC, f"{sku}-2".encode(), None, (), 0),
        Message(TOPIC, f"{sku}-3".encode(), b'{"type": "stok-set"}', (), 0),
        Message(TOPIC, f"{sku}-4".encode(), json.dumps({"type": "stock-set", "site": "HAM", "sku": sku, "on_hand": "1,5"}).encode(), (), 0),
        Message(TOPIC, f"{sku}-5".encode(), b'{"a":"' + b"x" * 5000 + b'"}', [("ce_type", b"\xff")], 0),
    ]
    await sender.send([*poison, plain({"type": "stock-set", "site": "HAM", "sku": sku, "on_hand": 2})])
    await shows(call, sku, 2)
    found = sorted(await letters(call, f'"key": "{sku}-', 5), key=lambda each: each["key"])
    reasons = ("the value is not JSON", "the value is not JSON", "UNKNOWN_TYPE: /type", "quantity_type: /on_hand", "a header is not UTF-8")
    assert all(letter["reason"].startswith(reason) for letter, reason in zip(found, reasons, strict=True)), found
    assert base64.b64decode(found[0]["payload_base64"]) == b"\xff\xfe not json"
    assert (found[4]["truncated"], len(found[4]["payload"])) == (True, 2000)
    whole = await call.ok("GET", f"/v1/dead-letters/{found[4]['id']}")
    assert (whole["truncated"], len(whole["payload"]), whole["topic"]) == (False, 5008, TOPIC)
    for letter in found:
        dropped = await call.ok("POST", f"/v1/dead-letters/{letter['id']}/drop", {"reason": "a test"})
        assert (dropped["status"], dropped["acted_by"], dropped["acted_because"]) == ("dropped", "development", "a test")
    await letters(call, f'"key": "{sku}-', 0)
    again = await call.ok("POST", f"/v1/dead-letters/{found[0]['id']}/drop", {"reason": "another"})
    assert (again["acted_because"], again["replayed"]) == ("a test", True)
    replay = await call.post(f"/v1/dead-letters/{found[0]['id']}/replay")
    assert (replay.status_code, replay.json()["code"]) == (409, "ALREADY_HANDLED")
    assert (await call.post(f"/v1/dead-letters/{found[0]['id']}/drop", json={})).status_code == 422


async def test_a_letter_is_sent_again_once_its_cause_is_repaired(call: Caller, sender: Broker) -> None:
    sku = a_sku()
    event = an_event("receipt-closed", {"receipt_id": f"PO-{sku}", "reason": "no more"}, f"close-{sku}")
    await sender.send([binary(event)])
    (letter,) = await letters(call, sku)
    assert "UNKNOWN_RECEIPT" in letter["reason"]
    assert (letter["headers"]["ce_id"], letter["partition"]) == (f"close-{sku}", 0)
    await call.order(f"PO-{sku}", sku, 5)
    answers = [await call.ok("POST", f"/v1/dead-letters/{letter['id']}/replay") for _ in range(2)]
    assert [(answer["status"], answer["replayed"]) for answer in answers] == [("replayed", False), ("replayed", True)]
    deadline = time.monotonic() + 20
    while (await call.ok("GET", f"/v1/receipts/PO-{sku}"))["status"] != "closed":
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)
    await letters(call, sku, 0)


async def test_a_letter_that_never_was_is_404(call: Caller) -> None:
    for name in (f"{TOPIC}:0:999999", f"{TOPIC}:x:1", "quote.orders.v1:0:0", "secret.topic:0:0", f"{TOPIC}:0:{'9' * 40}"):
        for answer in (await call.get(f"/v1/dead-letters/{name}"), await call.post(f"/v1/dead-letters/{name}/replay")):
            assert answer.status_code == 404, answer.text


async def test_a_thousand_updates_come_in_quickly_and_in_order(call: Caller, sender: Broker) -> None:
    sku = a_sku()
    updates = [plain({"type": "stock-set", "site": "HAM", "sku": f"{sku}-{n % 100}", "on_hand": n}) for n in range(1000)]
    await sender.send(updates)
    await asyncio.gather(*(shows(call, f"{sku}-{n}", 900 + n) for n in range(100)))
    assert (await call.stock(f"{sku}-7"))["revision"] == 10


async def test_readers_do_not_see_dead_letters(service: RunningService) -> None:
    async with httpx.AsyncClient(base_url=service.url) as nobody:
        assert (await nobody.get("/v1/dead-letters")).status_code == 401
        assert (await nobody.post("/v1/events", json={})).status_code == 401
