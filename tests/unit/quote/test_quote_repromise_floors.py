"""A floor over several sites, when promises are decided anew: kept whole at each at first, then asked with the exact rule (decision 21)."""

from services.quote.domain.demandclass import Strategy
from tests.unit.quote.desk_house import SITE, a_receipt
from tests.unit.quote.town import CHAIR, THERE, Town, a_town, promised

WIN, GAIN, REDISTRIBUTE, FILL, LOSE = Strategy


def a_shop(here: float, there: float, kept: float, later: float = 0) -> Town:
    """CHAIRs at both sites; so many are kept at both together for GOLD; more come to HAM in five days."""
    stock = {(CHAIR, SITE): here, (CHAIR, THERE): there}
    receipts = [(CHAIR, 5, later)] * bool(later)
    return a_town(
        {"minutes": 0, "stock": stock, "receipts": receipts, "allocation": ("floor of both", kept), "orders": [], "default": FILL}
    )


def ordered(town: Town, quantity: float, strategy: Strategy | None = None, *, gold: bool = False) -> str:
    order_id = f"ord_{len(town.orders)}"
    asked = {"lines": [(CHAIR, quantity, 0, False)], "priority": len(town.orders), "frozen": False, "partial": False, "complete": False}
    town.order(order_id, {**asked, "sites": [SITE, THERE], "gold": gold, "strategy": strategy})
    assert order_id in town.orders
    return order_id


def day(town: Town, order_id: str) -> int:
    return promised(town.orders[order_id].lines[0])


def decided(town: Town) -> None:
    assert town.apply(town.simulated()).status == 200
    assert town.simulated().moves == ()


def test_what_the_sites_can_spare_together_is_given_to_whoever_may_improve_and_no_more() -> None:
    for strategy in (WIN, GAIN, REDISTRIBUTE):
        town = a_shop(0, 0, 5, later=20)
        first, last = ordered(town, 5, strategy), ordered(town, 5, strategy)
        town.house.stock(CHAIR, 5, SITE)
        town.house.stock(CHAIR, 5, THERE)
        decided(town)
        assert [day(town, one) for one in (first, last)] == [0, 5], "ten are there, and five of them are kept, wherever"
        gold = ordered(town, 5, gold=True)
        assert day(town, gold) == 0


def test_whoever_loses_by_the_coarse_rule_is_saved_by_the_exact_one() -> None:
    for strategy in Strategy:
        town = a_shop(11, 0, 5)
        order = ordered(town, 6, strategy)
        town.house.stock(CHAIR, 5, SITE)
        town.house.stock(CHAIR, 6, THERE)
        decided(town)
        assert (day(town, order), town.orders[order].lines[0].deliveries[-1].site) == (0, THERE)
        assert day(town, ordered(town, 5, gold=True)) == 0


def test_what_both_keep_together_is_not_taken_from_either() -> None:
    town = a_shop(0, 0, 8, later=20)
    order = ordered(town, 5, WIN)
    town.house.stock(CHAIR, 5, SITE)
    town.house.stock(CHAIR, 5, THERE)
    decided(town)
    assert day(town, order) == 5


def test_a_floor_over_sites_that_get_more_later_leaves_what_comes_to_others() -> None:
    town = a_shop(0, 0, 5, later=20)
    order = ordered(town, 5, GAIN)
    more = a_receipt("PO-3", 6, 3, "purchase_order")
    town.house.stock(CHAIR, 4, SITE)
    town.house.hear(town.house.position(CHAIR, THERE, receipts=[more]))
    decided(town)
    assert day(town, order) == 3
