"""Messages: gathered, written, taken, tried, kept. The queue is this table, so a restart loses nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Row, text

from shared.database import Session

_COLUMNS = (
    "id, subscription_id, group_key, status, news, event, alert_ids, payload, title, body, due_at, attempts, failures, error,"
    " created_at, ended_at"
)

_GATHER = text("""
    INSERT INTO delivery AS d (id, subscription_id, group_key, status, news, due_at)
    SELECT id, subscription_id, group_key, 'waiting', news, due_at
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (id text, subscription_id text, group_key text, news jsonb, due_at timestamptz)
        ON CONFLICT (subscription_id, group_key) WHERE status = 'waiting'
        DO UPDATE SET news = d.news || excluded.news, due_at = least(d.due_at, excluded.due_at)
""")
_POSTPONE = text("""
    UPDATE delivery SET due_at = greatest(due_at, :until)
     WHERE status = 'waiting' AND (group_key = :alert OR starts_with(group_key, :alert || '|'))
""")
_DUE = text(f"""
    SELECT {_COLUMNS} FROM delivery WHERE status = 'waiting' AND due_at <= clock_timestamp() ORDER BY due_at LIMIT :limit FOR UPDATE
""")
_ANY_DUE = text("SELECT EXISTS (SELECT FROM delivery WHERE status = 'waiting' AND due_at <= clock_timestamp())")
_WRITE = text("""
    UPDATE delivery AS d SET status = 'pending', event = r.event, payload = r.payload, title = r.title, body = r.body,
                             alert_ids = ARRAY(SELECT jsonb_array_elements_text(r.alert_ids)), due_at = clock_timestamp()
      FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (id text, event text, alert_ids jsonb, payload text, title text, body text)
     WHERE d.id = r.id
""")
_DROP = text("DELETE FROM delivery WHERE id = ANY(CAST(:ids AS text[]))")
_ADD = text("""
    INSERT INTO delivery (id, subscription_id, group_key, status, event, payload, title, body, due_at, failures)
    VALUES (:id, :subscription, 'test', 'pending', 'test', :payload, :title, :body, clock_timestamp() + interval '1 hour', :failures)
""")
_TAKE = text(f"""
    WITH due AS (
        SELECT d.id FROM subscription AS s CROSS JOIN LATERAL (
            SELECT id FROM delivery
             WHERE subscription_id = s.id AND status = 'pending' AND due_at <= clock_timestamp()
               AND (leased_until IS NULL OR leased_until <= clock_timestamp())
             ORDER BY due_at LIMIT :each FOR UPDATE SKIP LOCKED
        ) AS d
         WHERE s.disabled_at IS NULL AND NOT s.id = ANY(CAST(:busy AS text[]))
         LIMIT :limit
    )
    UPDATE delivery SET attempts = attempts + 1, leased_until = clock_timestamp() + make_interval(secs => :lease)
     WHERE id IN (SELECT id FROM due)
    RETURNING {_COLUMNS}
""")
_TAKE_ONE = text(f"""
    UPDATE delivery SET attempts = attempts + 1, leased_until = clock_timestamp() + make_interval(secs => :lease)
     WHERE id = :id AND status = 'pending' AND (leased_until IS NULL OR leased_until <= clock_timestamp())
    RETURNING {_COLUMNS}
""")
_NEXT = text("""
    SELECT extract(epoch FROM min(at) - clock_timestamp())::float8 FROM (
        SELECT min(due_at) AS at FROM delivery WHERE status = 'waiting'
        UNION ALL
        SELECT min(greatest(d.due_at, d.leased_until)) FROM delivery AS d JOIN subscription AS s ON s.id = d.subscription_id
         WHERE d.status = 'pending' AND s.disabled_at IS NULL AND NOT s.id = ANY(CAST(:busy AS text[]))
    ) AS each
""")
_FINISH = text("""
    UPDATE delivery SET status = :status, error = :error, leased_until = NULL,
                        failures = failures + CASE WHEN :failed THEN 1 ELSE 0 END,
                        due_at = clock_timestamp() + make_interval(secs => :delay),
                        ended_at = CASE WHEN :status = 'pending' THEN NULL ELSE clock_timestamp() END
     WHERE id = :id AND attempts = :number AND status = 'pending'
    RETURNING 1
""")
_ATTEMPT = text("""
    INSERT INTO attempt (delivery_id, number, outcome, status_code, error, response, address, began_at, seconds)
    VALUES (:id, :number, :outcome, :status_code, :error, :response, :address,
            clock_timestamp() - make_interval(secs => :seconds), :seconds)
        ON CONFLICT DO NOTHING
