"""What is true, found the slow way: day by day, unit by unit, without any of the kernel's ideas."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import combinations

from services.quote.domain.book import Book
from services.quote.domain.entry import Entry, Part
from services.quote.domain.rules import Rules

HORIZON = 60


def projected(  # noqa: C901 -- one case per part
    entries: Mapping[tuple[Part, str], Entry], today: int, now: datetime, rules: Rules, without_owner: str = ""
) -> list[int]:
    """Projected availability of each day from today on, one entry after another."""
    days = [0] * HORIZON
    for entry in entries.values():
        at = today if entry.day is None else entry.day
        quantity = entry.quantity
        if entry.part is Part.SAFETY:
            quantity = -quantity
        elif entry.part is Part.RECEIPT:
            usable = at + rules.dock_to_stock_days
            if at < today:
                if today - at > rules.past_due_limit_days:
                    continue
                usable = max(usable, today + rules.past_due_offset_days)
            at = usable
        elif entry.part is Part.PLAN:
            detail = entry.detail or {}
            if today > detail.get("latest_start", at):
                at = max(at, today + detail.get("lead_days", 0))
            at = max(at, today) + rules.dock_to_stock_days
        elif entry.part is not Part.STOCK:
            if entry.expires_at is not None and entry.expires_at <= now:
                continue
            if without_owner and entry.part is Part.CLAIM and entry.detail and entry.detail.get("owner") == without_owner:
                continue
            quantity = -quantity
        for day in range(max(0, at - today), HORIZON):
            days[day] += quantity
    return days


def entries_of(book: Book) -> dict[tuple[Part, str], Entry]:
    return {(entry.part, entry.ref): entry for entry in book.entries()}


def is_accepted(days: Sequence[int], claims: Mapping[int, int]) -> bool:
    """THE invariant for new claims (offset from today → quantity), day by day."""
    taken = 0
    for day in range(HORIZON):
        taken += claims.get(day, 0)
        if days[day] - taken < min(0, days[day]):
            return False
    return True


def earliest(days: Sequence[int], quantity: int, not_before: int) -> int | None:
    for day in range(not_before, HORIZON):
        if is_accepted(days, {day: quantity}):
            return day
    return None


Plan = tuple[tuple[int, int, int], ...]
"""(day, site, quantity) of each shipment."""


def every_split(
    quantity: int, starts: Sequence[int], latest: int, by_site: Sequence[Sequence[int]], least: int, most: int
) -> Iterator[Plan]:
    """Every allowed set of shipments with every allowed quantity."""
    slots = [(day, site) for site, start in enumerate(starts) for day in range(start, latest + 1)]
    slots.sort()
    yield ()
    for count in range(1, min(most, quantity // least) + 1):
        for chosen in combinations(slots, count):
            for amounts in compositions(quantity, count, least):
                if all(is_accepted(by_site[site], _taken(chosen, amounts, site)) for site in {site for _, site in chosen}):
                    yield tuple((day, site, amount) for (day, site), amount in zip(chosen, amounts, strict=True))


def _taken(chosen: Sequence[tuple[int, int]], amounts: Sequence[int], site: int) -> dict[int, int]:
    return {day: amount for (day, where), amount in zip(chosen, amounts, strict=True) if where == site}


def compositions(total: int, count: int, least: int) -> Iterator[tuple[int, ...]]:
    """Every way to fill `count` shipments of at least `least` with at most `total` units."""
    if count == 0:
        yield ()
        return
    for first in range(least, total - least * (count - 1) + 1):
        for rest in compositions(total - first, count - 1, least):
            yield (first, *rest)


def worth(plan: Plan, requested: int) -> tuple[int, int, int, int]:
    """To be made as small as possible: most promised, most on time, least quantity x days late, fewest shipments."""
    promised = sum(quantity for _, _, quantity in plan)
    on_time = sum(quantity for day, _, quantity in plan if day <= requested)
    late = sum(quantity * max(0, day - requested) for day, _, quantity in plan)
    return (-promised, -on_time, late, len(plan))
