"""How a simulation is answered: winners, losers and who is moved, with days, value and the reason; and what applying it writes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from services.quote import answers
from services.quote.domain.demandclass import Strategy
from services.quote.domain.entry import BUCKET, PERIOD, RESOURCE
from services.quote.domain.policy import StabilityBudget
from services.quote.domain.sentence import spoken_count, spoken_day, spoken_quantity
from services.quote.domain.standing import Outcome, Why
from services.quote.handlers.foresight import promised_day
from services.quote.handlers.repromise.move import moves_between
from services.quote.store.repromise import RepromiseRow
from shared.contracts.base import from_micro, micro_to_decimal
from shared.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from services.quote.domain.entry import Day
    from services.quote.handlers.foresight import OpenLine
    from services.quote.handlers.repromise.simulation import Group, Simulation
    from services.quote.store.rows import DeliveryRow, LineRow, PlanRow

    Causes = Mapping[str, Mapping[str, Any]]
    """By book, the record behind its shortage."""

Json = dict[str, Any]
BUDGET: Final = StabilityBudget(most_moves=3, most_days=30)
"""How often and how far a promise may move without a person's word, where no policy says it."""
_LOST: Final = frozenset((Why.GAVE_WAY, Why.SHORTAGE, Why.DELAYED))
_MADE: Final = {"production_order": "made", "purchase_order": "bought", "transfer_order": "moved"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one line."""

    one: OpenLine
    after: LineRow
    group: Group
    day: Day | None
    """None: no supply covers it."""
    why: Why
    outcome: Outcome
    """Whose book it found no room in."""
    plans: tuple[PlanRow, ...]

    @property
    def days(self) -> int | None:
        """How much later; less than 0: earlier."""
        return None if self.day is None else self.day - promised_day(self.one.line)

    @property
    def kind(self) -> str:
        """Where it is told."""
        if self.days is None or self.days > 0:
            return "losers"
        return "winners" if self.days < 0 or self.why is Why.REGAINED else "moved"

    @property
    def moves(self) -> bool:
        """Whether anything is written for it."""
        return self.after != self.one.line

    @property
    def deliveries(self) -> Sequence[DeliveryRow]:
        """What is open of it then, where it moves."""
        return [one for one in self.after.deliveries if one.open] if self.moves else ()


def row_of(simulation: Simulation, caller: str, request_id: str | None, causes: Causes, orders: str = "") -> RepromiseRow:
    """The simulation as it is answered and kept, with the `orders` that it was worked out on."""
    said: dict[str, list[Json]] = {"winners": [], "losers": [], "moved": []}
    reasons: dict[str, dict[str, str]] = defaultdict(dict)
    unchanged = 0
    for verdict in _verdicts(simulation):
        if verdict is None:
            unchanged += 1
            continue
        said[verdict.kind].append(_change(simulation, verdict, causes))
        if verdict.moves:
            reasons[verdict.one.order.id][verdict.one.line.line_ref] = str(verdict.why)
    moves = [
        move
        for order_id, lines in reasons.items()
        for move in moves_between(
            simulation.before[order_id], simulation.desk.orders[order_id], lines, simulation.plans.get(order_id, ())
        )
    ]  # fmt: skip
    versions = simulation.desk.bases()
    board, sight = simulation.board, simulation.sight
    missed = [_not_regained(simulation, *one) for one in _still_late(simulation)]
    body: Json = {
        "id": new_id("rep"), "status": "simulated", "created_at": answers.iso_instant(sight.now), "applied_at": None,
        "summary": _summary(said, unchanged, len(missed), simulation.unplanned), **said, "unchanged": unchanged, "not_regained": missed,
        "not_planned_for": simulation.unplanned,
        "values": _values(said), "needs_approval": any(one["needs_approval"] for each in said.values() for one in each),
        "books": [named(key) | {"version": version} for key, version in versions.items()],
        "request": simulation.scope.ask.model_dump(mode="json", exclude_defaults=True, exclude={"idempotency_key"}),
        "request_id": request_id, "replayed": False,
    }  # fmt: skip
    sites = {site for key in versions if (site := key.rsplit("|", 1)[1]) not in (RESOURCE, PERIOD, BUCKET)}
    days = {site: board.today(site, sight.now) for site in sorted(sites)}
    revisions = {order_id: simulation.before[order_id].revision for order_id in sorted(reasons)}
    basis = {**board.basis, "scope": simulation.scope.kept(), "orders": orders, "causes": dict(causes)}
    return RepromiseRow(body["id"], sight.now, caller, body, tuple(moves), versions, revisions, days, None, basis)


def _verdicts(simulation: Simulation) -> Iterator[Verdict | None]:
    """Line by line in the order of their rank; None for one that stays as it is."""
    for name, group in sorted(simulation.groups.items(), key=lambda each: each[1].standing.rank):
        if group.standing.strategy is None:
            continue
        first, last = simulation.first[name], simulation.last[name]
        for one in group.lines:
            after = simulation.desk.orders[one.order.id].line(one.line.line_ref) or one.line
            day = _day_of(last, one, after)
            if day is not None and after == one.line and group.is_met:
                yield None
                continue
            plans = tuple(plan for plan in simulation.plans.get(one.order.id, ()) if one.line.line_ref in plan.line_refs)
            why = _why(first, last, group, None if day is None else day - promised_day(one.line))
            yield Verdict(one, after, group, day, why, first if first.why is why else last, plans)


def _day_of(last: Outcome, one: OpenLine, after: LineRow) -> Day | None:
    """The day of a line then; None: no supply covers it, and it stays. What moves has the day it moves to, whoever takes its plan first."""
    return None if last.day is None and after == one.line else promised_day(after)


def _still_late(simulation: Simulation) -> Iterator[tuple[Group, OpenLine, Day | None]]:
    """The lines that must win and will be later than wanted all the same, with their day; None: no supply covers it."""
    for name, group in sorted(simulation.groups.items(), key=lambda each: each[1].standing.rank):
        for one in group.lines if group.standing.strategy is Strategy.WIN else ():
            after = simulation.desk.orders[one.order.id].line(one.line.line_ref) or one.line
            day = _day_of(simulation.last[name], one, after)
            if day is None or day > group.standing.requested_day:
                yield group, one, day


def _not_regained(simulation: Simulation, group: Group, one: OpenLine, day: Day | None) -> Json:
    key = simulation.last[group.standing.name].blocked
    sku, site, what = _place(key, one.line.sku, group)
    days = None if day is None else day - group.standing.requested_day
    late = "no known or planned supply covers it" if days is None else f"it will be delivered {spoken_count(days, 'day')} later than wanted"
    why = "no way delivers it earlier" if key is None and days is not None else f"{what} has no room for it earlier"
    reason = {"code": "NOT_REGAINED", "summary": f"it must win, but {late}: {why}", "ref": None}
    return {
        "order_id": one.order.id, "line_ref": one.line.line_ref, "external_id": one.order.external_id, "customer": one.order.customer,
        "sku": one.line.sku, "quantity": from_micro(sum(take.quantity for take in one.takes)),
        "requested_date": answers.iso_day(group.standing.requested_day), "promised_date": None if day is None else answers.iso_day(day),
        "days_late": days, "reason": reason | {"sku": sku, "site": site},
    }  # fmt: skip


def _place(key: str | None, own: str, group: Group) -> tuple[str, str | None, str]:
    """The sku and site of what is in the way, and how it is called: a book of goods, or what a class may take."""
    sku, site = (own, None) if key is None else key.rsplit("|", 1)
    if site == BUCKET:
        return own, None, f"what {group.standing.classes[0]} may take of {own} ({sku})"
    return sku, site, f"{sku} at {site}"


def _why(first: Outcome, last: Outcome, group: Group, days: int | None) -> Why:
    if days is None or days > 0:
        return next((each.why for each in (first, last) if each.why in _LOST), None) or Why.SHORTAGE
    if days < 0:
        return Why.IMPROVED
    return Why.MOVED_SITE if group.is_met else Why.REGAINED


def _change(simulation: Simulation, verdict: Verdict, causes: Causes) -> Json:
    order, line, day = verdict.one.order, verdict.one.line, verdict.day
    still_open = sum(take.quantity for take in verdict.one.takes)
    price = line.request.get("unit_price")
    return {
        "order_id": order.id, "line_ref": line.line_ref, "external_id": order.external_id, "customer": order.customer,
        "demand_class": simulation.sight.class_of(order).name, "priority": order.priority,
        "strategy": str(verdict.group.standing.strategy), "sku": line.sku, "quantity": from_micro(still_open),
        "requested_date": line.requested_date.isoformat(),
        "first_promised_date": None if line.first_promised_date is None else line.first_promised_date.isoformat(),
        "old_promised_date": None if line.promised_date is None else line.promised_date.isoformat(),
        "new_promised_date": None if day is None else answers.iso_day(day), "days": verdict.days,
        "unsupplied": day is None, "times_moved": line.times_moved,
        "value": None if price is None else round(float(Decimal(str(price)) * micro_to_decimal(still_open)), 6),
        "currency": line.request.get("currency"),
        "deliveries": [
            {"site": one.site, "quantity": from_micro(one.open), "ship_date": answers.iso_day(one.ship_day),
             "delivery_date": answers.iso_day(one.delivery_day), "sku": one.sku}
            for one in verdict.deliveries
        ],
        "planned_supply": [answers.planned_row(plan) for plan in verdict.plans],
        "reason": _reason(simulation, verdict, causes),
        "needs_approval": _needs_approval(simulation, verdict),
    }  # fmt: skip


def _needs_approval(simulation: Simulation, verdict: Verdict) -> bool:
    if not verdict.days:
        return False
    limits = simulation.scope.ask.limits
    for one in verdict.deliveries:
        settled = simulation.board.world.policies.of(one.sku or verdict.one.line.sku, one.site).stability or BUDGET
        budget = StabilityBudget(
            _less(settled.most_moves, None if limits is None else limits.most_moves),
            _less(settled.most_days, None if limits is None else limits.most_days),
        )
        if not budget.allows(verdict.one.line.times_moved, max(0, verdict.days)):
            return True
    return False


def _less(one: int | None, other: int | None) -> int | None:
    return min((each for each in (one, other) if each is not None), default=None)


def _reason(simulation: Simulation, verdict: Verdict, causes: Causes) -> Json:
    key, days = verdict.outcome.blocked, verdict.days
    sku, site, what = _place(key, verdict.one.line.sku, verdict.group)
    until = "no known supply covers it" if days is None else f"it can be delivered {spoken_count(abs(days), 'day')} later"
    behind = None if verdict.outcome.behind is None else simulation.groups[verdict.outcome.behind].lines[0].order
    ref: str | None = None
    if verdict.why is Why.GAVE_WAY:
        ref = None if behind is None else behind.id
        who = "whose strategy goes first" if behind is None else f"order {behind.external_id or behind.id}"
        said = f"{who} takes {what}: {until}" if behind is not None else f"{what} goes to those {who}: {until}"
    elif verdict.why is Why.SHORTAGE:
        cause = causes.get(key or "")
        ref = None if cause is None else cause["ref"]
        said = f"{what} does not cover it where it stands: {until}"
        if cause is not None:
            said = f"{said} ({cause['summary']})"
    elif verdict.why is Why.DELAYED:
        said = f"as it stands it would come late, its way takes longer now or its day has passed: {until}"
    else:
        said = {
            Why.REGAINED: f"it will be delivered as promised, on {spoken_day(promised_day(verdict.one.line))}",
            Why.MOVED_SITE: "it is kept another way, on the same day",
        }.get(verdict.why, f"it can be delivered {spoken_count(abs(days or 0), 'day')} earlier")
    if verdict.plans:
        said = f"{said}; {' and '.join(_spoken(plan) for plan in verdict.plans)}"
    return {"code": str(verdict.why), "summary": said, "ref": ref, "sku": sku, "site": site}


def _spoken(plan: PlanRow) -> str:
    return f"{spoken_quantity(plan.quantity)} {plan.sku} {_MADE[plan.kind]} for {plan.site} by {spoken_day(plan.due_day)}"


def named(key: str) -> Json:
    """A book, a resource, a supplier's terms or an allocation by the two parts of its name."""
    sku, site = key.rsplit("|", 1)
    return {"sku": sku, "site": site}


def _summary(said: Mapping[str, Sequence[Any]], unchanged: int, missed: int, unplanned: int) -> str:
    won, lost = spoken_count(len(said["winners"]), "promise"), spoken_count(len(said["losers"]), "promise")
    still = f" {spoken_count(missed, 'promise').capitalize()} that must win would stay later than wanted." if missed else ""
    more = f" For {spoken_count(unplanned, 'promise')} no new supply was looked for: there were too many." if unplanned else ""
    return f"{won} would win, {lost} would lose, {unchanged} would stay.{still}{more}"


def _values(said: Mapping[str, Sequence[Json]]) -> list[Json]:
    """What wins and loses is worth, by currency."""
    found: dict[str | None, dict[str, Decimal]] = {}
    for kind in ("winners", "losers"):
        for one in said[kind]:
            if one["value"] is not None:
                sums = found.setdefault(one["currency"], {"winners": Decimal(0), "losers": Decimal(0)})
                sums[kind] += Decimal(str(one["value"]))
    return [
        {"currency": currency, "winners": float(sums["winners"]), "losers": float(sums["losers"])}
        for currency, sums in sorted(found.items(), key=lambda each: each[0] or "")
    ]


def as_applied(answer: Json, applied_at: str, decision_id: str) -> Json:
    """The same once it has come true."""
    summary = answer["summary"].replace("would win", "won").replace("would lose", "lost").replace("would stay", "stayed")
    return {**answer, "status": "applied", "applied_at": applied_at, "decision_id": decision_id, "summary": summary}
