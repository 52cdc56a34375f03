"""What inventory said becomes entries: state replaces state, what was applied before is dropped, nothing is added up."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from services.quote.asks.amounts import micro
from services.quote.domain.entry import RESOURCE, WAITS, Entry, Part
from services.quote.domain.sources import MICRO
from services.quote.handlers.endanger import by_item, by_supply, on_the_way
from services.quote.handlers.learn_lateness import Learned, learn
from services.quote.handlers.plans import replace_plans
from services.quote.handlers.remake import plans_hit, terms_cut
from services.quote.handlers.ship import Left, match
from services.quote.ledger import Change, Effect
from services.quote.store import documents, supply
from services.quote.store.books import Cause
from services.quote.store.supply import Definition
from shared.contracts.base import Contract
from shared.contracts.inventory import (
    TOPIC,
    Heartbeat,
    ItemDefined,
    LaneDefined,
    PositionChanged,
    SiteDefined,
    SupplierDefined,
    SupplierItemDefined,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from services.quote.domain.book import Book
    from services.quote.ledger import Desk
    from services.quote.store.pool import Connection
    from services.quote.store.rows import UnmatchedRow
    from shared.contracts.inventory import PositionState

FROM_INVENTORY = "inventory"
DEFINES: dict[type[Contract], str] = {
    ItemDefined: "item",
    SiteDefined: "site",
    LaneDefined: "lane",
    SupplierDefined: "supplier",
    SupplierItemDefined: "supplier_item",
}
"""The kinds of master data that supply is promised by; the id is the field of the same name."""


@dataclass(slots=True, frozen=True)
class Progress:
    """Where in the topic a batch stands: it may be applied only if nobody has moved the offset since."""

    partition: int
    expected: int
    following: int


@dataclass(slots=True, eq=False)
class HearSupply(Change):
    """A run of events of one partition, or a piece of a snapshot (`progress` None), in one transaction."""

    events: Sequence[Contract]
    progress: Progress | None = None
    _positions: dict[str, PositionChanged] = field(default_factory=dict)
    _states: dict[str, PositionState] = field(default_factory=dict)
    _told: dict[str, list[PositionChanged]] = field(default_factory=dict)
    _lefts: dict[tuple[str, str, str, str], Left] = field(default_factory=dict)
    _documents: dict[tuple[str, str, str, str], str | None] = field(default_factory=dict)
    _definitions: list[Definition] = field(default_factory=list)
    _as_of: datetime | None = None
    _ids: dict[str, str] = field(default_factory=dict)
    _seen: dict[str, int] = field(default_factory=dict)
    _unmatched: dict[tuple[str, str, str, str], UnmatchedRow] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Of each position only the newest state counts; of each order line the largest total."""
        for event in self.events:
            if isinstance(event, PositionChanged):
                for state in event.positions:
                    key = f"{state.sku}|{state.site}"
                    self._told.setdefault(key, []).append(event)
                    if key not in self._states or self._states[key].revision < state.revision:
                        self._states[key] = state
                        self._positions[key] = event
                    self._note_shipped(state, event.document)
            elif type(event) in DEFINES:
                kind = DEFINES[type(event)]
                told = event.model_dump(mode="json")
                self._definitions.append(Definition(kind, told["sku" if kind == "item" else kind], told["revision"], told))
            elif isinstance(event, Heartbeat):
                self._as_of = event.as_of if self._as_of is None else max(self._as_of, event.as_of)

    def _note_shipped(self, state: PositionState, document: str | None) -> None:
        for line in state.shipped:
            name = (line.order_id, line.line_ref, state.sku, state.site)
            before = self._lefts.get(name)
            if before is None or micro(line.quantity) >= before.quantity:
                left = Left(line.order_id, line.line_ref, state.sku, state.site, micro(line.quantity), line.closed, line.last_shipped_at)
                if before is None or left.quantity > before.quantity:
                    self._documents[name] = document  # later events only repeat the total
                self._lefts[name] = left

    @property
    def order_ids(self) -> tuple[str, ...]:
        """Orders whose lines were shipped; known once `claim` has looked."""
        return tuple(sorted(set(self._ids.values())))

    @property
    def defines(self) -> bool:
        """Where one of the events does."""
        return bool(self._definitions)

    def new_books(self) -> Iterable[str]:
        """A position that was never heard of is a new book, and so is a resource that an order is said to load."""
        return [*self._states, *(book_of(load.resource) for state in self._states.values() for one in state.receipts for load in one.load)]

    async def claim(self, connection: Connection) -> bool:
        """Move the offset first: that fences whoever else thinks it leads. Then find the orders, so that they can be locked."""
        if self.progress is not None and not await supply.move_offset(
            connection, TOPIC, self.progress.partition, self.progress.expected, self.progress.following, self._as_of
        ):
            return False
        names = sorted({left.order_name for left in self._lefts.values()})
        self._ids = await documents.find_order_ids(connection, names) if names else {}
        if unknown := [name for name in names if name not in self._ids]:
            await documents.lock_names(connection, unknown)  # one of them may be on its way in: then it is there by now
            self._ids |= await documents.find_order_ids(connection, unknown)
        return True

    async def read(self, connection: Connection) -> None:
        """What was applied before, locked."""
        self._seen = await supply.lock_revisions(connection, list(self._states)) if self._states else {}
        names = {left.order_name for left in self._lefts.values()}
        rows = await documents.list_unmatched(connection, names) if names else []
        self._unmatched = {(row.order_id, row.line_ref, row.sku, row.site): row for row in rows}

    def decide(self, desk: Desk) -> Effect:
        """Facts are never refused: a book may become short."""
        effect = Effect(definitions=list(self._definitions), looks=on_the_way(desk.board, self._definitions))
        effect.remakes = plans_hit(desk.board, self._definitions)
        effect.cause = Cause("position-changed", None, FROM_INVENTORY)
        for key, state in self._states.items():
            if state.revision <= self._seen.get(key, 0):
                continue
            effect.revisions[key] = state.revision
            effect.causes[key] = Cause("position-changed", None, FROM_INVENTORY, self._positions[key].document)
            book = desk.fork(key)
            if book is None:
                raise LookupError(f"book {key} was not made")
            _load_resources(effect, desk, book, state)
            highest = self._replace(effect, desk, book)
            learned = learn(desk.board, book, self._news(key))
            effect.lateness += learned.observed
            if danger := by_supply(book, state, self._told[key]):
                effect.dangers[key] = danger
            for entry in _differences(book, state, highest, learned):
                effect.put(key, entry)
        effect.dangers |= dict(terms_cut(desk.board, self._definitions))
        for definition in self._definitions:
            if definition.kind == "item":
                effect.dangers |= by_item(desk.board, definition)
        # Totals never fall, so those of an older state count as well: a newer one may say nothing of the line.
        if self._lefts:
            match(effect, desk, list(self._lefts.values()), self._ids, self._unmatched, self._documents)
        return effect

    def _news(self, key: str) -> list[PositionChanged]:
        """The events that tell of a position what was not applied yet, by its revision."""
        news = {
            state.revision: event
            for event in self._told[key]
            for state in event.positions
            if f"{state.sku}|{state.site}" == key and state.revision > self._seen.get(key, 0)
        }
        return [event for _, event in sorted(news.items())]

    def _replace(self, effect: Effect, desk: Desk, book: Book) -> dict[str, int]:
        """Let each increase of a real order replace plans, also of one that came and went since; the most ordered, by receipt."""
        highest: dict[str, int] = {}
        for event in self._news(book.key):
            state = next(one for one in event.positions if f"{one.sku}|{one.site}" == book.key)
            for receipt in state.receipts:
                before = highest.get(receipt.receipt_id, highest_ordered(book, receipt.receipt_id))
                highest[receipt.receipt_id] = max(before, micro(receipt.quantity))
                if highest[receipt.receipt_id] > before:
                    replace_plans(effect, desk, book, receipt.kind, highest[receipt.receipt_id] - before, receipt.replaces)
        return highest


