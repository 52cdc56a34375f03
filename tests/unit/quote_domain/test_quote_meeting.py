"""Lines that ship complete over ways that rest on different days: all are delivered on one day, worked out by hand."""

from collections.abc import Sequence

import pytest

from services.quote.domain.calendar import EVERY_DAY, Calendar
from services.quote.domain.dates import Way
from services.quote.domain.shipcomplete import plan_together
from services.quote.domain.stand import Stand
from tests.unit.quote_domain.builders import TODAY, a_book, a_line
from tests.unit.quote_domain.plants import HERE, PRODUCT, THERE, Plant, a_purchase

Rests = tuple[Sequence[int], Sequence[int]]


def resting(plant: Plant, rests: Rests) -> Plant:
    """The same, with the days on which nobody receives what comes from here, and from there."""
    for site, days in zip((HERE, THERE), rests, strict=True):
        plant.way[site, "DE"] = Way(EVERY_DAY, 0, EVERY_DAY, 0, Calendar((1440,) * 7, {TODAY + day: 0 for day in days}), TODAY, site)
    return plant


def days(plant: Plant, wanted: int, not_before: int | None) -> list[int]:
    """One line from here, one from there: on which days they are delivered."""
    lines = [a_line(5, wanted, sku=PRODUCT, sites=(site,), ref=site, ship_to="DE") for site in (HERE, THERE)]
    plans = plan_together(lines, Stand(plant), allow_partial=False, not_before=None if not_before is None else TODAY + not_before)
    return [take.hop.delivery - TODAY for plan in plans for take in plan.takes]


@pytest.mark.parametrize(
    ("rests", "wanted", "not_before", "day"),
    [
        pytest.param(((5,), ()), 5, None, 4, id="the day before"),
        pytest.param(((5,), (4,)), 5, None, 3, id="two days before"),
        pytest.param(((1, 2), (0,)), 2, None, 3, id="no day before, so the first after"),
        pytest.param(((5,), (4,)), 5, 3, 3, id="as early as it stands"),
        pytest.param(((5,), (4,)), 5, 4, 6, id="no earlier than it stands"),
        pytest.param(((5,), ()), 5, 4, 4, id="on the day on which it stands"),
        pytest.param(((5, 6), (4, 7)), 5, 4, 8, id="the first after it on which both are delivered"),
    ],
)
@pytest.mark.parametrize("bought", [False, True])
def test_lines_meet_on_the_last_day_up_to_the_wanted_one_and_else_on_the_first_after_it(
    rests: Rests, wanted: int, not_before: int | None, day: int, *, bought: bool
) -> None:
    """From stock, or bought by today."""
    plant = Plant(*(a_book(on_hand=0 if bought else 5, sku=PRODUCT, site=site) for site in (HERE, THERE)))
    for site in (HERE, THERE) if bought else ():
        plant.source[PRODUCT, site] = (a_purchase(0),)
    assert days(resting(plant, rests), wanted, not_before) == [day, day]


@pytest.mark.parametrize(("lead", "day"), [(4, 6), (3, 3)])
def test_what_is_bought_too_late_for_the_days_before_meets_on_the_first_after(lead: int, day: int) -> None:
    """On day 5 nobody receives from here, on day 4 nobody from there."""
    plant = Plant(*(a_book(sku=PRODUCT, site=site) for site in (HERE, THERE)))
    for site in (HERE, THERE):
        plant.source[PRODUCT, site] = (a_purchase(lead),)
    assert days(resting(plant, ((5,), (4,))), 5, None) == [day, day]
