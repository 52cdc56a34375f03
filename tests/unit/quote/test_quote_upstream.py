"""What supply itself waits for: seen once, written once, the same from wherever one looks, and healed when what it waits for is there."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.quote.domain.entry import Entry, Part, is_seen_late
from services.quote.domain.needs import Needs
from services.quote.handlers.foresight import Foresight
from services.quote.handlers.see_supply import SeenSupply, SeeSupply, seen_otherwise
from services.quote.handlers.take import Take
from services.quote.store.rows import OrderRow
from tests.examples import examples
from tests.unit.quote.desk_house import SITE, TODAY, DeskHouse, a_day, a_receipt, an_order
from tests.unit.quote.test_quote_planned_supply import CHAIR, LEG, a_workshop, chairs

HORIZON = 60
MOST_LOOKS = 8


class Sight(Foresight):
    """Sees the books of a house, without database."""

    house: DeskHouse

    async def _read(self, order_ids: Sequence[str]) -> Iterable[OrderRow]:
        return [self.house.orders[one] for one in order_ids]


def look(house: DeskHouse, keys: Iterable[str]) -> list[SeenSupply]:
    """What one look at these books sees of plans and orders that their books do not say."""
    sight = Sight(house.board, None)
    sight.house, sight.now = house, house.now

    async def see() -> list[SeenSupply]:
        await sight.gather(keys)
        lines = [line for order in sight.orders.values() for line in sight.open_lines(order)]
        return seen_otherwise(sight, await sight.foresee(lines))

    return asyncio.run(see())


def settle(house: DeskHouse, first: Iterable[str] | None = None) -> int:
    """Look and write until nothing is seen otherwise any more; how often something was written."""
    keys = set(house.board.books if first is None else first)
    for times in range(MOST_LOOKS):
        seen = look(house, keys)
        if not seen:
            return times
        house.do(SeeSupply(tuple(seen)))
        keys |= {one.key for one in seen}
    raise AssertionError(f"after {MOST_LOOKS} looks something is still seen otherwise")


def tell_orders(house: DeskHouse, orders: Sequence[tuple[int, ...]]) -> None:
    """Production orders of chairs: legs on a day, due some days later, so many chairs, so many minutes on the day before they are due."""
    receipts = [
        a_receipt(f"MO-{n}", made, day + lead, load=[{"resource": "SAW", "date": a_day(day), "minutes": minutes}] if minutes else [])
        for n, (_, day, lead, made, minutes) in enumerate(orders)
    ]
    needs = [
        {"ref": f"MO-{n}#1", "kind": "component", "quantity": legs, "needed_date": a_day(day)} for n, (legs, day, *_) in enumerate(orders)
    ]
    house.hear(house.position(CHAIR, receipts=[one.model_dump() for one in receipts]), house.position(LEG, requirements=needs))


def expected(house: DeskHouse) -> dict[str, int | None]:
    """By order, the offset of the day on which it counts; None: on none."""
    found = {}
    for one in house.book(CHAIR).of(Part.RECEIPT):
        day = house.board.rules(CHAIR, SITE).receipt_counts_on(one, TODAY.toordinal())
        found[one.ref] = None if day is None else day - TODAY.toordinal()
    return found


def slowly(legs: int, coming: dict[int, int], minutes: int, orders: Sequence[tuple[int, ...]]) -> dict[str, int | None]:
    """The slow way: orders by due date; who has all that he needs stands, the others wait for each of it after those who stand."""
    taken: list[tuple[int, int]] = []
    loads = dict.fromkeys(range(HORIZON), 0)
    found: dict[str, int | None] = {}

    def there(day: int, quantity: int) -> bool:
        left = [legs + sum(q for at, q in coming.items() if at <= s) - sum(q for q, at in taken if at <= s) for s in range(HORIZON)]
        return min(left[day:]) >= quantity

    ranked = sorted(enumerate(orders), key=lambda one: (one[1][1] + one[1][2], f"MO-{one[0]}"))
    short = []
    for n, (needed, day, lead, _, load) in ranked:
        if there(day, needed) and loads[day] + load <= minutes:
            taken.append((needed, day))
            loads[day] += load
            found[f"MO-{n}"] = day + lead
        else:
            short.append((n, needed, day, lead, load))
    for n, needed, day, lead, load in short:
        part = next((at for at in range(day, HORIZON) if there(at, needed)), None)
        rest, at = load, part or 0
        while part is not None and rest and at < HORIZON:
            rest -= max(0, min(rest, minutes - loads[at]))
            at += bool(rest)
        found[f"MO-{n}"] = None if part is None or rest else max(part, at) - day + day + lead
        taken.append((needed, day))
        loads[day] += load
    return found


ORDERS = st.lists(
    st.tuples(st.integers(1, 8), st.integers(0, 6), st.integers(1, 3), st.integers(1, 6), st.sampled_from([0, 0, 4, 8])), max_size=4
)
COMING = st.dictionaries(st.integers(1, 12), st.integers(1, 12), max_size=3)
PROMISES = st.lists(st.tuples(st.integers(1, 8), st.integers(0, 8)), max_size=3)


def a_house(legs: int, coming: dict[int, int], promises: Sequence[tuple[int, int]], orders: Sequence[Any]) -> DeskHouse:
    """Promises are made first; then the orders of the ERP are told."""
    house = a_workshop(on_hand=2, legs=legs)
    house.hear(house.position(LEG, receipts=[a_receipt(f"PO-{day}", q, day, "purchase_order").model_dump() for day, q in coming.items()]))
    for quantity, day in promises:
        house.do(Take(an_order(chairs(quantity, day=day)), "tests", "req_1"))
    tell_orders(house, orders)
    return house


@given(st.integers(0, 20), COMING, PROMISES, ORDERS)
@examples(60)
def test_an_order_is_expected_when_what_it_needs_is_there_whatever_was_promised(
    legs: int, coming: dict[int, int], promises: list[tuple[int, int]], orders: list[Any]
) -> None:
    house = a_house(legs, coming, promises, orders)
    settle(house)
    assert expected(house) == slowly(legs, coming, 10, orders)


@given(st.integers(0, 20), COMING, PROMISES, ORDERS)
@examples(40)
def test_what_is_told_again_changes_nothing_and_what_is_there_again_heals(
    legs: int, coming: dict[int, int], promises: list[tuple[int, int]], orders: list[Any]
) -> None:
    house = a_house(legs, coming, promises, orders)
    settle(house)
    before = expected(house)
    tell_orders(house, orders)
    assert expected(house) == before
    assert settle(house) == 0
    house.stock(LEG, 1000)
    house.machine("SAW", 1000, revision=2)
    settle(house, [f"{LEG}|{SITE}", "SAW|~"])
    late = [one.ref for part in (Part.RECEIPT, Part.PLAN) for one in house.book(CHAIR).of(part) if is_seen_late(one)]
    assert late == []


KEYS = ("A|HAM", "B|HAM", "C|HAM")
told = st.tuples(st.sampled_from(KEYS), st.sampled_from(("MO-1", "MO-2#3")), st.integers(0, 2), st.booleans())
needed = st.tuples(st.sampled_from(KEYS), st.sampled_from(("MO-1", "MO-2#3")), st.integers(1, 2), st.integers(0, 2))


@given(st.lists(st.one_of(told.map(lambda one: ("order", *one)), needed.map(lambda one: ("part", *one))), max_size=20))
def test_the_orders_behind_a_book_are_those_that_the_books_say(history: list[Any]) -> None:
    needs, books = Needs(), dict[str, dict[tuple[Part, str], Entry]]()
    for what, key, order, n, more in history:
        if what == "order":
            elsewhere = [other for other in KEYS if other != key and (Part.RECEIPT, order) in books.get(other, {})]
            if n and elsewhere:
                continue  # an order comes to one book at a time
            entry = Entry(Part.RECEIPT, order, n, 1, None, {"expected": 5} if more else {})
        else:
            entry = Entry(Part.REQUIREMENT, f"inventory:{order}#{n}", more, 1, None, {"kind": "component", "owner": f"{order}#{n}"})
        needs.learn(key, [entry])
        book = books.setdefault(key, {})
        book.pop((entry.part, entry.ref), None)
        if entry.quantity:
            book[entry.part, entry.ref] = entry
    standing = [(key, entry) for key, book in books.items() for entry in book.values()]
    homes = {entry.ref: key for key, entry in standing if entry.part is Part.RECEIPT}
    assert needs.homes == homes
    assert needs.late == {entry.ref for _, entry in standing if entry.part is Part.RECEIPT and is_seen_late(entry)}
    for order in ("MO-1", "MO-2#3"):
        wanted = {(key, one.ref) for key, one in standing if one.part is Part.REQUIREMENT and one.ref.startswith(f"inventory:{order}#")}
        assert needs.of(order) == wanted
