"""Which promises does one cause endanger, how bad is it, and is it over?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from services.notifier.domain.line import Cause, Line, Risk, Severity, endangered

UNMATCHED = "UNMATCHED_SHIPMENT"


class Status(StrEnum):
    """Where an alert stands; snoozed and assigned are said beside it."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Stake:
    """What is at stake in one currency."""

    currency: str
    value: Decimal
    promises: int


@dataclass(frozen=True, slots=True)
class Worst:
    """The promise that is hit hardest."""

    customer: str | None
    order_id: str
    slip_days: int
    unsupplied: bool
    missed: bool


@dataclass(frozen=True, slots=True)
class Shipment:
    """Goods that left for an order line that does not exist or was cancelled."""

    order_id: str
    line_ref: str
    sku: str
    site: str
    quantity: Decimal
    why: str
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What one cause does, in its latest round. Round 0 was never raised."""

    id: str
    cause: Cause
    round: int = 0
    status: Status = Status.RESOLVED
    severity: Severity = Severity.INFO
    promise_count: int = 0
    stakes: tuple[Stake, ...] = ()
    worst: Worst | None = None
    shipment: Shipment | None = None
    raised_at: datetime
    changed_at: datetime
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    assigned_to: str | None = None
    snoozed_until: datetime | None = None
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    note: str | None = None
    revision: int = 0


def settle(alert: Alert, lines: Iterable[Line], now: datetime) -> Alert:
    """The alert with exactly these promises: raised (again) by the first, resolved by itself with the last.

    A snooze ends when it gets worse.
    """
    dangers = sorted(
        ((line, risk) for line in lines if (risk := endangered(line)) is not None),
        key=lambda found: (-found[1].weight, found[0].key),
    )
    if not dangers:
        healed = replace(alert, promise_count=0, stakes=(), worst=None, revision=alert.revision + 1, changed_at=now)
        return healed if alert.status is Status.RESOLVED else replace(healed, status=Status.RESOLVED, resolved_at=now, resolved_by=None)
    risks = [risk for _, risk in dangers]
    worst_line, worst = dangers[0]
    latest = max(risks, key=lambda risk: (risk.occurred_at, risk.cause.summary))
    after = replace(
        _raised(alert, now) if alert.status is Status.RESOLVED else alert,
        cause=latest.cause,
        severity=worst.severity,
        promise_count=len(dangers),
        stakes=_stakes(risks),
        worst=Worst(worst.customer, worst_line.order_id, worst.slip_days, worst.unsupplied, worst.danger == "missed"),
        revision=alert.revision + 1,
        changed_at=now,
    )
    return replace(after, snoozed_until=None) if after.severity.rank > alert.severity.rank else after


def strike_unmatched(alert: Alert, shipment: Shipment, now: datetime) -> Alert:
    """The alert of an unmatched shipment; what is not newer changes nothing."""
    if alert.shipment is not None and shipment.revision <= alert.shipment.revision:
        return alert
    after = _raised(alert, now) if alert.status is Status.RESOLVED else alert
    return replace(after, severity=Severity.WARNING, shipment=shipment, revision=alert.revision + 1, changed_at=now)


def _raised(alert: Alert, now: datetime) -> Alert:
    """A new round: what people said of the last one is over."""
    return Alert(
        id=alert.id,
        cause=alert.cause,
        round=alert.round + 1,
        status=Status.OPEN,
        shipment=alert.shipment,
        raised_at=now,
        changed_at=now,
        revision=alert.revision,
    )


def _stakes(risks: Sequence[Risk]) -> tuple[Stake, ...]:
    """Per currency, the largest first; a promise without a known price is in none of them."""
    found: dict[str, Stake] = {}
    for risk in risks:
        if risk.value is not None:
            currency = risk.currency or ""
            known = found.get(currency, Stake(currency, Decimal(0), 0))
            found[currency] = Stake(currency, known.value + risk.value, known.promises + 1)
    return tuple(sorted(found.values(), key=lambda stake: (-stake.value, stake.currency)))


# What people do with an alert.


@dataclass(frozen=True, slots=True)
class NotAllowed:
    """The alert's state does not allow it."""

    code: str
    why: str
    allowed: tuple[str, ...]


def acknowledge(alert: Alert, who: str, note: str | None, now: datetime) -> Alert | NotAllowed:
    """Somebody has seen it."""
    if alert.status is Status.RESOLVED:
        return _over()
    return _next(replace(alert, status=Status.ACKNOWLEDGED, acknowledged_at=now, acknowledged_by=who, note=note or alert.note), now)


def assign(alert: Alert, whom: str, note: str | None, now: datetime) -> Alert | NotAllowed:
    """Somebody takes care of it."""
    if alert.status is Status.RESOLVED:
        return _over()
    return _next(replace(alert, assigned_to=whom, note=note or alert.note), now)


def snooze(alert: Alert, until: datetime, note: str | None, now: datetime) -> Alert | NotAllowed:
    """No message about it until then, unless it gets worse."""
    if alert.status is Status.RESOLVED:
        return _over()
    return _next(replace(alert, snoozed_until=until, note=note or alert.note), now)


def resolve(alert: Alert, who: str, note: str | None, now: datetime) -> Alert | NotAllowed:
    """Somebody has dealt with it. While promises are in danger nobody can say that they are not: they leave it one by one."""
    if alert.status is Status.RESOLVED:
        return _over()
    if alert.promise_count:
        why = f"{alert.promise_count} promises are still in danger; the alert is resolved by itself when none is."
        return NotAllowed("STILL_AT_RISK", why, ("acknowledge", "assign", "snooze"))
    return _next(replace(alert, status=Status.RESOLVED, resolved_at=now, resolved_by=who, note=note or alert.note), now)


def _next(alert: Alert, now: datetime) -> Alert:
    return replace(alert, revision=alert.revision + 1, changed_at=now)


def _over() -> NotAllowed:
    return NotAllowed("ALERT_RESOLVED", "The alert is resolved; the same cause may raise it again.", ())
