"""What classes take while everybody is put in anew: ceilings and floors in pass 2 of re-promising (promising.md § 6 and § 7).

What stands is counted already; a promise that is asked about is taken out of the count, and comes in again where it is put.

    a new date    needs, in the period of its ship date:  taken by who is in + quantity <= Q
    to stay       needs:                                  taken by who is in + quantity <= max(Q, taken before by all)
    a floor keeps max(0, Q - taken by who of its class is in) from everybody else's new date, whatever the day

So a ceiling that was lowered makes nobody move, and nobody comes into a period in which more than it is taken. Until a class's own
promises are in, all of its floor is kept: nobody takes from them what is protected. A floor over several sites is kept at each
(choice: less than could be given, never more; whoever loses by it is asked again with the exact rule of `floor.py`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.quote.domain.allocation import Kind, first_open, kept_from
from services.quote.domain.dates import hop_shipping_from
from services.quote.domain.entry import BUCKET

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from services.quote.domain.allocation import Allocation
    from services.quote.domain.dates import Hop
    from services.quote.domain.entry import Day, Micro
    from services.quote.domain.risk import Route
    from services.quote.domain.standing import Placed, Standing

Cell = tuple[str, "Day"]
"""An allocation and the first day of one of its periods."""


@dataclass(frozen=True, slots=True)
class Rationed:
    """An allocation with all that it counts now, by ship date, live holds and whoever is to be put in anew included."""

    allocation: Allocation
    counted: Mapping[Day, Micro]

    @property
    def key(self) -> str:
        """The book that counts it."""
        return f"{self.allocation.id}|{BUCKET}"


class Tally:
    """The counts of one way through all of them."""

    __slots__ = ("_before", "_ceiling_ids", "_inside", "_limits", "_of_sku", "_waiting")

    def __init__(self, rationed: Sequence[Rationed], ordered: Iterable[Standing]) -> None:
        """Everybody of `ordered` who is asked about waits to be put in."""
        self._ceiling_ids = {one.allocation.id for one in rationed if one.allocation.kind is Kind.CEILING}
        self._of_sku: dict[str, list[Rationed]] = defaultdict(list)
        self._inside: dict[Cell, Micro] = defaultdict(int)
        self._waiting: dict[Cell, Micro] = defaultdict(int)
        self._limits: dict[Cell, Micro] = {}
        for one in rationed:
            self._of_sku[one.allocation.sku].append(one)
            for day, quantity in one.counted.items():
                if (cell := self._cell(one.allocation, day)) is not None:
                    self._inside[cell] += quantity
        self._before = Counter(self._inside)
        for promise in ordered:
            if promise.strategy is not None:
                for cell, quantity in self._stands(promise):
                    self._inside[cell] -= quantity
                    self._waiting[cell] += quantity

    def _cell(self, allocation: Allocation, ship: Day) -> Cell | None:
        period = allocation.period_of(ship)
        if period is None:
            return None
        cell = allocation.id, period.first
        self._limits[cell] = period.quantity
        return cell

    def _on(self, key: str) -> Iterator[Allocation]:
        sku, site = key.rsplit("|", 1)
        return (one.allocation for one in self._of_sku.get(sku, ()) if one.allocation.covers(site))

    def _cells(self, one: Standing, key: str, ship: Day) -> Iterator[Cell]:
        for allocation in self._on(key):
            if allocation.counts(one.classes) and (cell := self._cell(allocation, ship)) is not None:
                yield cell

    def _stands(self, one: Standing) -> Iterator[tuple[Cell, Micro]]:
        return ((cell, piece.quantity) for piece in one.pieces for cell in self._cells(one, piece.key, piece.hop[1]))

    # -- putting in

    def enter(self, one: Standing, place: Placed, sign: int = 1) -> None:
        """Count a piece where it is put; `sign` -1 takes it out again."""
        if one.strategy is not None:
            for cell in self._cells(one, place.key, place.hop[1]):
                self._inside[cell] += sign * place.quantity

    def is_in(self, one: Standing, sign: int = 1) -> None:
        """All of it is in: it no longer waits where it stood; `sign` -1: it waits again."""
        if one.strategy is not None:
            for cell, quantity in self._stands(one):
                self._waiting[cell] -= sign * quantity

    def forbids_staying(self, one: Standing) -> str | None:
        """The book of a ceiling that has no room left for it where it stands, or None."""
        mine: dict[Cell, Micro] = defaultdict(int)
        for cell, quantity in self._stands(one):
            mine[cell] += quantity
        for cell, quantity in mine.items():
            most = max(self._limits[cell], self._before[cell])
            if cell[0] in self._ceiling_ids and self._inside[cell] + quantity > most:
                return f"{cell[0]}|{BUCKET}"
        return None

    def admitted(self, one: Standing, route: Route, hop: Hop, quantity: Micro, ready: Day, *, beside_all: bool) -> Hop | None:
        """The hop, or the first later one for whose ship date every ceiling leaves the quantity; None when there is none.

        `beside_all`: beside whoever still waits, too.
        """
        at: Hop | None = hop
        while at is not None:
            opens = [self._opens(each, at[1], quantity, beside_all=beside_all) for each in self._ceilings(one, route.key)]
            if None in opens:
                return None
            latest = max((day for day in opens if day is not None), default=at[1])
            if latest == at[1]:
                return at
            at = hop_shipping_from(route.way, latest, ready)
        return None

    def _ceilings(self, one: Standing, key: str) -> Iterator[Allocation]:
        return (each for each in self._on(key) if each.kind is Kind.CEILING and each.counts(one.classes))

    def _opens(self, ceiling: Allocation, ship: Day, quantity: Micro, *, beside_all: bool) -> Day | None:
        def left(day: Day) -> Micro | None:
            cell = self._cell(ceiling, day)
            if cell is None:
                return None
            stay = beside_all or self._before[cell] > self._limits[cell]
            return self._limits[cell] - self._inside[cell] - (self._waiting[cell] if stay else 0)

        return first_open(ceiling, left, ship, quantity)

    def bound(self, one: Standing, key: str, ship: Day, quantity: Micro) -> str | None:
        """The book of the first ceiling that leaves less than the quantity for a ship date."""
        found = (each for each in self._ceilings(one, key) if self._opens(each, ship, quantity, beside_all=False) != ship)
        return next((f"{each.id}|{BUCKET}" for each in found), None)

    def kept(self, one: Standing, key: str, today: Day) -> Micro:
        """What floors keep from its new dates in a book."""
        sku, site = key.rsplit("|", 1)
        floors = [each.allocation for each in self._of_sku.get(sku, ()) if each.allocation.kind is Kind.FLOOR]
        binding = [(each, self._inside[each.id, each.first]) for each in floors if each.binds_on(today)]
        return sum(each.quantity for each in kept_from(one.classes, binding) if each.floor.covers(site))

    # -- what came of it

    def gained(self, one: Standing, places: Sequence[Placed]) -> set[Cell]:
        """Where it takes more of a period than it had."""
        more: dict[Cell, Micro] = defaultdict(int)
        for cell, quantity in self._stands(one):
            more[cell] -= quantity
        for place in places:
            for cell in self._cells(one, place.key, place.hop[1]):
                more[cell] += place.quantity
        return {cell for cell, quantity in more.items() if quantity > 0 and cell[0] in self._ceiling_ids}

    def is_overrun(self, cell: Cell) -> bool:
        """Whether more is taken than the ceiling allows, with those who found no place where they stood."""
        return self._inside[cell] + self._waiting[cell] > self._limits[cell]
