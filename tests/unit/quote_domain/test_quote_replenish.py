"""How more of a sku comes to a site: which source, how much, with what it needs; and nothing left behind where it does not do."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import pytest

from services.quote.domain.book import Book
from services.quote.domain.calendar import EVERY_DAY, NEVER, Calendar
from services.quote.domain.dates import Way
from services.quote.domain.place import Place
from services.quote.domain.replenish import (
    acquire,
    bring,
    most_of_source,
    operations,
    order,
    unit_of,
)
from services.quote.domain.rules import Rules
from services.quote.domain.sources import Buy, Component, Make, Source, Transfer
from services.quote.domain.stand import Stand
from tests.unit.quote_domain.builders import MICRO, TODAY, a_book, claim, receipt, units
from tests.unit.quote_domain.plants import HERE, PART, PRODUCT, RAW, THERE, Plant, a_lane, a_lot, a_machine, a_purchase, a_step, a_transfer

ABOVE = ((PRODUCT, HERE),)
PATH = ((PART, HERE),)


def a_world(
    *sources: Source,
    known: Sequence[tuple[float, int]] = (),
    elsewhere: float = 0,
    fence: int | None = None,
    books: Sequence[Book] = (),
    behind: Mapping[tuple[str, str], Source] = MappingProxyType({}),
) -> Stand:
    """A part that is known to come here, some of it in stock elsewhere, and where more of it can come from; a machine of ten a day.

    `books`, `behind`: what else is known, and what its sources need.
    """
    here = a_book(*(receipt(f"R{n}", *one) for n, one in enumerate(known)), sku=PART, site=HERE)
    there = a_book(on_hand=elsewhere, sku=PART, site=THERE)
    plant = Plant(here, there, a_machine("LATHE", 10), *books, rules={PART: Rules(atp_fence_days=fence)})
    plant.source = {key: (source,) for key, source in behind.items()}
    plant.source[PART, HERE] = sources
    return Stand(plant)


def here(stand: Stand, sku: str = PART) -> Place:
    place = stand.place(sku, HERE)
    assert place is not None
    return place


def planned(stand: Stand) -> list[tuple[str, float, int]]:
    return [(one.source.ref, one.quantity / MICRO, one.due - TODAY) for one in stand.planned]


def got(stand: Stand, quantity: float, wanted: int = 0) -> int | None:
    """The day on which a component could be taken."""
    taken = acquire(stand, PART, HERE, units(quantity), TODAY + wanted, ABOVE)
    return None if taken is None else taken[0].takes[taken[1]].day - TODAY


def a_lead_time(days: int) -> Buy:
    return Buy(PART, None, days, EVERY_DAY)


# -- which source


def test_nothing_is_planned_where_what_is_known_is_as_early() -> None:
    for days, found, plans in ((4, 3, []), (3, 3, []), (2, 2, [("TERMS", 4, 2)])):
        stand = a_world(a_purchase(days), known=((4, 3),))
        assert (got(stand, 4), planned(stand)) == (found, plans)
    stand = a_world(a_purchase(0), known=((4, 3),))
    assert (got(stand, 4, wanted=3), planned(stand)) == (3, []), "it is there on the day wanted"


def test_the_first_source_in_time_is_taken_else_the_earliest_and_the_first_of_equals() -> None:
    each = [a_purchase(days, ref=ref) for days, ref in ((5, "A"), (3, "B"), (3, "C"), (2, "D"))]
    for wanted, sources, ref in ((0, each[:3], "B"), (0, each, "D"), (3, each, "B"), (5, each, "A"), (9, each, "A")):
        stand = a_world(*sources)
        assert got(stand, 4, wanted) == max(wanted, next(one.lead_time_days for one in sources if one.ref == ref))
        assert [one[0] for one in planned(stand)] == [ref]


def test_a_lead_time_is_asked_where_no_source_brings_it_and_at_the_first_site_alone() -> None:
    stand = a_world(a_purchase(9), a_lead_time(2))
    assert (got(stand, 4), planned(stand)) == (9, [("TERMS", 4, 9)])
    stand = a_world(a_transfer(THERE, 1), a_lead_time(7))
    assert (got(stand, 4), planned(stand)) == (7, [(PART, 4, 7)])
    stand = a_world(a_transfer(THERE, 1), behind={(PART, THERE): a_lead_time(2)})
    assert (got(stand, 4), planned(stand), stand.lacks) == (None, [], (PART, HERE))
    stand = a_world(a_transfer(THERE, 1), behind={(PART, THERE): a_purchase(6)})
    assert (got(stand, 4), planned(stand)) == (7, [("TERMS", 4, 6), ("THERE-LANE", 4, 7)])


def test_what_cannot_be_had_is_named_and_nothing_of_it_stays_planned() -> None:
    stand = a_world(Make(PART, (Component((RAW,), units(1)),), ()))
    assert (got(stand, 4), stand.lacks, planned(stand)) == (None, (PART, HERE), [])
    assert acquire(stand, "UNKNOWN", HERE, units(1), TODAY, ABOVE) is None
    assert stand.lacks == ("UNKNOWN", HERE)
    assert acquire(stand, PRODUCT, HERE, units(1), TODAY, ABOVE) is None
    assert stand.lacks == (PRODUCT, HERE), "it is not made of itself"


def test_what_is_tried_and_is_not_the_best_leaves_nothing_behind() -> None:
    stand = a_world(a_purchase(3, ref="A"), a_purchase(5, ref="B"))
    assert (got(stand, 4), planned(stand)) == (3, [("A", 4, 3)])


# -- how much


ONE_A_DAY = Make(PART, (), (a_step("LATHE", 10),))


@pytest.mark.parametrize(
    ("known", "plan", "day"),
    [
        ([(2, 2), (2, 6)], 4, 4),
        ([(1, 1), (2, 2), (2, 3)], 1, 3),
        ([(1, 1), (1, 2), (1, 3), (1, 4), (1, 5)], 3, 3),
        ([(5, 9)], 6, 6),
        ([(3, 1), (2, 9)], 3, 3),
    ],
)
def test_what_is_waited_for_is_what_has_all_of_it_there_first(known: list[tuple[float, int]], plan: int, day: int) -> None:
    stand = a_world(ONE_A_DAY, known=known)
    before = stand.effort
    assert bring(stand, here(stand), ONE_A_DAY, units(6), TODAY) is stand.planned[-1]
    assert [one.quantity / MICRO for one in stand.planned] == [plan]
    assert stand.effort >= before - 5
    assert here(stand).earliest(units(6), TODAY) == TODAY + day


def test_of_one_source_that_much_is_planned_that_all_is_there_first_and_of_equals_the_least() -> None:
    """Two come on day two, two on day four. Bought in three days four are enough; made at one a day, two."""
    for source, plan, day in (
        (a_purchase(3), ("TERMS", 4, 3), 3),
        (a_purchase(2), ("TERMS", 4, 2), 2),
        (a_purchase(1), ("TERMS", 6, 1), 1),
        (a_purchase(4), ("TERMS", 2, 4), 4),
        (a_purchase(9), ("TERMS", 2, 9), 9),
        (ONE_A_DAY, (PART, 2, 2), 4),
    ):
        stand = a_world(source, known=((2, 2), (2, 4)))
        assert bring(stand, here(stand), source, units(6), TODAY) is stand.planned[-1]
        assert planned(stand) == [plan]
        assert here(stand).earliest(units(6), TODAY) == TODAY + day
    stand = a_world(a_purchase(9), known=((2, 2), (4, 5)))
    assert bring(stand, here(stand), stand.sources(PART, HERE)[0], units(6), TODAY) is not None
    assert planned(stand) == [("TERMS", 4, 9)], "an order is never for nothing"
    stand = a_world(a_purchase(0), known=((4, 0),))
    assert bring(stand, here(stand), stand.sources(PART, HERE)[0], units(4), TODAY) is None, "it is there"


def test_what_comes_within_the_fence_is_not_planned() -> None:
    for fence, plans in ((None, [("TERMS", 6, 1)]), (2, [("TERMS", 6, 1)]), (3, [("TERMS", 2, 1)]), (4, [("TERMS", 2, 1)])):
        stand = a_world(a_purchase(1), known=((4, 3),), fence=fence)
        assert bring(stand, here(stand), stand.sources(PART, HERE)[0], units(6), TODAY) is not None
        assert planned(stand) == plans
    stand = a_world(a_purchase(1), known=((4, 3),), fence=3)
    assert bring(stand, here(stand), stand.sources(PART, HERE)[0], units(4), TODAY) is None


def test_the_most_of_a_source_by_a_day_is_counted_in_units_or_lots_and_leaves_nothing_planned() -> None:
    each = Make(PART, (), (a_step("LATHE", 3),))
    for most, day, lot, found in (
        (10, 3, a_lot(), 10),
        (11, 3, a_lot(), 10),
        (90, 3, a_lot(), 10),
        (90, None, a_lot(), 90),
        (90, 1, a_lot(), 3),
        (90, 0, a_lot(), 0),
        (4.5, 1, a_lot(), 3.3),
        (90, 3, a_lot(multiple=4), 8),
        (90, 3, a_lot(minimum=11), 0),
        (3, 3, a_lot(multiple=4), 3),
    ):
        source = replace(each, lot=lot)
        stand = a_world(source)
        assert most_of_source(stand, here(stand), source, units(most), None if day is None else TODAY + day, PATH, 0) == units(found)
        assert planned(stand) == []


def test_the_search_for_the_most_ends_with_its_effort() -> None:
    source = Make(PART, (), (a_step("LATHE", 3),))
    stand = a_world(source)
    before = stand.effort
    assert most_of_source(stand, here(stand), source, units(90), TODAY + 3, PATH, before) == 0
    assert stand.effort == before - 1


def test_a_unit_is_one_or_the_decimal_fraction_in_which_is_counted() -> None:
    assert [unit_of(units(one)) for one in (3, 20, 2.5, 0.25, 0.000001)] == [MICRO, MICRO, MICRO // 10, MICRO // 100, 1]


# -- one order


def test_an_order_costs_one_effort_and_leaves_nothing_where_it_cannot_be() -> None:
    stand = a_world(books=[a_book(on_hand=9, sku="SCREW", site=HERE)])
    before, mark = stand.effort, stand.mark()
    assert order(stand, here(stand), a_purchase(1, a_lot(multiple=5)), units(7), PATH) is stand.planned[-1]
    assert (stand.effort, planned(stand)) == (before - 1, [("TERMS", 10, 1)])
    stand.rollback(mark)
    lacking = Make(PART, (Component(("SCREW",), units(1)), Component(("NUT",), units(1))), ())
    assert order(stand, here(stand), lacking, units(1), PATH) is None
    screws = stand.place("SCREW", HERE)
    assert screws is not None
    assert (planned(stand), screws.takes, stand.mark()) == ([], [], mark)
    assert order(stand, here(stand), a_purchase(1, calendar=NEVER), units(1), PATH) is None


def test_of_a_supplier_each_period_brings_what_it_can_and_the_last_order_is_answered() -> None:
    source = replace(a_purchase(2), capacity=units(4), period_days=7)
    stand = a_world(source)
    last = order(stand, here(stand), source, units(10), PATH)
    assert last is stand.planned[-1]
    assert [one.quantity / MICRO for one in stand.planned] == [4, 4, 2]
    assert [[(load.resource, load.minutes / MICRO) for load in one.loads] for one in stand.planned] == [[("TERMS", q)] for q in (4, 4, 2)]
    again = order(stand, here(stand), source, units(2), PATH)
    assert again is not None
    assert again.due == last.due, "what is taken of a period is not there for the next order"


def test_of_a_supplier_lots_may_come_to_more_than_was_asked_for_and_never_to_less() -> None:
    source = replace(a_purchase(2, a_lot(multiple=3)), capacity=units(4), period_days=7)
    stand = a_world(source)
    assert order(stand, here(stand), source, units(5), PATH) is stand.planned[-1]
    assert [one.quantity / MICRO for one in stand.planned] == [3, 3]
    yearly = replace(source, lot=a_lot(), period_days=400)
    most = max(n for n in range(1, 9) if order(a := a_world(yearly), here(a), yearly, units(4 * n), PATH) is not None)
    stand = a_world(yearly)
    assert order(stand, here(stand), yearly, units(4 * most) + 1, PATH) is None
    assert planned(stand) == []


def test_what_is_moved_is_picked_as_late_as_it_still_is_there_and_says_what_it_waited_for() -> None:
    way = Way(EVERY_DAY, 2, EVERY_DAY, 1, EVERY_DAY, None, "LANE")
    source = Transfer("LANE", THERE, way)
    stand = a_world(source, elsewhere=4)
    plan = order(stand, here(stand), source, units(4), PATH)
    assert plan is not None
    assert (plan.start - TODAY, plan.due - TODAY, plan.waits_for) == (0, 3, None)
    ((place, number),) = plan.parts
    assert (place.site, place.takes[number].day - TODAY) == (THERE, 0)
    stand = a_world(source, books=[a_book(receipt("R", 4, 5), sku=PART, site=THERE)])
    plan = order(stand, here(stand), source, units(4), PATH)
    assert plan is not None
    assert (plan.start - TODAY, plan.due - TODAY, plan.waits_for) == (5, 8, (PART, TODAY + 5))


def test_what_is_made_says_which_of_its_components_came_last_if_one_did() -> None:
    made = Make(PART, (Component(("Z",), units(1)), Component(("A",), units(1)), Component(("B",), units(1))), (a_step("LATHE", 1),))
    for days, waits_for, start in (
        ({"Z": 0, "A": 0, "B": 0}, None, 2),
        ({"Z": 2, "A": 2, "B": 1}, None, 2),
        ({"Z": 3, "A": 4, "B": 2}, ("A", TODAY + 4), 4),
        ({"Z": 5, "A": 4, "B": 3}, ("Z", TODAY + 5), 5),
    ):
        books = [a_book(receipt("R", 9, day), sku=sku, site=HERE) for sku, day in days.items()]
        plant = Plant(*books, a_machine("LATHE", 10, days={0: 0, 1: 0}))
        plant.source[PART, HERE] = (made,)
        stand = Stand(plant)
        plan = order(stand, here(stand), made, units(4), PATH)
        assert plan is not None
        assert (plan.waits_for, plan.start - TODAY, plan.due - TODAY) == (waits_for, start, start + 1)
        assert {place.takes[number].day - TODAY for place, number in plan.parts} == {start}


def test_what_needs_nothing_begins_today_and_takes_its_lead_time() -> None:
    weekdays = Calendar((480,) * 5 + (0, 0), {})
    for calendar, due in ((None, 4), (weekdays, 6)):
        source = Make(PART, (), (), lead_time_days=4, calendar=calendar)
        stand = a_world(source)
        plan = order(stand, here(stand), source, units(4), PATH)
        assert plan is not None
        assert (plan.start - TODAY, plan.due - TODAY, plan.waits_for) == (0, due, None), "TODAY is a Tuesday"
    assert operations(a_world(), Make(PART, (), (), lead_time_days=4), units(1), TODAY, {0: TODAY + 3}) == ({0: TODAY + 3}, TODAY + 7, [])


def test_where_no_machine_has_time_no_component_is_said_to_be_lacking() -> None:
    stand = a_world()
    stand.lacks = (RAW, HERE)
    assert order(stand, here(stand), Make(PART, (), (a_step("OVEN", 1),)), units(4), PATH) is None
    assert stand.lacks is None


@pytest.mark.parametrize(
    ("days", "taken", "day"),
    [
        ({"X": 0, "Y": 0}, "X", 0),
        ({"X": 3, "Y": 0}, "Y", 0),
        ({"X": 3, "Y": 2}, "Y", 2),
        ({"X": 2, "Y": 3}, "X", 2),
        ({"X": 3, "Y": 3}, "X", 3),
        ({"Y": 3}, "Y", 3),
        ({"X": 3}, "X", 3),
        ({"X": 4, "Y": 3, "V": 0}, "V", 0),
        ({"X": 4, "V": 2}, "V", 2),
        ({"Z": 3, "X": 1}, "X", 1),
    ],
)
def test_what_may_stand_in_for_a_component_does_where_it_is_earlier(days: dict[str, int], taken: str, day: int) -> None:
    skus = ("Z", "X") if "Z" in days else ("X", "Y", "V")
    made = Make(PART, (Component(skus, units(1)),), ())
    plant = Plant(a_book(sku=PART, site=HERE), *(a_book(receipt("R", 9, at), sku=sku, site=HERE) for sku, at in days.items()))
    stand = Stand(plant)
    plan = order(stand, here(stand), made, units(4), PATH)
    assert plan is not None
    assert [(place.sku, place.takes[number].day - TODAY) for place, number in plan.parts] == [(taken, day)]
    assert sum(len(each.takes) for each in stand._places.values() if each is not None) == 1


def test_a_component_is_not_sought_on_the_way_to_itself() -> None:
    """What stands in for it is made of the product itself; neither is taken."""
    stand = a_world(known=((9, 0),), behind={("X", HERE): Make("X", (Component((PART,), units(1)),), ())})
    assert order(stand, here(stand), Make(PART, (Component(("X", "Y"), units(1)),), ()), units(4), PATH) is None


def test_where_what_is_on_hand_is_promised_a_claim_of_others_stays_covered() -> None:
    stand = Stand(Plant(a_book(claim("C", 4, 3), on_hand=4, sku=PART, site=HERE), rules={PART: Rules(dock_to_stock_days=2)}))
    source = a_purchase(1)
    assert bring(stand, here(stand), source, units(4), TODAY) is not None
    assert here(stand).earliest(units(4), TODAY) == TODAY, "the plan is usable on day three"


def test_a_lane_that_never_goes_brings_nothing() -> None:
    source = Transfer("LANE", THERE, replace(a_lane(1), carrier_calendar=NEVER))
    stand = a_world(source, elsewhere=4)
    assert order(stand, here(stand), source, units(4), PATH) is None
