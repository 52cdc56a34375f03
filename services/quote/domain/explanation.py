"""From plans to the answer: what covers each line, the chain of reasons, the sentence (promising.md § 9).

Computed from the decision, never guessed again: pegs come from the books the decision stood on, and the days that the
reasons add sum to the slip: sum of adds_days = slip_days = max(0, promised - requested), in calendar days.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from services.quote.domain.answer import (
    Decision,
    Delivery,
    LinePromise,
    Outcome,
    PartPlanned,
    SupplyPlanned,
    outcome_of_all,
    outcome_of_line,
)
from services.quote.domain.capacity import IdleFloor
from services.quote.domain.justintime import latest_starts
from services.quote.domain.known import delivery_of
from services.quote.domain.pegging import ON_HAND, Peg
from services.quote.domain.reasons import Code, Reason, Step, because
from services.quote.domain.replenish import operations
from services.quote.domain.runners import with_unable
from services.quote.domain.sentence import sentence_of_all, spoken_count, spoken_day, spoken_quantity, spoken_supply, spoken_wait
from services.quote.domain.sources import Buy, Make, Transfer
from services.quote.domain.underway import closed_days, days_added, way_reasons

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.quote.domain.entry import Day, Micro
    from services.quote.domain.outlet import Outlet
    from services.quote.domain.place import Place, Planned, Taken
    from services.quote.domain.plan import Plan, Take
    from services.quote.domain.request import LineRequest
    from services.quote.domain.stand import Stand

Pegged = tuple["Take", tuple[Peg, ...]]
"""A take and what covers it."""


def conclude(plans: Sequence[Plan], stand: Stand) -> Decision:
    """The decision that the plans amount to."""
    return decision_of(tuple([line_promise(plan, stand) for plan in plans]), stand)


def decision_of(lines: tuple[LinePromise, ...], stand: Stand) -> Decision:
    """The lines as one answer."""
    outcome = lines[0].outcome if len(lines) == 1 else outcome_of_all([line.outcome for line in lines]).value
    return Decision(outcome, lines, sentence_of_all(lines), stand.read(), stand.written(), _planned(stand))


def _planned(stand: Stand) -> tuple[SupplyPlanned, ...]:
    """The planned supply of a decision, what others need before what needs it."""
    if not stand.planned:
        return ()
    latest = latest_starts(stand)
    return tuple(
        SupplyPlanned(
            plan.source.kind.value,
            plan.source.ref,
            plan.place.sku,
            plan.place.site,
            plan.quantity,
            plan.start,
            plan.due,
            latest[plan.number],
            tuple(
                PartPlanned(
                    other.sku,
                    other.site,
                    other.takes[number].quantity,
                    other.takes[number].day,
                    other.takes[number].planned,
                    other.pegs()[number],
                    _returns(other.takes[number], stand),
                )
                for other, number in plan.parts
            ),
            plan.loads,
            tuple(sorted(plan.lines)),
            plan.source.from_site if isinstance(plan.source, Transfer) else None,
            plan.source.supplier if isinstance(plan.source, Buy) else None,
        )
        for plan in stand.planned
    )


def _returns(taken: Taken, stand: Stand) -> tuple[tuple[int, Micro], ...]:
    """What plans of a hold fill up after something was taken, by their numbers."""
    return () if stand.hold_ends is None else tuple((plan.number, part) for plan, part in taken.filled)


def line_promise(plan: Plan, stand: Stand, *, shipped: Micro = 0, shipped_day: Day | None = None) -> LinePromise:
    """The answer to one line; `shipped` left before (amendments)."""
    line = plan.line
    deliveries: list[Delivery] = []
    pegging: list[Pegged] = []
    promised = shipped
    promised_day = shipped_day
    for take in plan.takes:
        place = take.outlet.place
        pegs = place.pegs()[take.number]
        if place.sku != line.sku:
            pegs = tuple(replace(one, sku=place.sku) for one in pegs)
        pegging.append((take, pegs))
        taken = place.takes[take.number]
        delivery = delivery_of(take.outlet, take.hop, take.quantity, taken.planned, line_sku=line.sku)
        deliveries.append(replace(delivery, returns=_returns(taken, stand)) if taken.from_plans else delivery)
        promised += take.quantity
        if promised_day is None or take.hop.delivery > promised_day:
            promised_day = take.hop.delivery
    requested = line.quantity + shipped
    outcome = outcome_of_line(requested, promised, line.requested_day, promised_day)
    slip = 0
    if promised_day is not None and promised_day > line.requested_day:
        slip = promised_day - line.requested_day
    reasons = _chain(plan, pegging, promised_day, slip, shipped, stand)
    if slip:
        reasons = [replace(one, ref=line.line_ref) if one.adds_days and one.ref is None else one for one in reasons]
    return LinePromise(
        line.line_ref,
        line.sku,
        line.uom,
        outcome.value,
        requested,
        line.requested_day,
        promised,
        promised_day,
        tuple(deliveries),
        slip,
        _limiting(outcome, slip, reasons),
        pegging[0][1] if len(pegging) == 1 else tuple(one for _, covered in pegging for one in covered),
        tuple(reasons),
        plan.alternatives if len(line.sites) + len(line.unknown_sites) <= 1 else with_unable(line, plan.alternatives, stand),
    )


def _limiting(outcome: Outcome, slip: int, reasons: Sequence[Reason]) -> str | None:
    if outcome is Outcome.FULL:
        return None
    if slip and outcome is Outcome.LATE:
        return max(reasons, key=lambda reason: reason.adds_days).step
    return reasons[-1].step if reasons else Step.SUPPLY.value


def _chain(plan: Plan, pegging: Sequence[Pegged], promised_day: Day | None, slip: int, shipped: Micro, stand: Stand) -> list[Reason]:
    """The steps from the requested to the promised date; what they add sums to the slip.

    Days are given, in this order, to: a date that is past, handling and transport that no supply could have spared, each
    awaited supply by the day on which it counts (the days by which it is there too late to its calendars' closed days, if they
    make more of them), and what else kept the shipments apart or together.
    """
    line = plan.line
    if (undefined := _undefined(line, stand)) is not None:
        plan = replace(plan, bound=(undefined, *plan.bound))
    reasons: list[Reason] = []
    if shipped:
        reasons.append(because(Code.SHIPPED, f"{spoken_quantity(shipped)} were shipped before"))
    if slip and promised_day is not None:
        reasons += _days_to(promised_day, plan, pegging, stand)
    else:
        supply, _ = _stock_and_supply(pegging, line.requested_day, None, stand, line.sku)
        reasons += _with_bounds(plan.bound, supply) if plan.bound else supply
    if plan.cut and plan.takes:
        reasons.append(because(Code.SEARCH_CUT, "the search ended with its deadline: better ways may have been left untried"))
    if plan.refusal is not None:
        reasons.append(plan.refusal)
    return reasons


def _undefined(line: LineRequest, stand: Stand) -> Reason | None:
    """That nobody has defined the class which a rationed sku is asked for: no ceiling binds it then, and what is kept is kept from it."""
    if not stand.classes or not stand.is_rationed(line.sku) or stand.knows_class(stand.classes[0]):
        return None
    name = stand.classes[0]
    return because(Code.UNKNOWN_CLASS, f"nobody has defined the class {name}: no ceiling or floor is its own", name)


def _days_to(promised_day: Day, plan: Plan, pegging: Sequence[Pegged], stand: Stand) -> list[Reason]:
    """The same of a line that comes later than it was asked for: what each step adds."""
    line = plan.line
    reasons: list[Reason] = []
    reached = line.requested_day
    last = max(pegging, key=lambda pegged: pegged[0].hop.delivery, default=None)
    ways: list[Reason] = []
    if last is not None:
        start = min(take.outlet.place.today for take, _ in pegging)
        if start > reached:
            reached = min(start, promised_day)
            past = f"asked for {spoken_day(line.requested_day)}, which is past"
            reasons.append(because(Code.REQUESTED_IN_PAST, past, None, reached - line.requested_day))
        ways = way_reasons(last[0].outlet, line, reached, promised_day)
        reached += sum(reason.adds_days for reason in ways)
    bound = sum(reason.adds_days for reason in plan.bound)
    supply, closed = _stock_and_supply(pegging, reached, promised_day - bound, stand, line.sku)
    reasons += _with_bounds(plan.bound, supply) if plan.bound else supply
    reached += sum(reason.adds_days for reason in (*supply, *closed)) + bound
    if promised_day > reached:
        rest = plan.waits or because(Code.SHIPMENT_LIMITS, "no earlier date keeps what was asked of the shipments")
        reasons.append(Reason(rest.step, rest.code, rest.summary, rest.ref, promised_day - reached))
    return [*reasons, *closed, *ways]


def _with_bounds(bound: Sequence[Reason], supply: list[Reason]) -> list[Reason]:
    """What stock there was, then what ceilings and floors left of it, then what is awaited."""
    stock = [reason for reason in supply if reason.step == Step.STOCK]
    return [*stock, *bound, *(reason for reason in supply if reason.step != Step.STOCK)]


def _stock_and_supply(
    pegging: Sequence[Pegged], reached: Day, promised_day: Day | None, stand: Stand, sku: str
) -> tuple[list[Reason], list[Reason]]:
    """What each book had on hand, then what is awaited, by the day on which it counts; and what closed days add to that.

    Without `promised_day` nothing adds days.
    """
    reasons: list[Reason] = []
    closed: list[Reason] = []
    waiting: list[tuple[Day, Peg, Outlet]] = []
    for outlet, wanted, covered in _by_place(pegging):
        if outlet.place.sku != sku:
            said = f"{spoken_quantity(wanted)} {outlet.place.sku} instead of {sku}"
            reasons.append(because(Code.SUBSTITUTED, said, outlet.place.sku))
        from_stock = awaited = 0
        for one in covered:
            if one.source == ON_HAND:
                from_stock += one.quantity
            else:
                awaited += one.quantity
                waiting.append((one.usable_day or 0, one, outlet))
        reasons.append(_stock_reason(outlet.place, wanted, from_stock))
        if from_stock + awaited < wanted:
            reasons.append(because(Code.BOOK_SHORT, f"{outlet.site} is short of what it has promised", outlet.site))
    if len(waiting) > 1:
        waiting.sort(key=lambda one: (one[0], one[1].ref or ""))
    for usable, one, outlet in waiting:
        late, waited = days_added(outlet, usable, reached, promised_day)
        reached += late + waited
        reasons += _supply_reasons(one, late, stand)
        if waited:
            closed.append(closed_days(outlet, usable, waited))
    return reasons, closed


def _supply_reasons(one: Peg, added: int, stand: Stand) -> list[Reason]:
    """An awaited receipt; or planned supply, with the chain of what it waits for, the first cause first.

    The days that it adds are those at the end of the chain: what came before the wanted day kept nobody waiting.
    """
    if one.plan is None:
        return [because(Code.AWAIT_SUPPLY, _awaited(one), one.ref, added)]
    plan = stand.planned[one.plan]
    links = _links(plan, one.quantity, stand)
    ends = [plan.place.today, *(end for _, _, _, end in links)]
    days = [0] * len(links)
    left = added
    for at in reversed(range(len(links))):
        days[at] = min(left, max(0, ends[at + 1] - ends[at]))
        left -= days[at]
    days[max(range(len(links)), key=lambda at: days[at])] += left
    return [because(code, said, ref, waited) for (code, said, ref, _), waited in zip(links, days, strict=True)]


Link = tuple[Code, str, str, "Day"]
"""One step of a chain of supply: its code, what it is, the record behind it, and the day on which it is done."""


def _links(plan: Planned, quantity: Micro, stand: Stand) -> list[Link]:
    """From the first cause to the plan itself: each step waited for the one before it."""
    links: list[Link] = []
    if plan.waits_for is not None:
        sku, until = plan.waits_for
        for place, number in plan.parts:
            if place.sku == sku:
                below = [used for used, _ in place.takes[number].from_plans if used.usable <= place.takes[number].day]
                deepest = max(below, key=lambda used: used.usable, default=None)
                links = [_awaited_part(plan, place, number, until)] if deepest is None else _links(deepest, deepest.quantity, stand)
    busy = _busy(plan, stand)
    links.append((*_own_link(plan, quantity), plan.usable - (0 if busy is None else busy[1])))
    if busy is not None:
        resource, days = busy
        said = f"{resource} works for others first: idle, it would be done {spoken_count(days, 'day')} earlier"
        links.append((Code.CAPACITY_TAKEN, said, resource, plan.usable))
    return links


def _busy(plan: Planned, stand: Stand) -> tuple[str, int] | None:
    """By how many days others' claims on resources make a plan later, and the resource of which they have most meanwhile."""
    if not isinstance(plan.source, Make) or not plan.loads:
        return None
    _, done, _ = operations(IdleFloor(stand), plan.source, plan.quantity, plan.place.today, plan.ready)
    if done is None or done >= plan.due:
        return None
    machines = [one for name in dict.fromkeys(load.resource for load in plan.loads) if (one := stand.machine(name)) is not None]
    taken = {one.resource: one.claimed(one.today, plan.due) for one in machines}
    resource = max(taken, key=lambda name: taken[name], default=None)
    return None if resource is None or not taken[resource] else (resource, plan.due - done)


