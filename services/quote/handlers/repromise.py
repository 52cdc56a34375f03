"""Deciding promises anew: first a simulation that says who wins and who loses, then, if the books have not moved, for good."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from services.quote import answers, events
from services.quote.domain.balance import balance, permits
from services.quote.domain.bins import StockBin
from services.quote.domain.demandclass import Strategy
from services.quote.domain.policy import StabilityBudget
from services.quote.domain.repromise import Outcome, Piece, Placed, Standing, Why, repromise
from services.quote.domain.risk import Commitment, Fate, foresee
from services.quote.domain.sentence import spoken_count, spoken_day
from services.quote.handlers.change_order import open_entry
from services.quote.handlers.foresight import Foresight, OpenLine, is_frozen, name_of, promised_day
from services.quote.handlers.take import history_of
from services.quote.ledger import Change, Effect, Refusal
from services.quote.store import documents, risk
from services.quote.store import repromise as simulations
from services.quote.store.books import Cause
from services.quote.store.repromise import MoveRow, RepromiseRow
from services.quote.store.rows import DecisionRow, DeliveryRow, LineRow, OrderRow
from services.quote.version import CODE_VERSION
from shared.contracts.base import from_micro, micro_to_decimal
from shared.ids import new_id
from shared.problems import FieldError, unprocessable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from services.quote.asks import ApplyAsk, RepromiseAsk
    from services.quote.board import Board
    from services.quote.ledger import Desk
    from services.quote.store.pool import Connection, Pool
    from services.quote.store.risk import RiskCause

MOST_ORDERS: Final = 5_000
"""Orders that one simulation looks at."""
BUDGET: Final = StabilityBudget(most_moves=3, most_days=30)
"""How often and how far a promise may move without a person's word, where no policy says it."""


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
        simulation = _Simulation(board, Foresight(board, connection, most_orders=MOST_ORDERS), ask)
        await simulation.gather(connection)
        await simulation.decide()
        causes = await risk.find_causes(connection, simulation.blocked())
    return KeepSimulation(simulation.row(caller, request_id, causes))


async def find_simulation(pool: Pool, repromise_id: str) -> dict[str, Any] | None:
    """A simulation as it was answered, and whether it has been applied since."""
    async with pool.connection() as connection:
        row = await simulations.find(connection, repromise_id)
    return None if row is None else row.answer


@dataclass(slots=True)
class _Group:
    """One commitment: a line, or all open lines of an order that ships complete, with its deliveries in the order of its pieces."""

    lines: tuple[OpenLine, ...]
    deliveries: tuple[tuple[OpenLine, DeliveryRow], ...]
    standing: Standing


