"""All lines on one date: the first on which all of them can leave, also where they share a book (promising.md § 4).

    date = first d >= every requested day such that, for some choice of a site for each line, every book bears what is chosen of it:
           sum of the quantities taken from the book on the pick days that deliver on d <= ATP of those days

Where no way delivers on the day that is wanted, it is the last day before it, as for a single line; ways whose carriers or sites rest on
different days have to meet on one. Where that is so within two months on none, nothing is promised.

With `allow_partial` a line may be put together from several sites on that date. Quantities are millionths of the item's unit.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from functools import partial
from itertools import chain
from math import inf
from typing import TYPE_CHECKING, Final

from services.quote.domain.answer import Alternative
from services.quote.domain.binding import added_days, dates_of, is_bound
from services.quote.domain.choice import Aim, cost_of, cost_of_planned
from services.quote.domain.covers import cover_of, covers_on, one_by_one
from services.quote.domain.dates import MEETING_DAYS
from services.quote.domain.known import delivery_of, earliest_whole, fastest_ways
from services.quote.domain.lowest import refusal_by
from services.quote.domain.plan import Plan, Take, plan_line, undeliverable, unservable
from services.quote.domain.planning import sources_for
from services.quote.domain.reasons import Code, Lost, Reason, because
from services.quote.domain.sentence import spoken_day
from services.quote.domain.substitute import instead_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from services.quote.domain.covers import Cover
    from services.quote.domain.entry import Day, Micro
    from services.quote.domain.outlet import Outlet
    from services.quote.domain.request import LineRequest
    from services.quote.domain.stand import Stand

_MOST_DATES: Final = 24
"""Dates that are tried with planned supply or substitutes."""
_WITH_ALL_EFFORT: Final = 3
"""The first of them, each of which is tried with the effort that there was for all: on the second one mostly everything stands."""


def plan_together(
    lines: Sequence[LineRequest],
    stand: Stand,
    *,
    allow_partial: bool,
    not_before: Day | None = None,
    aim: Aim = Aim.EARLIEST,
) -> list[Plan]:
    """All lines on the first common date, or none of them. With `allow_partial` a line may come from several sites on that date.

    A policy that weighs more than dates may choose a later one (`_by_policy`).
    """
    as_early = partial(_earliest_together, lines, stand, allow_partial=allow_partial, not_before=not_before)
    effort = stand.effort_of_all
    together = as_early()
    if aim.is_earliest or not all(plan.takes for plan in together):
        return together
    by_policy = _by_policy(lines, together, stand, aim, allow_partial=allow_partial, not_before=not_before)
    if by_policy is not None:
        return by_policy
    stand.rollback()
    return stand.all_as_found(effort, as_early)


def _by_policy(
    lines: Sequence[LineRequest], together: list[Plan], stand: Stand, aim: Aim, *, allow_partial: bool, not_before: Day | None
) -> list[Plan] | None:
    """The better of: every line by the policy on the first common date; on the date that suits the line that is then last."""
    latest = min((line.latest_day for line in lines if line.latest_day is not None), default=None)
    wanted = max(0 if not_before is None else not_before, *(line.requested_day for line in lines))
    best: tuple[tuple[int, ...], Callable[[], list[Plan] | None], tuple[int, int, int]] | None = None
    for start, limit in ((wanted, latest), (int(_last_day(together)), int(_last_day(together)))):
        stand.rollback()
        effort = stand.effort_of_all
        build = partial(_with_planned_supply, lines, stand, start, limit, not_before, allow_partial=allow_partial, aim=aim)
        plans = build()
        if plans is None:
            continue
        parts = [(take.outlet, take.hop, take.quantity) for plan in plans for take in plan.takes]
        late = int(_last_day(plans))
        figure: tuple[int, ...] = (late,)
        if aim is Aim.CHEAPEST:
            figure = (cost_of_planned(stand, 0) + cost_of(parts, wanted, stand), late)
        elif aim is Aim.FEWEST_SHIPMENTS:
            figure = (len({(outlet.site, hop.ship) for outlet, hop, _ in parts}), late)
        elif aim is Aim.PREFERRED_SITE:
            figure = (sum(_place_of(plan.line, take.outlet.site) * take.quantity for plan in plans for take in plan.takes), late)
        if best is None or figure < best[0]:
            best = figure, build, effort
    stand.rollback()
    return None if best is None else stand.all_as_found(best[2], best[1])


def _place_of(line: LineRequest, site: str) -> int:
    """Where a site stands in the order of a line; a site that ships only a substitute comes after all of them."""
    return line.sites.index(site) if site in line.sites else len(line.sites)


def _earliest_together(lines: Sequence[LineRequest], stand: Stand, *, allow_partial: bool, not_before: Day | None) -> list[Plan]:
    outlets = [fastest_ways(stand.outlets(line)) for line in lines]
    impossible = {
        at: reason
        for at, line in enumerate(lines)
        if not line.substitutes and (reason := unservable(line, outlets[at], stand) or undeliverable(line, outlets[at])) is not None
    }
    if impossible:
        return _none_because(lines, impossible)
    latest = min((line.latest_day for line in lines if line.latest_day is not None), default=None)
    wanted = max(line.requested_day for line in lines)
    wanted = wanted if not_before is None else max(wanted, not_before)
    together = _from_what_is_known(lines, outlets, wanted, latest, not_before, allow_partial=allow_partial)
    if together and all(plan.takes and plan.takes[-1].hop.delivery <= wanted for plan in together):
        return together
    if not any(line.substitutes or any(sources_for(line, one) for one in some) for line, some in zip(lines, outlets, strict=True)):
        return together
    stand.rollback()
    planned = _with_planned_supply(lines, stand, wanted, latest, not_before, allow_partial=allow_partial)
    if planned is not None and _last_day(planned) < _last_day(together):
        return planned
    stand.rollback()
    return _from_what_is_known(lines, outlets, wanted, latest, not_before, allow_partial=allow_partial)


def _last_day(plans: Sequence[Plan]) -> float:
    """The day on which the last line is there; never, where one is not."""
    return max((plan.takes[-1].hop.delivery if plan.takes else inf for plan in plans), default=inf)


def _from_what_is_known(
    lines: Sequence[LineRequest],
    outlets: Sequence[Sequence[Outlet]],
    wanted: Day,
    latest: Day | None,
    not_before: Day | None,
    *,
    allow_partial: bool,
) -> list[Plan]:
    """All lines from stock and receipts on the first common date."""
    alone: dict[int, Day] = {}
    impossible: dict[int, Reason] = {}
    for at, line in enumerate(lines):
        alone_on = _alone(line, outlets[at], wanted, allow_partial=allow_partial)
        if alone_on is None:
            lacks = because(Code.NOT_ENOUGH_SUPPLY, f"known supply never covers the whole of line {line.line_ref}", line.line_ref)
            impossible[at] = refusal_by(line, outlets[at], wanted, dates_of(line, outlets[at], wanted)) or lacks
        else:
            alone[at] = alone_on
    if impossible:
        return _none_because(lines, impossible)
    slowest = max(alone, key=lambda at: alone[at])
    found = _first_common(lines, outlets, alone[slowest], allow_partial=allow_partial)
    if found is not None and len(_delivered(*found)) > 1:
        found = _meeting(lines, outlets, found[0], wanted, not_before, allow_partial=allow_partial)
    if found is None:
        together = because(Code.NO_COMMON_DATE, "the lines together need more than known supply and allocations leave on any date")
        return [Plan(line, refusal=together) for line in lines]
    day, covers = found
    dates = [dates_of(line, some, wanted) for line, some in zip(lines, outlets, strict=True)]
    if latest is not None and day > latest:
        late = because(Code.AFTER_LATEST_DATE, f"all lines together can leave on {spoken_day(day)}, after the latest acceptable date")
        timely = [replace(line, latest_day=latest) for line in lines]
        bound = [refusal_by(line, some, wanted, one) for line, some, one in zip(timely, outlets, dates, strict=True)]
        return [Plan(line, refusal=one or late) for line, one in zip(lines, bound, strict=True)]
    waits = _together_because(lines, slowest, day, not_before)
    plans = []
    for at, line in enumerate(lines):
        apart: tuple[Alternative, ...] = ()
        sooner = earliest_whole(line, outlets[at], line.requested_day)
        if sooner is not None and sooner[1].delivery < day:
            apart = (Alternative("a1", "apart", (delivery_of(*sooner, line.quantity),), Lost.SHIPS_COMPLETE.value),)
        plans.append((line, apart, covers[at], added_days(line, outlets[at], day, dates[at])))
    return [
        Plan(line, tuple(_taken(outlet, day, quantity) for outlet, quantity in cover), apart, waits=waits, bound=bound)
        for line, apart, cover, bound in plans
    ]


def _delivered(day: Day, covers: Sequence[Cover]) -> set[Day]:
    """The days on which that arrives which is to be there by the day."""
    return {hop.delivery for cover in covers for outlet, _ in cover if (hop := outlet.by(day)) is not None}


def _meeting(
    lines: Sequence[LineRequest],
    outlets: Sequence[Sequence[Outlet]],
    day: Day,
    wanted: Day,
    not_before: Day | None,
    *,
    allow_partial: bool,
) -> tuple[Day, list[Cover]] | None:
    """The day nearest to the wanted one on which ways that rest on different days deliver all lines: up to it the last, after it the first.

    `day` is the first by which all of them can be there.
    """
    first = wanted - MEETING_DAYS if not_before is None else not_before
    up_to_it = range(wanted, first - 1, -1) if day == wanted else range(0)
    for at in chain(up_to_it, range(max(day, wanted + 1), day + MEETING_DAYS)):
        on_it = [[one for one in some if (hop := one.by(at)) is not None and hop.delivery == at] for some in outlets]
        if not all(on_it):
            continue
        find = one_by_one if any(is_bound(some) for some in on_it) else covers_on
        covers = find(at, lines, on_it, allow_partial=allow_partial)
        if covers is not None:
            return at, covers
    return None


def _together_because(lines: Sequence[LineRequest], slowest: int, day: Day, not_before: Day | None) -> Reason:
    """Why a line that could come earlier does not."""
    if not_before is not None and day == not_before:
        return because(Code.PROMISE_STANDS, f"the promise of {spoken_day(day)} stands: it is not pulled in")
    return because(Code.SHIPS_COMPLETE, f"ships together with line {lines[slowest].line_ref}", lines[slowest].line_ref)


def _taken(outlet: Outlet, day: Day, quantity: Micro) -> Take:
    """A quantity taken so that it is delivered by the day."""
    hop = outlet.by(day)
    if hop is None:
        raise LookupError(f"{outlet.place.book!r} was said to deliver by {day}")
    return Take(outlet, hop, quantity, outlet.take(hop, quantity))


def _with_planned_supply(
    lines: Sequence[LineRequest],
    stand: Stand,
    wanted: Day,
    latest: Day | None,
    not_before: Day | None,
    *,
    allow_partial: bool,
    aim: Aim = Aim.EARLIEST,
) -> list[Plan] | None:
    """All lines on one date with planned supply or substitutes: what the slowest line needs becomes the date for all, until it stands.

    What stands in for one line may be what another asks for, and is taken too early then: the next date is that on which there comes
    to be more of any of them. Where ways rest on different days, days before the wanted one are tried as long as all are in time, then
    those after it.
    """
    skus = [one for line in lines for one in (line, *instead_of(line))]
    changes = _days([outlet for one in skus for outlet in stand.outlets(one)], wanted) if len(skus) > len(lines) else []
    day, effort = wanted, stand.effort_of_all
    goes_back = True
    for tried in range(_MOST_DATES):
        stand.rollback()
        if tried < _WITH_ALL_EFFORT:
            stand.effort_of_all = effort
        one_date = [replace(line, requested_day=day, latest_day=latest) for line in lines]
        plans = [plan_line(line, stand, allow_partial=allow_partial, aim=aim) for line in one_date]
        more = next((later for later in changes if later > day and (latest is None or later <= latest)), None)
        lacks = any(sum(take.quantity for take in plan.takes) < plan.line.quantity for plan in plans)
        ends = [max((take.hop.delivery for take in plan.takes), default=day) for plan in plans]
        slowest = max(range(len(ends)), key=lambda at: ends[at])
        if day < wanted and (lacks or ends[slowest] > day):
            goes_back, day = False, wanted + 1
        elif lacks:
            if more is None:
                return None
            day = more
        elif ends[slowest] > day:
            day = ends[slowest] if more is None else min(more, ends[slowest])
        else:
            first = min(take.hop.delivery for plan in plans for take in plan.takes)
            if first == ends[slowest]:
                waits = _together_because(lines, slowest, day, not_before)
                return [replace(plan, line=line, waits=waits) for plan, line in zip(plans, lines, strict=True)]
            goes_back = goes_back and day <= wanted and (not_before is None or first >= not_before)
            day = first if goes_back else max(day, wanted) + 1
    return None


def _none_because(lines: Sequence[LineRequest], impossible: dict[int, Reason]) -> list[Plan]:
    first = lines[min(impossible)].line_ref
    other = because(Code.OTHER_LINE_IMPOSSIBLE, f"line {first} cannot be promised, and all lines ship together", first)
    return [Plan(line, refusal=impossible.get(at, other)) for at, line in enumerate(lines)]


def _alone(line: LineRequest, outlets: Sequence[Outlet], wanted: Day, *, allow_partial: bool) -> Day | None:
    """The first day on which the line could leave if there were no others: no common date is earlier."""
    if not allow_partial:
        found = earliest_whole(line, outlets, wanted, any_date=True)
        return None if found is None else max(wanted, found[1].delivery)
    days = _days(outlets, wanted)
    if is_bound(outlets):  # what a ceiling leaves may become less again
        return next((day for day in days if one_by_one(day, [line], [outlets], allow_partial=True) is not None), None)
    at = bisect_left(days, 1, key=lambda day: cover_of(line, outlets, [outlet.offers_by(day) for outlet in outlets]) is not None)
    return days[at] if at < len(days) else None


def _days(outlets: Sequence[Outlet], wanted: Day) -> list[Day]:
    """The days on which something may change, ascending: what can leave grows from day to day and never falls."""
    return sorted({day for outlet in outlets for day in outlet.days_of_change(wanted)})


def _first_common(
    lines: Sequence[LineRequest], outlets: Sequence[Sequence[Outlet]], not_before: Day, *, allow_partial: bool
) -> tuple[Day, list[Cover]] | None:
    """Binary search over the days on which something changes: what fits on one day fits on every later one."""
    days = [not_before, *(day for day in _days([outlet for some in outlets for outlet in some], not_before) if day > not_before)]
    if any(is_bound(some) for some in outlets):
        found = ((day, one_by_one(day, lines, outlets, allow_partial=allow_partial)) for day in days)
        return next(((day, covers) for day, covers in found if covers is not None), None)
    low, high = 0, len(days) - 1
    best: tuple[Day, list[Cover]] | None = None
    at = 0
    while low <= high:
        covers = covers_on(days[at], lines, outlets, allow_partial=allow_partial)
        if covers is None:
            low = at + 1
        else:
            best = (days[at], covers)
            high = at - 1
        at = (low + high) // 2
    return best