def _awaited_part(plan: Planned, place: Place, number: int, until: Day) -> Link:
    """Something that a plan needs and that is known to come."""
    last = next((one for one in reversed(place.pegs()[number]) if one.source != ON_HAND and one.ref), None)
    receipt = None if last is None else last.ref
    named = "" if last is None else f" with {spoken_supply(last)}"
    there = f"{named} on {spoken_day(until)}"
    if isinstance(plan.source, Transfer):
        return Code.AWAIT_COMPONENT, f"{place.sku} is there to be sent from {place.site}{there}", receipt or place.sku, until
    return Code.AWAIT_COMPONENT, f"the component {place.sku} comes{there}", receipt or place.sku, until


def _own_link(plan: Planned, quantity: Micro) -> tuple[Code, str, str]:
    """What a plan itself does."""
    what = f"{spoken_quantity(quantity)} {plan.place.sku}"
    site, there = plan.place.site, spoken_day(plan.usable)
    if isinstance(plan.source, Make):
        said = f"{what} must be made at {site} from {spoken_day(plan.start)}, there on {there}"
        return Code.PLANNED_PRODUCTION, said, plan.source.ref
    if isinstance(plan.source, Buy):
        whence = f"bought from {plan.source.supplier}" if plan.source.supplier else "had within the lead time"
        soonest = plan.source.calendar.plus(plan.place.today, plan.source.lead_time_days)
        full = ", who can deliver no more before" if plan.source.capacity is not None and plan.due > (soonest or plan.due) else ""
        return Code.PLANNED_PURCHASE, f"{what} must be {whence}{full}, there on {there}", plan.source.ref
    return Code.PLANNED_TRANSFER, f"{what} must be moved from {plan.source.from_site} to {site}, there on {there}", plan.source.ref


