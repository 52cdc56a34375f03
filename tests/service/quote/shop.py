"""How tests talk to quote and inventory: a shop that asks for dates, and a warehouse that tells what there is."""

import asyncio
import itertools
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx

Json = dict[str, Any]
SITES = ("BER", "HAM", "MUC")
_numbers = itertools.count()


def a_name(kind: str) -> str:
    """A name that no other test uses."""
    return f"{kind}-{secrets.token_hex(3)}-{next(_numbers)}"


def today() -> date:
    """The civil date at the sites, which keep UTC."""
    return datetime.now(UTC).date()  # noqa: TID251 -- the caller's own calendar


def day(offset: int) -> str:
    """The date so many days from today."""
    return (today() + timedelta(days=offset)).isoformat()


def ok(answer: httpx.Response) -> Json:
    """The body of a call that must succeed."""
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def refused(answer: httpx.Response, status: int, code: str) -> Json:
    """The problem document of a call that must be refused in just this way."""
    found: Json = answer.json()
    assert (answer.status_code, found["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return found


def a_line(sku: str, quantity: float | str = 1, **more: object) -> Json:
    """A line of a request."""
    return {"sku": sku, "quantity": quantity, **more}


async def eventually(ask: Callable[[], Awaitable[Any]], within_seconds: float = 30.0, what: str = "it") -> Any:
    """Ask until the answer is true; return that answer. Fails after a while."""
    deadline = time.monotonic() + within_seconds
    while not (found := await ask()):
        assert time.monotonic() < deadline, f"{what} did not come true within {within_seconds:g} s"
        await asyncio.sleep(0.02)
    return found


@dataclass
class Shop:
    """The public doors of quote and inventory."""

    quote: httpx.AsyncClient
    inventory: httpx.AsyncClient

    # -- the warehouse

    async def open_sites(self) -> None:
        """Describe the sites; they keep UTC."""
        for site in SITES:
            ok(await self.inventory.put(f"/v1/sites/{site}", json={"name": site, "time_zone": "UTC"}))

    async def item(self, sku: str | None = None, **more: object) -> str:
        """Describe an item; nothing is said of its stock."""
        sku = sku or a_name("SKU")
        ok(await self.inventory.put(f"/v1/items/{sku}", json={"name": f"item {sku}", "uom": "EA", **more}))
        return sku

    async def stocked(
        self,
        on_hand: float = 0,
        coming: Mapping[int, float] | None = None,
        *,
        site: str = "HAM",
        safety_stock: float = 0,
        sku: str | None = None,
        decimals: int = 0,
    ) -> str:
        """A sku with stock and with receipts (day offset: quantity), as soon as quote knows of all of it."""
        if sku is None:
            sku = await self.item(decimals=decimals)
        for offset, quantity in (coming or {}).items():
            await self.order_supply(sku, quantity, offset, site)
        await self.count(sku, on_hand, site, safety_stock=safety_stock)
        await self.heard(sku, site)
        return sku

    async def count(self, sku: str, on_hand: float, site: str = "HAM", **more: object) -> None:
        """Set stock."""
        body = {"on_hand": on_hand, "reason": "count", "document": "COUNT-1", **more}
        ok(await self.inventory.put(f"/v1/stock/{site}/{sku}", json=body))

    async def order_supply(self, sku: str, quantity: float, offset: int, site: str = "HAM", receipt_id: str | None = None) -> str:
        """Define a purchase order that is due so many days from today."""
        receipt_id = receipt_id or a_name("PO")
        body = {"kind": "purchase_order", "site": site, "sku": sku, "quantity": quantity, "due_date": day(offset), "supplier": "WOOD"}
        ok(await self.inventory.put(f"/v1/receipts/{receipt_id}", json=body))
        return receipt_id

    async def move(self, kind: str, sku: str, quantity: float, site: str = "HAM", **more: object) -> None:
        """Book one movement."""
        movement = {
            "movement_id": a_name("WMS"), "type": kind, "site": site, "sku": sku, "quantity": quantity, "reason": kind, "document": "DN-1",
        }  # fmt: skip
        booked = ok(await self.inventory.post("/v1/movements", json={"movements": [movement | more]}))
        assert booked["booked"] == 1, booked

    async def ship(self, order: str, line_ref: str, sku: str, quantity: float, site: str = "HAM", **more: object) -> None:
        """Let goods leave for an order line."""
        await self.move("issue", sku, quantity, site, order_id=order, line_ref=line_ref, **more)

    async def heard(self, sku: str, site: str = "HAM") -> Json:
        """Wait until quote knows what inventory knows of a position; return the book."""

        async def same() -> Json | None:
            theirs = ok(await self.inventory.get(f"/v1/stock/{site}/{sku}"))
            answer = await self.quote.get("/v1/availability", params={"sku": sku, "site": site})
            if answer.status_code != 200:
                return None
            ours: Json = answer.json()
            coming = {(one["receipt_id"], one["quantity"]) for each in ours["days"] for one in each["receipts"]}
            wanted = {(one["receipt_id"], one["open_quantity"]) for one in theirs["receipts"] if one["open_quantity"]}
            figures = (ours["on_hand"], ours["safety_stock"], coming)
            known = figures == (theirs["on_hand"], theirs["safety_stock"], wanted) and await self.knows_item(sku)
            return ours if known else None

        found: Json = await eventually(same, what=f"the news of {sku} at {site}")
        return found

    async def knows_item(self, sku: str) -> bool:
        """Whether quote has heard of the item."""
        line = (await self.ask(a_line(sku)))["lines"][0]
        return all(reason["code"] not in ("UNKNOWN_SKU", "NO_SITE") for reason in line["reasons"])

    # -- the shop

    async def ask(self, *lines: Json, **more: object) -> Json:
        """An inquiry."""
        return ok(await self.quote.post("/v1/quotes", json={"lines": lines, **more}))

    async def hold(self, *lines: Json, ttl_seconds: int = 900, **more: object) -> Json:
        """A hold that must succeed."""
        return ok(await self.try_hold(*lines, ttl_seconds=ttl_seconds, **more))

    async def try_hold(self, *lines: Json, ttl_seconds: int = 900, **more: object) -> httpx.Response:
        """A hold."""
        return await self.quote.post("/v1/quotes", json={"mode": "hold", "ttl_seconds": ttl_seconds, "lines": lines, **more})

    async def order(self, *lines: Json, **more: object) -> Json:
        """An order that must succeed: the quote's answer."""
        return ok(await self.try_order(*lines, **more))

    async def try_order(self, *lines: Json, **more: object) -> httpx.Response:
        """An order."""
        return await self.quote.post("/v1/orders", json={"lines": lines, **more})

    async def told(self, *lines: Json, external_id: str | None = None, **more: object) -> Json:
        """An order promised elsewhere; the result of its import."""
        body = {"orders": [{"external_id": external_id or a_name("SAP"), "lines": lines, **more}]}
        found: Json = ok(await self.quote.post("/v1/orders/import", json=body))["data"][0]
        return found

    async def read(self, order_id: str) -> Json:
        """An order as it stands."""
        return ok(await self.quote.get(f"/v1/orders/{order_id}"))

    async def amend(self, order_id: str, *lines: Json, **more: object) -> httpx.Response:
        """Change lines of an order."""
        return await self.quote.post(f"/v1/orders/{order_id}/amend", json={"lines": lines, **more})

    async def confirm(self, quote_id: str, **more: object) -> httpx.Response:
        """Make an order of a hold or an inquiry."""
        return await self.quote.post(f"/v1/quotes/{quote_id}/confirm", json=more)

    async def book(self, sku: str, site: str = "HAM", **more: str) -> Json:
        """The availability of a sku at a site."""
        return ok(await self.quote.get("/v1/availability", params={"sku": sku, "site": site, **more}))

    async def atp(self, sku: str, offset: int = 0, site: str = "HAM", **more: str) -> float:
        """What may be promised of a sku for a date."""
        found: float = (await self.book(sku, site, from_date=day(offset), to_date=day(offset), **more))["days"][0]["atp"]
        return found


def dates(answer: Json) -> list[str | None]:
    """The promised date of each line."""
    return [line["promised_date"] for line in answer["lines"]]


def deliveries(line: Json) -> list[tuple[str, float, str]]:
    """Site, quantity and date of each delivery of a line."""
    return [(one["site"], one["quantity"], one["ship_date"]) for one in line["deliveries"]]


def codes(line: Json) -> list[str]:
    """The reasons' codes of a line."""
    return [reason["code"] for reason in line["reasons"]]
