"""What is answered: decisions, orders and books in the words of the public API. Plain JSON-ready values, made once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from services.quote.domain.balance import daily
from services.quote.domain.book import RESOURCE, Part, holds_stock, is_seen_late
from services.quote.domain.chance import CERTAIN, chance_of
from services.quote.domain.pegging import ON_HAND
from services.quote.store.risk import fields
from shared.contracts.base import from_micro

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping, Sequence

    from services.quote.board import Board, Input
    from services.quote.domain.answer import Alternative, Decision, Delivery, LinePromise, SupplyPlanned
    from services.quote.domain.book import Book, Entry, Rules
    from services.quote.domain.pegging import Peg
    from services.quote.domain.reasons import Reason
    from services.quote.store.risk import RiskRow
    from services.quote.store.rows import HistoryRow, LineRow, OrderRow, PlanRow

    Risks = Mapping[tuple[str, str], RiskRow]

Json = dict[str, Any]


@lru_cache(maxsize=4096)
def iso_day(day: int) -> str:
    """A civil date from its ordinal."""
    return date.fromordinal(day).isoformat()


def iso_instant(at: datetime) -> str:
    """An instant in UTC, to the microsecond, with `Z`."""
    utc = at if at.tzinfo is UTC else at.astimezone(UTC)
    return utc.isoformat().replace("+00:00", "Z")


_heard_at = lru_cache(maxsize=64)(iso_instant)
"""The instants up to which news was heard: the same for many answers."""


# -- quotes


def decision(board: Board, found: Decision, now: datetime) -> Json:
    """The part of an answer that the kernel decided: outcome, sentence, lines, and how fresh its inputs are."""
    return {
        "outcome": str(found.outcome),
        "summary": found.summary,
        "lines": [_line(board, line, chance(board, line, found, now)) for line in found.lines],
        "planned_supply": [_planned(one) for one in found.planned],
        "inputs": inputs(inputs_of(board, found, now)),
    }


def inputs_of(board: Board, found: Decision, now: datetime) -> list[Input]:
    """How fresh the news is that a decision was made on, by source and site: stock of every site that was looked at, and who works."""
    sites = {site for _, site in found.read}
    resources = [name for name, site in found.read if site == RESOURCE] if RESOURCE in sites else []
    sites = {site for site in sites if holds_stock(site)}
    for line in found.lines:
        sites.update([one.site for one in line.deliveries])
    made_at = [one.site for one in found.planned if one.kind == "production_order"] if found.planned else []
    return [*board.inputs(sorted(sites), now), *board.capacity_inputs(resources, now, made_at)]


def _planned(one: SupplyPlanned) -> Json:
    return {
        "plan_id": None,
        "kind": one.kind,
        "sku": one.sku,
        "site": one.site,
        "quantity": from_micro(one.quantity),
        "start_date": iso_day(one.start_day),
        "due_date": iso_day(one.due_day),
        "latest_start_date": iso_day(one.latest_start_day),
        "from_site": one.from_site,
        "supplier": one.supplier,
        "line_refs": list(one.lines),
        "components": [
            {"sku": part.sku, "site": part.site, "quantity": from_micro(part.quantity), "needed_date": iso_day(part.day)}
            for part in one.parts
        ],
        "load": [
            {"resource": load.resource, "date": iso_day(load.day), "minutes": from_micro(load.minutes)}
            for load in one.loads
            if load.book == RESOURCE
        ],
    }


def planned_row(plan: PlanRow) -> Json:
    """Planned supply that is kept with its claims, in the same words."""
    goods = [claim for claim in plan.claims if holds_stock(claim.site)]
    minutes = [claim for claim in plan.claims if claim.site == RESOURCE]
    return {
        "plan_id": plan.id,
        "kind": plan.kind,
        "sku": plan.sku,
        "site": plan.site,
        "quantity": from_micro(plan.quantity),
        "start_date": iso_day(plan.start_day),
        "due_date": iso_day(plan.due_day),
        "latest_start_date": iso_day(plan.latest_start_day),
        "from_site": plan.from_site,
        "supplier": plan.supplier,
        "line_refs": list(plan.line_refs),
        "components": [
            {"sku": one.sku, "site": one.site, "quantity": from_micro(one.quantity), "needed_date": iso_day(one.day)} for one in goods
        ],
        "load": [{"resource": one.sku, "date": iso_day(one.day), "minutes": from_micro(one.quantity)} for one in minutes],
    }


def inputs(found: Iterable[Input]) -> list[Json]:
    """Where the figures come from and how old they are; what was never heard of has no age and is stale."""
    return [
        {
            "source": one.source,
            "site": one.site,
            "as_of": None if one.as_of is None else _heard_at(one.as_of),
            "age_seconds": None if one.age_seconds is None else round(one.age_seconds, 3),
            "stale": one.stale,
        }
        for one in found
    ]


def chance(board: Board, line: LinePromise, found: Decision, now: datetime) -> float | None:
    """The probability that the date of a line holds; None where nothing is promised, or too little is known of what it waits for."""
    if line.probability is None and line.deliveries:
        if len(line.pegging) == 1 and line.pegging[0].source == ON_HAND and line.pegging[0].quantity == line.promised_quantity:
            return CERTAIN
        return chance_of(line, found.planned, board.world.chances, board.today(line.deliveries[0].site, now))
    return line.probability


def _line(board: Board, line: LinePromise, probability: float | None) -> Json:
    return {
        "line_ref": line.line_ref,
        "sku": line.sku,
        "uom": line.uom,
        "outcome": str(line.outcome),
        "requested_quantity": from_micro(line.requested_quantity),
        "requested_date": iso_day(line.requested_day),
        "promised_quantity": from_micro(line.promised_quantity),
        "promised_date": None if line.promised_day is None else iso_day(line.promised_day),
        "slip_days": line.slip_days,
        "limiting_step": line.limiting_step,
        "deliveries": [delivery(board, one) for one in line.deliveries],
        "pegging": [_peg(one) for one in line.pegging],
        "reasons": [reason_of(one) for one in line.reasons],
        "alternatives": [_alternative(board, one) for one in line.alternatives],
        "probability": None if probability is None else round(probability, 4),
    }


def delivery(board: Board, one: Delivery) -> Json:
    """One shipment, in the site's civil dates."""
    return {
        "site": one.site,
        "quantity": from_micro(one.quantity),
        "ship_date": iso_day(one.ship_day),
        "delivery_date": iso_day(one.delivery_day),
        "time_zone": board.time_zone(one.site),
        "lane": one.lane,
        "sku": one.sku,
    }


