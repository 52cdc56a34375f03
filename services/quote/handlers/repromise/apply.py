"""Letting a simulation come true: all its moves in one step, or none."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from services.quote import answers, events
from services.quote.domain.answer import Delivery
from services.quote.domain.balance import balance, permits
from services.quote.domain.entry import BUCKET, PERIOD, RESOURCE, holds_stock
from services.quote.domain.sentence import spoken_count
from services.quote.domain.stand import Stand
from services.quote.handlers.freshness import refuse_old_news_of, takes_more
from services.quote.handlers.repromise.move import move_order
from services.quote.handlers.repromise.tell import as_applied, named
from services.quote.handlers.take import history_of
from services.quote.ledger import Change, Effect, Refusal
from services.quote.store import repromise as simulations
from services.quote.store.books import Cause
from services.quote.store.rows import DecisionRow
from services.quote.version import CODE_VERSION
from shared.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.quote.asks.repromising import ApplyAsk
    from services.quote.ledger import Desk
    from services.quote.store.pool import Connection, Pool
    from services.quote.store.repromise import MoveRow, RepromiseRow
    from services.quote.store.rows import DeliveryRow, LineRow, OrderRow, PlanRow

AGAIN = ["simulate again"]


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
        self._in_time(desk)
        self._approved()
        self._fresh(desk)
        effect = Effect(cause=Cause("order-repromised", self.decision_id, self.caller, self.ask.document))
        reason = self.ask.reason or self.row.answer["request"].get("reason")
        for order_id in self.row.revisions:
            self._move(desk, effect, desk.orders[order_id], reason)
        self._sound(desk, effect)
        body = as_applied(self.row.answer, answers.iso_instant(desk.now), self.decision_id)
        effect.body = body
        effect.repromises.append(replace(self.row, answer=body, applied_at=desk.now))
        request = {"repromise": self.row.id, **self.ask.model_dump(mode="json", exclude_defaults=True, exclude={"idempotency_key"})}
        basis = {**self.row.basis, "simulated_at": self.row.created_at} if self.row.basis else {}
        effect.decisions.append(
            DecisionRow(
                self.decision_id, desk.now, "order-repromised", None, None, request, self.row.versions, body, CODE_VERSION, basis
            )
        )  # fmt: skip
        return effect

    def _unmoved(self, desk: Desk) -> None:
        """Refuse where a book, an order or a day is no longer what it was. Raises Refusal."""
        books = []
        for key, version in self.row.versions.items():
            book = desk.fork(key)
            now = 0 if book is None else book.version
            if now != version:
                books.append({**named(key), "version": version, "version_now": now})
        orders = [
            {"order_id": order_id, "revision": revision, "revision_now": now_at}
            for order_id, revision in self.row.revisions.items()
            if (now_at := desk.orders[order_id].revision) != revision
        ]
        days = [site for site, day in self.row.days.items() if desk.today(site) != day]
        if books or orders or days:
            names = [_spoken(one["sku"], one["site"]) for one in books] + [str(one["order_id"]) for one in orders]
            detail = f"{', '.join([*names[:5], *(f'the day at {site}' for site in days[:5])])} moved since: simulate again."
            raise Refusal(409, {"code": "BOOKS_MOVED", "detail": detail, "moved": books, "moved_orders": orders, "allowed": AGAIN})

    def _in_time(self, desk: Desk) -> None:
        """Refuse what can no longer be done as it was worked out: a cut-off has passed, a way takes longer, minutes of today are over."""
        late = [move.order_id for move in self.row.moves if not all(_is_possible(desk, move, one) for one in move.deliveries)]
        if late or not _can_start(desk, [plan for move in self.row.moves for plan in move.plans]):
            whose = f"What was worked out for {', '.join(dict.fromkeys(late[:5]))}" if late else "What is planned for today"
            detail = f"{whose} can no longer be done in time: simulate again."
            raise Refusal(409, {"code": "BOOKS_MOVED", "detail": detail, "moved": [], "moved_orders": [], "allowed": AGAIN})

    def _approved(self) -> None:
        """Refuse what goes beyond the stability budget without a person's word. Raises Refusal."""
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

    def _fresh(self, desk: Desk) -> None:
        """Refuse (503) to take anything new on old news, where a policy says so: what is only given back or postponed passes."""
        sites: set[str] = set()
        resources: set[str] = set()
        for move in self.row.moves:
            line = desk.orders[move.order_id].line(move.line_ref)
            if line is not None and takes_more(*_exchanged(line, move)):
                sites |= {one.site for one in move.deliveries}
            for plan in move.plans:
                sites.add(plan.site)
                resources |= {claim.sku for claim in plan.claims if claim.site == RESOURCE}
                sites |= {claim.site for claim in plan.claims if holds_stock(claim.site)}
        if sites:
            refuse_old_news_of(desk, sorted(sites), sorted(resources))

    def _move(self, desk: Desk, effect: Effect, order: OrderRow, reason: str | None) -> None:
        moves = {move.line_ref: move for move in self.row.moves if move.order_id == order.id}
        moved = move_order(effect, order, moves, desk.now)
        said: dict[str, Any] = {"reason": reason, "document": self.ask.document}
        effect.history.append(history_of(moved, desk.now, "order-repromised", self.caller, decision_id=self.decision_id, **said))
        effect.events.append(events.order("order-repromised", moved, desk.now, actor=self.caller, **said))

    @staticmethod
    def _sound(desk: Desk, effect: Effect) -> None:
        """THE invariant, on every book of goods that is written: by then a hold may be there that was not. Raises Refusal."""
        for key, entries in effect.entries.items():
            book = desk.fork(key)
            if book is None or not holds_stock(book.site):
                continue
            after = book.fork()
            after.apply(entries, book.version + 1, desk.now)
            today, rules = desk.today(book.site), desk.rules(book.sku, book.site)
            if not permits(balance(book, today, desk.now, rules), balance(after, today, desk.now, rules)):
                detail = f"{book.sku} at {book.site} no longer has room for it: simulate again."
                moved = [{**named(key), "version": book.version, "version_now": book.version}]
                raise Refusal(409, {"code": "BOOKS_MOVED", "detail": detail, "moved": moved, "moved_orders": [], "allowed": AGAIN})


