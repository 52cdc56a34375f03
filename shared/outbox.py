"""What will be said: events stand in the transaction that made them true, and a relay sends them later.

Columns are named as Debezium's outbox router expects (https://debezium.io/documentation/reference/transformations/outbox-event-router.html).
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Identity, Text, text
from sqlmodel import DateTime, Field, SQLModel

from shared.contracts.base import Contract
from shared.database import Session
from shared.migrations import Ddl


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened, in public words."""

    topic: str
    key: str
    """Events with one key stay in order."""
    type: str
    """`inventory.stock.position-changed.v1`."""
    subject: str
    """What it is about; usually the key."""
    data: Contract
    occurred_at: datetime
    traceparent: str | None = None
    partition: int | None = None
    """None: the key decides."""


class OutboxRow(SQLModel, table=True):
    """One event that waits to be sent, or was sent in the last 24 hours."""

    __tablename__ = "outbox"

    id: int | None = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    event_id: uuid.UUID
    """Given here, once: the `ce_id` of every copy that is ever sent."""
    aggregatetype: str = Field(sa_type=Text)
    aggregateid: str = Field(sa_type=Text)
    type: str = Field(sa_type=Text)
    subject: str = Field(sa_type=Text)
    payload: str = Field(sa_type=Text)
    occurred_at: datetime = Field(sa_type=DateTime(timezone=True))
    traceparent: str | None = Field(default=None, sa_type=Text)
    partition: int | None = None
    sent_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))


COLUMNS = ("event_id", "aggregatetype", "aggregateid", "type", "subject", "payload", "occurred_at", "traceparent", "partition")
INSERT_SQL = f"INSERT INTO outbox ({', '.join(COLUMNS)}) VALUES ({', '.join(f'${n}' for n in range(1, len(COLUMNS) + 1))})"
"""For asyncpg's `executemany` with rows from `as_row`."""


def as_row(event: Event) -> tuple[Any, ...]:
    """The event as the parameters of INSERT_SQL, with a new event id."""
    return (
        uuid.uuid4(),
        event.topic,
        event.key,
        event.type,
        event.subject,
        event.data.model_dump_json(),
        event.occurred_at,
        event.traceparent,
        event.partition,
    )


def append(session: Session, *events: Event) -> None:
    """Put events into this transaction, in this order. Call it while the lock on their entity is held: ids must follow commits."""
    session.add_all(OutboxRow(**dict(zip(COLUMNS, as_row(event), strict=True))) for event in events)


_INSERT_MANY = text(f"""
    INSERT INTO outbox ({", ".join(COLUMNS)})
    SELECT event_id, aggregatetype, aggregateid, type, subject, payload, occurred_at, traceparent, partition
      FROM unnest(CAST(:event_id AS uuid[]), CAST(:aggregatetype AS text[]), CAST(:aggregateid AS text[]), CAST(:type AS text[]),
                  CAST(:subject AS text[]), CAST(:payload AS text[]), CAST(:occurred_at AS timestamptz[]), CAST(:traceparent AS text[]),
                  CAST(:partition AS int[])) WITH ORDINALITY AS e ({", ".join(COLUMNS)}, place)
     ORDER BY place
""")


async def append_many(session: Session, events: Sequence[Event]) -> None:
    """The same as `append`, in one statement, however many there are."""
    if events:
        columns = zip(*(as_row(event) for event in events), strict=True)
        await session.execute(_INSERT_MANY, {name: list(values) for name, values in zip(COLUMNS, columns, strict=True)})


def create_tables(op: Ddl) -> None:
    """The outbox and what its relay remembers, for the first migration of every service that says something."""
    op.execute("""
        CREATE TABLE outbox (
            id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            event_id      uuid NOT NULL UNIQUE,
            aggregatetype text NOT NULL,
            aggregateid   text NOT NULL,
            type          text NOT NULL,
            subject       text NOT NULL,
            payload       text NOT NULL,
            occurred_at   timestamptz NOT NULL,
            traceparent   text,
            partition     int,
            sent_at       timestamptz
        )""")
    op.execute("CREATE INDEX outbox_unsent ON outbox (id) WHERE sent_at IS NULL")
    op.execute("CREATE INDEX outbox_sent_at ON outbox (sent_at) WHERE sent_at IS NOT NULL")
    op.execute("""
        CREATE TABLE relay_position (
            topic       text NOT NULL,
            partition   int NOT NULL,
            next_offset bigint NOT NULL,
            PRIMARY KEY (topic, partition)
        )""")
