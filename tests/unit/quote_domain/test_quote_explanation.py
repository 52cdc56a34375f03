"""What is told of a promise, word for word: each step with the days it adds and the record behind it."""

import pytest

from services.quote.domain.allocation import Allocation, Kind
from services.quote.domain.promise import Demand, LinePromise, promise
from services.quote.domain.sources import Component, Make
from tests.unit.quote_domain.builders import TODAY, AShelf, a_book, a_line, claim, receipt, units
from tests.unit.quote_domain.plants import (
    HERE,
    PART,
    PRODUCT,
    THERE,
    a_purchase,
    a_transfer,
)
from tests.unit.quote_domain.stories import CASES, a_plant, a_split_that_stands, a_substitute, changed, known, made
from tests.unit.quote_domain.test_quote_deadline import answer


def told(line: LinePromise) -> list[str]:
    """Its outcome and slip, then its reasons."""
    head = f"{line.outcome} +{line.slip_days}" + (f", limited by {line.limiting_step}" if line.limiting_step else "")
    return [head, *(f"{one.step} {one.code} {one.ref or '-'} +{one.adds_days}: {one.summary}" for one in line.reasons)]


TOLD = {
    "past": [
        "late +3, limited by request",
        "request REQUESTED_IN_PAST 1 +3: asked for Sat 28 Nov 2026, which is past",
        "stock COVERED - +0: 5 on hand in HAM",
    ],
    "past and late": [
        "late +5, limited by request",
        "request REQUESTED_IN_PAST 1 +3: asked for Sat 28 Nov 2026, which is past",
        "stock NO_STOCK - +0: nothing on hand in HAM",
        "supply AWAIT_SUPPLY PO +2: 5 wait for PO, due Thu 3 Dec 2026",
    ],
    "cut-off": [
        "late +1, limited by calendar",
        "stock COVERED - +0: 5 on hand in HAM",
        "calendar CUT_OFF_PASSED HAM +1: HAM handles no more today, next on Wed 2 Dec 2026",
    ],
    "closed site": [
        "late +6, limited by calendar",
        "stock COVERED - +0: 5 on hand in HAM",
        "calendar CLOSED_DAYS HAM +6: HAM works again on Mon 7 Dec 2026",
    ],
    "packing and transit": [
        "late +5, limited by transport",
        "stock COVERED - +0: 5 on hand in HAM",
        "transport TRANSIT L +5: two days to pick and pack at HAM and three days on the way to DE",
    ],
    "packing": [
        "late +1, limited by transport",
        "stock COVERED - +0: 5 on hand in HAM",
        "transport TRANSIT L +1: one day to pick and pack at HAM",
    ],
    "cut-off and transit": [
        "late +2, limited by calendar",
        "stock COVERED - +0: 5 on hand in HAM",
        "calendar CUT_OFF_PASSED HAM +1: HAM handles no more today, next on Wed 2 Dec 2026",
        "transport TRANSIT L +1: one day on the way to DE",
    ],
    "transit, partly in time": [
        "late +1, limited by transport",
        "stock COVERED - +0: 5 on hand in HAM",
        "transport TRANSIT L +1: four days on the way to DE",
    ],
    "closed carrier": [
        "late +6, limited by calendar",
        "stock COVERED - +0: 5 on hand in HAM",
        "calendar CLOSED_DAYS L +6: L collects again on Mon 7 Dec 2026",
    ],
    "late and closed at the receiver": [
        "late +7, limited by calendar",
        "stock NO_STOCK - +0: nothing on hand in HAM",
        "supply AWAIT_SUPPLY PO +2: 5 wait for PO, due Tue 8 Dec 2026",
        "calendar CLOSED_DAYS L +5: nothing is received before Mon 14 Dec 2026",
    ],
    "late and closed at the site": [
        "late +5, limited by supply",
        "stock NO_STOCK - +0: nothing on hand in HAM",
        "supply AWAIT_SUPPLY PO +3: 5 wait for PO, due Sat 5 Dec 2026",
        "calendar CLOSED_DAYS HAM +2: HAM ships again on Tue 8 Dec 2026",
    ],
    "late and closed without a lane": [
        "late +1, limited by supply",
        "stock NO_STOCK - +0: nothing on hand in HAM",
        "supply AWAIT_SUPPLY PO +1: 5 wait for PO, due Tue 8 Dec 2026",
    ],
    "past due": [
        "late +1, limited by supply",
        "stock NO_STOCK - +0: nothing on hand in HAM",
        "supply AWAIT_SUPPLY PO +1: 5 wait for PO, due Sun 29 Nov 2026, usable Wed 2 Dec 2026",
    ],
    "dock to stock": [
        "late +4, limited by supply",
        "stock PARTLY_COVERED - +0: 2 of 5 on hand in HAM",
        "supply AWAIT_SUPPLY PO +4: 3 wait for PO, due Thu 3 Dec 2026, usable Sat 5 Dec 2026",
    ],
    "safety stock": [
        "late +2, limited by supply",
        "stock SAFETY_STOCK_KEPT - +0: the 4 on hand in HAM are kept as safety stock",
        "supply AWAIT_SUPPLY PO +2: 5 wait for PO, due Thu 3 Dec 2026",
    ],
    "promised to others": [
        "late +2, limited by supply",
        "stock PROMISED_TO_OTHERS - +0: the 3 on hand in HAM are promised to others",
        "supply AWAIT_SUPPLY PO +2: 5 wait for PO, due Thu 3 Dec 2026",
    ],
    "two receipts of one day": [
        "late +2, limited by supply",
        "stock NO_STOCK - +0: nothing on hand in HAM",
        "supply AWAIT_SUPPLY A +2: 2 wait for A, due Thu 3 Dec 2026",
        "supply AWAIT_SUPPLY B +0: 3 wait for B, due Thu 3 Dec 2026",
    ],
    "two receipts": [
        "late +3, limited by supply",
        "stock NO_STOCK - +0: nothing on hand in HAM",
        "supply AWAIT_SUPPLY B +1: 2 wait for B, due Thu 3 Dec 2026",
        "supply AWAIT_SUPPLY A +2: 3 wait for A, due Sat 5 Dec 2026",
    ],
    "in time": [
        "full +0",
        "stock PARTLY_COVERED - +0: 2 of 5 on hand in HAM",
        "supply AWAIT_SUPPLY A +0: 3 wait for A, due Sat 5 Dec 2026",
    ],
    "two sites": [
        "late +3, limited by supply",
        "stock PARTLY_COVERED - +0: 1 of 3 on hand in BER",
        "stock NO_STOCK - +0: nothing on hand in HAM",
        "supply AWAIT_SUPPLY B +1: 2 wait for B, due Wed 2 Dec 2026",
        "supply AWAIT_SUPPLY A +2: 3 wait for A, due Fri 4 Dec 2026",
    ],
    "shipment limits": [
        "late +2, limited by supply",
        "stock PARTLY_COVERED - +0: 3 of 6 on hand in HAM",
        "supply AWAIT_SUPPLY A +2: 3 wait for A, due Fri 4 Dec 2026",
    ],
    "less": [
        "partial +0, limited by supply",
        "stock COVERED - +0: 3 on hand in HAM",
        "supply NOT_ENOUGH_SUPPLY - +0: known supply lacks 2 EA",
    ],
    "nothing": [
        "none +0, limited by supply",
        "supply NOT_ENOUGH_SUPPLY - +0: known supply allows at most 3 EA on any date",
    ],
    "rationed": [
        "late +4, limited by allocation",
        "stock PARTLY_COVERED - +0: 2 of 5 on hand in HAM",
        (
            "allocation CEILING_REACHED C +3: gold may take 4 EA of SKU from Tue 1 Dec 2026 to Fri 4 Dec 2026 and has 4 left; "
            "5 from Sat 5 Dec 2026"
        ),
        "supply AWAIT_SUPPLY PO +1: 3 wait for PO, due Wed 2 Dec 2026",
    ],
    "shipped": [
        "full +0",
        "stock SHIPPED - +0: 4 were shipped before",
        "stock COVERED - +0: 8 on hand in HAM",
    ],
    "shipped all": [
        "full +0",
        "stock SHIPPED - +0: 4 were shipped before",
    ],
    "short": [
        "full +0",
        "stock PARTLY_COVERED - +0: 2 of 5 on hand in HAM",
        "supply BOOK_SHORT HAM +0: HAM is short of what it has promised",
    ],
    "substitute": [
        "late +2, limited by supply",
        "stock COVERED - +0: 1 on hand in HAM",
        "stock SUBSTITUTED SUB +0: 4 SUB instead of SKU",
        "stock PARTLY_COVERED - +0: 1 of 4 on hand in HAM",
        "supply AWAIT_SUPPLY PO-S +2: 3 wait for PO-S, due Thu 3 Dec 2026",
    ],
    "bought": [
        "late +3, limited by supply",
        "stock NO_STOCK - +0: nothing on hand in HERE",
        "supply PLANNED_PURCHASE TERMS +3: 4 PRODUCT must be bought from SUPPLIER, there on Fri 4 Dec 2026",
    ],
    "had in the lead time": [
        "late +3, limited by supply",
        "stock NO_STOCK - +0: nothing on hand in HERE",
        "supply PLANNED_PURCHASE ITEM +3: 4 PRODUCT must be had within the lead time, there on Fri 4 Dec 2026",
    ],
    "a full supplier": [
        "late +6, limited by supply",
        "stock NO_STOCK - +0: nothing on hand in HERE",
        "supply PLANNED_PURCHASE TERMS +6: 4 PRODUCT must be bought from SUPPLIER, who can deliver no more before, there on Mon 7 Dec 2026",
    ],
    "moved": [
        "late +3, limited by supply",
        "stock NO_STOCK - +0: nothing on hand in HERE",
        "supply PLANNED_TRANSFER THERE-LANE +3: 4 PRODUCT must be moved from THERE to HERE, there on Fri 4 Dec 2026",
    ],
    "moved when it is there": [
        "late +5, limited by supply",
        "stock NO_STOCK - +0: nothing on hand in HERE",
        "supply AWAIT_COMPONENT PO +2: PRODUCT is there to be sent from THERE with PO on Thu 3 Dec 2026",
        "supply PLANNED_TRANSFER THERE-LANE +3: 4 PRODUCT must be moved from THERE to HERE, there on Sun 6 Dec 2026",
    ],
    "made": [
        "late +2, limited by capacity",
        "stock NO_STOCK - +0: nothing on hand in HERE",
        "capacity PLANNED_PRODUCTION PRODUCT +2: 4 PRODUCT must be made at HERE from Tue 1 Dec 2026, there on Thu 3 Dec 2026",
    ],
    "made after others": [
        "late +4, limited by capacity",
        "stock NO_STOCK - +0: nothing on hand in HERE",
        "capacity PLANNED_PRODUCTION PRODUCT +2: 4 PRODUCT must be made at HERE from Tue 1 Dec 2026, there on Sat 5 Dec 2026",
        "capacity CAPACITY_TAKEN LATHE +2: LATHE works for others first: idle, it would be done two days earlier",
    ],
    "made of what comes": [
        "late +6, limited by supply",
        "stock NO_STOCK - +0: nothing on hand in HERE",
        "supply AWAIT_COMPONENT PO-P +4: the component PART comes with PO-P on Sat 5 Dec 2026",
        "capacity PLANNED_PRODUCTION PRODUCT +2: 4 PRODUCT must be made at HERE from Sat 5 Dec 2026, there on Mon 7 Dec 2026",
    ],
    "made of what is bought": [
        "late +2, limited by capacity",
        "stock NO_STOCK - +0: nothing on hand in HERE",
        "supply PLANNED_PURCHASE TERMS +0: 10 PART must be bought from SUPPLIER, there on Thu 3 Dec 2026",
        "capacity PLANNED_PRODUCTION PRODUCT +1: 4 PRODUCT must be made at HERE from Thu 3 Dec 2026, there on Sun 6 Dec 2026",
        "capacity CAPACITY_TAKEN LATHE +1: LATHE works for others first: idle, it would be done one day earlier",
    ],
    "made of what is made": [
        "late +4, limited by supply",
        "stock NO_STOCK - +0: nothing on hand in HERE",
        "supply PLANNED_PURCHASE TERMS +2: 4 RAW must be bought from SUPPLIER, there on Thu 3 Dec 2026",
        "capacity PLANNED_PRODUCTION PART +1: 4 PART must be made at HERE from Thu 3 Dec 2026, there on Fri 4 Dec 2026",
        "capacity PLANNED_PRODUCTION PRODUCT +1: 4 PRODUCT must be made at HERE from Fri 4 Dec 2026, there on Sat 5 Dec 2026",
    ],
    "a ceiling behind another's claim": [
        "late +4, limited by allocation",
        "stock PROMISED_TO_OTHERS - +0: the 5 on hand in HAM are promised to others",
        "allocation CEILING_REACHED C +4: gold may take 4 EA of SKU to Fri 4 Dec 2026 and has 4 left; 5 from Sat 5 Dec 2026",
        "supply AWAIT_SUPPLY PO +0: 5 wait for PO, due Fri 4 Dec 2026",
    ],
    "raised after a part has left": [
        "late +3, limited by supply",
        "stock SHIPPED - +0: 4 were shipped before",
        "stock PARTLY_COVERED - +0: 6 of 8 on hand in HAM",
        "supply AWAIT_SUPPLY PO +3: 2 wait for PO, due Sun 6 Dec 2026",
    ],
    "all has left, late": [
        "late +2, limited by request",
        "stock SHIPPED - +0: 4 were shipped before",
        "request PROMISE_STANDS 1 +2: what was promised stands: it is not pulled in",
    ],
    "a split that stands": [
        "late +2, limited by request",
        "stock COVERED - +0: 10 on hand in HAM",
        "request PROMISE_STANDS 1 +2: what was promised stands: it is not pulled in",
    ],
    "closed twice": [
        "late +5, limited by supply",
        "stock NO_STOCK - +0: nothing on hand in HAM",
        "supply AWAIT_SUPPLY A +1: 2 wait for A, due Sat 5 Dec 2026",
        "supply AWAIT_SUPPLY B +2: 3 wait for B, due Wed 9 Dec 2026",
        "calendar CLOSED_DAYS HAM +2: HAM ships again on Mon 7 Dec 2026",
    ],
    "a part that travels": [
        "partial +3, limited by supply",
        "stock COVERED - +0: 3 on hand in HAM",
        "transport TRANSIT LANE +3: three days on the way to DE",
        "supply NOT_ENOUGH_SUPPLY - +0: known supply lacks 2 EA",
    ],
    "two sites in time": [
        "full +0",
        "stock NO_STOCK - +0: nothing on hand in HAM",
        "stock NO_STOCK - +0: nothing on hand in BER",
        "supply AWAIT_SUPPLY B +0: 3 wait for B, due Thu 3 Dec 2026",
        "supply AWAIT_SUPPLY A +0: 3 wait for A, due Sat 5 Dec 2026",
    ],
    "two sites in time, on one day": [
        "full +0",
        "stock NO_STOCK - +0: nothing on hand in HAM",
        "stock NO_STOCK - +0: nothing on hand in BER",
        "supply AWAIT_SUPPLY A +0: 3 wait for A, due Sat 5 Dec 2026",
        "supply AWAIT_SUPPLY B +0: 3 wait for B, due Sat 5 Dec 2026",
    ],
    "in time, by way of a carrier": [
        "full +0",
        "stock COVERED - +0: 5 on hand in HAM",
    ],
    "cut-off in a past wish": [
        "late +4, limited by transport",
        "request REQUESTED_IN_PAST 1 +1: asked for Mon 30 Nov 2026, which is past",
        "stock COVERED - +0: 5 on hand in HAM",
        "calendar CUT_OFF_PASSED HAM +1: HAM handles no more today, next on Wed 2 Dec 2026",
        "transport TRANSIT L +2: two days on the way to DE",
    ],
    "late by less than it waits": [
        "late +1, limited by supply",
        "stock NO_STOCK - +0: nothing on hand in HAM",
        "supply AWAIT_SUPPLY PO +1: 5 wait for PO, due Sat 5 Dec 2026",
    ],
    "a component on hand and to come": [
        "late +5, limited by supply",
        "stock NO_STOCK - +0: nothing on hand in HERE",
        "supply AWAIT_COMPONENT PO-Q +4: the component PART comes with PO-Q on Sat 5 Dec 2026",
        "capacity PLANNED_PRODUCTION PRODUCT +1: 5 PRODUCT must be made at HERE from Sat 5 Dec 2026, there on Sun 6 Dec 2026",
    ],
    "a resource that nobody else uses": [
        "late +4, limited by capacity",
        "stock NO_STOCK - +0: nothing on hand in HERE",
        "capacity PLANNED_PRODUCTION PRODUCT +4: 4 PRODUCT must be made at HERE from Tue 1 Dec 2026, there on Sat 5 Dec 2026",
    ],
    "the resource that others use most": [
        "late +4, limited by capacity",
        "stock NO_STOCK - +0: nothing on hand in HERE",
        "capacity PLANNED_PRODUCTION PRODUCT +2: 4 PRODUCT must be made at HERE from Wed 2 Dec 2026, there on Sat 5 Dec 2026",
        "capacity CAPACITY_TAKEN OVEN +2: OVEN works for others first: idle, it would be done two days earlier",
    ],
    "bought at once by a supplier with room": [
        "late +2, limited by supply",
        "stock NO_STOCK - +0: nothing on hand in HERE",
        "supply PLANNED_PURCHASE TERMS +2: 4 PRODUCT must be bought from SUPPLIER, there on Thu 3 Dec 2026",
    ],
    "made in part": [
        "late +3, limited by capacity",
        "stock NO_STOCK - +0: nothing on hand in HERE",
        "capacity PLANNED_PRODUCTION PRODUCT +1: 2 PRODUCT must be made at HERE from Tue 1 Dec 2026, there on Wed 2 Dec 2026",
        "capacity PLANNED_PRODUCTION PRODUCT +1: 2 PRODUCT must be made at HERE from Wed 2 Dec 2026, there on Thu 3 Dec 2026",
        "capacity PLANNED_PRODUCTION PRODUCT +1: 2 PRODUCT must be made at HERE from Thu 3 Dec 2026, there on Fri 4 Dec 2026",
    ],
    "made in no time of what is bought": [
        "late +3, limited by supply",
        "stock NO_STOCK - +0: nothing on hand in HERE",
        "supply PLANNED_PURCHASE TERMS +3: 4 PART must be bought from SUPPLIER, there on Fri 4 Dec 2026",
        "capacity PLANNED_PRODUCTION PRODUCT +0: 4 PRODUCT must be made at HERE from Fri 4 Dec 2026, there on Fri 4 Dec 2026",
    ],
    "others come after": [
        "late +2, limited by capacity",
        "stock NO_STOCK - +0: nothing on hand in HERE",
        "capacity PLANNED_PRODUCTION PRODUCT +2: 4 PRODUCT must be made at HERE from Tue 1 Dec 2026, there on Thu 3 Dec 2026",
    ],
    "the first resource is used most": [
        "late +5, limited by capacity",
        "stock NO_STOCK - +0: nothing on hand in HERE",
        "capacity PLANNED_PRODUCTION PRODUCT +2: 4 PRODUCT must be made at HERE from Thu 3 Dec 2026, there on Sun 6 Dec 2026",
        "capacity CAPACITY_TAKEN LATHE +3: LATHE works for others first: idle, it would be done three days earlier",
    ],
    "bought just in time": [
        "full +0",
        "stock NO_STOCK - +0: nothing on hand in HERE",
        "supply PLANNED_PURCHASE TERMS +0: 4 PRODUCT must be bought from SUPPLIER, there on Mon 7 Dec 2026",
    ],
    "a millionth on hand": [
        "late +2, limited by supply",
        "stock PARTLY_COVERED - +0: 0.000001 of 5 on hand in HAM",
        "supply AWAIT_SUPPLY PO +2: 4.999999 wait for PO, due Thu 3 Dec 2026",
    ],
    "a millionth of safety stock": [
        "late +2, limited by supply",
        "stock SAFETY_STOCK_KEPT - +0: the 0.000001 on hand in HAM are kept as safety stock",
        "supply AWAIT_SUPPLY PO +2: 5 wait for PO, due Thu 3 Dec 2026",
    ],
}


