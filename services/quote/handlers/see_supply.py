"""Supply that will come later than it was said counts later in its book: nobody is promised what is known to be late.

What a machine, a component or another site no longer allows is seen by the watch over promises (promising.md § 7, pass 1); the door
writes it. A plan, its due date and what it claims stay as they were promised, a real order and what it requires as its owner tells
them; when it can come in time again, so does its book.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from services.quote.domain.entry import OTHERWISE, SEEN, WAITS, Part
from services.quote.handlers.remake import NOT_REMADE
from services.quote.handlers.upstream import name_of_order
from services.quote.ledger import Change, Effect
from services.quote.store.books import Cause

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.quote.domain.entry import Day, Entry, Micro
    from services.quote.domain.risk import Fate
    from services.quote.handlers.foresight import Foresight
    from services.quote.ledger import Desk


@dataclass(frozen=True, slots=True)
class SeenSupply:
    """On which day a plan or a real order is now seen to come."""

    key: str
    part: Part
    ref: str
    due: Day | None
    """The due date of what was looked at: what has been changed since is looked at again."""
    late: bool
    day: Day | None
    """Where it is late; None: nothing known lets it come."""
    waits: Micro | None = None
    """Of a real order that has left another site in part: how much of it is late; all of it, where nothing is said."""
    otherwise: tuple[str, ...] = ()
    """Where a plan is late because it is made otherwise than when it was planned: the books that it would be made from (remake.py)."""

    def stands_in(self, supply: Entry) -> bool:
        """Whether the book says so already."""
        return supply == self.written_into(supply)

    def written_into(self, supply: Entry) -> Entry:
        """The plan or the receipt with it."""
        detail = {name: value for name, value in (supply.detail or {}).items() if name not in (SEEN[self.part], WAITS, OTHERWISE)}
        if self.late:
            detail[SEEN[self.part]] = self.day
            if self.waits is not None:
                detail[WAITS] = self.waits
        if self.otherwise:
            detail[OTHERWISE] = list(self.otherwise)
        return replace(supply, detail=detail)


@dataclass(slots=True, eq=False)
class SeeSupply(Change):
    """What was seen of plans and real orders is written into their books. A fact: who stands on them is looked at next."""

    seen: tuple[SeenSupply, ...]

    def decide(self, desk: Desk) -> Effect:
        """Each that still stands as it was looked at."""
        effect = Effect(cause=Cause("supply-seen"))
        for one in self.seen:
            book = desk.fork(one.key)
            supply = None if book is None else book.find(one.part, one.ref)
            if supply is not None and supply.day == one.due and not one.stands_in(supply):
                effect.put(one.key, one.written_into(supply))
        return effect


def seen_otherwise(sight: Foresight, fates: Mapping[str, Fate]) -> list[SeenSupply]:
    """The plans and real orders that come on another day than their books say, by what was seen to become of them."""
    found = []
    for plan_id, home in sight.plans.items():
        plan = sight.books[home].find(Part.PLAN, plan_id)
        if plan is not None and (seen := _of_plan(sight, home, plan, fates.get(plan_id))) is not None and not seen.stands_in(plan):
            found.append(seen)
    for order_id, home in sight.real_orders.items():
        order = sight.books[home].find(Part.RECEIPT, order_id)
        if order is not None and home in sight.seen:
            seen = _of_order(sight, home, order, fates.get(name_of_order(order_id)))
            if not seen.stands_in(order):
                found.append(seen)
    return found


def _of_plan(sight: Foresight, home: str, plan: Entry, fate: Fate | None) -> SeenSupply | None:
    """None where it was not put in."""
    anew = sight.remade.get(plan.ref, NOT_REMADE)
    if fate is None and anew.day is not None:
        return None
    due, day = sight.planned_for(plan, home), None if fate is None else fate.day
    late = day is None or day > due
    otherwise = anew.read or (home,) if anew.day is None or anew.day > due else ()
    return SeenSupply(home, Part.PLAN, plan.ref, plan.day, late=late, day=day if late else None, otherwise=otherwise)


def _of_order(sight: Foresight, home: str, order: Entry, fate: Fate | None) -> SeenSupply:
    """An order that is too late to be believed is not expected on any other day than it was due."""
    book = sight.books[home]
    rules = sight.board.rules(book.sku, book.site)
    due = rules.counts_on(order.day or 0, sight.today(book))
    late = due is not None and fate is not None and (fate.day is None or fate.day > due)
    day = None if fate is None or fate.day is None else fate.day - rules.dock_to_stock_days
    waits = sight.upstream.waits(order) if late else order.quantity
    waiting = waits if waits < order.quantity else None
    return SeenSupply(home, Part.RECEIPT, order.ref, order.day, late=late, day=day if late else None, waits=waiting)
