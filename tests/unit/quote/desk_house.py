"""Quote without database and broker: the real board, desk and changes, and time that stands still until it is moved."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from services.quote.asks.quotes import OrderAsk, QuoteAsk
from services.quote.board import Board
from services.quote.domain.book import Book
from services.quote.domain.entry import RESOURCE, Entry, Part
from services.quote.handlers.hear_capacity import HearCapacity
from services.quote.handlers.hear_supply import HearSupply
from services.quote.ledger import Change, Desk, Effect, Refusal
from services.quote.ledger.counting import count
from services.quote.settings import Settings
from services.quote.store.rows import OrderRow, QuoteRow
from shared.contracts.base import Contract
from shared.contracts.capacity import BomDefined, ResourceCapacityChanged, RoutingDefined
from shared.contracts.inventory import Change as Happened
from shared.contracts.inventory import ItemDefined, OpenReceipt, PositionChanged, PositionState, SiteDefined

NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
TODAY = NOW.date()
SITE = "HAM"


def a_settings() -> Settings:
    return Settings(database_url="postgresql://nowhere/nothing", kafka="nowhere:1", installation_id="test", key_secret="pepper")  # type: ignore[arg-type]


def a_day(offset: int) -> date:
    return TODAY + timedelta(days=offset)


class DeskHouse:
    """Changes go in one after the other; each is decided on a desk of its own and told to the board."""

    def __init__(self) -> None:
        self.board = Board(a_settings())
        self.now = NOW
        self.quotes: dict[str, QuoteRow] = {}
        self.orders: dict[str, OrderRow] = {}
        self.positions: dict[str, PositionState] = {}
        self.revisions: dict[str, int] = {}
        self.hear(SiteDefined(revision=1, occurred_at=NOW, site=SITE, name=SITE))

    def do(self, change: Change) -> Effect:
        """Decide, and let it be true. A refusal is an effect with its status."""
        for key in change.new_books():
            self.board.books.setdefault(key, Book(*key.rsplit("|", 1)))
        desk = Desk(self.board, self.now, self.quotes, self.orders, None)
        try:
            effect = change.decide(desk)
        except Refusal as refusal:
            return Effect(refusal.status, refusal.body)
        count(effect, desk)
        desk.accept(effect)
        self.board.advance(step for step, _ in desk.steps)
        for definition in effect.definitions:
            self.board.world.learn(definition)
        self.revisions |= effect.revisions
        self.quotes |= desk.quotes
        self.orders |= desk.orders
        return effect

    def twin(self) -> "DeskHouse":
        """A house of its own with the same books and the same world."""
        other = DeskHouse()
        other.now = self.now
        for name in ("world", "items", "sites"):
            setattr(other.board, name, getattr(self.board, name))
        for key, book in self.board.books.items():
            copy = other.board.books[key] = Book(book.sku, book.site)
            copy.apply(book.entries(), book.version, self.now)
        return other

    # -- what others say

    def hear(self, *events: Contract) -> Effect:
        """News of inventory or of capacity, in one run."""
        change: Any = HearSupply(events) if type(events[0]).__module__.endswith("inventory") else HearCapacity(events)
        change._seen.update(self.revisions)
        return self.do(change)

    def item(self, sku: str, **more: Any) -> None:
        self.hear(ItemDefined(revision=1, occurred_at=NOW, sku=sku, name=sku, uom="EA", **more))

    def position(self, sku: str, site: str = SITE, **changes: Any) -> PositionChanged:
        """The next state of a position; what is not named stays."""
        key = f"{sku}|{site}"
        nothing = {"sku": sku, "site": site, "revision": 0, "on_hand": 0, "blocked": 0, "safety_stock": 0}
        before = self.positions.get(key) or PositionState.model_validate(nothing)
        state = PositionState.model_validate({**before.model_dump(), **changes, "revision": before.revision + 1})
        self.positions[key] = state
        happened = Happened(kind="counted")
        return PositionChanged(revision=state.revision, occurred_at=NOW, positions=(state,), change=happened, reason="test", document="D")

    def stock(self, sku: str, on_hand: float, site: str = SITE) -> None:
        self.hear(self.position(sku, site, on_hand=on_hand))

    def machine(self, name: str, minutes: int, revision: int = 1) -> None:
        pattern = {"weekly": [minutes] * 7, "days": {}, "from_date": TODAY, "until_date": a_day(1000)}
        capacity = {"resource": name, "name": name, "site": SITE, "units": 1, "efficiency": 1, "capacity": pattern}
        self.hear(ResourceCapacityChanged.model_validate({"revision": revision, "occurred_at": NOW, **capacity}))

    def made_of(self, sku: str, *parts: tuple[str, float]) -> None:
        components = [{"component": part, "quantity_per": quantity} for part, quantity in parts]
        boms = [{"site": SITE, "components": components}]
        self.hear(BomDefined.model_validate({"revision": 1, "occurred_at": NOW, "sku": sku, "boms": boms}))

    def made_on(self, sku: str, *machines: str, per_unit: float = 1, setup: float = 0, **lot: Any) -> None:
        operations = [
            {
                "sequence": 10 * (at + 1), "name": name, "setup_minutes": setup, "minutes_per_unit": per_unit, "fixed_minutes": 0,
                "resources": [{"resource": name}],
            }
            for at, name in enumerate(machines)
        ]  # fmt: skip
        routings = [{"site": SITE, "operations": operations, **lot}]
        self.hear(RoutingDefined.model_validate({"revision": 1, "occurred_at": NOW, "sku": sku, "routings": routings}))

    # -- what is in the books

    def book(self, sku: str, site: str = SITE) -> Book:
        return self.board.books[f"{sku}|{site}"]

    def plans(self, sku: str) -> dict[str, Entry]:
        return {plan.ref: plan for plan in self.book(sku).of(Part.PLAN)}

    def books(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every entry that counts now, without the names that are drawn anew each time."""
        return {
            key: sorted(
                (entry.part.value, entry.quantity, entry.day or 0, entry.expires_at is not None)
                for entry in book.entries()
                if entry.quantity and (entry.expires_at is None or entry.expires_at > self.now)
            )
            for key, book in self.board.books.items()
            if book.version and list(book.entries())
        }

    def minutes_claimed(self, machine: str) -> dict[int, int]:
        return {day - TODAY.toordinal(): minutes // 1_000_000 for day, minutes in self.book(machine, RESOURCE).demand_by_day().items()}


def an_order(*lines: dict[str, Any], **more: Any) -> OrderAsk:
    return OrderAsk.model_validate({"lines": list(lines), **more})


def a_hold(*lines: dict[str, Any], **more: Any) -> QuoteAsk:
    return QuoteAsk.model_validate({"lines": list(lines), "mode": "hold", **more})


def a_receipt(name: str, quantity: float, due: int, kind: str = "production_order", arrived: float = 0, **more: Any) -> OpenReceipt:
    open_quantity = max(0, quantity - arrived)
    return OpenReceipt.model_validate(
        {
            "receipt_id": name, "kind": kind, "quantity": quantity, "arrived": arrived, "open_quantity": open_quantity,
            "due_date": a_day(due), **more,
        }
    )  # fmt: skip


__all__ = ["DeskHouse", "a_day", "a_hold", "a_receipt", "an_order"]
