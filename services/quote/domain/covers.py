"""What each line takes on one day on which all of them leave: which sites serve which line (promising.md § 4 and § 6).

Lines of different skus meet only where a class may take no more of them. Of one sku, in turn as they stand, which is nearly always
enough; else whole lines are packed into sites, every way tried, or put together from several sites: which of them is chosen, the
quantities are a maximal flow. Where allocations bind, each line in turn takes from what those before it have left.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Final

from services.quote.domain.split import fewest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from services.quote.domain.entry import Day, Micro
    from services.quote.domain.outlet import Outlet
    from services.quote.domain.request import LineRequest

_MOST_TRIES: Final = 20_000
_MOST_LOOKS: Final = 2_000
"""How often a line is looked at, over all choices of sites, where some have a minimum or a number of shipments."""

Cover = list[tuple["Outlet", "Micro"]]
"""What one line takes from which sites on one day."""


class _Rooms:
    """What each book can still give by each pick day: lines that go different ways may be picked on different days."""

    __slots__ = ("picks", "totals")

    def __init__(self, day: Day, outlets: Iterable[Outlet]) -> None:
        """`totals`: of each book, by pick day, what may be taken on that day and those before it."""
        self.picks: dict[int, Day] = {}
        self.totals: dict[int, dict[Day, Micro]] = {}
        for outlet in outlets:
            hop = outlet.by(day)
            if hop is not None:
                self.picks[id(outlet)] = hop.pick
                self.totals.setdefault(id(outlet.place), {})[hop.pick] = outlet.place.offers(hop.pick)

    def of(self, outlet: Outlet) -> Micro:
        """What may be taken for one way from a book."""
        first = self.picks.get(id(outlet))
        return 0 if first is None else min(total for pick, total in self.totals[id(outlet.place)].items() if pick >= first)

    def take(self, outlet: Outlet, quantity: Micro) -> None:
        """Less than 0: it is given back."""
        totals, first = self.totals[id(outlet.place)], self.picks[id(outlet)]
        for pick in totals:
            if pick >= first:
                totals[pick] -= quantity

    def copy(self) -> _Rooms:
        found = _Rooms(0, ())
        found.picks = self.picks
        found.totals = {place: dict(totals) for place, totals in self.totals.items()}
        return found


def covers_on(day: Day, lines: Sequence[LineRequest], outlets: Sequence[Sequence[Outlet]], *, allow_partial: bool) -> list[Cover] | None:
    """What each line takes on `day`, or None when not all fit. Lines of different skus never meet."""
    groups: dict[str, list[int]] = {}
    for at, line in enumerate(lines):
        groups.setdefault(line.sku, []).append(at)
    covers: list[Cover] = [[] for _ in lines]
    for members in groups.values():
        asked = [(lines[at], outlets[at]) for at in members]
        rooms = _Rooms(day, (outlet for _, some in asked for outlet in some))
        found = _in_turn(asked, rooms.copy(), allow_partial=allow_partial)
        if found is None and len(members) > 1:
            found = _Shared(asked, rooms).covers([]) if allow_partial else _pack(asked, rooms)
        if found is None:
            return None
        for at, cover in zip(members, found, strict=True):
            covers[at] = cover
    return covers


Asked = tuple["LineRequest", "Sequence[Outlet]"]
"""A line, and the sites from which it may come."""


def _in_turn(asked: Sequence[Asked], rooms: _Rooms, *, allow_partial: bool) -> list[Cover] | None:
    """Each line in turn takes what it needs; good enough nearly always, and exact for a single line."""
    found: list[Cover] = []
    for line, outlets in asked:
        whole = next((outlet for outlet in outlets if rooms.of(outlet) >= line.quantity), None)
        cover = [(whole, line.quantity)] if whole is not None else None
        if cover is None and allow_partial:
            cover = cover_of(line, outlets, [rooms.of(outlet) for outlet in outlets])
        if cover is None:
            return None
        found.append(cover)
        for outlet, quantity in cover:
            rooms.take(outlet, quantity)
    return found


def cover_of(line: LineRequest, outlets: Sequence[Outlet], rooms: Sequence[Micro]) -> Cover | None:
    """The whole line on one day from as few sites as can give it together, within its limits on shipments.

    Where the fewest do not hold the minimum each, or are too many, more are no better.
    """
    least = min(line.min_ship or 1, line.quantity)
    offers = [(at, min(room, line.quantity)) for at, room in enumerate(rooms) if room >= least]
    if sum(room for _, room in offers) < line.quantity:
        return None
    chosen = fewest(offers, line.quantity)
    spare = line.quantity - least * len(chosen)
    if spare < 0 or (line.max_shipments is not None and len(chosen) > line.max_shipments):
        return None
    cover: Cover = []
    for at, room in chosen:
        more = min(spare, room - least)
        spare -= more
        cover.append((outlets[at], least + more))
    return cover


def _pack(asked: Sequence[Asked], rooms: _Rooms) -> list[Cover] | None:
    """Whole lines of one sku into sites, largest first, every way tried within a limit."""
    order = sorted(range(len(asked)), key=lambda at: -asked[at][0].quantity)
    chosen: list[int] = []  # which of its outlets each line of `order` stands in
    tries = 0
    following = 0
    while len(chosen) < len(order):
        tries += 1
        if tries > _MOST_TRIES:
            return None
        line, outlets = asked[order[len(chosen)]]
        fits = next((n for n in range(following, len(outlets)) if rooms.of(outlets[n]) >= line.quantity), None)
        if fits is not None:
            rooms.take(outlets[fits], line.quantity)
            chosen.append(fits)
            following = 0
            continue
        if not chosen:
            return None
        undone = chosen.pop()
        line, outlets = asked[order[len(chosen)]]
        rooms.take(outlets[undone], -line.quantity)
        following = undone + 1
    where = dict(zip(order, chosen, strict=True))
    return [[(outlets[where[at]], line.quantity)] for at, (line, outlets) in enumerate(asked)]


class _Shared:
    """Lines of one sku from several sites. Which sites serve a line is chosen, the quantities are a maximal flow.

    A line without a minimum may come from any of its sites, and with a number of shipments from any so many; with a minimum each site that
    is chosen gives it, and the flow is of the rest. Lines that are not chosen for yet count as if they had no limits.
    """

    def __init__(self, asked: Sequence[Asked], rooms: _Rooms) -> None:
        self.asked = asked
        self.rooms = rooms
        self.looks = 0

    def covers(self, chosen: list[Sequence[Outlet]]) -> list[Cover] | None:
        """What each line takes, with the sites that are chosen for the first of them; None where not all fit."""
        self.looks += len(self.asked)
        found = self._with(chosen)
        if found is None or all(self._keeps(line, cover) for (line, _), cover in zip(self.asked, found, strict=True)):
            return found
        for some in _choices(*self.asked[len(chosen)]):
            if self.looks >= _MOST_LOOKS:
                break
            better = self.covers([*chosen, some])
            if better is not None:
                return better
        return None

    def _with(self, chosen: Sequence[Sequence[Outlet]]) -> list[Cover] | None:
        rooms = self.rooms.copy()
        needs: list[Asked] = []
        least: list[Micro] = []
        for at, (line, outlets) in enumerate(self.asked):
            some = chosen[at] if at < len(chosen) else outlets
            least.append(min(line.min_ship or 0, line.quantity) if at < len(chosen) else 0)
            for outlet in some:
                if rooms.of(outlet) < least[at]:
                    return None
                if least[at]:
                    rooms.take(outlet, least[at])
            needs.append((replace(line, quantity=line.quantity - least[at] * len(some)), some))
        found = _flow(needs, rooms)
        if found is None:
            return None
        each = zip(needs, least, found, strict=True)
        return [[(one, low + flow[id(one)]) for one in some if low + flow[id(one)]] for (_, some), low, flow in each]

    @staticmethod
    def _keeps(line: LineRequest, cover: Cover) -> bool:
        least = min(line.min_ship or 0, line.quantity)
        return all(quantity >= least for _, quantity in cover) and (line.max_shipments is None or len(cover) <= line.max_shipments)


def _choices(line: LineRequest, outlets: Sequence[Outlet]) -> Iterator[Sequence[Outlet]]:
    """The sets of sites that may serve a line, the larger first; without a minimum a smaller one can do nothing that a larger cannot."""
    most = min(len(outlets), line.max_shipments or len(outlets))
    fewest = most
    if line.min_ship:
        most = min(most, line.quantity // min(line.min_ship, line.quantity))
        fewest = 1
    for count in range(most, fewest - 1, -1):
        yield from combinations(outlets, count)


def _flow(needs: Sequence[Asked], rooms: _Rooms) -> list[dict[int, Micro]] | None:
    """What each line takes from which site: a maximal flow along shortest ways; None where it is less than all of them need.

    From a line to its pick day at each of its sites, from there to the later pick days of the book, and out at the last.
    """
    arcs: dict[Node, dict[Node, Micro]] = defaultdict(dict)
    for place, totals in rooms.totals.items():
        picks = sorted(totals)
        for pick, following in zip(picks, [*picks[1:], None], strict=True):
            arcs[place, pick][_OUT if following is None else (place, following)] = min(
                total for later, total in totals.items() if later >= pick
            )
    for number, (line, outlets) in enumerate(needs):
        for outlet in outlets:
            if id(outlet) in rooms.picks:
                arcs[_LINE, number][id(outlet.place), rooms.picks[id(outlet)]] = line.quantity
    for number, (line, _) in enumerate(needs):
        missing = line.quantity
        while missing:
            way = _way((_LINE, number), arcs)
            if way is None:
                return None
            push = min(missing, *(arcs[one][other] for one, other in pairwise(way)))
            for one, other in pairwise(way):
                arcs[one][other] -= push
                arcs[other][one] = arcs[other].get(one, 0) + push
            missing -= push
    return [
        {id(one): arcs[id(one.place), rooms.picks[id(one)]].get((_LINE, at), 0) if id(one) in rooms.picks else 0 for one in outlets}
        for at, (_, outlets) in enumerate(needs)
    ]


Node = tuple[int, int]
"""A line, or a pick day of a book."""
_LINE: Final = 0
_OUT: Final = (-1, -1)


def _way(start: Node, arcs: Mapping[Node, Mapping[Node, Micro]]) -> list[Node] | None:
    """A shortest way out along arcs on which there is room."""
    came: dict[Node, Node] = {start: start}
    queue = [start]
    for node in queue:
        for other, room in arcs.get(node, {}).items():
            if room <= 0 or other in came:
                continue
            came[other] = node
            if other == _OUT:
                way = [other]
                while way[-1] != start:
                    way.append(came[way[-1]])
                return way[::-1]
            queue.append(other)
    return None


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
