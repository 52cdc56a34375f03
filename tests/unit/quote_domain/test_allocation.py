"""Ceilings and floors against exhaustive search: accepted exactly when the rule allows, nothing exceeded, nothing eaten."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.allocation import LATEST, Allocation, Bucket, Every, Kept, Kind, Period, first_open, kept_from, open_of, taken_in
from services.quote.domain.balance import balance
from services.quote.domain.book import Book
from services.quote.domain.calendar import THREE_YEARS
from services.quote.domain.change import CurrentLine, amend
from services.quote.domain.entry import BUCKET, Entry, Part
from services.quote.domain.promise import Decision, Delivery, Demand, promise
from services.quote.domain.reasons import Step
from services.quote.domain.rules import Rules
from tests.examples import examples
from tests.unit.quote_domain.builders import MICRO, NOW, TODAY, AShelf, a_book, a_line, claim, receipt, units
from tests.unit.quote_domain.plants import a_transfer

PARENTS: dict[str, str | None] = {"web": None, "gold": "web", "silver": "web", "shop": None}
WHO = (None, *PARENTS)
SITES = ("HAM", "BER")
DAYS = range(6)


def lineage(name: str | None) -> tuple[str, ...]:
    return () if name is None else (name, *lineage(PARENTS[name]))


def a_ceiling(quantity: float, who: str = "gold", name: str = "C", **more: Any) -> Allocation:
    return Allocation(name, Kind.CEILING, lineage(who), "SKU", more.pop("sites", None), units(quantity), **more)


def a_floor(quantity: float, who: str = "gold", name: str = "F", **more: Any) -> Allocation:
    sites = more.pop("sites", frozenset(SITES))
    return Allocation(name, Kind.FLOOR, lineage(who), "SKU", sites, units(quantity), **more)


@dataclass
class World:
    """Books and allocations; what is promised is written, and counted as the door counts it."""

    shelf: AShelf
    classes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    orders: dict[str, tuple[str | None, tuple[Delivery, ...]]] = field(default_factory=dict)

    @classmethod
    def of(cls, allocations: Sequence[Allocation], *books: Book) -> "World":
        shelf = AShelf(*books)
        shelf.rationed = list(allocations)
        return cls(shelf)

    def ask(self, quantity: float, day: int = 0, who: str | None = None, **more: Any) -> Decision:
        line = a_line(quantity, day, sites=more.pop("sites", SITES), **{k: more.pop(k) for k in ("min_ship", "max_shipments") if k in more})
        return promise(Demand((line,), classes=lineage(who), **more), self.shelf)

    def order(self, quantity: float, day: int = 0, who: str | None = None, **more: Any) -> Decision:
        decision = self.ask(quantity, day, who, **more)
        if decision.outcome != "none":
            self.write(f"ord_{len(self.orders)}", who, decision.lines[0].deliveries)
        return decision

    def write(self, owner: str, who: str | None, deliveries: Sequence[Delivery]) -> None:
        """The claims of an order instead of those it had, in the books and in the buckets that count them."""
        old = self.orders.get(owner, (who, ()))[1]
        self.orders[owner] = who, tuple(deliveries)
        for n, one in enumerate([*(replace(gone, quantity=0) for gone in old), *deliveries]):
            ref = f"{owner}/{n if n < len(old) else f'{len(old)}.{n}'}" if old else f"{owner}/{n}"
            self._put("SKU", one.site, Entry(Part.CLAIM, ref, one.quantity, one.pick_day, None, {"owner": owner}))
            for allocation in self.shelf.rationed:
                if allocation.covers(one.site) and allocation.counts(lineage(who)):
                    self._put(allocation.id, BUCKET, Entry(Part.CLAIM, ref, one.quantity, one.ship_day, None, {"owner": owner}))

    def _put(self, sku: str, site: str, entry: Entry) -> None:
        book = self.shelf.books.setdefault((sku, site), Book(sku, site))
        book.apply([entry], book.version + 1, NOW)


# -- an oracle that tries everything


def ceilings_hold(world: World, who: str | None, parts: Sequence[tuple[str, int, int]]) -> bool:
    """Whether no ceiling is exceeded by these parts (site, day, quantity) of a class beside all orders, day by day counted anew."""
    for one in world.shelf.rationed:
        if one.kind is not Kind.CEILING or not one.counts(lineage(who)):
            continue
        for day in {TODAY + day for _, day, _ in parts}:
            period = one.period_of(day)
            if period is None:
                continue
            taken = sum(q for site, at, q in parts if one.covers(site) and period.first <= TODAY + at <= period.last)
            for other, deliveries in world.orders.values():
                if one.counts(lineage(other)):
                    taken += sum(d.quantity for d in deliveries if one.covers(d.site) and period.first <= d.ship_day <= period.last)
            if taken > period.quantity:
                return False
    return True


def could_still_take(world: World, supplies: dict[str, int], who: str | None) -> int:
    """What floors against a class could still be given from these supplies: every way of giving, tried."""
    floors = []
    for one in world.shelf.rationed:
        if one.kind is Kind.FLOOR and not one.counts(lineage(who)) and one.binds_on(TODAY):
            taken = sum(d.quantity for other, ds in world.orders.values() if one.counts(lineage(other)) for d in ds if one.covers(d.site))
            floors.append((one, taken))
    best = 0
    names = [site for site in supplies if supplies[site] > 0]
    needs = kept_from(lineage(who), floors)
    ways = [[site for site in names if kept.floor.covers(site)] for kept in needs]
    for order in product(*(([*way, None] if way else [None]) for way in ways)):
        left, given_now = dict(supplies), 0
        for kept, first in zip(needs, order, strict=True):
            rest = kept.quantity
            for site in [first, *(other for other in names if other != first)] if first is not None else []:
                if kept.floor.covers(str(site)):
                    part = min(rest, max(0, left[str(site)]))
                    left[str(site)] -= part
                    rest -= part
                    given_now += part
        best = max(best, given_now)
    return best


def atps(world: World, day: int, parts: Sequence[tuple[str, int, int]] = ()) -> dict[str, int]:
    found = {}
    for site in SITES:
        book = world.shelf.books.get(("SKU", site))
        if book is None:
            continue
        figures = balance(book, TODAY, NOW, Rules())
        for where, at, quantity in parts:
            if where == site:
                figures = figures.changed({TODAY + at: -quantity})
        found[site] = figures.atp_on(TODAY + day)
    return found


def allowed(world: World, who: str | None, parts: Sequence[tuple[str, int, int]]) -> bool:
    """The rule, as it is written: ceilings, floors, ATP."""
    if not ceilings_hold(world, who, parts):
        return False
    if any(quantity < 0 for quantity in atps(world, 0, parts).values()) and any(q < 0 for _, q in _after_only(world, parts)):
        return False
    return all(could_still_take(world, atps(world, day, parts), who) >= could_still_take(world, atps(world, day), who) for day in range(12))


def _after_only(world: World, parts: Sequence[tuple[str, int, int]]) -> list[tuple[str, int]]:
    return [(site, quantity) for site, quantity in atps(world, 0, parts).items()]


allocations = st.lists(
    st.one_of(
        st.builds(
            lambda who, q, sites, span: ("ceiling", who, q, sites, span),
            st.sampled_from(list(PARENTS)),
            st.integers(0, 9),
            st.sampled_from([None, frozenset({"HAM"}), frozenset(SITES)]),
            st.sampled_from([None, Every.DAY, Every.WEEK, (0, 2), (3, 4)]),
        ),
        st.builds(
            lambda who, q, sites, release: ("floor", who, q, sites, release),
            st.sampled_from(list(PARENTS)),
            st.integers(0, 9),
            st.sampled_from([frozenset({"HAM"}), frozenset({"BER"}), frozenset(SITES)]),
            st.sampled_from([None, 0, 3]),
        ),
    ),
    max_size=4,
)
supplies = st.tuples(st.integers(0, 12), st.dictionaries(st.integers(1, 5), st.integers(1, 6), max_size=2))
asks = st.lists(st.tuples(st.sampled_from(WHO), st.integers(1, 8), st.integers(0, 4), st.booleans()), min_size=1, max_size=6)


def built(said: Sequence[tuple[Any, ...]], ham: tuple[int, dict[int, int]], ber: tuple[int, dict[int, int]] | None) -> World:
    rationed = []
    for number, (kind, who, quantity, sites, when) in enumerate(said):
        if kind == "floor":
            release = None if when is None else TODAY + when
            rationed.append(a_floor(quantity, who, f"F{number}", sites=sites, release=release))
        elif isinstance(when, tuple):
            rationed.append(a_ceiling(quantity, who, f"C{number}", sites=sites, first=TODAY + when[0], last=TODAY + when[1]))
        else:
            rationed.append(a_ceiling(quantity, who, f"C{number}", sites=sites, every=when))
    books = [
        a_book(*(receipt(f"{site}{day}", q, day) for day, q in coming.items()), on_hand=stock, site=site)
        for site, (stock, coming) in zip(SITES, (ham, ber) if ber is not None else (ham,), strict=False)
    ]
    return World.of(rationed, *books)


def earliest_by_search(world: World, who: str | None, quantity: int, wanted: int) -> int | None:
    """The first day on which the whole quantity is allowed from one site."""
    sites = [site for site in SITES if ("SKU", site) in world.shelf.books]
    for day in range(wanted, 30):
        if any(_fits(world, who, [(site, day, units(quantity))]) for site in sites):
            return day
    return None


def _fits(world: World, who: str | None, parts: Sequence[tuple[str, int, int]]) -> bool:
    for site, day, quantity in parts:
        if atps(world, day)[site] < quantity:
            return False
    return allowed(world, who, parts)


@given(allocations, supplies, st.one_of(st.none(), supplies), asks)
def test_a_line_is_promised_on_the_first_day_that_the_rule_allows(
    said: list[tuple[Any, ...]], ham: tuple[int, dict[int, int]], ber: tuple[int, dict[int, int]] | None, wanted: Any
) -> None:
    world = built(said, ham, ber)
    for who, quantity, day, _ in wanted:
        expected = earliest_by_search(world, who, quantity, day)
        decision = world.order(quantity, day, who)
        found = decision.lines[0].promised_day
        assert (None if found is None else found - TODAY) == expected, (who, quantity, day)
        reasons = decision.lines[0].reasons
        if decision.outcome == "late":
            assert sum(reason.adds_days for reason in reasons) == decision.lines[0].slip_days


@given(allocations, supplies, st.one_of(st.none(), supplies), asks, st.one_of(st.none(), st.integers(2, 3)))
def test_no_split_exceeds_a_ceiling_or_eats_a_floor(
    said: list[tuple[Any, ...]], ham: tuple[int, dict[int, int]], ber: tuple[int, dict[int, int]] | None, wanted: Any, least: int | None
) -> None:
    world = built(said, ham, ber)
    for who, quantity, day, whole in wanted:
        decision = world.ask(quantity, day, who, allow_partial=not whole, min_ship=least)
        parts = [(one.site, one.ship_day - TODAY, one.quantity) for one in decision.lines[0].deliveries]
        assert not parts or allowed(world, who, parts), parts
        if decision.outcome != "none":
            world.write(f"ord_{len(world.orders)}", who, decision.lines[0].deliveries)


@given(st.integers(0, 7), st.integers(0, 7), supplies, st.integers(1, 14), st.integers(0, 3), st.sampled_from([Every.DAY, (0, 1), (2, 3)]))
def test_a_split_within_one_ceiling_promises_most_and_as_early_as_can_be(
    quantity: int, taken: int, ham: tuple[int, dict[int, int]], asked: int, day: int, when: Any
) -> None:
    world = built([("ceiling", "gold", quantity, None, when)], ham, None)
    world.order(min(taken, quantity), 1, "gold") if min(taken, quantity) else None
    decision = world.ask(asked, day, "gold", allow_partial=True)
    found = [(one.ship_day - TODAY, one.quantity // MICRO) for one in decision.lines[0].deliveries]
    best: list[tuple[int, int]] = []
    left = asked
    parts: list[tuple[str, int, int]] = []
    for at in range(day, 30):  # a unit as soon as it is allowed: nothing that is earlier is ever worse
        amount = 0
        while left and _all_fit(world, [*parts, ("HAM", at, units(amount + 1))]):
            amount += 1
            left -= 1
        if amount:
            parts.append(("HAM", at, units(amount)))
            best.append((at, amount))
    assert sum(q for _, q in found) == sum(q for _, q in best)
    assert sum(q * at for at, q in found) == sum(q * at for at, q in best)


def _all_fit(world: World, parts: Sequence[tuple[str, int, int]]) -> bool:
    figures = balance(world.shelf.books["SKU", "HAM"], TODAY, NOW, Rules())
    for _, day, quantity in parts:
        if figures.atp_on(TODAY + day) < quantity:
            return False
        figures = figures.changed({TODAY + day: -quantity})
    return ceilings_hold(world, "gold", parts)


@given(allocations, supplies, asks, st.integers(1, 8))
def test_what_an_order_has_it_may_keep_or_reduce_whatever_is_allocated_later(
    said: list[tuple[Any, ...]], ham: tuple[int, dict[int, int]], wanted: Any, smaller: int
) -> None:
    world = built([], ham, None)
    for who, quantity, day, _ in wanted:
        world.order(quantity, day, who, sites=("HAM",))
    later = built(said, ham, None)
    for owner, (who, deliveries) in world.orders.items():
        later.write(owner, who, deliveries)
    for owner, (who, deliveries) in list(later.orders.items()):
        line = a_line(deliveries[0].quantity / MICRO, deliveries[0].delivery_day - TODAY)
        now = CurrentLine(line, deliveries, deliveries[-1].delivery_day, deliveries[-1].delivery_day)
        less = replace(line, quantity=min(line.quantity, units(smaller)))
        for change in (line, less):
            decision = amend([now], [change], later.shelf, owner, classes=lineage(who))
            assert (decision.lines[0].promised_quantity, decision.lines[0].promised_day) == (change.quantity, now.promised_day)
        more = amend([now], [replace(line, quantity=line.quantity + MICRO)], later.shelf, owner, classes=lineage(who))
        grown = [(one.site, one.ship_day - TODAY, one.quantity) for one in more.lines[0].deliveries]
        if more.outcome != "none" and grown:
            without = World(later.shelf, orders={name: one for name, one in later.orders.items() if name != owner})
            assert ceilings_hold(without, who, grown) or not ceilings_hold(later, who, [(grown[0][0], grown[0][1], 0)])


# -- by example


def test_a_child_s_floor_lies_inside_its_parent_s_and_siblings_add_up() -> None:
    floors = [(a_floor(60, "web", "W"), 0), (a_floor(40, "gold", "G"), 0), (a_floor(30, "silver", "S"), 0), (a_floor(5, "shop", "P"), 0)]
    kept = {who: sum(one.quantity for one in kept_from(lineage(who), floors)) // MICRO for who in WHO}
    assert kept == {None: 75, "web": 75, "gold": 35, "silver": 45, "shop": 70}
    assert sum(one.quantity for one in kept_from((), floors[:2])) // MICRO == 60


def test_periods_are_days_weeks_from_monday_and_months() -> None:
    thursday = date(1998, 1, 15).toordinal()

    def span(every: Every, day: int = thursday) -> tuple[str, str]:
        period = a_ceiling(1, every=every).period_of(day)
        assert period is not None
        return date.fromordinal(period.first).isoformat(), date.fromordinal(period.last).isoformat()

    assert span(Every.DAY) == ("1998-01-15", "1998-01-15")
    assert span(Every.WEEK) == ("1998-01-12", "1998-01-18")
    assert span(Every.MONTH) == ("1998-01-01", "1998-01-31")
    assert span(Every.MONTH, date(2028, 2, 29).toordinal()) == ("2028-02-01", "2028-02-29")
    assert span(Every.MONTH, date.max.toordinal()) == ("9999-12-01", "9999-12-31")
    clipped = a_ceiling(1, every=Every.WEEK, first=thursday, last=thursday + 9)
    assert clipped.period_of(thursday) == Period(thursday, thursday + 3, MICRO)
    assert clipped.period_of(thursday - 1) is None


def test_a_bucket_opens_when_a_period_leaves_enough() -> None:
    book = Book("C", BUCKET)
    entries = [Entry(Part.CLAIM, f"c{day}{quantity}", units(quantity), TODAY + day) for day, quantity in ((0, 5), (1, 3), (1, 1))]
    held = Entry(Part.CLAIM, "held", units(5), TODAY + 2, NOW + timedelta(seconds=1), {"owner": "quo"})
    over = Entry(Part.CLAIM, "over", units(5), TODAY + 3, NOW, {"owner": "quo"})
    book.apply([*entries, held, over], 1, NOW)
    bucket = Bucket(a_ceiling(5, every=Every.DAY), book, TODAY, NOW, None)
    assert [bucket.left(TODAY + day) for day in range(4)] == [0, MICRO, 0, 5 * MICRO]
    assert (bucket.opens(TODAY, MICRO), bucket.opens(TODAY, 2 * MICRO), bucket.opens(TODAY, 6 * MICRO)) == (TODAY + 1, TODAY + 3, None)
    assert taken_in(book, Period(TODAY, TODAY + 9, 0), NOW, "quo") == 9 * MICRO


def test_the_lowest_answers_and_of_equals_the_ceiling() -> None:
    for ceiling, floor, expected in ((3, 4, "CEILING_REACHED"), (5, 6, "KEPT_FOR_OTHERS"), (5, 5, "CEILING_REACHED")):
        world = World.of([a_ceiling(ceiling, "shop"), a_floor(floor, "gold", sites=frozenset({"HAM"}))], a_book(on_hand=10))
        line = world.ask(9, who="shop").lines[0]
        assert (line.outcome, line.limiting_step, line.reasons[-1].code) == ("none", Step.ALLOCATION.value, expected)
    world = World.of([a_ceiling(8, "shop")], a_book(on_hand=5))
    assert world.ask(9, who="shop").lines[0].reasons[-1].code == "NOT_ENOUGH_SUPPLY", "supply is the lowest"


def a_world_with_a_source(ceiling: float | None, floor: float, on_hand: float, elsewhere: float) -> World:
    """What HAM has on hand, and what can be moved to it from a site that may not serve the line itself."""
    said = [a_floor(floor, "gold", sites=frozenset({"HAM"})), *([] if ceiling is None else [a_ceiling(ceiling, "shop")])]
    world = World.of(said, a_book(on_hand=on_hand), a_book(on_hand=elsewhere, site="MUC"))
    world.shelf.source["SKU", "HAM"] = (a_transfer("MUC", 2),)
    return world


def test_a_source_counts_with_what_it_can_bring() -> None:
    for brings, expected in ((0, "KEPT_FOR_OTHERS"), (3, "KEPT_FOR_OTHERS"), (4, "CEILING_REACHED"), (9, "CEILING_REACHED")):
        line = a_world_with_a_source(8, 6, 10, brings).ask(9, who="shop", sites=("HAM",)).lines[0]
        assert (line.outcome, line.limiting_step, line.reasons[-1].code) == ("none", "allocation", expected), brings
    line = a_world_with_a_source(8, 0, 5, 1).ask(9, who="shop", sites=("HAM",)).lines[0]
    assert line.reasons[-1].code == "NOT_ENOUGH_SUPPLY", "supply is the lowest"


@examples(150)
@given(st.integers(0, 10) | st.none(), st.integers(0, 9), st.integers(0, 12), st.integers(0, 9), st.integers(1, 12), st.booleans())
def test_whatever_is_lowest_of_ceiling_floor_and_supply_answers(
    ceiling: int | None, floor: int, on_hand: int, elsewhere: int, quantity: int, split: object
) -> None:
    world = a_world_with_a_source(ceiling, floor, on_hand, elsewhere)
    line = world.ask(quantity, who="shop", sites=("HAM",), allow_partial=bool(split)).lines[0]
    supply, beside_floors = on_hand + elsewhere, on_hand - min(on_hand, floor) + elsewhere
    most = min(beside_floors, quantity if ceiling is None else ceiling)
    if most >= quantity:
        assert line.promised_quantity == units(quantity)
        return
    assert line.promised_quantity == (units(most) if split else 0)
    if ceiling is not None and ceiling <= min(beside_floors, quantity):
        expected = "CEILING_REACHED"
    else:
        expected = "KEPT_FOR_OTHERS" if beside_floors < min(supply, quantity) else "NOT_ENOUGH_SUPPLY"
    assert line.reasons[-1].code == expected


def a_bucket_of(*claims: Entry) -> Book:
    book = Book("C", BUCKET)
    book.apply(claims, 1, NOW)
    return book


def test_listed_periods_begin_with_their_first_day_and_end_with_their_last_and_between_them_nothing_is_said() -> None:
    weeks = (Period(TODAY, TODAY + 2, units(5)), Period(TODAY + 4, TODAY + 6, units(7)))
    ceiling = a_ceiling(0, periods=weeks)
    assert [ceiling.period_of(TODAY + day) for day in (-1, 0, 2, 3, 4, 6, 7)] == [None, weeks[0], weeks[0], None, weeks[1], weeks[1], None]
    bucket = Bucket(ceiling, None, TODAY, NOW, None)
    assert [bucket.taken(TODAY + 3), bucket.left(TODAY + 3), bucket.left(TODAY + 4)] == [0, None, units(7)]


def test_the_last_month_of_the_civil_calendar_ends_with_it() -> None:
    monthly = a_ceiling(1, every=Every.MONTH)
    assert monthly.period_of(LATEST) == Period(date(9999, 12, 1).toordinal(), LATEST, units(1))
    assert monthly.period_of(date(9999, 11, 1).toordinal()) == Period(
        date(9999, 11, 1).toordinal(), date(9999, 11, 30).toordinal(), units(1)
    )


def test_a_floor_is_kept_until_the_day_before_its_release() -> None:
    assert [a_floor(1, release=TODAY + 1).binds_on(TODAY + day) for day in (0, 1, 2)] == [True, False, False]
    assert a_floor(1).binds_on(TODAY + 9999)


def test_only_what_was_not_shipped_of_an_owner_is_given_back_within_the_days_of_the_period() -> None:
    shipped = replace(claim("s", 5, 1, "me"), detail={"owner": "me", "shipped": str(units(2))})
    assert (open_of(shipped), open_of(claim("c", 5, 1)), open_of(Entry(Part.CLAIM, "c", 7, TODAY))) == (units(3), units(5), 7)
    book = a_bucket_of(shipped, claim("first", 1, 0, "me"), claim("last", 1, 2, "me"), claim("after", 1, 3, "me"), claim("other", 4, 1))
    period = Period(TODAY, TODAY + 2, units(20))
    assert [taken_in(book, period, NOW, owner) for owner in (None, "me")] == [units(11), units(6)]


def test_a_bucket_counts_what_others_took_and_what_this_decision_takes() -> None:
    ceiling = a_ceiling(10)
    bucket = Bucket(ceiling, a_bucket_of(claim("mine", 3, 1, "me"), claim("theirs", 4, 1)), TODAY, NOW, "me")
    assert (bucket.left(TODAY), bucket.taken(TODAY)) == (units(6), units(4))
    bucket.take(TODAY, units(2))
    assert (bucket.left(TODAY), bucket.taken(TODAY), bucket.taken_at_all()) == (units(4), units(6), units(7))
    tiny = Bucket(ceiling, a_bucket_of(Entry(Part.CLAIM, "c", 1, TODAY)), TODAY, NOW, None)
    assert (tiny.taken(TODAY), tiny.left(TODAY)) == (1, units(10) - 1)


def test_periods_leave_the_same_once_nobody_has_taken_anything_of_them() -> None:
    book = a_bucket_of(claim("a", 1, 3), claim("b", 1, 9))
    daily = Bucket(a_ceiling(5, every=Every.DAY), book, TODAY, NOW, None)
    assert daily.settled_from == TODAY + 9
    daily.take(TODAY + 12, 1)
    assert daily.settled_from == TODAY + 12
    listed = a_ceiling(0, periods=(Period(TODAY, TODAY + 2, 1), Period(TODAY + 20, TODAY + 29, 2)))
    assert Bucket(listed, book, TODAY, NOW, None).settled_from == TODAY + 29
    assert Bucket(a_ceiling(5), None, TODAY, NOW, None).settled_from < TODAY


def test_lines_that_ship_complete_wait_until_a_ceiling_ends() -> None:
    weeks = tuple(Period(TODAY + 7 * number, TODAY + 7 * number + 6, units(4)) for number in range(2))
    for ceiling in (a_ceiling(4, "shop", every=Every.WEEK, last=TODAY + 13), a_ceiling(0, "shop", periods=weeks)):
        world = World.of([ceiling], a_book(on_hand=20))
        lines = (a_line(3), a_line(3, ref="2"))
        for partial in (False, True):
            found = promise(Demand(lines, ship_complete=True, allow_partial=partial, classes=("shop",)), world.shelf)
            assert (found.outcome, {line.promised_day for line in found.lines}) == ("late", {TODAY + 14})


def test_of_a_floor_what_was_taken_is_kept_no_longer() -> None:
    floor = a_floor(5)
    assert kept_from((), [(floor, units(2))]) == [Kept(floor, units(3))]
    assert kept_from((), [(floor, units(5))]) == kept_from((), [(floor, units(7))]) == []


def test_another_period_is_looked_for_up_to_three_years_and_no_day_longer() -> None:
    daily = a_ceiling(0, every=Every.DAY)
    for ahead, found in ((THREE_YEARS, TODAY + THREE_YEARS), (THREE_YEARS + 1, None)):
        room = {TODAY + ahead: units(1)}
        assert first_open(daily, lambda day, room=room: room.get(day, 0), TODAY, units(1)) == found  # type: ignore[misc]
    starts = list(Bucket(daily, None, TODAY, NOW, None).starts(TODAY))
    assert (starts[0], starts[-1], len(starts)) == (TODAY + 1, TODAY + THREE_YEARS, THREE_YEARS)


def test_what_an_owner_has_in_another_period_gives_it_nothing_in_this_one() -> None:
    bucket = Bucket(a_ceiling(1, every=Every.DAY), a_bucket_of(claim("mine", 5, 3, "me")), TODAY, NOW, "me")
    assert [bucket.left(TODAY + day) for day in (0, 3)] == [units(1), units(5)]