@pytest.mark.parametrize("name", CASES)
def test_each_step_is_told(name: str) -> None:
    (line,) = CASES[name]().lines
    assert told(line) == TOLD[name]


def test_what_is_planned_names_its_source_and_what_it_takes() -> None:
    make = a_plant(
        a_book(on_hand=1, sku=PART, site=HERE),
        PRODUCT=Make(PRODUCT, (Component((PART,), units(1)),), (), lead_time_days=1),
        PART=a_purchase(2),
    )
    bought, produced = made(make).planned
    assert (bought.kind, bought.supplier, bought.from_site, bought.sku, bought.lines) == ("purchase_order", "SUPPLIER", None, PART, ("1",))
    assert (produced.kind, produced.supplier, produced.from_site, produced.ref) == ("production_order", None, None, PRODUCT)
    (part,) = produced.parts
    assert (part.quantity, part.planned, part.day - TODAY, part.returns) == (units(4), units(3), 2, ())
    assert [(one.source, one.quantity) for one in part.pegs] == [("on_hand", units(1)), ("planned_purchase_order", units(3))]
    (moved,) = made(a_plant(a_book(on_hand=9, sku=PRODUCT, site=THERE), PRODUCT=a_transfer(THERE, 3))).planned
    assert (moved.kind, moved.supplier, moved.from_site) == ("transfer_order", None, THERE)