def _peg(one: Peg) -> Json:
    found: Json = {"quantity": from_micro(one.quantity), "source": one.source, "site": one.site, "ref": one.ref}
    if one.due_day is not None:
        found["due_date"] = iso_day(one.due_day)
    if one.plan is not None:
        found["planned"] = one.plan
    if one.sku is not None:
        found["sku"] = one.sku
    return found


def reason_of(one: Reason) -> Json:
    """One reason."""
    return {"step": one.step, "code": one.code, "ref": one.ref, "summary": one.summary, "adds_days": one.adds_days}


def _alternative(board: Board, one: Alternative) -> Json:
    return {
        "alternative": one.alternative,
        "kind": one.kind,
        "deliveries": [delivery(board, part) for part in one.deliveries],
        "lost_because": one.lost_because,
        "supply": None if one.supply is None else list(one.supply),
        "site": one.site,
    }


def quote(
    decided: Json,
    *,
    quote_id: str,
    status: str,
    mode: str,
    decision_id: str,
    request_id: str | None,
    created_at: datetime,
    expires_at: datetime | None = None,
    order_id: str | None = None,
) -> Json:
    """The whole answer to a quote, hold or order."""
    return {
        "id": quote_id,
        "status": status,
        "mode": mode,
        "expires_at": None if expires_at is None else iso_instant(expires_at),
        "order_id": order_id,
        **decided,
        "decision_id": decision_id,
        "request_id": request_id,
        "created_at": iso_instant(created_at),
        "replayed": False,
    }


# -- orders


def order(row: OrderRow, risks: Risks | None = None, on_safety_stock: Container[str] | None = None) -> Json:
    """An order as it stands. `risks`: which of its lines are in danger; `on_safety_stock`: which use it; each where that was looked up."""
    return {
        "id": row.id,
        "status": row.status,
        "customer": row.customer,
        "quote_id": row.quote_id,
        "external_id": row.external_id,
        "source_system": row.source_system,
        "promised_elsewhere": row.elsewhere,
        "demand_class": row.demand_class,
        "priority": row.priority,
        "frozen": row.frozen,
        "revision": row.revision,
        "created_at": iso_instant(row.created_at),
        "updated_at": iso_instant(row.updated_at),
        "lines": [
            {
                **order_line(line),
                **_risk(row, line, risks),
                "uses_safety_stock": None if on_safety_stock is None else line.line_ref in on_safety_stock,
            }
            for line in row.lines
        ],
    }


