"""Taking: a hold, an order, or an inquiry that is turned into an order. Decided on the books, all or nothing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from services.quote import answers, events
from services.quote.domain.entry import Entry, Part
from services.quote.domain.shipment import order_status
from services.quote.handlers.demand import decide, is_acceptable, with_class
from services.quote.handlers.freshness import refuse_old_news
from services.quote.handlers.hoarding import refuse_hoarding
from services.quote.handlers.plans import hold_plans, hold_returns, plans_of, stand_plans
from services.quote.ledger import Change, Effect, Refusal
from services.quote.store.books import Cause
from services.quote.store.rows import ClaimRow, DecisionRow, DeliveryRow, HistoryRow, LineRow, OrderRow, QuoteRow
from services.quote.version import CODE_VERSION
from shared.contracts.base import from_micro
from shared.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from services.quote.asks.quotes import OrderAsk
    from services.quote.domain.answer import Decision
    from services.quote.ledger import Desk
    from services.quote.store.rows import PlanRow

CANNOT_PROMISE = "CANNOT_PROMISE"


@dataclass(slots=True, eq=False)
class Take(Change):
    """A hold (`ttl_seconds` given) or an order. With `quote_id`, the inquiry of that id becomes the order."""

    ask: OrderAsk
    caller: str
    request_id: str
    ttl_seconds: int | None = None
    quote_id: str = field(default_factory=lambda: new_id("quo"))
    order_id: str = field(default_factory=lambda: new_id("ord"))
    decision_id: str = field(default_factory=lambda: new_id("dec"))
    confirms_inquiry: bool = False
    offered: Mapping[str, tuple[str, float]] | None = None
    """Of an inquiry, by line: the last date and the quantity that it offered. What is worse by now is a new offer."""

    quota: int | None = None
    """How much of one item the caller may hold, in millionths; None: as much as there is."""

    @property
    def quote_ids(self) -> tuple[str, ...]:
        """An inquiry may have been confirmed before."""
        return (self.quote_id,) if self.confirms_inquiry else ()

    @property
    def hoarder(self) -> str | None:
        """The caller, where there is a quota."""
        return self.caller if self.quota is not None else None

    def numbers(self, quotes: Mapping[str, QuoteRow]) -> tuple[tuple[str, str], ...]:  # noqa: ARG002 -- the request says it
        """An order's, where it has one."""
        return () if self.ttl_seconds is not None else numbers_of(self.ask.external_id, self.ask.source_system)

    def decide(self, desk: Desk) -> Effect:
        """Promise on the desk's books; what cannot be promised is refused with the best offer there is."""
        if self.confirms_inquiry and (earlier := desk.quotes.get(self.quote_id)) is not None and earlier.status == "confirmed":
            return Effect(200, earlier.answer)
        refuse_taken(desk, self.numbers({}))
        ask = with_class(desk.board, self.ask)
        decision = decide(desk.board, ask, desk.now, desk, held_seconds=self.ttl_seconds)
        request = ask.model_dump(mode="json", exclude_defaults=True)
        accepted = is_acceptable(decision, allow_partial=self.ask.allow_partial) and self._keeps_the_offer(decision)
        if accepted:
            refuse_old_news(desk, decision)
        holding = self.ttl_seconds is not None
        status = ("held" if holding else "confirmed") if accepted else "refused"
        expires_at = desk.now + timedelta(seconds=self.ttl_seconds) if self.ttl_seconds is not None and accepted else None
        body = answers.quote(
            answers.decision(desk.board, decision, desk.now),
            quote_id=self.quote_id,
            status=status,
            mode="hold" if holding else "order",
            decision_id=self.decision_id,
            request_id=self.request_id,
            created_at=desk.now,
            expires_at=expires_at,
            order_id=self.order_id if accepted and not holding else None,
        )
        plans = plans_of(decision, desk.board) if accepted else ()
        name_plans(body, plans)
        effect = Effect(200, body, cause=Cause("quote-held" if holding else "order-promised", self.decision_id, self.caller))
        claims = tuple(_claims(self.quote_id, decision, plans)) if accepted else ()
        if self.quota is not None and holding:
            refuse_hoarding(desk, self.caller, self.quota, claims)
        quote = QuoteRow(
            self.quote_id, "hold" if holding else "order", status, self.caller, self.ask.customer, str(decision.outcome), decision.summary,
            request, body, claims, expires_at, body["order_id"], self.decision_id, 1, desk.now, desk.now, plans,
        )  # fmt: skip
        effect.decisions.append(
            DecisionRow(
                self.decision_id, desk.now, "quote-held" if holding else "order-promised", self.quote_id, body["order_id"], request,
                desk.versions(f"{sku}|{site}" for sku, site in decision.read), body, CODE_VERSION,
                {} if self.offered is None else {"offered": self.offered},
            )
        )  # fmt: skip
        if not accepted:
            effect.status = 409
            effect.body = {"code": CANNOT_PROMISE, "detail": decision.summary, "offer": body}
            if not self.confirms_inquiry:
                effect.quotes.append(quote)
            return effect
        effect.quotes.append(quote)
        owner = self.quote_id if holding else self.order_id
        for claim in claims:
            entry = claim_entry(claim, owner, ask, expires_at)
            if entry.quantity:
                effect.put(f"{claim.sku}|{claim.site}", entry)
        if expires_at is not None:
            hold_returns(effect, claims, plans, desk, owner, expires_at)
            hold_plans(effect, plans, desk, owner, expires_at)
            effect.events.append(events.hold("quote-held", quote, desk.now, actor=self.caller))
        else:
            stand_plans(effect, plans, self.order_id, desk.now)
            confirm(effect, order_of(quote, ask, self.order_id, desk.now), desk.now, self.caller, self.decision_id)
        return effect

    def _keeps_the_offer(self, decision: Decision) -> bool:
        """Whether nothing that was offered comes later by now, or less of it."""
        for line in decision.lines:
            last, quantity = (self.offered or {}).get(line.line_ref, ("", 0))
            if last and (line.promised_day is None or answers.iso_day(line.promised_day) > last):
                return False
            if from_micro(line.promised_quantity) < quantity:
                return False
        return True


