"""What if, on copies: the books beneath stay as they are."""

from dataclasses import replace

import pytest

from services.quote.domain.assume import AssumingShelf, Assumption
from services.quote.domain.balance import balance
from services.quote.domain.book import Book
from services.quote.domain.capacity import Load, capacity_of
from services.quote.domain.chance import Chances, chance_of
from services.quote.domain.dates import Way
from services.quote.domain.entry import RESOURCE, Entry, Part
from services.quote.domain.promise import Demand, promise
from services.quote.domain.rules import Rules
from services.quote.domain.sources import MICRO, Make, Need, Operation
from tests.unit.quote_domain.builders import NOW, TODAY, AShelf, a_book, a_line, receipt, units
from tests.unit.quote_domain.plants import a_lane

HOUR_A_DAY = Operation(10, "saw", 0, 60 * MICRO, options=((Need(("SAW",), "SAW"),),))


def a_saw(minutes: int) -> Book:
    saw = Book("SAW", RESOURCE)
    detail = {"site": "HAM", "weekly": [minutes] * 7, "days": {}, "at_once": MICRO}
    saw.apply([Entry(Part.CAPACITY, "", 1, None, None, detail)], 1, NOW)
    return saw


def a_shelf() -> AShelf:
    shelf = AShelf(a_book(), a_saw(60))
    shelf.source["SKU", "HAM"] = (Make("SKU", (), (HOUR_A_DAY,)),)
    return shelf


def test_more_capacity_on_a_day_makes_it_earlier_and_less_makes_it_later() -> None:
    """Three pieces of an hour each at an hour a day are there on the fourth day."""
    found = []
    for minutes in (0, 120, -60):
        shelf = AssumingShelf(a_shelf(), [Assumption("capacity", ref="SAW", quantity=minutes * MICRO, day=TODAY + 1)])
        found.append((promise(Demand((a_line(3),)), shelf).lines[0].promised_day or 0) - TODAY)
    assert found == [3, 2, 4]


def test_taking_more_than_there_is_leaves_nothing() -> None:
    shelf = AssumingShelf(a_shelf(), [Assumption("capacity", ref="SAW", quantity=-500 * MICRO, day=TODAY)])
    assert promise(Demand((a_line(1),)), shelf).planned[0].loads == (Load("SAW", TODAY + 1, 60 * MICRO),)


def test_the_books_beneath_do_not_change() -> None:
    beneath = a_shelf()
    before = [(book.version, list(book.entries())) for book in beneath.books.values()]
    assumed = [Assumption("stock", "SKU", "HAM", quantity=5 * MICRO), Assumption("capacity", ref="SAW", quantity=MICRO, day=TODAY)]
    promise(Demand((a_line(7),)), AssumingShelf(beneath, assumed))
    assert [(book.version, list(book.entries())) for book in beneath.books.values()] == before


def a_stock_of_five() -> AShelf:
    """Five on hand; four come on day 3, and two that are due on day 4 and seen to come on day 5."""
    seen = replace(receipt("SEEN", 2, 4), detail={"kind": "purchase_order", "expected": TODAY + 5})
    return AShelf(a_book(receipt("PO", 4, 3), seen, on_hand=5), a_book(on_hand=9, site="BER"))


def more(kind: str, quantity: float = 0, day: int = 0, **of: str) -> Assumption:
    return Assumption(kind, "SKU", of.get("site", "HAM"), "", units(quantity), TODAY + day)


def late(ref: str, days: int) -> Assumption:
    return Assumption("delay", ref=ref, days=days)


@pytest.mark.parametrize(
    ("assumed", "atp"),
    [
        ((), [5, 5, 5, 9, 9, 11, 11, 11]),
        ((more("receipt", 3, 2),), [5, 5, 8, 12, 12, 14, 14, 14]),
        ((more("receipt", 3, 2), more("receipt", 1, 1)), [5, 6, 9, 13, 13, 15, 15, 15]),
        ((more("receipt", 3, 2, site="BER"),), [5, 5, 5, 9, 9, 11, 11, 11]),
        ((more("demand", 2, 4),), [5, 5, 5, 7, 7, 9, 9, 9]),
        ((more("demand", 2, 4, site="BER"),), [5, 5, 5, 9, 9, 11, 11, 11]),
        ((more("stock", 2),), [7, 7, 7, 11, 11, 13, 13, 13]),
        ((more("stock", 2), more("stock", -4)), [3, 3, 3, 7, 7, 9, 9, 9]),
        ((more("stock", 2, site="BER"),), [5, 5, 5, 9, 9, 11, 11, 11]),
        ((late("PO", 1),), [5, 5, 5, 5, 9, 11, 11, 11]),
        ((late("PO", 1), late("PO", 2)), [5, 5, 5, 5, 5, 7, 11, 11]),
        ((late("SEEN", 1),), [5, 5, 5, 9, 9, 9, 11, 11]),
        ((Assumption("lost", ref="PO"),), [5, 5, 5, 5, 5, 7, 7, 7]),
        ((late("PO", 1), Assumption("lost", ref="PO")), [5, 5, 5, 5, 5, 7, 7, 7]),
        ((late("NO-SUCH", 1), more("capacity", 9), more("stock", 2)), [7, 7, 7, 11, 11, 13, 13, 13]),
    ],
)
def test_what_there_would_be_of_a_book(assumed: tuple[Assumption, ...], atp: list[int]) -> None:
    shelf = AssumingShelf(a_stock_of_five(), assumed)
    book = shelf.book("SKU", "HAM")
    assert book is not None
    figures = balance(book, TODAY, NOW, Rules())
    assert [figures.atp_on(TODAY + day) for day in range(len(atp))] == [units(one) for one in atp]


