"""Sentences of promising.md about claims, facts, answers and assumptions that no other property says by name."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.assume import AssumingShelf, Assumption
from services.quote.domain.balance import balance, permits
from services.quote.domain.capacity import available, capacity_of
from services.quote.domain.choice import Aim
from services.quote.domain.entry import Entry, Part
from services.quote.domain.promise import Demand, LinePromise, promise
from services.quote.domain.reasons import Code, Lost
from services.quote.domain.risk import Commitment, Take, foresee
from services.quote.domain.rules import Rules
from tests.examples import examples
from tests.unit.quote_domain.builders import MICRO, NOW, TODAY, AShelf, a_book, a_line, claim, receipt, units
from tests.unit.quote_domain.plants import MACHINES, Plant, a_machine, demands, plants
from tests.unit.quote_domain.standings import bins_of
from tests.unit.quote_domain.test_quote_balance import ENTRIES, a_book_told

DAYS = st.integers(0, 12)


@given(ENTRIES, st.data())
def test_cancelling_reducing_and_postponing_pass_on_every_book_also_on_a_short_one(told: list[Entry], data: st.DataObject) -> None:
    """§ 2: accept iff for all d, projected_after(d) >= min(0, projected_before(d))."""
    book = a_book_told([*told, claim("ours", data.draw(st.integers(1, 9)), data.draw(DAYS), "ord_ours")])
    ours = book.find(Part.CLAIM, "ours")
    assert ours is not None
    assert ours.day is not None
    before = balance(book, TODAY, NOW, Rules())
    fewer = data.draw(st.integers(0, ours.quantity // MICRO))
    later = ours.day + data.draw(st.integers(0, 9))
    for changed in (replace(ours, quantity=0), replace(ours, quantity=units(fewer)), replace(ours, day=later, quantity=units(fewer))):
        after = book.fork()
        after.apply([changed], book.version + 1, NOW)
        assert permits(before, balance(after, TODAY, NOW, Rules()))


PROMISED = st.lists(st.tuples(st.integers(1, 5), st.integers(0, 8)), min_size=1, max_size=5)


def at_risk(supply: dict[int, int], promised: Sequence[tuple[int, tuple[int, int]]]) -> set[str]:
    """Who of these cannot stay."""
    commitments = [
        Commitment(str(number), (number,), (Take("A|HAM", TODAY + day, units(quantity), TODAY + day),), TODAY + day)
        for number, (quantity, day) in promised
    ]
    fates = foresee(commitments, bins_of({"A|HAM": supply}))
    return {name for name, fate in fates.items() if not fate.kept}


@examples(200)
@given(st.dictionaries(st.integers(0, 8), st.integers(1, 8), max_size=4), PROMISED)
def test_what_ships_before_its_date_endangers_nobody_exactly_where_the_atp_of_its_owner_covers_it(
    supply: dict[int, int], promised: list[tuple[int, int]]
) -> None:
    """§ 3: shipped before its date: safe iff ATP(today) as owner >= q; if not, what it endangers is at risk."""
    named = list(enumerate(promised))
    shipped, others = promised[0][0], named[1:]
    supply = {**supply, 0: max(supply.get(0, 0), shipped)}  # what leaves was here
    if at_risk(supply, named):
        return
    projected = [sum(q for at, q in supply.items() if at <= day) - sum(q for _, (q, at) in others if at <= day) for day in range(20)]
    gone = {**supply, 0: supply.get(0, 0) - shipped}
    assert bool(at_risk(gone, others)) == (min(projected) < shipped)


@examples(60)
@given(plants(), demands(), st.sampled_from(Aim))
def test_every_way_that_lost_says_why(plant: Plant, demand: Demand, aim: Aim) -> None:
    """§ 4: the answer carries the winner and the runners-up, each with the reason it lost."""
    for line in promise(replace(demand, policy=aim), plant).lines:
        assert all(other.lost_because in set(Lost) for other in line.alternatives)
        assert all(other.deliveries or other.site for other in line.alternatives), "a way, or the site that has none"


@examples(60)
@given(plants(), demands(), st.sampled_from(Aim))
def test_a_line_that_may_not_be_split_comes_whole_in_one_delivery_or_not_at_all(plant: Plant, demand: Demand, aim: Aim) -> None:
    """§ 4: `allow_partial` (default false): the whole quantity in one delivery per line."""
    for line in promise(replace(demand, policy=aim, allow_partial=False), plant).lines:
        assert line.promised_quantity in (0, line.requested_quantity)
        assert len(line.deliveries) == (1 if line.promised_quantity else 0)


@examples(60)
@given(plants(), demands(), st.sampled_from(Aim))
def test_nothing_comes_after_the_latest_acceptable_date_and_every_shipment_keeps_its_limits(plant: Plant, demand: Demand, aim: Aim) -> None:
    """§ 4: minimum shipment, maximum number of shipments; `latest_acceptable_date`: later counts as none."""
    asked = demand.lines
    latest = min((one.latest_day for one in asked if one.latest_day is not None), default=None) if demand.ship_complete else None
    for line, told in zip(asked, promise(replace(demand, policy=aim), plant).lines, strict=True):
        last = latest if line.latest_day is None else line.latest_day
        assert all(last is None or one.delivery_day <= last for one in told.deliveries)
        assert all(one.quantity >= min(line.min_ship or 0, line.quantity) for one in told.deliveries)
        assert line.max_shipments is None or len(told.deliveries) <= line.max_shipments


def outcome_of(line: LinePromise) -> str:
    """§ 4, as it is written."""
    if not line.promised_quantity:
        return "none"
    if line.promised_quantity < line.requested_quantity:
        return "partial"
    last = max(one.delivery_day for one in line.deliveries)
    return "late" if last > line.requested_day else "full"


@examples(60)
@given(plants(), demands())
def test_each_outcome_is_what_its_definition_says_and_the_promised_date_is_the_last_delivery(plant: Plant, demand: Demand) -> None:
    """§ 4: `full`, `late`, `partial`, `none` of a line and of the whole."""
    decision = promise(demand, plant)
    for line in decision.lines:
        assert line.outcome == outcome_of(line)
        assert line.promised_day == max((one.delivery_day for one in line.deliveries), default=None)
    kinds = {line.outcome for line in decision.lines}
    whole = "none" if kinds == {"none"} else "partial" if kinds & {"none", "partial"} else "late" if "late" in kinds else "full"
    assert decision.outcome == whole


@examples(50)
@given(plants(), demands(), st.sampled_from(Aim))
def test_the_same_question_on_the_same_books_has_the_same_answer_and_writes_nothing(plant: Plant, demand: Demand, aim: Aim) -> None:
    """§ 10: `replay` recomputes and gets the same answer; pure functions over plain data."""
    asked = replace(demand, policy=aim)
    before = {key: (book.version, list(book.entries())) for key, book in plant.books.items()}
    first = promise(asked, plant)
    copies = plant.with_books({key: book.fork() for key, book in plant.books.items()})
    assert promise(asked, copies) == promise(asked, plant) == first
    assert {key: (book.version, list(book.entries())) for key, book in plant.books.items()} == before


@examples(60)
@given(plants(), demands())
def test_every_reason_is_of_the_closed_list_and_the_steps_come_in_their_order(plant: Plant, demand: Demand) -> None:
    """§ 9: reason codes are a closed list in one module, in precedence order."""
    for line in promise(demand, plant).lines:
        assert all(reason.code in set(Code) for reason in line.reasons)
        assert line.limiting_step is None or line.limiting_step in {reason.step for reason in line.reasons}


WHAT = st.lists(
    st.one_of(
        st.tuples(st.just("receipt"), st.integers(1, 6), st.integers(1, 9)),
        st.tuples(st.just("stock"), st.integers(-3, 6), st.just(0)),
        st.tuples(st.just("demand"), st.integers(1, 6), st.integers(0, 9)),
        st.tuples(st.just("delay"), st.just(0), st.integers(1, 5)),
        st.tuples(st.just("lost"), st.just(0), st.just(0)),
    ),
    max_size=3, unique_by=lambda one: one[0],
)  # fmt: skip


def told_as_facts(on_hand: int, coming: Sequence[tuple[int, int]], what: Sequence[tuple[Any, ...]]) -> AShelf:
    """A book to which it was told as facts."""
    given = {kind: (quantity, day) for kind, quantity, day in what}
    entries = [receipt(f"R{n}", q, d) for n, (q, d) in enumerate(coming)]
    if entries and "lost" in given:
        entries = entries[1:]
    elif entries and "delay" in given:
        entries[0] = replace(entries[0], day=(entries[0].day or 0) + given["delay"][1])
    if "receipt" in given:
        entries.append(receipt("more", *given["receipt"]))
    if "demand" in given:
        entries.append(Entry(Part.REQUIREMENT, "demand", units(given["demand"][0]), TODAY + given["demand"][1]))
    return AShelf(a_book(*entries, on_hand=on_hand + given.get("stock", (0, 0))[0]))


@examples(200)
@given(st.integers(3, 8), st.lists(st.tuples(st.integers(1, 5), st.integers(1, 8)), max_size=2), WHAT, st.integers(1, 12), DAYS)
def test_what_is_assumed_is_answered_as_if_it_had_been_told_and_nothing_is_written(
    on_hand: int, coming: list[tuple[int, int]], what: list[tuple[Any, ...]], quantity: int, day: int
) -> None:
    """§ 10: `assume` overlays on copies of the touched books."""
    shelf = told_as_facts(on_hand, coming, ())
    before = list(shelf.books["SKU", "HAM"].entries())
    assumed = [Assumption(kind, "SKU", "HAM", "R0", units(amount), TODAY + at, at if kind == "delay" else 0) for kind, amount, at in what]
    demand = Demand((a_line(quantity, day),), allow_partial=True)
    found = promise(demand, AssumingShelf(shelf, assumed)).lines[0]
    expected = promise(demand, told_as_facts(on_hand, coming, what)).lines[0]
    assert (found.outcome, found.deliveries) == (expected.outcome, expected.deliveries)
    assert list(shelf.books["SKU", "HAM"].entries()) == before


@examples(100)
@given(st.sampled_from(MACHINES), st.integers(0, 9), st.integers(1, 9), st.integers(0, 9))
def test_capacity_that_nobody_used_is_gone_the_next_day(name: str, minutes: int, day: int, more: int) -> None:
    """§ 5: unused capacity perishes."""
    capacity = capacity_of(a_machine(name, minutes))
    assert capacity is not None
    assert available(capacity, TODAY, TODAY + day, 1440) == 0
    assert available(capacity, TODAY + day + more, TODAY + day, 1440) == min(units(minutes), 1440 * capacity.at_once)
