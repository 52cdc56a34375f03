"""What an event looks like on the wire, with the CloudEvents SDK as the oracle."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event
from hypothesis import given
from hypothesis import strategies as st

from shared.broker import Message, Outgoing, Received, Record, Unreadable, from_record, to_message
from tests.contract.broker.parts import Noted

KIND = "owner.thing.noted.v1"
KNOWN = {KIND: Noted}
EVENT = Outgoing(
    event_id=UUID(int=7),
    topic="owner.thing.v1",
    key="SKU-77|HAM",
    type=KIND,
    subject="SKU-77",
    payload='{"key":"SKU-77|HAM","number":3}',
    occurred_at=datetime(2026, 11, 21, 10, 42, 7, 120000, tzinfo=UTC),
    traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
)


def as_read(message: Message, **changes: object) -> Record:
    """The record that a consumer gets for the message."""
    parts = {"key": message.key, "value": message.value, "headers": tuple(message.headers)} | changes
    return Record(topic=message.topic, partition=0, offset=5, timestamp=1_795_000_000_000, **parts)  # type: ignore[arg-type]


def without(name: str) -> tuple[tuple[str, bytes], ...]:
    return tuple(header for header in to_message(EVENT, "/owner").headers if header[0] != name)


def with_header(name: str, value: bytes) -> tuple[tuple[str, bytes], ...]:
    return (*without(name), (name, value))


def test_the_sdk_reads_what_we_say() -> None:
    message = to_message(EVENT, "/owner")
    heard = from_binary_event(KafkaMessage(headers=dict(message.headers), key=message.key, value=message.value or b""))
    assert (heard.get_specversion(), heard.get_id(), heard.get_source()) == ("1.0", str(EVENT.event_id), "/owner")
    assert (heard.get_type(), heard.get_subject(), heard.get_time()) == (KIND, "SKU-77", EVENT.occurred_at)
    assert heard.get_datacontenttype() == "application/json"
    assert heard.get_extension("partitionkey") == dict(message.headers)["ce_partitionkey"].decode() == "SKU-77|HAM"
    assert heard.get_data() == {"key": "SKU-77|HAM", "number": 3}
    assert dict(message.headers)["traceparent"] == (EVENT.traceparent or "").encode()


def test_we_hear_what_we_say() -> None:
    record = as_read(to_message(EVENT, "/owner"))
    assert from_record(record, KNOWN) == Received(
        KIND, str(EVENT.event_id), "SKU-77", EVENT.occurred_at, Noted(key="SKU-77|HAM", number=3), record
    )


def test_a_type_that_we_do_not_know_is_nothing_to_us() -> None:
    assert from_record(as_read(to_message(EVENT, "/owner"), value=b"\xff not even JSON"), {}) is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"value": b"\xff\xfe"}, "not a owner.thing.noted.v1"),
        ({"value": b""}, "not a owner.thing.noted.v1"),
        ({"value": b"[]"}, "not a owner.thing.noted.v1"),
        ({"value": b'{"key":"a"}'}, "/number"),
        ({"value": b'{"key":"a","number":"many"}'}, "/number"),
        ({"value": None}, "no value"),
        ({"headers": ()}, "not a CloudEvent"),
        ({"headers": with_header("ce_specversion", b"0.3")}, "not a CloudEvent"),
        ({"headers": without("ce_type")}, "missing ce_type"),
        ({"headers": with_header("ce_id", b"")}, "missing ce_id"),
        ({"headers": with_header("ce_type", b"\xff")}, "not UTF-8"),
        ({"headers": with_header("ce_time", b"yesterday")}, "ce_time"),
        ({"headers": with_header("ce_time", b"2026-11-21T10:42:07")}, "time zone"),
    ],
)
def test_what_cannot_be_read_says_why(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(Unreadable) as unreadable:
        from_record(as_read(to_message(EVENT, "/owner"), **changes), KNOWN)
    assert reason in unreadable.value.reason


def test_an_event_without_subject_and_time_is_about_its_key_at_the_time_of_its_record() -> None:
    headers = tuple(header for header in without("ce_time") if header[0] != "ce_subject")
    heard = from_record(as_read(to_message(EVENT, "/owner"), headers=headers), KNOWN)
    assert heard is not None
    assert (heard.subject, heard.time) == ("SKU-77|HAM", datetime.fromtimestamp(1_795_000_000, UTC))


@given(
    value=st.none() | st.binary(max_size=200),
    headers=st.lists(
        st.tuples(st.sampled_from(["ce_specversion", "ce_id", "ce_type", "ce_time", "ce_source", "x"]), st.binary(max_size=30)),
    ),
)
def test_no_bytes_do_more_than_be_unreadable(value: bytes | None, headers: list[tuple[str, bytes]]) -> None:
    try:
        heard = from_record(as_read(to_message(EVENT, "/owner"), value=value, headers=tuple(headers)), KNOWN)
    except Unreadable:
        return
    assert heard is None or isinstance(heard.data, Noted)
