"""Promises on simulated histories: of those that were given so many percent, how many hold?

A company with suppliers of every kind orders, promises and then sees what happens. The kernel knows only how late each
supplier's earlier orders came; the simulation knows the law behind them, draws what comes next, and looks whether the
promised quantity is there on its pick day. `python -m tests.unit.quote_domain.calibration` writes docs/chance.md.
"""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

from services.quote.domain.book import Book
from services.quote.domain.chance import Chances, weighed
from services.quote.domain.entry import Entry, Part
from tests.unit.quote_domain import untouched
from tests.unit.quote_domain.builders import TODAY, a_book, a_line, units
from tests.unit.quote_domain.given import Given, answered, curve, row, says_about_ninety, shown, was_moved

PAGE = Path(__file__).resolve().parents[3] / "docs" / "chance.md"
Law = Callable[[random.Random], int]
Company = Callable[[random.Random], tuple[dict[str, Law], Chances]]
"""Draws the suppliers of a company, each with its law, and what is learned of them."""


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


def two_mode(usual: float, otherwise: float, often: float) -> Law:
    """Around a usual delay, or around quite another one."""
    return lambda chance: round(chance.gauss(usual if chance.random() < often else otherwise, 2))


TWO_MODE: tuple[Law, ...] = (two_mode(0, 14, 0.7), two_mode(1, 20, 0.85), two_mode(-2, 8, 0.5), two_mode(0, 12, 0.93))
EARLY: tuple[Law, ...] = (spread(-6, 3), spread(-3, 5), waiting(3, 9), lambda chance: -int(chance.expovariate(1 / 5)))


def of_laws(laws: tuple[Law, ...], least: int, most: int) -> Company:
    """Twelve suppliers with a history of so many orders each, and what is learned from it."""

    def made(chance: random.Random) -> tuple[dict[str, Law], Chances]:
        suppliers = {f"SUPPLIER-{n}": chance.choice(laws) for n in range(12)}
        seen = {f"purchase_order|{name}": [law(chance) for _ in range(chance.randint(least, most))] for name, law in suppliers.items()}
        return suppliers, Chances({name: weighed(days) for name, days in seen.items()})

    return made


def drifting(chance: random.Random) -> tuple[dict[str, Law], Chances]:
    """Suppliers that have become later, or earlier, all the time, by up to eight days over 40 to 300 orders."""
    suppliers: dict[str, Law] = {}
    counts: dict[str, dict[int, float]] = {}
    for n in range(12):
        start, grows, deviation, orders = chance.uniform(-2, 4), chance.uniform(-4, 8), chance.uniform(1.5, 5), chance.randint(40, 300)
        days = [round(chance.gauss(start + grows * at / orders, deviation)) for at in range(orders)]
        counts[f"purchase_order|SUPPLIER-{n}"] = weighed(days[::-1])
        suppliers[f"SUPPLIER-{n}"] = spread(start + grows, deviation)
    return suppliers, Chances(counts)


USUAL: Company = of_laws(LAWS, 20, 400)
KINDS: dict[str, Company] = {
    "of every kind, 20 to 400 orders": USUAL,
    "of every kind, 10 to 30 orders": of_laws(LAWS, 10, 30),
    "of every kind, 3 to 12 orders": of_laws(LAWS, 3, 12),
    "of two minds: on the day, or weeks late": of_laws(TWO_MODE, 20, 400),
    "early more often than late": of_laws(EARLY, 20, 400),
    "later, or earlier, all the time": drifting,
}


def promises(seed: int, companies: int, each: int, asked: float | None, company: Company = USUAL) -> Iterator[Given]:
    """Promises of many companies; `asked`: the probability that is asked for, None: any date, with whatever it is given."""
    chance = random.Random(seed)
    for _ in range(companies):
        laws, chances = company(chance)
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
    needed = units(on_hand) + sum(entry.quantity for entry, _ in receipts)
    line = a_line(needed / units(1), chance.randint(0, 30))
    answer = answered(book, line, chances, asked)
    if answer is None:
        return None
    said, promised = answer
    pick = promised.deliveries[0].pick_day
    there = units(on_hand) + sum(entry.quantity for entry, name in receipts if _arrives(chance, laws[name], entry.day or 0) <= pick)
    return Given(said, there >= needed, was_moved(promised))


def _arrives(chance: random.Random, law: Law, due: int) -> int:
    """The day on which an order that has not come by today comes."""
    while True:
        day = due + law(chance)
        if day >= TODAY:
            return day


