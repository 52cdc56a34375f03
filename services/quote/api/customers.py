"""Customers: master data of promising that quote itself keeps."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Request, Response

from services.quote.api import examples
from services.quote.api.models.masterdata import CustomerOut, CustomerPage
from services.quote.api.reach import Administrator, Reader, answers, definition, definitions, house
from services.quote.asks.masterdata import CustomerAsk
from services.quote.handlers.customers import KIND, find_customer, list_customers, put_customer
from shared.paging import Cursor, Limit
from shared.problems import not_found
from shared.quantities import Code

router = APIRouter(prefix="/v1", tags=["customers"])

CustomerId = Annotated[Code, Path(description="The customer's id, as quotes name it.")]
CUSTOMER = answers(CustomerOut, examples.CUSTOMER)


@router.put("/customers/{customer:path}", response_class=Response, responses=CUSTOMER)
async def define_customer(
    request: Request, caller: Administrator, customer: CustomerId, ask: Annotated[CustomerAsk, Body(openapi_examples=examples.ASK_CUSTOMER)]
) -> Response:
    """Define a customer: the days on which goods are received, the class it belongs to. Told again, nothing changes."""
    here = house(request)
    return await definition(request, KIND, await put_customer(here.pool, here.board, customer, ask))


@router.get("/customers/{customer:path}", response_class=Response, responses=CUSTOMER)
async def get_customer(request: Request, caller: Reader, customer: CustomerId) -> Response:
    """A customer as it stands."""
    found = find_customer(house(request).board, customer)
    if found is None:
        raise not_found("UNKNOWN_CUSTOMER", f"There is no customer {customer!r}.")
    return await definition(request, KIND, found)


@router.get("/customers", response_class=Response, responses=answers(CustomerPage, examples.CUSTOMERS))
async def list_all_customers(request: Request, caller: Reader, limit: Limit = 100, cursor: Cursor = None) -> Response:
    """Customers by id."""
    return await definitions(request, KIND, list_customers(house(request).board, limit, cursor))
