"""What capacity said becomes definitions, and the capacity of resources becomes their books: state replaces state."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from services.quote.asks.amounts import micro
from services.quote.domain.entry import Entry, Part
from services.quote.handlers.endanger import by_capacity, on_the_way
from services.quote.handlers.hear_supply import book_of
from services.quote.handlers.remake import plans_hit
from services.quote.ledger import Change, Effect
from services.quote.store import supply
from services.quote.store.books import Cause
from services.quote.store.supply import Definition
from shared.contracts.capacity import TOPIC, BomDefined, CalendarDefined, PlanHeartbeat, ResourceCapacityChanged, RoutingDefined

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from services.quote.handlers.hear_supply import Progress
    from services.quote.ledger import Desk
    from services.quote.store.pool import Connection
    from shared.contracts.base import Contract

FROM_CAPACITY = "capacity"


@dataclass(slots=True, eq=False)
class HearCapacity(Change):
    """A run of events of one partition, or a piece of a snapshot (`progress` None), in one transaction."""

    events: Sequence[Contract]
    progress: Progress | None = None
    _resources: dict[str, ResourceCapacityChanged] = field(default_factory=dict)
    _definitions: list[Definition] = field(default_factory=list)
    _as_of: datetime | None = None
    _seen: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Of each resource only the newest state counts."""
        for event in self.events:
            if isinstance(event, ResourceCapacityChanged):
                before = self._resources.get(event.resource)
                if before is None or before.revision < event.revision:
                    self._resources[event.resource] = event
                card = event.model_dump(mode="json", include={"resource", "name", "site", "group", "skills", "revision", "retired"})
                self._definitions.append(Definition("resource", event.resource, event.revision, card))
            elif isinstance(event, CalendarDefined):
                self._definitions.append(Definition("calendar", event.calendar, event.revision, event.model_dump(mode="json")))
            elif isinstance(event, BomDefined):
                self._definitions.append(Definition("bom", event.sku, event.revision, event.model_dump(mode="json")))
            elif isinstance(event, RoutingDefined):
                self._definitions.append(Definition("routing", event.sku, event.revision, event.model_dump(mode="json")))
            elif isinstance(event, PlanHeartbeat):
                self._as_of = event.as_of if self._as_of is None else max(self._as_of, event.as_of)

    @property
    def defines(self) -> bool:
        """Where one of the events does."""
        return bool(self._definitions)

    def new_books(self) -> Iterable[str]:
        """A resource that was never heard of is a new book."""
        return [book_of(resource) for resource in self._resources]

    async def claim(self, connection: Connection) -> bool:
        """Move the offset first: that fences whoever else thinks it leads."""
        return self.progress is None or await supply.move_offset(
            connection, TOPIC, self.progress.partition, self.progress.expected, self.progress.following, self._as_of
        )

    async def read(self, connection: Connection) -> None:
        """What was applied before, locked."""
        keys = [book_of(resource) for resource in self._resources]
        self._seen = await supply.lock_revisions(connection, keys) if keys else {}

    def decide(self, desk: Desk) -> Effect:
        """Facts are never refused: a day may be claimed beyond what it has."""
        effect = Effect(definitions=list(self._definitions), looks=on_the_way(desk.board, self._definitions))
        effect.remakes = plans_hit(desk.board, self._definitions)
        effect.cause = Cause("resource-capacity-changed", None, FROM_CAPACITY)
        for resource, event in self._resources.items():
            key = book_of(resource)
            if event.revision > self._seen.get(key, 0):
                effect.revisions[key] = event.revision
                effect.causes[key] = Cause("resource-capacity-changed", None, FROM_CAPACITY, event.document)
                told = Entry(Part.CAPACITY, "", 1, None, None, _capacity(event))
                if danger := by_capacity(desk.fork(key), event, told):
                    effect.dangers[key] = danger
                effect.put(key, told)
        return effect


def _capacity(event: ResourceCapacityChanged) -> dict[str, Any]:
    """The capacity as its book keeps it, days as ordinals; nothing while its calendar is unknown."""
    weekly = list(event.capacity.weekly) if event.known else [0] * 7
    days = {str(date.toordinal(day)): minutes for day, minutes in event.capacity.days.items()} if event.known else {}
    return {"site": event.site, "weekly": weekly, "days": days, "at_once": micro(event.units) * micro(event.efficiency) // 1_000_000}
