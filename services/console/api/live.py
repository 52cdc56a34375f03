"""The one stream of a page: what changed since it was drawn, as HTML ready to be put in its place."""

import asyncio
from collections.abc import AsyncIterable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent

from services.console.api.pages import Days, PageNumber, Wanted
from services.console.api.rendering import Known, render, slug
from services.console.board import Listener
from services.console.domain.values import Pair
from services.console.handlers import Console, dangers, last_promises, load_books

router = APIRouter(include_in_schema=False)

Only = Annotated[str | None, Query(max_length=200)]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which books the page shows, and how far it looks: as its own address says."""

    wanted: Wanted = ""
    number: PageNumber = 1
    days: Days = None
    sku: Only = None
    site: Only = None

    @property
    def one(self) -> Pair | None:
        """The book of the page that shows a single one."""
        return Pair(self.sku, self.site) if self.sku and self.site else None


@router.get("/live", response_class=EventSourceResponse)
async def live(
    console: Known, asked: Annotated[Asked, Depends()], since: Annotated[int, Query(ge=0)] = 0
) -> AsyncIterable[ServerSentEvent]:
    """Events: `book-…` (a picture), `promises`, `clock`, `list` (the page shows other books now: ask for it again)."""
    board = console.board
    shown = {pair.key: pair for pair in _shown(console, asked)}
    days = asked.days or console.settings.horizon_days
    with board.listening(shown) as listener:
        listener.changed = board.moved_since(since, shown)
        while True:
            await listener.news()
            if board.stopping.is_set():
                return
            if listener.list:
                listener.list = False
                if list(shown) != [pair.key for pair in _shown(console, asked)]:
                    yield ServerSentEvent(event="list", raw_data="changed")
            if listener.clock:
                listener.clock = False
                yield ServerSentEvent(event="clock", raw_data=render("parts/clock.html", {"clock": board.clock}))
            async for event in _pictures(console, listener, shown, days, "parts/book_large.html" if asked.one else "parts/book.html"):
                yield event
            if listener.promises and not asked.one:
                listener.promises = False
                promises, trouble = await last_promises(console)
                context = {"promises": promises, "promises_trouble": trouble}
                yield ServerSentEvent(event="promises", raw_data=render("parts/promises.html", context))
            await asyncio.sleep(console.settings.coalesce_milliseconds / 1000)


@router.get("/live/promises", response_class=EventSourceResponse)
async def live_promises(console: Known) -> AsyncIterable[ServerSentEvent]:
    """Events of the page of promises: `dangers` when they are others than before, `clock`.

    Quote tells of risk at once; what people do with alerts is looked at with every second tick of the clock.
    """
    board = console.board
    ticks, drawn = 0, ""
    with board.listening(()) as listener:
        while True:
            await listener.news()
            if board.stopping.is_set():
                return
            if listener.clock:
                listener.clock = False
                ticks += 1
                yield ServerSentEvent(event="clock", raw_data=render("parts/clock.html", {"clock": board.clock}))
            if listener.dangers or ticks % 2:
                listener.dangers = False
                context = {"dangers": await dangers(console), "may_commit": console.settings.may_commit, "said": ""}
                picture = render("parts/dangers.html", context)
                if picture != drawn:
                    drawn = picture
                    yield ServerSentEvent(event="dangers", raw_data=picture)
            await asyncio.sleep(console.settings.coalesce_milliseconds / 1000)


def _shown(console: Console, asked: Asked) -> tuple[Pair, ...]:
    if asked.one:
        return (asked.one,)
    found = console.board.select(asked.wanted)
    size = console.settings.books_per_page
    number = min(asked.number, max(1, -(-len(found) // size)))
    return found[(number - 1) * size : number * size]


async def _pictures(
    console: Console, listener: Listener, shown: dict[str, Pair], days: int, template: str
) -> AsyncIterable[ServerSentEvent]:
    changed, listener.changed = listener.changed, set()
    if not changed:
        return
    books, trouble = await load_books(console, [shown[key] for key in changed], days)
    if trouble:  # the old pictures stand, greyed by the clock's warning; asked again at its next tick
        listener.changed |= changed
        return
    for key in changed:
        context = {"pair": shown[key], "book": books.get(key), "trouble": None, "days": days}
        yield ServerSentEvent(event=slug(key), raw_data=render(template, context))
