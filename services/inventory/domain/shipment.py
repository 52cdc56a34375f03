"""How much has left a position for one order line, in total, since ever."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from services.inventory.domain.position import ZERO


class Line(NamedTuple):
    """An order line, as the seller names it."""

    order_id: str
    line_ref: str


@dataclass(frozen=True, slots=True)
class Shipped:
    """The running total of one order line at one position. Totals, not steps, so that hearing it twice counts it once."""

    line: Line
    quantity: Decimal = ZERO
    closed: bool = False
    """What has not been shipped will not be."""
    last_shipped_at: datetime | None = None
    is_open: bool = False
    """Known to be waiting for more: it is said with every change of the position."""


def ship(shipped: Shipped, quantity: Decimal, occurred_at: datetime, *, closes: bool) -> Shipped:
    """Add a shipment to the line. Once closed it stays closed, whatever order the facts arrive in."""
    latest = occurred_at if shipped.last_shipped_at is None else max(shipped.last_shipped_at, occurred_at)
    return replace(shipped, quantity=shipped.quantity + quantity, closed=shipped.closed or closes, last_shipped_at=latest)
