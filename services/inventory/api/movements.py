"""Movements: what has happened to stock, told in any order, up to a thousand at once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Header, Path, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict

from services.inventory import store
from services.inventory.api.fields import SiteFilter, SkuFilter
from services.inventory.api.reach import Reader, Writer, answers, change
from services.inventory.asks import MovementBody, MovementsBody, Text, Unreadable
from services.inventory.domain.movement import Note, Type
from services.inventory.handlers.move import Outcome, asked_of, book_movements
from shared.contracts.base import Instant, Quantity
from shared.database import Database, Session
from shared.idempotency import once
from shared.paging import Cursor, Limit, Page, decode_cursor, encode_cursor
from shared.problems import FieldError, Problem, not_found
from shared.quantities import Code

router = APIRouter(prefix="/v1")

MALFORMED = "MALFORMED_MOVEMENT"


class ElementError(BaseModel):
    """Where in the body, and what."""

    pointer: str
    code: str
    message: str


class PositionAfter(BaseModel):
    """What a position held after the movement."""

    sku: str
    site: str
    on_hand: Quantity
    blocked: Quantity
    revision: int


class MovementResult(BaseModel):
    """What became of one movement."""

    movement_id: str | None
    outcome: Literal["booked", "refused"]
    replayed: bool = False
    """It was booked before; this is its first outcome."""
    notes: list[Note] | None = None
    positions: list[PositionAfter] | None = None
    status: int | None = None
    code: str | None = None
    errors: list[ElementError] | None = None


class MovementResults(BaseModel):
    """One result per movement, in the order of the request. Refused ones are counted first of all: none hides."""

    booked: int
    refused: int
    results: list[MovementResult]
    replayed: bool = False


class MovementView(BaseModel):
    """A movement as it was booked."""

    model_config = ConfigDict(frozen=True)

    movement_id: str
    type: Type
    site: str
    sku: str
    quantity: Quantity
    to_site: str | None
    reason: str
    document: str
    receipt_id: str | None
    order_id: str | None
    line_ref: str | None
    closes: bool
    occurred_at: Instant
    booked_at: Instant
    booked_by: str
    notes: list[Note]


_BODY = {
    "movements": [
        {"movement_id": "WMS-1001", "type": "arrival", "site": "HAM", "sku": "SKU-77", "quantity": 30, "receipt_id": "PO-552",
         "reason": "goods in", "document": "DN-9", "occurred_at": "2026-11-21T10:41:00Z"},
        {"movement_id": "WMS-1002", "type": "issue", "site": "HAM", "sku": "SKU-77", "quantity": 5, "order_id": "ord_01J",
         "line_ref": "10", "reason": "shipped", "document": "DN-10"},
    ]
}  # fmt: skip
_POSITION = {"sku": "SKU-77", "site": "HAM", "on_hand": 150, "blocked": 0, "revision": 8}
_RESULTS = {
    "booked": 1, "refused": 1, "replayed": False,
    "results": [
        {"movement_id": "WMS-1001", "outcome": "booked", "replayed": False, "notes": [], "positions": [_POSITION]},
        {"movement_id": "WMS-1002", "outcome": "refused", "replayed": False, "status": 422, "code": "TOO_MANY_DECIMALS",
         "errors": [{"pointer": "/movements/1/quantity", "code": "TOO_MANY_DECIMALS", "message": "SKU-77 is counted with 0 decimals"}]},
    ],
}  # fmt: skip
_MOVEMENT = {
    **_BODY["movements"][0], "to_site": None, "order_id": None, "line_ref": None, "closes": False, "booked_at": "2026-11-21T10:42:07Z",
    "booked_by": "wms", "notes": [],
}  # fmt: skip


@router.post("/movements", response_model=MovementResults, response_model_exclude_none=True, responses=answers(_RESULTS))
async def post_movements(
    request: Request,
    caller: Writer,
    body: Annotated[MovementsBody, Body(examples=[_BODY])],
    idempotency_key: Annotated[str | None, Header(max_length=255)] = None,
) -> Response:
    """Book 1 to 1000 movements, in order, each with its own result. When none can be booked, the answer is 422 with every reason.

    A movement is a fact: it is never refused because of its order, an unknown reference, or too little stock.
    """
    elements: Sequence[MovementBody | Unreadable] = body.movements
    asked = [asked_of(element.movement()) for element in elements if isinstance(element, MovementBody)]
    key = idempotency_key or body.idempotency_key
    raw = await request.body() if key else b""

    async def work(session: Session) -> tuple[int, dict[str, Any]]:
        async def booking() -> tuple[int, dict[str, Any]]:
            return 200, _answer(elements, await book_movements(session, asked, caller.id))

        return await once(session, caller.id, key, "POST", request.url.path, raw, booking)

    status, answer = await change(request, work)
    return JSONResponse(answer, status)


@router.get("/movements/{movement_id:path}", responses=answers(_MOVEMENT))
async def get_movement(request: Request, caller: Reader, movement_id: Annotated[Code, Path()]) -> MovementView:
    """Read a movement."""
    database: Database = request.app.state.database
    async with database.read() as session:
        found = await store.find_movement(session, movement_id)
    if found is None:
        raise not_found("UNKNOWN_MOVEMENT", f"No movement {movement_id!r} was ever booked.")
    return _view(found[1])


@router.get("/movements", responses=answers({"data": [_MOVEMENT], "next_cursor": None}))
async def list_movements(
    request: Request,
    caller: Reader,
    sku: SkuFilter = None,
    site: SiteFilter = None,
    type: Annotated[Type | None, Query()] = None,  # noqa: A002 -- the public word
    receipt_id: Annotated[Code | None, Query()] = None,
    order_id: Annotated[Code | None, Query()] = None,
    document: Annotated[Text | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[MovementView]:
    """List movements, the last one booked first."""
    before = decode_cursor(cursor, int)[0] if cursor else None
    database: Database = request.app.state.database
    async with database.read() as session:
        rows = await store.list_movements(
            session,
            before=before if isinstance(before, int) else None,
            limit=limit + 1,
            sku=sku,
            site=site,
            type=type,
            receipt_id=receipt_id,
            order_id=order_id,
            document=document,
        )
    more = encode_cursor([rows[limit - 1][0]]) if len(rows) > limit else None
    return Page(data=[_view(row) for _, row in rows[:limit]], next_cursor=more)


def _answer(elements: Sequence[MovementBody | Unreadable], outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """One result per element. Raises 422 when nothing was booked: then nothing is kept under the caller's key either."""
    decided = iter(outcomes)
    results = [
        _unreadable(element, place) if isinstance(element, Unreadable) else _placed(next(decided).as_json(), place)
        for place, element in enumerate(elements)
    ]
    booked = sum(result["outcome"] == "booked" for result in results)
    if not booked:
        raise _nothing_booked(results)
    return {"booked": booked, "refused": len(results) - booked, "replayed": False, "results": results}


