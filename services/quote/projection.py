"""Supply events to entries: applied once, in order, through the door, with the offset in the same transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.quote.handlers.hear_supply import HearSupply, Progress
from services.quote.store import supply
from services.quote.store.pool import TOO_SLOW
from shared.contracts.inventory import TOPIC
from shared.projecting import Fenced

if TYPE_CHECKING:
    from services.quote.gateway import InventoryGateway
    from services.quote.ledger import Door
    from services.quote.store.pool import Pool
    from shared.broker import Received
    from shared.contracts.base import Contract

SNAPSHOT_PIECE = 200


class Supply:
    """What quote makes of `inventory.stock.v1`."""

    def __init__(self, pool: Pool, door: Door, inventory: InventoryGateway) -> None:
        """`inventory` is asked only when the log no longer holds what was missed."""
        self._pool = pool
        self._door = door
        self._inventory = inventory

    async def offsets(self) -> dict[int, int]:
        """The next offset per partition, as stored."""
        async with self._pool.connection() as connection:
            return await supply.list_offsets(connection, TOPIC)

    async def apply(self, partition: int, received: list[Received], expected_offset: int, next_offset: int) -> None:
        """One transaction, offset first; halved when a statement takes too long. Raises Fenced when somebody else has moved it."""
        change = HearSupply([event.data for event in received], Progress(partition, expected_offset, next_offset))
        try:
            if not await self._door.carry_out(change):
                raise Fenced
        except TOO_SLOW:
            if len(received) < 2:  # noqa: PLR2004 -- nothing to halve
                raise
            half = len(received) // 2
            middle = received[half].record.offset
            await self.apply(partition, received[:half], expected_offset, middle)
            await self.apply(partition, received[half:], middle, next_offset)

    async def resynchronise(self, ends: dict[int, int]) -> None:
        """Replace what we know by the owner's snapshot, and go on from the offsets that were read before it."""
        piece: list[Contract] = []
        taken_at, offsets, entities = await self._inventory.snapshot()
        async for entity in entities:
            piece.append(entity)
            if len(piece) >= SNAPSHOT_PIECE:
                await self._take(piece)
                piece = []
        if piece:
            await self._take(piece)
        async with self._pool.connection() as connection, connection.transaction():
            await supply.set_offsets(connection, TOPIC, offsets or ends, taken_at)

    async def _take(self, piece: list[Contract]) -> None:
        """A piece of a snapshot, halved when it takes longer than a statement may."""
        try:
            await self._door.carry_out(HearSupply(piece))
        except TOO_SLOW:
            if len(piece) < 2:  # noqa: PLR2004
                raise
            await self._take(piece[: len(piece) // 2])
            await self._take(piece[len(piece) // 2 :])
