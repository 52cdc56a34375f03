"""What a book says of itself: where it starts, what a fork carries, whose claims and which holds it has, when plans count."""

from datetime import timedelta
from typing import Any

import pytest

from services.quote.domain.book import Book, UndatedEntryError, owner_of
from services.quote.domain.entry import BUCKET, PERIOD, RESOURCE, Entry, Part, expected_day, holds_stock, is_seen_late
from services.quote.domain.rules import Rules
from tests.unit.quote_domain.builders import MICRO, NOW, TODAY, a_book, claim, hold, receipt, requirement, safety, stock, units


def in_seconds(seconds: float) -> Any:
    return NOW + timedelta(seconds=seconds)


def a_plan(day: int, **detail: Any) -> Entry:
    return Entry(Part.PLAN, "P", units(5), TODAY + day, None, detail)


def removed(entry: Entry) -> Entry:
    return Entry(entry.part, entry.ref, 0, entry.day)


def test_only_the_books_of_goods_hold_stock() -> None:
    assert [holds_stock(site) for site in ("HAM", RESOURCE, PERIOD, BUCKET)] == [True, False, False, False]


def test_a_new_book_knows_nothing() -> None:
    book = Book("SKU", "HAM")
    assert (book.key, book.version, book.ledger_at, book.defined) == ("SKU|HAM", 0, None, False)
    assert (book.on_hand, book.safety_stock, book.base, list(book.entries())) == (0, 0, None, [])


@pytest.mark.parametrize(
    ("entry", "defines"),
    [
        (stock(0), True),
        (safety(0), True),
        (Entry(Part.CAPACITY, "", 1), True),
        (receipt("r", 1, 0), True),
        (a_plan(1), True),
        (claim("c", 1, 0), False),
        (requirement("q", 1, 0), False),
    ],
)
def test_a_book_is_defined_by_its_supply(entry: Entry, *, defines: bool) -> None:
    book = Book("SKU", "HAM")
    book.apply([entry], 7, NOW)
    assert (book.defined, book.version, book.ledger_at) == (defines, 7, NOW)


def test_what_counts_by_date_needs_a_day() -> None:
    with pytest.raises(UndatedEntryError):
        Book("SKU", "HAM").apply([Entry(Part.CLAIM, "c", 1)], 1, NOW)


