"""How long deciding 50,000 promises anew takes: the pure pass, on books as a big warehouse has them."""

from __future__ import annotations

import time
from random import Random
from typing import Final

from services.quote.domain.bins import StockBin
from services.quote.domain.dates import immediate
from services.quote.domain.demandclass import Strategy
from services.quote.domain.repromise import repromise
from services.quote.domain.risk import Commitment, Route, Take, foresee
from services.quote.domain.standing import Piece, Standing

TODAY: Final = 739_952
DAYS: Final = 90
MICRO: Final = 1_000_000


def measure(promises: int = 50_000, books: int = 500, seed: int = 7) -> dict[str, float]:
    """Processor seconds of both passes; supply covers 95 of 100 units, so that books are short and many have to move."""
    chance = Random(seed)
    keys = [f"SKU-{n}|HAM" for n in range(books)]
    routes = {key: (Route(key, immediate(TODAY)),) for key in keys}
    strategies = list(Strategy)
    found = []
    supply: dict[str, dict[int, int]] = {key: {} for key in keys}
    for n in range(promises):
        key = keys[n % books]
        day, quantity = TODAY + chance.randrange(DAYS), chance.randrange(1, 20) * MICRO
        wanted = max(TODAY, day - chance.randrange(15))
        rank = (chance.randrange(5), chance.randrange(100), n)
        found.append(Standing(str(n), rank, (Piece(key, day, quantity, day, routes[key]),), wanted, day, strategies[chance.randrange(5)]))
        come = TODAY + max(0, day - TODAY - 7) // 7 * 7
        supply[key][come] = supply[key].get(come, 0) + quantity * 95 // 100
    bins = {key: StockBin(TODAY, changes) for key, changes in supply.items()}
    began = time.process_time()
    commitments = [
        Commitment(one.name, one.rank, tuple(Take(p.key, p.day, p.quantity, p.delivery_day) for p in one.pieces), one.promised_day)
        for one in found
    ]
    fates = foresee(commitments, bins)
    seen = time.process_time()
    known = [
        Standing(one.name, one.rank, one.pieces, one.requested_day, one.promised_day, one.strategy, fates[one.name].kept) for one in found
    ]
    repromise(known, bins)
    return {"promises": promises, "pass_1_seconds": seen - began, "pass_2_seconds": time.process_time() - seen}


if __name__ == "__main__":
    for name, value in measure().items():
        print(f"{name}: {value:,.2f}")  # noqa: T201 -- a report
