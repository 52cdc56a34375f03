"""The best split against every possible split."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from services.quote.domain.balance import balance
from services.quote.domain.book import Book
from services.quote.domain.calendar import EVERY_DAY, Calendar
from services.quote.domain.choice import Aim
from services.quote.domain.dates import Way
from services.quote.domain.entry import Entry, Part
from services.quote.domain.promise import Demand, promise
from services.quote.domain.rules import Rules
from services.quote.domain.split import EFFORT, Offer, Shipment, best_split, fewest, search_of
from tests.examples import examples
from tests.unit.quote_domain import oracle
from tests.unit.quote_domain.builders import NOW, TODAY, AShelf, a_book, a_line, receipt, shipped_as, units
from tests.unit.quote_domain.days import slow_latest


def offers_of(*sites: list[int]) -> list[Offer]:
    """Per site what can have been shipped in total by day 0, 1, 2 …"""
    return [Offer(tuple(day for day, total in steps(totals)), tuple(total for _, total in steps(totals))) for totals in sites]


def steps(totals: list[int]) -> list[tuple[int, int]]:
    found, top = [], 0
    for day, total in enumerate(totals):
        if total > top:
            found.append((day, total))
            top = total
    return found


def test_the_best_split_is_not_the_greedy_one() -> None:
    shelf = AShelf(a_book(receipt("a", 7, 5), receipt("b", 2, 6)))
    line = promise(Demand((a_line(8, min_ship=4),), allow_partial=True), shelf).lines[0]
    assert shipped_as(line.deliveries) == [("HAM", 4, 5), ("HAM", 4, 6)]


def test_a_minimum_above_the_line_means_the_whole_line() -> None:
    shelf = AShelf(a_book(receipt("a", 5, 3), on_hand=5))
    line = promise(Demand((a_line(8, min_ship=100),), allow_partial=True), shelf).lines[0]
    assert shipped_as(line.deliveries) == [("HAM", 8, 3)]


def test_an_early_shipment_leaves_room_for_the_minimum_of_a_later_one() -> None:
    assert best_split(5, 0, offers_of([3, 4]), 2)[0] == (Shipment(0, 0, 2), Shipment(0, 1, 2))


def test_without_limits_the_last_day_comes_from_as_few_sites_as_can_do_it() -> None:
    assert best_split(9, 0, offers_of([2], [3], [9]))[0] == (Shipment(2, 0, 9),)
    assert best_split(9, 0, offers_of([4], [5], [6]))[0] == (Shipment(0, 0, 4), Shipment(1, 0, 5))
    assert best_split(10, 0, offers_of([2], [6], [4]))[0] == (Shipment(1, 0, 6), Shipment(2, 0, 4))


SITE = st.lists(st.integers(-1, 7), min_size=1, max_size=4)


def _suffix_minimum(projected: list[int]) -> list[int]:
    return [min(projected[day:]) for day in range(len(projected))]


@examples(150)
@given(
    st.lists(SITE, min_size=1, max_size=2),
    st.integers(1, 6),
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(0, 1),
)
def test_no_other_split_is_better(sites: list[list[int]], quantity: int, least: int, most: int, requested: int) -> None:
    projected = [[*days, *([days[-1]] * (oracle.HORIZON - len(days)))] for days in sites]
    books = []
    for number, days in enumerate(sites):
        book = Book("SKU", f"S{number}")
        moves = [days[0], *(after - before for before, after in pairwise(days))]
        book.apply([Entry(Part.STOCK, "", moves[0])], 1, NOW)
        for day, move in enumerate(moves[1:], start=1):
            part = Part.RECEIPT if move > 0 else Part.CLAIM
            book.apply([Entry(part, f"m{day}", abs(move), TODAY + day)], 1, NOW)
        assert balance(book, TODAY, NOW, Rules()).projected_on(TODAY + 3) == projected[number][3]
        books.append(book)
    effective = min(least, quantity)
    line = a_line(0, requested, sites=[book.site for book in books], max_shipments=most)
    line = replace(line, quantity=quantity, min_ship=least)
    answer = promise(Demand((line,), allow_partial=True), AShelf(*books)).lines[0]
    plan = tuple((one.ship_day - TODAY, int(one.site[1:]), one.quantity) for one in answer.deliveries)
    for site, days in enumerate(projected):
        taken = {day: amount for day, where, amount in plan if where == site}
        assert oracle.is_accepted(days, taken), "it fits"
    assert all(amount >= effective for _, _, amount in plan)
    assert len(plan) <= most
    every = oracle.every_split(quantity, [requested] * len(sites), max(3, requested), projected, effective, most)
    assert oracle.worth(plan, requested) == min(oracle.worth(other, requested) for other in every)


@given(st.lists(SITE, min_size=1, max_size=3), st.integers(1, 12))
def test_the_closed_form_and_the_search_agree(sites: list[list[int]], quantity: int) -> None:
    offers = offers_of(*[[min(total, quantity) for total in _suffix_minimum(days)] for days in sites])
    free = best_split(quantity, 0, offers)[0]
    searched = search_of(quantity, 0, offers, (1, quantity), 1_000_000).best()
    assert free == searched


def test_among_equals_the_site_that_stands_first_ships() -> None:
    assert best_split(6, 0, offers_of([3], [3], [3]), 3, 2)[0] == (Shipment(0, 0, 3), Shipment(1, 0, 3))


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.integers(1, 30))
def test_as_few_sites_as_can_give_it_ship_and_of_those_the_first_in_order(each: list[int], needed: int) -> None:
    gains = list(enumerate(each))
    needed = min(needed, sum(each))
    sets = (found for count in range(1, len(gains) + 1) for found in combinations(gains, count))
    assert fewest(gains, needed) == list(next(found for found in sets if sum(gain for _, gain in found) >= needed))


Offers = tuple[int, list[Offer]]


@st.composite
def dated_offers(draw: st.DrawFn) -> Offers:
    """The day that was asked for, and what one to three sites can have shipped by days from it on, some of them far apart."""
    requested = draw(st.integers(0, 5))
    days = draw(st.lists(st.integers(0, 12), min_size=1, max_size=4, unique=True).map(sorted))
    offers = []
    for _ in range(draw(st.integers(1, 3))):
        totals = draw(st.lists(st.integers(0, 9), min_size=len(days), max_size=len(days)).map(sorted))
        grows = [(requested + days[at], total) for at, total in steps(totals)]
        offers.append(Offer(tuple(day for day, _ in grows), tuple(total for _, total in grows)))
    return requested, offers


def every_way(slots: list[tuple[int, int, int]], quantity: int, least: int, most: int) -> Iterator[tuple[Shipment, ...]]:
    """Every plan of shipments of at least `least` in the order of `slots`: (day, site, what the site can have shipped by then)."""
    yield ()
    for at, (day, site, total) in enumerate(slots if most else ()):
        for amount in range(least, min(quantity, total) + 1):
            rest = [(d, s, t - amount if s == site else t) for d, s, t in slots[at + 1 :]]
            for others in every_way(rest, quantity - amount, least, most - 1):
                yield (Shipment(site, day, amount), *others)


def best_of_all(quantity: int, offered: Offers, least: int, most: int) -> tuple[Shipment, ...]:
    """Of all plans the best; among equals that of the first sites, on the first days, with the most in the first of them."""
    requested, offers = offered
    slots = sorted((day, site, total) for site, one in enumerate(offers) for day, total in zip(one.days, one.totals, strict=True))
    plans = every_way(slots, quantity, least, min(most, quantity // least))

    def rank(plan: tuple[Shipment, ...]) -> tuple[object, ...]:
        worth = oracle.worth(tuple((one.day, one.site, one.quantity) for one in plan), requested)
        return worth, [(one.day, one.site) for one in plan], [-one.quantity for one in plan]

    return min(plans, key=rank)


@examples(250)
@given(dated_offers(), st.integers(1, 9), st.integers(1, 4), st.integers(1, 4))
@example((1, [Offer((2, 3, 11), (2, 3, 6)), Offer((1, 3, 11), (3, 4, 8)), Offer((1, 2, 3, 9), (4, 5, 6, 8))]), 3, 1, 3).via(
    "the second alone"
)
@example((3, [Offer((8, 9), (1, 5)), Offer((6, 8, 9), (5, 7, 8))]), 8, 1, 4).via("all of a day after the first")
@example((4, [Offer((6, 13, 14, 16), (2, 4, 7, 9)), Offer((10, 13, 14), (2, 6, 8))]), 9, 1, 5).via("two and two")
@example((2, [Offer((6, 12, 13), (3, 4, 6)), Offer((6, 12, 13), (6, 7, 8))]), 2, 2, 2).via("all on the first day")
@example((0, [Offer((7, 11), (2, 8)), Offer((4, 7, 11), (3, 5, 8)), Offer((7, 11), (2, 8))]), 9, 3, 1).via("of three equals the first")
@example((0, [Offer((5, 8), (3, 5))]), 6, 3, 5).via("no room for two minima")
@example((4, [Offer((8, 9, 15), (2, 5, 9)), Offer((8, 9, 10, 15), (1, 2, 3, 7))]), 10, 1, 3).via("each when it has most")
@example((1, [Offer((1, 10), (2, 7)), Offer((1, 6, 10, 11), (1, 2, 5, 6)), Offer((1, 6, 10), (4, 6, 7))]), 10, 3, 3).via("most on time")
@example((5, [Offer((7, 9, 11, 12), (2, 4, 6, 9)), Offer((7, 9, 11), (1, 3, 6)), Offer((7, 9), (3, 5))]), 6, 2, 4).via("the third site")
def test_the_best_split_is_the_first_of_the_best_of_all(offered: Offers, quantity: int, least: int, most: int) -> None:
    least = min(least, quantity)
    best = best_of_all(quantity, offered, least, most)
    assert best_split(quantity, *offered, least, most) == (best, False)
    searched = search_of(quantity, *offered, (least, min(most, quantity // least)), EFFORT)
    assert searched.best() == best, "also where the search has to find what is known in closed form"


@given(dated_offers(), st.integers(1, 9), st.integers(1, 4), st.integers(1, 4), st.integers(0, 300))
def test_a_search_that_ends_early_says_so_and_still_keeps_to_all_that_was_asked(
    offered: Offers, quantity: int, least: int, most: int, effort: int
) -> None:
    least = min(least, quantity)
    plan, cut = best_split(quantity, *offered, least, most, effort)
    if not cut:
        assert plan == best_of_all(quantity, offered, least, most)
    assert len(plan) <= most
    assert all(one.quantity >= least for one in plan)
    for site, one in enumerate(offered[1]):
        for day, total in zip(one.days, one.totals, strict=True):
            assert sum(each.quantity for each in plan if each.site == site and each.day <= day) <= total


def test_a_search_among_very_many_shipments_ends_when_its_effort_is_used_up() -> None:
    offers = [Offer(tuple(range(40)), tuple((3 + site % 3) * (day + 1) for day in range(40))) for site in range(7)]
    for effort in (1_000, 20_000):
        search = search_of(1_000, 0, offers, (19, 30), effort)
        assert sum(one.quantity for one in search.best()) == 1_000
        assert -6_000 < search.effort <= 0


COMING = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 6)), max_size=2)


@st.composite
def lanes(draw: st.DrawFn) -> AShelf:
    """Two sites, from each of which one to three lanes lead to the customer: slow and cheap, fast and dear, and not every day."""
    shelf = AShelf(
        *(
            a_book(
                *(receipt(f"{site}{n}", q, d) for n, (q, d) in enumerate(draw(COMING))),
                on_hand=draw(st.integers(0, 5)), site=site,
            )
            for site in ("HAM", "BER")
        )
    )  # fmt: skip
    for site in ("HAM", "BER"):
        days = [draw(st.lists(st.sampled_from([0, 0, 480]), min_size=7, max_size=7).filter(any)) for _ in range(draw(st.integers(1, 3)))]
        shelf.several[site] = tuple(
            Way(
                EVERY_DAY,
                0,
                Calendar(tuple(week), {}),
                draw(st.integers(0, 4)),
                EVERY_DAY,
                None,
                f"{site}-{n}",
                units(draw(st.integers(0, 3))),
            )
            for n, week in enumerate(days)
        )
    return shelf


@examples(150)
@given(
    lanes(),
    st.integers(1, 9),
    st.integers(0, 5),
    st.sampled_from(Aim),
    st.one_of(st.none(), st.integers(2, 4)),
    st.one_of(st.none(), st.integers(1, 3)),
)
def test_over_several_lanes_of_a_site_no_unit_is_promised_twice_and_each_comes_as_early_as_any_lane_brings_it(
    shelf: AShelf, quantity: int, wanted: int, aim: Aim, least: int | None, most: int | None
) -> None:
    line = a_line(quantity, wanted, sites=("HAM", "BER"), ship_to="DE", min_ship=least, max_shipments=most)
    found = promise(Demand((line,), allow_partial=True, policy=aim), shelf).lines[0].deliveries
    rooms = {site: oracle.projected(oracle.entries_of(shelf.books["SKU", site]), TODAY, NOW, Rules()) for site in ("HAM", "BER")}
    for site, days in rooms.items():
        claims: dict[int, int] = {}
        for one in found:
            if one.site == site:
                claims[one.pick_day - TODAY] = claims.get(one.pick_day - TODAY, 0) + one.quantity
        assert oracle.is_accepted(days, claims)
    if least is None and most is None and aim is Aim.EARLIEST:
        for day in range(wanted, 30):
            there = 0
            for site, days in rooms.items():
                picks = [
                    hop[0] - TODAY for way in shelf.several[site] if (hop := slow_latest(way, TODAY + day)) is not None and hop[0] >= TODAY
                ]
                there += max(0, min(days[max(picks) :])) if picks else 0
            assert sum(one.quantity for one in found if one.delivery_day <= TODAY + day) == min(line.quantity, there), day


def test_no_more_shipments_than_are_allowed() -> None:
    assert best_split(6, 0, offers_of([3], [3]))[0] == (Shipment(0, 0, 3), Shipment(1, 0, 3))
    assert best_split(6, 0, offers_of([3], [3]), max_shipments=1)[0] == (Shipment(0, 0, 3),)
