"""Customers, as far as promising needs them: the days on which they receive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.quote.store import supply
from services.quote.store.supply import Definition
from shared.paging import decode_cursor, encode_cursor
from shared.problems import Problem

if TYPE_CHECKING:
    from services.quote.asks import CustomerAsk
    from services.quote.board import Board
    from services.quote.store.pool import Pool

KIND = "customer"


@dataclass(slots=True, frozen=True)
class Page:
    """Customers in the order of their ids, and where to go on."""

    data: list[dict[str, Any]]
    next_cursor: str | None


async def put_customer(pool: Pool, board: Board, customer: str, ask: CustomerAsk) -> dict[str, Any]:
    """Take the whole definition over; told again, it changes nothing. Raises a 409 Problem on another revision than expected."""
    wanted = ask.model_dump(mode="json", exclude={"expected_revision"})
    async with pool.connection() as connection, connection.transaction():
        before = await supply.lock_definition(connection, KIND, customer)
        revision = 0 if before is None else before.revision
        if ask.expected_revision not in (None, revision):
            detail = f"The customer is at revision {revision}, not {ask.expected_revision}: read it and decide again."
            raise Problem(409, "REVISION_CONFLICT", detail, extra={"current_revision": revision})
        if before is not None and before.state == {**wanted, "customer": customer, "revision": revision}:
            return before.state
        state = {**wanted, "customer": customer, "revision": revision + 1}
        await supply.save_definitions(connection, [Definition(KIND, customer, revision + 1, state)])
    await board.look(pool)
    return state


def find_customer(board: Board, customer: str) -> dict[str, Any] | None:
    """The customer as it stands, or None."""
    return board.world.all_of(KIND).get(customer)


def list_customers(board: Board, limit: int, cursor: str | None) -> Page:
    """Customers by id."""
    after = str(decode_cursor(cursor, str)[0] or "") if cursor else ""
    names = [name for name in sorted(board.world.all_of(KIND)) if name > after]
    more = encode_cursor([names[limit - 1]]) if len(names) > limit else None
    return Page([board.world.all_of(KIND)[name] for name in names[:limit]], more)
