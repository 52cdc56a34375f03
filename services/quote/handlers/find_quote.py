"""Finding what was answered: a quote with what became of it, its explanation, a decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.quote.answers import iso_instant
from services.quote.asks.quotes import ConfirmAsk, LineAsk, OrderAsk, QuoteAsk
from services.quote.handlers.as_held import as_it_stands
from services.quote.handlers.inquire import BoardShelf
from services.quote.store import documents
from services.quote.store.repromise import unpacked
from shared.paging import decode_cursor, encode_cursor
from shared.problems import FieldError, Problem, conflict, not_found, unprocessable

if TYPE_CHECKING:
    from services.quote.board import Board
    from services.quote.decision_log import DecisionLog
    from services.quote.store.pool import Pool
    from services.quote.store.rows import InquiryRow


@dataclass(slots=True, frozen=True)
class FoundQuote:
    """The answer as it stands now; `inquiry` when nothing was taken by it."""

    body: dict[str, Any]
    inquiry: InquiryRow | None


async def find_quote(pool: Pool, board: Board, decision_log: DecisionLog, quote_id: str) -> FoundQuote | None:
    """A hold, an order's quote, or a logged inquiry (waited for up to 1 s); None when there is none."""
    async with pool.connection() as connection:
        quote = (await documents.find_quotes(connection, [quote_id], lock=False)).get(quote_id)
    if quote is not None:
        now = board.now()
        if quote.is_live(now):
            return FoundQuote(as_it_stands(quote.answer, quote.claims, quote.plans, BoardShelf(board, now)), None)
        return FoundQuote({**quote.answer, "status": "expired" if quote.status == "held" else quote.status}, None)
    inquiry = await decision_log.find(quote_id)
    return None if inquiry is None else FoundQuote(inquiry.result, inquiry)


async def check_is_no_inquiry(pool: Pool, board: Board, decision_log: DecisionLog, quote_id: str) -> None:
    """Let a hold through, whatever became of it. Raises Problem: 404 for an unknown id, 409 for an inquiry, by which nothing is held."""
    found = await find_quote(pool, board, decision_log, quote_id)
    if found is None:
        raise not_found("QUOTE_NOT_FOUND", f"There is no quote {quote_id}.")
    if found.inquiry is not None:
        detail = "Nothing is held: the quote was an inquiry."
        raise conflict("NOT_A_HOLD", detail, quote_status=found.body["status"], allowed=["confirm", "quote again"])


async def list_quotes(pool: Pool, limit: int, cursor: str | None, status: str | None) -> dict[str, Any]:
    """Newest first, a line each."""
    before = None if cursor is None else str(decode_cursor(cursor, str)[0])
    async with pool.connection() as connection:
        rows = await documents.list_latest_quotes(connection, limit + 1, before, status)
    data = [
        {
            **row,
            "expires_at": None if row["expires_at"] is None else iso_instant(row["expires_at"]),
            "created_at": iso_instant(row["created_at"]),
        }
        for row in rows[:limit]
    ]
    return {"data": data, "next_cursor": encode_cursor([data[-1]["id"]]) if len(rows) > limit else None}


def explanation_of(body: dict[str, Any]) -> dict[str, Any]:
    """Why: the part of the answer that explains it."""
    kept = (
        "line_ref",
        "sku",
        "outcome",
        "requested_date",
        "promised_date",
        "slip_days",
        "limiting_step",
        "reasons",
        "pegging",
        "alternatives",
    )
    return {
        "id": body["id"],
        "decision_id": body["decision_id"],
        "outcome": body["outcome"],
        "summary": body["summary"],
        "lines": [{name: line[name] for name in kept} for line in body["lines"]],
        "inputs": body["inputs"],
    }


