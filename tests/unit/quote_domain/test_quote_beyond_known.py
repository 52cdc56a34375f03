"""What is no supply: a way back to the site that asks, and the item's lead time as long as anything known brings the quantity."""

from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.calendar import EVERY_DAY
from services.quote.domain.promise import Decision, Demand, promise
from services.quote.domain.sources import Buy, Make
from tests.examples import examples
from tests.unit.quote_domain.builders import TODAY, a_book, a_line, units
from tests.unit.quote_domain.plants import HERE, PRODUCT, THERE, Plant, a_lot, a_machine, a_purchase, a_step, a_transfer
from tests.unit.quote_domain.test_quote_mixed import asked, shops

LEAD_TIME = 20


def a_lead_time(days: int = LEAD_TIME) -> Buy:
    """What an item brings of itself that allows promising at its lead time."""
    return Buy(PRODUCT, None, days, EVERY_DAY, a_lot())


def told(decision: Decision) -> list[tuple[int, int]]:
    return [(one.quantity, one.delivery_day - TODAY) for line in decision.lines for one in line.deliveries]


@examples(100)
@given(shops(), st.integers(1, 9), st.integers(0, 5), st.booleans(), st.integers(0, 3))
def test_a_lane_back_to_the_site_that_asks_changes_nothing(plant: Plant, quantity: int, wanted: int, partial: bool, days: int) -> None:  # noqa: FBT001
    before = told(asked(plant, quantity, wanted, partial=partial))
    plant.source[PRODUCT, THERE] = (a_transfer(HERE, days),)
    decision = asked(plant, quantity, wanted, partial=partial)
    assert told(decision) == before
    assert all(plan.site == HERE for plan in decision.planned)


@examples(100)
@given(shops(), st.integers(1, 9), st.integers(0, 5), st.booleans())
def test_a_lead_time_is_promised_at_where_nothing_known_brings_all_of_it_and_changes_nothing_else(
    plant: Plant,
    quantity: int,
    wanted: int,
    partial: bool,  # noqa: FBT001
) -> None:
    before = told(asked(plant, quantity, wanted, partial=partial))
    plant.source[PRODUCT, HERE] = (*plant.source[PRODUCT, HERE], a_lead_time())
    plant.source[PRODUCT, THERE] = (a_lead_time(),)
    after = told(asked(plant, quantity, wanted, partial=partial))
    if sum(one for one, _ in before) == units(quantity):
        assert after == before
    else:
        assert sum(one for one, _ in after) == units(quantity)
        assert after[-1][1] == LEAD_TIME


# -- told in words


def test_what_is_made_is_not_sent_away_to_come_back() -> None:
    closed = a_machine("LATHE", 3, days=dict.fromkeys(range(1, 6), 0))
    plant = Plant(a_book(sku=PRODUCT, site=HERE), a_book(sku=PRODUCT, site=THERE), closed)
    plant.source[PRODUCT, HERE] = (a_transfer(THERE, 1), Make(PRODUCT, (), (a_step("LATHE", 1),)))
    plant.source[PRODUCT, THERE] = (a_transfer(HERE, 1),)
    decision = promise(Demand((a_line(5, 0, sku=PRODUCT, sites=(HERE,)),), allow_partial=True), plant)
    assert told(decision) == [(units(3), 1), (units(2), 7)]
    assert {plan.kind for plan in decision.planned} == {"production_order"}


def test_a_lead_time_counts_from_the_site_that_asks_and_not_by_way_of_another() -> None:
    plant = Plant(a_book(on_hand=1, sku=PRODUCT, site=HERE), a_book(sku=PRODUCT, site=THERE))
    plant.source[PRODUCT, HERE] = (a_transfer(THERE, 3), a_lead_time())
    plant.source[PRODUCT, THERE] = (a_lead_time(),)
    decision = asked(plant, 3, 0)
    assert told(decision) == [(units(3), LEAD_TIME)]
    assert [(plan.site, plan.kind) for plan in decision.planned] == [(HERE, "purchase_order")]


def test_a_supplier_who_takes_longer_than_the_lead_time_is_known_and_stands() -> None:
    plant = Plant(a_book(sku=PRODUCT, site=HERE))
    plant.source[PRODUCT, HERE] = (a_purchase(30), a_lead_time())
    assert told(asked(plant, 3, 0)) == [(units(3), 30)]
