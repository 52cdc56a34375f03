"""One alert per cause, healed in place, told over signed webhooks; on a real broker and database."""

import asyncio
import time

from shared.contracts.quote import UnmatchedShipment
from tests.service.notifier.sink import Sink
from tests.service.notifier.teller import Caller, Teller, a_cause, a_ref, a_risk, an_order


async def test_many_promises_of_one_cause_are_one_alert_and_one_signed_message(call: Caller, tell: Teller, sink: Sink) -> None:
    ref = a_ref()
    secret = await call.subscribe(f"one-{ref}", sink.url(f"/{ref}"), filters={"cause": ["RECEIPT_RESCHEDULED"], "sku": [ref]})
    cause = a_cause(ref)
    began = time.time()
    await tell.at_risk(*(a_risk(f"ord-{ref}-{n}", cause, sku=ref, slip_days=n, customer=f"C{n}") for n in range(1, 7)))
    (message,) = await sink.wait(f"/{ref}")
    assert message.at - began < 2.0, "from supply event to webhook received"
    payload = message.verified(secret)
    assert payload["type"] == "promise-at-risk"
    (told,) = payload["data"]["alerts"]
    assert told["alert"]["sentence"] == f"{ref} slipped to 8 Dec: 6 promises, € 22k, worst C6 +6 days."
    assert [promise["slip_days"] for promise in told["news"]] == [6, 5, 4, 3, 2, 1]
    alert = await call.alert_of(ref)
    assert (alert["status"], alert["severity"], alert["round"], alert["promise_count"]) == ("open", "warning", 1, 6)
    assert alert["values"] == [{"currency": "EUR", "value": 21600, "promises": 6}]
    await asyncio.sleep(0.6)
    assert len(sink.at(f"/{ref}")) == 1


async def test_an_alert_heals_in_place_and_the_same_cause_strikes_again_in_a_new_round(call: Caller, tell: Teller, sink: Sink) -> None:
    ref = a_ref()
    order = f"ord-{ref}"
    secret = await call.subscribe(
        f"heal-{ref}", sink.url(f"/{ref}"), "promise-at-risk", "promise-recovered", "alert-raised", "alert-resolved", filters={"sku": [ref]}
    )
    await tell.at_risk(a_risk(order, a_cause(ref), sku=ref))
    first = (await sink.wait(f"/{ref}"))[0].verified(secret)
    assert first["type"] == "alert-raised"
    assert first["data"]["alerts"][0]["events"] == ["alert-raised", "promise-at-risk"]
    await tell.risk("promise-recovered", a_risk(order, None, sku=ref, slip_days=0, projected_date="2026-12-05"))
    healed = await call.alert_of(ref, lambda alert: alert["status"] == "resolved")
    assert (healed["promise_count"], healed["resolved_by"]) == (0, None)
    second = (await sink.wait(f"/{ref}", 2))[1].verified(secret)
    assert (second["type"], second["data"]["alerts"][0]["events"]) == ("promise-recovered", ["promise-recovered", "alert-resolved"])
    await tell.at_risk(a_risk(order, a_cause(ref), sku=ref))
    again = await call.alert_of(ref, lambda alert: alert["status"] == "open")
    assert (again["alert_id"], again["round"]) == (healed["alert_id"], 2)
    third = (await sink.wait(f"/{ref}", 3))[2].verified(secret)
    assert third["type"] == "alert-raised"
    assert [step["event"] for step in again["history"]] == ["raised", "resolved", "raised"]


async def test_a_promise_moves_to_the_alert_of_its_new_cause(call: Caller, tell: Teller) -> None:
    old, new = a_ref(), a_ref()
    await tell.at_risk(a_risk(f"ord-{old}", a_cause(old)))
    await call.alert_of(old, lambda alert: alert["promise_count"] == 1)
    await tell.at_risk(a_risk(f"ord-{old}", a_cause(new)))
    assert (await call.alert_of(new))["promise_count"] == 1
    assert (await call.alert_of(old, lambda alert: alert["status"] == "resolved"))["promise_count"] == 0


async def test_what_is_not_newer_changes_nothing_and_tells_nothing(call: Caller, tell: Teller, sink: Sink) -> None:
    ref = a_ref()
    await call.subscribe(f"old-{ref}", sink.url(f"/{ref}"), filters={"sku": [ref]})
    old, new = a_risk(f"ord-{ref}", a_cause(ref), sku=ref, slip_days=1), a_risk(f"ord-{ref}", a_cause(ref), sku=ref, slip_days=9)
    await tell.at_risk(new, new, old)
    await sink.wait(f"/{ref}")
    again = a_risk(f"ord-{ref}", a_cause(ref), sku=ref, slip_days=9)
    await tell.at_risk(again)
    await asyncio.sleep(0.8)
    (only,) = sink.at(f"/{ref}")
    assert only.json["data"]["alerts"][0]["news"][0]["slip_days"] == 9
    assert (await call.alert_of(ref))["promises"][0]["slip_days"] == 9


