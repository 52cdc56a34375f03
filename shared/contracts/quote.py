"""What quote says: orders and holds, availability, risk."""

from datetime import date
from typing import Literal

from shared.contracts.base import Contract, EntityEvent, Instant, Quantity

ORDERS_TOPIC = "quote.orders.v1"
"""Key: quote id, or order id where there is no quote."""
AVAILABILITY_TOPIC = "quote.availability.v1"
"""Key: `sku|site`; compacted."""
RISK_TOPIC = "quote.risk.v1"
"""Key: order id."""

LineStatus = Literal["confirmed", "partly_shipped", "shipped", "closed_short", "cancelled"]


class PromisedDelivery(Contract):
    """One shipment of a promise."""

    site: str
    quantity: Quantity
    ship_date: date
    delivery_date: date
    sku: str | None = None
    """What is delivered instead of what was asked for; absent: that itself."""


class OrderLineState(Contract):
    """One order line: what was asked, first promised, is promised now, and happened."""

    line_ref: str
    sku: str
    quantity: Quantity
    requested_date: date
    first_promised_date: date | None
    promised_date: date | None
    actual_date: date | None = None
    times_moved: int = 0
    status: LineStatus
    shipped_quantity: Quantity
    deliveries: tuple[PromisedDelivery, ...] = ()


class OrderEvent(EntityEvent):
    """The order after the change. Types: order-promised, order-amended, order-repromised, order-cancelled, order-shipped."""

    order_id: str
    quote_id: str | None = None
    external_id: str | None = None
    source_system: str | None = None
    customer: str | None = None
    status: LineStatus
    actor: str | None = None
    lines: tuple[OrderLineState, ...]


class SupplyPlanned(EntityEvent):
    """`quote.orders.supply-planned.v1`: what has to be made, bought or transferred for a promise, for a planner to release."""

    plan_id: str
    kind: Literal["production_order", "purchase_order", "transfer_order"]
    sku: str
    site: str
    quantity: Quantity
    due_date: date
    start_date: date
    latest_start_date: date
    """Not released by then, it comes too late."""
    from_site: str | None = None
    supplier: str | None = None
    order_id: str
    line_ref: str


class HeldLine(Contract):
    """One line of a hold: what is kept, when."""

    line_ref: str
    sku: str
    quantity: Quantity
    promised_date: date | None
    deliveries: tuple[PromisedDelivery, ...] = ()


class HoldEvent(EntityEvent):
    """The hold after the change. Types: quote-held, hold-released, hold-expired."""

    quote_id: str
    customer: str | None = None
    status: Literal["held", "released", "expired", "confirmed"]
    expires_at: Instant | None
    actor: str | None = None
    lines: tuple[HeldLine, ...]


class DatedEntry(Contract):
    """One dated quantity of a book, positive for supply, negative for demand."""

    kind: Literal["receipt", "claim", "requirement"]
    ref: str
    quantity: Quantity
    date: date
    expires_at: Instant | None = None


class AtpStep(Contract):
    """From `date` on, `atp` can be promised, until the next step."""

    date: date
    projected: Quantity
    atp: Quantity


class AvailabilityChanged(EntityEvent):
    """`quote.availability.availability-changed.v1`; `revision` is the book's version."""

    sku: str
    site: str
    on_hand: Quantity
    safety_stock: Quantity
    today: date
    """The site's civil date at which the staircase was computed."""
    receipts: tuple[DatedEntry, ...] = ()
    demand_by_date: tuple[DatedEntry, ...] = ()
    """Claims of orders and requirements, summed by date (kind `claim`, ref empty)."""
    holds: tuple[DatedEntry, ...] = ()
    """Live holds one by one, with their expiry: they end without a further event."""
    staircase: tuple[AtpStep, ...] = ()


class RiskCause(Contract):
    """What endangers a promise. Alerts are grouped by `code` and `ref`: one cause, one alert."""

    code: Literal[
        "RECEIPT_RESCHEDULED",
        "RECEIPT_REDUCED",
        "RECEIPT_OVERDUE",
        "STOCK_REDUCED",
        "CAPACITY_REDUCED",
        "PLAN_NOT_RELEASED",
        "DEMAND_BOOKED",
        "SHIPPED_EARLY",
        "MASTER_DATA_CHANGED",
    ]
    ref: str | None = None
    """The record behind it: a receipt, movement, resource, plan or order."""
    sku: str | None = None
    site: str | None = None
    resource: str | None = None
    document: str | None = None
    summary: str
    """One plain sentence."""


class PromiseRisk(EntityEvent):
    """One order line in danger, safe again, or missed. Types: promise-at-risk, promise-recovered, promise-missed.

    The same state is told once: `revision` grows with every change of `projected_date`, `unsupplied` or the cause.
    """

    order_id: str
    line_ref: str
    external_id: str | None = None
    source_system: str | None = None
    customer: str | None = None
    demand_class: str | None = None
    priority: int = 100
    sku: str
    sites: tuple[str, ...] = ()
    """The sites of its open deliveries."""
    quantity: Quantity
    """What is still open of the line."""
    requested_date: date
    first_promised_date: date | None
    promised_date: date | None
    projected_date: date | None
    """When it will be delivered on what is known now; None when no known supply covers it. Of a recovered promise, its promised date."""
    slip_days: int
    """`projected_date - promised_date`; of an unsupplied promise 0."""
    unsupplied: bool
    value: Quantity | None = None
    """Open quantity times unit price; None when no price is known."""
    currency: str | None = None
    cause: RiskCause | None
    """None when it has recovered for a reason that cannot be named."""


class UnmatchedShipment(EntityEvent):
    """`quote.risk.unmatched-shipment.v1`: goods left for an order line that does not exist or was cancelled."""

    order_id: str
    line_ref: str
    sku: str
    site: str
    quantity: Quantity
    cause: Literal["unknown_order", "unknown_line", "cancelled_line"]


EVENTS: dict[str, type[Contract]] = {
    **{
        f"quote.orders.{name}.v1": OrderEvent
        for name in ("order-promised", "order-amended", "order-repromised", "order-cancelled", "order-shipped")
    },
    **{f"quote.orders.{name}.v1": HoldEvent for name in ("quote-held", "hold-released", "hold-expired")},
    "quote.orders.supply-planned.v1": SupplyPlanned,
    "quote.availability.availability-changed.v1": AvailabilityChanged,
    **{f"quote.risk.{name}.v1": PromiseRisk for name in ("promise-at-risk", "promise-recovered", "promise-missed")},
    "quote.risk.unmatched-shipment.v1": UnmatchedShipment,
}
