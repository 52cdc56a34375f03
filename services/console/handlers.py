"""What the console does: load what a page needs, arrange it, and keep an eye on the four services."""

import asyncio
from collections.abc import Awaitable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

import structlog

from services.console.board import Board
from services.console.domain.values import Alert, AtRisk, Book, Clock, Feed, Load, Pair, Promise
from services.console.gateway import SERVICES, Away, Gateway, Refused
from services.console.settings import Settings

log = structlog.get_logger(__name__)

T = TypeVar("T")
LAST_PROMISES = 20
MOST_RESOURCES = 100
REFRESH_LIST_SECONDS = 30.0
CLOCK_SITES = 50
"""More sites than a reader can take in; a stale one still greys its own pictures."""


@dataclass(frozen=True, slots=True)
class Console:
    """All that a request needs: the way to the services, what is known, what can be turned."""

    settings: Settings
    gateway: Gateway
    board: Board


@dataclass(frozen=True, slots=True)
class Trouble:
    """What could not be shown, in a sentence."""

    service: str
    detail: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """One page of books."""

    wanted: str
    page: int
    pages: int
    found: int
    pairs: tuple[Pair, ...]
    books: dict[str, Book]
    trouble: Trouble | None = None


def now() -> datetime:
    """For the clock on the page and the end of a picture; what a promise depends on is quote's to say."""
    return datetime.now(UTC)  # noqa: TID251 -- nothing is decided on it


async def shelf(console: Console, wanted: str, page: int, days: int) -> Shelf:
    """The page of books that was asked for; a page beyond the last is the last."""
    found = console.board.select(wanted)
    size = console.settings.books_per_page
    pages = max(1, -(-len(found) // size))
    page = min(max(1, page), pages)
    shown = found[(page - 1) * size : page * size]
    books, trouble = await load_books(console, shown, days)
    return Shelf(wanted, page, pages, len(found), shown, books, trouble)


async def load_books(console: Console, pairs: Iterable[Pair], days: int) -> tuple[dict[str, Book], Trouble | None]:
    """The books by key, named, from today on; with the reason when quote does not give them."""
    try:
        books = await console.gateway.books(pairs, None, horizon_end(days))
    except Away as away:
        return {}, Trouble(away.service, away.detail)
    except Refused as refused:
        return {}, Trouble("quote", refused.detail)
    names = console.board.names
    return {book.pair.key: _named(book, names.get(book.sku, ("", ""))) for book in books}, None


def _named(book: Book, name: tuple[str, str]) -> Book:
    return replace(book, name=name[0], uom=name[1])


def horizon_end(days: int) -> date:
    """The last day of the pictures, counted from today in UTC; a site's own today differs by a day at most."""
    return now().date() + timedelta(days=days - 1)


async def last_promises(console: Console) -> tuple[list[Promise], Trouble | None]:
    """The newest answers that were kept, or why they cannot be shown."""
    try:
        return await console.gateway.promises(LAST_PROMISES), None
    except Away as away:
        return [], Trouble(away.service, away.detail)
    except Refused as refused:
        return [], Trouble("quote", refused.detail)


@dataclass(frozen=True, slots=True)
class Dangers:
    """What the page of promises shows; each part comes or says why not."""

    today: date
    alerts: tuple[Alert, ...]
    alerts_trouble: Trouble | None
    at_risk: tuple[AtRisk, ...]
    at_risk_trouble: Trouble | None

    def lane(self, name: str) -> list[Alert]:
        """The alerts of a lane: new, worked, recovered. What stays missed is among the promises."""
        statuses = {"new": "open", "worked": "acknowledged", "recovered": "resolved"}
        return [alert for alert in self.alerts if alert.status == statuses[name]]

    @property
    def missed(self) -> list[AtRisk]:
        """Promises whose day has passed."""
        return [each for each in self.at_risk if each.promised is not None and each.promised < self.today]


async def dangers(console: Console) -> Dangers:
    """Alerts from notifier, the promises behind them from quote."""
    alerts, at_risk = await asyncio.gather(_asked(console.gateway.alerts()), _asked(console.gateway.at_risk()))
    return Dangers(now().date(), tuple(alerts[0]), alerts[1], tuple(at_risk[0]), at_risk[1])


async def attend(console: Console, alert_id: str, verb: str, by: str, key: str, until: datetime) -> None:
    """See, take or snooze an alert, in somebody's name. Who takes one has seen it. Raises Away and Refused."""
    who = {"by": by} if by else {}
    if verb == "snooze":
        await console.gateway.attend(alert_id, "snooze", who | {"until": until.isoformat().replace("+00:00", "Z")}, key)
        return
    if verb == "take":
        await console.gateway.attend(alert_id, "assign", who, key)
    await console.gateway.attend(alert_id, "acknowledge", who, f"{key}-seen")


async def loads(console: Console, days: int) -> tuple[list[Load], Trouble | None]:
    """Every resource with its load of the next days, or why it cannot be shown."""
    names, trouble = await _asked(console.gateway.resources(MOST_RESOURCES))
    today = now().date()
    asked = [console.gateway.load(name, today, today + timedelta(days=days - 1)) for name in names]
    found, quote_trouble = await _asked(asyncio.gather(*asked))
    return [load for load in found if load is not None], trouble or quote_trouble


async def _asked(asking: Awaitable[list[T]]) -> tuple[list[T], Trouble | None]:
    try:
        return await asking, None
    except Away as away:
        return [], Trouble(away.service, away.detail)
    except Refused as refused:
        return [], Trouble("other", refused.detail)


async def watch(console: Console) -> None:
    """Keep the list of books and the truth clock; whatever is away is asked again at the next beat."""
    board, loop = console.board, asyncio.get_running_loop()
    list_due = 0.0
    while not board.stopping.is_set():
        board.tell_time(await read_clock(console))
        if loop.time() >= list_due or board.unknown.is_set():
            board.unknown.clear()
            list_due = loop.time() + (REFRESH_LIST_SECONDS if await refresh_list(console) else console.settings.watch_seconds)
        with suppress(TimeoutError):
            async with asyncio.timeout(console.settings.watch_seconds):
                await board.stopping.wait()
    board.wake_all()


async def refresh_list(console: Console) -> bool:
    """Ask inventory for its books and their names; False when it was away."""
    board = console.board
    before = board.pairs
    try:
        board.names = await console.gateway.items()
        pairs, left_out = await console.gateway.positions(console.settings.listed_books_max)
    except (Away, Refused) as error:
        log.info("list_not_refreshed", detail=str(error))
        return False
    board.replace_pairs(pairs, left_out)
    if board.pairs != before:
        board.list_changed()
    return bool(pairs)


async def read_clock(console: Console) -> Clock:
    """Look at the four services at once, and at how old the supply of each site is in quote's eyes."""
    one_per_site = {pair.site: pair for pair in console.board.pairs}
    looks = asyncio.gather(*(console.gateway.look(name) for name in SERVICES))
    books, _ = await load_books(console, list(one_per_site.values())[:CLOCK_SITES], 2)  # where it is tomorrow already there is no today
    feeds: dict[tuple[str, str], Feed] = {(feed.source, feed.site): feed for book in books.values() for feed in book.feeds}
    return Clock(now(), tuple(feeds[name] for name in sorted(feeds)), tuple(await looks))
