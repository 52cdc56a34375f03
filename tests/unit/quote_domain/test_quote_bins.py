"""What books, resources and a supplier's periods have left as everybody is put in anew."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.bins import PeriodBin, ResourceBin, StockBin, is_short, period_bin, resource_bin, stock_bin
from services.quote.domain.book import Book
from services.quote.domain.calendar import EVERY_DAY, THREE_YEARS, Calendar
from services.quote.domain.capacity import Capacity
from services.quote.domain.entry import PERIOD, RESOURCE, Entry, Part
from services.quote.domain.risk import Take
from services.quote.domain.rules import Rules
from services.quote.domain.sources import Buy
from tests.unit.quote_domain import oracle
from tests.unit.quote_domain.builders import MICRO, NOW, TODAY, a_book, claim, hold, receipt, requirement, units
from tests.unit.quote_domain.plants import a_machine

calendars = st.sets(st.integers(0, 6), max_size=6).map(lambda closed: Calendar(tuple(0 if n in closed else 480 for n in range(7)), {}))
quantities = st.dictionaries(st.integers(-3, 20), st.integers(1, 9), max_size=5)


def left(capacity: int, period: int, day: int, *taken: Mapping[int, int]) -> int:
    """The slow way: everything of the days that lie in the same period."""
    same = (quantity for each in taken for at, quantity in each.items() if (TODAY + at - 1) // period == (TODAY + day - 1) // period)
    return capacity - sum(same)


@given(st.integers(0, 12), st.integers(1, 9), calendars, quantities, quantities, st.integers(1, 40), st.integers(-2, 15))
def test_what_a_supplier_cannot_deliver_in_a_period_comes_in_the_next_that_has_some_left(
    capacity: int, period: int, calendar: Calendar, taken: dict[int, int], ordered: dict[int, int], quantity: int, wanted: int
) -> None:
    terms = Buy("TERMS", "WOOD", 0, calendar, capacity=capacity, period_days=period)
    found = PeriodBin(TODAY, terms, {TODAY + at: q for at, q in taken.items()}, {TODAY + at: q for at, q in ordered.items()})
    assert found.free(TODAY + wanted) == left(capacity, period, wanted, taken, ordered)
    assert found.fits(TODAY + wanted, quantity) == (wanted < 0 or left(capacity, period, wanted, taken, ordered) >= quantity)
    parts, rest, mine = [], quantity, dict[int, int]()
    for at in range(max(wanted, 0), wanted + THREE_YEARS if capacity else 0):
        part = min(rest, left(capacity, period, at, taken, ordered, mine)) if calendar.minutes(TODAY + at) else 0
        if part > 0:
            parts.append((TODAY + at, part))
            mine[at] = part
            rest -= part
        if rest == 0:
            break
    assert found.later(quantity, TODAY + wanted) == (None if rest else tuple(parts))


@given(quantities, st.integers(1, 9), st.integers(1, 20))
def test_terms_that_name_no_capacity_hold_nothing_against_anybody(taken: dict[int, int], quantity: int, wanted: int) -> None:
    for terms in (None, Buy("TERMS", "WOOD", 0, Calendar((480,) * 7, {}))):
        found = PeriodBin(TODAY, terms, {TODAY + at: q for at, q in taken.items()}, {})
        assert found.fits(TODAY + wanted, quantity)
        assert not found.overloaded
        assert found.later(quantity, TODAY + wanted) == ((TODAY + wanted, quantity),)


def test_periods_that_have_passed_are_not_overloaded() -> None:
    terms = Buy("TERMS", "WOOD", 0, Calendar((480,) * 7, {}), capacity=5, period_days=1)
    assert not PeriodBin(TODAY, terms, {TODAY - 1: 9}, {}).overloaded
    assert PeriodBin(TODAY, terms, {TODAY: 6}, {}).overloaded
    assert PeriodBin(TODAY, terms, {TODAY: 3}, {TODAY: 3}).overloaded
    assert not PeriodBin(TODAY, terms, {TODAY: 3}, {TODAY + 1: 3}).overloaded


# -- stock

FROM_TODAY = range(16)


def by_day(steps: Mapping[int, int]) -> list[int]:
    """So much by each day, what lies before today counted today."""
    return [sum(quantity for at, quantity in steps.items() if at <= day) for day in FROM_TODAY]


def is_filled(found: StockBin, days: Sequence[int], kept: Sequence[int]) -> None:
    """It says of every day and quantity what looking at each day says."""
    assert found.lowest == min(days)
    assert {day - TODAY: free for day, free in found.free_by_day()}.items() <= dict(enumerate(map(int.__sub__, days, kept))).items()
    for quantity in range(1, 12):
        for day in range(-2, 14):
            assert found.fits(TODAY + day, quantity) == (min(days[max(0, day) :]) >= quantity)
            first = next((at for at in FROM_TODAY if at >= day and min(days[at:]) >= quantity), None)
            assert found.later(quantity, TODAY + day) == (None if first is None else ((TODAY + first, quantity),))
        sound = next((at for at in FROM_TODAY if min(map(int.__sub__, days[at:], kept[at:])) >= quantity), None)
        assert found.sound_from(quantity) == (None if sound is None else TODAY + sound)


steps = st.dictionaries(st.integers(-2, 12), st.integers(-6, 9), max_size=5)


@given(
    steps,
    steps.map(lambda one: {day: abs(quantity) for day, quantity in one.items()}),
    st.lists(st.tuples(st.integers(-2, 12), st.integers(-5, 5)), max_size=4),
)
def test_a_book_has_left_what_it_has_on_every_later_day(
    changes: dict[int, int], reserved: dict[int, int], later: list[tuple[int, int]]
) -> None:
    found = StockBin(TODAY, {TODAY + at: q for at, q in changes.items()}, {TODAY + at: q for at, q in reserved.items()})
    days, kept = by_day(changes), by_day(reserved)
    is_filled(found, days, kept)
    for at, quantity in later:
        before, found = found, found.copy()
        found.change(TODAY + at, quantity)
        is_filled(before, days, kept)
        days = [one + (quantity if day >= at else 0) for day, one in enumerate(days)]
        is_filled(found, days, kept)


entries = st.tuples(
    st.sampled_from([Part.RECEIPT, Part.PLAN, Part.CLAIM, Part.REQUIREMENT]),
    st.integers(1, 6),
    st.integers(-3, 9),
    st.booleans(),
    st.booleans(),
)


@given(st.integers(0, 9), st.integers(0, 4), st.lists(entries, max_size=6))
def test_a_book_is_filled_anew_without_its_holds_and_without_whoever_is_to_be_put_in_again(
    on_hand: int, safety_stock: int, others: list[tuple[Part, int, int, bool, bool]]
) -> None:
    """Of a claim the third figure says whether it is a hold; left out are takes, plans and orders that the last one names."""
    rules = Rules(past_due_limit_days=2, dock_to_stock_days=1)
    told, staying, holds, left_out = [], [], [], []
    for number, (part, quantity, day, is_hold, out) in enumerate(others):
        entry = Entry(part, f"e{number}", quantity, TODAY + day)
        if part is Part.CLAIM and is_hold:
            entry = replace(entry, expires_at=NOW)
            holds.append(entry)
        elif out:
            left_out.append(entry)
        else:
            staying.append(entry)
        told.append(entry)
    stock = [Entry(Part.STOCK, "", on_hand), Entry(Part.SAFETY, "", safety_stock)]
    book = Book("SKU", "HAM")
    book.apply([*stock, *told], 1, NOW)
    days = oracle.projected({(one.part, one.ref): one for one in [stock[0], *staying]}, TODAY, NOW, rules)
    kept = by_day({0: safety_stock})
    kept = [one + sum(hold.quantity for hold in holds if (hold.day or 0) - TODAY <= day) for day, one in enumerate(kept)]
    takes = [Take("SKU|HAM", one.day or 0, one.quantity) for one in left_out if one.part in (Part.CLAIM, Part.REQUIREMENT)]
    plans, orders = ([one.ref for one in left_out if one.part is part] for part in (Part.PLAN, Part.RECEIPT))
    is_filled(stock_bin(book, TODAY, rules, takes, plans, dict.fromkeys([*orders, "unheard of"], 0)), days[: len(FROM_TODAY)], kept)


def test_newcomers_leave_alone_just_what_a_hold_holds_from_its_day_on() -> None:
    book = Book("SKU", "HAM")
    held = [Entry(Part.CLAIM, f"H{day}", 3, TODAY + day, NOW) for day in (2, 4)]
    book.apply([Entry(Part.STOCK, "", 9), *held], 1, NOW)
    kept = [0, 0, 3, 3, *[6] * (len(FROM_TODAY) - 4)]
    is_filled(stock_bin(book, TODAY, Rules()), [9] * len(FROM_TODAY), kept)


def test_a_real_order_that_is_seen_late_is_left_out_where_it_counts() -> None:
    seen = replace(receipt("PO", 5, 1), detail={"expected": TODAY + 4})
    lost = replace(receipt("LOST", 5, 1), detail={"expected": None})
    book = a_book(seen, lost, on_hand=2)
    assert stock_bin(book, TODAY, Rules()).free_by_day() == [(TODAY, units(2)), (TODAY + 4, units(7))]
    assert {free for _, free in stock_bin(book, TODAY, Rules(), orders={"UNHEARD OF": 0, "PO": 0, "LOST": 0}).free_by_day()} == {units(2)}


# -- minutes


def a_resource(weekly: Sequence[int], taken: Mapping[int, int]) -> ResourceBin:
    capacity = Capacity("HAM", Calendar(tuple(weekly), {}), MICRO)
    return ResourceBin(TODAY, capacity, {TODAY + day: minutes * MICRO for day, minutes in taken.items()})


@given(
    st.lists(st.sampled_from([0, 2, 5]), min_size=7, max_size=7), st.dictionaries(st.integers(-2, 9), st.integers(0, 6), max_size=5),
    st.integers(1, 20), st.integers(-2, 9), st.lists(st.tuples(st.integers(-1, 9), st.integers(-3, 3)), max_size=3),
)  # fmt: skip
def test_a_resource_has_free_what_nobody_has_of_its_day_and_what_lacks_is_done_on_the_next(
    weekly: list[int], taken: dict[int, int], minutes: int, wanted: int, later: list[tuple[int, int]]
) -> None:
    found = a_resource(weekly, taken)
    for at, less in later:
        before, found = found, found.copy()
        found.change(TODAY + at, less * MICRO)
        assert before.free(TODAY + at) == found.free(TODAY + at) - less * MICRO
        taken = {**taken, at: taken.get(at, 0) - less}
    free = {day: weekly[(TODAY + day - 1) % 7] - taken.get(day, 0) for day in range(-2, 90)}
    assert [found.free(TODAY + day) for day in free] == [one * MICRO for one in free.values()]
    assert found.overloaded == any(free[day] < 0 for day in free if day >= 0)
    for some in (minutes, free[wanted], free[wanted] + 1):
        assert found.fits(TODAY + wanted, some * MICRO) == (wanted < 0 or free[wanted] >= some)
    parts, rest = [], minutes
    for day in range(max(0, wanted), 90):
        part = min(rest, free[day])
        if part > 0:
            parts.append((TODAY + day, part * MICRO))
            rest -= part
    assert found.later(minutes * MICRO, TODAY + wanted) == (None if rest else tuple(parts))


def test_a_resource_is_looked_at_for_three_years_and_one_that_nobody_knows_holds_nothing_against_anybody() -> None:
    only = Calendar((0,) * 7, {TODAY + THREE_YEARS - 1: 60, TODAY + THREE_YEARS: 60})
    found = ResourceBin(TODAY, Capacity("HAM", only, MICRO), {})
    assert found.later(60 * MICRO, TODAY) == ((TODAY + THREE_YEARS - 1, 60 * MICRO),)
    assert found.later(61 * MICRO, TODAY) is None
    unknown = ResourceBin(TODAY, None, {TODAY: 10**9})
    assert (unknown.overloaded, unknown.fits(TODAY, 10**9), unknown.later(10**9, TODAY)) == (False, True, ((TODAY, 10**9),))


def test_a_millionth_of_a_minute_is_a_part_of_a_day() -> None:
    found = ResourceBin(TODAY, Capacity("HAM", EVERY_DAY, MICRO), {})
    much = found.free(TODAY)
    assert found.later(much + 1, TODAY) == ((TODAY, much), (TODAY + 1, 1))


def test_a_supplier_is_looked_at_for_three_years() -> None:
    """Of periods of a hundred days each before the last is full; that one begins when the three years are over, or a day before."""
    first = TODAY + (-(TODAY + THREE_YEARS - 1)) % 100
    terms = Buy("TERMS", "WOOD", 0, EVERY_DAY, capacity=5, period_days=100)
    full = {first + THREE_YEARS - 100 * number: 5 for number in range(1, 12)}
    assert PeriodBin(TODAY, terms, full, {}).later(5, first) is None
    assert PeriodBin(TODAY, terms, full, {}).later(5, first + 1) == ((first + THREE_YEARS, 5),)


def test_resources_and_periods_are_filled_without_their_holds_and_without_these_takes() -> None:
    told = [claim("a", 3, 1), claim("b", 2, 1), hold("h", 9, 1, 60), hold("i", 9, 4, 60)]
    take = Take("x", TODAY + 1, units(2))
    and_back = [hold("j", 4, 3, 60), hold("back", -4, 3, 60), claim("c", 1, 2), claim("d", -1, 2)]
    others = resource_bin(a_machine("LATHE", 10, *told, *and_back), TODAY, [take, Take("x", TODAY + 2, units(1))])
    assert [others.free(TODAY + day) for day in range(5)] == [units(one) for one in (10, 7, 11, 10, 10)]
    machine = resource_bin(a_machine("LATHE", 10, *told), TODAY, [take])
    assert [machine.free(TODAY + day) // MICRO for day in range(5)] == [10, 7, 10, 10, 10]
    book = Book("TERMS", PERIOD)
    book.apply(told, 1, NOW)
    terms = Buy("TERMS", "WOOD", 0, EVERY_DAY, capacity=units(8), period_days=1)
    period = period_bin(book, TODAY, terms, {TODAY + 2: units(1)}, [take])
    assert [period.free(TODAY + day) // MICRO for day in range(5)] == [8, 5, 7, 8, 8]
    other = period.copy()
    other.change(TODAY, -units(8))
    other.change(TODAY, units(1))
    assert (period.free(TODAY), other.free(TODAY), other.free(TODAY + 2)) == (units(8), units(1), units(7))


def test_nobody_is_delivered_minutes_or_a_share_of_a_period() -> None:
    for found in (a_resource([1] * 7, {}), PeriodBin(TODAY, None, {}, {})):
        with pytest.raises(NotImplementedError):
            found.sound_from(1)


@pytest.mark.parametrize(
    ("entries", "how", "short"),
    [
        ([claim("a", 5, 1)], {"on_hand": 5}, False),
        ([claim("a", 5, 1)], {"on_hand": 4}, True),
        ([claim("a", 5, 1)], {"on_hand": 5, "safety_stock": 3}, False),
        ([claim("a", 5, 1), hold("h", 3, 1, 60)], {"on_hand": 5}, False),
        ([claim("a", 5, 1), requirement("r", 1, 2)], {"on_hand": 5}, True),
        ([claim("a", 5, 1), receipt("PO", 5, 2)], {"on_hand": 0}, True),
        ([claim("a", 5, 2), receipt("PO", 5, 2)], {"on_hand": 0}, False),
    ],
)
def test_a_book_is_short_where_not_every_promise_can_stay(entries: list[Entry], how: dict[str, Any], short: bool) -> None:  # noqa: FBT001
    assert is_short(a_book(*entries, **how), TODAY, NOW, Rules()) is short


def test_a_resource_is_short_where_more_is_promised_of_a_day_than_it_has() -> None:
    for minutes, short in ((10, False), (11, True)):
        machine = a_machine("LATHE", 10, claim("a", minutes, 1), hold("h", 5, 1, 60))
        assert machine.site == RESOURCE
        assert is_short(machine, TODAY, NOW, Rules()) is short
    assert not is_short(a_machine("LATHE", 10, claim("a", 99, -1)), TODAY, NOW, Rules())
