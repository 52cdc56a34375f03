"""How a request reaches what quote does: who may, through which door, and how an outcome becomes an answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import orjson
from fastapi import Depends, Header, Request, Response

from services.quote.handlers.definitions import with_dates
from services.quote.store.keys import Key
from shared.access import Caller, Scope, caller_with
from shared.idempotency import body_hash, check_key
from shared.ids import new_id
from shared.problems import FieldError, Problem

if TYPE_CHECKING:
    from services.quote.handlers.definitions import Page
    from services.quote.house import House
    from services.quote.ledger import Change
    from services.quote.store.rows import Outcome

Reader = Annotated[Caller, Depends(caller_with(Scope.QUOTE_READ))]
Promiser = Annotated[Caller, Depends(caller_with(Scope.PROMISE_WRITE))]
Administrator = Annotated[Caller, Depends(caller_with(Scope.ADMIN))]
IdempotencyKey = Annotated[
    str | None, Header(alias="Idempotency-Key", description="One key, one effect; may stand in the body as `idempotency_key` instead.")
]


def house(request: Request) -> House:
    """What the service has started."""
    found: House = request.app.state.house
    return found


def request_id(request: Request) -> str:
    """The id of this request, as the answer and the log carry it."""
    found: str = request.scope["state"]["request_id"]
    return found


def json_response(body: Any, status: int = 200) -> Response:
    """A JSON answer, written once and not looked at again."""
    return written(orjson.dumps(body), status)


async def definition(request: Request, kind: str, found: dict[str, Any]) -> Response:
    """A definition as it stands, with when it was defined first and last."""
    (dated,) = await with_dates(house(request).pool, kind, [found])
    return json_response(dated)


async def definitions(request: Request, kind: str, page: Page) -> Response:
    """Definitions of a kind, each as `definition` tells it."""
    return json_response({"data": await with_dates(house(request).pool, kind, page.data), "next_cursor": page.next_cursor})


def written(body: bytes, status: int = 200) -> Response:
    """An answer that is JSON already."""
    return _Written(body, status)


class _Written(Response):
    """Bytes of JSON with their two headers, without Starlette's search for what else a header might have been."""

    def __init__(self, body: bytes, status: int) -> None:
        self.status_code, self.body, self.background = status, body, None
        self.raw_headers = [(b"content-length", str(len(body)).encode()), (b"content-type", b"application/json")]


async def change(request: Request, what: Change, caller: Caller, header_key: str | None, body_key: str | None) -> Response:
    """Have a change decided at the door, under the caller's key, and answer what came of it.

    A call without a key gets one of its own, so that a lost COMMIT can be asked about; not its request id, which callers
    give and may give to several calls.
    """
    given = check_key(header_key or body_key)
    if given is None:
        key = Key("-", new_id("key"), b"")
    else:
        key = Key(caller.id, given, body_hash(request.method, request.url.path, await request.body()))
    return respond(await house(request).door.enter(what, key))


def respond(outcome: Outcome) -> Response:
    """The outcome as an HTTP answer. Raises Problem for a refusal."""
    if outcome.status < 400:  # noqa: PLR2004 -- HTTP's border
        return json_response(outcome.body, outcome.status)
    rest = dict(outcome.body)
    code, detail = rest.pop("code"), rest.pop("detail")
    errors = [FieldError(**one) for one in rest.pop("errors", ())]
    headers = {"Retry-After": "1"} if outcome.status in (429, 503) else {}
    raise Problem(outcome.status, code, detail, errors=errors, extra=rest, headers=headers)


def answers(model: Any, example: Any) -> dict[int | str, dict[str, Any]]:
    """The documented answer of an operation."""
    return {200: {"model": model, "content": {"application/json": {"example": example}}}}
