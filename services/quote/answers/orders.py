"""Orders in the words of the public API, and what happened to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.quote.answers.dates import Json, iso_day, iso_instant
from services.quote.store.risk import fields
from shared.contracts.base import from_micro

if TYPE_CHECKING:
    from collections.abc import Container, Mapping
    from datetime import date

    from services.quote.store.risk import RiskRow
    from services.quote.store.rows import HistoryRow, LineRow, OrderRow

    Risks = Mapping[tuple[str, str], RiskRow]


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
