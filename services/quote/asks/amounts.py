"""Quantities of a request in the smallest unit."""

from decimal import Decimal


def micro(quantity: Decimal) -> int:
    """An accepted quantity in millionths: exact, since no quantity comes in with more than 6 decimals."""
    return int(quantity.scaleb(6))


def micro_of(quantity: float | str) -> int:
    """A quantity as a definition keeps it (a JSON number) in millionths."""
    return micro(Decimal(str(quantity)))
