"""What inventory may be told: the bodies of its calls, the same over HTTP, as events and as rows of a file."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, StringConstraints, ValidationError, ValidatorFunctionWrapHandler, WrapValidator, model_validator

from services.inventory.domain import receipt as domain
from services.inventory.domain.movement import Movement, Type
from services.inventory.domain.position import Key
from services.inventory.domain.receipt import Kind, Order
from shared.days import CivilDate
from shared.problems import FieldError, pointer_to
from shared.quantities import Code, NonNegativeQuantity, PositiveQuantity, RequestModel, SignedQuantity

_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2500, 1, 1, tzinfo=UTC)


def _moment(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("an instant needs a time zone: write 2026-11-21T11:12:00Z")
    if not _EARLIEST <= value < _LATEST:
        raise ValueError("an instant lies between 1970 and 2500")
    return value.astimezone(UTC)


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("not a time zone of the IANA database: write Europe/Berlin") from None
    return value


Moment = Annotated[datetime, AfterValidator(_moment)]
"""An aware instant near our days; UTC inside."""

TimeZone = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(_zone)]

CutOff = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$")]
"""Local time, `HH:MM`, or `HH:MM:SS`."""

Days = Annotated[int, Field(ge=0, le=1096)]

SiteCode = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f|/]+$")]
"""A site's code stands in the middle of an address, so it holds no `/`."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""A reason, a document, a name: one line."""

ExpectedRevision = Annotated[
    int | None, Field(ge=0, le=2**53, description="409 unless the entity stands at this revision; 0: only if it is new.")
]


class MasterBody(RequestModel):
    """What every piece of master data may carry."""

    external_id: Text | None = None
    source_system: Text | None = None
    expected_revision: ExpectedRevision = None

    def definition(self) -> dict[str, Any]:
        """The body as it is kept."""
        return self.model_dump(mode="json", exclude={"expected_revision"})


class ItemBody(MasterBody):
    """An item: how it is counted, how long it takes to get, what may stand in for it."""

    name: Text | None = None
    """By default the sku."""
    uom: Code = "EA"
    decimals: Annotated[int, Field(ge=0, le=6, description="Digits behind the point of its quantities; fixed once used.")] = 0
    lifecycle: Annotated[Code, Field(description="`retired`: nothing new is promised of it.")] = "active"
    dock_to_stock_days: Days = 0
    lead_time_days: Annotated[Days | None, Field(description="Its own: what goes into it is there by then.")] = None
    atp_fence_days: Days | None = None
    promise_at_lead_time: Annotated[
        bool, Field(description="Beyond all known supply it is promised at its lead time, after the longest of what goes into it.")
    ] = False
    lot_minimum: PositiveQuantity | None = None
    lot_multiple: PositiveQuantity | None = None
    substitutes: Annotated[tuple[Code, ...], Field(max_length=100)] = ()
    unit_cost: NonNegativeQuantity | None = None


class SiteBody(MasterBody):
    """A site: its clock, its calendar, how long picking takes. Without calendar and cut-off every day works."""

    name: Text | None = None
    """By default the site's code."""
    time_zone: TimeZone = "UTC"
    calendar: Code | None = None
    cut_off_time: CutOff | None = None
    pick_pack_days: Days = 0


class LaneBody(MasterBody):
    """A way from a site to somewhere; for one sku, or for all."""

    from_site: SiteCode
    to: Code
    """A region, a customer or a site."""
    sku: Code | None = None
    transit_days: Days = 0
    calendar: Code | None = None
    """The carrier's."""
    cut_off_time: CutOff | None = None
    minimum_quantity: PositiveQuantity | None = None
    multiple: PositiveQuantity | None = None
    cost: NonNegativeQuantity | None = None


class SupplierBody(MasterBody):
    """A supplier; lead times run on its calendar."""

    name: Text | None = None
    """By default the id."""
    calendar: Code | None = None


class SupplierItemBody(MasterBody):
    """The terms on which a supplier delivers a sku, to one site or to all."""

    sku: Code
    site: SiteCode | None = None
    supplier: Code
    lead_time_days: Days = 0
    minimum_quantity: PositiveQuantity | None = None
    multiple: PositiveQuantity | None = None
    capacity_quantity: PositiveQuantity | None = None
    """At most so much in each period."""
    capacity_period_days: Annotated[int, Field(ge=1, le=1096)] | None = None
    priority: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    """The smallest is asked first."""
    unit_cost: NonNegativeQuantity | None = None


class StockBody(RequestModel):
    """Absolute stock: what was counted, what is kept back. What is left out stays as it is."""

    on_hand: NonNegativeQuantity | None = None
    """Usable stock: what is blocked is not in it."""
    safety_stock: NonNegativeQuantity | None = None
    counted_at: Moment | None = None
    """When it was counted, by default now. What occurred before is contained in the count."""
    reason: Text = "count"
    document: Text | None = None
    """By default the count is its own document and gets an id."""
    expected_revision: ExpectedRevision = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.on_hand is None and self.safety_stock is None:
            raise ValueError("on_hand or safety_stock is needed")
        return self


