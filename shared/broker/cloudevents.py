"""How does an event look on the wire? CloudEvents 1.0 on Kafka in binary mode.

The attributes stand in `ce_` headers, the value is the JSON of the contract, the key is the partition key.
`ce_id` was given when the outbox row was written and never changes, however often the row is sent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from pydantic import ValidationError

from shared.broker.records import Message, Record
from shared.contracts.base import Contract


@dataclass(frozen=True, slots=True)
class Outgoing:
    """An event to be said: a row of the outbox. `key` decides the partition unless one is named."""

    event_id: UUID
    topic: str
    key: str
    type: str
    subject: str
    payload: str
    occurred_at: datetime
    traceparent: str | None = None
    partition: int | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """An event as it was heard. `record` is where it stood and what it was made of."""

    type: str
    id: str
    subject: str
    time: datetime
    data: Contract
    record: Record


class Unreadable(Exception):  # noqa: N818  (an outcome, named like the others)
    """A record that is not an event we can read; the reason is for the operator who will repair it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def to_message(event: Outgoing, source: str) -> Message:
    """The message that says this event, as from `source`."""
    attributes = {
        "ce_specversion": "1.0",
        "ce_id": str(event.event_id),
        "ce_source": source,
        "ce_type": event.type,
        "ce_subject": event.subject,
        "ce_time": event.occurred_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "ce_partitionkey": event.key,
        "content-type": "application/json",
    }
    if event.traceparent:
        attributes["traceparent"] = event.traceparent
    return Message(
        topic=event.topic,
        key=event.key.encode(),
        value=event.payload.encode(),
        headers=[(name, value.encode()) for name, value in attributes.items()],
        partition=event.partition,
    )


def from_record(record: Record, events: Mapping[str, type[Contract]]) -> Received | None:
    """The event in this record, or None when its type is none of `events`: a newer owner may say more than we know.

    Raises Unreadable when it is no CloudEvent, or not what its type promises.
    """
    try:
        attributes = {name: value.decode() for name, value in record.headers if name.startswith("ce_")}
    except UnicodeDecodeError as error:
        raise Unreadable(f"a header is not UTF-8: {error}") from error
    if attributes.get("ce_specversion") != "1.0":
        raise Unreadable("not a CloudEvent 1.0 in binary mode: no header ce_specversion=1.0")
    if missing := sorted({"ce_id", "ce_source", "ce_type"} - {name for name, value in attributes.items() if value}):
        raise Unreadable(f"missing {', '.join(missing)}")
    contract = events.get(attributes["ce_type"])
    if contract is None:
        return None
    if record.value is None:
        raise Unreadable("no value")
    try:
        data = contract.model_validate_json(record.value)
    except ValidationError as error:
        raise Unreadable(_first_errors(attributes["ce_type"], error)) from error
    return Received(
        type=attributes["ce_type"],
        id=attributes["ce_id"],
        subject=attributes.get("ce_subject") or (record.key or b"").decode(errors="replace"),
        time=_time(attributes.get("ce_time"), record),
        data=data,
        record=record,
    )


def _time(text: str | None, record: Record) -> datetime:
    if text is None:
        return datetime.fromtimestamp(record.timestamp / 1000, UTC)
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise Unreadable(f"ce_time is not an RFC 3339 instant: {text[:40]!r}") from error
    if time.tzinfo is None:
        raise Unreadable(f"ce_time has no time zone: {text[:40]!r}")
    return time.astimezone(UTC)


def _first_errors(kind: str, error: ValidationError, limit: int = 3) -> str:
    found = [f"/{'/'.join(str(step) for step in detail['loc'])}: {detail['msg']}" for detail in error.errors(include_url=False)[:limit]]
    more = error.error_count() - len(found)
    return f"not a {kind}: {'; '.join(found)}{f' and {more} more' if more > 0 else ''}"
