"""Ways in the promise: the earliest delivery, picked as late as it allows; and an explanation that sums to the slip."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.calendar import NEVER
from services.quote.domain.dates import Way
from services.quote.domain.promise import Decision, Demand, LinePromise, promise
from tests.examples import examples
from tests.unit.quote_domain import oracle
from tests.unit.quote_domain.builders import NOW, TODAY, a_book, a_line, units
from tests.unit.quote_domain.days import WAYS, slow_forward
from tests.unit.quote_domain.plants import HERE, PRODUCT, THERE, Plant, a_lane, a_purchase, demands, plants, stocks

LANES = st.lists(
    st.builds(lambda way, first: replace(way, lane="LANE", first_pick=first), WAYS, st.none() | st.integers(TODAY, TODAY + 4)),
    min_size=1,
    max_size=2,
)
WISHES = st.integers(-2, 20)
REACH = 200


class Roads(Plant):
    """A plant with ways of its own to one customer."""

    def __init__(self, *books: object, roads: Mapping[str, Sequence[Way]]) -> None:
        super().__init__(*books)  # type: ignore[arg-type]
        self.roads = roads

    def ways(self, sku: str, site: str, ship_to: str | None, customer: str | None) -> tuple[Way, ...]:
        del sku, ship_to, customer
        return tuple(self.roads.get(site, ()))


def hops(roads: Sequence[Way], days: Sequence[int], quantity: int) -> list[tuple[int, int]]:
    """(pick, delivery) of every pick day on which the quantity may be taken, the slow way."""
    found = []
    for pick in range(TODAY, TODAY + oracle.HORIZON):
        if not oracle.is_accepted(days, {pick - TODAY: quantity}):
            continue
        for way in roads:
            if pick >= max(TODAY, way.first_pick or TODAY) and way.site_calendar.works(pick):
                hop = slow_forward(way, pick)
                if hop is not None:
                    found.append((hop[0], hop[2]))
    return found


@examples(100)
@given(stocks(PRODUCT, HERE), stocks(PRODUCT, THERE), LANES, LANES, st.integers(1, 9), WISHES, st.none() | st.integers(-1, 25))
def test_the_promised_date_is_the_first_delivery_and_the_claim_is_dated_at_the_last_pick_that_makes_it(
    here: object, there: object, from_here: list[Way], from_there: list[Way], quantity: int, wanted: int, latest: int | None
) -> None:
    plant = Roads(here, there, roads={HERE: from_here, THERE: from_there})
    line = a_line(quantity, wanted, sku=PRODUCT, sites=(HERE, THERE), ship_to="DE", latest_day=latest)
    found = promise(Demand((line,)), plant).lines[0]
    possible = {}
    for site, roads in plant.roads.items():
        days = oracle.projected(oracle.entries_of(plant.books[PRODUCT, site]), TODAY, NOW, plant.rules(PRODUCT, site))
        possible[site] = [hops([way], days, units(quantity)) for way in roads]
    ways = [hops_of_way for of_site in possible.values() for hops_of_way in of_site]
    every = [hop for hops_of_way in ways for hop in hops_of_way]
    # never earlier than the way allows for the wanted day, also where less than that is acceptable: then it is none
    on_time = [max(by_then) for hops_of_way in ways if (by_then := [day for _, day in hops_of_way if day <= TODAY + wanted])]
    limit = None if latest is None else TODAY + latest
    first = None if on_time else min((delivery for _, delivery in every), default=None)
    if on_time:
        assert found.outcome == ("full" if limit is None or min(on_time) <= limit else "none")
    elif first is None or (limit is not None and first > limit):
        assert found.outcome == "none"
    else:
        assert (found.outcome, found.promised_day) == ("late", first)
    if found.deliveries:
        (one,) = found.deliveries
        same = [pick for hops_of_way in possible[one.site] for pick, delivery in hops_of_way if delivery == one.delivery_day]
        roads = [way for way in plant.roads[one.site] if slow_forward(way, one.pick_day) == one.days]
        assert one.pick_day in same
        later = [
            pick
            for pick in same
            if pick > one.pick_day and any((hop := slow_forward(way, pick)) and hop[2] == one.delivery_day for way in roads)
        ]
        assert len(plant.roads[one.site]) > 1 or not later, "it could have been picked later"


def check_words(line: LinePromise | Decision, said: str) -> None:
    assert said.strip() == said
    assert "  " not in said
    assert said.endswith(".")
    assert not re.search(r"\b1 (days|deliveries|lines)\b|\bone (days|deliveries|lines)\b|\b1 wait \b", said), said
    assert not re.search(r"(?<!^)\b(None|nan|True|False)\b|\.\.|,,| ,|: \.|:\.", said), said


@examples(120)
@given(plants(), demands(), st.data())
def test_what_the_reasons_add_is_the_slip_and_the_limiting_step_is_one_of_them(plant: Plant, demand: Demand, data: st.DataObject) -> None:
    if data.draw(st.booleans()):
        lanes = {site: tuple(data.draw(LANES)) for site in (HERE, THERE)}
        world = Roads(*plant.books.values(), roads=lanes)
        world.source, world.own = plant.source, plant.own
        plant, demand = world, replace(demand, lines=tuple(replace(line, ship_to="DE") for line in demand.lines))
    decision = promise(demand, plant)
    check_words(decision, decision.summary)
    for line in decision.lines:
        assert sum(reason.adds_days for reason in line.reasons) == line.slip_days
        assert all(reason.adds_days >= 0 for reason in line.reasons)
        assert (line.limiting_step is None) == (line.outcome == "full")
        if line.limiting_step is not None:
            assert line.limiting_step in {reason.step for reason in line.reasons}
        if line.outcome == "late":
            most = max(reason.adds_days for reason in line.reasons)
            assert line.limiting_step in {reason.step for reason in line.reasons if reason.adds_days == most}
        for reason in line.reasons:
            check_words(line, f"{reason.summary}.")
        pegged = sum(one.quantity for one in line.pegging)
        assert pegged <= line.promised_quantity


@examples(120)
@given(plants(), demands())
def test_lines_that_ship_complete_have_one_date_with_planned_supply_too(plant: Plant, demand: Demand) -> None:
    together = promise(replace(demand, ship_complete=True, allow_partial=False), plant)
    days = {line.promised_day for line in together.lines}
    if len(demand.lines) == 1:
        return
    assert len(days) == 1, "one date, or none for any"
    apart = [promise(Demand((replace(line, latest_day=None),)), plant).lines[0].promised_day for line in demand.lines]
    (day,) = days
    if day is not None:
        assert all(one is not None and one <= max(day, *(line.requested_day for line in demand.lines)) for one in apart)


# -- told in words


def a_road(**parts: object) -> Way:
    return replace(a_lane(1), **parts)  # type: ignore[arg-type]


def test_a_site_without_a_lane_is_no_candidate_and_says_so() -> None:

    books = [a_book(on_hand=9, sku=PRODUCT, site=site) for site in (HERE, THERE)]
    line = a_line(1, sku=PRODUCT, sites=(HERE, THERE), ship_to="DE")
    found = promise(Demand((line,)), Roads(*books, roads={THERE: (a_road(),)})).lines[0]
    assert [one.site for one in found.deliveries] == [THERE]
    assert [reason.code for reason in promise(Demand((line,)), Roads(*books, roads={})).lines[0].reasons] == ["NO_LANE"]
    never = {site: (a_road(carrier_calendar=NEVER),) for site in (HERE, THERE)}
    assert [reason.code for reason in promise(Demand((line,)), Roads(*books, roads=never)).lines[0].reasons] == ["UNKNOWN_CALENDAR"]


def test_what_is_bought_is_carried_too() -> None:
    plant = Roads(roads={HERE: (a_lane(2),)})
    plant.source[PRODUCT, HERE] = (a_purchase(3),)
    found = promise(Demand((a_line(1, sku=PRODUCT, sites=(HERE,), ship_to="DE"),)), plant).lines[0]
    assert (found.promised_day, found.slip_days) == (TODAY + 5, 5)
