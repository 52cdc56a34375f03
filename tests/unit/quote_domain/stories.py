"""What may happen to a line, by name: the promises of which every step is told in test_quote_explanation.py."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from services.quote.domain.allocation import Allocation, Kind
from services.quote.domain.book import Book
from services.quote.domain.calendar import EVERY_DAY, Calendar
from services.quote.domain.change import CurrentLine, amend
from services.quote.domain.choice import Aim
from services.quote.domain.dates import Way
from services.quote.domain.entry import PERIOD, Entry
from services.quote.domain.promise import Decision, Delivery, Demand, promise
from services.quote.domain.request import Substitute
from services.quote.domain.rules import Rules
from services.quote.domain.sources import Buy, Component, Make
from tests.unit.quote_domain.builders import NOW, TODAY, AShelf, a_book, a_line, claim, receipt, units
from tests.unit.quote_domain.plants import (
    HERE,
    PART,
    PRODUCT,
    RAW,
    THERE,
    Plant,
    a_lane,
    a_lot,
    a_machine,
    a_purchase,
    a_step,
    a_transfer,
)

WEEKDAYS = Calendar((480, 480, 480, 480, 480, 0, 0), {})
"""TODAY is a Tuesday."""
MONDAYS = Calendar((480, 0, 0, 0, 0, 0, 0), {})


def sent(way: Way, *entries: Entry, wanted: int = 0, **more: Any) -> Decision:
    shelf = AShelf(a_book(*entries, **more))
    shelf.way = {("HAM", "DE"): way}
    return promise(Demand((a_line(5, wanted, ship_to="DE"),)), shelf)


def known(*books: Book, quantity: float = 5, wanted: int = 0, partial: bool = False, rules: Rules | None = None, **more: Any) -> Decision:
    return promise(Demand((a_line(quantity, wanted, **more),), allow_partial=partial), AShelf(*books, rules=rules))


def made(plant: Plant, quantity: float = 4, wanted: int = 0, **more: Any) -> Decision:
    return promise(Demand((a_line(quantity, wanted, sku=PRODUCT, sites=(HERE,)),), **more), plant)


def a_plant(*books: Book, **sources: Any) -> Plant:
    plant = Plant(a_book(sku=PRODUCT, site=HERE), *books)
    for key, source in sources.items():
        sku, _, site = key.partition("_")
        plant.source[sku, site or HERE] = source if isinstance(source, tuple) else (source,)
    return plant


def rationed() -> Decision:
    shelf = AShelf(a_book(receipt("PO", 3, 1), on_hand=2))
    shelf.rationed = [Allocation("C", Kind.CEILING, ("gold",), "SKU", None, units(4), first=TODAY, last=TODAY + 3)]
    return promise(Demand((a_line(5),), classes=("gold",)), shelf)


def changed(shipped: float, *entries: Entry, quantity: float = 10, on_hand: float = 20, open_: float = 6) -> Decision:
    own = claim("ord/1", open_, 2, "ord")
    before = CurrentLine(
        a_line(10, 2), (Delivery("HAM", units(open_), TODAY + 2, TODAY + 2, TODAY + 2),), TODAY + 2, TODAY + 2, units(shipped)
    )
    return amend([before], [a_line(quantity, 2)], AShelf(a_book(own, *entries, on_hand=on_hand)), "ord")


def a_full_supplier() -> Decision:
    taken = Book("TERMS", PERIOD)
    taken.apply([claim("x", 5, 2)], 1, NOW)
    plant = a_plant(PRODUCT=replace(a_purchase(2), capacity=units(5), period_days=7))
    plant.books["TERMS", PERIOD] = taken
    return made(plant)


def a_substitute() -> Decision:
    shelf = AShelf(a_book(on_hand=1), a_book(receipt("PO-S", 9, 2), on_hand=1, sku="SUB"))
    return promise(Demand((a_line(5, substitutes=(Substitute("SUB", ("HAM",)),)),)), shelf)


CASES: dict[str, Callable[[], Decision]] = {
    "past": lambda: known(a_book(on_hand=5), wanted=-3),
    "past and late": lambda: known(a_book(receipt("PO", 5, 2)), wanted=-3),
    "cut-off": lambda: sent(Way(EVERY_DAY, 0, EVERY_DAY, 0, EVERY_DAY, TODAY + 1, "L"), on_hand=5),
    "closed site": lambda: sent(Way(MONDAYS, 0, EVERY_DAY, 0, EVERY_DAY, TODAY + 6, "L"), on_hand=5),
    "packing and transit": lambda: sent(Way(EVERY_DAY, 2, EVERY_DAY, 3, EVERY_DAY, None, "L"), on_hand=5),
    "packing": lambda: sent(Way(EVERY_DAY, 1, EVERY_DAY, 0, EVERY_DAY, None, "L"), on_hand=5, wanted=0),
    "cut-off and transit": lambda: sent(Way(EVERY_DAY, 0, EVERY_DAY, 1, EVERY_DAY, TODAY + 1, "L"), on_hand=5, wanted=0),
    "transit, partly in time": lambda: sent(Way(EVERY_DAY, 0, EVERY_DAY, 4, EVERY_DAY, None, "L"), on_hand=5, wanted=3),
    "closed carrier": lambda: sent(Way(EVERY_DAY, 0, MONDAYS, 0, EVERY_DAY, None, "L"), on_hand=5),
    "late and closed at the receiver": lambda: sent(Way(EVERY_DAY, 0, EVERY_DAY, 1, MONDAYS, None, "L"), receipt("PO", 5, 7), wanted=6),
    "late and closed at the site": lambda: sent(Way(WEEKDAYS, 1, WEEKDAYS, 1, EVERY_DAY, None, "L"), receipt("PO", 5, 4), wanted=3),
    "late and closed without a lane": lambda: sent(Way(EVERY_DAY, 0, EVERY_DAY, 0, MONDAYS, None, None), receipt("PO", 5, 7), wanted=6),
    "past due": lambda: known(a_book(receipt("PO", 5, -2))),
    "dock to stock": lambda: known(a_book(receipt("PO", 5, 2), on_hand=2), rules=Rules(dock_to_stock_days=2)),
    "safety stock": lambda: known(a_book(receipt("PO", 5, 2), on_hand=4, safety_stock=4)),
    "promised to others": lambda: known(a_book(receipt("PO", 5, 2), claim("c", 3, 1), on_hand=4, safety_stock=1)),
    "two receipts of one day": lambda: known(a_book(receipt("B", 3, 2), receipt("A", 2, 2))),
    "two receipts": lambda: known(a_book(receipt("A", 3, 4), receipt("B", 2, 2)), wanted=1),
    "in time": lambda: known(a_book(receipt("A", 3, 4), on_hand=2), wanted=4),
    "two sites": lambda: known(
        a_book(receipt("A", 3, 3)), a_book(receipt("B", 2, 1), on_hand=1, site="BER"), partial=True, sites=("HAM", "BER"), quantity=6
    ),
    "shipment limits": lambda: known(
        a_book(receipt("A", 3, 3), on_hand=3), partial=True, max_shipments=1, min_ship=6, quantity=6, wanted=1
    ),
    "less": lambda: known(a_book(on_hand=3), partial=True),
    "nothing": lambda: known(a_book(on_hand=3)),
    "rationed": rationed,
    "shipped": lambda: changed(4, quantity=12),
    "shipped all": lambda: changed(4, quantity=4),
    "short": lambda: changed(0, quantity=5, on_hand=2),
    "substitute": a_substitute,
    "bought": lambda: made(a_plant(PRODUCT=a_purchase(3))),
    "had in the lead time": lambda: made(a_plant(PRODUCT=Buy("ITEM", "", 3, EVERY_DAY))),
    "a full supplier": a_full_supplier,
    "moved": lambda: made(a_plant(a_book(on_hand=9, sku=PRODUCT, site=THERE), PRODUCT=a_transfer(THERE, 3))),
    "moved when it is there": lambda: made(a_plant(a_book(receipt("PO", 9, 2), sku=PRODUCT, site=THERE), PRODUCT=a_transfer(THERE, 3))),
    "made": lambda: made(a_plant(a_machine("LATHE", 60), PRODUCT=Make(PRODUCT, (), (a_step("LATHE", 30),)))),
    "made after others": lambda: made(
        a_plant(a_machine("LATHE", 60, claim("j", 60, 1), claim("k", 60, 2)), PRODUCT=Make(PRODUCT, (), (a_step("LATHE", 30),)))
    ),
    "made of what comes": lambda: made(
        a_plant(
            a_book(receipt("PO-P", 9, 4), on_hand=1, sku=PART, site=HERE),
            a_machine("LATHE", 60),
            PRODUCT=Make(PRODUCT, (Component((PART,), units(1)),), (a_step("LATHE", 30),)),
        )
    ),
    "made of what is bought": lambda: made(
        a_plant(
            a_machine("LATHE", 60, claim("j", 60, 3)),
            PRODUCT=Make(PRODUCT, (Component((PART,), units(1)),), (a_step("LATHE", 30),)),
            PART=a_purchase(2, a_lot(10)),
        ),
        wanted=3,
    ),
    "made of what is made": lambda: made(
        a_plant(
            PRODUCT=Make(PRODUCT, (Component((PART,), units(1)), Component((RAW,), units(1))), (), lead_time_days=1),
            PART=Make(PART, (Component((RAW,), units(1)),), (), lead_time_days=1),
            RAW=a_purchase(2),
        )
    ),
}


def a_ceiling_behind_another_s_claim() -> Decision:
    shelf = AShelf(a_book(receipt("PO", 5, 3), claim("c", 5, 3), on_hand=5))
    shelf.rationed = [Allocation("C", Kind.CEILING, ("gold",), "SKU", None, units(4), last=TODAY + 3)]
    return promise(Demand((a_line(5),), classes=("gold",)), shelf)


def a_late_amendment(shipped: float, quantity: float) -> Decision:
    book = a_book(claim("ord/1", 6, 4, "ord"), receipt("PO", 9, 5), on_hand=6)
    before = CurrentLine(a_line(10, 2), (Delivery("HAM", units(6), TODAY + 4, TODAY + 4, TODAY + 4),), TODAY + 4, TODAY + 4, units(shipped))
    return amend([before], [a_line(quantity, 2)], AShelf(book), "ord")


def a_split_that_stands() -> Decision:
    book = a_book(claim("ord/1", 5, 0, "ord"), claim("ord/2", 5, 2, "ord"), on_hand=10)
    before = CurrentLine(
        a_line(10), tuple(Delivery("HAM", units(5), TODAY + day, TODAY + day, TODAY + day) for day in (0, 2)), TODAY + 2, TODAY + 2
    )
    return amend([before], [a_line(10)], AShelf(book), "ord", allow_partial=True)


def closed_twice() -> Decision:
    shelf = AShelf(a_book(receipt("A", 2, 4), receipt("B", 3, 8)))
    shelf.way = {("HAM", "DE"): Way(WEEKDAYS, 0, WEEKDAYS, 0, EVERY_DAY, None, "L")}
    return promise(Demand((a_line(5, 3, ship_to="DE"),)), shelf)


def a_part_that_travels() -> Decision:
    shelf = AShelf(a_book(on_hand=3))
    shelf.way = {("HAM", "DE"): a_lane(3)}
    return promise(Demand((a_line(5, ship_to="DE"),), allow_partial=True), shelf)


CASES |= {
    "a ceiling behind another's claim": a_ceiling_behind_another_s_claim,
    "raised after a part has left": lambda: a_late_amendment(4, 12),
    "all has left, late": lambda: a_late_amendment(4, 4),
    "a split that stands": a_split_that_stands,
    "closed twice": closed_twice,
    "a part that travels": a_part_that_travels,
    "two sites in time": lambda: known(
        a_book(receipt("A", 3, 4)), a_book(receipt("B", 3, 2), site="BER"), partial=True, sites=("HAM", "BER"), quantity=6, wanted=5
    ),
    "two sites in time, on one day": lambda: known(
        a_book(receipt("B", 3, 4)), a_book(receipt("A", 3, 4), site="BER"), partial=True, sites=("HAM", "BER"), quantity=6, wanted=5
    ),
    "in time, by way of a carrier": lambda: sent(Way(EVERY_DAY, 1, WEEKDAYS, 1, EVERY_DAY, TODAY + 1, "L"), on_hand=5, wanted=9),
    "cut-off in a past wish": lambda: sent(Way(WEEKDAYS, 0, EVERY_DAY, 2, EVERY_DAY, TODAY + 1, "L"), on_hand=5, wanted=-1),
    "late by less than it waits": lambda: sent(a_lane(2), receipt("PO", 5, 4), wanted=5),
    "a component on hand and to come": lambda: made(
        a_plant(
            a_book(receipt("PO-P", 2, 2), receipt("PO-Q", 2, 4), on_hand=2, sku=PART, site=HERE),
            PRODUCT=Make(PRODUCT, (Component((PART,), units(1)),), (), lead_time_days=1),
        ),
        5,
    ),
    "a resource that nobody else uses": lambda: made(
        a_plant(a_machine("LATHE", 60), a_machine("OVEN", 10), PRODUCT=Make(PRODUCT, (), (a_step("LATHE", 30), a_step("OVEN", 5))))
    ),
    "the resource that others use most": lambda: made(
        a_plant(
            a_machine("LATHE", 60, claim("j", 60, 0)),
            a_machine("OVEN", 60, claim("k", 60, 1), claim("l", 60, 2)),
            PRODUCT=Make(PRODUCT, (), (a_step("LATHE", 15), a_step("OVEN", 15, sequence=20))),
        )
    ),
    "bought at once by a supplier with room": lambda: made(a_plant(PRODUCT=replace(a_purchase(2), capacity=units(50), period_days=7))),
    "made in part": lambda: made(a_plant(a_machine("LATHE", 60), PRODUCT=Make(PRODUCT, (), (a_step("LATHE", 30),))), 6, allow_partial=True),
}


CASES |= {
    "made in no time of what is bought": lambda: made(
        a_plant(PRODUCT=Make(PRODUCT, (Component((PART,), units(1)),), (), lead_time_days=0), PART=a_purchase(3))
    ),
    "others come after": lambda: made(
        a_plant(a_machine("LATHE", 60, claim("j", 30, 2)), PRODUCT=Make(PRODUCT, (), (a_step("LATHE", 30),)))
    ),
    "the first resource is used most": lambda: made(
        a_plant(
            a_machine("LATHE", 60, claim("j", 60, 0), claim("k", 60, 1)),
            a_machine("OVEN", 60, claim("l", 60, 3)),
            PRODUCT=Make(PRODUCT, (), (a_step("LATHE", 15), a_step("OVEN", 15, sequence=20))),
        )
    ),
    "bought just in time": lambda: made(a_plant(PRODUCT=a_purchase(2)), wanted=6, policy=Aim.JUST_IN_TIME),
    "a millionth on hand": lambda: known(a_book(receipt("PO", 5, 2), on_hand=0.000001)),
    "a millionth of safety stock": lambda: known(a_book(receipt("PO", 5, 2), on_hand=0.000001, safety_stock=0.000001)),
}
