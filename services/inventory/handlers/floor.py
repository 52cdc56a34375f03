"""The positions, receipts and shipments that one transaction holds, as they change from fact to fact.

The store fills it under locks; every value in it is frozen and is replaced, never altered; what was replaced is saved at
the end. Without a database it is the whole of inventory in memory, which is how its properties are tested.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from services.inventory.domain.position import Key, Position
from services.inventory.domain.receipt import Outlook, Receipt, outlook
from services.inventory.domain.shipment import Line, Shipped
from services.inventory.domain.standing import Standing

NOTHING = Outlook()


@dataclass(slots=True)
class Floor:
    """What is known now, and what has changed since it was loaded."""

    positions: dict[Key, Position] = field(default_factory=dict)
    receipts: dict[str, Receipt] = field(default_factory=dict)
    shipped: dict[Key, dict[Line, Shipped]] = field(default_factory=dict)
    open_lines: set[Line] = field(default_factory=set)
    """Lines named by these facts that are known to be open."""
    changed_positions: set[Key] = field(default_factory=set)
    changed_receipts: set[str] = field(default_factory=set)
    changed_shipped: set[tuple[Key, Line]] = field(default_factory=set)
    _concerned: dict[Key, set[str]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        positions: Iterable[Position] = (),
        receipts: Iterable[Receipt] = (),
        shipped: Iterable[tuple[Key, Shipped]] = (),
        open_lines: Iterable[Line] = (),
    ) -> "Floor":
        """A floor on which nothing has changed yet."""
        floor = cls({position.key: position for position in positions}, open_lines=set(open_lines))
        for receipt in receipts:
            floor._place(receipt)
        for key, line in shipped:
            floor.shipped.setdefault(key, {})[line.line] = line
        return floor

    def position(self, key: Key) -> Position:
        """The position, empty when nothing is known of it."""
        return self.positions.get(key, Position(key))

    def receipt(self, receipt_id: str) -> Receipt:
        """The receipt, undefined when nothing is known of it."""
        return self.receipts.get(receipt_id, Receipt(receipt_id))

    def shipped_for(self, key: Key, line: Line) -> Shipped:
        """What has left the position for the line so far."""
        return self.shipped.get(key, {}).get(line) or Shipped(line, is_open=line in self.open_lines)

    def put_position(self, position: Position) -> None:
        """Keep the position's new figures; `advance` gives them their revision."""
        self.positions[position.key] = position
        self.changed_positions.add(position.key)

    def put_shipped(self, key: Key, shipped: Shipped) -> None:
        """Keep the line's new total."""
        self.shipped.setdefault(key, {})[shipped.line] = shipped
        self.changed_shipped.add((key, shipped.line))

    def put_receipt(self, receipt: Receipt) -> dict[Key, tuple[Outlook, Outlook]]:
        """Keep the receipt with its next revision; say for which positions it now means something else, before and after."""
        before = outlook(self.receipt(receipt.receipt_id))
        self._place(replace(receipt, revision=receipt.revision + 1))
        self.changed_receipts.add(receipt.receipt_id)
        after = outlook(receipt)
        both = {key: (before.get(key, NOTHING), after.get(key, NOTHING)) for key in (*before, *after)}
        return {key: pair for key, pair in both.items() if pair[0] != pair[1]}

    def advance(self, keys: Iterable[Key]) -> None:
        """One fact has changed these positions: each is one revision further."""
        for key in keys:
            position = self.position(key)
            self.put_position(replace(position, revision=position.revision + 1))

    def standing(self, key: Key, just_shipped: Line | None = None, *, everything: bool = False) -> Standing:
        """Everything to be said of the position now: open lines and the one just shipped, or every line on the floor."""
        concerned = sorted(self._concerned.get(key, ()))
        lines = self.shipped.get(key, {})
        said = [shipped for line, shipped in sorted(lines.items()) if everything or shipped.is_open or line == just_shipped]
        return Standing(self.position(key), tuple(self.receipts[each] for each in concerned), tuple(said))

    def _place(self, receipt: Receipt) -> None:
        known = self.receipts.get(receipt.receipt_id)
        for key in outlook(known) if known else ():
            self._concerned[key].discard(receipt.receipt_id)
        self.receipts[receipt.receipt_id] = receipt
        for key in outlook(receipt):
            self._concerned.setdefault(key, set()).add(receipt.receipt_id)


def concerns(receipts: Mapping[str, Receipt] | Iterable[Receipt]) -> set[Key]:
    """Every position that these receipts bring something to or take something from."""
    values = receipts.values() if isinstance(receipts, Mapping) else receipts
    return {key for receipt in values for key in outlook(receipt)}
