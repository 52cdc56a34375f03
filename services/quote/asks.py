"""What may be asked of quote: the bodies of its requests, as a CRM sends them and as the decision log keeps them."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator, model_validator
from pydantic_core import PydanticCustomError

from services.quote.domain.demandclass import DEFAULT_RANK, Strategy
from shared.days import CivilDate
from shared.problems import FieldError, pointer_to
from shared.quantities import Code, NonNegativeQuantity, Note, PositiveQuantity, RequestModel, SignedQuantity

MAX_LINES = 500
LineRef = Annotated[Code, Field(max_length=50)]
Policy = Literal["earliest", "fewest_shipments", "cheapest", "preferred_site", "just_in_time"]


Supply = Annotated[str, Field(pattern=r"^(transfer|make|buy)(:.+)?$", max_length=220)]


class LineAsk(RequestModel):
    """One line: what, how many, by when, from where."""

    line_ref: LineRef | None = Field(default=None, description="The caller's name for the line; its number by default.")
    sku: Code
    quantity: PositiveQuantity
    requested_date: CivilDate | None = Field(default=None, description="The date wanted; today by default.")
    sites: list[Code] | None = Field(
        default=None,
        max_length=100,
        description="Sites that may ship, the preferred one first; every site with a book of the sku by default.",
    )
    ship_to: Code | None = Field(
        default=None, description="Where to: a region, customer or site that lanes lead to. Without it the goods are fetched."
    )
    min_ship_quantity: PositiveQuantity | None = Field(default=None, description="Least quantity of one delivery, with allow_partial.")
    max_shipments: int | None = Field(default=None, ge=1, le=500, description="Most deliveries of this line, with allow_partial.")
    latest_acceptable_date: CivilDate | None = Field(default=None, description="Later than this counts as none.")
    supply: list[Supply] | None = Field(
        default=None,
        max_length=50,
        description="Planned supply that may be used: `transfer`, `make`, `buy`, or one source of these (`buy:TERMS-7`). "
        "All by default; none (`[]`): only what is known to come.",
    )
    allow_substitutes: bool = Field(
        default=False,
        description="Whether the item's `substitutes` may stand in, unit for unit, for what would come late or not at all.",
    )
    unit_price: NonNegativeQuantity | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    frozen: bool = Field(default=False, description="Once promised, re-promising leaves this line where it is.")


class AssumeAsk(RequestModel):
    """Something that is taken to be otherwise, by its `kind`.

    `receipt`: sku, site, quantity, due_date. `delay`: receipt_id, days. `lost`: receipt_id. `stock`: sku, site, delta.
    `capacity`: resource, date, minutes (less than 0: taken). `demand`: sku, site, quantity, date.
    """

    kind: Literal["receipt", "delay", "lost", "stock", "capacity", "demand"]
    sku: Code | None = None
    site: Code | None = None
    receipt_id: Code | None = None
    resource: Code | None = None
    quantity: PositiveQuantity | None = None
    delta: SignedQuantity | None = None
    due_date: CivilDate | None = None
    date: CivilDate | None = None
    days: int | None = Field(default=None, ge=-1096, le=1096)
    minutes: int | None = Field(default=None, ge=-1_000_000, le=1_000_000)

    @model_validator(mode="after")
    def _complete(self) -> "AssumeAsk":
        for name in ASSUMED_BY[self.kind]:
            if getattr(self, name) is None:
                raise PydanticCustomError(
                    "assumption_incomplete", "an assumption of kind {kind} needs {name}", {"kind": self.kind, "name": name}
                )
        return self


ASSUMED_BY = {
    "receipt": ("sku", "site", "quantity", "due_date"),
    "delay": ("receipt_id", "days"),
    "lost": ("receipt_id",),
    "stock": ("sku", "site", "delta"),
    "capacity": ("resource", "date", "minutes"),
    "demand": ("sku", "site", "quantity", "date"),
}
"""What each kind of assumption must say."""


class OrderAsk(RequestModel):
    """What a customer wants, line by line, and the rules under which it may be answered."""

    customer: Code | None = None
    demand_class: Code | None = Field(default=None, description="Who asks; the class of the customer by default.")
    ship_complete: bool = Field(default=False, description="All lines on one date, or none of them.")
    allow_partial: bool = Field(
        default=False, description="A line may come in several deliveries or short; an order may go on without a line."
    )
    policy: Policy = "earliest"
    priority: int = Field(default=100, ge=0, le=1_000_000, description="Small is urgent.")
    probability: float | None = Field(
        default=None, gt=0, le=1, description="Answer with dates that hold with this probability, by how late receipts really came so far."
    )
    deadline_ms: int = Field(
        default=2000, ge=1, le=60_000,
        description="How long the answer may be searched for: by work, 2000 and more meaning all of it; what ends early says `SEARCH_CUT`.",
    )  # fmt: skip
    idempotency_key: str | None = Field(default=None, max_length=255)
    assume: list[AssumeAsk] = Field(
        default_factory=list,
        json_schema_extra={"default": []},
        max_length=100,
        description="What if: of an inquiry only; what is answered then can never be committed to.",
    )
    external_id: Code | None = Field(default=None, description="The caller's own number for this deal or order.")
    source_system: Code | None = None
    frozen: bool = Field(default=False, description="Once promised, re-promising leaves the whole order where it is.")
    lines: list[LineAsk] = Field(min_length=1, max_length=MAX_LINES)

    @model_validator(mode="after")
    def _sound(self) -> "OrderAsk":
        seen: set[str] = set()
        for n, line in enumerate(self.lines):
            ref = line.line_ref or str(n + 1)
            if ref in seen:
                raise PydanticCustomError("line_ref_twice", "line_ref {ref} stands twice", {"ref": ref})
            seen.add(ref)
        return self


class QuoteAsk(OrderAsk):
    """The same as a question, or as a hold with an expiry."""

    mode: Literal["inquiry", "hold"] = Field(default="inquiry", description="`inquiry` takes nothing; `hold` keeps it until it expires.")
    ttl_seconds: int = Field(default=900, ge=1, le=2_592_000, description="Life of a hold; of an inquiry, of the hold that it asks about.")


class ConfirmAsk(RequestModel):
    """Turn a hold or an inquiry into an order; or one alternative of it, or some lines."""

    idempotency_key: str | None = Field(default=None, max_length=255)
    alternative: Annotated[str, Field(pattern=r"^a[0-9]{1,3}$")] | None = Field(
        default=None, description="Of an inquiry with one line (or one line named in line_refs): the alternative that is wanted instead."
    )
    line_refs: list[LineRef] | None = Field(default=None, min_length=1, max_length=MAX_LINES)
    external_id: Code | None = None
    source_system: Code | None = None


class ReleaseAsk(RequestModel):
    """Give a hold back."""

    idempotency_key: str | None = Field(default=None, max_length=255)
    reason: Note | None = None


class ExtendAsk(RequestModel):
    """A new expiry, counted from now."""

    idempotency_key: str | None = Field(default=None, max_length=255)
    ttl_seconds: int = Field(ge=1, le=2_592_000)


class LineChange(RequestModel):
    """A line of an order and what changes about it; a new `line_ref` adds a line, which needs sku and quantity.

    What is left out stays as the line was asked for; null takes a wish back.
    """

    line_ref: LineRef
    sku: Code | None = None
    quantity: PositiveQuantity | None = None
    requested_date: CivilDate | None = None
    sites: list[Code] | None = Field(default=None, min_length=1, max_length=100)
    ship_to: Code | None = None
    min_ship_quantity: PositiveQuantity | None = None
    max_shipments: int | None = Field(default=None, ge=1, le=500)
    latest_acceptable_date: CivilDate | None = None
    supply: list[Supply] | None = Field(default=None, max_length=50)
    allow_substitutes: bool | None = None
    unit_price: NonNegativeQuantity | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    frozen: bool | None = None


class AmendAsk(RequestModel):
    """Change an order in one step; lines that are not named stand."""

    expected_revision: int | None = Field(default=None, ge=1)
    reason: Note | None = None
    document: Note | None = None
    idempotency_key: str | None = Field(default=None, max_length=255)
    frozen: bool | None = Field(default=None, description="Whether re-promising leaves the whole order where it is.")
    priority: int | None = Field(default=None, ge=0, le=1_000_000, description="Small is urgent: who is served first when supply is short.")
    lines: list[LineChange] = Field(default=[], max_length=MAX_LINES)

    @model_validator(mode="after")
    def _something(self) -> "AmendAsk":
        if not self.lines and self.frozen is None and self.priority is None:
            raise PydanticCustomError("nothing_to_change", "name at least one line, or frozen, or priority")
        return self

    @model_validator(mode="after")
    def _each_once(self) -> "AmendAsk":
        refs = [line.line_ref for line in self.lines]
        if len(set(refs)) < len(refs):
            raise PydanticCustomError("line_ref_twice", "a line_ref stands twice")
        return self


class CancelAsk(RequestModel):
    """Give back an order, or some lines of it."""

    expected_revision: int | None = Field(default=None, ge=1)
    line_refs: list[LineRef] | None = Field(default=None, min_length=1, max_length=MAX_LINES)
    reason: Note | None = None
    document: Note | None = None
    idempotency_key: str | None = Field(default=None, max_length=255)


class ClosePlanAsk(RequestModel):
    """Give up a plan."""

    idempotency_key: str | None = Field(default=None, max_length=255)
    reason: Note | None = None
    document: Note | None = None


class CustomerAsk(RequestModel):
    """A customer, as far as promising needs it."""

    name: Note | None = None
    calendar: Code | None = Field(default=None, description="Its working days are the days on which the customer receives.")
    demand_class: Code | None = Field(default=None, description="The class of what it asks for, where a request names none.")
    expected_revision: int | None = Field(default=None, ge=0)


class ClassAsk(RequestModel):
    """A class of demand."""

    name: Note | None = None
    parent: Code | None = Field(default=None, description="The class that it lies inside.")
    rank: int = Field(default=DEFAULT_RANK, ge=0, le=1_000_000, description="Small comes first.")
    strategy: Strategy = Field(
        default=Strategy.REDISTRIBUTE,
        description="What re-promising may do to its promises: `win` keeps or regains the requested date and goes first, `gain` keeps or "
        "improves, `redistribute` may improve or worsen, `fill` keeps or worsens, `lose` gives way first.",
    )
    expected_revision: int | None = Field(default=None, ge=0)


class ClassSet(ClassAsk):
    """The same with its id, as a row of a file says it."""

    demand_class: Code


class StabilityAsk(RequestModel):
    """How often, and how far, a promise may be moved without a person's approval."""

    most_moves: int | None = Field(default=None, ge=0, le=1000, description="Of one order line, ever.")
    most_days: int | None = Field(default=None, ge=0, le=1096, description="Days by which one move may make a promise later.")


