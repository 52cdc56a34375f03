"""What if: the same question on books as they would be (promising.md § 10).

An assumption changes copies of the books that a decision looks at: a receipt more, late or lost, stock more or less,
capacity added or taken, a demand more. Nothing is written, and what was answered on it can never be committed to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from services.quote.domain.book import Book
from services.quote.domain.entry import RESOURCE, Entry, Part

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from services.quote.domain.allocation import Allocation
    from services.quote.domain.dates import Way
    from services.quote.domain.entry import Day, Micro
    from services.quote.domain.policy import Costs
    from services.quote.domain.request import Shelf
    from services.quote.domain.rules import Rules
    from services.quote.domain.sources import Source

_MICRO: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Assumption:
    """One thing that is taken to be otherwise.

    `receipt`: `quantity` of `sku` comes to `site` on `day`. `delay`: the receipt `ref` comes `days` later. `lost`: it never comes.
    `stock`: `quantity` more (or less) on hand. `capacity`: `quantity` minutes more (or less) of the resource `ref` on `day`.
    `demand`: somebody else takes `quantity` on `day`.
    """

    kind: str
    sku: str = ""
    site: str = ""
    ref: str = ""
    quantity: Micro = 0
    day: Day = 0
    days: int = 0


class AssumingShelf:
    """A shelf whose books are copies, changed by what is assumed; everything else as on the shelf beneath."""

    def __init__(self, shelf: Shelf, assumptions: Sequence[Assumption]) -> None:
        """The books beneath must not change while this one is in use."""
        self._shelf = shelf
        self._assumptions = assumptions
        self._books: dict[tuple[str, str], Book | None] = {}
        self.met: set[int] = set()
        """The places of the assumptions that changed a book which was looked at."""

    @property
    def now(self) -> datetime:
        """The instant of the decision."""
        return self._shelf.now

    def book(self, sku: str, site: str) -> Book | None:
        """The book as it would be, or None."""
        key = (sku, site)
        if key not in self._books:
            self._books[key] = self._assumed(sku, site)
        return self._books[key]

    def _assumed(self, sku: str, site: str) -> Book | None:
        standing = self._shelf.book(sku, site)
        entries = list(self._entries(sku, site, standing))
        if not entries:
            return standing
        book = Book(sku, site) if standing is None else standing.fork()
        book.apply(entries, book.version, self.now)
        return book

    def _entries(self, sku: str, site: str, book: Book | None) -> Iterator[Entry]:
        on_hand = 0 if book is None else book.on_hand
        moved: dict[str, Entry] = {}
        capacity = None if book is None else book.find(Part.CAPACITY, "")
        for number, assumption in enumerate(self._assumptions):
            ref = f"assumed/{number}"
            here = (assumption.sku, assumption.site) == (sku, site)
            if assumption.kind == "receipt" and here:
                yield Entry(Part.RECEIPT, ref, assumption.quantity, assumption.day, None, {"kind": "assumed_receipt"})
            elif assumption.kind == "demand" and here:
                yield Entry(Part.REQUIREMENT, ref, assumption.quantity, assumption.day)
            elif assumption.kind == "stock" and here:
                on_hand += assumption.quantity
                yield Entry(Part.STOCK, "", on_hand)
            elif assumption.kind in ("delay", "lost") and book is not None:
                receipt = moved.get(assumption.ref) or book.find(Part.RECEIPT, assumption.ref)
                if receipt is None:
                    continue
                quantity = 0 if assumption.kind == "lost" else receipt.quantity
                detail = dict(receipt.detail or {})
                if detail.get("expected") is not None:
                    detail["expected"] += assumption.days
                moved[receipt.ref] = Entry(Part.RECEIPT, receipt.ref, quantity, (receipt.day or 0) + assumption.days, None, detail)
                yield moved[receipt.ref]
            elif assumption.kind == "capacity" and site == RESOURCE and assumption.ref == sku and capacity is not None:
                capacity = _more_capacity(capacity, assumption)
                yield capacity
            else:
                continue
            self.met.add(number)

    def today(self, site: str) -> Day:
        """The civil date at the site."""
        return self._shelf.today(site)

    def rules(self, sku: str, site: str) -> Rules:
        """How dates are read there."""
        return self._shelf.rules(sku, site)

    def ways(self, sku: str, site: str, ship_to: str | None, customer: str | None) -> Sequence[Way]:
        """The ways of a sku from a site to a customer."""
        return self._shelf.ways(sku, site, ship_to, customer)

    def sources(self, sku: str, site: str) -> Sequence[Source]:
        """Where more of a sku at a site can come from."""
        return self._shelf.sources(sku, site)

    def costs(self, sku: str, site: str) -> Costs | None:
        """What lateness and handling of a sku at a site cost."""
        return self._shelf.costs(sku, site)

    def allocations(self, sku: str) -> Sequence[Allocation]:
        """The ceilings and floors of a sku."""
        return self._shelf.allocations(sku)

    def knows_class(self, name: str) -> bool:
        """Whether anybody has defined a class of demand."""
        return self._shelf.knows_class(name)

    def minutes_left(self, site: str) -> int:
        """Minutes until midnight at the site."""
        return self._shelf.minutes_left(site)


def _more_capacity(capacity: Entry, assumption: Assumption) -> Entry:
    """The capacity with minutes added to, or taken from, one day; never less than none."""
    detail: dict[str, Any] = dict(capacity.detail or {})
    days = dict(detail["days"])
    day = str(assumption.day)
    before = int(days.get(day, detail["weekly"][(assumption.day - 1) % 7]))
    days[day] = max(0, before + assumption.quantity // _MICRO)
    return Entry(Part.CAPACITY, "", 1, None, None, {**detail, "days": days})
