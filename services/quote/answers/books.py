"""Books in the words of the public API: availability, load, plans."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from services.quote.answers.dates import Json, iso_day, iso_instant
from services.quote.answers.quotes import inputs
from services.quote.domain.balance import daily
from services.quote.domain.entry import Part, is_seen_late
from shared.contracts.base import from_micro

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from services.quote.board import Board, Input
    from services.quote.domain.book import Book
    from services.quote.domain.entry import Entry
    from services.quote.domain.rules import Rules


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
                "discrete_atp": None if atp_on is not None else from_micro(row.discrete),
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
