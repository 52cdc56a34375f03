"""Stock: what is at each site, counted and asked for."""

from typing import Annotated, Literal

from fastapi import APIRouter, Body, Path, Request
from pydantic import ConfigDict

from services.inventory import events, store
from services.inventory.api.fields import SiteFilter, SkuFilter
from services.inventory.api.reach import Reader, Writer, answers, change, refusal
from services.inventory.asks import SiteCode, StockBody
from services.inventory.domain.position import Key
from services.inventory.domain.standing import Standing
from services.inventory.handlers.count import Count, Counted, count_stock
from services.inventory.handlers.tell import standings_of
from shared.contracts.base import Instant
from shared.contracts.inventory import Change, PositionState
from shared.database import Database
from shared.paging import Cursor, Limit, Page, decode_cursor, encode_cursor
from shared.problems import not_found
from shared.quantities import Code

router = APIRouter(prefix="/v1")


class Stock(PositionState):
    """A position as it stands, and what changed it last."""

    model_config = ConfigDict(extra="ignore")

    change: Change
    reason: str | None
    document: str | None
    changed_at: Instant
    created_at: Instant


class CountedStock(PositionState):
    """A position after a count."""

    model_config = ConfigDict(extra="ignore")

    outcome: Literal["booked", "unchanged", "counted_since"]
    """`counted_since`: a later count stands, so on hand is its figure."""


_BODY = {"on_hand": 120, "safety_stock": 10, "counted_at": "2026-11-21T10:40:00Z", "reason": "cycle count", "document": "CC-881"}
_STATE = {
    "sku": "SKU-77", "site": "HAM", "revision": 7, "on_hand": 120, "blocked": 0, "safety_stock": 10, "counted_at": "2026-11-21T10:40:00Z",
    "receipts": [{"receipt_id": "PO-552", "kind": "purchase_order", "quantity": 80, "arrived": 0, "open_quantity": 80,
                  "due_date": "2026-12-02", "supplier": "WOOD", "from_site": None, "document": "PO-552", "replaces": None, "load": []}],
    "requirements": [], "shipped": [],
}  # fmt: skip
_STOCK = {
    **_STATE, "change": {"kind": "counted", "quantity": 120, "movement_id": None, "receipt_id": None, "order_id": None, "line_ref": None},
    "reason": "cycle count", "document": "CC-881", "changed_at": "2026-11-21T10:40:00Z", "created_at": "2026-11-01T08:00:00Z",
}  # fmt: skip


@router.put("/stock/{site}/{sku:path}", responses=answers({**_STATE, "outcome": "booked"}))
async def put_stock(
    request: Request,
    caller: Writer,
    site: Annotated[SiteCode, Path()],
    sku: Annotated[Code, Path()],
    body: Annotated[StockBody, Body(examples=[_BODY])],
) -> CountedStock:
    """Set stock to what was counted. Movements that occurred at or after `counted_at` stay on top of it, whenever they become known."""
    asked = Count(Key(sku, site), body.on_hand, body.safety_stock, body.counted_at, body.reason, body.document)
    outcome = await change(request, lambda session: count_stock(session, asked, caller.id, body.expected_revision))
    if (problem := refusal(outcome)) is not None:
        raise problem
    assert isinstance(outcome, Counted)  # noqa: S101 -- the refusals are dealt with
    word = "counted_since" if outcome.counted_before else "booked" if outcome.changed else "unchanged"
    return CountedStock.model_validate({**_fields(outcome.standing), "outcome": word})


@router.get("/stock/{site}/{sku:path}", responses=answers(_STOCK))
async def get_stock(request: Request, caller: Reader, site: Annotated[SiteCode, Path()], sku: Annotated[Code, Path()]) -> Stock:
    """Read one position: stock, open receipts, requirements, shipments of open order lines."""
    database: Database = request.app.state.database
    async with database.read() as session:
        found = await store.find_position(session, Key(sku, site))
        standings = await standings_of(session, [found]) if found else []
    if found is None:
        raise not_found("UNKNOWN_POSITION", f"Nothing has ever happened to {sku!r} at {site!r}.")
    return _view(found, standings[0])


@router.get("/stock", responses=answers({"data": [_STOCK], "next_cursor": None}))
async def list_stock(
    request: Request, caller: Reader, sku: SkuFilter = None, site: SiteFilter = None, cursor: Cursor = None, limit: Limit = 100
) -> Page[Stock]:
    """List positions by sku and site."""
    after = str(decode_cursor(cursor, str)[0] or "") if cursor else ""
    database: Database = request.app.state.database
    async with database.read() as session:
        rows = await store.list_positions(session, after=after, limit=limit + 1, sku=sku, site=site)
        standings = await standings_of(session, rows[:limit])
    more = encode_cursor([rows[limit - 1].position.key.text]) if len(rows) > limit else None
    return Page(data=[_view(row, standing) for row, standing in zip(rows, standings, strict=False)], next_cursor=more)


def _fields(standing: Standing) -> dict[str, object]:
    return dict(events.state_of(standing))


def _view(remembered: store.Remembered, standing: Standing) -> Stock:
    return Stock.model_validate(
        {
            **_fields(standing),
            "change": remembered.change,
            "reason": remembered.reason,
            "document": remembered.document,
            "changed_at": remembered.changed_at,
            "created_at": remembered.created_at,
        }
    )
