"""An ordinary day at the furniture company, which does not end: customers ask, hold, confirm; goods leave; new ones come.

A planner releases what quote has planned: real orders replace plans, use up their components and arrive. What leaves is ordered
again, so the books stay in the middle of their range for hours. Everything goes through the public doors. Whatever is away is
waited for, and the story goes on.
"""

import asyncio
import json
import random
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from deploy.demo.doors import CONFLICT, REFUSED, AwayError, Doors, segment
from deploy.demo.load import Loaded, load_through
from deploy.demo.urls import Urls

BEAT_SECONDS = 1.3
BRISK_BEATS = 24
"""The first ones follow quickly, so that there is something to see."""
BRISK_SECONDS = 0.25
HOLD_SECONDS = 60
SEED = 2021
"""The same day for everybody, as far as the services answer at the same pace."""
FURNITURE = ("CHAIR", "ROUND-TABLE", "SQUARE-TABLE", "VARNISHED-CHAIR")
PARTS = ("CUSHION", "CHAIR-LEG", "TABLE-LEG", "WOODEN-PANEL")
PLENTY = 12
"""What a book has left over when it needs nothing new."""
LOOKS = 4
"""Books compared before one is filled."""
PLANS_SEEN = 50
HELD_MAX = 8
"""Holds open at one time; beyond that decisions go first."""
ON_ORDER_MAX = 24
"""Open receipts of the story at one time; more would hide the pictures."""
TO_SHIP_MAX = 12
"""Orders waiting for their truck; beyond that shipping goes first."""
SHIP_DATE = "ship_date"
"""Beside a movement that waits: when it is meant to leave."""

Say = Callable[[str], None]
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Coming:
    """A receipt that the story has ordered."""

    receipt_id: str
    sku: str
    site: str
    quantity: int
    from_site: str | None = None
    """Of a transfer: where the goods depart."""
    components: tuple[tuple[str, int], ...] = ()
    """Of a production order that replaces a plan: what it uses up."""


@dataclass(slots=True)
class Day:
    """What is going on."""

    doors: Doors
    loaded: Loaded
    chance: random.Random
    say: Say
    complained: set[str] = field(default_factory=set)
    held: list[str] = field(default_factory=list)
    to_ship: list[Json] = field(default_factory=list)
    """Movements that are due: one per delivery of a confirmed order."""
    later: list[Json] = field(default_factory=list)
    """Those of the open orders that were there from the beginning."""
    coming: list[Coming] = field(default_factory=list)
    released: set[str] = field(default_factory=set)
    """Plans that a real order has replaced."""
    count: int = 0

    @property
    def today(self) -> date:
        """The day it is now; the story may run past midnight."""
        return datetime.now(UTC).date()  # noqa: TID251 -- what a customer's calendar shows

    def complain(self, doing: str, status: int, answer: Json) -> None:
        """Say once what no customer's wish explains; a refusal (409) is an ordinary answer."""
        if status >= REFUSED and status != CONFLICT and doing not in self.complained:
            self.complained.add(doing)
            self.say(f"the story could not {doing}: {answer.get('detail') or status}")

    def number(self, prefix: str) -> str:
        """The next document number."""
        self.count += 1
        return f"{prefix}-{self.count:05d}"


async def run(urls: Urls, key: str, say: Say, stop: asyncio.Event) -> None:
    """Load the samples, say a first cURL with its answer, then let the day go by until `stop` is set."""
    async with Doors(urls, key) as doors:
        loaded: Loaded | None = None
        while loaded is None and not stop.is_set():
            try:
                loaded = await load_through(doors, say)
                await say_first_quote(doors, loaded, key, say)
            except AwayError as away:
                say(f"Waiting for the services: {away}")
        if loaded is None:
            return
        day = Day(doors, loaded, random.Random(SEED), say)  # noqa: S311 -- a story, no secret
        day.later = [shipped for placed in loaded.placed if placed.order_id for shipped in shipments(placed.answer)]
        beats = 0
        while not stop.is_set():
            beats += 1
            with suppress(AwayError):  # the console shows who is away; the story goes on when they are back
                await beat(day)
            with suppress(TimeoutError):  # not wait_for: in Python 3.11 it swallows a cancellation that comes together with `stop`
                async with asyncio.timeout((BRISK_SECONDS if beats <= BRISK_BEATS else BEAT_SECONDS) * day.chance.uniform(0.6, 1.4)):
                    await stop.wait()


