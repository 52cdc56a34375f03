"""What the fields of bodies and answers are made of."""

from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from shared.contracts.base import Instant
from shared.quantities import Code, RequestModel

_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2500, 1, 1, tzinfo=UTC)


def _moment(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("an instant needs a time zone: write 2026-11-21T11:12:00Z")
    if not _EARLIEST <= value < _LATEST:
        raise ValueError("an instant lies between 1970 and 2500")
    return value.astimezone(UTC)


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("not a time zone of the IANA database: write Europe/Berlin") from None
    return value


Moment = Annotated[datetime, AfterValidator(_moment)]
"""An aware instant near our days; UTC inside."""
TimeZone = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(_zone)]
CutOff = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""Local time, `HH:MM`."""
Days = Annotated[int, Field(ge=0, le=1096)]
SiteCode = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f|/]+$")]
"""A site's code stands in the middle of an address, so it holds no `/`."""
Text = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""A reason, a document, a name: one line."""
ExpectedRevision = Annotated[
    int | None, Field(ge=0, le=2**53, description="409 unless the entity stands at this revision; 0: only if it is new.")
]

SkuFilter = Annotated[Code | None, Query(description="Only this sku.")]
SiteFilter = Annotated[Code | None, Query(description="Only this site.")]


class MasterBody(RequestModel):
    """What every piece of master data may carry."""

    external_id: Text | None = None
    source_system: Text | None = None
    expected_revision: ExpectedRevision = None

    def definition(self) -> dict[str, Any]:
        """The body as it is kept."""
        return self.model_dump(mode="json", exclude={"expected_revision"})


class View(BaseModel):
    """What every answer about an entity carries."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    external_id: str | None = None
    source_system: str | None = None
    revision: int
    created_at: Instant
    updated_at: Instant
