"""What is said: an outcome becomes a contract."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from services.quote.domain.balance import balance, staircase
from services.quote.domain.entry import Part, expected_day, holds_stock, parted
from shared.contracts.base import micro_to_decimal
from shared.contracts.quote import (
    AVAILABILITY_TOPIC,
    ORDERS_TOPIC,
    RISK_TOPIC,
    AtpStep,
    AvailabilityChanged,
    DatedEntry,
    HeldLine,
    HoldEvent,
    OrderEvent,
    OrderLineState,
    PromisedDelivery,
    PromiseRisk,
    RiskCause,
    SupplyPlanned,
    UnmatchedShipment,
)
from shared.outbox import Event

MOST_HOLDS = 2000
"""Holds that one event names one by one: about 400 kB."""
AVAILABILITY_CHANGED = "quote.availability.availability-changed.v1"

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from services.quote.domain.book import Book
    from services.quote.domain.entry import Entry
    from services.quote.domain.request import Shelf
    from services.quote.store.risk import RiskRow
    from services.quote.store.rows import LineRow, OrderRow, PlanRow, QuoteRow, UnmatchedRow


def availability_of(shelf: Shelf, moved: Mapping[str, tuple[str, str | None]]) -> list[Event]:
    """One event per book that a batch has moved (what happened last, by which document), with the state it leaves."""
    said = []
    for key in sorted(moved):
        sku, site = key.rsplit("|", 1)
        book = shelf.book(sku, site)
        if book is not None and holds_stock(site):
            data = availability(shelf, book, *moved[key])
            said.append(Event(topic=AVAILABILITY_TOPIC, key=key, type=AVAILABILITY_CHANGED, subject=key, data=data, occurred_at=shelf.now))
    return said


def availability(shelf: Shelf, book: Book, reason: str | None, document: str | None) -> AvailabilityChanged:
    """A book's whole state: whoever keeps the last one can answer availability alone."""
    today = shelf.today(book.site)
    rules = shelf.rules(book.sku, book.site)
    by_day = book.demand_by_day()
    holds = book.holds()
    for hold in holds:
        day = hold.day or 0
        by_day[day] = by_day.get(day, 0) - hold.quantity
    return AvailabilityChanged(
        revision=book.version,
        occurred_at=shelf.now,
        reason=reason,
        document=document,
        sku=book.sku,
        site=book.site,
        on_hand=micro_to_decimal(book.on_hand),
        safety_stock=micro_to_decimal(book.safety_stock),
        today=date.fromordinal(today),
        receipts=tuple(
            _dated("receipt", one)
            for part in (Part.RECEIPT, Part.PLAN)
            for entry in book.of(part)
            for one in parted(entry)
            if _comes_on(one) is not None
        ),
        demand_by_date=tuple(
            DatedEntry(kind="claim", ref="", quantity=micro_to_decimal(quantity), date=date.fromordinal(day))
            for day, quantity in sorted(by_day.items())
            if quantity
        ),
        holds=_holds([hold for hold in holds if hold.expires_at is not None and hold.expires_at > shelf.now]),
        staircase=tuple(
            AtpStep(date=date.fromordinal(step.day), projected=micro_to_decimal(step.projected), atp=micro_to_decimal(step.atp))
            for step in staircase(balance(book, today, shelf.now, rules))
        ),
    )


def _holds(live: list[Entry]) -> tuple[DatedEntry, ...]:
    """Live holds one by one; where there are too many for one message, those of one date that end in the same minute, hour or day together.

    A sum ends with the last of its holds: a reader may see too little free for a while, never too much.
    """
    if len(live) <= MOST_HOLDS:
        return tuple(_dated("claim", hold) for hold in live)
    sums: dict[tuple[int, datetime], list[Entry]] = {}
    for seconds in (60, 3600, 86400):
        sums = {}
        for hold in live:
            if hold.expires_at is not None:
                at = hold.expires_at.timestamp() / seconds
                ends = (math.ceil(at) if hold.quantity > 0 else math.floor(at)) * seconds  # what comes back ends with the first
                sums.setdefault((hold.day or 1, datetime.fromtimestamp(ends, UTC)), []).append(hold)
        if len(sums) <= MOST_HOLDS:
            break
    return tuple(
        DatedEntry(
            kind="claim",
            ref="",
            quantity=micro_to_decimal(sum(hold.quantity for hold in held)),
            date=date.fromordinal(day),
            expires_at=ends_at,
        )
        for (day, ends_at), held in sorted(sums.items())
    )


def _dated(kind: str, entry: Entry) -> DatedEntry:
    return DatedEntry(
        kind=kind,  # type: ignore[arg-type]
        ref=entry.ref,
        quantity=micro_to_decimal(entry.quantity),
        date=date.fromordinal(_comes_on(entry) or 1),
        expires_at=entry.expires_at,
    )


def _comes_on(entry: Entry) -> int | None:
    """The day that an entry is dated; of supply the one on which it is expected by now, None where nothing known lets it come."""
    return (entry.detail or {}).get("seen_for", entry.day) if entry.part is Part.PLAN else expected_day(entry)


