"""Who comes before whom: classes of demand, their rank, their strategy, and what they lie inside (promising.md § 6 and § 7).

Classes form a hierarchy, such as channel / region / customer. A class that nobody has defined stands alone: it lies inside
nothing, and ranks as one of which no rank was said.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_RANK: Final = 100
"""Of a class of which no rank was said, and of demand without a class."""
MOST_LEVELS: Final = 10
"""Of classes inside one another."""


class Strategy(StrEnum):
    """What re-promising may do to the promises of a class (promising.md § 7)."""

    WIN = "win"
    GAIN = "gain"
    REDISTRIBUTE = "redistribute"
    FILL = "fill"
    LOSE = "lose"


@dataclass(frozen=True, slots=True)
class DemandClass:
    """One class as promising reads it."""

    name: str | None
    rank: int = DEFAULT_RANK
    """Small comes first."""
    strategy: Strategy = Strategy.REDISTRIBUTE
    lineage: tuple[str, ...] = ()
    """The class itself and every class it lies inside, itself first; empty for demand without a class."""


NO_CLASS: Final = DemandClass(None)
"""Of demand that names no class."""


def lineage_of(name: str, parents: Mapping[str, str | None]) -> tuple[str, ...]:
    """A class and every class it lies inside, itself first. Stops where a class would stand twice."""
    found = [name]
    above = parents.get(name)
    while above is not None and above not in found:
        found.append(above)
        above = parents.get(above)
    return tuple(found)


def circle_of(name: str, parent: str, parents: Mapping[str, str | None]) -> tuple[str, ...] | None:
    """The classes that would lie inside one another if `name` came to lie inside `parent`, from `name` back to it; None where none do."""
    above = lineage_of(parent, parents)
    return (name, *above[: above.index(name) + 1]) if name in above else None


def levels_with(name: str, parent: str, parents: Mapping[str, str | None]) -> int:
    """How many levels the deepest class would be at if `name` came to lie inside `parent`."""
    moved = {**parents, name: parent}
    return max(len(lineage_of(one, moved)) for one in moved)