class FreshnessAsk(RequestModel):
    """What may be promised on old news."""

    mode: Literal["warn", "refuse"] = Field(
        default="warn", description="`warn`: answer and say so. `refuse`: no new commitment while an input is stale (503, retryable)."
    )
    stale_after_seconds: float | None = Field(default=None, gt=0, le=31_536_000, description="As the service was set up by default.")


class CostsAsk(RequestModel):
    """What a plan costs besides what it buys and carries, in the company's currency."""

    lateness_per_unit_day: NonNegativeQuantity | None = Field(
        default=None, description="Of every unit, for every day after the wanted one."
    )
    handling_per_unit: NonNegativeQuantity | None = Field(default=None, description="Of every unit that leaves a site.")


class PolicyAsk(RequestModel):
    """How promises are made: for everything, a site, an item, or an item at a site. What is null is left to the next."""

    name: Note | None = None
    sku: Code | None = Field(default=None, description="For this item alone.")
    site: Code | None = Field(default=None, description="For this site alone.")
    past_due_offset_days: int | None = Field(default=None, ge=0, le=365, description="A receipt that is late counts so long after today.")
    past_due_limit_days: int | None = Field(default=None, ge=0, le=1096, description="A receipt that is later than this no longer counts.")
    atp_fence_days: int | None = Field(default=None, ge=0, le=1096, description="What comes so soon is waited for, not planned.")
    stability: StabilityAsk | None = None
    freshness: FreshnessAsk | None = None
    costs: CostsAsk | None = None
    expected_revision: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _of_a_site(self) -> "PolicyAsk":
        if self.freshness is not None and self.sku is not None:
            raise PydanticCustomError("freshness_of_item", "news has an age by site, not by item: settle freshness without a sku")
        return self


