"""Take over what files and feeds tell, many of one kind in one transaction: each is taken or refused for itself.

Locks are taken once for all of them, in one order, so that a thousand rows cost a dozen statements.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.inventory import events, store
from services.inventory.asks import ItemSet, LaneSet, MasterBody, MovementBody, ReceiptSet, SiteSet, StockSet, SupplierItemSet, SupplierSet
from services.inventory.domain.position import ZERO, Key, Position, count, instant_of, too_fine, within_limits
from services.inventory.domain.receipt import Order, Receipt
from services.inventory.handlers.floor import Floor
from services.inventory.handlers.loading import load, settle
from services.inventory.handlers.move import asked_of, book_movements
from services.inventory.handlers.schedule import put_close, put_definition, skus_of, too_fine_of
from shared import ids
from shared.contracts.inventory import Change
from shared.database import Session, db_now
from shared.outbox import Event, append_many
from shared.outcomes import Outcome, Refused, Taken

MASTERS: dict[type[MasterBody], tuple[str, str]] = {
    ItemSet: ("item", "sku"),
    SiteSet: ("site", "site"),
    LaneSet: ("lane", "lane"),
    SupplierSet: ("supplier", "supplier"),
    SupplierItemSet: ("supplier-item", "supplier_item"),
}
"""Each kind of master data as it is kept, and the field that is its id."""

Named = frozenset[str] | None
"""The fields that the sender names; what is not named stays as it is. None: what is sent is the whole."""

RETIRED = "retired"
"""The lifecycle of an item that is no longer had: what is owed of it is owed, nothing new is promised."""
_FINE = "more digits behind the point than the item is counted with"
_WHOLE = frozenset({"receipt_id", "kind", "site", "sku", "quantity", "due_date", "expected_revision"})
"""What every definition of a receipt names."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Who tells it, and by which document where a row names none."""

    caller: str
    document: str | None = None


def stale(revision: int) -> Refused:
    """Somebody else has changed it."""
    return Refused("expected_revision", "REVISION_MISMATCH", f"the revision is {revision} by now", 409)


async def take_stock(session: Session, told: Sequence[StockSet], origin: Origin) -> list[Outcome]:
    """Set positions to what was counted. Without `counted_at`, the figures that stand already are nothing new."""
    keys = [Key(one.sku, one.site) for one in told]
    decimals = await store.find_decimals(session, {key.sku for key in keys})
    floor = await load(session, keys)
    now = await db_now(session)
    since = {
        key: instant_of(one.counted_at, now)
        for key, one in zip(keys, told, strict=True)
        if one.on_hand is not None and one.counted_at is not None
    }
    moved = await store.moved_since_each(session, since)
    outcomes: list[Outcome] = []
    counts: list[store.CountRow] = []
    said: list[Event] = []
    for key, one in zip(keys, told, strict=True):
        before = floor.position(key)
        after = _counted(before, one, moved.get(key, ZERO), now)
        if (refused := _refused_count(one, before, after, decimals.get(key.sku))) is not None:
            outcomes.append(refused)
            continue
        if after == before and before.revision:
            outcomes.append(Taken(changed=False))
            continue
        floor.put_position(after)
        floor.advance([key])
        counted_at = instant_of(one.counted_at, now)
        document = one.document or origin.document or ids.new_id("cnt")
        counts.append(store.CountRow(before, floor.position(key), one.on_hand, counted_at, now, origin.caller, one.reason, document))
        instant = counted_at if one.on_hand is not None else now
        said.append(events.position_changed([floor.standing(key)], _count_change(one), instant, one.reason, document))
        outcomes.append(Taken())
    await store.add_counts(session, counts)
    await settle(session, floor, said)
    return outcomes


def _counted(before: Position, told: StockSet, moved: Decimal, now: datetime) -> Position:
    after = before
    known = before.counted_at is not None or before.on_hand != 0  # that nothing is there is news, until somebody has said so
    stands = told.counted_at is None and before.revision > 0 and told.on_hand == before.on_hand and known
    if told.on_hand is not None and not stands:
        after = count(before, told.on_hand, instant_of(told.counted_at, now), moved)
    return after if told.safety_stock is None else replace(after, safety_stock=told.safety_stock)


def _refused_count(told: StockSet, before: Position, after: Position, decimals: int | None) -> Refused | None:
    for name, quantity in (("on_hand", told.on_hand), ("safety_stock", told.safety_stock)):
        if decimals is not None and quantity is not None and too_fine(quantity, decimals):
            return Refused(name, "TOO_MANY_DECIMALS", _FINE)
    if told.expected_revision not in (None, before.revision):
        return stale(before.revision)
    if not within_limits(after):
        return Refused("on_hand", "QUANTITY_OUT_OF_RANGE", "the balance would have more than 9 digits before the point")
    return None


def _count_change(told: StockSet) -> Change:
    if told.on_hand is None:
        return Change(kind="safety-stock-set", quantity=told.safety_stock)
    return Change(kind="counted", quantity=told.on_hand)


