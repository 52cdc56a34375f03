"""Items and sites: what is promised, and from where."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Request

from services.inventory.api import defining
from services.inventory.api.fields import View
from services.inventory.api.reach import Reader, Writer, answers
from services.inventory.asks import ItemBody, SiteBody, SiteCode
from shared.contracts.base import Quantity
from shared.paging import Cursor, Limit, Page
from shared.quantities import Code

router = APIRouter(prefix="/v1")

ItemId = Annotated[Code, Path(description="The sku.")]
SiteId = Annotated[SiteCode, Path(description="The site's code.")]


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
