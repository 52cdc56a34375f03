"""What is told of books: availability, load, plans."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from services.quote.api.models.answer import InputOut, Number


class PlanOut(BaseModel):
    """A plan to release: started after `latest_start_date`, something that stands on it comes too late."""

    id: str
    kind: Literal["production_order", "purchase_order", "transfer_order"]
    sku: str
    site: str
    quantity: Number
    planned_quantity: Number
    start_date: date
    due_date: date
    late: bool = Field(description="Whether what it waits for makes it later than its due date.")
    expected_date: date | None = Field(description="When it is late: the day on which it is now seen to count; null while none is known.")
    latest_start_date: date
    from_site: str | None
    supplier: str | None
    source: str | None
    order_id: str
    line_refs: list[str]
    status: Literal["open", "closed"]
    reason: str | None = None


class PlanPage(BaseModel):
    """Open plans, the oldest first."""

    data: list[PlanOut]
    next_cursor: str | None


class LoadClaimOut(BaseModel):
    """Who claims minutes of a day."""

    ref: str
    minutes: Number
    owner: str | None
    plan_id: str | None
    order_id: str | None
    sku: str | None
    expires_at: datetime | None


class LoadDayOut(BaseModel):
    """One civil day of a resource."""

    date: date
    available_minutes: Number
    claimed_minutes: Number
    free_minutes: Number
    claims: list[LoadClaimOut]


class LoadPeriodClaimOut(BaseModel):
    """Who claims what a supplier can deliver in a period."""

    ref: str
    quantity: Number
    due_date: date
    owner: str | None
    plan_id: str | None
    order_id: str | None
    expires_at: datetime | None


class LoadPeriodOut(BaseModel):
    """One period of a supplier's terms: what it can deliver, what is promised of it, what is on order from it."""

    from_date: date
    to_date: date
    available_quantity: Number | None = Field(description="Null where the terms name no capacity: as much as anybody wants.")
    claimed_quantity: Number
    on_order_quantity: Number
    free_quantity: Number | None
    claims: list[LoadPeriodClaimOut]


class LoadOut(BaseModel):
    """A resource day by day (`days`), or a supplier's terms period by period (`periods`)."""

    resource: str | None
    supplier_item: str | None
    supplier: str | None = None
    sku: str | None = None
    site: str | None = Field(description="Null of a supplier's terms that are for every site.")
    time_zone: str
    version: int
    as_of: datetime
    days: list[LoadDayOut]
    periods: list[LoadPeriodOut]
    inputs: list[InputOut]


class ReceiptOut(BaseModel):
    """A receipt that counts on this day."""

    receipt_id: str
    quantity: Number
    kind: str | None
    planned: bool
    """Whether it is a plan that nobody has released yet."""
    supplier: str | None
    due_date: date | None
    late: bool = Field(description="What it needs itself is not there in time: it stands on the day on which it is now expected.")


class ClaimOut(BaseModel):
    """A claim or requirement that counts on this day."""

    ref: str
    kind: Literal["order", "hold", "requirement"]
    quantity: Number
    owner: str | None
    line_ref: str | None
    customer: str | None
    date: date | None
    expires_at: datetime | None = None


class DayOut(BaseModel):
    """One civil day of the book."""

    date: date
    projected: Number
    atp: Number
    discrete_atp: Number | None
    """By how much ATP grows on this day: what of its supply nobody has taken. A report for planners; null for a class."""
    receipts: list[ReceiptOut]
    claims: list[ClaimOut]


class AvailabilityOut(BaseModel):
    """A book day by day."""

    sku: str
    site: str
    time_zone: str
    version: int
    as_of: datetime
    today: date
    on_hand: Number
    safety_stock: Number
    days: list[DayOut]
    inputs: list[InputOut]
    demand_class: str | None = None
    """Where one was asked for: whose ATP it is."""


class BulkOut(BaseModel):
    """One element per pair, in the order asked; each is an availability, or has an `error`."""

    data: list[dict[str, Any]]
