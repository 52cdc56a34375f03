"""How are some thousand days said in few words? A week, and the days that differ from it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from services.capacity.domain.calendar import DAYS_OF_A_WEEK


@dataclass(frozen=True, slots=True)
class Pattern:
    """Minutes from `from_date` to `until_date`; the week begins on Monday."""

    weekly: tuple[int, ...]
    days: Mapping[date, int]
    from_date: date
    until_date: date

    def minutes(self, day: date) -> int:
        """The minutes of a day; outside the two dates the week's."""
        return self.days.get(day, self.weekly[day.weekday()])

    def map(self, change: Callable[[int], int], single: Mapping[date, int]) -> "Pattern":
        """Another pattern of the same days: each day's minutes changed alike, then single days set."""
        weekly = tuple(change(minutes) for minutes in self.weekly)
        days = {day: change(minutes) for day, minutes in self.days.items()}
        days |= {day: minutes for day, minutes in single.items() if self.from_date <= day <= self.until_date}
        differing = {day: days[day] for day in sorted(days) if days[day] != weekly[day.weekday()]}
        return Pattern(weekly, differing, self.from_date, self.until_date)


def fold(minutes: Sequence[int], first: date) -> Pattern:
    """The pattern of consecutive days: of each weekday its most frequent minutes (of equally frequent ones the fewest) make the week."""
    weekly = tuple(_usual(minutes, weekday - first.weekday()) for weekday in range(DAYS_OF_A_WEEK))
    begin = first.weekday()
    days = {
        first + timedelta(days=offset): each for offset, each in enumerate(minutes) if each != weekly[(begin + offset) % DAYS_OF_A_WEEK]
    }
    return Pattern(weekly, days, first, first + timedelta(days=len(minutes) - 1))


def _usual(minutes: Sequence[int], offset: int) -> int:
    counted = Counter(minutes[offset % DAYS_OF_A_WEEK :: DAYS_OF_A_WEEK])
    return min(counted, key=lambda each: (-counted[each], each), default=0)
