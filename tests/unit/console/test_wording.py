"""How figures and dates read."""

from datetime import date
from decimal import Decimal

import pytest

from services.console.domain.wording import age, long_date, number


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("0", "0"), ("-0", "0"), ("12", "12"), ("1200", "1\u202f200"), ("-3", "\u22123"), ("0.250000", "0.25"), ("1E+3", "1\u202f000"),
        ("999999999.999999", "999\u202f999\u202f999.999999"),
    ],
)  # fmt: skip
def test_a_number_has_no_idle_zeros_and_a_true_minus(value: str, words: str) -> None:
    assert number(Decimal(value)) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "never"), (-0.2, "0.0 s"), (0.44, "0.4 s"), (45, "45 s"), (600, "10 min"), (9000, "2 h"), (259200, "3 days")],
)
def test_an_age_is_as_precise_as_it_is_worth(seconds: float | None, words: str) -> None:
    assert age(seconds) == words


def test_a_date_names_its_weekday() -> None:
    assert long_date(date(2026, 12, 3)) == "Thu 3 Dec 2026"
