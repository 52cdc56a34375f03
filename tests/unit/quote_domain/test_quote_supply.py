"""One overlay per decision: nothing is promised twice inside one answer, across levels, lines, sites and machines."""

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.balance import balance
from services.quote.domain.book import Book
from services.quote.domain.capacity import available, capacity_of
from services.quote.domain.entry import RESOURCE, Part, holds_stock
from services.quote.domain.explanation import conclude
from services.quote.domain.plan import plan_line
from services.quote.domain.promise import Decision, Delivery, Demand, LinePromise, promise
from services.quote.domain.replenish import acquire, bring
from services.quote.domain.sources import Buy, Component, Make, Transfer
from services.quote.domain.stand import Stand
from tests.examples import examples
from tests.unit.quote_domain import oracle
from tests.unit.quote_domain.builders import MICRO, NOW, TODAY, a_book, a_line, units
from tests.unit.quote_domain.plants import (
    HERE,
    PART,
    PRODUCT,
    RAW,
    THERE,
    Plant,
    a_lot,
    a_machine,
    a_purchase,
    a_step,
    a_transfer,
    after,
    demands,
    plants,
    written,
)

Books = Mapping[tuple[str, str], Book]


def check_books(plant: Plant, later: Books) -> None:
    """THE invariant on every book, day by day and entry by entry."""
    for (sku, site), book in later.items():
        if site == RESOURCE:
            check_machine(plant, sku, book)
            continue
        rules = plant.rules(sku, site)
        old = plant.books.get((sku, site))
        before = [0] * oracle.HORIZON if old is None else oracle.projected(oracle.entries_of(old), TODAY, NOW, rules)
        now = oracle.projected(oracle.entries_of(book), TODAY, NOW, rules)
        for day in range(oracle.HORIZON):
            assert now[day] >= min(0, before[day]), f"{sku} at {site} on day {day}: {before[day] / MICRO} became {now[day] / MICRO}"


def check_machine(plant: Plant, name: str, book: Book) -> None:
    """Claimed is no more than available, or no more than before."""
    capacity = capacity_of(book)
    assert capacity is not None
    old = plant.machine(name)
    for day in range(TODAY, TODAY + oracle.HORIZON):
        claimed, before = (sum(one.quantity for one in each.of(Part.CLAIM) if one.day == day) for each in (book, old))
        assert claimed <= max(available(capacity, day, TODAY, plant.left_today), before), f"{name} on day {day - TODAY}"


def check_plans(plant: Plant, decision: Decision, *, at_once: bool = True) -> None:
    """Each plan is what its source says: lot, dates, components at the start of their operation, minutes in sequence."""
    for plan in decision.planned:
        rules = plant.rules(plan.sku, plan.site)
        source = next(one for one in plant.source[plan.sku, plan.site] if (one.kind.value, one.ref) == (plan.kind, plan.ref))
        assert source.lot.rounded(plan.quantity) == plan.quantity
        assert TODAY <= plan.start_day <= plan.due_day
        assert plan.start_day <= plan.latest_start_day
        assert rules.dock_to_stock_days >= 0
        assert plan.lines
        if isinstance(source, Buy):
            assert plan.due_day - plan.start_day == source.lead_time_days
            assert (plan.parts, plan.loads) == ((), ())
            assert plan.start_day == TODAY or not at_once
        elif isinstance(source, Transfer):
            (part,) = plan.parts
            assert (part.sku, part.site, part.quantity, part.day) == (plan.sku, source.from_site, plan.quantity, plan.start_day)
            assert plan.due_day - plan.start_day == source.way.transit_days
        else:
            check_made(plan.quantity, source, decision, decision.planned.index(plan))


