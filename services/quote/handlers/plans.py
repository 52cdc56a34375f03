"""Planned supply in the books: held with a hold, standing with an order, closed by a planner (promising.md § 4).

While its commitment is a hold, a plan is no supply: the hold's claims stand in the books less what the plan brings, and
what the plan needs is held like any claim. Confirmed, the plan stands as a planned receipt, its surplus is anybody's, and
what it needs belongs to the plan, not to the order: cancelling the order leaves it until a planner closes it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from services.quote import answers, events
from services.quote.domain.entry import Entry, Part
from services.quote.handlers.endanger import by_closed_plan
from services.quote.handlers.remake import made_by
from services.quote.ledger import Change, Effect, Refusal
from services.quote.store.books import Cause
from services.quote.store.rows import PlanClaimRow, PlanRow
from shared.ids import new_id
from shared.paging import decode_cursor, encode_cursor

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from services.quote.board import Board
    from services.quote.domain.answer import Decision, SupplyPlanned
    from services.quote.domain.book import Book
    from services.quote.domain.entry import Day
    from services.quote.ledger import Desk
    from services.quote.store.rows import ClaimRow


def plans_of(decision: Decision, board: Board) -> tuple[PlanRow, ...]:
    """The planned supply of a decision, each with an id of its own, and the definitions that it was made by."""
    ids = [new_id("pln") for _ in decision.planned]
    plans = (_plan_row(planned, ids[number], ids) for number, planned in enumerate(decision.planned))
    return tuple(replace(plan, made_by=made_by(board, plan_entry(plan, ""), f"{plan.sku}|{plan.site}")) for plan in plans)


def _plan_row(planned: SupplyPlanned, plan_id: str, ids: Sequence[str]) -> PlanRow:
    taken: list[PlanClaimRow] = []
    for part in planned.parts:
        returns = tuple((ids[number], quantity) for number, quantity in part.returns)
        ref = f"{plan_id}/{len(taken)}"
        taken.append(PlanClaimRow(ref, part.sku, part.site, part.quantity, part.planned, part.day, 0, returns))
    for load in planned.loads:
        taken.append(PlanClaimRow(f"{plan_id}/{len(taken)}", load.resource, load.book, load.minutes, 0, load.day, load.setup))
    claims = tuple(taken)
    return PlanRow(
        plan_id, planned.kind, planned.ref, planned.sku, planned.site, planned.quantity, planned.start_day, planned.due_day,
        planned.latest_start_day, planned.lines, claims, planned.from_site, planned.supplier,
    )  # fmt: skip


def hold_plans(effect: Effect, plans: Sequence[PlanRow], desk: Desk, owner: str, expires_at: datetime) -> None:
    """What the plans of a hold need is held with it; what they would bring stands in no book."""
    hold_returns(effect, [claim for plan in plans for claim in plan.claims], plans, desk, owner, expires_at)
    for plan in plans:
        for claim in plan.claims:
            if claim.quantity > claim.planned:
                detail = {"owner": owner, "plan": plan.id, "for": plan.sku}
                effect.put(
                    f"{claim.sku}|{claim.site}", Entry(Part.CLAIM, claim.ref, claim.quantity - claim.planned, claim.day, expires_at, detail)
                )


def hold_returns(
    effect: Effect, claims: Iterable[ClaimRow | PlanClaimRow], plans: Iterable[PlanRow], desk: Desk, owner: str, expires_at: datetime
) -> None:
    """What a hold takes early comes back on the day from which its plans surely fill it up: a claim of less than nothing.

    It lives as long as the hold, so no day of the book is ever better by the hold than without it, and its end hurts nobody.
    """
    by_id = {plan.id: plan for plan in plans}
    for claim in claims:
        for number, (plan_id, quantity) in enumerate(claim.returns):
            day = fills_from(by_id[plan_id], desk, expires_at)
            entry = Entry(Part.CLAIM, return_ref(claim, number), -quantity, day, expires_at, {"owner": owner, "plan": plan_id})
            effect.put(f"{claim.sku}|{claim.site}", entry)


def fills_from(plan: PlanRow, desk: Desk, expires_at: datetime) -> Day:
    """The day on which a plan counts if it is released on the last day of its hold, at the latest (`Stand.fills_from`)."""
    dock = desk.rules(plan.sku, plan.site).dock_to_stock_days
    last = desk.board.today(plan.site, expires_at)
    due = plan.due_day if last <= plan.start_day else max(plan.due_day, last + plan.due_day - plan.start_day)
    return due + dock


def end_returns(effect: Effect, claims: Iterable[ClaimRow | PlanClaimRow], desk: Desk) -> None:
    """The hold is over, or its plans stand by themselves: nothing comes back any more. What has expired may be written out already."""
    for claim in claims:
        key = f"{claim.sku}|{claim.site}"
        book = desk.fork(key) if claim.returns else None
        for number in range(len(claim.returns)):
            ref = return_ref(claim, number)
            stands = None if book is None else book.find(Part.CLAIM, ref)
            if stands is not None:
                effect.put(key, Entry(Part.CLAIM, ref, 0, stands.day, None, stands.detail))


def return_ref(claim: ClaimRow | PlanClaimRow, number: int) -> str:
    """The name of what comes back in its book."""
    return f"{claim.ref}/back/{number}"


def let_go(effect: Effect, plans: Iterable[PlanRow], desk: Desk) -> None:
    """What the plans of a hold held is free again; an expired part may be written out already."""
    for plan in plans:
        end_returns(effect, plan.claims, desk)
        for claim in plan.claims:
            key = f"{claim.sku}|{claim.site}"
            book = desk.fork(key)
            if book is not None and book.find(Part.CLAIM, claim.ref) is not None:
                effect.put(key, Entry(Part.CLAIM, claim.ref, 0, claim.day, None, {"plan": plan.id}))


def stand_plans(effect: Effect, plans: Iterable[PlanRow], order_id: str, at: datetime) -> None:
    """The plans of an order stand: as planned receipts, with what they need, and a planner is told."""
    for plan in plans:
        effect.put(f"{plan.sku}|{plan.site}", plan_entry(plan, order_id))
        for claim in plan.claims:
            owned: dict[str, Any] = {"owner": plan.id, "plan": plan.id, "for": plan.sku, "order_id": order_id}
            if claim.setup:
                owned["setup"] = claim.setup
            effect.put(f"{claim.sku}|{claim.site}", Entry(Part.CLAIM, claim.ref, claim.quantity, claim.day, None, owned))
        effect.events.append(events.supply_planned(plan, order_id, at))


def plan_entry(plan: PlanRow, order_id: str) -> Entry:
    """A plan as it stands in its book."""
    claims = [[f"{claim.sku}|{claim.site}", claim.ref] for claim in plan.claims]
    detail: dict[str, Any] = {
        "kind": plan.kind, "source": plan.source, "order_id": order_id, "line_refs": list(plan.line_refs), "start": plan.start_day,
        "latest_start": plan.latest_start_day, "lead_days": plan.due_day - plan.start_day, "planned": plan.quantity,
        "from_site": plan.from_site, "supplier": plan.supplier, "claims": claims,
    }  # fmt: skip
    return Entry(Part.PLAN, plan.id, plan.quantity, plan.due_day, None, detail)


def shrink(effect: Effect, desk: Desk, key: str, plan: Entry, quantity: int) -> None:
    """Leave `quantity` of a plan; what it needs shrinks with it, but for set-up, rounded so that it never takes too little."""
    effect.put(key, Entry(Part.PLAN, plan.ref, quantity, plan.day, None, plan.detail))
    for other, ref in (plan.detail or {}).get("claims", ()):
        claim = _standing(effect, desk, other, Part.CLAIM, ref)
        if claim is not None:
            setup = min(int((claim.detail or {}).get("setup", 0)), claim.quantity) if quantity else 0
            rest = setup - (-(claim.quantity - setup) * quantity // plan.quantity)
            effect.put(other, Entry(Part.CLAIM, ref, rest, claim.day, None, claim.detail))


def _standing(effect: Effect, desk: Desk, key: str, part: Part, ref: str) -> Entry | None:
    """What stands under part and ref after what the effect has put there so far; None when that is nothing."""
    for entry in reversed(effect.entries.get(key, ())):
        if (entry.part, entry.ref) == (part, ref):
            return entry if entry.quantity else None
    book = desk.fork(key)
    return None if book is None else book.find(part, ref)


def replace_plans(effect: Effect, desk: Desk, book: Book, kind: str, increase: int, named: Sequence[str] | None) -> None:
    """A real order replaces plans: those that it names, then, unless it names none on purpose, the earliest due of its kind.

    Several orders may do so in one step: each finds what those before it have left.
    """
    key = book.key
    found = (_standing(effect, desk, key, Part.PLAN, plan.ref) for plan in book.of(Part.PLAN))
    standing = {plan.ref: plan for plan in found if plan is not None}
    order = [standing[ref] for ref in dict.fromkeys(named or ()) if ref in standing]
    if named is None or named:
        others = [plan for plan in standing.values() if plan not in order and (plan.detail or {}).get("kind") == kind]
        order += sorted(others, key=lambda plan: (plan.day or 0, plan.ref))
    for plan in order:
        taken = min(increase, plan.quantity)
        if taken > 0:
            shrink(effect, desk, key, plan, plan.quantity - taken)
            increase -= taken


@dataclass(slots=True, eq=False)
class ClosePlan(Change):
    """A planner gives a plan up, or has ordered it without saying so: it brings nothing any more, and needs nothing."""

    plan_id: str
    caller: str
    reason: str | None = None
    document: str | None = None

    def decide(self, desk: Desk) -> Effect:
        """A fact: what stood on the plan may be short afterwards."""
        key = desk.board.plans.get(self.plan_id)
        book = None if key is None else desk.fork(key)
        plan = None if book is None else book.find(Part.PLAN, self.plan_id)
        if key is None or plan is None:
            raise Refusal(404, {"code": "PLAN_NOT_FOUND", "detail": f"There is no open plan {self.plan_id}."})
        effect = Effect(cause=Cause("plan-closed", self.plan_id, self.caller, self.document))
        effect.dangers[key] = by_closed_plan(key, plan, self.document)
        shrink(effect, desk, key, plan, 0)
        effect.body = {**answers.plan(key, plan), "status": "closed", "reason": self.reason}
        return effect


def page_of_plans(
    board: Board, sku: str | None, site: str | None, order_id: str | None, due_to: date | None, limit: int, cursor: str | None
) -> dict[str, Any]:
    """Open plans in the order of their ids, a page after the cursor."""
    after = str(decode_cursor(cursor, str)[0] or "") if cursor else ""
    found: list[dict[str, Any]] = []
    for plan_id, key in sorted(board.plans.items()):
        book = board.books.get(key)
        plan = None if book is None else book.find(Part.PLAN, plan_id)
        if plan is None or book is None or plan_id <= after:
            continue
        if (
            (sku not in (None, book.sku))
            or (site not in (None, book.site))
            or (due_to is not None and (plan.day or 0) > due_to.toordinal())
        ):
            continue
        if order_id not in (None, (plan.detail or {}).get("order_id")):
            continue
        if len(found) == limit:
            return {"data": found, "next_cursor": encode_cursor([found[-1]["id"]])}
        found.append(answers.plan(key, plan))
    return {"data": found, "next_cursor": None}
