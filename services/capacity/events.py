"""What capacity says: a definition and what was worked out of it become a contract."""

from datetime import date, datetime
from typing import Any

from services.capacity.domain.pattern import Pattern
from shared.contracts.base import EntityEvent
from shared.contracts.capacity import (
    EVENTS,
    TOPIC,
    BomDefined,
    CalendarDefined,
    DayPattern,
    ResourceCapacityChanged,
    ResourceChangeKind,
    RoutingDefined,
)
from shared.outbox import Event

CALENDAR = "capacity.plan.calendar-defined.v1"
RESOURCE = "capacity.plan.resource-capacity-changed.v1"
BOM = "capacity.plan.bom-defined.v1"
ROUTING = "capacity.plan.routing-defined.v1"

SAID: dict[str, tuple[str, type[EntityEvent]]] = {
    "calendar": (CALENDAR, CalendarDefined),
    "resource": (RESOURCE, ResourceCapacityChanged),
    "bom": (BOM, BomDefined),
    "routing": (ROUTING, RoutingDefined),
}
"""The kinds of definitions, with the event that tells each of them."""

PUBLISHES = {name: (TOPIC, model) for name, model in EVENTS.items()}


def calendar_defined(
    calendar: str, body: dict[str, Any], pattern: Pattern, revision: int, now: datetime, reason: str | None = None
) -> CalendarDefined:
    """A calendar with its days worked out."""
    return CalendarDefined(revision=revision, occurred_at=now, reason=reason, calendar=calendar, name=body["name"], pattern=_days(pattern))


def calendar_retired(said: dict[str, Any], revision: int, now: datetime) -> CalendarDefined:
    """A calendar that is taken back, with its days as they were last told."""
    return CalendarDefined.model_validate({**said, "revision": revision, "occurred_at": now, "reason": None, "retired": True})


def resource_capacity_changed(
    resource: str,
    body: dict[str, Any],
    pattern: Pattern,
    revision: int,
    now: datetime,
    *,
    change: ResourceChangeKind,
    changed_dates: tuple[date, ...] = (),
    reason: str | None = None,
    document: str | None = None,
    retired: bool = False,
) -> ResourceCapacityChanged:
    """A resource with what it can do day by day."""
    return ResourceCapacityChanged.model_validate(
        {
            **body,
            "resource": resource,
            "capacity": _days(pattern),
            "change": change,
            "changed_dates": changed_dates,
            "revision": revision,
            "occurred_at": now,
            "reason": reason,
            "document": document,
            "retired": retired,
        }
    )


def product_defined(kind: str, sku: str, body: dict[str, Any], revision: int, now: datetime, *, retired: bool = False) -> EntityEvent:
    """The bills of material (`bom`) or the routings (`routing`) of a product."""
    _, model = SAID[kind]
    return model.model_validate({**body, "sku": sku, "revision": revision, "occurred_at": now, "retired": retired})


def event_of(kind: str, identity: str, data: EntityEvent) -> Event:
    """What is said about a definition, ready to be sent."""
    name, _ = SAID[kind]
    return Event(topic=TOPIC, key=identity, type=name, subject=identity, data=data, occurred_at=data.occurred_at)


def told(kind: str, said: dict[str, Any]) -> tuple[str, EntityEvent]:
    """The last event of a definition again, as it was said, with its type."""
    name, model = SAID[kind]
    return name, model.model_validate(said)


def _days(pattern: Pattern) -> DayPattern:
    monday, tuesday, wednesday, thursday, friday, saturday, sunday = pattern.weekly
    return DayPattern(
        weekly=(monday, tuesday, wednesday, thursday, friday, saturday, sunday),
        days=dict(pattern.days),
        from_date=pattern.from_date,
        until_date=pattern.until_date,
    )
