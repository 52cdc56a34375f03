"""What could not be read or applied: see it, send it again once the cause is repaired, or drop it with a reason.

The letters lie on the `.dead` topics, as they came; what was done about each stands in the database, so the list shows what is open.
"""

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Depends, Path, Query, Request
from pydantic import BaseModel
from sqlalchemy import text

from shared.access import Caller, Scope, caller_with
from shared.broker import DEAD, Broker, BrokerError, Message, NoSuchTopic, Record
from shared.contracts.base import Instant
from shared.database import Database, Session
from shared.migrations import Ddl
from shared.paging import Cursor, Limit, Page, decode_cursor, encode_cursor
from shared.problems import conflict, not_found, unavailable
from shared.quantities import Note, RequestModel

PREVIEW_BYTES = 2000
LOOK_SECONDS = 10.0
"""So long a list is looked for; what was not reached by then is on the next page."""
_POLL_SECONDS = 0.3
_OURS = ("dead_topic", "dead_partition", "dead_offset", "dead_reason", "dead_at", "dead_by")

_HANDLED = text("""
    SELECT partition, record, written_at FROM dead_letter
     WHERE topic = :topic AND (partition, record) IN (SELECT * FROM unnest(CAST(:partitions AS int[]), CAST(:records AS bigint[])))
""")
_FIND = text("""
    SELECT status, reason, caller, acted_at FROM dead_letter
     WHERE topic = :topic AND partition = :partition AND record = :record AND written_at = :written_at
""")
_ACT = text("""
    INSERT INTO dead_letter (topic, partition, record, written_at, status, reason, caller)
    VALUES (:topic, :partition, :record, :written_at, :status, :reason, :caller)
        ON CONFLICT DO NOTHING
    RETURNING acted_at
""")

Status = Literal["open", "replayed", "dropped"]


class DeadLetter(BaseModel):
    """A record that could not be read or applied."""

    id: str
    topic: str
    """Where it came from, and where a replay sends it."""
    partition: int | None
    offset: int | None
    """Where it stood there."""
    reason: str
    dead_at: Instant | None
    key: str | None
    headers: dict[str, str]
    payload: str | None
    """As text; null when it is none, then see `payload_base64`."""
    payload_base64: str | None = None
    truncated: bool = False
    """A list shows the beginning; read the letter itself for the whole."""
    status: Status = "open"
    acted_at: Instant | None = None
    acted_by: str | None = None
    acted_because: str | None = None
    replayed: bool = False
    """The same had been done before; this is what was done then."""


class DropBody(RequestModel):
    """Why it is not needed."""

    reason: Annotated[Note, Body(min_length=1)]


