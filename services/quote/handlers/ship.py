"""What has left: shipments consume the claims of their order line; goods that left for nothing known are said aloud."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from services.quote import events
from services.quote.domain.answer import Delivery
from services.quote.domain.shipment import CANCELLED, consume, line_status, order_status
from services.quote.handlers.change_order import open_entry
from services.quote.handlers.take import history_of
from services.quote.store.rows import LineRow, OrderRow, ShippedRow, UnmatchedRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from services.quote.ledger import Desk, Effect


@dataclass(slots=True, frozen=True)
class Left:
    """What has left one site for one order line, in total since ever, as far as it was told under this name of the order."""

    order_name: str
    line_ref: str
    sku: str
    site: str
    quantity: int
    closed: bool
    at: datetime


def match(
    effect: Effect,
    desk: Desk,
    lefts: Sequence[Left],
    ids: dict[str, str],
    known: dict[tuple[str, str, str, str], UnmatchedRow],
    documents: Mapping[tuple[str, str, str, str], str | None],
) -> None:
    """Apply totals to the orders they name. A total that is not above what was applied before changes nothing."""
    by_order: dict[str, list[Left]] = {}
    missing: list[UnmatchedRow] = []
    for left in lefts:
        order_id = ids.get(left.order_name)
        if order_id is None or order_id not in desk.orders:
            missing.append(_unmatched(left, "unknown_order"))
        else:
            by_order.setdefault(order_id, []).append(left)
    for order_id, found in by_order.items():
        order = next((row for row in reversed(effect.orders) if row.id == order_id), desk.orders[order_id])
        shipped, strange = apply(order, found, desk)
        missing.extend(strange)
        if shipped is not None:
            news_of = [left for left in found if _shipped_at(order, left) != _shipped_at(shipped, left)]
            last = (news_of or found)[-1]
            write(effect, order, shipped, desk, documents.get((last.order_name, last.line_ref, last.sku, last.site)))
    news = []
    for row in missing:
        before = known.get(_name(row))
        if before is None or row.quantity > before.quantity:
            news.append(replace(row, revision=1 if before is None else before.revision + 1))
    effect.unmatched.extend(news)
    for row in news:
        effect.events.extend(events.unmatched([row], desk.now, documents.get(_name(row))))


def apply(order: OrderRow, lefts: Iterable[Left], desk: Desk) -> tuple[OrderRow | None, list[UnmatchedRow]]:
    """The order after these shipments, or None when nothing is new; and what matches no open line."""
    lines = {line.line_ref: line for line in order.lines}
    strange: list[UnmatchedRow] = []
    changed = False
    for left in lefts:
        line = lines.get(left.line_ref)
        if line is None or left.sku not in (line.sku, *(one.sku for one in line.deliveries)):
            strange.append(_unmatched(left, "unknown_line"))
            continue
        before = line.shipped_by_site.get(_place(line, left))
        if before is not None and left.quantity <= before.told.get(left.order_name, 0) and left.closed <= before.closed:
            continue
        if line.status == CANCELLED:
            if left.quantity > 0:
                strange.append(_unmatched(left, "cancelled_line"))
            continue
        lines[left.line_ref] = _ship_line(line, left, desk)
        changed = True
    if not changed:
        return None, strange
    after = tuple(lines[line.line_ref] for line in order.lines)
    return order.with_lines(after, status=order_status(line.status for line in after), updated_at=desk.now), strange


def _ship_line(line: LineRow, left: Left, desk: Desk) -> LineRow:
    before = line.shipped_by_site.get(_place(line, left))
    if before is None:
        before = ShippedRow(0, closed=False, at=left.at)
    told = {**before.told, left.order_name: max(left.quantity, before.told.get(left.order_name, 0))}
    total = max(before.quantity, sum(told.values()))
    by_site = {**line.shipped_by_site, _place(line, left): ShippedRow(total, left.closed or before.closed, left.at, before.settled, told)}
    shipped = sum(one.quantity for one in by_site.values())
    closed = any(one.closed for one in by_site.values())
    live = [one for one in line.deliveries if one.ref]
    opens = consume(
        [Delivery(_named(one.site, one.sku), one.quantity, one.pick_day, one.ship_day, one.delivery_day) for one in live],
        {site: one.quantity - one.settled for site, one in by_site.items()},
    )
    was_given_back = line.status in ("closed_short", "cancelled")
    left_open = {one.ref: 0 if closed or was_given_back else quantity for one, quantity in zip(live, opens, strict=True)}
    status = line_status(line.quantity, shipped, closed=closed or was_given_back)
    done = status in ("shipped", "closed_short")
    zone_day = desk.board.today(left.site, left.at)
    return replace(
        line,
        shipped=shipped,
        shipped_by_site=by_site,
        deliveries=tuple(replace(one, open=left_open.get(one.ref, 0)) for one in line.deliveries),
        status=status,
        actual_date=max(filter(None, (line.actual_date, date.fromordinal(zone_day)))) if done and shipped else line.actual_date,
    )


def write(effect: Effect, before: OrderRow, after: OrderRow, desk: Desk, document: str | None) -> None:
    """The claims that are left, the order, its history, and the word of it."""
    for old, new in zip(before.lines, after.lines, strict=True):
        was = {one.ref: one.open for one in old.deliveries}
        for delivery in new.deliveries:
            if delivery.ref and was.get(delivery.ref, 0) != delivery.open:
                key = new.book_of(delivery)
                effect.put(key, open_entry(after, new, delivery))
                effect.causes.setdefault(key, replace(effect.cause, document=document))
    effect.orders.append(after)
    effect.history.append(history_of(after, desk.now, "order-shipped", None, document=document))
    effect.events.append(events.order("order-shipped", after, desk.now, document=document))


def _shipped_at(order: OrderRow, left: Left) -> ShippedRow | None:
    line = order.line(left.line_ref)
    return None if line is None else line.shipped_by_site.get(_place(line, left))


def _place(line: LineRow, left: Left) -> str:
    return _named(left.site, None if left.sku == line.sku else left.sku)


def _named(site: str, sku: str | None) -> str:
    """What left a site is counted by the site; what left it instead of the line's sku, by that sku as well."""
    return site if sku is None else f"{site}|{sku}"


def _unmatched(left: Left, cause: str) -> UnmatchedRow:
    return UnmatchedRow(left.order_name, left.line_ref, left.sku, left.site, left.quantity, left.closed, left.at, cause)


def _name(row: UnmatchedRow) -> tuple[str, str, str, str]:
    return row.order_id, row.line_ref, row.sku, row.site
