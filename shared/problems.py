"""How a mistake is told to a caller: RFC 9457 problem documents, never a stack trace, never HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from shared.logs import current_request_id

MEDIA_TYPE = "application/problem+json"
RETRYABLE = frozenset({429, 503})
"""The only statuses after which the same call may succeed; they always come with `Retry-After`."""
_MAX_ERRORS = 100
"""A bulk call with thousands of wrong lines is told the first hundred."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with the request: where (an RFC 6901 pointer into the body, or `/parameter`), and what."""

    pointer: str
    code: str
    message: str

    def as_dict(self) -> dict[str, str]:
        """As it stands in `errors` of a problem document."""
        return {"pointer": self.pointer, "code": self.code, "message": self.message}


class Problem(Exception):  # noqa: N818 -- the RFC's word; it is an answer on its way out, not a failure of ours
    """A 4xx or 503 on its way to the caller. Raising it inside a transaction rolls that back."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        extra: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = list(errors)
        self.extra = dict(extra or {})
        self.headers = dict(headers or {})

    @property
    def retryable(self) -> bool:
        """Whether the same call may succeed later."""
        return self.status in RETRYABLE

    def document(self, instance: str, request_id: str) -> dict[str, Any]:
        """The body, as contracts.md has it; `extra` (say, `offer`) stands beside the standard members."""
        return {
            **self.extra,
            "type": "urn:pledge:problem:" + self.code.lower().replace("_", "-"),
            "title": _phrase(self.status),
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            "instance": instance,
            "retryable": self.retryable,
            "request_id": request_id,
            "errors": [error.as_dict() for error in self.errors],
        }

    def response(self, instance: str, request_id: str) -> Response:
        """The whole HTTP answer."""
        headers = dict(self.headers)
        if self.retryable:
            headers.setdefault("Retry-After", "1")
        body = orjson.dumps(self.document(instance, request_id))
        return Response(body, self.status, headers, media_type=MEDIA_TYPE)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def not_found(code: str, detail: str) -> Problem:
    """404: nothing has that name."""
    return Problem(404, code, detail)


def conflict(code: str, detail: str, **extra: Any) -> Problem:
    """409: the state does not allow it; `extra` says what would be allowed."""
    return Problem(409, code, detail, extra=extra)


def unprocessable(code: str, detail: str, errors: Sequence[FieldError] = ()) -> Problem:
    """422: malformed; the same call will never succeed."""
    return Problem(422, code, detail, errors=errors)


def unavailable(code: str, detail: str, retry_after: int = 1) -> Problem:
    """503: not now; try again after `retry_after` seconds."""
    return Problem(503, code, detail, headers={"Retry-After": str(retry_after)})


def internal() -> Problem:
    """500: our own mistake. It says nothing about the inside; the log has it under the request id."""
    return Problem(500, "INTERNAL_ERROR", "Something went wrong on our side; it has been recorded under this request id.")


def pointer_to(path: Sequence[str | int], body: object) -> str:
    """The JSON pointer of a validation error, found by walking the body.

    Pydantic's location also names union members and validators, which stand nowhere in the body: those are left out.
    """
    parts: list[str] = []
    node = body
    for position, part in enumerate(path):
        last = position == len(path) - 1
        if isinstance(node, dict) and part in node:
            node = node[part]
        elif isinstance(node, list) and isinstance(part, int):
            node = node[part] if 0 <= part < len(node) else None
        elif not (last and isinstance(node, dict)):
            continue
        parts.append(str(part).replace("~", "~0").replace("/", "~1"))
    return "".join("/" + part for part in parts)


def _field_error(found: Mapping[str, Any], body: object) -> FieldError:
    source, *path = found["loc"] or ("body",)
    code = str(found["type"])
    message = str(found["msg"]).removeprefix("Value error, ")
    if source != "body":
        return FieldError("/" + "/".join(str(part) for part in path), code, f"{source} parameter: {message}")
    if code == "json_invalid":
        reason = found.get("ctx", {}).get("error", "not JSON")
        return FieldError("", code, f"The body is not valid JSON: {reason} at character {path[0] if path else 0}.")
    if code == "model_attributes_type":
        message = "Input should be a JSON object, sent as application/json"
    return FieldError(pointer_to(path, body), code, message)


def from_validation(errors: Sequence[Mapping[str, Any]], body: object) -> Problem:
    """422 for what Pydantic found; `body` is what was parsed, to find the pointers in."""
    found = [_field_error(error, body) for error in errors[:_MAX_ERRORS]]
    code = "MALFORMED_BODY" if any(error.code == "json_invalid" for error in found) else "INVALID_REQUEST"
    first = found[0] if found else FieldError("", "invalid", "The request is not valid.")
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    where = f"{first.pointer}: " if first.pointer else ""
    return unprocessable(code, f"{where}{first.message}{more}", found)


def from_http_exception(error: HTTPException) -> Problem:
    """What the framework itself refuses: unknown paths, methods, unreadable bodies."""
    if error.status_code == 400:  # noqa: PLR2004 -- the framework's word for a body that its parser gave up on
        return unprocessable("MALFORMED_BODY", "The body could not be read as JSON.", [FieldError("", "json_invalid", "not readable")])
    code = _phrase(error.status_code).upper().replace(" ", "_").replace("-", "_").replace("'", "")
    details = {404: "No such path.", 405: "This path does not take that method."}
    detail = details.get(error.status_code, str(error.detail))
    return Problem(error.status_code, code, detail, headers=error.headers)


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 -- registered for this type alone
    return error.response(request.url.path, current_request_id())


async def _on_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    return from_validation(error.errors(), error.body).response(request.url.path, current_request_id())


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    return from_http_exception(error).response(request.url.path, current_request_id())


def install(app: FastAPI) -> None:
    """Let every refusal leave as a problem document. What nobody foresaw becomes a 500 in `shared.service`'s middleware."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(HTTPException, _on_http_exception)