def test_of_a_hold_what_its_plans_fill_up_later_is_named_and_of_an_order_it_is_not() -> None:
    """Four are promised for later; they may be taken now, and bought anew until then, of the product and of its parts."""
    plant = a_plant(
        a_book(claim("c", 4, 9), on_hand=4, sku=PART, site=HERE),
        PRODUCT=Make(PRODUCT, (Component((PART,), units(1)),), (), lead_time_days=1),
        PART=a_purchase(3),
    )
    for ends, returns in ((None, ()), (TODAY + 1, ((0, units(4)),))):
        demand = Demand((a_line(4, sku=PART, sites=(HERE,)),), hold_ends=None if ends is None else {HERE: ends}.__getitem__)
        (line,) = promise(demand, plant).lines
        assert [(one.returns, one.planned, one.pick_day - TODAY) for one in line.deliveries] == [(returns, 0, 0)]
        demand = Demand((a_line(4, sku=PRODUCT, sites=(HERE,)),), hold_ends=demand.hold_ends)
        produced = promise(demand, plant).planned[-1]
        assert [(one.returns, one.planned) for one in produced.parts] == [(returns, 0)]


def test_a_line_says_what_was_asked_of_it_what_is_promised_and_what_stands_in() -> None:
    (line,) = a_substitute().lines
    assert [(one.sku, one.quantity) for one in line.deliveries] == [(None, units(1)), ("SUB", units(4))]
    assert [(one.sku, one.source, one.quantity) for one in line.pegging] == [
        (None, "on_hand", units(1)), ("SUB", "on_hand", units(1)), ("SUB", "purchase_order", units(3)),
    ]  # fmt: skip
    (raised,) = changed(4, quantity=12).lines
    assert (raised.requested_quantity, raised.promised_quantity, raised.promised_day) == (units(12), units(12), TODAY + 2)
    (planned,) = made(a_plant(PRODUCT=a_purchase(3))).lines
    assert [(one.quantity, one.planned) for one in planned.deliveries] == [(units(4), units(4))]
    (split,) = a_split_that_stands().lines
    assert [one.quantity for one in split.pegging] == [units(5), units(5)]