async def test_a_shipped_or_cancelled_line_leaves_its_alert(call: Caller, tell: Teller) -> None:
    ref = a_ref()
    shipped, cancelled = f"ord-s-{ref}", f"ord-c-{ref}"
    await tell.order("order-cancelled", an_order(cancelled, "cancelled", 2))
    await tell.at_risk(a_risk(shipped, a_cause(ref)), a_risk(cancelled, a_cause(ref), line_ref="20"))
    await call.alert_of(ref, lambda alert: alert["promise_count"] == 2)
    await tell.order("order-cancelled", an_order(cancelled, "cancelled", 3, "20"))
    alert = await call.alert_of(ref, lambda alert: alert["promise_count"] == 1)
    assert [promise["order_id"] for promise in alert["promises"]] == [shipped]
    await tell.order("order-shipped", an_order(shipped, "shipped", 2))
    assert (await call.alert_of(ref, lambda alert: alert["status"] == "resolved"))["promise_count"] == 0


async def test_a_line_that_was_cancelled_before_its_risk_was_heard_raises_nothing(call: Caller, tell: Teller) -> None:
    ref, other = a_ref(), a_ref()
    await tell.order("order-cancelled", an_order(f"ord-{ref}", "cancelled", 5))
    await asyncio.sleep(0.7)
    await tell.at_risk(a_risk(f"ord-{ref}", a_cause(ref)), a_risk(f"ord-{ref}", a_cause(other), line_ref="20"))
    await call.alert_of(other)
    assert (await call.ok("GET", f"/v1/alerts?cause={ref}"))["data"] == []


async def test_missed_and_unsupplied_promises_are_critical_and_currencies_are_never_added_up(call: Caller, tell: Teller) -> None:
    ref = a_ref()
    await tell.at_risk(a_risk(f"ord-a-{ref}", a_cause(ref), value=1000, currency="EUR"))
    assert (await call.alert_of(ref))["severity"] == "warning"
    await tell.at_risk(a_risk(f"ord-b-{ref}", a_cause(ref), value=500, currency="USD", unsupplied=True, projected_date=None, slip_days=0))
    alert = await call.alert_of(ref, lambda alert: alert["promise_count"] == 2)
    assert (alert["severity"], alert["promises"][0]["order_id"]) == ("critical", f"ord-b-{ref}")
    assert alert["values"] == [
        {"currency": "EUR", "value": 1000, "promises": 1},
        {"currency": "USD", "value": 500, "promises": 1},
    ]
    assert "€ 1,000, $ 500, worst NORDRAD without supply" in alert["sentence"]
    await tell.risk("promise-missed", a_risk(f"ord-a-{ref}", a_cause(ref)))
    alert = await call.alert_of(ref, lambda alert: alert["revision"] == 3)
    assert {promise["severity"] for promise in alert["promises"]} == {"critical"}
    assert [promise["missed"] for promise in alert["promises"]] == [True, False]


async def test_an_unmatched_shipment_is_an_alert_that_only_a_person_resolves(call: Caller, tell: Teller, sink: Sink) -> None:
    ref = a_ref("ORD")
    secret = await call.subscribe(f"un-{ref}", sink.url(f"/{ref}"), "unmatched-shipment", "alert-resolved", filters={"sku": [ref]})
    shipment = UnmatchedShipment.model_validate(
        {
            "revision": 1, "occurred_at": "2026-11-21T10:42:07Z", "order_id": ref, "line_ref": "10", "sku": ref, "site": "HAM",
            "quantity": 5, "cause": "unknown_order",
        }
    )  # fmt: skip
    await tell.risk("unmatched-shipment", shipment, shipment)
    payload = (await sink.wait(f"/{ref}"))[0].verified(secret)
    assert payload["type"] == "unmatched-shipment"
    assert payload["data"]["alerts"][0]["alert"]["shipment"]["quantity"] == 5
    (alert,) = (await call.ok("GET", f"/v1/alerts?order={ref}"))["data"]
    assert alert["sentence"] == f"5 {ref} left HAM for {ref}/10, but the order is not known."
    path = f"/v1/alerts/{alert['alert_id']}/resolve"
    resolved = await call.ok("POST", path, {"by": "Jo", "note": "booked by hand", "idempotency_key": ref})
    assert (resolved["status"], resolved["resolved_by"], resolved["note"]) == ("resolved", "Jo", "booked by hand")
    assert (await call.ok("POST", path, {"by": "Jo", "note": "booked by hand", "idempotency_key": ref}))["replayed"] is True
    assert (await call.post(path, json={})).json()["code"] == "ALERT_RESOLVED"
    assert (await sink.wait(f"/{ref}", 2))[1].verified(secret)["type"] == "alert-resolved"


