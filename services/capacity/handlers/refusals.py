"""Why a change is refused. A refusal is an answer, not an exception."""

from dataclasses import dataclass

from services.capacity.asks.fields import Mistake


@dataclass(frozen=True, slots=True)
class Stale:
    """The entity has moved on: this is its revision now."""

    revision: int


@dataclass(frozen=True, slots=True)
class Unknown:
    """There is no such definition."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """What is asked for cannot be: every place that says so."""

    mistakes: tuple[Mistake, ...]


@dataclass(frozen=True, slots=True)
class UnknownComponents(Refused):
    """Items that were never heard of; they may still be on their way."""

    skus: frozenset[str]
