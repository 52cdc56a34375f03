"""What every event has in common: exact quantities, UTC instants, an entity with a revision."""

from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainSerializer, WithJsonSchema

MICRO = 1_000_000
"""Quantities are counted inside in millionths of the item's unit of measure: integers, never floats."""

MAX_QUANTITY = Decimal("999999999.999999")
"""9 integer and 6 decimal digits: 15 significant digits, which a JSON double carries exactly."""


def to_micro(quantity: Decimal) -> int:
    """The quantity in millionths. Raises ValueError when it has more than 6 decimals or is not finite."""
    if not quantity.is_finite():
        raise ValueError("a quantity is a finite number")
    scaled = quantity * MICRO
    whole = int(scaled)
    if whole != scaled:
        raise ValueError("a quantity has at most 6 decimal digits")
    return whole


@lru_cache(maxsize=8192)
def from_micro(micro: int) -> int | float:
    """The quantity as the JSON number that stands for it: whole numbers without a point, others as an exact double."""
    whole, rest = divmod(micro, MICRO)
    return whole if rest == 0 else micro / MICRO


def micro_to_decimal(micro: int) -> Decimal:
    """The quantity as a decimal with at most 6 digits behind the point."""
    return Decimal(micro).scaleb(-6).normalize() + 0


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("an instant needs a time zone: write 2026-11-21T11:12:00Z")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("an instant lies in the years 1 to 9999, in UTC") from None


def _zulu(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


Quantity = Annotated[Decimal, PlainSerializer(_number, when_used="json"), WithJsonSchema({"type": "number"})]
"""An exact decimal inside, a JSON number outside."""

Instant = Annotated[datetime, AfterValidator(_utc), PlainSerializer(_zulu, return_type=str, when_used="json")]
"""An aware instant, always UTC, written with `Z`."""


class Contract(BaseModel):
    """A value that services exchange. Unknown fields are kept out, not refused: additions are free."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class EntityEvent(Contract):
    """The full state of one entity after a change, and what changed it."""

    revision: int
    """Of the entity in its service; strictly increasing."""
    occurred_at: Instant
    reason: str | None = None
    document: str | None = None


class Retirable(EntityEvent):
    """Master data that its owner may take back. A later event of it, with a higher revision, brings it back."""

    retired: bool = False
    """It is as if nobody had ever defined it; the other fields say how it last stood."""
