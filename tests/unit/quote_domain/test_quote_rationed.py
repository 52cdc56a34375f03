"""Splits and covers within what allocations leave, by example; against every split in test_allocation.py."""

from collections.abc import Sequence
from dataclasses import replace
from time import process_time
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.quote.domain.allocation import Allocation, Every, Kind
from services.quote.domain.book import Book
from services.quote.domain.calendar import EVERY_DAY
from services.quote.domain.covers import one_by_one
from services.quote.domain.dates import Way
from services.quote.domain.entry import Entry, Part
from services.quote.domain.outlet import Outlet
from services.quote.domain.rationed import Slot, Slots, _SearchWithin, _Used, split_within
from services.quote.domain.split import EFFORT, Shipment
from services.quote.domain.stand import Stand
from tests.examples import examples
from tests.unit.quote_domain import oracle
from tests.unit.quote_domain.builders import NOW, TODAY, AShelf, a_book, a_line, receipt, units

SITES = ("HAM", "BER")
HAM, BER = frozenset({"HAM"}), frozenset({"BER"})


def outlets(*rations: Allocation) -> list[Outlet]:
    """Two at HAM and three more on day 2; five at BER from day 1 on."""
    shelf = AShelf(a_book(receipt("A", 3, 2), on_hand=2), a_book(receipt("B", 5, 1), site="BER"))
    shelf.rationed = list(rations)
    return Stand(shelf, classes=("shop",)).outlets(a_line(1, sites=SITES))


def a_ceiling(quantity: float, **more: Any) -> Allocation:
    return Allocation("C", Kind.CEILING, ("shop",), "SKU", None, units(quantity), **more)


def a_floor(quantity: float) -> Allocation:
    return Allocation("F", Kind.FLOOR, ("gold",), "SKU", frozenset(SITES), units(quantity))


def split(
    found: Sequence[Outlet],
    quantity: float,
    wanted: int = 0,
    latest: int | None = None,
    least: float | None = None,
    most: int | None = None,
) -> list[tuple[str, int, float]]:
    limits = None if least is None else units(least), most
    shipments, cut = split_within(found, TODAY + wanted, None if latest is None else TODAY + latest, units(quantity), limits, 10_000)
    assert not cut
    return [(found[one.site].site, one.day - TODAY, one.quantity / units(1)) for one in shipments]


@pytest.mark.parametrize(
    ("rations", "how", "expected"),
    [
        ((a_ceiling(9),), {"quantity": 8}, [("HAM", 0, 2), ("BER", 1, 5), ("HAM", 2, 1)]),
        ((a_ceiling(9),), {"quantity": 11}, [("HAM", 0, 2), ("BER", 1, 5), ("HAM", 2, 2)]),
        ((a_ceiling(6),), {"quantity": 8}, [("HAM", 0, 2), ("BER", 1, 4)]),
        ((a_ceiling(9),), {"quantity": 5, "wanted": 2}, [("HAM", 2, 5)]),
        ((a_ceiling(9),), {"quantity": 6, "wanted": 2}, [("HAM", 2, 5), ("BER", 2, 1)]),
        ((a_ceiling(9),), {"quantity": 8, "latest": 1}, [("HAM", 0, 2), ("BER", 1, 5)]),
        ((a_ceiling(9),), {"quantity": 8, "latest": 0}, [("HAM", 0, 2)]),
        ((a_ceiling(9),), {"quantity": 4, "most": 1}, [("BER", 1, 4)]),
        ((a_ceiling(9),), {"quantity": 8, "least": 3}, [("BER", 1, 5), ("HAM", 2, 3)]),
        ((a_ceiling(9),), {"quantity": 8, "least": 4}, [("BER", 1, 4), ("HAM", 2, 4)]),
        ((a_ceiling(9),), {"quantity": 2, "least": 4}, [("HAM", 0, 2)]),
        ((a_ceiling(6),), {"quantity": 8, "least": 3}, [("BER", 1, 3), ("HAM", 2, 3)]),
        ((a_ceiling(2, every=Every.DAY),), {"quantity": 5}, [("HAM", 0, 2), ("BER", 1, 2), ("HAM", 2, 1)]),
        ((a_ceiling(2, every=Every.DAY),), {"quantity": 5, "least": 2}, [("HAM", 0, 2), ("BER", 1, 2)]),
        ((a_ceiling(3, every=Every.WEEK),), {"quantity": 8}, [("HAM", 0, 2), ("BER", 1, 1), ("HAM", 6, 3), ("BER", 13, 2)]),
        ((a_ceiling(3, every=Every.WEEK),), {"quantity": 8, "latest": 12}, [("HAM", 0, 2), ("BER", 1, 1), ("HAM", 6, 3)]),
        ((a_floor(4),), {"quantity": 9}, [("BER", 1, 3), ("HAM", 2, 3)]),
        ((a_floor(4),), {"quantity": 5}, [("BER", 1, 3), ("HAM", 2, 2)]),
        ((a_floor(4),), {"quantity": 9, "most": 1}, [("BER", 1, 3)]),
        ((a_floor(4),), {"quantity": 9, "least": 3}, [("BER", 1, 3), ("HAM", 2, 3)]),
        ((a_floor(4),), {"quantity": 3, "least": 5}, [("BER", 1, 3)]),
        ((a_floor(4), a_ceiling(4)), {"quantity": 9}, [("BER", 1, 3), ("HAM", 2, 1)]),
    ],
)
def test_a_split_ships_as_much_as_it_may_as_early_as_it_may(
    rations: tuple[Allocation, ...], how: dict[str, Any], expected: list[tuple[str, int, float]]
) -> None:
    found = outlets(*rations)
    mark = found[0].place.stand.mark()
    assert split(found, **how) == expected
    assert found[0].place.stand.mark() == mark, "nothing stays taken"


