"""The plan of one line: why nothing can be planned, which way is tried after which, what is said of those that lost."""

from collections.abc import Sequence
from typing import Any

import pytest

from services.quote.domain.allocation import Allocation, Period
from services.quote.domain.allocation import Kind as Rule
from services.quote.domain.answer import Alternative
from services.quote.domain.calendar import EVERY_DAY, NEVER, Calendar
from services.quote.domain.choice import Aim
from services.quote.domain.dates import Way
from services.quote.domain.plan import Plan, plan_line
from services.quote.domain.reasons import Reason
from services.quote.domain.request import LineRequest, Substitute
from services.quote.domain.sources import Component, Make
from services.quote.domain.stand import Stand
from tests.unit.quote_domain.builders import MICRO, TODAY, AShelf, a_book, a_line, receipt, units
from tests.unit.quote_domain.plants import HERE, PART, a_purchase, a_transfer
from tests.unit.quote_domain.test_quote_supply import a_chain

SITES = ("HAM", "BER", "MUC", "ULM", "KIEL", "BONN")


def planned(line: LineRequest, shelf: AShelf, **more: Any) -> Plan:
    return plan_line(line, Stand(shelf, classes=more.pop("classes", ())), allow_partial=more.pop("partial", False), **more)


def a_shelf(*supply: Sequence[tuple[float, int]], buys: int | None = None) -> AShelf:
    """Sites one after the other, each with units that come on a day; more can be bought at the first."""
    shelf = AShelf(
        *(a_book(*(receipt(f"{site}{day}", q, day) for q, day in each), site=site) for site, each in zip(SITES, supply, strict=False))
    )
    if buys is not None:
        shelf.source["SKU", "HAM"] = (a_purchase(buys),)
    return shelf


def taken(plan: Plan) -> list[tuple[str, float, int]]:
    """Site, units and delivery day of what it takes."""
    return [(take.outlet.site, take.quantity / MICRO, take.hop.delivery - TODAY) for take in plan.takes]


def lost(plan: Plan) -> list[tuple[str, str, list[tuple[str, float, int]], str]]:
    """The ways that lost, their name and kind, their deliveries, and why."""
    return [(one.alternative, one.kind, delivered(one), one.lost_because) for one in plan.alternatives]


def delivered(one: Alternative) -> list[tuple[str, float, int]]:
    return [(each.site, each.quantity / MICRO, each.delivery_day - TODAY) for each in one.deliveries]


def said(reason: Reason | None) -> tuple[str, str, str | None] | None:
    return None if reason is None else (reason.code, reason.summary, reason.ref)


# -- why nothing can be planned

CLOSED = Calendar((0,) * 7, {TODAY + 4000: 480})


def by_way(site: Calendar = EVERY_DAY, carrier: Calendar = EVERY_DAY, receiving: Calendar = EVERY_DAY) -> AShelf:
    shelf = AShelf(a_book(on_hand=9), a_book(on_hand=9, site="BER"))
    shelf.way = {(each, "DE"): Way(site, 0, carrier, 1, receiving, None, "LANE") for each in ("HAM", "BER")}
    return shelf


NOWHERE = by_way()
TWO = ("HAM", "BER")
UNPLANNED: list[tuple[LineRequest, AShelf, tuple[str, str, str]]] = [
    (a_line(1, known_sku=False), a_shelf(), ("UNKNOWN_SKU", "the sku SKU is not known", "SKU")),
    (a_line(1, sites=()), a_shelf(), ("NO_SITE", "no site may ship SKU", "SKU")),
    (a_line(1, sites=SITES), a_shelf(), ("NO_BOOK", "nothing is known of SKU at HAM, BER, MUC, ULM", "SKU")),
    (a_line(1, ship_to="FR"), a_shelf(), ("NO_BOOK", "nothing is known of SKU at HAM", "SKU")),
    (a_line(1, sites=TWO, ship_to="FR"), NOWHERE, ("NO_LANE", "no lane leads from HAM, BER to FR", "FR")),
    (a_line(1, sites=("ULM", "BER"), ship_to="FR"), NOWHERE, ("NO_LANE", "no lane leads from ULM, BER to FR", "FR")),
    *(
        (
            a_line(1, sites=TWO, ship_to="DE"),
            by_way(**{calendar: NEVER}),
            ("UNKNOWN_CALENDAR", "a calendar on the way from HAM, BER is not known yet", "HAM"),
        )
        for calendar in ("site", "carrier", "receiving")
    ),
    (
        a_line(1, sites=TWO, ship_to="DE"),
        by_way(carrier=CLOSED),
        ("NO_WORKING_DAY", "nothing is delivered from HAM, BER within three years", "HAM"),
    ),
]


