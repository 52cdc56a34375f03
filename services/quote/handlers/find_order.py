"""Finding orders: one, many, and what happened to one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.quote import answers
from services.quote.domain.balance import Standing, balance, standing
from services.quote.store import documents, risk
from shared.paging import decode_cursor, encode_cursor

if TYPE_CHECKING:
    from datetime import date

    from services.quote.board import Board
    from services.quote.store.pool import Pool
    from services.quote.store.rows import OrderRow


@dataclass(slots=True, frozen=True)
class OrderFilter:
    """Which orders are wanted; None means all."""

    status: str | None = None
    customer: str | None = None
    sku: str | None = None
    site: str | None = None
    external_id: str | None = None
    promised_from: date | None = None
    promised_to: date | None = None
    at_risk: bool | None = None


async def find_order(pool: Pool, board: Board, order_id: str) -> dict[str, Any] | None:
    """An order as it stands, or None."""
    async with pool.snapshot() as connection:
        row = (await documents.find_orders(connection, [order_id], lock=False)).get(order_id)
        risks = {} if row is None else await risk.find_risks(connection, [order_id])
    return None if row is None else answers.order(row, risks, on_safety_stock(board, row))


def on_safety_stock(board: Board, row: OrderRow) -> set[str]:
    """The open lines of an order whose book keeps its promises only with safety stock."""
    now = board.now()
    found = set()
    for line in row.lines:
        for one in line.deliveries if line.is_open else ():
            book = board.book(line.sku, one.site)
            if book is None or not one.open or not book.safety_stock:
                continue
            figures = balance(book, board.today(one.site, now), now, board.rules(line.sku, one.site))
            if standing(figures, book.safety_stock, one.pick_day) is Standing.SAFETY_STOCK:
                found.add(line.line_ref)
    return found


async def list_orders(
    pool: Pool, board: Board, wanted: OrderFilter, limit: int, cursor: str | None, *, newest_first: bool
) -> dict[str, Any]:
    """A page of orders by id, which is by the time they were made."""
    after = None if cursor is None else str(decode_cursor(cursor, str)[0])
    async with pool.snapshot() as connection:
        rows = await documents.list_orders(
            connection,
            limit=limit + 1,
            after=after,
            newest_first=newest_first,
            status=wanted.status,
            customer=wanted.customer,
            sku=wanted.sku,
            site=wanted.site,
            external_id=wanted.external_id,
            promised_from=wanted.promised_from,
            promised_to=wanted.promised_to,
            at_risk=wanted.at_risk,
        )
        risks = await risk.find_risks(connection, [row.id for row in rows[:limit]])
    data = [answers.order(row, risks, on_safety_stock(board, row)) for row in rows[:limit]]
    return {"data": data, "next_cursor": encode_cursor([data[-1]["id"]]) if len(rows) > limit else None}


async def list_order_history(pool: Pool, order_id: str, limit: int, cursor: str | None) -> dict[str, Any] | None:
    """What happened to an order, oldest first; None when there is no such order."""
    after = 0
    if cursor is not None:
        value = decode_cursor(cursor, int)[0]
        after = value if isinstance(value, int) else 0
    async with pool.snapshot() as connection:
        if not await documents.find_orders(connection, [order_id], lock=False):
            return None
        rows = await documents.list_history(connection, order_id, after, limit + 1)
    data = [answers.history(row) for row in rows[:limit]]
    return {"data": data, "next_cursor": encode_cursor([data[-1]["revision"]]) if len(rows) > limit else None}
