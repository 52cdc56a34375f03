"""Which supply covers a claim, against handing it out piece by piece."""

from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.balance import balance
from services.quote.domain.book import Book
from services.quote.domain.entry import Entry, Part
from services.quote.domain.pegging import Peg, arrivals, peg
from services.quote.domain.rules import Rules
from tests.unit.quote_domain.builders import NOW, TODAY, a_book, claim, receipt, units

supplies = st.lists(st.tuples(st.sampled_from([Part.RECEIPT, Part.PLAN]), st.integers(1, 4), st.integers(-3, 6)), max_size=5)
RULES = Rules(past_due_limit_days=2, dock_to_stock_days=1)


@given(
    st.integers(0, 6), st.integers(0, 3), supplies, st.lists(st.tuples(st.integers(1, 4), st.integers(-1, 7)), max_size=3),
    st.integers(1, 6), st.integers(0, 8), st.integers(0, 3),
)  # fmt: skip
def test_a_claim_takes_the_pieces_behind_those_of_whoever_comes_before_it(
    on_hand: int,
    safety_stock: int,
    coming: list[tuple[Part, int, int]],
    others: list[tuple[int, int]],
    quantity: int,
    day: int,
    before: int,
) -> None:
    told = [Entry(part, f"R{n}", size, TODAY + at, None, {"kind": f"kind{n}"}) for n, (part, size, at) in enumerate(coming)]
    claims = [Entry(Part.CLAIM, f"C{n}", size, TODAY + at) for n, (size, at) in enumerate(others)]
    book = Book("SKU", "HAM")
    book.apply([Entry(Part.STOCK, "", on_hand), Entry(Part.SAFETY, "", safety_stock), *told, *claims], 1, NOW)
    row = ["stock"] * on_hand
    counted = [
        (RULES.plan_counts_on(one, TODAY) if one.part is Part.PLAN else RULES.receipt_counts_on(one, TODAY), one.ref) for one in told
    ]
    for _, ref in sorted((at, ref) for at, ref in counted if at is not None):
        row += [ref] * coming[int(ref[1:])][1]
    row = row[safety_stock:] if safety_stock > on_hand else ["stock"] * (on_hand - safety_stock) + row[on_hand:]
    start = sum(size for size, at in others if max(0, at) <= day) + before
    expected = [(name, len(list(same))) for name, same in groupby(row[start : start + quantity])]
    found = peg(book, balance(book, TODAY, NOW, RULES), RULES, quantity, TODAY + day, before)
    assert [("stock" if one.ref is None else one.ref, one.quantity) for one in found] == expected
    for one in found:
        if one.ref is None:
            assert one == Peg(one.quantity, "on_hand", "HAM")
            continue
        number = int(one.ref[1:])
        entry, kind = told[number], f"kind{number}" if told[number].part is Part.RECEIPT else f"planned_kind{number}"
        assert one == Peg(one.quantity, kind, "HAM", one.ref, entry.day, counted[number][0], None, entry)


def test_a_receipt_of_which_nothing_is_said_was_bought() -> None:
    for detail in (None, {}, {"supplier": "WOOD"}):
        book = a_book(Entry(Part.RECEIPT, "R", units(3), TODAY + 1, None, detail))
        (one,) = peg(book, balance(book, TODAY, NOW, Rules()), Rules(), units(3), TODAY + 1)
        assert (one.source, one.ref, one.quantity) == ("purchase_order", "R", units(3))
    book = a_book(Entry(Part.PLAN, "P", units(3), TODAY + 1, None, {"kind": "transfer_order"}))
    assert [one.source for one in peg(book, balance(book, TODAY, NOW, Rules()), Rules(), 1, TODAY + 1)] == ["planned_transfer_order"]


def test_a_millionth_more_than_there_is_on_hand_is_awaited() -> None:
    book = a_book(receipt("R", 3, 0), on_hand=2)
    figures = balance(book, TODAY, NOW, Rules())
    for more, expected in ((0, [units(2)]), (1, [units(2), 1]), (2, [units(2), 2])):
        assert [one.quantity for one in peg(book, figures, Rules(), units(2) + more, TODAY)] == expected


def test_what_comes_is_put_in_order_once_and_anew_where_a_receipt_a_plan_the_day_or_the_rules_change() -> None:
    book = a_book(receipt("B", 2, 3), receipt("A", 1, 3), receipt("C", 4, 1))
    found = arrivals(book, TODAY, Rules())
    assert [(one.ref, day - TODAY, total) for one, day, total in zip(found.receipts, found.days, found.totals, strict=True)] == [
        ("C", 1, units(4)), ("A", 3, units(5)), ("B", 3, units(7)),
    ]  # fmt: skip
    assert [found.by(TODAY + day) for day in (0, 1, 2, 3)] == [0, units(4), units(4), units(7)]
    twins = a_book(receipt("T", 1, 1), Entry(Part.PLAN, "T", units(1), TODAY + 1))
    assert [one.part for one in arrivals(twins, TODAY, Rules()).receipts] == [Part.RECEIPT, Part.PLAN]
    promised = book.fork()
    promised.apply([claim("x", 1, 3)], 2, NOW)
    assert arrivals(book, TODAY, Rules()) is arrivals(promised, TODAY, Rules()) is found
    for entry in (receipt("D", 9, 2), Entry(Part.PLAN, "D", units(9), TODAY + 2)):
        more = book.fork()
        more.apply([entry], 2, NOW)
        assert [one.ref for one in arrivals(more, TODAY, Rules()).receipts] == ["C", "D", "A", "B"]
    assert [day - TODAY for day in arrivals(book, TODAY + 2, Rules()).days] == [3, 3, 3]
    assert [day - TODAY for day in arrivals(book, TODAY + 2, Rules(dock_to_stock_days=1)).days] == [3, 4, 4]
    assert [day - TODAY for day in arrivals(book, TODAY, Rules(dock_to_stock_days=1)).days] == [2, 4, 4]
