"""Working a simulation out again, on the books, orders and master data that it was worked out on."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from services.quote.asks.repromising import RepromiseAsk
from services.quote.handlers.foresight import Foresight
from services.quote.handlers.repromise.scope import MOST_ORDERS, Scope, gather
from services.quote.handlers.repromise.simulation import Simulation
from services.quote.handlers.repromise.tell import as_applied, row_of
from services.quote.store.repromise import orders_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from services.quote.board import Board
    from services.quote.store.rows import OrderRow

Json = dict[str, Any]


@dataclass(slots=True)
class Recalled(Foresight):
    """Sees these orders, on a board on which everything stands already."""

    known: Mapping[str, OrderRow] = field(default_factory=dict)

    async def _read(self, order_ids: Sequence[str]) -> Iterable[OrderRow]:
        return [self.known[order_id] for order_id in order_ids if order_id in self.known]


def simulated_at(basis: Mapping[str, Any]) -> datetime | None:
    """When a simulation was worked out that was applied later; None where it was not kept what it was worked out on."""
    return datetime.fromisoformat(basis["simulated_at"]) if "simulated_at" in basis else None


async def work_out_again(past: Board, at: datetime, basis: Mapping[str, Any], result: Json) -> Json:
    """The answer that the same simulation gives on a board of then, as it was applied."""
    ask = RepromiseAsk.model_validate(result["request"])
    known = {order.id: order for order in orders_of(basis)}
    sight = Recalled(past, None, most_orders=MOST_ORDERS, known=known)
    sight.now = at
    scope = Scope.of(ask, basis["scope"])
    await gather(sight, scope)
    simulation = Simulation(past, sight, scope)
    await simulation.decide()
    answer = row_of(simulation, "", result["request_id"], basis["causes"]).answer
    applied = as_applied({**answer, "id": result["id"]}, result["applied_at"], result["decision_id"])
    return _with_plans_named_as(applied, result)


def _with_plans_named_as(new: Json, old: Json) -> Json:
    """A plan gets its id by chance: those that stand in the same place are the same."""
    text = orjson.dumps(new)
    for one, before in zip(_plan_ids(new), _plan_ids(old), strict=False):
        text = text.replace(one.encode(), before.encode())
    renamed: Json = orjson.loads(text)
    return renamed


def _plan_ids(answer: Json) -> Iterator[str]:
    for kind in ("winners", "losers", "moved"):
        for change in answer[kind]:
            yield from (plan["plan_id"] for plan in change.get("planned_supply", ()))