async def say_first_quote(doors: Doors, loaded: Loaded, key: str, say: Say) -> None:
    """Ask for a promise as a newcomer would, once the stock has reached quote; say the command and what came back."""
    wanted = (loaded.today + timedelta(days=3)).isoformat()
    body: Json = {"customer": "CUSTOMER-NEAR-SHOP-1", "lines": [{"sku": "ROUND-TABLE", "quantity": 12, "requested_date": wanted}]}
    address = f"{doors.urls.quote}/v1/quotes"
    answer: Json = {}
    for _ in range(100):
        _, answer = await doors.post(address, body)
        if answer.get("outcome") not in (None, "none"):
            break
        await asyncio.sleep(0.1)
    say("")
    say("A first question, for a terminal:")
    say(f"  curl -s {address} -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' \\")
    say(f"    -d '{json.dumps(body)}'")
    say("and its answer:")
    for line in json.dumps(in_short(answer), indent=2, ensure_ascii=False).splitlines():
        say(f"  {line}")
    say("")
    say("Something goes wrong when you want it to, in another terminal:")
    say("  .venv/bin/pledge demo slip         what was ordered comes later")
    say("  .venv/bin/pledge demo breakdown    a machine stands still")
    say("  .venv/bin/pledge demo promotion    many customers order the same at once")
    say("")


def in_short(answer: Json) -> Json:
    """The answer without its small print."""
    lines = [
        {name: line[name] for name in ("sku", "outcome", "promised_quantity", "promised_date", "deliveries", "pegging") if name in line}
        for line in answer.get("lines") or ()
    ]
    return {name: answer[name] for name in ("id", "status", "outcome", "summary", "code", "detail") if name in answer} | {"lines": lines}


def shipments(answer: Json) -> list[Json]:
    """What has to leave for an order, a movement per delivery, each with the day on which it is meant to."""
    return [
        {
            "type": "issue",
            "sku": line["sku"],
            "site": delivery["site"],
            "quantity": int(delivery["quantity"]),
            "order_id": answer["order_id"],
            "line_ref": line["line_ref"],
            "reason": "shipped",
            SHIP_DATE: delivery["ship_date"],
        }
        for line in answer.get("lines") or ()
        for delivery in line.get("deliveries") or ()
    ]


async def beat(day: Day) -> None:
    """One thing happens."""
    if len(day.to_ship) > TO_SHIP_MAX or len(day.held) > HELD_MAX:
        await (ship(day) if len(day.to_ship) > TO_SHIP_MAX else decide(day))
        return
    acts = [(ask, 5), (decide, 4), (ship, 3), (ship_later, 1), (release, 3), (order_supply, 2), (receive, 4)]
    act = day.chance.choices([act for act, _ in acts], [weight for _, weight in acts])[0]
    await act(day)


async def ask(day: Day) -> None:
    """A customer asks, and often takes a hold."""
    chance = day.chance
    sku = chance.choice(FURNITURE) if chance.random() < 0.75 else chance.choice(PARTS)  # noqa: PLR2004 -- three of four want furniture
    line: Json = {
        "sku": sku,
        "quantity": chance.choice((1, 1, 2, 2, 3, 4, 6)),
        "requested_date": (day.today + timedelta(days=chance.choice((0, 1, 2, 3, 5, 7, 10, 14, 21)))).isoformat(),
    }
    body: Json = {
        "customer": chance.choice(list(day.loaded.company.customers) or ["CUSTOMER"]),
        "mode": chance.choice(("hold", "hold", "inquiry")),
        "ttl_seconds": HOLD_SECONDS,
        "allow_partial": chance.random() < 0.3,  # noqa: PLR2004 -- some take what they get
        "lines": [line],
    }
    status, answer = await day.doors.post(f"{day.doors.urls.quote}/v1/quotes", body, str(uuid.uuid4()))
    day.complain("ask for a quote", status, answer)
    if answer.get("status") == "held":
        day.held.append(answer["id"])


