"""What the service has started, for those who answer requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.quote.board import Board
    from services.quote.decision_log import DecisionLog
    from services.quote.ledger import Door
    from services.quote.settings import Settings
    from services.quote.store.pool import Pool
    from services.quote.stream import Stream
    from shared.broker import Broker
    from shared.projecting import Projector
    from shared.relay import Relay


@dataclass(slots=True, frozen=True)
class House:
    """One process of quote."""

    settings: Settings
    pool: Pool
    board: Board
    door: Door
    log: DecisionLog
    broker: Broker
    relay: Relay
    projectors: Mapping[str, Projector]
    """By topic."""
    stream: Stream
