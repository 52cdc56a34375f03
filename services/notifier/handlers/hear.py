"""Hear which promises are in danger and which order lines are over; keep each in the alert of its cause, and gather the news."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from services.notifier import events
from services.notifier.domain import wording
from services.notifier.domain.alert import UNMATCHED, Alert, Shipment, Status, settle, strike_unmatched
from services.notifier.domain.line import Cause, Danger, Line, Risk, Severity, endangered, hear_risk
from services.notifier.domain.message import about_alert, about_line
from services.notifier.domain.subscription import Event, Grouping, Subscription, due_at, may_want_line, wants_shipment
from services.notifier.store import alerts, deliveries, lines, subscriptions
from services.notifier.store.alerts import Happening
from services.notifier.store.deliveries import Gathering
from services.notifier.store.door import lock_door
from shared import offsets
from shared.contracts.quote import ORDERS_TOPIC, RISK_TOPIC, OrderEvent, PromiseRisk, UnmatchedShipment
from shared.database import Session, db_now
from shared.ids import new_id
from shared.outbox import append

STILL_OPEN = frozenset({"confirmed", "partly_shipped"})
UNNAMED = "UNNAMED"
_WHY = {
    "unknown_order": "the order is not known",
    "unknown_line": "the order has no such line",
    "cancelled_line": "the line was cancelled",
}


async def heard_offsets(session: Session, topic: str) -> dict[int, int]:
    """How far the topic has been heard."""
    return await offsets.list_offsets(session, topic)


async def skip_to(session: Session, topic: str, ends: dict[int, int]) -> None:
    """Go on from the end of the log."""
    await offsets.set_offsets(session, topic, ends)


async def hear_dangers(
    session: Session,
    told: Sequence[tuple[str, PromiseRisk | UnmatchedShipment]],
    partition: int,
    expected_offset: int,
    next_offset: int,
    gather: timedelta,
) -> bool:
    """Take over what quote says of promises (by event type); False, and nothing, when another process has moved the offset."""
    await lock_door(session)
    if not await offsets.move_offset(session, RISK_TOPIC, partition, expected_offset, next_offset):
        return False
    await _take_dangers(session, told, gather)
    return True


async def know_dangers(session: Session, told: Sequence[tuple[str, PromiseRisk | UnmatchedShipment]], gather: timedelta) -> None:
    """Take over a piece of quote's snapshot: what is not newer than what was heard changes nothing."""
    await lock_door(session)
    await _take_dangers(session, told, gather)


async def _take_dangers(session: Session, told: Sequence[tuple[str, PromiseRisk | UnmatchedShipment]], gather: timedelta) -> None:
    risks = [((data.order_id, data.line_ref), risk_of(kind, data)) for kind, data in told if isinstance(data, PromiseRisk)]
    known = await lines.find_lines(session, (key for key, _ in risks))
    heard: dict[tuple[str, str], Line] = {}
    for key, risk in risks:
        before = heard.get(key) or known.get(key) or Line(*key)
        after = hear_risk(before, risk)
        if after is not before:
            heard[key] = after
    shipments = [data for _, data in told if isinstance(data, UnmatchedShipment)]
    await _regroup(session, list(heard.values()), shipments, gather)


async def hear_orders(
    session: Session, orders: Iterable[OrderEvent], partition: int, expected_offset: int, next_offset: int, gather: timedelta
) -> bool:
    """Take over which order lines are open: one that was shipped or cancelled leaves its alert. False when another process has moved on."""
    await lock_door(session)
    if not await offsets.move_offset(session, ORDERS_TOPIC, partition, expected_offset, next_offset):
        return False
    await _take_orders(session, orders, gather)
    return True


async def know_orders(session: Session, orders: Iterable[OrderEvent], gather: timedelta) -> None:
    """Take over a piece of quote's snapshot: what is not newer than what was heard changes nothing."""
    await lock_door(session)
    await _take_orders(session, orders, gather)


async def _take_orders(session: Session, orders: Iterable[OrderEvent], gather: timedelta) -> None:
    told = [(order.order_id, line.line_ref, line.status in STILL_OPEN, order.revision) for order in orders for line in order.lines]
    changed = await lines.hear_orders(session, told)
    over = [line for line in changed if not line.is_open]
    misplaced = [line for line in changed if (endangered(line) is None) != (line.alert_id is None)]
    await _regroup(session, misplaced, (), gather)
    await subscriptions.forget_told(session, (about_line(line) for line in over))


def risk_of(kind: str, data: PromiseRisk) -> Risk:
    """What the event says of its promise."""
    danger = Danger.MISSED if ".promise-missed." in kind else Danger.RECOVERED if ".promise-recovered." in kind else Danger.AT_RISK
    return Risk(
        revision=data.revision,
        danger=danger,
        cause=_cause(data),
        customer=data.customer,
        demand_class=data.demand_class,
        priority=data.priority,
        external_id=data.external_id,
        source_system=data.source_system,
        sku=data.sku,
        sites=data.sites,
        quantity=data.quantity,
        requested_date=data.requested_date,
        first_promised_date=data.first_promised_date,
        promised_date=data.promised_date,
        projected_date=data.projected_date,
        slip_days=data.slip_days,
        unsupplied=data.unsupplied,
        value=data.value,
        currency=data.currency,
        occurred_at=data.occurred_at,
    )


