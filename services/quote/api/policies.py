"""Policies: what this installation has settled about promising."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Path, Request, Response

from services.quote.api import examples
from services.quote.api.models.masterdata import PolicyOut, PolicyPage
from services.quote.api.reach import Reader, answers, definition, definitions, house
from services.quote.asks.masterdata import PolicyAsk
from services.quote.handlers.policies import KIND, find_policy, list_policies, put_policy
from shared.access import Caller, Scope, caller_with
from shared.paging import Cursor, Limit
from shared.problems import not_found
from shared.quantities import Code

router = APIRouter(prefix="/v1", tags=["policies"])

Administrator = Annotated[Caller, Depends(caller_with(Scope.ADMIN))]
PolicyId = Annotated[Code, Path(description="The policy's id.")]
POLICY = answers(PolicyOut, examples.POLICY)


@router.put("/policies/{policy:path}", response_class=Response, responses=POLICY)
async def define_policy(
    request: Request, caller: Administrator, policy: PolicyId, ask: Annotated[PolicyAsk, Body(openapi_examples=examples.ASK_POLICY)]
) -> Response:
    """Settle how promises are made: for everything, a site, an item, or an item at a site.

    Each field is settled by the closest policy that says it: item at site, item, site, everything. The whole policy is
    replaced; told again, nothing changes. Two policies cannot be for the same.
    """
    here = house(request)
    return await definition(request, KIND, await put_policy(here.pool, here.board, policy, ask))


@router.get("/policies/{policy:path}", response_class=Response, responses=POLICY)
async def get_policy(request: Request, caller: Reader, policy: PolicyId) -> Response:
    """A policy as it stands."""
    found = find_policy(house(request).board, policy)
    if found is None:
        raise not_found("UNKNOWN_POLICY", f"There is no policy {policy!r}.")
    return await definition(request, KIND, found)


@router.get("/policies", response_class=Response, responses=answers(PolicyPage, examples.POLICIES))
async def list_all_policies(request: Request, caller: Reader, limit: Limit = 100, cursor: Cursor = None) -> Response:
    """Policies by id."""
    return await definitions(request, KIND, list_policies(house(request).board, limit, cursor))
