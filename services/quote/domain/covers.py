"""What each line takes on one day on which all of them leave: which sites serve which line (promising.md § 4 and § 6).

Lines of different skus meet only where a class may take no more of them. Of one sku, in turn as they stand, which is nearly always
enough; else whole lines are packed into sites, every way tried, or put together from several sites by a maximal flow. Where
allocations bind, each line in turn takes from what those before it have left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from services.quote.domain.split import Offer, best_split

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.quote.domain.entry import Day, Micro
    from services.quote.domain.outlet import Outlet
    from services.quote.domain.request import LineRequest

_MOST_TRIES: Final = 20_000

Cover = list[tuple["Outlet", "Micro"]]
"""What one line takes from which sites on one day."""


def covers_on(day: Day, lines: Sequence[LineRequest], outlets: Sequence[Sequence[Outlet]], *, allow_partial: bool) -> list[Cover] | None:
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
            cover = cover_of(line, outlets[at], [left[id(outlet.place)] for outlet in outlets[at]])
        if cover is None:
            return None
        found[at] = cover
        for outlet, quantity in cover:
            left[id(outlet.place)] -= quantity
    return found


def cover_of(line: LineRequest, outlets: Sequence[Outlet], rooms: Sequence[Micro]) -> Cover | None:
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


def one_by_one(day: Day, lines: Sequence[LineRequest], outlets: Sequence[Sequence[Outlet]], *, allow_partial: bool) -> list[Cover] | None:
    """What each line takes for one common day, or None: each in turn from what those before it have left.

    The largest first where that fails in the order of the lines. Nothing stays taken.
    """
    stand = outlets[0][0].place.stand
    for order in (list(range(len(lines))), sorted(range(len(lines)), key=lambda at: -lines[at].quantity)):
        mark = stand.mark()
        covers: dict[int, Cover] = {}
        for at in order:
            cover = _cover_on(day, lines[at], outlets[at], allow_partial=allow_partial)
            if cover is None:
                break
            covers[at] = cover
            _try(day, cover)
        stand.rollback(mark)
        if len(covers) == len(lines):
            return [covers[at] for at in range(len(lines))]
    return None


def _cover_on(day: Day, line: LineRequest, outlets: Sequence[Outlet], *, allow_partial: bool) -> Cover | None:
    """The whole line from the first site that can; else from several, as much as each leaves after those before, the largest first."""
    whole = next((outlet for outlet in outlets if outlet.offers_by(day) >= line.quantity), None)
    if whole is not None:
        return [(whole, line.quantity)]
    if not allow_partial:
        return None
    stand = outlets[0].place.stand
    mark = stand.mark()
    cover: Cover = []
    rest = line.quantity
    least = min(line.min_ship or 1, line.quantity)
    for outlet in sorted(outlets, key=lambda one: -one.offers_by(day)):
        more = min(rest, outlet.offers_by(day))
        if more >= least:
            cover.append((outlet, more))
            _try(day, cover[-1:])
            rest -= more
    stand.rollback(mark)
    return cover if not rest and (line.max_shipments is None or len(cover) <= line.max_shipments) else None


def _try(day: Day, cover: Cover) -> None:
    for outlet, quantity in cover:
        hop = outlet.by(day)
        if hop is not None:
            outlet.take(hop, quantity)
