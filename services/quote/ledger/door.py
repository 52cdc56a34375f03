"""The door: takes what has queued, plans, locks, decides again what has moved, writes, commits, then answers.

Why batches: one transaction for many requests costs little more than for one, and a hot book is locked once for all of them.
Why plans first: which books a request writes is known only once it is decided; so that locks are taken in one sorted statement,
the decision is made on the board, and made again under the locks if a book has moved since.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog

from services.quote.domain.entry import GATE
from services.quote.ledger.counting import count
from services.quote.ledger.desk import Desk, Effect, Refusal
from services.quote.ledger.writing import write
from services.quote.store import books, documents, keys, supply
from services.quote.store.pool import LOST, RETRYABLE, TOO_SLOW
from services.quote.store.rows import OrderRow, Outcome, QuoteRow

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from services.quote.board import Board
    from services.quote.ledger.desk import Change
    from services.quote.store.keys import Key
    from services.quote.store.pool import Connection, Pool

logger = structlog.get_logger()

MAX_BOOKS = 2000
"""Books that one transaction locks at most, unless a single request needs more."""
PLAN_SECONDS = 0.4
"""Planning stops after so long, and what is left comes again: planned twice over, a transaction must not look idle to the database."""
ROUNDS_BEFORE_LOCKING_ALL = 2
MOST_ROUNDS = 20
"""A change that is decided otherwise under the locks than planned so often is sent away: the database's clock may have been set back."""
TRIES = 3
UNKNOWN_OUTCOME_SECONDS = 8.0

BUSY: dict[str, Any] = {"code": "BUSY", "detail": "The books are busy; the same request can be sent again."}
UNAVAILABLE: dict[str, Any] = {"code": "LEDGER_UNAVAILABLE", "detail": "The ledger cannot be reached; the same request can be sent again."}
RUNNING: dict[str, Any] = {"code": "IDEMPOTENT_CALL_RUNNING", "detail": "The first call with this idempotency key is still running."}
REUSED: dict[str, Any] = {
    "code": "IDEMPOTENCY_KEY_REUSED", "detail": "This idempotency key was used before with another body, path or method."
}  # fmt: skip
BROKEN: dict[str, Any] = {"code": "INTERNAL_ERROR", "detail": "Something went wrong on our side; it has been recorded."}


@dataclass(slots=True, eq=False)
class Ask:
    """A change that waits at the door, with the key under which its answer is kept."""

    change: Change
    key: Key | None
    answer: asyncio.Future[Outcome] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    rounds: int = 0

    def reply(self, outcome: Outcome) -> None:
        """Tell the caller, if still there."""
        if not self.answer.done():
            self.answer.set_result(outcome)


_Given = tuple[dict[str, QuoteRow], dict[str, OrderRow], dict[tuple[str, str], str], dict[tuple[str, str], int]]
"""The documents of a batch, locked; the orders that have its numbers; what its callers hold."""


@dataclass(slots=True)
class _Decided:
    """What a batch came to, before it is written."""

    effects: list[tuple[Ask, Effect]] = field(default_factory=list)
    put_off: list[Ask] = field(default_factory=list)


