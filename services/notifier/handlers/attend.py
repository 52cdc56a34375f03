"""What people do with an alert: acknowledge, assign, snooze, resolve."""

from collections.abc import Callable
from datetime import datetime, timedelta

from services.notifier import events
from services.notifier.domain import wording
from services.notifier.domain.alert import Alert, NotAllowed, Status
from services.notifier.domain.message import about_alert
from services.notifier.domain.subscription import Event, due_at
from services.notifier.store import alerts, deliveries, lines, subscriptions
from services.notifier.store.alerts import Happening
from services.notifier.store.deliveries import Gathering
from services.notifier.store.door import lock_door
from shared.database import Session, db_now
from shared.ids import new_id
from shared.outbox import append

Change = Callable[[Alert, datetime], Alert | NotAllowed]


async def attend(
    session: Session, alert_id: str, what: str, who: str, note: str | None, change: Change, gather: timedelta
) -> Alert | NotAllowed | None:
    """Do it and say it: None when there is no such alert."""
    await lock_door(session)
    before = await alerts.lock_alert(session, alert_id)
    if before is None:
        return None
    after = change(before, await db_now(session))
    if isinstance(after, NotAllowed):
        return after
    happening = Happening(after.revision, what, who, note, wording.sentence(after), after.changed_at)
    await alerts.save_alerts(session, [(after, happening)])
    append(session, events.alert_said(what, after, await lines.list_worst(session, alert_id, events.MOST_PROMISES), actor=who))
    if after.snoozed_until is not None and after.snoozed_until != before.snoozed_until:
        await deliveries.postpone(session, alert_id, after.snoozed_until)
    if after.status is Status.RESOLVED:
        await _tell_resolved(session, after, gather)
    return after


async def _tell_resolved(session: Session, alert: Alert, gather: timedelta) -> None:
    for subscription in await subscriptions.list_living(session):
        if Event.ALERT_RESOLVED in subscription.events:
            due = due_at(subscription, alert.changed_at, gather, critical=False, snoozed_until=None)
            group = alert.id if subscription.digest is None else "digest"
            await deliveries.gather(session, [(new_id("msg"), Gathering(subscription.id, group, due, {about_alert(alert.id): alert.id}))])