def _differences(book: Book, state: PositionState, highest: Mapping[str, int], learned: Learned) -> Iterable[Entry]:
    """The entries that turn what the book knows of supply into what inventory says; `highest`: the most ordered, by receipt."""
    untold = book.untold and not _is_told(state)
    if book.find(Part.STOCK, "") is None or book.on_hand != micro(state.on_hand) or book.untold != untold:
        yield Entry(Part.STOCK, "", micro(state.on_hand), None, None, {"untold": True} if untold else None)
    if book.safety_stock != micro(state.safety_stock):
        yield Entry(Part.SAFETY, "", micro(state.safety_stock))
    wanted: dict[tuple[Part, str], Entry] = {}
    for receipt in state.receipts:
        detail: dict[str, Any] = {
            "kind": receipt.kind, "ordered": micro(receipt.quantity), "arrived": micro(receipt.arrived), "supplier": receipt.supplier,
            "from_site": receipt.from_site, "document": receipt.document,
            "highest": highest[receipt.receipt_id],
            "load": [[load.resource, load.date.toordinal(), load.minutes] for load in receipt.load],
            **learned.put_off(receipt.receipt_id),
            **_still_expected(book.find(Part.RECEIPT, receipt.receipt_id), receipt.due_date.toordinal(), micro(receipt.open_quantity)),
        }  # fmt: skip
        wanted[Part.RECEIPT, receipt.receipt_id] = Entry(
            Part.RECEIPT, receipt.receipt_id, micro(receipt.open_quantity), receipt.due_date.toordinal(), None, detail
        )
    for requirement in state.requirements:
        ref = f"inventory:{requirement.ref}"
        detail = {"kind": requirement.kind, "owner": requirement.ref, "from": FROM_INVENTORY}
        wanted[Part.REQUIREMENT, ref] = Entry(
            Part.REQUIREMENT, ref, micro(requirement.quantity), requirement.needed_date.toordinal(), None, detail
        )
    for part in (Part.RECEIPT, Part.REQUIREMENT):
        for standing in list(book.of(part)):
            theirs = part is Part.RECEIPT or (standing.detail or {}).get("from") == FROM_INVENTORY
            if theirs and (part, standing.ref) not in wanted:
                yield Entry(part, standing.ref, 0, standing.day, None, standing.detail)
    for (part, ref), entry in wanted.items():
        if book.find(part, ref) != entry:
            yield entry


