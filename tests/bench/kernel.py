"""How fast the rules are by themselves: no HTTP, no ledger, no log; a company in memory, asked in processor time.

Each figure is the median of rounds of repeated calls, in the processor time of this process: other work on the machine costs it
caches, but is not counted. What a quote costs beside its rules is measured by `inquiries`.
"""

import gc
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median

from services.quote.domain.allocation import Allocation
from services.quote.domain.balance import balance
from services.quote.domain.bins import Bin, stock_bin
from services.quote.domain.book import Book
from services.quote.domain.calendar import EVERY_DAY
from services.quote.domain.dates import Way, immediate
from services.quote.domain.entry import RESOURCE, Entry, Part
from services.quote.domain.promise import Demand, LineRequest, promise
from services.quote.domain.risk import Commitment, Take, foresee
from services.quote.domain.rules import Rules
from services.quote.domain.sources import Buy, Component, Make, Need, Operation, Source
from tests.bench.figures import quantile
from tests.bench.repromising import measure as anew

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
TODAY = NOW.date().toordinal()
UNIT = 1_000_000
SITE = "PLANT"
ROUNDS = 7
PLAIN_RULES = Rules()

ITEMS, ORDERS, RESOURCES, QUOTES = 1_000, 10_000, 200, 2_000
COMMITMENTS = 50_000
BOOKS = 1_000_000


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the page."""

    what: str
    found: float
    unit: str
    aim: float | None
    """At most; None where there is only something to compare with."""


class Company:
    """Books in memory, at one site; every day works and nothing takes time but making and buying."""

    def __init__(self, books: Iterable[Book] = (), sources: dict[str, tuple[Source, ...]] | None = None) -> None:
        """Of a sku, or of a resource."""
        self.now = NOW
        self._books = {(book.sku, book.site): book for book in books}
        self._sources = sources or {}
        self._ways = (immediate(TODAY),)

    def book(self, sku: str, site: str) -> Book | None:
        """What is known."""
        return self._books.get((sku, site))

    def today(self, site: str) -> int:
        """The same everywhere."""
        del site
        return TODAY

    def rules(self, sku: str, site: str) -> Rules:
        """The same for everything."""
        del sku, site
        return PLAIN_RULES

    def ways(self, sku: str, site: str, ship_to: str | None, customer: str | None) -> tuple[Way, ...]:
        """Shipped is delivered."""
        del sku, site, ship_to, customer
        return self._ways

    def sources(self, sku: str, site: str) -> tuple[Source, ...]:
        """Where more comes from."""
        del site
        return self._sources.get(sku, ())

    def costs(self, sku: str, site: str) -> None:
        """Nothing was said."""

    def allocations(self, sku: str) -> tuple[Allocation, ...]:
        """There are none."""
        del sku
        return ()

    def knows_class(self, name: str) -> bool:
        """There are none."""
        del name
        return False

    def minutes_left(self, site: str) -> int:
        """It is morning."""
        del site
        return 900


def asked(sku: str, quantity: int, day: int = 0) -> Demand:
    """One line."""
    return Demand((LineRequest("1", sku, quantity * UNIT, TODAY + day, (SITE,)),))


def a_book(steps: int, claims: int = 0) -> Book:
    """A book whose balance changes on so many days; `claims` are as many small ones on these same days."""
    book = Book("SKU", SITE)
    entries = [Entry(Part.STOCK, "", 10 * UNIT)]
    for n in range(1, steps):
        part = Part.RECEIPT if n % 2 else Part.CLAIM
        entries.append(Entry(part, f"{part}-{n}", (10 if n % 2 else 9) * UNIT, TODAY + n))
    entries += [Entry(Part.CLAIM, f"small-{n}", 1, TODAY + 1 + n % (steps - 1)) for n in range(claims)]
    book.apply(entries, 1, NOW)
    return book


def microseconds(call: Callable[[], object], repeats: int) -> float:
    """Of one call: the median of the rounds."""
    found = []
    gc.collect()
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(repeats):
            call()
        found.append((time.process_time() - began) / repeats * 1e6)
    return median(found)


def decisions() -> list[Figure]:
    """One book, warm and cold, small and large."""
    warm, year = a_book(50), a_book(365)
    quantity = 11 * UNIT

    def rebuild() -> None:
        year.memo = None
        balance(year, TODAY, NOW, PLAIN_RULES)

    found = [
        Figure(
            "decision on a warm book with 50 breakpoints",
            microseconds(lambda: balance(warm, TODAY, NOW, PLAIN_RULES).earliest(quantity, TODAY), 5_000), "µs", 5,
        ),
        Figure("rebuild of a book with 365 breakpoints", microseconds(rebuild, 200), "µs", 50),
    ]  # fmt: skip
    few, many = (Company([a_book(50, claims)]) for claims in (100, 100_000))
    for company, claims in ((few, "10²"), (many, "10⁵")):
        answer = microseconds(lambda company=company: promise(asked("SKU", 5), company), 300)  # type: ignore[misc]  # bound now, not later
        found.append(Figure(f"whole answer, explained, on a book with {claims} claims", answer, "µs", 30))
    return found


def a_company(chance: random.Random) -> tuple[Company, list[str], list[str]]:
    """A thousand items, 600 of them parts that are stocked and bought, 400 made of one to three parts on one or two of 200 machines.

    Returns the items in stock and the made ones, which are not.
    """
    parts = [f"PART-{n:03d}" for n in range(ITEMS * 6 // 10)]
    goods = [f"GOOD-{n:03d}" for n in range(ITEMS - len(parts))]
    machines = [f"MACHINE-{n:03d}" for n in range(RESOURCES)]
    sources: dict[str, tuple[Source, ...]] = {part: (Buy("TERMS", "SUPPLIER", chance.randint(3, 30), EVERY_DAY),) for part in parts}
    entries: dict[tuple[str, str], list[Entry]] = {(sku, SITE): [Entry(Part.STOCK, "", 0)] for sku in goods}
    for part in parts:
        entries[part, SITE] = [
            Entry(Part.STOCK, "", 1_000 * UNIT),
            *(Entry(Part.RECEIPT, f"PO-{part}-{n}", 100 * UNIT, TODAY + chance.randint(1, 90)) for n in range(5)),
        ]
    shift = {"site": SITE, "weekly": [900] * 5 + [0, 0], "days": {}, "at_once": UNIT}
    for machine in machines:
        entries[machine, RESOURCE] = [Entry(Part.CAPACITY, "", 1, None, None, shift)]
    for good in goods:
        components = tuple(Component((part,), chance.randint(1, 4) * UNIT) for part in chance.sample(parts, chance.randint(1, 3)))
        steps = tuple(
            Operation(10 * n, "step", 10 * UNIT, 2 * UNIT, options=((Need((machine,), machine),),))
            for n, machine in enumerate(chance.sample(machines, chance.randint(1, 2)), start=1)
        )
        sources[good] = (Make(good, components, steps),)
    for n in range(ORDERS):
        day, name = TODAY + chance.randint(0, 60), f"order-{n}"
        if n % 2:
            entries[chance.choice(parts), SITE].append(Entry(Part.CLAIM, name, chance.randint(1, 20) * UNIT, day))
        else:
            entries[chance.choice(machines), RESOURCE].append(Entry(Part.CLAIM, name, chance.randint(30, 400) * UNIT, day))
    books = []
    for (sku, site), facts in entries.items():
        book = Book(sku, site)
        book.apply(facts, 1, NOW)
        books.append(book)
    return Company(books, sources), parts, goods


def capable() -> list[Figure]:
    """Quotes on a company that makes to order: what is in stock, and what has to be made."""
    chance = random.Random(7)
    company, parts, goods = a_company(chance)

    def times(skus: Sequence[str]) -> list[float]:
        found = []
        for _ in range(QUOTES):
            demand = asked(chance.choice(skus), chance.randint(1, 10), chance.randint(0, 20))
            began = time.process_time()
            promise(demand, company)
            found.append((time.process_time() - began) * 1e3)
        return sorted(found)

    times(parts)
    gc.collect()
    hits, made = times(parts), times(goods)
    size = "1,000 items, 10,000 orders, 200 resources"
    return [
        Figure(f"quote on {size}, in stock, p50", quantile(hits, 0.5), "ms", 0.1),
        Figure(f"quote on {size}, made to order, p50", quantile(made, 0.5), "ms", None),
        Figure(f"quote on {size}, all, p95", quantile(sorted(hits + made), 0.95), "ms", 5),
    ]


def repromising() -> list[Figure]:
    """Everybody's promises of a company that is a tenth short, by rank."""
    chance = random.Random(11)
    skus = [f"SKU-{n:03d}" for n in range(ITEMS)]
    bins: dict[str, Bin] = {}
    each = COMMITMENTS // ITEMS
    for sku in skus:
        book = Book(sku, SITE)
        supply = [Entry(Part.RECEIPT, f"PO-{n}", each * UNIT, TODAY + 15 * n + 5) for n in range(8)]
        book.apply([Entry(Part.STOCK, "", each * UNIT), *supply], 1, NOW)
        bins[book.key] = stock_bin(book, TODAY, PLAIN_RULES)
    commitments = []
    for n in range(COMMITMENTS):
        day = TODAY + chance.randint(0, 90)
        take = Take(f"{chance.choice(skus)}|{SITE}", day, chance.randint(1, 19) * UNIT, day, lambda picked: picked)
        commitments.append(Commitment(f"order-{n}", (chance.randint(0, 9), n), (take,), day))
    began = time.process_time()
    fates = foresee(commitments, bins)
    seconds = time.process_time() - began
    late = sum(not fate.kept for fate in fates.values())
    return [Figure(f"foreseeing {COMMITMENTS:,} commitments, of which {late:,} cannot stay", seconds, "s", 3)]