def numbers_of(external_id: str | None, source_system: str | None) -> tuple[tuple[str, str], ...]:
    """The number of an order in its source system, if another system knows it by one."""
    return () if external_id is None else ((source_system or "", external_id),)


def refuse_taken(desk: Desk, numbers: Iterable[tuple[str, str]]) -> None:
    """Refuse (409) a number that another order has: whoever ships or asks by it must mean one order."""
    for source, number in numbers:
        if (holder := desk.numbers.get((source, number))) is not None:
            where = f" in {source}" if source else ""
            detail = f"Order {holder} has the number {number}{where} already."
            allowed = ["amend or cancel that order", "use another external_id"]
            raise Refusal(409, {"code": "EXTERNAL_ID_TAKEN", "detail": detail, "order_id": holder, "allowed": allowed})


def claim_entry(claim: ClaimRow, owner: str, ask: OrderAsk, expires_at: datetime | None) -> Entry:
    """The claim as it stands in its book; of a hold, without what its plans would bring."""
    detail = {
        "owner": owner,
        "line_ref": claim.line_ref,
        "customer": ask.customer,
        "demand_class": ask.demand_class,
        "priority": ask.priority,
    }
    quantity = claim.quantity if expires_at is None else claim.quantity - claim.planned
    return Entry(Part.CLAIM, claim.ref, quantity, claim.day, expires_at, detail)


