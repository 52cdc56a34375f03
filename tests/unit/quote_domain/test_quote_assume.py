"""What if, on copies: the books beneath stay as they are."""

from services.quote.domain.assume import AssumingShelf, Assumption
from services.quote.domain.book import RESOURCE, Book, Entry, Part
from services.quote.domain.capacity import Load
from services.quote.domain.promise import Demand, promise
from services.quote.domain.sources import MICRO, Make, Need, Operation
from tests.unit.quote_domain.builders import NOW, TODAY, AShelf, a_book, a_line

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