RATIONS = st.tuples(
    st.integers(0, 4),
    st.sampled_from([None, Every.DAY, Every.WEEK]),
    st.integers(0, 5),
    st.sampled_from([None, None, HAM, BER]),
)
"""How many a ceiling lets through, in which periods, until when, of which sites."""


@examples(200)
@given(
    st.tuples(*[st.tuples(st.integers(0, 2), st.lists(st.tuples(st.integers(1, 4), st.integers(0, 4)), max_size=2)) for _ in SITES]),
    st.lists(RATIONS, min_size=1, max_size=2),
    st.integers(1, 5), st.none() | st.integers(1, 3), st.integers(1, 4),
)  # fmt: skip
@example(((1, []), (2, [])), [(2, None, 4, None)], 3, 1, 3).via("one site for two")
@example(((1, [(2, 2)]), (1, [(2, 4), (4, 4)])), [(1, None, 1, None), (4, Every.WEEK, 2, None)], 4, 1, 3).via(
    "the other first, one for two later"
)
@example(((2, [(1, 2)]), (2, [])), [(3, Every.WEEK, 0, None)], 5, 1, 3).via("less from the first, more from it later")
@example(((2, [(1, 2)]), (2, [(3, 3)])), [(3, None, 1, None)], 5, 1, 4).via("the same with more to come")
@example(((1, []), (1, [(2, 2), (1, 1)])), [(1, Every.DAY, 0, None), (1, Every.DAY, 3, BER)], 3, 1, 3).via("a ceiling of one site")
@example(((1, []), (1, [(2, 2), (1, 1)])), [(1, Every.DAY, 0, None), (1, Every.DAY, 3, BER), (4, None, 5, HAM)], 3, 1, 3).via(
    "each its own"
)
@example(((2, []), (1, [])), [(1, None, 0, None), (2, Every.DAY, 2, None)], 3, 1, 3).via("a period inside another")
@example(((0, [(3, 2), (2, 2)]), (0, [])), [(1, Every.WEEK, 2, None), (2, Every.DAY, 5, None)], 4, 1, 4).via("nothing there at first")
@example(((0, [(1, 2), (1, 0)]), (1, [(2, 3)])), [(2, Every.DAY, 1, None), (1, None, 1, None)], 5, 1, 4).via(
    "two periods of different length"
)
def test_no_other_split_that_keeps_to_every_period_is_better(
    stocks: tuple[tuple[int, list[tuple[int, int]]], ...],
    rations: list[tuple[int, Every | None, int, frozenset[str] | None]],
    quantity: int,
    least: int | None,
    most: int,
) -> None:
    books = []
    for site, (on_hand, coming) in zip(SITES, stocks, strict=True):
        book = Book("SKU", site)
        book.apply(
            [Entry(Part.STOCK, "", on_hand), *(Entry(Part.RECEIPT, f"R{n}", q, TODAY + d) for n, (q, d) in enumerate(coming))], 1, NOW
        )
        books.append(book)
    shelf = AShelf(*books)
    shelf.rationed = [
        Allocation(f"C{n}", Kind.CEILING, ("shop",), "SKU", sites, q, every=every, last=TODAY + last)
        for n, (q, every, last, sites) in enumerate(rations)
    ]
    outlets = Stand(shelf, classes=("shop",)).outlets(a_line(1, sites=SITES))
    found, cut = split_within(outlets, TODAY, TODAY + 4, quantity, (least, most), 10_000)
    assert not cut

    def keeps(plan: oracle.Plan) -> bool:
        for one in shelf.rationed:
            by_period: dict[int, int] = {}
            for day, site, size in plan:
                period = one.period_of(TODAY + day)
                if period is not None and one.covers(SITES[site]):
                    by_period[period.first] = by_period.get(period.first, 0) + size
            if any(size > one.quantity for size in by_period.values()):
                return False
        return True

    by_site = [oracle.projected(oracle.entries_of(book), TODAY, NOW, shelf.rule) for book in books]
    every = oracle.every_split(quantity, [0, 0], 4, by_site, min(least or 1, quantity), most)
    best = min(oracle.worth(plan, 0) for plan in every if keeps(plan))
    assert oracle.worth(tuple((one.day - TODAY, one.site, one.quantity) for one in found), 0) == best


