"""Planned supply in the books: held, standing, replaced by real orders, closed; counted once whatever happens."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.quote.domain.entry import RESOURCE, Part
from services.quote.handlers.change_order import Cancel
from services.quote.handlers.hold import ConfirmHold, Expire, Extend, Release
from services.quote.handlers.plans import ClosePlan
from services.quote.handlers.take import Take
from shared.contracts.inventory import OpenReceipt
from tests.examples import examples
from tests.unit.quote.desk_house import DeskHouse, a_day, a_hold, a_receipt, an_order

CHAIR, LEG = "CHAIR", "LEG"
MICRO = 1_000_000
BIG = 1000


def a_workshop(on_hand: float = 0, legs: float = BIG, minutes: int = 10, **lot: Any) -> DeskHouse:
    """Chairs of four legs, a minute each on the saw."""
    house = DeskHouse()
    for sku in (CHAIR, LEG):
        house.item(sku)
    house.machine("SAW", minutes)
    house.stock(CHAIR, on_hand)
    house.stock(LEG, legs)
    house.made_of(CHAIR, (LEG, 4))
    house.made_on(CHAIR, "SAW", **lot)
    return house


def chairs(quantity: float, ref: str = "1", day: int = 0) -> dict[str, Any]:
    return {"line_ref": ref, "sku": CHAIR, "quantity": quantity, "requested_date": a_day(day).isoformat(), "sites": ["HAM"]}


LINES = st.lists(st.tuples(st.integers(1, 12), st.integers(0, 4)), min_size=1, max_size=3).map(
    lambda found: [chairs(quantity, str(n), day) for n, (quantity, day) in enumerate(found)]
)
HOUSES = st.builds(
    a_workshop, st.integers(0, 6), st.sampled_from([0, 6, 30, BIG]), st.sampled_from([3, 10]), lot_multiple=st.sampled_from([None, 5])
)


@examples(80)
@given(HOUSES, LINES, st.booleans(), st.integers(1, 3))
def test_a_hold_that_is_confirmed_leaves_the_books_as_an_order_at_once(
    house: DeskHouse,
    lines: list[dict[str, Any]],
    partial: bool,  # noqa: FBT001
    extended: int,
) -> None:
    other = house.twin()
    before = house.books()
    held = house.do(Take(a_hold(*lines, allow_partial=partial), "C", "R", ttl_seconds=60))
    ordered = other.do(Take(an_order(*lines, allow_partial=partial), "C", "R"))
    assert held.status == ordered.status
    if held.status != 200:
        assert house.books() == before
        return
    assert not any(entry[0] == "plan" for book in house.books().values() for entry in book), "a plan of a hold is no supply"
    promised = [[line["promised_date"] for line in answer.body["lines"]] for answer in (held, ordered)]
    if promised[0] != promised[1]:
        assert max(promised[0]) >= max(promised[1]), "of a hold, a plan covers nothing before its day (docs/decisions/0015)"
        return
    for _ in range(extended):
        house.now += timedelta(seconds=50)
        house.do(Extend(held.body["id"], "C", 60))
    assert house.do(ConfirmHold(held.body["id"], "C")).status == 200
    other.now = house.now
    assert house.books() == other.books()


@examples(80)
@given(HOUSES, LINES, st.booleans(), st.sampled_from(["release", "expire", "expire unsaid"]))
def test_a_hold_that_ends_leaves_the_books_as_they_were(
    house: DeskHouse,
    lines: list[dict[str, Any]],
    partial: bool,  # noqa: FBT001
    end: str,
) -> None:
    before = house.books()
    held = house.do(Take(a_hold(*lines, allow_partial=partial), "C", "R", ttl_seconds=60))
    if held.status == 200 and end == "release":
        assert house.do(Release(held.body["id"], "C")).status == 200
    elif held.status == 200:
        house.now += timedelta(seconds=60)
        if end == "expire":
            house.do(Expire(held.body["id"]))
    assert house.books() == before


@examples(80)
@given(HOUSES, LINES, st.data())
def test_confirming_some_lines_keeps_the_plans_that_they_stand_on_and_no_other(
    house: DeskHouse, lines: list[dict[str, Any]], data: st.DataObject
) -> None:
    held = house.do(Take(a_hold(*lines), "C", "R", ttl_seconds=60))
    if held.status != 200:
        return
    refs = [line["line_ref"] for line in lines]
    wanted = frozenset(data.draw(st.lists(st.sampled_from(refs), min_size=1, unique=True)))
    house.do(ConfirmHold(held.body["id"], "C", wanted))
    expected = {one["plan_id"] for one in held.body["planned_supply"] if wanted & set(one["line_refs"])}
    assert set(house.plans(CHAIR)) == expected == set(house.board.plans)
    needed = sum(one.quantity for one in house.book(LEG).of(Part.CLAIM))
    assert needed == 4 * sum(plan.quantity for plan in house.plans(CHAIR).values())
    assert sum(house.minutes_claimed("SAW").values()) == sum(plan.quantity // MICRO for plan in house.plans(CHAIR).values())
    claimed = sum(one.quantity for one in house.book(CHAIR).of(Part.CLAIM))
    assert claimed == MICRO * sum(line["quantity"] for line in lines if line["line_ref"] in wanted)


@dataclass
class Expected:
    """A plan as the rule says it stands."""

    kind: str
    due: int
    planned: int
    left: int


class Replacing(RuleBasedStateMachine):
    """Orders make plans; real orders come, grow, shrink, arrive, are closed. Supply is counted once, and nothing comes back."""

    @initialize(lot=st.sampled_from([None, 4]))
    def begin(self, lot: int | None) -> None:
        self.house = a_workshop(minutes=7, lot_multiple=lot)
        self.expected: dict[str, Expected] = {}
        self.receipts: dict[str, OpenReceipt] = {}
        self.highest: dict[str, int] = {}
        self.number = 0
        self.pending: list[Any] = []

    @rule(quantity=st.integers(1, 9))
    def promise(self, quantity: int) -> None:
        self.tell()
        answer = self.house.do(Take(an_order(chairs(quantity)), "C", "R"))
        assert answer.status == 200
        for one in answer.body["planned_supply"]:
            due = self.house.plans(CHAIR)[one["plan_id"]].day or 0
            self.expected[one["plan_id"]] = Expected(one["kind"], due, round(one["quantity"]), round(one["quantity"]))

    def consume(self, kind: str, increase: int, replaces: tuple[str, ...] | None) -> None:
        """promising.md § 4, said once more."""
        named = [name for name in dict.fromkeys(replaces or ()) if name in self.expected]
        rest = sorted((plan.due, name) for name, plan in self.expected.items() if plan.kind == kind and name not in named)
        for name in [*named, *([] if replaces == () else [name for _, name in rest])]:
            took = min(increase, self.expected[name].left)
            self.expected[name].left -= took
            increase -= took

    @rule(
        quantity=st.integers(1, 12), kind=st.sampled_from(["production_order", "production_order", "purchase_order"]),
        how=st.sampled_from(["absent", "nothing", "named", "unknown"]), at=st.integers(0, 5), later=st.booleans(),
    )  # fmt: skip
    def real_order(self, quantity: int, kind: str, how: str, at: int, later: bool) -> None:  # noqa: FBT001
        self.number += 1
        name = f"MO-{self.number}"
        plans = sorted(self.expected)
        named = (plans[at % len(plans)],) if plans else ("pln_none",)
        replaces = {"absent": None, "nothing": (), "named": named, "unknown": ("pln_unknown",)}[how]
        self.receipts[name] = a_receipt(name, quantity, at, kind, replaces=replaces)
        self.highest[name] = quantity
        self.consume(kind, quantity, replaces)
        self.told(later=later)

    @precondition(lambda self: self.receipts)
    @rule(quantity=st.integers(1, 20), at=st.integers(0, 9), later=st.booleans())
    def change(self, quantity: int, at: int, later: bool) -> None:  # noqa: FBT001
        name = sorted(self.receipts)[at % len(self.receipts)]
        one = self.receipts[name]
        arrived = float(one.arrived)
        if quantity <= arrived:
            return
        self.receipts[name] = a_receipt(name, quantity, at, one.kind, arrived, replaces=one.replaces)
        if quantity > self.highest[name]:
            self.consume(one.kind, quantity - self.highest[name], one.replaces)
            self.highest[name] = quantity
        self.told(later=later)

    @precondition(lambda self: self.receipts)
    @rule(at=st.integers(0, 9), part=st.integers(1, 20), later=st.booleans())
    def arrive(self, at: int, part: int, later: bool) -> None:  # noqa: FBT001
        name = sorted(self.receipts)[at % len(self.receipts)]
        one = self.receipts[name]
        arrived = float(one.arrived) + part
        stock = float(self.house.positions[f"{CHAIR}|HAM"].on_hand) + part
        if arrived >= float(one.quantity):
            del self.receipts[name]
        else:
            self.receipts[name] = a_receipt(name, float(one.quantity), at, one.kind, arrived, replaces=one.replaces)
        self.told(later=later, on_hand=stock)

    @precondition(lambda self: self.receipts)
    @rule(at=st.integers(0, 9))
    def close(self, at: int) -> None:
        del self.receipts[sorted(self.receipts)[at % len(self.receipts)]]
        self.told(later=False)

    @precondition(lambda self: any(plan.left for plan in self.expected.values()))
    @rule(at=st.integers(0, 9))
    def give_up(self, at: int) -> None:
        self.tell()
        open_ones = sorted(name for name, plan in self.expected.items() if plan.left)
        name = open_ones[at % len(open_ones)]
        assert self.house.do(ClosePlan(name, "C")).status == 200
        assert self.house.do(ClosePlan(name, "C")).status == 404
        self.expected[name].left = 0

    def told(self, *, later: bool, **changes: Any) -> None:
        """Inventory's news; sometimes it is heard only together with the next."""
        self.pending.append(self.house.position(CHAIR, receipts=tuple(self.receipts.values()), **changes))
        if not later:
            self.tell()

    def tell(self) -> None:
        if self.pending:
            self.house.hear(*self.pending)
            self.house.hear(*self.pending[-1:])  # said twice
            self.pending = []

    @invariant()
    def plans_are_what_the_rule_leaves(self) -> None:
        if not hasattr(self, "house") or self.pending:
            return
        found = {name: plan.quantity // MICRO for name, plan in self.house.plans(CHAIR).items()}
        assert found == {name: plan.left for name, plan in self.expected.items() if plan.left}
        assert set(self.house.board.plans) == set(found)

    @invariant()
    def what_plans_need_shrinks_with_them_and_never_below(self) -> None:
        if not hasattr(self, "house") or self.pending:
            return
        plans = self.house.plans(CHAIR)
        for sku, site, per_unit in ((LEG, "HAM", 4), ("SAW", RESOURCE, 1)):
            claims: dict[str, int] = {}
            for one in self.house.book(sku, site).of(Part.CLAIM):
                owner = str((one.detail or {})["plan"])
                claims[owner] = claims.get(owner, 0) + one.quantity
            assert set(claims) == set(plans)
            for name, plan in plans.items():
                assert per_unit * plan.quantity <= claims[name] <= per_unit * plan.quantity + 50


Replacing.TestCase.settings = settings(examples(60), stateful_step_count=25, deadline=None)
TestPlansAreReplacedOnceAndForEver = Replacing.TestCase


# -- told in words


def test_two_real_orders_heard_at_once_replace_a_plan_one_after_the_other() -> None:
    house = a_workshop()
    house.do(Take(an_order(chairs(10)), "C", "R"))
    (plan,) = house.plans(CHAIR).values()
    house.hear(house.position(CHAIR, receipts=(a_receipt("MO-1", 4, 3), a_receipt("MO-2", 3, 3))))
    assert [one.quantity // MICRO for one in house.plans(CHAIR).values()] == [3]
    assert sum(house.minutes_claimed("SAW").values()) == 3
    assert sum(one.quantity for one in house.book(LEG).of(Part.CLAIM)) == 12 * MICRO
    assert plan.detail is not None


def test_a_real_order_that_came_and_went_between_two_looks_has_replaced_its_plan() -> None:
    house = a_workshop()
    house.do(Take(an_order(chairs(10)), "C", "R"))
    came = house.position(CHAIR, receipts=(a_receipt("MO-1", 10, 1),))
    went = house.position(CHAIR, receipts=(), on_hand=10)
    house.hear(came, went)
    assert house.plans(CHAIR) == {}
    assert house.book(CHAIR).on_hand == 10 * MICRO


def test_cancelling_the_order_leaves_its_plan_until_a_planner_closes_it() -> None:
    house = a_workshop()
    order = house.do(Take(an_order(chairs(10)), "C", "R")).body["order_id"]
    house.do(Cancel(order, "C"))
    (name,) = house.plans(CHAIR)
    assert sum(house.minutes_claimed("SAW").values()) == 10
    again = house.do(Take(an_order(chairs(10)), "C", "R")).body
    assert again["planned_supply"] == [], "its supply is anybody's"
    house.do(ClosePlan(name, "C"))
    assert house.minutes_claimed("SAW") == {}
    assert list(house.book(LEG).of(Part.CLAIM)) == []


@pytest.mark.parametrize("quantity", [3, 7])
def test_what_others_need_of_a_component_is_not_promised_away(quantity: int) -> None:
    """Twenty legs: chairs that are promised keep theirs."""
    house = a_workshop(legs=20)
    house.do(Take(an_order(chairs(3)), "C", "R"))
    legs = {"line_ref": "1", "sku": LEG, "quantity": quantity + 2, "sites": ["HAM"]}
    assert house.do(Take(an_order(legs), "C", "R")).status == (200 if quantity + 2 <= 8 else 409)
