"""What resources are loaded with: available, claimed and free minutes per day, and by whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.quote import answers
from services.quote.domain.balance import is_live
from services.quote.domain.book import RESOURCE, Part
from services.quote.domain.capacity import available, capacity_of
from shared.problems import FieldError, unprocessable

if TYPE_CHECKING:
    from datetime import date

    from services.quote.board import Board
    from services.quote.domain.book import Entry

DAYS = 14
MOST_DAYS = 1096


def load(board: Board, resource: str, from_date: date | None, to_date: date | None) -> dict[str, Any] | None:
    """The resource day by day, both ends included; None when nothing was ever said about it. Raises a 422 Problem for no span."""
    book = board.book(resource, RESOURCE)
    capacity = None if book is None else capacity_of(book)
    if book is None or capacity is None:
        return None
    now = board.now()
    today = board.today(capacity.site, now)
    first = today if from_date is None else from_date.toordinal()
    last = first + DAYS - 1 if to_date is None else to_date.toordinal()
    if not first <= last < first + MOST_DAYS:
        detail = f"to_date lies from from_date to {MOST_DAYS - 1} days later."
        raise unprocessable("BAD_SPAN", detail, [FieldError("/to_date", "span", detail)])
    claims: dict[int, list[Entry]] = {}
    for part in (Part.CLAIM, Part.REQUIREMENT):
        for claim in book.of(part):
            if claim.day is not None and first <= claim.day <= last and is_live(claim, now):
                claims.setdefault(claim.day, []).append(claim)
    left = board.minutes_left(capacity.site, now)
    days = [(day, available(capacity, day, today, left), claims.get(day, [])) for day in range(first, last + 1)]
    return answers.load(board, resource, capacity.site, now, book.version, days)
