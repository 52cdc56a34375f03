"""The documents of quote as values: quotes, orders with their lines, decisions."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from services.quote.domain.value import value


@value(frozen=True, slots=True)
class ClaimRow:
    """A claim that a document has on a book. `quantity` is what is still open, in millionths."""

    ref: str
    line_ref: str
    sku: str
    site: str
    quantity: int
    day: int
    planned: int = 0
    """How much of it stands on the quote's plans; while it is a hold, only the rest stands in the book."""
    ship_day: int | None = None
    """When it leaves: the day that allocations count it on."""
    returns: tuple[tuple[str, int], ...] = ()
    """Of a hold: which of its plans fill up what the claim has taken early, and how much each."""


@dataclass(slots=True, frozen=True)
class PlanClaimRow:
    """What a plan takes from another book: a component, or minutes of a resource. `planned` as with a claim."""

    ref: str
    sku: str
    site: str
    quantity: int
    planned: int
    day: int
    setup: int = 0
    """Minutes that it takes however little of the plan is left."""
    returns: tuple[tuple[str, int], ...] = ()
    """As of a claim."""


@dataclass(slots=True, frozen=True)
class PlanRow:
    """Planned supply of a quote: what has to be released for it once it is an order."""

    id: str
    kind: str
    source: str
    sku: str
    site: str
    quantity: int
    start_day: int
    due_day: int
    latest_start_day: int
    line_refs: tuple[str, ...]
    claims: tuple[PlanClaimRow, ...]
    from_site: str | None = None
    supplier: str | None = None
    made_by: dict[str, int] = field(default_factory=dict)
    """The definitions that it was made by, as `bom TABLE`, each with its revision then."""


@value(frozen=True, slots=True)
class QuoteRow:
    """A quote that took something, or was refused it: what was asked, answered, and is still held."""

    id: str
    mode: str
    status: str
    caller: str
    customer: str | None
    outcome: str
    summary: str
    request: dict[str, Any]
    answer: dict[str, Any]
    claims: tuple[ClaimRow, ...]
    expires_at: datetime | None
    order_id: str | None
    decision_id: str
    revision: int
    created_at: datetime
    updated_at: datetime
    plans: tuple[PlanRow, ...] = ()

    def is_live(self, now: datetime) -> bool:
        """Whether it is a hold that still counts at `now`."""
        return self.status == "held" and self.expires_at is not None and self.expires_at > now


@value(frozen=True, slots=True)
class DeliveryRow:
    """One delivery of an order line. `quantity` as promised, `open` what has not been shipped, both in millionths."""

    ref: str
    site: str
    quantity: int
    open: int
    pick_day: int
    ship_day: int
    delivery_day: int
    lane: str | None = None
    sku: str | None = None
    """What is delivered instead of the line's sku; None: that itself."""


@dataclass(slots=True, frozen=True)
class ShippedRow:
    """What has left one site for an order line, in total."""

    quantity: int
    closed: bool
    at: datetime
    settled: int = 0
    """How much of it an amendment has taken out of the line's deliveries already."""
    told: dict[str, int] = field(default_factory=dict)
    """The totals it is made of, by the name of the order that each was told under: its id, or another system's number."""


@value(frozen=True, slots=True)
class LineRow:
    """An order line: requested, first promised, promised and actual dates stay side by side for ever."""

    line_ref: str
    sku: str
    quantity: int
    requested_date: date
    first_promised_date: date | None
    promised_date: date | None
    actual_date: date | None
    times_moved: int
    status: str
    shipped: int
    shipped_by_site: dict[str, ShippedRow]
    """By site; what left a site instead of the line's sku by site and sku, joined by `|`."""
    deliveries: tuple[DeliveryRow, ...]
    request: dict[str, Any]

    def book_of(self, delivery: DeliveryRow) -> str:
        """The key of the book that a delivery is taken from."""
        return f"{delivery.sku or self.sku}|{delivery.site}"

    @property
    def is_open(self) -> bool:
        """Whether goods are still owed."""
        return self.status in ("confirmed", "partly_shipped")


@value(frozen=True, slots=True)
class OrderRow:
    """A confirmed order. `elsewhere`: promised by another system; its lines are requirements, not claims."""

    id: str
    quote_id: str | None
    external_id: str | None
    source_system: str | None
    customer: str | None
    demand_class: str | None
    priority: int
    status: str
    caller: str
    elsewhere: bool
    allow_partial: bool
    ship_complete: bool
    revision: int
    created_at: datetime
    updated_at: datetime
    lines: tuple[LineRow, ...]
    frozen: bool = False
    """Re-promising leaves all of it where it is."""
    policy: str = "earliest"
    probability: float | None = None
    deadline_ms: int = 2000
    """How it was asked to be decided; an amendment is decided in the same way."""

    def line(self, line_ref: str) -> LineRow | None:
        """The line of that reference."""
        return next((line for line in self.lines if line.line_ref == line_ref), None)

    def with_lines(self, lines: tuple[LineRow, ...], **changes: Any) -> "OrderRow":
        """The same order with other lines, one revision later."""
        return replace(self, lines=lines, revision=self.revision + 1, **changes)


@value(frozen=True, slots=True)
class HistoryRow:
    """What happened to an order at one revision, who did it, why, by which document."""

    order_id: str
    revision: int
    at: datetime
    kind: str
    actor: str | None
    reason: str | None
    document: str | None
    decision_id: str | None
    lines: list[dict[str, Any]]


@value(frozen=True, slots=True)
class DecisionRow:
    """A decision with everything it was made on: request, instant, versions, code, result."""

    id: str
    at: datetime
    kind: str
    quote_id: str | None
    order_id: str | None
    request: dict[str, Any]
    versions: dict[str, int]
    result: dict[str, Any]
    code_version: str
    basis: dict[str, Any] = field(default_factory=dict)
    """What else it was made on that no book tells; the door adds what was seen of master data."""


@value(frozen=True, slots=True)
class InquiryRow:
    """An inquiry as it was answered, for the log."""

    id: str
    at: datetime
    decision_id: str
    caller: str
    customer: str | None
    outcome: str
    summary: str
    request: Any
    """The bytes that asked while it waits to be written; they are written as they are."""
    versions: dict[str, int]
    result: Any
    """The bytes that answered, the same."""
    code_version: str
    basis: dict[str, Any] | None = None


@dataclass(slots=True, frozen=True)
class UnmatchedRow:
    """Goods that left for an order line that does not exist, or no longer."""

    order_id: str
    line_ref: str
    sku: str
    site: str
    quantity: int
    closed: bool
    shipped_at: datetime
    cause: str
    revision: int = 1


@dataclass(slots=True)
class Outcome:
    """A stored answer: the HTTP status and the body that went with it."""

    status: int
    body: dict[str, Any] = field(default_factory=dict)
