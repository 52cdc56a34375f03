"""Many rows in one statement: their columns travel as arrays, and the server takes them apart again.

A batch of the door writes some hundred rows; sent one by one, each costs the server as much as four in bulk.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from services.quote.store.pool import Connection

SEPARATOR = "|"
"""Between the members of a text[]: codes do not hold it."""

_AS_TEXT = {"json": "{}::json", "jsonb": "{}::jsonb", "text[]": f"string_to_array({{}}, '{SEPARATOR}')"}
"""What travels as text, for an array of arrays would be taken for one of two dimensions; and how it is read there."""


def insert_sql(table: str, columns: Mapping[str, str], rest: str = "") -> str:
    """The statement that inserts rows of these columns (name: type), in the order given; `rest` may say what to do on conflict."""
    arrays = (f"${n}::{'text' if kind in _AS_TEXT else kind}[]" for n, kind in enumerate(columns.values(), start=1))
    taken = (_AS_TEXT.get(kind, "{}").format(name) for name, kind in columns.items())
    names = ", ".join(columns)
    return (
        f"INSERT INTO {table} ({names}) SELECT {', '.join(taken)} FROM unnest({', '.join(arrays)}) WITH ORDINALITY AS given({names}, nth)"
        f" ORDER BY nth {rest}"
    )


async def insert(connection: Connection, sql: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Run a statement of `insert_sql` with at least one row; JSON in it is text already (`json_text`)."""
    await connection.execute(sql, *(list(column) for column in zip(*rows, strict=True)))


def json_text(value: Any) -> str:
    """A value as JSON."""
    return orjson.dumps(value).decode()
