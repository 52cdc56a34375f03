"""Simulations of re-promising: kept as they were answered, with what applying them writes."""

import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from services.quote.store.documents import order_in, plan_fields, plan_in
from services.quote.store.pool import Connection
from services.quote.store.rows import DeliveryRow, OrderRow, PlanRow


@dataclass(slots=True, frozen=True)
class MoveRow:
    """One order line and where its open deliveries go; those that are not named stand."""

    order_id: str
    line_ref: str
    deliveries: tuple[DeliveryRow, ...]
    """By the reference of the delivery that each replaces; those without one come beside what stays."""
    promised_day: int
    reason: str
    dropped: tuple[str, ...] = ()
    """Open deliveries that go without another in their place."""
    plans: tuple[PlanRow, ...] = ()
    """Supply that is planned for it, and for other lines of its order."""


@dataclass(slots=True, frozen=True)
class RepromiseRow:
    """A simulation, applied or not."""

    id: str
    created_at: datetime
    caller: str
    answer: dict[str, Any]
    moves: tuple[MoveRow, ...]
    versions: dict[str, int]
    revisions: dict[str, int]
    days: dict[str, int]
    applied_at: datetime | None = None
    basis: dict[str, Any] = field(default_factory=dict)
    """What it was worked out on that no book tells."""


def _fields(move: MoveRow) -> dict[str, Any]:
    deliveries = [{name: getattr(one, name) for name in DeliveryRow.__slots__} for one in move.deliveries]
    plans = [plan_fields(plan) for plan in move.plans]
    return {name: getattr(move, name) for name in MoveRow.__slots__} | {"deliveries": deliveries, "plans": plans}


def _move(said: dict[str, Any]) -> MoveRow:
    deliveries = tuple(DeliveryRow(**one) for one in said["deliveries"])
    plans = tuple(plan_in(plan) for plan in said.get("plans", ()))
    return MoveRow(**{**said, "deliveries": deliveries, "plans": plans, "dropped": tuple(said.get("dropped", ()))})


def packed(orders: Iterable[OrderRow]) -> str:
    """Orders as a basis keeps them: thousands of them, much alike, in a twentieth of their length."""
    return b64encode(zlib.compress(orjson.dumps(list(orders)))).decode()


def orders_of(basis: Mapping[str, Any]) -> list[OrderRow]:
    """The orders that a basis keeps."""
    return [order_in(one) for one in unpacked(basis)["orders"]]


def unpacked(basis: Mapping[str, Any]) -> dict[str, Any]:
    """A basis with its orders for anybody to read."""
    if not isinstance(basis.get("orders"), str):
        return dict(basis)
    return {**basis, "orders": orjson.loads(zlib.decompress(b64decode(basis["orders"])))}


async def save(connection: Connection, rows: Sequence[RepromiseRow]) -> None:
    """Keep simulations, or that they have been applied."""
    for row in rows:
        await connection.execute(
            """INSERT INTO repromise (id, created_at, caller, answer, moves, versions, revisions, days, applied_at, basis)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
               ON CONFLICT (id) DO UPDATE SET answer = excluded.answer, applied_at = excluded.applied_at""",
            row.id, row.created_at, row.caller, row.answer, [_fields(move) for move in row.moves], row.versions, row.revisions, row.days,
            row.applied_at, row.basis,
        )  # fmt: skip


async def find(connection: Connection, repromise_id: str, *, lock: bool = False) -> RepromiseRow | None:
    """A simulation, or None; locked when asked."""
    row = await connection.fetchrow(f"SELECT * FROM repromise WHERE id = $1 {'FOR UPDATE' if lock else ''}", repromise_id)
    if row is None:
        return None
    return RepromiseRow(**{**dict(row), "moves": tuple(_move(one) for one in row["moves"])})