def _spoken(sku: str, site: str) -> str:
    kinds = {RESOURCE: "the resource", PERIOD: "the terms", BUCKET: "the allocation"}
    return f"{kinds[site]} {sku}" if site in kinds else f"{sku} at {site}"


def _is_possible(desk: Desk, move: MoveRow, one: DeliveryRow) -> bool:
    """Whether a delivery that moves can still be picked and arrives by its day."""
    order = desk.orders[move.order_id]
    line = order.line(move.line_ref)
    if line is None or any((one.pick_day, one.delivery_day) == (old.pick_day, old.delivery_day) for old in line.deliveries if old.open):
        return line is not None
    ways = desk.ways(one.sku or line.sku, one.site, line.request.get("ship_to"), order.customer)
    way = next((way for way in ways if way.lane == one.lane), None)
    hop = None if way is None else way.deliver(one.pick_day)
    return (not ways and one.lane is None) if way is None else hop is not None and hop[2] <= one.delivery_day


def _can_start(desk: Desk, plans: Sequence[PlanRow]) -> bool:
    """Whether today's minutes still suffice for what is planned for today."""
    stand = Stand(desk)
    needed: dict[tuple[str, int], int] = {}
    for plan in plans:
        for claim in plan.claims:
            if claim.site == RESOURCE:
                needed[claim.sku, claim.day] = needed.get((claim.sku, claim.day), 0) + claim.quantity
    for (resource, day), minutes in needed.items():
        machine = stand.machine(resource)
        if machine is None or day < machine.today or (day == machine.today and machine.free(day) < minutes):
            return False
    return True


def _exchanged(line: LineRow, move: MoveRow) -> tuple[list[Delivery], list[Delivery]]:
    """What a line has open, and what it has once it is moved."""
    gone = {*move.dropped, *(one.ref for one in move.deliveries if one.ref)}
    had = [one for one in line.deliveries if one.open]
    stays = [one for one in had if one.ref not in gone]
    before, after = ([Delivery(one.site, one.open, *_days(one)) for one in each] for each in (had, [*stays, *move.deliveries]))
    return before, after


def _days(one: DeliveryRow) -> tuple[int, int, int]:
    return one.pick_day, one.ship_day, one.delivery_day
