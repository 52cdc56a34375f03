"""Changing an order: amend and cancel, each in one step. On refusal the old promise stands."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from services.quote import answers, events
from services.quote.asks.amounts import micro
from services.quote.asks.orders import AmendAsk
from services.quote.asks.quotes import MAX_LINES, LineAsk
from services.quote.domain.answer import Delivery
from services.quote.domain.change import CurrentLine
from services.quote.domain.entry import Entry, Part
from services.quote.domain.shipment import SHIPPED, line_status, order_status
from services.quote.handlers.demand import decide_change, is_acceptable, line_of
from services.quote.handlers.freshness import refuse_old_news, takes_more
from services.quote.handlers.plans import plans_of, stand_plans
from services.quote.handlers.take import CANNOT_PROMISE, history_of, name_plans
from services.quote.ledger import Change, Effect, Refusal
from services.quote.store.books import Cause
from services.quote.store.rows import DecisionRow, DeliveryRow, LineRow, OrderRow
from services.quote.version import CODE_VERSION
from shared.contracts.base import from_micro, micro_to_decimal
from shared.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.quote.domain.answer import LinePromise
    from services.quote.domain.request import LineRequest
    from services.quote.ledger import Desk


def _found(desk: Desk, order_id: str, expected_revision: int | None) -> OrderRow:
    order = desk.orders.get(order_id)
    if order is None:
        raise Refusal(404, {"code": "ORDER_NOT_FOUND", "detail": f"There is no order {order_id}."})
    if expected_revision is not None and expected_revision != order.revision:
        raise Refusal(
            409,
            {
                "code": "REVISION_CONFLICT",
                "detail": f"The order is at revision {order.revision}, not {expected_revision}: read it and decide again.",
                "current_revision": order.revision,
                "order": answers.order(order),
            },
        )
    return order


def part_of(order: OrderRow) -> Part:
    """What the order's quantities are in the books: claims, or requirements when another system promised them."""
    return Part.REQUIREMENT if order.elsewhere else Part.CLAIM


def open_entry(order: OrderRow, line: LineRow, delivery: DeliveryRow) -> Entry:
    """What is still open of a delivery, as it stands in its book."""
    detail: dict[str, Any] = {"owner": order.id, "line_ref": line.line_ref, "customer": order.customer, "priority": order.priority}
    if order.elsewhere:
        detail["kind"] = "order_elsewhere"
    else:
        detail["demand_class"] = order.demand_class
    return Entry(part_of(order), delivery.ref, delivery.open, delivery.pick_day, None, detail)


@dataclass(slots=True, eq=False)
class Cancel(Change):
    """Give back what is still open of an order, or of some of its lines. What was shipped stays shipped."""

    order_id: str
    caller: str
    line_refs: frozenset[str] | None = None
    reason: str | None = None
    document: str | None = None
    expected_revision: int | None = None

    @property
    def order_ids(self) -> tuple[str, ...]:
        """The order's row is locked before its books are."""
        return (self.order_id,)

    def decide(self, desk: Desk) -> Effect:
        """Always possible, also on a book that is short; cancelled twice is cancelled."""
        order = _found(desk, self.order_id, self.expected_revision)
        refs = {line.line_ref for line in order.lines} if self.line_refs is None else set(self.line_refs)
        if missing := sorted(refs - {line.line_ref for line in order.lines}):
            raise Refusal.of_place("UNKNOWN_LINE", f"The order has no line {', '.join(missing)}.", "/line_refs")
        going = [line for line in order.lines if line.line_ref in refs and line.is_open]
        if not going:
            if all(line.status in ("cancelled", "closed_short") for line in order.lines if line.line_ref in refs):
                return Effect(200, answers.order(order))
            raise Refusal(409, {"code": "ALREADY_SHIPPED", "detail": "Everything has been shipped.", "order": answers.order(order)})
        effect = Effect(cause=Cause("order-cancelled", order.id, self.caller, self.document))
        lines = []
        for line in order.lines:
            if line not in going:
                lines.append(line)
                continue
            for delivery in line.deliveries:
                if delivery.open:
                    effect.put(line.book_of(delivery), open_entry(order, line, replace(delivery, open=0)))
            done = replace(line, status=line_status(line.quantity, line.shipped, cancelled=True), actual_date=_last_left(desk, line))
            lines.append(replace(done, deliveries=tuple(replace(one, open=0) for one in line.deliveries)))
        cancelled = order.with_lines(tuple(lines), status=order_status(line.status for line in lines), updated_at=desk.now)
        effect.orders.append(cancelled)
        effect.history.append(history_of(cancelled, desk.now, "order-cancelled", self.caller, reason=self.reason, document=self.document))
        effect.events.append(
            events.order("order-cancelled", cancelled, desk.now, reason=self.reason, document=self.document, actor=self.caller)
        )
        effect.body = answers.order(cancelled)
        return effect


