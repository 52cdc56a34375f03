"""Who wins and who loses when promises are decided anew (promising.md § 7, pass 2)?

Only when asked, and by strategy. Frozen promises, and all that are not asked about, stay where they are. Then:

1. `win`, then `gain`, are put in where they stand, by rank: that is what their strategy protects.
2. They are improved by rank, `win` first, each to the earliest day from its requested date on that what is left allows, again
   and again until nobody gains: so asked a second time, nothing changes.
3. `redistribute` is put in by rank, each on the earliest day from its requested date on: better or worse than it stood.
4. `fill`, then `lose`: by rank, who can stay stays; the others get the earliest day after their promised date.

To stay, a promise may use safety stock, and holds stand behind it; on a new day it leaves both alone, like any new promise. Who
finds no place keeps the date it has and holds nothing back. A promise that would have been kept may become later by this, but
never loses every date (choice), and THE invariant holds on every book, with everything that really stands there: whoever breaks
one of these gives its advantage back, the last served first and more of them every time, and all is decided anew without it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from services.quote.domain.dates import earliest_hop, hop_after, hop_by
from services.quote.domain.demandclass import Strategy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from services.quote.domain.bins import StockBin
    from services.quote.domain.book import Day, Micro
    from services.quote.domain.risk import Rank, Route

MOST_ROUNDS: Final = 50
"""How often `win` and `gain` are improved once more."""

Hop = tuple["Day", "Day", "Day"]


class Why(StrEnum):
    """Why a promise changes, or cannot be kept."""

    REGAINED = "REGAINED"
    """It was in danger, and will be kept now."""
    IMPROVED = "IMPROVED"
    """Supply that is free, or that others give way from, makes it earlier."""
    MOVED_SITE = "MOVED_SITE"
    """It is kept from another site."""
    GAVE_WAY = "GAVE_WAY"
    """It would have been kept; somebody whose strategy goes first takes what it stood on."""
    SHORTAGE = "SHORTAGE"
    """What it stands on does not cover it where it stands."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One open delivery of a promise."""

    key: str
    day: Day
    """Its pick day."""
    quantity: Micro
    delivery_day: Day
    routes: tuple[Route, ...]
    """The books from which it may come; its own first."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A promise as it stands: an order line, or a whole order that ships complete."""

    name: str
    rank: Rank
    pieces: tuple[Piece, ...]
    requested_day: Day
    promised_day: Day
    strategy: Strategy | None
    """None: not asked about, it stays."""
    covered: bool = True
    """Whether what is known covers it where it stands (pass 1)."""
    frozen: bool = False
    together: bool = False
    """All pieces are delivered by one day."""
    latest_day: Day | None = None
    """Later than this it is not wanted."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A piece where it is now."""

    key: str
    hop: Hop
    quantity: Micro
    lane: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a promise that was asked about."""

    day: Day | None
    """Its last delivery; None: no known supply covers it, and it stays as it is."""
    placed: tuple[Placed, ...] | None
    """Its pieces, in their order; None: they stay."""
    why: Why | None = None
    """None: nothing changes."""
    blocked: str | None = None
    """The book in which it found no room."""
    behind: str | None = None
    """The first served of those who take what it stood on."""


def repromise(promises: Sequence[Standing], bins: Mapping[str, StockBin]) -> dict[str, Outcome]:
    """The outcome of every promise that has a strategy, by name. `bins` are their books and those of their routes, without any of them."""
    found: dict[str, Outcome] = {}
    for group in _apart(promises):
        keys = {key for one in group for key in _keys_of(one)}
        found |= _together(sorted(group, key=lambda one: one.rank), {key: bins[key] for key in keys})
    return found


def _apart(promises: Sequence[Standing]) -> Iterable[list[Standing]]:
    """Those that share no book, directly or over others, are decided apart."""
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
    groups: dict[str, list[Standing]] = defaultdict(list)
    for one in promises:
        groups[root(one.pieces[0].key)].append(one)
    return groups.values()


def _keys_of(one: Standing) -> Iterable[str]:
    return dict.fromkeys(key for piece in one.pieces for key in (piece.key, *(route.key for route in piece.routes)))


def _together(ordered: Sequence[Standing], bins: Mapping[str, StockBin]) -> dict[str, Outcome]:
    demoted: set[str] = set()
    count = 1
    while True:
        run = _Run(ordered, {key: one.copy() for key, one in bins.items()}, demoted)
        run.decide()
        broken = _broken(ordered, run.at, bins) | run.deserted()
        if not broken or len(demoted) == len(ordered):
            return run.outcomes()
        guilty = [one.name for one in ordered if one.name not in demoted and run.comes_into(one, broken)]
        demoted.update(guilty[-max(count, len(guilty) // 2) :] or (one.name for one in ordered))
        count *= 2


@dataclass(slots=True)
class _Run:
    """One way through all of them. `at`: where everybody is who has found a place."""

    ordered: Sequence[Standing]
    bins: dict[str, StockBin]
    demoted: set[str]
    at: dict[str, tuple[Placed, ...]] = field(default_factory=dict)
    blocked: dict[str, str] = field(default_factory=dict)

    def decide(self) -> None:
        """Put everybody in."""
        for one in self.ordered:
            if one.strategy is None and (one.covered or one.frozen):
                self._put(one, _where(one))
        last = [one for one in self.ordered if one.strategy is not None and not one.covered and one.name in self.demoted]
        groups: dict[Strategy, list[Standing]] = {strategy: [] for strategy in Strategy}
        for one in self.ordered:
            if one.strategy is not None and (one.covered or one.name not in self.demoted):
                groups[one.strategy].append(one)
        self._protect([*groups[Strategy.WIN], *groups[Strategy.GAIN]])
        for one in groups[Strategy.REDISTRIBUTE]:
            first, second = (self._keep, self._seek) if one.name in self.demoted else (self._seek, self._keep)
            if not first(one):
                second(one)
        for strategy in (Strategy.FILL, Strategy.LOSE):
            self._stay_or_wait(groups[strategy])
        for one in last:
            self._stay_or_wait([one])

    def _protect(self, group: Sequence[Standing]) -> None:
        for one in group:
            self._keep(one)
        for one in group:
            if one.name not in self.at:
                self._seek(one)
        self._improve([one for one in group if one.name not in self.demoted])

    def _stay_or_wait(self, group: Sequence[Standing]) -> None:
        waiting = [one for one in group if not self._keep(one)]
        for one in waiting:
            self._seek(one)

    def _keep(self, one: Standing) -> bool:
        """Put it in where it stands, if all of it fits."""
        for number, piece in enumerate(one.pieces):
            stock = self.bins[piece.key]
            if not stock.fits(piece.day, piece.quantity):
                for done in one.pieces[:number]:
                    self.bins[done.key].change(done.day, done.quantity)
                self.blocked[one.name] = piece.key
                return False
            stock.change(piece.day, -piece.quantity)
        self.at[one.name] = _where(one)
        return True

    def _seek(self, one: Standing) -> bool:
        """Put it in on the earliest day that its strategy allows; not there if no day does."""
        found = self._earliest(one)
        if found is None:
            return False
        self.at[one.name] = found
        return True

    def _improve(self, protected: Sequence[Standing]) -> None:
        for _ in range(MOST_ROUNDS):
            gained = False
            for one in protected:
                before = self.at.get(one.name)
                if before is not None and last_of(before) <= max(one.requested_day, self._first_day(one)):
                    continue
                self._take_out(before or ())
                found = self._earliest(one)
                if found is not None and (before is None or last_of(found) < last_of(before)):
                    self.at[one.name] = found
                    gained = True
                else:
                    self._take_out(found or ())
                    self._put(one, before)
            if not gained:
                return

    def _first_day(self, one: Standing) -> Day:
        return min(self.bins[piece.key].today for piece in one.pieces)

    def _put(self, one: Standing, places: tuple[Placed, ...] | None) -> None:
        for place in places or ():
            self.bins[place.key].change(place.hop[0], -place.quantity)
        if places is not None:
            self.at[one.name] = places

    def _take_out(self, places: Iterable[Placed]) -> None:
        for place in places:
            self.bins[place.key].change(place.hop[0], place.quantity)

    def _earliest(self, one: Standing) -> tuple[Placed, ...] | None:
        """The earliest places from the day on that its strategy allows, taken; None and nothing taken where there are none."""
        may_improve = one.strategy in _IMPROVES and one.name not in self.demoted
        wanted = [min(one.requested_day, piece.delivery_day) if may_improve else piece.delivery_day for piece in one.pieces]
        if one.together:
            wanted = [one.requested_day if may_improve else one.promised_day] * len(one.pieces)
        for _ in range(len(one.pieces) + 1 if one.together else 1):
            found = self._each(one, wanted, own_book=not may_improve and one.name in self.demoted)
            if found is None or not one.together or last_of(found) <= wanted[0]:
                break
            self._take_out(found)
            wanted = [last_of(found)] * len(one.pieces)
        else:
            return None
        if found is not None and one.latest_day is not None and last_of(found) > max(one.latest_day, one.promised_day):
            self._take_out(found)
            return None
        return found

    def _each(self, one: Standing, wanted: Sequence[Day], *, own_book: bool) -> tuple[Placed, ...] | None:
        found: list[Placed] = []
        for piece, day in zip(one.pieces, wanted, strict=True):
            place = self._place(piece, day, piece.routes[:1] if own_book else piece.routes)
            if place is None:
                self._take_out(found)
                self.blocked.setdefault(one.name, piece.key)
                return None
            self.bins[place.key].change(place.hop[0], -place.quantity)
            found.append(place)
        return tuple(found)

    def _place(self, piece: Piece, wanted: Day, routes: Sequence[Route]) -> Placed | None:
        """The first delivery from `wanted` on, of several the one of the first route; safety stock and holds give way only at the end."""
        best: Placed | None = None
        for route in routes:
            ready = self.bins[route.key].sound_from(piece.quantity)
            if ready is not None and route.key == piece.key and wanted >= piece.delivery_day:
                ready = max(ready, piece.day)
            hop = None if ready is None else earliest_hop(route.way, wanted, ready)
            if hop is not None and (best is None or max(wanted, hop[2]) < max(wanted, best.hop[2])):
                best = Placed(route.key, hop, piece.quantity, route.way.lane)
        if best is None and wanted >= piece.delivery_day:
            later = self.bins[piece.key].later(piece.quantity, piece.day)
            own = piece.routes[0].way
            hop = None if not later else hop_by(own, wanted, later[0][0]) or hop_after(own, later[0][0])
            best = None if hop is None else Placed(piece.key, hop, piece.quantity, own.lane)
        return best

    # -- what came of it

    def deserted(self) -> set[str]:
        """The books in which somebody found no place who would have been kept."""
        return {self.blocked[one.name] for one in self.ordered if one.strategy is not None and one.covered and one.name not in self.at}

    def comes_into(self, one: Standing, keys: set[str]) -> bool:
        """Whether it takes from one of these books what it would not have had: earlier than now, for the first time, or though short."""
        return one.strategy is not None and any(
            place.key in keys and (not one.covered or place.key != piece.key or place.hop[0] < piece.day)
            for piece, place in zip(one.pieces, self.at.get(one.name, ()), strict=False)
        )

    def outcomes(self) -> dict[str, Outcome]:
        """Everybody's outcome."""
        takers: dict[str, str] = {}
        for one in self.ordered:
            for piece, place in zip(one.pieces, self.at.get(one.name, ()), strict=False):
                comes = place.key != piece.key or place.hop[0] < piece.day or not one.covered
                if one.strategy is not None and comes:
                    takers.setdefault(place.key, one.name)
        return {one.name: self._outcome(one, takers) for one in self.ordered if one.strategy is not None}

    def _outcome(self, one: Standing, takers: Mapping[str, str]) -> Outcome:
        places = self.at.get(one.name)
        waits = (piece.key for piece, place in zip(one.pieces, places or (), strict=False) if place.hop[2] > piece.delivery_day)
        blocked = self.blocked.get(one.name) or next(waits, None)
        behind = None if blocked is None or takers.get(blocked) == one.name else takers.get(blocked)
        lost = Why.GAVE_WAY if one.covered else Why.SHORTAGE
        if places is None:
            return Outcome(None, None, lost, blocked or one.pieces[0].key, behind)
        stays = all(place.key == piece.key and place.hop[0] == piece.day for piece, place in zip(one.pieces, places, strict=True))
        if stays:
            return Outcome(one.promised_day, None, None if one.covered else Why.REGAINED)
        day = last_of(places)
        if day > one.promised_day:
            return Outcome(day, places, lost, blocked, behind)
        if day < one.promised_day:
            return Outcome(day, places, Why.IMPROVED)
        return Outcome(day, places, Why.MOVED_SITE if one.covered else Why.REGAINED)


