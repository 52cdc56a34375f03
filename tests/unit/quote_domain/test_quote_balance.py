"""Projected availability, ATP, holds, forks and THE invariant, against the slow truth of oracle.py."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from services.quote.domain.balance import Standing, balance, daily, permits, staircase, standing
from services.quote.domain.book import Book
from services.quote.domain.entry import Entry, Part
from services.quote.domain.rules import Rules
from tests.examples import examples
from tests.unit.quote_domain import oracle
from tests.unit.quote_domain.builders import MICRO, NOW, TODAY, a_book, claim, hold, receipt, requirement, safety, stock, units

REFS = st.sampled_from(["a", "b", "c"])
DAYS = st.integers(-4, 8)
RULES = st.builds(Rules, st.integers(0, 3), st.integers(0, 4), st.integers(0, 3))
INSTANTS = st.integers(-2, 3).map(lambda seconds: NOW + timedelta(seconds=seconds))


@st.composite
def an_entry(draw: st.DrawFn) -> Entry:
    part = draw(st.sampled_from([part for part in Part if part is not Part.CAPACITY]))
    quantity = draw(st.integers(0, 6)) * MICRO
    if part is Part.STOCK:
        return Entry(part, "", draw(st.integers(-3, 12)) * MICRO)
    if part is Part.SAFETY:
        return Entry(part, "", quantity)
    detail: dict[str, Any] | None = None
    expires_at = None
    if part is Part.CLAIM:
        detail = {"owner": draw(st.sampled_from(["me", "you"]))}
        expires_at = draw(st.none() | INSTANTS)
    if part is Part.PLAN:
        detail = {"latest_start": TODAY + draw(DAYS), "lead_days": draw(st.integers(0, 4))}
    return Entry(part, draw(REFS), quantity, TODAY + draw(DAYS), expires_at, detail)


ENTRIES = st.lists(an_entry(), max_size=14)


def truth(told: list[Entry]) -> dict[tuple[Part, str], Entry]:
    """What a book that was told these entries in turn must know."""
    known: dict[tuple[Part, str], Entry] = {}
    for entry in told:
        known.pop((entry.part, entry.ref), None)
        if entry.quantity:
            known[entry.part, entry.ref] = entry
    return known


def a_book_told(told: list[Entry], book: Book | None = None) -> Book:
    book = book or Book("SKU", "HAM")
    for entry in told:
        book.apply([entry], book.version + 1, NOW)
    return book


def figures(book: Book, now: Any = NOW, rules: Rules | None = None, owner: str | None = None) -> list[int]:
    found = balance(book, TODAY, now, rules or Rules(), owner)
    return [found.projected_on(TODAY + day) for day in range(oracle.HORIZON)]


def test_the_published_example_of_available_to_promise() -> None:
    demand = [claim("d1", 3, 0), claim("d4", 15, 3)]
    supply = [receipt("s3", 10, 2), receipt("s5", 1, 4), receipt("s6", 3, 5)]
    found = balance(a_book(*demand, *supply, on_hand=20), TODAY, NOW, Rules())
    assert [found.projected_on(TODAY + day) // MICRO for day in range(7)] == [17, 17, 27, 12, 13, 16, 16]
    assert [found.atp_on(TODAY + day) // MICRO for day in range(7)] == [12, 12, 12, 12, 13, 16, 16]


def test_it_looks_ahead_where_the_textbook_recursion_over_commits() -> None:
    found = balance(a_book(receipt("r", 6, 2), claim("a", 5, 1), claim("b", 11, 3), on_hand=10), TODAY, NOW, Rules())
    assert found.atp_on(TODAY) == 0


@given(ENTRIES, RULES, INSTANTS)
def test_projected_is_the_sum_of_what_counts_by_then(told: list[Entry], rules: Rules, now: Any) -> None:
    assert figures(a_book_told(told), now, rules) == oracle.projected(truth(told), TODAY, now, rules)


@given(ENTRIES, INSTANTS, st.integers(1, 12), st.integers(0, 12))
def test_a_quantity_fits_on_a_day_exactly_when_no_day_is_worse_off(told: list[Entry], now: Any, quantity: int, day: int) -> None:
    found = balance(a_book_told(told), TODAY, now, Rules())
    days = oracle.projected(truth(told), TODAY, now, Rules())
    fits = found.atp_on(TODAY + day) >= units(quantity)
    assert fits == oracle.is_accepted(days, {day: units(quantity)})
    assert fits == permits(found, found.changed({TODAY + day: -units(quantity)}))


@given(ENTRIES, INSTANTS, st.integers(1, 15), st.integers(0, 12))
def test_the_earliest_day_is_the_first_that_search_finds(told: list[Entry], now: Any, quantity: int, not_before: int) -> None:
    found = balance(a_book_told(told), TODAY, now, Rules()).earliest(units(quantity), TODAY + not_before)
    expected = oracle.earliest(oracle.projected(truth(told), TODAY, now, Rules()), units(quantity), not_before)
    assert found == (None if expected is None else TODAY + expected)


@given(ENTRIES, ENTRIES, ENTRIES, RULES, INSTANTS, st.integers(0, 1))
def test_a_fork_of_a_fork_is_a_copy(
    first: list[Entry], second: list[Entry], third: list[Entry], rules: Rules, now: Any, looks: int
) -> None:
    base = a_book_told(first)
    if looks:
        balance(base, TODAY, now, rules)
    middle = a_book_told(second, base.fork())
    fork = a_book_told(third, middle.fork())
    copy = a_book_told([*first, *second, *third])
    assert {key: entry for key, entry in oracle.entries_of(fork).items() if entry.quantity} == truth([*first, *second, *third])
    assert figures(fork, now, rules) == figures(copy, now, rules)
    assert figures(fork, now, rules, "me") == figures(copy, now, rules, "me")
    assert fork.due_holds(now) == copy.due_holds(now)
    assert fork.claims_of("me") == copy.claims_of("me")
    assert fork.version == copy.version
    assert figures(base, now, rules) == oracle.projected(truth(first), TODAY, now, rules), "the base has not moved"


@given(ENTRIES, st.lists(st.tuples(INSTANTS, RULES, st.integers(0, 2)), min_size=1, max_size=6))
def test_what_is_kept_is_never_stale(told: list[Entry], looks: list[tuple[Any, Rules, int]]) -> None:
    book = a_book_told(told)
    for now, rules, later in looks:
        found = balance(book, TODAY + later, now, rules)
        days = oracle.projected(truth(told), TODAY + later, now, rules)
        assert [found.projected_on(TODAY + later + day) for day in range(oracle.HORIZON)] == days


@given(ENTRIES, INSTANTS)
def test_the_claims_of_one_owner_can_be_left_out(told: list[Entry], now: Any) -> None:
    assert figures(a_book_told(told), now, owner="me") == oracle.projected(truth(told), TODAY, now, Rules(), "me")


@given(ENTRIES, INSTANTS)
def test_due_holds_are_those_whose_instant_has_come(told: list[Entry], now: Any) -> None:
    expected = {entry.ref for entry in truth(told).values() if entry.expires_at is not None and entry.expires_at <= now}
    assert {entry.ref for entry in a_book_told(told).due_holds(now)} == expected


def test_a_hold_counts_until_its_instant_and_not_after() -> None:
    book = a_book(hold("h", 4, 0, expires_in=10), on_hand=10)
    last_moment = NOW + timedelta(seconds=10) - timedelta(microseconds=1)
    assert balance(book, TODAY, last_moment, Rules()).atp_on(TODAY) == units(6)
    assert balance(book, TODAY, NOW + timedelta(seconds=10), Rules()).atp_on(TODAY) == units(10)
    assert balance(book, TODAY, last_moment, Rules()).atp_on(TODAY) == units(6), "seen from an earlier instant again"


def test_an_extended_hold_lives_until_its_new_instant() -> None:
    book = a_book(hold("h", 4, 0, expires_in=10), on_hand=10)
    book.apply([hold("h", 4, 0, expires_in=100)], 2, NOW)
    assert book.due_holds(NOW + timedelta(seconds=50)) == []
    assert [entry.ref for entry in book.due_holds(NOW + timedelta(seconds=100))] == ["h"]


def test_ended_holds_leave_nothing_behind() -> None:
    book = a_book(on_hand=10)
    for number in range(5_000):
        book.apply([hold(f"h{number}", 1, 0, expires_in=1_000 - number % 7)], number, NOW)
        book.apply([Entry(Part.CLAIM, f"h{number}", 0, TODAY)], number, NOW)
    assert len(book._expiries) < 200
    assert not book._owners
    assert not book._demand


@given(ENTRIES, ENTRIES, INSTANTS)
def test_permits_means_no_day_worse_than_before_or_than_nothing(first: list[Entry], second: list[Entry], now: Any) -> None:
    before, after = a_book_told(first), a_book_told([*first, *second])
    expected = all(late >= min(0, early) for early, late in zip(figures(before, now), figures(after, now), strict=True))
    assert permits(balance(before, TODAY, now, Rules()), balance(after, TODAY, now, Rules())) == expected


def test_a_past_due_receipt_counts_tomorrow_and_not_at_all_once_it_is_too_late() -> None:
    book = a_book(receipt("late", 5, -30), receipt("lost", 7, -31))
    found = balance(book, TODAY, NOW, Rules())
    assert [found.atp_on(TODAY + day) // MICRO for day in (0, 1, 9)] == [0, 5, 5]


def test_past_due_claims_and_requirements_count_today() -> None:
    found = balance(a_book(claim("c", 2, -3), requirement("r", 3, -9), on_hand=10), TODAY, NOW, Rules())
    assert found.atp_on(TODAY) == units(5)


def test_safety_stock_is_kept_back() -> None:
    assert balance(a_book(on_hand=10, safety_stock=4), TODAY, NOW, Rules()).atp_on(TODAY) == units(6)


def test_the_table_by_day_shows_everything_on_the_day_it_counts() -> None:
    book = a_book(receipt("late", 5, -2), claim("old", 2, -1), hold("h", 1, 1, 60), requirement("r", 1, 3), on_hand=10)
    rows = daily(book, None, None, TODAY, NOW, Rules())
    assert [row.day - TODAY for row in rows] == [0, 1, 2, 3]
    assert [row.projected // MICRO for row in rows] == [8, 12, 12, 11]
    assert [row.atp // MICRO for row in rows] == [8, 11, 11, 11]
    assert [[entry.ref for entry in row.receipts] for row in rows] == [[], ["late"], [], []]
    assert [[entry.ref for entry in row.claims] for row in rows] == [["old"], ["h"], [], ["r"]]
    assert daily(book, TODAY, TODAY + 1, TODAY, NOW + timedelta(seconds=60), Rules())[1].claims == ()


def test_the_first_row_of_the_table_names_what_counts_on_its_day() -> None:
    book = a_book(receipt("today", 5, 0), receipt("later", 5, 2))
    for first, expected in ((0, "today"), (2, "later")):
        assert [entry.ref for entry in daily(book, TODAY + first, TODAY + first, TODAY, NOW, Rules())[0].receipts] == [expected]


@given(ENTRIES, INSTANTS, st.none() | st.just("me"))
def test_the_rows_of_the_table_add_up_to_projected(told: list[Entry], now: Any, owner: str | None) -> None:
    book = a_book_told(told)
    rows = daily(book, None, TODAY + 20, TODAY, now, Rules(), owner)
    running = book.on_hand - book.safety_stock
    for row in rows:
        running += sum(entry.quantity for entry in row.receipts) - sum(entry.quantity for entry in row.claims)
        assert row.projected == running


@given(ENTRIES, RULES)
def test_discrete_atp_is_what_supply_leaves_until_supply_comes_again_less_what_is_short_later(told: list[Entry], rules: Rules) -> None:
    """From the last day back: what a day's supply does not cover is taken from the supply before it, in the end from stock."""
    book = a_book_told(told)
    rows = daily(book, TODAY - 1, TODAY + 20, TODAY, NOW, rules)
    assert rows[0].discrete == 0, "nothing is promised for yesterday"
    short = 0
    for row in reversed(rows[2:]):
        free = sum(one.quantity for one in row.receipts) - sum(one.quantity for one in row.claims) + short
        assert row.discrete == max(0, free)
        short = min(0, free)
    assert rows[1].discrete == rows[1].projected + short


