"""Lines that leave together, against every way to serve them: with limits on shipments, and over ways of different length."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from time import process_time

from hypothesis import example, given
from hypothesis import strategies as st

from services.quote.domain.calendar import EVERY_DAY, Calendar
from services.quote.domain.covers import cover_of
from services.quote.domain.dates import Way
from services.quote.domain.promise import Demand, promise
from services.quote.domain.split import Offer, best_split
from services.quote.domain.stand import Stand
from tests.examples import examples
from tests.unit.quote_domain.builders import TODAY, AShelf, a_book, a_line, receipt, units

SITES = ("HAM", "BER", "MUC")
DAYS = 6
Line = tuple[int, tuple[str, ...], int | None, int | None, str]
"""Quantity, sites, least quantity of a shipment, most shipments, where to."""

LINE = st.tuples(
    st.integers(1, 6),
    st.permutations(SITES).flatmap(lambda sites: st.integers(1, 3).map(lambda count: tuple(sites[:count]))),
    st.sampled_from([None, None, 2, 3]),
    st.sampled_from([None, None, 1, 2]),
    st.sampled_from(["DE", "AT"]),
)
STOCK = st.tuples(st.integers(0, 4), st.dictionaries(st.integers(1, 4), st.integers(1, 4), max_size=2))


def shares(line: Line, *, partial: bool) -> Iterator[dict[str, int]]:
    """Every way to share a line among its sites."""
    quantity, sites, least, most, _ = line
    for parts in product(range(quantity + 1), repeat=len(sites)):
        served = [part for part in parts if part]
        allowed = len(served) <= (most or 3) and min(served, default=0) >= min(least or 1, quantity) if partial else len(served) == 1
        if sum(parts) == quantity and allowed:
            yield dict(zip(sites, parts, strict=True))


def fit(lines: Sequence[Line], day: int, stocks: Mapping[str, list[int]], transit: Mapping[tuple[str, str], int], *, partial: bool) -> bool:
    """Whether all lines can be delivered on a day, found by trying everything."""

    def rest(at: int, taken: list[tuple[str, int, int]]) -> bool:
        if at == len(lines):
            return True
        for share in shares(lines[at], partial=partial):
            more = [*taken, *((site, day - transit[site, lines[at][4]], part) for site, part in share.items() if part)]
            if all(
                sum(part for where, pick, part in more if where == site and pick <= until) <= (stocks[site][until] if until >= 0 else 0)
                for site, until, _ in more
            ) and rest(at + 1, more):
                return True
        return False

    return rest(0, [])


@examples(200)
@given(
    st.tuples(STOCK, STOCK, STOCK),
    st.lists(LINE, min_size=1, max_size=3),
    st.tuples(*[st.sampled_from([0, 0, 1, 2])] * 6),
    st.sampled_from(["whole", "shared"]),
)
@example(
    ((0, {3: 2}), (2, {4: 2}), (4, {2: 4})),
    [(4, ("MUC", "HAM", "BER"), 2, None, "DE"), (2, ("MUC", "HAM"), None, None, "AT")],
    (0, 0, 0, 1, 0, 0),
    "shared",
).via("the first gives way")
@example(
    ((2, {}), (0, {}), (2, {3: 4})),
    [(1, ("MUC", "HAM", "BER"), None, None, "AT"), (2, ("BER", "MUC"), None, 2, "AT"), (4, ("BER", "HAM", "MUC"), 3, 2, "DE")],
    (0, 1, 0, 2, 0, 0),
    "shared",
).via("the last has a minimum")
@example(
    ((0, {2: 3}), (3, {2: 2}), (0, {3: 4})), [(2, ("MUC",), 3, 1, "DE"), (5, ("MUC", "HAM"), None, 1, "AT")], (0, 1, 0, 0, 2, 0), "shared"
).via("never in one shipment")
@example(
    ((3, {}), (3, {2: 1, 1: 4}), (3, {2: 3, 4: 1})),
    [(4, ("MUC", "BER"), 2, 1, "AT"), (4, ("HAM", "BER"), 2, 2, "AT")],
    (0, 0, 0, 0, 0, 2),
    "whole",
).via("one site each, the second first")
@example(
    ((3, {2: 2}), (0, {3: 2}), (2, {3: 4, 2: 3})),
    [(5, ("MUC", "BER", "HAM"), None, 1, "AT"), (2, ("BER", "MUC", "HAM"), None, 1, "AT"), (3, ("MUC",), None, 1, "AT")],
    (2, 2, 2, 0, 0, 2),
    "whole",
).via("packed anew")
@example(
    ((0, {4: 4}), (4, {}), (2, {1: 3})),
    [(4, ("HAM", "BER", "MUC"), None, None, "DE"), (4, ("BER", "HAM"), 3, 1, "AT")],
    (0, 0, 0, 0, 0, 2),
    "whole",
).via("packed into the last")
@example(
    ((4, {}), (0, {4: 2}), (2, {3: 3, 2: 2})),
    [(2, ("MUC", "HAM"), None, 1, "AT"), (6, ("MUC", "HAM"), None, None, "AT")],
    (1, 2, 2, 1, 0, 0),
    "whole",
).via("the larger first")
def test_the_common_date_is_the_first_on_which_the_lines_can_be_served_in_any_way(
    stocks: tuple[tuple[int, dict[int, int]], ...],
    lines: list[Line],
    days: tuple[int, ...],
    how: str,
) -> None:
    shelf = AShelf(
        *(
            a_book(*(receipt(f"{site}{day}", quantity, day) for day, quantity in coming.items()), on_hand=on_hand, site=site)
            for site, (on_hand, coming) in zip(SITES, stocks, strict=True)
        )
    )
    partial = how == "shared"
    transit = dict(zip(product(SITES, ("DE", "AT")), days, strict=True))
    shelf.way = {way: Way(EVERY_DAY, 0, EVERY_DAY, count, EVERY_DAY, None, "-".join(way)) for way, count in transit.items()}
    there = {
        site: [on_hand + sum(quantity for due, quantity in coming.items() if due <= day) for day in range(DAYS + 1)]
        for site, (on_hand, coming) in zip(SITES, stocks, strict=True)
    }
    expected = next((day for day in range(DAYS + 1) if fit(lines, day, there, transit, partial=partial)), None)
    asked = tuple(
        a_line(quantity, sites=sites, ref=str(at), min_ship=least, max_shipments=most, ship_to=to)
        for at, (quantity, sites, least, most, to) in enumerate(lines)
    )
    decision = promise(Demand(asked, allow_partial=partial, ship_complete=True), shelf)
    assert {one.delivery_day - TODAY for line in decision.lines for one in line.deliveries} == (set() if expected is None else {expected})
    if expected is not None:
        found = [{one.site: one.quantity // 1_000_000 for one in line.deliveries} for line in decision.lines]
        for line, served in zip(lines, found, strict=True):
            assert {site: served.get(site, 0) for site in line[1]} in list(shares(line, partial=partial))


@examples(300)
@given(
    st.tuples(STOCK, STOCK, STOCK),
    st.lists(LINE, min_size=1, max_size=3),
    st.tuples(*[st.sampled_from([0, 0, 1])] * 6),
    st.tuples(*[st.sets(st.integers(0, DAYS), max_size=4)] * 6),
    st.integers(0, 3),
    st.sampled_from(["whole", "shared"]),
)
def test_ways_that_rest_on_different_days_meet_on_one(
    stocks: tuple[tuple[int, dict[int, int]], ...],
    lines: list[Line],
    days: tuple[int, ...],
    closed: tuple[set[int], ...],
    wanted: int,
    how: str,
) -> None:
    """Up to the wanted day the last on which all are delivered, after it the first."""
    partial = how == "shared"
    transit = dict(zip(product(SITES, ("DE", "AT")), days, strict=True))
    rests = dict(zip(product(SITES, ("DE", "AT")), closed, strict=True))
    shelf = AShelf(
        *(
            a_book(*(receipt(f"{site}{day}", quantity, day) for day, quantity in coming.items()), on_hand=on_hand, site=site)
            for site, (on_hand, coming) in zip(SITES, stocks, strict=True)
        )
    )
    for way, count in transit.items():
        receives = Calendar((1440,) * 7, {TODAY + day: 0 for day in rests[way]})
        shelf.way[way] = Way(EVERY_DAY, 0, EVERY_DAY, count, receives, TODAY, "-".join(way))
    there = {
        site: [on_hand + sum(quantity for due, quantity in coming.items() if due <= day) for day in range(2 * DAYS + 1)]
        for site, (on_hand, coming) in zip(SITES, stocks, strict=True)
    }

    def all_on(day: int) -> bool:
        open_ways = [(line[0], tuple(site for site in line[1] if day not in rests[site, line[4]]), *line[2:]) for line in lines]
        return fit(open_ways, day, there, transit, partial=partial)

    expected = next((day for day in (*range(wanted, -1, -1), *range(wanted + 1, 2 * DAYS)) if all_on(day)), None)
    asked = tuple(
        a_line(quantity, day=wanted, sites=sites, ref=str(at), min_ship=least, max_shipments=most, ship_to=to)
        for at, (quantity, sites, least, most, to) in enumerate(lines)
    )
    decision = promise(Demand(asked, allow_partial=partial, ship_complete=True), shelf)
    together = partial or len(lines) > 1
    found = {one.delivery_day - TODAY for line in decision.lines for one in line.deliveries}
    assert not together or found == (set() if expected is None else {expected})


def test_whole_lines_are_packed_the_largest_first_and_moved_until_all_fit() -> None:
    shelf = AShelf(a_book(on_hand=6), a_book(on_hand=7, site="BER"))
    for quantities, served in (
        ((4, 3, 3, 3), ["BER", "HAM", "HAM", "BER"]),
        ((3, 4, 3, 3), ["HAM", "BER", "HAM", "BER"]),
        ((2, 5, 6), ["BER", "BER", "HAM"]),
    ):
        lines = tuple(a_line(quantity, sites=SITES[:2], ref=str(at)) for at, quantity in enumerate(quantities))
        found = promise(Demand(lines, ship_complete=True), shelf)
        assert [[one.site for one in line.deliveries] for line in found.lines] == [[site] for site in served]


def test_lines_from_several_sites_make_room_for_one_another() -> None:
    shelf = AShelf(*(a_book(on_hand=on_hand, site=site) for site, on_hand in zip(SITES, (4, 4, 2), strict=True)))
    lines = (
        a_line(5, sites=SITES[:2], ref="1"),
        a_line(3, sites=SITES[:1], ref="2"),
        a_line(2, sites=SITES[1:], ref="3", min_ship=2),
    )
    found = promise(Demand(lines, allow_partial=True, ship_complete=True), shelf)
    served = [[(one.site, one.quantity // 1_000_000) for one in line.deliveries] for line in found.lines]
    assert served == [[("HAM", 1), ("BER", 4)], [("HAM", 3)], [("MUC", 2)]]


def test_a_line_without_a_minimum_gives_way_to_one_with_one() -> None:
    shelf = AShelf(*(a_book(on_hand=on_hand, site=site) for site, on_hand in zip(SITES, (4, 4, 1), strict=True)))
    lines = a_line(1, sites=("HAM", "MUC"), ref="1"), a_line(8, sites=SITES, ref="2", min_ship=2)
    found = promise(Demand(lines, allow_partial=True, ship_complete=True), shelf)
    served = [[(one.site, one.quantity) for one in line.deliveries] for line in found.lines]
    assert served == [[("MUC", units(1))], [("HAM", units(4)), ("BER", units(4))]]


def test_a_site_that_is_not_needed_or_cannot_deliver_by_the_day_gives_nothing() -> None:
    shelf = AShelf(
        *(a_book(on_hand=on_hand, site=site) for site, on_hand in zip(SITES, (4, 4, 2), strict=True)), a_book(on_hand=9, site="FAR")
    )
    shelf.way = {(site, "DE"): Way(EVERY_DAY, 0, EVERY_DAY, 3 if site == "FAR" else 0, EVERY_DAY, None, site) for site in (*SITES, "FAR")}
    lines = (
        a_line(5, sites=SITES[:2], ref="1", ship_to="DE"),
        a_line(3, sites=SITES[:1], ref="2", ship_to="DE"),
        a_line(1.999999, sites=("FAR", "MUC", "BER"), ref="3", ship_to="DE"),
    )
    found = promise(Demand(lines, allow_partial=True, ship_complete=True), shelf)
    served = [[(one.site, one.quantity) for one in line.deliveries] for line in found.lines]
    assert served == [[("HAM", units(1)), ("BER", units(4))], [("HAM", units(3))], [("MUC", units(1.999999))]]
    small = a_line(0.000001, sites=("FAR", "MUC"), ship_to="DE"), a_line(1, sites=("HAM",), ref="2", ship_to="DE")
    found = promise(Demand(small, ship_complete=True), shelf)
    assert [[one.site for one in line.deliveries] for line in found.lines] == [["MUC"], ["HAM"]]


def test_lines_are_served_in_turn_where_that_is_enough() -> None:
    shelf = AShelf(a_book(on_hand=4), a_book(on_hand=9, site="BER"))
    lines = tuple(a_line(quantity, sites=SITES[:2], ref=str(quantity)) for quantity in (3, 4))
    for partial in (False, True):
        found = promise(Demand(lines, allow_partial=partial, ship_complete=True), shelf)
        assert [[one.site for one in line.deliveries] for line in found.lines] == [["HAM"], ["BER"]]


def test_a_line_is_put_together_to_the_last_millionth() -> None:
    shelf = AShelf(a_book(on_hand=0.000001), a_book(on_hand=0.000002, site="BER"), a_book(on_hand=0.000001, site="MUC"))
    for lines, served in (
        ([a_line(0.000002, sites=("HAM", "MUC"))], [[("HAM", 1), ("MUC", 1)]]),
        ([a_line(0.000002, sites=("HAM", "BER")), a_line(0.000001, sites=("BER",), ref="2")], [[("HAM", 1), ("BER", 1)], [("BER", 1)]]),
    ):
        found = promise(Demand(tuple(lines), allow_partial=True, ship_complete=True), shelf)
        assert [[(one.site, one.quantity) for one in line.deliveries] for line in found.lines] == served


@examples(200)
@given(
    st.lists(st.integers(0, 8), min_size=1, max_size=5),
    st.integers(1, 14),
    st.sampled_from([None, 1, 2, 3, 4, 20]),
    st.sampled_from([None, 1, 2, 3]),
)
def test_on_one_day_a_line_takes_what_its_best_split_would(rooms: list[int], quantity: int, least: int | None, most: int | None) -> None:
    sites = tuple(f"S{number}" for number in range(len(rooms)))
    shelf = AShelf(*[a_book(on_hand=room, site=site) for site, room in zip(sites, rooms, strict=True)])
    line = a_line(quantity, sites=sites, min_ship=least, max_shipments=most)
    cover = cover_of(line, Stand(shelf).outlets(line), [units(room) for room in rooms])
    offers = [Offer((0,), (units(min(room, quantity)),)) if room else Offer((), ()) for room in rooms]
    split = best_split(units(quantity), 0, offers, line.min_ship, most)[0]
    best = [(sites[one.site], one.quantity) for one in split]
    assert [(outlet.site, part) for outlet, part in cover or ()] == (best if sum(part for _, part in best) == units(quantity) else [])


def test_many_lines_of_one_day_that_no_site_serves_alone_are_looked_through_at_once() -> None:
    sites = tuple(f"S{number}" for number in range(20))
    shelf = AShelf(*[a_book(*[receipt(f"R{day}", 3, day) for day in range(1, 11)], on_hand=5, site=site) for site in sites])
    since = process_time()
    lines = tuple(a_line(21, sites=sites, ref=str(number), min_ship=2, max_shipments=4) for number in range(40))
    decision = promise(Demand(lines, allow_partial=True, ship_complete=True), shelf)
    assert {line.outcome for line in decision.lines} == {"none"}
    assert process_time() - since < 4