@examples(300)
@given(
    st.lists(st.lists(st.integers(1, 7), min_size=3, max_size=3).map(sorted), min_size=2, max_size=3),
    st.lists(st.integers(2, 7), min_size=3, max_size=3), st.sampled_from([(0, 1, 2), (0, 0, 1), (0, 1, 1), (0, 0, 0)]),
    st.sets(st.integers(0, 8), min_size=2, max_size=6), st.integers(3, 12),
)  # fmt: skip
@example([[1, 1, 1], [3, 3, 6], [3, 4, 4]], [4, 7, 2], (0, 0, 1), {1, 2, 5, 7}, 11).via("a minimum is never given away")
def test_of_a_set_of_shipments_the_quantities_are_the_best_that_keep_to_sites_and_periods(
    totals: list[list[int]], left: list[int], periods: tuple[int, ...], chosen: set[int], quantity: int
) -> None:
    hop = outlets()[0].by(TODAY)
    assert hop is not None
    slots = [Slot(day, site, totals[site][day], (periods[day],), hop) for day in range(3) for site in range(len(totals))]
    slots = [slot for at, slot in enumerate(slots) if at in chosen]
    found = Slots(outlets(), TODAY, None, quantity)
    found.slots, found.left = slots, left
    amounts = _SearchWithin(found, quantity, 0, (1, 9), 100_000, ())._amounts(tuple(range(len(slots))))

    def fits(each: tuple[int, ...]) -> bool:
        for at, slot in enumerate(slots):
            if sum(one for one, other in zip(each[: at + 1], slots, strict=False) if other.site == slot.site) > slot.total:
                return False
        return all(sum(one for one, slot in zip(each, slots, strict=True) if number in slot.periods) <= left[number] for number in range(3))

    every = [each for each in oracle.compositions(quantity, len(slots), 1) if fits(each)]
    plans = [tuple((slot.day, slot.site, one) for slot, one in zip(slots, each, strict=True)) for each in every]
    assert (amounts is None) == (not plans)
    if amounts is not None:
        assert fits(tuple(amounts))
        mine = tuple((slot.day, slot.site, one) for slot, one in zip(slots, amounts, strict=True))
        assert oracle.worth(mine, 0) == min(oracle.worth(plan, 0) for plan in plans)


