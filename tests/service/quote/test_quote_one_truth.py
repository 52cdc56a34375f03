"""Two processes on one ledger, neither of which has looked at it since: do they plan by the same bill of material?"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from itertools import count

import pytest

from services.quote.asks.quotes import OrderAsk
from services.quote.board import Board
from services.quote.domain.entry import Part
from services.quote.handlers.hear_capacity import HearCapacity
from services.quote.handlers.hear_supply import HearSupply, Progress
from services.quote.handlers.take import Take
from services.quote.ledger import Door
from services.quote.store import supply
from services.quote.store.pool import Connection, Pool
from services.quote.store.rows import Outcome
from shared.contracts.capacity import BomDefined, RoutingDefined
from shared.contracts.inventory import Change as Happened
from shared.contracts.inventory import ItemDefined, PositionChanged, PositionState, SiteDefined
from shared.database import Database
from tests.service.quote.shop import a_name, eventually
from tests.service.quote.test_quote_ledger import SITE, a_board, a_door

MICRO = 1_000_000
_partitions = count(100)


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    """Give connections to a ledger of this module's own."""
    found = Pool(Database(database, "quote").dsn)
    await found.start()
    yield found
    await found.close()


def counted(sku: str, on_hand: int, at: datetime) -> PositionChanged:
    position = {"sku": sku, "site": SITE, "revision": 1, "on_hand": on_hand, "blocked": 0, "safety_stock": 0}
    positions, told = (PositionState.model_validate(position),), Happened(kind="counted")
    return PositionChanged(revision=1, occurred_at=at, positions=positions, change=told, reason="test", document="D")


class Workshop:
    """Chairs that are made of legs, of which there are a thousand."""

    def __init__(self, pool: Pool, board: Board) -> None:
        """On a ledger where the site is known."""
        self.pool = pool
        self.board = board
        self.door = a_door(board, pool)
        self.chair, self.leg = a_name("CHAIR"), a_name("LEG")
        self.partition = next(_partitions)

    async def open(self) -> None:
        """Tell it everything; each chair has one leg."""
        at = self.board.now()
        items = [ItemDefined(revision=1, occurred_at=at, sku=sku, name=sku, uom="EA") for sku in (self.chair, self.leg)]
        await self.door.carry_out(
            HearSupply([SiteDefined(revision=1, occurred_at=at, site=SITE, name=SITE), *items, counted(self.leg, 1000, at)])
        )
        await self.dries(self.chair, revision=1, minutes=5)
        await self.define(revision=1, legs=1)
        await self.board.look(self.pool)

    async def define(self, revision: int, legs: int) -> None:
        """Take in how many legs a chair has, and look at nothing else."""
        parts = [{"site": SITE, "components": [{"component": self.leg, "quantity_per": legs}]}]
        bill = {"revision": revision, "occurred_at": self.board.now(), "sku": self.chair, "boms": parts}
        told = Progress(self.partition, revision - 1, revision)
        await self.door.carry_out(HearCapacity([BomDefined.model_validate(bill)], told))

    async def dries(self, sku: str, revision: int, minutes: int) -> None:
        """Take in that it is made by drying for so long, and look at nothing else."""
        operations = [{"sequence": 10, "name": "dry", "setup_minutes": 0, "minutes_per_unit": 0, "fixed_minutes": minutes, "resources": []}]
        routings = [{"site": SITE, "operations": operations}]
        routing = {"revision": revision, "occurred_at": self.board.now(), "sku": sku, "routings": routings}
        await self.door.carry_out(HearCapacity([RoutingDefined.model_validate(routing)]))

    async def legs_claimed(self) -> int:
        """How many legs are kept for chairs, as the ledger has it."""
        board = await a_board(self.pool)
        book = board.book(self.leg, SITE)
        assert book is not None
        return sum(claim.quantity for claim in book.of(Part.CLAIM)) // MICRO

    async def plans_due(self) -> set[str]:
        """The plans for chairs that somebody has to look at, and all that there are."""
        board = await a_board(self.pool)
        chairs = {plan for plan, key in board.plans.items() if key == f"{self.chair}|{SITE}"}
        async with self.pool.connection() as connection:
            rows = await connection.fetch("SELECT key FROM risk_due WHERE kind = 'plan'")
        return chairs & {row["key"] for row in rows}


@pytest.fixture
async def workshop(pool: Pool) -> Workshop:
    """Give one that nobody has ordered from."""
    found = Workshop(pool, await a_board(pool))
    await found.open()
    return found