@dataclass(slots=True, eq=False)
class Amend(Change):
    """The old claims and the new ones change places in one step; lines that are not named stand."""

    order_id: str
    ask: AmendAsk
    caller: str
    decision_id: str = field(default_factory=lambda: new_id("dec"))

    @property
    def order_ids(self) -> tuple[str, ...]:
        """The order's row is locked before its books are."""
        return (self.order_id,)

    def decide(self, desk: Desk) -> Effect:
        """Reducing and postponing always pass; what needs more is promised anew, or the whole change refused with an offer."""
        found = _found(desk, self.order_id, self.ask.expected_revision)
        order = replace(
            found,
            priority=found.priority if self.ask.priority is None else self.ask.priority,
            frozen=found.frozen if self.ask.frozen is None else self.ask.frozen,
        )
        if order.elsewhere:
            detail = "This order was promised elsewhere: change it there and import it again."
            raise Refusal(409, {"code": "PROMISED_ELSEWHERE", "detail": detail, "allowed": ["import again", "cancel"]})
        if not self.ask.lines:
            return self._ranked_anew(desk, found, order)
        asked = self._lines(order)
        _counted(desk, [asked[change.line_ref] for change in self.ask.lines])
        open_lines = [line for line in order.lines if line.is_open]
        current = [_current(desk, line, order.customer) for line in open_lines]
        wanted = [line_of(desk.board, ask, ref, desk.now, order.customer) for ref, ask in asked.items()]
        decision = decide_change(desk.board, order, current, wanted, desk)
        answered = answers.decision(desk.board, decision, desk.now)
        plans = plans_of(decision, desk.board)
        name_plans(answered, plans)
        request = self.ask.model_dump(mode="json", exclude_defaults=True)
        versions = desk.versions(f"{sku}|{site}" for sku, site in decision.read)
        basis = {"order": found}
        if not is_acceptable(decision, allow_partial=order.allow_partial):
            offer = {"order_id": order.id, **answered, "decision_id": self.decision_id}
            row = DecisionRow(self.decision_id, desk.now, "amend-refused", None, order.id, request, versions, offer, CODE_VERSION, basis)
            return Effect(
                409,
                {"code": CANNOT_PROMISE, "detail": f"The order stands as it was: {decision.summary}", "offer": offer},
                decisions=[row],
            )
        standing = {line.line.line_ref: line for line in current}
        if any(takes_more(_standing(standing.get(line.line_ref), line.sku), line.deliveries) for line in decision.lines):
            refuse_old_news(desk, decision)
        effect = Effect(cause=Cause("order-amended", self.decision_id, self.caller, self.ask.document))
        stand_plans(effect, plans, order.id, desk.now)
        lines: list[LineRow] = []
        promises = {line.line_ref: line for line in decision.lines}
        requests = {line.line_ref: line for line in wanted}
        for line in order.lines:
            if line.line_ref in promises:
                lines.append(
                    self._amended(desk, effect, order, line, promises[line.line_ref], requests[line.line_ref], asked[line.line_ref])
                )
            else:
                lines.append(line)
        for ref, promised in promises.items():
            if order.line(ref) is None and promised.deliveries:
                lines.append(self._added(effect, order, promised, asked[ref]))
        amended = order.with_lines(tuple(lines), status=order_status(line.status for line in lines), updated_at=desk.now)
        effect.orders.append(amended)
        effect.decisions.append(
            DecisionRow(
                self.decision_id, desk.now, "order-amended", order.quote_id, order.id, request, versions, answered, CODE_VERSION, basis
            )
        )
        effect.history.append(
            history_of(
                amended,
                desk.now,
                "order-amended",
                self.caller,
                reason=self.ask.reason,
                document=self.ask.document,
                decision_id=self.decision_id,
            )
        )
        effect.events.append(
            events.order("order-amended", amended, desk.now, reason=self.ask.reason, document=self.ask.document, actor=self.caller)
        )
        _let_look(effect, found, amended)
        effect.body = answers.amended(amended, {**answered, "decision_id": self.decision_id})
        return effect

    def _ranked_anew(self, desk: Desk, found: OrderRow, order: OrderRow) -> Effect:
        """No line changes, only who is served first when supply is short, or whether the order may be moved."""
        if (order.priority, order.frozen) == (found.priority, found.frozen):
            return Effect(200, answers.amended(found, answers.NOTHING_DECIDED))
        amended = order.with_lines(order.lines, updated_at=desk.now)
        effect = Effect(
            200, answers.amended(amended, answers.NOTHING_DECIDED), cause=Cause("order-amended", order.id, self.caller, self.ask.document)
        )
        said = {"reason": self.ask.reason, "document": self.ask.document}
        effect.orders.append(amended)
        effect.history.append(history_of(amended, desk.now, "order-amended", self.caller, **said))
        effect.events.append(events.order("order-amended", amended, desk.now, actor=self.caller, **said))
        _let_look(effect, found, amended)
        return effect

    def _lines(self, order: OrderRow) -> dict[str, LineAsk]:
        """Every open line as it is wanted, by reference. Raises Refusal for changes that cannot be meant."""
        asked: dict[str, LineAsk] = {}
        changes = {change.line_ref: change for change in self.ask.lines}
        for line in order.lines:
            change = changes.pop(line.line_ref, None)
            if not line.is_open:
                if change is not None:
                    detail = f"Line {line.line_ref} is {line.status}; only open lines can be amended."
                    raise Refusal(409, {"code": "LINE_CLOSED", "detail": detail, "line_status": line.status})
                continue
            old = {"sku": line.sku, "quantity": _units(line.quantity), "requested_date": line.requested_date.isoformat()}
            new = {} if change is None else change.model_dump(mode="json", exclude_unset=True)
            new = {name: value for name, value in new.items() if value is not None or name not in old}  # null there: as it was
            # An unnamed line stands, whatever it had asked for; a named one is read with its old wishes.
            asked[line.line_ref] = _asked({**line.request, **old, **new, "line_ref": line.line_ref})
            if change is not None:
                quantity = micro(asked[line.line_ref].quantity)
                if quantity < line.shipped:
                    detail = f"{_units(line.shipped)} of line {line.line_ref} have been shipped, and less than that cannot be promised."
                    raise Refusal(409, {"code": "ALREADY_SHIPPED", "detail": detail, "shipped_quantity": from_micro(line.shipped)})
                if asked[line.line_ref].sku != line.sku and line.shipped:
                    detail = f"Line {line.line_ref} has been shipped in part; its sku stays."
                    raise Refusal(409, {"code": "ALREADY_SHIPPED", "detail": detail})
        for ref, change in changes.items():
            if lacking := [name for name in ("sku", "quantity") if getattr(change, name) is None]:
                detail = f"The order has no line {ref}; a new line needs sku and quantity."
                at = f"/lines/{self.ask.lines.index(change)}"
                raise Refusal.of_place("UNKNOWN_LINE", detail, *(f"{at}/{name}" for name in lacking))
            asked[ref] = _asked(change.model_dump(mode="json", exclude_unset=True))
        if len(order.lines) + len(changes) > MAX_LINES:
            raise Refusal.of_place("TOO_MANY_LINES", f"An order has at most {MAX_LINES} lines.", "/lines")
        return asked

    def _amended(
        self, desk: Desk, effect: Effect, order: OrderRow, line: LineRow, promised: LinePromise, request: LineRequest, asked: LineAsk
    ) -> LineRow:
        standing = tuple(_delivery(one) for one in line.deliveries if one.open)
        target = date.fromordinal(promised.promised_day) if promised.promised_day is not None else line.promised_date
        changes: dict[str, Any] = {
            "requested_date": date.fromordinal(request.requested_day),
            "request": asked.model_dump(mode="json", exclude_defaults=True),
        }
        total = line.shipped + sum(one.quantity for one in promised.deliveries)
        if request.sku == line.sku and tuple(promised.deliveries) == tuple(_not_before(desk.today(one.site), one) for one in standing):
            return replace(line, quantity=total, **changes)
        for one in line.deliveries:
            if one.open:
                effect.put(line.book_of(one), open_entry(order, line, replace(one, open=0)))
        settled = tuple(
            replace(one, ref="", quantity=one.quantity - one.open, open=0) for one in line.deliveries if one.quantity > one.open
        )
        status = line_status(total, line.shipped)
        amended = replace(
            line,
            sku=request.sku,
            quantity=total,
            deliveries=settled + self._deliveries(order, line.line_ref, promised),
            shipped_by_site={site: replace(s, settled=s.quantity) for site, s in line.shipped_by_site.items()},
            promised_date=target,
            times_moved=line.times_moved + (target != line.promised_date),
            status=status,
            actual_date=_last_left(desk, line) if status == SHIPPED else line.actual_date,
            **changes,
        )
        self._claim(effect, order, amended)
        return amended

    def _added(self, effect: Effect, order: OrderRow, promised: LinePromise, asked: LineAsk) -> LineRow:
        day = None if promised.promised_day is None else date.fromordinal(promised.promised_day)
        line = LineRow(
            promised.line_ref, promised.sku, sum(one.quantity for one in promised.deliveries), date.fromordinal(promised.requested_day),
            day, day, None, 0, "confirmed", 0, {}, self._deliveries(order, promised.line_ref, promised),
            asked.model_dump(mode="json", exclude_defaults=True),
        )  # fmt: skip
        self._claim(effect, order, line)
        return line

    def _deliveries(self, order: OrderRow, line_ref: str, promised: LinePromise) -> tuple[DeliveryRow, ...]:
        return tuple(
            DeliveryRow(
                f"{order.id}/{line_ref}/r{order.revision + 1}/{n}", one.site, one.quantity, one.quantity, one.pick_day, one.ship_day,
                one.delivery_day, one.lane, one.sku,
            )
            for n, one in enumerate(promised.deliveries)
        )  # fmt: skip

    @staticmethod
    def _claim(effect: Effect, order: OrderRow, line: LineRow) -> None:
        for one in line.deliveries:
            if one.open:
                effect.put(line.book_of(one), open_entry(order, line, one))