@dataclass(slots=True)
class _Simulation:
    board: Board
    sight: Foresight
    ask: RepromiseAsk
    strategies: dict[str, Strategy] = field(default_factory=dict)
    """By order id, as the request names them."""
    named: set[str] = field(default_factory=set)
    """The ids of the orders of the scope."""
    books: set[str] = field(default_factory=set)
    """The books of the scope."""
    dangers: set[tuple[str, str]] = field(default_factory=set)
    """Order lines that are at risk or missed."""
    groups: dict[str, _Group] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    fates: dict[str, Fate] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)

    # -- who is asked about

    async def gather(self, connection: Connection) -> None:
        """Read the orders of the scope, and whoever stands in short books beside them."""
        scope = self.ask.scope
        self.strategies = await self._orders(connection, self.ask.strategies.orders, "/strategies/orders")
        self.named = set(await self._orders(connection, dict.fromkeys(scope.orders or ()), "/scope/orders"))
        self.books = self._books()
        named = set(self.strategies)
        if scope.orders:
            named |= self.named
        elif scope.at_risk:
            rows = await risk.list_in_danger(connection, self.books or None, MOST_ORDERS + 1)
            self.dangers = {(row.order_id, row.line_ref) for row in rows}
            named |= {order_id for order_id, _ in self.dangers}
        if scope.orders and scope.at_risk:
            self.dangers = set(await risk.find_risks(connection, self.named))
        _refuse_too_many(len(named))
        whole = set() if scope.orders or scope.at_risk else self.books
        self.sight.everybody = frozenset(whole)
        self.sight.named = named
        self.sight.wanted = set(named)
        await self.sight.gather(whole)
        if self.sight.left_out:
            _refuse_too_many(MOST_ORDERS + 1)

    async def _orders(self, connection: Connection, names: Mapping[str, Any], pointer: str) -> dict[str, Any]:
        found = await documents.find_order_ids(connection, list(names)) if names else {}
        if missing := [name for name in names if name not in found]:
            _refuse(f"{pointer}/{list(names).index(missing[0])}", "unknown_order", f"there is no order {missing[0]}")
        return {found[name]: value for name, value in names.items()}

    def _books(self) -> set[str]:
        scope, board = self.ask.scope, self.board
        for n, sku in enumerate(scope.skus or ()):
            if sku not in board.items and not board.sites_of(sku):
                _refuse(f"/scope/skus/{n}", "unknown_sku", f"the sku {sku} is not known")
        for n, site in enumerate(scope.sites or ()):
            if site not in board.sites:
                _refuse(f"/scope/sites/{n}", "unknown_site", f"the site {site} is not known")
        if scope.skus:
            keys = {f"{sku}|{site}" for sku in scope.skus for site in scope.sites or board.sites_of(sku)}
        else:
            keys = {key for key, book in board.books.items() if book.site in (scope.sites or ())}
        return keys & board.books.keys()

    def _asked(self, one: OpenLine) -> bool:
        """Whether the line is in the scope and may move at all."""
        scope = self.ask.scope
        if one.order.elsewhere or is_frozen(one.order, one.line):
            return False
        if one.order.id in self.strategies:
            return True
        here = not (scope.skus or scope.sites) or any(take.key in self.books for take in one.takes)
        in_danger = not scope.at_risk or (one.order.id, one.line.line_ref) in self.dangers
        return here and in_danger and (not scope.orders or one.order.id in self.named)

    def _strategy(self, order: OrderRow) -> Strategy:
        asked = self.ask.strategies
        if order.id in self.strategies:
            return self.strategies[order.id]
        known = self.sight.class_of(order)
        named = (asked.classes[one] for one in (known.lineage or (known.name,)) if one in asked.classes)
        return next(named, None) or asked.default or known.strategy

    # -- what becomes of them

    async def decide(self) -> None:
        """Ask pass 1 what holds, then pass 2. The books are filled at one instant, with their versions."""
        lines = [line for order in self.sight.orders.values() for line in self.sight.open_lines(order) if line.takes]
        self._group(lines)
        commitments = self.sight.commitments(lines)
        plans = self.sight.planned()
        bins = self.sight.fill([*commitments, *plans])
        without = self.sight.fill([*commitments, *(replace(plan, takes=()) for plan in plans)])
        stocks = {key: one for key, one in without.items() if isinstance(one, StockBin)}
        self.versions = {key: self.board.books[key].version for key in sorted({*bins, *self.sight.seen})}
        self.fates = await asyncio.to_thread(foresee, [*commitments, *plans], bins)
        self._bring_plans(plans, stocks)
        standing = [replace(one.standing, covered=self.fates[name].kept) for name, one in self.groups.items()]
        self.outcomes = await asyncio.to_thread(repromise, standing, stocks)

    def _bring_plans(self, plans: Sequence[Commitment], stocks: Mapping[str, StockBin]) -> None:
        """Each plan brings what it brings on the day that pass 1 has found for it; what it needs it keeps."""
        for plan in plans:
            day = self.fates[plan.name].day
            if plan.brings is not None and day is not None:
                stocks[plan.brings].change(day, plan.quantity)

    def _group(self, lines: Sequence[OpenLine]) -> None:
        together: dict[str, list[OpenLine]] = {}
        for one in lines:
            together.setdefault(one.order.id if one.order.ship_complete else name_of(one), []).append(one)
        for group in together.values():
            deliveries = [
                (one, delivery, take)
                for one in group
                for delivery in one.line.deliveries
                if delivery.open and (take := self.sight.take(one.order, one.line, delivery)) is not None
            ]
            pieces = tuple(
                Piece(take.key, take.day, take.quantity, delivery.delivery_day, tuple(self.sight.routes(one.order, one.line, delivery)))
                for one, delivery, take in deliveries
            )
            order = group[0].order
            asked = any(self._asked(one) for one in group) and not any(is_frozen(order, one.line) for one in group)
            latest = [one.line.request["latest_acceptable_date"] for one in group if one.line.request.get("latest_acceptable_date")]
            standing = Standing(
                name_of(group[0]), min(self.sight.rank(order, one.line, one.number) for one in group), pieces,
                max(one.line.requested_date.toordinal() for one in group), max(promised_day(one.line) for one in group),
                self._strategy(order) if asked else None, frozen=any(is_frozen(order, one.line) for one in group),
                together=order.ship_complete and len(pieces) > 1,
                latest_day=min((date.fromisoformat(one).toordinal() for one in latest), default=None),
            )  # fmt: skip
            self.groups[standing.name] = _Group(tuple(group), tuple((one, delivery) for one, delivery, _ in deliveries), standing)

    def blocked(self) -> set[str]:
        """The books in which somebody found no room."""
        return {one.blocked for one in self.outcomes.values() if one.blocked is not None}

    # -- what is said of it

    def row(self, caller: str, request_id: str, causes: Mapping[str, tuple[int, RiskCause]]) -> RepromiseRow:
        """The simulation as it is answered and kept."""
        said: dict[str, list[dict[str, Any]]] = {"winners": [], "losers": [], "moved": []}
        moves: list[MoveRow] = []
        unchanged = 0
        for name, outcome in sorted(self.outcomes.items(), key=lambda each: self.groups[each[0]].standing.rank):
            group = self.groups[name]
            if outcome.why is None:
                unchanged += len(group.lines)
                continue
            for one in group.lines:
                places = [
                    (delivery, place)
                    for (line, delivery), place in zip(group.deliveries, outcome.placed or (), strict=False)
                    if line is one
                ]  # fmt: skip
                day = self._day(one, outcome, places)
                kind = _kind(outcome, promised_day(one.line), day)
                said[kind].append(self._change(one, group.standing, outcome, day, places, causes))
                if places and day is not None:
                    moves.append(MoveRow(one.order.id, one.line.line_ref, tuple(_moved(*each) for each in places), day, str(outcome.why)))
        moving = {move.order_id for move in moves}
        body: dict[str, Any] = {
            "id": new_id("rep"), "status": "simulated", "created_at": answers.iso_instant(self.sight.now), "applied_at": None,
            "summary": _summary(said, unchanged), **said, "unchanged": unchanged, "values": _values(said),
            "needs_approval": any(one["needs_approval"] for each in said.values() for one in each),
            "books": [_book(key, version) for key, version in self.versions.items()],
            "request": self.ask.model_dump(mode="json", exclude_defaults=True, exclude={"idempotency_key"}),
            "request_id": request_id, "replayed": False,
        }  # fmt: skip
        days = {site: self.board.today(site, self.sight.now) for site in {key.rsplit("|", 1)[1] for key in self.versions}}
        revisions = {order_id: self.sight.orders[order_id].revision for order_id in sorted(moving)}
        return RepromiseRow(body["id"], self.sight.now, caller, body, tuple(moves), self.versions, revisions, days)

    @staticmethod
    def _day(one: OpenLine, outcome: Outcome, places: Sequence[tuple[DeliveryRow, Placed]]) -> int | None:
        if outcome.day is None:
            return None
        return max((place.hop[2] for _, place in places), default=promised_day(one.line))

    def _change(
        self,
        one: OpenLine,
        standing: Standing,
        outcome: Outcome,
        day: int | None,
        places: Sequence[tuple[DeliveryRow, Placed]],
        causes: Mapping[str, tuple[int, RiskCause]],
    ) -> dict[str, Any]:
        order, line = one.order, one.line
        still_open = sum(take.quantity for take in one.takes)
        price = line.request.get("unit_price")
        days = None if day is None else day - promised_day(line)
        return {
            "order_id": order.id, "line_ref": line.line_ref, "external_id": order.external_id, "customer": order.customer,
            "demand_class": self.sight.class_of(order).name, "priority": order.priority, "strategy": str(standing.strategy),
            "sku": line.sku, "quantity": from_micro(still_open), "requested_date": line.requested_date.isoformat(),
            "first_promised_date": None if line.first_promised_date is None else line.first_promised_date.isoformat(),
            "old_promised_date": None if line.promised_date is None else line.promised_date.isoformat(),
            "new_promised_date": None if day is None else answers.iso_day(day), "days": days,
            "unsupplied": day is None, "times_moved": line.times_moved,
            "value": None if price is None else round(float(Decimal(str(price)) * micro_to_decimal(still_open)), 6),
            "currency": line.request.get("currency"),
            "deliveries": [
                {"site": place.key.rsplit("|", 1)[1], "quantity": from_micro(place.quantity), "ship_date": answers.iso_day(place.hop[1]),
                 "delivery_date": answers.iso_day(place.hop[2])}
                for _, place in places
            ],
            "reason": self._reason(one, outcome, days, causes),
            "needs_approval": self._needs_approval(line, days, places),
        }  # fmt: skip

    def _needs_approval(self, line: LineRow, days: int | None, places: Sequence[tuple[DeliveryRow, Placed]]) -> bool:
        if not days:
            return False
        limits = self.ask.limits
        for place in places:
            sku, site = place[1].key.rsplit("|", 1)
            settled = self.board.world.policies.of(sku, site).stability or BUDGET
            budget = StabilityBudget(
                _less(settled.most_moves, None if limits is None else limits.most_moves),
                _less(settled.most_days, None if limits is None else limits.most_days),
            )
            if not budget.allows(line.times_moved, max(0, days)):
                return True
        return False

    def _reason(
        self, one: OpenLine, outcome: Outcome, days: int | None, causes: Mapping[str, tuple[int, RiskCause]]
    ) -> dict[str, Any]:  # fmt: skip
        key = outcome.blocked
        sku, site = (one.line.sku, None) if key is None else key.rsplit("|", 1)
        behind = None if outcome.behind is None else self.groups[outcome.behind].lines[0]
        until = "no known supply covers it" if days is None else f"it can be delivered {spoken_count(abs(days), 'day')} later"
        if outcome.why is Why.GAVE_WAY:
            ref = None if behind is None else behind.order.id
            who = "whose strategy goes first" if behind is None else f"order {behind.order.external_id or behind.order.id}"
            said = f"{who} takes {sku} at {site}: {until}" if behind is not None else f"{sku} at {site} goes to those {who}: {until}"
        elif outcome.why is Why.SHORTAGE:
            cause = causes.get(key or "")
            ref = None if cause is None else cause[1].ref
            said = f"{sku} at {site} does not cover it where it stands: {until}"
            if cause is not None:
                said = f"{said} ({cause[1].summary})"
        else:
            ref = None
            said = {
                Why.REGAINED: f"it will be delivered as promised, on {spoken_day(promised_day(one.line))}",
                Why.MOVED_SITE: "it comes from another site, on the same day",
            }.get(outcome.why or Why.IMPROVED, f"it can be delivered {spoken_count(abs(days or 0), 'day')} earlier")
        return {"code": str(outcome.why), "summary": said, "ref": ref, "sku": sku, "site": site}