def amended(row: OrderRow, decided: Json) -> Json:
    """An order as a change has left it, with all that was decided: as `POST /v1/orders` answers, on the lines that are still open.

    `decided` is what the kernel said of them; a line that was closed before has nothing of it.
    """
    said = {line["line_ref"]: line for line in decided["lines"]}
    whole = order(row)
    lines = []
    for line in whole["lines"]:
        found = said.get(line["line_ref"])
        ways = {(one["site"], one["delivery_date"]): one for one in (found or {}).get("deliveries", ())}
        deliveries = [
            {**one, **{name: ways.get((one["site"], one["delivery_date"]), {}).get(name) for name in ("time_zone", "lane")}}
            for one in line["deliveries"]
        ]
        lines.append({**(found or dict.fromkeys(_DECIDED_OF_LINE)), **line, "deliveries": deliveries})
    return {**whole, **{name: value for name, value in decided.items() if name != "lines"}, "lines": lines, "replayed": False}


NOTHING_DECIDED: Json = {"outcome": None, "summary": None, "lines": [], "planned_supply": [], "inputs": [], "decision_id": None}
"""Of a change that asks nothing of the books."""
_DECIDED_OF_LINE = (
    "uom", "outcome", "requested_quantity", "promised_quantity", "slip_days", "limiting_step", "pegging", "reasons", "alternatives",
    "probability",
)  # fmt: skip
"""What is said of a line beside how it stands."""


def order_line(line: LineRow) -> Json:
    """An order line. Whether it is in danger was not looked up: `at_risk` is null, not a reassuring false."""
    return {
        "line_ref": line.line_ref,
        "sku": line.sku,
        "quantity": from_micro(line.quantity),
        "requested_date": line.requested_date.isoformat(),
        "first_promised_date": _iso(line.first_promised_date),
        "promised_date": _iso(line.promised_date),
        "actual_date": _iso(line.actual_date),
        "times_moved": line.times_moved,
        "status": line.status,
        "shipped_quantity": from_micro(line.shipped),
        "frozen": bool(line.request.get("frozen")),
        "at_risk": None,
        "risk": None,
        "deliveries": [
            {
                "site": one.site,
                "quantity": from_micro(one.quantity),
                "open_quantity": from_micro(one.open),
                "ship_date": iso_day(one.ship_day),
                "delivery_date": iso_day(one.delivery_day),
                "sku": one.sku,
            }
            for one in line.deliveries
        ],
    }


def _risk(row: OrderRow, line: LineRow, risks: Risks | None) -> Json:
    if risks is None:
        return {}
    found = risks.get((row.id, line.line_ref)) if line.is_open else None
    if found is None:
        return {"at_risk": False, "risk": None}
    return {
        "at_risk": True,
        "risk": {
            "cause": None if found.cause is None else fields(found.cause),
            "projected_date": _iso(found.projected_date),
            "slip_days": found.slip_days,
            "unsupplied": found.unsupplied,
            "missed": found.state == "missed",
            "since_at": iso_instant(found.told_at),
        },
    }


def plan(key: str, entry: Entry) -> Json:
    """An open plan: what to release, by when, for which promise."""
    sku, site = key.rsplit("|", 1)
    detail = entry.detail or {}
    due = entry.day or 1
    return {
        "id": entry.ref,
        "kind": detail["kind"],
        "sku": sku,
        "site": site,
        "quantity": from_micro(entry.quantity),
        "planned_quantity": from_micro(detail["planned"]),
        "start_date": iso_day(detail["start"]),
        "due_date": iso_day(due),
        "late": is_seen_late(entry),
        "expected_date": None if detail.get("seen_for") is None else iso_day(detail["seen_for"]),
        "latest_start_date": iso_day(detail["latest_start"]),
        "from_site": detail.get("from_site"),
        "supplier": detail.get("supplier"),
        "source": detail.get("source"),
        "order_id": detail["order_id"],
        "line_refs": detail["line_refs"],
        "status": "open",
    }


def load(board: Board, resource: str, site: str, now: datetime, version: int, days: Iterable[tuple[int, int, Sequence[Entry]]]) -> Json:
    """A resource day by day: what it can do, what is claimed of it and by whom."""
    return {
        "resource": resource,
        "site": site,
        "time_zone": board.time_zone(site),
        "version": version,
        "as_of": iso_instant(now),
        "supplier_item": None,
        "days": [_load_of_day(day, minutes, claims) for day, minutes, claims in days],
        "periods": [],
        "inputs": inputs(board.capacity_inputs([resource], now)),
    }


def load_of_supplier(
    board: Board,
    terms: Mapping[str, Any],
    now: datetime,
    version: int,
    periods: Iterable[tuple[int, int, int | None, int, Sequence[Entry]]],
) -> Json:
    """A supplier's terms period by period: what it can deliver, what is promised of it and to whom, what is on order."""
    return {
        "resource": None,
        "supplier_item": terms["supplier_item"],
        "supplier": terms["supplier"],
        "sku": terms["sku"],
        "site": terms["site"],
        "time_zone": board.time_zone(terms["site"] or ""),
        "version": version,
        "as_of": iso_instant(now),
        "days": [],
        "periods": [_load_of_period(*each) for each in periods],
        "inputs": inputs(board.inputs([terms["site"]] if terms["site"] else board.sites_of(terms["sku"]), now)),
    }