def _asked(wishes: dict[str, Any]) -> LineAsk:
    """A line as it is asked for; a wish that is null is none."""
    return LineAsk.model_validate({name: value for name, value in wishes.items() if value is not None})


def _let_look(effect: Effect, before: OrderRow, after: OrderRow) -> None:
    """Where an order's place among others has changed: its claims say so, and its books are looked at for who is in danger by it."""
    if _place_of(before) == _place_of(after):
        return
    for line in after.lines:
        for one in line.deliveries if line.is_open else ():
            key = line.book_of(one)
            if one.open:
                effect.dangers.setdefault(key, None)
                if all(entry.ref != one.ref for entry in effect.entries.get(key, ())):
                    effect.put(key, open_entry(after, line, one))


def _place_of(order: OrderRow) -> tuple[int, bool, set[str]]:
    return order.priority, order.frozen, {line.line_ref for line in order.lines if line.request.get("frozen")}


def _counted(desk: Desk, lines: Sequence[LineAsk]) -> None:
    """Refuse more decimals than the item of a line has; a change need not name its sku, so that is known only here."""
    for n, line in enumerate(lines):
        item = desk.board.items.get(line.sku)
        if item is not None and micro(line.quantity) % 10 ** (6 - item.decimals):
            detail = f"{line.sku} is counted with {item.decimals} decimals."
            raise Refusal.of_place("INVALID_REQUEST", detail, f"/lines/{n}/quantity")


