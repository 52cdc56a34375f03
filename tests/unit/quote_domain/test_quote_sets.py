"""Sets of shipments under a policy, by example; against every split in test_quote_choice.py."""

from collections.abc import Sequence
from dataclasses import replace

from services.quote.domain.allocation import Allocation, Kind
from services.quote.domain.calendar import EVERY_DAY
from services.quote.domain.choice import Aim
from services.quote.domain.dates import Way, immediate
from services.quote.domain.entry import Entry, Part
from services.quote.domain.request import LineRequest
from services.quote.domain.sets import best_of_sets
from services.quote.domain.stand import Stand
from tests.unit.quote_domain.builders import TODAY, AShelf, a_book, a_line, receipt, units

SITES = ("HAM", "BER", "MUC")
PLENTY = 10_000
Split = list[tuple[str, int, float]]


def split(
    shelf: AShelf, line: LineRequest, aim: Aim = Aim.PREFERRED_SITE, effort: int = PLENTY, classes: Sequence[str] = ("shop",)
) -> tuple[Split, bool]:
    """By site and delivery day, in units; and whether the search was cut."""
    stand = Stand(shelf, classes=tuple(classes))
    parts, cut = best_of_sets(line, stand.outlets(line), line.requested_day, aim, stand, effort)
    return [(outlet.site, hop.delivery - TODAY, quantity / units(1)) for outlet, hop, quantity in parts], cut


def three(*on_hand: float) -> AShelf:
    return AShelf(*(a_book(on_hand=quantity, site=site) for site, quantity in zip(SITES, on_hand, strict=False)))


def test_a_shipment_may_hold_just_the_minimum_and_just_what_there_is() -> None:
    assert split(three(3, 1, 3), a_line(6, sites=SITES, min_ship=3)) == ([("HAM", 0, 3), ("MUC", 0, 3)], False)
    assert split(three(3, 3, 3), a_line(3, sites=SITES, min_ship=9)) == ([("HAM", 0, 3)], False), "the whole is minimum enough"
    assert split(three(2, 2, 5), a_line(5, sites=SITES, max_shipments=1)) == ([("MUC", 0, 5)], False)
    assert split(three(0, 0, 0), a_line(5, sites=SITES)) == ([], False)


def test_of_equals_the_one_that_is_met_first_is_taken() -> None:
    line = a_line(4, sites=("HAM", "BER"), max_shipments=1)
    shelf = AShelf(a_book(on_hand=3), a_book(receipt("R", 3, 1), site="BER"))
    assert split(shelf, line, Aim.CHEAPEST) == ([("HAM", 0, 3)], False), "a day late costs"
    assert split(three(3, 3), line, Aim.CHEAPEST) == ([("HAM", 0, 3)], False)


def test_a_millionth_is_a_shipment() -> None:
    book, other = a_book(), a_book(site="BER")
    for one in (book, other):
        one.apply([Entry(Part.STOCK, "", 1)], 2, AShelf().now)
    line = replace(a_line(1, sites=("HAM", "BER")), quantity=2)
    assert split(AShelf(book, other), line) == ([("HAM", 0, 1e-6), ("BER", 0, 1e-6)], False)
    assert split(AShelf(book, other), replace(line, max_shipments=1)) == ([("HAM", 0, 1e-6)], False)


def test_its_effort_is_spent_on_the_shipments_of_the_sets_and_what_was_found_by_then_is_taken() -> None:
    """Two sets of one shipment each, of ten each."""
    shelf, line = three(2, 5), a_line(5, sites=("HAM", "BER"), max_shipments=1)
    assert split(shelf, line, effort=20) == ([("BER", 0, 5)], False)
    assert split(shelf, line, effort=19) == ([("HAM", 0, 2)], True)
    assert split(shelf, line, effort=9) == ([], True)


def test_over_two_lanes_of_a_site_what_is_picked_by_a_day_counts_whatever_is_delivered_first() -> None:
    """Two are there now and two from day 2 on; the slow lane is cheap, and too slow for what comes later."""
    shelf = AShelf(a_book(receipt("R", 2, 2), on_hand=2))
    slow = Way(EVERY_DAY, 0, EVERY_DAY, 3, EVERY_DAY, None, "SLOW", 0)
    shelf.several = {"HAM": (replace(immediate(TODAY), lane="FAST", cost=units(50)), slow)}
    line = a_line(4, sites=("HAM",), min_ship=2, latest_day=4)
    assert split(shelf, line, Aim.CHEAPEST) == ([("HAM", 2, 2), ("HAM", 3, 2)], False)


def test_minima_fit_into_a_period_together_or_not_at_all() -> None:
    shelf = three(2, 2)
    shelf.rationed = [Allocation("C", Kind.CEILING, ("shop",), "SKU", None, units(3))]
    line = a_line(4, sites=("HAM", "BER"), min_ship=2)
    assert split(shelf, line) == ([("HAM", 0, 2)], False)
    assert split(shelf, line, classes=("gold",)) == ([("HAM", 0, 2), ("BER", 0, 2)], False)
