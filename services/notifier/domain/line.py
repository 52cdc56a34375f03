"""Is this promise in danger, and by what? What is known of an order line, from two topics in any order."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

NEVER = -1
"""The revision of what was never heard."""


class Severity(StrEnum):
    """How bad it is. Missed, or without any known supply: critical. Late: warning. In danger and still on its date: info."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """The worse, the higher."""
        return (Severity.INFO, Severity.WARNING, Severity.CRITICAL).index(self)


class Danger(StrEnum):
    """What quote last said of a promise."""

    RECOVERED = "recovered"
    AT_RISK = "at-risk"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Cause:
    """What endangers a promise; alerts are grouped by `key`."""

    code: str
    ref: str
    summary: str
    sku: str | None = None
    site: str | None = None
    resource: str | None = None
    document: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """One cause, one alert."""
        return self.code, self.ref


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """What quote last said of an order line's danger."""

    revision: int
    danger: Danger
    cause: Cause
    customer: str | None
    demand_class: str | None
    priority: int
    external_id: str | None
    source_system: str | None
    sku: str
    sites: tuple[str, ...]
    quantity: Decimal
    requested_date: date
    first_promised_date: date | None
    promised_date: date | None
    projected_date: date | None
    slip_days: int
    unsupplied: bool
    value: Decimal | None
    currency: str | None
    occurred_at: datetime

    @property
    def severity(self) -> Severity:
        """By the rule that Severity states."""
        if self.danger is Danger.MISSED or self.unsupplied:
            return Severity.CRITICAL
        return Severity.WARNING if self.slip_days > 0 else Severity.INFO

    @property
    def weight(self) -> int:
        """What the worst promise of an alert is told by: severity first, then days."""
        return self.severity.rank * 100_000 + max(-99_999, min(99_999, self.slip_days))

    @property
    def state(self) -> str:
        """What is told once: the cause, the danger, the date. The same words mean that there is nothing new."""
        projected = "never" if self.unsupplied else str(self.projected_date)
        return "|".join((self.danger, self.cause.code, self.cause.ref, projected, str(self.promised_date)))


@dataclass(frozen=True, slots=True)
class Line:
    """An order line: whether it is still open (quote.orders) and in which danger (quote.risk), each by its own revision."""

    order_id: str
    line_ref: str
    is_open: bool = True
    order_revision: int = NEVER
    risk: Risk | None = None
    alert_id: str | None = None
    """The alert that it stands in."""

    @property
    def key(self) -> tuple[str, str]:
        """The order and its line."""
        return self.order_id, self.line_ref


def hear_risk(line: Line, risk: Risk) -> Line:
    """The line after quote has spoken of its danger; what is not newer changes nothing."""
    known = NEVER if line.risk is None else line.risk.revision
    return replace(line, risk=risk) if risk.revision > known else line


def hear_order(line: Line, revision: int, *, is_open: bool) -> Line:
    """The line after quote has spoken of its order; what is not newer changes nothing."""
    return replace(line, is_open=is_open, order_revision=revision) if revision > line.order_revision else line


def endangered(line: Line) -> Risk | None:
    """The danger that the line is in: none when it has recovered, was shipped or cancelled."""
    if line.risk is None or not line.is_open or line.risk.danger is Danger.RECOVERED:
        return None
    return line.risk
