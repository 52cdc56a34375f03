"""Files: calendars, resources, downtime and overtime, bills of material and routings as CSV, read with the bodies of the calls."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, TypeVar

from fastapi import Request

from services.capacity.asks.calendars import CalendarAsk
from services.capacity.asks.fields import WEEKDAYS
from services.capacity.asks.operations import OperationFile
from services.capacity.asks.products import BomAsk, RoutingAsk
from services.capacity.asks.resources import CorrectionSet, ResourceAsk, ResourceSet
from services.capacity.domain.calendar import ROUND_THE_CLOCK
from services.capacity.gateway import CalendarUsers
from services.capacity.handlers.retire import remove_other_corrections, retire_calendars, retire_operations, retire_rest
from services.capacity.handlers.take import take_boms, take_calendars, take_corrections, take_operations, take_resources, take_routings
from shared.access import Scope
from shared.database import Database, Session
from shared.imports import Entry, Job, Kind, Rest
from shared.imports.api import router as import_router
from shared.imports.kinds import LIST_SEPARATOR, CloseRest, Row
from shared.outcomes import Outcome
from shared.relay import Relay

T = TypeVar("T")

_NO = frozenset({"false", "no", "n", "0", "f"})
_OF_A_RULE = ("from_date", "to_date", "priority")
_OF_A_COMPONENT = ("component", "quantity_per", "sequence")
_OF_A_STEP = ("sequence", "name", "setup_minutes", "minutes_per_unit", "fixed_minutes")
_OF_A_NEED = ("resource", "skill", "quantity")
_OF_A_WAY = ("lot_minimum", "lot_multiple", "priority")


def _some(row: Row, names: Sequence[str]) -> dict[str, Any]:
    return {name: row[name] for name in names if name in row}


def _list(cell: str | None) -> list[str]:
    return [part.strip() for part in (cell or "").split(LIST_SEPARATOR) if part.strip()]


def _calendar(rows: Sequence[Row]) -> dict[str, Any]:
    """Each row is a rule; a day without one is closed. `units` times 1,440 minutes, unless `minutes` says them."""
    rules = []
    for row in rows:
        rule = _some(row, (*_OF_A_RULE, "minutes"))
        if "minutes" not in rule and "units" in row:
            rule["minutes"] = int(Decimal(row["units"]) * ROUND_THE_CLOCK)
        if any(day in row for day in WEEKDAYS):
            rule["weekdays"] = [day for day in WEEKDAYS if row.get(day, "0").lower() not in _NO]
        rules.append(rule)
    return {**_some(rows[0], ("name", "holiday_country", "holiday_subdivision")), "weekly": {}, "rules": rules}


def _bom(rows: Sequence[Row]) -> dict[str, Any]:
    """Each row is a component; rows of one site make its bill."""
    bills: dict[str | None, list[dict[str, Any]]] = {}
    for row in rows:
        line = {**_some(row, _OF_A_COMPONENT), "alternates": _list(row.get("alternates"))}
        bills.setdefault(row.get("site"), []).append(line)
    return {"boms": [{"site": site, "components": lines} for site, lines in bills.items()]}


def _routing(rows: Sequence[Row]) -> dict[str, Any]:
    """Each row is an operation; rows of one site make its routing, whose own fields stand in the first of them."""
    ways: dict[str | None, dict[str, Any]] = {}
    for row in rows:
        way = ways.setdefault(row.get("site"), {"site": row.get("site"), **_some(row, _OF_A_WAY), "operations": []})
        needed: list[dict[str, Any]] = [{"resource": name} for name in _list(row.get("resources"))]
        for cell in _list(row.get("groups")):
            group, _, skill = cell.partition(":")
            needed.append({"group": group, "skill": skill or None})
        step = {**_some(row, _OF_A_STEP), "may_spread": row.get("may_spread", "1").lower() not in _NO, "resources": needed}
        way["operations"].append(step)
    return {"routings": list(ways.values())}


def _operation(rows: Sequence[Row]) -> dict[str, Any]:
    """Each row is a resource or a pool of an operation; `alternate` numbers the other lists that would do (none: what is usual)."""
    lists: dict[Decimal, list[dict[str, Any]]] = {Decimal(0): []}
    for row in rows:
        lists.setdefault(Decimal(row.get("alternate", "0")), []).append(_some(row, _OF_A_NEED))
    return {"operation": rows[0]["operation"], "lists": [listed for _, listed in sorted(lists.items())]}


def _told(entries: Sequence[Entry], model: type[T]) -> list[tuple[str, T]]:
    """Id and body of each, which is of the kind's model."""
    return [(entry.key, entry.body) for entry in entries if isinstance(entry.body, model)]


