"""Subscriptions, and what each subscriber knows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row, text

from services.notifier.domain.subscription import Subscription
from shared.database import Session

_SUBSCRIPTION = TypeAdapter(Subscription)
_COLUMNS = "id, definition, channel, secret, revision, disabled_at, disabled_reason, created_at, updated_at"

_FIND = text(f"SELECT {_COLUMNS} FROM subscription WHERE id = :id")
_LOCK = text(f"SELECT {_COLUMNS} FROM subscription WHERE id = :id FOR UPDATE")
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '/subscription/' || :id, 0))")
_SAVE = text(f"""
    INSERT INTO subscription (id, definition, channel, secret)
    VALUES (:id, CAST(:definition AS jsonb), :channel, :secret)
        ON CONFLICT (id) DO UPDATE
           SET definition = excluded.definition, channel = excluded.channel, secret = excluded.secret,
               revision = subscription.revision + 1, disabled_at = NULL, disabled_reason = NULL, updated_at = clock_timestamp()
    RETURNING {_COLUMNS}
""")
_LIVING = text(f"SELECT {_COLUMNS} FROM subscription WHERE disabled_at IS NULL ORDER BY id")
_LIST = text(f"SELECT {_COLUMNS} FROM subscription WHERE id > :after ORDER BY id LIMIT :limit")
_DELETE = text("DELETE FROM subscription WHERE id = :id")
_DISABLE = text("""
    UPDATE subscription SET disabled_at = clock_timestamp(), disabled_reason = :reason, revision = revision + 1
     WHERE id = :id AND disabled_at IS NULL
""")
_TOLD = text("SELECT subject, state FROM told WHERE subscription_id = :id AND subject = ANY(CAST(:subjects AS text[]))")
_TELL = text("""
    INSERT INTO told (subscription_id, subject, state)
    SELECT :id, subject, state FROM unnest(CAST(:subjects AS text[]), CAST(:states AS text[])) AS t (subject, state)
        ON CONFLICT (subscription_id, subject) DO UPDATE SET state = excluded.state
""")
_FORGET = text("DELETE FROM told WHERE subject = ANY(CAST(:subjects AS text[]))")
_FORGET_SUBSCRIBER = text("DELETE FROM told WHERE subscription_id = :id")


@dataclass(frozen=True, slots=True)
class Kept:
    """A subscription as it is kept."""

    subscription: Subscription
    revision: int
    disabled_at: datetime | None
    disabled_reason: str | None
    created_at: datetime
    updated_at: datetime


async def find_subscription(session: Session, subscription_id: str) -> Kept | None:
    """The subscription, if there is one."""
    row = (await session.execute(_FIND, {"id": subscription_id})).one_or_none()
    return None if row is None else _kept(row)


async def lock_subscription(session: Session, subscription_id: str) -> Kept | None:
    """Lock the subscription, or the name of one that is yet to come."""
    await session.execute(_ONE_AT_A_TIME, {"id": subscription_id})
    row = (await session.execute(_LOCK, {"id": subscription_id})).one_or_none()
    return None if row is None else _kept(row)


async def save_subscription(session: Session, subscription: Subscription) -> Kept:
    """Put it in place; one that was disabled lives again."""
    definition = _SUBSCRIPTION.dump_json(subscription, exclude={"secret", "channel"}).decode()
    values = {"id": subscription.id, "definition": definition, "channel": subscription.channel, "secret": subscription.secret}
    return _kept((await session.execute(_SAVE, values)).one())


async def delete_subscription(session: Session, subscription_id: str) -> None:
    """Forget it, and what it was told."""
    await session.execute(_DELETE, {"id": subscription_id})
    await session.execute(_FORGET_SUBSCRIBER, {"id": subscription_id})


async def disable_subscription(session: Session, subscription_id: str, reason: str) -> None:
    """Tell it nothing any more until it is put again."""
    await session.execute(_DISABLE, {"id": subscription_id, "reason": reason})


async def list_living(session: Session) -> list[Subscription]:
    """Every subscription that is told anything."""
    return [_kept(row).subscription for row in (await session.execute(_LIVING)).all()]


async def list_subscriptions(session: Session, after: str, limit: int) -> list[Kept]:
    """Subscriptions by id."""
    return [_kept(row) for row in (await session.execute(_LIST, {"after": after, "limit": limit})).all()]


async def find_told(session: Session, subscription_id: str, subjects: Iterable[str]) -> dict[str, str]:
    """What the subscriber knows of these subjects."""
    rows = (await session.execute(_TOLD, {"id": subscription_id, "subjects": sorted(subjects)})).all()
    return {row.subject: row.state for row in rows}


async def save_told(session: Session, subscription_id: str, told: Mapping[str, str]) -> None:
    """The subscriber knows this now."""
    if told:
        await session.execute(_TELL, {"id": subscription_id, "subjects": list(told), "states": list(told.values())})


async def forget_told(session: Session, subjects: Iterable[str]) -> None:
    """These are over: shipped or cancelled."""
    if wanted := sorted(subjects):
        await session.execute(_FORGET, {"subjects": wanted})


def _kept(row: Row[Any]) -> Kept:
    subscription = _SUBSCRIPTION.validate_python({**row.definition, "id": row.id, "channel": row.channel, "secret": row.secret})
    return Kept(subscription, row.revision, row.disabled_at, row.disabled_reason, row.created_at, row.updated_at)
