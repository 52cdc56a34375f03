"""A small service to try the plumbing on: its routes exist for the tests alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import httpx
from fastapi import APIRouter, Depends, FastAPI, Header, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from shared import idempotency, service
from shared.access import Caller, Scope, caller_with
from shared.asyncapi import Messages
from shared.contracts import inventory, quote
from shared.database import Database, Reading, Transaction, db_now
from shared.health import Check, checked
from shared.paging import Cursor, Limit, Page, decode_cursor, encode_cursor
from shared.problems import conflict, not_found
from shared.quantities import Code, PositiveQuantity, RequestModel
from shared.settings import CommonSettings

DEVELOPMENT_KEY = "a-key-for-tests"
PEPPER = "pepper"
AS_DEVELOPER = {"Authorization": f"Bearer {DEVELOPMENT_KEY}"}
INSTALLATION = "test"


class Settings(CommonSettings):
    service = "inventory"
    port: int = 0


class Line(RequestModel):
    sku: Code
    quantity: PositiveQuantity
    note: str | None = None


class Order(RequestModel):
    customer: str = ""
    lines: list[Line]


def settings(database_url: str, **more: Any) -> Settings:
    fields: dict[str, Any] = {"installation_id": INSTALLATION, "development_key": DEVELOPMENT_KEY, "key_secret": PEPPER, **more}
    return Settings(database_url=database_url, kafka="127.0.0.1:9092", **fields)


def routes() -> APIRouter:  # noqa: C901 -- many small ones
    router = APIRouter(prefix="/v1")
    reader = Annotated[Caller, Depends(caller_with(Scope.QUOTE_READ))]
    writer = Annotated[Caller, Depends(caller_with(Scope.STOCK_WRITE))]

    @router.post("/orders")
    async def place_order(order: Order, caller: reader) -> dict[str, Any]:
        return {"caller": caller.id, "quantities": [str(line.quantity) for line in order.lines]}

    @router.get("/orders")
    async def list_orders(_: reader, limit: Limit = 2, cursor: Cursor = None) -> Page[int]:
        after = decode_cursor(cursor, int)[0] if cursor else 0
        assert isinstance(after, int)
        return Page(data=list(range(after, after + limit)), next_cursor=encode_cursor((after + limit,)))

    @router.post("/notes")
    async def write_note(
        request: Request, caller: writer, session: Transaction, idempotency_key: Annotated[str | None, Header()] = None
    ) -> Response:
        async def work() -> tuple[int, dict[str, Any]]:
            body = await request.json()
            if body.get("refuse"):
                raise conflict("TAKEN", "It is taken.", offer={"quantity": 3})
            return 200, {"at": str(await db_now(session)), "replayed": False}

        status, body = await idempotency.once(
            session, caller.id, idempotency_key, request.method, request.url.path, await request.body(), work
        )
        return JSONResponse(body, status)

    @router.get("/now")
    async def tell_time(session: Reading) -> dict[str, str]:
        return {"at": str(await db_now(session))}

    @router.get("/things/{thing}")
    async def get_thing(thing: str) -> dict[str, str]:
        raise not_found("UNKNOWN_THING", f"There is no {thing!r}.")

    @router.get("/broken")
    async def break_down() -> dict[str, str]:
        secret = "swordfish"  # must not be in the answer
        raise RuntimeError(secret)

    @router.get("/half")
    async def break_in_the_middle() -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"half"
            raise RuntimeError("the other half")

        return StreamingResponse(pieces())

    @router.post("/imports")
    async def import_file(request: Request) -> dict[str, int]:
        return {"bytes": sum([len(piece) async for piece in request.stream()])}

    return router


def application(configured: Settings, publishes: Messages | None = None) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database = app.state.database = Database(configured.database_url, "trial")
        try:
            yield
        finally:
            await database.close()

    async def checks() -> list[Check]:
        return [await checked("database", app.state.database.ping)]

    app = service.build(
        configured,
        title="Trial",
        description="Routes for tests.",
        lifespan=lifespan,
        routers=[routes()],
        checks=checks,
        publishes=publishes if publishes is not None else {name: (inventory.TOPIC, model) for name, model in inventory.EVENTS.items()},
        subscribes={name: (quote.ORDERS_TOPIC, model) for name, model in quote.EVENTS.items() if "orders" in name},
        streams=("/v1/imports",),
    )
    return app


def client(app: FastAPI, **headers: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://trial", headers={**AS_DEVELOPER, **headers})