def test_sites_that_cannot_serve_are_named_where_several_were_asked_for() -> None:
    for sites, unknown, named in ((("HAM", "BER"), (), 1), (("HAM",), ("LYS",), 1), (("HAM", "BER"), ("LYS",), 2), (("BER",), (), 0)):
        (line,) = known(a_book(on_hand=9), sites=sites, unknown_sites=unknown).lines
        assert len(line.alternatives) == named


def test_lines_that_wait_for_one_another_say_for_which() -> None:
    shelf = AShelf(a_book(on_hand=9), a_book(receipt("PO", 5, 3), sku="TWO"))
    found = promise(Demand((a_line(5), a_line(5, sku="TWO", ref="2")), ship_complete=True), shelf)
    assert (found.outcome, [told(line) for line in found.lines]) == (
        "late",
        [
            [
                "late +3, limited by request",
                "stock COVERED - +0: 5 on hand in HAM",
                "request SHIPS_COMPLETE 2 +3: ships together with line 2",
            ],
            [
                "late +3, limited by supply",
                "stock NO_STOCK - +0: nothing on hand in HAM",
                "supply AWAIT_SUPPLY PO +3: 5 wait for PO, due Fri 4 Dec 2026",
            ],
        ],
    )
    found = promise(Demand((a_line(5), a_line(6, sku="TWO", ref="2"))), shelf)
    assert (found.outcome, [line.outcome for line in found.lines]) == ("partial", ["full", "none"])


