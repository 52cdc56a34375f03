"""Define, change and close scheduled receipts; what they require elsewhere comes and goes with them, atomically."""

from dataclasses import dataclass
from decimal import Decimal

from services.inventory import events, store
from services.inventory.domain.position import Key, too_fine
from services.inventory.domain.receipt import Order, Receipt, close, define
from services.inventory.handlers.floor import Floor
from services.inventory.handlers.loading import load, settle
from services.inventory.handlers.refusals import Stale, TooFine, Unknown
from shared.contracts.inventory import Change
from shared.database import Session, db_now


@dataclass(frozen=True, slots=True)
class Scheduled:
    """The receipt as it stands now; `changed` is False when it was told nothing new."""

    receipt: Receipt
    changed: bool


async def define_receipt(session: Session, receipt_id: str, order: Order, expected_revision: int | None) -> Scheduled | Stale | TooFine:
    """Take the definition over; told again, it changes nothing. Arrived quantities are only ever the movements' to change."""
    floor = await load(session, receipt_ids={receipt_id}, defined=[Receipt(receipt_id, order)])
    before = floor.receipt(receipt_id)
    if expected_revision not in (None, before.revision):
        return Stale(before.revision)
    if pointers := await _too_fine(session, order):
        return TooFine(pointers)
    if before.order == order:
        return Scheduled(before, changed=False)
    changed = floor.put_receipt(define(before, order))
    changes = {key: events.change_by_definition(receipt_id, *pair) for key, pair in changed.items()}
    return await _settle(session, floor, receipt_id, changes, None, order.document)


async def close_receipt(
    session: Session, receipt_id: str, reason: str, document: str | None, expected_revision: int | None
) -> Scheduled | Stale | Unknown:
    """The open rest will not come: it disappears with what it still required. No claim is closed by this. Twice is once."""
    floor = await load(session, receipt_ids={receipt_id})
    before = floor.receipt(receipt_id)
    if not before.revision:
        return Unknown()
    if before.closed:
        return Scheduled(before, changed=False)
    if expected_revision not in (None, before.revision):
        return Stale(before.revision)
    changed = floor.put_receipt(close(before))
    changes = {key: events.change_by_close(receipt_id, pair[0]) for key, pair in changed.items()}
    own = before.order.document if before.order else None
    return await _settle(session, floor, receipt_id, changes, reason, document or own)


async def _settle(
    session: Session, floor: Floor, receipt_id: str, changes: dict[Key, Change], reason: str | None, document: str | None
) -> Scheduled:
    """Save, and say it once for each position it concerns, the receipt's own first; without a document the receipt is the document."""
    now = await db_now(session)
    receipt = floor.receipt(receipt_id)
    own = receipt.order.key if receipt.order else None
    keys = sorted(changes, key=lambda key: (key != own, key))
    floor.advance(keys)
    standings = {key: floor.standing(key) for key in keys}
    said = [
        events.position_changed(
            [standings[key], *(standings[other] for other in keys if other != key)],
            changes[key],
            now,
            reason or changes[key].kind,
            document or receipt_id,
        )
        for key in keys
    ]
    await settle(session, floor, said)
    return Scheduled(receipt, changed=True)


async def _too_fine(session: Session, order: Order) -> tuple[str, ...]:
    decimals = await store.find_decimals(session, {order.key.sku, *(line.key.sku for line in order.components)})
    quantities: list[tuple[str, str, Decimal]] = [("/quantity", order.key.sku, order.quantity)]
    quantities += [(f"/components/{at}/quantity", line.key.sku, line.quantity) for at, line in enumerate(order.components)]
    return tuple(pointer for pointer, sku, quantity in quantities if sku in decimals and too_fine(quantity, decimals[sku]))
