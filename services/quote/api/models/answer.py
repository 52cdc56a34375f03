"""What is said of a line: its deliveries, the supply behind them, the reasons, the ways that lost."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel

Number = float


class DeliveryOut(BaseModel):
    """One shipment; dates are the site's civil dates."""

    site: str
    quantity: Number
    ship_date: date
    delivery_date: date
    time_zone: str
    lane: str | None = None
    sku: str | None = None
    """What is delivered instead of the line's sku; null: that itself."""


class PegOut(BaseModel):
    """Which supply covers which part."""

    quantity: Number
    source: str
    site: str
    ref: str | None = None
    due_date: date | None = None
    planned: int | None = None
    """Of planned supply that has no id yet: its place in `planned_supply`."""
    sku: str | None = None
    """What it is supply of, where that is not the line's sku."""


class ComponentOut(BaseModel):
    """What planned supply takes from another book."""

    sku: str
    site: str
    quantity: Number
    needed_date: date


class LoadedOut(BaseModel):
    """Minutes of a resource that planned supply takes."""

    resource: str
    date: date
    minutes: Number


class PlannedSupplyOut(BaseModel):
    """Supply that has to be released for the promise; `plan_id` once it is held or ordered."""

    plan_id: str | None
    kind: Literal["production_order", "purchase_order", "transfer_order"]
    sku: str
    site: str
    quantity: Number
    start_date: date
    due_date: date
    latest_start_date: date
    from_site: str | None
    supplier: str | None
    line_refs: list[str]
    components: list[ComponentOut]
    load: list[LoadedOut]


class ReasonOut(BaseModel):
    """One step from the requested to the promised date; the days added sum to the slip."""

    step: str
    code: str
    ref: str | None = None
    summary: str
    adds_days: int


class AlternativeOut(BaseModel):
    """Another way, and why it lost."""

    alternative: str
    kind: str
    deliveries: list[DeliveryOut]
    lost_because: str
    supply: list[str] | None = None
    site: str | None = None
    """A site that can never serve the line: `deliveries` is empty, and `lost_because` says why."""


class LineOut(BaseModel):
    """The answer to one line."""

    line_ref: str
    sku: str
    uom: str
    outcome: Literal["full", "late", "partial", "none"]
    requested_quantity: Number
    requested_date: date
    promised_quantity: Number
    promised_date: date | None
    slip_days: int
    limiting_step: str | None
    deliveries: list[DeliveryOut]
    pegging: list[PegOut]
    reasons: list[ReasonOut]
    alternatives: list[AlternativeOut]
    probability: Number | None
    at_risk: bool | None = None
    """True of a hold that no longer fits, and of what was confirmed of it: what is held is held, but supply has fallen since."""


class InputOut(BaseModel):
    """How fresh a source is. Without an age, nothing was ever heard of it."""

    source: str
    site: str
    as_of: datetime | None
    age_seconds: Number | None
    stale: bool
