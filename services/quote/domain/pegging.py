"""Which supply covers which promise: by date, stock first (promising.md § 9).

All demand of a book stands in a row by date, all supply in another, stock first; a claim takes the stretch of supply that
lies behind the demand before it. So a peg needs the sum of the demand before the claim, never the claims themselves:

    start = receipts by the claim's day - projected(that day) + what the same decision claims before it
    pegs  = the pieces of supply, in date order, that lie between start and start + quantity

in millionths of the item's unit, counted from where the stock ends; projected without the claim itself.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate, chain
from typing import TYPE_CHECKING

from services.quote.domain.entry import Part, parted
from services.quote.domain.value import value

if TYPE_CHECKING:
    from services.quote.domain.balance import Balance
    from services.quote.domain.book import Book
    from services.quote.domain.entry import Day, Entry, Micro
    from services.quote.domain.rules import Rules

ON_HAND = "on_hand"
PURCHASE_ORDER = "purchase_order"
PLANNED = "planned_"
"""Before the kind of a plan."""


@value(frozen=True, slots=True)
class Peg:
    """A quantity of a promise and the supply that covers it."""

    quantity: Micro
    source: str
    """`on_hand`, or the receipt's kind: `purchase_order`, `production_order`, `transfer_order`; of a plan, after `planned_`."""
    site: str
    ref: str | None = None
    due_day: Day | None = None
    usable_day: Day | None = None
    """When it counts, which may be after it was due."""
    plan: int | None = None
    """Of planned supply of this decision: its place among `Decision.planned`."""
    entry: Entry | None = None
    """The receipt or plan of the book that it is pegged to."""
    sku: str | None = None
    """What it is supply of, where something else than what was asked for is delivered."""


@value(frozen=True, slots=True)
class Arrivals:
    """Receipts in the order in which they count, with the total up to and including each."""

    days: tuple[Day, ...]
    totals: tuple[Micro, ...]
    receipts: tuple[Entry, ...]

    def by(self, day: Day) -> Micro:
        """What comes in up to and including `day`."""
        at = bisect_right(self.days, day)
        return self.totals[at - 1] if at else 0


def arrivals(book: Book, today: Day, rules: Rules) -> Arrivals:
    """The receipts of a book that count, in date order; kept with the book until a receipt changes or the day turns."""
    while book.base is not None and not book.own_supply_by_day() and not book.own_plans():
        book = book.base
    memo = book.supply_memo
    if memo is not None and memo[1] == today and (memo[2] is rules or memo[2] == rules):
        kept: Arrivals = memo[0]
        return kept
    counted = []
    for receipt in chain.from_iterable(map(parted, book.of(Part.RECEIPT))):
        day = rules.receipt_counts_on(receipt, today)
        if day is not None:
            counted.append((day, receipt.ref, receipt))
    for plan in book.of(Part.PLAN):
        day = rules.plan_counts_on(plan, today)
        if day is not None:
            counted.append((day, plan.ref, plan))
    counted.sort(key=lambda item: item[:2])
    found = Arrivals(
        tuple(item[0] for item in counted),
        tuple(accumulate(item[2].quantity for item in counted)),
        tuple(item[2] for item in counted),
    )
    book.supply_memo = (found, today, rules)
    return found


def peg(book: Book, figures: Balance, rules: Rules, quantity: Micro, day: Day, taken_before: Micro = 0) -> tuple[Peg, ...]:
    """The supply behind a claim of `quantity` on `day`, in date order.

    `figures` is the balance of the book without this claim; `taken_before` is what the same decision claims before it.
    Pegs cover less than `quantity` only on a book that is short.
    """
    incoming = arrivals(book, figures.days[0], rules)
    start = incoming.by(day) - figures.projected_on(day) + taken_before
    end = start + quantity
    pegs: list[Peg] = []
    if start < 0:
        pegs.append(Peg(min(end, 0) - start, ON_HAND, book.site))
        if end <= 0:
            return tuple(pegs)
    at = bisect_right(incoming.totals, max(start, 0))
    while at < len(incoming.totals):
        receipt = incoming.receipts[at]
        reach = incoming.totals[at]
        low = max(start, reach - receipt.quantity)
        if low >= end:
            break
        kind = str(receipt.detail.get("kind", PURCHASE_ORDER)) if receipt.detail else PURCHASE_ORDER
        if receipt.part is Part.PLAN:
            kind = f"{PLANNED}{kind}"
        pegs.append(Peg(min(end, reach) - low, kind, book.site, receipt.ref, receipt.day, incoming.days[at], None, receipt))
        at += 1
    return tuple(pegs)
