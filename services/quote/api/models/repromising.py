"""Who wins and who loses when promises are decided anew."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel

from services.quote.api.models.answer import Number, PlannedSupplyOut


class RepromiseReasonOut(BaseModel):
    """Why a promise changes, or cannot be kept."""

    code: Literal["REGAINED", "IMPROVED", "MOVED_SITE", "GAVE_WAY", "SHORTAGE", "DELAYED", "NOT_REGAINED"]
    summary: str
    ref: str | None
    """The order that takes it, or the record behind the shortage."""
    sku: str
    site: str | None


class RepromiseDeliveryOut(BaseModel):
    """One delivery as it would be."""

    site: str
    quantity: Number
    ship_date: date
    delivery_date: date
    sku: str | None = None
    """What comes instead of the line's sku."""


class RepromiseChangeOut(BaseModel):
    """One order line that wins, loses, or comes from another site. `days`: how much later; less than 0: earlier."""

    order_id: str
    line_ref: str
    external_id: str | None
    customer: str | None
    demand_class: str | None
    priority: int
    strategy: Literal["win", "gain", "redistribute", "fill", "lose"]
    sku: str
    quantity: Number
    requested_date: date
    first_promised_date: date | None
    old_promised_date: date | None
    new_promised_date: date | None
    days: int | None
    unsupplied: bool
    """No known supply covers it: its date stays, and it stays in danger."""
    times_moved: int
    value: Number | None
    currency: str | None
    deliveries: list[RepromiseDeliveryOut]
    planned_supply: list[PlannedSupplyOut] = []
    """What is planned for it, to be released once it is applied."""
    reason: RepromiseReasonOut
    needs_approval: bool


class RepromiseNotRegainedOut(BaseModel):
    """One order line that must win and is later than wanted all the same, whether it changes or stays."""

    order_id: str
    line_ref: str
    external_id: str | None
    customer: str | None
    sku: str
    quantity: Number
    requested_date: date
    promised_date: date | None
    """Once it is applied; null where no supply covers it."""
    days_late: int | None
    """After the date that was wanted."""
    reason: RepromiseReasonOut


class RepromiseBookOut(BaseModel):
    """A book that it was worked out on."""

    sku: str
    site: str
    version: int


class RepromiseValueOut(BaseModel):
    """What wins and what loses is worth."""

    currency: str | None
    winners: Number
    losers: Number


class RepromiseOut(BaseModel):
    """Who wins and who loses."""

    id: str
    status: Literal["simulated", "applied"]
    created_at: datetime
    applied_at: datetime | None
    summary: str
    winners: list[RepromiseChangeOut]
    losers: list[RepromiseChangeOut]
    moved: list[RepromiseChangeOut]
    """Kept on their date from another site."""
    unchanged: int
    """Lines of the scope that stay as they are."""
    not_regained: list[RepromiseNotRegainedOut] = []
    """Lines that must win and are later than wanted all the same."""
    not_planned_for: int = 0
    """Promises that lose and for which no new supply was looked for, because there were too many."""
    values: list[RepromiseValueOut]
    needs_approval: bool
    books: list[RepromiseBookOut]
    request: dict[str, Any]
    request_id: str | None
    replayed: bool
    decision_id: str | None = None
    """Once it is applied."""
