"""What a movement does: to the stock where it took place, to the receipt and to the order line it names."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from services.inventory.domain import receipt as receipts
from services.inventory.domain import shipment
from services.inventory.domain.position import LIMIT, ZERO, Key, Position, counted_after, move, within_limits
from services.inventory.domain.receipt import Receipt
from services.inventory.domain.shipment import Line, Shipped


class Type(StrEnum):
    """What can happen to stock."""

    ARRIVAL = "arrival"
    ISSUE = "issue"
    ADJUSTMENT = "adjustment"
    TRANSFER = "transfer"
    BLOCK = "block"
    UNBLOCK = "unblock"


class Note(StrEnum):
    """What the sender of a movement should know about how it was booked."""

    COUNTED_AFTERWARDS = "COUNTED_AFTERWARDS"
    """It occurred before the last count, which contains it: on hand stayed as it is."""
    RECEIPT_UNKNOWN = "RECEIPT_UNKNOWN"
    """Its receipt is not defined yet; what it brought is kept for it."""
    RECEIPT_OF_ANOTHER_SKU = "RECEIPT_OF_ANOTHER_SKU"
    """The receipt orders another sku; nothing of it is consumed."""
    RECEIPT_CLOSED = "RECEIPT_CLOSED"
    """The receipt was closed before; only stock moved."""
    MORE_THAN_ORDERED = "MORE_THAN_ORDERED"
    """More has arrived than was ordered."""


class Refusal(StrEnum):
    """Why a movement cannot be booked at all, in the order in which it is checked."""

    MALFORMED = "MALFORMED_MOVEMENT"
    TOO_MANY_DECIMALS = "TOO_MANY_DECIMALS"
    OUT_OF_RANGE = "QUANTITY_OUT_OF_RANGE"


@dataclass(frozen=True, slots=True)
class Movement:
    """A fact: it is never refused because of its order."""

    movement_id: str
    type: Type
    sku: str
    site: str
    quantity: Decimal
    reason: str
    document: str
    to_site: str | None = None
    receipt_id: str | None = None
    order_id: str | None = None
    line_ref: str | None = None
    closes: bool = False
    """Closes the rest of the receipt (arrival) or of the order line (issue)."""
    occurred_at: datetime | None = None

    @property
    def here(self) -> Key:
        """Where it took place."""
        return Key(self.sku, self.site)

    @property
    def there(self) -> Key | None:
        """The other position it changes at once: the destination of a transfer that has no receipt."""
        if self.type is Type.TRANSFER and self.receipt_id is None and self.to_site is not None:
            return Key(self.sku, self.to_site)
        return None

    @property
    def line(self) -> Line | None:
        """The order line it ships."""
        return None if self.order_id is None or self.line_ref is None else Line(self.order_id, self.line_ref)


class Flaw(NamedTuple):
    """A field that makes no sense in its movement."""

    field: str
    message: str


class Effect(NamedTuple):
    """What a movement adds: on hand and blocked where it took place, on hand at the other position."""

    on_hand: Decimal
    blocked: Decimal = ZERO
    there: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Found:
    """What a movement meets when it is booked."""

    here: Position
    there: Position | None = None
    receipt: Receipt | None = None
    shipped: Shipped | None = None


@dataclass(frozen=True, slots=True)
class Booked:
    """The same values after the movement."""

    here: Position
    there: Position | None
    receipt: Receipt | None
    shipped: Shipped | None
    notes: tuple[Note, ...]


_EFFECTS: dict[Type, Callable[[Decimal], Effect]] = {
    Type.ARRIVAL: Effect,
    Type.ADJUSTMENT: Effect,
    Type.ISSUE: lambda quantity: Effect(-quantity),
    Type.TRANSFER: lambda quantity: Effect(-quantity, there=quantity),
    Type.BLOCK: lambda quantity: Effect(-quantity, quantity),
    Type.UNBLOCK: lambda quantity: Effect(quantity, -quantity),
}


def effect_of(movement: Movement) -> Effect:
    """What the movement adds, whether or not a later count contains it."""
    return _EFFECTS[movement.type](movement.quantity)


def flaws(movement: Movement) -> tuple[Flaw, ...]:
    """The fields that contradict the movement's type; empty when it can be booked."""
    return tuple(flaw for check in (_flaws_of_quantity, _flaws_of_transfer, _flaws_of_references) for flaw in check(movement))