def _last_left(desk: Desk, line: LineRow) -> date | None:
    """The day at its site on which the last goods left for a line to which nothing more is owed; None when none have."""
    places = ((place.partition("|")[0], one.at) for place, one in line.shipped_by_site.items() if one.quantity)
    return max((date.fromordinal(desk.board.today(site, at)) for site, at in places), default=None)


def _not_before(today: int, one: Delivery) -> Delivery:
    """A delivery whose day has passed is decided as today's; that is no change of the promise."""
    return replace(one, pick_day=max(one.pick_day, today), ship_day=max(one.ship_day, today), delivery_day=max(one.delivery_day, today))


def _standing(before: CurrentLine | None, sku: str) -> tuple[Delivery, ...]:
    """What an order has of a sku by one of its lines."""
    return before.deliveries if before is not None and before.line.sku == sku else ()


def _delivery(row: DeliveryRow) -> Delivery:
    return Delivery(row.site, row.open, row.pick_day, row.ship_day, row.delivery_day, lane=row.lane, sku=row.sku)


def _current(desk: Desk, line: LineRow, customer: str | None) -> CurrentLine:
    ask = LineAsk.model_validate(
        {**line.request, "sku": line.sku, "quantity": _units(line.quantity), "requested_date": line.requested_date.isoformat()}
    )
    return CurrentLine(
        line_of(desk.board, ask, line.line_ref, desk.now, customer),
        tuple(_delivery(one) for one in line.deliveries if one.open),
        None if line.first_promised_date is None else line.first_promised_date.toordinal(),
        None if line.promised_date is None else line.promised_date.toordinal(),
        line.shipped,
    )


def _units(quantity: int) -> str:
    """The quantity as exact text."""
    return f"{micro_to_decimal(quantity):f}"
