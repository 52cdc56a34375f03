"""The ways that lost, as they are answered: what each would have delivered, why it lost, what confirms it (promising.md § 4, § 9)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from services.quote.domain.answer import Alternative
from services.quote.domain.known import delivery_of
from services.quote.domain.reasons import Lost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from services.quote.domain.choice import Part
    from services.quote.domain.request import LineRequest
    from services.quote.domain.stand import Stand

MOST_UNABLE: Final = 8
"""Sites that cannot serve a line that are named."""


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


def with_unable(line: LineRequest, alternatives: tuple[Alternative, ...], stand: Stand) -> tuple[Alternative, ...]:
    """The ways that lost and, after them, the sites that can never serve the line, each with the reason; at most `MOST_UNABLE` of these."""
    unable = [Alternative("", "site", (), Lost.UNKNOWN_SITE.value, site=site) for site in line.unknown_sites]
    for site in line.sites:
        if stand.place(line.sku, site) is None:
            unable.append(Alternative("", "site", (), Lost.NO_BOOK.value, site=site))
        elif line.ship_to is not None and not stand.has_way(line, site):
            unable.append(Alternative("", "site", (), Lost.NO_LANE.value, site=site))
    return named([*alternatives, *unable[:MOST_UNABLE]]) if unable else alternatives


def named(alternatives: Sequence[Alternative]) -> tuple[Alternative, ...]:
    """`a1`, `a2` …"""
    if not alternatives:
        return ()
    return tuple(replace(one, alternative=f"a{number}") for number, one in enumerate(alternatives, start=1))
