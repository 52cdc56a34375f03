"""What a book is made of: entries, each a fact that replaces what stood under its name (promising.md § 1)."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from services.quote.domain.value import value

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

Micro = int
"""A quantity in millionths of the item's unit of measure: exact, never a float."""

Day = int
"""A civil date at the site, as `date.toordinal()`."""


RESOURCE: Final = "~"
"""The site in the name of a resource's book, `SAW|~`: its claims are minutes, its supply is a capacity that perishes day by day."""

PERIOD: Final = "%"
"""The site in the name of the book of a supplier's terms, `TERMS-7|%`: claims on what the supplier can deliver, by due date."""


BUCKET: Final = "^"
"""The site in the name of an allocation's book, `GOLD-CHAIR|^`: its claims are what a class has taken, dated by their ship dates."""
NO_SITES: Final = frozenset({RESOURCE, PERIOD, BUCKET})
"""What stands in the place of a site where a book is not of goods."""


def holds_stock(site: str) -> bool:
    """Whether the books of this site are of goods; those of resources, of supplier's terms and of allocations are not."""
    return site not in NO_SITES


GATE: Final = f"|{BUCKET}"
"""The book that moves whenever an allocation is defined: whoever decides under locks reads it and learns of new ones."""


class Part(StrEnum):
    """The parts of a book. Supply: stock, safety, receipt, plan, capacity. Demand: claim, requirement."""

    STOCK = "stock"
    SAFETY = "safety"
    RECEIPT = "receipt"
    PLAN = "plan"
    """A planned receipt: what a promise needs made, bought or transferred, and nobody has ordered yet."""
    CAPACITY = "capacity"
    """Of a resource: its minutes a day, as a pattern in `detail`."""
    CLAIM = "claim"
    REQUIREMENT = "requirement"


@value(frozen=True, slots=True)
class Entry:
    """One fact of a book. It replaces what the book knew under the same part and ref; quantity 0 removes it.

    `day` is the due date of a receipt or plan (its usable date follows from the rules), the pick date of a claim, the
    needed date of a requirement, and None for stock, safety stock and capacity. A claim with `expires_at` is a hold.
    `detail` is carried, not interpreted, but for `owner` of a claim, `kind`, `expected` (the day on which it is now seen to
    come, where that is later than it is due) and `waits` (how much of it does) of a receipt, `latest_start` (a day), `lead_days`
    and `seen_for` (the day on which it is now seen to count, where that is later) and `otherwise` of a plan, `untold` of stock,
    and the pattern of a capacity.
    """

    part: Part
    ref: str
    quantity: Micro
    day: Day | None = None
    expires_at: datetime | None = None
    detail: Mapping[str, Any] | None = None


SEEN: Final = {Part.PLAN: "seen_for", Part.RECEIPT: "expected"}
"""Where an entry says that it comes later than was said: of a plan the day on which it counts, of a receipt the one that takes the
place of its due date."""


OTHERWISE: Final = "otherwise"
"""Of a plan that is late because master data changed: the books that it would be made from by now."""


def is_seen_late(supply: Entry) -> bool:
    """Whether a plan or a receipt is known to come later than it was said; what a hold gives back is neither, and never is."""
    return SEEN.get(supply.part, "") in (supply.detail or {})


WAITS: Final = "waits"
"""Of a receipt that is expected late: how much of it is; the rest has left the other site, and comes as it was said."""


def parted(receipt: Entry) -> tuple[Entry, ...]:
    """A receipt as what comes together: in two, where some of it is on its way and the rest is expected later, or on no day."""
    detail = receipt.detail
    if detail is None or WAITS not in detail or "expected" not in detail or detail[WAITS] >= receipt.quantity:
        return (receipt,)
    on_its_way = {name: said for name, said in detail.items() if name not in ("expected", WAITS)}
    return (
        replace(receipt, quantity=receipt.quantity - detail[WAITS], detail=on_its_way),
        replace(receipt, quantity=detail[WAITS], detail={**on_its_way, "expected": detail["expected"]}),
    )


def expected_day(receipt: Entry) -> Day | None:
    """The day on which a receipt comes by what is known: its due date, or later where what it needs itself makes it late (§ 7).

    None: nothing known lets it come.
    """
    detail = receipt.detail
    if detail is None or "expected" not in detail:
        return receipt.day
    expected: Day | None = detail["expected"]
    return expected
