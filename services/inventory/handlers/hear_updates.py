"""Hear what others tell us: the bodies of the calls as events, each counted once by its sender's id."""

from collections.abc import Awaitable, Callable, Sequence
from itertools import groupby
from typing import Any

from services.inventory.asks import (
    ItemSet,
    LaneSet,
    MovementsPosted,
    ReceiptClosed,
    ReceiptSet,
    SiteSet,
    StockSet,
    SupplierItemSet,
    SupplierSet,
)
from services.inventory.handlers.refusals import Unknown
from services.inventory.handlers.schedule import Scheduled, close_receipt
from services.inventory.handlers.take import Origin, stale, take_masters, take_movements, take_receipts, take_stock
from shared.database import Session
from shared.outcomes import Outcome, Refused, Taken
from shared.updates import Said, Update, Vocabulary, take_once

UPDATES_TOPIC = "inventory.updates.v1"
VOCABULARY = Vocabulary(
    UPDATES_TOPIC,
    {
        "stock-set": StockSet,
        "movements-posted": MovementsPosted,
        "receipt-set": ReceiptSet,
        "receipt-closed": ReceiptClosed,
        "item-set": ItemSet,
        "site-set": SiteSet,
        "lane-set": LaneSet,
        "supplier-set": SupplierSet,
        "supplier-item-set": SupplierItemSet,
    },
)

Takes = Callable[[Session, Sequence[Any], Origin], Awaitable[list[Outcome]]]


async def take_updates(session: Session, updates: Sequence[Update], caller: str) -> list[Said]:
    """Take them over in their order; those of one kind that stand together cost as much as one."""

    async def apply(within: Session, fresh: Sequence[Update]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for short, run in groupby(fresh, key=lambda update: update.type):
            bodies = [update.body for update in run]
            outcomes += await _TAKES.get(short, _masters)(within, bodies, Origin(caller))
        return outcomes

    return await take_once(session, updates, apply)


async def _stock(session: Session, bodies: Sequence[StockSet], origin: Origin) -> list[Outcome]:
    return await take_stock(session, bodies, origin)


async def _receipts(session: Session, bodies: Sequence[ReceiptSet], _origin: Origin) -> list[Outcome]:
    return await take_receipts(session, bodies)


async def _masters(session: Session, bodies: Sequence[Any], _origin: Origin) -> list[Outcome]:
    return await take_masters(session, bodies)


async def _closes(session: Session, bodies: Sequence[ReceiptClosed], _origin: Origin) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for body in bodies:
        closed = await close_receipt(session, body.receipt_id, body.reason, body.document, body.expected_revision)
        if isinstance(closed, Scheduled):
            outcomes.append(Taken(closed.changed))
        elif isinstance(closed, Unknown):
            outcomes.append(Refused("receipt_id", "UNKNOWN_RECEIPT", "neither a definition nor a movement has ever named it", 404))
        else:
            outcomes.append(stale(closed.revision))
    return outcomes


async def _movements(session: Session, bodies: Sequence[MovementsPosted], origin: Origin) -> list[Outcome]:
    """All movements of an event are booked, or none."""
    outcomes: list[Outcome] = []
    for body in bodies:
        point = await session.begin_nested()
        booked = await take_movements(session, body.movements, origin)
        refused = next((one for one in booked if isinstance(one, Refused)), None)
        if refused is None:
            await point.commit()
            outcomes.append(Taken(any(isinstance(one, Taken) and one.changed for one in booked)))
        else:
            await point.rollback()
            at = booked.index(refused)
            outcomes.append(Refused(f"movements/{at}/{refused.field}", refused.code, refused.message))
    return outcomes


_TAKES: dict[str, Takes] = {"stock-set": _stock, "receipt-set": _receipts, "receipt-closed": _closes, "movements-posted": _movements}
"""The other types are master data."""