def test_a_fork_starts_as_its_base_and_lists_what_stands() -> None:
    capacity = Entry(Part.CAPACITY, "", 1)
    told = [stock(3), safety(1), capacity, receipt("r", 5, 1), a_plan(2), claim("c", 1, 0), requirement("q", 1, 0)]
    book = Book("SKU", "HAM")
    book.apply(told, 4, NOW)
    fork = book.fork()
    assert (fork.key, fork.version, fork.ledger_at, fork.defined, fork.base) == ("SKU|HAM", 4, NOW, True, book)
    assert (fork.on_hand // MICRO, fork.safety_stock // MICRO, fork.find(Part.CAPACITY, "")) == (3, 1, capacity)
    assert list(book.entries()) == list(fork.entries()) == told
    fork.apply([removed(told[3]), claim("d", 2, 0)], 5, in_seconds(1))
    assert [entry.ref for entry in fork.entries()] == ["", "", "", "P", "d", "c", "q"]
    assert (fork.find(Part.RECEIPT, "r"), book.find(Part.RECEIPT, "r")) == (None, told[3])
    assert (fork.speaks_of(Part.RECEIPT, "r"), fork.speaks_of(Part.CLAIM, "c"), book.version) == (True, False, 4)


def test_holds_are_the_claims_with_an_expiry_that_stand_by_name() -> None:
    base = a_book(
        hold("b", 1, 0, 30), hold("a", 1, 0, 60), hold("gone", 1, 0, 10), claim("c", 1, 0), hold("kept", 1, 0, 20), hold("e", 3, 0, 7)
    )
    base.apply([removed(hold("gone", 1, 0, 10)), claim("kept", 1, 0)], 2, NOW)
    assert [one.ref for one in base.holds()] == ["a", "b", "e"]
    fork = base.fork()
    fork.apply([removed(hold("a", 1, 0, 60)), hold("d", 1, 0, 5), hold("b", 2, 0, 90)], 3, NOW)
    standing = [(one.ref, one.quantity // MICRO, one.expires_at) for one in fork.holds()]
    assert standing == [("b", 2, in_seconds(90)), ("d", 1, in_seconds(5)), ("e", 3, in_seconds(7))]
    assert [one.ref for one in base.holds()] == ["a", "b", "e"]


def test_due_holds_come_first_expired_first_and_then_nothing_expires_until_the_next() -> None:
    holds = [hold(f"h{number:02}", 1, 0, number * 7 % 20) for number in range(40)]
    half = a_book(*holds[:20])
    fork = half.fork()
    fork.apply(holds[20:], 2, NOW)
    for book in (a_book(*holds), fork):
        for seconds in range(-1, 21):
            due, following = book.expiring(in_seconds(seconds))
            expected = sorted((number * 7 % 20, f"h{number:02}") for number in range(40) if number * 7 % 20 <= seconds)
            assert [one.ref for one in due] == [ref for _, ref in expected]
            assert book.due_holds(in_seconds(seconds)) == due
            assert following == (in_seconds(seconds + 1) if seconds < 19 else None)


def test_demand_by_day_is_of_all_layers_and_names_no_day_without_any() -> None:
    base = a_book(claim("c", 4, 1), requirement("q", 2, 3), receipt("r", 9, 1))
    fork = base.fork()
    fork.apply([claim("d", 1, 1), removed(requirement("q", 2, 3))], 2, NOW)
    assert {day - TODAY: quantity // MICRO for day, quantity in base.demand_by_day().items()} == {1: 4, 3: 2}
    assert {day - TODAY: quantity // MICRO for day, quantity in fork.demand_by_day().items()} == {1: 5}
    assert {day - TODAY: quantity // MICRO for day, quantity in fork.own_demand_by_day().items()} == {1: -1, 3: 2}


def test_claims_are_found_by_their_owner_in_every_layer() -> None:
    base = a_book(claim("b", 1, 0, "me"), claim("a", 1, 0, "me"), claim("x", 1, 0, "you"))
    base.apply([claim("x", 2, 0, "you")], 2, NOW)
    fork = base.fork()
    fork.apply([claim("c", 1, 0, "me"), claim("a", 1, 0, "you"), removed(claim("b", 1, 0))], 3, NOW)
    assert [one.ref for one in base.claims_of("me")] == ["a", "b"]
    assert [one.ref for one in fork.claims_of("me")] == ["c"]
    assert [(one.ref, one.quantity // MICRO) for one in fork.claims_of("you")] == [("a", 1), ("x", 2)]
    assert (owner_of(Entry(Part.CLAIM, "c", 1, TODAY)), owner_of(claim("c", 1, 0, "me"))) == ("", "me")
    assert owner_of(Entry(Part.CLAIM, "c", 1, TODAY, None, {"line": "1"})) == ""


def test_a_plan_that_was_not_released_in_time_comes_its_lead_time_after_today() -> None:
    for latest_start, lead, expected in ((0, 4, 2), (-1, 4, 4), (-1, 1, 2)):
        plan = a_plan(2, latest_start=TODAY + latest_start, lead_days=lead)
        assert Rules().plan_due_on(plan, TODAY) == TODAY + expected
        assert Rules(dock_to_stock_days=3).plan_counts_on(plan, TODAY) == TODAY + expected + 3
    assert Rules().plan_due_on(Entry(Part.PLAN, "P", 1, TODAY + 2), TODAY) == TODAY + 2
    assert Rules().plan_due_on(Entry(Part.PLAN, "P", 1, TODAY - 2), TODAY) == TODAY
    assert Rules().plan_due_on(a_plan(1, latest_start=TODAY - 1), TODAY) == TODAY + 1


def test_a_plan_that_is_seen_to_come_late_counts_on_that_day_and_one_that_cannot_come_on_none() -> None:
    for seen_for, expected in ((TODAY + 6, TODAY + 6), (TODAY + 1, TODAY + 2), (None, None)):
        assert Rules().plan_counts_on(a_plan(2, latest_start=TODAY, seen_for=seen_for), TODAY) == expected


def test_a_receipt_counts_as_late_as_the_rules_say_and_past_their_limit_no_longer() -> None:
    rules = Rules(past_due_offset_days=2, past_due_limit_days=5, dock_to_stock_days=1)
    days = [rules.counts_on(TODAY + due, TODAY) for due in (3, 0, -1, -5, -6)]
    assert days == [TODAY + 4, TODAY + 1, TODAY + 2, TODAY + 2, None]
    assert Rules(past_due_offset_days=1, dock_to_stock_days=4).counts_on(TODAY - 1, TODAY) == TODAY + 3


def test_a_receipt_that_is_seen_to_come_late_counts_from_that_day_and_one_that_cannot_come_never() -> None:
    def a_receipt(**detail: Any) -> Entry:
        return Entry(Part.RECEIPT, "r", units(5), TODAY + 2, None, detail)

    assert not is_seen_late(a_receipt(kind="purchase_order"))
    assert not is_seen_late(Entry(Part.RECEIPT, "r", 1, TODAY))
    assert is_seen_late(a_plan(1, seen_for=None))
    assert not is_seen_late(a_plan(1, expected=TODAY))
    for told, expected in ((a_receipt(), TODAY + 2), (a_receipt(expected=TODAY + 6), TODAY + 6), (a_receipt(expected=None), None)):
        assert is_seen_late(told) is ("expected" in (told.detail or {}))
        assert expected_day(told) == expected
        assert Rules(dock_to_stock_days=1).receipt_counts_on(told, TODAY) == (None if expected is None else expected + 1)
        book = a_book(told)
        supply = {} if expected is None else {expected: units(5)}
        assert (book.own_supply_by_day(), book.supply_by_day()) == (supply, supply)
        book.apply([removed(told)], 2, NOW)
        assert book.supply_by_day() == {}
    assert expected_day(Entry(Part.RECEIPT, "r", 1, TODAY)) == TODAY


def test_supply_by_day_is_of_all_layers() -> None:
    base = a_book(receipt("r", 4, 1), receipt("s", 2, 3))
    fork = base.fork()
    fork.apply([receipt("t", 1, 1), receipt("s", 2, 4)], 2, NOW)
    assert {day - TODAY: quantity // MICRO for day, quantity in base.supply_by_day().items()} == {1: 4, 3: 2}
    assert {day - TODAY: quantity // MICRO for day, quantity in fork.supply_by_day().items() if quantity} == {1: 5, 4: 2}


def test_stock_of_which_nothing_was_said_is_no_knowledge() -> None:
    book = Book("SKU", "HAM")
    assert book.untold
    for entry, untold in ((stock(0), False), (Entry(Part.STOCK, "", 0, detail={"untold": True}), True), (stock(3), False)):
        book.apply([entry], book.version + 1, NOW)
        assert book.untold is untold


def test_of_many_holds_that_have_ended_those_that_live_are_left() -> None:
    book = a_book()
    for number in range(400):
        book.apply([hold(f"h{number:03}", 1, 0, number)], book.version + 1, NOW)
    for number in range(400):
        if number % 100:
            book.apply([removed(hold(f"h{number:03}", 1, 0, number))], book.version + 1, NOW)
    living = ["h000", "h100", "h200", "h300"]
    assert [one.ref for one in book.holds()] == living
    assert [one.ref for one in book.due_holds(in_seconds(400))] == living
    assert book.expiring(in_seconds(150))[1] == in_seconds(200)


def test_what_was_never_there_can_be_removed() -> None:
    book = a_book(claim("c", 1, 0))
    book.apply([removed(claim("nobody", 1, 0)), removed(receipt("nothing", 1, 0))], 2, NOW)
    assert [entry.ref for entry in book.entries()] == ["", "c"]


def test_what_was_worked_out_of_its_supply_is_forgotten_when_its_supply_changes() -> None:
    book = a_book(receipt("r", 1, 0))
    for entry, kept in ((claim("c", 1, 0), True), (receipt("r", 2, 0), False), (a_plan(1), False), (requirement("q", 1, 0), True)):
        book.supply_memo, book.memo = "worked out", "worked out"
        book.apply([entry], book.version + 1, NOW)
        assert (book.supply_memo, book.memo) == ("worked out" if kept else None, None)
