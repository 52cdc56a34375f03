"""Who wins and who loses when promises are decided anew (promising.md § 7, pass 2)?

Only when asked, and by strategy. Frozen promises, and all that are not asked about, stay where they are. Then:

1. `win`, then `gain`, are put in where they stand, by rank: that is what their strategy protects; first those that would be met anyway.
2. They are improved by rank, `win` first, each to the earliest day from its requested date on that what is left allows, again
   and again until nobody gains: so asked a second time, nothing changes.
3. `redistribute` is put in by rank, each on the earliest day from its requested date on, or where it stands if that is no later.
4. `fill`, then `lose`: by rank, who can stay stays; the others get the earliest day after their promised date.

To stay, a promise may use safety stock, and holds stand behind it; on a new day it leaves both alone, and what floors keep for
other classes, and takes no more than ceilings leave for its ship date, like any new promise (`tally.py`). Who finds no place keeps
the date it has and holds nothing back. A promise that would have been kept may become later by this, but never loses every date
(choice); THE invariant holds on every book, with everything that really stands there, and nobody comes into a period of which more
than its ceiling is taken: whoever breaks one of these gives its advantage back, the last served first and more of them every time,
and all is decided anew without it. What would be late only because its way takes longer now is picked earlier, or promised later.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Final

from services.quote.domain.breach import made_worse
from services.quote.domain.dates import MEETING_DAYS, earliest_hop
from services.quote.domain.demandclass import Strategy
from services.quote.domain.entry import BUCKET
from services.quote.domain.standing import Outcome, Piece, Placed, Standing, Why, last_of, where_of
from services.quote.domain.tally import Rationed, Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from services.quote.domain.bins import StockBin
    from services.quote.domain.dates import Hop
    from services.quote.domain.entry import Day
    from services.quote.domain.risk import Route
    from services.quote.domain.tally import Cell

MOST_ROUNDS: Final = 50
"""How often `win` and `gain` are improved once more."""


def repromise(promises: Sequence[Standing], bins: Mapping[str, StockBin], rationed: Sequence[Rationed] = ()) -> dict[str, Outcome]:
    """The outcome of every promise that has a strategy, by name.

    `bins` are their books and those of their routes, without any of them; `rationed` what ceilings and floors count, with all of them.
    """
    found: dict[str, Outcome] = {}
    of_sku: dict[str, list[Rationed]] = defaultdict(list)
    for each in rationed:
        of_sku[each.allocation.sku].append(each)
    for group in _apart(promises, of_sku):
        keys = {key for one in group for key in _keys_of(one)}
        mine = [each for sku in {key.rsplit("|", 1)[0] for key in keys} & of_sku.keys() for each in of_sku[sku]]
        found |= _together(sorted(group, key=lambda one: one.rank), {key: bins[key] for key in keys}, mine)
    return found


def _apart(promises: Sequence[Standing], rationed: Mapping[str, Sequence[Rationed]]) -> Iterable[list[Standing]]:
    """Those that share no book, directly or over others, are decided apart; all books of a sku are shared where its classes share it."""
    roots: dict[str, str] = {}

    def root(key: str) -> str:
        while (above := roots.setdefault(key, key)) != key:
            roots[key] = roots.setdefault(above, above)
            key = above
        return key

    for one in promises:
        first, *others = (root(key) for key in _keys_of(one))
        for other in others:
            roots[root(other)] = root(first)
    for key in list(roots) if rationed else ():
        sku = key.rsplit("|", 1)[0]
        if sku in rationed:
            roots[root(key)] = root(f"{sku}|{BUCKET}")
    groups: dict[str, list[Standing]] = defaultdict(list)
    for one in promises:
        groups[root(one.pieces[0].key)].append(one)
    return groups.values()


def _keys_of(one: Standing) -> Iterable[str]:
    return dict.fromkeys(key for piece in one.pieces for key in (piece.key, *(route.key for route in piece.routes)))


def _together(ordered: Sequence[Standing], bins: Mapping[str, StockBin], rationed: Sequence[Rationed]) -> dict[str, Outcome]:
    demoted: set[str] = set()
    count = 1
    stood = {one.name: where_of(one) for one in ordered}
    slow = {one.name for one in ordered for piece in one.pieces if piece.is_slow}
    unmet = slow | {one.name for one in ordered if not one.covered}
    while True:
        tally = Tally(rationed, ordered) if rationed else None
        run = _Run(ordered, stood, slow, unmet, {key: one.copy() for key, one in bins.items()}, demoted, tally)
        run.decide()
        broken = made_worse(ordered, run.at, bins) | run.deserted() | run.overrun()
        if not broken or len(demoted) == len(ordered):
            return run.outcomes()
        guilty = [one.name for one in ordered if one.name not in demoted and run.comes_into(one, broken)]
        demoted.update(guilty[-max(count, len(guilty) // 2) :] or (one.name for one in ordered))
        count *= 2


@dataclass(slots=True)
class _Run:
    """One way through all of them. `at`: where everybody is who has found a place."""

    ordered: Sequence[Standing]
    stood: Mapping[str, tuple[Placed, ...]]
    """Where everybody stands."""
    slow: set[str]
    """Who would come late though everything is there."""
    unmet: set[str]
    """Who is not met where it stands."""
    bins: dict[str, StockBin]
    demoted: set[str]
    tally: Tally | None = None
    at: dict[str, tuple[Placed, ...]] = field(default_factory=dict)
    blocked: dict[str, str] = field(default_factory=dict)
    bound: dict[str, str] = field(default_factory=dict)
    """The ceiling that made somebody wait."""

    def decide(self) -> None:
        """Put everybody in."""
        for one in self.ordered:
            if one.strategy is None and (one.covered or one.frozen):
                self._put(one, self.stood[one.name])
        last = [one for one in self.ordered if one.strategy is not None and one.name in self.unmet and one.name in self.demoted]
        groups: dict[Strategy, list[Standing]] = {strategy: [] for strategy in Strategy}
        for one in self.ordered:
            if one.strategy is not None and (one.name not in self.unmet or one.name not in self.demoted):
                groups[one.strategy].append(one)
        self._protect([*groups[Strategy.WIN], *groups[Strategy.GAIN]])
        for one in groups[Strategy.REDISTRIBUTE]:
            self._redistribute(one)
        for strategy in (Strategy.FILL, Strategy.LOSE):
            self._stay_or_wait(groups[strategy])
        for one in last:
            self._stay_or_wait([one])

    def _protect(self, group: Sequence[Standing]) -> None:
        for one in sorted(group, key=lambda one: one.name in self.unmet):  # what is met is not taken to save what is not
            self._keep(one)
        for one in group:
            if one.name not in self.at:
                self._seek(one)
        self._improve([one for one in group if one.name not in self.demoted])

    def _redistribute(self, one: Standing) -> None:
        """Put it in earlier if that is possible; else where it stands if it can stay; else later: nobody is worse off who need not be."""
        if one.name in self.demoted or one.promised_day <= one.requested_day:
            if not self._keep(one):
                self._seek(one)
            return
        found = self._earliest(one)
        if found is not None and last_of(found) < one.promised_day:
            self._settle(one, found)
            return
        self._take_out(one, found or ())
        if not self._keep(one):
            self._seek(one)

    def _stay_or_wait(self, group: Sequence[Standing]) -> None:
        waiting = [one for one in group if not self._keep(one)]
        for one in waiting:
            self._seek(one)

    def _keep(self, one: Standing) -> bool:
        """Put it in where it stands, if all of it fits and comes in time."""
        if one.name in self.slow:
            return False
        if self.tally is not None and one.strategy is not None and (ceiling := self.tally.forbids_staying(one)) is not None:
            self.blocked[one.name] = ceiling
            return False
        for number, piece in enumerate(one.pieces):
            stock = self.bins[piece.key]
            if not stock.fits(piece.day, piece.quantity):
                for done in one.pieces[:number]:
                    self.bins[done.key].change(done.day, done.quantity)
                self.blocked[one.name] = piece.key
                return False
            stock.change(piece.day, -piece.quantity)
        places = self.stood[one.name]
        self._count(one, places)
        self._settle(one, places)
        return True

    def _seek(self, one: Standing) -> None:
        """Put it in on the earliest day that its strategy allows; not there if no day does."""
        found = self._earliest(one)
        if found is not None:
            self._settle(one, found)

    def _improve(self, protected: Sequence[Standing]) -> None:
        for _ in range(MOST_ROUNDS):
            gained = False
            for one in protected:
                before = self.at.get(one.name)
                if before is not None and last_of(before) <= max(one.requested_day, self._first_day(one)):
                    continue
                self._take_out(one, before or ())
                self._settle(one, None)
                found = self._earliest(one)
                if found is not None and (before is None or last_of(found) < last_of(before)):
                    self._settle(one, found)
                    gained = True
                else:
                    self._take_out(one, found or ())
                    self._put(one, before)
            if not gained:
                return

    def _first_day(self, one: Standing) -> Day:
        return min(self.bins[piece.key].today for piece in one.pieces)

    def _put(self, one: Standing, places: tuple[Placed, ...] | None) -> None:
        for place in places or ():
            self.bins[place.key].change(place.hop[0], -place.quantity)
        if places is not None:
            self._count(one, places)
            self._settle(one, places)

    def _take_out(self, one: Standing, places: Iterable[Placed]) -> None:
        for place in places:
            self.bins[place.key].change(place.hop[0], place.quantity)
            if self.tally is not None:
                self.tally.enter(one, place, -1)

    def _count(self, one: Standing, places: Iterable[Placed]) -> None:
        if self.tally is not None:
            for place in places:
                self.tally.enter(one, place)

    def _settle(self, one: Standing, places: tuple[Placed, ...] | None) -> None:
        """What has been taken for it is its place from now on; None: it has none."""
        if self.tally is not None and (places is None) != (one.name not in self.at):
            self.tally.is_in(one, -1 if places is None else 1)
        if places is None:
            self.at.pop(one.name, None)
        else:
            self.at[one.name] = places

    def _earliest(self, one: Standing) -> tuple[Placed, ...] | None:
        """The earliest places from the day on that its strategy allows, taken; None and nothing taken where there are none."""
        may_improve = one.strategy in _IMPROVES and one.name not in self.demoted
        wanted = [min(one.requested_day, piece.delivery_day) if may_improve else piece.delivery_day for piece in one.pieces]
        if one.together:
            wanted = [one.requested_day if may_improve else one.promised_day] * len(one.pieces)
        for _ in range(len(one.pieces) + 3 if one.together else 1):
            found = self._each(one, wanted, own_book=not may_improve and one.name in self.demoted)
            if found is None or not one.together or last_of(found) <= wanted[0]:
                break
            self._take_out(one, found)
            wanted = [last_of(found)] * len(one.pieces)
        else:
            return None
        if found is not None and one.together and len({place.hop[2] for place in found}) > 1 and one.is_on_one_day:
            self._take_out(one, found)
            found = self._meeting(one, wanted[0], may_be_before=may_improve and wanted[0] == one.requested_day)
        if found is not None and one.latest_day is not None and last_of(found) > max(one.latest_day, one.promised_day):
            self._take_out(one, found)
            return None
        return found

    def _meeting(self, one: Standing, day: Day, *, may_be_before: bool) -> tuple[Placed, ...] | None:
        """Where ways rest on different days, the last day before `day` on which all pieces are delivered; else the first after it."""
        before = range(day - 1, self._first_day(one) - 1, -1) if may_be_before else range(0)
        for at in chain(before, range(day + 1, day + MEETING_DAYS)):
            found = self._each(one, [at] * len(one.pieces), own_book=one.name in self.demoted)
            if found is not None:
                if {place.hop[2] for place in found} == {at}:
                    return found
                self._take_out(one, found)
        return None

    def _each(self, one: Standing, wanted: Sequence[Day], *, own_book: bool) -> tuple[Placed, ...] | None:
        found: list[Placed] = []
        for piece, day in zip(one.pieces, wanted, strict=True):
            place = self._place(one, piece, day, piece.routes[:1] if own_book else piece.routes)
            if place is None:
                self._take_out(one, found)
                self.blocked.setdefault(one.name, self.bound.get(one.name, piece.key))
                return None
            self.bins[place.key].change(place.hop[0], -place.quantity)
            if self.tally is not None:
                self.tally.enter(one, place)
            found.append(place)
        return tuple(found)

    def _place(self, one: Standing, piece: Piece, wanted: Day, routes: Sequence[Route]) -> Placed | None:
        """The first delivery from `wanted` on, of several the one of the first route; safety stock and holds give way only at the end."""
        best: Placed | None = None
        may_be_earlier = piece.is_slow and one.name not in self.demoted
        for route in routes:
            kept = 0 if self.tally is None else self.tally.kept(one, route.key, self.bins[route.key].today)
            ready = self.bins[route.key].sound_from(piece.quantity + kept)
            if ready is not None and route.key == piece.key and wanted >= piece.delivery_day and not may_be_earlier:
                ready = max(ready, piece.day)
            hop = None if ready is None else self._within(one, piece, route, earliest_hop(route.way, wanted, ready), ready)
            if hop is not None and (best is None or max(wanted, hop[2]) < max(wanted, best.hop[2])):
                best = Placed(route.key, hop, piece.quantity, route.way.lane)
        if best is None and wanted >= piece.delivery_day:
            later = self.bins[piece.key].later(piece.quantity, piece.day)
            own = piece.routes[0]
            ready = None if not later else later[0][0]
            hop = None if ready is None else earliest_hop(own.way, wanted, ready)
            hop = None if ready is None else self._within(one, piece, own, hop, ready)
            best = None if hop is None else Placed(piece.key, hop, piece.quantity, own.way.lane)
        return best

    def _within(self, one: Standing, piece: Piece, route: Route, hop: Hop | None, ready: Day) -> Hop | None:
        """The hop, or the first later one that ceilings allow."""
        if self.tally is None or hop is None:
            return hop
        beside_all = one.name in self.demoted
        found = self.tally.admitted(one, route, hop, piece.quantity, ready, beside_all=beside_all)
        if found != hop and (ceiling := self.tally.bound(one, route.key, hop[1], piece.quantity)) is not None:
            self.bound[one.name] = ceiling
        return found

    # -- what came of it

    def deserted(self) -> set[str]:
        """The books in which somebody found no place who would have been kept."""
        met = (one for one in self.ordered if one.strategy is not None and one.name not in self.unmet)
        return {self.blocked[one.name] for one in met if one.name not in self.at}

    def overrun(self) -> set[str]:
        """The books of ceilings that somebody comes into though more than it is taken then."""
        if self.tally is None:
            return set()
        gained = {cell for one in self.ordered for cell in self._gained(one)}
        return {f"{cell[0]}|{BUCKET}" for cell in gained if self.tally.is_overrun(cell)}

    def _gained(self, one: Standing) -> set[Cell]:
        if self.tally is None or one.strategy is None or one.name not in self.at:
            return set()
        return self.tally.gained(one, self.at[one.name])

    def comes_into(self, one: Standing, keys: set[str]) -> bool:
        """Whether it takes from one of these books what it would not have had: earlier than now, for the first time, or though short."""
        return one.strategy is not None and not keys.isdisjoint(self._comes(one))

    def _comes(self, one: Standing) -> Iterable[str]:
        unmet = one.name in self.unmet
        for piece, place in zip(one.pieces, self.at.get(one.name, ()), strict=False):
            if unmet or place.key != piece.key or place.hop[0] < piece.day:
                yield place.key
        for allocation_id, _ in self._gained(one) if self.tally is not None else ():
            yield f"{allocation_id}|{BUCKET}"

    def outcomes(self) -> dict[str, Outcome]:
        """Everybody's outcome."""
        takers: dict[str, list[str]] = defaultdict(list)
        for one in self.ordered:
            if one.strategy is not None:
                for key in self._comes(one):
                    takers[key].append(one.name)
        return {one.name: self._outcome(one, takers) for one in self.ordered if one.strategy is not None}

    def _outcome(self, one: Standing, takers: Mapping[str, Sequence[str]]) -> Outcome:
        places = self.at.get(one.name)
        met = one.name not in self.unmet
        if places is self.stood[one.name]:
            return Outcome(one.promised_day, None, None if met else Why.REGAINED, self._holds_back(one))
        waits = (piece.key for piece, place in zip(one.pieces, places or (), strict=False) if place.hop[2] > piece.delivery_day)
        blocked = self.blocked.get(one.name) or self.bound.get(one.name) or next(waits, None)
        first = next(iter(takers.get(blocked or "", ())), None)
        if blocked is not None and blocked.endswith(BUCKET):  # it may come into another period of the same ceiling
            first = next((name for name in takers.get(blocked, ()) if name != one.name), None)
        behind = None if first == one.name else first
        lost = Why.GAVE_WAY if met else Why.DELAYED if one.covered else Why.SHORTAGE
        if places is None:
            return Outcome(None, None, lost, blocked or one.pieces[0].key, behind)
        if all(place.key == piece.key and place.hop[::2] == piece.hop[::2] for piece, place in zip(one.pieces, places, strict=True)):
            return Outcome(one.promised_day, None, None if met else Why.REGAINED, self._holds_back(one))
        day = last_of(places)
        if day > one.promised_day:
            return Outcome(day, places, lost, blocked or one.pieces[0].key, behind)
        if day < one.promised_day:
            return Outcome(day, places, Why.IMPROVED, self._holds_back(one))
        return Outcome(day, places, Why.MOVED_SITE if met else Why.REGAINED, self._holds_back(one))

    def _holds_back(self, one: Standing) -> str | None:
        """What keeps one that must win from its requested date, though it is no later than promised; None where only its way does."""
        last = last_of(self.at[one.name])
        if one.strategy is not Strategy.WIN or last <= one.requested_day:
            return None
        piece, place = next(each for each in zip(one.pieces, self.at[one.name], strict=True) if each[1].hop[2] == last)
        route = next((each for each in piece.routes if each.key == place.key), None)
        hop = None if route is None else earliest_hop(route.way, one.requested_day, self.bins[place.key].today)
        by_way = hop is not None and hop[2] >= last
        return self.bound.get(one.name) or (None if by_way else place.key)


_IMPROVES: Final = frozenset((Strategy.WIN, Strategy.GAIN, Strategy.REDISTRIBUTE))