def moved_dates(seed: int, companies: int, each: int, asked: float, company: Company = USUAL) -> list[Given]:
    """The promises whose date was chosen for the probability: whatever holds so likely as it is, is not moved."""
    return [one for one in promises(seed, companies, each, asked, company) if one.moved]


def main() -> None:
    """Write the page."""
    plain = list(promises(1, 30, 100, None))
    asked = "\n".join(row(f"{level:.0%}", moved_dates(2, 25, 30, level)) for level in (0.5, 0.8, 0.9, 0.95))
    by_kind = {name: list(promises(4, 30, 30, 0.9, company)) for name, company in KINDS.items()}
    everybody = [one for given in by_kind.values() for one in given]
    ninety = [one for one in (*plain, *everybody) if says_about_ninety(one)]
    rows = [row(name, [one for one in given if one.moved]) for name, given in by_kind.items()]
    rows.append(row("**all together**", [one for one in everybody if one.moved]))
    text = PAGE_TEXT.format(
        any_date=shown(curve(plain)), ninety=row("88 to 92 %", ninety), asked=asked, kinds="\n".join(rows), untouched=untouched.page()
    )
    PAGE.write_text(text)


PAGE_TEXT = """# The chance that a date holds

Written by `python -m tests.unit.quote_domain.calibration`; do not edit.

Every line of an answer carries `probability`: how likely what it stands on is there on its pick day. Stock on hand is certain.
A receipt is as late as the earlier ones of its source (its supplier; whence it is moved; where it is made) really came:

    P(late <= s) = (k + 5 k'/(m + 1)) / (n + 5 + 1/4)

with k of n observations of the source itself, and k' of m of all sources of its kind, that came within s days; the 1/4, and the 1
of all sources, are what nobody has seen yet. The newest observation counts most, one that lies 20 back half as much (and all together
what they are worth as evidence: 58 at most), so that a supplier who gets later is soon known to. A receipt that should have been here
by now is asked only among those that were as late. Every due date that was told of a receipt counts as an observation when the last of
it has arrived (a part that came before changes nothing, and the rest is still as late as it will be): a supplier that puts dates off
has let down whoever was promised on the first. What is cancelled or closed short teaches nothing. Of each source the last 500 are
looked at.

A line that stands on several receipts holds if all of them do: those of one source that are due on one day come together (the less
likely one counts), all others independently (the product; where one is late when another is, they hold together more often than
that). Lines that ship complete hold together or not at all, and all say the same. Planned supply is as late as real orders of its source,
and what goes into it counts too. Where nothing was ever observed of a kind of order, or nothing that came so late, `probability` is
null: nothing is known.

`"probability": 0.9` in a request answers with dates that hold with at least 90 %: receipts are counted on as late as they have to be
allowed to come; the reasons begin with the date that does not hold so likely and end with `LATENESS` and the days it adds. A line that
no date holds so likely is `none` with `CHANCE_TOO_SMALL`, or `CHANCE_UNKNOWN` where nothing is known. An amendment
is decided with the probability that its order was asked with; what stands already stays, however likely it is by now.

## What is calibrated

*Given 90 %* means: the answer says `probability` about 0.90. Of such promises 88 to 92 % are to hold, and of those that say another
figure about as many as that figure. *Asked with* 90 % means: the date is the first whole day that holds with at least so much. A day is
much to a supplier for whom two are usual: the day before may have 85 % and the next one 94 %. Then the answer is the next one, says
0.94, and 94 of a hundred hold: more than was asked, and what was said.

## Simulated histories

Companies with twelve suppliers each, of ten kinds (punctual, spread, slow, moody), 20 to 400 earlier orders of each; lines
that take all that is on hand and ordered, one to three receipts, some of which are late already. What then comes is drawn from the law
that the kernel does not know; a promise holds if its quantity is there on its pick day. (Where more is ordered than is promised, what
comes early may stand in for what comes late. That is not counted on: such dates hold more often than is said.) The 5, the 1/4 and the 20
of the formula were chosen while looking at these.

Dates as they are given without asking for more, by tenths of the probability that was said:

{any_date}

Promises that were given 90 %, of these and of those below:

| said | promises | on average | held |
|---|---|---|---|
{ninety}

Dates that were asked for with a probability, and had to be moved for it:

| asked | promises | said | held |
|---|---|---|---|
{asked}

Of suppliers of several kinds, dates that were moved to hold with 90 %:

| suppliers | promises | said | held |
|---|---|---|---|
{kinds}

{untouched}"""


if __name__ == "__main__":
    main()
