"""Messages arrive, whatever receivers do: retried, kept over a kill, given up on 410, resent under the same id."""

import asyncio
import base64
import secrets
import time
from collections.abc import AsyncIterator

import asyncpg
import pytest

from shared.broker import Broker, Received, from_record
from shared.contracts.notifier import EVENTS, TOPIC, AlertEvent, DeliveryEvent
from tests.running import RunningService, ServiceStarter
from tests.service.notifier.sink import Heard, Sink
from tests.service.notifier.teller import Caller, Json, Teller, a_cause, a_ref, a_risk


def ended(each: Json) -> bool:
    return each["status"] in {"delivered", "undeliverable"}


async def test_a_failed_message_is_sent_again_with_the_same_id_until_it_is_taken(call: Caller, tell: Teller, sink: Sink) -> None:
    ref = a_ref()
    secret = await call.subscribe(f"r-{ref}", sink.url(f"/{ref}"), filters={"sku": [ref]})
    sink.behaviour[f"/{ref}"] = "500 Internal Server Error"
    await tell.at_risk(a_risk(f"ord-{ref}", a_cause(ref), sku=ref))
    await sink.wait(f"/{ref}", 2)
    del sink.behaviour[f"/{ref}"]
    delivery = await call.delivery(f"r-{ref}", ended)
    heard = sink.at(f"/{ref}")
    assert delivery["status"] == "delivered"
    assert {each.id for each in heard} == {delivery["delivery_id"]}
    assert len({each.body for each in heard}) == 1
    assert [each.verified(secret)["type"] for each in heard] == ["promise-at-risk"] * len(heard)
    assert [each["outcome"] for each in delivery["tries"]] == ["rejected"] * (len(heard) - 1) + ["delivered"]
    assert delivery["tries"][0]["status_code"] == 500
    assert delivery["tries"][0]["address"] == "127.0.0.1"
    assert (await call.ok("GET", f"/v1/alerts?cause={ref}"))["data"][0]["alert_id"] in delivery["alert_ids"]


async def test_a_message_that_nobody_takes_is_undeliverable_and_can_be_resent_under_its_id(call: Caller, tell: Teller, sink: Sink) -> None:
    ref = a_ref()
    await call.subscribe(f"u-{ref}", sink.url(f"/{ref}"), filters={"sku": [ref]})
    sink.behaviour[f"/{ref}"] = "503 Service Unavailable"
    await tell.at_risk(a_risk(f"ord-{ref}", a_cause(ref), sku=ref))
    delivery = await call.delivery(f"u-{ref}", ended)
    assert (delivery["status"], delivery["attempts"]) == ("undeliverable", 4)
    del sink.behaviour[f"/{ref}"]
    resent = await call.ok("POST", f"/v1/deliveries/{delivery['delivery_id']}/resend", {})
    assert resent["delivery_id"] == delivery["delivery_id"]
    assert (await call.delivery(f"u-{ref}", lambda each: each["status"] == "delivered"))["attempts"] == 5
    assert {each.id for each in await sink.wait(f"/{ref}", 5)} == {delivery["delivery_id"]}
    once_more = await call.ok("POST", f"/v1/deliveries/{delivery['delivery_id']}/resend", {"idempotency_key": ref})
    assert once_more["replayed"] is False
    assert (await call.ok("POST", f"/v1/deliveries/{delivery['delivery_id']}/resend", {"idempotency_key": ref}))["replayed"] is True
    await sink.wait(f"/{ref}", 6)