class MovementBody(RequestModel):
    """One movement. Its id makes it count once, however often it is sent."""

    movement_id: Code
    type: Type
    site: SiteCode
    """Where it took place; of a transfer, where it departs."""
    sku: Code
    quantity: SignedQuantity
    """An adjustment alone is signed; 0 only to close."""
    to_site: SiteCode | None = None
    """Of a transfer. Without `receipt_id` both sites change at once; with it the destination waits for the arrival."""
    reason: Text
    document: Text
    receipt_id: Code | None = None
    """Of an arrival, an issue of components or a departing transfer; need not be defined yet."""
    order_id: Code | None = None
    line_ref: Code | None = None
    closes: bool = False
    """Closes the rest of the receipt (arrival) or of the order line (issue)."""
    occurred_at: Moment | None = None
    """By default now."""

    def movement(self) -> Movement:
        """The fact."""
        return Movement(**dict(self))


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An element that is no movement, and why; it must not lose the others."""

    movement_id: str | None
    errors: tuple[FieldError, ...]


def _keep_the_others(value: Any, handler: ValidatorFunctionWrapHandler) -> MovementBody | Unreadable:
    try:
        body: MovementBody = handler(value)
    except ValidationError as error:
        named = value.get("movement_id") if isinstance(value, dict) else None
        found = (
            FieldError(pointer_to(each["loc"], value), each["type"], each["msg"].removeprefix("Value error, ")) for each in error.errors()
        )
        return Unreadable(named if isinstance(named, str) else None, tuple(found))
    return body


class MovementsBody(RequestModel):
    """Up to a thousand movements, booked in the order given."""

    movements: Annotated[list[Annotated[MovementBody, WrapValidator(_keep_the_others)]], Field(min_length=1, max_length=1000)]
    idempotency_key: Annotated[str, Field(max_length=255)] | None = None


class ComponentBody(RequestModel):
    """What the order takes from stock; by default from the site that it delivers to."""

    sku: Code
    site: SiteCode | None = None
    quantity: PositiveQuantity
    needed_date: CivilDate


class LoadBody(RequestModel):
    """Minutes of a resource that the order uses on a day."""

    resource: Code
    date: CivilDate
    minutes: Annotated[int, Field(ge=1, le=10_000_000)]


class ReceiptBody(RequestModel):
    """A purchase, production or transfer order, as a whole."""

    kind: Kind
    site: SiteCode
    sku: Code
    quantity: PositiveQuantity
    """Total ordered. What has arrived is only ever told by movements."""
    due_date: CivilDate
    supplier: Code | None = None
    from_site: SiteCode | None = None
    """Of a transfer: the quantity is required there on `ship_date` (by default the due date) until it departs."""
    ship_date: CivilDate | None = None
    components: Annotated[tuple[ComponentBody, ...], Field(max_length=1000)] = ()
    load: Annotated[tuple[LoadBody, ...], Field(max_length=1000)] = ()
    replaces: Annotated[tuple[Code, ...], Field(max_length=500)] | None = None
    """Planned receipts that this order makes real."""
    document: Text | None = None
    external_id: Text | None = None
    source_system: Text | None = None
    expected_revision: ExpectedRevision = None

    @model_validator(mode="after")
    def _origin_fits(self) -> Self:
        if self.from_site is not None and self.kind is not Kind.TRANSFER_ORDER:
            raise ValueError("only a transfer_order comes from_site")
        if self.from_site == self.site:
            raise ValueError("a transfer comes from another site")
        return self

    def order(self) -> Order:
        """The definition."""
        return Order(
            kind=self.kind,
            key=Key(self.sku, self.site),
            quantity=self.quantity,
            due_date=self.due_date,
            supplier=self.supplier,
            from_site=self.from_site,
            ship_date=self.ship_date,
            components=tuple(
                domain.Component(Key(line.sku, line.site or self.site), line.quantity, line.needed_date) for line in self.components
            ),
            load=tuple(domain.Load(line.resource, line.date, line.minutes) for line in self.load),
            replaces=self.replaces,
            document=self.document,
            external_id=self.external_id,
            source_system=self.source_system,
        )


class CloseBody(RequestModel):
    """Why the rest will not come."""

    reason: Text = "short close"
    document: Text | None = None
    expected_revision: ExpectedRevision = None
    idempotency_key: Annotated[str, Field(max_length=255)] | None = None


class StockSet(StockBody):
    """`stock-set`: the body of `PUT /v1/stock/{site}/{sku}` with its place."""

    site: SiteCode
    sku: Code


class ReceiptSet(ReceiptBody):
    """`receipt-set`: the body of `PUT /v1/receipts/{id}` with its id."""

    receipt_id: Code


class ReceiptClosed(RequestModel):
    """`receipt-closed`: the rest of a receipt will not come."""

    receipt_id: Code
    reason: Text = "short close"
    document: Text | None = None
    expected_revision: ExpectedRevision = None


class ItemSet(ItemBody):
    """`item-set`: the body of `PUT /v1/items/{sku}` with its sku."""

    sku: Code


class SiteSet(SiteBody):
    """`site-set`: the body of `PUT /v1/sites/{site}` with its code."""

    site: SiteCode


class LaneSet(LaneBody):
    """`lane-set`: the body of `PUT /v1/lanes/{id}` with its id."""

    lane: Code


class SupplierSet(SupplierBody):
    """`supplier-set`: the body of `PUT /v1/suppliers/{id}` with its id."""

    supplier: Code


class SupplierItemSet(SupplierItemBody):
    """`supplier-item-set`: the body of `PUT /v1/supplier-items/{id}` with its id."""

    supplier_item: Code


class MovementsPosted(RequestModel):
    """`movements-posted`: up to a thousand movements, which are booked all or not at all."""

    movements: Annotated[list[MovementBody], Field(min_length=1, max_length=1000)]