def book(movement: Movement, found: Found, occurred_at: datetime) -> Booked | Refusal:
    """Book the movement as of `occurred_at`: stock, receipt and order line together.

    What occurred before the last count still consumes its receipt or order line, but leaves on hand alone. With a receipt a
    transfer is a departure: the destination's stock moves when it arrives.
    """
    effect = effect_of(movement)
    here = move(found.here, effect.on_hand, effect.blocked, occurred_at)
    there = None if found.there is None else move(found.there, effect.there, ZERO, occurred_at)
    receipt = None if found.receipt is None else _named(found.receipt, movement)
    shipped = found.shipped and shipment.ship(found.shipped, movement.quantity, occurred_at, closes=movement.closes)
    if not _can_be_said(here, there, receipt, shipped):
        return Refusal.OUT_OF_RANGE
    return Booked(here, there, receipt, shipped, _notes(movement, found, receipt, occurred_at))


def _named(receipt: Receipt, movement: Movement) -> Receipt:
    if movement.type is Type.ARRIVAL:
        return receipts.arrive(receipt, movement.sku, movement.quantity, closes=movement.closes)
    return receipts.issue(receipt, movement.sku, movement.quantity)


def _can_be_said(here: Position, there: Position | None, receipt: Receipt | None, shipped: Shipped | None) -> bool:
    totals = [] if receipt is None else [*receipt.arrived.values(), *receipt.issued.values()]
    totals += [] if shipped is None else [shipped.quantity]
    return within_limits(here) and (there is None or within_limits(there)) and all(total <= LIMIT for total in totals)


def _notes(movement: Movement, found: Found, receipt: Receipt | None, occurred_at: datetime) -> tuple[Note, ...]:
    notes = []
    if counted_after(found.here, occurred_at) or (found.there is not None and counted_after(found.there, occurred_at)):
        notes.append(Note.COUNTED_AFTERWARDS)
    if receipt is not None and found.receipt is not None:
        if receipt.order is None:
            notes.append(Note.RECEIPT_UNKNOWN)
        elif movement.type is Type.ARRIVAL and receipt.order.key.sku != movement.sku:
            notes.append(Note.RECEIPT_OF_ANOTHER_SKU)
        if found.receipt.closed:
            notes.append(Note.RECEIPT_CLOSED)
        elif receipt.order is not None and receipts.arrived_quantity(receipt) > receipt.order.quantity:
            notes.append(Note.MORE_THAN_ORDERED)
    return tuple(notes)


def _flaws_of_quantity(movement: Movement) -> list[Flaw]:
    if movement.type is Type.ADJUSTMENT:
        return [] if movement.quantity else [Flaw("quantity", "an adjustment changes something: its quantity is not 0")]
    if movement.quantity < 0:
        return [Flaw("quantity", "a quantity is positive; an adjustment alone is signed")]
    if not movement.quantity and not movement.closes:
        return [Flaw("quantity", "a quantity is more than 0, unless the movement only closes")]
    return []


def _flaws_of_transfer(movement: Movement) -> list[Flaw]:
    if movement.type is not Type.TRANSFER:
        return [] if movement.to_site is None else [Flaw("to_site", "only a transfer has a destination")]
    if movement.to_site is None and movement.receipt_id is None:
        return [Flaw("to_site", "a transfer names its destination or the receipt that waits for it")]
    return [Flaw("to_site", "a transfer goes to another site")] if movement.to_site == movement.site else []


def _flaws_of_references(movement: Movement) -> list[Flaw]:
    found = []
    if movement.receipt_id is not None and movement.type not in (Type.ARRIVAL, Type.ISSUE, Type.TRANSFER):
        found.append(Flaw("receipt_id", "only an arrival, an issue of components or a departing transfer belongs to a receipt"))
    if movement.order_id is not None and movement.type is not Type.ISSUE:
        found.append(Flaw("order_id", "only an issue ships an order line"))
    if (movement.order_id is None) != (movement.line_ref is None):
        missing = "order_id" if movement.order_id is None else "line_ref"
        found.append(Flaw(missing, "an order line is named by order_id and line_ref together"))
    if movement.receipt_id is not None and movement.order_id is not None:
        found.append(Flaw("receipt_id", "a movement belongs to a receipt or to an order line, not to both"))
    closable = (movement.type is Type.ARRIVAL and movement.receipt_id) or (movement.type is Type.ISSUE and movement.order_id)
    if movement.closes and not closable:
        found.append(Flaw("closes", "closes the receipt of an arrival or the order line of an issue: name it"))
    return found
