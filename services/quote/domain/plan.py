"""How one line is served: in one delivery, or in the best split; from what is known, or with planned supply (promising.md § 4).

A plan says what was taken where, which other ways there were, and why nothing or less was taken. Stock and receipts of
every allowed site come first; only where they are too late is more planned, by the sources of each site in turn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from services.quote.domain.answer import Alternative, Delivery
from services.quote.domain.calendar import NEVER
from services.quote.domain.reasons import Code, Lost, Reason, because
from services.quote.domain.replenish import bring
from services.quote.domain.sentence import spoken_day, spoken_quantity
from services.quote.domain.sources import Kind
from services.quote.domain.split import EFFORT, Offer, best_split

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.quote.domain.book import Day, Micro
    from services.quote.domain.outlet import Hop, Outlet
    from services.quote.domain.request import LineRequest
    from services.quote.domain.sources import Source
    from services.quote.domain.stand import Stand

_EFFORT_OF_ALTERNATIVES: Final = 2_000
_MOST_SITES_NAMED: Final = 4
_VERB: Final = {Kind.TRANSFER: "transfer", Kind.MAKE: "make", Kind.BUY: "buy"}

Whole = tuple["Outlet", "Hop"]
"""Where and when a whole line can be had in one delivery."""
Part = tuple["Outlet", "Hop", "Micro"]
"""One delivery of a split."""


@dataclass(frozen=True, slots=True)
class Take:
    """A quantity taken for one delivery; `number` is the place's name for it."""

    outlet: Outlet
    hop: Hop
    quantity: Micro
    number: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What one line gets."""

    line: LineRequest
    takes: tuple[Take, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    refusal: Reason | None = None
    """Why nothing, or not everything, is promised."""
    waits: Reason | None = None
    """What the days behind the last awaited supply are due to; its `adds_days` is filled in by the explanation."""


def unservable(line: LineRequest, outlets: Sequence[Outlet], stand: Stand) -> Reason | None:
    """Why no book can even be asked, or None."""
    if not line.known_sku:
        return because(Code.UNKNOWN_SKU, f"the sku {line.sku} is not known", line.sku)
    if not line.sites:
        return because(Code.NO_SITE, f"no site may ship {line.sku}", line.sku)
    named = ", ".join(line.sites[:_MOST_SITES_NAMED])
    if not outlets:
        if line.ship_to is not None and any(stand.place(line.sku, site) is not None for site in line.sites):
            return because(Code.NO_LANE, f"no lane leads from {named} to {line.ship_to}", line.ship_to)
        return because(Code.NO_BOOK, f"nothing is known of {line.sku} at {named}", line.sku)
    return None


def undeliverable(line: LineRequest, outlets: Sequence[Outlet]) -> Reason | None:
    """Why nothing at all could be delivered, whatever there were, or None."""
    named = ", ".join(line.sites[:_MOST_SITES_NAMED])
    if all(outlet.after(outlet.place.today) is None for outlet in outlets):
        if any(NEVER in (outlet.way.site_calendar, outlet.way.carrier_calendar, outlet.way.receiving_calendar) for outlet in outlets):
            return because(Code.UNKNOWN_CALENDAR, f"a calendar on the way from {named} is not known yet", line.sites[0])
        return because(Code.NO_WORKING_DAY, f"nothing is delivered from {named} within three years", line.sites[0])
    return None


def plan_line(
    line: LineRequest,
    stand: Stand,
    *,
    allow_partial: bool,
    not_before: Day | None = None,
    effort: int = EFFORT,
) -> Plan:
    """Decide one line and take what it gets. `not_before` keeps a standing promise from being pulled in."""
    stand.begin(line.line_ref)
    outlets = stand.outlets(line)
    refusal = unservable(line, outlets, stand)
    if refusal is not None:
        return Plan(line, refusal=refusal)
    wanted = line.requested_day if not_before is None or not_before < line.requested_day else not_before
    whole = earliest_whole(line, outlets, wanted)
    waits = None
    if wanted > line.requested_day:
        waits = because(Code.PROMISE_STANDS, f"the promise of {spoken_day(wanted)} stands: it is not pulled in")
    in_time = whole is not None and whole[1].delivery <= wanted
    if allow_partial and not in_time:
        return _plan_split(line, outlets, stand, wanted, whole, effort, waits)
    others: list[Alternative] = []
    if not in_time:
        planned, others = earliest_planned(line, outlets, stand, wanted, whole)
        whole = planned or whole
    if whole is None:
        never = undeliverable(line, outlets)
        return Plan(line, refusal=never) if never is not None else Plan(line, (), *_refused(line, outlets, stand, wanted, effort))
    outlet, hop = whole
    alternatives = [*other_sites(line, outlets, outlet, hop, wanted), *others]
    if hop.delivery > wanted and not others:
        alternatives += _split_forbidden(line, outlets, wanted, whole, effort)
    take = Take(outlet, hop, line.quantity, outlet.place.take(hop.pick, line.quantity))
    return Plan(line, (take,), _named(alternatives), waits=waits)


def earliest_whole(line: LineRequest, outlets: Sequence[Outlet], wanted: Day, *, any_date: bool = False) -> Whole | None:
    """The outlet and the first hop by which the whole quantity can be delivered, wanted or later; ties go by site order."""
    best: Whole | None = None
    for outlet in outlets:
        hop = outlet.earliest(line.quantity, wanted)
        if hop is None or (line.latest_day is not None and hop.delivery > line.latest_day and not any_date):
            continue
        if best is None or hop.delivery < best[1].delivery:
            best = (outlet, hop)
            if hop.delivery <= wanted:
                break
    return best


@dataclass(frozen=True, slots=True)
class _Tried:
    """One source of one site, and the hop by which it could serve the whole line."""

    outlet: Outlet
    source: Source
    hop: Hop


def earliest_planned(
    line: LineRequest, outlets: Sequence[Outlet], stand: Stand, wanted: Day, beat: Whole | None
) -> tuple[Whole | None, list[Alternative]]:
    """The whole line with planned supply, where that is earlier than `beat`: planned on the stand, not taken yet.

    Each source of each site in turn; the first that is in time wins, else the earliest. Also the ways that lost.
    """
    mark = stand.mark()
    tried: list[_Tried] = []
    for outlet in outlets:
        want = outlet.wanted(wanted)
        for source in sources_for(line, outlet) if want is not None else ():
            stand.rollback(mark)
            hop = _by_source(line, outlet, source, stand, wanted)
            if hop is not None:
                tried.append(_Tried(outlet, source, hop))
                if hop.delivery <= wanted:
                    break
        if tried and tried[-1].hop.delivery <= wanted:
            break
    best = min((one for one in tried if not _too_late(line, one.hop)), key=lambda one: max(wanted, one.hop.delivery), default=None)
    if best is not None and beat is not None and beat[1].delivery <= max(wanted, best.hop.delivery):
        best = None
    stand.rollback(mark)
    others = [_lost(line, one, best, beat) for one in tried if one is not best][:_MOST_SITES_NAMED]
    if best is None:
        return None, others
    if beat is not None:
        others.insert(0, Alternative("", "wait", (delivery_of(*beat, line.quantity),), Lost.LATER.value, ()))
    _by_source(line, best.outlet, best.source, stand, wanted)
    return (best.outlet, best.hop), others


def sources_for(line: LineRequest, outlet: Outlet) -> list[Source]:
    """The sources of a site that the line may be served by, the first choice first."""
    if line.supply is None:
        return list(outlet.place.sources)
    return [one for one in outlet.place.sources if line.supply & {_VERB[one.kind], spoken_source(one)}]


def spoken_source(source: Source) -> str:
    """One source in the words of a request: `buy:TERMS-7`."""
    return f"{_VERB[source.kind]}:{source.ref}"


def _by_source(line: LineRequest, outlet: Outlet, source: Source, stand: Stand, wanted: Day) -> Hop | None:
    """Plan what the site lacks by one source; when the whole line could then be delivered, or None."""
    want = outlet.wanted(wanted)
    if want is None or bring(stand, outlet.place, source, line.quantity, want.pick) is None:
        return None
    return outlet.earliest(line.quantity, wanted)


def _too_late(line: LineRequest, hop: Hop) -> bool:
    return line.latest_day is not None and hop.delivery > line.latest_day


def _lost(line: LineRequest, one: _Tried, best: _Tried | None, beat: Whole | None) -> Alternative:
    """A source that was tried and lost, and why."""
    first = best.hop.delivery if best is not None else beat[1].delivery if beat is not None else one.hop.delivery
    lost = Lost.AFTER_LATEST_DATE if _too_late(line, one.hop) else Lost.LATER if one.hop.delivery > first else Lost.SOURCE_ORDER
    delivery = delivery_of(one.outlet, one.hop, line.quantity)
    return Alternative("", _VERB[one.source.kind], (delivery,), lost.value, (spoken_source(one.source),))


def split_of(line: LineRequest, outlets: Sequence[Outlet], wanted: Day, latest: Day | None, effort: int) -> list[Part]:
    """The best split of a line, not before `wanted` and not after `latest`, by day and site."""
    offers = [_offer(outlet, wanted, latest, line.quantity) for outlet in outlets]
    shipments = best_split(line.quantity, wanted, offers, line.min_ship, line.max_shipments, effort)
    parts: list[Part] = []
    for shipment in shipments:
        outlet = outlets[shipment.site]
        hop = outlet.by(shipment.day) or outlet.after(outlet.first_pick)
        if hop is not None:
            parts.append((outlet, hop, shipment.quantity))
    return parts


def _offer(outlet: Outlet, wanted: Day, latest: Day | None, quantity: Micro) -> Offer:
    """What a site can deliver by each day, up to `quantity`: the days on which that grows."""
    days: list[Day] = []
    totals: list[Micro] = []
    top = 0
    for day in outlet.days_of_change(wanted):
        if top >= quantity or (latest is not None and day > latest):
            break
        total = min(outlet.offers_by(day), quantity)
        if total > top:
            top = total
            days.append(day)
            totals.append(top)
    return Offer(tuple(days), tuple(totals))


def _plan_split(
    line: LineRequest,
    outlets: Sequence[Outlet],
    stand: Stand,
    wanted: Day,
    whole: Whole | None,
    effort: int,
    waits: Reason | None,
) -> Plan:
    parts = _best_parts(line, outlets, stand, wanted, effort)
    promised = sum(quantity for _, _, quantity in parts)
    alternatives: list[Alternative] = []
    if whole is None:
        whole = earliest_whole(line, outlets, wanted, any_date=True) if line.latest_day is not None else None
    if whole is not None and (len(parts) > 1 or promised < line.quantity):
        hop = whole[1]
        lost = Lost.LATER
        if _too_late(line, hop):
            lost = Lost.AFTER_LATEST_DATE
        elif parts and parts[0][1].delivery <= wanted:
            lost = Lost.LESS_ON_TIME
        alternatives.append(Alternative("", "later_complete", (delivery_of(*whole, line.quantity),), lost.value))
    refusal = None
    if promised < line.quantity:
        refusal = undeliverable(line, outlets) or _missing(line, outlets, stand, promised)
    if waits is None and parts and (line.min_ship is not None or line.max_shipments is not None):
        waits = because(Code.SHIPMENT_LIMITS, "minimum and number of shipments allow no earlier split")
    takes = tuple(Take(outlet, hop, quantity, outlet.place.take(hop.pick, quantity)) for outlet, hop, quantity in parts)
    return Plan(line, takes, _named(alternatives), refusal, waits)


def _best_parts(line: LineRequest, outlets: Sequence[Outlet], stand: Stand, wanted: Day, effort: int) -> list[Part]:
    """The best split from what is known, or with what one source of one site would bring beside it: planned on the stand."""
    best = split_of(line, outlets, wanted, line.latest_day, effort)
    worth = _worth(best, wanted)
    mark = stand.mark()
    chosen: tuple[Outlet, Source] | None = None
    last: tuple[Outlet, Source] | None = None
    for outlet in outlets:
        for source in sources_for(line, outlet):
            if worth[0] == -line.quantity and worth[2] == 0:
                break
            stand.rollback(mark)
            parts = _with_source(line, outlets, outlet, source, stand, wanted, effort)
            last = (outlet, source)
            if parts is not None and _worth(parts, wanted) < worth:
                best, worth, chosen = parts, _worth(parts, wanted), last
    if chosen != last:
        stand.rollback(mark)
        if chosen is not None:
            best = _with_source(line, outlets, *chosen, stand, wanted, effort) or best
    return best


def _with_source(
    line: LineRequest, outlets: Sequence[Outlet], outlet: Outlet, source: Source, stand: Stand, wanted: Day, effort: int
) -> list[Part] | None:
    """The best split if one source of one site brings what the others cannot deliver in time; None when it uses nothing of that."""
    want = outlet.wanted(wanted)
    others = {id(other.place): other.offers_by(wanted) for other in outlets if other.place is not outlet.place}
    rest = line.quantity - sum(others.values())
    mark = stand.mark()
    while want is not None and rest > 0:
        planned = bring(stand, outlet.place, source, rest, want.pick)
        if planned is None:
            break
        parts = split_of(line, outlets, wanted, line.latest_day, effort)
        taking = stand.mark()
        for taker, hop, quantity in parts:
            taker.place.take(hop.pick, quantity)
        used = planned.quantity - planned.left
        stand.rollback(taking)
        if used <= 0:
            break
        if source.lot.rounded(used) == planned.quantity:
            return parts
        rest -= planned.quantity - used  # the split has better: plan what it takes
        stand.rollback(mark)
    stand.rollback(mark)
    return None


def _worth(parts: Sequence[Part], wanted: Day) -> tuple[int, int, int, int]:
    """To be made as small as possible: -promised, -on time, sum of quantity x days late, shipments."""
    promised = sum(quantity for _, _, quantity in parts)
    on_time = sum(quantity for _, hop, quantity in parts if hop.delivery <= wanted)
    late = sum(quantity * max(0, hop.delivery - wanted) for _, hop, quantity in parts)
    return (-promised, -on_time, late, len(parts))


def _missing(line: LineRequest, outlets: Sequence[Outlet], stand: Stand, promised: Micro) -> Reason:
    """Why a split promises less than was asked."""
    missing = spoken_quantity(line.quantity - promised)
    ever = sum(most_of(outlet) for outlet in _each_place(outlets))
    if line.latest_day is not None:
        in_time = sum(outlet.offers_by(line.latest_day) for outlet in _each_place(outlets))
        if in_time < line.quantity and in_time < ever:
            return because(Code.AFTER_LATEST_DATE, f"{missing} could only come after {spoken_day(line.latest_day)}")
    if promised < min(ever, line.quantity):
        limits = "the minimum shipment" if line.max_shipments is None else "the limits on shipments"
        return because(Code.BELOW_MINIMUM_SHIPMENT, f"{missing} cannot come within {limits}")
    return _short(stand, f"known supply lacks {missing} {line.uom}{_lacking(line, stand)}")


def _short(stand: Stand, said: str) -> Reason:
    """There is not enough; or what there could be was not looked through to the end."""
    if stand.gave_up:
        return because(Code.SEARCH_LIMIT, f"{said}; more ways to get it were left untried")
    return because(Code.NOT_ENOUGH_SUPPLY, said)


def most_of(outlet: Outlet) -> Micro:
    """What a site can ever deliver of what is known."""
    return max(0, outlet.place.free.atp[-1])


def _each_place(outlets: Sequence[Outlet]) -> list[Outlet]:
    return list({id(outlet.place): outlet for outlet in reversed(outlets)}.values())


def _lacking(line: LineRequest, stand: Stand) -> str:
    """What a source would have needed and could not get."""
    lacks = stand.lacks
    return f", and more cannot be made: {lacks[0]} is lacking at {lacks[1]}" if lacks is not None and lacks[0] != line.sku else ""


def _refused(
    line: LineRequest, outlets: Sequence[Outlet], stand: Stand, wanted: Day, effort: int
) -> tuple[tuple[Alternative, ...], Reason]:
    """Nothing is promised: what could have been, and why it was not."""
    alternatives: list[Alternative] = []
    refusal: Reason | None = None
    if line.latest_day is not None:
        later = earliest_whole(line, outlets, wanted, any_date=True)
        kind = "later_complete"
        mark = stand.mark()
        planned, _ = earliest_planned(replace(line, latest_day=None), outlets, stand, wanted, later)
        if planned is not None:
            later, kind = planned, "later_planned"
        if later is not None:
            said = f"the earliest date is {spoken_day(later[1].delivery)}, the latest acceptable {spoken_day(line.latest_day)}"
            refusal = because(Code.AFTER_LATEST_DATE, said)
            alternatives.append(Alternative("", kind, (delivery_of(*later, line.quantity),), Lost.AFTER_LATEST_DATE.value))
        stand.rollback(mark)
    alternatives.extend(_split_forbidden(line, outlets, wanted, None, effort))
    if refusal is None:
        split = sum(delivery.quantity for other in alternatives for delivery in other.deliveries)
        if split >= line.quantity:
            refusal = because(Code.PARTIAL_NOT_ALLOWED, "only several deliveries together would do, and the line must come in one")
        else:
            most = max((outlet.place.free.atp[-1] for outlet in outlets), default=0)
            at_most = f"at most {spoken_quantity(max(0, most))} {line.uom}" if most > 0 else "nothing"
            refusal = _short(stand, f"known supply allows {at_most} on any date{_lacking(line, stand)}")
    return _named(alternatives), refusal


def _split_forbidden(
    line: LineRequest, outlets: Sequence[Outlet], wanted: Day, whole: Whole | None, effort: int
) -> tuple[Alternative, ...]:
    """What several deliveries, or fewer units, would give where the line must come in one."""
    if whole is not None and all(outlet.offers_by(whole[1].delivery - 1) <= 0 for outlet in outlets):
        return ()
    parts = split_of(line, outlets, wanted, line.latest_day, min(effort, _EFFORT_OF_ALTERNATIVES))
    if not parts or (len(parts) == 1 and parts[0][2] == line.quantity):
        return ()
    kind = "split" if sum(quantity for _, _, quantity in parts) == line.quantity else "partial"
    return (Alternative("", kind, tuple(delivery_of(*part) for part in parts), Lost.PARTIAL_NOT_ALLOWED.value),)


def other_sites(line: LineRequest, outlets: Sequence[Outlet], winner: Outlet, hop: Hop, wanted: Day) -> tuple[Alternative, ...]:
    """The other sites, or ways, that could deliver the whole line from what is known, a few of them."""
    if len(outlets) == 1:
        return ()
    found: list[Alternative] = []
    for outlet in outlets:
        if outlet is winner:
            continue
        possible = outlet.earliest(line.quantity, wanted)
        if possible is None:
            continue
        lost = Lost.SITE_ORDER
        if _too_late(line, possible):
            lost = Lost.AFTER_LATEST_DATE
        elif possible.delivery > hop.delivery:
            lost = Lost.LATER
        found.append(Alternative("", "site", (delivery_of(outlet, possible, line.quantity),), lost.value))
        if len(found) == _MOST_SITES_NAMED:
            break
    return tuple(found)


def _named(alternatives: Sequence[Alternative]) -> tuple[Alternative, ...]:
    if not alternatives:
        return ()
    return tuple(replace(one, alternative=f"a{number}") for number, one in enumerate(alternatives, start=1))


def delivery_of(outlet: Outlet, hop: Hop, quantity: Micro, planned: Micro = 0) -> Delivery:
    """A delivery as it is answered."""
    return Delivery(outlet.site, quantity, hop.pick, hop.ship, hop.delivery, planned, outlet.way.lane)
