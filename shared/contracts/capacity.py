"""What capacity says on `capacity.plan.v1`."""

from datetime import date
from typing import Literal

from shared.contracts.base import Contract, Instant, Quantity, Retirable

TOPIC = "capacity.plan.v1"
"""Key: the resource, the sku (bills of material, routings) or the calendar's id. Heartbeats go to every partition."""


class DayPattern(Contract):
    """Minutes of every civil day, resolved: a week, and the days that differ from it.

    Holidays, exceptions and dated rules are worked out by capacity, so that whoever reads a pattern needs no library of
    holidays and gets the same answer for ever.
    """

    weekly: tuple[int, int, int, int, int, int, int]
    """Minutes from Monday to Sunday; 0 = closed, 1440 = around the clock for one unit."""
    days: dict[date, int]
    """Minutes of the days, from `from_date` to `until_date`, that differ from the week."""
    from_date: date
    """Days before it are not worked out: the week alone holds."""
    until_date: date
    """The last day that was worked out; from the next on the week alone holds. It is told again long before it comes near."""


class CalendarDefined(Retirable):
    """`capacity.plan.calendar-defined.v1`: on which days something works."""

    calendar: str
    name: str
    pattern: DayPattern


ResourceChangeKind = Literal["defined", "exception-set", "exception-removed", "calendar-changed", "horizon-moved", "retired"]


class ResourceCapacityChanged(Retirable):
    """`capacity.plan.resource-capacity-changed.v1`: what a resource can do, day by day."""

    resource: str
    name: str
    site: str
    calendar: str | None = None
    group: str | None = None
    """The pool it is a member of."""
    skills: tuple[str, ...] = ()
    units: Quantity
    efficiency: Quantity
    capacity: DayPattern
    """Minutes of work a day: the calendar's, times units, times efficiency, with downtime and overtime."""
    known: bool = True
    """False while the resource names a calendar that nobody has defined: its capacity is then nothing."""
    change: ResourceChangeKind = "defined"
    changed_dates: tuple[date, ...] = ()
    """The days of a downtime or overtime that made the change."""


class BomComponent(Contract):
    """A component of one unit of the product."""

    component: str
    quantity_per: Quantity
    sequence: int | None = None
    """The operation that uses it; the first one by default."""
    alternates: tuple[str, ...] = ()
    """May stand in for it, one for one, in this order."""


class SiteBom(Contract):
    """What goes into a product at one site (None: wherever no own one is given)."""

    site: str | None = None
    components: tuple[BomComponent, ...]


class BomDefined(Retirable):
    """`capacity.plan.bom-defined.v1`: every bill of material of one sku."""

    sku: str
    boms: tuple[SiteBom, ...]


class Requirement(Contract):
    """One resource that an operation occupies: a named one, or any free member of a group, with a skill if named."""

    resource: str | None = None
    group: str | None = None
    skill: str | None = None


class OperationState(Contract):
    """One step. The resources of one list are occupied at the same time, for the same minutes."""

    sequence: int
    name: str
    setup_minutes: Quantity
    minutes_per_unit: Quantity
    fixed_minutes: Quantity
    """Passes without a resource (drying, queue)."""
    may_spread: bool = True
    """Whether it may go on over several days."""
    resources: tuple[Requirement, ...] = ()
    alternates: tuple[tuple[Requirement, ...], ...] = ()
    """Other lists of resources that would do, in this order."""


class SiteRouting(Contract):
    """How a product is made at one site (None: wherever no own one is given)."""

    site: str | None = None
    lot_minimum: Quantity | None = None
    lot_multiple: Quantity | None = None
    priority: int = 0
    """Among the sources of the sku; the smallest is asked first."""
    operations: tuple[OperationState, ...]


class RoutingDefined(Retirable):
    """`capacity.plan.routing-defined.v1`: every routing of one sku."""

    sku: str
    routings: tuple[SiteRouting, ...]


class PlanHeartbeat(Contract):
    """`capacity.plan.heartbeat.v1`: everything that happened up to `as_of` stands before this record in its partition."""

    as_of: Instant


EVENTS: dict[str, type[Contract]] = {
    "capacity.plan.calendar-defined.v1": CalendarDefined,
    "capacity.plan.resource-capacity-changed.v1": ResourceCapacityChanged,
    "capacity.plan.bom-defined.v1": BomDefined,
    "capacity.plan.routing-defined.v1": RoutingDefined,
    "capacity.plan.heartbeat.v1": PlanHeartbeat,
}
