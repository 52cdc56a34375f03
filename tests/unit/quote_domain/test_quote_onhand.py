"""A request that is simply on hand is answered without a search: is it the answer that the whole way gives?"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.allocation import Allocation
from services.quote.domain.allocation import Kind as AllocationKind
from services.quote.domain.book import Book
from services.quote.domain.calendar import EVERY_DAY
from services.quote.domain.choice import Aim
from services.quote.domain.dates import Way, immediate
from services.quote.domain.entry import Entry, Part
from services.quote.domain.onhand import all_on_hand
from services.quote.domain.promise import Demand, promise_by_search
from services.quote.domain.request import Substitute
from services.quote.domain.rules import Rules
from services.quote.domain.sources import Buy
from tests.examples import examples
from tests.unit.quote_domain.builders import NOW, TODAY, AShelf, a_book, a_line, claim, hold, receipt, requirement, units
from tests.unit.quote_domain.days import WAYS

SKUS, SITES = ("A", "B"), ("HAM", "BER")
DAY = st.integers(-2, 6)
MOVE = st.one_of(
    st.builds(receipt, st.sampled_from(["PO-1", "PO-2"]), st.integers(1, 9), DAY),
    st.builds(claim, st.sampled_from(["C-1", "C-2"]), st.integers(1, 6), DAY),
    st.builds(hold, st.sampled_from(["H-1"]), st.integers(1, 6), DAY, st.sampled_from([-60, 60])),
    st.builds(requirement, st.sampled_from(["R-1"]), st.integers(1, 6), DAY),
    st.builds(lambda quantity, day: Entry(Part.PLAN, "P-1", units(quantity), TODAY + day), st.integers(1, 6), DAY),
)
BOOK = st.tuples(st.lists(MOVE, max_size=3), st.integers(0, 20), st.sampled_from([0, 0, 2]))
BOOKS = st.fixed_dictionaries({(sku, site): BOOK if site == "HAM" else st.none() | BOOK for sku in SKUS for site in SITES})
ROADS: st.SearchStrategy[Any] = st.just({}) | st.dictionaries(st.sampled_from(SITES), st.lists(WAYS, max_size=2))
ODDITIES = st.sampled_from(
    [{}, {}, {"ship_to": "DE"}, {"unknown_sites": ("LYS",)}, {"substitutes": (Substitute("B", SITES),)}, {"min_ship": 2}]
)
LINES = st.lists(
    st.tuples(
        st.sampled_from([*SKUS, *SKUS, *SKUS, "?"]),
        st.integers(1, 9),
        st.integers(-1, 8),
        st.sampled_from([SITES[:1], SITES[:1], SITES[:1], SITES[1:], SITES, ()]),
        st.none() | st.integers(-1, 9),
        ODDITIES,
    ),
    min_size=1,
    max_size=3,
)
FLAGS = st.sampled_from([{}, {}, {}, {"allow_partial": True}, {"ship_complete": True}, *({"policy": aim} for aim in Aim)])
CEILING = Allocation("CEILING", AllocationKind.CEILING, ("gold",), "A", None, units(2))
RULES = st.builds(Rules, dock_to_stock_days=st.integers(0, 2))


def a_shelf(described: Any, roads: Any, rules: Rules, rationed: list[Allocation], *, buys: bool) -> AShelf:
    books = [a_book(*moves, on_hand=on_hand, safety_stock=kept, sku=sku, site=site) for (sku, site), (moves, on_hand, kept) in described]
    shelf = AShelf(*books, rules=rules)
    shelf.several = {
        site: tuple(replace(way, lane=f"L{n}") for n, way in enumerate(ways)) for site, ways in roads.items() if ways is not None
    }
    shelf.rationed = rationed
    if buys:
        shelf.source = {(sku, site): (Buy("TERMS", None, 3, EVERY_DAY),) for sku in SKUS for site in SITES}
    return shelf


@examples(300)
@given(BOOKS, ROADS, LINES, FLAGS, RULES, st.booleans(), st.sampled_from([[], [], [CEILING]]))
def test_what_is_simply_on_hand_is_what_the_search_finds(
    books: Any, roads: Any, asked: Any, flags: dict[str, Any], rules: Rules, buys: Any, rationed: list[Allocation]
) -> None:
    described = [(key, book) for key, book in books.items() if book is not None]
    lines = tuple(
        a_line(quantity, day, sites=sites, sku=sku, ref=str(n), known_sku=sku != "?", latest_day=latest, **more)
        for n, (sku, quantity, day, sites, latest, more) in enumerate(asked)
    )
    shelf = a_shelf(described, roads, rules, rationed, buys=buys)
    demand = Demand(lines, hold_ends=lambda _: TODAY, classes=("gold",), **flags)
    found = all_on_hand(demand, shelf)
    assert found is None or found == promise_by_search(demand, shelf)


def plain() -> tuple[AShelf, Demand]:
    books: list[Book] = [a_book(claim("C", 3, 2), on_hand=8, safety_stock=1, sku=sku) for sku in SKUS]
    return AShelf(*books), Demand((a_line(4, 1, sku="A"), a_line(4, 0, sku="B", ref="2")))


def test_lines_that_are_on_hand_are_answered_without_a_search() -> None:
    shelf, demand = plain()
    found = all_on_hand(demand, shelf)
    assert found == promise_by_search(demand, shelf)
    assert found is not None
    assert (found.outcome, found.summary) == ("full", "All 2 lines, as asked.")


@pytest.mark.parametrize(
    "otherwise",
    [
        {"quantity": units(5)},
        {"requested_day": TODAY - 1},
        {"latest_day": TODAY},
        {"sites": ("HAM", "BER")},
        {"sku": "C"},
        {"sku": "B"},
        {"known_sku": False},
    ],
    ids=lambda one: next(iter(one)) + str(next(iter(one.values()))),
)
def test_a_line_that_is_not_as_plain_as_that_is_searched_for(otherwise: dict[str, Any]) -> None:
    shelf, demand = plain()
    assert all_on_hand(replace(demand, lines=(replace(demand.lines[0], **otherwise), demand.lines[1])), shelf) is None


@pytest.mark.parametrize("more", [{"ship_complete": True}, *({"policy": aim} for aim in Aim if aim is not Aim.EARLIEST)], ids=str)
def test_a_request_with_a_wish_of_its_own_is_searched_for(more: dict[str, Any]) -> None:
    shelf, demand = plain()
    assert all_on_hand(replace(demand, **more), shelf) is None


def test_where_an_allocation_or_a_second_way_has_a_word_it_is_searched_for() -> None:
    shelf, demand = plain()
    shelf.rationed = [CEILING]
    assert all_on_hand(demand, shelf) is None
    shelf.rationed, shelf.several = [], {"HAM": (immediate(TODAY), immediate(TODAY))}
    assert all_on_hand(demand, shelf) is None


def test_what_is_partly_awaited_is_searched_for() -> None:
    shelf = AShelf(a_book(receipt("PO", 5, 1), on_hand=3))
    assert all_on_hand(Demand((a_line(4, 1),)), shelf) is None
    assert all_on_hand(Demand((a_line(3, 1),)), shelf) is not None


def test_a_hold_blocks_what_is_on_hand_while_it_lives() -> None:
    shelf = AShelf(a_book(hold("H", 5, 0, 60), on_hand=8))
    demand = Demand((a_line(4),))
    assert all_on_hand(demand, shelf) is None
    shelf.now = NOW + timedelta(seconds=61)
    assert all_on_hand(demand, shelf) is not None


class ByCustomer(AShelf):
    """A shelf from which each customer is reached by a way of their own."""

    def ways(self, sku: str, site: str, ship_to: str | None, customer: str | None) -> tuple[Way, ...]:
        way = self.way.get((site, customer or ship_to))
        return super().ways(sku, site, ship_to, customer) if way is None else (way,)


def test_it_comes_by_the_lane_to_where_it_is_sent_or_to_its_customer() -> None:
    shelf = ByCustomer(a_book(on_hand=5))
    for number, to in enumerate(("DE", "FR", "ACME")):
        shelf.way["HAM", to] = replace(immediate(TODAY), transit_days=number, lane=f"TO-{to}")
    for line, expected in (
        (a_line(5, 3, ship_to="DE"), ("TO-DE", 3)),
        (a_line(5, 3, ship_to="FR"), ("TO-FR", 2)),
        (a_line(5, 3, ship_to="DE", customer="ACME"), ("TO-ACME", 1)),
    ):
        found = all_on_hand(Demand((line,)), shelf)
        assert found is not None
        (delivery,) = found.lines[0].deliveries
        assert (delivery.lane, delivery.ship_day - TODAY) == expected
