"""The decision log: what was asked, on which versions of which books, by which code, and what was answered."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from services.quote.api import examples
from services.quote.api.models.decisions import DecisionOut, ReplayOut
from services.quote.api.reach import Reader, answers, house, json_response
from services.quote.handlers.find_quote import find_decision
from services.quote.handlers.replay import replay
from shared.problems import not_found

router = APIRouter(prefix="/v1", tags=["decisions"])


@router.get("/decisions/{decision_id}", response_class=Response, responses=answers(DecisionOut, examples.DECISION))
async def get_decision(request: Request, caller: Reader, decision_id: Annotated[str, Path(max_length=100)]) -> Response:
    """A decision with everything it was made on. Decisions of changes are kept; those of inquiries for some days."""
    found = await find_decision(house(request).log, decision_id)
    if found is None:
        raise not_found("DECISION_NOT_FOUND", f"There is no decision {decision_id}.")
    return json_response(found)


@router.post("/decisions/{decision_id}/replay", response_class=Response, responses=answers(ReplayOut, examples.REPLAY))
async def replay_decision(request: Request, caller: Reader, decision_id: Annotated[str, Path(max_length=100)]) -> Response:
    """Decide again on what was known then: the same, or what comes out otherwise.

    The books at their versions, master data as it was seen, the instant and the request are those of the decision; the code
    is today's. Nothing is written.
    """
    here = house(request)
    found = await replay(here.board, here.pool, here.log, decision_id)
    if found is None:
        raise not_found("DECISION_NOT_FOUND", f"There is no decision {decision_id}.")
    return json_response(found)
