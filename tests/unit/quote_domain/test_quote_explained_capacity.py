"""What is made says how long the work takes, and by how much others on its machines make it later."""

from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.promise import Demand, LinePromise, promise
from services.quote.domain.sources import Component, Make
from tests.unit.quote_domain.builders import TODAY, a_book, a_line, claim, receipt, units
from tests.unit.quote_domain.plants import HERE, PART, PRODUCT, Plant, a_machine, a_step


def made(claimed: dict[int, int], quantity: int, *, part_on: int | None = None) -> LinePromise:
    """A line of what is made at an hour a piece, on a lathe that works an hour a day and has been claimed for others."""
    lathe = a_machine("LATHE", 60, *(claim(f"J{day}", minutes, day) for day, minutes in claimed.items()))
    plant = Plant(a_book(sku=PRODUCT, site=HERE), lathe)
    parts: tuple[Component, ...] = ()
    if part_on is not None:
        parts = (Component((PART,), units(1)),)
        plant.books[PART, HERE] = a_book(receipt("PO-PART", 99, part_on), sku=PART, site=HERE)
    plant.source[PRODUCT, HERE] = (Make(PRODUCT, parts, (a_step("LATHE", 60),)),)
    return promise(Demand((a_line(quantity, sku=PRODUCT, sites=(HERE,)),)), plant).lines[0]


def days(line: LinePromise) -> dict[str, int]:
    return {reason.code: reason.adds_days for reason in line.reasons if reason.adds_days}


def test_the_days_that_others_take_on_a_machine_are_told_apart_from_the_work() -> None:
    line = made({0: 60, 1: 60, 2: 60}, 1)
    assert days(line) == {"PLANNED_PRODUCTION": 1, "CAPACITY_TAKEN": 3}
    last = line.reasons[-1]
    assert (last.step, last.ref, line.limiting_step) == ("capacity", "LATHE", "capacity")
    assert last.summary == "LATHE works for others first: idle, it would be done three days earlier"


def test_an_idle_machine_is_nobodys_fault() -> None:
    assert days(made({}, 2)) == {"PLANNED_PRODUCTION": 2}
    assert days(made({5: 60}, 2)) == {"PLANNED_PRODUCTION": 2}


def test_what_waits_for_a_component_is_not_charged_to_the_machine() -> None:
    assert days(made({0: 60, 1: 60}, 1, part_on=4)) == {"AWAIT_COMPONENT": 4, "PLANNED_PRODUCTION": 1}
    assert days(made({4: 60, 5: 30}, 1, part_on=4)) == {"AWAIT_COMPONENT": 4, "PLANNED_PRODUCTION": 1, "CAPACITY_TAKEN": 2}


@given(st.dictionaries(st.integers(0, 8), st.integers(1, 60), max_size=8), st.integers(1, 4), st.none() | st.integers(1, 5))
def test_the_days_of_capacity_are_those_by_which_the_same_question_is_earlier_without_the_others(
    claimed: dict[int, int], quantity: int, part_on: int | None
) -> None:
    busy, idle = made(claimed, quantity, part_on=part_on), made({}, quantity, part_on=part_on)
    assert busy.promised_day is not None
    assert idle.promised_day is not None
    assert sum(days(busy).values()) == busy.slip_days == busy.promised_day - TODAY
    assert days(busy).get("CAPACITY_TAKEN", 0) == busy.promised_day - idle.promised_day
