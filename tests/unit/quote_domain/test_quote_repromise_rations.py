"""Promises that are decided anew keep within ceilings and floors, and those whose way takes longer are repaired (promising.md § 7)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.allocation import Allocation, Every, Kind
from services.quote.domain.calendar import EVERY_DAY
from services.quote.domain.dates import Way
from services.quote.domain.demandclass import Strategy
from services.quote.domain.entry import BUCKET
from services.quote.domain.risk import Route
from services.quote.domain.standing import Outcome, Piece, Standing, Why
from services.quote.domain.tally import Rationed
from tests.unit.quote_domain.builders import TODAY, units
from tests.unit.quote_domain.standings import KEYS, a_promise, after, at_rest, days_of, decided, projected, world_of, worlds

WIN, GAIN, REDISTRIBUTE, FILL, LOSE = Strategy
GOLD = ("gold", "all")


def a_ceiling(quantity: float, *, every: Every | None = Every.DAY, of: str = "gold", key: str = "A|HAM", **more: Any) -> Allocation:
    sku, site = key.split("|")
    return Allocation(f"CEILING-{key}", Kind.CEILING, (of,), sku, frozenset((site,)), units(quantity), every, **more)


def a_floor(quantity: float, *, of: str = "retail", release: int | None = None) -> Allocation:
    return Allocation("FLOOR", Kind.FLOOR, (of,), "A", frozenset(("HAM",)), units(quantity), release=release)


def counted(allocation: Allocation, promises: Sequence[Standing], more: Mapping[int, float] | None = None) -> Rationed:
    """What an allocation counts of these promises, and what others have taken by day."""
    found = {TODAY + day: units(quantity) for day, quantity in (more or {}).items()}
    for one in promises:
        for piece in one.pieces:
            sku, site = piece.key.split("|")
            if sku == allocation.sku and allocation.covers(site) and allocation.counts(one.classes):
                found[piece.hop[1]] = found.get(piece.hop[1], 0) + piece.quantity
    return Rationed(allocation, found)


def test_a_new_date_waits_for_the_period_that_has_room() -> None:
    promise = [a_promise("a", WIN, (5, 7), wanted=0, classes=GOLD)]
    for more, expected in (({0: 6}, 1), ({0: 5}, 0), ({0: 6, 1: 6, 2: 6}, 3), (dict.fromkeys(range(7), 6), 7)):
        rationed = [counted(a_ceiling(10), promise, more)]
        assert days_of(decided(promise, {"A|HAM": {0: 10}}, rationed=rationed)) == {"a": expected}


def test_the_ceiling_that_lets_one_wait_who_must_win_is_named_by_its_ship_date() -> None:
    way = Way(EVERY_DAY, 0, EVERY_DAY, 3, EVERY_DAY, TODAY, "LANE")
    piece = Piece("A|HAM", TODAY + 7, units(5), TODAY + 10, (Route("A|HAM", way),), TODAY + 7)
    promise = Standing("a", ("a",), (piece,), TODAY + 3, TODAY + 10, WIN, classes=GOLD)
    found = decided([promise], {"A|HAM": {0: 10}}, rationed=[counted(a_ceiling(10), [promise], {0: 6})])["a"]
    assert (found.day, found.why, found.blocked) == (TODAY + 4, Why.IMPROVED, f"CEILING-A|HAM|{BUCKET}")


def test_no_ceiling_is_named_where_another_site_serves_the_wanted_date() -> None:
    promise = [a_promise("a", WIN, (5, 7), wanted=0, others=["A|BER"], classes=GOLD)]
    found = decided(promise, {"A|HAM": {0: 5}, "A|BER": {0: 5}}, rationed=[counted(a_ceiling(10), promise, {0: 6})])["a"]
    assert [place.key for place in found.placed or ()] == ["A|BER"]
    assert (found.day, found.why, found.blocked) == (TODAY, Why.IMPROVED, None)


def test_a_ceiling_of_the_class_around_binds_too_and_that_of_another_does_not() -> None:
    promise = [a_promise("a", WIN, (5, 7), wanted=0, classes=GOLD)]
    for of, expected in (("all", 1), ("silver", 0)):
        rationed = [counted(a_ceiling(10, of=of), promise, {0: 6})]
        assert days_of(decided(promise, {"A|HAM": {0: 10}}, rationed=rationed)) == {"a": expected}


def test_sites_that_share_a_ceiling_are_decided_together() -> None:
    promises = [
        a_promise("a", LOSE, (10, 0), classes=GOLD),
        a_promise("b", WIN, (10, 7), wanted=0, key="A|BER", classes=GOLD),
    ]
    ceiling = Allocation("C", Kind.CEILING, ("gold",), "A", None, units(10), Every.DAY)
    supply = {"A|HAM": {0: 10}, "A|BER": {0: 10}}
    assert days_of(decided(promises, supply, rationed=[counted(ceiling, promises)])) == {"a": 1, "b": 0}


def test_who_gives_way_gives_back_what_its_class_may_take() -> None:
    promises = [a_promise("a", LOSE, (10, 0), classes=GOLD), a_promise("b", WIN, (10, 7), wanted=0, classes=GOLD)]
    found = decided(promises, {"A|HAM": {0: 30}}, rationed=[counted(a_ceiling(10), promises)])
    assert days_of(found) == {"a": 1, "b": 0}
    assert (found["a"].why, found["a"].blocked, found["a"].behind) == (Why.GAVE_WAY, "CEILING-A|HAM|^", "b")


def test_a_ceiling_that_was_lowered_makes_nobody_move_and_lets_nobody_in() -> None:
    for first, then in ((FILL, WIN), (GAIN, REDISTRIBUTE)):
        promises = [a_promise("a", first, (10, 0), classes=GOLD), a_promise("b", then, (1, 7), wanted=0, classes=GOLD)]
        found = decided(promises, {"A|HAM": {0: 30}}, rationed=[counted(a_ceiling(5), promises)])
        assert days_of(found) == {"a": 0, "b": 1}


def test_within_a_period_of_which_too_much_is_taken_nobody_is_improved() -> None:
    promise = [a_promise("a", WIN, (10, 2), wanted=1, classes=GOLD)]
    found = decided(promise, {"A|HAM": {0: 10}}, rationed=[counted(a_ceiling(10, every=Every.WEEK), promise, {2: 5})])["a"]
    assert (found.day, found.placed, found.blocked) == (TODAY + 2, None, "CEILING-A|HAM|^")


def test_who_is_improved_waits_no_longer_where_it_stood() -> None:
    promise = [a_promise("a", GAIN, (5, 3), (2, 7), wanted=3, classes=GOLD)]
    assert days_of(decided(promise, {"A|HAM": {0: 15}}, rationed=[counted(a_ceiling(10), promise)])) == {"a": 3}


def test_what_is_promised_together_has_no_day_where_a_ceiling_leaves_room_for_a_part_of_it_alone() -> None:
    promise = [a_promise("a", GAIN, (4, 1), (4, 2), together=True, classes=GOLD)]
    assert days_of(decided(promise, {"A|HAM": {4: 15}}, rationed=[counted(a_ceiling(5), promise)])) == {"a": None}


def test_who_comes_into_what_another_waits_for_gives_it_back_and_nobody_else_does() -> None:
    promises = [
        a_promise("a", WIN, (10, 7), wanted=0, classes=GOLD),
        a_promise("b", WIN, (5, 7), wanted=0),
        a_promise("c", FILL, (10, 0), key="A|BER", classes=GOLD),
    ]
    ceiling = Allocation("C", Kind.CEILING, ("gold",), "A", None, units(15), Every.DAY)
    found = decided(promises, {"A|HAM": {0: 15}, "A|BER": {0: 1}}, rationed=[counted(ceiling, promises)])
    assert days_of(found) == {"a": 7, "b": 0, "c": None}


def test_the_period_is_that_of_the_ship_date() -> None:
    way = Way(EVERY_DAY, 1, EVERY_DAY, 2, EVERY_DAY, TODAY, "LANE")
    piece = Piece("A|HAM", TODAY + 7, units(5), TODAY + 10, (Route("A|HAM", way),), TODAY + 8)
    promise = [Standing("a", ("a",), (piece,), TODAY + 3, TODAY + 10, WIN, classes=GOLD)]
    for taken_on, expected in ((0, 3), (1, 4), (3, 3)):
        rationed = [counted(a_ceiling(10), promise, {taken_on: 6})]
        assert days_of(decided(promise, {"A|HAM": {0: 10}}, rationed=rationed)) == {"a": expected}


def test_a_floor_is_kept_from_new_dates_of_others_until_its_release() -> None:
    promise = [a_promise("a", GAIN, (6, 7), wanted=0, classes=GOLD)]
    supply = {"A|HAM": {0: 10, 3: 5}}
    for floor, expected in ((a_floor(5), 3), (a_floor(4), 0), (a_floor(5, release=TODAY), 0), (a_floor(5, of="gold"), 0)):
        assert days_of(decided(promise, supply, rationed=[counted(floor, promise)])) == {"a": expected}


def test_what_a_class_has_taken_of_its_floor_is_not_kept_once_more() -> None:
    promise = [a_promise("a", GAIN, (6, 7), wanted=0, classes=GOLD)]
    assert days_of(decided(promise, {"A|HAM": {0: 10, 3: 5}}, rationed=[counted(a_floor(5), promise, {2: 1})])) == {"a": 0}


def test_nobody_takes_from_a_class_what_is_protected_for_it() -> None:
    promises = [
        a_promise("a", LOSE, (10, 0), classes=("retail",)),
        a_promise("b", WIN, (10, 7), wanted=0, classes=GOLD),
    ]
    supply = {"A|HAM": {0: 10, 7: 10}}
    assert days_of(decided(promises, supply)) == {"a": 7, "b": 0}
    assert days_of(decided(promises, supply, rationed=[counted(a_floor(10), promises)])) == {"a": 0, "b": 7}


# -- a way that takes longer


def a_slow(strategy: Strategy, pick: int, promised: int, transit: int = 3, wanted: int | None = None) -> Standing:
    """Promised when its way took fewer days."""
    way = Way(EVERY_DAY, 0, EVERY_DAY, transit, EVERY_DAY, TODAY, "LANE")
    piece = Piece("A|HAM", TODAY + pick, units(5), TODAY + promised, (Route("A|HAM", way),), TODAY + pick, TODAY + pick + transit)
    return Standing("a", ("a",), (piece,), TODAY + (promised if wanted is None else wanted), TODAY + promised, strategy)


def test_what_is_late_by_its_way_alone_is_picked_earlier() -> None:
    for strategy in Strategy:
        found = decided([a_slow(strategy, 4, 5)], {"A|HAM": {2: 5}})["a"]
        assert found.placed is not None
        assert (found.day, found.why, found.placed[0].hop[0]) == (TODAY + 5, Why.REGAINED, TODAY + 2)


def test_or_promised_for_the_day_on_which_it_will_come() -> None:
    for strategy in Strategy:
        found = decided([a_slow(strategy, 4, 5)], {"A|HAM": {4: 5}})["a"]
        assert (found.day, found.why, found.blocked) == (TODAY + 7, Why.DELAYED, "A|HAM")


def test_the_ceiling_that_makes_it_later_still_is_named() -> None:
    promise = [replace(a_slow(FILL, 4, 5), classes=GOLD)]
    found = decided(promise, {"A|HAM": {4: 5}}, rationed=[counted(a_ceiling(10), promise, {4: 6})])["a"]
    assert (found.day, found.why, found.blocked) == (TODAY + 8, Why.DELAYED, "CEILING-A|HAM|^")


def test_who_would_be_picked_earlier_at_the_cost_of_a_book_is_picked_when_it_was_and_comes_later() -> None:
    promises = [a_slow(FILL, 4, 5), a_promise("b", FILL, (15, 0))]
    found = decided(promises, {"A|HAM": {0: 10}})
    assert days_of(found) == {"a": 7, "b": None}
    assert [place.hop[0] - TODAY for place in found["a"].placed or ()] == [4]


def test_who_comes_in_time_is_left_where_it_stands() -> None:
    assert decided([a_slow(FILL, 2, 5)], {"A|HAM": {0: 5}})["a"] == Outcome(TODAY + 5, None)


# -- properties

rationings = st.fixed_dictionaries(
    {
        key: st.none() | st.tuples(st.integers(1, 12), st.sampled_from([None, Every.DAY, Every.WEEK]), st.sampled_from(("gold", "all")))
        for key in KEYS
    }
)
classes_of = st.lists(st.sampled_from([(), ("all",), GOLD]), min_size=6, max_size=6)
taken = st.dictionaries(st.integers(0, 9), st.integers(1, 6), max_size=2)
rationed_worlds = st.tuples(worlds, rationings, classes_of, taken)


def rationed_world(drawn: Any) -> tuple[list[Standing], Any, list[Allocation]]:
    promises, supply = world_of(drawn[0])
    promises = [replace(one, classes=classes) for one, classes in zip(promises, drawn[2], strict=False)]
    first = {"first": TODAY}
    ceilings = [
        a_ceiling(one[0], every=one[1], of=one[2], key=key, **({} if one[1] else first)) for key, one in drawn[1].items() if one is not None
    ]
    return promises, supply, ceilings


@given(rationed_worlds)
def test_no_period_is_taken_more_of_than_its_ceiling_unless_it_was_and_nobody_came_into_it(drawn: Any) -> None:
    promises, supply, ceilings = rationed_world(drawn)
    found = decided(promises, supply, rationed=[counted(one, promises, drawn[3]) for one in ceilings])
    moved = after(promises, found)
    for ceiling in ceilings:
        before, then = (counted(ceiling, each, drawn[3]).counted for each in (promises, moved))
        periods = {period for day in (*before, *then) if (period := ceiling.period_of(day)) is not None}
        for period in periods:
            was, now = (sum(q for day, q in each.items() if period.first <= day <= period.last) for each in (before, then))
            assert now <= max(period.quantity, was)
            for old, new in zip(promises, moved, strict=True):
                had, has = (
                    sum(q for day, q in counted(ceiling, [one]).counted.items() if period.first <= day <= period.last) for one in (old, new)
                )
                assert has <= had or now <= period.quantity
    for key in KEYS:
        before_, then_ = projected(promises, supply, key), projected(moved, supply, key)
        assert all(new >= min(0, old) for old, new in zip(before_, then_, strict=True))


SITES = ("HAM", "BER", "MUC")
floors = st.lists(st.tuples(st.integers(1, 8), st.sets(st.sampled_from(SITES), min_size=1)), min_size=1, max_size=3)
stocks = st.fixed_dictionaries(
    {f"A|{site}": st.dictionaries(st.sampled_from((0, 2, 5)), st.integers(1, 9), min_size=1, max_size=2) for site in SITES}
)


def covered(kept: Sequence[tuple[int, set[str]]], left: Mapping[str, int]) -> int:
    """How much of what is kept the sites can give: the least cut between floors and sites."""
    cuts = []
    for chosen in range(2 ** len(kept)):
        inside = [one for number, one in enumerate(kept) if chosen >> number & 1]
        outside = sum(quantity for number, (quantity, _) in enumerate(kept) if not chosen >> number & 1)
        cuts.append(outside + sum(max(0, left[site]) for site in set().union(*(sites for _, sites in inside))))
    return min(cuts)


@given(stocks, floors, st.integers(1, 6), st.sampled_from((WIN, GAIN, REDISTRIBUTE)))
def test_a_new_date_takes_nothing_of_what_floors_over_several_sites_keep(
    supply: Any, kept: list[tuple[int, set[str]]], quantity: int, strategy: Strategy
) -> None:
    """Kept whole at each site: it may be later than need be, and never earlier than the exact rule allows."""
    promise = [a_promise("a", strategy, (quantity, 9), wanted=0, key="A|HAM", others=("A|BER", "A|MUC"), classes=GOLD)]
    rationed = [
        Rationed(Allocation(f"FLOOR-{n}", Kind.FLOOR, ("retail",), "A", frozenset(sites), units(q)), {})
        for n, (q, sites) in enumerate(kept)
    ]
    found = decided(promise, supply, rationed=rationed)["a"]
    if found.placed is None:
        return
    (place,) = found.placed
    pick, home = place.hop[0] - TODAY, place.key.removeprefix("A|")
    for today in range(10):
        before = {site: sum(q for day, q in supply[f"A|{site}"].items() if day <= today) for site in SITES}
        left = sum(q for day, q in supply[place.key].items() if day <= max(today, pick)) - quantity
        assert covered(kept, {**before, home: min(before[home], left)}) >= covered(kept, before)


@given(rationed_worlds)
def test_it_comes_to_rest_under_ceilings_too(drawn: Any) -> None:
    promises, supply, ceilings = rationed_world(drawn)
    assert at_rest(promises, lambda standing: decided(standing, supply, rationed=[counted(one, standing, drawn[3]) for one in ceilings]))


@given(rationed_worlds)
def test_a_ceiling_that_leaves_plenty_changes_nothing(drawn: Any) -> None:
    promises, supply, ceilings = rationed_world(drawn)
    wide = [counted(replace(one, quantity=units(1000)), promises, drawn[3]) for one in ceilings]
    assert days_of(decided(promises, supply, rationed=wide)) == days_of(decided(promises, supply))
