"""Orders: promise in one step, read, amend, cancel, and orders that were promised elsewhere."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Request, Response

from services.quote.api import examples
from services.quote.api.models.orders import AmendedOut, HistoryPage, ImportOut, OrderOut, OrderPage, OrderStatus
from services.quote.api.models.quotes import QuoteOut
from services.quote.api.reach import IdempotencyKey, Promiser, Reader, answers, change, house, json_response, request_id
from services.quote.asks.orders import AmendAsk, CancelAsk, ImportAsk
from services.quote.asks.quotes import OrderAsk
from services.quote.handlers.change_order import Amend, Cancel
from services.quote.handlers.demand import check, check_changes, check_commits, checked_imports
from services.quote.handlers.find_order import OrderFilter, find_order, list_order_history, list_orders
from services.quote.handlers.import_orders import ImportOrders
from services.quote.handlers.take import Take
from shared.paging import Cursor, Limit
from shared.problems import not_found
from shared.quantities import Code
from shared.straight import StraightRoute

router = APIRouter(prefix="/v1", tags=["orders"])
straight = APIRouter(prefix="/v1", tags=["orders"], route_class=StraightRoute)
"""What is asked most."""

OrderId = Annotated[str, Path(max_length=100, description="`ord_…`")]
EVERYTHING = CancelAsk()
"""A cancellation without a body means the whole order."""
ORDER = answers(OrderOut, examples.ORDER)


@straight.post("/orders", operation_id="create_order", response_class=Response, responses=answers(QuoteOut, examples.CONFIRMED))
async def create_order(
    request: Request,
    caller: Promiser,
    ask: Annotated[OrderAsk, Body(openapi_examples=examples.ASK_ORDER)],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Quote and confirm in one step. What cannot be promised is a 409 with the best answer under `offer`, and takes nothing."""
    here = house(request)
    check(here.board, ask.lines, here.settings.horizon_days)
    check_commits(ask)
    return await change(request, Take(ask, caller.id, request_id(request)), caller, idempotency_key, ask.idempotency_key)


@router.post("/orders/import", response_class=Response, responses=answers(ImportOut, examples.IMPORTED))
async def import_orders(
    request: Request,
    caller: Promiser,
    ask: Annotated[ImportAsk, Body(openapi_examples=examples.ASK_IMPORT)],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Orders promised elsewhere, dates as given: booked as facts, also into the negative. Sent twice, nothing changes.

    One result per order. What cannot be read as an order has failed and says where; where that is so of all, the call is a 422.
    """
    here = house(request)
    orders = checked_imports(here.board, ask.orders, here.settings.horizon_days)
    return await change(request, ImportOrders(orders, caller.id, ask.document), caller, idempotency_key, ask.idempotency_key)


@router.get("/orders", response_class=Response, responses=answers(OrderPage, examples.ORDERS))
async def list_all_orders(
    request: Request,
    caller: Reader,
    limit: Limit = 50,
    cursor: Cursor = None,
    newest_first: Annotated[bool, Query()] = False,  # noqa: FBT002 -- a query parameter has a name
    status: Annotated[OrderStatus | None, Query()] = None,
    customer: Code | None = None,
    sku: Code | None = None,
    site: Code | None = None,
    external_id: Code | None = None,
    promised_from_date: date | None = None,
    promised_to_date: date | None = None,
    at_risk: Annotated[bool | None, Query()] = None,
) -> Response:
    """Orders in the order in which they were made. Filters of lines (sku, site, dates) keep an order if one line fits them all.

    `at_risk=true`: orders with an open line that will not be delivered as promised, or was not; `false`: all others.
    """
    wanted = OrderFilter(status, customer, sku, site, external_id, promised_from_date, promised_to_date, at_risk)
    return json_response(await list_orders(house(request).pool, house(request).board, wanted, limit, cursor, newest_first=newest_first))


@router.get("/orders/{order_id}", response_class=Response, responses=ORDER)
async def get_order(request: Request, caller: Reader, order_id: OrderId) -> Response:
    """An order as it stands."""
    found = await find_order(house(request).pool, house(request).board, order_id)
    if found is None:
        raise not_found("ORDER_NOT_FOUND", f"There is no order {order_id}.")
    return json_response(found)


@router.get("/orders/{order_id}/history", response_class=Response, responses=answers(HistoryPage, examples.HISTORY))
async def get_order_history(request: Request, caller: Reader, order_id: OrderId, limit: Limit = 100, cursor: Cursor = None) -> Response:
    """Everything that happened to an order, oldest first: who, why, by which document, and its lines after."""
    found = await list_order_history(house(request).pool, order_id, limit, cursor)
    if found is None:
        raise not_found("ORDER_NOT_FOUND", f"There is no order {order_id}.")
    return json_response(found)


@router.post("/orders/{order_id}/amend", response_class=Response, responses=answers(AmendedOut, examples.AMENDED))
async def amend_order(
    request: Request,
    caller: Promiser,
    order_id: OrderId,
    ask: Annotated[AmendAsk, Body(openapi_examples=examples.ASK_AMEND)],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Change an order in one step, decided as it was asked for; lines that are not named stand.

    On refusal (409, with an offer) everything stands.
    """
    here = house(request)
    check_changes(here.board, ask.lines, here.settings.horizon_days)
    return await change(request, Amend(order_id, ask, caller.id), caller, idempotency_key, ask.idempotency_key)


@router.post("/orders/{order_id}/cancel", response_class=Response, responses=ORDER)
async def cancel_order(
    request: Request,
    caller: Promiser,
    order_id: OrderId,
    ask: Annotated[CancelAsk, Body(openapi_examples=examples.ASK_CANCEL)] = EVERYTHING,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Give back what is open of an order, or of some lines. What was shipped stays shipped."""
    refs = None if ask.line_refs is None else frozenset(ask.line_refs)
    what = Cancel(order_id, caller.id, refs, ask.reason, ask.document, ask.expected_revision)
    return await change(request, what, caller, idempotency_key, ask.idempotency_key)