async def test_410_disables_the_subscription_until_it_is_put_again(call: Caller, tell: Teller, sink: Sink) -> None:
    ref = a_ref()
    await call.subscribe(f"g-{ref}", sink.url(f"/{ref}"), filters={"sku": [ref]})
    sink.behaviour[f"/{ref}"] = "410 Gone"
    await tell.at_risk(a_risk(f"ord-{ref}", a_cause(ref), sku=ref))
    delivery = await call.delivery(f"g-{ref}", ended)
    assert (delivery["status"], delivery["attempts"]) == ("undeliverable", 1)
    assert (await call.ok("GET", f"/v1/subscriptions/g-{ref}"))["status"] == "disabled"
    refused = await call.post(f"/v1/deliveries/{delivery['delivery_id']}/resend", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "SUBSCRIPTION_DISABLED")
    assert (await call.post(f"/v1/subscriptions/g-{ref}/test", json={})).json()["code"] == "SUBSCRIPTION_DISABLED"
    await tell.at_risk(a_risk(f"ord-{ref}", a_cause(ref), sku=ref, slip_days=7, projected_date="2026-12-12"))
    await call.alert_of(ref, lambda alert: "+7 days" in alert["sentence"])
    await asyncio.sleep(0.6)
    assert len(sink.at(f"/{ref}")) == 1
    del sink.behaviour[f"/{ref}"]
    await call.subscribe(f"g-{ref}", sink.url(f"/{ref}"), filters={"sku": [ref]})
    assert (await call.ok("GET", f"/v1/subscriptions/g-{ref}"))["status"] == "active"
    assert (await call.ok("POST", f"/v1/deliveries/{delivery['delivery_id']}/resend", {}))["status"] == "pending"
    await sink.wait(f"/{ref}", 2)


@pytest.mark.parametrize(
    "how", ["hang", "drip", "close", "302 Found\r\nLocation: http://127.0.0.1:1/", "302 Found\r\nLocation: /elsewhere"]
)
async def test_a_bad_receiver_costs_its_own_message_a_limited_time_and_nobody_else_any(
    call: Caller, tell: Teller, sink: Sink, how: str
) -> None:
    ref = a_ref()
    await call.subscribe(f"bad-{ref}", sink.url(f"/{ref}/bad"), filters={"sku": [ref]}, grouping="promise")
    await call.subscribe(f"good-{ref}", sink.url(f"/{ref}/good"), filters={"sku": [ref]})
    sink.behaviour[f"/{ref}/bad"] = how
    await tell.at_risk(*(a_risk(f"ord-{ref}", a_cause(ref), sku=ref, line_ref=str(n)) for n in range(20)))
    await sink.wait(f"/{ref}/bad")
    await tell.at_risk(a_risk(f"ord-{ref}", a_cause(ref), sku=ref, line_ref="later"))
    began = time.monotonic()
    while not any(news["line_ref"] == "later" for heard in sink.at(f"/{ref}/good") for news in heard.json["data"]["alerts"][0]["news"]):
        assert time.monotonic() - began < 2.0, "held up by somebody else's receiver"
        await asyncio.sleep(0.01)
    bad = await call.delivery(f"bad-{ref}", lambda each: each["attempts"] > 1)
    assert bad["tries"][0]["outcome"] == {"hang": "timeout", "drip": "timeout", "close": "unreachable"}.get(how, "rejected")
    assert bad["tries"][0]["seconds"] < 2.0
    assert sink.at("/elsewhere") == []
    await call.ok("DELETE", f"/v1/subscriptions/bad-{ref}")


async def test_of_a_huge_answer_only_the_beginning_is_read(call: Caller, sink: Sink) -> None:
    ref = a_ref()
    await call.subscribe(f"h-{ref}", sink.url(f"/{ref}"))
    sink.behaviour[f"/{ref}"] = "huge"
    answer = await call.ok("POST", f"/v1/subscriptions/h-{ref}/test", {})
    assert (answer["outcome"], answer["status_code"], len(answer["response"])) == ("delivered", 200, 500)
    await asyncio.sleep(0.3)
    assert sink.sent_bytes[f"/{ref}"] < 50_000_000, "what the kernel's buffers hold, not the whole"


