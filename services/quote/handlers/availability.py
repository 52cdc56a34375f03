"""Availability of books: from the board, or as the ledger stood at a past instant."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from services.quote import answers
from services.quote.domain.stand import Stand
from services.quote.handlers.inquire import BoardShelf
from services.quote.handlers.past import board_as_it_was
from services.quote.store import books
from shared.problems import FieldError, Problem, unprocessable

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    from services.quote.asks.books import BulkAvailabilityAsk
    from services.quote.board import Board
    from services.quote.domain.book import Book
    from services.quote.store.pool import Pool

MOST_DAYS = 1100
"""Three years and a little."""
MOST_ROWS = 500_000
"""Days of all pairs of one call together."""
EMPTY_SPAN = "EMPTY_SPAN"


def availability(
    board: Board, sku: str, site: str, from_date: date | None, to_date: date | None, owner: str | None, demand_class: str | None = None
) -> dict[str, Any] | None:
    """The book now, or None when nothing was ever said about it. Raises a 422 Problem for a span that is no span."""
    book, now = board.book(sku, site), board.now()
    if book is None:
        return None
    if demand_class is None:
        return _shown(board, book, now, from_date, to_date, owner)
    atp_on = atp_of_class(board, sku, site, demand_class, owner, now)
    return {**_shown(board, book, now, from_date, to_date, owner, atp_on), "demand_class": demand_class}


def atp_of_class(board: Board, sku: str, site: str, demand_class: str, owner: str | None, now: datetime) -> Callable[[int], int] | None:
    """What a class may be promised by ship date: the least of what ceilings leave, what floors leave, and ATP."""
    stand = Stand(BoardShelf(board, now), owner, board.world.demand_class(demand_class).lineage)
    place = stand.place(sku, site)
    if place is None:
        return None
    ceilings = stand.rations.ceilings(place)

    def atp_on(day: int) -> int:
        free = place.free.atp_on(day) if place.guard is None else place.guard.room(place, day)
        return min([free, *(max(0, left) for bucket in ceilings if (left := bucket.left(day)) is not None)])

    return atp_on


async def availability_as_of(
    board: Board, pool: Pool, sku: str, site: str, from_date: date | None, to_date: date | None, owner: str | None, at: datetime
) -> dict[str, Any] | None:
    """The book as it stood at `at`: its entries until then, the holds that lived then, the civil date and the master data of then."""
    if at > board.now():
        raise unprocessable("AS_OF_IN_FUTURE", "as_of is a past instant.", [FieldError("/as_of", "future", "must not be in the future")])
    async with pool.slow_read() as connection:
        version = await books.find_version(connection, f"{sku}|{site}", at)
    return None if version is None else await _past(board, pool, sku, site, from_date, to_date, owner, at, version)


async def availability_of_version(
    board: Board, pool: Pool, sku: str, site: str, from_date: date | None, to_date: date | None, owner: str | None, version: int
) -> dict[str, Any] | None:
    """The book at one of its versions, at the instant at which it came to it. Raises a 422 Problem for a version it never had."""
    async with pool.slow_read() as connection:
        at = await books.find_instant(connection, f"{sku}|{site}", version)
    if at is not None:
        return await _past(board, pool, sku, site, from_date, to_date, owner, at, version)
    book = board.book(sku, site)
    if book is None:
        return None
    detail = f"The book is at version {book.version}; version {version} never was."
    raise unprocessable("UNKNOWN_VERSION", detail, [FieldError("/version", "unknown", f"at most {book.version}")])


async def _past(
    board: Board,
    pool: Pool,
    sku: str,
    site: str,
    from_date: date | None,
    to_date: date | None,
    owner: str | None,
    at: datetime,
    version: int,
) -> dict[str, Any]:
    past = await board_as_it_was(board, pool, {f"{sku}|{site}": version}, at, {})
    shown = _shown(past, past.books[f"{sku}|{site}"], at, from_date, to_date, owner)
    for one in shown["inputs"]:
        one["stale"] = True  # how old the news was then, nobody has kept
    return shown


async def availability_of_pairs(board: Board, ask: BulkAvailabilityAsk) -> list[dict[str, Any]]:
    """One element per pair; one that cannot be answered has its error in its place. Others are answered between the pairs.

    Where the days asked for are over at a site already, for it is tomorrow there, that is that pair's own error.
    """
    found = []
    rows = 0
    for pair in ask.pairs:
        await asyncio.sleep(0)
        try:
            one = availability(board, pair.sku, pair.site, ask.from_date, ask.to_date, None)
        except Problem as problem:
            if problem.code != EMPTY_SPAN or ask.from_date is not None:
                raise
            detail = f"It is {answers.iso_day(board.today(pair.site, board.now()))} at {pair.site}, after to_date."
            one = {"sku": pair.sku, "site": pair.site, "error": {"code": EMPTY_SPAN, "detail": detail}}
        if one is None:
            detail = f"Nothing was ever said about {pair.sku} at {pair.site}."
            one = {"sku": pair.sku, "site": pair.site, "error": {"code": "UNKNOWN_BOOK", "detail": detail}}
        rows += len(one.get("days", ()))
        if rows > MOST_ROWS:
            detail = f"At most {MOST_ROWS} days of all pairs together: ask for fewer pairs or days."
            raise unprocessable("TOO_MANY_DAYS", detail, [FieldError("/pairs", "too_many_days", "fewer pairs or days")])
        found.append(one)
    return found


def _shown(
    board: Board,
    book: Book,
    now: datetime,
    from_date: date | None,
    to_date: date | None,
    owner: str | None,
    atp_on: Callable[[int], int] | None = None,
) -> dict[str, Any]:
    today = board.today(book.site, now)
    first = today if from_date is None else from_date.toordinal()
    last = None if to_date is None else to_date.toordinal()
    if last is not None and last < first:
        raise unprocessable(
            EMPTY_SPAN, "to_date lies before from_date.", [FieldError("/to_date", "empty_span", "must not be before from_date")]
        )
    if (max(first, today) if last is None else last) - min(first, today) > MOST_DAYS or first - today > MOST_DAYS:
        raise unprocessable(
            "SPAN_TOO_LONG", f"At most {MOST_DAYS} days at once.", [FieldError("/to_date", "span", f"at most {MOST_DAYS} days")]
        )
    return answers.availability(
        book,
        time_zone=board.time_zone(book.site),
        today=today,
        now=now,
        rules=board.rules(book.sku, book.site),
        from_day=first,
        to_day=last,
        owner=owner,
        found_inputs=board.inputs([book.site], now),
        atp_on=atp_on,
    )
