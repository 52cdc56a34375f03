"""Take over what files tell, many of one kind in one transaction: each is taken or refused for itself.

What several of them need is locked before the first is taken, and they are taken in order of their ids.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date
from typing import TypeVar

from pydantic import ValidationError

from services.capacity import store
from services.capacity.asks.calendars import CalendarAsk
from services.capacity.asks.fields import Mistake
from services.capacity.asks.operations import OperationFile
from services.capacity.asks.products import BomAsk, RoutingAsk
from services.capacity.asks.resources import CorrectionAsk, ResourceAsk
from services.capacity.handlers.correct import Corrected, remove_correction, set_correction
from services.capacity.handlers.define import define_bom, define_calendar, define_resource, define_routing
from services.capacity.handlers.hear import wait_for_items
from services.capacity.handlers.operations import define_operation, resolved, with_resources
from services.capacity.handlers.refusals import Refused, Stale, Unknown
from services.capacity.handlers.say import Defined
from shared import outcomes
from shared.database import Session
from shared.outcomes import Outcome, Taken

K = TypeVar("K", str, tuple[str, date])
A = TypeVar("A")
Found = Defined | Corrected | Stale | Refused | Unknown


async def take_calendars(session: Session, told: Sequence[tuple[str, CalendarAsk]], *, by_rules: bool = False) -> list[Outcome]:
    """Define calendars. `by_rules`: that is all that is said of them, and the days that were set one by one stay."""
    known = {calendar: await store.lock_definition(session, "calendar", calendar) for calendar in sorted(identity for identity, _ in told)}

    async def one(calendar: str, ask: CalendarAsk) -> Found:
        before = known[calendar]
        if by_rules and before.revision and not before.retired:
            stands = CalendarAsk.model_validate({"exceptions": before.body["exceptions"]})
            ask = ask.model_copy(update={"exceptions": stands.exceptions})
        return await define_calendar(session, calendar, ask)

    return await _in_order(told, one)


async def take_resources(session: Session, told: Sequence[tuple[str, ResourceAsk]], named: frozenset[str]) -> list[Outcome]:
    """Define resources by the fields that are named; what is not named stays as it is.

    A row without units and calendar that others name as their group is the pool's: it can do nothing itself.
    """
    for calendar in sorted({ask.calendar for _, ask in told if ask.calendar is not None}):
        await store.share_definition(session, "calendar", calendar)
    groups = {ask.group for _, ask in told} | await store.find_groups(session, [identity for identity, _ in told])

    async def one(resource: str, ask: ResourceAsk) -> Found:
        known = await store.find_definition(session, "resource", resource)
        wanted = ask.definition(resource)
        if known is not None:
            wanted = {**known.body, **{field: value for field, value in wanted.items() if field in named}}
        elif "units" not in named and ask.calendar is None and resource in groups:
            wanted["units"] = 0
        return await define_resource(session, resource, ResourceAsk.model_validate(wanted))

    return await _in_order(told, one)


async def take_corrections(session: Session, told: Sequence[tuple[tuple[str, date], CorrectionAsk]], caller: str) -> list[Outcome]:
    """Set downtime and overtime."""
    return await _in_order(told, lambda at, ask: set_correction(session, at[0], at[1], ask, caller))


async def remove_corrections(session: Session, told: Sequence[tuple[tuple[str, date], int | None]]) -> list[Outcome]:
    """Take downtime and overtime back."""
    return await _in_order(told, lambda at, expected: remove_correction(session, at[0], at[1], expected))


async def take_boms(session: Session, told: Sequence[tuple[str, BomAsk]]) -> list[Outcome]:
    """Define bills of material; items that were defined a moment ago are waited for."""
    await wait_for_items(session, {component for _, ask in told for _, component in ask.named()})
    await store.lock_bills(session)
    return await _in_order(told, lambda sku, ask: define_bom(session, sku, ask))


async def take_routings(
    session: Session, told: Sequence[tuple[str, RoutingAsk]], named: frozenset[str] = frozenset({"resources", "alternates"})
) -> list[Outcome]:
    """Define routings; what is not named of who does the work is as the operations say, or as it was."""
    if "alternates" not in named:
        told = await with_resources(session, told, named=bool(named & {"resources", "groups"}))
    return await _in_order(told, lambda sku, ask: define_routing(session, sku, ask))


async def take_operations(session: Session, told: Sequence[tuple[str, OperationFile]]) -> list[Outcome]:
    """Define who does operations, by the names of resources and pools."""

    async def one(operation: str, rows: OperationFile) -> Found:
        try:
            ask = await resolved(session, rows)
        except ValidationError as error:
            said = error.errors(include_url=False)[0]
            field = "skill" if said["type"] == "skill_of_group" else "resource"
            return Refused((Mistake(f"/{field}", str(said["type"]), str(said["msg"])),))
        return await define_operation(session, operation, ask)

    for operation in sorted(name for name, _ in told):
        await store.lock_definition(session, "operation", operation)
    return await _in_order(told, one)


async def _in_order(told: Sequence[tuple[K, A]], take: Callable[[K, A], Awaitable[Found]]) -> list[Outcome]:
    found = {identity: _outcome(await take(identity, ask)) for identity, ask in sorted(told, key=lambda each: each[0])}
    return [found[identity] for identity, _ in told]


def _outcome(found: Found) -> Outcome:
    if isinstance(found, Stale):
        return outcomes.Refused("expected_revision", "REVISION_MISMATCH", f"the revision is {found.revision} by now", 409)
    if isinstance(found, Unknown):
        return outcomes.Refused(found.kind, f"UNKNOWN_{found.kind.upper()}", f"there is no {found.kind} {found.id!r}", 404)
    if isinstance(found, Refused):
        first = found.mistakes[0]
        field = next((part for part in reversed(first.pointer.split("/")) if not part.isdigit()), "")
        return outcomes.Refused(field, first.code, "; ".join(f"{each.pointer}: {each.message}".lstrip(": ") for each in found.mistakes[:5]))
    return Taken(changed=found.changed)
