"""The shared figures of sales and operations: counted in the ledger, on the board and at the door, said by one dictionary."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import TYPE_CHECKING, Any

from services.quote import answers
from services.quote.answers import iso_instant
from services.quote.domain.balance import is_live
from services.quote.domain.capacity import available, capacity_of
from services.quote.domain.entry import RESOURCE, Part, holds_stock
from services.quote.domain.kpi import DICTIONARY, GAPS, Filter, gap, share
from services.quote.handlers.load import DAYS
from services.quote.store import kpis
from shared.contracts.base import from_micro
from shared.health import ANSWERS
from shared.problems import FieldError, unprocessable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from services.quote.board import Board, Input
    from services.quote.domain.kpi import Kpi
    from services.quote.store.kpis import Scope
    from services.quote.store.pool import Pool

PERIOD_DAYS = 30
MOST_DAYS = 1096
QUOTES_ROUTE = "/v1/quotes"


@dataclass(slots=True, frozen=True)
class Figure:
    """What a figure is: `count` of `of`, where it is a part of something."""

    value: float | None
    count: int | None = None
    of: int | None = None
    breakdown: Sequence[tuple[str, float]] = ()


def definitions() -> dict[str, Any]:
    """What every figure means."""
    return {"data": [_definition(one) for one in DICTIONARY], "next_cursor": None}


def _definition(one: Kpi) -> dict[str, Any]:
    return {
        "kpi": one.kpi,
        "name": one.name,
        "unit": one.unit.value,
        "formula": one.formula,
        "date_basis": one.date_basis,
        "exclusions": one.exclusions,
        "owner": one.owner.value,
        "better": None if one.better is None else one.better.value,
        "filters": [each.value for each in one.filters],
    }


def period(today: date, from_date: date | None, to_date: date | None) -> tuple[date, date]:
    """The days asked for, both included; the last thirty by default. Raises a 422 Problem for no span."""
    last = to_date or (today if from_date is None else max(today, from_date))
    first = from_date or date.fromordinal(max(1, last.toordinal() - PERIOD_DAYS + 1))
    if not timedelta() <= last - first < timedelta(days=MOST_DAYS):
        detail = f"to_date lies from from_date to {MOST_DAYS - 1} days later."
        raise unprocessable("BAD_SPAN", detail, [FieldError("/to_date", "span", detail)])
    return first, last


async def figures(pool: Pool, board: Board, scope: Scope) -> dict[str, Any]:
    """Every figure that can be narrowed as asked, in the order of the dictionary."""
    now = board.now()
    asked = {name for name in Filter if getattr(scope, name.value) is not None}
    wanted = [one for one in DICTIONARY if asked <= set(one.filters)]
    names = {one.kpi for one in wanted}
    todays = {site: date.fromordinal(board.today(site, now)) for site in board.sites}
    found = _now(board, scope, now)
    async with pool.slow_read() as connection:
        found |= _promises(await kpis.count_lines(connection, scope, todays, now.date()))
        endangered = await kpis.count_risk(connection, scope)
        found["orders_at_risk"] = Figure(endangered[1], endangered[1], endangered[0])
        found["value_at_risk"] = _value(await kpis.sum_value_at_risk(connection, scope))
        if "hold_conversion" in names:
            found["hold_conversion"] = _share(*await kpis.count_holds(connection, scope))
            found["quotes_lost_by_date_gap"] = _lost(await kpis.list_lost(connection, scope))
        if "quote_to_order" in names:
            found["quote_to_order"] = _share(*await kpis.count_asked(connection, scope))
        if "days_of_supply" in names:
            found["days_of_supply"] = _days_of_supply(board, await kpis.sum_delivered(connection, scope), scope)
    return {
        "as_of": iso_instant(now),
        "from_date": scope.from_date.isoformat(),
        "to_date": scope.to_date.isoformat(),
        "customer": scope.customer,
        "sku": scope.sku,
        "site": scope.site,
        "data": [_said(one, found[one.kpi]) for one in wanted],
        "inputs": answers.inputs(_feeds(board, scope, now)),
    }


def _said(one: Kpi, figure: Figure) -> dict[str, Any]:
    return {
        "kpi": one.kpi,
        "value": figure.value,
        "unit": one.unit.value,
        "count": figure.count,
        "of": figure.of,
        "breakdown": [{"name": name, "value": value} for name, value in figure.breakdown],
    }


def _share(count: int, of: int) -> Figure:
    return Figure(share(count, of), count, of)


def _promises(n: Mapping[str, int | None]) -> dict[str, Figure]:
    """What became of the dates of order lines."""

    def part(count: str, of: str) -> Figure:
        return _share(n[count] or 0, n[of] or 0)

    def of_lines(value: str, of: str) -> Figure:
        return Figure(n[value], None, n[of])

    return {
        "kept_first_promise": part("first_kept", "first_due"),
        "kept_latest_promise": part("latest_kept", "latest_due"),
        "requested_date_met": part("requested_met", "requested_due"),
        "promise_slip_p50": of_lines("slip_p50", "arrived"),
        "promise_slip_p90": of_lines("slip_p90", "arrived"),
        "repromise_rate": part("moved", "ordered"),
        "fill_rate": part("at_once", "promised"),
        "backorder_age_p50": of_lines("age_p50", "overdue"),
        "backorder_age_max": of_lines("age_max", "overdue"),
    }


def _value(rows: Sequence[Mapping[str, Any]]) -> Figure:
    """One sum where there is one currency: different moneys are not added up."""
    priced = [row for row in rows if row["priced"]]
    sums = [(row["currency"] or "", float(row["value"] or 0)) for row in priced]
    value = None if len(sums) > 1 else sum(amount for _, amount in sums)
    return Figure(value, sum(row["lines"] for row in priced), sum(row["lines"] for row in rows), sums)


def _lost(rows: Sequence[tuple[str, int, int]]) -> Figure:
    parts = dict.fromkeys(GAPS, 0)
    for outcome, slip_days, quotes in rows:
        parts[gap(outcome, slip_days)] += quotes
    everything = sum(parts.values())
    by_gap = everything - parts[GAPS[0]]
    return Figure(by_gap, by_gap, everything, list(parts.items()))


def _days_of_supply(board: Board, delivered: Mapping[str, int], scope: Scope) -> Figure:
    days = (scope.to_date - scope.from_date).days + 1
    reaches = []
    for sku, quantity in delivered.items():
        books = [board.book(sku, site) for site in board.sites_of(sku)]
        reaches.append(sum(book.on_hand for book in books if book is not None) * days / quantity)
    return Figure(round(median(reaches), 6) if reaches else None, None, len(reaches))


def _now(board: Board, scope: Scope, now: datetime) -> dict[str, Figure]:
    """What the board and the door know by themselves."""
    claimed = offered = 0
    for resource in board.world.all_of("resource"):
        book = board.book(resource, RESOURCE)
        capacity = None if book is None else capacity_of(book)
        if book is None or capacity is None or scope.site not in (None, capacity.site):
            continue
        today = board.today(capacity.site, now)
        left = board.minutes_left(capacity.site, now)
        offered += sum(available(capacity, day, today, left) for day in range(today, today + DAYS))
        claimed += sum(
            one.quantity
            for part in (Part.CLAIM, Part.REQUIREMENT)
            for one in book.of(part)
            if one.day is not None and today <= one.day < today + DAYS and is_live(one, now)
        )
    ages = [one.age_seconds for one in _feeds(board, scope, now)]
    known = [age for age in ages if age is not None]
    half, almost_all = (ANSWERS.within("POST", QUOTES_ROUTE, part) for part in (0.5, 0.99))
    return {
        "capacity_load": Figure(share(claimed, offered), round(from_micro(claimed)), round(from_micro(offered))),
        "quote_latency_p50": Figure(_milliseconds(half[0]), None, half[1]),
        "quote_latency_p99": Figure(_milliseconds(almost_all[0]), None, almost_all[1]),
        "feed_age": Figure(round(max(known), 3) if known and len(known) == len(ages) else None, None, len(ages)),
    }


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000


def _feeds(board: Board, scope: Scope, now: datetime) -> list[Input]:
    """How old the news of every site is, and that of its resources."""
    sites = [site for site in sorted(board.sites) if holds_stock(site)] if scope.site is None else [scope.site]
    resources = [name for name, one in board.world.all_of("resource").items() if scope.site in (None, one["site"])]
    return [*board.inputs(sites, now), *board.capacity_inputs(resources, now)]
