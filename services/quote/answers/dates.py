"""Days and instants as they are written."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

Json = dict[str, Any]


@lru_cache(maxsize=4096)
def iso_day(day: int) -> str:
    """A civil date from its ordinal."""
    return date.fromordinal(day).isoformat()


def iso_instant(at: datetime) -> str:
    """An instant in UTC, to the microsecond, with `Z`."""
    utc = at if at.tzinfo is UTC else at.astimezone(UTC)
    return utc.isoformat().replace("+00:00", "Z")
