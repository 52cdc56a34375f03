"""Alerts: what endangers our promises, and who deals with it."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Path, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from services.notifier import events
from services.notifier.api.fields import Moment, Who, Words
from services.notifier.api.reach import Json, KeyBody, Reader, Writer, answers, change_once
from services.notifier.domain import alert as domain
from services.notifier.domain.alert import Alert, NotAllowed
from services.notifier.domain.line import Severity, endangered
from services.notifier.handlers.attend import Change, attend
from services.notifier.store import alerts, lines
from shared.access import Caller
from shared.contracts.base import Instant
from shared.contracts.notifier import AlertPromise, AlertState
from shared.database import Database, Session
from shared.paging import Cursor, Limit, Page, decode_cursor, encode_cursor
from shared.problems import FieldError, Problem, conflict, not_found, unprocessable
from shared.quantities import Code

router = APIRouter(prefix="/v1")

MOST_HAPPENINGS = 100

AlertId = Annotated[Code, Path(description="The alert's id.")]


class Happened(BaseModel):
    """What happened to an alert."""

    revision: int
    event: Literal["raised", "changed", "acknowledged", "assigned", "snoozed", "resolved"]
    actor: str | None
    """None: the promises did."""
    note: str | None
    sentence: str
    at: Instant


class AlertView(AlertState):
    """An alert as it stands."""

    revision: int


class AlertInFull(AlertView):
    """An alert with what happened to it, the latest first."""

    history: tuple[Happened, ...] = ()
    replayed: bool = False


class NoteBody(KeyBody):
    """By whom, and why."""

    by: Who | None = None
    """By default the name of the key."""
    note: Words | None = None


class AssignBody(NoteBody):
    """To whom."""

    to: Who | None = None
    """By default to `by`: "take it"."""


class SnoozeBody(NoteBody):
    """Until when no message about it goes out, unless it gets worse."""

    until: Moment


_PROMISE = {
    "order_id": "ord_01KAKZ6Q7VJ5R8Y2N3M4P5Q6R7", "line_ref": "10", "external_id": "SO-4711", "source_system": "crm",
    "customer": "NORDRAD", "demand_class": "gold", "priority": 10, "sku": "SKU-77", "sites": ["HAM"], "quantity": 80,
    "requested_date": "2026-12-01", "first_promised_date": "2026-12-05", "promised_date": "2026-12-05", "projected_date": "2026-12-08",
    "slip_days": 3, "unsupplied": False, "missed": False, "value": 3600, "currency": "EUR", "severity": "warning",
}  # fmt: skip
_ALERT = {
    "alert_id": "alt_01KAKZ6Q7VJ5R8Y2N3M4P5Q6R8", "kind": "promises", "round": 1, "status": "open", "severity": "warning",
    "sentence": "PO-552 slipped to 8 Dec: 1 promise, € 3,600, worst NORDRAD +3 days.",
    "cause": {"code": "RECEIPT_RESCHEDULED", "ref": "PO-552", "sku": "SKU-77", "site": "HAM", "resource": None, "document": "PO-552",
              "summary": "PO-552 slipped to 8 Dec."},
    "promise_count": 1, "values": [{"currency": "EUR", "value": 3600, "promises": 1}], "promises": [_PROMISE], "shipment": None,
    "raised_at": "2026-11-21T10:42:07Z", "changed_at": "2026-11-21T10:42:07Z", "acknowledged_at": None, "acknowledged_by": None,
    "assigned_to": None, "snoozed_until": None, "resolved_at": None, "resolved_by": None, "note": None, "revision": 1,
}  # fmt: skip
_HAPPENED = {
    "revision": 1, "event": "raised", "actor": None, "note": None, "sentence": "PO-552 slipped to 8 Dec: 1 promise, € 3,600.",
    "at": "2026-11-21T10:42:07Z",
}  # fmt: skip
_FULL = {**_ALERT, "history": [_HAPPENED], "replayed": False}


@router.get("/alerts", responses=answers({"data": [{**_ALERT, "promises": []}], "next_cursor": None}))
async def list_alerts(
    request: Request,
    caller: Reader,
    status: Annotated[
        Literal["open", "acknowledged", "resolved", "unresolved"] | None, Query(description="`unresolved`: open or acknowledged.")
    ] = None,
    severity: Annotated[Severity | None, Query()] = None,
    cause: Annotated[Code | None, Query(description="Its code, or its reference (PO-552).")] = None,
    order: Annotated[Code | None, Query(description="With a promise of this order in it now.")] = None,
    customer: Annotated[Code | None, Query(description="With a promise to this customer in it now.")] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[AlertView]:
    """List alerts, the latest first, without their promises."""
    before = str(decode_cursor(cursor, str)[0] or "") if cursor else None
    database: Database = request.app.state.database
    async with database.read() as session:
        rows = await alerts.list_alerts(
            session, before=before, limit=limit + 1, status=status, severity=severity, cause=cause, order=order, customer=customer
        )
    more = encode_cursor([rows[limit - 1].id]) if len(rows) > limit else None
    views = [AlertView(**dict(events.state_of(row, ())), revision=row.revision) for row in rows[:limit]]
    return Page(data=views, next_cursor=more)


@router.get("/alerts/{alert_id}", responses=answers(_FULL))
async def get_alert(request: Request, caller: Reader, alert_id: AlertId) -> AlertInFull:
    """Read an alert: its cause, its worst promises, what happened to it."""
    database: Database = request.app.state.database
    async with database.read() as session:
        return await _in_full(session, await _find(session, alert_id))


@router.get("/alerts/{alert_id}/promises", responses=answers({"data": [_PROMISE], "next_cursor": None}))
async def list_alert_promises(
    request: Request, caller: Reader, alert_id: AlertId, cursor: Cursor = None, limit: Limit = 100
) -> Page[AlertPromise]:
    """List every promise in the alert, by order and line."""
    order, line = decode_cursor(cursor, str, str) if cursor else ("", "")
    database: Database = request.app.state.database
    async with database.read() as session:
        await _find(session, alert_id)
        rows = await lines.list_promises(session, alert_id, (str(order or ""), str(line or "")), limit + 1)
    more = encode_cursor(rows[limit - 1].key) if len(rows) > limit else None
    found = [events.promise_of(row, risk) for row in rows[:limit] if (risk := endangered(row)) is not None]
    return Page(data=found, next_cursor=more)


@router.post("/alerts/{alert_id}/acknowledge", response_model=AlertInFull, responses=answers({**_FULL, "status": "acknowledged"}))
async def acknowledge_alert(
    request: Request,
    caller: Writer,
    alert_id: AlertId,
    body: Annotated[NoteBody | None, Body(examples=[{"by": "Jo", "note": "seen"}])] = None,
) -> Response:
    """Say that somebody has seen it."""
    asked = body or NoteBody()
    who = asked.by or caller.name
    return await _attend(
        request, caller, alert_id, "acknowledged", asked, lambda alert, now: domain.acknowledge(alert, who, asked.note, now)
    )


@router.post("/alerts/{alert_id}/assign", response_model=AlertInFull, responses=answers({**_FULL, "assigned_to": "Jo"}))
async def assign_alert(
    request: Request, caller: Writer, alert_id: AlertId, body: Annotated[AssignBody | None, Body(examples=[{"to": "Jo"}])] = None
) -> Response:
    """Say who takes care of it."""
    asked = body or AssignBody()
    whom = asked.to or asked.by or caller.name
    return await _attend(request, caller, alert_id, "assigned", asked, lambda alert, now: domain.assign(alert, whom, asked.note, now))


@router.post("/alerts/{alert_id}/snooze", response_model=AlertInFull, responses=answers(_FULL))
async def snooze_alert(
    request: Request, caller: Writer, alert_id: AlertId, body: Annotated[SnoozeBody, Body(examples=[{"until": "2026-11-22T07:00:00Z"}])]
) -> Response:
    """Send no message about it until then, unless it gets worse."""

    def snoozing(alert: Alert, now: datetime) -> Alert | NotAllowed:
        if body.until <= now:
            message = "lies in the past"
            raise unprocessable("NOT_IN_FUTURE", f"/until: {message}", [FieldError("/until", "NOT_IN_FUTURE", message)])
        return domain.snooze(alert, body.until, body.note, now)

    return await _attend(request, caller, alert_id, "snoozed", body, snoozing)


@router.post("/alerts/{alert_id}/resolve", response_model=AlertInFull, responses=answers({**_FULL, "status": "resolved"}))
async def resolve_alert(
    request: Request,
    caller: Writer,
    alert_id: AlertId,
    body: Annotated[NoteBody | None, Body(examples=[{"note": "booked by hand"}])] = None,
) -> Response:
    """Say that it has been dealt with: an unmatched shipment. While promises are in danger this is a 409; they leave it by themselves."""
    asked = body or NoteBody()
    who = asked.by or caller.name
    return await _attend(request, caller, alert_id, "resolved", asked, lambda alert, now: domain.resolve(alert, who, asked.note, now))


async def _attend(request: Request, caller: Caller, alert_id: str, what: str, body: NoteBody, doing: Change) -> Response:
    gather = timedelta(milliseconds=request.app.state.settings.gather_milliseconds)

    async def work(session: Session) -> tuple[int, Json]:
        outcome = await attend(session, alert_id, what, body.by or caller.name, body.note, doing, gather)
        if outcome is None:
            raise _unknown(alert_id)
        if isinstance(outcome, NotAllowed):
            raise conflict(outcome.code, outcome.why, allowed=list(outcome.allowed))
        return 200, (await _in_full(session, outcome)).model_dump(mode="json")

    status, answer = await change_once(request, caller, body, work)
    return JSONResponse(answer, status)


async def _find(session: Session, alert_id: str) -> Alert:
    found = (await alerts.find_alerts(session, [alert_id])).get(alert_id)
    if found is None:
        raise _unknown(alert_id)
    return found


async def _in_full(session: Session, alert: Alert) -> AlertInFull:
    worst = await lines.list_worst(session, alert.id, events.MOST_PROMISES)
    history = await alerts.list_history(session, alert.id, MOST_HAPPENINGS)
    happened = tuple(
        Happened.model_validate(
            {
                "revision": each.revision,
                "event": each.event,
                "actor": each.actor,
                "note": each.note,
                "sentence": each.sentence,
                "at": each.at,
            }
        )
        for each in history
    )
    return AlertInFull(**dict(events.state_of(alert, worst)), revision=alert.revision, history=happened)


def _unknown(alert_id: str) -> Problem:
    return not_found("UNKNOWN_ALERT", f"There is no alert {alert_id!r}.")
