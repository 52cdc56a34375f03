"""Every operation as late as its promise allows (promising.md § 4, `just_in_time`); and how late a plan may be begun at all.

From the last plan of a chain to the first: a plan is due when the first thing that stands on it is taken, less the days from
dock to stock, and is begun as late as its source's calendar, its lane or the free minutes of its machines allow. What it needs
is then taken later as well, and so the plans below it may come later in turn. Nothing is ever moved to an earlier day.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from services.quote.domain.capacity import run_back
from services.quote.domain.sources import Buy, Make, Transfer

if TYPE_CHECKING:
    from services.quote.domain.calendar import Calendar
    from services.quote.domain.capacity import Load
    from services.quote.domain.entry import Day
    from services.quote.domain.place import Planned
    from services.quote.domain.stand import Stand


def delay(stand: Stand) -> None:
    """Move every plan of the decision to its latest days."""
    for plan in reversed(stand.planned):  # what needs a plan stands behind it
        needed = [taken.day for taken in plan.place.takes if any(used is plan for used, _ in taken.from_plans)]
        if needed and min(needed) >= plan.usable:
            _delay(stand, plan, min(needed) - plan.place.rules.dock_to_stock_days)


def latest_starts(stand: Stand) -> dict[int, Day]:
    """The last day on which each plan, by its number, can be begun; begun later, something that stands on it comes too late."""
    mark = stand.mark()
    delay(stand)
    found = {plan.number: plan.start for plan in stand.planned}
    stand.rollback(mark)
    return found


def _delay(stand: Stand, plan: Planned, due_by: Day) -> None:
    source = plan.source
    if isinstance(source, Buy):
        if source.capacity is not None:
            due_by = min(due_by, source.last_day_of_period(plan.due))
        found = _by_lead_time(source.calendar, source.lead_time_days, due_by)
        if found is not None and found[0] > plan.start:
            stand.move_plan(plan, found[0], found[1], tuple(replace(load, day=found[1]) for load in plan.loads))
    elif isinstance(source, Transfer):
        hop = source.way.latest_pick(due_by)
        if hop is not None and hop[0] > plan.start:
            stand.move_plan(plan, hop[0], hop[2], ())
            _redate(plan, [hop[0]] * len(plan.parts))
    elif source.operations:
        _delay_operations(stand, plan, source, due_by)
    else:
        start = due_by - source.lead_time_days
        found = (start, due_by) if source.calendar is None else _by_lead_time(source.calendar, source.lead_time_days, due_by)
        if found is not None and found[0] > plan.start:
            stand.move_plan(plan, found[0], found[1], ())
            _redate(plan, [found[0]] * len(plan.parts))


def _by_lead_time(calendar: Calendar, days: int, due_by: Day) -> tuple[Day, Day] | None:
    """The latest start whose lead time ends on or before a day, and the day on which it ends."""
    last = calendar.on_or_before(due_by)
    start = None if last is None else calendar.minus(last, days)
    due = None if start is None else calendar.plus(start, days)
    return None if start is None or due is None or due > due_by else (start, due)


def _delay_operations(stand: Stand, plan: Planned, source: Make, due_by: Day) -> None:
    """The operations from the last to the first, each on the latest free minutes before the one that follows it."""
    mark = stand.mark()
    stand.move_plan(plan, plan.start, plan.due, ())
    starts: dict[int, Day] = {}
    loads: list[Load] = []
    end, due = due_by, due_by
    for number in reversed(range(len(source.operations))):
        done = run_back(source.operations[number], plan.quantity, end, plan.start, stand)
        if done is None:
            stand.rollback(mark)
            return
        if number == len(source.operations) - 1:
            due = done.following
        stand.occupy(done.loads)
        starts[number] = end = done.start
        loads = [*done.loads, *loads]
    stand.rollback(mark)
    if min(starts.values()) >= plan.start and due >= plan.due:
        stand.move_plan(plan, min(starts.values()), due, tuple(loads))
        _redate(plan, [starts[component.operation] for component in source.components])


def _redate(plan: Planned, days: list[Day]) -> None:
    for (place, number), day in zip(plan.parts, days, strict=True):
        if day > place.takes[number].day:
            place.redate(number, day)
