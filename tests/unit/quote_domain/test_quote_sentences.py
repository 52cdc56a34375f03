"""Sentences of promising.md that no other property says by name, each against plain counting."""

from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.balance import balance
from services.quote.domain.entry import Entry
from services.quote.domain.promise import Demand, promise
from services.quote.domain.rules import Rules
from services.quote.domain.sources import Component, Make, Need, Operation
from tests.unit.quote_domain.builders import NOW, TODAY, AShelf, a_book, a_line, claim, receipt, stock, units
from tests.unit.quote_domain.plants import Plant, a_machine, a_purchase, a_step
from tests.unit.quote_domain.test_quote_balance import ENTRIES, RULES, a_book_told

HORIZON = 40
QUANTITIES = st.integers(1, 20)


@given(ENTRIES, RULES)
def test_what_can_be_promised_is_the_least_projected_from_there_on_and_never_falls_as_days_pass(told: list[Entry], rules: Rules) -> None:
    """§ 2: ATP(d) = min over s >= d of projected(s)."""
    found = balance(a_book_told(told), TODAY, NOW, rules)
    projected = [found.projected_on(TODAY + day) for day in range(HORIZON)]
    atp = [found.atp_on(TODAY + day) for day in range(HORIZON)]
    assert atp == [min(projected[day:]) for day in range(HORIZON)]
    assert atp == sorted(atp)


@given(ENTRIES, RULES, QUANTITIES)
def test_what_is_negative_is_shown_and_the_promisable_quantity_is_never_less_than_nothing(
    told: list[Entry], rules: Rules, quantity: int
) -> None:
    """§ 2: the promisable quantity is max(0, ATP)."""
    book = a_book_told([stock(0), *told])
    line = a_line(quantity, latest_day=0)
    decision = promise(Demand((line,), allow_partial=True), AShelf(book, rules=rules))
    atp = balance(book, TODAY, NOW, rules).atp_on(TODAY)
    assert decision.lines[0].promised_quantity == min(units(quantity), max(0, atp))


@given(ENTRIES, RULES, QUANTITIES, st.integers(0, 12))
def test_a_line_that_fits_is_promised_for_the_day_it_asks_for_and_no_line_earlier(
    told: list[Entry], rules: Rules, quantity: int, wanted: int
) -> None:
    """§ 4: never earlier than asked for, its claim dated at that day; later only where it does not fit."""
    book = a_book_told([stock(0), *told])
    line = promise(Demand((a_line(quantity, wanted),)), AShelf(book, rules=rules)).lines[0]
    fits = [day for day in range(wanted, HORIZON) if balance(book, TODAY, NOW, rules).atp_on(TODAY + day) >= units(quantity)]
    assert line.promised_day == (TODAY + fits[0] if fits else None)
    assert [one.pick_day for one in line.deliveries] == ([TODAY + fits[0]] if fits else [])


@given(st.integers(0, 9), st.integers(0, 5), QUANTITIES)
def test_a_receipt_is_usable_from_its_due_date_and_the_days_to_stock_and_what_is_here_at_once(due: int, days: int, quantity: int) -> None:
    """§ 2: usable from due date + dock-to-stock days; an arrival makes stock usable at once."""
    shelf = AShelf(a_book(receipt("PO", quantity, due)), rules=Rules(dock_to_stock_days=days))
    assert promise(Demand((a_line(quantity),)), shelf).lines[0].promised_day == TODAY + due + days
    arrived = AShelf(a_book(receipt("PO", 0, due), on_hand=quantity), rules=Rules(dock_to_stock_days=days))
    assert promise(Demand((a_line(quantity),)), arrived).lines[0].promised_day == TODAY


SUPPLY = st.lists(st.tuples(st.integers(0, 12), st.integers(1, 6)), max_size=4)


