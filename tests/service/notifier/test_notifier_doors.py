"""The doors of notifier: what it publishes about itself, what it refuses, what it hides, and how it stands without its broker."""

import httpx
import pytest
from openapi_spec_validator import validate

from tests.running import RunningBroker, RunningService
from tests.service.notifier.sink import Sink
from tests.service.notifier.teller import Caller, Teller, a_cause, a_ref, a_risk

WEBHOOK = "https://192.0.2.7/pledge"


async def test_both_documents_are_valid_and_every_operation_has_an_example(call: Caller) -> None:
    for path in ("/openapi.json", "/openapi-3.0.json"):
        document = await call.ok("GET", path)
        validate(document)
        assert "/v1/alerts/{alert_id}/snooze" in document["paths"]
    said = await call.ok("GET", "/asyncapi.json")
    assert {"send_notifier_alerts_v1", "receive_quote_risk_v1", "receive_quote_orders_v1"} == set(said["operations"])


async def test_nobody_comes_in_without_a_key(service: RunningService) -> None:
    async with httpx.AsyncClient(base_url=service.url) as stranger:
        for method, path in (
            ("GET", "/v1/alerts"),
            ("GET", "/v1/deliveries"),
            ("PUT", "/v1/subscriptions/x"),
            ("GET", "/v1/subscriptions"),
        ):
            assert (await stranger.request(method, path, json={})).status_code == 401


async def test_a_secret_is_made_shown_once_and_then_masked(call: Caller) -> None:
    name = a_ref("sub")
    body = {"events": ["alert-raised"], "channel": "https://user:hunter2@203.0.113.7/path?token=hunter3", "allow_private": True}
    made = (await call.ok("PUT", f"/v1/subscriptions/{name}", body))["secret"]
    assert made.startswith("whsec_")
    assert len(made) > 40
    read = await call.ok("GET", f"/v1/subscriptions/{name}")
    assert (read["secret"], read["channel"]) == ("whsec_…", "https://203.0.113.7/path?…")
    again = await call.ok("PUT", f"/v1/subscriptions/{name}", body)
    assert (again["secret"], again["revision"]) == ("whsec_…", 1), "the same again changes nothing"
    changed = await call.ok("PUT", f"/v1/subscriptions/{name}", {**body, "severity": "warning", "expected_revision": 1})
    assert changed["revision"] == 2
    stale = await call.put(f"/v1/subscriptions/{name}", json={**body, "expected_revision": 1})
    assert (stale.status_code, stale.json()["code"], stale.json()["current_revision"]) == (409, "REVISION_MISMATCH", 2)
    listed = await call.ok("GET", "/v1/subscriptions?limit=500")
    assert name in [each["subscription_id"] for each in listed["data"]]
    assert "hunter" not in str(listed)
    assert (await call.ok("DELETE", f"/v1/subscriptions/{name}")) == {"subscription_id": name, "deleted": True}
    assert (await call.delete(f"/v1/subscriptions/{name}")).status_code == 404
    assert (await call.get(f"/v1/subscriptions/{name}")).json()["code"] == "UNKNOWN_SUBSCRIPTION"


async def test_every_setting_of_a_subscription_comes_back_as_it_was_put(call: Caller) -> None:
    body = {
        "events": ["unmatched-shipment", "promise-missed"], "channel": WEBHOOK.replace("192.0.2.7", "203.0.113.7"),
        "filters": {"customer": ["C"], "sku": ["S"], "site": ["HAM"], "demand_class": ["gold"], "cause": ["RECEIPT_OVERDUE"],
                    "minimum_slip_days": 2, "minimum_value": "99.5"},
        "severity": "warning", "allow_private": True, "grouping": "promise",
        "quiet_hours": {"from": "20:00", "to": "07:00", "time_zone": "Europe/Berlin", "except_critical": False},
        "digest": {"at": "07:30", "time_zone": "America/New_York"},
    }  # fmt: skip
    put = await call.ok("PUT", "/v1/subscriptions/everything", body)
    got = await call.ok("GET", "/v1/subscriptions/everything")
    for answer in (put, got):
        assert {name: answer[name] for name in body if name != "filters"} == {name: body[name] for name in body if name != "filters"}
        assert answer["filters"] == {**body["filters"], "minimum_value": 99.5}  # type: ignore[dict-item]
    await call.ok("DELETE", "/v1/subscriptions/everything")


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"events": []}, "/events"),
        ({"events": ["quote-held"]}, "/events/0"),
        ({"channel": "nowhere"}, "/channel"),
        ({"channel": "ftp://example.com"}, "/channel"),
        ({"channel": "https://"}, "/channel"),
        ({"channel": "https://example.com:99999/"}, "/channel"),
        ({"channel": "https://exa mple.com/"}, "/channel"),
        ({"channel": "http://0177.0.0.1/"}, "/channel"),
        ({"channel": "syslog://"}, "/channel"),
        ({"channel": "dbus://"}, "/channel"),
        ({"channel": "gnome://"}, "/channel"),
        ({"channel": "macosx://"}, "/channel"),
        ({"channel": "file:///etc/passwd"}, "/channel"),
        ({"channel": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#c?template=/etc/passwd"}, "/channel"),
        ({"channel": "mailto://u:p@example.com?pgppub=/etc/passwd"}, "/channel"),
        ({"channel": "mailto://u:p@example.com?a=b&%70gpprv=/etc/passwd"}, "/channel"),
        ({"secret": "whsec_short"}, "/secret"),
        ({"secret": "not base64 at all, and far too long to be one anyway"}, "/secret"),
        ({"quiet_hours": {"from": "25:00", "to": "07:00"}}, "/quiet_hours/from"),
        ({"quiet_hours": {"from": "20:00", "to": "07:00", "time_zone": "Mars/Olympus"}}, "/quiet_hours/time_zone"),
        ({"digest": {"at": "7"}}, "/digest/at"),
        ({"filters": {"minimum_value": -1}}, "/filters/minimum_value"),
        ({"filters": {"color": ["red"]}}, "/filters/color"),
        ({"severity": "urgent"}, "/severity"),
        ({"retries": 5}, "/retries"),
    ],
)
async def test_what_is_wrong_with_a_subscription_is_said_with_its_place(call: Caller, wrong: dict[str, object], pointer: str) -> None:
    answer = await call.put("/v1/subscriptions/wrong", json={"events": ["alert-raised"], "channel": WEBHOOK, **wrong})
    assert answer.status_code == 422, answer.text
    assert pointer in [error["pointer"] for error in answer.json()["errors"]], answer.text


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f000001", "0x7f.1", "127.1",
        "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
        "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "[fe80::1]", "[fd00::1]", "224.0.0.1", "[ff02::1]",
        "0.0.0.0",        "[::]", "240.0.0.1", "255.255.255.255", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[::7f00:1]",
    ],
)  # fmt: skip
async def test_a_private_address_is_refused_however_it_is_written(call: Caller, host: str) -> None:
    answer = await call.put("/v1/subscriptions/inside", json={"events": ["alert-raised"], "channel": f"http://{host}:8004/v1"})
    assert (answer.status_code, answer.json()["code"]) == (422, "ADDRESS_REFUSED"), answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/channel"]


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]", "224.0.0.1", "0.0.0.0", "[::]", "255.255.255.255"])
async def test_some_addresses_are_refused_even_if_private_ones_are_allowed(call: Caller, host: str) -> None:
    answer = await call.put(
        "/v1/subscriptions/inside", json={"events": ["alert-raised"], "channel": f"http://{host}/", "allow_private": True}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "ADDRESS_REFUSED")


