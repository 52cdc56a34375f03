"""What notifier says: an alert becomes a contract, a message becomes what the receiver of a webhook reads."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from services.notifier.domain import wording
from services.notifier.domain.alert import Alert, Shipment
from services.notifier.domain.line import Danger, Line, Risk, endangered
from services.notifier.domain.message import Composed, Item
from services.notifier.domain.subscription import Event as Subscribed
from services.notifier.store.deliveries import Delivery
from shared.contracts.notifier import (
    EVENTS,
    TOPIC,
    AlertCause,
    AlertEvent,
    AlertPromise,
    AlertShipment,
    AlertState,
    CurrencyValue,
    DeliveryEvent,
)
from shared.outbox import Event

PUBLISHES = {name: (TOPIC, model) for name, model in EVENTS.items()}

MOST_PROMISES = 100
"""That an event or a message carries; `promise_count` says how many there are."""
TEST = "test"
DIGEST = "digest"


def state_of(alert: Alert, worst: Sequence[Line]) -> AlertState:
    """The alert as everybody sees it; `worst` are its promises, the worst first."""
    found = [promise_of(line, risk) for line in worst[:MOST_PROMISES] if (risk := endangered(line)) is not None]
    cause = alert.cause
    return AlertState(
        alert_id=alert.id,
        kind="promises" if alert.shipment is None else "unmatched-shipment",
        round=alert.round,
        status=alert.status.value,
        severity=alert.severity.value,
        sentence=wording.sentence(alert),
        cause=AlertCause(
            code=cause.code,
            ref=cause.ref,
            sku=cause.sku,
            site=cause.site,
            resource=cause.resource,
            document=cause.document,
            summary=cause.summary,
        ),
        promise_count=alert.promise_count,
        values=tuple(CurrencyValue(currency=stake.currency, value=stake.value, promises=stake.promises) for stake in alert.stakes),
        promises=tuple(found),
        shipment=None if alert.shipment is None else _shipment(alert.shipment),
        raised_at=alert.raised_at,
        changed_at=alert.changed_at,
        acknowledged_at=alert.acknowledged_at,
        acknowledged_by=alert.acknowledged_by,
        assigned_to=alert.assigned_to,
        snoozed_until=alert.snoozed_until,
        resolved_at=alert.resolved_at,
        resolved_by=alert.resolved_by,
        note=alert.note,
    )


def promise_of(line: Line, risk: Risk) -> AlertPromise:
    """A promise as everybody sees it."""
    return AlertPromise(
        order_id=line.order_id,
        line_ref=line.line_ref,
        external_id=risk.external_id,
        source_system=risk.source_system,
        customer=risk.customer,
        demand_class=risk.demand_class,
        priority=risk.priority,
        sku=risk.sku,
        sites=risk.sites,
        quantity=risk.quantity,
        requested_date=risk.requested_date,
        first_promised_date=risk.first_promised_date,
        promised_date=risk.promised_date,
        projected_date=risk.projected_date,
        slip_days=risk.slip_days,
        unsupplied=risk.unsupplied,
        missed=risk.danger is Danger.MISSED,
        value=risk.value,
        currency=risk.currency,
        severity=risk.severity.value,
    )


def alert_said(what: str, alert: Alert, worst: Sequence[Line], *, actor: str | None = None) -> Event:
    """The event of an alert: raised, changed, acknowledged, assigned, snoozed or resolved."""
    state = state_of(alert, worst)
    data = AlertEvent(**dict(state), revision=alert.revision, occurred_at=alert.changed_at, actor=actor, reason=alert.note)
    return _event(f"alert-{what}", alert.id, alert.changed_at, data)


def delivery_said(delivery: Delivery, status: str, error: str | None, now: datetime) -> list[Event]:
    """The event of a message that has arrived or never will, for each alert in it."""
    return [
        _event(
            f"alert-{status}",
            alert_id,
            now,
            DeliveryEvent.model_validate(
                {
                    "revision": delivery.attempts,
                    "occurred_at": now,
                    "delivery_id": delivery.id,
                    "alert_id": alert_id,
                    "subscription_id": delivery.subscription_id,
                    "message_type": delivery.event or "",
                    "status": status,
                    "attempts": delivery.attempts,
                    "error": error,
                }
            ),
        )
        for alert_id in delivery.alert_ids
    ]


def message(composed: Composed, message_type: str, subscription_id: str, now: datetime) -> str:
    """The body of a webhook: `{"type", "timestamp", "data": {"subscription_id", "alerts": [{alert, "events", "news"}]}}`.

    `alert` is the alert as it stands without its promises; `news` are the promises that this message is about, each with its `event`.
    """
    alerts = {item.alert.id: item.alert for item in composed.items}
    told = [_told(alert, [item for item in composed.items if item.alert.id == alert.id]) for alert in alerts.values()]
    return _body(message_type, now, {"subscription_id": subscription_id, "alerts": told})


def test_message(subscription_id: str, now: datetime) -> str:
    """The body of a webhook that only asks whether it arrives."""
    return _body(TEST, now, {"subscription_id": subscription_id, "alerts": []})


def _told(alert: Alert, items: Sequence[Item]) -> dict[str, Any]:
    state = state_of(alert, ()).model_dump(mode="json", exclude={"promises"})
    news = [
        {"event": item.event.value, **promise_of(item.line, item.line.risk).model_dump(mode="json")}
        for item in items
        if item.line is not None and item.line.risk is not None
    ]
    present = {item.event for item in items}
    events = [event.value for event in Subscribed if event in present]
    return {"alert": state, "events": events, "news": news[:MOST_PROMISES], "news_count": len(news)}


def _body(message_type: str, now: datetime, data: dict[str, Any]) -> str:
    stamp = now.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return orjson.dumps({"type": message_type, "timestamp": stamp, "data": data}).decode()


def _shipment(shipment: Shipment) -> AlertShipment:
    return AlertShipment(
        order_id=shipment.order_id,
        line_ref=shipment.line_ref,
        sku=shipment.sku,
        site=shipment.site,
        quantity=shipment.quantity,
        why=shipment.why,
    )


def _event(what: str, alert_id: str, occurred_at: datetime, data: AlertEvent | DeliveryEvent) -> Event:
    return Event(topic=TOPIC, key=alert_id, type=f"notifier.alerts.{what}.v1", subject=alert_id, data=data, occurred_at=occurred_at)
