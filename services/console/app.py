"""How the console is put together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from services.console import consumer, handlers
from services.console.api import routers
from services.console.api.headers import PageHeaders
from services.console.api.rendering import STATIC
from services.console.board import Board
from services.console.gateway import Gateway
from services.console.handlers import Console
from services.console.settings import Settings
from shared import service
from shared.health import Check


def create_app(settings: Settings) -> FastAPI:
    """The application. It starts whoever else is away: a page then says so, and heals."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        gateway = Gateway(settings)
        console = Console(settings, gateway, Board(settings.listed_books_max, app.state.stopping))
        app.state.console = console
        tasks = [
            asyncio.create_task(consumer.listen(gateway, console.board), name="stream"),
            asyncio.create_task(handlers.watch(console), name="watch"),
        ]
        try:
            yield
        finally:
            app.state.stopping.set()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await gateway.close()

    async def checks() -> list[Check]:
        """The console answers whatever is away; readiness tells that it looks, and the others say how they are themselves."""
        return [Check("pages", ok=True)]

    app = service.build(
        settings,
        title="Pledge console",
        description="Pages for people; whatever they show is asked of the other services.",
        lifespan=lifespan,
        routers=routers,
        checks=checks,
        with_keys=False,
    )
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.add_middleware(PageHeaders, loopback=settings.may_commit)
    return app