def _placed(result: dict[str, Any], place: int) -> dict[str, Any]:
    """The result with its pointers leading from the whole body."""
    if "errors" not in result:
        return result
    return {**result, "errors": [{**error, "pointer": f"/movements/{place}{error['pointer']}"} for error in result["errors"]]}


def _unreadable(element: Unreadable, place: int) -> dict[str, Any]:
    errors = [error.as_dict() for error in element.errors]
    result = {
        "movement_id": element.movement_id,
        "outcome": "refused",
        "replayed": False,
        "status": 422,
        "code": MALFORMED,
        "errors": errors,
    }
    return _placed(result, place)


def _nothing_booked(results: Sequence[Mapping[str, Any]]) -> Problem:
    errors = [FieldError(error["pointer"], error["code"], error["message"]) for result in results for error in result["errors"]]
    code = results[0]["code"] if len({result["code"] for result in results}) == 1 else "NOTHING_BOOKED"
    detail = f"{errors[0].pointer}: {errors[0].message}" + (f" (and {len(errors) - 1} more)" if len(errors) > 1 else "")
    return Problem(422, code, detail, errors=errors, extra={"booked": 0, "refused": len(results), "results": list(results)})


def _view(row: store.MovementRow) -> MovementView:
    movement = row.movement
    occurred_at: datetime = row.occurred_at
    return MovementView(
        movement_id=movement.movement_id,
        type=movement.type,
        site=movement.site,
        sku=movement.sku,
        quantity=movement.quantity,
        to_site=movement.to_site,
        reason=movement.reason,
        document=movement.document,
        receipt_id=movement.receipt_id,
        order_id=movement.order_id,
        line_ref=movement.line_ref,
        closes=movement.closes,
        occurred_at=occurred_at,
        booked_at=row.booked_at,
        booked_by=row.caller,
        notes=row.outcome["notes"],
    )
