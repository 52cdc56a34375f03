"""Shared figures: what they are a share of, and how far an offer was from what was asked."""

import pytest

from services.quote.domain.kpi import GAPS, gap, share


def test_a_share_is_told_to_six_digits_and_of_nothing_there_is_none() -> None:
    assert [share(0, 0), share(0, 5), share(1, 1), share(2, 3), share(7, 8)] == [None, 0, 1, 0.666667, 0.875]


@pytest.mark.parametrize(
    ("outcome", "slip_days", "expected"),
    [
        ("full", -1, "as_asked"), ("full", 0, "as_asked"), ("late", 1, "1_to_3_days"), ("late", 3, "1_to_3_days"),
        ("late", 4, "4_to_7_days"), ("late", 7, "4_to_7_days"), ("late", 8, "8_days_and_more"),
        ("partial", 2, "in_part"), ("none", 0, "no_date"),
    ],
)  # fmt: skip
def test_each_offer_falls_into_one_part_by_its_days(outcome: str, slip_days: int, expected: str) -> None:
    assert gap(outcome, slip_days) == expected
    assert expected in GAPS
