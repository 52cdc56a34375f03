"""Suppliers, and what each of them delivers on which terms."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Request

from services.inventory.api import defining
from services.inventory.api.fields import View
from services.inventory.api.reach import Reader, Writer, answers
from services.inventory.asks import SupplierBody, SupplierItemBody
from shared.contracts.base import Quantity
from shared.paging import Cursor, Limit, Page
from shared.quantities import Code

router = APIRouter(prefix="/v1")

SupplierId = Annotated[Code, Path(description="The supplier's id.")]
SupplierItemId = Annotated[Code, Path(description="The id of these terms.")]


class Supplier(View):
    """A supplier as it stands."""

    supplier: str
    name: str
    calendar: str | None = None


class SupplierItem(View):
    """These terms as they stand."""

    supplier_item: str
    sku: str
    site: str | None = None
    supplier: str
    lead_time_days: int
    minimum_quantity: Quantity | None = None
    multiple: Quantity | None = None
    capacity_quantity: Quantity | None = None
    capacity_period_days: int | None = None
    priority: int
    unit_cost: Quantity | None = None


_SUPPLIER_BODY = {"name": "Wood & Sons", "calendar": "WORKING-DAYS"}
_SUPPLIER = {
    "supplier": "WOOD", "name": "Wood & Sons", "calendar": "WORKING-DAYS", "external_id": None, "source_system": None, "revision": 1,
    "created_at": "2026-11-21T10:42:07Z", "updated_at": "2026-11-21T10:42:07Z",
}  # fmt: skip
_TERMS_BODY = {
    "sku": "BEAM",
    "site": "FACTORY",
    "supplier": "WOOD",
    "lead_time_days": 7,
    "minimum_quantity": 1,
    "multiple": 50,
    "priority": 1,
}
_TERMS = {
    "supplier_item": "BEAM-WOOD", "sku": "BEAM", "site": "FACTORY", "supplier": "WOOD", "lead_time_days": 7, "minimum_quantity": 1,
    "multiple": 50, "capacity_quantity": None, "capacity_period_days": None, "priority": 1, "unit_cost": None, "external_id": None,
    "source_system": None, "revision": 1, "created_at": "2026-11-21T10:42:07Z", "updated_at": "2026-11-21T10:42:07Z",
}  # fmt: skip


@router.put("/suppliers/{supplier:path}", responses=answers(_SUPPLIER))
async def put_supplier(
    request: Request, caller: Writer, supplier: SupplierId, body: Annotated[SupplierBody, Body(examples=[_SUPPLIER_BODY])]
) -> Supplier:
    """Define a supplier."""
    return await defining.put(request, "supplier", supplier, body, Supplier)


@router.get("/suppliers/{supplier:path}", responses=answers(_SUPPLIER))
async def get_supplier(request: Request, caller: Reader, supplier: SupplierId) -> Supplier:
    """Read a supplier."""
    return await defining.get(request, "supplier", supplier, Supplier)


@router.get("/suppliers", responses=answers({"data": [_SUPPLIER], "next_cursor": None}))
async def list_suppliers(
    request: Request, caller: Reader, calendar: Annotated[Code | None, Query()] = None, cursor: Cursor = None, limit: Limit = 100
) -> Page[Supplier]:
    """List suppliers by id."""
    return await defining.page(request, "supplier", Supplier, cursor, limit, {"calendar": calendar})


@router.put("/supplier-items/{supplier_item:path}", responses=answers(_TERMS))
async def put_supplier_item(
    request: Request, caller: Writer, supplier_item: SupplierItemId, body: Annotated[SupplierItemBody, Body(examples=[_TERMS_BODY])]
) -> SupplierItem:
    """Define the terms on which a supplier delivers a sku."""
    return await defining.put(request, "supplier-item", supplier_item, body, SupplierItem)


@router.get("/supplier-items/{supplier_item:path}", responses=answers(_TERMS))
async def get_supplier_item(request: Request, caller: Reader, supplier_item: SupplierItemId) -> SupplierItem:
    """Read the terms on which a supplier delivers a sku."""
    return await defining.get(request, "supplier-item", supplier_item, SupplierItem)


@router.get("/supplier-items", responses=answers({"data": [_TERMS], "next_cursor": None}))
async def list_supplier_items(
    request: Request,
    caller: Reader,
    sku: Annotated[Code | None, Query()] = None,
    site: Annotated[Code | None, Query()] = None,
    supplier: Annotated[Code | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[SupplierItem]:
    """List the terms of suppliers by id."""
    return await defining.page(request, "supplier-item", SupplierItem, cursor, limit, {"sku": sku, "site": site, "supplier": supplier})
