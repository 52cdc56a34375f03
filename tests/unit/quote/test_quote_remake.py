"""A plan is made by the master data of now: never late while nothing has changed, late where it takes longer, whole again after."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.entry import Part
from services.quote.handlers.foresight import Foresight
from services.quote.handlers.hold import ConfirmHold
from services.quote.handlers.remake import made_anew, plans_hit
from services.quote.handlers.take import Take
from services.quote.store.supply import Definition
from shared.contracts.capacity import BomDefined
from shared.contracts.inventory import SupplierDefined, SupplierItemDefined
from tests.examples import examples
from tests.unit.quote.desk_house import NOW, SITE, TODAY, DeskHouse, a_hold, an_order
from tests.unit.quote.test_quote_planned_supply import CHAIR, LEG, a_workshop, chairs

ORDERS = st.lists(st.tuples(st.integers(1, 12), st.integers(0, 6)), min_size=1, max_size=4)


def a_house(legs: int, minutes: int, orders: Sequence[tuple[int, int]], *, floor: int = 0) -> DeskHouse:
    house = a_workshop(on_hand=3, legs=legs, minutes=minutes)
    house.hear(house.position(LEG, safety_stock=floor))
    for quantity, day in orders:
        house.do(Take(an_order(chairs(quantity, day=day)), "tests", "req_1"))
    return house


def late_days(house: DeskHouse) -> dict[str, int | None]:
    """By plan, the days by which it would come later if it were planned now; None: it would not come."""
    sight = Foresight(house.board, None)
    sight.now = house.now
    found = {}
    for plan_id, home in house.board.plans.items():
        plan = house.board.books[home].find(Part.PLAN, plan_id)
        assert plan is not None
        day = made_anew(house.board, house.now, plan, home).day
        found[plan_id] = None if day is None else max(0, day - sight.planned_for(plan, home))
    return found


def told(house: DeskHouse, kind: str, name: str) -> Definition:
    state = house.board.world.all_of(kind)[name]
    return Definition(kind, name, 2, {**state, "revision": 2})


@given(st.sampled_from([0, 6, 30, 1000]), st.sampled_from([3, 10]), ORDERS, st.sampled_from([0, 5]))
@examples(80)
def test_while_nothing_has_changed_every_plan_can_still_be_made_as_it_was(
    legs: int, minutes: int, orders: list[tuple[int, int]], floor: int
) -> None:
    house = a_house(legs, minutes, orders, floor=floor)
    assert set(late_days(house).values()) <= {0}
    assert plans_hit(house.board, [told(house, kind, CHAIR) for kind in ("bom", "routing", "item")]) == {}


@given(st.sampled_from([3, 10]), ORDERS)
@examples(40)
def test_a_plan_that_needs_what_nobody_has_is_made_no_more_until_it_needs_it_no_more(minutes: int, orders: list[tuple[int, int]]) -> None:
    house = a_house(1000, minutes, orders)
    before = told(house, "bom", CHAIR)
    parts = [*before.state["boms"][0]["components"], {"component": "SEAT", "quantity_per": 1}]
    after = Definition("bom", CHAIR, 2, {**before.state, "boms": [{**before.state["boms"][0], "components": parts}]})
    assert plans_hit(house.board, [after]).keys() == house.board.plans.keys()
    house.board.world.learn(after)
    assert set(late_days(house).values()) <= {None}
    assert plans_hit(house.board, [before]).keys() == house.board.plans.keys()
    house.board.world.learn(before)
    assert set(late_days(house).values()) <= {0}


def test_only_plans_that_a_definition_was_used_for_are_planned_once_more() -> None:
    house = a_house(1000, 10, [(12, 0)])
    (plan_id,) = house.board.plans
    (cause,) = plans_hit(house.board, [_otherwise(house, "routing", CHAIR, routings=[])]).values()
    assert (cause.code, cause.ref, cause.summary) == ("MASTER_DATA_CHANGED", CHAIR, "routing CHAIR was changed")
    assert plans_hit(house.board, [_otherwise(house, "item", LEG, lead_time_days=9)]) == {}
    assert plans_hit(house.board, [_otherwise(house, "item", CHAIR, name="Chair")]) == {}
    gone = Definition("resource", "SAW", 2, {**house.board.world.all_of("resource")["SAW"], "retired": True})
    assert plans_hit(house.board, [gone])[plan_id].summary == "resource SAW is gone"


def _otherwise(house: DeskHouse, kind: str, identity: str, **more: object) -> Definition:
    before = told(house, kind, identity)
    return Definition(kind, identity, 2, {**before.state, **more})


@pytest.mark.parametrize(("legs", "found"), [(4, set()), (5, {("MASTER_DATA_CHANGED", CHAIR)})])
def test_a_hold_that_is_confirmed_after_its_bill_was_changed_is_looked_at(legs: int, found: set[tuple[str, str]]) -> None:
    house = a_house(1000, 10, [])
    held = house.do(Take(a_hold(chairs(5)), "tests", "req_1", ttl_seconds=60))
    parts = [{"component": LEG, "quantity_per": legs}]
    bill = {"revision": 2 if found else 1, "occurred_at": house.now, "sku": CHAIR, "boms": [{"site": SITE, "components": parts}]}
    house.hear(BomDefined.model_validate(bill))
    confirmed = house.do(ConfirmHold(held.body["id"], "tests"))
    assert {(one.code, one.ref) for one in confirmed.remakes.values()} == found
    assert confirmed.remakes.keys() <= house.board.plans.keys()


def test_a_plan_at_the_lead_time_of_all_that_goes_into_it_is_made_by_the_terms_of_its_parts_too() -> None:
    """Of caps there is no source, so that no lamp can be made; the bulb, which has no lead time of its own, takes longest by its terms."""
    house = DeskHouse()
    house.item("LAMP", lead_time_days=2, promise_at_lead_time=True)
    house.item("BULB")
    house.item("CAP", lead_time_days=3)
    house.stock("LAMP", 0)
    house.made_of("LAMP", ("BULB", 1), ("CAP", 1))
    house.hear(SupplierDefined(revision=1, occurred_at=NOW, supplier="GLOW", name="Glow"))
    terms = {"supplier_item": "TERMS", "sku": "BULB", "supplier": "GLOW", "site": SITE, "lead_time_days": 4}
    house.hear(SupplierItemDefined.model_validate({**terms, "revision": 1, "occurred_at": NOW}))
    line = {"line_ref": "1", "sku": "LAMP", "quantity": 1, "requested_date": TODAY.isoformat(), "sites": [SITE]}
    house.do(Take(an_order(line), "tests", "req_1"))
    (plan,) = house.plans("LAMP").values()
    assert plan.day == TODAY.toordinal() + 2 + 4
    longer = _otherwise(house, "supplier_item", "TERMS", lead_time_days=9)
    for changed in (longer, _otherwise(house, "supplier", "GLOW", calendar="REST"), _otherwise(house, "item", "CAP", lead_time_days=9)):
        assert plans_hit(house.board, [changed]).keys() == {plan.ref}
    house.board.world.learn(longer)
    assert made_anew(house.board, house.now, plan, f"LAMP|{SITE}").day == TODAY.toordinal() + 2 + 9
