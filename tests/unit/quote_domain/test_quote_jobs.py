"""Several orders of one source: jobs on one machine, period after period of a supplier, against every way to cut a quantity."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.book import Book
from services.quote.domain.capacity import available, capacity_of
from services.quote.domain.choice import Aim
from services.quote.domain.entry import PERIOD, Entry, Part
from services.quote.domain.promise import Decision, Demand, promise
from services.quote.domain.sources import Buy, Component, Make
from tests.examples import examples
from tests.unit.quote_domain import oracle
from tests.unit.quote_domain.builders import MICRO, NOW, TODAY, a_book, a_line, receipt, units
from tests.unit.quote_domain.plants import HERE, LOTS, PART, PRODUCT, Plant, a_machine, a_purchase, a_step, after, written
from tests.unit.quote_domain.test_quote_capacity import finished, shown
from tests.unit.quote_domain.test_quote_supply import check_books, check_plans

LAST = 30


def cuts(quantity: int) -> Iterator[tuple[int, ...]]:
    """Every way to cut a quantity into jobs, one after the other."""
    if quantity == 0:
        yield ()
    for first in range(1, quantity + 1):
        for rest in cuts(quantity - first):
            yield (first, *rest)


def made(plant: Plant, source: Make, jobs: Sequence[int]) -> list[tuple[int, int]] | None:
    """Each job as early as what those before it leave of the machine and of the parts allows: the day it is there, and how much."""
    (operation,) = source.operations
    book = plant.machine("LATHE")
    capacity = capacity_of(book)
    assert capacity is not None
    free = [available(capacity, TODAY + day, TODAY, 1440) for day in range(LAST)]
    parts = shown(plant, PART)
    claims: dict[int, int] = {}
    there = []
    for job in jobs:
        lot = source.lot.rounded(units(job))
        needed = sum(component.quantity(lot) for component in source.components)
        ends = []
        for start in range(LAST):
            if free[start] and oracle.is_accepted(parts, {**claims, start: claims.get(start, 0) + needed}):
                end = finished([*free, *([0] * LAST)], operation.minutes(lot), start, may_spread=operation.may_spread)
                if end is not None:
                    ends.append((end, start))
        if not ends:
            return None
        end, start = min(ends)
        claims[start] = claims.get(start, 0) + needed
        left = operation.minutes(lot)
        for day in range(start, end):
            took = min(left, free[day])
            free[day] -= took
            left -= took
        there.append((end, lot))
    return there


def bought(plant: Plant, source: Buy, orders: Sequence[int]) -> list[tuple[int, int]] | None:
    """Each order whole in the first period, not before those of the orders before it, that has room for it."""
    book = plant.books.get((source.ref, PERIOD))
    room: dict[int, int] = {}
    for claim in book.of(Part.CLAIM) if book is not None else ():
        at = ((claim.day or 0) - 1) // source.days_of_period
        room[at] = room.get(at, 0) - claim.quantity
    there, day = [], TODAY + source.lead_time_days
    for order in orders:
        lot = source.lot.rounded(units(order))
        if lot > (source.capacity or 0):
            return None
        while (source.capacity or 0) + room.get((day - 1) // source.days_of_period, 0) < lot:
            day += 1
        at = (day - 1) // source.days_of_period
        room[at] = room.get(at, 0) - lot
        there.append((day - TODAY, lot))
    return there


def covered(days: Sequence[int], there: Sequence[tuple[int, int]], quantity: int, wanted: int) -> int | None:
    """The first day on which the whole quantity can be promised beside orders that are there: THE invariant, day by day."""
    for day in range(wanted, LAST):
        if all(
            days[at] + sum(lot for usable, lot in there if usable <= at) - quantity >= min(0, days[at]) for at in range(day, oracle.HORIZON)
        ):
            return day
    return None


NEVER = 10**6


def every_way(plant: Plant, quantity: int, wanted: int) -> tuple[int, int]:
    """The first day from what is known or with one order of any size, and that with orders of every number and size."""
    days = shown(plant, PRODUCT)
    known = covered(days, (), units(quantity), wanted)
    (source,) = plant.source[PRODUCT, HERE]
    alone, several = [known], [known]
    for planned in range(1, quantity + 1):
        for jobs in cuts(planned):
            there = made(plant, source, jobs) if isinstance(source, Make) else bought(plant, source, jobs)  # type: ignore[arg-type]
            if there is not None:
                several.append(covered(days, there, units(quantity), wanted))
                alone += several[-1:] if len(jobs) == 1 else []
    first, second = (min((day for day in each if day is not None), default=NEVER) for each in (alone, several))
    return first, second


COMING = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 8)), max_size=2)


@st.composite
def benches(draw: st.DrawFn) -> Plant:
    """One machine that makes a product in jobs, of parts that come in time or later, or of none."""
    product, parts = (
        a_book(*(receipt(f"{sku}{n}", q, d) for n, (q, d) in enumerate(draw(COMING))), on_hand=draw(st.integers(0, 3)), sku=sku, site=HERE)
        for sku in (PRODUCT, PART)
    )
    closed = draw(st.dictionaries(st.integers(0, 8), st.sampled_from([0, 0, 1, 5]), max_size=4))
    plant = Plant(product, parts, a_machine("LATHE", draw(st.sampled_from([1, 2, 3, 4])), days=closed))
    step = a_step("LATHE", draw(st.sampled_from([1, 2])), draw(st.sampled_from([0, 0, 1])), may_spread=draw(st.booleans()))
    used = draw(st.sampled_from([(), (Component((PART,), units(1)),)]))
    plant.source[PRODUCT, HERE] = (Make(PRODUCT, used, (step,), draw(LOTS)),)
    return plant


def asked(plant: Plant, quantity: int, day: int, aim: Aim = Aim.EARLIEST) -> Decision:
    return promise(Demand((a_line(quantity, day, sku=PRODUCT, sites=(HERE,)),), policy=aim), plant)


def promised(plant: Plant, quantity: int, wanted: int) -> int:
    day = asked(plant, quantity, wanted).lines[0].promised_day
    return NEVER if day is None else day - TODAY


@examples(120)
@given(benches(), st.integers(1, 6), st.integers(0, 5))
def test_a_whole_line_is_made_in_one_job_and_in_several_where_one_will_never_do(plant: Plant, quantity: int, wanted: int) -> None:
    found = promised(plant, quantity, wanted)
    alone, several = every_way(plant, quantity, wanted)
    (source,) = plant.source[PRODUCT, HERE]
    if isinstance(source, Make) and source.operations[0].may_spread:
        assert found == alone
    else:
        assert several <= found <= alone
        assert alone < NEVER or found == several


@examples(100)
@given(benches(), st.integers(1, 7), st.integers(0, 5), st.sampled_from(Aim), st.booleans())
def test_jobs_take_only_what_there_is_and_are_explained(plant: Plant, quantity: int, wanted: int, aim: Aim, partial: bool) -> None:  # noqa: FBT001 -- drawn
    line = a_line(quantity, wanted, sku=PRODUCT, sites=(HERE,))
    decision = promise(Demand((line,), allow_partial=partial, policy=aim), plant)
    check_plans(plant, decision, at_once=aim is not Aim.JUST_IN_TIME)
    check_books(plant, after(plant, written(decision)))
    (told,) = decision.lines
    assert sum(reason.adds_days for reason in told.reasons) == told.slip_days
    assert sum(peg.quantity for peg in told.pegging) == told.promised_quantity


@st.composite
def suppliers(draw: st.DrawFn) -> Plant:
    """One supplier of so much a period, some of it taken, who delivers in lots; and some stock and receipts."""
    plant = Plant(
        a_book(*(receipt(f"R{n}", q, d) for n, (q, d) in enumerate(draw(COMING))), on_hand=draw(st.integers(0, 3)), sku=PRODUCT, site=HERE)
    )
    terms = Book("TERMS", PERIOD)
    taken = draw(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 9)), max_size=3))
    terms.apply([Entry(Part.CLAIM, f"C{n}", units(q), TODAY + d, None, {"owner": "pln_x"}) for n, (q, d) in enumerate(taken)], 1, NOW)
    plant.books["TERMS", PERIOD] = terms
    source = replace(a_purchase(draw(st.integers(0, 5)), draw(LOTS)), capacity=units(draw(st.integers(1, 6))))
    plant.source[PRODUCT, HERE] = (replace(source, period_days=draw(st.integers(1, 4))),)
    return plant


@examples(150)
@given(suppliers(), st.integers(1, 7), st.integers(0, 5))
def test_a_whole_line_is_bought_by_the_first_day_that_any_orders_allow(plant: Plant, quantity: int, wanted: int) -> None:
    assert promised(plant, quantity, wanted) == every_way(plant, quantity, wanted)[1]


# -- told in words


def test_one_job_waits_for_all_its_parts() -> None:
    """Ten a day. Twenty of fifty parts are here, the rest comes on day four: two jobs would be done on day seven, each with its setup."""
    plant = Plant(a_book(sku=PRODUCT, site=HERE), a_book(receipt("PO", 30, 4), on_hand=20, sku=PART, site=HERE), a_machine("LATHE", 10))
    plant.source[PRODUCT, HERE] = (Make(PRODUCT, (Component((PART,), units(1)),), (a_step("LATHE", 1),)),)
    decision = asked(plant, 50, 0)
    assert [(one.quantity // MICRO, one.start_day - TODAY, one.due_day - TODAY) for one in decision.planned] == [(50, 4, 9)]
    assert decision.lines[0].promised_day == TODAY + 9


def test_operations_that_follow_one_another_are_not_cut_to_overlap() -> None:
    plant = Plant(a_book(sku=PRODUCT, site=HERE), a_machine("LATHE", 10), a_machine("OVEN", 10))
    plant.source[PRODUCT, HERE] = (Make(PRODUCT, (), (a_step("LATHE", 1), a_step("OVEN", 1, sequence=20))),)
    (plan,) = asked(plant, 30, 0).planned
    assert (plan.quantity // MICRO, plan.due_day - TODAY) == (30, 6)


def test_a_component_that_has_to_fit_into_a_day_comes_in_jobs_too() -> None:
    plant = Plant(a_book(sku=PRODUCT, site=HERE), a_machine("LATHE", 10))
    plant.source[PRODUCT, HERE] = (Make(PRODUCT, (Component((PART,), units(1)),), ()),)
    plant.source[PART, HERE] = (Make(PART, (), (a_step("LATHE", 2, may_spread=False),)),)
    decision = asked(plant, 12, 0)
    assert [(one.sku, one.quantity // MICRO, one.due_day - TODAY) for one in decision.planned] == [
        (PART, 5, 1),
        (PART, 5, 2),
        (PART, 2, 3),
        (PRODUCT, 12, 3),
    ]
