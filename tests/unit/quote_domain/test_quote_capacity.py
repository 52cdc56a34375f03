"""Finite capacity against exhaustive search: every start of production, every lot, every mix with what is known to come."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.capacity import available, capacity_of, run
from services.quote.domain.promise import Decision, Demand, promise
from services.quote.domain.replenish import gains_by_jobs
from services.quote.domain.rules import Rules
from services.quote.domain.sources import Component, Lot, Make, Need, Operation
from services.quote.domain.stand import Stand
from tests.examples import examples
from tests.unit.quote_domain import oracle
from tests.unit.quote_domain.builders import MICRO, NOW, TODAY, a_book, a_line, claim, receipt, units
from tests.unit.quote_domain.plants import HERE, LOTS, PART, PRODUCT, Plant, a_lot, a_machine, a_purchase, a_step, machines, stocks

HORIZON = oracle.HORIZON


# -- what is true, found the slow way


def free_minutes(plant: Plant, name: str) -> list[int]:
    """Free minutes (in millionths) of each day from today on."""
    book = plant.machine(name)
    capacity = capacity_of(book)
    assert capacity is not None
    claimed = book.demand_by_day()
    days = range(TODAY, TODAY + HORIZON)
    return [max(0, available(capacity, day, TODAY, plant.left_today) - claimed.get(day, 0)) for day in days]


def finished(free: Sequence[int], minutes: int, start: int, *, may_spread: bool) -> int | None:
    """The day after the last minute of a job that begins on a given day and takes all it can; None when it does not fit."""
    if minutes == 0:
        return start
    if not may_spread:
        return start + 1 if free[start] >= minutes else None
    if not free[start]:
        return None
    for day in range(start, HORIZON):
        minutes -= free[day]
        if minutes <= 0:
            return day + 1
    return None


def shown(plant: Plant, sku: str) -> list[int]:
    book = plant.books.get((sku, HERE))
    if book is None:
        return [0] * HORIZON
    return oracle.projected(oracle.entries_of(book), TODAY, NOW, plant.rules(sku, HERE))


def made_by(plant: Plant, source: Make, quantity: int) -> int | None:
    """The first day on which so many can be there, over every day on which production could start."""
    (operation,) = source.operations
    free = free_minutes(plant, "LATHE")
    parts = [(shown(plant, component.skus[0]), component.quantity(quantity)) for component in source.components]
    ends = []
    for start in range(HORIZON):
        if all(oracle.is_accepted(days, {start: needed}) for days, needed in parts):
            end = finished(free, operation.minutes(quantity), start, may_spread=operation.may_spread)
            if end is not None:
                ends.append(end - (-operation.fixed // (1440 * MICRO)))
    return min(ends, default=None)


def exhaustive(plant: Plant, quantity: int, wanted: int) -> int | None:
    """The first day, wanted or later, on which the whole quantity can be promised: from the book, or with one order of any size."""
    days, rules = shown(plant, PRODUCT), plant.rules(PRODUCT, HERE)
    wanted = max(0, wanted)
    first = oracle.earliest(days, quantity, wanted)
    best = [] if first is None else [first]
    fence = rules.atp_fence_days
    allowed = quantity - max(0, min(days[wanted:]), min(days[fence:]) if fence is not None else 0)
    (source,) = plant.source[PRODUCT, HERE]
    assert isinstance(source, Make)
    tried = set()
    for shortfall in range(MICRO, allowed + 1, MICRO):
        lot = source.lot.rounded(shortfall)
        if lot in tried:
            continue
        tried.add(lot)
        there = made_by(plant, source, lot)
        if there is None:
            continue
        usable = there + rules.dock_to_stock_days
        best += [day for day in range(wanted, HORIZON) if covers(days, usable, lot, quantity, day)][:1]
    return min(best, default=None)


def covers(days: Sequence[int], usable: int, lot: int, quantity: int, day: int) -> bool:
    """THE invariant, day by day, for a claim beside a plan that counts from `usable` on and may cover what is then short."""
    return all(days[at] + (lot if at >= usable else 0) - quantity >= min(0, days[at]) for at in range(day, HORIZON))


FENCES = st.sampled_from([None, None, 0, 3, 7])


@st.composite
def workshops(draw: st.DrawFn) -> Plant:
    """A product made on one machine, of one part or of none."""
    plant = Plant(
        draw(stocks(PRODUCT, HERE)),
        draw(stocks(PART, HERE)),
        draw(machines("LATHE")),
        rules={PRODUCT: Rules(dock_to_stock_days=draw(st.sampled_from([0, 0, 2])), atp_fence_days=draw(FENCES)), PART: Rules()},
        left_today=draw(st.sampled_from([1440, 4])),
    )
    operation = a_step(
        "LATHE", draw(st.sampled_from([0.5, 1, 2, 3])), draw(st.sampled_from([0, 0, 3])), draw(st.sampled_from([0, 0, 0.5, 1])),
        may_spread=draw(st.sampled_from([True, True, True, False])),
    )  # fmt: skip
    parts = draw(st.sampled_from([(), (Component((PART,), units(1)),), (Component((PART,), units(0.5)),)]))
    plant.source[PRODUCT, HERE] = (Make(PRODUCT, parts, (operation,), draw(LOTS)),)
    return plant


QUANTITIES, DAYS = st.integers(1, 12), st.integers(-1, 9)


def asked(plant: Plant, quantity: int, day: int, *, partial: bool = False) -> Decision:
    return promise(Demand((a_line(quantity, day, sku=PRODUCT, sites=(HERE,)),), allow_partial=partial), plant)


@examples(300)
@given(workshops(), QUANTITIES, DAYS)
def test_a_whole_line_is_promised_for_the_first_day_that_any_start_of_production_allows(plant: Plant, quantity: int, day: int) -> None:
    expected = exhaustive(plant, units(quantity), day)
    line = asked(plant, quantity, day).lines[0]
    found = None if line.promised_day is None else line.promised_day - TODAY
    if found != expected:  # several jobs are earlier than one: every way to cut them is tried in test_quote_jobs.py
        assert gains_by_jobs(plant.source[PRODUCT, HERE][0])
        assert found is not None
        assert expected is None or found < expected


@examples(100)
@given(workshops(), QUANTITIES, DAYS)
def test_a_split_is_never_worse_than_the_whole_line_nor_than_what_is_known_alone(plant: Plant, quantity: int, day: int) -> None:
    whole = asked(plant, quantity, day).lines[0]
    split = asked(plant, quantity, day, partial=True).lines[0]
    known = promise(
        Demand((a_line(quantity, day, sku=PRODUCT, sites=(HERE,)),), allow_partial=True), Plant(*plant.books.values(), rules=plant.own)
    ).lines[0]

    def worth(line: object) -> tuple[int, int, int, int]:
        wanted = max(TODAY, TODAY + day)
        return oracle.worth(tuple((one.delivery_day, 0, one.quantity) for one in line.deliveries), wanted)  # type: ignore[attr-defined]

    assert worth(split) <= worth(known)
    assert worth(split) <= worth(whole)


@examples(150)
@given(st.data())
def test_of_pools_the_members_are_chosen_that_do_most_together(data: st.DataObject) -> None:
    """Two needs, each any of some machines, none twice: the job is done on the first day on which any two can do it."""
    names = ("M1", "M2", "M3")
    books = [a_machine(name, 5, *(claim(f"J{day}", data.draw(st.integers(0, 5)), day) for day in range(4))) for name in names]
    plant = Plant(*books)
    pools = [data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True)) for _ in range(2)]
    minutes = data.draw(st.integers(1, 12))
    spread = data.draw(st.booleans())
    operation = Operation(10, "together", 0, units(minutes), 0, spread, (tuple(Need(tuple(pool), "any") for pool in pools),))
    free = {name: free_minutes(plant, name) for name in names}
    best = [
        max((min(free[one][day], free[two][day]) for one in pools[0] for two in pools[1] if one != two), default=0)
        for day in range(HORIZON)
    ]
    ends = [end for start in range(HORIZON) if (end := finished(best, units(minutes), start, may_spread=spread)) is not None]
    found = run(operation, MICRO, TODAY, Stand(plant))
    assert (None if found is None else found.following - TODAY) == min(ends, default=None)


@given(workshops(), QUANTITIES, DAYS)
def test_a_product_whose_resource_nobody_knows_is_not_made(plant: Plant, quantity: int, day: int) -> None:
    known = oracle.earliest(shown(plant, PRODUCT), units(quantity), max(0, day))
    del plant.books["LATHE", "~"]
    line = asked(plant, quantity, day).lines[0]
    assert (None if line.promised_day is None else line.promised_day - TODAY) == known


# -- told in words


def a_workshop(minutes: int = 60, on_hand: float = 0, per_unit: float = 1, **more: object) -> Plant:
    plant = Plant(a_book(on_hand=on_hand, sku=PRODUCT, site=HERE), a_machine("LATHE", minutes))
    plant.source[PRODUCT, HERE] = (Make(PRODUCT, (), (a_step("LATHE", per_unit, **more),)),)  # type: ignore[arg-type]
    return plant


def test_a_job_spreads_over_days_and_is_there_the_day_after_its_last_minute() -> None:
    (plan,) = asked(a_workshop(), 150, 0).planned
    assert [(load.day - TODAY, load.minutes // MICRO) for load in plan.loads] == [(0, 60), (1, 60), (2, 30)]
    assert plan.due_day == TODAY + 3


def test_a_job_that_may_not_spread_waits_for_a_day_that_has_room_for_it() -> None:
    plant = a_workshop(60, may_spread=False)
    plant.books["LATHE", "~"] = a_machine("LATHE", 60, claim("J", 20, 0))
    (plan,) = asked(plant, 50, 0).planned
    assert [(load.day - TODAY, load.minutes // MICRO) for load in plan.loads] == [(1, 50)]
    jobs = asked(plant, 61, 0).planned
    assert [[(load.day - TODAY, load.minutes // MICRO) for load in one.loads] for one in jobs] == [[(1, 60)], [(0, 1)]], "two jobs"
    assert asked(a_workshop(60, per_unit=61, may_spread=False), 1, 0).outcome == "none"


def test_drying_takes_whole_days_and_no_machine() -> None:
    assert asked(a_workshop(fixed_days=0.1), 10, 0).lines[0].promised_day == TODAY + 2
    assert asked(a_workshop(fixed_days=2), 10, 0).lines[0].promised_day == TODAY + 3


def test_of_today_only_what_is_left_until_midnight_is_offered() -> None:
    plant = a_workshop()
    plant.left_today = 25
    (plan,) = asked(plant, 40, 0).planned
    assert [(load.day - TODAY, load.minutes // MICRO) for load in plan.loads] == [(0, 25), (1, 15)]


def test_waiting_for_a_receipt_and_making_less_may_be_sooner_than_either_alone() -> None:
    """Ten wanted, one a day can be made, one a day comes: five of each on the fifth day."""
    plant = a_workshop(1)

    plant.books[PRODUCT, HERE] = a_book(*(receipt(f"R{day}", 1, day) for day in range(1, 12)), sku=PRODUCT, site=HERE)
    decision = asked(plant, 10, 0)
    assert decision.lines[0].promised_day == TODAY + 5
    assert [plan.quantity // MICRO for plan in decision.planned] == [5]


def test_a_component_is_not_bought_for_today_when_the_machine_is_free_only_later() -> None:
    """It comes by itself before the machine has time for it."""
    plant = Plant(a_book(sku=PRODUCT, site=HERE), a_machine("LATHE", 60, days=dict.fromkeys(range(6), 0)))

    plant.books[PART, HERE] = a_book(receipt("R", 5, 4), sku=PART, site=HERE)
    plant.source[PRODUCT, HERE] = (Make(PRODUCT, (Component((PART,), units(1)),), (a_step("LATHE", 1),)),)
    plant.source[PART, HERE] = (a_purchase(2),)
    decision = asked(plant, 5, 0)
    assert [plan.kind for plan in decision.planned] == ["production_order"]
    assert decision.planned[0].parts[0].day == TODAY + 6
    assert decision.lines[0].promised_day == TODAY + 7


def test_a_lot_that_is_too_large_for_a_component_is_not_made() -> None:
    plant = Plant(a_book(sku=PRODUCT, site=HERE), a_book(on_hand=4, sku=PART, site=HERE), a_machine("LATHE", 60))
    for lot, outcome in ((Lot(), "late"), (a_lot(minimum=5), "none"), (a_lot(multiple=3), "none")):
        plant.source[PRODUCT, HERE] = (Make(PRODUCT, (Component((PART,), units(1)),), (a_step("LATHE", 1),), lot),)
        assert asked(plant, 4, 0).outcome == outcome
