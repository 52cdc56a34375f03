"""Everything at once, as its events carry it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.quote import events
from services.quote.domain.entry import holds_stock
from services.quote.ledger import Desk
from services.quote.store import documents, risk
from services.quote.store.risk import CLOSED
from shared.contracts.quote import AVAILABILITY_TOPIC, ORDERS_TOPIC, RISK_TOPIC

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection

    from services.quote.board import Board
    from services.quote.store.pool import Pool
    from shared.contracts.base import Contract

ORDERS_AT_ONCE = 200


async def snapshot(board: Board, pool: Pool, topics: Collection[str]) -> AsyncIterator[tuple[str, Contract]]:
    """Every book, then every order, then what was last told of the risk of every open line, each with its event type."""
    for key in sorted(board.books) if AVAILABILITY_TOPIC in topics else ():
        desk = Desk(board, board.now(), {}, {}, None)
        book = desk.fork(key)
        if book is not None and book.version and holds_stock(book.site):
            yield events.AVAILABILITY_CHANGED, events.availability(desk, book, "snapshot", None)
    if ORDERS_TOPIC in topics:
        async for told in _orders(pool):
            yield told
    if RISK_TOPIC in topics:
        async for told in _risks(pool):
            yield told


async def _orders(pool: Pool) -> AsyncIterator[tuple[str, Contract]]:
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


async def _risks(pool: Pool) -> AsyncIterator[tuple[str, Contract]]:
    after = ""
    while True:
        async with pool.snapshot() as connection:
            ids = await risk.list_told_orders(connection, after, ORDERS_AT_ONCE)
            rows = await documents.find_orders(connection, ids, lock=False)
            states = await risk.find_states(connection, ids)
        for (order_id, line_ref), state in sorted(states.items()):
            order = rows.get(order_id)
            line = None if order is None else order.line(line_ref)
            if order is not None and line is not None and line.is_open and state.state != CLOSED:
                said = events.risk(order, line, state)
                yield said.type, said.data
        if len(ids) < ORDERS_AT_ONCE:
            return
        after = ids[-1]