class Door:
    """One per process. Several processes work side by side: row locks keep them right, batches keep them fast."""

    def __init__(
        self,
        board: Board,
        pool: Pool,
        *,
        batch_requests: int,
        queue_requests: int,
        woken: Callable[[], None],
        alarmed: Callable[[], None] = lambda: None,
    ) -> None:
        """`woken` is called after every commit that said something: the relay sends at once. `alarmed`: promises have to be looked at."""
        self._board = board
        self._pool = pool
        self._batch_requests = batch_requests
        self._queue_requests = queue_requests
        self._woken = woken
        self._alarmed = alarmed
        self._queue: deque[Ask] = deque()
        self._arrived = asyncio.Event()
        self._closing = False
        self._busy = False
        self.batches = 0
        self.changes = 0

    # -- for handlers

    async def enter(self, change: Change, key: Key | None) -> Outcome:
        """Have a change decided and written; answers after the commit, or 503 when the door is full or the ledger away."""
        if self._closing or len(self._queue) >= self._queue_requests:
            return Outcome(503, dict(BUSY))
        ask = Ask(change, key)
        self._queue.append(ask)
        self._arrived.set()
        return await ask.answer

    async def carry_out(self, change: Change) -> bool:
        """A change in a transaction of its own, now: supply batches, which fence themselves. False: somebody else had done it.

        Raises what the database raises; nothing is written then, or all of it, and `change.claim` finds out which.
        """
        for attempt in range(TRIES):
            try:
                return await self._transact_alone(change)
            except RETRYABLE:
                if attempt == TRIES - 1:
                    raise
                await asyncio.sleep(0.02 * 2**attempt)
        return False

    def waiting(self) -> int:
        """Changes in the queue."""
        return len(self._queue)

    # -- the one task

    async def run(self) -> None:
        """Serve the queue until `close`; what has queued by then is still served."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._queue:
                batch = self._take()
                self._busy = True
                try:
                    await self._serve(batch)
                finally:
                    self._busy = False
            if self._closing:
                return

    def close(self) -> None:
        """Take nothing more; `run` ends when the queue is empty."""
        self._closing = True
        self._arrived.set()

    def abandon(self) -> None:
        """Answer 503 to whoever still waits: the time to stop is over."""
        while self._queue:
            self._queue.popleft().reply(Outcome(503, dict(UNAVAILABLE)))

    def _take(self) -> list[Ask]:
        """The next requests in order of arrival; one whose key is already in the batch waits for the next."""
        batch: list[Ask] = []
        seen: set[tuple[str, str]] = set()
        later: list[Ask] = []
        while self._queue and len(batch) < self._batch_requests:
            ask = self._queue.popleft()
            if ask.key is not None:
                name = (ask.key.caller, ask.key.key)
                if name in seen:
                    later.append(ask)
                    continue
                seen.add(name)
            batch.append(ask)
        self._queue.extendleft(reversed(later))
        return batch

    async def _serve(self, batch: list[Ask]) -> None:
        """One batch to its end: tried again while that may help, then halved down to the culprit."""
        give_up_at = asyncio.get_running_loop().time() + UNKNOWN_OUTCOME_SECONDS
        tries = 0
        while True:
            tries += 1
            try:
                put_off = await self._transact(batch)
            except (*RETRYABLE, *TOO_SLOW) as error:
                if tries <= TRIES and not (isinstance(error, TOO_SLOW) and len(batch) > 1):
                    await asyncio.sleep(0.01 * 2**tries)
                    continue
                logger.warning("batch given up", reason=type(error).__name__, requests=len(batch))
                return await self._divide(batch, Outcome(503, dict(BUSY)))
            except LOST as error:
                # Whether the COMMIT happened is unknown: the same batch with the same keys finds its answers if it did.
                logger.warning("ledger connection lost", reason=type(error).__name__, requests=len(batch))
                if asyncio.get_running_loop().time() > give_up_at or self._closing:
                    return _reply_all(batch, Outcome(503, dict(UNAVAILABLE)))
                await asyncio.sleep(0.1)
            except Exception:
                logger.exception("batch failed", changes=sorted({type(ask.change).__name__ for ask in batch}), requests=len(batch))
                return await self._divide(batch, Outcome(500, dict(BROKEN)))
            else:
                _reply_all([ask for ask in put_off if ask.rounds >= MOST_ROUNDS], Outcome(503, dict(BUSY)))
                self._queue.extendleft(ask for ask in reversed(put_off) if ask.rounds < MOST_ROUNDS)
                return None

    async def _divide(self, batch: list[Ask], last: Outcome) -> None:
        """Serve the two halves one after the other, so that one poisoned request fails alone, with `last`."""
        if len(batch) == 1:
            return batch[0].reply(last)
        middle = len(batch) // 2
        await self._serve(batch[:middle])
        return await self._serve(batch[middle:])

    async def _transact(self, batch: list[Ask]) -> list[Ask]:
        """The batch in one transaction; answers its callers after the commit and returns who must come again."""
        earlier: list[tuple[Ask, Outcome]] = []
        async with self._pool.connection() as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                working = await self._claim_keys(connection, batch, earlier)
                decided, desk = await self._decide(connection, working)
                await self._write(connection, decided, desk)
                await transaction.commit()
            except BaseException:
                with contextlib.suppress(*LOST):
                    await transaction.rollback()
                raise
        self._settle(desk)
        for ask, outcome in earlier:
            ask.reply(outcome)
        for ask, effect in decided.effects:
            ask.reply(Outcome(effect.status, effect.body))
        return decided.put_off

    async def _transact_alone(self, change: Change) -> bool:
        async with self._pool.connection() as connection, connection.transaction():
            if not await change.claim(connection):
                return False
            ask = Ask(change, None, rounds=ROUNDS_BEFORE_LOCKING_ALL)
            decided, desk = await self._decide(connection, [ask])
            if decided.put_off:
                raise RuntimeError("a supply batch writes only books that it names")
            await self._write(connection, decided, desk)
        self._settle(desk)
        return True

    async def _claim_keys(self, connection: Connection, batch: list[Ask], earlier: list[tuple[Ask, Outcome]]) -> list[Ask]:
        """Claim the batch's keys; whoever was answered before gets that answer again."""
        keyed = {(ask.key.caller, ask.key.key): ask for ask in batch if ask.key is not None}
        if not keyed:
            return batch
        found = await keys.claim(connection, [ask.key for ask in keyed.values() if ask.key is not None])
        working = []
        for ask in batch:
            before = None if ask.key is None else found.get((ask.key.caller, ask.key.key))
            if before is None:
                working.append(ask)
            else:
                earlier.append((ask, replay(ask.key, before)))
        return working

    async def _decide(self, connection: Connection, working: list[Ask]) -> tuple[_Decided, Desk]:
        """Lock the documents, plan, lock the books, read what has moved, and decide for good."""
        given = await self._prepare(connection, [ask.change for ask in working])
        plan = Desk(self._board, self._board.now(), *given[:2], None, *given[2:])
        planned, wanted = self._plan(working, plan)
        defining = any(ask.change.defines for ask in working)
        planning = defining or any(effect.plans or ask.rounds >= ROUNDS_BEFORE_LOCKING_ALL for ask, effect in planned.effects)
        if planning and not defining:
            await supply.keep_definitions(connection)
        if wanted:
            if opened := {key for key in wanted if not self._is_written(key)}:
                await books.create(connection, opened)
            await books.lock(connection, wanted)
        now, heads = await books.read_heads(connection, {*wanted, *plan.read_books, GATE})
        await self._board.catch_up(connection, heads.values(), defining=defining)
        if planning and not defining:
            await self._board.hear(connection)
        now = max([now, *(heads[key].ledger_at for key in wanted if key in heads)])

        final = Desk(self._board, now, *given[:2], frozenset(wanted), *given[2:], may_plan=planning)
        for key in sorted(wanted):
            final.expire(key)
        if not final.steps and plan.stands_at(now):
            for _, effect in planned.effects:
                final.accept(effect)  # nothing has moved since the plan: it is the decision
            return planned, final
        decided = _Decided(put_off=list(planned.put_off))
        for ask, _ in planned.effects:
            found = _decide_one(ask, final)
            if found is None:
                ask.rounds += 1
                decided.put_off.append(ask)
            else:
                decided.effects.append((ask, found))
        return decided, final

    async def _prepare(self, connection: Connection, changes: Sequence[Change]) -> _Given:
        """Lock the documents, and master data where some are taken in; make the books that are new."""
        quotes = await documents.find_quotes(connection, sorted({i for c in changes for i in c.quote_ids}), lock=True)
        orders = await documents.find_orders(connection, sorted({i for c in changes for i in c.order_ids}), lock=True)
        numbers = {number for change in changes for number in change.numbers(quotes)}
        taken = await documents.find_numbers(connection, numbers) if numbers else {}
        hoarders = {change.hoarder for change in changes} - {None}
        held = await documents.sum_held(connection, hoarders) if hoarders else {}
        for change in changes:
            await change.read(connection)
        if any(change.defines for change in changes):
            await supply.lock_definitions(connection)
            await self._board.follow(connection)  # what others have planned until now, they have planned without these
        new = {key for change in changes for key in change.new_books() if not self._is_written(key)}
        if new:
            await books.create(connection, new)
            await self._board.catch_up(connection, (await books.read_heads(connection, new))[1].values())
        return quotes, orders, taken, held

    def _is_written(self, key: str) -> bool:
        """Whether the book certainly has its row: one without a version may stand on the board from a transaction that came to nothing."""
        book = self._board.books.get(key)
        return book is not None and book.version > 0

    def _plan(self, working: list[Ask], plan: Desk) -> tuple[_Decided, set[str]]:
        """Plan in order of arrival; name the books to lock. What goes over the limit of books or time comes again."""
        planned = _Decided()
        wanted: set[str] = set()
        began = time.monotonic()
        for ask in working:
            if len(wanted) >= MAX_BOOKS or (planned.effects and time.monotonic() - began > PLAN_SECONDS):
                planned.put_off.append(ask)
                continue
            earlier, plan.read_books = plan.read_books, set()
            effect = _decide_one(ask, plan)
            if effect is None:  # a plan may write any book
                raise RuntimeError("a plan was refused its books")
            wanted |= effect.entries.keys() | effect.guards
            if ask.rounds >= ROUNDS_BEFORE_LOCKING_ALL:
                wanted |= {key for key in plan.read_books if key in self._board.books}
            earlier |= plan.read_books
            plan.read_books = earlier
            planned.effects.append((ask, effect))
        return planned, wanted

    async def _write(self, connection: Connection, decided: _Decided, desk: Desk) -> None:
        await write(connection, [effect for _, effect in decided.effects], desk)
        await self._keep_answers(connection, decided)

    async def _keep_answers(self, connection: Connection, decided: _Decided) -> None:
        """What every retry of a key will get; keys whose request comes again are free again."""
        answers = [
            (ask.key, Outcome(effect.status, effect.body)) for ask, effect in decided.effects if ask.key is not None and effect.keep_answer
        ]
        if answers:
            await keys.store(connection, answers)
        given_back = [ask.key for ask, effect in decided.effects if ask.key is not None and not effect.keep_answer]
        given_back += [ask.key for ask in decided.put_off if ask.key is not None]
        if given_back:
            await keys.release(connection, given_back)

    def _settle(self, desk: Desk) -> None:
        """The commit has happened: now it is true."""
        self._board.advance(step for step, _ in desk.steps if step.key != GATE)  # it is passed by reading what is behind it
        self.batches += 1
        self.changes += len(desk.steps)
        self._woken()
        if desk.due or desk.helps:
            self._alarmed()


def _decide_one(ask: Ask, desk: Desk) -> Effect | None:
    """The change decided on the desk; None when it writes a book that is not locked."""
    try:
        effect = ask.change.decide(desk)
    except Refusal as refusal:
        return Effect(refusal.status, refusal.body, keep_answer=refusal.status == 409)  # noqa: PLR2004
    count(effect, desk)
    if not desk.may_write(effect):
        return None
    desk.accept(effect)
    return effect


def _reply_all(batch: Sequence[Ask], outcome: Outcome) -> None:
    for ask in batch:
        ask.reply(Outcome(outcome.status, dict(outcome.body)))


def replay(key: Key | None, before: keys.Earlier) -> Outcome:
    """What a key that was used before gets: its first answer, or a refusal when it stands for something else."""
    if key is None or key.body_hash != before.body_hash:
        return Outcome(422, dict(REUSED))
    if before.outcome is None:
        return Outcome(503, dict(RUNNING))
    return Outcome(before.outcome.status, {**before.outcome.body, "replayed": True})
