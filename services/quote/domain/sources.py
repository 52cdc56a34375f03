"""Where more can come from: transfer, make, buy (promising.md § 4).

The sources of a sku at a site are tried in this order, those of one kind by their priority; last, and only where none of them brings it,
the lead time of an item that allows promising at it. What a source brings is a
*planned receipt*: rounded up to its lot, due after its lead time or its operations.

    lot(q)     = the least multiple of `multiple` that is >= max(q, minimum)
    minutes(q) = setup + minutes per unit x q            component(q) = quantity per unit x q

Quantities and minutes are millionths, rounded up; lead times are days on the source's calendar.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from services.quote.domain.calendar import Calendar
    from services.quote.domain.dates import Way
    from services.quote.domain.entry import Day, Micro

MICRO = 1_000_000
WEEK: Final = 7
"""How long a period is, where only a capacity is said."""


class Kind(StrEnum):
    """What a planner has to release; the kind of the real receipt that will replace the plan."""

    TRANSFER = "transfer_order"
    MAKE = "production_order"
    BUY = "purchase_order"


@dataclass(frozen=True, slots=True)
class Lot:
    """How much one order may be for: at least `minimum`, a multiple of `multiple`."""

    minimum: Micro | None = None
    multiple: Micro | None = None

    def rounded(self, quantity: Micro) -> Micro:
        """The least allowed quantity that covers `quantity`: 125 in hundreds is 200."""
        most = max(quantity, self.minimum or 0)
        return most if not self.multiple else -(-most // self.multiple) * self.multiple

    def within(self, quantity: Micro) -> Micro:
        """The largest allowed quantity that is not above `quantity`; 0 where there is none."""
        most = quantity if not self.multiple else quantity // self.multiple * self.multiple
        return most if most >= max(1, self.minimum or 0) else 0


@dataclass(frozen=True, slots=True)
class Transfer:
    """From another site over a lane."""

    ref: str
    """The lane."""
    from_site: str
    way: Way
    lot: Lot = Lot()
    cost: Micro = 0
    """Of a unit, in millionths of the company's currency."""
    kind = Kind.TRANSFER


@dataclass(frozen=True, slots=True)
class Need:
    """One resource that an operation occupies: any one of these, one a day."""

    candidates: tuple[str, ...]
    name: str
    """What was asked for, as people say it: the resource, or the group with its skill."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One step of a routing; minutes in millionths."""

    sequence: int
    name: str
    setup: Micro
    per_unit: Micro
    fixed: Micro = 0
    """Passes without a resource, rounded up to days."""
    may_spread: bool = True
    """Whether it may go on over several days."""
    options: tuple[tuple[Need, ...], ...] = ()
    """Lists of resources that are occupied together; the first list is meant, the others would do."""

    def minutes(self, quantity: Micro) -> Micro:
        """How long it occupies its resources for `quantity`."""
        return self.setup + -(-self.per_unit * quantity // MICRO)


@dataclass(frozen=True, slots=True)
class Component:
    """What goes into one unit; `skus`: the component, then what may stand in for it."""

    skus: tuple[str, ...]
    per_unit: Micro
    operation: int = 0
    """The place, in the routing, of the operation that uses it."""

    def quantity(self, made: Micro) -> Micro:
        """How much of it `made` units need."""
        return -(-self.per_unit * made // MICRO)


@dataclass(frozen=True, slots=True)
class Make:
    """From components, by operations on resources; without operations, in `lead_time_days` of the site."""

    ref: str
    """The sku whose routing or bill of material it is."""
    components: tuple[Component, ...]
    operations: tuple[Operation, ...] = ()
    lot: Lot = Lot()
    lead_time_days: int = 0
    calendar: Calendar | None = None
    """The site's, on which the lead time runs."""
    cost: Micro = 0
    """Of a unit, in millionths of the company's currency."""
    kind = Kind.MAKE


@dataclass(frozen=True, slots=True)
class Buy:
    """From a supplier: due `lead_time_days` of its calendar after the day on which it is ordered."""

    ref: str
    """The supplier's terms; the sku, where all that is known is its lead time."""
    supplier: str | None
    lead_time_days: int
    calendar: Calendar
    lot: Lot = Lot()
    cost: Micro = 0
    """Of a unit, in millionths of the company's currency."""
    capacity: Micro | None = None
    """What the supplier can deliver on these terms in one period; None: as much as anybody wants."""
    period_days: int | None = None
    """How long a period is (supplier.py)."""
    kind = Kind.BUY

    @property
    def days_of_period(self) -> int:
        """How long a period is: a week, where only a capacity is said."""
        return self.period_days or WEEK

    def last_day_of_period(self, day: Day) -> Day:
        """The last day of the period in which a day lies."""
        return ((day - 1) // self.days_of_period + 1) * self.days_of_period


Source = Transfer | Make | Buy


def is_beyond_known(source: Source) -> bool:
    """Whether it is no supply that anybody knows, but the item's lead time: promised at where nothing known brings the quantity."""
    return isinstance(source, Buy) and source.supplier is None
