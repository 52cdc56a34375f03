"""How do orders promised elsewhere get in from a file? Rows are grouped by order and sent to quote a few hundred orders at a time."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Annotated, Any

import httpx
from pydantic import Field

from deploy.demo.urls import Urls
from deploy.importing.sending import PIECE_BYTES, File, Progress, RefusedError, Result, json_of, patiently
from shared.imports import Entry, FileUnreadable, Kind, Record, RecordReader
from shared.imports.kinds import ERROR_COLUMNS, Header, HeaderUnfit
from shared.outcomes import Refused
from shared.quantities import Code, PositiveQuantity, RequestModel

ORDERS_AT_ONCE = 250
LINES_AT_ONCE = 2000
MOST_ROWS = 200_000
"""Rows are held until the file ends, for those of one order need not stand together."""
_OK, _UNPROCESSABLE = 200, 422
_STILL_OPEN = frozenset({"open", "confirmed", "partly_shipped"})


class BacklogRow(RequestModel):
    """A line of an order that another system has promised."""

    external_id: Code
    source_system: Code | None = None
    customer: Code | None = None
    priority: Annotated[int, Field(ge=0, le=1_000_000)] = 100
    line_ref: Code | None = None
    sku: Code
    site: Code
    quantity: PositiveQuantity
    promised_date: date
    requested_date: date | None = None
    status: str = "open"


def _complete(row: dict[str, str]) -> None:
    """What was only requested is taken for promised; a line that says nothing of its state is open."""
    if "promised_date" not in row and "requested_date" in row:
        row["promised_date"] = row["requested_date"]


async def _nowhere(*_: object) -> list[Any]:
    raise NotImplementedError("a backlog is sent, not applied here")


BACKLOG = Kind(
    "backlog",
    BacklogRow,
    ("external_id",),
    _nowhere,
    aliases={"order_id": "external_id", "order": "external_id", "id": "external_id", "due_date": "promised_date", "item": "sku"},
    complete=_complete,
    derived=frozenset({"promised_date"}),
)


@dataclass(slots=True)
class _Line:
    record: Record
    row: BacklogRow
    error: tuple[str, str] | None = None
    """Column and reason."""


@dataclass(slots=True)
class _Reading:
    """A file on its way."""

    header: Header | None = None
    lines: list[_Line] = field(default_factory=list)
    unread: list[tuple[Record, tuple[str, str]]] = field(default_factory=list)
    skipped: int = 0


def send_backlog(http: httpx.Client, urls: Urls, file: File, progress: Progress) -> Result:
    """Send every open order of the file; one of which a line cannot be read is not sent at all, or it would lose that line.

    Raises RefusedError for a snapshot and a file that cannot be read, AwayError when quote stays away, OSError for the file itself.
    """
    if file.mode != "delta":
        raise RefusedError("a backlog is no snapshot: an order that is not named stays as it is; send it with mode=delta")
    reader = RecordReader()
    try:
        reading = _read(reader, file, progress)
    except (FileUnreadable, HeaderUnfit) as error:
        raise RefusedError(str(error)) from error
    if reading.header is None:
        raise RefusedError("the file is empty: its first line names the columns")
    orders = _orders(reading)
    result = Result(skipped=reading.skipped, warnings=list(reading.header.warnings))
    for piece in _pieces(list(orders.values())):
        _send(http, f"{urls.quote}/v1/orders/import", piece, file, result)
    failed = [(line.record, line.error) for line in reading.lines if line.error] + reading.unread
    result.failed = len(failed)
    result.rows = result.applied + result.unchanged + result.failed
    if failed:
        _write_errors(file, reader, reading.header, sorted(failed, key=lambda each: each[0].line))
        result.errors_file = str(file.errors_path)
    return result


def _read(reader: RecordReader, file: File, progress: Progress) -> _Reading:
    reading = _Reading()
    size = file.path.stat().st_size
    with file.path.open("rb") as content:
        while piece := content.read(PIECE_BYTES):
            for record in reader.feed(piece):
                _take(reading, record)
            progress(reader.bytes_read, size)
        for record in reader.feed(b"", end=True):
            _take(reading, record)
    return reading


def _take(reading: _Reading, record: Record) -> None:
    header = reading.header
    if header is None:
        reading.header = Header.read(BACKLOG, record.cells)
        return
    row = header.row(record.cells)
    entry: Entry | Refused = row if isinstance(row, Refused) else header.entry((record.line,), (row,))
    if isinstance(entry, Refused):
        reading.unread.append((record, (entry.field, entry.message)))
        return
    assert isinstance(entry.body, BacklogRow)
    if entry.body.status.lower() not in _STILL_OPEN:
        reading.skipped += 1
        return
    reading.lines.append(_Line(record, entry.body))
    if len(reading.lines) > MOST_ROWS:
        raise FileUnreadable(f"a backlog has at most {MOST_ROWS} open lines: cut it into several files")


def _orders(reading: _Reading) -> dict[tuple[str | None, str], list[_Line]]:
    header = reading.header
    assert header is not None
    spoilt = {header.raw_key(record.cells): record.line for record, _ in reading.unread}
    orders: dict[tuple[str | None, str], list[_Line]] = {}
    for line in reading.lines:
        if line.row.external_id in spoilt:
            line.error = ("", f"left out, because line {spoilt[line.row.external_id]} of the same order failed")
        else:
            orders.setdefault((line.row.source_system, line.row.external_id), []).append(line)
    return orders


def _pieces(orders: list[list[_Line]]) -> Iterator[list[list[_Line]]]:
    piece: list[list[_Line]] = []
    lines = 0
    for order in orders:
        if piece and (len(piece) >= ORDERS_AT_ONCE or lines + len(order) > LINES_AT_ONCE):
            yield piece
            piece, lines = [], 0
        piece.append(order)
        lines += len(order)
    if piece:
        yield piece


def _send(http: httpx.Client, url: str, orders: list[list[_Line]], file: File, result: Result) -> None:
    """Send these orders; those that quote points at are taken out, and the others sent again."""
    while orders:
        asked = {"document": file.path.name[:200], "orders": [_order(lines) for lines in orders]}
        answer = patiently(partial(http.post, url, json=asked), file.patience_seconds)
        body = json_of(answer)
        if answer.status_code == _OK:
            _note(orders, body["data"], result)
            return
        pointed = _pointed(body, len(orders)) if answer.status_code == _UNPROCESSABLE else {}
        if not pointed:
            raise RefusedError(str(body.get("detail") or f"{url} answered {answer.status_code}"))
        for place, message in pointed.items():
            for line in orders[place]:
                line.error = ("", message)
        orders = [lines for place, lines in enumerate(orders) if place not in pointed]


def _order(lines: list[_Line]) -> dict[str, Any]:
    first = lines[0].row
    own = {"external_id": first.external_id, "source_system": first.source_system, "customer": first.customer, "priority": first.priority}
    fields = ("line_ref", "sku", "site", "promised_date", "requested_date")
    sent = []
    for place, line in enumerate(lines):
        body = {name: value.isoformat() if isinstance(value, date) else value for name in fields if (value := getattr(line.row, name))}
        sent.append({"line_ref": str(place + 1), **body, "quantity": format(line.row.quantity, "f")})
    return {**{name: value for name, value in own.items() if value is not None}, "lines": sent}


def _pointed(body: dict[str, Any], count: int) -> dict[int, str]:
    """The places of orders that a refusal points at, with the first reason for each."""
    found: dict[int, str] = {}
    for error in body.get("errors") or ():
        steps = str(error.get("pointer", "")).split("/")
        if len(steps) > 2 and steps[1] == "orders" and steps[2].isdigit() and int(steps[2]) < count:  # noqa: PLR2004 -- /orders/N
            found.setdefault(int(steps[2]), f"{'/'.join(steps[3:])}: {error.get('message')}".lstrip(": "))
    return found


def _note(orders: list[list[_Line]], results: list[dict[str, Any]], result: Result) -> None:
    for lines, told in zip(orders, results, strict=True):
        if told["outcome"] == "failed":
            for line in lines:
                line.error = ("", "; ".join(error["message"] for error in told["errors"]) or "refused")
        elif told["outcome"] == "unchanged":
            result.unchanged += len(lines)
        else:
            result.applied += len(lines)


def _write_errors(file: File, reader: RecordReader, header: Header, failed: list[tuple[Record, tuple[str, str]]]) -> None:
    """The failed rows as they stood, with two columns more."""
    own = [place for place, name in enumerate(header.cells) if name.strip().lower() not in ERROR_COLUMNS]
    with file.errors_path.open("w", encoding="utf-8-sig" if reader.bom else "utf-8", newline="") as target:
        writer = csv.writer(target, delimiter=reader.delimiter)
        writer.writerow([*(header.cells[place] for place in own), *ERROR_COLUMNS])
        for record, (column, message) in failed:
            cells = record.cells
            writer.writerow([*(cells[at] if at < len(cells) else "" for at in own), column, message, *cells[len(header.cells) :]])
