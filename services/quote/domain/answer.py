"""What is answered: deliveries, what covers them, why, and the other ways that lost."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from services.quote.domain.value import value

if TYPE_CHECKING:
    from services.quote.domain.capacity import Load
    from services.quote.domain.entry import Day, Micro
    from services.quote.domain.pegging import Peg
    from services.quote.domain.reasons import Reason


class Outcome(StrEnum):
    """Of a line: all by the requested date, all but later, less than all, nothing. Of a whole: see `outcome_of_all`."""

    FULL = "full"
    LATE = "late"
    PARTIAL = "partial"
    NONE = "none"


@value(frozen=True, slots=True)
class Delivery:
    """One shipment of a promise. Its claim is dated `pick_day`."""

    site: str
    quantity: Micro
    pick_day: Day
    ship_day: Day
    delivery_day: Day
    planned: Micro = 0
    """How much of it stands on planned supply of this decision, not on the book."""
    lane: str | None = None
    sku: str | None = None
    """What is delivered instead of what was asked for; None: that itself."""
    returns: tuple[tuple[int, Micro], ...] = ()
    """Of a hold: what plans of this decision, by number, fill up of its book after it, and how much each."""

    @property
    def days(self) -> tuple[Day, Day, Day]:
        """Pick, ship and delivery day."""
        return (self.pick_day, self.ship_day, self.delivery_day)


@value(frozen=True, slots=True)
class PartPlanned:
    """What planned supply takes from another book; `planned` of it stands on planned supply of this decision."""

    sku: str
    site: str
    quantity: Micro
    day: Day
    planned: Micro = 0
    pegs: tuple[Peg, ...] = ()
    """What covers it."""
    returns: tuple[tuple[int, Micro], ...] = ()
    """As of a delivery."""


@value(frozen=True, slots=True)
class SupplyPlanned:
    """Supply that has to be released for a promise: made, bought or transferred."""

    kind: str
    """`production_order`, `purchase_order`, `transfer_order`."""
    ref: str
    """The routing's sku, the supplier's terms, or the lane."""
    sku: str
    site: str
    quantity: Micro
    start_day: Day
    due_day: Day
    latest_start_day: Day
    """Started later, something that stands on it comes too late."""
    parts: tuple[PartPlanned, ...]
    loads: tuple[Load, ...]
    lines: tuple[str, ...]
    """The lines that stand on it."""
    from_site: str | None = None
    supplier: str | None = None


@value(frozen=True, slots=True)
class Alternative:
    """Another way to serve the line, and why it lost."""

    alternative: str
    """`a1`, `a2` … within the line."""
    kind: str
    """`site` (another site), `split` (several deliveries), `partial` (less than asked), `later_complete` (all at once, later),
    `apart` (without waiting for the other lines), `make`, `buy`, `transfer` (planned supply), `wait` (for what is known to come)."""
    deliveries: tuple[Delivery, ...]
    lost_because: str
    """A member of `reasons.Lost`."""
    supply: tuple[str, ...] | None = None
    """The planned supply that it is promised from, in the words of `LineRequest.supply`; None: whatever is there first."""
    site: str | None = None
    """The site, where it can never serve the line and so delivers nothing."""


@value(frozen=True, slots=True)
class LinePromise:
    """The answer to one line."""

    line_ref: str
    sku: str
    uom: str
    outcome: str
    requested_quantity: Micro
    requested_day: Day
    promised_quantity: Micro
    """What is delivered below, and what was shipped before where a line is amended."""
    promised_day: Day | None
    """The last delivery's."""
    deliveries: tuple[Delivery, ...]
    slip_days: int
    """promised_day - requested_day, never below 0; 0 when nothing is promised."""
    limiting_step: str | None
    pegging: tuple[Peg, ...]
    reasons: tuple[Reason, ...]
    alternatives: tuple[Alternative, ...]
    probability: float | None = None
    """That the date holds, where the decision was made for one; else it is worked out for the answer."""


@value(frozen=True, slots=True)
class Decision:
    """The answer to a whole request."""

    outcome: str
    lines: tuple[LinePromise, ...]
    summary: str
    read: frozenset[tuple[str, str]]
    """(sku, site) of every book that was looked at."""
    written: frozenset[tuple[str, str]]
    """(sku, site) of every book that gets claims."""
    planned: tuple[SupplyPlanned, ...] = ()
    """What is to be released, what others need before what needs it."""
    ships_complete: bool = False
    """Whether several lines are delivered together or not at all, and so hold together."""


def outcome_of_line(requested: Micro, promised: Micro, requested_day: Day, promised_day: Day | None) -> Outcome:
    """`full`: all by the requested date; `late`: all, the last later; `partial`: less than all, whenever; `none` (promising.md § 4)."""
    if promised <= 0 or promised_day is None:
        return Outcome.NONE
    if promised < requested:
        return Outcome.PARTIAL
    return Outcome.LATE if promised_day > requested_day else Outcome.FULL


def outcome_of_all(outcomes: list[str]) -> Outcome:
    """`none` if all are; `full` or `late` if all lines are promised in full; otherwise `partial` (promising.md § 4)."""
    kinds = set(outcomes)
    if kinds <= {Outcome.NONE}:
        return Outcome.NONE
    if kinds <= {Outcome.FULL}:
        return Outcome.FULL
    if kinds <= {Outcome.FULL, Outcome.LATE}:
        return Outcome.LATE
    return Outcome.PARTIAL
