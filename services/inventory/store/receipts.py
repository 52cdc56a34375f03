"""Scheduled receipts: their definitions, what movements made of them, and which positions they concern."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, text

from services.inventory.domain.position import Key
from services.inventory.domain.receipt import Component, Kind, Load, Order, Receipt, open_quantity, outlook, status_of
from services.inventory.store.rows import PATIENCE, as_json, texts
from shared.database import Session

_COLUMNS = """receipt_id, kind, sku, site, quantity, due_date, supplier, from_site, ship_date, components, load, replaces, document,
    external_id, source_system, arrived, issued, closed, revision, created_at, updated_at"""

_MEET = text(f"""
    INSERT INTO receipt (receipt_id) SELECT id FROM unnest(CAST(:ids AS text[])) AS id, {PATIENCE} ON CONFLICT DO NOTHING
""")
_LOCK = text(f"SELECT {_COLUMNS} FROM receipt WHERE receipt_id = ANY(CAST(:ids AS text[])) ORDER BY receipt_id FOR UPDATE")
_AT = text(f"""
    SELECT {_COLUMNS} FROM receipt
     WHERE receipt_id IN (SELECT receipt_id FROM receipt_concern WHERE key = ANY(CAST(:keys AS text[])))
""")
_SAVE = text("""
    UPDATE receipt AS p
       SET kind = r.kind, sku = r.sku, site = r.site, quantity = r.quantity, due_date = r.due_date, supplier = r.supplier,
           from_site = r.from_site, ship_date = r.ship_date, components = r.components, load = r.load, replaces = r.replaces,
           document = r.document, external_id = r.external_id, source_system = r.source_system, arrived = r.arrived,
           issued = r.issued, closed = r.closed, status = r.status, open_quantity = r.open_quantity, revision = r.revision,
           updated_at = clock_timestamp()
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (
           receipt_id text, kind text, sku text, site text, quantity numeric, due_date date, supplier text, from_site text,
           ship_date date, components jsonb, load jsonb, replaces jsonb, document text, external_id text, source_system text,
           arrived jsonb, issued jsonb, closed boolean, status text, open_quantity numeric, revision bigint)
     WHERE p.receipt_id = r.receipt_id
""")
_FORGET_CONCERNS = text("DELETE FROM receipt_concern WHERE receipt_id = ANY(CAST(:ids AS text[]))")
_ADD_CONCERNS = text("""
    INSERT INTO receipt_concern (receipt_id, key) SELECT * FROM unnest(CAST(:ids AS text[]), CAST(:keys AS text[]))
