"""The properties of promising.md § 7 by name, each over stock, capacity and plans at once, at two sites, with substitutes and allocations.

(Not a property: more supply never makes anyone later.)
"""

from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from services.quote.domain.demandclass import Strategy
from services.quote.store.rows import LineRow, OrderRow
from tests.examples import examples
from tests.unit.quote.desk_house import a_day
from tests.unit.quote.town import DAYS, SAW, Town, a_town, promised, towns, wanted, whole_towns

WIN, GAIN, REDISTRIBUTE, FILL, LOSE = Strategy


def each_line(town: Town, before: dict[str, OrderRow]) -> list[tuple[OrderRow, LineRow, LineRow]]:
    """The order as it was, each line as it was and as it is."""
    return [(order, *pair) for order in before.values() for pair in zip(order.lines, town.orders[order.id].lines, strict=True)]


def unsupplied(answer: Any) -> set[tuple[str, str]]:
    """The lines that no supply covers."""
    return {(one["order_id"], one["line_ref"]) for one in answer["losers"] if one["unsupplied"]}


# -- pass 1


@examples(40)
@given(towns)
def test_where_nothing_is_overloaded_or_short_nobody_is_at_risk(drawn: Any) -> None:
    town = a_town(*drawn)
    assume(not town.lacking())
    fates, lines = town.foreseen()
    for one in lines:
        fate = fates[f"{one.order.id}/{one.line.line_ref}"]
        assert fate.kept
        assert not fate.elsewhere


@examples(20)
@given(whole_towns)
def test_what_was_just_promised_is_at_risk_nowhere(drawn: Any) -> None:
    town = a_town(drawn)
    assert not town.lacking()
    fates, lines = town.foreseen()
    assert all(fates[f"{one.order.id}/{one.line.line_ref}"].kept for one in lines)


@examples(40)
@given(towns)
def test_nobody_is_worse_than_before_without_a_shortage_behind_it(drawn: Any) -> None:
    town = a_town(*drawn)
    lacking = town.lacking()
    fates, lines = town.foreseen()
    for one in lines:
        fate = fates[f"{one.order.id}/{one.line.line_ref}"]
        if not fate.kept:
            assert lacking.intersection(fate.blocked), (fate, lacking)
            assert fate.day is None or fate.day - a_day(0).toordinal() >= promised(one.line)
        elif not one.order.ship_complete:
            assert fate.day is not None
            assert fate.day - a_day(0).toordinal() == promised(one.line)


# -- pass 2


@examples(40)
@given(towns)
def test_after_applying_nothing_is_short_wherever_the_facts_allow(drawn: Any) -> None:
    town = a_town(*drawn)
    before, worked, had = town.projected(), town.house.minutes_claimed(SAW), town.taken()
    row = town.simulated()
    assert town.apply(row).status == 200
    for key, figures in town.projected().items():
        assert all(new >= min(0, old) for old, new in zip(before.get(key, [0] * DAYS), figures, strict=True)), key
    for day, minutes in town.house.minutes_claimed(SAW).items():
        assert minutes <= max(town.minutes(day), worked.get(day, 0))
    if town.house.board.allocations("CHAIR") and town.house.board.allocations("CHAIR")[0].kind == "ceiling":
        most = town.house.board.allocations("CHAIR")[0].quantity
        assert all(quantity <= max(most, had.get(cell, 0)) for cell, quantity in town.taken().items())
    fates, lines = town.foreseen()
    lost = unsupplied(row.answer)
    plans_hold = all(fate.kept for name, fate in fates.items() if name.startswith("pln_"))  # else it is the planner's to see
    if not lost and not town.frozen and plans_hold:
        assert not town.lacking()
        assert all(fates[f"{one.order.id}/{one.line.line_ref}"].kept for one in lines)


@examples(40)
@given(towns)
def test_applying_twice_changes_nothing(drawn: Any) -> None:
    town = a_town(*drawn)
    row = town.simulated()
    assert town.apply(row).status == 200
    stands = town.house.books(), dict(town.orders)
    again = town.simulated()
    assert again.moves == (), (row.answer, again.answer)
    assert (again.answer["winners"], again.answer["moved"]) == ([], [])
    assert town.apply(again).status == 200
    assert (town.house.books(), dict(town.orders)) == stands


@examples(40)
@given(towns)
def test_no_promise_is_pulled_in_unasked(drawn: Any) -> None:
    town = a_town(*drawn)
    before = dict(town.orders)
    town.foreseen()
    assert dict(town.orders) == before, "pass 1 moves nobody"
    assert town.apply(town.simulated()).status == 200
    for order, old, new in each_line(town, before):
        if order.id in town.frozen:
            assert new == old
        if town.strategy(order.id) in (FILL, LOSE):
            assert promised(new) >= promised(old)
        asked_for = max(wanted(line) for line in order.lines) if order.ship_complete else wanted(old)
        assert promised(new) >= min(promised(old), asked_for), "not before it was wanted"
        assert (new.requested_date, new.first_promised_date) == (old.requested_date, old.first_promised_date)


