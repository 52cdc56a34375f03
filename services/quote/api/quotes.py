"""Quotes: look, hold, confirm, release, extend, and why."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Request, Response

from services.quote.api import examples
from services.quote.api.models.quotes import ExplanationOut, QuoteOut, QuotePage, QuoteStatus
from services.quote.api.reach import IdempotencyKey, Promiser, Reader, answers, change, house, json_response, request_id, written
from services.quote.asks.quotes import ConfirmAsk, ExtendAsk, OrderAsk, QuoteAsk, ReleaseAsk
from services.quote.handlers.demand import check, check_commits, check_ttl
from services.quote.handlers.find_quote import as_order_ask, check_is_no_inquiry, explanation_of, find_quote, list_quotes, offered
from services.quote.handlers.hoarding import most_seconds, quota_of
from services.quote.handlers.hold import ConfirmHold, Extend, Release
from services.quote.handlers.inquire import inquire
from services.quote.handlers.take import Take
from shared.access import Scope
from shared.arrived import BODY
from shared.paging import Cursor, Limit
from shared.problems import not_found, unprocessable
from shared.straight import StraightRoute

router = APIRouter(prefix="/v1", tags=["quotes"])
straight = APIRouter(prefix="/v1", tags=["quotes"], route_class=StraightRoute)
"""What is asked most."""

QuoteId = Annotated[str, Path(max_length=100, description="`quo_…`")]
NOTHING_MORE, NO_REASON = ConfirmAsk(), ReleaseAsk()
"""A call without a body means these."""
QUOTE = answers(QuoteOut, examples.QUOTE)


@straight.post("/quotes", operation_id="create_quote", response_class=Response, responses=QUOTE)
async def create_quote(
    request: Request,
    caller: Reader,
    ask: Annotated[QuoteAsk, Body(openapi_examples=examples.ASK_QUOTE)],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Answer 1 to 500 lines: how many, by when, and why. `inquiry` takes nothing; `hold` keeps it for `ttl_seconds`."""
    here = house(request)
    check(here.board, ask.lines, here.settings.horizon_days)
    if ask.mode == "inquiry":
        return written(inquire(here.board, here.log, ask, request.scope[BODY], caller.id, request_id(request)))
    caller.require(Scope.PROMISE_WRITE)
    check_commits(ask)
    most = most_seconds(here.settings, caller.role)
    ttl_seconds = ask.ttl_seconds if "ttl_seconds" in ask.model_fields_set else min(ask.ttl_seconds, most)
    check_ttl(ttl_seconds, most)
    what = Take(ask, caller.id, request_id(request), ttl_seconds=ttl_seconds, quota=quota_of(here.settings, caller.role))
    return await change(request, what, caller, idempotency_key, ask.idempotency_key)


@router.get("/quotes", response_class=Response, responses=answers(QuotePage, examples.QUOTES))
async def list_latest_quotes(
    request: Request,
    caller: Reader,
    limit: Limit = 50,
    cursor: Cursor = None,
    status: Annotated[QuoteStatus | None, Query()] = None,
) -> Response:
    """Holds and orders that were asked for, newest first, refused ones too. Inquiries take nothing and are found by id only."""
    return json_response(await list_quotes(house(request).pool, limit, cursor, status))


@router.get("/quotes/{quote_id}", response_class=Response, responses=QUOTE)
async def get_quote(request: Request, caller: Reader, quote_id: QuoteId) -> Response:
    """The answer again, with what has become of it."""
    here = house(request)
    found = await find_quote(here.pool, here.board, here.log, quote_id)
    if found is None:
        raise not_found("QUOTE_NOT_FOUND", f"There is no quote {quote_id}.")
    return json_response(found.body)


@router.get("/quotes/{quote_id}/explanation", response_class=Response, responses=answers(ExplanationOut, examples.EXPLANATION))
async def explain_quote(request: Request, caller: Reader, quote_id: QuoteId) -> Response:
    """Why each date is what it is: the chain of steps, the supply behind it, the other ways that lost."""
    here = house(request)
    found = await find_quote(here.pool, here.board, here.log, quote_id)
    if found is None:
        raise not_found("QUOTE_NOT_FOUND", f"There is no quote {quote_id}.")
    return json_response(explanation_of(found.body))


@router.post("/quotes/{quote_id}/confirm", response_class=Response, responses=QUOTE)
async def confirm_quote(
    request: Request,
    caller: Promiser,
    quote_id: QuoteId,
    ask: Annotated[ConfirmAsk, Body(openapi_examples=examples.ASK_CONFIRM)] = NOTHING_MORE,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Turn a hold or an inquiry into an order.

    A live hold always succeeds, twice with the same answer. An inquiry, an alternative of it or some of its lines are
    decided again; if the offer is gone, the 409 has the new one under `offer`.
    """
    here = house(request)
    found = await find_quote(here.pool, here.board, here.log, quote_id)
    if found is None:
        raise not_found("QUOTE_NOT_FOUND", f"There is no quote {quote_id}.")
    what: Any
    if found.inquiry is None:
        if ask.alternative is not None:
            raise unprocessable("HOLD_HAS_NO_ALTERNATIVE", "A hold is confirmed as it was held; ask again to take another way.")
        refs = None if ask.line_refs is None else frozenset(ask.line_refs)
        what = ConfirmHold(quote_id, caller.id, refs, ask.external_id, ask.source_system)
    else:
        wanted: OrderAsk = as_order_ask(found.inquiry, ask)
        what = Take(wanted, caller.id, request_id(request), quote_id=quote_id, confirms_inquiry=True, offered=offered(found.inquiry, ask))
    return await change(request, what, caller, idempotency_key, ask.idempotency_key)


@router.post("/quotes/{quote_id}/release", response_class=Response, responses=QUOTE)
async def release_quote(
    request: Request,
    caller: Promiser,
    quote_id: QuoteId,
    ask: Annotated[ReleaseAsk, Body(openapi_examples=examples.ASK_RELEASE)] = NO_REASON,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Give a hold back; its quantity is free at once."""
    here = house(request)
    await check_is_no_inquiry(here.pool, here.board, here.log, quote_id)
    return await change(request, Release(quote_id, caller.id, ask.reason), caller, idempotency_key, ask.idempotency_key)


@router.post("/quotes/{quote_id}/extend", response_class=Response, responses=QUOTE)
async def extend_quote(
    request: Request,
    caller: Promiser,
    quote_id: QuoteId,
    ask: Annotated[ExtendAsk, Body(openapi_examples=examples.ASK_EXTEND)],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """A new expiry for a live hold, `ttl_seconds` from now."""
    here = house(request)
    check_ttl(ask.ttl_seconds, most_seconds(here.settings, caller.role))
    await check_is_no_inquiry(here.pool, here.board, here.log, quote_id)
    return await change(request, Extend(quote_id, caller.id, ask.ttl_seconds), caller, idempotency_key, ask.idempotency_key)
