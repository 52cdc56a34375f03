"""Classes of demand: which lies inside which, who comes first, what re-promising may do to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.quote.domain.demandclass import MOST_LEVELS, circle_of, levels_with
from services.quote.handlers.definitions import Page, list_definitions, put_definition
from services.quote.store import supply
from shared.problems import FieldError, unprocessable

if TYPE_CHECKING:
    from services.quote.asks.masterdata import ClassAsk
    from services.quote.board import Board
    from services.quote.store.pool import Connection, Pool

KIND = "demand_class"


async def put_class(pool: Pool, board: Board, name: str, ask: ClassAsk) -> dict[str, Any]:
    """Take the whole definition over; told again, it changes nothing.

    Raises a 409 Problem on another revision than expected, a 422 Problem where its parent is unknown or lies inside it.
    """
    wanted = ask.model_dump(mode="json", exclude={"expected_revision"})
    async with pool.connection() as connection, connection.transaction():
        await supply.lock_definition(connection, KIND, "")  # two who each lay one inside the other come one after the other
        if ask.parent is not None:
            known = await supply.list_definitions_of(connection, KIND)
            _check_parent(name, ask.parent, {one.id: one.state["parent"] for one in known if not one.state.get("retired")})
        state = await put_definition(connection, KIND, name, wanted, ask.expected_revision)
    await board.look(pool)
    return state


def _check_parent(name: str, parent: str, parents: dict[str, str | None]) -> None:
    if parent != name and parent not in parents:
        raise _refusal("/parent", "unknown_class", f"there is no class {parent}: define it first")
    circle = circle_of(name, parent, parents)
    if circle is not None:
        raise _refusal("/parent", "class_inside_itself", f"{name} would lie inside itself: {' in '.join(circle)}")
    if levels_with(name, parent, parents) > MOST_LEVELS:
        raise _refusal("/parent", "too_many_levels", f"classes lie inside one another over at most {MOST_LEVELS} levels")


async def check_class(connection: Connection, name: str, pointer: str) -> None:
    """Refuse what names a class that nobody has defined. Raises a 422 Problem."""
    if not await supply.is_defined(connection, KIND, name):
        raise _refusal(pointer, "unknown_class", f"there is no class {name}: define it first")


def _refusal(pointer: str, code: str, message: str) -> Exception:
    return unprocessable("INVALID_REQUEST", f"{pointer}: {message}", [FieldError(pointer, code, message)])


def find_class(board: Board, name: str) -> dict[str, Any] | None:
    """The class as it stands, or None."""
    return board.world.all_of(KIND).get(name)


def list_classes(board: Board, limit: int, cursor: str | None) -> Page:
    """Classes by id."""
    return list_definitions(board, KIND, limit, cursor)
