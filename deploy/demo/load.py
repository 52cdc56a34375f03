"""How the sample company gets in: through the doors that everybody uses, once."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from deploy.demo.company import Company, body_of_orders, body_of_receipt, body_of_stock, read
from deploy.demo.doors import REFUSED, Doors, segment
from deploy.demo.urls import Urls

Say = Callable[[str], None]
AT_ONCE = 8


@dataclass(slots=True)
class Loaded:
    """What got in, and what the services refused."""

    company: Company
    today: date
    was_there: bool = False
    refused: list[str] = field(default_factory=list)
    order_ids: dict[str, str] = field(default_factory=dict)
    """Pledge's id of each imported order, by the id it has elsewhere."""


async def load(urls: Urls, key: str, say: Say) -> Loaded:
    """Load the furniture company as of today, unless inventory already has stock. Raises AwayError when a service stays away."""
    async with Doors(urls, key) as doors:
        return await load_through(doors, say)


async def load_through(doors: Doors, say: Say) -> Loaded:
    """The same through doors that are open already."""
    today = datetime.now(UTC).date()  # noqa: TID251 -- which day the sample data is moved to
    loaded = Loaded(read(today), today)
    company, inventory = loaded.company, f"{doors.urls.inventory}/v1"
    _, there = await doors.get(f"{inventory}/stock", limit=1)
    if there.get("data"):
        loaded.was_there = True
        say("The data is there already; the samples were not loaded again.")
        return loaded
    for hole in company.holes:
        say(f"sample data: {hole}")
    sites = [(f"sites/{segment(site)}", {"name": name or site, "time_zone": "UTC"}) for site, name in company.sites.items()]
    items = [(f"items/{segment(sku)}", {"name": name or sku, "uom": uom}) for sku, (name, uom) in company.items.items()]
    stock = [(f"stock/{segment(row.site)}/{segment(row.sku)}", body_of_stock(row)) for row in company.stock]
    receipts = [(f"receipts/{segment(row.receipt_id)}", body_of_receipt(row)) for row in company.receipts]
    for puts in (sites, items, stock, receipts):
        await _put_all(doors, loaded, inventory, puts)
    await _import_orders(doors, loaded)
    for refusal in loaded.refused:
        say(f"sample data: {refusal}")
    say(
        f"Loaded the furniture company as of today: {len(items)} items, {len(sites)} sites, {len(stock)} stock rows, "
        f"{len(receipts)} receipts, {len(company.orders)} open orders."
    )
    return loaded


async def _put_all(doors: Doors, loaded: Loaded, base: str, puts: list[tuple[str, dict[str, Any]]]) -> None:
    for start in range(0, len(puts), AT_ONCE):
        some = puts[start : start + AT_ONCE]
        for (path, _), (status, body) in zip(
            some, await asyncio.gather(*(doors.put(f"{base}/{path}", put) for path, put in some)), strict=True
        ):
            if status >= REFUSED:
                loaded.refused.append(f"{path}: {body.get('detail') or status}")


async def _import_orders(doors: Doors, loaded: Loaded) -> None:
    """Orders promised elsewhere, in one call; each is answered for itself."""
    body = body_of_orders(loaded.company.orders)
    status, answer = await doors.post(f"{doors.urls.quote}/v1/orders/import", body, f"furniture-{loaded.today.isoformat()}")
    if status >= REFUSED:
        loaded.refused.append(f"orders: {answer.get('detail') or status}")
        return
    for result in answer.get("data") or answer.get("orders") or ():
        external, order = result.get("external_id"), result.get("order_id") or result.get("id")
        if external and order:
            loaded.order_ids[external] = order
        else:
            loaded.refused.append(f"order {external}: {result.get('detail') or result.get('error') or result}")
