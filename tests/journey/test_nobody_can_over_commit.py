"""Two quote processes on one database, 64 clients, one process killed in the middle: nothing is promised twice, nothing is lost.

The clients retry as real ones do: on a lost connection or a 503 with the same key on the other process, sometimes again after an
answer, and now and then with another body under an old key.
"""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.running import RunningService, ServiceStarter
from tests.service.quote.shop import Json, Shop, a_line, day, eventually, ok

ORDERS, CLIENTS = 400, 64
ON_HAND, TO_COME, DUE = 100, 50, 3
SECOND_ON_HAND = 40
KILL_AFTER = 120
"""Answers after which one process is killed: in the middle of everything."""


@dataclass
class Run:
    """What 64 clients saw, by key: every answer in the order in which it came."""

    first: dict[str, Json] = field(default_factory=dict)
    bodies: dict[str, Json] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    twisted: int = 0
    wrong: list[str] = field(default_factory=list)
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    def saw(self, key: str, status: int, body: Json) -> None:
        """Note an answer to the key's own body: all of them must be the first one."""
        self.statuses[status] += 1
        seen = {
            "status": status,
            "body": {name: value for name, value in body.items() if name not in ("replayed", "request_id", "instance")},
        }
        if self.first.setdefault(key, seen) != seen:
            self.wrong.append(f"{key} was answered {self.first[key]} and then {seen}")
        if len(self.first) >= KILL_AFTER:
            self.answered.set()

    @property
    def orders(self) -> dict[str, str]:
        """Order ids that clients saw with 2xx, with their keys."""
        return {seen["body"]["order_id"]: key for key, seen in self.first.items() if seen["status"] == 200}


@pytest.fixture(scope="module")
async def quotes(a_service: ServiceStarter) -> list[RunningService]:
    """Two processes of quote, and inventory."""
    first, second, _ = await asyncio.gather(a_service("quote"), a_service("quote"), a_service("inventory"))
    return [first, second]


@pytest.fixture(scope="module")
async def shop(quotes: list[RunningService], a_service: ServiceStarter) -> AsyncIterator[Shop]:
    """The process that lives to the end, and inventory."""
    survivor = quotes[1]
    inventory = next(service for service in a_service.running if service.name == "inventory")
    async with (
        httpx.AsyncClient(base_url=survivor.url, headers=survivor.headers, timeout=30) as asking,
        httpx.AsyncClient(base_url=inventory.url, headers=inventory.headers, timeout=30) as telling,
    ):
        found = Shop(asking, telling)
        await found.open_sites()
        yield found


async def client(number: int, work: list[tuple[str, Json]], quotes: list[RunningService], run: Run) -> None:
    """Send each order until it has an answer, on the other process when one does not answer; sometimes once more, sometimes twisted."""
    chance = random.Random(number)
    limits = httpx.Limits(max_connections=2)
    async with httpx.AsyncClient(headers=quotes[0].headers, timeout=10, limits=limits) as http:
        for key, body in work:
            turn = number
            times = 2 if chance.random() < 0.2 else 1
            while times:
                answer = await send(http, quotes[turn % 2], key, body)
                if answer is None or answer.status_code == 503:
                    turn += 1
                    await asyncio.sleep(0.05)
                    continue
                run.saw(key, answer.status_code, answer.json())
                times -= 1
                turn += times
            if chance.random() < 0.05:
                other = await send(http, quotes[1], key, body | {"customer": "SOMEBODY-ELSE"})
                run.twisted += other is not None and other.status_code == httpx.codes.UNPROCESSABLE_ENTITY
                if other is not None and other.status_code not in {422, 503}:
                    run.wrong.append(f"{key} with another body was answered {other.status_code}")


async def send(http: httpx.AsyncClient, to: RunningService, key: str, body: Json) -> httpx.Response | None:
    """One try; None when the process did not answer."""
    try:
        return await http.post(f"{to.url}/v1/orders", json=body, headers={"Idempotency-Key": key})
    except httpx.TransportError:
        return None


async def kill_in_the_middle(victim: RunningService, run: Run) -> None:
    """End one process as a power cut does, while everybody is waiting for answers."""
    await run.answered.wait()
    victim.kill()


def orders_of(hot: str, second: str) -> list[tuple[str, Json]]:
    """400 orders of 1 unit; every third takes a second item too; every seventh would wait a week."""
    made = []
    for number in range(ORDERS):
        lines = [a_line(hot, 1, line_ref="10")]
        if number % 3 == 0:
            lines.append(a_line(second, 1, line_ref="20"))
            if number % 2:
                lines.reverse()
        made.append((f"order-{number}", {"customer": f"C{number}", "priority": number % 100, "lines": lines}))
    return made


async def everything_listed(shop: Shop) -> dict[str, Json]:
    found: dict[str, Json] = {}
    params: dict[str, Any] = {"limit": 100}
    while True:
        page = ok(await shop.quote.get("/v1/orders", params=params))
        found |= {order["id"]: order for order in page["data"]}
        if page["next_cursor"] is None:
            return found
        params["cursor"] = page["next_cursor"]


async def test_two_processes_and_a_kill_never_promise_a_unit_twice_or_lose_an_order(shop: Shop, quotes: list[RunningService]) -> None:
    hot = await shop.stocked(ON_HAND, {DUE: TO_COME})
    second = await shop.stocked(SECOND_ON_HAND)
    work = orders_of(hot, second)
    run = Run()
    async with asyncio.TaskGroup() as group:
        group.create_task(kill_in_the_middle(quotes[0], run))
        for number in range(CLIENTS):
            group.create_task(client(number, work[number::CLIENTS], quotes, run))

    assert run.wrong == [], "every retry gets its first answer, and another body a 422"
    assert run.twisted > 0
    assert set(run.statuses) == {200, 409}, run.statuses
    assert len(run.first) == ORDERS
    listed = await everything_listed(shop)
    assert set(run.orders) == set(listed), "the ids that clients saw are exactly the orders there are"

    sold = Counter(
        (line["sku"], delivery["ship_date"]) for order in listed.values() for line in order["lines"] for delivery in line["deliveries"]
    )
    today = day(0)
    assert sold[hot, today] <= ON_HAND, "more was promised for today than is there"
    assert sold[hot, today] + sold[hot, day(DUE)] <= ON_HAND + TO_COME, "more was promised than will ever be there"
    assert sold[second, today] <= SECOND_ON_HAND
    assert set(sold) <= {(hot, today), (hot, day(DUE)), (second, today)}
    assert sold[hot, today] + sold[hot, day(DUE)] == ON_HAND + TO_COME, "what is there is sold: there were buyers for all of it"
    assert sold[second, today] >= SECOND_ON_HAND * 0.8

    async def board_is_ledger() -> bool:
        book, other = await shop.book(hot), await shop.book(second)
        last = book["days"][-1]
        return (last["projected"], min(each["atp"] for each in book["days"]), other["on_hand"] - sold[second, today]) == (
            0, 0, other["days"][0]["atp"],
        )  # fmt: skip

    await eventually(board_is_ledger, what="the survivor's board being the ledger")
