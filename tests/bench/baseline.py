"""What orders are measured against: lock, read, check, insert, commit; a transaction per request, as it is usually written.

It promises from one site and one day, keeps no answer, no history, no decision and says nothing to anybody: the least that does
not over-commit. It runs on the same PostgreSQL, in a schema of its own, and is served exactly as the services are.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, ClassVar

import asyncpg
import orjson
from fastapi import Body, FastAPI, Response

from services.quote.asks.amounts import micro
from services.quote.asks.quotes import OrderAsk
from shared.ids import new_id
from shared.serve import run
from shared.settings import CommonSettings

SCHEMA = "baseline"
TABLES = f"""
CREATE SCHEMA {SCHEMA};
CREATE TABLE {SCHEMA}.book (sku text PRIMARY KEY, on_hand bigint NOT NULL);
CREATE TABLE {SCHEMA}.claim (id text PRIMARY KEY, sku text NOT NULL REFERENCES {SCHEMA}.book, quantity bigint NOT NULL,
                             at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE INDEX claim_sku ON {SCHEMA}.claim (sku) INCLUDE (quantity);
"""
INSERT_BOOK = f"INSERT INTO {SCHEMA}.book VALUES ($1, $2)"  # noqa: S608 -- a constant


class Settings(CommonSettings):
    service: ClassVar[str] = "baseline"

    port: int = 0
    connections: int = 16
    """The best of 4, 8, 16 and 32 where this was written."""


def create_app(settings: Settings) -> FastAPI:
    """One endpoint."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with asyncpg.create_pool(
            settings.database_url, min_size=settings.connections, max_size=settings.connections,
            server_settings={"search_path": SCHEMA, "application_name": "baseline"},
        ) as pool:  # fmt: skip
            app.state.pool = pool
            yield

    app = FastAPI(lifespan=lifespan)
    app.state.stopping = asyncio.Event()

    @app.get("/readyz")
    async def readyz() -> Response:
        return Response(b"{}", media_type="application/json")

    @app.post("/v1/orders")
    async def create_order(ask: Annotated[OrderAsk, Body()]) -> Response:
        line = ask.lines[0]
        quantity, order_id = micro(line.quantity), new_id("ord")
        async with app.state.pool.acquire() as connection, connection.transaction():
            on_hand = await connection.fetchval("SELECT on_hand FROM book WHERE sku = $1 FOR UPDATE", line.sku)
            claimed = await connection.fetchval("SELECT coalesce(sum(quantity), 0)::bigint FROM claim WHERE sku = $1", line.sku)
            if on_hand is None or on_hand - claimed < quantity:
                return Response(orjson.dumps({"code": "CANNOT_PROMISE"}), 409, media_type="application/json")
            await connection.execute("INSERT INTO claim (id, sku, quantity) VALUES ($1, $2, $3)", order_id, line.sku, quantity)
        return Response(orjson.dumps({"order_id": order_id, "status": "confirmed"}), media_type="application/json")

    return app


if __name__ == "__main__":
    run(create_app, Settings)