""")
_ABANDON = text("""
    UPDATE delivery SET status = 'undeliverable', error = :reason, ended_at = clock_timestamp(), leased_until = NULL
     WHERE subscription_id = :subscription AND status = 'pending'
    RETURNING id
""")
_DROP_WAITING = text("DELETE FROM delivery WHERE subscription_id = :subscription AND status = 'waiting'")
_LOCK = text(f"SELECT {_COLUMNS} FROM delivery WHERE id = :id FOR UPDATE")
_FIND = text(f"SELECT {_COLUMNS} FROM delivery WHERE id = :id")
_RESEND = text(f"""
    UPDATE delivery SET status = 'pending', due_at = clock_timestamp(), failures = 0, error = NULL, ended_at = NULL
     WHERE id = :id RETURNING {_COLUMNS}
""")
_ATTEMPTS = text("""
    SELECT number, outcome, status_code, error, response, address, began_at, seconds FROM attempt WHERE delivery_id = :id ORDER BY number
""")
_LIST = text(f"""
    SELECT {_COLUMNS} FROM delivery
     WHERE (CAST(:before AS text) IS NULL OR id < :before)
       AND (CAST(:subscription AS text) IS NULL OR subscription_id = :subscription)
       AND (CAST(:status AS text) IS NULL OR status = :status)
       AND (CAST(:alert AS text) IS NULL OR alert_ids @> ARRAY[CAST(:alert AS text)])
     ORDER BY id DESC LIMIT :limit
""")
_PRUNE = text("""
    DELETE FROM delivery WHERE id IN (
        SELECT id FROM delivery WHERE ended_at < clock_timestamp() - make_interval(days => :days) ORDER BY ended_at LIMIT 1000)
    RETURNING 1
""")
_QUEUE = text("""
    SELECT count(*) AS pending, coalesce(extract(epoch FROM clock_timestamp() - min(due_at)), 0)::float8 AS age
      FROM delivery WHERE status = 'pending' AND due_at <= clock_timestamp()
""")


@dataclass(frozen=True, slots=True)
class Gathering:
    """News that become one message."""

    subscription_id: str
    group_key: str
    due_at: datetime
    news: dict[str, str]
    """Subject → alert."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A message as it is to be sent."""

    id: str
    event: str
    alert_ids: list[str]
    payload: str
    title: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A message, on its way or at its end."""

    id: str
    subscription_id: str
    group_key: str
    status: str
    news: dict[str, str]
    event: str | None
    alert_ids: tuple[str, ...]
    payload: str | None
    title: str | None
    body: str | None
    due_at: datetime
    attempts: int
    failures: int
    error: str | None
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What came of one try."""

    outcome: str
    status_code: int | None = None
    error: str | None = None
    response: str | None = None
    address: str | None = None
    seconds: float = 0.0
    number: int = 0
    began_at: datetime | None = None


async def gather(session: Session, gatherings: Iterable[tuple[str, Gathering]]) -> None:
    """Add news to the messages that wait for more, or begin new ones under the ids given."""
    rows = [
        {"id": new_id, "subscription_id": each.subscription_id, "group_key": each.group_key, "news": each.news, "due_at": each.due_at}
        for new_id, each in gatherings
    ]
    if rows:
        await session.execute(_GATHER, {"rows": orjson.dumps(rows).decode()})


async def postpone(session: Session, alert_id: str, until: datetime) -> None:
    """Hold back what waits to be written about this alert; a digest goes out as always."""
    await session.execute(_POSTPONE, {"alert": alert_id, "until": until})


async def any_due(session: Session) -> bool:
    """Whether any message's time to be written has come."""
    return bool((await session.execute(_ANY_DUE)).scalar_one())


async def list_due(session: Session, limit: int) -> list[Delivery]:
    """Lock messages whose time to be written has come."""
    return [_delivery(row) for row in (await session.execute(_DUE, {"limit": limit})).all()]


async def write(session: Session, written: Sequence[Written]) -> None:
    """These messages are written, once; from now on they are to be sent as they are."""
    if written:
        await session.execute(_WRITE, {"rows": orjson.dumps([asdict(each) for each in written]).decode()})


async def drop(session: Session, ids: Sequence[str]) -> None:
    """Nothing is left to tell."""
    if ids:
        await session.execute(_DROP, {"ids": list(ids)})


