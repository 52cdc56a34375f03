"""What a batch came to, as it is written: entries, documents, history, decisions, what is said, and what has to be looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from services.quote import events
from services.quote.store import books, documents, lateness, log, outbox, repromise, risk, supply
from services.quote.store.risk import DueRow
from services.quote.store.rows import OrderRow, QuoteRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from services.quote.ledger.desk import Desk, Effect
    from services.quote.store.pool import Connection
    from services.quote.store.risk import RiskCause

Row = TypeVar("Row", QuoteRow, OrderRow)

BOOKS_TOLD_AT_ONCE = 500
"""Their events take a while to write down, and a transaction must not look idle to the database meanwhile."""


async def write(connection: Connection, effects: Sequence[Effect], desk: Desk) -> None:
    """Write what a batch came to, all of it or nothing; the desk remembers what has to be looked at."""
    if desk.steps:
        await books.append(connection, desk.steps)
    if quotes := _last_of(quote for effect in effects for quote in effect.quotes):
        await documents.save_quotes(connection, quotes)
    if orders := _last_of(order for effect in effects for order in effect.orders):
        await documents.save_orders(connection, orders)
    if history := [row for effect in effects for row in effect.history]:
        await documents.add_history(connection, history)
    if unmatched := [row for effect in effects for row in effect.unmatched]:
        await documents.save_unmatched(connection, unmatched)
    await repromise.save(connection, [row for effect in effects for row in effect.repromises])
    if decisions := [row for effect in effects for row in effect.decisions]:
        await log.add_decisions(connection, [replace(row, basis=desk.basis | row.basis) for row in decisions])
    await _remember(connection, effects)
    await _tell(connection, effects, desk)
    desk.due = due_of(effects, desk)
    if desk.due:
        await risk.add_due(connection, desk.due)
    if helped := desk.helped() - {one.key for one in desk.due}:
        desk.helps = await risk.add_awaited(connection, helped)


def due_of(effects: Sequence[Effect], desk: Desk) -> list[DueRow]:
    """What has to be looked at after this batch.

    Books whose promises may be in danger, plans that may not be made as planned, orders of which something was told before.
    """
    dangers: dict[str, RiskCause | None] = {}
    for effect in effects:
        dangers |= effect.dangers
    unmoved = dangers.keys() - desk.moved().keys()
    due = [DueRow(risk.BOOK, key, dangers.get(key)) for key in sorted({*desk.unsafe(), *unmoved})]
    changed = {order.id for effect in effects for order in effect.orders if order.revision > 1 or order.elsewhere}
    changed.update(order_id for effect in effects for order_id in effect.looks)
    due += [DueRow(risk.PLAN, plan_id, cause) for effect in effects for plan_id, cause in effect.remakes.items()]
    return due + [DueRow(risk.ORDER, order_id) for order_id in sorted(changed)]


async def _remember(connection: Connection, effects: Sequence[Effect]) -> None:
    """Keep what others have said, and what it taught."""
    if definitions := [row for effect in effects for row in effect.definitions]:
        await supply.save_definitions(connection, definitions)
    if observed := [one for effect in effects for one in effect.lateness]:
        await lateness.add(connection, observed)
    if revisions := {key: revision for effect in effects for key, revision in effect.revisions.items()}:
        await supply.save_revisions(connection, revisions)


async def _tell(connection: Connection, effects: Sequence[Effect], desk: Desk) -> None:
    """Put what is said into the outbox: of documents first, then of every book that has moved."""
    said = [event for effect in effects for event in effect.events]
    moved = sorted(desk.moved().items())
    while said or moved:
        said += events.availability_of(desk, dict(moved[:BOOKS_TOLD_AT_ONCE]))
        if said:  # of a resource's book nobody is told
            await outbox.append(connection, said)
        said, moved = [], moved[BOOKS_TOLD_AT_ONCE:]


def _last_of(rows: Iterable[Row]) -> list[Row]:
    """Of several states of one document in a batch, the last."""
    return list({row.id: row for row in rows}.values())
