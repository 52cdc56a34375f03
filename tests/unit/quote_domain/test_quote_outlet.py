"""What can be delivered by when from a site, against looking at every day."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.allocation import LATEST, Allocation, Every, Kind, Period
from services.quote.domain.book import Book
from services.quote.domain.calendar import EVERY_DAY, THREE_YEARS, Calendar
from services.quote.domain.dates import Hop, Way
from services.quote.domain.entry import BUCKET, Entry, Part
from services.quote.domain.outlet import MOST_PERIODS, Outlet
from services.quote.domain.stand import Stand
from tests.unit.quote_domain.builders import NOW, TODAY, AShelf, a_book, a_line, receipt, units
from tests.unit.quote_domain.plants import a_lane

CALENDARS = st.sampled_from([EVERY_DAY, Calendar((1, 1, 1, 1, 1, 0, 0), {}), Calendar((0, 1, 0, 1, 0, 0, 0), {TODAY + 3: 1, TODAY + 8: 0})])
WAYS = st.builds(
    Way, CALENDARS, st.integers(0, 2), CALENDARS, st.integers(0, 2), CALENDARS, st.none() | st.integers(-2, 4).map(lambda day: TODAY + day),
    st.sampled_from(["LANE", None]),
)  # fmt: skip


def listed(first: int, second: int, gap: int) -> dict[str, object]:
    quantities = zip((0, 3 + gap, 7 + gap), (first, second, 9), strict=True)
    return {"periods": tuple(Period(TODAY + day, TODAY + day + 2, quantity) for day, quantity in quantities)}


def coming_again(quantity: int, every: Every | None, last: int | None) -> dict[str, object]:
    return {"quantity": quantity, "every": every, "last": LATEST if last is None else TODAY + last}


RATIONS = st.one_of(
    st.builds(coming_again, st.integers(0, 5), st.sampled_from([None, *Every]), st.none() | st.integers(0, 9)),
    st.builds(listed, st.integers(0, 4), st.integers(0, 4), st.integers(0, 2)),
)
TAKEN = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 9)), max_size=2)
FAR = 60


class Slowly:
    """The same site, looked at day by day."""

    def __init__(self, outlet: Outlet) -> None:
        self.outlet = outlet
        free = replace(outlet.way, first_pick=None)
        self.hops = sorted({hop for day in range(TODAY - 30, TODAY + FAR) if (hop := free.deliver(day)) is not None})
        self.first = max(TODAY, outlet.way.first_pick or TODAY)

    def by(self, day: int) -> Hop | None:
        hop = max((hop for hop in self.hops if hop.delivery <= day), default=None)
        return hop if hop is not None and hop.pick >= self.first else None

    def after(self, pick: int) -> Hop:
        hops = [hop for hop in self.hops if hop.pick >= max(pick, self.first)]
        soonest = min(hop.delivery for hop in hops)
        return max(hop for hop in hops if hop.delivery == soonest)

    def shipping_from(self, ship: int) -> Hop:
        return self.after(min(hop.pick for hop in self.hops if hop.ship >= ship))

    def room(self, ship: int) -> int | None:
        rooms = [room for bucket in self.outlet.ceilings if (room := bucket.left(ship)) is not None]
        return max(0, min(rooms)) if rooms else None

    def admitted(self, hop: Hop, quantity: int) -> Hop | None:
        for ship in range(hop.ship, hop.ship + FAR - 25):
            found = hop if ship == hop.ship else self.shipping_from(ship)
            room = self.room(found.ship)
            if room is None or room >= quantity:
                return found
        return None

    def offers_by(self, day: int) -> int:
        hop = self.by(day)
        if hop is None:
            return 0
        there = max(0, self.outlet.place.free.atp_on(hop.pick))
        room = self.room(hop.ship)
        return there if room is None else min(there, room)


def an_outlet(way: Way, coming: list[tuple[int, int]], rations: list[dict[str, object]], taken: list[tuple[int, int]]) -> Outlet:
    books = [Book(f"C{number}", BUCKET) for number in range(len(rations))]
    for book in books:
        book.apply([Entry(Part.CLAIM, f"c{n}", quantity, TODAY + day) for n, (quantity, day) in enumerate(taken)], 1, NOW)
    stock = Book("SKU", "HAM")
    stock.apply([Entry(Part.STOCK, "", 1), *(Entry(Part.RECEIPT, f"R{n}", q, TODAY + day) for n, (q, day) in enumerate(coming))], 1, NOW)
    shelf = AShelf(stock, *books)
    shelf.way = {("HAM", None): way}
    shelf.rationed = [Allocation(f"C{n}", Kind.CEILING, ("shop",), "SKU", None, **one) for n, one in enumerate(rations)]  # type: ignore[arg-type]
    (outlet,) = Stand(shelf, classes=("shop",)).outlets(a_line(1))
    return outlet


@given(
    WAYS, st.lists(st.tuples(st.integers(1, 4), st.integers(-2, 9)), max_size=3), st.lists(RATIONS, max_size=2), TAKEN, st.integers(-3, 14),
    st.integers(1, 6),
)  # fmt: skip
def test_a_site_delivers_what_looking_at_every_day_finds(
    way: Way, coming: list[tuple[int, int]], rations: list[dict[str, object]], taken: list[tuple[int, int]], day: int, quantity: int
) -> None:
    outlet = an_outlet(way, coming, rations, taken)
    slowly = Slowly(outlet)
    day += TODAY
    assert outlet.first_pick == slowly.first
    assert outlet.by(day) == slowly.by(day)
    assert outlet.after(day) == slowly.after(day)
    assert outlet.shipping_from(day) == slowly.shipping_from(day)
    assert outlet.room(day) == slowly.room(day)
    assert outlet.offers_by(day) == slowly.offers_by(day)
    plain = slowly.by(day) or slowly.after(slowly.first)
    assert outlet.wanted(day) == plain
    assert outlet.wanted(day, quantity) == slowly.admitted(plain, quantity)
    ready = next((at for at in range(TODAY, TODAY + 20) if outlet.place.free.atp_on(at) >= quantity), None)
    by_wish = slowly.by(day)
    hop = None if ready is None else by_wish if by_wish is not None and by_wish.pick >= ready else slowly.after(ready)
    assert outlet.ready(ready, day) == hop
    assert outlet.earliest(quantity, day) == (None if hop is None else slowly.admitted(hop, quantity))


@given(
    WAYS, st.lists(st.tuples(st.integers(1, 4), st.integers(-2, 9)), max_size=3), st.lists(RATIONS, max_size=2), TAKEN, st.integers(-3, 14)
)
def test_what_a_site_can_deliver_changes_on_the_days_that_it_names_alone(
    way: Way, coming: list[tuple[int, int]], rations: list[dict[str, object]], taken: list[tuple[int, int]], wanted: int
) -> None:
    outlet = an_outlet(way, coming, rations, taken)
    slowly = Slowly(outlet)
    days = list(outlet.days_of_change(TODAY + wanted))
    assert days == sorted(set(days))
    assert all(day >= TODAY + wanted for day in days)
    for day in range(TODAY + wanted, TODAY + 25):
        before = [one for one in days if one <= day]
        assert slowly.offers_by(day) == (slowly.offers_by(before[-1]) if before else 0)


@pytest.mark.parametrize(
    ("ration", "taken", "days"),
    [
        ({"quantity": 2, "every": Every.WEEK}, [], [0, 6]),
        ({"quantity": 2, "every": Every.WEEK, "last": TODAY + 20}, [], [0, 6, 21]),
        ({"quantity": 2, "every": Every.WEEK, "last": TODAY + 20}, [(1, 8)], [0, 6, 13, 21]),
        ({"quantity": 2, "every": Every.DAY}, [(1, 2)], [0, 1, 2, 3]),
        ({"quantity": 2, "last": TODAY + THREE_YEARS - 1}, [], [0, THREE_YEARS]),
        ({"quantity": 2, "last": TODAY + THREE_YEARS}, [], [0]),
        ({"quantity": 2, "every": Every.WEEK, "last": TODAY + THREE_YEARS - 1}, [], [0, 6, THREE_YEARS]),
        ({"quantity": 2, "every": Every.WEEK, "last": TODAY + THREE_YEARS}, [], [0, 6]),
        ({"quantity": 2, "last": TODAY - 1}, [], [0]),
        ({"quantity": 2, "last": TODAY - 9}, [], [0]),
        ({"quantity": 2}, [], [0]),
        (listed(1, 2, 0), [], [0, 3, 6, 7, 10]),
        ({"quantity": 2, "every": Every.DAY}, [(1, 900)], list(range(MOST_PERIODS + 1))),
    ],
)
def test_a_ceiling_may_leave_more_with_each_period_until_all_are_alike_and_when_it_ends(
    ration: dict[str, object], taken: list[tuple[int, int]], days: list[int]
) -> None:
    outlet = an_outlet(a_lane(0), [(9, 0)], [ration], taken)
    assert [day - TODAY for day in outlet.days_of_change(TODAY)] == days


def test_nothing_is_delivered_where_nobody_ever_works_or_receives() -> None:
    never = Calendar((0,) * 7, {})
    for way in (Way(never, 0, EVERY_DAY, 0, EVERY_DAY, None, "L"), Way(EVERY_DAY, 0, EVERY_DAY, 0, never, None, "L")):
        outlet = an_outlet(way, [], [], [])
        assert (outlet.by(TODAY + 5), outlet.after(TODAY), outlet.wanted(TODAY), outlet.earliest(1, TODAY)) == (None, None, None, None)
        assert (list(outlet.days_of_change(TODAY)), outlet.offers_by(TODAY + 5)) == ([], 0)


def test_what_was_taken_is_counted_by_ceilings_and_given_back() -> None:
    outlet = an_outlet(a_lane(1), [(9, 0)], [{"quantity": 4}], [])
    stand = outlet.place.stand
    hop = Hop(TODAY, TODAY, TODAY + 1)
    mark = stand.mark()
    assert [outlet.take(hop, 3), outlet.take(hop, 1)] == [0, 1]
    assert (outlet.room(TODAY), outlet.keeps_bounds(hop), outlet.offers_by(TODAY + 1)) == (0, True, 0)
    outlet.take(hop, 1)
    assert not outlet.keeps_bounds(hop)
    stand.rollback(mark)
    assert (outlet.room(TODAY), outlet.keeps_bounds(hop)) == (4, True)


def test_an_allocation_has_a_word_where_a_ceiling_binds_or_a_floor_keeps_something() -> None:
    assert an_outlet(a_lane(1), [], [{"quantity": 4}], []).is_bound
    assert not an_outlet(a_lane(1), [], [], []).is_bound
    shelf = AShelf(a_book(receipt("PO", 1, 1)))
    shelf.rationed = [Allocation("F", Kind.FLOOR, ("gold",), "SKU", frozenset({"HAM"}), units(1))]
    assert Stand(shelf, classes=("shop",)).outlets(a_line(1))[0].is_bound
    assert not Stand(shelf, classes=("gold",)).outlets(a_line(1))[0].is_bound