async def add_test(session: Session, delivery_id: str, subscription_id: str, *, payload: str, title: str, body: str, last: int) -> None:
    """A message that is sent at once by whoever wrote it, and tried once: `last` failures are on its account already.

    Should that process die, the queue tries it an hour later.
    """
    values = {"id": delivery_id, "subscription": subscription_id, "payload": payload, "title": title, "body": body, "failures": last}
    await session.execute(_ADD, values)


async def take(session: Session, *, limit: int, each: int, busy: Iterable[str], lease_seconds: float) -> list[Delivery]:
    """Take due messages, at most `each` of a subscription and none of the busy ones; others pass over them until the lease ends."""
    values = {"limit": limit, "each": each, "busy": sorted(busy), "lease": lease_seconds}
    return [_delivery(row) for row in (await session.execute(_TAKE, values)).all()]


async def take_one(session: Session, delivery_id: str, lease_seconds: float) -> Delivery | None:
    """Take this one, unless somebody has it."""
    row = (await session.execute(_TAKE_ONE, {"id": delivery_id, "lease": lease_seconds})).one_or_none()
    return None if row is None else _delivery(row)


async def seconds_until_next(session: Session, busy: Iterable[str]) -> float | None:
    """How long until anything is due; None when nothing is."""
    found: float | None = (await session.execute(_NEXT, {"busy": sorted(busy)})).scalar_one()
    return found


async def finish(session: Session, taken: Delivery, attempt: Attempt, *, status: str, delay_seconds: float) -> bool:
    """Write down what came of the attempt; False when its lease was over and somebody else has tried since."""
    values = {
        "id": taken.id, "number": taken.attempts, "status": status, "error": attempt.error, "delay": delay_seconds,
        "failed": attempt.outcome != "delivered",
    }  # fmt: skip
    ours = (await session.execute(_FINISH, values)).one_or_none() is not None
    await session.execute(
        _ATTEMPT,
        {
            "id": taken.id,
            "number": taken.attempts,
            "outcome": attempt.outcome,
            "status_code": attempt.status_code,
            "error": attempt.error,
            "response": attempt.response,
            "address": attempt.address,
            "seconds": attempt.seconds,
        },
    )
    return ours


async def abandon(session: Session, subscription_id: str, reason: str) -> None:
    """What was on its way to this subscriber will not arrive."""
    await session.execute(_ABANDON, {"subscription": subscription_id, "reason": reason})
    await session.execute(_DROP_WAITING, {"subscription": subscription_id})


async def find_delivery(session: Session, delivery_id: str) -> Delivery | None:
    """The message, if there is one."""
    row = (await session.execute(_FIND, {"id": delivery_id})).one_or_none()
    return None if row is None else _delivery(row)


async def lock_delivery(session: Session, delivery_id: str) -> Delivery | None:
    """Lock the message, if there is one."""
    row = (await session.execute(_LOCK, {"id": delivery_id})).one_or_none()
    return None if row is None else _delivery(row)


async def resend(session: Session, delivery_id: str) -> Delivery:
    """Send it again, under the same id, with all its attempts before it."""
    return _delivery((await session.execute(_RESEND, {"id": delivery_id})).one())


async def list_attempts(session: Session, delivery_id: str) -> list[Attempt]:
    """Every attempt, the first one first."""
    return [
        Attempt(
            outcome=row.outcome,
            status_code=row.status_code,
            error=row.error,
            response=row.response,
            address=row.address,
            seconds=row.seconds,
            number=row.number,
            began_at=row.began_at,
        )
        for row in (await session.execute(_ATTEMPTS, {"id": delivery_id})).all()
    ]


async def list_deliveries(
    session: Session, *, before: str | None, limit: int, subscription: str | None, alert: str | None, status: str | None
) -> list[Delivery]:
    """Messages below the id `before`, the latest first."""
    values = {"before": before, "limit": limit, "subscription": subscription, "alert": alert, "status": status}
    return [_delivery(row) for row in (await session.execute(_LIST, values)).all()]


async def prune(session: Session, days: int) -> int:
    """Forget up to a thousand messages that ended so many days ago; how many."""
    return len((await session.execute(_PRUNE, {"days": days})).all())


async def queue(session: Session) -> tuple[int, float]:
    """How many messages are due, and for how many seconds the oldest has been."""
    row = (await session.execute(_QUEUE)).one()
    return row.pending, row.age


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(**{**row._asdict(), "alert_ids": tuple(row.alert_ids)})
