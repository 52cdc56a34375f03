"""What notifier says: alerts, one per cause, and what became of the messages about them."""

from datetime import date
from typing import Literal

from shared.contracts.base import Contract, EntityEvent, Instant, Quantity

TOPIC = "notifier.alerts.v1"
"""Key: alert id. Heartbeats go to every partition."""

Severity = Literal["info", "warning", "critical"]


class AlertCause(Contract):
    """What endangers the promises of an alert: one cause (`code` and `ref`), one alert."""

    code: str
    """As quote says it; `UNMATCHED_SHIPMENT` for goods that left for no order line of ours; `UNNAMED` when quote names no cause."""
    ref: str
    sku: str | None = None
    site: str | None = None
    resource: str | None = None
    document: str | None = None
    summary: str


class AlertPromise(Contract):
    """A promise in danger."""

    order_id: str
    line_ref: str
    external_id: str | None = None
    source_system: str | None = None
    customer: str | None = None
    demand_class: str | None = None
    priority: int
    sku: str
    sites: tuple[str, ...] = ()
    quantity: Quantity
    """Still open."""
    requested_date: date
    first_promised_date: date | None
    promised_date: date | None
    projected_date: date | None
    slip_days: int
    unsupplied: bool
    missed: bool
    value: Quantity | None = None
    currency: str | None = None
    severity: Severity


class CurrencyValue(Contract):
    """What is at stake in one currency; values in several are never added up."""

    currency: str
    value: Quantity
    promises: int


class AlertShipment(Contract):
    """Goods that left for an order line that does not exist or was cancelled."""

    order_id: str
    line_ref: str
    sku: str
    site: str
    quantity: Quantity
    why: str


class AlertState(Contract):
    """An alert as it stands."""

    alert_id: str
    kind: Literal["promises", "unmatched-shipment"]
    round: int
    """1 when it was first raised; one more each time the same cause struck again after it was resolved."""
    status: Literal["open", "acknowledged", "resolved"]
    severity: Severity
    """The highest of its promises: missed or without any supply is critical, late is a warning. Of a resolved alert the last one."""
    sentence: str
    """To be read out."""
    cause: AlertCause
    promise_count: int
    values: tuple[CurrencyValue, ...] = ()
    promises: tuple[AlertPromise, ...] = ()
    """At most the 100 worst, the worst first."""
    shipment: AlertShipment | None = None
    raised_at: Instant
    changed_at: Instant
    acknowledged_at: Instant | None = None
    acknowledged_by: str | None = None
    assigned_to: str | None = None
    snoozed_until: Instant | None = None
    resolved_at: Instant | None = None
    resolved_by: str | None = None
    """None when it healed by itself."""
    note: str | None = None


class AlertEvent(EntityEvent, AlertState):
    """The alert after the change. Types: alert-raised, -changed, -acknowledged, -assigned, -snoozed, -resolved."""

    actor: str | None = None
    """Who did it; None when the promises did."""


class DeliveryEvent(EntityEvent):
    """A message about an alert has arrived, or never will. Types: alert-delivered, alert-undeliverable. `revision`: attempts so far."""

    delivery_id: str
    """Also the `webhook-id`."""
    alert_id: str
    subscription_id: str
    message_type: str
    status: Literal["delivered", "undeliverable"]
    attempts: int
    error: str | None = None


class AlertHeartbeat(Contract):
    """`notifier.alerts.heartbeat.v1`: everything that happened up to `as_of` stands before this record in its partition."""

    as_of: Instant


EVENTS: dict[str, type[Contract]] = {
    **{f"notifier.alerts.alert-{what}.v1": AlertEvent for what in ("raised", "changed", "acknowledged", "assigned", "snoozed", "resolved")},
    **{f"notifier.alerts.alert-{what}.v1": DeliveryEvent for what in ("delivered", "undeliverable")},
    "notifier.alerts.heartbeat.v1": AlertHeartbeat,
}
