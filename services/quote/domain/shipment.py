"""What a shipment does to a line: facts are always booked (promising.md § 3).

    open = max(0, promised - shipped), delivery by delivery: those of the shipping site by pick day, then the others

in millionths of the item's unit. Nothing here refuses: what was shipped beyond the promise came from stock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from services.quote.domain.answer import Delivery
    from services.quote.domain.entry import Micro

CONFIRMED = "confirmed"
PARTLY_SHIPPED = "partly_shipped"
SHIPPED = "shipped"
CLOSED_SHORT = "closed_short"
CANCELLED = "cancelled"


def consume(deliveries: Sequence[Delivery], shipped_by_site: Mapping[str, Micro]) -> tuple[Micro, ...]:
    """What stays open of each delivery, as first promised, after everything that was shipped of the line.

    A shipment consumes the line's claims at its own site by date, then at its other sites by date. Shipped more than
    promised: nothing stays open, and the rest came from stock. Shipped less: the claim stays.
    """
    left = [delivery.quantity for delivery in deliveries]
    by_date = sorted(range(len(deliveries)), key=lambda at: (deliveries[at].pick_day, at))
    over: Micro = 0
    for site, shipped in shipped_by_site.items():
        rest = shipped
        for at in by_date:
            if deliveries[at].site == site and rest > 0:
                took = min(left[at], rest)
                left[at] -= took
                rest -= took
        over += max(0, rest)
    for at in by_date:
        took = min(left[at], over)
        left[at] -= took
        over -= took
    return tuple(left)


def line_status(quantity: Micro, shipped: Micro, *, closed: bool = False, cancelled: bool = False) -> str:
    """Where a line stands. What was shipped in full stays shipped, whatever was cancelled or closed later."""
    if shipped >= quantity > 0:
        return SHIPPED
    if cancelled:
        return CLOSED_SHORT if shipped > 0 else CANCELLED
    if closed:
        return CLOSED_SHORT
    return PARTLY_SHIPPED if shipped > 0 else CONFIRMED


def order_status(lines: Iterable[str]) -> str:
    """Where an order stands: open as long as a line is; cancelled lines do not count beside others."""
    kinds = set(lines)
    alive = kinds - {CANCELLED}
    if not alive:
        return CANCELLED
    if alive == {SHIPPED}:
        return SHIPPED
    if alive <= {SHIPPED, CLOSED_SHORT}:
        return CLOSED_SHORT
    return CONFIRMED if alive == {CONFIRMED} else PARTLY_SHIPPED