async def test_people_acknowledge_take_and_snooze_but_cannot_wish_a_danger_away(call: Caller, tell: Teller, sink: Sink) -> None:
    ref = a_ref()
    await call.subscribe(f"att-{ref}", sink.url(f"/{ref}"), filters={"sku": [ref]})
    await tell.at_risk(a_risk(f"ord-{ref}", a_cause(ref), sku=ref))
    await sink.wait(f"/{ref}")
    path = f"/v1/alerts/{(await call.alert_of(ref))['alert_id']}"
    refused = await call.post(f"{path}/resolve", json={})
    assert (refused.status_code, refused.json()["code"], refused.json()["allowed"]) == (
        409,
        "STILL_AT_RISK",
        ["acknowledge", "assign", "snooze"],
    )
    assert (await call.ok("POST", f"{path}/acknowledge", {"by": "Jo", "note": "seen"}))["acknowledged_by"] == "Jo"
    assert (await call.ok("POST", f"{path}/assign", {"to": "Kim"}))["assigned_to"] == "Kim"
    assert (await call.post(f"{path}/snooze", json={"until": "2020-01-01T00:00:00Z"})).status_code == 422
    assert (await call.ok("POST", f"{path}/snooze", {"until": "2030-01-01T00:00:00Z"}))["snoozed_until"] == "2030-01-01T00:00:00Z"
    await tell.at_risk(a_risk(f"ord-{ref}", a_cause(ref), sku=ref, slip_days=4, projected_date="2026-12-09"))
    await call.alert_of(ref, lambda alert: "+4 days" in alert["sentence"])
    await asyncio.sleep(0.6)
    assert len(sink.at(f"/{ref}")) == 1, "snoozed"
    await tell.at_risk(a_risk(f"ord-{ref}", a_cause(ref), sku=ref, unsupplied=True, projected_date=None, slip_days=0))
    worse = (await sink.wait(f"/{ref}", 2))[1].json["data"]["alerts"][0]
    assert (worse["alert"]["severity"], worse["alert"]["assigned_to"]) == ("critical", "Kim")


async def test_filters_severity_and_grouping_decide_what_a_subscriber_hears(call: Caller, tell: Teller, sink: Sink) -> None:
    ref = a_ref()
    await call.subscribe(f"f1-{ref}", sink.url(f"/{ref}/slip"), filters={"sku": [ref], "minimum_slip_days": 5})
    await call.subscribe(f"f2-{ref}", sink.url(f"/{ref}/value"), filters={"sku": [ref], "minimum_value": 10000})
    await call.subscribe(f"f3-{ref}", sink.url(f"/{ref}/critical"), filters={"sku": [ref]}, severity="critical")
    await call.subscribe(f"f4-{ref}", sink.url(f"/{ref}/each"), filters={"sku": [ref]}, grouping="promise")
    await tell.at_risk(
        a_risk(f"ord-{ref}", a_cause(ref), sku=ref, slip_days=6, value=100),
        a_risk(f"ord-{ref}", a_cause(ref), sku=ref, slip_days=1, value=20000, line_ref="20"),
        a_risk(f"ord-{ref}", a_cause(ref), sku=ref, slip_days=0, value=1, line_ref="30", unsupplied=True, projected_date=None),
    )

    def lines(path: str) -> list[str]:
        return sorted(news["line_ref"] for heard in sink.at(path) for news in heard.json["data"]["alerts"][0]["news"])

    await sink.wait(f"/{ref}/each", 3)
    await asyncio.sleep(0.5)
    assert lines(f"/{ref}/each") == ["10", "20", "30"]
    assert lines(f"/{ref}/slip") == ["10", "30"]
    assert lines(f"/{ref}/value") == ["20"]
    assert lines(f"/{ref}/critical") == ["30"]


async def test_pages_of_alerts_and_of_promises_hold_everything_once(call: Caller, tell: Teller) -> None:
    refs = [a_ref() for _ in range(3)]
    customer = a_ref("C")
    await tell.at_risk(*(a_risk(f"ord-{ref}", a_cause(ref), customer=customer, line_ref=str(n)) for ref in refs for n in range(5)))
    for ref in refs:
        await call.alert_of(ref, lambda alert: alert["promise_count"] == 5)
    found, cursor = [], ""
    while True:
        page = await call.ok("GET", f"/v1/alerts?customer={customer}&status=open&limit=2{cursor}")
        found += [alert["cause"]["ref"] for alert in page["data"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert sorted(found) == sorted(refs)
    path = f"/v1/alerts/{(await call.alert_of(refs[0]))['alert_id']}/promises?limit=3"
    first = await call.ok("GET", path)
    second = await call.ok("GET", f"{path}&cursor={first['next_cursor']}")
    assert [promise["line_ref"] for promise in first["data"] + second["data"]] == ["0", "1", "2", "3", "4"]
