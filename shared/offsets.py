"""How far each topic that we hear has been applied."""

from sqlalchemy import text

from shared.database import Session

_LIST = text("SELECT partition, next_offset FROM consumer_offset WHERE topic = :topic")
_MOVE = text("""
    INSERT INTO consumer_offset AS o (topic, partition, next_offset) VALUES (:topic, :partition, :next)
        ON CONFLICT (topic, partition) DO UPDATE SET next_offset = excluded.next_offset WHERE o.next_offset = :expected
    RETURNING 1
""")
_SET = text("""
    INSERT INTO consumer_offset (topic, partition, next_offset) VALUES (:topic, :partition, :next)
        ON CONFLICT (topic, partition) DO UPDATE SET next_offset = excluded.next_offset
""")


async def list_offsets(session: Session, topic: str) -> dict[int, int]:
    """The next offset of every partition that was ever read."""
    return {row.partition: row.next_offset for row in (await session.execute(_LIST, {"topic": topic})).all()}


async def move_offset(session: Session, topic: str, partition: int, expected: int, following: int) -> bool:
    """Compare and set; False when somebody else has moved it. One that was never stored counts as 0."""
    known = (await list_offsets(session, topic)).get(partition, 0)
    if known != expected:
        return False
    values = {"topic": topic, "partition": partition, "expected": expected, "next": following}
    return (await session.execute(_MOVE, values)).one_or_none() is not None


async def set_offsets(session: Session, topic: str, ends: dict[int, int]) -> None:
    """Go on from here, wherever we were."""
    for partition, following in sorted(ends.items()):
        await session.execute(_SET, {"topic": topic, "partition": partition, "next": following})
