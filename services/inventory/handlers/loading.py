"""Which positions, receipts and lines do these facts need, and in which order are they locked?

Receipts first, then positions, each sorted: two transactions that share any of them wait for one another and never deadlock.
Whoever changes what a receipt means at a position holds that position, so what is only read here cannot move either.
"""

from collections.abc import Iterable, Sequence

from services.inventory import store
from services.inventory.domain.position import Key
from services.inventory.domain.receipt import Receipt
from services.inventory.domain.shipment import Line
from services.inventory.handlers.floor import Floor, concerns
from shared.database import Session
from shared.outbox import Event, append_many


async def load(
    session: Session,
    keys: Iterable[Key] = (),
    receipt_ids: Iterable[str] = (),
    lines: Iterable[Line] = (),
    defined: Iterable[Receipt] = (),
) -> Floor:
    """Lock what is named, and every position that the named receipts concern (before, and after the definitions given)."""
    named = await store.lock_receipts(session, set(receipt_ids))
    wanted = {*keys, *concerns(named), *concerns(defined)}
    positions = await store.lock_positions(session, wanted)
    others = await store.list_receipts_at(session, wanted)
    shipped = await store.list_shipped(session, wanted, set(lines))
    open_lines = await store.find_open_lines(session, set(lines))
    receipts = {receipt.receipt_id: receipt for receipt in (*others, *named.values())}
    return Floor.of(positions, receipts.values(), shipped, open_lines)


async def settle(session: Session, floor: Floor, said: Sequence[Event]) -> None:
    """Write what has changed on the floor, and what will be said about it: one event at least for every changed position."""
    latest = {event.key: event for event in said}
    await store.save_receipts(session, [floor.receipts[each] for each in sorted(floor.changed_receipts)])
    await store.save_positions(session, [(floor.positions[key], latest[key.text]) for key in sorted(floor.changed_positions)])
    await store.save_shipped(session, [(key, floor.shipped[key][line]) for key, line in sorted(floor.changed_shipped)])
    await append_many(session, said)
