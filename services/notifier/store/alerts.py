"""Alerts, one per cause, and what happened to each."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import orjson
from pydantic import TypeAdapter
from sqlalchemy import Row, text

from services.notifier.domain.alert import Alert
from shared.database import Session

_ALERT = TypeAdapter(Alert)

_BY_ID = text("SELECT state FROM alert WHERE id = ANY(CAST(:ids AS text[])) ORDER BY id")
_LOCK_TOUCHED = text("""
    SELECT state FROM alert
     WHERE id = ANY(CAST(:ids AS text[]))
        OR (cause_code, cause_ref) IN (SELECT * FROM unnest(CAST(:codes AS text[]), CAST(:refs AS text[])))
     ORDER BY id FOR UPDATE
""")
_LOCK = text("SELECT state FROM alert WHERE id = :id FOR UPDATE")
_SAVE = text("""
    INSERT INTO alert (id, cause_code, cause_ref, status, severity, snoozed_until, state, revision)
    SELECT id, code, ref, status, severity, snoozed_until, state, revision
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (
           id text, code text, ref text, status text, severity text, snoozed_until timestamptz, state jsonb, revision bigint)
        ON CONFLICT (id) DO UPDATE
           SET status = excluded.status, severity = excluded.severity, snoozed_until = excluded.snoozed_until,
               state = excluded.state, revision = excluded.revision
""")
_REMEMBER = text("""
    INSERT INTO alert_history (alert_id, revision, event, actor, note, sentence, at)
    SELECT id, revision, event, actor, note, sentence, at
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (
           id text, revision bigint, event text, actor text, note text, sentence text, at timestamptz)
""")
_HISTORY = text("""
    SELECT revision, event, actor, note, sentence, at FROM alert_history WHERE alert_id = :id ORDER BY revision DESC LIMIT :limit
""")
_LIST = text("""
    SELECT state FROM alert AS a
     WHERE (CAST(:before AS text) IS NULL OR id < :before)
       AND (CAST(:status AS text) IS NULL OR status = :status OR (:status = 'unresolved' AND status <> 'resolved'))
       AND (CAST(:severity AS text) IS NULL OR severity = :severity)
       AND (CAST(:cause AS text) IS NULL OR cause_code = :cause OR cause_ref = :cause)
       AND (CAST(:order AS text) IS NULL OR state -> 'shipment' ->> 'order_id' = :order
            OR EXISTS (SELECT FROM promise AS p WHERE p.alert_id = a.id AND p.order_id = :order))
       AND (CAST(:customer AS text) IS NULL
            OR EXISTS (SELECT FROM promise AS p WHERE p.alert_id = a.id AND p.risk ->> 'customer' = :customer))
     ORDER BY id DESC LIMIT :limit
""")


@dataclass(frozen=True, slots=True)
class Happening:
    """What happened to an alert, and by whom."""

    revision: int
    event: str
    actor: str | None
    note: str | None
    sentence: str
    at: datetime


async def find_alerts(session: Session, ids: Iterable[str]) -> dict[str, Alert]:
    """The alerts of that name that exist."""
    rows = (await session.execute(_BY_ID, {"ids": sorted(set(ids))})).all()
    return {alert.id: alert for alert in map(_alert, rows)}


async def lock_touched(session: Session, ids: Iterable[str], causes: Iterable[tuple[str, str]]) -> list[Alert]:
    """Lock these alerts, and those of these causes. Hold the door: a cause that has no alert yet cannot be locked."""
    keys = sorted(set(causes))
    values = {"ids": sorted(set(ids)), "codes": [code for code, _ in keys], "refs": [ref for _, ref in keys]}
    return [_alert(row) for row in (await session.execute(_LOCK_TOUCHED, values)).all()]


async def lock_alert(session: Session, alert_id: str) -> Alert | None:
    """Lock the alert, if it exists."""
    row = (await session.execute(_LOCK, {"id": alert_id})).one_or_none()
    return None if row is None else _alert(row)


async def save_alerts(session: Session, changed: Sequence[tuple[Alert, Happening]]) -> None:
    """Replace locked alerts, and remember what happened to each."""
    if not changed:
        return
    states = [
        {
            "id": alert.id,
            "code": alert.cause.code,
            "ref": alert.cause.ref,
            "status": alert.status,
            "severity": alert.severity,
            "snoozed_until": alert.snoozed_until,
            "state": _ALERT.dump_python(alert, mode="json"),
            "revision": alert.revision,
        }
        for alert, _ in changed
    ]
    await session.execute(_SAVE, {"rows": orjson.dumps(states).decode()})
    happened = [{"id": alert.id, **asdict(happening)} for alert, happening in changed]
    await session.execute(_REMEMBER, {"rows": orjson.dumps(happened).decode()})


async def list_history(session: Session, alert_id: str, limit: int) -> list[Happening]:
    """What happened to the alert, the latest first."""
    rows = (await session.execute(_HISTORY, {"id": alert_id, "limit": limit})).all()
    return [Happening(row.revision, row.event, row.actor, row.note, row.sentence, row.at) for row in rows]


async def list_alerts(
    session: Session,
    *,
    before: str | None,
    limit: int,
    status: str | None,
    severity: str | None,
    cause: str | None,
    order: str | None,
    customer: str | None,
) -> Sequence[Alert]:
    """Alerts below the id `before`, the latest first. `cause` is a code or a reference; order and customer look at promises in danger."""
    values = {
        "before": before, "limit": limit, "status": status, "severity": severity, "cause": cause, "order": order, "customer": customer,
    }  # fmt: skip
    return [_alert(row) for row in (await session.execute(_LIST, values)).all()]


def _alert(row: Row[Any]) -> Alert:
    return _ALERT.validate_python(row.state)
