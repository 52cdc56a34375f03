"""What becomes of a hold: confirmed, released, extended, expired. A live hold is always confirmed; a dead one never."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from services.quote import events
from services.quote.answers import iso_instant
from services.quote.asks.quotes import OrderAsk, QuoteAsk
from services.quote.domain.balance import balance, permits
from services.quote.domain.entry import Entry, Part
from services.quote.handlers.as_held import as_it_stands
from services.quote.handlers.plans import end_returns, hold_plans, hold_returns, let_go, stand_plans
from services.quote.handlers.remake import outdated
from services.quote.handlers.take import claim_entry, confirm, numbers_of, order_of, reduced, refuse_taken
from services.quote.ledger import Change, Effect, Refusal
from services.quote.store.books import Cause
from services.quote.store.rows import DecisionRow, QuoteRow
from services.quote.version import CODE_VERSION
from shared.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.quote.ledger import Desk

ALLOWED = {
    "held": ["confirm", "release", "extend"],
    "expired": ["quote again"],
    "released": ["quote again"],
    "confirmed": ["amend or cancel the order"],
    "refused": ["quote again"],
}


def unknown_quote(quote_id: str) -> Refusal:
    """404."""
    return Refusal(404, {"code": "QUOTE_NOT_FOUND", "detail": f"There is no quote {quote_id}."})


def not_live(quote: QuoteRow, desk: Desk) -> Refusal:
    """409 for a hold whose life is over, with what may be done instead."""
    status = "expired" if quote.status == "held" and not quote.is_live(desk.now) else quote.status
    code = {
        "expired": "HOLD_EXPIRED", "released": "HOLD_RELEASED", "confirmed": "HOLD_CONFIRMED", "refused": "QUOTE_REFUSED"
    }.get(status, "NOT_A_HOLD")  # fmt: skip
    said = {
        "expired": f"The hold expired at {iso_instant(quote.expires_at) if quote.expires_at else 'its time'}; its quantity is free again.",
        "released": "The hold was released; its quantity is free again.",
        "confirmed": f"The hold has become order {quote.order_id}.",
        "refused": "Nothing is held: the quote was refused.",
    }.get(status, f"The quote is {status}.")
    body: dict[str, Any] = {"code": code, "detail": said, "quote_status": status, "allowed": ALLOWED.get(status, [])}
    if quote.order_id is not None:
        body["order_id"] = quote.order_id
    return Refusal(409, body)


@dataclass(slots=True, eq=False)
class ConfirmHold(Change):
    """Turn a live hold into an order: its claims stay what they are and lose their expiry. Lines not named are given back."""

    quote_id: str
    caller: str
    line_refs: frozenset[str] | None = None
    external_id: str | None = None
    source_system: str | None = None
    order_id: str = field(default_factory=lambda: new_id("ord"))
    decision_id: str = field(default_factory=lambda: new_id("dec"))

    @property
    def quote_ids(self) -> tuple[str, ...]:
        """The hold's row is locked before its books are."""
        return (self.quote_id,)

    def numbers(self, quotes: Mapping[str, QuoteRow]) -> tuple[tuple[str, str], ...]:
        """The number that the confirmation gives, or else the hold's."""
        quote = quotes.get(self.quote_id)
        asked = {} if quote is None else quote.request
        return numbers_of(self.external_id or asked.get("external_id"), self.source_system or asked.get("source_system"))

    def decide(self, desk: Desk) -> Effect:
        """No question to the books: what a live hold has, it has."""
        quote = desk.quotes.get(self.quote_id)
        if quote is None:
            raise unknown_quote(self.quote_id)
        if quote.status == "confirmed":
            return Effect(200, quote.answer)
        if not quote.is_live(desk.now):
            raise not_live(quote, desk)
        held = {claim.line_ref for claim in quote.claims}
        wanted = held if self.line_refs is None else set(self.line_refs)
        if missing := sorted(wanted - held):
            raise Refusal.of_place("UNKNOWN_LINE", f"The hold has no line {', '.join(missing)}.", "/line_refs")
        ask = QuoteAsk.model_validate(quote.request).model_copy(
            update={name: value for name in ("external_id", "source_system") if (value := getattr(self, name)) is not None}
        )
        refuse_taken(desk, numbers_of(ask.external_id, ask.source_system))
        effect = Effect(cause=Cause("order-promised", self.decision_id, self.caller))
        for claim in quote.claims:
            kept = claim if claim.line_ref in wanted else replace(claim, quantity=0)
            effect.put(f"{claim.sku}|{claim.site}", claim_entry(kept, self.order_id, ask, None))
        standing = reduced(quote, wanted).plans
        end_returns(effect, [*quote.claims, *(claim for plan in standing for claim in plan.claims)], desk)
        stand_plans(effect, standing, self.order_id, desk.now)
        effect.remakes = outdated(desk.board, standing)
        let_go(effect, [plan for plan in quote.plans if plan not in standing], desk)
        answer = {
            **quote.answer, "status": "confirmed", "order_id": self.order_id, "expires_at": None,
            "lines": [line for line in quote.answer["lines"] if line["line_ref"] in wanted or self.line_refs is None],
        }  # fmt: skip
        answer = as_it_stands(answer, [claim for claim in quote.claims if claim.line_ref in wanted], standing, desk)
        confirmed = replace(
            reduced(quote, wanted), status="confirmed", order_id=self.order_id, expires_at=None, answer=answer,
            revision=quote.revision + 1, updated_at=desk.now,
        )  # fmt: skip
        effect.body = answer
        effect.quotes.append(confirmed)
        effect.decisions.append(
            DecisionRow(
                self.decision_id, desk.now, "hold-confirmed", quote.id, self.order_id, {"confirm": quote.id, "line_refs": sorted(wanted)},
                desk.versions(effect.entries), {"order_id": self.order_id}, CODE_VERSION,
            )
        )  # fmt: skip
        order_ask = OrderAsk.model_validate(ask.model_dump(exclude={"mode", "ttl_seconds"}))
        confirm(effect, order_of(confirmed, order_ask, self.order_id, desk.now), desk.now, self.caller, self.decision_id)
        return effect


