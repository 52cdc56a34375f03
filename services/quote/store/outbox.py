"""What will be said, written in the transaction that makes it true."""

from collections.abc import Sequence

from services.quote.store.pool import Connection
from shared.outbox import INSERT_SQL, Event, as_row


async def append(connection: Connection, events: Sequence[Event]) -> None:
    """Put events into this transaction's outbox, in this order, while the books they speak of are locked."""
    await connection.executemany(INSERT_SQL, [as_row(event) for event in events])
