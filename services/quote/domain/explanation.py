"""From plans to the answer: what covers each line, the chain of reasons, the sentence (promising.md § 9).

Computed from the decision, never guessed again: pegs come from the books the decision stood on, and the days that the
reasons add sum to the slip.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.quote.domain.answer import Decision, Delivery, LinePromise, Outcome, outcome_of_all, outcome_of_line
from services.quote.domain.pegging import ON_HAND, Peg
from services.quote.domain.plan import delivery_of
from services.quote.domain.reasons import Code, Reason, Step, because
from services.quote.domain.sentence import sentence_of_all, spoken_day, spoken_quantity, spoken_wait

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.quote.domain.book import Day, Micro
    from services.quote.domain.plan import Plan, Take
    from services.quote.domain.stand import Place, Stand

Pegs = dict[int, list[tuple[Peg, ...]]]
"""What covers the takes of each book, by the identity of its place; filled as lines are explained."""


def conclude(plans: Sequence[Plan], stand: Stand) -> Decision:
    """The decision that the plans amount to."""
    pegs: Pegs = {}
    lines = tuple(line_promise(plan, pegs) for plan in plans)
    return decision_of(lines, stand)


def decision_of(lines: tuple[LinePromise, ...], stand: Stand) -> Decision:
    """The lines as one answer."""
    outcome = lines[0].outcome if len(lines) == 1 else outcome_of_all([line.outcome for line in lines]).value
    return Decision(outcome, lines, sentence_of_all(lines), stand.read(), stand.written())


def line_promise(plan: Plan, pegs_of: Pegs, *, shipped: Micro = 0, shipped_day: Day | None = None) -> LinePromise:
    """The answer to one line. `pegs_of` keeps what covers the takes of each book; `shipped` left before (amendments)."""
    line = plan.line
    deliveries: list[Delivery] = []
    pegging: list[tuple[Take, tuple[Peg, ...]]] = []
    promised = shipped
    promised_day = shipped_day
    for take in plan.takes:
        place = take.place
        covered = pegs_of.get(id(place))
        if covered is None:
            covered = pegs_of[id(place)] = place.pegs()
        pegging.append((take, covered[take.number]))
        deliveries.append(delivery_of(place, take.day, take.quantity))
        promised += take.quantity
        if promised_day is None or take.day > promised_day:
            promised_day = take.day
    requested = line.quantity + shipped
    outcome = outcome_of_line(requested, promised, line.requested_day, promised_day)
    slip = 0
    if promised_day is not None and promised_day > line.requested_day:
        slip = promised_day - line.requested_day
    reasons = _chain(plan, pegging, promised_day, slip, shipped)
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
        plan.alternatives,
    )


def _limiting(outcome: Outcome, slip: int, reasons: Sequence[Reason]) -> str | None:
    if outcome is Outcome.FULL:
        return None
    if slip and outcome is Outcome.LATE:
        return max(reasons, key=lambda reason: reason.adds_days).step
    return reasons[-1].step if reasons else Step.SUPPLY.value


def _chain(
    plan: Plan,
    pegging: Sequence[tuple[Take, tuple[Peg, ...]]],
    promised_day: Day | None,
    slip: int,
    shipped: Micro,
) -> list[Reason]:
    """The steps from the requested to the promised date; what they add sums to the slip."""
    line = plan.line
    reasons: list[Reason] = []
    reached = line.requested_day
    if shipped:
        reasons.append(because(Code.SHIPPED, f"{spoken_quantity(shipped)} were shipped before"))
    if slip and pegging:
        start = min(take.place.today for take, _ in pegging)
        if start > reached:
            reached = min(start, promised_day or start)
            reasons.append(
                because(
                    Code.REQUESTED_IN_PAST, f"asked for {spoken_day(line.requested_day)}, which is past", None, reached - line.requested_day
                )
            )
    waiting: list[Peg] = []
    for place, wanted, covered in _by_place(pegging):
        from_stock = sum(one.quantity for one in covered if one.source == ON_HAND)
        reasons.append(_stock_reason(place, wanted, from_stock))
        waiting.extend(one for one in covered if one.source != ON_HAND)
        if sum(one.quantity for one in covered) < wanted:
            reasons.append(because(Code.BOOK_SHORT, f"{place.site} is short of what it has promised", place.site))
    if len(waiting) > 1:
        waiting.sort(key=lambda one: (one.usable_day or 0, one.ref or ""))
    for one in waiting:
        usable = min(one.usable_day or 0, promised_day or 0)
        added = max(0, usable - reached)
        reached += added
        reasons.append(because(Code.AWAIT_SUPPLY, _awaited(one), one.ref, added))
    if slip and promised_day is not None and promised_day > reached:
        rest = plan.waits or because(Code.SHIPMENT_LIMITS, "no earlier date keeps what was asked of the shipments")
        reasons.append(Reason(rest.step, rest.code, rest.summary, rest.ref, promised_day - reached))
    if plan.refusal is not None:
        reasons.append(plan.refusal)
    return reasons


def _by_place(pegging: Sequence[tuple[Take, tuple[Peg, ...]]]) -> list[tuple[Place, Micro, tuple[Peg, ...]]]:
    if len(pegging) == 1:
        take, covered = pegging[0]
        return [(take.place, take.quantity, covered)]
    together: dict[int, tuple[Place, Micro, tuple[Peg, ...]]] = {}
    for take, covered in pegging:
        place, wanted, before = together.get(id(take.place), (take.place, 0, ()))
        together[id(take.place)] = (place, wanted + take.quantity, before + covered)
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
    return f"{spoken_wait(one.quantity)} for {one.ref}{due}{late}"
