"""Promises decided anew where more can be made: who loses is planned for, and what was simulated is what applying does."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.quote.asks.repromising import ApplyAsk, RepromiseAsk
from services.quote.domain.allocation import Period
from services.quote.domain.balance import balance
from services.quote.domain.book import Book
from services.quote.domain.capacity import capacity_of
from services.quote.domain.demandclass import Strategy
from services.quote.domain.entry import BUCKET, RESOURCE, Entry, Part
from services.quote.handlers.repromise.again import Recalled
from services.quote.handlers.repromise.apply import ApplySimulation
from services.quote.handlers.repromise.scope import MOST_ORDERS, Scope, gather
from services.quote.handlers.repromise.simulation import MOST_PLANNED_FOR, Simulation
from services.quote.handlers.repromise.tell import row_of
from services.quote.handlers.take import Take
from services.quote.store.repromise import RepromiseRow, orders_of, packed, unpacked
from services.quote.store.rows import LineRow
from services.quote.store.supply import Definition
from tests.examples import examples
from tests.unit.quote.desk_house import SITE, DeskHouse, a_day, a_receipt, an_order


def ordered(house: DeskHouse, sku: str, quantity: float, day: int = 0, **more: Any) -> str:
    """An order of one line; its id."""
    line = {"sku": sku, "quantity": quantity, "requested_date": a_day(day).isoformat(), "sites": [SITE]}
    body = house.do(Take(an_order(line, **more), "me", "req")).body
    return str(body.get("order_id"))


def line_of(house: DeskHouse, order_id: str) -> LineRow:
    return house.orders[order_id].lines[0]


def promised(house: DeskHouse, order_id: str) -> int:
    """Days from today."""
    found = line_of(house, order_id).promised_date
    assert found is not None
    return (found - a_day(0)).days


def simulated(
    house: DeskHouse,
    strategies: Mapping[str, str] | None = None,
    default: str = "fill",
    most_planned_for: int = MOST_PLANNED_FOR,
    **scope: Any,
) -> RepromiseRow:
    """Everybody of these skus, decided anew in memory."""
    ask = RepromiseAsk.model_validate(
        {"scope": scope or {"sites": [SITE]}, "strategies": {"default": default, "orders": dict(strategies or {})}}
    )
    sight = Recalled(house.board, None, most_orders=MOST_ORDERS, known=house.orders)
    sight.now = house.now
    keys = {key for key, book in house.board.books.items() if book.site == SITE and (not scope or book.sku in scope["skus"])}
    meant = Scope(ask, {name: Strategy(one) for name, one in (strategies or {}).items()}, set(), keys)

    async def decided() -> Simulation:
        await gather(sight, meant)
        simulation = Simulation(house.board, sight, meant, most_planned_for)
        await simulation.decide()
        return simulation

    return row_of(asyncio.run(decided()), "me", "req", {})


def applied(house: DeskHouse, row: RepromiseRow) -> None:
    effect = house.do(ApplySimulation(row, ApplyAsk(approve=True), "me"))
    assert effect.status == 200, effect.body


def told(row: RepromiseRow, kind: str) -> dict[str, int | None]:
    """By order: how many days later."""
    return {one["order_id"]: one["days"] for one in row.answer[kind]}


def a_workshop(minutes: int = 600, part: float = 100) -> DeskHouse:
    """CHAIRs are made of LEGs on a SAW, one minute each."""
    house = DeskHouse()
    for sku in ("CHAIR", "LEG"):
        house.item(sku)
    house.stock("LEG", part)
    house.made_of("CHAIR", ("LEG", 1))
    house.made_on("CHAIR", "SAW")
    house.machine("SAW", minutes)
    return house


def test_who_gives_way_is_made_in_time_where_that_is_possible() -> None:
    house = a_workshop(part=0)
    house.hear(house.position("CHAIR", on_hand=10, receipts=[a_receipt("PO-1", 10, 9, "purchase_order")]))
    first, last = ordered(house, "CHAIR", 10, 3), ordered(house, "CHAIR", 10, 0)
    assert (promised(house, first), promised(house, last)) == (3, 9)
    strategies = {last: "win", first: "lose"}
    assert told(simulated(house, strategies), "losers") == {first: 6}
    house.stock("LEG", 100)
    row = simulated(house, strategies)
    assert (told(row, "winners"), told(row, "losers"), told(row, "moved")) == ({last: -9}, {}, {first: 0})
    assert len(row.answer["moved"][0]["planned_supply"]) == 1


def test_what_was_taken_away_is_made_anew() -> None:
    house = a_workshop(minutes=5)
    house.stock("CHAIR", 10)
    order = ordered(house, "CHAIR", 10, 1)
    house.stock("CHAIR", 0)
    row = simulated(house)
    (lost,) = row.answer["losers"]
    assert (lost["order_id"], lost["days"], lost["unsupplied"]) == (order, 1, False)
    (plan,) = lost["planned_supply"]
    assert (plan["kind"], plan["sku"], plan["quantity"], plan["line_refs"]) == ("production_order", "CHAIR", 10, ["1"])
    assert [one["minutes"] for one in plan["load"]] == [5, 5]
    assert "made" in lost["reason"]["summary"]
    assert house.plans("CHAIR") == {}
    applied(house, row)
    assert (promised(house, order), list(house.plans("CHAIR")), house.minutes_claimed("SAW")) == (2, [plan["plan_id"]], {0: 5, 1: 5})
    assert [claim.quantity for claim in house.book("LEG").of(Part.CLAIM)] == [10_000_000]


def test_who_is_served_first_is_planned_for_first() -> None:
    house = a_workshop(minutes=10)
    house.stock("CHAIR", 20)
    late, early = ordered(house, "CHAIR", 10, 1, priority=9), ordered(house, "CHAIR", 10, 1, priority=1)
    house.stock("CHAIR", 0)
    row = simulated(house)
    assert [one["order_id"] for one in row.answer["winners"]] == [early]
    assert told(row, "losers") == {late: 1}


def two_who_wait(house: DeskHouse) -> tuple[str, str]:
    """Both wanted ten CHAIRs today and have a purchase order of the ninth day; LEGs have come since."""
    house.stock("LEG", 0)
    house.hear(house.position("CHAIR", receipts=[a_receipt("PO-1", 20, 9, "purchase_order")]))
    one, other = (ordered(house, "CHAIR", 10, 0, priority=priority) for priority in (1, 2))
    assert (promised(house, one), promised(house, other)) == (9, 9)
    house.stock("LEG", 100)
    return one, other


@pytest.mark.parametrize("strategy", ["win", "gain", "redistribute"])
def test_whoever_may_improve_is_planned_for_and_who_fills_or_loses_is_not(strategy: str) -> None:
    for stays in ("fill", "lose"):
        house = a_workshop()
        one, other = two_who_wait(house)
        row = simulated(house, {one: strategy, other: stays})
        assert (told(row, "winners"), told(row, "losers"), row.answer["unchanged"]) == ({one: -8}, {}, 1)
        (winner,) = row.answer["winners"]
        assert [plan["quantity"] for plan in winner["planned_supply"]] == [10]
        applied(house, row)
        assert simulated(house, {one: strategy, other: stays}).moves == ()


def test_redistribution_plans_by_rank_for_everybody_who_is_later_than_wanted() -> None:
    house = a_workshop(minutes=10)
    one, other = two_who_wait(house)
    row = simulated(house, default="redistribute")
    assert told(row, "winners") == {one: -8, other: -7}
    applied(house, row)
    assert [promised(house, each) for each in (one, other)] == [1, 2]


def test_who_must_win_and_stays_late_is_named_though_nothing_changes() -> None:
    house = a_workshop()
    one, other = two_who_wait(house)
    house.stock("LEG", 0)
    row = simulated(house, {one: "win", other: "gain"})
    assert (row.answer["winners"], row.answer["losers"], row.answer["unchanged"]) == ([], [], 2)
    (late,) = row.answer["not_regained"]
    assert (late["order_id"], late["requested_date"], late["promised_date"]) == (one, a_day(0).isoformat(), a_day(9).isoformat())
    assert (late["days_late"], late["reason"]["code"], late["reason"]["sku"], late["reason"]["site"]) == (9, "NOT_REGAINED", "CHAIR", SITE)
    assert row.answer["summary"].endswith(" 2 would stay. One promise that must win would stay later than wanted.")
    applied(house, row)


def test_who_must_win_and_comes_earlier_but_not_as_wanted_is_named_too_and_who_is_in_time_is_not() -> None:
    house = a_workshop()
    one, other = two_who_wait(house)
    row = simulated(house, {one: "win", other: "win"})
    assert told(row, "winners") == {one: -8, other: -8}
    assert [(late["order_id"], late["days_late"]) for late in row.answer["not_regained"]] == [(one, 1), (other, 1)]
    house.stock("CHAIR", 10)
    row = simulated(house, {one: "win", other: "win"})
    assert [(late["order_id"], late["days_late"]) for late in row.answer["not_regained"]] == [(other, 1)]


def test_who_must_win_and_has_nothing_at_all_is_named_without_a_date() -> None:
    house = a_workshop(part=0)
    house.stock("CHAIR", 10)
    order = ordered(house, "CHAIR", 10, 1)
    house.stock("CHAIR", 0)
    (late,) = simulated(house, {order: "win"}).answer["not_regained"]
    assert (late["order_id"], late["promised_date"], late["days_late"]) == (order, None, None)


def test_old_plans_of_a_promise_are_ordinary_supply() -> None:
    house = a_workshop(minutes=10)
    order = ordered(house, "CHAIR", 10, 0)
    (plan,) = house.plans("CHAIR")
    house.stock("CHAIR", 10)
    applied(house, simulated(house, {order: "win"}))
    assert (promised(house, order), list(house.plans("CHAIR"))) == (0, [plan])
    other = ordered(house, "CHAIR", 10, 1)
    assert (promised(house, other), list(house.plans("CHAIR"))) == (1, [plan])


def test_what_cannot_be_made_either_keeps_its_date() -> None:
    house = a_workshop(part=0)
    house.stock("CHAIR", 10)
    order = ordered(house, "CHAIR", 10, 1)
    house.stock("CHAIR", 0)
    row = simulated(house)
    assert [(one["order_id"], one["unsupplied"]) for one in row.answer["losers"]] == [(order, True)]
    assert row.moves == ()


@pytest.mark.parametrize("most", [0, 1, 2, 3, 4])
def test_those_for_whom_nothing_was_looked_for_are_counted_and_it_is_said(most: int) -> None:
    house = a_workshop()
    house.stock("CHAIR", 30)
    orders = [ordered(house, "CHAIR", 10, 1, priority=priority) for priority in (1, 2, 3)]
    house.stock("CHAIR", 0)
    row = simulated(house, most_planned_for=most)
    assert row.answer["not_planned_for"] == max(0, 3 - most)
    assert ("no new supply was looked for" in row.answer["summary"]) == (most < 3)
    assert [one["order_id"] for one in row.answer["losers"] if one["unsupplied"]] == orders[most:]
    applied(house, row)


def test_orders_are_kept_as_they_were_whatever_their_number() -> None:
    house = a_workshop()
    house.stock("CHAIR", 30)
    for quantity in (1, 2.5):
        ordered(house, "CHAIR", quantity, 1, customer="Çelik & Söhne", external_id=f"SO-{quantity}", source_system="ERP")
    kept = packed(house.orders.values())
    assert orders_of({"orders": kept}) == list(house.orders.values())
    read = unpacked({"orders": kept, "scope": {}})
    assert (read["scope"], [one["external_id"] for one in read["orders"]]) == ({}, ["SO-1", "SO-2.5"])
    assert orders_of(read) == list(house.orders.values()), "as it was kept before"


def test_what_was_planned_on_is_refused_once_it_has_moved() -> None:
    house = a_workshop()
    house.stock("CHAIR", 10)
    order = ordered(house, "CHAIR", 10, 1)
    house.stock("CHAIR", 0)
    row = simulated(house)
    house.stock("LEG", 99)
    effect = house.do(ApplySimulation(row, ApplyAsk(), "me"))
    assert (effect.status, effect.body["code"], [one["sku"] for one in effect.body["moved"]]) == (409, "BOOKS_MOVED", ["LEG"])
    assert promised(house, order) == 1


# -- properties

GOLD, CEILING = "GOLD", "CEILING"

any_sku = st.sampled_from(("CHAIR", "CHAIR", "CHAIR", "LEG"))
any_day = st.sampled_from((0, 0, 0, 1, 2, 5))
any_strategy = st.sampled_from([None, *Strategy])
any_order = st.tuples(any_sku, st.integers(1, 6), any_day, st.integers(1, 3), st.booleans(), any_strategy)
mishaps = st.lists(st.tuples(st.sampled_from(("CHAIR", "LEG", "SAW")), st.integers(0, 12)), max_size=3)
coming = st.lists(st.tuples(st.integers(1, 9), st.integers(1, 8)), max_size=2)
ceilings = st.tuples(st.sampled_from(("day", "day", "week")), st.integers(4, 8))
everybody = st.sampled_from(Strategy)
workshops = st.tuples(
    st.integers(2, 12), st.integers(0, 20), st.integers(0, 20), coming, st.lists(any_order, min_size=1, max_size=5), mishaps, everybody,
    st.none() | ceilings,
)  # fmt: skip
a_gold_order = st.tuples(st.just("CHAIR"), st.integers(2, 4), st.just(0), st.integers(2, 3), st.just(False), any_strategy)  # noqa: FBT003
crowds = st.tuples(
    st.integers(2, 12), st.integers(0, 20), st.integers(10, 20), coming, st.lists(a_gold_order, min_size=3, max_size=5), st.just([]),
    everybody, ceilings,
)  # fmt: skip
"""Orders of one class that together want more of a day than their ceiling, though there is stock for them."""


def limited(house: DeskHouse, period: str | None, quantity: int) -> None:
    """GOLD may take so many CHAIRs in a period, or in all."""
    state = {
        "kind": "ceiling", "demand_class": GOLD, "sku": "CHAIR", "sites": None, "quantity": quantity, "period": period, "periods": None,
        "from_date": None, "to_date": None, "release_date": None, "closed": False, "allocation": CEILING, "revision": 1,
    }  # fmt: skip
    house.board.world.learn(Definition("class", GOLD, 1, {"class": GOLD, "parent": None, "rank": 1, "strategy": None, "closed": False}))
    house.board.world.learn(Definition("allocation", CEILING, 1, state))
    key = f"{CEILING}|{BUCKET}"
    book = house.board.books[key] = Book(CEILING, BUCKET)
    book.apply([Entry(Part.CAPACITY, "", 1, None, None, state)], 1, house.now)


def taken(house: DeskHouse) -> dict[Period, int]:
    """What was taken of the ceiling, by period."""
    book = house.board.books.get(f"{CEILING}|{BUCKET}")
    found: dict[Period, int] = {}
    for day, quantity in ({} if book is None else book.demand_by_day()).items():
        period = house.board.allocations("CHAIR")[0].period_of(day)
        assert period is not None
        found[period] = found.get(period, 0) + quantity
    return found


def a_random_workshop(drawn: Any) -> tuple[DeskHouse, dict[str, str], set[str], str]:
    """The house after its mishaps, the orders' strategies, those that are frozen, and the strategy of all others."""
    minutes, legs, chairs, receipts, asked, hits, default, ceiling = drawn
    house = a_workshop(minutes, legs)
    if ceiling is not None:
        limited(house, *ceiling)
    house.stock("CHAIR", chairs)
    house.hear(house.position("CHAIR", receipts=[a_receipt(f"PO-{n}", q, d, "purchase_order") for n, (d, q) in enumerate(receipts)]))
    strategies, frozen = {}, set()
    for sku, quantity, day, priority, is_frozen, strategy in asked:
        demand_class = GOLD if priority > 1 else None
        order_id = ordered(house, sku, quantity, day, priority=priority, frozen=is_frozen and strategy is None, demand_class=demand_class)
        if order_id == "None":
            continue
        if strategy is not None:
            strategies[order_id] = str(strategy)
        elif is_frozen:
            frozen.add(order_id)
    for what, level in hits:
        if what == "SAW":
            house.machine("SAW", level)
        else:
            house.stock(what, level)
    return house, strategies, frozen, str(default)


