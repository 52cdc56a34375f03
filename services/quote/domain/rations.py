"""Which ceilings and floors bind one decision, by the class that it is for; without allocations, nobody asks (promising.md § 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.quote.domain.allocation import Bucket, Kind, kept_from
from services.quote.domain.balance import balance
from services.quote.domain.entry import BUCKET
from services.quote.domain.floor import Guard, kept_by_day

if TYPE_CHECKING:
    from services.quote.domain.allocation import Allocation
    from services.quote.domain.balance import Balance
    from services.quote.domain.entry import Day
    from services.quote.domain.place import Place
    from services.quote.domain.request import Shelf
    from services.quote.domain.stand import Stand


class Rations:
    """The buckets of one decision, each once: so several lines that take from one of them see what the others have taken."""

    __slots__ = ("_buckets", "_owner", "_shelf", "_stand", "classes")

    def __init__(self, stand: Stand, shelf: Shelf, owner: str | None, classes: tuple[str, ...]) -> None:
        """`classes`: the class that the decision is for and what that lies inside. The claims of `owner` are what it replaces."""
        self._stand = stand
        self._shelf = shelf
        self._owner = owner
        self.classes = classes
        self._buckets: dict[str, Bucket] = {}

    @property
    def read(self) -> list[tuple[str, str]]:
        """The books of every allocation that was looked at."""
        return [(name, BUCKET) for name in self._buckets]

    def ceilings(self, place: Place) -> tuple[Bucket, ...]:
        """The ceilings on what this demand takes from a place, those of its own class first."""
        binding = [one for one in place.allocations if one.kind is Kind.CEILING and one.covers(place.site) and one.counts(self.classes)]
        binding.sort(key=lambda one: (self.classes.index(one.demand_class), one.id))
        return tuple(self._bucket(one, place.today) for one in binding)

    def put_floors(self, place: Place) -> None:
        """Leave out of a place what is kept there for other classes: of this book alone, or of several together."""
        floors = [one for one in place.allocations if one.kind is Kind.FLOOR and one.binds_on(place.today)]
        if not floors:
            return
        kept = kept_from(self.classes, [(one, self._bucket(one, place.today).taken_at_all()) for one in floors])
        place.floors = tuple(one for one in kept if one.floor.covers(place.site))
        if not place.floors:
            return
        sites = {site for one in kept for site in one.floor.sites or ()}
        around = {site: other for site in sorted({place.site, *sites}) if (other := self._stand.place(place.sku, site)) is not None}
        if any(sum(one.floor.covers(site) for site in around) > 1 for one in kept):
            shared = next((other.guard for other in around.values() if other.guard is not None), None)
            place.guard = shared or Guard(kept, around, {site: self._as_it_is(other) for site, other in around.items()})
        else:
            place.keep(kept_by_day(self._as_it_is(place), sum(one.quantity for one in place.floors)))

    def _bucket(self, allocation: Allocation, today: Day) -> Bucket:
        found = self._buckets.get(allocation.id)
        if found is None:
            book = self._shelf.book(allocation.id, BUCKET)
            found = self._buckets[allocation.id] = Bucket(allocation, book, today, self._shelf.now, self._owner)
        return found

    def _as_it_is(self, place: Place) -> Balance:
        """A book with what the owner of this decision has in it."""
        return place.figures if self._owner is None else balance(place.book, place.today, self._shelf.now, place.rules)
