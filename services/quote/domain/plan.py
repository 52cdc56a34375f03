"""How one line is served: in one delivery, or in the best split; from what is known, or with planned supply (promising.md § 4).

A plan says what was taken where, which other ways there were, and why nothing or less was taken. Stock and receipts of
every allowed site come first; only where they are too late is more planned, by the sources of each site in turn.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from services.quote.domain.answer import Alternative
from services.quote.domain.binding import added_days, dates_of, is_bound
from services.quote.domain.calendar import NEVER
from services.quote.domain.choice import Aim
from services.quote.domain.known import delivery_of, each_place, earliest_whole, most_of, split_of, too_late
from services.quote.domain.lowest import refusal_by
from services.quote.domain.planning import LAST_DAY, bring_most, earliest_planned
from services.quote.domain.reasons import Code, Lost, Reason, because
from services.quote.domain.runners import named
from services.quote.domain.sentence import spoken_day, spoken_quantity
from services.quote.domain.split import EFFORT
from services.quote.domain.spread import best_parts
from services.quote.domain.substitute import or_instead
from services.quote.domain.value import value
from services.quote.domain.weigh import weigh

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.quote.domain.choice import Part
    from services.quote.domain.dates import Hop
    from services.quote.domain.entry import Day, Micro
    from services.quote.domain.known import Whole
    from services.quote.domain.outlet import Outlet
    from services.quote.domain.request import LineRequest
    from services.quote.domain.stand import Stand

_EFFORT_OF_ALTERNATIVES: Final = 2_000
_MOST_SITES_NAMED: Final = 4


@value(frozen=True, slots=True)
class Take:
    """A quantity taken for one delivery; `number` is the place's name for it."""

    outlet: Outlet
    hop: Hop
    quantity: Micro
    number: int


@value(frozen=True, slots=True)
class Plan:
    """What one line gets."""

    line: LineRequest
    takes: tuple[Take, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    refusal: Reason | None = None
    """Why nothing, or not everything, is promised."""
    waits: Reason | None = None
    """What the days behind the last awaited supply are due to; its `adds_days` is filled in by the explanation."""
    bound: tuple[Reason, ...] = ()
    """What ceilings and floors added to its date."""
    cut: bool = False
    """Whether ways that may have been better were left untried."""


def unservable(line: LineRequest, outlets: Sequence[Outlet], stand: Stand) -> Reason | None:
    """Why no book can even be asked, or None."""
    if not line.known_sku:
        return because(Code.UNKNOWN_SKU, f"the sku {line.sku} is not known", line.sku)
    if not line.sites:
        return because(Code.NO_SITE, f"no site may ship {line.sku}", line.sku)
    if not outlets:
        named = ", ".join(line.sites[:_MOST_SITES_NAMED])
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
    aim: Aim = Aim.EARLIEST,
) -> Plan:
    """Decide one line and take what it gets. `not_before` keeps a standing promise from being pulled in."""
    stand.begin(line.line_ref)
    wanted = line.requested_day if not_before is None or not_before < line.requested_day else not_before
    waits = None
    if wanted > line.requested_day:
        waits = because(Code.PROMISE_STANDS, f"the promise of {spoken_day(wanted)} stands: it is not pulled in")
    if line.substitutes:
        own = partial(_plan_own, line, stand, wanted, effort, waits, aim, allow_partial=allow_partial)
        plan = or_instead(line, stand, wanted, aim, own, allow_partial=allow_partial, effort=effort)
    else:
        plan = _plan_own(line, stand, wanted, effort, waits, aim, allow_partial=allow_partial)
    return replace(plan, cut=True) if stand.was_cut and not (aim.is_earliest and _in_time(plan, wanted)) else plan


def _in_time(plan: Plan, wanted: Day) -> bool:
    return sum(take.quantity for take in plan.takes) == plan.line.quantity and all(take.hop.delivery <= wanted for take in plan.takes)


