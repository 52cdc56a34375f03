"""How many minutes of work has a day, and does a pattern of them say the same as each day by itself?"""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from services.capacity.domain.pattern import fold
from services.capacity.domain.resource import Correction, capacity, corrected, work_minutes

FIRST = date(2026, 11, 22)
units = st.sampled_from([Decimal(0), Decimal(1), Decimal("2.5"), Decimal(3)])
efficiencies = st.sampled_from([Decimal("0.000001"), Decimal("0.9"), Decimal(1), Decimal("1.25")])
corrections = st.builds(Correction, minutes=st.integers(0, 2000)) | st.builds(Correction, delta_minutes=st.integers(-2000, 2000))


@given(
    st.lists(st.sampled_from([0, 479, 480, 1440]), min_size=1, max_size=60),
    units,
    efficiencies,
    st.dictionaries(st.integers(-5, 70).map(lambda offset: FIRST + timedelta(days=offset)), corrections, max_size=5),
)
def test_a_resources_pattern_says_of_each_day_what_the_day_itself_says(
    minutes: list[int], count: Decimal, efficiency: Decimal, single: dict[date, Correction]
) -> None:
    pattern = capacity(fold(minutes, FIRST), count, efficiency, single)
    for offset, each in enumerate(minutes):
        day = FIRST + timedelta(days=offset)
        assert pattern.minutes(day) == corrected(work_minutes(each, count, efficiency), single.get(day))
    assert all(pattern.from_date <= day <= pattern.until_date for day in pattern.days)
    assert all(value != pattern.weekly[day.weekday()] for day, value in pattern.days.items())


def test_minutes_of_work_are_whole_and_never_rounded_up() -> None:
    assert work_minutes(479, Decimal(1), Decimal("0.9")) == 431
    assert work_minutes(1440, Decimal(2), Decimal(1)) == 2880
    assert work_minutes(1440, Decimal(0), Decimal(1)) == 0


def test_downtime_takes_no_more_than_there_is_and_a_figure_replaces_whatever_there_was() -> None:
    assert corrected(100, Correction(delta_minutes=-300)) == 0
    assert corrected(100, Correction(delta_minutes=60)) == 160
    assert corrected(100, Correction(minutes=0)) == 0
    assert corrected(0, Correction(minutes=480)) == 480
    assert corrected(100, None) == 100
