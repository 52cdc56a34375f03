"""Planned supply for a line: which sources are asked, which together, what is said of those that lost, and how a split is ordered."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from services.quote.domain.allocation import Allocation, Every
from services.quote.domain.allocation import Kind as Rule
from services.quote.domain.calendar import EVERY_DAY
from services.quote.domain.plan import Plan, plan_line
from services.quote.domain.planning import bring_most, sources_for, ways_for
from services.quote.domain.request import LineRequest
from services.quote.domain.rules import Rules
from services.quote.domain.sources import Buy, Make, Source
from services.quote.domain.spread import best_parts
from services.quote.domain.stand import Stand
from tests.unit.quote_domain.builders import MICRO, TODAY, a_book, a_line, receipt, units
from tests.unit.quote_domain.plants import HERE, PRODUCT, THERE, Plant, a_lane, a_lot, a_machine, a_purchase, a_step, a_transfer

BOTH = (HERE, THERE)
LANE = "transfer:THERE-LANE"
MADE = "make:PRODUCT"


def a_plant(
    *sources: Source,
    known: Sequence[tuple[float, int]] = (),
    there: Sequence[tuple[float, int]] = (),
    by_there: Sequence[Source] = (),
    fence: int | None = None,
) -> Plant:
    """What is known here and there, and the sources of each; a machine that makes two a day."""
    books = [
        a_book(*(receipt(f"{site}{n}", *one) for n, one in enumerate(each)), sku=PRODUCT, site=site)
        for site, each in ((HERE, known), (THERE, there))
    ]
    plant = Plant(*books, a_machine("LATHE", 2), rules={PRODUCT: Rules(atp_fence_days=fence)})
    plant.source[PRODUCT, HERE], plant.source[PRODUCT, THERE] = tuple(sources), tuple(by_there)
    return plant


def wish(quantity: float, day: int = 0, sites: Sequence[str] = (HERE,), **more: object) -> LineRequest:
    return replace(a_line(quantity, day, sku=PRODUCT, sites=sites), **more)  # type: ignore[arg-type]


def made(*, may_spread: bool = True) -> Make:
    return Make(PRODUCT, (), (a_step("LATHE", 1, may_spread=may_spread),))


def a_lead_time(days: int) -> Buy:
    return Buy(PRODUCT, None, days, EVERY_DAY)


def planned(plan: Plan | None, stand: Stand) -> list[tuple[str, float, int]]:
    del plan
    return [(one.source.ref, one.quantity / MICRO, one.due - TODAY) for one in stand.planned]


def asked(plant: Plant, line: LineRequest, *, partial: bool = False) -> tuple[Plan, Stand]:
    stand = Stand(plant)
    return plan_line(line, stand, allow_partial=partial), stand


def taken(plan: Plan) -> list[tuple[str, float, int]]:
    return [(take.outlet.site, take.quantity / MICRO, take.hop.delivery - TODAY) for take in plan.takes]


def lost(plan: Plan) -> list[tuple[str, tuple[str, ...] | None, list[tuple[str, float, int]], str]]:
    return [
        (one.kind, one.supply, [(each.site, each.quantity / MICRO, each.delivery_day - TODAY) for each in one.deliveries], one.lost_because)
        for one in plan.alternatives
    ]


# -- which sources


def test_a_line_asks_the_sources_that_it_names_by_kind_or_by_ref() -> None:
    each = (a_transfer(THERE, 1), made(), a_purchase(3, ref="A"), a_purchase(4, ref="B"))
    plant = a_plant(*each)
    for supply, found in (
        (None, each),
        (frozenset(), ()),
        (frozenset({"buy"}), each[2:]),
        (frozenset({"buy:B"}), each[3:]),
        (frozenset({"make", "transfer"}), each[:2]),
        (frozenset({"buy:C"}), ()),
    ):
        (outlet,) = Stand(plant).outlets(line := wish(4, supply=supply))
        assert tuple(sources_for(line, outlet)) == found


def test_lead_times_are_asked_after_the_sources_of_all_sites() -> None:
    plant = a_plant(a_purchase(9, ref="A"), a_lead_time(1), by_there=[a_purchase(8, ref="B"), a_lead_time(2)])
    line = wish(4, sites=BOTH)
    found = [(outlet.site, source.ref) for outlet, source in ways_for(line, Stand(plant).outlets(line))]
    assert found == [(HERE, "A"), (THERE, "B"), (HERE, PRODUCT), (THERE, PRODUCT)]


# -- the whole line


def test_what_lost_is_named_with_its_supply_and_by_what_it_lost() -> None:
    each = [a_purchase(day, ref=f"T{day}") for day in (5, 3, 9)]
    plan, stand = asked(
        a_plant(*each, by_there=[a_purchase(3, ref="U3"), a_purchase(4, ref="U4")]), wish(4, sites=BOTH, latest_day=TODAY + 8)
    )
    assert (taken(plan), planned(plan, stand)) == ([(HERE, 4, 3)], [("T3", 4, 3)])
    assert lost(plan) == [
        ("buy", ("buy:T5",), [(HERE, 4, 5)], "LATER"),
        ("buy", ("buy:T9",), [(HERE, 4, 9)], "AFTER_LATEST_DATE"),
        ("buy", ("buy:U3",), [(THERE, 4, 3)], "SITE_ORDER"),
        ("buy", ("buy:U4",), [(THERE, 4, 4)], "LATER"),
    ]
    assert [one.alternative for one in plan.alternatives] == ["a1", "a2", "a3", "a4"]
    assert all(one.deliveries[0].sku is None for one in plan.alternatives)


def test_of_equals_the_first_wins_and_what_is_known_wins_over_all_of_them() -> None:
    each = [a_purchase(3, ref="A"), a_purchase(3, ref="B")]
    plan, _ = asked(a_plant(*each), wish(4))
    assert lost(plan) == [("buy", ("buy:B",), [(HERE, 4, 3)], "SOURCE_ORDER")]
    plan, stand = asked(a_plant(*each, there=[(4, 3)]), wish(4, sites=BOTH))
    assert (taken(plan), planned(plan, stand)) == ([(THERE, 4, 3)], [])
    assert {(kind, why) for kind, _, _, why in lost(plan)} == {("buy", "SOURCE_ORDER")}
    plan, stand = asked(a_plant(a_purchase(2, ref="A"), there=[(4, 3)]), wish(4, sites=BOTH))
    assert (taken(plan), planned(plan, stand)) == ([(HERE, 4, 2)], [("A", 4, 2)])
    assert ("wait", (), [(THERE, 4, 3)], "LATER") in lost(plan)
    plan, stand = asked(a_plant(a_purchase(2, ref="A"), a_purchase(7, ref="B"), there=[(4, 3)]), wish(4, sites=BOTH))
    assert [one[:2] for one in lost(plan) if one[0] != "site"] == [("wait", ()), ("buy", ("buy:B",))]


def test_sources_are_tried_until_one_is_in_time_and_enough_others_can_be_named() -> None:
    days = (9, 8, 7, 6, 5, 4, 0)
    plan, stand = asked(a_plant(*(a_purchase(day, ref=f"T{day}") for day in days)), wish(4))
    assert planned(plan, stand) == [("T0", 4, 0)]
    assert [supply for _, supply, _, _ in lost(plan)] == [(f"buy:T{day}",) for day in (9, 8, 7, 6)]
    plan, stand = asked(a_plant(*(a_purchase(day, ref=f"T{day}") for day in days[::-1])), wish(4))
    assert planned(plan, stand) == [("T0", 4, 0)]
    assert [supply for _, supply, _, _ in lost(plan)] == [(f"buy:T{day}",) for day in (4, 5, 6, 7)]


def test_a_lead_time_is_promised_at_where_no_source_brings_the_line() -> None:
    plan, stand = asked(a_plant(a_purchase(9), a_lead_time(2)), wish(4))
    assert planned(plan, stand) == [("TERMS", 4, 9)]
    plan, stand = asked(a_plant(a_transfer(THERE, 1), a_lead_time(2)), wish(4))
    assert planned(plan, stand) == [(PRODUCT, 4, 2)]


# -- several sources of a site together


def test_several_sources_together_are_asked_only_where_they_are_earlier_than_all_that_is_known() -> None:
    """Three are moved in a day, two a day are made: eight are there on day three, of one source alone on day four or never."""
    sources = (a_transfer(THERE, 1), made())
    both = [("THERE-LANE", 3, 1), (PRODUCT, 5, 3)]
    plan, stand = asked(a_plant(*sources, there=[(3, 0)]), wish(8))
    assert (taken(plan), planned(plan, stand)) == ([(HERE, 8, 3)], both)
    assert lost(plan) == [("make", (MADE,), [(HERE, 8, 4)], "LATER")]
    plan, stand = asked(a_plant(*sources, known=[(8, 2)], there=[(3, 0)]), wish(8))
    assert (taken(plan), planned(plan, stand)) == ([(HERE, 8, 2)], [])
    assert [one[0] for one in lost(plan)] == []
    plan, stand = asked(a_plant(*sources, there=[(3, 0)]), wish(8, 4))
    assert planned(plan, stand) == [(PRODUCT, 8, 4)], "one alone is in time"
    plan, stand = asked(a_plant(*sources, a_purchase(3), there=[(3, 0)]), wish(8))
    assert planned(plan, stand) == [("TERMS", 8, 3)], "one alone is as early"
    assert [one[0] for one in lost(plan)] == ["make"]
    plan, stand = asked(a_plant(*sources, a_lead_time(1), there=[(3, 0)]), wish(8))
    assert planned(plan, stand) == both, "a lead time is none of them"


def test_several_sources_bring_what_none_of_them_could_alone() -> None:
    limited = replace(a_purchase(3), capacity=units(6), period_days=400)
    plan, stand = asked(a_plant(a_transfer(THERE, 1), limited, there=[(3, 0)]), wish(8))
    assert (taken(plan), planned(plan, stand)) == ([(HERE, 8, 3)], [("THERE-LANE", 3, 1), ("TERMS", 5, 3)])
    assert lost(plan) == [("buy", ("buy:TERMS",), [(HERE, 8, 50)], "LATER")]
    closed = Make(PRODUCT, (), (a_step("OVEN", 1),))
    plan, stand = asked(a_plant(a_transfer(THERE, 1), closed, there=[(3, 0)], by_there=[]), wish(8))
    assert (taken(plan), planned(plan, stand), lost(plan)) == ([], [], [])


def test_the_sources_of_the_next_site_are_asked_together_too_and_taken_where_they_are_earlier() -> None:
    limited = [replace(a_purchase(day, ref=ref), capacity=units(4), period_days=400) for day, ref in ((3, "A"), (5, "B"))]
    sooner = [replace(one, lead_time_days=one.lead_time_days - 1, ref=f"{one.ref}2") for one in limited]
    plan, stand = asked(a_plant(limited[0], by_there=limited), wish(8, sites=BOTH))
    assert (taken(plan), planned(plan, stand)) == ([(THERE, 8, 5)], [("A", 4, 3), ("B", 4, 5)])
    plan, stand = asked(a_plant(*limited, by_there=sooner), wish(8, sites=BOTH))
    assert (taken(plan), planned(plan, stand)) == ([(THERE, 8, 4)], [("A2", 4, 2), ("B2", 4, 4)])
    plan, stand = asked(a_plant(*sooner, by_there=limited), wish(8, sites=BOTH))
    assert (taken(plan), planned(plan, stand)) == ([(HERE, 8, 4)], [("A2", 4, 2), ("B2", 4, 4)])


def test_orders_together_are_named_with_their_supply_and_only_where_they_are_earlier_than_all_before_them() -> None:
    limited = [replace(a_purchase(day, ref=ref), capacity=units(9), period_days=400) for day, ref in ((4, "A"), (3, "B"), (5, "C"))]
    plant = a_plant(a_transfer("ELSE", 2), limited[0], by_there=[a_transfer("ELSE", 1), limited[1]])
    plant.books[PRODUCT, "ELSE"] = a_book(on_hand=3, sku=PRODUCT, site="ELSE")
    named: list[tuple[str, ...]] = [("buy:A",), ("buy:B",), ("transfer:ELSE-LANE", "buy:A")]
    for sites, others in ((BOTH, named), (BOTH[::-1], [named[1], named[0]])):
        plan, stand = asked(plant, wish(12, sites=sites))
        assert (taken(plan), planned(plan, stand)) == ([(THERE, 12, 3)], [("ELSE-LANE", 3, 1), ("B", 9, 3)])
        assert [one[1] for one in lost(plan)] == others
    plan, stand = asked(a_plant(limited[0], limited[2], there=[(12, 3)]), wish(12, sites=BOTH))
    assert (taken(plan), planned(plan, stand)) == ([(THERE, 12, 3)], [])
    assert [one[0] for one in lost(plan)] == ["buy", "buy"]


def test_one_source_makes_in_several_jobs_what_no_order_alone_could_bring() -> None:
    plan, stand = asked(a_plant(made(may_spread=False)), wish(5))
    assert (taken(plan), planned(plan, stand)) == ([(HERE, 5, 3)], [(PRODUCT, 2, 1), (PRODUCT, 2, 2), (PRODUCT, 1, 3)])
    plan, stand = asked(a_plant(made(may_spread=False), a_purchase(9)), wish(5))
    assert planned(plan, stand) == [("TERMS", 5, 9)], "an order alone brings it"


@pytest.mark.parametrize("pick", [0, 2])
def test_on_a_lane_several_sources_together_are_there_when_it_leaves(pick: int) -> None:
    plant = a_plant(a_transfer(THERE, 1), made(), there=[(3, 0)], known=[(8, 5)])
    plant.way = {(HERE, "DE"): a_lane(2, first_pick=TODAY + pick)}
    plan, stand = asked(plant, wish(8, 2, ship_to="DE"))
    assert (taken(plan), planned(plan, stand)) == ([(HERE, 8, 5)], [("THERE-LANE", 3, 1), (PRODUCT, 5, 3)])


def test_an_order_is_for_what_lacks_on_the_day_for_which_a_ceiling_leaves_the_line() -> None:
    """Nothing may leave before day four, on which two of the four are there."""
    plant = a_plant(a_purchase(3), known=[(2, 4)])
    plant.rationed = [Allocation("C", Rule.CEILING, ("shop",), PRODUCT, None, 0, last=TODAY + 3)]
    stand = Stand(plant, classes=("shop",))
    plan = plan_line(wish(4), stand, allow_partial=False)
    assert (taken(plan), planned(plan, stand)) == ([(HERE, 4, 4)], [("TERMS", 2, 3)])


def test_several_orders_within_a_ceiling_are_for_the_day_that_it_leaves() -> None:
    plant = a_plant(a_transfer(THERE, 1), made(), there=[(3, 0)])
    plant.rationed = [Allocation("C", Rule.CEILING, ("shop",), PRODUCT, None, units(7), every=Every.DAY)]
    plan = plan_line(wish(8), Stand(plant, classes=("shop",)), allow_partial=False)
    assert plan.takes == ()
    plan = plan_line(wish(7), stand := Stand(plant, classes=("shop",)), allow_partial=False)
    assert (taken(plan), planned(plan, stand)) == ([(HERE, 7, 2)], [("THERE-LANE", 3, 1), (PRODUCT, 4, 2)])
    plant = a_plant(made(), a_transfer(THERE, 1), there=[(3, 0)])
    plant.rationed = [Allocation("C", Rule.CEILING, ("shop",), PRODUCT, None, 0, last=TODAY + 3)]
    plan = plan_line(wish(9), stand := Stand(plant, classes=("shop",)), allow_partial=False)
    assert (taken(plan), planned(plan, stand)) == ([(HERE, 9, 4)], [(PRODUCT, 8, 4), ("THERE-LANE", 1, 1)])


# -- what there could be


@pytest.mark.parametrize(
    ("known", "quantity", "day", "orders"),
    [
        ([], 9, 3, [("THERE-LANE", 3, 1), (PRODUCT, 6, 3)]),
        ([], 8, 3, [("THERE-LANE", 3, 1), (PRODUCT, 5, 3)]),
        ([], 12, 3, [("THERE-LANE", 3, 1), (PRODUCT, 6, 3)]),
        ([], 12, None, [("THERE-LANE", 3, 1), (PRODUCT, 9, 5)]),
        ([(2, 0)], 5, 3, [("THERE-LANE", 3, 1)]),
        ([(2, 9)], 5, 3, [("THERE-LANE", 3, 1), (PRODUCT, 2, 1)]),
        ([(2, 9)], 5, None, [("THERE-LANE", 3, 1)]),
        ([(5, 0)], 5, 3, []),
        ([], 3, 3, [("THERE-LANE", 3, 1)]),
        ([], 1 / MICRO, 3, [("THERE-LANE", 1 / MICRO, 1)]),
    ],
)
def test_the_most_that_sources_bring_by_a_day_costs_no_effort_and_names_nothing_as_lacking(
    known: list[tuple[float, int]], quantity: float, day: int | None, orders: list[tuple[str, float, int]]
) -> None:
    stand = Stand(a_plant(a_transfer(THERE, 1), made(), known=known, there=[(3, 0)]))
    line = wish(quantity)
    (outlet,) = stand.outlets(line)
    before = stand.effort, stand.gave_up, stand.lacks
    bring_most(line, outlet, stand, None if day is None else TODAY + day)
    assert planned(None, stand) == orders
    assert (stand.effort, stand.gave_up, stand.lacks) == before


# -- in several deliveries


def best(plant: Plant, line: LineRequest) -> tuple[list[tuple[str, float, int]], list[tuple[str, float, int]], list[str]]:
    """The deliveries, the orders, and the kinds of the ways that lost, with what they lost by."""
    stand = Stand(plant)
    parts, others = best_parts(line, stand.outlets(line), stand, line.requested_day, 4000)
    delivered = [(outlet.site, quantity / MICRO, hop.delivery - TODAY) for outlet, hop, quantity in parts]
    return delivered, planned(None, stand), [f"{one.kind} {one.lost_because}" for one in others]


def test_a_split_that_is_all_in_time_needs_nothing_planned() -> None:
    assert best(a_plant(a_purchase(0), known=[(2, 0), (2, 1)]), wish(4, 1)) == ([(HERE, 4, 1)], [], [])


def test_one_source_brings_beside_what_is_known_what_lacks_and_what_lost_says_by_what() -> None:
    each = [a_purchase(day, ref=f"T{day}") for day in (5, 3, 4)]
    assert best(a_plant(*each, known=[(1, 0)]), wish(4)) == ([(HERE, 1, 0), (HERE, 3, 3)], [("T3", 3, 3)], ["buy LATER", "buy LATER"])
    assert best(a_plant(*each[:2], known=[(1, 0)], by_there=each[1:2]), wish(4, sites=BOTH)) == (
        [(HERE, 1, 0), (HERE, 3, 3)],
        [("T3", 3, 3)],
        ["buy LATER"],
    )


def test_a_lead_time_beside_what_is_known_is_asked_where_no_source_brings_the_rest() -> None:
    assert best(a_plant(a_purchase(9), a_lead_time(2), known=[(1, 0)]), wish(4))[1] == [("TERMS", 3, 9)]
    assert best(a_plant(a_transfer(THERE, 1), a_lead_time(2), known=[(1, 0)]), wish(4))[1] == [(PRODUCT, 3, 2)]
    assert best(a_plant(a_transfer(THERE, 1), a_lead_time(2), there=[(2, 0)]), wish(4))[:2] == (
        [(HERE, 2, 1), (HERE, 2, 2)],
        [("THERE-LANE", 2, 1), (PRODUCT, 2, 2)],
    )


def test_what_can_be_had_soonest_is_ordered_first_and_then_what_can_be_had_next() -> None:
    found, orders, _ = best(a_plant(a_purchase(9), a_transfer(THERE, 1), made(), there=[(3, 0)]), wish(9))
    assert found == [(HERE, 5, 1), (HERE, 2, 2), (HERE, 2, 3)]
    assert sorted(orders) == sorted([("THERE-LANE", 3, 1), (PRODUCT, 2, 1), (PRODUCT, 2, 2), (PRODUCT, 2, 3)])


def test_of_two_sites_each_brings_what_it_has_soonest() -> None:
    plant = a_plant(replace(a_purchase(2, ref="A"), capacity=units(3), period_days=400), by_there=[a_purchase(4, ref="B")])
    assert best(plant, wish(8, sites=BOTH))[:2] == ([(HERE, 3, 2), (THERE, 5, 4)], [("A", 3, 2), ("B", 5, 4)])
    assert best(plant, wish(8, 5, sites=BOTH))[:2] == ([(THERE, 8, 5)], [("B", 8, 4)])


def test_what_comes_too_late_is_not_ordered() -> None:
    plant = a_plant(a_purchase(9), a_transfer(THERE, 1), there=[(3, 0)])
    assert best(plant, wish(8, latest_day=TODAY + 8))[:2] == ([(HERE, 3, 1)], [("THERE-LANE", 3, 1)])
    late = a_plant(a_purchase(9), known=[(3, 0), (2, 10)])
    assert best(late, wish(8, latest_day=TODAY + 8)) == ([(HERE, 3, 0)], [], [])


def test_of_a_lot_that_is_larger_than_what_lacks_the_line_takes_what_it_needs() -> None:
    plant = a_plant(a_purchase(3, a_lot(multiple=5)), known=[(1, 0), (9, 7)])
    assert best(plant, wish(4))[:2] == ([(HERE, 1, 0), (HERE, 3, 3)], [("TERMS", 5, 3)])
    plant = a_plant(a_purchase(3, a_lot(multiple=5)), known=[(2, 2), (9, 7)])
    assert best(plant, wish(7))[:2] == ([(HERE, 2, 2), (HERE, 5, 3)], [("TERMS", 5, 3)])


def test_what_comes_within_the_fence_is_not_ordered_for_a_split() -> None:
    sources = (a_transfer(THERE, 1), made())
    for fence, total in ((None, 9), (4, 6), (3, 9)):
        found, orders, _ = best(a_plant(*sources, known=[(3, 4)], there=[(3, 0)], fence=fence), wish(9))
        assert sum(quantity for _, quantity, _ in found) == 9
        assert sum(quantity for _, quantity, _ in orders) == total


def test_of_a_split_each_way_that_lost_is_named_with_its_supply() -> None:
    plant = a_plant(a_transfer(THERE, 1), a_purchase(3, ref="A"), a_purchase(5, ref="B"), known=[(1, 0)])
    plan, stand = asked(plant, wish(4), partial=True)
    assert planned(plan, stand) == [("A", 3, 3)]
    assert lost(plan) == [("buy", ("buy:B",), [(HERE, 1, 0), (HERE, 3, 5)], "LATER")]


def test_of_a_split_the_first_source_with_which_all_is_in_time_is_taken_and_no_other_is_tried() -> None:
    plant = a_plant(a_purchase(3, ref="A"), a_purchase(1, ref="B"), there=[(2, 0)], by_there=[a_purchase(1, ref="C")])
    assert best(plant, wish(4, 3, sites=BOTH)) == ([(HERE, 2, 3), (THERE, 2, 3)], [("A", 2, 3)], [])


def test_a_split_plans_no_more_than_it_takes() -> None:
    """Three come elsewhere a day after the wanted one: of the six that would be bought it takes three."""
    plant = a_plant(a_purchase(3), there=[(3, 1)])
    assert best(plant, wish(6, sites=BOTH))[:2] == ([(THERE, 3, 1), (HERE, 3, 3)], [("TERMS", 3, 3)])
    assert best(plant, wish(8, sites=BOTH))[:2] == ([(THERE, 3, 1), (HERE, 5, 3)], [("TERMS", 5, 3)])
    plant = a_plant(a_purchase(3, a_lot(multiple=2)), there=[(3, 1)])
    assert best(plant, wish(6, sites=BOTH))[:2] == ([(THERE, 3, 1), (HERE, 3, 3)], [("TERMS", 4, 3)])


def test_of_two_suppliers_who_can_deliver_a_part_on_the_same_day_the_first_is_asked_first() -> None:
    both = [replace(a_purchase(2, ref=ref), capacity=units(3), period_days=400) for ref in ("A", "B")]
    for wanted in (0, 5):
        found, orders, _ = best(a_plant(*both), wish(5, wanted))
        assert (found, orders) == ([(HERE, 5, max(2, wanted))], [("A", 3, 2), ("B", 2, 2)])


def test_by_a_wanted_day_each_source_brings_all_that_it_has_there_by_then_in_one_order() -> None:
    found, orders, _ = best(a_plant(a_transfer(THERE, 1), made(), there=[(3, 0)]), wish(12, 5))
    assert found == [(HERE, 12, 5)]
    assert orders == [("THERE-LANE", 3, 1), (PRODUCT, 9, 5)]


def test_the_least_that_can_be_counted_is_brought_too() -> None:
    least = 1 / MICRO
    assert best(a_plant(a_purchase(3)), wish(least))[:2] == ([(HERE, least, 3)], [("TERMS", least, 3)])
    plan, stand = asked(a_plant(a_purchase(3)), wish(least))
    assert (taken(plan), planned(plan, stand)) == ([(HERE, least, 3)], [("TERMS", least, 3)])


def test_several_orders_of_which_a_split_within_limits_takes_less_are_made_smaller() -> None:
    """Nine are known for day three. Of three on day one and three on day two five leave together, so that four are left to leave."""
    each = [replace(a_purchase(day, ref=ref), capacity=units(3), period_days=400) for day, ref in ((1, "A"), (2, "B"))]
    found, orders, _ = best(a_plant(*each, known=[(9, 3)]), wish(9, min_ship=units(4)))
    assert (found, orders) == ([(HERE, 5, 2), (HERE, 4, 3)], [("A", 3, 1), ("B", 2, 2)])


def test_beside_several_orders_nothing_that_is_known_is_delivered_too_late() -> None:
    each = [replace(a_purchase(day, ref=ref), capacity=units(3), period_days=400) for day, ref in ((2, "A"), (3, "B"))]
    found, orders, _ = best(a_plant(*each, known=[(2, 10)]), wish(8, latest_day=TODAY + 8))
    assert (found, orders) == ([(HERE, 3, 2), (HERE, 3, 3)], [("A", 3, 2), ("B", 3, 3)])
