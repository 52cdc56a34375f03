"""Scheduled receipts: what is coming, told by whoever ordered it."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict

from services.inventory import store
from services.inventory.api.fields import SiteFilter, SkuFilter
from services.inventory.api.reach import Reader, Writer, answers, change, refusal
from services.inventory.asks import CloseBody, ReceiptBody
from services.inventory.domain import receipt as domain
from services.inventory.domain.receipt import Kind, Order, Status
from services.inventory.handlers.schedule import Scheduled, close_receipt, define_receipt
from shared.contracts.base import Instant, Quantity
from shared.database import Database, Session
from shared.idempotency import once
from shared.paging import Cursor, Limit, Page, decode_cursor, encode_cursor
from shared.problems import not_found
from shared.quantities import Code

router = APIRouter(prefix="/v1")

ReceiptId = Annotated[Code, Path(description="The receipt's id: one sku to one site.")]


class ReceiptComponent(BaseModel):
    """What the order takes from stock."""

    sku: str
    site: str
    quantity: Quantity
    needed_date: date


class ReceiptLoad(BaseModel):
    """Minutes of a resource that the order uses on a day."""

    resource: str
    date: date
    minutes: int


class ReceiptView(BaseModel):
    """A receipt as it stands. Undefined: only movements have named it, and its definition is still to come."""

    model_config = ConfigDict(frozen=True)

    receipt_id: str
    status: Status
    kind: Kind | None = None
    site: str | None = None
    sku: str | None = None
    quantity: Quantity | None = None
    arrived: Quantity
    open_quantity: Quantity
    due_date: date | None = None
    supplier: str | None = None
    from_site: str | None = None
    ship_date: date | None = None
    components: tuple[ReceiptComponent, ...] = ()
    load: tuple[ReceiptLoad, ...] = ()
    replaces: tuple[str, ...] | None = None
    arrived_by_sku: dict[str, Quantity]
    """Also of other skus than the ordered one, and before the order is defined."""
    issued_by_sku: dict[str, Quantity]
    """Components taken for it, or what of a transfer has departed."""
    document: str | None = None
    external_id: str | None = None
    source_system: str | None = None
    revision: int
    created_at: Instant
    updated_at: Instant


class ClosedReceipt(ReceiptView):
    """A receipt after its close."""

    replayed: bool = False


_BODY = {
    "kind": "purchase_order", "site": "HAM", "sku": "SKU-77", "quantity": 80, "due_date": "2026-12-02", "supplier": "WOOD",
    "document": "PO-552",
}  # fmt: skip
_RECEIPT = {
    "receipt_id": "PO-552", "status": "open", "kind": "purchase_order", "site": "HAM", "sku": "SKU-77", "quantity": 80, "arrived": 30,
    "open_quantity": 50, "due_date": "2026-12-02", "supplier": "WOOD", "from_site": None, "ship_date": None, "components": [], "load": [],
    "replaces": None, "arrived_by_sku": {"SKU-77": 30}, "issued_by_sku": {}, "document": "PO-552", "external_id": None,
    "source_system": None, "revision": 2, "created_at": "2026-11-01T08:00:00Z", "updated_at": "2026-11-21T10:42:07Z",
}  # fmt: skip


@router.post(
    "/receipts/{receipt_id:path}/close",
    response_model=ClosedReceipt,
    responses=answers({**_RECEIPT, "status": "closed", "open_quantity": 0, "replayed": False}),
)
async def close_receipt_rest(
    request: Request,
    caller: Writer,
    receipt_id: ReceiptId,
    body: Annotated[CloseBody | None, Body(examples=[{"reason": "supplier delivers no more", "document": "MAIL-17"}])] = None,
) -> Response:
    """Close the rest of a receipt: it will not come. Twice is once; what arrives later still becomes stock."""
    asked = body or CloseBody()
    key = request.headers.get("idempotency-key") or asked.idempotency_key
    raw = await request.body()

    async def work(session: Session) -> tuple[int, dict[str, object]]:
        async def closing() -> tuple[int, dict[str, object]]:
            outcome = await close_receipt(session, receipt_id, asked.reason, asked.document, asked.expected_revision)
            return 200, (await _answer(session, receipt_id, outcome, ClosedReceipt)).model_dump(mode="json")

        return await once(session, caller.id, key, "POST", request.url.path, raw, closing)

    status, answer = await change(request, work)
    return JSONResponse(answer, status)


@router.put("/receipts/{receipt_id:path}", responses=answers(_RECEIPT))
async def put_receipt(
    request: Request, caller: Writer, receipt_id: ReceiptId, body: Annotated[ReceiptBody, Body(examples=[_BODY])]
) -> ReceiptView:
    """Define a receipt or change it. Sent again after an arrival nothing is counted twice; one that is closed stays closed."""

    async def work(session: Session) -> ReceiptView:
        outcome = await define_receipt(session, receipt_id, body.order(), body.expected_revision)
        return await _answer(session, receipt_id, outcome, ReceiptView)

    return await change(request, work)


@router.get("/receipts/{receipt_id:path}", responses=answers(_RECEIPT))
async def get_receipt(request: Request, caller: Reader, receipt_id: ReceiptId) -> ReceiptView:
    """Read a receipt: what was ordered, what has arrived, what is still to come."""
    database: Database = request.app.state.database
    async with database.read() as session:
        found = await store.find_receipt(session, receipt_id)
    if found is None:
        raise not_found("UNKNOWN_RECEIPT", f"Neither a definition nor a movement has ever named {receipt_id!r}.")
    return _view(found, ReceiptView)


@router.get("/receipts", responses=answers({"data": [_RECEIPT], "next_cursor": None}))
async def list_receipts(
    request: Request,
    caller: Reader,
    sku: SkuFilter = None,
    site: SiteFilter = None,
    status: Annotated[Status | None, Query()] = None,
    kind: Annotated[Kind | None, Query()] = None,
    supplier: Annotated[Code | None, Query()] = None,
    due_from: Annotated[date | None, Query(description="Due on this day or later.")] = None,
    due_to: Annotated[date | None, Query(description="Due on this day or earlier.")] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[ReceiptView]:
    """List receipts by id."""
    after = str(decode_cursor(cursor, str)[0] or "") if cursor else ""
    database: Database = request.app.state.database
    async with database.read() as session:
        rows = await store.list_receipts(
            session,
            after=after,
            limit=limit + 1,
            sku=sku,
            site=site,
            status=status,
            kind=kind,
            supplier=supplier,
            due_from=due_from,
            due_to=due_to,
        )
    more = encode_cursor([rows[limit - 1].receipt.receipt_id]) if len(rows) > limit else None
    return Page(data=[_view(row, ReceiptView) for row in rows[:limit]], next_cursor=more)


async def _answer(session: Session, receipt_id: str, outcome: object, view: type[ReceiptView]) -> ReceiptView:
    """The receipt as it stands in this transaction, or the refusal raised."""
    if (problem := refusal(outcome)) is not None:
        raise problem
    assert isinstance(outcome, Scheduled)  # noqa: S101 -- the refusals are dealt with
    found = await store.find_receipt(session, receipt_id)
    assert found is not None  # noqa: S101 -- it was locked and written in this transaction
    return _view(found, view)


def _view(row: store.ReceiptRow, view: type[ReceiptView]) -> ReceiptView:
    receipt = row.receipt
    return view.model_validate(
        {
            **(_definition(receipt.order) if receipt.order else {}),
            "receipt_id": receipt.receipt_id,
            "status": domain.status_of(receipt),
            "arrived": domain.arrived_quantity(receipt),
            "open_quantity": domain.open_quantity(receipt),
            "arrived_by_sku": dict(receipt.arrived),
            "issued_by_sku": dict(receipt.issued),
            "revision": receipt.revision,
            "created_at": row.created_at,
            "updated_at": row.updated_at,
        }
    )


def _definition(order: Order) -> dict[str, object]:
    components = [
        {"sku": line.key.sku, "site": line.key.site, "quantity": line.quantity, "needed_date": line.needed_date}
        for line in order.components
    ]
    return {
        "kind": order.kind,
        "site": order.key.site,
        "sku": order.key.sku,
        "quantity": order.quantity,
        "due_date": order.due_date,
        "supplier": order.supplier,
        "from_site": order.from_site,
        "ship_date": order.ship_date,
        "components": components,
        "load": [{"resource": line.resource, "date": line.date, "minutes": line.minutes} for line in order.load],
        "replaces": order.replaces,
        "document": order.document,
        "external_id": order.external_id,
        "source_system": order.source_system,
    }
