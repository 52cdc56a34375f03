"""What may be asked of an order: change, cancel, take over from another system; and of a plan."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator, model_validator
from pydantic_core import PydanticCustomError

from services.quote.asks.quotes import MAX_LINES, LineRef, Supply
from shared.days import CivilDate
from shared.problems import FieldError, pointer_to
from shared.quantities import Code, NonNegativeQuantity, Note, PositiveQuantity, RequestModel


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
