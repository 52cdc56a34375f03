"""Who cannot be served as promised, and when then (promising.md § 7, pass 1)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.bins import Bin, ResourceBin, StockBin, is_short, stock_bin
from services.quote.domain.book import Book
from services.quote.domain.calendar import Calendar
from services.quote.domain.capacity import Capacity
from services.quote.domain.dates import immediate
from services.quote.domain.entry import Entry, Part
from services.quote.domain.risk import Commitment, Fate, Route, Take, foresee
from services.quote.domain.rules import Rules
from tests.unit.quote_domain.builders import MICRO, NOW, TODAY, a_book, claim, hold, receipt, units

HORIZON = 12
KEYS = ("A|HAM", "B|HAM")


def a_promise(name: str, rank: int, *takes: tuple[str, float, int], promised: int | None = None) -> Commitment:
    """A promise of (book, units, day); without `promised` it is delivered as its last take is picked."""
    last = max(day for _, _, day in takes) if promised is None else promised
    found = tuple(Take(key, TODAY + day, units(quantity), TODAY + day) for key, quantity, day in takes)
    return Commitment(name, (rank,), found, TODAY + last)


def bins_of(**supply: Mapping[int, float]) -> dict[str, Bin]:
    return {f"{sku}|HAM": StockBin(TODAY, {TODAY + day: units(q) for day, q in changes.items()}) for sku, changes in supply.items()}


def days_of(fates: Mapping[str, Fate]) -> dict[str, int | None]:
    return {name: None if fate.day is None else fate.day - TODAY for name, fate in fates.items()}


def test_who_stands_first_stays_and_the_last_waits() -> None:
    found = foresee([a_promise("first", 1, ("A|HAM", 5, 0)), a_promise("last", 2, ("A|HAM", 5, 2))], bins_of(A={0: 5, 7: 5}))
    assert days_of(found) == {"first": 0, "last": 7}
    assert (found["first"].kept, found["last"].blocked) == (True, ("A|HAM",))


def test_nobody_is_made_late_so_that_somebody_is_less_late() -> None:
    """A cannot be kept; B, behind it, can: A takes what B leaves, not what comes for B."""
    found = foresee([a_promise("a", 1, ("A|HAM", 10, 3)), a_promise("b", 2, ("A|HAM", 10, 6))], bins_of(A={5: 10, 9: 10}))
    assert days_of(found) == {"a": 9, "b": 6}


def test_what_no_supply_covers_holds_nothing_back() -> None:
    found = foresee([a_promise("big", 1, ("A|HAM", 50, 0)), a_promise("small", 2, ("A|HAM", 5, 0))], bins_of(A={0: 5}))
    assert days_of(found) == {"big": None, "small": 0}


def test_a_commitment_on_two_books_takes_of_both_or_of_none() -> None:
    both = a_promise("both", 1, ("A|HAM", 5, 0), ("B|HAM", 5, 0))
    found = foresee([both, a_promise("one", 2, ("A|HAM", 5, 0))], bins_of(A={0: 5}, B={}))
    assert days_of(found) == {"both": None, "one": 0}
    assert found["both"].blocked == ("B|HAM",)


def test_what_ships_complete_and_waits_comes_on_a_day_on_which_all_its_ways_deliver() -> None:
    """B is there on day 4, on which the way of A rests; on day 5 the way of B does. Apart, the last is there on day 4."""

    def but_on(*rests: int) -> Callable[[int], int]:
        return lambda pick: next(day for day in range(pick, pick + 9) if day - TODAY not in rests)

    both = a_promise("both", 1, ("A|HAM", 5, 2), ("B|HAM", 5, 2))
    takes = tuple(replace(take, deliver=way) for take, way in zip(both.takes, (but_on(4), but_on(5)), strict=True))
    for together, day in ((True, 6), (False, 4)):
        found = foresee([replace(both, takes=takes, together=together)], bins_of(A={0: 5}, B={4: 5}))
        assert days_of(found) == {"both": day}
    never = tuple(
        replace(take, deliver=way)
        for take, way in zip(takes, (but_on(4), lambda pick: TODAY + 4 if pick <= TODAY + 4 else None), strict=True)
    )
    assert days_of(foresee([replace(both, takes=never, together=True)], bins_of(A={0: 5}, B={4: 5}))) == {"both": 4}


def test_what_ships_complete_may_wait_at_another_site_for_the_rest_of_it() -> None:
    """A is there on day 4. B has none; the other site that has could deliver at once, and delivers on day 4 with the rest."""
    both = a_promise("both", 1, ("A|HAM", 5, 2), ("B|HAM", 5, 2))
    takes = (both.takes[0], replace(both.takes[1], delivery_day=TODAY + 2, others=(Route("C|BER", immediate(TODAY)),)))
    bins = bins_of(A={4: 5}, B={}) | {"C|BER": StockBin(TODAY, {TODAY: units(5)}, {})}
    assert days_of(foresee([replace(both, takes=takes, together=True)], bins)) == {"both": 4}


def test_frozen_promises_stand_before_everybody_even_into_the_negative() -> None:
    """The others are put in on what that leaves; where not even they are covered, the day is told on which they could be."""
    frozen = replace(a_promise("frozen", 9, ("A|HAM", 8, 0)), frozen=True)
    found = foresee([frozen, a_promise("first", 1, ("A|HAM", 5, 0))], bins_of(A={0: 10, 4: 5}))
    assert days_of(found) == {"frozen": 0, "first": 4}
    short = foresee([frozen, a_promise("first", 1, ("A|HAM", 1, 0))], bins_of(A={0: 5, 4: 5}))
    assert (days_of(short), short["frozen"].kept) == ({"frozen": 4, "first": 4}, False)


def test_another_site_is_asked_when_its_own_is_later_and_leaves_its_reserve_alone() -> None:
    other = Route("B|HAM", immediate(TODAY))
    take = Take("A|HAM", TODAY + 1, units(5), TODAY + 1, None, (other,))
    one = Commitment("one", (1,), (take,), TODAY + 1)
    bins = bins_of(A={6: 5}, B={0: 5})
    found = foresee([one], bins)["one"]
    assert (found.day, found.kept, found.elsewhere) == (TODAY + 1, False, True)
    bins["B|HAM"] = StockBin(TODAY, {TODAY: units(5)}, {TODAY: units(1)})
    later = foresee([one], bins)["one"]
    assert (later.day, later.elsewhere) == (TODAY + 6, False)


def test_what_is_delivered_later_is_told_by_the_way() -> None:
    take = Take("A|HAM", TODAY, units(1), TODAY + 2, lambda day: day + 4)
    found = foresee([Commitment("far", (1,), (take,), TODAY + 2)], bins_of(A={3: 1}))
    assert days_of(found) == {"far": 7}


def a_plan(name: str, rank: int, due: int, quantity: float, *takes: tuple[str, float, int], brings: str = "A|HAM") -> Commitment:
    found = tuple(Take(key, TODAY + day, units(amount)) for key, amount, day in takes)
    return Commitment(name, (rank, 0), found, None, brings, units(quantity), TODAY + due)


def test_a_component_that_comes_later_makes_the_plan_later_and_what_stands_on_it() -> None:
    plan = a_plan("pln", 1, 3, 10, ("B|HAM", 10, 1))
    found = foresee([plan, a_promise("order", 1, ("A|HAM", 10, 3))], bins_of(A={}, B={6: 10}))
    assert days_of(found) == {"pln": 8, "order": 8}
    assert found["order"].blocked == ("A|HAM", "B|HAM")


def test_whoever_stands_on_the_rest_of_a_plan_for_somebody_else_becomes_later_with_it() -> None:
    plan = a_plan("pln", 9, 3, 10, ("B|HAM", 10, 1))
    orders = [a_promise("early", 1, ("A|HAM", 4, 3)), a_promise("late", 9, ("A|HAM", 6, 3))]
    assert days_of(foresee([plan, *orders], bins_of(A={}, B={6: 10}))) == {"pln": 8, "early": 8, "late": 8}


def test_a_resource_that_fails_makes_the_plan_later_by_the_days_it_takes() -> None:
    weekly = Capacity("HAM", Calendar((480,) * 7, {TODAY + 1: 0}), MICRO)
    bins: dict[str, Bin] = {**bins_of(A={}), "SAW|~": ResourceBin(TODAY, weekly, {TODAY + 2: 400 * MICRO})}
    plan = a_plan("pln", 1, 2, 10, ("SAW|~", 300, 1))
    found = foresee([plan, a_promise("order", 1, ("A|HAM", 10, 2))], bins)
    assert days_of(found) == {"pln": 4, "order": 4}
    assert found["order"].blocked == ("A|HAM", "SAW|~")


def test_what_was_spread_over_days_is_one_job_when_it_has_to_wait() -> None:
    weekly = Capacity("HAM", Calendar((480,) * 7, dict.fromkeys(range(TODAY, TODAY + 8), 0)), MICRO)
    bins: dict[str, Bin] = {**bins_of(A={}), "SAW|~": ResourceBin(TODAY, weekly, {})}
    plan = a_plan("pln", 1, 2, 10, ("SAW|~", 180, 0), ("SAW|~", 220, 1))
    assert days_of(foresee([plan], bins)) == {"pln": 9}


def test_the_components_of_a_plan_that_is_never_done_are_left_to_others() -> None:
    plan = a_plan("pln", 1, 3, 10, ("B|HAM", 10, 1), ("C|HAM", 10, 1))
    orders = [a_promise("on the plan", 1, ("A|HAM", 10, 3)), a_promise("on the part", 2, ("C|HAM", 10, 1))]
    found = foresee([plan, *orders], bins_of(A={}, B={}, C={0: 10}))
    assert days_of(found) == {"pln": None, "on the plan": None, "on the part": 1}


def a_real_order(name: str, due: int, quantity: float, *takes: tuple[str, float, int], brings: str = "A|HAM") -> Commitment:
    """A production or transfer order: what it needs is a fact."""
    return replace(a_plan(name, 0, due, quantity, *takes, brings=brings), rank=(-1, due, name), fact=True)


def test_a_real_order_without_its_parts_brings_later_what_it_brings() -> None:
    found = foresee([a_real_order("MO", 3, 10, ("B|HAM", 10, 1)), a_promise("order", 1, ("A|HAM", 10, 3))], bins_of(A={}, B={6: 10}))
    assert days_of(found) == {"MO": 8, "order": 8}
    assert found["order"].blocked == ("A|HAM", "B|HAM")


def test_a_real_order_takes_its_parts_before_every_promise() -> None:
    """It is a fact, also where it makes the book short: who was promised the parts is the one who waits."""
    facts = [a_real_order("MO", 3, 10, ("B|HAM", 6, 2))]
    found = foresee([*facts, replace(a_promise("frozen", 1, ("B|HAM", 6, 1)), frozen=True)], bins_of(A={}, B={0: 6, 5: 6}))
    assert days_of(found) == {"MO": 3, "frozen": 5}
    found = foresee([*facts, a_promise("order", 1, ("B|HAM", 3, 1))], bins_of(A={}, B={0: 4, 7: 6}))
    assert days_of(found) == {"MO": 8, "order": 7}


def test_a_real_order_waits_from_the_day_on_which_it_needed_what_is_not_there() -> None:
    """Needed three days ago and there in four: it begins seven days late. What has come meanwhile has not held it up."""
    assert days_of(foresee([a_real_order("MO", 2, 10, ("B|HAM", 5, -3))], bins_of(A={}, B={4: 5}))) == {"MO": 9}
    assert days_of(foresee([a_real_order("MO", 2, 10, ("B|HAM", 5, -3))], bins_of(A={}, B={0: 5}))) == {"MO": 2}


def test_goods_that_leave_later_arrive_by_the_next_way() -> None:
    """Five days later they leave on the day behind the weekend; the carrier has them there four days after that."""
    order = a_real_order("TO", 4, 10, ("B|HAM", 10, 2))
    late = replace(order, takes=(replace(order.takes[0], deliver=lambda day: day + 4),))
    assert days_of(foresee([late], bins_of(A={}, B={7: 10}))) == {"TO": 11}
    assert days_of(foresee([late], bins_of(A={}, B={0: 10}))) == {"TO": 4}


def test_late_parts_make_a_part_late_and_that_makes_the_product_late() -> None:
    orders = [a_real_order("top", 4, 5, ("B|HAM", 5, 3)), a_real_order("part", 3, 5, ("C|HAM", 5, 2), brings="B|HAM")]
    assert days_of(foresee(orders, bins_of(A={}, B={}, C={6: 5}))) == {"part": 7, "top": 8}


def test_safety_stock_may_be_used_and_holds_stand_behind_every_promise() -> None:
    book = a_book(claim("c", 10, 0), hold("h", 5, 0, 600), on_hand=10, safety_stock=4)
    assert not is_short(book, TODAY, NOW, Rules())
    assert is_short(a_book(claim("c", 11, 0), on_hand=10), TODAY, NOW, Rules())


# -- properties, each named in promising.md § 7

quantities = st.integers(1, 6)
days = st.integers(0, HORIZON - 1)
supplies = st.dictionaries(st.integers(0, HORIZON - 1), st.integers(1, 12), max_size=4)
takes = st.lists(st.tuples(st.sampled_from(KEYS), quantities, days), min_size=1, max_size=3)
worlds = st.tuples(supplies, supplies, st.lists(takes, min_size=1, max_size=6))


def world_of(drawn: tuple[Mapping[int, int], Mapping[int, int], list[Any]]) -> tuple[list[Commitment], dict[str, Mapping[int, int]]]:
    return [a_promise(str(n), n, *each) for n, each in enumerate(drawn[2])], {"A": drawn[0], "B": drawn[1]}


def series(changes: Mapping[int, float], taken: Sequence[tuple[float, int]]) -> list[float]:
    """Projected availability day by day, the slow way."""
    return [
        sum(q for day, q in changes.items() if day <= today) - sum(q for q, day in taken if day <= today) for today in range(HORIZON * 2)
    ]


class Slow:
    """The oracle: puts one after another in, day by day, looking at everything again each time."""

    def __init__(self, supply: Mapping[str, Mapping[int, int]]) -> None:
        self.supply = supply
        self.inside: list[tuple[str, float, int]] = []

    def sound(self) -> bool:
        return all(min(series(self.supply[key[0]], [(q, day) for where, q, day in self.inside if where == key])) >= 0 for key in KEYS)

    def put_in(self, *found: tuple[str, float, int]) -> bool:
        """All of it, or nothing."""
        before = list(self.inside)
        self.inside += found
        if not self.sound():
            self.inside = before
            return False
        return True

    def move(self, one: Commitment) -> int | None:
        before, last = list(self.inside), (one.promised_day or 0) - TODAY
        for take in sorted(one.takes, key=lambda each: each.day):
            tried = (day for day in range(take.day - TODAY, HORIZON) if self.put_in((take.key, take.quantity / MICRO, day)))
            day = next(tried, None)
            if day is None:
                self.inside = before
                return None
            last = max(last, day)
        return last


def simple(commitments: Sequence[Commitment], supply: Mapping[str, Mapping[int, int]]) -> dict[str, int | None]:
    """What the oracle finds."""
    slow = Slow(supply)
    found: dict[str, int | None] = {}
    for one in commitments:
        if slow.put_in(*((take.key, take.quantity / MICRO, take.day - TODAY) for take in one.takes)):
            found[one.name] = (one.promised_day or 0) - TODAY
    return found | {one.name: slow.move(one) for one in commitments if one.name not in found}


@given(worlds)
def test_it_finds_what_the_slow_way_finds(drawn: Any) -> None:
    commitments, supply = world_of(drawn)
    assert days_of(foresee(commitments, bins_of(**supply))) == simple(commitments, supply)


facts = st.lists(st.tuples(quantities, days, st.integers(0, 3), quantities), max_size=4)
"""Real orders: parts of B on a day, so many days before they bring so much of A."""


def with_facts(drawn: Any, told: Sequence[tuple[int, int, int, int]]) -> tuple[list[Commitment], dict[str, Mapping[int, int]]]:
    promises, supply = world_of(drawn)
    orders = [a_real_order(f"MO-{n}", day + lead, made, ("B|HAM", parts, day)) for n, (parts, day, lead, made) in enumerate(told)]
    return [*orders, *promises], supply


class SlowBooks:
    """Books that may be negative: what is asked of a day is only whether enough is there from it on."""

    def __init__(self, supply: Mapping[str, Mapping[int, int]]) -> None:
        self.coming = {key: dict(supply[key[0]]) for key in KEYS}
        self.taken: dict[str, list[tuple[float, int]]] = {key: [] for key in KEYS}

    def first(self, key: str, quantity: float, since: int, until: int = HORIZON * 2) -> int | None:
        days = range(since, until)
        return next((day for day in days if min(series(self.coming[key], self.taken[key])[day:]) >= quantity), None)

    def put_in(self, one: Commitment, *, stays: bool) -> int | None:
        """All of it, on its days or on the first that do, and the last of them; or nothing."""
        before, last = {key: list(taken) for key, taken in self.taken.items()}, (one.promised_day or 0) - TODAY
        for take in one.takes if stays else sorted(one.takes, key=lambda each: each.day):
            quantity, wanted = take.quantity / MICRO, take.day - TODAY
            day = self.first(take.key, quantity, wanted, wanted + 1 if stays else HORIZON * 2)
            if day is None:
                self.taken = before
                return None
            self.taken[take.key].append((quantity, day))
            last = max(last, day)
        return last


def simple_with_facts(commitments: Sequence[Commitment], supply: Mapping[str, Mapping[int, int]]) -> dict[str, int | None]:
    """The slow way: facts stand where they stand, whoever lacks; then everybody else, on what that leaves."""
    books, found = SlowBooks(supply), dict[str, int | None]()
    orders = sorted((one for one in commitments if one.fact), key=lambda one: one.rank)
    short = [one for one in orders if books.put_in(one, stays=True) is None]
    for one in short:
        take = one.takes[0]
        there = books.first(take.key, take.quantity / MICRO, take.day - TODAY)
        books.taken[take.key].append((take.quantity / MICRO, take.day - TODAY))
        found[one.name] = None if there is None else one.due + there - take.day
    for one in orders:
        if (day := found.setdefault(one.name, one.due - TODAY)) is not None:
            books.coming["A|HAM"][day] = books.coming["A|HAM"].get(day, 0) + one.quantity // MICRO
    others = [one for one in commitments if not one.fact]
    stay = {one.name: books.put_in(one, stays=True) for one in others}
    moved = {one.name: books.put_in(one, stays=False) for one in others if stay[one.name] is None}
    return found | stay | moved


@given(worlds, facts)
def test_with_real_orders_it_finds_what_the_slow_way_finds(drawn: Any, told: Any) -> None:
    commitments, supply = with_facts(drawn, told)
    assert days_of(foresee(commitments, bins_of(**supply))) == simple_with_facts(commitments, supply)


@given(worlds, facts)
def test_no_promise_makes_a_real_order_late_and_none_comes_before_it_is_due(drawn: Any, told: Any) -> None:
    commitments, supply = with_facts(drawn, told)
    fates = foresee(commitments, bins_of(**supply))
    alone = foresee([one for one in commitments if one.fact], bins_of(**supply))
    for one in commitments:
        if one.fact:
            day = fates[one.name].day
            assert day == alone[one.name].day
            assert day is None or day >= one.due
            assert fates[one.name].kept == (day == one.due)


@given(worlds)
def test_nothing_overloaded_or_short_means_nobody_at_risk(drawn: Any) -> None:
    commitments, supply = world_of(drawn)
    for key in KEYS:
        lacking = -min(
            series(supply[key[0]], [(t.quantity / MICRO, t.day - TODAY) for one in commitments for t in one.takes if t.key == key])
        )
        if lacking > 0:
            supply[key[0]] = {**supply[key[0]], 0: supply[key[0]].get(0, 0) + int(lacking)}
    assert all(fate.kept for fate in foresee(commitments, bins_of(**supply)).values())


@given(worlds)
def test_nobody_is_late_without_a_shortage_behind_it(drawn: Any) -> None:
    """Whoever moves names a book that is short with everybody in it; and nobody is ever promised earlier."""
    commitments, supply = world_of(drawn)
    for one in commitments:
        fate = foresee(commitments, bins_of(**supply))[one.name]
        assert fate.day is None or fate.day >= (one.promised_day or 0)
        if not fate.kept:
            key = fate.blocked[0]
            taken = [(t.quantity / MICRO, t.day - TODAY) for other in commitments for t in other.takes if t.key == key]
            assert min(series(supply[key[0]], taken)) < 0


@given(worlds)
def test_keeping_comes_first(drawn: Any) -> None:
    """Whoever moves could not have stayed beside those before it who stay, whatever else is left out."""
    commitments, supply = world_of(drawn)
    fates = foresee(commitments, bins_of(**supply))
    for number, one in enumerate(commitments):
        if not fates[one.name].kept:
            before = [other for other in commitments[:number] if fates[other.name].kept]
            assert not foresee([*before, one], bins_of(**supply))[one.name].kept


@given(worlds)
def test_what_comes_of_it_can_be_done(drawn: Any) -> None:
    """Promised anew for the days that were found, nobody is late: applying it twice changes nothing."""
    commitments, supply = world_of(drawn)
    single = [one for one in commitments if len(one.takes) == 1]
    fates = foresee(single, bins_of(**supply))
    moved = [
        Commitment(one.name, one.rank, (Take(one.takes[0].key, day, one.takes[0].quantity, day),), day)
        for one in single
        if (day := fates[one.name].day) is not None
    ]
    assert all(fate.kept for fate in foresee(moved, bins_of(**supply)).values())


@given(supplies, st.lists(st.tuples(quantities, days), max_size=6), st.lists(st.tuples(quantities, days), max_size=3), days)
def test_a_book_is_filled_as_its_entries_say(coming: Mapping[int, int], claims: list[Any], held: list[Any], today: int) -> None:
    entries = chain(
        (receipt(f"PO-{day}", quantity, day) for day, quantity in coming.items()),
        (claim(f"c{n}", quantity, day) for n, (quantity, day) in enumerate(claims)),
        (hold(f"h{n}", quantity, day, 600) for n, (quantity, day) in enumerate(held)),
    )
    book: Book = a_book(*entries, on_hand=3)
    rules = Rules(past_due_offset_days=2, past_due_limit_days=4)
    counted: dict[int, float] = {today: 3}
    for day, quantity in coming.items():
        if today - day <= 4:
            at = max(day, today + 2) if day < today else day
            counted[at] = counted.get(at, 0) + quantity
    lowest = min(series(counted, [(quantity, max(day, today)) for quantity, day in claims])[today:])
    assert stock_bin(book, TODAY + today, rules).lowest == units(lowest)
    assert is_short(book, TODAY + today, NOW, rules) == (lowest < 0)


def test_claims_that_are_put_in_anew_are_not_in_it_twice() -> None:
    book = a_book(claim("c", 4, 2), Entry(Part.PLAN, "pln", units(5), TODAY + 1, None, {"kind": "purchase_order"}), on_hand=3)
    filled = stock_bin(book, TODAY, Rules(), [Take(book.key, TODAY + 2, units(4))], ["pln"])
    assert (filled.lowest, filled.fits(TODAY, units(3)), filled.fits(TODAY + 9, units(4))) == (units(3), True, False)


# -- what moves, and how far


def test_a_promise_is_told_for_no_day_before_its_promise_and_by_its_own_day_where_it_stays() -> None:
    assert days_of(foresee([a_promise("one", 1, ("A|HAM", 5, 1), promised=8)], bins_of(A={3: 5}))) == {"one": 8}
    takes = (Take("A|HAM", TODAY, units(5), TODAY), Take("B|HAM", TODAY + 1, units(5), TODAY + 3, lambda day: day + 9))
    found = foresee([Commitment("two", (1,), takes, TODAY + 3)], bins_of(A={5: 5}, B={0: 5}))
    assert days_of(found) == {"two": 5}, "what can be picked as it stands comes as it stands"


def test_of_two_sites_that_are_as_late_its_own_delivers_and_without_any_it_is_nowhere() -> None:
    take = Take("A|HAM", TODAY + 1, units(5), TODAY + 1, None, (Route("B|HAM", immediate(TODAY)),))
    for b, day in (({6: 5}, TODAY + 6), ({}, TODAY + 6)):
        found = foresee([Commitment("one", (1,), (take,), TODAY + 1)], bins_of(A={6: 5}, B=b))["one"]
        assert (found.day, found.elsewhere) == (day, False)
    none = foresee([Commitment("one", (1,), (take,), TODAY + 1)], bins_of(A={}, B={}))["one"]
    assert (none.day, none.kept, none.elsewhere) == (None, False, False)


def test_a_plan_is_late_for_what_it_needs_wherever_that_stands_and_takes_it_from_others() -> None:
    always = Capacity("HAM", Calendar((480,) * 7, {}), MICRO)
    plan = a_plan("pln", 1, 3, 10, ("SAW|~", 60, 1), ("B|HAM", 5, 1))
    found = foresee([plan], {**bins_of(A={}, B={4: 5}), "SAW|~": ResourceBin(TODAY, always, {})})["pln"]
    assert (found.day, found.kept, found.elsewhere) == (TODAY + 6, False, False)
    plans = [a_plan(name, rank, 3, 5, ("B|HAM", 5, 1)) for rank, name in enumerate(("one", "two"))]
    assert days_of(foresee(plans, bins_of(A={}, B={4: 5, 7: 5}))) == {"one": 6, "two": 9}


def test_what_made_a_plan_late_in_a_later_round_is_told_to_whoever_stands_on_it() -> None:
    plans = [a_plan("top", 1, 4, 5, ("B|HAM", 5, 3)), a_plan("part", 2, 3, 5, ("C|HAM", 5, 2), brings="B|HAM")]
    found = foresee([*plans, a_promise("order", 3, ("A|HAM", 5, 4))], bins_of(A={}, B={}, C={6: 5}))
    assert days_of(found) == {"part": 7, "top": 8, "order": 8}
    assert found["order"].blocked == ("A|HAM", "B|HAM", "C|HAM")


def test_what_should_have_been_there_before_and_is_there_today_holds_up_nothing() -> None:
    takes = (("B|HAM", 5, -3), ("C|HAM", 5, 1))
    for put_off in (False, True):
        plan = replace(a_plan("pln", 1, 4, 5, *takes), put_off=put_off)
        assert days_of(foresee([plan], bins_of(A={}, B={0: 5}, C={2: 5}))) == {"pln": 5}
    late = a_plan("pln", 1, 4, 5, ("B|HAM", 5, -3))
    for put_off, day in ((False, 4 + 5), (True, 4 + 2)):
        assert days_of(foresee([replace(late, put_off=put_off)], bins_of(A={}, B={2: 5}))) == {"pln": day}


def test_what_leaves_as_planned_arrives_as_planned_however_long_its_way_is_now() -> None:
    plan = a_plan("pln", 1, 3, 5, ("B|HAM", 5, 2), ("C|HAM", 5, 1))
    takes = (replace(plan.takes[0], deliver=lambda day: day + 4), plan.takes[1])
    assert days_of(foresee([replace(plan, takes=takes)], bins_of(A={}, B={0: 5}, C={2: 5}))) == {"pln": 4}


def test_minutes_are_looked_for_where_the_parts_let_the_job_begin() -> None:
    for first, closed, day in ((0, 2, 6), (1, 3, 6), (0, 3, 5), (1, 2, 5)):
        weekly = Capacity("HAM", Calendar((480,) * 7, {TODAY + closed: 0}), MICRO)
        bins: dict[str, Bin] = {**bins_of(A={}, B={2: 5}), "SAW|~": ResourceBin(TODAY, weekly, {})}
        assert days_of(foresee([a_plan("pln", 1, 3, 5, ("B|HAM", 5, 0), ("SAW|~", 300, first))], bins)) == {"pln": day}
    less_today = Capacity("HAM", Calendar((480,) * 7, {TODAY: 100}), MICRO)
    plan = a_plan("pln", 1, 2, 5, ("SAW|~", 180, 0), ("SAW|~", 220, 1))
    found = foresee([plan], {**bins_of(A={}), "SAW|~": ResourceBin(TODAY, less_today, {})})
    assert days_of(found) == {"pln": 2}, "what does not fit today is done tomorrow, with the rest"
