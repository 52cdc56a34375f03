"""How is it said to a person? One sentence, and a table of at most ten promises."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from services.notifier.domain.alert import Alert, Status, Worst
from services.notifier.domain.line import Danger, Line, Risk, endangered

MOST_ROWS = 10
_SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}
_THOUSAND, _MILLION = 1000, 1_000_000
_EXACT_BELOW = 10_000
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def sentence(alert: Alert) -> str:
    """`PO-552 slipped to 8 Dec: 6 promises, € 212k, worst Nordrad +3 days.`"""
    what = one_line(alert.cause.summary).rstrip(". ")
    if alert.status is Status.RESOLVED:
        return f"{what}: resolved." if alert.resolved_by else f"{what}: no promise is in danger any more."
    if alert.worst is None:
        return f"{what}."
    parts = [counted(alert.promise_count, "promise"), *(amount(stake.currency, stake.value) for stake in alert.stakes)]
    if hit := _worst(alert.worst):
        parts.append(hit)
    return f"{what}: {', '.join(parts)}."


def _worst(worst: Worst) -> str:
    who = one_line(worst.customer or worst.order_id)
    if worst.missed:
        return f"worst {who} missed"
    if worst.unsupplied:
        return f"worst {who} without supply"
    return f"worst {who} +{counted(worst.slip_days, 'day')}" if worst.slip_days > 0 else ""


def table(lines: Sequence[Line]) -> list[str]:
    """A row per promise, the first ten; then how many more."""
    rows = [row(line) for line in lines[:MOST_ROWS]]
    more = len(lines) - len(rows)
    return [*rows, f"… and {more} more"] if more > 0 else rows


def row(line: Line) -> str:
    """`ORD-7/10 Nordrad: 80 SKU-77, promised 5 Dec, now 8 Dec (+3 days), € 4,500`."""
    risk = line.risk
    if risk is None:
        return f"{line.order_id}/{line.line_ref}"
    who = f" {one_line(risk.customer)}" if risk.customer else ""
    parts = [f"{number(risk.quantity)} {one_line(risk.sku)}", f"promised {day(risk.promised_date)}", _now(line, risk)]
    if risk.value is not None:
        parts.append(amount(risk.currency or "", risk.value))
    return f"{one_line(risk.external_id or line.order_id)}/{line.line_ref}{who}: {', '.join(parts)}"


def _now(line: Line, risk: Risk) -> str:
    if endangered(line) is None:
        return "holds again"
    if risk.danger is Danger.MISSED:
        return f"missed, now {day(risk.projected_date)}" if risk.projected_date else "missed"
    if risk.unsupplied:
        return "no supply known"
    late = f" (+{counted(risk.slip_days, 'day')})" if risk.slip_days > 0 else ""
    return f"now {day(risk.projected_date)}{late}"


def day(when: date | None) -> str:
    """`8 Dec`."""
    return "without a date" if when is None else f"{when.day} {_MONTHS[when.month - 1]}"


def counted(many: int, noun: str) -> str:
    """`1 day`, `3 days`."""
    return f"{many} {noun}" if many == 1 else f"{many} {noun}s"


def number(quantity: Decimal) -> str:
    """Without superfluous zeros."""
    return format(quantity.normalize() + 0, "f")


def amount(currency: str, value: Decimal) -> str:
    """`€ 4,500`, `€ 212k`, `€ 3.1M`: rounded as one says it."""
    symbol = _SYMBOLS.get(currency, one_line(currency))
    if value < _EXACT_BELOW:
        spoken = f"{value:,.0f}"
    elif value < _MILLION - _THOUSAND / 2:
        spoken = f"{value / _THOUSAND:,.0f}k"
    else:
        spoken = f"{value / _MILLION:,.1f}M"
    return f"{symbol} {spoken}".strip()


def one_line(text: str) -> str:
    """What others wrote, without line breaks and control characters: it stands in subjects of e-mails."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
