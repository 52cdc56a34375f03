"""Whom a simulation of re-promising is about: the orders, books and dangers that its request means, and everybody's strategy."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from services.quote.domain.demandclass import Strategy
from services.quote.handlers.foresight import is_frozen
from services.quote.store import documents, risk
from shared.problems import FieldError, unprocessable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.quote.asks.repromising import RepromiseAsk
    from services.quote.board import Board
    from services.quote.domain.demandclass import DemandClass
    from services.quote.handlers.foresight import Foresight, OpenLine
    from services.quote.store.pool import Connection

MOST_ORDERS: Final = 5_000
"""Orders that one simulation looks at."""


@dataclass(slots=True)
class Scope:
    """What the names of a request stand for."""

    ask: RepromiseAsk
    strategies: dict[str, Strategy] = field(default_factory=dict)
    """By order id, as the request names them."""
    named: set[str] = field(default_factory=set)
    """The ids of the orders of the scope."""
    books: set[str] = field(default_factory=set)
    """The books of the scope."""
    dangers: set[tuple[str, str]] = field(default_factory=set)
    """Order lines that are at risk or missed."""

    def means(self, one: OpenLine) -> bool:
        """Whether the line is in the scope and may move at all."""
        scope = self.ask.scope
        if one.order.elsewhere or is_frozen(one.order, one.line):
            return False
        if one.order.id in self.strategies:
            return True
        here = not (scope.skus or scope.sites) or any(take.key in self.books for take in one.takes)
        in_danger = not scope.at_risk or (one.order.id, one.line.line_ref) in self.dangers
        return here and in_danger and (not scope.orders or one.order.id in self.named)

    def strategy(self, order_id: str, known: DemandClass) -> Strategy:
        """An order's strategy: its own in the request, that of its class there, the default there, or what its class says."""
        asked = self.ask.strategies
        if order_id in self.strategies:
            return self.strategies[order_id]
        named = (asked.classes[one] for one in (known.lineage or (known.name,)) if one in asked.classes)
        return next(named, None) or asked.default or known.strategy

    def kept(self) -> dict[str, Any]:
        """As JSON keeps it."""
        return {
            "strategies": {order_id: str(one) for order_id, one in self.strategies.items()}, "named": sorted(self.named),
            "books": sorted(self.books), "dangers": sorted(list(one) for one in self.dangers),
        }  # fmt: skip

    @classmethod
    def of(cls, ask: RepromiseAsk, kept: Mapping[str, Any]) -> Scope:
        """From what JSON kept of it."""
        strategies = {order_id: Strategy(one) for order_id, one in kept["strategies"].items()}
        return cls(ask, strategies, set(kept["named"]), set(kept["books"]), {(one, line) for one, line in kept["dangers"]})


async def find_scope(board: Board, connection: Connection, ask: RepromiseAsk) -> Scope:
    """What the names of a request stand for by now. Raises a 422 Problem for what is not there, or too much."""
    scope = Scope(ask, await _orders(connection, ask.strategies.orders, "/strategies/orders"))
    scope.named = set(await _orders(connection, dict.fromkeys(ask.scope.orders or ()), "/scope/orders"))
    scope.books = _books(board, ask)
    if ask.scope.orders and ask.scope.at_risk:
        scope.dangers = set(await risk.find_risks(connection, scope.named))
    elif ask.scope.at_risk:
        rows = await risk.list_in_danger(connection, scope.books or None, MOST_ORDERS + 1)
        scope.dangers = {(row.order_id, row.line_ref) for row in rows}
    return scope


async def gather(sight: Foresight, scope: Scope) -> None:
    """Read the orders of the scope, and whoever stands in short books beside them. Raises a 422 Problem for too much."""
    asked = scope.ask.scope
    named = set(scope.strategies) | (scope.named if asked.orders else {order_id for order_id, _ in scope.dangers})
    _refuse_too_many(len(named))
    whole = set() if asked.orders or asked.at_risk else scope.books
    sight.everybody = frozenset(whole)
    sight.named = named
    sight.wanted = set(named)
    await sight.gather(whole)
    if sight.left_out:
        _refuse_too_many(MOST_ORDERS + 1)


async def _orders(connection: Connection, names: Mapping[str, Any], pointer: str) -> dict[str, Any]:
    found = await documents.find_order_ids(connection, list(names)) if names else {}
    if missing := [name for name in names if name not in found]:
        _refuse(f"{pointer}/{list(names).index(missing[0])}", "unknown_order", f"there is no order {missing[0]}")
    return {found[name]: value for name, value in names.items()}


def _books(board: Board, ask: RepromiseAsk) -> set[str]:
    scope = ask.scope
    for n, sku in enumerate(scope.skus or ()):
        if sku not in board.items and not board.sites_of(sku):
            _refuse(f"/scope/skus/{n}", "unknown_sku", f"the sku {sku} is not known")
    for n, site in enumerate(scope.sites or ()):
        if site not in board.sites:
            _refuse(f"/scope/sites/{n}", "unknown_site", f"the site {site} is not known")
    if scope.skus:
        keys = {f"{sku}|{site}" for sku in scope.skus for site in scope.sites or board.sites_of(sku)}
    else:
        keys = {key for key, book in board.books.items() if book.site in (scope.sites or ())}
    return keys & board.books.keys()


def _refuse(pointer: str, code: str, message: str) -> None:
    raise unprocessable("INVALID_REQUEST", f"{pointer}: {message}", [FieldError(pointer, code, message)])


def _refuse_too_many(count: int) -> None:
    if count > MOST_ORDERS:
        _refuse("/scope", "scope_too_large", f"at most {MOST_ORDERS} orders are decided anew at once: name fewer skus, sites or orders")
