"""What lists are narrowed by, and what every answer about an entity carries."""

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict

from shared.contracts.base import Instant
from shared.quantities import Code

SkuFilter = Annotated[Code | None, Query(description="Only this sku.")]
SiteFilter = Annotated[Code | None, Query(description="Only this site.")]


class View(BaseModel):
    """What every answer about an entity carries."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    external_id: str | None = None
    source_system: str | None = None
    revision: int
    created_at: Instant
    updated_at: Instant
