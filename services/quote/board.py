"""Every book in memory: answers an inquiry without I/O, and follows the ledger of all replicas."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog

from services.quote.domain.allocation import Kind
from services.quote.domain.book import Book
from services.quote.domain.entry import GATE, Entry, Part, holds_stock, is_seen_late
from services.quote.domain.needs import Needs
from services.quote.domain.value import value
from services.quote.store import books, supply
from services.quote.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from services.quote.domain.allocation import Allocation
    from services.quote.domain.rules import Rules
    from services.quote.settings import Settings
    from services.quote.store.pool import Connection, Pool

log = structlog.get_logger()

SUPPLY_TOPIC = "inventory.stock.v1"
CAPACITY_TOPIC = "capacity.plan.v1"
_MINUTES_OF_DAY = 1440


@value(frozen=True, slots=True)
class Input:
    """How fresh a source is: up to when everything it said has been applied."""

    source: str
    site: str
    as_of: datetime | None
    age_seconds: float | None
    stale: bool


class Board:
    """All books, items and sites. Only `follow` and `advance` change it; `book` never waits."""

    def __init__(self, settings: Settings) -> None:
        """An empty board; `load` fills it."""
        self._settings = settings
        self.books: dict[str, Book] = {}
        self.world = World(settings)
        self.items = self.world.items
        self.sites = self.world.sites
        self._sites_of: dict[str, list[str]] = {}
        self._freshness: dict[str, list[datetime | None]] = {}
        self.partitions: dict[str, int] = {}
        """Partitions that a topic has, as far as the broker has told."""
        self.basis: dict[str, Any] = {}
        """What was seen of master data at the last look, and the settings that dates are read by: kept with every decision."""
        self.plans: dict[str, str] = {}
        """The book of every open plan, by the plan's id."""
        self.late_plans: dict[str, str] = {}
        """Of these, those that are now seen to come later than they were planned."""
        self.needs = Needs()
        """What real orders take from which books."""
        self.learned = 0
        """Grows whenever an item, a site or a book that was not known before comes in."""
        self._xid = 0
        self._database_time = datetime.fromtimestamp(0, UTC)
        self._read_at = 0.0
        self.has_age = True
        """Whether news grows old here: on a board of another time nothing is stale, for nothing more is to come."""
        self.loaded = False
        self._looking = asyncio.Lock()
        self.watchers: list[Callable[[str], None]] = []
        """Called with the key of every book that has moved."""

    # -- what an inquiry reads

    def now(self) -> datetime:
        """The database's time at the last look, plus what has passed since on a clock that nobody sets."""
        return self._database_time + timedelta(seconds=time.monotonic() - self._read_at)

    def look_age_seconds(self) -> float:
        """How long ago the ledger was last looked at."""
        return time.monotonic() - self._read_at

    def today(self, site: str, now: datetime) -> int:
        """The civil date at the site, as an ordinal."""
        return self.world.today(site, now)

    def minutes_left(self, site: str, now: datetime) -> int:
        """Whole minutes until midnight at the site."""
        local = self.world.local(site, now)
        return _MINUTES_OF_DAY - local.hour * 60 - local.minute

    def time_zone(self, site: str) -> str:
        """The site's IANA zone; UTC for a site that nobody has described yet."""
        card = self.sites.get(site)
        return "UTC" if card is None else card.time_zone

    def rules(self, sku: str, site: str | None) -> Rules:
        """How the dates of a sku are read at a site."""
        return self.world.rules(sku, site)

    def allocations(self, sku: str) -> Sequence[Allocation]:
        """The ceilings and floors of a sku; a floor that names no site is kept by every site that has the sku."""
        found = self.world.allocations(sku)
        if not found or all(one.sites is not None or one.kind is Kind.CEILING for one in found):
            return found
        everywhere = frozenset(self.sites_of(sku))
        return [one if one.sites is not None or one.kind is Kind.CEILING else replace(one, sites=everywhere) for one in found]

    def sites_of(self, sku: str) -> list[str]:
        """Every site with a book of the sku, by code; where there is none, every site at which it can be made or bought."""
        return self._sites_of.get(sku) or self.world.made_or_bought_at(sku)

    def book(self, sku: str, site: str) -> Book | None:
        """The book of a sku at a site, or None when nothing was ever said about it."""
        book = self.books.get(f"{sku}|{site}")
        return None if book is None or book.version == 0 else book

    def versions(self, read: Iterable[tuple[str, str]]) -> dict[str, int]:
        """The versions of these books, by key, as far as anything was ever said about them."""
        found = {}
        for sku, site in read:
            key = f"{sku}|{site}"
            book = self.books.get(key)
            if book is not None and book.version:
                found[key] = book.version
        return found

    def inputs(self, sites: Iterable[str], now: datetime) -> list[Input]:
        """Freshness of what an answer about these sites was computed from. A partition never heard of makes all unknown."""
        return self._inputs("inventory", SUPPLY_TOPIC, sites, now)

    def _inputs(self, source: str, topic: str, sites: Iterable[str], now: datetime) -> list[Input]:
        partitions = self._freshness.get(topic, ())
        all_heard = partitions and None not in partitions and len(partitions) >= self.partitions.get(topic, 0)
        as_of = min(partitions) if all_heard else None  # type: ignore[type-var]
        age = None if as_of is None else max(0.0, (now - as_of).total_seconds())
        if not self.has_age:
            return [Input(source, site, None, None, stale=False) for site in sites]
        return [Input(source, site, as_of, age, age is None or age > self._stale_after(site)) for site in sites]

    def _stale_after(self, site: str) -> float:
        settled = self.world.policies.of(None, site).freshness
        seconds = None if settled is None else settled.stale_after_seconds
        return self._settings.stale_after_seconds if seconds is None else seconds

    def freshness(self) -> dict[str, list[datetime | None]]:
        """Per topic and partition, up to when it was read."""
        return self._freshness

    def capacity_inputs(self, resources: Sequence[str], now: datetime, made_at: Sequence[str] = ()) -> list[Input]:
        """The same of capacity: once for each site of the resources that an answer asked, and for those at which something is made."""
        if not resources and not made_at:
            return []
        sites = set(made_at)
        if resources:
            known = self.world.all_of("resource")
            sites |= {str(known[name]["site"]) for name in resources if name in known}
        return self._inputs("capacity", CAPACITY_TOPIC, sorted(sites), now) if sites else []

    def fork(self, basis: Mapping[str, Any]) -> Board:
        """A board on which nothing stands, which knows what this one knows at this moment and learns alone; `basis`: of a decision."""
        other = Board(self._settings)
        other.has_age = False
        other.world = self.world.fork(basis.get("past_due_offset_days"), basis.get("past_due_limit_days"))
        other.items, other.sites = other.world.items, other.world.sites
        return other

    def go_back(
        self, definitions: Iterable[supply.Definition], past: Iterable[Book], kept_at: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        """Let a fork be of another time, on which nothing else stands than these books: with the definitions that were otherwise then.

        `kept_at`: the sites that a sku had, where a floor is kept by all of them, also by those that nobody asked.
        """
        for definition in definitions:
            self.world.learn(definition)
        for book in past:
            self.books[book.key] = book
            self._index(book.key, list(book.entries()))
            self._show(book)
        for sku, sites in (kept_at or {}).items():
            if any(one.sites is None and one.kind is not Kind.CEILING for one in self.world.allocations(sku)):
                self._sites_of[sku] = sorted({*self._sites_of.get(sku, ()), *sites})

    # -- how it follows the ledger

    async def load(self, pool: Pool) -> None:
        """Read the whole ledger in one snapshot."""
        async with pool.connection() as connection, connection.transaction():
            await books.renumber(connection)
        async with pool.slow_read() as connection:
            self._xid, at = await books.horizon(connection)
            self._tell_time(at)
            heads = await books.list_heads(connection)
            entries: dict[str, list[Entry]] = {}
            for key, entry in await books.list_current_entries(connection):
                entries.setdefault(key, []).append(entry)
            for head in heads:
                book = self._open(head)
                if head.version:
                    book.apply(entries.get(head.key, ()), head.version, head.ledger_at)
                    self._index(head.key, entries.get(head.key, ()))
                    self._show(book)
            self._learn(*await supply.look_at_definitions(connection))
            self._freshness = await supply.list_freshness(connection)
        self.loaded = True
        log.info("board loaded", books=len(self.books), items=len(self.items), sites=len(self.sites))

    async def look(self, pool: Pool) -> None:
        """Read what other replicas have committed since the last look; repeats are harmless. One look at a time: each sees more."""
        async with self._looking, pool.connection() as connection:
            seen = await supply.glance(connection, self._xid)
            asked = time.monotonic()
            steps: list[books.Step] = []
            if seen.books_moved:
                steps = await books.list_steps_above(connection, self._behind(await books.list_heads(connection, self._xid)))
            found = (seen.seen, list[supply.Definition]())
            if seen.definitions_moved:
                found = await supply.look_at_definitions(connection, self._xid)
            self._tell_time(seen.at, asked)
            self._learn(*found)
            self._freshness = seen.freshness
            self.advance(steps)
            self._xid = seen.xid

    async def catch_up(self, connection: Connection, heads: Iterable[books.BookHead], *, defining: bool = False) -> bool:
        """Read the steps that locked books took without us; True when there were any. `defining`: see `hear`."""
        behind = self._behind(heads)
        if not behind:
            return False
        if GATE in behind:  # allocations that nobody has told us of yet may bind what is decided next
            await self.hear(connection, defining=defining)
        self.advance(await books.list_steps_above(connection, behind))
        return True

    async def follow(self, connection: Connection) -> None:
        """Read the books that have moved since the last look, in a transaction that has begun."""
        await self.catch_up(connection, await books.list_heads(connection, self._xid), defining=True)

    async def hear(self, connection: Connection, *, defining: bool = False) -> None:
        """Read the definitions that were committed since the last look.

        In a transaction that defines, what it has seen is not told: its snapshot sees its own, which are learned at the next look.
        """
        seen, definitions = await supply.look_at_definitions(connection, self._xid)
        self._learn(None if defining else seen, definitions)

    def advance(self, steps: Iterable[books.Step]) -> None:
        """Apply committed versions, each once and in order. A step that skips a version is left for the next look."""
        for step in steps:
            book = self.books.get(step.key)
            if book is None:
                sku, site = step.key.rsplit("|", 1)
                book = self._open(books.BookHead(step.key, sku, site, 0, step.at))
            if step.version == book.version + 1:
                book.apply(step.entries, step.version, step.at)
                self._index(step.key, step.entries)
                if step.version == 1:
                    self._show(book)
                for watcher in self.watchers:
                    watcher(step.key)

    def _behind(self, heads: Iterable[books.BookHead]) -> dict[str, int]:
        behind = {}
        for head in heads:
            book = self.books.get(head.key)
            if book is None:
                book = self._open(head)
            if head.version > book.version:
                behind[head.key] = book.version
        return behind

    def _open(self, head: books.BookHead) -> Book:
        """A book without a version: nobody sees it before its first one, which may come to nothing."""
        book = self.books[head.key] = Book(head.sku, head.site)
        return book

    def _show(self, book: Book) -> None:
        if holds_stock(book.site):
            self._sites_of[book.sku] = sorted({*self._sites_of.get(book.sku, ()), book.site})
        self.learned += 1

    def _index(self, key: str, entries: Sequence[Entry]) -> None:
        self.needs.learn(key, entries)
        for entry in entries:
            if entry.part is Part.PLAN:
                self.plans.pop(entry.ref, None)
                self.late_plans.pop(entry.ref, None)
                if entry.quantity:
                    self.plans[entry.ref] = key
                    if is_seen_late(entry):
                        self.late_plans[entry.ref] = key

    def _tell_time(self, at: datetime, read_at: float | None = None) -> None:
        self._database_time = at
        self._read_at = time.monotonic() if read_at is None else read_at

    def _learn(self, seen: str | None, definitions: Iterable[supply.Definition]) -> None:
        offset, limit = self._settings.past_due_offset_days, self._settings.past_due_limit_days
        if seen is not None:
            self.basis = {"seen": seen, "past_due_offset_days": offset, "past_due_limit_days": limit}
        for definition in definitions:
            if self.world.all_of(definition.kind).get(definition.id) != definition.state:  # a look sees some of the last one again
                self.learned += 1
                self.world.learn(definition)

    def snapshot_state(self) -> dict[str, Any]:
        """How much is on the board, for health and metrics."""
        return {"books": len(self.books), "items": len(self.items), "sites": len(self.sites)}
