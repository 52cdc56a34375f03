"""The same updates as on inventory.updates.v1, over HTTP."""

from collections.abc import Sequence

from fastapi import Request

from services.inventory.api.reach import change
from services.inventory.handlers.hear_updates import VOCABULARY, take_updates
from shared.access import Caller, Scope
from shared.updates import Said, Update
from shared.updates_door import router as events_router


async def _take(request: Request, updates: Sequence[Update], caller: Caller) -> list[Said]:
    return await change(request, lambda session: take_updates(session, updates, caller.id)) if updates else []


router = events_router(VOCABULARY, Scope.STOCK_WRITE, _take, {"site": "HAM", "sku": "SKU-77", "on_hand": 120})
