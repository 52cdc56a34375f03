"""What inventory hears: on quote.orders.v1 which order lines are still open, on inventory.updates.v1 what others tell us."""

from pydantic import BaseModel

from services.inventory.handlers.hear import hear_orders, heard_offsets, skip_to
from services.inventory.handlers.hear_updates import UPDATES_TOPIC, VOCABULARY
from shared.broker import Received
from shared.contracts.quote import EVENTS, ORDERS_TOPIC, OrderEvent
from shared.database import Database
from shared.projecting import Fenced

ORDERS = {name: (ORDERS_TOPIC, model) for name, model in EVENTS.items() if model is OrderEvent}
SUBSCRIBES: dict[str, tuple[str, type[BaseModel]]] = {**ORDERS, **VOCABULARY.messages()}
HEARS = (ORDERS_TOPIC, UPDATES_TOPIC)


class OpenLines:
    """The projection of quote's orders. It only decides what is repeated in our events, so a gap in it harms nobody."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def offsets(self) -> dict[int, int]:
        """The next offset per partition, as stored."""
        async with self._database.read() as session:
            return await heard_offsets(session)

    async def apply(self, partition: int, received: list[Received], expected_offset: int, next_offset: int) -> None:
        """Apply what was heard and move the offset, in one transaction. Raises Fenced when somebody else has moved it."""
        orders = [event.data for event in received if isinstance(event.data, OrderEvent)]
        moved = await self._database.run(lambda session: hear_orders(session, orders, partition, expected_offset, next_offset))
        if not moved:
            raise Fenced

    async def resynchronise(self, ends: dict[int, int]) -> None:
        """Go on from the end: inventory asks nobody, and lines that it misses are told of when something is shipped for them."""
        await self._database.run(lambda session: skip_to(session, ends))