@pytest.mark.parametrize(("line", "shelf", "reason"), UNPLANNED, ids=[f"{reason[0]} {n}" for n, (_, _, reason) in enumerate(UNPLANNED)])
def test_what_cannot_be_planned_at_all_says_why_and_which_record_is_meant(
    line: LineRequest, shelf: AShelf, reason: tuple[str, str, str]
) -> None:
    for aim in (Aim.EARLIEST, Aim.CHEAPEST):
        for partial in (False, True):
            plan = planned(line, shelf, aim=aim, partial=partial)
            assert (plan.takes, said(plan.refusal)) == ((), reason)


def test_a_site_that_never_delivers_stands_in_nobodys_way() -> None:
    shelf = by_way()
    shelf.way["HAM", "DE"] = Way(NEVER, 0, EVERY_DAY, 1, EVERY_DAY, None, "LANE")
    assert taken(planned(a_line(9, sites=TWO, ship_to="DE"), shelf)) == [("BER", 9, 1)]


# -- a promise that stands


@pytest.mark.parametrize("partial", [False, True])
@pytest.mark.parametrize("aim", [Aim.EARLIEST, Aim.FEWEST_SHIPMENTS, Aim.CHEAPEST])
@pytest.mark.parametrize("substitutes", [(), (Substitute("OTHER", ("HAM",)),)])
def test_a_promise_that_stands_is_not_pulled_in_and_says_so(aim: Aim, partial: bool, substitutes: tuple[Substitute, ...]) -> None:  # noqa: FBT001 -- drawn
    line = a_line(4, 1, substitutes=substitutes, min_ship=2)
    shelf = a_shelf([(3, 0), (2, 2)])
    stands = ("PROMISE_STANDS", "the promise of Sat 5 Dec 2026 stands: it is not pulled in", None)
    later = planned(line, shelf, not_before=TODAY + 4, partial=partial, aim=aim)
    assert (taken(later), said(later.waits)) == ([("HAM", 4, 4)], stands)
    short = planned(a_line(7, 1, substitutes=substitutes, min_ship=2), shelf, not_before=TODAY + 4, partial=partial, aim=aim)
    assert said(short.waits) == (stands if partial else None)
    for not_before in (None, TODAY, TODAY + 1):
        waits = planned(line, shelf, not_before=not_before, partial=partial, aim=aim).waits
        assert waits is None or waits.code != "PROMISE_STANDS"


# -- ways that were left untried


def too_deep(*supply: tuple[float, int], buys: int | None = None) -> AShelf:
    """What is known; what would be made goes too deep to be looked through; it can be bought instead."""
    plant = a_chain(30)
    plant.books["L0", HERE] = a_book(*(receipt(f"R{day}", q, day) for q, day in supply), sku="L0", site=HERE)
    plant.source["L0", HERE] += () if buys is None else (a_purchase(buys),)
    return plant


BY_DATE = {Aim.EARLIEST, Aim.JUST_IN_TIME}


@pytest.mark.parametrize(
    ("supply", "buys", "day", "partial", "cut"),
    [
        ([], 3, 3, False, {*Aim} - BY_DATE),
        ([], 3, 2, False, {*Aim}),
        ([(9, 2)], None, 1, False, {*Aim}),
        ([(9, 2)], None, 2, False, set()),
        ([(2, 2)], None, 2, True, {*Aim}),
    ],
)
def test_ways_left_untried_are_said_where_one_of_them_may_have_been_better(
    supply: list[tuple[float, int]],
    buys: int | None,
    day: int,
    partial: bool,  # noqa: FBT001 -- drawn
    cut: set[Aim],
) -> None:
    for aim in Aim:
        plan = planned(a_line(4, day, sku="L0", sites=(HERE,)), too_deep(*supply, buys=buys), aim=aim, partial=partial)
        assert plan.takes
        assert plan.cut == (aim in cut), aim


def test_where_every_way_was_tried_nothing_is_said_of_it() -> None:
    for aim in Aim:
        assert not planned(a_line(4), a_shelf([(9, 2)], buys=3), aim=aim).cut
        assert not planned(a_line(4), a_shelf([(2, 0)]), aim=aim, partial=True).cut


# -- the whole line


