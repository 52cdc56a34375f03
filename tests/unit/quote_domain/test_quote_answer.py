"""Outcomes of a line and of a whole request."""

import pytest

from services.quote.domain.answer import outcome_of_all, outcome_of_line
from tests.unit.quote_domain.builders import TODAY, units


@pytest.mark.parametrize(
    ("promised", "day", "outcome"),
    [
        (units(5), 2, "full"),
        (units(6), 1, "full"),
        (units(5), 3, "late"),
        (units(5) - 1, 2, "partial"),
        (1, 9, "partial"),
        (0, 2, "none"),
        (0, None, "none"),
        (units(5), None, "none"),
    ],
)
def test_a_line_of_five_wanted_in_two_days(promised: int, day: int | None, outcome: str) -> None:
    assert outcome_of_line(units(5), promised, TODAY + 2, None if day is None else TODAY + day) == outcome


@pytest.mark.parametrize(
    ("lines", "outcome"),
    [
        ("none none", "none"),
        ("full full", "full"),
        ("late late", "late"),
        ("full late", "late"),
        ("full none", "partial"),
        ("late none", "partial"),
        ("partial partial", "partial"),
        ("full partial", "partial"),
        ("partial none", "partial"),
    ],
)
def test_a_whole_of_two_lines(lines: str, outcome: str) -> None:
    assert outcome_of_all(lines.split()) == outcome
