"""Everything at once: every book and every open order with its full state, for a consumer that starts anew."""

from collections.abc import AsyncIterator
from typing import Annotated, Literal

import orjson
from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from services.quote.answers import iso_instant
from services.quote.api.reach import Reader, house
from services.quote.handlers.tell import snapshot
from services.quote.house import House
from shared.broker import BrokerError
from shared.contracts.quote import AVAILABILITY_TOPIC, ORDERS_TOPIC, RISK_TOPIC
from shared.problems import unavailable

router = APIRouter(prefix="/v1", tags=["snapshot"])

Topic = Literal["quote.availability.v1", "quote.orders.v1", "quote.risk.v1"]
TOPICS = (AVAILABILITY_TOPIC, ORDERS_TOPIC, RISK_TOPIC)
MEDIA_TYPE = "application/x-ndjson"
_EXAMPLE = (
    '{"topics":{"quote.availability.v1":{"0":17},"quote.orders.v1":{"0":4}},"taken_at":"2026-11-21T10:42:07Z"}\n'
    '{"type":"quote.availability.availability-changed.v1","data":{"sku":"CHAIR","site":"SHOP-1","revision":7}}\n'
)


@router.get(
    "/snapshot",
    response_class=StreamingResponse,
    responses={
        200: {"description": "One JSON object per line.", "content": {MEDIA_TYPE: {"schema": {"type": "string"}, "example": _EXAMPLE}}}
    },
)
async def get_snapshot(
    request: Request,
    caller: Reader,
    topic: Annotated[list[Topic] | None, Query(description="What to tell of; by default everything.")] = None,
) -> StreamingResponse:
    """Stream every book, order and danger with its revision and full state; first the offsets from which the topics go on."""
    topics: tuple[str, ...] = tuple(dict.fromkeys(topic)) if topic else TOPICS
    here = house(request)
    try:
        ends = {topic: await here.broker.end_offsets(topic) for topic in topics}
    except BrokerError as error:
        raise unavailable("BROKER_UNAVAILABLE", "The end of the log cannot be read just now; try again.", retry_after=2) from error
    return StreamingResponse(_lines(here, ends), media_type=MEDIA_TYPE)


async def _lines(here: House, ends: dict[str, dict[int, int]]) -> AsyncIterator[bytes]:
    topics = {topic: {str(partition): end for partition, end in found.items()} for topic, found in ends.items()}
    yield orjson.dumps({"topics": topics, "taken_at": iso_instant(here.board.now())}) + b"\n"
    async for kind, data in snapshot(here.board, here.pool, ends):
        yield b'{"type":"%s","data":%s}\n' % (kind.encode(), data.model_dump_json().encode())