def hold(name: str, quote: QuoteRow, at: datetime, *, reason: str | None = None, actor: str | None = None) -> Event:
    """`quote-held`, `hold-released` or `hold-expired`, with the hold as it stands after."""
    answered = {line["line_ref"]: line for line in quote.answer["lines"]}
    data = HoldEvent(
        revision=quote.revision,
        occurred_at=at,
        reason=reason,
        quote_id=quote.id,
        customer=quote.customer,
        status=quote.status,  # type: ignore[arg-type]
        expires_at=quote.expires_at,
        actor=actor,
        lines=tuple(
            HeldLine(
                line_ref=line_ref,
                sku=line["sku"],
                quantity=line["promised_quantity"],
                promised_date=line["promised_date"],
                deliveries=tuple(PromisedDelivery(**delivery) for delivery in line["deliveries"]),
            )
            for line_ref, line in answered.items()
        ),
    )
    return Event(topic=ORDERS_TOPIC, key=quote.id, type=f"quote.orders.{name}.v1", subject=quote.id, data=data, occurred_at=at)


def order(
    name: str, row: OrderRow, at: datetime, *, reason: str | None = None, document: str | None = None, actor: str | None = None
) -> Event:
    """`order-promised`, `order-amended`, `order-cancelled` or `order-shipped`, with the order as it stands after."""
    data = OrderEvent(
        revision=row.revision,
        occurred_at=at,
        reason=reason,
        document=document,
        order_id=row.id,
        quote_id=row.quote_id,
        external_id=row.external_id,
        source_system=row.source_system,
        customer=row.customer,
        status=row.status,  # type: ignore[arg-type]
        actor=actor,
        lines=tuple(_line(line) for line in row.lines),
    )
    return Event(topic=ORDERS_TOPIC, key=row.quote_id or row.id, type=f"quote.orders.{name}.v1", subject=row.id, data=data, occurred_at=at)


def supply_planned(plan: PlanRow, order_id: str, at: datetime) -> Event:
    """`supply-planned`: what a planner has to release for a promise."""
    data = SupplyPlanned(
        revision=1,
        occurred_at=at,
        plan_id=plan.id,
        kind=plan.kind,  # type: ignore[arg-type]
        sku=plan.sku,
        site=plan.site,
        quantity=micro_to_decimal(plan.quantity),
        due_date=date.fromordinal(plan.due_day),
        start_date=date.fromordinal(plan.start_day),
        latest_start_date=date.fromordinal(plan.latest_start_day),
        from_site=plan.from_site,
        supplier=plan.supplier,
        order_id=order_id,
        line_ref=",".join(plan.line_refs),
    )
    return Event(topic=ORDERS_TOPIC, key=order_id, type="quote.orders.supply-planned.v1", subject=plan.id, data=data, occurred_at=at)


def _line(line: LineRow) -> OrderLineState:
    return OrderLineState(
        line_ref=line.line_ref,
        sku=line.sku,
        quantity=micro_to_decimal(line.quantity),
        requested_date=line.requested_date,
        first_promised_date=line.first_promised_date,
        promised_date=line.promised_date,
        actual_date=line.actual_date,
        times_moved=line.times_moved,
        status=line.status,  # type: ignore[arg-type]
        shipped_quantity=micro_to_decimal(line.shipped),
        deliveries=tuple(
            PromisedDelivery(
                site=delivery.site,
                quantity=micro_to_decimal(delivery.quantity),
                ship_date=date.fromordinal(delivery.ship_day),
                delivery_date=date.fromordinal(delivery.delivery_day),
                sku=delivery.sku,
            )
            for delivery in line.deliveries
        ),
    )


_RISK_NAMES = {"at_risk": "promise-at-risk", "missed": "promise-missed", "recovered": "promise-recovered"}


def risk(row: OrderRow, line: LineRow, state: RiskRow) -> Event:
    """`promise-at-risk`, `promise-missed` or `promise-recovered`: one order line, with what endangers it and what that is worth."""
    still_open = sum(one.open for one in line.deliveries)
    price = line.request.get("unit_price")
    cause = state.cause
    data = PromiseRisk(
        revision=state.revision,
        occurred_at=state.told_at,
        document=None if cause is None else cause.document,
        order_id=row.id,
        line_ref=line.line_ref,
        external_id=row.external_id,
        source_system=row.source_system,
        customer=row.customer,
        demand_class=row.demand_class,
        priority=row.priority,
        sku=line.sku,
        sites=tuple(sorted({one.site for one in line.deliveries if one.open})),
        quantity=micro_to_decimal(still_open),
        requested_date=line.requested_date,
        first_promised_date=line.first_promised_date,
        promised_date=line.promised_date,
        projected_date=state.projected_date,
        slip_days=state.slip_days,
        unsupplied=state.unsupplied,
        value=None if price is None else Decimal(str(price)) * micro_to_decimal(still_open),
        currency=line.request.get("currency"),
        cause=None if cause is None else RiskCause.model_validate(cause, from_attributes=True),
    )
    name = f"quote.risk.{_RISK_NAMES[state.state]}.v1"
    return Event(topic=RISK_TOPIC, key=row.id, type=name, subject=f"{row.id}/{line.line_ref}", data=data, occurred_at=state.told_at)


def unmatched(rows: Iterable[UnmatchedRow], at: datetime, document: str | None) -> list[Event]:
    """`unmatched-shipment`: goods left for nothing we know of."""
    return [
        Event(
            topic=RISK_TOPIC,
            key=row.order_id,
            type="quote.risk.unmatched-shipment.v1",
            subject=row.order_id,
            data=UnmatchedShipment(
                revision=row.revision,
                occurred_at=row.shipped_at,
                document=document,
                order_id=row.order_id,
                line_ref=row.line_ref,
                sku=row.sku,
                site=row.site,
                quantity=micro_to_decimal(row.quantity),
                cause=row.cause,  # type: ignore[arg-type]
            ),
            occurred_at=at,
        )
        for row in rows
    ]