@asynccontextmanager
async def served(door: Door) -> AsyncIterator[Door]:
    task = asyncio.create_task(door.run())
    yield door
    door.close()
    await task


async def ordered(door: Door, sku: str) -> Outcome:
    ask = OrderAsk.model_validate({"lines": [{"sku": sku, "quantity": 1, "sites": [SITE]}]})
    return await door.enter(Take(ask, "tests", "req_1"), None)


async def test_who_has_not_heard_of_a_changed_bill_plans_by_it_all_the_same(pool: Pool, workshop: Workshop) -> None:
    deaf = await a_board(pool)
    await workshop.define(revision=2, legs=3)
    async with served(a_door(deaf, pool)) as door:
        assert (await ordered(door, workshop.chair)).body["status"] == "confirmed"
    assert await workshop.legs_claimed() == 3


async def test_who_finds_under_its_locks_that_it_has_to_plan_does_not_plan_by_what_it_had_heard(pool: Pool, workshop: Workshop) -> None:
    """It thought the stool in stock, and has kept nobody from changing how long a stool dries; all books that it needs are locked."""
    stool, at = a_name("STOOL"), workshop.board.now()
    item = ItemDefined(revision=1, occurred_at=at, sku=stool, name=stool, uom="EA")
    await workshop.door.carry_out(HearSupply([item, counted(stool, 1, at)]))
    await workshop.dries(stool, revision=1, minutes=5)
    await workshop.board.look(pool)
    deaf = await a_board(pool)
    async with served(workshop.door) as door:
        assert (await ordered(door, stool)).body["planned_supply"] == []
        await workshop.dries(stool, revision=2, minutes=5 * 1440)
    async with served(a_door(deaf, pool)) as door:
        (plan,) = (await ordered(door, stool)).body["planned_supply"]
    assert (date.fromisoformat(plan["due_date"]) - date.fromisoformat(plan["start_date"])).days == 5


async def test_who_takes_a_changed_bill_in_finds_the_plans_that_it_has_not_heard_of(pool: Pool, workshop: Workshop) -> None:
    async with served(a_door(await a_board(pool), pool)) as door:
        assert (await ordered(door, workshop.chair)).body["status"] == "confirmed"
    assert f"{workshop.chair}|{SITE}" not in workshop.board.plans.values(), "it has not looked"
    await workshop.define(revision=2, legs=3)
    assert len(await workshop.plans_due()) == 1


async def test_what_a_board_has_taken_in_and_not_learned_it_does_not_claim_to_have_seen(
    pool: Pool, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a decision of the next moment could not be replayed: it would be made again by what it had not known."""

    async def read(_change: HearCapacity, _connection: Connection) -> None:
        async with pool.connection() as other:
            await other.execute("SELECT pg_current_xact_id()")  # a later transaction that ends before

    monkeypatch.setattr(HearCapacity, "read", read)
    await workshop.define(revision=2, legs=3)
    board = workshop.board
    assert board.world.all_of("bom")[workshop.chair]["revision"] == 1
    async with pool.connection() as connection:
        was = await supply.list_definitions_as_seen(connection, board.basis["seen"], board.now())
    assert ("bom", workshop.chair, 1) in [(one.kind, one.id, one.revision) for one in was]


async def test_who_plans_and_who_defines_wait_for_each_other_and_for_nobody_else(pool: Pool, workshop: Workshop) -> None:
    async with served(a_door(await a_board(pool), pool)) as door:
        async with pool.connection() as other, other.transaction():
            await supply.keep_definitions(other)
            defining = asyncio.create_task(workshop.define(revision=2, legs=3))
            await _waiting(pool)
            assert (await ordered(door, workshop.leg)).body["status"] == "confirmed", "what is in stock is planned by nobody"
            assert not defining.done()
        await defining
        async with pool.connection() as other, other.transaction():
            await supply.lock_definitions(other)
            ordering = asyncio.create_task(ordered(door, workshop.chair))
            await _waiting(pool)
            assert not ordering.done()
        assert (await ordering).body["status"] == "confirmed"
    assert await workshop.legs_claimed() == 1 + 3


async def _waiting(pool: Pool) -> None:
    async def found() -> bool:
        async with pool.connection() as connection:
            waiting = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)"
            there: bool = await connection.fetchval(waiting)
        return there

    await eventually(found, what="somebody waiting for master data")
