"""How one line is served: in one delivery, or in the best split (promising.md § 4).

A plan says what was taken where, which other ways there were, and why nothing or less was taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from services.quote.domain.answer import Alternative, Delivery
from services.quote.domain.reasons import Code, Lost, Reason, because
from services.quote.domain.sentence import spoken_day, spoken_quantity
from services.quote.domain.split import EFFORT, best_split, offer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.quote.domain.book import Day, Micro
    from services.quote.domain.request import LineRequest
    from services.quote.domain.stand import Place, Stand

_EFFORT_OF_ALTERNATIVES: Final = 2_000
_MOST_SITES_NAMED: Final = 4


@dataclass(frozen=True, slots=True)
class Take:
    """A quantity taken from one book on one day; `number` is the book's name for it."""

    place: Place
    day: Day
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


def unservable(line: LineRequest, places: Sequence[Place]) -> Reason | None:
    """Why no book can even be asked, or None."""
    if not line.known_sku:
        return because(Code.UNKNOWN_SKU, f"the sku {line.sku} is not known", line.sku)
    if not line.sites:
        return because(Code.NO_SITE, f"no site may ship {line.sku}", line.sku)
    if not places:
        return because(Code.NO_BOOK, f"nothing is known of {line.sku} at {', '.join(line.sites[:_MOST_SITES_NAMED])}", line.sku)
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
    places = stand.places(line)
    refusal = unservable(line, places)
    if refusal is not None:
        return Plan(line, refusal=refusal)
    wanted = line.requested_day if not_before is None or not_before < line.requested_day else not_before
    whole = earliest_whole(line, places, wanted)
    waits = None
    if wanted > line.requested_day:
        waits = because(Code.PROMISE_STANDS, f"the promise of {spoken_day(wanted)} stands: it is not pulled in")
    if whole is not None and (not allow_partial or whole[1] <= wanted):
        place, day = whole
        alternatives = other_sites(line, places, place, day, wanted)
        if day > wanted:
            alternatives = (*alternatives, *_split_forbidden(line, places, wanted, whole, effort))
        take = Take(place, day, line.quantity, place.take(day, line.quantity))
        return Plan(line, (take,), _named(alternatives), waits=waits)
    if allow_partial:
        return _plan_split(line, places, wanted, whole, effort, waits)
    return Plan(line, (), *_refused(line, places, wanted, effort))


def earliest_whole(line: LineRequest, places: Sequence[Place], wanted: Day, *, any_date: bool = False) -> tuple[Place, Day] | None:
    """The place and the first day, not before `wanted`, on which the whole quantity can leave one site; ties go by site order."""
    best: tuple[Place, Day] | None = None
    for place in places:
        day = place.free.earliest(line.quantity, max(place.today, wanted))
        if day is None or (line.latest_day is not None and day > line.latest_day and not any_date):
            continue
        if best is None or day < best[1]:
            best = (place, day)
            if day <= wanted:
                break
    return best


def split_of(line: LineRequest, places: Sequence[Place], wanted: Day, latest: Day | None, effort: int) -> list[tuple[Place, Day, Micro]]:
    """The best split of a line, not before `wanted` and not after `latest`, by day and site."""
    offers = [offer(place.free, max(wanted, place.today), latest, line.quantity) for place in places]
    shipments = best_split(line.quantity, wanted, offers, line.min_ship, line.max_shipments, effort)
    return [(places[shipment.site], shipment.day, shipment.quantity) for shipment in shipments]


def _plan_split(
    line: LineRequest,
    places: Sequence[Place],
    wanted: Day,
    whole: tuple[Place, Day] | None,
    effort: int,
    waits: Reason | None,
) -> Plan:
    parts = split_of(line, places, wanted, line.latest_day, effort)
    promised = sum(quantity for _, _, quantity in parts)
    alternatives: list[Alternative] = []
    if whole is None:
        whole = earliest_whole(line, places, wanted, any_date=True) if line.latest_day is not None else None
    if whole is not None and (len(parts) > 1 or promised < line.quantity):
        place, day = whole
        lost = Lost.LATER
        if line.latest_day is not None and day > line.latest_day:
            lost = Lost.AFTER_LATEST_DATE
        elif parts and parts[0][1] <= wanted:
            lost = Lost.LESS_ON_TIME
        alternatives.append(Alternative("", "later_complete", (delivery_of(place, day, line.quantity),), lost.value))
    refusal = None
    if promised < line.quantity:
        refusal = _missing(line, places, promised)
    if waits is None and parts and (line.min_ship is not None or line.max_shipments is not None):
        waits = because(Code.SHIPMENT_LIMITS, "minimum and number of shipments allow no earlier split")
    takes = tuple(Take(place, day, quantity, place.take(day, quantity)) for place, day, quantity in parts)
    return Plan(line, takes, _named(alternatives), refusal, waits)


