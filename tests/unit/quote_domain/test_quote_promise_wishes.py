"""What a request may wish beside its lines reaches the decision: class, hold, deadline, policy, shipping complete."""

import pytest

from services.quote.domain.allocation import Allocation, Kind
from services.quote.domain.choice import Aim
from services.quote.domain.promise import Demand, effort_for, promise
from services.quote.domain.split import EFFORT
from tests.unit.quote_domain.builders import TODAY, AShelf, a_book, a_line, claim, receipt, shipped_as, units
from tests.unit.quote_domain.plants import HERE, PART, Plant, a_purchase

SITES = ("BER", "HAM")


def a_choice() -> AShelf:
    """All of it is there now at HAM, and in four days at BER, which stands first."""
    return AShelf(a_book(receipt("r", 9, 4), site="BER"), a_book(on_hand=9))


def test_the_ceilings_of_its_class_bind() -> None:
    shelf = a_choice()
    shelf.rationed = [Allocation("C", Kind.CEILING, ("shop",), "SKU", None, units(3))]
    assert [promise(Demand((a_line(5, sites=SITES),), classes=one), shelf).outcome for one in ((), ("shop",))] == ["full", "none"]


def test_of_a_hold_it_is_told_what_fills_up_later_what_it_takes_now() -> None:
    plant = Plant(a_book(claim("c", 4, 9), on_hand=4, sku=PART, site=HERE))
    plant.source[PART, HERE] = (a_purchase(3),)
    for ends, returns in ((None, ()), ({HERE: TODAY + 1}.__getitem__, ((0, units(4)),))):
        (line,) = promise(Demand((a_line(4, sku=PART, sites=(HERE,)),), hold_ends=ends), plant).lines
        assert [one.returns for one in line.deliveries] == [returns]


def test_its_policy_chooses_for_each_line_and_for_all_together() -> None:
    lines = (a_line(2, sites=SITES), a_line(3, sites=SITES, ref="2"))
    for aim, expected in ((Aim.PREFERRED_SITE, ("BER", 4)), (Aim.EARLIEST, ("HAM", 0))):
        for complete in (False, True):
            found = promise(Demand(lines, policy=aim, ship_complete=complete), a_choice())
            assert [(site, day) for line in found.lines for site, _, day in shipped_as(line.deliveries)] == [expected, expected]
            assert found.ships_complete is complete


def test_what_is_planned_is_put_off_only_where_that_was_wished() -> None:
    plant = Plant(a_book(sku=PART, site=HERE))
    plant.source[PART, HERE] = (a_purchase(3),)
    for aim, day in ((Aim.EARLIEST, 0), (Aim.JUST_IN_TIME, 6)):
        (plan,) = promise(Demand((a_line(4, 9, sku=PART, sites=(HERE,)),), policy=aim), plant).planned
        assert plan.start_day - TODAY == day


def test_one_line_ships_complete_by_itself() -> None:
    shelf = AShelf(a_book(receipt("r", 9, 2), on_hand=3), a_book(receipt("s", 9, 1), on_hand=1, site="BER"))
    line = a_line(7, sites=SITES)
    assert promise(Demand((line,), ship_complete=True), shelf) == promise(Demand((line,)), shelf)


@pytest.mark.parametrize("rations", [[], [Allocation("C", Kind.CEILING, ("shop",), "SKU", None, units(28))]], ids=("free", "rationed"))
def test_a_deadline_bounds_the_search_for_a_split(rations: list[Allocation]) -> None:
    shelf = AShelf(*(a_book(*(receipt(f"{site}{day}", 2, day) for day in range(8)), site=site) for site in ("HAM", "BER", "MUC")))
    shelf.rationed = rations
    line = a_line(29, sites=("HAM", "BER", "MUC"), min_ship=3, max_shipments=6)
    for deadline_ms, cut in ((2_000, False), (1, True)):
        wish = Demand((line,), allow_partial=True, deadline_ms=deadline_ms, classes=("shop",))
        assert ("SEARCH_CUT" in [one.code for one in promise(wish, shelf).lines[0].reasons]) is cut


def test_many_lines_together_search_no_longer_than_one_and_each_a_little() -> None:
    lines = [a_line(1)] * 5000
    assert [effort_for(lines[:number]) for number in (0, 1, 2, 5, 5000)] == [EFFORT, EFFORT, EFFORT // 2, EFFORT // 5, 100]
