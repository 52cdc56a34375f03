"""Tell the whole of what is known: positions with everything that hangs on them, for lists and for readers that start anew."""

from collections.abc import AsyncIterator, Sequence

from services.inventory import events, store
from services.inventory.domain.standing import Standing
from services.inventory.handlers.floor import Floor
from shared.contracts.base import EntityEvent
from shared.contracts.inventory import PositionChanged
from shared.database import Database, Session

PAGE = 500
UNKNOWN_DAYS = 7
"""So long a snapshot also tells of shipments for orders that quote has not told us of; topics are kept as long."""


async def standings_of(session: Session, remembered: Sequence[store.Remembered], *, unknown_days: int = 0) -> list[Standing]:
    """The positions with their receipts, requirements and shipments."""
    keys = [each.position.key for each in remembered]
    receipts = await store.list_receipts_at(session, keys)
    shipped = await store.list_shipped(session, keys, unknown_days=unknown_days)
    floor = Floor.of((each.position for each in remembered), receipts, shipped)
    return [floor.standing(key, everything=unknown_days > 0) for key in keys]


async def snapshot(database: Database) -> AsyncIterator[list[tuple[str, EntityEvent]]]:
    """Every entity, as its events carry it, page by page.

    Each page is a transaction of its own: a slow reader holds nothing up. What changes meanwhile has a higher revision and
    stands in the log behind the offsets that were read before.
    """
    for kind in events.DEFINED:
        after = ""
        while page := await _definitions(database, kind, after):
            yield [
                events.told(
                    definition.kind,
                    definition.id,
                    definition.body,
                    definition.revision,
                    definition.updated_at,
                    retired=definition.retired,
                )
                for definition in page
            ]
            after = page[-1].id
    after = ""
    while positions := await _positions(database, after):
        yield [(events.POSITION_CHANGED, said) for _, said in positions]
        after = positions[-1][0]


async def _definitions(database: Database, kind: str, after: str) -> list[store.Definition]:
    async with database.read() as session:
        return await store.list_definitions(session, kind, after=after, limit=PAGE, retired=True)


async def _positions(database: Database, after: str) -> list[tuple[str, PositionChanged]]:
    async with database.read() as session:
        page = await store.list_positions(session, after=after, limit=PAGE)
        standings = await standings_of(session, page, unknown_days=UNKNOWN_DAYS)
    return [
        (
            each.position.key.text,
            PositionChanged(
                revision=each.position.revision,
                occurred_at=each.changed_at,
                reason=each.reason,
                document=each.document,
                positions=(events.state_of(standing),),
                change=each.change,
            ),
        )
        for each, standing in zip(page, standings, strict=True)
    ]