def _missing(line: LineRequest, places: Sequence[Place], promised: Micro) -> Reason:
    """Why a split promises less than was asked."""
    missing = spoken_quantity(line.quantity - promised)
    ever = sum(max(0, place.free.atp[-1]) for place in places)
    if line.latest_day is not None:
        in_time = sum(max(0, place.free.atp_on(line.latest_day)) for place in places if place.today <= line.latest_day)
        if in_time < line.quantity and in_time < ever:
            return because(Code.AFTER_LATEST_DATE, f"{missing} could only come after {spoken_day(line.latest_day)}")
    if promised < min(ever, line.quantity):
        limits = "the minimum shipment" if line.max_shipments is None else "the limits on shipments"
        return because(Code.BELOW_MINIMUM_SHIPMENT, f"{missing} cannot come within {limits}")
    return because(Code.NOT_ENOUGH_SUPPLY, f"known supply lacks {missing} {line.uom}")


def _refused(line: LineRequest, places: Sequence[Place], wanted: Day, effort: int) -> tuple[tuple[Alternative, ...], Reason]:
    """Nothing is promised: what could have been, and why it was not."""
    alternatives: list[Alternative] = []
    refusal: Reason | None = None
    if line.latest_day is not None:
        later = earliest_whole(line, places, wanted, any_date=True)
        if later is not None:
            place, day = later
            refusal = because(
                Code.AFTER_LATEST_DATE, f"the earliest date is {spoken_day(day)}, the latest acceptable {spoken_day(line.latest_day)}"
            )
            alternatives.append(Alternative("", "later_complete", (delivery_of(place, day, line.quantity),), Lost.AFTER_LATEST_DATE.value))
    alternatives.extend(_split_forbidden(line, places, wanted, None, effort))
    if refusal is None:
        split = sum(delivery.quantity for other in alternatives for delivery in other.deliveries)
        if split >= line.quantity:
            refusal = because(Code.PARTIAL_NOT_ALLOWED, "only several deliveries together would do, and the line must come in one")
        else:
            most = max((place.free.atp[-1] for place in places), default=0)
            at_most = f"at most {spoken_quantity(max(0, most))} {line.uom}" if most > 0 else "nothing"
            refusal = because(Code.NOT_ENOUGH_SUPPLY, f"known supply allows {at_most} on any date")
    return _named(alternatives), refusal


def _split_forbidden(
    line: LineRequest, places: Sequence[Place], wanted: Day, whole: tuple[Place, Day] | None, effort: int
) -> tuple[Alternative, ...]:
    """What several deliveries, or fewer units, would give where the line must come in one."""
    if whole is not None and all(place.free.atp_on(max(wanted, place.today)) <= 0 for place in places):
        latest = whole[1] - 1
        if all(place.free.atp_on(latest) <= 0 for place in places):
            return ()
    parts = split_of(line, places, wanted, line.latest_day, min(effort, _EFFORT_OF_ALTERNATIVES))
    if not parts or (len(parts) == 1 and parts[0][2] == line.quantity):
        return ()
    kind = "split" if sum(quantity for _, _, quantity in parts) == line.quantity else "partial"
    return (Alternative("", kind, tuple(delivery_of(*part) for part in parts), Lost.PARTIAL_NOT_ALLOWED.value),)


def other_sites(line: LineRequest, places: Sequence[Place], winner: Place, day: Day, wanted: Day) -> tuple[Alternative, ...]:
    """The other sites that could ship the whole line, a few of them."""
    if len(places) == 1:
        return ()
    found: list[Alternative] = []
    for place in places:
        if place is winner:
            continue
        possible = place.free.earliest(line.quantity, max(place.today, wanted))
        if possible is None:
            continue
        lost = Lost.SITE_ORDER
        if line.latest_day is not None and possible > line.latest_day:
            lost = Lost.AFTER_LATEST_DATE
        elif possible > day:
            lost = Lost.LATER
        found.append(Alternative("", "site", (delivery_of(place, possible, line.quantity),), lost.value))
        if len(found) == _MOST_SITES_NAMED:
            break
    return tuple(found)


def _named(alternatives: Sequence[Alternative]) -> tuple[Alternative, ...]:
    if not alternatives:
        return ()
    return tuple(Alternative(f"a{number}", one.kind, one.deliveries, one.lost_because) for number, one in enumerate(alternatives, start=1))


def delivery_of(place: Place, day: Day, quantity: Micro) -> Delivery:
    """A delivery that is picked, shipped and delivered on one day: sites without calendar, pick/pack days or lanes."""
    return Delivery(place.site, quantity, day, day, day)
