"""How a promise stands before promises are decided anew, and what becomes of it: the words of pass 2 (promising.md § 7)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from services.quote.domain.dates import Hop

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.quote.domain.demandclass import Strategy
    from services.quote.domain.entry import Day, Micro
    from services.quote.domain.risk import Rank, Route


class Why(StrEnum):
    """Why a promise changes, or cannot be kept."""

    REGAINED = "REGAINED"
    """It was in danger, and will be kept now."""
    IMPROVED = "IMPROVED"
    """Supply that is free, that others give way from, or that is planned for it, makes it earlier."""
    MOVED_SITE = "MOVED_SITE"
    """It is kept from another site."""
    GAVE_WAY = "GAVE_WAY"
    """It would have been kept; somebody whose strategy goes first takes what it stood on."""
    SHORTAGE = "SHORTAGE"
    """What it stands on does not cover it where it stands."""
    DELAYED = "DELAYED"
    """As it stands it would be delivered late: its way takes longer than when it was promised, or its date has passed."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One open delivery of a promise."""

    key: str
    day: Day
    """Its pick day."""
    quantity: Micro
    delivery_day: Day
    routes: tuple[Route, ...]
    """The books from which it may come; its own first."""
    ship_day: Day | None = None
    """None: it ships on the day on which it is picked."""
    arrives: Day | None = None
    """When it would be delivered by now if it stayed; None: on its delivery day."""

    @property
    def is_slow(self) -> bool:
        """Whether it would come late though everything is there to be picked."""
        return self.arrives is not None and self.arrives > self.delivery_day

    @property
    def hop(self) -> Hop:
        """Its days as they stand."""
        return Hop(self.day, self.day if self.ship_day is None else self.ship_day, self.delivery_day)


@dataclass(frozen=True, slots=True)
class Standing:
    """A promise as it stands: an order line, or a whole order that ships complete."""

    name: str
    rank: Rank
    pieces: tuple[Piece, ...]
    requested_day: Day
    promised_day: Day
    strategy: Strategy | None
    """None: not asked about, it stays."""
    covered: bool = True
    """Whether what is known covers it where it stands (pass 1)."""
    frozen: bool = False
    together: bool = False
    """All pieces are delivered by one day."""
    latest_day: Day | None = None
    """Later than this it is not wanted."""
    classes: tuple[str, ...] = ()
    """Its class and what that lies inside: whose ceilings bind it, and which floors are kept for it."""

    @property
    def is_on_one_day(self) -> bool:
        """Whether all pieces are delivered on one day as it stands."""
        return len({piece.delivery_day for piece in self.pieces}) == 1


@dataclass(frozen=True, slots=True)
class Placed:
    """A piece where it is now."""

    key: str
    hop: Hop
    quantity: Micro
    lane: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a promise that was asked about."""

    day: Day | None
    """Its last delivery; None: no known supply covers it, and it stays as it is."""
    placed: tuple[Placed, ...] | None
    """Its pieces, in their order; None: they stay."""
    why: Why | None = None
    """None: nothing changes."""
    blocked: str | None = None
    """The book in which it found no room, or none on the day for which it must win: of goods, or of what its class may take."""
    behind: str | None = None
    """The first served of those who take what it stood on."""


def last_of(places: Sequence[Placed]) -> Day:
    """The day of the last delivery."""
    return max(place.hop[2] for place in places)


def where_of(one: Standing) -> tuple[Placed, ...]:
    """Its pieces where they stand."""
    return tuple(Placed(piece.key, piece.hop, piece.quantity, piece.routes[0].way.lane if piece.routes else None) for piece in one.pieces)
