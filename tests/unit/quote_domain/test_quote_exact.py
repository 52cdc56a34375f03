"""What decision 27 calls exact and no other test asks by name, against every way that there is."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.allocation import Every
from services.quote.domain.choice import Aim
from services.quote.domain.policy import Costs
from services.quote.domain.promise import Demand, promise
from services.quote.domain.sources import Lot
from tests.examples import examples
from tests.unit.quote_domain import oracle
from tests.unit.quote_domain.builders import MICRO, TODAY, a_book, a_line, receipt, units
from tests.unit.quote_domain.plants import HERE, LOTS, PRODUCT, Plant, a_purchase
from tests.unit.quote_domain.test_allocation import SITES as SHOPS
from tests.unit.quote_domain.test_allocation import World, allowed, atps, built
from tests.unit.quote_domain.test_quote_choice import LAST, MARKETS, SITES, Site, a_market, asked, weighed
from tests.unit.quote_domain.test_quote_jobs import covered
from tests.unit.quote_domain.test_quote_mixed import COMING, days_of


@examples(100)
@given(MARKETS, st.integers(1, 6), st.integers(0, 3), st.integers(0, 3), st.sampled_from(Aim))
def test_under_every_policy_a_whole_line_from_what_is_known_is_the_best_of_all_sites(
    sites: list[Site], quantity: int, wanted: int, late: int, aim: Aim
) -> None:
    line = asked(a_market(sites, late), quantity, wanted, aim, partial=False).lines[0]
    found = [(SITES.index(one.site), one.delivery_day - TODAY, one.quantity // MICRO) for one in line.deliveries]
    possible = []
    for number, (site, one) in enumerate(zip(SITES, sites, strict=True)):
        day = next((day for day in range(wanted, LAST) if one.room(site)[day] >= quantity), None)
        if day is not None:
            possible.append([(number, day, quantity)])
    by = Aim.FEWEST_SHIPMENTS if aim.is_earliest else aim
    best = min((weighed(way, sites, wanted, late, by) for way in possible), default=weighed([], sites, wanted, late, by))
    assert weighed(found, sites, wanted, late, by) == best


class APricedPlant(Plant):
    """A plant in which a day late costs so much for each unit."""

    late = 0

    def costs(self, sku: str, site: str) -> Costs | None:
        del sku, site
        return Costs(units(self.late))


@examples(150)
@given(COMING, st.integers(0, 3), st.integers(0, 8), LOTS, st.integers(0, 3), st.integers(0, 3), st.integers(1, 7), st.integers(0, 4))
def test_with_one_source_the_cheapest_whole_line_is_the_cheapest_of_every_mix_with_what_is_known(
    coming: list[tuple[int, int]], on_hand: int, lead: int, lot: Lot, price: int, late: int, quantity: int, wanted: int
) -> None:
    plant = APricedPlant(a_book(*(receipt(f"R{n}", q, d) for n, (q, d) in enumerate(coming)), on_hand=on_hand, sku=PRODUCT, site=HERE))
    plant.late = late
    plant.source[PRODUCT, HERE] = (replace(a_purchase(lead, lot), cost=units(price)),)
    decision = promise(Demand((a_line(quantity, wanted, sku=PRODUCT, sites=(HERE,)),), policy=Aim.CHEAPEST), plant)
    days = days_of(plant.books[PRODUCT, HERE])
    possible = []
    for planned in range(quantity + 1):
        whole = lot.rounded(units(planned)) if planned else 0
        day = covered(days, [(lead, whole)], units(quantity), wanted)
        if day is not None:
            possible.append(whole // MICRO * price + quantity * late * (day - wanted))
    (line,) = decision.lines
    spent = sum(plan.quantity for plan in decision.planned) // MICRO * price + quantity * late * line.slip_days
    assert spent == min(possible)


RATIONS = st.lists(
    st.one_of(
        st.builds(
            lambda q, sites, when: ("ceiling", "gold", q, sites, when),
            st.integers(0, 5), st.sampled_from([None, frozenset({"HAM"})]), st.sampled_from([None, Every.DAY, (0, 1), (2, 3)]),
        ),
        st.builds(
            lambda q, site: ("floor", "shop", q, frozenset({site}), None), st.integers(0, 4), st.sampled_from(SHOPS),
        ),
    ),
    min_size=1, max_size=2,
)  # fmt: skip
STOCKS = st.tuples(st.integers(0, 4), st.dictionaries(st.integers(1, 3), st.integers(1, 3), max_size=1))


def every_shipment(quantity: int, first: int) -> Iterator[tuple[tuple[str, int, int], ...]]:
    """Every set of (site, day, units) of up to three shipments within a few days."""
    slots = [(site, day) for day in range(first, 5) for site in SHOPS]
    for amounts in product(range(quantity + 1), repeat=len(slots)):
        if sum(amounts) <= quantity and sum(1 for one in amounts if one) <= 3:
            yield tuple((site, day, amount) for (site, day), amount in zip(slots, amounts, strict=True) if amount)


def fits(world: World, way: Sequence[tuple[str, int, int]]) -> bool:
    parts = [(site, day, units(amount)) for site, day, amount in way]
    for site in SHOPS:
        days = [atps(world, day)[site] for day in range(12)]
        taken: dict[int, int] = {}
        for where, day, quantity in parts:
            if where == site:
                taken[day] = taken.get(day, 0) + quantity
        if any(sum(q for at, q in taken.items() if at <= day) > days[day] for day in taken):
            return False
    return allowed(world, "gold", parts)


@examples(60)
@given(RATIONS, STOCKS, STOCKS, st.integers(1, 3), st.integers(2, 3), st.integers(1, 2), st.integers(1, 3))
def test_under_ceilings_and_floors_of_one_site_no_other_split_within_the_limits_is_better(
    said: list[Any], ham: tuple[int, dict[int, int]], ber: tuple[int, dict[int, int]], quantity: int, first: int, least: int, most: int
) -> None:
    world = built(said, ham, ber)
    decision = world.ask(quantity, first, "gold", allow_partial=True, min_ship=least, max_shipments=most)
    found = tuple((SHOPS.index(one.site), one.ship_day - TODAY, one.quantity // MICRO) for one in decision.lines[0].deliveries)
    plan = tuple((day, site, amount) for site, day, amount in found)
    assert fits(world, [(SHOPS[site], day, amount) for site, day, amount in found])
    best = min(
        oracle.worth(tuple((day, SHOPS.index(site), amount) for site, day, amount in way), first)
        for way in every_shipment(quantity, first)
        if len(way) <= most and all(amount >= min(least, quantity) for _, _, amount in way) and fits(world, way)
    )
    tried = all(day < 5 for day, _, _ in plan)
    assert oracle.worth(plan, first) <= best or not tried
