"""What a supplier can still deliver on its terms, period by period (promising.md § 4; a supplier's period is a book).

    free(period) = capacity - live claims of plans due in it - open purchase orders due in it - what this decision has taken

The book of terms, `TERMS|%`, holds claims alone, each dated the day on which the goods are due; its capacity is a definition of
inventory's. Periods are counted from a Monday, 1 January of the year 1, so that seven days are a week. A real purchase order of the
supplier takes the place of the plan's claim: it is read from the book that it comes to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.quote.domain.calendar import THREE_YEARS
from services.quote.domain.capacity import Load, claimed_by_day
from services.quote.domain.entry import PERIOD, Part
from services.quote.domain.pegging import PURCHASE_ORDER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from services.quote.domain.book import Book
    from services.quote.domain.entry import Day, Micro
    from services.quote.domain.place import Place
    from services.quote.domain.sources import Buy


class Quota:
    """The periods of one supplier's terms, as one decision sees them."""

    __slots__ = ("_claimed", "taken")

    def __init__(self, book: Book | None, now: datetime, owner: str | None) -> None:
        """`book`: what is claimed on these terms; None while nothing ever was. The claims of `owner` are what the decision replaces."""
        self._claimed: dict[Day, Micro] = {} if book is None else claimed_by_day(book, 0, now, owner)
        self.taken: dict[Day, Micro] = {}

    def free(self, source: Buy, place: Place, day: Day) -> Micro:
        """What can still be delivered in the period of a day."""
        if source.capacity is None:
            raise LookupError(f"{source.ref} knows no periods")
        last = source.last_day_of_period(day)
        first = last - source.days_of_period + 1
        claimed = sum(quantity for at, quantity in (*self._claimed.items(), *self.taken.items()) if first <= at <= last)
        return max(0, source.capacity - claimed - _on_order(source, place, first, last))


def _on_order(source: Buy, place: Place, first: Day, last: Day) -> Micro:
    """What is on order from the supplier for the place, and due within the days."""
    return sum(quantity for day, quantity in on_order(place.book, source.supplier).items() if first <= day <= last)


def on_order(book: Book, supplier: str | None) -> dict[Day, Micro]:
    """What is on order from a supplier for a book, by due date."""
    found: dict[Day, Micro] = {}
    for one in book.of(Part.RECEIPT):
        detail = one.detail or {}
        if one.day is not None and detail.get("kind", PURCHASE_ORDER) == PURCHASE_ORDER and detail.get("supplier") == supplier:
            found[one.day] = found.get(one.day, 0) + one.quantity
    return found


def deliveries(source: Buy, place: Place, quota: Quota, quantity: Micro) -> Iterator[tuple[Day, Day, Load]]:
    """The orders that bring a quantity, period by period, as early as the supplier can: ordered on, due on, and what it takes.

    Each is a lot, and all together at least the quantity; what cannot be had within three years is not brought.
    """
    day = source.calendar.plus(place.today, source.lead_time_days)
    end = place.today + THREE_YEARS
    left = quantity
    while left > 0 and day is not None and day <= end:
        free = quota.free(source, place, day)
        whole = source.lot.rounded(left)
        part = whole if whole <= free else source.lot.within(free)
        if part > 0:
            ordered = source.calendar.minus(day, source.lead_time_days)
            yield max(place.today, ordered or place.today), day, Load(source.ref, day, part, 0, PERIOD)
            left -= part
        day = source.calendar.on_or_after(source.last_day_of_period(day) + 1)
