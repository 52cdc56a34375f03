"""How more of a sku comes to a site: the same question again for what it is made of, or moved from (promising.md § 4).

`acquire` takes a quantity from what is known, or plans what is missing: by transfer, make or buy, each of which acquires
what it needs in turn, over (sku, site), down the bill of material, cycles cut. Everything found is taken on the stand at
once, so that nothing is promised twice inside one answer; what loses is rolled back.

    missing = quantity - what the place offers on the wanted day, or by today + atp_fence_days, whichever is more
    planned = missing rounded up to the lot; there from due + dock_to_stock_days on

Quantities are millionths of the item's unit, lead times days on the source's calendar.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from services.quote.domain.capacity import Load, run
from services.quote.domain.sources import MICRO, Buy, Make, Transfer, is_beyond_known
from services.quote.domain.supplier import deliveries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.quote.domain.capacity import Floor
    from services.quote.domain.entry import Day, Micro
    from services.quote.domain.place import Place, Planned
    from services.quote.domain.sources import Component, Source
    from services.quote.domain.stand import Stand

DEEPEST: Final = 25
"""Levels of supply that are looked through; a bill of material of more is taken for a mistake."""
_MOST_JOBS: Final = 12
"""Jobs of one source that a whole quantity may be made in."""

_EVER: Final = date.max.toordinal()

Path = tuple[tuple[str, str], ...]
Acquired = tuple["Place", int]
"""Where something was taken, and the take's name there."""


def acquire(stand: Stand, sku: str, site: str, quantity: Micro, wanted: Day, path: Path) -> Acquired | None:
    """Take `quantity` of a sku at a site on the first day, `wanted` or later, on which it can be had; None when it never can.

    Nor where it is asked for on the way to itself: what a site has is not sent away to come back to it.
    """
    place = None if (sku, site) in path else stand.place(sku, site)
    if place is None:
        stand.lacks = (sku, site)
        return None
    wanted = max(wanted, place.today)
    day = place.earliest(quantity, wanted)
    if day != wanted and replenish(stand, place, quantity, wanted, path, beat=day):
        day = place.earliest(quantity, wanted)
    if day is None:
        stand.lacks = (sku, site)
        return None
    return place, place.take(day, quantity)


def replenish(stand: Stand, place: Place, quantity: Micro, wanted: Day, path: Path, *, beat: Day | None) -> bool:
    """Plan what is missing of `quantity` by the source that has it there first; by the first of equals, and of those in time.

    Only a day before `beat` counts. False, with nothing planned, when no source is that early. An item's lead time is asked where
    nothing else brings it, and at the first site alone: the lane from another would come on top of it.
    """
    moved = path[-1][0] == place.sku
    if len(path) >= DEEPEST or stand.effort < stand.least_effort:
        stand.gave_up = True
        return False
    path = (*path, (place.sku, place.site))
    mark = stand.mark()
    best: Planned | None = None
    best_source: Source | None = None
    for source in place.sources:
        if is_beyond_known(source) and (moved or best_source is not None):
            continue
        if best_source is not None and (stand.effort < 0 or (beat or 0) <= wanted):
            break  # in time; or long enough: the first that does is taken
        stand.rollback(mark)
        best = bring(stand, place, source, quantity, wanted, path)
        day = None if best is None else place.earliest(quantity, wanted)
        if day is None or (beat is not None and day >= beat):
            best = None
        else:
            beat, best_source = day, source
    late = beat is None or beat > wanted
    together = len(place.sources) > 1 or (beat is None and comes_in_jobs(place.sources))
    if late and together and not stand.mixing and stand.effort >= 0:
        stand.rollback(mark)
        if mix(stand, place, place.sources, quantity, wanted, path, beat=beat, jobs=beat is None):
            return True
        best = None
    if best is None:
        stand.rollback(mark)
        best = None if best_source is None else bring(stand, place, best_source, quantity, wanted, path)
    return best is not None


