"""What may come in several deliveries is promised no worse than what may not: one delivery is a split too."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.promise import Decision, Demand, LineRequest, promise
from tests.examples import examples
from tests.unit.quote_domain.builders import MICRO, TODAY, a_book, a_line, units
from tests.unit.quote_domain.plants import HERE, PRODUCT, THERE, Plant, a_purchase, after, plants, written
from tests.unit.quote_domain.test_quote_supply import check_books, check_plans


def worth(decision: Decision, line: LineRequest) -> tuple[int, int, int]:
    """To be made as small as possible: most promised, most on time, least quantity x days late."""
    deliveries = decision.lines[0].deliveries
    on_time = sum(one.quantity for one in deliveries if one.delivery_day <= line.requested_day)
    late = sum(one.quantity * max(0, one.delivery_day - line.requested_day) for one in deliveries)
    return -sum(one.quantity for one in deliveries), -on_time, late


LINES = st.builds(
    lambda quantity, day, sites, least, most, latest: replace(
        a_line(quantity, day, sku=PRODUCT, sites=sites),
        min_ship=None if least is None else units(least), max_shipments=most, latest_day=None if latest is None else TODAY + day + latest,
    ),
    st.integers(1, 9), st.integers(-1, 9), st.sampled_from([(HERE,), (HERE, THERE), (THERE, HERE)]),
    st.none() | st.integers(1, 6), st.none() | st.integers(1, 2), st.none() | st.integers(0, 9),
)  # fmt: skip


@examples(200)
@given(plants(), LINES)
def test_what_may_be_split_is_promised_no_less_and_no_later_than_what_may_not(plant: Plant, line: LineRequest) -> None:
    whole, split = (promise(Demand((line,), allow_partial=partial), plant) for partial in (False, True))
    assert worth(split, line) <= worth(whole, line)
    check_plans(plant, split)
    check_books(plant, after(plant, written(split, plant)))


@pytest.mark.parametrize(
    ("limits", "wanted", "expected"),
    [
        ({"max_shipments": 1}, 5, [(THERE, 5, 6)]),
        ({"max_shipments": 1}, 0, [(THERE, 1, 6)]),
        ({"min_ship": units(4)}, 0, [(THERE, 1, 6)]),
        ({}, 0, [(HERE, 0, 4), (THERE, 0, 2)]),
    ],
)
def test_one_site_may_plan_the_whole_where_the_limits_leave_no_room_for_what_another_has(
    limits: dict[str, int], wanted: int, expected: list[tuple[str, int, int]]
) -> None:
    """Four are here, and two at the other site, where more can be bought by tomorrow; here it takes eight days."""
    plant = Plant(a_book(on_hand=4, sku=PRODUCT, site=HERE), a_book(on_hand=2, sku=PRODUCT, site=THERE))
    plant.source[PRODUCT, HERE] = (a_purchase(8),)
    plant.source[PRODUCT, THERE] = (a_purchase(1),)
    line = replace(a_line(6, wanted, sku=PRODUCT, sites=(HERE, THERE)), **limits)  # type: ignore[arg-type]
    decision = promise(Demand((line,), allow_partial=True), plant)
    assert [(one.site, one.delivery_day - TODAY, one.quantity // MICRO) for one in decision.lines[0].deliveries] == expected
    check_books(plant, after(plant, written(decision, plant)))


def test_a_line_is_not_cut_short_where_one_delivery_has_all_of_it() -> None:
    """Two are at the other site, too few for a shipment of three; beside them three would be bought, and alone all five."""
    plant = Plant(a_book(sku=PRODUCT, site=HERE), a_book(on_hand=2, sku=PRODUCT, site=THERE))
    plant.source[PRODUCT, HERE] = (a_purchase(7),)
    line = replace(a_line(5, 3, sku=PRODUCT, sites=(HERE, THERE)), min_ship=units(3), max_shipments=2)
    (told,) = promise(Demand((line,), allow_partial=True), plant).lines
    assert [(one.site, one.delivery_day - TODAY, one.quantity // MICRO) for one in told.deliveries] == [(HERE, 7, 5)]
