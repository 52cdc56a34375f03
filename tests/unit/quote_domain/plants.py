"""Small worlds of supply: two sites, three skus, two machines, a few days; whole units and minutes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import strategies as st

from services.quote.domain.book import Book
from services.quote.domain.calendar import EVERY_DAY, Calendar
from services.quote.domain.dates import Way
from services.quote.domain.entry import RESOURCE, Entry, Part
from services.quote.domain.promise import Decision, Demand, LineRequest
from services.quote.domain.rules import Rules
from services.quote.domain.sources import Buy, Component, Lot, Make, Need, Operation, Source, Transfer
from tests.unit.quote_domain.builders import NOW, TODAY, AShelf, a_book, claim, receipt, units

PRODUCT, PART, RAW = "PRODUCT", "PART", "RAW"
HERE, THERE = "HERE", "THERE"
MACHINES = ("LATHE", "OVEN")
MICRO = 1_000_000


def a_machine(name: str, minutes: int | Sequence[int], *claims: Entry, days: Mapping[int, int] | None = None, at_once: int = 1) -> Book:
    """A resource that works so many minutes a day; `days`: offsets from today that differ."""
    weekly = [minutes] * 7 if isinstance(minutes, int) else list(minutes)
    book = Book(name, RESOURCE)
    detail = {
        "site": HERE, "weekly": weekly, "days": {str(TODAY + day): one for day, one in (days or {}).items()}, "at_once": units(at_once),
    }  # fmt: skip
    book.apply([Entry(Part.CAPACITY, "", 1, None, None, detail), *claims], 1, NOW)
    return book


def a_step(
    resource: str | None, per_unit: float, setup: float = 0, fixed_days: float = 0, sequence: int = 10, *, may_spread: bool = True
) -> Operation:
    """One operation on one machine, or on none."""
    options = () if resource is None else ((Need((resource,), resource),),)
    return Operation(sequence, f"step {sequence}", units(setup), units(per_unit), units(fixed_days * 1440), may_spread, options)


def a_lane(days: int, name: str = "LANE", first_pick: int | None = None, carrier: Calendar = EVERY_DAY) -> Way:
    return Way(EVERY_DAY, 0, carrier, days, EVERY_DAY, first_pick, name)


def a_transfer(from_site: str, days: int, lot: Lot = Lot()) -> Transfer:  # noqa: B008 - a frozen value
    return Transfer(f"{from_site}-LANE", from_site, a_lane(days), lot)


def a_purchase(days: int, lot: Lot = Lot(), ref: str = "TERMS", calendar: Calendar = EVERY_DAY) -> Buy:  # noqa: B008 - a frozen value
    return Buy(ref, "SUPPLIER", days, calendar, lot)


def a_lot(minimum: float | None = None, multiple: float | None = None) -> Lot:
    return Lot(None if minimum is None else units(minimum), None if multiple is None else units(multiple))


class Plant(AShelf):
    """A shelf whose skus have rules of their own."""

    def __init__(self, *books: Book, rules: Mapping[str, Rules] | None = None, left_today: int = 1440) -> None:
        super().__init__(*books)
        self.own = dict(rules or {})
        self.left_today = left_today

    def rules(self, sku: str, site: str) -> Rules:
        return self.own.get(sku) or super().rules(sku, site)

    def minutes_left(self, site: str) -> int:
        del site
        return self.left_today

    def machine(self, name: str) -> Book:
        return self.books[name, RESOURCE]

    def with_books(self, books: Mapping[tuple[str, str], Book]) -> "Plant":
        """The same world with other books."""
        other = Plant(rules=self.own, left_today=self.left_today)
        other.books, other.source, other.way, other.rationed = dict(books), self.source, self.way, self.rationed
        return other


# -- what a decision writes


@dataclass
class Written:
    """The books after a decision."""

    entries: dict[tuple[str, str], list[Entry]] = field(default_factory=dict)

    def put(self, sku: str, site: str, entry: Entry) -> None:
        self.entries.setdefault((sku, site), []).append(entry)


def written(decision: Decision, plant: AShelf | None = None, hold_ends: int | None = None) -> Written:
    """Every claim and plan of a decision: of an order all of them; of a hold no plan, and claims less what plans bring.

    What a hold that ends on a day has taken early comes back when its plans would come if they were begun only then.
    """
    found = Written()
    as_hold = hold_ends is not None

    def put_returns(sku: str, site: str, ref: str, returns: Sequence[tuple[int, int]]) -> None:
        if not as_hold:
            return
        for at, (number, quantity) in enumerate(returns):
            plan = decision.planned[number]
            assert (plan.sku, plan.site) == (sku, site)
            due = max(plan.due_day, (hold_ends or 0) + plan.due_day - plan.start_day) if (hold_ends or 0) > plan.start_day else plan.due_day
            day = due + (0 if plant is None else plant.rules(sku, site).dock_to_stock_days)
            found.put(sku, site, Entry(Part.CLAIM, f"{ref}/back/{at}", -quantity, day))

    for line in decision.lines:
        for number, one in enumerate(line.deliveries):
            quantity = one.quantity - (one.planned if as_hold else 0)
            found.put(line.sku, one.site, Entry(Part.CLAIM, f"{line.line_ref}/{number}", quantity, one.pick_day))
            put_returns(line.sku, one.site, f"{line.line_ref}/{number}", one.returns)
    for number, plan in enumerate(decision.planned):
        if not as_hold:
            detail = {"latest_start": plan.latest_start_day, "lead_days": plan.due_day - plan.start_day}
            found.put(plan.sku, plan.site, Entry(Part.PLAN, f"P{number}", plan.quantity, plan.due_day, None, detail))
        for at, part in enumerate(plan.parts):
            quantity = part.quantity - (part.planned if as_hold else 0)
            found.put(part.sku, part.site, Entry(Part.CLAIM, f"P{number}/{at}", quantity, part.day))
            put_returns(part.sku, part.site, f"P{number}/{at}", part.returns)
        for at, load in enumerate(plan.loads):
            found.put(load.resource, load.book, Entry(Part.CLAIM, f"P{number}/load{at}", load.minutes, load.day))
    return found


def after(plant: Plant, put: Written) -> dict[tuple[str, str], Book]:
    """The plant's books with what was written."""
    books = dict(plant.books)
    for key, entries in put.entries.items():
        book = books[key].fork() if key in books else Book(*key)
        book.apply([entry for entry in entries if entry.quantity], book.version + 1, NOW)
        books[key] = book
    return books


