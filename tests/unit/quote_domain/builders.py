"""Books, shelves and lines in the words of a test: whole units, days counted from `TODAY`."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.quote.domain.allocation import Allocation
from services.quote.domain.book import Book
from services.quote.domain.dates import Way, immediate
from services.quote.domain.entry import Entry, Part
from services.quote.domain.policy import Costs
from services.quote.domain.promise import Delivery, LinePromise, LineRequest
from services.quote.domain.rules import Rules
from services.quote.domain.sources import Source

MICRO = 1_000_000
TODAY = date(2026, 12, 1).toordinal()
NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)


def units(quantity: float) -> int:
    """Whole units in millionths."""
    return round(quantity * MICRO)


def stock(quantity: float) -> Entry:
    return Entry(Part.STOCK, "", units(quantity))


def safety(quantity: float) -> Entry:
    return Entry(Part.SAFETY, "", units(quantity))


def receipt(ref: str, quantity: float, day: int, kind: str = "purchase_order") -> Entry:
    return Entry(Part.RECEIPT, ref, units(quantity), TODAY + day, None, {"kind": kind})


def claim(ref: str, quantity: float, day: int, owner: str = "ord_other") -> Entry:
    return Entry(Part.CLAIM, ref, units(quantity), TODAY + day, None, {"owner": owner})


def hold(ref: str, quantity: float, day: int, expires_in: float, owner: str = "quo_other") -> Entry:
    return Entry(Part.CLAIM, ref, units(quantity), TODAY + day, NOW + timedelta(seconds=expires_in), {"owner": owner})


def requirement(ref: str, quantity: float, day: int) -> Entry:
    return Entry(Part.REQUIREMENT, ref, units(quantity), TODAY + day, None, {"kind": "component"})


def a_book(*entries: Entry, on_hand: float = 0, safety_stock: float = 0, sku: str = "SKU", site: str = "HAM") -> Book:
    book = Book(sku, site)
    book.apply([stock(on_hand), *([safety(safety_stock)] if safety_stock else []), *entries], 1, NOW)
    return book


class OneDay:
    """Of a shelf all but its books and ways: one day, one instant and one rule for all."""

    def __init__(self, today: int, now: datetime, rules: Rules | None) -> None:
        self.day = today
        self.now = now
        self.rule = rules or Rules()
        self.source: dict[tuple[str, str], tuple[Source, ...]] = {}
        self.rationed: list[Allocation] = []
        self.undefined: set[str] = set()
        """Classes that nobody has defined."""

    def sources(self, sku: str, site: str) -> tuple[Source, ...]:
        return self.source.get((sku, site), ())

    def costs(self, sku: str, site: str) -> Costs | None:
        del sku, site
        return None

    def allocations(self, sku: str) -> Sequence[Allocation]:
        """The ceilings and floors of a sku."""
        return [one for one in self.rationed if one.sku == sku]

    def knows_class(self, name: str) -> bool:
        return name not in self.undefined

    def minutes_left(self, site: str) -> int:
        del site
        return 1440

    def today(self, site: str) -> int:
        del site
        return self.day

    def rules(self, sku: str, site: str) -> Rules:
        del sku, site
        return self.rule


class AShelf(OneDay):
    """Plain books."""

    def __init__(self, *books: Book, today: int = TODAY, now: datetime = NOW, rules: Rules | None = None) -> None:
        super().__init__(today, now, rules)
        self.books = {(book.sku, book.site): book for book in books}
        self.way: dict[tuple[str, str | None], Way] = {}
        """By site and destination; a site of which nothing is said delivers at once."""
        self.several: dict[str, tuple[Way, ...]] = {}
        """The lanes of a site from which more than one leads to everybody."""

    def book(self, sku: str, site: str) -> Book | None:
        return self.books.get((sku, site))

    def ways(self, sku: str, site: str, ship_to: str | None, customer: str | None) -> tuple[Way, ...]:
        del sku, customer
        if site in self.several:
            return self.several[site]
        if not self.way:
            return (immediate(self.day),)
        way = self.way.get((site, ship_to))
        return () if way is None else (way,)


def a_line(quantity: float, day: int = 0, *, sites: Sequence[str] = ("HAM",), ref: str = "1", sku: str = "SKU", **more: Any) -> LineRequest:
    for name in ("min_ship",):
        if more.get(name) is not None:
            more[name] = units(more[name])
    if more.get("latest_day") is not None:
        more["latest_day"] += TODAY
    return LineRequest(ref, sku, units(quantity), TODAY + day, tuple(sites), **more)


def shipped_as(deliveries: Iterable[Delivery]) -> list[tuple[str, float, int]]:
    """Deliveries as (site, units, days from today)."""
    return [(one.site, one.quantity / MICRO, one.ship_day - TODAY) for one in deliveries]


def claims_for(lines: Iterable[LinePromise], owner: str) -> Mapping[tuple[str, str], list[Entry]]:
    """The claims that a decision asks for, by book: what the door would write."""
    found: dict[tuple[str, str], list[Entry]] = {}
    for line in lines:
        for number, one in enumerate(line.deliveries):
            entry = Entry(Part.CLAIM, f"{owner}/{line.line_ref}/{number}", one.quantity, one.pick_day, None, {"owner": owner})
            found.setdefault((line.sku, one.site), []).append(entry)
    return found
