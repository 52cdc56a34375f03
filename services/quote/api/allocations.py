"""Allocations: how much a class may take, how much is kept for it, and who has taken what."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Request, Response

from services.quote.api import examples
from services.quote.api.models.masterdata import AllocationOut, AllocationPage
from services.quote.api.reach import Administrator, Reader, answers, definition, definitions, house
from services.quote.asks.masterdata import AllocationAsk, CloseAllocationAsk
from services.quote.handlers.allocations import KIND, close_allocation, find_allocation, list_allocations, put_allocation, unknown
from shared.paging import Cursor, Limit
from shared.quantities import Code

router = APIRouter(prefix="/v1", tags=["allocations"])

AllocationId = Annotated[Code, Path(description="The allocation's id.")]
ALLOCATION = answers(AllocationOut, examples.ALLOCATION)
NO_REASON = CloseAllocationAsk()


@router.put("/allocations/{allocation:path}", response_class=Response, responses=ALLOCATION)
async def define_allocation(
    request: Request,
    caller: Administrator,
    allocation: AllocationId,
    ask: Annotated[AllocationAsk, Body(openapi_examples=examples.ASK_ALLOCATION)],
) -> Response:
    """Say how much of a sku a class may take at most (ceiling), or how much is kept for it (floor).

    A ceiling binds by the ship date: in each day, week or month, in one span, or in periods with a quantity each. What was
    promised before counts, and what was shipped stays counted. Ceilings bind on every level of the hierarchy of classes. A floor
    binds every other class until its release date, whatever the ship date. The whole definition is replaced; told again,
    nothing changes.
    """
    here = house(request)
    return await definition(request, KIND, await put_allocation(here.pool, here.board, here.door, allocation, ask, caller.id))


@router.post("/allocations/{allocation:path}/close", response_class=Response, responses=ALLOCATION)
async def close_one_allocation(
    request: Request,
    caller: Administrator,
    allocation: AllocationId,
    ask: Annotated[CloseAllocationAsk, Body(openapi_examples=examples.ASK_CLOSE_ALLOCATION)] = NO_REASON,
) -> Response:
    """Let an allocation bind nobody any more; put again, it binds again."""
    here = house(request)
    return await definition(
        request, KIND, await close_allocation(here.pool, here.board, here.door, allocation, caller.id, ask.expected_revision)
    )


@router.get("/allocations/{allocation:path}", response_class=Response, responses=ALLOCATION)
async def get_allocation(request: Request, caller: Reader, allocation: AllocationId) -> Response:
    """An allocation with its periods: their quantity, what is consumed, what is left, and by whom."""
    found = find_allocation(house(request).board, allocation)
    if found is None:
        raise unknown(allocation)
    return await definition(request, KIND, found)


@router.get("/allocations", response_class=Response, responses=answers(AllocationPage, examples.ALLOCATIONS))
async def list_all_allocations(request: Request, caller: Reader, limit: Limit = 100, cursor: Cursor = None) -> Response:
    """Allocations by id."""
    return await definitions(request, KIND, list_allocations(house(request).board, limit, cursor))
