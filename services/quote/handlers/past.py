"""The board as it was: books at the versions of then, master data as it was seen then. Nothing of it is ever written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.quote.domain.book import Book
from services.quote.store import books, supply

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from services.quote.board import Board
    from services.quote.domain.entry import Entry
    from services.quote.store.pool import Pool


async def board_as_it_was(board: Board, pool: Pool, versions: Mapping[str, int], at: datetime, basis: Mapping[str, Any]) -> Board:
    """The board on which a decision was made: entries are never changed, so each book is there at the version that it had.

    `basis` names the snapshot of master data that was seen; without one the definitions of the instant are taken.
    """
    await board.look(pool)  # what has changed since is asked of the ledger, so everything else must be known
    past = board.fork(basis)  # at once: what this board learns after the ledger was asked is on no other
    known = {key: version for key, version in versions.items() if version}
    async with pool.slow_read() as connection:
        definitions = await supply.list_definitions_as_seen(connection, basis.get("seen"), at)
        entries: dict[str, list[Entry]] = {key: [] for key in known}
        for key, entry in await books.list_entries_at(connection, known):
            entries[key].append(entry)
        kept_at = await books.list_sites_at(connection, {key.rsplit("|", 1)[0] for key in known}, at)
    past.go_back(definitions, [_book(key, standing, known[key], at) for key, standing in entries.items()], kept_at)
    return past


def _book(key: str, entries: list[Entry], version: int, at: datetime) -> Book:
    book = Book(*key.rsplit("|", 1))
    book.apply(entries, version, at)
    return book
