"""A decision in the words of the public API: lines, supply, reasons, and how fresh what it was made on is."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from services.quote.answers.dates import Json, iso_day, iso_instant
from services.quote.domain.chance import CERTAIN, chance_of, chance_of_all
from services.quote.domain.entry import NO_SITES, RESOURCE, holds_stock
from services.quote.domain.pegging import ON_HAND
from shared.contracts.base import from_micro

if TYPE_CHECKING:
    from collections.abc import Iterable

    from services.quote.board import Board, Input
    from services.quote.domain.answer import Alternative, Decision, Delivery, LinePromise, SupplyPlanned
    from services.quote.domain.pegging import Peg
    from services.quote.domain.reasons import Reason
    from services.quote.store.rows import PlanRow


_heard_at = lru_cache(maxsize=64)(iso_instant)
"""The instants up to which news was heard: the same for many answers."""


def decision(board: Board, found: Decision, now: datetime) -> Json:
    """The part of an answer that the kernel decided: outcome, sentence, lines, and how fresh its inputs are."""
    return {
        "outcome": str(found.outcome),
        "summary": found.summary,
        "lines": [_line(board, line, probability) for line, probability in zip(found.lines, _chances(board, found, now), strict=True)],
        "planned_supply": [_planned(one) for one in found.planned],
        "inputs": inputs(inputs_of(board, found, now)),
    }


def inputs_of(board: Board, found: Decision, now: datetime) -> list[Input]:
    """How fresh the news is that a decision was made on, by source and site: stock of every site that was looked at, and who works."""
    sites = {site for _, site in found.read}
    resources = [name for name, site in found.read if site == RESOURCE] if RESOURCE in sites else []
    sites -= NO_SITES
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


def _chances(board: Board, found: Decision, now: datetime) -> list[float | None]:
    """The probability that the date of each line holds, as the decision says or was learned; of lines that ship complete, that all hold."""
    if not found.ships_complete or any(line.probability is not None for line in found.lines):
        return [_chance(board, line, found, now) for line in found.lines]
    promised = next((line for line in found.lines if line.deliveries), None)
    if promised is None:
        return [None for _ in found.lines]
    together = chance_of_all(found.lines, found.planned, board.world.chances, board.today(promised.deliveries[0].site, now))
    return [together if line.deliveries else None for line in found.lines]


def _chance(board: Board, line: LinePromise, found: Decision, now: datetime) -> float | None:
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
