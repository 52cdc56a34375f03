"""Watching promises: what is due is looked at, and who is in danger, safe again or missed is told, each state once.

One transaction takes what is due, reads the orders behind the books, and writes the new states with their events: a process
that dies in between leaves everything due. One process looks at a time; the others wait for their turn.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Final

import structlog

from services.quote import events
from services.quote.domain.balance import balance
from services.quote.domain.book import RESOURCE, Entry, Part
from services.quote.domain.capacity import capacity_of
from services.quote.domain.risk import Bin, Commitment, Fate, Rank, Take, foresee, is_short, resource_bin, stock_bin
from services.quote.handlers.change_order import part_of
from services.quote.handlers.endanger import by_midnight
from services.quote.handlers.see_plans import SeenPlan
from services.quote.store import books, documents, outbox, risk
from services.quote.store.risk import AT_RISK, BOOK, CLOSED, MISSED, RECOVERED, DueRow, RiskRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from services.quote.board import Board
    from services.quote.domain.book import Book, Day
    from services.quote.store.pool import Connection, Pool
    from services.quote.store.risk import RiskCause
    from services.quote.store.rows import DeliveryRow, LineRow, OrderRow
    from shared.outbox import Event

log = structlog.get_logger()

DUE_AT_ONCE: Final = 500
STATES_AT_ONCE: Final = 5_000
MOST_BOOKS: Final = 500
"""Books that one look fills anew; beyond them everybody is taken to stay where he is, until they are due themselves."""
MOST_ORDERS: Final = 2_000
"""Orders that one look puts in anew; of a book with more, those that are served first (by priority and pick day) are taken to stay."""
IN_A_THREAD: Final = 200
"""So many commitments are worked out beside the requests, not between them."""
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
        self.seen: tuple[SeenPlan, ...] = ()
        """Plans that the last look saw come on another day than their book says: for the door to write."""

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
            if not await risk.is_due(connection):
                return False
            async with connection.transaction():
                if not await risk.lead(connection):
                    return False
                due = await risk.take_due(connection, self._at_once)
                if due:
                    await self._board.look(self._pool)  # whatever came before it is known then, whoever wrote it
                look = _Look(self._board, connection, due)
                said = await look.tell() if due else 0
        self.seen = tuple(look.seen_plans)
        self._at_once = min(2 * self._at_once, DUE_AT_ONCE)
        if said:
            self._woken()
        return bool(due)

    async def step_aside(self) -> None:
        """After a look that failed: halve what is looked at down to the culprit, and set that aside for a while."""
        self.alarm()
        if self._at_once > 1:
            self._at_once //= 2
            return
        async with self._pool.connection() as connection, connection.transaction():
            if await risk.lead(connection):
                await risk.set_aside(connection)
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
class _Line:
    """An open order line as it is put in."""

    order: OrderRow
    number: int
    line: LineRow
    takes: tuple[Take, ...]


@dataclass(slots=True)
class _Look:
    """One look at what is due: which books are short, who stands in them, what becomes of each."""

    board: Board
    connection: Connection
    due: Sequence[DueRow]
    now: datetime = field(init=False)
    short: dict[str, bool] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    """Books that are filled anew."""
    wide: set[str] = field(default_factory=set)
    """Of these, those in which everybody is put in anew."""
    plans: dict[str, str] = field(default_factory=dict)
    """Plans that are put in anew, and their books."""
    orders: dict[str, OrderRow] = field(default_factory=dict)
    wanted: set[str] = field(default_factory=set)
    """Orders to be read."""
    named: set[str] = field(default_factory=set)
    """Orders of which every line is looked at."""
    left_out: int = 0
    seen_plans: list[SeenPlan] = field(default_factory=list)
    """Plans that come on another day than their book says."""

    def __post_init__(self) -> None:
        """The instant is the board's."""
        self.now = self.board.now()

    async def tell(self) -> int:
        """Write and say what has changed; how many events that were."""
        keys = {one.key for one in self.due if one.kind == BOOK}
        order_ids = {one.key for one in self.due if one.kind != BOOK}
        causes = {one.key: one.cause for one in self.due if one.cause is not None and one.kind == BOOK}
        if causes:
            await risk.save_causes(self.connection, causes)
        standing = await risk.list_open(self.connection, keys, order_ids, STATES_AT_ONCE)
        self.named = order_ids | {row.order_id for row in standing}
        self.wanted = set(self.named)
        await self._gather(keys | {key for row in standing for key in row.books})
        lines = [line for order in self.orders.values() for line in self._open_lines(order)]
        fates = await self._foresee(lines)
        await self._see_plans(fates)
        return await self._write(lines, fates)

    # -- who is to be looked at

    async def _gather(self, keys: Iterable[str]) -> None:
        """Follow shortages from book to book, over the promises and plans that stand in them."""
        ahead = set(keys)
        while ahead or self.wanted - self.orders.keys():
            fresh = {key for key in ahead if key not in self.seen}
            ahead = set()
            if fresh:
                heads = (await books.read_heads(self.connection, fresh))[1].values()
                await self.board.catch_up(self.connection, heads)
            for key in sorted(fresh):
                ahead |= self._see(key)
            if missing := sorted(self.wanted - self.orders.keys()):
                self.wanted -= set(missing)
                for order in (await documents.find_orders(self.connection, missing, lock=False)).values():
                    self.orders[order.id] = order
                    ahead |= {
                        f"{line.sku}|{one.site}" for line in order.lines if line.is_open for one in line.deliveries if one.open
                    } - self.seen

    def _see(self, key: str) -> set[str]:
        """Take a book in; the books that have to be seen because of it."""
        book = self.board.books.get(key)
        if book is None or len(self.seen) >= MOST_BOOKS:
            self.left_out += book is not None
            return set()
        self.seen.add(key)
        ahead: set[str] = set()
        late = False
        for plan in book.of(Part.PLAN):
            needs = _needs_of(plan)
            if plan.ref in self.plans or "seen_for" in (plan.detail or {}) or any(self._is_short(other) for other in needs):
                late = True
                self._put_in(plan.ref, key)
                ahead |= needs
        if late or self._is_short(key):
            ahead |= self._widen(book)
        for plan_id, home in self.board.late_plans.items():
            one = self.board.books[home].find(Part.PLAN, plan_id)
            if one is not None and key in _needs_of(one):  # what made it late may be over
                self._put_in(plan_id, home)
                ahead.add(home)
        return ahead

    def _is_short(self, key: str) -> bool:
        if key not in self.short:
            book = self.board.books.get(key)
            self.short[key] = book is not None and is_short(book, self._today(book), self.now, self.board.rules(book.sku, book.site))
        return self.short[key]

    def _is_sound(self, key: str) -> bool:
        """Whether nobody lacks anything there, holds and safety stock included: whoever is confirmed next endangers nobody."""
        book = self.board.books.get(key)
        if book is None or book.site == RESOURCE:
            return not self._is_short(key)
        return min(balance(book, self._today(book), self.now, self.board.rules(book.sku, book.site)).projected) >= 0

    def _widen(self, book: Book) -> set[str]:
        """Everybody who stands in a short book is put in anew."""
        self.wide.add(book.key)
        ahead: set[str] = set()
        owners: dict[str, tuple[int, int, str]] = {}
        for part in (Part.CLAIM, Part.REQUIREMENT):
            for claim in book.of(part):
                detail = claim.detail or {}
                if claim.expires_at is not None:
                    continue
                if "plan" in detail:
                    plan_id = detail["plan"]
                    if (home := self.board.plans.get(plan_id)) is not None:
                        self._put_in(plan_id, home)
                        plan = self.board.books[home].find(Part.PLAN, plan_id)
                        ahead |= {home} | (set() if plan is None else _needs_of(plan))
                        if home in self.seen and home not in self.wide:
                            ahead |= self._widen(self.board.books[home])
                elif part is Part.CLAIM or detail.get("kind") == "order_elsewhere":
                    owner = str(detail.get("owner", ""))
                    found = (int(detail.get("priority", 0)), claim.day or 0, owner)
                    owners[owner] = max(owners.get(owner, found), found)
        room = max(0, MOST_ORDERS - len(self.wanted | self.orders.keys()))
        last = sorted(owners.values())
        self.left_out += max(0, len(last) - room)
        self.wanted |= {owner for _, _, owner in last[len(last) - room :]} if room else set()
        return ahead - self.seen

    def _put_in(self, plan_id: str, home: str) -> None:
        self.plans[plan_id] = home
        plan = self.board.books[home].find(Part.PLAN, plan_id)
        order_id = None if plan is None else (plan.detail or {}).get("order_id")
        if order_id and order_id not in self.orders:
            self.wanted.add(order_id)

    # -- as the kernel wants it

    def _open_lines(self, order: OrderRow) -> list[_Line]:
        """The lines of an order that are put in: all of one that ships complete or is named, else those that stand in a short book."""
        found = []
        for number, line in enumerate(order.lines):
            if line.is_open and line.promised_date is not None:
                takes = tuple(take for one in line.deliveries if one.open and (take := self._take(order, line, one)) is not None)
                found.append(_Line(order, number, line, takes))
        touched = any(take.key in self.wide for one in found for take in one.takes)
        if order.id in self.named or (order.ship_complete and touched):
            return found
        return [one for one in found if any(take.key in self.wide for take in one.takes)]

    def _take(self, order: OrderRow, line: LineRow, one: DeliveryRow) -> Take | None:
        key = f"{line.sku}|{one.site}"
        book = self.board.books.get(key)
        claim = None if book is None else book.find(part_of(order), one.ref)
        if claim is None or claim.day is None:
            return None  # just now shipped, cancelled or amended: that is due as well
        return Take(key, claim.day, claim.quantity, one.delivery_day, self._way(order, line, one))

    def _way(self, order: OrderRow, line: LineRow, one: DeliveryRow) -> Callable[[Day], Day | None]:
        ways = () if order.elsewhere else self.board.world.ways(line.sku, one.site, line.request.get("ship_to"), order.customer, self.now)
        way = next((way for way in ways if way.lane == one.lane), ways[0] if ways else None)
        if way is None:
            return lambda day: day + max(0, one.delivery_day - one.pick_day)

        def deliver(day: Day) -> Day | None:
            hop = way.deliver(day)
            return None if hop is None else hop[2]

        return deliver

    async def _foresee(self, lines: Sequence[_Line]) -> dict[str, Fate]:
        if not lines and not self.plans:
            return {}
        commitments = self._commitments(lines) + self._planned()
        moving: dict[str, list[Take]] = {}
        for one in commitments:
            for take in one.takes:
                moving.setdefault(take.key, []).append(take)
            if one.brings is not None:
                moving.setdefault(one.brings, [])
        today = {key: self._today(self.board.books[key]) for key in moving}
        plans: dict[str, list[str]] = {}
        for plan_id, home in self.plans.items():
            plans.setdefault(home, []).append(plan_id)

        def fill(key: str) -> Bin:
            book = self.board.books[key]
            if book.site == RESOURCE:
                return resource_bin(book, today[key], moving[key])
            return stock_bin(book, today[key], self.board.rules(book.sku, book.site), moving[key], plans.get(key, ()))

        bins = {key: fill(key) for key in moving}
        if len(commitments) > IN_A_THREAD:
            return await asyncio.to_thread(foresee, commitments, bins)
        return foresee(commitments, bins)

    def _commitments(self, lines: Sequence[_Line]) -> list[Commitment]:
        found = []
        together: dict[str, list[_Line]] = {}
        for one in lines:
            if one.order.ship_complete:
                together.setdefault(one.order.id, []).append(one)
            else:
                found.append(Commitment(_name(one), self._rank(one.order, one.line, one.number), one.takes, _promised(one.line)))
        for group in together.values():
            rank = min(self._rank(one.order, one.line, one.number) for one in group)
            takes = tuple(take for one in group for take in one.takes)
            found.append(Commitment(_name(group[0]), rank, takes, max(_promised(one.line) for one in group)))
        return found

    def _planned(self) -> list[Commitment]:
        found = []
        for plan_id, home in self.plans.items():
            plan = self.board.books[home].find(Part.PLAN, plan_id)
            if plan is None or home not in self.seen:
                continue
            detail = plan.detail or {}
            takes = []
            for key, ref in detail.get("claims", ()):
                book = self.board.books.get(key)
                claim = None if book is None else book.find(Part.CLAIM, ref)
                if claim is not None and claim.day is not None and key in self.seen:
                    takes.append(Take(key, claim.day, claim.quantity))
            order = self.orders.get(str(detail.get("order_id")))
            due = self.board.rules(*home.rsplit("|", 1)).plan_due_on(plan, self._today(self.board.books[home]))
            rank = self._rank_of_plan(order, plan)
            found.append(Commitment(plan_id, rank, tuple(takes), None, home, plan.quantity, due))
        return found

    @staticmethod
    def _rank(order: OrderRow, line: LineRow, number: int, of_plan: int = 1) -> Rank:
        """Frozen and class rank have no source yet; then priority, first promised date, sequence. A plan goes before what it is for."""
        first = line.first_promised_date or line.promised_date or date.max
        return (order.priority, first.toordinal(), order.id, number, of_plan)

    def _rank_of_plan(self, order: OrderRow | None, plan: Entry) -> Rank:
        """That of the first line it is for; one that is for nobody any more comes last."""
        refs = (plan.detail or {}).get("line_refs", ())
        ranks = [
            self._rank(order, line, number, 0)
            for number, line in enumerate(() if order is None else order.lines)
            if order is not None and line.line_ref in refs and line.is_open
        ]
        return min(ranks, default=(2**31, 0, plan.ref, 0, 0))

    def _today(self, book: Book) -> Day:
        site = book.site
        if site == RESOURCE:
            capacity = capacity_of(book)
            site = "" if capacity is None else capacity.site
        return self.board.today(site, self.now)

    # -- what is told

    async def _see_plans(self, fates: dict[str, Fate]) -> None:
        """Plans that come on another day than their book says: due until that is written, so that a death in between loses none."""
        for plan_id, home in self.plans.items():
            book = self.board.books[home]
            plan, fate = book.find(Part.PLAN, plan_id), fates.get(plan_id)
            if plan is None or fate is None:
                continue
            late = fate.day is None or fate.day > self.board.rules(book.sku, book.site).plan_due_on(plan, self._today(book))
            seen = SeenPlan(plan_id, plan.day, late=late, day=fate.day if late else None)
            if seen.stands_in(plan):
                continue
            self.seen_plans.append(seen)
        if self.seen_plans:
            homes = {self.plans[one.plan_id] for one in self.seen_plans}
            await risk.add_due(self.connection, [DueRow(BOOK, key) for key in sorted(homes)])

    async def _write(self, lines: Sequence[_Line], fates: dict[str, Fate]) -> int:
        before = await risk.find_states(self.connection, self.orders)
        blocked = {key for fate in fates.values() for key in fate.blocked}
        causes = await risk.find_causes(self.connection, blocked)
        if sound := [key for key in {one.key for one in self.due if one.kind == BOOK} - blocked if self._is_sound(key)]:
            await risk.forget_causes(self.connection, sound)
        states: list[RiskRow] = []
        said: list[Event] = []
        put_in = {(one.order.id, one.line.line_ref) for one in lines}
        first_of = {one.order.id: _name(one) for one in reversed(lines)}
        for one in lines:
            fate = fates[first_of[one.order.id] if one.order.ship_complete else _name(one)]
            state = self._state(one, fate, before.get((one.order.id, one.line.line_ref)), causes)
            if state is not None:
                states.append(state)
                said.append(events.risk(one.order, one.line, state))
        for name, old in before.items():
            line = self.orders[name[0]].line(name[1])
            if name not in put_in and old.is_open and (line is None or not line.is_open):
                states.append(replace(old, state=CLOSED, told_at=self.now))  # shipped or cancelled: the order's own event says so
        if states:
            await risk.save_states(self.connection, states)
        if said:
            await outbox.append(self.connection, said)
        if self.left_out:
            log.warning("a shortage reaches further than one look", books=len(self.seen), orders=len(self.orders), left_out=self.left_out)
        return len(said)

    def _state(self, one: _Line, fate: Fate, before: RiskRow | None, causes: dict[str, tuple[int, RiskCause]]) -> RiskRow | None:
        """The line's new state, or None when that was told already."""
        promised = _promised(one.line)
        today = min((self.board.today(each.site, self.now) for each in one.line.deliveries if each.open), default=promised)
        missed = promised < today
        late = fate.day is None or fate.day > promised
        state = MISSED if missed else AT_RISK if late else RECOVERED
        if state == RECOVERED and (before is None or not before.is_open):
            return None
        day = None if fate.day is None else max(fate.day, promised, today if missed else promised)
        row = RiskRow(
            one.order.id, one.line.line_ref, 1 if before is None else before.revision + 1, state, one.line.promised_date,
            None if day is None else date.fromordinal(day), 0 if day is None else day - promised, day is None,
            self._cause(fate, before, causes) if late else None if before is None else before.cause,
            tuple(sorted({*(take.key for take in one.takes), *fate.blocked})), self.now,
        )  # fmt: skip
        if before is None:
            return row
        if state == MISSED and before.state == MISSED and before.promised_date == row.promised_date:
            return None
        if before.is_open and before.state == state and _told(before) == _told(row):
            return None
        return row

    def _cause(self, fate: Fate, before: RiskRow | None, causes: dict[str, tuple[int, RiskCause]]) -> RiskCause | None:
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
            cause = None if book is None else by_midnight(book, self._today(book))
            if cause is not None:
                return cause
        return None if before is None else before.cause


def _needs_of(plan: Entry) -> set[str]:
    return {str(key) for key, _ in (plan.detail or {}).get("claims", ())}


def _name(one: _Line) -> str:
    return f"{one.order.id}/{one.line.line_ref}"


def _promised(line: LineRow) -> Day:
    return (line.promised_date or date.max).toordinal()


def _told(row: RiskRow) -> tuple[object, ...]:
    return row.promised_date, row.projected_date, row.unsupplied, row.slip_days, row.cause