async def test_a_test_says_what_came_of_it_is_tried_once_and_repeats_nothing_under_its_key(call: Caller, sink: Sink) -> None:
    ref = a_ref()
    secret = await call.subscribe(f"t-{ref}", sink.url(f"/{ref}"))
    sink.behaviour[f"/{ref}"] = "404 Not Found"
    first = await call.ok("POST", f"/v1/subscriptions/t-{ref}/test", {"idempotency_key": ref})
    assert (first["status"], first["outcome"], first["status_code"]) == ("undeliverable", "rejected", 404)
    again = await call.ok("POST", f"/v1/subscriptions/t-{ref}/test", {"idempotency_key": ref})
    assert (again["delivery_id"], again["replayed"]) == (first["delivery_id"], True)
    await asyncio.sleep(0.5)
    (heard,) = sink.at(f"/{ref}")
    assert heard.verified(secret)["type"] == "test"
    assert heard.id == first["delivery_id"]


async def test_a_secret_of_ones_own_signs_and_a_changed_one_signs_from_then_on(call: Caller, sink: Sink) -> None:
    ref = a_ref()
    mine = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    assert await call.subscribe(f"s-{ref}", sink.url(f"/{ref}"), secret=mine) == "whsec_…"
    await call.ok("POST", f"/v1/subscriptions/s-{ref}/test", {})
    assert sink.at(f"/{ref}")[0].verified(mine)["type"] == "test"


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "127.1"]
)  # fmt: skip
async def test_an_allowed_private_address_is_reached_with_the_name_that_was_written(call: Caller, sink: Sink, host: str) -> None:
    ref = a_ref()
    await call.subscribe(f"a-{ref}", sink.url(f"/{ref}", host))
    assert (await call.ok("POST", f"/v1/subscriptions/a-{ref}/test", {}))["outcome"] == "delivered"
    assert sink.at(f"/{ref}")[0].headers["host"] == f"{host}:{sink.port}"


async def test_a_subscription_that_is_no_longer_allowed_private_addresses_is_refused_at_every_message(
    call: Caller, sink: Sink, database: str
) -> None:
    ref = a_ref()
    await call.subscribe(f"p-{ref}", sink.url(f"/{ref}", "localhost"))
    connection = await asyncpg.connect(database)
    try:  # as if the name had led elsewhere when the subscription was put
        await connection.execute(
            "UPDATE notifier.subscription SET definition = definition || '{\"allow_private\": false}' WHERE id = $1", f"p-{ref}"
        )
    finally:
        await connection.close()
    answer = await call.ok("POST", f"/v1/subscriptions/p-{ref}/test", {})
    assert (answer["status"], answer["outcome"]) == ("undeliverable", "refused-address")
    assert sink.at(f"/{ref}") == []


async def test_what_a_killed_process_was_sending_arrives_from_the_next_one_with_the_same_id(
    a_service: ServiceStarter, call: Caller, tell: Teller, sink: Sink, service: RunningService
) -> None:
    ref = a_ref()
    secret = await call.subscribe(f"k-{ref}", sink.url(f"/{ref}"), filters={"sku": [ref]})
    sink.behaviour[f"/{ref}"] = "500 Internal Server Error"
    await tell.at_risk(a_risk(f"ord-{ref}", a_cause(ref), sku=ref))
    await sink.wait(f"/{ref}", 1)
    service.kill()  # between two attempts, or within one
    sink.behaviour[f"/{ref}"] = "hang"
    service.start()
    await service.wait_ready()
    count = len(sink.at(f"/{ref}"))
    await sink.wait(f"/{ref}", count + 1)
    service.kill()  # within an attempt: its lease has to end
    del sink.behaviour[f"/{ref}"]
    service.start()
    await service.wait_ready()
    delivery = await call.delivery(f"k-{ref}", lambda each: each["status"] == "delivered")
    heard: list[Heard] = sink.at(f"/{ref}")
    assert {each.id for each in heard} == {delivery["delivery_id"]}
    assert heard[-1].verified(secret)["type"] == "promise-at-risk"
    assert len({each.body for each in heard}) == 1


