"""What a supplier can deliver in a period: a book of its own, never claimed beyond it."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.book import Book
from services.quote.domain.calendar import THREE_YEARS
from services.quote.domain.capacity import Load
from services.quote.domain.choice import Aim
from services.quote.domain.entry import PERIOD, Entry, Part
from services.quote.domain.promise import Decision, Demand, promise
from services.quote.domain.sources import Buy, Lot
from services.quote.domain.stand import Stand
from tests.examples import examples
from tests.unit.quote_domain.builders import MICRO, NOW, TODAY, a_book, a_line, claim, hold, receipt, units
from tests.unit.quote_domain.plants import HERE, LOTS, PRODUCT, Plant, a_lot, a_purchase, after, written

WEEK = 7


def limited(capacity: int, lead: int = 0, days: int = WEEK, lot: Lot = Lot()) -> Buy:  # noqa: B008 -- a frozen value
    return replace(a_purchase(lead, lot), capacity=units(capacity), period_days=days)


def a_plant(source: Buy, *claims: Entry) -> Plant:
    plant = Plant(a_book(sku=PRODUCT, site=HERE))
    if claims:
        terms = Book(source.ref, PERIOD)
        terms.apply(claims, 1, NOW)
        plant.books[source.ref, PERIOD] = terms
    plant.source[PRODUCT, HERE] = (source,)
    return plant


def by_period(entries: Sequence[Entry], days: int) -> dict[int, int]:
    found: dict[int, int] = {}
    for one in entries:
        at = ((one.day or 0) - 1) // days
        found[at] = found.get(at, 0) + one.quantity // MICRO
    return found


def asked(plant: Plant, *quantities: int, partial: bool = False, day: int = 0, aim: Aim = Aim.EARLIEST) -> Decision:
    lines = tuple(a_line(quantity, day, sku=PRODUCT, sites=(HERE,), ref=str(n)) for n, quantity in enumerate(quantities))
    return promise(Demand(lines, allow_partial=partial, policy=aim), plant)


PERIODS = st.sampled_from([1, 2, 3, WEEK])
TAKEN = st.lists(st.tuples(st.integers(1, 6), st.integers(0, 12)), max_size=3)


@examples(150)
@given(
    st.integers(1, 6), st.integers(0, 5), PERIODS, LOTS, TAKEN, st.lists(st.integers(1, 9), min_size=1, max_size=3), st.booleans(),
    st.sampled_from([Aim.EARLIEST, Aim.JUST_IN_TIME, Aim.CHEAPEST]), st.integers(0, 20),
)  # fmt: skip
def test_no_period_is_ever_claimed_beyond_what_the_supplier_can_deliver(
    capacity: int,
    lead: int,
    days: int,
    lot: Lot,
    taken: list[tuple[int, int]],
    quantities: list[int],
    partial: bool,  # noqa: FBT001
    aim: Aim,
    day: int,
) -> None:
    source = limited(capacity, lead, days, lot)
    before = [Entry(Part.CLAIM, f"C{n}", units(q), TODAY + d, None, {"owner": "pln_x"}) for n, (q, d) in enumerate(taken)]
    plant = a_plant(source, *before)
    decision = asked(plant, *quantities, partial=partial, aim=aim, day=day)
    books = after(plant, written(decision))
    claims = list(books[source.ref, PERIOD].of(Part.CLAIM)) if (source.ref, PERIOD) in books else []
    old = by_period(before, days)
    assert all(total <= max(capacity, old.get(at, 0)) for at, total in by_period(claims, days).items())
    assert all(one.day is not None and one.day >= TODAY + lead for one in claims if one not in before)
    assert sum(one.quantity for one in claims if one not in before) == sum(one.quantity for one in decision.planned)
    assert ((source.ref, PERIOD) in decision.written) == bool(decision.planned)


@examples(150)
@given(st.integers(1, 6), st.integers(0, 5), PERIODS, TAKEN, st.integers(1, 12))
def test_a_whole_line_comes_when_the_periods_have_room_for_all_of_it(
    capacity: int, lead: int, days: int, taken: list[tuple[int, int]], quantity: int
) -> None:
    """Day by day: what all periods up to a day can still deliver, from the first day on which anything can come."""
    source = limited(capacity, lead, days)
    before = [Entry(Part.CLAIM, f"C{n}", units(q), TODAY + d, None, {"owner": "pln_x"}) for n, (q, d) in enumerate(taken)]
    old = by_period(before, days)
    room, day = 0, TODAY + lead
    seen: set[int] = set()
    while True:
        period = (day - 1) // days
        if period not in seen:
            seen.add(period)
            room += max(0, capacity - old.get(period, 0))
        if room >= quantity:
            break
        day += 1
    assert asked(a_plant(source, *before), quantity).lines[0].promised_day == day


def test_what_does_not_fit_into_one_week_comes_in_the_weeks_behind_it() -> None:
    """TODAY is a Tuesday: fifty by Sunday, fifty from Monday on, twenty the week after."""
    decision = asked(a_plant(limited(50, 2)), 120)
    assert [(one.quantity // MICRO, one.due_day - TODAY) for one in decision.planned] == [(50, 2), (50, 6), (20, 13)]
    assert decision.lines[0].promised_day == TODAY + 13
    assert any("can deliver no more before" in reason.summary for reason in decision.lines[0].reasons)
    split = asked(a_plant(limited(50, 2)), 120, partial=True).lines[0]
    assert [(one.quantity // MICRO, one.delivery_day - TODAY) for one in split.deliveries] == [(50, 2), (50, 6), (20, 13)]


def test_a_hold_that_expired_frees_its_share_at_once_and_a_live_one_does_not() -> None:
    for expires_in, day in ((0.0, 2), (60.0, 6)):
        plant = a_plant(limited(50, 2), hold("H", 30, 3, expires_in))
        assert asked(plant, 30).lines[0].promised_day == TODAY + day


def test_what_is_on_order_from_the_supplier_counts_against_its_period() -> None:
    plant = a_plant(limited(50, 2))
    order = replace(receipt("PO", 40, 4), detail={"kind": "purchase_order", "supplier": "SUPPLIER"})
    plant.books[PRODUCT, HERE] = a_book(order, sku=PRODUCT, site=HERE)
    decision = asked(plant, 60)
    assert [(one.quantity // MICRO, one.due_day - TODAY) for one in decision.planned] == [(10, 2), (10, 6)]
    other = replace(order, detail={"kind": "purchase_order", "supplier": "ANOTHER"})
    plant.books[PRODUCT, HERE] = a_book(other, sku=PRODUCT, site=HERE)
    assert [(one.quantity // MICRO, one.due_day - TODAY) for one in asked(plant, 60).planned] == [(20, 2)]


def test_lines_of_one_request_share_a_period_and_lots_stay_whole() -> None:
    decision = asked(a_plant(limited(50, 2, lot=a_lot(10, 10))), 32, 32)
    assert [one.quantity // MICRO for one in decision.planned] == [40, 10, 20]
    assert [line.promised_day for line in decision.lines] == [TODAY + 2, TODAY + 6]


def free(plant: Plant, day: int, owner: str | None = None) -> int:
    """What the supplier can still deliver in the period of a day, in whole units."""
    stand = Stand(plant, owner)
    place = stand.place(PRODUCT, HERE)
    source = plant.source[PRODUCT, HERE][0]
    assert place is not None
    assert isinstance(source, Buy)
    return stand.quota(source.ref).free(source, place, TODAY + day) // MICRO


def test_a_period_begins_with_its_first_day_and_ends_with_its_last() -> None:
    """TODAY is a Tuesday: the week began yesterday and ends in five days."""
    for day, left in ((-2, 50), (-1, 40), (5, 40), (6, 50)):
        assert free(a_plant(limited(50), claim("C", 10, day)), 0) == left
        plant = a_plant(limited(50))
        order = replace(receipt("PO", 10, day), detail={"kind": "purchase_order", "supplier": "SUPPLIER"})
        plant.books[PRODUCT, HERE] = a_book(order, sku=PRODUCT, site=HERE)
        assert free(plant, 0) == left


def test_only_what_is_bought_counts_against_a_supplier_and_a_receipt_of_no_kind_is_bought() -> None:
    for detail, left in (({"supplier": "SUPPLIER"}, 40), ({"kind": "transfer_order", "supplier": "SUPPLIER"}, 50), (None, 50)):
        plant = a_plant(limited(50))
        plant.books[PRODUCT, HERE] = a_book(replace(receipt("R", 10, 1), detail=detail), sku=PRODUCT, site=HERE)
        assert free(plant, 1) == left


def test_what_an_order_has_of_a_period_is_given_back_while_it_is_decided_anew() -> None:
    plant = a_plant(limited(50), claim("mine", 30, 2, "ord_me"), claim("theirs", 15, 2))
    assert (free(plant, 2), free(plant, 2, "ord_me")) == (5, 35)


def test_a_millionth_is_delivered_and_nothing_is_not() -> None:
    tiny = asked(a_plant(limited(50, 2)), 1).planned
    assert [one.loads for one in tiny] == [(Load("TERMS", TODAY + 2, units(1), 0, PERIOD),)]
    line = replace(a_line(1, 0, sku=PRODUCT, sites=(HERE,)), quantity=1)
    assert [one.quantity for one in promise(Demand((line,)), a_plant(replace(limited(50, 2), capacity=1))).planned] == [1]
    full = a_plant(limited(50, 2), claim("C", 50, 3))
    assert [(one.quantity // MICRO, one.due_day - TODAY) for one in asked(full, 60).planned] == [(50, 6), (10, 13)]


def test_a_supplier_is_waited_for_for_three_years_and_no_day_longer() -> None:
    assert asked(a_plant(limited(50, THREE_YEARS)), 1).lines[0].promised_day == TODAY + THREE_YEARS
    assert asked(a_plant(limited(50, THREE_YEARS + 1)), 1).lines[0].promised_day is None


def test_a_lot_of_a_millionth_is_a_lot_and_one_of_nothing_is_none() -> None:
    assert [Lot().rounded(quantity) for quantity in (0, 1, 2)] == [0, 1, 2]
    assert [Lot().within(quantity) for quantity in (0, 1, 2)] == [0, 1, 2]
    assert [Lot(2).within(quantity) for quantity in (1, 2)] == [0, 2]