def test_what_is_known_in_time_is_taken_and_nothing_is_planned_in_its_place() -> None:
    for partial in (False, True):
        plan = planned(a_line(4, 2), a_shelf([(4, 2)], buys=0), partial=partial)
        assert (taken(plan), plan.alternatives, plan.waits) == ([("HAM", 4, 2)], (), None)
        shelf = a_shelf([(1, 0)], [(4, 2)], buys=3)
        assert planned(a_line(4, 2, sites=TWO), shelf, partial=partial).alternatives == (), "nor is it tried at another site"


def test_what_is_known_too_late_waits_only_where_nothing_planned_is_earlier() -> None:
    plan = planned(a_line(4), a_shelf([(2, 0), (2, 6)], buys=3))
    assert taken(plan) == [("HAM", 4, 3)]
    assert lost(plan) == [("a1", "wait", [("HAM", 4, 6)], "LATER")]
    plan = planned(a_line(4), a_shelf([(2, 0), (2, 6)], buys=9))
    assert taken(plan) == [("HAM", 4, 6)]
    split = ("split", [("HAM", 2, 0), ("HAM", 2, 6)], "PARTIAL_NOT_ALLOWED")
    assert lost(plan) == [("a1", *split)], "what is bought would be there too late to be of use"
    plan = planned(a_line(4, sites=TWO), a_shelf([(2, 0)], [(4, 6)], buys=9))
    assert (taken(plan), lost(plan)) == ([("BER", 4, 6)], [("a1", "buy", [("HAM", 4, 9)], "LATER")]), "of a split nothing is said then"


def test_fewest_shipments_of_a_line_that_must_come_in_one_are_its_earliest() -> None:
    shelf = a_shelf([(4, 3)], [(4, 5)], buys=1)
    for aim in (Aim.EARLIEST, Aim.FEWEST_SHIPMENTS):
        plan = planned(a_line(4, sites=SITES[:2]), shelf, aim=aim)
        assert (taken(plan), plan.waits) == ([("HAM", 4, 1)], None)
        assert lost(plan) == [("a1", "site", [("BER", 4, 5)], "LATER"), ("a2", "wait", [("HAM", 4, 3)], "LATER")]


def test_what_several_deliveries_would_give_is_named_where_the_line_must_come_in_one() -> None:
    late = planned(a_line(4), a_shelf([(1, 0), (3, 6)]))
    assert taken(late) == [("HAM", 4, 6)]
    assert lost(late) == [("a1", "split", [("HAM", 1, 0), ("HAM", 3, 6)], "PARTIAL_NOT_ALLOWED")]
    assert lost(planned(a_line(4), a_shelf([(4, 6)]))) == []
    assert lost(planned(a_line(4, 7), a_shelf([(1, 0), (3, 6)]))) == []
    never = planned(a_line(4), a_shelf([(1, 0), (2, 6)]))
    assert lost(never) == [("a1", "partial", [("HAM", 1, 0), ("HAM", 2, 6)], "PARTIAL_NOT_ALLOWED")]
    assert said(never.refusal) == ("NOT_ENOUGH_SUPPLY", "known supply allows at most 3 EA on any date", None)
    sites = planned(a_line(4, sites=TWO), a_shelf([(1, 0)], [(3, 6)]))
    assert lost(sites) == [("a1", "split", [("HAM", 1, 0), ("BER", 3, 6)], "PARTIAL_NOT_ALLOWED")]
    several = "only several deliveries together would do, and the line must come in one"
    assert said(sites.refusal) == ("PARTIAL_NOT_ALLOWED", several, None)
    one = planned(a_line(4), a_shelf([(2, 0)]))
    assert lost(one) == [("a1", "partial", [("HAM", 2, 0)], "PARTIAL_NOT_ALLOWED")]


def test_what_limits_leave_in_one_delivery_is_no_other_way() -> None:
    assert lost(planned(a_line(4, min_ship=2), a_shelf([(1, 0), (3, 6)]))) == []


def test_a_day_before_is_all_that_a_split_needs_to_be_earlier_and_a_millionth_is_something() -> None:
    for quantity in (1, 1 / MICRO):
        plan = planned(a_line(4), a_shelf([(quantity, 5), (4 - quantity, 6)]))
        assert lost(plan) == [("a1", "split", [("HAM", quantity, 5), ("HAM", 4 - quantity, 6)], "PARTIAL_NOT_ALLOWED")]