@pytest.mark.parametrize(
    "channel",
    ["json://127.0.0.1:8004/x", "xml://localhost/", "form://10.0.0.1/", "mailto://u:p@example.com?to=a@example.com&smtp=127.0.0.1"],
)
async def test_apprise_channels_with_a_host_of_their_own_are_looked_at_too(call: Caller, channel: str) -> None:
    answer = await call.put("/v1/subscriptions/inside", json={"events": ["alert-raised"], "channel": channel})
    assert (answer.status_code, answer.json()["code"]) == (422, "ADDRESS_REFUSED"), answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/v1/alerts?cursor=nonsense", "/v1/alerts?limit=0", "/v1/alerts?status=purple", "/v1/deliveries?cursor=WzFd",
        "/v1/deliveries?status=x",        "/v1/subscriptions?limit=501", "/v1/alerts?order=%00",
    ],
)  # fmt: skip
async def test_a_bad_question_is_a_422(call: Caller, path: str) -> None:
    assert (await call.get(path)).status_code == 422


async def test_what_is_not_there_is_a_404(call: Caller) -> None:
    for path in ("/v1/alerts/alt_x", "/v1/alerts/alt_x/promises", "/v1/deliveries/msg_x", "/v1/subscriptions/x"):
        assert (await call.get(path)).status_code == 404
    for path in ("/v1/alerts/alt_x/acknowledge", "/v1/alerts/alt_x/resolve", "/v1/deliveries/msg_x/resend", "/v1/subscriptions/x/test"):
        assert (await call.post(path, json={})).status_code == 404


async def test_without_its_broker_alerts_are_dealt_with_and_messages_arrive(
    service: RunningService, call: Caller, tell: Teller, sink: Sink, started_broker: RunningBroker
) -> None:
    ref = a_ref()
    secret = await call.subscribe(f"away-{ref}", sink.url(f"/{ref}"))
    await tell.at_risk(a_risk(f"ord-{ref}", a_cause(ref)))
    alert = await call.alert_of(ref)
    await sink.wait(f"/{ref}")
    started_broker.stop()
    try:
        ready = await call.get("/readyz")
        assert ready.status_code == 200
        assert {"database", "broker", "quote.risk.v1", "quote.orders.v1", "deliveries"} == {each["name"] for each in ready.json()["checks"]}
        await call.ok("POST", f"/v1/alerts/{alert['alert_id']}/acknowledge", {})
        assert (await call.ok("POST", f"/v1/subscriptions/away-{ref}/test", {}))["status"] == "delivered"
        assert (await sink.wait(f"/{ref}", 2))[1].verified(secret)["type"] == "test"
    finally:
        started_broker.start()


async def test_metrics_count_deliveries_and_the_age_of_the_queue(call: Caller, tell: Teller, sink: Sink) -> None:
    await call.subscribe("metrics", sink.url("/metrics-sink"))
    assert (await call.ok("POST", "/v1/subscriptions/metrics/test", {}))["outcome"] == "delivered"
    text = (await call.get("/metrics")).text
    assert "pledge_notifier_queue_oldest_age_seconds" in text
    assert "pledge_notifier_queue_pending" in text
