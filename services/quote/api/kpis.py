"""The shared figures of sales and operations, and what each of them means."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from services.quote.api import examples
from services.quote.api.models.kpis import KpiDefinitions, KpisOut
from services.quote.api.reach import Reader, answers, house, json_response
from services.quote.handlers import kpis
from services.quote.store.kpis import Scope
from shared.days import CivilDate
from shared.quantities import Code

router = APIRouter(prefix="/v1/kpis", tags=["kpis"])


@router.get("", response_class=Response, responses=answers(KpisOut, examples.KPIS))
async def get_kpis(
    request: Request,
    caller: Reader,
    from_date: Annotated[CivilDate | None, Query(description="Inclusive; 29 days before `to_date` by default.")] = None,
    to_date: Annotated[CivilDate | None, Query(description="Inclusive; today by default.")] = None,
    customer: Code | None = None,
    sku: Code | None = None,
    site: Code | None = None,
) -> Response:
    """The figures of a period, counted now. A figure that cannot be narrowed by a filter is not answered under it."""
    here = house(request)
    first, last = kpis.period(here.board.now().date(), from_date, to_date)
    return json_response(await kpis.figures(here.pool, here.board, Scope(first, last, customer, sku, site)))


@router.get("/definitions", response_class=Response, responses=answers(KpiDefinitions, examples.KPI_DEFINITIONS))
async def list_kpi_definitions(caller: Reader) -> Response:
    """What each figure means: formula, date basis, what is left out, and who answers for it."""
    return json_response(kpis.definitions())
