"""Everything there is to say about one position at one moment."""

from dataclasses import dataclass

from services.inventory.domain.position import Position
from services.inventory.domain.receipt import Receipt
from services.inventory.domain.shipment import Shipped


@dataclass(frozen=True, slots=True)
class Standing:
    """A position with what it waits for, what is required of it, and what has left it for order lines that matter now."""

    position: Position
    receipts: tuple[Receipt, ...] = ()
    """Every receipt that brings or takes something here, by id."""
    shipped: tuple[Shipped, ...] = ()
    """Lines that are open, and the one that has just changed."""
