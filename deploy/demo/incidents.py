"""Three things that go wrong, through the doors that a planner, a foreman and a shop use, and what Pledge says to them.

Each returns after the consequences can be seen: who is affected is asked of quote and notifier, never made up here.
"""

import asyncio
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from deploy.demo.doors import REFUSED, Doors, segment

SEEN_WITHIN_SECONDS = 20.0
LOOK_SECONDS = 0.25
NAMED = 3
"""How many promises a sentence names before it counts the rest."""
LOOKS_AHEAD_DAYS = 60
STOOD_ON = "DO-1"
"""20 square tables for SHOP-1; DEMAND-04 waits for them."""
Json = dict[str, Any]
Say = Callable[[str], None]


class CannotHappenError(Exception):
    """The incident has nothing to happen to; the text is one line that says what to do."""


@dataclass(frozen=True, slots=True)
class Endangered:
    """An order line at risk."""

    order: str
    customer: str
    sku: str
    promised: str
    projected: str | None
    cause: str

    @property
    def words(self) -> str:
        """For a sentence."""
        if self.projected == self.promised:
            then = f"{self.promised} holds only if another site serves it"
        else:
            then = f"{self.projected} instead of {self.promised}" if self.projected else f"no supply for {self.promised}"
        return f"{self.order} ({self.customer}, {self.sku}): {then}"


async def slip(doors: Doors, say: Say, receipt: str | None = None, days: int = 10) -> None:
    """An open order (bought or moved) comes `days` later than was said: whoever waits for it corrects the date."""
    found = await _receipt(doors, receipt)
    body = {
        name: found[name]
        for name in ("kind", "site", "sku", "quantity", "supplier", "from_site", "ship_date", "document")
        if found.get(name) is not None
    }
    due = date.fromisoformat(found["due_date"]) + timedelta(days=days)
    before = await at_risk(doors)
    await _do(doors.put(f"{doors.urls.inventory}/v1/receipts/{segment(found['receipt_id'])}", body | {"due_date": due.isoformat()}))
    what = f"{found['receipt_id']} ({found['quantity']:g} {found['sku']} for {found['site']}) slips from {found['due_date']} to {due}"
    advice = "ask the supplier for a part of it earlier, buy the rest elsewhere, or tell these customers now, while they can still plan"
    await _tell(doors, say, what, {found["receipt_id"]}, before, advice)


async def breakdown(doors: Doors, say: Say, resource: str = "SAW", days: int = 10) -> None:
    """A machine stands still on the next `days` days on which it has work: the foreman enters the downtime."""
    today = date.today()  # noqa: DTZ011, TID251 -- the day on which somebody enters it
    span = {"from_date": today.isoformat(), "to_date": (today + timedelta(days=LOOKS_AHEAD_DAYS)).isoformat()}
    load = await _do(doors.get(f"{doors.urls.quote}/v1/load", resource=resource, **span))
    busy = [day["date"] for day in load["days"] if day["claimed_minutes"] > 0][:days]
    if not busy:
        message = f"{resource} has no work in the next {LOOKS_AHEAD_DAYS} days: order something that it is needed for, or choose another"
        raise CannotHappenError(message)
    before = await at_risk(doors)
    for day in busy:
        path = f"{doors.urls.capacity}/v1/resources/{segment(resource)}/exceptions/{day}"
        await _do(doors.put(path, {"minutes": 0, "reason": "breakdown", "document": f"BREAKDOWN-{resource}"}))
    what = f"{resource} stands still on {', '.join(busy)}"
    advice = "put a Sunday's overtime or another machine into capacity, or move the work that nobody waits for"
    await _tell(doors, say, what, {resource}, before, advice)


async def promotion(doors: Doors, say: Say, sku: str = "CHAIR", orders: int = 12) -> None:
    """A shop advertises a sku, and its customers order at once; a marketplace sells it as well, and does not ask.

    Whoever asks gets a date that holds, and takes from nobody. What was sold without asking is a fact: it endangers promises.
    """
    before = await at_risk(doors)
    line = {"sku": sku, "quantity": 4, "requested_date": date.today().isoformat()}  # noqa: DTZ011, TID251 -- customers want it today
    bodies = [{"customer": f"PROMOTION-{n + 1:02d}", "lines": [line]} for n in range(orders)]
    answers = await asyncio.gather(*(doors.post(f"{doors.urls.quote}/v1/orders", body, str(uuid.uuid4())) for body in bodies))
    dates = sorted(answer["lines"][0]["promised_date"] for status, answer in answers if status < REFUSED)
    said = f"from {dates[0]} to {dates[-1]}" if dates else "none of them a date"
    say(f"What happened: {orders} customers order 4 {sku} each at the same moment; {len(dates)} get promises, {said}.")
    for status, answer in answers:
        if status >= REFUSED:
            say(f"  refused: {answer.get('detail')}")
            break
    fresh = [each for each in await at_risk(doors) if each not in before]
    say(f"Who is affected: {_named(fresh) if fresh else 'nobody who had a promise; later customers get later dates'}.")
    sites = [one["site"] for status, answer in answers if status < REFUSED for one in answer["lines"][0]["deliveries"]]
    if sites:
        await _sold_without_asking(doors, say, sku, max(sites, key=sites.count), 4 * orders)