class ReplayBody(RequestModel):
    """What was repaired, if one wants to say."""

    reason: Note | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a letter lies."""

    topic: str
    partition: int
    offset: int

    @property
    def id(self) -> str:
        return f"{self.topic}:{self.partition}:{self.offset}"


_EXAMPLE = {
    "id": "inventory.updates.v1:0:3", "topic": "inventory.updates.v1", "partition": 1, "offset": 4711,
    "reason": "UNKNOWN_TYPE: /type: 'stok-set' is none of stock-set, …", "dead_at": "2026-11-21T10:42:07Z", "key": "SKU-77|HAM",
    "headers": {"ce_type": "stok-set", "ce_id": "17", "ce_source": "/wms"}, "payload": "{}", "payload_base64": None, "truncated": False,
    "status": "open", "acted_at": None, "acted_by": None, "acted_because": None, "replayed": False,
}  # fmt: skip


def router(topics: Sequence[str], scope: Scope) -> APIRouter:
    """The calls, for the dead letters of the topics that a service hears; for keys with `scope` or `admin`."""
    routes = APIRouter(prefix="/v1/dead-letters")
    operator = Depends(caller_with(scope, Scope.ADMIN))
    answers: dict[int | str, dict[str, Any]] = {200: {"content": {"application/json": {"example": _EXAMPLE}}}}
    listed: dict[int | str, dict[str, Any]] = {
        200: {"content": {"application/json": {"example": {"data": [_EXAMPLE], "next_cursor": None}}}}
    }

    @routes.get("", dependencies=[operator], responses=listed)
    async def list_dead_letters(
        request: Request,
        topic: Annotated[str | None, Query(max_length=200, description="Only those that came on this topic.")] = None,
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> Page[DeadLetter]:
        """List the letters that are open, the oldest of each topic first."""
        start = _start(cursor)
        wanted = [each for each in sorted(topics) if topic in (None, each) and (start is None or each >= start.topic)]
        try:
            return await _page(request, wanted, start, limit)
        except BrokerError as error:
            raise _away() from error

    @routes.get("/{letter_id}", dependencies=[operator], responses=answers)
    async def get_dead_letter(request: Request, letter_id: Annotated[str, Path(max_length=300)]) -> DeadLetter:
        """Read one letter whole, and what was done about it."""
        place, record = await _letter(request, topics, letter_id)
        database: Database = request.app.state.database
        async with database.read() as session:
            return await _with_deed(session, place, record)

    @routes.post("/{letter_id}/replay", responses=answers)
    async def replay_dead_letter(
        request: Request,
        caller: Annotated[Caller, operator],
        letter_id: Annotated[str, Path(max_length=300)],
        body: Annotated[ReplayBody | None, Body(examples=[{"reason": "PO-552 is defined now"}])] = None,
    ) -> DeadLetter:
        """Send the letter again as it came, to the end of its topic. Twice is once; fails it again, it is a new letter."""
        place, record = await _letter(request, topics, letter_id)
        return await _act(request, place, record, "replayed", caller, body.reason if body else None)

    @routes.post("/{letter_id}/drop", responses=answers)
    async def drop_dead_letter(
        request: Request,
        caller: Annotated[Caller, operator],
        letter_id: Annotated[str, Path(max_length=300)],
        body: Annotated[DropBody, Body(examples=[{"reason": "sent twice by mistake"}])],
    ) -> DeadLetter:
        """Close the letter without sending it again. It stays on its topic as long as that keeps it."""
        place, record = await _letter(request, topics, letter_id)
        return await _act(request, place, record, "dropped", caller, body.reason)

    return routes


async def _page(request: Request, topics: Sequence[str], start: _Place | None, limit: int) -> Page[DeadLetter]:
    """The open letters of these topics, from a place on."""
    broker: Broker = request.app.state.broker
    database: Database = request.app.state.database
    found: list[DeadLetter] = []
    until = time.monotonic() + LOOK_SECONDS
    for topic in topics:
        async for records in _records(broker, topic, start if start and start.topic == topic else None):
            handled = await _handled(database, topic, records)
            for record in records:
                if len(found) == limit or time.monotonic() > until:
                    return Page(data=found, next_cursor=encode_cursor([topic, record.partition, record.offset]))
                if (record.partition, record.offset, record.timestamp) not in handled and _is_ours(record, broker):
                    found.append(_view(topic, record, PREVIEW_BYTES))
    return Page(data=found, next_cursor=None)


async def _act(request: Request, place: _Place, record: Record, status: Status, caller: Caller, reason: str | None) -> DeadLetter:
    """Note what is done, do it, commit. A crash in between leaves the letter open: who replays it again harms nobody."""
    database: Database = request.app.state.database
    broker: Broker = request.app.state.broker
    async with database.transaction() as session:
        values = {**_values(place, record), "status": status, "reason": reason, "caller": caller.id}
        mine = (await session.execute(_ACT, values)).one_or_none() is not None
        told = await _with_deed(session, place, record)
        if not mine:
            if told.status != status:
                raise conflict("ALREADY_HANDLED", f"This letter was {told.status} by {told.acted_by}.", dead_letter_status=told.status)
            return told.model_copy(update={"replayed": True})
        if status == "replayed":
            try:
                async with asyncio.timeout(4):
                    await broker.send([_message(place.topic, record)])
            except (BrokerError, TimeoutError) as error:
                raise _away() from error
    return told


def _message(topic: str, record: Record) -> Message:
    headers = [(name, value) for name, value in record.headers if name not in _OURS]
    return Message(topic, record.key, record.value, headers)


async def _records(broker: Broker, topic: str, start: _Place | None) -> AsyncIterator[list[Record]]:
    """The letters of a topic, by partition and in order, from a place on."""
    dead = topic + DEAD
    try:
        beginnings, ends = await broker.beginning_offsets(dead), await broker.end_offsets(dead)
    except NoSuchTopic:
        return
    for partition in sorted(ends):
        if start is not None and partition < start.partition:
            continue
        first = start.offset if start is not None and partition == start.partition else 0
        at = max(first, beginnings[partition])
        if at >= ends[partition]:
            continue
        async with await broker.reader(dead, {partition: at}) as reader:
            silent = 0
            while at < ends[partition] and silent < LOOK_SECONDS / _POLL_SECONDS:
                records = [each for each in (await reader.poll(_POLL_SECONDS)).get(partition, []) if each.offset < ends[partition]]
                silent = 0 if records else silent + 1
                if records:
                    at = records[-1].offset + 1
                    yield records


async def _letter(request: Request, topics: Sequence[str], letter_id: str) -> tuple[_Place, Record]:
    """The letter of this id, or 404."""
    topic, _, rest = letter_id.partition(":")
    partition, _, offset = rest.partition(":")
    unknown = not_found("UNKNOWN_DEAD_LETTER", "There is no such letter, or not any more.")
    if topic not in topics or not (_is_small(partition) and _is_small(offset)):
        raise unknown
    place = _Place(topic, int(partition), int(offset))
    broker: Broker = request.app.state.broker
    try:
        async for records in _records(broker, topic, place):
            if (records[0].partition, records[0].offset) == (place.partition, place.offset):
                return place, records[0]
            break
    except BrokerError as error:
        raise _away() from error
    raise unknown


def _is_small(digits: str) -> bool:
    return digits.isascii() and digits.isdigit() and len(digits) <= 15  # noqa: PLR2004 -- more than any log holds


def _start(cursor: str | None) -> _Place | None:
    if cursor is None:
        return None
    topic, partition, offset = decode_cursor(cursor, str, int, int)
    return _Place(str(topic or ""), max(0, int(str(partition or 0))), max(0, int(str(offset or 0))))


def _is_ours(record: Record, broker: Broker) -> bool:
    """Several services may hear one topic; each looks after what it could not take itself."""
    by = dict(record.headers).get("dead_by")
    return by is None or by.decode(errors="replace") == broker.client_id


async def _handled(database: Database, topic: str, records: Sequence[Record]) -> set[tuple[int, int, int]]:
    values = {
        "topic": topic,
        "partitions": [record.partition for record in records],
        "records": [record.offset for record in records],
    }
    async with database.read() as session:
        return {(row.partition, row.record, row.written_at) for row in (await session.execute(_HANDLED, values)).all()}


async def _with_deed(session: Session, place: _Place, record: Record) -> DeadLetter:
    letter = _view(place.topic, record, None)
    row = (await session.execute(_FIND, _values(place, record))).one_or_none()
    if row is None:
        return letter
    deed = {"status": row.status, "acted_at": row.acted_at, "acted_by": row.caller, "acted_because": row.reason}
    return letter.model_copy(update=deed)


def _values(place: _Place, record: Record) -> dict[str, Any]:
    """`written_at` tells letters apart when the topic was made anew and offsets begin again."""
    return {"topic": place.topic, "partition": place.partition, "record": place.offset, "written_at": record.timestamp}


def _view(topic: str, record: Record, preview: int | None) -> DeadLetter:
    said = {name: value.decode(errors="replace") for name, value in record.headers if name in _OURS}
    payload = record.value
    shown = payload if payload is None or preview is None else payload[:preview]
    words = _text(shown, truncated=shown != payload)
    return DeadLetter(
        id=_Place(topic, record.partition, record.offset).id,
        topic=topic,
        partition=_number(said.get("dead_partition")),
        offset=_number(said.get("dead_offset")),
        reason=said.get("dead_reason", "not said"),
        dead_at=_instant(said.get("dead_at")) or datetime.fromtimestamp(record.timestamp / 1000, UTC),
        key=None if record.key is None else record.key.decode(errors="replace"),
        headers={name: value.decode(errors="replace") for name, value in record.headers if name not in _OURS},
        payload=words,
        payload_base64=base64.b64encode(shown).decode() if shown is not None and words is None else None,
        truncated=shown != payload,
    )


def _text(payload: bytes | None, *, truncated: bool) -> str | None:
    if payload is None:
        return None
    try:
        return payload.decode(errors="ignore" if truncated else "strict")
    except UnicodeDecodeError:
        return None


def _number(words: str | None) -> int | None:
    return int(words) if words is not None and _is_small(words) else None


def _instant(words: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(words or "")
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _away() -> Exception:
    return unavailable("BROKER_UNAVAILABLE", "The dead letters cannot be reached just now; try again.", retry_after=2)


def create_tables(op: Ddl) -> None:
    """What was done about dead letters, for a migration of every service that hears something."""
    op.execute("""
        CREATE TABLE dead_letter (
            topic      text NOT NULL,
            partition  int NOT NULL,
            record     bigint NOT NULL,
            written_at bigint NOT NULL,
            status     text NOT NULL CHECK (status IN ('replayed', 'dropped')),
            reason     text,
            caller     text NOT NULL,
            acted_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
            PRIMARY KEY (topic, partition, record, written_at)
        )""")
