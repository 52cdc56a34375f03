"""Promises on simulated histories: of those that were given so many percent, how many hold?

A company with suppliers of every kind orders, promises and then sees what happens. The kernel knows only how late each
supplier's earlier orders came; the simulation knows the law behind them, draws what comes next, and looks whether the
promised quantity is there on its pick day. `python -m tests.unit.quote_domain.calibration` writes docs/chance.md.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from services.quote.domain.book import Book, Entry, Part
from services.quote.domain.chance import Chances, chance_of
from services.quote.domain.promise import Demand, promise
from services.quote.domain.vouch import promise_that_holds
from tests.unit.quote_domain.builders import TODAY, AShelf, a_book, a_line, units

PAGE = Path(__file__).resolve().parents[3] / "docs" / "chance.md"
Law = Callable[[random.Random], int]


def waiting(mean: float, early: int = 0) -> Law:
    """Mostly soon after the due date, sometimes long after; up to `early` days before it."""
    return lambda chance: int(chance.expovariate(1 / mean)) - chance.randint(0, early)


def spread(middle: float, deviation: float) -> Law:
    """Around a usual delay."""
    return lambda chance: round(chance.gauss(middle, deviation))


def moody(mean: float, every: int) -> Law:
    """On the day, but every so often weeks late."""
    return lambda chance: 0 if chance.randrange(every) else int(chance.expovariate(1 / mean))


LAWS: tuple[Law, ...] = (
    *(waiting(2), waiting(4, 2), waiting(8), waiting(12, 5)),
    *(spread(0, 2), spread(3, 3), spread(6, 5), spread(-2, 4)),
    *(moody(15, 3), moody(8, 2)),
)


@dataclass(frozen=True, slots=True)
class Given:
    """One promise: the probability that was said with it, and whether it held."""

    said: float
    held: bool


@dataclass(frozen=True, slots=True)
class Bin:
    """Promises that were given about the same probability."""

    promises: int
    said: float
    held: float


def a_company(chance: random.Random) -> tuple[dict[str, Law], Chances]:
    """Suppliers with a history of some 20 to 400 orders each, and what is learned from it."""
    laws = {f"SUPPLIER-{n}": chance.choice(LAWS) for n in range(12)}
    seen = {f"purchase_order|{name}": Counter(law(chance) for _ in range(chance.randint(20, 400))) for name, law in laws.items()}
    return laws, Chances(seen)


def promises(seed: int, companies: int, each: int, asked: float | None) -> Iterator[Given]:
    """Promises of many companies; `asked`: the probability that is asked for, None: any date, with whatever it is given."""
    chance = random.Random(seed)
    for _ in range(companies):
        laws, chances = a_company(chance)
        for _ in range(each):
            found = _one(chance, laws, chances, asked)
            if found is not None:
                yield found


def _one(chance: random.Random, laws: dict[str, Law], chances: Chances, asked: float | None) -> Given | None:
    receipts: list[tuple[Entry, str]] = []
    for n in range(chance.randint(1, 3)):
        name = chance.choice(list(laws))
        due = TODAY + chance.randint(-6, 25)
        detail = {"kind": "purchase_order", "supplier": name}
        receipts.append((Entry(Part.RECEIPT, f"PO-{n}", units(chance.randint(1, 9)), due, None, detail), name))
    on_hand = chance.choice((0, 0, 5))
    book: Book = a_book(*(entry for entry, _ in receipts), on_hand=on_hand)
    everything = units(on_hand) + sum(entry.quantity for entry, _ in receipts)
    needed = everything if chance.randrange(2) else chance.randint(1, everything // units(1)) * units(1)
    line = a_line(needed / units(1), chance.randint(0, 30))
    shelf = AShelf(book)
    if asked is None:
        decision = promise(Demand((line,)), shelf)
        said = chance_of(decision.lines[0], decision.planned, chances, TODAY)
    else:
        decision = promise_that_holds(Demand((line,)), shelf, asked, chances)
        said = decision.lines[0].probability
    if said is None or said == 1 or not decision.lines[0].deliveries:
        return None
    pick = decision.lines[0].deliveries[0].pick_day
    there = units(on_hand) + sum(entry.quantity for entry, name in receipts if _arrives(chance, laws[name], entry.day or 0) <= pick)
    return Given(said, there >= needed)


def _arrives(chance: random.Random, law: Law, due: int) -> int:
    """The day on which an order that has not come by today comes."""
    while True:
        day = due + law(chance)
        if day >= TODAY:
            return day


def curve(given: list[Given], width: float = 0.1) -> list[Bin]:
    """By tenths of what was said: how much of it held."""
    bins: dict[int, list[Given]] = {}
    for one in given:
        bins.setdefault(min(int(one.said / width), int(1 / width) - 1), []).append(one)
    return [
        Bin(len(some), sum(one.said for one in some) / len(some), sum(one.held for one in some) / len(some))
        for _, some in sorted(bins.items())
    ]


def shown(bins: list[Bin]) -> str:
    """The curve as a table."""
    rows = (f"| {one.promises:,} | {one.said:.1%} | {one.held:.1%} | {'#' * round(one.held * 40)} |" for one in bins)
    return "\n".join(("| promises | said | held | |", "|---|---|---|---|", *rows))


NEAR = 0.01
"""A date that was moved to hold with a probability holds with hardly more; what is more likely held without being moved."""


def main() -> None:
    """Write the page."""
    any_date = shown(curve(list(promises(1, 60, 300, None))))
    asked = []
    for level in (0.5, 0.8, 0.9, 0.95):
        given = [one for one in promises(2, 30, 150, level) if one.said < level + NEAR]
        held = sum(one.held for one in given) / len(given)
        asked.append(f"| {level:.0%} | {len(given):,} | {sum(one.said for one in given) / len(given):.1%} | {held:.1%} |")
    PAGE.write_text(PAGE_TEXT.format(any_date=any_date, asked="\n".join(asked)))


PAGE_TEXT = """# The chance that a date holds

