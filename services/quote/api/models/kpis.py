"""What is told of the shared figures."""

from datetime import date, datetime

from pydantic import BaseModel, Field

from services.quote.api.models.answer import InputOut
from services.quote.domain.kpi import Better, Filter, Owner, Unit


class KpiDefinitionOut(BaseModel):
    """What a figure means: for the screen, the API and alerts alike."""

    kpi: str
    name: str
    unit: Unit
    formula: str
    date_basis: str = Field(description="Which date puts a promise into the period.")
    exclusions: str
    owner: Owner = Field(description="Who answers for it.")
    better: Better | None = Field(description="Which way is good; null where neither is.")
    filters: list[Filter] = Field(description="By what it can be narrowed; under any other filter it is not answered.")


class KpiDefinitions(BaseModel):
    """The dictionary of figures."""

    data: list[KpiDefinitionOut]
    next_cursor: str | None


class KpiPartOut(BaseModel):
    """One part of a figure."""

    name: str
    value: float


class KpiOut(BaseModel):
    """A figure."""

    kpi: str
    value: float | None = Field(description="Null where there is nothing to count.")
    unit: Unit
    count: float | None = Field(description="Of a share: how many it is.")
    of: float | None = Field(description="Of how many.")
    breakdown: list[KpiPartOut]


class KpisOut(BaseModel):
    """The figures of a period, in the order of the dictionary."""

    as_of: datetime
    from_date: date
    to_date: date
    customer: str | None
    sku: str | None
    site: str | None
    data: list[KpiOut]
    inputs: list[InputOut]
