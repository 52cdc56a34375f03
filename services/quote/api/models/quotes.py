"""What is answered to a quote, and why."""

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel

from services.quote.api.models.answer import AlternativeOut, InputOut, LineOut, Number, PegOut, PlannedSupplyOut, ReasonOut

QuoteStatus = Literal["quoted", "held", "confirmed", "released", "expired", "refused"]


class AssumedOut(BaseModel):
    """What the answer takes to be otherwise; `met` is false where nothing that was looked at changed by it."""

    kind: str
    met: bool
    sku: str | None = None
    site: str | None = None
    receipt_id: str | None = None
    resource: str | None = None
    quantity: Number | None = None
    delta: Number | None = None
    due_date: date | None = None
    days: int | None = None
    minutes: int | None = None


class QuoteOut(BaseModel):
    """The answer to a quote, a hold or an order."""

    id: str
    status: QuoteStatus
    mode: Literal["inquiry", "hold", "order"]
    expires_at: datetime | None
    order_id: str | None
    outcome: Literal["full", "late", "partial", "none"]
    summary: str
    lines: list[LineOut]
    planned_supply: list[PlannedSupplyOut]
    inputs: list[InputOut]
    decision_id: str
    request_id: str | None
    created_at: datetime
    replayed: bool
    assumed: list[AssumedOut] | None = None
    """Only where something was."""


class QuoteLine(BaseModel):
    """A quote in one line of a list."""

    id: str
    mode: str
    status: str
    outcome: str
    summary: str
    skus: list[str]
    """Of its first five lines."""
    customer: str | None
    order_id: str | None
    expires_at: datetime | None
    created_at: datetime


class QuotePage(BaseModel):
    """Quotes, newest first."""

    data: list[QuoteLine]
    next_cursor: str | None


class ExplanationLine(BaseModel):
    """Why one line got its date."""

    line_ref: str
    sku: str
    outcome: str
    requested_date: date
    promised_date: date | None
    slip_days: int
    limiting_step: str | None
    reasons: list[ReasonOut]
    pegging: list[PegOut]
    alternatives: list[AlternativeOut]


class ExplanationOut(BaseModel):
    """Why: as it was decided, never guessed again."""

    id: str
    decision_id: str
    outcome: str
    summary: str
    lines: list[ExplanationLine]
    inputs: list[InputOut]
