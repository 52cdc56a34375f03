"""What notifier hears: on quote.risk.v1 which promises are in danger, on quote.orders.v1 which order lines are over."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

from services.notifier.handlers.hear import hear_dangers, hear_orders, heard_offsets, know_dangers, know_orders, skip_to
from shared.broker import Received
from shared.contracts.base import Contract
from shared.contracts.quote import EVENTS, ORDERS_TOPIC, RISK_TOPIC, OrderEvent, PromiseRisk, UnmatchedShipment
from shared.database import Database, Session
from shared.projecting import Fenced
from shared.snapshots import SnapshotReader

DANGERS = {name: (RISK_TOPIC, model) for name, model in EVENTS.items() if model in (PromiseRisk, UnmatchedShipment)}
ORDERS = {name: (ORDERS_TOPIC, model) for name, model in EVENTS.items() if model is OrderEvent}
PIECE = 200
SUBSCRIBES = {**DANGERS, **ORDERS}


class _Ear:
    """What both projections have in common. `heard` is called after each commit: there may be something to send."""

    topic: str

    def __init__(self, database: Database, gather: timedelta, heard: Callable[[], None], owner: SnapshotReader) -> None:
        """`owner` is quote, asked only when the log no longer holds what was missed."""
        self._database = database
        self._owner = owner
        self._gather = gather
        self._heard = heard

    async def offsets(self) -> dict[int, int]:
        """The next offset per partition, as stored."""
        async with self._database.read() as session:
            return await heard_offsets(session, self.topic)

    async def resynchronise(self, ends: dict[int, int]) -> None:
        """Take over quote's snapshot, in which everything that is open stands, and go on from the offsets that were read before it."""
        _, offsets, told = await self._owner.told()
        piece: list[tuple[str, Contract]] = []
        async for one in told:
            piece.append(one)
            if len(piece) >= PIECE:
                await self._know(piece)
                piece = []
        await self._know(piece)
        await self._database.run(lambda session: skip_to(session, self.topic, offsets or ends))
        self._heard()

    async def _know(self, piece: Sequence[tuple[str, Contract]]) -> None:
        """A piece of the snapshot, in one transaction."""
        raise NotImplementedError

    async def _apply(self, work: Callable[[Session], Awaitable[bool]]) -> None:
        if not await self._database.run(work):
            raise Fenced
        self._heard()


class Dangers(_Ear):
    """The projection of quote's risk."""

    topic = RISK_TOPIC

    async def apply(self, partition: int, received: list[Received], expected_offset: int, next_offset: int) -> None:
        """Apply what was heard and move the offset, in one transaction. Raises Fenced when somebody else has moved it."""
        told = [(event.type, event.data) for event in received if isinstance(event.data, PromiseRisk | UnmatchedShipment)]
        await self._apply(lambda session: hear_dangers(session, told, partition, expected_offset, next_offset, self._gather))

    async def _know(self, piece: Sequence[tuple[str, Contract]]) -> None:
        told = [(kind, data) for kind, data in piece if isinstance(data, PromiseRisk | UnmatchedShipment)]
        await self._database.run(lambda session: know_dangers(session, told, self._gather))


class Orders(_Ear):
    """The projection of quote's orders."""

    topic = ORDERS_TOPIC

    async def apply(self, partition: int, received: list[Received], expected_offset: int, next_offset: int) -> None:
        """Apply what was heard and move the offset, in one transaction. Raises Fenced when somebody else has moved it."""
        orders = [event.data for event in received if isinstance(event.data, OrderEvent)]
        await self._apply(lambda session: hear_orders(session, orders, partition, expected_offset, next_offset, self._gather))

    async def _know(self, piece: Sequence[tuple[str, Contract]]) -> None:
        orders = [data for _, data in piece if isinstance(data, OrderEvent)]
        await self._database.run(lambda session: know_orders(session, orders, self._gather))
