"""Whatever comes in at a door of notifier, it is answered, never with a 500."""

from typing import Any

import pytest

from tests.service.notifier.teller import Caller, Teller, a_cause, a_ref, a_risk

NASTY: tuple[Any, ...] = (
    None, True, 0, -1, 1e308, 2**70, "", " ", "\0", "\ud800", "x" * 5000, "é" * 101,
    "\r\n", "'; DROP TABLE alert", [], {}, [None], [[]],
    {"a": 1}, "9999-12-31T23:59:59Z", "0001-01-01T00:00:00-23:59", "2026-02-30T00:00:00Z", "2026-11-21T10:42:07",
    "http://[", "http://]", "http://[::1", "http://a:b:c/", "http://%00/", "http://xn--/", "http://a.b..c/", "http://\u2100.example/", "://",
    "mailto://", "slack://x", "tgram://", "json://[", "json://:99999999", "matrix://%zz", "https://user:pa ss@example.com",
)  # fmt: skip
BODIES: dict[str, dict[str, Any]] = {
    "PUT /v1/subscriptions/any-input": {
        "events": ["alert-raised"], "channel": "http://127.0.0.1:1/", "allow_private": True, "secret": None, "severity": "info",
        "filters": {"customer": ["x"], "minimum_slip_days": 1, "minimum_value": 1}, "digest": {"at": "07:00", "time_zone": "UTC"},
        "quiet_hours": {"from": "20:00", "to": "07:00", "time_zone": "UTC", "except_critical": True}, "grouping": "cause",
        "expected_revision": None,
    },
    "POST /v1/alerts/ALERT/acknowledge": {"by": "x", "note": "x", "idempotency_key": None},
    "POST /v1/alerts/ALERT/assign": {"by": "x", "to": "x", "note": "x"},
    "POST /v1/alerts/ALERT/snooze": {"until": "2030-01-01T00:00:00Z", "note": "x"},
    "POST /v1/alerts/ALERT/resolve": {"by": "x", "note": "x"},
    "POST /v1/deliveries/msg_x/resend": {"idempotency_key": "x"},
    "POST /v1/subscriptions/nobody/test": {"idempotency_key": "x"},
}  # fmt: skip


@pytest.mark.parametrize("operation", BODIES)
async def test_no_body_makes_it_stumble(call: Caller, tell: Teller, operation: str) -> None:
    alert_id = ""
    if "ALERT" in operation:
        ref = a_ref()
        await tell.at_risk(a_risk(f"ord-{ref}", a_cause(ref)))
        alert_id = (await call.alert_of(ref))["alert_id"]
    method, path = operation.replace("ALERT", alert_id).split()
    body = BODIES[operation]
    wrong: list[Any] = [*NASTY]
    for name, known in body.items():
        wrong += [{**body, name: nasty} for nasty in NASTY]
        if isinstance(known, dict):
            wrong += [{**body, name: {**known, inner: nasty}} for inner in known for nasty in NASTY]
    for each in wrong:
        if isinstance(each, dict) and "\ud800" in str(each):
            continue  # no JSON text holds it; a caller's client refuses first
        try:
            answer = await call.request(method, path, json=each)
        except UnicodeEncodeError:
            continue
        assert answer.status_code < 500, (each, answer.text)
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
    if path.startswith("/v1/subscriptions/any"):
        await call.delete(path)


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"null", b'"\\ud800"', b'{"by": "\\ud800"}', b'{"note": "\\u0000"}', b"\xff", b"[" * 5000, b"NaN"]
)
async def test_no_bytes_make_it_stumble(call: Caller, raw: bytes) -> None:
    for path in ("/v1/alerts/alt_x/acknowledge", "/v1/alerts/alt_x/snooze", "/v1/deliveries/msg_x/resend"):
        answer = await call.post(path, content=raw, headers={"content-type": "application/json"})
        assert 400 <= answer.status_code < 500


@pytest.mark.parametrize("nasty", ["%00", "%ff", "a%2Fb", "..", "%F0%9F%98%80", "x" * 300, "'", "%25", "%0d%0a", "|"])
async def test_no_name_makes_it_stumble(call: Caller, nasty: str) -> None:
    for path in (
        "/v1/alerts/{}", "/v1/alerts/{}/promises", "/v1/deliveries/{}", "/v1/subscriptions/{}", "/v1/alerts?customer={}",
        "/v1/alerts?cause={}",
        "/v1/deliveries?subscription={}", "/v1/deliveries?alert={}", "/v1/alerts?cursor={}", "/v1/alerts/alt_x/promises?cursor={}",
    ):  # fmt: skip
        assert (await call.get(path.format(nasty))).status_code < 500
