"""How a request reaches what notifier does: who may, in which transaction, and what is woken by it."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from pydantic import Field

from services.notifier.keeping import Deliverer
from shared.access import Caller, Scope, caller_with
from shared.database import Database, Session
from shared.idempotency import once
from shared.quantities import RequestModel
from shared.relay import Relay

Reader = Annotated[Caller, Depends(caller_with(Scope.QUOTE_READ))]
Writer = Annotated[Caller, Depends(caller_with(Scope.ALERTS_WRITE))]

T = TypeVar("T")
Json = dict[str, Any]


class KeyBody(RequestModel):
    """What the body of every POST may carry."""

    idempotency_key: Annotated[str, Field(max_length=255)] | None = None


async def change(request: Request, work: Callable[[Session], Awaitable[T]]) -> T:
    """Do `work` in a transaction of its own, committed before the answer leaves; then what it said and wrote is on its way."""
    database: Database = request.app.state.database
    relay: Relay = request.app.state.relay
    deliverer: Deliverer = request.app.state.deliverer
    done = await database.run(work)
    relay.wake()
    deliverer.wake()
    return done


async def change_once(
    request: Request, caller: Caller, body: KeyBody | None, work: Callable[[Session], Awaitable[tuple[int, Json]]]
) -> tuple[int, Json]:
    """`change`, once per idempotency key of the caller."""
    key = request.headers.get("idempotency-key") or (body.idempotency_key if body else None)
    raw = await request.body()

    async def keyed(session: Session) -> tuple[int, Json]:
        return await once(session, caller.id, key, "POST", request.url.path, raw, lambda: work(session))

    return await change(request, keyed)


def answers(example: Any) -> dict[int | str, dict[str, Any]]:
    """The documented answer of an operation."""
    return {200: {"content": {"application/json": {"example": example}}}}
