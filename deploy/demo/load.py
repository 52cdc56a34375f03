"""How the sample company gets in: through the doors that everybody uses, once, and its open orders are promised one by one."""

import asyncio
import csv
import io
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from deploy.demo.company import Company, File, Order, body_of_order, read
from deploy.demo.doors import REFUSED, AwayError, Doors
from deploy.demo.urls import Urls

Say = Callable[[str], None]
Json = dict[str, Any]
HEARD_WITHIN_SECONDS = 60.0
LOOK_SECONDS = 0.1
A_RESOURCE = "SAW"
"""Asked about to see how far quote has heard capacity."""


@dataclass(frozen=True, slots=True)
class Placed:
    """An open order and what quote said to it: the promise, or the refusal with the best offer."""

    order: Order
    status: int
    answer: Json

    @property
    def order_id(self) -> str | None:
        """Pledge's id of the order; None when nothing could be promised."""
        return self.answer.get("order_id") if self.status < REFUSED else None


@dataclass(slots=True)
class Loaded:
    """What got in, and what the services refused."""

    company: Company
    today: date
    was_there: bool = False
    refused: list[str] = field(default_factory=list)
    placed: list[Placed] = field(default_factory=list)
    """The open orders in the order in which they were promised."""


async def load(urls: Urls, key: str, say: Say, today: date | None = None) -> Loaded:
    """Load the furniture company as of today, unless inventory already has stock. Raises AwayError when a service stays away."""
    async with Doors(urls, key) as doors:
        return await load_through(doors, say, today)


async def load_through(
    doors: Doors, say: Say, today: date | None = None, before_each_order: Callable[[], Awaitable[None]] | None = None
) -> Loaded:
    """The same through doors that are open already. `today` is what the services' database takes for today.

    What an order has planned is looked at a moment later, and may let supply come in time that was seen late. Whoever wants the
    same dates every time waits for that `before_each_order`.
    """
    today = today or datetime.now(UTC).date()  # noqa: TID251 -- which day the sample data is moved to
    loaded = Loaded(read(today), today)
    company = loaded.company
    _, there = await doors.get(f"{doors.urls.inventory}/v1/stock", limit=1)
    if there.get("data"):
        loaded.was_there = True
        say("The data is there already; the samples were not loaded again.")
        return loaded
    for hole in company.holes:
        say(f"sample data: {hole}")
    told_at: dict[str, str] = {}
    for file in company.files:
        told_at[file.service] = await _send(doors, loaded, file)
    await _until_heard(doors, loaded, told_at)
    for order in company.orders:
        if before_each_order is not None:
            await before_each_order()
        loaded.placed.append(await place(doors, order, today))
    for refusal in loaded.refused:
        say(f"sample data: {refusal}")
    counts = ", ".join(f"{len(file.rows)} {file.kind.replace('_', ' ')}" for file in company.files)
    say(f"Loaded the furniture company as of {today}: {counts}.")
    say(_orders_in_a_sentence(loaded))
    return loaded


async def place(doors: Doors, order: Order, today: date) -> Placed:
    """Have an order promised; sent again, the same answer comes back."""
    key = f"furniture-{today.isoformat()}-{order.order_id}"
    status, answer = await doors.post(f"{doors.urls.quote}/v1/orders", body_of_order(order), key)
    return Placed(order, status, answer)


def _orders_in_a_sentence(loaded: Loaded) -> str:
    slips = [line["slip_days"] for placed in loaded.placed if placed.order_id for line in placed.answer["lines"]]
    on_time = sum(slip == 0 for slip in slips)
    said = f"{len(loaded.placed)} open orders: {on_time} promised as asked, {len(slips) - on_time} later"
    return said + (f", {len(loaded.placed) - len(slips)} not promised." if len(slips) < len(loaded.placed) else ".")


async def _send(doors: Doors, loaded: Loaded, file: File) -> str:
    """Import a file; the rows that failed are said with their reasons. Returns when it was done, by the database's clock."""
    base = getattr(doors.urls, file.service)
    status, job = await doors.post_file(f"{base}/v1/imports", file.text, kind=file.kind, file_name=f"{file.kind}.csv")
    if status >= REFUSED:
        loaded.refused.append(f"{file.kind}.csv: {job.get('detail') or status}")
        return ""
    if job["failed"]:
        errors = await doors.get_text(f"{base}{job['errors_url']}")
        for row in csv.DictReader(io.StringIO(errors, newline="")):
            said = " ".join(cell for name, cell in row.items() if cell and name not in {"error_field", "error"})
            loaded.refused.append(f"{file.kind}.csv: {said}: {row['error_field']} {row['error']}")
    return str(job["finished_at"] or "")


async def _until_heard(doors: Doors, loaded: Loaded, told_at: dict[str, str]) -> None:
    """Wait until quote's answers are computed from all that was told: their inputs say how far it has heard."""
    row = loaded.company.stock[0]
    asked = {"inventory": ("availability", {"sku": row.sku, "site": row.site}), "capacity": ("load", {"resource": A_RESOURCE})}
    deadline = asyncio.get_running_loop().time() + HEARD_WITHIN_SECONDS
    for service, (path, params) in asked.items():
        while told_at.get(service):
            _, answer = await doors.get(f"{doors.urls.quote}/v1/{path}", **params)
            heard = [each["as_of"] for each in answer.get("inputs") or () if each["as_of"]]
            if heard and datetime.fromisoformat(min(heard)) >= datetime.fromisoformat(told_at[service]):
                break
            if asyncio.get_running_loop().time() > deadline:
                message = f"quote has not heard {service} within {HEARD_WITHIN_SECONDS:g} seconds"
                raise AwayError(message)
            await asyncio.sleep(LOOK_SECONDS)
