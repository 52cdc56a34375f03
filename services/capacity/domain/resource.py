"""How many minutes of work can a resource do in a day?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR, Decimal

from services.capacity.domain.pattern import Pattern


@dataclass(frozen=True, slots=True)
class Correction:
    """Downtime or overtime of one day: the minutes of work themselves, or how many more or fewer."""

    minutes: int | None = None
    delta_minutes: int | None = None


def work_minutes(calendar_minutes: int, units: Decimal, efficiency: Decimal) -> int:
    """Whole minutes of work: the calendar's, times units, times efficiency, rounded down."""
    return int((calendar_minutes * units * efficiency).to_integral_value(ROUND_FLOOR))


def corrected(minutes: int, correction: Correction | None) -> int:
    """The minutes of work after downtime or overtime; never less than none."""
    if correction is None:
        return minutes
    if correction.minutes is not None:
        return correction.minutes
    return max(0, minutes + (correction.delta_minutes or 0))


def capacity(calendar: Pattern, units: Decimal, efficiency: Decimal, corrections: Mapping[date, Correction]) -> Pattern:
    """The minutes of work of a resource day by day; the same dates as its calendar's pattern."""
    single = {day: corrected(work_minutes(calendar.minutes(day), units, efficiency), correction) for day, correction in corrections.items()}
    return calendar.map(lambda minutes: work_minutes(minutes, units, efficiency), single)
