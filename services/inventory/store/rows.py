"""How many rows travel in one statement: as one JSON array. On the way back the driver decodes JSON itself."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import orjson

from services.inventory.domain.position import Key

PATIENCE = "set_config('lock_timeout', '3s', true)"
"""In the FROM of the statement before a lock: another call may be booking a thousand movements, which takes half a second."""


def as_json(rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows for `jsonb_to_recordset`: a thousand of them cost one statement. Decimals travel as text, so they stay exact."""
    return orjson.dumps(list(rows), default=_exact).decode()


def texts(keys: Iterable[Key]) -> list[str]:
    """Keys as the tables spell them, in the order in which they are locked."""
    return sorted(key.text for key in keys)


def key_of(text: str) -> Key:
    """The key that is spelled so; neither part holds a `|`."""
    sku, _, site = text.partition("|")
    return Key(sku, site)


def _exact(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"{type(value).__name__} is not stored as JSON")