def _plan_own(line: LineRequest, stand: Stand, wanted: Day, effort: int, waits: Reason | None, aim: Aim, *, allow_partial: bool) -> Plan:
    """The line as its own sku serves it."""
    outlets = stand.outlets(line)
    refusal = unservable(line, outlets, stand)
    if refusal is not None:
        return Plan(line, refusal=refusal)
    if not aim.is_earliest and (allow_partial or aim is not Aim.FEWEST_SHIPMENTS):
        return _plan_weighed(line, outlets, stand, wanted, effort, waits, aim, allow_partial=allow_partial)
    whole = earliest_whole(line, outlets, wanted)
    in_time = whole is not None and whole[1].delivery <= wanted
    if allow_partial and not in_time:
        return _plan_split(line, outlets, stand, wanted, whole, effort, waits)
    others: list[Alternative] = []
    if not in_time:
        planned, others = earliest_planned(line, outlets, stand, wanted, whole)
        whole = planned or whole
    if whole is None:
        return _nothing(line, outlets, stand, wanted, effort)
    outlet, hop = whole
    dates = dates_of(line, outlets, wanted)
    bound = () if dates is None else added_days(line, outlets, max(wanted, hop.delivery), dates)
    alternatives = [*other_sites(line, outlets, outlet, hop, wanted), *others]
    if hop.delivery > wanted and not others:
        alternatives += _split_forbidden(line, outlets, wanted, whole, effort)
    return Plan(line, taken([(outlet, hop, line.quantity)]), named(alternatives), waits=waits, bound=bound)


def taken(parts: Sequence[Part]) -> tuple[Take, ...]:
    """Take what a plan delivers."""
    return tuple([Take(outlet, hop, quantity, outlet.take(hop, quantity)) for outlet, hop, quantity in parts])


def _nothing(line: LineRequest, outlets: Sequence[Outlet], stand: Stand, wanted: Day, effort: int) -> Plan:
    never = undeliverable(line, outlets)
    return Plan(line, refusal=never) if never is not None else Plan(line, (), *_refused(line, outlets, stand, wanted, effort))


def _plan_weighed(
    line: LineRequest,
    outlets: Sequence[Outlet],
    stand: Stand,
    wanted: Day,
    effort: int,
    waits: Reason | None,
    aim: Aim,
    *,
    allow_partial: bool,
) -> Plan:
    """The best way by a policy that does not ask for the earliest date alone."""
    parts, others = weigh(line, outlets, stand, wanted, aim, allow_partial=allow_partial, effort=effort)
    if not parts and not allow_partial:
        return _nothing(line, outlets, stand, wanted, effort)
    refusal, bound = _of_allocations(line, outlets, stand, wanted, parts)
    chosen = because(Code.BY_POLICY, f"the policy {aim.value} prefers this to an earlier date")
    return Plan(line, taken(parts), named(others), refusal, waits or chosen, bound)


def _plan_split(
    line: LineRequest,
    outlets: Sequence[Outlet],
    stand: Stand,
    wanted: Day,
    whole: Whole | None,
    effort: int,
    waits: Reason | None,
) -> Plan:
    parts, others = best_parts(line, outlets, stand, wanted, effort)
    promised = sum(quantity for _, _, quantity in parts)
    alternatives: list[Alternative] = []
    if whole is None:
        whole = earliest_whole(line, outlets, wanted, any_date=True) if line.latest_day is not None else None
    if whole is not None and (len(parts) > 1 or promised < line.quantity):
        hop = whole[1]
        lost = Lost.LATER
        if too_late(line, hop):
            lost = Lost.AFTER_LATEST_DATE
        elif parts and parts[0][1].delivery <= wanted:
            lost = Lost.LESS_ON_TIME
        alternatives.append(Alternative("", "later_complete", (delivery_of(*whole, line.quantity),), lost.value))
    alternatives += others
    refusal, bound = _of_allocations(line, outlets, stand, wanted, parts)
    if waits is None and parts and (line.min_ship is not None or line.max_shipments is not None):
        waits = because(Code.SHIPMENT_LIMITS, "minimum and number of shipments allow no earlier split")
    return Plan(line, taken(parts), named(alternatives), refusal, waits, bound)


