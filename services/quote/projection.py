"""Events of supply and of capacity to entries: applied once, in order, through the door, with the offset in the same transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.quote.handlers.hear_supply import Progress
from services.quote.store import supply
from services.quote.store.pool import TOO_SLOW
from shared.projecting import Fenced

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from services.quote.ledger import Change, Door
    from services.quote.store.pool import Pool
    from shared.broker import Received
    from shared.contracts.base import Contract
    from shared.snapshots import SnapshotReader

    Hear = Callable[[Sequence[Contract], Progress | None], Change]

SNAPSHOT_PIECE = 200


class Projection:
    """What quote makes of one topic."""

    def __init__(self, topic: str, hear: Hear, pool: Pool, door: Door, owner: SnapshotReader) -> None:
        """`hear` makes the change of a run of events; `owner` is asked only when the log no longer holds what was missed."""
        self._topic = topic
        self._hear = hear
        self._pool = pool
        self._door = door
        self._owner = owner

    async def offsets(self) -> dict[int, int]:
        """The next offset per partition, as stored."""
        async with self._pool.connection() as connection:
            return await supply.list_offsets(connection, self._topic)

    async def apply(self, partition: int, received: list[Received], expected_offset: int, next_offset: int) -> None:
        """One transaction, offset first; halved when a statement takes too long. Raises Fenced when somebody else has moved it."""
        change = self._hear([event.data for event in received], Progress(partition, expected_offset, next_offset))
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
        taken_at, offsets, entities = await self._owner.snapshot()
        async for entity in entities:
            piece.append(entity)
            if len(piece) >= SNAPSHOT_PIECE:
                await self._take(piece)
                piece = []
        if piece:
            await self._take(piece)
        async with self._pool.connection() as connection, connection.transaction():
            await supply.set_offsets(connection, self._topic, offsets or ends, taken_at)

    async def _take(self, piece: list[Contract]) -> None:
        """A piece of a snapshot, halved when it takes longer than a statement may."""
        try:
            await self._door.carry_out(self._hear(piece, None))
        except TOO_SLOW:
            if len(piece) < 2:  # noqa: PLR2004
                raise
            await self._take(piece[: len(piece) // 2])
            await self._take(piece[len(piece) // 2 :])
