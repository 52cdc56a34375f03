"""How a request reaches what inventory does: who may, in which transaction, and how a refusal is answered."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request

from services.inventory.handlers.refusals import DecimalsFixed, OutOfRange, Stale, TooFine, Unknown
from services.inventory.store import MovementTakenError
from shared.access import Caller, Scope, caller_with
from shared.database import ATTEMPTS, Database, Session
from shared.problems import FieldError, Problem, conflict, not_found, unavailable, unprocessable
from shared.relay import Relay

Reader = Annotated[Caller, Depends(caller_with(Scope.QUOTE_READ))]
Writer = Annotated[Caller, Depends(caller_with(Scope.STOCK_WRITE))]

T = TypeVar("T")


async def change(request: Request, work: Callable[[Session], Awaitable[T]]) -> T:
    """Do `work` in a transaction of its own, committed before the answer leaves; then what it said is on its way."""
    database: Database = request.app.state.database
    relay: Relay = request.app.state.relay
    for _ in range(ATTEMPTS):
        try:
            done = await database.run(work)
        except MovementTakenError:
            continue
        relay.wake()
        return done
    raise unavailable("BUSY", "The same movements are being booked by another call; try again.")


def refusal(found: object) -> Problem | None:
    """The problem document of a refusal; None when it is none."""
    if isinstance(found, Stale):
        detail = f"The revision is {found.revision} by now; read it again, then decide."
        return conflict("REVISION_MISMATCH", detail, current_revision=found.revision)
    if isinstance(found, TooFine):
        message = "more digits behind the point than the item is counted with"
        return unprocessable(
            "TOO_MANY_DECIMALS", f"{found.pointers[0]}: {message}", [_error(at, "TOO_MANY_DECIMALS", message) for at in found.pointers]
        )
    if isinstance(found, DecimalsFixed):
        detail = f"The item is in use with {found.decimals} decimals; a new item can be defined with others."
        return conflict("DECIMALS_FIXED", detail, decimals=found.decimals)
    if isinstance(found, OutOfRange):
        return unprocessable("QUANTITY_OUT_OF_RANGE", "The balance would have more than 9 digits before the point.")
    if isinstance(found, Unknown):
        return not_found("UNKNOWN_RECEIPT", "Neither a definition nor a movement has ever named this receipt.")
    return None


def answers(example: Any) -> dict[int | str, dict[str, Any]]:
    """The documented answer of an operation."""
    return {200: {"content": {"application/json": {"example": example}}}}


def _error(pointer: str, code: str, message: str) -> FieldError:
    return FieldError(pointer, code, message)