def footprint() -> list[Figure]:
    """What a book takes, in a process of its own: as many books as it says, each with stock, a receipt and a claim."""
    asked_of_child = [sys.executable, "-c", f"from tests.bench.kernel import fill_memory; fill_memory({BOOKS})"]
    told = subprocess.run(asked_of_child, capture_output=True, text=True, check=True).stdout
    return [Figure(f"memory of a book with stock, a receipt and a claim, of {BOOKS:,}", float(told), "KB", None)]


def fill_memory(books: int) -> None:
    """Say how many KB each of so many books takes; nothing else has been done in this process."""
    gc.disable()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    kept = []
    for n in range(books):
        book = Book(f"SKU-{n}", SITE)
        coming, taken = Entry(Part.RECEIPT, f"PO-{n}", UNIT, TODAY + n % 90), Entry(Part.CLAIM, f"prm-{n}", UNIT, TODAY)
        entries = (Entry(Part.STOCK, "", n * UNIT), coming, taken)
        book.apply(entries, 1, NOW)
        kept.append(book)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 1024 if sys.platform == "darwin" else 1
    sys.stdout.write(f"{(after - before) / unit / len(kept):.3f}")


def deciding_anew() -> list[Figure]:
    """Pass 2: the promises of a warehouse decided anew by strategy; supply is short, so that many have to move."""
    seconds = median(anew(COMMITMENTS)["pass_2_seconds"] for _ in range(3))
    return [Figure(f"deciding {COMMITMENTS:,} promises anew, by strategy", seconds, "s", 3)]


def measure(say: Callable[[str], None]) -> list[Figure]:
    """Everything above."""
    found: list[Figure] = []
    for part in (decisions, capable, repromising, deciding_anew, footprint):
        say(f"kernel: {part.__name__}")
        found += part()
    return found
