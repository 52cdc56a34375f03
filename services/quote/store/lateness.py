"""How late what was ordered really came: an append-only history, and per source what each lateness counts by now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.quote.domain.chance import weighed
from services.quote.store import supply
from services.quote.store.pool import Connection
from services.quote.store.supply import Definition

KIND = "lateness"
LATELY = 500
"""Observations of one source that are looked at: what lies further back would count next to nothing."""


@dataclass(slots=True, frozen=True)
class Lateness:
    """A due date that was told of a receipt, and the civil day on which the last of it came."""

    source: str
    book_key: str
    receipt_id: str
    due_day: int
    arrived_day: int


async def add(connection: Connection, observed: Sequence[Lateness]) -> None:
    """Append what was seen, and tell every board, by a definition per source, what each lateness counts by now."""
    sources = sorted({one.source for one in observed})
    for source in sources:
        await supply.lock_definition(connection, KIND, source)  # before the numbers are drawn: the last one is the newest state
    await connection.executemany(
        """INSERT INTO lateness (source, book_key, receipt_id, due_date, arrived_on, days_late)
           VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING""",
        [
            (one.source, one.book_key, one.receipt_id, date.fromordinal(one.due_day), date.fromordinal(one.arrived_day),
             one.arrived_day - one.due_day)
            for one in observed
        ],
    )  # fmt: skip
    for source in sources:
        last = await connection.fetchval("SELECT max(seq) FROM lateness WHERE source = $1", source)
        rows = await connection.fetch("SELECT days_late FROM lateness WHERE source = $1 ORDER BY seq DESC LIMIT $2", source, LATELY)
        counts = weighed([row["days_late"] for row in rows])
        state = {KIND: source, "observed": {str(days): round(weight, 6) for days, weight in counts.items()}, "revision": last}
        await supply.save_definitions(connection, [Definition(KIND, source, last, state)])