# -- random worlds

LOTS = st.builds(a_lot, st.sampled_from([None, None, 3, 5]), st.sampled_from([None, None, 2, 4]))
SMALL = st.integers(0, 6)


@st.composite
def stocks(draw: st.DrawFn, sku: str, site: str) -> Book:
    """A book with stock, receipts and promises of others; now and then short."""
    coming = draw(st.lists(st.tuples(st.integers(-1, 9), st.integers(1, 5)), max_size=2))
    going = draw(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 4)), max_size=2))
    entries = [receipt(f"R{n}", quantity, day) for n, (day, quantity) in enumerate(coming)]
    entries += [claim(f"C{n}", quantity, day) for n, (day, quantity) in enumerate(going)]
    return a_book(*entries, on_hand=draw(SMALL), sku=sku, site=site)


@st.composite
def machines(draw: st.DrawFn, name: str) -> Book:
    """A machine, mostly with free minutes."""
    minutes = draw(st.sampled_from([2, 5, 9]))
    days = draw(st.dictionaries(st.integers(0, 8), st.sampled_from([0, 0, 3, 20]), max_size=3))
    taken = draw(st.lists(st.tuples(st.integers(0, 6), st.integers(1, 9)), max_size=2))
    return a_machine(name, minutes, *(claim(f"J{n}", quantity, day) for n, (day, quantity) in enumerate(taken)), days=days)


