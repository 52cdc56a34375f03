"""How many, by when: the answer to a customer's lines from stock and receipts (promising.md § 4).

`promise` is the whole decision. It changes nothing: the claims it wants stand in its deliveries, and whoever asked it
on locked books writes them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from services.quote.domain.answer import Alternative, Decision, Delivery, LinePromise, Outcome
from services.quote.domain.choice import Aim
from services.quote.domain.explanation import conclude
from services.quote.domain.justintime import delay
from services.quote.domain.onhand import all_on_hand
from services.quote.domain.plan import plan_line
from services.quote.domain.request import Demand, LineRequest, Shelf
from services.quote.domain.shipcomplete import plan_together
from services.quote.domain.split import EFFORT
from services.quote.domain.stand import Stand

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "Alternative",
    "Decision",
    "Delivery",
    "Demand",
    "LinePromise",
    "LineRequest",
    "Outcome",
    "Shelf",
    "promise",
]


def promise(demand: Demand, shelf: Shelf) -> Decision:
    """What can be promised of each line, and when, without taking from any earlier promise.

    Lines are served in their order; with `ship_complete`, all on the first date on which all of them can leave.
    """
    return all_on_hand(demand, shelf) or promise_by_search(demand, shelf)


def promise_by_search(demand: Demand, shelf: Shelf) -> Decision:
    """The same the whole way, whatever the lines are."""
    stand = Stand(shelf, classes=demand.classes, hold_ends=demand.hold_ends, deadline_ms=demand.deadline_ms)
    if demand.ship_complete and (demand.allow_partial or len(demand.lines) > 1):
        plans = plan_together(demand.lines, stand, allow_partial=demand.allow_partial, aim=demand.policy)
    else:
        effort = stand.allowed(effort_for(demand.lines))
        plans = [plan_line(line, stand, allow_partial=demand.allow_partial, effort=effort, aim=demand.policy) for line in demand.lines]
    if demand.policy is Aim.JUST_IN_TIME:
        delay(stand)
    decision = conclude(plans, stand)
    stand.leave()
    return replace(decision, ships_complete=True) if demand.ship_complete and len(demand.lines) > 1 else decision


def effort_for(lines: Sequence[LineRequest]) -> int:
    """How long each line may search, so that a request with many lines takes no longer than one with few."""
    return max(EFFORT // max(1, len(lines)), 100)
