"""Promises with substitutes, decided anew: what stands in stays named, stays together, gives way and comes back like anything else."""

from typing import Any

from services.quote.domain.demandclass import Strategy
from tests.unit.quote.desk_house import SITE, a_day, a_receipt
from tests.unit.quote.town import CHAIR, STOOL, Town, a_town, promised

WIN, GAIN, REDISTRIBUTE, FILL, LOSE = Strategy


def a_shop(chairs: float, stools: float, later: float = 0, later_stools: float = 0) -> Town:
    """CHAIRs and STOOLs in HAM that cannot be made; more of each come in five days."""
    receipts = [(CHAIR, 5, later)] * bool(later) + [(STOOL, 5, later_stools)] * bool(later_stools)
    stock = {(CHAIR, SITE): chairs, (STOOL, SITE): stools}
    return a_town(
        {"minutes": 0, "stock": stock, "receipts": receipts, "allocation": (None, 0), "orders": [], "default": FILL}
    )  # fmt: skip


def ordered(town: Town, quantity: float, strategy: Strategy | None = None, *, instead: bool = True, day: int = 0, **more: Any) -> str:
    order_id = f"ord_{len(town.orders)}"
    lines = [(CHAIR, quantity, day, instead)]
    asked = {"lines": lines, "priority": len(town.orders), "frozen": False, "partial": False, "complete": False, "sites": [SITE]}
    town.order(order_id, {**asked, "gold": False, "strategy": strategy, **more})
    assert order_id in town.orders
    return order_id


def stands(town: Town, order_id: str) -> list[tuple[str | None, float, int]]:
    """What is open: instead of the sku, how much, on which day."""
    line = town.orders[order_id].lines[0]
    found = [(one.sku, one.open / 1_000_000, one.delivery_day - a_day(0).toordinal()) for one in line.deliveries if one.open]
    assert max(day for _, _, day in found) == promised(line)
    return sorted(found, key=lambda one: (one[2], one[0] or ""))


def decided(town: Town) -> Any:
    """Simulate, apply, and see that nothing is left to change."""
    row = town.simulated()
    assert town.apply(row).status == 200
    assert town.simulated().moves == ()
    return row.answer


def free(town: Town) -> dict[str, int]:
    """What is projected in the end."""
    return {key.split("|")[0]: figures[-1] // 1_000_000 for key, figures in town.projected().items() if key.endswith(SITE)}


def test_a_substitute_that_falls_away_moves_all_of_its_line_for_it_may_not_be_split() -> None:
    town = a_shop(6, 2, later_stools=2)
    order = ordered(town, 8)
    assert stands(town, order) == [(None, 6, 0), (STOOL, 2, 0)]
    town.house.stock(STOOL, 0)
    answer = decided(town)
    assert [(one["order_id"], one["days"], one["reason"]["code"], one["reason"]["sku"]) for one in answer["losers"]] == [
        (order, 5, "SHORTAGE", STOOL)
    ]
    assert stands(town, order) == [(None, 6, 5), (STOOL, 2, 5)]


def test_a_line_that_may_be_split_moves_only_what_fell_away() -> None:
    town = a_shop(6, 2, later_stools=2)
    order = ordered(town, 8, partial=True)
    town.house.stock(STOOL, 0)
    decided(town)
    assert stands(town, order) == [(None, 6, 0), (STOOL, 2, 5)]


def test_where_the_sku_itself_comes_again_it_takes_the_place_of_what_stood_in_for_it() -> None:
    town = a_shop(6, 2)
    order = ordered(town, 8)
    town.house.stock(STOOL, 0)
    town.house.hear(town.house.position(CHAIR, receipts=[a_receipt("PO-9", 2, 3, "purchase_order")]))
    answer = decided(town)
    assert [one["days"] for one in answer["losers"]] == [3]
    assert [one["sku"] for one in answer["losers"][0]["deliveries"]] == [None]
    assert (stands(town, order), free(town)) == ([(None, 8, 3)], {CHAIR: 0, STOOL: 0})


def test_who_gives_way_gets_a_substitute_where_its_line_allows_it() -> None:
    for instead in (True, False):
        town = a_shop(10, 0, later=10)
        first, last = ordered(town, 10, LOSE, instead=instead), ordered(town, 10, WIN, instead=False)
        town.house.stock(STOOL, 10)
        answer = decided(town)
        assert (stands(town, last), [one["days"] for one in answer["winners"]]) == ([(None, 10, 0)], [-5])
        assert stands(town, first) == ([(STOOL, 10, 0)] if instead else [(None, 10, 5)])
        kind = "moved" if instead else "losers"
        assert [(one["order_id"], one["deliveries"][0]["sku"]) for one in answer[kind]] == [(first, STOOL if instead else None)]


def test_whoever_may_improve_takes_a_substitute_that_is_there_earlier_and_who_fills_does_not() -> None:
    for strategy, day in ((WIN, 0), (GAIN, 0), (REDISTRIBUTE, 0), (FILL, 5), (LOSE, 5)):
        town = a_shop(0, 0, later=8)
        order = ordered(town, 8, strategy)
        assert stands(town, order) == [(None, 8, 5)]
        town.house.stock(STOOL, 8)
        decided(town)
        assert stands(town, order) == [(STOOL if day == 0 else None, 8, day)]


def test_what_was_promised_with_a_substitute_later_than_wanted_comes_earlier_by_the_sku_itself() -> None:
    for strategy in (WIN, GAIN, REDISTRIBUTE):
        town = a_shop(0, 0, later_stools=8)
        order = ordered(town, 8, strategy)
        assert stands(town, order) == [(STOOL, 8, 5)]
        town.house.stock(CHAIR, 8)
        decided(town)
        assert (stands(town, order), free(town)[STOOL]) == ([(None, 8, 0)], 8)


def test_a_substitute_that_suffices_is_left_where_it_stands() -> None:
    for strategy in Strategy:
        town = a_shop(6, 2)
        order = ordered(town, 8, strategy)
        town.house.stock(CHAIR, 8)  # the sku itself would do by now: a promise that holds is not changed without need
        answer = decided(town)
        assert (answer["winners"], answer["losers"], answer["moved"], answer["unchanged"]) == ([], [], [], 1)
        assert stands(town, order) == [(None, 6, 0), (STOOL, 2, 0)]


def test_two_who_stand_on_one_substitute_keep_it_by_rank() -> None:
    town = a_shop(0, 10, later=20)
    first, last = ordered(town, 5, FILL), ordered(town, 5, FILL)
    town.house.stock(STOOL, 5)
    answer = decided(town)
    assert [one["order_id"] for one in answer["losers"]] == [last]
    assert [stands(town, one) for one in (first, last)] == [[(STOOL, 5, 0)], [(None, 5, 5)]]


def test_what_ships_complete_moves_with_its_substitute() -> None:
    town = a_shop(6, 2, later_stools=5)
    town.house.stock("LEG", 3)
    order = ordered(town, 8, complete=True, lines=[(CHAIR, 8, 0, True), ("LEG", 3, 0, False)])
    town.house.stock(STOOL, 0)
    decided(town)
    assert [promised(line) for line in town.orders[order].lines] == [5, 5]
    assert stands(town, order) == [(None, 6, 5), (STOOL, 2, 5)]


def test_a_frozen_line_keeps_its_substitute_even_into_the_negative() -> None:
    town = a_shop(0, 8, later=8)
    order = ordered(town, 8, frozen=True)
    town.house.stock(STOOL, 0)
    assert town.simulated().moves == ()
    assert stands(town, order) == [(STOOL, 8, 0)]
