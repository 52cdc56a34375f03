"""An amendment is decided as the order was asked for, and answers as an order does."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.quote.asks.orders import AmendAsk
from services.quote.domain.chance import Chances
from services.quote.handlers.change_order import Amend
from services.quote.handlers.take import Take
from services.quote.ledger import Effect
from tests.examples import examples
from tests.unit.quote.desk_house import DeskHouse, a_day, a_receipt, an_order

TABLE, DESK = "TABLE", "DESK"


def a_house(on_hand: float = 5, *coming: tuple[float, int], sku: str = TABLE, house: DeskHouse | None = None, **more: Any) -> DeskHouse:
    """A sku with stock and receipts of one supplier."""
    house = house or DeskHouse()
    house.item(sku, **more)
    receipts = tuple(a_receipt(f"{sku}-{n}", *one, kind="purchase_order", supplier="WOOD") for n, one in enumerate(coming))
    house.hear(house.position(sku, on_hand=on_hand, receipts=receipts))
    return house


def line(quantity: float, ref: str = "1", sku: str = TABLE, **more: Any) -> dict[str, Any]:
    return {"line_ref": ref, "sku": sku, "quantity": quantity, "sites": ["HAM"], **more}


def ordered(house: DeskHouse, *lines: dict[str, Any], **more: Any) -> Effect:
    return house.do(Take(an_order(*lines, **more), "test", "req_1"))


def amended(house: DeskHouse, order: Effect, *lines: dict[str, Any], **more: Any) -> Effect:
    ask = AmendAsk.model_validate({"lines": list(lines), **more})
    return house.do(Amend(order.body["order_id"], ask, "test"))


def shipments(line: dict[str, Any]) -> list[tuple[str, float]]:
    return [(one["ship_date"], one["quantity"]) for one in line["deliveries"]]


def test_a_line_that_an_amendment_adds_is_decided_by_the_policy_of_the_order() -> None:
    for policy, expected in (("earliest", [(0, 5), (4, 5)]), ("fewest_shipments", [(4, 10)])):
        house = a_house(5, (20, 4))
        a_house(1, sku=DESK, house=house)
        order = ordered(house, line(1, sku=DESK), allow_partial=True, policy=policy)
        found = amended(house, order, line(10, "2"))
        assert shipments(found.body["lines"][1]) == [(a_day(day).isoformat(), quantity) for day, quantity in expected], policy


def test_what_an_amendment_promises_anew_holds_with_the_probability_of_the_order_and_what_stands_stays() -> None:
    house = a_house(2, (20, 4))
    house.board.world._chances = Chances({"purchase_order|WOOD": {0: 50, 3: 50}})
    order = ordered(house, line(2), probability=0.9)
    assert order.body["lines"][0]["promised_date"] == a_day(0).isoformat()
    more = amended(house, order, line(6))
    assert (more.body["lines"][0]["promised_date"], more.body["lines"][0]["reasons"][-1]["code"]) == (a_day(7).isoformat(), "LATENESS")
    assert more.body["lines"][0]["probability"] >= 0.9
    house.board.world._chances = Chances({"purchase_order|WOOD": {0: 50, 3: 50, 30: 50}})
    less = amended(house, order, line(5))
    assert less.body["lines"][0]["promised_date"] == a_day(7).isoformat(), "what stands is not moved, however likely it is by now"
    assert 0.5 < less.body["lines"][0]["probability"] < 0.9
    refusal = amended(house, order, line(5), line(4, "2"))
    assert refusal.status == 200, "the added line is given the days that its supplier needs"
    assert refusal.body["lines"][1]["promised_date"] == a_day(34).isoformat()
    house.board.world._chances = Chances()
    unknown = amended(house, order, line(4, "3"))
    assert (unknown.status, unknown.body["code"]) == (409, "CANNOT_PROMISE")
    assert unknown.body["offer"]["lines"][2]["reasons"][-1]["code"] == "CHANCE_UNKNOWN"


def test_substitutes_stand_in_from_the_amendment_on_that_allows_them_until_one_that_does_not() -> None:
    house = a_house(5, (10, 9), substitutes=[DESK])
    a_house(5, sku=DESK, house=house)
    order = ordered(house, line(5))
    late = amended(house, order, {"line_ref": "1", "quantity": 8})
    assert late.body["lines"][0]["promised_date"] == a_day(9).isoformat()
    instead = amended(house, order, {"line_ref": "1", "quantity": 8, "requested_date": a_day(1).isoformat(), "allow_substitutes": True})
    assert [(one["sku"], one["quantity"]) for one in instead.body["lines"][0]["deliveries"]] == [(None, 5), (DESK, 3)]
    again = amended(house, order, {"line_ref": "1", "quantity": 7})
    assert [(one["sku"], one["quantity"]) for one in again.body["lines"][0]["deliveries"]] == [(None, 5), (DESK, 2)], "the wish stays"
    without = amended(house, order, {"line_ref": "1", "allow_substitutes": False})
    assert [one["sku"] for one in without.body["lines"][0]["deliveries"]] == [None]
    assert without.body["lines"][0]["promised_date"] == a_day(9).isoformat()


@pytest.mark.parametrize("name", ["frozen", "allow_substitutes", "supply", "ship_to", "latest_acceptable_date", "max_shipments"])
def test_null_takes_a_wish_back(name: str) -> None:
    house = a_house(5)
    order = ordered(house, line(3))
    assert amended(house, order, {"line_ref": "1", name: None}).status == 200
    assert amended(house, order, {**line(1, "2"), name: None}).status == 200


def test_an_amendment_answers_all_that_an_order_answers() -> None:
    house = a_house(5, (20, 4))
    order = ordered(house, line(5))
    found = amended(house, order, {"line_ref": "1", "quantity": 9}, line(2, "2")).body
    said = {name for name in order.body if name not in ("mode", "expires_at", "request_id", "order_id")}
    assert said <= found.keys()
    assert all(set(order.body["lines"][0]) <= one.keys() for one in found["lines"])
    assert (found["outcome"], found["lines"][0]["slip_days"], found["lines"][0]["pegging"][1]["ref"]) == ("late", 4, "TABLE-0")
    assert set(order.body["lines"][0]["deliveries"][0]) <= found["lines"][0]["deliveries"][0].keys()
    assert amended(house, order, priority=5).body["summary"] is None, "nothing was asked of the books"


BOOKS = st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), max_size=3)
POLICIES = st.sampled_from(["earliest", "fewest_shipments", "cheapest", "preferred_site", "just_in_time"])
LIMITS = st.fixed_dictionaries(
    {},
    optional={
        "min_ship_quantity": st.integers(1, 4),
        "max_shipments": st.integers(1, 3),
        "latest_acceptable_date": st.integers(1, 9).map(lambda day: a_day(day).isoformat()),
        "allow_substitutes": st.booleans(),
    },
)


@examples(60)
@given(
    st.integers(0, 6), BOOKS, st.integers(0, 6), BOOKS, st.integers(1, 15), POLICIES, LIMITS, st.booleans(),
    st.sampled_from([None, 0.4, 0.7]),
)  # fmt: skip
def test_an_added_line_is_promised_as_an_order_of_its_own_would_be(
    on_hand: int,
    coming: list[tuple[int, int]],
    instead: int,
    coming_instead: list[tuple[int, int]],
    quantity: int,
    policy: str,
    limits: dict[str, Any],
    partial: bool,  # noqa: FBT001
    probability: float | None,
) -> None:
    house = a_house(on_hand, *coming, substitutes=[DESK])
    a_house(instead, *coming_instead, sku=DESK, house=house)
    a_house(1, sku="CHAIR", house=house)
    house.board.world._chances = Chances({"purchase_order|WOOD": {0: 60, 2: 30, 5: 10}})
    terms = {"policy": policy, "allow_partial": partial, "probability": probability}
    alone = ordered(house.twin(), line(quantity, "2", **limits), **terms)
    order = ordered(house, line(1, sku="CHAIR"), **terms)
    found = amended(house, order, line(quantity, "2", **limits))
    answered = (found.body if found.status == 200 else found.body["offer"])["lines"][1:]
    expected = (alone.body if alone.status == 200 else alone.body["offer"])["lines"][0]
    if not partial:
        assert found.status == alone.status
    for one in answered:
        for name in ("outcome", "promised_date", "promised_quantity", "probability", "reasons", "pegging", "slip_days"):
            assert one[name] == expected[name], name
        assert shipments(one) == shipments(expected)
