"""What an inquiry is measured against: the same body, parsed by the same model, and an answer of the same bytes; nothing in between.

`PLEDGE_BARE_ANSWER` names a file with one answer of quote. It is served exactly as the services are (shared/serve.py).
"""

import asyncio
from typing import Annotated, Any, ClassVar

import orjson
from fastapi import Body, FastAPI, Response
from pydantic import FilePath

from services.quote.asks.quotes import QuoteAsk
from shared.serve import run
from shared.settings import CommonSettings


class Settings(CommonSettings):
    service: ClassVar[str] = "bare"

    port: int = 0
    answer: FilePath


def create_app(settings: Settings) -> FastAPI:
    """One endpoint."""
    app = FastAPI()
    app.state.stopping = asyncio.Event()
    answer: dict[str, Any] = orjson.loads(settings.answer.read_bytes())

    @app.get("/readyz")
    async def readyz() -> Response:
        return Response(b"{}", media_type="application/json")

    @app.post("/v1/quotes")
    async def create_quote(ask: Annotated[QuoteAsk, Body()]) -> Response:
        return Response(orjson.dumps(answer), media_type="application/json")

    return app


if __name__ == "__main__":
    run(create_app, Settings)
