"""A plan that will come later than it was planned counts later in its book: nobody is promised what is known to be late.

What a machine or a component no longer allows is seen by the watch over promises (promising.md § 7, pass 1); the door writes it.
The plan itself, its due date and what it claims stay as they were promised; when it can come in time again, so does its book.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from services.quote.domain.book import Part
from services.quote.ledger import Change, Effect
from services.quote.store.books import Cause

if TYPE_CHECKING:
    from services.quote.domain.book import Day, Entry
    from services.quote.ledger import Desk


@dataclass(frozen=True, slots=True)
class SeenPlan:
    """On which day a plan is now seen to count."""

    plan_id: str
    due: Day | None
    """The due date of the plan that was looked at: one that has been changed since is looked at again."""
    late: bool
    day: Day | None
    """Where it is late; None: nothing known lets it come."""

    def stands_in(self, plan: Entry) -> bool:
        """Whether the book says so already."""
        detail = plan.detail or {}
        return ("seen_for" in detail) == self.late and detail.get("seen_for") == self.day

    def written_into(self, plan: Entry) -> Entry:
        """The plan with it."""
        detail = {name: value for name, value in (plan.detail or {}).items() if name != "seen_for"}
        return replace(plan, detail=detail | {"seen_for": self.day} if self.late else detail)


@dataclass(slots=True, eq=False)
class SeePlans(Change):
    """What was seen of plans is written into their books. A fact: who stands on them is looked at next."""

    seen: tuple[SeenPlan, ...]

    def decide(self, desk: Desk) -> Effect:
        """Each plan that still stands as it was looked at."""
        effect = Effect(cause=Cause("plan-seen"))
        for one in self.seen:
            key = desk.board.plans.get(one.plan_id)
            book = None if key is None else desk.fork(key)
            plan = None if book is None else book.find(Part.PLAN, one.plan_id)
            if key is not None and plan is not None and plan.day == one.due and not one.stands_in(plan):
                effect.put(key, one.written_into(plan))
        return effect