async def _calendars(session: Session, entries: Sequence[Entry], _job: Job) -> list[Outcome]:
    return await take_calendars(session, _told(entries, CalendarAsk), by_rules=True)


async def _resources(session: Session, entries: Sequence[Entry], _job: Job) -> list[Outcome]:
    told = [(key, ResourceAsk.model_validate(body.model_dump(exclude={"resource"}))) for key, body in _told(entries, ResourceSet)]
    return await take_resources(session, told, entries[0].named if entries else frozenset())


async def _corrections(session: Session, entries: Sequence[Entry], job: Job) -> list[Outcome]:
    told = [((body.resource, body.date), body) for _, body in _told(entries, CorrectionSet)]
    return await take_corrections(session, told, job.caller)


async def _boms(session: Session, entries: Sequence[Entry], _job: Job) -> list[Outcome]:
    return await take_boms(session, _told(entries, BomAsk))


async def _routings(session: Session, entries: Sequence[Entry], _job: Job) -> list[Outcome]:
    return await take_routings(session, _told(entries, RoutingAsk), entries[0].named if entries else frozenset())


async def _operations(session: Session, entries: Sequence[Entry], _job: Job) -> list[Outcome]:
    return await take_operations(session, _told(entries, OperationFile))


async def _other_calendars(job: Job) -> Rest:
    database, users = job.house
    return await retire_calendars(database, users, job)


def _retiring(kind: str) -> CloseRest:
    async def close_rest(session: Session, job: Job, after: str) -> Rest:
        return await retire_rest(session, kind, job, after)

    return close_rest


_PRODUCT = {"item": "sku", "product": "sku", "location": "site"}

KINDS: dict[str, Kind] = {
    "calendars": Kind(
        "calendars",
        CalendarAsk,
        ("calendar",),
        _calendars,
        aliases={"id": "calendar"},
        group=_calendar,
        row_fields=frozenset({*_OF_A_RULE, "minutes", "units", "name", "holiday_country", "holiday_subdivision", *WEEKDAYS}),
        carry_rest=_other_calendars,
    ),
    "resources": Kind(
        "resources",
        ResourceSet,
        ("resource",),
        _resources,
        aliases={"id": "resource", "location": "site"},
        site_field="site",
        close_rest=_retiring("resource"),
    ),
    "exceptions": Kind(
        "exceptions",
        CorrectionSet,
        ("resource", "date"),
        _corrections,
        aliases={"day": "date"},
        close_rest=remove_other_corrections,
    ),
    "boms": Kind(
        "boms",
        BomAsk,
        ("sku",),
        _boms,
        aliases={"quantity": "quantity_per", **_PRODUCT},
        group=_bom,
        row_fields=frozenset({*_OF_A_COMPONENT, "alternates", "site"}),
        required=frozenset({"component", "quantity_per"}),
        close_rest=_retiring("bom"),
    ),
    "operation_resources": Kind(
        "operation_resources",
        OperationFile,
        ("operation",),
        _operations,
        aliases={"name": "operation", "alternative": "alternate", "group": "resource"},
        group=_operation,
        row_fields=frozenset({*_OF_A_NEED, "alternate"}),
        required=frozenset({"resource"}),
        close_rest=retire_operations,
    ),
    "routings": Kind(
        "routings",
        RoutingAsk,
        ("sku",),
        _routings,
        aliases={"operation": "name", **_PRODUCT},
        group=_routing,
        row_fields=frozenset({*_OF_A_STEP, *_OF_A_WAY, "may_spread", "resources", "groups", "site"}),
        required=frozenset({"sequence"}),
        close_rest=_retiring("routing"),
    ),
}


def _wake(request: Request) -> None:
    relay: Relay = request.app.state.relay
    relay.wake()


def _asking(request: Request) -> tuple[Database, CalendarUsers]:
    return request.app.state.database, request.app.state.calendar_users


router = import_router(
    KINDS,
    Scope.CAPACITY_WRITE,
    _wake,
    "sku,site,component,quantity_per\nCHAIR,FACTORY,CHAIR-LEG,4\nCHAIR,FACTORY,SCREWS,4\n",
    house=_asking,
)
