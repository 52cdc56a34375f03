"""The decision log: what was asked, on which versions, what was answered."""

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import asyncpg
import orjson

from services.quote.store.bulk import insert, insert_sql, json_text
from services.quote.store.pool import Connection
from services.quote.store.rows import DecisionRow, InquiryRow

_INQUIRY = "id, at, decision_id, caller, customer, outcome, summary, request, versions, result, code_version, basis"
_DECISION_COLUMNS = {
    "id": "text", "at": "timestamptz", "kind": "text", "quote_id": "text", "order_id": "text", "request": "json", "versions": "jsonb",
    "result": "json", "code_version": "text", "basis": "json",
}  # fmt: skip
_DECISION = ", ".join(_DECISION_COLUMNS)
_NULL = b"\\N"
_ADD_DECISION = insert_sql("decision", _DECISION_COLUMNS)


async def add_decisions(connection: Connection, decisions: Sequence[DecisionRow]) -> None:
    """Write decisions of changes, in the transaction of the change."""
    await insert(
        connection,
        _ADD_DECISION,
        [
            (
                d.id, d.at, d.kind, d.quote_id, d.order_id, json_text(d.request), json_text(d.versions), json_text(d.result),
                d.code_version, json_text(d.basis),
            )
            for d in decisions
        ],
    )  # fmt: skip


async def make_partitions(connection: Connection, first: date, days: int) -> None:
    """Make the inquiry log's partitions of the coming days."""
    for day in (first + timedelta(days=n) for n in range(days)):
        await connection.execute(
            f"CREATE TABLE IF NOT EXISTS inquiry_{day:%Y%m%d} PARTITION OF inquiry"
            f" FOR VALUES FROM ('{day.isoformat()} 00:00:00+00') TO ('{(day + timedelta(days=1)).isoformat()} 00:00:00+00')"
        )


async def drop_partitions(connection: Connection, before: date) -> list[str]:
    """Drop the partitions of days before `before`; answers their names."""
    rows = await connection.fetch(
        """SELECT child.relname AS name FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid
           JOIN pg_class AS parent ON parent.oid = inhparent JOIN pg_namespace AS n ON n.oid = parent.relnamespace
           WHERE parent.relname = 'inquiry' AND n.nspname = current_schema() AND child.relname < $1""",
        f"inquiry_{before:%Y%m%d}",
    )
    for row in rows:
        await connection.execute(f'DROP TABLE IF EXISTS "{row["name"]}"')  # another replica does the same at midnight
    return [row["name"] for row in rows]


async def add_inquiries(connection: Connection, inquiries: Sequence[InquiryRow]) -> None:
    """Write answered inquiries in bulk; those that an attempt of unknown outcome has written already stay as they are."""
    try:
        await _copy(connection, inquiries)
    except asyncpg.UniqueViolationError:
        rows = await connection.fetch("SELECT id FROM inquiry WHERE id = ANY($1)", [inquiry.id for inquiry in inquiries])
        there = {row["id"] for row in rows}
        await _copy(connection, [inquiry for inquiry in inquiries if inquiry.id not in there])


async def _copy(connection: Connection, inquiries: Sequence[InquiryRow]) -> None:
    columns = [name.strip() for name in _INQUIRY.split(",")]
    await connection.copy_to_table("inquiry", columns=columns, source=_at_once(_as_lines(inquiries)), format="text", encoding="utf-8")


async def _at_once(text: bytes) -> AsyncIterator[bytes]:
    """As the driver wants it: a file would be read in a thread."""
    yield text


def _as_lines(inquiries: Sequence[InquiryRow]) -> bytes:
    """The rows as COPY reads text: most of each is JSON already, and the driver would ask a function for every value."""
    bases = {id(i.basis): _cell(orjson.dumps(i.basis)) for i in inquiries}
    return b"".join(
        b"%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n"
        % (
            i.id.encode(),
            i.at.isoformat().encode(),
            i.decision_id.encode(),
            _cell(i.caller.encode()),
            _NULL if i.customer is None else _cell(i.customer.encode()),
            i.outcome.encode(),
            _cell(i.summary.encode()),
            _cell(i.request),
            _cell(orjson.dumps(i.versions)),
            _cell(i.result),
            i.code_version.encode(),
            _NULL if i.basis is None else bases[id(i.basis)],
        )
        for i in inquiries
    )


def _cell(text: bytes) -> bytes:
    """A value with its backslashes doubled, and what would end a value or a line written with one."""
    text = text.replace(b"\\", b"\\\\")
    if b"\n" in text or b"\t" in text or b"\r" in text:
        text = text.replace(b"\n", b"\\n").replace(b"\t", b"\\t").replace(b"\r", b"\\r")
    return text


async def find_inquiry(connection: Connection, quote_id: str, around: datetime) -> InquiryRow | None:
    """The logged inquiry, looked for on the day its id was made."""
    row = await connection.fetchrow(
        f"SELECT {_INQUIRY} FROM inquiry WHERE id = $1 AND at BETWEEN $2 AND $3",
        quote_id,
        around - timedelta(minutes=10),
        around + timedelta(minutes=10),
    )
    return None if row is None else InquiryRow(**dict(row))


async def find_decision(connection: Connection, decision_id: str) -> dict[str, Any] | None:
    """A decision, of a change or of an inquiry."""
    row = await connection.fetchrow(f"SELECT {_DECISION} FROM decision WHERE id = $1", decision_id)
    if row is None:
        row = await connection.fetchrow(
            """SELECT decision_id AS id, at, 'quote-answered' AS kind, id AS quote_id, NULL AS order_id, request, versions, result,
               code_version, basis FROM inquiry WHERE decision_id = $1""",
            decision_id,
        )
    return None if row is None else dict(row)
