"""What classes have taken, counted with every change of a hold or an order, whichever handler makes it (promising.md § 6).

A delivery counts in full from the moment it is held or ordered, also when it has been shipped; what is given back before it was
shipped no longer counts. Without allocations nothing is looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from services.quote.domain.allocation import Kind
from services.quote.domain.entry import BUCKET, RESOURCE, Entry, Part

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from services.quote.domain.allocation import Allocation
    from services.quote.ledger.desk import Desk, Effect
    from services.quote.store.rows import OrderRow, QuoteRow

Counted = tuple[str, str, Entry]
"""The sku and the site of a delivery, and how it stands in a bucket."""


def bucket_key(allocation_id: str) -> str:
    """The book that counts what is taken of an allocation."""
    return f"{allocation_id}|{BUCKET}"


def count(effect: Effect, desk: Desk) -> None:
    """Put into the buckets what the effect's quotes and orders have taken or given back, and guard the floors they took beside."""
    if not desk.board.world.has_allocations or not (effect.quotes or effect.orders):
        return
    found: dict[tuple[str, str], Entry] = {}
    for quote in effect.quotes:
        _change(found, desk, quote.request.get("demand_class"), of_quote(desk.quotes.get(quote.id)), of_quote(quote))
    for order in effect.orders:
        before = desk.orders.get(order.id)
        given_back = [] if before is None else [(sku, site, _shipped_of(before, entry)) for sku, site, entry in of_order(before)]
        _change(found, desk, order.demand_class, given_back, of_order(order), keep=True)
    for (key, ref), entry in found.items():
        book = desk.fork(key)
        stands = None if book is None else book.find(Part.CLAIM, ref)
        if stands is None and not entry.quantity:
            continue
        if stands is None or (stands.quantity, stands.day, stands.expires_at, stands.detail) != (
            entry.quantity, entry.day, entry.expires_at, entry.detail
        ):  # fmt: skip
            effect.put(key, entry)
    _guard(effect, desk)


def _change(
    found: dict[tuple[str, str], Entry],
    desk: Desk,
    demand_class: str | None,
    before: Iterable[Counted],
    after: Iterable[Counted],
    *,
    keep: bool = False,
) -> None:
    """What stood before goes, or with `keep` becomes what it says, unless it stands after."""
    classes = desk.board.world.demand_class(demand_class).lineage
    if not classes:
        return
    for counted, given_back in ((before, not keep), (after, False)):
        for sku, site, entry in counted:
            for allocation in desk.allocations(sku):
                if allocation.covers(site) and allocation.counts(classes):
                    stands = Entry(Part.CLAIM, entry.ref, 0, entry.day, None, entry.detail) if given_back else entry
                    found[bucket_key(allocation.id), entry.ref] = stands


def _guard(effect: Effect, desk: Desk) -> None:
    """A floor over several sites is seen from books that others may change meanwhile: whoever takes beside it locks it."""
    for key in list(effect.entries):
        sku, site = key.rsplit("|", 1)
        if site in (RESOURCE, BUCKET):
            continue
        for allocation in desk.allocations(sku):
            if allocation.kind is Kind.FLOOR and allocation.covers(site) and (allocation.sites is None or len(allocation.sites) > 1):
                effect.guards.add(bucket_key(allocation.id))


def of_quote(quote: QuoteRow | None) -> Iterator[Counted]:
    """What a hold counts for, until it expires; once it is over, nothing. What it became is for its order to say."""
    if quote is None:
        return
    for claim in quote.claims if quote.status == "held" else ():
        day = claim.day if claim.ship_day is None else claim.ship_day
        detail = _detail(quote.id, claim.line_ref, quote.customer, quote.request.get("demand_class"), claim.site)
        yield claim.sku, claim.site, Entry(Part.CLAIM, claim.ref, claim.quantity, day, quote.expires_at, detail)


def of_order(order: OrderRow) -> Iterator[Counted]:
    """What an order counts for: all of a line that is owed or shipped, of a line that was closed what was shipped of it."""
    for line in order.lines:
        left = line.shipped - sum(one.quantity for one in line.deliveries if not one.ref)
        for one in sorted((one for one in line.deliveries if one.ref), key=lambda one: one.pick_day):
            quantity = one.quantity
            if line.status in ("cancelled", "closed_short"):
                quantity = max(0, min(left, one.quantity))
                left -= quantity
            detail = _detail(order.id, line.line_ref, order.customer, order.demand_class, one.site)
            detail["shipped"] = quantity - one.open if line.is_open else quantity
            yield one.sku or line.sku, one.site, Entry(Part.CLAIM, one.ref, quantity, one.ship_day, None, detail)


def _shipped_of(order: OrderRow, entry: Entry) -> Entry:
    """A delivery that is in the order no longer: what was shipped of it."""
    for line in order.lines:
        for one in line.deliveries:
            if one.ref == entry.ref:
                shipped = one.quantity - one.open if line.is_open else entry.quantity
                return Entry(Part.CLAIM, entry.ref, shipped, entry.day, None, {**(entry.detail or {}), "shipped": shipped})
    return entry


def _detail(owner: str, line_ref: str, customer: str | None, demand_class: str | None, site: str) -> dict[str, Any]:
    return {"owner": owner, "line_ref": line_ref, "customer": customer, "demand_class": demand_class, "site": site}


def anew(allocation: Allocation, quotes: Iterable[QuoteRow], orders: Iterable[OrderRow]) -> dict[str, Entry]:
    """Everything that an allocation counts, from the documents themselves: what was amended after it was shipped too."""
    counted = [one for quote in quotes for one in of_quote(quote)]
    for order in orders:
        counted += [*of_order(order), *_settled(order)]
    return {entry.ref: entry for sku, site, entry in counted if sku == allocation.sku and allocation.covers(site) and entry.quantity}


def _settled(order: OrderRow) -> Iterator[Counted]:
    """What an amendment took out of a line after it was shipped; nothing else is known of it by its old name."""
    for line in order.lines:
        for number, one in enumerate(one for one in line.deliveries if not one.ref):
            detail = _detail(order.id, line.line_ref, order.customer, order.demand_class, one.site)
            detail["shipped"] = one.quantity
            ref = f"{order.id}/{line.line_ref}/shipped/{number}"
            yield one.sku or line.sku, one.site, Entry(Part.CLAIM, ref, one.quantity, one.ship_day, None, detail)
