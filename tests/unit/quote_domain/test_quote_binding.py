"""Which of ceiling, floor and supply answers, what it says, and the days that it added."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from services.quote.domain.allocation import EARLIEST, LATEST, Allocation, Every, Kind, Period
from services.quote.domain.binding import spoken_period
from services.quote.domain.book import Book
from services.quote.domain.entry import BUCKET
from services.quote.domain.promise import LinePromise, promise
from services.quote.domain.reasons import Code
from services.quote.domain.request import Demand
from tests.unit.quote_domain.builders import NOW, TODAY, AShelf, a_book, a_line, claim, receipt, units
from tests.unit.quote_domain.plants import a_lane, a_purchase


def a_ceiling(quantity: float, name: str = "C", **more: Any) -> Allocation:
    return Allocation(name, Kind.CEILING, (more.pop("who", "shop"),), "SKU", more.pop("sites", None), units(quantity), **more)


def a_floor(quantity: float, name: str = "F", **more: Any) -> Allocation:
    sites = more.pop("sites", frozenset({"HAM"}))
    return Allocation(name, Kind.FLOOR, (more.pop("who", "gold"),), "SKU", sites, units(quantity), **more)


def asked(
    quantity: float, rations: Sequence[Allocation], *books: Book, day: int = 0, partial: bool = False, buys: int | None = None, **more: Any
) -> LinePromise:
    shelf = AShelf(*books)
    shelf.rationed = list(rations)
    if "ship_to" in more:
        shelf.way = {("HAM", "NORTH"): a_lane(2), ("BER", "NORTH"): a_lane(1)}
    if buys is not None:
        shelf.source["SKU", "HAM"] = (a_purchase(buys),)
    return promise(Demand((a_line(quantity, day, **more),), allow_partial=partial, classes=("shop",)), shelf).lines[0]


def taken(*claims: tuple[float, int], name: str = "C") -> Book:
    book = Book(name, BUCKET)
    book.apply([claim(f"c{number}", quantity, day) for number, (quantity, day) in enumerate(claims)], 1, NOW)
    return book


DAILY, WEEKLY, MONTHLY = ({"every": one} for one in (Every.DAY, Every.WEEK, Every.MONTH))
TEN = a_book(on_hand=10)
SITES = ("HAM", "BER")
SHOWN = (Code.CEILING_REACHED, Code.KEPT_FOR_OTHERS, Code.NOT_ENOUGH_SUPPLY, Code.AFTER_LATEST_DATE)

CASES: dict[str, Callable[[], LinePromise]] = {
    "a ceiling for ever": lambda: asked(5, [a_ceiling(3)], TEN),
    "a ceiling that leaves just enough": lambda: asked(3, [a_ceiling(3)], TEN),
    "a ceiling of which some is taken": lambda: asked(5, [a_ceiling(6)], TEN, taken((2, 0))),
    "a ceiling that was lowered": lambda: asked(5, [a_ceiling(3)], TEN, taken((4, 0))),
    "a day": lambda: asked(3, [a_ceiling(4, **DAILY)], TEN, taken((2, 0), (2, 1))),
    "a week": lambda: asked(3, [a_ceiling(4, **WEEKLY)], TEN, taken((2, 0)), day=1),
    "a month": lambda: asked(3, [a_ceiling(4, **MONTHLY)], TEN, taken((2, 0))),
    "too much for any week": lambda: asked(5, [a_ceiling(4, **WEEKLY)], TEN, taken((2, 0))),
    "too much for any week, and no more later": lambda: asked(5, [a_ceiling(4, **WEEKLY)], TEN),
    "from and to": lambda: asked(5, [a_ceiling(4, first=TODAY, last=TODAY + 3)], TEN),
    "listed periods": lambda: asked(5, [a_ceiling(0, periods=(Period(TODAY, TODAY, 0), Period(TODAY + 1, TODAY + 4, units(4))))], TEN),
    "the tighter of two": lambda: asked(5, [a_ceiling(4, "A"), a_ceiling(3, "B")], TEN),
    "the first of equals": lambda: asked(5, [a_ceiling(4, "B"), a_ceiling(4, "A")], TEN),
    "the site that leaves least": lambda: asked(
        5,
        [a_ceiling(4, "A", sites=frozenset({"HAM"})), a_ceiling(3, "B", sites=frozenset({"BER"}))],
        TEN,
        a_book(on_hand=9, site="BER"),
        sites=SITES,
    ),
    "a floor": lambda: asked(5, [a_floor(6)], TEN),
    "a floor with a release": lambda: asked(5, [a_floor(6, release=TODAY + 7)], TEN),
    "the larger floor": lambda: asked(5, [a_floor(3, "A"), a_floor(4, "B", who="silver")], TEN),
    "a floor that waits for supply": lambda: asked(5, [a_floor(6)], a_book(receipt("PO", 2, 4), on_hand=10)),
    "a floor and a ceiling that wait": lambda: asked(
        5, [a_floor(6), a_ceiling(4, last=TODAY + 6)], a_book(receipt("PO", 2, 4), on_hand=10)
    ),
    "a floor where supply lacks too": lambda: asked(12, [a_floor(6)], TEN),
    "a ceiling where supply lacks too": lambda: asked(12, [a_ceiling(6)], TEN),
    "a ceiling where supply lacks more": lambda: asked(12, [a_ceiling(11)], TEN),
    "too late for a ceiling": lambda: asked(5, [a_ceiling(4, last=TODAY + 6)], TEN, latest_day=3),
    "late enough for a ceiling": lambda: asked(5, [a_ceiling(4, last=TODAY + 6)], TEN, latest_day=7),
    "too late for a floor": lambda: asked(5, [a_floor(6)], a_book(receipt("PO", 2, 4), on_hand=10), latest_day=3),
    "late enough for a floor": lambda: asked(5, [a_floor(6)], a_book(receipt("PO", 2, 4), on_hand=10), latest_day=4),
    "too late by supply": lambda: asked(5, [a_floor(1)], a_book(receipt("PO", 6, 4), on_hand=3), latest_day=3),
    "a part of a ceiling": lambda: asked(5, [a_ceiling(3)], TEN, partial=True),
    "a part of a floor": lambda: asked(5, [a_floor(7)], TEN, partial=True),
    "a part of both": lambda: asked(9, [a_floor(5), a_ceiling(4)], TEN, partial=True),
    "a part of both, the floor lower": lambda: asked(9, [a_floor(7), a_ceiling(4)], TEN, partial=True),
    "a part of supply": lambda: asked(12, [a_floor(1, who="shop"), a_ceiling(11)], TEN, partial=True),
    "both, the ceiling lower": lambda: asked(9, [a_floor(5), a_ceiling(4)], TEN),
    "both, the floor lower": lambda: asked(9, [a_floor(7), a_ceiling(4)], TEN),
    "what can be bought is kept for nobody": lambda: asked(5, [a_floor(6)], TEN, buys=3),
    "what can be bought counts to a ceiling": lambda: asked(15, [a_ceiling(12)], TEN, buys=3),
    "what may not be bought": lambda: asked(12, [a_ceiling(11)], TEN, buys=3, supply=frozenset()),
    "a ceiling by ship date": lambda: asked(5, [a_ceiling(4, last=TODAY)], TEN, day=3, ship_to="NORTH"),
    "a ceiling by ship date that binds": lambda: asked(5, [a_ceiling(4, last=TODAY + 1)], TEN, day=3, ship_to="NORTH"),
    "a ceiling that binds one of two ways": lambda: asked(
        5, [a_ceiling(4, sites=frozenset({"HAM"}))], TEN, a_book(receipt("PO", 9, 6), site="BER"), sites=SITES
    ),
    "two sites in parts": lambda: asked(
        9,
        [a_ceiling(3, sites=frozenset({"HAM"})), a_ceiling(2, "D", sites=frozenset({"BER"}))],
        TEN,
        a_book(on_hand=9, site="BER"),
        sites=SITES,
        partial=True,
    ),
    "a floor that waits and a ceiling that lets it through": lambda: asked(
        5, [a_floor(6), a_ceiling(9)], a_book(receipt("PO", 2, 4), on_hand=10)
    ),
    "a ceiling that waits and a floor that lets it through": lambda: asked(5, [a_floor(3), a_ceiling(4, last=TODAY)], TEN),
    "a ceiling on the day on which supply would do": lambda: asked(
        5, [a_ceiling(0, periods=(Period(TODAY, TODAY, units(9)), Period(TODAY + 1, TODAY + 3, units(4))))], a_book(receipt("PO", 9, 1))
    ),
    "the same, and too late": lambda: asked(
        5,
        [a_ceiling(0, periods=(Period(TODAY, TODAY, units(9)), Period(TODAY + 1, TODAY + 3, units(4))))],
        a_book(receipt("PO", 9, 1)),
        latest_day=1,
    ),
    "a millionth more": lambda: asked(5, [a_ceiling(0, periods=(Period(TODAY, TODAY, 0), Period(TODAY + 1, LATEST, 1)))], TEN),
    "a part of a floor at the first of two sites": lambda: asked(
        9, [a_floor(6)], TEN, a_book(on_hand=1, site="BER"), sites=SITES, partial=True
    ),
    "no part of anything, and a ceiling": lambda: asked(5, [a_ceiling(4)], a_book(on_hand=0), partial=True),
    "no part of anything, and a floor": lambda: asked(5, [a_floor(4)], a_book(on_hand=0), partial=True),
    "kept today, and bought too late": lambda: asked(5, [a_floor(6)], TEN, buys=3, latest_day=0),
    "nothing there in time to be kept": lambda: asked(5, [a_floor(6)], a_book(receipt("PO", 20, 4)), latest_day=0),
    "a past wish": lambda: asked(5, [a_ceiling(4, last=TODAY + 1)], TEN, day=-2),
}


TOLD = {
    "a ceiling for ever": [
        "none, 0 +0",
        "CEILING_REACHED C +0: shop may take 3 EA of SKU in all and has 3 left",
    ],
    "a ceiling that leaves just enough": [
        "full, 3 +0",
    ],
    "a ceiling of which some is taken": [
        "none, 0 +0",
        "CEILING_REACHED C +0: shop may take 6 EA of SKU in all and has 4 left",
    ],
    "a ceiling that was lowered": [
        "none, 0 +0",
        "CEILING_REACHED C +0: shop may take 3 EA of SKU in all and has 0 left",
    ],
    "a day": [
        "late, 3 +2",
        "CEILING_REACHED C +2: shop may take 4 EA of SKU on Tue 1 Dec 2026 and has 2 left; 3 from Thu 3 Dec 2026",
    ],
    "a week": [
        "late, 3 +5",
        "CEILING_REACHED C +5: shop may take 4 EA of SKU in the week from Mon 30 Nov 2026 and has 2 left; 3 from Mon 7 Dec 2026",
    ],
    "a month": [
        "late, 3 +31",
        "CEILING_REACHED C +31: shop may take 4 EA of SKU in the month from Tue 1 Dec 2026 and has 2 left; 3 from Fri 1 Jan 2027",
    ],
    "too much for any week": [
        "none, 0 +0",
        "CEILING_REACHED C +0: shop may take 4 EA of SKU in the week from Mon 30 Nov 2026 and has 2 left; more from Mon 7 Dec 2026",
    ],
    "too much for any week, and no more later": [
        "none, 0 +0",
        "CEILING_REACHED C +0: shop may take 4 EA of SKU in the week from Mon 30 Nov 2026 and has 4 left",
    ],
    "from and to": [
        "late, 5 +4",
        "CEILING_REACHED C +4: shop may take 4 EA of SKU from Tue 1 Dec 2026 to Fri 4 Dec 2026 and has 4 left; 5 from Sat 5 Dec 2026",
    ],
    "listed periods": [
        "late, 5 +5",
        "CEILING_REACHED C +5: shop may take 0 EA of SKU on Tue 1 Dec 2026 and has 0 left; 5 from Sun 6 Dec 2026",
    ],
    "the tighter of two": [
        "none, 0 +0",
        "CEILING_REACHED B +0: shop may take 3 EA of SKU in all and has 3 left",
    ],
    "the first of equals": [
        "none, 0 +0",
        "CEILING_REACHED A +0: shop may take 4 EA of SKU in all and has 4 left",
    ],
    "the site that leaves least": [
        "none, 0 +0",
        "CEILING_REACHED B +0: shop may take 3 EA of SKU in all and has 3 left",
    ],
    "a floor": [
        "none, 0 +0",
        "KEPT_FOR_OTHERS F +0: 6 EA of SKU are kept for gold",
    ],
    "a floor with a release": [
        "none, 0 +0",
        "KEPT_FOR_OTHERS F +0: 6 EA of SKU are kept for gold until Tue 8 Dec 2026",
    ],
    "the larger floor": [
        "none, 0 +0",
        "KEPT_FOR_OTHERS B +0: 4 EA of SKU are kept for silver",
    ],
    "a floor that waits for supply": [
        "late, 5 +4",
        "KEPT_FOR_OTHERS F +4: 6 EA of SKU are kept for gold",
    ],
    "a floor and a ceiling that wait": [
        "late, 5 +7",
        "CEILING_REACHED C +3: shop may take 4 EA of SKU to Mon 7 Dec 2026 and has 4 left; 5 from Tue 8 Dec 2026",
        "KEPT_FOR_OTHERS F +4: 6 EA of SKU are kept for gold",
    ],
    "a floor where supply lacks too": [
        "none, 0 +0",
        "KEPT_FOR_OTHERS F +0: 6 EA of SKU are kept for gold",
    ],
    "a ceiling where supply lacks too": [
        "none, 0 +0",
        "CEILING_REACHED C +0: shop may take 6 EA of SKU in all and has 6 left",
    ],
    "a ceiling where supply lacks more": [
        "none, 0 +0",
        "NOT_ENOUGH_SUPPLY - +0: known supply allows at most 10 EA on any date",
    ],
    "too late for a ceiling": [
        "none, 0 +0",
        "CEILING_REACHED C +0: shop may take 4 EA of SKU to Mon 7 Dec 2026 and has 4 left; 5 from Tue 8 Dec 2026",
    ],
    "late enough for a ceiling": [
        "late, 5 +7",
        "CEILING_REACHED C +7: shop may take 4 EA of SKU to Mon 7 Dec 2026 and has 4 left; 5 from Tue 8 Dec 2026",
    ],
    "too late for a floor": [
        "none, 0 +0",
        "KEPT_FOR_OTHERS F +0: 6 EA of SKU are kept for gold",
    ],
    "late enough for a floor": [
        "late, 5 +4",
        "KEPT_FOR_OTHERS F +4: 6 EA of SKU are kept for gold",
    ],
    "too late by supply": [
        "none, 0 +0",
        "KEPT_FOR_OTHERS F +0: 1 EA of SKU are kept for gold",
    ],
    "a part of a ceiling": [
        "partial, 3 +0",
        "CEILING_REACHED C +0: shop may take 3 EA of SKU in all and has 3 left",
    ],
    "a part of a floor": [
        "partial, 3 +0",
        "KEPT_FOR_OTHERS F +0: 7 EA of SKU are kept for gold",
    ],
    "a part of both": [
        "partial, 4 +0",
        "CEILING_REACHED C +0: shop may take 4 EA of SKU in all and has 4 left",
    ],
    "a part of both, the floor lower": [
        "partial, 3 +0",
        "KEPT_FOR_OTHERS F +0: 7 EA of SKU are kept for gold",
    ],
    "a part of supply": [
        "partial, 10 +0",
        "NOT_ENOUGH_SUPPLY - +0: known supply lacks 2 EA",
    ],
    "both, the ceiling lower": [
        "none, 0 +0",
        "CEILING_REACHED C +0: shop may take 4 EA of SKU in all and has 4 left",
    ],
    "both, the floor lower": [
        "none, 0 +0",
        "KEPT_FOR_OTHERS F +0: 7 EA of SKU are kept for gold",
    ],
    "what can be bought is kept for nobody": [
        "late, 5 +3",
        "KEPT_FOR_OTHERS F +3: 6 EA of SKU are kept for gold",
    ],
    "what can be bought counts to a ceiling": [
        "none, 0 +0",
        "CEILING_REACHED C +0: shop may take 12 EA of SKU in all and has 12 left",
    ],
    "what may not be bought": [
        "none, 0 +0",
        "NOT_ENOUGH_SUPPLY - +0: known supply allows at most 10 EA on any date",
    ],
    "a ceiling by ship date": [
        "full, 5 +0",
    ],
    "a ceiling by ship date that binds": [
        "late, 5 +1",
        "CEILING_REACHED C +1: shop may take 4 EA of SKU to Wed 2 Dec 2026 and has 4 left; 5 from Thu 3 Dec 2026",
    ],
    "a ceiling that binds one of two ways": [
        "late, 5 +6",
        "CEILING_REACHED C +6: shop may take 4 EA of SKU in all and has 4 left",
    ],
    "two sites in parts": [
        "partial, 5 +0",
        "CEILING_REACHED D +0: shop may take 2 EA of SKU in all and has 2 left",
    ],
    "a floor that waits and a ceiling that lets it through": [
        "late, 5 +4",
        "KEPT_FOR_OTHERS F +4: 6 EA of SKU are kept for gold",
    ],
    "a ceiling that waits and a floor that lets it through": [
        "late, 5 +1",
        "CEILING_REACHED C +1: shop may take 4 EA of SKU to Tue 1 Dec 2026 and has 4 left; 5 from Wed 2 Dec 2026",
    ],
    "a ceiling on the day on which supply would do": [
        "late, 5 +4",
        "CEILING_REACHED C +3: shop may take 4 EA of SKU from Wed 2 Dec 2026 to Fri 4 Dec 2026 and has 4 left; 5 from Sat 5 Dec 2026",
    ],
    "the same, and too late": [
        "none, 0 +0",
        "CEILING_REACHED C +0: shop may take 4 EA of SKU from Wed 2 Dec 2026 to Fri 4 Dec 2026 and has 4 left; 5 from Sat 5 Dec 2026",
    ],
    "a millionth more": [
        "none, 0 +0",
        "CEILING_REACHED C +0: shop may take 0 EA of SKU on Tue 1 Dec 2026 and has 0 left; more from Wed 2 Dec 2026",
    ],
    "a part of a floor at the first of two sites": [
        "partial, 5 +0",
        "KEPT_FOR_OTHERS F +0: 6 EA of SKU are kept for gold",
    ],
    "no part of anything, and a ceiling": [
        "none, 0 +0",
        "NOT_ENOUGH_SUPPLY - +0: known supply lacks 5 EA",
    ],
    "no part of anything, and a floor": [
        "none, 0 +0",
        "NOT_ENOUGH_SUPPLY - +0: known supply lacks 5 EA",
    ],
    "kept today, and bought too late": [
        "none, 0 +0",
        "KEPT_FOR_OTHERS F +0: 6 EA of SKU are kept for gold",
    ],
    "nothing there in time to be kept": [
        "none, 0 +0",
        "AFTER_LATEST_DATE - +0: the earliest date is Sat 5 Dec 2026, the latest acceptable Tue 1 Dec 2026",
    ],
    "a past wish": [
        "late, 5 +4",
        "CEILING_REACHED C +2: shop may take 4 EA of SKU to Wed 2 Dec 2026 and has 4 left; 5 from Thu 3 Dec 2026",
    ],
}


def told(line: LinePromise) -> list[str]:
    """What is promised, and what allocations and refusals are said of it."""
    told = (f"{one.code} {one.ref or '-'} +{one.adds_days}: {one.summary}" for one in line.reasons)
    return [f"{line.outcome}, {line.promised_quantity / units(1):g} +{line.slip_days}", *(one for one in told if one.startswith(SHOWN))]


@pytest.mark.parametrize("name", CASES)
def test_what_binds_is_told(name: str) -> None:
    assert told(CASES[name]()) == TOLD[name]


@pytest.mark.parametrize(
    ("allocation", "period", "spoken"),
    [
        (a_ceiling(1, **DAILY), Period(TODAY, TODAY, 1), "on Tue 1 Dec 2026"),
        (a_ceiling(1, **WEEKLY), Period(TODAY, TODAY, 1), "on Tue 1 Dec 2026"),
        (a_ceiling(1, **WEEKLY), Period(TODAY, TODAY + 5, 1), "in the week from Tue 1 Dec 2026"),
        (a_ceiling(1, **MONTHLY), Period(TODAY, TODAY + 30, 1), "in the month from Tue 1 Dec 2026"),
        (a_ceiling(1), Period(TODAY, TODAY + 1, 1), "from Tue 1 Dec 2026 to Wed 2 Dec 2026"),
        (a_ceiling(1), Period(TODAY, LATEST, 1), "from Tue 1 Dec 2026"),
        (a_ceiling(1), Period(EARLIEST, TODAY, 1), "to Tue 1 Dec 2026"),
        (a_ceiling(1), Period(EARLIEST, LATEST, 1), "in all"),
    ],
)
def test_a_period_is_said_by_its_days(allocation: Allocation, period: Period, spoken: str) -> None:
    assert spoken_period(allocation, period) == spoken