async def _sold_without_asking(doors: Doors, say: Say, sku: str, site: str, quantity: int) -> None:
    """A marketplace that knows of no promise sells what it thinks is there, for today."""
    before = await at_risk(doors)
    today = date.today().isoformat()  # noqa: DTZ011, TID251 -- it promises at once
    line = {"line_ref": "1", "sku": sku, "site": site, "quantity": quantity, "promised_date": today}
    number = f"MARKET-{uuid.uuid4().hex[:6]}"
    order = {"external_id": number, "source_system": "marketplace", "customer": "MARKETPLACE", "lines": [line]}
    status, answer = await doors.post(f"{doors.urls.quote}/v1/orders/import", {"orders": [order]}, str(uuid.uuid4()))
    if status >= REFUSED:
        raise CannotHappenError(str(answer.get("detail") or status))
    what = f"a marketplace that does not ask has sold {quantity} {sku} of {site} for today ({number})"
    page = await _do(doors.get(f"{doors.urls.quote}/v1/orders", external_id=number))
    advice = f"have the marketplace ask before it promises, and make {sku} ahead of the next promotion"
    await _tell(doors, say, what, {each["id"] for each in page["data"]}, before, advice)


async def at_risk(doors: Doors) -> list[Endangered]:
    """Every order line that will not be served as promised, on what is known now."""
    page = await _do(doors.get(f"{doors.urls.quote}/v1/orders", at_risk="true", limit=500))
    return [
        Endangered(
            order.get("external_id") or order["id"],
            order["customer"] or "somebody",
            line["sku"],
            line["promised_date"],
            None if line["risk"].get("unsupplied") else line["risk"].get("projected_date"),
            str((line["risk"].get("cause") or {}).get("ref") or ""),
        )
        for order in page["data"]
        for line in order["lines"]
        if line["at_risk"] and line["risk"]
    ]


async def _tell(doors: Doors, say: Say, what: str, refs: set[str], before: list[Endangered], advice: str) -> None:
    """Say what happened, who is affected, what a person would do; the alert's own sentence if there is one."""
    say(f"What happened: {what}.")
    deadline = asyncio.get_running_loop().time() + SEEN_WITHIN_SECONDS
    fresh: list[Endangered] = []
    alert: Json | None = None
    while asyncio.get_running_loop().time() < deadline:
        fresh = [each for each in await at_risk(doors) if each not in before]
        alert = await _alert(doors, refs)
        if fresh and alert:
            break
        await asyncio.sleep(LOOK_SECONDS)
    if not fresh:
        say("Who is affected: nobody; every promise still holds.")
        return
    say(f"Who is affected: {_named(fresh)}.")
    if alert:
        say(f"The alert says: {alert['sentence']}")
    say(f"What to do: {advice}. See {doors.urls.console}/promises")


async def _alert(doors: Doors, refs: set[str]) -> Json | None:
    status, page = await doors.get(f"{doors.urls.notifier}/v1/alerts", status="unresolved", limit=100)
    alerts: Iterable[Json] = page.get("data") or () if status < REFUSED else ()
    return next((alert for alert in alerts if alert["cause"]["ref"] in refs), None)


async def _receipt(doors: Doors, wanted: str | None) -> Json:
    """The named receipt; without a name the open transfer that promises stand on, else any."""
    if wanted:
        return await _do(doors.get(f"{doors.urls.inventory}/v1/receipts/{segment(wanted)}"))
    page = await _do(doors.get(f"{doors.urls.inventory}/v1/receipts", limit=500, status="open"))
    orders = [each for each in page["data"] if each["open_quantity"] > 0]
    if not orders:
        raise CannotHappenError("there is no open order that could slip")
    return min(orders, key=lambda each: (each["receipt_id"] != STOOD_ON, each["due_date"], each["receipt_id"]))


async def _do(asking: Any) -> Json:
    status, answer = await asking
    if status >= REFUSED:
        raise CannotHappenError(str(answer.get("detail") or status))
    found: Json = answer
    return found


def _named(endangered: list[Endangered]) -> str:
    rest = len(endangered) - NAMED
    count = f"{len(endangered)} promise{'s' if len(endangered) > 1 else ''}"
    return f"{count}: " + "; ".join(each.words for each in endangered[:NAMED]) + (f"; and {rest} more" if rest > 0 else "")
