"""What several orders bring together, of several sources or in several jobs of one."""

from dataclasses import replace

import pytest

from services.quote.domain.promise import Demand, promise
from services.quote.domain.replenish import (
    DEEPEST,
    gains_by_jobs,
    mix,
    replenish,
)
from services.quote.domain.sources import Component, Make, Need, Source
from tests.unit.quote_domain.builders import MICRO, TODAY, a_book, a_line, units
from tests.unit.quote_domain.plants import HERE, PART, PRODUCT, RAW, THERE, Plant, a_lot, a_machine, a_purchase, a_step, a_transfer
from tests.unit.quote_domain.test_quote_jobs import asked
from tests.unit.quote_domain.test_quote_replenish import ABOVE, a_world, got, here, planned

STEP = a_step("LATHE", 1, may_spread=False)
TWO_MACHINES = ((Need(("LATHE",), "LATHE"),), (Need(("OVEN",), "OVEN"),))


def test_several_sources_together_are_asked_where_none_alone_is_in_time() -> None:
    for wanted, plans in ((0, [("THERE-LANE", 4, 1), ("TERMS", 6, 3)]), (2, [("THERE-LANE", 4, 1), ("TERMS", 6, 3)])):
        stand = a_world(a_transfer(THERE, 1), replace(a_purchase(3, ref="TERMS"), capacity=units(6), period_days=7), elsewhere=4)
        assert (got(stand, 10, wanted), planned(stand)) == (3, plans)


def test_components_of_two_products_each_come_from_several_sources() -> None:
    stand = a_world(a_transfer(THERE, 1), Make(PART, (), (a_step("LATHE", 1),)), elsewhere=8)
    for number in (1, 2):
        assert got(stand, 14) is not None
        assert len(stand.planned) == 2 * number or number == 2
    assert stand.mixing is False


@pytest.mark.parametrize("beat", [None, 4, 3, 2])
def test_several_orders_are_there_on_the_first_day_before_another_way_or_not_at_all(beat: int | None) -> None:
    """Four are moved in a day; ten a day are made: of thirty-two twenty-eight are made in three days."""
    stand = a_world(a_transfer(THERE, 1), Make(PART, (), (a_step("LATHE", 1),)), elsewhere=4)
    sources = stand.sources(PART, HERE)
    limit = None if beat is None else TODAY + beat
    found = mix(stand, here(stand), sources, units(32), TODAY, beat=limit, jobs=False)
    if beat is None or beat > 3:
        assert found
        assert planned(stand) == [("THERE-LANE", 4, 1), (PART, 28, 3)]
    else:
        assert (found, planned(stand)) == (False, [])


