"""A receipt of which some is on its way and the rest is late counts as two, in whatever is read of a book."""

from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.balance import balance, daily
from services.quote.domain.bins import StockBin, stock_bin
from services.quote.domain.book import Book
from services.quote.domain.entry import Day, Entry, Micro, Part, parted
from services.quote.domain.pegging import arrivals
from services.quote.domain.rules import Rules
from tests.unit.quote_domain.builders import NOW, TODAY

RULES = Rules(past_due_offset_days=1, past_due_limit_days=3, dock_to_stock_days=1)
expected_days = st.one_of(st.none(), st.integers(0, 9).map(lambda days: TODAY + days))
receipts = st.lists(st.tuples(st.integers(1, 9), st.integers(-5, 6), st.integers(1, 10), expected_days), min_size=1, max_size=4)


def a_book_of(entries: list[Entry]) -> Book:
    book = Book("SKU", "HAM")
    book.apply([Entry(Part.STOCK, "", 2), *entries], 1, NOW)
    return book


def whole(number: int, quantity: Micro, due: Day, waits: Micro, expected: Day | None) -> Entry:
    return Entry(Part.RECEIPT, f"r{number}", quantity, TODAY + due, None, {"kind": "transfer_order", "expected": expected, "waits": waits})


def as_two(number: int, quantity: Micro, due: Day, waits: Micro, expected: Day | None) -> list[Entry]:
    late = min(waits, quantity)
    rest = Entry(Part.RECEIPT, f"r{number}", quantity - late, TODAY + due, None, {"kind": "transfer_order"})
    return [rest, Entry(Part.RECEIPT, f"r{number}, late", late, TODAY + due, None, {"kind": "transfer_order", "expected": expected})]


def free(found: StockBin) -> list[Micro]:
    """On each day what can be taken from then on."""
    steps = found.free_by_day()
    return [max((day, quantity) for day, quantity in steps if day <= TODAY + ahead)[1] for ahead in range(20)]


@given(told=receipts, replaced=st.booleans())
def test_a_receipt_of_which_some_is_late_counts_as_two(told: list[tuple[int, int, int, int | None]], *, replaced: bool) -> None:
    one = a_book_of([whole(number, *each) for number, each in enumerate(told)])
    two = a_book_of([part for number, each in enumerate(told) for part in as_two(number, *each)])
    if replaced:
        entries = [Entry(Part.RECEIPT, f"r{number}", 3, TODAY + 2) for number in range(len(told))]
        one.apply(entries, 2, NOW)
        two = a_book_of(entries)

    def read(book: Book) -> tuple[object, ...]:
        rows = daily(book, TODAY, TODAY + 20, TODAY, NOW, RULES)
        coming = arrivals(book, TODAY, RULES)
        return (
            [(row.projected, row.atp, sum(part.quantity for part in row.receipts)) for row in rows],
            balance(book, TODAY, NOW, RULES).projected[-1],
            [coming.by(TODAY + day) for day in range(20)],
            free(stock_bin(book, TODAY, RULES)),
        )

    assert read(one) == read(two)


@given(receipts, st.integers(0, 9))
def test_an_order_that_is_left_out_leaves_what_is_on_the_way(told: list[tuple[int, int, int, int | None]], left: int) -> None:
    entries = [whole(number, *each) for number, each in enumerate(told)]
    staying = [Entry(Part.RECEIPT, "r0", left, entries[0].day), *entries[1:]]
    found = stock_bin(a_book_of(entries), TODAY, RULES, orders={"r0": left, "unheard of": 1})
    assert free(found) == free(stock_bin(a_book_of(staying), TODAY, RULES))


def test_what_is_late_of_a_receipt_says_so_and_what_is_on_its_way_does_not() -> None:
    (coming, late) = parted(whole(0, 7, 2, 3, None))
    assert (coming.quantity, coming.detail) == (4, {"kind": "transfer_order"})
    assert (late.quantity, late.detail) == (3, {"kind": "transfer_order", "expected": None})
    for waits in (7, 8):
        assert parted(whole(0, 7, 2, waits, None)) == (whole(0, 7, 2, waits, None),)
    assert len(parted(Entry(Part.RECEIPT, "r", 7, TODAY, None, {"waits": 3}))) == 1
