"""Everything at once: what a consumer whose place in the log is gone starts again from."""

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from services.capacity.api.reach import Reader
from services.capacity.handlers.tell import snapshot
from shared.contracts.capacity import TOPIC
from shared.snapshots import MEDIA_TYPE, stream

router = APIRouter(prefix="/v1")

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
    state = request.app.state
    return await stream(state.broker, state.database, TOPIC, snapshot(state.database))
