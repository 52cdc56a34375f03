"""I12: the promises in danger are exactly the promises in open alerts, whatever the order, the repeats and the batches; on PostgreSQL."""

import itertools
import random
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from services.notifier.handlers.hear import hear_dangers, hear_orders
from shared.contracts.quote import OrderEvent, PromiseRisk
from shared.database import Database
from tests.running import INSTALLATION
from tests.service.notifier.teller import a_cause, a_risk, an_order

GATHER = timedelta(0)
_offsets = itertools.count()


@pytest.fixture(scope="module")
async def schema(database: str) -> AsyncIterator[Database]:
    found = Database(database, "notifier")
    await found.start(INSTALLATION)
    yield found
    await found.close()


@pytest.mark.parametrize("seed", range(25))
async def test_the_promises_in_danger_are_exactly_those_in_open_alerts(schema: Database, seed: int) -> None:
    chance = random.Random(seed)
    prefix = f"any-{seed}"
    lines = [(f"{prefix}-{number}", line) for number in range(3) for line in ("10", "20")]
    causes = [f"PO-{prefix}-{number}" for number in range(3)]
    told: list[tuple[str, PromiseRisk] | OrderEvent] = []
    danger: dict[tuple[str, str], tuple[int, str | None]] = {}
    is_open: dict[tuple[str, str], tuple[int, bool]] = {}
    for revision in range(1, 9):
        for key in lines:
            if chance.random() < 0.6:
                kind = chance.choice(["promise-at-risk", "promise-at-risk", "promise-missed", "promise-recovered"])
                cause = chance.choice(causes)
                told.append((f"quote.risk.{kind}.v1", a_risk(key[0], a_cause(cause), line_ref=key[1], revision=revision)))
                danger[key] = (revision, None if kind == "promise-recovered" else cause)
            if chance.random() < 0.15:
                status = chance.choice(["confirmed", "cancelled", "shipped", "partly_shipped"])
                told.append(an_order(key[0], status, revision, key[1]))
                is_open[key] = (revision, status in {"confirmed", "partly_shipped"})
    sent = told + chance.choices(told, k=len(told) // 2)
    chance.shuffle(sent)
    while sent:
        batch, sent = sent[: (size := chance.randint(1, 8))], sent[size:]
        await _hear(schema, batch)
        await _consistent(schema, prefix)
    expected = {(*key, cause) for key, (_, cause) in danger.items() if cause is not None and is_open.get(key, (0, True))[1]}
    assert await _in_open_alerts(schema, prefix) == expected


async def test_an_offset_that_somebody_else_has_moved_changes_nothing(schema: Database) -> None:
    risk = ("quote.risk.promise-at-risk.v1", a_risk("any-zombie-1", a_cause("PO-any-zombie")))
    assert await schema.run(lambda session: hear_dangers(session, [risk], 90, 0, 1, GATHER))
    late = ("quote.risk.promise-at-risk.v1", a_risk("any-zombie-2", a_cause("PO-any-zombie")))
    assert not await schema.run(lambda session: hear_dangers(session, [late], 90, 0, 1, GATHER))
    assert await _in_open_alerts(schema, "any-zombie") == {("any-zombie-1", "10", "PO-any-zombie")}


async def _hear(schema: Database, batch: list[tuple[str, PromiseRisk] | OrderEvent]) -> None:
    """Apply a batch as the two projections would, each its topic, in this order."""
    partition = next(_offsets) + 1000
    dangers = [each for each in batch if isinstance(each, tuple)]
    orders = [each for each in batch if isinstance(each, OrderEvent)]
    assert await schema.run(lambda session: hear_dangers(session, dangers, partition, 0, 1, GATHER))
    assert await schema.run(lambda session: hear_orders(session, orders, partition, 0, 1, GATHER))


async def _in_open_alerts(schema: Database, prefix: str) -> set[tuple[str, str, str]]:
    async with schema.read() as session:
        rows = await session.execute(
            text("""
                SELECT p.order_id, p.line_ref, a.cause_ref FROM promise AS p JOIN alert AS a ON a.id = p.alert_id
                 WHERE a.status <> 'resolved' AND p.order_id LIKE :prefix
            """),
            {"prefix": f"{prefix}-%"},
        )
        return {(row.order_id, row.line_ref, row.cause_ref) for row in rows}


async def _consistent(schema: Database, prefix: str) -> None:
    """Between any two batches: an alert is open exactly while it has members, counts them, and belongs to one cause."""
    async with schema.read() as session:
        rows = await session.execute(
            text("""
                SELECT a.status, (a.state ->> 'promise_count')::int AS counted, count(p.order_id) AS members FROM alert AS a
                  LEFT JOIN promise AS p ON p.alert_id = a.id WHERE a.cause_ref LIKE :prefix GROUP BY a.id
            """),
            {"prefix": f"PO-{prefix}-%"},
        )
        for row in rows:
            assert row.counted == row.members
            assert (row.status == "resolved") == (row.members == 0)
        history = await session.execute(
            text("""
                SELECT max(h.revision) - count(*) AS gaps FROM alert_history AS h JOIN alert AS a ON a.id = h.alert_id
                 WHERE a.cause_ref LIKE :prefix GROUP BY a.id
            """),
            {"prefix": f"PO-{prefix}-%"},
        )
        assert all(row.gaps == 0 for row in history)
