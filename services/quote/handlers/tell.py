"""Everything at once, as its events carry it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.quote import events
from services.quote.domain.book import RESOURCE
from services.quote.ledger import Desk
from services.quote.store import documents

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from services.quote.board import Board
    from services.quote.store.pool import Pool
    from shared.contracts.base import Contract

ORDERS_AT_ONCE = 200


async def snapshot(board: Board, pool: Pool) -> AsyncIterator[tuple[str, Contract]]:
    """Every book, then every order, each with its event type."""
    for key in sorted(board.books):
        desk = Desk(board, board.now(), {}, {}, None)
        book = desk.fork(key)
        if book is not None and book.version and book.site != RESOURCE:
            yield events.AVAILABILITY_CHANGED, events.availability(desk, book, "snapshot", None)
    after: str | None = None
    while True:
        async with pool.snapshot() as connection:
            rows = await documents.list_orders(connection, limit=ORDERS_AT_ONCE, after=after)
        for row in rows:
            data = events.order("order-promised", row, row.updated_at, reason="snapshot").data
            yield "quote.orders.order-promised.v1", data
        if len(rows) < ORDERS_AT_ONCE:
            return
        after = rows[-1].id