@pytest.mark.parametrize(
    ("slots", "left"),
    [
        (
            [(0, 0, 3, [6]), (0, 1, 1, [3, 6]), (1, 1, 6, [4, 7]), (1, 2, 6, [0, 4, 7]), (2, 1, 6, [5, 8])],
            [2, 2, 5, 5, 7, 6, 2, 4, 9],
        ),
        (
            [(0, 1, 2, [0, 3]), (0, 2, 2, [0, 3]), (1, 0, 4, [4]), (1, 1, 6, [0, 4]), (1, 2, 5, [0, 4])],
            [6, 7, 6, 3, 7, 2],
        ),
        (
            [
                *[(0, 0, 3, [0, 3]), (0, 1, 2, [0]), (0, 2, 4, [3]), (0, 3, 2, [0, 3, 6])],
                *[(1, 0, 5, [1, 4]), (1, 1, 6, [1]), (1, 2, 5, [4]), (1, 3, 8, [1, 4, 6])],
            ],
            [9, 6, 7, 7, 7, 6, 7, 9, 6],
        ),
        (
            [
                *[(0, 0, 6, [0, 3]), (0, 1, 7, []), (0, 3, 3, [0]), (0, 4, 4, [3])],
                *[(1, 0, 6, [1, 4]), (1, 2, 6, [4]), (1, 3, 5, [1]), (1, 4, 5, [4])],
            ],
            [5, 9, 4, 9, 7, 8],
        ),
    ],
    ids=["one with more than its minimum gives way", "one gives and takes", "the first of a set gives way", "no later one gives way"],
)
def test_where_several_periods_bind_a_shipment_as_much_comes_as_early_as_can(
    slots: list[tuple[int, int, int, list[int]]], left: list[int]
) -> None:
    hop = outlets()[0].by(TODAY)
    assert hop is not None
    found = Slots(outlets(), TODAY, None, 40)
    found.slots, found.left = [Slot(day, site, total, tuple(periods), hop) for day, site, total, periods in slots], left
    amounts = _SearchWithin(found, 40, 0, (1, 9), 100_000, ())._amounts(tuple(range(len(slots))))
    together = [(left[period], [at for at, slot in enumerate(slots) if period in slot[3]]) for period in range(len(left))]
    together += [(total, [one for one in range(at + 1) if slots[one][1] == site]) for at, (_, site, total, _) in enumerate(slots)]
    all_that_fit: list[list[int]] = [[]]
    for _ in slots:
        longer = [[*each, more] for each in all_that_fit for more in range(1, 8)]
        all_that_fit = [each for each in longer if all(sum(each[at] for at in some if at < len(each)) <= most for most, some in together)]
    plans = [(-sum(each), sum(slot[0] * one for slot, one in zip(slots, each, strict=True)), each) for each in all_that_fit]
    best = min((promised, late) for promised, late, _ in plans)
    assert amounts in [each for promised, late, each in plans if (promised, late) == best]


def test_what_could_still_come_at_best_comes_in_one_shipment_more() -> None:
    found = Slots(outlets(a_ceiling(9)), TODAY, None, units(8))
    search = _SearchWithin(found, units(8), TODAY, (1, 9), 10_000, ())
    assert search._bound((), 0) == (-units(8), -units(2), units(5 + 2), 1)
    assert search._bound((0,), 1) == (-units(8), -units(2), units(5 + 2), 2)


def by_many_sites(sites: int, quantity: float, *rations: Allocation) -> tuple[list[Outlet], tuple[Shipment, ...], bool]:
    """The split of a line among sites that have 50 and more each, and whether its search was cut."""
    names = tuple(f"S{number}" for number in range(sites))
    shelf = AShelf(*[a_book(on_hand=50 + number % 7, site=name) for number, name in enumerate(names)])
    shelf.rationed = list(rations)
    found = Stand(shelf, classes=("shop",)).outlets(a_line(1, sites=names))
    return found, *split_within(found, TODAY, None, units(quantity), (None, None), EFFORT)


def some(name: str, quantity: float, every: Every, step: int, sites: int) -> Allocation:
    """A ceiling of every second, third, … site."""
    of = frozenset(f"S{number}" for number in range(0, sites, step))
    return Allocation(name, Kind.CEILING, ("shop",), "SKU", of, units(quantity), every)


def test_what_is_counted_in_whole_units_is_never_split_finer_and_no_less_comes_than_by_taking_in_turn() -> None:
    rations = some("C", 7, Every.DAY, 2, 10), some("D", 5, Every.WEEK, 3, 10), some("E", 20, Every.WEEK, 1, 10)
    found, shipments, _ = by_many_sites(10, 1000, *rations)
    assert all(one.quantity % units(1) == 0 for one in shipments)
    left = Slots(found, TODAY, None, units(1000))
    in_turn = _Used(left.left).ship_in_turn(left.slots, units(1000))
    assert sum(one.quantity for one in shipments) >= sum(taken for _, taken in in_turn) == units(524)


