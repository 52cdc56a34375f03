"""How likely is it that a date holds (promising.md § 10)? Learned from how late each source's receipts really came.

Every due date that was ever told of a receipt is held against the civil day on which the last of it arrived: so many days
late (less than 0: early). Of one source with n of them, of which k came within s days, the next one comes within s with

    P(late <= s) = (k + C * k' / (m + 1)) / (n + C + 1/4)

where k' of m is the same count over all sources of the kind (purchase, production, transfer): what others do weighs as much
as C of the source's own, so that a new supplier is taken for an ordinary one. The 1/4 is what has not been seen yet: with few
observations nothing is certain. (Of n values without ties k / (n + 1) of the next ones lie below the k-th, since the next one
has any of n + 1 ranks alike; of whole days with many ties k / n do. Lateness in days lies between.) Of all sources together one
more is unseen, of any rank alike: of a company's first three orders nobody concludes much. A receipt that has not come by today
was so many days late already: of all counts only those remain, and what is unseen. Where nothing of the kind was ever observed, or
nothing that came so late, nothing is known: None.

A source of today is not that of years ago. Of its observations the newest counts most, the one before it less, one that lies
`HALF_LIFE` observations back half as much; then all weights are stretched so that they sum to what they are worth as evidence:

    w_i = 2 ** (-i / HALF_LIFE) * f,   f = sum of 2 ** (-i / HALF_LIFE) / sum of its squares   (Kish: the effective sample size)

so that k and n above are sums of weights. A source that has not changed is thereby known from some 58 observations at most.

A line holds if everything that it is pegged to is there on its pick day; lines that ship complete hold if all of them do. Stock is
certain. Receipts of one source that are due on one day come together (the less likely one counts); all others come independently
(the product: less than it really is, where one is late when another is).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import accumulate, chain
from math import prod
from typing import TYPE_CHECKING, Final

from services.quote.domain.entry import expected_day
from services.quote.domain.pegging import PURCHASE_ORDER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from services.quote.domain.answer import LinePromise, SupplyPlanned
    from services.quote.domain.entry import Day, Entry
    from services.quote.domain.pegging import Peg

SHARED: Final = 5
"""C: what all sources of a kind do counts like so many observations of the source's own."""
UNSEEN: Final = 0.25
"""What has not been seen yet counts like a quarter of an observation."""
CERTAIN: Final = 1.0
ASSUMED: Final = "assumed_receipt"
"""A receipt of a what-if: what is assumed is certain."""
TOLD: Final = "told_day"
"""In the detail of a receipt that is counted on later than it is due: when it is due."""
NOTHING_ALLOWED: Final[Mapping[str, int]] = {}


HALF_LIFE: Final = 20
"""Observations after which one counts half as much."""


def weighed(days_late: Sequence[int]) -> dict[int, float]:
    """By lateness, what the observations of one source count, the newest of them given first; their sum is what all are worth."""
    if not days_late:
        return {}
    weights = [2 ** (-age / HALF_LIFE) for age in range(len(days_late))]
    stretch = sum(weights) / sum(one * one for one in weights)
    found: dict[int, float] = {}
    for days, weight in zip(days_late, weights, strict=True):
        found[days] = found.get(days, 0.0) + weight * stretch
    return found


def source_of(kind: str, site: str, supplier: str | None, from_site: str | None) -> str:
    """The name under which lateness is learned: who supplies it, whence it is moved, or where it is made."""
    return f"{kind}|{supplier or from_site or site}"


@dataclass(frozen=True, slots=True)
class History:
    """Days late of one source, or of all of a kind: the distinct values ascending, with how often any up to each was seen."""

    days: tuple[int, ...]
    totals: tuple[float, ...]

    @classmethod
    def of(cls, counts: Mapping[int, float]) -> History:
        """From what the observations of each lateness count."""
        days = sorted(counts)
        return cls(tuple(days), tuple(accumulate(counts[day] for day in days)))

    @property
    def size(self) -> float:
        """What all observations count."""
        return self.totals[-1] if self.totals else 0

    def within(self, least: int, most: int) -> float:
        """How often it was at least `least` and at most `most` days late."""
        low, high = bisect_left(self.days, least), bisect_right(self.days, most)
        return 0 if high <= low else self.totals[high - 1] - (self.totals[low - 1] if low else 0)


NEVER_SEEN: Final = History((), ())
_EVER: Final = 10**9


