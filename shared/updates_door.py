"""`POST /v1/events`: the same updates as on the topic, over HTTP, as CloudEvents in each of their forms."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Literal
from urllib.parse import unquote

import orjson
from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from shared.access import Caller, Scope, caller_with
from shared.bodies import malformed
from shared.outcomes import Refused
from shared.problems import FieldError, Problem, unprocessable
from shared.updates import Flawed, Said, Update, Vocabulary

STRUCTURED, BATCH, PLAIN = "application/cloudevents+json", "application/cloudevents-batch+json", "application/json"
MOST_EVENTS = 1000
_HEADER = "ce-"

Take = Callable[[Request, Sequence[Update], Caller], Awaitable[list[Said]]]
"""Take these over in one transaction, committed when it answers."""


class EventError(BaseModel):
    """Where in the body, and what."""

    pointer: str
    code: str
    message: str


class EventResult(BaseModel):
    """What became of one event."""

    id: str | None
    source: str | None
    outcome: Literal["applied", "unchanged", "refused"]
    replayed: bool = False
    """It was taken before, from whichever door."""
    status: int | None = None
    code: str | None = None
    errors: list[EventError] | None = None


class EventResults(BaseModel):
    """One result per event, in the order sent."""

    applied: int
    unchanged: int
    refused: int
    results: list[EventResult]


def router(vocabulary: Vocabulary, scope: Scope, take: Take, example: dict[str, Any]) -> APIRouter:
    """The call; `example` is the data of the first type of the vocabulary."""
    routes = APIRouter(prefix="/v1")
    writer = Depends(caller_with(scope))
    short = next(iter(vocabulary.bodies))
    event = {"specversion": "1.0", "id": "wms-4711", "source": "/wms/ham", "type": vocabulary.full(short), "data": example}
    one: dict[str, Any] = {"type": "object", "required": ["id", "source", "type"]}
    body = {
        "required": True,
        "content": {
            STRUCTURED: {"schema": one, "example": event},
            BATCH: {"schema": {"type": "array", "items": one, "maxItems": MOST_EVENTS}, "example": [event]},
            PLAIN: {"schema": {}, "example": example},
        },
    }
    answer = {"applied": 1, "unchanged": 0, "refused": 0, "results": [{"id": "wms-4711", "source": "/wms/ham", "outcome": "applied"}]}

    @routes.post(
        "/events",
        response_model=EventResults,
        response_model_exclude_none=True,
        responses={200: {"content": {PLAIN: {"example": answer}}}, 404: {"description": "It names something that is not known."}},
        openapi_extra={"requestBody": body},
    )
    async def post_events(request: Request, caller: Annotated[Caller, writer]) -> Response:
        """Take over one CloudEvent (structured, or binary with `ce-` headers) or up to 1000 in a batch, each with its own result.

        An event counts once by its `source` and `id`, whether it comes here, on the topic, or both. When none can be taken, the
        answer is a problem document with every reason.
        """
        read, batch = await _read(request, vocabulary)
        said = iter(await take(request, [each for each in read if isinstance(each, Update)], caller))
        results = [
            _flawed(each, place, batch=batch) if isinstance(each, Flawed) else _result(each, next(said), place, batch=batch)
            for place, each in enumerate(read)
        ]
        return _answer(results, batch=batch)

    return routes


async def _read(request: Request, vocabulary: Vocabulary) -> tuple[list[Update | Flawed], bool]:
    """Every event of the body, and whether they came as a batch. Raises 422 for a body that holds none."""
    try:
        parsed = orjson.loads(await request.body())
    except orjson.JSONDecodeError as error:
        raise malformed("The body is not valid JSON in UTF-8.") from error
    attributes = {name.removeprefix(_HEADER): unquote(value) for name, value in request.headers.items() if name.startswith(_HEADER)}
    if "type" in attributes:
        return [_one(lambda _: vocabulary.read(attributes, parsed, ""), attributes)], False
    if not isinstance(parsed, list):
        return [_one(vocabulary.read_structured, parsed)], False
    if not 1 <= len(parsed) <= MOST_EVENTS:
        message = f"a batch has 1 to {MOST_EVENTS} events"
        raise unprocessable("INVALID_REQUEST", f"{message}.", [FieldError("", "batch_length", message)])
    return [_one(vocabulary.read_structured, event) for event in parsed], True


def _one(read: Callable[[Any], Update], event: Any) -> Update | Flawed:
    """The update, or what is wrong with it, under the names that its sender knows it by."""
    try:
        return read(event)
    except Flawed as flaw:
        if isinstance(event, dict):
            flaw.id, flaw.source = (value if isinstance(value := event.get(name), str) else None for name in ("id", "source"))
        return flaw


def _result(update: Update, said: Said, place: int, *, batch: bool) -> dict[str, Any]:
    own = {"id": update.id, "source": update.source, "replayed": said.replayed}
    if isinstance(said.outcome, Refused):
        refused = said.outcome
        pointer = f"/{refused.field}" if refused.field else ""
        errors = [{"pointer": _at(place, pointer, batch=batch), "code": refused.code, "message": refused.message}]
        return {**own, "outcome": "refused", "status": refused.status, "code": refused.code, "errors": errors}
    return {**own, "outcome": "applied" if said.outcome.changed else "unchanged"}


def _flawed(flaw: Flawed, place: int, *, batch: bool) -> dict[str, Any]:
    errors = [{"pointer": _at(place, flaw.pointer, batch=batch), "code": flaw.code, "message": flaw.message}]
    own = {"id": flaw.id, "source": flaw.source, "replayed": False}
    return {**own, "outcome": "refused", "status": 422, "code": flaw.code, "errors": errors}


def _at(place: int, pointer: str, *, batch: bool) -> str:
    return f"/{place}{pointer}" if batch else pointer


def _answer(results: list[dict[str, Any]], *, batch: bool) -> Response:
    """The results; raised as a problem document when nothing was taken, so that no refusal hides in a 2xx."""
    counts = {word: sum(result["outcome"] == word for result in results) for word in ("applied", "unchanged", "refused")}
    if counts["refused"] < len(results):
        return JSONResponse({**counts, "results": results})
    errors = [FieldError(error["pointer"], error["code"], error["message"]) for result in results for error in result["errors"]]
    first = results[0]
    alone = not batch or len(results) == 1
    detail = f"{errors[0].pointer}: {errors[0].message}" if errors[0].pointer else errors[0].message
    raise Problem(
        first["status"] if alone else 422,
        first["code"] if alone else "NOTHING_TAKEN",
        detail,
        errors=errors,
        extra={**counts, "results": results},
    )