def _cause(data: PromiseRisk) -> Cause:
    told = data.cause
    if told is None:
        return Cause(UNNAMED, data.order_id, f"Order {data.order_id} is in danger for a reason that is not known.", sku=data.sku)
    return Cause(told.code, told.ref or "", told.summary, told.sku, told.site, told.resource, told.document)


async def _regroup(session: Session, heard: Sequence[Line], shipments: Sequence[UnmatchedShipment], gather: timedelta) -> None:
    """Put each line into the alert of its cause, settle every alert that this touches, and gather the news for the subscribers."""
    if not heard and not shipments:
        return
    now = await db_now(session)
    named = [_unmatched(told) for told in shipments]
    dangers = [endangered(line) for line in heard]
    causes = {risk.cause.key: risk.cause for risk in dangers if risk is not None} | {cause.key: cause for cause, _ in named}
    left = {line.alert_id for line in heard if line.alert_id is not None}
    by_cause = {alert.cause.key: alert for alert in await alerts.lock_touched(session, left, causes)}
    for key, cause in causes.items():
        by_cause.setdefault(key, Alert(id=new_id("alt"), cause=cause, raised_at=now, changed_at=now))
    placed = [
        replace(line, alert_id=None if risk is None else by_cause[risk.cause.key].id) for line, risk in zip(heard, dangers, strict=True)
    ]
    await lines.save_lines(session, placed)
    touched = {alert.id: alert for alert in by_cause.values()}
    struck = {by_cause[cause.key].id for cause, _ in named}
    members = await lines.list_members(session, touched.keys() - struck)
    after = {alert_id: settle(touched[alert_id], promises, now) for alert_id, promises in members.items()}
    for cause, shipment in named:
        alert = by_cause[cause.key]
        after[alert.id] = strike_unmatched(replace(after.get(alert.id, alert), cause=cause), shipment, now)
    changed = [alert for alert in after.values() if alert.revision > touched[alert.id].revision]
    happened = [(alert, _what_happened(touched[alert.id], alert)) for alert in changed]
    await alerts.save_alerts(session, happened)
    append(session, *(events.alert_said(each.event, alert, _worst_first(members.get(alert.id, ()))) for alert, each in happened))
    news = [(about_line(line), line, line.alert_id or old.alert_id or "") for old, line in zip(heard, placed, strict=True)]
    await _gather(session, news, changed, after, now, gather)


def _what_happened(before: Alert, after: Alert) -> Happening:
    if after.status is Status.RESOLVED:
        what = "resolved" if before.status is not Status.RESOLVED else "changed"
    else:
        what = "raised" if after.round > before.round else "changed"
    return Happening(after.revision, what, None, None, wording.sentence(after), after.changed_at)


def _worst_first(members: Sequence[Line]) -> list[Line]:
    return sorted(members, key=lambda line: (-(line.risk.weight if line.risk else 0), line.key))


async def _gather(
    session: Session,
    news: Sequence[tuple[str, Line, str]],
    changed: Sequence[Alert],
    after: Mapping[str, Alert],
    now: datetime,
    patience: timedelta,
) -> None:
    """Begin or add to the messages of every subscriber who may want them."""
    gathered: dict[tuple[str, str], Gathering] = {}

    def add(subscription: Subscription, group: str, subject: str, alert: Alert, severity: Severity) -> None:
        group = "digest" if subscription.digest is not None else group
        critical = severity is Severity.CRITICAL
        due = due_at(subscription, now, patience, critical=critical, snoozed_until=alert.snoozed_until)
        known = gathered.get((subscription.id, group))
        told = {**(known.news if known else {}), subject: alert.id}
        gathered[subscription.id, group] = Gathering(subscription.id, group, min(due, known.due_at) if known else due, told)

    for subscription in await subscriptions.list_living(session):
        for subject, line, alert_id in news:
            if alert_id in after and line.risk is not None and may_want_line(subscription, line):
                group = f"{alert_id}|{subject}" if subscription.grouping is Grouping.PROMISE else alert_id
                add(subscription, group, subject, after[alert_id], line.risk.severity)
        for alert in changed:
            if _may_want_alert(subscription, alert):
                add(subscription, alert.id, about_alert(alert.id), alert, alert.severity)
    await deliveries.gather(session, ((new_id("msg"), each) for each in gathered.values()))


def _may_want_alert(subscription: Subscription, alert: Alert) -> bool:
    if alert.shipment is not None:
        wanted = {Event.UNMATCHED_SHIPMENT, Event.ALERT_RAISED, Event.ALERT_RESOLVED}
        return bool(subscription.events & wanted) and wants_shipment(subscription, alert)
    return bool(subscription.events & {Event.ALERT_RAISED, Event.ALERT_RESOLVED})


def _unmatched(told: UnmatchedShipment) -> tuple[Cause, Shipment]:
    ref = f"{told.order_id}|{told.line_ref}|{told.sku}|{told.site}"
    what = f"{wording.number(told.quantity)} {told.sku} left {told.site} for {told.order_id}/{told.line_ref}, but {_WHY[told.cause]}."
    cause = Cause(UNMATCHED, ref, what, sku=told.sku, site=told.site, document=told.document)
    return cause, Shipment(told.order_id, told.line_ref, told.sku, told.site, told.quantity, told.cause, told.revision)
