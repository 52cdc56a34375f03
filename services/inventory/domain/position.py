"""What is at a place: usable, blocked, kept back; and what a count or a movement does to it.

Rule of the count: on hand is the latest count plus every movement that occurred at or after it. So counts and
movements may become known in any order and lead to the same figure.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

ZERO = Decimal(0)
LIMIT = Decimal("999999999.999999")
"""9 integer and 6 decimal digits; a balance beyond it would not survive the journey through JSON."""


class Key(NamedTuple):
    """A sku at a site: the identity of a position."""

    sku: str
    site: str

    @property
    def text(self) -> str:
        """The key as topics and tables spell it."""
        return f"{self.sku}|{self.site}"


@dataclass(frozen=True, slots=True)
class Position:
    """One sku at one site. On hand is usable stock; what is blocked is not in it; both may be negative: a fact is a fact."""

    key: Key
    on_hand: Decimal = ZERO
    blocked: Decimal = ZERO
    safety_stock: Decimal = ZERO
    counted_at: datetime | None = None
    revision: int = 0


def instant_of(claimed: datetime | None, now: datetime) -> datetime:
    """When something took place: as claimed, and never after we heard of it (a sender's clock may run ahead)."""
    return now if claimed is None else min(claimed, now)


def counted_after(position: Position, occurred_at: datetime) -> bool:
    """Whether a later count already contains what occurred at that instant."""
    return position.counted_at is not None and occurred_at < position.counted_at


def move(position: Position, on_hand: Decimal, blocked: Decimal, occurred_at: datetime) -> Position:
    """Add to both stocks; on hand stays as it is when it was counted afterwards."""
    usable = ZERO if counted_after(position, occurred_at) else on_hand
    return replace(position, on_hand=position.on_hand + usable, blocked=position.blocked + blocked)


def count(position: Position, counted: Decimal, counted_at: datetime, moved_since: Decimal) -> Position:
    """Replace on hand by what was counted plus what moved at or after the count; a count older than the last one changes nothing."""
    if counted_after(position, counted_at):
        return position
    return replace(position, on_hand=counted + moved_since, counted_at=counted_at)


def within_limits(position: Position) -> bool:
    """Whether every figure can still be said exactly."""
    return abs(position.on_hand) <= LIMIT and abs(position.blocked) <= LIMIT and position.safety_stock <= LIMIT


def too_fine(quantity: Decimal, decimals: int) -> bool:
    """Whether the quantity has more digits behind the point than its item allows."""
    return quantity != quantity.quantize(Decimal(1).scaleb(-decimals))
