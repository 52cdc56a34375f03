"""How figures, dates and ages read."""

from datetime import date
from decimal import Decimal

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MINUTE, HOUR, DAY = 60, 3600, 86400
MINUS = "\u2212"
THIN_SPACE = "\u202f"


def number(value: Decimal) -> str:
    """12 345.5 with thin spaces and a true minus sign, without idle zeros: `1200`, `-3`, `0.25`."""
    plain = f"{abs(value):,f}".replace(",", THIN_SPACE)
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return f"{MINUS}{plain}" if value < 0 and plain != "0" else plain


def day_month(day: date) -> str:
    """`3 Dec`."""
    return f"{day.day} {MONTHS[day.month - 1]}"


def long_date(day: date) -> str:
    """`Thu 3 Dec 2026`."""
    return f"{WEEKDAYS[day.weekday()]} {day_month(day)} {day.year}"


def age(seconds: float | None) -> str:
    """`0.4 s`, `12 s`, `3 min`, `5 h`, `2 days`; `never` when nothing was heard."""
    if seconds is None:
        return "never"
    if seconds < 10:  # noqa: PLR2004 - below ten seconds a tenth is worth reading
        return f"{max(0.0, seconds):.1f} s"
    if seconds < 2 * MINUTE:
        return f"{seconds:.0f} s"
    if seconds < 2 * HOUR:
        return f"{seconds / MINUTE:.0f} min"
    if seconds < 2 * DAY:
        return f"{seconds / HOUR:.0f} h"
    return f"{seconds / DAY:.0f} days"
