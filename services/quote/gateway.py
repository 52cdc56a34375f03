"""Whom quote asks: inventory and capacity, for a snapshot of everything they own."""

from collections.abc import Mapping

from services.quote.settings import Settings
from shared.contracts.base import Contract
from shared.snapshots import SnapshotReader


def snapshot_at(base_url: str, settings: Settings, events: Mapping[str, type[Contract]]) -> SnapshotReader:
    """The snapshot of a service, of these events; nothing connects before it is read."""
    return SnapshotReader(base_url, settings.service_key or settings.development_key, events)
