"""Book a count: stock as it was found, kept-back stock as it was decided."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from services.inventory import events, store
from services.inventory.domain.position import ZERO, Key, Position, count, counted_after, instant_of, too_fine, within_limits
from services.inventory.domain.standing import Standing
from services.inventory.handlers.loading import load, settle
from services.inventory.handlers.refusals import OutOfRange, Stale, TooFine
from shared import ids
from shared.contracts.inventory import Change
from shared.database import Session, db_now


@dataclass(frozen=True, slots=True)
class Count:
    """Absolute figures; what is None stays as it is. A count without a document is its own document."""

    key: Key
    on_hand: Decimal | None
    safety_stock: Decimal | None
    counted_at: datetime | None
    reason: str
    document: str | None


@dataclass(frozen=True, slots=True)
class Counted:
    """The position after the count. `counted_before` says that a later count stands and on hand is its figure."""

    standing: Standing
    changed: bool
    counted_before: bool


async def count_stock(session: Session, asked: Count, caller: str, expected_revision: int | None) -> Counted | Stale | TooFine | OutOfRange:
    """Set the position to what was counted; the same count again changes nothing and says nothing."""
    if (refused := await _too_fine(session, asked)) is not None:
        return refused
    floor = await load(session, {asked.key})
    now = await db_now(session)
    before = floor.position(asked.key)
    if expected_revision not in (None, before.revision):
        return Stale(before.revision)
    counted_at = instant_of(asked.counted_at, now)
    after = await _after(session, before, asked, counted_at, now)
    if not within_limits(after):
        return OutOfRange()
    counted_before = asked.on_hand is not None and counted_after(before, counted_at)
    if after == before and before.revision:
        return Counted(floor.standing(asked.key), changed=False, counted_before=counted_before)
    floor.put_position(after)
    floor.advance([asked.key])
    standing = floor.standing(asked.key)
    document = asked.document or ids.new_id("cnt")
    change = _change(asked)
    event = events.position_changed([standing], change, counted_at if asked.on_hand is not None else now, asked.reason, document)
    await store.add_count(
        session, store.CountRow(before, standing.position, asked.on_hand, counted_at, now, caller, asked.reason, document)
    )
    await settle(session, floor, [event])
    return Counted(standing, changed=True, counted_before=counted_before)


async def _after(session: Session, before: Position, asked: Count, counted_at: datetime, now: datetime) -> Position:
    after = before
    if asked.on_hand is not None:
        moved_since = ZERO if counted_at == now else await store.moved_since(session, asked.key, counted_at)
        after = count(before, asked.on_hand, counted_at, moved_since)
    return after if asked.safety_stock is None else replace(after, safety_stock=asked.safety_stock)


async def _too_fine(session: Session, asked: Count) -> TooFine | None:
    decimals = (await store.find_decimals(session, {asked.key.sku})).get(asked.key.sku)
    if decimals is None:
        return None
    given = {"on_hand": asked.on_hand, "safety_stock": asked.safety_stock}
    pointers = tuple(f"/{name}" for name, quantity in given.items() if quantity is not None and too_fine(quantity, decimals))
    return TooFine(pointers) if pointers else None


def _change(asked: Count) -> Change:
    if asked.on_hand is None:
        return Change(kind="safety-stock-set", quantity=asked.safety_stock)
    return Change(kind="counted", quantity=asked.on_hand)
