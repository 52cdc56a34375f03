"""What this installation has settled about promising, and which setting holds for a sku at a site.

A policy is for a sku at a site, for a sku, for a site, or for everything. Each thing is settled by the closest policy that
says it: sku at site, then sku, then the item itself, then site, then everything, then the default. Offsets, limits and fences are
calendar days (promising.md § 2, § 4), costs millionths of the company's currency for each unit (§ 4), ages seconds (§ 10).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.quote.domain.entry import Micro


@dataclass(frozen=True, slots=True)
class StabilityBudget:
    """How often, and how far, a promise may be moved without a person's approval (promising.md § 7); None: no limit."""

    most_moves: int | None = None
    """Of one order line, ever: `times_moved` grows to this at most."""
    most_days: int | None = None
    """Days by which one move may make a promise later."""

    def allows(self, times_moved: int, days_later: int) -> bool:
        """Whether a promise that was moved so often may be moved once more, by so many days; to be kept or improved costs no days."""
        often = self.most_moves is not None and times_moved >= self.most_moves
        return not often and (self.most_days is None or days_later <= self.most_days)


@dataclass(frozen=True, slots=True)
class Freshness:
    """What may be promised on old news."""

    mode: Literal["warn", "refuse"] = "warn"
    """`warn`: answer and say so. `refuse`: no new commitment until the news is fresh."""
    stale_after_seconds: float | None = None
    """Older than this is stale; None: as the service was set up."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What a plan costs besides what it buys and carries; in millionths of the company's currency."""

    lateness_per_unit_day: Micro = 0
    """Of every unit, for every day after the wanted one."""
    handling_per_unit: Micro = 0
    """Of every unit that leaves a site."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What one policy settles; None leaves it to the next."""

    past_due_offset_days: int | None = None
    past_due_limit_days: int | None = None
    atp_fence_days: int | None = None
    stability: StabilityBudget | None = None
    freshness: Freshness | None = None
    costs: Costs | None = None

    def before(self, other: Policy) -> Policy:
        """What the two settle where this one has the first word."""
        return Policy(*(getattr(self if getattr(self, one.name) is not None else other, one.name) for one in fields(Policy)))


NOTHING: Final = Policy()
"""Settles nothing."""

Scope = tuple[str | None, str | None]
"""The sku and the site that a policy is for; None: every one."""


class Policies:
    """All policies, asked by sku and site."""

    __slots__ = ("_by_scope", "_found")

    def __init__(self, given: Iterable[tuple[Scope, Policy]] = ()) -> None:
        """Of two with one scope the first counts."""
        self._by_scope: dict[Scope, Policy] = {}
        for scope, policy in given:
            self._by_scope[scope] = self._by_scope[scope].before(policy) if scope in self._by_scope else policy
        self._found: dict[Scope, Policy] = {}

    def __bool__(self) -> bool:
        """Whether anything is settled at all."""
        return bool(self._by_scope)

    def of(self, sku: str | None, site: str | None) -> Policy:
        """What holds for a sku at a site; of a site alone, what holds whatever the sku."""
        if not self._by_scope:
            return NOTHING
        found = self._found.get((sku, site))
        if found is None:
            found = self.of_item(sku, site).before(self.of_site(site))
            if len(self._found) >= _MOST_KEPT:
                self._found.clear()
            self._found[sku, site] = found
        return found

    def of_item(self, sku: str | None, site: str | None) -> Policy:
        """What policies that name the sku settle: they come before what the item says itself."""
        if sku is None:
            return NOTHING
        here = self._by_scope.get((sku, site), NOTHING) if site is not None else NOTHING
        return here.before(self._by_scope.get((sku, None), NOTHING))

    def of_site(self, site: str | None) -> Policy:
        """What policies that name no sku settle: they stand behind what the item says itself."""
        here = self._by_scope.get((None, site), NOTHING) if site is not None else NOTHING
        return here.before(self._by_scope.get((None, None), NOTHING))


_MOST_KEPT: Final = 100_000
