"""What may be said of customers, classes, policies and allocations."""

from typing import Literal

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from services.quote.domain.demandclass import DEFAULT_RANK, Strategy
from shared.days import CivilDate
from shared.quantities import Code, NonNegativeQuantity, Note, RequestModel


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
