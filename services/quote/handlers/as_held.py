"""What a hold's promises stand on by now: what it has, it has, and where that no longer suffices it says so, held or confirmed.

Supply may have fallen since. And what its own plans bring comes later than it was held for where they can no longer be released in
time: not before today + their remaining lead time (promising.md § 4). So the books are looked at as they stand once it is confirmed.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from services.quote.answers import reason_of
from services.quote.domain.balance import Standing, balance, standing
from services.quote.domain.book import Book
from services.quote.domain.entry import Entry, Part, holds_stock
from services.quote.domain.reasons import Code, Reason, because
from services.quote.domain.sentence import spoken_day
from services.quote.handlers.plans import plan_entry, return_ref

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.quote.domain.balance import Balance
    from services.quote.domain.entry import Day
    from services.quote.domain.request import Shelf
    from services.quote.store.rows import ClaimRow, PlanClaimRow, PlanRow


def as_it_stands(answer: dict[str, Any], claims: Sequence[ClaimRow], plans: Sequence[PlanRow], shelf: Shelf) -> dict[str, Any]:
    """What was answered when it was held, and what is otherwise by now: what is short is at risk at once."""
    books, late = _confirmed(claims, plans, shelf) if plans else ({}, {})
    found: dict[str, list[Reason]] = defaultdict(list)
    for plan in plans:
        if plan.id in late:
            for line_ref in plan.line_refs:
                found[line_ref].append(_not_released(plan, late[plan.id]))
    for claim in claims:
        book = books.get(f"{claim.sku}|{claim.site}") or shelf.book(claim.sku, claim.site)
        if book is None:
            continue
        stands = standing(_figures(book, shelf), book.safety_stock, claim.day)
        if stands is Standing.NOTHING:
            said = f"{claim.site} is short of {claim.sku} by now: the promise stands, and is at risk"
            found[claim.line_ref].append(because(Code.BOOK_SHORT, said, claim.site))
        elif stands is Standing.SAFETY_STOCK:
            said = f"{claim.site} serves {claim.sku} from its safety stock"
            found[claim.line_ref].append(because(Code.USES_SAFETY_STOCK, said, claim.site))
    short = {line_ref for line_ref, reasons in found.items() if any(reason.code == Code.BOOK_SHORT for reason in reasons)}
    if not found:
        return answer
    said = "; ".join(dict.fromkeys(reason.summary for reasons in found.values() for reason in reasons))
    lines = [
        {**line, "reasons": [*line["reasons"], *(reason_of(one) for one in found.get(line["line_ref"], ()))]}
        | ({"at_risk": True} if line["line_ref"] in short else {})
        for line in answer["lines"]
    ]
    return {**answer, "summary": f"{answer['summary']} But {said}.", "lines": lines}


def _not_released(plan: PlanRow, comes: Day | None) -> Reason:
    when = "" if comes is None else f" and comes on {spoken_day(comes)} at the earliest"
    said = f"{plan.id} had to be released by {spoken_day(plan.latest_start_day)} to bring {plan.sku} to {plan.site} in time{when}"
    return because(Code.PLAN_NOT_RELEASED, said, plan.id)


def _confirmed(claims: Sequence[ClaimRow], plans: Sequence[PlanRow], shelf: Shelf) -> tuple[Mapping[str, Book], Mapping[str, Day | None]]:
    """The books as they stand once all of it is confirmed; the plans that are too late to release, with the day on which each comes."""
    entries: dict[str, list[Entry]] = defaultdict(list)
    every: list[ClaimRow | PlanClaimRow] = [*claims, *(claim for plan in plans for claim in plan.claims)]
    for claim in every:
        there = entries[f"{claim.sku}|{claim.site}"]
        there.append(Entry(Part.CLAIM, claim.ref, claim.quantity, claim.day))
        there += (Entry(Part.CLAIM, return_ref(claim, number), 0, claim.day) for number in range(len(claim.returns)))
    for plan in plans:
        entries[f"{plan.sku}|{plan.site}"].append(plan_entry(plan, ""))
    books: dict[str, Book] = {}
    for key, there in entries.items():
        sku, site = key.rsplit("|", 1)
        if holds_stock(site):
            books[key] = (shelf.book(sku, site) or Book(sku, site)).fork()
            _stand(books[key], there, shelf)
    late: dict[str, Day | None] = {}
    for plan in plans:
        if shelf.today(plan.site) > plan.latest_start_day:
            entry, rules = plan_entry(plan, ""), shelf.rules(plan.sku, plan.site)
            late[plan.id] = rules.plan_due_on(entry, shelf.today(plan.site))
    waiting = [plan for plan in plans if plan.id not in late]
    while waiting and (held_up := [(plan, days) for plan in waiting if (days := _waits(plan, books, shelf)) != 0]):
        for plan, days in held_up:
            waiting.remove(plan)
            if (home := books.get(f"{plan.sku}|{plan.site}")) is not None:
                entry = plan_entry(plan, "")
                seen = None if days is None else shelf.rules(plan.sku, plan.site).plan_due_on(entry, shelf.today(plan.site)) + days
                _stand(home, [replace(entry, detail={**(entry.detail or {}), "seen_for": seen})], shelf)
    return books, late


def _stand(book: Book, entries: Sequence[Entry], shelf: Shelf) -> None:
    book.apply(entries, book.version + 1, shelf.now)


def _waits(plan: PlanRow, books: Mapping[str, Book], shelf: Shelf) -> Day | None:
    """The days that a plan waits for its components; None: nothing known brings them."""
    most = 0
    for claim in plan.claims:
        book = books.get(f"{claim.sku}|{claim.site}")
        if book is None or standing(figures := _figures(book, shelf), book.safety_stock, claim.day) is not Standing.NOTHING:
            continue
        first = figures.changed({figures.days[0]: book.safety_stock, claim.day: claim.quantity}).earliest(claim.quantity, claim.day)
        if first is None:
            return None
        most = max(most, first - claim.day)
    return most


def _figures(book: Book, shelf: Shelf) -> Balance:
    return balance(book, shelf.today(book.site), shelf.now, shelf.rules(book.sku, book.site))
