"""Watching promises: what is due is looked at, and who is in danger, safe again or missed is told, each state once.

One transaction takes what is due, reads the orders behind the books, and writes the new states with their events: a process
that dies in between leaves everything due. One process looks at a time; the others wait for their turn.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Final

import structlog

from services.quote import events
from services.quote.domain.bins import is_short
from services.quote.domain.entry import Part
from services.quote.domain.risk import Fate
from services.quote.handlers.endanger import by_midnight, by_way
from services.quote.handlers.foresight import Foresight, OpenLine, name_of, promised_day
from services.quote.handlers.remake import made_anew
from services.quote.handlers.see_supply import SeenSupply, seen_otherwise
from services.quote.store import outbox, risk
from services.quote.store.pool import RETRYABLE, TOO_SLOW
from services.quote.store.risk import AT_RISK, BOOK, CLOSED, MISSED, ORDER, PLAN, RECOVERED, DueRow, RiskRow

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from services.quote.board import Board
    from services.quote.store.pool import Connection, Pool
    from services.quote.store.risk import RiskCause
    from shared.outbox import Event

log = structlog.get_logger()

DUE_AT_ONCE: Final = 500
STATES_AT_ONCE: Final = 5_000
SLOW_SECONDS, FAULT_SECONDS = 4.0, 600.0
"""For how long at most is set aside what had too little time, and what cannot be looked at."""
AWAITED_SECONDS: Final = 2.0
"""How often the books are compared from which somebody in danger was told that he could be served."""
REMAKE_SECONDS: Final = 0.5
"""How long one look plans things once more; the rest is due again."""
BOOKS_BETWEEN: Final = 200
"""Books that midnight looks at before others get their turn."""


class RiskWatch:
    """One per process."""

    def __init__(self, board: Board, pool: Pool, woken: Callable[[], None]) -> None:
        """`woken` is called after every commit that said something."""
        self._board = board
        self._pool = pool
        self._woken = woken
        self._alarm = asyncio.Event()
        self._days: dict[str, date] | None = None
        self._at_once = DUE_AT_ONCE
        self._awaited: dict[str, int] | None = None
        self._compared = 0.0
        self.seen: tuple[SeenSupply, ...] = ()
        """Plans and real orders that the last look saw come on another day than their book says: for the door to write."""

    def alarm(self) -> None:
        """Something was committed that has to be looked at."""
        self._alarm.set()

    async def wait(self, stop: asyncio.Event, seconds: float) -> None:
        """Wait for the alarm, but not past the stop or the time."""
        waiting = [asyncio.ensure_future(self._alarm.wait()), asyncio.ensure_future(stop.wait())]
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for one in waiting:
            one.cancel()
        self._alarm.clear()

    async def look(self) -> bool:
        """Look at what is due, if it is our turn; whether there may be more."""
        async with self._pool.connection() as connection:
            waiting = await risk.list_due(connection, self._at_once)
            if not waiting and await self._call_back(connection):
                waiting = await risk.list_due(connection, self._at_once)
            if not waiting:
                return False
            await self._board.look(self._pool)  # whatever came before it is known then, whoever wrote it
            async with connection.transaction():
                if not await risk.lead(connection):
                    return False
                due = await risk.take_due(connection, waiting)
                look = _Look(self._board, connection, due)
                said = await look.tell() if due else 0
        self.seen = tuple(look.seen)
        self._at_once = min(2 * self._at_once, DUE_AT_ONCE)
        if said:
            self._woken()
        return bool(due)

    async def _call_back(self, connection: Connection) -> bool:
        """Let books be looked at that have moved since they were named to somebody in danger: what they had for him may be gone.

        A book that has more is due with its commit. One that has less and is sound itself asks nothing of the door; so it is
        found here, by its version.
        """
        if time.monotonic() < self._compared + AWAITED_SECONDS:
            return False
        self._compared = time.monotonic()
        awaited = await risk.list_awaited(connection, STATES_AT_ONCE)
        versions = {key: book.version for key in awaited if (book := self._board.books.get(key)) is not None}
        before, self._awaited = self._awaited, versions
        moved = [] if before is None else sorted(key for key, version in versions.items() if before.get(key) != version)
        if moved:
            await risk.add_due(connection, [DueRow(BOOK, key) for key in moved])
        return bool(moved)

    async def step_aside(self, error: Exception) -> None:
        """After a look that failed: halve what is looked at down to the culprit, and set that aside for a while.

        What only had too little time has it again in a few seconds: a busy machine must not keep anybody from being told.
        """
        self.alarm()
        if self._at_once > 1:
            self._at_once //= 2
            return
        async with self._pool.connection() as connection, connection.transaction():
            if await risk.lead(connection):
                await risk.set_aside(connection, SLOW_SECONDS if isinstance(error, (*TOO_SLOW, *RETRYABLE)) else FAULT_SECONDS)
                self._at_once = DUE_AT_ONCE

    async def roll(self) -> None:
        """Where a new civil day has begun: what is past due makes books due, and promises whose date has passed are missed."""
        now = self._board.now()
        today = {site: date.fromordinal(self._board.today(site, now)) for site in self._board.sites}
        if self._days is None:
            async with self._pool.connection() as connection:
                self._days = await risk.list_days(connection)
        for site, day in today.items():
            if self._days.get(site, date.min) < day:
                await self._roll(site, day)
                self._days[site] = day

    async def _roll(self, site: str, day: date) -> None:
        due: list[DueRow] = []
        for number, book in enumerate([book for book in self._board.books.values() if book.site == site]):
            if number % BOOKS_BETWEEN == 0:
                await asyncio.sleep(0)
            cause = by_midnight(book, day.toordinal())
            if cause is not None or is_short(book, day.toordinal(), self._board.now(), self._board.rules(book.sku, book.site)):
                due.append(DueRow(BOOK, book.key, cause))
        async with self._pool.connection() as connection, connection.transaction():
            if not await risk.roll(connection, site, day):
                return  # another process has
            if due:
                await risk.add_due(connection, due)
            await risk.add_overdue(connection, site, day)
        self.alarm()


@dataclass(slots=True)
class _Look:
    """One look at what is due: which books are short, who stands in them, what becomes of each."""

    board: Board
    connection: Connection
    due: Sequence[DueRow]
    sight: Foresight = field(init=False)
    seen: list[SeenSupply] = field(default_factory=list)
    """Plans and real orders that come on another day than their book says."""

    def __post_init__(self) -> None:
        """It sees what the board knows now."""
        self.sight = Foresight(self.board, self.connection)

    async def tell(self) -> int:
        """Write and say what has changed; how many events that were."""
        keys = {one.key for one in self.due if one.kind == BOOK}
        order_ids = {one.key for one in self.due if one.kind == ORDER}
        causes = {one.key: one.cause for one in self.due if one.cause is not None and one.kind == BOOK}
        causes |= await self._remake()
        keys |= {self.board.plans[plan_id] for plan_id in self.sight.remade}
        if causes:
            await risk.save_causes(self.connection, causes)
        standing = await risk.list_open(self.connection, keys, order_ids, STATES_AT_ONCE)
        self.sight.named = order_ids | {row.order_id for row in standing}
        self.sight.wanted = set(self.sight.named)
        await self.sight.gather(keys | {key for row in standing for key in row.books})
        lines = [line for order in self.sight.orders.values() for line in self.sight.open_lines(order)]
        fates = await self.sight.foresee(lines)
        self.seen = seen_otherwise(self.sight, fates)
        if self.seen:  # due until that is written, so that a death in between loses none
            await risk.add_due(self.connection, [DueRow(BOOK, key) for key in sorted({one.key for one in self.seen})])
        return await self._write(lines, fates)

    async def _remake(self) -> dict[str, RiskCause]:
        """Plan once more what may not be made as it was planned; by book, what made a plan late. What there is no time for is due again."""
        causes: dict[str, RiskCause] = {}
        began = time.monotonic()
        later: list[DueRow] = []
        for one in self.due:
            home = self.board.plans.get(one.key) if one.kind == PLAN else None
            plan = None if home is None else self.board.books[home].find(Part.PLAN, one.key)
            if home is None or plan is None:
                continue
            if time.monotonic() - began > REMAKE_SECONDS:
                later.append(one)
                continue
            anew = self.sight.remade[one.key] = made_anew(self.board, self.sight.now, plan, home)
            if one.cause is not None and (anew.day is None or anew.day > self.sight.planned_for(plan, home)):
                causes[home] = one.cause
            await asyncio.sleep(0)
        if later:
            await risk.add_due(self.connection, later)
        return causes

    # -- what is told

    async def _write(self, lines: Sequence[OpenLine], fates: dict[str, Fate]) -> int:
        before = await risk.find_states(self.connection, self.sight.orders)
        blocked = {key for fate in fates.values() for key in fate.blocked}
        causes = await risk.find_causes(self.connection, blocked)
        if sound := [key for key in {one.key for one in self.due if one.kind == BOOK} - blocked if self.sight.is_sound(key)]:
            await risk.forget_causes(self.connection, sound)
        states: list[RiskRow] = []
        said: list[Event] = []
        put_in = {(one.order.id, one.line.line_ref) for one in lines}
        first_of = {one.order.id: name_of(one) for one in reversed(lines)}
        for one in lines:
            fate = fates[first_of[one.order.id] if one.order.ship_complete else name_of(one)]
            state = self._state(one, fate, before.get((one.order.id, one.line.line_ref)), causes)
            if state is not None:
                states.append(state)
                said.append(events.risk(one.order, one.line, state))
        for name, old in before.items():
            line = self.sight.orders[name[0]].line(name[1])
            if name not in put_in and old.is_open and (line is None or not line.is_open):
                states.append(replace(old, state=CLOSED, told_at=self.sight.now))  # shipped or cancelled: the order's own event says so
        if states:
            await risk.save_states(self.connection, states)
        if said:
            await outbox.append(self.connection, said)
        if self.sight.left_out:
            log.warning(
                "a shortage reaches further than one look",
                books=len(self.sight.seen),
                orders=len(self.sight.orders),
                left_out=self.sight.left_out,
            )
        return len(said)

    def _state(self, one: OpenLine, fate: Fate, before: RiskRow | None, causes: dict[str, tuple[int, RiskCause]]) -> RiskRow | None:
        """The line's new state, or None when that was told already."""
        promised = promised_day(one.line)
        today = min((self.board.today(each.site, self.sight.now) for each in one.line.deliveries if each.open), default=promised)
        missed = promised < today
        arrives = self.sight.arrives(one)
        if arrives is not None and fate.day is not None and arrives[0] > max(promised, fate.day):
            fate = replace(fate, day=arrives[0])
        late = fate.day is None or fate.day > promised or fate.elsewhere  # from another site only if somebody says so
        state = MISSED if missed else AT_RISK if late else RECOVERED
        if state == RECOVERED and (before is None or not before.is_open):
            return None
        day = None if fate.day is None else max(fate.day, promised, today if missed else promised)
        could_serve = {route.key for take in one.takes for route in take.others}
        row = RiskRow(
            one.order.id, one.line.line_ref, 1 if before is None else before.revision + 1, state, one.line.promised_date,
            None if day is None else date.fromordinal(day), 0 if day is None else day - promised, day is None,
            self._cause(one, fate, before, causes) if late else None if before is None else before.cause,
            tuple(sorted({*(take.key for take in one.takes), *could_serve, *fate.blocked})), self.sight.now,
        )  # fmt: skip
        if before is None:
            return row
        if state == MISSED and before.state == MISSED and before.promised_date == row.promised_date:
            return None
        if before.is_open and before.state == state and _told(before) == _told(row):
            return None
        return row

    def _cause(self, one: OpenLine, fate: Fate, before: RiskRow | None, causes: dict[str, tuple[int, RiskCause]]) -> RiskCause | None:
        """The last thing that went wrong in the books that are in the way; what was named before stays named while nothing is worse."""
        if before is not None and before.is_open and before.cause is not None:
            same = before.unsupplied == (fate.day is None) and before.projected_date == (
                None if fate.day is None else date.fromordinal(fate.day)
            )
            if same:
                return before.cause
        found = max((causes[key] for key in fate.blocked if key in causes), key=lambda each: each[0], default=None)
        if found is not None:
            return found[1]
        for key in fate.blocked:
            book = self.board.books.get(key)
            cause = None if book is None else by_midnight(book, self.sight.today(book))
            if cause is not None:
                return cause
        if not fate.blocked and (arrives := self.sight.arrives(one)) is not None:
            return by_way(*arrives)
        return None if before is None else before.cause


def _told(row: RiskRow) -> tuple[object, ...]:
    return row.promised_date, row.projected_date, row.unsupplied, row.slip_days, row.cause
