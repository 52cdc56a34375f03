"""Hear which items there are, and wait for one that was defined a moment ago."""

import asyncio
import time
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from services.capacity import store
from shared.contracts.base import Contract
from shared.contracts.inventory import TOPIC, Heartbeat, ItemDefined
from shared.database import Session, db_now

RETIRED = "retired"
WAIT_SECONDS = 2.0
_LOOK_SECONDS = 0.05
_NEVER = datetime.min.replace(tzinfo=UTC)


async def heard_offsets(session: Session) -> dict[int, int]:
    """How far inventory has been heard."""
    return await store.list_offsets(session, TOPIC)


async def hear_items(session: Session, told: Sequence[Contract], partition: int, expected_offset: int, next_offset: int) -> bool:
    """Know the items and move the offset with it; False, and nothing, when another process has moved it."""
    as_of = max((each.as_of for each in told if isinstance(each, Heartbeat)), default=None)
    if not await store.move_offset(session, TOPIC, partition, expected_offset, next_offset, as_of):
        return False
    await know_items(session, told)
    return True


async def know_items(session: Session, told: Sequence[Contract]) -> None:
    """Know the items among what was told; those that are retired no longer, so that no new bill of material names them."""
    items = {each.sku: each.lifecycle for each in told if isinstance(each, ItemDefined)}
    if skus := [sku for sku, lifecycle in items.items() if lifecycle != RETIRED]:
        await store.add_items(session, skus)
    if retired := items.keys() - set(skus):
        await store.remove_items(session, retired)


async def go_on_from(session: Session, ends: dict[int, int], as_of: datetime | None) -> None:
    """After a snapshot: the log goes on from here."""
    await store.set_offsets(session, TOPIC, ends, as_of)


async def wait_for_items(session: Session, skus: Collection[str], partitions: Collection[int] | None = None) -> bool:
    """Wait until all of these items are known, or until everything that inventory had said when we were asked has been heard.

    `partitions` of its topic, by default those that were ever heard: a heartbeat on each that is younger than the question tells
    that nothing before it is missing. False when neither came within WAIT_SECONDS. Nothing is locked meanwhile.
    """
    asked_at = await db_now(session)
    deadline = time.monotonic() + WAIT_SECONDS
    while not (await store.find_items(session, skus)).issuperset(skus):
        heard = await store.list_heard(session, TOPIC)
        wanted = heard if partitions is None else partitions
        if wanted and all((heard.get(each) or _NEVER) >= asked_at for each in wanted):
            return True
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(_LOOK_SECONDS)
    return True
