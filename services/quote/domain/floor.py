"""What floors leave to other classes of a book, alone or as one of a group of sites (promising.md § 6).

At one site a floor is a pseudo-claim dated today, but for what was lacking already:

    K(t) = min(kept, max(0, ATP(t) before))          others may take while ATP(t) >= K(t) for every t

A floor over several sites is kept by all of them together: for every t, what floors could be given from the ATP of their sites
(the largest flow from floors to sites) must not become less by what others take.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.quote.domain.allocation import Kept
    from services.quote.domain.balance import Balance
    from services.quote.domain.entry import Day, Micro
    from services.quote.domain.place import Place


def kept_by_day(before: Balance, kept: Micro) -> dict[Day, Micro]:
    """K(t) of one site as steps: what is kept from each day on, more than from the day before it."""
    steps: dict[Day, Micro] = {}
    reached = 0
    for day, atp in zip(before.days, before.atp, strict=True):
        level = min(kept, max(0, atp))
        if level > reached:
            steps[day] = level - reached
            reached = level
    return steps


class Guard:
    """The floors of one sku that bind others, and the books that keep them together."""

    __slots__ = ("_before", "_days", "_kept", "places")

    def __init__(self, kept: Sequence[Kept], places: Mapping[str, Place], before: Mapping[str, Balance]) -> None:
        """`before` is each book as it is, with what the owner of the decision has in it."""
        self._kept = tuple(kept)
        self.places = dict(places)
        self._before = before
        self._days = sorted({day for figures in before.values() for day in figures.days})

    def room(self, place: Place, day: Day) -> Micro:
        """What others may take from one of the books on a day without taking what is kept."""
        room: Micro | None = None
        for at in sorted({day, *self._days, *(one for other in self.places.values() for one in other.free.days)}):
            supplies = {site: other.free.atp_on(at) for site, other in self.places.items()}
            supplies[place.site] = 0
            needed = self._covered({site: figures.atp_on(at) for site, figures in self._before.items()}) - self._covered(supplies)
            here = place.free.atp_on(max(at, day)) - max(0, needed)
            room = here if room is None else min(room, here)
        return max(0, room or 0)

    def days(self) -> list[Day]:
        """The days on which there may come to be more room."""
        return sorted({*self._days, *(day for place in self.places.values() for day in place.free.days)})

    def holds(self) -> bool:
        """Whether nothing that is kept has been taken."""
        for day in self.days():
            before = self._covered({site: figures.atp_on(day) for site, figures in self._before.items()})
            if self._covered({site: place.free.atp_on(day) for site, place in self.places.items()}) < before:
                return False
        return True

    def _covered(self, supplies: Mapping[str, Micro]) -> Micro:
        """How much of what is kept the sites could give: the largest flow from floors to their sites."""
        left = {site: max(0, quantity) for site, quantity in supplies.items()}
        flow: dict[tuple[int, str], Micro] = {}
        covered = 0
        for number, one in enumerate(self._kept):
            wanted = one.quantity
            while wanted > 0 and (path := self._path(number, left, flow)) is not None:
                pushed = min(wanted, left[path[-1][1]], *(flow[path[at + 1][0], path[at][1]] for at in range(len(path) - 1)))
                for at, (floor, site) in enumerate(path):
                    flow[floor, site] = flow.get((floor, site), 0) + pushed
                    if at + 1 < len(path):
                        flow[path[at + 1][0], site] -= pushed
                left[path[-1][1]] -= pushed
                wanted -= pushed
                covered += pushed
        return covered

    def _path(self, start: int, left: Mapping[str, Micro], flow: Mapping[tuple[int, str], Micro]) -> list[tuple[int, str]] | None:
        """A way from a floor to a site with something left, over floors that can move to another site: pairs (floor, site)."""
        came: dict[str, tuple[int, str | None]] = {}
        queue: list[tuple[int, str | None]] = [(start, None)]
        for floor, leaves in queue:
            for site, rest in left.items():
                if site in came or not self._kept[floor].floor.covers(site):
                    continue
                came[site] = (floor, leaves)
                if rest > 0:
                    path: list[tuple[int, str]] = []
                    at: str | None = site
                    while at is not None:
                        who, before = came[at]
                        path.append((who, at))
                        at = before
                    return path[::-1]
                queue.extend((other, site) for other in range(len(self._kept)) if flow.get((other, site), 0) > 0)
        return None
