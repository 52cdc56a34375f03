"""The pages that are looked at: all books, and one book."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from services.console.api.rendering import Known, page
from services.console.domain.values import Pair
from services.console.handlers import dangers, last_promises, load_books, loads, shelf

router = APIRouter(include_in_schema=False)

Wanted = Annotated[str, Query(alias="q", max_length=200)]
PageNumber = Annotated[int, Query(alias="page", ge=1, le=100_000)]
Days = Annotated[int | None, Query(ge=7, le=366)]
LoadDays = Annotated[int, Query(ge=7, le=60)]
Name = Annotated[str, Query(min_length=1, max_length=200)]


@router.get("/")
async def show_books(console: Known, wanted: Wanted = "", number: PageNumber = 1, days: Days = None) -> HTMLResponse:
    """The first page: every book as a picture, the last promises, the truth clock. Needs no key."""
    days = days or console.settings.horizon_days
    sequence = console.board.sequence
    promises, promises_trouble = await last_promises(console)
    return page(
        "books.html",
        here="books",
        shelf=await shelf(console, wanted, number, days),
        days=days,
        usual_days=console.settings.horizon_days,
        sequence=sequence,
        board=console.board,
        clock=console.board.clock,
        promises=promises,
        promises_trouble=promises_trouble,
    )


@router.get("/book")
async def show_book(console: Known, sku: Name, site: Name, days: Days = None) -> HTMLResponse:
    """One book, large, with the documents behind every figure."""
    days = days or max(console.settings.horizon_days, 90)
    sequence = console.board.sequence
    pair = Pair(sku, site)
    books, trouble = await load_books(console, [pair], days)
    return page(
        "book.html",
        here="books",
        pair=pair,
        book=books.get(pair.key),
        trouble=trouble,
        days=days,
        sequence=sequence,
        clock=console.board.clock,
    )


@router.get("/promises")
async def show_promises(console: Known) -> HTMLResponse:
    """What endangers our promises, by cause, and which promises those are."""
    return page(
        "promises.html",
        here="promises",
        clock=console.board.clock,
        dangers=await dangers(console),
        may_commit=console.settings.may_commit,
        said="",
    )


@router.get("/load")
async def show_load(console: Known, days: LoadDays = 14) -> HTMLResponse:
    """How full each resource is, day by day."""
    found, trouble = await loads(console, days)
    return page("load.html", here="load", clock=console.board.clock, loads=found, trouble=trouble, days=days)
