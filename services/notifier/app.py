"""How notifier is put together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.notifier.api import routers
from services.notifier.settings import Settings
from shared import service
from shared.broker import Broker
from shared.database import Database
from shared.health import Check, checked


def create_app(settings: Settings) -> FastAPI:
    """The application; it starts only on a schema of its own, and without waiting for the broker."""
    database = Database(settings.database_url, settings.service)
    broker = Broker(settings.kafka, f"pledge-{settings.service}")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await database.start(settings.installation_id)
        await broker.start()
        app.state.database = database
        try:
            yield
        finally:
            await broker.close()
            await database.close()

    async def checks() -> list[Check]:
        return list(await asyncio.gather(checked("database", database.ping), checked("broker", broker.ping)))

    return service.build(
        settings,
        title="Pledge notifier",
        description="Who is told what. Stands, and tells nobody anything yet.",
        lifespan=lifespan,
        routers=routers,
        checks=checks,
    )
