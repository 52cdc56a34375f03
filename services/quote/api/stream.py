"""The stream: what happens, as it happens, for a console or a shop."""

import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from services.quote.api.reach import Reader, house
from shared.problems import unavailable

router = APIRouter(prefix="/v1", tags=["stream"])

BEAT_SECONDS = 10.0
MOST_WATCHERS = 500


@router.get(
    "/stream",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Server-sent events `availability`, `order`, `hold`, `risk`; the data are the events of the topics.",
            "content": {
                "text/event-stream": {"schema": {"type": "string"}, "example": 'event: availability\nid: 7b0c\ndata: {"sku":"CHAIR"}\n\n'}
            },
        }
    },
)
async def watch(request: Request, caller: Reader) -> StreamingResponse:
    """Availability, orders, holds and risk from now on, as server-sent events. A watcher who comes late asks the lists."""
    if house(request).stream.watchers() >= MOST_WATCHERS:
        raise unavailable("TOO_MANY_WATCHERS", "As many watch as can be served; try again later.", retry_after=10)
    return StreamingResponse(
        _events(request), media_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )


async def _events(request: Request) -> AsyncIterator[bytes]:
    stream = house(request).stream
    stopping: asyncio.Event = request.app.state.stopping
    queue = await stream.watch()
    stop = asyncio.create_task(stopping.wait())
    following: asyncio.Task[tuple[str, str, bytes]] | None = None
    try:
        yield b": welcome\nretry: 1000\n\n"
        while not stopping.is_set():
            following = asyncio.create_task(queue.get())
            done, _ = await asyncio.wait({following, stop}, timeout=BEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if following in done:
                name, event_id, data = following.result()
                yield b"event: %s\nid: %s\ndata: %s\n\n" % (name.encode(), event_id.encode(), data.replace(b"\n", b" "))
            else:
                following.cancel()
                yield b": still here\n\n"
    finally:
        stop.cancel()
        if following is not None:
            following.cancel()
        stream.leave(queue)
