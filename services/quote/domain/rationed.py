"""The best split within ceilings: what a day brings is not only what is there by then, but what its period leaves (promising.md § 6).

    on each ship date:  all sites together <= what each ceiling leaves in its period;  each site <= its ATP, less what it shipped before

Every ceiling cuts time into periods that follow one another, so without limits on shipments the plan that ships as much as it can
as early as it can is the best: a unit that goes earlier never closes more to later ones than one that goes later. With such
limits it is the search of `split.py`, which counts the periods beside the sites.
"""

from __future__ import annotations

from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from services.quote.domain.outlet import MOST_PERIODS
from services.quote.domain.split import Search, Shipment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.quote.domain.dates import Hop
    from services.quote.domain.entry import Day, Micro
    from services.quote.domain.outlet import Outlet
    from services.quote.domain.request import LineRequest


class Slot(NamedTuple):
    """A day on which a site could ship: the total that it can have shipped by then, and the periods that it would count in."""

    day: Day
    site: int
    total: Micro
    periods: tuple[int, ...]
    hop: Hop


class Slots:
    """Every day on which something opens, at every site, and what each period leaves."""

    def __init__(self, outlets: Sequence[Outlet], wanted: Day, latest: Day | None, quantity: Micro) -> None:
        """Looks as far as the quantity, or three years, or a number of periods reach."""
        self.left: list[Micro] = []
        self._numbers: dict[tuple[str, Day], int] = {}
        found = [slot for site, outlet in enumerate(outlets) for slot in self._of(site, outlet, wanted, latest, quantity)]
        self.slots = sorted(found, key=lambda slot: (slot.day, slot.site))

    def _of(self, site: int, outlet: Outlet, wanted: Day, latest: Day | None, quantity: Micro) -> list[Slot]:
        first = outlet.wanted(wanted)
        if first is None:
            return []
        hops: dict[Day, Hop] = {}
        for day in outlet.days_of_change(wanted):
            hop = outlet.by(day) or outlet.after(outlet.first_pick)
            if hop is not None:
                hops.setdefault(max(day, hop.delivery), hop)
        room = _Used(self.left)
        reach = 0
        for start in islice(merge(*(bucket.starts(first.ship) for bucket in outlet.ceilings)), MOST_PERIODS):
            hop = outlet.shipping_from(start)
            if hop is None or (latest is not None and hop.delivery > latest):
                break
            day = max(wanted, hop.delivery)
            if day not in hops:
                hops[day] = hop
                slot = Slot(day, site, quantity, self._periods(outlet, hop.ship), hop)
                room.left += self.left[len(room.left) :]
                more = room.room(slot)
                room.ship(slot, more)
                reach += more
            if reach >= quantity and hop.pick >= outlet.place.days()[-1]:
                break
        slots = []
        for day, hop in sorted(hops.items()):
            total = min(quantity, outlet.place.offers(hop.pick))
            if total > 0 and (latest is None or day <= latest):
                slots.append(Slot(day, site, total, self._periods(outlet, hop.ship), hop))
        return slots

    def _periods(self, outlet: Outlet, ship: Day) -> tuple[int, ...]:
        numbers = []
        for bucket in outlet.ceilings:
            period, left = bucket.allocation.period_of(ship), bucket.left(ship)
            if period is None or left is None:
                continue
            name = (bucket.allocation.id, period.first)
            if name not in self._numbers:
                self._numbers[name] = len(self.left)
                self.left.append(max(0, left))
            numbers.append(self._numbers[name])
        return tuple(numbers)


class _Used:
    """What a plan has shipped so far of each site and each period."""

    __slots__ = ("left", "sites")

    def __init__(self, left: Sequence[Micro]) -> None:
        self.left = list(left)
        self.sites: dict[int, Micro] = {}

    def room(self, slot: Slot) -> Micro:
        """What may still be shipped there."""
        room = slot.total - self.sites.get(slot.site, 0)
        return max(0, min([room, *(self.left[number] for number in slot.periods)]))

    def ship(self, slot: Slot, quantity: Micro) -> None:
        self.sites[slot.site] = self.sites.get(slot.site, 0) + quantity
        for number in slot.periods:
            self.left[number] -= quantity


