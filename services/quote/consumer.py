"""What quote hears: supply and capacity, for the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.quote.board import CAPACITY_TOPIC, SUPPLY_TOPIC
from shared.contracts.capacity import EVENTS as CAPACITY_EVENTS
from shared.contracts.inventory import EVENTS as SUPPLY_EVENTS
from shared.leadership import Leadership
from shared.projecting import Projector

if TYPE_CHECKING:
    from services.quote.projection import Projection
    from shared.broker import Broker

TOPICS = {SUPPLY_TOPIC: SUPPLY_EVENTS, CAPACITY_TOPIC: CAPACITY_EVENTS}
SUBSCRIBES = {name: (topic, model) for topic, events in TOPICS.items() for name, model in events.items()}


def projector(broker: Broker, topic: str, projection: Projection, dsn: str) -> Projector:
    """One process applies a topic; the others stand by."""
    return Projector(broker, topic, TOPICS[topic], projection, Leadership(dsn, f"quote:{topic}"))
