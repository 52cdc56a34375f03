"""How long, and how much, may one caller hold? What is held sells to nobody: whoever keeps too much of it keeps others waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.quote.asks.amounts import micro
from services.quote.ledger import Refusal
from shared.contracts.base import from_micro

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.quote.ledger import Desk
    from services.quote.settings import Settings
    from services.quote.store.rows import ClaimRow


def most_seconds(settings: Settings, role: str | None) -> int:
    """How long a hold of a caller of this role lives at most."""
    return min(settings.hold_ttl_seconds_max, settings.hold_ttl_seconds_max_by_role.get(role or "", settings.hold_ttl_seconds_max))


def quota_of(settings: Settings, role: str | None) -> int | None:
    """How much of one item a caller of this role may hold at a time, in millionths; None: as much as there is."""
    most = settings.hold_quantity_max_by_role.get(role or "", settings.hold_quantity_max)
    return None if most is None else micro(most)


def refuse_hoarding(desk: Desk, caller: str, quota: int, claims: Iterable[ClaimRow]) -> None:
    """Refuse (409) a hold by which its caller would hold more of an item than its quota, with what is left of that."""
    wanted: dict[str, int] = {}
    for claim in claims:
        wanted[claim.sku] = wanted.get(claim.sku, 0) + claim.quantity
    for sku, quantity in wanted.items():
        held = desk.held.get((caller, sku), 0)
        if held + quantity > quota:
            left = from_micro(max(0, quota - held))
            detail = f"You hold {from_micro(held)} of {sku} and may hold {from_micro(quota)} at a time: {left} more."
            allowed = ["hold less", "confirm or release another hold", "order at once"]
            raise Refusal(409, {"code": "HOLD_QUOTA_EXCEEDED", "detail": detail, "sku": sku, "left_quantity": left, "allowed": allowed})
