"""Who does an operation, wherever it stands: told once by its name instead of in each routing."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from services.capacity.asks.fields import AT_LEAST_ONE, SOME, MasterAsk, Mistake, Text, twice
from services.capacity.asks.products import RequirementAsk, Requirements
from shared.quantities import Code, PositiveQuantity, RequestModel

Lists = Annotated[tuple[Annotated[Requirements, SOME, Field(json_schema_extra=AT_LEAST_ONE)], ...], Field(max_length=20)]


class OperationDefinition(MasterAsk):
    """The resources that an operation occupies at the same time, and other lists of them that would do, in this order."""

    resources: Annotated[Requirements, SOME, Field(json_schema_extra=AT_LEAST_ONE)]
    alternates: Lists = ()

    def lists(self) -> list[tuple[str, tuple[RequirementAsk, ...]]]:
        """Every list of resources with the pointer to it."""
        return [("/resources", self.resources), *((f"/alternates/{at}", listed) for at, listed in enumerate(self.alternates))]

    def named(self) -> Iterator[tuple[str, RequirementAsk]]:
        """Every resource or group that is asked for, with the pointer to its name."""
        for where, listed in self.lists():
            for at, wanted in enumerate(listed):
                yield f"{where}/{at}/{'group' if wanted.resource is None else 'resource'}", wanted

    def mistakes(self) -> list[Mistake]:
        """A resource twice in one list."""
        found: list[Mistake] = []
        for where, listed in self.lists():
            named = [(f"{where}/{at}", wanted.resource) for at, wanted in enumerate(listed) if wanted.resource is not None]
            found += twice(named, "RESOURCE_TWICE", "the resource is named")
        return found

    def parts(self) -> dict[str, Any]:
        """As the operation of a routing has them."""
        return self.model_dump(mode="json", include={"resources", "alternates"})


class NeedRow(RequestModel):
    """A row of a file: a resource, or a pool by its name, of which any free member does."""

    resource: Code
    skill: Code | None = None
    quantity: PositiveQuantity = Decimal(1)

    @field_validator("quantity")
    @classmethod
    def _one(cls, quantity: Decimal) -> Decimal:
        if quantity != 1:
            raise PydanticCustomError("one_each", "an operation takes one of each: name several resources in a row each")
        return quantity


class OperationFile(RequestModel):
    """An operation as its rows say it: lists of names, of which the first is what is usual."""

    operation: Text
    lists: Annotated[tuple[tuple[NeedRow, ...], ...], Field(max_length=21)]
