"""On which days does something work, and which day is so many working days later or earlier (promising.md § 8)?

    rank(d)   = working days from 0001-01-01 to d = whole weeks x working days of a week + those of the week begun
                + exceptions up to d that open a day - exceptions up to d that close one
    select(r) = the day whose rank is r
    the n-th working day after d  = select(rank(d) + n)
    the n-th working day before d = select(rank(d - 1) - n + 1)

Ranks at the exceptions are kept, so a question costs one search among them, however many days it spans.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import date
from itertools import accumulate
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.quote.domain.entry import Day

THREE_YEARS: Final = 1096
"""Days after which nobody waits for a working day any longer."""
_WEEK: Final = 7
_LAST: Final = date.max.toordinal()


@dataclass(frozen=True, slots=True)
class Calendar:
    """On which days something works. `weekly[0]` is Monday; `days`: the days that differ. Values are minutes (0 = closed).

    Every search ends after three years without a working day, and at the first and last day of the civil calendar.
    `days` must not change afterwards.
    """

    weekly: tuple[int, ...]
    days: Mapping[Day, int] = field(hash=False)
    every_day: bool = field(init=False, repr=False, compare=False)
    """Whether each single day works, so that working days are elapsed days."""
    _table: _Table = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.weekly) != _WEEK:
            raise ValueError(f"a weekly pattern has {_WEEK} days, not {len(self.weekly)}")
        table = _Table(self.weekly, self.days)
        object.__setattr__(self, "_table", table)
        object.__setattr__(self, "every_day", table.every_day)

    def minutes(self, day: Day) -> int:
        """Working minutes of a day; 0 when it is closed."""
        own = self.days.get(day)
        return self.weekly[(day - 1) % _WEEK] if own is None else own

    def works(self, day: Day) -> bool:
        """Whether anything is done on the day."""
        return self.minutes(day) > 0

    def on_or_after(self, day: Day) -> Day | None:
        """The day itself if it works, else the next working day; None when there is none up to three years (1096 days) later."""
        if self.works(day):
            return day
        found = self._table.select(self._table.rank(day) + 1)
        return found if found is not None and found - day <= THREE_YEARS else None

    def on_or_before(self, day: Day) -> Day | None:
        """The day itself if it works, else the last working day before it; None when there is none up to three years earlier."""
        if self.works(day):
            return day
        found = self._table.select(self._table.rank(day))
        return found if found is not None and day - found <= THREE_YEARS else None

    def plus(self, day: Day, working_days: int) -> Day | None:
        """The n-th working day after `day`, n >= 0; 0: `day` itself if it works, else the next working day.

        The same as going on to the next working day n times; None as soon as one of these steps finds none.
        """
        if self.every_day:
            later = day + working_days
            return later if later <= _LAST else None
        first = self.on_or_after(day + 1 if working_days else day)
        if first is None or working_days <= 1:
            return first
        last = self._table.select(self._table.rank(first) + working_days - 1)
        return last if last is not None and self._table.is_connected(first, last) else None

    def minus(self, day: Day, working_days: int) -> Day | None:
        """The n-th working day before `day`, n >= 0; 0: `day` itself if it works, else the last working day before it.

        The same as going back to the last working day n times; None as soon as one of these steps finds none.
        """
        if self.every_day:
            earlier = day - working_days
            return earlier if earlier >= 1 else None
        last = self.on_or_before(day - 1 if working_days else day)
        if last is None or working_days <= 1:
            return last
        first = self._table.select(self._table.rank(last) - working_days + 1)
        return first if first is not None and self._table.is_connected(first, last) else None


class _Table:
    """Rank and select of one calendar's working days."""

    __slots__ = ("_before", "_exceptions", "_gaps", "_of_week", "_offsets", "_opened", "_ranks", "every_day")

    def __init__(self, weekly: tuple[int, ...], days: Mapping[Day, int]) -> None:
        works = [minutes > 0 for minutes in weekly]
        self._offsets = [weekday for weekday in range(_WEEK) if works[weekday]]
        """Weekdays that work, Monday being 0."""
        self._of_week = len(self._offsets)
        self._before = [0, *accumulate(works)]
        """Working days among the first n of a week."""
        self._exceptions = sorted(day for day, minutes in days.items() if (minutes > 0) != works[(day - 1) % _WEEK])
        self._opened = [0, *accumulate(-1 if works[(day - 1) % _WEEK] else 1 for day in self._exceptions)]
        """Days opened less days closed by the first n exceptions."""
        self._ranks = [self.rank(day) for day in self._exceptions]
        self.every_day = self._of_week == _WEEK and not self._exceptions
        self._gaps = self._find_gaps()

    def rank(self, day: Day) -> int:
        """How many days from the first of the civil calendar, a Monday, up to `day` work."""
        weeks, begun = divmod(day, _WEEK)
        return weeks * self._of_week + self._before[begun] + self._opened[bisect_right(self._exceptions, day)]

    def select(self, rank: int) -> Day | None:
        """The working day of this rank, or None."""
        if rank < 1:
            return None
        at = bisect_left(self._ranks, rank)
        found = self._exceptions[at] if at < len(self._exceptions) else None
        if self._of_week:
            weeks, nth = divmod(rank - self._opened[at] - 1, self._of_week)
            by_week = weeks * _WEEK + self._offsets[nth] + 1
            found = by_week if found is None else min(found, by_week)
        return found if found is not None and found <= _LAST else None

    def is_connected(self, first: Day, last: Day) -> bool:
        """Whether no two neighbours among the working days from `first` to `last` are too far apart to wait."""
        return not self._gaps or bisect_left(self._gaps, first) == bisect_left(self._gaps, last)

    def _find_gaps(self) -> list[Day]:
        """Working days whose next one lies more than three years after the day that follows them: only exceptions make these."""
        gaps = set()
        for rank in set(self._ranks):
            last, following = self.select(rank), self.select(rank + 1)
            if last is not None and following is not None and following - last > THREE_YEARS + 1:
                gaps.add(last)
        return sorted(gaps)


_WHOLE_DAY: Final = 1440
EVERY_DAY: Final = Calendar((_WHOLE_DAY,) * _WEEK, {})
"""No calendar: every day works, around the clock."""
NEVER: Final = Calendar((0,) * _WEEK, {})
"""A calendar that is not known yet: no day works."""