def _of_allocations(
    line: LineRequest, outlets: Sequence[Outlet], stand: Stand, wanted: Day, parts: Sequence[Part]
) -> tuple[Reason | None, tuple[Reason, ...]]:
    """Why a split promises less than was asked, if it does; and what ceilings and floors added to its last date."""
    dates = dates_of(line, outlets, wanted)
    promised = sum(quantity for _, _, quantity in parts)
    last = max((hop.delivery for _, hop, _ in parts), default=wanted)
    refusal = None
    if promised < line.quantity:
        refusal = undeliverable(line, outlets) or refusal_by(line, outlets, wanted, dates, promised)
        refusal = refusal or _missing(line, outlets, stand, promised)
    return refusal, added_days(line, outlets, max(wanted, last), dates)


def _missing(line: LineRequest, outlets: Sequence[Outlet], stand: Stand, promised: Micro) -> Reason:
    """Why a split promises less than was asked."""
    missing = spoken_quantity(line.quantity - promised)
    places = each_place(outlets)
    if line.latest_day is not None:
        in_time = sum(outlet.offers_by(line.latest_day) for outlet in places)
        if in_time < line.quantity and in_time < _most_ever(line, places, stand):
            return because(Code.AFTER_LATEST_DATE, f"{missing} could only come after {spoken_day(line.latest_day)}")
    if promised < min(sum(outlet.place.offers(LAST_DAY) for outlet in places), line.quantity):
        limits = "the minimum shipment" if line.max_shipments is None else "the limits on shipments"
        return because(Code.BELOW_MINIMUM_SHIPMENT, f"{missing} cannot come within {limits}")
    return _short(stand, f"known supply lacks {missing} {line.uom}{_lacking(line, stand)}")


def _most_ever(line: LineRequest, places: Sequence[Outlet], stand: Stand) -> Micro:
    """What the sites have on any date, with all that their sources can bring."""
    mark = stand.mark()
    for outlet in places:
        bring_most(line, outlet, stand, None)
    most = sum(outlet.place.offers(LAST_DAY) for outlet in places)
    stand.rollback(mark)
    return most


def _short(stand: Stand, said: str) -> Reason:
    """There is not enough; or what there could be was not looked through to the end."""
    if stand.gave_up:
        return because(Code.SEARCH_LIMIT, f"{said}; more ways to get it were left untried")
    return because(Code.NOT_ENOUGH_SUPPLY, said)


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
    refusal = refusal_by(line, outlets, wanted, dates_of(line, outlets, wanted)) or refusal
    if refusal is None:
        split = sum(delivery.quantity for other in alternatives for delivery in other.deliveries)
        if split >= line.quantity:
            refusal = because(Code.PARTIAL_NOT_ALLOWED, "only several deliveries together would do, and the line must come in one")
        else:
            most = max(most_of(outlet) for outlet in outlets)
            at_most = f"at most {spoken_quantity(most)} {line.uom}" if most else "nothing"
            refusal = _short(stand, f"known supply allows {at_most} on any date{_lacking(line, stand)}")
    return named(alternatives), refusal


def _split_forbidden(
    line: LineRequest, outlets: Sequence[Outlet], wanted: Day, whole: Whole | None, effort: int
) -> tuple[Alternative, ...]:
    """What several deliveries, or fewer units, would give where the line must come in one."""
    if whole is not None and not is_bound(outlets) and all(outlet.offers_by(whole[1].delivery - 1) <= 0 for outlet in outlets):
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
        if too_late(line, possible):
            lost = Lost.AFTER_LATEST_DATE
        elif possible.delivery > hop.delivery:
            lost = Lost.LATER
        found.append(Alternative("", "site", (delivery_of(outlet, possible, line.quantity),), lost.value))
        if len(found) == _MOST_SITES_NAMED:
            break
    return tuple(found)
