"""Lanes: how goods get from a site to a region, a customer or another site."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Request

from services.inventory.api import defining
from services.inventory.api.fields import View
from services.inventory.api.reach import Reader, Writer, answers
from services.inventory.asks import LaneBody
from shared.contracts.base import Quantity
from shared.paging import Cursor, Limit, Page
from shared.quantities import Code

router = APIRouter(prefix="/v1")

LaneId = Annotated[Code, Path(description="The lane's id.")]


class Lane(View):
    """A lane as it stands."""

    lane: str
    from_site: str
    to: str
    sku: str | None = None
    transit_days: int
    calendar: str | None = None
    cut_off_time: str | None = None
    minimum_quantity: Quantity | None = None
    multiple: Quantity | None = None
    cost: Quantity | None = None


_BODY = {"from_site": "HAM", "to": "DE-BY", "transit_days": 1, "cut_off_time": "15:00"}
_LANE = {
    "lane": "HAM-BY", "from_site": "HAM", "to": "DE-BY", "sku": None, "transit_days": 1, "calendar": None, "cut_off_time": "15:00",
    "minimum_quantity": None, "multiple": None, "cost": None, "external_id": None, "source_system": None, "revision": 1,
    "created_at": "2026-11-21T10:42:07Z", "updated_at": "2026-11-21T10:42:07Z",
}  # fmt: skip


@router.put("/lanes/{lane:path}", responses=answers(_LANE))
async def put_lane(request: Request, caller: Writer, lane: LaneId, body: Annotated[LaneBody, Body(examples=[_BODY])]) -> Lane:
    """Define a lane."""
    return await defining.put(request, "lane", lane, body, Lane)


@router.get("/lanes/{lane:path}", responses=answers(_LANE))
async def get_lane(request: Request, caller: Reader, lane: LaneId) -> Lane:
    """Read a lane."""
    return await defining.get(request, "lane", lane, Lane)


@router.get("/lanes", responses=answers({"data": [_LANE], "next_cursor": None}))
async def list_lanes(
    request: Request,
    caller: Reader,
    from_site: Annotated[Code | None, Query()] = None,
    to: Annotated[Code | None, Query()] = None,
    sku: Annotated[Code | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[Lane]:
    """List lanes by id."""
    return await defining.page(request, "lane", Lane, cursor, limit, {"from_site": from_site, "to": to, "sku": sku})