""")


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """A receipt and when it became known and changed last."""

    receipt: Receipt
    created_at: datetime
    updated_at: datetime


async def lock_receipts(session: Session, ids: Iterable[str]) -> dict[str, Receipt]:
    """Lock these receipts in one order for everybody, before any position; one that is not known yet gets its row first."""
    ordered = sorted(ids)
    if not ordered:
        return {}
    await session.execute(_MEET, {"ids": ordered})
    return {row.receipt_id: _receipt(row) for row in (await session.execute(_LOCK, {"ids": ordered})).all()}


async def list_receipts_at(session: Session, keys: Iterable[Key]) -> list[Receipt]:
    """Every unfinished receipt that brings something to these positions or takes something from them."""
    spelled = texts(keys)
    return [_receipt(row) for row in (await session.execute(_AT, {"keys": spelled})).all()] if spelled else []


async def save_receipts(session: Session, receipts: Sequence[Receipt]) -> None:
    """Replace locked receipts, and note which positions they concern now."""
    if not receipts:
        return
    ids = [receipt.receipt_id for receipt in receipts]
    await session.execute(_SAVE, {"rows": as_json(_row(receipt) for receipt in receipts)})
    await session.execute(_FORGET_CONCERNS, {"ids": ids})
    concerns = [(receipt.receipt_id, key.text) for receipt in receipts for key in outlook(receipt)]
    if concerns:
        await session.execute(_ADD_CONCERNS, {"ids": [each for each, _ in concerns], "keys": [key for _, key in concerns]})


async def find_receipt(session: Session, receipt_id: str) -> ReceiptRow | None:
    """The receipt, if a definition or a movement has ever named it."""
    found = await list_receipts(session, after="", limit=1, receipt_id=receipt_id)
    return found[0] if found else None


async def list_receipts(
    session: Session,
    *,
    after: str,
    limit: int,
    receipt_id: str | None = None,
    sku: str | None = None,
    site: str | None = None,
    kind: str | None = None,
    status: str | None = None,
    supplier: str | None = None,
    due_from: date | None = None,
    due_to: date | None = None,
) -> list[ReceiptRow]:
    """Receipts behind the id `after`, in order of their ids; all that are given narrow it down."""
    equal = {"receipt_id": receipt_id, "sku": sku, "site": site, "kind": kind, "status": status, "supplier": supplier}
    values: dict[str, Any] = {name: value for name, value in equal.items() if value is not None}
    conditions = [f"{name} = :{name}" for name in values]
    if due_from is not None:
        conditions.append("due_date >= :due_from")
        values["due_from"] = due_from
    if due_to is not None:
        conditions.append("due_date <= :due_to")
        values["due_to"] = due_to
    where = " AND ".join(["revision > 0", "receipt_id > :after", *conditions])
    statement = text(f"SELECT {_COLUMNS} FROM receipt WHERE {where} ORDER BY receipt_id LIMIT :limit")
    rows = (await session.execute(statement, {**values, "after": after, "limit": limit})).all()
    return [ReceiptRow(_receipt(row), row.created_at, row.updated_at) for row in rows]


def _receipt(row: Row[Any]) -> Receipt:
    return Receipt(
        receipt_id=row.receipt_id,
        order=None if row.kind is None else _order(row),
        arrived=_amounts(row.arrived),
        issued=_amounts(row.issued),
        closed=row.closed,
        revision=row.revision,
    )


def _order(row: Row[Any]) -> Order:
    replaces = row.replaces
    return Order(
        kind=Kind(row.kind),
        key=Key(row.sku, row.site),
        quantity=row.quantity,
        due_date=row.due_date,
        supplier=row.supplier,
        from_site=row.from_site,
        ship_date=row.ship_date,
        components=tuple(
            Component(Key(line["sku"], line["site"]), Decimal(line["quantity"]), date.fromisoformat(line["needed_date"]))
            for line in row.components
        ),
        load=tuple(Load(line["resource"], date.fromisoformat(line["date"]), line["minutes"]) for line in row.load),
        replaces=None if replaces is None else tuple(replaces),
        document=row.document,
        external_id=row.external_id,
        source_system=row.source_system,
    )


def _amounts(stored: dict[str, str]) -> dict[str, Decimal]:
    return {sku: Decimal(amount) for sku, amount in stored.items()}


def _row(receipt: Receipt) -> dict[str, Any]:
    order = receipt.order
    return {
        "receipt_id": receipt.receipt_id,
        "kind": order and order.kind,
        "sku": order and order.key.sku,
        "site": order and order.key.site,
        "quantity": order and order.quantity,
        "due_date": order and order.due_date,
        "supplier": order and order.supplier,
        "from_site": order and order.from_site,
        "ship_date": order and order.ship_date,
        "components": [
            {"sku": line.key.sku, "site": line.key.site, "quantity": line.quantity, "needed_date": line.needed_date}
            for line in (order.components if order else ())
        ],
        "load": [{"resource": line.resource, "date": line.date, "minutes": line.minutes} for line in (order.load if order else ())],
        "replaces": order and order.replaces,
        "document": order and order.document,
        "external_id": order and order.external_id,
        "source_system": order and order.source_system,
        "arrived": receipt.arrived,
        "issued": receipt.issued,
        "closed": receipt.closed,
        "status": status_of(receipt),
        "open_quantity": open_quantity(receipt),
        "revision": receipt.revision,
    }
