"""What is known about one sku at one site, or about one resource: supply, claims, requirements (promising.md § 1).

A book changes through `apply` alone, entry by entry, and its version grows with every change. It keeps sums by day
beside the entries, so asking a book with a hundred thousand claims costs no more than asking one with ten.
"""

# ruff: noqa: SLF001 - a fork looks into the book that it is a layer of

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Any, Final

from services.quote.domain.entry import Day, Entry, Micro, Part, expected_day, parted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime


class UndatedEntryError(ValueError):
    """A receipt, claim or requirement came without a day: a mistake of our own, never a caller's."""

    def __init__(self, key: str, entry: Entry) -> None:
        super().__init__(f"{entry.part} {entry.ref} of {key} needs a day")


DATED: Final = (Part.RECEIPT, Part.PLAN, Part.CLAIM, Part.REQUIREMENT)
_FEW = 64


class Book:
    """Everything known about one sku at one site. Change it through `apply` alone.

    A fork layers its own entries over its base without copying it: what a fork stores as None, it has removed.
    The base must not change while a fork of it is in use.
    """

    __slots__ = (
        "_base",
        "_capacity",
        "_demand",
        "_expiries",
        "_holds",
        "_owners",
        "_safety",
        "_stock",
        "_supply",
        "_tables",
        "defined",
        "key",
        "ledger_at",
        "memo",
        "site",
        "sku",
        "supply_memo",
        "version",
    )

    def __init__(self, sku: str, site: str) -> None:
        """An empty book of version 0."""
        self.sku = sku
        self.site = site
        self.key = f"{sku}|{site}"
        self.version = 0
        self.ledger_at: datetime | None = None
        self.defined = False
        """True once its supply was told (stock, safety stock or a receipt), even if that supply is nothing."""
        self._base: Book | None = None
        self._stock: Entry | None = None
        self._safety: Entry | None = None
        self._capacity: Entry | None = None
        self._tables: dict[Part, dict[str, Entry | None]] = {part: {} for part in DATED}
        self._supply: dict[Day, Micro] = {}
        self._demand: dict[Day, Micro] = {}
        """Less than 0: what a balance adds up, it adds up without a look at each."""
        self._owners: dict[str, tuple[str, ...]] = {}
        self._expiries: list[tuple[datetime, str]] = []
        self._holds = 0
        self.memo: Any = None
        """Last computed balance; belongs to balance.py and is dropped by every change."""
        self.supply_memo: Any = None
        """Last computed receipts in date order; belongs to pegging.py and is dropped when a receipt changes."""

    def __repr__(self) -> str:
        return f"Book({self.key} v{self.version})"

    @property
    def on_hand(self) -> Micro:
        """Usable stock now."""
        return self._stock.quantity if self._stock is not None else 0

    @property
    def safety_stock(self) -> Micro:
        """Kept back from new promises."""
        return self._safety.quantity if self._safety is not None else 0

    @property
    def untold(self) -> bool:
        """Whether nothing was ever said of what is there or comes there: its 0 is not knowledge, and holds nothing against anybody."""
        return self._stock is None or bool((self._stock.detail or {}).get("untold"))

    @property
    def base(self) -> Book | None:
        """The book under a fork; None for a book of its own."""
        return self._base

    # -- change

    def apply(self, entries: Iterable[Entry], version: int, at: datetime) -> None:
        """Put the entries in, each replacing what stood under its part and ref. Costs what the entries cost, not what the book holds."""
        for entry in entries:
            if entry.part is Part.STOCK:
                self._stock = entry
                self.defined = True
            elif entry.part is Part.SAFETY:
                self._safety = entry
                self.defined = True
            elif entry.part is Part.CAPACITY:
                self._capacity = entry
                self.defined = True
            else:
                self._replace(entry)
        self._prune()
        self.version = version
        self.ledger_at = at
        self.memo = None

    def _replace(self, entry: Entry) -> None:
        part, ref = entry.part, entry.ref
        if entry.day is None:
            raise UndatedEntryError(self.key, entry)
        table = self._tables[part]
        old = table.get(ref) if self._base is None else self.find(part, ref)
        sums = self._sums_of(part)
        sign = -1 if sums is self._demand else 1
        if old is not None:
            if part is Part.CLAIM:
                self._disown(old)
            if sums is not None:
                self._sum(sums, old, -sign)
        if entry.quantity:
            table[ref] = entry
            if sums is not None:
                self._sum(sums, entry, sign)
            if part is Part.CLAIM:
                self._own(entry)
        elif self._base is None:
            table.pop(ref, None)
        else:
            table[ref] = None

    def _sums_of(self, part: Part) -> dict[Day, Micro] | None:
        """Where a part is summed by day; plans are few, and each counts by a rule of its own."""
        if part is Part.PLAN:
            self.defined = True
            self.supply_memo = None
            return None
        if part is Part.RECEIPT:
            self.defined = True
            self.supply_memo = None
            return self._supply
        return self._demand

    def _sum(self, sums: dict[Day, Micro], entry: Entry, sign: int) -> None:
        for one in parted(entry):
            if (day := expected_day(one)) is not None:
                self._add(sums, day, sign * one.quantity)

    def _add(self, sums: dict[Day, Micro], day: Day, quantity: Micro) -> None:
        total = sums.get(day, 0) + quantity
        if total or self._base is not None:
            sums[day] = total
        else:
            sums.pop(day, None)

    def _own(self, claim: Entry) -> None:
        owner = owner_of(claim)
        if owner:
            self._owners[owner] = (*self._owners.get(owner, ()), claim.ref)
        if claim.expires_at is not None:
            heappush(self._expiries, (claim.expires_at, claim.ref))
            self._holds += 1

    def _disown(self, claim: Entry) -> None:
        """Forget a claim of this layer; what the base knows of it is hidden by what stands in the table."""
        if self._tables[Part.CLAIM].get(claim.ref) is not claim:
            return
        owner = owner_of(claim)
        if owner:
            refs = tuple(ref for ref in self._owners.get(owner, ()) if ref != claim.ref)
            if refs:
                self._owners[owner] = refs
            else:
                self._owners.pop(owner, None)
        if claim.expires_at is not None:
            self._holds -= 1

    def _prune(self) -> None:
        """Keep the heap of expiries as small as the holds that live: ended holds stay in it only for a while."""
        heap, claims = self._expiries, self._tables[Part.CLAIM]
        if len(heap) > 2 * self._holds + _FEW:
            self._expiries = [item for item in set(heap) if _still(claims.get(item[1]), item[0])]
            heapify(self._expiries)
            return
        while heap and not _still(claims.get(heap[0][1]), heap[0][0]):
            heappop(heap)

    def fork(self) -> Book:
        """A book that starts as this one and changes alone. Costs the same for every size of book."""
        child = Book(self.sku, self.site)
        child.version = self.version
        child.ledger_at = self.ledger_at
        child.defined = self.defined
        child._base = self
        child._stock = self._stock
        child._safety = self._safety
        child._capacity = self._capacity
        return child

    # -- read

    def find(self, part: Part, ref: str) -> Entry | None:
        """What stands under this part and ref, or None. An expired hold stands until it is written as expired."""
        if part is Part.STOCK:
            return self._stock
        if part is Part.SAFETY:
            return self._safety
        if part is Part.CAPACITY:
            return self._capacity
        layer: Book | None = self
        while layer is not None:
            table = layer._tables[part]
            if ref in table:
                return table[ref]
            layer = layer._base
        return None

    def entries(self) -> Iterator[Entry]:
        """Every entry that stands, expired holds included."""
        if self._stock is not None:
            yield self._stock
        if self._safety is not None:
            yield self._safety
        if self._capacity is not None:
            yield self._capacity
        for part in DATED:
            yield from self.of(part)

    def of(self, part: Part) -> Iterator[Entry]:
        """Every receipt, plan, claim or requirement that stands."""
        hidden: set[str] = set()
        layer: Book | None = self
        while layer is not None:
            for ref, entry in layer._tables[part].items():
                if ref in hidden:
                    continue
                if entry is not None:
                    yield entry
            layer = layer._base
            if layer is not None:
                hidden.update(self._layer_refs(part, layer))

    def _layer_refs(self, part: Part, below: Book) -> Iterator[str]:
        """Refs that the layers above `below` speak about."""
        layer: Book | None = self
        while layer is not None and layer is not below:
            yield from layer._tables[part]
            layer = layer._base

    def claims_of(self, owner: str) -> list[Entry]:
        """The claims of one order or hold, found without looking at anybody else's."""
        refs: set[str] = set()
        layer: Book | None = self
        while layer is not None:
            refs.update(layer._owners.get(owner, ()))
            layer = layer._base
        found = (self.find(Part.CLAIM, ref) for ref in sorted(refs))
        return [claim for claim in found if claim is not None and owner_of(claim) == owner]

    def due_holds(self, now: datetime) -> list[Entry]:
        """Holds whose expiry has come (`expires_at <= now`) and that are not yet written as expired, first expired first."""
        return self.expiring(now)[0]

    def expiring(self, now: datetime) -> tuple[list[Entry], datetime | None]:
        """The due holds, and an instant until which no further hold expires (None: never). Looks at due holds only."""
        due: dict[str, Entry] = {}
        following: datetime | None = None
        layer: Book | None = self
        while layer is not None:
            heap = layer._expiries
            stack = [0] if heap else []
            while stack:
                index = stack.pop()
                at, ref = heap[index]
                if at > now:
                    following = at if following is None or at < following else following
                    continue
                claim = self.find(Part.CLAIM, ref)
                if claim is not None and claim.expires_at == at:
                    due[ref] = claim
                left = 2 * index + 1
                if left < len(heap):
                    stack.append(left)
                if left + 1 < len(heap):
                    stack.append(left + 1)
            layer = layer._base
        holds = list(due.values())
        if len(holds) > 1:
            holds.sort(key=lambda hold: (hold.expires_at, hold.ref))
        return holds, following

    def holds(self) -> list[Entry]:
        """Every claim with an expiry that stands, found without looking at the other claims."""
        found: dict[str, Entry] = {}
        layer: Book | None = self
        while layer is not None:
            for at, ref in layer._expiries:
                claim = self.find(Part.CLAIM, ref)
                if claim is not None and claim.expires_at == at:
                    found[ref] = claim
            layer = layer._base
        return sorted(found.values(), key=lambda hold: hold.ref)

    def demand_by_day(self) -> dict[Day, Micro]:
        """Claims (live or not) and requirements by date, all layers together."""
        total: dict[Day, Micro] = {}
        layer: Book | None = self
        while layer is not None:
            for day, quantity in layer._demand.items():
                total[day] = total.get(day, 0) - quantity
            layer = layer._base
        return {day: quantity for day, quantity in total.items() if quantity}

    def supply_by_day(self) -> dict[Day, Micro]:
        """Open receipts by due date, all layers together."""
        total: dict[Day, Micro] = {}
        layer: Book | None = self
        while layer is not None:
            for day, quantity in layer._supply.items():
                total[day] = total.get(day, 0) + quantity
            layer = layer._base
        return total

    def own_plans(self) -> Mapping[str, Entry | None]:
        """Plans by ref; in a fork, those that it replaces or removes (None)."""
        return self._tables[Part.PLAN]

    def own_supply_by_day(self) -> Mapping[Day, Micro]:
        """Open receipts by the day on which they are expected; in a fork, what it adds to its base."""
        return self._supply

    def own_demand_by_day(self) -> Mapping[Day, Micro]:
        """What claims (live or not) and requirements take, by date and less than 0; in a fork, what it adds to its base."""
        return self._demand

    def speaks_of(self, part: Part, ref: str) -> bool:
        """Whether this layer itself replaces or removes what stands under part and ref."""
        return ref in self._tables[part]


def owner_of(claim: Entry) -> str:
    """The order or hold that a claim belongs to; empty when nobody is named."""
    return str(claim.detail.get("owner", "")) if claim.detail else ""


def _still(claim: Entry | None, expires_at: datetime) -> bool:
    return claim is not None and claim.expires_at == expires_at
