"""When does supply count? How the dates of a sku at a site are read: past due, dock to stock, fence (promising.md § 2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.quote.domain.entry import expected_day

if TYPE_CHECKING:
    from services.quote.domain.entry import Day, Entry


@dataclass(frozen=True, slots=True)
class Rules:
    """How the dates of one sku at one site are read (promising.md § 2, past due).

    A receipt due before today counts `past_due_offset_days` after today, and no longer at all once it is more than
    `past_due_limit_days` late. A receipt is usable `dock_to_stock_days` after its due date.
    """

    past_due_offset_days: int = 1
    past_due_limit_days: int = 30
    dock_to_stock_days: int = 0
    atp_fence_days: int | None = None
    """What is known to come within so many days is waited for; only what it does not cover is planned."""

    def counts_on(self, due: Day, today: Day) -> Day | None:
        """The day on which an open receipt due on `due` counts as supply; None when it is too late to be believed."""
        usable = due + self.dock_to_stock_days
        if due >= today:
            return usable
        if today - due > self.past_due_limit_days:
            return None
        return max(usable, today + self.past_due_offset_days)

    def receipt_counts_on(self, receipt: Entry, today: Day) -> Day | None:
        """The day on which an open receipt counts as supply; None when nothing known lets it come, or it is too late to be believed."""
        day = expected_day(receipt)
        return None if day is None else self.counts_on(day, today)

    def plan_counts_on(self, plan: Entry, today: Day) -> Day | None:
        """The day on which a plan counts; None when nothing known lets it come. What it waits for may have made it late (§ 7)."""
        day = self.plan_due_on(plan, today)
        if plan.detail is None or "seen_for" not in plan.detail:
            return day
        seen = plan.detail["seen_for"]
        return None if seen is None else max(day, int(seen))

    def plan_due_on(self, plan: Entry, today: Day) -> Day:
        """The same, if it gets what it needs: not released by its latest start, it is due its lead time after today at the earliest."""
        due = plan.day or 0
        detail = plan.detail or {}
        if today > int(detail.get("latest_start", due)):
            due = max(due, today + int(detail.get("lead_days", 0)))
        return max(due, today) + self.dock_to_stock_days
