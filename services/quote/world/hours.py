"""Zones, cut-off times, and until when what was worked out at a local time holds."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import structlog

if TYPE_CHECKING:
    from collections.abc import Iterable

log = structlog.get_logger()

UTC_ZONE = ZoneInfo("UTC")


def cut_off_of(definition: dict[str, Any] | None) -> time | None:
    """The cut-off time that a site or a lane names, on the clock of the site."""
    said = None if definition is None else definition.get("cut_off_time")
    return None if said is None else time.fromisoformat(said)


def holds_until(local: datetime, cut_offs: Iterable[time | None]) -> datetime:
    """Until when, in UTC, what was worked out at a local time holds: the second after the next cut-off, or midnight. Errs to too early."""
    midnight = datetime.combine(local.date() + timedelta(days=1), time(), local.tzinfo)
    second = timedelta(seconds=1)
    passes = (datetime.combine(local.date(), cut_off, local.tzinfo) + second for cut_off in cut_offs if cut_off is not None)
    return min((at for at in (midnight, *passes) if at > local), default=midnight).astimezone(UTC)


def zone_of(name: str) -> ZoneInfo:
    """A zone by its IANA name; UTC for what is none here."""
    if name in ("UTC", "Etc/UTC"):
        return UTC_ZONE
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # OSError: a directory of zones, such as Europe
        log.warning("unknown time zone, reading it as UTC", time_zone=name)
        return UTC_ZONE