def test_a_search_that_was_cut_says_so() -> None:
    last = answer(1).reasons[-1]
    assert (last.code, last.summary) == ("SEARCH_CUT", "the search ended with its deadline: better ways may have been left untried")


def test_of_a_rationed_sku_it_is_said_that_nobody_has_defined_the_class_it_is_asked_for() -> None:
    """A class that is written wrongly has no ceiling: whoever reads the answer sees why."""
    shelf = AShelf(a_book(on_hand=9), a_book(on_hand=9, sku="FREE"))
    shelf.rationed = [Allocation("C", Kind.CEILING, ("gold",), "SKU", None, units(3))]
    shelf.undefined = {"glod"}
    for classes, day, expected in (
        (("glod",), 0, ["COVERED", "UNKNOWN_CLASS"]),
        (("glod",), -2, ["REQUESTED_IN_PAST", "COVERED", "UNKNOWN_CLASS"]),
        (("gold",), 0, ["CEILING_REACHED"]),
        ((), 0, ["COVERED"]),
    ):
        decision = promise(Demand((a_line(5, day), a_line(5, sku="FREE")), classes=classes), shelf)
        assert [reason.code for reason in decision.lines[0].reasons] == expected
        assert [reason.code for reason in decision.lines[1].reasons] == ["COVERED"], "nobody rations it"
    told = promise(Demand((a_line(10),), classes=("glod",)), shelf).lines[0].reasons
    assert [(reason.code, reason.ref) for reason in told] == [("UNKNOWN_CLASS", "glod"), ("NOT_ENOUGH_SUPPLY", None)]
    assert told[0].summary == "nobody has defined the class glod: no ceiling or floor is its own"
