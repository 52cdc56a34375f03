"""Why a change is refused. A refusal is an answer, not an exception."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stale:
    """The entity has moved on: this is its revision now."""

    revision: int


@dataclass(frozen=True, slots=True)
class TooFine:
    """JSON pointers of quantities with more digits behind the point than their item allows."""

    pointers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OutOfRange:
    """The balance would have more than 9 digits before the point."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody has ever named it."""


@dataclass(frozen=True, slots=True)
class DecimalsFixed:
    """The item has been counted with so many decimals; its unit cannot change under the figures."""

    decimals: int
