"""Master data that quote itself keeps: definitions that somebody puts, whole, each with its revision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from services.quote.answers import iso_instant
from services.quote.store import risk, supply
from services.quote.store.supply import Definition
from shared.paging import decode_cursor, encode_cursor
from shared.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.quote.board import Board
    from services.quote.store.pool import Connection, Pool


@dataclass(slots=True, frozen=True)
class Page:
    """Definitions of a kind in the order of their ids, and where to go on."""

    data: list[dict[str, Any]]
    next_cursor: str | None


async def put_definition(
    connection: Connection, kind: str, identity: str, wanted: dict[str, Any], expected_revision: int | None
) -> dict[str, Any]:
    """Take a whole definition over under the name of its kind; told again, it changes nothing.

    Raises a 409 Problem on another revision than expected.
    """
    before = await supply.lock_definition(connection, kind, identity)
    revision = 0 if before is None else before.revision
    if expected_revision not in (None, revision):
        detail = f"{identity} is at revision {revision}, not {expected_revision}: read it and decide again."
        raise Problem(409, "REVISION_CONFLICT", detail, extra={"current_revision": revision})
    if before is not None and before.state == {**wanted, kind: identity, "revision": revision}:
        return before.state
    state = {**wanted, kind: identity, "revision": revision + 1}
    await supply.save_definitions(connection, [Definition(kind, identity, revision + 1, state)])
    if before is not None:
        await risk.add_due_of(connection, kind, identity)
    return state


def list_definitions(board: Board, kind: str, limit: int, cursor: str | None) -> Page:
    """Definitions of a kind by id."""
    after = str(decode_cursor(cursor, str)[0] or "") if cursor else ""
    known = board.world.all_of(kind)
    names = [name for name in sorted(known) if name > after]
    more = encode_cursor([names[limit - 1]]) if len(names) > limit else None
    return Page([known[name] for name in names[:limit]], more)


async def with_dates(pool: Pool, kind: str, found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same definitions, each with when it was defined first, and when last: no promise asks for it, so the board does not know."""
    async with pool.connection() as connection:
        dates = await supply.list_dates(connection, kind, [one[kind] for one in found])
    return [
        {**one, "created_at": iso_instant(created_at), "updated_at": iso_instant(updated_at)}
        for one in found
        for created_at, updated_at in [dates[one[kind]]]
    ]
