"""Lines that leave together, against every way to serve them: with limits on shipments, and over ways of different length."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.calendar import EVERY_DAY
from services.quote.domain.dates import Way
from services.quote.domain.promise import Demand, promise
from tests.examples import examples
from tests.unit.quote_domain.builders import TODAY, AShelf, a_book, a_line, receipt

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


@examples(300)
@given(
    st.tuples(STOCK, STOCK, STOCK),
    st.lists(LINE, min_size=1, max_size=3),
    st.tuples(*[st.sampled_from([0, 0, 1, 2])] * 6),
    st.booleans(),
)
def test_the_common_date_is_the_first_on_which_the_lines_can_be_served_in_any_way(
    stocks: tuple[tuple[int, dict[int, int]], ...],
    lines: list[Line],
    days: tuple[int, ...],
    partial: bool,  # noqa: FBT001 -- drawn
) -> None:
    shelf = AShelf(
        *(
            a_book(*(receipt(f"{site}{day}", quantity, day) for day, quantity in coming.items()), on_hand=on_hand, site=site)
            for site, (on_hand, coming) in zip(SITES, stocks, strict=True)
        )
    )
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
