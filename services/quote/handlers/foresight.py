"""What is known to come of promises: who stands in which book, on which plans, and what becomes of each (promising.md § 7, pass 1)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import chain
from typing import TYPE_CHECKING, Final

from services.quote.domain.balance import balance
from services.quote.domain.bins import Bin, is_short, resource_bin, stock_bin
from services.quote.domain.dates import immediate
from services.quote.domain.entry import OTHERWISE, PERIOD, RESOURCE, Entry, Part, holds_stock, is_seen_late
from services.quote.domain.needs import order_behind
from services.quote.domain.risk import Commitment, Fate, Rank, Route, Take, foresee
from services.quote.handlers.change_order import part_of
from services.quote.handlers.remake import NOT_REMADE, Remade, made_anew
from services.quote.handlers.upstream import Upstream, name_of_order
from services.quote.store import books, documents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from services.quote.board import Board
    from services.quote.domain.book import Book
    from services.quote.domain.demandclass import DemandClass
    from services.quote.domain.entry import Day
    from services.quote.store.pool import Connection
    from services.quote.store.rows import DeliveryRow, LineRow, OrderRow

MOST_BOOKS: Final = 500
"""Books that one look fills anew; beyond them everybody is taken to stay where he is, until they are due themselves."""
MOST_ORDERS: Final = 2_000
"""Orders that one look puts in anew; of a book with more, those that are served first (by priority and pick day) are taken to stay."""
MOST_REMADE: Final = 200
"""Plans that one look plans once more, of those that had become late by master data; the others stay as late as they were."""
IN_A_THREAD: Final = 200
"""So many commitments are worked out beside the requests, not between them."""


@dataclass(slots=True)
class OpenLine:
    """An open order line as it is put in."""

    order: OrderRow
    number: int
    line: LineRow
    takes: tuple[Take, ...]


@dataclass(slots=True)
class Foresight:
    """Gathers books, plans and orders, follows shortages from book to book, and asks the kernel."""

    board: Board
    connection: Connection | None
    """None: the books and orders are all there already."""
    now: datetime = field(init=False)
    books: Mapping[str, Book] = field(init=False)
    """The board's, unless something else is to be foreseen."""
    short: dict[str, bool] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    """Books that are filled anew."""
    wide: set[str] = field(default_factory=set)
    """Of these, those in which everybody is put in anew."""
    plans: dict[str, str] = field(default_factory=dict)
    """Plans that are put in anew, and their books."""
    remade: dict[str, Remade] = field(default_factory=dict)
    """Plans that were planned once more by the master data of now, and what came of it."""
    real_orders: dict[str, str] = field(default_factory=dict)
    """Real orders that themselves need something and are put in anew, and their books."""
    orders: dict[str, OrderRow] = field(default_factory=dict)
    wanted: set[str] = field(default_factory=set)
    """Orders to be read."""
    named: set[str] = field(default_factory=set)
    """Orders of which every line is looked at."""
    everybody: frozenset[str] = frozenset()
    """Books in which everybody is put in anew, short or not."""
    most_orders: int = MOST_ORDERS
    left_out: int = 0

    def __post_init__(self) -> None:
        """The instant and the books are the board's."""
        self.now = self.board.now()
        self.books = self.board.books

    @property
    def upstream(self) -> Upstream:
        """What plans and real orders wait for, in these books."""
        return Upstream(self.board, self.books, self.now)

    # -- who is to be looked at

    async def gather(self, keys: Iterable[str]) -> None:
        """Follow shortages from book to book, over the promises and plans that stand in them."""
        ahead = set(keys)
        while ahead or self.wanted - self.orders.keys():
            fresh = {key for key in ahead if key not in self.seen}
            ahead = set()
            if fresh and self.connection is not None:
                heads = (await books.read_heads(self.connection, fresh))[1].values()
                await self.board.catch_up(self.connection, heads)
            for key in sorted(fresh):
                ahead |= self._see(key)
            if missing := sorted(self.wanted - self.orders.keys()):
                self.wanted -= set(missing)
                for order in await self._read(missing):
                    self.orders[order.id] = order
                    ahead |= {line.book_of(one) for line in order.lines if line.is_open for one in line.deliveries if one.open} - self.seen

    async def _read(self, order_ids: Sequence[str]) -> Iterable[OrderRow]:
        if self.connection is None:
            return ()
        return (await documents.find_orders(self.connection, order_ids, lock=False)).values()

    def _see(self, key: str) -> set[str]:
        """Take a book in; the books that have to be seen because of it."""
        book = self.books.get(key)
        if book is None or len(self.seen) >= MOST_BOOKS:
            self.left_out += book is not None
            return set()
        self.seen.add(key)
        ahead: set[str] = set()
        late = False
        for supply in chain(book.of(Part.PLAN), book.of(Part.RECEIPT)):
            needs = self.upstream.needs(supply)
            if self._is_in(supply) or supply.ref in self.remade or is_seen_late(supply) or any(self._is_short(other) for other in needs):
                late = True
                self._put_in(supply, key)
                ahead |= needs
        if late or key in self.everybody or self._is_short(key):
            ahead |= self._widen(book)
        for late_one, home in self.upstream.late():
            if key in self.upstream.needs(late_one) or key in (late_one.detail or {}).get(OTHERWISE, ()):  # what made it late may be over
                self._put_in(late_one, home)
                ahead.add(home)
        return ahead

    def _is_in(self, supply: Entry) -> bool:
        return supply.ref in (self.plans if supply.part is Part.PLAN else self.real_orders)

    def _is_short(self, key: str) -> bool:
        if key not in self.short:
            book = self.books.get(key)
            self.short[key] = book is not None and self._lacks(book)
        return self.short[key]

    def _lacks(self, book: Book) -> bool:
        if book.site == PERIOD:
            return self.upstream.period_bin(book).overloaded
        return is_short(book, self.today(book), self.now, self.board.rules(book.sku, book.site))

    def is_sound(self, key: str) -> bool:
        """Whether nobody lacks anything there, holds and safety stock included: whoever is confirmed next endangers nobody."""
        book = self.books.get(key)
        if book is None or not holds_stock(book.site):
            return not self._is_short(key)
        return min(balance(book, self.today(book), self.now, self.board.rules(book.sku, book.site)).projected) >= 0

    def _widen(self, book: Book) -> set[str]:
        """Everybody who stands in a short book is put in anew."""
        self.wide.add(book.key)
        behind: set[tuple[Part, str, str]] = set()
        owners: dict[str, tuple[int, int, str]] = {}
        for part in (Part.CLAIM, Part.REQUIREMENT):
            for claim in book.of(part):
                detail = claim.detail or {}
                if claim.expires_at is not None:
                    continue
                if "plan" in detail:
                    if (home := self.board.plans.get(detail["plan"])) is not None:
                        behind.add((Part.PLAN, detail["plan"], home))
                elif (order_id := order_behind(claim)) is not None:
                    if (home := self.board.needs.homes.get(order_id)) is not None and not self.upstream.is_untold(book.key):
                        behind.add((Part.RECEIPT, order_id, home))
                elif part is Part.CLAIM or detail.get("kind") == "order_elsewhere":
                    owner = str(detail.get("owner", ""))
                    found = (int(detail.get("priority", 0)), claim.day or 0, owner)
                    owners[owner] = max(owners.get(owner, found), found)
        room = max(0, self.most_orders - len(self.wanted | self.orders.keys()))
        last = sorted(owners.values())
        self.left_out += max(0, len(last) - room)
        self.wanted |= {owner for _, _, owner in last[len(last) - room :]} if room else set()
        return self._follow(behind) - self.seen

    def _follow(self, behind: Iterable[tuple[Part, str, str]]) -> set[str]:
        """Put in the plans and real orders that stand in a short book; the books that they come to and take from."""
        ahead: set[str] = set()
        for part, ref, home in behind:
            supply = self.books[home].find(part, ref)
            if supply is None:
                continue
            self._put_in(supply, home)
            ahead |= {home, *self.upstream.needs(supply)}
            if home in self.seen and home not in self.wide:
                ahead |= self._widen(self.books[home])
        return ahead

    def _put_in(self, supply: Entry, home: str) -> None:
        if supply.part is Part.RECEIPT:
            self.real_orders[supply.ref] = home
            return
        self.plans[supply.ref] = home
        detail = supply.detail or {}
        if OTHERWISE in detail and supply.ref not in self.remade:  # whether that still is so
            kept = Remade(detail["seen_for"], tuple(detail[OTHERWISE]))
            self.remade[supply.ref] = kept if len(self.remade) >= MOST_REMADE else made_anew(self.board, self.now, supply, home)
        order_id = detail.get("order_id")
        if order_id and order_id not in self.orders:
            self.wanted.add(order_id)

    # -- as the kernel wants it

    def open_lines(self, order: OrderRow) -> list[OpenLine]:
        """The lines of an order that are put in: all of one that ships complete or is named, else those that stand in a short book."""
        found = []
        for number, line in enumerate(order.lines):
            if line.is_open and line.promised_date is not None:
                takes = tuple(take for one in line.deliveries if one.open and (take := self.take(order, line, one)) is not None)
                found.append(OpenLine(order, number, line, takes))
        touched = any(take.key in self.wide for one in found for take in one.takes)
        if order.id in self.named or (order.ship_complete and touched):
            return found
        return [one for one in found if any(take.key in self.wide for take in one.takes)]

    def take(self, order: OrderRow, line: LineRow, one: DeliveryRow) -> Take | None:
        """What a delivery has of its book; None where the book no longer says so."""
        key = line.book_of(one)
        book = self.books.get(key)
        claim = None if book is None else book.find(part_of(order), one.ref)
        if claim is None or claim.day is None:
            return None  # just now shipped, cancelled or amended: that is due as well
        others = tuple(self.routes(order, line, one))[1:]
        return Take(key, claim.day, claim.quantity, one.delivery_day, self._way(order, line, one), others)

    def routes(self, order: OrderRow, line: LineRow, one: DeliveryRow) -> Iterable[Route]:
        """The books from which a delivery may come, with the way from there: its own first, then its other sites in their order.

        What another system promised, is frozen, or stands in for something else, comes from where it was promised; so does what comes
        together with that in one delivery.
        """
        ship_to = line.request.get("ship_to")
        own = self.board.world.ways(one.sku or line.sku, one.site, ship_to, order.customer, self.now)
        today = self.board.today(one.site, self.now)
        way = next((way for way in own if way.lane == one.lane), own[0] if own and not order.elsewhere else immediate(today))
        yield Route(line.book_of(one), way)
        if order.elsewhere or one.sku is not None or is_frozen(order, line) or comes_together(order, line):
            return
        for site in line.request.get("sites") or self.board.sites_of(line.sku):
            book = self.books.get(f"{line.sku}|{site}")
            if site in self.board.sites and book is not None and book.version and book.defined:
                for other in self.board.world.ways(line.sku, site, ship_to, order.customer, self.now):
                    if (site, other.lane) != (one.site, way.lane):
                        yield Route(book.key, other)

    def _way(self, order: OrderRow, line: LineRow, one: DeliveryRow) -> Callable[[Day], Day | None]:
        sku, ship_to = one.sku or line.sku, line.request.get("ship_to")
        ways = () if order.elsewhere else self.board.world.ways(sku, one.site, ship_to, order.customer, self.now)
        way = next((way for way in ways if way.lane == one.lane), ways[0] if ways else None)
        if way is None:
            return lambda day: day + max(0, one.delivery_day - one.pick_day)

        def deliver(day: Day) -> Day | None:
            hop = way.deliver(day)
            return None if hop is None else hop[2]

        return deliver

    def arrives(self, one: OpenLine) -> tuple[Day, str] | None:
        """When the line is delivered and over which lane or from which site, where the way now takes longer than was promised.

        What is picked as promised comes too late if its carrier, its calendars or its handling have changed since.
        """
        found: tuple[Day, str] | None = None
        for each in one.line.deliveries:
            day = self.arrival(one.order, one.line, each)
            if day is not None and (found is None or day > found[0]):
                found = (day, each.lane or each.site)
        return found

    def arrival(self, order: OrderRow, line: LineRow, one: DeliveryRow) -> Day | None:
        """When a delivery that is picked as promised comes, where that is later than promised; None where it comes in time."""
        if order.elsewhere or not one.open:
            return None
        ways = self.board.world.ways(one.sku or line.sku, one.site, line.request.get("ship_to"), order.customer, self.now)
        way = next((way for way in ways if way.lane == one.lane), None)
        latest = None if way is None else way.latest_pick(one.delivery_day)
        if way is None or (latest is not None and latest[0] >= one.pick_day):
            return None
        hop = replace(way, first_pick=None).deliver(one.pick_day)
        return None if hop is None or hop[2] <= one.delivery_day else hop[2]

    async def foresee(self, lines: Sequence[OpenLine]) -> dict[str, Fate]:
        """What becomes of these lines, and of the plans that are put in anew, by name."""
        if not lines and not self.plans and not self.real_orders:
            return {}
        commitments = self.commitments(lines) + self.planned()
        bins = self.fill(commitments)
        if len(commitments) > IN_A_THREAD:
            return await asyncio.to_thread(foresee, commitments, bins)
        return foresee(commitments, bins)

    def fill(self, commitments: Iterable[Commitment]) -> dict[str, Bin]:
        """The books that these need or may need, without any of them."""
        commitments = list(commitments)
        moving: dict[str, list[Take]] = {}
        plans: dict[str, list[str]] = {}
        for one in commitments:
            for take in one.takes:
                moving.setdefault(take.key, []).append(take)
                for route in take.others:
                    moving.setdefault(route.key, [])
            if one.brings is not None:
                moving.setdefault(one.brings, [])
                if not one.fact:
                    plans.setdefault(one.brings, []).append(one.name)
        put_in = {one.name: one.quantity for one in commitments if one.fact}
        on_the_way: dict[str, dict[str, int]] = {}
        for ref, home in self.real_orders.items():
            order = self.books[home].find(Part.RECEIPT, ref)
            if order is not None and name_of_order(ref) in put_in:
                on_the_way.setdefault(home, {})[ref] = order.quantity - put_in[name_of_order(ref)]
        return {key: self._bin(self.books[key], takes, plans.get(key, ()), on_the_way.get(key, {})) for key, takes in moving.items()}

    def _bin(self, book: Book, takes: Sequence[Take], plans: Sequence[str], orders: Mapping[str, int]) -> Bin:
        if book.site == RESOURCE:
            return resource_bin(book, self.today(book), takes)
        if book.site == PERIOD:
            return self.upstream.period_bin(book, takes)
        return stock_bin(book, self.today(book), self.board.rules(book.sku, book.site), takes, plans, orders)

    def commitments(self, lines: Sequence[OpenLine]) -> list[Commitment]:
        """The lines as the kernel puts them in: each for itself, those of an order that ships complete as one."""
        found = []
        together: dict[str, list[OpenLine]] = {}
        for one in lines:
            if one.order.ship_complete:
                together.setdefault(one.order.id, []).append(one)
            else:
                rank = self.rank(one.order, one.line, one.number)
                frozen = is_frozen(one.order, one.line)
                found.append(Commitment(name_of(one), rank, one.takes, promised_day(one.line), frozen=frozen))
        for group in together.values():
            rank = min(self.rank(one.order, one.line, one.number) for one in group)
            takes = tuple(take for one in group for take in one.takes)
            promised = max(promised_day(one.line) for one in group)
            frozen = any(is_frozen(one.order, one.line) for one in group)
            found.append(Commitment(name_of(group[0]), rank, takes, promised, frozen=frozen, together=True))
        return found

    def planned(self) -> list[Commitment]:
        """The plans and real orders that are put in anew, with what they need."""
        found = []
        for plan_id, home in self.plans.items():
            plan = self.books[home].find(Part.PLAN, plan_id)
            anew = self.remade.get(plan_id, NOT_REMADE).day
            if plan is not None and home in self.seen and anew is not None:
                order = self.orders.get(str((plan.detail or {}).get("order_id")))
                found.append(self.upstream.plan(plan, home, self._rank_of_plan(order, plan), self.seen, anew))
        for order_id, home in self.real_orders.items():
            supply = self.books[home].find(Part.RECEIPT, order_id)
            put_in = None if supply is None or home not in self.seen else self.upstream.order(supply, home, self.seen)
            if put_in is not None:
                found.append(put_in)
        return found

    def rank(self, order: OrderRow, line: LineRow, number: int, of_plan: int = 1) -> Rank:
        """Class, priority, first promised date, sequence; who is frozen comes before everybody. A plan goes before what it is for."""
        first = line.first_promised_date or line.promised_date or date.max
        return (self.class_of(order).rank, order.priority, first.toordinal(), order.id, number, of_plan)

    def class_of(self, order: OrderRow) -> DemandClass:
        """The class of an order: its own, else its customer's."""
        return self.board.world.demand_class(self.board.world.class_of(order.customer, order.demand_class))

    def _rank_of_plan(self, order: OrderRow | None, plan: Entry) -> Rank:
        """That of the first line it is for; one that is for nobody any more comes last."""
        refs = (plan.detail or {}).get("line_refs", ())
        ranks = [
            self.rank(order, line, number, 0)
            for number, line in enumerate(() if order is None else order.lines)
            if order is not None and line.line_ref in refs and line.is_open
        ]
        return min(ranks, default=(2**31, 0, 0, plan.ref, 0, 0))

    def planned_for(self, plan: Entry, home: str) -> Day:
        """The day on which a plan counts if it gets what it needs."""
        book = self.books[home]
        return self.board.rules(book.sku, book.site).plan_due_on(plan, self.today(book))

    def today(self, book: Book) -> Day:
        """The civil date where the book is."""
        return self.upstream.today(book.key)


def is_frozen(order: OrderRow, line: LineRow) -> bool:
    """Whether re-promising leaves the line where it is."""
    return order.frozen or bool(line.request.get("frozen"))


def comes_together(order: OrderRow, line: LineRow) -> bool:
    """Whether several open parts of the line (the sku itself and substitutes) are one delivery: it may not be split."""
    return not order.allow_partial and sum(1 for one in line.deliveries if one.open) > 1


def name_of(one: OpenLine) -> str:
    """Its name for the kernel."""
    return f"{one.order.id}/{one.line.line_ref}"


def promised_day(line: LineRow) -> Day:
    """Its promised date, as a day."""
    return (line.promised_date or date.max).toordinal()