class PolicyRow(RequestModel):
    """A policy as a row of a file says it: everything in columns of its own."""

    policy: Code
    name: Note | None = None
    sku: Code | None = None
    site: Code | None = None
    past_due_offset_days: int | None = None
    past_due_limit_days: int | None = None
    atp_fence_days: int | None = None
    most_moves: int | None = None
    most_days: int | None = None
    freshness: Literal["warn", "refuse"] | None = None
    stale_after_seconds: float | None = None
    lateness_per_unit_day: NonNegativeQuantity | None = None
    handling_per_unit: NonNegativeQuantity | None = None


class CustomerSet(CustomerAsk):
    """The same with its id, as a row of a file says it."""

    customer: Code


class AllocationPeriodAsk(RequestModel):
    """Ship dates that count together, both ends included, and the quantity for all of them."""

    from_date: CivilDate
    to_date: CivilDate
    quantity: NonNegativeQuantity


class AllocationAsk(RequestModel):
    """How much a class may take of a sku (ceiling), or how much is kept for it (floor)."""

    name: Note | None = None
    kind: Literal["ceiling", "floor"] = Field(
        description="`ceiling`: the class, and every class inside it, may take at most the quantity. `floor`: the quantity, less what "
        "the class has taken, is kept from all other classes until the release date, whatever the ship date."
    )
    demand_class: Code
    sku: Code
    site: Code | None = Field(default=None, description="The same as `sites` with this one alone.")
    sites: list[Code] | None = Field(
        default=None, min_length=1, max_length=100, description="What ships from these sites counts together; from every site by default."
    )
    quantity: NonNegativeQuantity | None = Field(default=None, description="In each period; without a period, in all.")
    period: Literal["day", "week", "month"] | None = Field(
        default=None, description="Of a ceiling: calendar days, weeks from Monday or months, by the ship date."
    )
    from_date: CivilDate | None = Field(
        default=None,
        description="Ship dates before it are neither bound nor counted. Without a period, the day of the definition by default.",
    )
    to_date: CivilDate | None = Field(default=None, description="The last ship date that is bound and counted.")
    periods: list[AllocationPeriodAsk] | None = Field(
        default=None, min_length=1, max_length=400, description="Of a ceiling: periods with a quantity each, instead of `quantity`."
    )
    release_date: CivilDate | None = Field(
        default=None, description="Of a floor: the first day on which nothing is kept any more; without it, kept until it is closed."
    )
    expected_revision: int | None = Field(default=None, ge=0)


