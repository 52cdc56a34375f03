"""What a decision stands on: each book once, without what the owner had, and all that was done can be undone."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.allocation import Allocation, Every, Kind
from services.quote.domain.balance import from_steps
from services.quote.domain.book import Book
from services.quote.domain.capacity import Load
from services.quote.domain.dates import Way
from services.quote.domain.entry import PERIOD, RESOURCE
from services.quote.domain.place import Place
from services.quote.domain.request import LineRequest
from services.quote.domain.rules import Rules
from services.quote.domain.stand import EFFORT, EFFORT_OF_ALL, LEAST_EFFORT, WHOLE_EFFORT_MS, Stand, allowance
from tests.examples import examples
from tests.unit.quote_domain.builders import TODAY, AShelf, a_book, a_line, claim, units
from tests.unit.quote_domain.plants import Plant, a_lane, a_machine, a_purchase


def placed(stand: Stand, sku: str = "SKU", site: str = "HAM") -> Place:
    place = stand.place(sku, site)
    assert place is not None
    return place


class Deliveries(AShelf):
    """Where each customer has a way of its own from each site."""

    def ways(self, sku: str, site: str, ship_to: str | None, customer: str | None) -> tuple[Way, ...]:
        del sku
        known = {("HAM", "NORTH", "ACME"): ("FAST", "SLOW"), ("BER", "NORTH", "ACME"): ("ROAD",)}
        return tuple(a_lane(2, name) for name in known.get((site, ship_to or "", customer or ""), ()))


def a_delivery(ship_to: str | None = "NORTH", customer: str | None = "ACME") -> LineRequest:
    return a_line(1, sites=("HAM", "BER", "ROM"), ship_to=ship_to, customer=customer)


def test_a_line_may_leave_by_every_way_of_every_site_that_has_a_book() -> None:
    stand = Stand(Deliveries(a_book(on_hand=1), a_book(on_hand=1, site="BER")))
    found = [(outlet.site, outlet.way.lane) for outlet in stand.outlets(a_delivery())]
    assert found == [("HAM", "FAST"), ("HAM", "SLOW"), ("BER", "ROAD")]
    for line in (a_delivery(ship_to=None), a_delivery(customer=None), a_delivery(ship_to="SOUTH")):
        assert stand.outlets(line) == []
        assert not stand.has_way(line, "HAM")
    assert [stand.has_way(a_delivery(), site) for site in ("HAM", "BER", "ROM")] == [True, True, False]
    for site, lane in (("HAM", "SLOW"), ("BER", "ROAD")):
        outlet = stand.outlet(a_delivery(), site, lane)
        assert outlet is not None
        assert (outlet.site, outlet.way.lane) == (site, lane)
    assert stand.outlet(a_delivery(), "HAM", "ROAD") is None


def test_ceilings_of_the_sku_bind_what_leaves_from_every_way() -> None:
    shelf = Deliveries(a_book(on_hand=9), a_book(on_hand=9, site="BER"))
    shelf.rationed = [Allocation("C", Kind.CEILING, ("gold",), "SKU", frozenset(("HAM",)), units(2), Every.WEEK)]
    for classes, bound in (((), [False] * 3), (("gold",), [True, True, False])):
        stand = Stand(shelf, classes=classes)
        assert [outlet.is_bound for outlet in stand.outlets(a_delivery())] == bound
        assert placed(stand).allocations == shelf.rationed


def test_what_the_owner_had_of_goods_and_minutes_is_what_the_decision_may_replace() -> None:
    mine, theirs = claim("mine", 3, 1, owner="ord_1"), claim("theirs", 2, 1)
    plant = Plant(a_book(mine, theirs, on_hand=9), a_machine("LATHE", 60, claim("job", 20, 0, owner="ord_1"), claim("other", 10, 0)))
    for owner, goods, minutes in ((None, 4, 30), ("ord_1", 7, 50), ("ord_2", 4, 30)):
        stand = Stand(plant, owner)
        machine = stand.machine("LATHE")
        assert machine is not None
        assert (placed(stand).figures.atp_on(TODAY + 1), placed(stand).offers(TODAY + 1)) == (units(goods), units(goods))
        assert machine.free(TODAY) == units(minutes)


def test_on_a_short_book_the_owner_may_keep_what_it_had_and_nobody_else_gets_anything() -> None:
    book = a_book(claim("mine", 3, 1, owner="ord_1"), claim("theirs", 4, 1), on_hand=5)
    for owner, offers in ((None, 0), ("ord_1", 3), ("ord_2", 0)):
        place = placed(Stand(AShelf(book), owner))
        assert [place.offers(TODAY + day) for day in (0, 1, 9)] == [units(offers)] * 3
    assert placed(Stand(AShelf(book), "ord_1")).figures.projected_on(TODAY + 1) == units(1)


changes = st.dictionaries(st.integers(1, 8), st.integers(-4, 4), max_size=4)


@examples(60)
@given(st.integers(-2, 6), changes, st.dictionaries(st.integers(1, 8), st.integers(1, 4), max_size=2), st.integers(0, 9), st.integers(1, 9))
def test_an_owner_may_take_what_makes_no_day_worse_than_it_was_nor_than_nothing(
    stock: int, known: Mapping[int, int], owned: Mapping[int, int], day: int, quantity: int
) -> None:
    without = from_steps({0: stock, **known})
    before = without.changed({at: -mine for at, mine in owned.items()})
    days = range(12)
    fits = all(
        without.projected_on(at) - (quantity if at >= day else 0) >= min(0, before.projected_on(at)) for at in days if at >= day
    )  # fmt: skip
    assert (allowance(before, without).atp_on(day) >= quantity) == fits


def test_lines_share_an_effort_and_each_has_some_of_its_own() -> None:
    stand = Stand(AShelf(a_book()))
    for used, given_then in (
        (0, EFFORT),
        (1000, EFFORT),
        (EFFORT, EFFORT),
        (EFFORT, EFFORT_OF_ALL - 1000 - 2 * EFFORT),
        (5000, LEAST_EFFORT),
    ):
        stand.gave_up = True
        stand.begin("1")
        assert (stand.was_cut, stand.line_ref) == (False, "1")
        stand.effort -= used
        stand.begin("2")
        assert (stand.effort, stand.effort_given, stand.least_effort) == (given_then, given_then, -given_then)
    stand.effort = -1
    assert stand.was_cut
    assert Stand(AShelf(), deadline_ms=WHOLE_EFFORT_MS // 10).effort == EFFORT // 10


def test_a_new_stand_has_given_nothing_up_and_mixes_nothing() -> None:
    stand = Stand(AShelf())
    assert (stand.gave_up, stand.was_cut, stand.mixing) == (False, False, False)


@pytest.mark.parametrize("dock", [0, 2])
def test_of_a_hold_a_plan_fills_up_what_was_taken_when_it_surely_comes(dock: int) -> None:
    plant = Plant(a_book(on_hand=0))
    plant.rule = Rules(dock_to_stock_days=dock)
    for ends, start, due, expected in ((None, 1, 4, 4), (0, 1, 4, 4), (1, 1, 4, 4), (2, 1, 4, 5), (9, 1, 4, 12), (3, 2, 2, 3)):
        stand = Stand(plant, hold_ends=None if ends is None else lambda _, ends=ends: TODAY + ends)  # type: ignore[misc]
        plan = stand.plan(a_purchase(3), placed(stand), units(2), TODAY + start, TODAY + due, waits_for=("PART", TODAY))
        assert plan.usable == TODAY + due + dock
        assert stand.fills_from(plan) == TODAY + expected + dock
        assert plan.waits_for == ("PART", TODAY)


def test_a_plan_that_is_moved_counts_from_its_new_day_and_occupies_its_new_minutes() -> None:
    plant = Plant(a_book(on_hand=0), a_machine("LATHE", 60))
    plant.rule = Rules(dock_to_stock_days=2)
    stand = Stand(plant)
    lathe, place = stand.machine("LATHE"), placed(stand)
    assert lathe is not None
    loads = [(Load("LATHE", TODAY + day, units(20)),) for day in (1, 5)]
    stand.occupy(loads[0])
    plan = stand.plan(a_purchase(3), place, units(2), TODAY + 1, TODAY + 2, loads=loads[0])
    assert place.earliest(units(2), TODAY) == TODAY + 4
    mark = stand.mark()
    stand.move_plan(plan, TODAY + 5, TODAY + 6, loads[1])
    assert (plan.start, plan.due, plan.usable, plan.loads) == (TODAY + 5, TODAY + 6, TODAY + 8, loads[1])
    assert ([lathe.free(TODAY + day) for day in (1, 5)], place.earliest(units(2), TODAY)) == ([units(60), units(40)], TODAY + 8)
    stand.rollback(mark)
    assert (plan.start, plan.due, plan.usable, plan.loads) == (TODAY + 1, TODAY + 2, TODAY + 4, loads[0])
    assert ([lathe.free(TODAY + day) for day in (1, 5)], place.earliest(units(2), TODAY)) == ([units(40), units(60)], TODAY + 4)
    stand.rollback()
    assert (stand.planned, place.plans, lathe.free(TODAY + 1)) == ([], {}, units(60))


def test_a_line_stands_on_a_plan_and_on_whatever_that_needs_until_it_is_undone() -> None:
    stand = Stand(Plant(a_book(sku="PART"), a_book()))
    part, place = placed(stand, "PART"), placed(stand)
    below = stand.plan(a_purchase(1), part, units(2), TODAY, TODAY + 1)
    number = part.take(TODAY + 1, units(2))
    above = stand.plan(a_purchase(2), place, units(2), TODAY + 1, TODAY + 3, ((part, number),))
    stand.begin("1")
    mark = stand.mark()
    place.take(TODAY + 3, units(1))
    assert (above.lines, below.lines) == ({"1"}, {"", "1"})
    stand.rollback(mark)
    assert (above.lines, below.lines) == (set(), {""})


def test_every_book_that_was_looked_at_is_told_and_those_that_get_claims() -> None:
    plant = Plant(a_book(on_hand=5), a_book(on_hand=5, site="BER"), a_machine("LATHE", 60), a_machine("OVEN", 60), Book("TERMS", PERIOD))
    plant.rationed = [Allocation("C", Kind.CEILING, ("gold",), "SKU", None, units(9), Every.WEEK)]
    stand = Stand(plant, classes=("gold",))
    looked, wrote = frozenset[tuple[str, str]](), frozenset[tuple[str, str]]()
    assert (stand.read(), stand.written()) == (looked, wrote)
    stand.outlets(a_line(1, sites=("HAM",)))
    placed(stand).take(TODAY, units(1))
    stand.place("NOBODY", "HAM")
    looked |= {("SKU", "HAM"), ("NOBODY", "HAM"), ("C", "^")}
    wrote |= {("SKU", "HAM")}
    assert (stand.read(), stand.written()) == (looked, wrote)
    for resource in ("LATHE", "OVEN", "UNKNOWN"):
        stand.machine(resource)
        looked |= {(resource, RESOURCE)}
        assert (stand.read(), stand.written()) == (looked, wrote)
    stand.occupy((Load("LATHE", TODAY, units(5)),))
    wrote |= {("LATHE", RESOURCE)}
    assert (stand.read(), stand.written()) == (looked, wrote)
    for terms in ("TERMS", "OTHER"):
        stand.quota(terms)
        looked |= {(terms, PERIOD)}
    stand.occupy((Load("TERMS", TODAY, units(5), book=PERIOD),))
    wrote |= {("TERMS", PERIOD)}
    assert (stand.read(), stand.written()) == (looked, wrote)
    only_terms = Stand(plant)
    only_terms.quota("TERMS")
    only_terms.occupy((Load("TERMS", TODAY, units(5), book=PERIOD),))
    assert only_terms.read() == only_terms.written() == {("TERMS", PERIOD)}
