"""An inquiry: answered from the board without waiting for anything; what was answered is logged afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from services.quote import answers
from services.quote.domain.assume import AssumingShelf
from services.quote.handlers.demand import assumptions_of, decide
from services.quote.store.rows import InquiryRow
from services.quote.version import CODE_VERSION
from shared.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from services.quote.asks.quotes import QuoteAsk
    from services.quote.board import Board
    from services.quote.decision_log import DecisionLog
    from services.quote.domain.allocation import Allocation
    from services.quote.domain.answer import Decision
    from services.quote.domain.book import Book
    from services.quote.domain.dates import Way
    from services.quote.domain.policy import Costs
    from services.quote.domain.request import Shelf
    from services.quote.domain.rules import Rules
    from services.quote.domain.sources import Source


class BoardShelf:
    """The board's own books at one instant, for a decision that takes nothing."""

    __slots__ = ("_board", "_world", "now")

    def __init__(self, board: Board, now: datetime) -> None:
        """The instant is settled once for the whole decision."""
        self._board = board
        self._world = board.world
        self.now = now

    def book(self, sku: str, site: str) -> Book | None:
        """The book, or None."""
        return self._board.book(sku, site)

    def today(self, site: str) -> int:
        """The civil date at the site."""
        return self._world.today(site, self.now)

    def rules(self, sku: str, site: str) -> Rules:
        """How the dates of a sku are read there."""
        return self._world.rules(sku, site)

    def ways(self, sku: str, site: str, ship_to: str | None, customer: str | None) -> Sequence[Way]:
        """The ways of a sku from a site to a customer."""
        return self._world.ways(sku, site, ship_to, customer, self.now)

    def sources(self, sku: str, site: str) -> Sequence[Source]:
        """Where more of a sku at a site can come from."""
        return self._world.sources(sku, site, self.now)

    def costs(self, sku: str, site: str) -> Costs | None:
        """What lateness and handling of a sku at a site cost."""
        return self._world.costs(sku, site)

    def allocations(self, sku: str) -> Sequence[Allocation]:
        """The ceilings and floors of a sku."""
        return self._board.allocations(sku)

    def knows_class(self, name: str) -> bool:
        """Whether anybody has defined a class of demand."""
        return self._world.knows_class(name)

    def minutes_left(self, site: str) -> int:
        """Minutes until midnight at the site."""
        return self._board.minutes_left(site, self.now)


def answered(
    board: Board, ask: QuoteAsk, now: datetime, quote_id: str, decision_id: str, request_id: str | None
) -> tuple[dict[str, Any], Decision]:
    """What could be held at an instant, and why; and the decision behind it. An order at once is promised no later date."""
    shelf: Shelf = BoardShelf(board, now)
    assuming = AssumingShelf(shelf, assumptions_of(ask)) if ask.assume else None
    found = decide(board, ask, now, assuming or shelf, held_seconds=ask.ttl_seconds)
    body = answers.quote(
        answers.decision(board, found, now),
        quote_id=quote_id,
        status="quoted",
        mode="inquiry",
        decision_id=decision_id,
        request_id=request_id,
        created_at=now,
    )
    if assuming is not None:
        body["assumed"] = [
            {**one.model_dump(mode="json", exclude_none=True), "met": number in assuming.met} for number, one in enumerate(ask.assume)
        ]
    return body, found


def inquire(board: Board, log: DecisionLog, ask: QuoteAsk, asked: bytes, caller: str, request_id: str) -> bytes:
    """What could be promised now, and why, as JSON; the log keeps these bytes, and those that asked. Takes nothing."""
    now = board.now()
    quote_id = new_id("quo")
    decision_id = quote_id.replace("quo", "dec", 1)
    body, found = answered(board, ask, now, quote_id, decision_id, request_id)
    versions = board.versions(found.read)
    answer = orjson.dumps(body)
    log.keep(
        InquiryRow(
            quote_id, now, decision_id, caller, ask.customer, found.outcome, found.summary, asked, versions, answer,
            CODE_VERSION, board.basis,
        )
    )  # fmt: skip
    return answer
