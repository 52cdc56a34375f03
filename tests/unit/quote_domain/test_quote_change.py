"""Amendments under THE invariant."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.allocation import Allocation, Kind
from services.quote.domain.balance import balance, permits
from services.quote.domain.book import Book
from services.quote.domain.change import CurrentLine, amend, stands
from services.quote.domain.choice import Aim
from services.quote.domain.dates import immediate
from services.quote.domain.entry import BUCKET, Entry, Part
from services.quote.domain.promise import Decision, Delivery, LineRequest
from services.quote.domain.request import Substitute
from services.quote.domain.rules import Rules
from services.quote.domain.sources import Make
from tests.examples import examples
from tests.unit.quote_domain.builders import NOW, TODAY, AShelf, a_book, a_line, claim, claims_for, receipt, shipped_as, units
from tests.unit.quote_domain.plants import HERE, PRODUCT, Plant, a_lane, a_machine, a_step
from tests.unit.quote_domain.test_quote_supply import a_tree

ME = "ord_me"


def delivery(quantity: float, day: int, site: str = "HAM") -> Delivery:
    return Delivery(site, units(quantity), TODAY + day, TODAY + day, TODAY + day)


def current(line: LineRequest, *deliveries: Delivery, shipped: float = 0) -> CurrentLine:
    last = max((one.delivery_day for one in deliveries), default=None)
    return CurrentLine(line, deliveries, last, last, units(shipped))


def mine(number: int, quantity: float, day: int) -> Entry:
    return claim(f"{ME}/{number}", quantity, day, ME)


def changed(now: CurrentLine, wanted: LineRequest, *books: Book, **how: Any) -> Decision:
    return amend([now], [wanted], AShelf(*books), ME, **how)


def test_raised_it_moves_later_only_as_far_as_it_must_and_lowered_it_stays() -> None:
    # promised for day 20; 10 are possible from day 15, 14 from day 25
    book = a_book(receipt("a", 10, 15), receipt("b", 4, 25), mine(1, 10, 20))
    now = current(a_line(10, 10), delivery(10, 20))
    assert shipped_as(changed(now, a_line(14, 10), book).lines[0].deliveries) == [("HAM", 14, 25)]
    assert shipped_as(changed(now, a_line(8, 10), book).lines[0].deliveries) == [("HAM", 8, 20)]
    assert shipped_as(changed(now, a_line(10, 10), book).lines[0].deliveries) == [("HAM", 10, 20)], "never pulled in"


def test_a_changed_requested_date_aims_at_the_new_date() -> None:
    book = a_book(receipt("a", 10, 15), mine(1, 10, 20))
    now = current(a_line(10, 10), delivery(10, 20))
    assert shipped_as(changed(now, a_line(10, 12), book).lines[0].deliveries) == [("HAM", 10, 15)]
    assert shipped_as(changed(now, a_line(10, 30), book).lines[0].deliveries) == [("HAM", 10, 30)]


def test_an_order_never_blocks_itself() -> None:
    book = a_book(mine(1, 10, 0), on_hand=12)
    assert changed(current(a_line(10), delivery(10, 0)), a_line(12), book).outcome == "full"
    assert changed(current(a_line(10), delivery(10, 0)), a_line(13), book).outcome == "none"


def test_on_a_short_book_reducing_and_postponing_pass_and_raising_does_not() -> None:
    book = a_book(mine(1, 10, 0), claim("other", 10, 0), receipt("PO", 3, 5), on_hand=4)
    now = current(a_line(10), delivery(10, 0))
    assert shipped_as(changed(now, a_line(9), book).lines[0].deliveries) == [("HAM", 9, 0)]
    assert shipped_as(changed(now, a_line(10, 3), book).lines[0].deliveries) == [("HAM", 10, 3)]
    assert changed(now, a_line(11), book).outcome == "none"


def test_a_short_book_says_so() -> None:
    book = a_book(mine(1, 10, 0), on_hand=4)
    line = changed(current(a_line(10), delivery(10, 0)), a_line(9), book).lines[0]
    assert [reason.code for reason in line.reasons] == ["PARTLY_COVERED", "BOOK_SHORT"]


def test_what_was_shipped_counts_and_only_the_rest_is_promised() -> None:
    book = a_book(mine(1, 6, 2), on_hand=20)
    line = changed(current(a_line(10, 2), delivery(6, 2), shipped=4), a_line(12, 2), book).lines[0]
    assert shipped_as(line.deliveries) == [("HAM", 8, 2)]
    assert (line.requested_quantity, line.promised_quantity, line.outcome) == (units(12), units(12), "full")
    done = changed(current(a_line(10, 2), delivery(6, 2), shipped=4), a_line(4, 2), book).lines[0]
    assert done.deliveries == ()
    assert (done.outcome, done.promised_quantity) == ("full", units(4))


def test_a_split_that_grows_keeps_what_stands() -> None:
    book = a_book(receipt("a", 5, 3), receipt("b", 5, 6), mine(1, 5, 0), mine(2, 5, 3), on_hand=5)
    now = current(a_line(10), delivery(5, 0), delivery(5, 3))
    line = changed(now, a_line(13), book, allow_partial=True).lines[0]
    assert shipped_as(line.deliveries) == [("HAM", 5, 0), ("HAM", 5, 3), ("HAM", 3, 6)]


def test_a_split_that_shrinks_loses_its_last_delivery_first() -> None:
    book = a_book(receipt("a", 5, 3), mine(1, 5, 0), mine(2, 5, 3), on_hand=5)
    now = current(a_line(10), delivery(5, 0), delivery(5, 3))
    assert shipped_as(changed(now, a_line(4), book, allow_partial=True).lines[0].deliveries) == [("HAM", 4, 0)]
    assert shipped_as(changed(now, a_line(7), book, allow_partial=True).lines[0].deliveries) == [("HAM", 5, 0), ("HAM", 2, 3)]


def test_a_new_line_cannot_take_from_a_line_that_stays() -> None:
    book = a_book(mine(1, 10, 5), receipt("a", 2, 7), on_hand=10)
    kept = current(a_line(10, 5, ref="b"), delivery(10, 5))
    decision = amend([kept], [a_line(2, ref="a"), a_line(10, 5, ref="b")], AShelf(book), ME)
    assert [shipped_as(line.deliveries) for line in decision.lines] == [[("HAM", 2, 7)], [("HAM", 10, 5)]]


def test_a_line_given_up_frees_its_quantity_for_the_others() -> None:
    book = a_book(mine(1, 6, 0), mine(2, 4, 0), on_hand=10)
    lines = [current(a_line(6, ref="a"), delivery(6, 0)), current(a_line(4, ref="b"), delivery(4, 0))]
    assert amend(lines, [a_line(10, ref="b")], AShelf(book), ME).outcome == "full"


def test_a_complete_order_that_grows_moves_as_one() -> None:
    book = a_book(mine(1, 5, 2), receipt("a", 5, 8), on_hand=5)
    other = a_book(mine(2, 1, 2), on_hand=9, sku="TWO")
    lines = [current(a_line(5, 2, ref="a"), delivery(5, 2)), current(a_line(1, 2, ref="b", sku="TWO"), delivery(1, 2))]
    wanted = [a_line(6, 2, ref="a"), a_line(1, 2, ref="b", sku="TWO")]
    decision = amend(lines, wanted, AShelf(book, other), ME, ship_complete=True)
    assert [shipped_as(line.deliveries) for line in decision.lines] == [[("HAM", 6, 8)], [("HAM", 1, 8)]]


MOVES = st.lists(st.tuples(st.sampled_from([Part.RECEIPT, Part.CLAIM]), st.integers(1, 8), st.integers(-2, 6)), max_size=5)


@examples(300)
@given(
    st.integers(-6, 9),
    MOVES,
    st.lists(st.tuples(st.integers(1, 6), st.integers(0, 6)), min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(0, 9), st.integers(-1, 6)), min_size=1, max_size=4),
    st.tuples(st.booleans(), st.booleans()),
)
def test_no_amendment_makes_any_day_worse(
    on_hand: int,
    moves: list[tuple[Part, int, int]],
    stands: list[tuple[int, int]],
    wishes: list[tuple[int, int]],
    how: tuple[bool, bool],
) -> None:
    partial, complete = how
    others = [Entry(part, f"x{number}", units(quantity), TODAY + day) for number, (part, quantity, day) in enumerate(moves)]
    own = [mine(number, quantity, day) for number, (quantity, day) in enumerate(stands)]
    book = a_book(*others, *own, on_hand=on_hand)
    lines = [current(a_line(quantity, day, ref=str(number)), delivery(quantity, day)) for number, (quantity, day) in enumerate(stands)]
    wanted = [a_line(quantity, day, ref=str(number)) for number, (quantity, day) in enumerate(wishes) if quantity]
    decision = amend(lines, wanted, AShelf(book), ME, allow_partial=partial, ship_complete=complete)
    after = book.fork()
    removed = [Entry(Part.CLAIM, entry.ref, 0, entry.day) for entry in own]
    after.apply([*removed, *(entry for entries in claims_for(decision.lines, "new").values() for entry in entries)], 2, NOW)
    assert permits(balance(book, TODAY, NOW, Rules()), balance(after, TODAY, NOW, Rules()))
    for line in decision.lines:
        assert sum(reason.adds_days for reason in line.reasons) == line.slip_days


@examples(200)
@given(st.integers(-6, 9), MOVES, st.integers(1, 6), st.integers(0, 6), st.integers(0, 5), st.integers(0, 5))
def test_reducing_or_postponing_or_both_always_passes(
    on_hand: int, moves: list[tuple[Part, int, int]], quantity: int, day: int, less: int, later: int
) -> None:
    others = [Entry(part, f"x{number}", units(size), TODAY + on) for number, (part, size, on) in enumerate(moves)]
    book = a_book(*others, mine(1, quantity, day), on_hand=on_hand)
    wanted = a_line(max(1, quantity - less), day + later)
    line = changed(current(a_line(quantity, day), delivery(quantity, day)), wanted, book).lines[0]
    assert shipped_as(line.deliveries) == [("HAM", wanted.quantity // units(1), day + later)]


def test_an_amended_line_prefers_its_own_site() -> None:
    books = [a_book(on_hand=50, site="BER"), a_book(mine(1, 5, 0), on_hand=50, site="HAM")]
    line = a_line(5, sites=("BER", "HAM"))
    answer = changed(current(line, delivery(5, 0)), replace(line, quantity=units(9)), *books)
    assert shipped_as(answer.lines[0].deliveries) == [("HAM", 9, 0)]


def test_a_split_that_cannot_grow_enough_stays_where_it_is() -> None:
    book = a_book(receipt("a", 12, 15), mine(1, 10, 20))
    line = changed(current(a_line(10, 10), delivery(10, 20)), a_line(14, 10), book, allow_partial=True).lines[0]
    assert shipped_as(line.deliveries) == [("HAM", 2, 15), ("HAM", 10, 20)]
    assert (line.outcome, line.reasons[-1].code) == ("partial", "NOT_ENOUGH_SUPPLY")


def test_rearranged_only_where_that_promises_more() -> None:
    book = a_book(receipt("a", 12, 15), mine(1, 10, 20))
    line = changed(current(a_line(10, 10), delivery(10, 20)), a_line(12, 10, min_ship=6), book, allow_partial=True).lines[0]
    assert shipped_as(line.deliveries) == [("HAM", 12, 20)]


def test_a_change_stands_where_all_that_a_line_then_has_it_had_before() -> None:
    book = a_book(mine(1, 10, 3), on_hand=30)
    now = current(a_line(10, 3), delivery(10, 3))
    for wanted, stood in ((a_line(10, 3), True), (a_line(8, 3), True), (a_line(11, 3), False), (a_line(10, 4), False)):
        after = changed(now, wanted, book).lines[0]
        assert after.outcome == "full"
        assert stands(now, after) is stood
    assert not stands(None, changed(now, a_line(10, 3), book).lines[0])
    assert not stands(replace(now, deliveries=(delivery(10, 3, "BER"),)), changed(now, a_line(10, 3), book).lines[0])
    assert stands(None, changed(now, a_line(99, 3), book).lines[0]), "nothing is promised, and nothing was"


def test_what_comes_later_than_is_now_accepted_is_given_up_and_what_comes_on_that_day_stands() -> None:
    book = a_book(receipt("a", 10, 15), mine(1, 10, 20))
    now = current(a_line(10, 10), delivery(10, 20))
    assert shipped_as(changed(now, a_line(10, 10, latest_day=20), book).lines[0].deliveries) == [("HAM", 10, 20)]
    assert changed(now, a_line(10, 10, latest_day=19), book).outcome == "none"


def test_what_comes_from_a_site_that_may_no_longer_ship_comes_from_another() -> None:
    books = [a_book(mine(1, 5, 2), on_hand=9), a_book(on_hand=9, site="BER")]
    now = current(a_line(5, 2, sites=("HAM", "BER")), delivery(5, 2))
    assert shipped_as(changed(now, a_line(5, 2, sites=("BER",)), *books).lines[0].deliveries) == [("BER", 5, 2)]


def test_another_destination_is_decided_anew() -> None:
    shelf = AShelf(a_book(mine(1, 5, 9), on_hand=9))
    shelf.way = {("HAM", None): immediate(TODAY), ("HAM", "NORTH"): a_lane(2)}
    now = current(a_line(5, 4), delivery(5, 9))
    line = amend([now], [a_line(5, 4, ship_to="NORTH")], shelf, ME).lines[0]
    assert [(one.ship_day - TODAY, one.delivery_day - TODAY) for one in line.deliveries] == [(2, 4)]


def test_what_should_have_left_stands_today() -> None:
    book = a_book(mine(1, 5, -2), on_hand=5)
    line = changed(current(a_line(5, -2), delivery(5, -2)), a_line(4, -2), book).lines[0]
    assert shipped_as(line.deliveries) == [("HAM", 4, 0)]


def test_a_line_that_is_promised_less_than_it_asks_for_stands_until_it_asks_for_something_else() -> None:
    book = a_book(mine(1, 6, 0), on_hand=20)
    now = current(a_line(10), delivery(6, 0))
    for partial in (False, True):
        assert shipped_as(changed(now, a_line(10), book, allow_partial=partial).lines[0].deliveries) == [("HAM", 6, 0)]
        assert shipped_as(changed(now, a_line(11), book, allow_partial=partial).lines[0].deliveries) == [("HAM", 11, 0)]


def test_a_split_grows_in_the_first_delivery_that_can_before_another_is_added() -> None:
    now = current(a_line(10), delivery(5, 0), delivery(5, 3))
    own = (mine(1, 5, 0), mine(2, 5, 3))
    for book, expected in (
        (a_book(*own, on_hand=13), [("HAM", 8, 0), ("HAM", 5, 3)]),
        (a_book(*own, receipt("a", 8, 3), on_hand=5), [("HAM", 5, 0), ("HAM", 8, 3)]),
    ):
        assert shipped_as(changed(now, a_line(13), book, allow_partial=True).lines[0].deliveries) == expected


def test_a_split_that_has_all_its_shipments_says_that_no_more_may_come() -> None:
    book = a_book(receipt("a", 5, 3), mine(1, 5, 0), mine(2, 5, 3), on_hand=5)
    now = current(a_line(10), delivery(5, 0), delivery(5, 3))
    for most, code in ((2, "BELOW_MINIMUM_SHIPMENT"), (3, "NOT_ENOUGH_SUPPLY")):
        line = changed(now, a_line(13, max_shipments=most), book, allow_partial=True).lines[0]
        assert shipped_as(line.deliveries) == [("HAM", 5, 0), ("HAM", 5, 3)]
        assert line.reasons[-1].code == code


def test_the_preferred_site_comes_before_its_own_where_that_was_asked_for() -> None:
    books = [a_book(on_hand=50, site="BER"), a_book(mine(1, 5, 0), on_hand=50, site="HAM")]
    line = a_line(5, sites=("BER", "HAM"))
    for aim, site in ((Aim.PREFERRED_SITE, "BER"), (Aim.EARLIEST, "HAM")):
        answer = changed(current(line, delivery(5, 0)), replace(line, quantity=units(9)), *books, aim=aim)
        assert shipped_as(answer.lines[0].deliveries) == [(site, 9, 0)]


def test_a_complete_order_is_pulled_in_only_by_another_requested_date() -> None:
    books = [a_book(mine(1, 5, 4), on_hand=9), a_book(mine(2, 1, 4), on_hand=9, sku="TWO")]
    lines = [current(a_line(5, 2, ref="a"), delivery(5, 4)), current(a_line(1, 2, ref="b", sku="TWO"), delivery(1, 4))]
    for day, expected in ((2, 4), (3, 3)):
        wanted = [a_line(6, day, ref="a"), a_line(1, day, ref="b", sku="TWO")]
        decision = amend(lines, wanted, AShelf(*books), ME, ship_complete=True)
        assert [shipped_as(line.deliveries) for line in decision.lines] == [[("HAM", 6, expected)], [("HAM", 1, expected)]]


def test_of_a_complete_order_what_was_shipped_waits_for_nothing() -> None:
    books = [a_book(on_hand=0), a_book(mine(2, 1, 4), on_hand=9, sku="TWO")]
    gone = replace(current(a_line(5, 2, ref="a"), shipped=5), promised_day=TODAY + 2)
    lines = [gone, current(a_line(1, 2, ref="b", sku="TWO"), delivery(1, 4))]
    wanted = [a_line(5, 2, ref="a"), a_line(3, 2, ref="b", sku="TWO")]
    decision = amend(lines, wanted, AShelf(*books), ME, ship_complete=True)
    assert [shipped_as(line.deliveries) for line in decision.lines] == [[], [("HAM", 3, 4)]]
    assert decision.lines[0].outcome == "full"


def test_a_substitute_that_was_promised_stands_as_long_as_it_may_stand_in_from_its_site() -> None:
    books = [a_book(on_hand=9), a_book(mine(1, 5, 3), on_hand=9, sku="SUB")]
    had = replace(delivery(5, 3), sku="SUB")
    for sites, expected in ((("HAM",), "SUB"), (("BER",), None), ((), None)):
        line = a_line(5, substitutes=(Substitute("SUB", sites),) if sites else ())
        now = current(replace(line, substitutes=(Substitute("SUB", ("HAM",)),)), had)
        answer = changed(now, replace(line, quantity=units(4)), *books).lines[0]
        assert [one.sku for one in answer.deliveries] == [expected]


def test_a_split_stands_on_its_days_as_long_as_nothing_else_is_asked_of_it() -> None:
    book = a_book(mine(1, 6, 3), on_hand=20)
    late = current(a_line(10, latest_day=9), delivery(10, 3))
    for now, wanted, expected in (
        (late, a_line(10, latest_day=3), 10),
        (current(a_line(10), delivery(6, 3), shipped=4), a_line(9), 5),
        (current(a_line(10), delivery(6, 3)), a_line(6), 6),
    ):
        line = changed(now, wanted, book, allow_partial=True).lines[0]
        assert shipped_as(line.deliveries) == [("HAM", expected, 3)]
        assert "PROMISE_STANDS" in [reason.code for reason in line.reasons]


def test_a_millionth_is_kept_is_promised_anew_and_is_not_taken_where_it_is_not() -> None:
    book = a_book(mine(1, 10, 3), on_hand=10)
    now = current(a_line(10), delivery(10, 3))
    tiny = replace(a_line(1), quantity=1)
    assert [one.quantity for one in changed(now, tiny, book).lines[0].deliveries] == [1]
    assert [one.quantity for one in changed(now, replace(tiny, requested_day=TODAY + 1), book).lines[0].deliveries] == [1]
    more = changed(now, replace(a_line(10), quantity=units(10) + 1), book, allow_partial=True).lines[0]
    assert (sum(one.quantity for one in more.deliveries), more.outcome) == (units(10), "partial")
    assert not stands(None, changed(now, tiny, book).lines[0])


def test_a_split_over_two_sites_grows_where_there_is_more() -> None:
    books = [a_book(mine(1, 5, 0), on_hand=5), a_book(mine(2, 5, 0), on_hand=8, site="BER")]
    now = current(a_line(10, sites=("HAM", "BER")), delivery(5, 0), delivery(5, 0, "BER"))
    line = changed(now, a_line(13, sites=("HAM", "BER")), *books, allow_partial=True).lines[0]
    assert shipped_as(line.deliveries) == [("HAM", 5, 0), ("BER", 8, 0)]


def test_what_stands_stays_on_its_lane() -> None:
    shelf = AShelf(a_book(mine(1, 5, 7), on_hand=9))
    shelf.way = {("HAM", "NORTH"): a_lane(2)}
    wanted = a_line(5, 9, ship_to="NORTH")
    had = replace(delivery(5, 7), delivery_day=TODAY + 9, lane="LANE")
    line = amend([current(wanted, had)], [replace(wanted, quantity=units(4))], shelf, ME).lines[0]
    assert [(one.lane, one.ship_day - TODAY, one.delivery_day - TODAY) for one in line.deliveries] == [("LANE", 7, 9)]


def test_a_new_line_is_decided_by_the_policy_of_the_order() -> None:
    books = [a_book(receipt("r", 9, 4), site="BER"), a_book(on_hand=9)]
    for partial in (False, True):
        for aim, expected in ((Aim.PREFERRED_SITE, ("BER", 5, 4)), (Aim.EARLIEST, ("HAM", 5, 0))):
            decision = amend([], [a_line(5, sites=("BER", "HAM"))], AShelf(*books), ME, aim=aim, allow_partial=partial)
            assert shipped_as(decision.lines[0].deliveries) == [expected]


def test_a_split_is_arranged_anew_in_parts_where_these_bring_more() -> None:
    book = a_book(receipt("a", 5, 3), receipt("b", 5, 6), mine(1, 5, 0), mine(2, 5, 3), on_hand=5)
    now = current(a_line(10), delivery(5, 0), delivery(5, 3))
    line = changed(now, a_line(17, max_shipments=2), book, allow_partial=True).lines[0]
    assert shipped_as(line.deliveries) == [("HAM", 5, 0), ("HAM", 10, 6)]


def test_what_is_added_to_a_split_keeps_to_the_shipments_that_are_left() -> None:
    book = a_book(receipt("a", 5, 3), receipt("b", 2, 6), receipt("c", 2, 8), mine(1, 5, 0), mine(2, 5, 3), on_hand=5)
    now = current(a_line(10), delivery(5, 0), delivery(5, 3))
    for most, expected in ((3, [("HAM", 4, 8)]), (4, [("HAM", 2, 6), ("HAM", 2, 8)])):
        line = changed(now, a_line(14, max_shipments=most), book, allow_partial=True).lines[0]
        assert shipped_as(line.deliveries) == [("HAM", 5, 0), ("HAM", 5, 3), *expected]


def test_a_split_that_grows_by_nothing_is_decided_anew_and_by_a_millionth_it_stays() -> None:
    book = a_book(receipt("a", 10, 15), mine(1, 10, 20))
    now = current(a_line(10, 10), delivery(10, 20))
    assert shipped_as(changed(now, a_line(10, 10, latest_day=19), book, allow_partial=True).lines[0].deliveries) == [("HAM", 10, 15)]
    more = replace(a_line(10, 10), quantity=units(10) + 1)
    line = changed(now, more, a_book(mine(1, 10, 20), on_hand=20), allow_partial=True).lines[0]
    assert [(one.quantity, one.ship_day - TODAY) for one in line.deliveries] == [(units(10) + 1, 20)]


def test_a_raised_line_waits_for_its_preferred_site_where_that_was_asked_for() -> None:
    books = [a_book(receipt("r", 9, 4), site="BER"), a_book(mine(1, 5, 0), on_hand=50)]
    line = a_line(5, sites=("BER", "HAM"))
    for aim, expected in ((Aim.PREFERRED_SITE, ("BER", 9, 4)), (Aim.EARLIEST, ("HAM", 9, 0))):
        answer = changed(current(line, delivery(5, 0)), replace(line, quantity=units(9)), *books, aim=aim)
        assert shipped_as(answer.lines[0].deliveries) == [expected]


def test_what_is_added_to_a_split_is_chosen_by_the_policy_of_the_order() -> None:
    books = [a_book(receipt("r", 9, 4), site="BER"), a_book(mine(1, 5, 0), receipt("s", 4, 3), on_hand=5)]
    line = a_line(5, sites=("BER", "HAM"))
    for aim, expected in ((Aim.PREFERRED_SITE, ("BER", 4, 4)), (Aim.EARLIEST, ("HAM", 4, 3))):
        answer = changed(current(line, delivery(5, 0)), replace(line, quantity=units(9)), *books, aim=aim, allow_partial=True).lines[0]
        assert shipped_as(answer.deliveries) == [("HAM", 5, 0), expected]


def test_a_change_keeps_to_what_its_class_may_take_also_where_its_lane_is_gone() -> None:
    own = Entry(Part.CLAIM, f"{ME}/1", units(10), TODAY, None, {"owner": ME})
    bucket = Book("C", BUCKET)
    bucket.apply([own], 1, NOW)
    shelf = AShelf(a_book(mine(1, 10, 0), on_hand=50), bucket)
    shelf.rationed = [Allocation("C", Kind.CEILING, ("gold",), "SKU", None, units(12))]
    for wanted, classes, outcome in ((12, ("gold",), "full"), (13, ("gold",), "none"), (13, (), "full")):
        decision = amend([current(a_line(10), delivery(10, 0))], [a_line(wanted)], shelf, ME, classes=classes)
        assert decision.outcome == outcome
    shelf.way = {("HAM", "NORTH"): a_lane(0, "NEW")}
    had = current(a_line(20, ship_to="NORTH"), replace(delivery(20, 0), lane="OLD"))
    for classes, stood in (((), True), (("gold",), False)):
        line = amend([had], [a_line(13, ship_to="NORTH")], shelf, ME, classes=classes).lines[0]
        assert ([(one.lane, one.quantity) for one in line.deliveries] == [(None, units(13))]) is stood


def test_a_single_line_that_ships_complete_prefers_its_own_site_too() -> None:
    books = [a_book(on_hand=50, site="BER"), a_book(mine(1, 5, 0), on_hand=50)]
    line = a_line(5, sites=("BER", "HAM"))
    answer = changed(current(line, delivery(5, 0)), replace(line, quantity=units(9)), *books, ship_complete=True)
    assert shipped_as(answer.lines[0].deliveries) == [("HAM", 9, 0)]


def test_what_a_change_has_made_is_made_as_late_as_it_may_where_that_was_asked_for() -> None:
    plant = Plant(a_book(sku=PRODUCT, site=HERE), a_machine("LATHE", 60))
    plant.source[PRODUCT, HERE] = (Make(PRODUCT, (), (a_step("LATHE", 60),)),)
    for aim, day in ((Aim.EARLIEST, 0), (Aim.JUST_IN_TIME, 8)):
        (plan,) = amend([], [a_line(1, 9, sku=PRODUCT, sites=(HERE,))], plant, ME, aim=aim).planned
        assert plan.start_day - TODAY == day


def test_a_change_searches_only_as_long_as_its_deadline_allows() -> None:
    plant = a_tree(2, 10)
    line = a_line(1, sku="T", sites=(HERE,))
    for deadline_ms, cut in ((60_000, False), (1, True)):
        reasons = amend([], [line], plant, ME, deadline_ms=deadline_ms).lines[0].reasons
        assert ("SEARCH_LIMIT" in [one.code for one in reasons]) is cut


def test_a_substitute_from_a_site_of_its_own_stays_on_its_lane_and_what_it_lacks_comes_beside_it() -> None:
    shelf = AShelf(a_book(receipt("a", 2, 1), on_hand=0), a_book(mine(1, 5, 3), on_hand=5, sku="SUB", site="BER"))
    shelf.way = {("HAM", "NORTH"): a_lane(2), ("BER", "NORTH"): a_lane(2, "BY-SEA")}
    line = a_line(5, 5, ship_to="NORTH", substitutes=(Substitute("SUB", ("BER",)),))
    had = Delivery("BER", units(5), TODAY + 3, TODAY + 3, TODAY + 5, 0, "BY-SEA", "SUB")
    for quantity, expected in ((4, [("BER", "BY-SEA", 4)]), (7, [("HAM", "LANE", 2), ("BER", "BY-SEA", 5)])):
        found = amend([current(line, had)], [replace(line, quantity=units(quantity))], shelf, ME, allow_partial=True).lines[0]
        assert [(one.site, one.lane, one.quantity // units(1)) for one in found.deliveries] == expected


def test_a_split_that_is_arranged_anew_keeps_to_the_policy_of_the_order() -> None:
    books = [a_book(receipt("r", 20, 4), site="BER"), a_book(mine(1, 5, 0), receipt("s", 15, 3), on_hand=5)]
    line = a_line(5, sites=("BER", "HAM"), max_shipments=1)
    for aim, expected in ((Aim.PREFERRED_SITE, ("BER", 15, 4)), (Aim.EARLIEST, ("HAM", 15, 3))):
        answer = changed(current(line, delivery(5, 0)), replace(line, quantity=units(15)), *books, aim=aim, allow_partial=True).lines[0]
        assert shipped_as(answer.deliveries) == [expected]


def test_a_complete_order_that_changes_keeps_to_its_policy() -> None:
    books = [a_book(receipt("r", 20, 4), site="BER"), a_book(mine(1, 1, 0), on_hand=20)]
    line = a_line(1, sites=("BER", "HAM"))
    wanted = [replace(line, quantity=units(2)), replace(line, line_ref="2")]
    for aim, expected in ((Aim.PREFERRED_SITE, ("BER", 4)), (Aim.EARLIEST, ("HAM", 0))):
        answer = amend([current(line, delivery(1, 0))], wanted, AShelf(*books), ME, ship_complete=True, aim=aim)
        assert [(one.site, one.ship_day - TODAY) for each in answer.lines for one in each.deliveries] == [expected, expected]


def test_what_stands_behind_what_was_added_is_said_to_stand() -> None:
    book = a_book(receipt("a", 12, 15), mine(1, 10, 20))
    line = changed(current(a_line(10, 10), delivery(10, 20)), a_line(13, 10), book, allow_partial=True).lines[0]
    assert shipped_as(line.deliveries) == [("HAM", 2, 15), ("HAM", 10, 20)]
    assert [(one.code, one.adds_days) for one in line.reasons if one.adds_days] == [("AWAIT_SUPPLY", 5), ("PROMISE_STANDS", 5)]


def test_an_order_ships_complete_where_that_was_asked_of_more_than_one_line() -> None:
    books = [a_book(on_hand=9), a_book(on_hand=9, sku="TWO")]
    for skus, asked, said in ((("SKU",), True, False), (("SKU", "TWO"), True, True), (("SKU", "TWO"), False, False)):
        lines = [a_line(1, sku=sku, ref=sku) for sku in skus]
        assert amend([], lines, AShelf(*books), ME, ship_complete=asked).ships_complete is said
