"""How a call that comes by the thousand avoids the framework's ceremony.

For a request that is as it should be, the body is read by Pydantic straight from its bytes, then the dependencies that take nothing
but the request are asked, then the endpoint is called: no middleware, no router, no search. Every other request goes FastAPI's own
way from the start, so there is one set of refusals; and what OpenAPI says is FastAPI's, from the signature.
"""

from collections.abc import Iterable
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from shared import arrived, parameters

_JSON = frozenset({b"application/json", b"application/json; charset=utf-8", b"application/json;charset=utf-8"})
"""Content types that are read here; what else means JSON takes the longer way."""


class StraightRoute(APIRoute):
    """For endpoints that take the request, one body model, text headers that may be missing, and dependencies on the request alone."""

    def __init__(self, *args: Any, **options: Any) -> None:
        """As FastAPI's. Raises TypeError for a signature that is not so simple."""
        super().__init__(*args, **options)
        self._request_name, self._body_name, self._model = _simple(self.dependant, self.path)
        self._dependencies = [(one.name, one.call) for one in self.dependant.dependencies if one.name is not None and one.call is not None]
        self._headers = [(one.name, one.alias.lower().encode()) for one in self.dependant.header_params]

    async def answer(self, scope: Scope, receive: Receive) -> Response | None:
        """The endpoint's answer; None for a request that FastAPI had better look at. What is raised is for the edge to answer."""
        given: dict[bytes, bytes] = scope[arrived.HEADERS]
        if given.get(b"content-type") not in _JSON:
            return None
        try:
            body = self._model.model_validate_json(scope[arrived.BODY])
        except ValidationError:
            return None
        request = Request(scope, receive)
        arguments: dict[str, Any] = {self._request_name: request, self._body_name: body}
        for name, ask in self._dependencies:
            arguments[name] = await ask(request)
        for name, header in self._headers:
            arguments[name] = arrived.header(scope, header) if header in given else None
        found: Response = await self.endpoint(**arguments)
        return found


class Straightway:
    """ASGI, inside the edge: straight to a StraightRoute when it is asked for, `otherwise` everything else."""

    def __init__(self, routes: Iterable[BaseRoute], otherwise: ASGIApp) -> None:
        self._otherwise = otherwise
        self._routes = {(method, one.path): one for one in routes if isinstance(one, StraightRoute) for method in one.methods or ()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        route = self._routes.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if route is None:
            await self._otherwise(scope, receive, send)
            return
        scope["route"] = route
        if scope["query_string"]:
            await parameters.refuse_unknown(Request(scope, receive))
        response = await route.answer(scope, receive)
        if response is None:
            await self._otherwise(scope, receive, send)
        else:
            await response(scope, receive, send)


def _simple(dependant: Dependant, path: str) -> tuple[str, str, type[BaseModel]]:
    """The names of the request and of the body, and the body's model."""
    own = dependant.path_params or dependant.query_params or dependant.cookie_params or len(dependant.body_params) != 1
    theirs = any(
        one.name is None
        or one.dependencies
        or one.path_params
        or one.query_params
        or one.header_params
        or one.cookie_params
        or one.body_params
        for one in dependant.dependencies
    )
    model = dependant.body_params[0].field_info.annotation if dependant.body_params else None
    optional = all(not one.field_info.is_required() and one.field_info.default is None for one in dependant.header_params)
    if own or theirs or not optional or dependant.request_param_name is None or not isinstance(model, type):
        raise TypeError(f"{path} takes more than a StraightRoute reads")
    if not issubclass(model, BaseModel):
        raise TypeError(f"the body of {path} is not a model")
    return dependant.request_param_name, dependant.body_params[0].name, model
