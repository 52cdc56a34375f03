"""All lines on one date: the first on which all of them can leave, also where they share a book (promising.md § 4)."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Final

from services.quote.domain.answer import Alternative
from services.quote.domain.plan import Plan, Take, delivery_of, earliest_whole, unservable
from services.quote.domain.reasons import Code, Lost, Reason, because
from services.quote.domain.sentence import spoken_day
from services.quote.domain.split import Offer, best_split

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.quote.domain.book import Day, Micro
    from services.quote.domain.request import LineRequest
    from services.quote.domain.stand import Place, Stand

_MOST_TRIES: Final = 20_000

Cover = list[tuple["Place", "Micro"]]
"""What one line takes from which books on the common day."""


def plan_together(
    lines: Sequence[LineRequest],
    stand: Stand,
    *,
    allow_partial: bool,
    not_before: Day | None = None,
) -> list[Plan]:
    """All lines on the first common date, or none of them. With `allow_partial` a line may come from several sites on that date."""
    places = [stand.places(line) for line in lines]
    impossible = {at: reason for at, line in enumerate(lines) if (reason := unservable(line, places[at])) is not None}
    if impossible:
        return _none_because(lines, impossible)
    latest = min((line.latest_day for line in lines if line.latest_day is not None), default=None)
    wanted = max(line.requested_day for line in lines)
    wanted = wanted if not_before is None else max(wanted, not_before)
    alone: dict[int, Day] = {}
    for at, line in enumerate(lines):
        day = _alone(line, places[at], wanted, allow_partial=allow_partial)
        if day is None:
            impossible[at] = because(Code.NOT_ENOUGH_SUPPLY, f"known supply never covers the whole of line {line.line_ref}", line.line_ref)
        else:
            alone[at] = day
    if impossible:
        return _none_because(lines, impossible)
    slowest = max(alone, key=lambda at: alone[at])
    found = _first_common(lines, places, alone[slowest], allow_partial=allow_partial)
    if found is None:
        refusal = because(Code.NO_COMMON_DATE, "the lines together need more than known supply has on any date")
        return [Plan(line, refusal=refusal) for line in lines]
    day, covers = found
    if latest is not None and day > latest:
        refusal = because(Code.AFTER_LATEST_DATE, f"all lines together can leave on {spoken_day(day)}, after the latest acceptable date")
        return [Plan(line, refusal=refusal) for line in lines]
    waits = because(Code.SHIPS_COMPLETE, f"ships together with line {lines[slowest].line_ref}", lines[slowest].line_ref)
    if not_before is not None and day == not_before:
        waits = because(Code.PROMISE_STANDS, f"the promise of {spoken_day(day)} stands: it is not pulled in")
    plans = []
    for at, line in enumerate(lines):
        apart: tuple[Alternative, ...] = ()
        sooner = earliest_whole(line, places[at], line.requested_day)
        if sooner is not None and sooner[1] < day:
            delivery = delivery_of(sooner[0], sooner[1], line.quantity)
            apart = (Alternative("a1", "apart", (delivery,), Lost.SHIPS_COMPLETE.value),)
        plans.append((line, apart, covers[at]))
    return [
        Plan(line, tuple(Take(place, day, quantity, place.take(day, quantity)) for place, quantity in cover), apart, waits=waits)
        for line, apart, cover in plans
    ]


def _none_because(lines: Sequence[LineRequest], impossible: dict[int, Reason]) -> list[Plan]:
    first = lines[min(impossible)].line_ref
    other = because(Code.OTHER_LINE_IMPOSSIBLE, f"line {first} cannot be promised, and all lines ship together", first)
    return [Plan(line, refusal=impossible.get(at, other)) for at, line in enumerate(lines)]


def _alone(line: LineRequest, places: Sequence[Place], wanted: Day, *, allow_partial: bool) -> Day | None:
    """The first day on which the line could leave if there were no others: no common date is earlier."""
    if not allow_partial:
        found = earliest_whole(line, places, wanted, any_date=True)
        return None if found is None else found[1]
    days = _days(places, wanted)
    at = bisect_left(days, 1, key=lambda day: _cover(line, places, [_room(place, day) for place in places]) is not None)
    return days[at] if at < len(days) else None


def _days(places: Sequence[Place], wanted: Day) -> list[Day]:
    """The days on which something may change, ascending: what can leave grows from day to day and never falls."""
    days = {max(wanted, place.today) for place in places}
    days.update(day for place in places for day in place.free.days if day > wanted)
    return sorted(days)


def _room(place: Place, day: Day) -> Micro:
    return max(0, place.free.atp_on(day)) if place.today <= day else 0


def _first_common(
    lines: Sequence[LineRequest], places: Sequence[Sequence[Place]], not_before: Day, *, allow_partial: bool
) -> tuple[Day, list[Cover]] | None:
    """Binary search over the days on which something changes: what fits on one day fits on every later one."""
    days = [not_before, *(day for day in _days([place for some in places for place in some], not_before) if day > not_before)]
    low, high = 0, len(days) - 1
    best: tuple[Day, list[Cover]] | None = None
    at = 0
    while low <= high:
        covers = _covers_on(days[at], lines, places, allow_partial=allow_partial)
        if covers is None:
            low = at + 1
        else:
            best = (days[at], covers)
            high = at - 1
        at = (low + high) // 2
    return best


def _covers_on(day: Day, lines: Sequence[LineRequest], places: Sequence[Sequence[Place]], *, allow_partial: bool) -> list[Cover] | None:
    """What each line takes on `day`, or None when not all fit. Lines of different skus never meet."""
    groups: dict[str, list[int]] = {}
    for at, line in enumerate(lines):
        groups.setdefault(line.sku, []).append(at)
    covers: list[Cover] = [[] for _ in lines]
    for members in groups.values():
        room = {id(place): _room(place, day) for at in members for place in places[at]}
        found = _in_turn(members, lines, places, room, allow_partial=allow_partial)
        if found is None and len(members) > 1:
            found = _flow(members, lines, places, room) if allow_partial else _pack(members, lines, places, room)
        if found is None:
            return None
        for at, cover in found.items():
            covers[at] = cover
    return covers


def _in_turn(
    members: Sequence[int],
    lines: Sequence[LineRequest],
    places: Sequence[Sequence[Place]],
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
        for place in places[at]:
            if left[id(place)] >= line.quantity:
                cover = [(place, line.quantity)]
                break
        if cover is None and allow_partial:
            cover = _cover(line, places[at], [left[id(place)] for place in places[at]])
        if cover is None:
            return None
        found[at] = cover
        for place, quantity in cover:
            left[id(place)] -= quantity
    return found


def _cover(line: LineRequest, places: Sequence[Place], rooms: Sequence[Micro]) -> Cover | None:
    """The whole line from several sites on one day, within its limits on shipments."""
    offers = [Offer((0,), (min(room, line.quantity),)) if room > 0 else Offer((), ()) for room in rooms]
    shipments = best_split(line.quantity, 0, offers, line.min_ship, line.max_shipments)
    if sum(shipment.quantity for shipment in shipments) < line.quantity:
        return None
    return [(places[shipment.site], shipment.quantity) for shipment in shipments]


def _pack(
    members: Sequence[int], lines: Sequence[LineRequest], places: Sequence[Sequence[Place]], room: dict[int, Micro]
) -> dict[int, Cover] | None:
    """Whole lines of one sku into sites, largest first, every way tried within a limit."""
    order = sorted(members, key=lambda at: -lines[at].quantity)
    left = dict(room)
    chosen: list[int] = []  # which of its places each line of `order` stands in
    tries = 0
    following = 0
    while len(chosen) < len(order):
        tries += 1
        if tries > _MOST_TRIES:
            return None
        at = order[len(chosen)]
        options = places[at]
        fits = next((n for n in range(following, len(options)) if left[id(options[n])] >= lines[at].quantity), None)
        if fits is not None:
            left[id(options[fits])] -= lines[at].quantity
            chosen.append(fits)
            following = 0
            continue
        if not chosen:
            return None
        undone = chosen.pop()
        before = order[len(chosen)]
        left[id(places[before][undone])] += lines[before].quantity
        following = undone + 1
    return {at: [(places[at][n], lines[at].quantity)] for at, n in zip(order, chosen, strict=True)}


def _flow(
    members: Sequence[int], lines: Sequence[LineRequest], places: Sequence[Sequence[Place]], room: dict[int, Micro]
) -> dict[int, Cover] | None:
    """Lines of one sku from several sites: a maximal flow, kept if it respects every line's limits on shipments."""
    sites = {id(place): place for at in members for place in places[at]}
    flow: dict[tuple[int, int], Micro] = {}
    left = dict(room)
    for at in members:
        needed = lines[at].quantity
        while needed > 0:
            path = _augment(at, members, places, flow, left)
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
        order = {id(place): number for number, place in enumerate(places[at])}
        covers[at] = sorted(cover, key=lambda part: order[id(part[0])])
    return covers


def _augment(
    start: int, members: Sequence[int], places: Sequence[Sequence[Place]], flow: dict[tuple[int, int], Micro], left: dict[int, Micro]
) -> list[tuple[int, int]] | None:
    """A way from a line to a site with room, over lines that can move elsewhere: pairs (line, site), each line moving to its site."""
    came: dict[int, tuple[int, int | None]] = {}  # site -> (line that would use it, site that this line would leave)
    queue: list[tuple[int, int | None]] = [(start, None)]
    for line, leaves in queue:
        for place in places[line]:
            site = id(place)
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