_IMPROVES: Final = frozenset((Strategy.WIN, Strategy.GAIN, Strategy.REDISTRIBUTE))


def last_of(places: Sequence[Placed]) -> Day:
    """The day of the last delivery."""
    return max(place.hop[2] for place in places)


def _where(one: Standing) -> tuple[Placed, ...]:
    return tuple(
        Placed(piece.key, (piece.day, piece.day, piece.delivery_day), piece.quantity, piece.routes[0].way.lane if piece.routes else None)
        for piece in one.pieces
    )


def _broken(ordered: Sequence[Standing], at: Mapping[str, tuple[Placed, ...]], bins: Mapping[str, StockBin]) -> set[str]:
    """The books in which some day gets worse than min(0, before), counting everybody: who found no place stands where he stood."""
    changes: dict[str, dict[Day, Micro]] = defaultdict(lambda: defaultdict(int))
    before: dict[str, dict[Day, Micro]] = defaultdict(lambda: defaultdict(int))
    for one in ordered:
        places = at.get(one.name)
        for number, piece in enumerate(one.pieces):
            day = max(piece.day, bins[piece.key].today)
            before[piece.key][day] += piece.quantity
            if places is not None and one.strategy is not None:
                place = places[number]
                if (place.key, place.hop[0]) != (piece.key, piece.day):
                    changes[piece.key][day] += piece.quantity
                    changes[place.key][place.hop[0]] -= place.quantity
    return {key for key, moved in changes.items() if any(moved.values()) and not _permits(bins[key], before[key], moved)}


def _permits(stock: StockBin, before: Mapping[Day, Micro], moved: Mapping[Day, Micro]) -> bool:
    steps: dict[Day, Micro] = defaultdict(int)
    last = 0
    for day, free in stock.free_by_day():
        steps[day] += free - last
        last = free
    for day, quantity in before.items():
        steps[day] -= quantity
    projected = shift = 0
    for day in sorted({*steps, *moved}):
        projected += steps.get(day, 0)
        shift += moved.get(day, 0)
        if projected + shift < min(0, projected):
            return False
    return True
