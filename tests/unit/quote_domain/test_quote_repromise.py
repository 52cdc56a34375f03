"""Who wins and who loses when promises are decided anew (promising.md § 7, pass 2)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.bins import StockBin
from services.quote.domain.calendar import EVERY_DAY, Calendar
from services.quote.domain.dates import Way
from services.quote.domain.demandclass import Strategy
from services.quote.domain.repromise import repromise
from services.quote.domain.risk import Route
from services.quote.domain.standing import Piece, Standing, Why
from tests.unit.quote_domain.builders import TODAY, units
from tests.unit.quote_domain.standings import (
    HORIZON,
    KEYS,
    a_promise,
    a_route,
    after,
    at_rest,
    bins_of,
    days_of,
    decided,
    projected,
    seen,
    supplies,
    world_of,
    worlds,
)

WIN, GAIN, REDISTRIBUTE, FILL, LOSE = Strategy


@pytest.mark.parametrize("other", [REDISTRIBUTE, FILL, LOSE])
def test_who_must_win_regains_the_wanted_date_and_others_give_way(other: Strategy) -> None:
    promises = [a_promise("a", other, (10, 0)), a_promise("b", WIN, (10, 7), wanted=0)]
    found = decided(promises, {"A|HAM": {0: 10, 7: 10}})
    if other is REDISTRIBUTE:
        assert found["a"].why is Why.GAVE_WAY
    assert days_of(found) == {"a": 7, "b": 0}
    assert (found["b"].why, found["a"].behind, found["a"].blocked) == (Why.IMPROVED, "b", "A|HAM")


def test_what_a_gain_has_is_not_taken_from_it() -> None:
    promises = [a_promise("a", GAIN, (10, 0)), a_promise("b", WIN, (10, 7), wanted=0)]
    assert days_of(decided(promises, {"A|HAM": {0: 10, 7: 10}})) == {"a": 0, "b": 7}


def test_a_gain_takes_what_is_free_and_a_fill_never_does() -> None:
    supply = {"A|HAM": {0: 10, 7: 20}}
    promises = [a_promise("a", FILL, (10, 7), wanted=0), a_promise("b", GAIN, (10, 7), wanted=0)]
    assert days_of(decided(promises, supply)) == {"a": 7, "b": 0}


def test_nobody_is_pulled_in_before_the_wanted_date() -> None:
    assert days_of(decided([a_promise("a", WIN, (10, 7), wanted=4)], {"A|HAM": {0: 10}})) == {"a": 4}


def test_what_keeps_one_that_must_win_from_its_wanted_date_is_named_and_only_then() -> None:
    promise = [a_promise("a", WIN, (10, 7), wanted=0)]
    found = decided(promise, {"A|HAM": {0: 5, 4: 5}})["a"]
    assert (found.day, found.why, found.blocked) == (TODAY + 4, Why.IMPROVED, "A|HAM")
    assert decided(promise, {"A|HAM": {7: 10}})["a"].blocked == "A|HAM"
    assert decided(promise, {"A|HAM": {0: 10}})["a"].blocked is None
    assert decided([replace(promise[0], strategy=GAIN)], {"A|HAM": {7: 10}})["a"].blocked is None


def test_where_only_the_way_takes_so_long_no_book_is_named() -> None:
    route = Route("A|HAM", Way(EVERY_DAY, 0, EVERY_DAY, 3, EVERY_DAY, TODAY, "LANE"))
    piece = Piece("A|HAM", TODAY, units(5), TODAY + 3, (route,), TODAY)
    promise = Standing("a", ("a",), (piece,), TODAY, TODAY + 3, WIN)
    found = decided([promise], {"A|HAM": {0: 5}})["a"]
    assert (found.day, found.why, found.blocked) == (TODAY + 3, None, None)


def test_redistribution_serves_by_rank() -> None:
    promises = [a_promise("a", REDISTRIBUTE, (10, 7), wanted=0), a_promise("b", REDISTRIBUTE, (10, 0))]
    assert days_of(decided(promises, {"A|HAM": {0: 10, 7: 10}})) == {"a": 0, "b": 7}


def test_who_loses_gives_way_before_who_fills() -> None:
    promises = [a_promise("a", LOSE, (10, 0)), a_promise("b", FILL, (10, 0)), a_promise("c", WIN, (10, 7), wanted=0)]
    assert days_of(decided(promises, {"A|HAM": {0: 20, 7: 10}})) == {"a": 7, "b": 0, "c": 0}


def test_frozen_promises_and_those_not_asked_about_stay() -> None:
    supply = {"A|HAM": {0: 10, 7: 10}}
    for stays in (a_promise("a", None, (10, 0)), a_promise("a", None, (10, 0), frozen=True)):
        assert days_of(decided([stays, a_promise("b", WIN, (10, 7), wanted=0)], supply)) == {"b": 7}


def test_nobody_improves_at_the_cost_of_somebody_who_would_have_nothing_then() -> None:
    """What b stands on comes no more: a would be left without any date, so b waits in vain."""
    for wanted in (0, 7):
        promises = [a_promise("a", LOSE, (10, 0)), a_promise("b", WIN, (10, 7), wanted=wanted)]
        found = decided(promises, {"A|HAM": {0: 10}})
        assert days_of(found) == {"a": 0, "b": None}


def test_what_no_supply_covers_keeps_its_date_and_holds_nothing_back() -> None:
    found = decided([a_promise("a", FILL, (50, 0)), a_promise("b", FILL, (5, 0))], {"A|HAM": {0: 5}})
    assert days_of(found) == {"a": None, "b": 0}
    assert (found["a"].why, found["a"].placed, found["a"].blocked) == (Why.SHORTAGE, None, "A|HAM")


def test_another_site_serves_who_is_short() -> None:
    promises = [a_promise("a", FILL, (10, 2), others=["B|BER"])]
    found = decided(promises, {"A|HAM": {5: 10}, "B|BER": {0: 10}})["a"]
    assert found.placed is not None
    assert (found.day, found.why, found.placed[0].key) == (TODAY + 2, Why.REGAINED, "B|BER")


def test_a_new_day_leaves_safety_stock_and_holds_alone() -> None:
    promise = [a_promise("a", GAIN, (8, 7), wanted=0)]
    supply = {"A|HAM": {0: 10, 7: 10}}
    assert days_of(decided(promise, supply, {0: 2})) == {"a": 0}
    assert days_of(decided(promise, supply, {0: 3})) == {"a": 7}


def test_to_stay_safety_stock_may_be_used() -> None:
    assert decided([a_promise("a", FILL, (10, 0))], {"A|HAM": {0: 10}}, {0: 5})["a"].why is None


def test_what_is_promised_together_moves_together() -> None:
    both = Standing(
        "both",
        ("0",),
        tuple(Piece(key, TODAY + 1, units(5), TODAY + 1, (a_route(key),)) for key in KEYS),
        TODAY + 1, TODAY + 1, FILL, together=True,
    )  # fmt: skip
    found = decided([both], {"A|HAM": {0: 5}, "B|BER": {6: 5}})["both"]
    assert found.placed is not None
    assert [place.hop[2] - TODAY for place in found.placed] == [6, 6]


@pytest.mark.parametrize(
    ("stock", "strategy", "day"),
    [
        pytest.param(0, REDISTRIBUTE, 3, id="up to the wanted day the last on which both are delivered"),
        pytest.param(4, REDISTRIBUTE, 6, id="else the first after it"),
        pytest.param(8, FILL, 8, id="never before it, where it may not improve"),
    ],
)
def test_what_is_promised_together_is_delivered_on_a_day_on_which_no_way_rests(stock: int, strategy: Strategy, day: int) -> None:
    """The way of A rests on day 4, that of B on day 5."""
    ways = [
        Way(EVERY_DAY, 0, Calendar((1440,) * 7, {TODAY + rest: 0}), 0, EVERY_DAY, TODAY, key)
        for key, rest in zip(KEYS, (4, 5), strict=True)
    ]
    pieces = tuple(Piece(key, TODAY + 7, units(5), TODAY + 7, (Route(key, way),)) for key, way in zip(KEYS, ways, strict=True))
    both = Standing("both", ("0",), pieces, TODAY + 5, TODAY + 7, strategy, together=True)
    found = decided([both], {"A|HAM": {0: 5}, "B|BER": {stock: 5}})["both"]
    assert {place.hop[2] - TODAY for place in found.placed or ()} == {day}


@pytest.mark.parametrize(
    ("strategy", "wanted", "promised", "day"),
    [
        pytest.param(REDISTRIBUTE, 5, 7, 4, id="the day before"),
        pytest.param(REDISTRIBUTE, 1, 7, 0, id="today"),
        pytest.param(FILL, 7, 7, 8, id="no earlier than it is promised, where it may not improve"),
    ],
)
def test_what_is_promised_together_meets_on_the_day_next_to_the_wanted_one(
    strategy: Strategy, wanted: int, promised: int, day: int
) -> None:
    """The way of A rests on the wanted day; of B there is something at another site alone."""
    rests = Way(EVERY_DAY, 0, Calendar((1440,) * 7, {TODAY + wanted: 0}), 0, EVERY_DAY, TODAY, "A")
    always = Way(EVERY_DAY, 0, EVERY_DAY, 0, EVERY_DAY, TODAY, "B")
    routes = ((Route("A|HAM", rests),), (Route("B|BER", always), Route("C|MUC", always)))
    pieces = tuple(Piece(some[0].key, TODAY + promised, units(5), TODAY + promised, some) for some in routes)
    both = Standing("both", ("0",), pieces, TODAY + wanted, TODAY + promised, strategy, together=True)
    found = decided([both], {"A|HAM": {0: 5}, "B|BER": {}, "C|MUC": {0: 5}})["both"]
    assert {place.hop[2] - TODAY for place in found.placed or ()} == {day}


def test_of_what_is_promised_together_one_piece_may_be_all_that_is_open() -> None:
    assert days_of(decided([a_promise("a", FILL, (10, 1), together=True)], {"A|HAM": {6: 10}})) == {"a": 6}


def test_later_than_is_wanted_is_not_given_and_the_last_day_that_is_wanted_is() -> None:
    for latest, expected in ((3, None), (4, 4)):
        promise = a_promise("a", FILL, (10, 0), latest_day=TODAY + latest)
        assert days_of(decided([promise], {"A|HAM": {4: 10}})) == {"a": expected}


def test_who_breaks_a_book_gives_its_advantage_back_and_nobody_else_does() -> None:
    promises = [
        a_promise("a", LOSE, (10, 0)),
        a_promise("b", WIN, (10, 7), wanted=0),
        a_promise("c", WIN, (5, 7), wanted=0, key="B|BER", others=["A|HAM"]),
    ]
    found = decided(promises, {"A|HAM": {0: 10}, "B|BER": {0: 5}})
    assert days_of(found) == {"a": 0, "b": None, "c": 0}


def test_the_last_served_gives_back_first_and_one_alone_where_that_is_enough() -> None:
    promises = [a_promise("a", LOSE, (10, 0)), a_promise("b", WIN, (5, 7), wanted=0), a_promise("c", WIN, (5, 7), wanted=0)]
    assert days_of(decided(promises, {"A|HAM": {0: 15}})) == {"a": 0, "b": 0, "c": None}


def test_who_gives_back_what_it_took_elsewhere_is_served_last_from_its_own_book() -> None:
    promises = [a_promise("a", LOSE, (10, 0)), a_promise("b", WIN, (5, 7), wanted=0, key="B|BER", others=["A|HAM"])]
    assert days_of(decided(promises, {"A|HAM": {0: 10}, "B|BER": {9: 5}})) == {"a": 0, "b": 9}


def test_what_is_not_asked_about_leaves_only_what_it_does_not_need() -> None:
    promises = [a_promise("a", None, (10, 0)), a_promise("b", GAIN, (10, 7), wanted=0)]
    assert days_of(decided(promises, {"A|HAM": {0: 10, 3: 10}})) == {"b": 3}


def test_what_is_met_is_kept_before_what_is_not_though_that_must_win() -> None:
    promises = [a_promise("a", GAIN, (10, 0)), a_promise("b", WIN, (10, 0))]
    assert days_of(decided(promises, {"A|HAM": {0: 10, 5: 10}})) == {"a": 0, "b": 5}


@pytest.mark.parametrize("strategy", [REDISTRIBUTE, GAIN, WIN])
def test_nobody_changes_its_site_for_the_day_that_it_has(strategy: Strategy) -> None:
    promise = a_promise("a", strategy, (5, 3), wanted=0, others=["B|BER"])
    coming = {TODAY + 3: units(5)}
    bins = {"A|HAM": StockBin(TODAY, coming, {TODAY: units(1)}), "B|BER": StockBin(TODAY, coming, {})}
    found = repromise([promise], bins)["a"]
    assert (found.day, found.placed, found.why) == (TODAY + 3, None, None)


def a_slow_route(key: str, pick_pack_days: int, transit_days: int) -> Route:
    return Route(key, Way(EVERY_DAY, pick_pack_days, EVERY_DAY, transit_days, EVERY_DAY, TODAY, f"LANE-{key}"))


def on_its_way(name: str, strategy: Strategy, quantity: float, delivery: int, route: Route, *others: Route, wanted: int = 0) -> Standing:
    """A promise that is picked and shipped as late as its route allows."""
    hop = route.way.latest_pick(TODAY + delivery)
    assert hop is not None
    piece = Piece(route.key, hop.pick, units(quantity), hop.delivery, (route, *others), hop.ship)
    return Standing(name, (name,), (piece,), TODAY + wanted, TODAY + delivery, strategy)


def test_what_is_taken_is_taken_on_its_pick_day() -> None:
    promises = [on_its_way("a", WIN, 10, 9, a_slow_route("A|HAM", 2, 1)), a_promise("b", WIN, (10, 8), wanted=0)]
    found = decided(promises, {"A|HAM": {0: 10, 2: 10}})
    assert days_of(found) == {"a": 3, "b": 2}
    (place,) = found["a"].placed or ()
    assert (place.hop.pick - TODAY, place.hop.ship - TODAY, place.lane) == (0, 2, "LANE-A|HAM")


def test_safety_stock_and_holds_give_way_where_no_later_day_leaves_them_alone() -> None:
    promises = [on_its_way("a", FILL, 10, 1, a_slow_route("A|HAM", 0, 1))]
    found = decided(promises, {"A|HAM": {5: 10}}, {0: 3})["a"]
    assert (found.day, found.why) == (TODAY + 6, Why.SHORTAGE)
    assert [(place.key, place.lane) for place in found.placed or ()] == [("A|HAM", "LANE-A|HAM")]
    assert days_of(decided(promises, {"A|HAM": {5: 10, 8: 5}}, {0: 3})) == {"a": 9}
    assert days_of(decided(promises, {"A|HAM": {5: 8}}, {0: 3})) == {"a": None}


def test_another_site_picks_as_early_as_its_way_needs() -> None:
    promise = on_its_way("a", FILL, 5, 5, a_route("A|HAM"), a_slow_route("B|BER", 0, 3), wanted=5)
    found = decided([promise], {"A|HAM": {9: 5}, "B|BER": {0: 5}})["a"]
    (place,) = found.placed or ()
    assert (place.key, place.hop.pick - TODAY, place.hop.delivery - TODAY, found.why) == ("B|BER", 2, 5, Why.REGAINED)


def test_of_sites_that_serve_it_on_one_day_its_own_is_preferred() -> None:
    promise = a_promise("a", GAIN, (5, 7), wanted=0, others=["B|BER"])
    found = decided([promise], {"A|HAM": {0: 5}, "B|BER": {0: 5}})["a"]
    assert [place.key for place in found.placed or ()] == ["A|HAM"]


def test_who_never_had_a_place_takes_no_advantage_from_anybody() -> None:
    promises = [a_promise("a", FILL, (50, 0), key="B|BER", others=["A|HAM"]), a_promise("b", WIN, (5, 7), wanted=0)]
    assert days_of(decided(promises, {"A|HAM": {0: 5}, "B|BER": {0: 1}})) == {"a": None, "b": 0}


def test_who_stays_though_it_was_in_danger_has_regained_its_date() -> None:
    promises = [a_promise("a", LOSE, (10, 0)), a_promise("b", WIN, (10, 0))]
    found = decided(promises, {"A|HAM": {0: 10, 5: 10}})
    assert (found["b"].day, found["b"].placed, found["b"].why) == (TODAY, None, Why.REGAINED)
    assert (found["a"].day, found["a"].why, found["a"].behind) == (TODAY + 5, Why.GAVE_WAY, "b")


def test_what_was_said_to_come_late_and_comes_in_time_after_all_stays() -> None:
    piece = Piece("A|HAM", TODAY + 7, units(5), TODAY + 7, (a_route("A|HAM"),), None, TODAY + 9)
    promise = Standing("a", ("a",), (piece,), TODAY, TODAY + 7, WIN)
    found = decided([promise], {"A|HAM": {7: 5}})["a"]
    assert (found.day, found.placed, found.why, found.blocked) == (TODAY + 7, None, Why.REGAINED, "A|HAM")


def test_whose_way_takes_longer_than_is_wanted_has_no_date_from_its_book() -> None:
    piece = Piece("A|HAM", TODAY, units(5), TODAY + 3, (a_slow_route("A|HAM", 0, 8),), TODAY, TODAY + 8)
    promise = Standing("a", ("a",), (piece,), TODAY + 3, TODAY + 3, FILL, latest_day=TODAY + 4)
    found = decided([promise], {"A|HAM": {0: 5}})["a"]
    assert (found.day, found.why, found.blocked, found.behind) == (None, Why.DELAYED, "A|HAM", None)


def test_who_finds_no_place_is_told_who_has_taken_what_it_stood_on() -> None:
    promises = [a_promise("a", FILL, (10, 0), covered=False), a_promise("b", FILL, (5, 0), covered=False)]
    found = repromise(promises, bins_of({"A|HAM": {0: 5}}))["a"]
    assert (found.day, found.why, found.blocked, found.behind) == (None, Why.SHORTAGE, "A|HAM", "b")


def test_who_stays_where_it_stands_takes_from_nobody() -> None:
    found = decided([a_promise("a", FILL, (10, 2)), a_promise("b", FILL, (5, 7))], {"A|HAM": {0: 5}})
    assert days_of(found) == {"a": None, "b": 7}
    assert (found["a"].blocked, found["a"].behind) == ("A|HAM", None)


def test_who_is_picked_earlier_takes_though_it_ships_no_earlier_than_it_was_picked() -> None:
    promises = [on_its_way("a", WIN, 5, 4, a_slow_route("A|HAM", 1, 2)), a_promise("b", LOSE, (5, 0))]
    found = decided(promises, {"A|HAM": {0: 5, 1: 5}})
    assert days_of(found) == {"a": 3, "b": 1}
    assert (found["b"].why, found["b"].blocked, found["b"].behind) == (Why.GAVE_WAY, "A|HAM", "a")


def test_who_must_win_and_is_served_on_its_day_by_another_site_is_told_what_keeps_it_from_the_wanted_one() -> None:
    found = decided([a_promise("a", WIN, (5, 5), wanted=0, others=["B|BER"])], {"A|HAM": {9: 5}, "B|BER": {5: 5}})["a"]
    assert (found.day, found.why, found.blocked) == (TODAY + 5, Why.REGAINED, "B|BER")
    assert [place.key for place in found.placed or ()] == ["B|BER"]


def test_promises_that_share_no_book_are_all_decided() -> None:
    promises = [a_promise("a", WIN, (5, 7), wanted=0), a_promise("b", WIN, (5, 6), wanted=1, key="B|BER")]
    assert days_of(decided(promises, {"A|HAM": {0: 5}, "B|BER": {0: 5}})) == {"a": 0, "b": 1}


def test_after_one_who_has_its_wanted_date_the_next_is_improved() -> None:
    promises = [a_promise("a", WIN, (5, 0)), a_promise("b", WIN, (5, 7), wanted=0)]
    assert days_of(decided(promises, {"A|HAM": {0: 10}})) == {"a": 0, "b": 0}


def test_what_one_leaves_for_another_site_is_given_to_who_goes_before_it() -> None:
    promises = [a_promise("a", WIN, (5, 3), wanted=0), a_promise("b", WIN, (5, 2), wanted=0, others=["B|BER"])]
    assert days_of(decided(promises, {"A|HAM": {2: 5, 3: 5}, "B|BER": {0: 5}})) == {"a": 2, "b": 0}


# -- properties


@given(worlds)
def test_after_applying_no_book_is_worse_and_none_is_short_where_supply_was_found_for_all(drawn: Any) -> None:
    promises, supply = world_of(drawn)
    outcomes = decided(promises, supply)
    everywhere = all(one.day is not None for one in outcomes.values()) and all(
        one.covered for one in seen(promises, supply) if one.strategy is None
    )
    for key in KEYS:
        before, then = projected(promises, supply, key), projected(after(promises, outcomes), supply, key)
        assert all(new >= min(0, old) for old, new in zip(before, then, strict=True))
        assert not everywhere or min(then) >= 0


@given(worlds)
def test_each_strategy_keeps_its_word(drawn: Any) -> None:
    promises, supply = world_of(drawn)
    known = {one.name: one for one in seen(promises, supply)}
    for name, outcome in decided(promises, supply).items():
        one = known[name]
        assert one.strategy is not None
        if outcome.day is None:
            assert not one.covered
            continue
        assert outcome.day >= min(one.requested_day, one.promised_day)
        if one.strategy in (FILL, LOSE):
            assert outcome.day >= one.promised_day
        if one.strategy in (WIN, GAIN) and one.covered:
            assert outcome.day <= one.promised_day


@given(worlds)
def test_decided_round_by_round_as_a_simulation_does_it_comes_to_rest(drawn: Any) -> None:
    promises, supply = world_of(drawn)
    assert at_rest(promises, lambda standing: decided(standing, supply))


@given(worlds)
def test_where_nothing_is_short_and_everybody_has_the_wanted_date_nothing_changes(drawn: Any) -> None:
    promises, supply = world_of(drawn)
    promises = [replace(one, requested_day=max(p.delivery_day for p in one.pieces)) for one in promises]
    lacking = {key: -min(0, *projected(promises, supply, key)) // units(1) for key in KEYS}
    enough = {key: {**supply[key], 0: supply[key].get(0, 0) + lacking[key]} for key in KEYS}
    for name, outcome in decided(promises, enough).items():
        assert outcome.why is None, name


@given(worlds)
def test_nobody_is_worse_without_a_book_that_lacked_room(drawn: Any) -> None:
    promises, supply = world_of(drawn)
    known = {one.name: one for one in seen(promises, supply)}
    for name, outcome in decided(promises, supply).items():
        if outcome.day is None or outcome.day > known[name].promised_day:
            assert outcome.blocked in {route.key for piece in known[name].pieces for route in piece.routes}
            assert outcome.why in (Why.GAVE_WAY, Why.SHORTAGE)


@given(supplies, st.lists(st.tuples(st.integers(1, 6), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=5))
def test_redistribution_finds_what_trying_every_day_finds(coming: Mapping[int, int], drawn: list[tuple[int, int, int]]) -> None:
    """By rank, each on the first day on which it and all before it can be served; where everybody gets one."""
    promises = [a_promise(str(n), REDISTRIBUTE, (q, max(at, wanted)), wanted=wanted) for n, (q, at, wanted) in enumerate(drawn)]
    supply = {"A|HAM": coming}
    placed: list[tuple[int, int]] = []
    expected: dict[str, int | None] = {}
    for n, (quantity, _, wanted) in enumerate(drawn):
        for day in range(wanted, HORIZON):
            tried = [*placed, (quantity, day)]
            if all(
                sum(q for when, q in coming.items() if when <= now) >= sum(q for q, when in tried if when <= now) for now in range(HORIZON)
            ):
                placed, expected[str(n)] = tried, day
                break
        else:
            return
    assert days_of(decided(promises, supply)) == expected
