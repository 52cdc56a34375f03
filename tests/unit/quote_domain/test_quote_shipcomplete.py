"""All lines on one date: which, why not earlier, and what the lines are told that could come earlier (promising.md § 4)."""

from dataclasses import replace
from typing import Any

import pytest

from services.quote.domain.allocation import Allocation, Kind
from services.quote.domain.book import Book
from services.quote.domain.choice import Aim
from services.quote.domain.dates import immediate
from services.quote.domain.policy import Costs
from services.quote.domain.promise import Decision, Demand, LineRequest, promise
from services.quote.domain.request import Substitute
from services.quote.domain.shipcomplete import plan_together
from services.quote.domain.sources import Component, Make, Transfer
from services.quote.domain.stand import Stand
from tests.unit.quote_domain.builders import TODAY, AShelf, a_book, a_line, receipt, units
from tests.unit.quote_domain.plants import Plant, a_purchase

SITES = ("HAM", "BER")


def together(shelf: AShelf, *lines: LineRequest, **how: Any) -> Decision:
    numbered = tuple(replace(line, line_ref=str(at)) for at, line in enumerate(lines, 1))
    return promise(Demand(numbered, ship_complete=True, **how), shelf)


def told(decision: Decision) -> list[tuple[str, str | None, str]]:
    """The last reason of each line."""
    return [(line.reasons[-1].code, line.reasons[-1].ref, line.reasons[-1].summary) for line in decision.lines]


def days(decision: Decision) -> list[int]:
    return sorted({one.delivery_day - TODAY for line in decision.lines for one in line.deliveries})


def sites(decision: Decision) -> list[list[str]]:
    return [[one.site for one in line.deliveries] for line in decision.lines]


def test_lines_that_fit_alone_and_never_together_are_refused_together() -> None:
    found = together(AShelf(a_book(on_hand=5)), a_line(3), a_line(4))
    assert told(found) == [("NO_COMMON_DATE", None, "the lines together need more than known supply and allocations leave on any date")] * 2
    assert found.outcome == "none"


def test_a_line_that_never_fits_is_named_to_all_others() -> None:
    shelf = AShelf(a_book(on_hand=5), a_book(on_hand=1, sku="TWO"))
    assert told(together(shelf, a_line(3), a_line(6), a_line(2, sku="TWO"))) == [
        ("OTHER_LINE_IMPOSSIBLE", "2", "line 2 cannot be promised, and all lines ship together"),
        ("NOT_ENOUGH_SUPPLY", "2", "known supply never covers the whole of line 2"),
        ("NOT_ENOUGH_SUPPLY", "3", "known supply never covers the whole of line 3"),
    ]


@pytest.mark.parametrize("partial", [False, True])
def test_every_line_waits_for_the_slowest(partial: bool) -> None:  # noqa: FBT001
    late = [a_book(receipt(sku, 5, day), sku=sku) for sku, day in (("ONE", 1), ("TWO", 4), ("THREE", 2))]
    lines = [a_line(1, sku=sku) for sku in ("ONE", "TWO", "THREE")]
    found = together(AShelf(*late), *lines, allow_partial=partial)
    assert (days(found), [line.slip_days for line in found.lines]) == ([4], [4, 4, 4])
    assert told(found)[0] == told(found)[2] == ("SHIPS_COMPLETE", "2", "ships together with line 2")
    apart = [[(one.alternative, one.kind, one.deliveries[0].delivery_day - TODAY) for one in line.alternatives] for line in found.lines]
    assert apart == [[("a1", "apart", 1)], [], [("a1", "apart", 2)]]
    after = plan_together(lines, Stand(AShelf(*late)), allow_partial=partial, not_before=TODAY + 3)
    assert {plan.waits.code for plan in after if plan.waits is not None} == {"SHIPS_COMPLETE"}


@pytest.mark.parametrize("planned", [False, True])
def test_the_latest_acceptable_date_of_any_line_is_that_of_all(planned: bool) -> None:  # noqa: FBT001
    """What comes on that day is in time."""
    shelf = Plant(a_book(on_hand=5), Book("TWO", "HAM") if planned else a_book(receipt("r", 5, 4), sku="TWO"))
    if planned:
        shelf.source["TWO", "HAM"] = (a_purchase(4),)
    lines = a_line(1, latest_day=4), a_line(2, sku="TWO")
    for partial in (False, True):
        assert days(together(shelf, *lines, allow_partial=partial)) == [4]
        refused = together(shelf, replace(lines[0], latest_day=TODAY + 3), lines[1], allow_partial=partial)
        assert refused.outcome == "none"
        if not planned:
            assert (
                told(refused)
                == [("AFTER_LATEST_DATE", None, "all lines together can leave on Sat 5 Dec 2026, after the latest acceptable date")] * 2
            )