@given(st.integers(0, 6), SUPPLY, SUPPLY, st.integers(0, 8), st.integers(0, 8), QUANTITIES)
def test_within_the_fence_only_what_its_atp_does_not_cover_is_planned(
    on_hand: int, coming: list[tuple[int, int]], taken: list[tuple[int, int]], fence: int, lead: int, quantity: int
) -> None:
    """§ 4: plan only what ATP(today + fence) does not cover."""
    supply = [receipt(f"r{n}", each, day) for n, (day, each) in enumerate(coming)]
    demand = [claim(f"c{n}", each, day) for n, (day, each) in enumerate(taken)]
    shelf = AShelf(a_book(*supply, *demand, on_hand=on_hand), rules=Rules(atp_fence_days=fence))
    shelf.source["SKU", "HAM"] = (a_purchase(lead),)
    decision = promise(Demand((a_line(quantity),)), shelf)
    covered = max(0, balance(shelf.books["SKU", "HAM"], TODAY, NOW, shelf.rule).atp_on(TODAY + fence))
    missing = max(0, units(quantity) - covered)
    planned = sum(plan.quantity for plan in decision.planned)
    assert planned <= missing, "what comes later than the fence may make it less, where nothing waits for it"
    if all(day <= fence for day, _ in coming):
        assert planned in {0, missing}


@given(st.integers(20, 120), st.integers(20, 120), st.integers(1, 30), st.integers(1, 8))
def test_resources_that_work_together_take_the_same_minutes_on_the_same_days(
    machine: int, operator: int, per_unit: int, quantity: int
) -> None:
    """§ 5: simultaneous resources (machine and operator) take the same minutes on the same days."""
    both = (Need(("LATHE",), "LATHE"), Need(("ANN",), "ANN"))
    step = Operation(10, "turn", 0, units(per_unit), options=(both,))
    plant = Plant(a_machine("LATHE", machine), a_machine("ANN", operator))
    plant.source["SKU", "HAM"] = (Make("SKU", (), (step,)),)
    (plan,) = promise(Demand((a_line(quantity),)), plant).planned
    loads = {name: {load.day: load.minutes for load in plan.loads if load.resource == name} for name in ("LATHE", "ANN")}
    assert loads["LATHE"] == loads["ANN"]
    assert sum(loads["ANN"].values()) == units(per_unit * quantity)
    assert max(loads["ANN"].values()) <= units(min(machine, operator))


@given(st.integers(30, 90), st.integers(1, 40), st.integers(0, 3), st.integers(1, 6))
def test_components_are_claimed_on_the_day_on_which_the_operation_that_uses_them_begins(
    minutes: int, per_unit: int, drying: int, quantity: int
) -> None:
    """§ 5: component claims are dated at the start of the operation that uses them."""
    steps = (a_step("LATHE", per_unit, fixed_days=drying), a_step("OVEN", per_unit, sequence=20))
    parts = (Component(("WOOD",), units(1), 0), Component(("PAINT",), units(1), 1))
    plant = Plant(
        a_machine("LATHE", minutes), a_machine("OVEN", minutes), a_book(on_hand=99, sku="WOOD"), a_book(on_hand=99, sku="PAINT")
    )  # fmt: skip
    plant.source["SKU", "HAM"] = (Make("SKU", parts, steps),)
    (plan,) = promise(Demand((a_line(quantity),)), plant).planned
    first = {name: min(load.day for load in plan.loads if load.resource == name) for name in ("LATHE", "OVEN")}
    last = max(load.day for load in plan.loads if load.resource == "LATHE")
    assert {part.sku: part.day for part in plan.parts} == {"WOOD": first["LATHE"], "PAINT": first["OVEN"]}
    assert first["OVEN"] > last + drying


@given(st.integers(1, 60), st.integers(1, 60), QUANTITIES)
def test_of_alternates_the_first_is_taken_unless_another_is_done_earlier(first: int, second: int, quantity: int) -> None:
    """§ 5: alternates are tried in order."""
    options = ((Need(("LATHE",), "LATHE"),), (Need(("OVEN",), "OVEN"),))
    plant = Plant(a_machine("LATHE", first), a_machine("OVEN", second))
    plant.source["SKU", "HAM"] = (Make("SKU", (), (Operation(10, "step", 0, units(10), options=options),)),)
    (plan,) = promise(Demand((a_line(quantity),)), plant).planned
    days = [-(-10 * quantity // each) for each in (first, second)]
    assert {load.resource for load in plan.loads} == {"LATHE" if days[0] <= days[1] else "OVEN"}
    assert plan.due_day == TODAY + min(days)
