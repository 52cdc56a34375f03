"""Bills of material and routings: what goes into a product, and how it is made."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from services.capacity.asks.fields import AT_LEAST_ONE, SOME, MasterAsk, Mistake, Name, Text, twice
from shared.quantities import Code, NonNegativeQuantity, PositiveQuantity, RequestModel

Sequence = Annotated[int, Field(ge=0, le=1_000_000)]
_ZERO = Decimal(0)
Work = Annotated[NonNegativeQuantity, Field(json_schema_extra={"default": 0})]
"""Minutes; none by default (which the document would write as text)."""


class ComponentAsk(RequestModel):
    """A component of one unit of the product."""

    component: Code
    quantity_per: PositiveQuantity
    sequence: Sequence | None = None
    """The operation that uses it; the first one by default."""
    alternates: Annotated[tuple[Code, ...], Field(max_length=50)] = ()
    """May stand in for it, one for one, in this order."""


Components = Annotated[tuple[ComponentAsk, ...], SOME, Field(max_length=500, json_schema_extra=AT_LEAST_ONE)]


class SiteBomAsk(RequestModel):
    """What goes into the product at one site; null: wherever no own one is given."""

    site: Name | None = None
    components: Components


class BomAsk(MasterAsk):
    """Every bill of material of a product. `components` alone is one bill for every site; an empty `boms` withdraws them all."""

    boms: Annotated[tuple[SiteBomAsk, ...], Field(max_length=200)] | None = None
    components: Components | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.boms is None) == (self.components is None):
            raise PydanticCustomError("one_of", "either boms or components is needed")
        return self

    def bills(self) -> Iterator[tuple[str, SiteBomAsk]]:
        """Each bill with the pointer to it."""
        if self.components is not None:
            yield "", SiteBomAsk(components=self.components)
        for place, bill in enumerate(self.boms or ()):
            yield f"/boms/{place}", bill

    def named(self) -> Iterator[tuple[str, str]]:
        """Every sku that goes in, or may stand in, with the pointer to it."""
        for pointer, bill in self.bills():
            for at, line in enumerate(bill.components):
                yield f"{pointer}/components/{at}/component", line.component
                for place, other in enumerate(line.alternates):
                    yield f"{pointer}/components/{at}/alternates/{place}", other

    def definition(self, identity: str) -> dict[str, Any]:
        """Always the long form."""
        body = super().definition(identity)
        del body["components"]
        body["boms"] = [bill.model_dump(mode="json") for _, bill in self.bills()]
        return body

    def mistakes(self) -> list[Mistake]:
        """A site, a component of an operation or an alternate twice."""
        bills = list(self.bills())
        found = twice([(f"{pointer}/site", bill.site) for pointer, bill in bills], "SITE_TWICE", "the site has a bill of material")
        for pointer, bill in bills:
            lines = [(f"{pointer}/components/{at}/component", (line.component, line.sequence)) for at, line in enumerate(bill.components)]
            found += twice(lines, "COMPONENT_TWICE", "the component is named")
            for at, line in enumerate(bill.components):
                others = [(f"{pointer}/components/{at}/alternates/{place}", other) for place, other in enumerate(line.alternates)]
                found += twice([("", line.component), *others], "ALTERNATE_TWICE", "the component is named")
        return found


class RequirementAsk(RequestModel):
    """A named resource, or any free member of a group, with a skill if one is named."""

    resource: Code | None = None
    group: Code | None = None
    skill: Code | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.resource is None) == (self.group is None):
            raise PydanticCustomError("one_of", "either resource or group is needed")
        if self.resource is not None and self.skill is not None:
            raise PydanticCustomError("skill_of_group", "a skill is asked of a group")
        return self


Requirements = Annotated[tuple[RequirementAsk, ...], Field(max_length=20)]


class OperationAsk(RequestModel):
    """One step. The resources of one list are occupied at the same time, for the same minutes."""

    sequence: Sequence
    name: Text | None = None
    """By default its sequence."""
    setup_minutes: Work = _ZERO
    minutes_per_unit: Work = _ZERO
    fixed_minutes: Work = _ZERO
    """Passes without a resource: drying, waiting."""
    may_spread: bool = True
    """Whether it may go on over several days."""
    resources: Requirements = ()
    alternates: Annotated[tuple[Annotated[Requirements, SOME, Field(json_schema_extra=AT_LEAST_ONE)], ...], Field(max_length=20)] = ()
    """Other lists of resources that would do, in this order."""


Operations = Annotated[tuple[OperationAsk, ...], SOME, Field(max_length=200, json_schema_extra=AT_LEAST_ONE)]
Priority = Annotated[int, Field(ge=0, le=1_000_000)]


class SiteRoutingAsk(RequestModel):
    """How the product is made at one site; null: wherever no own one is given."""

    site: Name | None = None
    lot_minimum: PositiveQuantity | None = None
    lot_multiple: PositiveQuantity | None = None
    priority: Priority = 0
    """Among the sources of the sku; the smallest is asked first."""
    operations: Operations


class RoutingAsk(MasterAsk):
    """Every routing of a product. `operations` alone is one routing for every site; an empty `routings` withdraws them all."""

    routings: Annotated[tuple[SiteRoutingAsk, ...], Field(max_length=200)] | None = None
    operations: Operations | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.routings is None) == (self.operations is None):
            raise PydanticCustomError("one_of", "either routings or operations is needed")
        return self

    def ways(self) -> Iterator[tuple[str, SiteRoutingAsk]]:
        """Each routing with the pointer to it."""
        if self.operations is not None:
            yield "", SiteRoutingAsk(operations=self.operations)
        for place, way in enumerate(self.routings or ()):
            yield f"/routings/{place}", way

    def steps(self) -> Iterator[tuple[str, OperationAsk]]:
        """Each operation with the pointer to it."""
        for pointer, way in self.ways():
            for at, step in enumerate(way.operations):
                yield f"{pointer}/operations/{at}", step

    def named(self) -> Iterator[tuple[str, RequirementAsk]]:
        """Every resource or group that is asked for, with the pointer to its name."""
        for pointer, step in self.steps():
            for where, listed in _lists(pointer, step):
                for at, wanted in enumerate(listed):
                    yield f"{where}/{at}/{'group' if wanted.resource is None else 'resource'}", wanted

    def definition(self, identity: str) -> dict[str, Any]:
        """Always the long form, operations in their sequence."""
        body = super().definition(identity)
        del body["operations"]
        body["routings"] = [way.model_dump(mode="json") for _, way in self.ways()]
        for way in body["routings"]:
            way["operations"].sort(key=lambda step: step["sequence"])
            for step in way["operations"]:
                step["name"] = step["name"] or str(step["sequence"])
        return body

    def mistakes(self) -> list[Mistake]:
        """A site, a sequence or a resource twice; work that nobody does."""
        ways = list(self.ways())
        found = twice([(f"{pointer}/site", way.site) for pointer, way in ways], "SITE_TWICE", "the site has a routing")
        for pointer, way in ways:
            sequences = [(f"{pointer}/operations/{at}/sequence", step.sequence) for at, step in enumerate(way.operations)]
            found += twice(sequences, "SEQUENCE_TWICE", "the sequence is given")
        for pointer, step in self.steps():
            if (step.setup_minutes or step.minutes_per_unit) and not step.resources:
                message = "minutes of work need somebody who does them; what passes by itself is fixed_minutes"
                found.append(Mistake(f"{pointer}/resources", "NO_RESOURCE", message))
            for where, listed in _lists(pointer, step):
                found += twice(
                    [(f"{where}/{at}", wanted.resource) for at, wanted in enumerate(listed) if wanted.resource is not None],
                    "RESOURCE_TWICE",
                    "the resource is named",
                )
        return found


def _lists(pointer: str, step: OperationAsk) -> Iterator[tuple[str, tuple[RequirementAsk, ...]]]:
    yield f"{pointer}/resources", step.resources
    for place, listed in enumerate(step.alternates):
        yield f"{pointer}/alternates/{place}", listed