def test_a_line_that_comes_after_its_own_latest_date_is_not_said_to_lack_supply() -> None:
    shelf = AShelf(a_book(on_hand=5), a_book(receipt("r", 5, 4), sku="TWO"))
    for partial in (False, True):
        refused = together(shelf, a_line(1), a_line(2, sku="TWO", latest_day=3), allow_partial=partial)
        assert [code for code, *_ in told(refused)] == ["AFTER_LATEST_DATE", "AFTER_LATEST_DATE"]


def a_ceiling(quantity: float, sku: str, **more: Any) -> Allocation:
    return Allocation("C", Kind.CEILING, ("shop",), sku, None, units(quantity), **more)


def test_the_ceiling_that_keeps_a_line_from_the_latest_date_is_named() -> None:
    shelf = AShelf(a_book(on_hand=5), a_book(on_hand=5, sku="TWO"))
    shelf.rationed = [a_ceiling(1, "TWO", last=TODAY + 6)]
    found = together(shelf, a_line(1, latest_day=4), a_line(2, sku="TWO"), classes=("shop",))
    assert [code for code, *_ in told(found)] == ["AFTER_LATEST_DATE", "CEILING_REACHED"]
    assert told(found)[1][2] == "shop may take 1 EA of TWO to Mon 7 Dec 2026 and has 1 left; 2 from Tue 8 Dec 2026"
    later = together(shelf, a_line(1), a_line(2, sku="TWO"), classes=("shop",))
    assert days(later) == [7]
    assert [(reason.code, reason.adds_days) for reason in later.lines[1].reasons if reason.adds_days] == [("CEILING_REACHED", 7)]


def test_a_ceiling_that_never_leaves_the_quantity_refuses_all_lines() -> None:
    shelf = AShelf(a_book(on_hand=5), a_book(on_hand=9, sku="TWO"))
    shelf.rationed = [a_ceiling(5, "TWO")]
    for partial in (False, True):
        how: dict[str, Any] = {"allow_partial": partial, "classes": ("shop",)}
        never = together(shelf, a_line(1), a_line(6, sku="TWO"), **how)
        assert [code for code, *_ in told(never)] == ["OTHER_LINE_IMPOSSIBLE", "CEILING_REACHED"]
        apart = together(shelf, a_line(3, sku="TWO"), a_line(3, sku="TWO"), **how)
        assert [code for code, *_ in told(apart)] == ["NO_COMMON_DATE", "NO_COMMON_DATE"]


def test_within_a_ceiling_a_line_may_come_from_several_sites_on_the_first_day_that_leaves_it() -> None:
    shelf = AShelf(a_book(on_hand=4), a_book(receipt("r", 4, 2), site="BER"))
    shelf.rationed = [a_ceiling(7, "SKU")]
    found = together(shelf, a_line(5, sites=SITES), a_line(1, sites=SITES), allow_partial=True, classes=("shop",))
    assert (sites(found), days(found)) == ([["HAM", "BER"], ["BER"]], [2])


@pytest.mark.parametrize("aim", list(Aim))
@pytest.mark.parametrize("partial", [False, True])
@pytest.mark.parametrize("planned", [False, True])
def test_a_promise_of_all_that_stands_is_not_pulled_in(aim: Aim, partial: bool, planned: bool) -> None:  # noqa: FBT001
    shelf = Plant(a_book(on_hand=5), Book("TWO", "HAM") if planned else a_book(on_hand=5, sku="TWO"))
    shelf.source["TWO", "HAM"] = (a_purchase(3),)
    lines = [a_line(1), a_line(2, sku="TWO", ref="2")]
    plans = plan_together(lines, Stand(shelf), allow_partial=partial, not_before=TODAY + 5, aim=aim)
    assert {take.hop.delivery - TODAY for plan in plans for take in plan.takes} == {5}
    assert {plan.waits.summary for plan in plans if plan.waits is not None} == {"the promise of Sun 6 Dec 2026 stands: it is not pulled in"}


