"""What a change is decided on: the books as earlier changes of the batch leave them, the documents, the instant."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from services.quote.domain.balance import balance
from services.quote.domain.book import Book
from services.quote.domain.entry import BUCKET, OTHERWISE, PERIOD, RESOURCE, Entry, Part, holds_stock
from services.quote.store.books import Cause, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from services.quote.board import Board
    from services.quote.domain.allocation import Allocation
    from services.quote.domain.dates import Way
    from services.quote.domain.policy import Costs
    from services.quote.domain.rules import Rules
    from services.quote.domain.sources import Source
    from services.quote.store.lateness import Lateness
    from services.quote.store.pool import Connection
    from services.quote.store.repromise import RepromiseRow
    from services.quote.store.risk import DueRow, RiskCause
    from services.quote.store.rows import DecisionRow, HistoryRow, OrderRow, QuoteRow, UnmatchedRow
    from services.quote.store.supply import Definition
    from shared.outbox import Event

EXPIRED = Cause("hold-expired")


@dataclass(slots=True)
class Effect:
    """What one decided change writes, says and answers. Nothing of it is true before the commit."""

    status: int = 200
    body: dict[str, Any] = field(default_factory=dict)
    entries: dict[str, list[Entry]] = field(default_factory=dict)
    """Per book key; each book named here moves by one version."""
    cause: Cause = EXPIRED
    causes: dict[str, Cause] = field(default_factory=dict)
    """Per book key, where a book has its own."""
    quotes: list[QuoteRow] = field(default_factory=list)
    orders: list[OrderRow] = field(default_factory=list)
    history: list[HistoryRow] = field(default_factory=list)
    decisions: list[DecisionRow] = field(default_factory=list)
    unmatched: list[UnmatchedRow] = field(default_factory=list)
    definitions: list[Definition] = field(default_factory=list)
    lateness: list[Lateness] = field(default_factory=list)
    revisions: dict[str, int] = field(default_factory=dict)
    dangers: dict[str, RiskCause | None] = field(default_factory=dict)
    """Per book key, the record behind it where a change may endanger promises; None where it may only help them."""
    repromises: list[RepromiseRow] = field(default_factory=list)
    looks: set[str] = field(default_factory=set)
    """Orders that have to be looked at, though nothing of theirs changes here."""
    remakes: dict[str, RiskCause] = field(default_factory=dict)
    """Plans that may not be made as they were planned, by id, with the record behind it."""
    events: list[Event] = field(default_factory=list)
    guards: set[str] = field(default_factory=set)
    """Books that have to be locked though nothing is written to them: others may not take meanwhile what was seen to be left."""
    keep_answer: bool = True
    """Whether a retry with the same key gets this answer; a 422 or 503 is never kept."""

    def put(self, key: str, entry: Entry) -> None:
        """Let this entry stand in the book `key`."""
        self.entries.setdefault(key, []).append(entry)

    @property
    def plans(self) -> bool:
        """Whether planned supply comes to stand in a book, or moves."""
        return any(entry.part is Part.PLAN for entries in self.entries.values() for entry in entries)


class Refusal(Exception):  # noqa: N818 -- an answer on its way out of a change, not a failure
    """An answer that writes nothing: unknown document, malformed wish. It is not kept under the key unless it is a 409."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        """`body` as the caller will see it."""
        super().__init__(f"{status} {body.get('code')}")
        self.status = status
        self.body = body

    @classmethod
    def of_place(cls, code: str, detail: str, *pointers: str) -> Refusal:
        """A 422 for what cannot be meant, and where in the request it stands."""
        errors = [{"pointer": one, "code": code.lower(), "message": detail} for one in pointers]
        return cls(422, {"code": code, "detail": detail, "errors": errors})


class Change(ABC):
    """One request to change the books. `decide` may run more than once; only the last run counts."""

    @property
    def quote_ids(self) -> tuple[str, ...]:
        """Quotes whose rows are locked before deciding."""
        return ()

    @property
    def order_ids(self) -> tuple[str, ...]:
        """Orders whose rows are locked before deciding."""
        return ()

    @property
    def hoarder(self) -> str | None:
        """The caller whose open holds are counted, and who gets no other meanwhile."""
        return None

    @property
    def defines(self) -> bool:
        """Whether it takes in master data that plans are made by."""
        return False

    def numbers(self, quotes: Mapping[str, QuoteRow]) -> tuple[tuple[str, str], ...]:  # noqa: ARG002 -- most make no order
        """Source systems with the numbers that orders are to have in them: nobody else may have one."""
        return ()

    @abstractmethod
    def decide(self, desk: Desk) -> Effect:
        """Decide on the desk. No I/O, no clock, no waiting. Raises Refusal."""

    def new_books(self) -> Iterable[str]:
        """Books that must exist before they can be locked: supply and imports bring new ones."""
        return ()

    async def claim(self, connection: Connection) -> bool:  # noqa: ARG002 -- most changes claim nothing
        """First statement of the transaction; False means that somebody else has done this change already."""
        return True

    async def read(self, connection: Connection) -> None:  # noqa: B027 -- most changes need no more
        """Read what else `decide` needs, after the documents are locked and before the books are."""


class Desk:
    """Books as forks of the board's, documents, and the instant of the decision. One desk serves one batch."""

    def __init__(
        self,
        board: Board,
        now: datetime,
        quotes: dict[str, QuoteRow],
        orders: dict[str, OrderRow],
        locked: frozenset[str] | None,
        numbers: Mapping[tuple[str, str], str] | None = None,
        held: Mapping[tuple[str, str], int] | None = None,
        *,
        may_plan: bool = True,
    ) -> None:
        """`locked` is None while planning: then any book may be written. `may_plan`: whether master data stay what they are meanwhile.

        `numbers`: by source system and number, the order that has it. `held`: by caller and sku what is held, of callers with a quota.
        """
        self.board = board
        self.basis = board.basis
        """What is known of master data by now, for whoever asks again later."""
        self.now = now
        self.quotes = dict(quotes)
        self.orders = dict(orders)
        self.locked = locked
        self.may_plan = may_plan
        self.numbers = dict(numbers or {})
        self.held = dict(held or {})
        self._given = quotes
        self.read_books: set[str] = set()
        self.steps: list[tuple[Step, Cause]] = []
        self.due: list[DueRow] = []
        """What has to be looked at for risk once this is committed."""
        self.helps = False
        """Whether somebody in danger may gain by it."""
        self._forks: dict[str, Book | None] = {}
        self._bases: dict[str, int | None] = {}
        self._learned = board.learned

    # -- what a decision reads

    def book(self, sku: str, site: str) -> Book | None:
        """The book as the batch has left it so far; None while nothing stands in it."""
        book = self.fork(f"{sku}|{site}")
        return None if book is None or book.version == 0 else book

    def fork(self, key: str) -> Book | None:
        """The same, by key."""
        self.read_books.add(key)
        try:
            return self._forks[key]
        except KeyError:
            book = self.board.books.get(key)
            fork = None if book is None else book.fork()
            self._forks[key] = fork
            self._bases[key] = None if book is None else book.version
            return fork

    def today(self, site: str) -> int:
        """The civil date at the site at the desk's instant."""
        return self.board.today(site, self.now)

    def rules(self, sku: str, site: str) -> Rules:
        """How the dates of a sku are read there."""
        return self.board.rules(sku, site)

    def ways(self, sku: str, site: str, ship_to: str | None, customer: str | None) -> Sequence[Way]:
        """The ways of a sku from a site to a customer."""
        return self.board.world.ways(sku, site, ship_to, customer, self.now)

    def sources(self, sku: str, site: str) -> Sequence[Source]:
        """Where more of a sku at a site can come from."""
        return self.board.world.sources(sku, site, self.now)

    def costs(self, sku: str, site: str) -> Costs | None:
        """What lateness and handling of a sku at a site cost."""
        return self.board.world.costs(sku, site)

    def allocations(self, sku: str) -> Sequence[Allocation]:
        """The ceilings and floors of a sku."""
        return self.board.allocations(sku)

    def knows_class(self, name: str) -> bool:
        """Whether anybody has defined a class of demand."""
        return self.board.world.knows_class(name)

    def minutes_left(self, site: str) -> int:
        """Minutes until midnight at the site."""
        return self.board.minutes_left(site, self.now)

    def versions(self, keys: Iterable[str]) -> dict[str, int]:
        """The versions that a decision was made on."""
        found = {}
        for key in sorted(keys):
            fork = self.fork(key)
            found[key] = 0 if fork is None else fork.version
        return found

    def bases(self) -> dict[str, int]:
        """The versions of all books that were read, before anything was decided here; 0 where there was none."""
        return {key: version or 0 for key, version in sorted(self._bases.items())}

    def stands_at(self, now: datetime) -> bool:
        """Whether everything decided here holds at `now` on the board as it is by then: the same versions, holds and civil dates.

        The quotes are asked too: a hold whose time is over may have left its book before the plan was made. And whatever the
        board has learned since (a site, an item, a book) may open another way.
        """
        if self._learned != self.board.learned or int(self.now.timestamp()) != int(now.timestamp()):
            return False  # a cut-off passes with a second, and today's minutes with a minute
        if any(quote.is_live(self.now) != quote.is_live(now) for quote in self._given.values()):
            return False
        for key, version in self._bases.items():
            book = self.board.books.get(key)
            if book is None:
                if version is not None:
                    return False
                continue
            if book.version != version or self.board.today(book.site, self.now) != self.board.today(book.site, now):
                return False
            if [hold.ref for hold in book.due_holds(self.now)] != [hold.ref for hold in book.due_holds(now)]:
                return False
        return True

    def unsafe(self) -> list[str]:
        """The books changed here whose promises may be in danger, or be safe again.

        They are or were short, plans stand in them, or real orders that are expected later than they are due; or a plan that became
        late by master data would be made from them.

        A change that keeps THE invariant on any other book endangers nobody. Of resources nothing is left out.
        """
        found = []
        needs = self.board.needs
        waiting = {needs.homes.get(order_id) for order_id in needs.late}
        waiting.update(key for plan_id in self.board.late_plans for key in self._made_from(plan_id))
        for key in {step.key for step, _ in self.steps}:
            book = self._forks[key]
            if book is None or book.site in (BUCKET, PERIOD):
                continue
            if (
                book.site == RESOURCE
                or key in waiting
                or any(True for _ in book.of(Part.PLAN))
                or any(plan is None for plan in book.own_plans().values())
            ):
                found.append(key)
                continue
            today, rules = self.today(book.site), self.rules(book.sku, book.site)
            before = book.base
            if min(balance(book, today, self.now, rules).projected) < 0 or (
                before is not None and min(balance(before, today, self.now, rules).projected) < 0
            ):
                found.append(key)
        return sorted(found)

    def _made_from(self, plan_id: str) -> Iterable[str]:
        home = self.board.plans.get(plan_id)
        plan = None if home is None else self.board.books[home].find(Part.PLAN, plan_id)
        return () if plan is None else (plan.detail or {}).get(OTHERWISE, ())

    def helped(self) -> set[str]:
        """The books changed here that have more for others than before: somebody in danger may be served from there."""
        return {step.key for step, _ in self.steps if (book := self._forks[step.key]) is not None and _has_more(book.base, step.entries)}

    def moved(self) -> dict[str, tuple[str, str | None]]:
        """The books that were changed here: what happened to each last, by which document."""
        return {step.key: (cause.what, cause.document) for step, cause in self.steps}

    # -- what a decision leaves

    def may_write(self, effect: Effect) -> bool:
        """Whether all that it writes or guards is locked, and master data where it plans (or nothing need be yet)."""
        if self.locked is None:
            return True
        return all(key in self.locked for key in (*effect.entries, *effect.guards)) and (self.may_plan or not effect.plans)

    def accept(self, effect: Effect) -> None:
        """Let later changes of the batch see this one."""
        for key, entries in effect.entries.items():
            self._step(key, entries, effect.causes.get(key, effect.cause))
        for quote in effect.quotes:
            self.quotes[quote.id] = quote
            if quote.status == "held" and quote.revision == 1:
                for claim in quote.claims:
                    self.held[quote.caller, claim.sku] = self.held.get((quote.caller, claim.sku), 0) + claim.quantity
        for order in effect.orders:
            self.orders[order.id] = order
            if order.external_id is not None:
                name = (order.source_system or "", order.external_id)
                if order.status != "cancelled":
                    self.numbers[name] = order.id
                elif self.numbers.get(name) == order.id:
                    del self.numbers[name]

    def expire(self, key: str) -> None:
        """Write the due holds of a book as expired: only then is their quantity free."""
        fork = self.fork(key)
        if fork is None:
            return
        due = fork.due_holds(self.now)
        if due:
            self._step(key, [Entry(Part.CLAIM, hold.ref, 0, hold.day, None, hold.detail) for hold in due], EXPIRED)

    def _step(self, key: str, entries: list[Entry], cause: Cause) -> None:
        fork = self.fork(key)
        if fork is None:  # planned supply may bring a sku where it never was
            fork = self._forks[key] = Book(*key.rsplit("|", 1))
        step = Step(key, fork.version + 1, self.now, tuple(entries))
        fork.apply(step.entries, step.version, step.at)
        self.steps.append((step, cause))


def _has_more(before: Book | None, entries: Iterable[Entry]) -> bool:
    """Whether one of these entries brings something, or brings it earlier, or takes less than what stood there."""
    for entry in entries:
        if before is not None and not holds_stock(before.site):
            return False
        known = None if before is None else before.find(entry.part, entry.ref)
        stood = 0 if known is None else known.quantity
        if entry.part in (Part.CLAIM, Part.REQUIREMENT, Part.SAFETY):
            if entry.quantity < stood:
                return True
        elif entry.quantity > stood or (known is not None and known.day is not None and entry.quantity and known != entry):
            return True
    return False
