"""Which record is behind a change that may endanger promises: a receipt, a movement, a resource, a plan, an order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from services.quote.asks.amounts import micro
from services.quote.domain.book import owner_of
from services.quote.domain.capacity import capacity_of
from services.quote.domain.entry import Part
from services.quote.domain.sentence import spoken_count, spoken_day, spoken_quantity
from services.quote.store.risk import RiskCause

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from services.quote.board import Board
    from services.quote.domain.book import Book
    from services.quote.domain.entry import Entry
    from services.quote.store.rows import OrderRow
    from services.quote.store.supply import Definition
    from shared.contracts.capacity import ResourceCapacityChanged
    from shared.contracts.inventory import PositionChanged, PositionState

ARRIVED = ("arrival", "transfer-arrival")
TAKEN = ("issue", "adjustment", "counted", "block", "transfer-departure")


def by_supply(book: Book, state: PositionState, events: Sequence[PositionChanged]) -> RiskCause | None:
    """What in the news of a position takes supply away or brings it later, compared with what the book knows; None when nothing does."""
    found = _by_receipts(book, state, events)
    if found is not None:
        return found
    last = events[-1]
    if micro(state.on_hand) < book.on_hand:
        return _by_stock(book, state, next((one for one in reversed(events) if one.change.kind in TAKEN), last))
    for requirement in state.requirements:
        before = book.find(Part.REQUIREMENT, f"inventory:{requirement.ref}")
        if before is None or before.quantity < micro(requirement.quantity):
            said = f"{requirement.ref} needs {spoken_quantity(micro(requirement.quantity))} of {state.sku} at {state.site}"
            return RiskCause("DEMAND_BOOKED", requirement.ref, said, state.sku, state.site, document=last.document)
    return None


def _by_receipts(book: Book, state: PositionState, events: Sequence[PositionChanged]) -> RiskCause | None:
    told = {one.receipt_id: one for one in state.receipts}
    arrived = {event.change.receipt_id for event in events if event.change.kind in ARRIVED}
    reduced: RiskCause | None = None
    for before in book.of(Part.RECEIPT):
        after = told.get(before.ref)
        document = next((one.document for one in reversed(events) if one.change.receipt_id == before.ref), None)
        if after is not None and after.due_date.toordinal() > (before.day or 0):
            said = f"{before.ref} comes on {spoken_day(after.due_date.toordinal())}, not on {spoken_day(before.day or 1)}"
            return RiskCause("RECEIPT_RESCHEDULED", before.ref, said, state.sku, state.site, document=document)
        if after is None and before.ref not in arrived:
            said = f"{before.ref} no longer brings {spoken_quantity(before.quantity)} of {state.sku} to {state.site}"
            reduced = RiskCause("RECEIPT_REDUCED", before.ref, said, state.sku, state.site, document=document)
        elif after is not None and micro(after.quantity) < int((before.detail or {}).get("ordered", 0)):
            said = (
                f"{before.ref} brings {spoken_quantity(micro(after.open_quantity))} of {state.sku}, not {spoken_quantity(before.quantity)}"
            )
            reduced = RiskCause("RECEIPT_REDUCED", before.ref, said, state.sku, state.site, document=document)
    return reduced


def _by_stock(book: Book, state: PositionState, event: PositionChanged) -> RiskCause:
    left = f"{spoken_quantity(micro(state.on_hand))} of {state.sku} are left at {state.site}, {spoken_quantity(book.on_hand)} before"
    order = event.change.order_id
    if order is not None:
        return RiskCause("SHIPPED_EARLY", order, f"goods left for {order}: {left}", state.sku, state.site, document=event.document)
    ref = event.change.movement_id or event.document
    return RiskCause("STOCK_REDUCED", ref, left, state.sku, state.site, document=event.document)


def by_capacity(book: Book | None, event: ResourceCapacityChanged, told: Entry) -> RiskCause | None:
    """A resource that can do less than before on a day on which something is claimed of it."""
    before = None if book is None else capacity_of(book)
    if book is None or before is None:
        return None
    detail = told.detail or {}
    for day in sorted(book.demand_by_day()):
        minutes = detail["days"].get(str(day), detail["weekly"][(day - 1) % 7])
        if minutes < before.minutes.minutes(day):
            said = f"{event.resource} can work {minutes} minutes on {spoken_day(day)}, not {before.minutes.minutes(day)}"
            return RiskCause("CAPACITY_REDUCED", event.resource, said, None, event.site, event.resource, event.document)
    return None


def by_import(order: OrderRow, sku: str, site: str, document: str | None) -> RiskCause:
    """An order promised elsewhere takes what others stand on."""
    said = f"order {order.external_id or order.id}, promised elsewhere, takes {sku} at {site}"
    return RiskCause("DEMAND_BOOKED", order.id, said, sku, site, document=document)


def by_closed_plan(key: str, plan: Entry, document: str | None) -> RiskCause:
    """A planner gave up what was planned."""
    sku, site = key.rsplit("|", 1)
    said = f"{plan.ref} was closed: {spoken_quantity(plan.quantity)} of {sku} will not come to {site}"
    return RiskCause("RECEIPT_REDUCED", plan.ref, said, sku, site, document=document)


def by_midnight(book: Book, today: int) -> RiskCause | None:
    """What should have come before today, or been released: the last of it."""
    overdue = [one for one in book.of(Part.RECEIPT) if one.day is not None and one.day < today]
    if overdue:
        last = max(overdue, key=lambda one: (one.day or 0, one.ref))
        said = f"{last.ref} with {spoken_quantity(last.quantity)} of {book.sku} was due at {book.site} on {spoken_day(last.day or 1)}"
        return RiskCause("RECEIPT_OVERDUE", last.ref, said, book.sku, book.site)
    late = [one for one in book.of(Part.PLAN) if int((one.detail or {}).get("latest_start", today)) < today]
    if late:
        last = max(late, key=lambda one: (int((one.detail or {})["latest_start"]), one.ref))
        start = int((last.detail or {})["latest_start"])
        said = f"{last.ref} had to be released by {spoken_day(start)} to bring {book.sku} to {book.site} in time"
        return RiskCause("PLAN_NOT_RELEASED", last.ref, said, book.sku, book.site)
    return None


def by_way(day: int, name: str) -> RiskCause:
    """The way from the site takes longer than it did."""
    said = f"what is picked as promised is delivered on {spoken_day(day)} by what is known of {name} now"
    return RiskCause("MASTER_DATA_CHANGED", name, said)


def on_the_way(board: Board, definitions: Iterable[Definition]) -> set[str]:
    """The orders that leave by ways which these definitions change: of a lane, a site, or a calendar that one of them goes by."""
    sites: set[str] = set()
    for one in definitions:
        before = board.world.all_of(one.kind).get(one.id)
        if before is None or one.kind not in _OF_A_WAY or all(before.get(name) == one.state.get(name) for name in _OF_A_WAY[one.kind]):
            continue
        if one.kind == "lane":
            sites.add(one.state["from_site"])
        elif one.kind == "site":
            sites.add(one.id)
        else:
            customers = {name for name, state in board.world.all_of("customer").items() if state.get("calendar") == one.id}
            sites |= {name for name, state in board.world.all_of("site").items() if customers or state.get("calendar") == one.id}
            sites |= {str(state["from_site"]) for state in board.world.all_of("lane").values() if state.get("calendar") == one.id}
    if not sites:
        return set()
    claims = (claim for book in board.books.values() if book.site in sites for claim in book.of(Part.CLAIM) if claim.expires_at is None)
    return {owner_of(claim) for claim in claims if "plan" not in (claim.detail or {})} - {""}


_OF_A_WAY: Final = {
    "lane": ("from_site", "to", "transit_days", "calendar"),
    "site": ("calendar", "pick_pack_days", "time_zone"),
    "calendar": ("pattern",),
}
"""What of a definition says how long a way takes."""


def by_item(board: Board, definition: Definition) -> dict[str, RiskCause | None]:
    """The books of an item of which what arrives can be used later than before, or earlier (None)."""
    sku, days = definition.id, int(definition.state["dock_to_stock_days"])
    before = board.rules(sku, None).dock_to_stock_days
    if sku not in board.items or days == before:
        return {}
    said = f"what arrives of {sku} can be used {spoken_count(days, 'day')} later, {spoken_count(before, 'day')} before"
    return {
        f"{sku}|{site}": RiskCause("MASTER_DATA_CHANGED", sku, said, sku, site) if days > before else None for site in board.sites_of(sku)
    }
