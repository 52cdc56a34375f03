"""Hear which order lines are still open, so that what was shipped for them is said with every change of their positions."""

from collections.abc import Sequence

from services.inventory import store
from services.inventory.domain.shipment import Line
from shared.contracts.quote import ORDERS_TOPIC, OrderEvent
from shared.database import Session

STILL_OPEN = frozenset({"confirmed", "partly_shipped"})


async def heard_offsets(session: Session) -> dict[int, int]:
    """How far the orders have been heard."""
    return await store.list_offsets(session, ORDERS_TOPIC)


async def hear_orders(session: Session, orders: Sequence[OrderEvent], partition: int, expected_offset: int, next_offset: int) -> bool:
    """Take over the state of their lines and move the offset with it; False, and nothing, when another process has moved it.

    An older revision than the known one changes nothing.
    """
    if not await store.move_offset(session, ORDERS_TOPIC, partition, expected_offset, next_offset):
        return False
    told = [(Line(order.order_id, line.line_ref), line.status in STILL_OPEN, order.revision) for order in orders for line in order.lines]
    await store.save_order_lines(session, told)
    return True


async def skip_to(session: Session, ends: dict[int, int]) -> None:
    """Go on from the end of the log. What was missed costs nothing but a shipment that is repeated in events, or not repeated."""
    await store.set_offsets(session, ORDERS_TOPIC, ends)