Written by `python -m tests.unit.quote_domain.calibration`; do not edit.

Every line of an answer carries `probability`: how likely what it stands on is there on its pick day. Stock on hand is certain.
A receipt is as late as the earlier ones of its source (its supplier; whence it is moved; where it is made) really came:

    P(late <= s) = (k + 5 k'/m) / (n + 5 + 1/2)

with k of n observations of the source itself, and k' of m of all sources of its kind, that came within s days; the 1/2 is
what nobody has seen yet. A receipt that should have been here by now is asked only among those that were as late. Every due date
that was told of a receipt counts as an observation when the last of it has arrived: a supplier that puts dates off has let down
whoever was promised on the first. What is cancelled or closed short teaches nothing. Of each source the last 500 count.

A line that stands on several receipts holds if all of them do: those of one source that are due on one day come together (the less
likely one counts), all others independently (the product). Planned supply is as late as real orders of its source, and what goes
into it counts too. Where nothing was ever observed of a kind of order, `probability` is null: nothing is known.

`"probability": 0.9` in a request answers with dates that hold with 90 %: receipts are counted on as late as they have to be allowed
to come; the reasons begin with the date that does not hold so likely and end with `LATENESS` and the days it adds. A line that
no date holds so likely is `none` with `CHANCE_TOO_SMALL`, or `CHANCE_UNKNOWN` where nothing is known. An amendment
is decided with the probability that its order was asked with; what stands already stays, however likely it is by now.

## Calibration

Simulated: companies with twelve suppliers each, of ten kinds (punctual, spread, slow, moody), 20 to 400 earlier orders of each; lines
on one to three receipts, some of which are late already. What then comes is drawn from the law that the kernel does not know;
a promise holds if its quantity is there on its pick day.

Dates as they are given without asking for more, by tenths of the probability that was said:

{any_date}

Dates that were asked for with a probability, and that hold with that and at most one hundredth more. (A date that holds more
likely as it is, is not moved; what it is given is in the table above.)

| asked | promises | said | held |
|---|---|---|---|
{asked}
"""


if __name__ == "__main__":
    main()