async def test_quiet_hours_hold_back_what_is_not_critical_and_a_digest_holds_back_everything(
    call: Caller, tell: Teller, sink: Sink
) -> None:
    ref = a_ref()
    always = {"from": "00:00", "to": "23:59", "time_zone": "Etc/GMT+5"}
    await call.subscribe(f"q1-{ref}", sink.url(f"/{ref}/quiet"), filters={"sku": [ref]}, quiet_hours=always, grouping="promise")
    await call.subscribe(f"q2-{ref}", sink.url(f"/{ref}/silent"), filters={"sku": [ref]}, quiet_hours={**always, "except_critical": False})
    await call.subscribe(f"q3-{ref}", sink.url(f"/{ref}/digest"), filters={"sku": [ref]}, digest={"at": "07:00"})
    await tell.at_risk(
        a_risk(f"ord-{ref}", a_cause(ref), sku=ref),
        a_risk(f"ord-{ref}", a_cause(ref), sku=ref, line_ref="20", unsupplied=True, projected_date=None, slip_days=0),
        a_risk(f"ord-{ref}", a_cause(f"{ref}-b"), sku=ref, line_ref="30"),
    )
    (critical,) = await sink.wait(f"/{ref}/quiet")
    assert [news["line_ref"] for news in critical.json["data"]["alerts"][0]["news"]] == ["20"]
    await asyncio.sleep(0.5)
    assert len(sink.at(f"/{ref}/quiet")) == 1
    assert sink.at(f"/{ref}/silent") == sink.at(f"/{ref}/digest") == []
    (digest,) = (await call.ok("GET", f"/v1/deliveries?subscription=q3-{ref}"))["data"]
    assert (digest["status"], digest["due_at"][11:], len(digest["alert_ids"])) == ("waiting", "07:00:00Z", 2)
    refused = await call.post(f"/v1/deliveries/{digest['delivery_id']}/resend", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "NOT_WRITTEN")
    assert len((await call.ok("GET", f"/v1/deliveries?subscription=q2-{ref}&status=waiting"))["data"]) == 2


async def test_what_heals_before_it_is_told_is_never_told(call: Caller, tell: Teller, sink: Sink, database: str) -> None:
    ref = a_ref()
    await call.subscribe(
        f"d-{ref}", sink.url(f"/{ref}"), "promise-at-risk", "promise-recovered", filters={"sku": [ref]}, digest={"at": "07:00"}
    )
    await tell.at_risk(a_risk(f"ord-{ref}", a_cause(ref), sku=ref), a_risk(f"ord-{ref}", a_cause(f"{ref}-b"), sku=ref, line_ref="20"))
    await call.alert_of(ref)
    await tell.risk("promise-recovered", a_risk(f"ord-{ref}", None, sku=ref, slip_days=0))
    await call.alert_of(ref, lambda alert: alert["status"] == "resolved")
    await call.alert_of(f"{ref}-b")
    connection = await asyncpg.connect(database)
    try:  # seven o'clock
        await connection.execute("UPDATE notifier.delivery SET due_at = now() WHERE subscription_id = $1", f"d-{ref}")
    finally:
        await connection.close()
    (digest,) = await sink.wait(f"/{ref}")
    assert digest.json["type"] == "digest"
    assert [news["line_ref"] for alert in digest.json["data"]["alerts"] for news in alert["news"]] == ["20"]


@pytest.fixture
async def mailbox() -> AsyncIterator[tuple[int, list[str]]]:
    """Give the port of a mail server, and the mails that it has taken."""
    mails: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(text: str) -> None:
            writer.write(f"{text}\r\n".encode())

        say("220 sink")
        while line := (await reader.readline()).decode().strip():
            word = line.split()[0].upper()
            if word == "DATA":
                say("354 go on")
                mails.append((await reader.readuntil(b"\r\n.\r\n")).decode())
            say("221 bye" if word == "QUIT" else "250 ok")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1], mails
    server.close()


