"""A check of the calibration on histories that nobody had looked at while the estimator was made.

Here time passes: suppliers are ordered from every few days, by a law that the kernel does not know, and on some day a promise is
made. What has come by then is the history, in the order in which it came; what is on its way, late or not, can be promised; what
happened next decides whether the promise held. So histories lack the late ones that are still on their way, as real ones do.

Written down before it was run for the first time (the kinds, the seeds, the sizes, and what must hold):

1. of the dates that were asked for with 90 % and moved for it, all kinds together, at least 88 % hold, and of no kind less than 85 %;
2. of the promises whose answer says 88 to 92 %, however they were asked for, all kinds together, 88 to 92 % hold;
3. of dates as they are given, by tenths of what was said, the mean distance of said and held is at most 3 points, all kinds together.
"""

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from services.quote.domain.chance import Chances, weighed
from services.quote.domain.entry import Entry, Part
from tests.unit.quote_domain.builders import TODAY, a_book, a_line, units
from tests.unit.quote_domain.given import Given, answered, curve, held, mean_distance, row, said, says_about_ninety, shown, was_moved

Late = Callable[[int, int], int]
"""The days late of what is due on a day, counted from the day of the promise (before it: less than 0); and of the how manyeth order."""
Maker = Callable[[random.Random], Late]

LOOKED_AT = 500
"""Observations of a source that the ledger looks at."""
COMPANIES, EACH = 60, 20
"""Of each kind, in each way of asking: as many companies, with so many promises each."""
SEED, SEED_OF_ASKED = 2027, 2128
"""Of the first kind; each next kind has the next number."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How the suppliers of a company behave, and how much is known of them."""

    makers: tuple[Maker, ...]
    least: int = 20
    most: int = 300
    """Orders of each before today."""
    from_one: bool = False
    """Whether all that a promise waits for comes from one supplier."""
    put_off: float = 0
    """How many of the orders are put off once, some days before they were due, to a date about half as far off as they will be late."""


@dataclass(frozen=True, slots=True)
class Order:
    """What was ordered: the dates that were told of it, the last one as it stands today, and the day it comes."""

    told: tuple[int, ...]
    comes: int


def heavy_tailed(chance: random.Random) -> Late:
    middle, width, early = chance.uniform(0.2, 1.6), chance.uniform(0.6, 1.1), chance.randint(0, 4)
    return lambda _day, _number: int(chance.lognormvariate(middle, width)) - early


def counted(chance: random.Random) -> Late:
    """Poisson."""
    mean = chance.uniform(0.5, 7)

    def late(_day: int, _number: int) -> int:
        limit, drawn, product = math.exp(-mean), 0, chance.random()
        while product > limit:
            drawn, product = drawn + 1, product * chance.random()
        return drawn

    return late


def always(chance: random.Random) -> Late:
    days = chance.choice((0, 0, 1, 4, -2))
    return lambda _day, _number: days


def hardly_ever(chance: random.Random) -> Late:
    often = chance.uniform(0.9, 0.99)
    return lambda _day, _number: 0 if chance.random() < often else chance.randint(3, 28)


def on_one_weekday(chance: random.Random) -> Late:
    """A lorry a week."""
    weekday, mean = chance.randrange(7), chance.uniform(1, 6)

    def late(day: int, _number: int) -> int:
        ready = day + int(chance.expovariate(1 / mean)) - 2
        return ready + (weekday - ready) % 7 - day

    return late


def seasonal(chance: random.Random) -> Late:
    swing, middle, phase, deviation = chance.uniform(2, 7), chance.uniform(0, 5), chance.uniform(0, math.tau), chance.uniform(1, 3)
    return lambda day, _number: round(chance.gauss(middle + swing * math.sin(math.tau * day / 365 + phase), deviation))


def changed_lately(chance: random.Random) -> Late:
    since, by, middle, deviation = -chance.randint(20, 200), chance.choice((-6, -3, 4, 8, 12)), chance.uniform(0, 6), chance.uniform(1, 4)
    return lambda day, _number: round(chance.gauss(middle + (by if day >= since else 0), deviation))


def in_moods(chance: random.Random) -> Late:
    """Each order is about as late as the one before it."""
    state, middle, held, deviation = [0.0], chance.uniform(0, 5), chance.uniform(0.6, 0.9), chance.uniform(1, 3)

    def late(_day: int, _number: int) -> int:
        state[0] = held * state[0] + chance.gauss(0, deviation)
        return round(middle + state[0])

    return late


def early(chance: random.Random) -> Late:
    middle, deviation = chance.uniform(-8, -2), chance.uniform(2, 5)
    return lambda _day, _number: round(chance.gauss(middle, deviation))