def split_within(
    outlets: Sequence[Outlet],
    wanted: Day,
    latest: Day | None,
    quantity: Micro,
    limits: tuple[Micro | None, int | None],
    effort: int,
) -> tuple[Shipment, ...]:
    """The best shipments of at most `quantity` within what ceilings leave. `limits`: least quantity and number of shipments."""
    found = Slots(outlets, wanted, latest, quantity)
    least = min(limits[0] or 1, quantity)
    most = quantity // least if limits[1] is None else min(limits[1], quantity // least)
    if any(outlet.place.guard is not None for outlet in outlets):
        return _one_after_the_other(found, outlets, quantity, least, most)
    plan = _as_early_as_possible(found, quantity)
    if len(plan) <= most and all(shipment.quantity >= least for shipment in plan):
        return plan
    return _SearchWithin(found, quantity, wanted, (least, most), effort).best()


def _as_early_as_possible(found: Slots, quantity: Micro) -> tuple[Shipment, ...]:
    used = _Used(found.left)
    plan: list[Shipment] = []
    rest = quantity
    days: dict[Day, list[Slot]] = {}
    for slot in found.slots:
        days.setdefault(slot.day, []).append(slot)
    for day, slots in days.items():
        alone = next((slot for slot in slots if used.room(slot) >= rest), None)
        for slot in slots if alone is None else [alone]:
            taken = min(rest, used.room(slot))
            if taken > 0:
                used.ship(slot, taken)
                plan.append(Shipment(slot.site, day, taken))
                rest -= taken
        if not rest:
            break
    return tuple(plan)


def _one_after_the_other(found: Slots, outlets: Sequence[Outlet], quantity: Micro, least: Micro, most: int) -> tuple[Shipment, ...]:
    """As much as can be as early as can be, where floors are kept by several sites together: each shipment is taken to see what is left.

    Nothing stays taken. With limits on shipments it keeps to them, and need not be the best.
    """
    stand = outlets[0].place.stand
    mark = stand.mark()
    plan: list[Shipment] = []
    rest = quantity
    for slot in found.slots:
        outlet = outlets[slot.site]
        room = outlet.room(slot.hop.ship)
        taken = min([rest, outlet.place.offers(slot.hop.pick), *([] if room is None else [room])])
        if taken >= least and len(plan) < most:
            outlet.take(slot.hop, taken)
            plan.append(Shipment(slot.site, slot.day, taken))
            rest -= taken
    stand.rollback(mark)
    return tuple(plan)


class _SearchWithin(Search):
    """Sets of shipments whose quantities keep to the periods as well."""

    def __init__(self, found: Slots, quantity: Micro, requested: Day, limits: tuple[Micro, int], effort: int) -> None:
        self.within = [slot for slot in found.slots if slot.total >= limits[0]]
        self.left = found.left
        self.prepare(quantity, requested, [(slot.day, slot.site, slot.total) for slot in self.within], limits, effort)

    def _gain(self, caps: dict[int, Micro], at: int, shipped: Micro) -> Micro:
        """What a shipment adds at most after those before it; `caps` keeps what sites and, below 0, periods have shipped."""
        slot = self.within[at]
        rooms = [slot.total - caps.get(slot.site, 0), *(self.left[number] - caps.get(-1 - number, 0) for number in slot.periods)]
        gain = max(0, min(*rooms, self.quantity - shipped))
        caps[slot.site] = caps.get(slot.site, 0) + gain
        for number in slot.periods:
            caps[-1 - number] = caps.get(-1 - number, 0) + gain
        return gain

    def _amounts(self, chosen: tuple[int, ...]) -> list[Micro] | None:
        """The minimum for each, the rest as early as possible; None when the minima do not fit."""
        spare = self.quantity - self.least * len(chosen)
        if spare < 0:
            return None
        groups: list[tuple[Micro, list[int]]] = []
        """Shipments that have a limit together: those of a site up to each day, those of a period."""
        for number, at in enumerate(chosen):
            site = self.within[at].site
            groups.append((self.within[at].total, [n for n in range(number + 1) if self.within[chosen[n]].site == site]))
        periods = {period for at in chosen for period in self.within[at].periods}
        groups.extend((self.left[one], [n for n, at in enumerate(chosen) if one in self.within[at].periods]) for one in periods)
        rooms = [limit - self.least * len(members) for limit, members in groups]
        if min(rooms, default=0) < 0:
            return None
        amounts = []
        for number in range(len(chosen)):
            mine = [at for at, (_, members) in enumerate(groups) if number in members]
            more = min(spare, *(rooms[at] for at in mine))
            for at in mine:
                rooms[at] -= more
            spare -= more
            amounts.append(self.least + more)
        return amounts


Cover = list[tuple["Outlet", "Micro"]]
"""What one line takes from which sites on one day."""


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
