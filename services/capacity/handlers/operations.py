"""Define who does an operation. Every routing in which it stands follows.

Locks: the operations in order of their names, then the routings in order of their skus. Whoever defines a routing by the words of
an operation holds the operation, so one that changes finds everybody who goes by it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from services.capacity import store
from services.capacity.asks.operations import NeedRow, OperationDefinition, OperationFile
from services.capacity.asks.products import RoutingAsk
from services.capacity.handlers.define import define_routing, unknown_needs
from services.capacity.handlers.refusals import Refused, Stale
from services.capacity.handlers.say import Defined
from shared.database import Session, db_now

KIND = "operation"
_PARTS = ("resources", "alternates")
Step = Mapping[str, Any]


async def define_operation(session: Session, operation: str, ask: OperationDefinition) -> Defined | Stale | Refused:
    """Take over who does it, and tell every routing in which it stands anew, where that changes something."""
    if mistakes := ask.mistakes():
        return Refused(tuple(mistakes))
    before = await store.lock_definition(session, KIND, operation)
    if ask.expected_revision not in (None, before.revision):
        return Stale(before.revision)
    if unknown := await unknown_needs(session, list(ask.named())):
        return Refused(tuple(unknown))
    body = ask.definition(operation)
    moved = await _tell_routings(session, operation, ask)
    if isinstance(moved, Refused | Stale):
        return moved
    if before.revision and not before.retired and before.body == body:
        return Defined(before, changed=moved)
    now = await db_now(session)
    created_at = before.created_at if before.revision else now
    after = replace(before, body=body, revision=before.revision + 1, created_at=created_at, updated_at=now, retired=False)
    await store.save_definitions(session, [after])
    return Defined(after, changed=True)


async def resolved(session: Session, told: OperationFile) -> OperationDefinition:
    """The rows of a file with each name as what it is: a pool if any resource calls it its group, else a resource."""
    pools = await store.find_groups(session, {need.resource for listed in told.lists for need in listed})

    def need(row: NeedRow) -> dict[str, str | None]:
        return {"group": row.resource, "skill": row.skill} if row.resource in pools else {"resource": row.resource, "skill": row.skill}

    first, *others = [[need(row) for row in listed] for listed in told.lists]
    return OperationDefinition.model_validate({"resources": first, "alternates": others})


async def with_resources(session: Session, told: Sequence[tuple[str, RoutingAsk]], *, named: bool) -> list[tuple[str, RoutingAsk]]:
    """Routings of a file that does not say everything about who does the work: the operation's own definition does, or what stands.

    `named`: the file says who usually does it, and only the alternates stay as they are.
    """
    steps = {step.name for _, ask in told for _, step in ask.steps() if step.name is not None}
    operations = {} if named else {name: one.body for name in sorted(steps) if (one := await store.share_definition(session, KIND, name))}
    found: list[tuple[str, RoutingAsk]] = []
    for sku, ask in told:
        known = await store.find_definition(session, "routing", sku)
        before = {(way["site"], step["sequence"]): step for way in known.body["routings"] for step in way["operations"]} if known else {}
        body = ask.definition(sku)
        for way in body["routings"]:
            for step in way["operations"]:
                stood = before.get((way["site"], step["sequence"]), {})
                source = operations.get(step["name"], stood)
                step.update({part: source[part] for part in (_PARTS[1:] if named else _PARTS) if part in source})
        found.append((sku, RoutingAsk.model_validate(body | {"expected_revision": ask.expected_revision})))
    return found


async def _tell_routings(session: Session, operation: str, ask: OperationDefinition) -> bool | Refused | Stale:
    """Whether a routing had to follow."""
    wanted, moved = ask.parts(), False
    for routing in await store.lock_routings_with(session, operation):
        steps: Iterable[dict[str, Any]] = (step for way in routing.body["routings"] for step in way["operations"])
        for step in steps:
            if step["name"] == operation:
                step.update(wanted)
        outcome = await define_routing(session, routing.id, RoutingAsk.model_validate(routing.body))
        if not isinstance(outcome, Defined):
            return outcome
        moved |= outcome.changed
    return moved
