"""A deadline bounds the work: less time, fewer ways; and an answer that may not be the best says so."""

from dataclasses import replace

import pytest

from services.quote.domain.choice import Aim
from services.quote.domain.promise import Demand, LinePromise, promise
from services.quote.domain.request import Substitute
from services.quote.domain.sources import Component, Make
from services.quote.domain.stand import WHOLE_EFFORT_MS, Stand
from tests.unit.quote_domain.builders import TODAY, a_book, a_line, units
from tests.unit.quote_domain.plants import HERE, PRODUCT, THERE, Plant, a_purchase, a_transfer, after, written
from tests.unit.quote_domain.test_quote_supply import a_tree, check_books, check_plans


def answer(deadline_ms: int) -> LinePromise:
    """A product that can be moved from a site at which it is made of a hundred things, or bought in a month."""
    plant = a_tree(2, 10)
    for (sku, _), sources in list(plant.source.items()):
        plant.source[sku, THERE] = sources
    plant.source[PRODUCT, HERE] = (a_purchase(30), a_transfer(THERE, 1))
    plant.source[PRODUCT, THERE] = plant.source["T", HERE]
    line = a_line(1, sku=PRODUCT, sites=(HERE,))
    return promise(Demand((line,), deadline_ms=deadline_ms), plant).lines[0]


def test_with_time_the_best_way_is_found_and_nothing_more_is_said() -> None:
    line = answer(WHOLE_EFFORT_MS)
    assert line.promised_day == TODAY + 2
    assert "SEARCH_CUT" not in [reason.code for reason in line.reasons]
    assert answer(60_000) == line, "more time buys nothing more"


def test_without_time_a_way_is_found_and_said_to_be_perhaps_not_the_best() -> None:
    line = answer(1)
    assert line.promised_day == TODAY + 30
    last = line.reasons[-1]
    assert (last.code, last.summary) == ("SEARCH_CUT", "the search ended with its deadline: better ways may have been left untried")
    assert sum(reason.adds_days for reason in line.reasons) == line.slip_days


def test_the_work_that_a_line_may_cost_follows_the_deadline() -> None:
    plant = Plant(a_book(sku=PRODUCT, site=HERE))
    efforts = [Stand(plant, deadline_ms=each).effort for each in (1, 200, 1000, 2000, 60_000)]
    assert efforts == [40, 400, 2000, 4000, 4000]


@pytest.mark.parametrize("aim", Aim)
@pytest.mark.parametrize("partial", [False, True])
@pytest.mark.parametrize("exhausting", ["source", "substitute"])
def test_what_was_found_before_the_effort_was_used_up_is_promised_with_all_that_it_stands_on(
    aim: Aim,
    partial: bool,  # noqa: FBT001 -- drawn
    exhausting: str,
) -> None:
    """It is bought elsewhere and moved here in a month. What is tried after that has a hundred parts and leaves nothing to try more."""
    plant = a_tree(2, 10)
    for site in (HERE, THERE):
        plant.books[PRODUCT, site] = a_book(sku=PRODUCT, site=site)
    plant.source[PRODUCT, THERE] = (a_purchase(30),)
    plant.source[PRODUCT, HERE] = (a_transfer(THERE, 1),)
    line = a_line(4, sku=PRODUCT, sites=(HERE,))
    if exhausting == "source":
        plant.source[PRODUCT, HERE] += (Make(PRODUCT, (Component(("T",), units(1)),), (), lead_time_days=60),)
    else:
        line = replace(line, substitutes=(Substitute("T", (HERE,)),))
    decision = promise(Demand((line,), allow_partial=partial, policy=aim, deadline_ms=1), plant)
    assert decision.lines[0].promised_day == TODAY + 31
    assert [one.kind for one in decision.planned] == ["purchase_order", "transfer_order"]
    assert [one.quantity for one in decision.lines[0].pegging] == [units(4)]
    check_plans(plant, decision, at_once=aim is not Aim.JUST_IN_TIME)
    check_books(plant, after(plant, written(decision)))
