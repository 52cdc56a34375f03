"""Re-promising: who would win and who would lose if promises were decided anew; and letting that come true."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Request, Response

from services.quote.api import examples
from services.quote.api.models.repromising import RepromiseOut
from services.quote.api.reach import IdempotencyKey, Promiser, Reader, answers, change, house, json_response, request_id
from services.quote.asks.repromising import ApplyAsk, RepromiseAsk
from services.quote.handlers.repromise import find_simulation, prepare, simulate
from shared.problems import not_found

router = APIRouter(prefix="/v1", tags=["repromise"])

RepromiseId = Annotated[str, Path(max_length=100, description="`rep_…`")]
AS_IT_IS = ApplyAsk()
SIMULATED = answers(RepromiseOut, examples.REPROMISED)


@router.post("/repromise", response_class=Response, responses=SIMULATED)
async def simulate_repromise(
    request: Request,
    caller: Promiser,
    ask: Annotated[RepromiseAsk, Body(openapi_examples=examples.ASK_REPROMISE)],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Decide the promises of a scope anew by strategy and rank, as a simulation: winners, losers, days, value. Nothing else is written."""
    here = house(request)
    what = await simulate(here.board, here.pool, ask, caller.id, request_id(request))
    return await change(request, what, caller, idempotency_key, ask.idempotency_key)


@router.get("/repromise/{repromise_id}", response_class=Response, responses=SIMULATED)
async def get_repromise(request: Request, caller: Reader, repromise_id: RepromiseId) -> Response:
    """A simulation as it was answered, and whether it has been applied."""
    found = await find_simulation(house(request).pool, repromise_id)
    if found is None:
        raise not_found("REPROMISE_NOT_FOUND", f"There is no simulation {repromise_id}.")
    return json_response(found)


@router.post("/repromise/{repromise_id}/apply", response_class=Response, responses=answers(RepromiseOut, examples.APPLIED))
async def apply_repromise(
    request: Request,
    caller: Promiser,
    repromise_id: RepromiseId,
    ask: Annotated[ApplyAsk, Body(openapi_examples=examples.ASK_APPLY)] = AS_IT_IS,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Let a simulation come true, all of it in one step. 409 `BOOKS_MOVED` (with what moved) if anything has changed since.

    409 `APPROVAL_NEEDED` if a promise would move more often or further than the stability budget allows, without `approve`.
    """
    what = await prepare(house(request).pool, repromise_id, ask, caller.id)
    if what is None:
        raise not_found("REPROMISE_NOT_FOUND", f"There is no simulation {repromise_id}.")
    return await change(request, what, caller, idempotency_key, ask.idempotency_key)
