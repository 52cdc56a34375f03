"""What may be asked of a quote: lines, what is assumed, and what becomes of a hold."""

from typing import Annotated, Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from shared.days import CivilDate
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
