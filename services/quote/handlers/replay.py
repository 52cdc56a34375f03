"""Replay: a decision of the log is made again on what it was made on, and whatever comes out otherwise is shown.

The same code decides as decided then, on a board of then: the request, the instant, the versions of the books that were
read, master data as it was seen, and, where an order was changed, the order. So on one code version nothing may differ.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from services.quote.answers import iso_instant
from services.quote.asks.orders import AmendAsk
from services.quote.asks.quotes import OrderAsk, QuoteAsk
from services.quote.domain.entry import Part
from services.quote.handlers.change_order import Amend
from services.quote.handlers.hold import ConfirmHold
from services.quote.handlers.inquire import answered
from services.quote.handlers.past import board_as_it_was
from services.quote.handlers.repromise.again import simulated_at, work_out_again
from services.quote.handlers.take import Take
from services.quote.ledger import Desk, Refusal
from services.quote.store import documents
from services.quote.version import CODE_VERSION
from shared.problems import conflict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.quote.board import Board
    from services.quote.decision_log import DecisionLog
    from services.quote.ledger import Change
    from services.quote.store.pool import Pool
    from services.quote.store.rows import OrderRow, QuoteRow

Json = dict[str, Any]
MOST_DIFFERENCES = 100
NOT_DECIDED = frozenset(("inputs", "request_id", "replayed"))
"""What stands in an answer beside what was decided: how old the news was, and whose call it was."""


async def replay(board: Board, pool: Pool, log: DecisionLog, decision_id: str) -> Json | None:
    """Whether the decision comes out the same, and else what is otherwise; None when there is no such decision.

    Raises a 409 Problem for a kind of decision that nothing was computed for.
    """
    found = await log.find_decision(decision_id)
    if found is None:
        return None
    basis = found["basis"] or {}
    simulated = simulated_at(basis)
    past = await board_as_it_was(board, pool, found["versions"], simulated or found["at"], basis)
    quote = None
    if found["kind"] == "hold-confirmed":
        async with pool.connection() as connection:
            quote = (await documents.find_quotes(connection, [found["quote_id"]], lock=False)).get(found["quote_id"])
    if simulated is None:
        again = _decided_again(past, found, basis, quote)
    else:
        again = await work_out_again(past, simulated, basis, found["result"])
    old, new = _plain(found["result"]), _plain(again)
    _call_plans_as_before(old, new)
    differences = list(_differences(old, new, ""))
    return {
        "decision_id": decision_id,
        "kind": found["kind"],
        "same": not differences,
        "differences": differences[:MOST_DIFFERENCES],
        "at": iso_instant(found["at"]),
        "versions": found["versions"],
        "master_data": "as_seen" if "seen" in basis else "as_of",
        "code_version": {"then": found["code_version"], "now": CODE_VERSION},
    }


def _decided_again(past: Board, found: Json, basis: Json, quote: QuoteRow | None) -> Json:
    kind, request, result = found["kind"], found["request"], found["result"]
    if kind == "quote-answered":
        again, _ = answered(
            past, QuoteAsk.model_validate(request), found["at"], found["quote_id"], found["id"], result.get("request_id")
        )  # fmt: skip
        return again
    quotes: dict[str, QuoteRow] = {}
    orders: dict[str, OrderRow] = {}
    change: Change
    if kind in ("quote-held", "order-promised"):
        hold = QuoteAsk.model_validate(request) if kind == "quote-held" else None
        offered = basis.get("offered")
        change = Take(
            hold or OrderAsk.model_validate(request),
            caller="",
            request_id=result.get("request_id") or "",
            ttl_seconds=None if hold is None else hold.ttl_seconds,
            quote_id=found["quote_id"],
            order_id=found["order_id"] or "",
            decision_id=found["id"],
            confirms_inquiry=offered is not None,
            offered=None if offered is None else {ref: (last, quantity) for ref, (last, quantity) in offered.items()},
        )
    elif kind in ("order-amended", "amend-refused") and "order" in basis:
        order = documents.order_in(basis["order"])
        orders[order.id] = order
        change = Amend(order.id, AmendAsk.model_validate(request), caller="", decision_id=found["id"])
    elif kind == "hold-confirmed" and quote is not None:
        quotes[quote.id] = _as_held(past, quote)
        change = ConfirmHold(
            quote.id, caller="", line_refs=frozenset(request["line_refs"]), order_id=found["order_id"], decision_id=found["id"]
        )
    else:
        raise conflict("CANNOT_REPLAY", f"A decision of the kind {kind} was made on more than the log keeps of it.")
    try:
        effect = change.decide(Desk(past, found["at"], quotes, orders, None))
    except Refusal as refusal:
        return {"refused": refusal.body}
    return effect.decisions[-1].result if effect.decisions else effect.body


def _as_held(past: Board, quote: QuoteRow) -> QuoteRow:
    """A confirmed hold as it was before, by what its claims in the books say: none there, or expired, is no hold."""
    standing = [past.books[key].find(Part.CLAIM, claim.ref) for claim in quote.claims if (key := f"{claim.sku}|{claim.site}") in past.books]
    ends = [one.expires_at for one in standing if one is not None and one.expires_at is not None]
    return replace(quote, status="held", order_id=None, expires_at=min(ends, default=None))


def _plain(body: Any) -> Json:
    """As it is read from the log."""
    said: Json = orjson.loads(orjson.dumps(body))
    return {name: value for name, value in said.items() if name not in NOT_DECIDED}


def _call_plans_as_before(old: Json, new: Json) -> None:
    """A plan gets its id by chance: the plans of both are the same where they stand in the same place."""
    names = {
        one["plan_id"]: before["plan_id"]
        for before, one in zip(old.get("planned_supply", ()), new.get("planned_supply", ()), strict=False)
        if one["plan_id"] is not None
    }
    for one in new.get("planned_supply", ()):
        one["plan_id"] = names.get(one["plan_id"], one["plan_id"])
    for line in new.get("lines", ()):
        for peg in line["pegging"]:
            peg["ref"] = names.get(peg["ref"], peg["ref"])


def _differences(old: Any, new: Any, at: str) -> Iterator[Json]:
    """Every place where two answers differ, by its JSON pointer; what is missing on one side is null."""
    if isinstance(old, dict) and isinstance(new, dict):
        for name in [*old, *(name for name in new if name not in old)]:
            yield from _differences(old.get(name), new.get(name), f"{at}/{name.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(old, list) and isinstance(new, list):
        for n in range(max(len(old), len(new))):
            yield from _differences(old[n] if n < len(old) else None, new[n] if n < len(new) else None, f"{at}/{n}")
    elif old != new:
        yield {"what": at, "old": old, "new": new}
