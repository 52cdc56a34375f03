"""What others tell us as events: CloudEvents on a topic or over HTTP, each counted once by its sender's id.

An update has the body of the HTTP call and says by its type which one: `stock-set`, or in full `inventory.updates.stock-set.v1`.
"""

import base64
import binascii
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import text

from shared import bodies
from shared.broker import Received, Record, Unreadable
from shared.contracts.base import Contract
from shared.database import Session
from shared.migrations import Ddl
from shared.outcomes import Outcome, Refused, Taken
from shared.problems import pointer_to

KEEP_DAYS = 30
MAX_ID_LENGTH = 255
_MOST_ERRORS = 5
_STRUCTURED = "application/cloudevents+json"
_ENVELOPE = frozenset({"specversion", "type", "id", "source", "subject", "time", "datacontenttype", "dataschema", "partitionkey"})

_FORGET = text(f"""
    DELETE FROM update_taken WHERE (source, id) IN (
        SELECT source, id FROM update_taken WHERE taken_at < clock_timestamp() - interval '{KEEP_DAYS} days'
         ORDER BY taken_at LIMIT :limit FOR UPDATE SKIP LOCKED)
""")
"""As many as come, and a few more: the table needs no sweeper."""
_CLAIM = text("""
    INSERT INTO update_taken (source, id, digest)
    SELECT source, id, decode(digest, 'hex')
      FROM unnest(CAST(:sources AS text[]), CAST(:ids AS text[]), CAST(:digests AS text[])) AS u (source, id, digest)
     ORDER BY source, id
        ON CONFLICT DO NOTHING
    RETURNING source, id
""")
_FIND = text("""
    SELECT source, id, digest FROM update_taken
     WHERE (source, id) IN (SELECT * FROM unnest(CAST(:sources AS text[]), CAST(:ids AS text[])))
""")
_GIVE_BACK = text("""
    DELETE FROM update_taken WHERE (source, id) IN (SELECT * FROM unnest(CAST(:sources AS text[]), CAST(:ids AS text[])))
""")

Name = tuple[str, str]
"""Source and id: what an event is known by."""


class Update(Contract):
    """One thing that was told, checked."""

    model_config = ConfigDict(frozen=True, extra="ignore", arbitrary_types_allowed=True)

    id: str
    source: str
    type: str
    """The short one."""
    body: Any
    digest: bytes

    @property
    def name(self) -> Name:
        """What it is known by."""
        return self.source, self.id


class Flawed(Exception):  # noqa: N818  (an outcome)
    """Not an update we can read: where in the event, which code, and why."""

    def __init__(self, pointer: str, code: str, message: str) -> None:
        super().__init__(f"{pointer}: {message}" if pointer else message)
        self.pointer = pointer
        self.code = code
        self.message = message
        self.id: str | None = None
        self.source: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What became of an update. `replayed`: it had been taken before, and has had its effect."""

    outcome: Outcome
    replayed: bool = False


class UpdateRefusedError(Exception):
    """An update on a topic that no rule lets in: it goes to the dead letters, with this reason."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The types of one service: short name → the body it has."""

    topic: str
    bodies: Mapping[str, type[BaseModel]]

    def messages(self) -> dict[str, tuple[str, type[BaseModel]]]:
        """As the AsyncAPI document lists them."""
        return {self.full(short): (self.topic, model) for short, model in self.bodies.items()}

    def full(self, short: str) -> str:
        """`inventory.updates.stock-set.v1`."""
        return f"{self.topic.rpartition('.')[0]}.{short}.v1"

    def read(self, attributes: Mapping[str, Any], data: Any, at: str = "/data") -> Update:
        """The update of these attributes and this data. Raises Flawed; `at` is where the data stands."""
        named = {name: _text(attributes, name) for name in ("type", "id", "source")}
        short = next((each for each in self.bodies if named["type"] in (each, self.full(each))), None)
        if short is None:
            raise Flawed("/type", "UNKNOWN_TYPE", f"{named['type']!r} is none of {', '.join(self.bodies)}")
        if unfit := bodies.unfit(data):
            raise Flawed(
                at + unfit[0].pointer, unfit[0].code, "; ".join(f"{one.pointer} {one.message}".strip() for one in unfit[:_MOST_ERRORS])
            )
        try:
            body = self.bodies[short].model_validate(data)
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False, include_input=False)[:_MOST_ERRORS]
            first = at + pointer_to(found[0]["loc"], data)
            told = "; ".join(f"{pointer_to(each['loc'], data)} {each['msg'].removeprefix('Value error, ')}".strip() for each in found)
            raise Flawed(first, str(found[0]["type"]), told) from error
        digest = hashlib.sha256(short.encode() + b"\n" + body.model_dump_json(exclude_unset=True).encode()).digest()
        return Update(id=named["id"], source=named["source"], type=short, body=body, digest=digest)

    def read_structured(self, event: Any) -> Update:
        """A CloudEvent in one JSON object; or, more plainly, `type`, `id` and the fields of the body beside them. Raises Flawed."""
        if not isinstance(event, dict):
            raise Flawed("", "NOT_AN_EVENT", "an event is a JSON object")
        if event.get("specversion") not in (None, "1.0"):
            raise Flawed("/specversion", "NOT_AN_EVENT", "CloudEvents 1.0 are read here")
        if "data_base64" in event:
            return self.read(event, _decoded(event["data_base64"]), "")
        if "data" in event:
            return self.read(event, event["data"])
        return self.read(event, {name: value for name, value in event.items() if name not in _ENVELOPE}, "")

    def of_record(self, record: Record) -> Received:
        """The update in a record, in binary or structured mode or as plain JSON. Raises Unreadable."""
        try:
            headers = {name.lower(): value.decode() for name, value in record.headers}
            parsed = orjson.loads(record.value or b"")
        except UnicodeDecodeError as error:
            raise Unreadable(f"a header is not UTF-8: {error}") from error
        except orjson.JSONDecodeError as error:
            raise Unreadable(f"the value is not JSON in UTF-8: {error}") from error
        try:
            if "ce_type" in headers and not headers.get("content-type", "").startswith(_STRUCTURED):
                attributes = {name.removeprefix("ce_"): value for name, value in headers.items() if name.startswith("ce_")}
                update = self.read(attributes, parsed, "")
            else:
                update = self.read_structured(_with_place(parsed, record))
        except Flawed as error:
            raise Unreadable(f"{error.code}: {error}") from error
        time = datetime.fromtimestamp(record.timestamp / 1000, UTC)
        return Received(type=update.type, id=update.id, subject=update.source, time=time, data=update, record=record)


