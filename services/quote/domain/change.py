"""Changing a promise: the old claims go and the new ones come in one step (promising.md § 2, THE invariant).

Reducing, postponing and cancelling always pass, also on a book that is short. A promise is never pulled in unasked:
as long as the requested date stays, a line keeps its date or moves later. What a line keeps is settled before
anything is given to lines that grow, move or are new.

    open quantity = new total - shipped; new claims are measured on projected without the old ones, less min(0, projected with them)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from services.quote.domain.choice import Aim
from services.quote.domain.dates import Hop, immediate
from services.quote.domain.explanation import decision_of, line_promise
from services.quote.domain.justintime import delay
from services.quote.domain.outlet import Outlet
from services.quote.domain.plan import Plan, Take, plan_line
from services.quote.domain.promise import effort_for
from services.quote.domain.reasons import Code, because
from services.quote.domain.sentence import spoken_quantity
from services.quote.domain.shipcomplete import plan_together
from services.quote.domain.stand import WHOLE_EFFORT_MS, Stand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.quote.domain.answer import Decision, Delivery, LinePromise
    from services.quote.domain.entry import Day, Micro
    from services.quote.domain.request import LineRequest, Shelf


@dataclass(frozen=True, slots=True)
class CurrentLine:
    """A line as it is promised now."""

    line: LineRequest
    deliveries: tuple[Delivery, ...]
    """What is still open of them."""
    first_promised_day: Day | None
    promised_day: Day | None
    shipped: Micro = 0


Wish = tuple["Delivery", "Micro"]
"""A delivery to keep, and the quantity to keep of it."""


def amend(
    current: Sequence[CurrentLine],
    wanted: Sequence[LineRequest],
    shelf: Shelf,
    owner: str,
    *,
    allow_partial: bool = False,
    ship_complete: bool = False,
    classes: tuple[str, ...] = (),
    aim: Aim = Aim.EARLIEST,
    deadline_ms: int = WHOLE_EFFORT_MS,
) -> Decision:
    """The order after the change: every line of `wanted`, its quantity the new total, what was shipped included.

    Lines of `current` that `wanted` does not name are given up. Deliveries of the answer are those of the open
    quantity. What is decided anew is decided as the order was asked for: by its policy, within its deadline. Whether
    a line that is promised less than asked is acceptable is for the caller to say.
    """
    stand = Stand(shelf, owner, classes, deadline_ms=deadline_ms)
    known = {before.line.line_ref: before for before in current}
    for before in current:
        for delivery in before.deliveries:
            stand.place(delivery.sku or before.line.sku, delivery.site)
    plans: dict[int, Plan] = {}
    for at, line in enumerate(wanted):
        stood = known.get(line.line_ref)
        if stood is not None and (keep := _kept(stood, line)) is not None:
            plan = _take(_open(line, stood), keep, stand)
            if plan is not None:
                plans[at] = plan
    rest = [at for at in range(len(wanted)) if at not in plans]
    if rest and ship_complete and (allow_partial or len(wanted) > 1):
        stand.rollback()
        plans = _together(wanted, known, stand, aim, allow_partial=allow_partial)
        rest = []
    effort = stand.allowed(effort_for(wanted))
    for at in rest:
        plans[at] = _change(wanted[at], known.get(wanted[at].line_ref), stand, effort, aim, allow_partial=allow_partial)
    if aim is Aim.JUST_IN_TIME:
        delay(stand)
    lines = tuple(_answer(plans[at], known.get(wanted[at].line_ref), stand) for at in range(len(wanted)))
    return replace(decision_of(lines, stand), ships_complete=ship_complete and len(wanted) > 1)


def stands(before: CurrentLine | None, after: LinePromise) -> bool:
    """Whether all that a line has after a change it had before: on the same days, from the same places, no more of it."""
    had = {} if before is None else {(one.site, one.sku, one.lane, one.delivery_day): one.quantity for one in before.deliveries}
    return all(one.quantity <= had.get((one.site, one.sku, one.lane, one.delivery_day), -1) for one in after.deliveries)


def _answer(plan: Plan, before: CurrentLine | None, stand: Stand) -> LinePromise:
    if before is None or not before.shipped:
        return line_promise(plan, stand)
    return line_promise(plan, stand, shipped=before.shipped, shipped_day=before.promised_day if not plan.takes else None)


def _open(line: LineRequest, before: CurrentLine | None) -> LineRequest:
    """The line with what is still to be delivered of it."""
    return line if before is None or not before.shipped else replace(line, quantity=max(0, line.quantity - before.shipped))


def _kept(before: CurrentLine, line: LineRequest) -> list[Wish] | None:
    """The deliveries that a line keeps as they are, or smaller, the last one cut first; None when it must be decided anew."""
    asked = before.line
    if (line.requested_day, line.sku, line.ship_to) != (asked.requested_day, asked.sku, asked.ship_to):
        return None
    if any(delivery.site not in _sites_of(delivery, line) for delivery in before.deliveries):
        return None
    if line.latest_day is not None and any(delivery.delivery_day > line.latest_day for delivery in before.deliveries):
        return None
    needed = max(0, line.quantity - before.shipped)
    standing = sum(delivery.quantity for delivery in before.deliveries)
    if needed > standing and line.quantity != before.line.quantity:
        return None
    keep: list[Wish] = []
    for delivery in sorted(before.deliveries, key=lambda one: one.pick_day):
        quantity = min(needed, delivery.quantity)
        if quantity > 0:
            keep.append((delivery, quantity))
            needed -= quantity
    return keep


def _sites_of(delivery: Delivery, line: LineRequest) -> tuple[str, ...]:
    """The sites that may ship what a delivery brings."""
    if delivery.sku is None:
        return line.sites
    return next((one.sites for one in line.substitutes if one.sku == delivery.sku), ())


def _take(line: LineRequest, keep: Sequence[Wish], stand: Stand) -> Plan | None:
    """The deliveries as wished, if the books permit them. A day that has passed is today."""
    stand.line_ref = line.line_ref
    takes: list[Take] = []
    for delivery, quantity in keep:
        sku = delivery.sku or line.sku
        place = stand.place(sku, delivery.site)
        if place is None:
            return None
        of_sku = replace(line, sku=sku, sites=(delivery.site,))
        outlet = stand.outlet(of_sku, delivery.site, delivery.lane) or Outlet(place, immediate(place.today), stand.rations.ceilings(place))
        takes.append(Take(outlet, Hop(*(max(day, place.today) for day in delivery.days)), quantity, -1))
    for place in {id(take.outlet.place): take.outlet.place for take in takes}.values():
        mine: dict[Day, Micro] = {}
        for take in takes:
            if take.outlet.place is place:
                mine[take.hop.pick] = mine.get(take.hop.pick, 0) - take.quantity
        if min(place.free.changed(mine).projected) < 0:
            return None
    stands = because(Code.PROMISE_STANDS, "what was promised stands: it is not pulled in")
    mark = stand.mark()
    taken = tuple(replace(take, number=take.outlet.take(take.hop, take.quantity)) for take in takes)
    if any(not take.outlet.keeps_bounds(take.hop) for take in taken):
        stand.rollback(mark)
        return None
    return Plan(line, taken, waits=stands)


def _change(line: LineRequest, before: CurrentLine | None, stand: Stand, effort: int, aim: Aim, *, allow_partial: bool) -> Plan:
    """Decide a line anew: at its own site first, not before its promised date as long as what was asked of the date stands."""
    if before is None:
        return plan_line(line, stand, allow_partial=allow_partial, effort=effort, aim=aim)
    still = _open(line, before)
    if still.quantity == 0:
        return Plan(still)
    if aim is not Aim.PREFERRED_SITE:
        own = [delivery.site for delivery in before.deliveries if delivery.site in line.sites]
        still = replace(still, sites=tuple(dict.fromkeys((*own, *line.sites))))
    asked = before.line
    same_date = (line.requested_day, line.sku, line.ship_to) == (asked.requested_day, asked.sku, asked.ship_to)
    if allow_partial and same_date:
        mark = stand.mark()
        grown = _grow(still, before, stand, effort, aim)
        if grown is not None and _promised(grown) < still.quantity:
            stand.rollback(mark)
            anew = plan_line(still, stand, allow_partial=True, effort=effort, aim=aim)
            if _promised(anew) > _promised(grown):
                return anew
            stand.rollback(mark)
            grown = _grow(still, before, stand, effort, aim)
        if grown is not None:
            return grown
    not_before = before.promised_day if same_date and not allow_partial else None
    return plan_line(still, stand, allow_partial=allow_partial, not_before=not_before, effort=effort, aim=aim)


def _promised(plan: Plan) -> Micro:
    return sum(take.quantity for take in plan.takes)


def _grow(still: LineRequest, before: CurrentLine, stand: Stand, effort: int, aim: Aim) -> Plan | None:
    """A line of several deliveries that wants more: what stands stays, what can be had of the rest comes beside it."""
    standing = sum(delivery.quantity for delivery in before.deliveries)
    more = still.quantity - standing
    if not before.deliveries or more <= 0 or any(one.site not in _sites_of(one, still) for one in before.deliveries):
        return None
    for grown in before.deliveries:
        keep = [(one, one.quantity + (more if one is grown else 0)) for one in before.deliveries]
        plan = _take(still, keep, stand)
        if plan is not None:
            return plan
    plan = _take(still, [(one, one.quantity) for one in before.deliveries], stand)
    if plan is None:
        return None
    room = None if still.max_shipments is None else still.max_shipments - len(before.deliveries)
    if room is not None and room <= 0:
        short = because(Code.BELOW_MINIMUM_SHIPMENT, f"{spoken_quantity(more)} more cannot come within the limits on shipments")
        return replace(plan, refusal=short)
    added = plan_line(replace(still, quantity=more, max_shipments=room), stand, allow_partial=True, effort=effort, aim=aim)
    order = {site: number for number, site in enumerate(still.sites)}
    takes = sorted((*plan.takes, *added.takes), key=lambda take: (take.hop.delivery, order.get(take.outlet.site, len(order))))
    return Plan(still, tuple(takes), added.alternatives, added.refusal, added.waits or plan.waits)


def _together(
    wanted: Sequence[LineRequest], known: dict[str, CurrentLine], stand: Stand, aim: Aim, *, allow_partial: bool
) -> dict[int, Plan]:
    """All open lines on one date anew, not before the date they have, as long as no requested date changed."""
    plans: dict[int, Plan] = {}
    lines: list[tuple[int, LineRequest]] = []
    standing: list[Day] = []
    moved = False
    for at, line in enumerate(wanted):
        before = known.get(line.line_ref)
        still = _open(line, before)
        if still.quantity == 0:
            plans[at] = Plan(still)
            continue
        lines.append((at, still))
        if before is not None:
            moved = moved or (before.line.requested_day, before.line.ship_to) != (line.requested_day, line.ship_to)
            standing.extend([before.promised_day] if before.promised_day is not None else [])
    not_before = max(standing) if standing and not moved else None
    decided = plan_together([line for _, line in lines], stand, allow_partial=allow_partial, not_before=not_before, aim=aim)
    for (at, _), plan in zip(lines, decided, strict=True):
        plans[at] = plan
    return plans
