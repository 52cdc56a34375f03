"""Whom notifier asks: quote, for everything that stands, when the log no longer holds what was missed."""

from collections.abc import Mapping

from services.notifier.settings import Settings
from shared.contracts.base import Contract
from shared.snapshots import SnapshotReader


def snapshot_of_quote(settings: Settings, topic: str, messages: Mapping[str, tuple[str, type[Contract]]]) -> SnapshotReader:
    """The part of quote's snapshot that a topic tells of; nothing connects before it is read."""
    key = settings.service_key or settings.development_key
    return SnapshotReader(settings.quote_url, key, {name: model for name, (_, model) in messages.items()}, topic)