@given(ENTRIES, RULES, st.integers(-3, 9), st.integers(0, 9), st.sampled_from([None, "me"]))
def test_a_part_of_the_table_is_that_part_of_the_whole(told: list[Entry], rules: Rules, first: int, length: int, owner: str | None) -> None:
    book = a_book_told(told)
    whole = {row.day: row for row in daily(book, TODAY - 3, TODAY + 30, TODAY, NOW, rules, owner)}
    part = daily(book, TODAY + first, TODAY + first + length, TODAY, NOW, rules, owner)
    assert part == [whole[TODAY + first + ahead] for ahead in range(length + 1)]
    by_default = daily(book, None, None, TODAY, NOW, rules, owner)
    assert by_default == [whole[TODAY + ahead] for ahead in range(len(by_default))]
    assert by_default[-1].day == balance(book, TODAY, NOW, rules, owner).days[-1]


@given(ENTRIES)
def test_the_staircase_says_the_same_in_fewer_steps(told: list[Entry]) -> None:
    found = balance(a_book_told(told), TODAY, NOW, Rules())
    steps = staircase(found)
    for day in range(TODAY, TODAY + 20):
        step = [step for step in steps if step.day <= day][-1]
        assert (step.projected, step.atp) == (found.projected_on(day), found.atp_on(day))
    assert all((one.projected, one.atp) != (two.projected, two.atp) for one, two in pairwise(steps))


