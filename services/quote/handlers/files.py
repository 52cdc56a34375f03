"""Policies and allocations from files: row by row through the same doors as the calls, for those lock more than a definition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from services.quote.asks.masterdata import AllocationAsk, AllocationRow, PolicyAsk, PolicyRow
from services.quote.handlers.allocations import KIND as ALLOCATION
from services.quote.handlers.allocations import close_allocation, put_allocation
from services.quote.handlers.policies import find_policy, put_policy, retire_policies
from services.quote.store import supply
from services.quote.store.pool import LOST, RETRYABLE, TOO_SLOW
from shared.imports import Rest
from shared.outcomes import Outcome, Refused, Taken
from shared.problems import Problem, unavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from services.quote.board import Board
    from services.quote.ledger import Door
    from services.quote.store.pool import Pool
    from shared.imports import Job


@dataclass(slots=True, frozen=True)
class Ways:
    """How definitions get in and are seen."""

    pool: Pool
    board: Board
    door: Door


Row = TypeVar("Row")
Found = TypeVar("Found")

_NESTED = {
    "stability": ("most_moves", "most_days"),
    "freshness": ("freshness", "stale_after_seconds"),
    "costs": ("lateness_per_unit_day", "handling_per_unit"),
}
"""Fields of a policy that hold several, with the columns of these."""
_SAME_IN_EVERY_ROW = ("name", "kind", "demand_class", "sku", "sites", "period", "release_date")


async def carry_policies(ways: Ways, told: Sequence[PolicyRow], named: frozenset[str]) -> list[Outcome]:
    """Settle policies by the fields that are named; of one that stands already, the others stay as they are."""

    async def one(row: PolicyRow) -> Outcome:
        before = find_policy(ways.board, row.policy)
        kept = {} if before is None else {name: value for name, value in _flat(before).items() if name not in named}
        said = {**row.model_dump(mode="json", exclude={"policy"}), **kept}
        after = await put_policy(ways.pool, ways.board, row.policy, PolicyAsk.model_validate(_nested(said)))
        return Taken(changed=before is None or before["revision"] != after["revision"])

    await ways.board.look(ways.pool)
    return [await _taken(one, row) for row in told]


def _flat(state: dict[str, Any]) -> dict[str, Any]:
    """A policy as its row says it."""
    found = {name: state[name] for name in PolicyRow.model_fields if name in state and name not in _NESTED}
    for outer, columns in _NESTED.items():
        inner = state[outer] or {}
        found |= {column: inner.get("mode" if column == outer else column) for column in columns}
    return found


def _nested(row: dict[str, Any]) -> dict[str, Any]:
    """A row as the body of the call."""
    body = {name: value for name, value in row.items() if not any(name in columns for columns in _NESTED.values())}
    for outer, columns in _NESTED.items():
        inner = {"mode" if column == outer else column: row[column] for column in columns if row[column] is not None}
        body[outer] = inner or None
    return body


async def retire_other_policies(ways: Ways, job: Job) -> Rest:
    """Let those that a snapshot has not named settle nothing any more."""
    return Rest(await _patiently(lambda: retire_policies(ways.pool, ways.board, job.id)), None)


async def carry_allocations(ways: Ways, told: Sequence[tuple[str, Sequence[AllocationRow]]], caller: str) -> list[Outcome]:
    """Define allocations, each from all its rows."""

    async def one(named: tuple[str, Sequence[AllocationRow]]) -> Outcome:
        name, rows = named
        ask = _allocation(rows)
        if isinstance(ask, Refused):
            return ask
        before = ways.board.world.all_of(ALLOCATION).get(name)
        after = await put_allocation(ways.pool, ways.board, ways.door, name, ask, caller)
        return Taken(changed=before is None or before["revision"] != after["revision"])

    await ways.board.look(ways.pool)
    return [await _taken(one, each) for each in told]


def _allocation(rows: Sequence[AllocationRow]) -> AllocationAsk | Refused:
    """What the rows say together: one row all of it, several a period each. What concerns all of it need stand in one of them only."""
    body: dict[str, Any] = {}
    for name in _SAME_IN_EVERY_ROW:
        said = [value for row in rows if (value := getattr(row, name)) is not None]
        if any(value != said[0] for value in said):
            return Refused(name, "ROWS_AT_ODDS", f"the rows of one allocation say {said[0]} and {next(v for v in said if v != said[0])}")
        body[name] = said[0] if said else None
    for name in ("kind", "demand_class", "sku"):
        if body[name] is None:
            return Refused(name, "MISSING", "is missing in every row of it")
    if len(rows) == 1:
        body |= {name: getattr(rows[0], name) for name in ("quantity", "from_date", "to_date")}
        return AllocationAsk.model_validate(body)
    periods = []
    for row in rows:
        if row.from_date is None or row.to_date is None:
            missing = "from_date" if row.from_date is None else "to_date"
            return Refused(missing, "MISSING", "several rows of one allocation are a period each, with from_date and to_date")
        periods.append({"from_date": row.from_date, "to_date": row.to_date, "quantity": row.quantity})
    return AllocationAsk.model_validate({**body, "periods": sorted(periods, key=lambda period: period["from_date"])})


async def close_other_allocations(ways: Ways, job: Job) -> Rest:
    """Let those that a snapshot has not named bind nobody any more."""

    async def left() -> list[str]:
        await ways.board.look(ways.pool)
        async with ways.pool.connection() as connection:
            named = await supply.list_named(connection, job.id)
        standing = ways.board.world.all_of(ALLOCATION)
        return sorted(name for name, state in standing.items() if not state["closed"] and name not in named)

    names = await _patiently(left)
    for name in names:
        await close_allocation(ways.pool, ways.board, ways.door, name, job.caller)
    return Rest(len(names), None)


async def _taken(take: Callable[[Row], Awaitable[Outcome]], row: Row) -> Outcome:
    """What came of one row. Raises a 503 Problem where the same may succeed in a moment."""
    try:
        return await _patiently(lambda: take(row))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        return Refused(_field([str(part) for part in first["loc"]]), str(first["type"]), first["msg"].removeprefix("Value error, "))
    except Problem as problem:
        if problem.retryable:
            raise
        first_error = problem.errors[0] if problem.errors else None
        message = problem.detail if first_error is None else first_error.message
        return Refused(_field(first_error.pointer.split("/") if first_error else []), problem.code, message)


async def _patiently(work: Callable[[], Awaitable[Found]]) -> Found:
    """Do it. Raises a 503 Problem where the ledger is busy or away."""
    try:
        return await work()
    except (*RETRYABLE, *TOO_SLOW, *LOST) as error:
        raise unavailable("BUSY", "The ledger is busy or away; the same file can be sent again.") from error


def _field(place: Sequence[str]) -> str:
    """The column that a pointer means: the innermost name; the mode of freshness stands in a column of that name."""
    names = [part for part in place if part and not part.isdigit()]
    return "" if not names else names[-2] if names[-1] == "mode" and len(names) > 1 else names[-1]