def test_a_line_that_no_book_serves_refuses_all_unless_a_substitute_may_stand_in() -> None:
    shelf = AShelf(a_book(on_hand=5), a_book(on_hand=5, sku="OTHER"))
    unknown = a_line(2, sku="TWO")
    assert [code for code, *_ in told(together(shelf, a_line(1), unknown))] == ["OTHER_LINE_IMPOSSIBLE", "NO_BOOK"]
    found = together(shelf, a_line(1), replace(unknown, substitutes=(Substitute("OTHER", ("HAM",)),)))
    assert [line.deliveries[0].sku for line in found.lines] == [None, "OTHER"]


def test_supply_that_is_planned_is_taken_only_where_it_makes_all_earlier() -> None:
    for lead, expected in ((2, ([2], 1)), (4, ([4], 0)), (5, ([4], 0))):
        shelf = Plant(a_book(on_hand=5), a_book(receipt("r", 5, 4), sku="TWO"))
        shelf.source["TWO", "HAM"] = (a_purchase(lead),)
        found = together(shelf, a_line(1), a_line(2, sku="TWO"))
        assert (days(found), len(found.planned)) == expected
        assert [one.kind for one in found.lines[0].alternatives] == ([] if lead == 2 else ["apart"])
        assert [line.slip_days for line in found.lines] == [min(lead, 4)] * 2
        in_time = together(shelf, a_line(1), a_line(2, sku="TWO", latest_day=3))
        assert days(in_time) == ([2] if lead == 2 else [])


def a_market(late: float = 0, handling: float = 0) -> Plant:
    """At HAM both are on hand; at BER one is, and the other comes in two days."""
    shelf = Plant(
        a_book(on_hand=9, sku="ONE"), a_book(on_hand=9, sku="TWO"),
        a_book(on_hand=9, sku="ONE", site="BER"), a_book(receipt("r", 9, 2), sku="TWO", site="BER"),
    )  # fmt: skip
    costs = {"HAM": Costs(lateness_per_unit_day=units(late), handling_per_unit=units(handling)), "BER": Costs(units(late))}
    shelf.costs = lambda sku, site: costs[site]  # type: ignore[method-assign] # noqa: ARG005
    return shelf


@pytest.mark.parametrize(
    ("aim", "costs", "served", "day"),
    [
        (Aim.EARLIEST, {}, [["BER"], ["HAM"]], 0),
        (Aim.JUST_IN_TIME, {}, [["BER"], ["HAM"]], 0),
        (Aim.PREFERRED_SITE, {}, [["BER"], ["BER"]], 2),
        (Aim.FEWEST_SHIPMENTS, {}, [["BER"], ["HAM"]], 0),
        (Aim.CHEAPEST, {"late": 1, "handling": 3}, [["BER"], ["HAM"]], 0),
        (Aim.CHEAPEST, {"late": 1, "handling": 5}, [["BER"], ["BER"]], 2),
    ],
)
def test_a_policy_weighs_the_first_common_date_against_that_of_the_line_that_it_would_let_wait(
    aim: Aim, costs: dict[str, float], served: list[list[str]], day: int
) -> None:
    lines = a_line(2, sku="ONE", sites=SITES[::-1]), a_line(2, sku="TWO", sites=SITES[::-1])
    found = together(a_market(**costs), *lines, policy=aim)
    assert (sites(found), days(found)) == (served, [day])
    in_time = together(a_market(**costs), lines[0], replace(lines[1], latest_day=TODAY + 1), policy=aim)
    assert (sites(in_time), days(in_time)) == ([["BER"], ["HAM"]], [0])


@pytest.mark.parametrize(("price", "ref", "day"), [(3, "SLOW", 4), (5, "FAST", 2)])
def test_the_cheapest_for_all_counts_what_every_plan_costs(price: float, ref: str, day: int) -> None:
    """Four units wait two days more for a unit each: as much as two units of the slow order may cost less."""
    shelf = Plant(a_book(on_hand=9, sku="ONE"), Book("TWO", "HAM"))
    fast, slow = replace(a_purchase(2, ref="FAST"), cost=units(8)), replace(a_purchase(4, ref="SLOW"), cost=units(price))
    shelf.source["TWO", "HAM"] = (fast, slow)
    found = together(shelf, a_line(2, sku="ONE"), a_line(2, sku="TWO"), policy=Aim.CHEAPEST)
    assert ([plan.ref for plan in found.planned], days(found)) == ([ref], [day])


