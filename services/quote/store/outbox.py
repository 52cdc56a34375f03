"""What will be said, written in the transaction that makes it true."""

from collections.abc import Sequence

from services.quote.store.bulk import insert, insert_sql
from services.quote.store.pool import Connection
from shared.outbox import COLUMNS, Event, as_row

_TYPES = {"event_id": "uuid", "occurred_at": "timestamptz", "partition": "int"}
_APPEND = insert_sql("outbox", {name: _TYPES.get(name, "text") for name in COLUMNS})


async def append(connection: Connection, events: Sequence[Event]) -> None:
    """Put events into this transaction's outbox, in this order, while the books they speak of are locked."""
    await insert(connection, _APPEND, [as_row(event) for event in events])
