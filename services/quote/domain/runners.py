"""The ways that lost, as they are answered: what each would have delivered, why it lost, what confirms it (promising.md § 4, § 9)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from services.quote.domain.answer import Alternative
from services.quote.domain.known import delivery_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.quote.domain.choice import Part
    from services.quote.domain.reasons import Lost
    from services.quote.domain.request import LineRequest


@dataclass(frozen=True, slots=True)
class Way:
    """One way to serve a line."""

    kind: str
    parts: tuple[Part, ...]
    supply: tuple[str, ...] | None = None


def alternative_of(way: Way, line: LineRequest, lost: Lost) -> Alternative:
    """A way as an alternative. What comes in several deliveries, or short, is called so, whatever it is made of."""
    kind = way.kind
    if sum(quantity for _, _, quantity in way.parts) < line.quantity:
        kind = "partial"
    elif len(way.parts) > 1 and kind != "substitute":
        kind = "split"
    return Alternative("", kind, tuple(delivery_of(*part, line_sku=line.sku) for part in way.parts), lost.value, way.supply)


def named(alternatives: Sequence[Alternative]) -> tuple[Alternative, ...]:
    """`a1`, `a2` …"""
    if not alternatives:
        return ()
    return tuple(replace(one, alternative=f"a{number}") for number, one in enumerate(alternatives, start=1))
