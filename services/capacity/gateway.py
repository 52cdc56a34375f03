"""Whom capacity asks: inventory, for every item it has defined."""

from services.capacity.settings import Settings
from shared.contracts.inventory import ItemDefined
from shared.snapshots import SnapshotReader


def items_of_inventory(settings: Settings) -> SnapshotReader:
    """The items of inventory's snapshot; nothing connects before it is read."""
    key = settings.service_key or settings.development_key
    return SnapshotReader(settings.inventory_url, key, {"inventory.stock.item-defined.v1": ItemDefined})
