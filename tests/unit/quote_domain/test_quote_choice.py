"""Policies: which way is the best, found by looking at every way."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.allocation import Allocation, Every
from services.quote.domain.allocation import Kind as Rule
from services.quote.domain.answer import Delivery
from services.quote.domain.book import Book
from services.quote.domain.calendar import EVERY_DAY
from services.quote.domain.choice import Aim, Part, cost_of, lost_because, worth
from services.quote.domain.dates import Hop, Way
from services.quote.domain.entry import RESOURCE
from services.quote.domain.entry import Part as Kind
from services.quote.domain.policy import Costs
from services.quote.domain.promise import Decision, Demand, promise
from services.quote.domain.reasons import Lost
from services.quote.domain.sources import Component, Make
from services.quote.domain.stand import Stand
from tests.examples import examples
from tests.unit.quote_domain import oracle
from tests.unit.quote_domain.builders import MICRO, NOW, TODAY, AShelf, a_book, a_line, claim, receipt, units
from tests.unit.quote_domain.plants import (
    HERE,
    PART,
    PRODUCT,
    Plant,
    a_lot,
    a_machine,
    a_purchase,
    a_step,
    after,
    demands,
    plants,
    written,
)
from tests.unit.quote_domain.test_quote_supply import check_books, check_plans

SITES = ("HAM", "BER", "MUC")
LAST = 10


class AMarket(AShelf):
    """A shelf on which handling, lanes and lateness have a price."""

    price: dict[str, int]
    late = 1

    def costs(self, sku: str, site: str) -> Costs | None:
        del sku
        return Costs(units(self.late), units(self.price[site]))


@dataclass(frozen=True)
class Site:
    """One site of a market: what it has, how far it is, what it costs to send from it, and what it keeps for others."""

    on_hand: int
    coming: tuple[tuple[int, int], ...]
    transit: int
    lane: int
    handling: int
    kept: int = 0

    def room(self, site: str) -> list[int]:
        """What it can deliver, in units, by each day from today."""
        days = oracle.projected(oracle.entries_of(self.book(site)), TODAY, NOW, AShelf().rule)
        days = [projected - min(units(self.kept), max(0, min(days[at:]))) for at, projected in enumerate(days)]
        return [max(0, min(days[day - self.transit :])) // MICRO if day >= self.transit else 0 for day in range(LAST)]

    def book(self, site: str) -> Book:
        return a_book(*(receipt(f"{site}{n}", q, d) for n, (q, d) in enumerate(self.coming)), on_hand=self.on_hand, site=site)


MARKETS = st.lists(
    st.builds(
        Site,
        st.integers(0, 4),
        st.lists(st.tuples(st.integers(1, 3), st.integers(0, 5)), max_size=2).map(tuple),
        st.integers(0, 2),
        st.integers(0, 3),
        st.integers(0, 3),
    ),
    min_size=3,
    max_size=3,
)


def a_market(sites: Sequence[Site], late: int) -> AMarket:
    market = AMarket(*(one.book(site) for site, one in zip(SITES, sites, strict=True)))
    market.price = {site: one.handling for site, one in zip(SITES, sites, strict=True)}
    market.late = late
    for site, one in zip(SITES, sites, strict=True):
        market.way[site, "DE"] = Way(EVERY_DAY, 0, EVERY_DAY, one.transit, EVERY_DAY, None, f"{site}-DE", units(one.lane))
        if one.kept:
            market.rationed.append(Allocation(f"F-{site}", Rule.FLOOR, ("gold",), "SKU", frozenset({site}), units(one.kept)))
    return market


def asked(market: AShelf, quantity: int, wanted: int, aim: Aim, *, partial: bool) -> Decision:
    line = a_line(quantity, wanted, sites=SITES, ship_to="DE")
    return promise(Demand((line,), allow_partial=partial, policy=aim), market)


def spent(deliveries: Sequence[Delivery], sites: Sequence[Site], wanted: int, late: int) -> int:
    by_site = dict(zip(SITES, sites, strict=True))
    return sum(
        one.quantity // MICRO * (by_site[one.site].lane + by_site[one.site].handling + late * max(0, one.delivery_day - TODAY - wanted))
        for one in deliveries
    )


def every_way(sites: Sequence[Site], quantity: int, wanted: int) -> Iterator[tuple[tuple[int, int, int], ...]]:
    """Every set of (site, day, units) that the sites can deliver: up to the quantity, a day for each of two deliveries of a site."""
    rooms = [one.room(site) for site, one in zip(SITES, sites, strict=True)]
    options: list[list[tuple[tuple[int, int], ...]]] = []
    for room in rooms:
        mine: list[tuple[tuple[int, int], ...]] = [()]
        steps = [day for day in range(wanted, LAST) if day == wanted or room[day] > room[day - 1]]
        for amounts in product(range(quantity + 1), repeat=len(steps)):
            total, fits = 0, sum(amounts) <= quantity
            for day, amount in zip(steps, amounts, strict=True):
                total += amount
                fits = fits and total <= room[day]
            if fits and any(amounts):
                mine.append(tuple((day, amount) for day, amount in zip(steps, amounts, strict=True) if amount))
        options.append(mine)
    for chosen in product(*options):
        way = tuple((site, day, amount) for site, each in enumerate(chosen) for day, amount in each)
        if sum(amount for _, _, amount in way) <= quantity:
            yield way


@examples(60)
@given(MARKETS, st.integers(1, 5), st.integers(0, 3), st.integers(0, 3))
def test_cheapest_is_the_cheapest_of_every_split(sites: list[Site], quantity: int, wanted: int, late: int) -> None:
    line = asked(a_market(sites, late), quantity, wanted, Aim.CHEAPEST, partial=True).lines[0]
    best = min(
        (
            -sum(amount for _, _, amount in way),
            sum(amount * (sites[site].lane + sites[site].handling + late * (day - wanted)) for site, day, amount in way),
        )
        for way in every_way(sites, quantity, wanted)
    )
    assert (-line.promised_quantity // MICRO, spent(line.deliveries, sites, wanted, late)) == best


@examples(100)
@given(MARKETS, st.integers(1, 6), st.integers(0, 3), st.integers(0, 3))
def test_the_cheapest_whole_line_is_the_cheapest_of_all_sites(sites: list[Site], quantity: int, wanted: int, late: int) -> None:
    line = asked(a_market(sites, late), quantity, wanted, Aim.CHEAPEST, partial=False).lines[0]
    possible = []
    for site, one in zip(SITES, sites, strict=True):
        day = next((day for day in range(wanted, LAST) if one.room(site)[day] >= quantity), None)
        if day is not None:
            possible.append(quantity * (one.lane + one.handling + late * (day - wanted)))
    assert (spent(line.deliveries, sites, wanted, late) if line.deliveries else None) == min(possible, default=None)


@examples(60)
@given(MARKETS, st.integers(1, 5), st.integers(0, 3))
def test_fewest_shipments_are_the_fewest_that_bring_as_much(sites: list[Site], quantity: int, wanted: int) -> None:
    line = asked(a_market(sites, 1), quantity, wanted, Aim.FEWEST_SHIPMENTS, partial=True).lines[0]
    best = min(
        (
            -sum(amount for _, _, amount in way),
            len(way),
            -sum(amount for _, day, amount in way if day <= wanted),
            sum(amount * (day - wanted) for _, day, amount in way),
        )
        for way in every_way(sites, quantity, wanted)
    )
    days = [(one.delivery_day - TODAY, one.quantity // MICRO) for one in line.deliveries]
    on_time = sum(amount for day, amount in days if day <= wanted)
    found = (-line.promised_quantity // MICRO, len(days), -on_time, sum(amount * max(0, day - wanted) for day, amount in days))
    assert found == best


@examples(60)
@given(MARKETS, st.integers(1, 5), st.integers(0, 3))
def test_a_preferred_site_delivers_all_that_it_ever_can(sites: list[Site], quantity: int, wanted: int) -> None:
    line = asked(a_market(sites, 1), quantity, wanted, Aim.PREFERRED_SITE, partial=True).lines[0]
    left, expected = quantity, {}
    for site, one in zip(SITES, sites, strict=True):
        took = min(left, one.room(site)[-1])
        left -= took
        if took:
            expected[site] = took
    found: dict[str, int] = {}
    for one_delivery in line.deliveries:
        found[one_delivery.site] = found.get(one_delivery.site, 0) + one_delivery.quantity // MICRO
    assert found == expected


WEIGHED = st.sampled_from([Aim.CHEAPEST, Aim.PREFERRED_SITE, Aim.FEWEST_SHIPMENTS])


def weighed(way: Sequence[tuple[int, int, int]], sites: Sequence[Site], wanted: int, late: int, aim: Aim) -> tuple[int, ...]:
    """What a way of (site, day, units) is worth under a policy, as choice.py says it, in whole units."""
    promised = -sum(amount for _, _, amount in way)
    by_date = -sum(amount for _, day, amount in way if day <= wanted), sum(amount * max(0, day - wanted) for _, day, amount in way)
    if aim is Aim.FEWEST_SHIPMENTS:
        return promised, len(way), *by_date
    if aim is Aim.CHEAPEST:
        cost = sum(amount * (sites[site].lane + sites[site].handling + late * max(0, day - wanted)) for site, day, amount in way)
        return promised, cost, *by_date, len(way)
    return promised, *(-sum(amount for at, _, amount in way if at == site) for site in range(len(sites))), *by_date, len(way)


@examples(80)
@given(
    MARKETS, st.integers(1, 5), st.integers(0, 3), st.integers(0, 3), st.integers(1, 3), st.sampled_from([None, 1, 2]), WEIGHED,
    st.sampled_from([0, 0, 1, 2]),
)  # fmt: skip
def test_within_limits_on_shipments_a_policy_has_the_best_of_every_split(
    sites: list[Site], quantity: int, wanted: int, late: int, least: int, most: int | None, aim: Aim, kept: int
) -> None:
    """Also beside what the first site keeps for others."""
    sites = [replace(sites[0], kept=kept), *sites[1:]]
    line = a_line(quantity, wanted, sites=SITES, ship_to="DE", min_ship=least, max_shipments=most)
    told = promise(Demand((line,), allow_partial=True, policy=aim), a_market(sites, late)).lines[0]
    found = [(SITES.index(one.site), one.delivery_day - TODAY, one.quantity // MICRO) for one in told.deliveries]
    assert all(amount >= min(least, quantity) for _, _, amount in found)
    assert len(found) <= (most or len(found))
    assert "SEARCH_CUT" not in [reason.code for reason in told.reasons]
    best = min(
        weighed(way, sites, wanted, late, aim)
        for way in every_way(sites, quantity, wanted)
        if all(amount >= min(least, quantity) for _, _, amount in way) and len(way) <= (most or len(way))
    )
    assert weighed(found, sites, wanted, late, aim) == best


@examples(80)
@given(plants(), demands(), st.sampled_from(list(Aim)))
def test_under_every_policy_a_decision_takes_only_what_there_is_and_promises_as_much(plant: Plant, demand: Demand, aim: Aim) -> None:
    decision = promise(replace(demand, policy=aim), plant)
    check_plans(plant, decision, at_once=aim is not Aim.JUST_IN_TIME)
    check_books(plant, after(plant, written(decision)))
    for line in decision.lines:
        assert sum(reason.adds_days for reason in line.reasons) == line.slip_days
        assert sum(peg.quantity for peg in line.pegging) == line.promised_quantity


@examples(80)
@given(plants(), demands())
def test_just_in_time_promises_the_same_and_starts_nothing_earlier(plant: Plant, demand: Demand) -> None:
    soon, late = promise(demand, plant), promise(replace(demand, policy=Aim.JUST_IN_TIME), plant)
    assert [(line.outcome, line.deliveries) for line in late.lines] == [(line.outcome, line.deliveries) for line in soon.lines]
    assert [(one.kind, one.ref, one.quantity) for one in late.planned] == [(one.kind, one.ref, one.quantity) for one in soon.planned]
    for before, now in zip(soon.planned, late.planned, strict=True):
        assert now.start_day >= before.start_day
        assert now.due_day >= before.due_day
        assert now.start_day == now.latest_start_day
    check_plans(plant, late, at_once=False)
    check_books(plant, after(plant, written(late)))


@examples(40)
@given(st.integers(1, 6), st.integers(0, 12), st.lists(st.tuples(st.integers(1, 3), st.integers(0, 12)), max_size=3))
def test_a_job_is_begun_on_the_last_day_that_still_does(quantity: int, wanted: int, taken: list[tuple[int, int]]) -> None:
    """One machine of three minutes a day: the last start whose minutes, day by day, end before the part is wanted."""
    plant = Plant(a_book(sku=PRODUCT, site=HERE), a_machine("LATHE", 3, *(claim(f"J{n}", q, d) for n, (q, d) in enumerate(taken))))
    plant.source[PRODUCT, HERE] = (Make(PRODUCT, (), (a_step("LATHE", 2),)),)
    line = a_line(quantity, wanted, sku=PRODUCT, sites=(HERE,))
    decision = promise(Demand((line,), policy=Aim.JUST_IN_TIME), plant)
    by = decision.lines[0].deliveries[0].pick_day - TODAY
    free = [max(0, 3 - sum(q for q, d in taken if d == day)) for day in range(60)]
    start = next(day for day in reversed(range(by)) if sum(free[day:by]) >= 2 * quantity)
    assert [one.start_day - TODAY for one in decision.planned] == [start]
    machine = after(plant, written(decision))["LATHE", RESOURCE]
    claimed = [sum(one.quantity for one in machine.of(Kind.CLAIM) if one.day == TODAY + day) // MICRO for day in range(60)]
    assert all(minutes <= max(3, sum(q for q, d in taken if d == day)) for day, minutes in enumerate(claimed))


# -- told in words


def a_choice(aim: Aim, *, partial: bool = False, day: int = 0) -> Decision:
    """HAM has ten today and is dear; BER gets ten in two days and is cheap; MUC has four."""
    market = a_market([Site(10, (), 0, 5, 0), Site(0, ((10, 2),), 0, 1, 0), Site(4, (), 0, 9, 0)], late=1)
    return asked(market, 10, day, aim, partial=partial)


@pytest.mark.parametrize(
    ("aim", "expected"), [(Aim.EARLIEST, "HAM"), (Aim.CHEAPEST, "BER"), (Aim.PREFERRED_SITE, "HAM"), (Aim.FEWEST_SHIPMENTS, "HAM")]
)
def test_each_policy_chooses_its_site(aim: Aim, expected: str) -> None:
    (line,) = a_choice(aim).lines
    assert [one.site for one in line.deliveries] == [expected]


def test_who_loses_is_told_why() -> None:
    (line,) = a_choice(Aim.CHEAPEST).lines
    assert [(other.deliveries[0].site, other.lost_because) for other in line.alternatives] == [("HAM", "MORE_EXPENSIVE")]
    assert (line.slip_days, line.reasons[-1].code) == (2, "AWAIT_SUPPLY")
    (line,) = a_choice(Aim.PREFERRED_SITE).lines
    assert [(other.deliveries[0].site, other.lost_because) for other in line.alternatives] == [("BER", "SITE_ORDER")]


@pytest.mark.parametrize("aim", [Aim.CHEAPEST, Aim.PREFERRED_SITE])
def test_what_a_ceiling_lets_through_a_day_comes_from_the_site_that_is_preferred_as_far_as_it_goes(aim: Aim) -> None:
    sites = [Site(0, ((3, 4),), 0, 0, 0), Site(4, (), 0, 0, 5), Site(0, (), 0, 0, 9)]
    market = a_market(sites, late=0)
    market.rationed = [Allocation("C", Rule.CEILING, ("shop",), "SKU", None, units(1), every=Every.DAY)]
    line = a_line(4, 0, sites=SITES, ship_to="DE")
    (told,) = promise(Demand((line,), allow_partial=True, policy=aim, classes=("shop",)), market).lines
    assert [(one.site, one.delivery_day - TODAY) for one in told.deliveries] == [("BER", 0), ("HAM", 4), ("HAM", 5), ("HAM", 6)]


def test_the_cheaper_supplier_is_worth_a_few_days_and_not_many() -> None:
    plant = Plant(a_book(sku=PRODUCT, site=HERE))
    fast, slow = replace(a_purchase(2, ref="FAST"), cost=units(10)), replace(a_purchase(5, ref="SLOW"), cost=units(6))
    plant.source[PRODUCT, HERE] = (fast, slow)
    line = a_line(4, sku=PRODUCT, sites=(HERE,))
    assert [one.ref for one in promise(Demand((line,)), plant).planned] == ["FAST"]
    assert [one.ref for one in promise(Demand((line,), policy=Aim.CHEAPEST), plant).planned] == ["SLOW"], "three days cost 3, 4 are saved"
    slower = replace(slow, lead_time_days=7)
    plant.source[PRODUCT, HERE] = (fast, slower)
    assert [one.ref for one in promise(Demand((line,), policy=Aim.CHEAPEST), plant).planned] == ["FAST"]


def test_of_a_large_lot_all_is_paid() -> None:
    plant = Plant(a_book(sku=PRODUCT, site=HERE))
    bulk, single = replace(a_purchase(1, a_lot(100), ref="BULK"), cost=units(1)), replace(a_purchase(1, ref="SINGLE"), cost=units(2))
    plant.source[PRODUCT, HERE] = (bulk, single)
    line = a_line(4, sku=PRODUCT, sites=(HERE,))
    assert [one.ref for one in promise(Demand((line,), policy=Aim.CHEAPEST), plant).planned] == ["SINGLE"]


def test_what_ships_complete_does_so_by_its_policy() -> None:
    market = a_market([Site(10, (), 0, 5, 0), Site(0, ((10, 2),), 0, 1, 0), Site(0, (), 0, 9, 0)], late=1)
    lines = tuple(a_line(3, sites=SITES, ship_to="DE", ref=ref) for ref in ("1", "2"))
    found = promise(Demand(lines, ship_complete=True, policy=Aim.CHEAPEST), market)
    assert {(one.site, one.delivery_day - TODAY) for line in found.lines for one in line.deliveries} == {("BER", 2)}
    found = promise(Demand(lines, ship_complete=True), market)
    assert {(one.site, one.delivery_day - TODAY) for line in found.lines for one in line.deliveries} == {("HAM", 0)}


def test_just_in_time_reaches_down_to_the_last_part() -> None:
    plant = Plant(a_book(sku=PRODUCT, site=HERE), a_machine("LATHE", 10))
    plant.source[PRODUCT, HERE] = (Make(PRODUCT, (Component((PART,), units(1)),), (a_step("LATHE", 5),)),)
    plant.source[PART, HERE] = (a_purchase(3),)
    line = a_line(4, 20, sku=PRODUCT, sites=(HERE,))
    soon = promise(Demand((line,)), plant)
    assert [(one.sku, one.start_day - TODAY, one.latest_start_day - TODAY) for one in soon.planned] == [(PART, 0, 15), (PRODUCT, 3, 18)]
    late = promise(Demand((line,), policy=Aim.JUST_IN_TIME), plant)
    assert [(one.sku, one.start_day - TODAY, one.due_day - TODAY) for one in late.planned] == [(PART, 15, 18), (PRODUCT, 18, 20)]
    assert [load.day - TODAY for load in late.planned[1].loads] == [18, 19]


# -- one way against another


def ways_of(stand: Stand, *deliveries: tuple[str, float, int]) -> list[Part]:
    """Deliveries by (site, units, day), picked and shipped on that day."""
    line = a_line(9, sites=SITES, ship_to="DE")
    outlets = {outlet.site: outlet for outlet in stand.outlets(line)}
    return [(outlets[site], Hop(*[TODAY + day] * 3), units(quantity)) for site, quantity, day in deliveries]


A_FULL_ON_TIME = (("HAM", 9.0, 2),)
EVERY_AIM = tuple(Aim)
BY_DATE = (Aim.EARLIEST, Aim.JUST_IN_TIME)


@pytest.mark.parametrize(
    ("aims", "better", "worse", "because"),
    [
        (EVERY_AIM, A_FULL_ON_TIME, (("HAM", 8.0, 0),), Lost.LESS_PROMISED),
        (BY_DATE, A_FULL_ON_TIME, (("HAM", 9.0, 3),), Lost.LESS_ON_TIME),
        (BY_DATE, (("HAM", 5.0, 2), ("HAM", 4.0, 4)), (("HAM", 4.0, 1), ("HAM", 5.0, 3)), Lost.LESS_ON_TIME),
        (EVERY_AIM, (("HAM", 9.0, 3),), (("HAM", 9.0, 4),), Lost.LATER),
        (BY_DATE, A_FULL_ON_TIME, (("HAM", 5.0, 1), ("HAM", 4.0, 2)), Lost.MORE_SHIPMENTS),
        (BY_DATE, A_FULL_ON_TIME, (("BER", 9.0, 1),), Lost.SOURCE_ORDER),
        ((Aim.FEWEST_SHIPMENTS,), (("HAM", 9.0, 5),), (("HAM", 5.0, 1), ("BER", 4.0, 1)), Lost.MORE_SHIPMENTS),
        ((Aim.FEWEST_SHIPMENTS,), A_FULL_ON_TIME, (("BER", 9.0, 3),), Lost.LESS_ON_TIME),
        ((Aim.PREFERRED_SITE,), (("HAM", 1.0, 5), ("MUC", 8.0, 5)), (("BER", 9.0, 1),), Lost.SITE_ORDER),
        ((Aim.PREFERRED_SITE,), (("BER", 9.0, 5),), (("BER", 8.0, 1), ("MUC", 1.0, 1)), Lost.SITE_ORDER),
        ((Aim.PREFERRED_SITE,), (("HAM", 5.0, 2), ("HAM", 4.0, 4)), (("HAM", 4.0, 1), ("HAM", 5.0, 3)), Lost.LESS_ON_TIME),
        ((Aim.PREFERRED_SITE,), A_FULL_ON_TIME, (("HAM", 5.0, 1), ("HAM", 4.0, 2)), Lost.MORE_SHIPMENTS),
        ((Aim.CHEAPEST,), (("BER", 9.0, 5),), A_FULL_ON_TIME, Lost.MORE_EXPENSIVE),
        ((Aim.CHEAPEST,), (("MUC", 9.0, 1),), (("BER", 9.0, 3),), Lost.LESS_ON_TIME),
        ((Aim.CHEAPEST,), A_FULL_ON_TIME, (("HAM", 5.0, 1), ("HAM", 4.0, 2)), Lost.MORE_SHIPMENTS),
    ],
)
def test_one_way_is_better_than_another_by_the_first_figure_that_differs(
    aims: Sequence[Aim], better: Sequence[tuple[str, float, int]], worse: Sequence[tuple[str, float, int]], because: Lost
) -> None:
    """From HAM a unit costs 9, from BER 2 and from MUC 3; a day late costs 1."""
    market = a_market([Site(9, (), 0, 4, 5), Site(9, (), 0, 1, 1), Site(9, (), 0, 1, 2)], late=1)
    stand = Stand(market)
    line = a_line(9, 2, sites=SITES, ship_to="DE")
    for aim in aims:
        good, bad = (worth(aim, line, ways_of(stand, *each), TODAY + 2, 0, stand) for each in (better, worse))
        expected = Lost.MORE_EXPENSIVE if aim is Aim.CHEAPEST and because is Lost.LATER else because
        assert (lost_because(aim, line, bad, good), good <= bad) == (expected, True)


def test_a_delivery_costs_its_lane_its_handling_and_its_days_late_and_none_for_being_early() -> None:
    market = a_market([Site(9, (), 0, 4, 5), Site(9, (), 0, 1, 1), Site(9, (), 0, 1, 2)], late=3)
    stand = Stand(market)
    for day, cost in ((0, 9), (2, 9), (3, 12), (5, 18)):
        assert cost_of(ways_of(stand, ("HAM", 2, day)), TODAY + 2, stand) == units(2 * cost)
    assert cost_of(ways_of(stand, ("HAM", 2, 0), ("BER", 1, 3)), TODAY + 2, stand) == units(2 * 9 + 5)
