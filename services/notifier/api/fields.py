"""What the fields of bodies and answers are made of."""

import base64
import binascii
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import httpx
from pydantic import AfterValidator, Field, StringConstraints

from services.notifier.gateway import BadChannel, check, is_webhook

_SHORTEST, _LONGEST = 24, 64
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2500, 1, 1, tzinfo=UTC)
_LAST_PORT = 65_535


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("not a time zone of the IANA database: write Europe/Berlin") from None
    return value


def _secret(value: str) -> str:
    try:
        raw = base64.b64decode(value.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not value.startswith("whsec_") or not _SHORTEST <= len(raw) <= _LONGEST:
        raise ValueError(f"a secret is whsec_ and {_SHORTEST} to {_LONGEST} bytes in base 64")
    return value


def _channel(value: str) -> str:
    scheme, found, rest = value.partition("://")
    if not found or not scheme or not rest:
        raise ValueError("a channel is a URL: https://… for a signed webhook, mailto://…, slack://… as apprise writes them")
    if is_webhook(value):
        try:
            url = httpx.URL(value)
            url.netloc.decode("ascii")
            ssl_name = url.host.encode("idna")
        except (httpx.InvalidURL, ValueError) as error:
            raise ValueError(f"not a URL: {error}") from None
        if not ssl_name or not (url.port is None or 0 < url.port <= _LAST_PORT):
            raise ValueError("a webhook needs a host, and a port from 1 to 65535 if it names one")
        return value
    try:
        check(value)
    except BadChannel as error:
        raise ValueError(str(error)) from None
    return value


def _moment(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("an instant needs a time zone: write 2026-11-21T11:12:00Z")
    if not _EARLIEST <= value < _LATEST:
        raise ValueError("an instant lies between 1970 and 2500")
    return value.astimezone(UTC)


TimeZone = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(_zone)]
Clock = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""Local time, `HH:MM`."""
Secret = Annotated[str, StringConstraints(max_length=200), AfterValidator(_secret)]
Channel = Annotated[str, StringConstraints(min_length=4, max_length=2000, pattern=r"^[\x21-\x7e]+$"), AfterValidator(_channel)]
Moment = Annotated[datetime, AfterValidator(_moment)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f/]+$")]
"""A subscription's id stands in the middle of an address, so it holds no `/`."""
Who = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Words = Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")]
"""A few words from a person."""
ExpectedRevision = Annotated[
    int | None, Field(ge=0, le=2**53, description="409 unless the subscription stands at this revision; 0: only if it is new.")
]