def mix(
    stand: Stand,
    place: Place,
    sources: Sequence[Source],
    quantity: Micro,
    wanted: Day,
    path: Path = (),
    *,
    beat: Day | None,
    jobs: bool,
) -> bool:
    """Plan what is missing of `quantity` by several orders: of each source all that it has there by the day, the first choice first.

    With `jobs`, what is made may come in several of them: the largest that is there by the day, then the largest of what that leaves.
    For the first day, `wanted` or later, on which the whole quantity is there; False, with nothing planned, when that is not before
    `beat`. What the sources can bring by a day never falls as the day grows, so the day is found by halving: up to that of the last of
    them, which may lie behind the promise where what they bring fills up what was taken early.
    """
    sources = [source for source in sources if not is_beyond_known(source)]
    path = path or ((place.sku, place.site),)
    mark, floor = stand.mark(), stand.effort // 2
    stand.mixing = True
    try:
        low, high = max(wanted, place.today), None if beat is None else beat - 1
        if high is None:
            since = len(stand.planned)
            found = _mixed_by(stand, place, sources, quantity, None, path, floor, jobs=jobs)
            last = max((plan.usable for plan in stand.planned[since:] if plan.place is place), default=low)
            stand.rollback(mark)
            if found is None:
                return False
            high = max(low, found, last)
        best: Day | None = None
        while low <= high:
            day = (low + high) // 2 if best is not None else high  # the last day first: mostly not even that one does
            found = _mixed_by(stand, place, sources, quantity, day, path, floor, jobs=jobs)
            stand.rollback(mark)
            if found is None:
                low = day + 1
            else:
                best = day
                high = day - 1
        return best is not None and _mixed_by(stand, place, sources, quantity, best, path, 2 * stand.least_effort, jobs=jobs) is not None
    finally:
        stand.mixing = False


def _mixed_by(
    stand: Stand, place: Place, sources: Sequence[Source], quantity: Micro, day: Day | None, path: Path, floor: int, *, jobs: bool
) -> Day | None:
    """Plan the quantity by several orders for a day (None: whenever); the day on which it is there, or None with whatever was planned.

    Of jobs the largest first, so that they are few; but none leaves less than a lot to the next one.
    """
    fence = place.rules.atp_fence_days
    kept = 0 if fence is None else place.offers(place.today + fence)
    known = max(kept, place.offers(_EVER if day is None else day))
    rest = quantity - known
    for source in sources:
        cut = jobs and gains_by_jobs(source)
        for _ in range(_MOST_JOBS if cut else 1):
            since = len(stand.planned)
            most = most_of_source(stand, place, source, rest, day, path, floor) if rest > 0 else 0
            least = source.lot.minimum or 0
            if cut and 0 < rest - most < least <= most:
                most = max(least, rest - least)
            if not most or order(stand, place, source, most, path) is None:
                break
            rest -= sum(plan.quantity for plan in stand.planned[since:] if plan.place is place)
    found = place.earliest(quantity, place.today) if rest <= 0 else None
    return found if found is None or day is None or found <= day else None


def comes_in_jobs(sources: Sequence[Source]) -> bool:
    """Whether one of these sources may make in several jobs what it cannot make in one."""
    return any(gains_by_jobs(source) for source in sources)


def gains_by_jobs(source: Source) -> bool:
    """Whether several jobs may do what one never can, since it has to fit into a day.

    Where one job can be done it is one, though it waits for all its components: several may be done earlier, each a setup more, and
    no planner asks for that unasked (choice). For the same reason operations are never cut to overlap.
    """
    if not isinstance(source, Make) or len(source.operations) != 1:
        return False
    (only,) = source.operations
    alone = len(only.options) == 1 and all(len(need.candidates) == 1 for need in only.options[0])
    return alone and not only.may_spread


