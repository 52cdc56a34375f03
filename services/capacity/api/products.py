"""Bills of material and routings: what goes into a product, and how it is made."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Request

from services.capacity.api import defining
from services.capacity.api.reach import CodeFilter, Reader, View, Writer, answers, change
from services.capacity.asks.products import BomAsk, RoutingAsk
from services.capacity.handlers.define import define_bom, define_routing
from services.capacity.handlers.refusals import UnknownComponents
from services.capacity.keeping import Hearing
from shared.contracts.capacity import SiteBom, SiteRouting
from shared.paging import Cursor, Limit, Page
from shared.problems import unavailable
from shared.quantities import Code

router = APIRouter(prefix="/v1")

Sku = Annotated[Code, Path(description="The product's sku.")]


class Bom(View):
    """Every bill of material of a product."""

    sku: str
    boms: tuple[SiteBom, ...]


class Routing(View):
    """Every routing of a product."""

    sku: str
    routings: tuple[SiteRouting, ...]


_BOM_BODY = {"components": [{"component": "CHAIR-LEG", "quantity_per": 4}, {"component": "SCREWS", "quantity_per": 4, "sequence": 10}]}
_BOM = {
    "sku": "CHAIR", "boms": [{"site": None, "components": [
        {"component": "CHAIR-LEG", "quantity_per": 4, "sequence": None, "alternates": []},
        {"component": "SCREWS", "quantity_per": 4, "sequence": 10, "alternates": []}]}],
    "external_id": None, "source_system": None, "revision": 1,
    "created_at": "2026-11-21T10:42:07Z", "updated_at": "2026-11-21T10:42:07Z",
}  # fmt: skip
_ROUTING_BODY = {
    "routings": [
        {
            "site": "FACTORY",
            "lot_minimum": 1,
            "operations": [
                {
                    "sequence": 10,
                    "name": "Assemble chair",
                    "minutes_per_unit": 60,
                    "resources": [{"resource": "ASSEMBLY-LINE"}, {"group": "OPERATORS"}],
                },
                {"sequence": 20, "name": "Dry", "fixed_minutes": 360},
            ],
        }
    ]
}
_ROUTING = {
    "sku": "CHAIR", "routings": [{"site": "FACTORY", "lot_minimum": 1, "lot_multiple": None, "priority": 0, "operations": [
        {"sequence": 10, "name": "Assemble chair", "setup_minutes": 0, "minutes_per_unit": 60, "fixed_minutes": 0, "may_spread": True,
         "resources": [{"resource": "ASSEMBLY-LINE", "group": None, "skill": None},
                       {"resource": None, "group": "OPERATORS", "skill": None}], "alternates": []},
        {"sequence": 20, "name": "Dry", "setup_minutes": 0, "minutes_per_unit": 0, "fixed_minutes": 360, "may_spread": True,
         "resources": [], "alternates": []}]}],
    "external_id": None, "source_system": None, "revision": 1,
    "created_at": "2026-11-21T10:42:07Z", "updated_at": "2026-11-21T10:42:07Z",
}  # fmt: skip


@router.put("/boms/{sku:path}", responses=answers(_BOM))
async def put_bom(request: Request, caller: Writer, sku: Sku, body: Annotated[BomAsk, Body(examples=[_BOM_BODY])]) -> Bom:
    """Define every bill of material of a product. Components are items that inventory has defined; none may contain the product.

    An item that was defined a moment ago is waited for, up to two seconds.
    """
    outcome = await change(request, lambda session: define_bom(session, sku, body))
    if isinstance(outcome, UnknownComponents):
        hearing: Hearing = request.app.state.hearing
        heard = await hearing.wait_for(outcome.skus)
        outcome = await change(request, lambda session: define_bom(session, sku, body))
        if isinstance(outcome, UnknownComponents) and not heard:
            unheard = ", ".join(sorted(outcome.skus)[:5])
            raise unavailable("ITEMS_NOT_HEARD", f"Inventory cannot be heard just now, so it is not known whether there is {unheard}.", 2)
    return defining.answer(outcome, Bom)


@router.get("/boms/{sku:path}", responses=answers(_BOM))
async def get_bom(request: Request, caller: Reader, sku: Sku) -> Bom:
    """Read the bills of material of a product."""
    return await defining.get(request, "bom", sku, Bom)


@router.get("/boms", responses=answers({"data": [_BOM], "next_cursor": None}))
async def list_boms(
    request: Request, caller: Reader, component: CodeFilter = None, site: CodeFilter = None, cursor: Cursor = None, limit: Limit = 100
) -> Page[Bom]:
    """List bills of material by sku; those with a component (where it is used), those of a site."""
    bill: dict[str, Any] = {}
    if component is not None:
        bill["components"] = [{"component": component}]
    if site is not None:
        bill["site"] = site
    return await defining.page(request, "bom", Bom, cursor, limit, {"boms": [bill] if bill else None})


@router.put("/routings/{sku:path}", responses=answers(_ROUTING))
async def put_routing(request: Request, caller: Writer, sku: Sku, body: Annotated[RoutingAsk, Body(examples=[_ROUTING_BODY])]) -> Routing:
    """Define every routing of a product. Its resources are defined before; a group is known when a resource names it."""
    return defining.answer(await change(request, lambda session: define_routing(session, sku, body)), Routing)


@router.get("/routings/{sku:path}", responses=answers(_ROUTING))
async def get_routing(request: Request, caller: Reader, sku: Sku) -> Routing:
    """Read the routings of a product."""
    return await defining.get(request, "routing", sku, Routing)


@router.get("/routings", responses=answers({"data": [_ROUTING], "next_cursor": None}))
async def list_routings(
    request: Request,
    caller: Reader,
    resource: CodeFilter = None,
    group: CodeFilter = None,
    site: CodeFilter = None,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Page[Routing]:
    """List routings by sku; those with an operation on a resource or a group (alternates aside), those of a site."""
    wanted = [{name: value} for name, value in (("resource", resource), ("group", group)) if value is not None]
    way: dict[str, Any] = {"operations": [{"resources": [each]} for each in wanted]} if wanted else {}
    if site is not None:
        way["site"] = site
    return await defining.page(request, "routing", Routing, cursor, limit, {"routings": [way] if way else None})
