"""How late what is planned may begin, against every day on which it could."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.answer import Decision, SupplyPlanned
from services.quote.domain.calendar import EVERY_DAY, Calendar
from services.quote.domain.choice import Aim
from services.quote.domain.dates import Way
from services.quote.domain.promise import Demand, LineRequest, promise
from services.quote.domain.rules import Rules
from services.quote.domain.sources import Component, Make, Source, Transfer
from tests.unit.quote_domain.builders import TODAY, a_book, a_line, claim, units
from tests.unit.quote_domain.plants import HERE, PART, PRODUCT, THERE, Plant, a_lot, a_machine, a_purchase, a_step

CALENDARS = st.sampled_from([EVERY_DAY, Calendar((1, 1, 1, 1, 1, 0, 0), {}), Calendar((0, 1, 0, 1, 0, 0, 0), {TODAY + 3: 1, TODAY + 8: 0})])


def a_plant(source: Source, dock: int = 0) -> Plant:
    books = [a_book(sku=PRODUCT, site=HERE), a_book(on_hand=99, sku=PRODUCT, site=THERE), a_book(on_hand=99, sku=PART, site=HERE)]
    plant = Plant(*books, a_machine("LATHE", 10), a_machine("OVEN", 10), rules={PRODUCT: Rules(dock_to_stock_days=dock)})
    plant.source[PRODUCT, HERE] = (source,)
    return plant


def wanted(*days: int, quantity: float = 4) -> tuple[LineRequest, ...]:
    return tuple(a_line(quantity, day, sku=PRODUCT, sites=(HERE,), ref=str(number)) for number, day in enumerate(days))


def both(plant: Plant, lines: Sequence[LineRequest]) -> tuple[Decision, Decision]:
    return promise(Demand(tuple(lines)), plant), promise(Demand(tuple(lines), policy=Aim.JUST_IN_TIME), plant)


def days(plan: SupplyPlanned) -> tuple[int, int]:
    return plan.start_day - TODAY, plan.due_day - TODAY


def is_latest(plant: Plant, day: int, dock: int, starts: dict[int, int]) -> None:
    """`starts`: for each day on which it could begin, the day on which it would be due."""
    soon, late = both(plant, wanted(day))
    if not soon.planned or soon.outcome != "full":
        return
    in_time = [start for start, due in starts.items() if due + dock <= day]
    (before,), (after,) = soon.planned, late.planned
    assert days(after) == (max(in_time), starts[max(in_time)])
    assert (before.latest_start_day, after.latest_start_day) == (after.start_day, after.start_day)
    assert days(before) == (min(in_time), starts[min(in_time)]), "what is asked how late it may begin begins as it did"
    assert all(part.day == after.start_day for part in after.parts)
    assert all(part.day == before.start_day for part in before.parts)


@given(CALENDARS, st.integers(0, 4), st.integers(0, 15), st.integers(0, 2))
def test_what_is_bought_or_made_in_a_lead_time_begins_on_the_last_day_from_which_that_does(
    calendar: Calendar, lead: int, day: int, dock: int
) -> None:
    working = {at: (calendar.plus(TODAY + at, lead) or 0) - TODAY for at in range(16) if calendar.works(TODAY + at)}
    is_latest(a_plant(a_purchase(lead, calendar=calendar), dock), day, dock, working)
    parts = (Component((PART,), units(1)),)
    is_latest(a_plant(Make(PRODUCT, parts, (), lead_time_days=lead, calendar=calendar), dock), day, dock, working)
    is_latest(a_plant(Make(PRODUCT, parts, (), lead_time_days=lead), dock), day, dock, {at: at + lead for at in range(16)})


@given(CALENDARS, CALENDARS, st.integers(0, 3), st.integers(0, 2), st.integers(0, 15), st.integers(0, 2))
def test_what_is_moved_leaves_on_the_last_day_from_which_it_is_there_in_time(
    site: Calendar, carrier: Calendar, transit: int, packing: int, day: int, dock: int
) -> None:
    way = Way(site, packing, carrier, transit, EVERY_DAY, None, "LANE")
    hops = {at: hop for at in range(16) if site.works(TODAY + at) and (hop := way.deliver(TODAY + at)) is not None}
    soon, late = both(a_plant(Transfer("LANE", THERE, way), dock), wanted(day))
    if not soon.planned or soon.outcome != "full":
        return
    last = max(at for at, hop in hops.items() if hop.delivery - TODAY + dock <= day)
    (after,) = late.planned
    assert days(after) == (last, hops[last].delivery - TODAY)
    assert [part.day - TODAY for part in after.parts] == [last]


def test_operations_are_done_from_the_last_to_the_first_and_take_their_parts_when_they_begin() -> None:
    parts = (Component((PART,), units(1), 0), Component((PART,), units(2), 1))
    source = Make(PRODUCT, parts, (a_step("LATHE", 5, fixed_days=1), a_step("OVEN", 5, sequence=20)))
    soon, late = both(a_plant(source), wanted(12))
    for decision, start, due, first, second in ((soon, 0, 5, 0, 3), (late, 7, 12, 7, 10)):
        (plan,) = decision.planned
        assert days(plan) == (start, due)
        assert [part.day - TODAY for part in plan.parts] == [first, second]
        assert [(load.resource, load.day - TODAY, load.minutes) for load in plan.loads] == [
            ("LATHE", first, units(10)), ("LATHE", first + 1, units(10)), ("OVEN", second, units(10)), ("OVEN", second + 1, units(10)),
        ]  # fmt: skip
        assert plan.latest_start_day - TODAY == 7


@pytest.mark.parametrize(
    ("free", "minutes", "day", "soon", "late"),
    [
        ({1: 10, 3: 10}, 10, 9, (1, 2), (3, 4)),
        ({0: 3, 2: 10}, 10, 3, (0, 3), (2, 3)),
        ({0: 3, 2: 5, 3: 5, 4: 2}, 13, 5, (0, 4), (0, 5)),
        ({0: 3, 2: 5, 3: 5, 4: 0}, 13, 9, (0, 4), (0, 4)),
    ],
)
def test_a_job_takes_the_last_minutes_that_there_are_before_it_is_needed(
    free: dict[int, int], minutes: int, day: int, soon: tuple[int, int], late: tuple[int, int]
) -> None:
    plant = a_plant(Make(PRODUCT, (), (a_step("SAW", 0, setup=minutes),)))
    saw = a_machine("SAW", 0, days=free)
    plant.books[saw.sku, saw.site] = saw
    assert [[days(plan) for plan in decision.planned] for decision in both(plant, wanted(day))] == [[soon], [late]]


def test_what_several_stand_on_is_there_for_the_first_of_them() -> None:
    _, late = both(a_plant(a_purchase(2, a_lot(20))), wanted(5, 9, 7))
    assert [days(plan) for plan in late.planned] == [(3, 5)]


def test_what_fills_up_later_what_was_taken_now_is_not_put_off() -> None:
    plant = a_plant(a_purchase(3))
    plant.books[PRODUCT, HERE] = a_book(claim("c", 4, 9), on_hand=4, sku=PRODUCT, site=HERE)
    _, late = both(plant, wanted(0))
    assert (late.outcome, [days(plan) for plan in late.planned]) == ("full", [(0, 3)])


def test_a_supplier_delivers_no_later_than_in_the_period_of_which_it_was_claimed() -> None:
    """The first of December 2026 is a Tuesday, and its period of seven days ends on the sixth day after it."""
    source = replace(a_purchase(2), capacity=units(9), period_days=7)
    last = source.last_day_of_period(TODAY + 2) - TODAY
    for day, due in ((2, 2), (4, 4), (last, last), (last + 1, last), (15, last)):
        _, late = both(a_plant(source), wanted(day))
        (plan,) = late.planned
        assert days(plan) == (due - 2, due)
        assert [load.day - TODAY for load in plan.loads] == [due]


def test_what_cannot_be_put_off_stays() -> None:
    for source in (a_purchase(3), Make(PRODUCT, (), (a_step("LATHE", 5), a_step("OVEN", 5, sequence=20)))):
        soon, late = both(a_plant(source), wanted(0))
        assert [days(one) for one in late.planned] == [days(one) for one in soon.planned]
        assert soon.planned[0].loads == late.planned[0].loads
