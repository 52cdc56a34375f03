"""Back orders: who would win and who would lose if promises were decided anew, and the button that lets it come true."""

import uuid
from collections.abc import Awaitable, Mapping
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from services.console.api.desk import FromHere, not_here
from services.console.api.rendering import Known, page
from services.console.gateway import Away, Refused
from services.console.handlers import Console

router = APIRouter(include_in_schema=False)

STRATEGIES = {
    "win": "must win its wanted date",
    "gain": "keeps what it has, may improve",
    "redistribute": "may improve or worsen",
    "fill": "keeps what it has, never improves",
    "lose": "gives way first",
}
FIELD_LENGTH_MAX = 4000
"""A list of orders is longer than a name."""


async def _fields(request: Request) -> dict[str, str]:
    sent = parse_qsl((await request.body()).decode(errors="replace"), max_num_fields=50)
    return {name: value.strip()[:FIELD_LENGTH_MAX] for name, value in sent}


Fields = Annotated[dict[str, str], Depends(_fields)]


@router.get("/backorders")
async def show_back_orders(console: Known, sku: str = "", site: str = "") -> HTMLResponse:
    """The form, filled in as the link says."""
    board = console.board
    return page(
        "backorders.html",
        here="backorders",
        clock=board.clock,
        form={"sku": sku, "site": site},
        skus=sorted(board.names.items()),
        sites=sorted({pair.site for pair in board.pairs}),
        strategies=STRATEGIES,
    )


@router.post("/backorders/simulate")
async def simulate(console: Known, from_here: FromHere, fields: Fields) -> HTMLResponse:
    """Work it out; nothing moves."""
    body = wish(fields)
    if body is None:
        return _shown(console, None, "Name an item, a site or orders, or choose what is at risk.")
    if refusal := not_here(console, from_here=from_here):
        return _shown(console, None, refusal)
    found, said = await _asked(console.gateway.repromise(body))
    return _shown(console, found, said)


@router.post("/backorders/apply")
async def let_it_come_true(console: Known, from_here: FromHere, fields: Fields) -> HTMLResponse:
    """Apply what was simulated; where that is refused, the simulation stays to be seen, with the reason above it."""
    if refusal := not_here(console, from_here=from_here):
        return _shown(console, None, refusal)
    repromise_id = fields.get("repromise_id", "")
    body: dict[str, Any] = {"approve": fields.get("approve") == "yes"}
    body |= {"reason": fields["reason"]} if fields.get("reason") else {}
    found, said = await _asked(console.gateway.apply_repromise(repromise_id, body, f"backorders-{fields.get('key', '')}"))
    if found is None and repromise_id:
        found, _ = await _asked(console.gateway.repromised(repromise_id))
    return _shown(console, found, said)


def wish(fields: Mapping[str, str]) -> dict[str, Any] | None:
    """The body of `POST /v1/repromise` that the form stands for; None while it names nothing."""
    scope: dict[str, Any] = {name: [fields[field]] for name, field in (("skus", "sku"), ("sites", "site")) if fields.get(field)}
    scope |= {"at_risk": True} if fields.get("at_risk") else {}
    orders = {one: strategy for strategy in ("lose", "win") for one in _names(fields.get(strategy, ""))}
    if not scope and orders:
        scope = {"orders": sorted(orders)}
    if not scope:
        return None
    strategies: dict[str, Any] = {"orders": orders} if orders else {}
    strategies |= {"default": fields["default"]} if fields.get("default") in STRATEGIES else {}
    return {"scope": scope} | ({"strategies": strategies} if strategies else {})


def _names(text: str) -> list[str]:
    """Orders, one a line or with commas between."""
    return [name for part in text.splitlines() for each in part.split(",") if (name := each.strip())]


async def _asked(asking: Awaitable[dict[str, Any]]) -> tuple[dict[str, Any] | None, str]:
    """The simulation, or why there is none."""
    try:
        return await asking, ""
    except Refused as refused:
        return None, refused.detail
    except Away as away:
        return None, f"The {away.service} service {away.detail}. Try again in a moment."


def _shown(console: Console, found: dict[str, Any] | None, said: str) -> HTMLResponse:
    return page("parts/repromise.html", found=found, said=said, may_commit=console.settings.may_commit, key=uuid.uuid4().hex)