def test_what_a_search_costs_is_counted_also_where_thousands_of_shipments_are_weighed() -> None:
    since = process_time()
    _, shipments, cut = by_many_sites(20, 10_000, a_ceiling(30, every=Every.DAY))
    assert (sum(one.quantity for one in shipments), cut) == (units(sum(50 + number % 7 for number in range(20))), True)
    assert process_time() - since < 10


@pytest.mark.parametrize(
    ("ceiling", "quantity", "unit"),
    [(8, 4, 1), (9, 11.5, 0.5), (4.5, 8, 0.5)],
    ids=["whole units, also where all is counted in fours", "a part in the quantity", "a part in what a ceiling leaves"],
)
def test_the_unit_is_one_or_the_part_of_it_in_which_something_is_counted(ceiling: float, quantity: float, unit: float) -> None:
    found = outlets(a_ceiling(ceiling))[:1]
    assert Slots(found, TODAY + 2, TODAY + 2, units(quantity)).unit_with(units(quantity)) == units(unit)


def test_periods_are_looked_at_until_they_leave_all_of_the_quantity() -> None:
    shelf = AShelf(a_book(on_hand=5))
    each_day = Allocation("C", Kind.CEILING, ("shop",), "SKU", None, 1, every=Every.DAY)
    shelf.rationed = [each_day, replace(each_day, id="W", every=Every.WEEK)]
    found = Stand(shelf, classes=("shop",)).outlets(a_line(1, sites=SITES[:1]))
    shipments, _ = split_within(found, TODAY, None, 3, (None, None), 10_000)
    assert [(one.day - TODAY, one.quantity) for one in shipments] == [(0, 1), (6, 1), (13, 1)]


def test_beside_a_floor_the_least_that_can_be_counted_may_be_shipped() -> None:
    assert split(outlets(a_floor(9.999999)), 1) == [("HAM", 2, 0.000001)]


def test_beside_a_floor_of_several_sites_one_of_them_may_serve_alone() -> None:
    assert split(outlets(a_floor(4))[:1], 9) == [("HAM", 2, 3)]


def test_periods_that_a_slow_way_and_a_fast_one_cross_bound_nothing_together() -> None:
    for transit_days, crosses in ((0, False), (9, True)):
        shelf = AShelf(a_book(on_hand=5), a_book(on_hand=5, site="BER"))
        shelf.way = {
            (site, "DE"): Way(EVERY_DAY, 0, EVERY_DAY, days, EVERY_DAY, None, site)
            for site, days in zip(SITES, (0, transit_days), strict=True)
        }
        shelf.rationed = [a_ceiling(2, every=Every.WEEK)]
        reached = Stand(shelf, classes=("shop",)).outlets(a_line(1, sites=SITES, ship_to="DE"))
        found = Slots(reached, TODAY + 10, TODAY + 30, units(9))
        assert (found.is_even, bool(found.common)) == (not crosses, not crosses)


def test_what_is_taken_back_may_be_shipped_again() -> None:
    hop = outlets()[0].by(TODAY)
    assert hop is not None
    slots = [Slot(TODAY, 0, 3, (0,), hop), Slot(TODAY, 1, 4, (), hop), Slot(TODAY, 2, 0, (), hop)]
    used = _Used([2])
    parts = used.ship_in_turn(slots, 9)
    assert [(slot.site, taken) for slot, taken in parts] == [(0, 2), (1, 4)]
    assert [used.room(slot) for slot in slots] == [0, 0, 0]
    used.take_back(parts)
    assert [used.room(slot) for slot in slots] == [2, 4, 0]


def covered(
    quantities: Sequence[float], *rations: Allocation, partial: bool, day: int = 2, **more: Any
) -> list[list[tuple[str, float]]] | None:
    found = outlets(*rations)
    lines = [a_line(quantity, day, sites=SITES, ref=str(at), **more) for at, quantity in enumerate(quantities)]
    covers = one_by_one(TODAY + day, lines, [found for _ in lines], allow_partial=partial)
    assert [one.offers_by(TODAY + 2) for one in found] == [one.offers_by(TODAY + 2) for one in outlets(*rations)], "nothing stays taken"
    return None if covers is None else [[(outlet.site, quantity / units(1)) for outlet, quantity in cover] for cover in covers]


