"""What the other services said, as the pages need it."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

PLAN = "pln_"
"""What the ids of planned supply begin with."""
DEMAND = frozenset({"order", "hold", "requirement", "claim"})


@dataclass(frozen=True, slots=True)
class Pair:
    """One sku at one site."""

    sku: str
    site: str

    @property
    def key(self) -> str:
        """As the key of the books and of the events: `sku|site`."""
        return f"{self.sku}|{self.site}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A dated quantity of a book: a receipt that comes, or a claim that goes. Never negative."""

    ref: str
    """The document behind it: a receipt, an order, a hold."""
    quantity: Decimal
    kind: str
    who: str = ""
    """Whom it is for, or from."""
    expires_at: datetime | None = None

    @property
    def is_planned(self) -> bool:
        """Whether it is planned supply, which somebody still has to order."""
        return self.ref.startswith(PLAN)

    @property
    def label(self) -> str:
        """The shortest name a reader knows it by."""
        if self.is_planned:
            return f"planned {self.kind.removesuffix('_order').replace('_', ' ')}"
        return (self.who if self.kind in DEMAND else "") or self.ref or self.kind


@dataclass(frozen=True, slots=True)
class Day:
    """One civil day of a book."""

    date: date
    projected: Decimal
    atp: Decimal
    receipts: tuple[Entry, ...] = ()
    claims: tuple[Entry, ...] = ()

    @property
    def coming(self) -> Decimal:
        """All receipts of the day."""
        return sum((entry.quantity for entry in self.receipts), Decimal(0))

    @property
    def planned(self) -> Decimal:
        """What of it is only planned."""
        return sum((entry.quantity for entry in self.receipts if entry.is_planned), Decimal(0))

    @property
    def going(self) -> Decimal:
        """All claims of the day."""
        return sum((entry.quantity for entry in self.claims), Decimal(0))


@dataclass(frozen=True, slots=True)
class Feed:
    """How old what we know from one source about one site was when it was answered."""

    source: str
    site: str
    as_of: datetime | None
    age_seconds: float | None
    stale: bool


@dataclass(frozen=True, slots=True)
class Book:
    """The availability of one sku at one site, day by day."""

    sku: str
    site: str
    time_zone: str
    version: int
    on_hand: Decimal
    safety_stock: Decimal
    days: tuple[Day, ...]
    feeds: tuple[Feed, ...] = ()
    name: str = ""
    uom: str = ""

    @property
    def pair(self) -> Pair:
        """Which book this is."""
        return Pair(self.sku, self.site)

    @property
    def free_now(self) -> Decimal:
        """What can be promised for today."""
        return max(Decimal(0), self.days[0].atp) if self.days else Decimal(0)

    def short_from(self) -> date | None:
        """The first day on which more is promised than there will be, safety stock included."""
        return next((day.date for day in self.days if self.is_short(day)), None)

    def is_short(self, day: Day) -> bool:
        """Whether on that day even the safety stock does not suffice."""
        return day.projected + self.safety_stock < 0

    def dips_from(self) -> date | None:
        """The first day on which promises live on the safety stock."""
        return next((day.date for day in self.days if day.projected < 0), None)

    def more_from(self) -> Day | None:
        """The first day on which more can be promised than today."""
        return next((day for day in self.days if day.atp > self.free_now), None)

    def turning_days(self) -> tuple[Day, ...]:
        """The days on which a figure changes: between them the book stands still, so they say all."""
        kept: list[Day] = []
        for day in self.days:
            moved = not kept or (day.projected, day.atp) != (kept[-1].projected, kept[-1].atp)
            if moved or day.receipts or day.claims:
                kept.append(day)
        return tuple(kept)


@dataclass(frozen=True, slots=True)
class Promise:
    """One of the last answers, as the ticker shows it."""

    quote_id: str
    status: str
    outcome: str
    summary: str
    skus: tuple[str, ...]
    customer: str
    order_id: str | None
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class Service:
    """Whether one of the services answers, and if not, what it lacks."""

    name: str
    up: bool
    ready: bool
    detail: str = ""

    @property
    def word(self) -> str:
        """ready, not ready, or away."""
        if not self.up:
            return "away"
        return "ready" if self.ready else "not ready"


@dataclass(frozen=True, slots=True)
class Clock:
    """The truth clock: when it was looked, how old each feed is, who answers."""

    at: datetime | None = None
    feeds: tuple[Feed, ...] = ()
    services: tuple[Service, ...] = field(default=())

    @property
    def missing(self) -> tuple[Service, ...]:
        """The services that do not answer, or not fully."""
        return tuple(service for service in self.services if not service.ready)


@dataclass(frozen=True, slots=True)
class Alert:
    """One cause that endangers promises, and who deals with it."""

    alert_id: str
    status: str
    severity: str
    sentence: str
    cause: str
    ref: str
    promises: int
    taken_by: str
    raised_at: datetime | None
    resolved_at: datetime | None
    missed: bool = False
    revision: int = 0
    snoozed_until: datetime | None = None
    """Until when no message goes out about it."""


@dataclass(frozen=True, slots=True)
class AtRisk:
    """An order line that will not be served as promised."""

    order_id: str
    order: str
    """As people call it: the number that the customer's system gave it, else ours."""
    customer: str
    sku: str
    quantity: Decimal
    promised: date | None
    projected: date | None
    """None: no supply that is known covers it."""
    slip_days: int
    cause: str


@dataclass(frozen=True, slots=True)
class LoadDay:
    """One day of a resource."""

    date: date
    available: Decimal
    claimed: Decimal

    @property
    def percent(self) -> int | None:
        """How much of it is taken; None on a day on which it does not work and nobody wants it to."""
        if self.available <= 0:
            return None if self.claimed <= 0 else 999
        return int(100 * self.claimed / self.available)


@dataclass(frozen=True, slots=True)
class Load:
    """A resource day by day."""

    resource: str
    site: str
    days: tuple[LoadDay, ...]