@examples(40)
@given(towns, st.integers(0, 4), st.integers(0, 2))
def test_the_stability_budget_is_never_exceeded_without_approval(drawn: Any, most_days: int, most_moves: int) -> None:
    town = a_town(*drawn)
    for _ in range(2):
        before = dict(town.orders)
        stood = town.house.books()
        row = town.simulated(most_days=most_days, most_moves=most_moves)
        found = town.apply(row, approve=False)
        beyond = [
            one
            for kind in ("winners", "losers", "moved")
            for one in row.answer[kind]
            if one["days"] and (one["days"] > most_days or one["times_moved"] >= most_moves)
        ]
        if beyond:
            assert (found.status, found.body["code"]) == (409, "APPROVAL_NEEDED")
            assert {one["order_id"] for one in found.body["beyond_budget"]} == {one["order_id"] for one in beyond}
            assert (dict(town.orders), town.house.books()) == (before, stood)
            return
        assert found.status == 200
        for _, old, new in each_line(town, before):
            if promised(new) != promised(old):
                assert promised(new) - promised(old) <= most_days
                assert (old.times_moved < most_moves, new.times_moved) == (True, old.times_moved + 1)
            else:
                assert new.times_moved == old.times_moved


def test_who_moves_onto_a_plan_that_a_frozen_order_takes_first_is_told_with_its_new_date_and_needs_approval() -> None:
    asked = {"lines": [("CHAIR", 3, 0, False)], "priority": 3, "partial": True, "complete": False, "gold": False}
    two = [("CHAIR", 1, 0, True), ("CHAIR", 3, 0, False)]
    wins = {**asked, "lines": two, "sites": ["BER", "HAM"], "frozen": False, "strategy": WIN}
    frozen = {**asked, "sites": ["HAM"], "frozen": True, "strategy": None}
    stock = {("CHAIR", "HAM"): 7, ("LEG", "HAM"): 1, ("STOOL", "HAM"): 0, ("CHAIR", "BER"): 3}
    drawn = {"minutes": 7, "stock": stock, "receipts": [], "allocation": (None, 2), "orders": [wins, frozen], "default": WIN}
    town = a_town(drawn, [(("CHAIR", "HAM"), 1)])
    row = town.simulated(most_moves=0)
    assert [(move.order_id, move.line_ref) for move in row.moves] == [("ord_0", "2")]
    assert [(one["line_ref"], one["days"], one["unsupplied"], one["needs_approval"]) for one in row.answer["losers"]] == [
        ("2", 1, False, True)
    ]
    assert town.apply(row, approve=False).body["code"] == "APPROVAL_NEEDED"
    assert town.apply(row).status == 200
    assert promised(town.orders["ord_0"].lines[1]) == 1


@examples(40)
@given(towns)
def test_each_strategy_keeps_its_contract(drawn: Any) -> None:
    town = a_town(*drawn)
    before = dict(town.orders)
    held = {name: fate.kept for name, fate in town.foreseen()[0].items()}
    row = town.simulated()
    lost = unsupplied(row.answer)
    assert town.apply(row).status == 200
    said = {(one["order_id"], one["line_ref"]): one for kind in ("winners", "losers", "moved") for one in row.answer[kind]}
    late = {(one["order_id"], one["line_ref"]) for one in row.answer["not_regained"]}
    for order, old, new in each_line(town, before):
        name = order.id, old.line_ref
        strategy, days, change = town.strategy(order.id), promised(new) - promised(old), said.get(name)
        if strategy is None:
            assert new == old
        if strategy in (FILL, LOSE):
            assert days >= 0, "never improves"
        if strategy in (WIN, GAIN) and held.get(f"{order.id}/{old.line_ref}", True):
            assert days <= 0, "keeps what it has"
        if days > 0:
            assert change is not None
            assert change["reason"]["code"] in ("GAVE_WAY", "SHORTAGE", "DELAYED")
            assert strategy not in (WIN, GAIN) or change["reason"]["code"] != "GAVE_WAY"
        if change is not None and name not in lost:
            assert change["days"] == days
        if strategy is WIN:
            asked_for = max(wanted(line) for line in order.lines) if order.ship_complete else wanted(old)
            assert (name in late) == (name in lost or promised(new) > asked_for)


# -- what a promise stays


@examples(40)
@given(towns)
def test_what_is_promised_anew_is_what_was_ordered(drawn: Any) -> None:
    """All of it, within what the line allows: whole where it may not be split, together where it ships complete, of its own sites."""
    town = a_town(*drawn)
    before = dict(town.orders)
    assert town.apply(town.simulated()).status == 200
    for order, old, new in each_line(town, before):
        coming = [one for one in new.deliveries if one.open]
        assert sum(one.open for one in coming) == sum(one.open for one in old.deliveries)
        assert max(one.delivery_day for one in coming) == promised(new) + a_day(0).toordinal()
        assert {one.site for one in coming} <= set(old.request["sites"])
        assert {one.sku for one in coming} <= ({None, "STOOL"} if old.request.get("allow_substitutes") and old.sku == "CHAIR" else {None})
        if not order.allow_partial and len({(one.site, one.delivery_day) for one in old.deliveries}) == 1:
            assert len({(one.site, one.delivery_day) for one in coming}) == 1, "whole, in one delivery"
        for one in coming:
            claim = town.house.board.books[new.book_of(one)].find("claim", one.ref)  # type: ignore[arg-type]
            assert claim is not None
            assert (claim.quantity, claim.day) == (one.open, one.pick_day)
    for order in before.values():
        dates = {one.delivery_day for line in town.orders[order.id].lines for one in line.deliveries if one.open}
        if order.ship_complete and len({one.delivery_day for line in order.lines for one in line.deliveries}) == 1:
            assert len(dates) == 1