def _by_place(pegging: Sequence[Pegged]) -> list[tuple[Outlet, Micro, tuple[Peg, ...]]]:
    if len(pegging) == 1:
        take, covered = pegging[0]
        return [(take.outlet, take.quantity, covered)]
    together: dict[int, tuple[Outlet, Micro, tuple[Peg, ...]]] = {}
    for take, covered in pegging:
        key = id(take.outlet.place)
        outlet, wanted, before = together.get(key, (take.outlet, 0, ()))
        together[key] = (outlet, wanted + take.quantity, before + covered)
    return list(together.values())


def _stock_reason(place: Place, wanted: Micro, from_stock: Micro) -> Reason:
    site = place.site
    if from_stock == wanted:
        return because(Code.COVERED, f"{spoken_quantity(wanted)} on hand in {site}")
    if from_stock > 0:
        return because(Code.PARTLY_COVERED, f"{spoken_quantity(from_stock)} of {spoken_quantity(wanted)} on hand in {site}")
    on_hand, kept = place.book.on_hand, place.book.safety_stock
    if on_hand <= 0:
        return because(Code.NO_STOCK, f"nothing on hand in {site}")
    if on_hand <= kept:
        return because(Code.SAFETY_STOCK_KEPT, f"the {spoken_quantity(on_hand)} on hand in {site} are kept as safety stock")
    return because(Code.PROMISED_TO_OTHERS, f"the {spoken_quantity(on_hand - kept)} on hand in {site} are promised to others")


def _awaited(one: Peg) -> str:
    due = f", due {spoken_day(one.due_day)}" if one.due_day is not None else ""
    late = ""
    if one.usable_day is not None and one.due_day is not None and one.usable_day != one.due_day:
        late = f", usable {spoken_day(one.usable_day)}"
    return f"{spoken_wait(one.quantity)} for {spoken_supply(one)}{due}{late}"