def test_other_sites_are_named_with_what_they_lost_by() -> None:
    shelf = a_shelf([(1, 0)], [(4, 2)], [(4, 2)], [(4, 3)], [(4, 9)])
    line = a_line(4, sites=SITES[:5], latest_day=5)
    plan = planned(line, shelf)
    assert taken(plan) == [("BER", 4, 2)]
    assert lost(plan)[:3] == [
        ("a1", "site", [("MUC", 4, 2)], "SITE_ORDER"),
        ("a2", "site", [("ULM", 4, 3)], "LATER"),
        ("a3", "site", [("KIEL", 4, 9)], "AFTER_LATEST_DATE"),
    ]


def test_of_many_sites_four_are_named() -> None:
    for count in (2, 4, 5, 6):
        plan = planned(a_line(4, sites=SITES[:count]), a_shelf(*([(4, 0)] for _ in range(count))))
        assert [one.deliveries[0].site for one in plan.alternatives] == list(SITES[1 : min(count, 5)])


# -- later than is acceptable


def test_what_comes_too_late_is_named_as_known_or_planned() -> None:
    known = planned(a_line(4, latest_day=3), a_shelf([(4, 6)], buys=9))
    asked = "the latest acceptable Fri 4 Dec 2026"
    assert said(known.refusal) == ("AFTER_LATEST_DATE", f"the earliest date is Mon 7 Dec 2026, {asked}", None)
    assert lost(known) == [("a1", "later_complete", [("HAM", 4, 6)], "AFTER_LATEST_DATE")]
    bought = planned(a_line(4, latest_day=3), a_shelf([(2, 0), (2, 9)], buys=6))
    assert said(bought.refusal) == ("AFTER_LATEST_DATE", f"the earliest date is Mon 7 Dec 2026, {asked}", None)
    assert lost(bought) == [
        ("a1", "later_planned", [("HAM", 4, 6)], "AFTER_LATEST_DATE"),
        ("a2", "partial", [("HAM", 2, 0)], "PARTIAL_NOT_ALLOWED"),
    ]
    never = planned(a_line(4, latest_day=3), a_shelf([(2, 0), (1, 9)]))
    assert said(never.refusal) == ("NOT_ENOUGH_SUPPLY", "known supply allows at most 3 EA on any date", None)
    assert lost(never) == [("a1", "partial", [("HAM", 2, 0)], "PARTIAL_NOT_ALLOWED")]


def test_nothing_of_what_comes_too_late_is_taken() -> None:
    stand = Stand(a_shelf([], buys=6))
    plan_line(a_line(4, latest_day=3), stand, allow_partial=False)
    assert stand.planned == []


def test_where_there_is_nothing_it_is_said_so() -> None:
    assert said(planned(a_line(4), a_shelf([])).refusal) == ("NOT_ENOUGH_SUPPLY", "known supply allows nothing on any date", None)
    little = planned(a_line(4, uom="KG"), a_shelf([(1 / MICRO, 3)])).refusal
    assert said(little) == ("NOT_ENOUGH_SUPPLY", "known supply allows at most 0.000001 KG on any date", None)


def test_what_a_source_would_have_needed_is_named_unless_it_is_the_sku_itself() -> None:
    shelf = a_shelf([(1, 0)])
    shelf.source["SKU", "HAM"] = (Make("SKU", (Component((PART,), units(1)),), ()),)
    lacking = ", and more cannot be made: PART is lacking at HAM"
    whole = f"known supply allows at most 1 EA on any date{lacking}"
    assert said(planned(a_line(4), shelf).refusal) == ("NOT_ENOUGH_SUPPLY", whole, None)
    assert said(planned(a_line(4), shelf, partial=True).refusal) == ("NOT_ENOUGH_SUPPLY", f"known supply lacks 3 EA{lacking}", None)
    shelf.source["SKU", "HAM"] = ()
    assert said(planned(a_line(4), shelf, partial=True).refusal) == ("NOT_ENOUGH_SUPPLY", "known supply lacks 3 EA", None)


# -- in several deliveries