def from_depots(lines: int, aim: Aim) -> Decision:
    """So many lines, each moved together from six depots, of which the last has enough on day 17 at the latest."""
    depots = tuple(f"D{number}" for number in range(6))
    skus = tuple(f"K{number}" for number in range(lines))
    shelf = AShelf(
        *[a_book(receipt("R", 3, 5 * number + 2), on_hand=2, sku=sku, site=depot) for sku in skus for number, depot in enumerate(depots)],
        *[a_book(sku=sku) for sku in skus],
    )
    shelf.source = {(sku, "HAM"): tuple(Transfer(f"L{depot}", depot, immediate(TODAY)) for depot in depots) for sku in skus}
    return together(shelf, *[a_line(24, 1, ref=sku, sku=sku) for sku in skus], policy=aim)


@pytest.mark.parametrize(
    ("lines", "aim"), [(10, Aim.CHEAPEST), (10, Aim.PREFERRED_SITE), (10, Aim.FEWEST_SHIPMENTS), (40, Aim.EARLIEST), (40, Aim.JUST_IN_TIME)]
)
def test_a_common_date_that_was_found_stands_where_finding_it_has_used_up_the_effort(lines: int, aim: Aim) -> None:
    decision = from_depots(lines, aim)
    assert days(decision) == [17]
    assert all(sum(one.quantity for one in line.deliveries) == units(24) for line in decision.lines)


def test_a_substitute_may_come_from_a_site_that_does_not_ship_the_line_itself() -> None:
    shelf = AShelf(a_book(on_hand=1), a_book(on_hand=9, sku="ALT", site="BER"))
    line = a_line(5, substitutes=(Substitute("ALT", ("BER",)),))
    decision = together(shelf, line, a_line(1), policy=Aim.PREFERRED_SITE)
    assert sites(decision) == [["BER"], ["HAM"]]


@pytest.mark.parametrize("aim", Aim)
def test_whatever_the_policy_a_standing_promise_of_all_says_why_nobody_comes_earlier(aim: Aim) -> None:
    plans = plan_together(
        [a_line(2), a_line(2, sku="OTHER", ref="2")],
        Stand(AShelf(a_book(on_hand=9), a_book(on_hand=9, sku="OTHER"))),
        allow_partial=False,
        not_before=TODAY + 3,
        aim=aim,
    )
    assert [plan.waits.code if plan.waits else None for plan in plans] == ["PROMISE_STANDS"] * 2


def test_a_ceiling_is_not_to_blame_for_what_only_comes_after_the_latest_date() -> None:
    shelf = AShelf(a_book(receipt("PO", 5, 5)), a_book(on_hand=9, sku="OTHER"))
    shelf.rationed = [a_ceiling(100, "SKU")]
    for latest, of_the_other in ((3, None), (None, 3)):
        lines = a_line(5, latest_day=latest), a_line(1, sku="OTHER", latest_day=of_the_other)
        assert {code for code, _, _ in told(together(shelf, *lines, classes=("shop",)))} == {"AFTER_LATEST_DATE"}


def test_what_a_line_takes_too_early_of_another_is_asked_again_when_there_is_more_up_to_the_latest_date() -> None:
    """Now the old one would take all three of the new one; on day 3 it has two of its own."""
    shelf = AShelf(a_book(receipt("PO", 2, 3), sku="OLD"), a_book(on_hand=3, sku="NEW"))
    old = replace(a_line(3, sku="OLD", latest_day=3), substitutes=(Substitute("NEW", ("HAM",)),))
    assert days(together(shelf, old, a_line(2, sku="NEW"))) == [3]


def test_a_policy_is_tried_on_the_first_common_date_also_where_on_the_wanted_one_a_line_takes_the_parts_of_another() -> None:
    """Made at once it would cost nothing but the parts that the other line asks for; on day 3 it is there."""
    plant = Plant(a_book(receipt("PO", 2, 3), sku="WHOLE"), a_book(on_hand=2, sku="PART"))
    plant.source["WHOLE", "HAM"] = (Make("WHOLE", (Component(("PART",), units(1)),), ()),)
    plant.costs = lambda sku, site: Costs(lateness_per_unit_day=units(9))  # type: ignore[method-assign] # noqa: ARG005
    found = together(plant, a_line(2, sku="WHOLE"), a_line(2, sku="PART"), policy=Aim.CHEAPEST)
    assert (days(found), found.planned) == ([3], ())
    assert [line.alternatives for line in found.lines] == [(), ()], "weighed, and not what is found without a policy"
