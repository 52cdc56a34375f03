"""A small town for promises that are decided anew: two sites, a substitute, a saw, plans, and what classes may take."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import strategies as st

from services.quote.asks.repromising import ApplyAsk, RepromiseAsk
from services.quote.domain.balance import balance
from services.quote.domain.book import Book
from services.quote.domain.capacity import capacity_of
from services.quote.domain.demandclass import Strategy
from services.quote.domain.entry import BUCKET, RESOURCE, Entry, Part, holds_stock
from services.quote.domain.risk import Fate
from services.quote.handlers.foresight import OpenLine, name_of
from services.quote.handlers.repromise.again import Recalled
from services.quote.handlers.repromise.apply import ApplySimulation
from services.quote.handlers.repromise.scope import MOST_ORDERS, Scope, gather
from services.quote.handlers.repromise.simulation import Simulation
from services.quote.handlers.repromise.tell import row_of
from services.quote.handlers.take import Take
from services.quote.ledger import Effect
from services.quote.store.repromise import RepromiseRow
from services.quote.store.rows import LineRow, OrderRow
from services.quote.store.supply import Definition
from shared.contracts.inventory import SiteDefined
from tests.unit.quote.desk_house import NOW, SITE, TODAY, DeskHouse, a_day, a_receipt, an_order

CHAIR, STOOL, LEG, SAW = "CHAIR", "STOOL", "LEG", "SAW"
THERE = "BER"
SITES = (SITE, THERE)
GOLD = "GOLD"
DAYS = 40


@dataclass
class Town:
    """The house after its mishaps, and what is asked of it."""

    house: DeskHouse
    strategies: dict[str, Strategy] = field(default_factory=dict)
    default: Strategy = Strategy.REDISTRIBUTE
    frozen: set[str] = field(default_factory=set)

    @property
    def orders(self) -> Mapping[str, OrderRow]:
        return self.house.orders

    def strategy(self, order_id: str) -> Strategy | None:
        """None: it never moves."""
        return None if order_id in self.frozen else self.strategies.get(order_id, self.default)

    def sight(self) -> Recalled:
        sight = Recalled(self.house.board, None, most_orders=MOST_ORDERS, known=self.house.orders)
        sight.now = self.house.now
        return sight

    def simulated(self, **limits: int) -> RepromiseRow:
        """Everybody decided anew, in memory."""
        strategies = {"default": self.default, "orders": self.strategies}
        body = {"scope": {"sites": list(SITES)}, "strategies": strategies} | ({"limits": limits} if limits else {})
        ask = RepromiseAsk.model_validate(body)
        sight = self.sight()
        scope = Scope(ask, dict(self.strategies), set(), {key for key, book in self.house.board.books.items() if book.site in SITES})

        async def decided() -> Simulation:
            await gather(sight, scope)
            simulation = Simulation(self.house.board, sight, scope)
            await simulation.decide()
            return simulation

        return row_of(asyncio.run(decided()), "me", "req", {})

    def apply(self, row: RepromiseRow, *, approve: bool = True) -> Effect:
        return self.house.do(ApplySimulation(row, ApplyAsk(approve=approve), "me"))

    def foreseen(self) -> tuple[dict[str, Fate], list[OpenLine]]:
        """What pass 1 says of every line and plan, and the lines: of an order that ships complete, what it says of all of it."""
        sight = self.sight()
        sight.named = sight.wanted = set(self.orders)

        async def look() -> tuple[dict[str, Fate], list[OpenLine]]:
            await sight.gather({key for key, book in self.house.board.books.items() if holds_stock(book.site) or book.site == RESOURCE})
            lines = [line for order in sight.orders.values() for line in sight.open_lines(order)]
            return await sight.foresee(lines), lines

        fates, lines = asyncio.run(look())
        firsts = {one.order.id: name_of(one) for one in reversed(lines)}
        return fates | {name_of(one): fates[firsts[one.order.id] if one.order.ship_complete else name_of(one)] for one in lines}, lines

    def order(self, order_id: str, asked: Any) -> None:
        """An order as it is drawn, if it can be promised."""
        lines = [
            {"sku": sku, "quantity": quantity, "requested_date": a_day(day).isoformat(), "allow_substitutes": instead,
             "sites": [SITE] if sku == LEG else asked["sites"]}
            for sku, quantity, day, instead in asked["lines"]
        ]  # fmt: skip
        frozen = asked["frozen"] and asked["strategy"] is None
        status = self.house.do(
            Take(
                an_order(
                    *lines, priority=asked["priority"], frozen=frozen, allow_partial=asked["partial"], ship_complete=asked["complete"],
                    demand_class=GOLD if asked["gold"] else None,
                ), "me", "req", order_id=order_id,
            )
        ).status  # fmt: skip
        if status != 200:
            return
        if asked["strategy"] is not None:
            self.strategies[order_id] = asked["strategy"]
        elif frozen:
            self.frozen.add(order_id)

    # -- what is in the books

    def projected(self, *, safety_stock: bool = True) -> dict[str, list[int]]:
        """Of goods what is projected day by day; without what is kept back where risk is asked."""
        found = {}
        for key, book in self.house.board.books.items():
            if holds_stock(book.site):
                figures = balance(book, TODAY.toordinal(), self.house.now, self.house.board.rules(book.sku, book.site))
                kept = 0 if safety_stock else book.safety_stock
                found[key] = [figures.projected_on(TODAY.toordinal() + day) + kept for day in range(DAYS)]
        return found

    def lacking(self) -> set[str]:
        """The books in which not everybody can be served where he stands, plans on the days for which they are due: the slow way."""
        found = set()
        for key, book in self.house.board.books.items():
            if holds_stock(book.site) and book.version:
                plain = book.fork()
                as_due = [replace(plan, detail={**(plan.detail or {}), "seen_for": plan.day}) for plan in book.of(Part.PLAN)]
                plain.apply(as_due, book.version + 1, self.house.now)
                figures = balance(plain, TODAY.toordinal(), self.house.now, self.house.board.rules(book.sku, book.site))
                if min(figures.projected) + book.safety_stock < 0:
                    found.add(key)
        if any(minutes > self.minutes(day) for day, minutes in self.house.minutes_claimed(SAW).items()):
            found.add(f"{SAW}|{RESOURCE}")
        return found

    def minutes(self, day: int) -> int:
        """What the saw offers."""
        saw = capacity_of(self.house.book(SAW, RESOURCE))
        assert saw is not None
        return saw.minutes.minutes(TODAY.toordinal() + day)

    def taken(self) -> dict[tuple[str, int], int]:
        """What GOLD has taken, by allocation and first day of the period."""
        found: dict[tuple[str, int], int] = {}
        for allocation in self.house.board.allocations(CHAIR):
            book = self.house.board.books.get(f"{allocation.id}|{BUCKET}")
            for day, quantity in ({} if book is None else book.demand_by_day()).items():
                period = allocation.period_of(day)
                if period is not None:
                    found[allocation.id, period.first] = found.get((allocation.id, period.first), 0) + quantity
        return found


def promised(line: LineRow) -> int:
    """Days from today."""
    assert line.promised_date is not None
    return (line.promised_date - a_day(0)).days


def wanted(line: LineRow) -> int:
    return (line.requested_date - a_day(0)).days


# -- random towns

days = st.sampled_from((0, 0, 1, 2, 5))
asked_lines = st.tuples(st.sampled_from((CHAIR, CHAIR, CHAIR, LEG)), st.integers(1, 6), days, st.booleans())
asked_orders = st.fixed_dictionaries(
    {
        "lines": st.lists(asked_lines, min_size=1, max_size=2),
        "priority": st.integers(1, 3),
        "frozen": st.sampled_from((False, False, True)),
        "partial": st.booleans(),
        "complete": st.booleans(),
        "sites": st.sampled_from(([SITE], [SITE, THERE], [THERE, SITE])),
        "gold": st.booleans(),
        "strategy": st.sampled_from([None, *Strategy]),
    }
)
allocations = st.sampled_from((None, "ceiling", "floor", "floor of both"))
whole_towns = st.fixed_dictionaries(
    {
        "minutes": st.integers(2, 12),
        "stock": st.fixed_dictionaries(
            {(CHAIR, SITE): st.integers(0, 12), (CHAIR, THERE): st.integers(0, 6), (LEG, SITE): st.integers(0, 20),
             (STOOL, SITE): st.integers(0, 6)}
        ),
        "receipts": st.lists(st.tuples(st.sampled_from((CHAIR, STOOL)), st.integers(1, 9), st.integers(1, 8)), max_size=3),
        "allocation": st.tuples(allocations, st.integers(2, 8)),
        "orders": st.lists(asked_orders, min_size=1, max_size=5),
        "default": st.sampled_from(Strategy),
    }
)  # fmt: skip
mishaps = st.lists(
    st.tuples(st.sampled_from((SAW, (CHAIR, SITE), (CHAIR, THERE), (LEG, SITE), (STOOL, SITE))), st.integers(0, 12)), max_size=3
)
towns = st.tuples(whole_towns, mishaps)


def a_town(drawn: Any, hits: Any = ()) -> Town:
    """The town as it was drawn, promises made in it, then the mishaps."""
    house = DeskHouse()
    house.hear(SiteDefined(revision=1, occurred_at=NOW, site=THERE, name=THERE))
    house.item(CHAIR, substitutes=[STOOL])
    for sku in (STOOL, LEG):
        house.item(sku)
    house.made_of(CHAIR, (LEG, 1))
    house.made_on(CHAIR, SAW)
    house.machine(SAW, drawn["minutes"])
    coming: dict[str, list[Any]] = {CHAIR: [], STOOL: []}
    for number, (sku, day, quantity) in enumerate(drawn["receipts"]):
        coming[sku].append(a_receipt(f"PO-{number}", quantity, day, "purchase_order"))
    for (sku, site), quantity in drawn["stock"].items():
        house.hear(house.position(sku, site, on_hand=quantity, receipts=coming.get(sku, []) if site == SITE else []))
    _allocated(house, *drawn["allocation"])
    town = Town(house, default=drawn["default"])
    for number, asked in enumerate(drawn["orders"]):
        town.order(f"ord_{number}", asked)
    for what, level in hits:
        if what == SAW:
            house.machine(SAW, level)
        else:
            house.stock(what[0], level, what[1])
    return town


def _allocated(house: DeskHouse, kind: str | None, quantity: int) -> None:
    """GOLD may take so many CHAIRs a day, or so many are kept for it, at one site or at both together."""
    if kind is None:
        return
    ceiling = kind == "ceiling"
    state = {
        "kind": "ceiling" if ceiling else "floor", "demand_class": GOLD, "sku": CHAIR, "sites": list(SITES) if kind == "floor of both" else
        None if ceiling else [SITE], "quantity": quantity, "period": "day" if ceiling else None, "periods": None, "from_date": None,
        "to_date": None, "release_date": None if ceiling else a_day(30).isoformat(), "closed": False, "allocation": "RATION", "revision": 1,
    }  # fmt: skip
    house.board.world.learn(Definition("class", GOLD, 1, {"class": GOLD, "parent": None, "rank": 1, "strategy": None, "closed": False}))
    house.board.world.learn(Definition("allocation", "RATION", 1, state))
    key = f"RATION|{BUCKET}"
    book = house.board.books[key] = Book("RATION", BUCKET)
    book.apply([Entry(Part.CAPACITY, "", 1, None, None, state)], 1, house.now)