async def test_an_e_mail_is_short_readable_and_names_at_most_ten_promises(
    call: Caller, tell: Teller, mailbox: tuple[int, list[str]]
) -> None:
    port, mails = mailbox
    ref = a_ref()
    channel = f"mailto://127.0.0.1:{port}?from=pledge@example.com&to=sales@example.com&mode=insecure&format=text"
    await call.subscribe(f"m-{ref}", channel, filters={"sku": [ref]})
    cause = a_cause(ref, summary=f"{ref} slipped\r\nBcc: everybody@example.com")
    await tell.at_risk(*(a_risk(f"ord-{ref}", cause, sku=ref, line_ref=str(n), slip_days=n) for n in range(1, 13)))
    delivery = await call.delivery(f"m-{ref}", ended)
    assert delivery["status"] == "delivered", delivery
    (mail,) = mails
    assert "\nBcc:" not in mail
    body = delivery["body"]
    assert body.splitlines()[0] == f"{ref} slipped Bcc: everybody@example.com: 12 promises, € 43k, worst NORDRAD +12 days."
    assert body.splitlines()[1] == f"ord-{ref}/12 NORDRAD: 80 {ref}, promised 5 Dec, now 8 Dec (+12 days), € 3,600"
    assert (len(body.splitlines()), body.splitlines()[-1]) == (12, "… and 2 more")


async def test_chat_by_apprise_follows_no_redirect_and_says_why_it_failed(call: Caller, tell: Teller, sink: Sink) -> None:
    ref = a_ref()
    channel = f"json://127.0.0.1:{sink.port}/{ref}"
    body = {"events": ["promise-at-risk"], "channel": channel, "allow_private": True}
    shown = await call.ok("PUT", f"/v1/subscriptions/j-{ref}", body)
    assert shown["channel"] == "json://…"
    assert (await call.ok("POST", f"/v1/subscriptions/j-{ref}/test", {}))["outcome"] == "delivered"
    assert sink.at(f"/{ref}")[0].json["title"] == "A test of Pledge's alerts"
    sink.behaviour[f"/{ref}"] = f"302 Found\r\nLocation: http://127.0.0.1:{sink.port}/inside-{ref}"
    answer = await call.ok("POST", f"/v1/subscriptions/j-{ref}/test", {})
    assert answer["outcome"] == "rejected"
    assert answer["error"]
    assert sink.at(f"/inside-{ref}") == []
    sink.behaviour[f"/{ref}"] = "hang"
    assert (await call.ok("POST", f"/v1/subscriptions/j-{ref}/test", {}))["outcome"] in {"timeout", "rejected"}


async def test_what_became_of_messages_is_said_on_the_alerts_topic(call: Caller, tell: Teller, sink: Sink, kafka: str) -> None:
    ref = a_ref()
    await call.subscribe(f"e-{ref}", sink.url(f"/{ref}"), filters={"sku": [ref]})
    await tell.at_risk(a_risk(f"ord-{ref}", a_cause(ref), sku=ref))
    alert = await call.alert_of(ref)
    await call.ok("POST", f"/v1/alerts/{alert['alert_id']}/acknowledge", {"by": "Jo"})
    await call.delivery(f"e-{ref}", ended)
    await tell.risk("promise-recovered", a_risk(f"ord-{ref}", None, sku=ref, slip_days=0))
    heard: list[Received] = []
    deadline = time.monotonic() + 20
    async with Broker(kafka, "ear") as broker, await broker.reader(TOPIC, await broker.beginning_offsets(TOPIC)) as reader:
        while not any(event.type.endswith("resolved.v1") for event in heard):
            assert time.monotonic() < deadline, [event.type for event in heard]
            for records in (await reader.poll(0.2)).values():
                events = [event for event in (from_record(record, EVENTS) for record in records) if event is not None]
                heard += [event for event in events if event.subject == alert["alert_id"]]
    alerts = [event for event in heard if isinstance(event.data, AlertEvent)]
    assert [event.type.split(".")[2] for event in alerts] == ["alert-raised", "alert-acknowledged", "alert-resolved"]
    assert [event.data.revision for event in alerts if isinstance(event.data, AlertEvent)] == [1, 2, 3]
    said = [event.data for event in heard if isinstance(event.data, DeliveryEvent)]
    (delivered,) = [data for data in said if data.subscription_id == f"e-{ref}"]
    assert (delivered.alert_id, delivered.status, delivered.attempts) == (alert["alert_id"], "delivered", 1)
