"""Files: stock, receipts, movements and master data as CSV, read with the bodies of the calls."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

from fastapi import Request

from services.inventory import store
from services.inventory.asks import ItemSet, LaneSet, MasterBody, MovementBody, ReceiptSet, SiteSet, StockSet, SupplierItemSet, SupplierSet
from services.inventory.handlers.retire import retire_rest
from services.inventory.handlers.take import (
    Named,
    Origin,
    close_receipts,
    empty_positions,
    take_masters,
    take_movements,
    take_receipts,
    take_stock,
)
from shared.access import Scope
from shared.database import Session
from shared.imports import Entry, Job, Kind, Rest
from shared.imports.api import router as import_router
from shared.imports.kinds import Apply, CloseRest, Row
from shared.outcomes import Outcome
from shared.relay import Relay

T = TypeVar("T")

_CLOSED_AT_ONCE = 300
_LONGEST_ID = 100
_SAME = {"item": "sku", "item_id": "sku", "location": "site", "warehouse": "site"}
_LOTS = {"minimum_order_quantity": "minimum_quantity", "order_multiple": "multiple", "minimum": "minimum_quantity"}
_EVERY = "*"


def _derive_lane(row: Row) -> None:
    """A lane without an id is known by where it leads, and for which sku; `*` is every sku."""
    if row.get("sku") == _EVERY:
        del row["sku"]
    _derive(row, "lane", "from_site", "to", "sku")


def _derive_terms(row: Row) -> None:
    """Terms without an id are known by supplier, sku and site."""
    _derive(row, "supplier_item", "supplier", "sku", "site")


def _derive(row: Row, field: str, *parts: str) -> None:
    if field in row:
        return
    spelled = ":".join(row[part] for part in parts if part in row)
    if len(spelled) > _LONGEST_ID:
        spelled = spelled[: _LONGEST_ID - 17] + "~" + hashlib.sha256(spelled.encode()).hexdigest()[:16]
    if spelled:
        row[field] = spelled


def _bodies(entries: Sequence[Entry], model: type[T]) -> list[T]:
    """The bodies, which are of the kind's model."""
    return [entry.body for entry in entries if isinstance(entry.body, model)]


def _named(entries: Sequence[Entry]) -> Named:
    """The columns of the file: the same for every row."""
    return entries[0].named if entries else None


async def _stock(session: Session, entries: Sequence[Entry], job: Job) -> list[Outcome]:
    return await take_stock(session, _bodies(entries, StockSet), Origin(job.caller, job.id))


async def _receipts(session: Session, entries: Sequence[Entry], _job: Job) -> list[Outcome]:
    return await take_receipts(session, _bodies(entries, ReceiptSet), _named(entries))


async def _movements(session: Session, entries: Sequence[Entry], job: Job) -> list[Outcome]:
    return await take_movements(session, _bodies(entries, MovementBody), Origin(job.caller, job.id))


def _masters(model: type[MasterBody]) -> Apply:
    async def apply(session: Session, entries: Sequence[Entry], job: Job) -> list[Outcome]:
        return await take_masters(session, _bodies(entries, model), _named(entries), whole=job.whole)

    return apply


def _retiring(kind: str, site_field: str | None = None) -> CloseRest:
    async def close_rest(session: Session, job: Job, after: str) -> Rest:
        return await retire_rest(session, kind, job, after, site_field)

    return close_rest


async def _empty_the_rest(session: Session, job: Job, after: str) -> Rest:
    keys = await store.list_stock_left(session, job.id, job.site, after, _CLOSED_AT_ONCE)
    emptied = await empty_positions(session, keys, job.started_at, Origin(job.caller, job.id)) if keys else 0
    return Rest(emptied, keys[-1].text if len(keys) == _CLOSED_AT_ONCE else None)


async def _close_the_rest(session: Session, job: Job, after: str) -> Rest:
    left = await store.list_receipts_left(session, job.id, job.site, job.started_at, after, _CLOSED_AT_ONCE)
    closed = await close_receipts(session, left, "not in the snapshot", job.id) if left else 0
    return Rest(closed, left[-1] if len(left) == _CLOSED_AT_ONCE else None)


_LANES = Kind(
    "lanes",
    LaneSet,
    ("lane",),
    _masters(LaneSet),
    aliases={"id": "lane", "to_site": "to", "destination": "to", **_LOTS, **_SAME},
    complete=_derive_lane,
    derived=frozenset({"lane"}),
    site_field="from_site",
    close_rest=_retiring("lane", "from_site"),
)

KINDS: dict[str, Kind] = {
    "stock": Kind(
        "stock",
        StockSet,
        ("sku", "site"),
        _stock,
        aliases={"quantity": "on_hand", "qty": "on_hand", "quantity_on_hand": "on_hand", "minimum_stock": "safety_stock", **_SAME},
        site_field="site",
        close_rest=_empty_the_rest,
    ),
    "receipts": Kind(
        "receipts",
        ReceiptSet,
        ("receipt_id",),
        _receipts,
        aliases={"id": "receipt_id", "type": "kind", "start_date": "ship_date", "to_site": "site", **_SAME},
        site_field="site",
        close_rest=_close_the_rest,
    ),
    "movements": Kind(
        "movements",
        MovementBody,
        ("movement_id",),
        _movements,
        aliases={"id": "movement_id", **_SAME},
        once=False,
        no_snapshot="closes nothing: a movement has happened",
    ),
    "items": Kind(
        "items",
        ItemSet,
        ("sku",),
        _masters(ItemSet),
        aliases={"cost": "unit_cost", "item": "sku"},
        ignored=frozenset({"category"}),
        close_rest=_retiring("item"),
    ),
    "sites": Kind(
        "sites",
        SiteSet,
        ("site",),
        _masters(SiteSet),
        aliases={"location": "site", "warehouse": "site"},
        close_rest=_retiring("site"),
    ),
    "lanes": _LANES,
    "transfers": _LANES,
    "suppliers": Kind("suppliers", SupplierSet, ("supplier",), _masters(SupplierSet), close_rest=_retiring("supplier")),
    "supplier_items": Kind(
        "supplier_items",
        SupplierItemSet,
        ("supplier_item",),
        _masters(SupplierItemSet),
        aliases={"id": "supplier_item", "cost": "unit_cost", **_LOTS, **_SAME},
        complete=_derive_terms,
        derived=frozenset({"supplier_item"}),
        site_field="site",
        close_rest=_retiring("supplier-item", "site"),
    ),
}


def _wake(request: Request) -> None:
    relay: Relay = request.app.state.relay
    relay.wake()


router = import_router(KINDS, Scope.STOCK_WRITE, _wake, "site,sku,on_hand,safety_stock\nHAM,SKU-77,120,10\nHAM,SKU-78,0,0\n")