@dataclass(slots=True, eq=False)
class Release(Change):
    """Give a hold back at once. Released twice is released."""

    quote_id: str
    caller: str
    reason: str | None = None

    @property
    def quote_ids(self) -> tuple[str, ...]:
        """The hold's row is locked before its books are."""
        return (self.quote_id,)

    def decide(self, desk: Desk) -> Effect:
        """Take the claims out."""
        quote = desk.quotes.get(self.quote_id)
        if quote is None:
            raise unknown_quote(self.quote_id)
        if quote.status == "released":
            return Effect(200, quote.answer)
        if not quote.is_live(desk.now):
            raise not_live(quote, desk)
        return _ended(quote, "released", "hold-released", desk, actor=self.caller, reason=self.reason)


@dataclass(slots=True, eq=False)
class Expire(Change):
    """Announce a hold whose time is over; that it no longer counts needed nobody's announcement."""

    quote_id: str

    @property
    def quote_ids(self) -> tuple[str, ...]:
        """The hold's row is locked before its books are."""
        return (self.quote_id,)

    def decide(self, desk: Desk) -> Effect:
        """Nothing, if it was confirmed, released or extended meanwhile."""
        quote = desk.quotes.get(self.quote_id)
        if quote is None or quote.status != "held" or quote.is_live(desk.now):
            return Effect(200)
        return _ended(quote, "expired", "hold-expired", desk)


def _ended(quote: QuoteRow, status: str, said: str, desk: Desk, *, actor: str | None = None, reason: str | None = None) -> Effect:
    answer = {**quote.answer, "status": status}
    ended = replace(quote, status=status, answer=answer, claims=(), plans=(), revision=quote.revision + 1, updated_at=desk.now)
    effect = Effect(200, answer, cause=Cause(said, quote.id, actor), quotes=[ended])
    for claim in quote.claims:
        key = f"{claim.sku}|{claim.site}"
        book = desk.fork(key)
        if book is not None and book.find(Part.CLAIM, claim.ref) is not None:  # an expired one may be written out already
            effect.put(key, Entry(Part.CLAIM, claim.ref, 0, claim.day, None, {"owner": quote.id}))
    end_returns(effect, quote.claims, desk)
    let_go(effect, quote.plans, desk)
    effect.events.append(events.hold(said, ended, desk.now, reason=reason, actor=actor))
    return effect


@dataclass(slots=True, eq=False)
class Extend(Change):
    """A new expiry for a live hold, counted from now."""

    quote_id: str
    caller: str
    ttl_seconds: int

    @property
    def quote_ids(self) -> tuple[str, ...]:
        """The hold's row is locked before its books are."""
        return (self.quote_id,)

    def decide(self, desk: Desk) -> Effect:
        """The same claims with another expiry, unless what was taken early would then come back too late for others."""
        quote = desk.quotes.get(self.quote_id)
        if quote is None:
            raise unknown_quote(self.quote_id)
        if not quote.is_live(desk.now):
            raise not_live(quote, desk)
        ask = QuoteAsk.model_validate(quote.request)
        expires_at = desk.now + timedelta(seconds=self.ttl_seconds)
        answer = {**quote.answer, "expires_at": iso_instant(expires_at)}
        extended = replace(quote, expires_at=expires_at, answer=answer, revision=quote.revision + 1, updated_at=desk.now)
        effect = Effect(200, answer, cause=Cause("quote-held", quote.id, self.caller), quotes=[extended])
        for claim in quote.claims:
            effect.put(f"{claim.sku}|{claim.site}", claim_entry(claim, quote.id, ask, expires_at))
        hold_returns(effect, quote.claims, quote.plans, desk, quote.id, expires_at)
        hold_plans(effect, quote.plans, desk, quote.id, expires_at)
        _refuse_late_returns(effect, quote, desk)
        effect.events.append(events.hold("quote-held", extended, desk.now, reason="extended", actor=self.caller))
        return effect


def _refuse_late_returns(effect: Effect, quote: QuoteRow, desk: Desk) -> None:
    """Refuse (409) a new expiry by which plans may come too late for those whose stock the hold has taken early."""
    borrowed = [f"{one.sku}|{one.site}" for one in quote.claims if one.returns]
    borrowed += [f"{one.sku}|{one.site}" for plan in quote.plans for one in plan.claims if one.returns]
    for key in sorted(set(borrowed)):
        book = desk.fork(key)
        if book is None:
            continue
        extended = book.fork()
        extended.apply(effect.entries.get(key, ()), book.version + 1, desk.now)
        today, rules = desk.today(book.site), desk.rules(book.sku, book.site)
        if not permits(balance(book, today, desk.now, rules), balance(extended, today, desk.now, rules)):
            detail = (
                f"It has taken {book.sku} at {book.site} that is promised for later and would be replaced too late if it were confirmed "
                "only then."
            )
            raise Refusal(409, {"code": "HELD_TOO_LONG", "detail": detail, "allowed": ["confirm", "release", "extend by less"]})
