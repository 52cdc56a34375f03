"""Planning anew for those who lose: what known supply cannot give them in time may be made, bought, moved, or come as a substitute.

Each is asked as a new order would be, by the ordinary kernel, on the books as everybody decided before leaves them and without its own
old claims: within ceilings and floors, on free minutes, by the ways of today. What it had planned before stays what it is after
confirmation, ordinary supply, and is found like any other. A new plan is taken only where it gives an earlier date than known supply.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Final

from services.quote.asks.quotes import LineAsk
from services.quote.domain.choice import Aim
from services.quote.domain.demandclass import Strategy
from services.quote.domain.promise import promise
from services.quote.domain.request import Demand
from services.quote.domain.vouch import promise_that_holds
from services.quote.handlers.change_order import open_entry
from services.quote.handlers.demand import line_of
from services.quote.handlers.plans import plans_of
from services.quote.handlers.repromise.move import move_order
from services.quote.ledger import Effect
from services.quote.ledger.counting import count
from services.quote.store.repromise import MoveRow
from services.quote.store.rows import DeliveryRow, PlanRow
from shared.contracts.base import micro_to_decimal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from services.quote.domain.answer import Decision
    from services.quote.domain.entry import Day
    from services.quote.domain.request import LineRequest
    from services.quote.domain.standing import Outcome, Standing
    from services.quote.ledger import Desk
    from services.quote.store.rows import LineRow, OrderRow

EFFORT_MS: Final = 400
"""How hard one promise is planned for: a tenth of what a request of its own may take, for there may be many."""
IMPROVES: Final = frozenset((Strategy.WIN, Strategy.GAIN, Strategy.REDISTRIBUTE))


@dataclass(frozen=True, slots=True)
class Wanting:
    """A promise that known supply leaves without a date, or with a later one than its strategy is for."""

    order_id: str
    line_refs: tuple[str, ...]
    standing: Standing
    best: Day | None
    """The day that known supply gives it; None: none."""

    @property
    def wanted(self) -> Day:
        """The day from which on it may be delivered."""
        one = self.standing
        return min(one.requested_day, one.promised_day) if one.strategy in IMPROVES else one.promised_day


def is_wanting(one: Standing, outcome: Outcome, today: Day) -> bool:
    """Whether more supply may help it: it loses, or it may improve and is not delivered when it was wanted."""
    if one.strategy is None:
        return False
    if outcome.day is None or outcome.day > one.promised_day:
        return True
    return one.strategy in IMPROVES and outcome.day > max(one.requested_day, today)


def resupply(desk: Desk, wanting: Wanting) -> tuple[PlanRow, ...] | None:
    """Promise it anew on the desk if that gives it an earlier day; the supply that is planned for it, None where it stays."""
    order = desk.orders[wanting.order_id]
    lines = [line for line in order.lines if line.line_ref in wanting.line_refs]
    _accept(desk, _given_back(order, lines))
    decision = _asked(desk, order, lines, wanting.wanted)
    if not _is_better(decision, lines, wanting.best):
        _accept(desk, _taken_again(order, lines))
        return None
    plans = plans_of(decision, desk.board)
    effect = Effect()
    move_order(effect, order, {move.line_ref: move for move in _moves(order, lines, decision, plans)}, desk.now)
    _accept(desk, effect)
    return plans


def _asked(desk: Desk, order: OrderRow, lines: Sequence[LineRow], wanted: Day) -> Decision:
    demand = Demand(
        tuple(_request(desk, order, line, wanted) for line in lines),
        allow_partial=order.allow_partial,
        ship_complete=order.ship_complete,
        policy=Aim(order.policy),
        deadline_ms=min(order.deadline_ms, EFFORT_MS),
        classes=desk.board.world.demand_class(order.demand_class).lineage,
    )
    if order.probability is None:
        return promise(demand, desk)
    return promise_that_holds(demand, desk, order.probability, desk.board.world.chances)


def _request(desk: Desk, order: OrderRow, line: LineRow, wanted: Day) -> LineRequest:
    quantity = f"{micro_to_decimal(sum(one.open for one in line.deliveries)):f}"
    wished = {**line.request, "sku": line.sku, "quantity": quantity, "requested_date": date.fromordinal(wanted).isoformat()}
    return line_of(desk.board, LineAsk.model_validate(wished), line.line_ref, desk.now, order.customer)


def _is_better(decision: Decision, lines: Sequence[LineRow], best: Day | None) -> bool:
    for line, promised in zip(lines, decision.lines, strict=True):
        if promised.promised_quantity != sum(one.open for one in line.deliveries):
            return False
    day = max((one.delivery_day for promised in decision.lines for one in promised.deliveries), default=None)
    return day is not None and (best is None or day < best)


def _moves(order: OrderRow, lines: Sequence[LineRow], decision: Decision, plans: Sequence[PlanRow]) -> Iterator[MoveRow]:
    for number, (line, promised) in enumerate(zip(lines, decision.lines, strict=True)):
        coming = tuple(
            DeliveryRow("", one.site, one.quantity, one.quantity, one.pick_day, one.ship_day, one.delivery_day, one.lane, one.sku)
            for one in promised.deliveries
        )
        day = max(one.delivery_day for one in coming)
        dropped = tuple(one.ref for one in line.deliveries if one.open)
        yield MoveRow(order.id, line.line_ref, coming, day, "", dropped, () if number else tuple(plans))


def _given_back(order: OrderRow, lines: Sequence[LineRow]) -> Effect:
    """The order without what is open of these lines."""
    effect = Effect()
    without = []
    for line in order.lines:
        left = line
        if line in lines:
            for one in line.deliveries:
                if one.open:
                    effect.put(line.book_of(one), open_entry(order, line, replace(one, open=0)))
            shipped = (replace(one, quantity=one.quantity - one.open, open=0) for one in line.deliveries)
            left = replace(line, deliveries=tuple(one for one in shipped if one.quantity))
        without.append(left)
    effect.orders.append(replace(order, lines=tuple(without)))
    return effect


def _taken_again(order: OrderRow, lines: Sequence[LineRow]) -> Effect:
    effect = Effect()
    for line in lines:
        for one in line.deliveries:
            if one.open:
                effect.put(line.book_of(one), open_entry(order, line, one))
    effect.orders.append(order)
    return effect


def _accept(desk: Desk, effect: Effect) -> None:
    count(effect, desk)
    desk.accept(effect)
