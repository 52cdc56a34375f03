"""What is told of orders."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel

from services.quote.api.models.answer import AlternativeOut, InputOut, Number, PegOut, PlannedSupplyOut, ReasonOut

OrderStatus = Literal["confirmed", "partly_shipped", "shipped", "closed_short", "cancelled"]


class OrderDeliveryOut(BaseModel):
    """One shipment of an order line, and what is still open of it."""

    site: str
    quantity: Number
    open_quantity: Number
    ship_date: date
    delivery_date: date
    sku: str | None = None
    """What is delivered instead of the line's sku; null: that itself."""


class RiskCauseOut(BaseModel):
    """The record behind a danger."""

    code: str
    ref: str | None
    summary: str
    sku: str | None
    site: str | None
    resource: str | None
    document: str | None


class RiskOut(BaseModel):
    """Why a line will not be delivered as promised, and when it will be on what is known now."""

    cause: RiskCauseOut | None
    projected_date: date | None
    slip_days: int
    unsupplied: bool
    missed: bool
    since_at: datetime


class OrderLineOut(BaseModel):
    """An order line with its four dates."""

    line_ref: str
    sku: str
    quantity: Number
    requested_date: date
    first_promised_date: date | None
    promised_date: date | None
    actual_date: date | None
    times_moved: int
    status: OrderStatus
    shipped_quantity: Number
    frozen: bool = False
    """Whether re-promising leaves the line where it is."""
    at_risk: bool | None
    risk: RiskOut | None
    uses_safety_stock: bool | None = None
    """Whether its book keeps its promises only with safety stock; null where it was not looked up."""
    deliveries: list[OrderDeliveryOut]


class OrderOut(BaseModel):
    """An order as it stands. `at_risk` is null where it was not looked up: in the answer to a change, and in the history."""

    id: str
    status: OrderStatus
    customer: str | None
    quote_id: str | None
    external_id: str | None
    source_system: str | None
    promised_elsewhere: bool
    demand_class: str | None
    priority: int
    frozen: bool
    """Whether re-promising leaves the whole order where it is."""
    revision: int
    created_at: datetime
    updated_at: datetime
    lines: list[OrderLineOut]


class AmendedDeliveryOut(OrderDeliveryOut):
    """The same with its way; null for what was shipped, or closed, before the change."""

    time_zone: str | None
    lane: str | None


class AmendedLineOut(OrderLineOut):
    """An order line after a change, with what was decided of it; null of lines that were closed before."""

    uom: str | None
    outcome: Literal["full", "late", "partial", "none"] | None
    requested_quantity: Number | None
    promised_quantity: Number | None
    slip_days: int | None
    limiting_step: str | None
    pegging: list[PegOut] | None
    reasons: list[ReasonOut] | None
    alternatives: list[AlternativeOut] | None
    probability: Number | None
    deliveries: list[AmendedDeliveryOut]  # type: ignore[assignment]


class AmendedOut(OrderOut):
    """An order after a change, and the answer to the change: as `POST /v1/orders` gives it."""

    outcome: Literal["full", "late", "partial", "none"] | None
    summary: str | None
    planned_supply: list[PlannedSupplyOut]
    inputs: list[InputOut]
    decision_id: str | None
    replayed: bool
    lines: list[AmendedLineOut]  # type: ignore[assignment]


class OrderPage(BaseModel):
    """Orders."""

    data: list[OrderOut]
    next_cursor: str | None


class HistoryOut(BaseModel):
    """What happened to an order, who did it, why, by which document."""

    revision: int
    at: datetime
    kind: str
    actor: str | None
    reason: str | None
    document: str | None
    decision_id: str | None
    lines: list[OrderLineOut]


class HistoryPage(BaseModel):
    """The history of one order, oldest first."""

    data: list[HistoryOut]
    next_cursor: str | None


class ImportProblem(BaseModel):
    """Where, and what."""

    pointer: str
    code: str
    message: str


class ImportResult(BaseModel):
    """What became of one order."""

    external_id: str
    outcome: Literal["created", "changed", "unchanged", "failed"]
    order_id: str | None
    revision: int | None = None
    errors: list[ImportProblem]


class ImportOut(BaseModel):
    """One result per order, in the order sent."""

    data: list[ImportResult]
    replayed: bool
