"""How a call that comes by the thousand avoids the framework's ceremony.

For a request that is as it should be, a StraightRoute does what FastAPI does, in a third of the time: the body is read by Pydantic
straight from its bytes, then the dependencies that take nothing but the request are asked, then the endpoint is called. Every other
request goes FastAPI's own way from the start, so there is one set of refusals; and what OpenAPI says is FastAPI's, from the signature.
"""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError

_JSON = ("application/json", "application/json; charset=utf-8", "application/json;charset=utf-8")
"""Content types that are read here; what else means JSON takes the longer way."""


class StraightRoute(APIRoute):
    """For endpoints that take the request, one body model, text headers that may be missing, and dependencies on the request alone."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Read the request straight, or hand it to FastAPI. Raises TypeError at the start for a signature that is not so simple."""
        carefully = super().get_route_handler()
        endpoint: Callable[..., Awaitable[Response]] = self.endpoint
        request_name, body_name, model = _simple(self.dependant, self.path)
        dependencies = [(one.name, one.call) for one in self.dependant.dependencies if one.name is not None and one.call is not None]
        headers = [(one.name, one.alias.lower()) for one in self.dependant.header_params]

        async def answer(request: Request) -> Response:
            given = request.headers
            if given.get("content-type") not in _JSON:
                return await carefully(request)
            try:
                body = model.model_validate_json(await request.body())
            except ValidationError:
                return await carefully(request)
            arguments: dict[str, Any] = {request_name: request, body_name: body}
            for name, ask in dependencies:
                arguments[name] = await ask(request)
            for name, header in headers:
                arguments[name] = given.get(header)
            return await endpoint(**arguments)

        return answer


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
