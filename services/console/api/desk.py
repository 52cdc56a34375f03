"""The quote desk: what can be promised, by when, why, and the buttons that take it."""

import json
import shlex
import uuid
from collections.abc import Awaitable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlsplit

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from services.console.api.rendering import Known, page
from services.console.gateway import Away, Refused
from services.console.handlers import Console, now
from shared.contracts.base import MAX_QUANTITY

router = APIRouter(include_in_schema=False)

HOLD_SECONDS = 900
FIELD_LENGTH_MAX = 200


def _from_here(request: Request) -> bool:
    """Whether a page of our own sent it: another site's form must not hold anything in our name."""
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


async def _fields(request: Request) -> dict[str, str]:
    """The form's fields, each without its outer blanks and not longer than a field may be."""
    sent = parse_qsl((await request.body()).decode(errors="replace"), max_num_fields=50)
    return {name: value.strip()[:FIELD_LENGTH_MAX] for name, value in sent}


FromHere = Annotated[bool, Depends(_from_here)]
Fields = Annotated[dict[str, str], Depends(_fields)]


@router.get("/desk")
async def show_desk(console: Known, sku: str = "", site: str = "", quantity: str = "") -> HTMLResponse:
    """The form, filled in as the link says."""
    board = console.board
    return page(
        "desk.html",
        here="desk",
        clock=board.clock,
        form={"sku": sku, "site": site, "quantity": quantity, "date": now().date().isoformat()},
        skus=sorted(board.names.items()),
        sites=sorted({pair.site for pair in board.pairs}),
    )


@router.post("/desk/answer")
async def answer(console: Known, from_here: FromHere, fields: Fields) -> HTMLResponse:
    """Ask, or hold: the answer as a fragment."""
    body = question(fields)
    if body is None:
        return page("parts/answer.html", **_said("Name an item and a quantity, and the date appears here."))
    if fields.get("mode") == "hold":
        if refusal := not_here(console, from_here=from_here):
            return page("parts/answer.html", **_said(refusal))
        body |= {"mode": "hold", "ttl_seconds": HOLD_SECONDS, "idempotency_key": f"desk-{uuid.uuid4()}"}
    return await _asked(console, console.gateway.quote(body), curl(console, body))


@router.post("/desk/{verb}")
async def act(console: Known, from_here: FromHere, verb: str, fields: Fields) -> HTMLResponse:
    """Confirm or release what the desk quoted."""
    if verb not in {"confirm", "release"}:
        return page("parts/answer.html", 404, **_said("There is no such button."))
    if refusal := not_here(console, from_here=from_here):
        return page("parts/answer.html", **_said(refusal))
    return await _asked(console, console.gateway.act(fields.get("quote_id", ""), verb, f"desk-{verb}-{fields.get('key', '')}"), "")


def question(fields: Mapping[str, str]) -> dict[str, Any] | None:
    """The body of `POST /v1/quotes` that the form stands for; None while it lacks an item or a quantity."""
    try:
        quantity = Decimal(fields.get("quantity", "").replace(",", "."))
    except InvalidOperation:
        return None
    if not fields.get("sku") or not quantity.is_finite() or quantity <= 0 or quantity.adjusted() > MAX_QUANTITY.adjusted():
        return None
    line: dict[str, Any] = {"sku": fields["sku"], "quantity": int(quantity) if quantity == quantity.to_integral_value() else str(quantity)}
    line |= {"requested_date": fields["date"]} if fields.get("date") else {}
    line |= {"ship_to": fields["ship_to"]} if fields.get("ship_to") else {}
    line |= {"sites": [fields["site"]]} if fields.get("site") else {}
    body: dict[str, Any] = {"mode": "inquiry", "lines": [line]}
    body |= {"customer": fields["customer"]} if fields.get("customer") else {}
    body |= {"allow_partial": True} if fields.get("partial") else {}
    return body


def curl(console: Console, body: dict[str, Any]) -> str:
    """The same question for a terminal."""
    return (
        f"curl -s {console.gateway.urls['quote']}/v1/quotes \\\n"
        '  -H "Authorization: Bearer $PLEDGE_API_KEY" \\\n  -H "Content-Type: application/json" \\\n'
        f"  -d {shlex.quote(json.dumps(body))}"
    )


def not_here(console: Console, *, from_here: bool) -> str | None:
    """Why a button does nothing here; None when it may."""
    if not from_here:
        return "This came from another site; nothing was taken."
    if not console.settings.may_commit:
        return "This console is open to the network, so its buttons only look. Hold and confirm with your own API key."
    return None


async def _asked(console: Console, asking: Awaitable[dict[str, Any]], command: str) -> HTMLResponse:
    try:
        found: dict[str, Any] | None = await asking
        said = ""
    except Refused as refused:
        found, said = refused.problem.get("offer"), refused.detail
    except Away as away:
        found, said = None, f"The {away.service} service {away.detail}. Try again in a moment."
    context = _said(said) | {"answer": found, "curl": command, "may_commit": console.settings.may_commit}
    return page("parts/answer.html", **context)


def _said(sentence: str) -> dict[str, Any]:
    return {"said": sentence, "answer": None, "curl": "", "may_commit": False, "key": uuid.uuid4().hex, "hold_seconds": HOLD_SECONDS}
