"""All lines on one date: the first on which all of them can leave, also where they share a book (promising.md § 4).

    date = first d >= every requested day such that, for some choice of a site for each line, every book bears what is chosen of it:
           sum of the quantities taken from the book on the pick days that deliver on d <= ATP of those days

With `allow_partial` a line may be put together from several sites on that date. Quantities are millionths of the item's unit.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, Final

from services.quote.domain.answer import Alternative
from services.quote.domain.binding import added_days, dates_of, is_bound
from services.quote.domain.choice import Aim, cost_of, cost_of_planned
from services.quote.domain.known import delivery_of, earliest_whole, fastest_ways
from services.quote.domain.lowest import refusal_by
from services.quote.domain.plan import Plan, Take, plan_line, undeliverable, unservable
from services.quote.domain.planning import sources_for
from services.quote.domain.rationed import one_by_one
from services.quote.domain.reasons import Code, Lost, Reason, because
from services.quote.domain.sentence import spoken_day
from services.quote.domain.split import Offer, best_split
from services.quote.domain.substitute import instead_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.quote.domain.entry import Day, Micro
    from services.quote.domain.outlet import Outlet
    from services.quote.domain.request import LineRequest
    from services.quote.domain.stand import Stand

_MOST_TRIES: Final = 20_000
_MOST_DATES: Final = 24
"""Dates that are tried with planned supply or substitutes."""

Cover = list[tuple["Outlet", "Micro"]]
"""What one line takes from which books on the common day."""


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
    together = _earliest_together(lines, stand, allow_partial=allow_partial, not_before=not_before)
    if aim.is_earliest or not all(plan.takes for plan in together):
        return together
    return _by_policy(lines, together, stand, aim, allow_partial=allow_partial, not_before=not_before)


def _by_policy(
    lines: Sequence[LineRequest], together: list[Plan], stand: Stand, aim: Aim, *, allow_partial: bool, not_before: Day | None
) -> list[Plan]:
    """The best of: every line by the policy on the first common date; on the date that suits the line that is then last; as it was."""
    latest = min((line.latest_day for line in lines if line.latest_day is not None), default=None)
    wanted = max(0 if not_before is None else not_before, *(line.requested_day for line in lines))
    best: tuple[tuple[int, ...], Day] | None = None
    for start, limit in ((wanted, latest), (int(_last_day(together)), int(_last_day(together)))):
        stand.rollback()
        plans = _with_planned_supply(lines, stand, start, limit, not_before, allow_partial=allow_partial, aim=aim)
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
            figure = (sum(plan.line.sites.index(take.outlet.site) * take.quantity for plan in plans for take in plan.takes), late)
        if best is None or figure < best[0]:
            best = figure, start
    stand.rollback()
    if best is not None:
        limit = latest if best[1] == wanted else best[1]
        plans = _with_planned_supply(lines, stand, best[1], limit, not_before, allow_partial=allow_partial, aim=aim)
        if plans is not None:
            return plans
        stand.rollback()
    return _earliest_together(lines, stand, allow_partial=allow_partial, not_before=not_before)


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
    to be more of any of them.
    """
    skus = [one for line in lines for one in (line, *instead_of(line))]
    changes = _days([outlet for one in skus for outlet in stand.outlets(one)], wanted) if len(skus) > len(lines) else []
    day = wanted
    for _ in range(_MOST_DATES):
        stand.rollback()
        one_date = [replace(line, requested_day=day, latest_day=latest) for line in lines]
        plans = [plan_line(line, stand, allow_partial=allow_partial, aim=aim) for line in one_date]
        more = next((later for later in changes if later > day and (latest is None or later <= latest)), None)
        if any(sum(take.quantity for take in plan.takes) < plan.line.quantity for plan in plans):
            if more is None:
                return None
            day = more
            continue
        ends = [max(take.hop.delivery for take in plan.takes) for plan in plans]
        slowest = max(range(len(ends)), key=lambda at: ends[at])
        if ends[slowest] <= day:
            waits = _together_because(lines, slowest, day, not_before)
            return [replace(plan, line=line, waits=waits) for plan, line in zip(plans, lines, strict=True)]
        day = ends[slowest] if more is None else min(more, ends[slowest])
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
    at = bisect_left(days, 1, key=lambda day: _cover(line, outlets, [outlet.offers_by(day) for outlet in outlets]) is not None)
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
        covers = _covers_on(days[at], lines, outlets, allow_partial=allow_partial)
        if covers is None:
            low = at + 1
        else:
            best = (days[at], covers)
            high = at - 1
        at = (low + high) // 2
    return best


def _covers_on(day: Day, lines: Sequence[LineRequest], outlets: Sequence[Sequence[Outlet]], *, allow_partial: bool) -> list[Cover] | None:
    """What each line takes on `day`, or None when not all fit. Lines of different skus never meet."""
    groups: dict[str, list[int]] = {}
    for at, line in enumerate(lines):
        groups.setdefault(line.sku, []).append(at)
    covers: list[Cover] = [[] for _ in lines]
    for members in groups.values():
        room: dict[int, Micro] = {}
        for outlet in (outlet for at in members for outlet in outlets[at]):
            possible = outlet.offers_by(day)
            room[id(outlet.place)] = min(room.get(id(outlet.place), possible), possible)  # lines may go different ways
        found = _in_turn(members, lines, outlets, room, allow_partial=allow_partial)
        if found is None and len(members) > 1:
            found = _flow(members, lines, outlets, room) if allow_partial else _pack(members, lines, outlets, room)
        if found is None:
            return None
        for at, cover in found.items():
            covers[at] = cover
    return covers


