"""How a line that may be split is served with planned supply: from one source or several (promising.md § 4).

What is tried is planned on the stand and rolled back; what wins is planned again, and taken by whoever asked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from services.quote.domain.answer import Alternative
from services.quote.domain.choice import Aim, lost_because, worth
from services.quote.domain.known import delivery_of, each_place, split_of, too_late
from services.quote.domain.planning import MOST_NAMED, VERB, earliest_planned, spoken_source, ways_for
from services.quote.domain.replenish import bring, covered_by, most_of_source, order, unit_of
from services.quote.domain.sources import is_beyond_known

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from services.quote.domain.choice import Part, Worth
    from services.quote.domain.dates import Hop
    from services.quote.domain.entry import Day, Micro
    from services.quote.domain.outlet import Outlet
    from services.quote.domain.place import Planned
    from services.quote.domain.request import LineRequest
    from services.quote.domain.sources import Source
    from services.quote.domain.stand import Stand

_MOST_ORDERS: Final = 12
"""Orders, one after the other, that a split may be planned from."""
_MOST_TRIMS: Final = 4
"""How often they are made smaller because the split that they allow needs less of them."""


def best_parts(
    line: LineRequest, outlets: Sequence[Outlet], stand: Stand, wanted: Day, effort: int
) -> tuple[list[Part], list[Alternative]]:
    """The best split from what is known, with what one source of one site brings beside it, or with what several orders bring.

    The whole line in one delivery is one of them: never is less or later promised than where nothing may be split.
    Planned on the stand, not taken yet. Also the ways that lost.
    """
    best = split_of(line, outlets, wanted, line.latest_day, effort)
    least = earliest_worth(line, best, wanted, stand)
    tried: list[tuple[str, tuple[str, ...], list[Part], Worth]] = []
    mark = stand.mark()
    chosen: tuple[Callable[[], list[Part] | None], int] | None = None
    for outlet, source in ways_for(line, outlets):
        if _is_perfect(line, least) or (is_beyond_known(source) and any(one[3][0] == -line.quantity for one in tried)):
            break
        stand.rollback(mark)
        before = stand.effort
        build = partial(with_source, line, outlets, outlet, source, stand, wanted, effort)
        parts = build()
        if parts is None:
            continue
        tried.append((VERB[source.kind], (spoken_source(source),), parts, earliest_worth(line, parts, wanted, stand)))
        if tried[-1][3] < least:
            best, least, chosen = parts, tried[-1][3], (build, before)
    stand.rollback(mark)
    if not _is_perfect(line, least) and stand.effort >= 0:
        before = stand.effort
        in_one = partial(_in_one, line, outlets, stand, wanted)
        parts = in_one()
        if parts is not None and earliest_worth(line, parts, wanted, stand) < least:
            best, least, chosen = parts, earliest_worth(line, parts, wanted, stand), (in_one, before)
        stand.rollback(mark)
    if not _is_perfect(line, least) and stand.effort >= 0:
        parts = spread(line, outlets, stand, wanted, effort)
        if parts is not None and earliest_worth(line, parts, wanted, stand) < least:
            return parts, _lost_splits(line, tried, parts, earliest_worth(line, parts, wanted, stand))
        stand.rollback(mark)
    if chosen is not None:
        found, before = chosen
        again = stand.as_found(before, found)
        best = split_of(line, outlets, wanted, line.latest_day, effort) if again is None else again
    return best, _lost_splits(line, tried, best, least)


def _in_one(line: LineRequest, outlets: Sequence[Outlet], stand: Stand, wanted: Day) -> list[Part] | None:
    """The whole line in one delivery with planned supply: what a minimum or a number of shipments may leave as the best."""
    whole, _ = earliest_planned(line, outlets, stand, wanted, None)
    return None if whole is None else [(*whole, line.quantity)]


def earliest_worth(line: LineRequest, parts: Sequence[Part], wanted: Day, stand: Stand) -> Worth:
    """To be made as small as possible: -promised, -on time, sum of quantity x days late, shipments."""
    return worth(Aim.EARLIEST, line, parts, wanted, 0, stand)


def _is_perfect(line: LineRequest, least: Worth) -> bool:
    """Whether all is on time."""
    return least[1] == -line.quantity


def _lost_splits(
    line: LineRequest, tried: Sequence[tuple[str, tuple[str, ...], list[Part], Worth]], best: Sequence[Part], least: Worth
) -> list[Alternative]:
    won = [part[1:] for part in best]
    return [
        Alternative(
            "", kind, tuple(delivery_of(*part) for part in parts),
            lost_because(Aim.EARLIEST, line, found, least).value, supply,
        )
        for kind, supply, parts, found in tried
        if parts and [part[1:] for part in parts] != won
    ][:MOST_NAMED]  # fmt: skip


def with_source(
    line: LineRequest, outlets: Sequence[Outlet], outlet: Outlet, source: Source, stand: Stand, wanted: Day, effort: int
) -> list[Part] | None:
    """The best split if one source of one site brings what the others cannot deliver in time, or of that what it can.

    None when it uses nothing of it.
    """
    want = outlet.wanted(wanted)
    others = {id(other.place): other.offers_by(wanted) for other in outlets if other.place is not outlet.place}
    rest = line.quantity - sum(others.values())
    mark, since = stand.mark(), len(stand.planned)
    while want is not None and rest > 0:
        if bring(stand, outlet.place, source, rest, want.pick) is None and not _bring_most(line, outlet, source, stand, rest, want.pick):
            break
        mine = [plan for plan in stand.planned[since:] if plan.place is outlet.place]
        parts = split_of(line, outlets, wanted, line.latest_day, effort)
        taking = stand.mark()
        for taker, hop, quantity in parts:
            taker.take(hop, quantity)
        whole, used = sum(plan.quantity for plan in mine), sum(plan.quantity - plan.left for plan in mine)
        stand.rollback(taking)
        if used <= 0:
            break
        if source.lot.rounded(used) >= whole:
            return parts
        rest -= whole - used  # the split has better: plan what it takes
        stand.rollback(mark)
    stand.rollback(mark)
    return None


def _bring_most(line: LineRequest, outlet: Outlet, source: Source, stand: Stand, quantity: Micro, pick: Day) -> bool:
    """Plan what one order by a source can have there of a quantity that it cannot bring whole; whether that is anything."""
    place, last = outlet.place, None if line.latest_day is None else outlet.by(line.latest_day)
    path, lacking = ((place.sku, place.site),), quantity - covered_by(place, pick)
    day = None if last is None else last.pick
    most = most_of_source(stand, place, source, lacking, day, path, stand.effort // 2) if lacking > 0 else 0
    return most > 0 and order(stand, place, source, most, path) is not None


@dataclass(frozen=True, slots=True)
class Ordered:
    """An order by one source of one site, and where its plans stand among those of the decision."""

    outlet: Outlet
    source: Source
    quantity: Micro
    since: int = 0
    until: int = 0

    @property
    def whole(self) -> Micro:
        """What it comes to in lots."""
        return self.source.lot.rounded(self.quantity)

    def mine(self, stand: Stand) -> list[Planned]:
        """What it brings to its site."""
        return [plan for plan in stand.planned[self.since : self.until] if plan.place is self.outlet.place]


def spread(line: LineRequest, outlets: Sequence[Outlet], stand: Stand, wanted: Day, effort: int) -> list[Part] | None:
    """The best split if what can be had soonest is ordered first, then what can be had next, until the line is covered.

    What is in stock elsewhere is moved at once, what has to be made or bought follows. Of each order all that comes on its
    day is taken; where a source is asked more than once, one order for all of it is taken where that is no worse.
    None, with nothing planned, when no order helps.
    """
    mark = stand.mark()
    orders = _soonest_first(line, outlets, stand, wanted)
    parts = split_of(line, outlets, wanted, line.latest_day, effort) if orders else []
    used = _used_of(orders, parts, stand) if parts else []
    if not any(used):
        stand.rollback(mark)
        return None
    before = earliest_worth(line, parts, wanted, stand)
    for _ in range(_MOST_TRIMS):
        needed = [Ordered(one.outlet, one.source, part) for one, part in zip(orders, used, strict=True) if part]
        if [one.whole for one in needed] == [one.whole for one in orders]:
            break
        found = _ordered_anew(line, outlets, stand, wanted, effort, needed, mark)
        if earliest_worth(line, found[1], wanted, stand) > before:  # another split, which would need more of one of them
            needed = [one for one, part in zip(orders, used, strict=True) if part]
            found = _ordered_anew(line, outlets, stand, wanted, effort, needed, mark)
            orders, parts = found
            break
        orders, parts = found
        used = _used_of(orders, parts, stand)
    once = _once_each(orders)
    if len(once) < len(orders):
        before = earliest_worth(line, parts, wanted, stand)
        _, together = _ordered_anew(line, outlets, stand, wanted, effort, once, mark)
        if earliest_worth(line, together, wanted, stand) <= before:
            return together
        _, parts = _ordered_anew(line, outlets, stand, wanted, effort, orders, mark)
    return parts


def _once_each(orders: Sequence[Ordered]) -> list[Ordered]:
    """One order by each source of each site, for all that they were to bring."""
    found: dict[tuple[int, Source], Ordered] = {}
    for one in orders:
        before = found.get((id(one.outlet), one.source))
        found[id(one.outlet), one.source] = one if before is None else replace(one, quantity=before.quantity + one.quantity)
    return list(found.values())


def _ordered_anew(
    line: LineRequest, outlets: Sequence[Outlet], stand: Stand, wanted: Day, effort: int, orders: Sequence[Ordered], mark: int
) -> tuple[list[Ordered], list[Part]]:
    """These orders in place of all since the mark, as far as they can be had (else they bring nothing), and the best split then."""
    stand.rollback(mark)
    placed = []
    for one in orders:
        since = len(stand.planned)
        order(stand, one.outlet.place, one.source, one.quantity, ((one.outlet.place.sku, one.outlet.site),))
        placed.append(replace(one, since=since, until=len(stand.planned)))
    return placed, split_of(line, outlets, wanted, line.latest_day, effort)


def _soonest_first(line: LineRequest, outlets: Sequence[Outlet], stand: Stand, wanted: Day) -> list[Ordered]:
    """The orders, planned on the stand, each the soonest that can still be had."""
    places = each_place(outlets)
    orders: list[Ordered] = []
    floor = stand.effort // 2
    while len(orders) < _MOST_ORDERS and stand.effort > floor:
        soonest = _soonest(line, outlets, stand, wanted)
        if soonest is None:
            break
        outlet, source, hop = soonest
        rest = line.quantity - sum(each.offers_by(hop.delivery) for each in places)
        fence = outlet.place.rules.atp_fence_days
        if fence is not None:
            rest -= max(0, outlet.place.offers(outlet.place.today + fence) - outlet.offers_by(hop.delivery))
        if rest <= 0:
            break
        path, since = ((outlet.place.sku, outlet.site),), len(stand.planned)
        most = most_of_source(stand, outlet.place, source, rest, hop.pick, path, floor)
        if not most or order(stand, outlet.place, source, most, path) is None:
            break
        orders.append(Ordered(outlet, source, most, since, len(stand.planned)))
    return orders


def _soonest(line: LineRequest, outlets: Sequence[Outlet], stand: Stand, wanted: Day) -> tuple[Outlet, Source, Hop] | None:
    """The source of a site that has anything there first, and the delivery of that."""
    best: tuple[Outlet, Source, Hop] | None = None
    for outlet, source in ways_for(line, outlets):
        if is_beyond_known(source) and best is not None:
            break
        mark = stand.mark()
        little = source.lot.rounded(min(unit_of(line.quantity), line.quantity))
        planned = order(stand, outlet.place, source, little, ((outlet.place.sku, outlet.site),))
        stand.rollback(mark)
        hop = None if planned is None else outlet.after(planned.usable)
        if hop is not None and hop.delivery < wanted:
            hop = outlet.by(wanted) or hop
        if hop is None or too_late(line, hop):
            continue
        if best is None or hop.delivery < best[2].delivery:
            best = (outlet, source, hop)
    return best


def _used_of(orders: Sequence[Ordered], parts: Sequence[Part], stand: Stand) -> list[Micro]:
    """How much of each order the parts need."""
    taking = stand.mark()
    for outlet, hop, quantity in parts:
        outlet.take(hop, quantity)
    used = [sum(plan.quantity - plan.left for plan in one.mine(stand)) for one in orders]
    stand.rollback(taking)
    return used
