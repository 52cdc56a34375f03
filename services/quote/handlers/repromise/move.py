"""What moving a promise writes: old claims go, new ones and the supply planned for them come, all in one step."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from services.quote.handlers.change_order import open_entry
from services.quote.handlers.plans import stand_plans
from services.quote.store.repromise import MoveRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from services.quote.ledger import Effect
    from services.quote.store.rows import DeliveryRow, LineRow, OrderRow, PlanRow


def move_order(effect: Effect, order: OrderRow, moves: Mapping[str, MoveRow], at: datetime) -> OrderRow:
    """The order with some of its lines moved, as the effect writes it."""
    lines = tuple(_moved(effect, order, line, moves[line.line_ref]) if line.line_ref in moves else line for line in order.lines)
    moved = order.with_lines(lines, updated_at=at)
    effect.orders.append(moved)
    for move in moves.values():
        stand_plans(effect, move.plans, order.id, at)
    return moved


def _moved(effect: Effect, order: OrderRow, line: LineRow, move: MoveRow) -> LineRow:
    going = {one.ref: one for one in move.deliveries if one.ref}
    settled: list[DeliveryRow] = []
    deliveries: list[DeliveryRow] = []
    coming: list[DeliveryRow] = []
    for old in line.deliveries:
        if line.shipped and old.quantity > old.open:
            settled.append(replace(old, ref="", quantity=old.quantity - old.open, open=0))
        stays = old.ref not in move.dropped and going.get(old.ref, old) == old and not line.shipped
        if not old.open or stays:
            deliveries += [] if line.shipped else [old]
            continue
        effect.put(line.book_of(old), open_entry(order, line, replace(old, open=0)))
        if old.ref not in move.dropped:
            coming.append(replace(going.get(old.ref, old), open=old.open))
    coming += [one for one in move.deliveries if not one.ref]
    for number, one in enumerate(coming):
        there = replace(one, ref=f"{order.id}/{line.line_ref}/r{order.revision + 1}/{number}", quantity=one.open)
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


def moves_between(before: OrderRow, after: OrderRow, reasons: Mapping[str, str], plans: Sequence[PlanRow]) -> Iterable[MoveRow]:
    """What leads from an order to what became of it, in one step, by line; `reasons` by line."""
    for old, new in zip(before.lines, after.lines, strict=True):
        if old == new:
            continue
        had = {one.ref for one in old.deliveries if one.open}
        stays = {one.ref for one in new.deliveries if one.open} & had
        coming = tuple(replace(one, ref="") for one in new.deliveries if one.open and one.ref not in stays)
        mine = tuple(plan for plan in plans if next((ref for ref in plan.line_refs if ref in reasons), None) == old.line_ref)
        day = (new.promised_date or date.max).toordinal()
        yield MoveRow(before.id, old.line_ref, coming, day, reasons[old.line_ref], tuple(sorted(had - stays)), mine)