def test_lines_of_one_day_are_served_in_turn_and_the_largest_first_where_that_fails() -> None:
    assert covered([2, 3], partial=False) == [[("HAM", 2)], [("HAM", 3)]]
    assert covered([2, 5], partial=False) == [[("HAM", 2)], [("BER", 5)]]
    assert covered([2, 3, 5], partial=False) == [[("HAM", 2)], [("HAM", 3)], [("BER", 5)]]
    assert covered([3, 2, 4], partial=False) == [[("HAM", 3)], [("HAM", 2)], [("BER", 4)]]
    assert covered([2, 4, 4], partial=False) is None
    assert covered([1, 4, 5], partial=False) == [[("HAM", 1)], [("HAM", 4)], [("BER", 5)]]
    assert covered([1, 5, 4], partial=False) == [[("HAM", 1)], [("BER", 5)], [("HAM", 4)]]
    assert covered([2, 2, 2, 4], partial=False) is None
    assert covered([1, 2, 4], partial=False, day=1) == [[("BER", 1)], [("HAM", 2)], [("BER", 4)]]
    assert covered([3, 3, 2, 2], partial=False) == [[("HAM", 3)], [("BER", 3)], [("HAM", 2)], [("BER", 2)]]
    assert covered([2, 3], a_ceiling(4), partial=False) is None
    assert covered([2, 3], a_ceiling(5), partial=False) == [[("HAM", 2)], [("HAM", 3)]]


def test_a_line_of_one_day_may_come_from_several_sites_where_that_is_allowed() -> None:
    assert covered([7], partial=False) is None
    assert covered([7], partial=True) == [[("HAM", 5), ("BER", 2)]]
    assert covered([7], partial=True, day=1) == [[("BER", 5), ("HAM", 2)]]
    assert covered([7, 3], partial=True) == [[("HAM", 5), ("BER", 2)], [("BER", 3)]]
    assert covered([11], partial=True) is None
    assert covered([7], partial=True, min_ship=3) is None
    assert covered([8], partial=True, min_ship=3) == [[("HAM", 5), ("BER", 3)]]
    assert covered([7], partial=True, max_shipments=1) is None
    assert covered([7], partial=True, max_shipments=2) == [[("HAM", 5), ("BER", 2)]]
    assert covered([5], partial=True, max_shipments=1) == [[("HAM", 5)]]
    assert covered([2], partial=True, min_ship=4) == [[("HAM", 2)]]
    assert covered([7], a_ceiling(6), partial=True) is None
    assert covered([7], a_ceiling(7), partial=True) == [[("HAM", 5), ("BER", 2)]]
    assert covered([6, 4], partial=True) == [[("HAM", 5), ("BER", 1)], [("BER", 4)]]


def test_a_line_takes_each_shipment_once_from_what_a_ceiling_leaves() -> None:
    names = ("HAM", "BER", "MUC")
    shelf = AShelf(*(a_book(on_hand=2, site=site) for site in names))
    shelf.rationed = [a_ceiling(6)]
    line = a_line(6, sites=names)
    found = Stand(shelf, classes=("shop",)).outlets(line)
    cover = [(site, units(2)) for site in names]
    assert [[(one.site, quantity) for one, quantity in each] for each in one_by_one(TODAY, [line], [found], allow_partial=True) or []] == [
        cover
    ]
    small = a_line(1, sites=names[:1])
    assert one_by_one(TODAY, [small], [found[:1]], allow_partial=True) == [[(found[0], units(1))]]
    assert one_by_one(TODAY, [a_line(3, sites=names[:1])], [found[:1]], allow_partial=True) is None
    tiny = Stand(AShelf(*(a_book(on_hand=0.000001, site=site) for site in names))).outlets(line)
    (cover_of_two,) = one_by_one(TODAY, [a_line(0.000002, sites=names)], [tiny], allow_partial=True) or [[]]
    assert [quantity for _, quantity in cover_of_two] == [1, 1]