def as_order_ask(inquiry: InquiryRow, ask: ConfirmAsk) -> OrderAsk:
    """The inquiry as an order: whole, some lines of it, or one line by an alternative. Raises a 422 Problem."""
    asked = QuoteAsk.model_validate(inquiry.request)
    if asked.assume:
        detail = "The quote was answered on assumptions; ask again without them."
        raise Problem(409, "ONLY_ASSUMED", detail, extra={"allowed": ["quote again"]})
    lines = {line.line_ref or str(n + 1): line for n, line in enumerate(asked.lines)}
    refs = list(lines) if ask.line_refs is None else list(dict.fromkeys(ask.line_refs))
    if unknown := [ref for ref in refs if ref not in lines]:
        raise unprocessable(
            "UNKNOWN_LINE", f"The quote has no line {', '.join(unknown)}.", [FieldError("/line_refs", "unknown_line", "no such line")]
        )
    changes: dict[str, Any] = {"lines": [lines[ref].model_copy(update={"line_ref": ref}) for ref in refs]}
    if ask.alternative is not None:
        if len(refs) != 1:
            raise unprocessable("ALTERNATIVE_OF_WHICH_LINE", "Name in line_refs the one line whose alternative is wanted.")
        changes |= _by_alternative(inquiry, refs[0], ask.alternative, changes["lines"][0])
    for name in ("external_id", "source_system"):
        if (value := getattr(ask, name)) is not None:
            changes[name] = value
    order = {name: getattr(asked, name) for name in OrderAsk.model_fields if name != "idempotency_key"} | changes
    return OrderAsk.model_construct(**order)


def offered(inquiry: InquiryRow, ask: ConfirmAsk) -> dict[str, tuple[str, float]]:
    """By line, the last date and the quantity that were offered: worse than that nobody has agreed to."""
    found: dict[str, tuple[str, float]] = {}
    for line in inquiry.result["lines"]:
        deliveries = line["deliveries"]
        if ask.alternative is not None:
            deliveries = next((one["deliveries"] for one in line["alternatives"] if one["alternative"] == ask.alternative), [])
        if deliveries and (ask.line_refs is None or line["line_ref"] in ask.line_refs):
            last, quantity = max(one["delivery_date"] for one in deliveries), sum(one["quantity"] for one in deliveries)
            found[line["line_ref"]] = last, quantity
    return found


def _by_alternative(inquiry: InquiryRow, ref: str, wanted: str, line: LineAsk) -> dict[str, Any]:
    answered = next(one for one in inquiry.result["lines"] if one["line_ref"] == ref)
    found = next((one for one in answered["alternatives"] if one["alternative"] == wanted), None)
    if found is None:
        raise unprocessable(
            "UNKNOWN_ALTERNATIVE", f"Line {ref} has no alternative {wanted}.", [FieldError("/alternative", "unknown", "no such one")]
        )
    deliveries = found["deliveries"]
    if not deliveries:
        detail = f"{wanted} of line {ref} says what cannot serve it: {found['lost_because']}."
        raise unprocessable("EMPTY_ALTERNATIVE", detail, [FieldError("/alternative", "empty", "it delivers nothing")])
    sites = list(dict.fromkeys(delivery["site"] for delivery in deliveries))
    changes: dict[str, Any] = {"sites": sites or line.sites, "latest_acceptable_date": None}
    skus = {delivery.get("sku") for delivery in deliveries}
    if len(skus) == 1:  # all of it what was asked for, or all of it one thing instead: that is then what is ordered
        changes |= {"sku": skus.pop() or line.sku, "allow_substitutes": False}
    if found.get("supply") is not None:
        changes["supply"] = found["supply"]
    return {
        "allow_partial": len({(one["site"], one["ship_date"]) for one in deliveries}) > 1
        or sum(one["quantity"] for one in deliveries) < answered["requested_quantity"],
        "policy": "earliest",
        "ship_complete": False,
        "lines": [line.model_copy(update=changes)],
    }


async def find_decision(decision_log: DecisionLog, decision_id: str) -> dict[str, Any] | None:
    """A decision from the log, or None."""
    found = await decision_log.find_decision(decision_id)
    if found is None:
        return None
    return {**found, "at": iso_instant(found["at"]), "basis": found["basis"] and unpacked(found["basis"])}
