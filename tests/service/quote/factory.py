"""How tests talk to quote, inventory and capacity together: a shop whose goods are made, bought and moved."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

from deploy.local.broker import BrokerServer
from tests.running import RunningPostgres, RunningService, ServiceStarter, Workplace
from tests.service.quote.shop import Json, Shop, a_line, a_name, day, eventually, ok

NOWHERE = httpx.AsyncClient()


@dataclass
class Factory(Shop):
    """The public doors of quote, inventory and capacity. It works around the clock, at sites of each test's own."""

    capacity: httpx.AsyncClient = field(default=NOWHERE)
    quotes: list[RunningService] = field(default_factory=list)

    async def put(self, path: str, **body: object) -> Json:
        """Define something at capacity; it hears of new items from inventory, so that is waited for."""

        async def taken() -> Json | None:
            answer = await self.capacity.put(f"/v1/{path}", json=body)
            return None if answer.status_code in (422, 503) and "UNKNOWN" in answer.text else ok(answer)

        found: Json = await eventually(taken, what=f"capacity taking {path}")
        return found

    async def told_of(self, path: str, **body: object) -> Json:
        """Define master data at inventory."""
        return ok(await self.inventory.put(f"/v1/{path}", json=body))

    async def site(self, **more: object) -> str:
        name = a_name("PLANT")
        await self.told_of(f"sites/{name}", name=name, time_zone="UTC", **more)
        return name

    async def calendar(self, minutes: int = 1440, closed: tuple[int, ...] = (), open_only: tuple[int, ...] | None = None) -> str:
        """A calendar of every day but some, or of some days alone (offsets from today)."""
        name = a_name("CAL")
        days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
        weekly = dict.fromkeys(days, 0 if open_only is not None else minutes)
        special = {day(offset): 0 for offset in closed} if open_only is None else {day(offset): minutes for offset in open_only}
        await self.put(
            f"calendars/{name}", name=name, weekly=weekly,
            exceptions=[{"date": when, "minutes": one} for when, one in special.items()],
        )  # fmt: skip
        return name

    async def machine(self, site: str, calendar: str, **more: object) -> str:
        name = a_name("SAW")
        await self.put(f"resources/{name}", site=site, name=name, calendar=calendar, **more)
        await self.loads(name)
        return name

    async def loads(self, resource: str, first: int = 0, last: int = 13) -> list[Json]:
        """The load of a resource, day by day, as soon as quote has heard of it."""

        async def known() -> Json | None:
            params = {"resource": resource, "from_date": day(first), "to_date": day(last)}
            answer = await self.quote.get("/v1/load", params=params)
            return answer.json() if answer.status_code == 200 else None

        found: Json = await eventually(known, what=f"news of {resource}")
        days: list[Json] = found["days"]
        return days

    async def plans(self, sku: str) -> list[Json]:
        found: list[Json] = ok(await self.quote.get("/v1/plans", params={"sku": sku}))["data"]
        return found

    async def promised(self, line: Json, wanted: int | None, **more: object) -> Json:
        """Ask until it can be promised for a day (offset; None: at all): definitions are heard after a while."""

        async def answer() -> Json | None:
            found = (await self.ask(line, **more))["lines"][0]
            return found if found["promised_date"] == (found["promised_date"] if wanted is None else day(wanted)) else None

        async def some() -> Json | None:
            found = await answer()
            return found if found and found["promised_date"] else None

        found: Json = await eventually(some, 20, what=f"{line} being promised")
        return found


@asynccontextmanager
async def a_factory(postgres: RunningPostgres, replicas: int = 1) -> AsyncIterator[Factory]:
    """Real processes of the three services, quote as often as asked for."""
    url = await postgres.create()
    with Workplace() as directory:
        broker = BrokerServer(directory / "broker")
        broker.start()
        try:
            broker.wait_ready()
            async with ServiceStarter(url, broker.bootstrap, directory) as start:
                inventory, capacity, *quotes = await asyncio.gather(
                    start("inventory"), start("capacity"), *(start("quote") for _ in range(replicas))
                )
                async with (
                    httpx.AsyncClient(base_url=quotes[0].url, headers=quotes[0].headers, timeout=30) as asking,
                    httpx.AsyncClient(base_url=inventory.url, headers=inventory.headers, timeout=30) as telling,
                    httpx.AsyncClient(base_url=capacity.url, headers=capacity.headers, timeout=30) as planning,
                ):
                    yield Factory(asking, telling, planning, quotes)
        finally:
            broker.stop()
    await postgres.drop(url)


__all__ = ["Factory", "a_factory", "a_line"]
