"""How a request reaches what capacity does: who may, in which transaction, and how a refusal is answered."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict

from services.capacity.asks.fields import EARLIEST, LATEST, CivilDate
from services.capacity.handlers.refusals import Refused, Stale, Unknown
from shared.access import Caller, Scope, caller_with
from shared.contracts.base import Instant
from shared.database import Database, Session
from shared.paging import decode_cursor
from shared.problems import FieldError, Problem, conflict, not_found, unprocessable
from shared.quantities import Code
from shared.relay import Relay

Reader = Annotated[Caller, Depends(caller_with(Scope.QUOTE_READ))]
Writer = Annotated[Caller, Depends(caller_with(Scope.CAPACITY_WRITE))]
CodeFilter = Annotated[Code | None, Query()]
Day = Annotated[CivilDate, Path(description="The civil day at the resource's site.")]
FromDate = Annotated[CivilDate | None, Query(description="The first day.")]
ToDate = Annotated[CivilDate | None, Query(description="The last day, included.")]

T = TypeVar("T")


class View(BaseModel):
    """What every answer about a definition carries."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    external_id: str | None = None
    source_system: str | None = None
    revision: int
    created_at: Instant
    updated_at: Instant


async def change(request: Request, work: Callable[[Session], Awaitable[T]]) -> T:
    """Do `work` in a transaction of its own, committed before the answer leaves; then what it said is on its way."""
    database: Database = request.app.state.database
    relay: Relay = request.app.state.relay
    done = await database.run(work)
    relay.wake()
    return done


def refusal(found: object) -> Problem | None:
    """The problem document of a refusal; None when it is none."""
    if isinstance(found, Stale):
        detail = f"The revision is {found.revision} by now; read it again, then decide."
        return conflict("REVISION_MISMATCH", detail, current_revision=found.revision)
    if isinstance(found, Refused):
        first = found.mistakes[0]
        detail = f"{first.pointer}: {first.message}" if first.pointer else f"{first.message}."
        return unprocessable(first.code, detail, [FieldError(each.pointer, each.code, each.message) for each in found.mistakes])
    if isinstance(found, Unknown):
        return unknown(found.kind, found.id)
    return None


def unknown(kind: str, identity: str) -> Problem:
    """404 for a definition that is not there."""
    return not_found(f"UNKNOWN_{kind.upper()}", f"There is no {kind} {identity!r}.")


def behind(cursor: str | None) -> str:
    """The id after which a page begins."""
    return str(decode_cursor(cursor, str)[0] or "") if cursor else ""


def window(first: date | None, last: date | None, default_first: date = EARLIEST, default_last: date = LATEST) -> tuple[date, date]:
    """The days asked for, both included. Raises 422 when the last lies before the first."""
    begin, end = first or default_first, last or default_last
    if begin > end:
        raise unprocessable("INVALID_REQUEST", "to_date lies before from_date.", [FieldError("/to_date", "date_range", "before from_date")])
    return begin, end


def answers(example: Any) -> dict[int | str, dict[str, Any]]:
    """The documented answer of an operation."""
    return {200: {"content": {"application/json": {"example": example}}}}