def _claims(quote_id: str, decision: Decision, plans: Sequence[PlanRow]) -> Iterable[ClaimRow]:
    for line in decision.lines:
        for n, delivery in enumerate(line.deliveries):
            ref = f"{quote_id}/{line.line_ref}/{n}"
            sku = delivery.sku or line.sku
            returns = tuple((plans[number].id, quantity) for number, quantity in delivery.returns)
            yield ClaimRow(
                ref, line.line_ref, sku, delivery.site, delivery.quantity, delivery.pick_day, delivery.planned, delivery.ship_day, returns
            )


def order_of(quote: QuoteRow, ask: OrderAsk, order_id: str, at: datetime) -> OrderRow:
    """The order that a quote's promised lines become. A line that nothing was promised of is not in it."""
    asked = {line.line_ref or str(n + 1): line for n, line in enumerate(ask.lines)}
    claims: dict[str, list[ClaimRow]] = {}
    for claim in quote.claims:
        claims.setdefault(claim.line_ref, []).append(claim)
    lines = []
    for answered in quote.answer["lines"]:
        ref = answered["line_ref"]
        if ref not in claims:
            continue
        deliveries = tuple(
            DeliveryRow(
                claim.ref, claim.site, claim.quantity, claim.quantity, claim.day,
                date.fromisoformat(one["ship_date"]).toordinal(), date.fromisoformat(one["delivery_date"]).toordinal(), one.get("lane"),
                None if claim.sku == answered["sku"] else claim.sku,
            )
            for claim, one in zip(claims[ref], answered["deliveries"], strict=True)
        )  # fmt: skip
        promised = date.fromisoformat(answered["promised_date"])
        request = asked[ref].model_dump(mode="json", exclude_defaults=True)
        lines.append(
            LineRow(
                ref, answered["sku"], sum(one.quantity for one in deliveries), date.fromisoformat(answered["requested_date"]), promised,
                promised, None, 0, "confirmed", 0, {}, deliveries, request,
            )
        )  # fmt: skip
    return OrderRow(
        order_id, quote.id, ask.external_id, ask.source_system, ask.customer, ask.demand_class, ask.priority,
        order_status(line.status for line in lines), quote.caller, elsewhere=False, allow_partial=ask.allow_partial,
        ship_complete=ask.ship_complete, revision=1, created_at=at, updated_at=at, lines=tuple(lines), frozen=ask.frozen,
        policy=ask.policy, probability=ask.probability, deadline_ms=ask.deadline_ms,
    )  # fmt: skip


def confirm(effect: Effect, order: OrderRow, at: datetime, caller: str, decision_id: str) -> None:
    """Let the order stand, with the first page of its history, and say so."""
    effect.orders.append(order)
    effect.history.append(history_of(order, at, "order-promised", caller, decision_id=decision_id))
    effect.events.append(events.order("order-promised", order, at, actor=caller))


def history_of(
    order: OrderRow,
    at: datetime,
    kind: str,
    actor: str | None,
    *,
    reason: str | None = None,
    document: str | None = None,
    decision_id: str | None = None,
) -> HistoryRow:
    """What happened to an order, with its lines as they stood after."""
    lines: list[dict[str, Any]] = [answers.order_line(line) for line in order.lines]
    return HistoryRow(order.id, order.revision, at, kind, actor, reason, document, decision_id, lines)


def reduced(quote: QuoteRow, line_refs: set[str]) -> QuoteRow:
    """The same quote with the claims of these lines only, and the plans that they stand on."""
    return replace(
        quote,
        claims=tuple(claim for claim in quote.claims if claim.line_ref in line_refs),
        plans=tuple(plan for plan in quote.plans if line_refs & set(plan.line_refs)),
    )


def name_plans(body: dict[str, Any], plans: Sequence[PlanRow]) -> None:
    """Let the answer call planned supply by the ids that it has from now on."""
    for said, plan in zip(body["planned_supply"], plans, strict=bool(plans)):
        said["plan_id"] = plan.id
    for line in body["lines"]:
        for one in line["pegging"]:
            number = one.pop("planned", None)
            if number is not None and plans:
                one["ref"] = plans[number].id
