"""The picture of a book says what the book says."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.console.domain.chart import CARD, LARGE, in_words, nice_ticks, step_chart
from services.console.domain.values import Book, Day, Entry

TODAY = date(2026, 11, 23)  # a Monday


def a_book(*projected: int, safety_stock: int = 0, receipts: dict[int, int] | None = None, claims: dict[int, int] | None = None) -> Book:
    atp = [min(projected[index:]) for index in range(len(projected))]
    days = tuple(
        Day(
            TODAY + timedelta(days=index),
            Decimal(value),
            Decimal(atp[index]),
            tuple(Entry("PO-1", Decimal(n), "receipt") for at, n in (receipts or {}).items() if at == index),
            tuple(Entry("ord_1", Decimal(n), "claim") for at, n in (claims or {}).items() if at == index),
        )
        for index, value in enumerate(projected)
    )
    return Book("CHAIR", "HAM", "UTC", 1, Decimal(projected[0] + safety_stock if projected else 0), Decimal(safety_stock), days)


def levels(path: str) -> list[float]:
    """The heights a step line goes through."""
    start = re.match(r"M[\d.]+ ([\d.]+)", path)
    assert start is not None
    return [float(start[1]), *(float(found) for found in re.findall(r"V([\d.]+)", path))]


def test_the_line_steps_where_the_balance_changes_and_nowhere_else() -> None:
    chart = step_chart(a_book(10, 10, 4, 4, 12))
    assert chart is not None
    first, second, third = levels(chart.line)
    assert third < first < second, "12 is drawn above 10, and 4 below it: heights grow downwards"


def test_what_is_promised_beyond_all_supply_is_marked_and_said() -> None:
    book = a_book(5, -3, 8)
    chart = step_chart(book)
    assert chart is not None
    assert chart.short
    assert "falls to \N{MINUS SIGN}3 on 24 Nov" in chart.words
    assert book.short_from() == TODAY + timedelta(days=1)


def test_a_promise_that_lives_on_the_safety_stock_is_not_called_short() -> None:
    book = a_book(5, -3, 8, safety_stock=4)
    chart = step_chart(book)
    assert chart is not None
    assert chart.band is not None
    assert not chart.short
    assert book.short_from() is None
    assert book.dips_from() == TODAY + timedelta(days=1)


def test_bars_stand_on_their_day_receipts_up_and_claims_down() -> None:
    chart = step_chart(a_book(5, 15, 9, receipts={1: 10}, claims={2: 6}))
    assert chart is not None
    receipt, claim = chart.bars
    assert receipt.kind == "receipt"
    assert receipt.y + receipt.height == pytest.approx(chart.strip_zero)
    assert receipt.label == "24 Nov: 10 PO-1"
    assert claim.kind == "claim"
    assert claim.y == chart.strip_zero
    assert claim.height / receipt.height == pytest.approx(0.6, abs=0.02)
    assert receipt.x < claim.x


def test_a_book_without_days_has_no_picture() -> None:
    assert step_chart(a_book()) is None


def test_the_table_twin_holds_each_day_on_which_something_changes() -> None:
    book = a_book(10, 10, 10, 4, 4, claims={3: 6})
    assert [day.date.day for day in book.turning_days()] == [23, 26], "the ATP of 4 holds from the first day on"


def test_the_words_name_what_can_be_promised_never_less_than_nothing() -> None:
    assert "0 can be promised today" in in_words(a_book(-4, 6))


balances = st.lists(st.integers(-10_000, 10_000), min_size=1, max_size=120)


@given(balances, st.integers(0, 500), st.sampled_from([CARD, LARGE]))
def test_everything_is_drawn_inside_the_frame(projected: list[int], safety_stock: int, size: object) -> None:
    assert size in (CARD, LARGE)
    chart = step_chart(a_book(*projected, safety_stock=safety_stock), CARD if size is CARD else LARGE)
    assert chart is not None
    bottom = chart.size.top + chart.size.balance_height
    assert all(chart.size.top - 0.01 <= level <= bottom + 0.01 for level in levels(chart.line))
    assert chart.size.top - 0.01 <= chart.zero <= bottom + 0.01
    if chart.band:
        assert chart.band.y + chart.band.height <= bottom + 0.01


@given(st.floats(-1e9, 0), st.floats(1e-6, 1e9), st.integers(2, 8))
def test_ticks_cover_the_range_pass_through_zero_and_are_few(low: float, high: float, wanted: int) -> None:
    ticks = nice_ticks(low, high, wanted)
    assert ticks[0] <= low + 1e-6
    assert ticks[-1] >= high - 1e-6
    assert 0 in ticks
    assert len(ticks) <= wanted + 3