def _is_told(state: PositionState) -> bool:
    """Whether anything was said of what is there or comes there; a position may be known by what leaves it alone."""
    return state.counted_at is not None or state.on_hand > 0 or state.blocked > 0 or bool(state.receipts)


def _still_expected(before: Entry | None, due: int, quantity: int) -> dict[str, Any]:
    """When a receipt was seen to come stays known until it is looked at again, unless it is now due no earlier.

    Of one that has grown, nobody has seen yet how much is on its way: all of it waits.
    """
    detail = {} if before is None else before.detail or {}
    if "expected" not in detail or (detail["expected"] is not None and detail["expected"] <= due):
        return {}
    kept = ("expected", WAITS) if before is not None and quantity <= before.quantity else ("expected",)
    return {name: detail[name] for name in kept if name in detail}


def book_of(resource: str) -> str:
    """The key of a resource's book."""
    return f"{resource}|{RESOURCE}"


def highest_ordered(book: Book, receipt_id: str) -> int:
    """The most that was ever ordered by a receipt, as far as it stood in the book without a break."""
    standing = book.find(Part.RECEIPT, receipt_id)
    detail = {} if standing is None else standing.detail or {}
    return int(detail.get("highest", detail.get("ordered", 0)))


def _load_resources(effect: Effect, desk: Desk, book: Book, state: PositionState) -> None:
    """What the open orders of a position load on resources is a requirement there, in the same step as the orders."""
    told: dict[tuple[str, str], Entry] = {}
    for receipt in state.receipts:
        for n, load in enumerate(receipt.load):
            ref = f"inventory:{receipt.receipt_id}/{n}"
            detail = {"kind": "load", "owner": receipt.receipt_id, "from": FROM_INVENTORY}
            told[load.resource, ref] = Entry(Part.REQUIREMENT, ref, load.minutes * MICRO, load.date.toordinal(), None, detail)
    for standing in book.of(Part.RECEIPT):
        for n, (resource, day, _) in enumerate((standing.detail or {}).get("load", ())):
            ref = f"inventory:{standing.ref}/{n}"
            detail = {"kind": "load", "owner": standing.ref, "from": FROM_INVENTORY}
            told.setdefault((resource, ref), Entry(Part.REQUIREMENT, ref, 0, day, None, detail))
    for (resource, _), entry in told.items():
        other = desk.fork(book_of(resource))
        before = None if other is None else other.find(Part.REQUIREMENT, entry.ref)
        if before != entry and (before is not None or entry.quantity):
            effect.put(book_of(resource), entry)
