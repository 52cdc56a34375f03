"""A policy that weighs more than dates tries every way: which it takes, and what is said of those that lost."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from services.quote.domain.allocation import Allocation, Every, Kind
from services.quote.domain.choice import Aim, Part
from services.quote.domain.dates import Way
from services.quote.domain.known import split_of
from services.quote.domain.outlet import Outlet
from services.quote.domain.policy import Costs
from services.quote.domain.promise import Decision, Demand, promise
from services.quote.domain.request import LineRequest
from services.quote.domain.sources import Make
from services.quote.domain.split import EFFORT
from tests.unit.quote_domain.builders import TODAY, AShelf, a_book, a_line, receipt, shipped_as, units
from tests.unit.quote_domain.plants import HERE, PRODUCT, THERE, Plant, a_lane, a_machine, a_purchase, a_step, a_transfer

SITES = ("HAM", "BER", "MUC")


class AMarket(AShelf):
    """Three sites with a lane each, whose units cost something; a day late costs one."""

    def __init__(self, *supply: Sequence[tuple[int, int]], lanes: Sequence[int] = (0, 0, 0)) -> None:
        """`supply`: of each site, units and the day on which they come; `lanes`: what a unit costs by them."""
        super().__init__(
            *(
                a_book(
                    *(receipt(f"{site}{n}", *one) for n, one in enumerate(each) if one[1]),
                    on_hand=sum(q for q, day in each if not day),
                    site=site,
                )
                for site, each in zip(SITES, supply, strict=False)
            )
        )
        self.way = {(site, "DE"): replace(a_lane(0, f"{site}-DE"), cost=units(cost)) for site, cost in zip(SITES, lanes, strict=True)}
        self.classes: tuple[str, ...] = ()

    def costs(self, sku: str, site: str) -> Costs | None:
        del sku, site
        return Costs(units(1), 0)

    def bind(self) -> None:
        """A ceiling that leaves plenty, but has a word in everything that leaves."""
        self.rationed = [Allocation("C", Kind.CEILING, ("gold",), "SKU", None, units(1000), Every.WEEK)]
        self.classes = ("gold",)

    def asked(self, aim: Aim, quantity: int, **more: Any) -> Decision:
        line = a_line(quantity, sites=SITES, ship_to="DE", **more)
        return promise(Demand((line,), allow_partial=True, policy=aim, classes=self.classes), self)


def test_fewest_shipments_are_found_also_where_there_is_not_enough_for_all() -> None:
    one = AMarket([(2, 0), (2, 3)])
    assert shipped_as(one.asked(Aim.FEWEST_SHIPMENTS, 9).lines[0].deliveries) == [("HAM", 4, 3)]
    assert len(one.asked(Aim.EARLIEST, 9).lines[0].deliveries) == 2
    three = AMarket(*([(2, 0), (2, day)] for day in (3, 4, 5)))
    for quantity in (12, 20):
        found = shipped_as(three.asked(Aim.FEWEST_SHIPMENTS, quantity).lines[0].deliveries)
        assert found == [("HAM", 4, 3), ("BER", 4, 4), ("MUC", 4, 5)]
        assert len(three.asked(Aim.EARLIEST, quantity).lines[0].deliveries) == 6
    some = three.asked(Aim.FEWEST_SHIPMENTS, 20, max_shipments=2).lines[0]
    assert (len(some.deliveries), some.promised_quantity) == (2, units(8))


def test_what_is_cheap_but_too_late_is_left_out_and_not_the_way_that_it_would_have_been_in() -> None:
    market = AMarket([(3, 0)], [(3, 0), (3, 6)], lanes=(9, 1, 0))
    found = market.asked(Aim.CHEAPEST, 4, latest_day=4).lines[0]
    assert sorted(shipped_as(found.deliveries)) == [("BER", 3, 0), ("HAM", 1, 0)]
    late = AMarket([(3, 0), (9, 8)]).asked(Aim.FEWEST_SHIPMENTS, 6, latest_day=4).lines[0]
    assert (shipped_as(late.deliveries), late.outcome) == ([("HAM", 3, 0)], "partial")


def test_preferred_sites_come_first_also_under_a_ceiling_and_a_few_of_them_before_all() -> None:
    for binds in (False, True):
        market = AMarket([(3, 0)], [(3, 0)], [(9, 0)])
        if binds:
            market.bind()
        for quantity, expected in ((3, [("HAM", 3, 0)]), (6, [("HAM", 3, 0), ("BER", 3, 0)])):
            found = market.asked(Aim.PREFERRED_SITE, quantity).lines[0]
            assert sorted(shipped_as(found.deliveries), reverse=True) == expected


def test_of_many_ways_that_lost_a_few_are_named_the_best_first_each_with_its_supply() -> None:
    plant = Plant(a_book(sku=PRODUCT, site=HERE))
    plant.source[PRODUCT, HERE] = tuple(replace(a_purchase(day, ref=f"T{day}"), cost=units(9)) for day in (6, 5, 4, 3, 2, 1, 0))
    demand = Demand((a_line(4, sku=PRODUCT, sites=(HERE,)),), policy=Aim.CHEAPEST)
    line = promise(demand, plant).lines[0]
    assert [one.ref for one in line.pegging] == ["T0"]
    assert [(one.alternative, one.kind, one.supply, one.lost_because) for one in line.alternatives] == [
        (f"a{day}", "buy", (f"buy:T{day}",), "MORE_EXPENSIVE") for day in (1, 2, 3, 4)
    ]


def a_shop(moved_for: int) -> Plant:
    """Four elsewhere, moved in a day at a price; two a day are made."""
    plant = Plant(a_book(sku=PRODUCT, site=HERE), a_book(on_hand=4, sku=PRODUCT, site=THERE), a_machine("LATHE", 2))
    moved = replace(a_transfer(THERE, 1), cost=units(moved_for))
    plant.source[PRODUCT, HERE] = (moved, Make(PRODUCT, (), (a_step("LATHE", 1),)))
    return plant


def test_two_sources_together_are_one_way_more_where_a_line_must_come_in_one() -> None:
    line = a_line(8, sku=PRODUCT, sites=(HERE,))
    for moved_for, kinds, day in ((0, ["transfer_order", "production_order"], 2), (1000, ["production_order"], 4)):
        found = promise(Demand((line,), policy=Aim.CHEAPEST), a_shop(moved_for))
        assert [one.kind for one in found.planned] == kinds
        assert [one.ship_day for one in found.lines[0].deliveries] == [line.requested_day + day]
        other = found.lines[0].alternatives
        if moved_for:
            supply = (f"transfer:{THERE}-LANE", f"make:{PRODUCT}")
            assert [(one.kind, one.supply, one.lost_because) for one in other] == [("mixed", supply, "MORE_EXPENSIVE")]
        else:
            assert [(one.kind, one.supply) for one in other] == [("make", (f"make:{PRODUCT}",))]


def test_other_sites_are_named_as_such() -> None:
    market = AMarket([(3, 0)], [(3, 0)], lanes=(1, 2, 3))
    line = market.asked(Aim.CHEAPEST, 3).lines[0]
    assert [(one.kind, one.supply, one.deliveries[0].site) for one in line.alternatives if one.deliveries] == [("site", (), "BER")]


def test_a_lane_of_its_own_is_a_way_of_its_own() -> None:
    class TwoLanes(AMarket):
        def ways(self, sku: str, site: str, ship_to: str | None, customer: str | None) -> tuple[Way, ...]:
            del sku, site, ship_to, customer
            return a_lane(0, "ROAD"), replace(a_lane(0, "AIR"), cost=units(5))

    line = TwoLanes([(3, 0)]).asked(Aim.CHEAPEST, 3).lines[0]
    assert [one.lane for one in line.deliveries] == ["ROAD"]
    assert [one.deliveries[0].lane for one in line.alternatives if one.deliveries] == ["AIR"]


def test_several_jobs_of_one_source_are_called_after_it() -> None:
    plant = Plant(a_book(sku=PRODUCT, site=HERE), a_book(on_hand=3, sku=PRODUCT, site=THERE), a_machine("LATHE", 2))
    plant.source[PRODUCT, HERE] = (Make(PRODUCT, (), (a_step("LATHE", 1, may_spread=False),)),)
    line = a_line(3, sku=PRODUCT, sites=(THERE, HERE))
    found = promise(Demand((line,), policy=Aim.CHEAPEST), plant).lines[0]
    assert [one.site for one in found.deliveries] == [THERE]
    assert [(one.kind, one.supply, one.deliveries[0].ship_day - line.requested_day) for one in found.alternatives] == [
        ("make", (f"make:{PRODUCT}",), 2)
    ]


def test_a_search_that_is_cut_says_so_also_where_there_is_only_one_site() -> None:
    market = AMarket([(2, day) for day in range(1, 13)])
    line = a_line(30, sites=("HAM",), ship_to="DE", min_ship=3, max_shipments=2)
    for deadline_ms, cut in ((1, True), (2000, False)):
        demand = Demand((line,), allow_partial=True, policy=Aim.CHEAPEST, deadline_ms=deadline_ms)
        assert ("SEARCH_CUT" in [reason.code for reason in promise(demand, market).lines[0].reasons]) == cut


def test_what_costs_less_may_be_to_wait_for_what_is_known_and_to_plan_the_rest() -> None:
    market = AMarket([(3, 4)])
    for cost, planned, day in ((10, 1, 4), (1, 4, 1)):
        market.source["SKU", "HAM"] = (replace(a_purchase(1), cost=units(cost)),)
        found = promise(Demand((a_line(4, sites=("HAM",), ship_to="DE"),), policy=Aim.CHEAPEST), market)
        assert [one.quantity for one in found.planned] == [units(planned)]
        assert shipped_as(found.lines[0].deliveries) == [("HAM", 4, day)]


def test_what_one_job_can_make_is_one_job_under_every_policy_though_several_would_be_done_earlier() -> None:
    """Two minutes a day, eight on day 5: four are made within that day, or two by two before it."""
    plant = Plant(a_book(sku=PRODUCT, site=HERE), a_machine("LATHE", 2, days={5: 8}))
    plant.source[PRODUCT, HERE] = (Make(PRODUCT, (), (a_step("LATHE", 1, may_spread=False),)),)
    for aim in (Aim.EARLIEST, Aim.CHEAPEST, Aim.PREFERRED_SITE):
        decision = promise(Demand((a_line(4, sku=PRODUCT, sites=(HERE,)),), policy=aim), plant)
        assert [(plan.quantity, plan.due_day - TODAY) for plan in decision.planned] == [(units(4), 6)]


def test_beside_a_floor_that_sites_keep_together_the_first_sites_that_have_all_are_preferred_to_an_earlier_one() -> None:
    market = AMarket([(2, 0)], [(2, 3)], [(9, 0)])
    market.rationed = [Allocation("F", Kind.FLOOR, ("silver",), "SKU", frozenset(SITES), units(1))]
    market.classes = ("gold",)
    assert shipped_as(market.asked(Aim.PREFERRED_SITE, 4).lines[0].deliveries) == [("HAM", 2, 0), ("BER", 2, 3)]


def test_the_ways_that_lost_are_named_by_what_they_are_worth_the_best_first() -> None:
    plant = Plant(a_book(sku=PRODUCT, site=HERE))
    terms = (("DEAR", 3), ("FAIR", 2), ("CHEAP", 1), ("FULL", 4))
    plant.source[PRODUCT, HERE] = tuple(replace(a_purchase(2 + price, ref=name), cost=units(price)) for name, price in terms)
    (line,) = promise(Demand((a_line(4, sku=PRODUCT, sites=(HERE,)),), policy=Aim.CHEAPEST), plant).lines
    assert [one.supply for one in line.alternatives] == [("buy:FAIR",), ("buy:DEAR",), ("buy:FULL",)]


def test_of_many_sites_the_splits_share_the_effort_of_one_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked of a search: as much as all sites share."""
    given: list[int] = []

    def counted(line: LineRequest, outlets: Sequence[Outlet], wanted: int, latest: int | None, effort: int) -> list[Part]:
        given.append(effort)
        return split_of(line, outlets, wanted, latest, effort)

    monkeypatch.setattr("services.quote.domain.weigh.split_of", counted)
    sites = tuple(f"S{number}" for number in range(20))
    shelf = AShelf(*(a_book(receipt(f"R{site}", 3, 2), on_hand=1, site=site) for site in sites))
    for aim in (Aim.CHEAPEST, Aim.PREFERRED_SITE, Aim.FEWEST_SHIPMENTS):
        promise(Demand((a_line(30, sites=sites, min_ship=2),), allow_partial=True, policy=aim), shelf)
    assert given
    assert set(given) == {EFFORT // len(sites)}
