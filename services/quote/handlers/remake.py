"""Can a plan still be made as it was planned, by the master data of now?

A plan was made by the bill of material, the routing, the terms, the lane and the calendars of its day. When one of them changes, the
plans that it was used for are planned once more by the same source, with what they have of components, minutes and periods free for
them and all else standing. What comes of it is only a day: the plan keeps what it has, and is due no earlier than that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from services.quote.domain.entry import RESOURCE, Part
from services.quote.domain.replenish import order
from services.quote.domain.sources import Kind
from services.quote.domain.stand import Stand
from services.quote.handlers.inquire import BoardShelf
from services.quote.handlers.upstream import book_of_terms
from services.quote.store.risk import RiskCause
from services.quote.store.supply import Definition
from services.quote.world.supply import parts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from services.quote.board import Board
    from services.quote.domain.entry import Day, Entry
    from services.quote.store.rows import PlanRow

DEADLINE_MS: Final = 400
"""How long planning one plan anew may take: what is found by then counts."""

MOST_READ: Final = 100
"""Books that a plan which is late is looked at again for."""

_TAKES_TIME: Final = {
    "item": ("lead_time_days", "lot_minimum", "lot_multiple"),
    "bom": ("boms",),
    "routing": ("routings",),
    "resource": ("site", "group", "skills"),
    "lane": ("from_site", "to", "sku", "transit_days", "calendar", "cut_off_time", "minimum_quantity", "multiple"),
    "supplier": ("calendar",),
    "supplier_item": ("sku", "site", "supplier", "lead_time_days", "minimum_quantity", "multiple"),
    "site": ("calendar", "pick_pack_days", "cut_off_time", "time_zone"),
    "calendar": ("pattern",),
}
"""What of a definition says how long a plan takes, or what it needs."""
_CAPACITY: Final = ("capacity_quantity", "capacity_period_days")


@dataclass(frozen=True, slots=True)
class Remade:
    """What came of planning something once more."""

    day: Day | None
    """The first day on which its source could have it usable by what is known now; None when it never can."""
    read: tuple[str, ...] = ()
    """The books that this was found in."""


NOT_REMADE: Final = Remade(0)


def made_anew(board: Board, now: datetime, plan: Entry, home: str) -> Remade:
    """The plan by its own source, as if it were planned now."""
    sku, site = home.rsplit("|", 1)
    detail = plan.detail or {}
    stand = Stand(BoardShelf(board, now), plan.ref, deadline_ms=DEADLINE_MS)
    place = stand.place(sku, site)
    named = (str(detail.get("kind")), detail.get("source"))
    source = next((one for one in stand.sources(sku, site) if (one.kind.value, one.ref) == named), None)
    if place is None or source is None:
        return Remade(None)
    planned = order(stand, place, source, plan.quantity, ((sku, site),))
    read = tuple(sorted(f"{sku}|{site}" for sku, site in stand.read()))[:MOST_READ]
    return Remade(None if planned is None else max(one.usable for one in stand.planned if one.place is place), read)


def plans_hit(board: Board, definitions: Iterable[Definition]) -> dict[str, RiskCause]:
    """The plans for which these definitions were used and are otherwise now, each with the one behind it."""
    changed = [one for one in definitions if _differs(board, one, _TAKES_TIME.get(one.kind, ()))]
    if not changed:
        return {}
    by_name = {(one.kind, one.id): one for one in changed}
    found: dict[str, RiskCause] = {}
    for plan_id, home in board.plans.items():
        plan = board.books[home].find(Part.PLAN, plan_id)
        hit = None if plan is None else next((by_name[used] for used in _used(board, plan, home) if used in by_name), None)
        if hit is not None:
            found[plan_id] = by_definition(hit, home)
    return found


def made_by(board: Board, plan: Entry, home: str) -> dict[str, int]:
    """The definitions that a plan is made by now, each with its revision: 0 where there is none."""
    return {f"{kind} {name}": _revision(board, kind, name) for kind, name in _used(board, plan, home)}


def outdated(board: Board, plans: Iterable[PlanRow]) -> dict[str, RiskCause]:
    """Plans of a hold that were made by other definitions than those of now, each with the first that is another."""
    found: dict[str, RiskCause] = {}
    for plan in plans:
        for used, revision in plan.made_by.items():
            kind, _, name = used.partition(" ")
            if _revision(board, kind, name) != revision:
                state = board.world.all_of(kind).get(name, {"retired": True})
                found[plan.id] = by_definition(Definition(kind, name, revision, state), f"{plan.sku}|{plan.site}")
                break
    return found


def _revision(board: Board, kind: str, name: str) -> int:
    found: int = board.world.all_of(kind).get(name, {}).get("revision", 0)
    return found


def terms_cut(board: Board, definitions: Iterable[Definition]) -> Iterator[tuple[str, RiskCause]]:
    """The books of suppliers' terms whose periods hold another quantity than before."""
    for one in definitions:
        key = book_of_terms(one.id)
        if one.kind == "supplier_item" and key in board.books and _differs(board, one, _CAPACITY):
            yield key, by_definition(one, f"{one.state['sku']}|{one.state['site'] or ''}")


