"""What is coming, and what it will take from stock elsewhere before it comes.

A receipt is known by two independent kinds of facts: its definition (the total ordered, the date, the components) and
the movements that name it (what arrived, what was issued for it). Movements count even before the definition is known;
a definition never touches what was counted. So they may become known in any order and nothing counts twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum

from services.inventory.domain.position import ZERO, Key


class Kind(StrEnum):
    """Where a receipt comes from."""

    PURCHASE_ORDER = "purchase_order"
    PRODUCTION_ORDER = "production_order"
    TRANSFER_ORDER = "transfer_order"


class Status(StrEnum):
    """Where a receipt stands."""

    UNDEFINED = "undefined"
    """Only movements have named it so far."""
    OPEN = "open"
    ARRIVED = "arrived"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Component:
    """What a production order takes from stock."""

    key: Key
    quantity: Decimal
    needed_date: date


@dataclass(frozen=True, slots=True)
class Load:
    """Minutes of a resource that an open order will use."""

    resource: str
    date: date
    minutes: int


@dataclass(frozen=True, slots=True)
class Order:
    """A receipt's definition, as the system that placed it tells it: always the whole, never a difference."""

    kind: Kind
    key: Key
    quantity: Decimal
    """Total ordered."""
    due_date: date
    supplier: str | None = None
    from_site: str | None = None
    ship_date: date | None = None
    components: tuple[Component, ...] = ()
    load: tuple[Load, ...] = ()
    replaces: tuple[str, ...] | None = None
    document: str | None = None
    external_id: str | None = None
    source_system: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """A scheduled receipt: its definition and what the movements that named it amount to, per sku."""

    receipt_id: str
    order: Order | None = None
    arrived: Mapping[str, Decimal] = field(default_factory=dict)
    issued: Mapping[str, Decimal] = field(default_factory=dict)
    """What left stock for it: components of a production order, or the departure of a transfer."""
    closed: bool = False
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Requirement:
    """Demand on a position that is a fact: a component of an open order, or an outbound transfer."""

    ref: str
    kind: str
    key: Key
    quantity: Decimal
    needed_date: date


@dataclass(frozen=True, slots=True)
class Outlook:
    """What one receipt means at one position: what it will bring there, and what it will take."""

    brings: Decimal = ZERO
    due_date: date | None = None
    order: Order | None = None
    takes: tuple[Requirement, ...] = ()


def define(receipt: Receipt, order: Order) -> Receipt:
    """Take the definition over. What arrived, was issued or closed is not its to change."""
    return replace(receipt, order=order)


def arrive(receipt: Receipt, sku: str, quantity: Decimal, *, closes: bool = False) -> Receipt:
    """Count an arrival. Another sku than the ordered one is kept apart and consumes nothing."""
    return replace(receipt, arrived=_added(receipt.arrived, sku, quantity), closed=receipt.closed or closes)


def issue(receipt: Receipt, sku: str, quantity: Decimal) -> Receipt:
    """Count what left stock for this order; it is no longer required there."""
    return replace(receipt, issued=_added(receipt.issued, sku, quantity))


def close(receipt: Receipt) -> Receipt:
    """The open rest will not come. Closed stays closed, also when the definition is sent again."""
    return replace(receipt, closed=True)


def arrived_quantity(receipt: Receipt) -> Decimal:
    """What has arrived of the ordered sku."""
    return ZERO if receipt.order is None else receipt.arrived.get(receipt.order.key.sku, ZERO)


def open_quantity(receipt: Receipt) -> Decimal:
    """What is still to come: max(0, ordered - arrived), nothing after the close."""
    if receipt.order is None or receipt.closed:
        return ZERO
    return max(ZERO, receipt.order.quantity - arrived_quantity(receipt))


def status_of(receipt: Receipt) -> Status:
    """Where the receipt stands."""
    if receipt.closed:
        return Status.CLOSED
    if receipt.order is None:
        return Status.UNDEFINED
    return Status.OPEN if open_quantity(receipt) else Status.ARRIVED


def requirements(receipt: Receipt) -> tuple[Requirement, ...]:
    """What the open order still takes from stock.

    An outbound transfer is required at its origin until it has departed or is closed, even when the destination was quicker
    to book its arrival: the stock still stands in the origin's figures. Components are required while the order is open.
    """
    order = receipt.order
    if order is None or receipt.closed:
        return ()
    found = []
    if order.from_site is not None:
        rest = order.quantity - receipt.issued.get(order.key.sku, ZERO)
        if rest > 0:
            origin = Key(order.key.sku, order.from_site)
            found.append(Requirement(receipt.receipt_id, "outbound_transfer", origin, rest, order.ship_date or order.due_date))
    if open_quantity(receipt):
        found += _components_still_needed(receipt, order)
    return tuple(found)


def outlook(receipt: Receipt) -> dict[Key, Outlook]:
    """What the receipt means at every position it concerns; a position that is not named is not concerned."""
    seen: dict[Key, Outlook] = {}
    if receipt.order is not None and (rest := open_quantity(receipt)):
        seen[receipt.order.key] = Outlook(rest, receipt.order.due_date, receipt.order)
    for requirement in requirements(receipt):
        known = seen.get(requirement.key, Outlook())
        seen[requirement.key] = replace(known, takes=(*known.takes, requirement))
    return seen


def _components_still_needed(receipt: Receipt, order: Order) -> list[Requirement]:
    """The component lines that the issues so far leave open; issues serve the earliest line of their sku first."""
    covered = dict(receipt.issued)
    rests = {}
    for number, line in sorted(enumerate(order.components, start=1), key=lambda entry: (entry[1].needed_date, entry[0])):
        served = min(line.quantity, covered.get(line.key.sku, ZERO))
        covered[line.key.sku] = covered.get(line.key.sku, ZERO) - served
        rests[number] = line.quantity - served
    return [
        Requirement(f"{receipt.receipt_id}#{number}", "component", line.key, rests[number], line.needed_date)
        for number, line in enumerate(order.components, start=1)
        if rests[number] > 0
    ]


def _added(counted: Mapping[str, Decimal], sku: str, quantity: Decimal) -> dict[str, Decimal]:
    return {**counted, sku: counted.get(sku, ZERO) + quantity}