class Chances:
    """What was learned of every source."""

    __slots__ = ("_by_kind", "_by_source")

    def __init__(self, counts: Mapping[str, Mapping[int, float]] | None = None) -> None:
        """Per source, what the observations of each lateness count (`weighed`)."""
        self._by_source = {source: History.of(seen) for source, seen in (counts or {}).items()}
        kinds: dict[str, dict[int, float]] = {}
        for source, seen in (counts or {}).items():
            pool = kinds.setdefault(_kind(source), {})
            for days, times in seen.items():
                pool[days] = pool.get(days, 0) + times
        self._by_kind = {kind: History.of(pool) for kind, pool in kinds.items()}

    def within(self, source: str, slack: int, late_already: int = -_EVER) -> float | None:
        """The probability that a receipt comes at most `slack` days late, given that it did not come before `late_already` days.

        None where none of its kind ever came so late, or none at all.
        """
        own, pool = self._by_source.get(source, NEVER_SEEN), self._by_kind.get(_kind(source), NEVER_SEEN)
        still = pool.within(late_already, _EVER)  # the source's own are among them
        if not still:
            return None
        others = SHARED / (pool.size + 1)
        left = own.within(late_already, _EVER) + others * (still + 1) + UNSEEN
        return (own.within(late_already, slack) + others * pool.within(late_already, slack)) / left

    def slack_for(self, source: str, probability: float, late_already: int = -_EVER) -> int | None:
        """The least days late within which it comes with a probability; None where so much was never seen."""
        own, pool = self._by_source.get(source, NEVER_SEEN), self._by_kind.get(_kind(source), NEVER_SEEN)
        days: Sequence[int] = sorted({*own.days, *pool.days})  # the chance grows with the days: a search by halves finds the first
        low, high = 0, len(days)
        while low < high:
            middle = (low + high) // 2
            found = self.within(source, days[middle], late_already)
            if found is not None and found >= probability:
                high = middle
            else:
                low = middle + 1
        return days[low] if low < len(days) else None


def _kind(source: str) -> str:
    return source.partition("|")[0]


@dataclass(frozen=True, slots=True)
class Wait:
    """Something that a line stands on and that is yet to come."""

    source: str
    due_day: Day
    pick_day: Day
    """When it must be there at the latest."""

    def chance(self, chances: Chances, today: Day) -> float | None:
        """The probability that it is there in time."""
        return chances.within(self.source, self.pick_day - self.due_day, today - self.due_day)


def waits_of(line: LinePromise, planned: Sequence[SupplyPlanned], allowed: Mapping[str, int] = NOTHING_ALLOWED) -> list[Wait] | None:
    """What the deliveries of a line wait for; None where a book is short, and so nothing covers a part of them.

    `allowed`: days by which planned supply of a source was planned later than it is due, so that it may be late.
    """
    waits: list[Wait] = []
    pegs = iter(line.pegging)
    for delivery in line.deliveries:
        left = delivery.quantity
        while left > 0:
            one = next(pegs, None)
            if one is None:
                return None
            left -= one.quantity
            waits += _waits(one, delivery.pick_day, planned, allowed)
        if left < 0:
            return None
    return waits


def _waits(one: Peg, needed: Day, planned: Sequence[SupplyPlanned], allowed: Mapping[str, int]) -> Iterator[Wait]:
    """What a peg waits for: its receipt or plan, and of a plan of this decision, due less what was allowed, whatever that needs in turn."""
    if one.plan is not None:
        plan = planned[one.plan]
        source = source_of(plan.kind, plan.site, plan.supplier, plan.from_site)
        yield Wait(source, plan.due_day - allowed.get(source, 0), needed)
        for part in plan.parts:
            for below in part.pegs:
                yield from _waits(below, part.day, planned, allowed)
    elif one.entry is not None and (learned := source_of_entry(one.entry, one.site)) is not None:
        yield Wait(learned, _due(one.entry), needed)


def source_of_entry(entry: Entry, site: str) -> str | None:
    """Whose lateness counts for a receipt or plan of a book; None for what is only assumed, and so certain."""
    detail = entry.detail or {}
    kind = str(detail.get("kind", PURCHASE_ORDER))
    return None if kind == ASSUMED else source_of(kind, site, detail.get("supplier"), detail.get("from_site"))


def _due(entry: Entry) -> Day:
    """When a receipt or plan of a book was said to come, or is expected by now where that is later."""
    return int((entry.detail or {}).get(TOLD) or expected_day(entry) or 0)


def together(waits: Iterable[Wait], chances: Chances, today: Day) -> float | None:
    """The probability that all of them are there in time; None where nothing is known of one."""
    groups: dict[tuple[str, Day], float] = {}
    for wait in waits:
        chance = wait.chance(chances, today)
        if chance is None:
            return None
        key = (wait.source, wait.due_day)
        groups[key] = min(groups.get(key, CERTAIN), chance)
    return prod(groups.values(), start=CERTAIN)


def chance_of(
    line: LinePromise, planned: Sequence[SupplyPlanned], chances: Chances, today: Day, allowed: Mapping[str, int] = NOTHING_ALLOWED
) -> float | None:
    """The probability that the date of a line holds; None where nothing is promised, or too little known."""
    return chance_of_all([line], planned, chances, today, allowed)


def chance_of_all(
    lines: Iterable[LinePromise],
    planned: Sequence[SupplyPlanned],
    chances: Chances,
    today: Day,
    allowed: Mapping[str, int] = NOTHING_ALLOWED,
) -> float | None:
    """The probability that the dates of all lines that are promised hold; None where none is, or too little known of one."""
    waits = [waits_of(line, planned, allowed) for line in lines if line.deliveries]
    known = [found for found in waits if found is not None]
    return None if not waits or len(known) < len(waits) else together(chain.from_iterable(known), chances, today)
