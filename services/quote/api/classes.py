"""Classes of demand: master data of promising that quote itself keeps."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Request, Response

from services.quote.api import examples
from services.quote.api.models.masterdata import ClassOut, ClassPage
from services.quote.api.reach import Administrator, Reader, answers, definition, definitions, house
from services.quote.asks.masterdata import ClassAsk
from services.quote.handlers.allocations import count_anew
from services.quote.handlers.classes import KIND, find_class, list_classes, put_class
from shared.paging import Cursor, Limit
from shared.problems import not_found
from shared.quantities import Code

router = APIRouter(prefix="/v1", tags=["classes"])

ClassId = Annotated[Code, Path(description="The class's id, as quotes and customers name it in `demand_class`.")]
CLASS = answers(ClassOut, examples.CLASS)


@router.put("/classes/{demand_class:path}", response_class=Response, responses=CLASS)
async def define_class(
    request: Request, caller: Administrator, demand_class: ClassId, ask: Annotated[ClassAsk, Body(openapi_examples=examples.ASK_CLASS)]
) -> Response:
    """Define a class of demand: what it lies inside, who comes first, what re-promising may do. Told again, nothing changes."""
    here = house(request)
    before = find_class(here.board, demand_class)
    told = await put_class(here.pool, here.board, demand_class, ask)
    if here.board.world.has_allocations and told["parent"] != (None if before is None else before["parent"]):
        await count_anew(here.pool, here.board, here.door, caller.id)
    return await definition(request, KIND, told)


@router.get("/classes/{demand_class:path}", response_class=Response, responses=CLASS)
async def get_class(request: Request, caller: Reader, demand_class: ClassId) -> Response:
    """A class as it stands."""
    found = find_class(house(request).board, demand_class)
    if found is None:
        raise not_found("UNKNOWN_CLASS", f"There is no class {demand_class!r}.")
    return await definition(request, KIND, found)


@router.get("/classes", response_class=Response, responses=answers(ClassPage, examples.CLASSES))
async def list_all_classes(request: Request, caller: Reader, limit: Limit = 100, cursor: Cursor = None) -> Response:
    """Classes by id."""
    return await definitions(request, KIND, list_classes(house(request).board, limit, cursor))
