"""The first and last thing a request meets: an id, limits, a count, a line in the log, and no exception past this point.

Pure ASGI and thin: an inquiry may cost little more than a bare endpoint.
"""

import logging
import re
import time
from typing import Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import arrived, bodies, database, health, logs, problems
from shared.ids import new_id
from shared.problems import Problem

log = structlog.get_logger(__name__)

MAX_BODY_BYTES: Final = 1_000_000
_MOST_READ_TO_REFUSE_BYTES: Final = 8 * MAX_BODY_BYTES
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:/+=-]{1,100}")
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class _GoneError(Exception):
    """The caller hung up before the body was complete."""


class Edge:
    """ASGI middleware around the whole application. `streams`: path prefixes whose bodies are read piece by piece, without a limit here."""

    def __init__(self, app: ASGIApp, *, service: str, streams: tuple[str, ...] = ()) -> None:
        self._app = app
        self._service = service
        self._streams = streams
        self._log_answers = logging.getLogger().isEnabledFor(logging.INFO)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens inside."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        headers = scope[arrived.HEADERS] = arrived.by_name(scope)
        given = headers.get(b"x-request-id")
        request_id = given.decode() if given is not None and _REQUEST_ID.fullmatch(given) else new_id("req")
        logs.enter_request(request_id)
        scope.setdefault("state", {})["request_id"] = request_id
        id_header = (b"x-request-id", request_id.encode())
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), id_header]
            await send(message)

        try:
            receive = await self._checked(scope, headers, receive)
            await self._app(scope, receive, sending)
        except _GoneError:
            return
        except Exception as error:
            answer = error if isinstance(error, Problem) else database.as_problem(error)
            if answer is None:
                log.exception("request failed", method=scope["method"], path=scope["path"])
                answer = problems.internal()
            elif not isinstance(error, Problem):
                log.warning("request refused", code=answer.code, reason=str(error).splitlines()[0] if str(error) else type(error).__name__)
            if status:
                raise  # half an answer has left: the server cuts the connection, so that nobody takes it for a whole one
            await answer.response(scope["path"], request_id)(scope, receive, sending)
        finally:
            if status:
                self._count(scope, status, time.perf_counter() - began, request_id)

    async def _checked(self, scope: Scope, headers: dict[bytes, bytes], receive: Receive) -> Receive:
        """The request's body as far as it may go on. Raises Problem."""
        path: str = scope["path"]
        if b"%00" in scope["query_string"] or "\0" in path:
            raise problems.unprocessable("INVALID_REQUEST", "The address holds a NUL character.")
        if scope["method"] not in _WITH_BODY or (self._streams and path.startswith(self._streams)):
            return receive
        body = scope[arrived.BODY] = await _whole(headers, receive)
        if body and b"json" in headers.get(b"content-type", b"json").lower() and (refused := bodies.refuse(body)) is not None:
            raise refused
        return bodies.again(body, receive)

    def _count(self, scope: Scope, status: int, seconds: float, request_id: str) -> None:
        path = scope["path"]
        health.observe(scope["method"] if scope["method"] in _METHODS else "OTHER", _route(scope), status, seconds)
        if self._log_answers and path not in health.PATHS:
            logs.write_access_line(self._service, scope["method"], path, status, seconds, request_id)


_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


async def _whole(headers: dict[bytes, bytes], receive: Receive) -> bytes:
    """The body, if it is not larger than 1 MB. One message in most cases."""
    declared = headers.get(b"content-length", b"")
    if declared.isdigit() and (len(declared) > 12 or int(declared) > MAX_BODY_BYTES):  # noqa: PLR2004 -- digits, before reading them
        raise await _too_large(receive)
    pieces: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _GoneError
        piece: bytes = message.get("body", b"")
        size += len(piece)
        if size > MAX_BODY_BYTES:
            raise await _too_large(receive, more=message.get("more_body", False))
        if not message.get("more_body", False):
            return piece if not pieces else b"".join((*pieces, piece))
        pieces.append(piece)


async def _too_large(receive: Receive, *, more: bool = True) -> Problem:
    """The refusal, once the rest has come, if that is not much more: a client that is cut off while it sends never reads why."""
    rest = 0
    while more and rest <= _MOST_READ_TO_REFUSE_BYTES:
        message = await receive()
        rest += len(message.get("body", b""))
        more = message.get("more_body", False)
    return Problem(413, "BODY_TOO_LARGE", "A body here has at most 1 MB.", headers={"Connection": "close"})


def _route(scope: Scope) -> str:
    """The route's template: few values, whatever the callers ask for."""
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) else "unknown"
