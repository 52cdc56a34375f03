"""Whether the news is fresh enough to commit to (promising.md § 10): by default old news is said to be old, and promised on.

Confirming a live hold asks nobody; giving back, or keeping what one has, commits to nothing new.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.quote import answers
from services.quote.ledger import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from services.quote.board import Input
    from services.quote.domain.answer import Decision, Delivery
    from services.quote.ledger import Desk


def refuse_old_news(desk: Desk, decision: Decision) -> None:
    """Raise a Refusal (503, to be tried again) where a policy refuses new commitments and what the decision was made on is stale."""
    if desk.board.world.policies:
        _refuse_stale(desk, answers.inputs_of(desk.board, decision, desk.now))


def refuse_old_news_of(desk: Desk, sites: Sequence[str], resources: Sequence[str]) -> None:
    """The same of what was made on the news of these sites and resources."""
    if desk.board.world.policies:
        _refuse_stale(desk, [*desk.board.inputs(sites, desk.now), *desk.board.capacity_inputs(resources, desk.now)])


def _refuse_stale(desk: Desk, inputs: Iterable[Input]) -> None:
    policies = desk.board.world.policies
    for one in inputs:
        settled = policies.of(None, one.site).freshness
        if one.stale and settled is not None and settled.mode == "refuse":
            age = "was never heard of" if one.age_seconds is None else f"is {one.age_seconds:.0f} seconds old"
            detail = f"What {one.source} says of {one.site} {age}: nothing new is promised until it is fresh again."
            raise Refusal(503, {"code": "INPUTS_STALE", "detail": detail, "inputs": answers.inputs([one])})


def takes_more(before: Iterable[Delivery], after: Iterable[Delivery]) -> bool:
    """Whether a site has to give more by some pick day than before: whoever gives back, or takes later, takes nothing new."""
    balance: dict[str, list[tuple[int, int]]] = {}
    for sign, deliveries in ((1, before), (-1, after)):
        for one in deliveries:
            balance.setdefault(one.site, []).append((one.pick_day, sign * one.quantity))
    for changes in balance.values():
        left = 0
        for _, quantity in sorted(changes, key=lambda change: (change[0], -change[1])):
            left += quantity
            if left < 0:
                return True
    return False
