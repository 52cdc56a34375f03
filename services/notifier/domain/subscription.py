"""Who wants to be told what, and when?"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from services.notifier.domain.alert import Alert
from services.notifier.domain.line import Line, Risk, Severity


class Event(StrEnum):
    """What can be subscribed to; in this order the first names a message that holds several."""

    UNMATCHED_SHIPMENT = "unmatched-shipment"
    ALERT_RAISED = "alert-raised"
    PROMISE_MISSED = "promise-missed"
    PROMISE_AT_RISK = "promise-at-risk"
    PROMISE_RECOVERED = "promise-recovered"
    ALERT_RESOLVED = "alert-resolved"


DANGERS = frozenset({Event.PROMISE_AT_RISK, Event.PROMISE_MISSED})


class Grouping(StrEnum):
    """One message per cause, or one per promise."""

    CAUSE = "cause"
    PROMISE = "promise"


@dataclass(frozen=True, slots=True)
class Filters:
    """What a promise must be like; an empty list asks nothing. A promise without a known value passes every minimum value."""

    customer: tuple[str, ...] = ()
    sku: tuple[str, ...] = ()
    site: tuple[str, ...] = ()
    demand_class: tuple[str, ...] = ()
    cause: tuple[str, ...] = ()
    minimum_slip_days: int | None = None
    """Missed promises and those without supply pass."""
    minimum_value: Decimal | None = None
    """In the promise's own currency."""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Local times between which messages wait; over midnight when `begins` is the later one."""

    begins: time
    ends: time
    time_zone: str
    except_critical: bool = True


@dataclass(frozen=True, slots=True)
class Digest:
    """Everything in one message a day, at this local time."""

    at: time
    time_zone: str


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who is told what over which channel."""

    id: str
    events: frozenset[Event]
    channel: str
    secret: str
    filters: Filters = Filters()
    severity: Severity = Severity.INFO
    allow_private: bool = False
    quiet_hours: QuietHours | None = None
    digest: Digest | None = None
    grouping: Grouping = Grouping.CAUSE


def concerns(subscription: Subscription, risk: Risk) -> bool:
    """Whether the promise belongs to those that the subscription is about, whatever its danger."""
    filters = subscription.filters
    return (
        _among(risk.customer, filters.customer)
        and _among(risk.sku, filters.sku)
        and _among(risk.demand_class, filters.demand_class)
        and (not filters.site or bool(set(risk.sites) & set(filters.site)))
    )


def wants_danger(subscription: Subscription, risk: Risk) -> bool:
    """Whether a promise in this danger is bad enough, and the cause one that was asked for."""
    filters = subscription.filters
    hopeless = risk.severity is Severity.CRITICAL
    return (
        concerns(subscription, risk)
        and risk.severity.rank >= subscription.severity.rank
        and _among(risk.cause.code, filters.cause)
        and (filters.minimum_slip_days is None or hopeless or risk.slip_days >= filters.minimum_slip_days)
        and (filters.minimum_value is None or risk.value is None or risk.value >= filters.minimum_value)
    )


def wants_shipment(subscription: Subscription, alert: Alert) -> bool:
    """Whether an unmatched shipment is wanted: it has a sku and a site, and no customer."""
    filters, shipment = subscription.filters, alert.shipment
    return (
        shipment is not None
        and alert.severity.rank >= subscription.severity.rank
        and not (filters.customer or filters.demand_class)
        and _among(shipment.sku, filters.sku)
        and _among(shipment.site, filters.site)
        and _among(alert.cause.code, filters.cause)
    )


def may_want_line(subscription: Subscription, line: Line) -> bool:
    """Whether news of this line could make a message; what it says is decided when it is written."""
    if line.risk is None or not subscription.events & {*DANGERS, Event.PROMISE_RECOVERED}:
        return False
    return concerns(subscription, line.risk)


def due_at(subscription: Subscription, now: datetime, gather: timedelta, *, critical: bool, snoozed_until: datetime | None) -> datetime:
    """When a message about news of this instant is written and sent."""
    if subscription.digest is not None:
        return next_digest(subscription.digest, now)
    due = now + gather
    quiet = subscription.quiet_hours
    if quiet is not None and not (critical and quiet.except_critical):
        due = max(due, quiet_until(quiet, now) or due)
    return max(due, snoozed_until or due)


def quiet_until(quiet: QuietHours, now: datetime) -> datetime | None:
    """When the quiet hours that hold at `now` end; None when none hold."""
    local = now.astimezone(ZoneInfo(quiet.time_zone))
    clock = local.time()
    over_midnight = quiet.begins > quiet.ends
    holds = (clock >= quiet.begins or clock < quiet.ends) if over_midnight else quiet.begins <= clock < quiet.ends
    if not holds:
        return None
    ends_on = local.date() + timedelta(days=1 if clock >= quiet.ends else 0)
    return _instant(ends_on, quiet.ends, quiet.time_zone, now)


def next_digest(digest: Digest, now: datetime) -> datetime:
    """The first time of the digest after `now`."""
    today = now.astimezone(ZoneInfo(digest.time_zone)).date()
    for days in (0, 1):
        instant = _local(today + timedelta(days=days), digest.at, digest.time_zone, fold=0)
        if instant > now:
            return instant
    return _local(today + timedelta(days=2), digest.at, digest.time_zone, fold=0)


def _instant(day: date, clock: time, zone: str, now: datetime) -> datetime:
    """The local time on that day; of an hour that comes twice, the one that lies ahead."""
    first = _local(day, clock, zone, fold=0)
    return first if first > now else _local(day, clock, zone, fold=1)


def _local(day: date, clock: time, zone: str, *, fold: int) -> datetime:
    return datetime.combine(day, clock.replace(fold=fold), ZoneInfo(zone)).astimezone(UTC)


def _among(value: str | None, wanted: tuple[str, ...]) -> bool:
    return not wanted or value in wanted