def check_made(quantity: int, source: Make, decision: Decision, number: int) -> None:
    """Operations follow one another; what each uses is claimed on the day on which it starts."""
    plan = decision.planned[number]
    assert len(plan.parts) == len(source.components)
    starts: dict[int, int] = {}
    ready = TODAY
    for at, operation in enumerate(source.operations):
        name = operation.options[0][0].name if operation.options else None
        mine = [load for load in plan.loads if load.resource == name]
        if name is None:
            needed = [part.day for part, component in zip(plan.parts, source.components, strict=True) if component.operation == at]
            starts[at] = max([ready, *needed])
            ready = starts[at] - (-operation.minutes(quantity) // (1440 * MICRO)) - (-operation.fixed // (1440 * MICRO))
            continue
        assert sum(load.minutes for load in mine) == operation.minutes(quantity)
        assert all(load.day >= ready and load.minutes > 0 for load in mine)
        assert operation.may_spread or len(mine) <= 1
        if mine:
            starts[at] = min(load.day for load in mine)
            ready = max(load.day for load in mine) + 1 - (-operation.fixed // (1440 * MICRO))
    assert plan.due_day == ready if source.operations else plan.due_day >= ready
    for part, component in zip(plan.parts, source.components, strict=True):
        assert part.sku in component.skus
        assert part.quantity == component.quantity(quantity)
        if component.operation in starts:
            assert part.day == starts[component.operation]
        if not source.operations:
            assert part.day == plan.start_day
            assert plan.due_day == plan.start_day + source.lead_time_days


@examples(200)
@given(plants(), demands())
def test_a_decision_takes_from_no_book_what_it_does_not_have(plant: Plant, demand: Demand) -> None:
    decision = promise(demand, plant)
    check_plans(plant, decision)
    check_books(plant, after(plant, written(decision)))


def held(demand: Demand, plant: Plant, days: int) -> Decision:
    """As a hold that ends after so many days."""
    return promise(replace(demand, hold_ends=lambda site: plant.today(site) + days), plant)


@examples(80)
@given(plants(), demands(), st.integers(0, 3))
def test_a_hold_is_good_to_others_while_it_lives_and_when_it_ends(plant: Plant, demand: Demand, days: int) -> None:
    """No day of any book is better by a hold than without it: whoever is promised something meanwhile stands on nothing of it."""
    decision = held(demand, plant, days)
    assert all(0 <= one.planned <= one.quantity for line in decision.lines for one in line.deliveries)
    books = after(plant, written(decision, plant, TODAY + days))
    check_books(plant, books)
    for (sku, site), book in books.items():
        if holds_stock(site):
            old = plant.books.get((sku, site)) or Book(sku, site)
            rules = plant.rules(sku, site)
            with_it, without = balance(book, TODAY, NOW, rules), balance(old, TODAY, NOW, rules)
            assert all(with_it.projected_on(day) <= without.projected_on(day) for day in (*with_it.days, *without.days))


@examples(40)
@given(plants(), demands())
def test_a_hold_that_ends_today_is_promised_what_an_order_is(plant: Plant, demand: Demand) -> None:
    order = promise(demand, plant)
    hold = held(demand, plant, 0)
    assert [replace(line, deliveries=bare(line)) for line in hold.lines] == list(order.lines)
    assert [replace(plan, parts=tuple(replace(part, returns=()) for part in plan.parts)) for plan in hold.planned] == list(order.planned)


def bare(line: LinePromise) -> tuple[Delivery, ...]:
    """Its deliveries as those of an order."""
    return tuple(replace(one, returns=()) for one in line.deliveries)


@examples(80)
@given(plants(), demands(), st.integers(0, 3), st.data())
def test_a_hold_that_is_confirmed_on_its_last_day_still_takes_nothing_that_others_were_promised(
    plant: Plant, demand: Demand, days: int, data: st.DataObject
) -> None:
    """But for what it takes of its plans from the day on which they come: that is late with them, as its own answer then says."""
    decision = held(demand, plant, days)
    confirmed = TODAY + data.draw(st.integers(0, days))
    alive, orders = after(plant, written(decision, plant, TODAY + days)), after(plant, written(decision))
    late: dict[tuple[str, str], int] = {}
    for line in decision.lines:
        for one in line.deliveries:
            late[line.sku, one.site] = late.get((line.sku, one.site), 0) + one.planned
    for plan in decision.planned:
        for part in plan.parts:
            late[part.sku, part.site] = late.get((part.sku, part.site), 0) + part.planned
    for (sku, site), book in orders.items():
        if holds_stock(site):
            rules = plant.rules(sku, site)
            before, now = (balance(one, confirmed, NOW, rules) for one in (alive.get((sku, site)) or Book(sku, site), book))
            slack = late.get((sku, site), 0) if confirmed > TODAY else 0
            for day in (*before.days, *now.days):
                assert now.projected_on(day) >= min(0, before.projected_on(day)) - slack, f"{sku} at {site} on day {day - TODAY}"


@examples(100)
@given(plants(), demands())
def test_what_is_planned_is_the_shortfall_rounded_up_to_the_lot(plant: Plant, demand: Demand) -> None:
    """What nobody takes of a plan is less than what its lot made it too large by."""
    decision = promise(demand, plant)
    used = [0] * len(decision.planned)
    for line in decision.lines:
        for one in line.pegging:
            if one.plan is not None:
                used[one.plan] += one.quantity
    taken: dict[tuple[str, str], int] = {}
    for plan in decision.planned:
        for part in plan.parts:
            taken[part.sku, part.site] = taken.get((part.sku, part.site), 0) + part.planned
    for number, plan in enumerate(decision.planned):
        source = next(one for one in plant.source[plan.sku, plan.site] if (one.kind.value, one.ref) == (plan.kind, plan.ref))
        same = [other for other, each in enumerate(decision.planned) if (each.sku, each.site) == (plan.sku, plan.site)]
        if same != [number]:
            continue  # what several plans bring to one book is not told apart here
        need = used[number] + taken.get((plan.sku, plan.site), 0)
        assert 0 < need <= plan.quantity
        assert plan.quantity == source.lot.rounded(need)


def traces(stand: Stand) -> object:
    """Everything that a decision has done on its stand."""
    places = {
        key: (
            None if place is None else (
                [place.free.projected_on(day) for day in range(TODAY, TODAY + oracle.HORIZON)],
                [(one.number, one.left, sorted(one.lines)) for _, one in sorted(place.plans.items())],
                [(one.day, one.quantity, one.planned) for one in place.takes],
            )
        )
        for key, place in stand._places.items()
    }  # fmt: skip
    machines = {
        name: None if machine is None else {day: minutes for day, minutes in machine.taken.items() if minutes}
        for name, machine in stand._machines.items()
    }
    return places, machines, [(one.number, one.quantity, one.start, one.due, one.left, sorted(one.lines)) for one in stand.planned]


def look_at_everything(stand: Stand, plant: Plant) -> None:
    """Open every book, so that what was merely read does not look like a trace."""
    for sku in (PRODUCT, PART, RAW):
        for site in (HERE, THERE):
            stand.place(sku, site)
    for name, site in plant.books:
        if site == RESOURCE:
            stand.machine(name)


@examples(100)
@given(plants(), demands(), demands(), st.data())
def test_what_is_undone_leaves_no_trace(plant: Plant, first: Demand, then: Demand, data: st.DataObject) -> None:
    stand = Stand(plant)
    look_at_everything(stand, plant)
    plans = [plan_line(line, stand, allow_partial=first.allow_partial) for line in first.lines]
    before, mark = traces(stand), stand.mark()
    for line in then.lines:
        kind = data.draw(st.sampled_from(["plan", "acquire", "bring"]))
        if kind == "plan":
            plan_line(line, stand, allow_partial=then.allow_partial)
        elif kind == "acquire":
            acquire(stand, line.sku, line.sites[0], line.quantity, line.requested_day, (("ABOVE", line.sites[0]),))
        else:
            place = stand.place(line.sku, line.sites[0])
            for source in () if place is None else place.sources:
                bring(stand, place, source, line.quantity, line.requested_day)  # type: ignore[arg-type]
    stand.rollback(mark)
    assert traces(stand) == before
    fresh = Stand(plant)
    again = [plan_line(line, fresh, allow_partial=first.allow_partial) for line in first.lines]
    one, other = conclude(plans, stand), conclude(again, fresh)
    assert (one.lines, one.planned) == (other.lines, other.planned)
    stand.rollback()
    untouched = Stand(plant)
    look_at_everything(untouched, plant)
    assert traces(stand) == traces(untouched)


# -- told in words


def a_plant() -> Plant:
    return Plant(a_book(on_hand=0, sku=PRODUCT, site=HERE))


def test_two_lines_share_a_lot_and_the_second_stands_on_the_first_ones_plan() -> None:
    plant = a_plant()
    plant.source[PRODUCT, HERE] = (a_purchase(4, a_lot(multiple=10)),)
    lines = tuple(a_line(4, sku=PRODUCT, sites=(HERE,), ref=ref) for ref in ("1", "2", "3"))
    decision = promise(Demand(lines), plant)
    assert [(one.quantity // MICRO, one.lines) for one in decision.planned] == [(10, ("1", "2", "3")), (10, ("3",))]
    assert {line.promised_day for line in decision.lines} == {TODAY + 4}


def test_a_component_that_two_lines_need_is_bought_twice_and_never_used_twice() -> None:
    plant = Plant(a_book(on_hand=3, sku=RAW, site=HERE), a_machine("LATHE", 100))
    plant.source[PRODUCT, HERE] = (Make(PRODUCT, (Component((RAW,), units(1)),), (a_step("LATHE", 1),)),)
    plant.source[RAW, HERE] = (a_purchase(5),)
    lines = tuple(a_line(2, sku=PRODUCT, sites=(HERE,), ref=ref) for ref in ("1", "2"))
    decision = promise(Demand(lines), plant)
    bought = [one for one in decision.planned if one.kind == "purchase_order"]
    assert [one.quantity // MICRO for one in bought] == [1]
    assert [line.promised_day for line in decision.lines] == [TODAY + 1, TODAY + 6]


def test_sites_that_could_only_move_the_same_goods_to_one_another_bring_nothing() -> None:
    plant = Plant(a_book(on_hand=0, sku=PRODUCT, site=HERE), a_book(on_hand=0, sku=PRODUCT, site=THERE))
    plant.source[PRODUCT, HERE] = (a_transfer(THERE, 1),)
    plant.source[PRODUCT, THERE] = (a_transfer(HERE, 1),)
    assert promise(Demand((a_line(1, sku=PRODUCT, sites=(HERE, THERE)),)), plant).outcome == "none"


# -- absurd input: an answer in bounded time, with a reason


def a_chain(levels: int) -> Plant:
    plant = Plant()
    for level in range(levels):
        plant.source[f"L{level}", HERE] = (Make(f"L{level}", (Component((f"L{level + 1}",), units(1)),), ()),)
    plant.source[f"L{levels}", HERE] = (a_purchase(1),)
    return plant


def a_tree(levels: int, width: int) -> Plant:
    plant = Plant()

    def grow(name: str, level: int) -> None:
        if level == levels:
            plant.source[name, HERE] = (a_purchase(1),)
            return
        below = [f"{name}.{number}" for number in range(width)]
        plant.source[name, HERE] = (Make(name, tuple(Component((part,), units(1)) for part in below), ()),)
        for part in below:
            grow(part, level + 1)

    grow("T", 0)
    return plant


def asked(plant: Plant, sku: str, lines: int = 1) -> Decision:
    return promise(Demand(tuple(a_line(1, sku=sku, sites=(HERE,), ref=str(number)) for number in range(lines))), plant)


def test_a_bill_of_material_that_contains_itself_makes_nothing() -> None:
    plant = Plant()
    plant.source["A", HERE] = (Make("A", (Component(("B",), units(1)),), ()),)
    plant.source["B", HERE] = (Make("B", (Component(("A",), units(1)),), ()),)
    line = asked(plant, "A").lines[0]
    assert (line.outcome, line.reasons[-1].code) == ("none", "NOT_ENOUGH_SUPPLY")


def test_supply_is_looked_through_25_levels_deep_and_said_to_go_on_below() -> None:
    assert [len(asked(a_chain(levels), "L0").planned) for levels in (1, 10, 24)] == [2, 11, 25]
    line = asked(a_chain(25), "L0").lines[0]
    assert (line.outcome, line.reasons[-1].code) == ("none", "SEARCH_LIMIT")


def test_a_search_that_takes_too_long_is_ended_and_says_so() -> None:
    line = asked(a_tree(4, 10), "T").lines[0]
    assert (line.outcome, line.reasons[-1].code) == ("none", "SEARCH_LIMIT")


def test_the_last_of_five_hundred_lines_is_planned_as_the_first() -> None:
    decision = asked(a_tree(2, 3), "T", 500)
    assert {line.promised_day for line in decision.lines} == {TODAY + 1}
    assert len(decision.planned) == 500 * 13


def test_a_routing_of_five_hundred_operations_takes_five_hundred_days() -> None:
    plant = Plant(a_machine("LATHE", 100))
    plant.source[PRODUCT, HERE] = (Make(PRODUCT, (), tuple(a_step("LATHE", 1, sequence=number) for number in range(500))),)
    assert asked(plant, PRODUCT).lines[0].promised_day == TODAY + 500


def test_twenty_sites_that_only_move_goods_to_one_another_are_given_up() -> None:
    sites = [f"S{number}" for number in range(20)]
    plant = Plant()
    for site in sites:
        plant.source[PRODUCT, site] = tuple(a_transfer(other, 2) for other in sites if other != site)
    decision = promise(Demand((a_line(5, sku=PRODUCT, sites=sites),)), plant)
    assert (decision.outcome, decision.lines[0].reasons[-1].code) == ("none", "SEARCH_LIMIT")
