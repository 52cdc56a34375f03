"""Customers, as far as promising needs them: the days on which they receive, and the class that they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.quote.handlers.classes import check_class
from services.quote.handlers.definitions import Page, list_definitions, put_definition

if TYPE_CHECKING:
    from services.quote.asks.masterdata import CustomerAsk
    from services.quote.board import Board
    from services.quote.store.pool import Pool

KIND = "customer"


async def put_customer(pool: Pool, board: Board, customer: str, ask: CustomerAsk) -> dict[str, Any]:
    """Take the whole definition over; told again, it changes nothing.

    Raises a 409 Problem on another revision than expected, a 422 Problem where its class is not defined.
    """
    wanted = ask.model_dump(mode="json", exclude={"expected_revision"})
    async with pool.connection() as connection, connection.transaction():
        if ask.demand_class is not None:
            await check_class(connection, ask.demand_class, "/demand_class")
        state = await put_definition(connection, KIND, customer, wanted, ask.expected_revision)
    await board.look(pool)
    return state


def find_customer(board: Board, customer: str) -> dict[str, Any] | None:
    """The customer as it stands, or None."""
    found = board.world.all_of(KIND).get(customer)
    return None if found is None else {"demand_class": None, **found}


def list_customers(board: Board, limit: int, cursor: str | None) -> Page:
    """Customers by id."""
    page = list_definitions(board, KIND, limit, cursor)
    return Page([{"demand_class": None, **one} for one in page.data], page.next_cursor)