def anything(chance: random.Random) -> Late:
    """Each number of days as often as another."""
    least, most = chance.randint(-3, 1), chance.randint(3, 20)
    return lambda _day, _number: chance.randint(least, most)


def late_in_bursts(chance: random.Random) -> Late:
    """On the day, but in between a month in which everything is a week or two late."""
    every, phase = chance.randint(90, 240), chance.randrange(240)
    return lambda day, _number: chance.randint(6, 15) if (day + phase) % every < 30 else chance.randint(0, 1)


STEADY: tuple[Maker, ...] = (heavy_tailed, counted, always, hardly_ever, on_one_weekday, early, anything)
CHANGING: tuple[Maker, ...] = (seasonal, changed_lately, in_moods, late_in_bursts)

KINDS: dict[str, Kind] = {
    "lognormal: a heavy tail": Kind((heavy_tailed,)),
    "Poisson": Kind((counted,)),
    "always the same day": Kind((always,)),
    "hardly ever late": Kind((hardly_ever,)),
    "on one day of the week": Kind((on_one_weekday,)),
    "early": Kind((early,)),
    "anything between two days": Kind((anything,)),
    "seasonal": Kind((seasonal,)),
    "changed lately": Kind((changed_lately,)),
    "in moods": Kind((in_moods,)),
    "late in bursts": Kind((late_in_bursts,)),
    "all steady ones, 0 to 4 orders": Kind(STEADY, 0, 4),
    "all steady ones, 300 to 900 orders": Kind(STEADY, 300, 900),
    "all steady ones, everything from one of them": Kind(STEADY, from_one=True),
    "all, who put dates off": Kind(STEADY + CHANGING, put_off=0.4),
    "all of these suppliers": Kind(STEADY + CHANGING, 3, 300),
}


def given(companies: int = COMPANIES, each: int = EACH, more: int = 0) -> tuple[dict[str, list[Given]], dict[str, list[Given]]]:
    """By kind, the promises of dates as they are given, and those that were asked for with 90 %; `more`: is added to the seeds."""
    kinds = [(name, kind, at + more) for at, (name, kind) in enumerate(KINDS.items())]
    plain = {name: list(promises(SEED + at, kind, companies, each, None)) for name, kind, at in kinds}
    asked = {name: list(promises(SEED_OF_ASKED + at, kind, companies, each, 0.9)) for name, kind, at in kinds}
    return plain, asked


FIRST_RUN: dict[str, tuple[int, float, float]] = {
    "lognormal: a heavy tail": (915, 0.919, 0.913),
    "Poisson": (929, 0.929, 0.940),
    "always the same day": (340, 0.981, 1.000),
    "hardly ever late": (429, 0.913, 0.928),
    "on one day of the week": (988, 0.920, 0.916),
    "early": (391, 0.927, 0.951),
    "anything between two days": (998, 0.944, 0.944),
    "seasonal": (931, 0.931, 0.884),
    "changed lately": (949, 0.930, 0.901),
    "in moods": (918, 0.929, 0.905),
    "late in bursts": (957, 0.923, 0.866),
    "all steady ones, 0 to 4 orders": (616, 0.923, 0.859),
    "all steady ones, 300 to 900 orders": (770, 0.927, 0.943),
    "all steady ones, everything from one of them": (703, 0.930, 0.942),
    "all, who put dates off": (874, 0.927, 0.906),
    "all of these suppliers": (828, 0.929, 0.921),
}
"""Promises whose date was moved to hold with 90 %, what was said of them and how many held, when this was run for the first time."""
AGAIN = 3000
"""Added to the seeds for the run after the estimator was mended."""


def page() -> str:
    """The chapter of docs/chance.md: what was written down, what came out, what was mended, and what comes out since."""
    plain, asked = given(more=AGAIN)
    moved = {name: [one for one in some if one.moved] for name, some in asked.items()}
    everybody = [one for some in (*plain.values(), *asked.values()) for one in some]
    rows = []
    for name, some in moved.items():
        promises, was_said, was_held = FIRST_RUN[name]
        rows.append(f"| {name} | {promises:,} | {was_said:.1%} | {was_held:.1%} | {len(some):,} | {said(some):.1%} | {held(some):.1%} |")
    ninety = [one for one in everybody if says_about_ninety(one)]
    bins = curve([one for some in plain.values() for one in some])
    few = plain["all steady ones, 0 to 4 orders"]
    return PAGE_TEXT.format(
        rows="\n".join(rows), all=row("asked with 90 %, and moved", [one for some in moved.values() for one in some]),
        ninety=row("say 88 to 92 %", ninety), curve=shown(bins), distance=f"{mean_distance(bins) * 100:.1f}",
        few=f"{said(few):.1%} were said and {held(few):.1%} held",
    )  # fmt: skip


