"""What a supplier's periods have left as everybody is put in anew."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.bins import PeriodBin
from services.quote.domain.calendar import THREE_YEARS, Calendar
from services.quote.domain.sources import Buy
from tests.unit.quote_domain.builders import TODAY

calendars = st.sets(st.integers(0, 6), max_size=6).map(lambda closed: Calendar(tuple(0 if n in closed else 480 for n in range(7)), {}))
quantities = st.dictionaries(st.integers(-3, 20), st.integers(1, 9), max_size=5)


def left(capacity: int, period: int, day: int, *taken: Mapping[int, int]) -> int:
    """The slow way: everything of the days that lie in the same period."""
    same = (quantity for each in taken for at, quantity in each.items() if (TODAY + at - 1) // period == (TODAY + day - 1) // period)
    return capacity - sum(same)


@given(st.integers(0, 12), st.integers(1, 9), calendars, quantities, quantities, st.integers(1, 40), st.integers(-2, 15))
def test_what_a_supplier_cannot_deliver_in_a_period_comes_in_the_next_that_has_some_left(
    capacity: int, period: int, calendar: Calendar, taken: dict[int, int], ordered: dict[int, int], quantity: int, wanted: int
) -> None:
    terms = Buy("TERMS", "WOOD", 0, calendar, capacity=capacity, period_days=period)
    found = PeriodBin(TODAY, terms, {TODAY + at: q for at, q in taken.items()}, {TODAY + at: q for at, q in ordered.items()})
    assert found.free(TODAY + wanted) == left(capacity, period, wanted, taken, ordered)
    assert found.fits(TODAY + wanted, quantity) == (wanted < 0 or left(capacity, period, wanted, taken, ordered) >= quantity)
    parts, rest, mine = [], quantity, dict[int, int]()
    for at in range(max(wanted, 0), wanted + THREE_YEARS if capacity else 0):
        part = min(rest, left(capacity, period, at, taken, ordered, mine)) if calendar.minutes(TODAY + at) else 0
        if part > 0:
            parts.append((TODAY + at, part))
            mine[at] = part
            rest -= part
        if rest == 0:
            break
    assert found.later(quantity, TODAY + wanted) == (None if rest else tuple(parts))


@given(quantities, st.integers(1, 9), st.integers(1, 20))
def test_terms_that_name_no_capacity_hold_nothing_against_anybody(taken: dict[int, int], quantity: int, wanted: int) -> None:
    for terms in (None, Buy("TERMS", "WOOD", 0, Calendar((480,) * 7, {}))):
        found = PeriodBin(TODAY, terms, {TODAY + at: q for at, q in taken.items()}, {})
        assert found.fits(TODAY + wanted, quantity)
        assert not found.overloaded
        assert found.later(quantity, TODAY + wanted) == ((TODAY + wanted, quantity),)


def test_periods_that_have_passed_are_not_overloaded() -> None:
    terms = Buy("TERMS", "WOOD", 0, Calendar((480,) * 7, {}), capacity=5, period_days=1)
    assert not PeriodBin(TODAY, terms, {TODAY - 1: 9}, {}).overloaded
    assert PeriodBin(TODAY, terms, {TODAY: 6}, {}).overloaded
    assert PeriodBin(TODAY, terms, {TODAY: 3}, {TODAY: 3}).overloaded
    assert not PeriodBin(TODAY, terms, {TODAY: 3}, {TODAY + 1: 3}).overloaded
