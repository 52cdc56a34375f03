"""What the board makes of a ledger that is odd: books that came to nothing, rows that a dump brought from another cluster."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr

from services.quote.board import Board
from services.quote.domain.entry import Entry, Part
from services.quote.handlers.availability import availability
from services.quote.handlers.past import board_as_it_was
from services.quote.ledger import Change, Desk, Door, Effect
from services.quote.settings import Settings
from services.quote.store import books, supply
from services.quote.store.books import Cause
from services.quote.store.pool import Connection, Pool
from services.quote.store.supply import Definition
from shared.database import Database
from tests.running import INSTALLATION, KEY_SECRET
from tests.service.quote.shop import a_name

SITE = "HAM"
PEPPER = SecretStr(KEY_SECRET)


@dataclass(eq=False)
class Stock(Change):
    """Stock at a site, which may be the first that is known of the book; or a fault on the way there."""

    sku: str
    quantity: int
    fault: Exception | None = None

    def new_books(self) -> Iterable[str]:
        return [f"{self.sku}|{SITE}"]

    async def read(self, connection: Connection) -> None:
        del connection

    def decide(self, desk: Desk) -> Effect:
        assert desk.fork(f"{self.sku}|{SITE}") is not None
        if self.fault is not None:
            raise self.fault
        effect = Effect(cause=Cause("test"), definitions=[Definition("item", self.sku, self.quantity, an_item(self.sku))])
        effect.put(f"{self.sku}|{SITE}", Entry(Part.STOCK, "", self.quantity))
        return effect


def an_item(sku: str) -> dict[str, object]:
    return {"name": sku, "uom": "EA", "decimals": 0, "dock_to_stock_days": 0}


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    """Give connections to a ledger of this module's own."""
    found = Pool(Database(database, "quote").dsn)
    await found.start()
    yield found
    await found.close()


async def a_board(pool: Pool) -> Board:
    """A board that has just been loaded; of its settings only the dates' rules are read, and no address."""
    board = Board(
        Settings(database_url="postgresql://nobody@localhost/none", kafka="localhost:9", installation_id=INSTALLATION, key_secret=PEPPER)
    )
    await board.load(pool)
    return board


def a_door(board: Board, pool: Pool) -> Door:
    return Door(board, pool, batch_requests=10, queue_requests=10, woken=lambda: None)


def shown(board: Board, sku: str) -> bool:
    """Whether anybody can see the book: named, or among the sites of its sku."""
    named = availability(board, sku, SITE, None, None, None) is not None
    assert named == (board.sites_of(sku) == [SITE])
    return named


async def test_a_book_that_came_to_nothing_is_unknown(pool: Pool) -> None:
    board, sku = await a_board(pool), a_name("SKU")
    door = a_door(board, pool)
    with pytest.raises(ZeroDivisionError):
        await door.carry_out(Stock(sku, 10, fault=ZeroDivisionError()))
    assert not shown(board, sku)
    assert Desk(board, board.now(), {}, {}, None).book(sku, SITE) is None
    assert await door.carry_out(Stock(sku, 10))
    assert shown(board, sku)
    assert shown(await a_board(pool), sku)


async def test_a_row_without_a_version_is_unknown_also_after_a_start(pool: Pool) -> None:
    sku = a_name("SKU")
    async with pool.connection() as connection:
        await books.create(connection, [f"{sku}|{SITE}"])
    board = await a_board(pool)
    assert not shown(board, sku)
    assert await a_door(board, pool).carry_out(Stock(sku, 10))
    assert shown(board, sku)


async def test_a_ledger_restored_into_a_younger_cluster_is_not_news_for_ever(pool: Pool, database: str) -> None:
    board, sku = await a_board(pool), a_name("SKU")
    await a_door(board, pool).carry_out(Stock(sku, 1))
    connection = await asyncpg.connect(database)
    try:
        await connection.execute("UPDATE quote.book SET last_xid = 1000000000000")
        await connection.execute("UPDATE quote.definition SET last_xid = 1000000000000")
    finally:
        await connection.close()

    restored = await a_board(pool)
    assert shown(restored, sku)
    async with pool.connection() as reading:
        since = (await books.horizon(reading))[0]
        assert await books.list_heads(reading, since) == []
        assert (await supply.look_at_definitions(reading, since))[1] == []
    await a_door(await a_board(pool), pool).carry_out(Stock(sku, 2))
    await restored.look(pool)
    book = restored.book(sku, SITE)
    assert book is not None
    assert (book.version, book.on_hand) == (2, 2)


