"""One book as one decision sees it, against going through every day: what it offers, what a take needs of plans, what covers it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.allocation import Allocation, Kind
from services.quote.domain.place import Place, Planned, Taken
from services.quote.domain.rules import Rules
from services.quote.domain.stand import Stand
from tests.examples import examples
from tests.unit.quote_domain import oracle
from tests.unit.quote_domain.builders import NOW, TODAY, AShelf, a_book, claim, receipt, units
from tests.unit.quote_domain.plants import a_purchase

DAYS = range(TODAY, TODAY + 24)

steps = st.lists(
    st.one_of(
        st.tuples(st.just("plan"), st.integers(1, 6), st.integers(0, 5), st.integers(0, 4)),
        st.tuples(st.just("take"), st.integers(1, 9), st.integers(0, 9)),
        st.tuples(st.just("take"), st.integers(1, 9), st.integers(0, 9)),
        st.tuples(st.just("redate"), st.integers(0, 3), st.integers(1, 4)),
    ),
    min_size=1,
    max_size=9,
)


@st.composite
def places(draw: st.DrawFn) -> Place:
    """A book that is not short, as an order or as a hold that ends some day."""
    coming = draw(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 8)), max_size=3))
    going = draw(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 9)), max_size=3))
    entries = [receipt(f"R{n}", *one) for n, one in enumerate(coming)] + [claim(f"C{n}", *one) for n, one in enumerate(going)]
    rules = Rules(dock_to_stock_days=draw(st.sampled_from([0, 0, 2])))
    lacks = -min(0, *oracle.projected(oracle.entries_of(a_book(*entries)), TODAY, NOW, rules)) // units(1)
    shelf = AShelf(a_book(*entries, on_hand=lacks + draw(st.integers(0, 5))), rules=rules)
    ends = draw(st.none() | st.integers(0, 6))
    place = Stand(shelf, hold_ends=None if ends is None else lambda _: TODAY + ends).place("SKU", "HAM")
    assert place is not None
    return place


def surely(place: Place, plan: Planned) -> int:
    """From when on a plan is there for others: of a hold, begun on its last day if that is later than the day on which it must begin."""
    dock, ends = place.rules.dock_to_stock_days, place.stand.hold_ends
    last = 0 if ends is None else ends("HAM")
    return plan.due + dock if last <= plan.start else max(plan.due, last + plan.due - plan.start) + dock


@lru_cache(maxsize=2)
def projected(place: Place) -> list[int]:
    """Of the book as it is, by day from today on."""
    return oracle.projected(oracle.entries_of(place.book), TODAY, NOW, place.rules)


def left_of_book(place: Place, day: int) -> int:
    """What is projected, less what was taken from the book itself by a day, and not filled up by a plan."""
    total = projected(place)[day - TODAY]
    for take in place.takes:
        total -= take.quantity if take.day <= day else 0
        for plan, part in take.from_plans:
            total += part if (take.day if plan.usable <= take.day else surely(place, plan)) <= day else 0
    return total


def offered(place: Place, day: int, plans: Sequence[tuple[Planned, int]]) -> int:
    """The worst of all later days, where a plan counts if it is there by now, or from when on it surely is."""
    return min(
        max(0, left_of_book(place, later)) + sum(left for plan, left in plans if plan.usable <= day or surely(place, plan) <= later)
        for later in DAYS
        if later >= day
    )


def lefts(place: Place) -> list[tuple[Planned, int]]:
    """What nobody has taken of each plan, from the takes alone."""
    used = Counter[int]()
    for take in place.takes:
        used.update({plan.number: 0 for plan, _ in take.from_plans})
        for plan, part in take.from_plans:
            used[plan.number] += part
    return [(plan, plan.quantity - used[plan.number]) for plan in place.stand.planned]


def do(place: Place, step: Any) -> None:
    kind, *more = step
    if kind == "plan":
        quantity, start, lead = more
        place.stand.plan(a_purchase(lead), place, units(quantity), TODAY + start, TODAY + start + lead)
    elif kind == "take":
        day = TODAY + more[1]
        quantity = min(units(more[0]), place.offers(day))
        if quantity:
            take(place, day, quantity)
    elif more[0] < len(place.takes):
        day = place.takes[more[0]].day + more[1]
        place.redate(more[0], day)
        assert place.takes[more[0]].day == day


def take(place: Place, day: int, quantity: int) -> None:
    """Of the book as far as it goes; then of plans, those that count first, and of equals those that were planned first."""
    rest, expected = quantity - min(quantity, offered(place, day, ())), []
    for plan, left in sorted(lefts(place), key=lambda one: (day if one[0].usable <= day else surely(place, one[0]), one[0].number)):
        part = min(rest, left)
        if part:
            expected.append((plan.number, part))
            rest -= part
    taken = place.takes[place.take(day, quantity)]
    assert (taken.day, taken.quantity) == (day, quantity)
    assert ([(plan.number, part) for plan, part in taken.from_plans], rest) == (expected, 0)


@examples(60)
@given(places(), steps, st.integers(1, 12), st.integers(-2, 9))
def test_it_offers_what_the_worst_later_day_leaves_with_the_plans_that_are_there_by_then(
    place: Place, doing: list[Any], wanted: int, not_before: int
) -> None:
    for step in doing:
        do(place, step)
    plans = lefts(place)
    assert {number: plan.left for number, plan in place.plans.items()} == {plan.number: left for plan, left in plans if left}
    offers = {day: offered(place, day, plans) for day in DAYS}
    assert {day: place.offers(day) for day in DAYS} == offers
    first = next((day for day in DAYS if day >= TODAY + not_before and offers[day] >= units(wanted)), None)
    assert place.earliest(units(wanted), TODAY + not_before) == first


@examples(60)
@given(places(), steps)
def test_everything_taken_is_covered_by_supply_that_is_there_and_none_of_it_covers_two(place: Place, doing: list[Any]) -> None:
    for step in doing:
        do(place, step)
    used = Counter[str]()
    for number, (taken, pegs) in enumerate(zip(place.takes, place.pegs(), strict=True)):
        assert sum(one.quantity for one in pegs) == taken.quantity, number
        for one in pegs:
            assert one.quantity > 0
            assert one.usable_day is None or one.usable_day <= taken.day
            used[one.ref or one.source if one.plan is None else f"P{one.plan}"] += one.quantity
            if one.plan is not None:
                plan = place.stand.planned[one.plan]
                assert (one.source, one.site, one.ref) == ("planned_purchase_order", "HAM", "TERMS")
                assert (one.due_day, one.usable_day) == (plan.due, plan.due + place.rules.dock_to_stock_days)
    supply = {"on_hand": place.book.on_hand, **{entry.ref: entry.quantity for entry in oracle.entries_of(place.book).values()}}
    supply |= {f"P{plan.number}": plan.quantity for plan in place.stand.planned}
    assert all(quantity <= supply[name] for name, quantity in used.items())


def seen(place: Place) -> Iterator[object]:
    yield [(one.day, one.quantity, [(plan.number, part) for plan, part in one.from_plans]) for one in place.takes]
    yield {number: plan.left for number, plan in place.plans.items()}
    yield [(place.offers(day), place.free.projected_on(day)) for day in DAYS]
    yield place.pegs()
    yield place.taken()


@examples(60)
@given(places(), steps, steps)
def test_what_is_undone_was_never_there(place: Place, first: list[Any], then: list[Any]) -> None:
    nothing = list(seen(place))
    for step in first:
        do(place, step)
    before, mark = list(seen(place)), place.stand.mark()
    for step in then:
        do(place, step)
    place.stand.rollback(mark)
    assert list(seen(place)) == before
    place.stand.rollback()
    assert list(seen(place)) == nothing


def test_a_take_of_nothing_is_none_and_the_days_on_which_it_counts_are_told() -> None:
    place = Stand(AShelf(a_book(on_hand=3), rules=Rules(dock_to_stock_days=1)), hold_ends=lambda _: TODAY + 2).place("SKU", "HAM")
    assert place is not None
    plan = place.stand.plan(a_purchase(4), place, units(5), TODAY, TODAY + 4)
    place.take(TODAY, 0)
    assert not place.taken()
    place.take(TODAY + 3, units(3))
    place.take(TODAY + 9, units(2))
    assert place.taken()
    assert [one.changes() for one in place.takes] == [[(TODAY, 0)], [(TODAY + 3, -units(3))], [(TODAY + 9, 0)]]
    early = Taken(TODAY + 3, units(3), ((plan, units(2)),))
    assert early.changes() == [(TODAY + 3, -units(3)), (TODAY + 7, units(2))]


def test_a_millionth_is_taken_of_a_plan_too_and_a_search_that_was_cut_is_told() -> None:
    place = Stand(AShelf(a_book())).place("SKU", "HAM")
    assert place is not None
    plan = place.stand.plan(a_purchase(0), place, 2, TODAY, TODAY)
    place.take(TODAY, 1)
    assert (place.takes[0].from_plans, plan.left, place.offers(TODAY)) == (((plan, 1),), 1, 1)
    assert not place.stand.gave_up
    place.search_was_cut()
    assert place.stand.gave_up


def a_floor(quantity: float, *sites: str) -> Allocation:
    return Allocation("F", Kind.FLOOR, ("gold",), "SKU", frozenset(sites), units(quantity))


def test_what_is_kept_for_others_is_not_offered_and_its_own_class_is_offered_all() -> None:
    shelf = AShelf(a_book(on_hand=9))
    shelf.rationed = [a_floor(4, "HAM")]
    for classes, offers, later in (((), 5, None), (("gold",), 9, TODAY)):
        place = Stand(shelf, classes=classes).place("SKU", "HAM")
        assert place is not None
        assert (place.offers(TODAY), place.earliest(units(6), TODAY), place.is_floored) == (units(offers), later, offers < 9)
        assert place.unfloored.atp_on(TODAY) == units(9)


def test_of_what_two_sites_keep_together_each_gives_what_the_other_does_not_need_and_plans_come_on_top() -> None:
    shelf = AShelf(a_book(on_hand=5), a_book(on_hand=4, site="BER"))
    shelf.rationed = [a_floor(6, "HAM", "BER")]
    place = Stand(shelf).place("SKU", "HAM")
    assert place is not None
    plan = place.stand.plan(a_purchase(2), place, units(4), TODAY, TODAY + 2)
    assert [place.offers(TODAY + day) for day in (0, 1, 2, 9)] == [units(one) for one in (3, 3, 7, 7)]
    for quantity, not_before, day in ((3, 0, 0), (3, 1, 1), (4, 0, 2), (7, 0, 2), (7, 5, 5), (8, 0, None)):
        found = place.earliest(units(quantity), TODAY + not_before)
        assert (None if found is None else found - TODAY) == day, quantity
    place.take(TODAY + 2, units(5))
    assert ([(one.number, part) for one, part in place.takes[0].from_plans], plan.left) == ([(plan.number, units(2))], units(2))
    assert place.offers(TODAY + 1) == 0


def test_what_plans_fill_up_covers_who_comes_behind_once_and_in_the_order_of_the_plans() -> None:
    """Three are promised for the third day, three more are taken before; two plans fill that up, and four come anew: in millionths."""
    few = 1 / units(1)
    shelf = AShelf(a_book(claim("theirs", 3 * few, 3), receipt("R", 4 * few, 6), on_hand=3 * few))
    for before in ([1, 2], [3]):
        place = Stand(shelf).place("SKU", "HAM")
        assert place is not None
        for quantity in (2, 1):
            place.stand.plan(a_purchase(2), place, quantity, TODAY, TODAY + 2)
        for day, quantity in (*((1, early) for early in before), (7, 1), (7, 3)):
            take(place, TODAY + day, quantity)
        covered = [[(one.source if one.plan is None else one.plan, one.quantity) for one in pegs] for pegs in place.pegs()]
        assert covered == [*([("on_hand", early)] for early in before), [(0, 1)], [("purchase_order", 1), (0, 1), (1, 1)]]


def test_of_plans_that_are_there_the_first_planned_goes_first_also_where_a_hold_ends_later() -> None:
    place = Stand(AShelf(a_book()), hold_ends=lambda _: TODAY + 3).place("SKU", "HAM")
    assert place is not None
    for due in (2, 1):
        place.stand.plan(a_purchase(due), place, units(1), TODAY, TODAY + due)
    take(place, TODAY + 2, units(1))
    assert [plan.number for plan, _ in place.takes[0].from_plans] == [0]
