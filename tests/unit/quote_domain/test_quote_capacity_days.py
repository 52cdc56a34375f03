"""One operation on its resources, forwards and backwards, against looking at every day and every seating."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.book import Book
from services.quote.domain.calendar import THREE_YEARS, Calendar
from services.quote.domain.capacity import Capacity, IdleFloor, Load, Machine, Run, available, capacity_of, claimed_by_day, run, run_back
from services.quote.domain.entry import RESOURCE, Entry, Part
from services.quote.domain.sources import Need, Operation
from services.quote.domain.stand import Stand
from tests.unit.quote_domain.builders import NOW, TODAY, a_book, claim, hold, requirement, units
from tests.unit.quote_domain.plants import Plant, a_machine, a_step

NAMES = ("A", "B", "C")
DAY = 1440
FIRST, LAST = 0, 60

Members = tuple[tuple[str, ...], ...]
"""For each resource that is needed at once, who could be it."""


def shop(minutes: Mapping[str, Sequence[int]], taken: Iterable[tuple[str, int, int]] = ()) -> Plant:
    """Machines by their minutes of each weekday from today on, less what is taken of (machine, day)."""
    turned = {name: [each[(day - TODAY + 1) % 7] for day in range(7)] for name, each in minutes.items()}
    claims = [(name, claim(f"{name}{number}", quantity, day)) for number, (name, day, quantity) in enumerate(taken)]
    return Plant(*(a_machine(name, each, *(one for of, one in claims if of == name)) for name, each in turned.items()))


def an_operation(options: Sequence[Members], setup: int, per_unit: int, fixed_days: float, *, may_spread: bool) -> Operation:
    needs = tuple(tuple(Need(members, "any") for members in option) for option in options)
    return Operation(10, "step", units(setup), units(per_unit), units(fixed_days * DAY), may_spread, needs)


def days_of(members: Members, free: Mapping[str, Sequence[int]], minutes: int, days: Iterable[int], *, may_spread: bool) -> dict[int, int]:
    """What a job takes of each day, the days looked at in their order; nothing when it is never done."""
    found: dict[int, int] = {}
    for day in days:
        seats = [chosen for chosen in product(*members) if len(set(chosen)) == len(chosen)]
        most = max((min(free[name][day] for name in chosen) for chosen in seats), default=0)
        if most >= minutes or (may_spread and most > 0):
            found[day] = min(most, minutes)
            minutes -= found[day]
            if not minutes:
                return found
    return {}


def shown(found: Run | None, number: int) -> tuple[int, int, dict[int, int], int] | None:
    """Start, the day after, the minutes of each day and the set-up among them; as many resources as are needed share each day."""
    if found is None:
        return None
    by_day: dict[int, int] = {}
    for load in found.loads:
        by_day[load.day - TODAY] = by_day.get(load.day - TODAY, 0) + load.minutes
    assert len({(load.resource, load.day) for load in found.loads}) == len(found.loads)
    assert all(minutes % number == 0 for minutes in by_day.values())
    setup = sum(load.setup for load in found.loads) // number if found.loads else 0
    return (
        found.start - TODAY,
        found.following - TODAY,
        {day: total // number // units(1) for day, total in by_day.items()},
        setup // units(1),
    )


pools = st.lists(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True).map(tuple), min_size=1, max_size=2).map(tuple)


@given(
    minutes=st.fixed_dictionaries({name: st.lists(st.sampled_from([0, 1, 3, 7]), min_size=7, max_size=7) for name in NAMES}),
    taken=st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 9), st.integers(1, 5)), max_size=4),
    options=st.lists(pools, max_size=2),
    setup=st.integers(0, 3),
    per_unit=st.integers(0, 4),
    fixed=st.sampled_from([0, 0, 1, 1.5]),
    day=st.integers(0, 12),
    may_spread=st.booleans(),
)  # fmt: skip
def test_an_operation_takes_the_first_days_on_which_its_resources_are_free_and_backwards_the_last(
    minutes: dict[str, list[int]], taken: list[tuple[str, int, int]], options: list[Members], setup: int, per_unit: int,
    fixed: float, day: int, *, may_spread: bool,
) -> None:  # fmt: skip
    plant = shop(minutes, taken)
    free = {
        name: [max(0, each[at % 7] - sum(q for of, on, q in taken if (of, on) == (name, at))) for at in range(LAST)]
        for name, each in minutes.items()
    }
    operation = an_operation(options, setup, per_unit, fixed, may_spread=may_spread)
    needed = setup + 2 * per_unit
    rests = -(-int(fixed * DAY) // DAY)
    forwards = run(operation, units(2), TODAY + day, Stand(plant))
    last = day + 20 - rests
    backwards = run_back(operation, units(2), TODAY + day + 20, TODAY + day, Stand(plant))
    if not options or not needed:
        length = 0 if not needed else 1
        assert shown(forwards, 1) == (day, day + length + rests, {}, 0)
        assert shown(backwards, 1) == (last - length, day + 20, {}, 0)
        return
    ways = [(option, days_of(option, free, needed, range(day, LAST), may_spread=may_spread)) for option in options]
    done = [(option, each) for option, each in ways if each]
    best = min(done, key=lambda one: max(one[1]), default=None)
    assert shown(forwards, len(best[0]) if best else 1) == (
        (min(best[1]), max(best[1]) + 1 + rests, best[1], min(setup, needed)) if best else None
    )
    ways = [(option, days_of(option, free, needed, range(last - 1, day - 1, -1), may_spread=may_spread)) for option in options]
    done = [(option, each) for option, each in ways if each]
    best = max(done, key=lambda one: min(one[1]), default=None)
    assert shown(backwards, len(best[0]) if best else 1) == (
        (min(best[1]), max(best[1]) + 1 + rests, best[1], min(setup, needed)) if best else None
    )


def test_of_lists_of_resources_that_do_equally_well_the_first_is_taken_and_the_set_up_is_done_first() -> None:
    stand = Stand(shop({name: [3] * 7 for name in NAMES}))
    operation = an_operation([(("B",),), (("A",),)], setup=4, per_unit=1, fixed_days=0, may_spread=True)
    for found, expected in (
        (run(operation, units(4), TODAY, stand), [("B", 0, 3, 3), ("B", 1, 3, 1), ("B", 2, 2, 0)]),
        (run_back(operation, units(4), TODAY + 9, TODAY, stand), [("B", 6, 2, 2), ("B", 7, 3, 2), ("B", 8, 3, 0)]),
    ):
        loads = () if found is None else found.loads
        assert [(one.resource, one.day - TODAY, one.minutes // units(1), one.setup // units(1)) for one in loads] == expected


def test_what_takes_no_resource_passes_in_whole_days_and_not_before_the_first() -> None:
    stand = Stand(Plant())
    for minutes, days in ((0, 0), (1, 1), (DAY, 1), (DAY + 1, 2)):
        operation = an_operation([], setup=minutes, per_unit=0, fixed_days=1, may_spread=True)
        assert run(operation, units(1), TODAY, stand) == Run(TODAY, TODAY + days + 1, ())
        assert run_back(operation, units(1), TODAY + 9, TODAY, stand) == Run(TODAY + 8 - days, TODAY + 9, ())
        assert run_back(operation, units(1), TODAY + days + 1, TODAY, stand) == Run(TODAY, TODAY + days + 1, ())
        assert run_back(operation, units(1), TODAY + days, TODAY, stand) is None


def test_a_millionth_of_a_minute_takes_a_day_and_rests_a_day() -> None:
    stand = Stand(shop({"A": [5] * 7}))
    tiny = Operation(10, "step", 1, 0, 1, options=((Need(("A",), "A"),),))
    assert run(tiny, units(1), TODAY, stand) == Run(TODAY, TODAY + 2, (Load("A", TODAY, 1, 1),))
    assert run_back(tiny, units(1), TODAY + 5, TODAY, stand) == Run(TODAY + 3, TODAY + 5, (Load("A", TODAY + 3, 1, 1),))


def test_a_millionth_that_is_left_of_a_day_is_worked_in() -> None:
    machine = a_machine("A", 60, Entry(Part.CLAIM, "c", units(60) - 1, TODAY + 1))
    job = Operation(10, "step", units(60) + 2, 0, options=((Need(("A",), "A"),),))
    twice = Operation(10, "step", 1, 0, options=((Need(("A",), "A"), Need(("A",), "A")),))
    stand = Stand(Plant(machine))
    forwards, backwards = run(job, units(1), TODAY + 1, stand), run_back(job, units(1), TODAY + 3, TODAY, stand)
    for found, expected in ((forwards, [(1, 1), (2, units(60)), (3, 1)]), (backwards, [(0, 1), (1, 1), (2, units(60))])):
        assert found is not None
        assert [(load.day - TODAY, load.minutes) for load in found.loads] == expected
    assert run(twice, units(1), TODAY, stand) is run_back(twice, units(1), TODAY + 3, TODAY, stand) is None


def test_a_job_that_may_not_spread_fills_the_last_day_that_has_just_the_room_for_it() -> None:
    for day in (0, 1, 4):
        stand = Stand(Plant(a_machine("A", 0, days={day: 60})))
        operation = an_operation([(("A",),)], setup=60, per_unit=0, fixed_days=0, may_spread=False)
        found = run_back(operation, units(1), TODAY + 5, TODAY, stand)
        assert found is not None
        assert (found.start, found.following) == (TODAY + day, TODAY + day + 1)
        assert run_back(operation, units(1), TODAY + 5, TODAY + day + 1, stand) is None


def test_a_resource_that_nobody_knows_does_nothing_and_another_of_its_pool_does() -> None:
    stand = Stand(shop({"A": [5] * 7}))
    for options, does in (([(("X",),)], False), ([(("X", "A"),)], True), ([(("X",), ("A",))], False), ([(("A",), ("A",))], False)):
        operation = an_operation(options, setup=1, per_unit=0, fixed_days=0, may_spread=True)
        assert (run(operation, units(1), TODAY, stand) is not None) is does
        assert (run_back(operation, units(1), TODAY + 5, TODAY, stand) is not None) is does


@pytest.mark.parametrize(("day", "is_done"), [(THREE_YEARS, True), (THREE_YEARS + 1, False)])
def test_an_operation_waits_three_years_for_a_day_and_no_longer(day: int, is_done: bool) -> None:  # noqa: FBT001
    for other in (0, 10):
        plant = Plant(a_machine("A", 0, days={day: 60, 1: other}), a_machine("B", 0, days={day: 60, 1: other}))
        for members in ((("A",),), (("A",), ("B",))):
            operation = an_operation([members], setup=60, per_unit=0, fixed_days=0, may_spread=False)
            found = run(operation, units(1), TODAY, Stand(plant))
            assert (None if found is None else found.start - TODAY) == (day if is_done else None)


def test_who_is_free_today_is_free_until_midnight_and_with_nobody_s_claims() -> None:
    told = [claim("a", 30, 1), hold("gone", 20, 1, -1), hold("live", 10, 1, 60), requirement("r", 5, 2), claim("mine", 7, 1, "me")]
    told += [hold("mine too", 2, 0, -1, "me"), claim("past", 9, -1, "me"), hold("past too", 9, -1, -1)]
    machine = a_machine("A", 60, *told, at_once=2)
    for owner, expected in ((None, [0, 47, 5]), ("me", [0, 40, 5]), ("nobody", [0, 47, 5])):
        claimed = claimed_by_day(machine, TODAY, NOW, owner)
        assert [claimed.get(TODAY + day, 0) for day in range(3)] == [units(one) for one in expected]
        assert min(claimed) >= TODAY
    capacity = capacity_of(machine)
    assert capacity is not None
    assert (capacity.site, capacity.at_once, capacity_of(machine) is capacity) == ("HERE", units(2), True)
    assert [available(capacity, TODAY + day, TODAY, 10) for day in (-1, 0, 1)] == [0, units(20), units(60)]
    assert available(capacity, TODAY, TODAY, 40) == units(60)
    machine.apply([Entry(Part.CAPACITY, "", 1, None, None, {"site": "THERE", "weekly": [1] * 7, "days": {}, "at_once": units(1)})], 2, NOW)
    told_anew = capacity_of(machine)
    assert told_anew is not None
    assert told_anew.site == "THERE"
    assert capacity_of(Book("B", RESOURCE)) is capacity_of(a_book(on_hand=1)) is None


def test_a_machine_has_free_what_neither_others_nor_this_decision_have_and_idle_it_has_all() -> None:
    capacity = Capacity("HERE", Calendar((60, 60, 0, 60, 60, 60, 60), {}), units(1))
    one = Machine(Book("A", RESOURCE), capacity, TODAY, 30, {TODAY: units(5), TODAY + 2: units(70), TODAY + 3: units(9)})
    one.taken[TODAY] = units(4)
    assert [one.free(TODAY + day) // units(1) for day in range(-1, 5)] == [0, 21, 0, 0, 51, 60]
    assert [one.idle().free(TODAY + day) // units(1) for day in range(-1, 5)] == [0, 30, 0, 60, 60, 60]
    assert (one.claimed(TODAY, TODAY + 2), one.claimed(TODAY + 1, TODAY + 3)) == (units(75), units(79))
    assert (one.works_within(TODAY - 3), one.works_within(TODAY + 1)) == (TODAY, TODAY + 2)


def test_what_is_done_on_idle_resources_takes_of_them_alone() -> None:
    stand = Stand(shop({"A": [5] * 7}, [("A", 0, 5), ("A", 1, 5)]))
    idle = IdleFloor(stand)
    step = a_step("A", 3)
    starts = []
    for _ in range(3):
        found = run(step, units(1), TODAY, idle)
        assert found is not None
        idle.occupy(found.loads)
        starts.append((found.start - TODAY, found.following - TODAY))
    assert starts == [(0, 1), (0, 2), (1, 2)]
    machine = idle.machine("A")
    assert machine is not None
    assert machine.taken == {TODAY: units(5), TODAY + 1: units(4)}
    idle.occupy((Load("X", TODAY, units(1)),))
    assert idle.machine("X") is None
    found = run(step, units(1), TODAY, stand)
    assert found is not None
    assert found.start == TODAY + 2
