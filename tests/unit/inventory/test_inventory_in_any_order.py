"""Facts may become known in any order, and each may be told twice: the figures in the end are those of a plain sum.

The oracle knows nothing of positions or receipts; it adds the facts up as a person with a pencil would.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from services.inventory.domain.movement import Movement, Refusal, Type, effect_of, flaws
from services.inventory.domain.position import Key, count
from services.inventory.domain.receipt import Kind, Order, arrived_quantity, close, define, open_quantity, requirements
from services.inventory.events import state_of
from services.inventory.handlers.floor import Floor
from services.inventory.handlers.move import announce, put
from shared.contracts.inventory import PositionChanged
from shared.outbox import Event
from tests.examples import examples
from tests.unit.inventory.inventory_builders import a_component, a_movement, an_order, at

SKUS, SITES, RECEIPTS, LINES = ("CHAIR", "LEG"), ("HAM", "BER"), ("R1", "R2", "R3"), ("1", "2")


@dataclass(frozen=True)
class Counted:
    key: Key
    on_hand: Decimal
    counted_at: datetime


@dataclass(frozen=True)
class Told:
    receipt_id: str
    order: Order


@dataclass(frozen=True)
class Closed:
    receipt_id: str


Fact = Movement | Counted | Told | Closed

keys = st.builds(Key, st.sampled_from(SKUS), st.sampled_from(SITES))
quantities = st.integers(0, 9)
moments = st.integers(0, 20).map(at)


@st.composite
def movements(draw: st.DrawFn) -> Movement:
    kind = draw(st.sampled_from(Type))
    key = draw(keys)
    quantity = draw(st.integers(-9, 9).filter(bool) if kind is Type.ADJUSTMENT else st.integers(1, 9))
    fields: dict[str, object] = {"occurred_at": draw(moments)}
    named = kind in (Type.ARRIVAL, Type.ISSUE, Type.TRANSFER) and draw(st.booleans())
    if named:
        fields |= {"receipt_id": draw(st.sampled_from(RECEIPTS)), "closes": kind is Type.ARRIVAL and draw(st.integers(0, 5)) == 0}
    elif kind is Type.ISSUE and draw(st.booleans()):
        fields |= {"order_id": "O", "line_ref": draw(st.sampled_from(LINES)), "closes": draw(st.integers(0, 5)) == 0}
    if kind is Type.TRANSFER:
        fields["to_site"] = next(site for site in SITES if site != key.site)
    movement = a_movement(kind, quantity, key=key, movement_id=draw(st.uuids()).hex, **fields)
    assert not flaws(movement)
    return movement


orders = st.builds(
    lambda quantity, kind, key, origin, legs: an_order(
        quantity,
        kind=kind,
        key=key,
        from_site=origin if kind is Kind.TRANSFER_ORDER and origin != key.site else None,
        components=(a_component(legs),) if legs and kind is Kind.PRODUCTION_ORDER else (),
    ),
    st.integers(1, 9),
    st.sampled_from(Kind),
    keys,
    st.sampled_from(SITES),
    quantities,
)


@st.composite
def some_facts(draw: st.DrawFn) -> list[Fact]:
    booked: list[Fact] = list(draw(st.lists(movements(), max_size=12)))
    counts = draw(
        st.lists(st.builds(Counted, keys, quantities.map(Decimal), moments), max_size=4, unique_by=lambda each: (each.key, each.counted_at))
    )
    told = [Told(receipt_id, draw(orders)) for receipt_id in draw(st.sets(st.sampled_from(RECEIPTS)))]
    closed = [Closed(receipt_id) for receipt_id in draw(st.sets(st.sampled_from(RECEIPTS), max_size=1))]
    return [*booked, *counts, *told, *closed]


@dataclass
class Inventory:
    """All of inventory in memory: the shipped floor and handlers, without a database."""

    floor: Floor
    booked: dict[str, Movement]
    said: list[Event]

    def hear(self, fact: Fact) -> None:
        if isinstance(fact, Movement):
            self._move(fact)
        elif isinstance(fact, Counted):
            self.floor.put_position(count(self.floor.position(fact.key), fact.on_hand, fact.counted_at, self._moved_since(fact)))
            self.floor.advance([fact.key])
        else:
            receipt = self.floor.receipt(fact.receipt_id)
            self.floor.advance(self.floor.put_receipt(define(receipt, fact.order) if isinstance(fact, Told) else close(receipt)))

    def _move(self, movement: Movement) -> None:
        if movement.movement_id in self.booked:
            return
        self.booked[movement.movement_id] = movement
        assert movement.occurred_at is not None
        done = put(self.floor, movement, movement.occurred_at)
        assert not isinstance(done, Refusal)
        self.said += announce(self.floor, movement, done.changed, movement.occurred_at)

    def _moved_since(self, counted: Counted) -> Decimal:
        return plain_sum(self.booked.values(), counted.key, counted.counted_at)


def plain_sum(booked: Iterable[Movement], key: Key, since: datetime) -> Decimal:
    """Return what the movements at or after an instant add to on hand, by the words of the specification."""
    total = Decimal(0)
    for each in booked:
        if each.occurred_at is None or each.occurred_at < since:
            continue
        sign = {"arrival": 1, "adjustment": 1, "unblock": 1, "issue": -1, "block": -1, "transfer": -1}[each.type]
        if (each.sku, each.site) == key:
            total += sign * each.quantity
        if each.type == "transfer" and each.receipt_id is None and (each.sku, each.to_site) == key:
            total += each.quantity
    return total


def after(facts: Sequence[Fact]) -> Inventory:
    inventory = Inventory(Floor(), {}, [])
    for fact in facts:
        inventory.hear(fact)
    return inventory


def figures(inventory: Inventory) -> dict[str, object]:
    """Return everything that must not depend on the order."""
    floor = inventory.floor
    positions = {key: (each.on_hand, each.blocked, each.counted_at) for key, each in floor.positions.items()}
    return {
        "positions": {key: values for key, values in positions.items() if any(values)},
        "receipts": {name: (each.order, each.arrived, each.issued, each.closed) for name, each in floor.receipts.items()},
        "shipped": {(key, line): each for key, lines in floor.shipped.items() for line, each in lines.items()},
        "said": {
            key: state_of(floor.standing(key)).model_copy(update={"revision": 0})
            for key in floor.positions
            if any(positions[key]) or floor.standing(key).receipts
        },
    }


@given(some_facts(), st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_lead_to_the_same_figures(facts: list[Fact], chance: Random) -> None:
    other = [*facts, *(fact for fact in facts if isinstance(fact, Movement | Told | Closed))]
    chance.shuffle(other)
    assert figures(after(other)) == figures(after(facts))


@examples(60)
@given(some_facts())
def test_on_hand_is_the_last_count_and_what_moved_since(facts: list[Fact]) -> None:
    floor = after(facts).floor
    moved = [fact for fact in facts if isinstance(fact, Movement)]
    for key, position in floor.positions.items():
        counts = [fact for fact in facts if isinstance(fact, Counted) and fact.key == key]
        last = max(counts, key=lambda each: each.counted_at, default=None)
        since = last.counted_at if last else at(-1)
        assert position.on_hand == (last.on_hand if last else 0) + plain_sum(moved, key, since)


@examples(60)
@given(some_facts())
def test_a_receipt_is_open_by_what_was_ordered_less_what_arrived(facts: list[Fact]) -> None:
    floor = after(facts).floor
    for told in (fact for fact in facts if isinstance(fact, Told)):
        named = [fact for fact in facts if isinstance(fact, Movement) and fact.receipt_id == told.receipt_id]
        arrived = sum(fact.quantity for fact in named if fact.type is Type.ARRIVAL and fact.sku == told.order.key.sku)
        closed = any(isinstance(fact, Closed) and fact.receipt_id == told.receipt_id for fact in facts) or any(
            fact.closes for fact in named
        )
        receipt = floor.receipt(told.receipt_id)
        assert arrived_quantity(receipt) == arrived
        assert open_quantity(receipt) == (0 if closed else max(0, told.order.quantity - arrived))
        assert all(each.quantity > 0 for each in requirements(receipt))


@examples(60)
@given(some_facts())
def test_revisions_grow_by_one_and_the_last_event_is_the_owners_state(facts: list[Fact]) -> None:
    inventory = after([fact for fact in facts if isinstance(fact, Movement)])
    last: dict[str, PositionChanged] = {}
    for event in inventory.said:
        said = event.data
        assert isinstance(said, PositionChanged)
        assert said.revision == (last[event.key].revision if event.key in last else 0) + 1
        assert f"{said.positions[0].sku}|{said.positions[0].site}" == event.key
        last[event.key] = said
    for key, position in inventory.floor.positions.items():
        assert last[key.text].revision == position.revision
        assert last[key.text].positions[0].on_hand == position.on_hand


@examples(60)
@given(some_facts())
def test_a_transfer_is_seen_whole_or_not_at_all(facts: list[Fact]) -> None:
    for event in after(facts).said:
        said = event.data
        assert isinstance(said, PositionChanged)
        if said.change.kind in ("transfer-departure", "transfer-arrival") and said.change.receipt_id is None:
            assert len(said.positions) == 2
            assert {state.site for state in said.positions} == set(SITES)


def test_the_oracle_agrees_with_the_effects_on_a_plain_example() -> None:
    movement = a_movement(Type.TRANSFER, 3, to_site="BER", occurred_at=at(1))
    assert effect_of(movement).on_hand == plain_sum([movement], movement.here, at(0)) == -3
    assert effect_of(movement).there == plain_sum([movement], Key("CHAIR", "BER"), at(0)) == 3
