"""What a decision stands on: each book once, less what the same decision has taken from it already.

A stand never changes a book. It remembers what was looked at and what was taken, so that two lines of one request
never get the same unit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.quote.domain.balance import Balance, balance
from services.quote.domain.pegging import Peg, peg

if TYPE_CHECKING:
    from services.quote.domain.book import Book, Day, Micro, Rules
    from services.quote.domain.request import LineRequest, Shelf


class Place:
    """One book as one decision sees it."""

    __slots__ = ("_free", "_pending", "book", "figures", "rules", "site", "sku", "takes", "today")

    def __init__(self, book: Book, today: Day, rules: Rules, figures: Balance, free: Balance) -> None:
        """`figures` is what is known; `free` is what may be taken, which differs only where an amended line stands on a short book."""
        self.book = book
        self.sku = book.sku
        self.site = book.site
        self.today = today
        self.rules = rules
        self.figures = figures
        self.takes: list[tuple[Day, int, Micro]] = []
        self._free = free
        self._pending: dict[Day, Micro] = {}

    @property
    def free(self) -> Balance:
        """What may still be taken."""
        if self._pending:
            self._free = self._free.changed(self._pending)
            self._pending = {}
        return self._free

    def take(self, day: Day, quantity: Micro) -> int:
        """Take a quantity on a day; the answer names it for `pegs`."""
        number = len(self.takes)
        self.takes.append((day, number, quantity))
        self._pending[day] = self._pending.get(day, 0) - quantity
        return number

    def taken(self) -> bool:
        """Whether anything is."""
        return any(quantity for _, _, quantity in self.takes)

    def undo(self, number: int) -> None:
        """Give one take back; the numbers of the others stay."""
        day, _, quantity = self.takes[number]
        self.takes[number] = (day, number, 0)
        self._pending[day] = self._pending.get(day, 0) + quantity

    def give_back(self) -> None:
        """Undo every take: a whole plan was thrown away."""
        for day, _, quantity in self.takes:
            self._pending[day] = self._pending.get(day, 0) + quantity
        self.takes = []

    def pegs(self) -> list[tuple[Peg, ...]]:
        """What covers each take, by the number that `take` gave. Asked once, when the decision is complete."""
        if len(self.takes) == 1:
            day, _, quantity = self.takes[0]
            return [peg(self.book, self.figures, self.rules, quantity, day)]
        found: list[tuple[Peg, ...]] = [()] * len(self.takes)
        before = 0
        for day, number, quantity in sorted(self.takes):
            found[number] = peg(self.book, self.figures, self.rules, quantity, day, before)
            before += quantity
        return found


class Stand:
    """The books of one decision."""

    __slots__ = ("_owner", "_places", "_shelf")

    def __init__(self, shelf: Shelf, owner: str | None = None) -> None:
        """With `owner`, its claims are taken out first: they are what the decision replaces."""
        self._shelf = shelf
        self._owner = owner
        self._places: dict[tuple[str, str], Place | None] = {}

    def place(self, sku: str, site: str) -> Place | None:
        """The book of a sku at a site, or None when nothing is known of its supply."""
        key = (sku, site)
        if key in self._places:
            return self._places[key]
        book = self._shelf.book(sku, site)
        if book is None or not book.defined:
            self._places[key] = None
            return None
        today = self._shelf.today(site)
        rules = self._shelf.rules(sku, site)
        figures = balance(book, today, self._shelf.now, rules, self._owner)
        free = figures
        if self._owner is not None:
            free = allowance(balance(book, today, self._shelf.now, rules), figures)
        place = Place(book, today, rules, figures, free)
        self._places[key] = place
        return place

    def places(self, line: LineRequest) -> list[Place]:
        """The books from which a line may be served, in site order."""
        found = []
        for site in line.sites:
            place = self.place(line.sku, site)
            if place is not None:
                found.append(place)
        return found

    def read(self) -> frozenset[tuple[str, str]]:
        """Every book that was looked at, also where there was none."""
        return frozenset(self._places)

    def written(self) -> frozenset[tuple[str, str]]:
        """Every book that gets claims."""
        return frozenset(key for key, place in self._places.items() if place is not None and place.taken())

    def give_back(self) -> None:
        """Throw the plan away, keep what was read."""
        for place in self._places.values():
            if place is not None:
                place.give_back()


def allowance(before: Balance, without: Balance) -> Balance:
    """What an owner's new claims may take in place of its old ones, as a balance of its own.

    THE invariant asks for without(d) - new(d) >= min(0, before(d)) on every d; so the new claims are measured against
    without(d) - min(0, before(d)). Where the book is not short this is `without` itself, and where it is short the
    old claims, or less, or the same later, always fit.
    """
    if min(before.projected) >= 0:
        return without
    days = sorted({*before.days, *without.days})
    projected = tuple(without.projected_on(day) - min(0, before.projected_on(day)) for day in days)
    atp = list(projected)
    for at in range(len(atp) - 2, -1, -1):
        atp[at] = min(atp[at], atp[at + 1])
    return Balance(tuple(days), projected, tuple(atp))
