"""What the console hears: quote's live stream. A broken stream is opened again, and then everything is looked at anew."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import structlog

from services.console.board import Board
from services.console.domain.values import Pair
from services.console.gateway import Away, Gateway, Heard

log = structlog.get_logger(__name__)

RETRY_SECONDS = (0.5, 1.0, 2.0, 4.0)


def on_availability(board: Board, data: Mapping[str, Any]) -> None:
    """A book has moved: its picture is out of date."""
    if data.get("sku") and data.get("site"):
        board.book_changed(Pair(str(data["sku"]), str(data["site"])))


def on_promise(board: Board, _data: Mapping[str, Any]) -> None:
    """A hold or an order has moved: the last promises are out of date."""
    board.promises_changed()


def on_risk(board: Board, _data: Mapping[str, Any]) -> None:
    """A promise is in danger, or safe again: the page of dangers is out of date."""
    board.dangers_changed()


HANDLERS: dict[str, Callable[[Board, Mapping[str, Any]], None]] = {
    "availability": on_availability,
    "order": on_promise,
    "hold": on_promise,
    "risk": on_risk,
}


def hear(board: Board, heard: Heard) -> None:
    """Pass an event to its function; what the console does not show it does not hear."""
    if handler := HANDLERS.get(heard.event):
        handler(board, heard.data)


async def listen(gateway: Gateway, board: Board) -> None:
    """Hear quote's stream until the process stops."""
    failures = 0
    while not board.stopping.is_set():
        try:
            async with gateway.stream() as events:
                board.streaming, failures = True, 0
                board.everything_changed()
                async for heard in events:
                    hear(board, heard)
        except Away as away:
            if board.streaming:
                log.warning("stream_lost", service=away.service, detail=away.detail)
        board.streaming = False
        pause = RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)]
        failures += 1
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await board.stopping.wait()
