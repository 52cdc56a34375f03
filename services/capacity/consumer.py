"""What capacity hears: on inventory.stock.v1 which items there are, on capacity.updates.v1 what others tell us."""

from pydantic import BaseModel

from services.capacity.handlers.hear import go_on_from, hear_items, heard_offsets, know_items
from services.capacity.handlers.hear_updates import UPDATES_TOPIC, VOCABULARY
from shared.broker import Received
from shared.contracts.inventory import EVENTS, TOPIC, Heartbeat, ItemDefined
from shared.database import Database
from shared.projecting import Fenced
from shared.snapshots import SnapshotReader

HEARD = {name: model for name, model in EVENTS.items() if model in (ItemDefined, Heartbeat)}
SUBSCRIBES: dict[str, tuple[str, type[BaseModel]]] = {
    **{name: (TOPIC, model) for name, model in HEARD.items()},
    **VOCABULARY.messages(),
}
HEARS = (TOPIC, UPDATES_TOPIC)
PIECE = 500


class Items:
    """The projection of inventory's items: a component that is named must be one of them."""

    def __init__(self, database: Database, inventory: SnapshotReader) -> None:
        """`inventory` is asked only when the log no longer holds what was missed."""
        self._database = database
        self._inventory = inventory

    async def offsets(self) -> dict[int, int]:
        """The next offset per partition, as stored."""
        async with self._database.read() as session:
            return await heard_offsets(session)

    async def apply(self, partition: int, received: list[Received], expected_offset: int, next_offset: int) -> None:
        """Apply what was heard and move the offset, in one transaction. Raises Fenced when somebody else has moved it."""
        told = [event.data for event in received]
        if not await self._database.run(lambda session: hear_items(session, told, partition, expected_offset, next_offset)):
            raise Fenced

    async def resynchronise(self, ends: dict[int, int]) -> None:
        """Know every item of the owner's snapshot, and go on from the offsets that were read before it."""
        taken_at, offsets, items = await self._inventory.snapshot()
        piece: list[ItemDefined] = []
        async for item in items:
            if isinstance(item, ItemDefined):
                piece.append(item)
            if len(piece) >= PIECE:
                await self._know(piece)
                piece = []
        await self._know(piece)
        await self._database.run(lambda session: go_on_from(session, offsets or ends, taken_at))

    async def _know(self, piece: list[ItemDefined]) -> None:
        await self._database.run(lambda session: know_items(session, piece))
