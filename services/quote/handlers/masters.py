"""Master data that quote itself keeps, many of one kind in one transaction, as files bring it: each is taken or refused for itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.quote.store import masters
from services.quote.store.supply import Definition
from shared.imports import Rest
from shared.outcomes import Outcome, Taken

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shared.database import Session

RETIRED_AT_ONCE = 300


async def take_definitions(
    session: Session, kind: str, told: Sequence[tuple[str, Mapping[str, Any]]], named: frozenset[str]
) -> list[Outcome]:
    """Define them by the fields that are named; of what stands already, the others stay as they are."""
    known = await masters.lock_definitions(session, kind, (identity for identity, _ in told))
    outcomes: list[Outcome] = []
    changed: dict[str, Definition] = {}
    for identity, body in told:
        before = known.get(identity)
        stands = before is not None and not before.state.get("retired")
        kept = {name: value for name, value in before.state.items() if name in body and name not in named} if before and stands else {}
        revision = 0 if before is None else before.revision
        state = {**body, **kept, kind: identity}
        if before is not None and stands and {**state, "revision": revision} == before.state:
            outcomes.append(Taken(changed=False))
            continue
        known[identity] = changed[identity] = Definition(kind, identity, revision + 1, {**state, "revision": revision + 1})
        outcomes.append(Taken())
    await masters.save_definitions(session, kind, list(changed.values()))
    return outcomes


async def retire_rest(session: Session, kind: str, job: str, after: str) -> Rest:
    """Retire some of what a snapshot has not named."""
    left = await masters.list_left(session, kind, job, after, RETIRED_AT_ONCE)
    known = await masters.lock_definitions(session, kind, left) if left else {}
    retired = [
        Definition(kind, identity, one.revision + 1, {**one.state, "revision": one.revision + 1, "retired": True})
        for identity, one in known.items()
        if not one.state.get("retired")
    ]
    await masters.save_definitions(session, kind, retired)
    return Rest(len(retired), left[-1] if len(left) == RETIRED_AT_ONCE else None)
