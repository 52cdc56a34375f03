"""Numbers from numbers: quantiles, and the middle of several rounds with its spread."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value that `share` of the ordered values do not exceed; 0 of nothing."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure over several rounds."""

    least: float
    middle: float
    most: float

    def text(self, digits: int = 0) -> str:
        """`812 (790 to 840)`: the median, and the range of the rounds."""
        return f"{self.middle:,.{digits}f} ({self.least:,.{digits}f} to {self.most:,.{digits}f})"


def spread(values: Iterable[float]) -> Spread:
    """The median of the rounds and their range."""
    found = sorted(values)
    return Spread(found[0], median(found), found[-1])
