"""Builders of what notifier's domain is about."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from services.notifier.domain.alert import Alert, settle
from services.notifier.domain.line import Cause, Danger, Line, Risk
from services.notifier.domain.subscription import Event, Subscription

NOW = datetime(2026, 11, 21, 10, 42, 7, tzinfo=UTC)


def a_cause(ref: str = "PO-552") -> Cause:
    return Cause("RECEIPT_RESCHEDULED", ref, f"{ref} slipped to 8 Dec.")


def a_risk(**fields: Any) -> Risk:
    """Return a promise that is three days late, worth 3,600 euros, unless `fields` say otherwise."""
    known: dict[str, Any] = {
        "revision": 1, "danger": Danger.AT_RISK, "cause": a_cause(), "customer": "Nordrad", "demand_class": "gold", "priority": 10,
        "external_id": None, "source_system": None, "sku": "SKU-77", "sites": ("HAM",), "quantity": Decimal(80),
        "requested_date": date(2026, 12, 1), "first_promised_date": date(2026, 12, 5), "promised_date": date(2026, 12, 5),
        "projected_date": date(2026, 12, 8), "slip_days": 3, "unsupplied": False, "value": Decimal(3600), "currency": "EUR",
        "occurred_at": NOW,
    }  # fmt: skip
    return Risk(**{**known, **fields})


def a_line(number: int = 1, **fields: Any) -> Line:
    return Line(f"ORD-{number}", "10", risk=a_risk(**fields), alert_id="alt_1")


def an_alert(*lines: Line, cause: Cause | None = None) -> Alert:
    """Return an alert with these promises."""
    blank = Alert(id="alt_1", cause=cause or a_cause(), raised_at=NOW, changed_at=NOW)
    return settle(blank, lines, NOW + timedelta(seconds=1)) if lines else blank


def a_subscription(**fields: Any) -> Subscription:
    known: dict[str, Any] = {"id": "sub", "events": frozenset(Event), "channel": "https://example.com", "secret": ""}
    return Subscription(**{**known, **fields})