async def test_what_has_to_be_looked_at_is_written_by_the_transaction_that_made_it_so(pool: Pool) -> None:
    """A process may die between any two commits: what it would still have written is lost."""
    board, sku = await a_board(pool), a_name("SKU")
    await a_door(board, pool).carry_out(Stock(sku, -5))
    async with pool.connection() as connection:
        written = await connection.fetch("SELECT xmin::text FROM entry WHERE book_key = $1", f"{sku}|{SITE}")
        due = await connection.fetch("SELECT xmin::text FROM risk_due WHERE kind = 'book' AND key = $1", f"{sku}|{SITE}")
    assert len(due) == 1
    assert [row["xmin"] for row in due] == [row["xmin"] for row in written]


async def test_a_change_that_nobody_can_lack_is_not_looked_at(pool: Pool) -> None:
    board, sku = await a_board(pool), a_name("SKU")
    door = a_door(board, pool)
    for quantity, waiting in ((10, 0), (-1, 1), (3, 2), (4, 2)):
        await door.carry_out(Stock(sku, quantity))
        async with pool.connection() as connection:
            assert await connection.fetchval("SELECT count(*) FROM risk_due WHERE key = $1", f"{sku}|{SITE}") == waiting


async def test_what_a_board_had_seen_is_told_again_though_a_slower_transaction_was_numbered_before(pool: Pool) -> None:
    """The slow one begins first and commits last: numbers and instants alone would say that its change was seen."""
    slow, quick, new = a_name("SKU"), a_name("SKU"), a_name("SKU")
    board = await a_board(pool)
    door = a_door(board, pool)
    await door.carry_out(Stock(slow, 1))
    await door.carry_out(Stock(quick, 1))

    def defined(sku: str, revision: int) -> Definition:
        return Definition("item", sku, revision, an_item(sku) | {"name": f"revision {revision}"})

    async with pool.connection() as one, pool.connection() as other:
        async with one.transaction():
            await supply.save_definitions(one, [defined(slow, 2), defined(new, 1)])
            await supply.save_definitions(other, [defined(quick, 2)])
            await board.look(pool)
            seen, at = board.basis["seen"], board.now()
        await supply.save_definitions(other, [defined(quick, 3)])
    await board.look(pool)
    assert board.items[slow].name == "revision 2"
    async with pool.connection() as reading:
        found = {each.id: each for each in await supply.list_definitions_as_seen(reading, seen, at)}
    past = board.fork({})
    past.go_back(found.values(), [])
    assert (past.items[slow].name, past.items[quick].name, past.items.get(new)) == (slow, "revision 2", None)
    assert (board.items[slow].name, board.items[quick].name, board.items[new].name) == ("revision 2", "revision 3", "revision 1")


async def test_what_is_learned_while_a_board_of_another_time_is_made_is_not_on_it(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ledger was asked what has changed since, then the entries of the books; in between a definition comes in."""
    board, sku = await a_board(pool), a_name("SKU")
    await a_door(board, pool).carry_out(Stock(sku, 1))
    await board.look(pool)
    seen, at = board.basis["seen"], board.now()
    list_entries = books.list_entries_at

    async def meanwhile(connection: Any, known: dict[str, int]) -> Any:
        async with pool.connection() as other:
            await supply.save_definitions(other, [Definition("item", sku, 2, an_item(sku) | {"name": "revision 2"})])
        await board.look(pool)
        return await list_entries(connection, known)

    monkeypatch.setattr(books, "list_entries_at", meanwhile)
    past = await board_as_it_was(board, pool, {f"{sku}|{SITE}": 1}, at, {"seen": seen})
    assert (past.items[sku].name, board.items[sku].name) == (sku, "revision 2")


async def test_a_decision_from_before_a_restore_is_told_by_its_instant(pool: Pool, database: str) -> None:
    """Transactions of the old cluster had higher numbers: what is defined after the restore seems to be seen, but for its instant."""
    board, sku = await a_board(pool), a_name("SKU")
    await a_door(board, pool).carry_out(Stock(sku, 1))
    await board.look(pool)
    at = board.now()
    seen = "1000000000000:1000000000000:"
    async with pool.connection() as connection:
        await connection.execute(
            "INSERT INTO definition_history (kind, id, revision, state, at) VALUES ('item', $1, 9, $2, now() + interval '1 hour')",
            sku, an_item(sku) | {"name": "after"},
        )  # fmt: skip
    async with pool.connection() as reading:
        past = board.fork({})
        past.go_back(await supply.list_definitions_as_seen(reading, seen, at), [])
    assert past.items[sku].name == sku
