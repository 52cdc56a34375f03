"""Facts with only what a test is about; everything else is unremarkable."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from services.inventory.domain.movement import Movement, Type
from services.inventory.domain.position import Key
from services.inventory.domain.receipt import Component, Kind, Order

HAM = Key("CHAIR", "HAM")
BER = Key("CHAIR", "BER")
LEGS = Key("LEG", "HAM")
DAY_ONE = datetime(2026, 11, 1, 8, tzinfo=UTC)
DUE = date(2026, 12, 1)


def at(hour: int) -> datetime:
    """Return the instant so many hours after the first one."""
    return DAY_ONE + timedelta(hours=hour)


def a_movement(type: Type, quantity: int = 1, *, key: Key = HAM, movement_id: str = "m", **fields: object) -> Movement:  # noqa: A002
    """Return a movement."""
    known = {"reason": "test", "document": "D-1", **fields}
    return Movement(movement_id, type, key.sku, key.site, Decimal(quantity), **known)  # type: ignore[arg-type]


def an_order(quantity: int = 10, *, kind: Kind = Kind.PURCHASE_ORDER, key: Key = HAM, **fields: object) -> Order:
    """Return a receipt's definition."""
    return Order(**{"kind": kind, "key": key, "quantity": Decimal(quantity), "due_date": DUE, **fields})  # type: ignore[arg-type]


def a_component(quantity: int, *, key: Key = LEGS, needed_date: date = DUE) -> Component:
    """Return what a production order takes from stock."""
    return Component(key, Decimal(quantity), needed_date)


def whole(*quantities: Decimal) -> tuple[int, ...]:
    """Return quantities as the whole numbers they are."""
    assert all(quantity == int(quantity) for quantity in quantities)
    return tuple(int(quantity) for quantity in quantities)
