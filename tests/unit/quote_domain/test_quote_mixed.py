"""Several sources for one line: what is in stock elsewhere is moved at once, the rest is made or bought."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.book import Book
from services.quote.domain.entry import Entry
from services.quote.domain.promise import Decision, Demand, promise
from services.quote.domain.sources import Buy, Component, Make, Source, Transfer
from services.quote.domain.split import Offer, best_split
from tests.examples import examples
from tests.unit.quote_domain import oracle
from tests.unit.quote_domain.builders import MICRO, NOW, TODAY, a_book, a_line, claim, receipt, units
from tests.unit.quote_domain.plants import (
    HERE,
    LOTS,
    PART,
    PRODUCT,
    THERE,
    Plant,
    a_lot,
    a_machine,
    a_purchase,
    a_step,
    a_transfer,
    after,
    written,
)
from tests.unit.quote_domain.test_quote_supply import check_books

LAST = 25


@st.composite
def shops(draw: st.DrawFn) -> Plant:
    """A site with some stock and receipts, another one to move from, a machine, a supplier: each of these or not."""
    here = a_book(
        *(receipt(f"R{n}", q, d) for n, (q, d) in enumerate(draw(COMING))), on_hand=draw(st.integers(0, 3)), sku=PRODUCT, site=HERE
    )
    going = [claim(f"C{n}", q, d) for n, (q, d) in enumerate(draw(COMING))]
    coming = [receipt(f"S{n}", q, d) for n, (q, d) in enumerate(draw(COMING))]
    there = a_book(*going, *coming, on_hand=draw(st.integers(0, 6)), sku=PRODUCT, site=THERE)
    plant = Plant(
        here, there, a_machine("LATHE", draw(st.sampled_from([1, 2, 3])), days=draw(st.dictionaries(st.integers(0, 6), st.just(0))))
    )
    lots = draw(st.sampled_from([False, True]))
    each: list[Source] = [
        a_transfer(THERE, draw(st.integers(0, 3)), draw(LOTS) if lots else a_lot()),
        Make(PRODUCT, (), (a_step("LATHE", draw(st.sampled_from([1, 2]))),), draw(LOTS) if lots else a_lot()),
        a_purchase(draw(st.integers(0, 9)), draw(LOTS) if lots else a_lot()),
    ]
    plant.source[PRODUCT, HERE] = tuple(one for one in each if draw(st.booleans()))
    return plant


COMING = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 6)), max_size=2)


def days_of(book: Book) -> list[int]:
    return oracle.projected(oracle.entries_of(book), TODAY, NOW, Plant().rules(book.sku, book.site))


def there_on(plant: Plant, source: Source, quantity: int) -> int | None:
    """The day, from today, on which one order of so many units comes by one source."""
    lot = source.lot.rounded(quantity)
    if isinstance(source, Buy):
        return source.lead_time_days
    if isinstance(source, Transfer):
        sent = oracle.earliest(days_of(plant.books[PRODUCT, THERE]), lot, 0)
        return None if sent is None else sent + source.way.transit_days
    detail = next(iter(plant.machine("LATHE").entries())).detail
    assert detail is not None
    left = source.operations[0].minutes(lot) // MICRO
    for day in range(LAST):
        left -= detail["days"].get(str(TODAY + day), detail["weekly"][0])
        if left <= 0:
            return day + 1
    return None


def asked(plant: Plant, quantity: int, day: int, *, partial: bool = False) -> Decision:
    return promise(Demand((a_line(quantity, day, sku=PRODUCT, sites=(HERE,)),), allow_partial=partial), plant)


@examples(200)
@given(shops(), st.integers(1, 8), st.integers(0, 5))
def test_a_whole_line_comes_on_the_first_day_that_any_mix_of_orders_allows(plant: Plant, quantity: int, wanted: int) -> None:
    """Every quantity by every source, beside what is known: no mix is earlier than what was answered."""
    sources = plant.source[PRODUCT, HERE]
    days = days_of(plant.books[PRODUCT, HERE])
    best = oracle.earliest(days, units(quantity), wanted)
    for amounts in product(range(quantity + 1), repeat=len(sources)):
        due = [0 if not amount else there_on(plant, source, units(amount)) for source, amount in zip(sources, amounts, strict=True)]
        if any(one is None for one in due):
            continue
        planned = sum(source.lot.rounded(units(amount)) if amount else 0 for source, amount in zip(sources, amounts, strict=True))
        day = oracle.earliest(days, max(0, units(quantity) - planned), max(wanted, *(one or 0 for one in due), 0))
        if day is not None and (best is None or day < best):
            best = day
    found = asked(plant, quantity, wanted).lines[0].promised_day
    assert (None if found is None else found - TODAY) == best


@examples(200)
@given(shops(), st.integers(1, 9), st.integers(0, 5))
def test_a_split_has_by_every_day_all_that_all_sources_together_could_have_there(plant: Plant, quantity: int, wanted: int) -> None:
    """The least quantity x days late, where no lot and no limit on shipments stands in the way."""
    sources = [source for source in plant.source[PRODUCT, HERE] if source.lot == a_lot()]
    plant.source[PRODUCT, HERE] = tuple(sources)
    days = days_of(plant.books[PRODUCT, HERE])
    by_day = []
    for day in range(wanted, LAST):
        known = max(0, min(days[day:])) // MICRO
        most = [
            max((n for n in range(1, quantity + 1) if (on := there_on(plant, source, units(n))) is not None and on <= day), default=0)
            for source in sources
        ]
        by_day.append(min(quantity, known + sum(most)))
    late = sum((now - before) * offset for offset, (before, now) in enumerate(zip([0, *by_day], by_day, strict=False)))
    line = asked(plant, quantity, wanted, partial=True).lines[0]
    promised = sum(one.quantity for one in line.deliveries) // MICRO
    assert promised == by_day[-1]
    assert sum(one.quantity // MICRO * (one.delivery_day - TODAY - wanted) for one in line.deliveries) == late


@examples(60)
@given(shops(), st.integers(2, 8), st.integers(0, 5), st.sampled_from([None, 2, 3, 4]), st.sampled_from([None, 1, 2, 3]))
def test_within_limits_on_shipments_no_split_of_what_is_known_with_an_order_by_each_source_is_better(
    plant: Plant, quantity: int, wanted: int, least: int | None, most: int | None
) -> None:
    sources = plant.source[PRODUCT, HERE]
    line = replace(
        a_line(quantity, wanted, sku=PRODUCT, sites=(HERE,)), min_ship=None if least is None else units(least), max_shipments=most
    )
    found = promise(Demand((line,), allow_partial=True), plant).lines[0].deliveries
    known = days_of(plant.books[PRODUCT, HERE])
    splits = []
    for amounts in product(range(quantity + 1), repeat=len(sources)):
        due = [there_on(plant, source, units(amount)) if amount else 0 for source, amount in zip(sources, amounts, strict=True)]
        days = [known[min(day, len(known) - 1)] for day in range(LAST + 5)]
        for source, amount, day in zip(sources, amounts, due, strict=True):
            for at in range(LAST if day is None else day, len(days)):
                days[at] += source.lot.rounded(units(amount)) if amount and day is not None else 0
        steps: dict[int, int] = {}
        for day in range(wanted, len(days)):
            there = min(units(quantity), *days[day:])
            if there > max(steps.values(), default=0):
                steps[day] = there
        splits.append(
            [
                (one.day, one.quantity)
                for one in best_split(units(quantity), wanted, [Offer(tuple(steps), tuple(steps.values()))], line.min_ship, most)[0]
            ]
        )
    best = min(oracle.worth(tuple((day, 0, amount) for day, amount in split), wanted) for split in splits)
    told = tuple((one.delivery_day - TODAY, 0, one.quantity) for one in found)
    assert oracle.worth(told, wanted) <= best


# -- told in words


def test_what_is_in_stock_elsewhere_is_moved_and_the_rest_is_made() -> None:
    plant = Plant(a_book(on_hand=3, sku=PRODUCT, site=HERE), a_book(on_hand=4, sku=PRODUCT, site=THERE), a_machine("LATHE", 10))
    plant.source[PRODUCT, HERE] = (a_transfer(THERE, 2), Make(PRODUCT, (), (a_step("LATHE", 5),)), a_purchase(30))
    decision = asked(plant, 11, 0)
    assert [(one.kind, one.quantity // MICRO, one.due_day - TODAY) for one in decision.planned] == [
        ("transfer_order", 4, 2),
        ("production_order", 4, 2),
    ]
    (line,) = decision.lines
    assert line.promised_day == TODAY + 2
    assert [(other.kind, other.lost_because) for other in line.alternatives] == [("make", "LATER"), ("buy", "LATER")]
    assert [(peg.source, peg.quantity // MICRO) for peg in line.pegging] == [
        ("on_hand", 3),
        ("planned_transfer_order", 4),
        ("planned_production_order", 4),
    ]


def test_a_component_comes_from_several_sources_too() -> None:
    plant = Plant(a_book(on_hand=2, sku=PART, site=HERE), a_book(on_hand=4, sku=PART, site=THERE), a_machine("LATHE", 100))
    plant.source[PRODUCT, HERE] = (Make(PRODUCT, (Component((PART,), units(1)),), (a_step("LATHE", 1),)),)
    plant.source[PART, HERE] = (a_transfer(THERE, 1), Make(PART, (), (a_step("LATHE", 50),)), a_purchase(9))
    decision = asked(plant, 10, 0)
    assert [(one.sku, one.kind, one.quantity // MICRO, one.due_day - TODAY) for one in decision.planned] == [
        (PART, "transfer_order", 4, 1),
        (PART, "production_order", 4, 2),
        (PRODUCT, "production_order", 10, 3),
    ]


def test_one_source_that_is_as_early_as_several_together_is_enough() -> None:
    plant = Plant(a_book(on_hand=0, sku=PRODUCT, site=HERE), a_book(on_hand=4, sku=PRODUCT, site=THERE))
    plant.source[PRODUCT, HERE] = (a_transfer(THERE, 2), a_purchase(7))
    assert [(one.kind, one.quantity // MICRO) for one in asked(plant, 10, 0).planned] == [("purchase_order", 10)]


def test_what_is_kept_for_later_may_be_taken_where_a_plan_covers_the_later() -> None:
    """Ten on hand are promised for day 20; five more are bought by day 6, so that five of the ten can leave at once."""
    plant = Plant(a_book(claim("C", 10, 20), on_hand=10, sku=PRODUCT, site=HERE))
    plant.source[PRODUCT, HERE] = (a_purchase(6),)
    decision = asked(plant, 5, 0)
    assert decision.outcome == "full"
    assert [(one.quantity // MICRO, one.due_day - TODAY) for one in decision.planned] == [(5, 6)]
    line = a_line(5, 0, sku=PRODUCT, sites=(HERE,))
    for last, day in ((0, 0), (3, 0), (14, 0), (15, 6)):
        held = promise(Demand((line,), hold_ends={HERE: TODAY + last}.__getitem__), plant)
        assert held.lines[0].promised_day == TODAY + day, f"confirmed on day {last} at the latest, the plan comes on day {last + 6}"


def test_under_a_number_of_shipments_a_source_is_asked_once_for_what_it_would_bring_in_two() -> None:
    """Three of the lathe would be there on day 6 and one more on day 12: four of it come on day 8."""
    plant = Plant(a_book(receipt("R", 1, 1), sku=PRODUCT, site=HERE), a_book(on_hand=3, sku=PRODUCT, site=THERE), a_machine("LATHE", 1))
    three = a_lot(3)
    plant.source[PRODUCT, HERE] = (a_transfer(THERE, 3, three), Make(PRODUCT, (), (a_step("LATHE", 2),), three))
    line = replace(a_line(8, 3, sku=PRODUCT, sites=(HERE,)), max_shipments=2)
    (told,) = promise(Demand((line,), allow_partial=True), plant).lines
    assert [(one.delivery_day - TODAY, one.quantity // MICRO) for one in told.deliveries] == [(3, 4), (8, 4)]


def test_a_split_takes_of_a_source_what_it_can_bring_where_it_cannot_bring_all() -> None:
    """One is here. Three could be moved at once and no lot more; four, with the one that comes there on day 6, are more in all."""
    plant = Plant(a_book(on_hand=1, sku=PRODUCT, site=HERE), a_book(receipt("S", 1, 6), on_hand=3, sku=PRODUCT, site=THERE))
    plant.source[PRODUCT, HERE] = (a_transfer(THERE, 3, a_lot(3)),)
    line = replace(a_line(8, 1, sku=PRODUCT, sites=(HERE,)), min_ship=units(2))
    for latest, expected in ((None, [(9, 5)]), (TODAY + 8, [(3, 4)])):
        (told,) = promise(Demand((replace(line, latest_day=latest),), allow_partial=True), plant).lines
        assert [(one.delivery_day - TODAY, one.quantity // MICRO) for one in told.deliveries] == expected


def test_of_a_source_one_order_is_planned_where_several_would_come_to_the_same() -> None:
    """Two are moved, four are made one a day: in one shipment they all come on day 4."""
    plant = Plant(a_book(sku=PRODUCT, site=HERE), a_book(on_hand=2, sku=PRODUCT, site=THERE), a_machine("LATHE", 1))
    plant.source[PRODUCT, HERE] = (a_transfer(THERE, 1), Make(PRODUCT, (), (a_step("LATHE", 1),)))
    line = replace(a_line(6, 0, sku=PRODUCT, sites=(HERE,)), max_shipments=1)
    decision = promise(Demand((line,), allow_partial=True), plant)
    assert [(one.delivery_day - TODAY, one.quantity // MICRO) for one in decision.lines[0].deliveries] == [(4, 6)]
    assert [(plan.kind, plan.quantity // MICRO) for plan in decision.planned] == [("transfer_order", 2), ("production_order", 4)]


def test_one_source_that_brings_all_is_taken_before_two_that_bring_it_no_earlier() -> None:
    plant = Plant(a_book(sku=PRODUCT, site=HERE), a_book(on_hand=2, sku=PRODUCT, site=THERE))
    plant.source[PRODUCT, HERE] = (a_transfer(THERE, 4), a_purchase(4))
    decision = promise(Demand((a_line(5, 0, sku=PRODUCT, sites=(HERE,)),), allow_partial=True), plant)
    assert [(plan.kind, plan.quantity // MICRO) for plan in decision.planned] == [("purchase_order", 5)]


def test_with_one_order_of_a_source_nothing_comes_after_the_latest_date_either() -> None:
    """Two are moved, five are made one a day, and then no more; nine come when it is too late."""
    lathe = a_machine("LATHE", 0, days=dict.fromkeys(range(5), 1))
    plant = Plant(a_book(receipt("LATE", 9, 20), sku=PRODUCT, site=HERE), a_book(on_hand=2, sku=PRODUCT, site=THERE), lathe)
    plant.source[PRODUCT, HERE] = (a_transfer(THERE, 1), Make(PRODUCT, (), (a_step("LATHE", 1),)))
    line = replace(a_line(8, 0, sku=PRODUCT, sites=(HERE,)), max_shipments=1, latest_day=TODAY + 10)
    (told,) = promise(Demand((line,), allow_partial=True), plant).lines
    assert [(one.delivery_day - TODAY, one.quantity // MICRO) for one in told.deliveries] == [(5, 7)]


def test_of_what_a_source_cannot_bring_whole_it_brings_what_is_there_by_the_latest_date() -> None:
    """Three are moved by day 3, four by day 5, five by day 9."""
    there = a_book(receipt("S", 1, 2), receipt("T", 1, 6), on_hand=3, sku=PRODUCT, site=THERE)
    plant = Plant(a_book(on_hand=1, sku=PRODUCT, site=HERE), there)
    plant.source[PRODUCT, HERE] = (a_transfer(THERE, 3, a_lot(3)),)
    line = replace(a_line(9, 1, sku=PRODUCT, sites=(HERE,)), min_ship=units(2), latest_day=TODAY + 5)
    (told,) = promise(Demand((line,), allow_partial=True), plant).lines
    assert [(one.delivery_day - TODAY, one.quantity // MICRO) for one in told.deliveries] == [(5, 5)]


def moved_to(on_hand: int, *going: Entry, days: tuple[int, int], others: tuple[int, int], buy: int | None = None) -> Plant:
    """Some on hand, claimed later; more can be moved here from two other sites."""
    sites = ("NEAR", "FAR")
    there = [a_book(on_hand=stock, sku=PRODUCT, site=site) for site, stock in zip(sites, others, strict=True)]
    plant = Plant(a_book(*going, on_hand=on_hand, sku=PRODUCT, site=HERE), *there)
    moved = [a_transfer(site, each) for site, each in zip(sites, days, strict=True)]
    plant.source[PRODUCT, HERE] = (*moved, *(() if buy is None else (a_purchase(buy),)))
    return plant


@pytest.mark.parametrize("buy", [None, 20])
@pytest.mark.parametrize(("on_hand", "day"), [(7, 4), (8, 1), (9, 0), (10, 0)])
def test_several_orders_that_fill_up_what_was_taken_early_may_come_after_the_promise(on_hand: int, day: int, buy: int | None) -> None:
    """All on hand is promised for days 3 to 5. Five come from one site on day 1, four from the other on day 4: then nothing is missing."""
    going = (claim("C", 4, 3), claim("D", 3, 4), claim("E", 6, 5))
    plant = moved_to(on_hand, *going, receipt("R", 4, 5), days=(1, 4), others=(5, 4), buy=buy)
    decision = asked(plant, 9, 0)
    assert [(one.quantity // MICRO, one.delivery_day - TODAY) for one in decision.lines[0].deliveries] == [(9, day)]
    assert {plan.kind for plan in decision.planned} == {"transfer_order"}
    check_books(plant, after(plant, written(decision, plant)))


def test_what_is_known_to_come_may_come_after_all_that_several_orders_bring() -> None:
    """Three and two are moved here by day 4, and four come on day 20: then there are nine."""
    decision = asked(moved_to(0, receipt("R", 4, 20), days=(1, 4), others=(3, 2)), 9, 0)
    assert [(one.quantity // MICRO, one.delivery_day - TODAY) for one in decision.lines[0].deliveries] == [(9, 20)]


@examples(150)
@given(
    st.integers(0, 8),
    st.lists(st.tuples(st.integers(1, 4), st.integers(0, 6)), max_size=3),
    st.tuples(st.integers(0, 5), st.integers(0, 5)),
    st.tuples(st.integers(0, 5), st.integers(0, 5)),
    st.none() | st.integers(0, 20),
    st.integers(1, 9),
)
def test_with_one_more_on_hand_nothing_is_promised_later_by_several_orders(
    on_hand: int, going: list[tuple[int, int]], days: tuple[int, int], others: tuple[int, int], buy: int | None, quantity: int
) -> None:
    claims = [claim(f"C{n}", taken, day) for n, (taken, day) in enumerate(going)]
    plants = [moved_to(stock, *claims, days=days, others=others, buy=buy) for stock in (on_hand, on_hand + 1)]
    less, more = (asked(plant, quantity, 0).lines[0].promised_day for plant in plants)
    assert less is None or (more is not None and more <= less)
