"""What request bodies are made of: exact quantities, names, and no unknown fields."""

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from shared.contracts.base import MAX_QUANTITY, to_micro

_WRITTEN = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?")
_PLAIN = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,6})?")
"""Nearly every quantity."""
_INTEGERS = 10**9
_ZERO = Decimal(0)


class RequestModel(BaseModel):
    """The base of every request body: what it does not know it refuses, so that a typing error never means a default.

    Text that the database cannot keep does not come so far: each door refuses it for every body at once (shared/bodies.py).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _exact(value: object) -> Decimal:
    """A JSON number or a string as a decimal that the database keeps exactly; everything else is refused."""
    kind = type(value)
    if kind is float or kind is str:
        text = repr(value) if kind is float else str(value)  # of a float the shortest: with at most 15 digits, what was sent
        if _PLAIN.fullmatch(text):
            return Decimal(text)
    elif kind is int and -_INTEGERS < value < _INTEGERS:  # type: ignore[operator]
        return Decimal(value)  # type: ignore[arg-type]
    return _explained(value)


def _explained(value: object) -> Decimal:
    """The rarer ways to write a quantity, and what is wrong with the rest."""
    if isinstance(value, Decimal):
        quantity = value
    elif isinstance(value, bool):
        raise PydanticCustomError("quantity_type", "Input should be a number")
    elif isinstance(value, int):
        if not -(10**18) < value < 10**18:
            raise PydanticCustomError("quantity_range", "A quantity has at most 9 integer digits")
        quantity = Decimal(value)
    elif isinstance(value, float):
        quantity = Decimal(repr(value))
    elif isinstance(value, str) and _WRITTEN.fullmatch(value):
        quantity = Decimal(value)
    else:
        raise PydanticCustomError("quantity_type", "Input should be a number, or a string such as 12.5")
    if not quantity.is_finite():
        raise PydanticCustomError("quantity_finite", "A quantity is a finite number")
    if abs(quantity) > MAX_QUANTITY:
        raise PydanticCustomError("quantity_range", "A quantity has at most 9 integer digits")
    try:
        to_micro(quantity)
    except ValueError:
        raise PydanticCustomError("quantity_decimals", "A quantity has at most 6 decimal digits") from None
    return quantity


def _positive(value: object) -> Decimal:
    quantity = _exact(value)
    if quantity <= _ZERO:
        raise PydanticCustomError("quantity_positive", "A quantity here is greater than 0")
    return quantity


def _non_negative(value: object) -> Decimal:
    quantity = _exact(value)
    if quantity < _ZERO:
        raise PydanticCustomError("quantity_negative", "A quantity here is not negative")
    return quantity


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


_AS_NUMBER = PlainSerializer(_number, when_used="json")
_MAX: Any = float(MAX_QUANTITY)

PositiveQuantity = Annotated[
    Decimal, BeforeValidator(_positive), _AS_NUMBER, WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": _MAX})
]
"""> 0, at most 9 integer and 6 decimal digits; a JSON number, or a string that holds one."""
NonNegativeQuantity = Annotated[
    Decimal, BeforeValidator(_non_negative), _AS_NUMBER, WithJsonSchema({"type": "number", "minimum": 0, "maximum": _MAX})
]
"""≥ 0, otherwise like PositiveQuantity."""
SignedQuantity = Annotated[
    Decimal, BeforeValidator(_exact), _AS_NUMBER, WithJsonSchema({"type": "number", "minimum": -_MAX, "maximum": _MAX})
]
"""Any sign, otherwise like PositiveQuantity."""

Code = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f|]+$")]
"""A name that something is known by: a sku, a site, a document. No control characters, and no `|`, which joins keys."""
Note = Annotated[str, Field(max_length=1000)]
"""A few words from a person."""
