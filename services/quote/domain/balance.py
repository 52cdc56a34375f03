"""When a quantity can leave a site: projected availability and what may be promised from it (promising.md § 2).

    projected(d) = on hand - safety stock + receipts and plans usable <= d - claims and requirements dated <= d
    ATP(d)       = min over s >= d of projected(s)

ATP never falls as d grows, so the earliest date for a quantity is a binary search.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate, chain
from operator import sub
from typing import TYPE_CHECKING, Final

from services.quote.domain.entry import Entry, Part, parted
from services.quote.domain.value import value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from services.quote.domain.book import Book
    from services.quote.domain.entry import Day, Micro
    from services.quote.domain.rules import Rules

_FEW: Final = 4
"""Up to so many changes are put in one by one."""


@value(frozen=True, slots=True)
class Balance:
    """Projected availability and ATP as steps: each holds from its day until the next; the first day is today."""

    days: tuple[Day, ...]
    projected: tuple[Micro, ...]
    atp: tuple[Micro, ...]

    def projected_on(self, day: Day) -> Micro:
        """Projected availability at the end of `day`; a day before today counts as today."""
        return self.projected[bisect_right(self.days, day, 1) - 1]

    def atp_on(self, day: Day) -> Micro:
        """What can still be promised for `day` without breaking an earlier promise; negative when the book is short."""
        return self.atp[bisect_right(self.days, day, 1) - 1]

    def earliest(self, quantity: Micro, not_before: Day) -> Day | None:
        """The first day, not before `not_before` or today, on which `quantity` can be promised without taking from an earlier promise."""
        at = bisect_left(self.atp, quantity)
        if at == len(self.atp):
            return None
        day = self.days[at]
        return max(not_before, day)

    def changed(self, changes: Mapping[Day, Micro]) -> Balance:
        """This balance with quantities added (+) or taken (-) from a day on; days before today count as today."""
        days, projected = self.days, self.projected
        if len(changes) > _FEW:
            steps = {days[0]: projected[0]}
            steps.update(zip(days[1:], map(sub, projected[1:], projected), strict=False))
            for day, quantity in changes.items():
                _add(steps, day, days[0], quantity)
            return from_steps(steps)
        for day, quantity in changes.items():
            at = bisect_left(days, day)
            if at == 0:
                projected = tuple(one + quantity for one in projected)
                continue
            if at == len(days) or days[at] != day:
                days = (*days[:at], day, *days[at:])
                projected = (*projected[:at], projected[at - 1], *projected[at:])
            projected = (*projected[:at], *[one + quantity for one in projected[at:]])
        return Balance(days, projected, suffix_minimum(projected))


def suffix_minimum(projected: Sequence[Micro]) -> tuple[Micro, ...]:
    """ATP of projected figures: on each day the least from there on."""
    found: list[Micro] = []
    add = found.append
    least = projected[-1]
    for one in reversed(projected):
        if one < least:  # noqa: PLR1730 -- calling `min` costs more than the rest of the loop
            least = one
        add(least)
    found.reverse()
    return tuple(found)


def from_steps(steps: Mapping[Day, Micro]) -> Balance:
    """The balance of dated changes; the smallest day is today and carries the stock."""
    return _of_days(tuple(sorted(steps)), steps)


def _of_days(days: tuple[Day, ...], steps: Mapping[Day, Micro]) -> Balance:
    projected = tuple(accumulate(map(steps.__getitem__, days)))
    return Balance(days, projected, suffix_minimum(projected))


def balance(book: Book, today: Day, now: datetime, rules: Rules, without_owner: str | None = None) -> Balance:
    """What the book can promise, seen on `today` at the instant `now`; holds count only while they live.

    `without_owner` leaves the claims of one order or hold out, so that a caller never blocks itself.
    The plain answer is kept with the book until the book changes, the day turns or a hold expires.
    """
    memo = book.memo
    if memo is not None:
        kept, kept_today, kept_rules, since, until = memo
        if (
            kept_today == today
            and (kept_rules is rules or kept_rules == rules)
            and (since is None or since <= now)
            and (until is None or now < until)
        ):
            return kept if without_owner is None else _without(kept, book, now, without_owner)
    due, until = book.expiring(now)
    plain = _build(book, today, now, rules, due)
    since = due[-1].expires_at if due else None  # with nothing expired it is true of every earlier instant as well
    book.memo = (plain, today, rules, since, until)
    return plain if without_owner is None else _without(plain, book, now, without_owner)


def _build(book: Book, today: Day, now: datetime, rules: Rules, due: list[Entry]) -> Balance:
    base = book.base
    if base is None:
        if not due and not rules.dock_to_stock_days and not book.own_plans():
            dated = _dated(book, today)
            days = tuple(sorted(dated))
            if days[0] == today:
                return _of_days(days, dated)
        steps: dict[Day, Micro] = {today: book.on_hand - book.safety_stock}
        for hold in due:
            _add(steps, hold.day, today, hold.quantity)
        _add_own(steps, book, today, rules)
        return from_steps(steps)
    below = balance(base, today, now, rules)
    steps = _layer(book, base, today, now, due)
    _add_own(steps, book, today, rules)
    return below.changed(steps) if steps else below


def _dated(book: Book, today: Day) -> dict[Day, Micro]:
    """Stock and the sums of a book, each on its own day: where it counts, as long as none of these days is past."""
    supply, demand = book.own_supply_by_day(), book.own_demand_by_day()
    dated = {**supply, **demand}
    for day in supply.keys() & demand.keys():
        dated[day] += supply[day]
    dated[today] = dated.get(today, 0) + book.on_hand - book.safety_stock
    return dated


def _layer(book: Book, base: Book, today: Day, now: datetime, due: list[Entry]) -> dict[Day, Micro]:
    """What a fork changes in its base beside dated sums: stock, and holds that ended."""
    steps: dict[Day, Micro] = {}
    stock = (book.on_hand - book.safety_stock) - (base.on_hand - base.safety_stock)
    if stock:
        steps[today] = stock
    for hold in base.due_holds(now):  # out of the base's balance already: not to be taken out again where this layer removes it
        if book.speaks_of(Part.CLAIM, hold.ref):
            _add(steps, hold.day, today, -hold.quantity)
    for hold in due:
        if book.speaks_of(Part.CLAIM, hold.ref):
            _add(steps, hold.day, today, hold.quantity)
    return steps


def _add_own(steps: dict[Day, Micro], book: Book, today: Day, rules: Rules) -> None:
    """The dated sums of this layer, each on the day on which it counts."""
    dock, supply = rules.dock_to_stock_days, book.own_supply_by_day()
    for day, quantity in supply.items():
        counted = day + dock if day >= today else rules.counts_on(day, today)
        if counted is not None:
            steps[counted] = steps.get(counted, 0) + quantity
    for ref, plan in book.own_plans().items():
        replaced = None if book.base is None else book.base.find(Part.PLAN, ref)
        for one, sign in ((replaced, -1), (plan, 1)):
            if one is not None and (counted := rules.plan_counts_on(one, today)) is not None:
                _add(steps, counted, today, sign * one.quantity)
    for day, quantity in book.own_demand_by_day().items():
        counted = day if day > today else today  # noqa: FURB136 -- calling `max` costs more than the rest of the loop
        steps[counted] = steps.get(counted, 0) + quantity


def _add(steps: dict[Day, Micro], day: Day | None, today: Day, quantity: Micro) -> None:
    counted = today if day is None or day < today else day
    steps[counted] = steps.get(counted, 0) + quantity


def _without(plain: Balance, book: Book, now: datetime, owner: str) -> Balance:
    given_back: dict[Day, Micro] = {}
    today = plain.days[0]
    for claim in book.claims_of(owner):
        if is_live(claim, now):
            _add(given_back, claim.day, today, claim.quantity)
    return plain.changed(given_back) if given_back else plain


def is_live(claim: Entry, now: datetime) -> bool:
    """Whether a claim counts at the instant `now`: a hold does so strictly before its expiry."""
    return claim.expires_at is None or claim.expires_at > now


class Standing(StrEnum):
    """What a promise of a book stands on."""

    COVERED = "covered"
    SAFETY_STOCK = "safety_stock"
    """On what is kept back from new promises: using it is what it is for (promising.md § 2)."""
    NOTHING = "nothing"


def standing(figures: Balance, safety_stock: Micro, day: Day) -> Standing:
    """What the promises of a book dated up to `day` stand on, they themselves counted: ATP(day) >= 0, or not without safety stock."""
    least = figures.atp_on(day)
    return Standing.COVERED if least >= 0 else Standing.SAFETY_STOCK if least + safety_stock >= 0 else Standing.NOTHING


def permits(before: Balance, after: Balance) -> bool:
    """THE invariant: for all d, projected_after(d) >= min(0, projected_before(d)).

    So cancelling, reducing and postponing always pass, also on a book that is short.
    """
    return all(after.projected_on(day) >= min(0, before.projected_on(day)) for day in {*before.days, *after.days})


@dataclass(frozen=True, slots=True)
class DayRow:
    """One civil day of a book: what is projected, what may be promised, and what comes and goes on it."""

    day: Day
    projected: Micro
    atp: Micro
    discrete: Micro
    """Discrete ATP, a report for planners: what of the supply of this day nobody has taken, by which ATP grows on it.

    Today it is ATP itself, stock included; on days before there is none. In the textbook it is the supply of a day less the demand
    until supply comes again, where that is short less what the supply before has to spare.
    """
    receipts: tuple[Entry, ...]
    claims: tuple[Entry, ...]
    """Live claims and requirements that count on this day."""


def daily(
    book: Book,
    from_day: Day | None,
    to_day: Day | None,
    today: Day,
    now: datetime,
    rules: Rules,
    without_owner: str | None = None,
) -> list[DayRow]:
    """One row per civil day, both ends included; by default from today to the last event.

    Everything stands on the day on which it counts: past-due claims today, past-due receipts where `Rules` puts them.
    Days before today show today's figures and no entries.
    """
    figures = balance(book, today, now, rules, without_owner)
    first = today if from_day is None else from_day
    last = max(first, figures.days[-1]) if to_day is None else to_day
    receipts: dict[Day, list[Entry]] = {}
    claims: dict[Day, list[Entry]] = {}
    for receipt in chain.from_iterable(map(parted, book.of(Part.RECEIPT))):
        counted = rules.receipt_counts_on(receipt, today)
        if counted is not None and first <= counted <= last:
            receipts.setdefault(counted, []).append(receipt)
    for plan in book.of(Part.PLAN):
        counted = rules.plan_counts_on(plan, today)
        if counted is not None and first <= counted <= last:
            receipts.setdefault(counted, []).append(plan)
    excluded = {claim.ref for claim in book.claims_of(without_owner)} if without_owner is not None else set()
    for part in (Part.CLAIM, Part.REQUIREMENT):
        for claim in book.of(part):
            counted = max(claim.day or 0, today)
            if first <= counted <= last and is_live(claim, now) and not (part is Part.CLAIM and claim.ref in excluded):
                claims.setdefault(counted, []).append(claim)
    return [
        DayRow(
            day,
            figures.projected_on(day),
            figures.atp_on(day),
            0 if day < today else figures.atp_on(day) - (figures.atp_on(day - 1) if day > today else 0),
            tuple(sorted(receipts.get(day, ()), key=lambda entry: entry.ref)),
            tuple(sorted(claims.get(day, ()), key=lambda entry: entry.ref)),
        )
        for day in range(first, last + 1)
    ]


@dataclass(frozen=True, slots=True)
class StaircaseStep:
    """From `day` on, until the next step."""

    day: Day
    projected: Micro
    atp: Micro


def staircase(figures: Balance) -> tuple[StaircaseStep, ...]:
    """The balance for an event: only the days on which projected or ATP differs from the step before."""
    steps: list[StaircaseStep] = []
    for day, projected, atp in zip(figures.days, figures.projected, figures.atp, strict=True):
        if not steps or (steps[-1].projected, steps[-1].atp) != (projected, atp):
            steps.append(StaircaseStep(day, projected, atp))
    return tuple(steps)