def projected(house: DeskHouse) -> dict[str, list[int]]:
    """Of goods what is projected day by day, of a resource its free minutes."""
    today = a_day(0).toordinal()
    found = {}
    for key, book in house.board.books.items():
        if book.site == SITE:
            figures = balance(book, today, house.now, house.board.rules(book.sku, book.site))
            found[key] = [figures.projected_on(today + day) for day in range(40)]
    return found


@examples(80)
@given(workshops | crowds)
def test_applying_a_simulation_makes_no_book_and_no_machine_worse_and_leaves_nothing_to_change(drawn: Any) -> None:
    house, strategies, frozen, default = a_random_workshop(drawn)
    before = dict(house.orders)
    stood, worked, had = projected(house), house.minutes_claimed("SAW"), taken(house)
    row = simulated(house, strategies, default)
    answer = row.answer
    applied(house, row)
    for key, days in projected(house).items():
        assert all(new >= min(0, old) for old, new in zip(stood.get(key, [0] * 40), days, strict=True)), key
    saw = capacity_of(house.book("SAW", RESOURCE))
    assert saw is not None
    for day, minutes in house.minutes_claimed("SAW").items():
        assert minutes <= max(saw.minutes.minutes(a_day(day).toordinal()), worked.get(day, 0))
    assert all(quantity <= max(period.quantity, had.get(period, 0)) for period, quantity in taken(house).items())
    for order_id in frozen:
        assert house.orders[order_id] == before[order_id]
    for kind in ("winners", "losers", "moved"):
        for one in answer[kind]:
            assert one["unsupplied"] or promised(house, one["order_id"]) == promised_before(before[one["order_id"]].lines[0]) + one["days"]
            if one["strategy"] in ("fill", "lose"):
                assert one["unsupplied"] or one["days"] >= 0
            if one["strategy"] in ("win", "gain") and one["days"] is not None and one["days"] > 0:
                assert one["reason"]["code"] in ("SHORTAGE", "DELAYED")
    again = simulated(house, strategies, default)
    assert again.moves == (), (answer, again.answer)


def promised_before(line: LineRow) -> int:
    assert line.promised_date is not None
    return (line.promised_date - a_day(0)).days


@examples(40)
@given(workshops)
def test_where_everybody_finds_supply_nothing_is_short_afterwards(drawn: Any) -> None:
    house, strategies, frozen, default = a_random_workshop(drawn)
    row = simulated(house, strategies, default)
    applied(house, row)
    if any(one["unsupplied"] for one in row.answer["losers"]) or frozen:
        return
    if house.plans("CHAIR"):
        return  # a plan that stood before may be late, and what it needs short: that is the planner's to see
    for key, days in projected(house).items():
        assert min(days) >= 0, key