def test_what_is_assumed_of_a_receipt_leaves_what_else_is_said_of_it() -> None:
    for assumed, expected in ((late("PO", 2), None), (late("SEEN", 2), TODAY + 7)):
        book = AssumingShelf(a_stock_of_five(), [assumed]).book("SKU", "HAM")
        found = None if book is None else book.find(Part.RECEIPT, assumed.ref)
        assert found is not None
        assert (found.day, found.detail) == (
            (TODAY + 5, {"kind": "purchase_order"}) if expected is None else (TODAY + 6, {"kind": "purchase_order", "expected": expected})
        )


def test_where_nothing_is_known_there_is_what_is_assumed_and_that_alone() -> None:
    shelf = AssumingShelf(AShelf(), [more("stock", 3), late("PO", 1), more("receipt", 2, 1)])
    book = shelf.book("SKU", "HAM")
    assert book is not None
    assert (book.on_hand, [(one.quantity, one.day) for one in book.of(Part.RECEIPT)]) == (units(3), [(units(2), TODAY + 1)])
    assert shelf.book("SKU", "BER") is None


def test_it_is_told_which_assumptions_met_a_book_that_was_looked_at() -> None:
    assumed = [late("NO-SUCH", 1), more("stock", 1), more("stock", 1, site="BER"), Assumption("lost", ref="PO"), more("capacity", 1)]
    shelf = AssumingShelf(a_stock_of_five(), assumed)
    assert shelf.met == set()
    shelf.book("SKU", "HAM")
    assert shelf.met == {1, 3}
    shelf.book("SKU", "BER")
    assert shelf.met == {1, 2, 3}


def test_a_receipt_that_is_assumed_is_certain() -> None:
    line = promise(Demand((a_line(7),)), AssumingShelf(a_stock_of_five(), [more("receipt", 2, 1)])).lines[0]
    assert [(one.source, one.quantity) for one in line.pegging] == [("on_hand", units(5)), ("assumed_receipt", units(2))]
    assert (line.promised_day, chance_of(line, (), Chances(), TODAY)) == (TODAY + 1, 1)


def test_more_capacity_comes_to_what_the_day_has_by_its_week_or_by_itself() -> None:
    """The first of December 2026 is a Tuesday."""
    saw = Book("SAW", RESOURCE)
    detail = {"site": "HAM", "weekly": [10, 20, 30, 40, 50, 60, 70], "days": {str(TODAY + 1): 5}, "at_once": MICRO}
    saw.apply([Entry(Part.CAPACITY, "", 1, None, None, detail)], 1, NOW)
    assumed = [Assumption("capacity", ref="SAW", quantity=3 * MICRO, day=TODAY + day) for day in (0, 1, 5, 6, 0)]
    book = AssumingShelf(AShelf(saw), assumed).book("SAW", RESOURCE)
    capacity = None if book is None else capacity_of(book)
    assert capacity is not None
    assert [capacity.minutes.minutes(TODAY + day) for day in range(8)] == [26, 8, 40, 50, 60, 73, 13, 20]


class OnlyFor(AShelf):
    """A shelf from which one customer alone is served."""

    def __init__(self, customer: str, *books: Book) -> None:
        super().__init__(*books)
        self.customer = customer

    def ways(self, sku: str, site: str, ship_to: str | None, customer: str | None) -> tuple[Way, ...]:
        return super().ways(sku, site, ship_to, customer) if customer == self.customer else ()


def test_ways_are_those_of_the_shelf_beneath() -> None:
    beneath = AShelf(a_book(on_hand=5))
    beneath.way = {("HAM", "NORTH"): a_lane(2)}
    shelf = AssumingShelf(beneath, [])
    assert shelf.ways("SKU", "HAM", "NORTH", None) == (a_lane(2),)
    assert shelf.ways("SKU", "HAM", None, None) == ()
    shelf = AssumingShelf(OnlyFor("ACME", a_book(on_hand=5)), [])
    assert [len(shelf.ways("SKU", "HAM", None, customer)) for customer in ("ACME", "OTHER", None)] == [1, 0, 0]
