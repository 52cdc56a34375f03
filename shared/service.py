"""How every service is put together: who may call, how mistakes leave, what is counted, what is published about it."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any

import orjson
from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from shared import asyncapi, health, logs, openapi, parameters, problems
from shared.access import Keyring
from shared.edge import Edge
from shared.limiting import limiter
from shared.settings import CommonSettings
from shared.straight import StraightRoute, Straightway

VERSION = "1.0.0"
"""Of the interface, not of the code."""


class Application(FastAPI):
    """A FastAPI inside the edge. Between the two, what is asked by the thousand goes straight to its endpoint (shared/straight.py)."""

    def __init__(self, *, service: str, streams: tuple[str, ...] = (), **options: Any) -> None:
        """`streams` are path prefixes whose bodies have no limit at the edge."""
        super().__init__(**options)
        self._edge = partial(Edge, service=service, streams=streams)
        self._entry = bool(self.root_path) or any(name.startswith("OTEL_") for name in os.environ)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Into the edge at once; by FastAPI's own entry where it has something to do: start and end, a root path, OpenTelemetry."""
        stack = self.middleware_stack
        if self._entry or stack is None or scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        scope["app"] = self
        await stack(scope, receive, send)

    def build_middleware_stack(self) -> ASGIApp:
        """What was added stands around the edge; FastAPI's own inside it, less its answer to what nobody foresaw: the edge has one."""
        added, self.user_middleware = self.user_middleware, []
        inside = super().build_middleware_stack()
        if isinstance(inside, ServerErrorMiddleware):
            inside = inside.app
        stack: ASGIApp = self._edge(Straightway(self.router.routes, inside))
        for middleware, positional, named in reversed(added):
            stack = middleware(stack, *positional, **named)
        return stack


Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def build(
    settings: CommonSettings,
    *,
    title: str,
    description: str,
    lifespan: Lifespan,
    routers: Sequence[APIRouter],
    checks: health.Checks,
    publishes: asyncapi.Messages | None = None,
    subscribes: asyncapi.Messages | None = None,
    streams: tuple[str, ...] = (),
    with_keys: bool = True,
) -> FastAPI:
    """The application of one service.

    `lifespan` puts what it starts on `app.state` (`database` at least, for Transaction). `streams` are path prefixes whose bodies
    have no limit here. `with_keys=False` is for a service that lets everybody in and has no database (the console).
    On `app.state` it finds `settings`, and `stopping`: an event that long answers wait for, or they would block the shutdown.
    """
    logs.configure(settings.service, settings.log_level)

    @asynccontextmanager
    async def with_keyring(app: FastAPI) -> AsyncIterator[None]:
        if not with_keys:
            async with lifespan(app):
                yield
            return
        development_key = settings.development_key.get_secret_value() if settings.development_key else None
        keyring = Keyring(settings.database_url, settings.key_secret.get_secret_value(), development_key, settings.host)
        await keyring.start(settings.installation_id)
        app.state.keyring = keyring
        app.state.limiter = limiter(settings.rate_limit_per_second, settings.rate_limit_burst)
        try:
            async with lifespan(app):
                yield
        finally:
            await keyring.close()

    app = Application(
        service=settings.service,
        streams=streams,
        title=title,
        description=description,
        version=VERSION,
        lifespan=with_keyring,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
        separate_input_output_schemas=False,
    )
    app.state.settings = settings
    app.state.stopping = asyncio.Event()
    problems.install(app)
    for router in routers:
        if router.route_class is StraightRoute:
            app.router.routes.extend(router.routes)  # an included router is looked through twice for every request
        else:
            app.include_router(router, dependencies=[Depends(parameters.refuse_unknown)] if with_keys else [])
    app.include_router(health.router(checks))
    app.include_router(openapi.router(app))
    app.include_router(_asyncapi_router(settings.service, title, publishes or {}, subscribes or {}))
    return app


def _operation_id(route: APIRoute) -> str:
    """The endpoint's own name: a stable verb in snake_case."""
    return route.name


def _asyncapi_router(service: str, title: str, publishes: asyncapi.Messages, subscribes: asyncapi.Messages) -> APIRouter:
    routes = APIRouter()
    made: list[bytes] = []

    @routes.get("/asyncapi.json", include_in_schema=False)
    async def asyncapi_document() -> Response:
        if not made:
            made.append(orjson.dumps(asyncapi.document(service, title, publishes, subscribes, version=VERSION)))
        return Response(made[0], media_type="application/json")

    return routes
