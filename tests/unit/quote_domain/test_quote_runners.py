"""The ways that lost: what they are called, and the sites that can never serve a line."""

import pytest

from services.quote.domain.dates import Hop
from services.quote.domain.reasons import Lost
from services.quote.domain.runners import MOST_UNABLE, Way, alternative_of, named, with_unable
from services.quote.domain.stand import Stand
from tests.unit.quote_domain.builders import TODAY, AShelf, a_book, a_line, units
from tests.unit.quote_domain.plants import a_lane


@pytest.mark.parametrize(
    ("kind", "quantities", "called"),
    [
        ("make", (5,), "make"),
        ("make", (6,), "make"),
        ("make", (4,), "partial"),
        ("make", (3, 2), "split"),
        ("make", (3, 1), "partial"),
        ("substitute", (5,), "substitute"),
        ("substitute", (3, 2), "substitute"),
        ("substitute", (3, 1), "partial"),
    ],
)
def test_what_comes_short_or_in_several_deliveries_is_called_so(kind: str, quantities: tuple[int, ...], called: str) -> None:
    (outlet,) = Stand(AShelf(a_book(on_hand=9))).outlets(a_line(5))
    parts = tuple((outlet, Hop(TODAY, TODAY, TODAY + day), units(quantity)) for day, quantity in enumerate(quantities))
    found = alternative_of(Way(kind, parts, ("make",)), a_line(5), Lost.LATER)
    assert (found.kind, found.lost_because, found.supply) == (called, "LATER", ("make",))
    assert [(one.quantity, one.delivery_day - TODAY, one.sku) for one in found.deliveries] == [
        (units(quantity), day, None) for day, quantity in enumerate(quantities)
    ]
    other = alternative_of(Way(kind, parts), a_line(5, sku="OTHER"), Lost.LATER)
    assert ([one.sku for one in other.deliveries], other.supply) == (["SKU"] * len(quantities), None)


def test_sites_that_can_never_serve_a_line_stand_behind_the_ways_that_lost_each_with_its_reason() -> None:
    shelf = AShelf(a_book(on_hand=9), a_book(on_hand=9, site="BER"))
    shelf.way = {("HAM", "NORTH"): a_lane(2)}
    stand = Stand(shelf)
    line = a_line(5, sites=("HAM", "BER", "MUC"), ship_to="NORTH", unknown_sites=("LYS",))
    (outlet,) = stand.outlets(line)
    lost = (alternative_of(Way("site", ((outlet, Hop(TODAY, TODAY, TODAY), units(5)),)), line, Lost.LATER),)
    found = with_unable(line, lost, stand)
    assert [(one.alternative, one.kind, one.site, one.lost_because, len(one.deliveries)) for one in found] == [
        ("a1", "site", None, "LATER", 1),
        ("a2", "site", "LYS", "UNKNOWN_SITE", 0),
        ("a3", "site", "BER", "NO_LANE", 0),
        ("a4", "site", "MUC", "NO_BOOK", 0),
    ]
    assert with_unable(a_line(5, sites=("HAM", "BER")), lost, stand) == lost, "without a destination no lane is needed"
    assert named(()) == ()


def test_of_many_sites_that_cannot_serve_a_line_only_some_are_named() -> None:
    stand = Stand(AShelf(a_book(on_hand=9)))
    found = with_unable(a_line(5, unknown_sites=tuple(f"X{number}" for number in range(MOST_UNABLE + 1))), (), stand)
    assert [one.site for one in found] == [f"X{number}" for number in range(MOST_UNABLE)]
