"""Deliveries: which message went to whom, what came of it, and once more."""

from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Body, Path, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from services.notifier.api.fields import Name
from services.notifier.api.reach import Json, KeyBody, Reader, Writer, answers, change_once
from services.notifier.handlers import deliver
from services.notifier.handlers.deliver import CannotResend
from services.notifier.store import deliveries
from services.notifier.store.deliveries import Attempt, Delivery
from shared.contracts.base import Instant
from shared.database import Database, Session
from shared.paging import Cursor, Limit, Page, decode_cursor, encode_cursor
from shared.problems import Problem, conflict, not_found
from shared.quantities import Code

router = APIRouter(prefix="/v1")

Status = Literal["waiting", "pending", "delivered", "undeliverable"]
DeliveryId = Annotated[Code, Path(description="The message's id: also the `webhook-id`.")]


class DeliveryView(BaseModel):
    """A message. Waiting: not written yet, news are still gathered. Pending: to be sent at `due_at`, or being sent."""

    delivery_id: str
    subscription_id: str
    status: Status
    event: str | None
    """What the message is called; None while it waits."""
    alert_ids: tuple[str, ...]
    title: str | None
    attempts: int
    due_at: Instant
    error: str | None
    """Of the last attempt."""
    created_at: Instant
    ended_at: Instant | None


class AttemptView(BaseModel):
    """What came of one try."""

    number: int
    outcome: str
    """delivered, rejected (an answer other than 2xx), timeout, unreachable, unresolved, refused-address, invalid-channel."""
    status_code: int | None
    error: str | None
    response: str | None
    """How the answer began."""
    address: str | None
    """Where it was sent."""
    began_at: Instant | None
    seconds: float


class DeliveryInFull(DeliveryView):
    """A message with its text and its attempts."""

    payload: dict[str, Any] | None
    """What a webhook receives."""
    body: str | None
    """What a person reads."""
    tries: tuple[AttemptView, ...]
    replayed: bool = False


_DELIVERY = {
    "delivery_id": "msg_01KAKZ6Q7VJ5R8Y2N3M4P5Q6R7", "subscription_id": "sales", "status": "delivered", "event": "promise-at-risk",
    "alert_ids": ["alt_01KAKZ6Q7VJ5R8Y2N3M4P5Q6R8"], "title": "Warning: PO-552 slipped to 8 Dec", "attempts": 1,
    "due_at": "2026-11-21T10:42:07Z", "error": None, "created_at": "2026-11-21T10:42:07Z", "ended_at": "2026-11-21T10:42:08Z",
}  # fmt: skip
_TRY = {
    "number": 1, "outcome": "delivered", "status_code": 204, "error": None, "response": None, "address": "203.0.113.7",
    "began_at": "2026-11-21T10:42:07Z", "seconds": 0.08,
}  # fmt: skip
_FULL = {
    **_DELIVERY, "payload": {"type": "promise-at-risk", "timestamp": "2026-11-21T10:42:07Z", "data": {}},
    "body": "PO-552 slipped to 8 Dec: 6 promises, € 212k, worst Nordrad +3 days.", "tries": [_TRY], "replayed": False,
}  # fmt: skip


@router.get("/deliveries", responses=answers({"data": [_DELIVERY], "next_cursor": None}))
async def list_deliveries(
    request: Request,
    caller: Reader,
    subscription: Annotated[Name | None, Query()] = None,
    alert: Annotated[Code | None, Query()] = None,
    status: Annotated[Status | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[DeliveryView]:
    """List messages, the latest first."""
    before = str(decode_cursor(cursor, str)[0] or "") if cursor else None
    database: Database = request.app.state.database
    async with database.read() as session:
        rows = await deliveries.list_deliveries(
            session, before=before, limit=limit + 1, subscription=subscription, alert=alert, status=status
        )
    more = encode_cursor([rows[limit - 1].id]) if len(rows) > limit else None
    return Page(data=[DeliveryView.model_validate(_fields(row)) for row in rows[:limit]], next_cursor=more)


@router.get("/deliveries/{delivery_id}", responses=answers(_FULL))
async def get_delivery(request: Request, caller: Reader, delivery_id: DeliveryId) -> DeliveryInFull:
    """Read a message with every attempt to deliver it."""
    database: Database = request.app.state.database
    async with database.read() as session:
        found = await deliveries.find_delivery(session, delivery_id)
        if found is None:
            raise _unknown(delivery_id)
        return _in_full(found, await deliveries.list_attempts(session, delivery_id))


@router.post("/deliveries/{delivery_id}/resend", response_model=DeliveryInFull, responses=answers({**_FULL, "status": "pending"}))
async def resend_delivery(
    request: Request, caller: Writer, delivery_id: DeliveryId, body: Annotated[KeyBody | None, Body(examples=[{}])] = None
) -> Response:
    """Send a message again, now, under the same id; whatever came of it before."""

    async def work(session: Session) -> tuple[int, Json]:
        outcome = await deliver.resend(session, delivery_id)
        if outcome is None:
            raise _unknown(delivery_id)
        if isinstance(outcome, CannotResend):
            raise conflict(outcome.code, outcome.why)
        tries = await deliveries.list_attempts(session, delivery_id)
        return 200, _in_full(outcome, tries).model_dump(mode="json")

    status, answer = await change_once(request, caller, body, work)
    return JSONResponse(answer, status)


def _unknown(delivery_id: str) -> Problem:
    return not_found("UNKNOWN_DELIVERY", f"There is no delivery {delivery_id!r}.")


def _fields(delivery: Delivery) -> Json:
    return {
        "delivery_id": delivery.id,
        "subscription_id": delivery.subscription_id,
        "status": delivery.status,
        "event": delivery.event,
        "alert_ids": delivery.alert_ids or tuple(sorted(set(delivery.news.values()))),
        "title": delivery.title,
        "attempts": delivery.attempts,
        "due_at": delivery.due_at,
        "error": delivery.error,
        "created_at": delivery.created_at,
        "ended_at": delivery.ended_at,
    }


def _in_full(delivery: Delivery, tries: list[Attempt]) -> DeliveryInFull:
    attempts = [
        {
            "number": each.number,
            "outcome": each.outcome,
            "status_code": each.status_code,
            "error": each.error,
            "response": each.response,
            "address": each.address,
            "began_at": each.began_at,
            "seconds": each.seconds,
        }
        for each in tries
    ]
    payload = None if delivery.payload is None else orjson.loads(delivery.payload)
    return DeliveryInFull.model_validate({**_fields(delivery), "payload": payload, "body": delivery.body, "tries": attempts})