def _load_of_period(first: int, last: int, capacity: int | None, ordered: int, claims: Sequence[Entry]) -> Json:
    claimed = sum(claim.quantity for claim in claims)
    return {
        "from_date": iso_day(first),
        "to_date": iso_day(last),
        "available_quantity": None if capacity is None else from_micro(capacity),
        "claimed_quantity": from_micro(claimed),
        "on_order_quantity": from_micro(ordered),
        "free_quantity": None if capacity is None else from_micro(max(0, capacity - claimed - ordered)),
        "claims": [
            {
                "ref": claim.ref,
                "quantity": from_micro(claim.quantity),
                "due_date": iso_day(claim.day or 1),
                "owner": (claim.detail or {}).get("owner"),
                "plan_id": (claim.detail or {}).get("plan"),
                "order_id": (claim.detail or {}).get("order_id"),
                "expires_at": None if claim.expires_at is None else iso_instant(claim.expires_at),
            }
            for claim in claims
        ],
    }


def _load_of_day(day: int, available: int, claims: Sequence[Entry]) -> Json:
    claimed = sum(claim.quantity for claim in claims)
    return {
        "date": iso_day(day),
        "available_minutes": from_micro(available),
        "claimed_minutes": from_micro(claimed),
        "free_minutes": from_micro(max(0, available - claimed)),
        "claims": [
            {
                "ref": claim.ref,
                "minutes": from_micro(claim.quantity),
                "owner": (claim.detail or {}).get("owner"),
                "plan_id": (claim.detail or {}).get("plan"),
                "order_id": (claim.detail or {}).get("order_id"),
                "sku": (claim.detail or {}).get("for"),
                "expires_at": None if claim.expires_at is None else iso_instant(claim.expires_at),
            }
            for claim in sorted(claims, key=lambda claim: claim.ref)
        ],
    }


def history(row: HistoryRow) -> Json:
    """One thing that happened to an order."""
    return {
        "revision": row.revision,
        "at": iso_instant(row.at),
        "kind": row.kind,
        "actor": row.actor,
        "reason": row.reason,
        "document": row.document,
        "decision_id": row.decision_id,
        "lines": row.lines,
    }


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


# -- availability


def availability(
    book: Book,
    *,
    time_zone: str,
    today: int,
    now: datetime,
    rules: Rules,
    from_day: int | None,
    to_day: int | None,
    owner: str | None,
    found_inputs: Sequence[Input],
    atp_on: Callable[[int], int] | None = None,
) -> Json:
    """A book day by day, both ends included. `atp_on` says what a class may be promised, where one was asked for."""
    rows = daily(book, from_day, to_day, today, now, rules, owner)
    return {
        "sku": book.sku,
        "site": book.site,
        "time_zone": time_zone,
        "version": book.version,
        "as_of": iso_instant(now),
        "today": iso_day(today),
        "on_hand": from_micro(book.on_hand),
        "safety_stock": from_micro(book.safety_stock),
        "days": [
            {
                "date": iso_day(row.day),
                "projected": from_micro(row.projected),
                "atp": from_micro(row.atp if atp_on is None else atp_on(row.day)),
                "receipts": [*map(_receipt, row.receipts), *(_return(one) for one in row.claims if one.quantity < 0)],
                "claims": [_claim(one) for one in row.claims if one.quantity > 0],
            }
            for row in rows
        ],
        "inputs": inputs(found_inputs),
    }


def _receipt(entry: Entry) -> Json:
    detail = entry.detail or {}
    return {
        "receipt_id": entry.ref,
        "quantity": from_micro(entry.quantity),
        "kind": detail.get("kind"),
        "planned": entry.part is Part.PLAN,
        "supplier": detail.get("supplier"),
        "due_date": None if entry.day is None else iso_day(entry.day),
        "late": is_seen_late(entry),
    }


def _return(entry: Entry) -> Json:
    """What a hold took early and its plans would replace by then, as long as it lives."""
    found = _receipt(replace(entry, quantity=-entry.quantity))
    return {**found, "kind": "hold_return", "planned": True}


def _claim(entry: Entry) -> Json:
    detail = entry.detail or {}
    found: Json = {
        "ref": entry.ref,
        "kind": "requirement" if entry.part is Part.REQUIREMENT else ("order" if entry.expires_at is None else "hold"),
        "quantity": from_micro(entry.quantity),
        "owner": detail.get("owner"),
        "line_ref": detail.get("line_ref"),
        "customer": detail.get("customer"),
        "date": None if entry.day is None else iso_day(entry.day),
    }
    if entry.expires_at is not None:
        found["expires_at"] = iso_instant(entry.expires_at)
    return found