@pytest.mark.parametrize("quantity", range(1, 60, 7))
@pytest.mark.parametrize("wanted", [0, 2])
def test_several_orders_find_their_day_whatever_it_is(quantity: int, wanted: int) -> None:
    for beat in (None, 20):
        stand = a_world(a_transfer(THERE, 1), Make(PART, (), (a_step("LATHE", 1),)), elsewhere=4)
        limit = None if beat is None else TODAY + beat
        assert mix(stand, here(stand), stand.sources(PART, HERE), units(quantity), TODAY + wanted, beat=limit, jobs=False)
        assert here(stand).earliest(units(quantity), TODAY) == TODAY + max(1, -(-(quantity - 4) // 10))


@pytest.mark.parametrize("days", range(1, 9))
def test_several_orders_are_there_as_early_as_the_slowest_that_they_cannot_do_without(days: int) -> None:
    """Ten a day are made; the rest of two hundred is bought."""
    stand = a_world(Make(PART, (), (a_step("LATHE", 1),)), a_purchase(days))
    assert mix(stand, here(stand), stand.sources(PART, HERE), units(200), TODAY, beat=TODAY + 20, jobs=False)
    assert planned(stand) == [(PART, 10 * days, days), ("TERMS", 200 - 10 * days, days)]


def test_several_orders_bring_the_last_millionth_too() -> None:
    stand = a_world(a_transfer(THERE, 1), a_purchase(3), elsewhere=4)
    assert mix(stand, here(stand), stand.sources(PART, HERE), units(4) + 1, TODAY, beat=TODAY + 9, jobs=False)
    assert planned(stand) == [("THERE-LANE", 4, 1), ("TERMS", 1 / MICRO, 3)]


def test_where_several_orders_together_are_too_little_nothing_is_planned() -> None:
    stand = a_world(a_transfer(THERE, 1), elsewhere=4)
    for jobs in (False, True):
        assert mix(stand, here(stand), stand.sources(PART, HERE), units(8), TODAY, beat=None, jobs=jobs) is False
        assert planned(stand) == []


def test_one_source_that_brings_a_component_as_early_as_several_is_enough() -> None:
    stand = a_world(a_transfer(THERE, 2), a_purchase(7), elsewhere=4)
    assert (got(stand, 10), planned(stand)) == (7, [("TERMS", 10, 7)])


def test_what_several_orders_need_in_turn_comes_from_one_source_each() -> None:
    """Four are moved; of what the rest is made of three could be moved too, so that two, not five, would have to be made."""
    raw = Make(RAW, (), (a_step("LATHE", 10),))
    stand = a_world(a_transfer(THERE, 1), Make(PART, (Component((RAW,), units(1)),), ()), elsewhere=4)
    stand._sources[RAW, HERE] = (a_transfer(THERE, 1), raw)
    stand._shelf.books[RAW, THERE] = a_book(on_hand=3, sku=RAW, site=THERE)  # type: ignore[attr-defined]
    assert (got(stand, 9), planned(stand)) == (5, [("THERE-LANE", 4, 1), (RAW, 5, 5), (PART, 5, 5)])


def test_a_component_is_made_in_several_jobs_where_one_never_can() -> None:
    stand = a_world(Make(PART, (), (a_step("LATHE", 4, may_spread=False),)))
    assert (got(stand, 5), planned(stand)) == (3, [(PART, 2, 1), (PART, 2, 2), (PART, 1, 3)])


def test_several_orders_for_a_component_take_nothing_of_what_it_is_for() -> None:
    product = a_book(on_hand=9, sku=PRODUCT, site=HERE)
    stand = a_world(a_transfer(THERE, 1), Make(PART, (Component((PRODUCT,), units(1)),), ()), elsewhere=4, books=[product])
    assert (got(stand, 8), planned(stand)) == (None, [])
    of_product = Make("X", (Component((PRODUCT,), units(1)),), ())
    stand = a_world(Make(PART, (Component(("X",), units(1)),), ()), a_purchase(9), books=[product])
    stand._sources["X", HERE] = (of_product, a_purchase(5, ref="X"))
    assert (got(stand, 8), planned(stand)) == (5, [("X", 8, 5), (PART, 8, 5)])


def test_what_goes_too_deep_is_given_up_and_said_so() -> None:
    for levels, deep in ((DEEPEST - 1, False), (DEEPEST, True)):
        stand = a_world(a_purchase(1))
        path = tuple((f"L{level}", HERE) for level in range(levels))
        assert replenish(stand, here(stand), units(4), TODAY, path, beat=None) is not deep
        assert stand.gave_up is deep
    stand = a_world(a_purchase(1))
    stand.effort = stand.least_effort - 1
    assert replenish(stand, here(stand), units(4), TODAY, ABOVE, beat=None) is False
    assert (stand.gave_up, planned(stand)) == (True, [])


def test_where_another_way_is_in_time_no_orders_are_mixed() -> None:
    stand = a_world(a_purchase(3), a_purchase(5, ref="B"))
    assert mix(stand, here(stand), stand.sources(PART, HERE), units(4), TODAY + 6, beat=TODAY + 6, jobs=False) is False
    assert planned(stand) == []


def test_what_is_asked_of_several_sources_is_not_moved_away_to_come_back() -> None:
    stand = a_world(a_transfer(THERE, 1), a_purchase(9), known=((4, 2),), behind={(PART, THERE): a_transfer(HERE, 1)})
    assert mix(stand, here(stand), stand.sources(PART, HERE), units(8), TODAY, beat=None, jobs=False)
    assert planned(stand) == [("TERMS", 4, 9)]


def test_what_is_not_ordered_is_what_comes_by_the_day_or_within_the_fence() -> None:
    for fence, plans in ((None, [("TERMS", 8, 3)]), (6, [("TERMS", 4, 3)])):
        stand = a_world(a_purchase(3), known=((4, 5),), fence=fence)
        assert mix(stand, here(stand), stand.sources(PART, HERE), units(8), TODAY, beat=TODAY + 9, jobs=False)
        assert planned(stand) == plans


@pytest.mark.parametrize(
    ("source", "gains"),
    [
        (Make(PART, (), (STEP,)), True),
        (Make(PART, (), (replace(STEP, options=((Need(("LATHE",), "LATHE"), Need(("OVEN",), "OVEN")),)),)), True),
        (a_purchase(1), False),
        (a_transfer(THERE, 1), False),
        (Make(PART, ()), False),
        (Make(PART, (), (STEP, replace(STEP, sequence=20))), False),
        (Make(PART, (), (replace(STEP, may_spread=True),)), False),
        (Make(PART, (), (replace(STEP, options=TWO_MACHINES),)), False),
        (Make(PART, (), (replace(STEP, options=((Need(("LATHE", "OVEN"), "pool"),),)),)), False),
    ],
)
def test_several_jobs_may_do_what_one_cannot_on_one_machine_within_a_day(source: Source, gains: bool) -> None:  # noqa: FBT001 -- drawn
    assert gains_by_jobs(source) is gains


def test_no_job_leaves_less_than_a_lot_to_the_next_one() -> None:
    """Six parts: jobs of four and of three would need seven; two of three make the five."""
    for days in ({0: 3, 1: 4}, {2: 4, 3: 3}):
        parts = a_book(on_hand=6, sku=PART, site=HERE)
        plant = Plant(a_book(sku=PRODUCT, site=HERE), parts, a_machine("LATHE", 0, days=days))
        step = a_step("LATHE", 1, may_spread=False)
        plant.source[PRODUCT, HERE] = (Make(PRODUCT, (Component((PART,), units(1)),), (step,), a_lot(3)),)
        assert [plan.quantity // MICRO for plan in asked(plant, 5, 0).planned] == [3, 3]


def test_the_last_job_is_as_large_as_what_is_left() -> None:
    plant = Plant(a_book(sku=PRODUCT, site=HERE), a_machine("LATHE", 0, days={0: 4, 1: 4}))
    plant.source[PRODUCT, HERE] = (Make(PRODUCT, (), (a_step("LATHE", 1, may_spread=False),), a_lot(3)),)
    assert [plan.quantity // MICRO for plan in asked(plant, 8, 0).planned] == [4, 4]


def test_a_millionth_is_less_than_a_lot_too() -> None:
    parts = a_book(on_hand=6, sku=PART, site=HERE)
    plant = Plant(a_book(sku=PRODUCT, site=HERE), parts, a_machine("LATHE", 0, days={0: 4, 1: 4}))
    step = a_step("LATHE", 1, may_spread=False)
    plant.source[PRODUCT, HERE] = (Make(PRODUCT, (Component((PART,), units(1)),), (step,), a_lot(3)),)
    line = replace(a_line(4, 0, sku=PRODUCT, sites=(HERE,)), quantity=units(4) + 1)
    assert [plan.quantity // MICRO for plan in promise(Demand((line,)), plant).planned] == [3, 3]


def test_several_jobs_are_made_only_where_no_other_source_brings_all_of_it() -> None:
    plant = Plant(a_book(sku=PRODUCT, site=HERE), a_machine("LATHE", 2))
    make = Make(PRODUCT, (), (a_step("LATHE", 1, may_spread=False),))
    for others, expected in (((), [2, 2]), ((a_purchase(5),), [4])):
        plant.source[PRODUCT, HERE] = (make, *others)
        assert [plan.quantity // MICRO for plan in asked(plant, 4, 0).planned] == expected