def most_of_source(stand: Stand, place: Place, source: Source, most: Micro, day: Day | None, path: Path, floor: int) -> Micro:
    """How much of `most` one order can have there by a day (None: ever), in whole units where whole units are asked for; 0: nothing."""
    step = source.lot.multiple or unit_of(most)
    if _is_there(stand, place, source, most, day, path):
        return most
    low, high = 0, -(-most // step)
    while high - low > 1 and stand.effort > floor:
        middle = (low + high) // 2
        if _is_there(stand, place, source, middle * step, day, path):
            low = middle
        else:
            high = middle
    return min(low * step, most)


def _is_there(stand: Stand, place: Place, source: Source, quantity: Micro, day: Day | None, path: Path) -> bool:
    """Whether an order can have a quantity there by a day; nothing of it stays planned."""
    mark = stand.mark()
    planned = order(stand, place, source, quantity, path)
    found = planned is not None and (day is None or planned.usable <= day)
    stand.rollback(mark)
    return found


def unit_of(quantity: Micro) -> Micro:
    """One, or the decimal fraction of it in which the quantity is counted: what is asked for in whole units is not cut finer."""
    unit = MICRO
    while quantity % unit:
        unit //= 10
    return unit


def covered_by(place: Place, wanted: Day) -> Micro:
    """What needs no plan: what the place offers on the wanted day or, where it has a fence, by the end of the fence."""
    fence = place.rules.atp_fence_days
    return place.offers(wanted) if fence is None else max(place.offers(wanted), place.offers(place.today + fence))


def bring(stand: Stand, place: Place, source: Source, quantity: Micro, wanted: Day, path: Path = ()) -> Planned | None:
    """Plan by one source what the place does not offer: on the wanted day or, where it has a fence, by the end of the fence.

    Waiting for more from the book means planning less, which is there sooner: of all such mixes the one that has the whole
    quantity there first, and of equals the one that plans least.
    """
    path = path or ((place.sku, place.site),)
    covered = covered_by(place, wanted)
    if covered >= quantity:
        return None
    waits = [(wanted, covered), *((day, offer) for day, offer in _offers_after(place, wanted) if covered < offer < quantity)]
    mark = stand.mark()
    there: dict[int, Day] = {}
    """By wait, when the whole quantity is there if only the rest is planned."""
    at, low, high = 0, 1, len(waits)
    while True:
        stand.rollback(mark)
        planned = order(stand, place, source, quantity - waits[at][1], path)
        day = None if planned is None else place.earliest(quantity, wanted)
        if day is not None:
            there[at] = day
        if at == 0:  # nobody waits longer than if nothing is waited for
            high = high if day is None else sum(1 for later, _ in waits if later <= day)
        elif day is not None and day <= waits[at][0]:
            high = at
        else:
            low = at + 1
        if low >= high or (there and stand.effort < 0):
            break
        at = (low + high) // 2
    if not there:
        stand.rollback(mark)
        return None
    best = min(there, key=lambda wait: (there[wait], -wait))
    if best != at or planned is None:
        stand.rollback(mark)
        planned = order(stand, place, source, quantity - waits[best][1], path)
    return planned


def _offers_after(place: Place, day: Day) -> list[tuple[Day, Micro]]:
    """The days after `day` on which the place offers more, and how much."""
    days = sorted({later for later in (*place.free.days, *(plan.usable for plan in place.plans.values())) if later > day})
    return [(later, place.offers(later)) for later in days]


def order(stand: Stand, place: Place, source: Source, quantity: Micro, path: Path) -> Planned | None:
    """Plan an order by one source as early as it can be, rounded up to its lot; None, with nothing taken, when it cannot.

    Of a supplier whose periods are full it is several orders, one for each period; the last of them is answered.
    """
    stand.effort -= 1
    mark = stand.mark()
    quantity = source.lot.rounded(quantity)
    if isinstance(source, Buy):
        planned = _buy(stand, place, source, quantity)
    elif isinstance(source, Transfer):
        planned = _transfer(stand, place, source, quantity, path)
    else:
        planned = _make(stand, place, source, quantity, path)
    if planned is None:
        stand.rollback(mark)
    return planned


def _buy(stand: Stand, place: Place, source: Buy, quantity: Micro) -> Planned | None:
    if source.capacity is None:
        due = source.calendar.plus(place.today, source.lead_time_days)
        return None if due is None else stand.plan(source, place, quantity, place.today, due)
    planned: Planned | None = None
    left = quantity
    for start, due, load in list(deliveries(source, place, stand.quota(source.ref), quantity)):
        stand.occupy((load,))
        planned = stand.plan(source, place, load.minutes, start, due, (), (load,))
        left -= load.minutes
    return planned if left <= 0 else None


def _transfer(stand: Stand, place: Place, source: Transfer, quantity: Micro, path: Path) -> Planned | None:
    there = stand.today(source.from_site)
    first = source.way.deliver(there)
    taken = None if first is None else acquire(stand, place.sku, source.from_site, quantity, first[0], path)
    if taken is None:
        return None
    other, number = taken
    hop = source.way.deliver(other.takes[number].day)
    if hop is None:
        return None
    pick, _, due = hop
    other.redate(number, pick)
    return stand.plan(source, place, quantity, pick, due, (taken,), waits_for=_waited([(place.sku, pick)], there))


def _make(stand: Stand, place: Place, source: Make, quantity: Micro, path: Path) -> Planned | None:
    """Components for the day on which the machines could start; no operation starts before what it uses is there.

    Their claims are dated at its start.
    """
    today = place.today
    mark = stand.mark()
    could, ends, _ = operations(stand, source, quantity, today, {})
    stand.rollback(mark)
    if ends is None:
        stand.lacks = None
        return None
    parts: list[tuple[Component, Acquired]] = []
    ready: dict[int, Day] = {}
    for component in source.components:
        taken = _component(stand, place, component, quantity, could.get(component.operation, today), path)
        if taken is None:
            return None
        parts.append((component, taken))
        ready[component.operation] = max(ready.get(component.operation, today), taken[0].takes[taken[1]].day)
    awaited = [
        (other.sku, other.takes[number].day)
        for component, (other, number) in parts
        if other.takes[number].day > could.get(component.operation, today)
    ]
    waits_for = _waited(awaited, today)
    starts, following, loads = operations(stand, source, quantity, today, ready)
    if following is None:
        stand.lacks = None
        return None
    for component, (other, number) in parts:
        other.redate(number, starts[component.operation])
    start = min(starts.values(), default=today)
    planned = stand.plan(source, place, quantity, start, following, tuple(taken for _, taken in parts), tuple(loads), waits_for)
    planned.ready = ready
    return planned


def _waited(parts: list[tuple[str, Day]], since: Day) -> tuple[str, Day] | None:
    """What comes last of what a plan needs, if it is not there at once."""
    last = max(parts, key=lambda part: part[1], default=None)
    return last if last is not None and last[1] > since else None


def _component(stand: Stand, place: Place, component: Component, made: Micro, wanted: Day, path: Path) -> Acquired | None:
    """The component by the wanted day, or the first of what may stand in for it that comes earlier."""
    quantity = component.quantity(made)
    mark = stand.mark()
    best: tuple[Day, str] | None = None
    for sku in component.skus:
        stand.rollback(mark)
        taken = acquire(stand, sku, place.site, quantity, wanted, path)
        if taken is None:
            continue
        day = taken[0].takes[taken[1]].day
        if day <= wanted or len(component.skus) == 1:
            return taken
        if best is None or day < best[0]:
            best = day, sku
    stand.rollback(mark)
    return None if best is None else acquire(stand, best[1], place.site, quantity, wanted, path)


def operations(
    stand: Floor, source: Make, quantity: Micro, today: Day, ready: dict[int, Day]
) -> tuple[dict[int, Day], Day | None, list[Load]]:
    """The start of each operation, the day after the last one, and what they occupy."""
    if not source.operations:
        start, days = max(ready.values(), default=today), source.lead_time_days
        following = start + days if source.calendar is None else source.calendar.plus(start, days)
        return dict.fromkeys(ready, start), following, []
    starts: dict[int, Day] = {}
    loads: list[Load] = []
    day = today
    for number, operation in enumerate(source.operations):
        done = run(operation, quantity, max(day, ready.get(number, day)), stand)
        if done is None:
            return starts, None, loads
        stand.occupy(done.loads)
        starts[number] = done.start
        loads += done.loads
        day = done.following
    return starts, day, loads
