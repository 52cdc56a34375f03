"""What the pages show, as this process knows it now, and who wants to hear when it changes.

Nothing here is kept: it is heard and asked again after every start. `Listener` gathers what changed since its page was
last told, so a page that is slow, or a book that changes a thousand times a second, costs one picture per breath.
"""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from services.console.domain.values import Clock, Pair


@dataclass(slots=True, eq=False)
class Listener:
    """One open page: the books it shows, and what it has not been told yet."""

    shown: frozenset[str]
    changed: set[str] = field(default_factory=set)
    promises: bool = True
    dangers: bool = True
    clock: bool = True
    list: bool = False
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        """Something is to be told."""
        self._news.set()

    async def news(self) -> None:
        """Wait until something is to be told."""
        await self._news.wait()
        self._news.clear()


class Board:
    """The list of books, the truth clock, and the open pages."""

    def __init__(self, listed_max: int, stopping: asyncio.Event | None = None) -> None:
        self.listed_max = listed_max
        self.left_out = 0
        self.names: dict[str, tuple[str, str]] = {}
        self.clock = Clock()
        self.streaming = False
        self.unknown = asyncio.Event()
        """Set when a book was heard of that is not in the list."""
        self.stopping = stopping or asyncio.Event()
        """Set when the process is about to end: open streams end with it."""
        self.sequence = 0
        """Counts the changes heard since the start of this process."""
        self._moved: dict[str, int] = {}
        self._pairs: dict[str, Pair] = {}
        self._listeners: set[Listener] = set()

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """The books in the order of sku and site."""
        return tuple(self._pairs.values())

    def replace_pairs(self, pairs: Iterable[Pair], left_out: int) -> None:
        """The list as inventory has it, together with what was heard of since."""
        merged = {pair.key: pair for pair in (*self._pairs.values(), *pairs)}
        self._pairs = {pair.key: pair for pair in sorted(merged.values(), key=lambda pair: (pair.sku, pair.site))}
        self.left_out = left_out

    def select(self, wanted: str) -> tuple[Pair, ...]:
        """The books whose sku, site or name hold every word of `wanted`."""
        words = wanted.casefold().split()
        return tuple(pair for pair in self._pairs.values() if all(word in self._text(pair) for word in words))

    def _text(self, pair: Pair) -> str:
        return f"{pair.sku} {pair.site} {self.names.get(pair.sku, ('', ''))[0]}".casefold()

    def book_changed(self, pair: Pair) -> None:
        """Tell the pages that show it."""
        if pair.key not in self._pairs:
            if len(self._pairs) < self.listed_max:
                self.replace_pairs([pair], self.left_out)
            self.unknown.set()
        self.sequence += 1
        self._moved[pair.key] = self.sequence
        for listener in self._listeners:
            if pair.key in listener.shown:
                listener.changed.add(pair.key)
                listener.wake()

    def list_changed(self) -> None:
        """Tell every page: it may show other books now."""
        for listener in self._listeners:
            listener.list = True
            listener.wake()

    def moved_since(self, sequence: int, keys: Iterable[str]) -> set[str]:
        """Which of the books changed after `sequence`; all of them when that number is from another life of the process."""
        if sequence > self.sequence:
            return set(keys)
        return {key for key in keys if self._moved.get(key, 0) > sequence}

    def promises_changed(self) -> None:
        """Tell every page."""
        for listener in self._listeners:
            listener.promises = True
            listener.wake()

    def dangers_changed(self) -> None:
        """Tell every page."""
        for listener in self._listeners:
            listener.dangers = True
            listener.wake()

    def everything_changed(self) -> None:
        """After a gap in the stream nobody knows what was missed: every picture is asked for again."""
        self.sequence += 1
        self._moved = dict.fromkeys(self._pairs, self.sequence)
        for listener in self._listeners:
            listener.changed |= listener.shown
        self.promises_changed()
        self.dangers_changed()

    def tell_time(self, clock: Clock) -> None:
        """The truth clock has ticked."""
        self.clock = clock
        for listener in self._listeners:
            listener.clock = True
            listener.wake()

    def wake_all(self) -> None:
        """Let the open streams see that the process stops."""
        for listener in self._listeners:
            listener.wake()

    @contextmanager
    def listening(self, shown: Iterable[str]) -> Iterator[Listener]:
        """A page is open."""
        listener = Listener(frozenset(shown))
        listener.wake()
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
