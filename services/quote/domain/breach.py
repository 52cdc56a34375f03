"""Which books would get worse than THE invariant allows if promises came to stand elsewhere (promising.md § 2 and § 7)?

for every day d:  projected_after(d) >= min(0, projected_before(d)), with everything that really stands there
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.quote.domain.bins import StockBin
    from services.quote.domain.entry import Day, Micro
    from services.quote.domain.standing import Placed, Standing


def made_worse(ordered: Sequence[Standing], at: Mapping[str, tuple[Placed, ...]], bins: Mapping[str, StockBin]) -> set[str]:
    """The books in which some day gets worse than min(0, before), counting everybody: who found no place stands where he stood."""
    changes: dict[str, dict[Day, Micro]] = defaultdict(lambda: defaultdict(int))
    before: dict[str, dict[Day, Micro]] = defaultdict(lambda: defaultdict(int))
    for one in ordered:
        places = at.get(one.name)
        for number, piece in enumerate(one.pieces):
            day = max(piece.day, bins[piece.key].today)
            before[piece.key][day] += piece.quantity
            if places is not None and one.strategy is not None:
                place = places[number]
                if (place.key, place.hop[0]) != (piece.key, piece.day):
                    changes[piece.key][day] += piece.quantity
                    changes[place.key][place.hop[0]] -= place.quantity
    return {key for key, moved in changes.items() if any(moved.values()) and not _permits(bins[key], before[key], moved)}


def _permits(stock: StockBin, before: Mapping[Day, Micro], moved: Mapping[Day, Micro]) -> bool:
    steps: dict[Day, Micro] = defaultdict(int)
    last = 0
    for day, free in stock.free_by_day():
        steps[day] += free - last
        last = free
    for day, quantity in before.items():
        steps[day] -= quantity
    projected = shift = 0
    for day in sorted({*steps, *moved}):
        projected += steps.get(day, 0)
        shift += moved.get(day, 0)
        if projected + shift < min(0, projected):
            return False
    return True
