"""How an example tells the services what there is, and asks them: the public doors, with the few habits that all examples share."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from deploy.demo.doors import Doors, segment

Json = dict[str, Any]
SITE = "HAM"
"""Where an example happens unless it says otherwise: no calendar, so every day works, and what is picked is delivered at once."""
WITHIN_SECONDS = 60.0
LOOK_SECONDS = 0.05
GOOD = 200


class UnexpectedError(Exception):
    """A service said something else than the example was written for; the page would be wrong, so nothing is written."""


@dataclass
class House:
    """The services on a fixed day. `today` is that day at the sites of the examples."""

    doors: Doors
    today: date
    _told: int = field(default=0, init=False)

    def day(self, offset: int) -> str:
        """The date so many days after today."""
        return (self.today + timedelta(days=offset)).isoformat()

    # -- what there is

    async def item(self, sku: str, **more: Any) -> None:
        """Describe an item."""
        await self._put(self.doors.urls.inventory, f"items/{segment(sku)}", {"name": sku.capitalize(), "uom": "EA", **more})

    async def site(self, site: str, **more: Any) -> None:
        """Describe a site; it lives by the clock of Berlin unless said otherwise."""
        await self._put(self.doors.urls.inventory, f"sites/{segment(site)}", {"name": site, "time_zone": "Europe/Berlin", **more})

    async def lane(self, lane: str, from_site: str, to: str, **more: Any) -> None:
        """Describe a way from a site to a region, customer or site."""
        await self._put(self.doors.urls.inventory, f"lanes/{segment(lane)}", {"from_site": from_site, "to": to, **more})

    async def terms(self, name: str, sku: str, supplier: str, **more: Any) -> None:
        """Describe a supplier and the terms on which it delivers a sku."""
        await self._put(self.doors.urls.inventory, f"suppliers/{segment(supplier)}", {"name": supplier})
        await self._put(self.doors.urls.inventory, f"supplier-items/{segment(name)}", {"sku": sku, "supplier": supplier, **more})

    async def stock(self, sku: str, on_hand: float, site: str = SITE, **more: Any) -> None:
        """Count what is on hand."""
        body = {"on_hand": on_hand, "reason": "count", "document": "COUNT-1", **more}
        await self._put(self.doors.urls.inventory, f"stock/{segment(site)}/{segment(sku)}", body)

    async def receipt(self, receipt: str, sku: str, quantity: float, offset: int, site: str = SITE, **more: Any) -> None:
        """Tell of an open purchase order, due so many days from today, or change it."""
        body = {"kind": "purchase_order", "site": site, "sku": sku, "quantity": quantity, "due_date": self.day(offset), **more}
        await self._put(self.doors.urls.inventory, f"receipts/{segment(receipt)}", body)

    async def moved(self, movement: str, kind: str, sku: str, quantity: float, site: str = SITE, **more: Any) -> None:
        """Tell of goods that moved."""
        one = {"movement_id": movement, "type": kind, "site": site, "sku": sku, "quantity": quantity, "reason": "move", "document": "M"}
        await self._post(self.doors.urls.inventory, "movements", {"movements": [one | more]})

    async def backlog(self, sku: str, *wanted: tuple[str, float, int], site: str = SITE) -> None:
        """Book orders that another system has promised: name, quantity, days from today."""
        orders = [
            {"external_id": name, "lines": [{"sku": sku, "site": site, "quantity": quantity, "promised_date": self.day(offset)}]}
            for name, quantity, offset in wanted
        ]
        await self._post(self.doors.urls.quote, "orders/import", {"orders": orders})

    async def master(self, service: str, path: str, body: Mapping[str, Any]) -> Json:
        """Define anything else: a calendar, a resource, a bill, a routing, a policy, a class."""
        return await self._put(getattr(self.doors.urls, service), path, body)

    async def settled(self) -> None:
        """Wait until quote's answers are computed from everything that was told: its inputs say how far it has heard."""
        self._told += 1
        urls = self.doors.urls
        site = await self._put(urls.inventory, "sites/CLOCK", {"name": f"{self._told}"})
        resource = await self._put(urls.capacity, "resources/CLOCK", {"site": "CLOCK", "name": f"{self._told}"})
        marks = [("availability", {"sku": "CLOCK", "site": "CLOCK"}, site), ("load", {"resource": "CLOCK"}, resource)]
        if self._told == 1:
            await self._put(urls.inventory, "items/CLOCK", {"name": "clock", "uom": "EA"})
            await self.stock("CLOCK", 0, "CLOCK")
        for path, named, mark in marks:
            told_at = datetime.fromisoformat(mark["updated_at"])

            async def heard(path: str = path, named: dict[str, str] = named, told_at: datetime = told_at) -> bool:
                _, answer = await self.doors.get(f"{urls.quote}/v1/{path}", **named)
                ages = [one["as_of"] for one in answer.get("inputs") or () if one["as_of"]]
                return bool(ages) and datetime.fromisoformat(min(ages)) > told_at

            await self.until(heard)

    # -- what is asked

    async def post(self, path: str, body: Mapping[str, Any], status: int = GOOD) -> Json:
        """Ask quote something, which must be answered with the status."""
        return await self._post(self.doors.urls.quote, path, body, status)

    async def get(self, path: str, **params: str | int) -> Json:
        """Look something up at quote."""
        status, answer = await self.doors.get(f"{self.doors.urls.quote}/v1/{path}", **params)
        return _good(f"GET {path}", status, answer)

    async def book(self, sku: str, first: int, last: int, site: str = SITE, **more: str | int) -> Json:
        """The availability of a sku day by day."""
        return await self.get("availability", sku=sku, site=site, from_date=self.day(first), to_date=self.day(last), **more)

    async def until(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        """Ask until the answer is true; return that answer."""
        deadline = asyncio.get_running_loop().time() + WITHIN_SECONDS
        while not (found := await ask()):
            if asyncio.get_running_loop().time() > deadline:
                raise UnexpectedError(f"something did not come true within {WITHIN_SECONDS:g} seconds")
            await asyncio.sleep(LOOK_SECONDS)
        return found

    async def _put(self, service: str, path: str, body: Mapping[str, Any]) -> Json:
        return _good(f"PUT {path}", *await self.doors.put(f"{service}/v1/{path}", dict(body)))

    async def _post(self, service: str, path: str, body: Mapping[str, Any], expected: int = GOOD) -> Json:
        status, answer = await self.doors.post(f"{service}/v1/{path}", dict(body))
        return _good(f"POST {path}", status, answer, expected)


def _good(call: str, status: int, answer: Json, expected: int = GOOD) -> Json:
    if status != expected:
        raise UnexpectedError(f"{call}: {status} instead of {expected}: {answer}")
    return answer


def agreed(found: Any, by_hand: Any) -> None:
    """What the services say is what the page reasons by hand. Raises UnexpectedError otherwise."""
    if found != by_hand:
        raise UnexpectedError(f"by hand {by_hand!r}, the services say {found!r}")