def _differs(board: Board, definition: Definition, fields: Iterable[str]) -> bool:
    before: Mapping[str, Any] = board.world.all_of(definition.kind).get(definition.id, {})
    if definition.state.get("retired"):
        return bool(before)
    if not before and definition.kind not in ("bom", "routing"):
        return False  # nothing was planned by it
    return any(before.get(name) != definition.state.get(name) for name in fields)


def _used(board: Board, plan: Entry, home: str) -> Iterator[tuple[str, str]]:
    """The definitions that a plan was made by: kind and id."""
    sku, site = home.rsplit("|", 1)
    detail = plan.detail or {}
    sites = [one for one in (site, detail.get("from_site")) if one is not None]
    named: list[tuple[str, str]] = [("site", one) for one in sites]
    match detail.get("kind"):
        case Kind.TRANSFER:
            named.append(("lane", str(detail.get("source"))))
        case Kind.MAKE:
            named += [("item", sku), ("bom", sku), ("routing", sku)]
            named += [("resource", key.rsplit("|", 1)[0]) for key, _ in detail.get("claims", ()) if key.endswith(f"|{RESOURCE}")]
        case _ if detail.get("supplier") is None:
            for part in _within(board, sku, site):
                terms = board.world.found("supplier_item", part)
                named += [("item", part), ("bom", part), *(("supplier_item", name) for name, _ in terms)]
                named += [("supplier", one["supplier"]) for _, one in terms]
        case _:
            named += [("item", sku), ("supplier_item", str(detail.get("source"))), ("supplier", str(detail.get("supplier")))]
    yield from named
    for kind, name in named:  # those of resources come with their capacity
        if kind in ("site", "lane", "supplier") and (calendar := board.world.all_of(kind).get(name, {}).get("calendar")) is not None:
            yield "calendar", str(calendar)


def _within(board: Board, sku: str, site: str) -> list[str]:
    """An item and all that goes into it, on every level: their lead times add up to its own."""
    found = {sku: None}
    waiting = [sku]
    for part in waiting:
        more = [one for one in parts_of(board.world, part, site) if one not in found]
        found |= dict.fromkeys(more)
        waiting += dict.fromkeys(more)
    return waiting


def by_definition(definition: Definition, home: str) -> RiskCause:
    """A definition is otherwise than it was when something was planned by it."""
    sku, site = home.rsplit("|", 1)
    said = f"{definition.kind.replace('_', ' ')} {definition.id} {'is gone' if definition.state.get('retired') else 'was changed'}"
    return RiskCause("MASTER_DATA_CHANGED", definition.id, said, sku, site or None, document=definition.state.get("document"))
