"""How a long list is read in parts: a limit, and a cursor that says after which row to go on."""

import base64
import binascii
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Generic, TypeVar

import orjson
from fastapi import Query
from pydantic import BaseModel

from shared.problems import FieldError, Problem, unprocessable

T = TypeVar("T")
CursorValue = str | int | date | datetime | None
_INT64 = range(-(2**63), 2**63)
_MAX_LENGTH = 2000

Limit = Annotated[int, Query(ge=1, le=500, description="At most so many rows.")]
"""Give it a default: `limit: Limit = 100`."""
Cursor = Annotated[str | None, Query(max_length=_MAX_LENGTH, description="`next_cursor` of the page before.")]
"""`cursor: Cursor = None`."""


class Page(BaseModel, Generic[T]):
    """One part of a list. `next_cursor` is null on the last one."""

    data: list[T]
    next_cursor: str | None = None

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """`ItemPage` in the documents: a name that every language can spell."""
        return f"{params[0].__name__}Page"


def encode_cursor(values: Sequence[CursorValue]) -> str:
    """The sort key of a page's last row as text that is safe in a URL."""
    return base64.urlsafe_b64encode(orjson.dumps(list(values))).decode().rstrip("=")


def decode_cursor(cursor: str, *shape: type) -> tuple[CursorValue, ...]:
    """What `encode_cursor` was given. With `shape` (`str, int, date, datetime`) each value is of that type, or None.

    Raises 422 for anything that was not made by `encode_cursor` with that shape: a cursor comes from outside.
    """
    try:
        raw = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        values = orjson.loads(raw)
        if not isinstance(values, list) or (shape and len(values) != len(shape)):
            raise _bad_cursor()
        return tuple(_value(value, shape[place] if shape else None) for place, value in enumerate(values))
    except (ValueError, binascii.Error) as error:
        raise _bad_cursor() from error


def _value(value: object, wanted: type | None) -> CursorValue:
    if isinstance(value, str) and "\0" not in value:
        if wanted in (date, datetime):
            return datetime.fromisoformat(value) if wanted is datetime else date.fromisoformat(value)
        found: CursorValue = value
    elif value is None or (isinstance(value, int) and not isinstance(value, bool) and value in _INT64):
        found = value
    else:
        raise _bad_cursor()
    if wanted is not None and found is not None and not isinstance(found, wanted):
        raise _bad_cursor()
    return found


def _bad_cursor() -> Problem:
    return unprocessable(
        "INVALID_CURSOR", "This cursor was not given out here.", [FieldError("/cursor", "cursor", "not a cursor of this list")]
    )