PAGE_TEXT = """## Histories that nobody had looked at

What came out above was looked at while the formula was made. So another check was written down before it was run for the first time:
the kinds of suppliers below, the seeds, the sizes, and what must hold (`tests/unit/quote_domain/untouched.py`). Here time passes: orders
are placed every few days, and what has come by the day of the promise is the history. It lacks the late ones that are still on their way,
as every real history does, and those can be promised too. What must hold, and what came out:

1. of the dates that were asked for with 90 % and moved for it, at least 88 % hold, of no kind less than 85 %: **91.5 % held, the least
   85.9 %**;
2. of the promises that say 88 to 92 %, 88 to 92 % hold: **of 7,281 that said 90.8 %, 89.9 % held**;
3. of dates as they are given, by tenths of what was said, the mean distance of said and held is at most 3 points: **1.3 points**.

It was passed at the first run. One kind stood out all the same: of companies that have seen only the first few orders of any supplier,
dates as they are given said 69.0 % and 55.7 % held, for what comes early is seen first. All sources of a kind together had been taken for
fully known, however few they were; since then one more of them is unseen (the 1 of m + 1), which changes nothing where there are many. With
other seeds, the first run and since then, dates that were moved to hold with 90 %:

| suppliers | promises | said | held | since then | said | held |
|---|---|---|---|---|---|---|
{rows}

All of them together since then, and the promises that were given 90 % among these and those as they are given:

| | promises | said | held |
|---|---|---|---|
{all}
{ninety}

Dates as they are given, of all kinds; said and held lie {distance} points apart on average:

{curve}

What remains: suppliers that are late in bursts, or by the season, are taken to go on as they did lately, and of a company's very
first orders {few}. Of these kinds alone, dates asked for with 90 % hold less often than
that: with the other seeds those of bursts and of first orders fall below the 85 % of point 1.

No history of real arrivals is published with this project, nor in the sample companies (their orders have a requested date and no actual
one), so nothing of a real one could be held back.
"""


def orders_of(chance: random.Random, kind: Kind) -> list[Order]:
    """A supplier's orders, by their due dates: those of the past, and those of the next weeks."""
    late, gap = chance.choice(kind.makers)(chance), chance.uniform(1, 6)
    day = -gap * chance.randint(kind.least, kind.most)
    found: list[Order] = []
    while day < 30:
        due = round(day)
        days = late(due, len(found))
        comes = due + days
        told: tuple[int, ...] = (due,)
        if days > 2 and chance.random() < kind.put_off:
            known_on = due - chance.randint(1, 6)
            told = (due, due + (days + 1) // 2) if known_on <= 0 else told
        found.append(Order(told, comes))
        day += chance.expovariate(1 / gap)
    return found


def promises(seed: int, kind: Kind, companies: int, each: int, asked: float | None) -> Iterator[Given]:
    """Promises of many companies; `asked`: the probability that is asked for, None: any date, with whatever it is given."""
    chance = random.Random(seed)
    for _ in range(companies):
        suppliers = {f"SUPPLIER-{n}": orders_of(chance, kind) for n in range(8)}
        learned = {f"purchase_order|{name}": weighed(history(orders)) for name, orders in suppliers.items()}
        chances = Chances({source: counts for source, counts in learned.items() if counts})
        coming = {name: [one for one in orders if one.comes >= 0] for name, orders in suppliers.items()}
        for _ in range(each):
            found = _one(chance, kind, coming, chances, asked)
            if found is not None:
                yield found


def history(orders: list[Order]) -> list[int]:
    """Days late of what has come, for every date that was told of it; what came last is first."""
    come = sorted((one for one in orders if one.comes < 0), key=lambda one: -one.comes)
    return [one.comes - due for one in come for due in reversed(one.told)][:LOOKED_AT]


def _one(chance: random.Random, kind: Kind, coming: dict[str, list[Order]], chances: Chances, asked: float | None) -> Given | None:
    awaited = [(name, one) for name, orders in coming.items() for one in orders]
    if kind.from_one and awaited:
        name = chance.choice(awaited)[0]
        awaited = [(name, one) for one in coming[name]]
    if not awaited:
        return None
    taken = chance.sample(awaited, min(len(awaited), chance.randint(1, 3)))
    on_hand = chance.choice((0, 0, 5))
    entries = [
        Entry(Part.RECEIPT, f"PO-{n}", units(1), TODAY + one.told[-1], None, {"kind": "purchase_order", "supplier": name})
        for n, (name, one) in enumerate(taken)
    ]
    answer = answered(a_book(*entries, on_hand=on_hand), a_line(on_hand + len(taken), chance.randint(0, 30)), chances, asked)
    if answer is None:
        return None
    likely, promised = answer
    pick = promised.deliveries[0].pick_day - TODAY
    return Given(likely, all(one.comes <= pick for _, one in taken), was_moved(promised))
