"""Items and sites: what is promised, and from where."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Request
from pydantic import Field

from services.inventory.api import defining
from services.inventory.api.fields import CutOff, Days, MasterBody, SiteCode, Text, TimeZone, View
from services.inventory.api.reach import Reader, Writer, answers
from shared.contracts.base import Quantity
from shared.paging import Cursor, Limit, Page
from shared.quantities import Code, NonNegativeQuantity, PositiveQuantity

router = APIRouter(prefix="/v1")

ItemId = Annotated[Code, Path(description="The sku.")]
SiteId = Annotated[SiteCode, Path(description="The site's code.")]


class ItemBody(MasterBody):
    """An item: how it is counted, how long it takes to get, what may stand in for it."""

    name: Text | None = None
    """By default the sku."""
    uom: Code = "EA"
    decimals: Annotated[int, Field(ge=0, le=6, description="Digits behind the point of its quantities; fixed once used.")] = 0
    lifecycle: Code = "active"
    dock_to_stock_days: Days = 0
    lead_time_days: Days | None = None
    atp_fence_days: Days | None = None
    promise_at_lead_time: bool = False
    lot_minimum: PositiveQuantity | None = None
    lot_multiple: PositiveQuantity | None = None
    substitutes: Annotated[tuple[Code, ...], Field(max_length=100)] = ()
    unit_cost: NonNegativeQuantity | None = None


class Item(View):
    """An item as it stands."""

    sku: str
    name: str
    uom: str
    decimals: int
    lifecycle: str
    dock_to_stock_days: int
    lead_time_days: int | None = None
    atp_fence_days: int | None = None
    promise_at_lead_time: bool
    lot_minimum: Quantity | None = None
    lot_multiple: Quantity | None = None
    substitutes: tuple[str, ...] = ()
    unit_cost: Quantity | None = None


class SiteBody(MasterBody):
    """A site: its clock, its calendar, how long picking takes. Without calendar and cut-off every day works."""

    name: Text | None = None
    """By default the site's code."""
    time_zone: TimeZone = "UTC"
    calendar: Code | None = None
    cut_off_time: CutOff | None = None
    pick_pack_days: Days = 0


class Site(View):
    """A site as it stands."""

    site: str
    name: str
    time_zone: str
    calendar: str | None = None
    cut_off_time: str | None = None
    pick_pack_days: int


_ITEM_BODY = {"name": "Oak chair", "uom": "EA", "decimals": 0, "dock_to_stock_days": 1, "lead_time_days": 14, "unit_cost": 45}
_ITEM = {
    "sku": "SKU-77", "name": "Oak chair", "uom": "EA", "decimals": 0, "lifecycle": "active", "dock_to_stock_days": 1, "lead_time_days": 14,
    "atp_fence_days": None, "promise_at_lead_time": False, "lot_minimum": None, "lot_multiple": None, "substitutes": [], "unit_cost": 45,
    "external_id": None, "source_system": None, "revision": 1, "created_at": "2026-11-21T10:42:07Z", "updated_at": "2026-11-21T10:42:07Z",
}  # fmt: skip
_SITE_BODY = {"name": "Hamburg", "time_zone": "Europe/Berlin", "cut_off_time": "14:00", "pick_pack_days": 1}
_SITE = {
    "site": "HAM", "name": "Hamburg", "time_zone": "Europe/Berlin", "calendar": None, "cut_off_time": "14:00", "pick_pack_days": 1,
    "external_id": None, "source_system": None, "revision": 1, "created_at": "2026-11-21T10:42:07Z", "updated_at": "2026-11-21T10:42:07Z",
}  # fmt: skip


@router.put("/items/{sku:path}", responses=answers(_ITEM))
async def put_item(request: Request, caller: Writer, sku: ItemId, body: Annotated[ItemBody, Body(examples=[_ITEM_BODY])]) -> Item:
    """Define an item. Its decimals are fixed once anything has been counted in them (409)."""
    return await defining.put(request, "item", sku, body, Item)


@router.get("/items/{sku:path}", responses=answers(_ITEM))
async def get_item(request: Request, caller: Reader, sku: ItemId) -> Item:
    """Read an item."""
    return await defining.get(request, "item", sku, Item)


@router.get("/items", responses=answers({"data": [_ITEM], "next_cursor": None}))
async def list_items(
    request: Request, caller: Reader, lifecycle: Annotated[Code | None, Query()] = None, cursor: Cursor = None, limit: Limit = 100
) -> Page[Item]:
    """List items by sku."""
    return await defining.page(request, "item", Item, cursor, limit, {"lifecycle": lifecycle})


@router.put("/sites/{site:path}", responses=answers(_SITE))
async def put_site(request: Request, caller: Writer, site: SiteId, body: Annotated[SiteBody, Body(examples=[_SITE_BODY])]) -> Site:
    """Define a site."""
    return await defining.put(request, "site", site, body, Site)


@router.get("/sites/{site:path}", responses=answers(_SITE))
async def get_site(request: Request, caller: Reader, site: SiteId) -> Site:
    """Read a site."""
    return await defining.get(request, "site", site, Site)


@router.get("/sites", responses=answers({"data": [_SITE], "next_cursor": None}))
async def list_sites(
    request: Request, caller: Reader, calendar: Annotated[Code | None, Query()] = None, cursor: Cursor = None, limit: Limit = 100
) -> Page[Site]:
    """List sites by code."""
    return await defining.page(request, "site", Site, cursor, limit, {"calendar": calendar})
