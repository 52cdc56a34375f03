"""What inventory says on `inventory.stock.v1`."""

from datetime import date
from typing import Literal

from shared.contracts.base import Contract, EntityEvent, Instant, Quantity, Retirable

TOPIC = "inventory.stock.v1"
"""Key: `sku|site` for positions, the entity's own id for master data. Heartbeats go to every partition."""

ReceiptKind = Literal["purchase_order", "production_order", "transfer_order"]


class Component(Contract):
    """A component that an open production order will use: a requirement of its book."""

    sku: str
    site: str
    quantity: Quantity
    needed_date: date


class Load(Contract):
    """Minutes of a resource that an open production order will use."""

    resource: str
    date: date
    minutes: int


class OpenReceipt(Contract):
    """A scheduled receipt that is still open: `open_quantity = max(0, quantity - arrived)` is > 0."""

    receipt_id: str
    kind: ReceiptKind
    quantity: Quantity
    """Total ordered."""
    arrived: Quantity
    open_quantity: Quantity
    due_date: date
    supplier: str | None = None
    from_site: str | None = None
    document: str | None = None
    replaces: tuple[str, ...] | None = None
    load: tuple[Load, ...] = ()


class RequirementState(Contract):
    """Demand on this position that is a fact: a component of an open order, or an outbound transfer."""

    ref: str
    """`receipt_id` of the order that needs it, plus a running number for components."""
    kind: Literal["component", "outbound_transfer"]
    quantity: Quantity
    needed_date: date


class ShippedLine(Contract):
    """What has left this position for one order line, in total, since ever."""

    order_id: str
    line_ref: str
    quantity: Quantity
    closed: bool = False
    """The line was closed short: what has not been shipped will not be."""
    last_shipped_at: Instant


class PositionState(Contract):
    """One sku at one site: what is there, what is coming, what was shipped for open lines."""

    sku: str
    site: str
    revision: int
    on_hand: Quantity
    blocked: Quantity
    safety_stock: Quantity
    counted_at: Instant | None = None
    receipts: tuple[OpenReceipt, ...] = ()
    requirements: tuple[RequirementState, ...] = ()
    shipped: tuple[ShippedLine, ...] = ()


ChangeKind = Literal[
    "counted",
    "safety-stock-set",
    "arrival",
    "issue",
    "adjustment",
    "transfer-departure",
    "transfer-arrival",
    "block",
    "unblock",
    "receipt-defined",
    "receipt-rescheduled",
    "receipt-changed",
    "receipt-closed",
    "requirements-changed",
    "lines-closed",
]


class Change(Contract):
    """What happened to a position."""

    kind: ChangeKind
    quantity: Quantity | None = None
    movement_id: str | None = None
    receipt_id: str | None = None
    order_id: str | None = None
    line_ref: str | None = None


class PositionChanged(EntityEvent):
    """`inventory.stock.position-changed.v1`; a transfer's two events each carry both positions."""

    positions: tuple[PositionState, ...]
    """The position named by the key first; of a transfer, the other one second."""
    change: Change


class ItemDefined(EntityEvent):
    """`inventory.stock.item-defined.v1`."""

    sku: str
    name: str
    uom: str
    decimals: int = 0
    lifecycle: str = "active"
    dock_to_stock_days: int = 0
    lead_time_days: int | None = None
    atp_fence_days: int | None = None
    promise_at_lead_time: bool = False
    lot_minimum: Quantity | None = None
    lot_multiple: Quantity | None = None
    substitutes: tuple[str, ...] = ()
    unit_cost: Quantity | None = None


class SiteDefined(Retirable):
    """`inventory.stock.site-defined.v1`."""

    site: str
    name: str
    time_zone: str = "UTC"
    calendar: str | None = None
    cut_off_time: str | None = None
    pick_pack_days: int = 0


class LaneDefined(Retirable):
    """`inventory.stock.lane-defined.v1`."""

    lane: str
    from_site: str
    to: str
    """A region, a customer or a site."""
    sku: str | None = None
    transit_days: int = 0
    calendar: str | None = None
    cut_off_time: str | None = None
    minimum_quantity: Quantity | None = None
    multiple: Quantity | None = None
    cost: Quantity | None = None


class SupplierDefined(Retirable):
    """`inventory.stock.supplier-defined.v1`."""

    supplier: str
    name: str
    calendar: str | None = None


class SupplierItemDefined(Retirable):
    """`inventory.stock.supplier-item-defined.v1`: the terms on which a supplier delivers a sku, to one site or to all."""

    supplier_item: str
    sku: str
    site: str | None = None
    supplier: str
    lead_time_days: int = 0
    minimum_quantity: Quantity | None = None
    multiple: Quantity | None = None
    capacity_quantity: Quantity | None = None
    capacity_period_days: int | None = None
    priority: int = 0
    unit_cost: Quantity | None = None


class Heartbeat(Contract):
    """`<topic>.heartbeat.v1`: everything that happened up to `as_of` stands before this record in its partition."""

    as_of: Instant


EVENTS: dict[str, type[Contract]] = {
    "inventory.stock.position-changed.v1": PositionChanged,
    "inventory.stock.item-defined.v1": ItemDefined,
    "inventory.stock.site-defined.v1": SiteDefined,
    "inventory.stock.lane-defined.v1": LaneDefined,
    "inventory.stock.supplier-defined.v1": SupplierDefined,
    "inventory.stock.supplier-item-defined.v1": SupplierItemDefined,
    "inventory.stock.heartbeat.v1": Heartbeat,
}