def test_a_split_names_the_whole_line_in_one_with_what_it_lost_by() -> None:
    assert lost(planned(a_line(4), a_shelf([(1, 0), (3, 6)]), partial=True)) == [("a1", "later_complete", [("HAM", 4, 6)], "LESS_ON_TIME")]
    assert lost(planned(a_line(4), a_shelf([(1, 1), (3, 6)]), partial=True)) == [("a1", "later_complete", [("HAM", 4, 6)], "LATER")]
    late = [("a1", "later_complete", [("HAM", 4, 6)], "AFTER_LATEST_DATE")]
    assert lost(planned(a_line(4, latest_day=5), a_shelf([(1, 0), (3, 6)]), partial=True)) == late
    assert lost(planned(a_line(4, latest_day=5), a_shelf([(4, 6)]), partial=True)) == late
    assert lost(planned(a_line(4), a_shelf([(4, 6)]), partial=True)) == []
    assert lost(planned(a_line(4), a_shelf([(3, 6)]), partial=True)) == []


def test_a_split_names_the_ways_to_plan_it_after_the_whole_line_in_one() -> None:
    plan = planned(a_line(4), a_shelf([(1, 0), (3, 6)], buys=9), partial=True)
    assert taken(plan) == [("HAM", 1, 0), ("HAM", 3, 6)]
    assert lost(plan)[0] == ("a1", "later_complete", [("HAM", 4, 6)], "LESS_ON_TIME")


LIMITS = ("SHIPMENT_LIMITS", "minimum and number of shipments allow no earlier split", None)


def test_a_split_within_limits_says_that_they_allow_no_earlier_one() -> None:
    shelf = a_shelf([(1, 0), (3, 6)])
    for line in (a_line(4, min_ship=2), a_line(4, max_shipments=1), a_line(4, min_ship=2, max_shipments=1)):
        plan = planned(line, shelf, partial=True)
        assert (taken(plan), said(plan.waits)) == ([("HAM", 4, 6)], LIMITS)
    assert planned(a_line(4), shelf, partial=True).waits is None
    assert planned(a_line(4, min_ship=2), a_shelf([(1, 0)]), partial=True).waits is None


@pytest.mark.parametrize(
    ("line", "supply", "reason"),
    [
        (a_line(9), [(4, 0)], ("NOT_ENOUGH_SUPPLY", "known supply lacks 5 EA")),
        (a_line(9, latest_day=3), [(4, 0)], ("NOT_ENOUGH_SUPPLY", "known supply lacks 5 EA")),
        (a_line(9, latest_day=3), [(4, 0), (5, 4)], ("AFTER_LATEST_DATE", "5 could only come after Fri 4 Dec 2026")),
        (a_line(9, min_ship=4, max_shipments=2), [(1, 0), (4, 3), (3, 7)], ("NOT_ENOUGH_SUPPLY", "known supply lacks 1 EA")),
        (a_line(12, max_shipments=1), [(4, 0), (4, 3), (3, 7)], ("NOT_ENOUGH_SUPPLY", "known supply lacks 1 EA")),
    ],
)
def test_a_split_that_promises_less_says_what_is_missing_and_why(
    line: LineRequest, supply: list[tuple[float, int]], reason: tuple[str, str]
) -> None:
    plan = planned(line, a_shelf(supply), partial=True)
    assert plan.takes
    assert said(plan.refusal) == (*reason, None)


@pytest.mark.parametrize(
    ("more", "limits"),
    [({"min_ship": 4}, "the minimum shipment"), ({"min_ship": 4, "max_shipments": 3}, "the limits on shipments")],
)
@pytest.mark.parametrize("latest", [None, 3])
def test_a_split_that_limits_make_smaller_says_so_also_where_there_is_enough_in_time(
    more: dict[str, Any], limits: str, latest: int | None
) -> None:
    """Five at one site, three at the other, and more to come too late: of the three none can leave, since a shipment is of four."""
    plan = planned(a_line(8, sites=TWO, latest_day=latest, **more), a_shelf([(5, 0)], [(3, 0), (0.5, 9)]), partial=True)
    assert taken(plan) == [("HAM", 5, 0)]
    assert said(plan.refusal) == ("BELOW_MINIMUM_SHIPMENT", f"3 cannot come within {limits}", None)


def test_what_could_be_moved_or_bought_after_the_latest_date_could_only_come_after_it() -> None:
    """Six are moved in time. Four more are known to come too late, or could be bought too late; neither is there."""
    for coming, buys, reason in (
        ([(4, 9)], None, ("AFTER_LATEST_DATE", "4 could only come after Sun 6 Dec 2026", None)),
        ([], 9, ("AFTER_LATEST_DATE", "4 could only come after Sun 6 Dec 2026", None)),
        ([], None, ("NOT_ENOUGH_SUPPLY", "known supply lacks 4 EA", None)),
    ):
        shelf = a_shelf(coming, [(6, 0)], buys=buys)
        shelf.source["SKU", "HAM"] = (a_transfer("BER", 2), *shelf.sources("SKU", "HAM"))
        stand = Stand(shelf)
        plan = plan_line(a_line(10, latest_day=5), stand, allow_partial=True)
        assert (taken(plan), said(plan.refusal)) == ([("HAM", 6, 2)], reason)
        assert [one.quantity for one in stand.planned] == [units(6)]