def _refuse(pointer: str, code: str, message: str) -> None:
    raise unprocessable("INVALID_REQUEST", f"{pointer}: {message}", [FieldError(pointer, code, message)])


def _refuse_too_many(count: int) -> None:
    if count > MOST_ORDERS:
        _refuse("/scope", "scope_too_large", f"at most {MOST_ORDERS} orders are decided anew at once: name fewer skus, sites or orders")


def _less(one: int | None, other: int | None) -> int | None:
    return min((each for each in (one, other) if each is not None), default=None)


def _kind(outcome: Outcome, promised: int, day: int | None) -> str:
    if day is None or day > promised:
        return "losers"
    return "winners" if day < promised or outcome.why is Why.REGAINED else "moved"


def _moved(delivery: DeliveryRow, place: Placed) -> DeliveryRow:
    return replace(
        delivery, site=place.key.rsplit("|", 1)[1], quantity=place.quantity, open=place.quantity, pick_day=place.hop[0],
        ship_day=place.hop[1], delivery_day=place.hop[2], lane=place.lane,
    )  # fmt: skip


def _book(key: str, version: int) -> dict[str, Any]:
    sku, site = key.rsplit("|", 1)
    return {"sku": sku, "site": site, "version": version}


def _summary(said: Mapping[str, Sequence[Any]], unchanged: int) -> str:
    won, lost = spoken_count(len(said["winners"]), "promise"), spoken_count(len(said["losers"]), "promise")
    return f"{won} would win, {lost} would lose, {unchanged} would stay."


