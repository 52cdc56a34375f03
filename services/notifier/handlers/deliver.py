"""Write messages whose time has come, take them, write down what came of them, send them again."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.notifier import events
from services.notifier.domain import message
from services.notifier.domain.message import Composed, Known
from services.notifier.domain.retrying import next_delay
from services.notifier.domain.subscription import Subscription
from services.notifier.store import alerts, deliveries, lines, subscriptions
from services.notifier.store.deliveries import Attempt, Delivery
from services.notifier.store.door import lock_door
from shared.database import Session, db_now
from shared.ids import new_id
from shared.outbox import append

AT_ONCE = 200
GONE = 410


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that this process alone tries to deliver until its lease ends."""

    delivery: Delivery
    subscription: Subscription


async def write_due(session: Session) -> int:
    """Write the messages whose time has come, on what holds now; how many were looked at."""
    if not await deliveries.any_due(session):
        return 0
    await lock_door(session)
    due = await deliveries.list_due(session, AT_ONCE)
    now = await db_now(session)
    known = await _load(session, due)
    nothing_left: list[str] = []
    written: list[deliveries.Written] = []
    for subscription_id in sorted({waiting.subscription_id for waiting in due}):
        kept = await subscriptions.find_subscription(session, subscription_id)
        own = [waiting for waiting in due if waiting.subscription_id == subscription_id]
        if kept is None or kept.disabled_at is not None:
            nothing_left += [waiting.id for waiting in own]
            continue
        before = await subscriptions.find_told(session, subscription_id, {subject for waiting in own for subject in waiting.news})
        told: dict[str, str] = {}
        for waiting in own:
            composed = message.compose(kept.subscription, waiting.news, replace(known, told={**before, **told}))
            told |= composed.told
            if composed.items:
                written.append(_written(waiting, composed, now))
            else:
                nothing_left.append(waiting.id)
        await subscriptions.save_told(session, subscription_id, told)
    await deliveries.write(session, written)
    await deliveries.drop(session, nothing_left)
    return len(due)


async def _load(session: Session, due: Sequence[Delivery]) -> Known:
    """What holds now of everything that these messages are about."""
    subjects = {subject for waiting in due for subject in waiting.news}
    found = await lines.find_lines(session, (_line_key(subject) for subject in subjects if subject.startswith("promise:")))
    about = {alert_id for waiting in due for alert_id in waiting.news.values()}
    whole = {alert_id for alert_id in about if message.about_alert(alert_id) in subjects}
    return Known(
        alerts=await alerts.find_alerts(session, about),
        lines={message.about_line(line): line for line in found.values()},
        members=await lines.list_members(session, whole),
        told={},
    )


def _written(waiting: Delivery, composed: Composed, now: datetime) -> deliveries.Written:
    kind = events.DIGEST if waiting.group_key == "digest" else composed.event.value
    return deliveries.Written(
        id=waiting.id,
        event=kind,
        alert_ids=sorted({item.alert.id for item in composed.items}),
        payload=events.message(composed, kind, waiting.subscription_id, now),
        title=message.title(composed),
        body=message.body(composed),
    )


def _line_key(subject: str) -> tuple[str, str]:
    order_id, _, line_ref = subject.removeprefix("promise:").partition("|")
    return order_id, line_ref


async def take_due(session: Session, *, limit: int, each: int, busy: Sequence[str], lease_seconds: float) -> list[Taken]:
    """Take what is to be sent now."""
    taken = await deliveries.take(session, limit=limit, each=each, busy=busy, lease_seconds=lease_seconds)
    found = {name: await subscriptions.find_subscription(session, name) for name in {each.subscription_id for each in taken}}
    return [Taken(each, kept.subscription) for each in taken if (kept := found[each.subscription_id]) is not None]


async def finish(session: Session, taken: Taken, attempt: Attempt, delays: Sequence[float], asked_seconds: float | None) -> str:
    """Write down what came of an attempt: delivered, tried again later, or given up; the status it has now.

    410 disables the subscription: its receiver does not want to hear any more.
    """
    delivery = taken.delivery
    status, delay = "delivered", 0.0
    if attempt.outcome != "delivered":
        gone = attempt.status_code == GONE
        later = None if gone else next_delay(delays, delivery.failures + 1, random.random(), asked_seconds)  # noqa: S311 -- spreads retries
        status, delay = ("undeliverable", 0.0) if later is None else ("pending", later)
    ours = await deliveries.finish(session, delivery, attempt, status=status, delay_seconds=delay)
    if not ours:
        return "lost"
    if status != "pending":
        append(session, *events.delivery_said(delivery, status, attempt.error, await db_now(session)))
    if attempt.status_code == GONE:
        await subscriptions.disable_subscription(session, delivery.subscription_id, "the receiver answered 410 Gone")
        await deliveries.abandon(session, delivery.subscription_id, "the receiver answered 410 Gone to another message")
    return status


async def write_test(session: Session, subscription_id: str, attempts: int) -> str:
    """Write a message that asks whether it arrives; its id."""
    delivery_id = new_id("msg")
    await deliveries.add_test(
        session,
        delivery_id,
        subscription_id,
        payload=events.test_message(subscription_id, await db_now(session)),
        title="A test of Pledge's alerts",
        body=f"This message was asked for to see whether it arrives. Subscription: {subscription_id}.",
        last=attempts,
    )
    return delivery_id


async def take_one(session: Session, delivery_id: str, lease_seconds: float) -> Taken | None:
    """Take this message, unless somebody has it."""
    delivery = await deliveries.take_one(session, delivery_id, lease_seconds)
    kept = None if delivery is None else await subscriptions.find_subscription(session, delivery.subscription_id)
    return None if delivery is None or kept is None else Taken(delivery, kept.subscription)


@dataclass(frozen=True, slots=True)
class CannotResend:
    """Why a message is not sent again now."""

    code: str
    why: str


async def resend(session: Session, delivery_id: str) -> Delivery | CannotResend | None:
    """Send a message again under its id, from the beginning of the schedule; None when there is none."""
    delivery = await deliveries.lock_delivery(session, delivery_id)
    if delivery is None:
        return None
    if delivery.status == "waiting":
        return CannotResend("NOT_WRITTEN", "The message still waits for its time; nothing has been sent that could be sent again.")
    kept = await subscriptions.find_subscription(session, delivery.subscription_id)
    if kept is None or kept.disabled_at is not None:
        return CannotResend("SUBSCRIPTION_DISABLED", "Its subscription is disabled or deleted; put it again first.")
    return await deliveries.resend(session, delivery_id)
