"""Planned supply: what promises need made, bought or transferred, for planners to release; and what resources are loaded with."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Request, Response

from services.quote.api import examples
from services.quote.api.models.books import LoadOut, PlanOut, PlanPage
from services.quote.api.reach import IdempotencyKey, Promiser, Reader, answers, change, house, json_response
from services.quote.asks.orders import ClosePlanAsk
from services.quote.handlers.load import load, load_of_supplier
from services.quote.handlers.plans import ClosePlan, page_of_plans
from shared.paging import Cursor, Limit
from shared.problems import FieldError, not_found, unprocessable
from shared.quantities import Code

router = APIRouter(prefix="/v1", tags=["plans"])

PlanId = Annotated[str, Path(max_length=100, description="`pln_…`")]
NO_REASON = ClosePlanAsk()


@router.get("/plans", response_class=Response, responses=answers(PlanPage, examples.PLANS))
async def list_open_plans(
    request: Request,
    caller: Reader,
    limit: Limit = 100,
    cursor: Cursor = None,
    sku: Code | None = None,
    site: Code | None = None,
    order_id: Annotated[str | None, Query(max_length=100)] = None,
    due_to_date: date | None = None,
) -> Response:
    """Open plans, the oldest first. A real order replaces them, by name (`replaces`) or of the same sku, site and kind."""
    return json_response(page_of_plans(house(request).board, sku, site, order_id, due_to_date, limit, cursor))


@router.post("/plans/{plan_id}/close", response_class=Response, responses=answers(PlanOut, examples.PLAN_CLOSED))
async def close_plan(
    request: Request,
    caller: Promiser,
    plan_id: PlanId,
    ask: Annotated[ClosePlanAsk, Body(openapi_examples=examples.ASK_CLOSE_PLAN)] = NO_REASON,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Give a plan up: it brings nothing any more, and what it needed is free. What stood on it may be at risk then."""
    what = ClosePlan(plan_id, caller.id, ask.reason, ask.document)
    return await change(request, what, caller, idempotency_key, ask.idempotency_key)


@router.get(
    "/load",
    response_class=Response,
    responses=answers(LoadOut, examples.LOAD) | {404: {"description": "Nothing was ever said about this resource or supplier."}},
)
async def get_load(
    request: Request,
    caller: Reader,
    resource: Annotated[Code | None, Query(description="Its minutes, day by day.")] = None,
    supplier_item: Annotated[Code | None, Query(description="A supplier's terms instead: what it can deliver, period by period.")] = None,
    from_date: Annotated[date | None, Query(description="Inclusive; today by default.")] = None,
    to_date: Annotated[date | None, Query(description="Inclusive; 13 days later by default.")] = None,
) -> Response:
    """Available, claimed and free minutes of a resource per day, or quantities of a supplier per period, and by whom they are claimed."""
    board = house(request).board
    if resource is not None and supplier_item is None:
        found = load(board, resource, from_date, to_date)
        if found is None:
            raise not_found("UNKNOWN_RESOURCE", f"Nothing was ever said about the resource {resource}.")
    elif supplier_item is not None and resource is None:
        found = load_of_supplier(board, supplier_item, from_date, to_date)
        if found is None:
            raise not_found("UNKNOWN_SUPPLIER_ITEM", f"Nothing was ever said about the supplier's terms {supplier_item}.")
    else:
        detail = "Name a resource or a supplier_item, one of the two."
        raise unprocessable("INVALID_REQUEST", detail, [FieldError("/resource", "one_of", detail)])
    return json_response(found)
