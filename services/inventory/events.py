"""What inventory says: a standing becomes a contract, a change becomes an event."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.inventory.domain import receipt as receipts
from services.inventory.domain.movement import Movement, Type
from services.inventory.domain.position import Key
from services.inventory.domain.receipt import Order, Outlook, Receipt
from services.inventory.domain.shipment import Shipped
from services.inventory.domain.standing import Standing
from shared.contracts.base import EntityEvent
from shared.contracts.inventory import (
    EVENTS,
    TOPIC,
    Change,
    ChangeKind,
    ItemDefined,
    LaneDefined,
    Load,
    OpenReceipt,
    PositionChanged,
    PositionState,
    RequirementState,
    ShippedLine,
    SiteDefined,
    SupplierDefined,
    SupplierItemDefined,
)
from shared.outbox import Event

POSITION_CHANGED = "inventory.stock.position-changed.v1"

DEFINED: dict[str, tuple[str, type[EntityEvent]]] = {
    "item": ("inventory.stock.item-defined.v1", ItemDefined),
    "site": ("inventory.stock.site-defined.v1", SiteDefined),
    "lane": ("inventory.stock.lane-defined.v1", LaneDefined),
    "supplier": ("inventory.stock.supplier-defined.v1", SupplierDefined),
    "supplier-item": ("inventory.stock.supplier-item-defined.v1", SupplierItemDefined),
}
"""The kinds of master data, with the event that announces each; its first own field is the id."""

PUBLISHES = {name: (TOPIC, model) for name, model in EVENTS.items()}

_AT_THE_PLACE: dict[Type, ChangeKind] = {
    Type.ARRIVAL: "arrival",
    Type.ISSUE: "issue",
    Type.ADJUSTMENT: "adjustment",
    Type.TRANSFER: "transfer-departure",
    Type.BLOCK: "block",
    Type.UNBLOCK: "unblock",
}


def state_of(standing: Standing) -> PositionState:
    """The full state of a position, as every event of it carries it."""
    position = standing.position
    incoming = [
        _open_receipt(receipt, receipt.order) for receipt in standing.receipts if _comes_to(receipt, position.key) and receipt.order
    ]
    return PositionState(
        sku=position.key.sku,
        site=position.key.site,
        revision=position.revision,
        on_hand=position.on_hand,
        blocked=position.blocked,
        safety_stock=position.safety_stock,
        counted_at=position.counted_at,
        receipts=tuple(incoming),
        requirements=tuple(
            RequirementState.model_validate(
                {"ref": needed.ref, "kind": needed.kind, "quantity": needed.quantity, "needed_date": needed.needed_date}
            )
            for receipt in standing.receipts
            for needed in receipts.requirements(receipt)
            if needed.key == position.key
        ),
        shipped=tuple(_shipped_line(shipped) for shipped in standing.shipped if shipped.last_shipped_at is not None),
    )


def position_changed(
    standings: Sequence[Standing], change: Change, occurred_at: datetime, reason: str | None, document: str | None
) -> Event:
    """The event of the first standing; the others are positions that the same fact changed."""
    first = standings[0].position
    data = PositionChanged(
        revision=first.revision,
        occurred_at=occurred_at,
        reason=reason,
        document=document,
        positions=tuple(state_of(standing) for standing in standings),
        change=change,
    )
    return Event(topic=TOPIC, key=first.key.text, type=POSITION_CHANGED, subject=first.key.text, data=data, occurred_at=occurred_at)


def change_by_movement(movement: Movement, key: Key) -> Change:
    """What the movement means to one of the positions it changed: its own, the destination, or one its receipt concerns."""
    kind: ChangeKind
    if key == movement.here:
        kind = _AT_THE_PLACE[movement.type]
    elif key == movement.there:
        kind = "transfer-arrival"
    else:
        kind = "receipt-changed" if movement.type is Type.ARRIVAL else "requirements-changed"
    return Change(
        kind=kind,
        quantity=movement.quantity,
        movement_id=movement.movement_id,
        receipt_id=movement.receipt_id,
        order_id=movement.order_id,
        line_ref=movement.line_ref,
    )


def change_by_definition(receipt_id: str, before: Outlook, after: Outlook) -> Change:
    """What a definition, a new date or a close means to one position."""
    kind: ChangeKind
    if before.brings == after.brings and before.order == after.order:
        kind = "requirements-changed"
    elif not before.brings:
        kind = "receipt-defined"
    elif before.brings == after.brings and before.due_date != after.due_date:
        kind = "receipt-rescheduled"
    else:
        kind = "receipt-changed"
    return Change(kind=kind, quantity=after.brings, receipt_id=receipt_id)


def change_by_close(receipt_id: str, before: Outlook) -> Change:
    """What the close takes from one position."""
    return Change(kind="receipt-closed" if before.brings else "requirements-changed", quantity=before.brings, receipt_id=receipt_id)


def told(
    kind: str, identity: str, body: dict[str, Any], revision: int, occurred_at: datetime, *, retired: bool = False
) -> tuple[str, EntityEvent]:
    """A piece of master data as its event carries it, with the event's type."""
    name, model = DEFINED[kind]
    own = "sku" if kind == "item" else kind.replace("-", "_")
    return name, model.model_validate({**body, own: identity, "revision": revision, "occurred_at": occurred_at, "retired": retired})


def defined(kind: str, identity: str, body: dict[str, Any], revision: int, occurred_at: datetime, *, retired: bool = False) -> Event:
    """The event of a piece of master data."""
    name, data = told(kind, identity, body, revision, occurred_at, retired=retired)
    return Event(topic=TOPIC, key=identity, type=name, subject=identity, data=data, occurred_at=occurred_at)


def _comes_to(receipt: Receipt, key: Key) -> bool:
    return receipt.order is not None and receipt.order.key == key and receipts.open_quantity(receipt) > 0


def _open_receipt(receipt: Receipt, order: Order) -> OpenReceipt:
    return OpenReceipt(
        receipt_id=receipt.receipt_id,
        kind=order.kind.value,
        quantity=order.quantity,
        arrived=receipts.arrived_quantity(receipt),
        open_quantity=receipts.open_quantity(receipt),
        due_date=order.due_date,
        supplier=order.supplier,
        from_site=order.from_site,
        document=order.document,
        replaces=order.replaces,
        load=tuple(Load(resource=load.resource, date=load.date, minutes=load.minutes) for load in order.load),
    )


def _shipped_line(shipped: Shipped) -> ShippedLine:
    if shipped.last_shipped_at is None:
        raise ValueError(f"nothing was ever shipped for {shipped.line}")
    return ShippedLine(
        order_id=shipped.line.order_id,
        line_ref=shipped.line.line_ref,
        quantity=shipped.quantity,
        closed=shipped.closed,
        last_shipped_at=shipped.last_shipped_at,
    )