@examples(20)
@given(st.permutations([stock(10), safety(2), receipt("r", 5, 3), claim("c", 4, 1), hold("h", 1, 0, 9), requirement("q", 2, 2)]))
@example([stock(10), safety(2), receipt("r", 5, 3), claim("c", 4, 1), hold("h", 1, 0, 9), requirement("q", 2, 2)])
def test_the_order_in_which_facts_are_told_does_not_matter(told: list[Entry]) -> None:
    assert figures(a_book_told(told))[:5] == [units(quantity) for quantity in (7, 3, 1, 6, 6)]


def test_a_receipt_told_twice_counts_once_and_an_arrival_closes_it() -> None:
    book = a_book(receipt("PO", 10, 5), on_hand=1)
    book.apply([receipt("PO", 10, 5)], 2, NOW)
    assert balance(book, TODAY, NOW, Rules()).atp_on(TODAY + 5) == units(11)
    book.apply([stock(11), receipt("PO", 0, 5)], 3, NOW)
    assert balance(book, TODAY, NOW, Rules()).atp_on(TODAY) == units(11)
    assert book.find(Part.RECEIPT, "PO") is None


def test_a_book_is_defined_once_its_supply_was_told() -> None:
    book = Book("SKU", "HAM")
    book.apply([requirement("r", 1, 0)], 1, NOW)
    assert not book.defined
    book.apply([stock(0)], 2, NOW)
    assert book.defined


