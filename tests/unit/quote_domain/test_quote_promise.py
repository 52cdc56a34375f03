"""One decision: whole lines, several sites, shared supply, outcomes, reasons that sum to the slip, pegs, sentences."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.answer import outcome_of_all
from services.quote.domain.balance import balance, permits
from services.quote.domain.book import Book
from services.quote.domain.entry import Entry, Part
from services.quote.domain.pegging import ON_HAND
from services.quote.domain.promise import Decision, Demand, promise
from services.quote.domain.reasons import STEP_OF, Code, Lost
from services.quote.domain.rules import Rules
from tests.examples import examples
from tests.unit.quote_domain import oracle
from tests.unit.quote_domain.builders import (
    MICRO,
    NOW,
    TODAY,
    AShelf,
    a_book,
    a_line,
    claim,
    claims_for,
    receipt,
    requirement,
    shipped_as,
    units,
)

SITES = ("HAM", "BER")
MOVES = st.lists(st.tuples(st.sampled_from([Part.RECEIPT, Part.CLAIM]), st.integers(1, 6), st.integers(-1, 5)), max_size=5)
BOOK = st.tuples(st.integers(0, 8), MOVES)


def books_of(described: list[tuple[int, list[tuple[Part, int, int]]]], sku: str = "SKU") -> list[Book]:
    books = []
    for site, (on_hand, moves) in zip(SITES, described, strict=False):
        entries = [Entry(part, f"{site}{number}", units(quantity), TODAY + day) for number, (part, quantity, day) in enumerate(moves)]
        books.append(a_book(*entries, on_hand=on_hand, site=site, sku=sku))
    return books


def days_of(book: Book) -> list[int]:
    return oracle.projected(oracle.entries_of(book), TODAY, NOW, Rules())


def assert_nothing_is_promised_twice(decision: Decision, books: list[Book]) -> None:
    by_key = {(book.sku, book.site): book for book in books}
    claims = claims_for(decision.lines, "new")
    assert set(claims) == decision.written
    assert decision.written <= decision.read
    for key, entries in claims.items():
        after = by_key[key].fork()
        after.apply(entries, 2, NOW)
        assert permits(balance(by_key[key], TODAY, NOW, Rules()), balance(after, TODAY, NOW, Rules()))


def assert_it_explains_itself(decision: Decision) -> None:
    for line in decision.lines:
        assert sum(reason.adds_days for reason in line.reasons) == line.slip_days
        assert all(reason.adds_days >= 0 for reason in line.reasons)
        assert all(STEP_OF[Code(reason.code)].value == reason.step for reason in line.reasons)
        assert all(Lost(other.lost_because) for other in line.alternatives)
        assert sum(one.quantity for one in line.deliveries) == line.promised_quantity == sum(peg.quantity for peg in line.pegging)
        assert line.promised_day == max((one.delivery_day for one in line.deliveries), default=None)
        assert (line.limiting_step is None) == (line.outcome == "full")
        for other in line.alternatives:
            assert other.deliveries != line.deliveries
    assert decision.summary.endswith(".")


Asked = tuple[int, int, tuple[str, ...], int | None]
LINE = st.tuples(st.integers(1, 9), st.integers(-1, 4), st.sampled_from([SITES, SITES[::-1], SITES[:1]]), st.none() | st.integers(0, 6))


@examples(200)
@given(st.lists(BOOK, min_size=2, max_size=2), LINE)
def test_a_whole_line_gets_the_earliest_day_of_any_site(described: list[tuple[int, list[tuple[Part, int, int]]]], asked: Asked) -> None:
    books = books_of(described)
    quantity, day, sites, latest = asked
    decision = promise(Demand((a_line(quantity, day, sites=sites, latest_day=latest),)), AShelf(*books))
    possible = []
    for order, site in enumerate(sites):
        found = oracle.earliest(days_of(books[SITES.index(site)]), units(quantity), max(0, day))
        if found is not None and (latest is None or found <= latest):
            possible.append((found, order, site))
    best = min(possible, default=None)
    assert shipped_as(decision.lines[0].deliveries) == ([] if best is None else [(best[2], quantity, best[0])])
    assert_nothing_is_promised_twice(decision, books)
    assert_it_explains_itself(decision)


@examples(200)
@given(
    st.lists(BOOK, min_size=2, max_size=2),
    st.lists(LINE, min_size=2, max_size=4),
    st.none() | st.integers(1, 4),
    st.tuples(st.booleans(), st.booleans()),
)
def test_lines_of_one_request_share_what_there_is(
    described: list[tuple[int, list[tuple[Part, int, int]]]], asked: list[Asked], least: int | None, how: tuple[bool, bool]
) -> None:
    books = books_of(described)
    partial, complete = how
    lines = tuple(
        a_line(quantity, day, sites=sites, latest_day=latest, ref=str(number), min_ship=least)
        for number, (quantity, day, sites, latest) in enumerate(asked)
    )
    decision = promise(Demand(lines, allow_partial=partial, ship_complete=complete), AShelf(*books))
    assert_nothing_is_promised_twice(decision, books)
    assert_it_explains_itself(decision)
    if complete:
        promised = [line for line in decision.lines if line.outcome != "none"]
        assert len(promised) in {0, len(lines)}
        assert len({delivery.ship_day for line in promised for delivery in line.deliveries}) <= 1
        assert all(line.promised_quantity == line.requested_quantity for line in promised)


@examples(300)
@given(st.lists(BOOK, min_size=2, max_size=2), st.lists(LINE, min_size=2, max_size=3))
def test_the_common_date_is_the_first_on_which_all_lines_fit(
    described: list[tuple[int, list[tuple[Part, int, int]]]], asked: list[Asked]
) -> None:
    books = books_of(described)
    days = {book.site: days_of(book) for book in books}
    lines = tuple(
        a_line(quantity, day, sites=sites, latest_day=latest, ref=str(number))
        for number, (quantity, day, sites, latest) in enumerate(asked)
    )
    latest = min((line.latest_day - TODAY for line in lines if line.latest_day is not None), default=40)
    expected = None
    for day in range(max(0, *(line.requested_day - TODAY for line in lines)), latest + 1):
        for choice in product(*(line.sites for line in lines)):
            taken = {site: sum(line.quantity for line, chosen in zip(lines, choice, strict=True) if chosen == site) for site in SITES}
            if all(oracle.is_accepted(days[site], {day: taken[site]}) for site in SITES):
                expected = day
                break
        if expected is not None:
            break
    decision = promise(Demand(lines, ship_complete=True), AShelf(*books))
    found = {delivery.ship_day - TODAY for line in decision.lines for delivery in line.deliveries}
    assert found == (set() if expected is None else {expected})


@examples(200)
@given(st.lists(BOOK, min_size=2, max_size=2), st.lists(LINE, min_size=2, max_size=3))
def test_the_common_date_over_several_sites_per_line(described: list[tuple[int, list[tuple[Part, int, int]]]], asked: list[Asked]) -> None:
    books = books_of(described)
    days = {book.site: days_of(book) for book in books}
    lines = tuple(a_line(quantity, day, sites=sites, ref=str(number)) for number, (quantity, day, sites, _) in enumerate(asked))
    room = {site: [max(0, min(projected[day:])) for day in range(40)] for site, projected in days.items()}
    only_first = sum(line.quantity for line in lines if line.sites == SITES[:1])
    total = sum(line.quantity for line in lines)
    first = max(0, *(line.requested_day - TODAY for line in lines))
    expected = next((d for d in range(first, 40) if room["HAM"][d] >= only_first and room["HAM"][d] + room["BER"][d] >= total), None)
    decision = promise(Demand(lines, allow_partial=True, ship_complete=True), AShelf(*books))
    assert {one.ship_day - TODAY for line in decision.lines for one in line.deliveries} == (set() if expected is None else {expected})


def test_lines_of_one_sku_that_ship_complete_are_packed_into_sites() -> None:
    books = [a_book(on_hand=10, site="HAM"), a_book(on_hand=5, site="BER")]
    lines = tuple(a_line(quantity, sites=SITES, ref=str(quantity)) for quantity in (4, 5, 6))
    decision = promise(Demand(lines, ship_complete=True), AShelf(*books))
    assert [shipped_as(line.deliveries)[0][0] for line in decision.lines] == ["HAM", "BER", "HAM"]


@given(st.lists(BOOK, min_size=1, max_size=1), st.integers(1, 12), st.integers(0, 4))
def test_pegs_come_by_date_stock_first_and_are_there_in_time(
    described: list[tuple[int, list[tuple[Part, int, int]]]], quantity: int, day: int
) -> None:
    (book,) = books_of(described)
    line = promise(Demand((a_line(quantity, day),)), AShelf(book)).lines[0]
    if line.outcome == "none":
        return
    supply = [ON_HAND] * (max(0, book.on_hand) // MICRO)
    arrivals = []
    for entry in book.of(Part.RECEIPT):
        counted = Rules().counts_on(entry.day or 0, TODAY)
        assert counted is not None
        arrivals.append((counted, entry.ref, entry.quantity // MICRO))
    for _, ref, units_in in sorted(arrivals):
        supply += [ref] * units_in
    before = sum(entry.quantity // MICRO for entry in book.of(Part.CLAIM) if max(entry.day or 0, TODAY) <= line.deliveries[0].pick_day)
    expected: dict[str, int] = {}
    for unit in supply[before : before + quantity]:
        expected[unit] = expected.get(unit, 0) + 1
    assert {peg.ref or ON_HAND: peg.quantity // MICRO for peg in line.pegging} == expected
    assert all(peg.usable_day is None or peg.usable_day <= line.deliveries[0].pick_day for peg in line.pegging)


def test_the_example_of_the_contract_reads_as_written_there() -> None:
    book = a_book(receipt("PO-552", 80, 2), on_hand=120)
    line = promise(Demand((a_line(200),)), AShelf(book)).lines[0]
    assert promise(Demand((a_line(200),)), AShelf(book)).summary == (
        "200 EA on Thu 3 Dec 2026, two days later than asked: 80 wait for PO-552."
    )
    assert [(reason.step, reason.code, reason.ref, reason.adds_days) for reason in line.reasons] == [
        ("stock", "PARTLY_COVERED", None, 0),
        ("supply", "AWAIT_SUPPLY", "PO-552", 2),
    ]
    assert (line.outcome, line.slip_days, line.limiting_step) == ("late", 2, "supply")
    assert [(peg.quantity // MICRO, peg.source, peg.ref) for peg in line.pegging] == [
        (120, "on_hand", None),
        (80, "purchase_order", "PO-552"),
    ]
    assert [(other.alternative, other.kind, other.lost_because) for other in line.alternatives] == [("a1", "split", "PARTIAL_NOT_ALLOWED")]


def said(*lines: object, books: list[Book], **how: bool) -> str:
    return promise(Demand(tuple(lines), **how), AShelf(*books)).summary  # type: ignore[arg-type]


def test_sentences() -> None:
    stock = [a_book(receipt("PO-1", 80, 2), receipt("PO-2", 50, 4), on_hand=120)]
    assert said(a_line(100), books=stock) == "100 EA on Tue 1 Dec 2026, as asked."
    assert said(a_line(0.25), books=stock) == "0.25 EA on Tue 1 Dec 2026, as asked."
    assert said(a_line(121), books=stock) == "121 EA on Thu 3 Dec 2026, two days later than asked: 1 waits for PO-1."
    assert said(a_line(250), books=stock) == (
        "250 EA on Sat 5 Dec 2026, four days later than asked: 80 wait for PO-1 and 50 wait for PO-2."
    )
    assert said(a_line(200), books=stock, allow_partial=True) == (
        "200 EA in two deliveries: 120 on Tue 1 Dec 2026 and 80 on Thu 3 Dec 2026, two days later than asked: 80 wait for PO-1."
    )
    assert said(a_line(300), books=stock) == "300 EA cannot be promised: known supply allows at most 250 EA on any date."
    assert said(a_line(300, latest_day=0), books=stock, allow_partial=True) == (
        "120 of 300 EA on Tue 1 Dec 2026, as asked; 180 could only come after Tue 1 Dec 2026."
    )
    assert said(a_line(100, -2), books=stock) == (
        "100 EA on Tue 1 Dec 2026, two days later than asked: asked for Sun 29 Nov 2026, which is past."
    )
    assert said(a_line(1, sku="NEW", known_sku=False), books=stock) == "1 EA cannot be promised: the sku NEW is not known."
    assert said(a_line(10), a_line(20, ref="2"), books=stock) == "All 2 lines on Tue 1 Dec 2026, as asked."
    assert said(a_line(10), a_line(121, ref="2"), books=stock) == (
        "1 of 2 lines as asked; line 2 (SKU): 121 EA on Thu 3 Dec 2026, two days later than asked: 11 wait for PO-1."
    )
    assert said(a_line(10), a_line(121, ref="2"), books=stock, ship_complete=True) == (
        "All 2 lines on Thu 3 Dec 2026, two days later than asked: 11 wait for PO-1."
    )


def codes(line: object, *books: Book, **how: bool) -> list[str]:
    return [reason.code for reason in promise(Demand((line,), **how), AShelf(*books)).lines[0].reasons]  # type: ignore[arg-type]


def test_each_refusal_has_its_code() -> None:
    book = a_book(receipt("PO", 5, 9), on_hand=5)
    assert codes(a_line(1, known_sku=False), book) == ["UNKNOWN_SKU"]
    assert codes(a_line(1, sites=()), book) == ["NO_SITE"]
    assert codes(a_line(1, sites=("NOWHERE",)), book) == ["NO_BOOK"]
    assert codes(a_line(11), book) == ["NOT_ENOUGH_SUPPLY"]
    assert codes(a_line(10, latest_day=8), book) == ["AFTER_LATEST_DATE"]
    assert codes(a_line(12, sites=SITES), book, a_book(on_hand=3, site="BER")) == ["PARTIAL_NOT_ALLOWED"]
    assert codes(a_line(12, min_ship=11), book, allow_partial=True) == ["BELOW_MINIMUM_SHIPMENT"]


def test_each_state_of_the_stock_has_its_code() -> None:
    coming = receipt("PO", 5, 9)
    assert codes(a_line(5), a_book(coming))[0] == "NO_STOCK"
    assert codes(a_line(5), a_book(coming, on_hand=4, safety_stock=4))[0] == "SAFETY_STOCK_KEPT"
    assert codes(a_line(5), a_book(coming, claim("c", 4, 3), on_hand=4))[0] == "PROMISED_TO_OTHERS"
    assert codes(a_line(5), a_book(coming, on_hand=1))[0] == "PARTLY_COVERED"
    assert codes(a_line(5), a_book(coming, on_hand=5)) == ["COVERED"]


def test_a_book_that_only_knows_demand_is_no_supply() -> None:
    book = Book("SKU", "HAM")
    book.apply([requirement("r", 1, 0)], 1, NOW)
    assert codes(a_line(1), book) == ["NO_BOOK"]


def test_outcomes_of_the_whole() -> None:
    assert outcome_of_all(["none", "none"]) == "none"
    assert outcome_of_all(["full", "full"]) == "full"
    assert outcome_of_all(["full", "late"]) == "late"
    assert outcome_of_all(["full", "none"]) == "partial"
    assert outcome_of_all(["late", "partial"]) == "partial"


def test_one_impossible_line_of_a_complete_shipment_is_named_in_the_others() -> None:
    decision = promise(Demand((a_line(1, ref="10"), a_line(9, ref="20")), ship_complete=True), AShelf(a_book(on_hand=5)))
    assert [line.reasons[0].code for line in decision.lines] == ["OTHER_LINE_IMPOSSIBLE", "NOT_ENOUGH_SUPPLY"]
    assert decision.lines[0].reasons[0].ref == "20"


def test_a_thousand_million_units_are_counted_exactly() -> None:
    book = a_book(on_hand=0)
    book.apply([Entry(Part.STOCK, "", 999_999_999_999_999)], 2, NOW)
    line = a_line(0)
    most = type(line)("1", "SKU", 999_999_999_999_999, TODAY, ("HAM",))
    more = type(line)("1", "SKU", 1_000_000_000_000_000, TODAY, ("HAM",))
    assert promise(Demand((most,)), AShelf(book)).outcome == "full"
    assert promise(Demand((more,)), AShelf(book)).outcome == "none"