# -- allocations


def rationed(shelf: AShelf, quantity: float, last: int) -> AShelf:
    shelf.rationed = [Allocation("C", Rule.CEILING, ("shop",), "SKU", None, units(quantity), last=TODAY + last)]
    return shelf


@pytest.mark.parametrize("aim", [Aim.EARLIEST, Aim.CHEAPEST])
def test_what_a_ceiling_adds_and_what_it_refuses_is_said_of_every_way(aim: Aim) -> None:
    shelf = rationed(a_shelf([(9, 0)]), 4, 2)
    until = "shop may take 4 EA of SKU to Thu 3 Dec 2026 and has 4 left; 6 from Fri 4 Dec 2026"
    for partial in (False, True):
        plan = planned(a_line(6), shelf, classes=("shop",), partial=partial, aim=aim)
        assert taken(plan) == ([("HAM", 4, 0), ("HAM", 2, 3)] if partial else [("HAM", 6, 3)])
        assert [(said(one), one.adds_days) for one in plan.bound] == [(("CEILING_REACHED", until, "C"), 3)]
    short = planned(a_line(6, latest_day=2), shelf, classes=("shop",), partial=True, aim=aim)
    assert taken(short) == [("HAM", 4, 0)]
    assert said(short.refusal) == ("CEILING_REACHED", until, "C")
    none = planned(a_line(6, latest_day=2), shelf, classes=("shop",), aim=aim)
    assert said(none.refusal) == ("CEILING_REACHED", until, "C")


def test_a_ceiling_that_leaves_less_later_on_hides_no_split_of_what_it_leaves_now() -> None:
    shelf = a_shelf([(9, 0)])
    periods = (Period(TODAY, TODAY + 1, units(4)), Period(TODAY + 2, TODAY + 4, 0))
    shelf.rationed = [Allocation("C", Rule.CEILING, ("shop",), "SKU", None, periods=periods)]
    plan = planned(a_line(6), shelf, classes=("shop",))
    assert taken(plan) == [("HAM", 6, 5)]
    assert lost(plan) == [("a1", "split", [("HAM", 4, 0), ("HAM", 2, 5)], "PARTIAL_NOT_ALLOWED")]


def test_a_ceiling_on_sites_together_refuses_what_a_split_of_them_would_have_had() -> None:
    shelf = a_shelf([(3, 0)], [(3, 0)])
    shelf.rationed = [Allocation("C", Rule.CEILING, ("shop",), "SKU", None, units(5))]
    plan = planned(a_line(9, sites=TWO), shelf, classes=("shop",), partial=True)
    assert sum(quantity for _, quantity, _ in taken(plan)) == 5
    assert said(plan.refusal) == ("CEILING_REACHED", "shop may take 5 EA of SKU in all and has 5 left", "C")


# -- policies


def test_a_policy_says_that_it_was_preferred_and_what_it_could_not_promise() -> None:
    plan = planned(a_line(4, sites=TWO), a_shelf([(4, 0)], [(4, 3)]), aim=Aim.CHEAPEST)
    assert said(plan.waits) == ("BY_POLICY", "the policy cheapest prefers this to an earlier date", None)
    assert lost(plan) == [("a1", "site", [("BER", 4, 3)], "MORE_EXPENSIVE")]
    short = planned(a_line(9), a_shelf([(4, 0)]), aim=Aim.CHEAPEST, partial=True)
    assert (taken(short), said(short.refusal)) == ([("HAM", 4, 0)], ("NOT_ENOUGH_SUPPLY", "known supply lacks 5 EA", None))
    none = planned(a_line(9, latest_day=3), a_shelf([(4, 0), (5, 6)]), aim=Aim.CHEAPEST)
    assert none.refusal is not None
    assert none.refusal.code == "AFTER_LATEST_DATE"
    nothing = planned(a_line(9, latest_day=3), a_shelf([(9, 6)]), aim=Aim.CHEAPEST, partial=True)
    assert said(nothing.refusal) == ("AFTER_LATEST_DATE", "9 could only come after Fri 4 Dec 2026", None)
