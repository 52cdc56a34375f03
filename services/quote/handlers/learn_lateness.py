"""How late receipts come is learned when the last of one has come, from every due date that was told of it.

A promise may have been made on any of these dates: a supplier that puts a date off in good time has still let down whoever
was promised on the one before. A receipt that is cancelled, or closed before all of it came, teaches nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from services.quote.domain.chance import source_of
from services.quote.domain.entry import Part
from services.quote.handlers.endanger import ARRIVED
from services.quote.store.lateness import Lateness

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from services.quote.board import Board
    from services.quote.domain.book import Book
    from services.quote.domain.entry import Entry
    from shared.contracts.inventory import PositionChanged

MOST_DATES: Final = 10
"""Due dates of one receipt that are kept; one that is put off more often has said enough."""
DUES: Final = "dues"
"""In a receipt's detail: the due dates that were told of it before this one."""


@dataclass(slots=True, frozen=True)
class Learned:
    """What the news of a position taught."""

    observed: Sequence[Lateness]
    """An observation for each due date of each receipt that is complete by it."""
    told: Mapping[str, Sequence[int]]
    """Of each receipt that has not come yet, the due dates that were told of it so far, the last one last."""

    def put_off(self, receipt_id: str) -> dict[str, Any]:
        """What a receipt's detail keeps of the due dates that it had before; nothing, where it has always had this one."""
        earlier = [*self.told.get(receipt_id, ())][:-1]
        return {DUES: earlier} if earlier else {}


def learn(board: Board, book: Book, events: Sequence[PositionChanged]) -> Learned:
    """Follow a position through its news, oldest first: a date may be told and taken back within one run of them."""
    observed: list[Lateness] = []
    known: dict[str, tuple[str, list[int]]] = {}
    for standing in book.of(Part.RECEIPT):
        detail = standing.detail or {}
        source = source_of(str(detail.get("kind")), book.site, detail.get("supplier"), detail.get("from_site"))
        known[standing.ref] = source, _told_of(standing)
    for event in events:
        state = next(one for one in event.positions if f"{one.sku}|{one.site}" == book.key)
        still_open = {one.receipt_id for one in state.receipts if one.open_quantity > 0}
        done = event.change.receipt_id
        if event.change.kind in ARRIVED and done is not None and done not in still_open and done in known:
            source, told = known.pop(done)
            arrived = board.world.local(book.site, event.occurred_at).toordinal()
            observed += [Lateness(source, book.key, done, due, arrived) for due in told]
        for one in state.receipts:
            before = known.get(one.receipt_id, ("", []))[1]
            source = source_of(one.kind, book.site, one.supplier, one.from_site)
            known[one.receipt_id] = source, _with(before, one.due_date.toordinal())
    return Learned(observed, {receipt: told for receipt, (_, told) in known.items()})


def _told_of(standing: Entry) -> list[int]:
    if standing.day is None:
        return []
    return _with((standing.detail or {}).get(DUES, ()), standing.day)


def _with(before: Iterable[int], due: int) -> list[int]:
    return [*(day for day in before if day != due), due][-MOST_DATES:]