def test_a_receipt_that_is_believed_no_longer_stands_in_no_row_of_the_table() -> None:
    rows = daily(a_book(receipt("PO", 5, -31), on_hand=1), None, None, TODAY, NOW, Rules())
    assert [(row.day, row.receipts) for row in rows] == [(TODAY, ())]


def test_a_promise_stands_on_supply_to_the_last_unit_then_on_safety_stock_then_on_nothing() -> None:
    cases = [
        (6, 1, Standing.COVERED),
        (5, 0, Standing.COVERED),
        (5, 1, Standing.SAFETY_STOCK),
        (4, 1, Standing.NOTHING),
        (4, 0, Standing.NOTHING),
    ]
    for on_hand, kept_back, expected in cases:
        figures = balance(a_book(claim("c", 5, 0), on_hand=on_hand, safety_stock=kept_back), TODAY, NOW, Rules())
        assert standing(figures, units(kept_back), TODAY) is expected


def test_the_same_book_read_by_other_rules_is_another_balance() -> None:
    book = a_book(receipt("PO", 5, 1), on_hand=1)
    for dock, days in ((0, [1, 6, 6]), (1, [1, 1, 6]), (0, [1, 6, 6]), (1, [1, 1, 6])):
        assert [found // MICRO for found in figures(book, rules=Rules(dock_to_stock_days=dock))[:3]] == days


def test_a_fork_moves_or_removes_a_plan_of_its_base() -> None:
    def plan(quantity: float, day: int) -> Entry:
        return Entry(Part.PLAN, "P", units(quantity), TODAY + day, None, {"latest_start": TODAY, "lead_days": 0})

    base = a_book(plan(5, 1), on_hand=1)
    assert [found // MICRO for found in figures(base)[:4]] == [1, 6, 6, 6]
    for replaced, days in ((plan(5, 3), [1, 1, 1, 6]), (plan(2, 1), [1, 3, 3, 3]), (plan(0, 1), [1, 1, 1, 1])):
        assert [found // MICRO for found in figures(a_book_told([replaced], base.fork()))[:4]] == days


def test_a_hold_that_has_ended_and_a_receipt_may_share_a_day() -> None:
    book = a_book(hold("h", 4, 3, expires_in=-1), receipt("PO", 5, 3), on_hand=1)
    assert [found // MICRO for found in figures(book)[:4]] == [1, 1, 1, 6]


def test_the_table_by_day_leaves_out_what_its_owner_has_and_nothing_else_of_that_name() -> None:
    book = a_book(claim("x", 4, 1, "me"), claim("y", 2, 1), requirement("x", 1, 1), on_hand=10)
    row = daily(book, TODAY + 1, TODAY + 1, TODAY, NOW, Rules(), "me")[0]
    assert (row.projected // MICRO, row.atp // MICRO) == (7, 7)
    assert [(entry.part, entry.ref) for entry in row.claims] == [(Part.REQUIREMENT, "x"), (Part.CLAIM, "y")]


def test_a_day_that_is_past_has_what_today_has_and_what_comes_and_goes_on_one_day_is_both_counted() -> None:
    figures = balance(a_book(receipt("r", 5, 3), claim("c", 2, 3), claim("d", 1, 0), on_hand=4), TODAY, NOW, Rules())
    assert [figures.projected_on(TODAY + day) / units(1) for day in (-9, -1, 0, 2, 3, 9)] == [3, 3, 3, 3, 6, 6]
    assert [figures.atp_on(TODAY + day) / units(1) for day in (-9, -1, 0, 2, 3, 9)] == [3, 3, 3, 3, 6, 6]
