"""What no body may hold, whatever its model: text the database cannot keep, numbers that nobody can carry exactly.

An ordinary body costs three looks over its bytes; only one that looks suspicious is parsed here, to point at the place.
"""

import json
import re
from decimal import Decimal
from typing import Any, Final

from starlette.types import Message, Receive

from shared.problems import FieldError, Problem, unprocessable

MAX_DIGITS: Final = 15
"""Significant digits of a number: a double carries them exactly."""
_MAX_ERRORS: Final = 100
_ESCAPED = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
"""An escaped NUL or surrogate."""
_DIGITS_ALONE = bytes(48 if byte in b"0123456789." else 32 for byte in range(256))
_LONG = b"0" * (MAX_DIGITS + 1)
"""A run of digits too long for a number, as `_DIGITS_ALONE` shows it: ten times as fast as a regular expression."""
_INT64: Final = range(-(2**63), 2**63)


class _Huge:
    """Stands for an integer that is longer than anything here can be."""


_HUGE: Final = _Huge()


def refuse(body: bytes) -> Problem | None:
    """422 for a JSON body that must not go further, None for every other. What is not JSON at all is refused by its reader."""
    if b"\0" in body or not (body.isascii() or _is_utf8(body)):
        return malformed("The body is not JSON in UTF-8.")
    if _LONG not in body.translate(_DIGITS_ALONE) and (b"\\u" not in body or _ESCAPED.search(body) is None):
        return None
    try:
        parsed = json.loads(body, parse_float=Decimal, parse_int=_parse_int, parse_constant=float)
    except RecursionError:
        return malformed("The body is nested too deeply.")
    except ValueError:
        return None
    errors = unfit(parsed)
    if not errors:
        return None
    return unprocessable("INVALID_REQUEST", f"{errors[0].pointer}: {errors[0].message}", errors)


def malformed(detail: str) -> Problem:
    """422 for a body that cannot be read at all."""
    return unprocessable("MALFORMED_BODY", detail, [FieldError("", "json_invalid", detail)])


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _parse_int(digits: str) -> int | _Huge:
    return int(digits) if len(digits) <= 20 else _HUGE  # noqa: PLR2004 -- the longest 64-bit integer, with its sign


def unfit(root: Any) -> list[FieldError]:
    """What a body holds that no body may, and where. Without recursion."""
    errors: list[FieldError] = []
    waiting: list[tuple[str, Any]] = [("", root)]
    while waiting and len(errors) < _MAX_ERRORS:
        pointer, node = waiting.pop()
        if isinstance(node, dict):
            for key, value in node.items():
                if (wrong := _wrong_text(key)) is not None:
                    errors.append(FieldError(pointer, wrong[0], "a field's name " + wrong[1]))
                else:
                    waiting.append((pointer + "/" + key.replace("~", "~0").replace("/", "~1"), value))
        elif isinstance(node, list):
            waiting.extend((f"{pointer}/{place}", value) for place, value in enumerate(node))
        elif (wrong := _wrong_text(node) if isinstance(node, str) else _wrong_number(node)) is not None:
            errors.append(FieldError(pointer, *wrong))
    return errors


def _wrong_text(value: str) -> tuple[str, str] | None:
    if "\0" in value:
        return "string_nul", "holds a NUL character"
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        return "string_unicode", "holds half of a surrogate pair"
    return None


def _wrong_number(value: object) -> tuple[str, str] | None:
    if value is _HUGE or (isinstance(value, int) and value not in _INT64):
        return "number_too_large", "is larger than any number here"
    if isinstance(value, Decimal) and value.is_finite():
        digits = "".join(str(digit) for digit in value.as_tuple().digits).strip("0")
        if len(digits) > MAX_DIGITS:
            return "number_digits", f"has more than {MAX_DIGITS} significant digits"
    return None


def again(body: bytes, receive: Receive) -> Receive:
    """A body that was read, to be read once more; then whatever comes."""
    first: Message | None = {"type": "http.request", "body": body, "more_body": False}

    async def replay() -> Message:
        nonlocal first
        if first is None:
            return await receive()
        message, first = first, None
        return message

    return replay
