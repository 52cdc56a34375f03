"""Policies: settled by an administrator, for everything, a site, an item, or an item at a site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.quote.handlers.definitions import Page, list_definitions, put_definition
from services.quote.handlers.endanger import by_midnight
from services.quote.store import risk, supply
from services.quote.store.risk import BOOK, DueRow
from services.quote.store.supply import Definition
from shared.problems import conflict

if TYPE_CHECKING:
    from services.quote.asks.masterdata import PolicyAsk
    from services.quote.board import Board
    from services.quote.store.pool import Connection, Pool

KIND = "policy"
_MOVES_RECEIPTS = ("past_due_offset_days", "past_due_limit_days")
_SCOPE = ("sku", "site")


async def put_policy(pool: Pool, board: Board, policy: str, ask: PolicyAsk) -> dict[str, Any]:
    """Take the whole policy over; told again, it changes nothing. What receipts are believed otherwise by it is looked at for risk.

    Raises a 409 Problem on another revision than expected, and where another policy is for the same.
    """
    wanted = ask.model_dump(mode="json", exclude={"expected_revision"})
    async with pool.connection() as connection, connection.transaction():
        await supply.lock_definition(connection, KIND, "")  # no other policy comes to be meanwhile: two could be for the same
        known = await _standing(connection)
        state = await put_definition(connection, KIND, policy, wanted, ask.expected_revision)
        for other, one in known.items():
            if other != policy and all(one[name] == wanted[name] for name in _SCOPE):
                raise conflict("SCOPE_TAKEN", f"Policy {other!r} is for the same sku and site: change that one.", policy=other)
        await _look_at_receipts(connection, board, [known[policy], state] if policy in known else [state])
    await board.look(pool)
    return state


async def retire_policies(pool: Pool, board: Board, job: str) -> int:
    """Let those settle nothing any more that an import has not named. Says how many."""
    async with pool.connection() as connection, connection.transaction():
        await supply.lock_definition(connection, KIND, "")
        known = await _standing(connection)
        gone = [known[each] for each in sorted(known.keys() - await supply.list_named(connection, job))]
        retired = [{**one, "revision": one["revision"] + 1, "retired": True} for one in gone]
        await supply.save_definitions(connection, [Definition(KIND, one[KIND], one["revision"], one) for one in retired])
        for one in gone:
            await _look_at_receipts(connection, board, [one])
    await board.look(pool)
    return len(gone)


async def _standing(connection: Connection) -> dict[str, dict[str, Any]]:
    return {one.id: one.state for one in await supply.list_definitions_of(connection, KIND) if not one.state.get("retired")}


async def _look_at_receipts(connection: Connection, board: Board, states: list[dict[str, Any]]) -> None:
    """Let the books be looked at whose overdue supply may count on another day, or no longer."""
    if len(states) > 1 and all(states[0][name] == states[1][name] for name in (*_SCOPE, *_MOVES_RECEIPTS)):
        return
    scopes = [one for one in states if any(one[name] is not None for name in _MOVES_RECEIPTS)]
    now, due = board.now(), []
    for book in board.books.values():
        if any(one["sku"] in (None, book.sku) and one["site"] in (None, book.site) for one in scopes):
            cause = by_midnight(book, board.today(book.site, now))
            if cause is not None:
                due.append(DueRow(BOOK, book.key, cause))
    if due:
        await risk.add_due(connection, due)


def find_policy(board: Board, policy: str) -> dict[str, Any] | None:
    """The policy as it stands, or None."""
    return board.world.all_of(KIND).get(policy)


def list_policies(board: Board, limit: int, cursor: str | None) -> Page:
    """Policies by id."""
    return list_definitions(board, KIND, limit, cursor)
