"""What classes take while everybody is put in anew, counted piece by piece: against going through everybody at every question."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.allocation import Allocation, Every, Kind, Period, kept_from
from services.quote.domain.calendar import EVERY_DAY
from services.quote.domain.dates import Hop, Way
from services.quote.domain.demandclass import Strategy
from services.quote.domain.risk import Route
from services.quote.domain.standing import Piece, Placed, Standing
from services.quote.domain.tally import Rationed, Tally
from tests.examples import examples
from tests.unit.quote_domain.builders import TODAY

KEYS = ("A|2|HAM", "A|2|BER", "B|HAM")
SKUS = ("A|2", "B")
LINEAGES = (("gold", "all"), ("silver", "all"), ("all",))
TRANSIT = 2
LAST = 60
"""Beyond this day, counted from today, whatever recurs has recurred, and nothing else is said."""
EVER = Period(TODAY - LAST, TODAY + LAST, 0)


def where(key: str) -> tuple[str, str]:
    sku, _, site = key.rpartition("|")
    return sku, site


def shipped(day: int, quantity: int, key: str) -> Placed:
    """Shipped on a day, picked a day before, delivered two days later."""
    return Placed(key, Hop(TODAY + day - 1, TODAY + day, TODAY + day + TRANSIT), quantity)


def stands(one: Standing) -> list[Placed]:
    return [Placed(piece.key, piece.hop, piece.quantity) for piece in one.pieces]


def taken(allocation: Allocation, period: Period, classes: Sequence[str], places: Sequence[Placed]) -> int:
    """What these places take of an allocation in a period."""
    return sum(
        place.quantity
        for place in places
        if allocation.lineage[0] in classes and where(place.key)[0] == allocation.sku and allocation.covers(where(place.key)[1])
        if period.first <= place.hop.ship <= period.last
    )


@dataclass
class Slow:
    """All that is taken, listed anew for each question. `inside`: who is put in, and where; whoever is asked about and not in waits."""

    rationed: Sequence[Rationed]
    everybody: Sequence[Standing]
    inside: dict[str, Sequence[Placed]]

    def before(self, each: Rationed, period: Period) -> int:
        return sum(quantity for day, quantity in each.counted.items() if period.first <= day <= period.last)

    def of_asked(self, each: Rationed, period: Period, *, waiting: bool) -> int:
        return sum(
            taken(each.allocation, period, one.classes, stands(one) if waiting else self.inside[one.name])
            for one in self.everybody
            if one.strategy is not None and (one.name in self.inside) is not waiting
        )

    def in_it(self, each: Rationed, period: Period) -> int:
        """Who is in: those not asked about, those of nobody here, and those who are put in where they are put."""
        gone = sum(taken(each.allocation, period, one.classes, stands(one)) for one in self.everybody if one.strategy is not None)
        return self.before(each, period) - gone + self.of_asked(each, period, waiting=False)

    def ceilings(self, one: Standing, key: str) -> list[Rationed]:
        return [
            each
            for each in self.rationed
            if each.allocation.kind is Kind.CEILING and where(key)[0] == each.allocation.sku
            if each.allocation.covers(where(key)[1]) and each.allocation.lineage[0] in one.classes
        ]

    def allows(self, each: Rationed, ship: int, quantity: int, *, beside_all: bool) -> bool:
        period = each.allocation.period_of(ship)
        if period is None:
            return True
        used = self.in_it(each, period)
        if beside_all or self.before(each, period) > period.quantity:
            used += self.of_asked(each, period, waiting=True)
        return used + quantity <= period.quantity


def periods_of(allocation: Allocation) -> list[Period]:
    found = dict.fromkeys(allocation.period_of(TODAY + day) for day in range(-3, LAST))
    return [one for one in found if one is not None]


quantities = st.integers(1, 5)
shelves = st.sampled_from([None, frozenset(("HAM",)), frozenset(("BER",)), frozenset(("HAM", "BER"))])
spans: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {"every": Every.DAY},
        {"every": Every.WEEK},
        {"every": Every.DAY, "first": TODAY + 1, "last": TODAY + 5},
        {"periods": (Period(TODAY, TODAY + 2, 3), Period(TODAY + 4, TODAY + 6, 7))},
    ]
)
releases: st.SearchStrategy[dict[str, Any]] = st.sampled_from([{}, {"release": TODAY}, {"release": TODAY + 1}])
placings = st.lists(st.builds(shipped, st.integers(0, 6), quantities, st.sampled_from(KEYS)), min_size=1, max_size=2)


@st.composite
def promises(draw: st.DrawFn, name: str) -> Standing:
    pieces = tuple(Piece(place.key, place.hop.pick, place.quantity, place.hop.delivery, (), place.hop.ship) for place in draw(placings))
    strategy = draw(st.sampled_from([None, *Strategy]))
    return Standing(name, (name,), pieces, TODAY, TODAY + 9, strategy, classes=draw(st.sampled_from([(), *LINEAGES])))


@st.composite
def counts(draw: st.DrawFn, name: str, everybody: Sequence[Standing]) -> Rationed:
    """A ceiling or a floor, with what these promises and some others have of it."""
    kind = draw(st.sampled_from(Kind))
    more: dict[str, Any] = draw(spans if kind is Kind.CEILING else releases)
    sku, sites = draw(st.sampled_from(SKUS)), draw(shelves)
    allocation = Allocation(name, kind, draw(st.sampled_from(LINEAGES)), sku, sites, draw(st.integers(0, 12)), **more)
    counted = {TODAY + day: quantity for day, quantity in draw(st.dictionaries(st.integers(0, 6), quantities, max_size=2)).items()}
    for one in everybody:
        for place in stands(one):
            counted[place.hop.ship] = counted.get(place.hop.ship, 0) + taken(allocation, EVER, one.classes, [place])
    return Rationed(allocation, counted)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Slow, Tally]:
    """Some who stand, some of them put in anew, some taken out again; ceilings and floors that count them, and what others have taken."""
    everybody = [draw(promises(str(number))) for number in range(draw(st.integers(1, 4)))]
    rationed = [draw(counts(f"C{number}", everybody)) for number in range(draw(st.integers(1, 4)))]
    slow, tally = Slow(rationed, everybody, {}), Tally(rationed, everybody)
    for one in everybody:
        for places in draw(st.lists(placings | st.none(), max_size=2)):
            for place in slow.inside.get(one.name, ()):
                tally.enter(one, place, -1)
            if slow.inside.pop(one.name, None) is not None:
                tally.is_in(one, -1)
            if places is not None:
                for place in places:
                    tally.enter(one, place)
                tally.is_in(one)
                slow.inside[one.name] = places
    return slow, tally


@examples(50)
@given(worlds(), st.sampled_from(KEYS), st.integers(0, 6), quantities)
def test_a_new_date_is_the_first_for_which_every_ceiling_leaves_the_quantity(
    world: tuple[Slow, Tally], key: str, day: int, quantity: int
) -> None:
    slow, tally = world
    way = Way(EVERY_DAY, 1, EVERY_DAY, TRANSIT, EVERY_DAY, TODAY, "LANE")
    hop = way.deliver(TODAY + day)
    assert hop is not None
    for one, beside_all in product(slow.everybody, (False, True)):
        ceilings = slow.ceilings(one, key)
        days = range(hop.ship, TODAY + LAST)
        first = next((ship for ship in days if all(slow.allows(each, ship, quantity, beside_all=beside_all) for each in ceilings)), None)
        found = tally.admitted(one, Route(key, way), hop, quantity, TODAY + day, beside_all=beside_all)
        assert (None if found is None else found.ship) == first
        tight = [each.key for each in ceilings if not slow.allows(each, hop.ship, quantity, beside_all=False)]
        assert tally.bound(one, key, hop.ship, quantity) == (tight[0] if tight else None)


@examples(50)
@given(worlds())
def test_who_stays_needs_room_beside_who_is_in_or_no_more_than_all_had_before(world: tuple[Slow, Tally]) -> None:
    slow, tally = world
    for one in slow.everybody:
        full = set()
        for each in slow.rationed:
            for period in periods_of(each.allocation):
                mine = taken(each.allocation, period, one.classes, stands(one))
                most = max(period.quantity, slow.before(each, period))
                if mine and each.allocation.kind is Kind.CEILING and slow.in_it(each, period) + mine > most:
                    full.add(each.key)
        found = tally.forbids_staying(one)
        assert found in full if full else found is None


@examples(50)
@given(worlds(), st.sampled_from(KEYS), st.integers(-1, 1))
def test_floors_keep_what_their_classes_have_not_taken_yet(world: tuple[Slow, Tally], key: str, day: int) -> None:
    slow, tally = world
    sku, site = where(key)
    floors = [each for each in slow.rationed if each.allocation.kind is Kind.FLOOR and each.allocation.sku == sku]
    binding = [(each, slow.in_it(each, period)) for each in floors for period in periods_of(each.allocation)]
    for one in slow.everybody:
        left = [(each.allocation, used) for each, used in binding if each.allocation.binds_on(TODAY + day)]
        assert tally.kept(one, key, TODAY + day) == sum(kept.quantity for kept in kept_from(one.classes, left) if kept.floor.covers(site))


@examples(50)
@given(worlds(), placings)
def test_who_comes_into_a_period_that_is_then_overrun_is_known(world: tuple[Slow, Tally], places: list[Placed]) -> None:
    slow, tally = world
    for one in slow.everybody:
        gained = set()
        for each in slow.rationed:
            for period in periods_of(each.allocation):
                now, had = (taken(each.allocation, period, one.classes, some) for some in (places, stands(one)))
                if each.allocation.kind is Kind.CEILING and now > had:
                    gained.add((each.allocation.id, period.first))
        assert tally.gained(one, places) == gained
        for name, first in gained:
            each = next(each for each in slow.rationed if each.allocation.id == name)
            period = next(period for period in periods_of(each.allocation) if period.first == first)
            used = slow.in_it(each, period) + slow.of_asked(each, period, waiting=True)
            assert tally.is_overrun((name, first)) == (used > period.quantity)


def test_who_is_not_asked_about_is_counted_where_it_stands_whatever_is_tried_with_it() -> None:
    ceiling = Allocation("C", Kind.CEILING, ("gold",), "B", None, 9, Every.DAY)
    place = shipped(3, 4, "B|HAM")
    asked = Standing(
        "a", ("a",), (Piece("B|HAM", TODAY + 2, 4, TODAY + 5, (), TODAY + 3),), TODAY, TODAY + 5, Strategy.GAIN, classes=("gold",)
    )
    left_alone = replace(asked, name="b", strategy=None)
    tally = Tally([Rationed(ceiling, {TODAY + 3: 8})], [asked, left_alone])
    tally.enter(left_alone, place)
    tally.is_in(left_alone)
    way = Way(EVERY_DAY, 1, EVERY_DAY, TRANSIT, EVERY_DAY, TODAY, "LANE")
    for quantity, beside_all, ship in ((5, False, 3), (6, False, 4), (1, True, 3), (2, True, 4)):
        found = tally.admitted(asked, Route("B|HAM", way), place.hop, quantity, TODAY, beside_all=beside_all)
        assert (found or place.hop).ship - TODAY == ship


def test_the_pieces_of_a_promise_count_together_where_it_stays_and_where_it_waits() -> None:
    pieces = tuple(Piece("B|HAM", TODAY + 2, 2, TODAY + 5, (), TODAY + 3) for _ in range(2))
    stays = Standing("a", ("a",), pieces, TODAY, TODAY + 5, Strategy.FILL, classes=("gold",))
    comes = replace(stays, name="b", pieces=(Piece("B|HAM", TODAY + 7, 2, TODAY + 10, (), TODAY + 8),))
    tally = Tally(
        [Rationed(Allocation("C", Kind.CEILING, ("gold",), "B", None, 5, Every.DAY), {TODAY + 3: 4, TODAY + 8: 2})], [stays, comes]
    )
    way, place = Way(EVERY_DAY, 1, EVERY_DAY, TRANSIT, EVERY_DAY, TODAY, "LANE"), shipped(3, 2, "B|HAM")
    for beside_all, ship in ((False, 3), (True, 4)):
        found = tally.admitted(comes, Route("B|HAM", way), place.hop, 2, TODAY, beside_all=beside_all)
        assert (found or place.hop).ship - TODAY == ship
    assert tally.bound(comes, "B|HAM", TODAY + 3, 2) is None, "who waits is asked later"
    assert tally.forbids_staying(stays) is None
    tally.enter(comes, place)
    assert tally.forbids_staying(stays) == "C|^"


def test_of_a_sku_with_a_line_in_its_name_what_is_kept_is_kept_too() -> None:
    floor = Allocation("F", Kind.FLOOR, ("gold",), "A|2", frozenset(("HAM",)), 5)
    other = Standing("a", ("a",), (Piece("A|2|HAM", TODAY, 2, TODAY, ()),), TODAY, TODAY, Strategy.GAIN)
    tally = Tally([Rationed(floor, {TODAY: 1})], [other])
    assert [tally.kept(other, key, TODAY) for key in ("A|2|HAM", "A|2|BER", "A|HAM")] == [4, 0, 0]
