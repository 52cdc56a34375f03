"""Customers, classes, policies and allocations, as they are told."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel

from services.quote.api.models.answer import Number


class CustomerOut(BaseModel):
    """A customer as it stands."""

    customer: str
    name: str | None
    calendar: str | None
    demand_class: str | None
    revision: int
    created_at: datetime
    updated_at: datetime


class CustomerPage(BaseModel):
    """Customers by id."""

    data: list[CustomerOut]
    next_cursor: str | None


class StabilityOut(BaseModel):
    """How often, and how far, a promise may be moved without a person's approval."""

    most_moves: int | None
    most_days: int | None


class FreshnessOut(BaseModel):
    """What may be promised on old news."""

    mode: Literal["warn", "refuse"]
    stale_after_seconds: float | None


class CostsOut(BaseModel):
    """What a plan costs besides what it buys and carries."""

    lateness_per_unit_day: Number | None
    handling_per_unit: Number | None


class PolicyOut(BaseModel):
    """A policy as it stands."""

    policy: str
    name: str | None
    sku: str | None
    site: str | None
    past_due_offset_days: int | None
    past_due_limit_days: int | None
    atp_fence_days: int | None
    stability: StabilityOut | None
    freshness: FreshnessOut | None
    costs: CostsOut | None
    revision: int
    created_at: datetime
    updated_at: datetime


class PolicyPage(BaseModel):
    """Policies by id."""

    data: list[PolicyOut]
    next_cursor: str | None


class ClassOut(BaseModel):
    """A class of demand as it stands."""

    demand_class: str
    name: str | None
    parent: str | None
    rank: int
    strategy: Literal["win", "gain", "redistribute", "fill", "lose"]
    revision: int
    created_at: datetime
    updated_at: datetime


class ClassPage(BaseModel):
    """Classes by id."""

    data: list[ClassOut]
    next_cursor: str | None


class TakerOut(BaseModel):
    """Who has taken of an allocation; of a hold, until when."""

    owner: str | None
    kind: Literal["order", "hold"]
    line_ref: str | None
    customer: str | None
    demand_class: str | None
    site: str | None
    quantity: Number
    ship_date: date
    expires_at: datetime | None


class AllocationPeriodOut(BaseModel):
    """Ship dates that count together; an end that is null is open."""

    from_date: date | None
    to_date: date | None
    quantity: Number
    consumed: Number
    left: Number
    consumed_by: list[TakerOut]


class AllocationOut(BaseModel):
    """A ceiling or floor as it stands, and what was taken of it."""

    allocation: str
    name: str | None
    kind: Literal["ceiling", "floor"]
    demand_class: str
    sku: str
    sites: list[str] | None
    quantity: Number | None
    period: Literal["day", "week", "month"] | None
    from_date: date | None
    to_date: date | None
    release_date: date | None
    closed: bool
    periods: list[AllocationPeriodOut]
    kept: Number | None = None
    """Of a floor: what is kept from other classes now."""
    revision: int
    created_at: datetime
    updated_at: datetime


class AllocationPage(BaseModel):
    """Allocations by id."""

    data: list[AllocationOut]
    next_cursor: str | None
