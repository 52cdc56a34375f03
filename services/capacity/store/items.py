"""Which items inventory has defined, and how far its topic has been heard."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import text

from shared.database import Session

_ADD = text("INSERT INTO known_item (sku) SELECT name FROM unnest(CAST(:skus AS text[])) AS named(name) ON CONFLICT DO NOTHING")
_REMOVE = text("DELETE FROM known_item WHERE sku = ANY(CAST(:skus AS text[]))")
_FIND = text("SELECT sku FROM known_item WHERE sku = ANY(CAST(:skus AS text[]))")
_LIST = text("SELECT partition, next_offset, as_of FROM consumer_offset WHERE topic = :topic")
_SEED = text("""
    INSERT INTO consumer_offset (topic, partition, next_offset) VALUES (:topic, :partition, 0) ON CONFLICT DO NOTHING
""")
_ADVANCE = text("""
    UPDATE consumer_offset SET next_offset = :next, as_of = greatest(as_of, CAST(:as_of AS timestamptz))
     WHERE topic = :topic AND partition = :partition AND next_offset = :expected
    RETURNING 1
""")
_SET = text("""
    INSERT INTO consumer_offset (topic, partition, next_offset, as_of) VALUES (:topic, :partition, :next, CAST(:as_of AS timestamptz))
        ON CONFLICT (topic, partition) DO UPDATE SET next_offset = excluded.next_offset, as_of = excluded.as_of
""")


async def add_items(session: Session, skus: Iterable[str]) -> None:
    """Know them from now on, in one order for everybody."""
    await session.execute(_ADD, {"skus": sorted(set(skus))})


async def remove_items(session: Session, skus: Iterable[str]) -> None:
    """Know them no longer."""
    await session.execute(_REMOVE, {"skus": sorted(skus)})


async def find_items(session: Session, skus: Iterable[str]) -> set[str]:
    """Those of the skus that are known."""
    return {row.sku for row in (await session.execute(_FIND, {"skus": sorted(skus)})).all()}


async def list_offsets(session: Session, topic: str) -> dict[int, int]:
    """The next offset of every partition that was ever read."""
    return {row.partition: row.next_offset for row in (await session.execute(_LIST, {"topic": topic})).all()}


async def list_heard(session: Session, topic: str) -> dict[int, datetime | None]:
    """Per partition, up to which instant everything has been heard."""
    return {row.partition: row.as_of for row in (await session.execute(_LIST, {"topic": topic})).all()}


async def move_offset(session: Session, topic: str, partition: int, expected: int, following: int, as_of: datetime | None) -> bool:
    """Compare and set; False when somebody else has moved it. One that was never stored counts as 0."""
    if expected == 0:
        await session.execute(_SEED, {"topic": topic, "partition": partition})
    values = {"topic": topic, "partition": partition, "expected": expected, "next": following, "as_of": as_of}
    moved = await session.execute(_ADVANCE, values)
    return moved.one_or_none() is not None


async def set_offsets(session: Session, topic: str, ends: dict[int, int], as_of: datetime | None) -> None:
    """Go on from here, wherever we were."""
    for partition, following in sorted(ends.items()):
        await session.execute(_SET, {"topic": topic, "partition": partition, "next": following, "as_of": as_of})
