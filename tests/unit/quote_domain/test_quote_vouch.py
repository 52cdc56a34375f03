"""Dates that hold with a probability: what may be late is given its days, and nobody waits longer than that needs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from services.quote.domain.balance import balance
from services.quote.domain.calendar import EVERY_DAY
from services.quote.domain.chance import Chances
from services.quote.domain.entry import Entry, Part
from services.quote.domain.promise import Decision, Demand, LineRequest, promise
from services.quote.domain.request import Substitute
from services.quote.domain.rules import Rules
from services.quote.domain.sentence import spoken_day
from services.quote.domain.sources import Buy, Make, Source, Transfer
from services.quote.domain.vouch import CautiousShelf, promise_that_holds, without_sites
from tests.unit.quote_domain.builders import NOW, TODAY, AShelf, a_book, a_line, claim, units
from tests.unit.quote_domain.plants import a_lane, a_step


def learned(**counts: Mapping[int, float]) -> Chances:
    """What was seen of suppliers."""
    return Chances({f"purchase_order|{name}": seen for name, seen in counts.items()})


def coming(ref: str, quantity: float, day: int, supplier: str, **more: Any) -> Entry:
    detail = {"kind": "purchase_order", "supplier": supplier, **more}
    return Entry(Part.RECEIPT, ref, units(quantity), TODAY + day, None, detail)


def answer(lines: Sequence[LineRequest], shelf: AShelf, probability: float, chances: Chances, **more: Any) -> Decision:
    return promise_that_holds(Demand(tuple(lines), **more), shelf, probability, chances)


def days_of(decision: Decision) -> list[int | None]:
    return [None if line.promised_day is None else line.promised_day - TODAY for line in decision.lines]


def codes_of(decision: Decision, at: int = 0) -> list[str]:
    return [reason.code for reason in decision.lines[at].reasons]


# -- what may be late


def usable(entry: Entry, dock: int, chances: Chances) -> int | None:
    """The day on which all of it can be promised where everything may be as late as nine of ten; None: never."""
    shelf = AShelf(a_book(Entry(Part.RECEIPT, "WHAT-IF", units(1), TODAY, None, {"kind": "assumed_receipt"}), entry))
    shelf.rule = Rules(dock_to_stock_days=dock)
    book = CautiousShelf(shelf, chances, 0.9).book("SKU", "HAM")
    assert book is not None
    found = balance(book, TODAY, NOW, shelf.rule)
    there = [day for day in range(100) if found.projected_on(TODAY + day) == units(1) + entry.quantity]
    assert {found.projected_on(TODAY + day) for day in range(dock, there[0] if there else 100)} <= {units(1)}
    return there[0] if there else None


def test_what_is_to_come_counts_as_late_as_it_may_be_and_what_unpacking_takes_is_part_of_that() -> None:
    for due, late, dock, expected in (
        (4, 3, 0, 7),
        (4, 3, 2, 7),
        (4, 2, 2, 6),
        (4, 1, 2, 6),
        (4, -3, 0, 4),
        (-2, 6, 0, 4),
        (-2, 0, 0, None),
        (-40, 60, 0, None),
    ):
        assert usable(coming("PO", 3, due, "SLOW"), dock, learned(SLOW={late: 1000})) == expected, (due, late, dock)
    assert usable(coming("PO", 3, 4, "SLOW", expected=TODAY + 6), 0, learned(SLOW={3: 1000})) == 9, "what makes it late by now is no news"
    plan = Entry(Part.PLAN, "pln_1", units(3), TODAY + 4, None, {"kind": "purchase_order", "supplier": "SLOW"})
    assert usable(plan, 0, learned(SLOW={3: 1000})) == 7
    assert usable(replace(plan, day=TODAY - 40), 0, learned(SLOW={45: 1000})) == 5, "a plan is never too old to be believed"


def test_a_receipt_that_was_told_later_by_now_is_late_against_that_and_told_with_it() -> None:
    shelf = AShelf(a_book(coming("PO", 3, 4, "SLOW", expected=TODAY + 6)))
    chances = learned(SLOW={0: 500, 3: 500})
    found = answer([a_line(3)], shelf, 0.9, chances)
    assert (days_of(found), found.lines[0].pegging[0].due_day) == ([9], TODAY + 6)
    assert found.lines[0].probability == pytest.approx(chances.within("purchase_order|SLOW", 3))


def test_what_of_a_receipt_is_on_its_way_is_as_late_as_it_may_be_also_where_the_rest_never_comes() -> None:
    chances = learned(OAK={0: 10, 3: 40})
    shelf = AShelf(a_book(coming("PO", 10, 2, "OAK", expected=None, waits=units(4))))
    book = CautiousShelf(shelf, chances, 0.9).book("SKU", "HAM")
    assert book is not None
    found = balance(book, TODAY, NOW, shelf.rule)
    assert [found.projected_on(TODAY + day) // units(1) for day in (2, 4, 5, 60)] == [0, 0, 6, 6]


def test_each_source_is_given_the_days_by_which_it_may_be_late_and_one_that_is_too_late_is_none() -> None:
    lane, steps = a_lane(2), (a_step("LATHE", 1), a_step("OVEN", 1), a_step("LATHE", 2, fixed_days=1))
    chances = Chances(
        {
            "purchase_order|SLOW": {3: 1000}, "purchase_order|EARLY": {-2: 1000}, "transfer_order|BER": {4: 1000},
            "transfer_order|HAM": {9: 1000}, "production_order|HAM": {5: 1000},
        }
    )  # fmt: skip
    bought, late = Buy("TERMS", "SLOW", 5, EVERY_DAY), (*steps[:2], a_step("LATHE", 2, fixed_days=6))
    expected: dict[Source, Source | None] = {
        bought: replace(bought, lead_time_days=8),
        replace(bought, supplier="EARLY"): replace(bought, supplier="EARLY"),
        Transfer("LANE", "BER", lane): Transfer("LANE", "BER", replace(lane, transit_days=6)),
        Make("SKU", (), (), lead_time_days=4): Make("SKU", (), (), lead_time_days=9),
        Make("SKU", (), steps): Make("SKU", (), late),
    }
    shelf = AShelf()
    shelf.source["SKU", "HAM"] = tuple(expected)
    cautious = CautiousShelf(shelf, chances, 0.9)
    assert cautious.sources("SKU", "HAM") == list(expected.values())
    days = {"purchase_order|SLOW": 3, "purchase_order|EARLY": 0, "transfer_order|BER": 4, "production_order|HAM": 5}
    assert cautious.allowed == days
    assert CautiousShelf(shelf, Chances(), 0.9).sources("SKU", "HAM") == []


# -- the least level


def test_nobody_waits_much_longer_than_the_least_level_that_is_enough_asks() -> None:
    """Two receipts that come on any of four hundred days alike, so that one and a half days stand for each level that can be told."""
    chances = learned(ONE=dict.fromkeys(range(400), 1000), OTHER=dict.fromkeys(range(400), 1000))
    shelf = AShelf(a_book(coming("PO-1", 2, 0, "ONE"), coming("PO-2", 2, 0, "OTHER")))
    for probability in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
        best = next(day for day in range(400) if (chances.within("purchase_order|ONE", day, 0) or 0) ** 2 >= probability)
        (found,) = days_of(answer([a_line(4)], shelf, probability, chances))
        assert found is not None
        assert best <= found <= best + 1, probability


def test_a_date_that_holds_with_just_what_was_asked_is_kept() -> None:
    chances = learned(SLOW={0: 50, 3: 30, 8: 20})
    shelf = AShelf(a_book(coming("PO", 3, 4, "SLOW")))
    just = chances.within("purchase_order|SLOW", 0, -4)
    assert just is not None
    assert (days_of(answer([a_line(3)], shelf, just, chances)), days_of(answer([a_line(3)], shelf, just + 0.001, chances))) == ([4], [7])


def test_where_not_even_the_greatest_care_is_enough_the_others_are_promised_without_the_line() -> None:
    """Each of two receipts comes within five days with more than was asked, both do with less."""
    seen = {0: 9_999_000.0, 5: 600.0, 40: 400.0}
    book = a_book(coming("PO-1", 2, 4, "ONE"), coming("PO-2", 2, 4, "OTHER"))
    shelf = AShelf(book, a_book(on_hand=3, sku="STOCKED"))
    chances = learned(ONE=seen, OTHER=seen)
    alone = answer([a_line(2)], AShelf(book), 0.99995, chances)
    assert days_of(alone) == [9]
    for ships, expected in ((False, [None, 0]), (True, [None, None])):
        found = answer([a_line(4), a_line(3, ref="2", sku="STOCKED")], shelf, 0.99995, chances, ship_complete=ships)
        assert days_of(found) == expected
        assert codes_of(found)[-1] == "CHANCE_TOO_SMALL"
        assert found.outcome == ("none" if ships else "partial")
        assert "99.995%" in found.summary


def test_a_line_that_is_left_out_asks_for_nothing_of_any_site() -> None:
    lines = [a_line(3, substitutes=(Substitute("OTHER", ("HAM",)),)), a_line(4, ref="2")]
    assert without_sites(lines, frozenset({0})) == (replace(lines[0], sites=(), substitutes=()), lines[1])


# -- lines that hold together


def test_lines_that_ship_complete_hold_together_and_others_each_for_itself() -> None:
    chances = learned(ONE={0: 900, 3: 100}, OTHER={0: 900, 3: 100})
    each, later = (chances.within("purchase_order|ONE", days) or 0 for days in (0, 3))
    books = [a_book(coming("PO", 2, 4, supplier), sku=sku) for sku, supplier in (("A", "ONE"), ("B", "OTHER"))]
    lines = [a_line(2, sku="A"), a_line(2, sku="B", ref="2")]
    for probability, ships, days, chance in (
        (0.85, False, [4, 4], each),
        (0.8, True, [4, 4], each * each),
        (0.85, True, [7, 7], later * later),
    ):
        found = answer(lines, AShelf(*books), probability, chances, ship_complete=ships)
        assert days_of(found) == days
        assert [line.probability for line in found.lines] == [pytest.approx(chance)] * 2


def test_what_is_bought_for_an_order_that_ships_complete_may_be_as_late_as_it_was_given() -> None:
    chances = learned(SLOW={0: 500, 3: 500})
    shelf = AShelf(a_book(on_hand=1, sku="A"), a_book(on_hand=2, sku="B"))
    shelf.source["A", "HAM"] = (Buy("TERMS", "SLOW", 5, EVERY_DAY),)
    found = answer([a_line(2, sku="A"), a_line(2, sku="B", ref="2")], shelf, 0.9, chances, ship_complete=True)
    assert days_of(found) == [8, 8]
    assert [line.probability for line in found.lines] == [pytest.approx(chances.within("purchase_order|SLOW", 3))] * 2


# -- what is said of it


def test_what_cannot_hold_says_why_and_what_lacks_supply_says_only_that() -> None:
    books = [a_book(coming(f"PO-{sku}", 3, 4, sku), sku=sku) for sku in ("LATE", "NEW")]
    shelf = AShelf(*books, a_book(sku="NONE"), a_book(on_hand=3, sku="STOCKED"))
    lines = [a_line(3, ref=sku, sku=sku) for sku in ("LATE", "NONE", "STOCKED")]
    late, none, stocked = (found := answer(lines, shelf, 0.99, learned(LATE={0: 5, 40: 5}))).lines
    assert days_of(found) == [None, None, 0]
    said = late.reasons[-1]
    assert (said.code, said.summary) == ("CHANCE_TOO_SMALL", "by what has come so far no date holds with 99%")
    assert ([reason.code for reason in late.reasons], late.limiting_step) == (["NO_STOCK", "CHANCE_TOO_SMALL"], "supply")
    assert [reason.code for reason in none.reasons] == ["NOT_ENOUGH_SUPPLY"]
    assert [reason.code for reason in stocked.reasons] == ["COVERED"]
    assert said.summary in found.summary
    surer = answer([a_line(3, sku="LATE")], shelf, 0.999, learned(LATE={0: 99})).lines[0].reasons[-1]
    assert surer.summary == "by what has come so far no date holds with 99.9%", "all of them came in time, and they are too few"
    new = answer([a_line(3, sku="NEW")], shelf, 0.5, Chances()).lines[0].reasons[-1]
    known = "nothing is known of how late it comes what this waits for"
    assert (new.code, new.summary, new.ref) == ("CHANCE_UNKNOWN", f"{known}: no date holds with 50%", "PO-NEW")


def test_who_gets_less_so_that_it_holds_is_told_why() -> None:
    shelf = AShelf(a_book(coming("PO", 3, 4, "SLOW"), on_hand=2))
    found = answer([a_line(5, 4)], shelf, 0.99, learned(SLOW={0: 5, 40: 5}), allow_partial=True)
    line = found.lines[0]
    assert (line.promised_quantity, line.limiting_step, found.outcome) == (units(2), "supply", "partial")
    assert codes_of(found)[-1] == "CHANCE_TOO_SMALL"


def test_the_step_that_adds_most_days_limits_it_whichever_it_was_on_known_dates() -> None:
    shelf = AShelf(a_book(coming("PO", 3, 2, "SLOW")))
    shelf.way["HAM", "NORTH"] = a_lane(3, first_pick=TODAY)
    found = answer([a_line(3, ship_to="NORTH")], shelf, 0.9, learned(SLOW={0: 500, 2: 500}))
    line = found.lines[0]
    assert [(reason.code, reason.adds_days) for reason in line.reasons if reason.adds_days] == [
        ("AWAIT_SUPPLY", 2), ("TRANSIT", 3), ("LATENESS", 2),
    ]  # fmt: skip
    assert (line.reasons[-1].ref, line.limiting_step, days_of(found)) == ("PO", "transport", [7])


def test_who_keeps_its_date_by_other_supply_is_told_so() -> None:
    shelf = AShelf(a_book(coming("PO-1", 3, 4, "SLOW"), coming("PO-2", 3, 6, "QUICK")))
    found = answer([a_line(3, 8)], shelf, 0.9, learned(SLOW={0: 50, 9: 50}, QUICK={0: 1000}))
    line = found.lines[0]
    assert (days_of(found), [one.ref for one in line.pegging], line.limiting_step) == ([8], ["PO-2"], None)
    assert (line.reasons[-1].code, line.reasons[-1].adds_days) == ("LATENESS", 0)


def test_who_is_served_earlier_since_another_is_not_promised_any_more_does_not_wait_for_certainty() -> None:
    entries = [coming("PO-1", 3, 4, "SLOW"), coming("PO-2", 3, 6, "QUICK")]
    shelf = AShelf(a_book(*entries, on_hand=3))
    lines = [a_line(6, 4, latest_day=5), a_line(3, 0, ref="2")]
    assert days_of(promise(Demand(tuple(lines)), shelf)) == [4, 6]
    found = answer(lines, shelf, 0.9, learned(SLOW={0: 50, 40: 50}, QUICK={0: 1000}))
    assert days_of(found) == [None, 0]
    assert "LATENESS" not in codes_of(found, 1)
    assert (codes_of(found)[-1], found.lines[0].limiting_step) == ("CHANCE_TOO_SMALL", "supply")


def test_who_stood_on_stock_that_goes_to_another_now_is_told_no_supply_that_it_waited_for() -> None:
    shelf = AShelf(a_book(coming("PO", 3, 4, "SLOW"), claim("theirs", 1, 30), on_hand=4))
    lines = [a_line(3, 5), a_line(3, 0, ref="2")]
    found = answer(lines, shelf, 0.9, learned(SLOW={0: 50, 9: 50}))
    assert days_of(found) == [5, 13]
    assert [(reason.code, reason.ref) for reason in found.lines[1].reasons][-1] == ("LATENESS", None)


def test_how_likely_it_is_is_said_in_whole_percent_and_never_as_certain_unless_more_was_asked_for() -> None:
    chances = learned(SLOW={0: 5000, 3: 3000, 8: 2000})
    for probability, day, share in ((0.6, 7, "80"), (0.9, 12, "99"), (0.995, 12, "99.5")):
        line = answer([a_line(3)], AShelf(a_book(coming("PO", 3, 4, "SLOW"))), probability, chances).lines[0]
        said = f"it holds with {share}% on {spoken_day(TODAY + day)}, with too little before"
        assert (line.reasons[-1].code, line.reasons[-1].summary) == ("LATENESS", said)


def test_what_only_several_deliveries_would_do_is_limited_by_the_supply_that_is_too_unlikely() -> None:
    shelf = AShelf(a_book(coming("PO", 3, 4, "SLOW"), on_hand=3), a_book(on_hand=3, site="BER"))
    line = answer([a_line(5, sites=("HAM", "BER"))], shelf, 0.99, learned(SLOW={0: 5, 40: 5})).lines[0]
    assert (line.outcome, line.reasons[-1].code, line.limiting_step) == ("none", "CHANCE_TOO_SMALL", "supply")