def _values(said: Mapping[str, Sequence[dict[str, Any]]]) -> list[dict[str, Any]]:
    """What wins and loses is worth, by currency."""
    found: dict[str | None, dict[str, Decimal]] = {}
    for kind in ("winners", "losers"):
        for one in said[kind]:
            if one["value"] is not None:
                sums = found.setdefault(one["currency"], {"winners": Decimal(0), "losers": Decimal(0)})
                sums[kind] += Decimal(str(one["value"]))
    return [
        {"currency": currency, "winners": float(sums["winners"]), "losers": float(sums["losers"])}
        for currency, sums in sorted(found.items(), key=lambda each: each[0] or "")
    ]


# -- applying


async def prepare(pool: Pool, repromise_id: str, ask: ApplyAsk, caller: str) -> ApplySimulation | None:
    """The change that lets a simulation come true; None where there is none of that id."""
    async with pool.connection() as connection:
        row = await simulations.find(connection, repromise_id)
    return None if row is None else ApplySimulation(row, ask, caller)


@dataclass(slots=True, eq=False)
class ApplySimulation(Change):
    """All moves in one step, or none: only on the books and orders that they were worked out on. Applied twice is applied."""

    row: RepromiseRow
    ask: ApplyAsk
    caller: str
    decision_id: str = field(default_factory=lambda: new_id("dec"))

    @property
    def order_ids(self) -> tuple[str, ...]:
        """The orders that move are locked before their books."""
        return tuple(self.row.revisions)

    async def read(self, connection: Connection) -> None:
        """Somebody may have applied it meanwhile."""
        self.row = await simulations.find(connection, self.row.id, lock=True) or self.row

    def decide(self, desk: Desk) -> Effect:
        """Move everybody, if nothing has moved since."""
        if self.row.applied_at is not None:
            return Effect(200, self.row.answer)
        self._unmoved(desk)
        beyond = [
            {"order_id": one["order_id"], "line_ref": one["line_ref"], "days": one["days"], "times_moved": one["times_moved"]}
            for kind in ("winners", "losers", "moved")
            for one in self.row.answer[kind]
            if one["needs_approval"]
        ]
        if beyond and not self.ask.approve:
            detail = f"{spoken_count(len(beyond), 'promise')} would move more often or further than the stability budget allows."
            raise Refusal(
                409, {"code": "APPROVAL_NEEDED", "detail": detail, "beyond_budget": beyond, "allowed": ["apply with approve: true"]}
            )
        effect = Effect(cause=Cause("order-repromised", self.decision_id, self.caller, self.ask.document))
        reason = self.ask.reason or self.row.answer["request"].get("reason")
        for order_id in self.row.revisions:
            self._move(desk, effect, desk.orders[order_id], reason)
        self._sound(desk, effect)
        body = {
            **self.row.answer, "status": "applied", "applied_at": answers.iso_instant(desk.now), "decision_id": self.decision_id,
            "summary": self.row.answer["summary"].replace("would win", "won").replace("would lose", "lost").replace("would stay", "stayed"),
        }  # fmt: skip
        effect.body = body
        effect.repromises.append(replace(self.row, answer=body, applied_at=desk.now))
        request = {"repromise": self.row.id, **self.ask.model_dump(mode="json", exclude_defaults=True, exclude={"idempotency_key"})}
        effect.decisions.append(
            DecisionRow(self.decision_id, desk.now, "order-repromised", None, None, request, self.row.versions, body, CODE_VERSION)
        )
        return effect

    def _unmoved(self, desk: Desk) -> None:
        """Refuse where a book, an order or a day is no longer what it was. Raises Refusal."""
        books = []
        for key, version in self.row.versions.items():
            book = desk.fork(key)
            now = 0 if book is None else book.version
            if now != version:
                books.append({**_book(key, version), "version_now": now})
        orders = [
            {"order_id": order_id, "revision": revision, "revision_now": now_at}
            for order_id, revision in self.row.revisions.items()
            if (now_at := desk.orders[order_id].revision) != revision
        ]
        days = [site for site, day in self.row.days.items() if desk.today(site) != day]
        if books or orders or days:
            names = [f"{one['sku']} at {one['site']}" for one in books] + [str(one["order_id"]) for one in orders]
            detail = f"{', '.join([*names[:5], *(f'the day at {site}' for site in days[:5])])} moved since: simulate again."
            raise Refusal(
                409, {"code": "BOOKS_MOVED", "detail": detail, "moved": books, "moved_orders": orders, "allowed": ["simulate again"]}
            )

    def _move(self, desk: Desk, effect: Effect, order: OrderRow, reason: str | None) -> None:
        moves = {move.line_ref: move for move in self.row.moves if move.order_id == order.id}
        lines = tuple(self._line(effect, order, line, moves[line.line_ref]) if line.line_ref in moves else line for line in order.lines)
        moved = order.with_lines(lines, updated_at=desk.now)
        effect.orders.append(moved)
        said = {"reason": reason, "document": self.ask.document}
        effect.history.append(history_of(moved, desk.now, "order-repromised", self.caller, decision_id=self.decision_id, **said))
        effect.events.append(events.order("order-repromised", moved, desk.now, actor=self.caller, **said))

    def _line(self, effect: Effect, order: OrderRow, line: LineRow, move: MoveRow) -> LineRow:
        going = {one.ref: one for one in move.deliveries}
        settled: list[DeliveryRow] = []
        deliveries: list[DeliveryRow] = []
        for number, old in enumerate(line.deliveries):
            new = going.get(old.ref, old)
            if line.shipped and old.quantity > old.open:
                settled.append(replace(old, ref="", quantity=old.quantity - old.open, open=0))
            if not old.open or (new == old and not line.shipped):
                deliveries += [] if line.shipped else [old]
                continue
            effect.put(line.book_of(old), open_entry(order, line, replace(old, open=0)))
            there = replace(new, ref=f"{order.id}/{line.line_ref}/r{order.revision + 1}/{number}", quantity=old.open, open=old.open)
            effect.put(line.book_of(there), open_entry(order, line, there))
            deliveries.append(there)
        promised = date.fromordinal(move.promised_day)
        return replace(
            line,
            deliveries=(*settled, *deliveries),
            shipped_by_site={site: replace(one, settled=one.quantity) for site, one in line.shipped_by_site.items()},
            promised_date=promised,
            times_moved=line.times_moved + (promised != line.promised_date),
        )

    @staticmethod
    def _sound(desk: Desk, effect: Effect) -> None:
        """THE invariant, on every book that is written: by then a hold may be there that was not. Raises Refusal."""
        for key, entries in effect.entries.items():
            book = desk.fork(key)
            if book is None:
                continue
            after = book.fork()
            after.apply(entries, book.version + 1, desk.now)
            today, rules = desk.today(book.site), desk.rules(book.sku, book.site)
            if not permits(balance(book, today, desk.now, rules), balance(after, today, desk.now, rules)):
                detail = f"{book.sku} at {book.site} no longer has room for it: simulate again."
                raise Refusal(
                    409, {"code": "BOOKS_MOVED", "detail": detail, "moved": [_book(key, book.version)], "allowed": ["simulate again"]}
                )
