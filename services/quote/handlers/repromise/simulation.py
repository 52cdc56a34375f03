"""The simulation: pass 1, then pass 2 on what is known, then plans for those who lose; again until nobody moves any more."""

from __future__ import annotations

import asyncio
from collections import ChainMap
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from services.quote.domain.bins import StockBin
from services.quote.domain.demandclass import Strategy
from services.quote.domain.entry import BUCKET, holds_stock
from services.quote.domain.repromise import repromise
from services.quote.domain.risk import foresee
from services.quote.domain.standing import Outcome, Piece, Standing
from services.quote.domain.tally import Rationed
from services.quote.handlers.foresight import Foresight, OpenLine, comes_together, is_frozen, name_of, promised_day
from services.quote.handlers.repromise.move import move_order
from services.quote.handlers.repromise.resupply import Wanting, is_wanting, resupply
from services.quote.handlers.repromise.scope import MOST_ORDERS, Scope, find_scope, gather
from services.quote.handlers.repromise.tell import row_of
from services.quote.handlers.see_supply import seen_otherwise
from services.quote.ledger import Change, Desk, Effect
from services.quote.ledger.counting import count
from services.quote.store import repromise as simulations
from services.quote.store import risk
from services.quote.store.repromise import MoveRow, RepromiseRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from services.quote.asks.repromising import RepromiseAsk
    from services.quote.board import Board
    from services.quote.domain.bins import Bin
    from services.quote.domain.entry import Day
    from services.quote.domain.risk import Commitment, Fate
    from services.quote.domain.standing import Placed
    from services.quote.store.pool import Pool
    from services.quote.store.rows import DeliveryRow, OrderRow, PlanRow

MOST_ROUNDS: Final = 6
"""How often all is decided once more on what the last round has left and planned; two are mostly enough."""
MOST_PLANNED_FOR: Final = 2_000
"""How often in all rounds new supply is looked for, for those first that are served first: once at least for each of so many promises.

The answer counts the others.
"""


@dataclass(slots=True, eq=False)
class KeepSimulation(Change):
    """The simulation is kept under the caller's key; nothing else is written."""

    row: RepromiseRow

    def decide(self, desk: Desk) -> Effect:  # noqa: ARG002 -- it was worked out on the board
        """Keep it."""
        return Effect(200, self.row.answer, repromises=[self.row])


async def simulate(board: Board, pool: Pool, ask: RepromiseAsk, caller: str, request_id: str) -> KeepSimulation:
    """Work out who would win and who would lose. Raises a 422 Problem for a scope that names what is not there, or too much."""
    await board.look(pool)
    async with pool.slow_read() as connection:
        sight = Foresight(board, connection, most_orders=MOST_ORDERS)
        scope = await find_scope(board, connection, ask)
        await gather(sight, scope)
        simulation = Simulation(board, sight, scope)
        await simulation.decide()
        causes = await risk.find_causes(connection, simulation.blocked())
    known = {key: risk.fields(cause) for key, (_, cause) in causes.items()}
    orders = await asyncio.to_thread(simulations.packed, simulation.before.values())
    return KeepSimulation(row_of(simulation, caller, request_id, known, orders))


async def find_simulation(pool: Pool, repromise_id: str) -> dict[str, Any] | None:
    """A simulation as it was answered, and whether it has been applied since."""
    async with pool.connection() as connection:
        row = await simulations.find(connection, repromise_id)
    return None if row is None else row.answer


@dataclass(slots=True)
class Group:
    """One commitment: a line, or all open lines of an order that ships complete, with its deliveries in the order of its pieces."""

    lines: tuple[OpenLine, ...]
    deliveries: tuple[tuple[OpenLine, DeliveryRow], ...]
    standing: Standing

    @property
    def is_met(self) -> bool:
        """Whether it is met where it stands."""
        return self.standing.covered and not any(piece.is_slow for piece in self.standing.pieces)


