"""Hear what others tell us: the bodies of the calls as events, each counted once by its sender's id."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel

from services.capacity.asks.calendars import CalendarAsk
from services.capacity.asks.products import BomAsk, RoutingAsk
from services.capacity.asks.resources import CorrectionAsk, CorrectionSet, ResourceAsk, ResourceSet
from services.capacity.asks.updates import BomSet, CalendarSet, CorrectionRemoved, RoutingSet
from services.capacity.handlers.take import remove_corrections, take_boms, take_calendars, take_corrections, take_resources, take_routings
from shared.database import Session
from shared.outcomes import Outcome
from shared.updates import Said, Update, Vocabulary, take_once

UPDATES_TOPIC = "capacity.updates.v1"
VOCABULARY = Vocabulary(
    UPDATES_TOPIC,
    {
        "calendar-set": CalendarSet,
        "resource-set": ResourceSet,
        "exception-set": CorrectionSet,
        "exception-removed": CorrectionRemoved,
        "bom-set": BomSet,
        "routing-set": RoutingSet,
    },
)
_IDENTITY = {
    "calendar-set": ("calendar",),
    "resource-set": ("resource",),
    "exception-set": ("resource", "date"),
    "exception-removed": ("resource", "date"),
    "bom-set": ("sku",),
    "routing-set": ("sku",),
}

A = TypeVar("A", bound=BaseModel)


async def take_updates(session: Session, updates: Sequence[Update], caller: str) -> list[Said]:
    """Take them over in their order; those of one type that stand together are locked together."""

    async def apply(within: Session, fresh: Sequence[Update]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for run in _runs(fresh):
            outcomes += await _take(within, run[0].type, [update.body for update in run], caller)
        return outcomes

    return await take_once(session, updates, apply)


def _runs(updates: Sequence[Update]) -> Iterator[list[Update]]:
    """Neighbours of one type, each about something else."""
    run: list[Update] = []
    named: set[tuple[Any, ...]] = set()
    for update in updates:
        identity = tuple(getattr(update.body, name) for name in _IDENTITY[update.type])
        if run and (run[0].type != update.type or identity in named):
            yield run
            run, named = [], set()
        run.append(update)
        named.add(identity)
    if run:
        yield run


async def _take(session: Session, short: str, bodies: Sequence[Any], caller: str) -> list[Outcome]:
    if short == "calendar-set":
        return await take_calendars(session, [(body.calendar, _without(body, "calendar", CalendarAsk)) for body in bodies])
    if short == "resource-set":
        told = [(body.resource, _without(body, "resource", ResourceAsk)) for body in bodies]
        return await take_resources(session, told, frozenset(ResourceAsk.model_fields))
    if short == "exception-set":
        corrections: list[tuple[tuple[str, Any], CorrectionAsk]] = [((body.resource, body.date), body) for body in bodies]
        return await take_corrections(session, corrections, caller)
    if short == "exception-removed":
        return await remove_corrections(session, [((body.resource, body.date), body.expected_revision) for body in bodies])
    if short == "bom-set":
        return await take_boms(session, [(body.sku, _without(body, "sku", BomAsk)) for body in bodies])
    return await take_routings(session, [(body.sku, _without(body, "sku", RoutingAsk)) for body in bodies])


def _without(body: BaseModel, identity: str, model: type[A]) -> A:
    """The body as the call has it, where the address says the id."""
    return model.model_validate(body.model_dump(exclude={identity}))
