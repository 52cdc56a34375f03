"""Availability: what can be promised of a sku at a site, day by day, now or as of a past instant."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Body, Query, Request, Response

from services.quote.api import examples
from services.quote.api.models.books import AvailabilityOut, BulkOut
from services.quote.api.reach import Reader, answers, house, json_response
from services.quote.asks.books import BulkAvailabilityAsk
from services.quote.handlers.availability import availability, availability_as_of, availability_of_pairs, availability_of_version
from shared.contracts.base import Instant
from shared.problems import FieldError, not_found, unprocessable
from shared.quantities import Code

router = APIRouter(prefix="/v1", tags=["availability"])


@router.get(
    "/availability",
    response_class=Response,
    responses=answers(AvailabilityOut, examples.AVAILABILITY) | {404: {"description": "Nothing was ever said about this pair."}},
)
async def get_availability(
    request: Request,
    caller: Reader,
    sku: Code,
    site: Code,
    from_date: Annotated[date | None, Query(description="Inclusive; today by default.")] = None,
    to_date: Annotated[date | None, Query(description="Inclusive; the last event by default.")] = None,
    as_of: Annotated[Instant | None, Query(description="A past instant: the book as it stood then.")] = None,
    version: Annotated[int | None, Query(ge=1, le=2**53, description="A version of the book: as it stood when it came to it.")] = None,
    owner: Annotated[str | None, Query(max_length=100, description="Leave out the claims of this hold or order.")] = None,
    demand_class: Annotated[
        Code | None, Query(description="`atp` as this class may be promised by ship date: within ceilings, beside what is kept for others.")
    ] = None,
) -> Response:
    """Projected availability, ATP, receipts and claims by date, one entry per civil day."""
    here = house(request)
    if as_of is not None and version is not None:
        error = FieldError("/version", "not_both", "an instant or a version, not both")
        raise unprocessable("INVALID_REQUEST", "Ask as of an instant, or for a version.", [error])
    if demand_class is not None and (as_of is not None or version is not None):
        error = FieldError("/demand_class", "not_both", "what a class may take is told of the present only")
        raise unprocessable("INVALID_REQUEST", "Ask for a class without an instant or a version.", [error])
    if as_of is not None:
        found = await availability_as_of(here.board, here.pool, sku, site, from_date, to_date, owner, as_of)
    elif version is not None:
        found = await availability_of_version(here.board, here.pool, sku, site, from_date, to_date, owner, version)
    else:
        found = availability(here.board, sku, site, from_date, to_date, owner, demand_class)
    if found is None:
        raise not_found("UNKNOWN_BOOK", f"Nothing was ever said about {sku} at {site}.")
    return json_response(found)


@router.post("/availability/bulk", response_class=Response, responses=answers(BulkOut, examples.BULK))
async def get_availability_in_bulk(
    request: Request, caller: Reader, ask: Annotated[BulkAvailabilityAsk, Body(openapi_examples=examples.ASK_BULK)]
) -> Response:
    """The same for 1 to 5000 pairs; a pair that cannot be answered has an `error` in its place."""
    return json_response({"data": await availability_of_pairs(house(request).board, ask)})
