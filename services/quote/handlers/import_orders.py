"""Orders promised elsewhere: facts, booked with their dates as given, also into the negative; never refused."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from services.quote import events
from services.quote.asks.amounts import micro
from services.quote.asks.orders import ImportedLine, ImportedOrder, UnreadableOrder
from services.quote.domain.shipment import order_status
from services.quote.handlers.change_order import open_entry
from services.quote.handlers.demand import placed
from services.quote.handlers.endanger import by_import
from services.quote.handlers.ship import Left, apply
from services.quote.handlers.take import history_of
from services.quote.ledger import Change, Effect
from services.quote.store import documents
from services.quote.store.books import Cause
from services.quote.store.rows import DeliveryRow, LineRow, OrderRow
from shared.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from services.quote.ledger import Desk
    from services.quote.store.pool import Connection
    from services.quote.store.rows import QuoteRow, UnmatchedRow


@dataclass(slots=True, eq=False)
class ImportOrders(Change):
    """Each order is defined or defined again by its number in its source system; sent twice, nothing changes."""

    told: Sequence[ImportedOrder | UnreadableOrder]
    caller: str
    document: str | None = None
    orders: list[ImportedOrder] = field(init=False)
    ids: list[str] = field(init=False)
    _known: dict[tuple[str, str], OrderRow] = field(default_factory=dict)
    _unmatched: dict[str, list[UnmatchedRow]] = field(default_factory=dict)
    _holders: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """New orders keep their ids through every try."""
        self.orders = [one for one in self.told if isinstance(one, ImportedOrder)]
        self.ids = [new_id("ord") for _ in self.told]

    def new_books(self) -> Iterable[str]:
        """A requirement may be the first that is known of a book."""
        return {f"{line.sku}|{line.site}" for order in self.orders for line in order.lines}

    def numbers(self, quotes: Mapping[str, QuoteRow]) -> tuple[tuple[str, str], ...]:  # noqa: ARG002 -- each order says its own
        """Those of its orders."""
        return tuple((order.source_system or "", order.external_id) for order in self.orders)

    async def read(self, connection: Connection) -> None:
        """The orders as they were imported before, locked; and what was shipped for them before they were known."""
        await documents.lock_names(connection, (order.external_id for order in self.orders))
        numbers = [(order.source_system, order.external_id) for order in self.orders]
        ids = await documents.find_imported(connection, numbers)
        rows = await documents.find_orders(connection, sorted(ids.values()), lock=True)
        self._known = {name: rows[order_id] for name, order_id in ids.items()}
        self._unmatched = {}
        for row in await documents.list_unmatched(connection, {order.external_id for order in self.orders}):
            self._unmatched.setdefault(row.order_id, []).append(row)
        self._holders = await documents.find_holders(connection, self._unmatched) if self._unmatched else {}

    def decide(self, desk: Desk) -> Effect:
        """One result per order."""
        effect = Effect(cause=Cause("order-imported", None, self.caller, self.document))
        results: list[dict[str, Any]] = []
        seen: dict[tuple[str, str], int] = {}
        for n, asked in enumerate(self.told):
            if isinstance(asked, UnreadableOrder):
                errors = [one.as_dict() for one in placed(asked.errors, f"/orders/{n}")]
                results.append({"external_id": asked.external_id, "outcome": "failed", "order_id": None, "errors": errors})
                continue
            name = (asked.source_system or "", asked.external_id)
            if name in seen:
                detail = f"The same number stands in /orders/{seen[name]} of this call."
                errors = [{"pointer": f"/orders/{n}/external_id", "code": "external_id_twice", "message": detail}]
                results.append({"external_id": asked.external_id, "outcome": "failed", "order_id": None, "errors": errors})
                continue
            seen[name] = n
            holder = desk.numbers.get(name)
            known = self._known.get(name)
            if known is None and holder in desk.orders and desk.orders[holder].elsewhere:
                known = desk.orders[holder]  # another import of this batch has just told it
            if holder not in (None, None if known is None else known.id):
                detail = f"Order {holder} has this number already, and was promised here: ship, amend or cancel that one."
                errors = [{"pointer": f"/orders/{n}/external_id", "code": "external_id_taken", "message": detail}]
                results.append({"external_id": asked.external_id, "outcome": "failed", "order_id": None, "errors": errors})
                continue
            outcome, order = self._one(desk, effect, asked, known, self.ids[n])
            results.append(
                {"external_id": asked.external_id, "outcome": outcome, "order_id": order.id, "revision": order.revision, "errors": []}
            )
        effect.body = {"data": results, "replayed": False}
        return effect

    def _one(self, desk: Desk, effect: Effect, asked: ImportedOrder, before: OrderRow | None, new: str) -> tuple[str, OrderRow]:
        before = desk.orders.get(before.id, before) if before is not None else None
        order_id = new if before is None else before.id
        revision = 1 if before is None else before.revision + 1
        old_lines = {} if before is None else {line.line_ref: line for line in before.lines}
        lines: list[LineRow] = []
        for n, line in enumerate(asked.lines):
            ref = line.line_ref or str(n + 1)
            old = old_lines.pop(ref, None)
            if old is not None and _same(old, line):
                lines.append(old)
                continue
            lines.append(_told(order_id, revision, ref, line, old))
        lines.extend(gone if not gone.is_open else _gone(gone) for gone in old_lines.values())
        if before is not None and tuple(lines) == before.lines and (before.customer, before.priority) == (asked.customer, asked.priority):
            return "unchanged", before
        demand_class = desk.board.world.class_of(asked.customer, None)
        order = OrderRow(
            order_id, None, asked.external_id, asked.source_system, asked.customer, demand_class, asked.priority,
            order_status(line.status for line in lines), self.caller, elsewhere=True, allow_partial=True, ship_complete=False,
            revision=revision, created_at=desk.now if before is None else before.created_at, updated_at=desk.now, lines=tuple(lines),
        )  # fmt: skip
        order = self._shipped_so_far(desk, effect, order, before)
        self._claim(effect, before, order)
        effect.orders.append(order)
        kind = "order-promised" if before is None else "order-amended"
        effect.history.append(history_of(order, desk.now, kind, self.caller, document=self.document, reason="promised elsewhere"))
        effect.events.append(events.order(kind, order, desk.now, reason="promised elsewhere", document=self.document, actor=self.caller))
        return ("created" if before is None else "changed"), order

    def _shipped_so_far(self, desk: Desk, effect: Effect, order: OrderRow, before: OrderRow | None) -> OrderRow:
        """What has left already, for lines that are told anew and for orders whose goods left before they were known."""
        lefts = [
            Left(name, line.line_ref, line.sku, site, quantity, shipped.closed, shipped.at)
            for line in (() if before is None else before.lines)
            for site, shipped in line.shipped_by_site.items()
            for name, quantity in (shipped.told or {order.id: shipped.quantity}).items()
        ]
        number = order.external_id or ""
        if (rows := self._unmatched.get(number)) and self._is_its_alone(desk, effect, number, order.id):
            lefts += [Left(number, row.line_ref, row.sku, row.site, row.quantity, row.closed, row.shipped_at) for row in rows]
        shipped, _ = apply(order, lefts, desk)
        return order if shipped is None else replace(shipped, revision=order.revision)

    def _is_its_alone(self, desk: Desk, effect: Effect, number: str, order_id: str) -> bool:
        """Whether no other order has this number: two systems may use the same one, and what left for it left once."""
        holders = {row.id for row in (*desk.orders.values(), *effect.orders) if row.external_id == number}
        return holders | self._holders.get(number, set()) <= {order_id}

    @staticmethod
    def _claim(effect: Effect, before: OrderRow | None, order: OrderRow) -> None:
        """Requirements that are gone go, new ones come."""
        standing = {
            (line.sku, one.site, one.ref): (line, one)
            for line in (() if before is None else before.lines)
            for one in line.deliveries
            if one.open
        }
        for line in order.lines:
            for one in line.deliveries:
                old = standing.pop((line.sku, one.site, one.ref), None)
                if (one.open and (old is None or old[1] != one)) or (old is not None and not one.open):
                    effect.dangers[f"{line.sku}|{one.site}"] = by_import(order, line.sku, one.site, effect.cause.document)
                    effect.put(f"{line.sku}|{one.site}", open_entry(order, line, one))
        for (sku, site, _), (line, one) in standing.items():
            effect.put(f"{sku}|{site}", open_entry(order, line, replace(one, open=0)))


def _same(old: LineRow, line: ImportedLine) -> bool:
    if old.sku != line.sku or old.quantity != micro(line.quantity) or len(old.deliveries) != 1 or old.status == "cancelled":
        return False
    if old.promised_date != line.promised_date or old.requested_date != (line.requested_date or line.promised_date):
        return False
    return old.deliveries[0].site == line.site


def _told(order_id: str, revision: int, ref: str, line: ImportedLine, old: LineRow | None) -> LineRow:
    """A line as its owner tells it now; our first word and the count of moves stay."""
    quantity, day = micro(line.quantity), line.promised_date.toordinal()
    return LineRow(
        line_ref=ref,
        sku=line.sku,
        quantity=quantity,
        requested_date=line.requested_date or line.promised_date,
        first_promised_date=line.promised_date if old is None else old.first_promised_date or line.promised_date,
        promised_date=line.promised_date,
        actual_date=None,
        times_moved=0 if old is None else old.times_moved + (old.promised_date != line.promised_date),
        status="confirmed",
        shipped=0,
        shipped_by_site={},
        deliveries=(DeliveryRow(f"{order_id}/{ref}/r{revision}", line.site, quantity, quantity, day, day, day),),
        request={},
    )


def _gone(line: LineRow) -> LineRow:
    """A line that its owner no longer tells of."""
    status = "closed_short" if line.shipped else "cancelled"
    return replace(line, status=status, deliveries=tuple(replace(one, open=0) for one in line.deliveries))
