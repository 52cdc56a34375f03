"""How are the updates of a topic taken over? In order, once each, with the offset in the same transaction; a refusal is a dead letter."""

from collections.abc import Awaitable, Callable, Sequence

from sqlalchemy import text

from shared.broker import Broker, Received
from shared.database import Database, Session
from shared.leadership import Leadership
from shared.outcomes import Refused
from shared.projecting import DeadLetters, Fenced, Projector
from shared.updates import Said, Update, UpdateRefusedError, Vocabulary

Take = Callable[[Session, Sequence[Update], str], Awaitable[list[Said]]]
"""Take these updates over for a caller; the feed's is `topic:<its name>`."""

_LIST = text("SELECT partition, next_offset FROM consumer_offset WHERE topic = :topic")
_LOCK = text("SELECT next_offset FROM consumer_offset WHERE topic = :topic AND partition = :partition FOR UPDATE")
_MOVE = text("""
    INSERT INTO consumer_offset (topic, partition, next_offset) VALUES (:topic, :partition, :next)
        ON CONFLICT (topic, partition) DO UPDATE SET next_offset = excluded.next_offset
""")


class UpdateFeed:
    """The projection of a topic that others write."""

    def __init__(self, database: Database, broker: Broker, topic: str, take: Take, wake: Callable[[], None]) -> None:
        """`wake` is called when something was taken over: there may be something to say."""
        self._database = database
        self._broker = broker
        self._topic = topic
        self._take = take
        self._wake = wake

    async def offsets(self) -> dict[int, int]:
        """The next offset per partition, as stored."""
        async with self._database.read() as session:
            return {row.partition: row.next_offset for row in (await session.execute(_LIST, {"topic": self._topic})).all()}

    async def apply(self, partition: int, received: list[Received], expected_offset: int, next_offset: int) -> None:
        """Take over what was heard and move the offset, in one transaction. Raises Fenced, or UpdateRefusedError for a refusal."""
        updates = [event.data for event in received if isinstance(event.data, Update)]
        await self._database.run(lambda session: self._transact(session, updates, partition, expected_offset, next_offset))
        self._wake()

    async def resynchronise(self, ends: dict[int, int]) -> None:
        """Go on with what the log still holds: nobody else keeps what others told us, and repeats are recognised by their ids."""
        beginnings = {**ends, **await self._broker.beginning_offsets(self._topic)}

        async def moving(session: Session) -> None:
            for partition, first in sorted(beginnings.items()):
                await session.execute(_MOVE, {"topic": self._topic, "partition": partition, "next": first})

        await self._database.run(moving)

    async def _transact(self, session: Session, updates: Sequence[Update], partition: int, expected: int, following: int) -> None:
        place = {"topic": self._topic, "partition": partition}
        stored = (await session.execute(_LOCK, place)).scalar_one_or_none()
        if (stored or 0) != expected:
            raise Fenced
        await session.execute(_MOVE, {**place, "next": following})
        if not updates:
            return
        for update, said in zip(updates, await self._take(session, updates, f"topic:{self._topic}"), strict=True):
            if isinstance(said.outcome, Refused):
                refused = said.outcome
                where = f"{refused.field}: " if refused.field else ""
                raise UpdateRefusedError(f"{update.type} {update.id} of {update.source}: {refused.code}: {where}{refused.message}")


def projector(
    service: str, database: Database, broker: Broker, vocabulary: Vocabulary, take: Take, wake: Callable[[], None], dead_letter_limit: int
) -> Projector:
    """What feeds a vocabulary's topic to `take`; run it beside the service's other tasks."""
    topic = vocabulary.topic
    return Projector(
        broker,
        topic,
        {},
        UpdateFeed(database, broker, topic, take, wake),
        Leadership(database.dsn, f"{service}:{topic}"),
        DeadLetters(broker, dead_letter_limit),
        read=vocabulary.of_record,
    )
