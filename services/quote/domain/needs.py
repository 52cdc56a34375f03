"""What does supply itself wait for: which real orders take from which books (promising.md § 3)?

A production or transfer order of another system is a scheduled receipt of one book and a requirement of others: its components,
the minutes of its machines, the goods at the site that it comes from. Each entry names the order it belongs to, so the orders
behind a book, and the books behind an order, are found without looking at anything else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.quote.domain.entry import Part

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.quote.domain.entry import Entry


def order_behind(requirement: Entry) -> str | None:
    """The real order that a requirement belongs to; None where it is no order's."""
    detail = requirement.detail or {}
    owner: str | None = detail.get("owner")
    if owner is None:
        return None
    match detail.get("kind"):
        case "component":
            return owner.rsplit("#", 1)[0]
        case "outbound_transfer" | "load":
            return owner
    return None


class Needs:
    """Follows the entries of all books; `learn` alone changes it."""

    __slots__ = ("_requirements", "homes", "late")

    def __init__(self) -> None:
        """Nothing is known."""
        self.homes: dict[str, str] = {}
        """The book that an open receipt comes to, by its id."""
        self.late: set[str] = set()
        """Of these, those that are now expected later than they are due."""
        self._requirements: dict[str, set[tuple[str, str]]] = {}

    def learn(self, key: str, entries: Iterable[Entry]) -> None:
        """Take over what a book was told."""
        for entry in entries:
            if entry.part is Part.RECEIPT:
                self._learn_order(key, entry)
            elif entry.part is Part.REQUIREMENT and (order_id := order_behind(entry)) is not None:
                self._learn_requirement(key, entry, order_id)

    def _learn_order(self, key: str, order: Entry) -> None:
        if order.quantity:
            self.homes[order.ref] = key
        elif self.homes.get(order.ref) == key:
            del self.homes[order.ref]
        else:
            return  # it comes to another book by now
        if order.quantity and "expected" in (order.detail or {}):
            self.late.add(order.ref)
        else:
            self.late.discard(order.ref)

    def _learn_requirement(self, key: str, requirement: Entry, order_id: str) -> None:
        known = self._requirements.setdefault(order_id, set())
        if requirement.quantity:
            known.add((key, requirement.ref))
        else:
            known.discard((key, requirement.ref))
        if not known:
            del self._requirements[order_id]

    def of(self, order_id: str) -> frozenset[tuple[str, str]]:
        """What an order takes: the books, and the requirement in each."""
        return frozenset(self._requirements.get(order_id, ()))

    def books_of(self, order_id: str) -> set[str]:
        """The books that an order takes from."""
        return {key for key, _ in self._requirements.get(order_id, ())}