class AllocationRow(RequestModel):
    """A row of a file of allocations: all of one, or one period of it."""

    allocation: Code
    name: Note | None = None
    kind: Literal["ceiling", "floor"] | None = None
    demand_class: Code | None = None
    sku: Code | None = None
    sites: list[Code] | None = Field(default=None, min_length=1, max_length=100)
    quantity: NonNegativeQuantity
    period: Literal["day", "week", "month"] | None = None
    from_date: CivilDate | None = None
    to_date: CivilDate | None = None
    release_date: CivilDate | None = None


class AllocationFile(RequestModel):
    """The rows of one allocation."""

    rows: list[AllocationRow] = Field(min_length=1, max_length=400)


class CloseAllocationAsk(RequestModel):
    """Let an allocation bind nobody any more."""

    reason: Note | None = None
    expected_revision: int | None = Field(default=None, ge=0)


class ImportedLine(RequestModel):
    """A line that another system has promised."""

    line_ref: LineRef | None = None
    sku: Code
    site: Code
    quantity: PositiveQuantity
    promised_date: CivilDate
    requested_date: CivilDate | None = None


class ImportedOrder(RequestModel):
    """An order that another system has promised: booked as it is, never refused."""

    external_id: Code
    source_system: Code | None = None
    customer: Code | None = None
    priority: int = Field(default=100, ge=0, le=1_000_000)
    lines: list[ImportedLine] = Field(min_length=1, max_length=MAX_LINES)