def _in_turn(
    members: Sequence[int],
    lines: Sequence[LineRequest],
    outlets: Sequence[Sequence[Outlet]],
    room: dict[int, Micro],
    *,
    allow_partial: bool,
) -> dict[int, Cover] | None:
    """Each line in turn takes what it needs; good enough nearly always, and exact for a single line."""
    left = dict(room)
    found: dict[int, Cover] = {}
    for at in members:
        line = lines[at]
        cover: Cover | None = None
        for outlet in outlets[at]:
            if left[id(outlet.place)] >= line.quantity:
                cover = [(outlet, line.quantity)]
                break
        if cover is None and allow_partial:
            cover = _cover(line, outlets[at], [left[id(outlet.place)] for outlet in outlets[at]])
        if cover is None:
            return None
        found[at] = cover
        for outlet, quantity in cover:
            left[id(outlet.place)] -= quantity
    return found


def _cover(line: LineRequest, outlets: Sequence[Outlet], rooms: Sequence[Micro]) -> Cover | None:
    """The whole line from several sites on one day, within its limits on shipments."""
    offers = [Offer((0,), (min(room, line.quantity),)) if room > 0 else Offer((), ()) for room in rooms]
    shipments = best_split(line.quantity, 0, offers, line.min_ship, line.max_shipments)
    if sum(shipment.quantity for shipment in shipments) < line.quantity:
        return None
    return [(outlets[shipment.site], shipment.quantity) for shipment in shipments]


def _pack(
    members: Sequence[int], lines: Sequence[LineRequest], outlets: Sequence[Sequence[Outlet]], room: dict[int, Micro]
) -> dict[int, Cover] | None:
    """Whole lines of one sku into sites, largest first, every way tried within a limit."""
    order = sorted(members, key=lambda at: -lines[at].quantity)
    left = dict(room)
    chosen: list[int] = []  # which of its outlets each line of `order` stands in
    tries = 0
    following = 0
    while len(chosen) < len(order):
        tries += 1
        if tries > _MOST_TRIES:
            return None
        at = order[len(chosen)]
        options = outlets[at]
        fits = next((n for n in range(following, len(options)) if left[id(options[n].place)] >= lines[at].quantity), None)
        if fits is not None:
            left[id(options[fits].place)] -= lines[at].quantity
            chosen.append(fits)
            following = 0
            continue
        if not chosen:
            return None
        undone = chosen.pop()
        before = order[len(chosen)]
        left[id(outlets[before][undone].place)] += lines[before].quantity
        following = undone + 1
    return {at: [(outlets[at][n], lines[at].quantity)] for at, n in zip(order, chosen, strict=True)}


def _flow(
    members: Sequence[int], lines: Sequence[LineRequest], outlets: Sequence[Sequence[Outlet]], room: dict[int, Micro]
) -> dict[int, Cover] | None:
    """Lines of one sku from several sites: a maximal flow, kept if it respects every line's limits on shipments."""
    sites = {id(outlet.place): outlet for at in members for outlet in outlets[at]}
    flow: dict[tuple[int, int], Micro] = {}
    left = dict(room)
    for at in members:
        needed = lines[at].quantity
        while needed > 0:
            path = _augment(at, members, outlets, flow, left)
            if path is None:
                return None
            push = min(needed, left[path[-1][1]], *(flow[who, site] for who, site, forward in _backward(path) if not forward))
            for who, site, forward in _backward(path):
                flow[who, site] = flow.get((who, site), 0) + (push if forward else -push)
            left[path[-1][1]] -= push
            needed -= push
    covers: dict[int, Cover] = {}
    for at in members:
        line = lines[at]
        cover = [(sites[site], quantity) for (who, site), quantity in flow.items() if who == at and quantity > 0]
        least = min(line.min_ship or 1, line.quantity)
        if any(quantity < least for _, quantity in cover) or (line.max_shipments is not None and len(cover) > line.max_shipments):
            return None
        order = {id(outlet.place): number for number, outlet in enumerate(outlets[at])}
        covers[at] = sorted(cover, key=lambda part: order[id(part[0].place)])
    return covers


def _augment(
    start: int, members: Sequence[int], outlets: Sequence[Sequence[Outlet]], flow: dict[tuple[int, int], Micro], left: dict[int, Micro]
) -> list[tuple[int, int]] | None:
    """A way from a line to a site with room, over lines that can move elsewhere: pairs (line, site), each line moving to its site."""
    came: dict[int, tuple[int, int | None]] = {}  # site -> (line that would use it, site that this line would leave)
    queue: list[tuple[int, int | None]] = [(start, None)]
    for line, leaves in queue:
        for outlet in outlets[line]:
            site = id(outlet.place)
            if site in came:
                continue
            came[site] = (line, leaves)
            if left[site] > 0:
                path = []
                at: int | None = site
                while at is not None:
                    user, before = came[at]
                    path.append((user, at))
                    at = before
                return path[::-1]
            queue.extend((other, site) for other in members if flow.get((other, site), 0) > 0)
    return None


def _backward(path: list[tuple[int, int]]) -> list[tuple[int, int, bool]]:
    """The changes of a way: each line more from its new site (True), and less from the one it leaves (False)."""
    changes = []
    for number, (line, site) in enumerate(path):
        changes.append((line, site, True))
        if number + 1 < len(path):
            changes.append((path[number + 1][0], site, False))
    return changes
