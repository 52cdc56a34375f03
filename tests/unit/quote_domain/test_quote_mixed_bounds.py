"""Mixed plans (some from stock, the rest made, bought or moved) within what classes may take, and as late as their promise allows."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.allocation import Allocation, Every
from services.quote.domain.allocation import Kind as Rule
from services.quote.domain.choice import Aim
from services.quote.domain.promise import Decision, Demand, promise
from services.quote.domain.sources import Buy, Transfer
from tests.examples import examples
from tests.unit.quote_domain.builders import MICRO, TODAY, a_line, units
from tests.unit.quote_domain.plants import HERE, PRODUCT, Plant, a_lot, after, written
from tests.unit.quote_domain.test_quote_jobs import covered
from tests.unit.quote_domain.test_quote_mixed import asked, days_of, shops, there_on
from tests.unit.quote_domain.test_quote_supply import check_books, check_plans

LAST = 30


def ordered(plant: Plant, quantity: int, wanted: int, *, partial: bool = False, aim: Aim = Aim.EARLIEST) -> Decision:
    """A line of gold's."""
    line = a_line(quantity, wanted, sku=PRODUCT, sites=(HERE,))
    return promise(Demand((line,), allow_partial=partial, classes=("gold",), policy=aim), plant)


def a_ceiling(quantity: int, every: Every | None, first: int = 0, last: int = 99) -> Allocation:
    span = {"every": every} if every is not None else {"first": TODAY + first, "last": TODAY + last}
    return Allocation("C", Rule.CEILING, ("gold",), PRODUCT, None, units(quantity), **span)


CEILINGS = st.one_of(
    st.builds(a_ceiling, st.integers(0, 9), st.sampled_from([Every.DAY, Every.WEEK])),
    st.builds(a_ceiling, st.integers(0, 9), st.none(), st.integers(0, 3), st.integers(3, 12)),
)


def taken_by_period(decision: Decision, ceiling: Allocation) -> dict[int, int]:
    found: dict[int, int] = {}
    for line in decision.lines:
        for one in line.deliveries:
            period = ceiling.period_of(one.ship_day)
            if period is not None:
                found[period.first] = found.get(period.first, 0) + one.quantity
    return found


@examples(150)
@given(shops(), CEILINGS, st.integers(1, 9), st.integers(0, 5), st.booleans(), st.sampled_from(Aim))
def test_a_mixed_plan_takes_of_no_period_more_than_its_ceiling_and_of_no_book_what_it_does_not_have(
    plant: Plant,
    ceiling: Allocation,
    quantity: int,
    wanted: int,
    partial: bool,  # noqa: FBT001 -- drawn
    aim: Aim,
) -> None:
    plant.rationed = [ceiling]
    decision = ordered(plant, quantity, wanted, partial=partial, aim=aim)
    assert all(total <= ceiling.quantity for total in taken_by_period(decision, ceiling).values())
    check_plans(plant, decision, at_once=aim is not Aim.JUST_IN_TIME)
    check_books(plant, after(plant, written(decision)))
    (line,) = decision.lines
    assert sum(reason.adds_days for reason in line.reasons) == line.slip_days


@examples(150)
@given(shops(), CEILINGS, st.integers(1, 8), st.integers(0, 5))
def test_a_whole_mixed_line_waits_for_the_first_period_that_leaves_it_once_any_mix_is_there(
    plant: Plant, ceiling: Allocation, quantity: int, wanted: int
) -> None:
    free = asked(plant, quantity, wanted).lines[0].promised_day
    plant.rationed = [ceiling]
    found = ordered(plant, quantity, wanted).lines[0].promised_day
    expected = None
    if free is not None:
        open_days = (
            day for day in range(free, free + 400) if (period := ceiling.period_of(day)) is None or period.quantity >= units(quantity)
        )
        expected = next(open_days, None)
    assert found == expected


def kept(days: Sequence[int], floor: int) -> list[int]:
    """What others see of a book: less what is kept, but for what it lacked already."""
    return [projected - min(units(floor), max(0, min(days[at:]))) for at, projected in enumerate(days)]


@examples(150)
@given(shops(), st.integers(1, 6), st.integers(1, 8), st.integers(0, 5))
def test_a_whole_mixed_line_plans_what_a_floor_keeps_from_it(plant: Plant, floor: int, quantity: int, wanted: int) -> None:
    """Every mix with one source; what is kept for silver is neither promised to gold nor stands in the way of what is planned for gold."""
    plant.source[PRODUCT, HERE] = plant.source[PRODUCT, HERE][:1]
    plant.rationed = [Allocation("F", Rule.FLOOR, ("silver",), PRODUCT, frozenset({HERE}), units(floor))]
    days = kept(days_of(plant.books[PRODUCT, HERE]), floor)
    possible = [covered(days, (), units(quantity), wanted)]
    for source in plant.source[PRODUCT, HERE]:
        for planned in range(1, quantity + 1):
            there = there_on(plant, source, units(planned))
            if there is not None:
                possible.append(covered(days, [(there, source.lot.rounded(units(planned)))], units(quantity), wanted))
    found = ordered(plant, quantity, wanted)
    promised = found.lines[0].promised_day
    assert (None if promised is None else promised - TODAY) == min((day for day in possible if day is not None), default=None)
    of_stock = Demand((a_line(1, 0, sku=PRODUCT, sites=(HERE,), supply=frozenset()),), classes=("silver",))
    silver = promise(of_stock, plant)
    afterwards = plant.with_books(after(plant, written(found)))
    afterwards.rationed = plant.rationed
    again = promise(of_stock, afterwards)
    now = (silver.lines[0].promised_day or TODAY + LAST) <= TODAY
    assert not now or again.lines[0].promised_day == TODAY, "what silver could have of stock at once it still can"


@examples(150)
@given(shops(), st.integers(2, 9), st.integers(0, 12))
def test_just_in_time_begins_every_order_of_a_mixed_plan_on_its_last_day(plant: Plant, quantity: int, wanted: int) -> None:
    """Bought and moved goods are due on the day on which the line is picked; what is made is there by then, and not a day too early."""
    plant.source[PRODUCT, HERE] = tuple(source for source in plant.source[PRODUCT, HERE] if source.lot == a_lot())
    soon, late = ordered(plant, quantity, wanted), ordered(plant, quantity, wanted, aim=Aim.JUST_IN_TIME)
    assert late.lines[0].deliveries == soon.lines[0].deliveries
    assert [(one.kind, one.quantity) for one in late.planned] == [(one.kind, one.quantity) for one in soon.planned]
    check_books(plant, after(plant, written(late)))
    pick = late.lines[0].deliveries[0].pick_day if late.lines[0].deliveries else TODAY
    sources = {str(source.kind): source for source in plant.source[PRODUCT, HERE]}
    for one, before in zip(late.planned, soon.planned, strict=True):
        assert before.start_day <= one.start_day == one.latest_start_day
        if before.due_day > pick:
            continue  # it fills up later what the line took early
        source = sources[one.kind]
        if isinstance(source, Buy):
            assert (one.start_day, one.due_day) == (pick - source.lead_time_days, pick)
        elif isinstance(source, Transfer):
            assert (one.start_day, one.due_day) == (pick - source.way.transit_days, pick)
        else:
            (entry,) = plant.machine("LATHE").entries()
            detail = entry.detail or {}
            free = [detail["days"].get(str(TODAY + day), detail["weekly"][0]) for day in range(pick - TODAY)]
            needed = source.operations[0].minutes(one.quantity) // MICRO
            assert one.start_day - TODAY == next(day for day in reversed(range(len(free))) if sum(free[day:]) >= needed)
