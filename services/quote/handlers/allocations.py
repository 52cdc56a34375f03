"""Allocations: put by an administrator, counted anew from all documents under locks, and shown with who has taken what."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from services.quote.answers import iso_day, iso_instant
from services.quote.asks.amounts import micro
from services.quote.asks.masterdata import AllocationAsk
from services.quote.domain.allocation import EARLIEST, LATEST, Kind, Period, taken_in
from services.quote.domain.balance import is_live
from services.quote.domain.entry import BUCKET, GATE, Entry, Part
from services.quote.handlers.classes import check_class
from services.quote.handlers.definitions import Page, list_definitions
from services.quote.ledger import Change, Effect
from services.quote.ledger.counting import anew, bucket_key
from services.quote.store import books, documents, supply
from services.quote.store.books import Cause
from services.quote.store.pool import LOST, RETRYABLE, TOO_SLOW
from services.quote.store.supply import Definition
from services.quote.world import allocation_of
from shared.contracts.base import from_micro
from shared.problems import FieldError, Problem, not_found, unavailable, unprocessable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from services.quote.board import Board
    from services.quote.domain.allocation import Allocation
    from services.quote.domain.book import Book
    from services.quote.ledger import Desk, Door
    from services.quote.store.pool import Connection, Pool
    from services.quote.store.rows import OrderRow, QuoteRow

KIND = "allocation"
ORDERS_AT_ONCE = 500
PERIODS_AHEAD = 3
"""Periods after the present one that are shown though nobody has taken anything in them."""
MOST_PERIODS_SHOWN = 120
MOST_TAKERS_SHOWN = 500


def check_allocation(board: Board, ask: AllocationAsk) -> None:
    """Refuse what no bucket could count. Raises a 422 Problem that names the place."""
    errors = [FieldError(*one) for one in (*_contradictions(ask), *_bad_spans(ask), *_bad_decimals(board, ask))]
    if errors:
        raise unprocessable("INVALID_REQUEST", f"{errors[0].pointer}: {errors[0].message}", errors)


Mistake = tuple[str, str, str]
"""Where, which, and in words."""


def _contradictions(ask: AllocationAsk) -> Iterator[Mistake]:
    if ask.site is not None and ask.sites is not None:
        yield "/site", "site_and_sites", "name either one site or several"
    if (ask.quantity is None) == (ask.periods is None):
        yield "/quantity", "quantity_or_periods", "give either one quantity or periods with a quantity each"
    if ask.periods is not None and (ask.period, ask.from_date, ask.to_date) != (None, None, None):
        yield "/periods", "periods_alone", "periods say their dates themselves: leave out period, from_date and to_date"
    if ask.kind == "ceiling" and ask.release_date is not None:
        yield "/release_date", "ceiling_is_not_released", "only a floor has a release date"
    if ask.kind == "floor" and (ask.period, ask.periods) != (None, None):
        where = "/periods" if ask.period is None else "/period"
        yield where, "floor_has_no_periods", "a floor is kept whatever the ship date, until its release date"


def _bad_spans(ask: AllocationAsk) -> Iterator[Mistake]:
    backwards = "must not be before from_date"
    if ask.from_date is not None and ask.to_date is not None and ask.to_date < ask.from_date:
        yield "/to_date", "empty_span", backwards
    for n, one in enumerate(ask.periods or ()):
        if one.to_date < one.from_date:
            yield f"/periods/{n}/to_date", "empty_span", backwards
    for n, (one, following) in enumerate(pairwise(ask.periods or ())):
        if following.from_date <= one.to_date:
            yield f"/periods/{n + 1}/from_date", "periods_overlap", "periods stand in order and do not overlap"


def _bad_decimals(board: Board, ask: AllocationAsk) -> Iterator[Mistake]:
    item = board.items.get(ask.sku)
    each = [("/quantity", ask.quantity), *((f"/periods/{n}/quantity", one.quantity) for n, one in enumerate(ask.periods or ()))]
    for pointer, quantity in each if item is not None else ():
        if quantity is not None and item is not None and micro(quantity) % 10 ** (6 - item.decimals):
            yield pointer, "quantity_decimals", f"{ask.sku} is counted with {item.decimals} decimals"


@dataclass(slots=True, eq=False)
class DefineAllocation(Change):
    """A definition with its bucket, counted from every hold and order: nobody takes of the sku meanwhile, and nobody misses it after.

    `wanted` is None where the definition stands and only what it counts may have changed: classes came to lie elsewhere.
    """

    board: Board
    name: str
    caller: str
    wanted: dict[str, Any] | None
    expected_revision: int | None = None
    state: dict[str, Any] = field(default_factory=dict)
    _revision: int = 0
    _quotes: list[QuoteRow] = field(default_factory=list)
    _orders: list[OrderRow] = field(default_factory=list)

    async def claim(self, connection: Connection) -> bool:
        """Lock the definition, then every book of the sku; read what was taken. False: it stands already."""
        before = await supply.lock_definition(connection, KIND, self.name)
        self._revision = 0 if before is None else before.revision
        if self.expected_revision not in (None, self._revision):
            detail = f"The allocation is at revision {self._revision}, not {self.expected_revision}: read it and decide again."
            raise Problem(409, "REVISION_CONFLICT", detail, extra={"current_revision": self._revision})
        if self.wanted is None:
            if before is None:
                return False
            self.state = before.state
        else:
            await check_class(connection, self.wanted["demand_class"], "/demand_class")
            wanted = self._with_first_day(None if before is None else before.state)
            if before is not None and before.state == {**wanted, KIND: self.name, "revision": self._revision}:
                self.state = before.state
                return False
            self.state = {**wanted, KIND: self.name, "revision": self._revision + 1}
        await connection.execute("SET LOCAL statement_timeout = '10s'")
        bucket = bucket_key(self.name)
        await books.create(connection, [bucket, GATE])
        await books.lock(connection, [*await books.list_keys(connection, self.state["sku"], self.state["sites"]), bucket, GATE])
        await self._read_taken(connection)
        return True

    def _with_first_day(self, before: dict[str, Any] | None) -> dict[str, Any]:
        """Without periods and a first day it counts from the day of its definition on."""
        wanted = dict(self.wanted or {})
        if wanted["from_date"] is None and wanted["period"] is None and wanted["periods"] is None:
            same = before is not None and all(before[one] == wanted[one] for one in ("kind", "demand_class", "sku", "period", "periods"))
            wanted["from_date"] = before["from_date"] if before is not None and same else iso_day(self._today())
        return wanted

    def _today(self) -> int:
        return self.board.today((self.state.get("sites") or (self.wanted or {}).get("sites") or [""])[0], self.board.now())

    async def _read_taken(self, connection: Connection) -> None:
        allocation = self._allocation()
        present = allocation.period_of(self._today())
        starts = [one.first for one in allocation.periods] or [
            allocation.first if allocation.every is None or present is None else present.first
        ]
        since = date.fromordinal(min(starts))
        classes = self.board.world.classes_inside(allocation.demand_class)
        self._quotes = await documents.list_held(connection, classes)
        self._orders = []
        after = ""
        while found := await documents.list_counted(connection, allocation.sku, classes, since, after, ORDERS_AT_ONCE):
            self._orders += found
            after = max(order.id for order in found)

    def _allocation(self) -> Allocation:
        return allocation_of(self.name, self.state, self.board.world.demand_class(self.state["demand_class"]))

    def decide(self, desk: Desk) -> Effect:
        """The bucket as it must stand, and the gate moved, so that every process learns of it before it takes of the sku again."""
        key = bucket_key(self.name)
        effect = Effect(cause=Cause("allocation-defined", self.name, self.caller))
        book, gate = desk.fork(key), desk.fork(GATE)
        stands = {} if book is None else {entry.ref: entry for entry in book.of(Part.CLAIM)}
        wanted = {} if self.state["closed"] else anew(self._allocation(), self._quotes, self._orders)
        effect.put(key, Entry(Part.CAPACITY, "", 1, None, None, self.state))
        for ref, entry in stands.items():
            if ref not in wanted:
                effect.put(key, Entry(Part.CLAIM, ref, 0, entry.day, None, entry.detail))
        for ref, entry in wanted.items():
            if stands.get(ref) != entry:
                effect.put(key, entry)
        effect.put(GATE, Entry(Part.STOCK, "", 1 if gate is None else gate.version + 1))
        if self.state["revision"] != self._revision:
            effect.definitions.append(Definition(KIND, self.name, self.state["revision"], self.state))
        return effect


async def put_allocation(pool: Pool, board: Board, door: Door, name: str, ask: AllocationAsk, caller: str) -> dict[str, Any]:
    """Take the whole definition over; told again, it changes nothing.

    Raises a 409 Problem on another revision than expected, a 422 Problem that names the place, a 503 where books stay locked.
    """
    check_allocation(board, ask)
    wanted = ask.model_dump(mode="json", exclude={"expected_revision", "site"})
    wanted["sites"] = [ask.site] if ask.site is not None else None if ask.sites is None else sorted(set(ask.sites))
    wanted["closed"] = False
    return await _define(pool, board, door, DefineAllocation(board, name, caller, wanted, ask.expected_revision))


async def close_allocation(
    pool: Pool, board: Board, door: Door, name: str, caller: str, expected_revision: int | None = None
) -> dict[str, Any]:
    """Let it bind nobody any more; closed twice is closed. Raises a 404 Problem where there is none."""
    await board.look(pool)
    before = board.world.all_of(KIND).get(name)
    if before is None:
        raise unknown(name)
    wanted = {**{one: value for one, value in before.items() if one not in (KIND, "revision")}, "closed": True}
    return await _define(pool, board, door, DefineAllocation(board, name, caller, wanted, expected_revision))


async def count_anew(pool: Pool, board: Board, door: Door, caller: str) -> None:
    """Count every allocation again: classes lie inside others than before."""
    for name in sorted(board.world.all_of(KIND)):
        await _define(pool, board, door, DefineAllocation(board, name, caller, None))


async def _define(pool: Pool, board: Board, door: Door, change: DefineAllocation) -> dict[str, Any]:
    await board.look(pool)  # classes that another process has just defined
    try:
        await door.carry_out(change)
        await board.look(pool)
    except (*RETRYABLE, *TOO_SLOW, *LOST) as error:
        raise unavailable("BUSY", "The books are busy; the same request can be sent again.") from error
    return shown(board, change.name, change.state)


def unknown(name: str) -> Problem:
    """404."""
    return not_found("UNKNOWN_ALLOCATION", f"There is no allocation {name!r}.")


def find_allocation(board: Board, name: str) -> dict[str, Any] | None:
    """The allocation as it stands with what was taken of it and by whom, or None."""
    state = board.world.all_of(KIND).get(name)
    return None if state is None else shown(board, name, state)


def list_allocations(board: Board, limit: int, cursor: str | None) -> Page:
    """Allocations by id, each as `find_allocation` shows it."""
    page = list_definitions(board, KIND, limit, cursor)
    return Page([shown(board, one[KIND], one) for one in page.data], page.next_cursor)


# -- how it is shown


def shown(board: Board, name: str, state: dict[str, Any]) -> dict[str, Any]:
    """A definition with its periods: their quantity, what is consumed, what is left, and by whom."""
    allocation = allocation_of(name, state, board.world.demand_class(state["demand_class"]))
    book, now = board.book(name, BUCKET), board.now()
    today = board.today((state["sites"] or [""])[0], now)
    takers: dict[int, list[Entry]] = {}
    for claim in () if book is None else book.of(Part.CLAIM):
        period = allocation.period_of(claim.day or 0)
        if period is not None and is_live(claim, now):
            takers.setdefault(period.first, []).append(claim)
    periods = [_period(book, one, takers.get(one.first, []), now) for one in _periods(allocation, takers, today)]
    found = {**state, "periods": periods}
    if allocation.kind is Kind.FLOOR:
        found["kept"] = periods[0]["left"] if periods and not state["closed"] and allocation.binds_on(today) else 0
    return found


def _periods(allocation: Allocation, takers: Iterable[int], today: int) -> list[Period]:
    """Every period that was named; of those that come again, what has been taken from, the present one and some after it."""
    if allocation.periods:
        return list(allocation.periods)
    if allocation.every is None:
        return [Period(allocation.first, allocation.last, allocation.quantity)]
    wanted = {period.first: period for first in takers if (period := allocation.period_of(first)) is not None}
    day = max(today, allocation.first)
    for _ in range(1 + PERIODS_AHEAD):
        period = allocation.period_of(day)
        if period is None:
            break
        wanted[period.first] = period
        day = period.last + 1
    return [wanted[first] for first in sorted(wanted)][-MOST_PERIODS_SHOWN:]


def _period(book: Book | None, period: Period, claims: list[Entry], now: Any) -> dict[str, Any]:
    consumed = taken_in(book, period, now)
    return {
        "from_date": None if period.first == EARLIEST else iso_day(period.first),
        "to_date": None if period.last == LATEST else iso_day(period.last),
        "quantity": from_micro(period.quantity),
        "consumed": from_micro(consumed),
        "left": from_micro(max(0, period.quantity - consumed)),
        "consumed_by": [_taker(claim) for claim in sorted(claims, key=lambda one: (one.day or 0, one.ref))[:MOST_TAKERS_SHOWN]],
    }


def _taker(claim: Entry) -> dict[str, Any]:
    detail = claim.detail or {}
    return {
        "owner": detail.get("owner"),
        "kind": "order" if claim.expires_at is None else "hold",
        "line_ref": detail.get("line_ref"),
        "customer": detail.get("customer"),
        "demand_class": detail.get("demand_class"),
        "site": detail.get("site"),
        "quantity": from_micro(claim.quantity),
        "ship_date": iso_day(claim.day or 0),
        "expires_at": None if claim.expires_at is None else iso_instant(claim.expires_at),
    }
