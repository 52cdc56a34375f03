"""What the cases are asked on: books by hand, ways by hand, and a shelf that keeps what was promised."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from services.quote.domain.balance import balance
from services.quote.domain.book import Book
from services.quote.domain.calendar import EVERY_DAY, Calendar
from services.quote.domain.dates import Way, immediate
from services.quote.domain.entry import RESOURCE, Entry, Part
from services.quote.domain.promise import Decision, Demand, LineRequest, promise
from services.quote.domain.rules import Rules
from services.quote.domain.sources import Buy, Lot
from tests.unit.quote_domain.builders import OneDay

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
D = date(2026, 1, 5).toordinal()


def day_of(said: object) -> int:
    """`2022-02-01`, `07-20`, `D+3`, or a period's number."""
    if isinstance(said, int):
        return D + said
    text = str(said)
    if text == "D" or (found := re.fullmatch(r"(?:D|today)([+-]\d+)", text)):
        return D + (0 if text == "D" else int(found.group(1)))  # type: ignore[union-attr]
    if re.fullmatch(r"\d\d-\d\d", text):
        text = f"2026-{text}"
    return date.fromisoformat(text).toordinal()


def micro(quantity: float) -> int:
    return int(Decimal(str(quantity)) * 1_000_000)


def a_book(on_hand: float = 0, supply: Sequence[dict[str, Any]] = (), demand: Sequence[dict[str, Any]] = (), **more: Any) -> Book:
    book = Book("SKU", more.get("site", "S"))
    entries = [Entry(Part.STOCK, "", micro(on_hand)), Entry(Part.SAFETY, "", micro(more.get("safety", 0)))]
    entries += [
        Entry(Part.RECEIPT, str(one.get("ref", f"R{number}")), micro(one["qty"]), day_of(one["date"])) for number, one in enumerate(supply)
    ]
    entries += [Entry(Part.CLAIM, f"C{number}", micro(one["qty"]), day_of(one["date"])) for number, one in enumerate(demand)]
    book.apply(entries, 1, NOW)
    return book


class Shelf(OneDay):
    """The books of one case on one day; what was promised is written, as the door would."""

    def __init__(self, *books: Book, today: int = D, rules: Rules | None = None) -> None:
        super().__init__(today, NOW, rules)
        self.books = {book.site: book.fork() for book in books}
        self.way: Way | None = None

    def book(self, sku: str, site: str) -> Book | None:
        del sku
        return self.books.get(site)

    def ways(self, sku: str, site: str, ship_to: str | None, customer: str | None) -> tuple[Way, ...]:
        del sku, site, ship_to, customer
        return (self.way or immediate(self.day),)

    def asked(self, quantity: float, day: int, *, partial: bool = False, **more: Any) -> Decision:
        line = LineRequest("1", "SKU", micro(quantity), day, more.pop("sites", tuple(self.books)), **more)
        return promise(Demand((line,), allow_partial=partial), self)

    def ordered(self, quantity: float, day: int, **more: Any) -> Decision:
        """Ask, and write the claims."""
        decision = self.asked(quantity, day, **more)
        for delivery in decision.lines[0].deliveries:
            book = self.books[delivery.site]
            ref = f"new{book.version}"
            book.apply([Entry(Part.CLAIM, ref, delivery.quantity, delivery.pick_day)], book.version + 1, NOW)
        return decision

    def free(self, site: str = "S") -> int:
        return balance(self.books[site], self.day, NOW, self.rule).atp_on(self.day)


def dates(decision: Decision) -> list[list[Any]]:
    return [[date.fromordinal(one.ship_day).isoformat(), one.quantity / 1_000_000] for one in decision.lines[0].deliveries]


def short(decision: Decision) -> float:
    line = decision.lines[0]
    return (line.requested_quantity - line.promised_quantity) / 1_000_000


def of_given(case: dict[str, Any], **more: Any) -> Shelf:
    given = case["given"]
    book = a_book(given.get("on_hand", 0), given.get("supply", ()), given.get("demand", ()), **more)
    return Shelf(book, today=day_of(given.get("today", "D")), rules=more.get("rules"))


WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def all_days_but(closed: Sequence[str]) -> Calendar:
    """Every day works except those listed."""
    return Calendar(EVERY_DAY.weekly, {day_of(day): 0 for day in closed})


def a_way(**parts: Any) -> Way:
    """A way on which every day works and nothing takes time, but for the parts given."""
    plain: dict[str, Any] = {"site_calendar": EVERY_DAY, "carrier_calendar": EVERY_DAY, "receiving_calendar": EVERY_DAY}
    return Way(**plain | {"pick_pack_days": 0, "transit_days": 0, "first_pick": None, "lane": "LANE"} | parts)


class Works(Shelf):
    """A shelf on which more can be made, bought and moved; what was promised and planned is written, as the door would."""

    def __init__(self, today: int, *books: Book, rules: Rules | None = None) -> None:
        super().__init__(today=today, rules=rules)
        self.stands = {(book.sku, book.site): book for book in books}

    def book(self, sku: str, site: str) -> Book | None:
        return self.stands.get((sku, site))

    def put(self, sku: str, site: str, entry: Entry) -> None:
        book = self.stands.setdefault((sku, site), Book(sku, site))
        book.apply([replace(entry, ref=f"new{book.version}")], book.version + 1, NOW)

    def ordered(self, quantity: float, day: int, **more: Any) -> Decision:
        decision = self.asked(quantity, day, **more)
        for one in decision.lines[0].deliveries:
            self.put("SKU", one.site, Entry(Part.CLAIM, "", one.quantity, one.pick_day))
        for plan in decision.planned:
            self.put(plan.sku, plan.site, Entry(Part.PLAN, "", plan.quantity, plan.due_day))
            for part in plan.parts:
                self.put(part.sku, part.site, Entry(Part.CLAIM, "", part.quantity, part.day))
            for load in plan.loads:
                self.put(load.resource, RESOURCE, Entry(Part.CLAIM, "", load.minutes, load.day))
        return decision


def bought(days: int, minimum: float | None = None, multiple: float | None = None) -> Buy:
    lot = Lot(None if minimum is None else micro(minimum), None if multiple is None else micro(multiple))
    return Buy("TERMS", "SUPPLIER", days, EVERY_DAY, lot)
