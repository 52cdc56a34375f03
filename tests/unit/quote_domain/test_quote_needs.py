"""Which orders take from which books, as the books tell it one after another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.entry import Entry, Part
from services.quote.domain.needs import Needs, order_behind
from tests.unit.quote_domain.builders import TODAY, receipt, requirement, units


def needed(kind: str, owner: str, quantity: float = 1, ref: str = "R") -> Entry:
    return Entry(Part.REQUIREMENT, ref, units(quantity), TODAY + 3, None, {"kind": kind, "owner": owner})


def expected(ref: str, day: int | None) -> Entry:
    return Entry(
        Part.RECEIPT, ref, units(1), TODAY + 3, None, {"kind": "production_order", "expected": None if day is None else TODAY + day}
    )


@pytest.mark.parametrize(
    ("entry", "order"),
    [
        (needed("component", "MO#7#2"), "MO#7"),
        (needed("component", "MO-7#1"), "MO-7"),
        (needed("load", "MO#7"), "MO#7"),
        (needed("outbound_transfer", "TO#1"), "TO#1"),
        (needed("order_elsewhere", "SO-1"), None),
        (requirement("R", 1, 3), None),
        (Entry(Part.REQUIREMENT, "R", units(1), TODAY), None),
    ],
)
def test_whose_a_requirement_is(entry: Entry, order: str | None) -> None:
    assert order_behind(entry) == order


@given(st.lists(st.tuples(st.sampled_from("AB"), st.sampled_from(["MO-1#1", "MO-1#2", "MO-2#1"]), st.integers(0, 2)), max_size=12))
def test_an_order_takes_from_the_books_that_say_so_last(told: list[tuple[str, str, int]]) -> None:
    needs = Needs()
    last: dict[tuple[str, str], int] = {}
    for key, owner, quantity in told:
        needs.learn(key, [receipt("other", 1, 1), needed("component", owner, quantity, owner)])
        last[key, owner] = quantity
        for order in ("MO-1", "MO-2"):
            standing = {(one, ref) for (one, ref), left in last.items() if left and ref.startswith(order)}
            assert needs.of(order) == standing
            assert needs.books_of(order) == {one for one, _ in standing}


def test_a_receipt_comes_to_the_book_that_spoke_of_it_last_and_is_late_as_long_as_that_says_so() -> None:
    needs = Needs()
    for key, entry, homes, late in (
        ("A", receipt("PO", 1, 3), {"PO": "A"}, set()),
        ("A", expected("PO", 5), {"PO": "A"}, {"PO"}),
        ("B", expected("PO", None), {"PO": "B"}, {"PO"}),
        ("A", receipt("PO", 0, 3), {"PO": "B"}, {"PO"}),
        ("B", receipt("PO", 1, 3), {"PO": "B"}, set()),
        ("B", expected("PO", 6), {"PO": "B"}, {"PO"}),
        ("B", Entry(Part.RECEIPT, "PO", 0, TODAY, None, {"expected": TODAY}), {}, set()),
        ("C", receipt("PO", 0, 3), {}, set()),
        ("C", Entry(Part.RECEIPT, "PO", 1, TODAY), {"PO": "C"}, set()),
        ("C", needed("component", "PO#1"), {"PO": "C"}, set()),
    ):
        needs.learn(key, [entry])
        assert (needs.homes, needs.late) == (homes, late)


def test_nothing_is_taken_by_an_order_that_nobody_spoke_of() -> None:
    needs = Needs()
    needs.learn("A", [needed("order_elsewhere", "SO-1"), Entry(Part.STOCK, "", units(3))])
    assert (needs.of("SO-1"), needs.books_of("SO-1"), needs.homes) == (frozenset(), set(), {})
