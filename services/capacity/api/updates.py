"""The same updates as on capacity.updates.v1, over HTTP."""

from collections.abc import Sequence

from fastapi import Request

from services.capacity.api.reach import change
from services.capacity.handlers.hear_updates import VOCABULARY, take_updates
from shared.access import Caller, Scope
from shared.updates import Said, Update
from shared.updates_door import router as events_router


async def _take(request: Request, updates: Sequence[Update], caller: Caller) -> list[Said]:
    return await change(request, lambda session: take_updates(session, updates, caller.id)) if updates else []


router = events_router(VOCABULARY, Scope.CAPACITY_WRITE, _take, {"calendar": "WORKING-DAYS", "weekly": {"saturday": 0, "sunday": 0}})
