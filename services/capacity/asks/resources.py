"""Resources, with their downtime and overtime."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from services.capacity.asks.fields import CivilDate, DeltaMinutes, ExpectedRevision, MasterAsk, Mistake, Name, Text, WorkMinutes, twice
from shared.quantities import Code, NonNegativeQuantity, PositiveQuantity, RequestModel

MOST_UNITS, MOST_EFFICIENCY = 1000, 5


class ResourceAsk(MasterAsk):
    """Somebody or something that works. Without calendar it works around the clock.

    A row that merely names a pool has `units: 0`: it can do nothing itself, and its members name it as their `group`.
    """

    name: Text | None = None
    """By default the id."""
    site: Name
    calendar: Code | None = None
    units: Annotated[NonNegativeQuantity, Field(le=MOST_UNITS, json_schema_extra={"default": 1})] = Decimal(1)
    """How many work at the same time."""
    efficiency: Annotated[PositiveQuantity, Field(le=MOST_EFFICIENCY, json_schema_extra={"default": 1})] = Decimal(1)
    """Minutes of work that get done in a minute of the clock."""
    group: Code | None = None
    """The pool it is a member of."""
    skills: Annotated[tuple[Code, ...], Field(max_length=100)] = ()

    def definition(self, identity: str) -> dict[str, Any]:
        """Skills are a set."""
        body = super().definition(identity)
        body["skills"].sort()
        return body

    def mistakes(self) -> list[Mistake]:
        """A skill twice."""
        return twice([(f"/skills/{at}", skill) for at, skill in enumerate(self.skills)], "SKILL_TWICE", "the skill is named")


class CorrectionAsk(RequestModel):
    """Downtime or overtime of one day, in minutes of work: units and efficiency are in them already."""

    minutes: WorkMinutes | None = None
    """So many, whatever the calendar says."""
    delta_minutes: DeltaMinutes | None = None
    """So many more (overtime), or fewer (downtime)."""
    reason: Text
    document: Text | None = None
    expected_revision: ExpectedRevision = None
    """Of the resource."""

    @model_validator(mode="after")
    def _one_of_both(self) -> "CorrectionAsk":
        if (self.minutes is None) == (self.delta_minutes is None):
            raise PydanticCustomError("one_of", "either minutes or delta_minutes is needed")
        return self


class ResourceSet(ResourceAsk):
    """A resource that says its own id, where no address does."""

    resource: Name


class CorrectionSet(CorrectionAsk):
    """Downtime or overtime that says its own resource and day."""

    resource: Name
    date: CivilDate
