"""Define calendars, resources, bills of material and routings. Told again, a definition changes nothing and says nothing.

Locks are taken in one order everywhere: the lock of all bills; then calendars; then resources, sorted by id. Whoever puts a
resource on a calendar holds that calendar, so a calendar that changes finds everybody who works by it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.capacity import events, store
from services.capacity.asks.calendars import CalendarAsk
from services.capacity.asks.fields import MasterAsk, Mistake
from services.capacity.asks.products import BomAsk, RequirementAsk, RoutingAsk
from services.capacity.asks.resources import ResourceAsk
from services.capacity.domain.bill import find_cycle
from services.capacity.domain.calendar import ever_works
from services.capacity.handlers.refusals import Refused, Stale, UnknownComponents
from services.capacity.handlers.resolving import MUST_WORK_DAYS, days_between, pattern_of
from services.capacity.handlers.say import Defined, say, say_calendar, say_resources
from services.capacity.store import Definition
from shared.database import Session, db_now


async def define_calendar(session: Session, calendar: str, ask: CalendarAsk) -> Defined | Stale | Refused:
    """Take the calendar over, and tell it with every resource that works by it."""
    if mistakes := ask.mistakes():
        return Refused(tuple(mistakes))
    before = await store.lock_definition(session, "calendar", calendar)
    if (done := _nothing_to_do(before, ask)) is not None:
        return done
    body = ask.definition(calendar)
    now = await db_now(session)
    today = now.date()
    if not ever_works(days_between(body, today, today + timedelta(days=MUST_WORK_DAYS))):
        return Refused((Mistake("", "CALENDAR_NEVER_WORKS", "there is no working day in the next three years"),))
    pattern = pattern_of(body, today)
    after = await say_calendar(session, replace(before, body=body), pattern, now)
    members = await store.lock_resources_on(session, calendar)
    await say_resources(session, members, pattern, now, "calendar-changed", reason=f"calendar {calendar}")
    return Defined(after, changed=True)


async def define_resource(session: Session, resource: str, ask: ResourceAsk) -> Defined | Stale | Refused:
    """Take the resource over, and tell what it can do day by day."""
    if mistakes := ask.mistakes():
        return Refused(tuple(mistakes))
    calendar: Definition | None = None
    if ask.calendar is not None:
        calendar = await store.share_definition(session, "calendar", ask.calendar)
        if calendar is None:
            return Refused((Mistake("/calendar", "UNKNOWN_CALENDAR", f"there is no calendar {ask.calendar!r}"),))
    before = await store.lock_definition(session, "resource", resource)
    if (done := _nothing_to_do(before, ask)) is not None:
        return done
    now = await db_now(session)
    pattern = pattern_of(calendar.body if calendar else None, now.date())
    [after] = await say_resources(session, [replace(before, body=ask.definition(resource))], pattern, now, "defined")
    return Defined(after, changed=True)


async def define_bom(session: Session, sku: str, ask: BomAsk) -> Defined | Stale | Refused:
    """Take every bill of material of a product over. UnknownComponents: what they name may still be heard of."""
    if mistakes := ask.mistakes():
        return Refused(tuple(mistakes))
    await store.lock_bills(session)
    before = await store.lock_definition(session, "bom", sku)
    if (done := _nothing_to_do(before, ask)) is not None:
        return done
    named = list(ask.named())
    components = {name for _, name in named}
    unknown = components - await store.find_items(session, components)
    if unknown:
        mistakes = [Mistake(at, "UNKNOWN_COMPONENT", f"there is no item {name!r}") for at, name in named if name in unknown]
        return UnknownComponents(tuple(mistakes), frozenset(unknown))
    below = await store.list_below(session, components)
    if (cycle := find_cycle({**below, sku: components}, sku)) is not None:
        at = next(pointer for pointer, name in named if name == cycle[1])
        return Refused((Mistake(at, "BOM_CYCLE", f"{sku} would go into itself: {' → '.join(cycle)}"),))
    await store.save_goes_in(session, sku, components)
    return await _say_product(session, before, ask.definition(sku))


async def define_routing(session: Session, sku: str, ask: RoutingAsk) -> Defined | Stale | Refused:
    """Take every routing of a product over."""
    if mistakes := ask.mistakes():
        return Refused(tuple(mistakes))
    before = await store.lock_definition(session, "routing", sku)
    if (done := _nothing_to_do(before, ask)) is not None:
        return done
    if unknown := await unknown_needs(session, list(ask.named())):
        return Refused(tuple(unknown))
    return await _say_product(session, before, ask.definition(sku))


async def unknown_needs(session: Session, named: Sequence[tuple[str, RequirementAsk]]) -> list[Mistake]:
    """A mistake for each resource or group that nobody has defined, at its pointer."""
    resources = {wanted.resource for _, wanted in named if wanted.resource is not None}
    groups = {wanted.group for _, wanted in named if wanted.group is not None}
    resources -= await store.find_resources(session, resources)
    groups -= await store.find_groups(session, groups)
    return [
        Mistake(at, "UNKNOWN_RESOURCE", f"there is no resource {wanted.resource!r}")
        if wanted.group is None
        else Mistake(at, "UNKNOWN_RESOURCE", f"no resource names {wanted.group!r} as its group")
        for at, wanted in named
        if wanted.resource in resources or wanted.group in groups
    ]


def _nothing_to_do(before: Definition, ask: MasterAsk) -> Defined | Stale | None:
    if ask.expected_revision not in (None, before.revision):
        return Stale(before.revision)
    if before.revision and not before.retired and before.body == ask.definition(before.id):
        return Defined(before, changed=False)
    return None


async def _say_product(session: Session, before: Definition, body: dict[str, Any]) -> Defined:
    now = await db_now(session)
    data = events.product_defined(before.kind, before.id, body, before.revision + 1, now)
    [after] = await say(session, [replace(before, body=body)], [data], None)
    return Defined(after, changed=True)
