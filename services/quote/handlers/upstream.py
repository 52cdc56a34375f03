"""What plans and real orders wait for, and how they are put in anew.

A plan that becomes later makes its planned receipt later, and that book is next (promising.md § 7, pass 1); so does a real order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.quote.domain.bins import period_bin
from services.quote.domain.capacity import capacity_of
from services.quote.domain.entry import PERIOD, RESOURCE, Part
from services.quote.domain.risk import Commitment, Take
from services.quote.domain.sources import Buy, Transfer
from services.quote.domain.supplier import on_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from services.quote.board import Board
    from services.quote.domain.bins import PeriodBin
    from services.quote.domain.book import Book
    from services.quote.domain.entry import Day, Entry, Micro
    from services.quote.domain.risk import Rank

BEFORE_EVERYBODY = -(2**31)
"""The class of real orders: what they need is a fact."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """The supply of a board that itself needs something, at one instant."""

    board: Board
    books: Mapping[str, Book]
    now: datetime

    def needs(self, supply: Entry) -> set[str]:
        """The books that a plan or a real order takes from.

        Where nothing was ever said of what is there or comes there, nothing is held against an order that needs it.
        """
        if supply.part is Part.PLAN:
            return {str(key) for key, _ in (supply.detail or {}).get("claims", ())}
        return {key for key in self.board.needs.books_of(supply.ref) if not self.is_untold(key)}

    def is_untold(self, key: str) -> bool:
        """Whether nothing was ever said of what is there or comes there."""
        book = self.books.get(key)
        return book is not None and book.site != RESOURCE and book.untold

    def late(self) -> Iterator[tuple[Entry, str]]:
        """Every plan and real order that is now seen to come late, with the book that it comes to."""
        for part, homes in ((Part.PLAN, self.board.late_plans), (Part.RECEIPT, self.board.needs.homes)):
            for ref in list(homes if part is Part.PLAN else self.board.needs.late):
                supply = self.books[homes[ref]].find(part, ref) if ref in homes else None
                if supply is not None:
                    yield supply, homes[ref]

    def plan(self, plan: Entry, home: str, rank: Rank, seen: set[str], not_before: Day = 0) -> Commitment:
        """A plan with what it has of the books that are seen; it counts on the day `not_before` at the earliest."""
        takes = []
        for key, ref in (plan.detail or {}).get("claims", ()):
            book = self.books.get(key)
            claim = None if book is None else book.find(Part.CLAIM, ref)
            if claim is not None and claim.day is not None and key in seen:
                takes.append(Take(key, claim.day, claim.quantity, None, self._arrives(home, key)))
        today = self.today(home)
        due = self.board.rules(*home.rsplit("|", 1)).plan_due_on(plan, today)
        put_off = not_before > due or today > int((plan.detail or {}).get("latest_start", today))
        return Commitment(plan.ref, rank, tuple(takes), None, home, plan.quantity, max(due, not_before), put_off=put_off)

    def order(self, order: Entry, home: str, seen: set[str]) -> Commitment | None:
        """A real order with what it requires of the books that are seen; None when it is too late to be believed."""
        due = self.board.rules(*home.rsplit("|", 1)).counts_on(order.day or 0, self.today(home))
        if due is None:
            return None
        needs = self.needs(order)
        takes = []
        for key, ref in sorted(self.board.needs.of(order.ref)):
            requirement = self.books[key].find(Part.REQUIREMENT, ref)
            if requirement is not None and requirement.day is not None and key in needs and key in seen:
                takes.append(Take(key, requirement.day, requirement.quantity, None, self._arrives(home, key)))
        rank = (BEFORE_EVERYBODY, 0, order.day or 0, order.ref, 0, 0)
        return Commitment(name_of_order(order.ref), rank, tuple(takes), None, home, self.waits(order), due, fact=True)

    def waits(self, order: Entry) -> Micro:
        """How much of a real order waits for what it needs: of a transfer what has not left the other site yet, else all of it."""
        if (order.detail or {}).get("kind") != "transfer_order":
            return order.quantity
        needs = [self.books[key].find(Part.REQUIREMENT, ref) for key, ref in self.board.needs.of(order.ref) if key in self.books]
        outbound = [one.quantity for one in needs if one is not None and (one.detail or {}).get("kind") == "outbound_transfer"]
        return min(order.quantity, sum(outbound)) if outbound else order.quantity

    def _arrives(self, home: str, key: str) -> Callable[[Day], Day | None] | None:
        """When goods of another site can be used here if they are picked there on a day; None for what no lane brings."""
        (sku, site), (part, other) = home.rsplit("|", 1), key.rsplit("|", 1)
        if part != sku or other == site:
            return None
        sources = (one for one in self.board.world.sources(sku, site, self.now) if isinstance(one, Transfer))
        way = next((one.way for one in sources if one.from_site == other), None)
        dock = self.board.rules(sku, site).dock_to_stock_days
        if way is None:
            return None

        def arrive(day: Day) -> Day | None:
            hop = way.deliver(day)
            return None if hop is None else hop[2] + dock

        return arrive

    def period_bin(self, book: Book, without: Iterable[Take] = ()) -> PeriodBin:
        """The book of a supplier's terms, without these takes. Terms for every site are asked by each as its promises were."""
        state = self.board.world.all_of("supplier_item").get(book.sku)
        if state is None:
            return period_bin(book, self.board.today("", self.now), None, {}, without)
        sku, ordered, terms = str(state["sku"]), dict[int, int](), None
        for site in [state["site"]] if state["site"] else self.board.sites_of(sku):
            found = (one for one in self.board.world.sources(sku, site, self.now) if isinstance(one, Buy) and one.ref == book.sku)
            terms = next(found, terms)
            stock = self.books.get(f"{sku}|{site}")
            for day, quantity in ({} if stock is None else on_order(stock, state["supplier"])).items():
                ordered[day] = max(quantity, ordered.get(day, 0))
        return period_bin(book, self.board.today(state["site"] or "", self.now), terms, ordered, without)

    def today(self, key: str) -> Day:
        """The civil date where a book is."""
        book = self.books[key]
        site = book.site
        if site == PERIOD:
            site = str(self.board.world.all_of("supplier_item").get(book.sku, {}).get("site") or "")
        elif site == RESOURCE:
            capacity = capacity_of(book)
            site = "" if capacity is None else capacity.site
        return self.board.today(site, self.now)


def name_of_order(order_id: str) -> str:
    """The name of a real order for the kernel: no promise and no plan is called so."""
    return f"receipt {order_id}"


def book_of_terms(terms: str) -> str:
    """The key of the book of a supplier's terms."""
    return f"{terms}|{PERIOD}"
