"""What quote answers, as the OpenAPI document describes it. The bodies themselves are made in `answers`."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

Number = float
QuoteStatus = Literal["quoted", "held", "confirmed", "released", "expired", "refused"]
OrderStatus = Literal["confirmed", "partly_shipped", "shipped", "closed_short", "cancelled"]


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


class CustomerOut(BaseModel):
    """A customer as it stands."""

    customer: str
    name: str | None
    calendar: str | None
    demand_class: str | None
    revision: int


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


class AllocationPage(BaseModel):
    """Allocations by id."""

    data: list[AllocationOut]
    next_cursor: str | None


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


class DecisionOut(BaseModel):
    """A decision with what it was made on."""

    id: str
    at: datetime
    kind: str
    quote_id: str | None
    order_id: str | None
    request: dict[str, Any]
    versions: dict[str, int]
    result: dict[str, Any]
    code_version: str
    basis: dict[str, Any] | None = None
    """What else it was made on: the snapshot of master data that was seen, an order as it stood, what was offered."""


class DifferenceOut(BaseModel):
    """One place where a decision comes out otherwise, by its JSON pointer in the answer."""

    what: str
    old: Any
    new: Any


class CodeVersionsOut(BaseModel):
    """By which code it was decided, and decided again."""

    then: str
    now: str


class ReplayOut(BaseModel):
    """A decision made again."""

    decision_id: str
    kind: str
    same: bool
    differences: list[DifferenceOut]
    at: datetime
    versions: dict[str, int]
    master_data: Literal["as_seen", "as_of"]
    """`as_seen`: exactly what was known to who decided. `as_of`: as it stood at the instant; of decisions made before that was kept."""
    code_version: CodeVersionsOut


class RepromiseReasonOut(BaseModel):
    """Why a promise changes, or cannot be kept."""

    code: Literal["REGAINED", "IMPROVED", "MOVED_SITE", "GAVE_WAY", "SHORTAGE", "DELAYED"]
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
