"""What is asked: lines, and the rules under which they may be answered (promising.md § 4); and where the books are found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from services.quote.domain.choice import Aim
from services.quote.domain.value import value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from services.quote.domain.allocation import Allocation
    from services.quote.domain.book import Book
    from services.quote.domain.dates import Way
    from services.quote.domain.entry import Day, Micro
    from services.quote.domain.policy import Costs
    from services.quote.domain.rules import Rules
    from services.quote.domain.sources import Source


@value(frozen=True, slots=True)
class Substitute:
    """What may stand in for a sku, unit for unit, and the sites that may ship it."""

    sku: str
    sites: tuple[str, ...]


@value(frozen=True, slots=True)
class LineRequest:
    """One line of a customer's request."""

    line_ref: str
    sku: str
    quantity: Micro
    requested_day: Day
    """The delivery day wanted; may lie in the past: the answer then starts today and its slip counts from here."""
    sites: tuple[str, ...]
    """Sites that may ship it, the preferred one first; empty when no site is known."""
    latest_day: Day | None = None
    """Later than this counts as none."""
    min_ship: Micro | None = None
    """Least quantity of one delivery of a split; the whole line when that is less."""
    max_shipments: int | None = None
    uom: str = "EA"
    known_sku: bool = True
    ship_to: str | None = None
    """Where to: a region, customer or site that lanes lead to; None: the customer fetches it, requested day = ship day."""
    customer: str | None = None
    supply: frozenset[str] | None = None
    """Planned supply that may be used: `transfer`, `make`, `buy`, or one source of these by its ref (`buy:TERMS-7`); None: all."""

    substitutes: tuple[Substitute, ...] = ()
    """What may stand in for it, the first choice first; tried last."""
    unknown_sites: tuple[str, ...] = ()
    """Sites that it names and that nobody has described."""


@value(frozen=True, slots=True)
class Demand:
    """Lines that are answered together: no unit is promised to two of them."""

    lines: tuple[LineRequest, ...]
    allow_partial: bool = False
    """A line may come in several deliveries, or short."""
    ship_complete: bool = False
    """All lines on one date, or none of them."""
    policy: Aim = Aim.EARLIEST
    deadline_ms: int = 2000
    """How long the caller would wait; the search is bounded by work (`stand.WHOLE_EFFORT_MS`), so less time means fewer ways tried."""
    hold_ends: Callable[[str], Day] | None = None
    """The civil day at a site on which it would end as a hold, since until then nobody releases what is planned; None: an order."""
    classes: tuple[str, ...] = ()
    """Its class and what that lies inside; empty for demand without a class."""


class Shelf(Protocol):
    """Where a decision finds its books, its dates and its instant. Nothing else of the world is known to it."""

    @property
    def now(self) -> datetime:
        """The instant of the decision: holds count strictly before their expiry."""
        ...

    def book(self, sku: str, site: str) -> Book | None:
        """The book of a sku at a site, or None."""
        ...

    def today(self, site: str) -> Day:
        """The civil date at the site."""
        ...

    def rules(self, sku: str, site: str) -> Rules:
        """How dates are read there."""
        ...

    def ways(self, sku: str, site: str, ship_to: str | None, customer: str | None) -> Sequence[Way]:
        """The ways of a sku from a site to a customer, the preferred one first; none where no lane leads there."""
        ...

    def sources(self, sku: str, site: str) -> Sequence[Source]:
        """Where more of a sku at a site can come from, the first choice first."""
        ...

    def costs(self, sku: str, site: str) -> Costs | None:
        """What lateness and handling of a sku at a site cost; None: nothing was said."""
        ...

    def allocations(self, sku: str) -> Sequence[Allocation]:
        """The ceilings and floors of a sku, whatever their class."""
        ...

    def knows_class(self, name: str) -> bool:
        """Whether anybody has defined a class of demand."""
        ...

    def minutes_left(self, site: str) -> int:
        """Minutes until midnight at the site."""
        ...