@dataclass(slots=True)
class Simulation:
    """Decides on a desk of its own, of which nothing is ever written."""

    board: Board
    sight: Foresight
    scope: Scope
    most_planned_for: int = MOST_PLANNED_FOR
    desk: Desk = field(init=False)
    before: dict[str, OrderRow] = field(init=False)
    """The orders as they were found."""
    groups: dict[str, Group] = field(default_factory=dict)
    """The commitments as they were found, by name."""
    first: dict[str, Outcome] = field(default_factory=dict)
    """What known supply makes of them."""
    last: dict[str, Outcome] = field(default_factory=dict)
    """What becomes of them in the end."""
    plans: dict[str, list[PlanRow]] = field(default_factory=dict)
    """What is planned, by order."""
    wanting: set[str] = field(default_factory=set)
    """Who loses or could improve by what known supply makes of them."""
    asked: set[str] = field(default_factory=set)
    """Those for whom new supply was looked for."""
    tries: int = 0
    """How often that was."""

    def __post_init__(self) -> None:
        """The books and orders of the sight."""
        self.before = dict(self.sight.orders)
        self.desk = Desk(self.board, self.sight.now, {}, self.before, None)

    async def decide(self) -> None:
        """Round by round, until nobody moves any more: so asked again after applying, nothing changes."""
        for number in range(MOST_ROUNDS):
            groups, outcomes = await self._known()
            if number == 0:
                self.groups, self.first = groups, outcomes
            self.last |= outcomes
            moved = self._move(groups, outcomes)
            planned = await self._plan(groups, outcomes)
            if not (moved or planned):
                return
            self._look_again()

    async def _known(self) -> tuple[dict[str, Group], dict[str, Outcome]]:
        """Ask pass 1 what holds, then pass 2. The books are filled at one instant, with their versions."""
        lines = [line for order in self.sight.orders.values() for line in self.sight.open_lines(order) if line.takes]
        groups = self._grouped(lines)
        commitments, plans = self.sight.commitments(lines), self.sight.planned()
        bins = self.sight.fill([*commitments, *plans])
        stocks = {key: one.copy() for key, one in bins.items() if isinstance(one, StockBin)}
        rationed = list(self._rationed({key.rsplit("|", 1)[0] for key in stocks}))
        for key in (*bins, *self.sight.seen):
            self.desk.fork(key)
        fates = await asyncio.to_thread(foresee, [*commitments, *plans], bins)
        self._bring(plans, fates, stocks)
        for name, one in groups.items():
            one.standing = replace(one.standing, covered=fates[name].kept)
        standing = [one.standing for one in groups.values()]
        standing += [needs for plan in plans if (needs := _needs(plan, covered=fates[plan.name].kept)).pieces]
        outcomes = await asyncio.to_thread(repromise, standing, stocks, rationed)
        return groups, outcomes

    def _rationed(self, skus: Iterable[str]) -> Iterable[Rationed]:
        """The ceilings and floors of these skus, with what each has counted."""
        for sku in sorted(skus):
            for allocation in self.board.allocations(sku):
                book = self.desk.fork(f"{allocation.id}|{BUCKET}")
                counted = {} if book is None else dict(book.demand_by_day())
                for hold in () if book is None else book.due_holds(self.sight.now):
                    counted[hold.day or 0] = counted.get(hold.day or 0, 0) - hold.quantity
                yield Rationed(allocation, counted)

    def _bring(self, plans: Sequence[Commitment], fates: Mapping[str, Fate], stocks: Mapping[str, Bin]) -> None:
        """Each plan brings what it brings on the day that pass 1 has found for it, on the desk too."""
        effect = Effect()
        for plan in plans:
            day, home = fates[plan.name].day, plan.brings or ""
            if day is not None:
                stocks[home].change(day, plan.quantity)
        for seen in seen_otherwise(self.sight, fates):
            entry = self.sight.books[seen.key].find(seen.part, seen.ref)
            if entry is not None:
                effect.put(seen.key, seen.written_into(entry))
        self.desk.accept(effect)

    def _grouped(self, lines: Sequence[OpenLine]) -> dict[str, Group]:
        together: dict[str, list[OpenLine]] = {}
        for one in lines:
            together.setdefault(one.order.id if one.order.ship_complete else name_of(one), []).append(one)
        return {group.standing.name: group for each in together.values() if (group := self._group(each)).deliveries}

    def _group(self, group: Sequence[OpenLine]) -> Group:
        order = group[0].order
        frozen = any(is_frozen(order, one.line) for one in group)
        asked = any(self.scope.means(one) for one in group) and not frozen
        deliveries = [
            (one, delivery, take)
            for one in group
            for delivery in one.line.deliveries
            if delivery.open and (take := self.sight.take(one.order, one.line, delivery)) is not None
        ]
        pieces = []
        for one, delivery, take in deliveries:
            routes = tuple(self.sight.routes(one.order, one.line, delivery))
            arrives = self._arrives(one, delivery, routes[0].way.deliver) if asked else None
            pieces.append(Piece(take.key, take.day, take.quantity, delivery.delivery_day, routes, delivery.ship_day, arrives))
        latest = [one.line.request["latest_acceptable_date"] for one in group if one.line.request.get("latest_acceptable_date")]
        known = self.sight.class_of(order)
        standing = Standing(
            name_of(group[0]), min(self.sight.rank(order, one.line, one.number) for one in group), tuple(pieces),
            max(one.line.requested_date.toordinal() for one in group), max(promised_day(one.line) for one in group),
            self.scope.strategy(order.id, known) if asked else None, frozen=frozen,
            together=len(pieces) > 1 and (order.ship_complete or comes_together(order, group[0].line)),
            latest_day=min((date.fromisoformat(one).toordinal() for one in latest), default=None), classes=self._classes(order),
        )  # fmt: skip
        return Group(tuple(group), tuple((one, delivery) for one, delivery, _ in deliveries), standing)

    def _classes(self, order: OrderRow) -> tuple[str, ...]:
        """Those that what it takes is counted under."""
        return self.board.world.demand_class(order.demand_class).lineage

    def _arrives(self, one: OpenLine, delivery: DeliveryRow, deliver: Any) -> Day | None:
        """When it comes by now if that is later than promised: its way takes longer, or its day has passed and it is picked today."""
        today = self.board.today(delivery.site, self.sight.now)
        if delivery.delivery_day >= today:
            return self.sight.arrival(one.order, one.line, delivery)
        hop = deliver(today)
        return today if hop is None else max(today, hop[2])

    # -- what is decided stands on the desk

    def _move(self, groups: Mapping[str, Group], outcomes: Mapping[str, Outcome]) -> bool:
        """Whether anybody has moved."""
        moves: dict[str, dict[str, MoveRow]] = {}
        for name, outcome in outcomes.items():
            group = groups[name]
            for one in group.lines if outcome.placed is not None else ():
                places = [
                    (delivery, place)
                    for (line, delivery), place in zip(group.deliveries, outcome.placed or (), strict=True)
                    if line is one
                ]  # fmt: skip
                if places:
                    day = max(place.hop[2] for _, place in places)
                    move = MoveRow(one.order.id, one.line.line_ref, tuple(_moved(*each) for each in places), day, "")
                    moves.setdefault(one.order.id, {})[one.line.line_ref] = move
        for order_id, lines in moves.items():
            effect = Effect()
            move_order(effect, self.desk.orders[order_id], lines, self.desk.now)
            count(effect, self.desk)
            self.desk.accept(effect)
        return bool(moves)

    async def _plan(self, groups: Mapping[str, Group], outcomes: Mapping[str, Outcome]) -> bool:
        """Look for new supply for those who lose or could improve, by strategy and rank; whether anything changed by it."""
        strategies = list(Strategy)
        found = []
        for name, outcome in outcomes.items():
            group = groups[name]
            one, order = group.standing, group.lines[0].order
            today = self.board.today(one.pieces[0].key.rsplit("|", 1)[1], self.sight.now)
            if one.strategy is not None and is_wanting(one, outcome, today):
                wanting = Wanting(order.id, tuple(line.line.line_ref for line in group.lines), one, outcome.day)
                found.append(((strategies.index(one.strategy), one.rank), name, wanting))
        found.sort(key=lambda each: each[0])
        self.wanting |= {name for _, name, _ in found}
        changed = False
        for _, name, wanting in found[: max(0, self.most_planned_for - self.tries)]:
            await asyncio.sleep(0)  # inquiries are answered between
            self.tries += 1
            self.asked.add(name)
            plans = resupply(self.desk, wanting)
            if plans is not None:
                changed = True
                self.plans.setdefault(wanting.order_id, []).extend(plans)
                lines = (self.desk.orders[wanting.order_id].line(ref) for ref in wanting.line_refs)
                self.last[name] = Outcome(max(promised_day(line) for line in lines if line is not None), None)
        return changed

    def _look_again(self) -> None:
        """The next round looks at the desk: at what a second simulation would find if this one were applied."""
        moved = {step.key for step, _ in self.desk.steps}
        forks = {key: fork for key in moved if (fork := self.desk.fork(key)) is not None}
        self.sight.books = ChainMap(forks, self.board.books)
        self.sight.orders = {order_id: self.desk.orders[order_id] for order_id in self.sight.orders}

    @property
    def unplanned(self) -> int:
        """Promises for which nothing was looked for: there were too many."""
        return len(self.wanting - self.asked)

    def blocked(self) -> set[str]:
        """The books in which somebody found no room."""
        return {one.blocked for one in (*self.first.values(), *self.last.values()) if one.blocked is not None}


def _needs(supply: Commitment, *, covered: bool) -> Standing:
    """What a plan or a real order has of other goods: it is not asked about; a plan that is late anyway holds nobody back who can stay."""
    goods = [take for take in supply.takes if holds_stock(take.key.rsplit("|", 1)[1])]
    pieces = tuple(Piece(take.key, take.day, take.quantity, take.day, ()) for take in goods)
    return Standing(supply.name, supply.rank, pieces, supply.due, supply.due, None, covered, frozen=supply.fact)


def _moved(delivery: DeliveryRow, place: Placed) -> DeliveryRow:
    return replace(
        delivery, site=place.key.rsplit("|", 1)[1], quantity=place.quantity, open=place.quantity, pick_day=place.hop[0],
        ship_day=place.hop[1], delivery_day=place.hop[2], lane=place.lane,
    )  # fmt: skip
