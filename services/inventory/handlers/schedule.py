"""Define, change and close scheduled receipts; what they require elsewhere comes and goes with them, atomically."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from services.inventory import events, store
from services.inventory.domain.position import Key, too_fine
from services.inventory.domain.receipt import Order, Receipt, close, define
from services.inventory.handlers.floor import Floor
from services.inventory.handlers.loading import load, settle
from services.inventory.handlers.refusals import Stale, TooFine, Unknown
from shared.contracts.inventory import Change
from shared.database import Session, db_now
from shared.outbox import Event


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
    said = put_definition(floor, receipt_id, order, await db_now(session))
    await settle(session, floor, said)
    return Scheduled(floor.receipt(receipt_id), changed=True)


def put_definition(floor: Floor, receipt_id: str, order: Order, now: datetime) -> list[Event]:
    """Define the receipt on the floor; say what that means."""
    changed = floor.put_receipt(define(floor.receipt(receipt_id), order))
    changes = {key: events.change_by_definition(receipt_id, *pair) for key, pair in changed.items()}
    return _announce(floor, receipt_id, changes, None, order.document, now)


def put_close(floor: Floor, receipt_id: str, reason: str, document: str | None, now: datetime) -> list[Event]:
    """Close the receipt on the floor; say what that means."""
    before = floor.receipt(receipt_id)
    changed = floor.put_receipt(close(before))
    changes = {key: events.change_by_close(receipt_id, pair[0]) for key, pair in changed.items()}
    own = before.order.document if before.order else None
    return _announce(floor, receipt_id, changes, reason, document or own, now)


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
    said = put_close(floor, receipt_id, reason, document, await db_now(session))
    await settle(session, floor, said)
    return Scheduled(floor.receipt(receipt_id), changed=True)


def _announce(
    floor: Floor, receipt_id: str, changes: dict[Key, Change], reason: str | None, document: str | None, now: datetime
) -> list[Event]:
    """Say it once for each position it concerns, the receipt's own first; without a document the receipt is the document."""
    receipt = floor.receipt(receipt_id)
    own = receipt.order.key if receipt.order else None
    keys = sorted(changes, key=lambda key: (key != own, key))
    floor.advance(keys)
    standings = {key: floor.standing(key) for key in keys}
    return [
        events.position_changed(
            [standings[key], *(standings[other] for other in keys if other != key)],
            changes[key],
            now,
            reason or changes[key].kind,
            document or receipt_id,
        )
        for key in keys
    ]


async def _too_fine(session: Session, order: Order) -> tuple[str, ...]:
    return too_fine_of(order, await store.find_decimals(session, skus_of(order)))


def skus_of(order: Order) -> set[str]:
    """Every sku of which the order names a quantity."""
    return {order.key.sku, *(line.key.sku for line in order.components)}


def too_fine_of(order: Order, decimals: dict[str, int]) -> tuple[str, ...]:
    """Pointers to quantities with more digits behind the point than their items are counted with."""
    quantities: list[tuple[str, str, Decimal]] = [("/quantity", order.key.sku, order.quantity)]
    quantities += [(f"/components/{at}/quantity", line.key.sku, line.quantity) for at, line in enumerate(order.components)]
    return tuple(pointer for pointer, sku, quantity in quantities if sku in decimals and too_fine(quantity, decimals[sku]))
