"""How a promise stands: the days of its pieces, where they come from, when the last is there."""

from dataclasses import replace

from services.quote.domain.dates import Hop
from services.quote.domain.risk import Route
from services.quote.domain.standing import Piece, Placed, Standing, last_of, where_of
from tests.unit.quote_domain.builders import TODAY, units
from tests.unit.quote_domain.plants import a_lane

PIECE = Piece("A|HAM", TODAY + 1, units(2), TODAY + 4, (Route("A|HAM", a_lane(2)), Route("A|BER", a_lane(9, "OTHER"))))


def test_a_piece_is_slow_where_it_would_arrive_after_its_day_by_now() -> None:
    for arrives, slow in ((None, False), (TODAY + 3, False), (TODAY + 4, False), (TODAY + 5, True)):
        assert replace(PIECE, arrives=arrives).is_slow is slow


def test_a_piece_ships_on_its_pick_day_unless_another_is_said() -> None:
    assert PIECE.hop == Hop(TODAY + 1, TODAY + 1, TODAY + 4)
    assert replace(PIECE, ship_day=TODAY + 2).hop == Hop(TODAY + 1, TODAY + 2, TODAY + 4)


def test_a_promise_stands_where_its_pieces_are_over_the_first_of_their_ways() -> None:
    without = replace(PIECE, key="B|HAM", routes=(), delivery_day=TODAY + 6)
    found = where_of(Standing("one", ("one",), (PIECE, without), TODAY, TODAY + 6, None))
    assert found == (
        Placed("A|HAM", Hop(TODAY + 1, TODAY + 1, TODAY + 4), units(2), "LANE"),
        Placed("B|HAM", Hop(TODAY + 1, TODAY + 1, TODAY + 6), units(2), None),
    )
    assert (last_of(found), last_of(found[:1])) == (TODAY + 6, TODAY + 4)
