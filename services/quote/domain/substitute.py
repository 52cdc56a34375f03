"""What stands in for a sku where the request allows it: tried last, and taken only where the answer gets better (promising.md § 4).

A line that may not be split comes in one delivery all the same: of one site, on one day, as much of the sku itself as there is
and the rest of its substitutes. A line that may be split has in time what there is of the sku itself, then of its substitutes in
their order, and late what the sku itself brings first. One unit of a substitute stands in for one of the sku.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from services.quote.domain.binding import added_days, dates_of
from services.quote.domain.choice import cost_of_planned, lost_because, worth
from services.quote.domain.known import earliest_whole, split_of, too_late
from services.quote.domain.planning import MOST_NAMED, earliest_planned
from services.quote.domain.reasons import Lost
from services.quote.domain.runners import Way, alternative_of, named
from services.quote.domain.spread import best_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from services.quote.domain.answer import Alternative
    from services.quote.domain.choice import Aim, Part, Worth
    from services.quote.domain.entry import Day
    from services.quote.domain.outlet import Outlet
    from services.quote.domain.plan import Plan, Take
    from services.quote.domain.reasons import Reason
    from services.quote.domain.request import LineRequest
    from services.quote.domain.stand import Stand

Build = partial[list["Take"]]
"""Plans a way on the stand and takes what it delivers."""


def or_instead(
    line: LineRequest, stand: Stand, wanted: Day, aim: Aim, own: Callable[[], Plan], *, allow_partial: bool, effort: int
) -> Plan:
    """The line as its own sku serves it, or with substitutes where that is better under the policy."""
    mark, since, of_own = stand.mark(), len(stand.planned), stand.effort
    plan = own()
    parts = _parts(plan.takes)
    least = worth(aim, line, parts, wanted, cost_of_planned(stand, since), stand)
    if sum(quantity for _, _, quantity in parts) == line.quantity and all(hop.delivery <= wanted for _, hop, _ in parts):
        return plan
    stand.rollback(mark)
    tried: list[tuple[tuple[Part, ...], Worth, Build, int]] = []
    for build in _ways(line, stand, wanted, allow_partial=allow_partial, effort=effort):
        before = stand.effort
        found = _parts(build())
        if found and not any(too_late(line, hop) for _, hop, _ in found):
            tried.append((found, worth(aim, line, found, wanted, cost_of_planned(stand, since), stand), build, before))
        stand.rollback(mark)
    best = min(tried, key=lambda one: one[1], default=None)
    others = [
        alternative_of(Way("substitute", found), line, Lost.SUBSTITUTE if value == least else lost_because(aim, line, value, least))
        for found, value, *_ in tried
        if value >= least and any(outlet.place.sku != line.sku for outlet, _, _ in found)
    ]
    if best is None or best[1] >= least:
        again = stand.as_found(of_own, own)
        return replace(again, alternatives=named([*again.alternatives, *others[:MOST_NAMED]])) if others else again
    own_way: list[Alternative] = []
    if parts:
        own_way = [alternative_of(Way("own", parts), line, lost_because(aim, line, least, best[1]))]
    bound = _bound(line, best[0], stand, wanted)
    takes = tuple(stand.as_found(best[3], best[2]))
    refusal = plan.refusal if sum(take.quantity for take in takes) < line.quantity else None
    return replace(plan, takes=takes, alternatives=named([*own_way, *plan.alternatives]), refusal=refusal, bound=bound)


def _bound(line: LineRequest, parts: Sequence[Part], stand: Stand, wanted: Day) -> tuple[Reason, ...]:
    """What ceilings and floors of the skus that come last added to that date."""
    last = max(hop.delivery for _, hop, _ in parts)
    for each in (line, *instead_of(line)):
        mine = [(hop.delivery, quantity) for outlet, hop, quantity in parts if outlet.place.sku == each.sku]
        if any(day == last for day, _ in mine):
            asked = replace(each, quantity=sum(quantity for _, quantity in mine), substitutes=())
            outlets = stand.outlets(asked)
            found = added_days(asked, outlets, last, dates_of(asked, outlets, wanted))
            if found:
                return found
    return ()


def _parts(takes: Sequence[Take]) -> tuple[Part, ...]:
    return tuple((take.outlet, take.hop, take.quantity) for take in takes)


def instead_of(line: LineRequest) -> list[LineRequest]:
    """The line as it would be asked of each substitute."""
    return [replace(line, sku=one.sku, sites=one.sites, substitutes=()) for one in line.substitutes]


def _ways(line: LineRequest, stand: Stand, wanted: Day, *, allow_partial: bool, effort: int) -> Iterator[Build]:
    others = instead_of(line)
    sites = dict.fromkeys(site for each in (line, *others) for site in each.sites)
    for site in sites:
        yield partial(_in_one_delivery, line, others, site, stand, wanted)
        for other in others:
            yield partial(_rest_planned, line, other, site, stand, wanted)
    for other in others:
        yield partial(_whole, other, stand, wanted)
    if allow_partial:
        yield partial(_in_several, line, others, stand, wanted, effort)
        for other in others:
            yield partial(_split, other, stand, wanted, effort)


def _in_one_delivery(line: LineRequest, others: Sequence[LineRequest], site: str, stand: Stand, wanted: Day) -> list[Take]:
    """As much of the sku itself as the site has by the first day on which it has enough of all together, the rest in their order."""
    outlets = [one for each in (line, *others) if (one := _fastest(each, site, stand)) is not None]
    for day in sorted({day for outlet in outlets for day in outlet.days_of_change(wanted)}):
        left = line.quantity
        parts: list[Part] = []
        for outlet in outlets:
            hop, took = outlet.by(day), min(left, outlet.offers_by(day))
            if hop is not None and took > 0:
                parts.append((outlet, hop, took))
                left -= took
        if left == 0:
            return _taken(parts)
    return []


def _rest_planned(line: LineRequest, other: LineRequest, site: str, stand: Stand, wanted: Day) -> list[Take]:
    """What the site has of the sku itself in time, and the rest of a substitute that is planned for it, in one delivery."""
    own, instead = _fastest(line, site, stand), _fastest(other, site, stand)
    known = 0 if own is None else own.offers_by(wanted)
    if own is None or instead is None or not 0 < known < line.quantity:
        return []
    rest = replace(other, quantity=line.quantity - known, sites=(site,))
    found, _ = earliest_planned(rest, [instead], stand, wanted, None)
    hop = None if found is None else own.by(max(wanted, found[1].delivery))
    return [] if found is None or hop is None else _taken([(own, hop, known), (*found, rest.quantity)])


def _whole(other: LineRequest, stand: Stand, wanted: Day) -> list[Take]:
    """All of it of one substitute, as it is known or planned."""
    outlets = stand.outlets(other)
    known = earliest_whole(other, outlets, wanted)
    if known is None or known[1].delivery > wanted:
        planned, _ = earliest_planned(other, outlets, stand, wanted, known)
        known = planned or known
    return [] if known is None else _taken([(*known, other.quantity)])


def _in_several(line: LineRequest, others: Sequence[LineRequest], stand: Stand, wanted: Day, effort: int) -> list[Take]:
    """In time what is known of the sku itself, then of each substitute, then what is planned of these; late the sku itself, then they."""
    takes: list[Take] = []
    for each, latest, planned in (
        (line, wanted, False),
        *((other, wanted, False) for other in others),
        *((other, wanted, True) for other in others),
        (line, line.latest_day, True),
        *((other, line.latest_day, True) for other in others),
    ):
        rest = line.quantity - sum(take.quantity for take in takes)
        room = None if line.max_shipments is None else line.max_shipments - len(takes)
        if rest > 0 and (room is None or room > 0):
            asked = replace(each, quantity=rest, latest_day=latest, max_shipments=room)
            outlets = stand.outlets(each)
            takes += _taken(
                best_parts(asked, outlets, stand, wanted, effort)[0] if planned else split_of(asked, outlets, wanted, latest, effort)
            )
    least = min(line.min_ship or 1, line.quantity)
    return [] if any(take.quantity < least for take in takes) else takes


def _split(other: LineRequest, stand: Stand, wanted: Day, effort: int) -> list[Take]:
    """The best split of one substitute alone."""
    return _taken(best_parts(other, stand.outlets(other), stand, wanted, effort)[0])


def _fastest(line: LineRequest, site: str, stand: Stand) -> Outlet | None:
    """The fastest way of a sku from one site, if it may come from there."""
    best: tuple[Day, Outlet] | None = None
    for outlet in stand.outlets(replace(line, sites=(site,))) if site in line.sites else ():
        hop = outlet.after(outlet.first_pick)
        if hop is not None and (best is None or hop.delivery < best[0]):
            best = hop.delivery, outlet
    return None if best is None else best[1]


def _taken(parts: Sequence[Part]) -> list[Take]:
    from services.quote.domain.plan import taken  # noqa: PLC0415 -- a plan asks for substitutes

    return list(taken(parts))