def _with_place(parsed: Any, record: Record) -> Any:
    """A plain message without an id is known by its place in the log; without a source, by the topic."""
    if not isinstance(parsed, dict) or "specversion" in parsed:
        return parsed
    return {"id": f"{record.partition}:{record.offset}:{record.timestamp}", "source": record.topic, **parsed}


def _text(attributes: Mapping[str, Any], name: str) -> str:
    value = attributes.get(name)
    if not isinstance(value, str) or not value:
        raise Flawed(f"/{name}", "missing", f"an event has {'an' if name == 'id' else 'a'} {name}")
    if len(value) > MAX_ID_LENGTH or not value.isprintable():
        raise Flawed(f"/{name}", "too_long", f"{name} is at most {MAX_ID_LENGTH} printable characters")
    return value


def _decoded(value: Any) -> Any:
    try:
        return orjson.loads(base64.b64decode(value, validate=True))
    except (binascii.Error, ValueError, TypeError) as error:
        raise Flawed("/data_base64", "NOT_AN_EVENT", "data_base64 is JSON in base64") from error


Apply = Callable[[Session, Sequence[Update]], Awaitable[list[Outcome]]]
"""Take these updates over in this transaction, in this order; one outcome each, and no effect of those refused."""


async def take_once(session: Session, updates: Sequence[Update], apply: Apply) -> list[Said]:
    """Apply those that were not taken before. One that is refused may come again; an id with another body is refused."""
    await session.execute(_FORGET, {"limit": len(updates) + 10})
    first = {update.name: update for update in reversed(updates)}
    ordered = sorted(first)
    columns = {"sources": [source for source, _ in ordered], "ids": [identity for _, identity in ordered]}
    digests = [first[name].digest.hex() for name in ordered]
    claimed = {(row.source, row.id) for row in (await session.execute(_CLAIM, {**columns, "digests": digests})).all()}
    known = {name: first[name].digest for name in claimed}
    if len(claimed) < len(ordered):
        known |= {(row.source, row.id): bytes(row.digest) for row in (await session.execute(_FIND, columns)).all()}
    fresh = [update for update in updates if update.name in claimed and first[update.name] is update]
    outcomes = dict(zip((update.name for update in fresh), await apply(session, fresh) if fresh else [], strict=True))
    back = sorted(name for name, outcome in outcomes.items() if isinstance(outcome, Refused))
    if back:
        await session.execute(_GIVE_BACK, {"sources": [source for source, _ in back], "ids": [identity for _, identity in back]})
    return [_said(update, known, outcomes, again=first[update.name] is not update) for update in updates]


def _said(update: Update, known: Mapping[Name, bytes], outcomes: Mapping[Name, Outcome], *, again: bool) -> Said:
    if known[update.name] != update.digest:
        return Said(Refused("id", "EVENT_ID_REUSED", "this source has sent this id before with another body"))
    outcome = outcomes.get(update.name)
    if outcome is None or (again and isinstance(outcome, Taken)):
        return Said(Taken(changed=False), replayed=True)
    return Said(outcome)


def create_tables(op: Ddl) -> None:
    """Which updates were taken, for a migration of every service that takes some."""
    op.execute("""
        CREATE TABLE update_taken (
            source   text COLLATE "C" NOT NULL,
            id       text COLLATE "C" NOT NULL,
            digest   bytea NOT NULL,
            taken_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            PRIMARY KEY (source, id)
        )""")
    op.execute("CREATE INDEX update_taken_at ON update_taken (taken_at)")
