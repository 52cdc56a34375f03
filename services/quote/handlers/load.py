"""What resources and suppliers are loaded with: available, claimed and free per day or period, and by whom."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from services.quote import answers
from services.quote.asks.amounts import micro_of
from services.quote.domain.balance import is_live
from services.quote.domain.capacity import available, capacity_of
from services.quote.domain.entry import PERIOD, RESOURCE, Part
from services.quote.domain.sources import WEEK
from services.quote.domain.supplier import on_order
from shared.problems import FieldError, unprocessable

if TYPE_CHECKING:
    from services.quote.board import Board
    from services.quote.domain.entry import Entry

DAYS = 14
MOST_DAYS = 1096
LAST = date.max.toordinal()


def load(board: Board, resource: str, from_date: date | None, to_date: date | None) -> dict[str, Any] | None:
    """The resource day by day, both ends included; None when nothing was ever said about it. Raises a 422 Problem for no span."""
    book = board.book(resource, RESOURCE)
    capacity = None if book is None else capacity_of(book)
    if book is None or capacity is None:
        return None
    now = board.now()
    today = board.today(capacity.site, now)
    first, last = _span(today, from_date, to_date)
    claims: dict[int, list[Entry]] = {}
    for part in (Part.CLAIM, Part.REQUIREMENT):
        for claim in book.of(part):
            if claim.day is not None and first <= claim.day <= last and is_live(claim, now):
                claims.setdefault(claim.day, []).append(claim)
    left = board.minutes_left(capacity.site, now)
    days = [(day, available(capacity, day, today, left), claims.get(day, [])) for day in range(first, last + 1)]
    return answers.load(board, resource, capacity.site, now, book.version, days)


def load_of_supplier(board: Board, terms: str, from_date: date | None, to_date: date | None) -> dict[str, Any] | None:
    """A supplier's terms period by period, every period of which a day is asked for; None when nothing was ever said about them.

    Raises a 422 Problem for no span.
    """
    state = board.world.all_of("supplier_item").get(terms)
    if state is None:
        return None
    now = board.now()
    first, last = _span(board.today(state["site"] or "", now), from_date, to_date)
    length = state["capacity_period_days"] or WEEK
    capacity = None if state["capacity_quantity"] is None else micro_of(state["capacity_quantity"])
    book = board.book(terms, PERIOD)
    claims = [] if book is None else [one for one in book.of(Part.CLAIM) if is_live(one, now)]
    stocks = (board.book(state["sku"], site) for site in ([state["site"]] if state["site"] else board.sites_of(state["sku"])))
    ordered = [on_order(stock, state["supplier"]) for stock in stocks if stock is not None]
    periods = []
    start = (first - 1) // length * length + 1
    while start <= last:
        end = min(start + length - 1, LAST)
        inside = [one for one in claims if one.day is not None and start <= one.day <= end]
        coming = sum(quantity for each in ordered for day, quantity in each.items() if start <= day <= end)
        periods.append((start, end, capacity, coming, inside))
        start = end + 1
    return answers.load_of_supplier(board, state, now, 0 if book is None else book.version, periods)


def _span(today: int, from_date: date | None, to_date: date | None) -> tuple[int, int]:
    first = today if from_date is None else from_date.toordinal()
    last = min(first + DAYS - 1, LAST) if to_date is None else to_date.toordinal()
    if not first <= last < first + MOST_DAYS:
        detail = f"to_date lies from from_date to {MOST_DAYS - 1} days later."
        raise unprocessable("BAD_SPAN", detail, [FieldError("/to_date", "span", detail)])
    return first, last
