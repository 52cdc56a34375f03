"""What can be had of a line from what is there: whole, in parts, at all."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.allocation import Allocation, Kind
from services.quote.domain.answer import Delivery
from services.quote.domain.calendar import EVERY_DAY, Calendar
from services.quote.domain.dates import Hop, Way
from services.quote.domain.known import (
    delivery_of,
    each_place,
    earliest_whole,
    fastest_ways,
    most_of,
    offer_of,
    split_of,
    too_late,
    ways_by_book,
)
from services.quote.domain.outlet import Outlet
from services.quote.domain.split import Offer
from services.quote.domain.stand import Stand
from tests.unit.quote_domain.builders import TODAY, AShelf, a_book, a_line, claim, receipt, units
from tests.unit.quote_domain.plants import a_lane

NO_WEEKENDS = Calendar((480, 480, 480, 480, 480, 0, 0), {})
"""TODAY is a Tuesday: the days 4 and 5 are closed."""


def two_sites(ham: int | None, ber: int | None, receiving: Calendar = EVERY_DAY) -> list[Outlet]:
    """Five are at HAM and at BER from a day on; on the way it takes a day, and from BER it arrives only on days on which it is received."""
    books = [a_book(*([receipt("PO", 5, day)] if day is not None else []), site=site) for site, day in (("HAM", ham), ("BER", ber))]
    shelf = AShelf(*books)
    shelf.way = {("HAM", "DE"): a_lane(1), ("BER", "DE"): Way(EVERY_DAY, 0, EVERY_DAY, 1, receiving, None, "B")}
    return Stand(shelf).outlets(a_line(5, sites=("HAM", "BER"), ship_to="DE"))


@pytest.mark.parametrize(
    ("outlets", "wanted", "latest", "found"),
    [
        (two_sites(2, 3), 0, None, ("HAM", 3)),
        (two_sites(3, 2), 0, None, ("BER", 3)),
        (two_sites(3, 3), 0, None, ("HAM", 4)),
        (two_sites(None, 3), 0, None, ("BER", 4)),
        (two_sites(None, None), 0, None, None),
        (two_sites(3, 2), 9, None, ("HAM", 9)),
        (two_sites(2, 2, NO_WEEKENDS), 5, None, ("HAM", 5)),
        (two_sites(5, 2, NO_WEEKENDS), 5, None, ("BER", 3)),
        (two_sites(3, 4), 0, 4, ("HAM", 4)),
        (two_sites(3, 4), 0, 3, None),
        (two_sites(4, 3), 0, 4, ("BER", 4)),
    ],
)
def test_the_whole_comes_from_the_first_site_in_time_or_else_from_the_earliest(
    outlets: list[Outlet], wanted: int, latest: int | None, found: tuple[str, int] | None
) -> None:
    whole = earliest_whole(a_line(5, latest_day=latest), outlets, TODAY + wanted)
    assert (None if whole is None else (whole[0].site, whole[1].delivery - TODAY)) == found
    if latest is not None:
        at_any_date = earliest_whole(a_line(5, latest_day=latest), outlets, TODAY + wanted, any_date=True)
        assert at_any_date is not None
        assert at_any_date[1].delivery == TODAY + 4


def test_too_late_is_what_comes_after_the_latest_acceptable_day() -> None:
    for latest, late in ((None, False), (2, True), (3, False)):
        assert too_late(a_line(1, latest_day=latest), Hop(TODAY, TODAY, TODAY + 3)) is late


@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(0, 8)), max_size=4),
    st.lists(st.tuples(st.integers(1, 3), st.integers(0, 8)), max_size=2),
    st.integers(0, 4), st.integers(1, 9), st.integers(-1, 6), st.none() | st.integers(-1, 9), st.integers(0, 2),
)  # fmt: skip
def test_an_offer_says_of_each_day_what_can_have_been_delivered_by_then(
    coming: list[tuple[int, int]], going: list[tuple[int, int]], on_hand: int, quantity: int, wanted: int, latest: int | None, transit: int
) -> None:
    entries = [receipt(f"R{n}", *one) for n, one in enumerate(coming)] + [claim(f"C{n}", *one) for n, one in enumerate(going)]
    shelf = AShelf(a_book(*entries, on_hand=on_hand))
    shelf.way = {("HAM", "DE"): a_lane(transit)}
    (outlet,) = Stand(shelf).outlets(a_line(1, ship_to="DE"))
    found = offer_of([outlet], TODAY + wanted, None if latest is None else TODAY + latest, units(quantity))
    for day in range(max(wanted, transit), 12):
        if latest is None or day <= latest:
            reached = max([total for at, total in zip(found.days, found.totals, strict=True) if at <= TODAY + day], default=0)
            assert reached == min(units(quantity), outlet.offers_by(TODAY + day))
    assert list(found.totals) == sorted(set(found.totals))
    assert all(total > 0 for total in found.totals)
    assert all(latest is None or day <= TODAY + latest for day in found.days)
    assert all(day >= TODAY + wanted for day in found.days)


def parts(found: Sequence[tuple[Outlet, Hop, int]]) -> list[tuple[str, int, int, int]]:
    return [(outlet.site, hop.pick - TODAY, hop.delivery - TODAY, quantity // units(1)) for outlet, hop, quantity in found]


def test_a_split_is_told_by_the_days_of_its_deliveries() -> None:
    shelf = AShelf(a_book(receipt("PO", 3, 2), on_hand=2), a_book(receipt("PO", 9, 4), site="BER"))
    shelf.way = {("HAM", "DE"): a_lane(1), ("BER", "DE"): a_lane(2)}
    line = a_line(9, sites=("HAM", "BER"), ship_to="DE")
    outlets = Stand(shelf).outlets(line)
    everything = [("HAM", 0, 1, 2), ("HAM", 2, 3, 3), ("BER", 4, 6, 4)]
    assert parts(split_of(line, outlets, TODAY, None, 1000)) == everything
    assert parts(split_of(line, outlets, TODAY, TODAY + 6, 1000)) == everything
    assert parts(split_of(line, outlets, TODAY, TODAY + 5, 1000)) == everything[:2]
    assert parts(split_of(line, outlets, TODAY + 4, None, 1000)) == [("HAM", 3, 4, 5), ("BER", 4, 6, 4)]
    few = a_line(9, sites=("HAM", "BER"), ship_to="DE", max_shipments=1)
    assert parts(split_of(few, outlets, TODAY, None, 1000)) == [("BER", 4, 6, 9)]
    large = a_line(9, sites=("HAM", "BER"), ship_to="DE", min_ship=3)
    assert parts(split_of(large, outlets, TODAY, None, 1000)) == [("HAM", 2, 3, 5), ("BER", 4, 6, 4)]
    shelf.rationed = [Allocation("C", Kind.CEILING, ("shop",), "SKU", None, units(4))]
    bound = Stand(shelf, classes=("shop",)).outlets(line)
    assert parts(split_of(line, bound, TODAY, None, 1000)) == [("HAM", 0, 1, 2), ("HAM", 2, 3, 2)]
    assert parts(split_of(line, bound, TODAY, TODAY + 1, 1000)) == [("HAM", 0, 1, 2)]
    assert parts(split_of(few, bound, TODAY, None, 1000)) == [("HAM", 2, 3, 4)]


def test_a_search_that_was_cut_says_so() -> None:
    for effort, cut in ((1000, False), (1, True)):
        shelf = AShelf(a_book(receipt("PO", 3, 2), on_hand=2), a_book(receipt("PO", 9, 4), site="BER"))
        for sites in (("HAM", "BER"), ("HAM",)):
            line = a_line(5, sites=sites, min_ship=3, max_shipments=2)
            stand = Stand(shelf)
            split_of(line, stand.outlets(line), TODAY, None, effort)
            assert stand.gave_up is cut


def test_a_millionth_is_offered() -> None:
    (outlet,) = Stand(AShelf(a_book(on_hand=1 / units(1)))).outlets(a_line(1))
    assert offer_of([outlet], TODAY, None, units(1)) == Offer((TODAY,), (1,))


def test_a_wish_that_nothing_can_meet_is_met_by_the_first_delivery() -> None:
    shelf = AShelf(a_book(on_hand=5))
    shelf.way = {("HAM", "DE"): a_lane(3, first_pick=TODAY + 1)}
    line = a_line(5, ship_to="DE")
    assert parts(split_of(line, Stand(shelf).outlets(line), TODAY, None, 1000)) == [("HAM", 1, 4, 5)]


def test_of_each_book_there_is_one_way_and_the_most_that_it_ever_has_is_never_less_than_nothing() -> None:
    shelf = AShelf(a_book(receipt("PO", 4, 3), on_hand=2), a_book(claim("c", 2, 1), site="BER"))
    stand = Stand(shelf)
    ham, ber = stand.outlets(a_line(1, sites=("HAM", "BER")))
    again = Outlet(ham.place, a_lane(2))
    assert {id(one) for one in each_place([ham, again, ber])} == {id(ham), id(ber)}
    assert [most_of(one) for one in (ham, ber)] == [units(6), 0]


def test_of_several_ways_from_one_book_each_delivery_takes_the_one_that_is_picked_last() -> None:
    stand = Stand(AShelf(a_book(receipt("PO", 3, 2), on_hand=2), a_book(on_hand=1, site="BER")))
    ham, ber = stand.outlets(a_line(1, sites=("HAM", "BER")))
    slow, fast = Outlet(ham.place, a_lane(4, "SEA")), Outlet(ham.place, a_lane(2, "AIR", first_pick=TODAY + 1))
    never = Outlet(ham.place, Way(EVERY_DAY, 0, Calendar((0,) * 7, {}), 1, EVERY_DAY, None, "NEVER"))
    from_ber = Outlet(ber.place, a_lane(9))
    outlets = [slow, never, fast, from_ber]
    assert ways_by_book(outlets) == [[slow, never, fast], [from_ber]]
    assert fastest_ways(outlets) == [fast, from_ber]
    assert fastest_ways([never, slow]) == [slow]
    assert offer_of([slow, fast], TODAY, None, units(9)) == Offer((TODAY + 3, TODAY + 4), (units(2), units(5)))
    assert offer_of([slow], TODAY, None, units(9)) == Offer((TODAY + 4, TODAY + 6), (units(2), units(5)))
    found = split_of(a_line(6, sites=("HAM", "BER")), outlets, TODAY, None, 1000)
    assert [(outlet.way.lane, *rest) for (outlet, *_), rest in zip(found, [one[1:] for one in parts(found)], strict=True)] == [
        ("AIR", 1, 3, 2), ("AIR", 2, 4, 3), ("LANE", 0, 9, 1),
    ]  # fmt: skip


def test_a_delivery_names_what_is_delivered_where_that_is_not_what_was_asked_for() -> None:
    (outlet,) = Stand(AShelf(a_book(on_hand=1, sku="SUB"))).outlets(a_line(1, sku="SUB"))
    by_lane = Outlet(outlet.place, a_lane(2))
    hop = Hop(TODAY, TODAY + 1, TODAY + 3)
    expected = ("HAM", 5, TODAY, TODAY + 1, TODAY + 3)
    assert delivery_of(outlet, hop, 5) == Delivery(*expected)
    assert delivery_of(by_lane, hop, 5, 2, line_sku="SUB") == Delivery(*expected, 2, "LANE")
    assert delivery_of(by_lane, hop, 5, 2, line_sku="SKU") == Delivery(*expected, 2, "LANE", "SUB")