async def take_masters(session: Session, told: Sequence[MasterBody], named: Named = None, *, whole: bool = False) -> list[Outcome]:
    """Define master data of one kind. Of what is known already, fields that are not named stay as they are.

    `whole`: everything that there is is named, so an item that was retired is had again.
    """
    if not told:
        return []
    kind, own = MASTERS[type(told[0])]
    bodies = [_definition(one, own) for one in told]
    known = await store.lock_definitions(session, kind, {identity for identity, _ in bodies})
    used = await store.find_used(session, _recounted(known, bodies)) if kind == "item" else set()
    now = await db_now(session)
    outcomes: list[Outcome] = []
    said: list[Event] = []
    changed: dict[str, store.Definition] = {}
    for one, (identity, body) in zip(told, bodies, strict=True):
        before = known[identity]
        stands = before.revision > 0 and not before.retired
        wanted = {**before.body, **{name: body[name] for name in body if name in named}} if stands and named else body
        if whole and named and "lifecycle" not in named and wanted.get("lifecycle") == RETIRED:
            wanted = {**wanted, "lifecycle": "active"}
        if one.expected_revision not in (None, before.revision):
            outcomes.append(stale(before.revision))
        elif stands and wanted == before.body:
            outcomes.append(Taken(changed=False))
        elif identity in used and wanted["decimals"] != before.body.get("decimals"):
            fixed = f"the item is in use with {before.body['decimals']} decimals; a new item can be defined with others"
            outcomes.append(Refused("decimals", "DECIMALS_FIXED", fixed, 409))
        else:
            after = replace(before, body=wanted, revision=before.revision + 1, updated_at=now, retired=False)
            known[identity] = changed[identity] = after
            said.append(events.defined(kind, identity, wanted, after.revision, now))
            outcomes.append(Taken())
    await store.save_definitions(session, kind, list(changed.values()))
    await append_many(session, said)
    return outcomes


def _definition(told: MasterBody, own: str) -> tuple[str, dict[str, Any]]:
    body = told.definition()
    identity: str = body.pop(own)
    if body.get("name", "") is None:
        body["name"] = identity
    return identity, body


def _recounted(known: dict[str, store.Definition], bodies: Sequence[tuple[str, dict[str, Any]]]) -> set[str]:
    """Items that are to be counted with other decimals than now."""
    return {identity for identity, body in bodies if known[identity].body.get("decimals") not in (None, body["decimals"])}


async def take_receipts(session: Session, told: Sequence[ReceiptSet], named: Named = None) -> list[Outcome]:
    """Define receipts. Of those that are known already, fields that are not named stay as they are, components and load too."""
    known = await store.lock_receipts(session, {one.receipt_id for one in told})
    orders = [_merged(one.order(), known[one.receipt_id].order, named) for one in told]
    defined = [Receipt(one.receipt_id, order) for one, order in zip(told, orders, strict=True)]
    floor = await load(session, receipt_ids=set(known), defined=defined)
    decimals = await store.find_decimals(session, {sku for order in orders for sku in skus_of(order)})
    now = await db_now(session)
    outcomes: list[Outcome] = []
    said: list[Event] = []
    for one, order in zip(told, orders, strict=True):
        before = floor.receipt(one.receipt_id)
        if one.expected_revision not in (None, before.revision):
            outcomes.append(stale(before.revision))
        elif pointers := too_fine_of(order, decimals):
            outcomes.append(Refused(pointers[0].strip("/"), "TOO_MANY_DECIMALS", _FINE))
        elif order.from_site == order.key.site:
            outcomes.append(Refused("from_site", "INVALID_REQUEST", "a transfer comes from another site"))
        elif before.order == order:
            outcomes.append(Taken(changed=False))
        else:
            said += put_definition(floor, one.receipt_id, order, now)
            outcomes.append(Taken())
    await settle(session, floor, said)
    return outcomes


def _merged(order: Order, before: Order | None, named: Named) -> Order:
    if before is None or named is None:
        return order
    kept = {
        name: getattr(before, name)
        for name in ("supplier", "from_site", "ship_date", "components", "load", "replaces", "document", "external_id", "source_system")
        if name not in named
    }
    if order.kind != "transfer_order":
        kept.pop("from_site", None)
    return replace(order, **kept)


async def take_movements(session: Session, told: Sequence[MovementBody], origin: Origin) -> list[Outcome]:
    """Book movements in the order given; one that was booked before is nothing new."""
    results = await book_movements(session, [asked_of(one.movement()) for one in told], origin.caller)
    outcomes: list[Outcome] = []
    for result in results:
        if result.outcome == "booked":
            outcomes.append(Taken(changed=not result.replayed))
        else:
            errors = result.body["errors"]
            message = "; ".join(error["message"] for error in errors)
            outcomes.append(Refused(errors[0]["pointer"].strip("/"), result.body["code"], message))
    return outcomes


async def empty_positions(session: Session, keys: Sequence[Key], counted_at: datetime, origin: Origin) -> int:
    """Count nothing at these positions, as of an instant: what has moved since stays. Says how many that has changed."""
    told = [
        StockSet(site=key.site, sku=key.sku, on_hand=ZERO, counted_at=counted_at, reason="not in the snapshot", document=origin.document)
        for key in keys
    ]
    return sum(isinstance(outcome, Taken) and outcome.changed for outcome in await take_stock(session, told, origin))


async def close_receipts(session: Session, receipt_ids: Sequence[str], reason: str, document: str | None) -> int:
    """Close what is still open of these receipts. Says how many that has changed."""
    floor: Floor = await load(session, receipt_ids=set(receipt_ids))
    now = await db_now(session)
    still_open = [each for each in receipt_ids if not floor.receipt(each).closed]
    said = [event for each in still_open for event in put_close(floor, each, reason, document, now)]
    await settle(session, floor, said)
    return len(still_open)
