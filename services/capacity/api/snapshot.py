"""Everything at once: what a consumer whose place in the log is gone starts again from."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from services.capacity.api.reach import Reader
from services.capacity.handlers.tell import snapshot
from shared.broker import Broker, BrokerError
from shared.contracts.capacity import TOPIC
from shared.database import Database
from shared.problems import unavailable

router = APIRouter(prefix="/v1")

MEDIA_TYPE = "application/x-ndjson"
_EXAMPLE = (
    '{"topic":"capacity.plan.v1","end_offsets":{"0":17,"1":4},"taken_at":"2026-11-21T10:42:07Z"}\n'
    '{"type":"capacity.plan.bom-defined.v1","data":{"revision":1,"sku":"CHAIR","boms":[]}}\n'
)


@router.get(
    "/snapshot",
    response_class=StreamingResponse,
    responses={
        200: {"content": {MEDIA_TYPE: {"schema": {"type": "string"}, "example": _EXAMPLE}}, "description": "One JSON object per line."}
    },
)
async def get_snapshot(request: Request, caller: Reader) -> StreamingResponse:
    """Stream every entity with its revision and full state, as its events carry it; first the offsets to read on from.

    The offsets were read before the first entity: what changes meanwhile stands behind them with a higher revision.
    """
    broker: Broker = request.app.state.broker
    database: Database = request.app.state.database
    try:
        ends = await broker.end_offsets(TOPIC)
    except BrokerError as error:
        raise unavailable("BROKER_UNAVAILABLE", "The end of the log cannot be read just now; try again.", retry_after=2) from error
    taken_at = datetime.now(UTC)  # noqa: TID251 -- for people; readers go by offsets and revisions
    await database.ping()
    return StreamingResponse(_lines(database, ends, taken_at), media_type=MEDIA_TYPE)


async def _lines(database: Database, ends: dict[int, int], taken_at: datetime) -> AsyncIterator[bytes]:
    head = {"topic": TOPIC, "end_offsets": {str(partition): end for partition, end in ends.items()}, "taken_at": _zulu(taken_at)}
    yield orjson.dumps(head) + b"\n"
    async for page in snapshot(database):
        yield b"".join(b'{"type":"%s","data":%s}\n' % (name.encode(), data.model_dump_json().encode()) for name, data in page)


def _zulu(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")
