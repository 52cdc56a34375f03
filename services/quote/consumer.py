"""What quote hears: supply, for the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.quote.board import SUPPLY_TOPIC
from shared.contracts.inventory import EVENTS as SUPPLY_EVENTS
from shared.leadership import Leadership
from shared.projecting import Projector

if TYPE_CHECKING:
    from services.quote.projection import Supply
    from shared.broker import Broker

SUBSCRIBES = {name: (SUPPLY_TOPIC, model) for name, model in SUPPLY_EVENTS.items()}


def supply_projector(broker: Broker, supply: Supply, dsn: str) -> Projector:
    """One process applies the topic; the others stand by."""
    return Projector(broker, SUPPLY_TOPIC, SUPPLY_EVENTS, supply, Leadership(dsn, f"quote:{SUPPLY_TOPIC}"))