@st.composite
def makes(draw: st.DrawFn, sku: str, parts: Sequence[str]) -> Make:
    """One or two operations, each on a machine of its own or on none, with components."""
    names = draw(st.sampled_from([(), ("LATHE",), ("OVEN",), ("LATHE", "OVEN"), ("OVEN", "LATHE"), ("LATHE", None)]))
    operations = tuple(
        a_step(
            name, draw(st.sampled_from([0.5, 1, 2])), draw(st.sampled_from([0, 0, 2])), draw(st.sampled_from([0, 0, 1])), 10 * (at + 1),
            may_spread=draw(st.sampled_from([True, True, False])),
        )
        for at, name in enumerate(names)
    )  # fmt: skip
    used: list[str] = draw(st.lists(st.sampled_from(parts), unique=True, max_size=2)) if parts else []
    components = tuple(
        Component(
            tuple(dict.fromkeys((one, *draw(st.lists(st.sampled_from(parts), max_size=1))))),
            units(draw(st.sampled_from([0.5, 1, 2]))),
            draw(st.integers(0, max(0, len(operations) - 1))),
        )
        for one in used
    )
    return Make(sku, components, operations, draw(LOTS), draw(st.integers(0, 2)))


@st.composite
def plants(draw: st.DrawFn) -> Plant:
    """A product that is made of parts that are made of raw stuff, bought, or moved between two sites, also in a circle."""
    books = [
        draw(stocks(sku, site)) for sku in (PRODUCT, PART, RAW) for site in (HERE, THERE) if draw(st.sampled_from([True, True, False]))
    ]
    books += [draw(machines(name)) for name in MACHINES]
    rules = {
        sku: Rules(dock_to_stock_days=draw(st.sampled_from([0, 0, 1])), atp_fence_days=draw(st.sampled_from([None, None, None, 2, 5])))
        for sku in (PRODUCT, PART, RAW)
    }
    plant = Plant(*books, rules=rules, left_today=draw(st.sampled_from([1440, 1440, 3])))
    below: Mapping[str, Sequence[str]] = {PRODUCT: (PART, RAW), PART: (RAW,), RAW: ()}
    for sku in (PRODUCT, PART, RAW):
        for site, other in ((HERE, THERE), (THERE, HERE)):
            found: list[Source] = []
            if draw(st.booleans()):
                found.append(a_transfer(other, draw(st.integers(0, 3)), draw(LOTS)))
            if draw(st.booleans()) and below[sku]:
                found.append(draw(makes(sku, below[sku])))
            if draw(st.sampled_from([True, False, False])):
                found.append(a_purchase(draw(st.integers(0, 8)), draw(LOTS), f"TERMS-{sku}-{site}"))
            plant.source[sku, site] = tuple(found)
    return plant


@st.composite
def demands(draw: st.DrawFn) -> Demand:
    """One to three lines for the product, its parts or both."""
    lines = []
    for number in range(draw(st.integers(1, 3))):
        sites = draw(st.sampled_from([(HERE,), (THERE,), (HERE, THERE), (THERE, HERE)]))
        more: dict[str, Any] = {}
        if draw(st.sampled_from([True, False, False, False])):
            more["latest_day"] = TODAY + draw(st.integers(0, 12))
        line = LineRequest(
            str(number), draw(st.sampled_from([PRODUCT, PRODUCT, PART])), units(draw(st.integers(1, 9))), TODAY + draw(st.integers(-1, 9)),
            sites, **more,
        )  # fmt: skip
        if draw(st.sampled_from([True, False, False, False])):
            line = replace(line, min_ship=units(draw(st.integers(1, 4))), max_shipments=draw(st.integers(1, 3)))
        lines.append(line)
    return Demand(tuple(lines), allow_partial=draw(st.booleans()), ship_complete=draw(st.booleans()))
