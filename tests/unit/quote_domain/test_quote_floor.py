"""What floors leave to others, at one site and at several together, against the smallest cut of what the sites could give."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.allocation import Allocation, Kept, Kind
from services.quote.domain.balance import balance
from services.quote.domain.book import Book
from services.quote.domain.entry import Entry, Part
from services.quote.domain.floor import Guard, kept_by_day
from services.quote.domain.rules import Rules
from services.quote.domain.stand import Stand
from tests.unit.quote_domain.builders import NOW, TODAY, AShelf

SITES = ("HAM", "BER", "MUC")
DAYS = range(7)

Told = tuple[int, list[tuple[int, int]]]
"""What is on hand, and what comes (+) or goes (-) on which day."""
told = st.tuples(st.integers(0, 6), st.lists(st.tuples(st.integers(-4, 4).filter(bool), st.integers(0, 5)), max_size=3))
floors = st.lists(st.tuples(st.integers(1, 6), st.frozensets(st.sampled_from(SITES), min_size=1)), min_size=1, max_size=3)


def book_of(site: str, what: Told) -> Book:
    on_hand, changes = what
    moves = [Entry(Part.RECEIPT if q > 0 else Part.CLAIM, f"e{n}", abs(q), TODAY + day) for n, (q, day) in enumerate(changes)]
    book = Book("SKU", site)
    book.apply([Entry(Part.STOCK, "", on_hand), *moves], 1, NOW)
    return book


def atp(what: Told, taken: Sequence[tuple[int, int]] = ()) -> list[int]:
    """By day, the least that is there from then on."""
    on_hand, changes = what
    moves = [*changes, *((-quantity, day) for quantity, day in taken)]
    there = [on_hand + sum(q for q, at in moves if at <= day) for day in DAYS]
    return [min(there[day:]) for day in DAYS]


def covered(kept: Sequence[tuple[int, frozenset[str]]], supplies: Mapping[str, int]) -> int:
    """The largest flow is the smallest cut: of some floors all that their sites have, of the others all that they ask for."""
    cuts = []
    for size in range(len(kept) + 1):
        for some in combinations(range(len(kept)), size):
            sites = {site for number in some for site in kept[number][1]}
            rest = sum(quantity for number, (quantity, _) in enumerate(kept) if number not in some)
            cuts.append(rest + sum(max(0, supplies[site]) for site in sites))
    return min(cuts)


@given(told, st.integers(0, 8))
def test_of_one_book_so_much_is_kept_from_each_day_on_as_it_has_up_to_the_floor(what: Told, kept: int) -> None:
    steps = kept_by_day(balance(book_of("HAM", what), TODAY, NOW, Rules()), kept)
    for day in DAYS:
        assert sum(quantity for at, quantity in steps.items() if at <= TODAY + day) == min(kept, max(0, atp(what)[day]))
    assert all(quantity > 0 for quantity in steps.values())


@given(
    st.tuples(told, told, told), floors, st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4), st.integers(0, 5)), max_size=2), st.data()
)
def test_of_several_books_others_may_take_what_leaves_each_floor_what_it_could_get(
    whats: tuple[Told, Told, Told], kept: list[tuple[int, frozenset[str]]], taken: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    by_site = dict(zip(SITES, whats, strict=True))
    books = {site: book_of(site, what) for site, what in by_site.items()}
    stand = Stand(AShelf(*books.values()))
    places = {site: place for site in SITES if (place := stand.place("SKU", site)) is not None}
    before = {site: balance(book, TODAY, NOW, Rules()) for site, book in books.items()}
    named = [Kept(Allocation(f"F{n}", Kind.FLOOR, ("gold",), "SKU", sites), quantity) for n, (quantity, sites) in enumerate(kept)]
    guard = Guard(named, places, before)

    def leaves_enough(takes: Sequence[tuple[str, int, int]]) -> bool:
        left = {site: atp(what, [(q, day) for at, q, day in takes if at == site]) for site, what in by_site.items()}
        had = {site: atp(what) for site, what in by_site.items()}
        return all(
            covered(kept, {site: left[site][day] for site in SITES}) >= covered(kept, {site: had[site][day] for site in SITES})
            for day in DAYS
        )

    takes: list[tuple[str, int, int]] = []
    for at, quantity, day in taken:
        if leaves_enough([*takes, (SITES[at], quantity, day)]):
            takes.append((SITES[at], quantity, day))
            places[SITES[at]].take(TODAY + day, quantity)
    assert guard.holds()
    site, day = data.draw(st.sampled_from(SITES)), data.draw(st.sampled_from(DAYS))
    free = atp(by_site[site], [(q, on) for at, q, on in takes if at == site])[day]
    most = max((q for q in range(max(0, free) + 1) if leaves_enough([*takes, (site, q, day)])), default=0)
    assert guard.room(places[site], TODAY + day) == most
    places[site].take(TODAY + day, most + 1)
    assert guard.holds() == leaves_enough([*takes, (site, most + 1, day)])


@pytest.mark.parametrize("scale", [1, 1000])
@pytest.mark.parametrize(
    ("kept", "supplies", "rooms"),
    [
        ([(1, "BER MUC"), (1, "HAM BER"), (1, "HAM")], (1, 1, 2), (0, 0, 1)),
        ([(3, "BER MUC"), (3, "HAM BER"), (3, "HAM")], (3, 3, 4), (0, 0, 1)),
        ([(2, "BER MUC"), (2, "HAM BER"), (1, "HAM"), (1, "HAM")], (2, 2, 4), (0, 0, 2)),
        ([(2, "HAM BER MUC"), (2, "HAM BER"), (2, "HAM")], (2, 2, 3), (0, 0, 1)),
        ([(2, "HAM BER MUC"), (2, "HAM BER"), (2, "HAM")], (2, 4, 4), (0, 2, 4)),
        ([(4, "HAM BER"), (3, "HAM MUC"), (2, "HAM")], (3, 4, 3), (1, 1, 1)),
    ],
)
def test_a_floor_moves_to_another_of_its_sites_where_others_need_this_one(
    kept: list[tuple[int, str]], supplies: tuple[int, ...], rooms: tuple[int, ...], scale: int
) -> None:
    whats: dict[str, Told] = {site: (supply * scale, []) for site, supply in zip(SITES, supplies, strict=True)}
    books = {site: book_of(site, what) for site, what in whats.items()}
    stand = Stand(AShelf(*books.values()))
    places = {site: place for site in SITES if (place := stand.place("SKU", site)) is not None}
    named = [
        Kept(Allocation(f"F{n}", Kind.FLOOR, ("gold",), "SKU", frozenset(sites.split())), quantity * scale)
        for n, (quantity, sites) in enumerate(kept)
    ]
    guard = Guard(named, places, {site: balance(book, TODAY, NOW, Rules()) for site, book in books.items()})
    assert [guard.room(places[site], TODAY) for site in SITES] == [room * scale for room in rooms]


def test_there_may_come_to_be_more_room_where_any_of_the_books_changes() -> None:
    whats: dict[str, Told] = {"HAM": (3, [(2, 2)]), "BER": (0, [(1, 4), (-1, 5)])}
    books = {site: book_of(site, what) for site, what in whats.items()}
    stand = Stand(AShelf(*books.values()))
    places = {site: place for site in books if (place := stand.place("SKU", site)) is not None}
    guard = Guard([], places, {site: balance(book, TODAY, NOW, Rules()) for site, book in books.items()})
    assert guard.days() == [TODAY, TODAY + 2, TODAY + 4, TODAY + 5]
    places["HAM"].take(TODAY + 3, 1)
    assert guard.days() == [TODAY, TODAY + 2, TODAY + 3, TODAY + 4, TODAY + 5]