@dataclass(frozen=True, slots=True)
class UnreadableOrder:
    """An element of an import that is no order, and why (pointers from the element on); it must not lose the others."""

    external_id: str
    errors: tuple[FieldError, ...]


def _keep_the_others(value: Any, handler: ValidatorFunctionWrapHandler) -> ImportedOrder | UnreadableOrder:
    try:
        order: ImportedOrder = handler(value)
    except ValidationError as error:
        named = value.get("external_id") if isinstance(value, dict) else None
        faults = (
            FieldError(pointer_to(each["loc"], value), each["type"], each["msg"].removeprefix("Value error, ")) for each in error.errors()
        )
        return UnreadableOrder(named if isinstance(named, str) else "", tuple(faults))
    return order


class ImportAsk(RequestModel):
    """Orders promised elsewhere."""

    idempotency_key: str | None = Field(default=None, max_length=255)
    document: Note | None = None
    orders: list[Annotated[ImportedOrder, WrapValidator(_keep_the_others)]] = Field(min_length=1, max_length=1000)


class RepromiseScope(RequestModel):
    """Which promises may move. What is given together narrows: lines of these items, at these sites, of these orders, in danger."""

    skus: list[Code] | None = Field(default=None, min_length=1, max_length=1000)
    sites: list[Code] | None = Field(default=None, min_length=1, max_length=1000)
    orders: list[Code] | None = Field(default=None, min_length=1, max_length=5000, description="Ids, or the numbers of another system.")
    at_risk: bool = Field(default=False, description="Only lines that are at risk or missed now.")

    @model_validator(mode="after")
    def _narrows(self) -> "RepromiseScope":
        if not (self.skus or self.sites or self.orders or self.at_risk):
            raise PydanticCustomError("scope_empty", "name skus, sites, orders, or at_risk: true")
        return self


class StrategiesAsk(RequestModel):
    """Who may win and who must give way; an order's word counts before a class's, that before the default.

    `win`: must keep or regain its requested date, goes first. `gain`: keeps or improves. `redistribute`: may improve or worsen.
    `fill`: keeps or worsens, never improves. `lose`: gives way first.
    """

    orders: dict[Code, Strategy] = Field(default={}, max_length=5000, description="By order; orders named here are in the scope too.")
    classes: dict[Code, Strategy] = Field(default={}, max_length=1000, description="By class of demand; holds for the classes inside it.")
    default: Strategy | None = Field(default=None, description="Of all others; by default what their class says, else `redistribute`.")


class RepromiseAsk(RequestModel):
    """Decide promises anew, as a simulation."""

    scope: RepromiseScope
    strategies: StrategiesAsk = StrategiesAsk()
    limits: StabilityAsk | None = Field(default=None, description="Narrower than policies say: what goes further needs a person's word.")
    reason: Note | None = None
    idempotency_key: str | None = Field(default=None, max_length=255)


class ApplyAsk(RequestModel):
    """Let a simulation come true."""

    approve: bool = Field(default=False, description="A person agrees to moves beyond the stability budget.")
    reason: Note | None = None
    document: Note | None = None
    idempotency_key: str | None = Field(default=None, max_length=255)


class PairAsk(RequestModel):
    """A sku at a site."""

    sku: Code
    site: Code


class BulkAvailabilityAsk(RequestModel):
    """Availability of many pairs at once."""

    pairs: list[PairAsk] = Field(min_length=1, max_length=5000)
    from_date: CivilDate | None = None
    to_date: CivilDate | None = None


def micro(quantity: Decimal) -> int:
    """An accepted quantity in millionths: exact, since no quantity comes in with more than 6 decimals."""
    return int(quantity.scaleb(6))


def micro_of(quantity: float | str) -> int:
    """A quantity as a definition keeps it (a JSON number) in millionths."""
    return micro(Decimal(str(quantity)))