async def decide(day: Day) -> None:
    """A hold becomes an order, or is given back, or is forgotten and expires."""
    if not day.held:
        await ask(day)
        return
    quote_id = day.held.pop(0)
    fate = day.chance.choices(("confirm", "release", "forget"), (7, 2, 1))[0]
    if fate == "forget":
        return
    status, answer = await day.doors.post(f"{day.doors.urls.quote}/v1/quotes/{segment(quote_id)}/{fate}", {}, f"story-{fate}-{quote_id}")
    day.complain(fate, status, answer)
    if fate == "confirm" and status < REFUSED and answer.get("order_id"):
        day.to_ship += shipments(answer)


async def ship(day: Day) -> None:
    """The goods of a confirmed order leave, if they may."""
    await _ship_one(day, day.to_ship)


async def ship_later(day: Day) -> None:
    """The same for an order of the beginning."""
    await _ship_one(day, day.later)


async def _ship_one(day: Day, waiting: list[Json]) -> None:
    """The first of those that wait; when its goods are not there, or would be missing elsewhere, the next one's turn comes."""
    if not waiting:
        return
    due = waiting.pop(0)
    _, stock = await day.doors.get(f"{day.doors.urls.inventory}/v1/stock/{segment(due['site'])}/{segment(due['sku'])}")
    if float(stock.get("on_hand") or 0) < due["quantity"] or not await _endangers_nobody(day, due):
        waiting.append(due)
        return
    await move(day, {name: value for name, value in due.items() if name != SHIP_DATE} | {"document": day.number("DN")})


async def _endangers_nobody(day: Day, due: Json) -> bool:
    """Whether it is time, or there is so much to spare today that nobody else's promise needs it."""
    if due[SHIP_DATE] <= day.today.isoformat():
        return True
    asked = {"sku": due["sku"], "site": due["site"], "owner": due["order_id"]}
    _, book = await day.doors.get(f"{day.doors.urls.quote}/v1/availability", **asked)
    days = book.get("days") or [{"atp": 0}]
    return bool(float(days[0]["atp"]) >= due["quantity"])


async def release(day: Day) -> None:
    """A planner makes a plan real: the oldest that is to be bought, or that begins by tomorrow; what begins later may still change."""
    if len(day.coming) >= ON_ORDER_MAX:
        return
    _, page = await day.doors.get(f"{day.doors.urls.quote}/v1/plans", limit=PLANS_SEEN)
    tomorrow = (day.today + timedelta(days=1)).isoformat()
    plans = [plan for plan in page.get("data") or () if plan["kind"] == "purchase_order" or plan["start_date"] <= tomorrow]
    plan = next((plan for plan in plans if plan["id"] not in day.released), None)
    if plan is None:
        return
    made = plan["kind"] == "production_order"
    prefix = "MO" if made else "PO" if plan["kind"] == "purchase_order" else "TO"
    quantity = int(plan["quantity"])
    uses = tuple((part, int(per * quantity)) for part, per in day.loaded.company.parts_of(plan["sku"])) if made else ()
    coming = Coming(day.number(prefix), plan["sku"], plan["site"], quantity, plan["from_site"], uses)
    body: Json = {name: plan[name] for name in ("kind", "site", "sku", "quantity", "due_date", "from_site", "supplier") if plan[name]}
    body |= {"replaces": [plan["id"]], "document": coming.receipt_id}
    body |= {"ship_date": plan["start_date"]} if plan["from_site"] else {}
    body["components"] = [{"sku": sku, "quantity": number, "needed_date": plan["start_date"]} for sku, number in uses]
    status, answer = await day.doors.put(f"{day.doors.urls.inventory}/v1/receipts/{segment(coming.receipt_id)}", body)
    day.complain("release a plan", status, answer)
    if status < REFUSED:
        day.released.add(plan["id"])
        day.coming.append(coming)


