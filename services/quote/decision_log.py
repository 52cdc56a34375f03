"""How inquiries are remembered: a bounded queue, written in bulk, a partition a day, dropped after some days."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import asyncpg
import orjson
import structlog

from services.quote.store import log
from services.quote.store.pool import LOST

if TYPE_CHECKING:
    from services.quote.settings import Settings
    from services.quote.store.pool import Pool
    from services.quote.store.rows import InquiryRow

logger = structlog.get_logger()

ROWS_PER_WRITE = 1000
PARTITIONS_AHEAD = 3
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LAST_MILLISECOND = 250_000_000_000_000
"""In the year 9892: a later id was not made here, and there is room to look around it."""


class DecisionLog:
    """Inquiries wait here until they are written; a crash loses at most what waits, overflow is counted."""

    def __init__(self, settings: Settings, pool: Pool) -> None:
        """Nothing is written before `run`."""
        self._settings = settings
        self._pool = pool
        self._waiting: deque[InquiryRow] = deque()
        self._by_id: dict[str, InquiryRow] = {}
        self.lost = 0
        self.written = 0
        self._made_until: datetime | None = None
        self._flushed = asyncio.Event()

    def keep(self, inquiry: InquiryRow) -> None:
        """Remember an answered inquiry; when the queue is full it is counted as lost instead."""
        if len(self._waiting) >= self._settings.log_queue_decisions:
            self.lost += 1
            return
        self._waiting.append(inquiry)
        self._by_id[inquiry.id] = inquiry

    def waiting(self) -> int:
        """Inquiries not yet written."""
        return len(self._waiting)

    async def find(self, quote_id: str) -> InquiryRow | None:
        """The inquiry of that id, also one that another process answered a moment ago: waits up to 1 s for its log."""
        at = instant_of(quote_id)
        if at is None:
            return None
        for wait in (0.0, 0.1, 0.2, 0.3, 0.4):
            await asyncio.sleep(wait)
            if (kept := self._by_id.get(quote_id)) is not None:
                return _read(kept)
            async with self._pool.connection() as connection:
                found = await log.find_inquiry(connection, quote_id, at)
            if found is not None or datetime.now(UTC) - at > timedelta(seconds=10):  # noqa: TID251 -- only how long to look
                return found
        return None

    async def find_decision(self, decision_id: str) -> dict[str, Any] | None:
        """A decision from the log, of a change or of an inquiry; one of a moment ago is waited for up to 1 s."""
        at = instant_of(decision_id)
        for wait in (0.0, 0.1, 0.2, 0.3, 0.4):
            await asyncio.sleep(wait)
            async with self._pool.connection() as connection:
                found = await log.find_decision(connection, decision_id)
            if found is not None or at is None or datetime.now(UTC) - at > timedelta(seconds=10):  # noqa: TID251 -- only how long to look
                return found
        return None

    async def run(self, stop: asyncio.Event) -> None:
        """Write what waits, until told to stop; then once more."""
        while not stop.is_set():
            try:
                async with asyncio.timeout(self._settings.log_flush_milliseconds / 1000):
                    await stop.wait()
            except TimeoutError:
                pass
            await self._write_all()

    async def _write_all(self) -> None:
        try:
            await self._keep_partitions()
            while self._waiting:
                rows = [self._waiting[n] for n in range(min(ROWS_PER_WRITE, len(self._waiting)))]
                async with self._pool.connection() as connection:
                    await log.add_inquiries(connection, rows)
                self.written += len(rows)
                for row in rows:
                    self._waiting.popleft()
                    self._by_id.pop(row.id, None)
        except (*LOST, asyncpg.PostgresError) as error:  # also a full disk, and two replicas that make the same partition at once
            logger.warning("decision log not written, trying again", reason=type(error).__name__, waiting=len(self._waiting))

    async def _keep_partitions(self) -> None:
        now = datetime.now(UTC)  # noqa: TID251 -- which partitions to make ahead; a skewed clock is covered by the margin
        if self._made_until is not None and now < self._made_until - timedelta(days=1):
            return
        first = now.date() - timedelta(days=1)
        async with self._pool.connection() as connection:
            await log.make_partitions(connection, first, PARTITIONS_AHEAD + 1)
            await log.drop_partitions(connection, now.date() - timedelta(days=self._settings.log_days))
        self._made_until = datetime(first.year, first.month, first.day, tzinfo=UTC) + timedelta(days=PARTITIONS_AHEAD)


def _read(row: InquiryRow) -> InquiryRow:
    """With request and answer as they will be read from the log."""
    return replace(row, request=orjson.loads(row.request), result=orjson.loads(row.result))


def instant_of(quote_id: str) -> datetime | None:
    """When a ULID was made, or None for what is not one."""
    text = quote_id.partition("_")[2]
    if len(text) != 26 or any(letter not in _CROCKFORD for letter in text):  # noqa: PLR2004 -- a ULID's length
        return None
    milliseconds = 0
    for letter in text[:10]:
        milliseconds = milliseconds * 32 + _CROCKFORD.index(letter)
    if milliseconds > _LAST_MILLISECOND:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