async def order_supply(day: Day) -> None:
    """The book with the least in sight is filled again: made at the factory, brought to the others."""
    if len(day.coming) >= ON_ORDER_MAX:
        return
    left, sku, site = min([(await left_over(day, sku, site), sku, site) for sku, site in day.chance.sample(_own_books(day), LOOKS)])
    if left >= PLENTY:
        return
    made = site == "FACTORY" and sku not in {"CUSHION", "WOODEN-PANEL"}
    bought = site == "FACTORY" and not made
    kind, prefix = ("production_order", "MO") if made else ("purchase_order", "PO") if bought else ("transfer_order", "TO")
    missing = max(0, round(-left))
    coming = Coming(day.number(prefix), sku, site, day.chance.choice((6, 8, 10, 12, 20)) + missing)
    body: Json = {
        "kind": kind,
        "site": site,
        "sku": sku,
        "quantity": coming.quantity,
        "due_date": (day.today + timedelta(days=day.chance.choice((1, 2, 3, 4) if missing else (2, 4, 6, 9, 13, 18)))).isoformat(),
        "replaces": [],
        "document": coming.receipt_id,
    }
    status, answer = await day.doors.put(f"{day.doors.urls.inventory}/v1/receipts/{segment(coming.receipt_id)}", body)
    day.complain("order supply", status, answer)
    if status < REFUSED:
        day.coming.append(coming)


async def receive(day: Day) -> None:
    """What was ordered arrives, the oldest first; now and then a little is missing, and the rest is closed."""
    if len(day.coming) < ON_ORDER_MAX // 3:
        await order_supply(day)
        return
    coming = day.coming.pop(0)
    needed = [(coming.sku, coming.from_site, coming.quantity)] if coming.from_site else []
    needed += [(sku, coming.site, quantity) for sku, quantity in coming.components]
    for sku, site, quantity in needed:
        _, stock = await day.doors.get(f"{day.doors.urls.inventory}/v1/stock/{segment(site)}/{segment(sku)}")
        if float(stock.get("on_hand") or 0) < quantity:
            day.coming.append(coming)
            return
    missing = 1 if not needed and day.chance.random() < 0.15 else 0  # noqa: PLR2004 -- one delivery in seven
    document: Json = {"receipt_id": coming.receipt_id, "document": day.number("GR")}
    if coming.from_site:
        leaving = {"type": "transfer", "sku": coming.sku, "site": coming.from_site, "to_site": coming.site, "quantity": coming.quantity}
        await move(day, document | leaving | {"reason": "sent"})
    for sku, quantity in coming.components:
        await move(day, document | {"type": "issue", "sku": sku, "site": coming.site, "quantity": quantity, "reason": "used"})
    arrival = {"type": "arrival", "sku": coming.sku, "site": coming.site, "quantity": coming.quantity - missing, "closes": True}
    await move(day, document | arrival | {"reason": "goods in"})


async def move(day: Day, movement: Json) -> None:
    """Book one movement at inventory; its id makes a second sending harmless."""
    body = {"movements": [movement | {"movement_id": f"story-{uuid.uuid4()}"}]}
    status, answer = await day.doors.post(f"{day.doors.urls.inventory}/v1/movements", body)
    day.complain("move goods", status, answer)


async def left_over(day: Day, sku: str, site: str) -> float:
    """What remains of a book when all that is known has come and gone."""
    _, book = await day.doors.get(f"{day.doors.urls.quote}/v1/availability", sku=sku, site=site)
    days = book.get("days") or [{"projected": 0}]
    return float(days[-1]["projected"])


def _own_books(day: Day) -> list[tuple[str, str]]:
    return sorted((row.sku, row.site) for row in day.loaded.company.stock if row.sku in {*FURNITURE, *PARTS})
